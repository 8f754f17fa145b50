"""Logs of certificates (tests/peers/ct_log.c): how they behave, and what is in them."""
import base64
import json
import os
import ssl
import subprocess
import urllib.request

from . import case


class Log:
    """One of STACK_CT_LOGS. `spki` is its key, `id` what timestamps name it by."""

    def __init__(self, stack, name, number):
        self.stack, self.name = stack, f"log-{name}"
        self.url = f"https://{stack.address}:{8451 + number}"
        self.context = ssl.create_default_context(cafile=os.path.join(stack.dir, "sink/ca.pem"))
        self.spki = self._spki()
        self.id = subprocess.run(["openssl", "dgst", "-sha256", "-binary"], input=self.spki, capture_output=True, check=True).stdout

    def _spki(self):
        return subprocess.run(["openssl", "pkey", "-in", os.path.join(self.stack.dir, self.name, "signer.pem"), "-pubout", "-outform",
                               "DER"], capture_output=True, check=True).stdout

    def _call(self, path, method="GET"):
        request = urllib.request.Request(self.url + path, method=method, data=b"" if method == "POST" else None)
        with urllib.request.urlopen(request, timeout=20, context=self.context) as answer:
            return json.load(answer)

    def behave(self, manner):
        """As tests/peers/ct_log.c says: good, held, slow/MS, status/NNN, limited/SECONDS, wrong, foreign, future, garbage, huge."""
        self._call(f"/control/{manner}", "POST")

    def asked(self):
        """How often a certificate came so far."""
        return self._call("/control")["asked"]

    def await_held(self, count=1):
        case.until(f"{self.name} holds {count}", lambda: self._call("/control")["held"] >= count)

    def await_asked(self, more_than):
        case.until(f"{self.name} is asked again", lambda: self.asked() > more_than)

    def head(self):
        return self._call("/ct/v1/get-sth")

    def entries(self):
        """MerkleTreeLeaf of each."""
        leaves, size = [], self.head()["tree_size"]
        while len(leaves) < size:
            found = self._call(f"/ct/v1/get-entries?start={len(leaves)}&end={size - 1}")["entries"]
            leaves += [base64.b64decode(e["leaf_input"]) for e in found]
        return leaves


def logs_of(stack):
    """All that the stack has, by name."""
    words = stack.settings.get("STACK_CT_LOGS", "").split()
    return {w.partition("=")[0]: Log(stack, w.partition("=")[0], n) for n, w in enumerate(words)}
