"""The report of `:diff`."""

from __future__ import annotations

from typing import Any

from gradsh.reports import Report


class Difference:
    """One thing that is not the same at two times.

    path     "w", "w.grad", "net.0.weight", "opt.state[0]['momentum_buffer']"
    what     "new", "gone", "value", "kind", "version" or "requires_grad"
    before, after   an Amount, a number, a text; None for what was not there
    largest  the largest difference of two arrays of one shape, `many` of whose elements differ; else None
    """

    __slots__ = ("after", "before", "largest", "many", "path", "what")

    def __init__(
        self, path: str, what: str, before: Any, after: Any, largest: float | None = None, many: int = 0
    ) -> None:
        self.path = path
        self.what = what
        self.before = before
        self.after = after
        self.largest = largest
        self.many = many


class StateDiff(Report):
    """What is other after one line than after another.

    before, after   the numbers of the lines
    rows            in the order of the names
    stream          what became of the random stream: "the same", "moved on", "begun" or "seeded anew"
    modes           (name, before, after) of the default dtype, grad mode and their kin, where they differ
    same            how many names are the same
    """

    __slots__ = ("after", "before", "modes", "rows", "same", "stream")

    def __init__(
        self,
        before: int,
        after: int,
        rows: list[Difference],
        stream: str,
        modes: list[tuple[str, str, str]],
        same: int,
    ) -> None:
        self.before = before
        self.after = after
        self.rows = rows
        self.stream = stream
        self.modes = modes
        self.same = same
