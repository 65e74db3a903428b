"""A loop of a program, its first iterations and its last as they are written, those between by a plan.

    iterations 1, 2       real: what a first step makes (the state of an optimiser, a first `.grad`) is there then
    3                     real, after its body ran on a shadow; both must have come to the same bits
    4                     real, and by the plan on the shadow's arrays; likewise
    5 …                   by the plan, as long as what decides in it comes out as it did when it was recorded
    then                  an iteration that the plan knows, and the one that it does not, real; and on by the plan
    n - 1, n              real: `.grad`, the graph, every name and every error are the engine's own; n may end in the
                          middle, where what it has not bound yet is what n - 1 bound; also n - 2, where that has names
                          for values with graphs of the iteration before

When the loop runs again it begins by the plan that it had. Whatever differs, or is not known, ends in `NoPlan`, and all
iterations are real.
"""

from __future__ import annotations

import sys
from collections import deque
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from copy import copy
from itertools import islice
from typing import TYPE_CHECKING, Any

from gradsh import interrupts
from gradsh.engine.core.modes import mode
from gradsh.plans.body import MISSING, Body, tried
from gradsh.plans.entry import Entry
from gradsh.plans.kept import FIRST
from gradsh.plans.outs import sight
from gradsh.plans.periods import FORCED, WORTH, in_turns
from gradsh.plans.refusal import Moved, NoPlan, Outcome, mistaken
from gradsh.plans.trial import Trial
from gradsh.plans.turns import Stretch
from gradsh.plans.watched import watched

if TYPE_CHECKING:
    from gradsh.plans.door import Header

RECORDINGS = 3  # of one loop, where what was recorded does not come again
MISSES = 5  # stretches of fewer than GOOD iterations, one after the other, with which a plan is left
GOOD = 4
ENDLESS = 1 << 60


class Loop:
    def __init__(self, header: Header, ahead: Iterator[Any] | None, done: int) -> None:
        """`ahead`: what gives the items that are left, where the first `done` have been given by who asked for this."""
        items = header.items
        self.known, self.size, self.source, self.told = header.known, header.size, header.source, header.told
        self.body, self.names, self.rebound, self.box = header.body, header.names, header.rebound, header.box
        self.where = header.where
        self.range = items if type(items) is range else None
        self.items = ahead or iter(items)
        self.done = done
        self.depth = 1 if ahead is None else 2
        self.misses = 0
        self.odd = 0  # iterations that are real to find what is odd
        self.watched = watched(self.known)
        if self.watched is not None and self.known.passes is None:
            self.known.trial = None  # nobody was told of its passes when it was proved
        self.shown = False
        self.raised: Exception | None = None  # by the shadow or the plan, of the iteration that is next
        # Of how many iterations a turn of the plan is, and with which of them it begins (periods.py)
        self.period, self.phase = (1, 0) if self.known.trial is None else (self.known.trial.period, self.known.phase)

    def run(self, first: int = FIRST) -> Iterator[Any]:
        """The items of the real iterations; `first`: how many there are before one is recorded. Those that are left in
        `self.items` at the end come after them."""
        trial, depth = self.known.trial, self.depth
        if trial is None or trial.replaces:
            for _ in range((first if trial is None else FIRST) - self.done):
                yield self.next()
        for _ in range(RECORDINGS):
            if trial is None:
                again = True
                while again and self.left() >= 3 * self.period:
                    for _ in range(self.until()):
                        yield self.next()
                    trial, again = self.recorded(sys._getframe(depth))
                if again:  # too few are left
                    break
                with seeing(trial is not None) as seen:
                    for _ in range(self.period):
                        yield self.next()
                self.passed()
                if trial is None or not self.made(trial, sys._getframe(depth), seen):
                    if self.period == 1:
                        break
                    self.alike()
                    trial = None
                    continue
            self.misses = 0
            period = self.period
            while self.left() > 2 * period and self.misses < MISSES:
                for _ in range(self.until()):
                    yield self.next()
                entry = self.entered(trial, sys._getframe(depth))
                if entry is None and self.done < FIRST and trial is self.known.trial:
                    for _ in range(FIRST - self.done):  # of a new model: what a first step makes is not there yet
                        yield self.next()
                    continue
                if entry is None:
                    break
                if self.known.trial is None:
                    lists = {id(growing): copy(real) for growing, real in entry.lists}
                    outs: list[Any] = []
                    fits = self.attempt(trial, outs)
                    with seeing(fits) as seen:
                        for _ in range(period):
                            yield self.next()
                    self.passed()
                    if fits and not self.proved(trial, sys._getframe(depth), lists, outs, seen):
                        return
                    continue
                hold = interrupts.held()
                begun = self.done
                try:
                    with hold:
                        self.planned(trial, entry, hold)
                except BaseException:  # a stop: at the head of an iteration, after what has to be real
                    interrupts.HELD.depth += 1  # and whole: a stop is told again and again
                    try:
                        for _ in range(trial.tail * period if self.done > begun else 0):
                            yield self.next()
                    finally:
                        interrupts.HELD.depth -= 1
                    raise
                yield self.next()
                for _ in range((trial.tail + self.odd + 1) * period - 1):
                    if self.left() > 1:
                        yield self.next()
                if self.watched is not None and self.odd:
                    self.watched.looked()
                    self.odd = 0
            if self.left() < 2 or (period > 1 and self.left() <= 2 * period):
                break
            if self.known.trial is None and period > 1:
                self.alike()
            self.lost()
            trial = None
            for _ in range(FIRST - self.done):
                yield self.next()
        if self.known.trial is None:
            self.refused(NoPlan("what decides in it comes out in another way in each iteration"))

    def until(self) -> int:
        """How many iterations there are before a turn of the plan begins."""
        return (self.phase - self.done) % self.period

    def recorded(self, frame: Any) -> tuple[Trial | None, bool]:
        """What was recorded, if that is a plan, and whether it is to be recorded again, in turns of another kind."""
        known = self.known
        known.failures += 1
        trial = why = None
        try:
            trial = tried(self.here(frame), known.moving, self.told is not None)
            seems = trial.seems
        except Exception as raised:
            why = raised
            seems = why.period if isinstance(why, NoPlan) else 1
        if seems > self.period and seems % self.period == 0 and self.worth(seems):
            self.period = seems
            return None, True
        if why is not None and self.period > 1:
            if self.phase == 0:  # gradients may be there at its head, and are summed: after the first there are none
                self.phase = 1
            else:
                self.alike()
            return None, True
        if why is not None:
            self.refused(why)
        self.raised = why
        return trial, False

    def worth(self, period: int) -> bool:
        """Whether a plan of so many iterations is tried."""
        if self.known.alike or self.left() < FORCED * period:
            return False
        return self.depth == 1 or max(self.left(), self.known.passed) >= WORTH * period

    def alike(self) -> None:
        """No plan is of more than one iteration."""
        self.period, self.phase, self.known.alike = 1, 0, True

    def passed(self) -> None:
        """The iteration that was recorded, or run by the plan, has come to its end really: what was raised there and is
        none of its errors is a mistake."""
        why, self.raised = self.raised, None
        if why is not None:
            mistaken(why)

    def lost(self) -> None:
        """The plan does not fit any more."""
        if self.known.trial is not None:
            self.known.lost += 1
            self.known.trial = None

    def next(self) -> Any:
        if self.watched is not None and self.until() == 0:
            self.watched.begins()
        self.done += 1
        return next(self.items)

    def skip(self, count: int) -> None:
        self.done += count
        if self.range is not None:
            self.items = iter(self.range[self.done :])
        elif self.source is not None:
            self.source.drop(count)
        else:
            deque(islice(self.items, count), maxlen=0)

    def left(self) -> float:
        return self.size - self.done if self.source is None else self.source.left()

    def coming(self) -> Any:
        """The items that a plan may look at, turn by turn."""
        return None if self.source is None else in_turns(self.source.ahead(), self.period)

    def here(self, frame: Any) -> Body:
        """What is known of the loop at the head of an iteration."""
        seen, outer, code = frame.f_locals, frame.f_globals, frame.f_code
        own = set() if seen is outer else {*code.co_varnames, *code.co_cellvars, *code.co_freevars}
        names = {*self.names, *self.rebound}
        values = {name: seen.get(name, MISSING) if name in own else outer.get(name, MISSING) for name in names}
        item = step = None
        if self.range is not None and self.done < self.size:
            item, step = self.range[self.done], self.range.step
        if self.source is not None:
            item = next(in_turns(self.source.ahead(), self.period), None)
        return Body(self.body, self.names, self.rebound, values, item, step, self.source, self.period)

    def stands(self, act: Callable[[], Any]) -> Any:
        """What it gives, None where there is no plan."""
        try:
            return act()
        except Exception as why:
            mistaken(why)
            self.refused(why)
            return None

    def refused(self, why: Exception) -> None:
        if self.told is not None and not self.shown and self.period == 1:  # else it is tried in another way
            self.shown = True
            self.told(Outcome(self.where, None, reason_of(why), place_of(why, self.body.__code__.co_filename)))

    def made(self, trial: Trial, frame: Any, seen: list[Any]) -> bool:
        """Whether the program has come to the same as its shadow, and there is a plan of that."""

        def act() -> bool:
            trial.begin()
            entry = trial.enter(self.here(frame))
            trial.compare(entry, True)
            trial.compare_lists(entry)
            trial.compare_shown(seen, None)
            return True

        return bool(self.stands(act))

    def entered(self, trial: Trial, frame: Any) -> Entry | None:
        """The program's own in the places of the shadow, whose arrays are now as they are."""

        def act() -> Entry:
            if self.watched is not None:
                self.watched.check()
            body = self.here(frame)
            entry = trial.enter(body)
            entry.names = body.values
            trial.load(entry)
            if self.source is not None:
                trial.check_source(self.source, entry)
            return entry

        try:
            return act()
        except Exception as why:  # another plan may do
            if isinstance(why, Moved):
                self.known.moving |= why.moving
            else:
                mistaken(why)
                if self.known.trial is None:
                    self.refused(why)
            return None

    def attempt(self, trial: Trial, outs: list[Any]) -> bool:
        """Whether the next iteration is one of the plan, which has then run, and given `outs`."""
        here = trial.fill(self.coming(), 1)
        done, why = trial.run(here, outs)
        if not done:
            self.misses += 1
            self.raised = None if trial.shadow.catches else why  # else the program may catch it
            if isinstance(why, NoPlan):
                self.refused(why)
        return bool(done)

    def proved(self, trial: Trial, frame: Any, lists: dict[int, list[Any]], outs: list[Any], seen: list[Any]) -> bool:
        """Whether it has come to what the program has, whose lists were those before, and which has shown what is
        `seen`."""

        def act() -> bool:
            entry = trial.enter(self.here(frame))
            trial.compare(entry, False)
            trial.compare_given(entry, lists, outs)
            trial.compare_shown(seen, outs)
            return True

        if not self.stands(act):
            return False
        if self.told is not None and not self.shown:
            self.shown = True
            trial.shown = trial.described()
            self.told(Outcome(self.where, trial.shown))
        trial.forget()
        if self.watched is not None:
            self.watched.proved()
        self.known.trial, self.known.phase = trial, self.phase
        self.known.failures = 0
        return True

    def planned(self, trial: Trial, entry: Entry, hold: interrupts.held) -> None:
        """As many iterations as fit the plan, but for the last two, or fewer where somebody wants the loop to stop."""
        most = int(min(self.left() - 1, ENDLESS)) // self.period
        items = self.coming()
        look = self.watched

        def stops() -> bool:
            return hold.came is not None or stopping()

        asked = stops if look is None else look.stops(stops)
        stretch = Stretch(trial, entry, most, asked, items, None if look is None else look.is_odd)
        try:
            stretch.run()
        except BaseException as why:  # what the turns before have come to, the program gets
            stretch.undo()
            self.misses = MISSES
            if not isinstance(why, Exception):
                raise
            mistaken(why)
            self.refused(why)
        finally:
            new = trial.commit(entry, stretch.done) if stretch.done else {}
            self.skip(stretch.done * self.period)
            if look is not None:
                self.odd = look.ran(stretch)
            if trial.shown is not None:
                trial.shown.ran += stretch.done * self.period
        if stretch.missed and self.misses < MISSES:
            self.misses = self.misses + 1 if stretch.done < GOOD else 0
        if new:
            values = [new.get(name, entry.names[name]) for name in self.rebound]
            self.box.append(tuple(self.box if value is MISSING else value for value in values))


@contextmanager
def seeing(wanted: bool) -> Iterator[list[Any]]:
    """What the program shows until it ends, as it is seen then, where that is `wanted`; who else wants to know of it is
    told too."""
    seen: list[Any] = []
    before = mode.shown
    if not wanted:
        yield seen
        return

    def shown(values: tuple[Any, ...]) -> None:
        seen.append(sight(values))
        if before is not None:
            before(values)

    mode.shown = shown
    try:
        yield seen
    finally:
        mode.shown = before


def stopping() -> bool:
    """Whether somebody asked this thread to stop."""
    return bool(interrupts.asked or interrupts.own.pauses)


def reason_of(why: Exception) -> str:
    return str(why) if isinstance(why, NoPlan) else f"its body does what no plan knows ({type(why).__name__}: {why})"


def place_of(why: Exception, filename: str) -> Any:
    """(code, lasti) of the innermost place of the program that the exception passed, or is about."""
    if isinstance(why, NoPlan) and why.place is not None:
        return why.place
    place, trace = None, why.__traceback__
    while trace is not None:
        if trace.tb_frame.f_code.co_filename == filename:
            place = (trace.tb_frame.f_code, trace.tb_lasti)
        trace = trace.tb_next
    return place
