"""Histograms with their edges."""

from __future__ import annotations

import math
from sys import _getframe
from typing import Any

import numpy as np

from gradsh.engine.core import alloc
from gradsh.engine.core.arguments import is_int, need_tensor, type_word
from gradsh.engine.core.dtypes import OF
from gradsh.engine.core.named import Named, named
from gradsh.engine.core.place import caller
from gradsh.engine.core.tensor import Tensor, make
from gradsh.engine.operators.composite import function
from gradsh.errors import ArgumentError, DtypeError, ShapeError, ValueProblem


def _ranges(rows: Any, ends: Any, dims: int) -> list[tuple[float, float]]:
    """The ends of each dim: as given, or of the data."""
    if ends is not None:
        if not isinstance(ends, (list, tuple)) or not all(isinstance(end, (int, float)) for end in ends):
            raise ArgumentError(f"histogramdd(): argument 'range' must be tuple of floats, not {type_word(ends)}")
        if len(ends) != 2 * dims:
            raise ValueProblem(
                f"torch.histogramdd: for a {dims}-dimensional histogram range should have {2 * dims} elements, but "
                f"got {len(ends)}"
            )
        found = [(float(ends[2 * d]), float(ends[2 * d + 1])) for d in range(dims)]
    elif rows.size:
        found = list(zip(rows.min(0).tolist(), rows.max(0).tolist(), strict=True))
    else:
        found = [(0.0, 1.0)] * dims
    for dim, (low, high) in enumerate(found):
        if not (np.isfinite(low) and np.isfinite(high)):
            raise ValueProblem(f"torch.histogramdd: dimension {dim}'s range [{low:g}, {high:g}] is not finite")
        if low > high:
            raise ValueProblem(
                f"torch.histogramdd: min should not exceed max, but got min {low:g} max {high:g} for dimension {dim}"
            )
    return [(low - 0.5, high + 0.5) if low == high else (low, high) for low, high in found]


def _edges(name: str, rows: Any, bins: Any, ends: Any) -> list[Any]:
    """The edges of the bins along each dim."""
    dims = rows.shape[1]
    if bins and bins[0].__class__ is Tensor:
        for dim, given in enumerate(bins):
            if given.data.ndim != 1:
                raise ShapeError(
                    "torch.histogramdd: bins tensor should have one dimension, but got "
                    f"{given.data.ndim} dimensions in the bins tensor for dimension {dim}"
                )
            if not given.data.size:
                raise ShapeError(
                    f"torch.histogramdd: bins tensor should have at least 1 element, but got {given.data.size} "
                    f"elements in the bins tensor for dimension {dim}"
                )
            if given.data.dtype != rows.dtype:
                raise DtypeError(
                    "torch.histogramdd: input tensor and bins tensors should have the same dtype, but got input with "
                    f"dtype {OF[rows.dtype].c_name} and bins for dimension {dim} with dtype "
                    f"{OF[given.data.dtype].c_name}"
                )
        return [given.data for given in bins]
    for dim, count in enumerate(bins):
        if count <= 0:
            raise ValueProblem(f"{name}(): bins must be > 0, but got {count} for dimension {dim}")
    from gradsh.engine.ops.create.creation import linspace

    spans = _ranges(rows, ends, dims)
    dtype = OF[rows.dtype]
    return [
        linspace.apply(low, high, count + 1, dtype=dtype).data for (low, high), count in zip(spans, bins, strict=True)
    ]


def _counted(name: str, rows: Any, bins: Any, ends: Any, weight: Any, density: bool) -> tuple[Any, list[Any]]:
    """How many rows, or how much weight, there is in each bin; the last bin has its upper edge too."""
    if rows.dtype.kind != "f" or rows.dtype.itemsize == 2:
        raise DtypeError(f"\"histogramdd\" not implemented for '{OF[rows.dtype].title}'", kind="NotImplementedError")
    if weight is not None and weight.data.size != rows.shape[0]:
        raise ShapeError(
            f"torch.histogramdd: if weight tensor is provided it should have the same shape as the input tensor "
            f"excluding its innermost dimension, but got input with shape {list(rows.shape)} and weight with shape "
            f"{list(weight.data.shape)}"
        )
    edges = _edges(name, rows, bins, ends)
    inside = alloc.ones(rows.shape[0], bool)
    places = []
    for dim, edge in enumerate(edges):
        column = rows[:, dim]
        inside &= (column >= edge[0]) & (column <= edge[-1])
        places.append(np.minimum(np.searchsorted(edge, column, side="right") - 1, edge.size - 2))
    hist = alloc.zeros(tuple(edge.size - 1 for edge in edges), rows.dtype)
    given: Any = 1 if weight is None else weight.data.reshape(-1)[inside]
    if hist.size:
        np.add.at(hist, tuple(place[inside] for place in places), given)
    if density:
        hist = hist / hist.sum(dtype=rows.dtype)
        for dim, edge in enumerate(edges):
            hist = hist / np.diff(edge).reshape([-1 if d == dim else 1 for d in range(len(edges))])
    return hist, edges


def _made(array: Any) -> Tensor:
    """A tensor that the running place of the program has made."""
    tensor = make(array)
    tensor.origin = caller(_getframe(1))
    return tensor


@function(
    "histogram(input, bins, *, range=None, weight=None, density=False)",
    differentiable=False,
    example="histogram(tensor([1., 2., 1.]), 4, range=(0., 3.))",
)
def histogram(input: Any, bins: Any, ends: Any, weight: Any, density: bool) -> Named:
    """Counts, or sums of weights, in bins: so many of equal width, or those between the edges in a tensor."""
    need_tensor("histogram", "input", 1, input)
    rows = alloc.asarray(input.data).reshape(-1, 1)
    if weight is not None and weight.data.shape != input.data.shape:
        raise ShapeError(
            "torch.histogramdd: if weight tensor is provided it should have the same shape as the input tensor "
            f"excluding its innermost dimension, but got input with shape {list(rows.shape)} and weight with shape "
            f"{list(weight.data.shape)}"
        )
    hist, edges = _counted("torch.histogram", rows, [bins], ends, weight, density)
    return named("histogram", hist=_made(hist), bin_edges=_made(edges[0]))


@function(
    "histogramdd(input, bins, range=None, weight=None, density=False)",
    method=False,
    differentiable=False,
    example="histogramdd(rand(9, 2), [2, 2]).hist.sum()",
)
def histogramdd(input: Any, bins: Any, ends: Any, weight: Any, density: bool) -> Named:
    """Counts of points, whose coordinates are along the last dim, in boxes: numbers of bins, or their edges."""
    need_tensor("histogramdd", "input", 1, input)
    if input.data.ndim < 2:
        raise ShapeError(
            f"torch.histogramdd: input tensor should have at least 2 dimensions, but got {input.data.ndim}"
        )
    dims = input.data.shape[-1]
    if not isinstance(bins, (int, list, tuple, Tensor)) or (
        isinstance(bins, (list, tuple))
        and not all(isinstance(each, Tensor) for each in bins)
        and not all(is_int(each) for each in bins)
    ):
        raise ArgumentError(f"histogramdd(): argument 'bins' must be tuple of ints, not {type_word(bins)}")
    each = [bins] * dims if isinstance(bins, int) else list(bins)
    if len(each) != dims:
        raise ArgumentError(
            f"torch.histogramdd: expected {dims} sequences of bin edges for a {dims}-dimensional histogram but got "
            f"{len(each)}"
            if each and each[0].__class__ is Tensor
            else "histogramdd: The size of bins must be equal to the innermost dimension of the input.",
            kind="RuntimeError",
        )
    rows = input.data.reshape(math.prod(input.data.shape[:-1]), dims)
    hist, edges = _counted("torch.histogramdd", rows, each, ends, weight, density)
    return named("histogramdd", hist=_made(hist), bin_edges=tuple(map(_made, edges)))
