"""Debian's cfssl as bench/versus finds it: its signer with a P-256 key in memory, and its certificates in
the Postgres server of a house, each durable before it is answered as there."""
import json
import os
import shutil
import subprocess
import tempfile
import time
import urllib.error
import urllib.request

from house import call, fail, times, tool
from work import DOMAIN, ENOUGH_A_SECOND, KEYS, SECONDS, TOOLS, say, write

ADDRESS = "127.66.0.2"
PORT = 8888
SIGNING = {"signing": {"default": {"expiry": "4776h", "usages": ["digital signature", "server auth"]}}}
BODY = ('{"certificate_request":"-----BEGIN CERTIFICATE REQUEST-----\\n{csr}\\n'
        '-----END CERTIFICATE REQUEST-----\\n"}')
# As its own migrations for Postgres make them (certdb/pg/migrations).
TABLES = """CREATE TABLE certificates (serial_number bytea NOT NULL, authority_key_identifier bytea NOT NULL,
    ca_label bytea, status bytea NOT NULL, reason int, expiry timestamptz, revoked_at timestamptz, pem bytea NOT NULL,
    PRIMARY KEY (serial_number, authority_key_identifier));
CREATE TABLE ocsp_responses (serial_number bytea NOT NULL, authority_key_identifier bytea NOT NULL, body bytea NOT NULL,
    expiry timestamptz, PRIMARY KEY (serial_number, authority_key_identifier),
    FOREIGN KEY (serial_number, authority_key_identifier) REFERENCES certificates (serial_number, authority_key_identifier))"""


def installed():
    return shutil.which("cfssl") is not None


class Cfssl:
    """In the server of this house, which is idle meanwhile."""

    def __init__(self, house):
        self.house, self.runs = house, []
        self.work = tempfile.mkdtemp(prefix="bench-cfssl-")
        self.certificates = 0
        self.server = None

    def file(self, name):
        return os.path.join(self.work, name)

    def begin(self):
        """With an authority of its own, made anew as its tables are."""
        self.house.sql("DROP DATABASE IF EXISTS cfssl")
        self.house.sql("CREATE DATABASE cfssl")
        self.house.sql(TABLES, "cfssl")
        call("openssl", "req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes", "-subj",
             "/CN=cfssl", "-days", "900", "-keyout", self.file("key.pem"), "-out", self.file("ca.pem"),
             stderr=subprocess.DEVNULL)
        write(self.file("config.json"), json.dumps(SIGNING))
        write(self.file("database.json"), json.dumps({"driver": "postgres", "data_source": self.data_source()}))
        write(self.file("keys"), "none\n" * KEYS)
        write(self.file("body"), BODY)
        self.start()

    def data_source(self):
        where = self.house.at["STACK_DATABASE"].replace("dbname=chancery", "dbname=cfssl")
        return where + " sslmode=disable"

    def start(self):
        with open(self.file("log"), "w", encoding="utf-8") as log:
            self.server = subprocess.Popen(  # pylint: disable=consider-using-with
                ["cfssl", "serve", "-loglevel", "3", "-address", ADDRESS, "-port", str(PORT), "-ca", self.file("ca.pem"),
                 "-ca-key", self.file("key.pem"), "-config", self.file("config.json"), "-db-config",
                 self.file("database.json")], stdout=log, stderr=log)
        for _ in range(100):
            try:
                urllib.request.urlopen(f"http://{ADDRESS}:{PORT}/", timeout=1).close()
                return
            except urllib.error.HTTPError:
                return
            except OSError:
                time.sleep(0.1)
        fail("cfssl does not start: " + open(self.file("log"), encoding="utf-8").read())

    def end(self):
        if self.server:
            self.server.kill()
            self.server.wait()
        shutil.rmtree(self.work)

    def cpu(self):
        return times(self.server.pid, 2), self.house.cpu()[1]

    def orders(self, number, scenario, connections, seconds=SECONDS):
        if scenario != "p256":
            return
        call(os.path.join(TOOLS, "pool"), self.file("pool"), str(ENOUGH_A_SECOND * seconds), f"c{number}-{connections}.{DOMAIN}")
        before = self.cpu()
        row = tool("load", "--address", f"{ADDRESS}:{PORT}", "--keys", self.file("keys"), "--pool", self.file("pool"),
                   "--body", self.file("body"), "--mark", '"certificate":', "--path", "/api/v1/cfssl/sign",
                   "--connections", str(connections), "--seconds", str(seconds))
        cpu = [b - a for a, b in zip(before, self.cpu())]
        done = max(1, row["ok"])
        self.certificates += row["certificates"]
        row.update(round=number, scenario=scenario, connections=connections, others_cores=0,
                   cpu_services_us=round(cpu[0] * 1e6 / done), cpu_postgres_us=round(cpu[1] * 1e6 / done))
        if number:
            row["who"] = "cfssl"
            self.runs.append(row)
            say(row)

    def count(self):
        """Each answer stands in its table."""
        stored = int(self.house.sql("SELECT count(*) FROM certificates", "cfssl"))
        if stored != self.certificates:
            fail(f"cfssl answered {self.certificates} certificates and stored {stored}")
