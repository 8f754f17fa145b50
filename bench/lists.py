"""What an account with very many orders costs its owner: lists and single orders at 10,000 orders of one
account, and again at a million."""
import http.client
import statistics
import time

from house import fail

SMALL, LARGE = 10_200, 1_000_000  # the page at offset 10,000 is there in both
CHUNK, TIMES = 100_000, 100
FIRST = 10 ** 12  # ids far from those of the house
PAGE = "/services/v2/order/certificate?limit=100"


def name_of(n):
    return f"n{n}.bulk.example.com"


# What a copied row has instead of its model's, as SQL over n; other columns are the model's.
# Of statuses 1 in 100 is pending and 1 in 100 canceled.
ORDER = {"id": f"{FIRST} + n", "request_id": f"{FIRST} + n", "alternative_order_id": "NULL", "xid": "'3'::xid8",
         "certificate_id": f"CASE WHEN n % 50 <> 0 THEN {FIRST} + n END",
         "created_at": "m.created_at - interval '300 days' + n * interval '20 s'",
         "status_at": "m.created_at - interval '300 days' + n * interval '20 s'",
         "status": "CASE n % 100 WHEN 0 THEN 'pending' WHEN 50 THEN 'canceled' ELSE 'issued' END"}
NAME = {"request_id": f"{FIRST} + n", "name": "'n' || n || '.bulk.example.com'", "domain": "'bulk.example.com'"}
REQUEST = {"id": f"{FIRST} + n", "order_id": f"{FIRST} + n"}
SERIAL = "substr(sha256(('serial' || n)::bytea), 1, 16)"
CERTIFICATE = {"id": f"{FIRST} + n", "order_id": f"{FIRST} + n", "request_id": f"{FIRST} + n", "serial": SERIAL,
               "thumbprint": "substr(sha256(('thumbprint' || n)::bytea), 1, 20)"}
ISSUANCE = {"id": f"{FIRST} + n", "request_id": f"{FIRST} + n", "serial": SERIAL}
ISSUED = "WHERE n % 50 <> 0"


class Lists:
    """The key is of the account whose first order is copied."""

    def __init__(self, house, key):
        self.house, self.key = house, key
        self.count, self.rows = 0, []
        self.model = house.sql("SELECT min(id) FROM orders WHERE status = 'issued'")
        self.request = house.sql(f"SELECT request_id FROM orders WHERE id = {self.model}")
        self.account = house.sql(f"SELECT account_id FROM orders WHERE id = {self.model}")

    def copy(self, table, changes, where, first, last, more=""):
        columns = self.house.sql("SELECT string_agg(attname, ' ' ORDER BY attnum) FROM pg_attribute WHERE attnum > 0 "
                                 f"AND NOT attisdropped AND attrelid = '{table}'::regclass").split()
        values = ", ".join(changes.get(c, "m." + c) for c in columns)
        self.house.sql(f"INSERT INTO {table} ({', '.join(columns)}) SELECT {values} "
                       f"FROM (SELECT * FROM {table} m WHERE {where}) m, generate_series({first}, {last}) n {more}")

    def fill(self, count):
        """Up to so many; issued ones with their certificates."""
        for first in range(self.count + 1, count + 1, CHUNK):
            last = min(count, first + CHUNK - 1)
            self.copy("orders", ORDER, f"m.id = {self.model}", first, last)
            self.copy("request", REQUEST, f"m.id = {self.request}", first, last)
            self.copy("request_name", NAME, f"m.request_id = {self.request} AND m.position = 0", first, last)
            self.copy("certificate", CERTIFICATE, f"m.order_id = {self.model}", first, last, ISSUED)
            self.copy("issuance", ISSUANCE, f"m.request_id = {self.request} AND m.state = 'issued'", first, last, ISSUED)
        self.count = count
        for table in ("orders", "request_name", "request", "certificate", "issuance"):
            self.house.sql(f"VACUUM (ANALYZE) {table}")

    def await_tally(self):
        """The scheduler counts at its own cadence, which is not waited for; then in its own time."""
        self.house.sql("DELETE FROM order_tally; DELETE FROM order_apart")
        self.house.sql("UPDATE job SET run_at = run_at - interval '1 day' WHERE lane = 'tally'")
        began = time.monotonic()
        while int(self.house.sql("SELECT coalesce(max(total), 0) FROM order_tally")) < self.count:
            if time.monotonic() - began > 300:
                fail("the scheduler does not count the orders")
            time.sleep(0.2)
        return time.monotonic() - began

    def questions(self):
        n = self.count // 2 + 1
        serial = self.house.sql(f"SELECT upper(encode({SERIAL}, 'hex')) FROM (VALUES ({n})) v (n)")
        return {"first page": PAGE, "pending": PAGE + "&filters%5Bstatus%5D=pending",
                "common name": PAGE + f"&filters%5Bcommon_name%5D={name_of(n)}", "offset 10,000": PAGE + "&offset=10000",
                "order by id": f"/services/v2/order/certificate/{FIRST + n}",
                "order by serial": f"/services/v2/order/certificate/{serial}"}

    def measure(self):
        """Each in turn, so that what else the machine does meets all of them; milliseconds."""
        connection = http.client.HTTPConnection(self.house.at["STACK_HOST"], timeout=30)
        questions = self.questions()
        took = {q: [] for q in questions}
        for turn in range(TIMES + 5):
            for question, path in questions.items():
                began = time.perf_counter()
                connection.request("GET", path, headers={"X-DC-DEVKEY": self.key})
                answer = connection.getresponse()
                body = answer.read()
                if answer.status != 200 or b'"id":' not in body:
                    fail(f"{question}: {answer.status} {body[:200]}")
                if turn >= 5:
                    took[question].append((time.perf_counter() - began) * 1000)
        for question, times in took.items():
            self.rows.append({"question": question, "orders": self.count, "p50_ms": round(statistics.median(times), 3),
                              "p90_ms": round(sorted(times)[int(TIMES * 0.9)], 3)})

    def p50(self, question, orders):
        return next(r["p50_ms"] for r in self.rows if (r["question"], r["orders"]) == (question, orders))


def run(house, key, quick):
    lists = Lists(house, key)
    for count in (SMALL, LARGE // 10 if quick else LARGE):
        began = time.monotonic()
        lists.fill(count)
        filled = time.monotonic() - began
        tallied = lists.await_tally()
        lists.measure()
        print(f"lists: {count} orders of one account (filled in {filled:.0f} s, counted in {tallied:.1f} s)", flush=True)
    return lists


def report(lists, line, verdict):
    large = lists.count
    print()
    line(f"lists, {SMALL} / {large} orders", "median", "", "ratio")
    for question in dict.fromkeys(r["question"] for r in lists.rows):
        small_ms, large_ms = lists.p50(question, SMALL), lists.p50(question, large)
        ratio = large_ms / small_ms
        aim = 1.3 if question in ("first page", "order by id", "order by serial") else None
        line(f"  {question}", f"{small_ms:.2f}", f"/ {large_ms:.2f} ms", f"{ratio:.2f}",
             verdict(ratio, aim, True), f"aim {aim}" if aim else "")


COLUMNS = ["question", "orders", "p50_ms", "p90_ms"]
