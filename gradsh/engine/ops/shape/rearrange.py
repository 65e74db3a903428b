"""Flipping, rolling, repeating, windows, strides."""

from __future__ import annotations

import math
from typing import Any

import numpy as np

from gradsh.engine.core import alloc
from gradsh.engine.core.arguments import dim_index, dims_tuple, int_tuple, need_int, need_tensor, too_large
from gradsh.engine.core.batched import Shape, padded
from gradsh.engine.core.namespaces import T
from gradsh.engine.core.strided import elements, empty_as, offset, owner, strided
from gradsh.engine.core.tensor import Tensor, make
from gradsh.engine.kernels.summation import summed
from gradsh.engine.operators.batch_rules import along, along_in_shape, applied, sample_of
from gradsh.engine.operators.composite import composite
from gradsh.engine.operators.general import op
from gradsh.engine.operators.registry import METHODS
from gradsh.engine.operators.samples import call, t
from gradsh.engine.ops.shape.shape import clone_contiguous, reshape, unsqueeze, view
from gradsh.errors import DimError, DtypeError, ShapeError, ValueProblem

ndarray = np.ndarray

# --- order -----------------------------------------------------------------------------------------------------------


@op(
    "flip(input, *dims)",
    layout="own",
    work="elements",
    grad_fn="FlipBackward0",
    samples=lambda: [call(t(2, 3), (0,)), call(t(2, 3), 0, -1), call(t(0, 2), (1,)), call(t(), ())],
    formula="g.flip(dims)",
    example="flip(arange(3.), (0,))",
    linear=True,
)
def flip(x: Any, dims: Any) -> Any:
    """The elements in reverse order along `dims`, copied."""
    axes = dims_tuple(int_tuple("flip", "dims", 2, dims), x.ndim)
    index = tuple(slice(None, None, -1) if i in axes else slice(None) for i in range(x.ndim))
    out = empty_as(x)
    out[...] = x[index]
    return out


flip.vjp("input")(lambda F, g, out, x, dims: F.flip(g, dims))


along(flip, 1)


@composite(
    "fliplr(input)",
    rename="FlipBackward0",
    samples=lambda: [call(t(2, 3))],
    formula="g.fliplr()",
    example="fliplr(eye(2))",
)
def fliplr(input: Any) -> Any:
    """The columns in reverse order."""
    need_tensor("fliplr", "input", 1, input)
    if input.data.ndim < 2:
        raise ShapeError("Input must be >= 2-d.")
    return flip.apply(input, (1,))


@composite(
    "flipud(input)",
    rename="FlipBackward0",
    samples=lambda: [call(t(2, 3))],
    formula="g.flipud()",
    example="flipud(eye(2))",
)
def flipud(input: Any) -> Any:
    """The rows in reverse order."""
    need_tensor("flipud", "input", 1, input)
    if input.data.ndim < 1:
        raise ShapeError("Input must be >= 1-d.")
    return flip.apply(input, (0,))


@op(
    "rot90(input, k=1, dims=(0, 1))",
    layout="own",
    work="elements",
    grad_fn="Rot90Backward0",
    samples=lambda: [call(t(2, 3)), call(t(2, 3), 2), call(t(2, 1, 3), -1, (1, 2))],
    formula="g.rot90(-k, dims)",
    example="rot90(arange(4.).reshape(2, 2))",
    linear=True,
)
def rot90(x: Any, k: int, dims: Any) -> Any:
    """Rotated by 90 degrees `k` times in the plane of two dims, from the first towards the second."""
    dims = int_tuple("rot90", "dims", 3, dims)
    if len(dims) != 2:
        raise ShapeError(f"expected total rotation dims == 2, but got dims = {len(dims)}")
    if x.ndim < 2:
        raise ShapeError(f"expected total dims >= 2, but got total dims = {x.ndim}")
    if dims[0] == dims[1] or abs(dims[0] - dims[1]) == x.ndim:
        raise ShapeError(f"expected rotation dims to be different, but got dim0 = {dims[0]} and dim1 = {dims[1]}")
    first, second = dim_index(dims[0], x.ndim), dim_index(dims[1], x.ndim)
    k %= 4
    if k == 0:
        return alloc.array(x, order="C")
    if k == 2:
        return flip.kernel(x, (first, second))
    return flip.kernel(x, (second if k == 1 else first,)).swapaxes(first, second)


rot90.vjp("input")(lambda F, g, out, x, k, dims: F.rot90(g, -k, dims))


along(rot90, 2)


def _aligned(operator: str, shifts: Any, dims: Any) -> tuple[tuple[int, ...], tuple[int, ...]]:
    moves = (shifts,) if not isinstance(shifts, (tuple, list)) else tuple(shifts)
    along = () if dims is None else (dims,) if not isinstance(dims, (tuple, list)) else tuple(dims)
    return int_tuple(operator, "shifts", 2, moves), int_tuple(operator, "dims", 3, along)


@op(
    "roll(input, shifts, dims=None)",
    work="elements",
    grad_fn="RollBackward0",
    samples=lambda: [call(t(2, 3), 1), call(t(2, 3), (1, 2), (0, 1)), call(t(3), -2, 0), call(t(0, 2), 1, 1)],
    formula="g rolled back",
    example="roll(arange(4.), 1)",
    linear=True,
)
def roll(x: Any, shifts: Any, dims: Any) -> Any:
    """The elements moved along `dims`; what leaves at one end comes in at the other. Without dims, in flat order."""
    moves, along = _aligned("roll", shifts, dims)
    if not moves:
        raise ValueProblem("`shifts` required")
    if not along and len(moves) == 1:
        return np.roll(x, moves[0])
    if len(moves) != len(along):
        raise ShapeError(f"shifts and dimensions must align. shifts: {len(moves)}, dims:{len(along)}")
    if not x.ndim:
        raise DimError(f"Dimension specified as {along[0]} but tensor has no dimensions")
    return np.roll(x, moves, tuple(dim_index(d, x.ndim) for d in along))


@roll.vjp("input")
def _(F: Any, g: Any, out: Any, x: Any, shifts: Any, dims: Any) -> Any:
    return F.roll(g, tuple(-s for s in (shifts if isinstance(shifts, (tuple, list)) else (shifts,))), dims)


@roll.batched
def _(F: Any, size: int, batched: Any, x: Any, shifts: Any, dims: Any) -> Any:
    shape = sample_of(x)
    if dims is None or (isinstance(dims, (tuple, list)) and not dims):
        return F.reshape(applied(roll, F.reshape(x, (size, -1)), shifts, (1,)), (size, *shape)) if size else x
    each = dims if isinstance(dims, (tuple, list)) else (dims,)
    return applied(roll, x, shifts, tuple(dim_index(d, len(shape)) + 1 for d in each))


# --- repeats ---------------------------------------------------------------------------------------------------------


@op(
    "repeat(input, *repeats)",
    grad_fn="RepeatBackward0",
    samples=lambda: [call(t(2, 3), 2, 1), call(t(2), (2, 3)), call(t(), 2), call(t(2), 0), call(t(), ())],
    formula="g, summed over the copies",
    example="repeat(tensor([1., 2.]), 2)",
    linear=True,
)
def repeat(x: Any, repeats: Any) -> Any:
    """Copies of the tensor side by side, `repeats` times along each dimension."""
    repeats = int_tuple("repeat", "repeats", 2, repeats)
    if len(repeats) < x.ndim:
        raise ShapeError("Number of dimensions of repeat dims can not be smaller than number of dimensions of tensor")
    shape = (1,) * (len(repeats) - x.ndim) + x.shape
    target = [n * extent for n, extent in zip(repeats, shape, strict=True)]
    for n in target:
        if n < 0:
            raise ShapeError(f"Trying to create tensor with negative dimension {n}: {target}")
    if math.prod(n for n in target if n) * x.itemsize >= 2**63:  # which np.tile does not look for
        raise too_large(f"Storage size calculation overflowed with sizes={target}")
    return np.tile(x, repeats) if repeats else x.copy()


@repeat.vjp("input")
def _(F: Any, g: Any, out: Any, x: Any, repeats: Any) -> Any:
    lead = len(repeats) - len(x.shape)
    split: list[int] = []
    for n, extent in zip(repeats, (1,) * lead + x.shape, strict=True):
        split += (n, extent)
    if not split:
        return g
    summed = F.sum(F.reshape(g, tuple(split)), tuple(range(0, len(split), 2)), False, None)
    return F.reshape(summed, x.shape)


@repeat.batched
def _(F: Any, size: int, batched: Any, x: Any, repeats: Any) -> Any:
    repeats = tuple(repeats)
    if len(repeats) < len(sample_of(x)):
        return NotImplemented
    return applied(repeat, padded(x, len(repeats)), (1, *repeats))


@composite(
    "tile(input, *dims)",
    rename="RepeatBackward0",
    samples=lambda: [call(t(2, 3), 2), call(t(2), (2, 2))],
    formula="g, summed over the copies",
    example="tile(tensor([1., 2.]), (2,))",
)
def tile(input: Any, dims: Any) -> Any:
    """Copies of the tensor side by side; dims that are not named are left as they are."""
    need_tensor("tile", "input", 1, input)
    dims = int_tuple("tile", "dims", 2, dims)
    return repeat.apply(input, (1,) * (input.data.ndim - len(dims)) + dims)


def repeated_indices(repeats: Any, output_size: Any = None) -> Any:
    """[0] * repeats[0] + [1] * repeats[1] + ... as int64."""
    counts = repeats.data
    if counts.dtype.kind == "f" or counts.dtype.kind == "b":
        raise DtypeError(
            f"\"repeat_interleave_cpu\" not implemented for '{repeats.dtype.title}'", kind="NotImplementedError"
        )
    if counts.size and counts.min() < 0:
        raise ValueProblem("repeats can not be negative")
    counts = alloc.asarray(counts).reshape(-1)
    if sum(counts.tolist()) >= 2**60:
        raise too_large("numel: integer multiplication overflow")
    if output_size is not None and int(counts.sum()) != output_size:
        raise ShapeError("allocated size does not match required size")
    return np.repeat(alloc.arange(counts.size), counts)


@composite(
    "repeat_interleave(input, repeats=None, dim=None, *, output_size=None)",
    samples=lambda: [
        call(t(2, 3), 2),
        call(t(2, 3), 2, 1),
        call(t(2, 2), t(2, dtype="int64", values=[1, 2]), dim=0),
        call(t(), 2),
    ],
    formula="g, summed over the copies",
    example="repeat_interleave(tensor([1., 2.]), 2)",
    looped="the size of the result depends on values",
)
def repeat_interleave(input: Any, repeats: Any, dim: Any, output_size: Any) -> Any:
    """Every element `repeats` times in a row, along `dim` or in flat order; `repeats` may differ for each."""
    need_tensor("repeat_interleave", "input", 1, input)
    if repeats is None:
        if input.data.ndim != 1:
            raise ShapeError("repeat_interleave only accept 1D vector as repeat")
        return make(repeated_indices(input, output_size))
    if repeats.__class__ is not Tensor:
        count = need_int("repeat_interleave", "repeats", 2, repeats)
        if count < 0:
            raise ValueProblem("Repeats must be non-negative")
        x = input if dim is not None and input.data.ndim else reshape.apply(input, (-1,) if input.data.size else (0,))
        at = dim_index(0 if dim is None else dim, x.data.ndim)
        shape = x.data.shape
        wide = T.expand(unsqueeze.apply(x, at + 1), (*shape[: at + 1], count, *shape[at + 1 :]))
        target = (*shape[:at], shape[at] * count, *shape[at + 1 :])
        return view.apply(clone_contiguous.apply(wide), target)
    x = input if dim is not None and input.data.ndim else reshape.apply(input, (-1,) if input.data.size else (0,))
    at = dim_index(0 if dim is None else dim, x.data.ndim)
    n = x.data.shape[at]
    counts = repeats
    if counts.data.ndim > 1:
        raise ShapeError("repeats must be 0-dim or 1-dim tensor")
    if counts.data.size == 1 and n != 1:
        counts = make(alloc.full(n, counts.data.item(), counts.data.dtype))
    elif counts.data.size != n:
        raise ShapeError(
            "repeats must have the same size as input along dim, but got repeats.size(0) = "
            f"{counts.data.size} and input.size({at}) = {n}"
        )
    return T.index_select(x, at, make(repeated_indices(counts, output_size)))


# --- windows ---------------------------------------------------------------------------------------------------------


@op(
    "unfold_windows(input, dimension, size, step)",
    grad_fn="UnfoldBackward0",
    view=True,
    private=True,
    samples=lambda: [call(t(5), 0, 2, 1), call(t(2, 5), 1, 3, 2), call(t(), 0, 1, 1)],
    linear=True,
)
def unfold_windows(x: Any, dimension: int, size: int, step: int) -> Any:
    """A view of the windows of `size` elements, `step` apart, along `dimension`; the last dimension is the window."""
    dim = dim_index(need_int("unfold", "dimension", 1, dimension), x.ndim)
    size, step = need_int("unfold", "size", 2, size), need_int("unfold", "step", 3, step)
    extent = x.shape[dim] if x.ndim else 1
    if size < 0:
        raise ShapeError(f"size is {size} but must be >= 0")
    if size > extent:
        raise ShapeError(f"maximum size for tensor at dimension {dim} is {extent} but size is {size}")
    if step <= 0:
        raise ValueProblem(f"step is {step} but must be > 0")
    x = alloc.asarray(x)
    if not x.ndim:
        return strided(x, (size,), (x.itemsize,))
    count = (extent - size) // step + 1
    shape = (*x.shape[:dim], count, *x.shape[dim + 1 :], size)
    strides = (*x.strides[:dim], x.strides[dim] * step, *x.strides[dim + 1 :], x.strides[dim])
    return strided(x, shape, strides)


unfold_windows.vjp("input")(
    lambda F, g, out, x, dimension, size, step: F.unfold_backward(g, x.shape, dimension, size, step)
)


along(unfold_windows, 1)


@op(
    "unfold_backward(grad, shape, dimension, size, step)",
    work="elements",
    grad_fn="UnfoldBackwardBackward0",
    private=True,
    samples=lambda: [call(t(4, 2), (5,), 0, 2, 1), call(t(2, 2, 3), (2, 5), 1, 3, 2)],
    linear=True,
)
def unfold_backward(g: Any, shape: Any, dimension: int, size: int, step: int) -> Any:
    """The windows added up where they came from."""
    full = alloc.zeros(shape, g.dtype)
    if not shape:
        return summed(g)
    dim = dimension % len(shape)
    count = g.shape[dim]
    lead = (slice(None),) * dim
    for k in range(size):
        full[(*lead, slice(k, k + (count - 1) * step + 1, step))] += g[..., k]
    return full


unfold_backward.vjp("grad")(
    lambda F, g, out, grad, shape, dimension, size, step: F.unfold_windows(g, dimension, size, step)
)


along_in_shape(unfold_backward, 1, 2)


# `unfold` as a function is another one, nn.functional's
METHODS["unfold"] = unfold_windows.apply

# --- at least so many dimensions -------------------------------------------------------------------------------------


def _atleast(n: int) -> None:
    def one(operator: str, x: Any) -> Any:
        need_tensor(operator, "tensors", 1, x)
        ndim = x.data.ndim
        if ndim >= n:
            return x
        if ndim == 0:
            return view.apply(x, (1,) * n)
        if n == 3:
            return unsqueeze.apply(unsqueeze.apply(x, 0), -1) if ndim == 1 else unsqueeze.apply(x, -1)
        return unsqueeze.apply(x, 0)

    name = f"atleast_{n}d"

    def atleast(tensors: Any) -> Any:
        return one(name, tensors[0]) if len(tensors) == 1 else tuple(one(name, x) for x in tensors)

    atleast.__doc__ = f"Each tensor with {n} dimension{'s' * (n > 1)} at least, added as views of size 1."
    composite(
        f"{name}(*tensors)",
        python=True,
        method=False,
        formula="g, reshaped back",
        example=f"{name}(tensor(1.))",
        samples=lambda: [call(t()), call(t(2)), call(t(2, 3))],
    )(atleast)


for _n in (1, 2, 3):
    _atleast(_n)


# --- strides ---------------------------------------------------------------------------------------------------------


@composite(
    "as_strided(input, size, stride, storage_offset=None)",
    samples=lambda: [call(t(6), (2, 2), (1, 2)), call(t(2, 3), (2, 2), (1, 1), 1)],
    formula="g, added up where the elements came from",
    example="as_strided(arange(4.), (2, 2), (1, 1))",
)
def as_strided(input: Any, size: Any, stride: Any, storage_offset: Any) -> Any:
    """A view of the memory with any size and strides, in elements; the offset counts from where the memory begins."""
    need_tensor("as_strided", "input", 1, input)
    size, stride = int_tuple("as_strided", "size", 2, size), int_tuple("as_strided", "stride", 3, stride)
    x = input.data
    if x.__class__ is Shape:
        own, before = contiguous_strides(x.shape), 0  # a sample inside `vmap`: as if it had its memory for itself
    else:
        x = alloc.asarray(x)
        own, before = tuple(s // x.itemsize for s in x.strides), offset(x)
    start = 0 if storage_offset is None else need_int("as_strided", "storage_offset", 4, storage_offset) - before
    return strided_view.apply(input, size, stride, start, own)


@op(
    "strided_view(input, size, stride, start, own)",
    grad_fn="AsStridedBackward0",
    view=True,
    private=True,
    samples=lambda: [call(t(6), (2, 2), (1, 2), 0, (1,)), call(t(2, 3), (2, 2), (1, 1), 1, (3, 1))],
    linear=True,
)
def strided_view(x: Any, size: Any, stride: Any, start: int, own: Any) -> Any:
    """A view of the memory of `input`, whose own strides are `own`, from `start` elements after its first on."""
    x = alloc.asarray(x)
    return elements(owner(x), x.dtype, size, stride, offset(x) + start)


strided_view.vjp("input")(
    lambda F, g, out, x, size, stride, start, own: F.strided_view_backward(g, x.shape, size, stride, start, own)
)
strided_view.jvp(lambda F, t, saved: F.strided_read(t, *saved[1:5]))


def contiguous_strides(shape: tuple[int, ...]) -> tuple[int, ...]:
    """The strides, in elements, of an array in C order."""
    return tuple(math.prod(shape[i + 1 :]) for i in range(len(shape)))


class Places:
    """Where the elements of an array and those of its strided view lie in a piece of memory that has both.

    own, view  the elements' numbers in memory, in the array's shape and in the view's
    size       how many elements the memory has
    shared     how many elements of the array lie in each place, None where it is one at most
    """

    __slots__ = ("own", "shared", "size", "view")

    def __init__(self, shape: Any, own: Any, size: Any, stride: Any, start: int) -> None:
        lowest = min(0, start)
        self.own = _places(shape, own, -lowest)
        self.view = _places(size, stride, start - lowest)
        self.size = 1 + max(int(self.own.max(initial=0)), int(self.view.max(initial=0)))
        counts = np.bincount(self.own.reshape(-1), minlength=self.size)
        self.shared = np.maximum(counts, 1) if counts.max() > 1 else None

    def moved(self, values: Any, source: Any, target: Any) -> Any:
        """What lies at `target` once `values` were added up at `source`; the elements of one place share it evenly."""
        memory = alloc.zeros(self.size, values.dtype)
        np.add.at(memory, source, values)
        if self.shared is not None:
            memory = (memory / self.shared).astype(values.dtype)
        return memory[target]


def _places(shape: Any, strides: Any, start: int) -> Any:
    places = alloc.full(shape, start)
    for d, (n, s) in enumerate(zip(shape, strides, strict=True)):
        places += (alloc.arange(n) * s).reshape((n,) + (1,) * (len(shape) - d - 1))
    return places


@op(
    "strided_view_backward(grad, shape, size, stride, start, own)",
    grad_fn="AsStridedBackwardBackward0",
    private=True,
    samples=lambda: [
        call(t(2, 2), (6,), (2, 2), (1, 2), 0, (1,)),
        call(t(2, 2), (2, 3), (2, 2), (1, 1), 1, (1, 2)),
        call(t(2), (3, 2), (2,), (1,), 0, (0, 1)),
    ],
    linear=True,
)
def strided_view_backward(g: Any, shape: Any, size: Any, stride: Any, start: int, own: Any) -> Any:
    """Zeros of `shape` to which `grad` is added where the strides of the view lead."""
    places = Places(shape, own, size, stride, start)
    return places.moved(g, places.view, places.own)


strided_view_backward.vjp("grad")(
    lambda F, g, out, grad, shape, size, stride, start, own: F.strided_read(g, size, stride, start, own)
)


@op(
    "strided_read(input, size, stride, start, own)",
    grad_fn="AsStridedBackward0",
    private=True,
    samples=lambda: [
        call(t(6), (2, 2), (1, 2), 1, (1,)),
        call(t(2, 3), (2, 2), (1, 1), 1, (1, 2)),
        call(t(3, 2), (2,), (1,), 0, (0, 1)),
    ],
    linear=True,
)
def strided_read(x: Any, size: Any, stride: Any, start: int, own: Any) -> Any:
    """The elements that the strides of a view lead to, if `input` lay in memory with the strides `own`."""
    places = Places(x.shape, own, size, stride, start)
    return places.moved(x, places.own, places.view)


strided_read.vjp("input")(
    lambda F, g, out, x, size, stride, start, own: F.strided_view_backward(g, x.shape, size, stride, start, own)
)
