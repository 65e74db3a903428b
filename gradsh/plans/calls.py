"""Functions of a program and transforms of them that are called often: when a plan of a call is made, tried and used.

calls 1, 2    as they are written
3             once more on a copy of all that it reaches (functions.py); the plan of that, and the call as it is
              written, must come to the same bits
4             both again, with what is given then
5 …           by the plan alone, where its guards say that the call reaches the like of what was recorded
"""

from __future__ import annotations

import sys
from _thread import get_ident
from collections.abc import Callable
from types import CodeType
from typing import TYPE_CHECKING, Any

from gradsh.engine.core.modes import mode
from gradsh.plans.refusal import MISSED, TooLong

if TYPE_CHECKING:
    from gradsh.plans.functions import Call, CallPlan

_getframe = sys._getframe
FIRST = 2  # calls before the one that is recorded; one where plans are forced
VARIANTS = 4  # plans of one function, for other shapes, flags or numbers
PATIENCE = 3  # calls without a plan before the next is recorded
TRIES = 2  # recordings in a row that may fail
IDLE = 64  # calls in a row for which no plan was right, until nobody looks any more
SITES = 4096
SHORT = 5000  # steps of a first recording
LONGER, OFTEN = 5, 100  # what is longer may have so many times more steps after one call for each OFTEN of them
LONGEST = 25_000


class Site:
    """One function, or one transform at one place of the program.

    code, lasti   where it is: a function's own code and -1, or the place of the call
    waiting   calls left until one is recorded; `idle` those in a row that had no plan
    longest   how many steps a recording may have
    failed    recordings in a row that came to nothing; `off`: nobody looks any more
    """

    __slots__ = ("code", "failed", "idle", "lasti", "longest", "off", "plans", "waiting")

    def __init__(self, code: CodeType, lasti: int, first: int) -> None:
        self.code, self.lasti = code, lasti
        self.plans: list[CallPlan] = []
        self.waiting, self.failed, self.idle = first, 0, 0
        self.longest = SHORT
        self.off = False


class Calls:
    """What a session's program calls often; `mode.planner`.

    first   calls of each before the one that is recorded
    told    called with an Outcome for each plan, and for each function that has none, where somebody wants to know
    """

    def __init__(self, first: int, told: Callable[[Any], None] | None) -> None:
        self.first, self.told = first, told
        self.sites: dict[Any, Site] = {}
        self.thread = 0
        self.busy = False  # a call is recorded or tried: what it calls runs as it is written

    def entered(self) -> tuple[Any] | None:
        """A function of the program begins: what it gives, where a plan knows it."""
        frame = _getframe(1)
        code = frame.f_code
        site = self.sites.get(id(code))
        if site is None:
            site = self.site(id(code), code, -1)
        if not self.may(site) or mode.where is not None:
            return None
        given = frame.f_locals
        result = self.found(site, given)
        if result is MISSED and self.due(site):
            from gradsh.plans.functions import FunctionCall

            result = self.recorded(site, FunctionCall(code, frame.f_globals, given))
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
        if not self.may(site):
            return transform(*arguments)
        result = self.found(site, arguments)
        if result is MISSED and self.due(site):
            from gradsh.plans.functions import TransformCall

            result = self.recorded(site, TransformCall(transform, arguments))
        return transform(*arguments) if result is MISSED else result

    def site(self, key: Any, code: CodeType, lasti: int) -> Site:
        if len(self.sites) >= SITES:
            self.sites.clear()
        site = self.sites[key] = Site(code, lasti, self.first)
        return site

    def may(self, site: Site) -> bool:
        """Whether a plan may be looked for, or made."""
        if site.off or self.busy:
            return False
        if site.waiting and not site.plans:
            site.waiting -= 1
            return False
        if get_ident() != self.thread:  # the arrays of a plan are there once
            if self.thread:
                return False
            self.thread = get_ident()
        return quiet()

    @staticmethod
    def due(site: Site) -> bool:
        """A call for which no plan was right: whether it is to be recorded."""
        site.idle += 1
        if site.idle > IDLE:
            site.off, site.plans = True, []
            return False
        if site.waiting:
            site.waiting -= 1
            return False
        return len(site.plans) < VARIANTS

    def found(self, site: Site, given: Any) -> Any:
        """What a plan gives; MISSED where there is none for what is given."""
        for plan in site.plans:
            try:
                result = plan.attempt(given)
            except Exception:  # Missed, or something is of another kind than was seen: nothing has been done yet
                continue
            if result is not MISSED:
                site.idle = 0
                return result if plan.tried else self.tried(site, plan, result, given)
        return MISSED

    def tried(self, site: Site, plan: CallPlan, result: Any, given: Any) -> Any:
        """The call as it is written, whose result must be the one that the plan gave."""
        self.busy = True
        try:
            real = plan.real(given)
        finally:
            self.busy = False
        plan.tried = True
        if not plan.came_to(result, real):
            self.refused(site, plan.other)
        return real

    def recorded(self, site: Site, call: Call) -> Any:
        """The call as it is written, and the plan of it; MISSED where there is none, and it has not run."""
        from gradsh.plans.functions import CallPlan

        site.waiting = PATIENCE
        self.busy = True
        try:
            try:
                plan = CallPlan(call, not site.plans, site.longest)
                result = plan.attempt(call.given)
            except TooLong as why:
                site.longest, site.waiting = site.longest * LONGER, site.longest // OFTEN
                if site.longest > LONGEST:
                    self.refused(site, why)
                return MISSED
            except Exception as why:
                site.failed += 1
                if site.failed >= TRIES:
                    self.refused(site, why)
                return MISSED
            real = call.real(call.given)
        finally:
            self.busy = False
            call.given = None  # a plan keeps nothing alive that it was given
        if plan.came_to(result, real):
            site.failed = 0
            site.plans.insert(0, plan)
            if self.told is not None:
                self.told(plan.outcome(site.code))
        else:
            self.refused(site, plan.other)
        return real

    def refused(self, site: Site, why: Exception) -> None:
        """There is no plan, and none will be looked for."""
        site.off, site.plans = True, []
        if self.told is not None:
            from gradsh.plans.functions import refusal

            self.told(refusal(site.code, why))


def quiet() -> bool:
    """Whether nobody looks at what the engine does."""
    m: Any = mode
    return (
        m.interpreter is m.notes is m.profile is m.training is m.saving is m.walk is m.forward is m.anomaly is None
        and m.written is None
        and not (m.transforms or m.functorch or m.inference or m.reformed)
    )
