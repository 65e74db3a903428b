"""The notation of tests/data/operators.json: calls with tensors, and results, as JSON that keeps every bit.

A tensor is {"t": dtype, "s": shape, "v": flat values, "g": whether it has the grad flag, "o": its memory order where it
is not C's}; a dtype is {"d": name}, a tuple {"u": [items]}; numbers (also NaN and Infinity), strings, bools, None and
lists stand for themselves.
"""

from __future__ import annotations

from typing import Any

import numpy as np

from gradsh.engine.core.dtypes import NAMES, DType
from gradsh.engine.core.tensor import Tensor, leaf


def encoded(value: Any) -> Any:
    """A value in the notation; arrays are tensors without the flag."""
    if isinstance(value, (Tensor, np.ndarray, np.generic)):
        array = np.asarray(value.data if isinstance(value, Tensor) else value)
        found: dict[str, Any] = {"t": str(array.dtype), "s": list(array.shape), "v": array.reshape(-1).tolist()}
        if isinstance(value, Tensor) and value.requires:
            found["g"] = True
        order = [int(i) for i in np.argsort([-s for s in array.strides], kind="stable")]
        if array.size and order != list(range(array.ndim)):
            found["o"] = order
        return found
    if isinstance(value, DType):
        return {"d": value.name}
    if isinstance(value, tuple):
        return {"u": [encoded(v) for v in value]}
    if isinstance(value, list):
        return [encoded(v) for v in value]
    return value


def decoded(value: Any) -> Any:
    """What `encoded` was given, with fresh gradsh tensors."""
    if isinstance(value, list):
        return [decoded(v) for v in value]
    if not isinstance(value, dict):
        return value
    if "d" in value:
        return NAMES[value["d"]]
    if "u" in value:
        return tuple(decoded(v) for v in value["u"])
    array = np.array(value["v"], value["t"]).reshape(value["s"])
    if "o" in value:
        array = np.ascontiguousarray(array.transpose(value["o"])).transpose(np.argsort(value["o"]))
    return leaf(array[()] if array.ndim == 0 else array, value.get("g", False), None)


def cotangent(like: Any) -> Any:
    """The incoming gradient that the recorded gradients are for."""
    array = np.asarray(like)
    return np.cos(np.arange(1.0, array.size + 1)).reshape(array.shape).astype(array.dtype)


# --- tests/data/dtypes.json ------------------------------------------------------------------------------------------

OTHER_DTYPES = ("float16", "int64", "int32", "uint8", "bool")


def in_dtype(array: Any, dtype: str) -> Any:
    """Floats in another dtype; what is below 0 or nan is no number without a sign."""
    if array.dtype.kind != "f":
        return array
    return np.abs(np.nan_to_num(array)).astype(dtype) if dtype == "uint8" else array.astype(dtype)
