"""What is kept of a tensor that nobody holds: its form, and of a small one its numbers."""

from __future__ import annotations

from typing import Any
from weakref import ref

import numpy as np

FEW = 8  # elements of a result that are kept; of a larger one its norm is
LARGE, HELD = 1 << 16, 1 << 22  # bytes: of an array that is looked at rather than copied, of all copies together
EACH = 256  # and what a copy takes beside its numbers


class Result:
    """A tensor as it was: up to FEW elements of it are there as `value`, of larger ones the norm (Frobenius).

    `empty` are the columns of a matrix that are 0, the first few of them; `odd` is the first position of what is no
    number in a larger one, with what stands there, or None. These and the norm are computed when somebody asks, as of
    most results nobody does, of a copy; of a LARGE one, and of all that are held when they are more than HELD, at once.
    """

    __slots__ = ("__weakref__", "_data", "dtype", "empty", "norm", "odd", "shape", "value")

    def __init__(self, data: Any) -> None:
        self.shape: tuple[int, ...] = data.shape
        self.dtype = data.dtype
        self.value: Any = None
        self._data: Any
        self.norm: float | None
        self.empty: tuple[int, ...]
        self.odd: tuple[tuple[int, ...], float] | None
        size = data.size
        if size <= FEW:
            self.value = data.copy() if data.__class__ is np.ndarray else data  # NumPy's scalars do not change
            if len(self.shape) == 2:
                self._data = self.value
            else:
                self.norm, self.empty, self.odd = None, (), None
        elif (bytes := data.nbytes) > LARGE:
            self._data = data
            self._look()
        else:
            self._data = data.copy()
            held.add(self, bytes)

    def __getattr__(self, name: str) -> Any:
        """`norm`, `empty` or `odd`, of which nobody has asked yet."""
        if name not in ("norm", "empty", "odd"):
            raise AttributeError(name)
        self._look()
        return getattr(self, name)

    def _look(self) -> None:
        """Compute them, and let go of the array."""
        data, norm, odd = self._data, None, None
        empty: tuple[int, ...] = ()
        if len(self.shape) == 2:
            empty = tuple(map(int, np.flatnonzero(~data.any(axis=0))[:FEW]))
        if data.size > FEW and data.dtype.kind == "f":
            with np.errstate(all="ignore"):  # of who asks, which need not be a program
                norm, odd = _norm(data)
        self.norm, self.empty, self.odd = norm, empty, odd
        self._data = None


class Held:
    """The results that hold a copy, weakly, and how many bytes these are, with those of results that are gone."""

    def __init__(self) -> None:
        self.results: list[ref[Result]] = []
        self.bytes = 0

    def add(self, result: Result, bytes: int) -> None:
        self.results.append(ref(result))
        self.bytes += bytes + EACH
        if self.bytes > HELD:
            self.settle()

    def settle(self) -> None:
        """Compute what is to be told of them, and let go of the copies."""
        results, self.results, self.bytes = self.results, [], 0
        for each in results:
            result = each()
            if result is not None and result._data is not None:
                result._look()


held = Held()


def _norm(data: Any) -> tuple[float, tuple[tuple[int, ...], float] | None]:
    """The norm of an array, and the first position of what is no number in it, with what stands there, or None."""
    flat = data.ravel()
    norm, odd = float(np.sqrt(np.dot(flat, flat))), None
    if not np.isfinite(norm):
        odd = _first_odd(data)
    if odd is None and (norm == 0 or not np.isfinite(norm)):
        largest = float(np.abs(flat).max())  # the squares may be too small or too large for the dtype
        scaled = flat.astype(np.float64) / (largest or 1.0)
        norm = largest * float(np.sqrt(np.dot(scaled, scaled)))
    return norm, odd


def _first_odd(data: Any) -> tuple[tuple[int, ...], float] | None:
    """The first position of nan or inf in an array, and which of them it is."""
    bad = ~np.isfinite(data)
    if not bad.any():
        return None
    at = tuple(int(i) for i in np.unravel_index(int(bad.argmax()), data.shape))
    return at, float(data[at])
