"""The same request twice is one order."""
import threading

from harness import case
from harness.account import Account
from harness.tests import Tests

tests = Tests()
MINUTE = 60


def orders_of(stack, account):
    return stack.db.number(f"SELECT count(*) FROM orders WHERE account_id = {account.id}")


def keyed(account, name, key, **more):
    return account.order(name, headers={"Idempotency-Key": key}, **more)


@tests
def explicit_key(stack):
    account = Account(stack)
    first = keyed(account, "key.example.com", "k1")
    case.equal(f"first: {first}", (first.status, first.headers.get("duplicate-of")), (201, None))
    again = keyed(account, "key.example.com", "k1")
    case.equal(f"again: {again}", again.status, 201)
    case.equal("the same order", again.json, first.json)
    case.equal("Duplicate-Of", again.headers.get("duplicate-of"), str(first.json["id"]))
    other = keyed(account, "key.example.com", "k2")
    case.true(f"another key, another order: {other}", other.status == 201 and other.json["id"] != first.json["id"])
    wrong = keyed(account, "wrong.example.com", "k1")
    case.equal(f"another body: {wrong}", (wrong.status, wrong.error["code"]), (422, "idempotency_key_reused"))
    product = keyed(account, "key.example.com", "k1", product="ssl_dv_rapidssl")
    case.equal(f"another product: {product}", (product.status, product.error["code"]), (422, "idempotency_key_reused"))
    case.equal("orders", orders_of(stack, account), 2)
    stranger = Account(stack)
    theirs = keyed(stranger, "wrong.example.com", "k1")
    case.true(f"keys of accounts are their own: {theirs}",
              theirs.status == 201 and "duplicate-of" not in theirs.headers)


@tests
def issued_again(stack):
    """The duplicate of an issued order brings its certificate."""
    account = Account(stack)
    account.prove("example.com")
    more = {"certificate_dcv_scope": "base_domain"}
    first = keyed(account, "again.example.com", "k", **more)
    again = keyed(account, "again.example.com", "k", **more)
    case.equal("document", again.json, first.json)
    case.true("certificate", again.json.get("certificate_id") and again.headers.get("duplicate-of"))


@tests
def fingerprint(stack):
    """Without a key the request is its own for ten minutes."""
    account = Account(stack)
    name = "print.example.com"
    first = account.order(name)
    again = account.order(name)
    case.equal("the same", again.json["id"], first.json["id"])
    case.equal("Duplicate-Of", again.headers.get("duplicate-of"), str(first.json["id"]))
    other_key = stack.client(account.key("second"))
    other = account.order(name, client=other_key)
    case.true("of another key", other.json["id"] != first.json["id"])
    stack.advance(9 * MINUTE)
    case.equal("after nine minutes", account.order(name).json["id"], first.json["id"])
    stack.advance(2 * MINUTE)
    later = account.order(name)
    case.true(f"after eleven: {later}", later.json["id"] != first.json["id"] and "duplicate-of" not in later.headers)


@tests
def after_the_end(stack):
    """Once its order is canceled or rejected, the request makes a new one."""
    account = Account(stack)
    name = "ended.example.com"
    first = account.place(name)
    account.client.put(f"/order/certificate/{first['id']}/status", {"status": "canceled"})
    second = account.place(name)
    case.true("new after cancel", second["id"] != first["id"])
    account.client.put(f"/request/{second['requests'][0]['id']}/status", {"status": "rejected"})
    case.true("new after reject", account.place(name)["id"] not in (first["id"], second["id"]))


@tests
def twenty_at_once(stack):
    """Twenty callers with one request: one order, nineteen duplicates."""
    account = Account(stack)
    account.prove("example.com")
    for name, headers in (("crowd1.example.com", {"Idempotency-Key": "crowd"}), ("crowd2.example.com", None)):
        before = orders_of(stack, account)
        gate, answers = threading.Barrier(20), []

        def call():
            client = account.client.another()
            gate.wait()
            answers.append(account.order(name, client=client, headers=headers, certificate_dcv_scope="base_domain"))

        threads = [threading.Thread(target=call) for _ in range(20)]
        for t in threads:
            t.start()
        for t in threads:
            t.join()
        case.equal("statuses", {a.status for a in answers}, {201})
        case.equal("orders in the answers", len({a.json["id"] for a in answers}), 1)
        case.equal("duplicates", sum("duplicate-of" in a.headers for a in answers), 19)
        case.equal("orders", orders_of(stack, account) - before, 1)
        order = answers[0].json["id"]
        account.issued(order)
        case.equal("certificates", stack.db.number(f"SELECT count(*) FROM certificate WHERE order_id = {order}"), 1)


@tests
def nothing_stands_in_the_query(stack):
    """A request is known by its path and its body, so nothing else says what is asked for."""
    account = Account(stack)
    path, body = "/order/certificate/ssl_dv_geotrust", account.body("query.example.com")
    first = account.client.post(path, body)
    case.equal(f"first: {first}", first.status, 201)
    for query, member in (("certificate.dns_names=other.example.com", "certificate.dns_names"),
                          ("certificate%5Bdns_names%5D=other.example.com", "certificate.dns_names"),
                          ("comments=x", "comments"), ("order_validity[years]=3", "order_validity.years")):
        for headers in (None, {"Idempotency-Key": "q"}):
            answer = account.client.call("POST", f"{path}?{query}", body, headers)
            case.equal(f"{query}: {answer}", (answer.status, answer.error.get("code"), answer.error.get("field")),
                       (400, "invalid_field", member))
    unknown = account.client.post(f"{path}?_=17&comments=", body)
    case.equal(f"a parameter of nobody: {unknown}", (unknown.status, unknown.json["id"]), (201, first.json["id"]))
    secret = account.client.post("/webhook?endpoint=https://example.com/&secret=" + "s" * 32)
    case.equal(f"a secret: {secret}", (secret.status, secret.error.get("code")), (400, "invalid_field"))
    case.equal("webhooks", stack.db.number(f"SELECT count(*) FROM webhook WHERE account_id = {account.id}"), 0)
    case.equal("orders", orders_of(stack, account), 1)
