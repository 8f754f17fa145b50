"""An order renews another: in its window, once, and both say so."""
import datetime
import threading

from harness import case, golden, pki
from harness.account import Account
from harness.days import a_year_after, after_days, created
from harness.tests import Tests

tests = Tests()
TABLES = ("orders", "request_name", "request", "job", "idempotency", "order_renewal")
FIELD = "renewal_of_order_id"
NOT_ELIGIBLE, RENEWED = "order_not_eligible_for_renewal", "order_renewed_already"
PEOPLE = ("email", "first_name", "firstname", "container.name")
SHORT = {"order_validity": {"days": 30}}  # its window is open from the first day on
AT_ONCE = {"certificate_dcv_scope": "base_domain"}


def customer(stack):
    """Whose example.com is proved: orders below it are issued in the answer."""
    account = Account(stack)
    account.prove("example.com")
    return account


def issued(account, name, **more):
    order = account.place(name, **{**AT_ONCE, **SHORT, **more})
    case.true(f"issued: {order}", order.get("certificate_id"))
    return order["id"]


def refused(stack, code, before, answer):
    case.equal(f"{answer}", (answer.status, answer.error["code"], answer.error["field"]), (400, code, FIELD))
    case.equal("rows", stack.db.counts(*TABLES), before)


def links(account, order_id):
    info = account.info(order_id)
    return info["is_renewal"], info["is_renewed"], info["renewed_order_id"], info.get("renewal_order_id")


def mark(account, order_id, status):
    return account.client.put(f"/order/certificate/{order_id}/status", {"status": status}).status


def day(account, order_id):
    return datetime.date.fromisoformat(account.info(order_id)["order_valid_till"])


@tests
def both_orders_say_so(stack):
    account = customer(stack)
    old = issued(account, "both.example.com")
    case.equal("before", links(account, old), (False, False, 0, None))
    new = issued(account, "both.example.com", order_validity={"years": 1}, **{FIELD: old})
    case.equal("old", links(account, old), (False, True, 0, new))
    case.equal("new", links(account, new), (True, False, old, None))
    golden.check("GET order/certificate/{order_id} renewed", account.client.get(f"/order/certificate/{old}"), loose=PEOPLE)
    golden.check("GET order/certificate/{order_id} renewal", account.client.get(f"/order/certificate/{new}"), loose=PEOPLE)


@tests
def lists_say_so(stack):
    account = customer(stack)
    old = issued(account, "list.example.com")
    new = issued(account, "list.example.com", order_validity={"years": 1}, **{FIELD: old})
    for flag, wanted, other in (("1", old, new), ("0", new, old)):
        answer = account.client.get(f"/order/certificate?filters[is_renewed]={flag}")
        found = {o["id"]: o["is_renewed"] for o in answer.json["orders"]}
        case.true(f"{flag}: {found}", wanted in found and other not in found)
        case.equal(f"{flag}", set(found.values()), {flag == "1"})


@tests
def what_is_left_is_added(stack):
    """To years and days; a named day is that day."""
    account = customer(stack)
    for name, validity, later in (("y", {"years": 1}, a_year_after), ("d", {"days": 50}, lambda d: after_days(d, 50))):
        old = issued(account, f"left-{name}.example.com")
        new = issued(account, "left.example.com", order_validity=validity, **{FIELD: old})
        made = created(account.info(new))
        case.equal(f"{validity}", day(account, new), later(made) + (day(account, old) - made))
    old = issued(account, "left.example.com")
    until = (day(account, old) + datetime.timedelta(40)).isoformat()
    new = issued(account, "left.example.com", order_validity={"custom_expiration_date": until}, **{FIELD: old})
    case.equal("the named day", day(account, new).isoformat(), until)


@tests
def no_order_is_named(stack):
    account = customer(stack)
    for none in (0, None, "0"):
        new = issued(account, "none.example.com", **{FIELD: none})
        case.equal(f"{none!r}", links(account, new), (False, False, 0, None))


@tests
def as_text(stack):
    account = customer(stack)
    old = issued(account, "text.example.com")
    new = issued(account, "text.example.com", order_validity={"years": 1}, **{FIELD: str(old)})
    case.equal("renewal", links(account, new)[2], old)


@tests
def not_eligible(stack):
    account, stranger = customer(stack), customer(stack)
    theirs, early = issued(stranger, "a.example.com"), issued(account, "b.example.com", order_validity={"years": 1})
    waiting = account.place("waits.example.net", **SHORT)["id"]
    canceled = account.place("canceled.example.net", **SHORT)["id"]
    case.equal("cancel", mark(account, canceled, "canceled"), 204)
    before = stack.db.counts(*TABLES)
    for number in (1, -5, theirs, early, waiting, canceled):
        refused(stack, NOT_ELIGIBLE, before, account.order("b.example.com", **AT_ONCE, **{FIELD: number}))
    golden.check("POST order/certificate/{name_id} renewal too early", account.order("b.example.com", **AT_ONCE, **{FIELD: early}))
    wrong = account.order("b.example.com", **AT_ONCE, **{FIELD: "soon"})
    case.equal(f"no number: {wrong}", (wrong.status, wrong.error["field"]), (400, FIELD))
    case.equal("rows", stack.db.counts(*TABLES), before)


@tests
def only_while_the_window_is_open(stack):
    """From 90 days before the order's end until 30 days after; the bounds are rules of the policy."""
    account = customer(stack)
    for days, good in ((91, False), (89, True), (-29, True), (-31, False)):
        old = issued(account, f"window{days}.example.com")
        stack.db.run(f"UPDATE orders SET valid_till = :now + interval '{days * 24} hours'"
                     f" WHERE id = {old}")
        answer = account.order("window.example.com", **AT_ONCE, order_validity={"years": 1}, **{FIELD: old})
        case.equal(f"{days} days before the end: {answer}", answer.status, 201 if good else 400)
        if days < 0 and good:
            made = created(account.info(answer.json["id"]))
            case.equal("nothing is left to be added", day(account, answer.json["id"]), a_year_after(made))


@tests
def once(stack):
    account = customer(stack)
    old = issued(account, "once.example.com")
    first = issued(account, "once.example.com", order_validity={"years": 1}, **{FIELD: old})
    before = stack.db.counts(*TABLES)
    again = account.order("once.example.com", **AT_ONCE, order_validity={"years": 2}, **{FIELD: old})
    refused(stack, RENEWED, before, again)
    golden.check("POST order/certificate/{name_id} renewed already", again)
    case.equal("the first stays", links(account, old)[3], first)


@tests
def the_same_request_again(stack):
    """It is the order that it has placed, not a second renewal."""
    account = customer(stack)
    old = issued(account, "again.example.com")
    more = {**AT_ONCE, "order_validity": {"years": 1}, FIELD: old}
    first, again = account.order("again.example.com", **more), account.order("again.example.com", **more)
    case.equal(f"again: {again}", (again.status, again.headers.get("duplicate-of")), (201, str(first.json["id"])))
    case.equal("document", again.json, first.json)


@tests
def many_at_once(stack):
    """Twenty callers renew one order: one does."""
    account = customer(stack)
    old = issued(account, "many.example.com")
    gate, answers = threading.Barrier(20), []

    def call(number):
        client = account.client.another()
        gate.wait()
        answers.append(account.order("many.example.com", client=client, headers={"Idempotency-Key": f"many{number}"},
                                     **AT_ONCE, order_validity={"years": 1}, **{FIELD: old}))
        client.close()

    threads = [threading.Thread(target=call, args=(n,)) for n in range(20)]
    for t in threads:
        t.start()
    for t in threads:
        t.join()
    good = [a for a in answers if a.status == 201]
    case.equal(f"{answers}", (len(good), len(answers)), (1, 20))
    for answer in answers:
        if answer.status != 201:
            case.equal(f"{answer}", (answer.status, answer.error["code"]), (400, RENEWED))
    case.equal("renewals", stack.db.number(f"SELECT count(*) FROM orders o JOIN order_renewal r ON r.order_id = o.id"
                                           f" WHERE r.renewed_order_id = {old}"), 1)
    case.equal("orders", stack.db.number(f"SELECT count(*) FROM request_name WHERE account_id = {account.id}"
                                         " AND position = 0 AND name = 'many.example.com'"), 2)


@tests
def a_renewal_that_comes_to_nothing(stack):
    """Cancelled or rejected, it sets its order free."""
    account = customer(stack)
    old = issued(account, "free.example.com")
    more = {"order_validity": {"years": 1}, FIELD: old}
    canceled = account.place("free.example.net", **more)["id"]
    case.equal("renewed", links(account, old)[1], True)
    case.equal("cancel", mark(account, canceled, "canceled"), 204)
    case.equal("free", links(account, old), (False, False, 0, None))
    case.equal("it was a renewal", links(account, canceled)[:3], (True, False, old))
    waiting = account.place("free.example.com", client=account.as_role(5), **AT_ONCE, **more)
    done = account.client.put(f"/request/{waiting['requests'][0]['id']}/status", {"status": "rejected"})
    case.equal(f"rejected: {done}", done.status, 204)
    case.equal("free again", links(account, old), (False, False, 0, None))
    issued(account, "free.example.com", **more)


@tests
def marked_by_the_customer(stack):
    account, stranger = customer(stack), Account(stack)
    old = issued(account, "mark.example.com")
    case.equal("a stranger", mark(stranger, old, "renewed"), 404)
    case.equal("a stranger's taking back", mark(stranger, old, "not_renewed"), 404)
    for _ in range(2):
        answer = account.client.put(f"/order/certificate/{old}/status", {"status": "RENEWED", "note": "elsewhere"})
        case.equal(f"mark: {answer}", answer.status, 204)
        case.equal("marked", links(account, old), (False, True, 0, None))
    golden.check("PUT order/certificate/{order_id}/status renewed", answer)
    before = stack.db.counts(*TABLES)
    more = {"order_validity": {"years": 1}, FIELD: old}
    refused(stack, RENEWED, before, account.order("mark.example.com", **AT_ONCE, **more))
    for _ in range(2):
        case.equal("taken back", mark(account, old, "not_renewed"), 204)
        case.equal("not marked", links(account, old), (False, False, 0, None))
    new = issued(account, "mark.example.com", **more)
    case.equal("a renewal is no mark", mark(account, old, "not_renewed"), 409)
    case.equal("still", links(account, old)[3], new)
    early = issued(account, "early.example.com", order_validity={"years": 1})
    case.equal("too early", mark(account, early, "renewed"), 409)
    case.equal("not issued", mark(account, account.place("wait.example.net")["id"], "renewed"), 409)


@tests
def private_orders_too(stack):
    account = Account(stack)

    def order(**more):
        body = {"certificate": {"common_name": "intranet", "csr": pki.csr()}, "order_validity": {"days": 20}, **more}
        answer = account.client.post("/order/certificate/private_ssl_flex", body)
        case.equal(f"{answer}", answer.status, 201)
        return answer.json["id"]

    old = order()
    case.equal("renewal", links(account, order(**{FIELD: old}))[2], old)
