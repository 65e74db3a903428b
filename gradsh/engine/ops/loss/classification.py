"""Losses of classification: negative log likelihood, cross entropy, margins between classes."""

from __future__ import annotations

import math
import sys
from typing import Any

import numpy as np

from gradsh.engine.core import alloc
from gradsh.engine.core.arguments import not_implemented
from gradsh.engine.core.dtypes import OF
from gradsh.engine.core.graph import Freed, Kind, Node, freed, note_versions, record, verify
from gradsh.engine.core.modes import mode
from gradsh.engine.core.namespaces import A, Namespace, T
from gradsh.engine.core.place import caller
from gradsh.engine.core.tensor import Tensor, make, tracked
from gradsh.engine.kernels import softmax as kernels
from gradsh.engine.kernels.summation import picked, summed
from gradsh.engine.operators.batch_rules import fronted, sample_of
from gradsh.engine.operators.composite import composite
from gradsh.engine.operators.general import General, op
from gradsh.engine.operators.reduction import public
from gradsh.engine.operators.registry import NOT_FLOATS, computed
from gradsh.engine.operators.samples import call, t
from gradsh.engine.ops.loss.regression import LEGACY, constant, finish, float16, reduction_of
from gradsh.errors import DtypeError, IndexError_, ShapeError, ValueError_, ValueProblem

_getframe = sys._getframe
max_reduce = np.maximum.reduce
int64 = np.dtype(np.int64)
uint64 = np.dtype(np.uint64)
float32 = np.dtype(np.float32)
float64 = np.dtype(np.float64)

# --- negative log likelihood -----------------------------------------------------------------------------------------


def _weights(x: Any, target: Any, weight: Any, ignore_index: int) -> tuple[Any, Any, Any]:
    """The target with ignored places put at class 0, the weight of every place (None for all 1), their sum."""
    low = target.min(initial=0)  # no `int` of it: what it decides is all that a plan has to see of a batch
    high = target.max(initial=0)
    classes = x.shape[1]
    w = None if weight is None else weight
    if low < 0 or high >= classes or 0 <= ignore_index < classes:
        used = target != ignore_index
        bad = used & ((target < 0) | (target >= classes))
        if bad.any():
            raise IndexError_(f"Target {int(target[bad][0])} is out of bounds.")
        target = np.where(used, target, 0)
        w = used.astype(x.dtype) if weight is None else weight[target] * used
        return target, w, picked_sum(w)
    if weight is None:
        return target, None, target.size
    w = weight[target]
    return target, w, picked_sum(w)


def picked_sum(x: Any) -> Any:
    """The sum of picked losses or weights, of any shape."""
    return picked(x.reshape(-1)) if x.size else x.dtype.type(0)


def _nll(x: Any, target: Any, weight: Any, reduction: str, ignore_index: int) -> Any:
    """Minus the entries of `input` at the target classes, times the classes' weights."""
    shape = target.shape
    if x.ndim == 1:
        x, target = x[None], target.reshape(1)
    if target.dtype != int64:
        target = target.astype(int64)
    kept = target != ignore_index
    target, w, whole = _weights(x, target, weight, ignore_index)
    if not x.shape[1]:  # no class: all places are ignored
        picked = alloc.zeros(target.shape, x.dtype)
    else:
        picked = (
            x[alloc.arange(len(target)), target] if x.ndim == 2 else np.take_along_axis(x, target[:, None], 1)[:, 0]
        )
    if w is not None:
        # an ignored place counts nothing, whatever infinity stands there
        picked = np.where(kept, picked * w, x.dtype.type(0))
    if reduction == "none":
        return (-picked if w is None else np.where(kept, -picked, x.dtype.type(0))).reshape(shape)
    # from 0, so that nothing to add is not -0
    total = 0 - picked_sum(picked.astype(np.float32) if x.dtype == float16 else picked)
    if reduction == "mean":
        # np.float32 / int stays float32; 0 / 0 gives PyTorch's nan
        total = total / whole
    return total.astype(x.dtype)


def _nll_rule(F: Any, g: Any, out: Any, x: Any, target: Any, weight: Any, reduction: str, ignore_index: int) -> Any:
    return F.nll_backward(g, target, weight, reduction, ignore_index, tuple(x.shape))


def _nll_op(name: str, grad_fn: str) -> General:
    entry = op(
        f"{name}(input, target, weight, reduction, ignore_index)",
        grad_fn=grad_fn,
        second="Backward",
        work="elements",
        private=True,
    )(_nll)
    entry.vjp("input", saves="input target weight")(_nll_rule)
    return entry


nll = _nll_op("nll", "NllLossBackward0")


@nll.batched
def _(F: Any, size: int, batched: Any, x: Any, target: Any, weight: Any, reduction: str, ignore: int) -> Any:
    if weight is not None or any(batched[2:]):
        return NotImplemented
    x, target = fronted(x, batched[0], size), fronted(target, batched[1], size)
    if len(sample_of(x)) not in (1, 2) or len(sample_of(target)) != len(sample_of(x)) - 1:
        return NotImplemented
    skipped = target == ignore
    at = F.unsqueeze(F.where(skipped, 0, target), -1)
    picked = F.gather_at(x, at, len(x.shape) - 1)
    each = F.where(skipped, 0.0, -F.reshape(picked, tuple(target.shape)))
    if reduction == "none" or (not sample_of(target) and reduction == "sum"):
        return each
    total = F.sum(each, (1,), False, None) if sample_of(target) else each
    if reduction == "sum":
        return total
    counted = F.to(~skipped, each.dtype)
    return total / (F.sum(counted, (1,), False, None) if sample_of(target) else counted)


nll2d = _nll_op("nll2d", "NllLoss2DBackward0")


@op(
    "nll_backward(grad, target, weight, reduction, ignore_index, shape)",
    grad_fn="NllLossBackwardBackward0",
    private=True,
)
def nll_backward(g: Any, target: Any, weight: Any, reduction: str, ignore_index: int, shape: Any) -> Any:
    """Zeros of the input's shape with the gradient at the target classes."""
    full = alloc.zeros(shape, g.dtype)
    x = full
    if full.ndim == 1:
        x, target = full[None], target.reshape(1)
        g = alloc.asarray(g).reshape(-1)[0]
    if target.dtype != int64:
        target = target.astype(int64)
    kept = target != ignore_index
    target, w, whole = _weights(x, target, weight, ignore_index)
    at = -g if w is None else -g * w
    if reduction == "mean":
        at = at / whole
    if w is not None:  # not 0 times what comes in: the sum of no weights is nan
        at = np.where(kept, at, x.dtype.type(0))
    if x.ndim == 2:
        x[alloc.arange(len(target)), target] = at
    else:
        np.put_along_axis(x, target[:, None], np.broadcast_to(at, target.shape)[:, None], 1)
    return full


@nll_backward.vjp("grad", saves="target weight")
def _(
    F: Any, g: Any, out: Any, grad: Any, target: Any, weight: Any, reduction: str, ignore_index: int, shape: Any
) -> Any:
    return F.nll(g, target, weight, reduction, ignore_index)


def _check_target(x: Any, target: Any, weight: Any) -> None:
    """PyTorch's errors for targets and weights that do not fit `input`, both arrays."""
    if x.ndim < 1:
        raise ValueError_("Expected 1 or more dimensions (got 0)")
    if x.ndim != 1:
        n = target.shape[0] if target.ndim else 0
        if n != x.shape[0]:
            raise ValueError_(f"Expected input batch_size ({x.shape[0]}) to match target batch_size ({n}).")
    if x.ndim <= 2:
        if target.ndim > 1:
            raise ShapeError("0D or 1D target tensor expected, multi-target not supported")
    elif x.ndim == 4:
        if target.ndim != 3:
            raise ShapeError(
                f"only batches of spatial targets supported (3D tensors) but got targets of dimension: {target.ndim}"
            )
        if target.shape[1:] != x.shape[2:]:
            raise ShapeError(f"size mismatch (got input: {list(x.shape)} , target: {list(target.shape)}")
    elif target.shape[1:] != x.shape[2:]:
        raise ShapeError(f"Expected target size {[x.shape[0], *x.shape[2:]]}, got {list(target.shape)}")
    if x.ndim == 1 and target.ndim == 1 and target.shape[0] != 1:
        raise ShapeError(
            f"For 1D input, 1D target must have size 1, but got target size: {target.shape[0]}", kind="ValueError"
        )
    classes = x.shape[0 if x.ndim == 1 else 1]
    if weight is not None and (weight.ndim != 1 or weight.size != classes) and x.ndim <= 2:
        raise ShapeError(
            f"weight tensor should be defined either for all {classes} classes or no classes but got weight tensor of "
            f"shape: {list(weight.shape)}"
        )
    if weight is not None and weight.size != classes:
        raise ShapeError("weight tensor should be defined either for all or no classes")
    if target.dtype != int64 and target.dtype != np.uint8:
        raise DtypeError(f"expected target dtype to be Long or Byte, but got {OF[target.dtype].title}")
    if weight is not None and weight.dtype != x.dtype:
        raise DtypeError(f"expected scalar type {OF[x.dtype].title} but found {OF[weight.dtype].title}")


def picked_loss(input: Tensor, target: Tensor, weight: Any, reduction: str, ignore_index: int) -> Any:
    """Negative log likelihood of class indices for inputs of any number of dims."""
    x = input.data
    _check_target(x, target.data, None if weight is None else weight.data)
    constant("nll_loss_forward", "weight", weight)
    if x.dtype.kind != "f":
        raise not_implemented("nll_loss2d_forward_out_frame" if x.ndim > 2 else "nll_loss_out_frame", x.dtype)
    if x.ndim <= 2:
        return T.nll(input, target, weight, reduction, ignore_index)
    if x.ndim == 4:
        return T.nll2d(input, target, weight, reduction, ignore_index)
    n, classes = x.shape[:2]
    rest = math.prod(x.shape[2:])
    flat = T.nll2d(
        T.reshape(input, n, classes, 1, rest), T.reshape(target, n, 1, rest), weight, reduction, ignore_index
    )
    return T.reshape(flat, target.data.shape) if reduction == "none" else flat


def _class_samples() -> list[call]:
    two = t(2, values=[1, 2], dtype="int64")
    w = t(3, low=0.5, high=2, grad=False)
    return [
        call(t(2, 3), two),
        call(t(2, 3), two, reduction="none"),
        call(t(2, 3), two, w, reduction="sum"),
        call(t(2, 3), two, w),
        call(t(2, 3), two, ignore_index=1),
        call(t(2, 3), t(2, values=[1, -100], dtype="int64"), w),
        call(t(3), t(values=1, dtype="int64")),
        call(t(1, 3, 2), t(1, 2, values=[[0, 2]], dtype="int64")),
        call(t(1, 3, 2), t(1, 2, values=[[0, 2]], dtype="int64"), reduction="none"),
        call(t(1, 3, 2, 1), t(1, 2, 1, values=[[[0], [2]]], dtype="int64"), w),
        call(t(2, 3, strided=True), two),
    ]


@composite(
    "nll_loss(input, target, weight=None, size_average=None, ignore_index=-100, reduce=None, reduction='mean')",
    python=True,
    method=False,
    samples=_class_samples,
    formula="input: -g * onehot(target) / n",
    example="nll_loss(log(tensor([[0.5, 0.5]])), tensor([1]))",
)
def nll_loss(
    input: Any, target: Any, weight: Any, size_average: Any, ignore_index: Any, reduce: Any, reduction: Any
) -> Any:
    """The mean of minus the log probabilities `input` at the target classes."""
    return picked_loss(input, target, weight, reduction_of(size_average, reduce, reduction), ignore_index)


# --- cross entropy ---------------------------------------------------------------------------------------------------


@composite("divided(input, number)", rename="DivBackward1", private=True)
def divided(input: Any, number: Any) -> Any:
    """A quotient that PyTorch computes with a number of C++, whose grad_fn has another name."""
    return input / number


def _spread_weight(weight: Tensor, ndim: int) -> Any:
    """Class weights shaped to multiply an input of `ndim` dims."""
    return weight if ndim == 1 else T.reshape(weight, 1, -1, *(1,) * (ndim - 2))


def _probabilities_loss(input: Any, target: Any, weight: Any, reduction: str, smoothing: float) -> Any:
    """Cross entropy with a probability for every class."""
    shape = input.data.shape
    dim = 0 if len(shape) == 1 else 1
    classes = shape[dim]
    if weight is not None and weight.data.shape != (classes,):
        raise ShapeError(
            f"cross_entropy: weight tensor should be defined either for all {classes} classes or no classes but got "
            f"weight tensor of shape: {list(weight.data.shape)}"
        )
    logs = T.log_softmax(input, dim)
    if smoothing > 0:
        _check_smoothing(smoothing)
        target = target * (1 - smoothing) + smoothing / max(classes, 1)
    product = logs * target
    if weight is not None:
        product = product * _spread_weight(weight, len(shape))
    if reduction == "none":
        return -T.sum(product, dim)
    loss = -T.sum(product)
    if reduction == "sum":
        return loss
    n = math.prod(shape)
    return T.divided(loss, n / classes) if n else loss * math.nan


def _check_smoothing(smoothing: float) -> None:
    if smoothing > 1:
        raise ValueProblem(f"label_smoothing must be between 0.0 and 1.0. Got: {smoothing:g}")


@composite(
    "smoothed_loss(input, target, weight, reduction, ignore_index, smoothing)",
    work="elements",
    private=True,
    looped="it counts the classes that are kept",
)
def smoothed_loss(
    input: Tensor, target: Tensor, weight: Any, reduction: str, ignore_index: int, smoothing: float
) -> Any:
    """Cross entropy with a part of the target spread over all classes."""
    _check_smoothing(smoothing)
    ndim = input.data.ndim
    dim = 0 if ndim == 1 else 1
    logs = T.log_softmax(input, dim)
    hard = picked_loss(logs, target, weight, reduction, ignore_index)
    spread = logs if weight is None else logs * _spread_weight(weight, ndim)
    smooth = -T.sum(spread, dim)
    ignored = alloc.asarray(target.data == ignore_index)
    if ignored.any():
        smooth = T.masked_fill(smooth, make(ignored.reshape(smooth.data.shape)), 0.0)
    if reduction != "none":
        smooth = T.sum(smooth)
    if reduction == "mean":
        kept = alloc.asarray(target.data)[~ignored]
        smooth = (
            smooth / (kept.size if weight is None else make(summed(weight.data[kept])))
            if kept.size
            else smooth * math.nan
        )
    classes = input.data.shape[dim]
    # of no classes the sums are 0, and C++ divides by 0: nan
    return (1 - smoothing) * hard + smooth * (smoothing / classes if classes else math.inf)


def _cross_entropy_samples() -> list[call]:
    two = t(2, values=[1, 2], dtype="int64")
    w = t(3, low=0.5, high=2, grad=False)
    soft = t(2, 3, low=0, high=1)
    return [
        *_class_samples(),
        call(t(2, 3), two, label_smoothing=0.1),
        call(t(2, 3), two, w, label_smoothing=0.1, reduction="none"),
        call(t(2, 3), t(2, values=[1, -100], dtype="int64"), w, label_smoothing=0.1),
        call(t(2, 3), t(2, values=[1, -100], dtype="int64"), label_smoothing=0.3, reduction="sum"),
        call(t(2, 3), soft),
        call(t(2, 3), soft, w, reduction="none", label_smoothing=0.2),
        call(t(3), t(3, low=0, high=1), reduction="sum"),
        call(t(1, 3, 2), t(1, 3, 2, low=0, high=1), w),
    ]


@composite(
    "cross_entropy(input, target, weight=None, size_average=None, ignore_index=-100, reduce=None, reduction='mean', "
    "label_smoothing=0.0)",
    python=True,
    method=False,
    samples=_cross_entropy_samples,
    formula="input: g * (softmax(input) - onehot(target)) / n",
    example="cross_entropy(tensor([[1., 2.]]), tensor([1]))",
)
def cross_entropy(
    input: Any,
    target: Any,
    weight: Any,
    size_average: Any,
    ignore_index: Any,
    reduce: Any,
    reduction: Any,
    label_smoothing: Any,
) -> Any:
    """The mean of -log softmax(input) at the target classes; or against a probability for each class."""
    if size_average is not None or reduce is not None or reduction not in ("mean", "sum", "none"):
        reduction = reduction_of(size_average, reduce, reduction)
    shape = input.data.shape
    if shape == target.data.shape:
        if target.data.dtype.kind != "f":
            raise DtypeError(
                f"Expected floating point type for target with class probabilities, got {OF[target.data.dtype].title}"
            )
        if ignore_index >= 0:
            raise ValueProblem("ignore_index is not supported for floating point target")
        return _probabilities_loss(input, target, weight, reduction, label_smoothing)
    if label_smoothing > 0:
        return smoothed_loss.apply(input, target, weight, reduction, ignore_index, label_smoothing)
    return picked_loss(T.log_softmax(input, 0 if len(shape) == 1 else 1), target, weight, reduction, ignore_index)


# The usual call, cross_entropy(logits, classes), leaves the same two nodes as PyTorch, made without detours: in the
# training of a small network it is called as often as everything else.


def _log_softmax_step(node: Node, g: Any, F: Namespace) -> Any:
    out = node.saved
    if out.__class__ is Freed:
        raise freed(node)
    if F is A:
        return kernels.log_softmax_backward(g, out, 1)
    return F.log_softmax_backward(g, F.output(node, out), 1)


def _picked_step(node: Node, g: Any, F: Namespace) -> Any:
    if node.saved.__class__ is Freed:
        raise freed(node)
    target, rows, shape = node.saved
    if target.storage is not None:
        verify(node, target, 0)
    if F is not A:
        return F.nll_backward(g, F.restore(target, None), None, "mean", -100, shape)
    full = alloc.zeros(shape, g.dtype)
    full[rows, target.data] = g / -shape[0]
    return full


_LOGS = Kind(
    "LogSoftmaxBackward0",
    _log_softmax_step,
    saves=True,
    operator="log_softmax",
    second="LogSoftmaxBackwardDataBackward0",
)
_PICKED = Kind("NllLossBackward0", _picked_step, saves=True, operator="nll_loss", second="Backward")


def _mean_cross_entropy(x: Any, t: Any) -> tuple[Any, Any, Any]:
    """The loss, log softmax of the logits, and the numbers of the rows."""
    logs = kernels.log_softmax(x, 1)
    rows = alloc.arange(len(x))
    return (0 - picked(logs[rows, t])) / len(x), logs, rows


def _usual(input: Tensor, target: Tensor, frame: Any) -> Any:
    """The mean cross entropy of rows of logits with classes; None when something about it is unusual."""
    x, t = input.data, target.data
    if x.ndim != 2 or t.ndim != 1 or t.dtype is not int64 or not (x.dtype is float32 or x.dtype is float64):
        return None
    shape = x.shape
    n = shape[0]
    # as unsigned numbers the negative ones are too large as well
    if t.shape[0] != n or not n or not mode.grad or not input.requires or max_reduce(t.view(uint64)) >= shape[1]:
        return None
    loss, logs, rows = computed(_mean_cross_entropy, x, t)
    where = caller(frame)
    first = record(_LOGS, input.node or input, logs, where)
    second = record(_PICKED, first, (target, rows, shape), where)
    if target.storage is not None:
        note_versions(second, (target,))
    return tracked(loss, second)


_any_cross_entropy = cross_entropy.apply


@public(cross_entropy)  # type: ignore[arg-type]  # any entry can be given a call, not only a General
def _(*args: Any, **kwargs: Any) -> Any:
    if len(args) == 2 and not kwargs:
        input, target = args
        if input.__class__ is Tensor and target.__class__ is Tensor and mode.interpreter is None:
            if input.storage is not None:
                input.up_to_date()
            out = _usual(input, target, _getframe(1))
            if out is not None:
                return out
    return _any_cross_entropy(*args, **kwargs)


# --- margins between classes -----------------------------------------------------------------------------------------


def _rows(x: Any) -> tuple[int, int]:
    """Samples and classes of a matrix, a vector (one sample) or a number."""
    shape = x.data.shape
    if len(shape) > 2 or (len(shape) and shape[-1] == 0):
        raise ShapeError(f"Expected non-empty vector or matrix with optional 0-dim batch size, but got: {list(shape)}")
    return (shape[0], shape[1]) if len(shape) == 2 else (1, shape[0] if shape else 1)


def _class_target(target: Any) -> Any:
    if target.data.dtype != int64:
        raise DtypeError(f"expected scalar type Long but found {OF[target.data.dtype].title}")
    return alloc.asarray(target.data)


@composite(
    f"multi_margin_loss(input, target, p=1, margin=1.0, weight=None, {LEGACY})",
    python=True,
    rename="MultiMarginLossBackward0",
    method=False,
    samples=lambda: [
        call(t(2, 3, distinct=True), t(2, values=[1, 0], dtype="int64")),
        call(t(2, 3, distinct=True), t(2, values=[1, 0], dtype="int64"), 2, 0.75, reduction="none"),
        call(
            t(2, 3, distinct=True),
            t(2, values=[1, 0], dtype="int64"),
            weight=t(3, grad=False, low=0.5),
            reduction="sum",
        ),
        call(t(3, distinct=True), t(values=1, dtype="int64")),
    ],
    formula="g / classes for each class above the margin, minus their sum at the target",
    kinks="0 exactly at the margin",
    refuses={"multi_margin_loss_cpu_kernel": f"Half {NOT_FLOATS} unless empty"},
    example="multi_margin_loss(tensor([[0.5, 1., 0.]]), tensor([1]))",
    looped="it reads the target",
)
def multi_margin_loss(
    input: Any, target: Any, p: Any, margin: Any, weight: Any, size_average: Any, reduce: Any, reduction: Any
) -> Any:
    """The mean over samples of the sum of max(0, margin - input[target] + input[class])**p over the other classes."""
    reduction = reduction_of(size_average, reduce, reduction)
    if p != 1 and p != 2:
        raise ValueError_("only p == 1 and p == 2 supported")
    if weight is not None and weight.data.ndim != 1:
        raise ValueError_("weight must be one-dimensional")
    constant("multi_margin_loss", "weight", weight)
    n, classes = _rows(input)
    if target.data.ndim > 1 or target.data.size != n:
        raise ShapeError(
            "multi_margin_loss: target tensor should be 1-D with size equal to the number of input samples (batch "
            f"size). Expected target size [{n}], but got {list(target.data.shape)}. Input has shape "
            f"{list(input.data.shape)}."
        )
    if weight is not None and weight.data.size != classes:
        raise ShapeError(f"inconsistent weight size, expected {classes} but got {list(weight.data.shape)}")
    at = _class_target(target).reshape(n, 1)
    if at.size and (at.min() < 0 or at.max() >= classes):
        raise ValueProblem("target out of range")
    x = T.reshape(input, n, classes)
    z = T.relu(margin - T.gather(x, 1, make(at)) + x)
    if p == 2:
        z = z * z
    share = alloc.ones((n, classes), x.data.dtype)
    if weight is not None:
        share *= weight.data[at]
    np.put_along_axis(share, at, 0, 1)
    losses = T.sum(z * make(share), 1) / classes
    return finish(losses if input.data.ndim == 2 or target.data.ndim else T.reshape(losses, ()), reduction)


@composite(
    f"multilabel_margin_loss(input, target, {LEGACY})",
    python=True,
    rename="MultilabelMarginLossBackward0",
    method=False,
    samples=lambda: [
        call(t(2, 3, distinct=True), t(2, 3, values=[[1, 2, -1], [0, -1, 1]], dtype="int64")),
        call(t(2, 3, distinct=True), t(2, 3, values=[[1, 2, -1], [0, -1, 1]], dtype="int64"), reduction="none"),
        call(t(3, distinct=True), t(3, values=[1, -1, 0], dtype="int64"), reduction="sum"),
    ],
    formula="g / classes for each pair of a wrong and a right class within the margin",
    kinks="0 exactly at the margin",
    refuses={"multilabel_margin_loss_forward_out_frame": f"Half {NOT_FLOATS} unless empty"},
    example="multilabel_margin_loss(tensor([[0.1, 0.2, 0.4]]), tensor([[2, -1, 0]]))",
    looped="it reads the target",
)
def multilabel_margin_loss(input: Any, target: Any, size_average: Any, reduce: Any, reduction: Any) -> Any:
    """The mean over samples of max(0, 1 - input[right] + input[wrong]) summed over pairs; a target ends at -1."""
    reduction = reduction_of(size_average, reduce, reduction)
    n, classes = _rows(input)
    if target.data.shape != input.data.shape:
        raise ShapeError(
            f"inconsistent target size: {list(target.data.shape)} for input of size: {list(input.data.shape)}"
        )
    at = _class_target(target).reshape(n, classes)
    if at.size and (at.min() < -1 or at.max() >= classes):
        raise ValueProblem("argument #2 'target' is out of range")
    listed = np.logical_and.accumulate(at >= 0, 1)
    at = np.where(listed, at, 0)
    right = alloc.zeros((n, classes), bool)
    for row in range(n):
        right[row, at[row][listed[row]]] = True
    x = T.reshape(input, n, classes)
    z = T.relu(1 - T.unsqueeze(T.gather(x, 1, make(at)), 2) + T.unsqueeze(x, 1))
    pairs = (listed[:, :, None] & ~right[:, None, :]).astype(x.data.dtype)
    losses = T.sum(z * make(pairs), (1, 2)) / classes
    return finish(losses if input.data.ndim == 2 else T.reshape(losses, ()), reduction)
