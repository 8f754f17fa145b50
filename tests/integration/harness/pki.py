"""Keys, requests and certificates, by the openssl command; what is made is kept and used again."""
import atexit
import base64
import functools
import hashlib
import hmac
import os
import re
import shutil
import subprocess
import tempfile
import time

folder = tempfile.mkdtemp(prefix="chancery-keys-")
atexit.register(shutil.rmtree, folder, ignore_errors=True)
DIGITS = "0123456789abcdefghijklmnopqrstuvwxyz"
KINDS = {
    "p256": ["-algorithm", "EC", "-pkeyopt", "ec_paramgen_curve:P-256"],
    "p384": ["-algorithm", "EC", "-pkeyopt", "ec_paramgen_curve:P-384"],
    "p521": ["-algorithm", "EC", "-pkeyopt", "ec_paramgen_curve:P-521"],
    "secp256k1": ["-algorithm", "EC", "-pkeyopt", "ec_paramgen_curve:secp256k1"],
    "rsa2048": ["-algorithm", "RSA", "-pkeyopt", "rsa_keygen_bits:2048"],
    "rsa3072": ["-algorithm", "RSA", "-pkeyopt", "rsa_keygen_bits:3072"],
    "rsa4096": ["-algorithm", "RSA", "-pkeyopt", "rsa_keygen_bits:4096"],
    "rsa1024": ["-algorithm", "RSA", "-pkeyopt", "rsa_keygen_bits:1024"],
    "ed25519": ["-algorithm", "ED25519"],
}


def openssl(*words, feed=None):
    r = subprocess.run(["openssl", *words], input=feed, capture_output=True)
    if r.returncode:
        raise RuntimeError(f"openssl {' '.join(words)}: {r.stderr.decode().strip()}")
    return r.stdout


@functools.lru_cache(None)
def csr(kind="p256", number=0, digest="sha256", names=None):
    """A request in PEM; another number is another key. `names` as openssl's subjectAltName has them."""
    key = os.path.join(folder, f"{kind}-{number}-{digest}.key")
    openssl("genpkey", "-out", key, *KINDS[kind])
    return openssl("req", "-new", f"-{digest}", "-key", key, "-subj", "/CN=ignored.example",
                   *(["-addext", f"subjectAltName={names}"] if names else [])).decode()


def der_of(pem):
    return base64.b64decode(re.sub(r"-----[^-]+-----|\s", "", pem))


def pem_of(der, label="CERTIFICATE REQUEST"):
    text = base64.encodebytes(der).decode().replace("\n", "")
    lines = "\n".join(text[i:i + 64] for i in range(0, len(text), 64))
    return f"-----BEGIN {label}-----\n{lines}\n-----END {label}-----\n"


def certificates(pem):
    return re.findall(r"-----BEGIN CERTIFICATE-----[^-]+-----END CERTIFICATE-----", pem)


def verify(leaf, intermediates, root, at=None, name=None, ip=None):
    """The strict path check of OpenSSL; raises where it refuses."""
    paths = []
    for text in (root, "\n".join(intermediates) + "\n", leaf):
        fd, path = tempfile.mkstemp(dir=folder)
        os.write(fd, text.encode())
        os.close(fd)
        paths.append(path)
    more = ["-verify_hostname", name] if name else []
    more += ["-verify_ip", ip] if ip else []
    openssl("verify", "-x509_strict", "-purpose", "sslserver", "-attime", str(int(at or time.time())),
            *more, "-CAfile", paths[0], "-untrusted", paths[1], paths[2])
    for path in paths:
        os.unlink(path)


def field(pem, option):
    """One thing of a certificate, as `openssl x509 -noout -OPTION` says it after '='."""
    return openssl("x509", "-noout", option, feed=pem.encode()).decode().strip().split("=")[-1]


def sha1(pem):
    return hashlib.sha1(der_of(pem)).hexdigest().upper()


def request_token(auth_key, csr_pem, at):
    """An AuthKey's token (services API 5.5): time, then the HMAC in base 36, 50 characters."""
    stamp = time.strftime("%Y%m%d%H%M%S", time.gmtime(at))
    text = base64.b64encode(der_of(csr_pem)).decode()
    number = int.from_bytes(hmac.new(auth_key.encode(), (stamp + text).encode(), "sha256").digest(), "big")
    digits = ""
    while number:
        number, rest = divmod(number, 36)
        digits = DIGITS[rest] + digits
    return stamp + digits.rjust(50, "0")
