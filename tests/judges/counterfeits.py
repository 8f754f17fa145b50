"""Certificates that no judge may let pass, each wrong in one thing, and a good one by the same hands. Made by
openssl, on the machine's day."""
import dataclasses
import os
import pathlib
import subprocess
import time

from judges import Case

NAME, DAY = "good.example.com", 86400
EVERY = {"openssl verify", "certtool", "vfychain", "Java PKIX"}  # who validates paths

ROOT = {
    "basicConstraints": "critical,CA:TRUE", "keyUsage": "critical,keyCertSign,cRLSign", "subjectKeyIdentifier": "hash",
}
SUB = {
    **ROOT, "basicConstraints": "critical,CA:TRUE,pathlen:0", "authorityKeyIdentifier": "keyid:always",
    "extendedKeyUsage": "serverAuth", "certificatePolicies": "2.23.140.1.2.1",
    "crlDistributionPoints": "URI:http://crl.example.com/root.crl",
    "authorityInfoAccess": "caIssuers;URI:http://ca.example.com/root.crt",
}
LEAF = {
    "basicConstraints": "critical,CA:FALSE", "keyUsage": "critical,digitalSignature", "extendedKeyUsage": "serverAuth",
    "authorityKeyIdentifier": "keyid:always", "subjectKeyIdentifier": "none", "subjectAltName": f"DNS:{NAME}",
    "certificatePolicies": "2.23.140.1.2.1", "crlDistributionPoints": "URI:http://crl.example.com/sub.crl",
    "authorityInfoAccess": "OCSP;URI:http://ocsp.example.com,caIssuers;URI:http://ca.example.com/sub.crt",
}
NOT_A_CA = {**SUB, "basicConstraints": "critical,CA:FALSE"}

ROWS = [  # what is wrong, who must refuse it, how the leaf is made; None for an extension leaves it out
    ("nothing", set(), {}),
    ("it is for another host", {"certtool", "Java PKIX"}, {"names": ("other.example.com",)}),
    ("it is for one host more", {"certtool", "Java PKIX"}, {"names": (NAME, "other.example.com")}),
    ("its time is over", EVERY, {"later": 91 * DAY}),
    ("its time has not come", EVERY, {"later": -2 * DAY}),
    ("another root", EVERY, {"root": "other"}),
    ("another key has signed", EVERY, {"signer": "forger"}),
    ("its issuer is no authority", EVERY, {"signer": "nobody", "issuer": "nobody"}),
    ("it is for mails", EVERY, {"extendedKeyUsage": "emailProtection"}),
    ("something critical that nobody knows", EVERY, {"1.3.6.1.4.1.99999.1": "critical,DER:05:00"}),
    ("it does not say whose it is", {"openssl verify"}, {"authorityKeyIdentifier": "none"}),
    ("SHA-1", {"zlint", "certtool"}, {"digest": "sha1"}),
    ("400 days", {"zlint"}, {"days": 400}),
    ("no subjectAltName", {"zlint", "Java PKIX"}, {"subjectAltName": None}),
    ("an underscore", {"zlint"}, {"subjectAltName": "DNS:a_b.example.com", "names": ("a_b.example.com",)}),
    ("the name of a company by nobody's word", {"zlint"}, {"subject": f"/O=Example Ltd/CN={NAME}"}),
    ("two policies", {"zlint"}, {"certificatePolicies": "2.23.140.1.2.1,2.23.140.1.2.2"}),
    ("a key that is easily broken", {"zlint"}, {"key": ("RSA", "rsa_keygen_bits:1024")}),
]


@dataclasses.dataclass
class Hands:
    """A folder in which openssl makes keys and certificates."""
    folder: pathlib.Path

    def _openssl(self, *words):
        r = subprocess.run(["openssl", *words], capture_output=True, text=True, cwd=self.folder)
        if r.returncode:
            raise RuntimeError(f"openssl {' '.join(words)}: {r.stderr.strip()}")
        return r.stdout

    def key(self, name, kind=("EC", "ec_paramgen_curve:P-256")):
        self._openssl("genpkey", "-algorithm", kind[0], "-pkeyopt", kind[1], "-out", f"{name}.key")

    def certificate(self, name, subject, extensions, signer=None, days=90, digest="sha256"):
        """Signed by itself, or by `signer`."""
        (self.folder / f"{name}.ext").write_text("".join(f"{k} = {v}\n" for k, v in extensions.items() if v))
        self._openssl("req", "-new", "-key", f"{name}.key", "-subj", subject, "-out", f"{name}.csr")
        by = ["-CA", f"{signer}.pem", "-CAkey", f"{signer}.key"] if signer else ["-signkey", f"{name}.key"]
        serial = str(int.from_bytes(os.urandom(16), "big") >> 1)
        self._openssl("x509", "-req", "-in", f"{name}.csr", *by, "-extfile", f"{name}.ext", "-days", str(days),
                      f"-{digest}", "-set_serial", serial, "-out", f"{name}.pem")

    def key_id(self, name):
        said = self._openssl("x509", "-in", f"{name}.pem", "-noout", "-ext", "subjectKeyIdentifier")
        return said.splitlines()[-1].strip()

    def path(self, name):
        return str(self.folder / f"{name}.pem")


AUTHORITIES = [  # name, subject, extensions, who has signed; the forger says that it is sub
    ("root", "root", ROOT, None),
    ("other", "other", ROOT, None),
    ("sub", "sub", SUB, "root"),
    ("nobody", "nobody", NOT_A_CA, "root"),
    ("forger", "sub", SUB, "other"),
]


def authorities(hands):
    for name, subject, extensions, signer in AUTHORITIES:
        if name == "forger":
            extensions = {**extensions, "subjectKeyIdentifier": hands.key_id("sub")}
        hands.key(name)
        hands.certificate(name, f"/C=XX/O=Counterfeits/CN={subject}", extensions, signer, days=1000)


def leaf(hands, number, row):
    what, _, changes = row
    own = {"subject": f"/CN={NAME}", "days": 90, "digest": "sha256", "signer": "sub", "issuer": "sub", "root": "root",
           "names": (NAME,), "later": 0, "key": ("EC", "ec_paramgen_curve:P-256")}
    own.update((k, v) for k, v in changes.items() if k in own)
    extensions = {**LEAF, **{k: v for k, v in changes.items() if k not in own}}
    name = f"leaf{number}"
    hands.key(name, own["key"])
    hands.certificate(name, own["subject"], extensions, own["signer"], own["days"], own["digest"])
    return Case(f"{what}", hands.path(name), hands.path(own["issuer"]), hands.path(own["root"]), own["names"],
                int(time.time()) + 60 + own["later"])


def make(folder):
    """(case, who must refuse it) of each."""
    hands = Hands(folder)
    authorities(hands)
    return [(leaf(hands, number, row), row[1]) for number, row in enumerate(ROWS)]
