"""What is kept of a loop from one run of it to the next: the inner loop of epochs begins with the plan that it had."""

from __future__ import annotations

from types import CodeType
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from weakref import ReferenceType

    from gradsh.plans.door import Header
    from gradsh.plans.trial import Trial

FIRST = 2  # iterations before the one that is recorded
TRIED = FIRST + 2  # and before the first that only the plan runs
LOOPS = 16  # of which something is kept
FAILURES = 4  # after which nobody tries again
LOST = 8


class Known:
    """Of one loop.

    code       its body's
    passed     iterations that it has run so far; `spent`: seconds in which it had no plan
    failures   how often it was recorded since there was a plan; `lost`: how often a plan did not fit any more
    trial      its plan, where there is one that has been proved; `phase`: with which iteration of a turn it begins
    moving     numbers that were others when it ran again, as a shadow has them
    alike      whether it is known that no plan is of more than one iteration (periods.py)
    passes     {place: backward passes of it in one iteration of the plan}; None where nobody was told of them
    running    a weak reference to its header, while it runs without a plan
    """

    def __init__(self, code: CodeType) -> None:
        self.code = code
        self.passed: float = 0
        self.spent = 0.0
        self.failures = self.lost = 0
        self.trial: Trial | None = None
        self.moving: set[Any] = set()
        self.phase, self.alike = 0, False
        self.passes: dict[Any, int] | None = None
        self.running: ReferenceType[Header] | None = None


def known(store: dict[int, Known], code: CodeType) -> Known:
    """What is known of the loop in this session; of those that have not run for long it is forgotten."""
    found = store.pop(id(code), None) or Known(code)
    store[id(code)] = found
    if len(store) > LOOPS:
        del store[next(iter(store))]
    return found
