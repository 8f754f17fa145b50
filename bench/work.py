"""What bench/run and bench/versus have a house do: orders with keys and names of their own, order infos, and
what its parts do alone."""
import csv
import json
import os
import re
import statistics
import subprocess
import tempfile

from house import TOOLS, TOP, call, fail, tool

QUICK = os.environ.get("QUICK", "") not in ("", "0")
ROUNDS, SECONDS = (1, 2) if QUICK else (5, 4)
PRODUCT = "/services/v2/order/certificate/ssl_dv_geotrust"
KEYS, DOMAIN = 64, "example.com"
ENOUGH_A_SECOND = 3000  # requests made ahead
RESULTS = os.path.join(TOP, "bench/results")
RUN_COLUMNS = ["round", "scenario", "connections", "seconds", "answers", "certificates", "errors", "rate",
               "p50", "p90", "p99", "max", "cpu_services_us", "cpu_postgres_us", "c1_batch", "issue_batch",
               "others_cores"]


class Bench:
    def __init__(self, house):
        self.house, self.who = house, ""
        self.work = tempfile.mkdtemp(prefix="bench-")
        self.runs, self.calibrations = [], []
        self.certificates = 0
        self.authorities = {}

    def file(self, name):
        return os.path.join(self.work, name)

    # ---- who orders, and for what

    def make_keys(self):
        """Through the operator's command, as for any customer."""
        with open(self.file("keys"), "w", encoding="ascii") as out:
            for i in range(KEYS):
                shown = self.house.cli("key", "create", self.house.at["STACK_USER"], f"bench {i}")
                out.write(re.search(r"^key\s+(\S+)", shown, re.M)[1] + "\n")

    def prove_domain(self):
        """An order with its TXT record: what it proves serves all that follow."""
        self.pool(1, "bench." + DOMAIN)
        name, csr = open(self.file("pool"), encoding="ascii").readline().split()
        order = self.api("POST", PRODUCT, {"certificate": {"common_name": name, "csr": csr},
                                           "order_validity": {"years": 1}})
        if "certificate_id" in order:
            fail("the domain is proved already")
        call(os.path.join(TOP, "tools/dns-rig"), self.house.at["STACK_DNS"], "set", DOMAIN, "TXT",
             order["dcv_random_value"])
        for _ in range(30):
            state = self.api("PUT", f"/services/v2/order/certificate/{order['id']}/check-dcv", {})
            if state.get("dcv_status") == "valid":
                break
            subprocess.run(["sleep", "1"], check=True)
        else:
            fail("the proof was not found")
        for _ in range(100):
            if self.api("GET", f"/services/v2/order/certificate/{order['id']}")["status"] == "issued":
                self.certificates += 1
                return
            subprocess.run(["sleep", "0.1"], check=True)
        fail("the first order was not issued")

    def key(self):
        return open(self.file("keys"), encoding="ascii").readline().strip()

    def api(self, method, path, body=None):
        key = self.key()
        data = ["--data-binary", json.dumps(body)] if body is not None else []
        return json.loads(call("curl", "-sS", "-m", "30", "-X", method, "-H", "X-DC-DEVKEY: " + key, "-H",
                               "Content-Type: application/json", *data,
                               f"http://{self.house.at['STACK_HOST']}{path}"))

    def pool(self, count, domain):
        call(os.path.join(TOOLS, "pool"), self.file("pool"), str(count), domain)

    # ---- load

    def load(self, label, connections, *what, seconds=SECONDS):
        rows = ["--rows", os.path.join(RESULTS, "seconds.csv")] if not self.who else []
        return tool("load", "--address", self.house.at["STACK_HOST"], "--keys", self.file("keys"),
                    "--connections", str(connections), "--seconds", str(seconds), "--label", label, *rows, *what)

    def know(self, count, domain):
        """As if CAA records of the pool's names had been looked at a moment ago, for other certificates."""
        if self.house.sql("SELECT to_regclass('caa_check') IS NOT NULL") == "t":  # others are measured as well
            self.house.sql("INSERT INTO caa_check (account_id, name, checked_at, ttl, result, evidence)"
                           " SELECT a.id, 'n' || lpad(n::text, 7, '0') || '.%s', now(), 0, 'permitted', '{}'"
                           " FROM account a, generate_series(0, %d) n; ANALYZE caa_check" % (domain, count - 1))

    def orders(self, number, scenario, connections, seconds=SECONDS, known=True, prepare=None, more=None,
               enough=ENOUGH_A_SECOND):
        """Each with a key, a request and a name of its own. `prepare` is called once they are made; `more` stands in
        each body."""
        count, domain = int(enough * seconds), f"r{number}-{scenario}-{connections}.{DOMAIN}"
        self.pool(count, domain)
        if known:
            self.know(count, domain)
        if prepare:
            prepare()
        write(self.file("body"), json.dumps({
            "certificate": {"common_name": "{name}", "csr": "{csr}", "ca_cert_id": self.authorities[scenario]},
            "order_validity": {"years": 1}, **(more or {})}))
        what = ["--pool", self.file("pool"), "--path", PRODUCT, "--body", self.file("body"),
                "--mark", '"certificate_chain"', "--samples", self.file("samples")]
        return self.measure(number, scenario, connections, what, seconds)

    def infos(self, number, connections):
        ids = self.house.sql("SELECT id FROM orders WHERE status = 'issued' ORDER BY id DESC LIMIT 2000")
        with open(self.file("paths"), "w", encoding="ascii") as out:
            out.writelines(f"/services/v2/order/certificate/{i}\n" for i in ids.split())
        return self.measure(number, "info", connections, ["--gets", self.file("paths")], SECONDS)

    def measure(self, number, scenario, connections, what, seconds):
        others, cpu, batches = self.house.others(), self.house.cpu(), self.house.batches()
        row = self.load(f"{number},{scenario},{connections}", connections, *what, seconds=seconds)
        cpu = [b - a for a, b in zip(cpu, self.house.cpu())]
        batches = [b - a for a, b in zip(batches, self.house.batches())]
        others = self.house.others() - others
        done = max(1, row["ok"])
        self.certificates += row["certificates"]
        row.update(who=self.who, round=number, scenario=scenario, connections=connections,
                   cpu_services_us=round(cpu[0] * 1e6 / done), cpu_postgres_us=round(cpu[1] * 1e6 / done),
                   c1_batch=round(batches[0] / max(1, batches[1]), 2),
                   issue_batch=round(batches[2] / max(1, batches[3]), 2),
                   others_cores=round(max(0, others) / max(0.1, row["seconds"]), 2))
        if number:
            self.runs.append(row)
            say(row)
        return row

    def warm_up(self, *scenarios):
        """Not counted as a run."""
        for name in scenarios:
            self.authorities[name] = self.house.sql(f"SELECT id FROM authority WHERE key_label = '{name}'")
            self.orders(0, name, 16, seconds=1)

    def calibrate(self, number):
        at = self.house.at
        seconds = "0.5" if QUICK else "1"
        pin = open(os.path.join(at["STACK_DIR"], "secrets/issuer/token-pin"), encoding="ascii").read().strip()
        row = {"round": number}
        row.update(tool("calibrate", "sign", "chancery", "p256", "rsa2048", seconds, env=dict(
            os.environ, SOFTHSM2_CONF=os.path.join(at["STACK_DIR"], "softhsm2.conf"), CHANCERY_TOKEN_PIN=pin)))
        row.update(tool("calibrate", "commit", seconds, env=dict(
            os.environ, CHANCERY_DATABASE_URL=self.house.calibration_database())))
        with open(self.file("root-path"), "w", encoding="ascii") as out:
            out.write("/\n")
        with subprocess.Popen([os.path.join(TOOLS, "empty")], stdin=subprocess.PIPE,
                              stdout=subprocess.PIPE, text=True) as server:
            address = f"127.0.0.1:{server.stdout.readline().strip()}"
            for c in (16, 64):
                row[f"empty_{c}"] = tool("load", "--address", address, "--keys", self.file("keys"),
                                         "--gets", self.file("root-path"), "--connections", str(c),
                                         "--seconds", seconds)["rate"]
            server.stdin.close()
        self.calibrations.append(row)

    # ---- is it true?

    def verify_samples(self):
        """Every hundredth answer: its chain up to the ceremony's root."""
        leaves, chain, names = [], self.file("chain.pem"), []
        with open(self.file("samples"), encoding="utf-8") as f:
            answers = [json.loads(line) for line in f]
        for i, answer in enumerate(answers):
            certificates = answer["certificate_chain"]
            leaves.append(self.file(f"leaf{i}.pem"))
            names.append(certificates[0]["subject_common_name"])
            write(leaves[-1], certificates[0]["pem"])
        issuers = {c["pem"] for a in answers for c in a["certificate_chain"][1:]}
        write(chain, "\n".join(sorted(issuers)))
        for at in range(0, len(leaves), 200):
            call("openssl", "verify", "-x509_strict", "-purpose", "sslserver", "-CAfile",
                 self.house.at["STACK_ROOT"], "-untrusted", chain, *leaves[at:at + 200])
        for leaf, name in zip(leaves, names):
            if "does match" not in call("openssl", "x509", "-in", leaf, "-noout", "-checkhost", name):
                fail(f"a certificate is not for {name}")
        return len(leaves)

    def count_serials(self):
        distinct = int(self.house.sql("SELECT count(DISTINCT (ca_id, serial)) FROM certificate"))
        if distinct != self.certificates:
            fail(f"{self.certificates} certificates were received, {distinct} serials are stored")
        return distinct


def write(path, text):
    with open(path, "w", encoding="utf-8") as out:
        out.write(text)


def write_rows(name, rows, columns):
    with open(os.path.join(RESULTS, name), "w", encoding="utf-8", newline="") as out:
        table = csv.DictWriter(out, columns, extrasaction="ignore", lineterminator="\n")
        table.writeheader()
        table.writerows(rows)


def say(row):
    print(f"round {row['round']}: {row.get('who', ''):<10} {row['scenario']:<8} {row['connections']:>2} connections "
          f"{row['rate']:>7.0f}/s  p99 {row['p99']:>6.1f} ms  "
          f"CPU {row['cpu_services_us'] + row['cpu_postgres_us']} us  others {row['others_cores']:.2f} cores",
          flush=True)


# ---- what is printed

def median(rows, member, **which):
    return statistics.median(r[member] for r in rows if all(r[k] == v for k, v in which.items()))


def verdict(value, aim, less=False):
    if aim is None:
        return ""
    return "met" if (value <= aim if less else value >= aim) else "missed"


def line(what, figure, unit, aim="", said="", beside=""):
    print(f"{what:<42}{figure:>10} {unit:<9}{aim:>12}  {said:<7} {beside}".rstrip())
