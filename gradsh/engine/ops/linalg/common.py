"""What the files of linear algebra share."""

from __future__ import annotations

import math
from typing import Any

import numpy as np

from gradsh.engine.core import alloc
from gradsh.engine.core.arguments import not_implemented
from gradsh.engine.core.dtypes import OF
from gradsh.engine.core.namespaces import A
from gradsh.engine.core.promotion import broadcast_error
from gradsh.engine.core.strided import columns
from gradsh.engine.core.tensor import Tensor, make
from gradsh.engine.operators.batch_rules import applied, on_last_dims, sample_of
from gradsh.engine.operators.general import op
from gradsh.engine.operators.samples import call, t
from gradsh.errors import DtypeError, ShapeError, ValueProblem


def need_matrix(name: str, a: Any, what: str = "A") -> None:
    """Raise ShapeError unless there are two dims."""
    if a.ndim < 2:
        raise ShapeError(f"{name}: The input tensor {what} must have at least 2 dimensions.")


def need_square(name: str, a: Any) -> None:
    """Raise ShapeError unless the last two dims are there and equal."""
    need_matrix(name, a)
    m, n = a.shape[-2:]
    if m != n:
        raise ShapeError(f"{name}: A must be batches of square matrices, but they are {m} by {n} matrices")


def need_floating(name: str, a: Any, kernel: str = "") -> None:
    """Raise DtypeError for integers and for float16, which LAPACK does not know. With the name of a kernel, float16 is
    refused only where PyTorch comes to it: not without elements."""
    if a.dtype.kind != "f":
        raise DtypeError(f"{name}: Expected a floating point or complex tensor as input. Got {OF[a.dtype].title}")
    if a.dtype.itemsize == 2 and kernel:
        if a.size:
            raise not_implemented(kernel, a.dtype)
    elif a.dtype.itemsize == 2:
        raise DtypeError(f"{name}: Low precision dtypes not supported. Got {OF[a.dtype].title}")


def in_columns(F: Any, x: Any) -> Any:
    """A gradient that PyTorch computes with LAPACK lies in its order."""
    return columns(x) if F is A and x.ndim > 1 else x


def linalg_error(text: str) -> ValueProblem:
    """PyTorch's LinAlgError."""
    return ValueProblem(text, kind="_LinAlgError")


def batch_element(a: Any, index: int) -> str:
    """Which matrix of a batch an error is about; nothing when there is only one."""
    return f"(Batch element {index}): " if a.ndim > 2 else ""


@op(
    "keep(input, mask, other)",
    work="elements",
    grad_fn="WhereBackward0",
    private=True,
    samples=lambda: [call(t(2, 2), alloc.eye(2, dtype=bool), 0), call(t(2, 2), alloc.eye(2, dtype=bool), 1)],
    formula="g where mask",
)
def keep(x: Any, mask: Any, other: Any) -> Any:
    """`input` where `mask`, a constant array, is true, `other` elsewhere."""
    return np.where(mask, x, alloc.asarray(other, x.dtype))


keep.vjp("input")(lambda F, g, out, x, mask, other: F.keep(g, mask, 0))
keep.jvp(lambda F, t, saved: F.keep(t, saved[1], 0))


@keep.batched
def _(F: Any, size: int, batched: Any, x: Any, mask: Any, other: Any) -> Any:
    if not batched[0] or any(batched[1:]) or len(sample_of(x)) < max(np.ndim(mask), np.ndim(other)):
        return NotImplemented
    return applied(keep, x, mask, other)


def lower(F: Any, x: Any, k: int = 0) -> Any:
    """The part of matrices on and below diagonal `k`."""
    return F.keep(x, np.tri(x.shape[-2], x.shape[-1], k, dtype=bool), 0)


def upper(F: Any, x: Any, k: int = 0) -> Any:
    """The part of matrices on and above diagonal `k`."""
    return F.keep(x, ~np.tri(x.shape[-2], x.shape[-1], k - 1, dtype=bool), 0)


def diagonal_matrix(F: Any, x: Any) -> Any:
    """Matrices with the vectors `x` on the diagonal."""
    return F.keep(F.unsqueeze(x, -1), alloc.eye(x.shape[-1], dtype=bool), 0)


def trace_of(F: Any, x: Any) -> Any:
    """Traces, of shape (..., 1, 1)."""
    return sum_last_two(F, F.keep(x, alloc.eye(x.shape[-1], dtype=bool), 0))


def sum_last_two(F: Any, x: Any) -> Any:
    return F.sum(x, (-2, -1), True, None)


def zero_pivots(a: Any) -> Any:
    """For each matrix of a batch the number (from 1) of its first zero pivot in Gaussian elimination, else 0."""

    n = a.shape[-1]
    pivots = np.diagonal(eliminate(a)[0], 0, -2, -1) == 0
    return np.where(pivots.any(-1), pivots.argmax(-1) + 1, 0) if n else alloc.zeros(a.shape[:-2], np.int64)


def _singular(name: str, a: Any) -> ValueProblem:
    """The error of an inversion that failed, naming the first singular matrix."""
    infos = zero_pivots(a).reshape(-1)
    # rounding may hide the zero from our elimination; then it is the last pivot
    index = int(np.flatnonzero(infos)[0]) if infos.any() else 0
    element = int(infos[index]) or a.shape[-1]
    return linalg_error(
        f"{name}: {batch_element(a, index)}The diagonal element {element} is zero, the inversion could not be "
        "completed because the input matrix is singular."
    )


@op(
    "inverse_of(input, name)",
    layout="columns",
    grad_fn="LinalgInvExBackward0",
    private=True,
    samples=lambda: [call(t(2, 2), "linalg.inv")],
    formula="-out.mT @ g @ out.mT",
)
def inverse_of(a: Any, name: str) -> Any:
    """Inverses; a singular matrix is an error of the operator `name`; if that is empty, its inverse is inf and nan."""
    label = name or "linalg.inv_ex"
    need_square(label, a)
    need_floating("linalg.inv", a)
    try:
        return np.linalg.inv(a)
    except np.linalg.LinAlgError:
        if name:
            raise _singular(name, a) from None

    return solve_by_elimination(a, alloc.eye(a.shape[-1], dtype=a.dtype))


@inverse_of.vjp("input", saves="out")
def _(F: Any, g: Any, out: Any, a: Any, name: str) -> Any:
    across = F.matrix_transpose(out)
    return -F.matmul(F.matmul(across, g), across)


on_last_dims(inverse_of, 2)


A2 = [[1.5, 0.5], [-0.7, 1.2]]  # a matrix far from singular, for samples


def square_samples(**span: Any) -> list[call]:
    """Square matrices that are far from singular: one, a batch, 1x1, empty, transposed."""
    return [
        call(t(2, 2, values=[[1.5, 0.5], [-0.7, 1.2]]), **span),
        call(t(3, 3, values=[[2.0, 0.3, -0.5], [0.4, -1.5, 0.2], [0.1, 0.6, 1.1]]), **span),
        call(t(2, 2, 2, values=[[[1.5, 0.5], [-0.7, 1.2]], [[0.4, 1.1], [-0.9, 0.3]]]), **span),
        call(t(1, 1, low=0.5), **span),
        call(t(0, 0), **span),
        call(t(0, 2, 2), **span),
    ]


def infos(numbers: Any) -> Tensor:
    """LAPACK's info numbers as a tensor."""
    return make(alloc.asarray(numbers, np.int32)[()])


def eliminate(a: Any) -> tuple[Any, Any]:
    """Gaussian elimination with partial pivoting of a batch of matrices: the packed LU and LAPACK's pivots from 1."""
    lu = alloc.array(a)
    m, n = a.shape[-2:]
    k = min(m, n)
    flat = lu.reshape(-1, m, n) if lu.size else lu.reshape(int(np.prod(a.shape[:-2])), m, n)
    pivots = alloc.zeros((len(flat), k), np.int32)
    every = alloc.arange(len(flat))
    for j in range(k):
        pivot = j + np.abs(flat[:, j:, j]).argmax(1)
        pivots[:, j] = pivot + 1
        rows = flat[every, pivot]
        flat[every, pivot] = flat[:, j]
        flat[:, j] = rows
        head = flat[:, j, j, None]
        column = flat[:, j + 1 :, j]
        column[...] = np.where(head == 0, column, column / head)
        flat[:, j + 1 :, j + 1 :] -= column[..., None] * flat[:, None, j, j + 1 :]
    return flat.reshape(a.shape), pivots.reshape(*a.shape[:-2], k)


def row_order(pivots: Any, m: int) -> Any:
    """The rows of A in the order of the rows of LU, from LAPACK's pivots."""
    flat = pivots.reshape(math.prod(pivots.shape[:-1]), pivots.shape[-1])
    order = np.tile(alloc.arange(m), (len(flat), 1))
    every = alloc.arange(len(flat))
    for j in range(flat.shape[1]):
        other = flat[:, j] - 1
        order[every, j], order[every, other] = order[every, other], order[every, j].copy()
    return order.reshape(*pivots.shape[:-1], m)


def solve_by_elimination(a: Any, b: Any) -> Any:
    """X of AX = B as LAPACK gives it for singular matrices too: with inf and nan."""
    packed, pivots = eliminate(a)
    order = row_order(pivots, a.shape[-1])
    unit = np.where(alloc.eye(a.shape[-1], dtype=bool), a.dtype.type(1), packed)
    return substitute(packed, substitute(unit, order_rows.kernel(b, order), False), True)


@op(
    "order_rows(input, order)",
    grad_fn="IndexBackward0",
    private=True,
    samples=lambda: [call(t(2, 2), alloc.array([1, 0]))],
    formula="g, its rows in the opposite order",
    linear=True,
)
def order_rows(x: Any, order: Any) -> Any:
    """The rows of matrices in another order, given as a constant array."""
    shape = np.broadcast_shapes(x.shape[:-2], order.shape[:-1])
    index = np.broadcast_to(order, (*shape, order.shape[-1]))[..., None]
    return np.take_along_axis(np.broadcast_to(x, (*shape, *x.shape[-2:])), index, -2)


order_rows.vjp("input")(lambda F, g, out, x, order: F.order_rows(g, np.argsort(order, -1)))
on_last_dims(order_rows, 2)


def check_system(name: str, a: Any, b: Any, left: bool) -> None:
    """Shapes of A and of the matrix B in AX = B, or XA = B."""
    m, n = b.shape[-2:]
    if (m if left else n) != a.shape[-1]:
        equation = "AX = B" if left else "XA = B"
        raise ShapeError(
            f"{name}: Incompatible shapes of A and B for the equation {equation} "
            f"({a.shape[-2]}x{a.shape[-1]} and {m}x{n})"
        )
    try:
        np.broadcast_shapes(a.shape[:-2], b.shape[:-2])
    except ValueError:
        raise broadcast_error(b.shape[:-2], a.shape[:-2]) from None


def substitute(a: Any, b: Any, upper: bool) -> Any:
    """X of AX = B for triangular A, of which only the triangle is read; division by zero gives inf and nan."""
    n = a.shape[-1]
    triangle = np.triu(a) if upper else np.tril(a)[..., ::-1, ::-1]
    rhs = b if upper else b[..., ::-1, :]
    try:
        # an upper triangle is its own LU decomposition: LAPACK then does the substitution only
        x = np.linalg.solve(triangle, rhs)
    except np.linalg.LinAlgError:
        x = alloc.array(np.broadcast_to(rhs, np.broadcast_shapes(a.shape[:-2], b.shape[:-2]) + b.shape[-2:]))
        for i in range(n - 1, -1, -1):
            x[..., i, :] /= triangle[..., i, i, None]
            x[..., :i, :] -= triangle[..., :i, i, None] * x[..., None, i, :]
    return x if upper else alloc.ascontiguousarray(x[..., ::-1, :])
