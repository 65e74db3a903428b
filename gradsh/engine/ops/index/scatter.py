"""Writing elements to places given by indices, out of place, so that gradients flow through."""

from __future__ import annotations

from typing import Any

import numpy as np

from gradsh.engine.core import alloc
from gradsh.engine.core.arguments import dim_error, dim_index, need_tensor, not_implemented, type_word
from gradsh.engine.core.dtypes import OF
from gradsh.engine.core.namespaces import A, T
from gradsh.engine.core.promotion import converted, sizes_first
from gradsh.engine.core.strided import copied, settled
from gradsh.engine.core.tensor import Tensor, make
from gradsh.engine.operators.batch_rules import applied, fronted, sample_of
from gradsh.engine.operators.composite import composite
from gradsh.engine.operators.general import op
from gradsh.engine.operators.registry import Operator, on_arrays
from gradsh.engine.operators.samples import call, t
from gradsh.engine.ops.index.gather import along, check_along, need_index, need_long
from gradsh.engine.ops.index.indexing import add_at
from gradsh.engine.ops.index.indexing import parts as index_parts
from gradsh.engine.ops.index.masked import array
from gradsh.errors import ArgumentError, DtypeError, IndexError_, ShapeError, ValueProblem

ndarray = np.ndarray


# --- one by one ------------------------------------------------------------------------------------------------------


def _fits(operator: str, x: Any, dim: int, index: Any, src: Any) -> None:
    """Raise unless index, source and input go together as scatter wants them."""
    if index.size == 0:
        return
    if max(index.ndim, 1) != max(x.ndim, 1):
        raise ShapeError("Index tensor must have the same number of dimensions as self tensor")
    if src is not None and max(src.ndim, 1) != max(index.ndim, 1):
        larger = any(d != dim and n > x.shape[d] for d, n in enumerate(index.shape))
        larger = larger or any(n > m for n, m in zip(index.shape, src.shape, strict=False))
        if index.ndim > src.ndim > 0 and not larger:
            raise dim_error(src.ndim)  # PyTorch asks for the extent of a dim that is not there
        raise ShapeError("Index tensor must have the same number of dimensions as src tensor")
    bad_self = any(d != dim and n > x.shape[d] for d, n in enumerate(index.shape)) if x.ndim and index.ndim else False
    bad_src = src is not None and (
        any(n > src.shape[d] for d, n in enumerate(index.shape)) if index.ndim and src.ndim else not src.size
    )
    if bad_self or bad_src:
        text = (
            f"Expected index {list(index.shape)} to be no larger than self {list(x.shape)} apart from dimension {dim}"
        )
        if src is not None:
            size = "size " if operator == "scatter_add" else ""
            text += f" and to be no larger {size}than src {list(src.shape)}"
        raise ShapeError(text)
    check_along(x.shape, index, dim)


def _prepared(operator: str, x: Any, dim: int, index: Any, src: Any) -> tuple[Any, Any, Any]:
    """A copy of the input, NumPy's index into it, and the part of the source that is used; all at least 1-D."""
    need_index(operator, index)
    dim = dim_index(dim, x.ndim)
    if src is not None and not array(src):
        raise ArgumentError(f"{operator}(): argument 'src' (position 4) must be Tensor, not {type_word(src)}")
    if src is not None and src.dtype != x.dtype:
        word = "scatter" if operator == "scatter_add" else operator
        raise DtypeError(f"{word}(): Expected self.dtype to be equal to src.dtype")
    _fits(operator, x, dim, index, src)
    full = alloc.array(x).reshape(x.shape or (1,))
    index = alloc.asarray(index).reshape(index.shape or (1,))
    if src is not None:
        src = alloc.asarray(src).reshape(src.shape or (1,))
        src = src[tuple(slice(0, n) for n in index.shape)] if index.size else src
    return full, (along(index, dim) if index.size else None), src


def _index_samples() -> list[Any]:
    return [t(2, 2, dtype="int64", values=[[0, 2], [1, 0]]), t(1, 3, dtype="int64", values=[[1, 0, 1]])]


@op(
    "scatter_add(input, dim, index, src)",
    shared="scatter_add_",
    work="elements",
    grad_fn="ScatterAddBackward0",
    inplace=True,
    samples=lambda: [
        call(t(2, 3), 1, t(2, 2, dtype="int64", values=[[0, 0], [1, 2]]), t(2, 2)),
        call(t(2, 3), 0, _index_samples()[1], t(2, 3)),
        call(t(), 0, t(dtype="int64", values=0), t()),
    ],
    formula="input: g; src: the elements of g at index",
    example="scatter_add(zeros(3), 0, tensor([0, 0, 2]), tensor([1., 2., 3.]))",
    linear=True,
)
def scatter_add(x: Any, dim: int, index: Any, src: Any) -> Any:
    """A copy to which the elements of `src` are added: `out[i][index[i][j]] += src[i][j]` for dim 1."""
    full, where, src = _prepared("scatter_add", x, dim, index, src)
    if where is not None:
        add_at(full, where, src)
    return full.reshape(x.shape)


scatter_add.vjp("input")(lambda F, g, out, x, dim, index, src: g)
scatter_add.vjp("src", saves="index")(lambda F, g, out, x, dim, index, src: gathered(F, g, dim, index, src.shape))


def gathered(F: Any, g: Any, dim: int, index: Any, shape: tuple[int, ...]) -> Any:
    """The elements of `g` at `index`, among zeros where the source was larger than the index."""
    have = index.shape
    if 0 in have or len(have) != len(shape):  # an empty index may have any dims and sizes, and picks nothing
        return F.expand(F.sum(F.zeros_like(g), None, False, None), shape)
    picked = F.gather(g, dim, index)
    for d, (n, wanted) in enumerate(zip(have, shape, strict=True)):
        if n != wanted:
            have = (*have[:d], wanted, *have[d + 1 :])
            picked = F.slice_backward(picked, have, d, 0, n, 1)
    return picked


@op(
    "scatter_source(input, dim, index, src)",
    grad_fn="ScatterBackward0",
    private=True,
    samples=lambda: [
        call(t(2, 3), 1, _index_samples()[0], t(2, 2)),
        call(t(2, 3), 0, _index_samples()[1], t(2, 3)),
        call(t(), 0, t(dtype="int64", values=0), t()),
    ],
    linear=True,
)
def scatter_source(x: Any, dim: int, index: Any, src: Any) -> Any:
    """A copy with the elements of `src` written to it; of several for one place the last one stays."""
    full, where, src = _prepared("scatter", x, dim, index, src)
    if where is not None:
        full[where] = src
    return full.reshape(x.shape)


scatter_source.vjp("input", saves="index")(lambda F, g, out, x, dim, index, src: F.scatter_value(g, dim, index, 0))
scatter_source.vjp("src", saves="index")(lambda F, g, out, x, dim, index, src: gathered(F, g, dim, index, src.shape))


@op(
    "scatter_value(input, dim, index, value)",
    work="elements",
    grad_fn="ScatterBackward1",
    private=True,
    samples=lambda: [call(t(2, 3), 1, _index_samples()[0], 1.5)],
)
def scatter_value(x: Any, dim: int, index: Any, value: Any) -> Any:
    """A copy with one value written to it."""
    full, where, _ = _prepared("scatter", x, dim, index, None)
    if where is not None:
        full[where] = value if hasattr(value, "dtype") else converted(value, x.dtype)
    return full.reshape(x.shape)


scatter_value.vjp("input", saves="index")(lambda F, g, out, x, dim, index, value: F.scatter_value(g, dim, index, 0))


@composite(
    "scatter(input, dim, index, src=None, *, value=None, reduce=None)",
    inplace=True,
    samples=lambda: [
        call(t(2, 3), 1, _index_samples()[0], t(2, 2)),
        call(t(2, 3), 1, _index_samples()[0], 0.5),
        call(t(2, 3), 1, t(2, 2, dtype="int64", values=[[0, 0], [1, 2]]), t(2, 2), reduce="add"),
    ],
    formula="input: g with zeros at index; src: the elements of g at index, also for those that were overwritten",
    example="scatter(zeros(3), 0, tensor([2, 0]), tensor([1., 2.]))",
)
def scatter(input: Any, dim: int, index: Any, src: Any, value: Any, reduce: Any) -> Any:
    """A copy with elements written to it: `out[i][index[i][j]] = src[i][j]` for dim 1; `src` may be a number."""
    need_tensor("scatter", "input", 1, input)
    need_tensor("scatter", "index", 3, index)
    source = value if src is None else src
    if source is None:
        raise ArgumentError('scatter() missing 1 required positional arguments: "src"')
    if reduce is not None:
        if reduce not in ("add", "multiply"):
            raise ValueProblem("reduce argument must be either add or multiply.")
        if not isinstance(source, Tensor):
            source = make(alloc.full(index.data.shape, source, input.data.dtype)[()])
        how = "sum" if reduce == "add" else "prod"
        return scatter_reduce.apply(input, dim, index, source, how)
    if isinstance(source, Tensor):
        return scatter_source.apply(input, dim, index, source)
    return scatter_value.apply(input, dim, index, source)


on_arrays("scatter", scatter_source.kernel)


@op(
    "scatter_reduce(input, dim, index, src, reduce: str, include_self=True)",
    grad_fn="ScatterReduceBackward0",
    inplace=True,
    samples=lambda: [
        call(
            t(2, 3, distinct=True, low=0.3),
            1,
            t(2, 2, dtype="int64", values=[[0, 0], [1, 2]]),
            t(2, 2, distinct=True, low=0.35),
            how,
            include_self=own,
        )
        for how in ("sum", "mean", "prod", "amax", "amin")
        for own in (True, False)
    ],
    formula="of the reduction; ties of amax and amin share equally",
    kinks="amax, amin: ties share equally",
    example="scatter_reduce(ones(2), 0, tensor([0, 0]), tensor([3., 4.]), reduce='mean')",
)
def scatter_reduce(x: Any, dim: int, index: Any, src: Any, reduce: str, include_self: bool) -> Any:
    """A copy whose elements are reduced with those of `src` that `index` sends there: sum, prod, mean, amax or amin."""
    if reduce not in ("sum", "prod", "mean", "amax", "amin"):
        raise ValueProblem(f"reduce argument must be either sum, prod, mean, amax or amin, got {reduce}")
    full, where, src = _prepared("scatter", x, dim, index, src)
    if where is not None:
        if reduce == "mean" and x.dtype.kind == "b":
            raise not_implemented("scatter_gather_tensor_cpu_reduce_mean", x.dtype)
        if not include_self:
            full[where] = {"sum": 0, "mean": 0, "prod": 1}.get(reduce, 0)
            if reduce in ("amax", "amin"):
                info: Any = (
                    np.finfo(x.dtype) if x.dtype.kind == "f" else np.iinfo(x.dtype) if x.dtype.kind != "b" else None
                )
                low = -np.inf if x.dtype.kind == "f" else info.min if info else False
                high = np.inf if x.dtype.kind == "f" else info.max if info else True
                full[where] = low if reduce == "amax" else high
        ufunc = {"sum": np.add, "mean": np.add, "prod": np.multiply, "amax": np.maximum, "amin": np.minimum}[reduce]
        ufunc.at(full, where, src)
        if reduce == "mean":
            count = alloc.ones(full.shape, np.int64)
            if not include_self:
                count[where] = 0
            np.add.at(count, where, 1)
            np.maximum(count, 1, out=count)
            full = (
                (full / count.astype(x.dtype)) if x.dtype.kind == "f" else np.floor_divide(full, count).astype(x.dtype)
            )
    return full.reshape(x.shape)


def _constant(F: Any, values: Any) -> Any:
    """An array as a constant of a rule."""
    values = values[()] if values.ndim == 0 else values
    return make(values) if F is T else values


def _plain(x: Any) -> Any:
    return x.data if x.__class__ is Tensor else x


@scatter_reduce.vjp("input", "src", saves="input index src out")
def _(
    F: Any, needs: Any, g: Any, out: Any, x: Any, dim: int, index: Any, src: Any, reduce: str, include_self: bool
) -> Any:
    dtype = _plain(x).dtype
    picks, own = _plain(index), _plain(x)
    if not picks.size:  # which may have any number of dims
        if reduce not in ("sum", "mean"):
            sizes_first(_plain(src), picks)  # PyTorch's rule compares src with what was gathered
        return g, _constant(F, alloc.zeros(src.shape, dtype))
    if reduce == "sum":
        to_x, to_src = g, gathered(F, g, dim, index, src.shape)
    elif reduce == "mean":
        count = alloc.ones(own.shape, dtype)
        if not include_self:
            count = scatter_value.kernel(count, dim, picks, 0)
        count = scatter_add.kernel(count, dim, picks, alloc.ones(picks.shape, dtype))
        share = g / _constant(F, np.maximum(count, 1))
        to_x, to_src = share, gathered(F, share, dim, index, src.shape)
    elif reduce == "prod":
        to_x, to_src = _prod_gradients(F, g, out, x, dim, index, src, include_self)
    else:
        best = _plain(out)
        wins = (own == best).astype(dtype)
        if not include_self:
            wins = scatter_value.kernel(wins, dim, picks, 0)
        given = _plain(src)[tuple(slice(0, n) for n in picks.shape)]
        hits = (given == A.gather(best, dim, picks)).astype(dtype)
        total = scatter_add.kernel(wins, dim, picks, hits)
        share = g / _constant(F, np.maximum(total, 1))
        to_x = share * _constant(F, wins)
        to_src = F.gather(share, dim, index) * _constant(F, hits)
        to_src = _padded(F, to_src, src.shape)
    if not include_self and reduce in ("sum", "mean", "prod"):
        to_x = F.scatter_value(to_x, dim, index, 0)
    return to_x, to_src


def _padded(F: Any, picked: Any, shape: tuple[int, ...]) -> Any:
    have = tuple(picked.shape)
    for d, (n, wanted) in enumerate(zip(have, shape, strict=True)):
        if n != wanted:
            have = (*have[:d], wanted, *have[d + 1 :])
            picked = F.slice_backward(picked, have, d, 0, n, 1)
    return picked


def _prod_gradients(F: Any, g: Any, out: Any, x: Any, dim: int, index: Any, src: Any, include_self: bool) -> Any:
    """The product of the other factors, for each factor; a single zero among them is left out of its own product."""
    own, given, picks = _plain(x), _plain(src), _plain(index)
    used = given[tuple(slice(0, n) for n in picks.shape)]
    # with the zeros of input replaced by 1, the product is that of the others
    masked_x = F.where(_constant(F, own == 0), 1.0, x)
    result_x = F.scatter_reduce(masked_x, dim, index, src, "prod", include_self)
    to_x = g * result_x / masked_x
    zero = used == 0
    zeros = scatter_add.kernel(alloc.zeros(own.shape, np.int64), dim, picks, zero.astype(np.int64))
    single = zero & (A.gather(zeros, dim, picks) == 1)
    if given.shape != picks.shape:
        full_single = alloc.zeros(given.shape, bool)
        full_single[tuple(slice(0, n) for n in picks.shape)] = single
        full_zero = given == 0
    else:
        full_single, full_zero = single, zero
    masked_src = F.where(_constant(F, full_single), 1.0, src)
    result_src = F.scatter_reduce(x, dim, index, masked_src, "prod", include_self)
    alone = gathered(F, g * result_src, dim, index, src.shape)
    shared = gathered(F, g * out, dim, index, src.shape) / F.where(_constant(F, full_zero), 1.0, src)
    return to_x, F.where(_constant(F, full_single), alone, shared)


# --- by tensors as indices, and in flat order ------------------------------------------------------------------------


@op(
    "put(input, index, source, accumulate=False)",
    layout="own",
    grad_fn="PutBackward0",
    inplace=True,
    samples=lambda: [
        call(t(2, 3), t(3, dtype="int64", values=[0, 4, -1]), t(3)),
        call(t(2, 3), t(3, dtype="int64", values=[0, 4, 4]), t(3), True),
    ],
    formula="input: g, with zeros at index unless accumulate; source: g at index",
    example="put(zeros(2, 2), tensor([0, 3]), tensor([1., 2.]))",
    linear=True,
)
def put(x: Any, index: Any, source: Any, accumulate: bool) -> Any:
    """A copy with the elements of `source` written, or added, to places counted in flat order."""
    if not array(index) or index.dtype != np.int64:
        need_long("put_", index)
    if not array(source):
        raise ArgumentError(f"put(): argument 'source' (position 3) must be Tensor, not {type_word(source)}")
    if source.dtype != x.dtype:
        raise DtypeError(
            f"put_(): self and source expected to have the same dtype, but got self.dtype = {OF[x.dtype].title} and "
            f"source.dtype = {OF[source.dtype].title}"
        )
    if index.size != source.size:
        raise ShapeError(
            f"put_(): Expected source and index to have the same number of elements, but got source.numel() = "
            f"{source.size}, index.numel() = {index.size}",
            kind="IndexError",
        )
    n = x.size
    for v in (index.min().item(), index.max().item()) if index.size else ():
        if not -n <= v < n:
            raise IndexError_(f"out of range: tried to access index {v} on a tensor of {n} elements.")
    full = alloc.array(x, order="C")
    flat = full.reshape(-1)
    places, values = np.reshape(index, -1), np.reshape(source, -1)
    if accumulate:
        add_at(flat, places, values)
    else:
        flat[places] = values
    return settled(full, x)


@put.vjp("input", saves="index")
def _(F: Any, g: Any, out: Any, x: Any, index: Any, source: Any, accumulate: bool) -> Any:
    return g if accumulate else F.put(g, index, F.zeros_like(F.reshape(F.take(g, index), source.shape)), False)


put.vjp("source", saves="index")(
    lambda F, g, out, x, index, source, accumulate: F.reshape(F.take(g, index), source.shape)
)


@op(
    "index_write(input, indices, dims, values, accumulate)",
    shared="index_put_",
    layout="own",
    grad_fn="IndexPutBackward0",
    private=True,
    samples=lambda: [
        call(t(4, 2), [t(2, dtype="int64", values=[0, 2])], (0,), t(2, 2), False),
        call(t(4, 2), [t(3, dtype="int64", values=[0, 2, 2])], (0,), t(2), True),
    ],
    linear=True,
)
def index_write(x: Any, indices: Any, dims: Any, values: Any, accumulate: bool) -> Any:
    """A copy with `values` written, or added, where integer tensors at `dims` point."""
    from gradsh.engine.ops.index.indexing import _check_index, _full_index

    _check_index(indices, dims, x.shape)
    full = copied(x)
    where = _full_index(indices, dims, x.shape)
    if array(values) and values.dtype != x.dtype:
        raise DtypeError(
            f"Index put requires the source and destination dtypes match, got {OF[x.dtype].title} for the destination "
            f"and {OF[values.dtype].title} for the source."
        )
    try:
        if accumulate:
            add_at(full, where, values)
        else:
            full[where] = values
    except ValueError:
        target = full[where].shape
        raise ShapeError(
            f"shape mismatch: value tensor of shape {list(values.shape)} cannot be broadcast to indexing result of "
            f"shape {list(target)}"
        ) from None
    return full


@index_write.vjp("input", saves="indices")
def _(F: Any, g: Any, out: Any, x: Any, indices: Any, dims: Any, values: Any, accumulate: bool) -> Any:
    return (
        g
        if accumulate
        else F.index_write(g, indices, dims, _constant(F, alloc.zeros((), g.dtype if F is A else g.data.dtype)), False)
    )


index_write.vjp("values", saves="indices")(
    lambda F, g, out, x, indices, dims, values, accumulate: F.index(g, indices, dims)
)


@composite(
    "index_put(input, indices, values, accumulate=False)",
    shared="index_put_",
    inplace=True,
    samples=lambda: [
        call(t(4, 2), (t(2, dtype="int64", values=[0, 2]),), t(2, 2)),
        call(t(3, 2), (t(3, dtype="bool", values=[True, False, True]),), t(), True),
    ],
    formula="input: g, with zeros at the indices unless accumulate; values: g at the indices",
    example="index_put(zeros(3), (tensor([0, 2]),), tensor([1., 2.]))",
    looped="it works on the arrays of its indices",
)
def index_put(input: Any, indices: Any, values: Any, accumulate: bool) -> Any:
    """A copy with `values` written, or added, where `input[indices]` reads."""
    need_tensor("index_put", "input", 1, input)
    if not isinstance(indices, (tuple, list)):
        raise ArgumentError(
            f"index_put(): argument 'indices' (position 2) must be tuple of Tensors, not {type_word(indices)}"
        )
    need_tensor("index_put", "values", 3, values)
    given = tuple(
        make(np.reshape(i.data, 1))
        if i.__class__ is Tensor and i.data.ndim == 0 and i.data.dtype.kind == "i"
        else slice(None)
        if i is None
        else i
        for i in indices
    )
    _, picks, dims = index_parts(input, given)
    if not picks:
        return index_write.apply(input, [make(alloc.arange(input.data.shape[0]))], (0,), values, accumulate)
    return index_write.apply(input, picks, tuple(dims), values, accumulate)


def _scattered(entry: Operator) -> None:
    """The batch rule of `f(input, dim, index, source, …)` with all tensors of the same number of dims."""

    @entry.batched
    def _(F: Any, size: int, batched: Any, x: Any, dim: int, index: Any, source: Any, *rest: Any) -> Any:
        x, index = fronted(x, batched[0], size), fronted(index, batched[2], size)
        n = len(sample_of(x))
        if hasattr(source, "shape"):
            source = fronted(source, batched[3], size)
            if len(sample_of(source)) != n:
                return NotImplemented
        if not n or len(sample_of(index)) != n:
            return NotImplemented
        return applied(entry, x, dim_index(dim, n) + 1, index, source, *rest)


for _entry in (scatter_add, scatter_source, scatter_value, scatter_reduce):
    _scattered(_entry)
