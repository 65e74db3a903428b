"""The arrays that kernels, rules and optimisers make: NumPy's own functions, reached through this one module.

Whoever wants to know of every array that a program's operators make (a recording, a limit of memory) stands here.

Large arrays are counted where operators give their results, so that cycles that hold them are collected in time:
Python's collector counts objects, and waits for as many however large they are. The count only says when to look how
much memory the process has; small arrays go uncounted, and cost nothing. What finds no memory is tried once more after
a collection: an operator's kernel always, and once an eighth of the memory is taken, every array that is made here.
"""

from __future__ import annotations

import gc
from typing import Any

import numpy as np

empty, zeros, ones, full = np.empty, np.zeros, np.ones, np.full
empty_like, zeros_like, ones_like, full_like = np.empty_like, np.zeros_like, np.ones_like, np.full_like
array, asarray, ascontiguousarray = np.array, np.asarray, np.ascontiguousarray
arange, linspace, eye, identity = np.arange, np.linspace, np.eye, np.identity

LARGE = 1 << 15  # elements of an array that is counted
FIRST = 64 << 20  # bytes until the first look
ROOM = 4 << 20  # bytes, which stay untouched until they are given back


class Account:
    """What is known of the process's memory, in bytes.

    left     how much may still be counted until it is looked at again
    floor    what it had after the last collection, or less since
    allowed  what it may have
    """

    __slots__ = ("allowed", "floor", "guarded", "left")

    def __init__(self) -> None:
        self.left = FIRST
        self.floor = 0
        self.allowed = 0
        self.guarded = False

    def look(self) -> None:
        """Collect if so much may be garbage: a quarter of the memory, or half of what is left of it."""
        from gradsh import memory  # start-up does without

        if not self.allowed:
            self.allowed = memory.allowed()
        now = memory.taken()
        self.floor = min(self.floor or now, now)
        most = self.garbage(now)
        if now - self.floor > most and gc.isenabled():
            self.collect()
            most = self.garbage(self.floor)
        if now > self.allowed // 8 and not self.guarded:
            self.guard()
        self.left = max(most // 8, 1 << 20)

    def garbage(self, taken: int) -> int:
        """How much of what was taken since the last collection may be garbage before it is worth another."""
        return min(self.allowed // 4, max((self.allowed - taken) // 2, self.allowed // 64))

    def collect(self) -> None:
        """Free what only cycles hold."""
        from gradsh import memory

        gc.collect()
        self.floor = memory.taken()

    def guard(self) -> None:
        """From now on every array that is made here is tried twice. Before, that would cost more than it could save."""
        self.guarded = True
        for name, make in gates().items():
            globals()[name] = _twice(make)


def gates() -> dict[str, Any]:
    """NumPy's functions that are reached through here, by name."""
    return {name: made for name, made in globals().items() if callable(made) and getattr(np, name, None) is made}


ACCOUNT = Account()


def made(count: int) -> None:
    """Count an array of so many bytes."""
    ACCOUNT.left -= count
    if ACCOUNT.left < 0:
        ACCOUNT.look()


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
    made(out.nbytes)
    return out


def _twice(make: Any) -> Any:
    def twice(*values: Any, **options: Any) -> Any:
        try:
            return make(*values, **options)
        except MemoryError:
            return again(make, *values, **options)

    return twice


# --- when there is no more --------------------------------------------------------------------------------------------

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
