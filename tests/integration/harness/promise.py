"""The promise: what a client was told with 2xx comes true exactly once, whoever dies meanwhile.

The expected set is the client's own log. Each check takes what it looks at and gives its findings
as lines; none is good."""
import pathlib
import re
import threading
import time
import uuid

from . import case, pki
from .account import PRODUCT, Account
from .api import Lost
from .mails import browse

ISSUED = "certificate_issued"
ADRIFT = pathlib.Path(__file__).resolve().parents[2] / "adrift.sql"


# ---- the four checks

def issued_once(db, expected):
    """Each order in the log is issued, with one certificate and one issued attempt."""
    if not expected:
        return ["no order was accepted"]
    wanted = ",".join(f"({number})" for number in expected)
    rows = db.rows(f"""
        SELECT k.id, o.status, (SELECT count(*) FROM certificate c WHERE c.order_id = k.id) AS certificates,
               (SELECT count(*) FROM issuance x JOIN request r ON r.id = x.request_id
                 WHERE r.order_id = k.id AND x.state = 'issued') AS attempts
          FROM (VALUES {wanted}) AS k (id) LEFT JOIN orders o ON o.id = k.id""")
    return [f"order {r['id']}: {r['status']}, {r['certificates']} certificates, {r['attempts']} issued attempts"
            for r in rows if (r["status"], r["certificates"], r["attempts"]) != ("issued", 1, 1)]


def serials_once(db):
    """No serial twice among attempts, none twice among certificates, each certificate by its attempt."""
    twice = "SELECT encode(serial, 'hex') AS serial, ca_id, count(*) AS n FROM {} GROUP BY serial, ca_id HAVING count(*) > 1"
    findings = [f"serial {r['serial']} of {r['ca_id']} {r['n']} times in {table}"
                for table in ("issuance", "certificate") for r in db.rows(twice.format(table))]
    strangers = db.rows("""
        SELECT c.id FROM certificate c LEFT JOIN issuance x
            ON x.id = c.id AND x.serial = c.serial AND x.ca_id = c.ca_id AND x.request_id = c.request_id
           AND x.state = 'issued'
         WHERE x.id IS NULL""")
    return findings + [f"certificate {r['id']} has no issued attempt with its serial" for r in strangers]


def precertificates_end(db):
    """Each precertificate has become its certificate, by the promises of two operators' logs at least, or its serial is revoked;
    and a request has one that is not."""
    loose = db.rows("""
        SELECT p.id, x.state, (SELECT count(*) FROM sct s WHERE s.issuance_id = p.id) AS scts
          FROM precertificate p LEFT JOIN issuance x ON x.id = p.id AND x.serial = p.serial AND x.request_id = p.request_id
          LEFT JOIN certificate c ON c.id = p.id AND c.serial = p.serial AND c.ca_id = p.ca_id AND c.request_id = p.request_id
          LEFT JOIN revocation v ON v.serial = p.serial AND v.ca_id = p.ca_id
         WHERE NOT CASE WHEN x.state = 'issued' THEN c.id IS NOT NULL AND position('\\x2b06010401d679020402'::bytea IN c.der) > 0
                                                     AND (SELECT count(*) FROM sct s WHERE s.issuance_id = p.id) >= 2
                        WHEN x.state = 'ghost' THEN v.serial IS NOT NULL
                        ELSE false END""")
    twice = db.rows("""
        SELECT p.request_id, count(*) AS n FROM precertificate p JOIN issuance x ON x.id = p.id AND x.state <> 'ghost'
         GROUP BY p.request_id HAVING count(*) > 1""")
    return ([f"precertificate {r['id']} of an attempt that is {r['state']}, with {r['scts']} timestamps, has no end" for r in loose]
            + [f"request {r['request_id']} has {r['n']} precertificates" for r in twice])


def adrift(db):
    """An order that waits has an open task with an owner, or a job: at every moment, whatever happened."""
    rows = db.rows(ADRIFT.read_text())
    return [f"order {r['id']} is {r['status']} with nothing open, nobody named and no job" for r in rows]


def told_once(messages, expected):
    """Of each order in the log the listener has heard at least once."""
    heard = {m["data"].get("order_id") for m in messages if m["event"] == ISSUED}
    return [f"nobody was told of order {number}" for number in expected if number not in heard]


def audit_whole(stack, url=None):
    """The verifier finds the chain whole."""
    status, out, err = stack.cli("audit", "verify", "--heads", "audit/heads", database=url)
    return [] if status == 0 else [f"audit verify: {(out + err).strip()}"]


def journal_known(stack, db, url=None):
    """The database knows every attempt that the issuer has noted before it signed. Of one that was
    signed and never came back, it knows that it is a ghost; the command lists it all the same."""
    status, out, err = stack.cli("quarantine", "journal/issuer", database=url)
    if status:
        return [f"quarantine: {err.strip()}"]
    ghosts = {r["serial"] for r in db.rows(
        "SELECT encode(serial, 'hex') AS serial FROM issuance WHERE state IN ('ghost', 'abandoned')")}
    listed = re.findall(r"\b[0-9a-f]{40}\b", out)
    return [f"attempt with serial {serial} is not known" for serial in listed if serial not in ghosts]


def last_issued(db):
    """When, in seconds of business time."""
    return float(db.value("SELECT coalesce(extract(epoch FROM max(issued_at)), 0) FROM certificate"))


# ---- a client that keeps a log

class Customer:
    """Orders until it is told 2xx, by the same Idempotency-Key, and remembers what it was told."""

    def __init__(self, stack, path):
        self.stack, self.path = stack, path
        self.account = Account(stack)
        self.account.webhook(path, webhook_settings={"instant_issue_webhook_notification": "1"})
        self.account.webhook(f"{path}-later")
        self.account.prove("example.com")
        self.auth_key = self.account.client.post("/account/auth-key").json["auth_key"]
        self.log, self.later, self.lock = {}, {}, threading.Lock()
        self.unlogged = {"disable_ct": True} if stack.log_names() else {}

    def order(self, name, client=None, product=PRODUCT, patience=case.PATIENCE, **more):
        """The document of the first 2xx; None where the API refuses with 4xx."""
        client = client or self.account.client.another()
        body, headers = self.account.body(name, **more), {"Idempotency-Key": str(uuid.uuid4())}
        end, last = time.monotonic() + patience, None
        while True:
            try:
                last = answer = client.call("POST", f"/order/certificate/{product}", body, headers)
                if answer.status == 201:
                    return answer.json
                if answer.status < 500 and answer.status not in (409, 429):
                    raise case.Failed(f"order of {name}: {answer}")
            except Lost as e:
                last = e
            if time.monotonic() > end:
                raise case.Failed(f"order of {name}: no 2xx in {patience} s, last {last!r}")
            time.sleep(0.1)

    def told(self, document, name):
        with self.lock:
            self.log[document["id"]] = name
            if not document.get("certificate_id"):
                self.later[document["id"]] = name
        return document["id"]

    def persist(self, what, ask, patience=case.PATIENCE):
        """The answer of ask(), which may lose its connection meanwhile."""
        def attempt():
            try:
                return ask()
            except Lost:
                return None
        return case.until(what, attempt, patience, every=0.1)

    # ---- ways to a certificate

    def fresh_name(self):
        return f"n{uuid.uuid4().hex[:12]}.example.com"

    def instant(self, client=None):
        """Domain control is known: issued in the answer, if all goes well."""
        name = self.fresh_name()
        return self.told(self.order(name, client, certificate_dcv_scope="base_domain", **self.unlogged), name)

    def logged(self, client=None):
        """As that, and its precertificate goes to the logs first."""
        name = self.fresh_name()
        return self.told(self.order(name, client, certificate_dcv_scope="base_domain"), name)

    def slow(self):
        """Proved after it was ordered."""
        name = self.fresh_name()
        document = self.order(name)
        self.account.publish(name, document["dcv_random_value"])
        number = self.told(document, name)
        client = self.account.client.another()

        def checked():
            answer = client.put(f"/order/certificate/{number}/check-dcv")
            over = answer.status == 200 and answer.json["order_status"] == "issued"
            return over or self.stack.advance(5)
        self.persist(f"check of {name}", checked)
        return number

    def mailed(self):
        """Approved by mail. Whoever dies, another mail comes; the clock runs past leases and pauses."""
        name = self.fresh_name()
        number = self.told(self.order(name, dcv_method="email"), name)

        def approved():
            for mail in self.stack.mails.all(name):
                if browse("POST", mail["link"]).status in (200, 410):
                    return True
            return self.stack.advance(5)
        self.persist(f"approval of {name}", approved)
        return number

    def token(self):
        """By a request token of the AuthKey."""
        name = self.fresh_name()
        self.account.publish(name, pki.request_token(self.auth_key, pki.csr(), self.stack.now() - 60))
        return self.told(self.order(name, use_auth_key=True), name)

    def forbidden(self):
        """CAA records forbid it and say whom to tell; then they are gone."""
        name = self.fresh_name()
        self.stack.dns.set(name, "CAA", '0 issue ";"')
        self.stack.dns.add(name, "CAA", f'0 iodef "mailto:caa@{name}"')
        number = self.told(self.order(name, certificate_dcv_scope="base_domain"), name)
        self.persist(f"a report of {name}", lambda: self.stack.db.number(
            f"SELECT count(*) FROM caa_report WHERE domain = '{name}' AND state = 'sent'") or self.stack.advance(5))
        self.stack.dns.remove(name, "CAA")
        client = self.account.client.another()

        def checked():
            answer = client.put(f"/order/certificate/{number}/check-dcv")
            over = answer.status == 200 and answer.json["order_status"] == "issued"
            return over or self.stack.advance(5)
        self.persist(f"check of {name}", checked)
        return number

    def expiring(self):
        """Never proved: it expires. No certificate is owed, so it is not in the log."""
        number = self.order(self.fresh_name())["id"]
        self.stack.advance(91 * 86400)
        client = self.account.client.another()
        # It is set apart by one walk of the calendar and expires by another.
        self.persist(f"order {number} expires", lambda: client.get(
            f"/order/certificate/{number}").json.get("status") == "expired" or self.stack.advance(600))
        self.account.client.close()  # its gateway may be another by now
        self.account.prove("example.com")  # and what was known before too old
        return number

    # ---- at the end

    def messages(self):
        return self.stack.sink.messages(self.path, ISSUED)

    def untold(self):
        """One listener hears of every certificate; the other, as usual, of those that were no part of an answer."""
        with self.lock:
            log, later = dict(self.log), dict(self.later)
        return (told_once(self.messages(), log)
                + told_once(self.stack.sink.messages(f"{self.path}-later", ISSUED), later))

    def settle(self, patience=case.PATIENCE):
        """Waits until the promise can have come true: time passes for jobs that were put off. Patience ends
        when nothing has come for so long; a listener takes two messages at once, however many there are."""
        end, fewest = time.monotonic() + patience, None
        while True:
            with self.lock:
                log = dict(self.log)
            open_ones = len(issued_once(self.stack.db, log) + self.untold())
            if fewest is None or open_ones < fewest:
                end, fewest = time.monotonic() + patience, open_ones
            if not open_ones or time.monotonic() > end:
                return
            self.stack.advance(5)
            time.sleep(0.3)

    def findings(self):
        """All checks."""
        return (issued_once(self.stack.db, self.log) + serials_once(self.stack.db)
                + precertificates_end(self.stack.db) + adrift(self.stack.db)
                + self.untold() + audit_whole(self.stack))

    def kept(self):
        """The promise was kept, or the test fails with what was found."""
        self.settle()
        found = self.findings()
        if found:
            raise case.Failed("\n".join(found[:10]))
