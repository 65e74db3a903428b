"""`op … backward(…)` does what `torch.autograd.Function` does: values, errors, and what backward is called with."""

from __future__ import annotations

import io
import json
from pathlib import Path

import pytest

import gradsh

RECORD = json.loads((Path(__file__).parent / "custom_functions.json").read_text())


@pytest.mark.parametrize("row", RECORD["rows"], ids=lambda row: row["name"])
def test_row(row):
    out, err = io.StringIO(), io.StringIO()
    result = gradsh.Session(out=out, err=err).run("\n".join(row["program"]), "op.grad")
    assert out.getvalue().splitlines() == row.get("output", []), err.getvalue()
    if "error" in row:
        assert result.errors, out.getvalue()
        assert [result.errors[0].kind, result.errors[0].message] == row["error"]
    else:
        assert result.ok, err.getvalue()


def test_what_is_outside_says_why():
    names = {row["name"] for row in RECORD["rows"]}
    assert names.isdisjoint(RECORD["outside"]) and all(RECORD["outside"].values())
