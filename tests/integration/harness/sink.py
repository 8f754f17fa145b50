"""What the HTTPS sink has taken: its log, a line of JSON a request."""
import json

from . import case


class Sink:
    def __init__(self, url, log):
        self.url, self.log = url, log

    def requests(self, path=None):
        """What came so far, to that path."""
        with open(self.log, encoding="utf-8") as log:
            lines = log.read().split("\n")[:-1]  # the last may be under way
        return [m for m in map(json.loads, lines) if not path or m["path"] == path]

    def messages(self, path=None, event=None):
        """The messages so far, as {path, headers, event, data, body}; reports are none."""
        out = []
        for m in self.requests(path):
            if m["body"].startswith("<"):
                continue
            body = json.loads(m["body"] or "{}")
            if event and body.get("event") != event:
                continue
            out.append({"path": m["path"], "headers": m["headers"], "body": m["body"],
                        "event": body.get("event"), "data": body.get("data") or {}})
        return out

    def wait(self, path, event, count=1, **data):
        """The messages of that event whose data has these members, once there are `count`."""
        def seen():
            found = [m for m in self.messages(path, event)
                     if all(m["data"].get(k) == v for k, v in data.items())]
            return found if len(found) >= count else None
        return case.until(f"{event} {data} at {path}", seen)
