"""A gateway that is told to stop says so first, serves on for a while, and loses nobody's call."""
import signal
import threading

from harness import case, harm
from harness.account import Account
from harness.tests import Tests

tests = Tests()
# The delay is for us to come in once more. The database has more patience than the drain, so what is being written
# then ends after it.
SETTINGS = {"STACK_GATEWAY_ENV": "CHANCERY_DRAIN_DELAY=8s CHANCERY_DRAIN_TIMEOUT=1s CHANCERY_DATABASE_TIMEOUT=60s"
                                 " CHANCERY_KEY_USES=1h"}


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


def waits_for_lock(stack):
    return stack.db.number("SELECT count(*) FROM pg_stat_activity"
                           " WHERE usename = 'chancery_gateway' AND wait_event_type = 'Lock'")


@tests
def what_is_committed_after_the_drain(stack):
    """The order is answered 503 and written all the same; what it needs next finds everything still in its place."""
    account = Account(stack)
    account.prove("example.com")
    answers = []

    def order():
        answers.append(account.order("late.example.com", account.client.another(),
                                     certificate_dcv_scope="base_domain"))
    placing = threading.Thread(target=order, daemon=True)
    with harm.table_locked(stack, "orders"):
        placing.start()
        case.until("the order waits for the table", lambda: waits_for_lock(stack))
        stack.signal("gateway", signal.SIGTERM)
        placing.join(case.PATIENCE)
        case.equal(f"at the end of the drain: {answers}", [a.status for a in answers], [503])
        case.true("the gateway still waits for it", stack.pid("gateway"))
    case.until("the gateway has ended", lambda: stack.pid("gateway") is None)
    orders = f"orders WHERE account_id = {account.id}"
    case.equal("orders, with the one that proved the domain", stack.db.number(f"SELECT count(*) FROM {orders}"), 2)
    case.equal("keys whose last use is written", stack.db.number(
        f"SELECT count(*) FROM api_key WHERE user_id = {account.user_id} AND last_used_at IS NOT NULL"), 1)
    case.true("every call has ended", "never answered" not in stack.read("log/gateway.log"))
    stack.start("gateway")
    stack.await_ready("gateway")
    account.issued(stack.db.number(f"SELECT max(id) FROM {orders}"))
