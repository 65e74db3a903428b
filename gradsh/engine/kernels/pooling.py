"""The largest element of each window, and where it stands: the arithmetic of max pooling.

What NumPy does fast is one operation on one long run of memory. So the input is first dealt out by its place modulo the
stride; then what a kernel's element meets in all windows is one run, shifted, and the windows that this invents at the
ends of rows are dropped at last. Planes are taken a few at a time, so that all of it stays in the cache.
"""

from __future__ import annotations

import math
from collections.abc import Iterator
from itertools import product
from typing import Any

import numpy as np

from gradsh.engine.core import alloc
from gradsh.engine.kernels.compiled import Native, Whole, numbers
from gradsh.engine.kernels.convolution import buffer

# elements that are dealt out at a time
BLOCK = 1 << 16


class Deal:
    """How one dim is dealt out: which places modulo the stride are met, how many of each, where an element goes."""

    __slots__ = ("length", "phases", "size", "start", "stride")

    def __init__(self, size: int, kernel: int, stride: int, padding: int, dilation: int, out: int) -> None:
        self.size = size
        self.stride = stride
        self.start = -padding
        self.phases = sorted({i * dilation % stride for i in range(kernel)})
        self.length = (kernel - 1) * dilation // stride + out

    def part(self, phase: int) -> tuple[slice, slice]:
        """From where in the input to where in the run of this phase."""
        first = self.start + phase
        skip = max(0, -(first // self.stride))
        count = min(self.length, -((first - self.size) // self.stride)) - skip
        count = max(count, 0)
        begin = first + skip * self.stride
        return slice(begin, begin + count * self.stride, self.stride), slice(skip, skip + count)


@Whole
def largest(x: Any, kernel: Any, stride: Any, padding: Any, dilation: Any, out: Any) -> tuple[Any, Any]:
    """The largest of each window of (batch, channels, *spatial), the first of equal ones, and its flat position in the
    plane. NaN is larger than any number, and the last of several counts."""
    values, index = _called(_windows, math.prod(kernel) * math.prod(out), x, kernel, stride, padding, dilation, out)
    return values, index


def put(g: Any, index: Any, plane: int) -> Any:
    """[p, plane]: zeros to which each of float[p, n] was added, one after the other, where its int64[p, n] says."""
    return _called(_put, g.size, g, index, plane)


def _called(native: Native, size: int, *given: Any) -> Any:
    fast = native.function or native.wanted(size)
    out = None if fast is None else fast(*given)
    return native.plain(*given) if out is None else out


def _put_in_turn(g: Any, index: Any, plane: int) -> Any:
    sums = alloc.zeros(len(g) * plane, g.dtype)
    np.add.at(sums, (index + alloc.arange(len(g))[:, None] * plane).reshape(-1), g.reshape(-1))
    return sums.reshape(len(g), plane)


def _largest(x: Any, kernel: Any, stride: Any, padding: Any, dilation: Any, out: Any) -> tuple[Any, Any]:
    size = x.shape[2:]
    dims = len(size)
    planes = x.reshape(-1, *size)
    deals = [Deal(*each) for each in zip(size, kernel, stride, padding, dilation, out, strict=True)]
    lengths = [deal.length for deal in deals]
    wide = math.prod(lengths)
    low = -np.inf if x.dtype.kind == "f" else np.iinfo(x.dtype).min
    nan = x.dtype.kind == "f" and bool(np.isnan(np.add.reduce(x, None)))
    plain = tuple(lengths) == size and all(deal.stride == 1 for deal in deals) and not any(padding)
    runs = list(product(*(deal.phases for deal in deals)))
    # each element of the kernel: its run, how far that is shifted, its distance from the window's first element
    taps = []
    for at in product(*map(range, kernel)):
        offsets = [i * d for i, d in zip(at, dilation, strict=True)]
        run = runs.index(tuple(o % s for o, s in zip(offsets, stride, strict=True)))
        taps.append((run, _flat([o // s for o, s in zip(offsets, stride, strict=True)], lengths), _flat(offsets, size)))
    last = max(shift for _, shift, _ in taps)
    steps = alloc.array([distance for _, _, distance in taps])
    code_dtype = np.uint8 if len(taps) < 256 else np.uint32
    values = alloc.empty((len(planes), *out), x.dtype)
    index = alloc.empty((len(planes), *out), np.int64)
    base = _base(size, stride, padding, out)
    kept = (slice(None), *(slice(0, m) for m in out))
    each = max(1, BLOCK // max(wide, 1))
    for begin in range(0, len(planes), each):
        some = planes[begin : begin + each]
        n = len(some)
        dealt = [some.reshape(-1)] if plain else _dealt(some, deals, runs, lengths, low)
        whole = n * wide
        length = whole - last
        best, code = buffer("largest", (whole,), x.dtype), buffer("code", (whole,), np.dtype(code_dtype))
        over, found = buffer("over", (length,), np.dtype(bool)), buffer("found", (length,), np.dtype(code_dtype))
        top, which = best[:length], code[:length]
        run, shift, _ = taps[0]
        top[...] = dealt[run][shift : shift + length]
        which.fill(0)
        for number, (run, shift, _) in enumerate(taps[1:], 1):
            value = dealt[run][shift : shift + length]
            np.greater(value, top, out=over)
            if nan:
                over |= np.isnan(value)
            np.maximum(top, value, out=top)
            # the numbers rise: the largest one marks the last time that a larger element came
            np.multiply(over, code_dtype(number), out=found)
            np.maximum(which, found, out=which)
        target = values[begin : begin + n]
        target[...] = best.reshape(n, *lengths)[kept]
        found_at = code.reshape(n, *lengths)[kept]
        if any(padding) and target.size and np.fmin.reduce(target, None) == low:
            found_at = _not_padding(found_at, target == low, kernel, stride, padding, dilation, size, out)
        places = np.add(steps.take(found_at), base, out=index[begin : begin + n])
        if any(padding):
            # windows of padding alone have no element to name
            np.clip(places, 0, max(math.prod(size) - 1, 0), out=places)
        if x.dtype.kind == "f":
            # of 0 and -0 NumPy's maximum is one or the other
            zero = target == 0
            target[zero] = np.take_along_axis(some.reshape(n, -1), places.reshape(n, -1), 1).reshape(target.shape)[zero]
    shape = (*x.shape[: x.ndim - dims], *out)
    return values.reshape(shape), index.reshape(shape)


def _dealt(planes: Any, deals: Any, runs: Any, lengths: Any, low: Any) -> list[Any]:
    """The planes by place modulo the stride, as flat runs; the lowest value where a window hangs over the end."""
    buffers = buffer("dealt", (len(runs), len(planes), *lengths), planes.dtype)
    for number, run in enumerate(runs):
        parts = [deal.part(phase) for deal, phase in zip(deals, run, strict=True)]
        one = buffers[number]
        if any(to.stop - to.start != m for (_, to), m in zip(parts, lengths, strict=True)):
            one.fill(low)
        one[(slice(None), *(to for _, to in parts))] = planes[(slice(None), *(source for source, _ in parts))]
    return list(buffers.reshape(len(runs), -1))


def _flat(places: Any, size: Any) -> int:
    """A place in an array of `size`, as a distance in its memory."""
    result = 0
    for place, extent in zip(places, size, strict=True):
        result = result * extent + place
    return result


def _base(size: Any, stride: Any, padding: Any, out: Any) -> Any:
    """The flat position of every window's first element, which may stand in the padding."""
    base: Any = alloc.zeros(out, np.int64)
    for axis, (s, p, m) in enumerate(zip(stride, padding, out, strict=True)):
        ahead = (alloc.arange(m) * s - p).reshape(-1, *(1,) * (len(out) - axis - 1))
        base += ahead * math.prod(size[axis + 1 :])
    return base


def _not_padding(
    code: Any, lowest: Any, kernel: Any, stride: Any, padding: Any, dilation: Any, size: Any, out: Any
) -> Any:
    """Windows of nothing but the lowest value have their first element that is no padding."""
    which = code.astype(np.int64)
    which[lowest] = -1
    for number, at in enumerate(product(*map(range, kernel))):
        inside: Any = True
        for axis, (i, n, s, p, d, m) in enumerate(zip(at, size, stride, padding, dilation, out, strict=True)):
            place = alloc.arange(m) * s - p + i * d
            inside = inside & ((place >= 0) & (place < n)).reshape((-1, *(1,) * (len(out) - axis - 1)))
        np.copyto(which, number, where=(which < 0) & inside)
    return np.maximum(which, 0, out=which)


def _cases() -> Iterator[tuple[Any, ...]]:
    """Windows of one, two and three dims; over the edge, with gaps, of equal numbers and of nan."""
    for dtype in (np.float32, np.float64):
        for size in ((23,), (9, 7), (4, 5, 6)):
            x = np.rint(numbers(2, 3, *size, dtype=dtype) * 9)
            x.reshape(-1)[7::11] = np.nan
            for how in ((2, 2, 0, 1), (3, 1, 1, 2)):
                kernel, stride, padding, dilation = ((each,) * len(size) for each in how)
                out = tuple((n + 2 * how[2] - how[3] * (how[0] - 1) - 1) // how[1] + 1 for n in size)
                if min(out) > 0:
                    yield x, kernel, stride, padding, dilation, out


def _cases_of_put() -> Iterator[tuple[Any, ...]]:
    for dtype in (np.float32, np.float64):
        yield numbers(2, 9, dtype=dtype), alloc.array([[3, 0, 3, 1, 1, 3, 2, 0, 0]] * 2), 5


_windows = Native("windows", _largest, _cases)
_put = Native("put", _put_in_turn, _cases_of_put)
