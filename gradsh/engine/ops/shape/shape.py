"""The same numbers in another shape: views."""

from __future__ import annotations

import sys
from typing import Any

import numpy as np

from gradsh.engine.core import alloc
from gradsh.engine.core.arguments import dim_index, dims_tuple, int_tuple, is_int, need_tensor
from gradsh.engine.core.batched import padded
from gradsh.engine.core.dtypes import OF, DType, Size
from gradsh.engine.core.namespaces import T
from gradsh.engine.core.strided import strided
from gradsh.engine.core.tensor import Tensor
from gradsh.engine.operators.batch_rules import applied, count, sample_of
from gradsh.engine.operators.composite import composite
from gradsh.engine.operators.general import op, run
from gradsh.engine.operators.registry import METHODS, on_arrays
from gradsh.engine.operators.samples import call, t
from gradsh.errors import ShapeError

ndarray = np.ndarray

# --- size 1 ----------------------------------------------------------------------------------------------------------


@op(
    "unsqueeze(input, dim)",
    grad_fn="UnsqueezeBackward0",
    view=True,
    samples=lambda: [call(t(2, 3), 0), call(t(2), -1), call(t(), 0), call(t(3, 2, strided=True), 1)],
    formula="g.squeeze(dim)",
    example="unsqueeze(tensor([1., 2.]), 0)",
    linear=True,
    inplace=True,
)
def unsqueeze(x: Any, dim: int) -> Any:
    """A view with a new dimension of size 1 at `dim`."""
    dim = dim_index(dim, x.ndim + 1)
    return np.reshape(x, (1,)) if x.__class__ is not ndarray else x[(slice(None),) * dim + (None,)]


unsqueeze.vjp("input")(lambda F, g, out, x, dim: F.squeeze(g, dim_index(dim, len(x.shape) + 1)))


@unsqueeze.batched
def _(F: Any, size: int, batched: Any, x: Any, dim: int) -> Any:
    return applied(unsqueeze, x, dim_index(dim, len(sample_of(x)) + 1) + 1)


@op(
    "squeeze(input, dim=None)",
    grad_fn="SqueezeBackward0",
    view=True,
    samples=lambda: [
        call(t(2, 1, 3)),
        call(t(2, 1), 1),
        call(t(2, 3), 0),
        call(t(1, 2, 1), (0, -1)),
        call(t(), 0),
    ],
    formula="g, viewed as input",
    example="squeeze(ones(1, 2))",
    linear=True,
    inplace=True,
)
def squeeze(x: Any, dim: Any) -> Any:
    """A view without the dimensions of size 1, or without those of `dim` (one or several) that have size 1."""
    if dim is None:
        gone = tuple(i for i, extent in enumerate(x.shape) if extent == 1)
    else:
        gone = tuple(d for d in dims_tuple(dim, x.ndim) if x.ndim and x.shape[d] == 1)
    if x.__class__ is not ndarray:
        return alloc.asarray(x)
    return x[(*(0 if i in gone else slice(None) for i in range(x.ndim)), ...)]


squeeze.vjp("input")(lambda F, g, out, x, dim: F.reshape(g, x.shape))


@squeeze.batched
def _(F: Any, size: int, batched: Any, x: Any, dim: Any) -> Any:
    shape = sample_of(x)
    gone = dims_tuple(dim, len(shape))
    return F.reshape(x, (size, *(n for i, n in enumerate(shape) if n != 1 or i not in gone)))


# PyTorch has a name for each form: without a dim, with one, with several
_SQUEEZE_DIM, _SQUEEZE_DIMS = (squeeze.kind.renamed(f"SqueezeBackward{i}") for i in (1, 2))


def _squeeze(*args: Any, **kwargs: Any) -> Any:
    values = squeeze.signature.bind(args, kwargs)
    dim = values[1]
    kind = None if dim is None else _SQUEEZE_DIMS if isinstance(dim, (tuple, list)) else _SQUEEZE_DIM
    return run(squeeze, values, sys._getframe(1), kind)


squeeze.apply = _squeeze
T.__dict__["squeeze"] = METHODS["squeeze"] = _squeeze

# --- expanding -------------------------------------------------------------------------------------------------------


def expanded_shape(shape: tuple[int, ...], size: tuple[int, ...], title: str = "Float") -> tuple[int, ...]:
    """What `expand` to `size` gives for a tensor of `shape`; -1 keeps a size. Raises ShapeError."""
    lead = len(size) - len(shape)
    if lead < 0:
        raise ShapeError(
            f"expand(torch.{title}Tensor{{{list(shape)}}}, size={list(size)}): the number of sizes provided "
            f"({len(size)}) must be greater or equal to the number of dimensions in the tensor ({len(shape)})"
        )
    target = []
    for i, extent in enumerate(size):
        old = shape[i - lead] if i >= lead else 1
        if extent == -1:
            if i < lead:
                raise ShapeError(
                    f"The expanded size of the tensor ({extent}) isn't allowed in a leading, non-existing dimension {i}"
                )
            extent = old
        elif extent < 0:
            raise ShapeError(
                f"The expanded size of the tensor ({extent}) isn't allowed in a leading, non-existing dimension {i}"
            )
        elif old not in (1, extent):
            raise ShapeError(
                f"The expanded size of the tensor ({extent}) must match the existing size ({old}) at non-singleton "
                f"dimension {i}.  Target sizes: {list(size)}.  Tensor sizes: {list(shape)}"
            )
        target.append(extent)
    return tuple(target)


def broadcast_view(x: Any, shape: tuple[int, ...]) -> Any:
    """`np.broadcast_to`, several times faster and writable (PyTorch refuses to write, in its own words)."""
    if x.shape == shape:
        return x[...] if x.__class__ is ndarray else alloc.asarray(x)
    if x.__class__ is not ndarray:
        x = alloc.asarray(x)
    lead = len(shape) - x.ndim
    strides = (0,) * lead + tuple(
        0 if old == 1 and new != 1 else stride
        for old, new, stride in zip(x.shape, shape[lead:], x.strides, strict=True)
    )
    return strided(x, shape, strides)


@op(
    "expand(input, *size)",
    grad_fn="ExpandBackward0",
    view=True,
    samples=lambda: [call(t(2, 1), 2, 3), call(t(3), (2, -1)), call(t(), 2, 2), call(t(2, 3), 2, 3), call(t(1), 0)],
    formula="g, summed over the new dims",
    example="expand(tensor([[1.], [2.]]), 2, 3)",
    linear=True,
)
def expand(x: Any, size: Any) -> Any:
    """A view in which dimensions of size 1 are repeated without copying; -1 keeps a dimension as it is."""
    if x.shape == size:
        return x[...] if x.__class__ is ndarray else alloc.asarray(x)
    return broadcast_view(x, expanded_shape(x.shape, int_tuple("expand", "size", 1, size), OF[x.dtype].title))


expand.vjp("input")(lambda F, g, out, x, size: F.sum_to_size(g, x.shape))


@expand.batched
def _(F: Any, size: int, batched: Any, x: Any, shape: Any) -> Any:
    wanted = expanded_shape(sample_of(x), tuple(shape))
    return applied(expand, padded(x, len(wanted)), (size, *wanted))


@composite(
    "expand_as(input, other)", formula="g, summed over the new dims", example="expand_as(tensor([1., 2.]), ones(3, 2))"
)
def expand_as(input: Any, other: Any) -> Any:
    """A view expanded to the shape of another tensor."""
    need_tensor("expand_as", "other", 1, other)
    return expand.apply(input, other.data.shape)


@composite(
    "broadcast_to(input, *size)",
    formula="g, summed over the new dims",
    example="broadcast_to(tensor([1., 2.]), (3, 2))",
)
def broadcast_to(input: Any, size: Any) -> Any:
    """A view expanded to `size`."""
    return expand.apply(input, size)


def summed(x: Any, size: Any) -> Any:
    """An array summed to a size; rules use it."""
    from gradsh.engine.autograd.forms import sum_to

    return x if x.shape == size else sum_to(x, size)


@composite(
    "sum_to_size(input, *size)",
    samples=lambda: [call(t(2, 3), 1, 3), call(t(4, 2, 3), (3,)), call(t(2, 3), 2, 3)],
    formula="g, expanded",
    example="sum_to_size(ones(2, 3), 1, 3)",
)
def sum_to_size(input: Any, size: Any) -> Any:
    """Sums over the dimensions that `size` does not have, or has with size 1."""
    need_tensor("sum_to_size", "input", 1, input)
    shape = int_tuple("sum_to_size", "size", 2, size)
    old = input.data.shape
    lead = len(old) - len(shape)
    if lead < 0 or any(new not in (1, extent) for extent, new in zip(old[lead:], shape, strict=True)):
        raise ShapeError(f"size {{{list(shape)}}} is not expandable to size {{{list(old)}}}.")
    dims = (*range(lead), *(i + lead for i, new in enumerate(shape) if new == 1 and old[i + lead] != 1))
    if not old:
        return T.sum(input)  # as PyTorch does, over no dims
    result = T.sum(input, dims, True) if dims else input
    return view.apply(result, shape) if lead else result


@sum_to_size.batched
def _(F: Any, size: int, batched: Any, x: Any, shape: Any) -> Any:
    shape = tuple(shape)
    old = sample_of(x)
    lead = len(old) - len(shape)
    axes = tuple(range(1, lead + 1)) + tuple(
        i + lead + 1 for i, extent in enumerate(shape) if extent == 1 and old[i + lead] != 1
    )
    return F.reshape(F.sum(x, axes, True, None) if axes else x, (size, *shape))


on_arrays("sum_to_size", summed)

# --- another shape ---------------------------------------------------------------------------------------------------


def inferred(size: tuple[int, ...], count: int, shape: tuple[int, ...] = ()) -> tuple[int, ...]:
    """`size` with its -1 worked out for `count` elements. Raises ShapeError in the words of `view`."""
    known, at = 1, -1
    for i, extent in enumerate(size):
        if extent == -1:
            if at >= 0:
                raise ShapeError("only one dimension can be inferred")
            at = i
        elif extent < 0:
            raise ShapeError(f"invalid shape dimension {extent} at index {i} of shape {list(size)}")
        else:
            known *= extent
    if at < 0:
        if known != count:
            raise ShapeError(f"shape '{list(size)}' is invalid for input of size {count}")
        return size
    if known == 0 and count == 0:
        raise ShapeError(
            f"cannot reshape tensor of 0 elements into shape {list(size)} because the unspecified dimension size -1 "
            "can be any value and is ambiguous"
        )
    if known == 0 or count % known:
        raise ShapeError(f"shape '{list(size)}' is invalid for input of size {count}")
    return (*size[:at], count // known, *size[at + 1 :])


def viewed(x: Any, shape: tuple[int, ...]) -> Any:
    """A view of an array in another shape, None when its memory does not allow one."""
    if x.__class__ is not ndarray:
        return np.reshape(x, shape)
    if x.flags.c_contiguous:
        return x.reshape(shape)
    view = x[...]
    try:
        view.shape = shape
    except AttributeError:
        return None
    return view


@op(
    "view(input, *size)",
    grad_fn="ViewBackward0",
    view=True,
    samples=lambda: [call(t(2, 3), 3, 2), call(t(2, 3), (-1,)), call(t(), 1, 1), call(t(0, 3), 3, 0)],
    formula="g, viewed as input",
    example="arange(6.).view(2, 3)",
    linear=True,
)
def view(x: Any, shape: Any) -> Any:
    """The same memory in another shape, of which one size may be -1; an error when that takes a copy."""
    shape = inferred(int_tuple("view", "size", 1, shape), x.size)
    found = viewed(x, shape)
    if found is None:
        raise ShapeError(
            "view size is not compatible with input tensor's size and stride (at least one dimension spans across two "
            "contiguous subspaces). Use .reshape(...) instead."
        )
    return found


view.vjp("input")(lambda F, g, out, x, shape: F.reshape(g, x.shape))
# the tangent may lie in memory in another way
view.jvp(lambda F, t, saved: F.reshape(t, tuple(saved[-1].shape)))


def from_tensors(entry: Any) -> None:
    """Let an operator take sizes that are 0-d tensors, as `x.view(n, -1)` with a computed `n`."""
    plain = entry.apply

    def apply(*args: Any, **kwargs: Any) -> Any:
        for value in args[1:]:
            if value.__class__ is Tensor:
                args = (args[0], *(int(v) if v.__class__ is Tensor and is_int(v) else v for v in args[1:]))
                break
        return plain(*args, **kwargs)

    rebind(entry, apply)


def rebind(entry: Any, apply: Any) -> None:
    """Give an operator another function for programs to call."""
    apply.__name__ = apply.__qualname__ = entry.name
    entry.apply = apply
    T.__dict__[entry.name] = METHODS[entry.name] = apply


@op("view_dtype(input, dtype)", view=True, private=True)
def view_dtype(x: Any, dtype: Any) -> Any:
    """The same memory read as another dtype."""
    if x.dtype.itemsize != dtype.itemsize and not (x.ndim and x.strides[-1] == x.itemsize):
        raise ShapeError(
            f"self.dim() cannot be 0 to view {OF[x.dtype].title} as {OF[dtype].title} (different element sizes)"
        )
    return x.view(dtype)


def _view(*args: Any, **kwargs: Any) -> Any:
    """`x.view(sizes)`, and `x.view(dtype)`."""
    dtype = args[1] if len(args) == 2 else kwargs.get("dtype") if len(args) == 1 and len(kwargs) == 1 else None
    if isinstance(dtype, DType):
        return view_dtype.apply(args[0], dtype.np)
    return _view_sizes(*args, **kwargs)


from_tensors(expand)
from_tensors(view)
_view_sizes = view.apply
rebind(view, _view)


@op(
    "clone_contiguous(input)",
    layout="contiguous",
    grad_fn="CloneBackward0",
    private=True,
    samples=lambda: [call(t(3, 2, strided=True))],
    elementwise=True,
    linear=True,
)
def clone_contiguous(x: Any) -> Any:
    """A copy with the elements in order."""
    return x.copy()


clone_contiguous.vjp("input")(lambda F, g, out, x: g)


@op("reshape_alias(input, shape)", grad_fn="ReshapeAliasBackward0", view=True, private=True, linear=True)
def reshape_alias(x: Any, shape: Any) -> Any:
    """A view in another shape of memory that is not contiguous."""
    return viewed(x, shape)


reshape_alias.vjp("input")(lambda F, g, out, x, shape: F.reshape(g, x.shape))


@op(
    "reshaped_copy(input, shape)",
    work="elements",
    grad_fn="UnsafeViewBackward0",
    private=True,
    samples=lambda: [call(t(3, 2), (6,))],
    linear=True,
)
def reshaped_copy(x: Any, shape: Any) -> Any:
    """Another shape for a tensor that nobody else holds."""
    return x.reshape(shape)


reshaped_copy.vjp("input")(lambda F, g, out, x, shape: F.reshape(g, x.shape))


@composite(
    "reshape(input, *shape)",
    samples=lambda: [call(t(2, 3), 3, 2), call(t(2, 3), (-1,)), call(t(3, 2, strided=True), 6), call(t(), (1,))],
    formula="g, reshaped back",
    example="reshape(arange(6.), 2, 3)",
)
def reshape(input: Any, shape: Any) -> Any:
    """The same elements in another shape, of which one size may be -1; a view where memory allows it, else a copy."""
    need_tensor("reshape", "input", 1, input)
    x = input.data
    shape = inferred(int_tuple("reshape", "shape", 2, shape), x.size)
    if x.__class__ is ndarray and not x.flags.c_contiguous:
        if viewed(x, shape) is None:
            return reshaped_copy.apply(clone_contiguous.apply(input), shape)
        return reshape_alias.apply(input, shape)
    return _view_sizes(input, shape)


_reshape_any = reshape.apply


def _reshape(*args: Any, **kwargs: Any) -> Any:
    """The common case of `reshape` without detours: ints, and memory that allows a view."""
    input = args[0] if args else None
    if kwargs or input.__class__ is not Tensor or len(args) < 2:
        return _reshape_any(*args, **kwargs)
    first = args[1]
    shape = tuple(first) if first.__class__ is tuple or first.__class__ is list or first.__class__ is Size else args[1:]
    x = input.data
    if x.__class__ is ndarray and not x.flags.c_contiguous:
        return _reshape_any(*args)
    for extent in shape:
        if extent.__class__ is not int:
            return _reshape_any(*args)
    return run(view, [input, shape], sys._getframe(1))


rebind(reshape, _reshape)
on_arrays("reshape", np.reshape)


@composite("view_as(input, other)", formula="g, viewed as input", example="arange(4.).view_as(ones(2, 2))")
def view_as(input: Any, other: Any) -> Any:
    """The same memory in the shape of another tensor."""
    need_tensor("view_as", "other", 1, other)
    return view.apply(input, other.data.shape)


@composite("reshape_as(input, other)", formula="g, reshaped back", example="arange(4.).reshape_as(ones(2, 2))")
def reshape_as(input: Any, other: Any) -> Any:
    """The same elements in the shape of another tensor."""
    need_tensor("reshape_as", "other", 1, other)
    return reshape.apply(input, other.data.shape)


@composite(
    "flatten(input, start_dim=0, end_dim=-1)",
    samples=lambda: [call(t(2, 3)), call(t(2, 1, 3), 1), call(t()), call(t(2, 3, 2), 0, 1)],
    formula="g, reshaped back",
    example="flatten(ones(2, 3))",
)
def flatten(input: Any, start_dim: int, end_dim: int) -> Any:
    """The dimensions from `start_dim` to `end_dim` made one."""
    need_tensor("flatten", "input", 1, input)
    shape = input.data.shape
    n = len(shape)
    first, last = dim_index(start_dim, n), dim_index(end_dim, n)
    if first > last:
        raise ShapeError("flatten() has invalid args: start_dim cannot come after end_dim")
    if not n:
        return reshape.apply(input, (1,))
    if first == last:
        return input
    count = 1
    for extent in shape[first : last + 1]:
        count *= extent
    return reshape.apply(input, (*shape[:first], count, *shape[last + 1 :]))


@composite(
    "unflatten(input, dim, sizes)",
    samples=lambda: [call(t(2, 6), 1, (2, -1)), call(t(4), -1, (2, 2))],
    formula="g, reshaped back",
    example="unflatten(arange(6.), 0, (2, 3))",
)
def unflatten(input: Any, dim: int, sizes: Any) -> Any:
    """One dimension made several; one of `sizes` may be -1."""
    need_tensor("unflatten", "input", 1, input)
    shape = input.data.shape
    at = dim_index(dim, len(shape))
    parts = int_tuple("unflatten", "sizes", 3, sizes)
    if not parts:
        raise ShapeError("unflatten: sizes must be non-empty")
    try:
        parts = inferred(parts, shape[at] if shape else 1)
    except ShapeError as error:
        if "invalid for input" not in error.message:
            raise
        raise ShapeError(
            f"unflatten: Provided sizes {list(parts)} don't multiply up to the size of dim {at} "
            f"({shape[at] if shape else 1}) in the "
            "input tensor"
        ) from None
    return view.apply(input, (*shape[:at], *parts, *shape[at + 1 :]))


@composite(
    "ravel(input)",
    samples=lambda: [call(t(2, 3)), call(t(3, 2, strided=True))],
    formula="g, reshaped back",
    example="ravel(ones(2, 2))",
)
def ravel(input: Any) -> Any:
    """All elements in one dimension."""
    x = input.data
    if x.__class__ is ndarray and not x.flags.c_contiguous:
        input = clone_contiguous.apply(input)
    return view.apply(input, (x.size,))


@reshape.batched
@view.batched
@reshaped_copy.batched
@reshape_alias.batched
def reshape_samples(F: Any, size: int, batched: Any, x: Any, shape: Any) -> Any:
    """The batch rule of everything that gives the elements another shape."""
    wanted = inferred(tuple(shape) if isinstance(shape, (tuple, list)) else (shape,), count(sample_of(x)))
    return F.reshape(x, (size, *wanted))
