"""Connectionist temporal classification: labels without known positions in a sequence."""

from __future__ import annotations

from typing import Any

import numpy as np

from gradsh.engine.core import alloc
from gradsh.engine.core.graph import Node
from gradsh.engine.core.namespaces import T
from gradsh.engine.core.tensor import Tensor, make
from gradsh.engine.kernels import transcendental as exact
from gradsh.engine.operators.composite import composite
from gradsh.engine.operators.general import op
from gradsh.engine.ops.loss.regression import reduction_of
from gradsh.errors import DtypeError, ShapeError, ValueProblem


def _lengths(name: str, value: Any, batch: int) -> Any:
    """Lengths given as a tensor or a list, one for each sample."""
    lengths = alloc.asarray(value, np.int64).reshape(-1)
    if lengths.size != batch:
        raise ShapeError(f"{name} must be of size batch_size")
    return lengths


def _integral(name: str, value: Any) -> Any:
    """What lengths are given as, without the tensor around."""
    if value.__class__ is not Tensor:
        return value
    if value.data.dtype.kind not in "iu":
        raise DtypeError(f"{name} must be integral")
    return value.data


def _padded(target: Any, lengths: Any) -> Any:
    """The labels as a matrix, a row for each sample; they may come one after the other."""
    where = "(while checking arguments for ctc_loss_allocate_outputs)"
    longest = int(lengths.max(initial=0))
    if target.ndim == 1:
        if target.size != lengths.sum():
            raise ShapeError(
                f"Expected tensor to have size {int(lengths.sum())} at dimension 0, but got size {target.size} for "
                f"argument #2 'targets' {where}"
            )
        rows = alloc.zeros((lengths.size, longest), np.int64)
        start = 0
        for row, n in zip(rows, lengths, strict=True):
            row[:n] = target[start : start + n]
            start += n
        return rows
    if target.shape[1] < longest:
        raise ShapeError(
            f"Expected tensor to have size at least {longest} at dimension 1, but got size {target.shape[1]} for "
            f"argument #2 'targets' {where}"
        )
    return target[:, :longest].astype(np.int64)


def _extended(labels: Any, blank: int) -> tuple[Any, Any]:
    """The labels with blanks around each, and where a path may jump over a blank."""
    full = alloc.full((len(labels), 2 * labels.shape[1] + 1), blank)
    full[:, 1::2] = labels
    jump = alloc.zeros(full.shape, bool)
    jump[:, 3::2] = labels[:, 1:] != labels[:, :-1]
    return full, jump


def _shifted(a: Any, by: int) -> Any:
    """Log probabilities moved along the labels, -inf coming in."""
    out = alloc.full_like(a, -np.inf)
    if by > 0:
        out[:, by:] = a[:, :-by]
    else:
        out[:, :by] = a[:, -by:]
    return out


def _forward(logs: Any, labels: Any, times: Any, lengths: Any, blank: int) -> tuple[Any, Any]:
    """The log probability of every prefix of paths, (time, sample, place), and minus that of the labels."""
    full, jump = _extended(labels, blank)
    places = full.shape[1]
    emitted = np.take_along_axis(logs, np.broadcast_to(full, (len(logs), *full.shape)), 2)
    alpha = alloc.full(emitted.shape, -np.inf, logs.dtype)
    if len(logs):
        alpha[0, :, 0] = emitted[0, :, 0]
        if places > 1:
            alpha[0, :, 1] = np.where(lengths > 0, emitted[0, :, 1], -np.inf)
    for time in range(1, len(logs)):
        before = alpha[time - 1]
        total = exact.logaddexp(before, _shifted(before, 1)) if places > 1 else before
        if places > 2:
            total = exact.logaddexp(total, np.where(jump, _shifted(before, 2), -np.inf))
        alpha[time] = total + emitted[time]
    rows = alloc.arange(len(lengths))
    ends = alpha[np.maximum(times, 1) - 1, rows]
    last = ends[rows, 2 * lengths]
    if places > 1:
        last = np.where(lengths > 0, exact.logaddexp(last, ends[rows, np.maximum(2 * lengths - 1, 0)]), last)
    # without any step only the empty label is possible
    last = np.where(times == 0, np.where(lengths == 0, 0, -np.inf), last).astype(logs.dtype)
    return alpha, -last


@op("ctc(log_probs, targets, times, lengths, blank, zero_infinity)", grad_fn="CtcLossBackward0", private=True)
def ctc(logs: Any, labels: Any, times: Any, lengths: Any, blank: int, zero_infinity: bool) -> Any:
    """Minus the log probability of the labels, one for each sample; log_probs are (time, sample, class)."""
    loss = _forward(logs, labels, times, lengths, blank)[1]
    return np.where(np.isinf(loss), loss.dtype.type(0), loss) if zero_infinity else loss


ctc.vjp("log_probs", saves="log_probs targets times lengths")(
    lambda F, g, out, logs, labels, times, lengths, blank, zero: F.ctc_backward(
        g, logs, labels, times, lengths, blank, zero
    )
)


@op(
    "ctc_backward(grad, log_probs, targets, times, lengths, blank, zero_infinity)",
    grad_fn="CtcLossBackwardBackward0",
    private=True,
)
def ctc_backward(g: Any, logs: Any, labels: Any, times: Any, lengths: Any, blank: int, zero_infinity: bool) -> Any:
    """exp(log_probs) minus the probability that the class is passed at that time, as PyTorch: right if log_probs are
    normalised (it is the gradient with respect to what log_softmax got)."""
    alpha, loss = _forward(logs, labels, times, lengths, blank)
    full, jump = _extended(labels, blank)
    steps, batch, _ = logs.shape
    places = full.shape[1]
    emitted = np.take_along_axis(logs, np.broadcast_to(full, (steps, *full.shape)), 2)
    out = alloc.zeros_like(logs)
    rows = alloc.arange(batch)
    jump_on = alloc.zeros_like(jump)
    jump_on[:, :-2] = jump[:, 2:]
    beta = alloc.full((batch, places), -np.inf, logs.dtype)
    for time in range(steps - 1, -1, -1):
        total = beta
        if places > 1:
            total = exact.logaddexp(beta, _shifted(beta, -1))
        if places > 2:
            total = exact.logaddexp(total, np.where(jump_on, _shifted(beta, -2), -np.inf))
        beta = total + emitted[time]
        starts = times - 1 == time
        if starts.any():
            fresh = alloc.full_like(beta, -np.inf)
            fresh[rows, 2 * lengths] = emitted[time][rows, 2 * lengths]
            some = lengths > 0
            fresh[rows[some], 2 * lengths[some] - 1] = emitted[time][rows[some], 2 * lengths[some] - 1]
            beta = np.where(starts[:, None], fresh, beta)
        path = np.where(alpha[time] + beta == -np.inf, -np.inf, alpha[time] + beta - emitted[time])
        passed = alloc.zeros_like(logs[time])
        for place in range(places):
            valid = place < 2 * lengths + 1
            passed[rows, full[:, place]] += np.where(valid, exact.exp(path[:, place] + loss), 0)
        inside = (time < times)[:, None]
        out[time] = np.where(inside, (exact.exp(logs[time]) - passed) * g[:, None], 0)
    if zero_infinity:
        out = np.where(np.isinf(loss)[None, :, None], 0, out)
    return out.astype(logs.dtype)


ctc_backward.not_implemented("the derivative of ctc_loss can be taken once")


@composite(
    "ctc_loss(log_probs, targets, input_lengths, target_lengths, blank=0, reduction='mean', zero_infinity=False)",
    python=True,
    method=False,
    samples=None,
    formula="exp(log_probs) minus the probability that a path through the labels passes the class at that time",
    kinks="the gradient assumes that log_probs are normalised",
    example="ctc_loss(log_softmax(zeros(4, 1, 3), 2), tensor([[1, 2]]), tensor([4]), tensor([2]))",
)
def ctc_loss(
    log_probs: Any,
    targets: Any,
    input_lengths: Any,
    target_lengths: Any,
    blank: Any,
    reduction: Any,
    zero_infinity: Any,
) -> Any:
    """Minus the log probability that the sequence spells the labels, with repeats and blanks taken out."""
    reduction = reduction_of(None, None, reduction)
    input_lengths = _integral("input_lengths", input_lengths)
    target_lengths = _integral("target_lengths", target_lengths)
    single = log_probs.data.ndim == 2
    logs = T.unsqueeze(log_probs, 1) if single else log_probs
    if not logs.data.size:
        raise ValueProblem("log_probs tensor must not be empty")
    if logs.data.ndim != 3:
        raise ShapeError(
            f"Expected 3-dimensional tensor, but got {logs.data.ndim + 1}-dimensional tensor for argument #1 "
            "'log_probs' (while checking arguments for ctc_loss_allocate_outputs)"
        )
    steps, batch, classes = logs.data.shape
    times = _lengths("input_lengths", input_lengths, batch)
    lengths = _lengths("target_lengths", target_lengths, batch)
    if not 0 <= blank < classes:
        raise ValueProblem("blank must be in label range")
    labels = _padded(alloc.asarray(targets.data), lengths)
    if times.size and times.max() > steps:
        raise ShapeError(
            f"Expected input_lengths to have value at most {steps}, but got value {int(times.max())} "
            "(while checking arguments for ctc_loss_allocate_outputs)"
        )
    loss = T.ctc(logs, make(np.clip(labels, 0, classes - 1)), make(times), make(lengths), blank, zero_infinity)
    if zero_infinity and loss.node.__class__ is Node:
        loss.node.kind = loss.node.kind.renamed("WhereBackward0")
    if single:
        loss = T.squeeze(loss, 0)
    if reduction == "mean":
        size = np.maximum(lengths, 1).astype(loss.data.dtype)
        return T.mean(loss / make(size[0] if single else size))
    return T.sum(loss) if reduction == "sum" else loss
