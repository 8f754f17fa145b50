"""The AuthKey: request tokens are found and the certificate is in the answer, or nothing is stored."""
from harness import case, pki
from harness.account import Account
from harness.tests import Tests

tests = Tests()
TABLES = ("orders", "request_name", "request", "job", "idempotency")
BY_TOKEN = {"use_auth_key": True}
DAY = 86400


def auth_key(account):
    answer = account.client.post("/account/auth-key")
    case.equal(f"create: {answer}", answer.status, 200)
    return answer.json["auth_key"]


def refused(stack, account, name, product="ssl_dv_geotrust", code="invalid_dns_txt", **more):
    """The order fails with that code and leaves no row."""
    before = stack.db.counts(*TABLES)
    answer = account.order(name, product=product, **more)
    case.equal(f"{name}: {answer}", (answer.status, answer.error["code"]), (400, code))
    case.equal("rows", stack.db.counts(*TABLES), before)


@tests
def the_key(stack):
    account = Account(stack)
    none = account.client.get("/account/auth-key")
    case.equal(f"none yet: {none}", (none.status, none.error["code"]), (400, "auth_key_not_setup"))
    key = auth_key(account)
    case.equal("shown again", account.client.get("/account/auth-key").json["auth_key"], key)
    again = account.client.post("/account/auth-key")
    case.equal(f"twice: {again}", (again.status, again.error["code"]), (400, "auth_key_exists_for_account"))
    stored = stack.db.value(f"SELECT encode(auth_key_sealed, 'escape') FROM auth_key WHERE account_id = {account.id}")
    case.true("it is not stored in the clear", key not in stored)


@tests
def issued_at_once(stack):
    account = Account(stack)
    key = auth_key(account)
    name = "token.example.com"
    stack.dns.set(f"_dnsauth.{name}", "TXT", "before " + pki.request_token(key, pki.csr(), stack.now() - 60))
    order = account.place(name, **BY_TOKEN)
    case.true("certificate in the answer", order.get("certificate_id") and len(order["certificate_chain"]) == 3)
    case.equal("no random value", order.get("dcv_random_value"), None)
    case.equal("status", account.info(order["id"])["status"], "issued")


@tests
def several_names(stack):
    """One name without a token: nothing. All with: at once."""
    account = Account(stack)
    key = auth_key(account)
    token = pki.request_token(key, pki.csr(), stack.now() - 60)
    names = ["multi1.example.com", "multi2.example.net"]
    stack.dns.set(f"_dnsauth.{names[0]}", "TXT", token)
    more = {**BY_TOKEN, "certificate": {"dns_names": names[1:]}}
    refused(stack, account, names[0], **more)
    stack.dns.set(names[1], "TXT", token)  # at the name itself is as good
    case.true("certificate", account.place(names[0], **more).get("certificate_id"))


@tests
def at_the_name(stack):
    """As a random value: at the ordered name, while the scope is the base domain."""
    account = Account(stack)
    token = pki.request_token(auth_key(account), pki.csr(), stack.now() - 60)
    more = {"certificate_dcv_scope": "base_domain", **BY_TOKEN}
    stack.dns.set("_dnsauth.at-name.example.org", "TXT", token)
    refused(stack, account, "beside-name.example.org", **more)
    order = account.place("at-name.example.org", certificate={"dns_names": ["www.at-name.example.org"]}, **more)
    case.true("certificate", order.get("certificate_id"))


@tests
def caa_records(stack):
    """They are looked at beside the tokens: once, and what they forbid is refused."""
    account, name = Account(stack), "caa-token.example.com"
    stack.dns.set(f"_dnsauth.{name}", "TXT", pki.request_token(auth_key(account), pki.csr(), stack.now() - 60))
    stack.dns.set(name, "CAA", '0 issue "other.example"')
    refused(stack, account, name, code="caa_check_failed|forbidden", **BY_TOKEN)
    stack.dns.set(name, "CAA", '0 issue "chancery.example"')

    def placed():
        answer = account.order(name, **BY_TOKEN)
        return answer.status == 201 and answer.json.get("certificate_id")
    case.until("the new record is seen", placed)
    seen = stack.db.rows(f"SELECT result FROM caa_check WHERE account_id = {account.id} ORDER BY id DESC LIMIT 1")
    case.equal("the newest check", seen[0]["result"], "permitted")
    checks = stack.db.counts("caa_check")
    case.true("and again", account.place(name, headers={"Idempotency-Key": "again"}, **BY_TOKEN).get("certificate_id"))
    case.equal("no more checks", stack.db.counts("caa_check"), checks)


@tests
def cname_token(stack):
    account = Account(stack)
    key = auth_key(account)
    name = "ctoken.example.org"
    token = pki.request_token(key, pki.csr(), stack.now() - 60)
    # A label holds 63 octets and the token has 64 characters: it cannot stand in a CNAME as one label.
    stack.dns.set(f"_dnsauth.{name}", "TXT", token)
    answer = account.order(name, dcv_method="dns-cname-token", **BY_TOKEN)
    case.equal(f"nothing at the CNAME: {answer}", answer.status, 400)


@tests
def tokens_that_do_not_count(stack):
    account = Account(stack)
    key = auth_key(account)
    now = stack.now()
    rows = [
        ("none", None),
        ("stale", pki.request_token(key, pki.csr(), now - 31 * DAY)),
        ("future", pki.request_token(key, pki.csr(), now + 3600)),
        ("otherkey", pki.request_token("x" * 64, pki.csr(), now - 60)),
        ("othercsr", pki.request_token(key, pki.csr("p256", 1), now - 60)),
        ("cut", pki.request_token(key, pki.csr(), now - 60)[:-1]),
    ]
    for label, token in rows:
        name = f"{label}.example.com"
        if token:
            stack.dns.set(f"_dnsauth.{name}", "TXT", token)
        refused(stack, account, name, **BY_TOKEN)


@tests
def bound_to_its_csr(stack):
    """Evidence by a token serves no other key's order."""
    account = Account(stack)
    key = auth_key(account)
    name = "bound.example.com"
    stack.dns.set(f"_dnsauth.{name}", "TXT", pki.request_token(key, pki.csr(), stack.now() - 60))
    account.place(name, **BY_TOKEN)
    stack.dns.remove(f"_dnsauth.{name}")
    other = account.place(name, csr=pki.csr("p256", 1))
    case.equal("another key waits", other.get("certificate_id"), None)
    case.equal("status", account.info(other["id"])["status"], "pending")


@tests
def encryption_everywhere(stack):
    """ssl_dv_ee goes only with the AuthKey, whatever the order says."""
    account = Account(stack)
    name = "ee.example.net"
    refused(stack, account, name, product="ssl_dv_ee", code="auth_key_not_setup")
    key = auth_key(account)
    refused(stack, account, name, product="ssl_dv_ee", use_auth_key=False)
    stack.dns.set(f"_dnsauth.{name}", "TXT", pki.request_token(key, pki.csr(), stack.now() - 60))
    order = account.place(name, product="ssl_dv_ee", use_auth_key=False)
    case.true("certificate", order.get("certificate_id"))
