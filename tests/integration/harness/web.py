"""A customer's web server, on ports 80 and 443 of a loopback address of its own (tests/peers/web)."""
import os
import pathlib
import re
import subprocess

PEER = pathlib.Path(__file__).resolve().parents[2] / "peers" / "web"
PATH = "/.well-known/pki-validation/fileauth.txt"
FOUND = "HTTP/1.1 200 OK\r\nConnection: close\r\n\r\n"


class Web:
    """with Web(stack) as web: web.file("www.example.com", value)"""

    def __init__(self, stack):
        self.dns = stack.dns
        self.address = re.sub(r"\d+$", "80", stack.address)
        self.folder = os.path.join(stack.dir, "web")
        os.makedirs(self.folder, exist_ok=True)

    def __enter__(self):
        self.peer = subprocess.Popen([PEER, self.address, self.folder], stdin=subprocess.PIPE,
                                     stdout=subprocess.PIPE)
        if self.peer.stdout.readline() != b"ready\n":
            raise RuntimeError(f"no web server at {self.address}")
        return self

    def __exit__(self, *_):
        self.peer.stdin.close()
        self.peer.wait()
        self.peer.stdout.close()

    def here(self, *names):
        """The names lead to this server."""
        for name in names:
            self.dns.set(name, "A", self.address)

    def reply(self, name, reply, manner="reply"):
        with open(os.path.join(self.folder, f"{name}.{manner}"), "w", encoding="ascii", newline="") as f:
            f.write(reply)

    def file(self, name, text):
        """What this host has at every path."""
        self.here(name)
        self.reply(name, FOUND + text)

    def redirect(self, name, to, status=302):
        self.here(name)
        self.reply(name, f"HTTP/1.1 {status} Moved\r\nLocation: {to}\r\nContent-Length: 0\r\n\r\n")

    def requests(self, name):
        """Port and path of each request for this host so far."""
        with open(os.path.join(self.folder, "log"), encoding="ascii") as log:
            rows = [line.split() for line in log]
        return [(int(port), path) for port, host, path in rows if host == name]
