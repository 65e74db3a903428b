"""Triangles and diagonals, and parts written into copies."""

from __future__ import annotations

import sys
from typing import Any

import numpy as np

from gradsh.engine.core import alloc
from gradsh.engine.core.arguments import dim_index, need_tensor
from gradsh.engine.core.modes import mode
from gradsh.engine.core.namespaces import T
from gradsh.engine.core.promotion import result_dtype
from gradsh.engine.core.strided import empty_strided_as, strided
from gradsh.engine.core.tensor import Tensor
from gradsh.engine.operators.batch_rules import along, along_in_shape, applied, on_last_dims, sample_of
from gradsh.engine.operators.composite import composite
from gradsh.engine.operators.general import op, run
from gradsh.engine.operators.samples import call, t
from gradsh.engine.ops.shape.dims import select_index
from gradsh.engine.ops.shape.shape import reshape
from gradsh.errors import ArgumentError, ShapeError, ValueProblem

ndarray = np.ndarray

# --- triangles and diagonals -----------------------------------------------------------------------------------------


def _matrix(operator: str, x: Any) -> None:
    if x.ndim < 2:
        raise ShapeError(f"{operator}: input tensor must have at least 2 dimensions")


def _triangle_samples() -> list[call]:
    return [call(t(3, 3)), call(t(2, 3), 1), call(t(2, 3, 2), -1), call(t(0, 2)), call(t(3, 2, strided=True))]


@op(
    "tril(input, diagonal=0)",
    work="elements",
    grad_fn="TrilBackward0",
    inplace=True,
    samples=_triangle_samples,
    formula="g.tril(diagonal)",
    example="tril(ones(2, 2))",
    linear=True,
)
def tril(x: Any, diagonal: int) -> Any:
    """The lower triangle of matrices, zeros above the diagonal."""
    _matrix("tril", x)
    return np.tril(x, diagonal)


tril.vjp("input")(lambda F, g, out, x, diagonal: F.tril(g, diagonal))


on_last_dims(tril, 2)


@op(
    "triu(input, diagonal=0)",
    work="elements",
    grad_fn="TriuBackward0",
    inplace=True,
    samples=_triangle_samples,
    formula="g.triu(diagonal)",
    example="triu(ones(2, 2))",
    linear=True,
)
def triu(x: Any, diagonal: int) -> Any:
    """The upper triangle of matrices, zeros below the diagonal."""
    _matrix("triu", x)
    return np.triu(x, diagonal)


triu.vjp("input")(lambda F, g, out, x, diagonal: F.triu(g, diagonal))


on_last_dims(triu, 2)


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
    shape = (*(x.shape[i] for i in rest), length)
    strides = (*(x.strides[i] for i in rest), x.strides[first] + x.strides[second])
    return strided(corner, shape, strides)


@op(
    "diagonal(input, offset=0, dim1=0, dim2=1)",
    grad_fn="DiagonalBackward0",
    view=True,
    samples=lambda: [call(t(3, 3)), call(t(2, 3), 1), call(t(2, 3), -1), call(t(2, 2, 3), 0, 1, -1), call(t(2, 2), 5)],
    formula="g on the diagonal among zeros",
    example="diagonal(ones(2, 2))",
    linear=True,
)
def diagonal(x: Any, offset: int, dim1: int, dim2: int) -> Any:
    """A view of the diagonal of two dims, which becomes the last dimension."""
    return diagonal_view(x, offset, dim1, dim2)


diagonal.vjp("input")(lambda F, g, out, x, offset, dim1, dim2: F.diagonal_backward(g, x.shape, offset, dim1, dim2))


along(diagonal, 2, 3)


@op(
    "diagonal_backward(grad, shape, offset, dim1, dim2)",
    grad_fn="DiagonalBackwardBackward0",
    private=True,
    samples=lambda: [call(t(2), (2, 3), 0, 0, 1)],
    linear=True,
)
def diagonal_backward(g: Any, shape: Any, offset: int, dim1: int, dim2: int) -> Any:
    """Zeros of `shape` with `grad` on a diagonal."""
    full = alloc.zeros(shape, g.dtype)
    diagonal_view(full, offset, dim1, dim2)[...] = g
    return full


diagonal_backward.vjp("grad")(lambda F, g, out, grad, shape, offset, dim1, dim2: F.diagonal(g, offset, dim1, dim2))


along_in_shape(diagonal_backward, 1, 3, 4)


@op(
    "diag_embed(input, offset=0, dim1=-2, dim2=-1)",
    grad_fn="DiagEmbedBackward0",
    samples=lambda: [call(t(3)), call(t(2, 2)), call(t(2), 1), call(t(2, 2), -1, 0, 2)],
    formula="g's diagonal",
    example="diag_embed(tensor([1., 2.]))",
    linear=True,
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
    full = alloc.zeros(shape, x.dtype)
    diagonal_view(full, offset, first, second)[...] = x
    return full


diag_embed.vjp("input")(lambda F, g, out, x, offset, dim1, dim2: F.diagonal(g, offset, dim1, dim2))


@diag_embed.batched
def _(F: Any, size: int, batched: Any, x: Any, offset: int, dim1: int, dim2: int) -> Any:
    n = len(sample_of(x)) + 1
    return applied(diag_embed, x, offset, dim_index(dim1, n) + 1, dim_index(dim2, n) + 1)


@op(
    "diagonal_copy(input, offset, dim1, dim2)",
    work="elements",
    grad_fn="DiagonalBackward0_copy",
    private=True,
    samples=lambda: [call(t(2, 3), 0, 0, 1)],
    linear=True,
)
def diagonal_copy(x: Any, offset: int, dim1: int, dim2: int) -> Any:
    """A copy of a diagonal."""
    return diagonal_view(x, offset, dim1, dim2).copy()


diagonal_copy.vjp("input")(lambda F, g, out, x, offset, dim1, dim2: F.diagonal_backward(g, x.shape, offset, dim1, dim2))


along(diagonal_copy, 2, 3)


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
    work="elements",
    grad_fn="TraceBackward0",
    samples=lambda: [call(t(3, 3)), call(t(2, 3))],
    formula="g on the diagonal",
    example="trace(eye(2))",
    refuses={"trace": "Bool"},
    linear=True,
)
def trace(x: Any) -> Any:
    """The sum of the diagonal of a matrix."""
    if x.ndim != 2:
        raise ShapeError(f"trace: expected a matrix, but got tensor with dim {x.ndim}")
    along = diagonal_view(x, 0, 0, 1)
    if x.dtype.kind != "f":
        return np.add.reduce(along, dtype=np.int64)
    # one number after the other, in float64, as PyTorch's own loop
    return x.dtype.type(np.add.accumulate(along, dtype=np.float64)[-1] if along.size else 0)


@trace.vjp("input")
def _(F: Any, g: Any, out: Any, x: Any) -> Any:
    n = min(x.shape)
    return F.diagonal_backward(F.expand(g, (n,)), x.shape, 0, 0, 1)


@trace.batched
def _(F: Any, size: int, batched: Any, x: Any) -> Any:
    return F.sum(applied(diagonal, x, 0, 1, 2), 1, False, None) if len(sample_of(x)) == 2 else NotImplemented


@op(
    "block_diag(*tensors)",
    python=True,
    grad_fn="BlockDiagBackward0",
    method=False,
    samples=lambda: [call(t(2, 2), t(3), t()), call(t(1, 2))],
    formula="g's block for each",
    example="block_diag(ones(2, 2), tensor([3.]))",
    linear=True,
)
def block_diag(tensors: Any) -> Any:
    """Matrices along the diagonal of one matrix of zeros; vectors are rows, 0-d tensors 1 x 1."""
    for i, x in enumerate(tensors):
        if x.ndim > 2:
            raise ShapeError(
                f"torch.block_diag: Input tensors must have 2 or fewer dimensions. Input {i} has {x.ndim} dimensions"
            )
    if not tensors:
        return alloc.zeros((1, 0), mode.default)
    blocks = [np.reshape(x, (1,) * (2 - x.ndim) + x.shape) for x in tensors]
    dtype = tensors[0].dtype
    for at in range(1, len(tensors)):
        sofar = alloc.empty((1,) * max(x.ndim for x in tensors[:at]), dtype)
        dtype = result_dtype(sofar, tensors[at]).np
    full = alloc.zeros((sum(b.shape[0] for b in blocks), sum(b.shape[1] for b in blocks)), dtype)
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


def _block_diag(*args: Any, **kwargs: Any) -> Any:
    (tensors,) = block_diag.signature.bind(args, kwargs)
    for i, x in enumerate(tensors):  # here: the kernel has arrays, and could not tell those of the program's from them
        if not isinstance(x, Tensor):
            from gradsh.calls.forms import describe  # only an error needs its words

            raise ArgumentError(f"expected Tensor as element {i} in argument 0, but got {describe(x).word}")
    return run(block_diag, [tensors], sys._getframe(1))


block_diag.apply = T.__dict__["block_diag"] = _block_diag


# --- a part written into a copy --------------------------------------------------------------------------------------


def _same_size(source: Any, part: Any) -> None:
    if source.shape != part.shape:
        raise ShapeError(
            "expected src to have a size equal to the slice of self. "
            f"src size = {list(source.shape)}, slice size = {list(part.shape)}"
        )


@op(
    "diagonal_scatter(input, src, offset=0, dim1=0, dim2=1)",
    layout="own",
    work="elements",
    grad_fn="DiagonalScatterBackward0",
    samples=lambda: [call(t(3, 3), t(3)), call(t(2, 3), t(2), 1)],
    formula="input: g with zeros on the diagonal; src: g's diagonal",
    example="diagonal_scatter(zeros(2, 2), ones(2))",
    linear=True,
)
def diagonal_scatter(x: Any, src: Any, offset: int, dim1: int, dim2: int) -> Any:
    """A copy with `src` on the diagonal."""
    full = empty_strided_as(x)
    full[...] = x
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
    layout="own",
    work="elements",
    grad_fn="SelectScatterBackward0",
    samples=lambda: [call(t(2, 3), t(3), 0, 1), call(t(2, 3), t(2), -1, -1)],
    formula="input: g with zeros there; src: g there",
    example="select_scatter(zeros(2, 2), ones(2), 0, 0)",
    linear=True,
)
def select_scatter(x: Any, src: Any, dim: int, index: int) -> Any:
    """A copy with `src` at `index` along `dim`."""
    dim, index = select_index("select", x.shape, dim, index)
    full = empty_strided_as(x)
    full[...] = x
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
    layout="own",
    work="elements",
    grad_fn="SliceScatterBackward0",
    samples=lambda: [call(t(4, 2), t(2, 2), 0, 1, 3), call(t(2, 5), t(2, 2), -1, 1, 5, 2)],
    formula="input: g with zeros there; src: g there",
    example="slice_scatter(zeros(4), ones(2), 0, 1, 3)",
    linear=True,
)
def slice_scatter(x: Any, src: Any, dim: int, start: Any, end: Any, step: int) -> Any:
    """A copy with `src` in a slice along `dim`."""
    if step <= 0:
        raise ValueProblem("slice step must be positive")
    dim, first, last = slice_bounds(x.shape, dim, start, end, step)
    full = empty_strided_as(x)
    full[...] = x
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
