"""The main job by way of Debian's pgbouncer (1.18) in transaction mode, without prepared statements: no
service leans on anything that lives in a session."""
import signal

from harness import case, metrics
from harness.account import Account
from harness.stack import SERVICES
from harness.tests import Tests

tests = Tests()
SETTINGS = {"STACK_POOLER": "yes"}


def by_the_pooler(stack):
    """Which roles have sessions at PostgreSQL that did not come by the pooler's few."""
    return stack.db.rows("SELECT usename, count(*) AS n FROM pg_stat_activity"
                         " WHERE usename LIKE 'chancery_%' AND usename <> 'chancery_cli'"
                         " AND backend_type = 'client backend' GROUP BY 1")


@tests
def order_to_webhook(stack):
    account = Account(stack)
    account.webhook("/pooled")
    order = account.place("pooled.example.com")
    account.publish("pooled.example.com", order["dcv_random_value"])
    account.check(order["id"])
    info = account.issued(order["id"])
    told = stack.sink.wait("/pooled", "certificate_issued", order_id=order["id"])
    case.equal("certificate", told[0]["data"]["certificate_id"], info["certificate"]["id"])
    sessions = by_the_pooler(stack)
    case.equal("roles", {s["usename"] for s in sessions}, {f"chancery_{name}" for name in SERVICES})
    case.true(f"few sessions: {sessions}", all(s["n"] <= 5 for s in sessions))
    opened = sum(metrics.scrape(stack, name)["chancery_database_connections"] for name in SERVICES)
    case.true(f"{opened} connections of services", opened > sum(s["n"] for s in sessions))


@tests
def at_once(stack):
    account = Account(stack)
    account.prove("example.net")
    order = account.place("at-once.example.net", certificate_dcv_scope="base_domain")
    case.true(f"certificate in the answer: {order}", order.get("certificate_id"))


@tests
def the_pooler_restarts(stack):
    """Under an order that waits for its proof: it goes on where it was."""
    account = Account(stack)
    account.webhook("/restarted")
    order = account.place("restarted.example.com")
    account.looked(order["id"])
    stack.kill("pooler")
    stack.start("pooler")
    stack.await_ready()
    account.publish("restarted.example.com", order["dcv_random_value"])
    account.check(order["id"])
    account.issued(order["id"])
    stack.sink.wait("/restarted", "certificate_issued", order_id=order["id"])


@tests
def the_pooler_is_away(stack):
    """No truth without the database: 503, ready no more, and back by itself."""
    account = Account(stack)
    stack.signal("pooler", signal.SIGKILL)
    case.until("not ready", lambda: not stack.ready("gateway"))
    answer = account.order("away.example.com")
    case.equal(f"order: {answer}", answer.status, 503)
    stack.start("pooler")
    stack.await_ready()
    # Each worker has its own connection, and whoever found nobody a moment ago does not try at once.
    case.until("an order is taken", lambda: account.order("away.example.com").status == 201)


@tests
def statements_have_no_session(stack):
    """What the services are set to stands at their roles, whatever session a statement meets."""
    for name in SERVICES:
        settings = stack.db.value("SELECT array_to_string(setconfig, ' ') FROM pg_db_role_setting s"
                                  f" JOIN pg_roles r ON r.oid = s.setrole WHERE rolname = 'chancery_{name}'")
        case.inside(f"{name}'s settings", "statement_timeout=10s", settings)
        case.inside(f"{name}'s settings", "TimeZone=UTC", settings)
