"""Wrong calls say PyTorch's words: directly, through a variable and as a method (tests/record/wrong_calls.py)."""

from __future__ import annotations

import io
import json
import subprocess
import sys
from collections import Counter
from pathlib import Path
from typing import Any

import pytest

from gradsh import Session
from gradsh.calls.recorded import lines_of
from gradsh.engine.operators.registry import OPERATORS
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


def test_own_functions_have_no_forms() -> None:
    """What is bound without PyTorch's forms must have none."""
    families.load_all()
    own = [entry for entry in OPERATORS.values() if entry.signature._own]
    assert {"zero_grad", "mse", "SGD"} <= {entry.name for entry in own}
    known = [name for entry in own for name in (entry.name, "Tensor." + entry.name) if lines_of(name)]
    assert not known


RIGHT = """
let net = Sequential(Linear(4, 3), Tanh(), Linear(3, 1))
let optimizer = SGD([*net.parameters()], lr=0.1, momentum=0.9); let other = Adam(net.parameters(), betas=(0.8, 0.9))
for i in range(3) {
    zero_grad optimizer; net.zero_grad(); other.zero_grad()
    backward mse_loss(net(ones(2, 4)), zeros(2, 1)); step optimizer; other.step()
    optimizer.zero_grad(); cross_entropy(net(ones(2, 4)).expand(2, 3), tensor([0, 1])).backward()
}
"""


def test_words_are_for_errors() -> None:
    """A call that is plainly right loads neither PyTorch's forms nor the words of errors, once it is compiled."""
    program = f"import sys, gradsh; assert gradsh.Session().run({RIGHT!r}).ok"
    subprocess.run([sys.executable, "-c", program], check=True)
    loaded = "{'gradsh.calls.words', 'gradsh.calls.forms', 'gradsh.calls.recorded'} & set(sys.modules)"
    subprocess.run([sys.executable, "-c", f"{program}; assert not {loaded}, {loaded}"], check=True)
