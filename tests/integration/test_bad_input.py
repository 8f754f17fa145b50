"""What must be refused gets a 4xx that names the field, and nothing is stored; what is merely odd is
taken. The cases are rows."""
import base64
import http.client
import json
import re
import socket

from harness import case, pki
from harness.account import Account
from harness.api import Answer
from harness.tests import Tests

tests = Tests()
TABLES = ("orders", "request_name", "request", "job", "idempotency")
CN, DNS, CSR = "certificate.common_name", "certificate.dns_names", "certificate.csr"


def spoiled():
    """A CSR whose signature's last byte is another."""
    der = bytearray(pki.der_of(pki.csr()))
    der[-1] ^= 1
    return pki.pem_of(bytes(der))


def even_exponent():
    """65537 becomes 65536; the signature then is wrong too, but the key is looked at first."""
    der = pki.der_of(pki.csr("rsa2048"))
    at = der.rindex(b"\x02\x03\x01\x00\x01")
    return pki.pem_of(der[:at] + b"\x02\x03\x01\x00\x00" + der[at + 5:])


def many_names(count):
    return [f"n{i}.example.com" for i in range(count - 1)]


def nested(depth):
    return b'{"x":' + b"[" * depth + b"]" * depth + b"}"


BYTES = [  # name, body as it goes out, status, code
    ("not_json", b"certificate=1", 400, "bad_request_format"),
    ("half_json", b'{"certificate":{"common_name":"x.example.com"', 400, "bad_request_format"),
    ("no_object", b"[1,2]", 400, "bad_request_format"),
    ("empty_list", b"[]", 400, "missing_field"),
    ("null", b"null", 400, "missing_field"),
    ("empty", b"", 400, None),
    ("trailing", b"{}{}", 400, "bad_request_format"),
    ("not_utf8", b'{"comments":"\xff"}', 400, "bad_request_format"),
    ("too_deep", nested(40), 400, "bad_request_format"),
    ("much_too_deep", nested(100000), 400, "bad_request_format"),
    ("duplicate_key", b'{"comments":"a","comments":"b"}', 400, "bad_request_format"),
    ("duplicate_unknown_key", b'{"x":{"a":1,"a":2}}', 400, "bad_request_format"),
    ("too_large", b'{"comments":"' + b"a" * (4 << 20) + b'"}', 413, "request_too_large"),
]

HOST = b"Host: x\r\n"
HEADS = [  # name, the bytes as they go out, status, code, field: what the HTTP library refuses before anybody sees it
    ("version", b"GET /services/v2/product HTTP/2.0\r\n" + HOST + b"\r\n", 505, "http_version_not_supported", None),
    ("no_version", b"GET /services/v2/product\r\n" + HOST + b"\r\n", 400, "bad_request_format", None),
    ("no_colon", b"GET /services/v2/product HTTP/1.1\r\n" + HOST + b"no colon\r\n\r\n", 400, "bad_request_format", None),
    ("long_target", b"GET /" + b"a" * 40000 + b" HTTP/1.1\r\n" + HOST + b"\r\n", 414, "request_target_too_long", None),
    ("long_head", b"GET /services/v2/product HTTP/1.1\r\n" + HOST + b"X-A: " + b"a" * 40000 + b"\r\n\r\n", 431,
     "request_head_too_large", None),
    ("length", b"POST /services/v2/order/certificate/ssl_basic HTTP/1.1\r\n" + HOST + b"Content-Length: x\r\n\r\n", 400,
     "bad_request_format", "Content-Length"),
]

REFUSED = [  # name, what is otherwise than in a good order, code, field
    ("no_certificate", {"certificate": None}, "missing_field", "certificate"),
    ("no_csr", {"certificate.csr": None}, "missing_field", CSR),
    ("csr_no_text", {"certificate.csr": {"a": 1}}, "invalid_field", CSR),
    ("csr_empty", {"certificate.csr": ""}, None, CSR),
    ("csr_truncated", {"certificate.csr": lambda: pki.pem_of(pki.der_of(pki.csr())[:-20])}, "invalid_csr", CSR),
    ("csr_trailing", {"certificate.csr": lambda: pki.pem_of(pki.der_of(pki.csr()) + b"\0")}, "invalid_csr", CSR),
    ("csr_badly_signed", {"certificate.csr": spoiled}, "invalid_csr", CSR),
    ("csr_is_a_key", {"certificate.csr": lambda: pki.pem_of(b"\x30\0", "PRIVATE KEY")}, "invalid_csr", CSR),
    ("csr_behind_its_key", {"certificate.csr": lambda: pki.pem_of(b"\x30\0", "RSA PRIVATE KEY") + pki.csr()}, "invalid_csr", CSR),
    ("csr_twice", {"certificate.csr": lambda: pki.csr() * 2}, "invalid_csr", CSR),
    ("csr_md5", {"certificate.csr": lambda: pki.csr("rsa2048", digest="md5")}, "invalid_csr", CSR),
    ("csr_rsa_1024", {"certificate.csr": lambda: pki.csr("rsa1024")}, "invalid_csr", CSR),
    ("csr_even_exponent", {"certificate.csr": even_exponent}, "invalid_csr", CSR),
    ("csr_curve", {"certificate.csr": lambda: pki.csr("secp256k1")}, "invalid_csr", CSR),
    ("csr_ed25519", {"certificate.csr": lambda: pki.csr("ed25519")}, "invalid_csr", CSR),
    ("name_missing", {CN: None}, "missing_field", CN),
    ("name_empty", {CN: ""}, None, CN),
    ("name_underscore", {CN: "a_b.example.com"}, "invalid_dns_name", CN),
    ("name_wildcard_inside", {CN: "a.*.example.com"}, "invalid_dns_name", CN),
    ("name_wildcard_part", {CN: "w*.example.com"}, "invalid_dns_name", CN),
    ("name_wildcard_product", {"PRODUCT": "ssl_dv_rapidssl", CN: "*.example.com"}, "invalid_dns_name", CN),
    ("name_ipv4", {CN: "192.0.2.1"}, "invalid_dns_name", CN),
    ("name_ipv6", {CN: "2001:db8::1"}, "invalid_dns_name", CN),
    ("name_numeric", {CN: "192.0.2.0x1"}, "invalid_dns_name", CN),
    ("name_internal", {CN: "mail.local"}, "invalid_dns_name", CN),
    ("name_one_label", {CN: "server"}, "invalid_dns_name", CN),
    ("name_suffix", {CN: "co.uk"}, "invalid_dns_name", CN),
    ("name_idn_a_label", {CN: "xn--a.example.com"}, "invalid_dns_name", CN),
    ("name_idn_symbol", {CN: "\u2764.ws"}, "invalid_dns_name", CN),
    ("name_idn_ligature", {CN: "\ufb01x.example.com"}, "invalid_dns_name", CN),
    ("name_idn_context", {CN: "a\u00b7b.example.com"}, "invalid_dns_name", CN),
    ("name_long_label", {CN: "a" * 64 + ".example.com"}, "invalid_dns_name", CN),
    ("name_too_long", {CN: "a." * 125 + "example.com"}, "invalid_dns_name", CN),
    ("name_dot_at_end", {CN: "www.example.com."}, "invalid_dns_name", CN),
    ("name_nul", {CN: "www.example.com\0.evil.com"}, None, CN),
    ("second_name", {DNS: ["ok.example.com", "not_ok.example.com"]}, "invalid_dns_name", DNS),
    ("names_251", {DNS: lambda: many_names(251)}, "invalid_dns_name", DNS),
    ("names_5000", {DNS: lambda: many_names(5000)}, "bad_request_format", None),
    ("product", {"PRODUCT": "ssl_dv_nonsense"}, "not_found|product", "name_id"),
    ("product_hint", {"PRODUCT": "ssl", "product": {"type_hint": "nonsense"}}, "ambiguous_product", "product.type_hint"),
    ("validity_none", {"order_validity": None}, "missing_field", "order_validity"),
    ("validity_four_years", {"order_validity": {"years": 4}}, "invalid_validity", "order_validity"),
    ("validity_zero_days", {"order_validity": {"days": 0}}, "missing_field", "order_validity"),
    ("validity_no_date", {"order_validity": {"custom_expiration_date": "2027-02-30"}}, "invalid_validity", "order_validity"),
    ("validity_past", {"order_validity": {"custom_expiration_date": "2020-01-01"}}, "invalid_validity", "order_validity"),
    ("validity_old_years", {"order_validity": None, "validity_years": 9}, "invalid_validity", "validity_years"),
    ("validity_old_days", {"order_validity": None, "validity_days": 0}, "missing_field", "order_validity"),
    ("validity_old_date", {"order_validity": None, "custom_expiration_date": "31-12-2026"}, "invalid_validity", "custom_expiration_date"),
    ("validity_of_certificate", {"certificate.cert_validity": {"years": 9}}, "invalid_validity", "certificate.cert_validity"),
    ("hash_unknown", {"certificate.signature_hash": "md5"}, "invalid_field", "certificate.signature_hash"),
    ("hash_not_offered", {"certificate.signature_hash": "sha512"}, "invalid_signature_hash", "certificate.signature_hash"),
    ("authority", {"certificate.ca_cert_id": "0011223344556677"}, "invalid_ca_cert_id", "certificate.ca_cert_id"),
    ("method_not_offered", {"dcv_method": "http-token-dynamic"}, "invalid_dcv_method", "dcv_method"),
    ("method_unknown", {"dcv_method": "by-pigeon"}, "invalid_field", "dcv_method"),
    ("scope_unknown", {"certificate_dcv_scope": "planet"}, "invalid_field", "certificate_dcv_scope"),
    ("container", {"container": {"id": 1}}, "invalid_field", "container.id"),
    ("number_too_large", {"auto_renew": 99999999999999999999}, "invalid_field", "auto_renew"),
    ("bool_no_bool", {"use_auth_key": "perhaps"}, "invalid_field", "use_auth_key"),
    ("alternative_id", {"alternative_order_id": "a'b"}, "invalid_field", "alternative_order_id"),
    ("contact_first_name", {"technical_contact": {"first_name": "a" * 129}}, "invalid_field", "technical_contact.first_name"),
    ("contact_last_name", {"technical_contact": {"last_name": "Lee\n"}}, "invalid_field", "technical_contact.last_name"),
    ("contact_email", {"technical_contact": {"email": "ann"}}, "invalid_field", "technical_contact.email"),
    ("contact_email_header", {"technical_contact": {"email": "a@example.com\r\nBcc: b@example.com"}}, "invalid_field", "technical_contact.email"),
    ("contact_title", {"technical_contact": {"job_title": "a" * 65}}, "invalid_field", "technical_contact.job_title"),
    ("contact_telephone", {"technical_contact": {"telephone": "1" * 33}}, "invalid_field", "technical_contact.telephone"),
    ("contact_extension", {"technical_contact": {"telephone_extension": "1" * 17}}, "invalid_field", "technical_contact.telephone_extension"),
    ("email_no_address", {"additional_emails": ["ok@example.com", "Ann <ann@example.com>"]}, "invalid_field", "additional_emails"),
    ("email_empty", {"additional_emails": [""]}, "invalid_field", "additional_emails"),
    ("email_too_long", {"additional_emails": ["a@" + "b" * 250 + ".example"]}, "invalid_field", "additional_emails"),
    ("emails_51", {"additional_emails": ["a@example.com"] * 51}, "invalid_field", "additional_emails"),
    ("comments_long", {"comments": "a" * 1025}, "invalid_field", "comments"),
    ("comments_bell", {"comments": "a\a"}, "invalid_field", "comments"),
    ("renewal_message", {"custom_renewal_message": "\x1b[2J"}, "invalid_field", "custom_renewal_message"),
]


def flat():
    return re.sub(r"-----[^-]+-----|\s", "", pki.csr())


def ber():
    """The request with an indefinite length."""
    der = pki.der_of(pki.csr())
    return pki.pem_of(b"\x30\x80" + der[2 + (der[1] & 0x7f if der[1] > 0x7f else 0):] + b"\0\0")


def large():
    """As many names as a product takes, of full length, and a key that is not small either."""
    names = ",".join(f"DNS:n{i:03}{'x' * 43}.{'y' * 63}.{'z' * 63}.{'w' * 63}.example" for i in range(250))
    return pki.csr("rsa4096", names=names)


ACCEPTED = [  # name, what is otherwise
    ("csr_bare_base64", {"certificate.csr": flat}),
    ("csr_lost_line_breaks", {"certificate.csr": lambda: pki.csr().replace("\n", "")}),
    ("csr_spaces_for_breaks", {"certificate.csr": lambda: pki.csr().replace("\n", " ")}),
    ("csr_crlf", {"certificate.csr": lambda: pki.csr().replace("\n", "\r\n")}),
    ("csr_base64url", {"certificate.csr": lambda: base64.urlsafe_b64encode(pki.der_of(pki.csr())).decode().rstrip("=")}),
    ("csr_of_an_editor", {"certificate.csr": lambda: "\ufeff" + pki.csr().replace("\n", "\u00a0\r\n")}),
    ("csr_quoted_twice", {"certificate.csr": lambda: pki.csr().replace("\n", "\\n").replace("/", "\\/")}),
    ("csr_text_around", {"certificate.csr": lambda: "Certificate Request:\n" + pki.csr() + "\nBest regards\n"}),
    ("csr_ber", {"certificate.csr": ber}),
    ("csr_of_250_names", {"certificate.csr": large}),
    ("csr_sha1", {"certificate.csr": lambda: pki.csr("rsa2048", digest="sha1")}),
    ("csr_p384", {"certificate.csr": lambda: pki.csr("p384")}),
    ("csr_rsa_2048", {"certificate.csr": lambda: pki.csr("rsa2048")}),
    ("numbers_as_text", {"order_validity": {"years": "1"}, "auto_renew": "1"}),
    ("booleans_as_text", {"skip_approval": "true", "disable_renewal_notifications": "0"}),
    ("booleans_as_numbers", {"disable_ct": 1, "use_auth_key": 0}),
    ("nulls", {"organization": None, "comments": None, "renewal_of_order_id": None}),
    ("unknown_members", {"service_name": "x", "csa_agreed_to": [1, {"a": None}], "certificate.new": {}}),
    ("old_validity", {"order_validity": None, "validity_years": 1, "custom_expiration_date": ""}),
    ("idn", {CN: "b\u00fccher.example.com"}),
    ("idn_capitals_and_width", {CN: "B\u00dc\uff23HER.example\u3002com"}),
    ("contact", {"technical_contact": {"first_name": "\u00c5" * 128, "last_name": "", "email": "a+b@example.com",
                                       "job_title": None, "telephone": "+47 22 00 00 00"}}),
    ("emails_50", {"additional_emails": ["a@example.com"] * 50}),
    ("comment_of_lines", {"comments": "one\r\ntwo\n\tthree"}),
    ("names_250", {DNS: lambda: many_names(250)}),
    ("product_hint", {"PRODUCT": "ssl", "product": {"type_hint": "dv"}}),
]


def body_of(account, number, changes):
    """A good order with the changes put in by path; None takes the member out."""
    body = account.body(f"bad{number}.example.com")
    for path, value in changes.items():
        if path == "PRODUCT":
            continue
        *parents, last = path.split(".")
        place = body
        for parent in parents:
            place = place[parent]
        place[last] = value() if callable(value) else value
        if value is None and path != "comments":
            del place[last]
    return body


def send(account, body, product="ssl_dv_geotrust"):
    return account.client.post(f"/order/certificate/{product}", body)


def error_good(label, answer, status, code, field=None):
    """The API's form, this status, this code, this field."""
    case.equal(f"{label}: status of {answer}", answer.status, status)
    case.equal(f"{label}: type", answer.headers.get("content-type"), "application/json")
    error = answer.error
    case.true(f"{label}: a message in {answer}", isinstance(error.get("message"), str) and error["message"])
    case.true(f"{label}: a code in {answer}", error.get("code"))
    if code:
        case.equal(f"{label}: code of {answer}", error["code"], code)
    if field:
        given = re.sub(r"\[\d+\]", "", error.get("field", ""))
        case.equal(f"{label}: field of {answer}", given, field)


def all_of(problems):
    if problems:
        raise case.Failed("\n".join(problems))


def each(rows, examine):
    """Every row is tried; what failed is told together."""
    problems = []
    for number, row in enumerate(rows):
        try:
            examine(number, *row)
        except case.Failed as e:
            problems.append(str(e)[:600])
    all_of(problems)


def tables_of(account):
    """What is proved and told for others goes on meanwhile."""
    return (*TABLES, *(f"{t} WHERE account_id = {account.id}" for t in ("validation", "event")))


@tests
def bytes_refused(stack):
    account = Account(stack)
    before = stack.db.counts(*tables_of(account))

    def examine(_, label, body, status, code):
        error_good(label, send(account, body), status, code)
    each(BYTES, examine)
    case.equal("rows", stack.db.counts(*tables_of(account)), before)


@tests
def orders_refused(stack):
    account = Account(stack)
    before = stack.db.counts(*tables_of(account))

    def examine(number, label, changes, code, field):
        answer = send(account, body_of(account, number, changes), changes.get("PRODUCT", "ssl_dv_geotrust"))
        error_good(label, answer, 404 if code and code.startswith("not_found") else 400, code, field)
    each(REFUSED, examine)
    case.equal("rows", stack.db.counts(*tables_of(account)), before)
    case.equal("audit rows", stack.db.number(
        f"SELECT count(*) FROM audit WHERE account_id = {account.id} AND activity = 'order placed'"), 0)


@tests
def an_option_of_the_past(stack):
    """While a rule forbids it, the rule is what is said; before, no product had it."""
    account = Account(stack)
    body = body_of(account, 900, {"certificate.profile_option": "data_encipherment"})
    code = "profile_option_not_allowed" if stack.db.rule("profile_option.data_encipherment") else "invalid_profile_option"
    error_good("option", send(account, body), 400, code, "certificate.profile_option")


@tests
def orders_accepted(stack):
    account = Account(stack)

    def examine(number, label, changes):
        answer = send(account, body_of(account, 500 + number, changes), changes.get("PRODUCT", "ssl_dv_geotrust"))
        case.equal(f"{label}: {answer}", answer.status, 201)
    each(ACCEPTED, examine)
    case.equal("orders", stack.db.number(f"SELECT count(*) FROM orders WHERE account_id = {account.id}"),
               len(ACCEPTED))


@tests
def csr_forms_mean_the_same(stack):
    """However it is written, it is the same request."""
    account = Account(stack)
    shown = set()
    for number, form in enumerate((pki.csr(), flat(), pki.csr().replace("\n", "\r\n"))):
        order = account.place(f"form{number}.example.com", csr=form)
        shown.add(account.info(order["id"])["certificate"]["csr"].strip())
    case.equal("requests shown", shown, {pki.csr().strip()})


@tests
def other_routes(stack):
    account = Account(stack)
    client = account.client
    order = account.place("routes.example.com")["id"]
    rows = [  # method, path, body, status, code, field
        ("GET", "/nonsense", None, 404, "not_found|route", None),
        ("PATCH", f"/order/certificate/{order}", None, 405, "method_not_allowed", None),
        ("DELETE", f"/order/certificate/{order}", None, 501, "not_served", None),
        ("GET", "/order/certificate/999999999999", None, 404, "not_found|order", None),
        ("GET", "/order/certificate/not-a-number", None, 404, "not_found|order", None),
        ("GET", "/order/certificate/99999999999999999999999999", None, 404, "not_found|order", None),
        ("PUT", f"/order/certificate/{order}/status", {"status": "issued"}, 400, "invalid_field", "status"),
        ("PUT", f"/order/certificate/{order}/status", {}, 400, "missing_field", "status"),
        ("PUT", f"/order/certificate/{order}/status", {"status": "canceled", "note": "a" * 1025}, 400, "invalid_field", "note"),
        ("PUT", f"/order/certificate/{order}/status", {"status": "canceled", "note": "a\x07"}, 400, "invalid_field", "note"),
        ("PUT", "/order/certificate/x/check-dcv", None, 404, None, None),
        ("GET", f"/certificate/download/order/{order}", None, 404, "not_found|certificate", None),
        ("GET", "/certificate/1/download/format/pem", None, 404, "not_found|certificate", None),
        ("GET", "/product/nonsense", None, 404, "not_found|product", None),
        ("GET", "/webhook", None, 400, "webhook_invalid_account", None),
        ("POST", "/webhook", {"endpoint": "http://example.com/"}, 400, "webhook_invalid_endpoint", "endpoint"),
        ("POST", "/webhook", {}, 400, "missing_field", "endpoint"),
        ("POST", "/webhook", {"endpoint": "https://example.com/", "secret": "short"}, 400, "invalid_field", "secret"),
        ("POST", "/webhook", {"endpoint": "https://example.com/", "events": ["nonsense"]}, 400, "invalid_field", "events"),
        ("POST", "/webhook", {"endpoint": "https://10.0.0.1/"}, 400, "webhook_invalid_endpoint", "endpoint"),
        ("PUT", "/request/1/status", {"status": "approved"}, 404, "not_found|request", None),
        ("PUT", "/request/1/status", {"status": "approved", "processor_comment": "a" * 1025}, 400, "invalid_field", "processor_comment"),
    ]

    def examine(_, method, path, body, status, code, field):
        error_good(f"{method} {path}", client.call(method, path, body), status, code, field)
    each(rows, examine)


def raw(client, out):
    """One answer on a connection of its own, and nothing behind it."""
    host, port = client.host.rsplit(":", 1)
    with socket.create_connection((host, int(port)), timeout=client.timeout) as s:
        s.sendall(out)
        r = http.client.HTTPResponse(s)
        r.begin()
        answer = Answer(r.status, {k.lower(): v for k, v in r.getheaders()}, r.read())
        try:
            case.equal("what follows", s.recv(100), b"")
        except ConnectionResetError:
            pass  # it was not all read
    return answer


@tests
def heads(stack):
    """What is no good HTTP is refused in the API's form as well, and the connection ends."""
    def examine(_, name, out, status, code, field):
        answer = raw(stack.client(), out)
        error_good(name, answer, status, code, field)
        case.equal(f"{name}: connection", answer.headers.get("connection"), "close")
        case.true(f"{name}: has a Request-Id", answer.headers.get("request-id"))
    each(HEADS, examine)


@tests
def keys(stack):
    """No key, a wrong key, a key of odd form."""
    for key in (None, "", "nonsense", "x" * 5000):
        answer = stack.client(key).get("/product")
        if len(key or "") > 4000 and answer.status in (413, 431):
            continue
        error_good(f"key {str(key)[:10]}", answer, 403, "access_denied|access_denied_invalid_key")
    account = Account(stack)
    case.equal("a good key", account.client.get("/product").status, 200)
    case.equal("json", json.loads(account.client.get("/product").body)["products"][0]["name_id"] != "", True)
