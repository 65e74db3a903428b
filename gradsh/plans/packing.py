"""What the machine asks of a step before it makes an instruction of it: indices, axes, dtypes."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np

from gradsh.plans.numbers import Number
from gradsh.plans.values import Value

ndarray = np.ndarray
DTYPES: dict[Any, Any] = {}


def fits(x: Any, part: Any) -> bool:
    """Whether it is an array that can be put there as it is."""
    return type(x) in (Value, ndarray) and x.ndim <= part.ndim


def bare(x: Any) -> Any:
    """The number that an array without dims is, which is no value's."""
    return x[()] if type(x) is ndarray and not x.ndim else x


def is_basic(index: Any) -> bool:
    """Whether an index gives a view, the same in each iteration."""
    if type(index) is tuple:
        return all(is_basic(each) and type(each) is not tuple for each in index)
    if type(index) is slice:
        return all(each is None or is_whole(each) for each in (index.start, index.stop, index.step))
    return index is None or index is Ellipsis or is_whole(index)


def leaves_none_out(index: slice) -> bool:
    return index.step is None or (type(index.step) is int and index.step == 1)


def is_whole(x: Any) -> bool:
    return type(x) is int or (type(x) is not Number and isinstance(x, np.integer))


def positive(axis: Any, ndim: int) -> Any:
    if type(axis) is tuple:
        return tuple(each % ndim for each in axis) if ndim else ()
    return axis % ndim if ndim and isinstance(axis, int) else axis


def kind_of(x: Any) -> Any:
    """What a ufunc's dtypes depend on: a dtype, or the type of a number of Python's."""
    if type(x) is Value:
        return x.array.dtype
    if type(x) is Number:
        x = x.plain
    if type(x) is bool:
        return np.dtype(bool)
    return x.dtype if hasattr(x, "dtype") else type(x)


def resolved(ufunc: Any, kinds: tuple[Any, ...]) -> Any:
    """The dtypes of the loop that NumPy takes, the output's last; None where there is none."""
    key = (ufunc, kinds)
    if key not in DTYPES:
        try:
            DTYPES[key] = ufunc.resolve_dtypes((*kinds, *[None] * ufunc.nout))
        except TypeError:
            DTYPES[key] = None
    return DTYPES[key]


def spread(function: Any, outs: list[Any]) -> Callable[..., None]:
    """A function of several results, which puts them there."""

    def run(*given: Any, **options: Any) -> None:
        for out, result in zip(outs, function(*given, **options), strict=True):
            out[...] = result

    return run
