"""Pseudo-inverses, least squares, ranks; Vandermonde matrices and other small things of `linalg`."""

from __future__ import annotations

from typing import Any

import numpy as np

from gradsh.engine.core import alloc
from gradsh.engine.core.arguments import need_tensor
from gradsh.engine.core.dtypes import OF
from gradsh.engine.core.graph import Node
from gradsh.engine.core.named import named
from gradsh.engine.core.namespaces import T
from gradsh.engine.core.promotion import broadcast_error
from gradsh.engine.core.tensor import Tensor, is_foreign, make
from gradsh.engine.operators.composite import composite
from gradsh.engine.operators.general import op, run
from gradsh.engine.operators.samples import call, t
from gradsh.engine.ops.linalg.common import in_columns, need_matrix
from gradsh.engine.ops.shape.join import broadcast_shape
from gradsh.errors import ArgumentError, DtypeError, ShapeError, ValueProblem

# --- pseudo-inverse ----------------------------------------------------------------------------------------------


def _threshold(s: Any, m: int, n: int, atol: Any, rtol: Any) -> Any:
    """Singular values up to this count as zero: PyTorch's defaults for the two tolerances."""
    largest = s.max(-1, keepdims=True) if s.shape[-1] else alloc.zeros((*s.shape[:-1], 1), s.dtype)
    if rtol is None:
        rtol = max(m, n) * np.finfo(s.dtype).eps if atol is None else 0.0
    absolute, relative = alloc.asarray(0.0 if atol is None else atol), alloc.asarray(rtol)
    shape = broadcast_shape(relative.shape, s.shape[:-1])
    broadcast_shape(absolute.shape, shape)
    return np.maximum(absolute[..., None], relative[..., None] * largest).astype(s.dtype)


@op(
    "pinv_of(A, atol, rtol, hermitian)",
    grad_fn="LinalgPinvBackward0",
    private=True,
    samples=lambda: [call(t(2, 3), None, None, False)],
    formula="the derivative of a pseudo-inverse of constant rank (Golub and Pereyra)",
)
def pinv_of(a: Any, atol: Any, rtol: Any, hermitian: bool) -> Any:
    """Pseudo-inverses."""
    if a.ndim < 2 or a.dtype.kind != "f" or a.dtype.itemsize == 2:
        raise ShapeError(
            f"linalg.pinv({OF[a.dtype].title}{{{list(a.shape)}}}): expected a tensor with 2 or more dimensions of "
            "float, double, cfloat or cdouble types"
        )
    m, n = a.shape[-2:]
    if hermitian:
        from gradsh.engine.ops.linalg.common import need_square

        need_square("linalg.eigh", a)
        values, vectors = np.linalg.eigh(a)
        u, s, vh = vectors * np.sign(values)[..., None, :], np.abs(values), vectors.swapaxes(-1, -2)
    else:
        u, s, vh = np.linalg.svd(a, False)
    inverse = np.where(s > _threshold(s, m, n, atol, rtol), 1 / s, 0).astype(a.dtype)
    return vh.swapaxes(-1, -2) @ (inverse[..., None] * u.swapaxes(-1, -2))


@pinv_of.vjp("A", saves="A out")
def _(F: Any, g: Any, out: Any, a: Any, atol: Any, rtol: Any, hermitian: bool) -> Any:
    return in_columns(F, pinv_rule(F, g, out, a))


def pinv_rule(F: Any, g: Any, out: Any, a: Any) -> Any:
    """The gradient of the pseudo-inverse `out` of `a`."""
    m, n = a.shape[-2:]
    across_out, across_g = F.matrix_transpose(out), F.matrix_transpose(g)
    mul = F.matmul
    if m <= n:
        k = mul(across_g, out)
        k_across = mul(k, across_out)
        return (
            -F.matrix_transpose(mul(out, k))
            + k_across
            - mul(mul(a, out), k_across)
            + mul(mul(across_out, out), across_g - mul(k, a))
        )
    k = mul(out, across_g)
    across_k = mul(across_out, k)
    return (
        -F.matrix_transpose(mul(k, out))
        + mul(mul(across_g - mul(a, k), out), across_out)
        + across_k
        - mul(mul(across_k, out), a)
    )


M32 = [[1.0, 0.5], [-0.3, 1.2], [0.4, 0.7]]
M22 = [[1.5, 0.5], [-0.7, 1.2]]


def _plain(value: Any) -> Any:
    return value.data if value.__class__ is Tensor else value


@composite(
    "linalg.pinv(input, rcond=None, hermitian=False, *, atol=None, rtol=None)",
    method=False,
    samples=lambda: [
        call(t(3, 2, values=M32)),
        call(t(2, 2, values=M22)),
        call(t(2, 3, values=[[1.0, 0.5, 0.2], [-0.3, 1.9, 0.9]])),
        call(t(2, 2, 2, values=[M22, [[0.3, 1.0], [1.2, -0.4]]])),
    ],
    formula="the derivative of a pseudo-inverse of constant rank (Golub and Pereyra)",
    example="linalg.pinv(tensor([[1., 0.], [0., 2.], [0., 0.]]))",
)
def linalg_pinv(a: Tensor, rcond: Any, hermitian: bool, atol: Any, rtol: Any) -> Any:
    """The Moore-Penrose pseudo-inverse; singular values of at most max(atol, rtol * largest) count as zero."""
    need_tensor("linalg_pinv", "A", 1, a)
    return run(pinv_of, [a, _plain(atol), _plain(rcond if rtol is None else rtol), bool(hermitian)], None)


@composite(
    "pinverse(input, rcond=1e-15)",
    samples=lambda: [call(t(3, 2, values=M32))],
    formula="as linalg.pinv",
    example="pinverse(tensor([[1., 0.], [0., 2.], [0., 0.]]))",
)
def pinverse(a: Tensor, rcond: float) -> Any:
    """The Moore-Penrose pseudo-inverse; singular values of at most rcond * largest count as zero."""
    need_tensor("pinverse", "input", 1, a)
    return run(pinv_of, [a, None, rcond, False], None)


@composite(
    "linalg.matrix_rank(input, tol=None, hermitian=False, *, atol=None, rtol=None)",
    method=False,
    differentiable=False,
    example="linalg.matrix_rank(tensor([[1., 2.], [2., 4.]]))",
    looped="it counts singular values",
)
def linalg_matrix_rank(a: Tensor, tol: Any, hermitian: bool, atol: Any, rtol: Any) -> Any:
    """The number of singular values that do not count as zero."""
    need_tensor("linalg_matrix_rank", "A", 1, a)
    need_matrix("torch.linalg.matrix_rank", a.data, "input")
    x = a.data
    s = np.abs(np.linalg.eigvalsh(x)) if hermitian else np.linalg.svd(x, compute_uv=False)
    atol, rtol = (_plain(tol), 0.0) if tol is not None else (_plain(atol), _plain(rtol))
    m, n = x.shape[-2:]
    limit = _threshold(s, m, n, atol, rtol)
    return make(alloc.asarray(np.add.reduce(s > limit, -1, dtype=np.int64))[()])


# --- least squares -----------------------------------------------------------------------------------------------


@op(
    "lstsq_of(A, B, rcond)",
    layout="own",
    grad_fn="LinalgLstsqBackward0",
    private=True,
    samples=lambda: [call(t(3, 2), t(3, 1), None)],
    formula="B: pinv(A).mT @ g; A: of the pseudo-inverse",
)
def lstsq_of(a: Any, b: Any, rcond: Any) -> Any:
    """Least squares solutions of AX = B of the smallest norm."""
    batch = np.broadcast_shapes(a.shape[:-2], b.shape[:-2])
    m, n = a.shape[-2:]
    # LAPACK puts the solutions where it found B, whose columns are as long as the longer of both
    out = alloc.zeros((*batch, b.shape[-1], max(m, n)), a.dtype).swapaxes(-1, -2)[..., :n, :]
    left = np.broadcast_to(a, (*batch, m, n))
    right = np.broadcast_to(b, (*batch, *b.shape[-2:]))
    for index in np.ndindex(batch):
        out[index] = np.linalg.lstsq(left[index], right[index], rcond)[0]
    return out


@lstsq_of.vjp("A", "B", saves="A B")
def _(F: Any, needs: Any, g: Any, out: Any, a: Any, b: Any, rcond: Any) -> Any:
    inverse = F.pinv_of(a, None, rcond, False)
    first = second = None
    if needs[0]:
        first = in_columns(F, pinv_rule(F, F.matmul(g, F.matrix_transpose(b)), inverse, a))
    if needs[1]:
        second = F.matmul(F.matrix_transpose(inverse), g)
    return first, second


@composite(
    "linalg.lstsq(input, b, rcond=None, *, driver=None)",
    method=False,
    samples=lambda: [
        call(t(3, 2, values=M32), t(3, 1)),
        call(t(3, 2, values=M32), t(3, 2)),
        call(t(2, 3, values=[[1.0, 0.5, 0.2], [-0.3, 1.9, 0.9]]), t(2, 1)),
        call(t(2, 2, 2, values=[M22, [[0.3, 1.0], [1.2, -0.4]]]), t(2, 2)),
        call(t(3, 2, values=M32), t(3, 1), driver="gels"),
    ],
    formula="B: pinv(A).mT @ g; A: of the pseudo-inverse",
    example="linalg.lstsq(tensor([[1., 0.], [0., 1.], [1., 1.]]), ones(3, 1))",
    looped="its result depends on the rank",
)
def linalg_lstsq(a: Tensor, b: Tensor, rcond: Any, driver: Any) -> Any:
    """The least squares solution of AX = B with the smallest norm; residuals, rank and singular values by driver."""
    name = "torch.linalg.lstsq"
    need_tensor("linalg_lstsq", "A", 1, a)
    need_tensor("linalg_lstsq", "B", 2, b)
    if isinstance(rcond, Tensor) or is_foreign(rcond):
        raise ArgumentError("linalg_lstsq(): argument 'rcond' (position 3) must be float, not Tensor")
    x, y = a.data, b.data
    if x.dtype.kind != "f" or x.dtype.itemsize < 4:
        raise DtypeError("This function doesn't handle types other than float and double")
    if x.ndim < 2:
        raise ShapeError(f"{name}: input must have at least 2 dimensions.")
    if y.ndim < 1:
        raise ShapeError(f"{name}: other must have at least 1 dimension.")
    if driver not in (None, "gels", "gelsy", "gelsd", "gelss"):
        raise ValueProblem(f"{name}: parameter `driver` should be one of (gels, gelsy, gelsd, gelss)")
    if x.dtype != y.dtype:
        p, q = OF[x.dtype].title, OF[y.dtype].title
        raise DtypeError(f"{name}: expected input and other to have the same dtype, but got {p} and {q}")
    if not 0 <= x.ndim - y.ndim <= 1:
        raise ShapeError(
            f"{name}: input.dim() must be greater or equal to other.dim() and (input.dim() - other.dim()) <= 1"
        )
    vector = x.ndim - 1 == y.ndim and x.shape[:-1] == y.shape
    if vector:
        b = T.unsqueeze(b, -1)
        y = b.data
    elif y.ndim < 2 or x.shape[-2] != y.shape[-2]:
        what = "size(-2) should match other.size(-2)" if y.ndim >= 2 else "size(-2) should match other.size(-1)"
        raise ShapeError(f"{name}: input.{what}")
    try:
        np.broadcast_shapes(x.shape[:-2], y.shape[:-2])
    except ValueError:
        raise broadcast_error(x.shape[:-2], y.shape[:-2]) from None
    m, n = x.shape[-2:]
    limit = max(m, n) * float(np.finfo(x.dtype).eps) if rcond is None else float(rcond)
    solution = run(lstsq_of, [a, b, limit], None)
    nothing = make(alloc.zeros(0, x.dtype))
    s = np.linalg.svd(x, compute_uv=False)
    rank = alloc.asarray(np.add.reduce(s > limit * s.max(-1, initial=0, keepdims=True), -1, dtype=np.int64))
    if m > n and driver in ("gels", "gelsd", "gelss") and bool(np.all(rank == n)):
        difference = T.sub(T.matmul(a, solution), b)
        residuals = T.sum(T.mul(difference, difference), -2)
    else:
        residuals = T.reshape(T.narrow(solution, -1, 0, 0), (0,))
    residuals = _lstsq_node(residuals)
    return named(
        "linalg_lstsq",
        solution=_lstsq_node(T.squeeze(solution, -1)) if vector else solution,
        residuals=residuals,
        rank=make(alloc.zeros(0, np.int64) if driver == "gels" else rank[()]),
        singular_values=make(s) if driver in ("gelsd", "gelss") else nothing,
    )


def _lstsq_node(x: Tensor) -> Tensor:
    """Named as PyTorch's one node for all results."""
    if x.node.__class__ is Node:
        x.node.kind = x.node.kind.renamed("LinalgLstsqBackward0")
    return x


# --- small things ------------------------------------------------------------------------------------------------


@composite(
    "linalg.vander(x, *, N=None)",
    method=False,
    samples=lambda: [call(t(3)), call(t(2), N=4), call(t(2, 2))],
    formula="the sum over columns of k * x**(k - 1) * g",
    refuses={"linalg.vander supports floating point, complex, and integer tensors, but got {}": "Half Bool"},
    example="linalg.vander(tensor([1., 2., 3.]))",
)
def linalg_vander(x: Tensor, n: Any) -> Any:
    """The powers 0, 1, ... N - 1 of every element, along a new last dim."""
    need_tensor("linalg_vander", "x", 1, x)
    if not x.data.ndim:
        x = T.unsqueeze(x, 0)
    shape = x.data.shape
    if n is None:
        n = shape[-1]
    if n <= 1:
        raise ValueProblem("N must be greater than 1.")
    powers = T.cumprod(T.expand(T.unsqueeze(x, -1), (*shape, n - 1)), -1)
    return T.cat([make(alloc.ones((*shape, 1), powers.data.dtype)), powers], -1)


@composite(
    "linalg.vecdot(x, y, *, dim=-1)",
    method=False,
    samples=lambda: [call(t(3), t(3)), call(t(2, 3), t(3)), call(t(2, 3), t(2, 3), dim=0)],
    formula="x: g * y; y: g * x",
    example="linalg.vecdot(tensor([1., 2.]), tensor([3., 4.]))",
)
def linalg_vecdot(x: Tensor, y: Tensor, dim: int) -> Any:
    """The inner products of vectors along `dim`."""
    need_tensor("linalg_vecdot", "x", 1, x)
    need_tensor("linalg_vecdot", "y", 2, y)
    p, q = OF[x.data.dtype].title, OF[y.data.dtype].title
    if x.data.dtype.kind != "f":
        raise DtypeError(f"linalg.vecdot: Expected a floating point or complex tensor as input. Got {p}")
    if p != q:
        raise DtypeError(
            f"linalg.vecdot: Expected x and y to have the same dtype, but found x of type {p} and y of type {q} instead"
        )
    if x.data.ndim == y.data.ndim == 1:
        return T.vdot(x, y)
    return T.sum(T.mul(x, y), dim)


@composite(
    "linalg.diagonal(A, *, offset=0, dim1=-2, dim2=-1)",
    method=False,
    samples=lambda: [call(t(2, 3)), call(t(2, 2, 3), offset=1)],
    formula="g on the diagonal, 0 elsewhere",
    example="linalg.diagonal(tensor([[1., 2.], [3., 4.]]))",
)
def linalg_diagonal(a: Tensor, offset: int, dim1: int, dim2: int) -> Any:
    """The diagonals of matrices."""
    need_tensor("linalg_diagonal", "A", 1, a)
    return T.diagonal(a, offset, dim1, dim2)
