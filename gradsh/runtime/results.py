"""What is kept of a tensor that nobody holds: its form, and of a small one its numbers."""

from __future__ import annotations

from typing import Any

import numpy as np

FEW = 8  # elements of a result that are kept; of a larger one its norm is


class Result:
    """A tensor as it was: up to FEW elements of it are there as `value`, of larger ones the norm (Frobenius).

    `empty` are the columns of a matrix that are 0, the first few of them.
    """

    __slots__ = ("dtype", "empty", "norm", "shape", "value")

    def __init__(self, data: Any) -> None:
        self.shape: tuple[int, ...] = data.shape
        self.dtype = data.dtype
        self.value: Any = None
        self.norm: float | None = None
        self.empty: tuple[int, ...] = ()
        if len(self.shape) == 2:
            self.empty = tuple(map(int, np.flatnonzero(~data.any(axis=0))[:FEW]))
        if data.size <= FEW:
            self.value = data.copy()
        elif data.dtype.kind == "f":
            flat = data.ravel()
            self.norm = float(np.sqrt(np.dot(flat, flat)))
