"""Who is written to, and how often: nobody guesses values at the page of approvals, where an address gets so many pages and
no more; and nobody is buried under mails that strangers ask for."""
import re

from harness import case
from harness.account import Account
from harness.mails import browse
from harness.tests import Tests

tests = Tests()
PAGES = 12
SETTINGS = {"CHANCERY_LIMIT_PAGES": str(PAGES)}
LATEST = "2028-03-13"  # two days later the method ends


@tests
def too_many(stack):
    link = f"http://{stack.address}:8080/dcv/approve/" + "a" * 40
    answers = [browse("POST", link) for _ in range(PAGES + 1)]
    case.equal("some are let in", answers[0].status, 404)
    last = answers[-1]
    case.equal(f"not all: {[a.status for a in answers]}", last.status, 429)
    case.equal("for people", last.headers["content-type"], "text/html; charset=utf-8")
    case.true("when to come back", int(last.headers["retry-after"]) > 0)
    case.equal("kept by nobody", last.headers["cache-control"], "no-store")


def put_off(stack, name):
    return stack.db.number("SELECT count(*) FROM job j JOIN email_invitation i ON i.id = j.subject WHERE j.lane = 'mail'"
                           f" AND i.domain = '{name}' AND j.run_at > :now + interval '10 minutes'")


@tests
def an_address_is_left_alone(stack):
    """Whoever orders for a stranger's name, and however often: five mails within an hour, the others wait."""
    name, others = "victim.example.org", "bystander.example.org"
    accounts = [Account(stack) for _ in range(7)]
    wish = {"dcv_method": "email", "dcv_emails": [{"dns_name": name, "email": f"admin@{name}"}]}
    orders = [account.place(name, **wish)["id"] for account in accounts]
    case.until("two wait", lambda: put_off(stack, name) == 2)
    case.equal("five went out", len(stack.mails.wait(name, 5)), 5)
    told = [account.info(order)["blockers"][0]["how_to_fix"] for account, order in zip(accounts, orders)]
    later = [text for text in told if "none goes yet to" in text]
    case.equal(f"the two are told until when: {told}", [bool(re.search(rf"admin@{name} \(not before 20\d\d-", text))
                                                      for text in later], [True, True])
    accounts[0].place(others, dcv_method="email")
    case.equal("who is somebody else is asked", len(stack.mails.wait(others, 5)), 5)
    stack.advance(61)
    again = accounts[0].client.put(f"/order/certificate/{orders[0]}/resend-emails", {})
    case.equal(f"resending is taken: {again}", again.status, 204)
    case.until("and waits, too", lambda: put_off(stack, name) == 3)
    case.equal("still five", len(stack.mails.all(name)), 5)
    case.equal("nobody is refused", accounts[6].info(orders[6])["status"], "pending")
    stack.advance(3600)
    mails = stack.mails.wait(name, 8)
    answer = browse("POST", mails[-1]["link"])
    case.equal(f"the last is as good as the first: {answer}", answer.status, 200)
