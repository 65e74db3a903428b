"""Arithmetic in place on a parameter and its state, piece by piece, with scratch memory that is kept.

A `kernel(work, p, g, *state, *constants)` is elementwise: `sweep` runs it on pieces that stay in the processor's cache,
so that a step reads and writes main memory once however many operations it has. Constants are 0-d arrays, which cost
half of what Python numbers do.

PyTorch adds `alpha * x` with one rounding (a fused multiply-add). NumPy has no such operation; for float16, and for
float32 where it costs little (up to `FUSED` elements), it is done in float64, so that what small programs print has the
same digits. Larger float32 tensors round twice: the last bit differs for one element in ten.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

import numpy as np

from gradsh.engine.core import alloc
from gradsh.engine.kernels.compiled import Native, numbers
from gradsh.engine.kernels.pieces import share

PIECE = 1 << 16
SHARED = 1 << 18  # from here on a second core helps
FUSED = 256

ndarray = np.ndarray
add, subtract, multiply, divide, negative = np.add, np.subtract, np.multiply, np.divide, np.negative
FLOAT32, FLOAT64 = np.dtype(np.float32), np.dtype(np.float64)
HALF = np.dtype(np.float16)


class Work:
    """Scratch arrays of one shape: `t` for the operations here, `g` and `u` for kernels, `wide` (doubles) or None."""

    __slots__ = ("g", "t", "u", "wide")

    def __init__(self, flats: tuple[Any, ...], wide: Any, shape: tuple[int, ...], size: int) -> None:
        self.t, self.g, self.u = [flat[:size].reshape(shape) for flat in flats]
        self.wide = None if wide is None else wide[:size].reshape(shape)


class Scratch:
    """The scratch memory of one optimiser: at most `PIECE` elements of each kind, and `second` for a second thread."""

    __slots__ = ("flats", "second", "views")

    def __init__(self) -> None:
        self.second: Scratch | None = None
        self.flats: dict[Any, tuple[Any, ...]] = {}
        self.views: dict[Any, Work] = {}

    def work(self, dtype: Any, shape: tuple[int, ...]) -> Work:
        """Scratch for arrays of that dtype and shape, of at most `PIECE` elements."""
        key = (dtype, shape)
        work = self.views.get(key)
        if work is None:
            size = 1
            for extent in shape:
                size *= extent
            work = self.views[key] = self._made(dtype, shape, size)
        return work

    def _made(self, dtype: Any, shape: tuple[int, ...], size: int) -> Work:
        flats = self.flats.get(dtype)
        if flats is None or flats[0].size < size:
            flats = self.flats[dtype] = tuple(alloc.empty(size, dtype) for _ in range(3))
            self.views = {key: work for key, work in self.views.items() if key[0] != dtype}
        wide = None
        if dtype == HALF or (dtype == FLOAT32 and size <= FUSED):
            least = size if dtype == HALF else FUSED
            found = self.flats.get("wide")
            if found is None or found[0].size < least:
                found = self.flats["wide"] = (alloc.empty(least, FLOAT64),)
            wide = found[0]
        return Work(flats, wide, shape, size)


def sweep(scratch: Scratch, kernel: Callable[..., None], arrays: tuple[Any, ...], constants: tuple[Any, ...]) -> None:
    """Run the kernel on arrays of one shape; the first is the parameter's, whose dtype the scratch has."""
    first = arrays[0]
    if first.size <= PIECE:
        work = scratch.views.get((first.dtype, first.shape)) or scratch.work(first.dtype, first.shape)
        kernel(work, *arrays, *constants)
        return
    if all(a.flags.c_contiguous for a in arrays):
        flat = tuple(a.reshape(-1) for a in arrays)
        if first.size < SHARED:
            _pieces(scratch, kernel, flat, constants, PIECE)
        else:
            _shared(scratch, kernel, flat, constants)
        return
    rows = PIECE * len(first) // first.size
    if rows:
        _pieces(scratch, kernel, arrays, constants, rows)
    else:
        for i in range(len(first)):
            sweep(scratch, kernel, tuple(a[i] for a in arrays), constants)


def _pieces(
    scratch: Scratch, kernel: Callable[..., None], arrays: tuple[Any, ...], constants: tuple[Any, ...], rows: int
) -> None:
    dtype = arrays[0].dtype
    for start in range(0, len(arrays[0]), rows):
        parts = [a[start : start + rows] for a in arrays]
        kernel(scratch.work(dtype, parts[0].shape), *parts, *constants)


def _shared(scratch: Scratch, kernel: Callable[..., None], arrays: tuple[Any, ...], constants: tuple[Any, ...]) -> None:
    """In two halves, for two threads: one core does not use all of the memory's bandwidth."""
    middle = len(arrays[0]) // (2 * PIECE) * PIECE
    second = scratch.second = scratch.second or Scratch()

    def half(start: int) -> None:
        part = slice(start, None if start else middle)
        _pieces(second if start else scratch, kernel, tuple(a[part] for a in arrays), constants, PIECE)

    share(half, (0, middle))


def in_c(name: str, states: int, constants: tuple[Any, ...]) -> Callable[[Callable[..., None]], Callable[..., None]]:
    """A kernel that is also in native_optim.h, under that name, for float32; it is tried with so many arrays of state,
    and those constants."""

    def made(kernel: Callable[..., None]) -> Callable[..., None]:
        def plain(*given: Any) -> Any:
            """What becomes of a copy of the parameter; the C kernel writes into the parameter itself."""
            copies = [a.copy() if a.__class__ is ndarray and a.ndim else a for a in given]
            kernel(Scratch().work(copies[0].dtype, copies[0].shape), *copies)
            return copies[0]

        def cases() -> Iterator[tuple[Any, ...]]:
            numbers_of = [constant(c, FLOAT32) if c.__class__ is float else c for c in constants]
            for size in (37, FUSED + 41):
                x = numbers(size)
                yield (x, *[np.abs(x) + x.dtype.type(k) for k in range(1, states + 2)], *numbers_of)

        native = Native(name, plain, cases, writes=(0, *range(2, 2 + states)), alike=False)

        def run(work: Work, *given: Any) -> None:
            fast = native.function or native.wanted(given[0].size)
            if fast is None or fast(*given) is None:
                kernel(work, *given)

        return run

    return made


def constant(value: float, dtype: Any) -> Any:
    """A number as an operand of kernels on that dtype; for float16 it keeps more digits, as PyTorch's does."""
    return alloc.array(value, FLOAT32 if dtype == HALF else dtype)


# --- PyTorch's in-place operations, with its order of rounding -----------------------------------------------------


def add_scaled(work: Work, x: Any, y: Any, alpha: Any, out: Any) -> None:
    """out = x + alpha * y"""
    wide = work.wide
    if wide is None:
        multiply(y, alpha, work.t)
        add(x, work.t, out)
    else:
        wide[...] = y
        multiply(wide, alpha, wide)
        add(wide, x, wide)
        out[...] = wide


def lerp(work: Work, x: Any, y: Any, weight: Any, far: bool) -> None:
    """x += weight * (y - x); `far` tells that weight >= 0.5: PyTorch then goes from the other end."""
    t = work.t
    subtract(y, x, t)
    start, factor, combine = (y, 1 - weight, subtract) if far else (x, weight, add)
    wide = work.wide
    if wide is None:
        multiply(t, factor, t)
        combine(start, t, x)
    else:
        wide[...] = t
        multiply(wide, factor, wide)
        combine(start, wide, wide)
        x[...] = wide


def lerp_weights(weight: float) -> tuple[float, bool]:
    """The last two arguments of `lerp`."""
    return weight, bool(weight >= 0.5)


def addcmul(work: Work, x: Any, a: Any, b: Any, value: Any, out: Any) -> None:
    """out = x + value * a * b; a `value` of None is 1."""
    wide = work.wide
    if value is None:
        scaled = a
    else:
        scaled = work.t
        multiply(a, value, scaled)
    if wide is None:
        multiply(scaled, b, work.t)
        add(x, work.t, out)
    else:
        wide[...] = scaled
        multiply(wide, b, wide)
        add(wide, x, wide)
        out[...] = wide


def addcdiv(work: Work, x: Any, a: Any, b: Any, value: Any) -> None:
    """x += value * a / b; a `value` of None is 1."""
    t = work.t
    if value is None:
        divide(a, b, t)
    else:
        multiply(a, value, t)
        divide(t, b, t)
    add(x, t, x)


def effective(work: Work, p: Any, g: Any, maximize: bool, weight_decay: Any) -> Any:
    """The gradient to follow: negated to maximise, plus the decay times the parameter; in `work.g` unless it is `g`."""
    if maximize:
        g = negative(g, work.g)
    if weight_decay is not None:
        add_scaled(work, g, p, weight_decay, work.g)
        g = work.g
    return g
