"""Want of memory: while each kind of request and delivery is under way, one allocation of each service fails,
and the next time another. It ends the service, in its own words and by nothing else; no client is blamed, and
the promise is kept.

MEMORY=N tries N places of each kind (1), drawn by lot from equal parts of all that are made; MEMORY=all tries
each one."""
import contextlib
import itertools
import os
import random
import threading
import time

import test_crash
from harness import case
from harness.api import Client
from harness.mails import browse
from harness.promise import Customer
from harness.stack import SERVICES
from harness.tests import Tests
from harness.web import Web

tests = Tests()
SETTINGS = {
    **test_crash.SETTINGS,
    **{f"CHANCERY_{whose}_WORKERS": "1" for whose in ("HTTP", "BUS", "DCV", "ISSUE", "DELIVER", "JOB")},
    "STACK_WAIT": "120",  # for three at once
}
LATEST = test_crash.LATEST
LAST_WORDS = '"message":"out of memory"'
PATIENCE = 120  # seconds: for who comes back, three at once


def blames(method, path, answer):
    """Not 409 of an order, which is being placed, nor that no record has been found so far."""
    unproved = path.endswith("/check-dcv") and str(answer.error.get("code")).endswith("_not_found")
    placing = method == "POST" and answer.status == 409
    return 400 <= answer.status < 500 and not placing and not unproved


class Strict(Client):
    """No answer may blame it."""

    def another(self):
        return Strict(self.host, self.key)

    def call(self, method, path, body=None, headers=None):
        answer = super().call(method, path, body, headers)
        if blames(method, path, answer):
            raise case.Failed(f"the client is blamed: {method} {path}: {answer}")
        return answer


class Patient(Customer):
    """Every kind of request that one customer makes, each until it is answered well."""

    def __init__(self, stack):
        super().__init__(stack, "/memory")
        self.account.client = Strict(self.account.client.host, self.account.client.key)
        self.first = self.account.issued(self.instant())

    def order(self, name, client=None, patience=PATIENCE, **more):
        return super().order(name, client, patience=patience, **more)

    def persist(self, what, ask, patience=PATIENCE):
        return super().persist(what, ask, patience)

    def filed(self):
        """Proved by a file on the web server."""
        name = self.fresh_name()
        with Web(self.stack) as web:
            document = self.order(name, dcv_method="http-token")
            web.file(name, document["dcv_random_value"])
            number = self.told(document, name)
            self.persist(f"check of {name}", lambda: self._issued(number))

    def _issued(self, number):
        client = self.account.client.another()
        answer = client.put(f"/order/certificate/{number}/check-dcv")
        return (answer.status == 200 and answer.json["order_status"] == "issued") or self.stack.advance(5)

    def mailed(self):
        name = self.fresh_name()
        self.told(self.order(name, dcv_method="email"), name)
        self.persist(f"approval of {name}", lambda: self._approved(name) or self.stack.advance(5))

    def _approved(self, name):
        for mail in self.stack.mails.all(name):
            with contextlib.suppress(OSError):
                answer = browse("POST", mail["link"])
                if answer.status in (200, 410):
                    return True
                if answer.status < 500 and answer.status != 429:  # who asks on and on hears that, too
                    raise case.Failed(f"the client is blamed: approval of {name}: {answer}")
        return False

    def asked(self):
        """What is read and changed besides."""
        number, certificate = self.first["id"], self.first["certificate"]["id"]
        for method, path, body in (
                ("GET", f"/order/certificate/{number}", None), ("GET", "/order/certificate?limit=20", None),
                ("GET", f"/certificate/{certificate}/download/format/pem_all", None),
                ("GET", "/events", None), ("GET", "/user/me", None), ("GET", "/product", None),
                ("POST", f"/order/certificate/{number}/note", {"text": "again"})):
            self.persist(f"{method} {path}", lambda m=method, p=path, b=body: self._well(m, p, b))

    def _well(self, method, path, body):
        return self.account.client.another().call(method, path, body).status < 300


# ---- who dies

class Reviver(threading.Thread):
    """Starts again who has died. Each death must have its last words."""

    def __init__(self, stack, name):
        super().__init__(daemon=True)
        self.stack, self.name_, self.over = stack, name, threading.Event()
        self.deaths, self.heard, self.wrong = 0, self._heard(), []

    def _heard(self):
        return self.stack.read(f"log/{self.name_}.log").count(LAST_WORDS)

    def run(self):
        while not self.over.wait(0.05):
            try:
                self.look()
            except Exception as e:  # told at the end
                self.wrong.append(f"{self.name_}: {e!r}")

    def look(self):
        if self.stack.pid(self.name_) is not None:
            return
        heard, self.heard = self.heard, self._heard()
        if self.heard == heard:
            self.wrong.append(f"{self.name_} has ended without its last words")
        self.deaths += 1
        self.stack.start(self.name_)


@contextlib.contextmanager
def revived(stack):
    revivers = [Reviver(stack, name) for name in SERVICES]
    try:
        for r in revivers:
            r.start()
        yield revivers
    finally:
        for r in revivers:
            r.over.set()
        for r in revivers:
            r.join()


# ---- which allocation

KINDS = (  # and whose allocations fail
    (Patient.instant, ("gateway", "issuer", "notifier")),
    (Patient.slow, ("gateway", "validation", "notifier")),
    (Patient.filed, ("validation", "issuer")),
    (Patient.mailed, ("gateway", "validation", "notifier")),
    (Patient.token, ("gateway", "validation")),
    (Patient.asked, ("gateway", "scheduler")),
)


def allow_all(stack):
    for name in SERVICES:
        stack.deny_allocation(name, 0)


def delivered(stack, customer):
    customer.settle(PATIENCE)
    stack.await_ready()


def done(stack, customer, kind):
    kind(customer)
    delivered(stack, customer)


def counted(stack, customer, kind, names):
    """How many allocations each makes for it, the gateway until its last answer: the fewest of three times, since
    who was started anew has much to load, and some load again by the clock."""
    times = []
    for _ in range(3):
        allow_all(stack)
        kind(customer)
        answered = {"gateway": stack.allocations_made("gateway")}
        delivered(stack, customer)
        times.append({name: answered.get(name) or stack.allocations_made(name) for name in names})
    return {name: min(t[name] for t in times) for name in names}


def places(most):
    """The numbers of allocations to fail: anywhere in so many equal parts."""
    asked = os.environ.get("MEMORY", "1")
    parts = most if asked == "all" else min(int(asked), most)
    return [random.randint(most * part // parts + 1, most * (part + 1) // parts) for part in range(parts)]


def rounds(counts):
    """Of each service the first place together, then the second."""
    for row in itertools.zip_longest(*map(places, counts.values())):
        yield {name: number for name, number in zip(counts, row) if number}


def starved(stack, customer, kind, denied):
    for name, number in denied.items():
        stack.deny_allocation(name, number)
    done(stack, customer, kind)
    allow_all(stack)


def starved_everywhere(stack, customer, kind, names, revivers):
    counts = counted(stack, customer, kind, names)
    for number, denied in enumerate(rounds(counts)):
        if number:  # who died last time has loaded again
            done(stack, customer, kind)
        for _ in range(4):
            print(f"         {kind.__name__}: at {denied} of {counts}", flush=True)
            before, began = sum(r.deaths for r in revivers), time.monotonic()
            starved(stack, customer, kind, denied)
            died, took = sum(r.deaths for r in revivers) - before, time.monotonic() - began
            print(f"         {died} died ({took:.1f} s)", flush=True)
            if died:
                break
            denied = {name: max(1, place // 4) for name, place in denied.items()}  # it took fewer this time
        case.true(f"somebody died: {kind.__name__} {denied}", died)


def each_dies(stack, revivers):
    """Who has not yet, of what it does by the clock."""
    for r in revivers:
        if not r.deaths:
            stack.deny_allocation(r.name_, 1)
            case.until(f"{r.name_} dies", lambda r=r: r.deaths, patience=PATIENCE)


@tests
def no_memory_for_each_kind_of_request(stack):
    customer = Patient(stack)
    with revived(stack) as revivers:
        for kind, names in KINDS:
            starved_everywhere(stack, customer, kind, names, revivers)
        each_dies(stack, revivers)
    case.equal("ends without last words", [w for r in revivers for w in r.wrong], [])
    test_crash.leases_run_out(stack)
    customer.kept()
    print(f"         {sum(r.deaths for r in revivers)} deaths", flush=True)
