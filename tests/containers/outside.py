"""The world around the system, at addresses that are public by their numbers and exist here alone: DNS
with a signed root, an HTTPS endpoint that takes webhooks, and a host that is far away. 44.128.0.0/16 is
AMPRNet's network for tests."""
import http.server
import json
import os
import pathlib
import shutil
import ssl
import subprocess
import threading

from harness import case
from harness.dns import Dns
from harness.sink import Sink

TOP = pathlib.Path(__file__).resolve().parents[2]
DNS_ADDRESS, SINK_ADDRESS = "44.128.77.53", "44.128.77.80"
FAR_ADDRESS, FAR_PORT = "44.128.78.80", 80


class Taker(http.server.BaseHTTPRequestHandler):
    """Writes each request to the server's log, as tests/peers/https_sink.c does."""
    protocol_version = "HTTP/1.1"

    def do_POST(self):
        body = self.rfile.read(int(self.headers.get("Content-Length", 0))).decode()
        line = json.dumps({"method": "POST", "path": self.path, "body": body,
                           "headers": {k.lower(): v for k, v in self.headers.items()}})
        with self.server.lock, open(self.server.log, "a", encoding="utf-8") as log:
            log.write(line + "\n")
        self.send_response(200)
        self.send_header("Content-Length", "0")
        self.end_headers()

    def log_message(self, *_):
        pass


class Far:
    """A host behind a router, which knows no way back but to that: who reaches it went out."""

    def __init__(self):
        self.process = subprocess.Popen(
            ["unshare", "--net", "sh", "-c",
             f"read _ && exec /usr/bin/python3 -m http.server --bind {FAR_ADDRESS} {FAR_PORT}"],
            stdin=subprocess.PIPE, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
        pid = str(self.process.pid)
        own = os.readlink("/proc/self/ns/net")
        case.until("a network of its own", lambda: os.readlink(f"/proc/{pid}/ns/net") != own)
        self._ip("link", "add", "far", "type", "veth", "peer", "name", "eth0", "netns", pid)
        self._ip("address", "add", f"{FAR_ADDRESS.rsplit('.', 1)[0]}.1/24", "dev", "far")
        self._ip("link", "set", "far", "up")
        self._ip("address", "add", f"{FAR_ADDRESS}/24", "dev", "eth0", within=pid)
        self._ip("link", "set", "eth0", "up", within=pid)
        self.process.stdin.write(b"\n")
        self.process.stdin.flush()

    @staticmethod
    def _ip(*words, within=None):
        subprocess.run([*(["nsenter", "-t", within, "-n"] if within else []), "ip", *words], check=True)

    def close(self):
        self.process.kill()
        self.process.wait()


class Outside:
    def __init__(self, folder):
        self.folder = folder
        self.public = os.path.join(folder, "public")
        os.makedirs(self.public)
        os.chmod(folder, 0o755)
        subprocess.run(["ip", "address", "add", f"{DNS_ADDRESS}/24", "dev", "lo"], check=True)
        self.dns = Dns(str(TOP / "tools/dns-rig"), os.path.join(folder, "dns"))
        self._start_dns()
        self.sink = self._start_sink()
        self.far = Far()

    def _start_dns(self):
        self.dns._do("start", DNS_ADDRESS)
        for name in ("root.key", "root.hints"):
            shutil.copy(os.path.join(self.dns.folder, name), self.public)

    def _start_sink(self):
        ca = os.path.join(self.folder, "ca")
        subprocess.run([str(TOP / "tools/private-ca"), ca, SINK_ADDRESS], check=True)
        shutil.copy(os.path.join(ca, "ca.pem"), self.public)
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        context.load_cert_chain(os.path.join(ca, "server.pem"), os.path.join(ca, "server.key"))
        server = http.server.ThreadingHTTPServer((SINK_ADDRESS, 443), Taker)
        server.socket = context.wrap_socket(server.socket, server_side=True, do_handshake_on_connect=False)
        server.log, server.lock = os.path.join(self.folder, "requests.log"), threading.Lock()
        open(server.log, "w", encoding="utf-8").close()
        threading.Thread(target=server.serve_forever, daemon=True).start()
        return Sink(f"https://{SINK_ADDRESS}", server.log)

    def close(self):
        self.far.close()
        self.dns._do("stop")
