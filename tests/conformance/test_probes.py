"""What was recorded of PyTorch, probe by probe: values, errors and warnings. `probes.json` says how they compare."""

from __future__ import annotations

import io
import json
import math
import re
from collections import Counter
from pathlib import Path

import pytest

import gradsh

RECORD = json.loads((Path(__file__).parent / "probes.json").read_text())
ROWS = {row["name"]: row for row in RECORD["rows"]}
LONG = re.compile(r"-?\d+\.\d{7,}(?:e[+-]?\d+)?|-?\d\.\d{4,}e[+-]?\d+")


def standing(row: dict) -> str:
    return "outside" if "outside" in row else "later" if "later" in row else "run"


def names(kind: str) -> list[str]:
    return [name for name, row in ROWS.items() if standing(row) == kind]


def same(shown: str, expected: str) -> bool:
    """The same text, but for the last digits of long numbers."""
    if shown == expected:
        return True
    if LONG.split(shown) != LONG.split(expected):
        return False
    pairs = zip(LONG.findall(shown), LONG.findall(expected), strict=True)
    return all(math.isclose(float(a), float(b), rel_tol=1e-6) for a, b in pairs)


def trouble(row: dict) -> str:
    """What is wrong with gradsh's answer to a probe, "" if nothing is."""
    out, err = io.StringIO(), io.StringIO()
    warned: list[str] = []
    session = gradsh.Session(out=out, err=err)
    show = session.display.warning
    session.display.warning = lambda warning: (warned.append(warning.message), show(warning))
    result = session.run(row["code"], row["name"])
    if "error" in row:
        if result.ok:
            return f"no error; it printed {out.getvalue()!r}"
        got = {"kind": result.errors[0].kind, "text": result.errors[0].message}
        if got != row["error"]:
            return f"{got} instead of {row['error']}"
    else:
        if not result.ok:
            return f"{result.errors[0].kind}: {result.errors[0].message}"
        expected = row["result"] + "\n" if row["result"] != "None" else ""
        if not same(out.getvalue(), expected):
            return f"{out.getvalue()!r} instead of {expected!r}"
    missing = [text for text in row.get("warnings", ()) if text not in warned]
    return f"no warning {missing[0]!r}, but {warned}" if missing else ""


@pytest.mark.parametrize("name", names("run"))
def test_probe(name):
    assert trouble(ROWS[name]) == "", ROWS[name]["code"]


@pytest.mark.parametrize("name", [name for name in names("later") if "code" in ROWS[name]])
def test_later_probe_is_still_to_come(name):
    assert trouble(ROWS[name]) != "", "this works now: take its `later` out of probes.json"


def test_every_probe_has_a_place(capsys):
    counts = Counter(standing(row) for row in ROWS.values())
    assert len(ROWS) == len(RECORD["rows"]) == RECORD["total"] == 700
    assert all(row["outside"] for row in ROWS.values() if "outside" in row)
    assert all(row["later"] for row in ROWS.values() if "later" in row)
    assert all("code" in ROWS[name] for name in names("run"))
    with capsys.disabled():
        print(f"\n{counts['run']} probes run, {counts['later']} later, {counts['outside']} outside")
