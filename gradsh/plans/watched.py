"""A training loop that somebody is told of while a plan runs it: by a line on a terminal, `1,240/5,000  loss 0.0113 …`,
or by `why` and its kin, at a prompt and where such a word stands in the program.

The line is read off real backward passes (gradsh.runtime.training). So when it is due the plan stops for an iteration,
ten times a second at the most; passes that the plan has run are counted as so many times those of a real iteration; and
where a number stops to be finite in a turn, the turn is run as it is written: it is the engine that finds the operator.

What those words tell (gradsh.runtime.passes) is of the last passes into each leaf, since its gradient was cleared, and
of how many there were at each place before. The last iterations are real. So the passes are counted here too, and where
gradients are summed from one iteration to the next, of which each is told, there is no plan.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np

from gradsh.engine.core.modes import mode
from gradsh.plans.kept import Known
from gradsh.plans.refusal import NoPlan
from gradsh.plans.turns import Stretch


class Watched:
    """Of one loop. `training`, `passes`: who is told of its passes, the line and what is noted of them, each None where
    nobody is; `before`: how many there were of each place in the program when the last real iteration began, and into
    each leaf."""

    def __init__(self, training: Any, passes: Any, known: Known) -> None:
        self.training, self.passes, self.known = training, passes, known
        self.before: dict[Any, int] | None = None
        self.sums: dict[int, tuple[Any, int]] = {}
        self.looks = training is not None

    def counts(self) -> dict[Any, int]:
        return dict(self.passes.rounds) if self.training is None else self.training.counts()

    def begins(self) -> None:
        """A real iteration begins, or the first of a turn."""
        self.before = self.counts()
        if self.passes is not None:
            self.sums = self.summed()

    def summed(self) -> dict[int, tuple[Any, int]]:
        """{the identity of a leaf: what its gradient is the sum of, and how many passes these are}."""
        return {leaf: (summed, summed.count) for leaf, (_, summed) in list(self.passes.summed.items())}

    def proved(self) -> None:
        """A real iteration, or turn, has come to its end that is one of the plan: all that the plan runs have as many
        passes. Another may have none, as where it begins with `if i == 3 { continue }`."""
        before = self.before or {}
        self.known.passes = {
            where: count - before.get(where, 0)
            for where, count in self.counts().items()
            if count > before.get(where, 0)
        }

    def check(self) -> None:
        """Errors: NoPlan where an iteration has added to gradients of the one before, and each pass is told of; or may
        have, as all of them were 0, before it was seen once that the program clears them."""
        if self.passes is None or self.before is None:
            return
        known = list(self.passes.summed.items())
        new = [summed for leaf, (_, summed) in known if self.sums.get(leaf, (None, 0))[0] is not summed]
        if self.known.trial is None and any(summed.doubtful for summed in new):
            raise NoPlan("all of a gradient is 0, and `why` tells of each pass since one has brought more")
        if any(leaf in self.sums and summed.count > self.sums[leaf][1] for leaf, (_, summed) in known):
            raise NoPlan("gradients are summed from iteration to iteration, and `why` tells of each")

    def stops(self, stops: Callable[[], bool]) -> Callable[[], bool]:
        """Whether the plan has to stop for somebody, or for the line."""
        passes = self.known.passes or {}
        return stops if self.training is None else lambda: stops() or self.training.is_due(passes)

    def ran(self, stretch: Stretch) -> int:
        """That much was run by the plan; how many iterations are to be real now, as a number is odd."""
        passes = self.known.passes or {}
        if self.training is not None:
            self.training.ran(passes, stretch.done)
        if self.passes is not None:
            for where, count in passes.items():
                self.passes.rounds[where] = self.passes.rounds.get(where, 0) + count * stretch.done
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
    """None where nobody is told of the loop."""
    training = mode.training if mode.training is not None and mode.training.shows else None
    passes = None if mode.notes is None else mode.notes.passes
    return None if training is None and passes is None else Watched(training, passes, known)
