"""One order becomes one certificate: by TXT, by CNAME, by reuse, and by polling alone."""
from harness import case, pki
from harness.account import Account
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
    stack.dns.set(f"_dnsauth.{name}", "CNAME", f"{value}.dcv.chancery.example.")
    after = account.check(order["id"])
    case.equal(f"check: {after}", after.json["order_status"], "issued")
    certificate_good(account, account.issued(order["id"]), name)


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
        for text in (info["certificate"][way], info["certificate"][way].lower()):
            case.equal(f"info by {way}", account.info(text)["id"], order["id"])


@tests
def polling_finds_it(stack):
    """Nobody asks for a check: the cadence finds the record."""
    account = Account(stack)
    name = "polled.example.com"
    order = account.place(name)
    case.until("the first round", lambda: stack.db.number(
        f"SELECT count(*) FROM order_check WHERE order_id = {order['id']}"))
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
