"""tools/stack where one first meets it: a terminal that goes, a path with a space, a container that may
not look into other users' processes. The stacks here are others than the one that tests get."""
import functools
import os
import pathlib
import pty
import re
import shutil
import signal
import socket
import subprocess

from harness import case
from harness.stack import SERVICES, TOOL, TOP, VARIANT, Stack
from harness.tests import Tests

tests = Tests()

# A whole stack comes up beside those of the other tests, however many there are.
PATIENCE = 180

# What else a folder has that tells of a process.
OTHERS = ("run/redis", "run/sink", "run/mail", "run/pooler", "dns/knot", "dns/odd")


class Trial:
    """A folder for `stack run`, beside the given stack's own and in the same loopback network."""

    def __init__(self, stack, name="trial"):
        self.dir = os.path.join(stack.dir, name)
        self.address = re.sub(r"\d+\.\d+$", "64.1", stack.address)
        self.output = os.path.join(stack.dir, "trial.out")
        self.env = {k: v for k, v in os.environ.items() if not k.startswith(("CHANCERY_", "STACK_"))}
        self.env["STACK_ADDRESS"] = self.address

    def words(self, verb):
        return [TOOL, verb, self.dir] + (["--variant", VARIANT, "--no-demo"] if verb in ("up", "run") else [])

    def tool(self, verb, **env):
        r = subprocess.run(self.words(verb), env={**self.env, **env}, capture_output=True, text=True)
        return r.returncode, r.stdout + r.stderr

    def popen(self, words, output=None, **more):
        """In a session of its own."""
        with open(self.output, "wb") as f:
            return subprocess.Popen(words, env=self.env, stdin=subprocess.DEVNULL, stdout=output or f,
                                    stderr=subprocess.STDOUT, start_new_session=True, preexec_fn=hear_hang_up, **more)

    def said(self):
        return pathlib.Path(self.output).read_text(encoding="utf-8", errors="replace")

    def is_up(self):
        case.until("it is up", lambda: "up until Ctrl-C" in self.said(), patience=PATIENCE)

    def processes(self):
        """Of each program the number and the moment it began."""
        found = {}
        for name in [f"run/{s}" for s in SERVICES] + list(OTHERS):
            path = os.path.join(self.dir, name)
            if os.path.exists(path + ".pid"):
                found[name] = tuple(pathlib.Path(path + end).read_text().strip() for end in (".pid", ".born"))
        pid = pathlib.Path(self.dir, "postgres/postmaster.pid").read_text().split()[0]
        found["postgres"] = (pid, Stack.stat(pid)[19])
        return found

    def nothing_stays(self, processes):
        case.true(f"all are known: {sorted(processes)}", len(processes) >= len(SERVICES) + 5)
        for name, (pid, born) in processes.items():
            case.until(f"{name} (process {pid}) has ended", lambda p=pid, b=born: not runs(p, b), patience=PATIENCE)
        self.leaves_the_place()

    def leaves_the_place(self):
        case.until("another could start", lambda: self.tool("check") == (0, ""))


def hear_hang_up():
    """Also where the tests themselves run under nohup, which would be inherited."""
    signal.signal(signal.SIGHUP, signal.SIG_DFL)


def runs(pid, born):
    try:
        stat = Stack.stat(pid)
    except OSError:
        return False
    return stat[19] == born and stat[0] != "Z"


def wait_for_its_end(process, what):
    try:
        return process.wait(PATIENCE)
    except subprocess.TimeoutExpired:
        raise case.Failed(f"{what}: process {process.pid} stays") from None


# ---- whoever goes, nothing stays

@tests
def a_terminal_is_closed(stack):
    trial = Trial(stack)
    child, terminal = pty.fork()
    if child == 0:
        hear_hang_up()
        os.execvpe("bash", ["bash", "-c", '"$@"; :', "-", *trial.words("run")], trial.env)
    said = b""
    while b"up until Ctrl-C" not in said:
        said += os.read(terminal, 4096)
    processes = trial.processes()
    os.close(terminal)
    case.until("the shell has ended", lambda: os.waitpid(child, os.WNOHANG)[0] == child, patience=PATIENCE)
    trial.nothing_stays(processes)


@tests
def only_the_head_of_its_session_hears_of_the_hang_up(stack):
    trial = Trial(stack)
    shell = trial.popen(["bash", "-c", '"$@"; :', "-", *trial.words("run")])
    trial.is_up()
    processes = trial.processes()
    shell.send_signal(signal.SIGHUP)
    wait_for_its_end(shell, "the shell")
    trial.nothing_stays(processes)


@tests
def who_reads_its_output_goes(stack):
    trial = Trial(stack)
    run = trial.popen(trial.words("run"), output=subprocess.PIPE)
    while b"up until Ctrl-C" not in run.stdout.readline():
        case.equal("it is on its way up", run.poll(), None)
    processes = trial.processes()
    run.stdout.close()
    wait_for_its_end(run, "stack run")
    trial.nothing_stays(processes)


@tests
def it_is_told_to_end_on_its_way_up(stack):
    trial = Trial(stack)
    run = trial.popen(trial.words("run"))
    case.until("the first service is started", lambda: os.path.exists(trial.dir + "/run/gateway.pid"), patience=PATIENCE)
    run.terminate()
    case.equal("its exit status", wait_for_its_end(run, "stack run"), 130)
    case.equal("what stays", [n for n in os.listdir(trial.dir + "/run") if n.endswith((".pid", ".born"))], [])
    trial.leaves_the_place()


@tests
def nohup_is_heeded_and_down_ends_it(stack):
    trial = Trial(stack)
    shell = trial.popen(["bash", "-c", 'nohup "$@"; :', "-", *trial.words("run")])
    trial.is_up()
    processes = trial.processes()
    run = pathlib.Path(trial.dir, "lock").read_text().split()[0]
    os.killpg(shell.pid, signal.SIGHUP)
    wait_for_its_end(shell, "the shell")
    code, text = trial.tool("up")
    case.equal("another is refused", code, 1)
    case.inside("by whom", f"process {run} (stack run) is at work", text)
    code, text = trial.tool("down")
    case.equal(f"down: {text}", code, 0)
    case.inside("what it says", f"ending process {run} (stack run)", text)
    trial.nothing_stays(processes)


# ---- what is said before anything is done, or instead of the wrong thing

@tests
def an_address_that_is_none_of_this_machine_alone(stack):
    for address in ("localhost", "0.0.0.0", "127.64.1", "127.64.1.256", "127.64.1.53", "10.0.0.1", "127.64.1.1 "):
        code, text = Trial(stack, "poisoned").tool("up", STACK_ADDRESS=address)
        case.equal(f"{address}: {text}", code, 1)
        case.inside("what to say", "say 127.A.B.1", text)
    case.true("nothing is written", not os.path.exists(os.path.join(stack.dir, "poisoned")))


@tests
def an_address_of_an_earlier_start_that_is_none(stack):
    trial = Trial(stack, "mended")
    os.mkdir(trial.dir)
    pathlib.Path(trial.dir, "address").write_text("localhost\n")
    case.equal("it is not taken", trial.tool("check", STACK_ADDRESS=""), (0, ""))


@tests
def a_place_that_is_taken_is_named(stack):
    trial = Trial(stack)
    with socket.create_server((trial.address, 9103)):
        code, text = trial.tool("check")
    case.equal("the exit status", code, 1)
    case.inside("which", f"{trial.address} port 9103", text)


def rights(*rule, user=()):
    """Whether tools/rights is content, and what it says, where root lacks these or as another user."""
    bare = [f"--bounding-set={','.join(rule)}", f"--inh-caps={','.join(rule)}"] if rule else []
    with open(TOP / "tools/rights", encoding="ascii") as script:  # which is in a folder of root's, perhaps
        r = subprocess.run(["setpriv", *bare, *user, "sh", "-s"], stdin=script, capture_output=True, text=True)
    return r.returncode == 0, r.stderr


@tests
def rights_that_are_not_there(stack):
    """It is said what to do, before anything is built. A system may leave port 53 to everybody."""
    if os.geteuid() != 0:
        return
    first = int(pathlib.Path("/proc/sys/net/ipv4/ip_unprivileged_port_start").read_text())
    case.equal("root", rights(), (True, ""))
    good, said = rights("-net_bind_service")
    case.equal(f"without the right to port 53, the first free being {first}: {said}", good, first <= 53)
    good, said = rights("-setuid", "-kill")
    case.equal(f"without those to change users: {said}", good, False)
    case.inside("which", "the capabilities KILL SETUID", said)
    good, said = rights(user=("--reuid=61099", "--regid=61099", "--clear-groups"))
    case.equal(f"without an account: {said}", good, False)
    case.inside("why", "no account", said)
    good, said = rights(user=("--reuid=daemon", "--regid=daemon", "--clear-groups"))
    case.equal(f"an ordinary user: {said}", good, first <= 53)
    case.equal(f"is told the one line: {said}", "sudo sysctl -w net.ipv4" in said, first > 53)


@tests
def the_answer_of_an_earlier_start_is_not_shown(stack):
    trial = Trial(stack)
    os.makedirs(trial.dir + "/run", exist_ok=True)
    pathlib.Path(trial.dir, "run/gateway.ready").write_text('{"status":"of old"}')
    code, text = trial.tool("up", STACK_GATEWAY_ENV="CHANCERY_LISTEN=nowhere")
    case.equal("the exit status", code, 1)
    case.inside("what is said", "gateway is not ready: it does not answer", text)
    case.true(f"of this start: {text}", "of old" not in text)


# ---- where it runs

@functools.cache
def copy_with_a_space(folder):
    """What `make run` has when it has built, in a folder like somebody's who calls his project so."""
    top = pathlib.Path(folder, "my ca")
    for part in ("tools", "policy", "db", "tests/peers", f"build/{VARIANT}/bin", f"build/{VARIANT}/tests/peers"):
        shutil.copytree(TOP / part, top / part)
    return top


@tests
def a_folder_with_a_space_in_a_container(stack):
    """The demonstration, with a pooler, and root may do what Docker lets him (so not SYS_PTRACE)."""
    top = copy_with_a_space(stack.dir)
    trial = Trial(stack, "my ca/var")
    words = [str(top / "tools/stack"), "run", trial.dir, "--variant", VARIANT]
    if os.geteuid() == 0:
        rights = ("chown,dac_override,fsetid,fowner,mknod,net_raw,setgid,setuid,setfcap,setpcap,net_bind_service,"
                  "sys_chroot,kill,audit_write").replace(",", ",+")
        words = ["setpriv", f"--bounding-set=-all,+{rights}", "--inh-caps=-all", *words]
    r = subprocess.run(words, env={**trial.env, "ONCE": "1", "STACK_POOLER": "yes"}, capture_output=True, text=True)
    case.equal(f"the exit status: {r.stdout[-3000:]}{r.stderr}", r.returncode, 0)
    case.inside("where", f"root       {trial.dir}/ceremony/root.pem", r.stdout)
    env = subprocess.run([str(top / "tools/stack"), "env", trial.dir], env=trial.env,
                         capture_output=True, text=True, check=True).stdout
    found = subprocess.run(["bash", "-c", f"{env}\nprintf %s \"$STACK_DATABASE\""], capture_output=True, text=True,
                           check=True).stdout
    case.inside("how to reach the database", f"host='{trial.dir}/run/postgres' ", found)
