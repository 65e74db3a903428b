"""Distances and similarities between vectors."""

from __future__ import annotations

from typing import Any

import numpy as np

from gradsh.engine.core import alloc
from gradsh.engine.core.arguments import need_tensor, type_word
from gradsh.engine.core.dtypes import OF
from gradsh.engine.core.namespaces import A, T
from gradsh.engine.core.promotion import broadcast_error, promoted, result_dtype
from gradsh.engine.core.tensor import Tensor
from gradsh.engine.kernels.norms import INF, distances, p_norm, pair_distances
from gradsh.engine.kernels.summation import added, summed
from gradsh.engine.operators.batch_rules import on_last_dims
from gradsh.engine.operators.composite import composite
from gradsh.engine.operators.general import op, run
from gradsh.engine.operators.samples import call, t
from gradsh.engine.ops.linalg.matmul import need_arrays
from gradsh.engine.ops.linalg.norms import kept_shape, p_norm_rule
from gradsh.errors import ArgumentError, DtypeError, ShapeError, ValueProblem


@op(
    "dist(input, other, p=2)",
    work="elements",
    grad_fn="DistBackward0",
    samples=lambda: [
        call(t(3), t(3)),
        call(t(2, 3), t(3), 1),
        call(t(2), t(2, 1), 3),
        call(t(3, low=0, high=0.1), t(3, values=[1.0, 2.0, 3.5]), INF),
        call(t(), t()),
    ],
    formula="g * the gradient of norm(input - other, p)",
    kinks="distance 0: 0; p inf: elements that reach it share; p 0: no gradient",
    example="dist(tensor([0., 0.]), tensor([3., 4.]))",
)
def dist(a: Any, b: Any, p: float) -> Any:
    """The p-norm of the difference."""
    need_arrays("dist", 2, other=b)
    if not isinstance(p, (int, float)):
        raise ArgumentError(f"dist(): argument 'p' (position 3) must be Number, not {type_word(p)}")
    a, b = promoted(a, b, False)
    if a.dtype.kind == "b":
        raise DtypeError(
            "Subtraction, the `-` operator, with two bool tensors is not supported. Use the `^` or `logical_xor()` "
            "operator instead."
        )
    if a.dtype.kind != "f":
        raise DtypeError(
            f"norm(): input dtype should be either floating point or complex. Got {OF[a.dtype].title} instead."
        )
    try:
        difference = a - b
    except ValueError:
        raise broadcast_error(a.shape, b.shape) from None
    return p_norm(difference, p, None, False)


@dist.vjp("input", "other", saves="input other out")
def _(F: Any, needs: Any, g: Any, out: Any, a: Any, b: Any, p: float) -> Any:
    difference = a - b
    if difference.ndim:
        shape = kept_shape(difference.shape, None)
        g, out = F.unsafe_view(g, shape), F.unsafe_view(out, shape)
    first = p_norm_rule(F, g, difference, out, p, None)
    return first, None if first is None or not needs[1] else -first


def _distance_rule(F: Any, g: Any, difference: Any, out: Any, p: float) -> Any:
    """The gradient of p-norms along the last dim; g and out have a last dim of size 1.

    Ties of the inf norm do not share here: each element that reaches it gets the whole gradient, as in PyTorch.
    """
    if p == INF:
        return F.sign(difference) * (g * F.reaches(difference, out))
    if p < 1 and p != 0:
        # PyTorch's kernel has its own convention: nothing where an element or the distance is 0
        power = F.zero_where(F.pow(F.abs(difference), p - 1), difference)
        return F.zero_where(F.sign(difference) * power * g / F.pow(out, p - 1), out)
    return p_norm_rule(F, g, difference, out, p, (-1,))


AT_ONCE = 1 << 22  # numbers of the differences between rows


@op("reaches(input, norm)", private=True)
def reaches(x: Any, out: Any) -> Any:
    """1 where the absolute value is the norm, else 0, in the dtype of `input`."""
    return (np.abs(x) == out).astype(x.dtype)


@op(
    "cdist_of(x1, x2, p)",
    grad_fn="CdistBackward0",
    second="Backward",
    private=True,
    refuses={"cdist": "Half unless empty"},
    samples=lambda: [call(t(2, 3), t(2, 3), 2.0)],
    formula="x1: sums over rows of x2 of g * the gradient of the norm; x2: over rows of x1",
)
def cdist_of(a: Any, b: Any, p: float) -> Any:
    """Distances between all rows of two batches of matrices.

    So many rows at a time as fill AT_ONCE: all differences of 4,000 rows to 4,000 take gigabytes, and a Ctrl-C waits.
    """
    step = max(1, AT_ONCE // max(1, b.size))
    if a.shape[-2] > step and a.ndim == b.ndim == 2:
        parts = [_between(a[at : at + step], b, p) for at in range(0, len(a), step)]
        return np.concatenate(parts)
    return _between(a, b, p)


def _between(a: Any, b: Any, p: float) -> Any:
    difference = a[..., :, None, :] - b[..., None, :, :]
    if p == 0:
        # as PyTorch counts: nan stays nan
        return np.add.reduce(np.minimum(np.ceil(np.abs(difference)), 1), -1)
    if p == 2 and difference.dtype != np.float16 and difference.shape[-1]:
        return distances(difference.reshape(-1, difference.shape[-1])).reshape(difference.shape[:-1])
    return p_norm(difference, p, (-1,), False)


@cdist_of.vjp("x1", "x2", saves="x1 x2 out")
def _(F: Any, needs: Any, g: Any, out: Any, a: Any, b: Any, p: float) -> Any:
    difference = F.unsqueeze(a, -2) - F.unsqueeze(b, -3)
    if F is A and p in (1, 2) and difference.size:
        return _in_order(needs, g[..., None], difference, out[..., None], p)
    inside = _distance_rule(F, F.unsqueeze(g, -1), difference, F.unsqueeze(out, -1), p)
    if inside is None:
        return F.zeros_of(a), F.zeros_of(b)
    return (
        F.sum(inside, (-2,), False, None) if needs[0] else None,
        -F.sum(inside, (-3,), False, None) if needs[1] else None,
    )


def _in_order(needs: Any, g: Any, difference: Any, out: Any, p: float) -> tuple[Any, Any]:
    """The gradients of both, added row after row as PyTorch does it (`DistanceOpsKernel.cpp`)."""
    if p == 1:
        inside = g * np.sign(difference)
    else:
        inside = np.where(out == 0, out, g * difference / np.where(out == 0, 1, out).astype(out.dtype))
    second = alloc.ascontiguousarray(inside.swapaxes(-2, -3)) if needs[1] else None
    return added(inside) if needs[0] else None, None if second is None else -added(second)


@op("zeros_of(input)", work="size", private=True)
def zeros_of(x: Any) -> Any:
    """Zeros in the shape and dtype of `input`."""
    return alloc.zeros(x.shape, x.dtype)


@op(
    "euclidean_of(x1, x2)",
    grad_fn="EuclideanDistBackward0",
    private=True,
    samples=lambda: [call(t(2, 3), t(2, 3))],
    formula="as cdist",
)
def euclidean_of(a: Any, b: Any) -> Any:
    """As cdist with p=2, through one matrix product."""
    squares = summed(a * a, a.ndim - 1, True) + summed(b * b, b.ndim - 1)[..., None, :]
    out = a @ b.swapaxes(-1, -2)
    out *= 2  # in place: fresh memory takes longer than the arithmetic, and a Ctrl-C comes through between the steps
    np.subtract(squares, out, out=out)
    return np.sqrt(np.maximum(out, 0, out=out), out=out)


@euclidean_of.vjp("x1", "x2", saves="x1 x2 out")
def _(F: Any, needs: Any, g: Any, out: Any, a: Any, b: Any) -> Any:
    ratio = F.zero_where(g / out, out)
    first = second = None
    if needs[0]:
        first = a * F.sum(ratio, (-1,), True, None) - F.matmul(ratio, b)
    if needs[1]:
        across = F.matrix_transpose(ratio)
        second = b * F.sum(across, (-1,), True, None) - F.matmul(across, a)
    return first, second


_MODES = (
    "use_mm_for_euclid_dist_if_necessary",
    "use_mm_for_euclid_dist",
    "donot_use_mm_for_euclid_dist",
)


@composite(
    "cdist(x1, x2, p=2.0, compute_mode='use_mm_for_euclid_dist_if_necessary')",
    python=True,
    method=False,
    samples=lambda: [
        call(t(2, 3), t(2, 3)),
        call(t(2, 2), t(3, 2), 1),
        call(t(2, 2), t(2, 2), 3),
        call(t(2, 1, 2), t(2, 2), 1.5),
        call(t(1, 2, low=0, high=0.1), t(2, 2, values=[[1.0, 2.0], [3.0, -4.0]]), INF),
        call(t(2, 2), t(2, 2), 2.0, "use_mm_for_euclid_dist"),
        call(t(0, 2), t(2, 2)),
    ],
    formula="x1: sums over rows of x2 of g * the gradient of the norm of the difference; x2: over rows of x1",
    kinks="distance 0: 0",
    example="cdist(tensor([[0., 0.]]), tensor([[3., 4.], [6., 8.]]))",
)
def cdist(a: Tensor, b: Tensor, p: Any, compute_mode: Any) -> Any:
    """The p-norm distances between every row of `x1` and every row of `x2`."""
    for i, (name, v) in enumerate((("x1", a), ("x2", b)), 1):
        need_tensor("cdist", name, i, v)
    if compute_mode is not None and compute_mode not in _MODES:
        raise ValueProblem(f"{compute_mode} is not a valid value for compute_mode", kind="ValueError")
    for i, v in enumerate((a, b), 1):
        if v.data.dtype.kind != "f":
            raise DtypeError(f"cdist only supports floating-point dtypes, X{i} got: {OF[v.data.dtype].title}")
    for i, v in enumerate((a, b), 1):
        if v.data.ndim < 2:
            raise ShapeError(f"cdist only supports at least 2D tensors, X{i} got: {v.data.ndim}D")
    p1, p2 = a.data.shape, b.data.shape
    if p1[-1] != p2[-1]:
        raise ShapeError(f"X1 and X2 must have the same number of columns. X1: {p1[-1]} X2: {p2[-1]}")
    if a.data.dtype != b.data.dtype:
        p, q = OF[a.data.dtype].title, OF[b.data.dtype].title
        raise DtypeError(f"expected scalar type {p} but found {q}")
    if p < 0:
        raise ValueProblem("cdist only supports non-negative p values")
    try:
        np.broadcast_shapes(p1[:-2], p2[:-2])
    except ValueError:
        raise broadcast_error(p1[:-2], p2[:-2]) from None
    large = p1[-2] > 25 or p2[-2] > 25
    if p == 2 and (compute_mode == _MODES[1] or (large and compute_mode in (_MODES[0], None))):
        out = run(euclidean_of, [a, b], None)
        return T.view(out, out.data.shape)
    return run(cdist_of, [a, b, float(p)], None)


@op(
    "pdist_of(input, p)",
    grad_fn="PdistBackward0",
    second="Backward",
    private=True,
    samples=lambda: [call(t(3, 2), 2.0)],
    formula="each row: sums over the others of g * the gradient of the norm of the difference",
)
def pdist_of(x: Any, p: float) -> Any:
    """Distances between all pairs of rows."""
    first, second = np.triu_indices(len(x), 1)
    difference = x[first] - x[second]
    if p in (1, 2) and x.dtype != np.float16 and difference.size:
        return pair_distances(difference, p)
    return p_norm(difference, p, (-1,), False)


@pdist_of.vjp("input", saves="input out")
def _(F: Any, g: Any, out: Any, x: Any, p: float) -> Any:
    first, second = np.triu_indices(x.shape[0], 1)
    # differences as a matrix product with a constant matrix of 1 and -1, one row for each pair
    pairs = alloc.zeros((len(first), x.shape[0]))
    pairs[alloc.arange(len(first)), first] = 1
    pairs[alloc.arange(len(first)), second] = -1
    inside = _distance_rule(F, F.unsqueeze(g, -1), F.times_constant(x, pairs), F.unsqueeze(out, -1), p)
    return F.zeros_of(x) if inside is None else F.times_constant(inside, pairs.T)


@op(
    "times_constant(input, matrix)",
    grad_fn="MmBackward0",
    private=True,
    samples=lambda: [call(t(2, 3), alloc.ones((4, 2)))],
    formula="matrix.T @ g",
    linear=True,
)
def times_constant(x: Any, matrix: Any) -> Any:
    """A constant matrix times `input`."""
    return matrix.astype(x.dtype) @ x


times_constant.vjp("input")(lambda F, g, out, x, matrix: F.times_constant(g, matrix.T))


on_last_dims(times_constant, 2)


@composite(
    "pdist(input, p=2.0)",
    method=False,
    samples=lambda: [call(t(3, 2)), call(t(3, 2), 1), call(t(3, 2), 3), call(t(1, 2)), call(t(3, 2), 1.5)],
    formula="each row: sums over the others of g * the gradient of the norm of the difference",
    kinks="distance 0: 0",
    refuses={"pdist": "Half unless empty"},
    example="pdist(tensor([[0., 0.], [3., 4.], [6., 8.]]))",
)
def pdist(x: Tensor, p: Any) -> Any:
    """The p-norm distances between every pair of rows, without repetitions."""
    need_tensor("pdist", "input", 1, x)
    if x.data.ndim != 2:
        raise ShapeError(f"pdist only supports 2D tensors, got: {x.data.ndim}D")
    if x.data.dtype.kind != "f":
        raise DtypeError("pdist only supports floating-point dtypes")
    if p < 0:
        raise ValueProblem("pdist only supports non-negative p values")
    return run(pdist_of, [x, float(p)], None)


@composite(
    "pairwise_distance(x1, x2, p=2.0, eps=1e-06, keepdim=False)",
    method=False,
    rename="NormBackward1",
    samples=lambda: [
        call(t(2, 3), t(2, 3)),
        call(t(2, 3), t(3), 1.0),
        call(t(3), t(3), keepdim=True),
        call(t(2, 2), t(2, 2), 3),
    ],
    formula="g * the gradient of norm(x1 - x2 + eps, p)",
    kinks="equal vectors are eps apart in each element",
    example="pairwise_distance(tensor([[0., 0.]]), tensor([[3., 4.]]))",
)
def pairwise_distance(a: Tensor, b: Tensor, p: Any, eps: float, keepdim: bool) -> Any:
    """The p-norm of `x1 - x2 + eps` along the last dim."""
    need_tensor("pairwise_distance", "x1", 1, a)
    need_tensor("pairwise_distance", "x2", 2, b)
    difference = T.add(T.sub(a, b), eps)
    return T.linalg_vector_norm(difference, p, -1 if difference.data.ndim else None, keepdim)


@op(
    "clamped_norm(input, eps)",
    grad_fn="CloneBackward0",
    private=True,
    samples=lambda: [call(t(2, low=1.0), 1e-8)],
    formula="g",
    elementwise=True,
)
def clamped_norm(x: Any, eps: float) -> Any:
    """At least `eps`; the gradient passes as if nothing were clamped."""
    return np.maximum(x, x.dtype.type(eps))


clamped_norm.vjp("input")(lambda F, g, out, x, eps: g)


@composite(
    "cosine_similarity(x1, x2, dim=1, eps=1e-08)",
    method=False,
    samples=lambda: [
        call(t(2, 3), t(2, 3)),
        call(t(2, 3), t(2, 3), 0),
        call(t(3), t(3), dim=-1),
        call(t(2, 1, 2), t(2, 2), dim=-1),
    ],
    formula="x1: (g * x2 / norm(x2) - g * similarity * x1 / norm(x1)) / norm(x1); x2 likewise",
    kinks="norms are at least eps; a zero vector has similarity 0",
    example="cosine_similarity(tensor([[1., 0.]]), tensor([[1., 1.]]))",
)
def cosine_similarity(a: Tensor, b: Tensor, dim: int, eps: float) -> Any:
    """The cosine of the angle between vectors along `dim`."""
    need_tensor("cosine_similarity", "x1", 1, a)
    need_tensor("cosine_similarity", "x2", 2, b)
    common = result_dtype(a.data, b.data).np
    if common.kind != "f":
        raise DtypeError(f"expected common dtype to be floating point, yet common dtype is {OF[common].title}")
    try:
        shape = np.broadcast_shapes(a.data.shape, b.data.shape)
    except ValueError:
        raise broadcast_error(a.data.shape, b.data.shape) from None
    a, b = (T.expand(v, shape) if v.data.shape != shape else v for v in (a, b))
    a, b = (v if v.data.dtype == common else T.to(v, OF[common]) for v in (a, b))
    sizes = (run(clamped_norm, [T.linalg_vector_norm(v, 2, dim, True), eps], None) for v in (a, b))
    first, second = sizes
    return T.sum(T.mul(T.div(a, first), T.div(b, second)), dim)
