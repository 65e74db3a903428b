"""Interpolation: the input in another size.

Each output element is a weighted sum of a few input elements along each dim (its taps): one operator serves all modes.
"""

from __future__ import annotations

import math
from typing import Any

import numpy as np

from gradsh.engine.core import alloc
from gradsh.engine.core.arguments import not_implemented, type_word
from gradsh.engine.core.modes import mode as context
from gradsh.engine.core.namespaces import T
from gradsh.engine.operators.batch_rules import on_last_dims
from gradsh.engine.operators.composite import composite
from gradsh.engine.operators.general import op
from gradsh.engine.operators.samples import call, t
from gradsh.engine.ops.nn.padding import run_as, take_axes
from gradsh.errors import ArgumentError, ShapeError, ValueError_, ValueProblem

MODES = {"linear": 3, "bilinear": 4, "trilinear": 5, "bicubic": 4, "lanczos": 4}


class Taps:
    """For every output place of one dim the input elements and their weights: arrays (taps, places)."""

    __slots__ = ("index", "size", "weight")

    def __init__(self, index: Any, weight: Any, size: int) -> None:
        self.index = index
        self.weight = weight
        self.size = size

    def matrix(self, dtype: Any) -> Any:
        """The same as a matrix (places, input size)."""
        full = alloc.zeros((self.index.shape[1], self.size), dtype)
        rows = alloc.arange(self.index.shape[1])
        for index, weight in zip(self.index, self.weight, strict=True):
            np.add.at(full, (rows, index), weight)
        return full


@op("resample(input, taps)", grad_fn="UpsampleBilinear2DBackward0", private=True, linear=True, layout="images")
def resample(x: Any, taps: Any) -> Any:
    """Weighted sums of taps along each of the last dims."""
    if x.dtype.kind == "u":
        return _resampled_bytes(x, taps)
    out = x.astype(np.float32) if x.dtype == np.float16 else x
    dims = len(taps)
    for axis in range(x.ndim - 1, x.ndim - 1 - dims, -1):
        tap = taps[axis - (x.ndim - dims)]
        shape = (-1, *(1,) * (x.ndim - 1 - axis))
        total: Any = None
        for index, weight in zip(tap.index, tap.weight, strict=True):
            part = np.take(out, index, axis) * weight.astype(out.dtype).reshape(shape)
            total = part if total is None else total + part
        out = total
    return out.astype(x.dtype) if out.dtype != x.dtype else out


def _resampled_bytes(x: Any, taps: Any) -> Any:
    """The same of bytes, as PyTorch (and Pillow) have it: weights of 16 bits, and each dim's sums rounded to bytes."""
    out = x.astype(np.int64)
    for axis, tap in zip(range(x.ndim - 1, x.ndim - 1 - len(taps), -1), reversed(taps), strict=True):
        largest, bits = float(tap.weight.max(initial=0)), 0
        while bits < 22 and int(0.5 + largest * 2 ** (bits + 1)) < 2**15:
            bits += 1
        scaled = tap.weight.astype(np.float64) * 2**bits
        weights = np.trunc(scaled + np.where(scaled < 0, -0.5, 0.5)).astype(np.int64)
        shape = (-1, *(1,) * (x.ndim - 1 - axis))
        pairs = zip(tap.index, weights, strict=True)
        total: Any = sum(np.take(out, index, axis) * weight.reshape(shape) for index, weight in pairs)
        out = np.clip((total + (1 << bits >> 1)) >> bits, 0, 255)
    return out.astype(x.dtype)


resample.vjp("input")(lambda F, g, out, x, taps: F.resample_backward(g, taps))


on_last_dims(resample, 0)


@op("resample_backward(grad, taps)", grad_fn="UpsampleBilinear2DBackwardBackward0", private=True, linear=True)
def resample_backward(g: Any, taps: Any) -> Any:
    """The transposed weights."""
    out = g.astype(np.float32) if g.dtype == np.float16 else g
    dims = len(taps)
    for axis, tap in enumerate(taps, g.ndim - dims):
        out = np.moveaxis(np.moveaxis(out, axis, -1) @ tap.matrix(out.dtype), -1, axis)
    return alloc.ascontiguousarray(out).astype(g.dtype)


resample_backward.vjp("grad")(lambda F, g, out, grad, taps: F.resample(g, taps))


on_last_dims(resample_backward, 0)


# --- where the taps are ----------------------------------------------------------------------------------------------


def _nearest(n: int, m: int, scale: Any, exact: bool) -> Any:
    """The index of the nearest element, computed in float32 as PyTorch does."""
    if not exact:
        if m == n:
            return alloc.arange(n)
        if m == 2 * n:
            return alloc.arange(m) >> 1
    step = np.float32(1.0 / scale) if scale is not None and scale > 0 else np.float32(n) / np.float32(m)
    places = alloc.arange(m, dtype=np.float32) + np.float32(0.5 if exact else 0)
    return np.minimum(np.floor(places * step).astype(np.int64), n - 1)


def _step(n: int, m: int, scale: Any, corners: bool, dtype: Any) -> Any:
    """How far apart two output places are in the input."""
    if corners:
        return dtype.type(n - 1) / dtype.type(m - 1) if m > 1 else dtype.type(0)
    return dtype.type(1.0 / scale) if scale is not None and scale > 0 else dtype.type(n) / dtype.type(m)


def _places(n: int, m: int, scale: Any, corners: bool, dtype: Any) -> Any:
    step = _step(n, m, scale, corners, dtype)
    places = alloc.arange(m).astype(dtype)
    return places * step if corners else step * (places + dtype.type(0.5)) - dtype.type(0.5)


def _linear(n: int, m: int, scale: Any, corners: bool, dtype: Any) -> Taps:
    if n == m:
        return Taps(alloc.arange(n)[None], alloc.ones((1, n), dtype), n)
    places = np.maximum(_places(n, m, scale, corners, dtype), 0)
    low = np.minimum(places.astype(np.int64), n - 1)
    right = np.clip(places - low.astype(dtype), 0, 1)
    return Taps(np.stack([low, np.minimum(low + 1, n - 1)]), np.stack([1 - right, right]), n)


def _cubic(n: int, m: int, scale: Any, corners: bool, dtype: Any) -> Taps:
    places = _places(n, m, scale, corners, dtype)
    low = np.minimum(np.floor(places).astype(np.int64), n - 1)
    x = np.clip(places - low.astype(dtype), 0, 1)
    a = -0.75

    def near(x: Any) -> Any:
        return ((a + 2) * x - (a + 3)) * x * x + 1

    def far(x: Any) -> Any:
        return ((a * x - 5 * a) * x + 8 * a) * x - 4 * a

    weights = np.stack([far(x + 1), near(x), near(1 - x), far(2 - x)])
    return Taps(np.clip(low + alloc.arange(-1, 3)[:, None], 0, n - 1), weights, n)


def _filter(mode: str, x: Any) -> Any:
    x = np.abs(x)
    if mode == "bilinear":
        return np.maximum(1 - x, 0)
    if mode == "lanczos":
        return np.where(x < 3, np.sinc(x) * np.sinc(x / 3), 0)
    a = -0.5
    near = ((a + 2) * x - (a + 3)) * x * x + 1
    far = (((x - 5) * x + 8) * x - 4) * a
    return np.where(x < 1, near, np.where(x < 2, far, 0))


def _antialiased(mode: str, n: int, m: int, scale: Any, corners: bool, dtype: Any) -> Taps:
    """A filter as wide as the shrinking needs."""
    step = float(_step(n, m, scale, corners, dtype))
    reach = {"bilinear": 1.0, "bicubic": 2.0, "lanczos": 3.0}[mode]
    support = reach * step if step >= 1 else reach
    inverse = 1 / step if step >= 1 else 1.0
    center = step * (alloc.arange(m) + 0.5)
    low = np.maximum((center - support + 0.5).astype(np.int64), 0)
    high = np.minimum((center + support + 0.5).astype(np.int64), n)
    count = int((high - low).max(initial=1))
    index = low + alloc.arange(count)[:, None]
    weight = _filter(mode, (index - center + 0.5) * inverse)
    weight = np.where(index < high, weight, 0)
    whole = weight.sum(0)
    weight = (weight / np.where(whole == 0, 1, whole)).astype(dtype)
    return Taps(np.minimum(index, n - 1), weight, n)


# --- interpolate -----------------------------------------------------------------------------------------------------


def _asked(input: Any, size: Any, scale_factor: Any, recompute: Any, mode: str) -> tuple[Any, Any]:
    """The output size and the scales to compute with (None where the sizes decide)."""
    shape = input.data.shape[2:]
    dims = len(shape)
    several = isinstance(size, (list, tuple)), isinstance(scale_factor, (list, tuple))
    if size is not None and scale_factor is not None:
        raise ValueError_("only one of size or scale_factor should be defined")
    if size is not None:
        if several[0] and len(size) != dims:
            raise ValueError_(
                "Input and output must have the same number of spatial dimensions, but got input with spatial "
                "dimensions "
                f"of {list(shape)} and output size of {size}. Please provide input tensor in (N, C, d1, d2, ...,dK) "
                "format "
                "and output size in (o1, o2, ...,oK) format."
            )
        if recompute:
            raise ValueError_("recompute_scale_factor is not meaningful with an explicit size.")
        sizes = tuple(size) if several[0] else (size,) * dims
        if any(not hasattr(s, "__index__") for s in sizes):
            raise ArgumentError(
                "expected size to be one of int or Tuple[int] or Tuple[int, int] or Tuple[int, int, int], but got size "
                f"with types {[type(s) for s in sizes]}"
            )
        return tuple(int(s) for s in sizes), (None,) * dims
    if scale_factor is None:
        raise ValueError_("either size or scale_factor should be defined")
    if several[1] and len(scale_factor) != dims:
        raise ValueError_(
            "Input and scale_factor must have the same number of spatial dimensions, but got input with spatial "
            "dimensions "
            f"of {list(shape)} and scale_factor of shape {scale_factor}. Please provide input tensor in (N, C, d1, d2, "
            "...,dK) format and scale_factor in (s1, s2, ...,sK) format."
        )
    scales = tuple(scale_factor) if several[1] else (scale_factor,) * dims
    for scale in scales:
        if not isinstance(scale, (int, float)):
            raise ArgumentError(
                f"interpolate(): argument 'scale_factor' (position 3) must be float, not {type_word(scale)}"
            )
    wanted = [n * s for n, s in zip(shape, scales, strict=True)]
    if not all(-(2.0**63) <= n < 2.0**63 for n in wanted):  # nor nan
        raise ValueProblem("value cannot be converted to type int64_t without overflow")
    out = tuple(map(math.floor, wanted))
    return out, ((None,) * dims if recompute or mode == "area" else scales)


def _check_mode(input: Any, mode: str, corners: Any, antialias: Any) -> None:
    ndim = input.data.ndim
    if antialias and not (mode in ("bilinear", "bicubic", "lanczos") and ndim == 4):
        raise ValueError_(
            "Anti-alias option is restricted to bilinear, bicubic, and lanczos modes and requires a 4-D tensor as input"
        )
    if (mode in ("nearest", "area", "nearest-exact") and 3 <= ndim <= 5) or MODES.get(mode) == ndim:
        if mode == "lanczos":
            if corners:
                raise ValueError_("Lanczos mode does not support align_corners=True")
            if not antialias:
                raise ValueError_("Lanczos mode requires antialias=True")
        return
    if mode in ("linear", "bilinear", "trilinear") and 3 <= ndim <= 5:
        raise ShapeError(f"Got {ndim}D input, but {mode} mode needs {MODES[mode]}D input", kind="NotImplementedError")
    raise ShapeError(
        f"Input Error: Only 3D, 4D and 5D input Tensors supported (got {ndim}D) for the modes: nearest | linear | "
        "bilinear "
        f"| bicubic | trilinear | lanczos | area | nearest-exact (got {mode})",
        kind="NotImplementedError",
    )


def _samples() -> list[call]:
    plane = t(1, 1, 2, 3)
    return [
        call(plane, (3, 2)),
        call(plane, scale_factor=2),
        call(t(1, 2, 3), 5, mode="nearest-exact"),
        call(t(1, 2, 3), 5, mode="linear"),
        call(t(1, 1, 4), 3, mode="linear", align_corners=True),
        call(plane, (4, 2), mode="bilinear"),
        call(plane, scale_factor=1.7, mode="bilinear", align_corners=True),
        call(plane, scale_factor=(1.5, 2), mode="bilinear", recompute_scale_factor=True),
        call(plane, 4, mode="bicubic"),
        call(plane, 3, mode="bicubic", align_corners=True),
        call(plane, 2, mode="area"),
        call(t(1, 1, 1, 2, 2), (2, 3, 1), mode="trilinear"),
        call(t(1, 1, 4, 3), 2, mode="bilinear", antialias=True),
        call(t(1, 1, 4, 3), 2, mode="bicubic", antialias=True),
    ]


@composite(
    "interpolate(input, size=None, scale_factor=None, mode='nearest', align_corners=None, recompute_scale_factor=None, "
    "antialias=False)",
    python=True,
    method=False,
    samples=_samples,
    formula="g times the weights with which each input element went into the output",
    example='interpolate(tensor([[[1., 2.]]]), scale_factor=2, mode="linear")',
)
def interpolate(
    input: Any,
    size: Any,
    scale_factor: Any,
    mode: Any,
    align_corners: Any,
    recompute_scale_factor: Any,
    antialias: Any,
) -> Any:
    """The input in another size: nearest, linear, bilinear, trilinear, bicubic, area or nearest-exact."""
    if mode in ("nearest", "area", "nearest-exact") and align_corners is not None:
        raise ValueError_(
            "align_corners option can only be set with the interpolating modes: linear | bilinear | bicubic | trilinear"
        )
    out, scales = _asked(input, size, scale_factor, recompute_scale_factor, mode)
    _check_mode(input, mode, align_corners, antialias)
    x = input.data
    dims = x.ndim - 2
    shape = x.shape[2:]
    if mode == "area":
        return getattr(T, f"adaptive_avg_pool{dims}d")(input, out)
    words = ("D", "H", "W")[-dims:] if dims > 1 else ("W",)
    if any(n <= 0 for n in (*shape, *out)):
        one, two = (", ".join(f"{w}: {n}" for w, n in zip(words, sizes, strict=True)) for sizes in (shape, out))
        between = " and" * (dims == 1)
        raise ShapeError(
            f"Input and output sizes should be greater than 0, but got input ({one}){between} output ({two})"
        )
    if not x.shape[1]:
        raise ShapeError(f"Non-empty {x.ndim}D data tensor expected but got a tensor with sizes {list(x.shape)}")
    if x.dtype.kind != "f" and (x.dtype != np.uint8 or (dims != 2 and "linear" in mode)):
        raise not_implemented(_kernel_of(mode, dims, antialias), x.dtype)
    if antialias and x.dtype.itemsize == 2:
        raise not_implemented("compute_index_ranges_weights", x.dtype)
    if mode.startswith("nearest"):
        exact = mode == "nearest-exact"
        indices = tuple(_nearest(n, m, s, exact) for n, m, s in zip(shape, out, scales, strict=True))
        return run_as(take_axes, f"UpsampleNearest{'Exact' * exact}{dims}DBackward0", input, indices, saves=False)
    corners = bool(align_corners)
    dtype = np.dtype(np.float32 if x.dtype == np.float32 or x.dtype == np.float16 else np.float64)
    how = zip(shape, out, scales, strict=True)
    if antialias:
        taps = tuple(_antialiased(mode, n, m, s, corners, dtype) for n, m, s in how)
    elif mode == "bicubic":
        taps = tuple(_cubic(n, m, s, corners, dtype) for n, m, s in how)
    else:
        taps = tuple(_linear(n, m, s, corners, dtype) for n, m, s in how)
    return run_as(resample, f"Upsample{mode.capitalize()}{dims}D{'Aa' * bool(antialias)}Backward0", input, taps)


def _kernel_of(mode: str, dims: int, antialias: Any) -> str:
    """PyTorch's kernel that is the first to refuse a dtype."""
    if antialias:
        return "compute_index_ranges_weights"
    title = "nearest" if mode.startswith("nearest") else "cubic" if mode == "bicubic" else "linear"
    if dims == 2 and title != "cubic":
        return f"upsample_{'nearest' if title == 'nearest' else 'bilinear'}2d_channels_last"
    return f"compute_indices_weights_{title}"


@composite(
    "upsample(input, size=None, scale_factor=None, mode='nearest', align_corners=None)",
    python=True,
    method=False,
    samples=lambda: [call(t(1, 1, 2, 2), scale_factor=2, mode="bilinear")],
    formula="that of interpolate",
    example="upsample(ones(1, 1, 2), scale_factor=2)",
)
def upsample(input: Any, size: Any, scale_factor: Any, mode: Any, align_corners: Any) -> Any:
    """interpolate under its old name."""
    context.warn("`nn.functional.upsample` is deprecated. Use `nn.functional.interpolate` instead.")
    return T.interpolate(input, size, scale_factor, mode, align_corners)
