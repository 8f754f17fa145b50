"""Certificates for more than 180 days need three timestamps, while there are such certificates."""
from harness import case
from harness.account import Account
from harness.logs import logs_of
from harness.tests import Tests
from test_transparency import judged

tests = Tests()
AT_ONCE = {"certificate_dcv_scope": "base_domain"}
SETTINGS = {"STACK_CT_LOGS": "oak=Alpha fig=Beta elm=Gamma"}
LATEST = "2026-11-30"  # from 2027-03-15 on none may be valid for so long


@tests
def two_logs_are_too_few(stack):
    logs, account = logs_of(stack), Account(stack)
    account.prove("ct-long.example.com")
    order = account.place("www.ct-long.example.com", **AT_ONCE)
    case.true("three at once", order.get("certificate_id"))
    case.equal("all of them", judged(account, order["id"], logs, 3), set(logs))
    logs["elm"].behave("status/503")
    order = account.place("two.ct-long.example.com", **AT_ONCE)
    case.equal("it waits", order.get("certificate_id"), None)
    task, = account.info(order["id"])["blockers"]
    case.equal("for logs", (task["kind"], task["owner"]), ("transparency", "ca"))
    logs["elm"].behave("good")

    def issued():
        stack.advance(700)
        return account.info(order["id"])["status"] == "issued"
    case.until("the third serves", issued)
    judged(account, order["id"], logs, 3)
    short = account.place("short.ct-long.example.com", **AT_ONCE, order_validity={"days": 90})
    judged(account, short["id"], logs, 2)
