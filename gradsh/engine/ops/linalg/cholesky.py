"""Cholesky decompositions, and what is done with them; Householder reflections."""

from __future__ import annotations

from typing import Any

import numpy as np

from gradsh.engine.core import alloc
from gradsh.engine.core.arguments import dim_error, need_tensor, not_implemented
from gradsh.engine.core.dtypes import OF
from gradsh.engine.core.named import named
from gradsh.engine.core.namespaces import T
from gradsh.engine.core.tensor import Tensor, make
from gradsh.engine.operators.batch_rules import on_last_dims
from gradsh.engine.operators.composite import composite
from gradsh.engine.operators.general import op, run
from gradsh.engine.operators.registry import NOT_FLOATS
from gradsh.engine.operators.samples import call, t
from gradsh.engine.ops.linalg.common import (
    A2,
    batch_element,
    infos,
    keep,
    linalg_error,
    lower,
    need_floating,
    need_square,
    substitute,
    upper,
)
from gradsh.engine.ops.linalg.matmul import need_arrays
from gradsh.errors import DtypeError, ShapeError

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
    need_floating(name, a, "cholesky_cpu")
    if not a.size:
        return a.copy()
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
    return alloc.ascontiguousarray(factor.swapaxes(-1, -2)) if up else factor


def _cholesky_rule(F: Any, g: Any, out: Any, a: Any, up: bool, name: str) -> Any:
    factor, g = (F.matrix_transpose(out), F.matrix_transpose(g)) if up else (out, g)
    across = F.matrix_transpose(factor)
    inner = F.matmul(across, g)
    inner = lower(F, inner) + F.matrix_transpose(lower(F, inner, -1))
    inner = F.triangular_of(across, inner, True, True, False)
    return F.triangular_of(factor, inner, False, False, False) * 0.5


cholesky_of.vjp("input", saves="out")(_cholesky_rule)


on_last_dims(cholesky_of, 2)


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
    "linalg.cholesky(input, *, upper=False)",
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
    if a.data.dtype.kind != "f":
        need_square("cholesky", a.data)
        if not a.data.size:
            return T.clone(a)
        raise not_implemented("cholesky_cpu", a.data.dtype)
    return run(old_cholesky_of, [a, upper, "cholesky"], None)


@composite(
    "linalg.cholesky_ex(input, *, upper=False, check_errors=False)",
    method=False,
    formula="as linalg.cholesky",
    example="linalg.cholesky_ex(tensor([[4., 2.], [2., 5.]]))",
    looped="it looks for minors that are not positive",
)
def linalg_cholesky_ex(a: Tensor, upper: bool, check_errors: bool) -> Any:
    """As linalg.cholesky, with the order of the first minor that is not positive-definite instead of an error."""
    need_tensor("linalg_cholesky_ex", "A", 1, a)
    need_square("linalg.cholesky_ex", a.data)
    found = alloc.zeros(a.data.shape[:-2], np.int32)
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
    layout="columns",
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
    if factor.dtype.kind != "f" or factor.dtype.itemsize == 2:
        raise not_implemented("cholesky_inverse_out_cpu", factor.dtype)
    zeros = np.diagonal(factor, 0, -2, -1) == 0
    if zeros.any():
        index = int(np.flatnonzero(zeros.reshape(-1, zeros.shape[-1]).any(-1))[0])
        element = int(zeros.reshape(-1, zeros.shape[-1])[index].argmax()) + 1
        raise linalg_error(
            f"cholesky_inverse: {batch_element(factor, index)}The diagonal element {element} is zero, the inversion "
            "could not be completed because the input matrix is singular."
        )
    identity = alloc.eye(factor.shape[-1], dtype=factor.dtype)
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
    "cholesky_solve(input, input2, upper=False)",
    layout="columns",
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
    need_arrays("cholesky_solve", 2, L=factor)
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
    if b.dtype.kind != "f" or b.dtype.itemsize == 2:
        raise not_implemented("cholesky_solve_cpu", b.dtype)
    if b.dtype != factor.dtype:
        p, q = OF[b.dtype].title, OF[factor.dtype].title
        raise DtypeError(f"Expected b and A to have the same dtype, but found b of type {p} and A of type {q} instead.")
    left = factor.swapaxes(-1, -2) if up else factor
    return substitute(left.swapaxes(-1, -2), substitute(left, b, False), True)


@cholesky_solve.vjp("input", "input2", saves="input2 out")
def _(F: Any, needs: Any, g: Any, out: Any, b: Any, factor: Any, up: bool) -> Any:
    gb = F.cholesky_solve(g, factor, up)
    gl = None
    if needs[1]:
        common = F.matmul(gb, F.matrix_transpose(out))
        common = common + F.matrix_transpose(common)
        gl = -upper(F, F.matmul(upper(F, factor), common)) if up else -lower(F, F.matmul(common, lower(F, factor)))
    return gb, gl


# --- householder ---------------------------------------------------------------------------------------------------


@composite(
    "linalg.householder_product(input, tau)",
    layout="columns",
    method=False,
    rename="LinalgHouseholderProductBackward0",
    samples=lambda: [
        call(t(3, 2), t(2)),
        call(t(2, 2), t(1)),
        call(t(2, 2, 1), t(2, 1)),
    ],
    formula="through the product of the reflections",
    refuses={"orgqr_cpu": f"Half {NOT_FLOATS}"},
    example="linalg.householder_product(tensor([[1.], [1.]]), tensor([1.]))",
)
def householder_product(a: Tensor, tau: Tensor) -> Any:
    """The first columns of the product of Householder reflections, as a QR decomposition leaves them."""
    need_tensor("linalg_householder_product", "A", 1, a)
    need_tensor("linalg_householder_product", "tau", 2, tau)
    name = "torch.linalg.householder_product"
    if a.data.ndim < 2:
        raise ShapeError(f"{name}: input must have at least 2 dimensions.")
    if not tau.data.ndim:
        raise dim_error(0)
    m, n = a.data.shape[-2:]
    if m < n:
        raise ShapeError(f"{name}: input.shape[-2] must be greater than or equal to input.shape[-1]")
    k = tau.data.shape[-1]
    if n < k:
        raise ShapeError(f"{name}: input.shape[-1] must be greater than or equal to tau.shape[-1]")
    if tau.data.ndim != a.data.ndim - 1:
        raise ShapeError(
            f"{name}: Expected tau to have one dimension less than input, but got tau.ndim equal to {tau.data.ndim} "
            f"and input.ndim is equal to {a.data.ndim}"
        )
    if tau.data.shape[:-1] != a.data.shape[:-2]:
        raise ShapeError(
            f"{name}: Expected batch dimensions of tau to be equal to input.shape[:-2], but got "
            f"{list(tau.data.shape[:-1])}"
        )
    if not k:
        return run(keep, [a, np.False_, alloc.eye(m, n)], None)
    q: Any = T.expand(make(alloc.eye(m, n, dtype=a.data.dtype)), (*a.data.shape[:-2], m, n))
    rows = alloc.arange(m)[:, None]
    for i in range(k - 1, -1, -1):
        v = run(keep, [T.narrow(a, -1, i, 1), rows > i, rows == i], None)
        factor = T.unsqueeze(T.narrow(tau, -1, i, 1), -1)
        q = q - factor * T.matmul(v, T.matmul(T.matrix_transpose(v), q))
    return q
