"""Nobody guesses values at the page of approvals: an address gets so many pages and no more."""
from harness import case
from harness.mails import browse
from harness.tests import Tests

tests = Tests()
PAGES = 12
SETTINGS = {"CHANCERY_LIMIT_PAGES": str(PAGES)}


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
