"""Questions to the database, as superuser and by psql.

In them :now is business time; now() is the machine's, which leases go by and nothing else."""
import json
import subprocess
import time


# Where rows come and go by themselves while one looks: those that a refused call would leave.
OWN_DOING = {
    "job": "job j WHERE lane = 'issue' AND NOT EXISTS (SELECT FROM request r WHERE r.id = j.subject)"
           " OR lane = 'dcv' AND NOT EXISTS (SELECT FROM challenge c WHERE c.id = j.subject)",
    "idempotency": "idempotency i WHERE NOT EXISTS (SELECT FROM orders o WHERE o.id = i.order_id)",
    "audit": "audit WHERE source <> 'system'",
}


class Database:
    def __init__(self, url, now=time.time):
        self.url, self.now = url, now

    def run(self, text):
        r = subprocess.run(["psql", "-XAtq", "-v", "ON_ERROR_STOP=1",
                            "-v", f"now=to_timestamp({self.now()})", "-d", self.url, "-f", "-"],
                           input=text, text=True, capture_output=True)
        if r.returncode:
            raise RuntimeError(f"psql: {r.stderr.strip()}\n{text}")
        return r.stdout.strip()

    def value(self, text):
        return self.run(text)

    def number(self, text):
        return int(self.run(text))

    def rows(self, query):
        """A SELECT's rows as dicts."""
        return json.loads(self.run(f"SELECT coalesce(json_agg(r), '[]') FROM ({query}) AS r"))

    def counts(self, *tables):
        """How many rows each table has, maybe with a WHERE; one statement, so one moment."""
        parts = ", ".join(f"(SELECT count(*) FROM {OWN_DOING.get(t, t)}) AS \"{t}\"" for t in tables)
        return self.rows(f"SELECT {parts}")[0]

    def rule(self, parameter):
        """What the rule on public certificates says that is in force, or nothing where there is none."""
        found = self.rows(f"SELECT value FROM policy_at(:now, 'TLS', '{parameter}')")
        return found[0]["value"] if found else None


# The validations by which an order's names were proved.
PROOFS = ("validation v JOIN challenge k ON k.id = v.challenge_id AND k.asked_by = 'request'"
          " JOIN request r ON r.id = k.subject WHERE r.order_id = {}")
