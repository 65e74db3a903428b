"""Values as the few numbers that one line has room for."""

from __future__ import annotations

from typing import Any

import numpy as np

from gradsh.engine.core.tensor import Tensor
from gradsh.preview.sized import Sized
from gradsh.reports.preview import Figure
from gradsh.runtime.sets import Set
from gradsh.runtime.text import shown

FEW = 8  # elements that are all shown
BARS = 8  # classes of the others
SEVERAL = 4  # tensors of a tuple
LOOKED_AT = 1_000_000  # elements that are counted into classes


def of(value: Any, name: str = "") -> list[Figure]:
    """What there is to show of a value; nothing of a function, and of what has many lines."""
    if isinstance(value, Tensor):
        return [of_tensor(value, name)]
    if (
        isinstance(value, (tuple, list))
        and value
        and len(value) <= SEVERAL
        and all(isinstance(v, Tensor) for v in value)
    ):
        return [of_tensor(item, "") for item in value]
    if isinstance(value, (bool, int, float, str, list, tuple, dict, Set)):
        if isinstance(value, (str, list, tuple, dict, Set)) and len(value) > 1_000:
            return []
        text = shown(value)
        return [Figure(text=text)] if "\n" not in text else []
    return []


def of_tensor(t: Tensor, name: str) -> Figure:
    data = t.data
    figure = Figure(name, tuple(data.shape), repr(t.dtype))
    if t.__class__ is Sized:
        return figure
    if data.size <= FEW:
        figure.numbers = data.tolist()
        return figure
    if data.size > LOOKED_AT:
        return figure
    plain = data.reshape(-1)
    if plain.dtype.kind == "f":
        finite = plain[np.isfinite(plain)]
        figure.odd = plain.size - finite.size
        plain = finite
    if plain.size:
        numbers = plain.astype(np.float64)
        low, high = numbers.min(), numbers.max()
        figure.least, figure.mean, figure.largest = float(low), float(numbers.mean()), float(high)
        if high > low:
            figure.bars = np.histogram(numbers, BARS, (low, high))[0].tolist()
    return figure
