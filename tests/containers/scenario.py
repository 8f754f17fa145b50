#!/usr/bin/python3
"""The images and compose.yaml, for real. Called by tests/containers/run, in its sandbox, with a folder.

First the commit before this one runs, takes orders, and is upgraded while they are under way; then what
may happen to a system happens to the new one. At the end each order that was accepted must have its
certificate, once, with its webhook, and the audit log must be whole."""
import functools
import json
import os
import pathlib
import re
import sys
import threading
import time
import traceback
import urllib.request

if sys.argv[1:2] in (["-h"], ["--help"]):
    print(__doc__.strip())
    sys.exit()

HERE = pathlib.Path(__file__).resolve().parent
TOP = HERE.parents[1]
sys.dont_write_bytecode = True
sys.path[:0] = [str(HERE), str(TOP / "tests/integration")]

from compose import DOCKER, SERVICES, Compose, run  # noqa: E402
from harness import case, pki, promise  # noqa: E402
from harness.tests import Tests  # noqa: E402
from outside import FAR_ADDRESS, FAR_PORT, Outside  # noqa: E402

CALLERS, PAUSE = 3, 0.1  # so that what is behind can be caught up with
OURS = SERVICES + ("tools",)
test = Tests()


class Orders:
    """Callers that order again and again until the block ends."""

    def __init__(self, customer):
        self.customer, self.stop, self.problems = customer, threading.Event(), []

    def _call(self):
        client = self.customer.account.client.another()
        try:
            while not self.stop.wait(PAUSE):
                self.customer.instant(client)
        except Exception as e:  # raised where the block ends
            self.problems.append(e)

    def __enter__(self):
        self.before = len(self.customer.log)
        self.threads = [threading.Thread(target=self._call, daemon=True) for _ in range(CALLERS)]
        for thread in self.threads:
            thread.start()
        self.some()
        return self

    def some(self, count=5):
        """Some more are accepted."""
        goal = len(self.customer.log) + count
        case.until("orders are accepted", lambda: self.problems or len(self.customer.log) >= goal, patience=60)

    def __exit__(self, *_):
        self.stop.set()
        for thread in self.threads:
            thread.join()
        if self.problems:
            raise self.problems[0]


class World:
    def __init__(self, folder):
        self.folder = pathlib.Path(folder)
        self.outside = Outside(str(self.folder / "rig"))
        self.stack = Compose("chancery", self.outside, self.previous, "previous")
        self.customer = None

    @functools.cached_property
    def previous(self):
        tree = self.folder / "previous"
        tree.mkdir()
        run("sh", "-c", f"git -c tar.umask=0022 archive HEAD~1 | tar -x -C '{tree}'", cwd=TOP)
        if not (tree / "Containerfile").exists():
            raise case.Failed("the commit before this one has no Containerfile: there is nothing to upgrade from")
        return tree

    def kept(self):
        """The promise, asked of the stack as it is now."""
        c = self.customer
        c.settle()
        findings = (promise.issued_once(self.stack.db, c.log) + promise.serials_once(self.stack.db)
                    + promise.told_once(c.messages(), c.log))
        if findings:
            jobs = self.stack.db.rows("SELECT lane, count(*), max(attempt), min(run_at)::text FROM job GROUP BY lane")
            raise case.Failed("\n".join([f"{len(findings)} findings among {len(c.log)} orders", *findings[:10],
                                         f"jobs: {jobs}"]))

    def close(self):
        self.stack.down()
        self.outside.close()


# ---- the images

def build(stack):
    stack.compose("build")


@test
def the_previous_commit_is_built_and_runs(world):
    build(world.stack)
    case.within("up and healthy", 60, world.stack.up)
    world.customer = promise.Customer(world.stack, "/hook")


@test
def an_order_is_proved_by_dns_and_issued(world):
    c = world.customer
    number = c.slow()
    info = c.account.issued(number)
    c.settle()
    root = run(DOCKER, "run", "--rm", "-v", "chancery_ceremony:/c:ro", "--entrypoint", "cat", "chancery-tools:previous",
               "/c/root.pem").stdout
    chain = pki.certificates(c.account.client.get(
        f"/certificate/download/order/{number}/format/pem_all").body.decode())
    pki.verify(chain[0], chain[1:2], root, name=info["certificate"]["common_name"])
    world.kept()


@test
def this_commit_is_built(world):
    build(Compose("chancery", world.outside, TOP, "this"))


# ---- the upgrade

@test
def an_upgrade_loses_nothing(world):
    c, waiting = world.customer, []
    for _ in range(3):  # these wait for their proof while everything is replaced
        name = c.fresh_name()
        waiting.append((name, c.order(name)))
    with Orders(c) as orders:
        world.stack.of(TOP, "this")
        world.stack.up()
        orders.some()
    for service in SERVICES:
        image = world.stack.inspect(world.stack.container(service))["Config"]["Image"]
        case.equal(f"image of {service}", image, f"chancery-{service}:this")
    for name, document in waiting:
        c.account.publish(name, document["dcv_random_value"])
        c.told(document, name)
        c.account.check(document["id"])
    world.kept()


@test
def a_second_up_changes_nothing(world):
    before = [world.stack.container(service) for service in SERVICES]
    world.stack.up()
    case.equal("containers", [world.stack.container(service) for service in SERVICES], before)
    world.customer.instant()
    world.kept()


# ---- what the images are

@test
def images_hold_a_user_and_no_shell(world):
    for service in SERVICES:
        config = world.stack.inspect(f"chancery-{service}:this")["Config"]
        case.equal(f"user of {service}", config["User"], "10001:10001")
        shell = run(DOCKER, "run", "--rm", "--entrypoint", "/bin/sh", f"chancery-{service}:this", "-c", ":", check=False)
        case.true(f"{service} has no shell", shell.returncode == 127)


@test
def containers_are_confined(world):
    for service in SERVICES:
        container = world.stack.inspect(world.stack.container(service))
        host = container["HostConfig"]
        case.true(f"{service}: read-only root", host["ReadonlyRootfs"])
        case.equal(f"{service}: capabilities dropped", host["CapDrop"], ["ALL"])
        case.inside(f"{service}: privileges", "no-new-privileges:true", host["SecurityOpt"])
        case.true(f"{service}: memory is limited", host["Memory"] > 0)
        words = [w for w in container["Config"]["Env"] if re.search(r"PASSWORD=|PIN=|password=|SECRET", w)]
        case.equal(f"{service}: secrets in the environment", words, [])


@test
def inner_services_have_no_way_out(world):
    def dials(network):
        return run(DOCKER, "run", "--rm", "--network", f"chancery_{network}", "--entrypoint", "nc", "chancery-tools:this",
                   "-w", "2", FAR_ADDRESS, str(FAR_PORT), check=False).returncode == 0
    case.until("the way out is there", lambda: dials("egress"))
    case.equal("from inner", dials("inner"), False)
    case.equal("from front", dials("front"), False)
    for service in ("gateway", "issuer", "scheduler", "postgres", "redis"):
        networks = world.stack.inspect(world.stack.container(service))["NetworkSettings"]["Networks"]
        case.true(f"{service} is not on the way out", "chancery_egress" not in networks)


@test
def a_health_check_says_why(world):
    r = run(DOCKER, "run", "--rm", "chancery-gateway:this", "--healthcheck", check=False)
    case.equal("status", r.returncode, 1)
    case.inside("what it says", "not ready: Connection refused", r.stderr)


# ---- what may happen

@test
def validation_scales_to_three(world):
    world.stack.up("--scale", "validation=3")
    world.stack.await_healthy("validation")
    case.equal("validations", len(world.stack.containers("validation")), 3)
    c = world.customer
    for _ in range(6):
        c.slow()
    # Each is a peer of the gateway: names are looked up again.
    case.until("the gateway knows all three", lambda: len(set(re.findall(
        r'"peer is there","peer":"validation","address":"([^"]+)"', world.stack.compose("logs", "gateway").stdout))) >= 3)
    world.kept()
    world.stack.up("--scale", "validation=1")


@test
def an_issuer_dies_while_orders_come(world):
    with Orders(world.customer) as orders:
        world.stack.crash("issuer")
        orders.some()
    world.stack.await_healthy("issuer", "gateway")
    world.kept()


def cut_off(world, service):
    container = world.stack.container(service)
    with Orders(world.customer) as orders:
        world.stack.disconnect(service)
        case.until(f"{service} is not healthy", lambda: not world.stack.healthy(container), patience=60)
        world.stack.connect(service)
        orders.some()
    world.stack.await_healthy()
    world.kept()


@test
def an_issuer_is_cut_off_and_comes_back(world):
    cut_off(world, "issuer")


@test
def a_validation_is_cut_off_and_comes_back(world):
    cut_off(world, "validation")
    world.customer.slow()
    world.kept()


@test
def services_end_when_they_are_told(world):
    with Orders(world.customer):
        for service in ("scheduler", "notifier", "validation", "issuer", "gateway"):
            container = world.stack.container(service)
            case.within(f"stop of {service}", 15, lambda: run(DOCKER, "stop", "-t", "30", container))
            case.equal(f"exit status of {service}", world.stack.inspect(container)["State"]["ExitCode"], 0)
            run(DOCKER, "start", container)
    world.stack.await_healthy()
    world.kept()


def prometheus(path):
    return json.load(urllib.request.urlopen(f"http://127.0.0.1:9090/api/v1/{path}", timeout=10))["data"]


@test
def prometheus_watches_all_of_it(world):
    world.stack.compose("--profile", "monitoring", "build", "prometheus")
    case.within("up and healthy", 60, lambda: world.stack.compose(
        "--profile", "monitoring", "up", "-d", "--wait", "--no-deps", "prometheus"))
    container = world.stack.inspect(world.stack.container("prometheus"))
    case.true("read-only root", container["HostConfig"]["ReadonlyRootfs"])
    case.equal("user", container["Config"]["User"], "10001:10001")

    def seen():
        return {re.split("[/:]", t["labels"]["instance"])[0]: t["health"] for t in prometheus("targets")["activeTargets"]}
    case.until("it sees every service", lambda: seen() == {s: "up" for s in SERVICES} or None, patience=60)
    alerts = re.findall(r"alert: (\w+)", (TOP / "deploy/monitoring/alerts.yaml").read_text())
    rules = [r["name"] for g in prometheus("rules")["groups"] for r in g["rules"]]
    case.equal("alerts", sorted(rules), sorted(alerts))
    world.stack.stop("gateway")
    case.until("it misses the gateway", lambda: prometheus("query?query=up{instance='gateway:9100'}".replace(
        "{", "%7B").replace("}", "%7D"))["result"][0]["value"][1] == "0" or None, patience=60)
    world.stack.start("gateway")
    world.stack.await_healthy("gateway")
    world.stack.compose("--profile", "monitoring", "rm", "-s", "-f", "prometheus")


@test
def the_audit_log_is_whole(world):
    world.stack.must_cli("audit", "verify", "--heads", "/var/lib/chancery/audit/heads")


@test
def docker_compose_of_old_runs_it_too(world):
    world.stack.down()
    old = world.stack = Compose("old", world.outside, TOP, "this", command=("/usr/bin/docker-compose",))
    began = time.monotonic()
    old.compose("up", "-d")
    old.await_healthy()
    case.true("within a minute", time.monotonic() - began < 60)
    world.customer = promise.Customer(old, "/old")
    world.customer.instant()
    world.kept()


# ---- the guide, as it stands, by who has just cloned

@test
def its_guide_is_followed(world):
    world.stack.down()
    guide = world.stack = Compose("guide", world.outside, world.folder / "guide", "this")
    run("git", "clone", "-q", str(TOP), guide.tree)
    # What a machine that may ask the DNS root needs no word of; the images are those of this commit.
    settings = {**guide.env, "COMPOSE_PROJECT_NAME": guide.project, "COMPOSE_FILE": f"compose.yaml:{HERE}/override.yaml"}
    r = run(str(TOP / "tests/guides/run"), "docs/guide/compose.md", env=settings, cwd=guide.tree, check=False)
    case.equal(f"its exit status: {r.stdout}", r.returncode, 0)


# ---- one after the other

def one(name, function, world):
    began = time.monotonic()
    try:
        function(world)
        problem = None
    except (case.Failed, RuntimeError) as e:
        problem = str(e)
    except Exception:  # whatever it is, the others go on
        problem = traceback.format_exc().strip()
    print(f"{'FAIL' if problem else 'ok  '} containers.{name} ({time.monotonic() - began:.1f} s)", flush=True)
    if problem:
        problem += "\n" + world.stack.last_words()
        print("    " + problem.replace("\n", "\n    "), flush=True)
    return problem is None


def main(folder, *wanted):
    try:
        world = World(folder)
    except (case.Failed, RuntimeError) as e:
        print(f"FAIL containers.start\n    {e}\n0 passed, {len(test())} failed")
        return 1
    try:
        results = [one(name, function, world) for name, function in test() if not wanted or name in wanted]
    finally:
        world.close()
    print(f"{sum(results)} passed, {len(results) - sum(results)} failed")
    return 0 if all(results) else 1


if __name__ == "__main__":
    sys.exit(main(*sys.argv[1:]))
