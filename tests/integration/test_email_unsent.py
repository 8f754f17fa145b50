"""A CA without a relay for mails promises none: whoever wants to be asked by mail is told before."""
from harness import case, metrics
from harness.account import Account
from harness.tests import Tests

tests = Tests()
SETTINGS = {"CHANCERY_SMTP_URL": ""}  # an empty variable counts as absent


def refused(answer, what):
    case.equal(f"{what}: {answer}", (answer.status, answer.error["code"]), (400, "invalid_dcv_method"))
    case.inside(what, "this CA sends no mails. Choose another method", answer.error["message"])


def relay(stack, there):
    """As a notifier that has one, or none, would say it."""
    stack.db.run(f"UPDATE mail_relay SET is_there = {there}")


@tests
def nothing_is_promised(stack):
    account, name = Account(stack), "unsent.example.com"
    refused(account.order(name, dcv_method="email"), "an order")
    order = account.place(name)
    refused(account.client.put(f"/order/certificate/{order['id']}/dcv-method", {"dcv_method": "email"}), "a change")
    case.equal("and says so to who watches", metrics.value(stack, "notifier", "chancery_mail_relay"), 0)
    case.inside("the operator reads what is missing", "set CHANCERY_SMTP_URL of the notifier", stack.read("log/gateway.log"))


@tests
def the_relay_is_taken_away(stack):
    """An order that waits for mails is told that none comes, and goes another way."""
    account, name = Account(stack), "withdrawn.example.com"
    relay(stack, True)
    order = account.place(name, dcv_method="email")["id"]
    relay(stack, False)
    fix = account.info(order)["blockers"][0]["how_to_fix"]
    case.inside("what to do", "This CA sends no mails: choose another method", fix)
    refused(account.client.put(f"/order/certificate/{order}/resend-emails", {}), "another mail")
    changed = account.client.put(f"/order/certificate/{order}/dcv-method", {"dcv_method": "dns-txt-token"})
    case.equal(f"another method: {changed}", changed.status, 200)
    account.publish(name, changed.json["dcv_random_value"])
    account.check(order)
    account.issued(order)
