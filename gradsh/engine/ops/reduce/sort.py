"""Sorting, selection, uniqueness and search."""

from __future__ import annotations

import math
import sys
from typing import Any

import numpy as np

from gradsh.engine.core import alloc
from gradsh.engine.core.arguments import dim_index, need_tensor, not_implemented, wrong_call
from gradsh.engine.core.dtypes import OF
from gradsh.engine.core.graph import Node
from gradsh.engine.core.tensor import Tensor
from gradsh.engine.kernels.ties import settle_ties, top
from gradsh.engine.operators.composite import composite
from gradsh.engine.operators.general import op, run
from gradsh.engine.operators.reduction import public, takes_tensor
from gradsh.engine.operators.samples import call, t
from gradsh.errors import DtypeError, IndexError_, NotDifferentiable, ShapeError, ValueProblem

int64 = np.dtype(np.int64)
_getframe = sys._getframe

# --- sort, argsort, msort, topk --------------------------------------------------------------------------------------


def ordered(x: Any, axis: int, descending: bool) -> Any:
    """The places of the elements in order, equal ones as they came; nan counts as larger than everything."""
    if not descending:
        return np.argsort(x, axis, kind="stable")
    return x.shape[axis] - 1 - np.flip(np.argsort(np.flip(x, axis), axis, kind="stable"), axis)


@op(
    "sort(input, dim=-1, descending=False, stable: bool=None)",
    layout="operands",
    work="elements",
    grad_fn="SortBackward0",
    samples=lambda: [
        call(t(4, distinct=True)),
        call(t(2, 3, distinct=True), 0),
        call(t(2, 3, distinct=True), -1, True),
        call(t(3, 2, strided=True, distinct=True), 0, stable=True),
        call(t()),
        call(t(0, 3), 0),
    ],
    formula="g, put back to the places the elements came from",
    kinks="ties: sorting is stable",
    example="sort(tensor([3., 1., 2.]))",
)
def sort(x: Any, dim: int, descending: bool, stable: Any) -> Any:
    """The elements in ascending order along `dim`, and where they were."""
    axis = dim_index(dim, x.ndim)
    if not x.ndim:
        return x.dtype.type(x), np.int64(0)
    index = ordered(x, axis, descending)
    return np.take_along_axis(x, index, axis), index


def _put_sorted(F: Any, g: Any, out: Any, x: Any, dim: int) -> Any:
    return F.put_at(g[0], out[1], dim_index(dim, x.ndim), x.shape)


sort.vjp("input", saves="out")(lambda F, g, out, x, dim, descending, stable: _put_sorted(F, g, out, x, dim))
takes_tensor(
    sort,
    "sort",
    one_dim=True,
    dim_kind="SortBackward1",
    kind_by="stable",
)


@composite(
    "msort(input)",
    formula="g, put back to the places the elements came from",
    samples=lambda: [call(t(3, 2, distinct=True)), call(t())],
    example="msort(tensor([3., 1., 2.]))",
)
def msort(x: Any) -> Any:
    """The elements in ascending order along the first dim."""
    need_tensor("msort", "input", 1, x)
    return sort.apply(x, 0)[0]


@op(
    "argsort(input, dim=-1, descending=False, stable=False)",
    layout="operands",
    work="elements",
    samples=lambda: [call(t(4)), call(t(2, 3), 0, True), call(t())],
    example="argsort(tensor([3., 1., 2.]))",
)
def argsort(x: Any, dim: int, descending: bool, stable: Any) -> Any:
    """Where the elements are that come first, second … in ascending order along `dim`."""
    axis = dim_index(dim, x.ndim)
    return ordered(x, axis, descending) if x.ndim else np.int64(0)


takes_tensor(
    argsort,
    one_dim=True,
)


@op(
    "topk(input, k, dim=-1, largest=True, sorted=True)",
    work="elements",
    grad_fn="TopkBackward0",
    samples=lambda: [
        call(t(4, distinct=True), 2),
        call(t(2, 3, distinct=True), 2, 0, False),
        call(t(2, 3, distinct=True), 0),
        call(t(), 1),
        call(t(3, 2, strided=True, distinct=True), 1),
    ],
    formula="g at the returned indices",
    kinks="ties: the returned indices, which are PyTorch's",
    example="topk(tensor([3., 1., 2.]), 2)",
)
def topk(x: Any, k: int, dim: int, largest: bool, sorted: bool) -> Any:
    """The k largest (or smallest) elements along `dim`, and where they are."""
    axis = dim_index(dim, x.ndim)
    if not 0 <= k <= (x.shape[axis] if x.ndim else 1):
        raise ValueProblem("selected index k out of range")
    if x.dtype.kind == "b":
        raise DtypeError("topk does not support bool dtypes on CPU")
    if not x.ndim:
        return x.dtype.type(x), np.int64(0)
    places = np.take(ordered(x, axis, largest), alloc.arange(min(k + 1, x.shape[axis])), axis)
    index = np.take(places, alloc.arange(k), axis)
    near = np.take_along_axis(x, places, axis) if sorted else None
    index = settle_ties(x, index, near, axis, lambda row: top(row, k, largest, sorted))
    return np.take_along_axis(x, index, axis), index


topk.vjp("input", saves="out")(lambda F, g, out, x, k, dim, largest, sorted: _put_sorted(F, g, out, x, dim))
takes_tensor(topk, "topk", one_dim=True)

# --- unique ----------------------------------------------------------------------------------------------------------


def _refuses(entry: Any, torch_name: str) -> None:
    """Backward says in PyTorch's words that there is no derivative."""
    entry.not_implemented("the result is not a differentiable function")

    def step(node: Node, g: Any, F: Any) -> Any:
        raise NotDifferentiable(f"the derivative for '{torch_name}' is not implemented.", kind="NotImplementedError")

    entry.kind.step = step


def _without_runs(rows: Any) -> tuple[Any, Any, Any]:
    """Of rows: which begin a run of equal ones, the run of each, and the lengths of the runs."""
    n = len(rows)
    if not n:
        return alloc.zeros(0, bool), alloc.zeros(0, int64), alloc.zeros(0, int64)
    differs = rows[1:] != rows[:-1]
    starts = np.concatenate(
        [[True], differs.reshape(n - 1, math.prod(differs.shape[1:])).any(1) if differs.ndim > 1 else differs]
    )
    runs = np.cumsum(starts) - 1
    return starts, runs, np.bincount(runs).astype(int64)


def _unique_all(x: Any) -> tuple[Any, Any, Any]:
    flat = alloc.asarray(x).reshape(-1)
    order = np.argsort(flat, kind="stable")
    starts, runs, counts = _without_runs(flat[order])
    inverse = alloc.empty(flat.shape, int64)
    inverse[order] = runs
    return flat[order][starts], inverse.reshape(np.shape(x)), counts


def _unique_rows(x: Any, dim: int, consecutive: bool) -> tuple[Any, Any, Any]:
    axis = dim_index(dim, x.ndim)
    rows = np.moveaxis(alloc.asarray(x).reshape(np.shape(x) or (1,)), axis, 0)
    flat = rows.reshape(len(rows), math.prod(rows.shape[1:]))
    order = alloc.arange(len(rows)) if consecutive or not flat.size else np.lexsort(flat.T[::-1])
    starts, runs, counts = _without_runs(flat[order])
    inverse = alloc.empty(len(rows), int64)
    inverse[order] = runs
    return alloc.ascontiguousarray(np.moveaxis(rows[order][starts], 0, axis)), inverse, counts


@op("unique_values(input)", work="elements", grad_fn="Unique2Backward0", private=True)
def unique_values(x: Any) -> Any:
    return _unique_all(x)


@op("unique_dim(input, dim)", work="elements", grad_fn="UniqueDimBackward0", private=True)
def unique_dim(x: Any, dim: int) -> Any:
    return _unique_rows(x, dim, False)


@op("unique_runs(input, dim)", work="elements", grad_fn="UniqueConsecutiveBackward0", private=True)
def unique_runs(x: Any, dim: Any) -> Any:
    if dim is not None:
        return _unique_rows(x, dim, True)
    flat = alloc.asarray(x).reshape(-1)
    starts, runs, counts = _without_runs(flat)
    return flat[starts], runs.reshape(np.shape(x)), counts


_refuses(unique_values, "_unique2")
_refuses(unique_dim, "unique_dim")
_refuses(unique_runs, "unique_consecutive")


def _chosen(results: Any, inverse: Any, counts: Any) -> Any:
    """The unique values, with the inverse and the counts where they are asked for."""
    wanted = [results[0]] + ([results[1]] if inverse else []) + ([results[2]] if counts else [])
    return tuple(wanted) if len(wanted) > 1 else wanted[0]


@composite(
    "unique(input, sorted=True, return_inverse=False, return_counts=False, dim=None)",
    python=True,
    differentiable=False,
    example="unique(tensor([3, 1, 3]))",
    dynamic=True,
)
def unique(x: Any, sorted: bool, return_inverse: bool, return_counts: bool, dim: Any) -> Any:
    """The different elements, or slices along `dim`, in order."""
    need_tensor("unique", "input", 1, x)
    results = unique_values.apply(x) if dim is None else unique_dim.apply(x, dim)
    return _chosen(results, return_inverse, return_counts)


@composite(
    "unique_consecutive(input, return_inverse=False, return_counts=False, dim=None)",
    python=True,
    differentiable=False,
    example="unique_consecutive(tensor([1, 1, 3, 1]))",
    dynamic=True,
)
def unique_consecutive(x: Any, return_inverse: bool, return_counts: bool, dim: Any) -> Any:
    """The elements, or slices along `dim`, without repeats of the one before."""
    need_tensor("unique_consecutive", "input", 1, x)
    return _chosen(unique_runs.apply(x, dim), return_inverse, return_counts)


# --- bucketize, searchsorted -----------------------------------------------------------------------------------------


def searched(edges: Any, x: Any, side: Any) -> Any:
    """The place of each element among `edges`, for the sides of np.searchsorted; nan is behind everything."""
    if edges.dtype.kind == x.dtype.kind == "b" and edges.size and x.size:
        raise not_implemented("searchsorted_out_cpu", edges.dtype)
    if edges.dtype.kind != "f" or not np.isnan(edges).any():
        found = np.searchsorted(edges, x, side)
        return np.where(np.isnan(x), len(edges), found) if x.dtype.kind == "f" else found
    # such edges are not sorted: what comes out depends on the way, and this is PyTorch's
    low, high = alloc.zeros(x.shape, np.int64), alloc.full(x.shape, len(edges), np.int64)
    while (low < high).any():
        middle = low + (high - low) // 2
        at = edges[np.minimum(middle, len(edges) - 1)]
        further = ~(at >= x) if side == "left" else ~(at > x)
        low, high = np.where(further & (low < high), middle + 1, low), np.where(further, high, middle)
    return low


@op(
    "searchsorted(sorted_sequence, input, *, out_int32=False, right=False, side=None, sorter=None)",
    work="elements",
    method=False,
    example="searchsorted(tensor([1., 3., 5.]), tensor([2., 3.]))",
    samples=lambda: [
        call(t(values=[1.0, 3.0, 5.0]), t(2, 2)),
        call(t(values=[[1.0, 3.0], [0.0, 1.0]]), t(2, 3), right=True),
    ],
)
def searchsorted(edges: Any, x: Any, out_int32: bool, right: bool, side: Any, sorter: Any) -> Any:
    """Where elements would have to go to keep the sequence sorted; rows go with rows."""
    if side is not None and side not in ("left", "right"):
        raise ValueProblem(f"torch.searchsorted(): side can only be 'left' or 'right' but got {side}")
    if side == "left" and right:
        raise ValueProblem(
            "torch.searchsorted(): side and right can't be set to opposites, got side of left while right was True"
        )
    x = alloc.asarray(x)
    if edges.ndim != 1:
        if not x.ndim or not edges.ndim:
            raise ShapeError(
                "torch.searchsorted(): input value can be a scalar only when boundaries tensor dimension is 1, but we "
                f"got boundaries tensor dim({edges.ndim}) and input value's dim({x.ndim}) numel({x.size})"
            )
        if edges.shape[:-1] != x.shape[:-1]:
            raise ShapeError(
                "torch.searchsorted(): boundaries tensor should be 1 dimension or the first N-1 dimensions of "
                "boundaries tensor and input value tensor must match, but we got boundaries tensor "
                f"{list(edges.shape)} and input value tensor {list(x.shape)}"
            )
    if sorter is not None:
        _check_sorter(edges, sorter)
        edges = np.take_along_axis(edges, sorter, -1)
    where: Any = "right" if right or side == "right" else "left"
    if edges.ndim == 1:
        found = searched(edges, x, where)
    else:
        count = math.prod(edges.shape[:-1])
        rows, wanted = edges.reshape(count, edges.shape[-1]), x.reshape(count, x.shape[-1])
        found = alloc.array([searched(r, w, where) for r, w in zip(rows, wanted, strict=True)]).reshape(x.shape)
    return alloc.asarray(found).astype(np.int32 if out_int32 else np.int64)


def _check_sorter(edges: Any, sorter: Any) -> None:
    if sorter.shape != edges.shape:
        raise ShapeError(
            "torch.searchsorted(): boundary and sorter must have the same size, but got boundary tensor "
            f"{list(edges.shape)}and got sorter tensor {list(sorter.shape)}"
        )
    if sorter.dtype != np.int64:
        title = OF[sorter.dtype].title
        raise DtypeError(f"torch.searchsorted(): sorter must be a tensor of long dtype but got dtype {title}")
    if sorter.size and not 0 <= sorter.min() <= sorter.max() < edges.shape[-1]:
        raise IndexError_("torch.searchsorted(): sorter index out of range", kind="RuntimeError")


@public(searchsorted)
def _(*args: Any, **kwargs: Any) -> Any:
    kwargs = {("input" if k == "self" else k): v for k, v in kwargs.items()}
    values = searchsorted.signature.bind(args, kwargs)
    if not isinstance(values[0], Tensor) or not isinstance(values[1], (Tensor, int, float)):
        raise wrong_call(searchsorted.signature, _getframe(0))
    return run(searchsorted, values, _getframe(1))


@op(
    "bucketize(input, boundaries, *, out_int32=False, right=False)",
    work="elements",
    method=False,
    example="bucketize(tensor([2., 3.]), tensor([1., 3., 5.]))",
    samples=lambda: [call(t(2, 2), t(values=[-1.0, 0.0, 1.0])), call(t(3), t(values=[-1.0, 0.0]), right=True)],
)
def bucketize(x: Any, edges: Any, out_int32: bool, right: bool) -> Any:
    """The number of the interval between `boundaries` that each element is in."""
    if edges.ndim != 1:
        raise ShapeError(f"boundaries tensor must be 1 dimension, but got dim({edges.ndim})")
    return alloc.asarray(searched(edges, x, "right" if right else "left")).astype(np.int32 if out_int32 else np.int64)


@public(bucketize)
def _(*args: Any, **kwargs: Any) -> Any:
    values = bucketize.signature.bind(args, kwargs)
    if not isinstance(values[0], (Tensor, int, float)) or not isinstance(values[1], Tensor):
        raise wrong_call(bucketize.signature, _getframe(0))
    return run(bucketize, values, _getframe(1))
