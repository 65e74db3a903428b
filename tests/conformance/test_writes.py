"""Views, writes in place, random filling, inference mode and hooks: what PyTorch answers, see `writes.json`."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from tests.conformance.test_probes import trouble

ROWS = {row["name"]: row for row in json.loads((Path(__file__).parent / "writes.json").read_text())["rows"]}


@pytest.mark.parametrize("name", ROWS)
def test_write(name):
    assert trouble(ROWS[name]) == "", ROWS[name]["code"]
