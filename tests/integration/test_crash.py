"""The promise under death: every labelled point of every service, a worker that sleeps through its
lease, backends that die at COMMIT, a token that lies, a policy that changes."""
import os
import signal
import subprocess
import threading
import time

from harness import case, promise
from harness.promise import Customer
from harness.tests import Tests
from harness.twin import Twin

tests = Tests()
LEASE = 2
SETTINGS = {
    "CHANCERY_HTTP_DEADLINE": "5s",
    "CHANCERY_ISSUE_LEASE": f"{LEASE}s",
    "CHANCERY_DCV_TIMEOUT": "1s",
    "CHANCERY_DCV_LEASE": f"{LEASE}s",
    "CHANCERY_DELIVER_TIMEOUT": "1s",
    "CHANCERY_DELIVER_LEASE": "4s",
    "CHANCERY_SMTP_TIMEOUT": "1s",  # a sixth of the lease of mails
    "STACK_CT_LOGS": "oak=Alpha fig=Beta elm=Beta",
}
LATEST = "2028-03-13"  # domain control by mail ends two days later
WAYS = [  # which way leads through a point; the first row whose beginning fits
    ("gateway.c0.", "token"),
    ("gateway.", "instant"),
    ("validation.look.", "token"),
    ("validation.email.", "mailed"),
    ("validation.ct.", "logged"),
    ("validation.", "slow"),
    ("issuer.p.", "logged"),
    ("issuer.s.", "logged"),
    ("issuer.", "instant"),
    ("notifier.mail.", "mailed"),
    ("notifier.report.", "forbidden"),
    ("notifier.", "instant"),
    ("scheduler.expire.", "expiring"),
    ("scheduler.", "instant"),
]
# Scheduler's points last: on the way through them half a year passes.
LAST = "scheduler"


class Shared:
    """One customer for all tests of this file, made by the first that needs it."""
    customer = None

    @classmethod
    def of(cls, stack):
        if cls.customer is None or cls.customer.stack is not stack:
            cls.customer = Customer(stack, "/crash")
        return cls.customer


def way_of(customer, label):
    for beginning, way in WAYS:
        if label.startswith(beginning):
            return getattr(customer, way)
    raise case.Failed(f"no way is known to the point {label}: add a row")


class Doing(threading.Thread):
    """A call on a thread; what it raised is raised by result()."""

    def __init__(self, call):
        super().__init__(daemon=True)
        self.call, self.problem = call, None
        self.start()

    def run(self):
        try:
            self.call()
        except Exception as e:  # handed over to the test
            self.problem = e

    def result(self):
        self.join()
        if self.problem:
            raise self.problem


def leases_run_out(stack):
    """As if the database's clock had gone on: leases of dead schedulers are long."""
    stack.db.run("UPDATE job SET lease_until = now() WHERE lane IN ('expire', 'seal', 'ghosts', 'dead', 'sweep')"
                 " AND lease_until > now()")


def killed_at(stack, service, label):
    """Drives an order through the point, where the service dies; starts it again; the promise holds."""
    customer = Shared.of(stack)
    stack.arm(label)
    order = Doing(way_of(customer, label))
    case.until(f"{label} is reached", lambda: not stack.armed(label))
    case.until(f"{service} is dead", lambda: stack.pid(service) is None)
    stack.start(service)
    if service == "scheduler":
        leases_run_out(stack)
    order.result()
    customer.kept()


def trial(stack, service, label):
    began = time.monotonic()
    try:
        killed_at(stack, service, label)
        problem = None
    except Exception as e:  # the other points are tried all the same
        problem = f"{label}: {e!r}" if not isinstance(e, case.Failed) else f"{label}: {e}"
    finally:
        stack.disarm()
    print(f"         {'BAD ' if problem else ''}{label} ({time.monotonic() - began:.1f} s)", flush=True)
    for name in ("gateway", "scheduler", "notifier", "validation", "issuer"):
        if stack.pid(name) is None:
            stack.start(name)
    return problem


@tests
def killed_at_every_point(stack):
    labels = stack.labels()
    case.equal("services with points", {s for s, _ in labels},
               {"gateway", "validation", "issuer", "notifier", "scheduler"})
    labels.sort(key=lambda row: row[0] == LAST)
    problems = [p for p in (trial(stack, *row) for row in labels) if p]
    if problems:
        raise case.Failed("\n".join(problems))
    print(f"         {len(labels)} points", flush=True)


# ---- a worker that sleeps

STOPS = [
    ("issuer", "issuer.c2.committed"), ("issuer", "issuer.signed"), ("issuer", "issuer.c3.before"),
    ("issuer", "issuer.p.before"), ("issuer", "issuer.s.committed"),
    ("validation", "validation.dcv.round.before"), ("notifier", "notifier.attempt.before"),
]


def stopped_at(stack, service, label):
    """It stops there, a twin does the work, and two leases later it goes on as if nothing were."""
    customer = Shared.of(stack)
    stack.arm(label, "stop")
    order = Doing(way_of(customer, label))
    case.until(f"{label} is reached", lambda: not stack.armed(label))
    pid = stack.pid(service)
    case.until(f"{service} is stopped", lambda: stack.state(pid) == "T")
    twin = Twin(stack, service)
    try:
        began = time.monotonic()
        customer.settle()
        time.sleep(max(0, 2 * LEASE - (time.monotonic() - began)))  # the lease is the database's time
        os.kill(pid, signal.SIGCONT)
        order.result()
        stack.await_ready(service)
        customer.kept()
    finally:
        twin.end()
    case.true("still the same process", stack.pid(service) == pid)


@tests
def stopped_for_two_leases(stack):
    for service, label in STOPS:
        stopped_at(stack, service, label)
    # What the sleeper did when it woke has no effect; its serials, if it left any, are ghosts.
    living = stack.db.number("SELECT count(*) FROM issuance WHERE state NOT IN ('issued', 'ghost', 'abandoned')")
    case.equal("attempts neither issued nor given up", living, 0)


# ---- under load

def load(customer, threads, stop):
    """That many callers order until `stop`; the threads."""
    def go():
        client = customer.account.client.another()
        while not stop.is_set():
            customer.instant(client)
    return [Doing(go) for _ in range(threads)]


@tests
def backends_die_at_commit(stack):
    """Commits are made slow so that backends are met inside them, and ended there."""
    customer, stop, killed = Shared.of(stack), threading.Event(), 0
    stack.db.run("ALTER SYSTEM SET commit_delay = 50000")
    stack.db.run("ALTER SYSTEM SET commit_siblings = 0; ")
    stack.db.run("SELECT pg_reload_conf()")
    before = len(customer.log)
    orders = load(customer, 4, stop)
    rounds, end = 0, time.monotonic() + case.PATIENCE
    while (rounds < 25 or killed < 5 or len(customer.log) - before < 5) and time.monotonic() < end:
        killed += stack.db.number("""
            SELECT count(pg_terminate_backend(pid)) FROM pg_stat_activity
             WHERE usename IN ('chancery_gateway', 'chancery_issuer', 'chancery_notifier', 'chancery_validation')
               AND state <> 'idle'""")
        rounds += 1
        time.sleep(0.1)
    stack.db.run("ALTER SYSTEM RESET commit_delay")
    stack.db.run("ALTER SYSTEM RESET commit_siblings")
    stack.db.run("SELECT pg_reload_conf()")
    stop.set()
    for order in orders:
        order.result()
    case.true(f"backends met at work: {killed}", killed >= 5)
    case.true(f"orders accepted meanwhile: {len(customer.log) - before}", len(customer.log) - before >= 5)
    customer.kept()


@tests
def token_lies(stack):
    """A wrong signature makes no certificate, and its serial is never used."""
    customer = Shared.of(stack)
    stack.mood("C_Sign corrupt")
    try:
        order = customer.instant()
        case.until("it is noticed", lambda: "wrong signature" in stack.read("log/issuer.log"))
        case.equal("certificates", stack.db.number(f"SELECT count(*) FROM certificate WHERE order_id = {order}"), 0)
    finally:
        stack.mood()
    customer.kept()
    states = stack.db.rows(f"SELECT x.state FROM issuance x JOIN request r ON r.id = x.request_id WHERE r.order_id = {order} ORDER BY x.id")
    case.equal("attempts", states[-1]["state"], "issued")
    case.true(f"the wrong one was given up: {states}", len(states) >= 2)


def changed_policy(stack, days):
    """A copy of the policy in which certificates live that long."""
    folder = os.path.join(stack.dir, f"policy-{days}")
    subprocess.run(["cp", "-R", os.path.join(stack.dir, "app/policy"), folder], check=True)
    path = os.path.join(folder, "rules/validity.json")
    with open(path, encoding="utf-8") as f:
        text = f.read()
    for advised in ("397", "199", "99", "46"):
        text = text.replace(f'"parameter": "validity.advised", "value": "{advised}"',
                            f'"parameter": "validity.advised", "value": "{days}"')
    with open(path, "w", encoding="utf-8") as f:
        f.write(text)
    return folder


@tests
def policy_changes_under_load(stack):
    """Each certificate is as the version says that its attempt names."""
    customer, stop = Shared.of(stack), threading.Event()
    orders = load(customer, 2, stop)
    first = stack.db.number("SELECT version FROM policy_active")
    stack.must_cli("policy", "load", changed_policy(stack, 30))
    second = stack.db.number("SELECT version FROM policy_active")
    case.true("another version", second != first)
    case.until("certificates by the new one", lambda: stack.db.number(
        f"SELECT count(*) FROM issuance WHERE policy_version = {second} AND state = 'issued'") >= 5)
    stop.set()
    for order in orders:
        order.result()
    customer.kept()
    lives = stack.db.rows("""SELECT DISTINCT policy_version, round(extract(epoch FROM not_after - not_before) / 86400) AS days
                               FROM issuance WHERE state = 'issued'""")
    case.equal("days by the new version", {r["days"] for r in lives if r["policy_version"] == second}, {30})
    case.true("the old version's are longer", all(r["days"] > 30 for r in lives if r["policy_version"] == first))
    stack.must_cli("policy", "load", os.path.join(stack.dir, "app/policy"))


# ---- are the checks any good?

def copy_of(stack):
    """The database once more, to be spoiled."""
    url = stack.db.url
    stack.database("postgres").run("DROP DATABASE IF EXISTS spoiled")
    stack.database("postgres").run("CREATE DATABASE spoiled OWNER chancery_owner")
    dump = subprocess.run(["pg_dump", "-d", url], check=True, capture_output=True)
    subprocess.run(["psql", "-Xq", "-v", "ON_ERROR_STOP=1", "-d", url.replace("dbname=chancery", "dbname=spoiled")],
                   input=dump.stdout, check=True, capture_output=True)
    return stack.database("spoiled"), stack.read("secrets/operator/database").replace("dbname=chancery", "dbname=spoiled")


NEWEST = "(SELECT max(order_id) FROM certificate)"
COLUMNS = "account_id, ca_id, serial, thumbprint, not_before, not_after, issued_at, der"
SPOILINGS = [  # what was done to the copy, which check must find it, how
    ("a second certificate of an order", "issued_once", f"""
        INSERT INTO certificate SELECT -1, order_id, request_id, account_id, ca_id, '\\x0102030405060708', decode(repeat('ab', 20), 'hex'),
               not_before, not_after, issued_at, der FROM certificate WHERE order_id = {NEWEST}"""),
    ("a certificate is gone", "issued_once", f"DELETE FROM certificate WHERE order_id = {NEWEST}"),
    ("an order is gone", "issued_once", f"DELETE FROM orders WHERE id = {NEWEST}"),
    ("an order is pending again", "issued_once", f"UPDATE orders SET status = 'pending' WHERE id = {NEWEST}"),
    ("an order waits for nobody", "adrift", f"UPDATE orders SET status = 'pending' WHERE id = {NEWEST}"),
    ("an attempt is gone", "journal_known", f"""
        DELETE FROM issuance WHERE request_id = (SELECT request_id FROM orders WHERE id = {NEWEST})"""),
    ("a serial on two certificates", "serials_once", """
        UPDATE certificate SET serial = (SELECT serial FROM certificate ORDER BY id LIMIT 1)
         WHERE id = (SELECT max(id) FROM certificate)"""),
    ("a precertificate's serial is not its certificate's", "precertificates_end", """
        UPDATE precertificate SET serial = '\\x0102030405060708' WHERE id = (SELECT max(id) FROM precertificate)"""),
    ("a certificate of a precertificate is gone", "precertificates_end", """
        DELETE FROM certificate WHERE id = (SELECT max(id) FROM precertificate)"""),
    ("a second precertificate of a request", "precertificates_end", """
        INSERT INTO precertificate (id, request_id, account_id, ca_id, serial, der, signed_at, complete_before)
        SELECT id, (SELECT request_id FROM precertificate ORDER BY id DESC LIMIT 1), account_id, ca_id, serial, der, issued_at, not_after
          FROM certificate WHERE id NOT IN (SELECT id FROM precertificate) ORDER BY id DESC LIMIT 1"""),
    ("a certificate whose timestamps are gone", "precertificates_end", """
        DELETE FROM sct WHERE issuance_id = (SELECT max(id) FROM precertificate)"""),
    ("a serial of two attempts", "serials_once", """
        DROP INDEX issuance_serial;
        UPDATE issuance SET serial = (SELECT serial FROM issuance ORDER BY id LIMIT 1)
         WHERE id = (SELECT max(id) FROM issuance)"""),
    ("an audit row is edited", "audit_whole", "UPDATE audit SET activity = 'nothing' WHERE id = (SELECT min(id) + 3 FROM audit)"),
    ("an audit row is gone", "audit_whole", "DELETE FROM audit WHERE id = (SELECT min(id) + 3 FROM audit)"),
    ("an audit row is slipped in", "audit_whole", """
        INSERT INTO audit (xid, at, source, activity) OVERRIDING SYSTEM VALUE
        SELECT xid, at, source, 'slipped in' FROM audit ORDER BY id LIMIT 1"""),
    ("a seal is gone", "audit_whole", "DELETE FROM audit_seal WHERE id = (SELECT min(id) + 1 FROM audit_seal)"),
]


@tests
def checks_find_seeded_faults(stack):
    customer = Shared.of(stack)
    customer.instant()
    customer.logged()
    customer.kept()
    case.until("all is sealed that will be spoiled", lambda: stack.db.number("SELECT count(*) FROM audit_seal") > 3)
    for what, check, spoil in SPOILINGS:
        db, url = copy_of(stack)
        checks = {"issued_once": lambda: promise.issued_once(db, customer.log),
                  "serials_once": lambda: promise.serials_once(db),
                  "adrift": lambda: promise.adrift(db),
                  "precertificates_end": lambda: promise.precertificates_end(db),
                  "journal_known": lambda: promise.journal_known(stack, db, url),
                  "audit_whole": lambda: promise.audit_whole(stack, url)}
        case.equal(f"the copy before: {what}", checks[check](), [])
        db.run(spoil)
        case.true(f"{check} finds: {what}", checks[check]())
    messages = customer.messages()
    case.equal("messages as they are", promise.told_once(messages, customer.log), [])
    lost = next(iter(customer.log))
    case.equal("a lost delivery", promise.told_once(
        [m for m in messages if m["data"].get("order_id") != lost], customer.log), [f"nobody was told of order {lost}"])
    case.true("an order nobody has", promise.issued_once(stack.db, {**customer.log, 1: "x"}))
