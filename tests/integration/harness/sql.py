"""Questions to the database, as superuser and by psql."""
import json
import subprocess


class Database:
    def __init__(self, url):
        self.url = url

    def run(self, text):
        r = subprocess.run(["psql", "-XAtq", "-v", "ON_ERROR_STOP=1", "-d", self.url, "-f", "-"],
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
        """How many rows each table has; one statement, so one moment."""
        parts = ", ".join(f"(SELECT count(*) FROM {t}) AS \"{t}\"" for t in tables)
        return self.rows(f"SELECT {parts}")[0]
