"""The partial inverses of max pooling: elements go back to the places that they were taken from."""

from __future__ import annotations

import math
from typing import Any

import numpy as np

from gradsh.engine.core import alloc
from gradsh.engine.core.arguments import is_int, type_word
from gradsh.engine.core.namespaces import T
from gradsh.engine.core.tensor import Tensor
from gradsh.engine.operators.composite import composite
from gradsh.engine.operators.general import op
from gradsh.engine.operators.samples import call, t
from gradsh.engine.ops.nn.pooling import spread_int
from gradsh.errors import ArgumentError, DtypeError, IndexError_, ShapeError, ValueError_


def _flat(index: Any, dims: int) -> Any:
    return index.reshape(*index.shape[:-dims], math.prod(index.shape[-dims:]))


def _placing(dims: int) -> None:
    """The operators below `max_unpool`: to the places, and from them."""

    @op(f"unpooled{dims}d(input, index, size)", grad_fn=f"MaxUnpool{dims}DBackward0", private=True, linear=True)
    def unpooled(input: Any, index: Any, size: Any) -> Any:
        """Planes of zeros of `size` with the elements at their flat indices; of several at one place, the last."""
        out = alloc.zeros((*input.shape[:-dims], math.prod(size)), input.dtype)
        np.put_along_axis(out, _flat(index, dims), _flat(input, dims), -1)
        return out.reshape(*input.shape[:-dims], *size)

    @unpooled.vjp(saves="index")
    def _(F: Any, g: Any, out: Any, input: Any, index: Any, size: Any) -> Any:
        return getattr(F, f"unpooled{dims}d_backward")(g, index)

    @op(f"unpooled{dims}d_backward(grad, index)", grad_fn="GatherBackward0", private=True, linear=True)
    def backward(grad: Any, index: Any) -> Any:
        """The elements at flat indices of planes."""
        found = np.take_along_axis(_flat(grad, dims), _flat(index, dims), -1)
        return found.reshape(index.shape)

    @backward.vjp(saves="index")
    def _(F: Any, g: Any, out: Any, grad: Any, index: Any) -> Any:
        rows, size = tuple(grad.shape[:-dims]), math.prod(grad.shape[-dims:])
        flat = (*rows, math.prod(g.shape[-dims:]))
        return F.reshape(F.gather_backward(F.reshape(g, flat), (*rows, size), -1, F.reshape(index, flat)), grad.shape)


for _dims in (2, 3):
    _placing(_dims)


def _output_size(size: Any, kernel: Any, stride: Any, padding: Any, wanted: Any) -> tuple[int, ...]:
    """The size asked for, or that of an input whose windows fit exactly. Errors: ValueError_."""
    dims = len(kernel)
    usual = tuple((n - 1) * s + k - 2 * p for n, s, k, p in zip(size, stride, kernel, padding, strict=True))
    if wanted is None:
        out = usual
    else:
        if not isinstance(wanted, (tuple, list)):
            raise ArgumentError(f"object of type '{type_word(wanted)}' has no len()")
        given = tuple(wanted)
        for n in given:
            if not is_int(n):
                raise ArgumentError(f"max_unpool{dims}d(): argument 'output_size' must be ints, not {type_word(n)}")
        if len(given) == dims + 2:
            given = given[2:]
        if len(given) != dims:
            raise ValueError_(
                f"output_size should be a sequence containing {dims} or {dims + 2} elements, but it has a length of "
                f"'{len(given)}'"
            )
        for d, (n, s) in enumerate(zip(usual, stride, strict=True)):
            if not n - s < given[d] < n + s:
                shown = list(given) if isinstance(wanted, list) else given
                raise ValueError_(f'invalid output_size "{shown}" (dim {d} must be between {n - s} and {n + s})')
        out = given
    for d, n in enumerate(out):
        if n < 0:
            raise ValueError_(
                f"max_unpooling: output_size must contain non-negative spatial dimensions, but got output_size[{d}]={n}"
            )
    return out


def _check(x: Tensor, index: Tensor, size: tuple[int, ...]) -> None:
    """PyTorch's checks of the planes and their indices. Errors: DtypeError, ShapeError, IndexError_."""
    dims = len(size)
    if index.data.dtype != np.int64:
        words = f" but got: {index.dtype.title}" if dims == 2 else ""
        raise DtypeError("elements in indices should be type int64" + words)
    if x.ndim not in (dims + 1, dims + 2):
        raise ShapeError(
            f"Input to max_unpooling{dims}d should be a {dims + 1}d or {dims + 2}d Tensor, but got a tensor with "
            f"{x.ndim} dimensions."
        )
    if x.shape != index.shape:
        raise ShapeError(
            f"Expected shape of indices to be same as that of the input tensor ({list(x.shape)}) but got indices "
            f"tensor with shape: {list(index.shape)}"
        )
    for d in range(1, x.ndim):
        if not x.shape[d]:
            raise ShapeError(
                f"max_unpooling{dims}d_forward_out_cpu(): Expected input to have non-zero size for non-batch "
                f"dimensions, but got {list(x.shape)} with dimension {d} being empty."
            )
    if x.data.dtype.kind != "f":
        raise DtypeError(f"\"max_unpool{dims}d\" not implemented for '{x.dtype.title}'", kind="NotImplementedError")
    flat = np.ravel(index.data)
    wrong = flat[(flat < 0) | (flat >= math.prod(size))]
    if wrong.size:
        volume = "x".join(map(str, size))
        raise IndexError_(
            f"Found an invalid max index: {wrong[0]} (output volumes are of size {volume})", kind="RuntimeError"
        )


def _max_unpool(dims: int) -> Any:
    name = f"max_unpool{dims}d"
    planes = max(dims, 2)

    def function(input: Any, indices: Any, kernel_size: Any, stride: Any, padding: Any, output_size: Any) -> Any:
        kernel = spread_int(name, "kernel_size", kernel_size, dims)
        steps = kernel if stride is None else spread_int(name, "stride", stride, dims)
        pad = spread_int(name, "padding", padding, dims)
        if input.ndim < dims:
            raise ShapeError(f"{name}(): Expected an input of {dims + 1} or {dims + 2} dims, but got {input.ndim}")
        size = _output_size(input.shape[-dims:], kernel, steps, pad, output_size)
        x, index = (input, indices) if dims > 1 else (T.unsqueeze(input, -1), T.unsqueeze(indices, -1))
        size = size if dims > 1 else (*size, 1)
        _check(x, index, size)
        out = getattr(T, f"unpooled{planes}d")(x, index, size)
        return out if dims > 1 else T.squeeze(out, -1)

    function.__doc__ = f"The elements back at the places that max_pool{dims}d took them from, zeros elsewhere."
    one, two = (", ".join([n] * dims) for n in ("1", "2"))
    places = t(1, 1, *(2,) * dims, dtype="int64", values=_places(dims))
    return composite(
        f"{name}(input: Tensor, indices: Tensor, kernel_size, stride=None, padding=0, output_size=None)",
        python=True,
        method=False,
        looped="it reads the indices",
        samples=lambda: [call(t(1, 1, *(2,) * dims), places, 2)],
        formula="g at the places of the elements",
        example=f"max_unpool{dims}d(ones(1, 1, {one}), zeros(1, 1, {one}, dtype=int64), ({two},))",
    )(function)


def _places(dims: int) -> Any:
    """The corner of each window of 2 in planes of 4, as flat indices."""
    each = np.meshgrid(*[alloc.arange(0, 4, 2)] * dims, indexing="ij")
    return sum(e * 4 ** (dims - 1 - d) for d, e in enumerate(each))[None, None]


max_unpool1d, max_unpool2d, max_unpool3d = (_max_unpool(n) for n in (1, 2, 3))
