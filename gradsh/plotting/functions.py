"""Functions of the program on a range: values, derivatives, grids. Nothing of the session is changed by asking."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

import numpy as np

from gradsh.engine.catalogue import operator
from gradsh.engine.core.modes import mode
from gradsh.engine.core.tensor import Tensor, make
from gradsh.errors import ArgumentError, GradshError
from gradsh.plotting.values import kind

POINTS = 241  # of a curve: two for each column that there is room for, and more


@contextmanager
def unnoticed(record: bool) -> Iterator[None]:
    """What runs here leaves the random stream as it was; `record` switches the graph on, or off."""
    stream = operator("get_rng_state").apply()
    before, mode.grad = mode.grad, record
    try:
        yield
    finally:
        mode.grad = before
        operator("set_rng_state").apply(stream)


def curve(f: Callable[..., Any], name: str, low: float, high: float) -> tuple[list[float], list[float], list[float]]:
    """Points, values and derivatives of a function of one number; no derivatives where none gets through."""
    xs = [low + (high - low) * i / (POINTS - 1) for i in range(POINTS)]
    ys, slopes, differentiable = [], [], True
    with unnoticed(True):
        for x in xs:
            y, slope = at(f, name, x)
            ys.append(y)
            slopes.append(slope)
            differentiable = differentiable and slope is not None
    return xs, ys, [slope for slope in slopes if slope is not None] if differentiable else []


def at(f: Callable[..., Any], name: str, x: float) -> tuple[float, float | None]:
    """The value and the derivative at one point."""
    point = make(np.asarray(x, mode.default))
    point.requires_grad = True
    result = f(point)
    if isinstance(result, (int, float)):
        return float(result), None
    if not isinstance(result, Tensor):
        raise ArgumentError(
            f"plot: {name} gives {kind(result)}, not a number",
            help="a function of one number, `fn(x) = x**2`",
        )
    if result.data.size != 1:
        shape = list(result.data.shape)
        raise ArgumentError(
            f"plot: {name} gives a tensor of shape {shape}, and a curve has one number at each point",
            help=f"`plot fn(x) = {name}(x).sum(), -3, 3` draws their sum"
            if name.isidentifier()
            else "`.sum()` makes one of it",
        )
    value = float(result.data.reshape(())[()])
    if not result.requires:
        return value, None
    total = operator("sum").apply(result)
    try:
        (slope,) = operator("grad").apply(total, [point], allow_unused=True)
    except GradshError:
        return value, None
    return value, None if slope is None else float(slope.data.reshape(())[()])


def grid(
    f: Callable[..., Any], name: str, width: tuple[float, float], height: tuple[float, float], columns: int, rows: int
) -> tuple[list[float], list[float], list[list[float | None]]]:
    """A function of two numbers, `f(x, y)` or `f([x, y])`, on a grid; the first row is the lowest."""
    xs = [width[0] + (width[1] - width[0]) * (i + 0.5) / columns for i in range(columns)]
    ys = [height[0] + (height[1] - height[0]) * (i + 0.5) / rows for i in range(rows)]
    two = takes_two(f)
    with unnoticed(False):
        values = [[_value(f, name, x, y, two) for x in xs] for y in ys]
    return xs, ys, values


def _value(f: Callable[..., Any], name: str, x: float, y: float, two: bool) -> float | None:
    if two:
        result = f(make(np.asarray(x, mode.default)), make(np.asarray(y, mode.default)))
    else:
        result = f(make(np.asarray([x, y], mode.default)))
    if isinstance(result, Tensor) and result.data.size == 1:
        result = float(result.data.reshape(())[()])
    if not isinstance(result, (int, float)):
        raise ArgumentError(
            f"plot: {name} gives {kind(result)}, and a contour has one number at each point",
            help="a function of two numbers, `fn(x, y) = x**2 + y**2`",
        )
    return float(result) if math.isfinite(result) else None


def takes_two(f: Callable[..., Any]) -> bool:
    """Does the function have two parameters, or one for both?"""
    code = getattr(f, "__code__", None)
    defaults = getattr(f, "__defaults__", None) or ()
    return code is not None and code.co_argcount >= 2 and code.co_argcount - len(defaults) in (1, 2)


def limits(values: list[float]) -> tuple[float, float] | None:
    """The range that holds 95 of 100 values, where the others would leave it little room; None for all of them."""
    ordered = sorted(values)
    cut = int(len(ordered) * 0.025)
    low, high = ordered[cut], ordered[-1 - cut]
    whole = ordered[-1] - ordered[0]
    return (low, high) if high > low and whole > 1.5 * (high - low) else None
