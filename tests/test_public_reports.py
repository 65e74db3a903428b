"""Programs after public reports of faults in automatic differentiation: tests/reports/NAME.grad must print NAME.out.

What they must print is what PyTorch 2.13 prints, and the mathematically right value where PyTorch is wrong.
"""

from __future__ import annotations

import io
from pathlib import Path

import pytest

from gradsh import Session
from tests.conftest import ROOT

PROGRAMS = sorted((ROOT / "tests" / "reports").glob("*.grad"))

# Programs that do not print that yet: one that comes to do so fails here until its line goes.
NOT_YET: set[str] = set()


def expected(program: Path) -> object:
    marks = [pytest.mark.xfail(strict=True)] if program.stem in NOT_YET else []
    return pytest.param(program, id=program.stem, marks=marks)


@pytest.mark.parametrize("program", [expected(program) for program in PROGRAMS])
def test_prints_what_it_must(program: Path) -> None:
    out, warnings = io.StringIO(), io.StringIO()
    result = Session(out=out, err=warnings).run(program.read_text(encoding="utf-8"), program.name)
    assert result.ok, warnings.getvalue()
    assert out.getvalue() == program.with_suffix(".out").read_text(encoding="utf-8")


def test_they_are_all_there() -> None:
    assert len(PROGRAMS) >= 48
    assert not NOT_YET - {program.stem for program in PROGRAMS}
