"""A gateway that is told to stop says so first, serves on for a while, and loses nobody's call."""
import signal

from harness import case
from harness.account import Account
from harness.tests import Tests

tests = Tests()
SETTINGS = {"STACK_GATEWAY_ENV": "CHANCERY_DRAIN_DELAY=2s"}


@tests
def not_ready_and_still_serving(stack):
    account = Account(stack)
    order = account.place("drain.example.com")
    stack.signal("gateway", signal.SIGTERM)
    case.until("readiness says no", lambda: not stack.ready("gateway"))
    fresh = account.client.another().get(f"/order/certificate/{order['id']}")
    case.equal(f"a new connection is served: {fresh}", fresh.status, 200)
    case.until("the gateway has ended", lambda: stack.pid("gateway") is None)
    stack.start("gateway")
    stack.await_ready("gateway")
    case.equal("the order is there", account.info(order["id"])["status"], "pending")
