"""Filling and copying by masks and along one dimension, out of place, so that gradients flow through."""

from __future__ import annotations

import sys
from typing import Any

import numpy as np

from gradsh.engine.core import alloc
from gradsh.engine.core.arguments import dim_index, type_word
from gradsh.engine.core.batched import expanded, padded
from gradsh.engine.core.dtypes import OF
from gradsh.engine.core.namespaces import T
from gradsh.engine.core.promotion import converted
from gradsh.engine.core.strided import copied
from gradsh.engine.core.tensor import Tensor
from gradsh.engine.operators.batch_rules import applied, fronted, sample_of
from gradsh.engine.operators.general import General, op, run
from gradsh.engine.operators.registry import METHODS
from gradsh.engine.operators.samples import call, t
from gradsh.engine.ops.index.indexing import add_at, check_added, long_vector
from gradsh.engine.ops.shape.join import broadcast_shape
from gradsh.errors import ArgumentError, DtypeError, IndexError_, ShapeError

ndarray = np.ndarray


def array(value: Any) -> bool:
    """Whether a kernel's argument was a tensor."""
    return isinstance(value, (ndarray, np.generic))


def with_number(entry: General, name: str, at: int) -> None:
    """Give an operator PyTorch's second name for calls whose argument number `at` is a tensor, not a number."""
    second = entry.kind.renamed(name)
    bind = entry.signature.bind

    def apply(*args: Any, **kwargs: Any) -> Any:
        values = bind(args, kwargs)
        return run(entry, values, sys._getframe(1), second if values[at].__class__ is Tensor else None)

    apply.__name__ = apply.__qualname__ = entry.name
    entry.apply = apply
    T.__dict__[entry.name] = METHODS[entry.name] = apply


# --- by a mask -------------------------------------------------------------------------------------------------------


def need_mask(operator: str, mask: Any, x: Any) -> None:
    """Raise unless `mask` is a tensor of bools, whose size goes with that of `x`: PyTorch looks at sizes first."""
    if not array(mask):
        raise ArgumentError(f"{operator}(): argument 'mask' (position 2) must be Tensor, not {type_word(mask)}")
    broadcast_shape(mask.shape, x.shape)
    if mask.dtype.kind != "b":
        word = OF[mask.dtype].c_name if operator == "masked_fill" else OF[mask.dtype].title
        raise DtypeError(f"{operator}_ only supports boolean masks, but got mask with dtype {word}")


def _mask_samples() -> list[call]:
    mask = t(2, 3, dtype="bool", values=[[True, False, True], [False, False, True]])
    row = t(3, dtype="bool", values=[True, False, True])
    return [
        call(t(2, 3), mask, 0.5),
        call(t(2, 3), row, t()),
        call(t(3), mask, 2.0),
        call(t(3, 2, strided=True), t(2, dtype="bool", values=[True, False]), t()),
    ]


@op(
    "masked_fill(input, mask, value)",
    work="elements",
    grad_fn="MaskedFillBackward0",
    inplace=True,
    samples=_mask_samples,
    formula="input: 0 where mask, else g; value: g where mask, else 0, summed",
    example="masked_fill(ones(2), tensor([true, false]), 0.)",
)
def masked_fill(x: Any, mask: Any, value: Any) -> Any:
    """A copy with `value` wherever a mask is true; both broadcast."""
    need_mask("masked_fill", mask, x)
    if not hasattr(value, "dtype") and not isinstance(value, (int, float)):
        raise ArgumentError(f"masked_fill(): argument 'value' (position 3) must be Number, not {type_word(value)}")
    if getattr(value, "ndim", 0):
        raise ShapeError(
            f"masked_fill_ only supports a 0-dimensional value tensor, but got tensor with {value.ndim} dimension(s)."
        )
    shape = x.shape if x.shape == mask.shape else broadcast_shape(mask.shape, x.shape)
    full = alloc.array(np.broadcast_to(x, shape), order="C") if x.shape != shape else alloc.array(x)
    value = value.astype(x.dtype) if isinstance(value, (ndarray, np.generic)) else converted(value, x.dtype)
    full[mask if mask.shape == shape else np.broadcast_to(mask, shape)] = value
    return full[()]


masked_fill.vjp("input", saves="mask")(lambda F, g, out, x, mask, value: F.masked_fill(g, mask, 0))


@masked_fill.vjp("value", saves="mask")
def _(F: Any, g: Any, out: Any, x: Any, mask: Any, value: Any) -> Any:
    return F.sum(F.where(mask, g, 0), None, False, None)


@masked_fill.batched
def _(F: Any, size: int, batched: Any, x: Any, mask: Any, value: Any) -> Any:
    if batched[2]:
        return NotImplemented
    deepest = max(len(x.shape) - bool(batched[0]), len(mask.shape) - bool(batched[1]))
    if batched[0]:
        x = padded(x, deepest)
    else:
        x = expanded(x, size)
        x = padded(x, deepest)
    return applied(masked_fill, x, padded(mask, deepest) if batched[1] else mask, value)


@op(
    "masked_scatter(input, mask, source)",
    grad_fn="MaskedScatterBackward0",
    inplace=True,
    samples=lambda: [
        call(t(2, 3), t(2, 3, dtype="bool", values=[[True, False, True], [False, False, True]]), t(4)),
        call(t(3), t(3, dtype="bool", values=[True, False, True]), t(2, 2)),
    ],
    formula="input: g where the mask is false, else 0; source: g where it is true, in order",
    example="masked_scatter(zeros(3), tensor([true, false, true]), tensor([1., 2.]))",
    linear=True,
)
def masked_scatter(x: Any, mask: Any, source: Any) -> Any:
    """A copy in which the elements where a mask is true are those of `source`, in order."""
    need_mask("masked_scatter", mask, x)
    if not array(source):
        raise ArgumentError(f"masked_scatter(): argument 'source' (position 3) must be Tensor, not {type_word(source)}")
    if source.dtype != x.dtype:
        raise DtypeError(
            f"masked_scatter: expected self and source to have same dtypes but got{OF[x.dtype].title} and "
            f"{OF[source.dtype].title}"
        )
    shape = broadcast_shape(x.shape, mask.shape)
    full = alloc.array(np.broadcast_to(x, shape), order="C")
    wide = np.broadcast_to(mask, shape)
    n = int(np.count_nonzero(wide))
    if n > source.size:
        raise ShapeError("Number of elements of source < number of ones in mask")
    full[wide] = np.reshape(source, -1)[:n]
    return full[()]


masked_scatter.vjp("input", saves="mask")(lambda F, g, out, x, mask, source: F.masked_fill(g, mask, 0))


@masked_scatter.vjp("source", saves="mask")
def _(F: Any, g: Any, out: Any, x: Any, mask: Any, source: Any) -> Any:
    chosen = F.masked_select(g, mask)
    if chosen.shape[0] != source.size:
        chosen = F.slice_backward(chosen, (source.size,), 0, 0, chosen.shape[0], 1)
    return F.reshape(chosen, source.shape)


# --- whole slices ----------------------------------------------------------------------------------------------------


def _places(operator: str, x: Any, dim: int, index: Any, source: Any = None) -> tuple[int, Any]:
    dim = dim_index(dim, x.ndim)
    pick = long_vector(operator, index)
    if source is not None:
        _check_source(operator, x, dim, pick, source)
    extent = x.shape[dim] if x.ndim else 1
    if pick.size:
        low, high = pick.min().item(), pick.max().item()
        if low < -extent or high >= extent or (low < 0 and operator != "index_fill"):
            wrong = low if low < 0 else high
            where = "index_copy_(): " if operator == "index_copy" else ""
            if operator == "index_add" and x.ndim <= 1:
                raise IndexError_("index out of range in self", kind="IndexError")
            kind = "RuntimeError" if operator == "index_add" else "IndexError"
            raise IndexError_(
                f"{where}index {wrong} is out of bounds for dimension {dim} with size {extent}", kind=kind
            )
    return dim, pick


def _check_source(operator: str, x: Any, dim: int, pick: Any, source: Any) -> None:
    """What index_add and index_copy ask of their source."""
    if not array(source):
        raise ArgumentError(f"{operator}(): argument 'source' (position 4) must be Tensor, not {type_word(source)}")
    if operator == "index_add":
        check_added(operator, x, dim, pick, source)
        return
    if source.dtype != x.dtype:
        raise DtypeError(
            f"index_copy_(): self and source expected to have the same dtype, but got (self) {OF[x.dtype].title} and "
            f"(source) {OF[source.dtype].title}"
        )
    if not source.ndim and pick.size != 1:
        raise IndexError_(f"index_copy_(): When source is scalar, index should have one element (got {pick.size})")
    if source.ndim and x.ndim and source.ndim != x.ndim:
        raise IndexError_(
            "index_copy_(): When source and destination are not scalars, their dimensionality must match. Source "
            f"dimensionality ({source.ndim}), destination dimensionality ({x.ndim})"
        )
    there, here = ((*v.shape[:dim], *v.shape[dim + 1 :]) for v in (x, source))
    if there != here:
        there, here = (" ".join(map(str, sizes)) for sizes in (there, here))  # type: ignore[assignment]  # as text
        raise ShapeError(
            f"index_copy_(): Source/destination tensor must have same slice shapes. Destination slice shape: {there} "
            f"at dimension {dim} and source slice shape: {here} at dimension 0."
        )
    if source.ndim and source.shape[dim] != pick.size:
        raise IndexError_(
            f"index_copy_(): Number of indices ({pick.size}) should be equal to source.size(dim) ({source.shape[dim]})"
        )


@op(
    "index_add(input, dim, index, source, *, alpha=1)",
    shared="index_add_",
    grad_fn="IndexAddBackward0",
    inplace=True,
    samples=lambda: [
        call(t(3, 2), 0, t(3, dtype="int64", values=[0, 2, 2]), t(3, 2)),
        call(t(2, 3), -1, t(2, dtype="int64", values=[1, 0]), t(2, 2), alpha=0.5),
    ],
    formula="input: g; source: alpha times the slices of g at index",
    example="index_add(zeros(3), 0, tensor([0, 0]), tensor([1., 2.]))",
    linear=True,
)
def index_add(x: Any, dim: int, index: Any, source: Any, alpha: Any = 1) -> Any:
    """A copy to whose slices at `index` along `dim` those of `source` are added, alpha times."""
    dim, pick = _places("index_add", x, dim, index, source)
    full = alloc.array(x)
    if not x.ndim:
        return (full + alpha * np.reshape(source, ())).astype(x.dtype)[()]
    add_at(full, (slice(None),) * dim + (pick,), source if alpha == 1 else (source * alpha).astype(x.dtype))
    return full


index_add.vjp("input")(lambda F, g, out, x, dim, index, source, alpha: g)


@index_add.vjp("source", saves="index")
def _(F: Any, g: Any, out: Any, x: Any, dim: int, index: Any, source: Any, alpha: Any) -> Any:
    picked = F.reshape(F.index_select(g, dim, index), source.shape)
    return picked if alpha == 1 else picked * alpha


@index_add.batched
def _(F: Any, size: int, batched: Any, x: Any, dim: int, index: Any, source: Any, alpha: Any) -> Any:
    x, source = fronted(x, batched[0], size), fronted(source, batched[3], size)
    n = len(sample_of(x))
    if batched[2] or not n or len(sample_of(source)) != n:
        return NotImplemented
    return applied(index_add, x, dim_index(dim, n) + 1, index, source, alpha)


@op(
    "index_copy(input, dim, index, source)",
    grad_fn="IndexCopyBackward0",
    inplace=True,
    samples=lambda: [
        call(t(3, 2), 0, t(2, dtype="int64", values=[2, 0]), t(2, 2)),
        call(t(2, 3), -1, t(1, dtype="int64", values=[1]), t(2, 1)),
    ],
    formula="input: g with zeros in the slices at index; source: these slices of g",
    example="index_copy(zeros(3), 0, tensor([1]), tensor([5.]))",
    linear=True,
)
def index_copy(x: Any, dim: int, index: Any, source: Any) -> Any:
    """A copy whose slices at `index` along `dim` are those of `source`."""
    dim, pick = _places("index_copy", x, dim, index, source)
    full = alloc.array(x)
    if not x.ndim:
        return np.reshape(source, ())[()]
    full[(slice(None),) * dim + (pick,)] = source
    return full


index_copy.vjp("input", saves="index")(lambda F, g, out, x, dim, index, source: F.index_fill(g, dim, index, 0))
index_copy.vjp("source", saves="index")(
    lambda F, g, out, x, dim, index, source: F.reshape(F.index_select(g, dim, index), source.shape)
)


@index_copy.batched
def _(F: Any, size: int, batched: Any, x: Any, dim: int, index: Any, source: Any) -> Any:
    x, source = fronted(x, batched[0], size), fronted(source, batched[3], size)
    n = len(sample_of(x))
    if batched[2] or not n or len(sample_of(source)) != n:
        return NotImplemented
    return applied(index_copy, x, dim_index(dim, n) + 1, index, source)


@op(
    "index_fill(input, dim, index, value)",
    shared="index_fill_",
    layout="own",
    work="elements",
    grad_fn="IndexFillBackward0",
    inplace=True,
    samples=lambda: [
        call(t(3, 2), 0, t(2, dtype="int64", values=[2, 0]), 1.5),
        call(t(2, 3), 1, t(2, dtype="int64", values=[1, 1]), t()),
    ],
    formula="input: g with zeros in the slices at index; value: the sum of these slices of g",
    example="index_fill(zeros(3), 0, tensor([1]), 5.)",
)
def index_fill(x: Any, dim: int, index: Any, value: Any) -> Any:
    """A copy whose slices at `index` along `dim` are `value` throughout."""
    if getattr(value, "ndim", 0):
        raise ShapeError(
            f"index_fill_ only supports a 0-dimensional value tensor, but got tensor with {value.ndim} dimension(s)."
        )
    dim, pick = _places("index_fill", x, dim, index)
    value = value.astype(x.dtype) if isinstance(value, (ndarray, np.generic)) else converted(value, x.dtype)
    full = copied(x)
    if not x.ndim:
        return full.dtype.type(value) if pick.size else full[()]
    full[(slice(None),) * dim + (pick,)] = value
    return full


index_fill.vjp("input", saves="index")(lambda F, g, out, x, dim, index, value: F.index_fill(g, dim, index, 0))


@index_fill.vjp("value", saves="index")
def _(F: Any, g: Any, out: Any, x: Any, dim: int, index: Any, value: Any) -> Any:
    # a slice that is named twice was still filled once
    return F.sum(g - F.index_fill(g, dim, index, 0), None, False, None)


with_number(masked_fill, "MaskedFillBackward1", 2)
with_number(index_fill, "IndexFillBackward1", 3)
