"""The five processes and what they lean on, by tools/stack, and what tests do to them."""
import os
import pathlib
import re
import shlex
import shutil
import signal
import struct
import subprocess
import tempfile
import threading
import time

from . import case, metrics
from .api import Client
from .dns import Dns
from .mails import Mails
from .sink import Sink
from .sql import Database

TOP = pathlib.Path(__file__).resolve().parents[3]
TOOL = str(TOP / "tools" / "stack")
VARIANT = os.environ.get("V", "debug")
SERVICES = ("gateway", "scheduler", "notifier", "validation", "issuer")
MODULE = TOP / "build" / VARIANT / "services/issuer/token/testdata/moody.so"
TROUBLE = re.compile(r"(ERROR: \w+Sanitizer|runtime error:|Assertion .* failed|WARNING: ThreadSanitizer)")

# Who the CA of tools/stack is (tools/stack.d/services.sh).
CA = "Chancery Demonstration (do not trust)"
CA_HOST = "chancery.example"

# What every group is started with; a group adds its own.
DEFAULTS = {
    "CHANCERY_LIMIT_BURST": "1000000",
    "CHANCERY_LIMIT_SUSTAINED": "1000000",
    "CHANCERY_LIMIT_WRONG_KEYS": "1000000",
    "CHANCERY_SESSION_CACHE": "0s",
    "CHANCERY_KEY_USES": "1s",
    "CHANCERY_DNS_CACHE": "0s",
    "CHANCERY_FIGURES_EVERY": "1s",
}


class Stack:
    """`day` is when its business time begins: as DAY of `make test`, or nothing for the machine's."""

    def __init__(self, name, settings=None, day=os.environ.get("DAY")):
        self.dir = tempfile.mkdtemp(prefix=f"chancery-{name}-", dir="/var/tmp")
        self.name, self.settings, self.problems, self.told = name, settings or {}, [], []
        os.chmod(self.dir, 0o711)
        self.points = os.path.join(self.dir, "points")
        self.clock = os.path.join(self.dir, "clock")
        self.moods = os.path.join(self.dir, "moods")
        self.allocations = os.path.join(self.dir, "allocations")
        self._clock_lock = threading.Lock()
        self._lay_out(day)

    def _lay_out(self, day):
        os.mkdir(self.points)
        os.chmod(self.points, 0o777)
        with open(self.clock, "wb") as f:
            f.write(struct.pack("=q", 0))
        if day:
            subprocess.run([TOP / "tools" / "day", day, self.clock], check=True)
        os.mkdir(self.allocations)
        for name in (*SERVICES, "perspective"):
            self.deny_allocation(name, 0)
            os.chmod(os.path.join(self.allocations, name), 0o666)
        open(self.moods, "w").close()
        os.chmod(self.clock, 0o644)
        os.chmod(self.moods, 0o666)
        shutil.copy(MODULE, self.dir)

    def _environment(self):
        env = {k: v for k, v in os.environ.items() if not k.startswith(("CHANCERY_", "STACK_"))}
        env.update(DEFAULTS)
        env.update({"CHANCERY_TEST_POINTS": self.points, "CHANCERY_TEST_CLOCK": self.clock,
                    "CHANCERY_TEST_ALLOCATIONS": self.allocations,
                    "CHANCERY_TOKEN_MODULE": os.path.join(self.dir, "moody.so"),
                    "STACK_ISSUER_ENV": f"MOODY_CONTROL={self.moods}", "STACK_WAIT": "60"})
        env.update(self.settings)
        return env

    def _tool(self, verb, *words):
        r = subprocess.run([TOOL, verb, self.dir, *words], env=self._environment(),
                           capture_output=True, text=True)
        if r.returncode:
            raise RuntimeError(f"stack {verb} {' '.join(words)}: {r.stdout}{r.stderr}")
        return r.stdout

    def perspectives(self):
        """Other points of view, as programs of the stack."""
        return [f"perspective-{word.partition('=')[0]}" for word in self.settings.get("STACK_PERSPECTIVES", "").split()]

    def log_names(self):
        """Logs of certificates (harness/logs.py), as programs of the stack."""
        return [f"log-{word.partition('=')[0]}" for word in self.settings.get("STACK_CT_LOGS", "").split()]

    def news(self, findings):
        """Those that were not told before."""
        new = [line for line in findings if line not in self.told]
        self.told += new
        return new

    # ---- up and down

    def up(self):
        self._tool("up", "--variant", VARIANT, "--no-demo")
        self.address = self.read("address")
        password = self.read("secrets/postgres/password")
        self.db = self.database("chancery", password)
        self.base = f"http://{self.address}:8080"
        self.sink = Sink(f"https://{self.address}:8443", os.path.join(self.dir, "sink/requests.log"))
        self.mails = Mails(os.path.join(self.dir, "mail"))
        self.dns = self.view("dns")
        return self

    def view(self, folder):
        """The DNS that is kept in this folder of the stack: "dns" is what the primary sees."""
        return Dns(str(TOP / "tools" / "dns-rig"), os.path.join(self.dir, folder))

    def halt(self):
        """Nothing runs any more, frozen or not; up() goes on with what is there."""
        for name in (*SERVICES, *self.perspectives(), *self.log_names(), "postgres", "redis", "sink", "mail", "dns"):
            self.go_on(name)
        self._tool("down")

    def database(self, name, password=None):
        password = password or self.read("secrets/postgres/password")
        return Database(f"host='{self.dir}/run/postgres' user=postgres dbname={name} password={password}", self.now)

    def down(self):
        """Stops everything and tells what went wrong inside: a line for each finding."""
        try:
            self.halt()
        except RuntimeError as e:
            self.problems.append(str(e))
        for name in (*SERVICES, *self.perspectives()):
            self._look_at_log(name)
        if not self.problems and not os.environ.get("KEEP"):
            shutil.rmtree(self.dir, ignore_errors=True)
        return self.problems

    def _look_at_log(self, name):
        try:
            log = self.read(f"log/{name}.log")
        except OSError:
            return
        self.problems += [f"{name}: {line.strip()} ({self.dir}/log/{name}.log)"
                          for line in log.splitlines() if TROUBLE.search(line)][:3]

    def read(self, path):
        with open(os.path.join(self.dir, path), encoding="utf-8", errors="replace") as f:
            return f.read().strip()

    # ---- one program

    def pid(self, name):
        try:
            pid, born = int(self.read(f"run/{name}.pid")), self.read(f"run/{name}.born")
            stat = self.stat(pid)
            if stat[19] == born and stat[0] != "Z":
                return pid
        except (OSError, ValueError):
            pass
        return None

    @staticmethod
    def stat(pid):
        """From the third word on (proc_pid_stat(5)): the state, and as [19] the moment it began."""
        with open(f"/proc/{pid}/stat", encoding="ascii", errors="replace") as f:
            return f.read().rsplit(")", 1)[1].split()

    def state(self, pid):
        """R, S, T (stopped), Z (dead and not waited for)."""
        return self.stat(pid)[0]

    def environ(self, name):
        """As tools/stack started it: a process that holds secrets lets nobody look."""
        return dict(line.split("=", 1) for line in self.read(f"run/{name}.settings").splitlines())

    def signal(self, name, number):
        self._send(self.pid(name), number)

    @staticmethod
    def _send(pid, number):
        """It may have ended since it was looked up."""
        try:
            if pid:
                os.kill(pid, number)
        except ProcessLookupError:
            pass

    def kill(self, name):
        if name in ("postgres", "dns"):
            self._tool("kill", name)
            return
        self.signal(name, signal.SIGKILL)
        case.until(f"{name} is gone", lambda: self.pid(name) is None)

    def start(self, name):
        self._tool("start", name)

    def stop(self, name):
        """The program stays and does nothing: a black hole."""
        self._freeze(name, signal.SIGSTOP)

    def go_on(self, name):
        self._freeze(name, signal.SIGCONT)

    def _freeze(self, name, number):
        if name == "postgres":
            pids = self._postgres_pids()
        elif name == "dns":
            pids = self._dns_pids()
        else:
            pids = [self.pid(name)]
        for pid in pids:
            self._send(pid, number)

    def _postgres_pids(self):
        """The first, and then its children: who has frozen the first by then has all."""
        try:
            first = int(self.read("postgres/postmaster.pid").split()[0])
            if self.state(first) == "Z":
                return
            yield first
            with open(f"/proc/{first}/task/{first}/children", encoding="ascii") as f:
                yield from [int(pid) for pid in f.read().split()]
        except (OSError, ValueError, IndexError):
            pass

    def _dns_pids(self):
        try:
            return [int(self.read("dns/knot.pid"))]
        except (OSError, ValueError):
            return []

    def postgres_runs(self):
        return any(self._postgres_pids())

    def ready(self, name):
        port = {"gateway": 9101, "validation": 9102, "issuer": 9103, "notifier": 9104, "scheduler": 9105}[name]
        return subprocess.run(["curl", "-s", "-m", "2", "-o", "/dev/null", "-w", "%{http_code}",
                               f"http://{self.address}:{port}/readyz"],
                              capture_output=True, text=True).stdout == "200"

    def await_ready(self, *names):
        for name in names or SERVICES:
            case.until(f"{name} is ready", lambda n=name: self.ready(n))

    def await_peer(self, name):
        """Validation has met it on the bus."""
        series = f'chancery_bus_peers_up{{service="{name}"}}'
        case.until(f"{name} is met", lambda: metrics.value(self, "validation", series) == 1)

    # ---- points, memory, clock, token

    def labels(self):
        """Every labelled point of every service, as (service, label)."""
        found = []
        for name in SERVICES:
            r = subprocess.run([f"{self.dir}/app/bin/chancery-{name}", "--test-points"], check=True,
                               capture_output=True, text=True)
            found += [(name, label) for label in sorted(set(r.stdout.split()))]
        return found

    def arm(self, label, what="kill"):
        # By rename: a half-written order must not be read.
        draft = os.path.join(self.points, ".draft")
        with open(draft, "w", encoding="ascii") as f:
            f.write(what)
        os.chmod(draft, 0o666)
        os.rename(draft, os.path.join(self.points, label))

    def armed(self, label):
        return os.path.exists(os.path.join(self.points, label))

    def disarm(self):
        for label in os.listdir(self.points):
            os.unlink(os.path.join(self.points, label))

    def deny_allocation(self, name, number):
        """Of those that the service makes from now on, the one of that number fails; with 0 none, and they are
        counted."""
        path = os.path.join(self.allocations, name)
        with open(path, "r+b" if os.path.exists(path) else "wb") as f:  # in place: the file is mapped
            f.write(struct.pack("=q", number))

    def allocations_made(self, name):
        """Since none was to fail, or since the one that failed."""
        with open(os.path.join(self.allocations, name), "rb") as f:
            return max(0, -struct.unpack("=q", f.read(8))[0])

    def now(self):
        return time.time() + self.offset()

    def offset(self):
        with open(self.clock, "rb") as f:
            return struct.unpack("=q", f.read(8))[0] / 1e6

    def advance(self, seconds):
        """Moves everybody's business clock on."""
        with self._clock_lock, open(self.clock, "r+b") as f:  # in place: the file is mapped
            f.write(struct.pack("=q", int((self.offset() + seconds) * 1e6)))

    def mood(self, text=""):
        """How the token behaves from now on; see services/issuer/token/testdata/moody.c."""
        with open(self.moods, "w", encoding="ascii") as f:
            f.write(text + "\n" if text else "")

    # ---- the operator's command

    def cli(self, *words, database=None, points=False):
        """With `points` it dies where arm() says."""
        env = {"PATH": os.environ["PATH"], "CHANCERY_TEST_CLOCK": self.clock,
               "CHANCERY_POLICY_KEY_FILE": os.path.join(self.dir, "secrets/operator/policy-key"),
               "CHANCERY_SEAL_KEY": os.path.join(self.dir, "secrets/operator/seal-key"),
               "CHANCERY_DATABASE_URL": database or self.read("secrets/operator/database"),
               **({"CHANCERY_TEST_POINTS": self.points} if points else {})}
        r = subprocess.run([f"{self.dir}/app/bin/chancery", *words], env=env, cwd=self.dir,
                           capture_output=True, text=True)
        return r.returncode, r.stdout, r.stderr

    def must_cli(self, *words):
        status, out, err = self.cli(*words)
        if status:
            raise RuntimeError(f"chancery {shlex.join(words)}: {out}{err}")
        return out

    def client(self, key=None, timeout=40):
        return Client(self.base, key, timeout)
