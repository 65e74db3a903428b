"""Flipping, rolling, repeating; diagonals and triangles; writing a part into a copy."""

from __future__ import annotations

from typing import Any

import numpy as np

from gradsh.engine.checks import dim_index, dims_tuple, int_tuple, need_int, need_tensor, type_word
from gradsh.engine.general import op
from gradsh.engine.ops.shape import reshape, select_index, unsqueeze, view
from gradsh.engine.registry import METHODS, T, composite
from gradsh.engine.samples import call, t
from gradsh.engine.tensor import Tensor, make
from gradsh.errors import ArgumentError, DtypeError, ShapeError, ValueProblem

ndarray = np.ndarray

# --- order --------------------------------------------------------------------------------------------------------------


@op(
    "flip(input, *dims)",
    grad_fn="FlipBackward0",
    samples=lambda: [call(t(2, 3), (0,)), call(t(2, 3), 0, -1), call(t(0, 2), (1,)), call(t(), ())],
    formula="g.flip(dims)",
    example="flip(arange(3.), (0,))",
)
def flip(x: Any, dims: Any) -> Any:
    """The elements in reverse order along `dims`, copied."""
    axes = dims_tuple(int_tuple("flip", "dims", 2, dims), x.ndim)
    index = tuple(slice(None, None, -1) if i in axes else slice(None) for i in range(x.ndim))
    return np.ascontiguousarray(x[index]) if x.ndim else x.copy()


flip.vjp("input")(lambda F, g, out, x, dims: F.flip(g, dims))


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
    grad_fn="Rot90Backward0",
    samples=lambda: [call(t(2, 3)), call(t(2, 3), 2), call(t(2, 1, 3), -1, (1, 2))],
    formula="g.rot90(-k, dims)",
    example="rot90(arange(4.).reshape(2, 2))",
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
        return x.copy()
    if k == 2:
        return flip.kernel(x, (first, second))
    return flip.kernel(x, (second if k == 1 else first,)).swapaxes(first, second)


rot90.vjp("input")(lambda F, g, out, x, k, dims: F.rot90(g, -k, dims))


def _aligned(operator: str, shifts: Any, dims: Any) -> tuple[tuple[int, ...], tuple[int, ...]]:
    moves = (shifts,) if not isinstance(shifts, (tuple, list)) else tuple(shifts)
    along = () if dims is None else (dims,) if not isinstance(dims, (tuple, list)) else tuple(dims)
    return int_tuple(operator, "shifts", 2, moves), int_tuple(operator, "dims", 3, along)


@op(
    "roll(input, shifts, dims=None)",
    grad_fn="RollBackward0",
    samples=lambda: [call(t(2, 3), 1), call(t(2, 3), (1, 2), (0, 1)), call(t(3), -2, 0), call(t(0, 2), 1, 1)],
    formula="g rolled back",
    example="roll(arange(4.), 1)",
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
    return np.roll(x, moves, tuple(dim_index(d, x.ndim) for d in along))


@roll.vjp("input")
def _(F: Any, g: Any, out: Any, x: Any, shifts: Any, dims: Any) -> Any:
    return F.roll(g, tuple(-s for s in (shifts if isinstance(shifts, (tuple, list)) else (shifts,))), dims)


# --- repeats ------------------------------------------------------------------------------------------------------------


@op(
    "repeat(input, *repeats)",
    grad_fn="RepeatBackward0",
    samples=lambda: [call(t(2, 3), 2, 1), call(t(2), (2, 3)), call(t(), 2), call(t(2), 0), call(t())],
    formula="g, summed over the copies",
    example="repeat(tensor([1., 2.]), 2)",
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
    counts = np.asarray(counts).reshape(-1)
    if output_size is not None and int(counts.sum()) != output_size:
        raise ShapeError("allocated size does not match required size")
    return np.repeat(np.arange(counts.size), counts)


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
)
def repeat_interleave(input: Any, repeats: Any, dim: Any, output_size: Any) -> Any:
    """Every element `repeats` times in a row, along `dim` or in flat order; `repeats` may differ for each."""
    need_tensor("repeat_interleave", "input", 1, input)
    if repeats is None:
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
        return view.apply(T.clone(wide), target)
    x = input if dim is not None and input.data.ndim else reshape.apply(input, (-1,) if input.data.size else (0,))
    at = dim_index(0 if dim is None else dim, x.data.ndim)
    n = x.data.shape[at]
    counts = repeats
    if counts.data.ndim > 1:
        raise ShapeError("repeats must be 0-dim or 1-dim tensor")
    if counts.data.size == 1 and n != 1:
        counts = make(np.full(n, counts.data.item(), counts.data.dtype))
    elif counts.data.size != n:
        raise ShapeError(
            "repeats must have the same size as input along dim, but got repeats.size(0) = "
            f"{counts.data.size} and input.size({at}) = {n}"
        )
    return T.index_select(x, at, make(repeated_indices(counts, output_size)))


# --- triangles and diagonals ------------------------------------------------------------------------------------------


def _matrix(operator: str, x: Any) -> None:
    if x.ndim < 2:
        raise ShapeError(f"{operator}: input tensor must have at least 2 dimensions")


def _triangle_samples() -> list[call]:
    return [call(t(3, 3)), call(t(2, 3), 1), call(t(2, 3, 2), -1), call(t(0, 2)), call(t(3, 2, strided=True))]


@op(
    "tril(input, diagonal=0)",
    grad_fn="TrilBackward0",
    inplace=True,
    samples=_triangle_samples,
    formula="g.tril(diagonal)",
    example="tril(ones(2, 2))",
)
def tril(x: Any, diagonal: int) -> Any:
    """The lower triangle of matrices, zeros above the diagonal."""
    _matrix("tril", x)
    return np.tril(x, diagonal)


tril.vjp("input")(lambda F, g, out, x, diagonal: F.tril(g, diagonal))


@op(
    "triu(input, diagonal=0)",
    grad_fn="TriuBackward0",
    inplace=True,
    samples=_triangle_samples,
    formula="g.triu(diagonal)",
    example="triu(ones(2, 2))",
)
def triu(x: Any, diagonal: int) -> Any:
    """The upper triangle of matrices, zeros below the diagonal."""
    _matrix("triu", x)
    return np.triu(x, diagonal)


triu.vjp("input")(lambda F, g, out, x, diagonal: F.triu(g, diagonal))


def diagonal_dims(ndim: int, dim1: int, dim2: int) -> tuple[int, int]:
    """The two dims of a diagonal, checked and not negative."""
    first, second = dim_index(dim1, ndim), dim_index(dim2, ndim)
    if first == second:
        raise ShapeError(f"diagonal dimensions cannot be identical {dim1}, {dim2}")
    return first, second


def diagonal_view(x: Any, offset: int, dim1: int, dim2: int) -> Any:
    """A writable view of a diagonal of an array."""
    first, second = diagonal_dims(x.ndim, dim1, dim2)
    rows, columns = x.shape[first], x.shape[second]
    length = max(0, min(rows, columns - offset) if offset >= 0 else min(rows + offset, columns))
    index: list[Any] = [slice(None)] * x.ndim
    if length:
        if offset > 0:
            index[second] = slice(offset, None)
        elif offset < 0:
            index[first] = slice(-offset, None)
    rest = [i for i in range(x.ndim) if i not in (first, second)]
    corner = x[tuple(index)]
    shape = tuple(x.shape[i] for i in rest) + (length,)
    strides = tuple(x.strides[i] for i in rest) + (x.strides[first] + x.strides[second],)
    return np.lib.stride_tricks.as_strided(corner, shape, strides)


@op(
    "diagonal(input, offset=0, dim1=0, dim2=1)",
    grad_fn="DiagonalBackward0",
    view=True,
    samples=lambda: [call(t(3, 3)), call(t(2, 3), 1), call(t(2, 3), -1), call(t(2, 2, 3), 0, 1, -1), call(t(2, 2), 5)],
    formula="g on the diagonal among zeros",
    example="diagonal(ones(2, 2))",
)
def diagonal(x: Any, offset: int, dim1: int, dim2: int) -> Any:
    """A view of the diagonal of two dims, which becomes the last dimension."""
    return diagonal_view(x, offset, dim1, dim2)


diagonal.vjp("input")(lambda F, g, out, x, offset, dim1, dim2: F.diagonal_backward(g, x.shape, offset, dim1, dim2))


@op(
    "diagonal_backward(grad, shape, offset, dim1, dim2)",
    grad_fn="DiagonalBackwardBackward0",
    private=True,
    samples=lambda: [call(t(2), (2, 3), 0, 0, 1)],
)
def diagonal_backward(g: Any, shape: Any, offset: int, dim1: int, dim2: int) -> Any:
    """Zeros of `shape` with `grad` on a diagonal."""
    full = np.zeros(shape, g.dtype)
    diagonal_view(full, offset, dim1, dim2)[...] = g
    return full


diagonal_backward.vjp("grad")(lambda F, g, out, grad, shape, offset, dim1, dim2: F.diagonal(g, offset, dim1, dim2))


@op(
    "diag_embed(input, offset=0, dim1=-2, dim2=-1)",
    grad_fn="DiagEmbedBackward0",
    samples=lambda: [call(t(3)), call(t(2, 2)), call(t(2), 1), call(t(2, 2), -1, 0, 2)],
    formula="g's diagonal",
    example="diag_embed(tensor([1., 2.]))",
)
def diag_embed(x: Any, offset: int, dim1: int, dim2: int) -> Any:
    """Matrices of zeros with the last dimension of `input` on their diagonals."""
    if x.ndim == 0:
        raise ShapeError("diag_embed: expected at least a 1-dim tensor")
    first, second = diagonal_dims(x.ndim + 1, dim1, dim2)
    n = x.shape[-1] + abs(offset)
    shape = list(x.shape[:-1])
    for d in sorted((first, second)):
        shape.insert(d, n)
    full = np.zeros(shape, x.dtype)
    diagonal_view(full, offset, first, second)[...] = x
    return full


diag_embed.vjp("input")(lambda F, g, out, x, offset, dim1, dim2: F.diagonal(g, offset, dim1, dim2))


@op(
    "diagonal_copy(input, offset, dim1, dim2)",
    grad_fn="DiagonalBackward0_copy",
    private=True,
    samples=lambda: [call(t(2, 3), 0, 0, 1)],
)
def diagonal_copy(x: Any, offset: int, dim1: int, dim2: int) -> Any:
    """A copy of a diagonal."""
    return diagonal_view(x, offset, dim1, dim2).copy()


diagonal_copy.vjp("input")(lambda F, g, out, x, offset, dim1, dim2: F.diagonal_backward(g, x.shape, offset, dim1, dim2))


@composite(
    "diag(input, diagonal=0)",
    samples=lambda: [call(t(3)), call(t(2, 3), 1), call(t(2, 2))],
    formula="g's diagonal for a vector; g on the diagonal for a matrix",
    example="diag(tensor([1., 2.]))",
)
def diag(input: Any, diagonal: int) -> Any:
    """A matrix with a vector on its diagonal, or the diagonal of a matrix."""
    need_tensor("diag", "input", 1, input)
    n = input.data.ndim
    if n == 1:
        return diag_embed.apply(input, diagonal)
    if n == 2:
        return diagonal_copy.apply(input, diagonal, 0, 1)
    raise ShapeError(f"diag(): Supports 1D or 2D tensors. Got {n}D")


@composite(
    "diagflat(input, offset=0)",
    samples=lambda: [call(t(2, 2)), call(t(2), -1)],
    formula="g's diagonal",
    example="diagflat(tensor([1., 2.]))",
)
def diagflat(input: Any, offset: int) -> Any:
    """A matrix with all elements of `input` on its diagonal."""
    need_tensor("diagflat", "input", 1, input)
    return diag_embed.apply(reshape.apply(input, (input.data.size,)), offset)


@op(
    "trace(input)",
    grad_fn="TraceBackward0",
    samples=lambda: [call(t(3, 3)), call(t(2, 3))],
    formula="g on the diagonal",
    example="trace(eye(2))",
)
def trace(x: Any) -> Any:
    """The sum of the diagonal of a matrix."""
    if x.ndim != 2:
        raise ShapeError(f"trace: expected a matrix, but got tensor with dim {x.ndim}")
    return np.add.reduce(diagonal_view(x, 0, 0, 1), dtype=x.dtype if x.dtype.kind == "f" else np.int64)


@trace.vjp("input")
def _(F: Any, g: Any, out: Any, x: Any) -> Any:
    n = min(x.shape)
    return F.diagonal_backward(F.expand(g, (n,)), x.shape, 0, 0, 1)


@op(
    "block_diag(*tensors)",
    grad_fn="BlockDiagBackward0",
    method=False,
    samples=lambda: [call(t(2, 2), t(3), t()), call(t(1, 2))],
    formula="g's block for each",
    example="block_diag(ones(2, 2), tensor([3.]))",
)
def block_diag(tensors: Any) -> Any:
    """Matrices along the diagonal of one matrix of zeros; vectors are rows, 0-d tensors 1 x 1."""
    for i, x in enumerate(tensors):
        if not isinstance(x, (ndarray, np.generic)):
            raise ArgumentError(f"expected Tensor as element {i} in argument 0, but got {type_word(x)}")
        if x.ndim > 2:
            raise ShapeError(
                f"torch.block_diag: Input tensors must have 2 or fewer dimensions. Input {i} has {x.ndim} dimensions"
            )
    blocks = [np.reshape(x, (1,) * (2 - x.ndim) + x.shape) for x in tensors]
    dtype = np.result_type(*blocks) if len({b.dtype for b in blocks}) > 1 else blocks[0].dtype
    full = np.zeros((sum(b.shape[0] for b in blocks), sum(b.shape[1] for b in blocks)), dtype)
    row = column = 0
    for block in blocks:
        full[row : row + block.shape[0], column : column + block.shape[1]] = block
        row, column = row + block.shape[0], column + block.shape[1]
    return full


@block_diag.vjp("tensors")
def _(F: Any, g: Any, out: Any, tensors: Any) -> list[Any]:
    parts = []
    row = column = 0
    for x in tensors:
        rows, columns = ((1,) * (2 - len(x.shape)) + x.shape)[:2]
        parts.append(F.reshape(F.narrow(F.narrow(g, 0, row, rows), 1, column, columns), x.shape))
        row, column = row + rows, column + columns
    return parts


# --- a part written into a copy ---------------------------------------------------------------------------------------


def _same_size(source: Any, part: Any) -> None:
    if source.shape != part.shape:
        raise ShapeError(
            "expected src to have a size equal to the slice of self. "
            f"src size = {list(source.shape)}, slice size = {list(part.shape)}"
        )


@op(
    "diagonal_scatter(input, src, offset=0, dim1=0, dim2=1)",
    grad_fn="DiagonalScatterBackward0",
    samples=lambda: [call(t(3, 3), t(3)), call(t(2, 3), t(2), 1)],
    formula="input: g with zeros on the diagonal; src: g's diagonal",
    example="diagonal_scatter(zeros(2, 2), ones(2))",
)
def diagonal_scatter(x: Any, src: Any, offset: int, dim1: int, dim2: int) -> Any:
    """A copy with `src` on the diagonal."""
    full = x.copy()
    part = diagonal_view(full, offset, dim1, dim2)
    _same_size(src, part)
    part[...] = src
    return full


@diagonal_scatter.vjp("input")
def _(F: Any, g: Any, out: Any, x: Any, src: Any, offset: int, dim1: int, dim2: int) -> Any:
    return g - F.diagonal_backward(F.diagonal(g, offset, dim1, dim2), x.shape, offset, dim1, dim2)


diagonal_scatter.vjp("src")(lambda F, g, out, x, src, offset, dim1, dim2: F.diagonal(g, offset, dim1, dim2))


@op(
    "select_scatter(input, src, dim, index)",
    grad_fn="SelectScatterBackward0",
    samples=lambda: [call(t(2, 3), t(3), 0, 1), call(t(2, 3), t(2), -1, -1)],
    formula="input: g with zeros there; src: g there",
    example="select_scatter(zeros(2, 2), ones(2), 0, 0)",
)
def select_scatter(x: Any, src: Any, dim: int, index: int) -> Any:
    """A copy with `src` at `index` along `dim`."""
    dim, index = select_index("select", x.shape, dim, index)
    full = x.copy()
    part = full[(slice(None),) * dim + (index, ...)]
    _same_size(src, part)
    part[...] = src
    return full


@select_scatter.vjp("input")
def _(F: Any, g: Any, out: Any, x: Any, src: Any, dim: int, index: int) -> Any:
    dim, index = dim % len(x.shape), index % x.shape[dim]
    return F.select_scatter(g, F.zeros_like(F.select(g, dim, index)), dim, index)


select_scatter.vjp("src")(lambda F, g, out, x, src, dim, index: F.select(g, dim, index))


def slice_bounds(shape: tuple[int, ...], dim: int, start: Any, end: Any, step: int) -> tuple[int, int, int]:
    """dim, start and end of a slice that lie within the dimension."""
    dim = dim_index(dim, len(shape))
    first, last, _ = slice(start, end, step).indices(shape[dim])
    return dim, first, max(first, last)


@op(
    "slice_scatter(input, src, dim=0, start=None, end=None, step=1)",
    grad_fn="SliceScatterBackward0",
    samples=lambda: [call(t(4, 2), t(2, 2), 0, 1, 3), call(t(2, 5), t(2, 2), -1, 1, 5, 2)],
    formula="input: g with zeros there; src: g there",
    example="slice_scatter(zeros(4), ones(2), 0, 1, 3)",
)
def slice_scatter(x: Any, src: Any, dim: int, start: Any, end: Any, step: int) -> Any:
    """A copy with `src` in a slice along `dim`."""
    if step <= 0:
        raise ValueProblem("slice step must be positive")
    dim, first, last = slice_bounds(x.shape, dim, start, end, step)
    full = x.copy()
    part = full[(slice(None),) * dim + (slice(first, last, step),)]
    _same_size(src, part)
    part[...] = src
    return full


@slice_scatter.vjp("input")
def _(F: Any, g: Any, out: Any, x: Any, src: Any, dim: int, start: Any, end: Any, step: int) -> Any:
    dim, first, last = slice_bounds(x.shape, dim, start, end, step)
    return F.slice_scatter(g, F.zeros_like(F.slice(g, dim, first, last, step)), dim, first, last, step)


@slice_scatter.vjp("src")
def _(F: Any, g: Any, out: Any, x: Any, src: Any, dim: int, start: Any, end: Any, step: int) -> Any:
    return F.slice(g, *slice_bounds(x.shape, dim, start, end, step), step)


# --- windows ------------------------------------------------------------------------------------------------------------


@op(
    "unfold_windows(input, dimension, size, step)",
    grad_fn="UnfoldBackward0",
    view=True,
    private=True,
    samples=lambda: [call(t(5), 0, 2, 1), call(t(2, 5), 1, 3, 2), call(t(), 0, 1, 1)],
)
def unfold_windows(x: Any, dimension: int, size: int, step: int) -> Any:
    """A view of all windows of `size` elements, `step` apart, along `dimension`; the last dimension runs through one."""
    dim = dim_index(dimension, x.ndim)
    extent = x.shape[dim] if x.ndim else 1
    if size < 0:
        raise ShapeError(f"size is {size} but must be >= 0")
    if size > extent:
        raise ShapeError(f"maximum size for tensor at dimension {dim} is {extent} but size is {size}")
    if step <= 0:
        raise ValueProblem(f"step is {step} but must be > 0")
    x = np.asarray(x)
    if not x.ndim:
        return np.lib.stride_tricks.as_strided(x, (size,), (x.itemsize,))
    count = (extent - size) // step + 1
    shape = (*x.shape[:dim], count, *x.shape[dim + 1 :], size)
    strides = (*x.strides[:dim], x.strides[dim] * step, *x.strides[dim + 1 :], x.strides[dim])
    return np.lib.stride_tricks.as_strided(x, shape, strides)


unfold_windows.vjp("input")(
    lambda F, g, out, x, dimension, size, step: F.unfold_backward(g, x.shape, dimension, size, step)
)


@op(
    "unfold_backward(grad, shape, dimension, size, step)",
    grad_fn="UnfoldBackwardBackward0",
    private=True,
    samples=lambda: [call(t(4, 2), (5,), 0, 2, 1), call(t(2, 2, 3), (2, 5), 1, 3, 2)],
)
def unfold_backward(g: Any, shape: Any, dimension: int, size: int, step: int) -> Any:
    """The windows added up where they came from."""
    full = np.zeros(shape, g.dtype)
    if not shape:
        return g.sum(dtype=g.dtype)
    dim = dimension % len(shape)
    count = g.shape[dim]
    lead = (slice(None),) * dim
    for k in range(size):
        full[(*lead, slice(k, k + (count - 1) * step + 1, step))] += g[..., k]
    return full


unfold_backward.vjp("grad")(
    lambda F, g, out, grad, shape, dimension, size, step: F.unfold_windows(g, dimension, size, step)
)

# `unfold` as a function is another one, nn.functional's
METHODS["unfold"] = unfold_windows.apply

# --- at least so many dimensions ----------------------------------------------------------------------------------------


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
        method=False,
        example=f"{name}(tensor(1.))",
        samples=lambda: [call(t()), call(t(2)), call(t(2, 3))],
    )(atleast)


for _n in (1, 2, 3):
    _atleast(_n)


# --- strides ------------------------------------------------------------------------------------------------------------


@op(
    "as_strided(input, size, stride, storage_offset=None)",
    grad_fn="AsStridedBackward0",
    view=True,
    samples=lambda: [call(t(6), (2, 2), (1, 2)), call(t(2, 3), (2, 2), (1, 1), 1)],
    formula="g, added up where the elements came from",
    example="as_strided(arange(4.), (2, 2), (1, 1))",
)
def as_strided(x: Any, size: Any, stride: Any, storage_offset: Any) -> Any:
    """A view of the memory with any size and strides, counted in elements from the first element of `input`."""
    size, stride = int_tuple("as_strided", "size", 2, size), int_tuple("as_strided", "stride", 3, stride)
    if len(size) != len(stride):
        raise ShapeError("mismatch in length of strides and shape")
    offset = storage_offset or 0
    x = np.asarray(x)
    reach = offset + sum((n - 1) * s for n, s in zip(size, stride, strict=True)) if all(size) else 0
    if any(s < 0 for s in stride):
        raise ValueProblem(
            "as_strided: Negative strides are not supported at the moment, got strides: " + str(list(stride))
        )
    available = _memory(x)
    if reach >= available.size and all(size):
        itemsize = x.itemsize
        raise ShapeError(
            f"setStorage: sizes {list(size)}, strides {list(stride)}, storage offset {offset}, and itemsize {itemsize} "
            f"requiring a storage size of {(reach + 1) * itemsize} are out of bounds for storage of size "
            f"{available.size * itemsize}"
        )
    return np.lib.stride_tricks.as_strided(available[offset:], size, tuple(s * x.itemsize for s in stride))


def _memory(x: Any) -> Any:
    """The elements of an array in the order of memory, as a 1-D view, from its first element on."""
    span = 1 + sum((n - 1) * s // x.itemsize for n, s in zip(x.shape, x.strides, strict=True) if n) if x.size else 0
    return np.lib.stride_tricks.as_strided(x, (span,), (x.itemsize,))


@as_strided.vjp("input")
def _(F: Any, g: Any, out: Any, x: Any, size: Any, stride: Any, storage_offset: Any) -> Any:
    return F.as_strided_backward(g, x.shape, tuple(size), tuple(stride), storage_offset or 0)


@op(
    "as_strided_backward(grad, shape, size, stride, offset)",
    grad_fn="AsStridedBackwardBackward0",
    private=True,
    samples=lambda: [call(t(2, 2), (6,), (2, 2), (1, 2), 0)],
)
def as_strided_backward(g: Any, shape: Any, size: Any, stride: Any, offset: int) -> Any:
    """Zeros of `shape`, in C order, to which `grad` is added where the strides lead."""
    full = np.zeros(shape, g.dtype)
    places = np.full(size, offset)
    for d, (n, s) in enumerate(zip(size, stride, strict=True)):
        places += (np.arange(n) * s).reshape((n,) + (1,) * (len(size) - d - 1))
    np.add.at(full.reshape(-1), places, g)
    return full


as_strided_backward.vjp("grad")(
    lambda F, g, out, grad, shape, size, stride, offset: F.as_strided_copy(g, size, stride, offset)
)


@op(
    "as_strided_copy(input, size, stride, offset)",
    grad_fn="AsStridedBackward0",
    private=True,
    samples=lambda: [call(t(6), (2, 2), (1, 2), 1)],
)
def as_strided_copy(x: Any, size: Any, stride: Any, offset: int) -> Any:
    """The elements that the strides lead to, counted in C order."""
    flat = np.ascontiguousarray(x).reshape(-1)
    return np.lib.stride_tricks.as_strided(flat[offset:], size, tuple(s * flat.itemsize for s in stride)).copy()


as_strided_copy.vjp("input")(
    lambda F, g, out, x, size, stride, offset: F.as_strided_backward(g, x.shape, size, stride, offset)
)
