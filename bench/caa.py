"""What looks at CAA records cost an order: without them, of names that were looked at within their time, and of names
that nobody has looked at yet. In turns, so that all three meet the same machine."""
import os
import shutil

from house import TOP
from work import ROUNDS, line, median, verdict

CONNECTIONS = 16
SCENARIOS = {"caa-without": "without rules on CAA", "caa-known": "looked at before", "caa-fresh": "never looked at"}
AIM = 0.05


def policy_without(b, source=os.path.join(TOP, "policy")):
    """A policy, that of the tree for one, but for its rules on CAA; nor is there a change log that would name them."""
    folder = b.file("policy-without-caa")
    shutil.copytree(source, folder)
    shutil.rmtree(os.path.join(folder, "changelog"))
    for name in ("capabilities.json", "rules/caa.json"):
        os.remove(os.path.join(folder, name))
    return folder


def run(b):
    without = policy_without(b)
    for scenario in SCENARIOS:
        b.authorities[scenario] = b.house.sql("SELECT id FROM authority WHERE key_label = 'p256'")
    for number in range(1, ROUNDS + 1):
        for scenario in SCENARIOS:
            b.house.cli("policy", "load", without if scenario == "caa-without" else os.path.join(TOP, "policy"))
            b.orders(number, scenario, CONNECTIONS, known=scenario == "caa-known")
    return b.runs


def cpu(runs, scenario):
    return sum(median(runs, m, scenario=scenario) for m in ("cpu_services_us", "cpu_postgres_us"))


def report(runs):
    print()
    line(f"CAA, P-256, {CONNECTIONS} connections", "median", "", "of without")
    base = median(runs, "rate", scenario="caa-without"), cpu(runs, "caa-without")
    for scenario, what in SCENARIOS.items():
        rate, used = median(runs, "rate", scenario=scenario), cpu(runs, scenario)
        aim = 1 - AIM if scenario == "caa-known" else None
        line(f"  {what}", f"{rate:.0f}", "/s", f"{rate / base[0]:.2f}", verdict(rate / base[0], aim) if aim else "",
             f"server CPU {used:.0f} us, {used / base[1]:.2f}")
