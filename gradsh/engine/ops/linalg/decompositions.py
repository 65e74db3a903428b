"""Matrix decompositions: qr, eigh, svd."""

from __future__ import annotations

from typing import Any

import numpy as np

from gradsh.engine.core import alloc
from gradsh.engine.core.arguments import need_tensor, not_implemented
from gradsh.engine.core.named import named
from gradsh.engine.core.namespaces import T
from gradsh.engine.core.tensor import Tensor, make
from gradsh.engine.operators.batch_rules import on_last_dims
from gradsh.engine.operators.composite import composite
from gradsh.engine.operators.general import op, run
from gradsh.engine.operators.samples import call, t
from gradsh.engine.ops.linalg.cholesky import one_by_one
from gradsh.engine.ops.linalg.common import (
    A2,
    batch_element,
    diagonal_matrix,
    in_columns,
    linalg_error,
    need_floating,
    need_matrix,
    need_square,
    upper,
)
from gradsh.errors import AutogradError, ValueProblem

# --- qr ----------------------------------------------------------------------------------------------------------


@op(
    "qr_of(input, mode)",
    layout="columns",
    grad_fn="LinalgQrBackward0",
    outputs=2,
    private=True,
    samples=lambda: [call(t(3, 2), "reduced"), call(t(2, 3), "reduced")],
    formula="of Q and R: see PyTorch's linalg_qr_backward",
)
def qr_of(a: Any, mode: Any) -> Any:
    """Q and R of A = QR."""
    need_matrix("linalg.qr", a)
    need_floating("linalg.qr", a, "geqrf_cpu")
    if a.dtype.itemsize == 2:
        raise not_implemented("geqrf_cpu", a.dtype)
    if mode not in ("reduced", "r", "complete"):
        raise ValueProblem(
            f"qr received unrecognized mode '{mode}' but expected one of 'reduced' (default), 'r', or 'complete'"
        )
    if mode == "r":
        return alloc.zeros(0, a.dtype), np.linalg.qr(a, "r")
    q, r = np.linalg.qr(a, mode)
    return q, r


@qr_of.vjp("input", saves="out")
def _(F: Any, g: Any, out: Any, a: Any, mode: str) -> Any:
    m, n = a.shape[-2:]
    if mode == "r":
        raise AutogradError(
            "The derivative of linalg.qr depends on Q, which is not computed when mode='r'. Please use "
            "linalg.qr(A, mode='reduced') if you are going to require gradients."
        )
    if mode == "complete" and m > n:
        raise AutogradError("The QR decomposition is not differentiable when mode='complete' and nrows > ncols")
    q, r = out
    gq, gr = g
    if m >= n:
        return in_columns(F, _qr_tall(F, q, r, gq, gr))
    # A = [A1 A2] with A1 square, A2 = Q @ R2: what R2 and its Q contribute is brought back first
    rest = None
    if gr is not None:
        beyond = F.narrow(gr, -1, m, n - m)
        rest = F.matmul(q, beyond)
        turned = F.matmul(F.matmul(q, F.narrow(r, -1, m, n - m)), F.matrix_transpose(beyond))
        gq = turned if gq is None else gq + turned
        gr = F.narrow(gr, -1, 0, m)
    first = _qr_tall(F, q, F.narrow(r, -1, 0, m), gq, gr)
    if rest is None:
        rest = F.narrow(F.matmul(q, r), -1, m, n - m) * 0.0
    return F.cat([first, rest], -1)


on_last_dims(qr_of, 2)


def _qr_tall(F: Any, q: Any, r: Any, gq: Any, gr: Any) -> Any:
    """The gradient of a matrix with at least as many rows as columns."""
    inner = None if gr is None else F.matmul(gr, F.matrix_transpose(r))
    if gq is not None:
        turned = F.matmul(F.matrix_transpose(q), gq)
        inner = -turned if inner is None else inner - turned
    # symmetric, the upper triangle mirrored
    inner = upper(F, inner) + F.matrix_transpose(upper(F, inner, 1))
    out = F.matmul(q, inner)
    if gq is not None:
        out = out + gq
    # out @ inv(R).mT
    return F.triangular_of(F.matrix_transpose(r), out, False, False, False)


@composite(
    "linalg.qr(A, mode='reduced')",
    method=False,
    samples=lambda: [
        call(t(3, 2, values=[[1.0, 0.5], [-0.3, 1.2], [0.4, 0.7]])),
        call(t(2, 2, values=A2)),
        call(t(2, 3, values=[[1.0, 0.5, 0.2], [-0.3, 1.2, 0.9]])),
        call(t(2, 2, 2, values=[A2, [[0.3, 1.0], [1.2, -0.4]]])),
        call(t(2, 2, values=A2), "complete"),
    ],
    formula="(gQ + Q @ symmetric(gR @ R.mT - gQ.mT @ Q)) @ inv(R).mT",
    example="linalg.qr(tensor([[3., 1.], [4., 2.]]))",
)
def linalg_qr(a: Tensor, mode: str) -> Any:
    """Q with orthonormal columns and the upper triangular R of A = QR."""
    need_tensor("linalg_qr", "A", 1, a)
    q, r = run(qr_of, [a, mode], None)
    return named("linalg_qr", Q=q, R=r)


@composite("qr(input, some=True)", formula="as linalg.qr", example="qr(tensor([[3., 1.], [4., 2.]]))")
def qr(a: Tensor, some: bool) -> Any:
    """Q with orthonormal columns and the upper triangular R of input = QR."""
    need_tensor("qr", "input", 1, a)
    q, r = run(qr_of, [a, "reduced" if some else "complete"], None)
    return named("qr", Q=q, R=r)


# --- eigh --------------------------------------------------------------------------------------------------------


@op(
    "eigh_of(input, UPLO)",
    grad_fn="LinalgEighBackward0",
    outputs=2,
    private=True,
    samples=lambda: [call(t(1, 1), "L")],
    formula="the symmetric part of V @ (diag(gL) + (V.mT @ gV) / E) @ V.mT, E[i, j] = L[j] - L[i]",
)
def eigh_of(a: Any, uplo: Any) -> Any:
    """Eigenvalues in rising order and eigenvectors (columns) of symmetric matrices, of which one triangle is read."""
    need_square("linalg.eigh", a)
    if not isinstance(uplo, str) or uplo.upper() not in ("L", "U"):
        raise ValueProblem(f"Expected UPLO argument to be 'L' or 'U', but got {uplo}")
    if a.dtype.kind != "f" or a.dtype.itemsize == 2:
        if not a.size:
            return alloc.zeros(a.shape[:-1], a.dtype), a.copy()
        raise not_implemented("linalg_eigh_cpu", a.dtype)
    side: Any = uplo
    values, vectors = np.linalg.eigh(a, side)
    return values, vectors


@eigh_of.vjp("input", saves="out")
def _(F: Any, g: Any, out: Any, a: Any, uplo: str) -> Any:
    values, vectors = out
    gl, gv = g
    across = F.matrix_transpose(vectors)
    if gv is None:
        out = F.matmul(vectors * F.unsqueeze(gl, -2), across)
        return (out + F.matrix_transpose(out)) * 0.5
    differences = F.unsqueeze(values, -2) - F.unsqueeze(values, -1)
    differences = F.keep(differences, ~alloc.eye(values.shape[-1], dtype=bool), 1)
    inner = F.keep(F.matmul(across, gv) / differences, ~alloc.eye(values.shape[-1], dtype=bool), 0)
    if gl is not None:
        inner = inner + diagonal_matrix(F, gl)
    out = F.matmul(F.matmul(vectors, inner), across)
    # symmetric, as if both triangles had been read
    return (out + F.matrix_transpose(out)) * 0.5


on_last_dims(eigh_of, 2)


@composite(
    "linalg.eigh(input, UPLO='L')",
    method=False,
    samples=one_by_one,
    formula="the symmetric part of V @ (diag(gL) + (V.mT @ gV) / E) @ V.mT, E[i, j] = L[j] - L[i]",
    kinks="equal eigenvalues: the gradient of their eigenvectors is infinite",
    example="linalg.eigh(tensor([[2., 1.], [1., 2.]]))",
)
def linalg_eigh(a: Tensor, uplo: Any) -> Any:
    """Eigenvalues, in rising order, and eigenvectors of symmetric matrices."""
    need_tensor("linalg_eigh", "A", 1, a)
    values, vectors = run(eigh_of, [a, uplo], None)
    return named("linalg_eigh", eigenvalues=values, eigenvectors=vectors)


@composite(
    "linalg.eigvalsh(input, UPLO='L')",
    method=False,
    samples=one_by_one,
    formula="V @ diag(g) @ V.mT",
    example="linalg.eigvalsh(tensor([[2., 1.], [1., 2.]]))",
)
def linalg_eigvalsh(a: Tensor, uplo: Any) -> Any:
    """The eigenvalues of symmetric matrices, in rising order."""
    need_tensor("linalg_eigvalsh", "A", 1, a)
    return run(eigh_of, [a, uplo], None)[0]


# --- svd ---------------------------------------------------------------------------------------------------------


@op(
    "svd_of(input, full_matrices)",
    layout="columns",
    grad_fn="LinalgSvdBackward0",
    outputs=3,
    private=True,
    samples=lambda: [call(t(3, 2), False), call(t(2, 3), False)],
    formula="of U, S and Vh: see PyTorch's svd_backward",
)
def svd_of(a: Any, full: bool) -> Any:
    """U, S and Vh of A = U @ diag(S) @ Vh."""
    need_matrix("linalg.svd", a)
    need_floating("linalg.svd", a, "linalg_svd_cpu")
    if a.dtype.itemsize == 2:  # without elements
        return tuple(part.astype(a.dtype) for part in np.linalg.svd(a.astype(np.float32), full))
    try:
        u, s, vh = np.linalg.svd(a, full)
        failed = bool(np.isnan(s).any())
    except np.linalg.LinAlgError:
        failed = True
    if failed:
        finite = np.isfinite(a).all((-2, -1)).reshape(-1)
        if not finite.all():
            index = int(np.flatnonzero(~finite)[0])
            raise linalg_error(
                f"linalg.svd: {batch_element(a, index)}The algorithm failed to converge because the input matrix "
                "contained non-finite values."
            )
        raise linalg_error("linalg.svd: The algorithm failed to converge.")
    return u, s, vh


def _skew(F: Any, x: Any) -> Any:
    return x - F.matrix_transpose(x)


@svd_of.vjp("input", saves="out")
def _(F: Any, g: Any, out: Any, a: Any, full: bool) -> Any:
    m, n = a.shape[-2:]
    k = min(m, n)
    gu, gs, gvh = g
    u, s, vh = out
    if full:
        # only the first k vectors are determined by A
        if m > k:
            u = F.narrow(u, -1, 0, k)
            gu = None if gu is None else F.narrow(gu, -1, 0, k)
        if n > k:
            vh = F.narrow(vh, -2, 0, k)
            gvh = None if gvh is None else F.narrow(gvh, -2, 0, k)
    if gu is None and gvh is None:
        return F.matmul(u, F.unsqueeze(gs, -1) * vh) if m >= n else F.matmul(u * F.unsqueeze(gs, -2), vh)
    across_u, v = F.matrix_transpose(u), F.matrix_transpose(vh)
    rows, columns = F.unsqueeze(s, -1), F.unsqueeze(s, -2)
    squares = columns * columns - rows * rows
    squares = F.keep(squares, ~alloc.eye(k, dtype=bool), 1)
    inner = None
    if gu is not None:
        inner = _skew(F, F.matmul(across_u, gu)) / squares * columns
    if gvh is not None:
        other = rows * (_skew(F, F.matmul(vh, F.matrix_transpose(gvh))) / squares)
        inner = other if inner is None else inner + other
    if gs is not None:
        inner = inner + diagonal_matrix(F, gs)
    if m > k and gu is not None:
        scaled = gu / columns
        left = F.matmul(u, inner) + scaled - F.matmul(u, F.matmul(across_u, scaled))
        return F.matmul(left, vh)
    if n > k and gvh is not None:
        scaled = gvh / rows
        right = F.matmul(inner, vh) + scaled - F.matmul(F.matmul(scaled, v), vh)
        return F.matmul(u, right)
    return F.matmul(F.matmul(u, inner), vh)


on_last_dims(svd_of, 2)


def svd_samples() -> list[call]:
    """Tall, wide, square, a batch; singular values well apart."""
    return [
        call(t(3, 2, values=[[1.0, 0.5], [-0.3, 1.2], [0.4, 0.7]])),
        call(t(2, 3, values=[[1.0, 0.5, 0.2], [-0.3, 1.9, 0.9]])),
        call(t(2, 2, values=A2)),
        call(t(2, 2, 2, values=[A2, [[0.3, 1.0], [1.2, -0.4]]])),
    ]


@composite(
    "linalg.svd(A, full_matrices=True, *, driver=None)",
    method=False,
    samples=lambda: [
        call(t(3, 2, values=[[1.0, 0.5], [-0.3, 1.2], [0.4, 0.7]]), False),
        call(t(2, 3, values=[[1.0, 0.5, 0.2], [-0.3, 1.9, 0.9]]), False),
        call(t(2, 2, values=A2)),
        call(t(2, 2, 2, values=[A2, [[0.3, 1.0], [1.2, -0.4]]])),
    ],
    formula="gS: U @ diag(gS) @ Vh; gU and gVh: see PyTorch's svd_backward",
    kinks="equal singular values: the gradient of their vectors is infinite",
    example="linalg.svd(tensor([[3., 0.], [0., 4.]]))",
)
def linalg_svd(a: Tensor, full_matrices: bool, driver: Any) -> Any:
    """U, the singular values S in falling order, and Vh of A = U @ diag(S) @ Vh."""
    need_tensor("linalg_svd", "A", 1, a)
    _no_driver(driver)
    u, s, vh = run(svd_of, [a, bool(full_matrices)], None)
    return named("linalg_svd", U=u, S=s, Vh=vh)


def _no_driver(driver: Any) -> None:
    if driver is not None:
        raise ValueProblem(
            "torch.linalg.svd: keyword argument `driver=` is only supported on CUDA inputs with cuSOLVER backend."
        )


@composite(
    "linalg.svdvals(A, *, driver=None)",
    method=False,
    samples=svd_samples,
    formula="U @ diag(g) @ Vh",
    example="linalg.svdvals(tensor([[3., 0.], [0., 4.]]))",
)
def linalg_svdvals(a: Tensor, driver: Any) -> Any:
    """The singular values, in falling order."""
    need_tensor("linalg_svdvals", "A", 1, a)
    _no_driver(driver)
    return run(svd_of, [a, False], None)[1]


@composite(
    "svd(input, some=True, compute_uv=True)",
    formula="as linalg.svd",
    example="svd(tensor([[3., 0.], [0., 4.]]))",
)
def svd(a: Tensor, some: bool, compute_uv: bool) -> Any:
    """U, the singular values S in falling order, and V of input = U @ diag(S) @ V.mT."""
    need_tensor("svd", "input", 1, a)
    u, s, vh = run(svd_of, [a, not some and compute_uv], None)
    if not compute_uv:
        m, n = a.data.shape[-2:]
        batch = a.data.shape[:-2]
        u, v = (make(alloc.zeros((*batch, k, k), a.data.dtype)) for k in (m, n))
        return named("svd", U=u, S=s, V=v)
    return named("svd", U=u, S=s, V=T.matrix_transpose(vh))
