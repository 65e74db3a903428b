"""The arrays that kernels, rules and optimisers make: NumPy's own functions, reached through this one module.

Whoever wants to know of every array that a program's operators make (a recording, a limit of memory) stands here.

Large arrays are counted where operators give their results, so that cycles that hold them are collected in time:
Python's collector counts objects, and waits for as many however large they are. The count only says when to look how
much memory the process has; small arrays go uncounted, and cost nothing. What finds no memory is tried once more after
a collection: an operator's kernel always, and once an eighth of the memory is taken, every array that is made here.
"""

from __future__ import annotations

import gc
import math
from _thread import get_ident
from functools import cache
from typing import TYPE_CHECKING, Any

import numpy as np

from gradsh.interrupts import HELD, own

if TYPE_CHECKING:
    from gradsh.interrupts import Full
    from gradsh.memory import Limit

empty, zeros, ones, full = np.empty, np.zeros, np.ones, np.full
empty_like, zeros_like, ones_like, full_like = np.empty_like, np.zeros_like, np.ones_like, np.full_like
array, asarray, ascontiguousarray = np.array, np.asarray, np.ascontiguousarray
float32 = np.float32
arange, linspace, eye, identity = np.arange, np.linspace, np.eye, np.identity


def number(value: Any, dtype: Any) -> Any:
    """A scalar of NumPy's."""
    return dtype.type(value)


LARGE = 1 << 15  # elements of an array that is counted
FIRST = 64 << 20  # bytes until the first look
ROOM = 4 << 20  # bytes, which stay untouched until they are given back
KEPT = 1 << 25
BUFFER = 128  # elements of NumPy's buffers, of 8 bytes at most, where memory may end


def behind(x: Any) -> Any:
    """The array itself, where something else stands for it: as in a recording."""
    return x


def kept(held: dict[Any, Any], key: Any, size: int, dtype: Any) -> Any:
    """An array of undefined content; one of at most KEPT bytes is in `held` for whoever asks next."""
    found = held.get(key)
    if found is None or found.size < size:
        found = empty(size, dtype)
        if found.nbytes <= KEPT:
            held[key] = found
    return found[:size]


class Account:
    """What is known of the process's memory, in bytes.

    left     how much may still be counted until it is looked at again
    floor    what it had after the last collection, or less since
    allowed  what it may have
    limits   what the sessions that run may take, by their threads
    """

    __slots__ = ("allowed", "floor", "guarded", "left", "limits")

    def __init__(self) -> None:
        self.left = FIRST
        self.floor = 0
        self.allowed = 0
        self.guarded = False
        self.limits: dict[int, Limit] = {}

    def look(self, made: Any) -> None:
        """Collect if so much may be garbage: a quarter of the memory, or half of what is left of it.

        Raises Full where the array that was made goes beyond a limit also then.
        """
        from gradsh import memory  # start-up does without

        if not self.allowed:
            self.allowed = memory.allowed()
            if own.taken and not self.limits:  # below a limit, what no hole is large enough for would be beyond it
                memory.reuse()
        now = memory.taken()
        self.floor = min(self.floor or now, now)
        limit = self.limits.get(get_ident())
        size, room = self.allowed, self.allowed - now
        if limit is not None:
            size, room = min(size, limit.most), min(room, limit.room())
        most = _garbage(size, room)
        if (now - self.floor > most and gc.isenabled()) or room < 0:
            self.collect()
            room += now - self.floor
            most = _garbage(size, room)
            if room < 0 and limit is not None and limit.room() < 0 and not HELD.depth:
                raise _full(limit, made.shape, made.dtype)
        if now > self.allowed // 8:
            self.guard()
        self.left = max(min(most // 8, room), 1 << 20)

    def collect(self) -> None:
        """Free what only cycles hold."""
        from gradsh import memory

        gc.collect()
        self.floor = memory.taken()

    def guard(self) -> None:
        """From now on every array that is made here is tried twice. Before, that would cost more than it could save."""
        if not self.guarded:
            self.guarded = True
            for name, make in gates().items():
                globals()[name] = _twice(make)


def _garbage(size: int, room: int) -> int:
    """How much may be garbage before it is worth a collection, of so much memory of which so much is free."""
    return min(size // 4, max(room // 2, size // 64))


def _full(limit: Limit, shape: tuple[int, ...], dtype: Any) -> Full:
    error = limit.full()
    error.shape, error.dtype = shape, dtype
    return error


def gates() -> dict[str, Any]:
    """NumPy's functions that are reached through here, by name."""
    return {name: made for name, made in globals().items() if callable(made) and getattr(np, name, None) is made}


ACCOUNT = Account()


def made(array: Any) -> None:
    """Count a large array."""
    ACCOUNT.left -= array.nbytes
    if ACCOUNT.left < 0:
        ACCOUNT.look(array)


def again(kernel: Any, *values: Any, **options: Any) -> Any:
    """`kernel(*values)`, for which there was no memory, after a collection: cycles may have held what it wants."""
    ACCOUNT.collect()
    return kernel(*values, **options)


def counted(kernel: Any, *values: Any) -> Any:
    """`kernel(*values)`, a large array."""
    try:
        out = kernel(*values)
    except MemoryError:
        out = again(kernel, *values)
    made(out)
    return out


def _twice(make: Any) -> Any:
    shaped = make in (np.empty, np.zeros, np.ones, np.full)

    def twice(*values: Any, **options: Any) -> Any:
        if shaped and ACCOUNT.limits:
            _expect(values[0], options.get("dtype", values[-1] if len(values) > 1 else float))
        try:
            return make(*values, **options)
        except MemoryError:
            return again(make, *values, **options)

    return twice


def _expect(shape: Any, dtype: Any) -> None:
    """Raise Full where an array of that size would be beyond the limit: before it is written to."""
    limit = ACCOUNT.limits.get(get_ident())
    if limit is None:
        return
    shape, dtype = tuple(shape) if isinstance(shape, (tuple, list)) else (int(shape),), np.dtype(dtype)
    size = math.prod(shape) * dtype.itemsize
    if size > FIRST and size > limit.room():
        ACCOUNT.collect()
        if size > limit.room() and not HELD.depth:
            raise _full(limit, shape, dtype)


# --- when there is no more --------------------------------------------------------------------------------------------


def small_buffers(limit: Limit | None) -> None:
    """Let NumPy's buffers be small in this `np.errstate`, where the system may refuse memory.

    For arrays of 500 elements and more that broadcast, are cast or lie across memory, NumPy 2.4 takes its buffers after
    it has let go of the interpreter, and raises MemoryError without it: a segmentation fault. Of 8192 elements they are
    64 KiB, which often are what there is no memory for; up to 1 KiB they are pieces that glibc keeps for the next call.
    """
    if limit is not None or _is_limited():
        np.setbufsize(BUFFER)


@cache
def _is_limited() -> bool:
    """Whether a limit was laid on the process's memory, by `ulimit` or a host."""
    try:
        with open("/proc/self/limits", encoding="ascii") as file:  # `resource` would take start-up as long again
            said = [line.split()[3] for line in file if line.startswith(("Max data size", "Max address space"))]
    except OSError:  # no Linux
        return False
    return any(soft != "unlimited" for soft in said)


_room: bytes | None = None


def keep_room() -> None:
    """Keep memory for saying that there is no more; less than that is no error."""
    global _room
    if _room is None:
        try:
            _room = bytes(ROOM)
        except MemoryError:
            return


def make_room() -> None:
    """Give it back, to say so."""
    global _room
    _room = None
