"""Ctrl-C held back while something must not be left half done: operators that are loaded, a table that is made of them.

An interrupt in the middle left a session without half of its operators, and once a cache that every later process read.
"""

from __future__ import annotations

import _signal  # type: ignore[import-not-found]  # `signal` itself takes half a millisecond of each start-up for its enums
from typing import Any


class held:
    """`with held():` an interrupt that comes meanwhile is raised at the end of the block."""

    __slots__ = ("before", "came")

    def __init__(self) -> None:
        self.before: Any = None
        self.came: tuple[Any, Any] | None = None

    def __enter__(self) -> None:
        before = _signal.getsignal(_signal.SIGINT)
        if callable(before):  # else it is ignored, or ends the process
            try:
                _signal.signal(_signal.SIGINT, self.note)
            except ValueError:
                return  # in a thread of an embedding program, which no signal interrupts
            self.before = before

    def note(self, number: Any, frame: Any) -> None:
        """The handler for the while."""
        self.came = (number, frame)

    def __exit__(self, *_: object) -> None:
        if self.before is not None:
            _signal.signal(_signal.SIGINT, self.before)
            if self.came is not None:
                self.before(*self.came)
