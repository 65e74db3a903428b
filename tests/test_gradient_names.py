"""Gradients with a graph have nodes that are called as PyTorch calls them (tests/record/gradient_names.py)."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import numpy as np

from gradsh.engine.autograd.backward import run_grad
from gradsh.engine.core.modes import GradMode
from gradsh.engine.core.tensor import Tensor, make
from gradsh.engine.ops import families
from gradsh.errors import GradshError

TARGET = Path(__file__).parent / "data" / "gradient_names.json"
FUNCTIONS = families.functions()


def inside(value: Any) -> list[Tensor]:
    """The tensors of a value that want a gradient, in order."""
    if isinstance(value, Tensor):
        return [value] if value.requires else []
    return [t for v in value for t in inside(v)] if isinstance(value, (list, tuple)) else []


def called(name: str, at: int) -> list[str | None]:
    """The names for one of an operator's samples; none if it refuses."""
    args, kwargs = list(FUNCTIONS[name].samples())[at].draw(0)  # type: ignore[misc]  # it has samples
    inputs = list(dict.fromkeys(inside([*args, *kwargs.values()])))
    try:
        with np.errstate(all="ignore"), GradMode(True):
            outputs = inside(FUNCTIONS[name].apply(*args, **kwargs))
            seeds = [make(np.ones(o.data.shape, o.data.dtype)[()]) for o in outputs]
            found = run_grad(outputs, inputs, seeds, True, True, True, False, None)
    except GradshError:
        return []
    return [None if g is None or g.grad_fn is None else g.grad_fn.kind.name for g in found]


def differs(name: str, wanted: list[list[str | None] | None]) -> bool:
    return any(each is not None and called(name, at) != each for at, each in enumerate(wanted))


def test_names_of_gradients() -> None:
    recorded = json.loads(TARGET.read_text(encoding="utf-8"))
    other = [name for name, wanted in recorded["names"].items() if differs(name, wanted)]
    assert other == recorded["other"]
    assert len(other) < len(recorded["names"]) / 8
