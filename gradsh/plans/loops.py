"""A loop of a program, its first iterations and its last as they are written, those between by a plan.

    iterations 1, 2       real: what a first step makes (the state of an optimiser, a first `.grad`) is there then
    3                     real, after its body ran on a shadow; both must have come to the same bits
    4                     real, and by the plan on the shadow's arrays; likewise
    5 … n - 1             by the plan
    n                     real: `.grad`, the graph, every name and every error are the engine's own

Whatever differs, or is not known, ends in `NoPlan`, and all iterations are real.
"""

from __future__ import annotations

import sys
from collections.abc import Callable, Iterator
from time import perf_counter
from types import CodeType, FunctionType
from typing import Any

from gradsh import interrupts
from gradsh.plans.builder import described
from gradsh.plans.refusal import NoPlan
from gradsh.plans.trial import Trial, recorded

FIRST = 2  # iterations before the one that is recorded
TRIED = FIRST + 2  # and before the first that only the plan runs
WORTH = 100  # iterations of a loop whose plan is worth its making
TURN = 0.01  # seconds between two looks for Ctrl-C, a limit of time or of memory


class Outcome:
    """What became of a loop.

    where   (code, number of the line) of its header
    lines   its plan, [] where it has none
    reason  why it has none, and `place`, (code, lasti) in the program, or None where that is not one place
    """

    def __init__(self, where: tuple[CodeType, int], lines: list[str], reason: str = "", place: Any = None) -> None:
        self.where, self.lines, self.reason, self.place = where, lines, reason, place


def looped(
    items: Any, body: FunctionType, names: tuple[str, ...], line: int, forced: bool, told: Callable[[Any], None] | None
) -> Any:
    """The items of a loop, of which a plan may leave some out.

    body    the loop's body as a function of `names`, which gives what they are bound to at its end; the first is the
            loop's own variable
    forced  also where a plan is not worth its making
    told    called with an Outcome, where somebody wants to know
    """
    size = len(items) if type(items) is range else items.__length_hint__() if hasattr(items, "__length_hint__") else 0
    if size < (TRIED + 2 if forced else WORTH):
        if told is not None and size:
            told(Outcome((body.__code__, line), [], f"it runs {size} times, and a plan is not worth its making"))
        return items
    return Loop(iter(items), size, body, names, line, told).run()


class Loop:
    def __init__(self, items: Any, size: int, body: FunctionType, names: tuple[str, ...], line: int, told: Any) -> None:
        self.items, self.size, self.body, self.names, self.told = items, size, body, names, told
        self.where = (body.__code__, line)

    def run(self) -> Iterator[Any]:
        """The items of the real iterations."""
        left = self.size
        for _ in range(FIRST):
            yield next(self.items)
            left -= 1
        trial: Trial | None = None
        try:
            trial = recorded(self.body, self.names, sys._getframe(1))
        except Exception as why:
            self.refused(why)
        yield next(self.items)
        left -= 1
        if trial is not None and self.stands(trial, trial.begin):
            yield next(self.items)
            left -= 1
            if self.stands(trial, lambda: None):
                if self.told is not None:
                    assert trial.plan is not None
                    self.told(Outcome(self.where, described(trial.plan)))
                hold = interrupts.held()
                try:
                    with hold:
                        self.planned(trial, left - 1, hold)
                except BaseException:  # a stop: at the head of an iteration, after one that was real
                    yield next(self.items)
                    raise
        yield from self.items

    def planned(self, trial: Trial, count: int, hold: interrupts.held) -> None:
        """So many iterations by the plan, or fewer where somebody wants the loop to stop."""
        turn, done = 1, 0
        try:
            while done < count and hold.came is None and not stopping():
                turn = min(turn, count - done)
                start = perf_counter()
                trial.run(turn)
                done += turn
                if perf_counter() - start < TURN / 2:
                    turn *= 2
        except Exception as why:  # nothing has been given to the program yet: it runs as it is written
            self.refused(why)
            return
        trial.commit(done)
        for _ in range(done):
            next(self.items)

    def stands(self, trial: Trial, then: Callable[[], None]) -> bool:
        """Whether the shadow has come to the same as the program; then what is to be done."""
        try:
            trial.compare()
            then()
        except Exception as why:
            self.refused(why)
            return False
        return True

    def refused(self, why: Exception) -> None:
        if self.told is not None:
            self.told(Outcome(self.where, [], reason_of(why), place_of(why, self.body.__code__.co_filename)))


def stopping() -> bool:
    """Whether somebody asked this thread to stop."""
    return bool(interrupts.asked or interrupts.own.pauses)


def reason_of(why: Exception) -> str:
    return str(why) if isinstance(why, NoPlan) else f"its body does what no plan knows ({type(why).__name__}: {why})"


def place_of(why: Exception, filename: str) -> Any:
    """(code, lasti) of the innermost place of the program that the exception passed."""
    place, trace = None, why.__traceback__
    while trace is not None:
        if trace.tb_frame.f_code.co_filename == filename:
            place = (trace.tb_frame.f_code, trace.tb_lasti)
        trace = trace.tb_next
    return place
