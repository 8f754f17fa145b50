"""What is done to a stack, each as a context: done on the way in, undone on the way out, whatever came between.

Each takes the stack and whom it is about."""
import contextlib
import os
import signal
import socket
import struct
import subprocess
import threading
import time

from . import case

PATIENCE = 180  # seconds: for who comes back, on a machine that is busy with it


# ---- processes

@contextlib.contextmanager
def killed(stack, name):
    stack.kill(name)
    try:
        yield
    finally:
        stack.start(name)


@contextlib.contextmanager
def terminated(stack, name):
    """A stop as an upgrade does it."""
    pid = stack.pid(name)
    stack.signal(name, signal.SIGTERM)
    try:
        case.until(f"{name} has ended", lambda: stack.pid(name) != pid, PATIENCE)
        yield
    finally:
        stack.start(name)


@contextlib.contextmanager
def frozen(stack, name):
    stack.stop(name)
    try:
        yield
    finally:
        stack.go_on(name)


# ---- Redis

def redis(stack, *words, password=None):
    env = {"PATH": os.environ["PATH"], **({"REDISCLI_AUTH": password} if password else {})}
    r = subprocess.run(["redis-cli", "-e", "-s", f"{stack.dir}/run/redis/socket", *words], env=env,
                       capture_output=True, text=True, timeout=PATIENCE)
    if r.returncode:
        raise RuntimeError(f"redis-cli {words[0]}: {r.stdout}{r.stderr}")
    return r.stdout.strip()


@contextlib.contextmanager
def emptied(stack, _):
    redis(stack, "FLUSHALL")
    yield


@contextlib.contextmanager
def redis_slow(stack, _):
    """Each answer comes up to half a second late."""
    over = threading.Event()

    def pauses():
        while not over.is_set():
            redis(stack, "CLIENT", "PAUSE", "500", "ALL")
    slowing = threading.Thread(target=pauses, daemon=True)
    slowing.start()
    try:
        yield
    finally:
        over.set()
        slowing.join()


@contextlib.contextmanager
def redis_full(stack, _):
    """Out of memory, and nothing may be thrown away: OOM to whoever writes."""
    before = {name: redis(stack, "CONFIG", "GET", name).split("\n")[1] for name in ("maxmemory", "maxmemory-policy")}
    redis(stack, "CONFIG", "SET", "maxmemory", "1", "maxmemory-policy", "noeviction")
    try:
        yield
    finally:
        for name, value in before.items():
            redis(stack, "CONFIG", "SET", name, value)


@contextlib.contextmanager
def redis_closed(stack, _):
    """NOAUTH to everybody."""
    redis(stack, "CONFIG", "SET", "requirepass", "other")
    try:
        redis(stack, "CLIENT", "KILL", "TYPE", "normal", "SKIPME", "yes", password="other")
        yield
    finally:
        redis(stack, "CONFIG", "SET", "requirepass", "", password="other")


# ---- PostgreSQL, by others who use it

class Outsider:
    """Somebody with psql open; leaving it rolls back what it has not committed."""

    def __init__(self, stack):
        self.psql = subprocess.Popen(["psql", "-XAtq", "-v", "ON_ERROR_STOP=1", "-d", stack.db.url],
                                     stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)
        self.say("SET lock_timeout = '10s'")

    def say(self, statement):
        """Waits until it is done; False when it failed, and nothing more can be said then."""
        try:
            self.psql.stdin.write(f"{statement};\n\\echo done\n")
            self.psql.stdin.flush()
        except BrokenPipeError:
            return False
        for line in self.psql.stdout:
            if line == "done\n":
                return True
        return False

    def leave(self):
        """What went wrong meanwhile, if anything did."""
        try:
            _, err = self.psql.communicate(timeout=PATIENCE)
            return err.strip()
        finally:
            self.psql.kill()


@contextlib.contextmanager
def outsider(stack):
    who = Outsider(stack)
    try:
        yield who
    finally:
        trouble = who.leave()
        if trouble:
            print(f"         the outsider: {trouble}", flush=True)


@contextlib.contextmanager
def table_locked(stack, name):
    with outsider(stack) as who:
        who.say("BEGIN") and who.say(f"LOCK TABLE {name} IN ACCESS EXCLUSIVE MODE")
        yield


@contextlib.contextmanager
def rows_locked(stack, name):
    """Those that are there now; who comes later is free."""
    with outsider(stack) as who:
        who.say("BEGIN") and who.say(f"DO $$ BEGIN PERFORM FROM {name} FOR UPDATE; END $$")
        yield


@contextlib.contextmanager
def rewritten(stack, name):
    with outsider(stack) as who:
        who.say(f"VACUUM FULL {name}")
        yield


def knock(path):
    """A connection that never says its password; None when there is no room."""
    door = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
    door.settimeout(5)
    words = b"user\0chancery_gateway\0database\0chancery\0\0"
    try:
        door.connect(path)
        door.sendall(struct.pack("!ii", 8 + len(words), 3 << 16) + words)
        if door.recv(1) == b"R":
            return door
    except OSError:
        pass
    door.close()
    return None


@contextlib.contextmanager
def used_up(stack, _):
    """A stranger has all connections: those that are free, and those of the services, which are ended."""
    doors, crowded, over = [], threading.Event(), threading.Event()

    def fill():
        while not over.is_set():
            door = knock(f"{stack.dir}/run/postgres/.s.PGSQL.5432")
            if door:
                doors.append(door)
            else:
                crowded.set()
                over.wait(0.02)
    filling = threading.Thread(target=fill, daemon=True)
    with outsider(stack) as who:
        filling.start()
        try:
            crowded.wait(PATIENCE)
            who.say("SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE usename LIKE 'chancery\\_%'")
            yield
        finally:
            over.set()
            filling.join()
            for door in doors:
                door.close()


# ---- the token

@contextlib.contextmanager
def moody(stack, mood):
    stack.mood(f"C_Sign {mood}")
    try:
        yield
    finally:
        stack.mood()


# ---- disks

class Disks:
    """Folders of the stack, each on a small disk of its own, which can be made as small as what is on it."""

    SIZES = {"postgres": "2g", "journal": "256m", "audit": "256m", "token": "64m", "log": "1g"}

    def __init__(self, stack):
        self.stack = stack

    def path(self, name):
        return os.path.join(self.stack.dir, name)

    def there(self):
        return [name for name in self.SIZES if os.path.ismount(self.path(name))]

    def lay(self):
        """While nothing runs; False where mounting is not allowed."""
        return all(self._lay(self.path(name), size) for name, size in self.SIZES.items())

    def _lay(self, path, size):
        os.rename(path, f"{path}.was")
        os.mkdir(path)
        if subprocess.run(["mount", "-t", "tmpfs", "-o", f"size={size},mode=700", "chancery-soak", path],
                          capture_output=True).returncode:
            os.rmdir(path)
            os.rename(f"{path}.was", path)
            return False
        self._do("cp", "-a", f"{path}.was/.", path)
        self._do("rm", "-rf", f"{path}.was")
        return True

    def lift(self):
        """What is on them becomes ordinary folders, to be looked at."""
        for path in map(self.path, self.there()):
            subprocess.run(["cp", "-a", path, f"{path}.was"], capture_output=True)
            self._do("umount", "-l", path)
            os.rmdir(path)
            os.rename(f"{path}.was", path)

    def size(self, name, bytes_):
        return subprocess.run(["mount", "-o", f"remount,size={bytes_}", self.path(name)],
                              capture_output=True).returncode == 0

    def shrink(self, name):
        """More may be written between the look and the deed."""
        s = os.statvfs(self.path(name))
        return self.size(name, (s.f_blocks - s.f_bfree) * s.f_frsize)

    @staticmethod
    def _do(*words):
        subprocess.run(words, check=True, capture_output=True)


@contextlib.contextmanager
def full(stack, name):
    try:
        case.until(f"the disk of {name} is full", lambda: stack.disks.shrink(name))
        yield
    finally:
        stack.disks.size(name, Disks.SIZES[name])
        if name == "postgres":
            postgres_back(stack)


def postgres_back(stack):
    """It may have given up for want of space, or be about to."""
    def answers():
        if not stack.postgres_runs():
            with contextlib.suppress(RuntimeError):  # the old one has not gone wholly
                stack.start("postgres")
        try:
            return stack.db.run("SELECT 1") == "1"
        except RuntimeError:
            return False
    case.until("PostgreSQL is back", answers, PATIENCE)


# ---- logs

class Readers:
    """Read what the services say on standard error, which is a pipe, into log/NAME.log."""

    FILL = b"nobody reads\n"

    def __init__(self, stack, names):
        self.stack, self.names, self.pipes = stack, names, {}
        self.over, self.lock = threading.Event(), threading.Lock()
        self.reading = {name: threading.Event() for name in names}

    def lay(self):
        """Before they are started; tools/stack looks for these pipes."""
        for name in self.names:
            path = os.path.join(self.stack.dir, f"run/{name}.log")
            os.mkfifo(path)
            self.pipes[name] = os.open(path, os.O_RDWR | os.O_NONBLOCK)  # there is no end while it is held
            self.reading[name].set()
            threading.Thread(target=self._read, args=(name,), daemon=True).start()

    def _read(self, name):
        while not self.over.is_set():
            self.reading[name].wait()
            self.pour(name)
            time.sleep(0.02)

    def pour(self, name):
        """All that is there, until it is clogged."""
        while text := self._take(name):
            with contextlib.suppress(OSError):  # its disk may be full
                with open(os.path.join(self.stack.dir, f"log/{name}.log"), "ab") as log:
                    log.write(text)

    def _take(self, name):
        with self.lock, contextlib.suppress(BlockingIOError):
            return os.read(self.pipes[name], 1 << 16) if self.reading[name].is_set() else b""

    def clog(self, name):
        with self.lock:
            self.reading[name].clear()
        with contextlib.suppress(BlockingIOError):
            while True:
                os.write(self.pipes[name], self.FILL)

    def flow(self, name):
        self.reading[name].set()

    def lift(self):
        """After the services have ended."""
        self.over.set()
        for name in self.pipes:
            self.flow(name)
            self.pour(name)


@contextlib.contextmanager
def unread(stack, name):
    stack.readers.clog(name)
    try:
        yield
    finally:
        stack.readers.flow(name)
