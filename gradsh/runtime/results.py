"""What is kept of a tensor that nobody holds: its form, and of a small one its numbers."""

from __future__ import annotations

from typing import Any

import numpy as np

FEW = 8  # elements of a result that are kept; of a larger one its norm is


class Result:
    """A tensor as it was: up to FEW elements of it are there as `value`, of larger ones the norm (Frobenius).

    `empty` are the columns of a matrix that are 0, the first few of them; `odd` is the first position of what is no
    number in a larger one, with what stands there, or None.
    """

    __slots__ = ("dtype", "empty", "norm", "odd", "shape", "value")

    def __init__(self, data: Any) -> None:
        self.shape: tuple[int, ...] = data.shape
        self.dtype = data.dtype
        self.value: Any = None
        self.norm: float | None = None
        self.empty: tuple[int, ...] = ()
        self.odd: tuple[tuple[int, ...], float] | None = None
        if len(self.shape) == 2:
            self.empty = tuple(map(int, np.flatnonzero(~data.any(axis=0))[:FEW]))
        if data.size <= FEW:
            self.value = data.copy()
        elif data.dtype.kind == "f":
            flat = data.ravel()
            self.norm = float(np.sqrt(np.dot(flat, flat)))
            if not np.isfinite(self.norm):
                self.odd = _first_odd(data)
            if self.odd is None and (self.norm == 0 or not np.isfinite(self.norm)):
                largest = float(np.abs(flat).max())  # the squares may be too small or too large for the dtype
                scaled = flat.astype(np.float64) / (largest or 1.0)
                self.norm = largest * float(np.sqrt(np.dot(scaled, scaled)))


def _first_odd(data: Any) -> tuple[tuple[int, ...], float] | None:
    """The first position of nan or inf in an array, and which of them it is."""
    bad = ~np.isfinite(data)
    if not bad.any():
        return None
    at = tuple(int(i) for i in np.unravel_index(int(bad.argmax()), data.shape))
    return at, float(data[at])
