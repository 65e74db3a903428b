"""Plans of loops and of calls, as `gradsh plan` shows them."""

from __future__ import annotations

from typing import TYPE_CHECKING

from gradsh.reports import Report

if TYPE_CHECKING:
    from gradsh.errors import Span


class PlanKept:
    """What a plan reads that is there before: how the program calls it, its dtype and shape, and where an iteration has
    made it, if one has and the others have the same."""

    __slots__ = ("form", "name", "span")

    def __init__(self, name: str, form: str, span: Span | None) -> None:
        self.name = name
        self.form = form
        self.span = span


class PlanRow:
    """One step of a plan: `w = w - t1`, the dtype and shape of what it writes, and of which place it is the gradient.

    `decides`: the text is what has to be true, or the iteration runs as it is written.
    """

    __slots__ = ("decides", "form", "made", "text")

    def __init__(self, text: str, form: str, made: Span | None, decides: bool = False) -> None:
        self.text = text
        self.form = form
        self.made = made
        self.decides = decides


class PlanLine:
    """Steps of one place of the program, the last of `spans`; the others are calls by which the loop comes there."""

    __slots__ = ("rows", "spans")

    def __init__(self, spans: list[Span]) -> None:
        self.spans = spans
        self.rows: list[PlanRow] = []

    @property
    def numbers(self) -> list[tuple[str, int]]:
        return [(span.source.name, span.line) for span in self.spans]


class PlanShown:
    """A plan: what it reads and leaves as it is, what it changes, its steps, what is bound at the end of an iteration,
    and what that gives to lists, or prints; how many iterations these steps are of, and how many have run by it, so
    far."""

    __slots__ = ("before", "changes", "ends", "gives", "lines", "period", "ran")

    def __init__(
        self,
        before: list[PlanKept],
        changes: list[PlanKept],
        lines: list[PlanLine],
        ends: list[PlanRow],
        gives: list[str],
    ) -> None:
        self.before = before
        self.changes = changes
        self.lines = lines
        self.ends = ends
        self.gives = gives
        self.period = 1
        self.ran = 0

    @property
    def steps(self) -> int:
        return sum(len(line.rows) for line in self.lines) + len(self.ends)


class LoopPlan(Report):
    """`gradsh plan`: what became of a loop, or of the calls of a function: `header` is its first line.

    Its plan; or the reason why it has none, with the place where that is one.
    """

    __slots__ = ("header", "plan", "reason", "span")

    def __init__(self, header: Span | None, plan: PlanShown | None, reason: str, span: Span | None) -> None:
        self.header = header
        self.plan = plan
        self.reason = reason
        self.span = span

    @property
    def loop(self) -> int | None:
        return None if self.header is None else self.header.line
