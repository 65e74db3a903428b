"""Somebody who sees the loops of a program, as on a terminal, and is shown each pass that is real."""

from __future__ import annotations

from collections.abc import Iterable
from itertools import cycle
from typing import Any

from gradsh.looking.training import first_odd, reading
from gradsh.reports.training import TrainingState
from gradsh.runtime.training import Training


class Reading(Training):
    """`states`: what it was shown."""

    def __init__(self) -> None:
        super().__init__(reading, first_odd, self.take)
        self.states: list[TrainingState] = []

    def take(self, state: TrainingState | None) -> None:
        if state is not None:
            self.states.append(state)


class Watching(Reading):
    """A plan has to stop for it each third time that it asks, and each pass that is real is read."""

    def __init__(self) -> None:
        super().__init__()
        self.asked = cycle((False, False, True))

    def is_due(self, _: Iterable[Any]) -> bool:
        return next(self.asked)

    def ended(self, outputs: list[Any], where: Any) -> None:
        self.sites[where].due = 0.0
        super().ended(outputs, where)
