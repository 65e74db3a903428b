"""Gradients of large arrays computed at the end of a chain of rules: the bits of the rules, one after the other."""

from __future__ import annotations

import io
from collections.abc import Iterator
from typing import Any

import numpy as np
import pytest

from gradsh import Session
from gradsh.engine.autograd.backward import run_backward
from gradsh.engine.core.dtypes import float16
from gradsh.engine.core.graph import Handle
from gradsh.engine.core.namespaces import T
from gradsh.engine.core.tensor import leaf, make
from gradsh.engine.kernels import compiled, pieces, tiles
from gradsh.engine.operators import ahead, fast
from gradsh.engine.operators.elementwise import Binary, Unary
from gradsh.engine.ops import families
from gradsh.errors import NotDifferentiable

OPERATORS = families.functions()
RUNS: list[int] = []  # how many steps each program had


@pytest.fixture(autouse=True)
def small(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """What is large is small here."""
    if not tiles.operations():
        pytest.skip("no kernels in C")
    for module in (fast, tiles):
        monkeypatch.setattr(module, "BIG", 64)
    monkeypatch.setattr(fast, "LARGE", 32)
    monkeypatch.setattr(pieces, "large", True)
    monkeypatch.setattr(ahead, "is_passed_on", lambda frame: False)  # forwards are those of test_chains.py
    monkeypatch.setattr(Handle, "made", False)
    monkeypatch.setattr(float16, "used", False)  # another test's program had halves
    run = tiles.Program.run

    def counted(self: tiles.Program) -> None:
        RUNS.append(len(self.order))
        run(self)

    monkeypatch.setattr(tiles.Program, "run", counted)
    compiled.library().threads(3)
    with np.errstate(all="ignore"):
        yield
    compiled.library().threads(pieces.threads())


def numbers(seed: int, dtype: Any, size: int = 5000) -> Any:
    """Some of each kind: zeros of both signs, what is not finite, whole numbers."""
    x = np.random.default_rng(seed).standard_normal(size).astype(dtype)
    x[seed::50], x[3 + seed :: 70], x[5::90] = 0, -0.0, [np.inf, -np.inf, np.nan, 2, -1][seed % 5]
    return x


def both_ways(monkeypatch: pytest.MonkeyPatch, work: Any) -> int:
    """Assert that `work()` gives arrays of the same bits either way; how many steps were deferred."""
    RUNS.clear()
    found = work()
    steps = sum(RUNS)
    RUNS.clear()
    with monkeypatch.context() as without:
        without.setattr(tiles, "operations", dict)
        wanted = work()
    assert not RUNS
    assert [a.tobytes() for a in found] == [a.tobytes() for a in wanted]
    assert [(a.shape, a.strides) for a in found] == [(a.shape, a.strides) for a in wanted]
    return steps


@pytest.mark.parametrize("dtype", [np.float32, np.float64])
def test_all_elementwise_operators_have_the_bits_of_their_rules(monkeypatch: pytest.MonkeyPatch, dtype: Any) -> None:
    deferred = []
    for name, entry in sorted(OPERATORS.items()):
        if not isinstance(entry, Unary | Binary) or not entry.differentiable:
            continue
        forms: list[tuple[Any, ...]] = [(0,)] if isinstance(entry, Unary) else [(0, 1), (0, 2.0), (0.7, 1), (0, 0)]
        for form in forms:

            def gradients(entry: Any = entry, form: Any = form) -> list[Any]:
                made = {k: leaf(numbers(k, dtype), True, None) for k in form if isinstance(k, int)}
                try:
                    out = entry.apply(*[made.get(k, k) for k in form])
                except Exception:  # a form that it does not have
                    return []
                if not out.requires:
                    return []
                for weight in (make(numbers(2, dtype)), None):
                    loss = T.sum(out if weight is None else T.mul(out, weight), None, False, None)
                    try:
                        run_backward([loss], [None], True, False, None, None)
                    except NotDifferentiable:
                        return []
                return [t.gradient.data for t in made.values() if t.gradient is not None]

            if both_ways(monkeypatch, gradients):
                deferred.append(name)
    assert {"mul", "div", "tanh", "relu", "absolute", "neg", "exp", "sub", "sqrt", "log", "square"} <= set(deferred)


PROGRAM = """
fn out(a, b, c) = (tanh(a * b + c) * exp(-a ** 2) / (1 + abs(a)))
{}
"""
PROGRAMS = {
    "work 6": "backward out(x, w, b).sum()",
    "a mean, twice": "let y = out(x, w, b).mean(); y.backward(retain_graph=true); y.backward()",
    "a leaf that is used often": "let y = x\nfor i in range(90) { y = y * w + x }\nbackward y.sum()",
    "much at a time": """let t = [tanh(x * k) for k in range(24)]
let y = t[0]
for v in t { y = v / (y * v + w) }
backward y.sum()""",
    "leaves that share a gradient": "backward (x + w - b).sum()",
    "one that is there": "backward (x * w).sum(); backward (x / w).sum()",
    "a broadcast": "backward (x.reshape(50, 100) * w.reshape(50, 100)[0] + b.reshape(50, 100)[:, 0:1]).sum()",
    "a product between": "backward tanh((x * w).reshape(50, 100) @ (b * w).reshape(100, 50) * 0.1).sum()",
    "turned round": "backward ((x * 2).reshape(50, 100).T * (w / 3).reshape(100, 50)).relu().sum()",
    "retained": "let h = x * w; h.retain_grad(); backward (h * b).tanh().sum(); w.grad = w.grad + h.grad",
    "hooks": "let h = x * w; h.register_hook(fn(g) = g * 2); backward (h * b).sum()",
    "asked for": "let g = grad((x * w / b).sum(), [x, w]); x.grad = g[0]; w.grad = g[1]",
    "with a graph": "backward((x * w * w).sum(), create_graph=true)",
    "the program's own operator": """op Mine(a) { save_for_backward a; return a * 2 } backward(g) {
    no_grad { s.mul_(0); x2.grad = none }
    return g * 3
}
let s = x.detach().clone()
let x2 = ones(1, grad)
backward (Mine(x * w) * b).sum()""",
    "written while it runs": """op Mine(a) { return a * 2 } backward(g) {
    b.detach().mul_(2)
    return g * 3
}
backward (Mine(x * 1.5) + (x * b) / 3).sum()""",
    "checkpointed": "backward (checkpoint(fn(a) = tanh(a * w) * b, x) * w).sum()",
}


@pytest.mark.parametrize("name", PROGRAMS)
def test_programs_have_the_same_gradients(name: str, monkeypatch: pytest.MonkeyPatch) -> None:
    def gradients() -> list[Any]:
        out = io.StringIO()
        at = Session(out=out, err=out)
        at.run("let x, w, b = 0, 0, 0")
        for number, leaf_name in enumerate(("x", "w", "b")):
            at.globals["." + leaf_name] = leaf(numbers(number, np.float32)[:5000], True, None)
        assert at.run(PROGRAM.format(PROGRAMS[name])).ok, out.getvalue()
        return [t.gradient.data for t in (at.globals["." + n] for n in ("x", "w", "b")) if t.gradient is not None]

    steps = both_ways(monkeypatch, gradients)
    assert bool(steps) == (name not in ("hooks", "asked for", "with a graph", "a broadcast"))


def test_one_that_cannot_be_deferred_is_computed() -> None:
    x = tiles.Deferred(numbers(0, np.float32))
    y = (x * 2) + np.ones((1, 5000), np.float32)
    assert y.__class__ is np.ndarray
    assert y.shape == (1, 5000)
    for ask in (np.sin, np.asarray, bool, lambda v: np.where(v, 1, 0), lambda v: np.add(v, 1, out=v.value)):
        with pytest.raises(TypeError):
            ask(x)
