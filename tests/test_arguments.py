"""Arguments of wrong kinds and of odd values at every place of every operator: words, or PyTorch's result."""

from __future__ import annotations

import io
import json
import random
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np

from gradsh import Session, errors
from gradsh.engine.core.modes import swapped
from gradsh.engine.core.pytree import leaves
from gradsh.engine.core.tensor import Tensor
from gradsh.engine.ops import families
from gradsh.runtime import faults

# Of sizes only those that no memory has: what is merely large would be made.
ODD = [
    *("0", "1", "-1", "2", "-2", "0.5", "-0.5", "1e30", "-1e308", "nan", "inf", "-inf", "true", "false"),
    *("10**21", "10**19", "-(10**19)", "2**62", "2**63", "2**63 - 1", "-(2**63)", "2**64"),
    *("none", '"x"', '""', '"mean"', '"float32"', "[]", "()", "{}", '{"a": 1}', "[1]", "[1, 2]", "(1, 2, 3)", "[0, 0]"),
    *("[-1]", "[1.5]", "[true]", '["a"]', "[none]", "[[1]]", "[[1], [2, 3]]", "[1] * 65", "[0] * 65", "[2**62]"),
    *("[2**63]", "[0, 2**62]", "[2**62, 2**62]", "[10**21]", "[nan]", "odd", "Odd", "Linear", "fn(x) = x", "print"),
    *("float32", "float64", "uint8", "bool", "int", "range(3)", "array", "array[0]", "..."),
    *(
        "tensor(1.)",
        "tensor(1)",
        "tensor(true)",
        "tensor(nan)",
        "tensor(-3)",
        "tensor(10**15)",
        "zeros(0)",
        "zeros(3, 0)",
    ),
    *("zeros(1, 4, 0)", "zeros(2, 3)", "ones(2, 3, dtype=float16)", "ones(2, 3, dtype=int64)", "tensor([true, false])"),
    *(
        "ones(2, 3, dtype=uint8)",
        "tensor([-1, 5])",
        "tensor([2**62])",
        "tensor([nan, inf, -inf])",
        "ones(2, 2, 2, 2, 2)",
    ),
    *("tensor([[1., 2.], [2., 1.]], grad)", "tensor(2., grad)", "ones(3, grad).expand(2, 3)", "[ones(2), ones(3)]"),
    *("(ones(2), 1)", "zeros(0, dtype=int64)", "tensor([[nan, 1.], [1., 2.]])", "ones(2, 3).t()", "ones(5)[::2]"),
]
EACH = 5  # odd values for one sample and place of each operator
BACKWARD = """
fn again(y, inputs) {
    for g in grad(y.sum(), inputs, create_graph=true, allow_unused=true) {
        if g is not none { if g.requires_grad { grad(g.sum(), inputs, allow_unused=true); } }
    }
}
"""


def draws(rng: random.Random) -> Iterator[tuple[str, Any, Any]]:
    """(operator, sample, place): one of each operator."""
    for name, entry in sorted(families.functions().items()):
        samples = [*entry.samples()] if entry.samples is not None else []
        if samples:
            sample = rng.choice(samples)
            parameters = [p.name for p in entry.signature.parameters]
            places = [*range(len(sample.args)), *(set(parameters[len(sample.args) :]) | set(sample.kwargs))]
            yield name, sample, rng.choice(sorted(places, key=str))


def tensors(value: Any) -> list[Tensor]:
    return [leaf for leaf in leaves(value) if isinstance(leaf, Tensor)]


def called(session: Session, name: str, sample: Any, place: Any) -> Any:
    """A function of the program that calls the operator by these arguments; None where that is refused."""
    keywords = sorted({*sample.kwargs, *([place] if isinstance(place, str) else [])})
    given = [f"a{i}" for i in range(len(sample.args))]
    parameters = ", ".join([*given, *(f"k{k}" for k in keywords)])
    arguments = ", ".join([*given, *(f"{k}=k{k}" for k in keywords)])
    if not session.run(f"fn call({parameters}) = {name}({arguments})").ok:
        return None
    function = session.globals[".call"]

    def call(value: Any) -> None:
        args, kwargs = sample.draw()
        if isinstance(place, int):
            args[place] = value
        else:
            kwargs[place] = value
        values = [*args, *(kwargs[k] for k in keywords)]
        result = function(*values)
        inputs = [x for given in values for x in tensors(given) if x.requires and x.node is None]
        for out in tensors(result)[:2]:
            if inputs and out.requires and out.data.size < 10_000:
                session.globals[".again"](out, inputs)

    return call


def test_no_argument_ends_in_a_fault_of_gradsh() -> None:
    session = Session(out=io.StringIO(), err=io.StringIO())
    session.run("model Odd() { forward(x) = x }\nlet odd = Odd()\nlet array = ones(2).numpy()" + BACKWARD)
    made = {}
    for value in ODD:
        assert session.run(f"fn made() = {value}" if value != "..." else "fn made() = [...]").ok, value
        made[value] = session.globals[".made"]
    rng = random.Random(9)
    wrong = []
    for name, sample, place in draws(rng):
        call = called(session, name, sample, place)
        for value in rng.sample(ODD, EACH) if call is not None else ():
            try:
                with swapped(session.context), np.errstate(all="ignore"):
                    call(made[value]())
            except Exception as raised:  # which of them are gradsh's own is asked of whoever tells the user
                error = faults.translate(raised)
                if isinstance(error, errors.InternalFault):
                    wrong.append(f"{name}{sample} with {value} at {place}: {error.message}")
    assert not wrong, "\n".join(wrong)


def test_what_becomes_of_odd_values_is_what_pytorch_makes_of_them() -> None:
    """Programs and what PyTorch 2.13.0 printed for them, or said; white space does not count."""
    differ = []
    for program, wanted in json.loads((Path(__file__).parent / "data" / "odd_values.json").read_text(encoding="utf-8")):
        out = io.StringIO()
        result = Session(out=out, err=io.StringIO()).run(program)
        told = f"{result.errors[0].kind}: {result.errors[0].message}" if result.errors else out.getvalue()
        if " ".join(told.split()) != wanted:
            differ.append(f"{program}\n  torch  {wanted}\n  gradsh {' '.join(told.split())}")
    assert not differ, "\n".join(differ)
