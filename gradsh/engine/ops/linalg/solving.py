"""Systems of linear equations: general, triangular, of tensors."""

from __future__ import annotations

from typing import Any

import numpy as np

from gradsh.engine.core import alloc
from gradsh.engine.core.arguments import need_tensor, not_implemented
from gradsh.engine.core.dtypes import OF
from gradsh.engine.core.graph import Node
from gradsh.engine.core.named import named
from gradsh.engine.core.namespaces import T
from gradsh.engine.core.strided import columns
from gradsh.engine.core.tensor import Tensor
from gradsh.engine.operators.composite import composite
from gradsh.engine.operators.general import op, run
from gradsh.engine.operators.samples import call, t
from gradsh.engine.ops.linalg.common import (
    A2,
    batch_element,
    check_system,
    infos,
    inverse_of,
    linalg_error,
    lower,
    need_floating,
    need_matrix,
    need_square,
    substitute,
    upper,
    zero_pivots,
)
from gradsh.errors import DtypeError, ShapeError, ValueProblem

# --- solving -----------------------------------------------------------------------------------------------------


def _vector_rhs(a: Any, b: Any) -> bool:
    """Whether the right side is a batch of vectors: PyTorch's rule, which does not broadcast them."""
    return bool(b.ndim == 1 or (a.ndim - 1 == b.ndim and b.shape == a.shape[:-1]))


@op(
    "solve_of(A, B, left, vector, strict)",
    layout="own",
    grad_fn="LinalgSolveExBackward0",
    private=True,
    samples=lambda: [call(t(2, 2, values=[[1.5, 0.5], [-0.7, 1.2]]), t(2, 1), True, False, True)],
    formula="B: solve(A.mT, g); A: -solve(A.mT, g) @ out.mT",
)
def solve_of(a: Any, b: Any, left: bool, vector: bool, strict: bool) -> Any:
    """Solutions of AX = B, or XA = B unless `left`; `vector`: B is a batch of vectors; `strict`: a singular A is an
    error, else its solution is inf."""
    need_square("linalg.solve", a)
    need_floating("linalg.solve", a, "lu_cpu")
    if a.dtype != b.dtype:
        p, q = OF[a.dtype].title, OF[b.dtype].title
        raise DtypeError(
            f"linalg.solve: Expected A and B to have the same dtype, but found A of type {p} and B of type {q} instead"
        )
    need_matrix("linalg.solve", b[..., None] if vector else b, "B")
    rhs = b[..., None] if vector else b
    check_system("linalg.solve", a, rhs, left)
    if a.dtype.itemsize == 2:  # without elements
        return b.copy()
    coefficients, rhs = (a, rhs) if left else (a.swapaxes(-1, -2), rhs.swapaxes(-1, -2))
    try:
        x = np.linalg.solve(coefficients, rhs)
    except np.linalg.LinAlgError:
        if strict:
            bad = zero_pivots(a).reshape(-1)
            index = int(np.flatnonzero(bad)[0]) if bad.any() else 0
            raise linalg_error(
                f"torch.linalg.solve: {batch_element(a, index)}The solver failed because the input matrix is singular."
            ) from None
        from gradsh.engine.ops.linalg.common import solve_by_elimination

        x = solve_by_elimination(coefficients, rhs)
    if not left:
        return alloc.ascontiguousarray(x.swapaxes(-1, -2))
    x = x[..., 0] if vector else x
    return columns(x) if x.ndim > 1 else x


@solve_of.vjp("A", "B", saves="A out")
def _(F: Any, needs: Any, g: Any, out: Any, a: Any, b: Any, left: bool, vector: bool, strict: bool) -> Any:
    gb = F.solve_of(F.matrix_transpose(a), g, left, vector, strict)
    ga = None
    if needs[0]:
        p, q = (F.unsqueeze(gb, -1), F.unsqueeze(out, -1)) if vector else (gb, out)
        ga = -F.matmul(p, F.matrix_transpose(q)) if left else -F.matmul(F.matrix_transpose(q), p)
    return ga, gb if needs[1] else None


def _solve(name: str, a: Tensor, b: Tensor, left: bool, strict: bool) -> Any:
    need_tensor(name, "A", 1, a)
    need_tensor(name, "B", 2, b)
    vector = a.data.ndim >= 2 and _vector_rhs(a.data, b.data)
    if vector and not left:
        n = b.data.shape[-1]
        size = a.data.shape[-1]
        raise ShapeError(
            f"linalg.solve: Incompatible shapes of A and B for the equation XA = B ({size}x{size} and {n}x1)"
        )
    return run(solve_of, [a, b, left, vector, strict], None)


@composite(
    "linalg.solve(A, B, *, left=True)",
    method=False,
    samples=lambda: [
        call(t(2, 2, values=A2), t(2)),
        call(t(2, 2, values=A2), t(2, 1)),
        call(t(2, 2, values=A2), t(1, 2), left=False),
        call(t(2, 2, 2, values=[A2, A2]), t(2, 2)),
        call(t(2, 2, 2, values=[A2, A2]), t(2, 1)),
        call(t(2, 2, values=A2), t(2, 2, 1)),
        call(t(0, 0), t(0, 2)),
    ],
    formula="B: solve(A.mT, g); A: -solve(A.mT, g) @ X.mT",
    example="linalg.solve(tensor([[2., 0.], [0., 4.]]), tensor([2., 4.]))",
)
def linalg_solve(a: Tensor, b: Tensor, left: bool) -> Any:
    """The solution X of AX = B, or of XA = B with `left=False`."""
    return _solve("linalg_solve", a, b, left, True)


@composite(
    "linalg.solve_ex(A, B, *, left=True, check_errors=False)",
    method=False,
    formula="as linalg.solve",
    example="linalg.solve_ex(tensor([[2., 0.], [0., 4.]]), tensor([2., 4.]))",
    looped="it looks for zero pivots",
)
def linalg_solve_ex(a: Tensor, b: Tensor, left: bool, check_errors: bool) -> Any:
    """As linalg.solve, with the number of the zero pivot of each singular matrix instead of an error."""
    out = _solve("linalg_solve_ex", a, b, left, check_errors)
    return named("linalg_solve_ex", result=out, info=infos(zero_pivots(a.data)))


@op(
    "triangular_of(A, B, upper, left, unitriangular)",
    grad_fn="LinalgSolveTriangularBackward0",
    private=True,
    samples=lambda: [call(t(2, 2, low=0.5), t(2, 1), True, True, False)],
    formula="B: solve(A.mT, g); A: the triangle of -solve(A.mT, g) @ out.mT",
)
def triangular_of(a: Any, b: Any, upper: bool, left: bool, unitriangular: bool) -> Any:
    """Solutions of AX = B, or XA = B unless `left`, for triangular A."""
    name = "linalg.solve_triangular"
    need_square(name, a)
    need_matrix(name, b, "B")
    check_system(name, a, b, left)
    if a.dtype.kind != "f" or a.dtype.itemsize == 2:
        raise not_implemented("triangular_solve_cpu", a.dtype)
    if a.dtype != b.dtype:
        b = b.astype(a.dtype)
    if unitriangular:
        a = np.where(alloc.eye(a.shape[-1], dtype=bool), a.dtype.type(1), a)
    if left:
        return substitute(a, b, upper)
    return alloc.ascontiguousarray(substitute(a.swapaxes(-1, -2), b.swapaxes(-1, -2), not upper).swapaxes(-1, -2))


@triangular_of.vjp("A", "B", saves="A out")
def _(F: Any, needs: Any, g: Any, out: Any, a: Any, b: Any, up: bool, left: bool, unit: bool) -> Any:
    gb = F.triangular_of(F.matrix_transpose(a), g, not up, left, unit)
    ga = None
    if needs[0]:
        across = F.matrix_transpose(out)
        ga = -F.matmul(gb, across) if left else -F.matmul(across, gb)
        ga = upper(F, ga, int(unit)) if up else lower(F, ga, -int(unit))
    return ga, gb if needs[1] else None


@composite(
    "linalg.solve_triangular(input, B, *, upper, left=True, unitriangular=False)",
    method=False,
    samples=lambda: [
        call(t(2, 2, values=A2), t(2, 1), upper=True),
        call(t(2, 2, values=A2), t(2, 1), upper=False),
        call(t(2, 2, values=A2), t(1, 2), upper=True, left=False),
        call(t(2, 2, values=A2), t(2, 1), upper=False, unitriangular=True),
        call(t(2, 2, 2, values=[A2, A2]), t(2, 1), upper=True),
    ],
    formula="B: solve_triangular(A.mT, g); A: the triangle of -solve_triangular(A.mT, g) @ X.mT",
    example="linalg.solve_triangular(tensor([[2., 1.], [0., 4.]]), tensor([[2.], [4.]]), upper=true)",
)
def linalg_solve_triangular(a: Tensor, b: Tensor, upper: bool, left: bool, unitriangular: bool) -> Any:
    """The solution X of AX = B for a triangular A, or of XA = B with `left=False`."""
    need_tensor("linalg_solve_triangular", "A", 1, a)
    need_tensor("linalg_solve_triangular", "B", 2, b)
    return run(triangular_of, [a, b, bool(upper), bool(left), bool(unitriangular)], None)


@composite(
    "triangular_solve(input, A, upper=True, transpose=False, unitriangular=False)",
    formula="as linalg.solve_triangular",
    example="triangular_solve(tensor([[2.], [4.]]), tensor([[2., 1.], [0., 4.]]))",
)
def triangular_solve(b: Tensor, a: Tensor, upper: bool, transpose: bool, unitriangular: bool) -> Any:
    """The solution of a triangular system, and a copy of the coefficients."""
    need_tensor("triangular_solve", "input", 1, b)
    need_tensor("triangular_solve", "A", 2, a)
    coefficients = T.matrix_transpose(a) if transpose else a
    out = run(triangular_of, [coefficients, b, upper != transpose, True, unitriangular], None)
    copy = T.clone(a)
    for part in (out, copy):
        if part.node.__class__ is Node:  # PyTorch's one node for both
            part.node.kind = part.node.kind.renamed("TriangularSolveBackward0")
    return named("triangular_solve", solution=out, cloned_coefficient=copy)


@composite(
    "linalg.tensorinv(input, ind=2)",
    method=False,
    samples=lambda: [call(t(2, 2, values=A2), 1), call(t(1, 2, 2, values=[A2]))],
    formula="as linalg.inv",
    example="linalg.tensorinv(eye(4).reshape(2, 2, 4))",
)
def tensorinv(a: Tensor, ind: int) -> Any:
    """The inverse with respect to tensordot: the first `ind` dims are the rows."""
    need_tensor("linalg_tensorinv", "A", 1, a)
    if ind <= 0:
        raise ValueProblem(f"Expected a strictly positive integer for 'ind', but got {ind}")
    shape = a.data.shape
    rows, columns = int(np.prod(shape[:ind])), int(np.prod(shape[ind:]))
    if rows != columns:
        raise ShapeError(
            "Expected self to satisfy the requirement prod(self.shape[ind:]) == prod(self.shape[:ind]), "
            f"but got {columns} != {rows}"
        )
    flat = run(inverse_of, [T.reshape(a, (rows, columns)), "inv"], None)
    out = T.reshape(flat, shape[ind:] + shape[:ind])
    if out.node.__class__ is Node:
        out.node.kind = out.node.kind.renamed("ReshapeAliasBackward0")
    return out


@composite(
    "linalg.tensorsolve(input, other, dims=None)",
    method=False,
    samples=lambda: [call(t(1, 2, 2, values=[A2]), t(1, 2)), call(t(2, 2, values=A2), t(2))],
    formula="as linalg.solve",
    example="linalg.tensorsolve(eye(4).reshape(2, 2, 4), ones(2, 2))",
)
def tensorsolve(a: Tensor, b: Tensor, dims: Any) -> Any:
    """The solution X of tensordot(A, X) = B."""
    need_tensor("linalg_tensorsolve", "A", 1, a)
    need_tensor("linalg_tensorsolve", "B", 2, b)
    if dims is not None:
        a = T.movedim(a, tuple(dims), tuple(range(a.data.ndim - len(dims), a.data.ndim)))
    n = b.data.ndim
    rest = a.data.shape[n:]
    rows, columns = int(b.data.size), int(np.prod(rest))
    if rows != columns:
        raise ShapeError(
            "Expected self to satisfy the requirement prod(self.shape[other.ndim:]) == prod(self.shape[:other.ndim]), "
            f"but got {columns} != {rows}"
        )
    flat = run(solve_of, [T.reshape(a, (columns, columns)), T.reshape(b, (rows,)), True, True, True], None)
    return T.reshape(flat, rest)
