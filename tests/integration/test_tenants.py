"""What one account has does not exist for another: every route, walked with foreign ids."""
import re

from harness import case
from harness.account import Account
from harness.tests import Tests

tests = Tests()
NAME = "confidential.example.com"
BODIES = [  # how the path ends, a body that its owner could send
    ("/status", {"status": "canceled"}),
    ("/ct-status", {"disable_ct": True}),
    ("/dcv-method", {"dcv_method": "dns-cname-token"}),
    ("/check-challenge", {"token": "x" * 32}),
    ("/webhook/{webhook_id}", {"endpoint": "https://example.com/taken"}),
    ("/replay", {"failed_since": "2020-01-01T00:00:00Z"}),
    ("/note", {"text": "taken"}),
    ("/contact", {"contacts": [{"contact_type": "technical_contact", "first_name": "A", "last_name": "B",
                                "email": "a@example.com"}]}),
    ("/user/{user_id}", {"name": "taken", "first_name": "Taken"}),
    ("/role", {"access_roles": [{"id": 1}]}),
    ("/key/{key_id}", {"name": "taken"}),
    ("/container/{container_id}", {"name": "taken"}),
    ("/children", {"name": "taken"}),
]
# Parameters that name nobody's property.
COMMON = {"name_id", "format", "platform_id", "username", "template_id"}


def body_of(path):
    for end, body in BODIES:
        if path.endswith(end):
            return dict(body, **({"status": "approved"} if "/request/" in path else {}))
    return None


def property_of(stack):
    """An account with one of everything, and the ids by the names that paths have for them."""
    account = Account(stack)
    account.client.post("/account/auth-key")
    account.prove("example.com")
    issued = account.place(NAME, certificate_dcv_scope="base_domain")
    pending = account.place("confidential.example.net", alternative_order_id="confidential-1")
    webhook = account.webhook("/tenants", secret="s" * 40)
    division = account.client.get("/account").json["root_container_id"]
    certificate = account.info(issued["id"])["certificate"]
    return account, {
        "order_id": [str(issued["id"]), str(pending["id"]), certificate["thumbprint"], certificate["serial_number"]],
        "certificate_id": [str(issued["certificate_id"])],
        "request_id": [str(pending["requests"][0]["id"])],
        "webhook_id": [str(webhook)],
        "entry_id": [str(e["id"]) for e in account.client.get("/webhook/event-logs").json["events"]],
        "user_id": [str(account.user_id)],
        "key_id": [str(k["id"]) for k in account.client.get("/key").json["api_keys"]],
        "container_id": [str(division)],
        "alternative_order_id": ["confidential-1"],
        "format": ["pem_all"],
    }


def calls(document, ids):
    """Every (method, path, body) of the description with each foreign id in its place."""
    for path, methods in document["paths"].items():
        if not path.startswith("/services/v2"):
            continue
        for method, operation in methods.items():
            own = operation.get("x-path", path)
            owners = [n for n in re.findall(r"{([^}]+)}", own) if n not in COMMON]
            if not owners:
                continue
            case.true(f"{path}: an id of everything that paths name", all(n in ids for n in owners))
            for value in ids[owners[0]]:
                filled = own.replace("{%s}" % owners[0], value).replace("{format}", "pem_all")
                for other in owners[1:]:
                    filled = filled.replace("{%s}" % other, ids[other][0])
                filled = filled.replace("{platform_id}", "2").replace("{template_id}", "5")
                yield method.upper(), filled[len("/services/v2"):], body_of(path)


def state_of(stack, account):
    tables = ("orders", "order_note", "request", "webhook", "certificate", "auth_key", "user_account",
              "container", "job")
    where = {t: "" if t == "job" else f" WHERE account_id = {account.id}" for t in tables}
    return [stack.db.value(f"SELECT md5(string_agg(t::text, '|' ORDER BY t::text)) FROM {t} t{where[t]}")
            for t in tables if t != "job"]


@tests
def every_route(stack):
    owner, ids = property_of(stack)
    stranger = Account(stack)
    before = state_of(stack, owner)
    document = stranger.client.get("/openapi.json").json
    walked = 0
    for method, path, body in calls(document, ids):
        answer = stranger.client.call(method, path, body)
        case.equal(f"{method} {path}: {answer}", answer.status, 404)
        case.true(f"code of {answer}", answer.error["code"].startswith("not_found"))
        case.true(f"nothing leaks in {answer}", b"confidential" not in answer.body)
        walked += 1
    case.true(f"calls walked: {walked}", walked >= 20)
    case.equal("nothing has changed", state_of(stack, owner), before)
    case.equal("the owner sees it", owner.client.get(f"/order/certificate/{ids['order_id'][0]}").status, 200)


@tests
def lists_are_ones_own(stack):
    owner, _ = property_of(stack)
    stranger = Account(stack)
    answer = stranger.client.get("/webhook")
    case.equal(f"webhooks: {answer}", (answer.status, answer.error["code"]), (400, "webhook_invalid_account"))
    log = stranger.client.get("/webhook/event-logs").json
    case.equal("event log", (log["events"], log["page"]["total"]), ([], 0))
    case.equal("auth key", stranger.client.get("/account/auth-key").error["code"], "auth_key_not_setup")
    ours = stranger.client.post("/account/auth-key").json["auth_key"]
    case.true("another key", ours != owner.client.get("/account/auth-key").json["auth_key"])


@tests
def evidence_is_ones_own(stack):
    """A domain that one account has proved must be proved by the other."""
    owner, _ = property_of(stack)
    stranger = Account(stack)
    order = stranger.place("other.example.com", certificate_dcv_scope="base_domain")
    case.equal("no certificate", order.get("certificate_id"), None)
    case.equal("status", stranger.info(order["id"])["status"], "pending")


@tests
def ids_in_the_body_count_for_nothing(stack):
    owner, _ = property_of(stack)
    stranger = Account(stack)
    order = stranger.place("body.example.com", account_id=owner.id, user_id=owner.user_id,
                           api_key_id=1, order_id=1, source="system", now="2020-01-01")
    row = stack.db.rows(f"SELECT account_id, user_id FROM orders WHERE id = {order['id']}")[0]
    case.equal("whose order", (row["account_id"], row["user_id"]), (stranger.id, stranger.user_id))
