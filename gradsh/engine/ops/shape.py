"""The same numbers in another shape: views, joins, repeats."""

from __future__ import annotations

from typing import Any

import numpy as np

from gradsh.engine.general import op
from gradsh.engine.registry import composite
from gradsh.engine.samples import call, t


@op("unsqueeze(input, dim)", grad_fn="UnsqueezeBackward0", view=True, samples=lambda: [call(t(2, 3), 0), call(t(2), -1), call(t(), 0)], formula="g.squeeze(dim)", example="unsqueeze(tensor([1., 2.]), 0)")
def unsqueeze(x: Any, dim: int) -> Any:
    """A view with a new dimension of size 1 at `dim`."""
    return np.expand_dims(x, dim)


unsqueeze.vjp("input")(lambda F, g, out, x, dim: F.squeeze(g, dim))


@op("squeeze(input, dim=None)", grad_fn="SqueezeBackward0", view=True, samples=lambda: [call(t(2, 1, 3)), call(t(2, 1), 1), call(t(2, 3), 0)], formula="g, viewed as input", example="squeeze(ones(1, 2))")
def squeeze(x: Any, dim: Any) -> Any:
    """A view without dimensions of size 1."""
    if dim is None:
        return np.squeeze(x)
    return np.squeeze(x, dim) if x.shape[dim] == 1 else x[...]


squeeze.vjp("input")(lambda F, g, out, x, dim: F.reshape(g, x.shape))


@op("expand(input, *size)", grad_fn="ExpandBackward0", view=True, samples=lambda: [call(t(2, 1), 2, 3), call(t(3), (2, -1)), call(t(), 2, 2)], formula="g, summed over the new dims", example="expand(tensor([[1.], [2.]]), 2, 3)")
def expand(x: Any, size: Any) -> Any:
    """A view in which dimensions of size 1 are repeated without copying."""
    lead = len(size) - x.ndim
    shape = tuple(x.shape[i - lead] if s == -1 else s for i, s in enumerate(size))
    return np.broadcast_to(x, shape)


expand.vjp("input")(lambda F, g, out, x, size: F.sum_to_size(g, x.shape))


@op("sum_to_size(input, *size)", grad_fn="SumBackward1", samples=lambda: [call(t(2, 3), 1, 3), call(t(4, 2, 3), (3,))], formula="g, expanded", example="sum_to_size(ones(2, 3), 1, 3)")
def sum_to_size(x: Any, size: Any) -> Any:
    """Sums over the dimensions that `size` does not have, or has with size 1."""
    from gradsh.engine.backward import sum_to

    return sum_to(x, tuple(size))


sum_to_size.vjp("input")(lambda F, g, out, x, size: F.expand(g, x.shape))


@op("reshape(input, *shape)", grad_fn="ViewBackward0", view=True, samples=lambda: [call(t(2, 3), 3, 2), call(t(2, 3), (-1,)), call(t(3, 2, strided=True), 6)], formula="g, reshaped back", example="reshape(arange(6.), 2, 3)")
def reshape(x: Any, shape: Any) -> Any:
    """The same elements in another shape; a view where memory allows it, else a copy."""
    return np.reshape(x, shape)


reshape.vjp("input")(lambda F, g, out, x, shape: F.reshape(g, x.shape))


@op("cat(tensors, dim=0)", grad_fn="CatBackward0", method=False, samples=lambda: [call([t(2, 3), t(1, 3)]), call([t(2, 1), t(2, 2)], 1)], formula="g, cut at the joints", example="cat([ones(2), zeros(1)])")
def cat(tensors: list[Any], dim: int) -> Any:
    """Joins tensors along an existing dimension."""
    return np.concatenate(tensors, dim)


@cat.vjp("tensors")
def _(F: Any, g: Any, out: Any, tensors: list[Any], dim: int) -> list[Any]:
    parts, start = [], 0
    for x in tensors:
        parts.append(F.narrow(g, dim, start, x.shape[dim]))
        start += x.shape[dim]
    return parts


@op("narrow(input, dim, start, length)", grad_fn="SliceBackward0", view=True, samples=lambda: [call(t(4, 3), 0, 1, 2), call(t(2, 5), -1, 0, 3)], formula="g, padded with zeros", example="narrow(arange(5.), 0, 1, 3)")
def narrow(x: Any, dim: int, start: int, length: int) -> Any:
    """A view of `length` elements from `start` along `dim`."""
    index: list[Any] = [slice(None)] * x.ndim
    index[dim] = slice(start, start + length)
    return x[tuple(index)]


@narrow.vjp("input")
def _(F: Any, g: Any, out: Any, x: Any, dim: int, start: int, length: int) -> Any:
    return F.slice_backward(g, x.shape, dim % x.ndim, start)


@op("slice_backward(grad, shape, dim, start)", grad_fn="SliceBackwardBackward0", method=False, samples=lambda: [call(t(2, 3), (4, 3), 0, 1)])
def slice_backward(g: Any, shape: Any, dim: int, start: int) -> Any:
    """Zeros of `shape` with `grad` written at `start` along `dim`."""
    full = np.zeros(shape, g.dtype)
    index: list[Any] = [slice(None)] * len(shape)
    index[dim] = slice(start, start + g.shape[dim])
    full[tuple(index)] = g
    return full


slice_backward.vjp("grad")(lambda F, g, out, grad, shape, dim, start: F.narrow(g, dim, start, grad.shape[dim]))
