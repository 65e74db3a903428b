"""Dropout: parts of the input set to zero at random, in PyTorch's random stream."""

from __future__ import annotations

import math
import sys
from collections.abc import Callable
from typing import Any

from gradsh.engine.autograd.inplace import apply_in_place
from gradsh.engine.core import alloc
from gradsh.engine.core.batched import drawn
from gradsh.engine.core.dtypes import OF
from gradsh.engine.core.modes import mode
from gradsh.engine.core.namespaces import T
from gradsh.engine.core.tensor import make
from gradsh.engine.kernels import random
from gradsh.engine.kernels.stream import stream
from gradsh.engine.operators.composite import composite
from gradsh.engine.operators.registry import Operator
from gradsh.engine.operators.samples import call, t
from gradsh.errors import DtypeError, ShapeError, ValueError_

_getframe = sys._getframe

# of selu: what a dropped unit is set to is -alpha, so that mean and variance are kept
ALPHA = 1.7580993408473766


def _check(p: Any) -> None:
    if p < 0.0 or p > 1.0:
        raise ValueError_(f"dropout probability has to be between 0 and 1, but got {p}")


def _written(function: Any, x: Any, other: Any) -> Any:
    return apply_in_place(function, x, (other,), {}, _getframe(1))


def _product(input: Any, noise: Any, inplace: Any) -> Any:
    if input.data.dtype.kind != "f":
        raise DtypeError(f"result type Float can't be cast to the desired output type {OF[input.data.dtype].title}")
    return _written(T.mul, input, noise) if inplace else T.mul(input, noise)


def _dropped(input: Any, p: float, training: Any, inplace: Any, feature: bool = False, alpha: bool = False) -> Any:
    """The four forms: of elements or of whole channels, with zeros or with the value that keeps mean and variance."""
    x = input.data
    if p == 0 or not training or not x.size:
        return input
    if p == 1:
        return _product(input, make(alloc.zeros((), x.dtype)[()]), inplace)
    shape = x.shape
    if feature:
        if x.ndim < 2:
            raise ShapeError("Feature dropout requires at least 2 dimensions in the input")
        shape = x.shape[:2] + (1,) * (x.ndim - 2)
    if x.dtype.kind != "f":
        raise DtypeError(f"result type Float can't be cast to the desired output type {OF[x.dtype].title}")
    gen = stream()
    if not alpha:
        noise = drawn(shape, lambda full: random.like(x, random.dropout_noise(gen, full, p, x.dtype)))
        return _product(input, noise, inplace)
    noise = drawn(shape, lambda full: random.like(x, random.bernoulli(gen, 1 - p, full, x.dtype)))
    a = 1.0 / math.sqrt((ALPHA * ALPHA * p + 1) * (1 - p))
    b = (noise - 1) * (ALPHA * a) + ALPHA * a * p
    out = _product(input, noise * a, inplace)
    return _written(T.add, out, b) if inplace else T.add(out, b)


def _samples() -> list[call]:
    # what is random cannot be compared with differences; nothing is dropped here
    return [call(t(2, 3), 0.0), call(t(2, 3), 0.5, False)]


def _entry(name: str, training: str, summary: str, samples: Any = _samples) -> Callable[[Any], Operator]:
    def register(function: Any) -> Operator:
        function.__doc__ = summary
        return composite(
            f"{name}(input, p=0.5, training={training}, inplace=False)",
            python=True,
            method=False,
            samples=samples,
            formula="g times what input was multiplied by",
            example=f"{name}(ones(1, 2, 3), 0.0)",
        )(function)

    return register


@_entry("dropout", "True", "Sets each element to 0 with probability p, and multiplies the others by 1 / (1 - p).")
def dropout(input: Any, p: Any, training: Any, inplace: Any) -> Any:
    _check(p)
    return _dropped(input, p, training, inplace)


@_entry("alpha_dropout", "False", "Dropout that keeps mean and variance of what selu gives.")
def alpha_dropout(input: Any, p: Any, training: Any, inplace: Any) -> Any:
    _check(p)
    return _dropped(input, p, training, inplace, alpha=True)


@_entry("feature_alpha_dropout", "False", "alpha_dropout of whole channels.")
def feature_alpha_dropout(input: Any, p: Any, training: Any, inplace: Any) -> Any:
    _check(p)
    return _dropped(input, p, training, inplace, feature=True, alpha=True)


def _single(input: Any, p: Any, training: Any, inplace: Any) -> Any:
    """Feature dropout of an input without a batch dim."""
    if inplace:
        # the same memory is written, through a view
        _dropped(T.unsqueeze(input, 0), p, training, True, feature=True)
        return input
    return T.squeeze(_dropped(T.unsqueeze(input, 0), p, training, False, feature=True), 0)


@_entry("dropout1d", "True", "Sets whole channels of (batch, channels, length) to 0 with probability p.")
def dropout1d(input: Any, p: Any, training: Any, inplace: Any) -> Any:
    _check(p)
    ndim = input.data.ndim
    if ndim not in (2, 3):
        raise ShapeError(
            f"dropout1d: Expected 2D or 3D input, but received a {ndim}D input. Note that dropout1d exists to provide "
            "channel-wise dropout on inputs with 1 spatial dimension, a channel dimension, and an optional batch "
            "dimension "
            "(i.e. 2D or 3D inputs)."
        )
    if ndim == 2:
        return _single(input, p, training, inplace)
    return _dropped(input, p, training, inplace, feature=True)


@_entry(
    "dropout2d",
    "True",
    "Sets whole channels of (batch, channels, height, width) to 0 with probability p.",
    lambda: [call(t(1, 2, 3, 1), 0.0), call(t(1, 2, 1, 2), 0.5, False)],
)
def dropout2d(input: Any, p: Any, training: Any, inplace: Any) -> Any:
    _check(p)
    ndim = input.data.ndim
    if ndim not in (3, 4):
        mode.warn(
            f"dropout2d: Received a {ndim}-D input to dropout2d, which is deprecated and will result in an error in a "
            "future release. To retain the behavior and silence this warning, please use dropout instead. Note that "
            "dropout2d exists to provide channel-wise dropout on inputs with 2 spatial dimensions, a channel "
            "dimension, "
            "and an optional batch dimension (i.e. 3D or 4D inputs)."
        )
    if ndim == 3:
        mode.warn(
            "dropout2d: Received a 3D input to dropout2d and assuming that channel-wise 1D dropout behavior is "
            "desired - "
            "input is interpreted as shape (N, C, L), where C is the channel dim. This behavior will change in a "
            "future "
            "release to interpret the input as one without a batch dimension, i.e. shape (C, H, W). To maintain the 1D "
            "channel-wise dropout behavior, please switch to using dropout1d instead."
        )
    return _dropped(input, p, training, inplace, feature=True)


@_entry(
    "dropout3d",
    "True",
    "Sets whole channels of (batch, channels, depth, height, width) to 0 with probability p.",
    lambda: [call(t(1, 2, 3, 1, 1), 0.0), call(t(1, 2, 1, 2, 1), 0.5, False)],
)
def dropout3d(input: Any, p: Any, training: Any, inplace: Any) -> Any:
    _check(p)
    ndim = input.data.ndim
    if ndim not in (4, 5):
        mode.warn(
            f"dropout3d: Received a {ndim}-D input to dropout3d, which is deprecated and will result in an error in a "
            "future release. To retain the behavior and silence this warning, please use dropout instead. Note that "
            "dropout3d exists to provide channel-wise dropout on inputs with 3 spatial dimensions, a channel "
            "dimension, "
            "and an optional batch dimension (i.e. 4D or 5D inputs)."
        )
    if ndim != 5:
        return _single(input, p, training, inplace)
    return _dropped(input, p, training, inplace, feature=True)
