"""A certificate as a file, in every format that a server takes, and the authorities behind it."""
import hashlib
import io
import os
import pathlib
import re
import subprocess
import tempfile
import zipfile

from harness import case, golden, pki
from harness.account import Account
from harness.tests import Tests

tests = Tests()

LEAF, INTERMEDIATE, ROOT = range(3)
ZIP, PKCS7, PEM = "application/zip", "application/x-pkcs7-certificates", "application/x-pem-file"
FORMATS = [  # format, type, extension, extension inside, what is in it, in order
    ("default", ZIP, "zip", "crt", (ROOT, INTERMEDIATE, LEAF)),
    ("default_cer", ZIP, "zip", "cer", (ROOT, INTERMEDIATE, LEAF)),
    ("default_pem", ZIP, "zip", "crt", (ROOT, INTERMEDIATE, LEAF)),
    ("apache", ZIP, "zip", "crt", (INTERMEDIATE, LEAF)),
    ("cer", PKCS7, "cer", None, (LEAF, INTERMEDIATE, ROOT)),
    ("p7b", PKCS7, "p7b", None, (LEAF, INTERMEDIATE, ROOT)),
    ("pem_all", PEM, "pem", None, (LEAF, INTERMEDIATE, ROOT)),
    ("pem_noroot", PEM, "pem", None, (LEAF, INTERMEDIATE)),
    ("pem_nointermediate", PEM, "pem", None, (LEAF, ROOT)),
    ("pem", PEM, "pem", None, (LEAF,)),
    ("crt", PEM, "crt", None, (LEAF,)),
]
PLATFORMS = [  # platform, format
    (-1, "default"), (2, "apache"), (29, "pem_all"), (45, "pem_noroot"), (4711, "default"),
]


def one_pem(der):
    return pki.pem_of(der, "CERTIFICATE")


def issued(account, name, platform=None, **more):
    certificate = {"server_platform": {"id": platform}} if platform is not None else {}
    order = account.place(name, certificate_dcv_scope="base_domain", certificate=certificate, **more)
    case.true(f"issued in the answer: {order}", order.get("certificate_id"))
    return order


def chain_of(account, certificate_id):
    """The chain in PEM with LF line ends."""
    answer = account.client.get(f"/certificate/{certificate_id}/chain")
    golden.check("GET certificate/{certificate_id}/chain", answer, loose=("subject_common_name",))
    return [link["pem"].replace("\r\n", "\n") for link in answer.json["intermediates"]]


def download(account, path):
    answer = account.client.get(path)
    case.equal(f"{path}: {answer}", answer.status, 200)
    return answer


def in_zip(body):
    """(name, content) of each file, as two other programs see it."""
    with zipfile.ZipFile(io.BytesIO(body)) as z:
        case.equal("zip is sound", z.testzip(), None)
        files = [(i.filename, z.read(i).decode()) for i in z.infolist()]
        case.true("deflated", all(i.compress_type == zipfile.ZIP_DEFLATED for i in z.infolist()))
        case.true("nothing that looks like PEM", b"-----" not in body)
        case.true("only regular files", all(i.external_attr >> 16 == 0o100644 for i in z.infolist()))
    fd, path = tempfile.mkstemp(suffix=".zip")
    os.write(fd, body)
    os.close(fd)
    r = subprocess.run(["unzip", "-tqq", path], capture_output=True)
    case.true(f"unzip agrees: {r}", r.returncode == 0)
    os.unlink(path)
    return files


def in_pkcs7(text):
    """As openssl prints it, certificates in order."""
    case.true("PKCS7 armour", re.fullmatch(
        r"-----BEGIN PKCS7-----\n([A-Za-z0-9+/]{64}\n)*[A-Za-z0-9+/=]{1,64}\n-----END PKCS7-----\n", text))
    printed = pki.openssl("pkcs7", "-print_certs", feed=text.encode()).decode()
    return [pem + "\n" for pem in pki.certificates(printed)]


def contents(kind, body):
    """The certificates of a file, each as PEM with LF."""
    if kind == ZIP:
        return [text for _, text in in_zip(body)]
    text = body.decode()
    if kind == PKCS7:
        return in_pkcs7(text)
    pems = [pem + "\n" for pem in pki.certificates(text)]
    case.equal("nothing around the certificates, LF only", text, "".join(pems))
    return pems


def file_good(answer, stem, chain, row):
    form, kind, extension, _, parts = row
    case.equal(f"{form}: type", answer.headers["content-type"], kind)
    case.equal(f"{form}: name", answer.headers["content-disposition"],
               f'attachment; filename="{stem}.{extension}"')
    case.equal(f"{form}: certificates", contents(kind, answer.body), [chain[i] for i in parts])


def row_of(form):
    return next(row for row in FORMATS if row[0] == form)


@tests
def every_format(stack):
    account = Account(stack)
    account.prove("example.com")
    order = issued(account, "files.example.com")
    number, certificate = order["id"], order["certificate_id"]
    chain = chain_of(account, certificate)
    pki.verify(chain[LEAF], [chain[INTERMEDIATE]], chain[ROOT], at=stack.now() + 60, name="files.example.com")
    for row in FORMATS:
        answers = [download(account, path) for path in (
            f"/certificate/{certificate}/download/format/{row[0]}",
            f"/certificate/download/order/{number}/format/{row[0]}",
            f"/certificate/download/order/{number}?formatType={row[0]}",
            f"/certificate/download/order/{number}?subId=0&format={row[0]}")]
        golden.check(f"GET certificate/{{certificate_id}}/download/format/{{format}} {row[0]}", answers[0])
        golden.check(f"GET certificate/download/order/{{order_id}}/format/{{format}} {row[0]}", answers[1])
        case.equal(f"{row[0]}: the same bytes each time", len({a.body for a in answers}), 1)
        file_good(answers[0], "files_example_com", chain, row)
    before = download(account, f"/certificate/{certificate}/download/format/default").body
    stack.advance(60)
    case.equal("the same bytes at another time",
               download(account, f"/certificate/{certificate}/download/format/default").body, before)


@tests
def names_in_zips(stack):
    """Of the end entity and of its issuers; a wildcard has a name that every file system takes."""
    account = Account(stack)
    account.prove("example.com")
    order = issued(account, "*.star.example.com", product="ssl_dv_geotrust_flex")
    for form, ending in (("default", "crt"), ("default_cer", "cer"), ("apache", "crt")):
        answer = download(account, f"/certificate/{order['certificate_id']}/download/format/{form}")
        names = [name for name, _ in in_zip(answer.body)]
        case.equal(f"{form}: last file", names[-1], f"star_star_example_com.{ending}")
        case.true(f"{form}: safe names {names}",
                  all(re.fullmatch(rf"[A-Za-z0-9_-]+\.{ending}", name) for name in names))
        case.equal(f"{form}: names once", len(set(names)), len(names))
    chain = account.client.get(f"/certificate/{order['certificate_id']}/chain").json["intermediates"]
    issuer = re.sub(r"[^A-Za-z0-9-]+", "_", chain[INTERMEDIATE]["subject_common_name"])
    case.equal("issuer's file", names[0], f"{issuer}.crt")


@tests
def platform_decides(stack):
    account = Account(stack)
    account.prove("example.com")
    for platform, form in PLATFORMS:
        name = f"p{abs(platform)}.example.com"
        order = issued(account, name, platform)
        number, certificate = order["id"], order["certificate_id"]
        chain = chain_of(account, certificate)
        for path in (f"/certificate/{certificate}/download/platform", f"/certificate/download/order/{number}"):
            answer = download(account, path)
            title = path.replace(str(certificate), "{certificate_id}").replace(str(number), "{order_id}")
            golden.check(f"GET {title[1:]} {form}", answer)
            file_good(answer, name.replace(".", "_"), chain, row_of(form))
        shown = account.info(number)["certificate"]["server_platform"]
        case.equal("platform in order info", shown["id"], platform)
        for other, its in PLATFORMS:
            answer = download(account, f"/certificate/{certificate}/download/platform/{other}")
            golden.check(f"GET certificate/{{certificate_id}}/download/platform/{{platform_id}} {other}", answer)
            file_good(answer, name.replace(".", "_"), chain, row_of(its))


@tests
def platforms_are_one_list(stack):
    """Products offer what orders show."""
    account = Account(stack)
    offered = account.client.get("/product/ssl_dv_geotrust").json["server_platforms"]
    case.equal("ids", [p["id"] for p in offered], [-1, 2, 29, 45])
    for platform in offered:
        order = account.place(f"q{abs(platform['id'])}.example.com",
                              certificate={"server_platform": {"id": platform["id"]}})
        shown = account.info(order["id"])["certificate"]["server_platform"]
        case.equal("as offered", shown, platform)
    order = account.place("q.example.com")
    case.equal("without one", account.info(order["id"])["certificate"]["server_platform"], offered[0])


@tests
def what_is_not_there(stack):
    """Unknown, somebody else's, or not issued yet: one answer. A format that is none is named."""
    account, stranger = Account(stack), Account(stack)
    account.prove("example.com")
    order = issued(account, "there.example.com")
    waiting = account.place("waiting.example.org")["id"]
    ways = [f"/certificate/{order['certificate_id']}", "/certificate/999999999"]
    cases = [(stranger, f"{way}/download/{end}") for way in ways
             for end in ("platform", "platform/2", "format/default", "format/p7b")]
    cases += [(stranger, f"/certificate/download/order/{order['id']}{end}") for end in ("", "/format/cer")]
    cases += [(account, f"/certificate/download/order/{waiting}{end}") for end in ("", "/format/pem_all")]
    cases += [(account, "/certificate/download/order/999999999"), (account, "/certificate/999999999/chain")]
    for who, path in cases:
        answer = who.client.get(path)
        case.equal(f"{path}: {answer}", (answer.status, answer.error["code"]), (404, "not_found|certificate"))
    golden.check("GET certificate/download/order/{order_id} not issued",
                 account.client.get(f"/certificate/download/order/{waiting}"))
    for path in (f"/certificate/{order['certificate_id']}/download/platform/nginx", "/certificate/x/download/platform"):
        case.equal(path, account.client.get(path).status, 404)
    bad = account.client.get(f"/certificate/{order['certificate_id']}/download/format/pfx")
    golden.check("GET certificate/{certificate_id}/download/format/{format} unknown", bad)
    bad = account.client.get(f"/certificate/download/order/{order['id']}?formatType=PEM_ALL")
    case.equal(f"old spelling: {bad}", (bad.status, bad.error["field"]), (400, "formatType"))


@tests
def intermediates(stack):
    """Those that sign, not the roots; each chains to what it says."""
    account = Account(stack)
    account.prove("example.com")
    order = issued(account, "issuers.example.com")
    chain = account.client.get(f"/certificate/{order['certificate_id']}/chain").json["intermediates"]
    answer = account.client.get("/certificate/intermediates")
    golden.check("GET certificate/intermediates", answer,
                 loose=("subject_common_name", "issuer_common_name", "certificate_path", "issuer_certificate_path"))
    listed = {i["subject_common_name"]: i for i in answer.json["intermediates"]}
    signer = dict(listed[chain[INTERMEDIATE]["subject_common_name"]])
    for place, link in (("certificate_path", INTERMEDIATE), ("issuer_certificate_path", ROOT)):
        path = signer.pop(place)
        case.equal(f"{place} {path}", stack.client().get(path).body, pki.der_of(chain[link]["pem"]))
    case.equal("the one that signed", signer,
               {**chain[INTERMEDIATE], "issuer_common_name": chain[ROOT]["subject_common_name"]})
    case.true("no roots", chain[ROOT]["subject_common_name"] not in listed)
    for name, entry in listed.items():
        pem = entry["pem"].replace("\r\n", "\n")
        for option, wanted in (("-subject", name), ("-issuer", entry["issuer_common_name"])):
            case.inside("name in the certificate", wanted,
                        pki.openssl("x509", "-noout", option, feed=pem.encode()).decode())


@tests
def authorities_are_public(stack):
    """Without a key: what clients must trust, by name and fingerprint, and what stands in the addresses of a
    certificate."""
    nobody, root = stack.client(), pathlib.Path(stack.dir, "ceremony", "private-root.pem").read_text()
    listed = nobody.get("/ca/")
    golden.check("GET /ca", listed, loose=("der", "pem"))
    private = next(a for a in listed.json["authorities"] if a["name"].endswith("Private Root P384"))
    case.equal("fingerprint", private["sha256"], hashlib.sha256(pki.der_of(root)).hexdigest().upper())
    case.equal("whose names are not proved", (private["public"], "issuer_id" in private), (False, False))
    for path in (private["pem"], "/ca/private-root.pem"):
        answer = nobody.get(path)
        case.equal(path, (answer.status, answer.headers["content-type"], answer.body.decode()),
                   (200, "application/x-pem-file", root))
    der = nobody.get("/ca/private-root.crt")
    case.equal("DER", (der.headers["content-type"], der.body), ("application/pkix-cert", pki.der_of(root)))
    case.equal("may be kept", der.headers["cache-control"], "public, max-age=86400")
    for path in ("/ca/nobody.crt", "/ca/private-root", "/ca/private-root.key", "/ca/.crt", "/ca/0011223344556677.pem"):
        answer = nobody.get(path)
        case.equal(f"{path}: {answer}", (answer.status, answer.error["code"]), (404, "not_found|certificate"))


@tests
def the_address_in_a_certificate_leads_to_its_issuer(stack):
    account = Account(stack)
    account.prove("example.net")
    chain = chain_of(account, issued(account, "aia.example.net")["certificate_id"])
    for below, above in ((LEAF, INTERMEDIATE), (INTERMEDIATE, ROOT)):
        path = re.search(r"CA Issuers - URI:http://status\.chancery\.example(/ca/[0-9A-F]{16}\.crt)",
                         pki.openssl("x509", "-noout", "-text", feed=chain[below].encode()).decode()).group(1)
        case.equal(f"{path}", stack.client().get(path).body, pki.der_of(chain[above]))
