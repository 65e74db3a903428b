"""Whether a loop is worth a plan: before one is, nothing else of gradsh.plans is imported.

It is where what is left of it, at the time that its iterations take, takes longer than making a plan does. Of a loop of
which nobody knows how long it is, and of all its runs together, as much is thought to be left as has been; a loop in
another will run as often as that has iterations left. To record an iteration takes as long as a dozen of them: where no
more are left, as of ten epochs, only the loop inside has a plan.
"""

from __future__ import annotations

import sys
import weakref
from collections.abc import Callable, Iterator
from itertools import chain, repeat
from math import inf
from time import perf_counter
from types import FunctionType
from typing import TYPE_CHECKING, Any

from gradsh.plans.kept import FAILURES, FIRST, LOST, TRIED, Known, known
from gradsh.plans.refusal import Outcome

if TYPE_CHECKING:
    from gradsh.plans.ahead import Source
    from gradsh.plans.loops import Loop

WORTH, LOADING = 0.006, 0.006  # seconds; the second until there was a plan in this process
LEAST, RUNS = 16, 8  # iterations that are left, and of how many that were one counts as such
# Who is told of plans is told the same each time: by iterations.
MANY = 100
# Classes of what may be known ahead: see ahead.py.
AHEAD = frozenset(
    {"list", "tuple", "zip", "enumerate", "Tensor", "DataLoader", "Batches", "list_iterator", "tuple_iterator",
     "range_iterator", "list_reverseiterator"}
)  # fmt: skip
BEHIND = "its items are not known ahead: a data set, or what samples it, may do more for each than read"
LATER = 20  # of a loop of which nobody knows how long it is


class Header:
    """A loop as it begins.

    items    what it goes over; None of a `while`
    body     the loop's body as a function of `names`, which gives what they are bound to at its end; the first is the
             loop's own variable
    rebound  those of them that the body binds; what is in `box` at the head of an iteration they are bound to, and by
             the box itself they are unbound
    size     how many items there are, `inf` where nobody knows; `done`: how many there have been
    tried    whether it is tried to make a plan of it, or it has one
    where    (the body's code, the number of the line)
    source   what there is ahead of the loop, where that is known
    told     called with an Outcome, where somebody wants to know
    """

    __slots__ = (
        "__weakref__",
        "body",
        "box",
        "done",
        "items",
        "known",
        "names",
        "rebound",
        "size",
        "source",
        "told",
        "tried",
        "where",
    )

    def __init__(
        self,
        items: Any,
        body: FunctionType,
        names: tuple[str, ...],
        rebound: tuple[str, ...],
        box: list[Any],
        line: int,
    ) -> None:
        self.items, self.body, self.names, self.rebound, self.box = items, body, names, rebound, box
        self.where = (body.__code__, line)
        self.known: Known
        self.size: float = 0
        self.done, self.tried = 0, False
        self.source: Source | None = None
        self.told: Callable[[Any], None] | None = None


def looped(loop: Header, store: dict[int, Known], forced: bool) -> Any:
    """The items of a loop, of which a plan may leave some out.

    store    what is known of the session's loops
    forced   also where a plan is not worth its making
    """
    items, told = loop.items, loop.told
    if items is None:
        loop.items, loop.size = repeat(None), inf
    elif type(items) in (list, tuple) and len(items) < TRIED + 2:
        return items
    elif type(items).__name__ in AHEAD:
        from gradsh.plans.ahead import source_of

        loop.items, loop.source = source_of(items)
        loop.size = 0 if loop.source is None else loop.source.left()
        if loop.source is None and told is not None:
            told(Outcome(loop.where, None, BEHIND))
    else:
        loop.size = size_of(items)
    size, it = loop.size, known(store, loop.body.__code__)
    loop.known = it
    it.passed += size if size < inf else 0
    if it.failures >= FAILURES or it.lost >= LOST or size < 3:
        return loop.items

    def planned(ahead: Iterator[Any] | None, done: int) -> Loop:
        from gradsh.plans.loops import Loop

        begun.append(Loop(loop, ahead, done))
        return begun[0]

    begun: list[Loop] = []
    if it.trial is not None or (forced and size >= TRIED + 2):
        return chain.from_iterable(parts(planned(None, 0).run(), begun))
    if told is None:
        if size < TRIED + 2:
            return loop.items
        return chain.from_iterable(parts(watched(iter(loop.items), loop, around(store), planned), begun))
    if size < TRIED + 2 or it.passed < MANY > size:
        told(Outcome(loop.where, None, f"it runs {size} times, and a plan is not worth its making"))
        return loop.items
    return chain.from_iterable(parts(planned(None, 0).run(LATER if size == inf else FIRST), begun))


def parts(first: Iterator[Any], begun: list[Loop]) -> Iterator[Iterator[Any]]:
    """The items of a generator, and then what the plan's loop has left: no generator stands before those."""
    yield first
    for loop in begun:
        yield loop.items


def size_of(items: Any) -> float:
    """How many items there are; 0 where a plan could not leave any out."""
    if type(items) is range:
        return len(items)
    return items.__length_hint__() if hasattr(items, "__length_hint__") else 0


def around(store: dict[int, Known]) -> list[Header]:
    """The loops that a loop begins in, as far as they have no plan: the innermost first."""
    running = (each.running() for each in reversed(store.values()) if each.running is not None)
    return [header for header in running if header is not None]


def watched(
    items: Iterator[Any], loop: Header, outer: list[Header], planned: Callable[[Iterator[Any], int], Loop]
) -> Iterator[Any]:
    """The items; those of a plan from when it is worth it. Nothing is done where the loop is left in the middle: a stop
    that comes then would be lost in a generator that ends."""
    size, it = loop.size, loop.known
    it.running = weakref.ref(loop)
    done, look, before = 0, FIRST, it.spent
    ran = (it.passed - (size if size < inf else 0)) / RUNS
    more = coming(size, outer)
    began = since = perf_counter()
    each, seen = inf, 1
    for item in items:
        loop.done = done
        yield item
        done += 1
        if done == 1:  # in which what the program needs may be loaded
            began = since = perf_counter()
        elif done == look:
            look *= 2
            now = perf_counter()
            each = min(each, (now - since) / (done - seen))  # so may it be in others
            since, seen = now, done
            it.spent = before + now - began
            left = size - done if size < inf else done
            if left > FIRST + 1 and left + ran + more >= LEAST and before + each * (left + more) > worth():
                break
    else:
        it.spent = before + perf_counter() - began
        return
    loop.tried = True
    yield from planned(items, done).run()


def coming(size: float, outer: list[Header]) -> float:
    """How many iterations a loop of this size has in those runs of it that the loops around it have left."""
    count, runs = 0.0, size if size < inf else 0
    for each in outer:
        if each.size == inf or each.tried:
            break
        count += (each.size - each.done - 1) * runs
        runs *= each.size
    return count


def worth() -> float:
    """The seconds that must be left."""
    return WORTH if "gradsh.plans.loops" in sys.modules else WORTH + LOADING
