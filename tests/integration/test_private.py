"""Private certificates: issued at once, for names that nobody proves, by a hierarchy of their own; and what
of the catalogue cannot be ordered."""
from harness import case, golden, pki
from harness.account import Account
from harness.days import a_year_after, after_days, created
from harness.stack import CA
from harness.tests import Tests

tests = Tests()
TABLES = ("orders", "request_name", "request", "job", "idempotency", "order_renewal")
FLEX = "private_ssl_flex"
NAMES = ["intranet", "db.corp.local", "*.svc.internal", "www.example.com", "10.0.0.1", "fd00::1"]
PEOPLE = ("email", "first_name", "firstname", "container.name")


def order(account, names=None, product=FLEX, client=None, **more):
    """Like a customer who knows nothing of domain control."""
    names = names or ["intranet"]
    certificate = {"common_name": names[0], "dns_names": names[1:], "csr": more.pop("csr", None) or pki.csr(),
                   **more.pop("certificate", {})}
    body = {"certificate": certificate, "order_validity": {"years": 3}, **more}
    return (client or account.client).post(f"/order/certificate/{product}", body)


def hinted(account, names, hint):
    body = {"certificate": {"common_name": names[0], "csr": pki.csr()}, "order_validity": {"years": 1},
            **({"product": {"type_hint": hint}} if hint else {})}
    return account.client.post("/order/certificate/ssl", body)


def refused(stack, answer, code, field, before):
    case.equal(f"{answer}", (answer.status, answer.error["code"], answer.error.get("field")), (400, code, field))
    case.equal("rows", stack.db.counts(*TABLES), before)


def text_of(pem):
    return pki.openssl("x509", "-noout", "-text", feed=pem.encode()).decode()


def chain_of(answer):
    case.equal(f"order: {answer}", answer.status, 201)
    links = answer.json.get("certificate_chain") or []
    case.equal(f"chain of {answer}", len(links), 3)
    return [pki.certificates(link["pem"].replace("\r\n", "\n"))[0] for link in links]


def authority(stack, label):
    return stack.db.value(f"SELECT id FROM authority WHERE key_label = '{label}'")


@tests
def issued_at_once(stack):
    account = Account(stack)
    answer = order(account, NAMES)
    golden.check("POST order/certificate/{name_id} private", answer)
    chain = chain_of(answer)
    at = stack.now() + 60
    for name in ("intranet", "db.corp.local", "a.svc.internal"):
        pki.verify(chain[0], [chain[1]], chain[2], at=at, name=name)
    for address in ("10.0.0.1", "fd00::1", "FD00:0:0::1"):
        pki.verify(chain[0], [chain[1]], chain[2], at=at, ip=address)
    for wrong in ({"ip": "10.0.0.2"}, {"name": "intranet.local"}, {"name": "10.0.0.1.example.com"}):
        try:
            pki.verify(chain[0], [chain[1]], chain[2], at=at, **wrong)
        except RuntimeError:
            continue
        raise case.Failed(f"accepted for {wrong}")
    text = text_of(chain[0])
    case.inside("names in their order", "DNS:intranet, DNS:db.corp.local, DNS:*.svc.internal, DNS:www.example.com,"
                " IP Address:10.0.0.1, IP Address:FD00:0:0:0:0:0:0:1", text)
    case.inside("purposes", "TLS Web Server Authentication, TLS Web Client Authentication", text)
    case.true("no policy of public certificates", "2.23.140.1" not in "".join(text_of(c) for c in chain))
    info = account.client.get(f"/order/certificate/{answer.json['id']}")
    golden.check("GET order/certificate/{order_id} private", info, loose=PEOPLE)


@tests
def an_address_alone(stack):
    """The common name is an address; the answer's chain says it."""
    account = Account(stack)
    answer = order(account, ["[2001:DB8::0:1]", "2001:db8::1"])
    chain = chain_of(answer)
    case.equal("one spelling", answer.json["certificate_chain"][0]["subject_common_name"], "2001:db8::1")
    case.equal("once", text_of(chain[0]).count("IP Address:"), 1)
    pki.verify(chain[0], [chain[1]], chain[2], at=stack.now() + 60, ip="2001:db8::1")


@tests
def longer_than_public(stack):
    """824 days, which no public certificate may be valid for; a shorter order gets less."""
    account = Account(stack)
    for validity, last in (({"years": 3}, None), ({"years": 1}, a_year_after), ({"days": 10}, lambda day: after_days(day, 10))):
        answer = order(account, ["long.corp"], order_validity=validity)
        info = account.info(answer.json["id"])
        row = stack.db.rows("SELECT (not_after AT TIME ZONE 'UTC')::date::text AS last, extract(epoch FROM not_after - not_before)::bigint"
                            f" + 1 AS seconds FROM certificate WHERE order_id = {info['id']}")[0]
        if last:
            case.equal(f"{validity}", row["last"], str(last(created(info))))
            case.true(f"{validity}: {row}", row["seconds"] <= 824 * 86400)
        else:
            case.equal(f"{validity}", row["seconds"], 824 * 86400)


@tests
def hierarchies_stay_apart(stack):
    """Neither takes the other's authority, whoever asks: the customer, or a row in the database."""
    account = Account(stack)
    public, private = authority(stack, "p256"), authority(stack, "private-p256")
    before = stack.db.counts(*TABLES)
    refused(stack, order(account, certificate={"ca_cert_id": public}), "invalid_ca_cert_id", "certificate.ca_cert_id",
            before)
    refused(stack, account.order("www.example.com", certificate={"ca_cert_id": private}), "invalid_ca_cert_id",
            "certificate.ca_cert_id", before)
    for table, change in (("request", f"ca_id = '{public}'"), ("orders", "product_name_id = 'ssl_dv_rapidssl'")):
        limited = account.as_role(5)
        waiting = order(account, ["www.example.com"], client=limited).json
        request = waiting["requests"][0]["id"]
        stack.db.run(f"UPDATE {table} SET {change} WHERE id = {waiting['id'] if table == 'orders' else request}")
        done = account.client.put(f"/request/{waiting['requests'][0]['id']}/status", {"status": "approved"})
        case.equal(f"approved: {done}", done.status, 204)
        case.until("the issuer has looked", lambda r=request: stack.db.number(
            f"SELECT count(*) FROM job WHERE lane = 'issue' AND subject = {r} AND (attempt = 0 OR lease_owner IS NOT NULL)") == 0)
        case.equal(f"nothing is to be signed with {change}", stack.db.number(
            f"SELECT count(*) FROM issuance WHERE request_id = {request}"), 0)
        account.client.put(f"/order/certificate/{waiting['id']}/status", {"status": "canceled"})


@tests
def public_products_take_no_such_names(stack):
    account = Account(stack)
    before = stack.db.counts(*TABLES)
    for name in ("intranet", "db.corp.local", "a.svc.internal", "10.0.0.1", "fd00::1"):
        refused(stack, account.order(name), "invalid_dns_name", "certificate.common_name", before)
        refused(stack, account.order("www.example.com", certificate={"dns_names": [name]}), "invalid_dns_name",
                "certificate.dns_names", before)


@tests
def names_that_no_one_has(stack):
    account = Account(stack)
    before = stack.db.counts(*TABLES)
    for name in ("*.corp", "*.co.uk", "a_b.corp", "10.0.0.256", "10.0.0.0/8", "0.0.0.0", "ff02::1", "corp.0x7f", "1.0.0.127.in-addr.arpa", "http://a"):
        refused(stack, order(account, [name]), "invalid_dns_name", "certificate.common_name", before)
    refused(stack, order(account, ["a", "b", "c"], product="private_ssl_plus"), "invalid_dns_name",
            "certificate.dns_names", before)
    refused(stack, order(account, ["*.a.corp"], product="private_ssl_multi_domain"), "invalid_dns_name",
            "certificate.common_name", before)
    refused(stack, order(account, ["a.corp"], product="private_ssl_wildcard"), "invalid_dns_name",
            "certificate.common_name", before)
    chain_of(order(account, ["*.a.corp", "b.a.corp"], product="private_ssl_wildcard"))


OPTIONS = [  # option, what keyUsage gains, the code of public products
    ("data_encipherment", ["Data Encipherment"], "profile_option_not_allowed"),
    ("non_repudiation", ["Non Repudiation"], "profile_option_not_allowed"),
    ("non_repudiation_and_data_enciph", ["Non Repudiation", "Data Encipherment"], "profile_option_not_allowed"),
    ("basic_constraints_critical_true", [], "invalid_profile_option"),
    ("kdc_smart_card", None, "invalid_profile_option"),
]


@tests
def profile_options(stack):
    account, field = Account(stack), "certificate.profile_option"
    for option, usages, code in OPTIONS:
        before = stack.db.counts(*TABLES)
        wanted = {"profile_option": option}
        if not stack.db.rule(f"profile_option.{option}"):  # not forbidden yet, but no product had it
            code = "invalid_profile_option"
        refused(stack, account.order("www.example.com", certificate=wanted), code, field, before)
        answer = order(account, csr=pki.csr("rsa2048"), certificate=wanted)
        if usages is None:
            refused(stack, answer, "invalid_profile_option", field, before)
            continue
        usage = text_of(chain_of(answer)[0]).split("X509v3 Key Usage: critical\n")[1].split("\n")[0].strip().split(", ")
        case.equal(option, sorted(usage), sorted(["Digital Signature", "Key Encipherment", *usages]))
        case.equal("order info", account.info(answer.json["id"])["certificate"]["profile_option"], option)
    before = stack.db.counts(*TABLES)
    refused(stack, order(account, certificate={"profile_option": "data_encipherment"}), "profile_option_not_allowed",
            field, before)  # an elliptic curve's key enciphers nothing
    chain_of(order(account, certificate={"profile_option": "non_repudiation"}))


@tests
def nothing_to_prove(stack):
    """The calls of domain control say so; what an order asks for it means nothing."""
    account = Account(stack)
    answer = order(account, dcv_method="email", use_auth_key=True)
    chain_of(answer)
    number = answer.json["id"]
    path = f"/order/certificate/{number}"
    for call, body in (("dcv-method", {"dcv_method": "dns-txt-token"}), ("dcv-random-value", None), ("check-dcv", None)):
        said = account.client.put(f"{path}/{call}", body)
        case.equal(f"{call}: {said}", (said.status, said.error["code"]), (400, "invalid_dcv_method"))


@tests
def validation_status(stack):
    """Every name is approved as it stands, by nothing and without an end."""
    account = Account(stack)
    number = order(account, ["a.corp", "10.0.0.1"]).json["id"]
    golden.check("GET order/certificate/{order_id}/validation private",
                 account.client.get(f"/order/certificate/{number}/validation"), loose=("order_id",))


@tests
def after_approval(stack):
    account = Account(stack)
    answer = order(account, client=account.as_role(5))
    case.equal(f"{answer}", (answer.status, answer.json.get("dcv_random_value")), (201, None))
    info = account.info(answer.json["id"])
    case.equal("blockers", [b["kind"] for b in info["blockers"]], ["approval"])
    done = account.client.put(f"/request/{answer.json['requests'][0]['id']}/status", {"status": "approved"})
    case.equal(f"approved: {done}", done.status, 204)
    account.issued(answer.json["id"])


@tests
def catalogue(stack):
    client = Account(stack).client
    products = {p["name_id"]: p for p in client.get("/product").json["products"]}
    for name, kind in ((FLEX, "OV"), ("ssl_basic", "OV"), ("ssl_ev_basic", "EV"), ("ssl_dv_geotrust", "DV")):
        case.equal(name, products[name]["validation_type"], kind)
    golden.check("GET product/{name_id} private", client.get(f"/product/{FLEX}"))
    golden.check("GET product/{name_id} OV", client.get("/product/ssl_basic"))
    case.equal("authorities", [a["name"] for a in products[FLEX]["allowed_ca_certs"]], [f"{CA} Private TLS P256 CA 1"])


@tests
def what_cannot_be_ordered(stack):
    account = Account(stack)
    before = stack.db.counts(*TABLES)
    for product in ("ssl_basic", "ssl_ev_basic", "ssl_securesite_flex", "ssl_plus"):
        answer = account.order("www.example.com", product=product)
        refused(stack, answer, "product_not_available", "name_id", before)
    golden.check("POST order/certificate/{name_id} not available", answer)
    for hint, code in (("ov", "product_not_available"), ("nonsense", "ambiguous_product"), (None, "ambiguous_product")):
        answer = hinted(account, ["www.example.com"], hint)
        refused(stack, answer, code, "product.type_hint", before)


@tests
def chosen_by_hint(stack):
    account = Account(stack)
    answer = hinted(account, ["intranet"], "private")
    chain_of(answer)
    case.equal("product", account.info(answer.json["id"])["product"]["name_id"], FLEX)
    answer = hinted(account, ["hint.example.com"], "dv")
    case.equal("product", account.info(answer.json["id"])["product"]["name_id"], "ssl_dv_geotrust_flex")


@tests
def a_legacy_name_is_its_successor(stack):
    account = Account(stack)
    info = account.info(account.place("shim.example.com", product="ssl_dv_geotrust")["id"])
    case.equal("product", (info["product"]["name_id"], info["product_name_id"]), ("ssl_dv_geotrust_flex",) * 2)


@tests
def webhook_has_the_chain(stack):
    account = Account(stack)
    account.webhook("/private", webhook_settings={"instant_issue_webhook_notification": "1",
                                                  "webhook_send_instant_issued_certificate_chain": "1"})
    answer = order(account, ["told.corp"])
    chain = chain_of(answer)
    said = stack.sink.wait("/private", "certificate_issued")[-1]["data"]
    case.equal("certificate", said["certificate_id"], answer.json["certificate_id"])
    case.equal("chain", len(said["certificate_chain"]), len(chain))
