"""Layers and optimisers on the inputs that PyTorch declares for its own tests give what PyTorch gives.

tests/data/declared.json is written by tests/record/declared.py.
"""

from __future__ import annotations

import json
import math
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from gradsh.engine.autograd.backward import run_backward, run_grad
from gradsh.engine.core.modes import GradMode, mode
from gradsh.engine.core.tensor import Tensor, leaf, make
from gradsh.engine.ops import families
from gradsh.errors import GradshError
from gradsh.runtime.builtins import BUILTINS
from tests.declared import SHAPES, digest, parameter, value, weights

CASES: list[dict[str, Any]] = json.loads((Path(__file__).parent / "data" / "declared.json").read_text(encoding="utf-8"))
PARTS = 4
CLOSE = 3e-5  # of a sum of absolute values
FUNCTIONS = families.functions()


def tensors(given: Any) -> Any:
    """What `value` gives, with leaves for its arrays."""
    if isinstance(given, np.ndarray):
        return leaf(given[()] if given.ndim == 0 else given, False, None)
    if isinstance(given, tuple):
        return tuple(map(tensors, given))
    return [tensors(each) for each in given] if isinstance(given, list) else given


def inside(given: Any) -> Iterator[Tensor]:
    """The floating tensors of a value, in order."""
    if isinstance(given, Tensor):
        if given.data.dtype.kind == "f":
            yield given
    elif isinstance(given, (list, tuple)):
        for each in given:
            yield from inside(each)


def flags(recorded: Any) -> Iterator[bool]:
    """Whether the floating tensors of what was recorded have the grad flag."""
    if isinstance(recorded, dict):
        if "f" in recorded:
            yield recorded["g"]
        recorded = recorded.get("u", [])
    if isinstance(recorded, list):
        for each in recorded:
            yield from flags(each)


def given(keywords: dict[str, Any]) -> dict[str, Any]:
    return {k: tensors(value(v, 70 + at)) for at, (k, v) in enumerate(keywords.items())}


def layer(case: dict[str, Any]) -> dict[str, Any]:
    """What a layer makes of a case: digests of its outputs and gradients."""
    call: Any = FUNCTIONS["manual_seed"].apply
    call(0)
    net = BUILTINS.value(case["layer"])(*(tensors(value(v, 50)) for v in case["make"]["u"]), **given(case["with"]))
    net.train(case["train"])
    for number, t in enumerate(inside([*net.parameters(), *net.buffers()])):
        new = weights(t.data.shape, number)
        t.data = new[()] if new.ndim == 0 else new
    args = [tensors(value(v, 10 + at)) for at, v in enumerate(case["call"]["u"])]
    for t, flag in zip(inside(args), flags(case["call"]), strict=True):
        t.requires = flag
    call(1)
    outs = list(inside(net(*args, **given(case["named"]))))
    inputs = [t for t in (*inside(args), *net.parameters()) if t.requires]
    seeds, tracked = [], [t for t in outs if t.requires]
    for t in tracked:
        seed = np.cos(np.arange(1, t.data.size + 1)).reshape(t.data.shape).astype(np.float32)
        seeds.append(make(seed[()]))
    found = run_grad(tracked, inputs, seeds, True, False, True, False, None) if tracked else ()
    return {"out": [digest(t.data) for t in outs], "grads": [None if g is None else digest(g.data) for g in found]}


def optimiser(case: dict[str, Any]) -> dict[str, Any]:
    """What an optimiser makes of two parameters, step by step."""
    params = [leaf(parameter(number), True, None) for number in range(len(SHAPES))]
    made = BUILTINS.value(case["optimiser"])(params, **given(case["with"]))
    steps = []
    for _ in case["steps"]:

        def closure() -> Any:
            made.zero_grad()
            loss: Any = 0
            for p in params:
                loss = loss + FUNCTIONS["sum"].apply((p - 0.3) ** 2 + FUNCTIONS["exp"].apply(p / 2))
            run_backward([loss], [None], None, False, None, None)
            return loss

        made.step(closure)
        steps.append([digest(p.data) for p in params])
    return {"steps": steps, "text": repr(made)}


def near(one: Any, other: Any) -> bool:
    """Two digests, or lists of them, that are as close as float32's sums are."""
    if isinstance(one, float) or isinstance(other, float):
        return math.isnan(one) is math.isnan(other) and (math.isnan(one) or one == other)
    if one is None or other is None or isinstance(one, str):
        return bool(one == other)
    if len(one) == 3 and isinstance(one[1], float):
        shape, weighted, absolute = one
        size = CLOSE * max(abs(absolute), abs(other[2]), 1e-2) * math.sqrt(max(1, math.prod(shape)))
        pairs = ((weighted, other[1]), (absolute, other[2]))
        return shape == other[0] and all(a == b or abs(a - b) <= size or (a != a and b != b) for a, b in pairs)
    return len(one) == len(other) and all(map(near, one, other))


@pytest.mark.parametrize("part", range(PARTS))
def test_gives_what_pytorch_gives(part: int) -> None:
    sink, mode.warn_sink = mode.warn_sink, None
    differ = []
    try:
        with np.errstate(all="ignore"), GradMode(True):
            for case in CASES[part::PARTS]:
                try:
                    found = layer(case) if "layer" in case else optimiser(case)
                except GradshError as error:
                    found = {"error": error.message}
                wrong = [key for key in found if key not in case or not near(found[key], case[key])]
                if wrong:
                    head = {k: v for k, v in case.items() if k not in ("out", "grads", "steps", "text")}
                    differ.append(
                        f"{head}\n  torch  {[case.get(k) for k in wrong]}\n  gradsh {[found[k] for k in wrong]}"
                    )
    finally:
        mode.warn_sink = sink
    assert not differ, f"{len(differ)}\n" + "\n".join(differ)
