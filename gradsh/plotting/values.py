"""What a program gives `plot`, as plain numbers. Errors: ArgumentError and ValueError_ for what cannot be drawn."""

from __future__ import annotations

import math
import re
from typing import Any

import numpy as np

from gradsh.engine.core.tensor import Tensor
from gradsh.errors import ArgumentError, ValueError_

MANY = 200  # elements of a vector from which on their distribution tells more than their order


def numbers(value: Any, name: str) -> list[float]:
    """The numbers of a list, a tuple, a range or a tensor of one dimension."""
    if isinstance(value, Tensor):
        array = value.data
        if array.ndim != 1:
            raise ArgumentError(
                f"plot: {name} is of shape {list(array.shape)}, and a line has one dimension",
                help=f"`plot {operand(name)}.flatten()`",
            )
        found = [float(item) for item in array.tolist()]
    else:
        found = [_number(item, i, name) for i, item in enumerate(value)]
    if not found:
        raise ValueError_(f"plot: {name} is empty")
    return found


def _number(item: Any, index: int, name: str) -> float:
    if isinstance(item, Tensor) and item.data.size == 1 and item.data.dtype.kind != "c":
        return float(item.data.reshape(())[()])
    if isinstance(item, (int, float)):
        return _float(item)
    raise ArgumentError(
        f"plot: item {index} of {name} is {kind(item)}, not a number",
        help="it draws lists of numbers, `losses.append(loss.item())`",
    )


def kind(value: Any) -> str:
    """What a value is, in words."""
    if value is None:
        return "none"
    if isinstance(value, Tensor):
        return f"a tensor of shape {list(value.data.shape)}"
    name = {"str": "string", "int": "number", "float": "number", "function": "function"}.get(type(value).__name__)
    name = name or type(value).__name__
    return f"{'an' if name[0] in 'aeiou' else 'a'} {name}"


def one(value: Any, what: str) -> float:
    """A single number. Errors: ArgumentError."""
    if isinstance(value, (int, float)) or (isinstance(value, Tensor) and value.data.size == 1):
        return _number(value, 0, what)
    raise ArgumentError(f"plot: {what} is {kind(value)}, not a number", help=FUNCTION)


def _float(value: Any) -> float:
    try:
        return float(value)
    except OverflowError:  # an int beyond what floats hold
        return math.inf


def operand(name: str) -> str:
    """A piece of the program fit to stand before a dot."""
    return name if re.fullmatch(r"[\w.]+(\([^()]*\)|\[[^\[\]]*\])?", name) else f"({name})"


def finite(
    xs: list[float], ys: list[float], name: str, log: bool = False, help: str | None = None
) -> tuple[list[float], list[float], list[str]]:
    """The points that can be drawn, and a note about the others. Errors: ValueError_ when there are none."""
    kept = [(x, y) for x, y in zip(xs, ys, strict=True) if math.isfinite(x) and math.isfinite(y) and (y > 0 or not log)]
    lost = [(x, y) for x, y in zip(xs, ys, strict=True) if math.isfinite(x) and math.isfinite(y) and log and y <= 0]
    odd = len(xs) - len(kept) - len(lost)
    if not kept:
        if odd:
            raise ValueError_(
                f"plot: no value of {name} is a finite number",
                help=help or f"`print {name}` shows them",
            )
        raise ValueError_(
            f"plot: no value of {name} is above 0, as an axis of `log` wants",
            help=help or f"without `log`: `plot {name}`",
        )
    notes = []
    if odd:
        first = next(
            i for i, (x, y) in enumerate(zip(xs, ys, strict=True)) if not (math.isfinite(x) and math.isfinite(y))
        )
        notes.append(f"{odd} of {len(xs)} values of {name} are nan or inf and not drawn, the first at [{first}]")
    if lost:
        notes.append(f"{len(lost)} of {len(xs)} values of {name} are not above 0 and not drawn")
    return [x for x, _ in kept], [y for _, y in kept], notes


def interval(value: Any, what: str) -> tuple[float, float]:
    """`[-1.6, 1.6]`: two numbers, the smaller one first."""
    given = value.data.tolist() if isinstance(value, Tensor) else value
    if not isinstance(given, (list, tuple)) or len(given) != 2:
        raise ArgumentError(f"plot: {what} is from where to where, as in `[-1.0, 1.0]`", help=CONTOUR)
    return ordered(given[0], given[1], what)


def ordered(first: Any, last: Any, what: str) -> tuple[float, float]:
    a, b = one(first, what), one(last, what)
    if not (math.isfinite(a) and math.isfinite(b)) or a >= b or math.isinf(b - a):
        raise ValueError_(f"plot: {what} goes from {a:g} to {b:g}")
    return a, b


FUNCTION = "`plot f, -3, 3`, or `plot f, -3, 3, at=1.5` with the tangent at a point"
CONTOUR = "`plot f, [-1.0, 1.0], [-1.0, 1.0]` draws a function of two numbers"


def histogram(values: list[float]) -> tuple[list[float], list[int]]:
    """Edges and counts, of at most 16 classes."""
    array = np.asarray(values, np.float64)
    classes = max(1, min(16, math.ceil(math.log2(len(values))) + 3 if len(values) > 1 else 1, len(set(values))))
    low, high = float(array.min()), float(array.max())
    if not math.isfinite(high - low):
        array, low, high = array / 2, low / 2, high / 2
    counts, edges = np.histogram(array, bins=classes, range=(low, high) if low < high else (low - 0.5, high + 0.5))
    return [float(edge) for edge in edges], [int(count) for count in counts]


def matrix(value: Tensor) -> list[list[float | None]]:
    return [[float(x) if math.isfinite(x) else None for x in row] for row in value.data.astype(np.float64).tolist()]
