"""What the programs of a session may take at most.

A limit is soft: the statement that goes beyond it ends with an error of the E09 family, which no `catch` swallows, and
the session stays. Nothing is laid on the process: no signal, no timer, no resource limit, since it may be a host's.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import TypeVar

T = TypeVar("T")


class Limits:
    """`timeout`: seconds that one run may take, or None. Errors: ValueError."""

    __slots__ = ("timeout",)

    def __init__(self, timeout: float | None = None) -> None:
        if timeout is not None and not (
            isinstance(timeout, (int, float)) and not isinstance(timeout, bool) and 0 < timeout < math.inf
        ):
            raise ValueError(f"timeout must be a positive number of seconds, not {timeout!r}")
        self.timeout = timeout

    def within(self, work: Callable[[], T], late: Callable[[BaseException], T]) -> T:
        """`work()` within the limits; `late(exception)` when its time ended where it could not say so itself."""
        if self.timeout is None:
            return work()
        from gradsh.session.deadline import within

        return within(self.timeout, work, late)
