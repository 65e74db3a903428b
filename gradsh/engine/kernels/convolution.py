"""The arithmetic of convolutions: patches of the input as the columns of a matrix, and one matrix product.

All take `how = (stride, padding, dilation, groups)`; inputs are (batch, channels, *spatial), weights
(outputs, channels / groups, *kernel).

Two things decide the speed. The columns are in the order of the weight's memory, so that a weight, which changes at
every training step, is never copied; within a row the samples of the batch lie side by side, so that patches are
copied in runs that are long even where a plane is only 2 x 2. And what is needed for a moment only lives in buffers
that are used again: fresh memory costs as much as the copy into it.
"""

from __future__ import annotations

import math
from collections.abc import Iterator
from typing import Any

import numpy as np

from gradsh.engine.core import alloc
from gradsh.engine.core.strided import strided
from gradsh.engine.kernels.compiled import Native, Whole, numbers

ndarray = np.ndarray
float16 = np.dtype(np.float16)

# columns of more bytes than this are made for a few samples of the batch at a time
MOST = 1 << 25
# from so many places on, a sample is a product by itself: its columns stay in the cache, and nothing is transposed
WIDE = 512
# up to so many channels are an image's, and as many terms of its sums are added up at a time
COLOURS, PART = 4, 32
_BUFFERS: dict[tuple[str, Any], Any] = {}


def buffer(use: str, shape: tuple[int, ...], dtype: Any) -> Any:
    """An array of undefined content that is valid until the next call for the same use."""
    return alloc.kept(_BUFFERS, (use, dtype), math.prod(shape), dtype).reshape(shape)


def inner(size: Any, padding: Any) -> tuple[slice, ...]:
    """Where the input lies in (channels, *padded, batch)."""
    return (slice(None), *(slice(p, p + n) for n, p in zip(size, padding, strict=True)))


def channels_first(x: Any, use: str) -> Any:
    """(batch, channels, *spatial) as (channels, *spatial, batch); a view where that is contiguous anyway."""
    if len(x) == 1 and x.flags.c_contiguous:
        return x.reshape(*x.shape[1:], 1)
    return _filled(_samples_last, x.size, x, buffer(use, (*x.shape[1:], len(x)), x.dtype))


def batch_first(x: Any) -> Any:
    """Undo `channels_first`: a view."""
    last = x.ndim - 1
    return x.transpose(last, *range(last))


def _filled(native: Native, size: int, *given: Any) -> Any:
    """What is given second, filled in by the kernel in C where there is one for those."""
    fast = native.function or native.wanted(size)
    out = None if fast is None else fast(*given)
    return native.plain(*given) if out is None else out


def _last(x: Any, out: Any) -> Any:
    out[...] = x.transpose(*range(1, x.ndim), 0)
    return out


def _first(x: Any, out: Any) -> Any:
    out[...] = batch_first(x)
    return out


def padded_channels_first(x: Any, padding: Any) -> Any:
    """`channels_first` with zeros around the spatial dims."""
    if not any(padding):
        return channels_first(x, "input")
    n, c, *size = x.shape
    full = buffer("input", (c, *(m + 2 * p for m, p in zip(size, padding, strict=True)), n), x.dtype)
    full.fill(0)
    full[inner(size, padding)] = x.transpose(*range(1, x.ndim), 0)
    return full


def count(size: Any, kernel: Any, how: Any) -> tuple[int, ...]:
    """How many places a kernel has along each dim."""
    return tuple(
        (n + 2 * p - d * (k - 1) - 1) // s + 1
        for n, k, s, p, d in zip(size, kernel, how[0], how[1], how[2], strict=True)
    )


def columns(x: Any, kernel: Any, places: Any, how: Any) -> Any:
    """The patches as a matrix for each group: (groups, channels / group * kernel, places * batch)."""
    stride, padding, dilation, groups = how
    n, c, *size = x.shape
    rows = c // groups * math.prod(kernel)
    if rows * groups == c and places == tuple(m + 2 * p for m, p in zip(size, padding, strict=True)):
        return padded_channels_first(x, padding).reshape(groups, rows, math.prod(places) * n)
    cols = buffer("columns", (c, *kernel, *places, n), x.dtype)
    _filled(_patches, cols.size, x, cols, kernel, places, stride, padding, dilation)
    return cols.reshape(groups, rows, math.prod(places) * n)


def _patches_of(x: Any, cols: Any, kernel: Any, places: Any, stride: Any, padding: Any, dilation: Any) -> Any:
    full = padded_channels_first(x, padding)
    steps = full.strides
    spatial = steps[1:-1]
    cols[...] = strided(
        full,
        cols.shape,
        (
            steps[0],
            *(b * d for b, d in zip(spatial, dilation, strict=True)),
            *(b * s for b, s in zip(spatial, stride, strict=True)),
            steps[-1],
        ),
    )
    return cols


def pieces(x: Any, rows: int, places: Any) -> list[slice]:
    """The batch in slices whose columns are not too large."""
    n = len(x)
    one = math.prod(places)
    step = 1 if one >= WIDE else max(1, MOST // max(rows * one * x.itemsize, 1))
    return [slice(i, min(i + step, n)) for i in range(0, n, step)]


def widened(*arrays: Any) -> Any:
    """Half floats as float32, in which they are multiplied."""
    return tuple(None if a is None else a.astype(np.float32) for a in arrays)


def product(flat: Any, cols: Any, out: Any, channels: int) -> None:
    """`flat @ cols`. The sums of a large kernel over few channels, the first layer of images, go in parts: BLAS rounds
    after each term, and batch normalisation in the layers behind makes much of what is lost here."""
    terms = cols.shape[1]
    if channels > COLOURS or terms <= PART:
        np.matmul(flat, cols, out=out)
        return
    np.matmul(flat[:, :, :PART], cols[:, :PART], out=out)
    part = buffer("part", out.shape, out.dtype)
    for i in range(PART, terms, PART):
        np.matmul(flat[:, :, i : i + PART], cols[:, i : i + PART], out=part)
        out += part


@Whole
def forward(x: Any, weight: Any, bias: Any, how: Any) -> Any:
    """The convolution: (batch, outputs, *places)."""
    if x.dtype == float16:
        x, weight, bias = widened(x, weight, bias)
        return forward(x, weight, bias, how).astype(float16)
    n, outputs = len(x), len(weight)
    groups, kernel = how[3], weight.shape[2:]
    places = count(x.shape[2:], kernel, how)
    flat = weight.reshape(groups, outputs // groups, math.prod(weight.shape[1:]))
    out = alloc.empty((n, outputs, *places), x.dtype)
    for part in pieces(x, x.shape[1] * math.prod(kernel), places):
        some = x[part]
        cols = columns(some, kernel, places, how)
        if len(some) == 1:
            result = out[part].reshape(groups, outputs // groups, math.prod(places))
            product(flat, cols, result, weight.shape[1])
        else:
            result = buffer("output", (groups, outputs // groups, cols.shape[2]), x.dtype)
            product(flat, cols, result, weight.shape[1])
            _filled(_samples_first, result.size, result.reshape(outputs, *places, len(some)), out[part])
    if bias is not None:
        out += bias.reshape(-1, *(1,) * len(places))
    return out


def _by_group(g: Any, groups: int) -> Any:
    """A gradient as a matrix for each group: (groups, outputs / groups, places * batch)."""
    n, outputs, *places = g.shape
    return channels_first(g, "gradient").reshape(groups, outputs // groups, math.prod(places) * n)


@Whole
def backward_weight(g: Any, x: Any, kernel: Any, how: Any) -> Any:
    """The gradient of the weight, (outputs, channels / groups, *kernel)."""
    if x.dtype == float16:
        return backward_weight(g.astype(np.float32), x.astype(np.float32), kernel, how).astype(float16)
    groups, places, outputs = how[3], g.shape[2:], g.shape[1]
    rows = x.shape[1] // groups * math.prod(kernel)
    out: Any = None if len(x) else alloc.zeros((groups, outputs // groups, rows), x.dtype)
    for part in pieces(x, rows * groups, places):
        cols = columns(x[part], kernel, places, how)
        gs = _by_group(g[part], groups)
        product = np.matmul(gs, cols.swapaxes(1, 2))
        out = product if out is None else np.add(out, product, out=out)
    return out.reshape(outputs, x.shape[1] // groups, *kernel)


@Whole
def backward_input(g: Any, weight: Any, bias: Any, size: Any, how: Any) -> Any:
    """The gradient of an input of spatial `size`: every element of `g` writes its kernel."""
    if g.dtype == float16:
        g, weight, bias = widened(g, weight, bias)
        return backward_input(g, weight, bias, size, how).astype(float16)
    stride, padding, dilation, groups = how
    n, outputs = g.shape[:2]
    kernel, places = weight.shape[2:], g.shape[2:]
    channels = weight.shape[1] * groups
    out = alloc.empty((n, channels, *size), g.dtype)
    if _as_convolution(weight, how, places):
        flipped = weight[(slice(None), slice(None), *(slice(None, None, -1),) * len(kernel))]
        back = tuple(k - 1 - p for k, p in zip(kernel, padding, strict=True))
        out = forward(g, alloc.ascontiguousarray(flipped.swapaxes(0, 1)), None, (stride, back, dilation, 1))
    else:
        flat = weight.reshape(groups, outputs // groups, math.prod(weight.shape[1:])).swapaxes(1, 2)
        for part in pieces(g, channels * math.prod(kernel), places):
            gs = _by_group(g[part], groups)
            cols = buffer("columns", (groups, flat.shape[1], gs.shape[2]), g.dtype)
            np.matmul(flat, gs, out=cols)
            many = len(g[part])
            _added(cols.reshape(channels, *kernel, *places, many), out[part], kernel, places, how)
    if bias is not None:
        out += bias.reshape(-1, *(1,) * len(size))
    return out


def _as_convolution(weight: Any, how: Any, places: Any) -> bool:
    """Whether the gradient is better computed as a convolution of `g` with the flipped kernels: with few channels
    their copy is cheap, and adding up overlapping patches costs more."""
    stride, padding, dilation, groups = how
    kernel = weight.shape[2:]
    return (
        groups == 1
        and weight.size <= FEW
        and math.prod(kernel) > 1
        and all(s == 1 for s in stride)
        and all(d == 1 for d in dilation)
        and all(p < k for p, k in zip(padding, kernel, strict=True))
    )


# elements of a weight that are flipped in less time than its patches are added up
FEW = 40_000


def _added(cols: Any, out: Any, kernel: Any, places: Any, how: Any) -> None:
    """Fills in `out`, (batch, channels, *size): sums of patches (channels, *kernel, *places, batch) where they lie."""
    stride, padding, dilation, _ = how
    if math.prod(kernel) == 1 and places == out.shape[2:] and not any(padding):
        _filled(_samples_first, out.size, cols.reshape(len(cols), *places, cols.shape[-1]), out)
    else:
        _filled(_added_patches, cols.size, cols, out, kernel, places, stride, padding, dilation)


def _patches_added(cols: Any, out: Any, kernel: Any, places: Any, stride: Any, padding: Any, dilation: Any) -> Any:
    size = out.shape[2:]
    shape = tuple(m + 2 * p for m, p in zip(size, padding, strict=True))
    full = buffer("input", (len(cols), *shape, cols.shape[-1]), cols.dtype)
    full.fill(0)
    for at in np.ndindex(*kernel):
        target = full[
            (
                slice(None),
                *(
                    slice(i * d, i * d + s * (m - 1) + 1, s)
                    for i, d, s, m in zip(at, dilation, stride, places, strict=True)
                ),
            )
        ]
        target += cols[(slice(None), *at)]
    return _first(full[inner(size, padding)], out)


def _cases(turned: bool, *how: Any) -> Iterator[tuple[Any, ...]]:
    """Images of one and two dims, of one sample and some; with patches, if there are kernel, stride, …"""
    for dtype in (np.float32, np.float64):
        for n, size in ((1, (9, 7)), (8, (5, 7)), (3, (8,))):
            x = numbers(n, 3, *size, dtype=dtype)
            each = tuple((k,) * len(size) for k in how)
            moved = (*each[0], *count(size, each[0], each[1:])) if how else size
            some = numbers(3, *moved, n, dtype=dtype)
            more = (each[0], moved[len(size) :], *each[1:]) if how else ()
            yield (some, alloc.empty_like(x), *more) if turned else (x, alloc.empty_like(some), *more)


_samples_last = Native("samples_last", _last, lambda: _cases(False), writes=(1,))
_samples_first = Native("samples_first", _first, lambda: _cases(True), writes=(1,))
_patches = Native("patches", _patches_of, lambda: _cases(False, 3, 2, 1, 1), writes=(1,))
_added_patches = Native("added_patches", _patches_added, lambda: _cases(True, 3, 2, 1, 1), writes=(1,))
