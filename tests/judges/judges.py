"""Programs that owe us nothing, and what they are asked about each certificate. What one of them says that stands
all the same is a row of STANDING; another warning fails."""
import concurrent.futures
import dataclasses
import json
import os
import pathlib
import subprocess
import tempfile
import time

TOP = pathlib.Path(__file__).resolve().parents[2]
HERE = pathlib.Path(__file__).resolve().parent
CPUS = os.cpu_count()
BATCH = 200  # certificates of one process

STANDING = {  # of whom, about what: of which certificates alone (a mark of theirs), and why it stands
    ("zlint", "w_subject_common_name_included"): (
        None, "BR 7.1.4.3 only advises against it, and programs of customers read the common name"),
    ("zlint", "e_cab_dv_subject_invalid_values"): (
        None, "the same; it is a warning in spite of its name"),
    ("zlint", "w_ext_subject_key_identifier_missing_sub_cert"): (
        None, "RFC 5280 4.2.1.2 advises to have one, BR 7.1.2.11.4, the later word, not to"),
    ("zlint", "w_ct_sct_policy_count_unsatisfied"): (
        "unlogged", "its order says disable_ct"),
    ("zlint", "w_sub_cert_aia_contains_internal_names"): (
        None, "the CA of the tests has its status host below .example, so that nobody can have it"),
    ("zlint", "e_mp_ecdsa_pub_key_encoding_correct"): (
        "p521", "zlint 3.6 goes by Mozilla's policy before 2025-03-15; version 3.0 lists P-521 in 5.1 and 5.1.2"),
    ("zlint", "e_key_usage_and_extended_key_usage_inconsistent"): (
        "option", "the customer has asked for nonRepudiation or dataEncipherment, which RFC 5280 4.2.1.12 does not"
        " forbid beside serverAuth; public products refuse these options"),
    ("zlint", "n_san_iana_pub_suffix_empty"): (
        "private", "a private name may be one label, or have a top-level domain that only its owner knows"),
}


@dataclasses.dataclass(frozen=True)
class Case:
    """A certificate to judge, in files of PEM. An authority has no names; one that signed itself no issuer."""
    what: str
    leaf: str
    issuer: str
    root: str
    names: tuple
    at: int  # the moment to judge it at, in seconds since 1970
    marks: frozenset = frozenset()  # "private", "option", "logged", "unlogged", "precertificate", and the kind of the key


@dataclasses.dataclass
class Verdict:
    errors: list  # (case, text)
    warnings: dict  # about what: how many


class NotToBeHad(Exception):
    """This machine has no way to the judge."""


def stands(judge, about, c):
    mark, why = STANDING.get((judge, about), (None, None))
    return why is not None and (mark is None or mark in c.marks)


def run(*words, **more):
    return subprocess.run(words, capture_output=True, text=True, **more)


def each(call, cases):
    """The errors of call(case), which is nothing for who is content; as many at a time as there are processors."""
    with concurrent.futures.ThreadPoolExecutor(CPUS) as pool:
        return [(c, error) for c, error in zip(cases, pool.map(call, cases)) if error]


def batches(call, cases):
    """All that call(some of the cases) says of them, likewise."""
    parts = [cases[i:i + BATCH] for i in range(0, len(cases), BATCH)]
    with concurrent.futures.ThreadPoolExecutor(CPUS) as pool:
        return [said for some in pool.map(call, parts) for said in some]


def grouped(cases, key):
    found = {}
    for c in cases:
        found.setdefault(key(c), []).append(c)
    return found.items()


def host_of(name):
    """One that the name is good for."""
    return name.replace("*", "w", 1)


class Zlint:
    """Lints, precertificates as well; certificates that nobody's programs trust by themselves go by the rules of the RFCs alone."""
    name, lints = "zlint", True
    PRIVATE = ("-excludeSources", "CABF_BR,CABF_EV,CABF_SMIME_BR,Mozilla,Apple,ETSI_ESI")

    def __init__(self, _folder):
        found = run(TOP / "tools" / "newer", "zlint")
        if found.returncode:
            raise NotToBeHad(found.stderr.strip())
        self.program = f"{found.stdout.strip()}/usr/bin/zlint"

    def judge(self, cases):
        verdict = Verdict([], {})
        for private, some in grouped(cases, lambda c: "private" in c.marks):
            for c, lint, found in batches(lambda part, p=private: self._batch(part, self.PRIVATE if p else ()), some):
                if found["result"] in ("warn", "info") or stands(self.name, lint, c):
                    verdict.warnings[lint] = verdict.warnings.get(lint, 0) + 1
                else:
                    verdict.errors.append((c, f"{lint} {found.get('details', '')}"))
        return verdict

    def _batch(self, cases, sources):
        """(case, lint, its result) of each that did not pass."""
        r = run(self.program, *sources, *[c.leaf for c in cases])
        lines = r.stdout.splitlines()
        if len(lines) != len(cases):
            return [(c, "", {"result": "error", "details": f"{len(lines)} answers: {r.stderr[-300:]}"}) for c in cases]
        return [(c, lint, found) for c, line in zip(cases, lines) for lint, found in json.loads(line).items()
                if found["result"] not in ("pass", "NA", "NE")]


class OpenSSL:
    name, lints = "openssl verify", False

    def __init__(self, _folder):
        pass

    def judge(self, cases):
        errors = []
        for key, some in grouped(cases, lambda c: (c.root, c.issuer, c.at, bool(c.names))):
            errors += batches(lambda part, k=key: self._batch(part, *k), some)
        return Verdict(errors, {})

    @staticmethod
    def _batch(cases, root, issuer, at, is_server):
        r = run("openssl", "verify", "-x509_strict", "-purpose", "sslserver" if is_server else "any", "-attime", str(at),
                "-CAfile", root, *(["-untrusted", issuer] if issuer else []), *[c.leaf for c in cases])
        good = set(r.stdout.splitlines())
        return [(c, OpenSSL._why(c, r.stderr)) for c in cases if f"{c.leaf}: OK" not in good]

    @staticmethod
    def _why(c, said):
        """The lines between what it says of the certificate before and of this one."""
        before = said.partition(f"error {c.leaf}: ")[0].rpartition(": verification failed\n")[2]
        return before.replace("\n", "; ") or said[-300:]


class GnuTLS:
    """With each name of a few, the first and last of many; certtool knows no time but the machine's."""
    name, lints = "certtool", False

    def __init__(self, _folder):
        pass

    def judge(self, cases):
        return Verdict(each(self._one, cases), {})

    @staticmethod
    def _one(c):
        chain = open(c.leaf).read() + (open(c.issuer).read() if c.issuer else "")
        for name in {c.names[0], c.names[-1]} if c.names else {None}:
            r = run("faketime", f"@{c.at}", "certtool", "--verify", "--load-ca-certificate", c.root,
                    *(["--verify-purpose", "1.3.6.1.5.5.7.3.1", "--verify-hostname", host_of(name)] if name else []),
                    input=chain)
            if r.returncode:
                return f"{name}: {r.stdout.strip().splitlines()[-1:]} {r.stderr.strip()}"
        return None


class NSS:
    name, lints = "vfychain", False

    def __init__(self, folder):
        self.folder, self.trusted = folder, {}

    def judge(self, cases):
        for root, _ in grouped(cases, lambda c: c.root):
            self._trust(root)
        return Verdict(each(self._one, cases), {})

    def _trust(self, root):
        if root in self.trusted:
            return
        place = self.trusted[root] = f"sql:{tempfile.mkdtemp(dir=self.folder)}"
        run("certutil", "-N", "-d", place, "--empty-password", check=True)
        run("certutil", "-A", "-d", place, "-n", "root", "-t", "C,,", "-i", root, check=True)

    def _one(self, c):
        at = time.strftime("%y%m%d%H%MZ", time.gmtime(c.at))
        chain = [word for path in (c.leaf, c.issuer) if path for word in ("-a", path)]
        r = run("vfychain", "-d", self.trusted[c.root], "-pp", "-u", "1" if c.names else "3", "-b", at, *chain)
        return " ".join((r.stdout + r.stderr).split()) if r.returncode else None


class Java:
    """One process for all; it compares the names, too."""
    name, lints = "Java PKIX", False

    def __init__(self, _folder):
        pass

    def judge(self, cases):
        text = "".join(f"{c.at * 1000}\t{c.root}\t{c.issuer}\t{c.leaf}\t{' '.join(c.names)}\n" for c in cases)
        r = run("java", str(HERE / "Judge.java"), input=text)
        lines = r.stdout.splitlines()
        if len(lines) != len(cases):
            return Verdict([(c, f"{len(lines)} answers: {r.stderr[-300:]}") for c in cases], {})
        return Verdict([(c, line) for c, line in zip(cases, lines) if line != "good"], {})


ALL = (Zlint, OpenSSL, GnuTLS, NSS, Java)
