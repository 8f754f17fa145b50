"""The product as the benches find it: tools/stack, its database, its processes, its metrics."""
import calendar
import glob
import json
import os
import re
import shutil
import subprocess
import time
import urllib.request

SERVICES = ["gateway", "validation", "issuer", "notifier", "scheduler"]
TICKS = os.sysconf("SC_CLK_TCK")
TOP = os.path.dirname(os.path.dirname(os.path.abspath(__file__)))
TOOLS = os.path.join(TOP, "build", "release", "bench")


def fail(text):
    raise SystemExit(f"bench: {text}")


def call(*words, **more):
    done = subprocess.run(words, stdout=subprocess.PIPE, text=True, check=False, **more)
    if done.returncode != 0:
        fail(f"{' '.join(words[:3])} ... ended with {done.returncode}")
    return done.stdout


# A limiter that works, with limits that nobody reaches, and any number of connections.
WITHOUT_LIMITS = ("CHANCERY_LIMIT_BURST=1000000000 CHANCERY_LIMIT_SUSTAINED=1000000000 "
                  "CHANCERY_LIMIT_WRONG_KEYS=1000000000 CHANCERY_TRUSTED_PROXIES=127.0.0.0/8")


class House:
    """That of a checkout, this one or another, at an address of its own. `more` is what tools/stack is told beside."""

    def __init__(self, top=TOP, address="127.66.0.1", folder="var/bench", gateway=WITHOUT_LIMITS, more=None):
        self.top, self.folder = top, os.path.join(top, folder)
        self.at = {}
        self.environment = dict({"STACK_ADDRESS": address}, **os.environ)
        self.environment.update(STACK_GATEWAY_ENV=gateway, STACK_POSTGRES="log_connections = on", **(more or {}))

    def stack(self, verb, *options):
        return [os.path.join(self.top, "tools/stack"), verb, self.folder, *options]

    def read_environment(self):
        done = subprocess.run(self.stack("env"), stdout=subprocess.PIPE, stderr=subprocess.DEVNULL,
                              text=True, check=False)
        lines = subprocess.run(["bash", "-c", done.stdout + "\nfor v in ${!STACK_*}; do "
                                "printf '%s\\0%s\\0' $v \"${!v}\"; done"],
                               stdout=subprocess.PIPE, text=True, check=True).stdout.split("\0")
        self.at = dict(zip(lines[0::2], lines[1::2]))
        return done.returncode == 0

    def begin_anew(self):
        """Up with nothing in it."""
        if self.read_environment():
            self.down()
            shutil.rmtree(self.at["STACK_DIR"])
        self.up()

    def up(self):
        call(*self.stack("up", "--variant", "release", "--no-demo"), env=self.environment)
        self.read_environment()

    def down(self):
        call(*self.stack("down"), env=self.environment)

    def cli(self, *words):
        """The operator's command; what it prints."""
        secrets = os.path.join(self.at["STACK_DIR"], "secrets/operator")
        return call(os.path.join(self.at["STACK_BIN"], "chancery"), *words,
                    env=dict(os.environ, CHANCERY_DATABASE_URL_FILE=os.path.join(secrets, "database"),
                             CHANCERY_POLICY_KEY_FILE=os.path.join(secrets, "policy-key")))

    # ---- the database

    def sql(self, text, database="chancery"):
        where = self.at["STACK_DATABASE"].replace("dbname=chancery", f"dbname={database}")
        return call("psql", "-qAtX", "-v", "ON_ERROR_STOP=1", where, "-c", text).strip()

    def insist_on_durability(self):
        off = self.sql("SELECT string_agg(name, ', ') FROM pg_settings WHERE setting = 'off' AND name IN "
                       "('fsync', 'synchronous_commit', 'full_page_writes')")
        by_role = self.sql("SELECT count(*) FROM pg_db_role_setting WHERE array_to_string(setconfig, ' ') "
                           "~ 'fsync|synchronous_commit|full_page_writes'")
        if off or by_role != "0":
            fail(f"refused: {off or 'a role'} gives up durability, so no figure would be true")

    def calibration_database(self):
        """Beside the product's own, in the same server."""
        if not self.sql("SELECT 1 FROM pg_database WHERE datname = 'bench'"):
            self.sql("CREATE DATABASE bench")
            self.sql("CREATE TABLE bench_one (id bigint PRIMARY KEY, text text)", "bench")
            self.sql("CREATE TABLE bench_two (id bigint, text text)", "bench")
        return self.at["STACK_DATABASE"].replace("dbname=chancery", "dbname=bench")

    # ---- its processes

    def pid(self, name):
        with open(os.path.join(self.at["STACK_RUN"], name + ".pid"), encoding="ascii") as f:
            return int(f.read())

    def postgres_pids(self):
        with open(os.path.join(self.at["STACK_DIR"], "postgres/postmaster.pid"), encoding="ascii") as f:
            server = int(f.readline())
        children = [int(p.split("/")[2]) for p in glob.glob("/proc/[0-9]*")
                    if stat(int(p.split("/")[2]), 1) == server]
        return server, children

    def named(self, beginning):
        """The programs of the stack whose names begin like that."""
        return [os.path.basename(p)[:-len(".pid")] for p in glob.glob(f"{self.at['STACK_RUN']}/{beginning}*.pid")]

    def cpu(self):
        """User and system time so far, in seconds: the services, with other points of view, and all of Postgres.
        What has ended there counts as its parent's children's."""
        server, children = self.postgres_pids()
        database = sum(times(p, 4 if p == server else 2) for p in [server] + children)
        return sum(times(self.pid(s), 2) for s in SERVICES + self.named("perspective-")), database

    def cpu_of_logs(self):
        """What logs of certificates have used so far, which are others' in the world."""
        return sum(times(self.pid(s), 2) for s in self.named("log-"))

    def others(self):
        """What all programs of this machine have used so far but ours and the load generator, in seconds."""
        with open("/proc/stat", encoding="ascii") as f:
            user, nice, system, _, _, irq, soft, steal = map(int, f.readline().split()[1:9])
        children = os.times()
        mine = sum(self.cpu()) + self.cpu_of_logs() + children.children_user + children.children_system
        return (user + nice + system + irq + soft + steal) / TICKS - mine

    def memory(self):
        """Sum of the proportional set sizes of the five services, in MB."""
        total = 0
        for service in SERVICES:
            total += int(re.search(r"^Pss: +(\d+) kB", rollup(self.pid(service)), re.M)[1])
        return total / 1024

    def peak(self, service):
        """The most that it has had resident since it began, in MB."""
        with open(f"/proc/{self.pid(service)}/status", encoding="ascii") as f:
            return int(re.search(r"^VmHWM:\s+(\d+) kB", f.read(), re.M)[1]) / 1024

    def batches(self):
        """Sizes of batches so far: items and batches, of C1 and of the issuer's runs."""
        found = []
        for service, name in (("gateway", "commit_batch_items"), ("issuer", "lane_batch_items")):
            page = self.page(service, "/metrics")
            found += [int(re.search(rf"^chancery_{name}_{part} (\d+)$", page, re.M)[1])
                      for part in ("sum", "count")]
        return found

    def page(self, service, path):
        with urllib.request.urlopen(self.at["STACK_ADMIN_" + service.upper()] + path, timeout=2) as answer:
            return answer.read().decode()

    # ---- how long it takes to start

    def start_time(self):
        """Stopped and started again: seconds from the services' first connection to Postgres to the
        last readyz."""
        self.down()
        log = os.path.join(self.at["STACK_LOGS"], "postgres.log")
        offset = os.path.getsize(log)
        with subprocess.Popen(self.stack("up", "--variant", "release", "--no-demo"), env=self.environment,
                              stdout=subprocess.DEVNULL) as up:
            ready = self.await_ready(up)
            if up.wait() != 0:
                fail("the second start failed")
        return ready - self.first_connection(log, offset)

    def await_ready(self, up):
        left = list(SERVICES)
        while left and up.poll() in (None, 0):
            try:
                self.page(left[0], "/readyz")
                left.pop(0)
            except OSError:
                time.sleep(0.002)
        return time.time()

    def first_connection(self, log, offset):
        """By a program that runs now: the ceremony's own comes before it began."""
        began = min(boot_time() + stat(self.pid(s), 19) / TICKS for s in SERVICES)
        with open(log, encoding="utf-8") as f:
            f.seek(offset)
            for line in f:
                m = re.match(r"(\S+ [\d:]+)\.(\d+) UTC .*connection authorized: user=chancery_(\w+)", line)
                at = m and utc(m[1]) + int(m[2]) / 1000
                if m and m[3] in SERVICES and at > began - 0.02:
                    return at
        fail("no service has connected to Postgres")


def utc(text):
    return calendar.timegm(time.strptime(text, "%Y-%m-%d %H:%M:%S"))


def boot_time():
    with open("/proc/uptime", encoding="ascii") as f:
        return time.time() - float(f.read().split()[0])


def stat(pid, field):
    """A field behind the program's name in /proc/PID/stat, counted from 0; 0 when it has ended."""
    try:
        with open(f"/proc/{pid}/stat", encoding="utf-8") as f:
            return int(f.read().rsplit(")", 1)[1].split()[field])
    except (OSError, ValueError):
        return 0


def rollup(pid):
    """Read as who it is: root in a container may not look into other users' processes."""
    who = os.stat(f"/proc/{pid}")
    drop = {"user": who.st_uid, "group": who.st_gid, "extra_groups": []} if os.geteuid() == 0 else {}
    return call("cat", f"/proc/{pid}/smaps_rollup", **drop)


def times(pid, count):
    """utime and stime; with 4, its children's that have ended as well."""
    return sum(stat(pid, 11 + i) for i in range(count)) / TICKS


def tool(name, *arguments, **more):
    """One of ours, which prints a JSON object."""
    return json.loads(call(os.path.join(TOOLS, name), *arguments, **more))
