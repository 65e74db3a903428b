"""A training loop of which one line is seen on a terminal, `1,240/5,000  loss 0.0113 …`, while a plan runs it.

The line is read off real backward passes (gradsh.runtime.training). So when it is due the plan stops for an iteration,
ten times a second at the most; passes that the plan has run are counted as so many times those of a real iteration; and
where a number stops to be finite in a turn, the turn is run as it is written: it is the engine that finds the operator.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np

from gradsh.engine.core.modes import mode
from gradsh.plans.kept import Known
from gradsh.plans.turns import Stretch


class Watched:
    """Of one loop. `training`: whoever is told of its passes; `before`: how many there were of each place in the
    program when the last real iteration began."""

    def __init__(self, training: Any, known: Known) -> None:
        self.training, self.known = training, known
        self.before: dict[Any, int] | None = None
        self.looks = True

    def begins(self) -> None:
        """A real iteration begins, or the first of a turn."""
        self.before = self.training.counts()

    def found(self) -> dict[Any, int]:
        """The passes of an iteration, or a turn, by the place where they are begun."""
        if self.before is not None:
            counts = self.training.counts()
            self.known.passes = {
                where: count - self.before.get(where, 0)
                for where, count in counts.items()
                if count > self.before.get(where, 0)
            }
        return self.known.passes

    def stops(self, stops: Callable[[], bool]) -> Callable[[], bool]:
        """Whether the plan has to stop for somebody, or for the line."""
        passes = self.found()
        return lambda: stops() or self.training.is_due(passes)

    def ran(self, stretch: Stretch) -> int:
        """That much was run by the plan; how many iterations are to be real now, as a number is odd."""
        self.training.ran(self.found(), stretch.done)
        return stretch.odd

    def looked(self) -> None:
        """They were: what is odd is no loss, if there was nothing to find, and nobody looks again."""
        self.looks = self.training.odd is not None

    def is_odd(self, head: Any, now: Any) -> bool:
        """Whether an array has numbers that are not finite, and had none at the head of the turn."""
        if not self.looks or self.training.odd is not None:
            return False
        return any(
            after.dtype.kind == "f" and odd(after) > odd(before) for before, after in zip(head, now, strict=True)
        )


def odd(x: Any) -> int:
    return int(x.size - np.count_nonzero(np.isfinite(x)))


def watched(known: Known) -> Watched | None:
    """None where nobody sees the loop."""
    return None if mode.training is None or not mode.training.shows else Watched(mode.training, known)
