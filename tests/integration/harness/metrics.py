"""What the services print at /metrics."""
import re
import urllib.request

PORTS = {"gateway": 9101, "validation": 9102, "issuer": 9103, "notifier": 9104, "scheduler": 9105}
LINE = re.compile(r"^(\w+)(\{.*\})? (-?[0-9.]+)$")


def scrape(stack, service):
    """{series with its labels: value}."""
    url = f"http://{stack.address}:{PORTS[service]}/metrics"
    with urllib.request.urlopen(url, timeout=10) as answer:
        text = answer.read().decode()
    found = {}
    for line in text.splitlines():
        if line.startswith("#"):
            continue
        name, labels, value = LINE.match(line).groups()
        found[name + (labels or "")] = float(value)
    return found


def value(stack, service, series):
    return scrape(stack, service).get(series)
