"""The reports of `:time` and `:profile`."""

from __future__ import annotations

from gradsh.reports import Report


class Timed(Report):
    """How long a line takes, in seconds.

    forward   of each run: all of it but backward passes
    backward  of each run: that of its backward passes; where the line only looks, that of `grad` of its value
    leaves    how many leaves that `grad` goes to; 0 where there was none
    passes    how many backward passes the line itself made
    changes   the line changes something, and ran once
    """

    __slots__ = ("backward", "changes", "forward", "leaves", "passes")

    def __init__(
        self, forward: list[float], backward: list[float], leaves: int = 0, passes: int = 0, changes: bool = False
    ) -> None:
        self.forward = forward
        self.backward = backward
        self.leaves = leaves
        self.passes = passes
        self.changes = changes


class Row:
    """An operator: how often it ran, how many steps of backward passes were its, and the seconds of both."""

    __slots__ = ("backward", "calls", "forward", "name", "steps")

    def __init__(self, name: str) -> None:
        self.name = name
        self.calls = 0
        self.steps = 0
        self.forward = 0.0
        self.backward = 0.0


class Profiled(Report):
    """What each operator of a line took, and the seconds of the whole line."""

    __slots__ = ("rows", "total")

    def __init__(self, rows: list[Row], total: float) -> None:
        self.rows = rows
        self.total = total
