"""LU decompositions, and what is done with them."""

from __future__ import annotations

from typing import Any

import numpy as np

from gradsh.engine.core import alloc
from gradsh.engine.core.arguments import need_tensor
from gradsh.engine.core.dtypes import OF
from gradsh.engine.core.graph import Node
from gradsh.engine.core.modes import mode
from gradsh.engine.core.named import named
from gradsh.engine.core.namespaces import T
from gradsh.engine.core.tensor import Tensor, leaf, make
from gradsh.engine.operators.composite import composite
from gradsh.engine.operators.general import op, run
from gradsh.engine.operators.samples import call, t
from gradsh.engine.ops.linalg.common import (
    A2,
    check_system,
    eliminate,
    infos,
    lower,
    need_floating,
    need_matrix,
    need_square,
    order_rows,
    row_order,
    substitute,
    upper,
)
from gradsh.errors import DtypeError, ShapeError, ValueProblem

# --- lu ----------------------------------------------------------------------------------------------------------


def _lu_checks(name: str, a: Any) -> None:
    if a.ndim < 2:
        raise ShapeError(f"{name}: Expected tensor with 2 or more dimensions. Got size: {list(a.shape)} instead")
    if a.dtype.kind != "f" or a.dtype.itemsize == 2:
        raise DtypeError(f"\"lu_cpu\" not implemented for '{OF[a.dtype].title}'", kind="NotImplementedError")


def _pivoting(pivot: bool) -> None:
    if not pivot:
        raise ValueProblem("linalg.lu_factor: LU without pivoting is not implemented on the CPU")


def checked_pivots(pivots: Any, packed: Any) -> Any:
    """The pivots that a program gives for LU, one for each step of every matrix. Raises ValueProblem, ShapeError."""
    m, n = packed.shape[-2:]
    if pivots.ndim >= packed.ndim:
        raise ShapeError(
            "linalg.lu_solve: Expected LU.shape[:-1] and pivots.shape to be the same, but got pivots with shape "
            f"{list(pivots.shape)} instead"
        )
    pivots = pivots.reshape(-1) if not pivots.ndim else pivots[..., : min(m, n)]
    if pivots.shape[-1] < min(m, n) or (pivots.size and not 1 <= pivots.min() <= pivots.max() <= m):
        raise ValueProblem(
            "pivots passed to lu_unpack must be between 1 and LU.size(-2) inclusive."
            "Did you properly pass the result of lu_factor?"
        )
    if pivots.shape[:-1] != packed.shape[:-2]:
        pivots = np.broadcast_to(pivots, (*packed.shape[:-2], pivots.shape[-1]))
    return pivots


def _unpack(F: Any, lu: Any) -> tuple[Any, Any]:
    """L with ones on its diagonal, and U, of a packed LU."""
    m, n = lu.shape[-2:]
    k = min(m, n)
    below = np.tri(m, k, -1, dtype=bool)
    left = F.keep(F.narrow(lu, -1, 0, k) if n > k else lu, below, alloc.eye(m, k))
    return left, upper(F, F.narrow(lu, -2, 0, k) if m > k else lu)


def _lu_rule(F: Any, gl: Any, gu: Any, left: Any, right: Any, order: Any) -> Any:
    """The gradient of A from those of L and U (either may be None)."""
    m, k = left.shape[-2:]
    n = right.shape[-1]
    extra = None
    if n > k and gu is not None:
        # the columns beyond the square part: U2 = inv(L) @ A2
        extra = F.triangular_of(F.matrix_transpose(left), F.narrow(gu, -1, k, n - k), True, True, True)
        turned = -F.matmul(extra, F.matrix_transpose(F.narrow(right, -1, k, n - k)))
        gl = turned if gl is None else gl + turned
        gu = F.narrow(gu, -1, 0, k)
    square_u = F.narrow(right, -1, 0, k) if n > k else right
    if m > k and gl is not None:
        # the rows beyond the square part: L2 = A2 @ inv(U)
        extra = F.triangular_of(F.matrix_transpose(square_u), F.narrow(gl, -2, k, m - k), False, False, False)
        turned = -F.matmul(F.matrix_transpose(F.narrow(left, -2, k, m - k)), extra)
        gu = turned if gu is None else gu + turned
        gl = F.narrow(gl, -2, 0, k)
    square_l = F.narrow(left, -2, 0, k) if m > k else left
    inner = None
    if gl is not None:
        inner = lower(F, F.matmul(F.matrix_transpose(square_l), gl), -1)
    if gu is not None:
        part = upper(F, F.matmul(gu, F.matrix_transpose(square_u)))
        inner = part if inner is None else inner + part
    out = F.triangular_of(F.matrix_transpose(square_l), inner, True, True, True)
    out = F.triangular_of(F.matrix_transpose(square_u), out, False, False, False)
    if n > k or m > k:
        along = -1 if n > k else -2
        if extra is None:
            rest = out if n > k else F.matrix_transpose(out)
            zeros = F.narrow(rest, -1, 0, 1) * alloc.zeros(1, np.float32)[0].item()
            count = n - k if n > k else m - k
            blank = F.cat([zeros] * count, -1)
            extra = blank if n > k else F.matrix_transpose(blank)
        out = F.cat([out, extra], along)
    return F.order_rows(out, np.argsort(order, -1))


@op(
    "lu_of(input)",
    grad_fn="LinalgLuBackward0",
    outputs=3,
    private=True,
    samples=lambda: [call(t(3, 3)), call(t(3, 2)), call(t(2, 3))],
    formula="inv(L).mT @ (tril(L.mT @ gL, -1) + triu(gU @ U.mT)) @ inv(U).mT, with the rows in A's order",
)
def lu_of(a: Any) -> Any:
    """L, U, and the order of A's rows in L @ U."""
    _lu_checks("linalg.lu", a)
    packed, pivots = eliminate(a)
    m, n = a.shape[-2:]
    k = min(m, n)
    left = np.where(np.tri(m, k, -1, dtype=bool), packed[..., :k], alloc.eye(m, k, dtype=a.dtype))
    return left, np.triu(packed[..., :k, :]), row_order(pivots, m)


@lu_of.vjp("input", saves="out")
def _(F: Any, g: Any, out: Any, a: Any) -> Any:
    left, right, order = out
    return _lu_rule(F, g[0], g[1], left, right, order if order.__class__ is np.ndarray else order.data)


def _permutation(order: Any, dtype: Any) -> Tensor:
    """P with A = P @ L @ U."""
    m = order.shape[-1]
    return leaf((order[..., None, :] == alloc.arange(m)[:, None]).astype(dtype), False, mode.where)


@composite(
    "linalg.lu(A, *, pivot=True)",
    method=False,
    samples=lambda: [
        call(t(3, 3, values=[[0.1, 1.0, 2.0], [2.0, 0.3, -1.0], [-1.0, 2.0, 0.5]])),
        call(t(3, 2, values=[[0.1, 1.0], [2.0, 0.3], [-1.0, 2.0]])),
        call(t(2, 3, values=[[0.1, 1.0, 2.0], [2.0, 0.3, -1.0]])),
        call(t(2, 2, 2, values=[A2, [[0.3, 1.0], [1.2, -0.4]]])),
    ],
    formula="P @ inv(L).mT @ (tril(L.mT @ gL, -1) + triu(gU @ U.mT)) @ inv(U).mT",
    example="linalg.lu(tensor([[1., 2.], [3., 4.]]))",
    looped="it works on arrays",
)
def linalg_lu(a: Tensor, pivot: bool) -> Any:
    """The permutation P, the unit lower triangular L and the upper triangular U of A = P @ L @ U."""
    need_tensor("linalg_lu", "A", 1, a)
    _pivoting(pivot)
    left, right, order = run(lu_of, [a], None)
    return named("linalg_lu", P=_permutation(order.data, a.data.dtype), L=left, U=right)


@op(
    "lu_factor_of(input)",
    layout="columns",
    grad_fn="LinalgLuFactorExBackward0",
    outputs=2,
    private=True,
    samples=lambda: [call(t(3, 3)), call(t(3, 2)), call(t(2, 3))],
    formula="as linalg.lu",
)
def lu_factor_of(a: Any) -> Any:
    """The packed LU and LAPACK's pivots."""
    _lu_checks("torch.lu_factor", a)
    return eliminate(a)


@lu_factor_of.vjp("input", saves="out")
def _(F: Any, g: Any, out: Any, a: Any) -> Any:
    packed, pivots = out
    m, n = a.shape[-2:]
    k = min(m, n)
    left, right = _unpack(F, packed)
    gl = lower(F, F.narrow(g[0], -1, 0, k), -1)
    gu = upper(F, F.narrow(g[0], -2, 0, k))
    pivots = pivots if pivots.__class__ is np.ndarray else pivots.data
    return _lu_rule(F, gl, gu, left, right, row_order(pivots, m))


def _zero_pivot(packed: Any) -> Any:
    zeros = np.diagonal(packed, 0, -2, -1) == 0
    return np.where(zeros.any(-1), zeros.argmax(-1) + 1, 0) if zeros.shape[-1] else alloc.zeros(zeros.shape[:-1], int)


@composite(
    "linalg.lu_factor(A, *, pivot=True)",
    method=False,
    samples=lambda: [
        call(t(3, 3, values=[[0.1, 1.0, 2.0], [2.0, 0.3, -1.0], [-1.0, 2.0, 0.5]])),
        call(t(3, 2, values=[[0.1, 1.0], [2.0, 0.3], [-1.0, 2.0]])),
        call(t(2, 3, values=[[0.1, 1.0, 2.0], [2.0, 0.3, -1.0]])),
        call(t(2, 2, 2, values=[A2, [[0.3, 1.0], [1.2, -0.4]]])),
    ],
    formula="as linalg.lu",
    example="linalg.lu_factor(tensor([[1., 2.], [3., 4.]]))",
    looped="it looks for zero pivots",
)
def linalg_lu_factor(a: Tensor, pivot: bool) -> Any:
    """L and U packed in one matrix, and the pivots: what linalg.lu_solve takes."""
    need_tensor("linalg_lu_factor", "A", 1, a)
    _pivoting(pivot)
    packed, pivots = run(lu_factor_of, [a], None)
    bad = alloc.asarray(_zero_pivot(packed.data)).reshape(-1)
    if bad.any():
        number = int(np.flatnonzero(bad)[0])
        which = f"Batch element {number}: " if a.data.ndim > 2 else ""
        raise ValueProblem(
            f"torch.linalg.lu_factor: {which}U[{bad[number]},{bad[number]}] is zero and using it on lu_solve would "
            "result in a division by zero. If you still want to perform the factorization, consider calling "
            "linalg.lu(A, pivot) or linalg.lu_factor_ex(A, pivot)"
        )
    return named("linalg_lu_factor", LU=packed, pivots=pivots)


@composite(
    "linalg.lu_factor_ex(A, *, pivot=True, check_errors=False)",
    method=False,
    formula="as linalg.lu_factor",
    example="linalg.lu_factor_ex(tensor([[1., 2.], [3., 4.]]))",
    looped="it looks for zero pivots",
)
def linalg_lu_factor_ex(a: Tensor, pivot: bool, check_errors: bool) -> Any:
    """As linalg.lu_factor, with the number of the first zero pivot of each matrix instead of an error."""
    if check_errors:
        T.linalg_lu_factor(a, pivot=pivot)
    need_tensor("linalg_lu_factor_ex", "A", 1, a)
    _pivoting(pivot)
    packed, pivots = run(lu_factor_of, [a], None)
    return named("linalg_lu_factor_ex", LU=packed, pivots=pivots, info=infos(_zero_pivot(packed.data)))


@op(
    "lu_solve_of(LU, B, pivots, left, adjoint)",
    grad_fn="LinalgLuSolveBackward0",
    private=True,
    samples=lambda: [call(t(2, 2, values=A2), t(2, 1), alloc.array([2, 2], np.int32), True, False)],
    formula="B: the solution for g with A transposed; LU: through L and U",
)
def lu_solve_of(packed: Any, b: Any, pivots: Any, left: bool, adjoint: bool) -> Any:
    """Solutions from packed LU; `pivots` is a constant array."""
    order = row_order(pivots, packed.shape[-1])
    if not left:
        b = b.swapaxes(-1, -2)
    unit = np.where(alloc.eye(packed.shape[-1], dtype=bool), packed.dtype.type(1), packed)
    if adjoint == left:
        # inv(A.mT) = P @ inv(L.mT) @ inv(U.mT)
        x = substitute(packed.swapaxes(-1, -2), b, False)
        x = order_rows.kernel(substitute(unit.swapaxes(-1, -2), x, True), np.argsort(order, -1))
    else:
        x = substitute(packed, substitute(unit, order_rows.kernel(b, order), False), True)
    return x if left else alloc.ascontiguousarray(x.swapaxes(-1, -2))


@lu_solve_of.vjp("LU", "B", saves="LU out")
def _(F: Any, needs: Any, g: Any, out: Any, packed: Any, b: Any, pivots: Any, left: bool, adjoint: bool) -> Any:
    gb = F.lu_solve_of(packed, g, pivots, left, not adjoint)
    if not needs[0]:
        return None, gb
    # the gradient of the matrix of the system, then of A, then of its L and U
    across = F.matrix_transpose
    whole = -F.matmul(gb, across(out)) if left else -F.matmul(across(out), gb)
    if adjoint:
        whole = across(whole)
    whole = F.order_rows(whole, row_order(pivots, packed.shape[-1]))
    below, above = _unpack(F, packed)
    gl = lower(F, F.matmul(whole, across(above)), -1)
    return gl + upper(F, F.matmul(across(below), whole)), gb


@composite(
    "linalg.lu_solve(LU, pivots, B, *, left=True, adjoint=False)",
    method=False,
    samples=lambda: [
        call(t(2, 2, values=A2), t(2, dtype="int32", values=[2, 2]), t(2, 1)),
        call(t(2, 2, values=A2), t(2, dtype="int32", values=[1, 2]), t(2, 1), adjoint=True),
        call(t(2, 2, values=A2), t(2, dtype="int32", values=[2, 2]), t(1, 2), left=False),
    ],
    formula="B: lu_solve(LU, pivots, g, adjoint=true); LU: through L and U",
    example="linalg.lu_solve(tensor([[3., 4.], [0.5, 2.]]), tensor([2, 2], dtype=int32), tensor([[1.], [2.]]))",
    looped="it works on arrays",
)
def linalg_lu_solve(packed: Tensor, pivots: Tensor, b: Tensor, left: bool, adjoint: bool) -> Any:
    """The solution X of AX = B (A.mT X = B with `adjoint`) from linalg.lu_factor(A)."""
    name = "linalg.lu_solve"
    for i, (label, v) in enumerate((("LU", packed), ("pivots", pivots), ("B", b)), 1):
        need_tensor("linalg_lu_solve", label, i, v)
    if packed.data.dtype.kind != "f":
        need_floating(f"torch.{name}", packed.data)
    need_square(f"torch.{name}", packed.data)
    if packed.data.dtype != b.data.dtype:
        p, q = OF[packed.data.dtype].title, OF[b.data.dtype].title
        raise DtypeError(
            f"{name}: Expected LU and B to have the same dtype, but found LU of type {p} and B of type {q} instead"
        )
    if pivots.data.dtype != np.int32:
        raise DtypeError(f"{name}: pivots should be a Tensor of scalar type torch.int32")
    if pivots.data.shape != packed.data.shape[:-1]:
        raise ShapeError(
            f"{name}: Expected LU.shape[:-1] and pivots.shape to be the same, but got pivots with shape "
            f"{list(pivots.data.shape)} instead"
        )
    need_matrix(name, b.data, "B")
    check_system(name, packed.data, b.data, left)
    order = checked_pivots(pivots.data, packed.data)
    need_floating(name, packed.data, "linalg.lu_solve_cpu")
    return run(lu_solve_of, [packed, b, order, bool(left), bool(adjoint)], None)


@composite(
    "lu_solve(input, LU_data, LU_pivots)",
    formula="as linalg.lu_solve",
    example="lu_solve(tensor([[1.], [2.]]), tensor([[3., 4.], [0.5, 2.]]), tensor([2, 2], dtype=int32))",
)
def lu_solve(b: Tensor, packed: Tensor, pivots: Tensor) -> Any:
    """The solution X of AX = b from linalg.lu_factor(A)."""
    return T.linalg_lu_solve(packed, pivots, b)


@composite(
    "lu_unpack(LU_data, LU_pivots, unpack_data=True, unpack_pivots=True)",
    method=False,
    formula="the triangles of the gradients of L and U",
    example="lu_unpack(tensor([[3., 4.], [0.5, 2.]]), tensor([2, 2], dtype=int32))",
)
def lu_unpack(packed: Tensor, pivots: Tensor, unpack_data: bool, unpack_pivots: bool) -> Any:
    """P, L and U from linalg.lu_factor."""
    need_tensor("lu_unpack", "LU_data", 1, packed)
    need_tensor("lu_unpack", "LU_pivots", 2, pivots)
    if packed.data.ndim < 2:
        raise ShapeError(
            f"torch.lu_unpack: Expected tensor with 2 or more dimensions. Got size: {list(packed.data.shape)} instead"
        )
    if pivots.data.dtype != np.int32 or not pivots.data.flags.c_contiguous:
        raise DtypeError("torch.lu_unpack: LU_pivots is expected to be a contiguous tensor of torch.int32 dtype.")
    nothing = make(alloc.zeros(0, packed.data.dtype))
    left, right = _unpack(T, packed) if unpack_data else (nothing, nothing)
    for half in (left, right):
        if half.node.__class__ is Node:  # PyTorch's one node for both
            half.node.kind = half.node.kind.renamed("LuUnpackBackward0")
    p = nothing
    if unpack_pivots:
        order = row_order(checked_pivots(pivots.data, packed.data), packed.data.shape[-2])
        p = _permutation(order, packed.data.dtype)
    return named("lu_unpack", P=p, L=left, U=right)
