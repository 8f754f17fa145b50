"""Who keeps the certificates of an order out of the logs of Certificate Transparency, and until when."""
from harness import case, golden
from harness.account import Account
from harness.tests import Tests

tests = Tests()

SAME = [(True, True), (False, False), (1, True), (0, False), ("1", True), ("0", False), ("true", True), ("false", False)]

BAD = [  # body, code
    ({}, "missing_field"),
    ({"disable_ct": None}, "missing_field"),
    ({"disable_ct": ""}, "invalid_field"),
    ({"disable_ct": "perhaps"}, "invalid_field"),
    ({"disable_ct": 2}, "invalid_field"),
    ({"disable_ct": {"a": 1}}, "invalid_field"),
]


def path(number):
    return f"/order/certificate/{number}/ct-status"


def audited(stack, number):
    return [r["detail"] for r in stack.db.rows("SELECT detail FROM audit WHERE activity = 'order ct status changed'"
                                               f" AND subject = 'order/{number}' ORDER BY id")]


@tests
def as_it_is_ordered(stack):
    account = Account(stack)
    for number, (sent, meant) in enumerate(SAME):
        order = account.place(f"logged{number}.example.com", disable_ct=sent)
        case.equal(f"{sent!r} is shown", account.info(order["id"])["disable_ct"], meant)
    case.equal("said nothing", account.info(account.place("silent.example.com")["id"])["disable_ct"], False)


@tests
def changed_later(stack):
    account = Account(stack)
    number = account.place("later.example.com")["id"]
    golden.check("PUT order/certificate/{order_id}/ct-status", account.client.put(path(number), {"disable_ct": True}))
    case.equal("shown", account.info(number)["disable_ct"], True)
    case.equal("audited", audited(stack, number), [{"disable_ct": True}])
    for sent, meant in SAME:
        case.equal(f"{sent!r}", account.client.put(path(number), {"disable_ct": sent}).status, 204)
        case.equal(f"{sent!r} is shown", account.info(number)["disable_ct"], meant)
    case.equal("audited where it changed", len(audited(stack, number)), 1 + 7)
    answer = account.client.put(path(number), {"disable_ct": True, "disabled_ct": False})
    case.equal(f"a member that means nothing: {answer}", answer.headers.get("ignored-members"), "disabled_ct (disable_ct?)")


@tests
def after_issuance(stack):
    """A certificate keeps what it has; the next will be as the order says."""
    account = Account(stack)
    account.client.post("/account/auth-key")
    account.prove("example.com")
    order = account.place("done.example.com", certificate_dcv_scope="base_domain")
    before = account.client.get(f"/certificate/{order['certificate_id']}/download/format/pem_all").body
    case.equal("taken", account.client.put(path(order["id"]), {"disable_ct": 1}).status, 204)
    case.equal("shown", account.info(order["id"])["disable_ct"], True)
    after = account.client.get(f"/certificate/{order['certificate_id']}/download/format/pem_all").body
    case.equal("the certificate is what it was", after, before)


@tests
def too_late(stack):
    account = Account(stack)
    number = account.place("gone.example.com")["id"]
    account.client.put(f"/order/certificate/{number}/status", {"status": "canceled"})
    answer = account.client.put(path(number), {"disable_ct": True})
    golden.check("PUT order/certificate/{order_id}/ct-status canceled", answer)
    case.equal("as it is already", account.client.put(path(number), {"disable_ct": False}).status, 204)
    case.equal("nothing is audited", audited(stack, number), [])


@tests
def nothing_that_could_be_meant(stack):
    account = Account(stack)
    number = account.place("bad.example.com")["id"]
    for body, code in BAD:
        answer = account.client.put(path(number), body)
        case.equal(f"{body}: {answer}", (answer.status, answer.error["code"], answer.error.get("field")),
                   (400, code, "disable_ct"))
    case.equal("nothing is stored", account.info(number)["disable_ct"], False)
    case.equal("view only", account.as_role(1, 102).put(path(number), {"disable_ct": True}).status, 403)
