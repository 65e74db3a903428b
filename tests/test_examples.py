"""The programs in examples/ and exactly what they print: examples/NAME.grad and NAME.out.

To add one, write NAME.grad and run `make record`; then read what it wrote.
"""

from __future__ import annotations

import contextlib
import io
from pathlib import Path

import pytest

from gradsh import Session
from tests.conftest import ROOT

PROGRAMS = sorted([*(ROOT / "examples").glob("*.grad"), *(ROOT / "examples" / "looking").glob("*.grad")])


def printed(program: Path) -> str:
    """Everything that the program prints, on both streams as they come. Raises if it fails."""
    out = io.StringIO()
    with contextlib.chdir(ROOT):  # they load examples/data
        result = Session(out=out, err=out).run(program.read_text(encoding="utf-8"), program.name)
    assert result.ok, out.getvalue()
    return out.getvalue()


@pytest.mark.parametrize("program", PROGRAMS, ids=lambda path: path.stem)
def test_example(program: Path) -> None:
    assert printed(program) == program.with_suffix(".out").read_text(encoding="utf-8")


def test_there_are_some_and_each_says_what_it_shows() -> None:
    assert len(PROGRAMS) >= 6
    for program in PROGRAMS:
        assert program.read_text(encoding="utf-8").startswith("# "), program.name
