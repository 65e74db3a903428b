"""Picking elements: `x[...]`, gather, take, masks."""

from __future__ import annotations

import sys
from contextlib import suppress
from itertools import pairwise
from typing import Any

import numpy as np

from gradsh.engine.core import alloc
from gradsh.engine.core.arguments import dim_index, type_word, whole
from gradsh.engine.core.dtypes import OF
from gradsh.engine.core.from_values import array_of
from gradsh.engine.core.graph import Kind, Node, record
from gradsh.engine.core.modes import mode
from gradsh.engine.core.namespaces import A, Namespace, T
from gradsh.engine.core.place import caller
from gradsh.engine.core.tensor import Tensor, TensorExtra, make
from gradsh.engine.kernels.rows import add_rows
from gradsh.engine.operators.batch_rules import applied, sample_of
from gradsh.engine.operators.general import op, stem
from gradsh.engine.operators.samples import call, t
from gradsh.engine.ops.shape import shape as views
from gradsh.errors import ArgumentError, DtypeError, IndexError_, ShapeError, ValueError_

ndarray = np.ndarray
_getframe = sys._getframe

# --- views by index, on a short path ---------------------------------------------------------------------------------
#
# `x[0]` and `x[1:3]` are what loops over data do most, so they make their node here rather than by way of
# `select` and `slice`; the rules are the same.


def _view(x: Tensor, data: Any, kind: Kind, saved: Any) -> Tensor:
    """A tensor on a part of `x`'s memory, recorded as `kind`."""
    out = Tensor()
    out.data = data
    out.gradient = None
    out.storage = storage = x.storage or x.share()
    out.extra = extra = TensorExtra()
    source = x.extra
    extra.base = x if source is None or source.base is None else source.base
    extra.seen = storage.version
    extra.made_without_grad = not mode.grad or (source is not None and source.made_without_grad)
    if x.requires and mode.grad:
        out.node = record(kind, x.node or x, saved, caller(_getframe(2)))
        out.requires = True
        if source is not None and source.multiple:
            extra.multiple = (stem(kind.name), 0)  # a view of one of several is no better
    else:
        out.node = None
        out.requires = (
            extra.base.requires
        )  # as in PyTorch: a view made without grad mode keeps the flag, as a leaf of its own
        out.origin = caller(_getframe(2))
    if mode.forward is not None:
        mode.forward.viewed(x, out, ... if saved is None else (slice(None),) * saved[2] + (saved[3],))
    return out


def _select_step(node: Node, g: Any, F: Namespace) -> Any:
    shape, dtype, dim, index = node.saved
    if F is not A:
        return F.select_backward(g, shape, dim, index)
    full = alloc.zeros(shape, dtype)
    full[(slice(None),) * dim + (index,)] = g
    return full


def _slice_step(node: Node, g: Any, F: Namespace) -> Any:
    shape, dtype, dim, part = node.saved
    if F is not A:
        return F.slice_backward(g, shape, dim, part.start, part.stop, part.step)
    full = alloc.zeros(shape, dtype)
    full[(slice(None),) * dim + (part,)] = g
    return full


SELECT = Kind("SelectBackward0", _select_step, saves=False, operator="select")
SLICE = Kind("SliceBackward0", _slice_step, saves=False, operator="slice")
ALIAS = Kind("AliasBackward0", lambda node, g, F: g, saves=False, operator="alias")


def select_at(x: Tensor, dim: int, index: int, real: int = 0) -> Tensor:
    """The slice at `index`; errors call the dimension `real`, its number in the tensor that was indexed."""
    data = x.data
    shape = data.shape
    if not shape:
        raise IndexError_(
            "invalid index of a 0-dim tensor. Use `tensor.item()` in Python or `tensor.item<T>()` in C++ to convert a "
            "0-dim tensor to a number"
        )
    extent = shape[dim]
    if not -extent <= index < extent:
        raise IndexError_(f"index {index} is out of bounds for dimension {real} with size {extent}")
    if index < 0:
        index += extent
    return _view(
        x,
        data[(slice(None),) * dim + (index, ...)] if dim else data[index, ...],
        SELECT,
        (shape, data.dtype, dim, index),
    )


def bounds(part: slice, extent: int) -> tuple[int, int, int]:
    """`part.indices(extent)`, by comparisons where a bound stands for a number that changes (gradsh/plans)."""
    start, stop, step = part.start, part.stop, part.step
    if type(start) in SURE and type(stop) in SURE:
        return part.indices(extent)
    if not all(each is None or each.__class__ is int for each in (start, stop, step)):
        return part.indices(extent)
    first = 0 if start is None else max(start + extent, 0) if start < 0 else min(start, extent)
    last = extent if stop is None else max(stop + extent, 0) if stop < 0 else min(stop, extent)
    return first, last, 1 if step is None else step


SURE = (int, type(None))


def _slice(x: Tensor, dim: int, part: slice, alone: bool = False) -> Tensor:
    """The slice; `x` itself when it is all of it, unless it stands `alone` in the index."""
    data = x.data
    shape = data.shape
    if not shape:
        raise IndexError_("slice() cannot be applied to a 0-dim tensor.")
    if part.step is not None:
        step = part.step
        if step.__class__ is Tensor:
            step = step.__index__()
        if isinstance(step, int) and step <= 0:  # False is 0
            raise ValueError_("step must be greater than zero" if step else "slice step cannot be zero")
    extent = shape[dim]
    try:
        start, stop, step = bounds(part, extent)
    except TypeError:
        raise ArgumentError("slice indices must be integers or None or have an __index__ method") from None
    if not alone and stop - start == extent and step == 1:  # its size, which moving bounds have in common
        return x
    if stop < start:
        stop = start
    part = slice(start, stop, step)
    return _view(x, data[(slice(None),) * dim + (part,)] if dim else data[part], SLICE, (shape, data.dtype, dim, part))


def getitem(x: Tensor, index: Any) -> Any:
    """`x[index]`."""
    if x.storage is not None:
        x.up_to_date()
    cls = index.__class__
    if cls is int:
        return select_at(x, 0, index)
    if cls is slice:
        return _slice(x, 0, index, True)
    return _general(x, in_parts(index))


def in_parts(index: Any) -> tuple[Any, ...]:
    """The parts of an index, of a list too where PyTorch takes it for a tuple: `x[[rows, columns]] = 0`."""
    cls = index.__class__
    if cls is list and _like_tuple(index):
        mode.warn(NOT_A_TUPLE, once=True)
        return tuple(index)
    return index if cls is tuple else (index,)


NOT_A_TUPLE = (
    "Using a non-tuple sequence for multidimensional indexing is deprecated and will be changed in pytorch 2.9; use "
    "x[tuple(seq)] instead of x[seq]. In pytorch 2.9 this will be interpreted as tensor index, x[torch.tensor(seq)], "
    "which will result either in an error or a different result"
)


def _like_tuple(index: list[Any]) -> bool:
    """Whether PyTorch takes a list in an index for a tuple: when it holds more than plain numbers."""
    return len(index) < 32 and any(
        item is None or item is Ellipsis or isinstance(item, (Tensor, ndarray, list, tuple, slice)) for item in index
    )


def _alias(x: Tensor) -> Tensor:
    if x.storage is None:
        x.share()
    return _view(x, x.data[...], ALIAS, None)


def _general(x: Tensor, index: tuple[Any, ...]) -> Tensor:
    """An index of several parts, or with tensors, lists, `none` or `...`: views first, then the tensors at once."""
    if mode.interpreter is not None and (picked := mode.interpreter.pick(x, index)) is not NotImplemented:
        return picked  # type: ignore[no-any-return]  # the interpreter's tensor
    out, picks, dims = parts(x, index)
    if picks:
        return index_.apply(out, picks, tuple(dims))  # type: ignore[no-any-return]  # entries are untyped
    return _alias(x) if out is x else out


def parts(x: Tensor, index: tuple[Any, ...]) -> tuple[Tensor, list[Tensor], list[int]]:
    """`x[index]` up to the indexing by tensors: the view, the int64 tensors to index it by, and their dims."""
    specified = 0
    for item in index:
        if item is None or item is Ellipsis or item is True or item is False:
            continue
        if (item.__class__ is Tensor and item.data.dtype.kind in "b") or _byte(item):
            specified += max(item.data.ndim, 0)
        elif isinstance(item, ndarray) and item.dtype.kind == "b":
            specified += item.ndim
        else:
            specified += 1
    ndim = x.data.ndim
    if specified > ndim:
        if ndim == 0 and len(index) == 1 and (index[0].__class__ is int):
            return select_at(x, 0, index[0]), [], []
        if ndim == 0 and index[0].__class__ is slice and len(index) == 1:
            raise IndexError_("slice() cannot be applied to a 0-dim tensor.")
        raise IndexError_(f"too many indices for tensor of dimension {ndim}")
    dim = 0
    real = 0
    out = x
    picks: list[Tensor] = []
    dims: list[int] = []
    for item in index:
        cls = item.__class__
        if cls is int:
            out = select_at(out, dim, item, real)
            real += 1
        elif cls is slice:
            out = _slice(out, dim, item)
            dim += 1
            real += 1
        elif item is Ellipsis:
            dim += ndim - specified
            real += ndim - specified
        elif item is None:
            out = views.unsqueeze.apply(out, dim)
            dim += 1
            real += 1
        elif cls is bool:
            out = views.unsqueeze.apply(out, dim)
            picks.append(make(alloc.zeros(1 if item else 0, np.int64)))
            dims.append(dim)
            dim += 1
            real += 1
        else:
            pick = as_index(item)
            data = pick.data
            if data.ndim == 0 and data.dtype.kind == "i":
                out = select_at(out, dim, int(data.item()), real)
                real += 1
                continue
            used = _by_tensor(out, pick, dim, picks, dims)
            if not used:
                out = views.unsqueeze.apply(out, dim)
                used = 1
            dim += used
            real += used
    return out, picks, dims


def _by_tensor(x: Tensor, pick: Tensor, dim: int, picks: list[Tensor], dims: list[int]) -> int:
    """Note an index tensor, a mask as the indices of what it is true for. Gives how many dims it stands for."""
    data = pick.data
    if data.dtype.kind == "b" or data.dtype == np.uint8:
        if data.dtype.kind != "b" and data.ndim:
            mode.warn("indexing with dtype torch.uint8 is now deprecated, please use a dtype torch.bool instead.")
        if data.ndim == 0:
            picks.append(make(alloc.zeros(1 if data else 0, np.int64)))
            dims.append(dim)
            return 0
        shape = x.data.shape
        for i, extent in enumerate(data.shape):
            if dim + i >= len(shape) or shape[dim + i] != extent:
                raise IndexError_(
                    f"The shape of the mask {list(data.shape)} at index {i} does not match the shape of the "
                    f"indexed tensor {list(shape)} at index {dim + i}"
                )
        for i, found in enumerate(np.nonzero(data)):
            picks.append(make(alloc.ascontiguousarray(found)))
            dims.append(dim + i)
        return int(data.ndim)
    if data.dtype.kind != "i" or data.dtype.itemsize < 4:
        raise IndexError_("tensors used as indices must be long, int, byte or bool tensors")
    # versions of tensors in lists count from 0
    picks.append(make(data) if pick.storage is not None and pick.storage.version else pick)
    dims.append(dim)
    return 1


def _byte(item: Any) -> bool:
    return item.__class__ is Tensor and bool(item.data.dtype == np.uint8)


def as_index(item: Any) -> Tensor:
    """A tensor of a list of ints or bools, an array or a tensor that stands in an index."""
    if item.__class__ is Tensor:
        return item
    if isinstance(item, (list, tuple, range)):
        if not len(item):
            return make(alloc.zeros(0, np.int64))
        data = array_of(list(item) if isinstance(item, range) else item)
        return make(data if data.dtype.kind == "b" else data.astype(np.int64))
    if isinstance(item, ndarray):
        return make(item)
    if hasattr(item, "__index__"):
        with suppress(ArgumentError):  # one of the program's own that gives no int
            return make(np.int64(whole(item)))
    if isinstance(item, str):
        raise ArgumentError("new(): invalid data type 'str'")
    raise IndexError_(
        "only integers, slices (`:`), ellipsis (`...`), None and long or byte Variables are valid indices "
        f"(got {type_word(item)})"
    )


def iterate(x: Tensor) -> Any:
    """`for row in x`: the slices along the first dimension."""
    if x.data.ndim == 0:
        raise ArgumentError("iteration over a 0-d tensor")
    return iter(T.unbind(x, 0))


def delete_item(x: Tensor, index: Any) -> None:
    """`del x[0]`, of which there is none."""
    raise ArgumentError("Tensor does not support deleting items")


Tensor.__delitem__ = delete_item  # type: ignore[attr-defined]  # as below
Tensor.__iter__ = iterate  # type: ignore[method-assign]  # as below
Tensor.__getitem__ = getitem  # type: ignore[method-assign]  # the operators of a tensor are added by their families


# --- by tensors ------------------------------------------------------------------------------------------------------


def _full_index(picks: Any, dims: tuple[int, ...], shape: tuple[int, ...]) -> Any:
    """NumPy's index for tensors at some of the dims, checked."""
    index: list[Any] = [slice(None)] * (dims[-1] + 1)
    for pick, dim in zip(picks, dims, strict=True):
        index[dim] = pick
    return tuple(index)


def _check_index(picks: Any, dims: tuple[int, ...], shape: tuple[int, ...]) -> None:
    first = picks[0].shape
    if any(pick.shape != first for pick in picks):
        try:
            np.broadcast_shapes(*(pick.shape for pick in picks))
        except ValueError:
            raise IndexError_(
                "shape mismatch: indexing tensors could not be broadcast together with shapes "
                + ", ".join(str(list(pick.shape)) for pick in picks)
            ) from None
    for number, (pick, dim) in enumerate(zip(picks, dims, strict=True)):
        extent = shape[dim]
        if pick.size:
            if not extent:
                raise IndexError_("index is out of bounds for dimension with size 0")
            low, high = pick.min().item(), pick.max().item()
            if low < -extent or high >= extent:
                wrong = next(v for v in pick.reshape(-1).tolist() if not -extent <= v < extent)
                raise IndexError_(f"index {wrong} is out of bounds for dimension {number} with size {extent}")


@op(
    "index(input, indices, dims)",
    work="rows",
    grad_fn="IndexBackward0",
    private=True,
    samples=lambda: [
        call(t(4, 2), [t(3, dtype="int64", values=[0, 2, 2])], (0,)),
        call(t(3, 2, 3), [t(2, dtype="int64", values=[0, 2]), t(2, dtype="int64", values=[1, 1])], (0, 2)),
    ],
    linear=True,
)
def index_(x: Any, indices: Any, dims: Any) -> Any:
    """`x` indexed by integer tensors at `dims`."""
    if not x.size and all(x.shape[dim] for dim in dims):
        indices = [alloc.zeros_like(pick) for pick in indices]  # nothing is read, and PyTorch does not look where
    _check_index(indices, dims, x.shape)
    if len(dims) == 1 and dims[0] == 0:
        return np.take(x, indices[0], 0) if not indices[0].size or indices[0].min().item() >= 0 else x[indices[0]]
    return alloc.ascontiguousarray(x[_full_index(indices, dims, x.shape)])


index_.vjp("input", saves="indices")(lambda F, g, out, x, indices, dims: F.index_backward(g, x.shape, indices, dims))


def _apart(dims: Any) -> bool:
    """Whether NumPy puts the picked dims in front because others lie between them."""
    return any(b != a + 1 for a, b in pairwise(dims))


@index_.batched
def _(F: Any, size: int, batched: Any, x: Any, indices: Any, dims: Any) -> Any:
    if batched[1]:
        return NotImplemented
    out = applied(index_, x, indices, tuple(d + 1 for d in dims))
    if not _apart(dims):
        return out
    return F.movedim(out, max(len(i.shape) for i in indices), 0)


def add_at(full: Any, index: Any, g: Any) -> None:
    """full[index] += g, where an index may come several times."""
    if index.__class__ is tuple and len(index) == 1:
        add_rows(g, index[0], full)
    else:
        np.add.at(full, index, g)


@op(
    "index_backward(grad, shape, indices, dims)",
    grad_fn="IndexPutBackward0",
    private=True,
    samples=lambda: [call(t(3, 2), (4, 2), [t(3, dtype="int64", values=[0, 2, 2])], (0,))],
    linear=True,
)
def index_backward(g: Any, shape: Any, indices: Any, dims: Any) -> Any:
    """Zeros of `shape` to which `grad` is added where `index` picked its elements."""
    full = alloc.zeros(shape, g.dtype)
    add_at(full, _full_index(indices, dims, shape), g)
    return full


index_backward.vjp("grad", saves="indices")(lambda F, g, out, grad, shape, indices, dims: F.index(g, indices, dims))


@index_backward.batched
def _(F: Any, size: int, batched: Any, g: Any, shape: Any, indices: Any, dims: Any) -> Any:
    if batched[2]:
        return NotImplemented
    if _apart(dims):
        g = F.movedim(g, 0, max(len(i.shape) for i in indices))
    return applied(index_backward, g, (size, *shape), indices, tuple(d + 1 for d in dims))


@op(
    "index_select(input, dim, index)",
    work="rows",
    grad_fn="IndexSelectBackward0",
    samples=lambda: [
        call(t(2, 3), 1, t(4, dtype="int64", values=[0, 2, 2, 1])),
        call(t(3), -1, t(1, dtype="int32", values=[1])),
        call(t(), 0, t(1, dtype="int64", values=[0])),
    ],
    formula="g, added up where the slices came from",
    example="index_select(eye(3), 0, tensor([0, 2]))",
    linear=True,
)
def index_select(x: Any, dim: int, index: Any) -> Any:
    """The slices along `dim` that a vector of indices picks, copied."""
    dim = dim_index(dim, x.ndim)
    pick = long_vector("index_select", index)
    extent = x.shape[dim] if x.ndim else 1
    if not x.ndim and pick.size != 1:
        raise IndexError_(
            f"index_select(): Index to scalar can have only 1 value, got {pick.size} value(s)", kind="RuntimeError"
        )
    if not x.ndim and pick[0]:
        raise IndexError_("index out of range in self")
    _check_select(x, pick, extent, dim)
    return np.take(x, pick, dim) if x.ndim else alloc.asarray(x).reshape(1).take(pick[:1])[0]


def long_vector(operator: str, index: Any) -> Any:
    """An index argument as an int64 vector; a 0-d tensor counts as one of length 1."""
    if not isinstance(index, (ndarray, np.generic)):
        raise ArgumentError(f"{operator}(): argument 'index' (position 3) must be Tensor, not {type_word(index)}")
    if operator == "index_fill" and index.dtype != np.int64:
        raise IndexError_("index_fill_(): Expected dtype int64 for index.")
    if index.ndim > 1:
        title, size = OF[index.dtype].title, list(index.shape)
        raise IndexError_(
            {
                "index_select": "index_select(): Index is supposed to be a vector",
                "index_fill": "Index has to be a vector/scalar",
                "index_copy": f"index_copy_(): Index should have dimension 1 or 0 (got {index.ndim})",
            }.get(
                operator,
                f"{operator}_(): Index is supposed to be a vector, but got dim: {index.ndim} with type: {title} and "
                f"size: {size}",
            ),
            kind="RuntimeError" if operator == "index_fill" else "IndexError",
        )
    if operator == "index_copy" and index.dtype != np.int64:
        raise DtypeError(f"index_copy_(): Expected a long tensor for index, but got {OF[index.dtype].title}")
    if index.dtype.kind not in "iu" or index.dtype.itemsize < 4:
        if operator == "index_select":
            raise DtypeError("index_select(): Expected dtype int32 or int64 for index")
        raise DtypeError(f"{operator}_(): Expected dtype int32/int64 for index but got: {OF[index.dtype].title}")
    return alloc.asarray(index).reshape(-1)


def check_added(operator: str, x: Any, dim: int, index: Any, source: Any) -> None:
    """What index_add and index_reduce ask of their source, in PyTorch's order."""
    if source.dtype != x.dtype:
        p, q = OF[x.dtype].title, OF[source.dtype].title
        raise DtypeError(f"{operator}_(): self ({p}) and source ({q}) must have the same scalar type")
    if dim and dim >= source.ndim:
        raise ShapeError(
            f"{operator}_(): Indexing dim {dim} is out of bounds of the source tensor with dim {source.ndim}"
        )
    if index.size != (extent := source.shape[dim] if source.ndim else 1):
        raise ShapeError(
            f"{operator}_(): Number of indices ({index.size}) should be equal to source.size(dim): ({extent}), for "
            f"dim: {dim}"
        )
    cut = (slice(0, dim), slice(dim + 1, None)) if x.ndim and source.ndim else (slice(0, None),)
    if any(x.shape[each] != source.shape[each] for each in cut):
        raise ShapeError(
            "source tensor shape must match self tensor shape, excluding the specified dimension. Got "
            f"self.shape = {list(x.shape)} source.shape = {list(source.shape)}"
        )


def _check_select(x: Any, pick: Any, extent: int, axis: int) -> None:
    if pick.size:
        low, high = pick.min().item(), pick.max().item()
        if low < 0 or high >= extent:
            if axis == 0 and x.size:
                raise IndexError_("index out of range in self")
            wrong = low if low < 0 else high
            raise IndexError_(
                f"INDICES element is out of DATA bounds, id={wrong} axis_dim={extent}", kind="RuntimeError"
            )


index_select.vjp("input", saves="index")(
    lambda F, g, out, x, dim, index: F.index_select_backward(g, x.shape, dim, index)
)


@index_select.batched
def _(F: Any, size: int, batched: Any, x: Any, dim: int, index: Any) -> Any:
    if batched[2] or not sample_of(x):
        return NotImplemented
    return applied(index_select, x, dim_index(dim, len(sample_of(x))) + 1, index)


@op(
    "index_select_backward(grad, shape, dim, index)",
    grad_fn="IndexAddBackward0",
    private=True,
    samples=lambda: [call(t(2, 4), (2, 3), 1, t(4, dtype="int64", values=[0, 2, 2, 1]))],
    linear=True,
)
def index_select_backward(g: Any, shape: Any, dim: int, index: Any) -> Any:
    """Zeros of `shape` to which the slices of `grad` are added along `dim`."""
    if not shape:
        return g
    full = alloc.zeros(shape, g.dtype)
    add_at(full, (slice(None),) * (dim % len(shape)) + (alloc.asarray(index).reshape(-1),), g)
    return full


index_select_backward.vjp("grad", saves="index")(
    lambda F, g, out, grad, shape, dim, index: F.index_select(g, dim, index)
)


@index_select_backward.batched
def _(F: Any, size: int, batched: Any, g: Any, shape: Any, dim: int, index: Any) -> Any:
    if batched[3] or not shape:
        return NotImplemented
    return applied(index_select_backward, g, (size, *shape), dim_index(dim, len(shape)) + 1, index)
