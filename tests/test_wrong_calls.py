"""Wrong calls say PyTorch's words: directly, through a variable and as a method (tests/record/wrong_calls.py)."""

from __future__ import annotations

import io
import json
from collections import Counter
from pathlib import Path
from typing import Any

import pytest

from gradsh import Session
from gradsh.calls.recorded import lines_of
from gradsh.engine.ops import families

ROWS: list[list[Any]] = json.loads((Path(__file__).parent / "data" / "wrong_calls.json").read_text(encoding="utf-8"))
PARTS = 8
REACHED = 0.95

# what differs on purpose, or cannot be the same; everything else that differs counts against the share
DELIBERATE = {
    "plain numbers": "a function of tensors takes plain numbers too, and gives a plain number",
    "Python's own": "abs, all, any, max, min, round, sum are Python's for what holds no tensor",
}
SHARED = frozenset(("abs", "all", "any", "max", "min", "pow", "round", "sum"))


def said(text: str) -> str | None:
    """The message of the error that a program ends with."""
    errors = Session(out=io.StringIO(), err=io.StringIO()).run(text).errors
    return errors[0].message.strip() if errors else None


def reason(name: str, lines: str, wanted: str, found: str | None) -> str | None:
    """Why a call may differ: a key of DELIBERATE."""
    if found is None and ("must be Tensor, not int" in wanted or "must be Tensor, not float" in wanted):
        return "plain numbers"
    return "Python's own" if name in SHARED and not lines else None


@pytest.mark.parametrize("part", range(PARTS))
def test_words_of_pytorch(part: int) -> None:
    same: Counter[str] = Counter()
    total: Counter[str] = Counter()
    differ = []
    for name, lines, arguments, direct, bound in ROWS[part::PARTS]:
        before = lines + "\n" if lines else ""
        receiver, _, rest = arguments.partition(", ")
        ways = [
            ("direct", f"{before}{name}({arguments})", direct),
            ("variable", f"{before}let f = {name}\nf({arguments})", direct),
            ("method", f"{before}{receiver}.{name}({rest})", bound),
        ]
        for way, program, wanted in ways:
            if wanted is None:
                continue
            found = said(program)
            if found != wanted.strip() and reason(name, lines, wanted, found):
                continue
            total[way] += 1
            same[way] += found == wanted.strip()
            if found != wanted.strip():
                differ.append(f"{way}: {program!r}\n  torch  {wanted!r}\n  gradsh {found!r}")
    for way in total:
        assert same[way] >= REACHED * total[way], "\n".join([f"{way}: {same[way]} of {total[way]}", *differ])


@pytest.mark.parametrize(
    "call",
    [
        "softmax()",
        "bmm()",
        "cumsum(1, 2, 3, 4)",
        "silu(nonsense=1)",
        "linalg.inv(3)",
        "std(ones(2), 0, true, zzz=3)",
        'split("x", 2)',
        'sum(ones(2), dim="x")',
        "multiply(ones(2), [1])",
    ],
)
def test_a_name_and_a_variable_say_the_same(call: str) -> None:
    name, _, rest = call.partition("(")
    assert said(call) is not None
    assert said(call) == said(f"let f = {name}\nf({rest}")


@pytest.mark.parametrize(
    "program",
    [
        "std(ones(3), unbiased=false)",
        "var(ones(3), 0, false, true)",
        "std_mean(ones(3), 0, false)",
        "var_mean(ones(3), unbiased=false)",
        "linalg.norm(input=ones(2))",
        "max(input=ones(2), other=zeros(2))",
        "ones(4).split(split_size=2)",
        "hsplit(ones(4), sections=2)",
        "tensor_split(ones(4), indices=[1])",
        "swapaxes(ones(2, 3), axis0=0, axis1=1)",
        "zeros(2).copy_(other=ones(2))",
        "ones(2).polygamma(n=1)",
        "one_hot(input=tensor([1, 0]))",
        "cholesky_solve(ones(2, 1), input2=eye(2))",
        "pow(self=2, exponent=ones(2))",
    ],
)
def test_what_pytorch_takes_is_taken(program: str) -> None:
    assert said(program) is None


def test_every_operator_of_pytorch_has_its_forms() -> None:
    found = families.functions().items()
    ours = {name for name, entry in found if entry.samples is None or entry.private or entry.definition}
    lacking = [name for name, _ in found if name not in ours and not (lines_of(name) or lines_of(f"Tensor.{name}"))]
    assert not lacking, "python -m tests.record.forms"
