"""Domain control by a file on a web server: what proves a name, which name, and what is told if not."""
from harness import case, golden, pki
from harness.account import Account
from harness.sql import PROOFS
from harness.tests import Tests
from harness.web import PATH, Web

tests = Tests()
BY_FILE = {"dcv_method": "http-token"}
FLEX = "ssl_dv_geotrust_flex"
MISSING = (400, "file_random_value_not_found")


def refused(what, answer, status, code, *words):
    case.equal(f"{what}: {answer}", (answer.status, answer.error.get("code")), (status, code))
    for word in words:
        case.inside(what, word, answer.error["message"])


def change(account, order_id, method):
    return account.client.put(f"/order/certificate/{order_id}/dcv-method", {"dcv_method": method})


def changed(account, order_id, method):
    answer = change(account, order_id, method)
    case.equal(f"change to {method}: {answer}", answer.status, 200)
    return answer


def blockers(account, order_id):
    return {b["dns_name"]: b for b in account.info(order_id).get("blockers") or []}


def checked(account, order_id):
    account.looked(order_id)
    return account.check(order_id)


def issued_by_check(account, order_id):
    account.looked(order_id)
    if account.info(order_id)["status"] == "issued":  # the round was late enough to find it
        return account.info(order_id)
    answer = account.check(order_id)
    case.equal(f"check: {answer}", (answer.status, answer.json.get("order_status")), (200, "issued"))
    return account.issued(order_id)


@tests
def a_file_proves_its_name(stack):
    account = Account(stack)
    name = "file.example.com"
    with Web(stack) as web:
        web.here(name)
        placed = account.order(name, **BY_FILE)
        golden.check("POST order/certificate/{name_id} http-token", placed)
        number, value = placed.json["id"], placed.json["dcv_random_value"]
        early = checked(account, number)
        refused("no file", early, *MISSING, name, PATH, "answered 404")
        golden.check("PUT order/certificate/{order_id}/check-dcv file missing", early)
        blocker = blockers(account, number)[name]
        case.equal("where", blocker["domain"], name)
        case.inside("how to fix", f"http://{name}{PATH} that contains {value}", blocker["how_to_fix"])
        case.inside("seen", "answered 404", blocker["seen"])
        golden.check("GET order/certificate/{order_id} waits for a file",
                     account.client.get(f"/order/certificate/{number}"), ("firstname", "first_name", "name", "email", "how_to_fix"))
        web.file(name, f"{value}\n")
        good = checked(account, number)
        golden.check("PUT order/certificate/{order_id}/check-dcv file found", good)
        issued = account.issued(number)
        case.equal("certificate", good.json["certificate_id"], issued["certificate"]["id"])
        case.true("asked at the one place", {path for _, path in web.requests(name)} == {PATH})
    proof = stack.db.rows(f"SELECT v.method, v.br_method, v.identifier, v.evidence FROM {PROOFS.format(number)}")
    case.equal("one proof", [(p["method"], p["br_method"], p["identifier"]) for p in proof],
               [("http-token", "3.2.2.4.18", name)])
    evidence = proof[0]["evidence"]
    case.inside("url", f"//{name}{PATH}", evidence["name"])
    case.equal("perspective", evidence["perspective"], "primary")
    case.equal("hops", [(h["address"], h["status"], h["dnssec_secure"]) for h in evidence["hops"]],
               [(web.address, 200, True)])


@tests
def redirects_are_followed_by_the_rules(stack):
    account = Account(stack)
    with Web(stack) as web:
        value = {}

        def order(name):
            value[name] = account.place(name, **BY_FILE)
            return value[name]["dcv_random_value"]
        web.file("target.example.net", order("moved.example.com"))
        web.redirect("step.example.com", "https://target.example.net/any", 308)
        web.redirect("moved.example.com", "http://step.example.com/", 301)
        issued_by_check(account, value["moved.example.com"]["id"])
        evidence = stack.db.rows("SELECT evidence FROM validation WHERE identifier = 'moved.example.com'")[0]["evidence"]
        case.equal("hops", [h["status"] for h in evidence["hops"]], [301, 308, 200])
        case.equal("final URL", evidence["found_at"], "https://target.example.net/any")
        look = next(look for look in evidence["looks"] if look["outcome"] == "found")
        case.equal("as the look saw it", (look["state"], look["dnssec"], [h["status"] for h in look["hops"]], look["body"]),
                   ("answered", "secure", [301, 308, 200], value["moved.example.com"]["dcv_random_value"]))


FAILURES = [  # label, what its server does, the words the customer reads
    ("port", ("redirect", "http://target.example.net:8080/"), "must not use port 8080"),
    ("private", ("redirect", "http://10.1.2.3/"), "10.1.2.3 is not a public address"),
    ("meta", ("redirect", "ftp://target.example.net/"), "must begin with https:// or http://"),
    ("circle", ("redirect", "{path}"), "redirects too often"),
    ("see", ("redirect303", "http://target.example.net/"), "answered 303"),
    ("wrong", ("file", "something else"), "does not hold the value"),
    ("slow", ("drip", ""), "did not answer in time"),
    ("half", ("reply", "HTTP/1.1 200 OK\r\nContent-Length: 9999\r\n\r\n{value}"), "broke off its answer"),
    ("big", ("reply", "HTTP/1.1 200 OK\r\n\r\n" + "." * 1000000 + "{value}"), "in the part that is read"),
    ("broken", ("reply", "HTTP/1.1 503 Later\r\nContent-Length: 32\r\n\r\n{value}"), "answered 503"),
]


def misbehave(web, name, manner, text):
    web.here(name)
    if manner.startswith("redirect"):
        web.redirect(name, text, int(manner[8:] or 302))
    elif manner == "drip":
        web.reply(name, "HTTP/1.1 200 OK\r\n\r\n", "drip")
    elif manner == "file":
        web.file(name, text)
    else:
        web.reply(name, text)


@tests
def failures_are_told_in_words(stack):
    account = Account(stack)
    with Web(stack) as web:
        for label, (manner, text), words in FAILURES:
            name = f"{label}.example.org"
            order = account.place(name, **BY_FILE)
            misbehave(web, name, manner, text.replace("{value}", order["dcv_random_value"]))
            answer = checked(account, order["id"])
            refused(label, answer, *MISSING, name)
            case.inside(f"{label}: what was seen", words, blockers(account, order["id"])[name]["seen"])
            case.equal("no certificate", stack.db.number(
                f"SELECT count(*) FROM certificate WHERE order_id = {order['id']}"), 0)


@tests
def names_that_lead_nowhere(stack):
    account = Account(stack)
    stack.dns.set("inner.example.com", "A", "192.168.7.7")
    rows = [("inner.example.com", "192.168.7.7 is not a public address"), ("absent.example.com", "no such name"),
            ("lie.bogus.example.org", "DNSSEC validation failed")]
    for name, words in rows:
        order = account.place(name, **BY_FILE)
        refused(name, checked(account, order["id"]), *MISSING)
        case.inside(name, words, blockers(account, order["id"])[name]["seen"])


@tests
def it_speaks_for_no_other_name(stack):
    """A file at the base domain proves that name alone; a DNS record proves what is below as well."""
    account = Account(stack)
    base = {"certificate_dcv_scope": "base_domain"}
    with Web(stack) as web:
        order = account.place("example.org", **BY_FILE, **base)
        web.file("example.org", order["dcv_random_value"])
        issued_by_check(account, order["id"])
        case.true("the same name at once", account.place("example.org", **base, csr=pki.csr("p256", 7)).get("certificate_id"))
        below = account.place("below.example.org", **base)
        case.equal("a name below waits", below.get("certificate_id"), None)
        case.equal("at the base", blockers(account, below["id"])["below.example.org"]["domain"], "example.org")
        wild = account.place("*.example.org", product=FLEX, **base)
        case.equal("a wildcard waits", wild.get("certificate_id"), None)
        web.reply("example.org", "HTTP/1.1 404 No\r\nContent-Length: 0\r\n\r\n")
    stack.dns.set("_dnsauth.example.org", "TXT", below["dcv_random_value"])
    issued_by_check(account, below["id"])
    again = account.place("*.example.org", product=FLEX, **base, csr=pki.csr("p256", 8))
    case.true("by DNS the wildcard is proved", again.get("certificate_id"))
    stack.dns.remove("_dnsauth.example.org")


@tests
def wildcards_are_refused(stack):
    account = Account(stack)
    before = stack.db.counts("orders", "request_name", "job")
    for names in (("*.wild.example.com",), ("plain.example.com", "*.wild.example.com")):
        answer = account.order(names[0], product=FLEX, certificate={"dns_names": list(names)}, **BY_FILE)
        refused("at placing", answer, 400, "invalid_dcv_method", "*.wild.example.com")
        case.equal("field", answer.error["field"], "dcv_method")
    golden.check("POST order/certificate/{name_id} http-token for a wildcard", answer)
    answer = account.order("*.wild.example.com", product="wildcard_dv_geotrust", **BY_FILE)
    refused("a wildcard product", answer, 400, "invalid_dcv_method")
    case.equal("nothing is stored", stack.db.counts("orders", "request_name", "job"), before)
    order = account.place("*.wild.example.com", product=FLEX)
    answer = change(account, order["id"], "http-token")
    refused("at the change", answer, 400, "invalid_dcv_method", "*.wild.example.com")
    golden.check("PUT order/certificate/{order_id}/dcv-method http-token for a wildcard", answer)
    case.equal("the method stays", account.info(order["id"])["dcv_method"], "dns-txt-token")


@tests
def dynamic_files_are_not_for_dv(stack):
    account = Account(stack)
    answer = account.order("dynamic.example.com", dcv_method="http-token-dynamic")
    refused("at placing", answer, 400, "invalid_dcv_method", "http-token-dynamic")
    golden.check("POST order/certificate/{name_id} http-token-dynamic", answer)
    order = account.place("dynamic.example.com")
    refused("at the change", change(account, order["id"], "http-token-dynamic"), 400, "invalid_dcv_method")


@tests
def the_method_changes_and_with_it_the_place(stack):
    """Between the name itself and its base domain, to and fro; the value stays."""
    account = Account(stack)
    names = ["a.change.example.net", "b.change.example.net"]
    order = account.place(names[0], certificate={"dns_names": names}, certificate_dcv_scope="base_domain")
    number, value = order["id"], order["dcv_random_value"]

    def places():
        return sorted({b["domain"] for b in blockers(account, number).values()})
    case.equal("by TXT", places(), ["example.net"])
    answer = changed(account, number, "http-token")
    golden.check("PUT order/certificate/{order_id}/dcv-method http-token", answer)
    case.equal("value", answer.json["dcv_random_value"], value)
    golden.check("PUT order/certificate/{order_id}/dcv-random-value http-token",
                 account.client.put(f"/order/certificate/{number}/dcv-random-value"))
    case.equal("by file", places(), names)
    changed(account, number, "dns-cname-token")
    case.equal("by CNAME", places(), ["example.net"])
    case.equal("and back", changed(account, number, "http-token").json["dcv_random_value"], value)
    case.equal("by file again", places(), names)
    with Web(stack) as web:
        web.here(names[1])
        web.file(names[0], value)
        answer = checked(account, number)
        refused("one lacks it", answer, *MISSING, names[1])
        part = account.client.put(f"/order/certificate/{number}/check-dcv", {"dns_names_validations": [names[0]]})
        golden.check("PUT order/certificate/{order_id}/check-dcv some names", part)
        case.equal("the other waits", sorted(blockers(account, number)), [names[1]])
    changed(account, number, "dns-txt-token")
    stack.dns.set(f"_dnsauth.example.net", "TXT", value)
    issued_by_check(account, number)
    stack.dns.remove("_dnsauth.example.net")
    case.equal("proofs", stack.db.rows(f"SELECT v.identifier, v.method FROM {PROOFS.format(number)} ORDER BY v.id"),
               [{"identifier": names[0], "method": "http-token"}, {"identifier": "example.net", "method": "dns-txt-token"}])


@tests
def scopes(stack):
    """FQDN scope: below another name of the order at that name, with a file each name at itself."""
    account = Account(stack)
    names = ["scope.example.com", "x.scope.example.com", "*.y.scope.example.com", "other.example.com"]

    def places(number):
        return {name: b["domain"] for name, b in blockers(account, number).items()}
    order = account.place(names[0], product=FLEX, certificate={"dns_names": names}, certificate_dcv_scope="fqdn")
    case.equal("fqdn", places(order["id"]), {
        names[0]: names[0], names[1]: names[0], names[2]: names[0], names[3]: names[3]})
    order = account.place(names[0], product=FLEX, certificate={"dns_names": names}, certificate_dcv_scope="base_domain",
                          csr=pki.csr("p256", 1))
    case.equal("base domain", set(places(order["id"]).values()), {"example.com"})
    plain = [n for n in names if n[0] != "*"]
    order = account.place(names[0], certificate={"dns_names": plain}, certificate_dcv_scope="fqdn", **BY_FILE)
    case.equal("by file", places(order["id"]), {n: n for n in plain})
    with Web(stack) as web:
        for name in plain:
            web.file(name, order["dcv_random_value"])
        issued_by_check(account, order["id"])
    changed_back = account.place(plain[1], certificate_dcv_scope="fqdn", csr=pki.csr("p256", 2))
    case.true("each is proved for later orders", changed_back.get("certificate_id"))


@tests
def polling_finds_the_file(stack):
    account = Account(stack)
    name = "polled.example.net"
    with Web(stack) as web:
        web.here(name)
        order = account.place(name, **BY_FILE)
        account.looked(order['id'])
        web.file(name, order["dcv_random_value"])
        stack.advance(90)
        account.issued(order["id"])


@tests
def request_tokens_in_files(stack):
    account = Account(stack)
    key = account.client.post("/account/auth-key").json["auth_key"]
    name = "tokenfile.example.com"
    with Web(stack) as web:
        web.here(name)
        before = stack.db.counts("orders", "job")
        answer = account.order(name, use_auth_key=True, certificate_dcv_scope="base_domain", **BY_FILE)
        refused("no token", answer, *MISSING, name)
        golden.check("POST order/certificate/{name_id} no request token in the file", answer)
        case.equal("nothing is stored", stack.db.counts("orders", "job"), before)
        web.file(name, pki.request_token(key, pki.csr(), stack.now() - 60))
        order = account.place(name, use_auth_key=True, certificate_dcv_scope="base_domain", **BY_FILE)
        case.true("certificate in the answer", order.get("certificate_id"))


@tests
def what_a_check_takes(stack):
    account, other = Account(stack), Account(stack)
    name = "takes.example.com"
    number = account.place(name, **BY_FILE)["id"]
    account.looked(number)
    path = f"/order/certificate/{number}/check-dcv"
    strange = account.client.put(path, {"dns_names_validations": ["strange.example.com"]})
    refused("a strange name", strange, 400, "invalid_field", "strange.example.com")
    case.equal("field", strange.error["field"], "dns_names_validations")
    many = account.client.put(path, {"dns_names_validations": ["strange.example.com"] * 1001})
    case.equal(f"too many: {many}", (many.status, many.error["field"]), (400, "dns_names_validations"))
    case.inside("counted, not read", "1001 entries", many.error["message"])
    golden.check("PUT order/certificate/{order_id}/check-dcv unknown name", strange)
    refused("null as the body", account.client.put(path, b"null"), *MISSING)
    refused("{} as the body", account.client.put(path, {}), *MISSING)
    foreign = other.client.put(path)
    refused("another account's order", foreign, 404, "not_found|order")
    refused("its method", change(other, number, "http-token"), 404, "not_found|order")
