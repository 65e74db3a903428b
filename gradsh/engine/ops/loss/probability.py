"""Losses between probability distributions: bits, counts, normal distributions."""

from __future__ import annotations

import math
from typing import Any

import numpy as np

from gradsh.engine.core.arguments import type_word
from gradsh.engine.core.batched import array_behind
from gradsh.engine.core.dtypes import OF
from gradsh.engine.core.modes import mode
from gradsh.engine.core.namespaces import A, T
from gradsh.engine.core.promotion import result_dtype
from gradsh.engine.kernels import transcendental as exact
from gradsh.engine.operators.composite import composite
from gradsh.engine.operators.general import op
from gradsh.engine.operators.samples import call, t
from gradsh.engine.ops.loss.regression import (
    LEGACY,
    broadcast_shape,
    constant,
    finish,
    floats_only,
    need_tensors,
    reduced,
    reduction_of,
    scaled,
    size_text,
)
from gradsh.errors import ArgumentError, DtypeError, ShapeError, ValueError_, ValueProblem


@op(
    "bce(input, target, weight, reduction)",
    work="elements",
    grad_fn="BinaryCrossEntropyBackward0",
    second=("Backward", ""),
    private=True,
    layout="operands",
)
def bce(x: Any, target: Any, weight: Any, reduction: str) -> Any:
    """Cross entropy of bits; logarithms are not let below -100."""
    floats_only("binary_cross_entropy", x)
    for other in (target, weight):
        if other is not None and other.dtype != x.dtype:
            raise DtypeError(f"Found dtype {OF[other.dtype].title} but expected {OF[x.dtype].title}")
    if not np.all((x >= 0) & (x <= 1)):
        raise ValueProblem("all elements of input should be between 0 and 1")
    if not np.all((target >= 0) & (target <= 1)):
        raise ValueProblem("all elements of target should be between 0 and 1")
    loss = (target - 1) * np.maximum(exact.log1p(-x), -100) - target * np.maximum(exact.log(x), -100)
    if weight is not None:
        full = broadcast_shape(x.shape, weight.shape)
        if full != x.shape:
            raise ShapeError(f"output with shape {list(x.shape)} doesn't match the broadcast shape {list(full)}")
        loss = loss * weight
    return reduced(loss, reduction)


@bce.vjp("input", saves="input target weight")
def _(F: Any, g: Any, out: Any, x: Any, target: Any, weight: Any, reduction: str) -> Any:
    inside = (1 - x) * x
    slope = (x - target) * g / (np.maximum(inside, 1e-12) if F is A else F.clamp(inside, 1e-12, None))
    return scaled(slope if weight is None else slope * weight, reduction, math.prod(x.shape))


@bce.vjp("target", saves="input target weight")
def _(F: Any, g: Any, out: Any, x: Any, target: Any, weight: Any, reduction: str) -> Any:
    slope = (F.log(1 - x) - F.log(x)) * g
    return scaled(slope if weight is None else slope * weight, reduction, math.prod(x.shape))


def _probability_samples() -> list[call]:
    p, bits = t(2, 3, low=0.1, high=0.9), t(2, 3, low=0, high=1)
    return [
        call(p, bits),
        call(p, bits, reduction="none"),
        call(p, bits, t(3, low=0.5, high=1, grad=False), reduction="sum"),
        call(t(low=0.1, high=0.9), t(low=0, high=1)),
        call(t(3, 2, strided=True, low=0.1, high=0.9), t(3, 2, low=0, high=1)),
    ]


@composite(
    f"binary_cross_entropy(input, target, weight=None, {LEGACY})",
    python=True,
    method=False,
    samples=_probability_samples,
    formula="input: g * (input - target) / (input * (1 - input)) / n",
    kinks="logarithms are not let below -100, the denominator not below 1e-12",
    example="binary_cross_entropy(tensor([0.5, 0.9]), tensor([1., 0.]))",
)
def binary_cross_entropy(input: Any, target: Any, weight: Any, size_average: Any, reduce: Any, reduction: Any) -> Any:
    """The cross entropy between bits (or probabilities) `target` and probabilities `input`."""
    reduction = reduction_of(size_average, reduce, reduction)
    need_tensors(target, input)
    if input.data.shape != target.data.shape:
        raise ValueError_(
            f"Using a target size ({size_text(target)}) that is different to the input size ({size_text(input)}) is "
            "deprecated. Please ensure they have the same size."
        )
    constant("binary_cross_entropy", "weight", weight)
    return T.bce(input, target, weight, reduction)


@composite(
    f"kl_div(input, target, {LEGACY}, log_target=False)",
    python=True,
    method=False,
    samples=lambda: [
        call(t(2, 3), t(2, 3, low=0.1, high=1), reduction="batchmean"),
        call(t(2, 3), t(2, 3, low=0.1, high=1), reduction="sum"),
        call(t(2, 3), t(2, 3, low=0.1, high=1)),
        call(t(2, 3), t(3), reduction="none", log_target=True),
    ],
    formula="input: -g * target / n; target: g * (log(target) + 1 - input) / n",
    example='kl_div(log(tensor([[0.5, 0.5]])), tensor([[0.9, 0.1]]), reduction="batchmean")',
)
def kl_div(input: Any, target: Any, size_average: Any, reduce: Any, reduction: Any, log_target: Any) -> Any:
    """target (log(target) - input): how far the distribution `input`, given as logarithms, is from `target`."""
    if size_average is None and reduce is None and reduction == "mean":
        mode.warn(
            "reduction: 'mean' divides the total loss by both the batch size and the support size.'batchmean' "
            "divides only by the batch size, and aligns with the KL div math definition.'mean' will be changed to "
            "behave the same as 'batchmean' in the next major release."
        )
    batch = reduction == "batchmean" and size_average is None and reduce is None
    how = "sum" if batch else reduction_of(size_average, reduce, reduction)
    if result_dtype(input.data, target.data).np.kind != "f":
        raise DtypeError("kl_div: Integral inputs not supported.")
    loss = T.exp(target) * (target - input) if log_target else T.xlogy(target, target) - target * input
    loss = finish(loss, how)
    return loss / input.data.shape[0] if reduction == "batchmean" and input.data.ndim else loss


@composite(
    "poisson_nll_loss(input, target, log_input=True, full=False, size_average=None, eps=1e-08, reduce=None, "
    "reduction='mean')",
    python=True,
    method=False,
    samples=lambda: [
        call(t(2, 3), t(2, 3, low=2, high=5)),
        call(t(2, 3, low=0.5), t(2, 3, low=2, high=5), False, reduction="sum"),
        call(t(2, 3), t(2, 3, low=2, high=5, grad=False), full=True, reduction="none"),
    ],
    formula="input: g * (exp(input) - target) / n",
    example="poisson_nll_loss(tensor([0., 1.]), tensor([1., 3.]))",
)
def poisson_nll_loss(
    input: Any, target: Any, log_input: Any, full: Any, size_average: Any, eps: Any, reduce: Any, reduction: Any
) -> Any:
    """The negative log likelihood of counts under Poisson distributions with mean exp(input) (or `input`)."""
    reduction = reduction_of(size_average, reduce, reduction)
    loss = T.exp(input) - target * input if log_input else input - target * T.log(input + eps)
    if full:
        stirling = target * T.log(target) - target + 0.5 * T.log(2 * math.pi * target)
        loss = loss + T.masked_fill(stirling, target <= 1, 0)
    return finish(loss, reduction)


@op("lifted(input, eps)", grad_fn="CloneBackward0", private=True)
def lifted(x: Any, eps: float) -> Any:
    """At least `eps`, with the gradient of the unchanged values."""
    if x.dtype.kind != "f" and (x.dtype.kind == "b" or isinstance(eps, float)):
        title = "Float" if isinstance(eps, float) else "Long"
        raise DtypeError(f"result type {title} can't be cast to the desired output type {OF[x.dtype].c_name}")
    return np.maximum(x, x.dtype.type(eps))


lifted.vjp("input")(lambda F, g, out, x, eps: g)


@composite(
    "gaussian_nll_loss(input, target, var, full=False, eps=1e-06, reduction='mean')",
    python=True,
    method=False,
    samples=lambda: [
        call(t(2, 3), t(2, 3), t(2, 3, low=0.5, high=2)),
        call(t(2, 3), t(2, 3), t(2, low=0.5, high=2), full=True, reduction="sum"),
        call(t(2, 3), t(2, 3), t(2, 1, low=0.5, high=2), reduction="none"),
        call(t(2, 3), t(2, 3), 0.5),
    ],
    formula="input: g * (input - target) / var / n",
    kinks="var below eps counts as eps, but its gradient is not cut off",
    example="gaussian_nll_loss(tensor([0., 1.]), tensor([1., 3.]), tensor([1., 4.]))",
)
def gaussian_nll_loss(input: Any, target: Any, var: Any, full: Any, eps: Any, reduction: Any) -> Any:
    """The negative log likelihood of `target` under normal distributions with mean `input` and variance `var`."""
    if isinstance(var, (int, float)):
        if var < 0:
            raise ValueError_("var has negative entry/entries")
        var = T.mul(T.ones_like(input), var)
    elif np.any(array_behind(var) < 0):
        raise ValueError_("var has negative entry/entries")
    a, b = input.data.shape, var.data.shape
    if a != b:
        if a[:-1] == b:
            var = T.unsqueeze(var, -1)
        elif len(a) != len(b) or sum(y for x, y in zip(a, b, strict=True) if x != y) != 1:
            raise ValueError_("var is of incorrect size")
    if reduction not in ("mean", "sum", "none"):
        raise ValueError_(f"{reduction} is not valid")
    if not isinstance(eps, (int, float)):
        raise ArgumentError(f"clamp_(): argument 'min' must be Number, not {type_word(eps)}")
    var = T.lifted(var, eps)
    loss = 0.5 * (T.log(var) + (input - target) ** 2 / var)
    return finish(loss + 0.5 * math.log(2 * math.pi) if full else loss, reduction)
