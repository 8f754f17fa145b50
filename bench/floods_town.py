"""A house with the limits that it ships with, and strangers in it: customers who do no harm, whose time is taken
while somebody else floods one of its services."""
import itertools
import os
import sys
import time

from house import TOP, House

sys.path.append(os.path.join(TOP, "tests/integration"))
from harness import case  # pylint: disable=wrong-import-position
from harness.account import Account  # pylint: disable=wrong-import-position
from harness.api import Client, Lost  # pylint: disable=wrong-import-position
from harness.dns import Dns  # pylint: disable=wrong-import-position
from harness.mails import Mails  # pylint: disable=wrong-import-position
from harness.sink import Sink  # pylint: disable=wrong-import-position
from harness.sql import Database  # pylint: disable=wrong-import-position

PATIENCE = 60  # seconds, after which a stranger goes away
OFTEN = 0.002
numbers = itertools.count(1)


class Town(House):
    """As tests/integration know a stack. That a record was absent is remembered by nobody, so that the stranger's
    time is that of the services and not of a cache's patience."""

    def __init__(self):
        super().__init__(address="127.65.0.1", folder="var/floods", gateway="")
        self.environment["CHANCERY_DNS_CACHE"] = "0s"

    def up(self):
        super().up()
        at = self.at
        self.db = Database(at["STACK_DATABASE"])
        self.dns = Dns(os.path.join(TOP, "tools/dns-rig"), at["STACK_DNS"])
        self.sink = Sink(at["STACK_SINK"], at["STACK_SINK_LOG"])
        self.mails = Mails(at["STACK_MAILS"])

    def client(self, key=None, timeout=PATIENCE):
        return Client(self.at["STACK_HOST"], key, timeout)

    def must_cli(self, *words):
        return self.cli(*words)


# ---- strangers: each of their orders comes over a connection of its own

class Stranger:
    """`order` returns the seconds that it took."""

    def __init__(self, town):
        self.town, self.account = town, Account(town, "stranger")
        self.settle()

    def settle(self):
        """What it does once, before it is timed."""

    def order(self):
        """The seconds, and whether it was served well."""
        self.account.client.close()
        began = time.monotonic()
        try:
            self.serve()
        except (case.Failed, Lost, AssertionError) as e:
            print(f"    the stranger was not served: {e}", flush=True)
            return time.monotonic() - began, False
        return time.monotonic() - began, True

    def serve(self):
        raise NotImplementedError


class Instant(Stranger):
    """Control is known, so that the answer brings the certificate."""
    what = "order issued at once"

    def settle(self):
        self.account.prove("example.com")

    def serve(self):
        document = self.account.place(f"s{next(numbers)}.example.com", certificate_dcv_scope="base_domain")
        case.true("issued in the answer", document.get("certificate_id"))
        return document["id"]


class ByDns(Stranger):
    """A name that nobody has proved, and its record: until the certificate is there."""
    what = "order by DNS"

    def serve(self):
        name = f"s{next(numbers)}.example.org"
        document = self.account.place(name)
        self.account.publish(name, document["dcv_random_value"])
        case.until("issued", lambda: self.checked(document["id"]), PATIENCE, OFTEN)

    def checked(self, number):
        """A check is answered by the round that is under way, which may have begun before the record was there."""
        answer = self.account.check(number)
        return answer.status == 200 and answer.json.get("order_status") == "issued"


class ByMail(Stranger):
    """Until the mail is there; the domain is its own."""
    what = "mail after order"

    def serve(self):
        name = f"s{next(numbers)}.example.org"
        self.account.place(name, dcv_method="email", dcv_emails=[{"dns_name": name, "email": f"admin@{name}"}])
        log = os.path.join(self.town.at["STACK_MAILS"], "mails.log")
        case.until("the mail", lambda: "admin@" + name in text_of(log), PATIENCE, OFTEN)


class ByWebhook(Instant):
    """From the order until its webhook has arrived."""
    what = "webhook after order"

    def settle(self):
        super().settle()
        self.account.webhook("/stranger", webhook_settings={"instant_issue_webhook_notification": "1"})

    def serve(self):
        number = super().serve()
        case.until("the webhook", lambda: self.arrived(number), PATIENCE, OFTEN)

    def arrived(self, number):
        return any(m["data"].get("order_id") == number
                   for m in self.town.sink.messages("/stranger", "certificate_issued"))


def text_of(path):
    with open(path, encoding="utf-8") as f:
        return f.read()
