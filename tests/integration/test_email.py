"""Domain control by mail to constructed addresses (TLS BR 3.2.2.4.4): who is asked, the page, what an approval does."""
import re
import subprocess

from harness import case, golden
from harness.account import Account
from harness.mails import browse
from harness.sql import PROOFS
from harness.stack import CA_HOST
from harness.tests import Tests
from harness.twin import Twin

tests = Tests()
LOCAL_PARTS = ("admin", "administrator", "hostmaster", "postmaster", "webmaster")
DAY = 86400
PEOPLE = ("email", "first_name", "firstname", "container.name")  # differ from run to run
SETTINGS = {"CHANCERY_LIMIT_PAGES": "1000000"}
LATEST = "2028-01-31"  # the method ends on 2028-03-15, and a month passes here


def place(account, name, **more):
    """An order that is to be approved by mail."""
    return account.place(name, dcv_method="email", **more)["id"]


def resend(account, order, entries=None, **more):
    body = {"domain_approval_emails": entries} if entries is not None else {}
    return account.client.put(f"/order/certificate/{order}/resend-emails", {**body, **more})


def tokens(stack, domain):
    return stack.db.number(f"SELECT count(*) FROM email_token WHERE domain = '{domain}'")


def approve(link):
    answer = browse("POST", link)
    case.equal(f"approval: {answer}", answer.status, 200)
    case.inside("page", b"Your approval was recorded", answer.body)


@tests
def from_order_to_certificate(stack):
    account, name = Account(stack), "whole.example.com"
    answer = account.order(name, dcv_method="email")
    golden.check("POST order/certificate/{name_id} email", answer)
    order = answer.json["id"]
    mails = stack.mails.wait(name, 5)
    case.equal("addresses", sorted(m["to"][0] for m in mails), [f"{part}@{name}" for part in LOCAL_PARTS])
    case.equal("each value once", len({m["link"] for m in mails}), 5)
    case.true("over TLS", all(m["tls"] for m in mails))
    info = account.client.get(f"/order/certificate/{order}")
    golden.check("GET order/certificate/{order_id} email", info, loose=("how_to_fix", *PEOPLE))
    link = mails[0]["link"]
    for method in ("GET", "HEAD", "GET"):
        page = browse(method, link)
        case.equal(f"page: {page}", page.status, 200)
    for part in (name, str(order), "GeoTrust DV SSL", '<form method="post">'):
        case.inside("page", part.encode(), page.body)
    who = stack.db.value(f"SELECT name FROM account WHERE id = {account.id}")
    case.inside("the page says who asks", f"{account.id}, <bdi>{who}</bdi>".encode(), page.body)
    case.inside("and the mail", f"\nAccount: {account.id}, {who}\n", mails[0]["text"])
    case.equal("nothing happened", account.info(order)["status"], "pending")
    approve(link)
    info = account.issued(order)
    case.equal("names", info["certificate"]["dns_names"], [name])
    fact = stack.db.rows(f"SELECT v.identifier, v.method, v.br_method, v.evidence FROM {PROOFS.format(order)}")
    case.equal("one fact", [(f["identifier"], f["method"], f["br_method"]) for f in fact], [(name, "email", "3.2.2.4.4")])
    case.equal("audited", stack.db.number("SELECT count(*) FROM audit WHERE activity = 'domain validated'"
                                          f" AND detail ->> 'identifier' = '{name}'"), 1)


@tests
def who_asks_is_no_markup(stack):
    """The account's name is whatever somebody has chosen."""
    account, name = Account(stack), "markup.example.com"
    stack.db.run(f"UPDATE account SET name = '<b>\u202eCA</b> & \"CA\"' || chr(10) || 'Order: 1' WHERE id = {account.id}")
    place(account, name)
    mail = stack.mails.wait(name, 5)[0]
    case.inside("mail", f'\nAccount: {account.id}, <b>?CA</b> & "CA"?Order: 1\n', mail["text"])
    page = browse("GET", mail["link"]).body.decode()
    case.inside("page", f"{account.id}, <bdi>&lt;b&gt;?CA&lt;/b&gt; &amp; &quot;CA&quot;?Order: 1</bdi>", page)


@tests
def a_mail_is_well_formed(stack):
    account, name = Account(stack), "b\u00fccher.example.org"
    place(account, name)
    mail = stack.mails.wait("xn--bcher-kva.example.org", 5)[0]
    message = mail["mail"]
    case.true("no bare line ends", b"\n" not in mail["raw"].replace(b"\r\n", b""))
    case.true("lines are short", max(len(line) for line in mail["raw"].split(b"\r\n")) <= 78)
    case.true("ASCII", mail["raw"].isascii())
    case.equal("from", message["from"].addresses[0].addr_spec, f"ca@{CA_HOST}")
    case.equal("to", message["to"].addresses[0].addr_spec, mail["to"][0])
    case.inside("subject", "xn--bcher-kva.example.org", message["subject"])
    case.true("Message-ID", re.fullmatch(r"<[a-z0-9]{24}@chancery\.example>", message["message-id"]))
    case.true("Date", abs(message["date"].datetime.timestamp() - stack.now()) < 120)
    case.equal("defects", list(message.defects), [])
    case.inside("names", "  xn--bcher-kva.example.org\n", mail["text"])


@tests
def a_token_counts_once(stack):
    account, name = Account(stack), "once.example.com"
    order = place(account, name)
    mails = stack.mails.wait(name, 5)
    approve(mails[0]["link"])
    account.issued(order)
    for method in ("POST", "GET"):
        again = browse(method, mails[0]["link"])
        case.equal(f"again: {again}", again.status, 410)
        case.inside("page", b"Already used", again.body)
        other = browse(method, mails[1]["link"])
        case.equal(f"nobody waits: {other}", other.status, 410)
    case.equal("one fact", stack.db.number(f"SELECT count(*) FROM {PROOFS.format(order)}"), 1)


@tests
def what_was_never_mailed(stack):
    base = f"http://{stack.address}:8080/dcv/approve/"
    for token in ("a" * 40, "A" * 40, "x", "%00", "a" * 39 + "'", "..%2f..%2fservices"):
        for method in ("GET", "POST"):
            answer = browse(method, base + token)
            case.equal(f"{token}: {answer}", answer.status, 404)
            case.equal("form", answer.headers["content-type"], "text/html; charset=utf-8")


@tests
def pages_at_an_address_of_their_own(stack):
    """One gateway has them at a second address, another one serves nothing else."""
    account, name = Account(stack), "apart.example.com"
    place(account, name)
    path = "/dcv" + stack.mails.wait(name, 5)[0]["link"].split("/dcv")[1]
    own = f"{stack.address}:8190"
    for serves, api in (("api pages", 404), ("pages", None)):
        twin = Twin(stack, "gateway", CHANCERY_GATEWAY_SERVES=serves, CHANCERY_PAGES_LISTEN=own)
        try:
            ready = case.until("the twin is ready", lambda t=twin: answers(f"http://{t.admin}/readyz"))
            case.equal(f"it needs the issuer for orders alone: {ready}", b"issuer" in ready.body, bool(api))
            case.equal("the page", browse("GET", f"http://{own}{path}").status, 200)
            elsewhere = guarded(browse("GET", f"http://{own}/services/v2/user/me"), 404)
            case.equal("no API there, but a page", elsewhere["content-type"], "text/html; charset=utf-8")
            case.equal("nor its description", browse("GET", f"http://{own}/openapi.json").status, 404)
            if api:
                case.equal("no page here", browse("GET", f"http://{twin.address}{path}").status, api)
                case.equal("the API", browse("GET", f"http://{twin.address}/services/v2/user/me").status, 403)
            else:
                case.true("nobody listens there", not answers(f"http://{twin.address}/openapi.json"))
        finally:
            twin.end()


def answers(url):
    """The answer if it is 200."""
    try:
        answer = browse("GET", url)
    except ConnectionError:
        return None
    return answer if answer.status == 200 else None


@tests
def only_what_can_be_served(stack):
    for serves in ("nonsense", "api nonsense", "API", "api;pages", ","):
        env = {**stack.environ("gateway"), "CHANCERY_GATEWAY_SERVES": serves, "CHANCERY_PAGES_LISTEN": "nowhere"}
        r = subprocess.run(["app/bin/chancery-gateway", "--check-config"], cwd=stack.dir, env=env, text=True,
                           capture_output=True)
        case.equal(f"{serves}: {r.stdout}{r.stderr}", r.returncode != 0, True)
        case.inside("what is said", "CHANCERY_GATEWAY_SERVES must be api, pages, or both", r.stdout + r.stderr)
        case.inside("and", "CHANCERY_PAGES_LISTEN must be an address like", r.stdout + r.stderr)


def guarded(answer, status):
    """The headers of an answer that has all that every page has."""
    head = answer.headers
    case.equal(f"answer: {answer}", answer.status, status)
    case.equal("cache", head["cache-control"], "no-store")
    case.equal("referrer", head["referrer-policy"], "no-referrer")
    case.equal("robots", head["x-robots-tag"], "noindex")
    case.inside("policy", "default-src 'none'", head["content-security-policy"])
    return head


@tests
def the_page_is_guarded(stack):
    account, name = Account(stack), "guarded.example.com"
    place(account, name)
    link = stack.mails.wait(name, 5)[0]["link"]
    head = guarded(browse("GET", link), 200)
    for rule in ("default-src 'none'", "form-action 'self'", "frame-ancestors 'none'", "base-uri 'none'"):
        case.inside("policy", rule, head["content-security-policy"])
    for rule in ("unsafe", "http:", "*"):
        case.true("policy is strict", rule not in head["content-security-policy"])
    base = f"http://{stack.address}:8080/dcv/"
    for method, page, status in (("GET", base, 404), ("GET", base + "nowhere", 404), ("POST", base + "nowhere", 404),
                                 ("DELETE", link, 405), ("HEAD", link, 200), ("GET", base + "approve/x", 404)):
        case.equal("the same policy", guarded(browse(method, page), status)["content-security-policy"],
                   head["content-security-policy"])
    page = browse("GET", link).body
    case.true("the page has no script and no link", not re.search(rb"<script|href=|src=", page))
    put = browse("PUT", link)
    guarded(put, 405)
    for kind, body in (("text/plain", b""), ("application/json", b"{}"), (None, b"x=1"), ("multipart/form-data", b"")):
        other = browse("POST", link, kind, body)
        guarded(other, 415)
    approve(link)
    token = link.rsplit("/", 1)[1]
    for service in ("gateway", "validation", "notifier", "postgres"):
        case.true(f"the log of {service} does not know the token", token not in stack.read(f"log/{service}.log"))
    stored = stack.db.value("SELECT count(*) FROM email_token WHERE token_sha256 = "
                            f"sha256('{token}') AND to_jsonb(email_token)::text NOT LIKE '%{token}%'")
    case.equal("only the hash is stored", int(stored), 1)


@tests
def it_expires(stack):
    account, name = Account(stack), "late.example.com"
    order = place(account, name)
    old = stack.mails.wait(name, 5)[0]["link"]
    stack.advance(30 * DAY - 600)
    case.equal("shortly before", browse("GET", old).status, 200)
    stack.advance(1200)
    for method in ("GET", "POST"):
        answer = browse(method, old)
        case.equal(f"after 30 days: {answer}", answer.status, 410)
        case.inside("page", b"Expired", answer.body)
    case.equal("nothing was stored", stack.db.number(f"SELECT count(*) FROM {PROOFS.format(order)}"), 0)
    case.equal("again", resend(account, order).status, 204)
    approve(stack.mails.wait(name, 10)[-1]["link"])
    account.issued(order)


def recorded(stack, order, count):
    case.until(f"{count} mails are recorded", lambda: stack.db.number(
        f"SELECT count(*) FROM audit WHERE activity = 'approval mail sent' AND subject = 'order/{order}'") == count)


@tests
def resent(stack):
    """A mail that is sent again has a value of its own; the one before stays good. An address that was mailed a
    moment ago is left alone for a minute, and then mailed once, however often that was asked for."""
    account, name = Account(stack), "resent.example.com"
    order = place(account, name, dcv_emails=[{"dns_name": name, "email": f"admin@{name}"}])
    first = stack.mails.wait(name, 1)
    recorded(stack, order, 1)
    stack.advance(61)
    answer = resend(account, order)
    golden.check("PUT order/certificate/{order_id}/resend-emails", answer)
    both = stack.mails.wait(name, 2)
    case.equal("whoever was chosen is asked again", [m["to"][0] for m in both], [f"admin@{name}"] * 2)
    case.true("another value", both[0]["link"] != both[1]["link"])
    recorded(stack, order, 2)
    for _ in range(3):
        case.equal("once more", resend(account, order).status, 204)
    more = resend(account, order, [{"domain": name, "email": f"Hostmaster@{name}"}], locale="xx-YY")
    case.equal(f"one address: {more}", more.status, 204)
    case.equal("who was mailed a moment ago is left alone", stack.mails.wait(name, 3)[2]["to"][0], f"hostmaster@{name}")
    stack.advance(61)
    case.equal("and then mailed once", stack.mails.wait(name, 4)[3]["to"][0], f"admin@{name}")
    approve(first[0]["link"])
    account.issued(order)
    late = resend(account, order)
    case.equal(f"issued: {late}", late.status, 204)
    case.equal("and nobody is asked", stack.db.number(
        "SELECT count(*) FROM email_invitation i JOIN job j ON j.lane = 'mail' AND j.subject = i.id JOIN challenge c"
        f" ON c.id = i.challenge_id JOIN orders o ON o.request_id = c.subject WHERE o.id = {order}"), 0)
    ended = place(account, f"ended.{name}")
    case.equal("cancel", account.client.put(f"/order/certificate/{ended}/status", {"status": "canceled"}).status, 204)
    late = resend(account, ended)
    case.equal(f"canceled: {late}", (late.status, late.error["code"]), (409, "invalid_order_status"))


@tests
def one_mail_for_names_of_a_domain(stack):
    """Names that share an authorization domain are approved together; others are asked about apart."""
    account = Account(stack)
    names = ["shared.example.com", "www.shared.example.com", "*.shared.example.com", "apart.example.net"]
    order = place(account, names[0], certificate={"dns_names": names[1:]}, product="ssl_dv_geotrust_flex")
    shared = stack.mails.wait("shared.example.com", 5)
    apart = stack.mails.wait("apart.example.net", 5)
    for name in names[:3]:
        case.inside("names", f"  {name}\n", shared[0]["text"])
    case.true("no other names", names[3] not in shared[0]["text"])
    approve(shared[0]["link"])
    case.equal("still open", {b["dns_name"] for b in account.info(order)["blockers"]}, {names[3]})
    approve(apart[4]["link"])
    account.issued(order)


@tests
def chosen_addresses(stack):
    account, name = Account(stack), "deep.shop.chosen-co.example.com"
    order = place(account, name, certificate={"dns_names": ["other.chosen-other.example.org"]}, dcv_emails=[
        {"dns_name": name, "email_domain": "chosen-co.example.com", "email": "webmaster@chosen-co.example.com"}])
    mail = stack.mails.wait("chosen-co.example.com", 1)[0]
    stack.mails.wait("other.chosen-other.example.org", 5)
    case.equal("to", mail["to"][0], "webmaster@chosen-co.example.com")
    case.equal("nobody else", len(stack.mails.all("chosen-co.example.com")), 1)
    case.equal("nobody below", stack.mails.all(name), [])
    page = browse("GET", mail["link"])
    case.inside("domain", b"chosen-co.example.com", page.body)
    approve(mail["link"])
    case.equal("open", {b["dns_name"] for b in account.info(order)["blockers"]}, {"other.chosen-other.example.org"})
    # Upwards by a mail that is sent again, too.
    up = resend(account, order, [{"domain": "other.chosen-other.example.org", "email_domain": "chosen-other.example.org",
                                  "email": "admin@chosen-other.example.org"}])
    case.equal(f"a parent: {up}", up.status, 204)
    approve(stack.mails.wait("chosen-other.example.org", 1)[0]["link"])
    account.issued(order)


@tests
def bad_choices(stack):
    account, name = Account(stack), "www.bad.example.com"
    before = stack.db.number("SELECT count(*) FROM orders")
    cases = [  # one of dcv_emails, the member that is named
        ({"email": f"admin@{name}"}, "dcv_emails.dns_name"),
        ({"dns_name": "other.example.com", "email": "admin@other.example.com"}, "dcv_emails.dns_name"),
        ({"dns_name": name, "email": f"root@{name}"}, "dcv_emails.email"),
        ({"dns_name": name, "email": "admin"}, "dcv_emails.email"),
        ({"dns_name": name, "email": f"admin@{name}\r\nBcc: x@example.com"}, "dcv_emails.email"),
        ({"dns_name": name, "email": "admin@elsewhere.example.com"}, "dcv_emails.email"),
        ({"dns_name": name, "email": "admin@example.com", "email_domain": name}, "dcv_emails.email"),
        ({"dns_name": name, "email_domain": "com"}, "dcv_emails.email_domain"),
        ({"dns_name": name, "email_domain": "deeper." + name}, "dcv_emails.email_domain"),
        ({"dns_name": name, "email_domain": "*.example.com"}, "dcv_emails.email_domain"),
        ({"dns_name": name, "email_domain": "ample.com"}, "dcv_emails.email_domain"),
    ]
    for entry, member in cases:
        answer = account.order(name, dcv_method="email", dcv_emails=[entry])
        case.equal(f"{entry}: {answer}", (answer.status, answer.error.get("field")), (400, member))
    two = account.order(name, dcv_method="email", dcv_emails=[
        {"dns_name": name, "email_domain": name}, {"dns_name": name, "email_domain": "bad.example.com"}])
    case.equal(f"two domains: {two}", (two.status, two.error.get("field")), (400, "dcv_emails.email_domain"))
    golden.check("POST order/certificate/{name_id} bad dcv_emails", two)
    many = account.order(name, dcv_method="email", dcv_emails=[{"dns_name": name, "email": f"admin@{name}"}] * 6)
    case.equal(f"more than there are: {many}", (many.status, many.error.get("field")), (400, "dcv_emails"))
    case.equal("nothing was stored", stack.db.number("SELECT count(*) FROM orders"), before)
    order = place(account, name, dcv_emails=[{"dns_name": name, "email": f"admin@{name}"}])
    for entry, member in ((c, m.replace("dcv_emails", "domain_approval_emails").replace(".dns_name", ".domain"))
                          for c, m in cases):
        if "dns_name" in entry:
            entry = {"domain" if k == "dns_name" else k: v for k, v in entry.items()}
        answer = resend(account, order, [entry])
        case.equal(f"resend {entry}: {answer}", (answer.status, answer.error.get("field")), (400, member))
    many = resend(account, order, [{"domain": name, "email": f"admin@{name}"}] * 6)
    case.equal(f"resend more than there are: {many}", (many.status, many.error.get("field")),
               (400, "domain_approval_emails"))
    case.equal("one mail", len(stack.mails.wait(name, 1)), 1)


@tests
def other_calls_know_the_method(stack):
    account, name = Account(stack), "calls.example.com"
    order = place(account, name)
    old = stack.mails.wait(name, 5)[0]["link"]
    check = account.check(order)
    golden.check("PUT order/certificate/{order_id}/check-dcv email", check)
    value = account.client.put(f"/order/certificate/{order}/dcv-random-value")
    golden.check("PUT order/certificate/{order_id}/dcv-random-value email", value)
    away = account.client.put(f"/order/certificate/{order}/dcv-method", {"dcv_method": "dns-txt-token"})
    case.equal(f"to a token: {away}", away.status, 200)
    case.true("now there is a value", away.json["dcv_random_value"])
    case.equal("the old mail is void", browse("POST", old).status, 410)
    refused = resend(account, order)
    golden.check("PUT order/certificate/{order_id}/resend-emails other method", refused)
    back = account.client.put(f"/order/certificate/{order}/dcv-method", {"dcv_method": "email"})
    golden.check("PUT order/certificate/{order_id}/dcv-method email", back)
    case.equal("no body", back.body, b"")
    stack.advance(61)  # a round of the other method that ends just now comes back after a minute
    mails = stack.mails.wait(name, 10)
    case.equal("the old mail stays void", browse("POST", old).status, 410)
    approve(mails[-1]["link"])
    account.issued(order)


@tests
def after_approval_of_the_request(stack):
    """Nobody is asked before an administrator has approved the order."""
    account, name = Account(stack), "asked.example.com"
    standard = account.as_role(5)
    document = account.place(name, client=standard, dcv_method="email",
                             dcv_emails=[{"dns_name": name, "email": f"postmaster@{name}"}])
    waiting = account.info(document["id"])
    case.equal("status", waiting["status"], "needs_approval")
    case.equal("nobody was asked", tokens(stack, name), 0)
    request = document["requests"][0]["id"]
    case.equal("approve", account.client.put(f"/request/{request}/status", {"status": "approved"}).status, 204)
    case.equal("to", [m["to"][0] for m in stack.mails.wait(name, 1)], [f"postmaster@{name}"])
    approve(stack.mails.all(name)[0]["link"])
    account.issued(document["id"])


@tests
def what_is_proved_needs_no_mail(stack):
    account = Account(stack)
    account.prove("example.com")
    before = tokens(stack, "example.com")
    answer = account.order("www.proved-mail.example.com", dcv_method="email", dcv_emails=[
        {"dns_name": "www.proved-mail.example.com", "email_domain": "example.com"}])
    case.equal(f"issued at once: {answer}", answer.status, 201)
    case.true("certificate", answer.json.get("certificate_id"))
    case.equal("no mail", tokens(stack, "example.com"), before)


@tests
def one_approval_serves_every_order_that_waits(stack):
    """Nobody is named to do anything more, and nothing is left to do: they go on by themselves."""
    account, stranger = Account(stack), Account(stack)
    names = ["served.example.com", "www.served.example.com", "*.served.example.com"]
    orders = [place(account, name, dcv_emails=[{"dns_name": name, "email_domain": "served.example.com"}]) for name in names]
    other = place(stranger, "shop.served.example.com")
    both = place(account, "mail.served.example.com", certificate={"dns_names": ["else.example.net"]}, dcv_emails=[
        {"dns_name": "mail.served.example.com", "email_domain": "served.example.com"}], product="ssl_dv_geotrust_flex")
    approve(stack.mails.wait("served.example.com", 4)[0]["link"])
    for order in orders:
        account.issued(order)
    case.equal("still open", {b["dns_name"] for b in account.info(both)["blockers"]}, {"else.example.net"})
    case.equal("another account's", stranger.info(other)["status"], "pending")
    approve(stack.mails.wait("else.example.net", 5)[0]["link"])
    account.issued(both)


@tests
def canceled(stack):
    account, name = Account(stack), "canceled.example.com"
    order = place(account, name)
    link = stack.mails.wait(name, 5)[0]["link"]
    cancel = account.client.put(f"/order/certificate/{order}/status", {"status": "canceled"})
    case.equal(f"cancel: {cancel}", cancel.status, 204)
    case.equal("void", browse("POST", link).status, 410)
    case.equal("nothing was stored", stack.db.number(f"SELECT count(*) FROM {PROOFS.format(order)}"), 0)


@tests
def foreign_tenant(stack):
    account, stranger, name = Account(stack), Account(stack), "foreign.example.com"
    order = place(account, name)
    stack.mails.wait(name, 5)
    answer = resend(stranger, order)
    golden.check("PUT order/certificate/{order_id}/resend-emails unknown", answer)
    case.equal("no more mails", tokens(stack, name), 5)


@tests
def refused_and_delayed(stack):
    """What the server refuses for good is shown; what it puts off comes later; the others are asked."""
    account, name = Account(stack), "troubled.example.com"
    stack.mails.treat("bounce", f"postmaster@{name}")
    stack.mails.treat("tempfail", f"hostmaster@{name}")
    order = place(account, name)
    stack.mails.wait(name, 3)

    def told():
        text = account.info(order)["blockers"][0]["how_to_fix"]
        return text if "refused" in text and "hostmaster@troubled.example.com (451)" in text else None
    text = case.until("the blocker tells", told)
    case.inside("refused", f"refused postmaster@{name} (550)", text)
    stack.advance(10)
    case.equal("the fourth", stack.mails.wait(name, 4)[3]["to"][0], f"hostmaster@{name}")
    case.equal("jobs", stack.db.number("SELECT count(*) FROM job j JOIN email_invitation i ON i.id = j.subject"
                                       f" WHERE j.lane = 'mail' AND i.address = 'postmaster@{name}'"), 0)
    approve(stack.mails.all(name)[0]["link"])
    account.issued(order)


@tests
def server_down_then_up(stack):
    account, name = Account(stack), "down.example.com"
    stack.kill("mail")
    try:
        order = place(account, name)
        case.until("it was tried", lambda: stack.db.number(
            f"SELECT count(*) FROM email_invitation i WHERE i.domain = '{name}' AND i.tried_at IS NOT NULL") == 5)
        case.inside("blocker", "No mail could be brought yet", account.info(order)["blockers"][0]["how_to_fix"])
    finally:
        stack.start("mail")
    stack.advance(600)  # however often it has been tried by now: no pause is longer
    approve(stack.mails.wait(name, 5)[0]["link"])
    account.issued(order)


@tests
def killed_before_it_is_sent(stack):
    """The hash is stored, the mail is not out: another mail with another value goes out later."""
    account, name = Account(stack), "killed.example.com"
    stack.arm("notifier.mail.stored")
    order = place(account, name, dcv_emails=[{"dns_name": name, "email": f"admin@{name}"}])
    case.until("the notifier dies", lambda: stack.pid("notifier") is None)
    case.equal("stored, not mailed", (tokens(stack, name), len(stack.mails.all(name))), (1, 0))
    stack.disarm()
    stack.start("notifier")
    stack.db.run("UPDATE job SET lease_until = now() WHERE lane = 'mail' AND lease_until > now()")
    approve(stack.mails.wait(name, 1)[0]["link"])
    account.issued(order)
    case.equal("two values, one mail", (tokens(stack, name), len(stack.mails.all(name))), (2, 1))


@tests
def from_a_file_and_back(stack):
    """A mail has its own value, is asked for at the base domain, and is not looked for."""
    account, name = Account(stack), "a.change-mail.example.net"
    order = account.place(name, dcv_method="http-token", certificate_dcv_scope="base_domain")
    number, value = order["id"], order["dcv_random_value"]

    def change(method):
        answer = account.client.put(f"/order/certificate/{number}/dcv-method", {"dcv_method": method})
        case.equal(f"change to {method}: {answer}", answer.status, 200)
        return answer

    def places():
        return {b["domain"] for b in account.info(number)["blockers"]}
    case.equal("by file", places(), {name})
    case.equal("a mail has its own value", change("email").body, b"")
    case.equal("by mail", places(), {"example.net"})
    looked = account.check(number)
    case.equal(f"not looked for: {looked}", (looked.status, looked.error["code"]), (400, "invalid_dns_method"))
    case.equal("and back", change("http-token").json["dcv_random_value"], value)
    case.equal("by file again", places(), {name})


@tests
def the_method_ends(stack):
    """SC090: not from 2028-03-15 on, whatever was mailed before. Last: the clock goes on by years."""
    account, name = Account(stack), "sunset.example.com"
    end = 1836691200  # 2028-03-15T00:00:00Z
    stack.advance(end - 3600 - stack.now())
    order = place(account, name)
    link = stack.mails.wait(name, 5)[0]["link"]
    stack.advance(2 * 3600)
    case.equal("the page", browse("GET", link).status, 410)
    case.equal("approval", browse("POST", link).status, 410)
    for answer in (account.order("after." + name, dcv_method="email"),
                   account.client.put(f"/order/certificate/{order}/dcv-method", {"dcv_method": "email"})):
        case.equal(f"refused: {answer}", (answer.status, answer.error.get("code"), answer.error.get("field")),
                   (400, "invalid_dcv_method", "dcv_method"))
    again = resend(account, order)
    case.equal(f"resend: {again}", (again.status, again.error["code"]), (400, "invalid_dcv_method"))
