"""Copies of values."""

from __future__ import annotations

from typing import Any

from gradsh.engine.operators.composite import function


@function(
    "deepcopy(x)",
    method=False,
    differentiable=False,
    example="let a = Linear(2, 2); let b = deepcopy(a); b.weight is a.weight",
)
def deepcopy(x: Any) -> Any:
    """A model, a tensor that is a leaf, or a list or dict of them, with all that it holds anew: Python's deepcopy."""
    from gradsh.engine.nn import copying

    return copying.deepcopy(x)
