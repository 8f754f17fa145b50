"""A CA that is no demonstration and has set up no perspectives: what its rules want seen by others is not proved."""
from harness import case, pki
from harness.account import Account
from harness.mails import browse
from harness.tests import Tests

tests = Tests()
SETTINGS = {
    "CHANCERY_CA_NAME": "Grand Seal",
    "CHANCERY_CA_ORGANIZATION": "Grand Seal GmbH",
    "CHANCERY_CA_COUNTRY": "DE",
    "CHANCERY_STATUS_HOST": "status.grand-seal.net",
}
EARLIEST = "2025-09-15"
LATEST = "2028-03-13"  # two days later mails end
NOBODY = "other points of view of this CA must permit it as well, and 0 can be asked: the fault is ours"


def waits_for_caa(account, order):
    def ask():
        blockers = account.info(order)["blockers"]
        return blockers[0] if [b["kind"] for b in blockers] == ["caa"] and blockers[0].get("seen") else None
    return case.until("only CAA records are in the way", ask)


@tests
def it_is_no_demonstration(stack):
    case.equal("by its certificates", stack.db.number("SELECT count(*) FROM authority WHERE demonstration"), 0)


@tests
def a_record_alone_proves_nothing(stack):
    account, name = Account(stack), "alone.example.com"
    order = account.place(name)
    account.publish(name, order["dcv_random_value"])
    account.looked(order["id"])
    account.check(order["id"])
    case.equal("waits", account.info(order["id"])["status"], "pending")
    task = account.info(order["id"])["blockers"][0]
    case.inside("seen", "other points of view of this CA must see it as well, and 0 can be asked", task["seen"])
    case.equal("whose it is", task["owner"], "ca")
    case.inside("what to do", f"Nothing for you to do about {name}", task["how_to_fix"])
    case.equal("no proof", stack.db.number(f"SELECT count(*) FROM validation WHERE identifier = '{name}'"), 0)


@tests
def a_request_token_is_in_vain(stack):
    """What is missing is ours, so it is no bad request."""
    account, name = Account(stack), "token.example.com"
    token = pki.request_token(account.client.post("/account/auth-key").json["auth_key"], pki.csr(), stack.now() - 60)
    account.publish(name, token)
    answer = account.order(name, use_auth_key=True)
    case.equal(f"refused: {answer}", (answer.status, answer.error.get("code")), (503, "service_unavailable|unconfirmed"))
    case.inside("said", "The fault is ours", answer.error["message"])


@tests
def one_that_was_slipped_in_does_not_count(stack):
    """Neither to who decides which lane an order takes, nor to the issuer."""
    account, name = Account(stack), "slipped.example.com"
    stack.db.run("INSERT INTO validation (account_id, identifier, method, br_method, completed_at, evidence, remotes, agreed,"
                 f" regions) VALUES ({account.id}, '{name}', 'dns-txt-token', '3.2.2.4.7', :now, '{{}}', 5, 5, 5)")
    order = account.place(name)
    case.equal("waits", account.info(order["id"])["status"], "pending")
    case.equal("open", account.info(order["id"])["blockers"][0]["dns_name"], name)


@tests
def a_mail_needs_nobody(stack):
    account, name = Account(stack), "mailed.example.com"
    order = account.place(name, dcv_method="email")
    mail = stack.mails.wait(name, 5)[0]
    answer = browse("POST", mail["link"])
    case.equal(f"approved: {answer}", answer.status, 200)
    case.equal("proved", stack.db.number(f"SELECT count(*) FROM validation WHERE identifier = '{name}'"), 1)
    # CAA records are another matter: others must permit it, however it was proved.
    task = waits_for_caa(account, order["id"])
    case.inside("seen", NOBODY, task["seen"])
    case.equal("whose it is", task["owner"], "ca")
    case.inside("what to do", f"Nothing for you to do about {name}", task["how_to_fix"])


@tests
def a_check_that_was_slipped_in_does_not_count(stack):
    """Neither to who decides which lane an order takes, nor to the issuer, whatever its counts say."""
    account, name = Account(stack), "caa-slipped.example.com"
    stack.db.run("INSERT INTO validation (account_id, identifier, method, br_method, completed_at, evidence)"
                 f" VALUES ({account.id}, '{name}', 'email', '3.2.2.4.4', :now, '{{}}')")
    stack.db.run("INSERT INTO caa_check (account_id, name, checked_at, ttl, result, evidence, remotes, agreed, regions)"
                 f" VALUES ({account.id}, '{name}', :now, 3600, 'permitted', '{{}}', 5, 5, 5)")
    order = account.place(name)
    case.equal("not at once", order.get("certificate_id"), None)
    case.inside("seen", NOBODY, waits_for_caa(account, order["id"])["seen"])
    answer = account.check(order["id"])
    case.equal(f"check: {answer}", (answer.status, answer.error["code"]), (503, "service_unavailable|unconfirmed"))
