"""How much there is to do in a call of an operator, told before it runs: nanoseconds, roughly, and rather too many.

What an operator is, its entry says (`elementwise`, `view`), or how its work grows, `work=`:

    elements      with the numbers that it is given
    form          not at all: the same elements in another shape
    size          with the size that it is asked for: the product of its integers
    rows          with the rows that its integer tensor picks from the other
    pieces        with the views that it gives, along the longest dim
    product       a product of the last two tensors: each row with each column
    convolution   each weight at each place of the first tensor
    windows       with the numbers that it is given, each as often as its second argument, a window, covers it
"""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, Any

import numpy as np

from gradsh.engine.core.batched import array_behind
from gradsh.engine.core.tensor import Tensor

if TYPE_CHECKING:
    from gradsh.engine.operators.registry import Operator

CALL = 4_000.0  # of a call, whatever it does
EACH = 3.0  # of an element: a transcendental function, or written and read again
MULTIPLIED = 0.15  # of one multiplication in a product of matrices
FEW = 64  # items of a list that are looked at one by one


def work(entry: Operator, values: list[Any]) -> float:
    """The nanoseconds that a call on these bound arguments may take."""
    if (entry.view and not entry.work) or entry.work == "form":
        return CALL
    if entry.elementwise:
        return CALL + EACH * _broadcast(values)
    rule = RULES.get(entry.work)
    if rule is not None:
        return CALL + rule(values)
    if entry.body is not None and not entry.looped:
        return 0.0  # the operators that it is written in are asked themselves
    return CALL + (max(elements(values), 1.0) * _asked(values)) ** 2


def elements(value: Any) -> float:
    """How many numbers a value holds; of a long list what its first items let expect."""
    if isinstance(value, Tensor):
        return float(math.prod(array_behind(value).shape))
    if isinstance(value, np.ndarray):
        return float(value.size)
    if value.__class__ is list or value.__class__ is tuple:
        first = value[:FEW]
        held = sum(elements(item) if not isinstance(item, (int, float)) else 1.0 for item in first)
        return held * len(value) / max(len(first), 1)
    return 0.0


def _tensors(values: Any) -> list[Any]:
    found: list[Any] = []
    for value in values:
        if isinstance(value, Tensor):
            found.append(array_behind(value))
        elif value.__class__ in (list, tuple) and value and isinstance(value[0], Tensor):
            found += map(array_behind, value)
    return found


def _broadcast(values: list[Any]) -> float:
    arrays = _tensors(values)
    shapes = [array.shape for array in arrays]
    try:
        return float(math.prod(np.broadcast_shapes(*shapes)))
    except ValueError:  # which the operator says before it does anything
        return float(sum(math.prod(shape) for shape in shapes))


def _asked(values: Any) -> float:
    """The product of the integers above 1 among the arguments: sizes, mostly."""
    product = 1.0
    for value in values:
        if value.__class__ is int and value > 1:
            product *= value
        elif value.__class__ in (list, tuple) and len(value) <= FEW:
            product *= _asked(value)
        elif value.__class__ is float and value > 1:
            product *= value * value  # a scale, of two dims
    return product


def _size(values: list[Any]) -> float:
    return EACH * (_asked([v for v in values if v.__class__ is not float]) + elements(_tensors_of(values)))


def _tensors_of(values: list[Any]) -> list[Any]:
    return [v for v in values if isinstance(v, Tensor)]


def _rows(values: list[Any]) -> float:
    picked, row = 1.0, 1.0
    for array in _tensors(values):
        if array.dtype.kind in "iub":
            picked *= max(math.prod(array.shape), 1)
        else:
            row = max(row, float(math.prod(array.shape[1:])))
    return EACH * picked * row


def _product(values: list[Any]) -> float:
    arrays = _tensors(values)
    if len(arrays) < 2:
        return 0.0
    a, b = arrays[-2:]
    columns: float = b.shape[-1] if len(b.shape) > 1 else 1
    rest = sum(math.prod(array.shape) for array in arrays) + math.prod(a.shape[:-1]) * columns
    total: float = MULTIPLIED * math.prod(a.shape) * columns + EACH * rest
    return total


def _convolution(values: list[Any]) -> float:
    arrays = _tensors(values)
    if len(arrays) < 2 or len(arrays[0].shape) < 2:
        return 0.0
    x, weight = arrays[:2]
    places: float = math.prod(x.shape) / max(x.shape[1], 1)
    total: float = 4 * MULTIPLIED * places * math.prod(weight.shape) + 4 * EACH * math.prod(x.shape)
    return total


def _windows(values: list[Any]) -> float:
    return 4 * EACH * elements(values[0]) * _asked(values[1:2])


def _pieces(values: list[Any]) -> float:
    longest = max((n for array in _tensors(values) for n in array.shape), default=1)
    return CALL / 2 * longest / min(_asked(values[1:2]), longest)


RULES = {
    "elements": lambda values: 4 * EACH * elements(values),
    "size": _size,
    "rows": _rows,
    "pieces": _pieces,
    "windows": _windows,
    "product": _product,
    "convolution": _convolution,
}
