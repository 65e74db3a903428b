"""Joining and splitting tensors."""

from __future__ import annotations

from typing import Any

import numpy as np

from gradsh.engine.checks import dim_index, int_tuple, need_tensor, type_word
from gradsh.engine.dtypes import OF, promote_dtypes
from gradsh.engine.general import op
from gradsh.engine.promotion import broadcast_error
from gradsh.engine.registry import T, alias, composite
from gradsh.engine.samples import call, t
from gradsh.engine.tensor import Tensor
from gradsh.errors import ArgumentError, ShapeError, ValueProblem


def tensor_list(operator: str, name: str, values: Any, position: int = 1) -> Any:
    """Raise ArgumentError unless `values` is a list or tuple of tensors."""
    if not isinstance(values, (list, tuple)):
        raise ArgumentError(
            f"{operator}(): argument '{name}' (position {position}) must be tuple of Tensors, not {type_word(values)}"
        )
    for i, value in enumerate(values):
        if value.__class__ is not Tensor:
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
)
def cat(tensors: Any, dim: int) -> Any:
    """Joins tensors along an existing dimension."""
    if not len(tensors):
        raise ValueProblem("torch.cat(): expected a non-empty list of Tensors", kind="ValueError")
    _need_arrays("cat", tensors)
    for i, a in enumerate(tensors):
        if a.ndim == 0:
            raise ShapeError(f"zero-dimensional tensor (at position {i}) cannot be concatenated")
    # PyTorch skips 1-D tensors without elements, whatever the shape of the others
    parts = [a for a in tensors if a.shape != (0,)] or [tensors[0]]
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
    return np.concatenate(parts, dim, dtype=_common(tensors))


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


alias("concat", cat)
alias("concatenate", cat)


@op(
    "stack(tensors, dim=0)",
    grad_fn="StackBackward0",
    method=False,
    samples=lambda: [call([t(2, 3), t(2, 3)]), call([t(), t()]), call([t(2), t(2), t(2)], -1)],
    formula="g, one slice for each",
    example="stack([ones(2), zeros(2)])",
)
def stack(tensors: Any, dim: int) -> Any:
    """Joins tensors of one shape along a new dimension."""
    if not len(tensors):
        raise ValueProblem("stack expects a non-empty TensorList")
    _need_arrays("stack", tensors)
    first = tensors[0].shape
    for i, a in enumerate(tensors):
        if a.shape != first:
            raise ShapeError(
                f"stack expects each tensor to be equal size, but got {list(first)} at entry 0 and {list(a.shape)} at "
                f"entry {i}"
            )
    dim = dim_index(dim, len(first) + 1)
    return np.stack(tensors, dim, dtype=_common(tensors))


@stack.vjp("tensors")
def _(F: Any, g: Any, out: Any, tensors: list[Any], dim: int) -> list[Any]:
    dim = dim % (len(tensors[0].shape) + 1)
    return [F.select(g, dim, i) for i in range(len(tensors))]
