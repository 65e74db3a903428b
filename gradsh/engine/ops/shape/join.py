"""Joining and splitting tensors."""

from __future__ import annotations

from typing import Any

import numpy as np

from gradsh.engine.core import alloc
from gradsh.engine.core.arguments import (
    dim_index,
    int_tuple,
    is_int,
    misfit,
    need_int,
    need_tensor,
    too_large,
    type_word,
    whole,
)
from gradsh.engine.core.dtypes import OF, Size, promote_dtypes
from gradsh.engine.core.namespaces import A, T
from gradsh.engine.core.promotion import broadcast_error
from gradsh.engine.core.strided import channels_last, contiguous, images
from gradsh.engine.core.tensor import Tensor, make
from gradsh.engine.operators.batch_rules import along, applied, fronted, sample_of
from gradsh.engine.operators.composite import composite, python_function
from gradsh.engine.operators.general import op
from gradsh.engine.operators.registry import alias
from gradsh.engine.operators.samples import call, t
from gradsh.engine.operators.typed import fits
from gradsh.errors import ArgumentError, IndexError_, ShapeError, ValueProblem


def tensor_list(operator: str, name: str, values: Any, position: int = 1) -> Any:
    """Raise ArgumentError unless `values` is a list or tuple of tensors."""
    if not isinstance(values, (list, tuple)):
        raise ArgumentError(
            f"{operator}(): argument '{name}' (position {position}) must be tuple of Tensors, not {type_word(values)}"
        )
    for i, value in enumerate(values):
        if not isinstance(value, Tensor):
            raise ArgumentError(
                f"expected Tensor as element {i} in argument {position - 1}, but got {type_word(value)}"
            )
    return values


def _common(arrays: list[Any]) -> Any:
    """The dtype of a join: all promoted; 0-d tensors count only where their category is higher."""
    first = arrays[0].dtype
    for a in arrays:
        if a.dtype != first:
            break
    else:
        return first
    common = OF[first]
    for a in arrays[1:]:
        common = promote_dtypes(common, OF[a.dtype])
    return common.np


@op(
    "cat(tensors, dim=0)",
    layout="own",
    work="elements",
    grad_fn="CatBackward0",
    method=False,
    samples=lambda: [
        call([t(2, 3), t(1, 3)]),
        call([t(2, 1), t(2, 2)], 1),
        call([t(2), t(0), t(1)], -1),
        call([t(3, 2, strided=True), t(3, 2)], dim=-1),
    ],
    formula="g, cut at the joints",
    example="cat([ones(2), zeros(1)])",
    linear=True,
)
def cat(tensors: Any, dim: int) -> Any:
    """Joins tensors along an existing dimension."""
    _need_arrays("cat", tensors)
    if not len(tensors):
        raise ValueProblem("torch.cat(): expected a non-empty list of Tensors", kind="ValueError")
    for i, a in enumerate(tensors):
        if a.ndim == 0:
            raise ShapeError(f"zero-dimensional tensor (at position {i}) cannot be concatenated")
    # PyTorch skips 1-D tensors without elements, whatever the shape of the others
    parts = [a for a in tensors if a.shape != (0,)]
    if not parts:  # then no dimension is wrong either
        return alloc.empty(0, _common(tensors))
    first = parts[0]
    dim = dim_index(dim, first.ndim)
    shape = first.shape
    for i, a in enumerate(tensors):
        if a.shape == (0,):
            continue
        if a.ndim != first.ndim:
            raise ShapeError(f"Tensors must have same number of dimensions: got {first.ndim} and {a.ndim}")
        for d, extent in enumerate(a.shape):
            if d != dim and extent != shape[d]:
                raise ShapeError(
                    f"Sizes of tensors must match except in dimension {dim}. Expected size {shape[d]} but got size "
                    f"{extent} for tensor number {i} in the list."
                )
    out = np.concatenate(parts, dim, dtype=_common(tensors))
    return images(out) if out.ndim < 4 or not all(map(channels_last, parts)) else images(out, first)


def _need_arrays(operator: str, tensors: Any) -> None:
    if not isinstance(tensors, (list, tuple)):
        raise ArgumentError(
            f"{operator}(): argument 'tensors' (position 1) must be tuple of Tensors, not {_word(tensors)}"
        )
    for i, a in enumerate(tensors):
        if not isinstance(a, (np.ndarray, np.generic)):
            raise ArgumentError(f"expected Tensor as element {i} in argument 0, but got {type_word(a)}")


def _word(value: Any) -> str:
    return "Tensor" if isinstance(value, (np.ndarray, np.generic)) else type_word(value)


@cat.vjp("tensors")
def _(F: Any, g: Any, out: Any, tensors: list[Any], dim: int) -> list[Any]:
    parts, start = [], 0
    for x in tensors:
        if x.shape == (0,):
            parts.append(F.reshape(F.narrow(g, dim, 0, 0), (0,)))
            continue
        parts.append(F.narrow(g, dim, start, x.shape[dim]))
        start += x.shape[dim]
    return parts


@cat.batched
def _(F: Any, size: int, batched: Any, tensors: Any, dim: int) -> Any:
    parts = [fronted(x, b, size) for x, b in zip(tensors, batched[0], strict=True)]
    n = len(sample_of(parts[0]))
    if not n or any(len(sample_of(x)) != n or sample_of(x) == (0,) for x in parts):
        return NotImplemented
    return applied(cat, parts, dim_index(dim, n) + 1)


alias("concat", cat)
alias("concatenate", cat)


@op(
    "stack(tensors, dim=0)",
    layout="own",
    work="elements",
    grad_fn="StackBackward0",
    method=False,
    samples=lambda: [call([t(2, 3), t(2, 3)]), call([t(), t()]), call([t(2), t(2), t(2)], -1)],
    formula="g, one slice for each",
    example="stack([ones(2), zeros(2)])",
    linear=True,
)
def stack(tensors: Any, dim: int) -> Any:
    """Joins tensors of one shape along a new dimension."""
    _need_arrays("stack", tensors)
    if not len(tensors):
        raise ValueProblem("stack expects a non-empty TensorList")
    first = tensors[0].shape
    for i, a in enumerate(tensors):
        if a.shape != first:
            raise ShapeError(
                f"stack expects each tensor to be equal size, but got {list(first)} at entry 0 and {list(a.shape)} at "
                f"entry {i}"
            )
    dim = dim_index(dim, len(first) + 1)
    if dim < len(first) and len(first) > 3 and all(map(channels_last, tensors)):
        return cat.kernel(tensors, dim).reshape(*first[:dim], len(tensors), *first[dim:])
    return contiguous(np.stack(tensors, dim, dtype=_common(tensors)))


@stack.vjp("tensors")
def _(F: Any, g: Any, out: Any, tensors: list[Any], dim: int) -> list[Any]:
    dim = dim % (len(tensors[0].shape) + 1)
    if F is A:
        return list(np.moveaxis(g, dim, 0)) if dim else list(g)
    return [F.select(g, dim, i) for i in range(len(tensors))]


@stack.batched
def _(F: Any, size: int, batched: Any, tensors: Any, dim: int) -> Any:
    parts = [fronted(x, b, size) for x, b in zip(tensors, batched[0], strict=True)]
    return applied(stack, parts, dim_index(dim, len(sample_of(parts[0])) + 1) + 1)


MOST_PARTS = 10**8  # views of one tensor: more than that fill any memory

# --- other ways to join ----------------------------------------------------------------------------------------------


def _first(operator: str, tensors: Any) -> list[Any]:
    tensor_list(operator, "tensors", tensors)
    if not tensors:
        raise ValueProblem(f"{operator} expects a non-empty TensorList")
    return list(tensors)


@composite(
    "hstack(tensors)",
    method=False,
    samples=lambda: [call([t(2), t(1)]), call([t(2, 1), t(2, 2)]), call([t(), t()])],
    formula="g, cut at the joints",
    example="hstack([ones(1), zeros(2)])",
)
def hstack(tensors: Any) -> Any:
    """Joins tensors side by side: along dim 1, vectors along dim 0."""
    given = [T.atleast_1d(x) for x in _first("hstack", tensors)]
    return cat.apply(given, 0 if given[0].data.ndim == 1 else 1)


@composite(
    "vstack(tensors)",
    method=False,
    samples=lambda: [call([t(2), t(2)]), call([t(1, 2), t(2, 2)])],
    formula="g, cut at the joints",
    example="vstack([ones(2), zeros(2)])",
)
def vstack(tensors: Any) -> Any:
    """Joins tensors on top of each other, vectors as rows."""
    return cat.apply([T.atleast_2d(x) for x in _first("vstack", tensors)], 0)


alias("row_stack", vstack)


@composite(
    "dstack(tensors)",
    method=False,
    samples=lambda: [call([t(2), t(2)]), call([t(1, 2, 1), t(1, 2)])],
    formula="g, cut at the joints",
    example="dstack([ones(2), zeros(2)])",
)
def dstack(tensors: Any) -> Any:
    """Joins tensors in depth, along dim 2."""
    return cat.apply([T.atleast_3d(x) for x in _first("dstack", tensors)], 2)


@composite(
    "column_stack(tensors)",
    method=False,
    samples=lambda: [call([t(2), t(2)]), call([t(2, 2), t(2)])],
    formula="g, cut at the joints",
    example="column_stack([ones(2), zeros(2)])",
)
def column_stack(tensors: Any) -> Any:
    """Joins tensors side by side, vectors as columns."""
    columns = [x if x.data.ndim > 1 else T.reshape(x, (x.data.size, 1)) for x in _first("column_stack", tensors)]
    return cat.apply(columns, 1)


# --- splitting -------------------------------------------------------------------------------------------------------


def _pieces(x: Any, dim: int, lengths: Any) -> tuple[Any, ...]:
    lead = (slice(None),) * dim
    pieces, start = [], 0
    for length in lengths:
        pieces.append(x[(*lead, slice(start, start + length))])
        start += length
    return tuple(pieces)


def _joined(F: Any, g: Any, dim: int, metas: Any) -> Any:
    """The gradients of pieces side by side, zeros for those without one."""
    some = next(one for one in g if one is not None)
    dtype = some.data.dtype if isinstance(some, Tensor) else some.dtype
    parts = []
    for one, meta in zip(g, metas, strict=True):
        if one is None:
            zeros = alloc.zeros(meta.shape, dtype)
            one = make(zeros) if F is T else zeros
        parts.append(one)
    return F.cat(parts, dim)


@op(
    "split_pieces(input, split_size, dim)",
    work="pieces",
    grad_fn="SplitBackward0",
    view=True,
    private=True,
    samples=lambda: [call(t(5, 2), 2, 0), call(t(2, 4), 2, -1)],
    linear=True,
)
def split_pieces(x: Any, split_size: int, dim: int) -> Any:
    """Views of `split_size` elements along `dim`, the last one perhaps shorter."""
    dim = dim_index(dim, x.ndim)
    extent = x.shape[dim]
    count = max(1, -(-extent // split_size)) if split_size else 1
    lengths = [split_size] * (count - 1) + [extent - split_size * (count - 1)]
    return _pieces(x, dim, lengths)


split_pieces.vjp("input")(lambda F, g, out, x, size, dim: _joined(F, _listed(g), dim, _metas(out)))


along(split_pieces, 2)


def _listed(g: Any) -> Any:
    """The gradients as a list, also of a node with one output."""
    return g if g.__class__ is list else [g]


def _metas(out: Any) -> Any:
    return out if out.__class__ is tuple else (out,)


@op(
    "split_with_sizes(input, split_sizes, dim=0)",
    work="pieces",
    grad_fn="SplitWithSizesBackward0",
    view=True,
    samples=lambda: [call(t(5, 2), (2, 3)), call(t(2, 4), [1, 0, 3], -1)],
    formula="the pieces of g, joined",
    example="ones(3).split_with_sizes([1, 2])",
    linear=True,
)
def split_with_sizes(x: Any, split_sizes: Any, dim: int) -> Any:
    """Views of the given lengths along `dim`."""
    if x.ndim == 0:
        raise ShapeError("split expects at least a 1-dimensional tensor")
    sizes = int_tuple("split_with_sizes", "split_sizes", 2, split_sizes)
    at = dim_index(dim, x.ndim)
    if any(n < 0 for n in sizes):
        raise ShapeError(
            f"split_with_sizes expects split_sizes have only non-negative entries, but got split_sizes={list(sizes)}"
        )
    if sum(sizes) != x.shape[at]:
        raise ShapeError(
            f"split_with_sizes expects split_sizes to sum exactly to {x.shape[at]} (input tensor's size at dimension "
            f"{dim}), but got split_sizes={list(sizes)}"
        )
    return _pieces(x, at, sizes)


split_with_sizes.vjp("input")(lambda F, g, out, x, sizes, dim: _joined(F, _listed(g), dim, _metas(out)))


along(split_with_sizes, 2)


@composite(
    "split(tensor, split_size_or_sections, dim=0)",
    python=True,
    samples=lambda: [call(t(5, 2), 2), call(t(2, 3), [1, 2], 1), call(t(2), 5)],
    formula="the pieces of g, joined",
    example="split(arange(5.), 2)",
)
def split(tensor: Any, split_size_or_sections: Any, dim: int) -> Any:
    """Views of one size (the last may be shorter), or of the given sizes, along `dim`."""
    need_tensor("split", "tensor", 1, tensor)
    sections = split_size_or_sections
    if isinstance(sections, (list, tuple)):
        return split_with_sizes.apply(tensor, sections, dim)
    x = tensor.data
    if x.ndim == 0:
        raise ShapeError("split expects at least a 1-dimensional tensor")
    size = need_int("split", "split_size", 2, sections)
    if size < 0:
        raise ShapeError(f"split expects split_size be non-negative, but got split_size={size}")
    extent = x.shape[dim_index(dim, x.ndim)]
    if size == 0 and extent:
        raise ShapeError(f"split_size can only be 0 if dimension size is 0, but got dimension size of {extent}")
    return split_pieces.apply(tensor, size, dim)


@composite(
    "chunk(input, chunks, dim=0)",
    samples=lambda: [call(t(5), 2), call(t(2, 3), 3, 1)],
    formula="the pieces of g, joined",
    example="chunk(arange(5.), 2)",
)
def chunk(input: Any, chunks: Any, dim: int) -> Any:
    """At most so many views along `dim`, all of one size but the last."""
    need_tensor("chunk", "input", 1, input)
    x = input.data
    if x.ndim == 0:
        raise ShapeError("chunk expects at least a 1-dimensional tensor")
    n = need_int("chunk", "chunks", 2, chunks)
    if n <= 0:
        raise ValueProblem(f"chunk expects `chunks` to be greater than 0, got: {n}")
    extent = x.shape[dim_index(dim, x.ndim)]
    size = -(-extent // n)
    if size == 0:
        return split_with_sizes.apply(input, (0,) * n, dim)
    return split_pieces.apply(input, size, dim)


def _cut(x: Tensor, at: list[int], dim: int) -> tuple[Any, ...]:
    """Views between the cuts `at` along `dim`."""
    extent = x.data.shape[dim]
    pieces = []
    start = 0
    for end in (*at, extent):
        first, last, _ = slice(start, end).indices(extent)
        pieces.append(T.slice(x, dim, first, max(first, last), 1))
        start = end
    return tuple(pieces)


@composite(
    "tensor_split(input, indices_or_sections, dim=0)",
    samples=lambda: [call(t(5), 2), call(t(5), (1, 3)), call(t(2, 3), 2, 1)],
    formula="the pieces of g, joined",
    example="tensor_split(arange(5.), 2)",
)
def tensor_split(input: Any, indices_or_sections: Any, dim: int) -> Any:
    """So many views of nearly equal size along `dim`, or views between the given indices."""
    need_tensor("tensor_split", "input", 1, input)
    x = input.data
    if x.ndim == 0:
        raise ShapeError("tensor_split expected at least a 1-dimensional tensor, but got a tensor with 0 dims")
    at = dim_index(dim, x.ndim)
    where = indices_or_sections
    if where.__class__ is Tensor and where.data.ndim:
        where = where.data.tolist()
    if isinstance(where, (list, tuple)):
        return _cut(input, list(int_tuple("tensor_split", "indices", 2, where)), at)
    n = need_int("tensor_split", "sections", 2, where)
    if n <= 0:
        raise ValueProblem(f"number of sections must be larger than 0, got {n}")
    if n >= MOST_PARTS:
        raise too_large("cannot create std::vector larger than max_size()")
    short, longer = divmod(x.shape[at], n)
    cuts = [i * short + min(i, longer) for i in range(1, n)]
    return _cut(input, cuts, at)


def _split_along(name: str, needed: int, words: str) -> None:
    """hsplit, vsplit, dsplit."""

    def split_one(input: Any, indices_or_sections: Any) -> Any:
        need_tensor(name, "input", 1, input)
        x = input.data
        if x.ndim < needed:
            raise ShapeError(
                f"torch.{name} requires a tensor with at least {needed} dimension, but got a tensor with {x.ndim} "
                "dimensions!"
            )
        if not fits("int", indices_or_sections) and not fits("tuple of ints", indices_or_sections):
            raise misfit(name)
        dim = {"hsplit": 0 if x.ndim == 1 else 1, "vsplit": 0, "dsplit": 2}[name]
        if indices_or_sections.__class__ is int:
            n = indices_or_sections
            if n <= 0 or x.shape[dim] % n:
                raise ShapeError(
                    f"torch.{name} attempted to split along dimension {dim}, but the size of the dimension "
                    f"{x.shape[dim]} is not divisible by the split_size {n}!"
                )
        return tensor_split.apply(input, indices_or_sections, dim)

    split_one.__doc__ = f"Views of equal size, or between the given indices, {words}."
    composite(
        f"{name}(input, indices_or_sections)",
        samples=lambda: [call(t(2, 2, 2), 2), call(t(2, 2, 2), (1,))],
        formula="the pieces of g, joined",
        example=f"{name}(ones(2, 2, 2), 2)",
    )(split_one)


_split_along("hsplit", 1, "side by side: along dim 1, for vectors along dim 0")
_split_along("vsplit", 2, "on top of each other, along dim 0")
_split_along("dsplit", 3, "in depth, along dim 2")


@op(
    "unbind(input, dim=0)",
    work="pieces",
    grad_fn="UnbindBackward0",
    view=True,
    samples=lambda: [call(t(2, 3)), call(t(2, 3), -1), call(t(1, 2))],
    formula="the gradients of the slices, stacked",
    example="unbind(ones(2, 3))",
    linear=True,
)
def unbind(x: Any, dim: int) -> Any:
    """Views of all slices along `dim`, without that dimension."""
    if x.ndim == 0:
        raise IndexError_(f"Dimension specified as {dim} but tensor has no dimensions")
    dim = dim_index(dim, x.ndim)
    lead = (slice(None),) * dim
    return tuple(x[(*lead, i, ...)] for i in range(x.shape[dim]))


@unbind.vjp("input")
def _(F: Any, g: Any, out: Any, x: Any, dim: int) -> Any:
    gs = _listed(g)
    metas = _metas(out)
    if any(one is None for one in gs):
        zeros = alloc.zeros(metas[0].shape, x.dtype)
        filler = make(zeros[()]) if F is T else zeros
        gs = [filler if one is None else one for one in gs]
    return F.stack(gs, dim)


along(unbind, 1)


@composite(
    "broadcast_tensors(*tensors)",
    python=True,
    method=False,
    samples=lambda: [call(t(2, 1), t(3)), call(t(), t(2))],
    formula="g, summed over the new dims",
    example="broadcast_tensors(ones(2, 1), zeros(3))",
)
def broadcast_tensors(tensors: Any) -> Any:
    """The tensors as views of the one shape that they broadcast to."""
    tensor_list("broadcast_tensors", "tensors", tensors)
    shape: tuple[int, ...] = ()
    for x in tensors:
        shape = broadcast_shape(shape, x.data.shape)
    return tuple(x if x.data.shape == shape else T.expand(x, shape) for x in tensors)


def broadcast_shape(a: tuple[int, ...], b: tuple[int, ...]) -> tuple[int, ...]:
    """The shape that two shapes broadcast to. Raises ShapeError in PyTorch's words."""
    n = max(len(a), len(b))
    result = []
    for p, q in zip((1,) * (n - len(a)) + a, (1,) * (n - len(b)) + b, strict=True):
        if p != q and p != 1 and q != 1:
            raise broadcast_error(a, b)
        result.append(q if p == 1 else p)
    return tuple(result)


@python_function("broadcast_shapes(*shapes)", work="elements", example="broadcast_shapes((2, 1), (3,))")
def broadcast_shapes(*shapes: Any) -> Any:
    """The shape that shapes broadcast to."""
    shape: list[int] = []
    for number, one in enumerate(shapes):
        if one is None:
            continue
        if isinstance(one, int):
            one = (int(one),)
        elif not isinstance(one, (tuple, list)) or not all(map(is_int, one)):
            raise ArgumentError(
                f"Input shapes should be of type ints, a tuple of ints, or a list of ints, got {one}",
                kind="RuntimeError",
            )
        one = tuple(whole(n) for n in one)
        if any(n < 0 for n in one):
            raise ShapeError(f"Trying to create tensor with negative dimension ({min(one)}): ({min(one)})")
        shape = [1] * (len(one) - len(shape)) + shape
        for at in range(-1, -len(one) - 1, -1):
            if one[at] == 1 or one[at] == shape[at]:
                continue
            if shape[at] != 1:
                seen = [1] * (_most_dims(shapes) - len(shape)) + shape
                raise ShapeError(
                    f"Attempting to broadcast a dimension of length {one[at]} at {at}! Mismatching argument at index "
                    f"{number} had {one}; but expected shape should be broadcastable to {seen}"
                )
            shape[at] = one[at]
    return Size(shape)


def _most_dims(shapes: Any) -> int:
    return max(len(one) if isinstance(one, (tuple, list)) else 1 for one in shapes)
