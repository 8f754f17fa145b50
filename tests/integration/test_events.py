"""Events pulled and told again: the feed, its waiting callers, the log's filters, replays, Slack."""
import json
import re
import signal
import threading
import urllib.parse
import urllib.request

from harness import case, golden
from harness.account import Account
from harness.tests import Tests

tests = Tests()
SETTINGS = {"CHANCERY_FEED_EVERY": "100ms"}
STANDARD = 5
ISSUED, REJECTED = "certificate_issued", "order_rejected"


def reject(account, name):
    """An order that is rejected: an event without waiting for a certificate."""
    order = account.place(name, client=account.as_role(STANDARD))
    answer = account.client.put(f"/request/{order['requests'][0]['id']}/status",
                                {"status": "rejected", "processor_comment": "by the test"})
    case.equal(f"reject: {answer}", answer.status, 204)
    return order["id"]


def issue(account, name, **more):
    """An order that is issued once its domain is looked at: however late the name servers show it."""
    order = account.place(name, **more)
    account.publish(name, order["dcv_random_value"])

    def ask():
        account.check(order["id"])
        info = account.info(order["id"])
        return info if info["status"] == "issued" else None
    return case.until(f"{name} is issued", ask)


def feed(client, after=None, **query):
    if after:
        query["after"] = after
    return client.get("/events?" + urllib.parse.urlencode(query))


def events(client, after=None, **query):
    answer = feed(client, after, **query)
    case.equal(f"events: {answer}", answer.status, 200)
    return answer.json["events"], answer.json["cursor"]


def all_of(client, count, limit=1000):
    """The feed from its beginning to its end, once it has so many."""
    def ask():
        found, cursor = [], None
        while True:
            page, cursor = events(client, cursor, limit=limit)
            found += page
            if not page:
                return (found, cursor) if len(found) >= count else None
    return case.until(f"{count} events", ask)


class Poller(threading.Thread):
    """A caller that waits for events, with a connection of its own."""

    def __init__(self, client, after=None, wait=30):
        super().__init__(daemon=True)
        self.client, self.after, self.wait_s, self.answer = client.another(), after, wait, None
        self.start()

    def run(self):
        self.answer = feed(self.client, self.after, wait=self.wait_s)

    def end(self):
        self.join(case.PATIENCE + 15)
        case.true("the poller was answered", self.answer is not None)
        case.equal(f"poller: {self.answer}", self.answer.status, 200)
        return self.answer.json


def waiting(stack):
    """Requests that the door has not answered, as the gateway's metrics count them."""
    with urllib.request.urlopen(f"http://{stack.address}:9101/metrics", timeout=5) as r:
        text = r.read().decode()
    return int(float(re.search(r"^chancery_http_calls(?:\{[^}]*\})? ([0-9.]+)", text, re.M).group(1)))


@tests
def an_event_while_two_wait(stack):
    account, stranger = Account(stack), Account(stack)
    _, cursor = events(account.client)
    golden.check("GET events nothing yet", feed(account.client, cursor), loose=("cursor",))
    pollers = [Poller(account.client, cursor), Poller(account.client)]
    foreign = Poller(stranger.client, cursor)
    case.until("three wait", lambda: waiting(stack) == 3)
    order = reject(account, "pulled.example.com")
    first, second = [p.end() for p in pollers]
    case.equal("both see it", first, second)
    case.equal("event", [(e["event"], e["data"]) for e in first["events"]], [(REJECTED, {"order_id": order})])
    case.equal("cursor", first["cursor"], first["events"][-1]["cursor"])
    case.true("the other account waits", foreign.answer is None)
    theirs = reject(stranger, "foreign.example.com")
    case.equal("theirs", [e["data"]["order_id"] for e in foreign.end()["events"]], [theirs])
    golden.check("GET events", feed(account.client, cursor), loose=("cursor",))
    case.equal("nothing after it", events(account.client, first["cursor"]), ([], first["cursor"]))


@tests
def waiting_ends(stack):
    account = Account(stack)
    answer = case.within("wait=1", 10, lambda: feed(account.client, wait=1))
    case.equal(f"nothing came: {answer}", (answer.status, answer.json["events"]), (200, []))
    pollers = [Poller(account.client) for _ in range(21)]
    crowd = case.until("one finds no room", lambda: [p for p in pollers if p.answer])
    pollers.remove(crowd[0])
    answer = crowd[0].answer
    case.equal(f"no more of one account: {answer}", (answer.status, answer.headers.get("retry-after")), (429, "1"))
    reject(account, "crowd.example.com")
    case.equal("all others are told", {p.end()["cursor"] for p in pollers}, {events(account.client)[1]})


@tests
def paging_to_the_end(stack):
    account = Account(stack)
    orders = [reject(account, f"page{n}.example.com") for n in range(5)]
    whole, _ = all_of(account.client, 5)
    case.equal("in the order of what happened", [e["data"]["order_id"] for e in whole], orders)
    for limit in (1, 2, 5):
        case.equal(f"limit {limit}", all_of(account.client, 5, limit)[0], whole)
    middle, _ = events(account.client, whole[2]["cursor"])
    case.equal("after the third", middle, whole[3:])


@tests
def over_a_restart(stack):
    account = Account(stack)
    before = reject(account, "before.example.com")
    seen, cursor = all_of(account.client, 1)
    poller = Poller(account.client, cursor)
    case.until("it waits", lambda: waiting(stack) == 1)
    stack.signal("gateway", signal.SIGTERM)
    drained = case.within("a drain answers who waits", 15, poller.end)
    case.equal("with nothing", (drained["events"], drained["cursor"]), ([], cursor))
    case.until("the gateway has ended", lambda: stack.pid("gateway") is None)
    stack.start("gateway")
    stack.await_ready("gateway")
    account.client.close()
    after = reject(account, "after.example.com")
    found = Poller(account.client, cursor).end()["events"]
    case.equal("goes on", [e["data"]["order_id"] for e in found], [after])
    case.equal("from the beginning", [e["data"]["order_id"] for e in all_of(account.client, 2)[0]], [before, after])
    case.equal("as it was", all_of(account.client, 2)[0][0], seen[0])


@tests
def bad_questions(stack):
    account = Account(stack)
    for query, field in ({"after": "nonsense"}, "after"), ({"after": "Af" + "_" * 21}, "after"), \
                        ({"wait": 31}, "wait"), ({"wait": -1}, "wait"), ({"wait": "long"}, "wait"), \
                        ({"limit": 1001}, "limit"), ({"limit": -1}, "limit"):
        answer = feed(account.client, **query)
        case.equal(f"{query}: {answer}", (answer.status, answer.error.get("field")), (400, field))
    limited = account.as_role(2)
    refused = feed(limited)
    case.equal(f"a limited user: {refused}", refused.status, 403)


@tests
def all_events_are_there(stack):
    """Also of certificates issued in the answer, which webhooks tell only if asked; and not of a
    cancellation, which is the customer's own."""
    account = Account(stack)
    account.webhook("/hooks/all", events=[ISSUED, REJECTED])
    proven = issue(account, "example.com", certificate_dcv_scope="base_domain")
    instant = account.place("instant.example.com", certificate_dcv_scope="base_domain")
    canceled = account.place("canceled.example.net")
    answer = account.client.put(f"/order/certificate/{canceled['id']}/status", {"status": "CANCELED"})
    case.equal(f"cancel: {answer}", answer.status, 204)
    rejected = reject(account, "rejected.example.net")
    found, _ = all_of(account.client, 3)
    case.equal("events", [(e["event"], e["data"]) for e in found], [
        (ISSUED, {"order_id": proven["id"], "certificate_id": proven["certificate"]["id"]}),
        (ISSUED, {"order_id": instant["id"], "certificate_id": instant["certificate_id"]}),
        (REJECTED, {"order_id": rejected})])
    stack.sink.wait("/hooks/all", ISSUED, order_id=proven["id"])
    stack.sink.wait("/hooks/all", REJECTED, order_id=rejected)


# ---- the log

def log_of(client, path="/webhook/event-logs", **query):
    answer = client.get(f"{path}?" + urllib.parse.urlencode(query))
    case.equal(f"log: {answer}", answer.status, 200)
    return answer.json


@tests
def log_filters(stack):
    account, other = Account(stack), Account(stack)
    number = account.webhook("/hooks/log", events=[REJECTED])
    for path in ("/status/500", "/status/503", "/hooks/ok"):
        account.client.post("/webhook/test-endpoint", {"endpoint": stack.sink.url + path})
    order = reject(account, "log.example.com")
    path = "/webhook/event-logs"
    case.until("five entries", lambda: log_of(account.client)["page"]["total"] == 5)
    newest = log_of(account.client)["events"]
    case.equal("oldest first", log_of(account.client, sort="request_sent_time")["events"], newest[::-1])
    names = [(e["event_name"], e.get("response_code")) for e in newest]
    case.equal("newest first", names, [
        (REJECTED, 200), ("test_webhook_endpoint", 200), ("test_webhook_endpoint", 503),
        ("test_webhook_endpoint", 500), ("challenge_webhook_endpoint", 200)])
    for query, places in (
            ({"filters[event_name]": REJECTED}, [0]),
            ({"filters[event_name][0]": REJECTED, "filters[event_name][1]": "challenge_webhook_endpoint"}, [0, 4]),
            ({"filters[request_status]": "failed"}, [2, 3]),
            ({"filters[request_status][0]": "failed", "filters[request_status][1]": "success"}, [0, 1, 2, 3, 4]),
            ({"filters[response_code]": 500}, [3]),
            ({"filters[event_name]": "test_webhook_endpoint", "filters[response_code]": 200}, [1]),
            ({"filters[request_sent_time]": "<2020-01-01"}, []),
            ({"filters[request_sent_time]": ">2020-01-01"}, [0, 1, 2, 3, 4]),
            ({"filters[request_sent_time]": "2020-01-01...2020-02-01"}, []),
            ({"filters[request_sent_time]": f"2020-01-01...{newest[4]['request_sent_time']}"}, None)):
        page = log_of(account.client, **query)
        found = [newest.index(e) for e in page["events"]]
        if places is None:
            case.inside(f"{query}", 4, found)
            continue
        case.equal(f"{query}", (found, page["page"]["total"]), (places, len(places)))
    one = log_of(account.client, f"/webhook/{number}/event-logs")
    case.equal("of one webhook", one["events"], [newest[0], newest[4]])
    case.equal("numbers", [e.get("webhook_id") for e in newest], [number, None, None, None, number])
    case.equal("order", newest[0]["event_info"], {"order_id": order})
    for query, field in (({"filters[request_status]": "good"}, "filters.request_status"),
                         ({"filters[request_sent_time]": "yesterday"}, "filters.request_sent_time"),
                         ({"filters[response_code]": "x"}, "filters.response_code")):
        answer = account.client.get(f"{path}?" + urllib.parse.urlencode(query))
        case.equal(f"{query}: {answer}", (answer.status, answer.error.get("field")), (400, field))
    foreign = other.client.get(f"/webhook/{number}/event-logs")
    case.equal(f"another's: {foreign}", (foreign.status, foreign.error["code"]), (404, "not_found|webhook"))
    golden.check("GET webhook/{webhook_id}/event-logs",
                 account.client.get(f"/webhook/{number}/event-logs?filters[event_name]=order_rejected"), loose=("id",))
    golden.check("GET webhook/event-logs", account.client.get(path + "?filters[event_name]=order_rejected"))


# ---- again

def given_up(stack, account, number, path, names):
    """Orders whose events the webhook has refused until they were given up: their last attempt is
    brought forward."""
    stack.db.run(f"UPDATE webhook SET endpoint = '{stack.sink.url}{path}' WHERE id = {number}")
    orders = [reject(account, name) for name in names]
    mine = (f"SELECT d.id FROM delivery d JOIN event e ON e.id = d.event_id WHERE d.webhook_id = {number}"
            f" AND e.order_id IN ({', '.join(map(str, orders))})")
    case.until("the first attempts are logged", lambda: stack.db.number(
        f"SELECT count(DISTINCT delivery_id) FROM delivery_attempt WHERE delivery_id IN ({mine})") == len(orders))
    case.until("all are given up", lambda: stack.db.run(
        f"UPDATE delivery SET tries = 9 WHERE tries < 9 AND id IN ({mine});"
        "UPDATE job SET run_at = '2020-01-01' WHERE lane = 'deliver' AND lease_until IS NULL"
        f" AND subject IN ({mine})") or stack.db.number(
            f"SELECT count(*) FROM delivery WHERE state = 'failed' AND failed_at IS NOT NULL AND id IN ({mine})")
        == len(orders))
    return orders


def entry_of(account, order, number):
    return [e for e in log_of(account.client, f"/webhook/{number}/event-logs")["events"]
            if e.get("event_info", {}).get("order_id") == order][0]


@tests
def one_again(stack):
    account, other = Account(stack), Account(stack)
    number = account.webhook("/hooks/again", events=[REJECTED])
    path = f"/flaky/2/again{number}"
    order = given_up(stack, account, number, path, ["again.example.com"])[0]
    entry = entry_of(account, order, number)
    case.equal("failed", (entry["request_status"], entry["response_code"]), ("failed", 500))
    replay = f"/webhook/{number}/event-logs/{entry['id']}/replay"
    foreign = other.client.post(replay)
    case.equal(f"another's: {foreign}", (foreign.status, foreign.error["code"]), (404, "not_found|webhook"))
    account.client.put(f"/webhook/{number}/deactivate")
    refused = account.client.post(replay)
    case.equal(f"inactive: {refused}", (refused.status, refused.error), (400, {
        "code": "webhook_inactive", "field": "webhook_id",
        "message": "webhook_id is inactive: activate it, then send again"}))
    golden.check("POST webhook/{webhook_id}/event-logs/{entry_id}/replay inactive", refused)
    account.client.put(f"/webhook/{number}/activate")
    answer = account.client.post(replay)
    case.equal(f"replay: {answer}", answer.status, 204)
    golden.check("POST webhook/{webhook_id}/event-logs/{entry_id}/replay", answer)
    messages = stack.sink.wait(path, REJECTED, count=3, order_id=order)
    case.equal("one webhook-id", len({m["headers"]["webhook-id"] for m in messages}), 1)
    case.until("it is taken", lambda: entry_of(account, order, number)["request_status"] == "success")
    # What was taken may be sent again, too.
    case.equal("once more", account.client.post(replay).status, 204)
    stack.sink.wait(path, REJECTED, count=4, order_id=order)
    missing = account.client.post(f"/webhook/{number}/event-logs/999999999/replay")
    case.equal(f"no such entry: {missing}", (missing.status, missing.error.get("field")), (404, "entry_id"))
    challenge = log_of(account.client, f"/webhook/{number}/event-logs",
                       **{"filters[event_name]": "challenge_webhook_endpoint"})["events"][0]
    refused = account.client.post(f"/webhook/{number}/event-logs/{challenge['id']}/replay")
    case.equal(f"a challenge: {refused}", (refused.status, refused.error.get("field")), (400, "entry_id"))
    case.equal("audit", stack.db.number(
        f"SELECT count(*) FROM audit WHERE activity = 'delivery replayed' AND subject = 'webhook/{number}'"), 2)


@tests
def all_that_failed(stack):
    account, other = Account(stack), Account(stack)
    number = account.webhook("/hooks/failed", events=[REJECTED])
    orders = given_up(stack, account, number, "/status/500", [f"failed{n}.example.com" for n in range(3)])
    stack.db.run(f"UPDATE webhook SET endpoint = '{stack.sink.url}/hooks/mended{number}' WHERE id = {number}")
    replay, since = f"/webhook/{number}/replay", {"failed_since": "2020-01-01T00:00:00Z"}
    foreign = other.client.post(replay, since)
    case.equal(f"another's: {foreign}", (foreign.status, foreign.error["code"]), (404, "not_found|webhook"))
    missing = account.client.post(replay, {})
    case.equal(f"since when: {missing}", (missing.status, missing.error.get("field")), (400, "failed_since"))
    later = account.client.post(replay, {"failed_since": "2999-01-01T00:00:00Z"})
    case.equal(f"none since then: {later}", later.json, {"replayed": 0, "more": False})
    account.client.put(f"/webhook/{number}/deactivate")
    refused = account.client.post(replay, since)
    case.equal(f"inactive: {refused}", (refused.status, refused.error["code"]), (400, "webhook_inactive"))
    account.client.put(f"/webhook/{number}/activate")
    answer = account.client.post(replay, since)
    case.equal(f"replay: {answer}", (answer.status, answer.json), (200, {"replayed": 3, "more": False}))
    golden.check("POST webhook/{webhook_id}/replay", answer)
    again = account.client.post(replay, since)
    case.equal(f"they wait already: {again}", again.json["replayed"], 0)
    stack.advance(5)  # the jobs' head start
    for order in orders:
        found = stack.sink.wait(f"/hooks/mended{number}", REJECTED, order_id=order)
        refused = [m for m in stack.sink.messages("/status/500", REJECTED) if m["data"]["order_id"] == order]
        case.equal("one webhook-id", {m["headers"]["webhook-id"] for m in found + refused},
                   {found[0]["headers"]["webhook-id"]})
    case.equal("audit", stack.db.rows(
        f"SELECT detail->>'count' AS count FROM audit WHERE activity = 'deliveries replayed'"
        f" AND subject = 'webhook/{number}'"), [{"count": "3"}])


# ---- Slack

def texts(stack, path):
    return [m for m in stack.sink.messages(path) if m["event"] is None]


def text_of(message):
    body = json.loads(message["body"])
    case.equal("members", list(body), ["text"])
    return body["text"]


@tests
def told_to_people(stack):
    """The sink as Slack: text in place of JSON, and the token to read."""
    stack.settings["CHANCERY_SLACK_ENDPOINTS"] = f"{stack.address}:8443/slack/"
    stack.signal("notifier", signal.SIGTERM)
    case.until("the notifier has ended", lambda: stack.pid("notifier") is None)
    stack.start("notifier")
    stack.await_ready("notifier")
    account = Account(stack)
    client, path = account.client, "/slack/channel"
    secret = "a secret of at least thirty-two characters"
    number = client.post("/webhook", {"endpoint": stack.sink.url + path, "secret": secret,
                                      "events": [ISSUED, REJECTED]}).json["webhook_id"]
    case.until("the gateway sees the notifier again",
               lambda: client.put(f"/webhook/{number}/send-challenge").status == 204)
    challenge = case.until("the token is shown", lambda: texts(stack, path))[-1]
    token = re.search(r"Token `([a-z0-9]+)`", text_of(challenge)).group(1)
    case.equal("check", client.put(f"/webhook/{number}/check-challenge", {"token": token}).status, 204)
    case.equal("activate", client.put(f"/webhook/{number}/activate").status, 204)
    info = issue(account, "slack.example.com")
    order = reject(account, "refused.example.net")
    said = case.until("both are told", lambda: [m for m in texts(stack, path) if "Order" in m["body"]][1:]
                      and texts(stack, path))
    issued, rejected = sorted((text_of(m) for m in said[-2:]), key=lambda t: "rejected" in t)
    case.equal("issued", issued, "\n".join([
        "*A certificate was issued*", f"Order {info['id']}", f"Certificate {info['certificate']['id']}",
        "Common name `slack.example.com`", f"Product {info['product']['name']}",
        f"Valid from {info['certificate']['valid_from']} to {info['certificate']['valid_till']}",
        "What to do: Download it and install it on your server."]))
    case.equal("rejected", rejected.split("\n")[:2], ["*An order was rejected*", f"Order {order}"])
    case.true("no secret", all(secret not in str(m["headers"]) for m in said))
    test = client.post("/webhook/test-endpoint", {"endpoint": stack.sink.url + "/slack/test"})
    case.equal(f"test: {test}", test.status, 200)
    case.inside("test", "This is a test message", text_of(texts(stack, "/slack/test")[0]))
    json_too = account.webhook("/hooks/beside", events=[REJECTED])
    order = reject(account, "beside.example.net")
    message = stack.sink.wait("/hooks/beside", REJECTED)[0]
    case.equal("others get JSON", message["data"], {"order_id": order})
    case.true("they are two", json_too != number)
