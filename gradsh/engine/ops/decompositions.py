"""Matrix decompositions: cholesky, qr, eigh, svd, lu."""

from __future__ import annotations

from typing import Any

import numpy as np

from gradsh.engine.checks import need_tensor
from gradsh.engine.dtypes import OF
from gradsh.engine.general import op, run
from gradsh.engine.ops.linalg import (
    A2,
    batch_element,
    check_system,
    diagonal_matrix,
    infos,
    keep,
    linalg_error,
    lower,
    need_floating,
    need_matrix,
    need_square,
    substitute,
    triangular_of,
    upper,
)
from gradsh.engine.registry import T, composite
from gradsh.engine.results import named
from gradsh.engine.samples import call, t
from gradsh.engine.tensor import Tensor, make
from gradsh.errors import AutogradError, DtypeError, ShapeError, ValueProblem

# --- cholesky ----------------------------------------------------------------------------------------------------


def _leading_minor(a: Any) -> int:
    """The order of the first leading minor that is not positive-definite (LAPACK's info); 0 if there is none."""
    for k in range(1, len(a) + 1):
        try:
            np.linalg.cholesky(a[:k, :k])
        except np.linalg.LinAlgError:
            return k
    return 0


@op(
    "cholesky_of(input, upper, name)",
    grad_fn="LinalgCholeskyExBackward0",
    private=True,
    samples=lambda: [call(t(1, 1, low=0.5), False, "linalg.cholesky")],
    formula="with P = the lower triangle of L.mT @ g, diagonal halved: the symmetric part of inv(L).mT @ P @ inv(L)",
)
def cholesky_of(a: Any, up: bool, name: str) -> Any:
    """Triangular factors of symmetric positive-definite matrices; `name` is the operator that errors speak of."""
    need_square(name, a)
    need_floating(name, a)
    try:
        factor = np.linalg.cholesky(a.swapaxes(-1, -2) if up else a)
    except np.linalg.LinAlgError:
        for number, index in enumerate(np.ndindex(a.shape[:-2])):
            k = _leading_minor(a[index].T if up else a[index])
            if k:
                raise linalg_error(
                    f"{name}: {batch_element(a, number)}The factorization could not be completed because the input is "
                    f"not positive-definite (the leading minor of order {k} is not positive-definite)."
                ) from None
        raise
    return np.ascontiguousarray(factor.swapaxes(-1, -2)) if up else factor


def _cholesky_rule(F: Any, g: Any, out: Any, a: Any, up: bool, name: str) -> Any:
    factor, g = (F.matrix_transpose(out), F.matrix_transpose(g)) if up else (out, g)
    across = F.matrix_transpose(factor)
    inner = F.matmul(across, g)
    inner = lower(F, inner) + F.matrix_transpose(lower(F, inner, -1))
    inner = F.triangular_of(across, inner, True, True, False)
    return F.triangular_of(factor, inner, False, False, False) * 0.5


cholesky_of.vjp("input", saves="out")(_cholesky_rule)


@op(
    "old_cholesky_of(input, upper, name)",
    grad_fn="CholeskyBackward0",
    private=True,
    samples=lambda: [call(t(1, 1, low=0.5), False, "cholesky")],
    formula="as linalg.cholesky",
)
def old_cholesky_of(a: Any, up: bool, name: str) -> Any:
    """The kernel of `cholesky`, whose node PyTorch calls by another name."""
    return cholesky_of.kernel(a, up, name)


old_cholesky_of.vjp("input", saves="out")(_cholesky_rule)


def one_by_one() -> list[call]:
    """A positive number as a matrix: elsewhere finite differences would leave the symmetric matrices."""
    return [call(t(1, 1, low=0.5)), call(t(2, 1, 1, low=0.5)), call(t(0, 0))]


@composite(
    "linalg.cholesky(A, *, upper=False)",
    method=False,
    samples=one_by_one,
    formula="the symmetric part of inv(L).mT @ P @ inv(L), P the lower triangle of L.mT @ g with halved diagonal",
    example="linalg.cholesky(tensor([[4., 2.], [2., 5.]]))",
)
def linalg_cholesky(a: Tensor, upper: bool) -> Any:
    """The lower triangular L with A = L @ L.mT of a symmetric positive-definite A, of which one triangle is read."""
    need_tensor("linalg_cholesky", "A", 1, a)
    return run(cholesky_of, [a, upper, "linalg.cholesky"], None)


@composite(
    "cholesky(input, upper=False)",
    samples=one_by_one,
    formula="as linalg.cholesky",
    example="cholesky(tensor([[4., 2.], [2., 5.]]))",
)
def cholesky(a: Tensor, upper: bool) -> Any:
    """The lower triangular L with input = L @ L.mT of a symmetric positive-definite matrix."""
    need_tensor("cholesky", "input", 1, a)
    return run(old_cholesky_of, [a, upper, "cholesky"], None)


@composite(
    "linalg.cholesky_ex(A, *, upper=False, check_errors=False)",
    method=False,
    formula="as linalg.cholesky",
    example="linalg.cholesky_ex(tensor([[4., 2.], [2., 5.]]))",
)
def linalg_cholesky_ex(a: Tensor, upper: bool, check_errors: bool) -> Any:
    """As linalg.cholesky, with the order of the first minor that is not positive-definite instead of an error."""
    need_tensor("linalg_cholesky_ex", "A", 1, a)
    need_square("linalg.cholesky_ex", a.data)
    found = np.zeros(a.data.shape[:-2], np.int32)
    for index in np.ndindex(found.shape):
        found[index] = _leading_minor(a.data[index].T if upper else a.data[index])
    if found.any() and not check_errors:
        # LAPACK leaves the part that it has not reached as it was
        part = np.triu(a.data) if upper else np.tril(a.data)
        return named("linalg_cholesky_ex", L=make(part), info=infos(found))
    out = run(cholesky_of, [a, upper, "linalg.cholesky_ex"], None)
    return named("linalg_cholesky_ex", L=out, info=infos(found))


@op(
    "cholesky_inverse(input, upper=False)",
    grad_fn="CholeskyInverseBackward0",
    samples=lambda: [
        call(t(2, 2, values=A2)),
        call(t(2, 2, values=A2), True),
        call(t(2, 2, 2, values=[A2, A2])),
    ],
    formula="the triangle of -(out @ (g + g.mT) @ out) @ input",
    example="cholesky_inverse(tensor([[2., 0.], [1., 2.]]))",
)
def cholesky_inverse(factor: Any, up: bool) -> Any:
    """The inverse of L @ L.mT, given L, of which one triangle is read."""
    need_square("cholesky_inverse", factor)
    need_floating("cholesky_inverse", factor)
    zeros = np.diagonal(factor, 0, -2, -1) == 0
    if zeros.any():
        index = int(np.flatnonzero(zeros.reshape(-1, zeros.shape[-1]).any(-1))[0])
        element = int(zeros.reshape(-1, zeros.shape[-1])[index].argmax()) + 1
        raise linalg_error(
            f"cholesky_inverse: {batch_element(factor, index)}The diagonal element {element} is zero, the inversion "
            "could not be completed because the input matrix is singular."
        )
    identity = np.eye(factor.shape[-1], dtype=factor.dtype)
    left = factor.swapaxes(-1, -2) if up else factor
    half = substitute(left, identity, False)
    return half.swapaxes(-1, -2) @ half


@cholesky_inverse.vjp("input", saves="input out")
def _(F: Any, g: Any, out: Any, factor: Any, up: bool) -> Any:
    common = F.matmul(F.matmul(out, g + F.matrix_transpose(g)), out)
    if up:
        return -upper(F, F.matmul(upper(F, factor), common))
    return -lower(F, F.matmul(common, lower(F, factor)))


@op(
    "cholesky_solve(B, L, upper=False)",
    grad_fn="CholeskySolveBackward0",
    samples=lambda: [
        call(t(2, 1), t(2, 2, values=A2)),
        call(t(2, 2), t(2, 2, values=A2), True),
        call(t(2, 1), t(2, 2, 2, values=[A2, A2])),
    ],
    formula="B: cholesky_solve(g, L); L: the triangle of -(gB @ out.mT + out @ gB.mT) @ L",
    example="cholesky_solve(tensor([[1.], [2.]]), tensor([[2., 0.], [1., 2.]]))",
)
def cholesky_solve(b: Any, factor: Any, up: bool) -> Any:
    """The solution X of L @ L.mT @ X = B, given L, of which one triangle is read."""
    for name, v in (("b", b), ("u", factor)):
        if v.ndim < 2:
            raise ShapeError(f"{name} should have at least 2 dimensions, but has {v.ndim} dimensions instead")
    m, n = factor.shape[-2:]
    if m != n:
        raise ShapeError(f"A must be batches of square matrices, but they are {m} by {n} matrices")
    if b.shape[-2] != n:
        raise ShapeError(
            f"Incompatible matrix sizes for cholesky_solve: each A matrix is {m} by {n} but each b matrix is "
            f"{b.shape[-2]} by {b.shape[-1]}"
        )
    if b.dtype != factor.dtype:
        p, q = OF[b.dtype].title, OF[factor.dtype].title
        raise DtypeError(f"Expected b and A to have the same dtype, but found b of type {p} and A of type {q} instead.")
    left = factor.swapaxes(-1, -2) if up else factor
    return substitute(left.swapaxes(-1, -2), substitute(left, b, False), True)


@cholesky_solve.vjp("B", "L", saves="L out")
def _(F: Any, needs: Any, g: Any, out: Any, b: Any, factor: Any, up: bool) -> Any:
    gb = F.cholesky_solve(g, factor, up)
    gl = None
    if needs[1]:
        common = F.matmul(gb, F.matrix_transpose(out))
        common = common + F.matrix_transpose(common)
        gl = (
            -upper(F, F.matmul(upper(F, factor), common)) if up else -lower(F, F.matmul(common, lower(F, factor)))
        )
    return gb, gl


# --- qr ----------------------------------------------------------------------------------------------------------


@op(
    "qr_of(input, mode)",
    grad_fn="LinalgQrBackward0",
    outputs=2,
    private=True,
    samples=lambda: [call(t(3, 2), "reduced"), call(t(2, 3), "reduced")],
    formula="of Q and R: see PyTorch's linalg_qr_backward",
)
def qr_of(a: Any, mode: str) -> Any:
    """Q and R of A = QR."""
    need_matrix("linalg.qr", a)
    need_floating("linalg.qr", a)
    if mode not in ("reduced", "r", "complete"):
        raise ValueProblem(
            f"qr received unrecognized mode '{mode}' but expected one of 'reduced' (default), 'r', or 'complete'"
        )
    if mode == "r":
        return np.zeros(0, a.dtype), np.linalg.qr(a, "r")
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
        return _qr_tall(F, q, r, gq, gr)
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


def _qr_tall(F: Any, q: Any, r: Any, gq: Any, gr: Any) -> Any:
    """The gradient of a matrix with at least as many rows as columns."""
    across = F.matrix_transpose(q)
    inner = None if gr is None else F.matmul(gr, F.matrix_transpose(r))
    if gq is not None:
        turned = F.matmul(F.matrix_transpose(gq), q)
        inner = -turned if inner is None else inner - turned
    # symmetric, with inner's lower triangle mirrored
    mirrored = lower(F, inner, -1)
    inner = lower(F, inner) + F.matrix_transpose(mirrored)
    out = F.matmul(F.matrix_transpose(across), inner)
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
    formula="V @ (diag(gL) + (V.mT @ gV) / E) @ V.mT, E[i, j] = L[j] - L[i]",
)
def eigh_of(a: Any, uplo: str) -> Any:
    """Eigenvalues in rising order and eigenvectors (columns) of symmetric matrices, of which one triangle is read."""
    need_square("linalg.eigh", a)
    if not isinstance(uplo, str) or uplo.upper() not in ("L", "U"):
        raise ValueProblem(f"Expected UPLO argument to be 'L' or 'U', but got {uplo}")
    if a.dtype.kind != "f" or a.dtype.itemsize == 2:
        raise DtypeError(
            f"\"linalg_eigh_cpu\" not implemented for '{OF[a.dtype].title}'", kind="NotImplementedError"
        )
    values, vectors = np.linalg.eigh(a, uplo)
    return values, vectors


@eigh_of.vjp("input", saves="out")
def _(F: Any, g: Any, out: Any, a: Any, uplo: str) -> Any:
    values, vectors = out
    gl, gv = g
    across = F.matrix_transpose(vectors)
    if gv is None:
        return F.matmul(vectors * F.unsqueeze(gl, -2), across)
    differences = F.unsqueeze(values, -2) - F.unsqueeze(values, -1)
    differences = F.keep(differences, ~np.eye(values.shape[-1], dtype=bool), 1)
    inner = F.keep(F.matmul(across, gv) / differences, ~np.eye(values.shape[-1], dtype=bool), 0)
    if gl is not None:
        inner = inner + diagonal_matrix(F, gl)
    return F.matmul(F.matmul(vectors, inner), across)


@composite(
    "linalg.eigh(A, UPLO='L')",
    method=False,
    samples=one_by_one,
    formula="V @ (diag(gL) + (V.mT @ gV) / E) @ V.mT, E[i, j] = L[j] - L[i]",
    kinks="equal eigenvalues: the gradient of their eigenvectors is infinite",
    example="linalg.eigh(tensor([[2., 1.], [1., 2.]]))",
)
def linalg_eigh(a: Tensor, uplo: Any) -> Any:
    """Eigenvalues, in rising order, and eigenvectors of symmetric matrices."""
    need_tensor("linalg_eigh", "A", 1, a)
    values, vectors = run(eigh_of, [a, uplo], None)
    return named("linalg_eigh", eigenvalues=values, eigenvectors=vectors)


@composite(
    "linalg.eigvalsh(A, UPLO='L')",
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
    grad_fn="LinalgSvdBackward0",
    outputs=3,
    private=True,
    samples=lambda: [call(t(3, 2), False), call(t(2, 3), False)],
    formula="of U, S and Vh: see PyTorch's svd_backward",
)
def svd_of(a: Any, full: bool) -> Any:
    """U, S and Vh of A = U @ diag(S) @ Vh."""
    need_matrix("linalg.svd", a)
    need_floating("linalg.svd", a)
    try:
        u, s, vh = np.linalg.svd(a, full)
    except np.linalg.LinAlgError:
        u = s = vh = None
    if s is None or np.isnan(s).any():
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
    squares = F.keep(squares, ~np.eye(k, dtype=bool), 1)
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
        u, v = (make(np.zeros((*batch, k, k), a.data.dtype)) for k in (m, n))
        return named("svd", U=u, S=s, V=v)
    return named("svd", U=u, S=s, V=T.matrix_transpose(vh))


# --- lu ----------------------------------------------------------------------------------------------------------


def eliminate(a: Any) -> tuple[Any, Any]:
    """Gaussian elimination with partial pivoting of a batch of matrices: the packed LU and LAPACK's pivots from 1."""
    lu = np.array(a)
    m, n = a.shape[-2:]
    k = min(m, n)
    flat = lu.reshape(-1, m, n) if lu.size else lu.reshape(int(np.prod(a.shape[:-2])), m, n)
    pivots = np.zeros((len(flat), k), np.int32)
    every = np.arange(len(flat))
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
    flat = pivots.reshape(-1, pivots.shape[-1])
    order = np.tile(np.arange(m), (len(flat), 1))
    every = np.arange(len(flat))
    for j in range(flat.shape[1]):
        other = flat[:, j] - 1
        order[every, j], order[every, other] = order[every, other], order[every, j].copy()
    return order.reshape(*pivots.shape[:-1], m)


@op(
    "order_rows(input, order)",
    grad_fn="IndexBackward0",
    private=True,
    samples=lambda: [call(t(2, 2), np.array([1, 0]))],
    formula="g, its rows in the opposite order",
)
def order_rows(x: Any, order: Any) -> Any:
    """The rows of matrices in another order, given as a constant array."""
    shape = np.broadcast_shapes(x.shape[:-2], order.shape[:-1])
    index = np.broadcast_to(order, (*shape, order.shape[-1]))[..., None]
    return np.take_along_axis(np.broadcast_to(x, (*shape, *x.shape[-2:])), index, -2)


order_rows.vjp("input")(lambda F, g, out, x, order: F.order_rows(g, np.argsort(order, -1)))


def _lu_checks(name: str, a: Any) -> None:
    if a.ndim < 2:
        raise ShapeError(f"{name}: Expected tensor with 2 or more dimensions. Got size: {list(a.shape)} instead")
    if a.dtype.kind != "f" or a.dtype.itemsize == 2:
        raise DtypeError(f"\"lu_cpu\" not implemented for '{OF[a.dtype].title}'", kind="NotImplementedError")


def _pivoting(pivot: bool) -> None:
    if not pivot:
        raise ValueProblem("linalg.lu_factor: LU without pivoting is not implemented on the CPU")


def _unpack(F: Any, lu: Any) -> tuple[Any, Any]:
    """L with ones on its diagonal, and U, of a packed LU."""
    m, n = lu.shape[-2:]
    k = min(m, n)
    below = np.tri(m, k, -1, dtype=bool)
    left = F.keep(F.narrow(lu, -1, 0, k) if n > k else lu, below, np.eye(m, k))
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
            zeros = F.narrow(rest, -1, 0, 1) * np.zeros(1, np.float32)[0].item()
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
    left = np.where(np.tri(m, k, -1, dtype=bool), packed[..., :k], np.eye(m, k, dtype=a.dtype))
    return left, np.triu(packed[..., :k, :]), row_order(pivots, m)


@lu_of.vjp("input", saves="out")
def _(F: Any, g: Any, out: Any, a: Any) -> Any:
    left, right, order = out
    return _lu_rule(F, g[0], g[1], left, right, order.data if order.__class__ is Tensor else order)


def _permutation(order: Any, dtype: Any) -> Tensor:
    """P with A = P @ L @ U."""
    m = order.shape[-1]
    return make((order[..., None, :] == np.arange(m)[:, None]).astype(dtype))


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
)
def linalg_lu(a: Tensor, pivot: bool) -> Any:
    """The permutation P, the unit lower triangular L and the upper triangular U of A = P @ L @ U."""
    need_tensor("linalg_lu", "A", 1, a)
    _pivoting(pivot)
    left, right, order = run(lu_of, [a], None)
    return named("linalg_lu", P=_permutation(order.data, a.data.dtype), L=left, U=right)


@op(
    "lu_factor_of(input)",
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
    pivots = pivots.data if pivots.__class__ is Tensor else pivots
    return _lu_rule(F, gl, gu, left, right, row_order(pivots, m))


def _zero_pivot(packed: Any) -> Any:
    zeros = np.diagonal(packed, 0, -2, -1) == 0
    return np.where(zeros.any(-1), zeros.argmax(-1) + 1, 0) if zeros.shape[-1] else np.zeros(zeros.shape[:-1], int)


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
)
def linalg_lu_factor(a: Tensor, pivot: bool) -> Any:
    """L and U packed in one matrix, and the pivots: what linalg.lu_solve takes."""
    need_tensor("linalg_lu_factor", "A", 1, a)
    _pivoting(pivot)
    packed, pivots = run(lu_factor_of, [a], None)
    bad = np.asarray(_zero_pivot(packed.data)).reshape(-1)
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
)
def linalg_lu_factor_ex(a: Tensor, pivot: bool, check_errors: bool) -> Any:
    """As linalg.lu_factor, with the number of the first zero pivot of each matrix instead of an error."""
    if check_errors:
        T.linalg_lu_factor(a, pivot=pivot)
    need_tensor("linalg_lu_factor_ex", "A", 1, a)
    _pivoting(pivot)
    packed, pivots = run(lu_factor_of, [a], None)
    return named("linalg_lu_factor_ex", LU=packed, pivots=pivots, info=infos(_zero_pivot(packed.data)))


@composite(
    "linalg.lu_solve(LU, pivots, B, *, left=True, adjoint=False)",
    method=False,
    rename="LinalgLuSolveBackward0",
    samples=lambda: [
        call(t(2, 2, values=A2), t(2, dtype="int32", values=[2, 2]), t(2, 1)),
        call(t(2, 2, values=A2), t(2, dtype="int32", values=[1, 2]), t(2, 1), adjoint=True),
        call(t(2, 2, values=A2), t(2, dtype="int32", values=[2, 2]), t(1, 2), left=False),
    ],
    formula="B: lu_solve(LU, pivots, g, adjoint=true); LU: through L and U",
    example="linalg.lu_solve(tensor([[3., 4.], [0.5, 2.]]), tensor([2, 2], dtype=int32), tensor([[1.], [2.]]))",
)
def linalg_lu_solve(packed: Tensor, pivots: Tensor, b: Tensor, left: bool, adjoint: bool) -> Any:
    """The solution X of AX = B (A.mT X = B with `adjoint`) from linalg.lu_factor(A)."""
    name = "linalg.lu_solve"
    for i, (label, v) in enumerate((("LU", packed), ("pivots", pivots), ("B", b)), 1):
        need_tensor("linalg_lu_solve", label, i, v)
    need_square(name, packed.data)
    if packed.data.dtype != b.data.dtype:
        p, q = OF[packed.data.dtype].title, OF[b.data.dtype].title
        raise DtypeError(
            f"{name}: Expected LU and B to have the same dtype, but found LU of type {p} and B of type {q} instead"
        )
    if pivots.data.dtype != np.int32:
        raise DtypeError(f"{name}: pivots should be a Tensor of scalar type torch.int32")
    need_matrix(name, b.data, "B")
    check_system(name, packed.data, b.data, left)
    order = row_order(pivots.data, packed.data.shape[-1])
    lower_part, upper_part = _unpack(T, packed)
    if not left:
        b = T.matrix_transpose(b)
    if adjoint == left:
        # inv(A.mT) = P @ inv(L.mT) @ inv(U.mT)
        x = run(triangular_of, [T.matrix_transpose(upper_part), b, False, True, False], None)
        x = run(triangular_of, [T.matrix_transpose(lower_part), x, True, True, True], None)
        x = T.order_rows(x, np.argsort(order, -1))
    else:
        x = run(triangular_of, [lower_part, T.order_rows(b, order), False, True, True], None)
        x = run(triangular_of, [upper_part, x, True, True, False], None)
    return x if left else T.matrix_transpose(x)


@composite(
    "lu_solve(b, LU_data, LU_pivots)",
    rename="LinalgLuSolveBackward0",
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
    nothing = make(np.zeros(0, packed.data.dtype))
    left, right = _unpack(T, packed) if unpack_data else (nothing, nothing)
    order = row_order(pivots.data, packed.data.shape[-2])
    p = _permutation(order, packed.data.dtype) if unpack_pivots else nothing
    return named("lu_unpack", P=p, L=left, U=right)


# --- householder ---------------------------------------------------------------------------------------------------


@composite(
    "linalg.householder_product(A, tau)",
    method=False,
    rename="LinalgHouseholderProductBackward0",
    samples=lambda: [
        call(t(3, 2), t(2)),
        call(t(2, 2), t(1)),
        call(t(2, 2, 1), t(2, 1)),
    ],
    formula="through the product of the reflections",
    example="linalg.householder_product(tensor([[1.], [1.]]), tensor([1.]))",
)
def householder_product(a: Tensor, tau: Tensor) -> Any:
    """The first columns of the product of Householder reflections, as a QR decomposition leaves them."""
    need_tensor("linalg_householder_product", "A", 1, a)
    need_tensor("linalg_householder_product", "tau", 2, tau)
    name = "torch.linalg.householder_product"
    if a.data.ndim < 2:
        raise ShapeError(f"{name}: input must have at least 2 dimensions.")
    m, n = a.data.shape[-2:]
    if m < n:
        raise ShapeError(f"{name}: input.shape[-2] must be greater than or equal to input.shape[-1]")
    k = tau.data.shape[-1]
    if n < k:
        raise ShapeError(f"{name}: input.shape[-1] must be greater than or equal to tau.shape[-1]")
    q: Any = T.expand(make(np.eye(m, n, dtype=a.data.dtype)), (*a.data.shape[:-2], m, n))
    rows = np.arange(m)[:, None]
    for i in range(k - 1, -1, -1):
        v = run(keep, [T.narrow(a, -1, i, 1), rows > i, rows == i], None)
        factor = T.unsqueeze(T.narrow(tau, -1, i, 1), -1)
        q = q - factor * T.matmul(v, T.matmul(T.matrix_transpose(v), q))
    return q


