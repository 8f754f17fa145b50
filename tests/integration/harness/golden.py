"""Answers as they are documented: tests/golden has one file for each.

A golden file has the members that an answer must have, no more and no fewer. A value stands for itself, or
for a kind of value: "<id>", "<number>", "<instant>", "<day>", "<pem>", "<hex>", "<random>", "<text>". A day
inside a text is "<day>" too, but for that of the examples.
GOLDEN=write takes down what was answered; read it against the wire contract before it is committed.
"""
import json
import os
import pathlib
import re

from . import case

FOLDER = pathlib.Path(__file__).resolve().parents[2] / "golden"

KINDS = {  # what stands in a file: what it stands for
    "<instant>": r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d+)?\+00:00",
    "<datetime>": r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d",
    "<day>": r"\d{4}-\d\d-\d\d",
    "<pem>": r"(-----BEGIN [A-Z0-9 ]+-----\r?\n([A-Za-z0-9+/=]+\r?\n)+-----END [A-Z0-9 ]+-----\r?\n?)+",
    "<hex>": r"[0-9A-F]{16,128}|[0-9a-f]{32,128}",
    "<random>": r"[a-z0-9]{20,128}",
    "<text>": r"(?s).+",
}
EXAMPLE = "2024-10-15"
NUMBERS = {"<id>": lambda n: n > 0, "<number>": lambda n: True}
COUNTED = {"days_remaining", "total"}  # change with the day or with what other tests did


def _is_number(value):
    return isinstance(value, int) and not isinstance(value, bool)


def _fits(wanted, found):
    if isinstance(wanted, str) and wanted in NUMBERS:
        return _is_number(found) and NUMBERS[wanted](found)
    if isinstance(wanted, str) and wanted in KINDS:
        return isinstance(found, str) and re.fullmatch(KINDS[wanted], found) is not None
    if isinstance(wanted, str) and "<day>" in wanted:
        form = KINDS["<day>"].join(re.escape(part) for part in wanted.split("<day>"))
        return isinstance(found, str) and re.fullmatch(form, found) is not None
    return type(wanted) is type(found) and wanted == found


def _differences(path, wanted, found):
    if isinstance(wanted, dict) and isinstance(found, dict):
        for key in sorted(wanted.keys() | found.keys()):
            where = f"{path}.{key}".lstrip(".")
            if key not in found:
                yield f"{where} is missing"
            elif key not in wanted:
                yield f"{where} is new: {found[key]!r}"
            else:
                yield from _differences(where, wanted[key], found[key])
    elif isinstance(wanted, list) and isinstance(found, list):
        if len(wanted) != len(found):
            yield f"{path} has {len(found)} items, not {len(wanted)}"
        for i, (a, b) in enumerate(zip(wanted, found)):
            yield from _differences(f"{path}[{i}]", a, b)
    elif not _fits(wanted, found):
        yield f"{path or 'the answer'} is {found!r}, not {wanted!r}"


def _kind(path, value, loose):
    """How a value is taken down: as its kind when it differs from run to run."""
    key = path.rpartition(".")[2]
    if any(f".{path}".endswith(f".{name}") for name in loose):
        return "<text>" if isinstance(value, str) else "<number>"
    if _is_number(value):
        named = key == "id" or key.endswith(("_id", "_ids"))
        return "<id>" if named and value > 999 else "<number>" if key in COUNTED else value
    if isinstance(value, str):
        for kind in ("<instant>", "<datetime>", "<day>", "<pem>", "<hex>", "<random>"):
            if re.fullmatch(KINDS[kind], value):
                return kind
        return re.sub(rf"\b(?!{EXAMPLE}){KINDS['<day>']}\b", "<day>", value)
    return value


def _taken_down(path, value, loose):
    if isinstance(value, dict):
        return {k: _taken_down(f"{path}.{k}".lstrip("."), v, loose) for k, v in value.items()}
    if isinstance(value, list):
        return [_taken_down(path, v, loose) for v in value]
    return _kind(path, value, loose)


def path_of(title):
    return FOLDER / (re.sub(r"[^A-Za-z0-9_]+", "-", title).strip("-") + ".json")


def check(title, answer, loose=()):
    """`title` is "METHOD path/as/in/the/route case"; `loose` names members ("email", "user.name") whose value
    differs from run to run. The answer's status, Content-Type and every member must be as the file of that title says."""
    kind = answer.headers.get("content-type", "")
    found = {"status": answer.status, "type": kind}
    if kind == "application/json" and answer.body:
        found["body"] = answer.json
    path = path_of(title)
    if os.environ.get("GOLDEN") == "write":
        document = {"title": title, **_taken_down("", found, loose)}
        path.write_text(json.dumps(document, indent=2, ensure_ascii=False) + "\n")
    case.true(f"there is {path.name} (GOLDEN=write makes it)", path.is_file())
    wanted = json.loads(path.read_text())
    wanted.pop("title")
    differences = list(_differences("", wanted, found))
    case.true(f"{path.name}: " + "; ".join(differences[:8]), not differences)
