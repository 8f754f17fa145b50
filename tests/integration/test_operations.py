"""What who runs it sees: metrics, the files that read them, and the lines of one order."""
import json
import os
import pathlib
import re
import shutil
import subprocess

from harness import case, metrics
from harness.account import Account
from harness.stack import SERVICES, TOP
from harness.tests import Tests

tests = Tests()
MONITORING = pathlib.Path(TOP, "deploy", "monitoring")
NAME = re.compile(r"\bchancery_\w+")
DECLARED = set(re.findall(r'"(\w+)"', pathlib.Path(TOP, "lib/service/metrics.def").read_text()))
OF_LOGS = re.compile(r"chancery_(ct_\w+|timestamps_refused_total)")  # printed where logs are asked
LABELS = re.compile(r"(chancery_\w+)\{([^}]*)\}")
MATCH = re.compile(r'(\w+)(=~|!~|!=|=)"([^"]*)"')


# ---- one order, by its trace

def lines(stack, service, trace):
    """The lines of a service that belong to a trace."""
    found = []
    for line in stack.read(f"log/{service}.log").splitlines():
        if trace in line and line.startswith("{"):
            found.append(json.loads(line))
    return [m for m in found if trace in m.get("trace", "")]


def said(stack, service, trace, message, **members):
    """That line, once it is there."""
    def ask():
        return [m for m in lines(stack, service, trace) if m["message"] == message
                and all(m.get(k) == v for k, v in members.items())]
    return case.until(f"{service} says {message!r} {members} in trace {trace}", ask)[0]


def traced(trace):
    return {"traceparent": f"00-{trace}-00f067aa0ba902b7-01"}


@tests
def one_order_by_its_trace(stack):
    """From the caller's own trace id to the lines of every service that had a hand in it."""
    account = Account(stack)
    account.webhook("/trace")
    trace = "4bf92f3577b34da6a3ce929d0e0e4736"
    answer = account.order("trace.example.com", headers=traced(trace))
    number = answer.json["id"]
    case.equal("Request-Id", answer.headers["request-id"], trace)
    said(stack, "gateway", trace, "order placed", order_id=number, lane="dcv")
    said(stack, "validation", trace, "challenge checked", order_id=number, found=0, left="yes")
    account.publish("trace.example.com", answer.json["dcv_random_value"])
    account.check(number)
    account.issued(number)
    said(stack, "validation", trace, "challenge checked", order_id=number, found=1, left="no")
    said(stack, "issuer", trace, "certificate issued", order_id=number)
    said(stack, "notifier", trace, "event delivered", order_id=number, event="certificate_issued")


@tests
def an_order_that_expires(stack):
    """The calendar finds it among those that are set apart as open, and says which it was."""
    account = Account(stack)
    number = account.order("expires.example.com").json["id"]
    stack.db.run(f"UPDATE orders SET created_at = created_at - interval '91 days' WHERE id = {number};"
                 f"INSERT INTO order_apart SELECT id, account_id, 'open', created_at FROM orders WHERE id = {number}"
                 " ON CONFLICT DO NOTHING;"
                 "UPDATE job SET run_at = '2020-01-01' WHERE lane = 'expire'")
    said(stack, "scheduler", "", "order expired", order_id=number)
    case.equal("status", account.info(number)["status"], "expired")


@tests
def an_approved_order(stack):
    """From the approval on, the trace is that of who approved."""
    account = Account(stack)
    account.prove("example.com")
    account.webhook("/approved-trace")
    placed = account.order("www.approved-trace.example.com", client=account.as_role(5),
                           certificate_dcv_scope="base_domain").json
    trace = "6bf92f3577b34da6a3ce929d0e0e4736"
    answer = account.client.call("PUT", f"/request/{placed['requests'][0]['id']}/status",
                                 {"status": "approved"}, traced(trace))
    case.equal(f"approved: {answer}", answer.status, 204)
    number = placed["id"]
    said(stack, "gateway", trace, "request decided", order_id=number, status="approved")
    said(stack, "issuer", trace, "certificate issued", order_id=number)
    said(stack, "notifier", trace, "event delivered", order_id=number)


@tests
def a_trace_of_another_form(stack):
    """It is not taken over: the order has a trace of its own."""
    account = Account(stack)
    bad = "00-00000000000000000000000000000000-00f067aa0ba902b7-01"
    answer = account.order("no-trace.example.com", headers={"traceparent": bad})
    trace = answer.headers["request-id"]
    case.true("a trace", re.fullmatch(r"[0-9a-f]{32}", trace) and set(trace) != {"0"})
    said(stack, "gateway", trace, "order placed", order_id=answer.json["id"])


# ---- metrics

@tests
def every_program_says_its_version(stack):
    """All six the same, and what runs says it where it is watched."""
    said = {subprocess.run([f"{stack.dir}/app/bin/{name}", "--version"], capture_output=True, text=True, check=True).stdout.split(" ", 1)[1]
            for name in ("chancery", *(f"chancery-{s}" for s in SERVICES))}
    case.equal("one version", len(said), 1)
    version = said.pop().strip()
    for name in SERVICES:
        case.equal(name, metrics.value(stack, name, f'chancery_build_info{{version="{version}"}}'), 1)


@tests
def an_order_is_counted(stack):
    account = Account(stack)
    account.prove("example.com")
    done = 'chancery_lane_jobs_total{lane="issue",outcome="done"}'
    issued = metrics.value(stack, "issuer", done)
    placed = metrics.value(stack, "gateway", "chancery_orders_placed_total")
    account.place("www.counted.example.com", certificate_dcv_scope="base_domain")
    case.equal("placed", metrics.value(stack, "gateway", "chancery_orders_placed_total"), placed + 1)
    case.until("the issuer counts it", lambda: metrics.value(stack, "issuer", done) == issued + 1)
    after = metrics.scrape(stack, "issuer")
    signed = [s for s in after if s.startswith("chancery_signatures_total") and 'outcome="signed"' in s]
    case.true("signatures, by authority", signed and re.search(r'authority="[0-9A-F]{16}"', signed[0]))
    case.equal("breaker", after["chancery_token_breaker_open"], 0)
    case.equal("sessions of the token", (after["chancery_token_threads"], after["chancery_token_threads_busy"]), (2, 0))
    ends = {s: end for s, end in after.items() if s.startswith("chancery_authority_not_after_seconds")}
    case.equal("every authority has an end", len(ends), stack.db.number("SELECT count(*) FROM authority"))
    case.true(f"later than now: {ends}", all(end > stack.now() for end in ends.values()))
    case.true("seconds", after["chancery_signature_seconds_count"] >= 1)
    case.equal("the gateway has no lanes", [s for s in metrics.scrape(stack, "gateway") if "_lane_jobs" in s], [])


@tests
def every_process_says_what_it_takes(stack):
    for name in SERVICES:
        seen = metrics.scrape(stack, name)
        case.true(f"{name}: {seen['process_open_fds']} of {seen['process_max_fds']} files",
                  0 < seen["process_open_fds"] < seen["process_max_fds"])
        case.true(f"{name}: memory", seen["process_resident_memory_bytes"] > 1 << 20)
        case.true(f"{name}: began", seen["process_start_time_seconds"] > 1.6e9)
        case.true(f"{name}: time", seen["process_cpu_seconds_total"] >= 0)


def why(stack, order):
    return json.loads(stack.must_cli("why", "order", str(order), "--json"))


@tests
def the_command_reads(stack):
    """What an operator asks of an order that waits, and of one that is issued."""
    account = Account(stack)
    waits = account.place("why.example.com")["id"]
    case.until("it was looked for", lambda: why(stack, waits)["open"][0].get("detail"))
    told = why(stack, waits)
    task = told["open"][0]
    case.equal("a task", (task["kind"], task["owner"], task["name"]), ("dcv", "customer", "why.example.com"))
    blocker = account.client.get(f"/order/certificate/{waits}").json["blockers"][0]
    case.equal("as the API says it", task["detail"], blocker["seen"])
    case.equal("what happened", [c["chapter"] for c in told["chapters"]], ["placed", "challenge", "look"])
    case.equal("who asked for it", "with key" in told["chapters"][0]["who"], True)
    case.equal("what was seen", told["chapters"][2]["evidence"][0]["looks"][0]["state"], "no_name")
    case.equal("by its other name", json.loads(stack.must_cli("order", "why", str(waits), "--json"))["chapters"][:2],
               told["chapters"][:2])
    listed = json.loads(stack.must_cli("order", "list", "--status", "pending", "--account", str(account.id), "--json"))
    case.equal("listed", [row["id"] for row in listed], [waits])
    account.prove("example.net")
    number = account.place("www.example.net", certificate_dcv_scope="base_domain")["id"]
    case.until("issued", lambda: json.loads(stack.must_cli("order", "show", str(number), "--json"))["status"] == "issued")
    serial = json.loads(stack.must_cli("order", "show", str(number), "--json"))["serial"]
    chapters = {c["chapter"]: c["text"] for c in why(stack, serial)["chapters"]}
    case.equal("its story", [c in chapters for c in ("placed", "reused", "attempt", "certificate")], [True] * 4)
    case.equal("what it relies on", "control of example.net was proved by dns-txt-token" in chapters["reused"], True)
    case.equal("nothing is open", why(stack, serial).get("open"), [])
    case.equal("by its serial number", json.loads(stack.must_cli("order", "show", serial, "--json"))["id"], number)
    done = [row["activity"] for row in json.loads(stack.must_cli("audit", "list", "--subject", f"order/{number}", "--json"))]
    case.true(f"who did what: {done}", "order placed" in done)
    status = json.loads(stack.must_cli("status", "--json"))
    case.true("a policy", status["policy"]["version"] >= 1)
    case.true("authorities that end", all(row["not_after"] for row in status["authorities"]))


def policy_of_more_entropy(stack):
    """A copy of the policy that wants more random bits in a serial number than there are."""
    folder = pathlib.Path(stack.dir, "policy-entropy")
    shutil.copytree(pathlib.Path(stack.dir, "app/policy"), folder)
    path = folder / "rules/leaf.json"
    path.write_text(path.read_text().replace('"value": "64", "unit": "bits"', '"value": "160", "unit": "bits"'))
    return str(folder)


@tests
def what_a_lint_refuses_is_told_and_mended(stack):
    """Nothing is signed; who asks is told which lint and why; with the policy mended the order is issued."""
    account = Account(stack)
    account.prove("linted.example.com")
    stack.must_cli("policy", "load", policy_of_more_entropy(stack))
    order = account.place("linted.example.com")
    waits = lambda: {row["kind"]: row for row in why(stack, order["id"])["open"]}
    case.until("given up", lambda: "job given up" in waits())
    case.inside("which and why", "LINT serial_entropy the certificate breaks BR 7.1.2.7: the serial number has no room for "
                "160 random bits", waits()["job given up"]["detail"])
    case.equal("whose it is", waits()["held_up"]["owner"], "ca")
    lints = json.loads(stack.must_cli("status", "--json"))["lints"]
    case.equal("on the page", [(row["lint"], row["requests"]) for row in lints], [("serial_entropy", 1)])
    case.equal("counted", metrics.value(stack, "issuer", 'chancery_linted_total{outcome="refused"}'), 1)
    blockers = account.client.get(f"/order/certificate/{order['id']}").json["blockers"]
    case.equal("the customer has nothing to do", [b["kind"] for b in blockers], ["held_up"])
    case.equal("nothing was signed", stack.db.number(
        f"SELECT count(*) FROM issuance x JOIN request r ON r.id = x.request_id WHERE r.order_id = {order['id']}"), 0)
    stack.must_cli("policy", "load", os.path.join(stack.dir, "app/policy"))
    stack.must_cli("jobs", "retry", waits()["job given up"]["name"].split()[1])
    case.until("issued", lambda: json.loads(stack.must_cli("order", "show", str(order["id"]), "--json"))["status"] == "issued")
    case.equal("nothing is refused", json.loads(stack.must_cli("status", "--json"))["lints"], [])


@tests
def jobs_are_counted(stack):
    """A job that waits and one that was given up are seen by the scheduler, and by nobody else."""
    account = Account(stack)
    number = account.place("waits.example.com")["id"]
    later = 'chancery_jobs_waiting{lane="dcv"}'
    dead = 'chancery_jobs_dead{lane="dcv"}'
    case.until("it waits to be looked for", lambda: (metrics.value(stack, "scheduler", later) or 0) >= 1)
    stack.db.run("INSERT INTO job_dead (id, lane, subject, run_at, attempt, deaths, story, buried_at, reported) VALUES"
                 f" (900001, 'dcv', {number}, '2020-01-01', 10, 0, 'a test', '2020-01-01', true)")
    case.until("one is dead", lambda: metrics.value(stack, "scheduler", dead) == 1)
    stack.db.run("DELETE FROM job_dead WHERE id = 900001")
    case.until("none is dead", lambda: metrics.value(stack, "scheduler", dead) == 0)
    case.equal("nobody else counts", [n for n in SERVICES if n != "scheduler" and later in metrics.scrape(stack, n)], [])


@tests
def peers_and_connections(stack):
    found = metrics.scrape(stack, "gateway")
    for name in ("issuer", "validation", "notifier"):
        case.equal(f"peers of {name}", found[f'chancery_bus_peers_up{{service="{name}"}}'], 1)
    case.true("connections", 1 <= found["chancery_database_connections"] <= 40)
    case.true("statements", found["chancery_database_statements_total"] >= 1)


# ---- the files that read them

def rules():
    """The expressions of the alert rules; promtool reads the file properly in .ci/run."""
    text = (MONITORING / "alerts.yaml").read_text()
    return re.findall(r"^ +expr: ((?:.|\n)*?)(?=^ +(?:for|labels):)", text, re.M)


def targets(panels):
    for panel in panels:
        yield from (t["expr"] for t in panel.get("targets", []))
        yield from targets(panel.get("panels", []))


def fits(labels, wanted):
    """Do the labels of a series meet a selector? Those that no one can know before are not looked at."""
    for key, how, value in MATCH.findall(wanted):
        found = dict((k, v) for k, _, v in MATCH.findall(labels)).get(key)
        match = re.fullmatch(value, found or "") is not None if "~" in how else found == value
        if match != (how in ("=", "=~")):
            return False
    return True


@tests
def rules_and_dashboard_name_what_is_printed(stack):
    account = Account(stack)  # so that something was signed
    account.prove("example.com")
    case.until("figures", lambda: any("jobs_due" in s for s in metrics.scrape(stack, "scheduler")))
    series = [s for name in SERVICES for s in metrics.scrape(stack, name)]
    names = {s.split("{")[0] for s in series}
    dashboard = json.loads((MONITORING / "dashboard.json").read_text())
    asked = rules() + list(targets(dashboard["panels"]))
    case.true("expressions", len(asked) > 40)
    for expression in asked:
        for name in NAME.findall(expression):
            if OF_LOGS.fullmatch(name):
                case.inside(f"{name} of {expression!r}", name.removeprefix("chancery_"), DECLARED)
            else:
                case.true(f"{name} of {expression!r} is printed", name in names)
        for name, wanted in LABELS.findall(expression):
            if OF_LOGS.fullmatch(name) or any(w in wanted for w in ('outcome="wrong"', 'outcome="failed"', "status", '"perspective-')):
                continue  # shown from the first time on, or where there are any
            case.true(f"{name}{{{wanted}}} is printed",
                      any(fits(s, wanted) for s in series if s.startswith(name + "{")))


@tests
def help_names_the_scopes(stack):
    rules = [r for p in pathlib.Path(TOP, "policy/rules").glob("*.json") for r in json.loads(p.read_text())["rules"]]
    said = stack.must_cli("policy", "at", "--help")
    case.equal("scopes without a word", sorted(s for s in {r["scope"] for r in rules} if not re.search(rf"\b{s}\b", said)), [])


@tests
def every_rule_is_tested(stack):
    del stack
    alerts = re.findall(r"alert: (\w+)", (MONITORING / "alerts.yaml").read_text())
    tried = re.findall(r"- name: (\w+)", (MONITORING / "alerts_test.yaml").read_text())
    case.equal("alerts with a test", sorted(tried), sorted(alerts))
    told = re.findall(r"^\| `(\w+)`", pathlib.Path(TOP, "docs/guide/monitor.md").read_text(), re.M)
    case.equal("alerts in the guide", sorted(told), sorted(alerts))
