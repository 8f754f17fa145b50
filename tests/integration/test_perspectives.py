"""Domain control and CAA records as others see them: a primary and five perspectives, each with a DNS of its own."""
import json
import os
import shutil

from harness import case, pki
from harness.account import Account
from harness.tests import Tests

tests = Tests()
NAMES = ("fra", "iad", "sin", "gru", "jnb")
SETTINGS = {
    "STACK_PERSPECTIVES": "fra=RIPE,50.11,8.68 iad=ARIN,38.95,-77.45 sin=APNIC,1.35,103.82 gru=LACNIC,-23.55,-46.63"
                          " jnb=AFRINIC,-26.2,28.04",
    "STACK_VIEWS": "yes",
}
EARLIEST = "2026-03-15"  # the rule on regions begins


def service(name):
    return f"perspective-{name}"


def publish(stack, name, value, *views):
    """What the primary sees, and these."""
    stack.dns.set(f"_dnsauth.{name}", "TXT", value)
    for view in views:
        stack.view(f"dns-{view}").set(f"_dnsauth.{name}", "TXT", value)


def ordered(stack, name, *views):
    """An order whose value stands where these perspectives look, and that was looked for since."""
    account = Account(stack)
    order = account.place(name)
    publish(stack, name, order["dcv_random_value"], *views)
    account.looked(order["id"])
    account.check(order["id"])
    return account, order["id"]


def proof(stack, name):
    rows = stack.db.rows("SELECT remotes, agreed, regions, corroboration FROM validation"
                         f" WHERE identifier = '{name}'")
    case.equal(f"one proof of {name}", len(rows), 1)
    return rows[0]


def unproved(stack, name):
    case.equal(f"no proof of {name}", stack.db.number(f"SELECT count(*) FROM validation WHERE identifier = '{name}'"), 0)


def seen(account, order):
    return account.info(order)["blockers"][0]["seen"]


def said_by(row):
    return {p["perspective"]: p for p in row["corroboration"]["perspectives"]}


@tests
def all_see_it(stack):
    name = "all.example.com"
    account, order = ordered(stack, name, *NAMES)
    account.issued(order)
    row = proof(stack, name)
    case.equal("counted", (row["remotes"], row["agreed"], row["regions"]), (5, 5, 5))
    case.equal("quorum", row["corroboration"]["quorum"], "5/5")
    said = said_by(row)
    case.equal("who", sorted(said), sorted(NAMES))
    case.equal("where", (said["gru"]["region"], said["gru"]["place"]), ("LACNIC", "-23.5500,-46.6300"))
    for by in NAMES:
        case.equal(f"{by} saw it itself", (said[by]["proof"]["perspective"], said[by]["proof"]["name"]),
                   (by, f"_dnsauth.{name}"))


@tests
def a_hijack_near_the_primary_proves_nothing(stack):
    """Too many see it otherwise: the name stays open, and what each has seen is told."""
    name = "hijacked.example.com"
    account, order = ordered(stack, name, "fra", "iad", "sin")
    case.equal("waits", account.info(order)["status"], "pending")
    unproved(stack, name)
    words = seen(account, order)
    for word in ("3 of 5 other points of view", "gru: TXT", f"jnb: TXT _dnsauth.{name}: no such name"):
        case.inside("seen", word, words)
    looked = stack.db.rows("SELECT c.looked FROM challenge c JOIN request r ON r.id = c.subject AND c.asked_by = 'request'"
                           f" WHERE r.order_id = {order}")[0]["looked"][name]
    case.equal("what each has seen", {p["perspective"] for p in looked}, {"primary", "gru", "jnb"})
    # Who puts it right everywhere is asked anew, by all of them.
    publish(stack, name, stack.db.rows(f"SELECT random_value FROM challenge c JOIN request r ON r.id = c.subject"
                                       f" WHERE r.order_id = {order}")[0]["random_value"], *NAMES)
    account.looked(order)
    account.check(order)
    account.issued(order)
    case.equal("quorum", proof(stack, name)["corroboration"]["quorum"], "5/5")


@tests
def what_one_sees_otherwise_is_proved(stack):
    name = "partial.example.com"
    account, order = ordered(stack, name, "fra", "iad", "sin", "gru")
    account.issued(order)
    row = proof(stack, name)
    case.equal("counted", (row["remotes"], row["agreed"], row["regions"]), (5, 4, 4))
    case.inside("what it saw", "no such name", said_by(row)["jnb"]["reason"])


@tests
def one_is_dead(stack):
    stack.kill(service("sin"))
    account, order = ordered(stack, "dead.example.com", *NAMES)
    account.issued(order)
    row = proof(stack, "dead.example.com")
    case.equal("quorum", row["corroboration"]["quorum"], "4/5")
    case.inside("why", "gave no answer", said_by(row)["sin"]["reason"])
    # It counts as one that was asked: nobody else may miss.
    account, order = ordered(stack, "deader.example.com", "fra", "iad", "sin", "gru")
    unproved(stack, "deader.example.com")
    case.inside("seen", "sin: gave no answer", seen(account, order))
    case.inside("the story", "perspective-sin: gave no answer", stack.must_cli("why", "order", str(order)))
    status = {p["name"]: p for p in json.loads(stack.must_cli("status", "--json"))["perspectives"]}
    case.inside("what it said last", "gave no answer", status["sin"]["said_last"])
    case.equal("what it did not confirm", status["sin"]["not"], status["sin"]["asked"] - status["sin"]["agreed"])
    case.equal("another", status["fra"]["said_last"], "agreed")
    stack.start(service("sin"))
    stack.await_peer(service("sin"))


@tests
def one_is_slow(stack):
    """It stands still: the others are not waited for longer than the round may take."""
    stack.stop(service("gru"))
    try:
        account, order = ordered(stack, "slow.example.com", *NAMES)
        account.issued(order)
    finally:
        stack.go_on(service("gru"))
    row = proof(stack, "slow.example.com")
    case.equal("quorum", row["corroboration"]["quorum"], "4/5")
    case.inside("why", "gave no answer", said_by(row)["gru"]["reason"])
    stack.await_peer(service("gru"))


@tests
def one_says_that_it_is_another(stack):
    """It has a key of its own and calls itself after a neighbour, whose region would count for it."""
    name, keys = service("jnb"), os.path.join(stack.dir, "secrets", service("jnb"), "bus")
    stack.kill(name)
    for end in (".key", ".pub"):
        shutil.copy2(f"{keys}/{name}{end}", f"{keys}/perspective-zrh{end}")
        owner = os.stat(f"{keys}/{name}{end}")
        os.chown(f"{keys}/perspective-zrh{end}", owner.st_uid, owner.st_gid)
    stack.settings["STACK_PERSPECTIVE_JNB_ENV"] = "CHANCERY_PERSPECTIVE=zrh"
    stack.start(name)
    stack.await_peer(name)
    account, order = ordered(stack, "liar.example.com", *NAMES)
    account.issued(order)
    row = proof(stack, "liar.example.com")
    case.equal("counted", (row["remotes"], row["agreed"], row["regions"]), (5, 4, 4))
    case.equal("known by its key", said_by(row)["jnb"]["reason"], "says that it is zrh")
    del stack.settings["STACK_PERSPECTIVE_JNB_ENV"]
    stack.kill(name)
    stack.start(name)
    stack.await_peer(name)


@tests
def an_impostor_is_not_heard(stack):
    """Who answers where a perspective is expected, and has not its key."""
    name, keys = service("iad"), os.path.join(stack.dir, "secrets", service("iad"), "bus")
    stack.kill(name)
    for end in (".key", ".pub"):
        shutil.copy2(f"{keys}/{name}{end}", f"{keys}/kept{end}.old")
        with open(os.path.join(stack.dir, "secrets", service("sin"), "bus", f"{service('sin')}{end}"), "rb") as other:
            with open(f"{keys}/{name}{end}", "r+b") as mine:
                mine.write(other.read())
    stack.start(name)
    account, order = ordered(stack, "impostor.example.com", *NAMES)
    account.issued(order)
    row = proof(stack, "impostor.example.com")
    case.equal("quorum", row["corroboration"]["quorum"], "4/5")
    case.inside("why", "gave no answer", said_by(row)["iad"]["reason"])
    stack.kill(name)
    for end in (".key", ".pub"):
        with open(f"{keys}/kept{end}.old", "rb") as old, open(f"{keys}/{name}{end}", "r+b") as mine:
            mine.write(old.read())
    stack.start(name)
    stack.await_peer(name)


@tests
def a_request_token_is_confirmed_as_well(stack):
    """Others are told the token that was found, never the key that it was made with."""
    account, name = Account(stack), "token.example.com"
    token = pki.request_token(account.client.post("/account/auth-key").json["auth_key"], pki.csr(), stack.now() - 60)
    publish(stack, name, f"before {token}", *NAMES[:3])
    answer = account.order(name, use_auth_key=True)
    case.equal(f"three see it: {answer}", (answer.status, answer.error.get("code")), (400, "invalid_dns_txt"))
    case.inside("said", "3 of 5 other points of view", answer.error["message"])
    unproved(stack, name)
    publish(stack, name, f"before {token}", *NAMES[:4])
    answer = account.order(name, use_auth_key=True)
    case.equal(f"four see it: {answer}", (answer.status, "certificate_chain" in answer.json), (201, True))
    case.equal("quorum", proof(stack, name)["corroboration"]["quorum"], "4/5")


# ---- CAA records


def forbid(stack, name, *views):
    for view in views:
        stack.view(f"dns-{view}").set(name, "CAA", '0 issue ";"')


def caa(stack, name):
    """The newest check."""
    return stack.db.rows("SELECT result, detail, remotes, agreed, regions, corroboration FROM caa_check"
                         f" WHERE name = '{name}' ORDER BY id DESC LIMIT 1")[0]


def waits_for_caa(account, order):
    def ask():
        open_ = account.info(order)["blockers"]
        return open_[0] if [b["kind"] for b in open_] == ["caa"] and open_[0].get("seen") else None
    return case.until("only CAA records are in the way", ask)


@tests
def others_permit_it_as_well(stack):
    """One may see it otherwise. Who orders again within eight hours has it at once, and nobody is asked."""
    name = "caa-one.example.com"
    forbid(stack, name, "jnb")
    account, order = ordered(stack, name, *NAMES)
    account.issued(order)
    row = caa(stack, name)
    case.equal("counted", (row["result"], row["remotes"], row["agreed"], row["regions"]), ("permitted", 5, 4, 4))
    said = said_by(row)
    case.inside("what it saw", f'CAA {name}: 0 issue ";"', said["jnb"]["reason"])
    case.equal("each itself", sorted(p["climb"]["perspective"] for p in said.values()), sorted(NAMES))
    checks = stack.db.counts("caa_check")
    for by in NAMES:
        stack.stop(service(by))
    try:
        again = account.place(name, csr=pki.csr("p256", 1))
    finally:
        for by in NAMES:
            stack.go_on(service(by))
    case.true("at once", again.get("certificate_id"))
    case.equal("no more checks", stack.db.counts("caa_check"), checks)
    for by in NAMES:
        stack.await_peer(service(by))


@tests
def what_two_of_five_forbid_is_refused(stack):
    """With the story that an operator is told of it. Whoever puts it right is looked at again by all."""
    name = "caa-two.example.com"
    forbid(stack, name, "gru", "jnb")
    account, order = ordered(stack, name, *NAMES)
    seen = waits_for_caa(account, order)["seen"]
    story = stack.must_cli("why", "order", str(order))
    with open(os.path.join(stack.dir, "why-caa.txt"), "w", encoding="utf-8") as file:  # left where KEEP is set
        file.write(story)
    case.inside("the customer is told", "permitted here, but 3 of 5 other points of view permit it", seen)
    row = caa(stack, name)
    case.equal("counted", (row["result"], row["remotes"], row["agreed"], row["regions"]), ("unconfirmed", 5, 3, 3))
    answer = account.check(order)
    case.equal(f"a check says so: {answer}", (answer.status, answer.error["code"]), (400, "caa_check_failed|look_up"))
    told = " ".join(story.split())
    for words in ("they permit it here, and elsewhere not often enough; 3 of 5 other points of view permit it",
                  f'perspective-gru: CAA {name}: 0 issue ";": issue does not name this CA',
                  f'perspective-jnb: CAA {name}: 0 issue ";": issue does not name this CA'):
        case.true(f"the story has: {words}\n{story}", words in told)
    case.equal("no certificate", stack.db.number(f"SELECT count(*) FROM certificate WHERE order_id = {order}"), 0)
    stack.view("dns-gru").remove(name, "CAA")
    case.until("a check finds it", lambda: account.check(order).status == 200)
    account.issued(order)
    case.equal("quorum", caa(stack, name)["corroboration"]["quorum"], "4/5")


@tests
def a_request_token_needs_them_as_well(stack):
    """Nothing is placed for what too few permit."""
    account, name = Account(stack), "caa-token.example.com"
    token = pki.request_token(account.client.post("/account/auth-key").json["auth_key"], pki.csr(), stack.now() - 60)
    forbid(stack, name, "fra", "iad")
    publish(stack, name, token, *NAMES)
    answer = account.order(name, use_auth_key=True)
    case.equal(f"refused: {answer}", (answer.status, answer.error.get("code")), (400, "caa_check_failed|look_up"))
    case.inside("said", "3 of 5 other points of view permit it", answer.error["message"])
    stack.view("dns-fra").remove(name, "CAA")
    answer = account.order(name, use_auth_key=True)
    case.equal(f"four permit it: {answer}", (answer.status, "certificate_chain" in answer.json), (201, True))
