"""Loops that call `backward`, watched from outside: the engine tells of each pass, and ten times a second one is read.

Nothing of it is in the program's code. What a pass costs here is two calls and a look at the clock, and only where
somebody sees the result; what a reading costs is measured, and the pause until the next is fifty times that.
"""

from __future__ import annotations

from collections import deque
from math import isfinite
from time import monotonic
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Mapping

    from gradsh.engine.core.graph import Where
    from gradsh.engine.core.tensor import Tensor
    from gradsh.reports.training import Odd, TrainingState

    Read = Callable[["Training", list[Tensor], Where | None, "Site"], TrainingState | None]
    Find = Callable[[Tensor, int], Odd]

PATIENCE = 0.3  # seconds of a loop of which nothing is shown
EVERY = 0.1  # seconds between two readings, at the least
SHARE = 50  # and how many times as long as one takes


class Site:
    """What is known of the backward passes of one place in the program.

    count   how many there were; `start` is when the first began, `due` when the next is read
    ends    the pass after which the loop is done, -1 where that is not known
    losses  some that were read, `recent` the (time, count) of the last readings
    """

    __slots__ = ("count", "due", "ends", "losses", "recent", "start")

    def __init__(self, now: float) -> None:
        self.count = 0
        self.start = now
        self.due = now + PATIENCE
        self.ends = -1
        self.losses: list[float] = []
        self.recent: deque[tuple[float, int]] = deque()


class Training:
    """Told of the backward passes of one run: `mode.training`.

    `read` makes a reading (gradsh.looking.training), `find` says where a loss that is no number comes from; `show` gets
    each reading, and None to take it away.
    """

    shows = True  # a reading now and then is enough: loops may run by plans

    def __init__(self, read: Read, find: Find, show: Callable[[TrainingState | None], None]) -> None:
        self.read = read
        self.find = find
        self.show = show
        self.sites: dict[Any, Site] = {}
        self.shown = False
        self.odd: Odd | None = None

    def site(self, where: Where | None) -> Site:
        found = self.sites.get(where)
        if found is None:
            found = self.sites[where] = Site(monotonic())
        return found

    def begins(self, outputs: list[Tensor], where: Where | None) -> None:
        """A pass begins. The graph is whole now: what made a nan can still be found."""
        site = self.site(where)
        site.count += 1
        if self.odd is None and len(outputs) == 1:
            data = outputs[0].data
            if data.size == 1 and not isfinite(data):
                self.odd = self.find(outputs[0], site.count)

    def ended(self, outputs: list[Tensor], where: Where | None) -> None:
        """It has ended; every gradient is where it belongs."""
        site = self.sites[where]
        if site.count == site.ends:
            self.hide()
            return
        now = monotonic()
        if now < site.due:
            return
        found = self.read(self, outputs, where, site)
        if found is not None:
            self.shown = True
            self.show(found)
        site.due = monotonic() + max(EVERY, SHARE * (monotonic() - now))

    # --- of passes that a plan runs, of which nothing is read ---

    def counts(self) -> dict[Any, int]:
        """{place in the program: its passes so far}."""
        return {where: site.count for where, site in self.sites.items()}

    def is_due(self, places: Iterable[Any]) -> bool:
        """Whether a pass of one of them is to be read."""
        now = monotonic()
        return any(now >= self.site(where).due for where in places)

    def ran(self, passes: Mapping[Any, int], times: int) -> None:
        """So many of each place have run, so many times."""
        for where, count in passes.items():
            self.site(where).count += count * times

    def hide(self) -> None:
        """Nothing is to be seen any more."""
        if self.shown:
            self.shown = False
            self.show(None)
