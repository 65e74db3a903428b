"""Functions of a program and transforms of them that are called often: when a plan of a call is made, tried and used.

calls 1 …     as they are written; some of them are watched: how long they take, and whether there could be a plan
then          where so much time has gone into them that a plan is worth its making: once more on a copy of all that the
              call reaches (functions.py); the plan of that, and the call as it is written, must come to the same bits
the next      both again, with what is given then; a plan that is no faster is dropped
after that    by the plan alone, where its guards say that the call reaches the like of what was recorded

A function that has no plan, and will have none, is not looked at any more: its flag in the globals is false.
"""

from __future__ import annotations

import sys
from _thread import get_ident
from collections.abc import Callable
from time import perf_counter
from types import CodeType
from typing import TYPE_CHECKING, Any

from gradsh.engine.core.modes import mode
from gradsh.plans.given import FunctionCall, TransformCall, has_graph, marks, tensors_in, unmarked
from gradsh.plans.refusal import MISSED, NoPlan, Seen, TooLong, mistaken

if TYPE_CHECKING:
    from gradsh.plans.functions import CallPlan

_getframe = sys._getframe
FIRST = 2  # calls before one is watched
VARIANTS = 4  # plans of one function, for other shapes, flags or numbers
PATIENCE = 3  # calls without a plan before the next is recorded
TRIES = 3  # calls in a row that may come to nothing
IDLE = 256  # calls in a row for which no plan was right, until nobody looks any more
MANY = 50  # calls
SITES = 4096
SWEPT, ALONE = 32, 2  # so many new ones until they are looked through; holders of a code that only its site has
SHORT = 5000  # steps of a first recording
# What is longer may have so many times more steps; forced, after one call for each OFTEN of them.
LONGER, OFTEN = 5, 500
LONGEST = 25_000
# Seconds. What recording takes, beside so many times the call; of what is loaded for it; and how much of that the calls
# must have taken by then.
MAKING, TIMES, LOADING, WORTH = 0.002, 8, 0.02, 2
TINY = 4e-6  # a call that takes less is no slower than the guards of a plan
GAIN = 0.9  # of the call's own time that its plan may take
TURNS = 3  # of a plan that is measured
# What guards raise where something is of another kind than was seen: an attribute that is not there, a global, …
GUARDED = (AttributeError, LookupError, TypeError, ValueError)


class Site:
    """One function, or one transform at one place of the program.

    code, lasti   where it is: a function's own code and -1, or the place of the call
    calls     so many so far without a plan, or since there is one; that of number `next` is watched
    took      seconds, the least of those watched
    due       whether the next is to be recorded
    waiting   calls left until another is recorded; `idle` those in a row that had no plan
    longest   how many steps a recording may have
    failed    tries in a row that came to nothing; `off`: nobody looks any more
    """

    __slots__ = (
        "calls",
        "code",
        "due",
        "failed",
        "idle",
        "lasti",
        "longest",
        "next",
        "off",
        "plans",
        "took",
        "waiting",
    )

    def __init__(self, code: CodeType, lasti: int, first: int) -> None:
        self.code, self.lasti = code, lasti
        self.plans: list[CallPlan] = []
        self.calls, self.next = 0, first + 1
        self.took, self.due = 1e9, False
        self.waiting, self.failed, self.idle = 0, 0, 0
        self.longest = SHORT
        self.off = bool(code.co_flags & SUSPENDS)


FRAMES = 8  # of gradsh's own from a function that asks to the same one as it is written
SUSPENDS = 0x20 | 0x80 | 0x200  # generators, and their kin


class Calls:
    """What a session's program calls often; `mode.planner`.

    forced  whether each call is recorded after the first, whatever it is worth
    told    called with an Outcome for each plan, and for each function that has none, where somebody wants to know
    steady  whether a plan is recorded after MANY calls, and used, whatever it is worth: that is the same each time
    passes  has `deep`, what a function that asks lets pass, for it has not run yet: () where it has, and was too deep
    """

    def __init__(self, forced: bool, told: Callable[[Any], None] | None, passes: Any, steady: bool = False) -> None:
        self.forced, self.told, self.passes, self.steady = forced, told, passes, steady
        self.sites: dict[Any, Site] = {}
        self.thread = 0
        self.busy = False  # a call is recorded or tried: what it calls runs as it is written

    def entered(self, flag: str) -> tuple[Any] | None:
        """A function of the program begins: what it gives, where a plan knows it.

        flag   a global: whether the function is to ask again
        """
        return self.asked(_getframe(1), flag)

    def asked(self, frame: Any, flag: str) -> tuple[Any] | None:
        self.passes.deep = RecursionError
        code = frame.f_code
        site = self.sites.get(id(code))
        if site is None:
            site = self.site(id(code), code, -1)
        if not site.plans:
            if site.off:
                frame.f_globals[flag] = False
                return None
            if not self.counted(site):
                return None
        if self.busy or mode.where is not None or not self.may():
            return None
        given = frame.f_locals
        result = self.found(site, given) if site.plans else MISSED
        if result is MISSED and not site.off:
            result = self.tried_again(site, FunctionCall(code, frame.f_globals, given))
        return None if result is MISSED else (result,)

    def transform(self, transform: Any, arguments: tuple[Any, ...]) -> Any:
        """`transform(*arguments)`."""
        where = mode.where
        if where is None:
            return transform(*arguments)
        key = id(where[0]), where[1], transform
        site = self.sites.get(key)
        if site is None:
            site = self.site(key, *where)
        if site.off or not (site.plans or self.counted(site)) or self.busy or not self.may():
            return transform(*arguments)
        result = self.found(site, arguments) if site.plans else MISSED
        if result is MISSED and not site.off:
            result = self.tried_again(site, TransformCall(transform, arguments))
        return transform(*arguments) if result is MISSED else result

    def site(self, key: Any, code: CodeType, lasti: int) -> Site:
        if not len(self.sites) % SWEPT:  # functions that are no more, as those of old prompts, do not stay
            self.sites = {at: each for at, each in self.sites.items() if sys.getrefcount(each.code) > ALONE}
        if len(self.sites) >= SITES:
            self.sites.clear()
        site = self.sites[key] = Site(code, lasti, 1 if self.forced else FIRST)
        return site

    @staticmethod
    def counted(site: Site) -> bool:
        """One call more, without a plan: whether to look at it."""
        site.calls += 1
        return site.calls >= site.next

    def may(self) -> bool:
        """Whether a plan may be looked for, or made."""
        if get_ident() != self.thread:  # the arrays of a plan are there once
            if self.thread:
                return False
            self.thread = get_ident()
        return quiet()

    def found(self, site: Site, given: Any) -> Any:
        """What a plan gives; MISSED where there is none for what is given."""
        for plan in site.plans:
            try:
                result = plan.attempt(given)
            except Exception as why:  # nothing has been done yet
                if not isinstance(why, GUARDED):
                    mistaken(why)
                continue
            if result is not MISSED:
                site.idle = 0
                return result if plan.tried else self.proved(site, plan, result, given)
        site.idle += 1
        if site.idle > IDLE:
            self.refused(site, NoPlan("it reaches something else in each call"))
        return MISSED

    def proved(self, site: Site, plan: CallPlan, result: Any, given: Any) -> Any:
        """The call as it is written, whose result must be the one that the plan gave, in less time."""
        start = perf_counter()
        real = self.as_written(plan, given)
        took = perf_counter() - start
        plan.tried = True
        if not plan.came_to(result, real):
            self.refused(site, plan.other)
        elif not self.forced and not self.steady:
            planned = min(timed(plan, given) for _ in range(TURNS))
            if planned > min(took, site.took) * GAIN:
                self.refused(site, NoPlan("its plan is no faster"))
        return real

    def as_written(self, call: Any, given: Any) -> Any:
        """The call for the program: as deep as without what looks at it."""
        self.busy = True
        limit = sys.getrecursionlimit()
        sys.setrecursionlimit(limit + FRAMES)
        try:
            return call.real(given)
        except RecursionError:
            self.passes.deep = ()
            raise
        finally:
            sys.setrecursionlimit(limit)
            self.busy = False

    def tried_again(self, site: Site, call: Any) -> Any:
        """What a call gives for which there is no plan: it is watched or recorded; MISSED where it has not run."""
        if site.waiting:
            site.waiting -= 1
            return MISSED
        if site.plans and (len(site.plans) >= VARIANTS or not self.counted(site)):
            return MISSED
        if site.due or self.forced:
            return self.recorded(site, call)
        return self.watched(site, call)

    def watched(self, site: Site, call: Any) -> Any:
        """The call as it is written: how long it takes, and whether it is one that could have a plan."""
        site.next = site.calls * 2
        tensors = tensors_in(call.reached())
        before = marks(tensors)
        start = perf_counter()
        result = self.as_written(call, call.given)
        site.took = min(site.took, perf_counter() - start)
        if has_graph(result):
            self.failed(site, NoPlan("what the call gives has a graph"))
        elif not unmarked(tensors, before):
            self.refused(site, NoPlan("the call writes into a tensor"))
        elif site.took < TINY and not self.steady:
            self.refused(site, NoPlan("a plan of it would be no faster"))
        elif site.calls >= MANY if self.steady else site.took * site.calls > WORTH * making(site):
            site.due, site.next = True, 0
        return result

    def recorded(self, site: Site, call: Any) -> Any:
        """The call as it is written, and the plan of it; MISSED where there is none, and it has not run."""
        from gradsh.plans.functions import CallPlan, outcome

        site.waiting = PATIENCE
        self.busy = True
        try:
            try:
                plan = CallPlan(call, not site.plans, site.longest, self.told is not None)
                result = plan.attempt(call.given)
            except TooLong as why:
                site.longest *= LONGER
                site.waiting = site.longest // OFTEN if self.forced else 0
                site.due, site.next = self.forced, site.calls * 2
                if site.longest > LONGEST:
                    self.refused(site, why)
                return MISSED
            except Exception as why:
                if Seen.mistakes and not isinstance(why, NoPlan):
                    self.as_written(call, call.given)  # whose error it may be
                    mistaken(why)
                self.failed(site, why)
                return MISSED
        finally:
            self.busy = False
        try:
            real = self.as_written(call, call.given)
        finally:
            call.given = None  # a plan keeps nothing alive that it was given
        if plan.came_to(result, real):
            site.failed, site.calls, site.next, site.due = 0, 0, 2, False
            site.plans.insert(0, plan)
            if self.told is not None:
                self.told(outcome(site.code, site.lasti, plan))
        else:
            self.refused(site, plan.other)
        return real

    def failed(self, site: Site, why: Exception) -> None:
        """There is no plan of a call; after some of them none is looked for."""
        site.failed += 1
        site.due, site.next = self.forced, site.calls * 2
        if site.failed >= (TRIES - 1 if self.forced else TRIES):
            self.refused(site, why)

    def refused(self, site: Site, why: Exception) -> None:
        """There is no plan, and none will be looked for."""
        site.off, site.plans = True, []
        if self.told is not None:
            from gradsh.plans.functions import refusal

            self.told(refusal(site.code, site.lasti, why))


def making(site: Site) -> float:
    """Seconds that a plan of it may take to be made."""
    loading = 0 if "gradsh.plans.functions" in sys.modules else LOADING
    return loading + MAKING * site.longest / SHORT + TIMES * site.took


def timed(plan: CallPlan, given: Any) -> float:
    """Seconds that the plan takes."""
    start = perf_counter()
    plan.attempt(given)
    return perf_counter() - start


def quiet() -> bool:
    """Whether nobody looks at what the engine does."""
    m: Any = mode
    return (
        m.interpreter is m.notes is m.profile is m.saving is m.walk is m.forward is m.anomaly is None
        and (m.training is None or m.training.shows)
        and m.written is None
        and not (m.transforms or m.functorch or m.inference or m.reformed)
    )
