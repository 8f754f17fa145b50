"""A key that everybody can make again is refused; who has no list of such keys is not ready and takes none."""
import os
import shutil

from harness import case, pki
from harness.account import Account
from harness.api import Client
from harness.mails import browse
from harness.tests import Tests
from harness.twin import Twin

tests = Tests()

# What Debian's OpenSSL made as process 1 on amd64, with a ~/.rnd: published, as all such keys are.
DEBIAN = """MHcCAQEEIOD8HbK/pPZtpytFTjz52J8/1oZqNzEquJZYQCcYEeqHoAoGCCqGSM49AwEHoUQDQgAE+dKCQ0aHt6E8ADD/j1FoF0B6
keaYCBOvSt1HpGxoURT9fQulIqMqAAUpKGT8uEt8c+/q1GCGW5gyeJPJB02Yaw=="""


def debian_request():
    path = os.path.join(pki.folder, "debian.key")
    with open(path, "w", encoding="ascii") as f:
        f.write(pki.pem_of(pki.der_of(DEBIAN), "EC PRIVATE KEY"))
    return pki.openssl("req", "-new", "-key", path, "-subj", "/CN=ignored.example").decode()


@tests
def a_key_of_debian_is_refused(stack):
    account = Account(stack)
    body = account.body("debian.example.com", csr=debian_request())
    answer = account.client.post("/order/certificate/ssl_dv_geotrust", body)
    case.equal(f"{answer}", answer.status, 400)
    error = answer.json["errors"][0]
    case.equal("code", error["code"], "invalid_csr")
    for words in ("certificate.csr", "Debian", "CVE-2008-0166", "make a new key"):
        case.inside("message", words, error["message"])
    case.equal("orders", stack.db.number("SELECT count(*) FROM request_name WHERE name = 'debian.example.com'"), 0)


@tests
def without_a_list_nothing_is_taken(stack):
    """A gateway and an issuer whose folder lacks one."""
    account = Account(stack)
    policy = os.path.join(stack.dir, "policy-without")
    shutil.copytree(os.path.join(stack.dir, "app/policy"), policy)
    os.unlink(os.path.join(policy, "weak-keys", "p-256.list"))
    for service in ("gateway", "issuer"):
        twin = Twin(stack, service, CHANCERY_POLICY_DIR=policy)
        try:
            ready = case.until(f"{service} says why", lambda t=twin: unready(f"http://{t.admin}/readyz"))
            case.inside("which file", b"p-256.list", ready)
            if service == "gateway":
                client = Client(f"http://{twin.address}/services/v2", account.client.key)
                answer = client.post("/order/certificate/ssl_dv_geotrust", account.body("unlisted.example.com"))
                case.equal(f"no key passes: {answer}", answer.status, 503)
        finally:
            twin.end()


def unready(url):
    """What /readyz says once it names the list."""
    try:
        answer = browse("GET", url)
    except ConnectionError:
        return None
    return answer.body if answer.status == 503 and b"weak_keys" in answer.body and b"p-256" in answer.body else None
