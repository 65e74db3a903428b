"""`step`: what moves optimisers and schedulers on."""

from __future__ import annotations

from typing import Any

from gradsh.engine.core.arguments import type_word
from gradsh.engine.operators.composite import function
from gradsh.errors import ArgumentError


@function(
    "step(optimizer, closure=None)",
    method=False,
    effect=True,
    example="let w = ones(2, grad); let opt = SGD([w], lr=0.1); backward w.sum(); step opt; w",
)
def step(thing: Any, closure: Any) -> Any:
    """One step of an optimiser, with a closure if it needs one; or of a scheduler, with the number that it watches."""
    if "step" not in getattr(type(thing), "__public__", ()):
        raise ArgumentError(f"step(): expected an optimiser or a scheduler, but got {type_word(thing)}")
    return thing.step() if closure is None else thing.step(closure)
