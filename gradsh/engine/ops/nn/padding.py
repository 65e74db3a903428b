"""Padding: the input with something around it."""

from __future__ import annotations

import sys
from typing import Any

import numpy as np

from gradsh.engine.core import alloc
from gradsh.engine.core.arguments import int_tuple, not_implemented
from gradsh.engine.core.graph import Node
from gradsh.engine.core.namespaces import T
from gradsh.engine.core.strided import contiguous
from gradsh.engine.core.tensor import Tensor
from gradsh.engine.operators.batch_rules import on_last_dims
from gradsh.engine.operators.composite import composite
from gradsh.engine.operators.general import General, op, run
from gradsh.engine.operators.samples import call, t
from gradsh.errors import ShapeError, ValueProblem

_getframe = sys._getframe


def run_as(entry: General, grad_fn: str, *values: Any, saves: bool = True, second: str = "") -> Any:
    """Run an operator whose node is to have another of PyTorch's names; `saves=False`: and may run backward twice.

    `second` as in gradsh.engine.core.graph.Kind.
    """
    kind = entry.kind.renamed(grad_fn, saves=entry.kind.saves and saves)
    kind.second = second
    return run(entry, list(values), _getframe(1), kind)


def without_batch(x: Any, grad_fn: str) -> Any:
    """Drop the batch dim that was added; PyTorch's kernels take unbatched input and record one node of this name."""
    out = T.squeeze(x, 0)
    if out.node.__class__ is Node:
        out.node.kind = out.node.kind.renamed(grad_fn)
    return out


# --- constants -------------------------------------------------------------------------------------------------------


@op("constant_pad(input, pad, value)", grad_fn="ConstantPadNdBackward0", private=True, layout="images")
def constant_pad(x: Any, pad: Any, value: Any) -> Any:
    """`value` around the last dims, or what lies outside cut off where `pad` is negative."""
    before = [0] * x.ndim
    after = [0] * x.ndim
    for i in range(len(pad) // 2):
        before[x.ndim - 1 - i], after[x.ndim - 1 - i] = pad[2 * i], pad[2 * i + 1]
    shape = [n + b + a for n, b, a in zip(x.shape, before, after, strict=True)]
    source, target = [], []
    for n, m, b, a in zip(x.shape, shape, before, after, strict=True):
        if m < 0 or n + min(b, 0) + min(a, 0) < 0:
            raise ShapeError("narrow(): length must be non-negative.")
        source.append(slice(max(-b, 0), n - max(-a, 0)))
        target.append(slice(max(b, 0), m - max(a, 0)))
    full = alloc.full(shape, x.dtype.type(value), x.dtype) if value else alloc.zeros(shape, x.dtype)
    full[tuple(target)] = x[tuple(source)]
    return full


constant_pad.vjp("input")(lambda F, g, out, x, pad, value: F.constant_pad(g, tuple(-p for p in pad), 0))
constant_pad.jvp(lambda F, t, saved: F.constant_pad(t, saved[1], 0))


on_last_dims(constant_pad, 0)


# --- elements of the input -------------------------------------------------------------------------------------------
# An index array for each of the last dims says which element stands where; None leaves a dim as it is.


def _empty(dims: int, shape: Any) -> ShapeError:
    return ShapeError(
        f"Expected {dims + 1}D or {dims + 2}D (batch mode) tensor with possibly 0 batch size and other non-zero "
        f"dimensions for input, but got: {list(shape)}"
    )


@op("take_axes(input, indices)", work="elements", grad_fn="IndexBackward0", private=True, linear=True, layout="images")
def take_axes(x: Any, indices: Any) -> Any:
    """The elements at `indices` along each of the last dims."""
    out = x
    for axis, index in enumerate(indices, x.ndim - len(indices)):
        if index is not None:
            if not out.shape[axis] and len(index):
                raise _empty(len(indices), x.shape)
            out = np.take(out, index, axis)
    return out.copy() if out is x else out


take_axes.vjp("input", saves="input")(
    lambda F, g, out, x, indices: F.put_axes(g, indices, tuple(x.shape[x.ndim - len(indices) :]))
)


on_last_dims(take_axes, 0)


@op("put_axes(grad, indices, size)", grad_fn="IndexPutBackward0", private=True, linear=True)
def put_axes(g: Any, indices: Any, size: Any) -> Any:
    """The gradient of take_axes: what was taken several times gets the sum."""
    out = g
    for axis, (index, n) in enumerate(zip(indices, size, strict=True), g.ndim - len(indices)):
        if index is not None:
            rows = alloc.zeros((n, *np.delete(out.shape, axis)), out.dtype)
            np.add.at(rows, index, np.moveaxis(out, axis, 0))
            out = np.moveaxis(rows, 0, axis)
    return out.copy() if out is g else alloc.ascontiguousarray(out)


put_axes.vjp("grad")(lambda F, g, out, grad, indices, size: F.take_axes(g, indices))


on_last_dims(put_axes, 0)


def _reflected(n: int, left: int, right: int) -> Any:
    index = np.abs(alloc.arange(-left, n + right))
    return np.where(index >= n, 2 * (n - 1) - index, index)


def _around(kind: str, shape: Any, pad: Any) -> tuple[Any, ...]:
    """The index of each of the last dims for a padding that repeats the input's elements."""
    indices = []
    dims = len(pad) // 2
    for i in range(dims):
        n, left, right = shape[len(shape) - 1 - i], pad[2 * i], pad[2 * i + 1]
        if kind == "reflect":
            if left >= n or right >= n:
                raise ShapeError(
                    f"Argument #{4 + 2 * i}: Padding size should be less than the corresponding input dimension, but "
                    "got: "
                    f"padding ({left}, {right}) at dimension {len(shape) - 1 - i} of input {list(shape)}"
                )
            index = _reflected(n, left, right)
        elif kind == "replicate":
            index = np.clip(alloc.arange(-left, n + right), 0, n - 1)
        else:
            if left > n or right > n:
                raise ShapeError("Padding value causes wrapping around more than once.")
            if n + left + right < 0:
                raise ShapeError("Negative padding value is resulting in an empty dimension")
            # what is cut off first does not come back on the other side
            kept = n - max(-left, 0) - max(-right, 0)
            index = max(-left, 0) + alloc.arange(-max(left, 0), kept + max(right, 0)) % max(kept, 1)
        indices.append(index)
    return tuple(reversed(indices))


NAMES = {"reflect": "ReflectionPad{}DBackward0", "replicate": "ReplicationPad{}DBackward0", "circular": "CopySlices"}


def _pad_samples() -> list[call]:
    return [
        call(t(2, 3), (1, 2)),
        call(t(2, 2), (1, -1, 0, 2), "constant", 1.5),
        call(t(3), [-1, 1]),
        call(t(2, 3), (2, 1), "reflect"),
        call(t(1, 2, 3), (1, 1, 1, 0), mode="reflect"),
        call(t(2, 3), (2, 1), "replicate"),
        call(t(1, 1, 2, 2), (0, 1, 2, 0), "replicate"),
        call(t(2, 3), (2, 3), "circular"),
        call(t(3, 2, strided=True), (1, 1)),
    ]


@composite(
    "pad(input, pad, mode='constant', value=None)",
    python=True,
    method=False,
    samples=_pad_samples,
    formula="g without the padding; what repeats an element is added to it",
    example="pad(ones(2), (1, 1))",
)
def pad(input: Any, pad: Any, mode: Any, value: Any) -> Any:
    """`input` with (left, right, top, bottom, …) elements around its last dims."""
    pads = int_tuple("pad", "pad", 2, pad)
    shape = input.data.shape
    if len(pads) % 2:
        raise ShapeError("Padding length must be divisible by 2")
    if len(pads) > 2 * len(shape):
        raise ShapeError(
            "Padding length should be less than or equal to two times the input dimension but got padding length "
            f"{len(pads)} and input of dimension {len(shape)}"
        )
    if mode == "constant":
        return T.constant_pad(input, pads, 0 if value is None else value)
    if value is not None and value != 0:
        raise ValueProblem(f'Padding mode "{mode}" doesn\'t take in value argument')
    if mode not in NAMES:
        raise ValueProblem(f"Unrecognised padding mode {mode}", kind="NotImplementedError")
    dims = len(pads) // 2
    if not 1 <= dims <= 3 or len(shape) not in (dims + 1, dims + 2):
        raise ShapeError(
            f"Padding size {len(pads)} is not supported for {len(shape)}D input tensor.\n"
            "Supported combinations for non-constant padding:\n"
            "  - 2D or 3D input: padding size = 2 (pads last dimension)\n"
            "  - 3D or 4D input: padding size = 4 (pads last 2 dimensions)\n"
            "  - 4D or 5D input: padding size = 6 (pads last 3 dimensions)",
            kind="NotImplementedError",
        )
    if mode != "circular" and 0 in shape[1:]:
        raise _empty(dims, shape)
    if mode != "circular" and input.data.dtype.kind == "b":
        _around(mode, shape, pads)
        word = {"reflect": "reflection", "replicate": "replication"}[mode]
        raise not_implemented(f"{word}_pad{dims}d", input.data.dtype)
    second = "" if mode == "circular" else "Backward"
    out = run_as(take_axes, NAMES[mode].format(dims), input, _around(mode, shape, pads), second=second)
    if mode == "circular" and out.__class__ is Tensor:
        out.data = contiguous(out.data)
    return out
