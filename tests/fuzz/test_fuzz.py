"""The fuzzers find nothing in a few inputs of each, and what they found before is not found again.

Here the number of inputs is fixed, and so are they; for longer: `make fuzz`, `python -m tests.fuzz --help`.
"""

from __future__ import annotations

import os
import random
import subprocess
import sys
from pathlib import Path

import pytest

from tests.conftest import ROOT
from tests.fuzz import found, judge, minimise

INPUTS = "mutated=300 generated=50 calls=90 odd=40 files=200 caches=20 saves=60"


@pytest.mark.skipif(not hasattr(os, "fork"), reason="each input runs in a fork")
def test_nothing_is_found_and_nothing_found_before_is_found_again(tmp_path: Path) -> None:
    # in a process of their own: they fork, and tests may run beside threads
    options = ["--jobs", "1", "--replay", "--seed", "11", "--inputs", INPUTS, "--found", str(tmp_path)]
    done = subprocess.run(
        [sys.executable, "-m", "tests.fuzz", *options],
        cwd=ROOT,
        env={**os.environ, "PYTHONPATH": str(ROOT)},
        capture_output=True,
        text=True,
        timeout=300,
    )
    assert done.returncode == 0, done.stdout + done.stderr
    assert f"{len(found.all_found())} replayed" in done.stdout
    assert "together" in done.stdout


@pytest.mark.parametrize(
    ("status", "out", "err", "escaped", "kind"),
    [
        (0, "fine", "", "", None),
        (1, "", "error[E0401]: no", "", None),
        (70, "", "This is a fault of gradsh itself", "", "70"),
        (0, "", "Traceback (most recent call last):\nValueError: x", "", "traceback"),
        (0, "", "", 'Traceback\n  File "/x/gradsh/advice/scene.py", line 1, in _advise\nKeyError: 1', "advice"),
        (0, "<function f at 0x7f00deadbeef>", "", "", "address"),
        (0, "", "/x/numpy/y.py:3: RuntimeWarning: overflow", "", "stray"),
    ],
)
def test_what_counts(status: int, out: str, err: str, escaped: str, kind: str | None) -> None:
    assert [one.kind for one in judge.judged(status, out, err, escaped)] == ([kind] if kind else [])


def test_made_small() -> None:
    draws = random.Random(1)
    for _ in range(20):
        needed = set(draws.sample(range(50), 3))
        assert set(minimise.smaller(list(range(50)), needed.issubset)) == needed
