"""PyTorch programs and their twins in gradsh: tests/twins/NAME.py, NAME.grad, and NAME.out, what PyTorch printed.

To add one, write NAME.py and NAME.grad and run `python -m tests.record.twins NAME` with a Python that has PyTorch.
"""

from __future__ import annotations

import io
import re
from decimal import Decimal
from pathlib import Path

import pytest

from gradsh import Session
from tests.conftest import ROOT

TWINS = sorted((ROOT / "tests" / "twins").glob("*.grad"))
NUMBER = re.compile(r"(?<![\w.])-?\d+\.\d*(?:e[+-]?\d+)?")


def in_float64(program: Path) -> bool:
    return "set_default_dtype(float64)" in program.read_text(encoding="utf-8")


def unit(number: str) -> Decimal:
    """One in the last printed digit."""
    return Decimal(1).scaleb(int(Decimal(number).as_tuple().exponent))


def near(got: str, wanted: str) -> bool:
    """The same text, but for numbers with a point, which may differ by one in the last printed digit."""
    ours, theirs = NUMBER.findall(got), NUMBER.findall(wanted)
    same_text = NUMBER.sub("#", got) == NUMBER.sub("#", wanted)
    return same_text and all(abs(Decimal(a) - Decimal(b)) <= unit(b) for a, b in zip(ours, theirs, strict=True))


@pytest.mark.parametrize("program", TWINS, ids=lambda path: path.stem)
def test_twin(program: Path) -> None:
    out = io.StringIO()
    result = Session(out=out, err=out).run(program.read_text(encoding="utf-8"), program.name)
    assert result.ok, out.getvalue()
    got = out.getvalue().splitlines()
    wanted = program.with_suffix(".out").read_text(encoding="utf-8").splitlines()
    if in_float64(program):
        assert got == wanted
    else:
        assert len(got) == len(wanted)
        for ours, theirs in zip(got, wanted, strict=True):
            assert near(ours, theirs), f"{ours!r} is not {theirs!r}"


def test_there_are_enough() -> None:
    assert len(TWINS) >= 12
    assert sum(map(in_float64, TWINS)) >= len(TWINS) / 2
    for program in TWINS:
        lines = program.with_suffix(".py").read_text(encoding="utf-8").count("\n")
        assert 20 <= lines <= 60, program.name


def test_what_near_means() -> None:
    assert near("loss 0.1235 at 3", "loss 0.1234 at 3")
    assert not near("loss 0.1236 at 3", "loss 0.1234 at 3")
    assert not near("loss 0.1234 at 4", "loss 0.1234 at 3")
    assert not near("tensor([1., 2.])", "tensor([1., 2.], requires_grad=True)")
