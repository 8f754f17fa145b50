"""Users, service users, keys and divisions: who is made by whom, and that nobody gets more than who made him."""
import concurrent.futures
import re
import urllib.parse

from harness import case, golden
from harness.account import Account
from harness.tests import Tests

tests = Tests()
ADMINISTRATOR, LIMITED, FINANCE, MANAGER, STANDARD = 1, 2, 3, 4, 5
FREE, ORDERS, ORDERS_DOMAINS, VIEW, USERS = 0, 100, 101, 102, 103


def person(name, role=STANDARD, **more):
    return {"username": f"{name}@example.com", "first_name": "Ada", "last_name": "Love", "email": "ada@example.com",
            "job_title": "Mathematician", "telephone": "+44 20 5550 100", "access_roles": [{"id": role}], **more}


def made(answer, status=201):
    case.equal(f"made: {answer}", answer.status, status)
    return answer.json


def refused(what, answer, status, code, field=None):
    case.equal(f"{what}: {answer}", (answer.status, answer.error.get("code")), (status, code))
    if field:
        case.equal(f"{what}: field of {answer}", answer.error.get("field"), field)


def office(stack):
    """An account whose own division has a name that golden files know."""
    account = Account(stack)
    root = account.client.get("/account").json["root_container_id"]
    case.equal("named", account.client.put(f"/container/{root}", {"name": "Office"}).status, 204)
    return account


def service(name="robot", **more):
    return {"is_api_only": True, "email": "ops@example.com", "api_name": name, **more}


def key_of(account, user_id, name="k", client=None, **more):
    return made((client or account.client).post(f"/key/user/{user_id}", {"name": name, **more}))


def activities(stack, account, subject):
    """What people did. Of a key that was created there is a second row, which its table has written."""
    rows = stack.db.rows(f"SELECT activity, user_id, source, ip, detail FROM audit WHERE account_id = {account.id}"
                         f" AND subject = '{subject}' AND NOT coalesce(detail ? 'key_hash', false) ORDER BY id")
    for row in rows:
        case.equal(f"who did {row}", (row["user_id"] is not None, row["source"], bool(row["ip"])), (True, "api", True))
    return [row["activity"] for row in rows]


# ---- users

@tests
def users_come_and_go(stack):
    account = office(stack)
    c, name = account.client, f"ada{account.number}"
    free = c.get(f"/user/availability/{name}@example.com")
    golden.check("GET user/availability/{username} free", free)
    answer = c.post("/user", person(name))
    golden.check("POST user", answer)
    user_id = made(answer)["id"]
    for spelled in (f"{name}@example.com", f"{name.upper()}@EXAMPLE.com"):
        golden.check("GET user/availability/{username} taken", c.get(f"/user/availability/{spelled}"))
    golden.check("GET user/{user_id}", c.get(f"/user/{user_id}"), loose=LOOSE)
    golden.check("GET user", c.get("/user"), loose=LOOSE)
    golden.check("PUT user/{user_id}", c.put(f"/user/{user_id}", {"first_name": "Augusta", "job_title": ""}))
    golden.check("PUT user/{user_id}/role", 
                 c.put(f"/user/{user_id}/role", {"access_roles": [{"id": LIMITED}]}))
    user = c.get(f"/user/{user_id}").json
    case.equal("after the edit", (user["first_name"], user["last_name"], user["job_title"], user["access_roles"]),
               ("Augusta", "Love", "", [{"id": LIMITED, "name": "Limited user"}]))
    golden.check("DELETE user/{user_id}", c.delete(f"/user/{user_id}"))
    for answer in (c.get(f"/user/{user_id}"), c.delete(f"/user/{user_id}"), c.put(f"/user/{user_id}", {})):
        refused("a deleted user", answer, 404, "not_found|user")
    case.equal("in the list", [u["id"] for u in c.get("/user").json["users"]], [account.user_id])
    made(c.post("/user", person(name)))  # the name is free again
    case.equal("audit", activities(stack, account, f"user/{user_id}"),
               ["user created", "user changed", "user role changed", "user deleted"])


LOOSE = ("username", "email", "public_id", "billing_account_name", "first_name", "account_id", "billing_account_id")


@tests
def me(stack):
    account = office(stack)
    golden.check("GET user/me", account.client.get("/user/me"), loose=LOOSE)
    for key_role in (ORDERS, ORDERS_DOMAINS, VIEW, USERS):
        answer = account.as_role(STANDARD, key_role).get("/user/me")
        case.equal(f"{key_role}: {answer}", answer.json["access_roles"], [{"id": STANDARD, "name": "Standard user"}])


@tests
def lists_have_pages_and_filters(stack):
    account = Account(stack)
    c, n = account.client, account.number
    ids = [account.user_id] + [made(c.post("/user", person(f"p{i}n{n}", email=f"p{i}@example.org")))["id"]
                               for i in range(4)]

    def listed(query):
        body = c.get(f"/user{query}").json
        return [u["id"] for u in body["users"]], body["page"]
    case.equal("all", listed("/"), (ids, {"total": 5, "limit": 1000, "offset": 0}))
    case.equal("a page", listed("?limit=2&offset=1"), (ids[1:3], {"total": 5, "limit": 2, "offset": 1}))
    case.equal("behind the end", listed("?limit=2&offset=9"), ([], {"total": 5, "limit": 2, "offset": 9}))
    case.equal("no such limit", listed("?limit=0&offset=-1")[1], {"total": 5, "limit": 1000, "offset": 0})
    case.equal("by name", listed(f"?filters[username]=P2N{n}@example.com")[0], [ids[3]])
    case.equal("by email", listed("?filters%5Bemail%5D=p1@example.org")[0], [ids[2]])
    case.equal("search", listed("?filters[search]=ada")[0], ids[1:])
    case.equal("search inside", listed("?filters[search]=%25@EXAMPLE.org")[0], ids[1:])
    case.equal("search for a pattern", listed("?filters[search]=%25%25")[0], [])
    case.equal("of another division", listed("?container_id=1")[0], [])
    case.equal("only one", listed(f"?only_id={ids[2]}"), ([ids[2]], {"total": 1, "limit": 1000, "offset": 0}))
    case.equal("nobody of others", listed(f"?only_id={Account(stack).user_id}")[0], [])
    case.equal("sorted", listed("?sort=-email,id")[0][:4], ids[:0:-1])
    case.equal("a page of them", listed("?sort=-id&limit=2&offset=1")[0], ids[3:1:-1])
    keys = [key_of(account, ids[1], f"key{i}")["id"] for i in range(3)]
    body = c.get(f"/key?user_id={ids[1]}&limit=2").json
    case.equal("keys of one", ([k["id"] for k in body["api_keys"]], body["page"]),
               (keys[:2], {"total": 3, "limit": 2, "offset": 0}))
    case.equal("only one key", [k["id"] for k in c.get(f"/key?only_id={keys[1]}").json["api_keys"]], [keys[1]])
    case.equal("sorted", [k["name"] for k in c.get(f"/key?user_id={ids[1]}&sort=-name").json["api_keys"]], ["key2", "key1", "key0"])
    case.equal("keys of all", c.get("/key/").json["page"]["total"], 4)
    case.equal("keys of nobody", c.get("/key?user_id=1").json["api_keys"], [])


BAD_PERSON = [  # what is otherwise, code, field
    ({"username": None}, "missing_field", "username"),
    ({"username": ""}, "missing_field", "username"),
    ({"username": "   "}, "missing_field", "username"),
    ({"username": "a b"}, "invalid_field", "username"),
    ({"username": "r\u00e9sum\u00e9"}, "invalid_field", "username"),
    ({"username": "a" * 129}, "invalid_field", "username"),
    ({"username": "a" * 10000}, "invalid_field", "username"),
    ({"username": "'; DROP TABLE orders; --"}, "invalid_field", "username"),
    ({"username": ["a"]}, "invalid_field", "username"),
    ({"first_name": None}, "missing_field", "first_name"),
    ({"first_name": "a" * 10000}, "invalid_field", "first_name"),
    ({"first_name": "A\u0000da"}, None, "first_name"),
    ({"first_name": "A\nda"}, "invalid_field", "first_name"),
    ({"last_name": "\u001b[31mred"}, "invalid_field", "last_name"),
    ({"last_name": "\u0085"}, "invalid_field", "last_name"),
    ({"last_name": "\U0001f600" * 129}, "invalid_field", "last_name"),
    ({"email": None}, "missing_field", "email"),
    ({"email": "ada"}, "invalid_field", "email"),
    ({"email": "ada@example.com\r\nBcc: all@example.com"}, "invalid_field", "email"),
    ({"email": "a" * 250 + "@b.org"}, "invalid_field", "email"),
    ({"job_title": "x" * 65}, "invalid_field", "job_title"),
    ({"telephone": "call me"}, "invalid_field", "telephone"),
    ({"access_roles": None}, "missing_field", "access_roles"),
    ({"access_roles": []}, "missing_field", "access_roles"),
    ({"access_roles": [{"id": 1}, {"id": 2}]}, "invalid_field", "access_roles"),
    ({"access_roles": [{"id": 6}]}, "invalid_field", "access_roles[0].id"),
    ({"access_roles": [{}]}, "invalid_field", "access_roles[0].id"),
    ({"access_roles": [{"id": 99999999999}]}, "invalid_field", "access_roles[0].id"),
    ({"container": {"id": 1}}, "invalid_field", "container.id"),
    ({"container_id_assignments": [1]}, "invalid_field", "container_id_assignments"),
]


@tests
def bad_users_are_refused(stack):
    account = Account(stack)
    c, tables = account.client, ("user_account", "api_key", "audit")
    user_id = made(c.post("/user", person(f"good{account.number}")))["id"]
    before = stack.db.counts(*tables)
    for i, (other, code, field) in enumerate(BAD_PERSON):
        body = {k: v for k, v in {**person(f"bad{i}n{account.number}"), **other}.items() if v is not None}
        answer = c.post("/user", body)
        refused(f"POST {other}"[:80], answer, 400, code or answer.error.get("code"), field)
        if field not in ("access_roles", "access_roles[0].id") and list(other.values())[0]:
            answer = c.put(f"/user/{user_id}", other)
            refused(f"PUT {other}"[:80], answer, 400, code or answer.error.get("code"), field)
    refused("taken", c.post("/user", person(f"Good{account.number}")), 400, "invalid_field", "username")
    refused("taken by another account", Account(stack).client.post("/user", person(f"good{account.number}")), 400,
            "invalid_field", "username")
    counts = stack.db.counts(*tables)
    case.equal("nothing stored", counts["api_key"] - before["api_key"], 1)  # the other account's own
    case.equal("nothing stored", counts["user_account"] - before["user_account"], 1)
    other = made(c.post("/user", person(f"other{account.number}")))["id"]
    refused("to a taken name", c.put(f"/user/{other}", {"username": f"GOOD{account.number}@example.com"}), 400,
            "invalid_field", "username")
    for body in ({}, {"access_roles": [{"id": 0}]}, {"access_roles": [{"id": 1}, {"id": 1}]}):
        case.equal(f"role {body}", c.put(f"/user/{user_id}/role", body).status, 400)


@tests
def an_account_keeps_an_administrator(stack):
    account = Account(stack)
    c = account.client
    robot = made(c.post("/user", service()))
    demote = {"access_roles": [{"id": LIMITED}]}
    for answer in (c.delete(f"/user/{account.user_id}"), c.put(f"/user/{account.user_id}/role", demote)):
        refused("the last one", answer, 409, "last_administrator", "user_id")
    second = made(c.post("/user", person(f"second{account.number}", ADMINISTRATOR)))["id"]
    case.equal("one of two", c.put(f"/user/{account.user_id}/role", demote).status, 204)
    refused("is one no more", c.delete(f"/user/{second}"), 403, "access_denied|missing_permission")
    refused("the other", stack.client(robot["api_key"]).delete(f"/user/{second}"), 409, "last_administrator")


@tests
def two_administrators_at_once(stack):
    """Each of two takes the other's role away, at the same moment: one stays. (The loser may also find that
    his own role has gone.)"""
    for _ in range(5):
        account = Account(stack)
        other = made(account.client.post("/user", person(f"twin{account.number}", ADMINISTRATOR)))["id"]
        second = stack.client(key_of(account, other)["api_key"])
        demote = {"access_roles": [{"id": LIMITED}]}
        with concurrent.futures.ThreadPoolExecutor() as pool:
            answers = [pool.submit(client.put, f"/user/{user}/role", demote)
                       for client, user in ((account.client, other), (second, account.user_id))]
            codes = sorted(a.result().status for a in answers)
        case.true(f"one wins: {codes}", codes in ([204, 403], [204, 409]))
        case.equal("one is left", stack.db.number(
            f"SELECT count(*) FROM user_account WHERE account_id = {account.id} AND role_id = 1"), 1)


# ---- keys

@tests
def keys_are_made_changed_and_revoked(stack):
    account = Account(stack)
    c = account.client
    user_id = made(c.post("/user", person(f"keys{account.number}")))["id"]
    answer = c.post(f"/key/user/{user_id}", {"name": "ci", "restricted_to_role_id": ORDERS})
    golden.check("POST key/user/{user_id}", answer, loose=("id",))
    made(answer)
    key_id, text = answer.json["id"], answer.json["api_key"]
    case.true("its form", re.fullmatch("[a-z0-9]{47}", text))
    case.equal("stored nowhere", stack.db.number(
        f"SELECT count(*) FROM api_key WHERE key_hash = convert_to('{text}', 'UTF8') OR name = '{text}'"), 0)
    golden.check("GET key/{key_id} unused", c.get(f"/key/{key_id}"), loose=("id",))
    golden.check("GET key user_id", c.get(f"/key?user_id={user_id}"), loose=("id",))
    ci = stack.client(text)
    case.equal("works", ci.get("/product").status, 200)
    refused("restricted", ci.get("/user"), 403, "access_denied|missing_permission")
    case.until("its use is written", lambda: "last_used_date" in c.get(f"/key/{key_id}").json)
    golden.check("GET key/{key_id} used", c.get(f"/key/{key_id}"), loose=("id",))
    used = [c.get(f"/key/{key_id}").json["last_used_date"]]
    golden.check("PUT key/{key_id}", c.put(f"/key/{key_id}", {"name": "cd", "restricted_to_role_id": VIEW}))
    case.equal("at once", ci.put("/request/1/status", {"status": "approved"}).error["code"],
               "access_denied|missing_permission")
    golden.check("PUT key/{key_id}/status", c.put(f"/key/{key_id}/status", {"status": "revoked"}))
    refused("at once", ci.get("/product"), 403, "access_denied|access_denied_invalid_key")
    case.equal("shown", (c.get(f"/key/{key_id}").json["status"], c.get(f"/key/{key_id}").json["name"]), ("revoked", "cd"))
    case.equal("activate", c.put(f"/key/{key_id}/status", {"status": "Active"}).status, 204)
    case.equal("shown", c.get(f"/key/{key_id}").json["status"], "active")
    case.equal("works again", ci.get("/product").status, 200)
    used += [c.get(f"/key/{key_id}").json.get("last_used_date"), c.get(f"/key?only_id={key_id}").json["api_keys"][0].get("last_used_date")]
    case.true(f"its last use stays: {used}", all(used) and used == sorted(used))
    case.equal("audit", activities(stack, account, f"key/{key_id}"), ["API key created"] + 3 * ["API key changed"])
    case.equal("under one name", stack.db.rows("SELECT subject, count(*) FROM audit WHERE activity = 'API key created' AND"
                                               f" subject ~ '/{key_id}$' GROUP BY subject"), [{"subject": f"key/{key_id}", "count": 2}])
    case.true("no key in the audit log", stack.db.number(
        f"SELECT count(*) FROM audit a WHERE a::text LIKE '%{text}%'") == 0)


@tests
def keys_of_a_deleted_user_stop_at_once(stack):
    account = Account(stack)
    c = account.client
    user_id = made(c.post("/user", person(f"gone{account.number}", ADMINISTRATOR)))["id"]
    keys = [key_of(account, user_id) for _ in range(2)]
    clients = [stack.client(k["api_key"]) for k in keys]
    for client in clients:
        case.equal("works", client.get("/user/me").status, 200)
    case.equal("delete", c.delete(f"/user/{user_id}").status, 204)
    for client in clients:
        refused("stops", client.get("/user/me"), 403, "access_denied|access_denied_invalid_key")
    refused("does not rise", c.put(f"/key/{keys[0]['id']}/status", {"status": "active"}), 400, "invalid_field", "status")
    refused("no new one", c.post(f"/key/user/{user_id}", {"name": "x"}), 404, "not_found|user")
    case.equal("still listed", [k["status"] for k in c.get(f"/key?user_id={user_id}").json["api_keys"]], 2 * ["revoked"])


BAD_KEYS = [  # body, code, field
    ({}, "missing_field", "name"),
    ({"name": ""}, "missing_field", "name"),
    ({"name": "x" * 10000}, "invalid_field", "name"),
    ({"name": "a\tb"}, "invalid_field", "name"),
    ({"name": "x", "restricted_to_role_id": 7}, "invalid_field", "restricted_to_role_id"),
    ({"name": "x", "restricted_to_role_id": -1}, "invalid_field", "restricted_to_role_id"),
    ({"name": "x", "restricted_to_role_id": "many"}, "invalid_field", "restricted_to_role_id"),
]


@tests
def bad_keys_are_refused(stack):
    account = Account(stack)
    c = account.client
    key_id = key_of(account, account.user_id)["id"]
    before = stack.db.counts("api_key", "audit")
    for body, code, field in BAD_KEYS:
        refused(f"POST {body}"[:80], c.post(f"/key/user/{account.user_id}", body), 400, code, field)
        if body.get("name"):
            refused(f"PUT {body}"[:80], c.put(f"/key/{key_id}", body), 400, code, field)
    for status in ("", "gone"):
        refused(f"status {status}", c.put(f"/key/{key_id}/status", {"status": status}), 400, "invalid_field", "status")
    refused("no status", c.put(f"/key/{key_id}/status", {}), 400, "missing_field", "status")
    case.equal("nothing stored", stack.db.counts("api_key", "audit"), before)


# ---- nobody gets more than who made him

@tests
def service_users(stack):
    account = office(stack)
    c = account.client
    answer = c.post("/user", service(restricted_to_role_id=ORDERS))
    golden.check("POST user service", answer)
    robot = made(answer)
    golden.check("GET user/{user_id} service", c.get(f"/user/{robot['id']}"), loose=LOOSE)
    client = stack.client(robot["api_key"])
    case.equal("works", client.get("/product").status, 200)
    refused("restricted", client.get("/user"), 403, "access_denied|missing_permission")
    second = key_of(account, robot["id"], "second")  # several keys each, none with more
    case.equal("as its user", c.get(f"/key/{second['id']}").json["restricted_to_role_id"], ORDERS)
    third = key_of(account, robot["id"], "third", restricted_to_role_id=FREE)  # which says nothing
    case.equal("as its user", c.get(f"/key/{third['id']}").json["restricted_to_role_id"], ORDERS)
    refused("none later", c.put(f"/key/{second['id']}", {"restricted_to_role_id": FREE}), 400, "invalid_field",
            "restricted_to_role_id")
    for role in (ORDERS_DOMAINS, USERS):
        refused(f"more, {role}", c.post(f"/key/user/{robot['id']}", {"name": "x", "restricted_to_role_id": role}), 400,
                "invalid_field", "restricted_to_role_id")
        refused(f"more later, {role}", c.put(f"/key/{second['id']}", {"restricted_to_role_id": role}), 400,
                "invalid_field", "restricted_to_role_id")
    case.equal("three keys", c.get(f"/key?user_id={robot['id']}").json["page"]["total"], 3)
    for body, field in (({"email": None}, "email"), ({"api_name": None}, "api_name"),
                        ({"restricted_to_role_id": 5}, "restricted_to_role_id"),
                        ({"access_roles": [{"id": STANDARD}]}, "access_roles"),
                        ({"container_id_assignments": [1]}, "container_id_assignments")):
        body = {k: v for k, v in {**service(), **body}.items() if v is not None}
        answer = c.post("/user", body)
        refused(f"{body}", answer, 400, answer.error.get("code"), field)
    manager = account.as_role(MANAGER)
    refused("by a manager", manager.post("/user", service()), 403, "access_denied|missing_permission")
    root = c.get("/account").json["root_container_id"]
    made(c.post("/user", service("as I am", access_roles=[{"id": ADMINISTRATOR}])))
    made(c.post("/user", service("whole", container_id_assignments=[root], container={"id": root})))


@tests
def nobody_makes_more_than_himself(stack):
    account = Account(stack)
    c, n = account.client, account.number
    denied = (403, "access_denied|missing_permission")
    admin = made(c.post("/user", person(f"a{n}", ADMINISTRATOR)))["id"]
    limited = made(c.post("/user", person(f"l{n}", LIMITED)))["id"]
    manager = account.as_role(MANAGER)
    users = account.as_role(ADMINISTRATOR, USERS)
    refused("manager makes administrator", manager.post("/user", person(f"b{n}", ADMINISTRATOR)), *denied)
    refused("manager makes finance manager", manager.post("/user", person(f"c{n}", FINANCE)), *denied)
    for i, role in enumerate((LIMITED, MANAGER, STANDARD)):
        made(manager.post("/user", person(f"d{i}n{n}", role)))
    refused("manager edits administrator", manager.put(f"/user/{admin}", {"email": "mine@example.com"}), *denied)
    refused("manager raises", manager.put(f"/user/{limited}/role", {"access_roles": [{"id": 1}]}), *denied)
    case.equal("manager lowers", manager.put(f"/user/{limited}/role", {"access_roles": [{"id": 5}]}).status, 204)
    refused("manager makes keys", manager.post(f"/key/user/{limited}", {"name": "x"}), *denied)
    refused("manager deletes", manager.delete(f"/user/{limited}"), *denied)
    # A key for user management manages users, and gets no other right by them.
    made(users.post("/user", person(f"e{n}", ADMINISTRATOR)))
    for role in (FREE, ORDERS, VIEW):
        refused(f"key {role}", users.post(f"/key/user/{admin}", {"name": "x", "restricted_to_role_id": role}), *denied)
    case.equal("its own kind", c.get(f"/key/{key_of(account, admin, client=users, restricted_to_role_id=USERS)['id']}")
               .json["restricted_to_role_id"], USERS)
    refused("raises a user", users.put(f"/user/{limited}/role", {"access_roles": [{"id": 1}]}), *denied)
    refused("free service user", users.post("/user", service()), *denied)
    made(users.post("/user", service("managing", restricted_to_role_id=USERS)))
    free = key_of(account, admin)
    case.equal("revokes", users.put(f"/key/{free['id']}/status", {"status": "revoked"}).status, 204)
    refused("activates", users.put(f"/key/{free['id']}/status", {"status": "active"}), *denied)
    own = key_of(account, admin, restricted_to_role_id=USERS)
    refused("widens", users.put(f"/key/{own['id']}", {"restricted_to_role_id": FREE}), *denied)


@tests
def small_roles_reach_nothing(stack):
    """Every route of people, with a key that is for orders only."""
    account = Account(stack)
    ids = {"user_id": account.user_id, "key_id": 1, "container_id": 1, "template_id": 5, "username": "x"}
    orders = account.as_role(ADMINISTRATOR, ORDERS)
    standard = account.as_role(STANDARD)
    walked = 0
    for path, methods in account.client.get("/openapi.json").json["paths"].items():
        path = path.removeprefix("/services/v2")
        if not re.match("/(user|key|container|account)(/|$)", path) or path == "/user/me":
            continue
        for method in methods:
            filled = re.sub("{([^}]+)}", lambda m: str(ids.get(m.group(1), 1)), path)
            if path != "/account/auth-key" or method != "get":
                refused(f"{method} {path}", orders.call(method.upper(), filled, {}), 403,
                        "access_denied|missing_permission")
                walked += 1
            if method != "get":
                refused(f"{method} {path}, standard user", standard.call(method.upper(), filled, {}), 403,
                        "access_denied|missing_permission")
    case.true(f"walked {walked}", walked >= 25)


@tests
def secrets_are_shown_to_few(stack):
    account = Account(stack)
    c = account.client
    webhook = made(c.post("/webhook", {"endpoint": stack.sink.url + "/secret", "secret": "s" * 40}))["webhook_id"]
    key = c.post("/account/auth-key").json
    shown = [("administrator", c, True), ("key for orders", account.as_role(ADMINISTRATOR, ORDERS), True),
             ("manager", account.as_role(MANAGER), False)]
    for who, client, sees in shown:
        answer = client.get("/account/auth-key")
        case.equal(f"AuthKey, {who}: {answer}", answer.json, key if sees else {"auth_key_id": key["auth_key_id"]})
    golden.check("GET account/auth-key secret not shown", account.as_role(MANAGER).get("/account/auth-key"))
    case.equal("webhook, administrator", c.get("/webhook").json["webhooks"][0]["secret"], "s" * 40)
    seen = account.as_role(MANAGER).get("/webhook").json["webhooks"][0]
    case.equal("webhook, manager", (seen["id"], "secret" in seen), (webhook, False))


@tests
def what_is_empty_stays(stack):
    """Of a change: "" takes away what a person or a division may be without; for all else it says nothing."""
    account = Account(stack)
    c = account.client
    root = c.get("/account").json["root_container_id"]
    user_id = made(c.post("/user", person(f"zero{account.number}")))["id"]
    before = c.get(f"/user/{user_id}").json
    nothing = {"username": "", "first_name": "", "last_name": None, "email": "", "container": {"id": 0, "name": ""},
               "container_id_assignments": {}}
    case.equal("zeros", c.put(f"/user/{user_id}", nothing).status, 204)
    case.equal("stays", c.get(f"/user/{user_id}").json, before)
    case.equal("taken away", c.put(f"/user/{user_id}", {"job_title": "", "telephone": ""}).status, 204)
    after = c.get(f"/user/{user_id}").json
    case.equal("gone", (after["job_title"], after["telephone"], after["email"]), ("", "", before["email"]))
    child = made(c.post(f"/container/{root}/children", {"name": "Labs", "description": "x", "template_id": 0}))["id"]
    case.equal("zeros", c.put(f"/container/{child}", {"name": ""}).status, 204)
    case.equal("taken away", c.put(f"/container/{child}", {"description": ""}).status, 204)
    found = c.get(f"/container/{child}").json
    case.equal("gone", (found["name"], found["description"]), ("Labs", ""))
    key_id = key_of(account, user_id, restricted_to_role_id=VIEW)["id"]
    for body, role in (({"name": "k2", "restricted_to_role_id": ""}, VIEW), ({"restricted_to_role_id": 0}, FREE)):
        case.equal(f"{body}", c.put(f"/key/{key_id}", body).status, 204)
        key = c.get(f"/key/{key_id}").json
        case.equal(f"after {body}", (key["name"], key["restricted_to_role_id"]), ("k2", role))
    everybody = c.get("/user").json
    case.equal("of division 0", c.get("/user?container_id=0").json, everybody)


@tests
def bodies_that_nobody_needs(stack):
    account = Account(stack)
    c = account.client
    root = c.get("/account").json["root_container_id"]
    child = made(c.post(f"/container/{root}/children", {"name": "Bodies"}))["id"]
    for body in (b"null", b"[]", b'""', b"order_id=1", b"{"):
        for method, path, status in (("GET", "/user/me", 200), ("GET", f"/container/{child}", 200),
                                     ("PUT", f"/container/{child}/deactivate", 204),
                                     ("PUT", f"/container/{child}/activate", 204),
                                     ("DELETE", "/user/1", 404), ("DELETE", "/webhook/1", 404)):
            answer = c.call(method, path, body)
            case.equal(f"{method} {path} {body}: {answer}", answer.status, status)
    order = account.place("bodies.example.com")["id"]
    for body in (b"null", b"[]", b"{}", b"", b'""', None):
        for path in ("dcv-random-value", "check-dcv"):
            answer = c.call("PUT", f"/order/certificate/{order}/{path}", body)
            case.true(f"{path} {body}: {answer}", answer.status == 200 or answer.error.get("code") == "invalid_dns_txt")
    case.equal("form text", c.call("PUT", f"/order/certificate/{order}/dcv-random-value", b"order_id=1").status, 200)


# ---- account and divisions

@tests
def the_account_and_its_divisions(stack):
    account = office(stack)
    c = account.client
    golden.check("GET account", c.get("/account"), loose=(*LOOSE, "id"))
    root = c.get("/account").json["root_container_id"]
    golden.check("GET container", c.get("/container/"), loose=LOOSE)
    answer = c.post(f"/container/{root}/children", {"name": "Research", "description": "Labs", "template_id": 5})
    golden.check("POST container/{container_id}/children", answer)
    child = made(answer)["id"]
    golden.check("GET container/{container_id}", c.get(f"/container/{child}"), loose=LOOSE)
    golden.check("GET container/{container_id}/children", c.get(f"/container/{root}/children"), loose=LOOSE)
    case.equal("none below", c.get(f"/container/{child}/children").json["containers"], [])
    golden.check("GET container/{container_id}/parent", c.get(f"/container/{child}/parent"), loose=LOOSE)
    case.equal("parent", c.get(f"/container/{child}/parent").json["id"], root)
    refused("above all", c.get(f"/container/{root}/parent"), 404, "not_found|container")
    for part in ("role", "template", "product-limits"):
        golden.check(f"GET container/{{container_id}}/{part}", c.get(f"/container/{child}/{part}"))
    golden.check("GET container/{container_id}/template/{template_id}", c.get(f"/container/{child}/template/5"))
    refused("no template", c.get(f"/container/{child}/template/6"), 404, "not_found")
    for query, wanted in (("", [root, child]), (f"?only_id={child}", [child]), (f"?parent_id={root}", [child]),
                          ("?parent_id=0", [root]), ("?sort=-id", [child, root]), ("?only_id=1", [])):
        case.equal(f"divisions {query}", [d["id"] for d in c.get("/container" + query).json["containers"]], wanted)
    golden.check("PUT container/{container_id}", c.put(f"/container/{child}", {"name": "Science"}))
    found = c.get(f"/container/{child}").json
    case.equal("edited", (found["name"], found["description"]), ("Science", "Labs"))
    refused("root is needed", c.put(f"/container/{root}/deactivate"), 400, "invalid_field", "container_id")
    user = made(c.post("/user", person(f"lab{account.number}", container={"id": child})))["id"]
    case.equal("at home there", c.get(f"/user/{user}").json["container"]["id"], child)
    case.equal("listed there", [u["id"] for u in c.get(f"/user?container_id={child}").json["users"]], [user])
    case.equal("audit", activities(stack, account, f"container/{child}"), ["division created", "division changed"])
    for body, field in (({}, "name"), ({"name": " "}, "name"), ({"name": "x" * 10000}, "name"), ({"name": "\x7f"}, "name"),
                        ({"name": "x", "description": "y" * 1025}, "description"),
                        ({"name": "x", "template_id": 6}, "template_id")):
        answer = c.post(f"/container/{root}/children", body)
        refused(f"{body}"[:80], answer, 400, answer.error.get("code"), field)


@tests
def a_division_with_its_first_user(stack):
    """Both are made, or neither."""
    account = Account(stack)
    c, name = account.client, f"head{account.number}"
    root = c.get("/account").json["root_container_id"]
    answer = c.post(f"/container/{root}/children", {"name": "Sales", "user": person(name, MANAGER, container={"id": 0})})
    golden.check("POST container/{container_id}/children with a user", answer)
    child = made(answer)["id"]
    people = c.get(f"/user?container_id={child}").json["users"]
    case.equal("its people", [(u["username"], u["access_roles"][0]["id"]) for u in people], [(f"{name}@example.com", MANAGER)])
    case.equal("audit", activities(stack, account, f"user/{people[0]['id']}"), ["user created"])
    empty = {"username": "", "first_name": "", "last_name": "", "email": "", "access_roles": [{"id": 0}],
             "container": {"id": 0}, "is_saml_sso_only": False}
    for nobody in (None, {}, [], "", empty, {**empty, "access_roles": None}, {**empty, "access_roles": []}):
        child = made(c.post(f"/container/{root}/children", {"name": "Empty", "user": nobody}))["id"]
        case.equal(f"{nobody}", c.get(f"/user?container_id={child}").json["users"], [])
    manager = account.as_role(MANAGER)
    tables = ("container", "user_account", "audit")
    before = stack.db.counts(*tables)
    for user, code, field in (
            (person(name), "invalid_field", "user.username"),
            ({**person("new"), "email": ""}, "missing_field", "user.email"),
            ({**empty, "first_name": "Ada"}, "missing_field", "user.username"),
            ({**empty, "access_roles": [{"id": 5}]}, "missing_field", "user.username"),
            (person("new", **{"access_roles": None}), "missing_field", "user.access_roles"),
            (person("new", 7), "invalid_field", "user.access_roles[0].id"),
            (person("new", container={"id": root}), "invalid_field", "user.container"),
            (service(), "invalid_field", "user.is_api_only")):
        refused(f"{user}", c.post(f"/container/{root}/children", {"name": "Never", "user": user}), 400, code, field)
    more = manager.post(f"/container/{root}/children", {"name": "Never", "user": person("new", ADMINISTRATOR)})
    refused("more than who makes him", more, 403, "access_denied|missing_permission")
    case.equal("nothing stored", stack.db.counts(*tables), before)


@tests
def orders_go_to_divisions_of_the_account(stack):
    account, stranger = Account(stack), Account(stack)
    c = account.client
    root = c.get("/account").json["root_container_id"]
    child = made(c.post(f"/container/{root}/children", {"name": "Shop"}))["id"]
    order = account.place("shop.example.com", container={"id": child})
    case.equal("its division", account.info(order["id"])["container"], {"id": child, "name": "Shop"})
    golden.check("PUT container/{container_id}/deactivate", c.put(f"/container/{child}/deactivate"))
    for client, name in ((c, "shut.example.com"), (stranger.client, "theirs.example.com")):
        refused("not there", account.order(name, client, container={"id": child}), 400, "invalid_field", "container.id")
    refused("nor people", c.post("/user", person(f"shut{account.number}", container={"id": child})), 400,
            "invalid_field", "container.id")
    refused("nor divisions", c.post(f"/container/{child}/children", {"name": "x"}), 400, "invalid_field", "container_id")
    golden.check("PUT container/{container_id}/activate", c.put(f"/container/{child}/activate"))
    account.place("again.example.com", container={"id": child})
    case.equal("products", c.get("/product/ssl_dv_geotrust").json["allowed_container_ids"], [root, child])


@tests
def the_operators_command(stack):
    """What `chancery account` and `chancery key` make is seen by the API, and their names are one list."""
    account = Account(stack)
    name = made(account.client.post("/user", person(f"cli{account.number}")))["id"]
    status, _, err = stack.cli("account", "create", "Other", "--username", f"CLI{account.number}@example.com",
                               "--email", "o@example.com")
    case.true(f"taken: {err}", status != 0 and "is taken" in err)
    text = account.key("from the command", name, VIEW)
    case.true("its form", re.fullmatch("[a-z0-9]{47}", text))
    keys = account.client.get(f"/key?user_id={name}").json["api_keys"]
    case.equal("listed", [(k["name"], k["restricted_to_role_id"]) for k in keys], [("from the command", VIEW)])
    case.equal("works", stack.client(text).get("/product").status, 200)


@tests
def odd_addresses(stack):
    account = Account(stack)
    c = account.client
    for path in ("/user/0", "/user/-1", "/user/9223372036854775807", "/key/0", "/container/0"):
        case.equal(path, c.get(path).status, 404)
    for path in ("/user/x", "/key/1e9", "/container/99999999999999999999"):
        refused(path, c.get(path), 404, "not_found")
    for name in ("a b", "\u00e9", "x" * 3000):
        answer = c.get("/user/availability/" + urllib.parse.quote(name))
        case.true(f"no fall: {answer}", answer.status in (200, 400, 404, 414))
