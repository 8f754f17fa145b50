"""Certificates for browsers are logged before they are issued (RFC 6962), whatever logs do meanwhile."""
import json
import threading

from harness import case, metrics, pki
from harness.account import Account
from harness.logs import logs_of
from harness.tests import Tests
from harness.timestamps import judge, timestamps

tests = Tests()
SETTINGS = {
    "STACK_CT_LOGS": "oak=Alpha fig=Beta elm=Gamma",
    "CHANCERY_CT_SLOW": "1s",
    "CHANCERY_DCV_TIMEOUT": "5s",
    "CHANCERY_DCV_LEASE": "10s",
}
SHORT = {"order_validity": {"days": 90}}  # two timestamps
AT_ONCE = {"certificate_dcv_scope": "base_domain", **SHORT}
REST = 3700  # seconds: no log is left alone for longer


def calm(stack):
    """All logs are well, and what they did before is forgiven."""
    logs = logs_of(stack)
    for log in logs.values():
        log.behave("good")
    stack.advance(REST)
    return logs


def customer(stack, name):
    account = Account(stack)
    account.prove(name)
    return account


def certificate(account, order_id):
    number = account.info(order_id)["certificate"]["id"]
    answer = account.client.get(f"/certificate/{number}/download/format/pem_all")
    case.equal(f"download: {answer.status}", answer.status, 200)
    return pki.certificates(answer.body.decode().replace("\r\n", "\n"))


def judged(account, order_id, logs, count=2):
    chain = certificate(account, order_id)
    pki.verify(chain[0], [chain[1]], chain[2], at=account.stack.now() + 60)
    return judge(chain[0], chain[1], logs, count)


def at_once(account, name, **more):
    """An order that has its certificate in the answer."""
    order = account.place(name, **{**AT_ONCE, **more})
    case.true(f"certificate in the answer: {order}", order.get("certificate_id"))
    return order["id"]


def until_asked(account, log, name):
    """Orders, until one has asked that log; which logs are asked first changes."""
    before, number = log.asked(), 0
    while log.asked() == before:
        number += 1
        last = at_once(account, f"{number}.{name}")
    return last


def why(stack, order_id):
    return json.loads(stack.must_cli("why", "order", str(order_id), "--json"))


def submissions(stack, log, outcome):
    return metrics.value(stack, "validation", f'chancery_ct_submissions_total{{log="{log.name}",outcome="{outcome}"}}') or 0


@tests
def by_auth_key(stack):
    logs, account, name = calm(stack), Account(stack), "ct-token.example.com"
    key = account.client.post("/account/auth-key").json["auth_key"]
    stack.dns.set(f"_dnsauth.{name}", "TXT", pki.request_token(key, pki.csr(), stack.now() - 60))
    order = account.place(name, use_auth_key=True, **SHORT)
    case.true("certificate in the answer", order.get("certificate_id"))
    judged(account, order["id"], logs)


@tests
def by_a_record(stack):
    logs, account, name = calm(stack), Account(stack), "ct-txt.example.com"
    order = account.place(name, **SHORT)
    account.publish(name, order["dcv_random_value"])
    case.until("proved", lambda: account.check(order["id"]).status == 200)
    account.issued(order["id"])
    names = judged(account, order["id"], logs)
    told = [c["text"] for c in why(stack, order["id"])["chapters"] if c["chapter"] == "logged"]
    case.equal("who has promised is told", {w for w in names if any(f"log-{w} of " in t for t in told)}, names)


@tests
def many_at_once(stack):
    logs, account = calm(stack), customer(stack, "ct-many.example.com")
    orders, callers = [], []

    def call(number):
        answer = account.order(f"{number}.ct-many.example.com", client=account.client.another(), **AT_ONCE)
        orders.append(answer.json["id"] if answer.status == 201 else answer)
    for number in range(24):
        callers.append(threading.Thread(target=call, args=(number,)))
        callers[-1].start()
    for caller in callers:
        caller.join()
    seen = set()
    for order in orders:
        account.issued(order)
        seen |= judged(account, order, logs)
    case.equal("all have a part", seen, set(logs))


@tests
def a_slow_log_is_not_waited_for(stack):
    logs, account = calm(stack), customer(stack, "ct-slow.example.com")
    logs["oak"].behave("held")
    order = until_asked(account, logs["oak"], "ct-slow.example.com")
    case.equal("the others", judged(account, order, logs), {"fig", "elm"})
    case.true("counted", submissions(stack, logs["oak"], "slow") >= 1)
    calm(stack)


WRONGS = [  # manner, outcome in metrics, words
    ("status/503", "broken", "it answers 503"),
    ("status/400", "refused", "it answers 400"),
    ("limited/600", "limited", "it answers 429"),
    ("wrong", "wrong", "no timestamp of it"),
    ("foreign", "wrong", "no timestamp of it"),
    ("future", "wrong", "lies in the future"),
    ("garbage", "wrong", "no timestamp of it"),
    ("huge", "wrong", "longer than any timestamp"),
]


@tests
def another_log_serves(stack):
    account = customer(stack, "ct-wrong.example.com")
    for number, (manner, outcome, words) in enumerate(WRONGS):
        logs = calm(stack)
        before = submissions(stack, logs["oak"], outcome)
        logs["oak"].behave(manner)
        order = until_asked(account, logs["oak"], f"{number}.ct-wrong.example.com")
        case.equal(manner, judged(account, order, logs), {"fig", "elm"})
        case.true(f"{manner} is counted", submissions(stack, logs["oak"], outcome) > before)
        looked = stack.db.value("SELECT looked FROM precertificate p JOIN request r ON r.id = p.request_id"
                                f" WHERE r.order_id = {order}")
        case.inside(f"{manner} is kept", words, json.dumps(looked))


@tests
def what_a_log_wishes_is_heeded(stack):
    logs, account = calm(stack), customer(stack, "ct-limit.example.com")
    logs["oak"].behave("limited/600")
    until_asked(account, logs["oak"], "ct-limit.example.com")
    logs["oak"].behave("good")
    before = logs["oak"].asked()
    for number in range(6):
        at_once(account, f"x{number}.ct-limit.example.com")
    case.equal("it is left alone", logs["oak"].asked(), before)
    series = f'chancery_ct_log_rests{{log="{logs["oak"].name}"}}'
    case.equal("and it is seen", metrics.value(stack, "validation", series), 1)
    stack.advance(601)
    until_asked(account, logs["oak"], "late.ct-limit.example.com")
    case.equal("it is well again", metrics.value(stack, "validation", series), 0)


@tests
def all_logs_are_down(stack):
    """The order waits, says so, is frozen, and comes by itself."""
    logs, account = calm(stack), customer(stack, "ct-down.example.com")
    for log in logs.values():
        log.behave("status/503")
    order = account.place("www.ct-down.example.com", **AT_ONCE)
    case.equal("no certificate", order.get("certificate_id"), None)
    task, = account.info(order["id"])["blockers"]
    case.equal("what is left", (task["kind"], task["owner"]), ("transparency", "ca"))
    told, = [t for t in why(stack, order["id"])["open"] if t["kind"] == "transparency"]
    for name in logs:
        case.inside("which logs", f"log-{name} of ", told["detail"])
    case.inside("and what they say", "it answers 503", told["detail"])
    answer = account.client.put(f"/order/certificate/{order['id']}/status", {"status": "canceled"})
    case.equal(f"what is signed binds: {answer}", (answer.status, answer.error["code"]), (409, "conflict"))
    logs["elm"].behave("good")
    stack.advance(700)
    case.until("one has promised", lambda: stack.db.number(
        f"SELECT count(*) FROM sct s JOIN issuance x ON x.id = s.issuance_id JOIN request r ON r.id = x.request_id"
        f" WHERE r.order_id = {order['id']}") == 1)
    case.equal("which is too few", account.info(order["id"])["status"], "pending")
    logs["oak"].behave("good")

    def issued():
        stack.advance(700)
        return account.info(order["id"])["status"] == "issued"
    case.until("it comes by itself", issued)
    case.equal("by those", judged(account, order["id"], logs), {"oak", "elm"})


@tests
def logs_that_are_gone(stack):
    """Nobody listens, and nobody answers."""
    logs, account = calm(stack), customer(stack, "ct-gone.example.com")
    stack.kill("log-oak")
    for number in range(3):
        order = at_once(account, f"{number}.ct-gone.example.com")
        case.equal("the others", judged(account, order, {n: logs[n] for n in ("fig", "elm")}), {"fig", "elm"})
    stack.start("log-oak")
    calm(stack)
    stack.stop("log-fig")
    order = at_once(account, "hole.ct-gone.example.com")
    at_once(account, "hole2.ct-gone.example.com")
    stack.go_on("log-fig")
    judged(account, order, logs)


@tests
def who_wants_no_logs(stack):
    logs, account = calm(stack), customer(stack, "ct-none.example.com")
    before = [log.asked() for log in logs.values()]
    order = at_once(account, "www.ct-none.example.com", disable_ct=True)
    case.equal("no timestamps", timestamps(pki.der_of(certificate(account, order)[0])), [])
    body = {"certificate": {"common_name": "intranet", "csr": pki.csr()}, "order_validity": {"years": 1}}
    answer = account.client.post("/order/certificate/private_ssl_flex", body)
    case.equal(f"a private one: {answer}", answer.status, 201)
    case.equal("nor there", timestamps(pki.der_of(certificate(account, answer.json["id"])[0])), [])
    case.equal("nobody was asked", [log.asked() for log in logs.values()], before)


@tests
def renewed(stack):
    """Another certificate, another promise."""
    logs, account = calm(stack), customer(stack, "ct-renew.example.com")
    more = {"order_validity": {"days": 30}}
    old = at_once(account, "www.ct-renew.example.com", **more)
    new = at_once(account, "www.ct-renew.example.com", renewal_of_order_id=old, **more)
    for order in (old, new):
        judged(account, order, logs)
    first, second = ({s["signature"] for s in timestamps(pki.der_of(certificate(account, o)[0]))} for o in (old, new))
    case.equal("of their own", first & second, set())


@tests
def validation_dies_in_the_round(stack):
    logs, account = calm(stack), customer(stack, "ct-killed.example.com")
    for log in logs.values():
        log.behave("held")
    told = []
    caller = threading.Thread(target=lambda: told.append(account.place("www.ct-killed.example.com", **AT_ONCE)))
    caller.start()
    case.until("logs are asked", lambda: sum(log._call("/control")["held"] for log in logs.values()) >= 2)
    stack.kill("validation")
    for log in logs.values():
        log.behave("good")
    stack.start("validation")
    caller.join()
    account.issued(told[0]["id"])
    judged(account, told[0]["id"], logs)
    case.equal("one precertificate", stack.db.number(
        f"SELECT count(*) FROM precertificate p JOIN request r ON r.id = p.request_id WHERE r.order_id = {told[0]['id']}"), 1)
