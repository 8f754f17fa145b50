"""The sealing key is changed under the eyes of customers: nothing of theirs changes, and the old key can go."""
import json
import os
import shutil
import signal

from harness import case, pki
from harness.account import Account
from harness.tests import Tests

tests = Tests()
SECRET = "a secret of at least thirty-two characters"
ISSUED = "certificate_issued"
HOLDERS = ("gateway", "validation", "notifier")
WEBHOOKS = 4


def path(stack, holder, name):
    return os.path.join(stack.dir, "secrets", holder, name)


def restart(stack):
    for name in HOLDERS:
        stack.kill(name)
        stack.start(name)
    stack.await_ready(*HOLDERS)


def hand_over(stack, name):
    """As the operator does it: the file is the service's alone."""
    for holder in HOLDERS:
        target = path(stack, holder, name)
        shutil.copyfile(path(stack, "operator", name), target)
        os.chmod(target, 0o600)
        owner = os.stat(path(stack, holder, "database"))
        os.chown(target, owner.st_uid, owner.st_gid)


def under(stack, which):
    """How many secrets there are under the key that `chancery status` calls so."""
    sealed = json.loads(stack.must_cli("status", "--json"))["sealed"]
    return sum(row["auth_keys"] + row["webhook_secrets"] for row in sealed if row["which"] == which)


def reseal(stack, *options, points=False):
    return stack.cli("reseal", path(stack, "operator", "seal-key"), *options, points=points)


def everything_works(stack, account, key, webhook, name):
    case.equal("the AuthKey is shown", account.client.get("/account/auth-key").json["auth_key"], key)
    shown = next(w for w in account.client.get("/webhook").json["webhooks"] if w["id"] == webhook)
    case.equal("and the secret", shown["secret"], SECRET)
    stack.dns.set(f"_dnsauth.{name}", "TXT", pki.request_token(key, pki.csr(), stack.now() - 60))
    order = account.place(name, use_auth_key=True)
    case.true("a request token counts", order.get("certificate_id"))
    message = stack.sink.wait("/hooks/reseal", ISSUED, order_id=order["id"])[0]
    case.equal("the message has the secret", message["headers"]["x-webhook-key"], SECRET)


@tests
def a_rotation_ends(stack):
    account = Account(stack)
    key = account.client.post("/account/auth-key").json["auth_key"]
    instant = {"instant_issue_webhook_notification": True}
    webhook = account.webhook("/hooks/reseal", secret=SECRET, webhook_settings=instant)
    for i in range(WEBHOOKS - 1):
        account.webhook(f"/hooks/reseal-{i}", secret=SECRET, events=["order_rejected"])
    operator = path(stack, "operator", "seal-key")
    os.rename(operator, operator + ".old")
    stack.must_cli("seal-key", operator)
    hand_over(stack, "seal-key.old")
    hand_over(stack, "seal-key")
    restart(stack)
    before = under(stack, "old")
    case.true(f"under the old key: {before}", before >= WEBHOOKS + 1)
    everything_works(stack, account, key, webhook, "between.example.com")

    stack.arm("cli.reseal.batch")
    status, out, err = reseal(stack, "--batch", "1", points=True)
    case.equal(f"it is killed: {out}{err}", status, -signal.SIGKILL)
    half = under(stack, "old")
    case.equal("one batch is done", half, before - 1)
    everything_works(stack, account, key, webhook, "halfway.example.com")
    status, out, err = reseal(stack, "--batch", "2")
    case.equal(f"it goes on: {out}{err}", (status, "nothing is under another key" in out), (0, True))
    case.equal("nothing is left", under(stack, "old"), 0)

    for holder in ("operator", *HOLDERS):
        os.unlink(path(stack, holder, "seal-key.old"))
    restart(stack)
    everything_works(stack, account, key, webhook, "after.example.com")
