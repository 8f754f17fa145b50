"""A stack of containers, by Compose, with what the helpers of the integration tests ask of a stack."""
import json
import os
import pathlib
import shlex
import signal
import subprocess

from harness import case
from harness.api import Client
from harness.sql import Database

HERE = pathlib.Path(__file__).resolve().parent
SERVICES = ("gateway", "validation", "issuer", "notifier", "scheduler")
DOCKER = "/usr/bin/docker"


def run(*words, feed=None, env=None, cwd=None, check=True):
    r = subprocess.run(words, input=feed, env={**os.environ, **(env or {})}, cwd=cwd, capture_output=True, text=True)
    if check and r.returncode:
        raise RuntimeError(f"{shlex.join(words)}:\n{(r.stdout + r.stderr)[-4000:]}")
    return r


class InContainer(Database):
    """psql beside the server."""

    def __init__(self, stack):
        super().__init__(None)
        self.stack = stack

    def run(self, text):
        script = ("PGPASSWORD=$(cat /run/secrets/password) exec psql -XAtq -v ON_ERROR_STOP=1"
                  " -h /run/postgresql -U postgres -d chancery -f -")
        return run(DOCKER, "exec", "-i", self.stack.container("postgres"), "sh", "-c", script, feed=text).stdout.strip()


class Compose:
    def __init__(self, project, outside, tree, version, command=(DOCKER, "compose")):
        self.project, self.outside, self.command = project, outside, command
        self.sink, self.dns, self.db = outside.sink, outside.dns, InContainer(self)
        self.of(tree, version)

    def of(self, tree, version):
        """From now on as that source tree says, with images of that version."""
        self.tree = str(tree)
        self.env = {"CHANCERY_VERSION": version, "CHANCERY_RIG": self.outside.folder, "DOCKER_BUILDKIT": "1",
                    "CHANCERY_PORT": "127.0.0.1:8080", "COMPOSE_DOCKER_CLI_BUILD": "1"}

    def compose(self, *words, check=True):
        return run(*self.command, "-p", self.project, "-f", "compose.yaml", "-f", str(HERE / "override.yaml"), *words,
                   env=self.env, cwd=self.tree, check=check)

    def up(self, *words):
        """Up and healthy."""
        r = self.compose("up", "-d", "--wait", "--wait-timeout", "60", *words, check=False)
        if r.returncode:
            raise RuntimeError(f"up: {r.stderr[-1500:]}")

    def log_names(self):
        """No logs of certificates stand beside it."""
        return []

    def last_words(self):
        """What the containers have said lately."""
        return self.compose("logs", "--no-color", "--tail", "10", check=False).stdout[-12000:]

    def down(self):
        self.compose("down", "-v", "--timeout", "30", check=False)

    # ---- one container

    def containers(self, service):
        out = self.compose("ps", "-a", "-q", service).stdout.split()
        if not out:
            raise RuntimeError(f"there is no container of {service}")
        return out

    def container(self, service):
        return self.containers(service)[0]

    def inspect(self, container):
        return json.loads(run(DOCKER, "inspect", container).stdout)[0]

    def healthy(self, container):
        state = self.inspect(container)["State"]
        return state["Running"] and state["Health"]["Status"] == "healthy"

    def await_healthy(self, *services):
        for service in services or SERVICES:
            for container in self.containers(service):
                case.until(f"{service} is healthy", lambda c=container: self.healthy(c), patience=60)

    def crash(self, service):
        """Its process is killed, as if by itself: Docker starts the container again."""
        container = self.container(service)
        before = self.inspect(container)
        os.kill(before["State"]["Pid"], signal.SIGKILL)
        case.until(f"{service} is started again", lambda: self.inspect(container)["RestartCount"] > before["RestartCount"])

    def stop(self, service):
        run(DOCKER, "stop", self.container(service))

    def start(self, service):
        run(DOCKER, "start", self.container(service))

    def disconnect(self, service):
        run(DOCKER, "network", "disconnect", f"{self.project}_inner", self.container(service))

    def connect(self, service):
        run(DOCKER, "network", "connect", "--alias", service, f"{self.project}_inner", self.container(service))

    # ---- the operator's command, and callers

    def cli(self, *words):
        r = self.compose("run", "--rm", "-T", "tools", *words, check=False)
        return r.returncode, r.stdout, r.stderr

    def must_cli(self, *words):
        status, out, err = self.cli(*words)
        if status:
            raise RuntimeError(f"chancery {shlex.join(words)}: {out}{err}")
        return out

    def client(self, key=None, timeout=40):
        return Client("http://127.0.0.1:8080", key, timeout)

    def advance(self, _):
        """Released programs know the one true time only."""
        return None
