"""What is ordered: every combination of product, authority, hash and key once on each day, and then whatever a
fixed seed draws. Names are drawn anew for each, from one to as many as the product takes."""
import dataclasses
import itertools
import json
import random

SEED = 9
KEYS = {"rsa2048": 2, "rsa3072": 1, "rsa4096": 1, "p256": 2, "p384": 2, "p521": 1}  # how many of each
BASES = ("example.com", "example.net", "example.org")
NAME_MAX, LABEL_MAX, COMMON_NAME_MAX = 253, 63, 64
LETTERS = "abcdefghijklmnopqrstuvwxyz0123456789"
U_LABELS = [  # as people write them, and as certificates have them
    ("bücher", "xn--bcher-kva"), ("δοκιμή", "xn--jxalpdlp"), ("пример", "xn--e1afmkfd"), ("例え", "xn--r8jz45g"),
    ("straße", "xn--strae-oqa"),
]
UNLOGGED = 0.1  # of all orders stay out of the logs of Certificate Transparency
COUNTS = [(50, 1, 1), (25, 2, 5), (15, 6, 40), (4, 41, 249), (6, 250, 250)]  # weight, from, to


@dataclasses.dataclass
class Order:
    product: dict
    authority: str
    hash: str
    key: tuple  # kind and number
    names: list  # (as asked for, as certified), the common name first
    validity: dict
    option: str
    unlogged: bool


class Draw:
    """Draws names that no other order has."""

    def __init__(self, seed):
        self.random, self.numbers = random.Random(seed), itertools.count(1)

    def label(self, size):
        return "".join(self.random.choice(LETTERS) for _ in range(size))

    def _filled(self, name, size):
        """`name` with labels before it, so that it has that many characters."""
        while len(name) < size:
            room = size - len(name) - 1
            take = room if room <= LABEL_MAX else self.random.randint(1, min(LABEL_MAX, room - 2))
            name = f"{self.label(take)}.{name}" if room else f"{self.label(1)}{name}"
        return name

    def _plain(self, own):
        return own, own

    def _deep(self, own):
        name = ".".join(self.random.choice(LETTERS) for _ in range(20)) + "." + own
        return name, name

    def _long_label(self, own):
        name = f"{self.label(LABEL_MAX)}.{own}"
        return name, name

    def _longest(self, own):
        name = self._filled(own, NAME_MAX)
        return name, name

    def _border(self, own):
        """About as long as a common name may be."""
        name = self._filled(own, COMMON_NAME_MAX + self.random.randint(-1, 2))
        return name, name

    def _hyphens(self, own):
        name = f"a-{self.label(3)}-1.{own}"
        return name, name

    def _u_label(self, own):
        asked, certified = self.random.choice(U_LABELS)
        return f"{asked}.{own}", f"{certified}.{own}"

    def _a_label(self, own):
        _, certified = self.random.choice(U_LABELS)
        return f"{certified}.{own}", f"{certified}.{own}"

    def _capitals(self, own):
        return f"WWW.{own.upper()}", f"www.{own}"

    def public(self):
        shape = self.random.choice((self._plain, self._plain, self._deep, self._long_label, self._longest, self._border,
                                    self._hyphens, self._u_label, self._a_label, self._capitals))
        return shape(f"w{next(self.numbers)}.{self.random.choice(BASES)}")

    def private(self):
        n = next(self.numbers)
        names = (f"host{n}", f"db{n}.corp.local", f"10.{n >> 16 & 255}.{n >> 8 & 255}.{n & 255}", f"fd00::{n:x}")
        return (self.random.choice(names),) * 2 if self.random.random() < 0.6 else self.public()

    def name(self, product):
        return self.private() if product.get("private_names") else self.public()

    def wildcard(self, product):
        """None over an address, or where there is no room for it."""
        while True:
            asked, certified = self.name(product)
            if len(certified) <= NAME_MAX - 2 and ":" not in certified and not certified[-1].isdigit() \
                    and "." in certified:
                return "*." + asked, "*." + certified

    def names(self, product):
        _, low, high = self.random.choices(COUNTS, [weight for weight, _, _ in COUNTS])[0]
        count = min(self.random.randint(low, high), product["max_names"])
        found = []
        for i in range(count):
            wild = product["wildcard_required"] and i == 0 or product["wildcard_allowed"] and self.random.random() < 0.2
            found.append(self.wildcard(product) if wild else self.name(product))
        return found

    def validity(self, product):
        years = self.random.choice(product["allowed_order_validity_years"])
        return self.random.choice(({"years": years}, {"years": max(product["allowed_order_validity_years"])}, {"days": 1},
                                   {"days": self.random.randint(2, 60)}, {"days": self.random.randint(61, 1095)}))

    def option(self, product, profiles, kind):
        fit = [o["name"] for o in profiles[product["profile"]].get("options", [])
               if ("rsa" if kind.startswith("rsa") else "ecdsa") in o["key_types"]]
        return self.random.choice([None, None, *fit])

    def order(self, product, authority, hash_name, kind, profiles):
        key = (kind, self.random.randrange(KEYS[kind]))
        return Order(product, authority, hash_name, key, self.names(product), self.validity(product),
                     self.option(product, profiles, kind), self.random.random() < UNLOGGED)


def catalogue(policy):
    """The products that can be ordered, each as what it is today, and the profiles."""
    read = lambda folder: [json.loads(path.read_text()) for path in sorted((policy / folder).glob("*.json"))]
    products = {p["name_id"]: p for p in read("products")}
    today = [{**products[p.get("shim", p["name_id"])], "asked_as": p["name_id"]} for p in products.values()]
    return [p for p in today if "refused" not in p], {p["name"]: p for p in read("profiles")}


def orders(policy, day, count):
    """Those of one business day. Which they are depends on the day, the seed and the catalogue alone."""
    draw = Draw(f"{SEED} {day}")
    products, profiles = catalogue(policy)
    combinations = [c for p in products for c in itertools.product([p], p["authorities"], p["allowed_hashes"], KEYS)]
    more = [draw.random.choice(combinations) for _ in range(count - len(combinations))]
    return [draw.order(*combination, profiles) for combination in combinations + more]
