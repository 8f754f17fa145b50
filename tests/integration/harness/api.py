"""A client of the API, with one connection that is kept."""
import http.client
import json
import socket
import time

PREFIX = "/services/v2"


class Lost(Exception):
    """The connection ended or nothing came: whether the call took effect is not known."""


class Answer:
    def __init__(self, status, headers, body):
        self.status, self.headers, self.body = status, headers, body

    @property
    def json(self):
        return json.loads(self.body) if self.body else None

    @property
    def error(self):
        """The first error of the API's form, or {}."""
        try:
            return self.json["errors"][0]
        except (ValueError, KeyError, TypeError, IndexError):
            return {}

    def __repr__(self):
        return f"<{self.status} {self.body[:300].decode(errors='replace')}>"


OWN = ("/openapi", "/ca/")  # beside the published API
IDLE = 10  # seconds: the gateway closes what is idle for 30, maybe just when the next request goes out


class Client:
    def __init__(self, base, key=None, timeout=40):
        self.host = base.split("//")[-1].split("/")[0]
        self.key, self.timeout, self.connection, self.used = key, timeout, None, 0

    def another(self):
        """The same caller over a connection of its own."""
        return Client(self.host, self.key, self.timeout)

    def close(self):
        if self.connection:
            self.connection.close()
        self.connection = None

    def call(self, method, path, body=None, headers=None):
        """`body` is bytes as they go out, or anything that JSON can say."""
        if not path.startswith(OWN):
            path = PREFIX + path
        head = {"X-DC-DEVKEY": self.key} if self.key else {}
        if body is not None and not isinstance(body, bytes):
            body = json.dumps(body).encode()
        if body is not None:
            head["Content-Type"] = "application/json"
        head.update(headers or {})
        if time.monotonic() - self.used > IDLE:
            self.close()
        for fresh in (self.connection is None, True):
            try:
                return self._once(method, path, body, head)
            except (OSError, http.client.HTTPException) as e:
                self.close()
                # A kept connection may have been closed before the request was written.
                idle = isinstance(e, (http.client.RemoteDisconnected, BrokenPipeError))
                if fresh or not idle or method == "POST":
                    raise Lost(f"{method} {path}: {e!r}") from e

    def _once(self, method, path, body, head):
        if self.connection is None:
            self.connection = http.client.HTTPConnection(self.host, timeout=self.timeout)
            self.connection.connect()
            self.connection.sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        try:
            self.connection.request(method, path, body, head)
        except (BrokenPipeError, ConnectionResetError):
            if not body:
                raise
            # Refused while it was still being sent: the answer may be there.
        r = self.connection.getresponse()
        answer = Answer(r.status, {k.lower(): v for k, v in r.getheaders()}, r.read())
        if r.will_close:
            self.close()
        self.used = time.monotonic()
        return answer

    def get(self, path):
        return self.call("GET", path)

    def post(self, path, body=None, **headers):
        return self.call("POST", path, body, {k.replace("_", "-"): v for k, v in headers.items()})

    def put(self, path, body=None):
        return self.call("PUT", path, body)

    def delete(self, path):
        return self.call("DELETE", path)
