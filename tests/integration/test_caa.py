"""CAA records: nothing is issued for who does not want it, and everything else as fast as before."""
from harness import case, pki
from harness.account import Account
from harness.stack import CA_HOST
from harness.tests import Tests

tests = Tests()
HOUR = 3600
OTHER = '0 issue "other.example"'
OURS = f'0 issue "{CA_HOST}"'


def known(account, *names):
    """Control over them is known, whatever their name servers say now."""
    for name in names:
        account.stack.db.run(
            "INSERT INTO validation (account_id, identifier, method, br_method, completed_at, evidence)"
            f" VALUES ({account.id}, '{name}', 'dns-txt-token', '3.2.2.4.7', :now, '{{}}')")


def checks(account, name):
    return account.stack.db.rows(
        f"SELECT result, detail FROM caa_check WHERE account_id = {account.id} AND name = '{name}' ORDER BY id")


def blocker(account, order):
    """The one thing that is left to do is about CAA records."""
    info = account.info(order["id"])
    case.equal("status", info["status"], "pending")
    one, = info["blockers"]
    case.equal("what is left, and whose it is", (one["kind"], one["owner"]), ("caa", "customer"))
    return one


def refused(account, order, code):
    """A check says so, as an error."""
    answer = account.check(order["id"])
    case.equal(f"check: {answer}", (answer.status, answer.error["code"]), (400, f"caa_check_failed|{code}"))
    return answer.error


def status_of(account, order):
    answer = account.client.get(f"/order/certificate/{order['id']}?include_caa_status=true")
    case.equal(f"with status: {answer}", answer.status, 200)
    return answer.json.get("caa_status_message")


@tests
def forbidden_and_then_not(stack):
    account, name = Account(stack), "www.caa-other.example.com"
    known(account, name)
    stack.dns.set("caa-other.example.com", "CAA", OTHER)
    order = account.place(name)
    case.equal("no certificate", order.get("certificate_id"), None)
    task = blocker(account, order)
    case.equal("where", (task["dns_name"], task["domain"]), (name, "caa-other.example.com"))
    case.inside("the record", 'CAA caa-other.example.com: 0 issue "other.example"', task["seen"])
    case.inside("how to fix", OURS, task["how_to_fix"])
    case.true("it is looked at again", task["next_check"])
    case.inside("by name", "does not name this CA", status_of(account, order)[name])
    case.equal("only where it is asked for", account.info(order["id"]).get("caa_status_message"), None)
    case.inside("what the check says", "caa-other.example.com", refused(account, order, "forbidden")["message"])
    stack.dns.set("caa-other.example.com", "CAA", OURS)

    def issued():
        answer = account.check(order["id"])
        return answer.status == 200 and answer.json["order_status"] == "issued"
    case.until("a check finds the new record", issued)
    case.equal("no status of what is issued", status_of(account, order), None)


@tests
def permitted_at_once_and_looked_at_once(stack):
    account, name = Account(stack), "caa-ours.example.com"
    known(account, name)
    stack.dns.set(name, "CAA", OURS)
    case.true("certificate in the answer", account.place(name).get("certificate_id"))
    again = account.place(name, csr=pki.csr("p256", 1))
    case.true("and once more", again.get("certificate_id"))
    case.equal("checks", [c["result"] for c in checks(account, name)], ["permitted"])
    relied = stack.db.rows("SELECT x.caa_checks, c.id FROM issuance x JOIN request r ON r.id = x.request_id"
                           f" JOIN caa_check c ON c.name = '{name}' AND c.account_id = {account.id} WHERE r.order_id = {again['id']}")
    case.equal("what the certificate relies on", relied[0]["caa_checks"], [relied[0]["id"]])
    stack.advance(9 * HOUR)
    case.true("the next day", account.place(name, csr=pki.csr("p256", 2)).get("certificate_id"))
    case.equal("a check more", len(checks(account, name)), 2)


@tests
def wildcards_have_records_of_their_own(stack):
    account, name = Account(stack), "caa-wild.example.com"
    known(account, name)
    stack.dns.set(name, "CAA", OURS)
    stack.dns.add(name, "CAA", '0 issuewild ";"')
    case.true("the name itself", account.place(name).get("certificate_id"))
    order = account.place(f"*.{name}", product="wildcard_dv_geotrust")
    case.inside("why", "issuewild does not name this CA", blocker(account, order)["seen"])


FAILURES = [  # name, product of the failure, words of it
    ("www.bogus.example.org", "look_up", "DNSSEC validation failed"),
    ("caa.refused.example.net", "look_up", "no name server of the zone gave a usable answer"),
    ("caa.silent.example.net", "look_up", "did not answer in time"),
]


@tests
def what_cannot_be_read_waits(stack):
    """SERVFAIL, silence, and answers that DNSSEC says are wrong; a zone that cannot be signed is another matter."""
    account = Account(stack)
    for name, code, words in FAILURES:
        known(account, name)
        order = account.place(name)
        case.until(f"{name} was looked at", lambda n=name: checks(account, n))
        case.inside(name, words, blocker(account, order)["seen"])
        refused(account, order, code)
    known(account, "www.lame.org")
    case.true("an unsigned zone whose servers are broken", account.place("www.lame.org").get("certificate_id"))
    case.equal("as what", [c["result"] for c in checks(account, "www.lame.org")], ["unheard"])


@tests
def sets_that_need_tcp(stack):
    account, name = Account(stack), "caa-big.example.com"
    known(account, f"www.{name}")
    for n in range(40):
        stack.dns.add(name, "CAA", f'0 issue "ca{n}.{"x" * 50}.example"')
    order = account.place(f"www.{name}")
    case.inside("forty of others", "and 34 more", blocker(account, order)["seen"])
    stack.dns.add(name, "CAA", OURS)
    case.until("ours beside them", lambda: account.check(order["id"]).status == 200)
    account.issued(order["id"])


@tests
def records_change_before_the_signature(stack):
    """What was permitted when the order was placed is looked at again when the proof comes a day later."""
    account, name = Account(stack), "caa-late.example.com"
    order = account.place(name)
    case.until("looked at beside the proof", lambda: checks(account, name))
    case.equal("only the customer is asked", {b["kind"] for b in account.info(order["id"])["blockers"]}, {"dcv"})
    stack.dns.set(name, "CAA", OTHER)
    stack.advance(9 * HOUR)
    account.publish(name, order["dcv_random_value"])
    case.until("proved, and forbidden", lambda: account.check(order["id"]).status == 400)
    case.equal("checks", [c["result"] for c in checks(account, name)], ["permitted", "forbidden"])
    blocker(account, order)
    case.equal("certificates", stack.db.number(f"SELECT count(*) FROM certificate WHERE order_id = {order['id']}"), 0)


@tests
def whom_the_records_name_is_told(stack):
    """By mail and by https, once a day for a domain; of who asked nothing is said."""
    account, name = Account(stack), "caa-told.example.com"
    known(account, name, f"www.{name}")
    stack.dns.set(name, "CAA", '0 issue ";"')
    stack.dns.add(name, "CAA", f'0 iodef "mailto:caa@{name}"')
    stack.dns.add(name, "CAA", f'0 iodef "{stack.sink.url}/iodef"')
    orders = [account.place(n) for n in (name, f"www.{name}")]
    mail = stack.mails.wait(name, 1)[0]
    case.inside("subject", f"A certificate for {name} was not issued", str(mail["mail"]["subject"]))
    for words in ("CAA caa-told.example.com: ", '0 issue ";"', "does not name this CA"):
        case.inside("the records", words, " ".join(mail["text"].split()))
    case.true("who asked", str(account.id) not in mail["text"])
    case.until("both are sent", lambda: stack.db.number(
        f"SELECT count(*) FROM caa_report WHERE domain = '{name}' AND state = 'sent'") == 2)
    case.equal("no more", stack.db.number(f"SELECT count(*) FROM caa_report WHERE domain = '{name}'"), 2)
    case.inside("an incident", "urn:ietf:params:xml:ns:iodef-2.0", stack.sink.requests("/iodef")[0]["body"])
    for order in orders:
        account.client.put(f"/order/certificate/{order['id']}/status", {"status": "canceled"})


@tests
def accounts_are_told_apart(stack):
    mine, other, name = Account(stack), Account(stack), "caa-account.example.com"
    for account in (mine, other):
        known(account, name)
    stack.dns.set(name, "CAA", f'0 issue "{CA_HOST}; accounturi=acct:{mine.id}@{CA_HOST}"')
    case.true("the account that is named", mine.place(name).get("certificate_id"))
    order = other.place(name)
    task = blocker(other, order)
    case.inside("another", "accounturi names another account", task["seen"])
    case.inside("and what would permit it", f'"{CA_HOST}; accounturi=acct:{other.id}@{CA_HOST}"', task["how_to_fix"])


@tests
def methods_are_told_apart(stack):
    account, name = Account(stack), "caa-method.example.com"
    known(account, name)
    stack.dns.set(name, "CAA", f'0 issue "{CA_HOST}; validationmethods=ca-tbr-18"')
    order = account.place(name)
    case.inside("another method", "validationmethods", blocker(account, order)["seen"])
    refused(account, order, "forbidden")
    answer = account.client.put(f"/order/certificate/{order['id']}/dcv-method", {"dcv_method": "http-token"})
    case.equal(f"another is chosen: {answer}", answer.status, 200)
    case.equal("now it is to be proved", {b["kind"] for b in account.info(order["id"])["blockers"]}, {"dcv"})
