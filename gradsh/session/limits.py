"""What the programs of a session may take at most.

A limit is soft: the statement that goes beyond it ends with an error of the E09 family, which no `catch` swallows, and
the session stays. Nothing is laid on the process: no signal, no timer, no resource limit, since it may be a host's.
"""

from __future__ import annotations

import gc
import math
from _thread import get_ident
from collections.abc import Callable
from typing import TypeVar

import numpy as np

from gradsh import memory
from gradsh.engine.core.alloc import ACCOUNT

T = TypeVar("T")


class Limits:
    """`timeout`: seconds that one run may take, or None. `max_memory`: bytes that the session's programs may take, or a
    size as it is written, "500M". Errors: ValueError."""

    __slots__ = ("memory", "timeout")

    def __init__(self, timeout: float | None = None, max_memory: int | str | None = None) -> None:
        if timeout is not None and not (
            isinstance(timeout, (int, float)) and not isinstance(timeout, bool) and 0 < timeout < math.inf
        ):
            raise ValueError(f"timeout must be a positive number of seconds, not {timeout!r}")
        self.timeout = timeout
        self.memory: memory.Limit | None = None
        if max_memory is not None:
            self.memory = memory.Limit(_bytes(max_memory), "max_memory")

    def within(self, work: Callable[[], T], late: Callable[[BaseException], T]) -> T:
        """`work()` within the limits; `late(exception)` when it was stopped where it could not say so itself."""
        from gradsh.session.deadline import within

        if self.memory is None:
            return work() if self.timeout is None else within(self.timeout, work, late)
        thread = get_ident()
        before = ACCOUNT.limits.get(thread)
        ACCOUNT.limits[thread] = self.memory
        ACCOUNT.left = 0
        ACCOUNT.guard()
        self.memory.read()
        try:
            return within(self.timeout or math.inf, work, late, self.memory)
        finally:
            self.memory.end()
            if before is None:
                del ACCOUNT.limits[thread]
            else:
                ACCOUNT.limits[thread] = before

    def hold(self) -> None:
        """The process is gradsh's own, and runs one program: the system sees to the limit of memory too."""
        if self.memory is not None:
            self.memory.hard = True
            gc.set_threshold(max(700, min(self.memory.most >> 17, gc.get_threshold()[0])), 20, 20)
            matrix = np.ones((256, 256), np.float32)
            np.matmul(matrix, matrix)  # BLAS takes memory for itself at its first call, and ends the process without

    def begun(self) -> None:
        """The program has been read, and begins."""
        if self.memory is not None:
            self.memory.begin()

    def done(self) -> None:
        """The program has come to its end. Raises Full where it has more than it may, and nobody had time to see."""
        if self.memory is not None and self.memory.room() < 0:
            ACCOUNT.collect()
            if self.memory.room() < 0:
                raise self.memory.full()

    def lift(self) -> None:
        """The program has been stopped; what is said about it is not measured."""
        if self.memory is not None:
            self.memory.lift()


def _bytes(given: object) -> int:
    if isinstance(given, str):
        found = memory.size(given)
    elif isinstance(given, int) and not isinstance(given, bool) and given > 0:
        found = given
    else:
        raise ValueError(f"max_memory must be a positive number of bytes, or a size like '500M', not {given!r}")
    return memory.known(found)
