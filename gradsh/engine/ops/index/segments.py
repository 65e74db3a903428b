"""Reductions of slices that an index sends to one place, and of stretches of a tensor."""

from __future__ import annotations

import math
from typing import Any

import numpy as np

from gradsh.engine.core import alloc
from gradsh.engine.core.arguments import dim_index, need_tensor, not_implemented
from gradsh.engine.core.namespaces import T
from gradsh.engine.core.tensor import Tensor, make
from gradsh.engine.operators.composite import composite
from gradsh.engine.operators.samples import call, t
from gradsh.engine.ops.index.indexing import check_added, long_vector
from gradsh.engine.ops.index.scatter import scatter_reduce
from gradsh.errors import IndexError_, ShapeError, ValueProblem

REDUCTIONS = ("prod", "mean", "amax", "amin")


@composite(
    "index_reduce(input, dim, index, source, reduce, *, include_self=True)",
    rename="IndexReduceBackward0",
    inplace=True,
    samples=lambda: [
        call(
            t(3, 2, distinct=True, low=0.3),
            0,
            t(3, dtype="int64", values=[0, 2, 0]),
            t(3, 2, distinct=True, low=0.35),
            how,
            include_self=own,
        )
        for how in REDUCTIONS
        for own in (True, False)
    ],
    formula="of the reduction; ties of amax and amin share equally",
    kinks="amax, amin: ties share equally",
    example="index_reduce(ones(3), 0, tensor([0, 0]), tensor([3., 4.]), 'prod')",
    looped="it checks the values of its index",
)
def index_reduce(input: Any, dim: Any, index: Any, source: Any, reduce: Any, include_self: bool) -> Any:
    """A copy whose slices along `dim` are reduced with those of `source` that `index` sends there."""
    need_tensor("index_reduce", "input", 1, input)
    need_tensor("index_reduce", "index", 3, index)
    need_tensor("index_reduce", "source", 4, source)
    if reduce not in REDUCTIONS:
        raise ValueProblem(f"index_reduce(): Expected reduce to be one of prod, mean, amax or amin but got {reduce}.")
    if input.data.dtype.kind == "b" and (not include_self or reduce == "mean"):
        kernel = "div_floor_cpu" if include_self else "index_reduce_func_exclude_input_init"
        raise not_implemented(kernel, input.data.dtype)
    axis = dim_index(dim, input.ndim)
    check_added("index_reduce", input.data, axis, long_vector("index_reduce", index.data), source.data)
    count = math.prod(index.shape)
    shape = [1] * max(source.ndim, 1)
    shape[axis] = count
    if index.__class__ is Tensor and index.data.size:
        picks = index.data
        if picks.min() < 0 or picks.max() >= (input.shape[axis] if input.ndim else 1):
            raise IndexError_("index out of range in self")
    return scatter_reduce.apply(
        input, dim, T.expand(T.reshape(index, shape if source.ndim else ()), source.shape), source, reduce, include_self
    )


# what a stretch without elements gives
EMPTY = {"sum": 0.0, "prod": 1.0, "max": -math.inf, "min": math.inf, "mean": math.nan}
AS_SCATTER = {"max": "amax", "min": "amin", "mean": "sum"}


def _lengths(data: Tensor, lengths: Any, offsets: Any, axis: int, unsafe: bool) -> Any:
    """How long each stretch is: int64, along the last dim."""
    if lengths is not None:
        found = lengths.data
        if not unsafe:
            if found.size and found.min() < 0:
                raise ValueProblem("lengths contains negative value!")
            if (found.sum(-1) != data.shape[axis]).any():
                raise ShapeError(
                    "segment_reduce(): Expected all rows of lengths along axis to sum to data.size(lengths.dim()-1) "
                    "when !unsafe."
                )
    elif offsets is not None:
        found = np.diff(offsets.data, axis=-1)
    else:
        raise ValueProblem("segment_reduce(): Either lengths or offsets must be defined.")
    return found.astype(np.int64)


@composite(
    "segment_reduce(data, reduce, *, lengths=None, indices=None, offsets=None, axis=0, unsafe=False, initial=None)",
    rename="SegmentReduceBackward0",
    method=False,
    samples=lambda: (
        [
            call(t(5, distinct=True), how, lengths=t(3, dtype="int64", values=[2, 1, 2]))
            for how in ("sum", "mean", "max", "min", "prod")
        ]
        + [
            call(t(4, 2), "sum", offsets=t(3, dtype="int64", values=[0, 1, 4])),
            call(t(2, 3), "mean", lengths=t(2, 2, dtype="int64", values=[[1, 2], [3, 0]]), axis=1, initial=1.0),
        ]
    ),
    formula="g of the stretch, of the reduction",
    kinks="max, min: ties share equally",
    example="segment_reduce(tensor([1., 2., 3., 4.]), 'sum', lengths=tensor([1, 3]))",
    looped="it reads the lengths",
)
def segment_reduce(
    data: Any, reduce: Any, lengths: Any, indices: Any, offsets: Any, axis: Any, unsafe: bool, initial: Any
) -> Any:
    """The sum, mean, max, min or prod of each stretch of `data` along `axis`; `initial` begins each."""
    need_tensor("segment_reduce", "data", 1, data)
    if reduce not in EMPTY:
        raise ValueProblem(f"reduce argument must be either sum, prod, mean, amax or amin, got {reduce}")
    if indices is not None:
        raise ValueProblem("segment_reduce(): indices based reduction is not supported yet.")
    if data.data.dtype.kind != "f":
        raise not_implemented("_segment_reduce_cpu", data.data.dtype)
    axis = dim_index(axis, data.ndim)
    stretches = _lengths(data, lengths, offsets, axis, unsafe)
    shape = (*stretches.shape, *data.shape[axis + 1 :])
    rest = (math.prod(data.shape[: axis + 1]), *data.shape[axis + 1 :])
    flat = stretches.reshape(-1)
    index = make(np.repeat(alloc.arange(flat.size), flat).reshape(-1, *[1] * (len(rest) - 1)))
    begin = EMPTY[reduce] if initial is None else float(initial)
    begins = make(
        alloc.full((flat.size, *rest[1:]), 0.0 if reduce == "mean" and initial is None else begin, data.data.dtype)
    )
    how = AS_SCATTER.get(reduce, reduce)
    out = scatter_reduce.apply(begins, 0, T.expand(index, rest), T.reshape(data, rest), how, True)
    if reduce == "mean":
        counts = alloc.asarray(flat, data.data.dtype).reshape(-1, *[1] * (len(rest) - 1))
        none = begin if initial is not None else math.nan
        out = T.where(make(counts == 0), none, out / make(np.maximum(counts, 1)))
    return T.reshape(out, shape)
