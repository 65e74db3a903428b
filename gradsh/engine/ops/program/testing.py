"""`torch.testing.assert_close`."""

from __future__ import annotations

from typing import Any

import numpy as np

from gradsh.engine.core.namespaces import T
from gradsh.engine.core.tensor import Tensor
from gradsh.engine.operators.composite import function
from gradsh.errors import ArgumentError, AssertionFailed, ValueError_

# relative and absolute, by the dtype that both have; anything else is to be equal
TOLERANCES = {"float16": (1e-3, 1e-5), "float32": (1.3e-6, 1e-5), "float64": (1e-7, 1e-7)}


@function(
    "assert_close(actual, expected, *, allow_subclasses=True, rtol=None, atol=None, equal_nan=False, "
    "check_device=True, check_dtype=True, check_layout=True, check_stride=False, msg=None)",
    method=False,
    differentiable=False,
    effect=True,
    example="assert_close(tensor([0.1 + 0.2]), tensor([0.3]))",
)
def assert_close(
    actual: Any,
    expected: Any,
    allow_subclasses: bool,
    rtol: Any,
    atol: Any,
    equal_nan: bool,
    check_device: bool,
    check_dtype: bool,
    check_layout: bool,
    check_stride: bool,
    msg: Any,
) -> None:
    """An error unless both are close, element by element: tensors, numbers, and lists, tuples, dicts of them."""
    if (rtol is None) != (atol is None):
        missing = "atol" if atol is None else "rtol"
        raise ValueError_(f"Both 'rtol' and 'atol' must be either specified or omitted, but got no {missing}.")
    wrong = difference(actual, expected, None if rtol is None else (rtol, atol), equal_nan, check_dtype, check_stride)
    if wrong:
        raise AssertionFailed(msg(wrong) if callable(msg) else msg if isinstance(msg, str) else wrong)


def difference(a: Any, b: Any, tolerances: Any, equal_nan: bool, check_dtype: bool, check_stride: bool) -> str:
    """What is different, in PyTorch's words; "" where nothing is."""
    options = (tolerances, equal_nan, check_dtype, check_stride)
    if isinstance(a, dict) and isinstance(b, dict):
        if a.keys() != b.keys():
            missing, more = sorted(b.keys() - a.keys()), sorted(a.keys() - b.keys())
            return (
                "The keys of the mappings do not match:\n"
                f"Missing keys in the actual mapping: {missing}\nAdditional keys in the actual mapping: {more}"
            )
        return first_of((key, difference(a[key], b[key], *options)) for key in b)
    if isinstance(a, (list, tuple)) and isinstance(b, (list, tuple)):
        if len(a) != len(b):
            return f"The length of the sequences mismatch: {len(a)} != {len(b)}"
        return first_of((at, difference(x, y, *options)) for at, (x, y) in enumerate(zip(a, b, strict=True)))
    if isinstance(a, Tensor) and isinstance(b, Tensor):
        if a.data.shape != b.data.shape:
            return attribute("shape", f"torch.Size({list(a.data.shape)})", f"torch.Size({list(b.data.shape)})")
        if check_dtype and a.data.dtype != b.data.dtype:
            return attribute("dtype", f"torch.{a.dtype!r}", f"torch.{b.dtype!r}")
        if check_stride and strides(a) != strides(b):
            return attribute("stride()", f"{strides(a)}", f"{strides(b)}")
        return of_arrays(np.asarray(a.data), np.asarray(b.data), tolerances, equal_nan)
    if isinstance(a, np.ndarray) and isinstance(b, np.ndarray):
        return difference(T.from_numpy(a), T.from_numpy(b), *options)
    if a is None or b is None:
        return "" if a is b else f"None mismatch: {a} is not {b}"
    if isinstance(a, bool) and isinstance(b, bool):
        return "" if a is b else f"Booleans mismatch: {a} is not {b}"
    if isinstance(a, (int, float)) and isinstance(b, (int, float)):
        if check_dtype and type(a) is not type(b):
            return f"The (d)types do not match: {type(a)} != {type(b)}."
        return of_arrays(np.asarray(a), np.asarray(b), tolerances, equal_nan)
    kinds = [f"<class '{_kind(x)}'>" for x in (a, b)]
    raise ArgumentError(f"No comparison pair was able to handle inputs of type {kinds[0]} and {kinds[1]}.")


def _kind(value: Any) -> str:
    if isinstance(value, Tensor):
        return "torch.Tensor"
    return "numpy.ndarray" if isinstance(value, np.ndarray) else type(value).__name__


def strides(x: Tensor) -> tuple[int, ...]:
    """In elements."""
    found: tuple[int, ...] = T.stride(x)
    return found


def first_of(found: Any) -> str:
    """The first difference of the items of a collection, and of which item it is."""
    for key, wrong in found:
        if wrong:
            head, behind, way = wrong.partition("\n\nThe failure occurred for item ")
            return f"{head}\n\nThe failure occurred for item [{key!r}]{way if behind else ''}"
    return ""


def attribute(name: str, a: str, b: str) -> str:
    return f"The values for attribute '{name}' do not match: {a} != {b}."


def of_arrays(a: Any, b: Any, tolerances: Any, equal_nan: bool) -> str:
    """Arrays of one shape."""
    if a.dtype != b.dtype:
        a, b = (x.astype(np.result_type(a, b)) for x in (a, b))
    rtol, atol = tolerances if tolerances is not None else TOLERANCES.get(a.dtype.name, (0.0, 0.0))
    if a.dtype.kind != "f":
        a, b = a.astype(np.int64), b.astype(np.int64)
    with np.errstate(all="ignore"):
        apart = np.abs(a - b)
        same = (a == b) | ((apart <= atol + rtol * np.abs(b)) & np.isfinite(apart))
        if equal_nan:
            same |= np.isnan(a) & np.isnan(b)
        if same.all():
            return ""
        relative = np.where(same, 0, apart / np.abs(b))
        if a.ndim and a.dtype.kind != "f":
            relative = relative.astype(np.float32)  # what PyTorch divides integers in
        apart = np.where(same, 0, apart)
    kind = "equal" if rtol == atol == 0 else "close"
    limits = ["" if kind == "equal" else f" (up to {limit} allowed)" for limit in (atol, rtol)]
    if not a.ndim:
        return (
            f"Scalars are not {kind}!\n\nExpected {b.item()} but got {a.item()}.\n"
            f"Absolute difference: {apart.item()}{limits[0]}\nRelative difference: {relative.item()}{limits[1]}"
        )
    count = int((~same).sum())
    lines = [f"Mismatched elements: {count} / {a.size} ({count / a.size:.1%})"]
    for name, values, limit in (("absolute", apart, limits[0]), ("relative", relative, limits[1])):
        at = np.unravel_index(int(np.argmax(values)), a.shape)
        index = tuple(map(int, at))
        lines.append(f"Greatest {name} difference: {values[index].item()} at index {index}{limit}")
    return f"Tensor-likes are not {kind}!\n\n" + "\n".join(lines)
