"""Making tensors: from values, from sizes, and after the likeness of others."""

from __future__ import annotations

import math
from typing import Any

import numpy as np

from gradsh.engine.checks import int_tuple, need_int, need_tensor, numpy_dtype, type_word
from gradsh.engine.data import array_of
from gradsh.engine.dtypes import OF
from gradsh.engine.modes import mode
from gradsh.engine.registry import A, Operator, T, caller, composite, function
from gradsh.engine.tensor import Tensor, leaf, make
from gradsh.errors import ArgumentError, DtypeError, ShapeError, ValueProblem

INT64 = np.dtype(np.int64)
BOOL = np.dtype(np.bool_)

COPY_CONSTRUCT = (
    "To copy construct from a tensor, it is recommended to use sourceTensor.detach().clone() or "
    "sourceTensor.detach().clone().requires_grad_(True), rather than torch.tensor(sourceTensor)."
)


def scalar_like(data: Any) -> Any:
    """A 0-d array as a NumPy scalar, anything else as it is."""
    return data[()] if data.ndim == 0 else data


# --- from values ------------------------------------------------------------------------------------------------------


@function(
    "tensor(data, *, dtype=None, requires_grad=False)",
    method=False,
    differentiable=False,
    example="tensor([[1., 2.], [3., 4.]], grad)",
)
def tensor(data: Any, dtype: Any, requires_grad: bool) -> Tensor:
    """A tensor of the given numbers: a number, nested lists or tuples of one length per level, an array, a tensor."""
    if data.__class__ is Tensor:
        mode.warn(COPY_CONSTRUCT)
    target = None if dtype is None else numpy_dtype("tensor", dtype)
    return leaf(array_of(data, target), requires_grad, mode.where)


@function("as_tensor(data, dtype=None)", method=False, differentiable=False, example="as_tensor([1., 2.])")
def as_tensor(data: Any, dtype: Any) -> Tensor:
    """A tensor as it is, an array sharing its memory, anything else as `tensor` makes it."""
    if data.__class__ is Tensor:
        return data if dtype is None else T.to(data, dtype)  # type: ignore[no-any-return]  # T is untyped
    target = numpy_dtype("as_tensor", dtype)
    if isinstance(data, np.ndarray) and (target is None or target == data.dtype):
        return from_numpy.apply(data)  # type: ignore[no-any-return]  # entries are untyped
    return leaf(array_of(data, target), False, mode.where)



@function("from_numpy(ndarray)", method=False, differentiable=False, example="from_numpy(ones(2).numpy())")
def from_numpy(ndarray: Any) -> Tensor:
    """A tensor that shares the memory of a NumPy array."""
    if not isinstance(ndarray, np.ndarray):
        raise ArgumentError(f"expected np.ndarray (got {type_word(ndarray)})")
    return leaf(array_of(ndarray, None, copy=False), False, mode.where)
