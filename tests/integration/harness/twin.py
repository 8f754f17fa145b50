"""A second process of a service."""
import os
import signal
import subprocess

from . import case

# The ports that each has, moved away from the first one's.
MOVED = (("CHANCERY_BUS_BIND", 7100), ("CHANCERY_ADMIN_LISTEN", 9200), ("CHANCERY_LISTEN", 8100))


class Twin:
    """With the first one's settings but for those that are given, and addresses of its own."""

    def __init__(self, stack, service, **settings):
        pid = stack.pid(service)
        env = stack.environ(service)
        for name, number in MOVED:
            if env.get(name):
                head, port = env[name].rsplit(":", 1)
                env[name] = f"{head}:{number + int(port) % 100}"
        env.update(settings)
        self.address = env.get("CHANCERY_LISTEN")
        self.admin = env["CHANCERY_ADMIN_LISTEN"]
        with open(f"/proc/{pid}/status", encoding="ascii") as f:
            ids = {line.split()[0]: int(line.split()[1]) for line in f if line.startswith(("Uid:", "Gid:"))}
        log = open(os.path.join(stack.dir, "log", f"{service}-twin.log"), "ab")
        self.process = subprocess.Popen([f"app/bin/chancery-{service}"], cwd=stack.dir, env=env, stdout=log,
                                        stderr=log, user=ids["Uid:"], group=ids["Gid:"], extra_groups=[])
        log.close()

    def end(self):
        self.process.send_signal(signal.SIGTERM)
        case.equal("the twin ends well", self.process.wait(30), 0)
