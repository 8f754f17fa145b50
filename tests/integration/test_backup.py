"""A backup is taken under load, more certificates are issued, the database is lost, and the backup is
restored: what docs/guide/backup.md says, in its order."""
import os
import pathlib
import re
import shutil
import signal
import subprocess

from harness import case
from harness.account import Account
from harness.stack import SERVICES
from harness.tests import Tests

tests = Tests()
SETTINGS = {"STACK_POOLER": "yes"}  # as test_pgbouncer, so that they share a stack
GROUP = "--regid=61000"  # of tools/stack


def as_postgres(stack, *words):
    drop = ["setpriv", "--reuid=postgres", GROUP, "--clear-groups", "--"] if os.geteuid() == 0 else []
    env = {"PATH": os.environ["PATH"], "PGPASSWORD": stack.read("secrets/postgres/password")}
    r = subprocess.run(drop + list(words), cwd=stack.dir, env=env, capture_output=True, text=True)
    case.equal(f"{words[0]}: {r.stderr}", r.returncode, 0)


def back_up(stack):
    folder = os.path.join(stack.dir, "backup")
    os.mkdir(folder, 0o700)
    if os.geteuid() == 0:
        shutil.chown(folder, "postgres", 61000)
    as_postgres(stack, "pg_basebackup", "-h", f"{stack.dir}/run/postgres", "-U", "postgres", "-D", folder,
                "--wal-method=stream", "--checkpoint=fast")
    as_postgres(stack, str(next(pathlib.Path("/usr/lib/postgresql").glob("*/bin/pg_verifybackup"))), folder)


def lose_and_restore(stack):
    for name in SERVICES:
        stack.signal(name, signal.SIGTERM)
    for name in SERVICES:
        case.until(f"{name} ends", lambda n=name: stack.pid(n) is None)
    stack.kill("postgres")
    shutil.rmtree(f"{stack.dir}/postgres")
    os.rename(f"{stack.dir}/backup", f"{stack.dir}/postgres")
    stack.start("postgres")


@tests
def restored(stack):
    account = Account(stack)
    account.prove("example.com")
    before = account.place("before.example.com", certificate_dcv_scope="base_domain")
    waiting = account.place("waiting.example.com")
    back_up(stack)
    lost = account.place("lost.example.com", certificate_dcv_scope="base_domain")
    case.true("issued", lost["certificate_id"])
    lost_request = lost["requests"][0]["id"]
    heads = f"{stack.dir}/audit/heads"
    last = stack.db.number("SELECT max(id) FROM audit")
    case.until("all is sealed", lambda: stack.db.number(
        f"SELECT count(*) FROM audit WHERE id <= {last} AND xid >= (SELECT max(horizon) FROM audit_seal)") == 0)
    newest = stack.db.number("SELECT max(id) FROM audit_seal")
    case.until("its head is copied", lambda: int(stack.read("audit/heads").split("\n")[-1].split()[0]) >= newest)
    lose_and_restore(stack)

    # Before any service runs: what the issuer signed and the database has forgotten.
    out = stack.must_cli("quarantine", "journal/issuer")
    case.inside("the lost certificate's request", str(lost_request), out)
    case.true(f"one attempt: {out}", re.search(r" 1 attempts that the database did not know", out))
    case.equal("what the backup has is no news", str(before["id"]) in out, False)
    # The chain itself is whole; the copy outside tells that its end is missing.
    status, out, _ = stack.cli("audit", "verify")
    case.equal(f"the chain: {out}", status, 0)
    status, out, _ = stack.cli("audit", "verify", "--heads", "audit/heads")
    case.true(f"its end is missed: {out}", status != 0)
    os.rename(heads, f"{heads}.before-restore")
    # Numbers that were given out are not given out again.
    stack.db.run("SELECT setval(quote_ident(sequencename)::regclass, coalesce(last_value, start_value) + 1000000)"
                 " FROM pg_sequences WHERE schemaname = 'public'")

    for name in ("issuer", "validation", "notifier", "scheduler", "gateway"):
        stack.start(name)
    stack.await_ready()
    account.client.close()
    case.equal("what was there", account.info(before["id"])["status"], "issued")
    account.publish("waiting.example.com", waiting["dcv_random_value"])
    account.check(waiting["id"])
    account.issued(waiting["id"])
    gone = account.client.get(f"/order/certificate/{lost['id']}")
    case.equal(f"the lost order: {gone}", gone.status, 404)
    case.equal("its serial is known", stack.db.number(f"SELECT count(*) FROM quarantine WHERE request_id = {lost_request}"), 1)
    case.true("a new number", account.place("after.example.com")["id"] > lost["id"])
    case.until("heads are copied again", lambda: os.path.exists(heads) and stack.cli(
        "audit", "verify", "--heads", "audit/heads")[0] == 0)
