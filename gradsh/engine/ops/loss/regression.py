"""Losses that compare element by element: squared, absolute, Huber, cross entropy of bits, and their kin."""

from __future__ import annotations

import math
from typing import Any

import numpy as np

from gradsh.engine.core.arguments import need_tensor
from gradsh.engine.core.batched import padded
from gradsh.engine.core.dtypes import OF
from gradsh.engine.core.modes import mode
from gradsh.engine.core.namespaces import A, T
from gradsh.engine.core.numpys import NO_BOOLS
from gradsh.engine.core.place import type_name
from gradsh.engine.core.promotion import broadcast_error, promoted
from gradsh.engine.core.strided import settled
from gradsh.engine.core.tensor import Tensor
from gradsh.engine.kernels import transcendental as exact
from gradsh.engine.kernels.summation import summed
from gradsh.engine.operators.composite import composite
from gradsh.engine.operators.general import op
from gradsh.engine.operators.reduction import renamed
from gradsh.engine.operators.samples import call, t
from gradsh.errors import AttributeError_, DtypeError, NotDifferentiable, ShapeError, ValueError_, ValueProblem

float16 = np.dtype(np.float16)

# --- what losses share -----------------------------------------------------------------------------------------------


def reduction_of(size_average: Any, reduce: Any, reduction: Any) -> str:
    """The reduction asked for: "none", "mean" or "sum"; the two old flags win over it, with PyTorch's warning.

    Raises ValueError_ for any other word.
    """
    if size_average is not None or reduce is not None:
        average = size_average is None or size_average
        reduction = ("mean" if average else "sum") if reduce is None or reduce else "none"
        mode.warn(f"size_average and reduce args will be deprecated, please use reduction='{reduction}' instead.")
        return str(reduction)
    if reduction == "elementwise_mean":
        mode.warn("reduction='elementwise_mean' is deprecated. Please use reduction='mean' instead.")
        return "mean"
    if reduction not in ("mean", "sum", "none"):
        raise ValueError_(f"{reduction} is not a valid value for reduction")
    return str(reduction)


def size_text(x: Tensor) -> str:
    """A tensor's size as PyTorch's warnings and errors write it."""
    return f"torch.Size({list(x.data.shape)})"


def need_tensors(*values: Any) -> None:
    """Raise as PyTorch does when a loss is given something that has no size."""
    for value in values:
        if not isinstance(value, Tensor):
            raise AttributeError_(f"'{type_name(value)}' object has no attribute 'size'")


def warn_size(input: Tensor, target: Tensor) -> None:
    """Warn when the two do not have one size, since broadcasting is seldom meant; raise when they do not broadcast."""
    a, b = input.data.shape, target.data.shape
    if a != b:
        mode.warn(
            f"Using a target size ({size_text(target)}) that is different to the input size ({size_text(input)}). "
            "This will likely lead to incorrect results due to broadcasting. Please ensure they have the same size."
        )
        broadcast_shape(a, b)


def broadcast_shape(a: tuple[int, ...], b: tuple[int, ...]) -> tuple[int, ...]:
    """The common shape of two; ShapeError in PyTorch's words when there is none."""
    try:
        return np.broadcast_shapes(a, b)
    except ValueError:
        raise broadcast_error(a, b) from None


def count(a: Any, b: Any) -> int:
    """How many elements two tensors have together, broadcast."""
    shape = a.shape if a.shape == b.shape else np.broadcast_shapes(tuple(a.shape), tuple(b.shape))
    return int(math.prod(shape))


def constant(function: str, name: str, value: Any) -> None:
    """Raise when a gradient is wanted for an argument that PyTorch has no derivative for."""
    if value.__class__ is Tensor and value.requires and mode.grad:
        raise NotDifferentiable(
            f"The function '{function}' is not differentiable with respect to argument '{name}'. "
            "This input cannot have requires_grad True."
        )


def floats_only(kernel: str, x: Any) -> None:
    if x.dtype.kind != "f":
        raise DtypeError(f"\"{kernel}\" not implemented for '{OF[x.dtype].title}'", kind="NotImplementedError")


def reduced(loss: Any, reduction: str) -> Any:
    """An array of losses, or its sum or mean."""
    if reduction == "none":
        return loss
    if loss.dtype == float16:
        whole = summed(loss.astype(np.float32))
        return np.float16(whole if reduction == "sum" else whole / np.float32(loss.size))
    return summed(loss) if reduction == "sum" else summed(loss) / loss.size


def finish(loss: Any, reduction: str) -> Any:
    """`reduced` for tensors."""
    return loss if reduction == "none" else T.mean(loss) if reduction == "mean" else T.sum(loss)


def scaled(g: Any, reduction: str, n: int) -> Any:
    """The gradient that each of `n` losses gets from the gradient of what they were reduced to."""
    return renamed(g / n, "DivBackward1") if reduction == "mean" and n else g


def _share(reduction: str, n: int) -> float:
    """What PyTorch's kernels multiply each loss's gradient with, before what comes in."""
    return 1.0 / n if reduction == "mean" and n else 1.0


def same_dtype(x: Any, target: Any) -> tuple[Any, Any]:
    return (x, target) if x.dtype is target.dtype else promoted(x, target, False)


def sigmoid(F: Any, x: Any) -> Any:
    return 1 / (1 + exact.exp(-x)) if F is A else F.sigmoid(x)


LEGACY = "size_average=None, reduce=None, reduction='mean'"


def pair_samples(**span: Any) -> list[call]:
    """What a loss of two tensors of one shape is tried on."""
    return [
        call(t(2, 3, **span), t(2, 3, low=3.5, high=5)),
        call(t(2, 3, **span), t(2, 3, low=3.5, high=5), reduction="none"),
        call(t(2, 3, **span), t(2, 3, low=3.5, high=5), reduction="sum"),
        call(t(**span), t(low=3.5, high=5)),
        call(t(3, 2, strided=True, **span), t(3, 2, low=3.5, high=5)),
        call(t(2, 3, **span), t(3, low=3.5, high=5)),
        call(t(0, 3, **span), t(0, 3), reduction="none"),
    ]


# --- binary cross entropy --------------------------------------------------------------------------------------------


@op(
    "bce_logits(input, target, weight, pos_weight, reduction)",
    layout="own",
    work="elements",
    grad_fn="BinaryCrossEntropyWithLogitsBackward0",
    private=True,
)
def bce_logits(x: Any, target: Any, weight: Any, pos_weight: Any, reduction: str) -> Any:
    """Cross entropy of bits given as logits; log(sigmoid) without overflow."""
    floats_only("log_sigmoid_cpu", x)
    if target.dtype.kind != "f":
        if target.dtype.kind == "b":
            raise DtypeError(
                "Subtraction, the `-` operator, with two bool tensors is not supported. "
                "Use the `^` or `logical_xor()` operator instead."
            )
        raise DtypeError(
            f"result type {OF[x.dtype].title} can't be cast to the desired output type {OF[target.dtype].title}"
        )
    log_sigmoid = np.minimum(x, 0) - exact.log1p(exact.exp(-np.abs(x)))
    try:
        if pos_weight is None:
            loss = (1 - target) * x - log_sigmoid
        else:
            loss = (1 - target) * x - ((pos_weight - 1) * target + 1) * log_sigmoid
    except ValueError:
        raise broadcast_error(pos_weight.shape, target.shape) from None
    if weight is not None:
        try:
            loss = loss * weight
        except ValueError:
            raise broadcast_error(loss.shape, weight.shape) from None
    loss = settled(loss, target, x)  # PyTorch begins with the target
    return reduced(loss if loss.dtype == target.dtype else loss.astype(target.dtype), reduction)


@bce_logits.vjp("input", saves="input target weight pos_weight")
def _(F: Any, g: Any, out: Any, x: Any, target: Any, weight: Any, pos_weight: Any, reduction: str) -> Any:
    s = sigmoid(F, x)
    if pos_weight is None:
        slope = (s - target) * g
    else:
        positive = pos_weight * target
        slope = ((positive + 1 - target) * s - positive) * g
    return scaled(slope if weight is None else slope * weight, reduction, _terms(x, weight, pos_weight))


@bce_logits.vjp("target", saves="input target weight pos_weight")
def _(F: Any, g: Any, out: Any, x: Any, target: Any, weight: Any, pos_weight: Any, reduction: str) -> Any:
    slope = -x * g if pos_weight is None else (F.logsigmoid(-x) - pos_weight * F.logsigmoid(x)) * g
    return scaled(slope if weight is None else slope * weight, reduction, _terms(x, weight, pos_weight))


def _terms(x: Any, weight: Any, pos_weight: Any) -> int:
    """How many losses there are; weights may broadcast the input."""
    n = math.prod(x.shape)
    for w in (weight, pos_weight):
        if w is not None:
            n = max(n, count(x, w))
    return int(n)


def _logit_samples() -> list[call]:
    bits = t(2, 3, low=0, high=1)
    return [
        call(t(2, 3), bits),
        call(t(2, 3), bits, reduction="none"),
        call(t(2, 3), bits, reduction="sum"),
        call(t(), t(low=0, high=1)),
        call(t(2, 3), bits, weight=t(3, low=0.5, high=1, grad=False)),
        call(t(2, 3), bits, pos_weight=t(3, low=0.5, high=3, grad=False)),
        call(
            t(2, 3),
            bits,
            t(2, 1, low=0.5, high=1, grad=False),
            pos_weight=t(low=2, high=3, grad=False),
            reduction="sum",
        ),
        call(t(3, 2, strided=True), t(3, 2, low=0, high=1)),
        call(t(0, 3), t(0, 3), reduction="sum"),
    ]


@composite(
    f"binary_cross_entropy_with_logits(input, target, weight=None, {LEGACY}, pos_weight=None)",
    python=True,
    method=False,
    samples=_logit_samples,
    formula="input: g * (sigmoid(input) - target) / n; target: -g * input / n",
    example="binary_cross_entropy_with_logits(tensor([0., 2.]), tensor([1., 0.]))",
)
def binary_cross_entropy_with_logits(
    input: Any, target: Any, weight: Any, size_average: Any, reduce: Any, reduction: Any, pos_weight: Any
) -> Any:
    """The cross entropy between bits (or probabilities) `target` and the probabilities sigmoid(input)."""
    reduction = reduction_of(size_average, reduce, reduction)
    need_tensors(target, input)
    if input.data.shape != target.data.shape:
        raise ValueError_(f"Target size ({size_text(target)}) must be the same as input size ({size_text(input)})")
    for name, position, value in (("weight", 3, weight), ("pos_weight", 7, pos_weight)):
        if value is not None:
            need_tensor("binary_cross_entropy_with_logits", name, position, value)
    constant("binary_cross_entropy_with_logits", "weight", weight)
    constant("binary_cross_entropy_with_logits", "pos_weight", pos_weight)
    return T.bce_logits(input, target, weight, pos_weight, reduction)


# --- squared, absolute, Huber ----------------------------------------------------------------------------------------


@op(
    "mse(input, target, reduction)",
    work="elements",
    grad_fn="MseLossBackward0",
    second="Backward",
    private=True,
    layout="operands",
)
def mse(x: Any, target: Any, reduction: str) -> Any:
    """Squared differences."""
    x, target = same_dtype(x, target)
    floats_only("mse_cpu", x)
    d = x - target
    return reduced(d * d, reduction)


@mse.vjp("input", "target", saves="input target")
def _(F: Any, needs: Any, g: Any, out: Any, x: Any, target: Any, reduction: str) -> Any:
    n = count(x, target) if reduction == "mean" else 1
    slope = (x - target) * (2.0 / n if n else 2.0)
    if F is A and slope.__class__ is np.ndarray and slope.dtype == g.dtype:
        if g.ndim or g != 1:
            slope *= g
    else:
        slope = slope * g  # last, as PyTorch has it
    return slope if needs[0] else None, -slope if needs[1] else None


def _reduced(F: Any, each: Any, reduction: str) -> Any:
    """A loss of each element, reduced within the samples."""
    if reduction == "none":
        return each
    dims = tuple(range(1, len(each.shape)))
    if not dims:
        return each
    return (F.mean if reduction == "mean" else F.sum)(each, dims, False, None)


@mse.batched
def _(F: Any, size: int, batched: Any, x: Any, target: Any, reduction: str) -> Any:
    deepest = max(len(x.shape) - bool(batched[0]), len(target.shape) - bool(batched[1]))
    if batched[0]:
        x = padded(x, deepest)
    if batched[1]:
        target = padded(target, deepest)
    each = x - target
    return _reduced(F, each * each, reduction)


def _weighted(loss: Any, input: Any, weight: Any, reduction: str) -> Any:
    """Losses times weights; the mean is divided by the sum of the weights."""
    if weight.data.shape != input.data.shape:
        raise ValueError_("Weights and input must have the same size.")
    loss = loss * weight
    return T.sum(loss) / T.sum(weight) if reduction == "mean" else finish(loss, reduction)


@composite(
    f"mse_loss(input, target, {LEGACY}, weight=None)",
    python=True,
    method=False,
    samples=lambda: [*pair_samples(), call(t(2, 3), t(2, 3), weight=t(2, 3, low=0.5))],
    formula="input: 2 * g * (input - target) / n; target: -2 * g * (input - target) / n",
    example="mse_loss(tensor([1., 2.]), tensor([1., 4.]))",
)
def mse_loss(input: Any, target: Any, size_average: Any, reduce: Any, reduction: Any, weight: Any) -> Any:
    """The mean of the squared differences."""
    need_tensors(target, input)
    warn_size(input, target)
    reduction = reduction_of(size_average, reduce, reduction)
    if weight is not None:
        return _weighted(T.pow(input - target, 2), input, weight, reduction)
    return T.mse(input, target, reduction)


@composite(
    f"l1_loss(input, target, {LEGACY}, weight=None)",
    python=True,
    method=False,
    samples=lambda: [*pair_samples(), call(t(2, 3), t(2, 3, low=3, high=5), weight=t(2, 3, low=0.5))],
    formula="input: g * sign(input - target) / n; target: -g * sign(input - target) / n",
    kinks="0 where input equals target",
    example="l1_loss(tensor([1., 2.]), tensor([1., 4.]))",
)
def l1_loss(input: Any, target: Any, size_average: Any, reduce: Any, reduction: Any, weight: Any) -> Any:
    """The mean of the absolute differences."""
    need_tensors(target, input)
    warn_size(input, target)
    reduction = reduction_of(size_average, reduce, reduction)
    loss = T.abs(input - target)
    if weight is not None:
        return _weighted(loss, input, weight, reduction)
    return finish(loss, reduction)


def clipped(F: Any, x: Any, bound: float) -> Any:
    return np.minimum(np.maximum(x, -bound), bound) if F is A else F.clamp(x, -bound, bound)


@op(
    "smooth_l1(input, target, reduction, beta)",
    work="elements",
    grad_fn="SmoothL1LossBackward0",
    second="Backward",
    private=True,
    layout="operands",
)
def smooth_l1(x: Any, target: Any, reduction: str, beta: float) -> Any:
    """Squared differences below `beta`, absolute ones above."""
    x, target = same_dtype(x, target)
    floats_only("smooth_l1_cpu", x)
    d = np.abs(x - target)
    return reduced(np.where(d < beta, 0.5 * d * d / beta, d - 0.5 * beta), reduction)


@smooth_l1.vjp("input", "target", saves="input target")
def _(F: Any, needs: Any, g: Any, out: Any, x: Any, target: Any, reduction: str, beta: float) -> Any:
    slope = clipped(F, (x - target) / beta, 1) * _share(reduction, count(x, target)) * g
    return slope if needs[0] else None, -slope if needs[1] else None


@composite(
    f"smooth_l1_loss(input, target, {LEGACY}, beta=1.0)",
    python=True,
    method=False,
    samples=lambda: [
        *pair_samples(),
        call(t(2, 3), t(2, 3), beta=8.0),
        call(t(2, 3), t(2, 3, low=3, high=5), beta=0.0),
    ],
    formula="input: g * clamp((input - target) / beta, -1, 1) / n",
    kinks="beta=0 is l1_loss",
    example="smooth_l1_loss(tensor([1., 2.]), tensor([1., 4.]))",
)
def smooth_l1_loss(input: Any, target: Any, size_average: Any, reduce: Any, reduction: Any, beta: Any) -> Any:
    """The mean of half the squared differences over beta where they are below beta, else of the absolute ones."""
    need_tensors(target, input)
    warn_size(input, target)
    reduction = reduction_of(size_average, reduce, reduction)
    if beta == 0:
        return finish(T.abs(input - target), reduction)
    if beta < 0:
        raise ValueProblem("smooth_l1_loss does not support negative values for beta.")
    return T.smooth_l1(input, target, reduction, beta)


@op(
    "huber(input, target, reduction, delta)",
    work="elements",
    grad_fn="HuberLossBackward0",
    second="Backward",
    private=True,
    layout="operands",
)
def huber(x: Any, target: Any, reduction: str, delta: float) -> Any:
    """Half the squared differences up to `delta`, a straight line beyond."""
    x, target = same_dtype(x, target)
    floats_only("huber_cpu", x)
    d = np.abs(x - target)
    return reduced(np.where(d <= delta, 0.5 * d * d, delta * (d - 0.5 * delta)), reduction)


@huber.vjp("input", "target", saves="input target")
def _(F: Any, needs: Any, g: Any, out: Any, x: Any, target: Any, reduction: str, delta: float) -> Any:
    slope = clipped(F, x - target, delta) * _share(reduction, count(x, target)) * g
    return slope if needs[0] else None, -slope if needs[1] else None


@composite(
    "huber_loss(input, target, reduction='mean', delta=1.0, weight=None)",
    python=True,
    method=False,
    samples=lambda: [*pair_samples(), call(t(2, 3), t(2, 3), delta=8.0), call(t(2, 3), t(2, 3), "sum", 9.0, t(2, 3))],
    formula="input: g * clamp(input - target, -delta, delta) / n",
    example="huber_loss(tensor([1., 2.]), tensor([1., 4.]))",
)
def huber_loss(input: Any, target: Any, reduction: Any, delta: Any, weight: Any) -> Any:
    """The mean of half the squared differences up to delta, of straight lines beyond."""
    need_tensors(target, input)
    warn_size(input, target)
    if weight is not None and weight.data.shape != input.data.shape:
        raise ValueError_("Weights and input must have the same size.")
    if weight is not None and reduction not in ("mean", "sum", "none"):
        raise ValueError_(f"Invalid reduction mode: {reduction}. Expected one of 'none', 'mean', 'sum'.")
    reduction = reduction_of(None, None, reduction)
    if delta <= 0:
        raise ValueProblem("huber_loss does not support non-positive values for delta.")
    if weight is not None:
        return finish(T.huber(input, target, "none", delta) * weight, reduction)
    return T.huber(input, target, reduction, delta)


# --- margins ---------------------------------------------------------------------------------------------------------


@op(
    "soft_margin(input, target, reduction)",
    work="elements",
    grad_fn="SoftMarginLossBackward0",
    second=("Backward", ""),
    private=True,
    layout="operands",
)
def soft_margin(x: Any, target: Any, reduction: str) -> Any:
    """log(1 + exp(-target input))."""
    full = broadcast_shape(x.shape, target.shape)
    if full != x.shape:
        raise ShapeError(f"output with shape {list(x.shape)} doesn't match the broadcast shape {list(full)}")
    if x.dtype.kind == "b":
        raise DtypeError(f"Negation, the `-` operator, on a bool tensor {NO_BOOLS}")
    if x.dtype.kind != "f":
        raise DtypeError(f"result type Float can't be cast to the desired output type {OF[x.dtype].title}")
    target = target.astype(x.dtype)
    return reduced(exact.log1p(exact.exp(-target * x)), reduction)


@soft_margin.vjp("input", saves="input target")
def _(F: Any, g: Any, out: Any, x: Any, target: Any, reduction: str) -> Any:
    return scaled(-target * sigmoid(F, -target * x) * g, reduction, math.prod(x.shape))


@composite(
    f"soft_margin_loss(input, target, {LEGACY})",
    python=True,
    method=False,
    samples=lambda: [
        call(t(2, 3), t(2, 3, grad=False)),
        call(t(2, 3), t(2, 3, grad=False), reduction="none"),
        call(t(2, 3), t(3, grad=False), reduction="sum"),
        call(t(), t(grad=False)),
    ],
    formula="input: -g * target * sigmoid(-target * input) / n",
    example="soft_margin_loss(tensor([0.5, -1.]), tensor([1., -1.]))",
)
def soft_margin_loss(input: Any, target: Any, size_average: Any, reduce: Any, reduction: Any) -> Any:
    """The mean of log(1 + exp(-target input)) for targets 1 and -1."""
    reduction = reduction_of(size_average, reduce, reduction)
    constant("soft_margin_loss", "target", target)
    return T.soft_margin(input, target, reduction)


@composite(
    f"multilabel_soft_margin_loss(input, target, weight=None, {LEGACY})",
    python=True,
    method=False,
    samples=lambda: [
        call(t(2, 3), t(2, 3, low=0, high=1)),
        call(t(2, 3), t(2, 3, low=0, high=1), t(3), reduction="none"),
        call(t(3), t(3, low=0, high=1), reduction="sum"),
    ],
    formula="input: g (sigmoid(input) - target) / (number of classes)",
    example="multilabel_soft_margin_loss(tensor([[0.5, -1.]]), tensor([[1., 0.]]))",
)
def multilabel_soft_margin_loss(
    input: Any, target: Any, weight: Any, size_average: Any, reduce: Any, reduction: Any
) -> Any:
    """The mean over classes and samples of the cross entropy of one bit per class."""
    if size_average is not None or reduce is not None:
        reduction = reduction_of(size_average, reduce, reduction)
    loss = -(target * T.logsigmoid(input) + (1 - target) * T.logsigmoid(-input))
    if weight is not None:
        loss = loss * weight
    classes = input.data.shape[-1]
    loss = T.sum(loss, input.data.ndim - 1) / classes
    if reduction not in ("mean", "sum", "none"):
        raise ValueError_(f"{reduction} is not valid")
    return finish(loss, reduction)


@composite(
    f"hinge_embedding_loss(input, target, margin=1.0, {LEGACY})",
    python=True,
    method=False,
    samples=lambda: [
        call(t(4, away=0.1), t(4, values=[1, -1, -1, 1], dtype="int64")),
        call(t(4, away=0.1), t(4, values=[1.0, -1.0, 0.0, 1.0], grad=False), 3.0, reduction="sum"),
        call(t(2, 2, away=0.1), t(2, values=[1, -1], dtype="int64"), reduction="none"),
    ],
    formula="input: g where target is 1; -g where target is -1 and input is below margin",
    example="hinge_embedding_loss(tensor([0.5, 0.25]), tensor([1., -1.]))",
)
def hinge_embedding_loss(input: Any, target: Any, margin: Any, size_average: Any, reduce: Any, reduction: Any) -> Any:
    """The mean of `input` where target is 1, of max(0, margin - input) where it is -1."""
    reduction = reduction_of(size_average, reduce, reduction)
    zeros = T.zeros_like(input)
    # the margin takes the dtype of the input, as PyTorch fills a tensor like it
    far = T.where(target != 1, T.clamp_min(T.sub(T.full_like(input, margin), input), 0), zeros)
    return finish(far + T.where(target != -1, input, zeros), reduction)


@composite(
    f"margin_ranking_loss(input1, input2, target, margin=0.0, {LEGACY})",
    python=True,
    method=False,
    samples=lambda: [
        call(t(3, distinct=True), t(3, low=3, high=5), t(3, values=[1, -1, 1], dtype="int64")),
        call(t(2, 2), t(2, 2, low=3, high=5), t(2, 2, values=[[1, -1], [1, 1]], dtype="int64"), 0.5, reduction="none"),
        call(t(3), t(3, low=3, high=5), t(3, values=[1, -1, 1], dtype="int64"), reduction="sum"),
    ],
    formula="input1: -g target where the order is wrong; input2: g target there",
    example="margin_ranking_loss(tensor([1.]), tensor([2.]), tensor([1.]))",
)
def margin_ranking_loss(
    input1: Any, input2: Any, target: Any, margin: Any, size_average: Any, reduce: Any, reduction: Any
) -> Any:
    """The mean of max(0, -target (input1 - input2) + margin): target 1 wants the first larger, -1 the second."""
    reduction = reduction_of(size_average, reduce, reduction)
    if not input1.data.ndim == input2.data.ndim == target.data.ndim:
        raise ShapeError(
            "margin_ranking_loss : All input tensors should have same dimension but got sizes: "
            f"input1: {size_text(input1)}, input2: {size_text(input2)}, target: {size_text(target)} "
        )
    return finish(T.clamp_min(-target * (input1 - input2) + margin, 0), reduction)
