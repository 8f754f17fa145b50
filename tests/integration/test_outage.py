"""What the house leans on refuses, or says nothing at all: the right answer at the deadline, never a hang,
and no accepted order is lost."""
import concurrent.futures

from harness import case, pki, promise
from harness.promise import Customer
from harness.tests import Tests

tests = Tests()
DEADLINE = 3
LATE = 10  # how late a busy machine may be; what hangs is heard of when its client gives up, after 40 s
SETTINGS = {
    "CHANCERY_HTTP_DEADLINE": f"{DEADLINE}s",
    "CHANCERY_ISSUE_LEASE": "4s",
    "CHANCERY_DCV_TIMEOUT": "1s",
    "CHANCERY_DCV_LEASE": "2s",
    "CHANCERY_DELIVER_TIMEOUT": "1s",
    "CHANCERY_DELIVER_LEASE": "4s",
}
OURS = {503, 504}  # an error that is not the caller's
PENDING, ISSUED, ANY = "pending", "issued", "any"


class Shared:
    customer = None

    @classmethod
    def of(cls, stack):
        if cls.customer is None or cls.customer.stack is not stack:
            cls.customer = Customer(stack, "/outage")
            cls.customer.unproved = []
            cls.customer.waiting = cls.customer.order("waiting.example.net")["id"]
            cls.customer.done = cls.customer.instant()
            cls.customer.looked = cls.customer.fresh_name()
            order_of(cls.customer, cls.customer.account.client, cls.customer.looked)
        return cls.customer


# ---- calls; each gives (answer, what became of it)

def keep(customer, answer, name):
    """What was accepted is owed."""
    if answer.status == 201:
        customer.told(answer.json, name)
        return answer, ISSUED if answer.json.get("certificate_id") else PENDING
    return answer, None


def order_of(customer, client, name):
    return keep(customer, customer.account.order(name, client, certificate_dcv_scope="base_domain"), name)


def order_at_once(customer, client):
    """Proved below its domain; its CAA records are looked at now."""
    return order_of(customer, client, customer.fresh_name())


def order_again(customer, client):
    """Its CAA records have been looked at."""
    return order_of(customer, client, customer.looked)


def order_to_prove(customer, client):
    name = customer.fresh_name()
    answer = customer.account.order(name, client)
    if answer.status == 201:
        customer.unproved.append((answer.json["id"], name, answer.json["dcv_random_value"]))
    return keep(customer, answer, name)


def order_by_token(customer, client):
    return keep(customer, customer.account.order(customer.token_name, client, use_auth_key=True), customer.token_name)


def check(customer, client):
    answer = client.put(f"/order/certificate/{customer.waiting}/check-dcv")
    return answer, answer.json.get("order_status") if answer.status == 200 else None


def info(customer, client):
    answer = client.get(f"/order/certificate/{customer.done}")
    return answer, answer.json.get("status")


def download(customer, client):
    return client.get(f"/certificate/download/order/{customer.done}"), ANY


def try_listener(customer, client):
    return client.post("/webhook/test-endpoint", {"endpoint": customer.stack.sink.url + "/outage/try"}), ANY


# ---- what happens to whom

def kill(name):
    return lambda stack: stack.kill(name), lambda stack: stack.start(name)


def freeze(name):
    return lambda stack: stack.stop(name), lambda stack: stack.go_on(name)


def mood(text):
    return lambda stack: stack.mood(text), lambda stack: stack.mood()


ALL_FAIL = [(order_at_once, OURS, None), (order_to_prove, OURS, None), (check, OURS, None),
            (info, OURS, None), (download, OURS, None)]
NOTHING_FAILS = [(order_at_once, {201}, ISSUED), (order_to_prove, {201}, PENDING), (check, {200}, PENDING),
                 (info, {200}, ISSUED), (download, {200}, ANY)]
NO_SIGNING = [(order_at_once, {201}, PENDING), (order_to_prove, {201}, PENDING), (check, {200}, PENDING),
              (info, {200}, ISSUED), (download, {200}, ANY)]
NO_LOOKING = [(order_again, {201}, ISSUED), (order_at_once, {201}, PENDING), (order_to_prove, {201}, PENDING),
              (check, {200, *OURS}, ANY), (order_by_token, {400, *OURS}, None), (info, {200}, ISSUED)]
NO_TELLING = [(order_at_once, {201}, ISSUED), (try_listener, {400, *OURS}, ANY), (info, {200}, ISSUED)]

OUTAGES = [  # whom, refusing and black-holed, and what calls give meanwhile: status, what became of it
    ("postgres refuses", kill("postgres"), ALL_FAIL),
    ("postgres says nothing", freeze("postgres"), ALL_FAIL),
    ("redis refuses", kill("redis"), NOTHING_FAILS),
    ("redis says nothing", freeze("redis"), NOTHING_FAILS),
    ("the token refuses", mood("C_Sign 0x30"), NO_SIGNING),
    ("the token says nothing", mood("C_Sign hang"), NO_SIGNING),
    ("the issuer is gone", kill("issuer"), NO_SIGNING),
    ("the issuer says nothing", freeze("issuer"), NO_SIGNING),
    ("DNS refuses", kill("dns"), NO_LOOKING),
    ("DNS says nothing", freeze("dns"), NO_LOOKING),
    ("validation is gone", kill("validation"), NO_LOOKING),
    ("validation says nothing", freeze("validation"), NO_LOOKING),
    ("the webhook host refuses", kill("sink"), NO_TELLING),
    ("the webhook host says nothing", freeze("sink"), NO_TELLING),
    ("the notifier is gone", kill("notifier"), NO_TELLING),
    ("the notifier says nothing", freeze("notifier"), NO_TELLING),
    ("the scheduler is gone", kill("scheduler"), NOTHING_FAILS),
]


def one_call(customer, label, call, statuses, became):
    """Over a connection of its own; what was wrong, or None."""
    client = customer.account.client.another()
    what = f"{label}: {call.__name__}"
    try:
        answer, found = case.within(what, DEADLINE + LATE, lambda: call(customer, client))
        case.true(f"{what}: {answer}", answer.status in statuses)
        case.true(f"{what}: {found} of {answer}", became in (None, ANY, found))
        if answer.status >= 400:
            case.true(f"{what}: a code in {answer}", answer.error.get("code"))
    except Exception as e:  # the other calls are made all the same
        return str(e) if isinstance(e, case.Failed) else f"{what}: {e!r}"
    finally:
        client.close()


def meanwhile(customer, label, calls):
    """All calls at once, and then once more; what was wrong, as lines."""
    problems = []
    with concurrent.futures.ThreadPoolExecutor(len(calls)) as pool:
        for _ in range(2):
            problems += pool.map(lambda row: one_call(customer, label, *row), calls)
    return [p for p in problems if p]


def prepare(customer):
    """A token that would be found, if somebody looked."""
    customer.token_name = customer.fresh_name()
    customer.account.publish(customer.token_name, pki.request_token(
        customer.auth_key, pki.csr(), customer.stack.now() - 60))


def prove_the_accepted(customer):
    """Orders that were accepted in the outage go on by their records."""
    for number, name, value in customer.unproved:
        customer.account.publish(name, value)
        customer.persist(f"check of {name}", lambda n=number: customer.account.client.another().put(
            f"/order/certificate/{n}/check-dcv").status == 200)
    customer.unproved = []


def outage(label, hurt, calls):
    """A test of its own for each row."""
    def test(stack):
        customer = Shared.of(stack)
        if any(call is order_by_token for call, _, _ in calls):
            prepare(customer)
        breaking, mending = hurt
        breaking(stack)
        try:
            problems = meanwhile(customer, label, calls)
            if calls is not ALL_FAIL and not stack.ready("gateway"):
                problems.append(f"{label}: the gateway closes its door to orders that can wait")
        finally:
            mending(stack)
        stack.await_ready()
        prove_the_accepted(customer)
        problems += lost(customer)
        if problems:
            raise case.Failed("\n".join(problems))
    test.__name__ = label.replace(" ", "_")
    return test


def lost(customer):
    """Accepted orders that are not issued, or of which nobody was told."""
    customer.settle(30)
    return promise.issued_once(customer.stack.db, customer.log) + promise.told_once(customer.messages(), customer.log)


for row in OUTAGES:
    tests(outage(*row))


@tests
def all_four_checks_at_the_end(stack):
    Shared.of(stack).kept()
