"""An account with its keys, and what its owner does: order, prove, wait, download."""
import itertools
import re

from . import case, pki

numbers = itertools.count(1)
PRODUCT = "ssl_dv_geotrust"


class Account:
    """A new account; `client` has the key of its administrator."""

    def __init__(self, stack, name="customer"):
        self.stack, self.number = stack, next(numbers)
        self.id, self.user_id = self._create(f"{name}{self.number}")
        self.client = stack.client(self.key("admin"))

    def _create(self, name):
        self.stack.must_cli("account", "create", name, "--username", name,
                            "--email", f"{name}@example.com")
        row = self.stack.db.rows(
            f"SELECT account_id, id FROM user_account WHERE username = '{name}'")[0]
        return row["account_id"], row["id"]

    def key(self, name, user_id=None, role=None):
        more = ["--role", str(role)] if role is not None else []
        out = self.stack.must_cli("key", "create", str(user_id or self.user_id), name, *more)
        return re.search(r"\b[a-z0-9]{40,}\b", out).group()

    def user(self, role_id):
        """Another user of the account; the operator's command makes administrators only."""
        name = f"user{next(numbers)}"
        return self.stack.db.number(
            "INSERT INTO user_account (account_id, username, first_name, last_name, email, role_id,"
            f" status, created_at) VALUES ({self.id}, '{name}', 'U', 'Ser', '{name}@example.com',"
            f" {role_id}, 'active', :now) RETURNING id")

    def as_role(self, role_id, key_role=None):
        return self.stack.client(self.key("other", self.user(role_id), key_role))

    # ---- orders

    def body(self, name, **more):
        certificate = {"common_name": name, "csr": more.pop("csr", None) or pki.csr(),
                       **more.pop("certificate", {})}
        return {"certificate": certificate, "order_validity": {"years": 1},
                "certificate_dcv_scope": "fqdn", "dcv_method": "dns-txt-token", **more}

    def order(self, name, client=None, product=PRODUCT, headers=None, **more):
        return (client or self.client).call("POST", f"/order/certificate/{product}",
                                            self.body(name, **more), headers)

    def place(self, name, **more):
        """An order that is accepted: the answer's document."""
        answer = self.order(name, **more)
        case.equal(f"order of {name}: {answer}", answer.status, 201)
        return answer.json

    def info(self, order_id, client=None):
        answer = (client or self.client).get(f"/order/certificate/{order_id}")
        case.equal(f"order info: {answer}", answer.status, 200)
        return answer.json

    def issued(self, order_id):
        """Its info once it is issued."""
        def ask():
            info = self.info(order_id)
            return info if info["status"] == "issued" else None
        return case.until(f"order {order_id} is issued", ask)

    # ---- domain control

    def publish(self, name, value):
        self.stack.dns.set(f"_dnsauth.{name}", "TXT", value)

    def check(self, order_id):
        return self.client.put(f"/order/certificate/{order_id}/check-dcv")

    def looked(self, order_id):
        """The round that the order or its change of method has begun is over: a check is another."""
        case.until("a round of look-ups", lambda: self.stack.db.number(
            "SELECT count(*) FROM challenge c JOIN orders o ON c.asked_by = 'request' AND c.subject = o.request_id"
            f" WHERE o.id = {order_id} AND c.checked_at >= c.poll_from"))

    def prove(self, name):
        """Makes control over `name` known: later orders for names below it, at base-domain scope,
        are issued in the answer."""
        order = self.place(name, certificate_dcv_scope="base_domain")
        if order.get("certificate_id"):  # known already
            return self.info(order["id"])
        self.stack.dns.add(f"_dnsauth.{name}", "TXT", order["dcv_random_value"])
        return case.until(f"{name} is proved", lambda: self._proved(order["id"]))

    def _proved(self, order_id):
        """A check is answered by the round that is under way, which may have begun before the record
        was there: so it is asked again."""
        self.check(order_id)
        info = self.info(order_id)
        return info if info["status"] == "issued" else None

    # ---- webhooks

    def webhook(self, path, **more):
        """An active webhook at that path of the sink; it has shown its challenge."""
        answer = self.client.post("/webhook", {"endpoint": self.stack.sink.url + path, **more})
        case.equal(f"webhook: {answer}", answer.status, 201)
        number = answer.json["webhook_id"]
        case.equal("challenge", self.client.put(f"/webhook/{number}/send-challenge").status, 204)
        token = self.stack.sink.wait(path, "challenge_webhook_endpoint")[-1]["data"]["token"]
        answer = self.client.put(f"/webhook/{number}/check-challenge", {"token": token})
        case.equal(f"check-challenge: {answer}", answer.status, 204)
        case.equal("activate", self.client.put(f"/webhook/{number}/activate").status, 204)
        return number
