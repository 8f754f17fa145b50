"""Orders as programs of many languages write them: empty members, several forms of one thing, other spellings."""
import json

from harness import case, pki
from harness.account import Account
from harness.days import a_year_after, after_days, created, today
from harness.tests import Tests

tests = Tests()


def placed(account, name, of="ssl_dv_geotrust", **more):
    """A good order with these members besides: its info. A member that is ... is not there."""
    body = {**account.body(name), **more}
    body = {key: value for key, value in body.items() if value is not ...}
    answer = account.client.post(f"/order/certificate/{of}", body)
    case.equal(f"{name}, {more}: {answer}", answer.status, 201)
    return account.info(answer.json["id"])


def month_after(date):
    return after_days(date, 30)


@tests
def one_validity_counts(stack):
    """The date before the days, the days before the years; what is empty is not there."""
    account = Account(stack)
    day = after_days(today(stack), 60)
    date = {"custom_expiration_date": str(day)}

    def named(_):
        return day

    rows = [  # members, the form that is shown, the last day of an order of that day
        ({"order_validity": {}, "validity_years": 1}, {"years": 1}, a_year_after),
        ({"order_validity": [], "validity_days": "30"}, {"days": 30}, month_after),
        ({"order_validity": "", "validity_years": 1.0}, {"years": 1}, a_year_after),
        ({"order_validity": {"years": 0, "days": 0, "custom_expiration_date": ""}, "validity_years": 1}, {"years": 1}, a_year_after),
        ({"order_validity": {"years": 0, "days": 30}}, {"days": 30}, month_after),
        ({"order_validity": {"years": 1.0, "days": "", "custom_expiration_date": None}}, {"years": 1}, a_year_after),
        ({"order_validity": {"years": 1, "days": 30}}, {"days": 30}, month_after),
        ({"order_validity": {"years": 1, "days": 30, **date}}, date, named),
        ({"order_validity": {"custom_expiration_date": f"{day}T23:30:00-08:00"}}, date, named),
        ({"order_validity": ..., "validity_years": 0, **date}, date, named),
        ({"order_validity": ..., "validity_years": 1, "validity_days": 30, **date}, date, named),
        ({"order_validity": ..., "validity_years": 1, "custom_expiration_date": "", "validity_days": 0}, {"years": 1}, a_year_after),
    ]
    for number, (members, form, last_day) in enumerate(rows):
        info = placed(account, f"v{number}.example.com", **members)
        last = last_day(created(info))
        case.equal(f"{members}", (info["order_validity"], info["order_valid_till"]), (form, str(last)))
        listed = account.client.get(f"/order/certificate?filters[id]={info['id']}").json["orders"][0]
        case.equal(f"{members} in the list", (listed["order_validity"], listed["order_valid_till"]), (form, str(last)))


@tests
def the_certificate_ends_on_the_day(stack):
    account = Account(stack)
    day = after_days(today(stack), 60)
    for number, (asked, last) in enumerate((({"custom_expiration_date": str(day)}, day), ({"days": 30}, None),
                                            ({"custom_expiration_date": f"{day}T00:00:00+14:00"}, day))):
        info = placed(account, f"end{number}.corp", "private_ssl_plus", order_validity=asked)
        wanted = str(last or month_after(created(info)))
        case.equal(f"{asked}", (info["certificate"]["valid_till"], info["order_valid_till"]), (wanted, wanted))
        first = placed(account, f"first{number}.corp", "private_ssl_plus", certificate={
            "common_name": f"first{number}.corp", "csr": pki.csr(), "cert_validity": {**asked, "years": 1}})
        wanted = str(last or month_after(created(first)))
        case.equal(f"{asked} of the first", first["certificate"]["valid_till"], wanted)
    shown = first["certificate"]["cert_validity"]
    case.equal("as a day", shown, {"custom_expiration_date": str(day)})


@tests
def policy_bounds_the_certificate(stack):
    """An order may last longer than a public certificate may (BR 6.3.2): the day that is asked for is its own."""
    account = Account(stack)
    account.prove("example.com")
    body = {**account.body("long.example.com"), "certificate_dcv_scope": "base_domain", "order_validity": {"years": 1}}
    info = account.info(account.client.post("/order/certificate/ssl_dv_geotrust", body).json["id"])
    case.equal("the order", info["order_valid_till"], str(a_year_after(created(info))))
    most = int(stack.db.rule("validity.max"))
    seconds = stack.db.number("SELECT extract(epoch FROM not_after - not_before)::bigint + 1 FROM certificate"
                              f" WHERE order_id = {info['id']}")
    case.true(f"{seconds} s of {most} days", seconds <= most * 86400)


@tests
def empty_members_are_not_given(stack):
    account = Account(stack)
    own = account.client.get("/account").json["root_container_id"]
    plain = placed(account, "plain.example.com")
    rows = [
        {"container": {"id": 0, "name": "", "is_active": False}}, {"container": {"id": "0"}}, {"container": {"id": ""}},
        {"container": ""}, {"container": 0}, {"container": []}, {"dcv_method": ""}, {"certificate_dcv_scope": ""},
        {"renewal_of_order_id": ""}, {"renewal_of_order_id": []}, {"organization": []}, {"organization": {"id": 0}},
        {"technical_contact": {"first_name": "", "email": ""}}, {"additional_emails": ""}, {"additional_emails": {}},
        {"product": {"type_hint": ""}}, {"comments": 0, "locale": ""}, {"auto_renew": "", "auto_reissue": {}},
        {"dcv_emails": {}}, {"alternative_order_id": ""}, {"disable_ct": ""},
    ]
    for number, members in enumerate(rows):
        info = placed(account, f"z{number}.example.com", **members)
        case.equal(f"{members}", info["container"]["id"], own)
        case.equal(f"{members}: members", info.keys() - {"dcv_random_value"}, plain.keys() - {"dcv_random_value"})
    for number, more in enumerate(({"signature_hash": ""}, {"signature_hash": 0}, {"ca_cert_id": ""}, {"dns_names": ""},
                                   {"server_platform": {"id": 0}}, {"server_platform": []}, {"cert_validity": {}},
                                   {"organization_units": [], "profile_option": ""})):
        name = f"y{number}.example.com"
        info = placed(account, name, certificate={"common_name": name, "csr": pki.csr(), **more})
        case.equal(f"{more}", info["certificate"].keys(), plain["certificate"].keys())
        case.equal(f"{more}", info["certificate"]["signature_hash"], "sha256")


@tests
def other_spellings(stack):
    account = Account(stack)
    name = "spelled.example.com"
    info = placed(account, name, auto_renew=True, disable_renewal_notifications=0, auto_reissue="true", dcv_method="DNS-TXT-TOKEN",
                  certificate={"common_name": name, "csr": pki.csr(), "signature_hash": "SHA256"})
    case.equal("as meant", (info["auto_renew"], info["disable_renewal_notifications"], info["auto_reissue"],
                            info["certificate"]["signature_hash"]), (1, False, 1, "sha256"))
    marked = b"\xef\xbb\xbf" + json.dumps(account.body("marked.example.com")).encode()
    answer = account.client.post("/order/certificate/ssl_dv_geotrust", marked)
    case.equal(f"a byte order mark: {answer}", answer.status, 201)


@tests
def authorities_in_either_case(stack):
    account = Account(stack)
    ids = {c["id"] for c in account.client.get("/product/ssl_dv_geotrust").json["allowed_ca_certs"]}
    rows = [(spelled, {ca}) for ca in ids for spelled in (ca, ca.lower())]
    rows += [(name, ids) for name in ("", "ssl_dv_geotrust", "ssl_dv_geotrust_flex")]  # the product's own, which says nothing
    for number, (asked, wanted) in enumerate(rows):
        name = f"ca{number}.example.com"
        info = placed(account, name, certificate={"common_name": name, "csr": pki.csr(), "ca_cert_id": asked})
        case.inside(f"{asked}", info["certificate"]["ca_cert"]["id"], wanted)
    for asked in ("0011223344556677", "ssl_dv_rapidssl", "SSL_DV_GEOTRUST", "zz"):
        name = "no-ca.example.com"
        answer = account.order(name, certificate={"ca_cert_id": asked})
        case.equal(f"{asked}: {answer}", (answer.status, answer.error.get("code"), answer.error.get("field")),
                   (400, "invalid_ca_cert_id", "certificate.ca_cert_id"))


@tests
def a_product_is_found_by_either_name(stack):
    """The one that was ordered, and the one that is ordered in its place."""
    account = Account(stack)
    old = account.place("old.example.com")["id"]
    new = account.place("new.example.com", product="ssl_dv_geotrust_flex")["id"]
    other = account.place("other.example.com", product="ssl_dv_rapidssl")["id"]
    for asked, wanted in (("ssl_dv_geotrust", {old, new}), ("ssl_dv_geotrust_flex", {old, new}),
                          ("ssl_dv_rapidssl", {other}), ("nothing", set())):
        found = account.client.get(f"/order/certificate?filters[product_name_id]={asked}").json["orders"]
        case.equal(asked, {o["id"] for o in found}, wanted)
