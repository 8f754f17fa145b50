"""What Certificate Transparency costs an order, and what an order costs with everything that a certificate for browsers
needs. In turns, so that all meet the same machine:

  without CAA       no rules on CAA, no logs: of names whose control was proved before
  without logs      their CAA records were looked at before; the order says disable_ct
  with logs         as that, with a precertificate and timestamps of two logs: everything, of a customer who comes again
  with new names    everything, of names that nobody has seen: each is proved by a request token while its caller waits,
                    confirmed by three other points of view, as are its CAA records

The other points of view are the house's, and count. Logs are others', and do not; nor does their network, since they
stand on this machine, and use its processors, so CPU says more than orders a second."""
import json
import os
import re
import shutil
import subprocess
import sys
import time

import caa
from house import TOOLS, TOP, call, fail
from work import ROUNDS, RUN_COLUMNS, line, median, verdict

sys.path.append(os.path.join(TOP, "tests/integration"))
from harness import pki  # pylint: disable=wrong-import-position,wrong-import-order

STACK = {"STACK_CT_LOGS": "oak=Alpha fig=Beta elm=Gamma",  # certificates of more than 180 days want three
         "STACK_PERSPECTIVES": "fra=RIPE,50.11,8.68 iad=ARIN,38.95,-77.45 sin=APNIC,1.35,103.82"}
COLUMNS = RUN_COLUMNS + ["cpu_logs_us"]
CONNECTIONS = 16
ENOUGH_NEW = 400  # orders a second for new names
AIM, AIM_MS = 0.05, 5
LIFE = {"order_validity": {"days": 90}}  # two timestamps suffice
SCENARIOS = {"ct-bare": "without CAA", "ct-caa": "without logs", "ct-logged": "with logs", "ct-all": "with new names"}
TIMESTAMPS = {"ct-logged": 2, "ct-all": 2}


# ---- the policies

def rules_write(folder, name, change):
    path = os.path.join(folder, "rules", name)
    with open(path, encoding="utf-8") as f:
        rules = change(json.load(f)["rules"])
    with open(path, "w", encoding="utf-8") as f:
        json.dump({"rules": rules}, f)


def three_suffice(rules):
    """As between March and June of 2026, on any later day."""
    return [{**r, "value": "3"} if r["parameter"] == "mpic.remotes" and int(r["value"]) > 3 else r for r in rules]


def policies(b):
    """That of the stack, with its list of logs: with three perspectives, and without rules on CAA."""
    whole = b.file("policy")
    shutil.copytree(os.path.join(b.house.at["STACK_DIR"], "app/policy"), whole)
    rules_write(whole, "perspectives.json", three_suffice)
    bare = caa.policy_without(b, whole)
    return {scenario: bare if scenario == "ct-bare" else whole for scenario in SCENARIOS}


# ---- names that nobody has seen

def publish(b, auth_key):
    """Request tokens for all names of the pool. They count some days; the minute is for clocks."""
    lines = []
    with open(b.file("pool"), encoding="ascii") as pool:
        for row in pool:
            name, csr = row.split()
            armoured = f"-----BEGIN CERTIFICATE REQUEST-----\n{csr}\n-----END CERTIFICATE REQUEST-----\n"
            lines.append(f"_dnsauth.{name} TXT {pki.request_token(auth_key, armoured, time.time() - 60)}\n")
    subprocess.run([os.path.join(TOP, "tools/dns-rig"), b.house.at["STACK_DNS"], "load"], check=True, text=True,
                   input="".join(lines))


# ---- runs

def insist(b, scenario):
    """The last certificate of a run has the timestamps that it should have."""
    with open(b.file("samples"), encoding="utf-8") as f:
        answer = json.loads(f.readlines()[-1])
    text = call("openssl", "x509", "-noout", "-text", input=answer["certificate_chain"][0]["pem"])
    found = text.count("Signed Certificate Timestamp:")
    if found != TIMESTAMPS.get(scenario, 0):
        fail(f"{scenario}: a certificate has {found} timestamps")


def one(b, number, scenario, auth_key):
    logs = b.house.cpu_of_logs()
    if scenario == "ct-all":
        row = b.orders(number, scenario, CONNECTIONS, known=False, prepare=lambda: publish(b, auth_key),
                       more={**LIFE, "use_auth_key": True, "certificate_dcv_scope": "fqdn"}, enough=ENOUGH_NEW)
    else:
        row = b.orders(number, scenario, CONNECTIONS, more={**LIFE, "disable_ct": scenario not in TIMESTAMPS})
    row["cpu_logs_us"] = round((b.house.cpu_of_logs() - logs) * 1e6 / max(1, row["ok"]))
    insist(b, scenario)


def begin(b):
    """What proves the first name is confirmed by three, too."""
    b.policies = policies(b)
    b.house.cli("policy", "load", b.policies["ct-all"])


def run(b):
    auth_key = b.api("POST", "/services/v2/account/auth-key")["auth_key"]
    for scenario in SCENARIOS:
        b.authorities[scenario] = b.house.sql("SELECT id FROM authority WHERE key_label = 'p256'")
    for number in range(1, ROUNDS + 1):
        for scenario in SCENARIOS:
            b.house.cli("policy", "load", b.policies[scenario])
            one(b, number, scenario, auth_key)
    return b.runs


# ---- what is printed

def lints_us():
    """Of one certificate; a precertificate has as many."""
    return int(re.search(r"(\d+) ns$", call(os.path.join(TOOLS, "lints")), re.M)[1]) / 1000


def cpu(runs, scenario):
    return sum(median(runs, m, scenario=scenario) for m in ("cpu_services_us", "cpu_postgres_us"))


def more_line(what, used, without, aim=None, beside=""):
    more = used / without - 1
    line(what, f"{more * 100:+.1f}", "%", f"{aim * 100:.0f}" if aim else "", verdict(more, aim, True), beside)


def report(runs):
    used = {scenario: cpu(runs, scenario) for scenario in SCENARIOS}
    print()
    line(f"P-256, {CONNECTIONS} connections", "median", "", "of without")
    base = median(runs, "rate", scenario="ct-caa")
    for scenario, what in SCENARIOS.items():
        rate, logs = median(runs, "rate", scenario=scenario), median(runs, "cpu_logs_us", scenario=scenario)
        line(f"  {what}", f"{rate:.0f}", "/s", f"{rate / base:.2f}", "",
             f"server CPU {used[scenario]:.0f} us, {used[scenario] / used['ct-caa']:.2f}; p99 "
             f"{median(runs, 'p99', scenario=scenario):.1f} ms" + (f"; logs {logs:.0f} us" if logs else ""))
    print()
    lints, bare = lints_us(), used["ct-bare"]
    line("what of it costs how much CPU", "", "", "aim")
    more_line("  lints", bare, bare - lints, AIM, f"{lints:.0f} us of {bare:.0f}")
    more_line("  CAA, names that were looked at before", used["ct-caa"], bare, AIM)
    more_line("  a precertificate and two timestamps", used["ct-logged"], used["ct-caa"])
    line("  everything, a customer who comes again", f"{used['ct-logged'] / 1000:.2f}", "ms", str(AIM_MS),
         verdict(used["ct-logged"] / 1000, AIM_MS, True))
    line("  everything, a name that is new", f"{used['ct-all'] / 1000:.2f}", "ms")
