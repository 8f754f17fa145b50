"""The floods: what each of them needs beforehand, and what it does until it is told that it is over."""
import collections
import http.client
import itertools
import json
import random
import selectors
import socket
import threading
import time

from floods_town import Account, ByDns, ByMail, ByWebhook, Instant
from harness import case, pki

NAMES = 250  # of an order at the most
BODY, UNFINISHED = 262144, 255 * 1024  # what a body may have, and nearly that
WISHES = 4000  # of which a body of that size has room for a few more


def sources(count):
    """Loopback addresses that strangers do not have."""
    return [f"127.64.{1 + i // 250}.{1 + i % 250}" for i in range(count)]


class Flood:
    """`prepare` in the bench's own process, `rage` in another: sets `raging` when it is in full swing and counts
    in `seen` what came of it. `outcome` says more about it, afterwards and in the bench's process again."""
    limit_mb, size, stranger = 512, 0, Instant

    def __init__(self, town, scale):
        self.town, self.count = town, max(1, round(self.size * scale))
        self.raging, self.over, self.seen = threading.Event(), threading.Event(), collections.Counter()

    def prepare(self):
        self.account = Account(self.town, "flood")

    def rage(self):
        raise NotImplementedError

    def outcome(self):
        return ""

    # ---- callers

    def caller(self, source):
        return http.client.HTTPConnection(self.town.at["STACK_HOST"], timeout=60, source_address=(source, 0))

    def ask(self, connection, method, path, body=None, key=None):
        """The status, or 0 where nothing came."""
        head = {"X-DC-DEVKEY": key or self.account.client.key, "Content-Type": "application/json"}
        try:
            connection.request(method, "/services/v2" + path, body, head)
            answer = connection.getresponse()
            answer.read()
            status = answer.status
        except (OSError, http.client.HTTPException):
            connection.close()
            status = 0
        self.seen[status] += 1
        return status

    def order(self, connection, body, account=None):
        key = (account or self.account).client.key
        return self.ask(connection, "POST", "/order/certificate/ssl_dv_geotrust", body, key)

    def place(self, connection, body, account):
        """However often it is held off; None when the flood ended first."""
        while not self.over.is_set():
            status = self.order(connection, body, account)
            if status not in (0, 429, 503):
                return status
            self.over.wait(0.5)
        return None

    def body(self, names, **more):
        order = {"certificate": {"common_name": names[0], "dns_names": names[1:], "csr": pki.csr()},
                 "order_validity": {"years": 1}, "certificate_dcv_scope": "fqdn", **more}
        return json.dumps(order, separators=(",", ":")).encode()

    def threads(self, count, work):
        """Each with a connection and an address of its own, until all have done their work."""
        each = [threading.Thread(target=work, args=(self.caller(s),)) for s in sources(count)]
        for thread in each:
            thread.start()
        for thread in each:
            thread.join()

    def place_all(self, orders, callers=8):
        """Each once; a body and whose it is."""
        left, lock = iter(orders), threading.Lock()

        def work(connection):
            while True:
                with lock:
                    order = next(left, None)
                if order is None or self.place(connection, *order) is None:
                    return
        self.threads(callers, work)
        self.raging.set()
        self.over.wait()

    def repeat(self, callers, call):
        """Again and again, all at once."""
        def work(connection):
            while not self.over.is_set():
                call(connection)
        self.raging.set()
        self.threads(callers, work)


# ---- orders

class Silent(Flood):
    """Names whose name servers never answer."""
    name, service, limit_mb, size, stranger = "silent names", "validation", 200, 200, ByDns

    def rage(self):
        self.place_all((self.body([f"n{n}.o{o}.silent.example.net" for n in range(NAMES)],
                                  dcv_method="dns-txt-token"), self.account) for o in range(self.count))


class Refused(Flood):
    """Far more wishes for mails than an order may have."""
    name, service, size = "4,000 equal dcv_emails", "gateway", 40

    def rage(self):
        name = "wish.example.org"
        body = self.body([name], dcv_method="email",
                         dcv_emails=[{"dns_name": name, "email": f"admin@{name}"}] * WISHES)
        self.repeat(self.count, lambda c: self.order(c, body))


class Allowed(Flood):
    """As many wishes as an order may have, all different."""
    name, service, size = "1,250 dcv_emails", "gateway", 40

    def rage(self):
        numbers = itertools.count(1)
        self.repeat(self.count, lambda c: self.order(c, self.wishes(next(numbers))))

    def wishes(self, number):
        names = [f"n{n}.o{number}.example.org" for n in range(NAMES)]
        return self.body(names, dcv_method="email", dcv_emails=[
            {"dns_name": n, "email": f"{who}@{n}"} for n in names
            for who in ("admin", "administrator", "webmaster", "hostmaster", "postmaster")])


class DeadEndpoints(Flood):
    """Endpoints that take connections and never say a word: all that two accounts may have."""
    name, service, size, stranger = "20 dead webhooks", "notifier", 50, ByWebhook
    ACCOUNTS, EACH = 2, 10

    def prepare(self):
        self.accounts = [Account(self.town, "flood") for _ in range(self.ACCOUNTS)]
        self.endpoints = [f"127.65.1.{1 + n}" for n in range(self.ACCOUNTS * self.EACH)]
        for at, account in enumerate(self.accounts):
            account.prove("example.com")
            for address in self.endpoints[at::self.ACCOUNTS]:
                answer = account.client.post("/webhook", {
                    "endpoint": f"https://{address}:8443/dead",
                    "webhook_settings": {"instant_issue_webhook_notification": "1"}})
                case.equal(f"a webhook: {answer}", answer.status, 201)
        # They were alive once and showed their challenge.
        self.town.sql("UPDATE webhook SET verified = true, status = 'active' WHERE endpoint LIKE '%/dead'")

    def rage(self):
        doors = [socket.create_server((address, 8443), backlog=1000) for address in self.endpoints]
        self.place_all((self.body([f"f{o}.example.com"], certificate_dcv_scope="base_domain"), account)
                       for o in range(self.count) for account in self.accounts)
        for door in doors:
            door.close()

    def outcome(self):
        return self.town.sql("SELECT count(*) || ' messages wait' FROM delivery WHERE state = 'waiting'")


class Mails(Flood):
    """Orders by mail for a domain of somebody who has not asked for any."""
    name, service, size, stranger = "mails for one domain", "notifier", 40, ByMail

    def rage(self):
        self.place_all((self.body(["victim.example.org"], dcv_method="email"), self.account)
                       for _ in range(self.count))

    def outcome(self):
        return f"{len(self.town.mails.all('victim.example.org'))} of {self.count * 5} mails left"


# ---- the door

class Crowd(Flood):
    """Connections that are opened, say something, and then a byte now and then; they come again when cut."""
    service, EACH, EVERY = "gateway", 32, 3.0

    def rage(self):
        self.poll, self.open = selectors.DefaultSelector(), {}
        each = itertools.cycle(sources(-(-self.count // self.EACH)))
        self.closed = collections.deque((0, next(each)) for _ in range(self.count))
        host, port = self.town.at["STACK_HOST"].split(":")
        self.door, next_drip, full = (host, int(port)), 0, time.monotonic() + 10
        while not self.over.is_set():
            now = time.monotonic()
            self.come_again(now)
            if now > next_drip:
                self.drip()
                next_drip = now + self.EVERY
            for key, events in self.poll.select(0.05):
                self.happens(key.fileobj, events)
            if len(self.open) >= self.count * 0.9 or now > full:
                self.raging.set()
        self.seen["open at the end"] = len(self.open)

    def come_again(self, now):
        """At most a few hundred at once: no more fit into the queue of a listening socket."""
        for _ in range(200):
            if not self.closed or self.closed[0][0] > now:
                return
            _, source = self.closed.popleft()
            s = socket.socket()
            s.setblocking(False)
            s.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            s.bind((source, 0))
            s.connect_ex(self.door)
            self.open[s] = [source, memoryview(self.opening())]
            self.poll.register(s, selectors.EVENT_READ | selectors.EVENT_WRITE)
            self.seen["opened"] += 1

    def happens(self, s, events):
        source, text = self.open[s]
        try:
            if events & selectors.EVENT_READ:
                heard = s.recv(4096)
                self.seen[int(heard[9:12]) if heard[:5] == b"HTTP/" else "cut"] += 1
                self.leave(s)
            elif text:
                self.open[s][1] = text[s.send(text[:65536]):]
            else:
                self.poll.modify(s, selectors.EVENT_READ)
        except BlockingIOError:
            pass
        except OSError:
            self.seen["cut"] += 1
            self.leave(s)

    def leave(self, s):
        source, _ = self.open.pop(s)
        self.poll.unregister(s)
        s.close()
        self.closed.append((time.monotonic() + 0.2, source))

    def drip(self):
        for s, (_, text) in list(self.open.items()):
            if not text:
                try:
                    s.send(b"x")
                except OSError:
                    self.seen["cut"] += 1
                    self.leave(s)

    def opening(self):
        raise NotImplementedError


class Bodies(Crowd):
    """255 KiB of a body that never ends; every second with a key that is good."""
    name, limit_mb, size = "unfinished bodies", 256, 2000

    def prepare(self):
        super().prepare()
        self.openings = [self.with_key(key) for key in ("0" * 64, self.account.client.key)]

    @staticmethod
    def with_key(key):
        head = (f"POST /services/v2/user HTTP/1.1\r\nHost: x\r\nX-DC-DEVKEY: {key}\r\n"
                f"Content-Type: application/json\r\nContent-Length: {BODY}\r\n\r\n")
        return head.encode() + b" " * UNFINISHED

    def opening(self):
        return self.openings[self.seen["opened"] % 2]


class Slow(Crowd):
    """Heads that come byte by byte."""
    name, size = "slow clients", 2300

    def opening(self):
        return b"GET /services/v2/user/me HTTP/1.1\r\nHost: x\r\nX-Slow: "


class WrongKeys(Flood):
    """Keys that nobody has, as fast as answers come."""
    name, service, size = "wrong keys", "gateway", 8

    def rage(self):
        self.repeat(self.count, lambda c: self.ask(c, "GET", "/user/me", key=f"{random.getrandbits(256):064x}"))


FLOODS = {kind.__name__.lower(): kind for kind in
          (Silent, Refused, Allowed, Bodies, Slow, WrongKeys, DeadEndpoints, Mails)}
