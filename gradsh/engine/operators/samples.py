"""Sample calls of operators: data that the tests, the help texts and the benchmarks loop over.

    samples=lambda: [call(t(2, 3)), call(t(2, 3), dim=-1, keepdim=True), call([t(2), t(3)])]

A `t` stands for a tensor drawn afresh (float64 with the grad flag unless said otherwise) when the sample is used.
"""

from __future__ import annotations

from typing import Any

import numpy as np


class t:
    """A tensor to be drawn: shape, and what its values are like.

    low, high   uniform between these
    away        keeps |value| at least this far from 0 (operators with a kink or a pole there)
    distinct    values at least 0.1 apart, in random order (max, sort: no ties near a finite difference)
    dtype       NumPy dtype name; integers and bools get no grad flag
    grad        the grad flag
    strided     not contiguous: a transposed, or for 1-D a stepped, view
    values      given instead of drawn
    """

    def __init__(
        self,
        *shape: int,
        low: float = -2.0,
        high: float = 2.0,
        away: float = 0.0,
        distinct: bool = False,
        dtype: str = "float64",
        grad: bool = True,
        strided: bool = False,
        values: Any = None,
    ) -> None:
        self.shape = shape
        self.low, self.high, self.away = low, high, away
        self.distinct = distinct
        self.dtype = dtype
        self.grad = grad and dtype.startswith("float")
        self.strided = strided
        self.values = values

    def __repr__(self) -> str:
        return f"{self.dtype}{list(self.shape)}" + ("^T" if self.strided else "")

    def draw(self, rng: np.random.Generator) -> np.ndarray[Any, Any]:
        """An array of these values; C-ordered unless `strided`."""
        shape = self.shape
        if self.values is not None:
            return np.array(self.values, self.dtype)
        if self.strided and shape:
            # drawn in another memory order, then seen through a view of the wanted shape
            memory = t(
                *shape[::-1], low=self.low, high=self.high, away=self.away, distinct=self.distinct, dtype=self.dtype
            )
            if len(shape) > 1:
                return memory.draw(rng).T
            twice = t(
                2 * shape[0], low=self.low, high=self.high, away=self.away, distinct=self.distinct, dtype=self.dtype
            )
            return twice.draw(rng)[::2]
        if self.distinct:
            n = int(np.prod(shape))
            return (rng.permutation(n) * 0.1 + rng.uniform(0, 0.01, n) + self.low).reshape(shape).astype(self.dtype)
        if self.dtype == "bool":
            return np.asarray(rng.random(shape) < 0.5)
        if not self.dtype.startswith("float"):
            return np.asarray(rng.integers(int(self.low), int(self.high) + 1, shape)).astype(self.dtype)
        values = np.asarray(rng.uniform(self.low, self.high, shape))
        if self.away:
            values = np.where(np.abs(values) < self.away, np.copysign(self.away, values) + values, values)
        return values.astype(self.dtype)


class call:
    """One call: positional and keyword arguments, in which `t` stand for tensors, also inside lists."""

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        self.args = args
        self.kwargs = kwargs

    def draw(self, seed: int = 0) -> tuple[list[Any], dict[str, Any]]:
        """The arguments with fresh tensors."""
        rng = np.random.default_rng(seed)
        return [_fill(a, rng) for a in self.args], {k: _fill(v, rng) for k, v in self.kwargs.items()}

    def __repr__(self) -> str:
        inside = [repr(a) for a in self.args] + [f"{k}={v!r}" for k, v in self.kwargs.items()]
        return f"({', '.join(inside)})"


def _fill(value: Any, rng: np.random.Generator) -> Any:
    from gradsh.engine.core.tensor import leaf

    if isinstance(value, t):
        drawn = value.draw(rng)
        return leaf(drawn[()] if drawn.ndim == 0 else drawn, value.grad, None)
    if isinstance(value, (list, tuple)):
        return type(value)(_fill(v, rng) for v in value)
    return value


def unary_samples(low: float = -2.0, high: float = 2.0, away: float = 0.0) -> list[call]:
    """What every elementwise operator of one input is tried on: 2-D, 0-d, empty, strided, one element."""
    span: dict[str, Any] = {"low": low, "high": high, "away": away}
    return [
        call(t(2, 3, **span)),
        call(t(**span)),
        call(t(0, 3, **span)),
        call(t(3, 2, strided=True, **span)),
        call(t(1, **span)),
    ]


def binary_samples(low: float = -2.0, high: float = 2.0, away: float = 0.0, numbers: bool = True) -> list[call]:
    """What every elementwise operator of two inputs is tried on: same shape, broadcast twice, 0-d, empty, number."""
    span: dict[str, Any] = {"low": low, "high": high, "away": away}
    number = high / 2 + 0.25
    calls = [
        call(t(2, 3, **span), t(2, 3, **span)),
        call(t(2, 3, **span), t(3, **span)),
        call(t(3, **span), t(2, 1, 3, **span)),
        call(t(2, 1, **span), t(1, 3, **span)),
        call(t(**span), t(2, **span)),
        call(t(**span), t(**span)),
        call(t(0, 3, **span), t(3, **span)),
        call(t(3, 2, strided=True, **span), t(3, 2, **span)),
    ]
    return calls + ([call(t(2, 3, **span), number), call(t(**span), 2)] if numbers else [])
