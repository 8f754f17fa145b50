#!/usr/bin/python3
"""An order through the cluster, a rolling restart of every service under load, a pod that is killed.

    journey.py FOLDER        FOLDER is what real-cluster.sh has laid out
"""
import os
import pathlib
import subprocess
import sys
import threading
import time
import uuid

TOP = pathlib.Path(__file__).resolve().parents[2]
sys.path.insert(0, str(TOP / "tests" / "integration"))
sys.dont_write_bytecode = True

from harness import case, pki, promise  # noqa: E402
from harness.account import Account  # noqa: E402
from harness.api import Client, Lost  # noqa: E402
from harness.dns import Dns  # noqa: E402
from harness.sql import Database  # noqa: E402

if sys.argv[1:2] in (["-h"], ["--help"]):
    print(__doc__.strip())
    sys.exit()

SERVICES = ("gateway", "validation", "issuer", "notifier", "scheduler")
NODE = "http://127.0.0.1:30080"


class Cluster:
    """What the harness's Account needs of a stack."""

    def __init__(self, folder):
        self.dir = folder
        self.dns = Dns(str(TOP / "tools" / "dns-rig"), f"{folder}/dns")
        secrets = TOP / "deploy/k8s/local/secrets"
        host = self.kube("get", "service", "postgres", "-o", "jsonpath={.spec.clusterIP}")
        self.url = (secrets / "operator/database").read_text().replace("'postgres'", f"'{host}'", 1).strip()
        password = (secrets / "postgres/password").read_text().strip()
        self.db = Database(f"host={host} user=postgres dbname=chancery password={password}")

    def kube(self, *words):
        r = subprocess.run(["kubectl", "--kubeconfig", f"{self.dir}/kubeconfig", "-n", "chancery", *words],
                           capture_output=True, text=True)
        if r.returncode:
            raise RuntimeError(f"kubectl {' '.join(words)}: {r.stderr}")
        return r.stdout

    def cli(self, *words, database=None):
        env = {"PATH": os.environ["PATH"], "CHANCERY_DATABASE_URL": database or self.url}
        r = subprocess.run([TOP / "build/release/bin/chancery", *words], env=env, capture_output=True, text=True)
        return r.returncode, r.stdout, r.stderr

    def must_cli(self, *words):
        status, out, err = self.cli(*words)
        if status:
            raise RuntimeError(f"chancery {words}: {out}{err}")
        return out

    def client(self, key=None, timeout=40):
        return Client(NODE, key, timeout)

    @staticmethod
    def now():
        return time.time()

    def restart(self, name):
        self.kube("rollout", "restart", f"deployment/{name}")
        self.kube("rollout", "status", f"deployment/{name}", "--timeout=120s")


class Load(threading.Thread):
    """Orders one after the other over new connections, as balanced clients do, until it is told to stop."""

    def __init__(self, account):
        super().__init__(daemon=True)
        self.account, self.going, self.answers, self.orders = account, True, {}, []

    def run(self):
        while self.going:
            name = f"load-{uuid.uuid4().hex[:10]}.example.com"
            client = self.account.client.another()
            try:
                answer = client.call("POST", "/order/certificate/ssl_dv_geotrust",
                                     self.account.body(name, certificate_dcv_scope="base_domain"))
                what = answer.status
                if what == 201:
                    self.orders.append(answer.json["id"])
            except Lost as e:
                what = "lost" if "refused" not in str(e) else "refused"
            client.close()
            self.answers[what] = self.answers.get(what, 0) + 1

    def stop(self):
        self.going = False
        self.join()
        return self.answers


def say(text):
    print(f"{time.strftime('%T')}  {text}", flush=True)


def proved(cluster):
    account = Account(cluster)
    began = time.monotonic()
    name = "first.example.com"
    order = account.place(name)
    account.publish(name, order["dcv_random_value"])
    case.until("the order is issued", lambda: account.check(order["id"]).json["order_status"] == "issued", every=1)
    chain = [pki.certificates(link["pem"].replace("\r\n", "\n"))[0] for link in account.client.get(
        f"/certificate/{account.info(order['id'])['certificate']['id']}/chain").json["intermediates"]]
    pki.verify(chain[0], [chain[1]], chain[2], at=time.time() + 60, name=name)
    say(f"an order by TXT record became a certificate that verifies, in {time.monotonic() - began:.1f} s")
    account.prove("example.com")
    return account


def restarted(cluster, account, names):
    load = Load(account)
    load.start()
    case.until("orders flow", lambda: len(load.orders) > 20)
    for name in names:
        cluster.restart(name)
        say(f"{name} was restarted; {len(load.orders)} orders so far")
    return load.stop(), load.orders


def kept(cluster, orders):
    case.until("every order is issued", lambda: not promise.issued_once(cluster.db, orders), patience=120, every=0.5)
    case.equal("serials", promise.serials_once(cluster.db), [])
    status, out, err = cluster.cli("audit", "verify")
    case.equal(f"audit chain: {out}{err}", status, 0)
    say(f"{len(orders)} orders: each one issued exactly once; no serial twice; {out.strip().splitlines()[-1]}")


def pod_dies(cluster, account):
    load = Load(account)
    load.start()
    case.until("orders flow", lambda: len(load.orders) > 20)
    for name in ("validation", "gateway", "issuer"):
        pod = cluster.kube("get", "pods", "-l", f"app.kubernetes.io/name={name}", "-o", "name").split()[0]
        cluster.kube("delete", pod, "--grace-period=0", "--force", "--wait=false")
        cluster.kube("rollout", "status", f"deployment/{name}", "--timeout=120s")
        say(f"a pod of {name} was killed; {len(load.orders)} orders so far")
    return load.stop(), load.orders


def main(folder):
    cluster = Cluster(folder)
    account = proved(cluster)
    answers, orders = restarted(cluster, account, [n for n in SERVICES if n != "issuer"])
    say(f"rolling restart under load: {answers}")
    case.equal("answers other than 201 while gateways, validation, notifier, scheduler were replaced",
               {k: n for k, n in answers.items() if k != 201}, {})
    more, again = restarted(cluster, account, ["issuer"])
    say(f"the issuer replaced, Recreate: {more}")
    case.equal("answers that are not 201", {k: n for k, n in more.items() if k != 201}, {})
    died, last = pod_dies(cluster, account)
    say(f"pods killed: {died}")
    kept(cluster, orders + again + last)
    print("passed")


def explained(cluster):
    """What the pods are and what they said last, for whoever looks at a failure."""
    print(cluster.kube("get", "pods", "-o", "wide"))
    print(cluster.kube("get", "events", "--sort-by=.lastTimestamp")[-3000:])
    for pod in cluster.kube("get", "pods", "-o", "name", "-l", "app.kubernetes.io/part-of=chancery").split():
        print(cluster.kube("logs", pod, "--tail=8", "--ignore-errors"))


if __name__ == "__main__":
    try:
        main(sys.argv[1])
    except (case.Failed, RuntimeError) as e:
        explained(Cluster(sys.argv[1]))
        sys.exit(f"FAILED: {e}")
