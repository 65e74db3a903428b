"""Pooling to a wanted size: windows that divide the input as evenly as they can."""

from __future__ import annotations

import math
from itertools import product
from typing import Any

import numpy as np

from gradsh.engine.core import alloc
from gradsh.engine.core.arguments import is_int, not_implemented, too_large, too_long, type_word, whole
from gradsh.engine.core.namespaces import T
from gradsh.engine.core.tensor import Tensor
from gradsh.engine.kernels.summation import in_turn, summed
from gradsh.engine.operators.batch_rules import on_images
from gradsh.engine.operators.composite import composite
from gradsh.engine.operators.general import op
from gradsh.engine.operators.registry import NOT_FLOATS
from gradsh.engine.operators.samples import call, t
from gradsh.errors import ArgumentError, ShapeError


def bounds(n: int, m: int) -> list[tuple[int, int]]:
    """Where the m windows over n elements begin and end; they may overlap by one."""
    return [(i * n // m, -((i + 1) * n // -m)) for i in range(m)]


def _size(name: str, output_size: Any, size: Any) -> tuple[int, ...]:
    """The wanted size, None standing for the input's."""
    dims = len(size)
    values = tuple(output_size) if isinstance(output_size, (tuple, list)) else (output_size,) * dims
    if len(values) != dims:
        if dims == 1:
            raise ShapeError(f"{name}() argument 'output_size' should contain one int (got {len(values)})")
        if "max" in name:
            raise ShapeError(f"{name}(): internal error: output_size.size() must be {dims}")
        raise ShapeError(f"{name}: output_size must be {dims}")
    if any(v is not None and not is_int(v) for v in values):
        raise ArgumentError(
            f"{name}(): argument 'output_size' (position 2) must be tuple of ints, not {_word(output_size)}"
        )
    out = tuple(n if v is None else whole(v) for v, n in zip(values, size, strict=True))
    if max(map(abs, out)) >= 2**63:
        raise too_long()
    if math.prod(out) >= 2**60:
        raise too_large("numel: integer multiplication overflow")
    return out


def _word(output_size: Any) -> str:
    if isinstance(output_size, (tuple, list)):
        at, wrong = next((i, v) for i, v in enumerate(output_size) if v is not None and not is_int(v))
        return f"{type_word(wrong)} at pos {at}"
    return type_word(output_size)


def _means(x: Any, out: Any) -> Any:
    """Means of the windows: their numbers are added one after the other, and divided by the extent of each dim."""
    dims = len(out)
    lead, size = x.shape[:-dims], x.shape[-dims:]
    wide = x.astype(np.float32) if x.dtype == np.float16 else x
    if not math.prod(out) or not x.size:
        return alloc.zeros((*lead, *out), x.dtype)
    if set(out) == {1}:  # PyTorch takes the mean
        over = tuple(range(x.ndim - dims, x.ndim))
        return (summed(wide, over, True) / math.prod(size)).astype(x.dtype)
    each = [_ends(n, m) for n, m in zip(size, out, strict=True)]
    largest = [int((end - start).max()) for start, end in each]
    windows = product(*([slice(*ends) for ends in zip(*pair, strict=True)] for pair in each))
    if math.prod(out) <= math.prod(largest):
        rows = [in_turn(wide[(..., *window)].reshape(math.prod(lead), -1)) for window in windows]
        total = np.stack(rows, -1).reshape(*lead, *out)
    else:
        total = alloc.zeros((*lead, *out), wide.dtype)
        for offset in np.ndindex(*largest):
            at = [start + k for (start, _end), k in zip(each, offset, strict=True)]
            number = wide[(..., *np.ix_(*(np.minimum(a, n - 1) for a, n in zip(at, size, strict=True))))]
            inside: Any = True
            for axis, (place, (_start, end)) in enumerate(zip(at, each, strict=True)):
                inside = inside & (place < end).reshape(-1, *(1,) * (dims - 1 - axis))
            total = np.where(inside, total + number, total)
    for axis, (start, end) in enumerate(each):
        total = total / (end - start).astype(wide.dtype).reshape(-1, *(1,) * (dims - 1 - axis))
    return total.astype(x.dtype)


def _ends(n: int, m: int) -> tuple[Any, Any]:
    """`bounds` for more windows than elements, of which there may be very many: each has one or two."""
    at = alloc.arange(m)
    return at * n // m, -((at + 1) * n // -m)


def _spread(g: Any, size: Any) -> Any:
    """The gradient of `_means`: every mean shared by the elements of its window."""
    for axis, n in enumerate(size, g.ndim - len(size)):
        m = g.shape[axis]
        if n == m:
            continue
        full = alloc.zeros((*g.shape[:axis], n, *g.shape[axis + 1 :]), g.dtype)
        if m > n:
            start, end = _ends(n, m)
            rows, each = np.moveaxis(full, axis, 0), np.moveaxis(g, axis, 0)
            size_of = (end - start).reshape(-1, *(1,) * (g.ndim - 1))
            np.add.at(rows, start, (each / size_of).astype(g.dtype))
            two = end - start == 2
            np.add.at(rows, start[two] + 1, each[two] / 2)
            g = full
            continue
        for i, (start, end) in enumerate(bounds(n, m)):
            lead = (slice(None),) * axis
            full[(*lead, slice(start, end))] += g[(*lead, slice(i, i + 1))] / (end - start)
        g = full
    return g


def _mean_op(dims: int) -> None:
    def forward(x: Any, out: Any) -> Any:
        return _means(x, out)

    def backward(g: Any, size: Any) -> Any:
        result = _spread(g, size)
        return result.copy() if result is g else result

    name = f"adaptive_means{dims}d"
    one = op(
        f"{name}(input, out)",
        grad_fn=f"AdaptiveAvgPool{dims}DBackward0",
        second="Backward",
        private=True,
        linear=True,
        layout="images" if dims == 2 else "contiguous",
    )(forward)
    two = op(
        f"{name}_backward(grad, size)", grad_fn=f"AdaptiveAvgPool{dims}DBackwardBackward0", private=True, linear=True
    )(backward)
    # PyTorch saves the input, though only its shape is needed
    one.vjp("input", saves="input")(
        lambda F, g, result, x, out: getattr(F, f"{name}_backward")(g, tuple(x.shape[-len(out) :]))
    )
    two.vjp("grad")(lambda F, g, result, grad, size: getattr(F, name)(g, tuple(grad.shape[-len(size) :])))
    on_images(one)
    on_images(two)


_mean_op(2)
_mean_op(3)


def _largest(x: Any, out: Any) -> tuple[Any, Any]:
    """The largest of each window and its flat position in the plane."""
    dims = len(out)
    lead, size = x.shape[:-dims], x.shape[-dims:]
    values: Any = alloc.empty((*lead, *out), x.dtype)
    index: Any = alloc.empty((*lead, *out), np.int64)
    planes = alloc.arange(math.prod(size)).reshape(size)
    for at in product(*map(range, out)):
        window = tuple(slice(n * i // m, -((i + 1) * n // -m)) for i, n, m in zip(at, size, out, strict=True))
        part = x[(..., *window)]
        part = part.reshape(*lead, math.prod(part.shape[-dims:]))
        where = np.argmax(part, -1)
        index[(..., *at)] = planes[window].reshape(-1)[where]
        values[(..., *at)] = np.take_along_axis(part, where[..., None], -1)[..., 0]
    return values, index


def _max_op(dims: int) -> None:
    def kernel(x: Any, out: Any) -> Any:
        return _largest(x, out)

    entry = op(
        f"adaptive_largest{dims}d(input, out)",
        grad_fn=f"AdaptiveMaxPool{dims}DBackward0",
        second="Backward",
        private=True,
        outputs=2,
        layout="images",
        refuses={"adaptive_max_pool2d" if dims == 2 else "adaptive_max_pool3d_cpu": NOT_FLOATS},
    )(kernel)
    entry.vjp("input", saves="input out")(
        lambda F, g, result, x, out: F.plane_put(g[0], result[1], tuple(x.shape[-len(out) :]))
    )
    on_images(entry)


_max_op(2)
_max_op(3)


def _checked(name: str, kind: str, dims: int, input: Any, output_size: Any) -> Any:
    if not isinstance(input, Tensor):
        raise ArgumentError(f"{name}(): argument 'input' (position 1) must be Tensor, not {type(input).__name__}")
    shape = input.data.shape
    if len(shape) not in (dims + 1, dims + 2):
        if dims == 1:
            raise ShapeError(
                f"Expected 2 to 3 dimensions, but got {len(shape)}-dimensional tensor for argument #1 'self' (while "
                "checking "
                f"arguments for {name})"
            )
        if isinstance(output_size, (tuple, list)) and len(shape) <= len(output_size):
            raise ShapeError(f"Input dimension should be at least {len(output_size) + 1}", kind="ValueError")
        but = "but got:" if kind == "max" else "but got"
        raise ShapeError(f"{name}(): Expected {dims + 1}D or {dims + 2}D tensor, {but} {list(shape)}")
    return input


def _adaptive_avg(dims: int) -> Any:
    name = f"adaptive_avg_pool{dims}d"

    def function(input: Any, output_size: Any) -> Any:
        x = _checked(name, "avg", dims, input, output_size)
        out = _size(name, output_size, x.data.shape[-dims:])
        if any(m < 0 for m in out):
            # the words are of the kernel: that of a plane for one dim, and PyTorch's own comma for three
            shown = f"1, {out[0]}" if dims == 1 else f"{out[0]}, {','.join(map(str, out[1:]))}"
            raise ShapeError(
                f"adaptive_avg_pool{max(dims, 2)}d: elements of output_size must be greater than or equal to 0 "
                f"but received {{{shown}}}"
            )
        if dims == 1:
            x = T.unsqueeze(x, -2)
            return T.squeeze(_average(x, (1, *out)), -2)
        return _average(x, out)

    def _average(x: Any, out: Any) -> Any:
        if all(m == 1 for m in out):
            return T.mean(x, tuple(range(-len(out), 0)), True)
        shape = x.data.shape
        for dim in range(1 if dims == 3 else len(shape) - len(out), len(shape)):
            if not shape[dim]:
                raise ShapeError(
                    f"adaptive_avg_pool{len(out)}d(): Expected input to have non-zero size for non-batch dimensions, "
                    f"but input has sizes {list(shape)} with dimension {dim} being empty"
                )
        if x.data.dtype.kind != "f":
            raise not_implemented("adaptive_avg_pool3d_cpu" if dims == 3 else "adaptive_avg_pool2d", x.data.dtype)
        return getattr(T, f"adaptive_means{len(out)}d")(x, out)

    function.__doc__ = f"Means of as many windows as asked for over the last {dims} dim{'s' * (dims > 1)}."
    size = ", ".join(["4"] * dims)
    extents = (5, 3, 2)[:dims] if dims < 3 else (2, 3, 2)
    return composite(
        f"{name}(input, output_size)",
        python=dims > 1,
        method=False,
        samples=lambda: [
            call(t(1, 1, *extents), 2),
            call(t(2, *extents[:dims]), 1),
            call(t(1, 1, *extents), (*(None,) * (dims - 1), 2)),
        ],
        formula="g / (window size) for every element of the window",
        example=f"{name}(ones(1, 1, {size}), 2)",
    )(function)


def _adaptive_max(dims: int) -> Any:
    name = f"adaptive_max_pool{dims}d"

    def function(input: Any, output_size: Any, return_indices: Any) -> Any:
        x = _checked(name, "max", dims, input, output_size)
        shape = x.data.shape
        for dim in range(1, len(shape)):
            if not shape[dim]:
                raise ShapeError(
                    f"{name}(): Expected input to have non-zero size for non-batch dimensions, but input has sizes "
                    f"{list(shape)} with dimension {dim} being empty"
                )
        out = _size(name, output_size, shape[-dims:])
        for m in out:
            if m < 0:
                whole = [*shape[:-dims], *(1,) * (dims == 1), *out]
                raise ShapeError(f"Trying to create tensor with negative dimension {m}: {whole}")
        if dims == 1:
            values, index = T.adaptive_largest2d(T.unsqueeze(x, -2), (1, *out))
            values, index = T.squeeze(values, -2), T.squeeze(index, -2)
        else:
            values, index = getattr(T, f"adaptive_largest{dims}d")(x, out)
        return (values, index) if return_indices else values

    function.__doc__ = (
        f"The largest elements of as many windows as asked for over the last {dims} dim{'s' * (dims > 1)}."
    )
    size = ", ".join(["4"] * dims)
    extents = (5, 3, 2)[:dims] if dims < 3 else (2, 3, 2)
    return composite(
        f"{name}(input, output_size, return_indices=False)",
        python=True,
        method=False,
        samples=lambda: [
            call(t(1, 1, *extents, distinct=True), 2),
            call(t(2, *extents[:dims], distinct=True), 1, True),
        ],
        formula="g at the largest element of each window",
        kinks="of several largest elements the first",
        example=f"{name}(ones(1, 1, {size}), 2)",
    )(function)


adaptive_avg_pool1d, adaptive_avg_pool2d, adaptive_avg_pool3d = (_adaptive_avg(n) for n in (1, 2, 3))
adaptive_max_pool1d, adaptive_max_pool2d, adaptive_max_pool3d = (_adaptive_max(n) for n in (1, 2, 3))
