"""Approval, rejection, cancellation; what a frozen order answers; who may do what."""
from harness import case, pki
from harness.account import Account
from harness.tests import Tests

tests = Tests()
STANDARD, LIMITED = 5, 2      # roles of users
ORDERS, VIEW_ONLY = 100, 102  # restrictions of keys


def decide(client, request, status, comment="by the test"):
    return client.put(f"/request/{request}/status", {"status": status, "processor_comment": comment})


@tests
def approved(stack):
    account = Account(stack)
    clerk = account.as_role(STANDARD)
    name = "approved.example.com"
    order = account.place(name, client=clerk)
    case.equal("request", order["requests"][0]["status"], "pending")
    info = account.info(order["id"])
    case.equal("status", info["status"], "needs_approval")
    case.inside("blockers", "approval", [b["kind"] for b in info["blockers"]])
    looked = account.check(order["id"])
    case.equal(f"a check before the approval: {looked}", (looked.status, looked.json["order_status"]), (200, "needs_approval"))
    request = order["requests"][0]["id"]
    refused = decide(clerk, request, "approved")
    case.equal(f"the clerk approves: {refused}", refused.status, 403)
    case.equal("the administrator approves", decide(account.client, request, "approved").status, 204)
    again = decide(account.client, request, "approved")
    case.equal(f"another has approved it: {again}", again.status, 204)
    case.equal("but once", stack.db.number(
        f"SELECT count(*) FROM audit WHERE activity = 'request approved' AND subject = 'request/{request}'"), 1)
    info = account.info(order["id"])
    case.equal("status", info["status"], "pending")
    case.equal("request", info["requests"][0]["status"], "approved")
    account.publish(name, info["dcv_random_value"])
    case.equal("check", account.check(order["id"]).status, 200)
    account.issued(order["id"])


@tests
def approved_and_issued(stack):
    """With evidence there, the approval alone lets it go."""
    account = Account(stack)
    account.prove("example.com")
    order = account.place("late.example.com", client=account.as_role(STANDARD),
                          certificate_dcv_scope="base_domain")
    case.equal("nothing is issued", order.get("certificate_id"), None)
    request = order["requests"][0]["id"]
    case.equal("in capitals", decide(account.client, request, "APPROVED").status, 204)
    account.issued(order["id"])
    case.equal("another has approved it", decide(account.client, request, "approved").status, 204)
    late = decide(account.client, request, "Rejected")
    case.equal(f"too late: {late}", (late.status, late.error["code"], late.error["message"]),
               (409, "invalid_request_status",
                "status cannot be set: the request is approved and the certificate issued"))


@tests
def rejected(stack):
    account = Account(stack)
    account.webhook("/rejected", events=["order_rejected"])
    order = account.place("rejected.example.com", client=account.as_role(STANDARD))
    request = order["requests"][0]["id"]
    case.equal("status", decide(account.client, request, "nonsense").error.get("field"), "status")
    case.equal("reject", decide(account.client, request, "rejected").status, 204)
    case.equal("status", account.info(order["id"])["status"], "rejected")
    message = stack.sink.wait("/rejected", "order_rejected", order_id=order["id"])[0]
    case.equal("data", message["data"]["order_id"], order["id"])
    again = decide(account.client, request, "approved")
    case.equal(f"too late: {again}", (again.status, again.error["code"]), (409, "invalid_request_status"))
    case.equal("another has rejected it", decide(account.client, request, "rejected").status, 204)
    case.equal("but once", stack.db.number(
        f"SELECT count(*) FROM audit WHERE activity = 'request rejected' AND subject = 'request/{request}'"), 1)


@tests
def canceled(stack):
    account = Account(stack)
    order = account.place("cancel.example.com")["id"]
    path = f"/order/certificate/{order}/status"
    case.equal("cancel", account.client.put(path, {"status": "CANCELED", "note": "no need"}).status, 204)
    info = account.info(order)
    case.equal("status", info["status"], "canceled")
    case.equal("no blockers", info.get("blockers") or [], [])
    again = account.client.put(path, {"status": "canceled"})
    case.equal(f"another has canceled it: {again}", again.status, 204)
    case.equal("but once", stack.db.number(
        f"SELECT count(*) FROM audit WHERE activity = 'order canceled' AND subject = 'order/{order}'"), 1)
    account.prove("example.com")
    done = account.place("done.example.com", certificate_dcv_scope="base_domain")["id"]
    late = account.client.put(f"/order/certificate/{done}/status", {"status": "canceled"})
    case.equal(f"an issued order: {late}", (late.status, late.error["code"]), (409, "invalid_order_status"))


@tests
def frozen(stack):
    """While the token signs, the order cannot be canceled, and the certificate comes."""
    account = Account(stack)
    account.prove("example.com")
    name = "frozen.example.com"
    order = account.place(name, client=account.as_role(STANDARD), certificate_dcv_scope="base_domain")["id"]
    request = account.info(order)["requests"][0]["id"]
    stack.mood("C_Sign hang")
    try:
        case.equal("approve", decide(account.client, request, "approved").status, 204)
        case.until("the order is being issued", lambda: stack.db.number(
            f"SELECT count(*) FROM issuance x JOIN request r ON r.id = x.request_id WHERE r.order_id = {order}"
            " AND x.state = 'reserved'"))
        answer = account.client.put(f"/order/certificate/{order}/status", {"status": "canceled"})
        case.equal(f"cancel: {answer}", (answer.status, answer.error["code"]), (409, "conflict"))
    finally:
        stack.mood()
    account.issued(order)
    stack.await_ready("issuer")


@tests
def left_by_a_dead_worker(stack):
    """What it reserved holds the order for as long as its lease, though nobody claims, as while the token is away."""
    account = Account(stack)
    account.prove("example.com")
    order = account.place("left.example.com", client=account.as_role(STANDARD), certificate_dcv_scope="base_domain")["id"]
    request = account.info(order)["requests"][0]["id"]

    def cancel():
        return account.client.put(f"/order/certificate/{order}/status", {"status": "canceled"})
    stack.arm("issuer.c2.committed")
    try:
        case.equal("approve", decide(account.client, request, "approved").status, 204)
        case.until("the issuer is dead", lambda: not stack.armed("issuer.c2.committed") and stack.pid("issuer") is None)
        answer = cancel()
        case.equal(f"cancel within the lease: {answer}", (answer.status, answer.error["code"]), (409, "conflict"))
        stack.db.run(f"UPDATE job SET lease_until = now() WHERE idem_key = 'issue/{request}'")
        case.until("the order is free", lambda: stack.advance(60) or cancel().status == 204)
        case.equal("its serial is given up", stack.db.rows(
            f"SELECT x.state, v.serial IS NOT NULL AS revoked FROM issuance x LEFT JOIN revocation v ON v.issuance_id = x.id"
            f" WHERE x.request_id = {request}"), [{"state": "ghost", "revoked": True}])
    finally:
        stack.disarm()
        stack.start("issuer")
    case.until("its job is gone", lambda: not stack.db.number(f"SELECT count(*) FROM job WHERE idem_key = 'issue/{request}'"))
    case.equal("status", account.info(order)["status"], "canceled")


@tests
def roles(stack):
    """A row is who, what, and whether it is allowed."""
    account = Account(stack)
    account.client.post("/account/auth-key")
    order = account.place("roles.example.com")["id"]
    viewer = stack.client(account.key("view", role=VIEW_ONLY))
    orders = stack.client(account.key("orders", role=ORDERS))
    limited, clerk = account.as_role(LIMITED), account.as_role(STANDARD)
    cancel = ("PUT", f"/order/certificate/{order}/status", {"status": "nonsense"})
    rows = [
        ("viewer", viewer, ("GET", f"/order/certificate/{order}", None), 200),
        ("viewer", viewer, ("GET", "/product", None), 200),
        ("viewer", viewer, ("GET", "/account/auth-key", None), 403),
        ("viewer", viewer, ("POST", "/order/certificate/ssl_dv_geotrust", account.body("v.example.com")), 403),
        ("viewer", viewer, cancel, 403),
        ("viewer", viewer, ("POST", "/account/auth-key", None), 403),
        ("viewer", viewer, ("POST", "/webhook", {"endpoint": "https://example.com/"}), 403),
        ("viewer", viewer, ("PUT", "/request/1/status", {"status": "approved"}), 403),
        ("viewer", viewer, ("PUT", f"/order/certificate/{order}/check-dcv", None), 403),
        ("orders", orders, ("POST", "/webhook", {"endpoint": "https://example.com/"}), 403),
        ("orders", orders, cancel, 400),
        ("limited", limited, ("GET", f"/order/certificate/{order}", None), 200),
        ("limited", limited, cancel, 403),
        ("limited", limited, ("GET", "/account/auth-key", None), 403),
        ("clerk", clerk, cancel, 400),
        ("clerk", clerk, ("PUT", "/request/1/status", {"status": "approved"}), 403),
        ("clerk", clerk, ("GET", "/webhook", None), 403),
    ]
    for who, client, (method, path, body), status in rows:
        answer = client.call(method, path, body)
        case.equal(f"{who}: {method} {path}: {answer}", answer.status, status)
        if status == 403:
            case.equal("code", answer.error["code"], "access_denied|missing_permission")
    case.equal("the order stands", account.info(order)["status"], "pending")


@tests
def key_revoked(stack):
    account = Account(stack)
    key = account.key("short-lived")
    client = stack.client(key)
    case.equal("before", client.get("/product").status, 200)
    stack.db.run(f"UPDATE api_key SET status = 'revoked' WHERE account_id = {account.id} AND name = 'short-lived'")
    case.until("refused", lambda: client.get("/product").status == 403)
    case.true("another still works", pki.csr() and account.client.get("/product").status == 200)
