"""Windows that taper a stretch of a signal: Bartlett, Blackman, Hann, Hamming, Kaiser."""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import Any

from gradsh.engine.core.arguments import need_int, numpy_dtype
from gradsh.engine.core.modes import mode, no_grad
from gradsh.engine.core.namespaces import T
from gradsh.engine.core.tensor import Tensor, leaf
from gradsh.engine.operators.composite import function
from gradsh.errors import DtypeError, ValueProblem

C_NAMES = {"i8": "long int", "i4": "int", "i2": "short int", "i1": "signed char", "u1": "unsigned char", "b1": "bool"}


def _window(
    name: str, length: Any, periodic: Any, dtype: Any, requires_grad: bool, values: Callable[[Any, int], Any]
) -> Tensor:
    """A leaf of `values(0 … n - 1, n - 1)`; a periodic window is a longer one without its last element."""
    target = numpy_dtype(name, dtype, mode.default)
    n = need_int(name, "window_length", 1, length)
    if target.kind != "f":
        raise DtypeError(
            f"{name} expects floating point dtypes, got: TensorOptions(dtype={C_NAMES[target.str[1:]]}, device=cpu, "
            "layout=Strided (default), requires_grad=false (default), pinned_memory=false, memory_format=(nullopt))"
        )
    if n < 0:
        raise ValueProblem(f"{name} requires non-negative window_length, got window_length={n}")
    if n < 2:
        return leaf(T.ones(n, dtype=dtype).data, requires_grad, mode.where)
    if dtype is None:
        from gradsh.engine.core.dtypes import OF

        dtype = OF[target]
    full = n + 1 if periodic else n
    with no_grad():
        made = values(T.arange(full, dtype=dtype), full - 1)
    return leaf(made.data[:n].copy(), requires_grad, mode.where)


@function(
    "bartlett_window(window_length, periodic=True, *, dtype=None, requires_grad=False)",
    method=False,
    differentiable=False,
    example="bartlett_window(4)",
)
def bartlett_window(window_length: Any, periodic: Any, dtype: Any, requires_grad: bool) -> Tensor:
    """A window that rises to 1 and falls again along straight lines."""

    def values(at: Any, last: int) -> Any:
        rising = at * (2.0 / last)
        return T.where(T.arange(last + 1) < (last >> 1) + 1, rising, rising * -1 + 2)

    return _window("bartlett_window", window_length, periodic, dtype, requires_grad, values)


@function(
    "blackman_window(window_length, periodic=True, *, dtype=None, requires_grad=False)",
    method=False,
    differentiable=False,
    example="blackman_window(4)",
)
def blackman_window(window_length: Any, periodic: Any, dtype: Any, requires_grad: bool) -> Tensor:
    """The window 0.42 - 0.5 cos(2 pi i / n) + 0.08 cos(4 pi i / n)."""

    def values(at: Any, last: int) -> Any:
        angle = at * (math.pi / last)
        return T.cos(angle * 4) * 0.08 - T.cos(angle * 2) * 0.5 + 0.42

    return _window("blackman_window", window_length, periodic, dtype, requires_grad, values)


def _raised(name: str, length: Any, periodic: Any, alpha: Any, beta: Any, dtype: Any, requires_grad: bool) -> Tensor:
    def values(at: Any, last: int) -> Any:
        return T.cos(at * (math.pi * 2.0 / last)) * -beta + alpha

    return _window(name, length, periodic, dtype, requires_grad, values)


@function(
    "hann_window(window_length, periodic=True, *, dtype=None, requires_grad=False)",
    method=False,
    differentiable=False,
    example="hann_window(4)",
)
def hann_window(window_length: Any, periodic: Any, dtype: Any, requires_grad: bool) -> Tensor:
    """The window 0.5 - 0.5 cos(2 pi i / n)."""
    return _raised("hann_window", window_length, periodic, 0.5, 0.5, dtype, requires_grad)


@function(
    "hamming_window(window_length, periodic=True, alpha=0.54, beta=0.46, *, dtype=None, requires_grad=False)",
    method=False,
    differentiable=False,
    example="hamming_window(4)",
)
def hamming_window(window_length: Any, periodic: Any, alpha: Any, beta: Any, dtype: Any, requires_grad: bool) -> Tensor:
    """The window alpha - beta cos(2 pi i / n)."""
    return _raised("hamming_window", window_length, periodic, alpha, beta, dtype, requires_grad)


@function(
    "kaiser_window(window_length, periodic=True, beta=12.0, *, dtype=None, requires_grad=False)",
    method=False,
    differentiable=False,
    example="kaiser_window(4, beta=3.)",
)
def kaiser_window(window_length: Any, periodic: Any, beta: Any, dtype: Any, requires_grad: bool) -> Tensor:
    """The window I0(beta sqrt(1 - x**2)) / I0(beta), x from -1 to 1."""

    def values(at: Any, last: int) -> Any:
        x = (at - last / 2.0) / (last / 2.0)
        return T.i0(T.sqrt(1 - x * x) * beta) / T.i0(T.scalar_tensor(float(beta), dtype=at.dtype))

    return _window("kaiser_window", window_length, periodic, dtype, requires_grad, values)
