"""Running sums, products and extremes; integrals by the trapezoid rule."""

from __future__ import annotations

from typing import Any

import numpy as np

from gradsh.engine.core import alloc
from gradsh.engine.core.arguments import dim_index, need_tensor
from gradsh.engine.core.dtypes import OF
from gradsh.engine.core.namespaces import T
from gradsh.engine.core.tensor import Tensor, make
from gradsh.engine.kernels import transcendental as exact
from gradsh.engine.operators.batch_rules import along, fronted, sample_of
from gradsh.engine.operators.composite import composite
from gradsh.engine.operators.general import op
from gradsh.engine.operators.reduction import renamed, takes_tensor
from gradsh.engine.operators.registry import alias
from gradsh.engine.operators.samples import call, t
from gradsh.errors import DimError, DtypeError, ShapeError, ValueProblem

float64 = np.dtype(np.float64)
int64 = np.dtype(np.int64)


def _samples() -> list[call]:
    return [
        call(t(2, 3), 1),
        call(t(2, 3), -2),
        call(t(4), 0),
        call(t(), 0),
        call(t(0, 3), 0),
        call(t(3, 2, strided=True), 1),
    ]


def _accumulated(name: str, function: Any, x: Any, dim: Any, dtype: Any) -> Any:
    """NumPy's running function in the dtype PyTorch accumulates in: float64 for floats, int64 for integers."""
    target = dtype.np if dtype is not None else x.dtype if x.dtype.kind == "f" else int64
    if target.kind == "b":
        raise DtypeError(f"\"{name}_out_cpu\" not implemented for 'Bool'", kind="NotImplementedError")
    axis = dim_index(dim, x.ndim)
    if x.dtype.kind == "f" and target.kind != "f":
        x = x.astype(target)
    if not x.ndim:
        return target.type(x)
    return function(x, axis, float64 if target.kind == "f" else target).astype(target, copy=False)


# --- cumsum ----------------------------------------------------------------------------------------------------------


@op(
    "cumsum(input, dim, *, dtype=None)",
    work="elements",
    inplace=True,
    grad_fn="CumsumBackward0",
    samples=_samples,
    formula="the running sum of g from the end",
    example="cumsum(tensor([1., 2., 3.]), 0)",
    linear=True,
)
def cumsum(x: Any, dim: int, dtype: Any) -> Any:
    """The running sum along `dim`."""
    return _accumulated("cumsum", np.add.accumulate, x, dim, dtype)


cumsum.vjp("input")(lambda F, g, out, x, dim, dtype: F.cumsum_back(g, dim))


@op("cumsum_back(grad, dim)", work="elements", grad_fn="FlipBackward0", private=True, linear=True)
def cumsum_back(g: Any, dim: int) -> Any:
    """The running sum from the end."""
    if not np.ndim(g):
        return g
    axis = dim_index(dim, g.ndim)
    return np.flip(np.add.accumulate(np.flip(g, axis), axis, float64), axis).astype(g.dtype)


cumsum_back.vjp("grad")(lambda F, g, out, grad, dim: F.cumsum(g, dim, None))


along(cumsum_back, 1)

takes_tensor(cumsum, one_dim=True)

# --- cumprod ---------------------------------------------------------------------------------------------------------


@op(
    "cumprod(input, dim, *, dtype=None)",
    work="elements",
    inplace=True,
    grad_fn="CumprodBackward0",
    samples=lambda: [
        *_samples(),
        call(t(4, values=[2.0, 0.0, 3.0, 0.0]), 0),
        call(t(2, 2, values=[[0.0, 2.0], [3.0, 4.0]]), 1),
    ],
    formula="the running sum from the end of g * out, divided by input",
    kinks="zeros are no exception: the gradient is the one of the products",
    example="cumprod(tensor([1., 2., 3.]), 0)",
)
def cumprod(x: Any, dim: int, dtype: Any) -> Any:
    """The running product along `dim`."""
    return _accumulated("cumprod", np.multiply.accumulate, x, dim, dtype)


@cumprod.vjp("input", saves="input out")
def _(F: Any, g: Any, out: Any, x: Any, dim: int, dtype: Any) -> Any:
    data = x.data if x.__class__ is Tensor else x
    if not data.ndim:
        return g
    axis = dim_index(dim, data.ndim)
    if out.dtype != x.dtype:
        x = F.cast_like(x, out)
    if np.all(data):
        return F.cumsum_back(g * out, axis) / x
    # d out[i] / d x[k] is the product of the elements up to i but for k: no division, any zeros
    n = data.shape[axis]
    parts = []
    for k in range(n):
        after = F.narrow(g, axis, k, 1)
        if k + 1 < n:
            later = F.cumprod(F.narrow(x, axis, k + 1, n - k - 1), axis, None)
            after = after + F.sum(F.narrow(g, axis, k + 1, n - k - 1) * later, axis, True, None)
        parts.append(after * F.narrow(out, axis, k - 1, 1) if k else after)
    return F.cat(parts, axis)


takes_tensor(cumprod, one_dim=True)

# --- cummax, cummin --------------------------------------------------------------------------------------------------


def _running(better: Any) -> Any:
    """The kernel of `cummax` or `cummin`: the latest of equal elements counts, and nan stays."""

    def kernel(x: Any, dim: int) -> Any:
        axis = dim_index(dim, x.ndim)
        if not x.ndim:
            return x.dtype.type(x), np.int64(0)
        values = better.accumulate(x, axis)
        n = x.shape[axis]
        places = alloc.arange(n).reshape([-1 if i == axis else 1 for i in range(x.ndim)])
        taken = (x == values) | (x != x)
        index = np.maximum.accumulate(np.where(taken, places, 0), axis)
        return values, index

    return kernel


cummax = op(
    "cummax(input, dim)",
    grad_fn="CummaxBackward0",
    samples=lambda: [call(t(2, 3, distinct=True), 1), call(t(4, distinct=True), 0), call(t(), 0), call(t(0, 3), 0)],
    formula="g, added up at the returned indices",
    kinks="ties: the latest",
    example="cummax(tensor([1., 3., 2.]), 0)",
)(_running(np.maximum))
cummax.summary = "The largest so far along `dim`, and where it is."

cummin = op(
    "cummin(input, dim)",
    grad_fn="CumminBackward0",
    samples=lambda: [call(t(2, 3, distinct=True), 1), call(t(4, distinct=True), 0), call(t(), 0), call(t(0, 3), 0)],
    formula="g, added up at the returned indices",
    kinks="ties: the latest",
    example="cummin(tensor([1., 3., 2.]), 0)",
)(_running(np.minimum))
cummin.summary = "The smallest so far along `dim`, and where it is."


@op("add_at(grad, index, dim, shape)", grad_fn="ScatterAddBackward0", private=True)
def add_at(g: Any, index: Any, dim: int, shape: Any) -> Any:
    """Zeros of `shape` with `grad` added at `index` along `dim`."""
    full = alloc.zeros(shape, g.dtype)
    if not full.ndim:
        return g
    where = list(np.ix_(*(alloc.arange(n) for n in index.shape)))
    where[dim] = index
    np.add.at(full, tuple(where), g)
    return full


add_at.vjp("grad", saves="index")(lambda F, g, out, grad, index, dim, shape: F.gather_at(g, index, dim))


@add_at.batched
def put_samples(F: Any, size: int, batched: Any, g: Any, index: Any, dim: int, shape: Any) -> Any:
    """The batch rule of adding to zeros along a dim."""
    g, index = fronted(g, batched[0], size), fronted(index, batched[1], size)
    return F.add_at(g, index, dim % len(shape) + 1, (size, *shape)) if len(shape) else g


@op("gather_at(input, index, dim)", work="rows", grad_fn="GatherBackward0", private=True)
def gather_at(x: Any, index: Any, dim: int) -> Any:
    """The elements at `index` along `dim`."""
    return np.take_along_axis(x, index, dim) if np.ndim(x) else x


gather_at.vjp("input", saves="index")(lambda F, g, out, x, index, dim: F.add_at(g, index, dim, x.shape))


@gather_at.batched
def take_samples(F: Any, size: int, batched: Any, x: Any, index: Any, dim: int) -> Any:
    """The batch rule of picking along a dim."""
    x, index = fronted(x, batched[0], size), fronted(index, batched[1], size)
    return F.gather_at(x, index, dim % len(sample_of(x)) + 1) if sample_of(x) else x


for _entry in (cummax, cummin):
    _entry.vjp("input", saves="out")(lambda F, g, out, x, dim: F.add_at(g[0], out[1], dim_index(dim, x.ndim), x.shape))
    takes_tensor(_entry, _entry.name, one_dim=True)

# --- logcumsumexp ----------------------------------------------------------------------------------------------------


@op(
    "logcumsumexp(input, dim)",
    work="elements",
    grad_fn="LogcumsumexpBackward0",
    samples=_samples,
    formula="the running sum from the end of g * exp(input - out)",
    example="logcumsumexp(tensor([1., 2., 3.]), 0)",
)
def logcumsumexp(x: Any, dim: int) -> Any:
    """The logarithm of the running sum of exp along `dim`."""
    if x.dtype.kind != "f":
        raise DtypeError(
            f"\"logcumsumexp_out_cpu\" not implemented for '{OF[x.dtype].title}'", kind="NotImplementedError"
        )
    axis = dim_index(dim, x.ndim)
    if not x.ndim:
        return x.dtype.type(x)
    return np.logaddexp.accumulate(x, axis, float64).astype(x.dtype, copy=False)


@logcumsumexp.vjp("input", saves="input out")
def _(F: Any, g: Any, out: Any, x: Any, dim: int) -> Any:
    if not x.ndim:
        return g
    axis = dim_index(dim, x.ndim)
    # the sum over later places of |g| exp(-out), as a logarithm, for positive and negative g apart
    above = F.log_of_part(g, True)
    below = F.log_of_part(g, False)
    return F.exp(_from_the_end(F, above - out, axis) + x) - F.exp(_from_the_end(F, below - out, axis) + x)


def _from_the_end(F: Any, x: Any, axis: int) -> Any:
    return F.flip(F.logcumsumexp(F.flip(x, (axis,)), axis), (axis,))


@op("log_of_part(input, positive)", grad_fn="WhereBackward0", private=True)
def log_of_part(x: Any, positive: bool) -> Any:
    """log|x| where x has the sign, else the smallest number."""
    part = x if positive else -x
    return np.where(part > 0, exact.log(np.where(part > 0, part, 1)), np.finfo(x.dtype).min).astype(x.dtype)


log_of_part.vjp("input", saves="input")(lambda F, g, out, x, positive: g * F.inverse_of_part(x, positive))


@op("inverse_of_part(input, positive)", grad_fn="DivBackward0", private=True)
def inverse_of_part(x: Any, positive: bool) -> Any:
    """1 / x where x has the sign, else 0."""
    there = (x > 0) if positive else (x < 0)
    return np.where(there, 1 / np.where(there, x, 1), 0).astype(x.dtype)


@inverse_of_part.vjp("input", saves="out")
def _(F: Any, g: Any, out: Any, x: Any, positive: bool) -> Any:
    return -g * out * out


takes_tensor(logcumsumexp, one_dim=True)

# --- differences and integrals ---------------------------------------------------------------------------------------


@composite(
    "diff(input, n=1, dim=-1, prepend=None, append=None)",
    samples=lambda: [
        call(t(4)),
        call(t(2, 4), 2),
        call(t(2, 3), dim=0),
        call(t(3), prepend=t(1), append=t(2)),
        call(t(2), 3),
    ],
    formula="g, moved by one, minus g",
    example="diff(tensor([1., 4., 9.]))",
)
def diff(x: Any, n: int, dim: int, prepend: Any, append: Any) -> Any:
    """The n-th differences of neighbours along `dim`."""
    need_tensor("diff", "input", 1, x)
    if not x.data.ndim:
        raise ShapeError("diff expects input to be at least one-dimensional")
    if n < 0:
        raise ValueProblem(f"order must be non-negative but got {n}")
    axis = dim_index(dim, x.data.ndim)
    if n == 0:
        return T.copy(x)
    parts = [p for p in (prepend, x, append) if p is not None]
    if len(parts) > 1:
        _check_neighbours(x, parts, axis)
        x = T.cat(parts, axis)
    for _ in range(min(n, x.data.shape[axis])):
        length = max(x.data.shape[axis] - 1, 0)
        later, earlier = T.narrow(x, axis, 1 if length else 0, length), T.narrow(x, axis, 0, length)
        x = T.logical_xor(later, earlier) if x.data.dtype.kind == "b" else later - earlier
    return x


def _check_neighbours(x: Any, parts: list[Any], axis: int) -> None:
    for part in parts:
        if part.data.ndim != x.data.ndim:
            raise ShapeError("diff expects prepend or append to be the same dimension as input")
        for i, (a, b) in enumerate(zip(part.data.shape, x.data.shape, strict=True)):
            if a != b and i != axis:
                raise ShapeError(
                    "diff expects the shape of tensor to prepend or append to match that of input except along the "
                    f"differencing dimension; input.size({i}) = {b}, but got tensor.size({i}) = {a}"
                )


def _neighbours(y: Any, axis: int) -> tuple[Any, Any]:
    n = y.data.shape[axis]
    return T.narrow(y, axis, 1 if n else 0, max(n - 1, 0)), T.narrow(y, axis, 0, max(n - 1, 0))


def _steps(name: str, y: Any, x: Any, axis: int) -> Any:
    """The widths of the strips: differences of the sample places, which are one row for all or an array like y."""
    if x.data.ndim == 1 and y.data.ndim != 1:
        if x.data.shape[0] != y.data.shape[axis]:
            raise ShapeError(f"{name}: There must be one `x` value for each sample point")
        x = T.reshape(x, [-1 if i == axis else 1 for i in range(y.data.ndim)])
    missing = y.data.ndim - x.data.ndim
    if missing > 0:
        x = T.reshape(x, (1,) * missing + x.data.shape)
    later, earlier = _neighbours(x, axis)
    return later - earlier


def _integral(name: str, function: Any) -> Any:
    """`x` and `dx` as PyTorch takes them: trapezoid(y), trapezoid(y, x), trapezoid(y, dx=0.5)."""

    def integral(y: Any, x: Any, dx: Any, dim: int) -> Any:
        need_tensor(name, "y", 1, y)
        if not y.data.ndim and name == "trapezoid":
            raise DimError(f"Dimension specified as {dim} but tensor has no dimensions")
        if not y.data.ndim:
            raise DimError("slice() cannot be applied to a 0-dim tensor.")
        if x is not None:
            need_tensor(name, "x", 2, x)
        if any(v is not None and v.data.dtype.kind == "b" for v in (x, y)):
            given = "`y`" if x is None else "`x` or `y`"
            raise DtypeError(f"{name}: received a bool input for {given}, but bool is not supported")
        return function(y, x, 1 if dx is None else dx, dim_index(dim, y.data.ndim))

    integral.__doc__ = function.__doc__
    return integral


def _trapezoid(y: Any, x: Any, dx: Any, axis: int) -> Any:
    """The integral along `dim` by the trapezoid rule, over places `x` or steps `dx`."""
    if not y.data.shape[axis]:
        shape = (*y.data.shape[:axis], *y.data.shape[axis + 1 :])
        return make(alloc.zeros(shape, y.data.dtype)[()])
    later, earlier = _neighbours(y, axis)
    if x is not None:
        total = T.sum((later + earlier) * _steps("trapezoid", y, x, axis), axis, False, None)
        return renamed(total / 2, "DivBackward1")
    ends = T.select(y, axis, 0) + T.select(y, axis, -1)
    # saves nothing: PyTorch multiplies by a number here, not by a tensor made of it
    half = renamed(ends * 0.5, "MulBackward1", saves=False)
    return renamed((T.sum(y, axis, False, None) - half) * dx, "MulBackward1", saves=False)


def _cumulative_trapezoid(y: Any, x: Any, dx: Any, axis: int) -> Any:
    """The running integral along `dim` by the trapezoid rule, over places `x` or steps `dx`."""
    later, earlier = _neighbours(y, axis)
    if x is not None:
        areas = (later + earlier) * _steps("cumulative_trapezoid", y, x, axis)
        return renamed(T.cumsum(areas, axis, None) / 2, "DivBackward1")
    return T.cumsum(renamed((later + earlier) * (dx / 2), "MulBackward1", saves=False), axis, None)


def _integral_samples() -> list[call]:
    return [
        call(t(4)),
        call(t(2, 3), t(3)),
        call(t(2, 3), dx=0.5, dim=0),
        call(t(2, 3), t(2, 3)),
        call(t(3, 2, strided=True)),
    ]


trapezoid = composite(
    "trapezoid(y, x=None, *, dx=None, dim=-1)",
    method=False,
    samples=_integral_samples,
    formula="g times the half widths of the strips beside each sample",
    example="trapezoid(tensor([1., 2., 4.]), dx=0.5)",
)(_integral("trapezoid", _trapezoid))
alias("trapz", trapezoid)

cumulative_trapezoid = composite(
    "cumulative_trapezoid(y, x=None, *, dx=None, dim=-1)",
    method=False,
    samples=_integral_samples,
    formula="the running sum of g from the end, times the half widths of the strips",
    example="cumulative_trapezoid(tensor([1., 2., 4.]))",
)(_integral("cumulative_trapezoid", _cumulative_trapezoid))
