"""From the values of a program to arrays: what `tensor(...)` accepts, and what it says about the rest."""

from __future__ import annotations

from typing import Any

import numpy as np

from gradsh.engine.core import alloc
from gradsh.engine.core.arguments import type_word
from gradsh.engine.core.dtypes import OF, promote_dtypes
from gradsh.engine.core.modes import mode
from gradsh.engine.core.tensor import Tensor
from gradsh.errors import ArgumentError, ValueError_, ValueProblem

ndarray = np.ndarray
INT64 = np.dtype(np.int64)
BOOL = np.dtype(np.bool_)
SLOW_LIST = (
    "Creating a tensor from a list of numpy.ndarrays is extremely slow. Please consider converting the list to a "
    "single numpy.ndarray with numpy.array() before converting to a tensor."
)


def array_of(data: Any, dtype: Any = None, *, copy: bool = True) -> Any:
    """An array (a NumPy scalar for 0-d) of a number, nested lists, an array or a tensor.

    Without a dtype, floats give the default dtype, ints int64, bools bool; arrays and tensors keep theirs. Errors:
    ValueError_ for ragged lists, ArgumentError for what is no number, ValueProblem for what the dtype cannot hold.
    """
    cls = data.__class__
    if cls is float:
        return (
            (mode.default if dtype is None else dtype).type(data)
            if dtype is None or dtype.kind == "f"
            else _cast(data, dtype)
        )
    if cls is bool:
        return np.bool_(data) if dtype is None else dtype.type(data)
    if cls is int:
        return _cast(data, INT64 if dtype is None else dtype)
    if cls is Tensor:
        values = np.array(data.data, dtype)
        return values[()] if values.ndim == 0 else values
    if isinstance(data, np.generic):
        return data if dtype is None or data.dtype == dtype else data.astype(dtype)
    if isinstance(data, ndarray):
        _supported(data)
        if copy or (dtype is not None and data.dtype != dtype):
            data = np.array(data, dtype, order="C")
            return data[()] if data.ndim == 0 else data
        return data
    if cls is not list and cls is not tuple and not _is_sequence(data):
        raise _no_number(data)
    return _from_sequence(data, dtype)


def _cast(value: Any, dtype: Any) -> Any:
    """One number in a dtype, with PyTorch's complaints about what it cannot hold."""
    kind = dtype.kind
    if kind == "f" or kind == "b":
        return dtype.type(value)
    if value.__class__ is int and not -(2**63) <= value < 2**63:
        raise ValueError_("Overflow when unpacking long long")
    info = np.iinfo(dtype)
    # as in C++: a negative int wraps around where there is no sign
    least = -info.max if kind == "u" and value.__class__ is int else info.min
    if value != value or not least <= value <= info.max:
        raise ValueProblem(f"value cannot be converted to type {dtype.name} without overflow")
    return dtype.type(int(value) % (info.max + 1) if least < info.min else int(value))


def _supported(data: Any) -> None:
    if data.dtype not in OF:
        raise ArgumentError(
            f"can't convert np.ndarray of type {_array_type(data)}. The only supported types are: float64, float32, "
            "float16, complex64, complex128, int64, int32, int16, int8, uint64, uint32, uint16, uint8, and bool."
        )
    if any(stride < 0 for stride in data.strides):
        raise ValueError_(
            "At least one stride in the given numpy array is negative, and tensors with negative strides are not "
            "currently supported. (You can probably work around this by making a copy of your array  with "
            "array.copy().) "
        )


def _array_type(data: Any) -> str:
    return f"numpy.{data.dtype.type.__name__}"


def _is_sequence(value: Any) -> bool:
    kind = type(value)
    return hasattr(kind, "__len__") and hasattr(kind, "__getitem__") and not isinstance(value, (str, dict))


def _no_number(value: Any) -> Exception:
    if isinstance(value, str):
        return ArgumentError("new(): invalid data type 'str'")
    return ValueProblem(f"Could not infer dtype of {type_word(value)}")


def _from_sequence(data: Any, dtype: Any) -> Any:
    try:
        values = alloc.array(data)
    except (ValueError, TypeError, OverflowError, ArgumentError):
        return _carefully(data, dtype)
    kind = values.dtype.kind
    if kind == "f" and values.dtype == np.float64:
        if dtype is None:
            if _holds_numpy(data):
                return _carefully(data, dtype)
            return values if values.dtype == mode.default else values.astype(mode.default)
        if dtype.kind == "f":
            return values.astype(dtype)
        if dtype.kind == "b" or not values.size:
            return values.astype(dtype)
    elif (kind == "i" and values.dtype == np.int64 and dtype is None) or (kind == "b" and dtype is None):
        return _carefully(data, dtype) if _holds_numpy(data) else values
    elif kind in "ib" and (dtype.kind in "fb" or dtype.itemsize == 8):
        return values.astype(dtype)
    return _carefully(data, dtype)


def _holds_numpy(data: Any) -> bool:
    """Whether the first item at the bottom is NumPy's: its dtype then counts."""
    while isinstance(data, (list, tuple)):
        if not data:
            return False
        data = data[0]
    return isinstance(data, (ndarray, np.generic))


def _carefully(data: Any, dtype: Any) -> Any:
    """The same item by item: for lists that hold tensors or arrays, and to find out what is wrong with the others."""
    shape = _shape(data)
    found: list[Any] = []
    items: list[Any] = []
    if dtype is None:
        _check_types(data)
    _collect(data, shape, 0, items, found)
    target = dtype
    if target is None:
        if not found:
            target = mode.default
        else:
            common = OF[found[0]]
            for other in found[1:]:
                common = promote_dtypes(common, OF[other])
            target = common.np
    values = np.empty(len(items), target)
    for i, item in enumerate(items):
        values[i] = _cast(item, target)
    return values.reshape(shape)


def _shape(data: Any) -> tuple[int, ...]:
    shape: list[int] = []
    while _is_sequence(data) and not _zero_dim(data) and data.__class__ is not Tensor:
        if isinstance(data, ndarray):
            return (*shape, *data.shape)
        shape.append(len(data))
        if len(shape) > 64:
            raise ValueError_("too many dimensions 'list'")
        if not len(data):
            break
        data = data[0]
    if shape and isinstance(data, str):
        raise ValueError_("too many dimensions 'str'")  # to PyTorch a string is a sequence of strings, without end
    return tuple(shape)


def _zero_dim(value: Any) -> bool:
    return isinstance(value, (Tensor, ndarray)) and value.ndim == 0


def _check_types(data: Any) -> None:
    if isinstance(data, str) or not (
        isinstance(data, (bool, int, float, np.generic, ndarray, Tensor)) or _is_sequence(data)
    ):
        raise _no_number(data)
    if isinstance(data, (list, tuple)):
        for item in data:
            _check_types(item)


def _collect(data: Any, shape: tuple[int, ...], dim: int, items: list[Any], found: list[Any]) -> None:
    if dim == len(shape):
        if data.__class__ is Tensor or isinstance(data, (ndarray, np.generic)):
            raw: Any = data.data if data.__class__ is Tensor else data
            if raw.size != 1 or (data.__class__ is not Tensor and raw.ndim):
                raise ValueError_("only one element tensors can be converted to Python scalars")
            found.append(raw.dtype)
            items.append(raw.item())
        elif isinstance(data, str):
            raise ValueError_("too many dimensions 'str'")
        elif not isinstance(data, (int, float)):
            raise ArgumentError(f"must be real number, not {type_word(data)}")
        else:
            found.append(mode.default if isinstance(data, float) else BOOL if isinstance(data, bool) else INT64)
            items.append(data)
        return
    if isinstance(data, ndarray) and data.ndim and dim + data.ndim == len(shape):
        if data.shape != shape[dim:]:
            raise ValueError_(f"expected sequence of length {shape[dim]} at dim {dim} (got {len(data)})")
        mode.warn(SLOW_LIST, once=True)
        found.append(data.dtype)
        items.extend(data.reshape(-1).tolist())
        return
    if not _is_sequence(data):
        raise ArgumentError("not a sequence")
    if data.__class__ is Tensor and data.data.size != 1:
        raise ValueError_("only one element tensors can be converted to Python scalars")
    if _zero_dim(data):
        raise ArgumentError("not a sequence")
    if len(data) != shape[dim]:
        raise ValueError_(f"expected sequence of length {shape[dim]} at dim {dim} (got {len(data)})")
    for item in data:
        _collect(item, shape, dim + 1, items, found)
