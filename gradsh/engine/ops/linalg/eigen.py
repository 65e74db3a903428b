"""Eigenvalues and eigenvectors of square matrices where they are real, and factors of low rank."""

from __future__ import annotations

from typing import Any

import numpy as np

from gradsh.engine.core.arguments import need_tensor
from gradsh.engine.core.dtypes import OF
from gradsh.engine.core.named import Named, named
from gradsh.engine.core.namespaces import T
from gradsh.engine.core.tensor import Tensor
from gradsh.engine.operators.composite import composite
from gradsh.engine.operators.general import op, run
from gradsh.engine.operators.samples import call, t
from gradsh.engine.ops.linalg.common import linalg_error, need_square
from gradsh.errors import DtypeError, ShapeError, ValueProblem

REAL = [[2.0, 0.3], [0.5, 1.0]]


def _real(name: str, a: Any) -> tuple[Any, Any]:
    """LAPACK's eigenvalues and eigenvectors, as real arrays."""
    need_square(name, a)
    if a.dtype.kind != "f" or a.dtype.itemsize == 2:
        raise DtypeError(
            f"\"linalg_eig_out_cpu\" not implemented for '{OF[a.dtype].title}'", kind="NotImplementedError"
        )
    if not np.isfinite(a).all():
        raise linalg_error(
            f"{name}: The algorithm failed to converge because the input matrix contained non-finite values."
        )
    try:
        values, vectors = np.linalg.eig(a)
    except np.linalg.LinAlgError:
        raise linalg_error(f"{name}: The algorithm failed to converge.") from None
    if values.dtype.kind == "c":
        raise ValueProblem(
            f"{name}: some eigenvalues of this matrix are complex, and there are no complex tensors",
            help="`linalg.eigvalsh(a + a.mT)` of a symmetric matrix is real; `linalg.svdvals(a)` always is",
        )
    return values, vectors


@op(
    "eig_of(input)",
    grad_fn="LinalgEigBackward0",
    outputs=2,
    private=True,
    samples=lambda: [call(t(2, 2, values=REAL))],
    formula="inv(V).mT @ (diag(gL) + (V.mT @ gV projected) / E) @ V.mT, E[i, j] = L[j] - L[i]",
)
def eig_of(a: Any) -> Any:
    """Eigenvalues, in LAPACK's order, and eigenvectors of norm 1 in columns."""
    return _real("linalg.eig", a)


@eig_of.vjp("input", saves="out")
def _(F: Any, g: Any, out: Any, a: Any) -> Any:
    values, vectors = out
    left = F.matrix_transpose(vectors)
    inner = None
    if g[1] is not None:
        # vectors have norm 1: what changes their length is taken out
        turned = F.matmul(left, g[1])
        along = F.diagonal(turned, 0, -2, -1)
        inner = turned - F.matmul(F.matmul(left, vectors), F.diag_embed(along, 0, -2, -1))
        apart = F.unsqueeze(values, -2) - F.unsqueeze(values, -1)
        n = a.shape[-1]
        own = F.diag_embed(F.sum(apart * 0.0, -1, False, None) + 1.0, 0, -2, -1)
        inner = inner / (apart + own) * (1.0 - own) if n else inner
    if g[0] is not None:
        diagonal = F.diag_embed(g[0], 0, -2, -1)
        inner = diagonal if inner is None else inner + diagonal
    return F.solve_of(left, F.matmul(inner, left), True, False, True)


@composite(
    "linalg.eig(A)",
    method=False,
    formula="inv(V).mT @ (diag(gL) + (V.mT @ gV projected) / E) @ V.mT, E[i, j] = L[j] - L[i]",
    kinks="equal eigenvalues: eigenvectors have no derivative",
    example="linalg.eig(tensor([[2., 1.], [0., 3.]]))",
)
def linalg_eig(a: Any) -> Named:
    """Eigenvalues and eigenvectors (columns of norm 1) of a square matrix whose eigenvalues are real."""
    need_tensor("linalg_eig", "A", 1, a)
    values, vectors = run(eig_of, [a], None)
    return named("linalg_eig", eigenvalues=values, eigenvectors=vectors)


@composite(
    "linalg.eigvals(A)",
    method=False,
    formula="inv(V).mT @ diag(g) @ V.mT",
    kinks="equal eigenvalues: no single derivative",
    example="linalg.eigvals(tensor([[2., 1.], [0., 3.]]))",
)
def linalg_eigvals(a: Any) -> Any:
    """The eigenvalues of a square matrix, in LAPACK's order, where all of them are real."""
    need_tensor("linalg_eigvals", "A", 1, a)
    return run(eig_of, [a], None)[0]


# --- low rank --------------------------------------------------------------------------------------------------------


def _extents(a: Tensor) -> tuple[int, int]:
    """Rows and columns. Errors: Python's, as PyTorch's own Python has it."""
    if a.ndim < 2:
        raise ShapeError(f"not enough values to unpack (expected 2, got {a.ndim})", kind="ValueError")
    return a.shape[-2], a.shape[-1]


def _range_of(a: Tensor, q: int, steps: int, mean: Any) -> Any:
    """Orthonormal columns that span most of the range of a matrix: Halko et al. 2009, algorithm 4.4."""

    def times(m: Tensor, x: Any, turned: bool) -> Any:
        out = T.matmul(T.matrix_transpose(m) if turned else m, x)
        if mean is None:
            return out
        return out - T.matmul(T.matrix_transpose(mean) if turned else mean, x)

    drawn = T.randn(a.shape[-1], q, dtype=a.dtype)
    columns = T.linalg_qr(times(a, drawn, False))[0]
    for _ in range(steps):
        rows = T.linalg_qr(times(a, columns, True))[0]
        columns = T.linalg_qr(times(a, rows, False))[0]
    return columns


@composite(
    "svd_lowrank(A, q=6, niter=2, M=None)",
    method=False,
    formula="through qr and svd",
    example="svd_lowrank(eye(3), q=1)[1].shape",
    draws=True,
    looped="it draws",
)
def svd_lowrank(a: Any, q: Any, niter: Any, M: Any) -> tuple[Any, Any, Any]:
    """U, S and V of a matrix, nearly, of so low a rank: random projections, with `niter` steps of refinement."""
    need_tensor("svd_lowrank", "A", 1, a)
    q = 6 if q is None else q
    m, n = _extents(a)
    mean = M
    if m < n:
        a = T.matrix_transpose(a)
        mean = None if mean is None else T.matrix_transpose(mean)
    columns = _range_of(a, q, niter, mean)
    small = T.matmul(T.matrix_transpose(columns), a if mean is None else a - mean)
    u, s, vh = T.linalg_svd(small, False)
    u, v = T.matmul(columns, u), T.matrix_transpose(vh)
    return (v, s, u) if m < n else (u, s, v)


@composite(
    "pca_lowrank(A, q=None, center=True, niter=2)",
    method=False,
    formula="through qr and svd",
    example="pca_lowrank(randn(5, 3), q=2)[1].shape",
    draws=True,
    looped="it draws",
)
def pca_lowrank(a: Any, q: Any, center: bool, niter: Any) -> tuple[Any, Any, Any]:
    """The principal components of rows of data, nearly: U, S and V of the data without its mean."""
    need_tensor("pca_lowrank", "A", 1, a)
    m, n = _extents(a)
    if q is None:
        q = min(6, m, n)
    elif not 0 <= q <= min(m, n):
        raise ValueProblem(
            f"q(={q}) must be non-negative integer and not greater than min(m, n)={min(m, n)}", kind="ValueError"
        )
    if not niter >= 0:
        raise ShapeError(f"niter(={niter}) must be non-negative integer", kind="ValueError")
    if center:
        a = a - T.mean(a, -2, True, None)
    return svd_lowrank.apply(a, q, niter, None)  # type: ignore[no-any-return]  # tensors
