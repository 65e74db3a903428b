"""Every optimiser of the registry: it converges, and its steps are recorded or those of its definition.

No test here names an optimiser, so that a new one is told what it lacks.
"""

from __future__ import annotations

import io
import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from gradsh import Session
from gradsh.engine.core.tensor import leaf, make
from gradsh.engine.ops import families
from gradsh.engine.optim.base import Optimizer

RUNS = json.loads((Path(__file__).parent / "data/optim_reference.json").read_text(encoding="utf-8"))["runs"]
RECORDED = {call.partition("(")[0] for call in RUNS}
OPTIMISERS = {
    name: entry
    for name, entry in sorted(families.functions().items())
    if entry.signature.parameters and entry.signature.parameters[0].name == "params"
}
Problem = Callable[[Any], tuple[float, Any]]
RATES = (1.0, 0.3, 0.1, 0.03, 0.01, 0.003, 0.001)
STEPS = 10_000


def quadratic(x: Any) -> tuple[float, Any]:
    curvature = np.array([1.0, 10.0])
    return 0.5 * (curvature * x * x).sum(), curvature * x


def rosenbrock(x: Any) -> tuple[float, Any]:
    a, b = x
    return (1 - a) ** 2 + 100 * (b - a * a) ** 2, np.array([-2 * (1 - a) - 400 * a * (b - a * a), 200 * (b - a * a)])


def lowest(name: str, problem: Problem, start: list[float], rate: float, goal: float) -> float:
    """The least value that an optimiser comes to; it stops below `goal`, and where it is far off."""
    p = leaf(np.array(start), True, None)
    optimizer = OPTIMISERS[name].apply([p], lr=rate)
    assert isinstance(optimizer, Optimizer)

    def closure() -> float:
        value, gradient = problem(p.data)
        p.gradient = make(gradient)
        return float(value)

    least = problem(p.data)[0]
    for _ in range(STEPS):
        optimizer.step(closure)
        value = problem(p.data)[0]
        least = min(least, value)
        if least < goal or not value < 1e6:
            break
    return float(least)


@pytest.mark.parametrize("name", OPTIMISERS)
@pytest.mark.parametrize(("problem", "start", "goal"), [(quadratic, [3.0, -2.0], 1e-4), (rosenbrock, [-1.2, 1.0], 0.1)])
def test_converges(name: str, problem: Problem, start: list[float], goal: float) -> None:
    """With one of the usual learning rates the value falls from 24 or so to a small one."""
    with np.errstate(all="ignore"):
        assert any(lowest(name, problem, start, rate, goal) < goal for rate in RATES)


@pytest.mark.parametrize("name", OPTIMISERS)
def test_is_recorded_or_defined(name: str) -> None:
    """tests/test_optim.py compares with the record; what PyTorch lacks says `definition=` at its entry."""
    if OPTIMISERS[name].definition:
        assert name not in RECORDED, "PyTorch has it: it needs no definition"
    else:
        assert name in RECORDED, "no run in tests/data/optim_reference.json, and no definition"


def test_optimisers_that_pytorch_lacks() -> None:
    """Forty steps are those of the definition: a program in p, its gradient g and the options.

    Its first line makes the state, the others are one step.
    """
    for name, entry in OPTIMISERS.items():
        if not entry.definition:
            continue
        first, *step = entry.definition.split("\n")
        session = Session(out=io.StringIO(), err=io.StringIO(), dtype="float64")
        options = {p.name: p.default for p in entry.signature.parameters[1:]} | {"lr": 0.1}
        session.globals.update(("." + option, value) for option, value in options.items())
        lines = [
            "let p = tensor([1., -2., 3.])",
            "let q = tensor([1., -2., 3.], grad)",
            "let weights = tensor([1., 2., 3.])",
            f"let optimizer = {name}([q], lr=lr)",
            first,
            "repeat 40 {",
            "    let g = 2 * weights * (p - 0.5)",
            *step,
            "    zero_grad optimizer",
            "    backward (weights * (q - 0.5)**2).sum()",
            "    step optimizer",
            "}",
        ]
        result = session.run("\n".join(lines))
        assert result.ok, f"{name}: {result.errors[0].message}"
        np.testing.assert_allclose(session.globals[".q"].data, session.globals[".p"].data, 1e-9, 1e-12, err_msg=name)
