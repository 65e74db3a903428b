"""The same numbers in another shape: views."""

from __future__ import annotations

import sys
from typing import Any

import numpy as np

from gradsh.engine.checks import dim_index, dims_tuple, int_tuple, is_int, need_tensor
from gradsh.engine.dtypes import OF, DType
from gradsh.engine.general import op, run
from gradsh.engine.graph import Kind
from gradsh.engine.modes import mode
from gradsh.engine.registry import METHODS, A, T, alias, composite
from gradsh.engine.samples import call, t
from gradsh.engine.tensor import Tensor
from gradsh.errors import DimError, ShapeError

ndarray = np.ndarray

# --- size 1 -----------------------------------------------------------------------------------------------------------


@op(
    "unsqueeze(input, dim)",
    grad_fn="UnsqueezeBackward0",
    view=True,
    samples=lambda: [call(t(2, 3), 0), call(t(2), -1), call(t(), 0), call(t(3, 2, strided=True), 1)],
    formula="g.squeeze(dim)",
    example="unsqueeze(tensor([1., 2.]), 0)",
)
def unsqueeze(x: Any, dim: int) -> Any:
    """A view with a new dimension of size 1 at `dim`."""
    dim = dim_index(dim, x.ndim + 1)
    return np.reshape(x, (1,)) if x.__class__ is not ndarray else x[(slice(None),) * dim + (None,)]


unsqueeze.vjp("input")(lambda F, g, out, x, dim: F.reshape(g, x.shape))


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
)
def squeeze(x: Any, dim: Any) -> Any:
    """A view without the dimensions of size 1, or without those of `dim` (one or several) that have size 1."""
    if dim is None:
        gone = tuple(i for i, extent in enumerate(x.shape) if extent == 1)
    else:
        gone = tuple(d for d in dims_tuple(dim, x.ndim) if x.ndim and x.shape[d] == 1)
    if x.__class__ is not ndarray:
        return np.asarray(x)
    return x[tuple(0 if i in gone else slice(None) for i in range(x.ndim)) + (...,)]


squeeze.vjp("input")(lambda F, g, out, x, dim: F.reshape(g, x.shape))

# PyTorch has a name for each form: without a dim, with one, with several
_SQUEEZE_DIM, _SQUEEZE_DIMS = (
    Kind(f"SqueezeBackward{i}", squeeze.kind.step, squeeze.kind.tensor_step, saves=False, operator="squeeze")
    for i in (1, 2)
)


def _squeeze(*args: Any, **kwargs: Any) -> Any:
    values = squeeze.signature.bind(args, kwargs)
    dim = values[1]
    kind = None if dim is None else _SQUEEZE_DIMS if isinstance(dim, (tuple, list)) else _SQUEEZE_DIM
    return run(squeeze, values, sys._getframe(1), kind)


squeeze.apply = _squeeze
T.squeeze = METHODS["squeeze"] = _squeeze

# --- expanding --------------------------------------------------------------------------------------------------------


def expanded_shape(shape: tuple[int, ...], size: tuple[int, ...]) -> tuple[int, ...]:
    """What `expand` to `size` gives for a tensor of `shape`; -1 keeps a size. Raises ShapeError."""
    lead = len(size) - len(shape)
    if lead < 0:
        raise ShapeError(
            f"expand(torch.FloatTensor{{{list(shape)}}}, size={list(size)}): the number of sizes provided ({len(size)}) "
            f"must be greater or equal to the number of dimensions in the tensor ({len(shape)})"
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
        return x[...] if x.__class__ is ndarray else np.asarray(x)
    if x.__class__ is not ndarray:
        x = np.asarray(x)
    lead = len(shape) - x.ndim
    strides = (0,) * lead + tuple(
        0 if old == 1 and new != 1 else stride
        for old, new, stride in zip(x.shape, shape[lead:], x.strides, strict=True)
    )
    return (
        ndarray(shape, x.dtype, x, 0, strides)
        if x.flags.c_contiguous
        else np.lib.stride_tricks.as_strided(x, shape, strides)
    )


@op(
    "expand(input, *size)",
    grad_fn="ExpandBackward0",
    view=True,
    samples=lambda: [call(t(2, 1), 2, 3), call(t(3), (2, -1)), call(t(), 2, 2), call(t(2, 3), 2, 3), call(t(1), 0)],
    formula="g, summed over the new dims",
    example="expand(tensor([[1.], [2.]]), 2, 3)",
)
def expand(x: Any, size: Any) -> Any:
    """A view in which dimensions of size 1 are repeated without copying; -1 keeps a dimension as it is."""
    if x.shape == size:
        return x[...] if x.__class__ is ndarray else np.asarray(x)
    return broadcast_view(x, expanded_shape(x.shape, int_tuple("expand", "size", 1, size)))


expand.vjp("input")(lambda F, g, out, x, size: F.sum_to_size(g, x.shape))


@composite("expand_as(input, other)", example="expand_as(tensor([1., 2.]), ones(3, 2))")
def expand_as(input: Any, other: Any) -> Any:
    """A view expanded to the shape of another tensor."""
    need_tensor("expand_as", "other", 1, other)
    return expand.apply(input, other.data.shape)


@composite("broadcast_to(input, *size)", example="broadcast_to(tensor([1., 2.]), (3, 2))")
def broadcast_to(input: Any, size: Any) -> Any:
    """A view expanded to `size`."""
    return expand.apply(input, size)


def summed(x: Any, size: Any) -> Any:
    """An array summed to a size; rules use it."""
    from gradsh.engine.backward import sum_to

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
    result = T.sum(input, dims, True) if dims else input
    return view.apply(result, shape) if lead else result


A.sum_to_size = summed

# --- another shape ----------------------------------------------------------------------------------------------------


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
            f"cannot reshape tensor of 0 elements into shape {list(size)} because the unspecified dimension size -1 can "
            "be any value and is ambiguous"
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
    "view(input, *shape)",
    grad_fn="ViewBackward0",
    view=True,
    samples=lambda: [call(t(2, 3), 3, 2), call(t(2, 3), (-1,)), call(t(), 1, 1), call(t(0, 3), 3, 0)],
    formula="g, viewed as input",
    example="arange(6.).view(2, 3)",
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
    if len(args) == 2 and args[1].__class__ is DType:
        return view_dtype.apply(args[0], args[1].np)
    return _view_sizes(*args, **kwargs)


from_tensors(expand)
from_tensors(view)
_view_sizes = view.apply
rebind(view, _view)


@op("clone_contiguous(input)", grad_fn="CloneBackward0", private=True, samples=lambda: [call(t(3, 2, strided=True))])
def clone_contiguous(x: Any) -> Any:
    """A copy with the elements in order."""
    return x.copy()


clone_contiguous.vjp("input")(lambda F, g, out, x: g)


@op("reshape_alias(input, shape)", grad_fn="ReshapeAliasBackward0", view=True, private=True)
def reshape_alias(x: Any, shape: Any) -> Any:
    """A view in another shape of memory that is not contiguous."""
    return viewed(x, shape)


reshape_alias.vjp("input")(lambda F, g, out, x, shape: F.reshape(g, x.shape))


@op("reshaped_copy(input, shape)", grad_fn="UnsafeViewBackward0", private=True, samples=lambda: [call(t(3, 2), (6,))])
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


A.reshape = np.reshape


@composite("view_as(input, other)", example="arange(4.).view_as(ones(2, 2))")
def view_as(input: Any, other: Any) -> Any:
    """The same memory in the shape of another tensor."""
    need_tensor("view_as", "other", 1, other)
    return view.apply(input, other.data.shape)


@composite("reshape_as(input, other)", example="arange(4.).reshape_as(ones(2, 2))")
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
            f"unflatten: Provided sizes {list(parts)} don't multiply up to the size of dim {at} ({shape[at]}) in the "
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


# --- another order of dimensions --------------------------------------------------------------------------------------


@op(
    "transpose(input, dim0, dim1)",
    grad_fn="TransposeBackward0",
    view=True,
    samples=lambda: [call(t(2, 3), 0, 1), call(t(2, 1, 3), 0, -1), call(t(), 0, -1)],
    formula="g, transposed back",
    example="transpose(ones(2, 3), 0, 1)",
)
def transpose(x: Any, dim0: int, dim1: int) -> Any:
    """A view with two dimensions exchanged."""
    first, second = dim_index(dim0, x.ndim), dim_index(dim1, x.ndim)
    return x.swapaxes(first, second) if x.ndim else np.asarray(x)


transpose.vjp("input")(lambda F, g, out, x, dim0, dim1: F.transpose(g, dim0, dim1))
alias("swapaxes", transpose)
alias("swapdims", transpose)


@op(
    "t(input)",
    grad_fn="TBackward0",
    view=True,
    samples=lambda: [call(t(2, 3)), call(t(2)), call(t())],
    formula="g.t()",
    example="t(ones(2, 3))",
)
def t_(x: Any) -> Any:
    """The transpose of a matrix, as a view; 1-D and 0-D tensors as they are."""
    if x.ndim > 2:
        raise ShapeError(f"t() expects a tensor with <= 2 dimensions, but self is {x.ndim}D")
    return x.T if x.ndim == 2 else x[...] if x.__class__ is ndarray else np.asarray(x)


t_.vjp("input")(lambda F, g, out, x: F.t(g))


@op(
    "permute(input, *dims)",
    grad_fn="PermuteBackward0",
    view=True,
    samples=lambda: [call(t(2, 3), 1, 0), call(t(2, 1, 3), (2, 0, 1)), call(t(2, 1, 3), (-1, 0, -2))],
    formula="g, permuted back",
    example="permute(ones(1, 2, 3), 2, 0, 1)",
)
def permute(x: Any, dims: Any) -> Any:
    """A view with its dimensions in another order."""
    dims = int_tuple("permute", "dims", 2, dims)
    if len(dims) != x.ndim:
        raise ShapeError(
            "permute(sparse_coo): number of dimensions in the tensor input does not match the length of the desired "
            f"ordering of dimensions i.e. input.dim() = {x.ndim} is not equal to len(dims) = {len(dims)}"
        )
    order = [dim_index(d, x.ndim) for d in dims]
    if len(set(order)) != len(order):
        raise ShapeError("permute(): duplicate dims are not allowed.")
    return x.transpose(order)


@permute.vjp("input")
def _(F: Any, g: Any, out: Any, x: Any, dims: Any) -> Any:
    back = [0] * x.ndim
    for i, d in enumerate(dims):
        back[d] = i
    return F.permute(g, tuple(back))


def _moved(operator: str, ndim: int, source: Any, destination: Any) -> tuple[int, ...]:
    """The order of dimensions in which `source` has gone to `destination`."""
    source = (source,) if not isinstance(source, (tuple, list)) else tuple(source)
    destination = (destination,) if not isinstance(destination, (tuple, list)) else tuple(destination)
    if len(source) != len(destination):
        raise ShapeError(
            f"movedim: Invalid source or destination dims: source ({list(source)} dims) should contain the same number "
            f"of dims as destination ({list(destination)} dims)"
        )
    sources = [dim_index(d, ndim) for d in source]
    targets = [dim_index(d, ndim) for d in destination]
    for word, given, dims in (("source", source, sources), ("destination", destination, targets)):
        if len(set(dims)) != len(dims):
            raise ShapeError(f"movedim: repeated dim in `{word}` ({list(given)})")
    rest = [d for d in range(ndim) if d not in sources]
    order = [-1] * ndim
    if not ndim:
        return ()
    for d, target in zip(sources, targets, strict=True):
        order[target] = d
    for i in range(ndim):
        if order[i] < 0:
            order[i] = rest.pop(0)
    return tuple(order)


@composite(
    "movedim(input, source, destination)",
    samples=lambda: [call(t(2, 1, 3), 0, 2), call(t(2, 1, 3), (0, 1), (-1, 0))],
    formula="g, moved back",
    example="movedim(ones(1, 2, 3), 0, 2)",
)
def movedim(input: Any, source: Any, destination: Any) -> Any:
    """A view with some dimensions moved to other places; the others keep their order."""
    need_tensor("movedim", "input", 1, input)
    order = _moved("movedim", input.data.ndim, source, destination)
    return permute.apply(input, order)


alias("moveaxis", movedim)
A.movedim = A.moveaxis = np.moveaxis


@composite("adjoint(input)", samples=lambda: [call(t(2, 3))], formula="g, transposed", example="adjoint(ones(2, 3))")
def adjoint(input: Any) -> Any:
    """The last two dimensions exchanged."""
    return matrix_transpose(input, "adjoint")


def matrix_transpose(x: Tensor, how: str) -> Any:
    """`x.mT`, `x.adjoint()`: the last two dimensions exchanged."""
    n = x.data.ndim
    if n == 0:
        word = "adjoint()" if how == "adjoint" else how
        mode.warn(f"Tensor.{word} is deprecated on 0-D tensors. This function is the identity in these cases.", once=True)
        return x
    if n < 2:
        if how == "adjoint":
            raise ShapeError("tensor.adjoint() is only supported on matrices or batches of matrices. Got 1-D tensor.")
        raise ShapeError(f"tensor.{how} is only supported on matrices or batches of matrices. Got {n}-D tensor.")
    return transpose.apply(x, -2, -1)


def reversed_dims(x: Tensor) -> Any:
    """`x.T`: all dimensions in reverse order."""
    n = x.data.ndim
    if n == 0:
        mode.warn("Tensor.T is deprecated on 0-D tensors. This function is the identity in these cases.", once=True)
    elif n != 2:
        mode.warn(
            "The use of `x.T` on tensors of dimension other than 2 to reverse their shape is deprecated and it will throw "
            "an error in a future release. Consider `x.mT` to transpose batches of matrices or "
            "`x.permute(*torch.arange(x.ndim - 1, -1, -1))` to reverse the dimensions of a tensor.",
            once=True,
        )
    return permute.apply(x, tuple(range(n - 1, -1, -1)))


# --- parts ------------------------------------------------------------------------------------------------------------


@op(
    "narrow(input, dim, start, length)",
    grad_fn="SliceBackward0",
    view=True,
    samples=lambda: [call(t(4, 3), 0, 1, 2), call(t(2, 5), -1, 0, 3), call(t(3), 0, -2, 2), call(t(3), 0, 3, 0)],
    formula="g, padded with zeros",
    example="narrow(arange(5.), 0, 1, 3)",
)
def narrow(x: Any, dim: int, start: Any, length: int) -> Any:
    """A view of `length` elements from `start` along `dim`."""
    if x.ndim == 0:
        raise ShapeError("narrow() cannot be applied to a 0-dim tensor.")
    if length < 0:
        raise ShapeError("narrow(): length must be non-negative.")
    dim = dim_index(dim, x.ndim)
    extent = x.shape[dim]
    start = int(start)
    if not -extent <= start <= extent:
        raise DimError(f"start out of range (expected to be in range of [-{extent}, {extent}], but got {start})")
    if start < 0:
        start += extent
    if start > extent - length:
        raise ShapeError(f"start ({start}) + length ({length}) exceeds dimension size ({extent}).")
    return x[(slice(None),) * dim + (slice(start, start + length),)]


@narrow.vjp("input")
def _(F: Any, g: Any, out: Any, x: Any, dim: int, start: Any, length: int) -> Any:
    dim, start = dim % len(x.shape), int(start)
    start = start % x.shape[dim] if start < 0 else start
    return F.slice_backward(g, x.shape, dim, start, start + length, 1)


@op(
    "slice(input, dim, start, end, step)",
    grad_fn="SliceBackward0",
    view=True,
    private=True,
    samples=lambda: [call(t(5, 2), 0, 1, 5, 2)],
)
def slice_(x: Any, dim: int, start: int, end: int, step: int) -> Any:
    """A view of every `step`-th element from `start` up to `end` along `dim`; the bounds lie within the dimension."""
    return x[(slice(None),) * dim + (slice(start, end, step),)]


slice_.vjp("input")(lambda F, g, out, x, dim, start, end, step: F.slice_backward(g, x.shape, dim, start, end, step))


@op(
    "slice_backward(grad, shape, dim, start, end, step)",
    grad_fn="SliceBackwardBackward0",
    private=True,
    samples=lambda: [call(t(2, 3), (4, 3), 0, 1, 3, 1), call(t(2), (5,), 0, 1, 5, 2)],
)
def slice_backward(g: Any, shape: Any, dim: int, start: int, end: int, step: int) -> Any:
    """Zeros of `shape` with `grad` written to a slice along `dim`."""
    full = np.zeros(shape, g.dtype)
    full[(slice(None),) * dim + (slice(start, end, step),)] = g
    return full


slice_backward.vjp("grad")(lambda F, g, out, grad, shape, dim, start, end, step: F.slice(g, dim, start, end, step))


def select_index(operator: str, shape: tuple[int, ...], dim: int, index: int) -> tuple[int, int]:
    """`dim` and `index` of a select, checked and not negative."""
    if not shape:
        raise DimError("select() cannot be applied to a 0-dim tensor.")
    dim = dim_index(dim, len(shape))
    extent = shape[dim]
    if not -extent <= index < extent:
        raise DimError(f"{operator}(): index {index} out of range for tensor of size {list(shape)} at dimension {dim}")
    return dim, index % extent


@op(
    "select(input, dim, index)",
    grad_fn="SelectBackward0",
    view=True,
    samples=lambda: [call(t(2, 3), 0, 1), call(t(2, 3), -1, -1), call(t(2), 0, 0)],
    formula="g at its place among zeros",
    example="select(ones(2, 3), 1, 0)",
)
def select(x: Any, dim: int, index: Any) -> Any:
    """A view of the slice at `index` along `dim`, without that dimension."""
    dim, index = select_index("select", x.shape, dim, int(index))
    return x[(slice(None),) * dim + (index, ...)]


@select.vjp("input")
def _(F: Any, g: Any, out: Any, x: Any, dim: int, index: Any) -> Any:
    return F.select_backward(g, x.shape, dim % len(x.shape), int(index) % x.shape[dim])


@op(
    "select_backward(grad, shape, dim, index)",
    grad_fn="SelectBackwardBackward0",
    private=True,
    samples=lambda: [call(t(3), (2, 3), 0, 1), call(t(), (3,), 0, 2)],
)
def select_backward(g: Any, shape: Any, dim: int, index: int) -> Any:
    """Zeros of `shape` with `grad` written at `index` along `dim`."""
    full = np.zeros(shape, g.dtype)
    full[(slice(None),) * dim + (index,)] = g
    return full


select_backward.vjp("grad")(lambda F, g, out, grad, shape, dim, index: F.select(g, dim, index))


# --- with a batch in front (vmap, batched Jacobians) --------------------------------------------------------------------
#
# Each rule does the same one dimension further back; rules of the graph name these on every kind of node.


def _shift(dim: int, ndim: int) -> int:
    """The dim of a sample with `ndim` dims, in the batch."""
    return dim_index(dim, ndim) + 1


def _batch_reshape(F: Any, size: int, batched: Any, x: Any, shape: Any) -> Any:
    count = 1
    for extent in x.shape[1:]:
        count *= extent
    return F.reshape(x, (size, *inferred(tuple(shape), count)))


reshape.batched(_batch_reshape)
view.batched(_batch_reshape)


@unsqueeze.batched
def _(F: Any, size: int, batched: Any, x: Any, dim: int) -> Any:
    return F.unsqueeze(x, _shift(dim, len(x.shape)))


@permute.batched
def _(F: Any, size: int, batched: Any, x: Any, dims: Any) -> Any:
    n = len(x.shape) - 1
    return F.permute(x, (0, *(_shift(d, n) for d in dims)))


@transpose.batched
def _(F: Any, size: int, batched: Any, x: Any, dim0: int, dim1: int) -> Any:
    n = len(x.shape) - 1
    return F.transpose(x, _shift(dim0, n), _shift(dim1, n)) if n else x


@t_.batched
def _(F: Any, size: int, batched: Any, x: Any) -> Any:
    return F.transpose(x, 1, 2) if len(x.shape) == 3 else x


@squeeze.batched
def _(F: Any, size: int, batched: Any, x: Any, dim: Any) -> Any:
    shape = tuple(x.shape[1:])
    gone = range(len(shape)) if dim is None else dims_tuple(dim, len(shape)) if shape else ()
    return F.reshape(x, (size, *(e for i, e in enumerate(shape) if e != 1 or i not in gone)))


@expand.batched
def _(F: Any, size: int, batched: Any, x: Any, sizes: Any) -> Any:
    shape = tuple(x.shape[1:])
    target = expanded_shape(shape, tuple(sizes))
    wide = F.reshape(x, (size, *(1,) * (len(target) - len(shape)), *shape))
    return F.expand(wide, (size, *target))


@sum_to_size.batched
def _(F: Any, size: int, batched: Any, x: Any, sizes: Any) -> Any:
    shape = tuple(x.shape[1:])
    lead = len(shape) - len(sizes)
    wide = F.sum_to_size(x, (size, *(1,) * lead, *sizes))
    return F.reshape(wide, (size, *sizes)) if lead else wide


@select.batched
def _(F: Any, size: int, batched: Any, x: Any, dim: int, index: Any) -> Any:
    return F.select(x, _shift(dim, len(x.shape) - 1), index)


@select_backward.batched
def _(F: Any, size: int, batched: Any, g: Any, shape: Any, dim: int, index: int) -> Any:
    return F.select_backward(g, (size, *shape), dim + 1, index)


@slice_.batched
def _(F: Any, size: int, batched: Any, x: Any, dim: int, start: int, end: int, step: int) -> Any:
    return F.slice(x, dim + 1, start, end, step)


@slice_backward.batched
def _(F: Any, size: int, batched: Any, g: Any, shape: Any, dim: int, start: int, end: int, step: int) -> Any:
    return F.slice_backward(g, (size, *shape), dim + 1, start, end, step)


@narrow.batched
def _(F: Any, size: int, batched: Any, x: Any, dim: int, start: Any, length: int) -> Any:
    return F.narrow(x, _shift(dim, len(x.shape) - 1), start, length)
