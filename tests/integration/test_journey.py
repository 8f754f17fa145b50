"""One order becomes one certificate: by TXT, by CNAME, by reuse, and by polling alone."""
from harness import case, pki
from harness.account import Account
from harness.stack import CA_HOST
from harness.tests import Tests

tests = Tests()

def chain_of(account, certificate_id):
    answer = account.client.get(f"/certificate/{certificate_id}/chain")
    case.equal(f"chain: {answer}", answer.status, 200)
    links = answer.json["intermediates"]
    case.equal("links of the chain", len(links), 3)
    return [pki.certificates(link["pem"].replace("\r\n", "\n"))[0] for link in links]


def downloads_agree(account, info, chain):
    """Every format is looked at in test_certificates."""
    for path in (f"/certificate/{info['certificate']['id']}/download", f"/certificate/download/order/{info['id']}"):
        answer = account.client.get(f"{path}/format/pem_all")
        case.equal(f"download: {answer}", answer.status, 200)
        case.equal("certificates", pki.certificates(answer.body.decode()), chain)


def certificate_good(account, info, name):
    """Formats, chain, path check; the chain."""
    chain = chain_of(account, info["certificate"]["id"])
    pki.verify(chain[0], [chain[1]], chain[2], at=account.stack.now() + 60, name=name)
    case.equal("thumbprint", info["certificate"]["thumbprint"], pki.sha1(chain[0]))
    case.equal("serial", info["certificate"]["serial_number"], pki.field(chain[0], "-serial"))
    downloads_agree(account, info, chain)
    return chain


def blocked(info, value):
    """A pending order says what is left to do."""
    case.equal("status", info["status"], "pending")
    case.equal("random value", info["dcv_random_value"], value)
    kinds = {(b["kind"], b["owner"]) for b in info["blockers"]}
    case.equal("blockers", kinds, {("dcv", "customer")})
    for blocker in info["blockers"]:
        case.inside("how to fix", value, blocker["how_to_fix"])


@tests
def dns_txt(stack):
    account = Account(stack)
    name = "txt.example.com"
    order = account.place(name)
    value = order["dcv_random_value"]
    blocked(account.info(order["id"]), value)
    before = account.check(order["id"])
    case.equal("check before the record is there", before.json["dcv_status"], "pending")
    case.equal("order status", before.json["order_status"], "pending")
    account.publish(name, value)
    after = account.check(order["id"])
    case.equal(f"check: {after}", (after.json["dcv_status"], after.json["order_status"]), ("valid", "issued"))
    case.equal("names", after.json["dns_name_validations"], [{"dns_name": name, "status": "approved"}])
    info = account.issued(order["id"])
    case.equal("nothing is left to do", info.get("blockers") or [], [])
    case.equal("certificate of the check", after.json["certificate_id"], info["certificate"]["id"])
    certificate_good(account, info, name)


@tests
def dns_cname(stack):
    account = Account(stack)
    name = "cname.example.net"
    order = account.place(name, dcv_method="dns-cname-token")
    value = order["dcv_random_value"]
    blocked(account.info(order["id"]), value)
    stack.dns.set(f"_dnsauth.{name}", "CNAME", f"{value}.dcv.{CA_HOST}.")
    after = account.check(order["id"])
    case.equal(f"check: {after}", after.json["order_status"], "issued")
    certificate_good(account, account.issued(order["id"]), name)


@tests
def where_the_name_stands(stack):
    """At the ordered name and between, while the scope is the base domain: each proves itself and what lies below."""
    rows = {"dns-txt-token": ("TXT", "{}"), "dns-cname-token": ("CNAME", "{}.dcv." + CA_HOST + ".")}
    for n, (method, (kind, text)) in enumerate(rows.items()):
        account = Account(stack)
        names = [f"shop{n}.example.org", f"a.b.{n}.between.example.org"]
        order = account.place(names[0], certificate_dcv_scope="base_domain", dcv_method=method,
                              certificate={"dns_names": names[1:]})
        account.looked(order["id"])
        stack.dns.set(f"_dnsauth.{names[0]}", kind, text.format(order["dcv_random_value"]))
        half = account.check(order["id"])
        case.equal(f"one of two: {half}", (half.status, half.json["order_status"], [
            row["status"] for row in half.json["dns_name_validations"]]), (200, "pending", ["approved", "unapproved"]))
        blocker, = account.info(order["id"])["blockers"]
        case.equal("what is left", blocker["dns_name"], names[1])
        case.inside("what was seen", f"_dnsauth.{names[1]}", blocker["seen"])
        stack.dns.set(f"_dnsauth.{n}.between.example.org", kind, text.format(order["dcv_random_value"]))
        done = account.check(order["id"])
        case.equal(f"both: {done}", (done.json["dcv_status"], done.json["order_status"]), ("valid", "issued"))
        proofs = stack.db.rows(f"SELECT identifier, evidence ->> 'name' AS name FROM validation WHERE account_id = {account.id}")
        case.equal("evidence", {row["identifier"]: row["name"] for row in proofs}, {
            names[0]: f"_dnsauth.{names[0]}", f"{n}.between.example.org": f"_dnsauth.{n}.between.example.org"})
        below = account.place(f"www.{names[0]}", csr=pki.csr("p256", 1), certificate_dcv_scope="base_domain")
        case.true(f"what lies below: {below}", below.get("certificate_id"))
        beside = account.place(f"beside{n}.example.org", csr=pki.csr("p256", 1), certificate_dcv_scope="base_domain")
        case.equal(f"its neighbour: {beside}", beside.get("certificate_id"), None)


@tests
def a_check_joins_the_round(stack):
    """Whoever asks while somebody is looking waits for what he finds; an order that is issued is the best of answers."""
    account = Account(stack)
    order = account.place("joined.silent.example.net")["id"]
    challenge = f"(SELECT c.id FROM challenge c JOIN orders o ON o.request_id = c.subject WHERE o.id = {order})"
    case.until("the first round is under way", lambda: stack.db.number(
        f"SELECT count(*) FROM job WHERE lane = 'dcv' AND subject = {challenge} AND lease_until > now()"))
    case.equal("and nothing is known yet", stack.db.number(
        f"SELECT count(*) FROM challenge WHERE id = {challenge} AND checked_at IS NOT NULL"), 0)
    check = account.check(order)
    case.equal(f"check: {check}", (check.status, check.json["order_status"], check.json["dcv_status"]),
               (200, "pending", "pending"))
    case.equal("the round is over", stack.db.number(
        f"SELECT count(*) FROM challenge WHERE id = {challenge} AND checked_at IS NOT NULL"), 1)
    account.prove("joined.example.com")
    done = account.place("joined.example.com")["id"]
    for _ in range(2):
        check = account.check(done)
        case.equal(f"issued: {check}", (check.status, check.json["order_status"], check.json["dcv_status"]),
                   (200, "issued", "valid"))


@tests
def method_changes(stack):
    """From CNAME to TXT; the value stays while it lives."""
    account = Account(stack)
    name = "change.example.org"
    order = account.place(name, dcv_method="dns-cname-token")
    number = order["id"]
    bad = account.client.put(f"/order/certificate/{number}/dcv-method", {"dcv_method": "http-token-dynamic"})
    case.equal(f"a method is not offered: {bad}", (bad.status, bad.error["code"]), (400, "invalid_dcv_method"))
    answer = account.client.put(f"/order/certificate/{number}/dcv-method", {"dcv_method": "dns-txt-token"})
    case.equal(f"change: {answer}", answer.status, 200)
    case.equal("value", answer.json["dcv_random_value"], order["dcv_random_value"])
    value = account.client.put(f"/order/certificate/{number}/dcv-random-value").json
    case.equal("value asked for", value["dcv_random_value"], order["dcv_random_value"])
    account.publish(name, order["dcv_random_value"])
    case.equal("status", account.check(number).json["order_status"], "issued")


@tests
def reuse(stack):
    """The second order of a domain is issued in the answer; info by id, thumbprint and serial."""
    account = Account(stack)
    account.prove("example.com")
    name = "second.example.com"
    order = account.place(name, certificate_dcv_scope="base_domain",
                          certificate={"dns_names": ["third.example.com"]})
    chain = [pki.certificates(link["pem"].replace("\r\n", "\n"))[0] for link in order["certificate_chain"]]
    case.true("CRLF inside JSON", all("\r\n" in link["pem"] for link in order["certificate_chain"]))
    case.equal("subject", order["certificate_chain"][0]["subject_common_name"], name)
    info = account.info(order["id"])
    case.equal("status", info["status"], "issued")
    case.equal("certificate", info["certificate"]["id"], order["certificate_id"])
    case.equal("chain", certificate_good(account, info, name), chain)
    case.inside("second name", "DNS:third.example.com",
                pki.openssl("x509", "-noout", "-text", feed=chain[0].encode()).decode())
    for way in ("thumbprint", "serial_number"):
        number = info["certificate"][way]
        printed = ":".join(number[i:i + 2] for i in range(0, len(number), 2))  # as openssl does
        for text in (number, number.lower(), number.removeprefix("0"), printed, printed.lower(), printed.replace(":", "%3A"),
                     printed.replace(":", "%20")):
            case.equal(f"info by {way} {text}", account.info(text)["id"], order["id"])
        for text in (printed + ":00", printed.replace(":", "-"), printed[:-1] + "x", ":" * 20):
            answer = account.client.get(f"/order/certificate/{text}")
            case.equal(f"not by {text}: {answer}", (answer.status, answer.error["code"]), (404, "not_found|order"))


@tests
def polling_finds_it(stack):
    """Nobody asks for a check: the cadence finds the record."""
    account = Account(stack)
    name = "polled.example.com"
    order = account.place(name)
    account.looked(order['id'])
    account.publish(name, order["dcv_random_value"])
    stack.advance(90)
    account.issued(order["id"])


@tests
def wrong_record(stack):
    """Another value, an unsigned lie about a signed zone, and a silent server prove nothing."""
    account = Account(stack)
    for name in ("wrong.example.com", "x.bogus.example.org"):
        order = account.place(name)
        value = order["dcv_random_value"]
        account.publish(name, value if "bogus" in name else value[::-1])
        after = account.check(order["id"])
        case.equal(f"check of {name}: {after}", after.json["dcv_status"], "pending")
        case.equal("no certificate", "certificate" in account.info(order["id"])
                   and account.info(order["id"])["certificate"].get("id"), None)


@tests
def rsa_authority(stack):
    """The customer chooses the RSA authority by its id."""
    account = Account(stack)
    account.prove("example.com")
    authority = stack.db.value("SELECT id FROM authority WHERE key_type = 'rsa2048' AND may_sign LIMIT 1")
    order = account.place("rsa.example.com", certificate_dcv_scope="base_domain",
                          csr=pki.csr("rsa2048"), certificate={"ca_cert_id": authority})
    info = account.info(order["id"])
    case.equal("authority", info["certificate"]["ca_cert"]["id"], authority)
    certificate_good(account, info, "rsa.example.com")
