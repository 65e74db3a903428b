"""The same numbers with their dimensions in another order, and parts of them: views."""

from __future__ import annotations

import sys
from typing import Any

import numpy as np

from gradsh.engine.core import alloc
from gradsh.engine.core.arguments import dim_index, dims_tuple, int_tuple, need_tensor
from gradsh.engine.core.modes import mode
from gradsh.engine.core.tensor import Tensor
from gradsh.engine.operators.batch_rules import along, along_in_shape, applied, sample_of
from gradsh.engine.operators.composite import composite
from gradsh.engine.operators.general import op, run
from gradsh.engine.operators.reduction import public
from gradsh.engine.operators.registry import alias, on_arrays
from gradsh.engine.operators.samples import call, t
from gradsh.errors import DimError, ShapeError

ndarray = np.ndarray

# --- another order of dimensions -------------------------------------------------------------------------------------


@op(
    "transpose(input, dim0, dim1)",
    grad_fn="TransposeBackward0",
    view=True,
    samples=lambda: [call(t(2, 3), 0, 1), call(t(2, 1, 3), 0, -1), call(t(), 0, -1)],
    formula="g.transpose(dim0, dim1)",
    example="transpose(ones(2, 3), 0, 1)",
    linear=True,
    inplace=True,
)
def transpose(x: Any, dim0: int, dim1: int) -> Any:
    """A view with two dimensions exchanged."""
    first, second = dim_index(dim0, x.ndim), dim_index(dim1, x.ndim)
    return x.swapaxes(first, second) if x.ndim else alloc.asarray(x)


transpose.vjp("input")(lambda F, g, out, x, dim0, dim1: F.transpose(g, dim0, dim1))


along(transpose, 1, 2)

alias("swapaxes", transpose)
alias("swapdims", transpose)


@op(
    "t(input)",
    grad_fn="TBackward0",
    second="TBackward0",
    view=True,
    samples=lambda: [call(t(2, 3)), call(t(2)), call(t())],
    formula="g.t()",
    example="t(ones(2, 3))",
    linear=True,
    inplace=True,
)
def t_(x: Any) -> Any:
    """The transpose of a matrix, as a view; 1-D and 0-D tensors as they are."""
    if x.ndim > 2:
        raise ShapeError(f"t() expects a tensor with <= 2 dimensions, but self is {x.ndim}D")
    return x.T if x.ndim == 2 else x[...] if x.__class__ is ndarray else alloc.asarray(x)


t_.vjp("input")(lambda F, g, out, x: F.t(g))
t_.jvp(lambda F, t, saved: F.t(t))


@t_.batched
def _(F: Any, size: int, batched: Any, x: Any) -> Any:
    return applied(transpose, x, 1, 2) if len(sample_of(x)) == 2 else NotImplemented


@op(
    "permute(input, *dims)",
    grad_fn="PermuteBackward0",
    view=True,
    samples=lambda: [call(t(2, 3), 1, 0), call(t(2, 1, 3), (2, 0, 1)), call(t(2, 1, 3), (-1, 0, -2))],
    formula="g, permuted back",
    example="permute(ones(1, 2, 3), 2, 0, 1)",
    linear=True,
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


@permute.batched
def _(F: Any, size: int, batched: Any, x: Any, dims: Any) -> Any:
    n = len(sample_of(x))
    return applied(permute, x, (0, *(d + 1 for d in dims_tuple(tuple(dims), n))) if n else (0,))


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
on_arrays("movedim", np.moveaxis)
on_arrays("moveaxis", np.moveaxis)


@composite("adjoint(input)", samples=lambda: [call(t(2, 3))], formula="g.mT", example="adjoint(ones(2, 3))")
def adjoint(input: Any) -> Any:
    """The last two dimensions exchanged."""
    return matrix_transpose(input, "adjoint")


def matrix_transpose(x: Tensor, how: str) -> Any:
    """`x.mT`, `x.adjoint()`: the last two dimensions exchanged."""
    n = x.data.ndim
    if n == 0:
        text = f"Tensor.{how} is deprecated on 0-D tensors. This function is the identity in these cases."
        if how == "adjoint":
            text = "adjoint() is deprecated on 0-D tensors. Consider using x.conj()."
        mode.warn(text, once=True)
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
            "The use of `x.T` on tensors of dimension other than 2 to reverse their shape is deprecated and it will "
            "throw an error in a future release. Consider `x.mT` to transpose batches of matrices or "
            "`x.permute(*torch.arange(x.ndim - 1, -1, -1))` to reverse the dimensions of a tensor.",
            once=True,
        )
    return permute.apply(x, tuple(range(n - 1, -1, -1)))


_getframe = sys._getframe

# --- parts -----------------------------------------------------------------------------------------------------------


@op(
    "narrow(input, dim, start, length)",
    grad_fn="SliceBackward0",
    view=True,
    samples=lambda: [call(t(4, 3), 0, 1, 2), call(t(2, 5), -1, 0, 3), call(t(3), 0, -2, 2), call(t(3), 0, 3, 0)],
    formula="g, padded with zeros",
    example="narrow(arange(5.), 0, 1, 3)",
    linear=True,
)
def narrow(x: Any, dim: int, start: Any, length: int) -> Any:
    """A view of `length` elements from `start` along `dim`; `start` may be a 0-d tensor."""
    if x.ndim == 0:
        raise ShapeError("narrow() cannot be applied to a 0-dim tensor.")
    if length < 0:
        raise ShapeError("narrow(): length must be non-negative.")
    dim = dim_index(dim, x.ndim)
    extent = x.shape[dim]
    start = start if start.__class__ is int else int(start)
    if not -extent <= start <= extent:
        raise DimError(f"start out of range (expected to be in range of [-{extent}, {extent}], but got {start})")
    if start < 0:
        start += extent
    if start > extent - length:
        raise ShapeError(f"start ({start}) + length ({length}) exceeds dimension size ({extent}).")
    return x[(slice(None),) * dim + (slice(start, start + length),)]


@narrow.vjp("input")
def _(F: Any, g: Any, out: Any, x: Any, dim: int, start: Any, length: int) -> Any:
    dim, start = dim % len(x.shape), start if start.__class__ is int else int(start)
    start = start % x.shape[dim] if start < 0 else start
    return F.slice_backward(g, x.shape, dim, start, start + length, 1)


@public(narrow)
def _(*args: Any, **kwargs: Any) -> Any:
    values = narrow.signature.bind(args, kwargs)
    start = values[2]
    if start.__class__ is Tensor:
        if start.data.ndim or start.data.dtype.kind not in "iu":
            raise ShapeError("start must be an 0-dim integral Tensor.")
        values[2] = int(start.data)
    return run(narrow, values, _getframe(1))


along(narrow, 1)


@op(
    "slice(input, dim, start, end, step)",
    grad_fn="SliceBackward0",
    view=True,
    private=True,
    samples=lambda: [call(t(5, 2), 0, 1, 5, 2)],
    linear=True,
)
def slice_(x: Any, dim: int, start: int, end: int, step: int) -> Any:
    """A view of every `step`-th element from `start` up to `end` along `dim`; the bounds lie within the dimension."""
    return x[(slice(None),) * dim + (slice(start, end, step),)]


slice_.vjp("input")(lambda F, g, out, x, dim, start, end, step: F.slice_backward(g, x.shape, dim, start, end, step))


@slice_.jvp
def _(F: Any, t: Any, saved: Any) -> Any:
    if saved.__class__ is list:
        return F.slice(t, *saved[1:-1])
    _, _, dim, part = saved  # of the short path of `x[1:3]`, see gradsh/engine/ops/index.py
    return F.slice(t, dim, part.start, part.stop, part.step)


along(slice_, 1)


@op(
    "slice_backward(grad, shape, dim, start, end, step)",
    work="elements",
    grad_fn="SliceBackwardBackward0",
    private=True,
    samples=lambda: [call(t(2, 3), (4, 3), 0, 1, 3, 1), call(t(2), (5,), 0, 1, 5, 2)],
    linear=True,
)
def slice_backward(g: Any, shape: Any, dim: int, start: int, end: int, step: int) -> Any:
    """Zeros of `shape` with `grad` written to a slice along `dim`."""
    full = alloc.zeros(shape, g.dtype)
    full[(slice(None),) * dim + (slice(start, end, step),)] = g
    return full


slice_backward.vjp("grad")(lambda F, g, out, grad, shape, dim, start, end, step: F.slice(g, dim, start, end, step))


along_in_shape(slice_backward, 1, 2)


def select_index(operator: str, shape: tuple[int, ...], dim: int, index: int) -> tuple[int, int]:
    """`dim` and `index` of a select, checked and not negative."""
    if not shape:
        raise DimError("select() cannot be applied to a 0-dim tensor.")
    dim = dim_index(dim, len(shape))
    extent = shape[dim]
    index = index if index.__class__ is int else int(index)
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
    linear=True,
)
def select(x: Any, dim: int, index: Any) -> Any:
    """A view of the slice at `index` along `dim`, without that dimension."""
    dim, index = select_index("select", x.shape, dim, index)
    return x[(slice(None),) * dim + (index, ...)]


@select.vjp("input")
def _(F: Any, g: Any, out: Any, x: Any, dim: int, index: Any) -> Any:
    return F.select_backward(
        g, x.shape, dim % len(x.shape), (index if index.__class__ is int else int(index)) % x.shape[dim]
    )


@select.jvp
def _(F: Any, t: Any, saved: Any) -> Any:
    return F.select(t, *(saved[1:-1] if saved.__class__ is list else saved[2:]))


along(select, 1)


@op(
    "select_backward(grad, shape, dim, index)",
    work="elements",
    grad_fn="SelectBackwardBackward0",
    private=True,
    samples=lambda: [call(t(3), (2, 3), 0, 1), call(t(), (3,), 0, 2)],
    linear=True,
)
def select_backward(g: Any, shape: Any, dim: int, index: int) -> Any:
    """Zeros of `shape` with `grad` written at `index` along `dim`."""
    full = alloc.zeros(shape, g.dtype)
    full[(slice(None),) * dim + (index,)] = g
    return full


select_backward.vjp("grad")(lambda F, g, out, grad, shape, dim, index: F.select(g, dim, index))


along_in_shape(select_backward, 1, 2)
