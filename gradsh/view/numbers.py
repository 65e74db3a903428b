"""Numbers as the words that look at graphs write them: six significant digits, norms four, no float32 noise."""

from __future__ import annotations

import math
from typing import Any

from gradsh.reports.looking import Amount


def number(value: float | int | bool) -> str:
    """`0.6`, `1.60944`, `1e-07`, `nan`; integers and truth values as they are."""
    return f"{value:.6g}" if isinstance(value, float) else str(value)


def listed(value: Any) -> str:
    """Nested lists of numbers: `[0, 0.25]`."""
    return f"[{', '.join(map(listed, value))}]" if isinstance(value, list) else number(value)


def norm(value: float) -> str:
    return f"{value:.4g}"


def shape(dims: tuple[int, ...]) -> str:
    """`[8, 5]`, `[]` of a scalar."""
    return f"[{', '.join(map(str, dims))}]"


def amount(given: Amount) -> str:
    """`[0, 0.25]`; of a large one `[8, 5]  norm 0.1574`; `not kept` where it is not known."""
    if given.value is not None:
        return listed(given.value)
    return f"{shape(given.shape)}  norm {norm(given.norm)}" if given.norm is not None else "not kept"


def size(given: Amount) -> float:
    """The norm of it (Frobenius)."""
    if given.norm is not None:
        return given.norm
    total, stack = 0.0, [given.value]
    while stack:
        each = stack.pop()
        if isinstance(each, list):
            stack += each
        elif each is not None:
            total += float(each) ** 2
    return math.sqrt(total)
