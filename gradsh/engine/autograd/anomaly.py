"""What `detect_anomaly` says of a step that returned NaN."""

from __future__ import annotations

from typing import Any

import numpy as np

from gradsh.engine.core.graph import Freed, Node
from gradsh.engine.core.tensor import Tensor
from gradsh.errors import AutogradError


def check_anomaly(node: Node, gs: Any) -> None:
    """Stop at the first node that returns NaN, and say on which values it worked."""
    for number, g in enumerate(gs if gs.__class__ is tuple else (gs,)):
        data = g.data if g.__class__ is Tensor else g
        if data is not None and data.dtype.kind == "f" and np.isnan(data).any():
            on = described(node)
            raise AutogradError(
                f"Function '{node.kind.name}' returned nan values in its {number}th output.",
                places=[((node.code, node.lasti), f"{node.kind.name} was recorded here{on and ', with ' + on}")],
            )


def described(node: Node) -> str:
    """The saved values in words, `input = tensor([0.])`."""
    if node.saved.__class__ is Freed:
        return ""
    words = {"self": "input"}
    parts = []
    for name, value in node.kind.describe(node).items():
        if value.__class__ is Tensor and value.data.size <= 8:
            from gradsh.engine.printing.tensor_text import value_text

            parts.append(f"{words.get(name, name)} = {' '.join(value_text(value.data).split())}")
        elif isinstance(value, (int, float)):
            parts.append(f"{words.get(name, name)} = {value}")
    return ", ".join(parts)
