"""What the mail server has taken, and the pages that mails lead to, as a browser would ask for them."""
import email
import email.policy
import http.client
import json
import os
import re

from . import case
from .api import Answer


class Mails:
    def __init__(self, folder):
        self.folder = folder

    def all(self, domain=None):
        """The mails so far to addresses at that domain, the oldest first, parsed; `to` is the envelope's."""
        out = []
        with open(os.path.join(self.folder, "mails.log"), encoding="utf-8") as log:
            lines = log.read().split("\n")[:-1]  # the last may be under way
        for line in lines:
            m = json.loads(line)
            if domain is None or m["to"][0].endswith("@" + domain):
                with open(os.path.join(self.folder, m["file"]), "rb") as f:
                    m["raw"] = f.read()
                m["mail"] = email.message_from_bytes(m["raw"], policy=email.policy.default)
                m["text"] = m["mail"].get_content().replace("\r\n", "\n")
                link = re.search(r"http://\S+/dcv/approve/[a-z0-9]+", m["text"])
                m["link"] = link and link.group()
                out.append(m)
        return out

    def wait(self, domain, count):
        """The mails to that domain, once there are `count`."""
        def seen():
            found = self.all(domain)
            return found if len(found) >= count else None
        return case.until(f"{count} mails to {domain}", seen)

    def treat(self, how, *addresses):
        """These addresses bounce, or are put off once ("tempfail"), from now on."""
        with open(os.path.join(self.folder, how), "w", encoding="ascii") as f:
            f.write("\n".join(addresses) + "\n")
        os.chmod(os.path.join(self.folder, how), 0o644)


def browse(method, link, kind="application/x-www-form-urlencoded", body=b""):
    """One request for a page, with what a browser sends."""
    host, path = re.fullmatch(r"http://([^/]+)(/.*)", link).groups()
    connection = http.client.HTTPConnection(host, timeout=40)
    try:
        form = {"Content-Type": kind} if method == "POST" and kind else {}
        connection.request(method, path, body if method == "POST" else None, form)
        r = connection.getresponse()
        return Answer(r.status, {k.lower(): v for k, v in r.getheaders()}, r.read())
    finally:
        connection.close()
