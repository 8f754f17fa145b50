"""Webhooks: challenge, events, signatures, options, retries, the log."""
import base64
import hashlib
import hmac
import json

from harness import case, metrics, pki
from harness.account import Account
from harness.tests import Tests

tests = Tests()
SECRET = "a secret of at least thirty-two characters"
ISSUED, CHALLENGE = "certificate_issued", "challenge_webhook_endpoint"


def slow_order(account, name):
    """An order that is not issued in its answer."""
    order = account.place(name)
    account.publish(name, order["dcv_random_value"])
    case.equal("check", account.check(order["id"]).status, 200)
    return account.issued(order["id"])


def instant_order(account, name):
    order = account.place(name, certificate_dcv_scope="base_domain")
    case.true("issued in the answer", order.get("certificate_id"))
    return order


def signed(message, key):
    """Standard Webhooks: v1, HMAC-SHA256 over id.timestamp.body."""
    head = message["headers"]
    text = f"{head['webhook-id']}.{head['webhook-timestamp']}.{message['body']}"
    return "v1," + base64.b64encode(hmac.new(key, text.encode(), hashlib.sha256).digest()).decode()


def signature_good(message, secret):
    head = message["headers"]
    case.inside("signature", signed(message, secret.encode()), head["webhook-signature"].split())
    case.equal("X-WEBHOOK-KEY", head["x-webhook-key"], secret)


@tests
def from_creation_to_event(stack):
    account = Account(stack)
    client, path = account.client, "/hooks/first"
    answer = client.post("/webhook", {"endpoint": stack.sink.url + path, "secret": SECRET})
    case.equal(f"create: {answer}", answer.status, 201)
    number = answer.json["webhook_id"]
    early = client.put(f"/webhook/{number}/activate")
    case.equal(f"activated too early: {early}", (early.status, early.error["code"]), (409, "webhook_invalid_status"))
    case.equal("send", client.put(f"/webhook/{number}/send-challenge").status, 204)
    challenge = stack.sink.wait(path, CHALLENGE)[0]
    case.equal("webhook_id", challenge["data"]["webhook_id"], number)
    signature_good(challenge, SECRET)
    wrong = client.put(f"/webhook/{number}/check-challenge", {"token": "nonsense"})
    case.equal(f"wrong token: {wrong}", (wrong.status, wrong.error["code"]), (400, "webhook_invalid_token"))
    token = {"token": challenge["data"]["token"]}
    case.equal("check", client.put(f"/webhook/{number}/check-challenge", token).status, 204)
    again = client.put(f"/webhook/{number}/check-challenge", token)
    case.equal(f"a token counts once: {again}", again.status, 400)
    case.equal("activate", client.put(f"/webhook/{number}/activate").status, 204)
    shown = client.get("/webhook").json["webhooks"]
    case.equal("list", [(w["id"], w["status"], w["secret"]) for w in shown], [(number, "active", SECRET)])
    case.equal("default events", shown[0]["events"], [ISSUED, "certificate_revoked"])
    info = slow_order(account, "event.example.com")
    message = stack.sink.wait(path, ISSUED)[0]
    case.equal("data", message["data"], {"order_id": info["id"], "certificate_id": info["certificate"]["id"]})
    signature_good(message, SECRET)
    stored = stack.db.value(f"SELECT encode(secret_sealed, 'escape') FROM webhook WHERE id = {number}")
    case.true("the secret is not stored in the clear", SECRET not in stored)


@tests
def challenge_expires(stack):
    account = Account(stack)
    path = "/hooks/expires"
    number = account.client.post("/webhook", {"endpoint": stack.sink.url + path}).json["webhook_id"]
    account.client.put(f"/webhook/{number}/send-challenge")
    message = stack.sink.wait(path, CHALLENGE)[0]
    case.true("no key without a secret", "x-webhook-key" not in message["headers"])
    stack.advance(31 * 60)
    late = account.client.put(f"/webhook/{number}/check-challenge", {"token": message["data"]["token"]})
    case.equal(f"after 31 minutes: {late}", (late.status, late.error["code"]), (400, "webhook_invalid_token"))


@tests
def test_endpoint(stack):
    account = Account(stack)
    good = account.client.post("/webhook/test-endpoint", {"endpoint": stack.sink.url + "/hooks/try", "secret": SECRET})
    case.equal(f"a good listener: {good}", good.status, 200)
    signature_good(stack.sink.wait("/hooks/try", "test_webhook_endpoint")[0], SECRET)
    for path in ("/status/500", "/close", "/redirect?to=https://example.com/"):
        bad = account.client.post("/webhook/test-endpoint", {"endpoint": stack.sink.url + path})
        case.equal(f"{path}: {bad}", (bad.status, bad.error["code"]), (400, "webhook_endpoint_error"))
    nobody = account.client.post("/webhook/test-endpoint", {"endpoint": f"https://{stack.address}:1/"})
    case.equal(f"nobody listens: {nobody}", (nobody.status, nobody.error["code"]), (400, "webhook_endpoint_error"))


@tests
def chain(stack):
    account = Account(stack)
    account.webhook("/hooks/chain", webhook_settings={"webhook_send_certificate_chain": "1"})
    slow_order(account, "chain.example.com")
    links = stack.sink.wait("/hooks/chain", ISSUED)[0]["data"]["certificate_chain"]
    case.equal("links", [link["subject_common_name"] for link in links][0], "chain.example.com")
    texts = [pki.certificates(link["pem"].replace("\r\n", "\n"))[0] for link in links]
    case.equal("three", len(texts), 3)
    pki.verify(texts[0], texts[1:2], texts[2], at=stack.now() + 60, name="chain.example.com")


@tests
def instant_is_an_option(stack):
    """Of a certificate in the answer nobody is told, unless they asked for it."""
    quiet, loud = Account(stack), Account(stack)
    quiet.webhook("/hooks/quiet")
    loud.webhook("/hooks/loud", webhook_settings={
        "instant_issue_webhook_notification": "1", "webhook_send_instant_issued_certificate_chain": "1"})
    for account in (quiet, loud):
        account.prove("example.com")
    unheard = instant_order(quiet, "quiet.example.com")
    heard = instant_order(loud, "loud.example.com")
    message = stack.sink.wait("/hooks/loud", ISSUED, order_id=heard["id"])[0]
    case.equal("chain", len(message["data"]["certificate_chain"]), 3)
    later = slow_order(quiet, "later.example.net")  # its message comes after the one that must not
    stack.sink.wait("/hooks/quiet", ISSUED, order_id=later["id"])
    case.equal("messages of the instant order", [
        m for m in stack.sink.messages("/hooks/quiet") if m["data"].get("order_id") == unheard["id"]], [])
    case.equal("deliveries", stack.db.number(
        f"SELECT count(*) FROM delivery d JOIN event e ON e.id = d.event_id WHERE e.order_id = {unheard['id']}"), 0)


def log_of(account, order_id):
    answer = account.client.get("/webhook/event-logs")
    case.equal(f"log: {answer}", answer.status, 200)
    return [e for e in answer.json["events"] if (e.get("event_info") or {}).get("order_id") == order_id]


@tests
def retried_after_500(stack):
    account = Account(stack)
    number = account.webhook("/hooks/flaky")
    # As if its listener had begun to fail: once, then it takes the message.
    flaky = f"/flaky/1/{number}"
    stack.db.run(f"UPDATE webhook SET endpoint = '{stack.sink.url}{flaky}' WHERE id = {number}")
    info = slow_order(account, "flaky.example.com")
    case.until("the failure is logged", lambda: log_of(account, info["id"]))
    stack.advance(7)
    messages = stack.sink.wait(flaky, ISSUED, count=2, order_id=info["id"])
    ids = {m["headers"]["webhook-id"] for m in messages}
    case.equal("one webhook-id for all attempts", len(ids), 1)
    log = case.until("both are logged", lambda: len(log_of(account, info["id"])) == 2 and log_of(account, info["id"]))
    case.equal("log, newest first", [(e["request_status"], e["response_code"]) for e in log],
               [("success", 200), ("failed", 500)])
    case.equal("event", log[0]["event_name"], ISSUED)
    seen = json.loads(stack.must_cli("webhook", "log", str(number), "--json"))
    case.equal("as the operator reads it", [(line["order"], line["taken"], line["answer"], line["reason"])
                                            for line in seen if line["event"] == ISSUED],
               [(info["id"], "yes", 200, None), (info["id"], "no", 500, "answered 500")])
    counted = metrics.value(stack, "notifier", 'chancery_webhook_failures_total{reason="status_5xx"}')
    case.true(f"counted by why: {counted}", counted and counted >= 1)


@tests
def off_and_on(stack):
    account = Account(stack)
    number = account.webhook("/hooks/switch")
    case.equal("off", account.client.put(f"/webhook/{number}/deactivate").status, 204)
    case.equal("status", account.client.get("/webhook").json["webhooks"][0]["status"], "inactive")
    unheard = slow_order(account, "off.example.com")
    case.equal("on", account.client.put(f"/webhook/{number}/activate").status, 204)
    heard = slow_order(account, "on.example.com")
    stack.sink.wait("/hooks/switch", ISSUED, order_id=heard["id"])
    orders = [m["data"]["order_id"] for m in stack.sink.messages("/hooks/switch", ISSUED)]
    case.true("nothing while it was off", unheard["id"] not in orders)


@tests
def changed_and_deleted(stack):
    account = Account(stack)
    client = account.client
    number = account.webhook("/hooks/change", secret=SECRET)
    endpoint = {"endpoint": stack.sink.url + "/hooks/change"}
    case.equal("events", client.put(f"/webhook/{number}", {**endpoint, "events": ["order_rejected"]}).status, 204)
    shown = client.get("/webhook").json["webhooks"][0]
    case.equal("kept", (shown["status"], shown["events"], shown["secret"]), ("active", ["order_rejected"], SECRET))
    case.equal("no secret", client.put(f"/webhook/{number}", {**endpoint, "secret": ""}).status, 204)
    case.true("removed", "secret" not in client.get("/webhook").json["webhooks"][0])
    moved = {"endpoint": stack.sink.url + "/hooks/elsewhere"}
    case.equal("moved", client.put(f"/webhook/{number}", moved).status, 204)
    case.equal("to be verified again", client.get("/webhook").json["webhooks"][0]["status"], "pending")
    case.equal("activate", client.put(f"/webhook/{number}/activate").status, 409)
    case.equal("delete", client.delete(f"/webhook/{number}").status, 204)
    gone = client.delete(f"/webhook/{number}")
    case.equal(f"gone: {gone}", (gone.status, gone.error["code"]), (404, "not_found|webhook"))


@tests
def a_secret_is_changed(stack):
    """For a day both sign, so that a listener changes when it likes; a key of Standard Webhooks is not sent."""
    account, path, key = Account(stack), "/hooks/rotate", b"k" * 32
    number = account.webhook(path, secret=SECRET)
    change = {"endpoint": stack.sink.url + path, "secret": "whsec_" + base64.b64encode(key).decode()}
    for _ in range(2):  # to say the same again is no change
        case.equal("change", account.client.put(f"/webhook/{number}", change).status, 204)

    def told(name):
        order = slow_order(account, name)
        return stack.sink.wait(path, ISSUED, order_id=order["id"])[0]
    message = told("rotate.example.com")
    case.equal("both sign", message["headers"]["webhook-signature"].split(),
               [signed(message, key), signed(message, SECRET.encode())])
    case.true("none is sent", "x-webhook-key" not in message["headers"])
    stack.advance(24 * 3600 + 1)
    message = told("rotated.example.com")
    case.equal("the new one signs", message["headers"]["webhook-signature"], signed(message, key))


@tests
def log_is_paged(stack):
    account = Account(stack)
    for number in range(3):
        account.client.post("/webhook/test-endpoint", {"endpoint": f"{stack.sink.url}/hooks/page{number}"})
    case.until("three entries", lambda: account.client.get("/webhook/event-logs").json["page"]["total"] == 3)
    page = account.client.get("/webhook/event-logs?limit=2&offset=2").json
    case.equal("page", page["page"], {"total": 3, "limit": 2, "offset": 2})
    case.equal("entries", len(page["events"]), 1)
    beyond = account.client.get("/webhook/event-logs?offset=50").json
    case.equal("beyond the end", (beyond["events"], beyond["page"]["total"]), ([], 3))
