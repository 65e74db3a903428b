"""Norms of vectors and matrices, and what is scaled by them."""

from __future__ import annotations

from typing import Any

import numpy as np

from gradsh.engine.core.arguments import dim_index, dims_tuple, need_tensor, numpy_dtype
from gradsh.engine.core.dtypes import OF
from gradsh.engine.core.namespaces import T
from gradsh.engine.core.tensor import Tensor
from gradsh.engine.kernels.norms import INF, p_norm
from gradsh.engine.operators.composite import composite
from gradsh.engine.operators.general import op, run
from gradsh.engine.operators.samples import call, t
from gradsh.engine.ops.linalg.common import A2, inverse_of, need_floating, need_matrix
from gradsh.engine.ops.linalg.decompositions import svd_of
from gradsh.errors import ArgumentError, DtypeError, ShapeError, ValueProblem

# --- the norm of vectors -----------------------------------------------------------------------------------------


def p_norm_rule(F: Any, g: Any, x: Any, out: Any, p: float, axes: Any) -> Any:
    """The gradient of the p-norm, with g and out of x's rank. Where the norm is 0 it is 0; None for p = 0."""
    if p == 0:
        return None
    if p == 1:
        return F.sign(x) * g
    if p == 2:
        return F.zero_where(x / out, out) * g
    if p in (INF, -INF):
        return F.sign(x) * (g * F.peaks(x, out, axes))
    if p < 1:
        return F.sign(x) * F.zero_where(F.pow(F.abs(x), p - 1), x) * g * F.pow(out, 1 - p)
    scale = F.zero_where(g / F.pow(out, p - 1), out)
    if p < 2:
        return F.sign(x) * F.pow(F.abs(x), p - 1) * scale
    return x * F.pow(F.abs(x), p - 2) * scale


@op("peaks(input, norm, dims)", work="elements", private=True)
def peaks(x: Any, out: Any, axes: Any) -> Any:
    """Where `norm` is reached: 1 divided by how often it is, elsewhere 0."""
    reached = (np.abs(x) == out) | (np.isnan(x) & np.isnan(out))
    count = np.add.reduce(reached, axes, keepdims=True, dtype=x.dtype)
    return reached / count


def kept_shape(shape: tuple[int, ...], axes: Any) -> tuple[int, ...]:
    """`shape` with the reduced dims (a tuple, or None for all) of size 1."""
    if axes is None:
        return (1,) * len(shape)
    return tuple(1 if i in axes else extent for i, extent in enumerate(shape))


@op(
    "vector_norm_of(input, ord, dims, keepdim)",
    work="elements",
    grad_fn="LinalgVectorNormBackward0",
    private=True,
    samples=lambda: [call(t(3), 2.0, None, False)],
    formula="g * input / out",
)
def vector_norm_of(x: Any, p: float, axes: Any, keepdim: bool) -> Any:
    """The p-norm over `dims`."""
    return p_norm(x, p, axes, keepdim)


@vector_norm_of.vjp("input", saves="input out")
def _(F: Any, g: Any, out: Any, x: Any, p: float, axes: Any, keepdim: bool) -> Any:
    if not keepdim and x.ndim:
        shape = kept_shape(x.shape, axes)
        g, out = F.unsafe_view(g, shape), F.unsafe_view(out, shape)
    return p_norm_rule(F, g, x, out, p, axes)


def _dtype(name: str, x: Tensor, dtype: Any) -> Tensor:
    """The input in the dtype asked for."""
    if x.data.dtype.kind != "f":
        raise DtypeError(f"{name}: Expected a floating point or complex tensor as input. Got {OF[x.data.dtype].title}")
    wanted = numpy_dtype(name.replace(".", "_"), dtype)
    if wanted is None or wanted == x.data.dtype:
        return x
    dtype = OF[wanted]
    if dtype.np.kind != "f":
        raise DtypeError(f"{name}: dtype should be floating point or complex, but got {dtype.title}")
    if dtype.np.itemsize < x.data.dtype.itemsize:
        raise DtypeError(
            f"{name}: the dtype of the input ({OF[x.data.dtype].title}) should be convertible without narrowing to the "
            f"specified dtype ({dtype.title})"
        )
    return T.to(x, dtype)  # type: ignore[no-any-return]  # the namespace is untyped


def _vector(x: Tensor, p: Any, dim: Any, keepdim: bool, dtype: Any) -> Any:
    name = "linalg.vector_norm"
    if p.__class__ is Tensor:
        p = p.item()
    x = _dtype(name, x, dtype)
    shape = x.data.shape
    axes = None if dim is None or dim == () or dim == [] else dims_tuple(dim, len(shape))
    if p < 0 or p == INF:
        label = "inf" if p == INF else "-inf" if p == -INF else f"{p:g}"
        if axes is None and not x.data.size:
            raise ValueProblem(
                f"{name} cannot compute the {label} norm on an empty tensor because the operation does not have an "
                "identity"
            )
        for d in axes or ():
            if shape and not shape[d]:
                raise ValueProblem(
                    f"{name} cannot compute the {label} norm on the dimension {d}because this dimension is empty and "
                    "the operation does not have an identity"
                )
    return run(vector_norm_of, [x, float(p), axes, bool(keepdim)], None)


@composite(
    "linalg.vector_norm(input, ord=2, dim=None, keepdim=False, *, dtype=None)",
    method=False,
    samples=lambda: [
        call(t(3)),
        call(t(2, 3), 3, 1),
        call(t(2, 3), 1, 0, True),
        call(t(2, 3, distinct=True), INF, -1),
        call(t(2, 3, low=0.5, distinct=True), -INF),
        call(t(2, 3, away=0.3), 0.5),
        call(t(2, 3, away=0.3), 1.5, (0, 1), True),
        call(t(2, 2, away=0.3), -1),
        call(t(away=0.5)),
        call(t(0, 3)),
        call(t(2, 3, 2), 2, (0, 2)),
    ],
    formula="g * input / out",
    kinks="norm 0: 0; ord inf: elements that reach it share; ord 0: no gradient",
    example="linalg.vector_norm(tensor([3., 4.]))",
)
def linalg_vector_norm(x: Tensor, ord: Any, dim: Any, keepdim: bool, dtype: Any) -> Any:
    """The p-norm of all elements, or along `dim`."""
    need_tensor("linalg_vector_norm", "x", 1, x)
    if isinstance(ord, str):
        raise ArgumentError("linalg_vector_norm(): argument 'ord' (position 2) must be Number, not str")
    return _vector(x, ord, dim, keepdim, dtype)


# --- the norm of matrices ----------------------------------------------------------------------------------------


def _matrix(x: Tensor, p: Any, dim: Any, keepdim: bool, dtype: Any) -> Any:
    name = "linalg.matrix_norm"
    need_matrix(name, x.data)
    if not isinstance(dim, (tuple, list)):
        dim = (dim,)
    if len(dim) != 2:
        raise ValueProblem(f"{name}: dim must be a 2-tuple. Got {' '.join(map(str, dim))}")
    ndim = x.data.ndim
    i, j = (dim_index(d, ndim) for d in dim)
    if i == j:
        raise ValueProblem(f"{name}: dims must be different. Got ({dim[0]}, {dim[1]})")
    if isinstance(p, str):
        if p not in ("fro", "nuc"):
            raise ValueProblem(f"{name}: Order {p} not supported.")
    elif abs(p) not in (1, 2, INF):
        raise ValueProblem(f"{name}: Order {p:g} not supported.")
    x = _dtype(name, x, dtype)
    if p == "fro":
        return _vector(x, 2, (i, j), keepdim, None)
    if p == "nuc" or abs(p) == 2:
        need_floating("linalg.matrix_norm", x.data)
        rest = tuple(d for d in range(ndim) if d not in (i, j))
        values = run(svd_of, [T.permute(x, (*rest, i, j)), False], None)[1]
        if p == "nuc" or (p > 0 and not values.data.shape[-1]):
            out = T.sum(values, -1)
        else:
            out = (T.amax if p > 0 else T.amin)(values, -1)
        if keepdim:
            order = (*rest, i, j)
            out = T.permute(T.unsqueeze(T.unsqueeze(out, -1), -1), tuple(order.index(d) for d in range(ndim)))
        return out
    if abs(p) == INF:
        i, j = j, i
    if p > 0 and not x.data.shape[j] and p != 2:
        return T.sum(T.mul(x, 0), (i, j), keepdim)  # no rows (columns) to be the largest: 0
    sums = _vector(x, 1, (i,), keepdim, None)
    if not keepdim and j > i:
        j -= 1
    return (T.amax if p > 0 else T.amin)(sums, j, keepdim)


M23 = [[1.0, 0.5, 0.2], [-0.3, 1.9, 0.9]]


@composite(
    "linalg.matrix_norm(input, ord='fro', dim=(-2, -1), keepdim=False, *, dtype=None)",
    method=False,
    samples=lambda: [
        call(t(2, 3, values=M23)),
        call(t(2, 3, values=M23), "nuc"),
        call(t(2, 3, values=M23), 2),
        call(t(2, 3, values=M23), -2, keepdim=True),
        call(t(2, 3, values=M23), 1),
        call(t(2, 3, values=M23), -1),
        call(t(2, 3, values=M23), INF),
        call(t(2, 3, values=M23), -INF, (1, 0), True),
        call(t(2, 1, 2), "fro", (0, 2)),
        call(t(2, 2, 1, values=[[[1.0], [0.5]], [[-0.3], [1.9]]]), "nuc", (0, 1)),
    ],
    formula="of the vector norm, or of the singular values, that it is made of",
    kinks="as linalg.vector_norm; equal extremes share",
    example="linalg.matrix_norm(tensor([[1., 2.], [3., 4.]]), 2)",
)
def linalg_matrix_norm(a: Tensor, ord: Any, dim: Any, keepdim: bool, dtype: Any) -> Any:
    """The norm of matrices: "fro", "nuc" (the sum of singular values), 2, 1, inf and their negatives."""
    need_tensor("linalg_matrix_norm", "A", 1, a)
    return _matrix(a, ord, dim, keepdim, dtype)


@composite(
    "linalg.norm(input, ord=None, dim=None, keepdim=False, *, dtype=None)",
    method=False,
    samples=lambda: [
        call(t(3)),
        call(t(2, 3, values=M23)),
        call(t(2, 3, values=M23), 2),
        call(t(2, 3, values=M23), 1, 0),
        call(t(2, 3, values=M23), "nuc", (0, 1), True),
        call(t(2, 2, 2)),
        call(t(3), 3),
    ],
    formula="as linalg.vector_norm or linalg.matrix_norm",
    kinks="as linalg.vector_norm",
    example="linalg.norm(tensor([[1., 2.], [3., 4.]]), 2)",
)
def linalg_norm(x: Tensor, ord: Any, dim: Any, keepdim: bool, dtype: Any) -> Any:
    """A vector norm of vectors or of all elements, a matrix norm of matrices."""
    need_tensor("linalg_norm", "A", 1, x)
    if isinstance(dim, (tuple, list)) and len(dim) not in (1, 2):
        raise ValueProblem(f"linalg.norm: If dim is specified, it must be of length 1 or 2. Got {list(dim)}")
    if ord is None:
        return _vector(x, 2, dim, keepdim, dtype)
    ndim = x.data.ndim
    if dim is None and ndim not in (1, 2) and not isinstance(ord, str):
        raise ValueProblem(f"linalg.norm: If dim is not specified but ord is, the input must be 1D or 2D. Got {ndim}D.")
    many = len(dim) if isinstance(dim, (tuple, list)) else 1 if dim is not None else ndim
    if many == 2 or isinstance(ord, str):
        return _matrix(x, ord, (-2, -1) if dim is None else dim, keepdim, dtype)
    return _vector(x, ord, dim, keepdim, dtype)


@composite(
    "norm(input, p='fro', dim=None, keepdim=False, dtype=None)",
    python=True,
    samples=lambda: [
        call(t(3)),
        call(t(2, 3)),
        call(t(2, 3), 2, 1),
        call(t(2, 3), 1),
        call(t(2, 3), 3, 0, True),
        call(t(2, 3, distinct=True), INF),
        call(t(2, 3, values=M23), "nuc"),
        call(t(2, 3), "fro", (0, 1)),
        call(t(2, 3), p=None, dim=-1),
        call(t(away=0.5), 2),
    ],
    formula="g * input / out",
    kinks="norm 0: 0; p inf: elements that reach it share; p 0: no gradient",
    example="norm(tensor([3., 4.]))",
)
def norm(x: Tensor, p: Any, dim: Any, keepdim: bool, dtype: Any) -> Any:
    """The p-norm of all elements, or along `dim`; "fro" is 2, "nuc" the sum of the singular values."""
    need_tensor("norm", "input", 1, x)
    if isinstance(p, str):
        if p == "fro" and not (isinstance(dim, (tuple, list)) and len(dim) > 2):
            return _vector(x, 2, dim, keepdim, dtype)
        return _matrix(x, p, (-2, -1) if dim is None else dim, keepdim, dtype)
    return _vector(x, 2 if p is None else p, dim, keepdim, dtype)


# --- condition numbers -------------------------------------------------------------------------------------------


@composite(
    "linalg.cond(input, p=None)",
    method=False,
    samples=lambda: [
        call(t(2, 2, values=A2)),
        call(t(2, 2, values=A2), -2),
        call(t(2, 2, values=A2), 1),
        call(t(2, 2, values=A2), "fro"),
        call(t(2, 2, values=A2), "nuc"),
        call(t(2, 3, values=M23)),
    ],
    formula="of the norms that it is made of",
    example="linalg.cond(tensor([[1., 2.], [3., 4.]]))",
)
def linalg_cond(a: Tensor, p: Any) -> Any:
    """The condition number: the norm times that of the inverse; for p None, 2, -2 a quotient of singular values."""
    need_tensor("linalg_cond", "A", 1, a)
    shape = a.data.shape
    if len(shape) < 2:
        raise ShapeError("linalg.cond: The input tensor must have at least 2 dimensions.")
    if p not in (None, 1, -1, 2, -2, INF, -INF, "fro", "nuc"):
        raise ValueProblem(f"linalg.cond got an invalid norm type: {p}")
    if p in (None, 2, -2):
        values = run(svd_of, [a, False], None)[1]
        first, last = T.narrow(values, -1, 0, 1), T.narrow(values, -1, min(shape[-2:]) - 1, 1)
        return T.squeeze(last / first if p == -2 else first / last, -1)
    if shape[-1] != shape[-2]:
        raise ShapeError(
            f"linalg.cond(ord={p}): A must be batches of square matrices, but they are {shape[-2]} by {shape[-1]} "
            "matrices"
        )
    if p == "nuc":
        values = run(svd_of, [a, False], None)[1]
        return T.sum(values, -1) * T.sum(1 / values, -1)
    inverse = run(inverse_of, [a, ""], None)
    out = T.mul(_matrix(a, p, (-2, -1), False, None), _matrix(inverse, p, (-2, -1), False, None))
    # 0 * inf, of the zero matrix
    return T.nan_to_num(out, INF, INF, -INF)


# --- scaled by norms ---------------------------------------------------------------------------------------------


@composite(
    "normalize(input, p=2.0, dim=1, eps=1e-12, out=None)",
    python=True,
    method=False,
    samples=lambda: [call(t(2, 3)), call(t(2, 3), 1.0, 0), call(t(3), dim=0), call(t(2, 2), p=3)],
    formula="(g - y * sum(g * y)) / norm for p=2",
    kinks="a zero vector stays zero: its gradient is g / eps",
    example="normalize(tensor([[3., 4.]]))",
)
def normalize(x: Tensor, p: Any, dim: Any, eps: float, out: Any) -> Any:
    """Divides vectors along `dim` by their norm, or by `eps` if that is larger."""
    need_tensor("normalize", "input", 1, x)
    size = _vector(x, p, dim, True, None)
    return x / T.expand(T.clamp_min(size, eps), x.data.shape)
