"""The change log: what customers and feed readers find at /changelog, today and on the day of a change."""
import datetime
import email.utils
import json
import os
import re
import struct
import subprocess
import urllib.error
import urllib.request
import xml.etree.ElementTree

from harness import case, golden
from harness.api import Answer
from harness.tests import Tests
from harness.twin import Twin

tests = Tests()
DAY = datetime.datetime(2029, 3, 15, tzinfo=datetime.timezone.utc)
ON_THAT_DAY = ["reuse-10", "tls-validity-47"]  # what the policy changes then


def look(host, path, method="GET", **headers):
    request = urllib.request.Request(f"http://{host}/changelog{path}", method=method, headers=headers)
    try:
        with urllib.request.urlopen(request, timeout=40) as answer:
            return answer.status, answer.headers, answer.read()
    except urllib.error.HTTPError as answer:
        with answer:
            return answer.code, answer.headers, answer.read()


def host_of(stack):
    host = f"{stack.address}:8080"
    case.until("the policy is read", lambda: look(host, "")[0] == 200)
    return host


def articles(host, part):
    """The ids below a heading of the page, in their order."""
    page = look(host, "")[2].decode()
    section = re.search(f'<section id="{part}">.*?</section>', page, re.S)
    return re.findall('<article id="([^"]*)"', section[0]) if section else []


def changes(host):
    return json.loads(look(host, "/changes.json")[2])["changes"]


def day_of(change):
    return datetime.datetime.fromisoformat(change["effective"])


def set_clock(stack, path, at):
    with open(path, "r+b" if os.path.exists(path) else "wb") as f:  # in place: the file is mapped
        f.write(struct.pack("=q", int((at.timestamp() - stack.now() + stack.offset()) * 1e6)))


@tests
def upcoming_and_recent(stack):
    host = host_of(stack)
    listed = changes(host)
    days = [day_of(c) for c in listed]
    case.equal("the furthest first, then the newest first", days, sorted(days, reverse=True))
    for c in listed:
        case.equal(c["id"], c["state"], "upcoming" if day_of(c).timestamp() > stack.now() else "recent")
    for part, state in (("Upcoming", "upcoming"), ("Recent", "recent")):
        case.equal(part, articles(host, part), [c["id"] for c in listed if c["state"] == state])


@tests
def as_documented(stack):
    """One of its items; what state it is in is the day's, and is looked at above."""
    status, headers, body = look(host_of(stack), "/changes.json")
    item = next(c for c in json.loads(body)["changes"] if c["id"] == "tls-validity-47")
    item["state"] = "upcoming"
    golden.check("GET /changelog/changes.json",
                 Answer(status, {"content-type": headers["Content-Type"]}, json.dumps({"changes": [item]}).encode()))


@tests
def on_the_very_day(stack):
    """At another gateway, whose clock is set to the last minute before, and then to the first moment of the day."""
    clock = os.path.join(stack.dir, "clock-of-its-own")
    set_clock(stack, clock, DAY - datetime.timedelta(minutes=10))
    twin = Twin(stack, "gateway", CHANCERY_TEST_CLOCK=clock)
    try:
        case.until("what is to come", lambda: set(ON_THAT_DAY) <= set(reached(twin, "Upcoming")))
        before, tag = changes(twin.address), look(twin.address, "")[1]["ETag"]
        set_clock(stack, clock, DAY)
        case.until("has come", lambda: set(ON_THAT_DAY) <= set(reached(twin, "Recent")))
        case.equal("it is the newest", articles(twin.address, "Recent")[:len(ON_THAT_DAY)], ON_THAT_DAY)
        case.true("and no longer upcoming", not set(ON_THAT_DAY) & set(articles(twin.address, "Upcoming")))
        case.true("with another tag", look(twin.address, "")[1]["ETag"] != tag)
        case.equal("published when it was", [c["published"] for c in changes(twin.address)], [c["published"] for c in before])
    finally:
        twin.end()


def reached(twin, part):
    try:
        return articles(twin.address, part)
    except OSError:
        return []


@tests
def feed(stack):
    """RSS 2.0 (rssboard.org): well-formed, 15 items, and each of its page."""
    host = host_of(stack)
    listed = {c["id"]: c for c in changes(host)}
    status, headers, body = look(host, "/rss.xml")
    case.equal("it is there", (status, headers["Content-Type"]), (200, "application/rss+xml; charset=utf-8"))
    judge = subprocess.run(["xmllint", "--noout", "-"], input=body, capture_output=True)
    case.equal(f"xmllint: {judge.stderr.decode()}", judge.returncode, 0)
    channel = xml.etree.ElementTree.fromstring(body).find("channel")
    own = f"http://{host}/changelog"
    case.equal("the channel", [channel.findtext(t) for t in ("title", "link", "language")], ["Change log", own, "en"])
    items = channel.findall("item")
    case.equal("items", len(items), min(15, len(listed)))
    published = [email.utils.parsedate_to_datetime(i.findtext("pubDate")) for i in items]
    case.equal("the newest first", published, sorted(published, reverse=True))
    for item, at in zip(items, published):
        ident = item.findtext("guid").removeprefix("chancery-changelog:")
        change = listed[ident]
        case.equal("guid", item.find("guid").get("isPermaLink"), "false")
        case.equal("link", item.findtext("link"), f"{own}#{ident}")
        case.equal("pubDate", at, datetime.datetime.fromisoformat(change["published"]))
        case.true(f"{ident} is not of the future", at.timestamp() <= stack.now())
        upcoming = change["state"] == "upcoming"
        case.equal("labelled", "Upcoming" in [c.text for c in item.findall("category")], upcoming)
        case.equal("title", item.findtext("title").startswith("Upcoming, "), upcoming)
        case.inside("title", change["title"], item.findtext("title"))
    page = look(host, "")[2].decode()
    for kind, path in (("application/rss+xml", "rss.xml"), ("application/json", "changes.json")):
        case.inside("the page names it", f'<link rel="alternate" type="{kind}" title="Change log" href="{own}/{path}">', page)
        case.inside("and shows it", f'<a href="{own}/{path}">', page)
        case.equal("served as that", look(host, f"/{path}")[1]["Content-Type"].split(";")[0], kind)


@tests
def kept_by_caches(stack):
    host = host_of(stack)
    for path in ("", "/rss.xml", "/changes.json"):
        status, headers, body = look(host, path)
        case.equal(path, (status, headers["Cache-Control"]), (200, "public, max-age=300"))
        head = look(host, path, "HEAD")
        case.equal("HEAD", (head[0], head[2], head[1]["Content-Length"]), (200, b"", str(len(body))))
        again = look(host, path, **{"If-None-Match": headers["ETag"]})
        case.equal("again", (again[0], again[2]), (304, b""))
        case.equal("by its date", look(host, path, **{"If-Modified-Since": headers["Last-Modified"]})[0], 304)
    page = look(host, "")[2].decode()
    case.inside("language", '<html lang="en">', page)
    case.true("no script", "<script" not in page)
    case.equal("nothing else below it", look(host, "/other")[0], 404)


@tests
def printed(stack):
    """chancery changes says the same as the page."""
    said = json.loads(stack.must_cli("changes", "--json"))
    case.equal("as JSON", [(c["id"], c["state"]) for c in said], [(c["id"], c["state"]) for c in changes(host_of(stack))])


@tests
def refused_by_file_and_line(stack):
    """An entry that names a rule that is not there: nothing of that policy is loaded."""
    folder = os.path.join(stack.dir, "policy-of-a-mistake")
    subprocess.run(["cp", "-R", os.path.join(stack.dir, "app/policy"), folder], check=True)
    with open(os.path.join(folder, "changelog/mistake.md"), "w", encoding="utf-8") as f:
        f.write("---\ntitle: <script>alert(1)</script>\nkind: new\nbegins: no-such-rule\nareas: API\n---\nx\n")
    versions = stack.db.number("SELECT count(*) FROM policy_version")
    status, out, err = stack.cli("policy", "load", folder)
    case.equal("it fails", status, 1)
    case.inside("why", "changelog/mistake.md:4 names rule no-such-rule, which is not there", out + err)
    case.equal("versions", stack.db.number("SELECT count(*) FROM policy_version"), versions)
