"""Linear algebra on batches of square matrices: determinants, inverses, powers, exponentials."""

from __future__ import annotations

from typing import Any

import numpy as np

from gradsh.engine.core import alloc
from gradsh.engine.core.arguments import need_tensor
from gradsh.engine.core.named import named
from gradsh.engine.core.namespaces import T
from gradsh.engine.core.tensor import Tensor, make
from gradsh.engine.kernels.summation import summed
from gradsh.engine.operators.batch_rules import on_last_dims
from gradsh.engine.operators.composite import composite
from gradsh.engine.operators.general import op, run
from gradsh.engine.operators.registry import alias
from gradsh.engine.operators.samples import call, t
from gradsh.engine.ops.linalg.common import (
    A2,
    in_columns,
    infos,
    inverse_of,
    need_floating,
    need_square,
    square_samples,
    trace_of,
    zero_pivots,
)
from gradsh.engine.ops.linalg.matmul import matmul
from gradsh.engine.ops.shape.shape import clone_contiguous
from gradsh.errors import ArgumentError

# --- inverse -----------------------------------------------------------------------------------------------------


@composite(
    "linalg.inv(A)",
    method=False,
    samples=square_samples,
    formula="-inv(A).mT @ g @ inv(A).mT",
    example="linalg.inv(tensor([[2., 0.], [0., 4.]]))",
)
def linalg_inv(a: Tensor) -> Any:
    """The inverse of square matrices."""
    need_tensor("linalg_inv", "A", 1, a)
    return run(inverse_of, [a, "linalg.inv"], None)


@composite(
    "inverse(input)",
    samples=square_samples,
    formula="-inverse(input).mT @ g @ inverse(input).mT",
    example="inverse(tensor([[2., 0.], [0., 4.]]))",
)
def inverse(a: Tensor) -> Any:
    """The inverse of square matrices."""
    need_tensor("inverse", "input", 1, a)
    return run(inverse_of, [a, "linalg.inv"], None)


@composite(
    "linalg.inv_ex(A, *, check_errors=False)",
    method=False,
    formula="as linalg.inv",
    example="linalg.inv_ex(tensor([[2., 0.], [0., 4.]]))",
    looped="it looks for zero pivots",
)
def linalg_inv_ex(a: Tensor, check_errors: bool) -> Any:
    """Inverses, and the number of the zero pivot of each matrix that has none (0 for the others)."""
    need_tensor("linalg_inv_ex", "A", 1, a)
    out = run(inverse_of, [a, "linalg.inv_ex" if check_errors else ""], None)
    return named("linalg_inv_ex", inverse=out, info=infos(zero_pivots(a.data)))


# --- determinants ------------------------------------------------------------------------------------------------


@op(
    "det_of(input)",
    grad_fn="LinalgDetBackward0",
    private=True,
    samples=lambda: [call(t(2, 2))],
    formula="g * cofactors(input)",
)
def det_of(a: Any) -> Any:
    """Determinants."""
    need_square("linalg.det", a)
    need_floating("linalg.det", a, "lu_cpu")
    return np.linalg.det(a) if a.size else alloc.ones(a.shape[:-2], a.dtype)


@det_of.vjp("input", saves="input")
def _(F: Any, g: Any, out: Any, a: Any) -> Any:
    return in_columns(F, F.unsqueeze(F.unsqueeze(g, -1), -1) * F.cofactors(a))


def det_samples() -> list[call]:
    """Square matrices, singular ones too."""
    return [
        *square_samples(),
        call(t(2, 2, values=[[1.0, 2.0], [2.0, 4.0]])),
        call(t(3, 3, values=[[1.0, 2.0, 3.0], [2.0, 4.0, 6.0], [0.5, -1.0, 2.0]])),
        call(t(3, 3, values=[[0.0] * 3] * 3)),
    ]


@composite(
    "linalg.det(A)",
    method=False,
    samples=det_samples,
    formula="g * the matrix of cofactors of A (det(A) * inv(A).mT where A has an inverse)",
    kinks="a singular matrix has a gradient too: its cofactors. PyTorch gives zeros there.",
    example="linalg.det(tensor([[2., 0.], [0., 4.]]))",
)
def linalg_det(a: Tensor) -> Any:
    """The determinant of square matrices."""
    need_tensor("linalg_det", "A", 1, a)
    return run(det_of, [a], None)


on_last_dims(linalg_det, 2)


@composite(
    "det(input)",
    samples=det_samples,
    formula="g * the matrix of cofactors of input (det(input) * inv(input).mT where there is an inverse)",
    kinks="a singular matrix has a gradient too: its cofactors. PyTorch gives zeros there.",
    example="det(tensor([[2., 0.], [0., 4.]]))",
)
def det(a: Tensor) -> Any:
    """The determinant of square matrices."""
    need_tensor("det", "input", 1, a)
    return run(det_of, [a], None)


def _others(s: Any, pairs: bool) -> Any:
    """Products of all of `s` (..., n) but one, (..., n), or but two, (..., n, n)."""
    n = s.shape[-1]
    if pairs:
        grid = np.broadcast_to(s[..., None, None, :], (*s.shape[:-1], n, n, n)).copy()
        i = alloc.arange(n)
        grid[..., i, :, i] = 1
        grid[..., :, i, i] = 1
        return np.multiply.reduce(grid, -1)
    grid = np.broadcast_to(s[..., None, :], (*s.shape[:-1], n, n)).copy()
    i = alloc.arange(n)
    grid[..., i, i] = 1
    return np.multiply.reduce(grid, -1)


def _oriented_svd(a: Any) -> tuple[Any, Any, Any, Any]:
    """U, S, Vh and det(U) * det(Vh), which is 1 or -1, of shape (..., 1, 1)."""
    u, s, vh = np.linalg.svd(a)
    sign = np.sign(np.linalg.det(u) * np.linalg.det(vh))
    return u, s, vh, alloc.asarray(sign)[..., None, None]


@op(
    "cofactors(input)",
    grad_fn="LinalgDetBackwardBackward0",
    private=True,
    samples=lambda: [call(t(2, 2)), call(t(3, 3))],
    formula="the second derivative of det along g",
)
def cofactors(a: Any) -> Any:
    """The matrices of cofactors: the gradient of det, also where there is no inverse."""
    n = a.shape[-1]
    if n == 0 or a.size == 0:
        return alloc.zeros(a.shape, a.dtype)
    if n == 1:
        return alloc.ones(a.shape, a.dtype)
    try:
        inv = np.linalg.inv(a)
    except np.linalg.LinAlgError:
        inv = None
    if inv is not None:
        condition = summed(np.abs(a), a.ndim - 1).max(-1) * summed(np.abs(inv), a.ndim - 1).max(-1)
        if np.all(condition < 1e-3 / np.finfo(a.dtype).eps):
            return alloc.ascontiguousarray(inv.swapaxes(-1, -2) * alloc.asarray(np.linalg.det(a))[..., None, None])
    if not np.isfinite(a).all():
        return alloc.full(a.shape, np.nan, a.dtype)
    u, s, vh, sign = _oriented_svd(a)
    return sign * ((u * _others(s, False)[..., None, :]) @ vh)


cofactors.vjp("input", saves="input")(lambda F, g, out, a: F.det_second(a, g))


on_last_dims(cofactors, 2)


@op(
    "det_second(input, along)",
    work="elements",
    grad_fn="LinalgDetBackwardBackward0",
    private=True,
    samples=lambda: [call(t(3, 3), t(3, 3)), call(t(2, 2), t(2, 2))],
    formula="the third derivative of det",
)
def det_second(a: Any, h: Any) -> Any:
    """The second derivative of det at `input`, applied to `along` once: a matrix."""
    n = a.shape[-1]
    if n < 2 or a.size == 0 or not np.isfinite(a).all():
        return alloc.zeros(a.shape, a.dtype) if n < 2 or a.size == 0 else alloc.full(a.shape, np.nan, a.dtype)
    u, s, vh, sign = _oriented_svd(a)
    # in the basis of the singular vectors det is the product of the diagonal minus products of mirrored pairs
    inside = u.swapaxes(-1, -2) @ h @ vh.swapaxes(-1, -2)
    products = _others(s, True)
    out = -inside.swapaxes(-1, -2) * products
    i = alloc.arange(n)
    products[..., i, i] = 0
    out[..., i, i] = (products @ np.diagonal(inside, 0, -2, -1)[..., None])[..., 0]
    return sign * (u @ out @ vh)


@det_second.vjp("input", "along", saves="input along")
def _(F: Any, needs: Any, g: Any, out: Any, a: Any, h: Any) -> Any:
    first = None
    if needs[0]:
        inv = F.inverse_of(a, "linalg.det")
        p, q = F.matmul(inv, h), F.matmul(inv, g)
        pq = F.matmul(p, q)
        tp, tq = trace_of(F, p), trace_of(F, q)
        inner = pq + F.matmul(q, p) - tp * q - tq * p
        identity = F.matmul(inv, a)
        scale = F.unsqueeze(F.unsqueeze(F.det_of(a), -1), -1)
        first = scale * F.matrix_transpose(F.matmul(inner + (tp * tq - trace_of(F, pq)) * identity, inv))
    return first, F.det_second(a, g) if needs[1] else None


@op(
    "slogdet_of(input, name)",
    grad_fn="LinalgSlogdetBackward0",
    outputs=2,
    private=True,
    samples=lambda: [call(t(2, 2), "slogdet")],
    formula="g of logabsdet * inv(input).mT",
)
def slogdet_of(a: Any, name: str) -> Any:
    """The signs of determinants and the logarithms of their absolute values."""
    need_square(name, a)
    need_floating(name, a)
    sign, logabsdet = np.linalg.slogdet(a)
    return sign, logabsdet


@slogdet_of.vjp("input", saves="input")
def _(F: Any, g: Any, out: Any, a: Any, name: str) -> Any:
    if g[1] is None:
        return None
    return F.unsqueeze(F.unsqueeze(g[1], -1), -1) * F.matrix_transpose(F.inverse_of(a, ""))


on_last_dims(slogdet_of, 2)


@composite(
    "linalg.slogdet(A)",
    method=False,
    samples=square_samples,
    formula="sign: 0; logabsdet: g * inv(A).mT",
    example="linalg.slogdet(tensor([[2., 0.], [0., -4.]]))",
)
def linalg_slogdet(a: Tensor) -> Any:
    """The sign of the determinant and the logarithm of its absolute value."""
    need_tensor("linalg_slogdet", "A", 1, a)
    sign, logabsdet = run(slogdet_of, [a, "linalg.slogdet"], None)
    return named("linalg_slogdet", sign=sign, logabsdet=logabsdet)


@composite(
    "slogdet(input)",
    samples=square_samples,
    formula="sign: 0; logabsdet: g * inv(input).mT",
    example="slogdet(tensor([[2., 0.], [0., -4.]]))",
)
def slogdet(a: Tensor) -> Any:
    """The sign of the determinant and the logarithm of its absolute value."""
    need_tensor("slogdet", "input", 1, a)
    sign, logabsdet = run(slogdet_of, [a, "linalg.slogdet"], None)
    return named("slogdet", sign=sign, logabsdet=logabsdet)


@composite(
    "logdet(input)",
    samples=lambda: square_samples()[2:4],
    formula="g * inv(input).mT",
    example="logdet(tensor([[2., 0.], [0., 4.]]))",
    looped="the sign of the determinant decides",
)
def logdet(a: Tensor) -> Any:
    """The logarithm of the determinant; nan where that is negative."""
    need_tensor("logdet", "input", 1, a)
    sign, logabsdet = run(slogdet_of, [a, "logdet"], None)
    nan = make(a.data.dtype.type(np.nan))
    return T.where(make(sign.data == -1), nan, logabsdet)


# --- powers and exponentials ---------------------------------------------------------------------------------------


def _power(name: str, a: Tensor, n: Any) -> Any:
    need_tensor(name, "input", 1, a)
    if isinstance(n, bool) or not isinstance(n, int):
        raise ArgumentError(f"{name}(): argument 'n' (position 2) must be int, not {type(n).__name__}")
    need_square("linalg.matrix_power", a.data)
    if n == 0:
        # every entry is a constant, and the gradient flows as zeros
        identity = np.broadcast_to(alloc.eye(a.data.shape[-1], dtype=a.data.dtype), a.data.shape)
        return T.overwrite(T.clone(a), make(alloc.ascontiguousarray(identity)))
    if n < 0:
        a = run(inverse_of, [a, "linalg.inv"], None)
        n = -n
        if n == 1:
            return a
    elif n == 1:
        return clone_contiguous.apply(a)
    product = matmul.apply
    if n == 2:
        return product(a, a)
    if n == 3:
        return product(product(a, a), a)
    result = square = None
    while n:
        square = a if square is None else product(square, square)
        n, bit = divmod(n, 2)
        if bit:
            result = square if result is None else product(result, square)
    return result


def power_samples() -> list[call]:
    """Powers from -3 to 5."""
    return [call(t(2, 2, values=A2), n) for n in (0, 1, 2, 3, 4, 5, -1, -3)] + [call(t(2, 2, 2, values=[A2, A2]), 3)]


@composite(
    "matrix_power(input, n)",
    samples=power_samples,
    formula="the sum over k of input.mT**k @ g @ input.mT**(n - 1 - k)",
    example="matrix_power(tensor([[1., 1.], [0., 1.]]), 5)",
)
def matrix_power(a: Tensor, n: Any) -> Any:
    """The n-th power of square matrices, of their inverses for negative n."""
    return _power("matrix_power", a, n)


@composite(
    "linalg.matrix_power(input, n)",
    method=False,
    samples=power_samples,
    formula="the sum over k of A.mT**k @ g @ A.mT**(n - 1 - k)",
    example="linalg.matrix_power(tensor([[1., 1.], [0., 1.]]), 5)",
)
def linalg_matrix_power(a: Tensor, n: Any) -> Any:
    """The n-th power of square matrices, of their inverses for negative n."""
    return _power("linalg_matrix_power", a, n)


_PADE = (
    64764752532480000.0,
    32382376266240000.0,
    7771770303897600.0,
    1187353796428800.0,
    129060195264000.0,
    10559470521600.0,
    670442572800.0,
    33522128640.0,
    1323241920.0,
    40840800.0,
    960960.0,
    16380.0,
    182.0,
    1.0,
)


def _exponential(a: Any) -> Any:
    """exp of one float64 matrix: the 13th Padé approximant, with scaling and squaring (Higham 2005)."""
    norm = summed(np.abs(a), 0).max() if a.size else 0.0
    if not np.isfinite(norm):
        return alloc.full(a.shape, np.nan)
    squarings = max(0, int(np.ceil(np.log2(norm / 5.371920351148152)))) if norm > 0 else 0
    a = a / 2.0**squarings
    b = _PADE
    identity = alloc.eye(len(a))
    a2 = a @ a
    a4 = a2 @ a2
    a6 = a4 @ a2
    odd = a @ (a6 @ (b[13] * a6 + b[11] * a4 + b[9] * a2) + b[7] * a6 + b[5] * a4 + b[3] * a2 + b[1] * identity)
    even = a6 @ (b[12] * a6 + b[10] * a4 + b[8] * a2) + b[6] * a6 + b[4] * a4 + b[2] * a2 + b[0] * identity
    x = np.linalg.solve(even - odd, even + odd)
    for _ in range(squarings):
        x = x @ x
    return x


@op(
    "linalg.matrix_exp(input)",
    grad_fn="LinalgMatrixExpBackward0",
    method=False,
    samples=lambda: [
        call(t(2, 2)),
        call(t(3, 3, low=-1, high=1)),
        call(t(2, 2, 2)),
        call(t(1, 1)),
        call(t(0, 0)),
        call(t(2, 2, values=[[8.0, 1.0], [-2.0, 6.0]])),
    ],
    formula="the upper right block of matrix_exp([[A.mT, g], [0, A.mT]])",
    example="linalg.matrix_exp(tensor([[0., 1.], [-1., 0.]]))",
)
def matrix_exp(a: Any) -> Any:
    """The exponential of square matrices."""
    need_square("linalg.matrix_exp", a)
    if a.dtype.kind != "f":
        need_floating("linalg.matrix_exp", a)
    out = alloc.empty(a.shape, np.float64)
    for index in np.ndindex(a.shape[:-2]):
        out[index] = _exponential(a[index].astype(np.float64))
    return out.astype(a.dtype)


@matrix_exp.vjp("input", saves="input")
def _(F: Any, g: Any, out: Any, a: Any) -> Any:
    n = a.shape[-1]
    block = F.linalg_matrix_exp(F.block_triangle(F.matrix_transpose(a), g))
    return F.narrow(F.narrow(block, -2, 0, n), -1, n, n)


on_last_dims(matrix_exp, 2)


alias("matrix_exp", matrix_exp, method=True)


@op(
    "block_triangle(input, corner)",
    work="elements",
    grad_fn="CatBackward0",
    private=True,
    samples=lambda: [call(t(2, 2), t(2, 2))],
    formula="input: the sum of the two blocks of g; corner: the upper right block",
    linear=True,
)
def block_triangle(a: Any, c: Any) -> Any:
    """The matrices [[input, corner], [0, input]]."""
    n = a.shape[-1]
    out = alloc.zeros((*a.shape[:-2], 2 * n, 2 * n), a.dtype)
    out[..., :n, :n] = a
    out[..., n:, n:] = a
    out[..., :n, n:] = c
    return out


@block_triangle.vjp("input", "corner")
def _(F: Any, needs: Any, g: Any, out: Any, a: Any, c: Any) -> Any:
    n = a.shape[-1]
    top = F.narrow(g, -2, 0, n)
    below = F.narrow(F.narrow(g, -2, n, n), -1, n, n)
    return F.narrow(top, -1, 0, n) + below, F.narrow(top, -1, n, n)
