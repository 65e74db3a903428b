"""Steps of the past that are run again: to make a graph that a later backward has freed, or with another text.

A step runs again if it has to, or if it used what one that did has bound or changed. The others are not run: what they
changed is put back as it was. The random stream is where it was then, nothing is shown, and no file is written.
"""

from __future__ import annotations

from bisect import bisect_left
from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING, Any, BinaryIO

from gradsh.files import Files
from gradsh.interrupts import held
from gradsh.runtime.namespace import variables
from gradsh.session.contents import known
from gradsh.session.display import Display
from gradsh.session.past import Past
from gradsh.session.reach import freed
from gradsh.session.state import Part, state
from gradsh.session.steps import RANDOM, Aside, Change, Step

if TYPE_CHECKING:
    from gradsh.session.session import Result


class Remade:
    """What became of the graphs that were freed: `steps` ran again for those of `names`.

    `lost` says why that could not be, "" where it could.
    """

    __slots__ = ("lost", "names", "steps")

    def __init__(self, names: list[str], steps: list[Step], lost: str = "") -> None:
        self.names = names
        self.steps = steps
        self.lost = lost


class Stopped(Exception):
    """A step that ran again did not end as it had; `step` is the one, `result` how it ended, if it did."""

    def __init__(self, step: Step, result: Result | None) -> None:
        super().__init__(step.name)
        self.step = step
        self.result = result


class Reading(Files):
    """The user's files for steps that run again: what is written has been written."""

    __slots__ = ()

    def write(self, path: str, produce: Callable[[BinaryIO], None]) -> None:
        return


def remake(past: Past) -> Remade | None:
    """Make the graphs again that steps which are undone now have freed; None where there are none."""
    space = past.session.globals
    undone = past.steps[past.position :]
    done = past.done()
    ranges = sorted((-step.first, number) for number, step in enumerate(done))
    again: set[int] = set()
    names: list[str] = []
    lost = False
    for name, value in sorted(variables(space).items()):
        nodes = [node for node in freed((value,), space) if any(step.made(node.saved.seq) for step in undone)]
        for node in nodes:
            at = bisect_left(ranges, (-node.seq, 0)) - 1
            number = ranges[at][1] if at >= 0 else -1
            if number >= past.kept and done[number].made(node.seq):
                again.add(number)
            else:
                lost = True
        if nodes:
            names.append(name)
    if not names:
        return None
    if lost:
        return Remade(names, [], "the lines that made it are no longer kept")
    before = {path: part.keep() for path, part in state(space).items()}
    try:
        aside = run_again(past, min(again), again)
    except Stopped as stopped:
        return Remade(names, [], f"{stopped.step.name} does not run any more as it did")
    if not _same(before, state(space)):
        past.apart = aside
        past.unwind()
        return Remade(names, [], "the lines that made it give other values now")
    past.apart = aside
    return Remade(names, [step for step in aside.steps if all(step is not each for each in done)])


def _same(before: Mapping[str, Part], after: Mapping[str, Part]) -> bool:
    """Are the values what they were? Histories are not: that is what was made again."""

    def without(part: Part) -> Part:
        if part.kind != "tensor":
            return part
        requires, version, _, retains, place = part.facts
        return Part(part.path, part.kind, part.value, (requires, version, retains, place))

    return before.keys() == after.keys() and all(
        without(part).equal(without(after[path])) for path, part in before.items()
    )


def run_again(
    past: Past,
    start: int,
    must: set[int],
    texts: Mapping[int, str] | None = None,
    ended: Callable[[Step, Result], bool] | None = None,
) -> Aside:
    """Go back to before step number `start`, and do all that are done again: those of `must` and what depends on them
    by running them, with other `texts` where there are some.

    `ended` is asked of each that ran whether it may go on; without it, a step has to end as it did. Where one may not,
    and after an interrupt, all is as it was. The steps are not yet those of the past: see Past.apart.
    Errors: Stopped.
    """
    session = past.session
    old = past.done()[start:]
    with held():
        for step in reversed(old):
            step.swap(True)
        past.moved()
    new: list[Step] = []
    outer = past.sink, session.display, session.files
    ran: list[Step] = []
    past.sink = ran
    dirty: set[str] = set()
    place = 0
    try:
        if ended is None:
            session.display = Display()
        session.files = Reading(session.files.closed, session.files.stdin, session.files.sandboxed)
        for place, step in enumerate(old):
            number = start + place
            if number not in must and step.reads.isdisjoint(dirty):
                step.swap(False)
                past.moved()
                new.append(step)
                dirty -= step.binds
                continue
            ran.clear()
            result = session.run((texts or {}).get(number, step.text), step.name)
            new += ran
            dirty |= step.binds | step.writes
            for each in ran:
                dirty |= each.binds | each.writes
            if _stream_as_after(step, session.context.generator):
                dirty.discard(RANDOM)
            if not (result.ok == step.worked if ended is None else ended(step, result)):
                raise Stopped(step, result)
    except BaseException:
        with held():
            for each in reversed(new):
                each.swap(True)
            if ran and not any(ran[-1] is each for each in new):
                ran[-1].swap(True)
            for step in old:
                step.swap(False)
            past.moved()
        raise
    finally:
        past.sink, session.display, session.files = outer
    return Aside(start, new)


def _stream_as_after(step: Step, generator: Any) -> bool:
    """Is the random stream where it was after a step, which is undone now?"""
    for change in step.changes or ():
        if isinstance(change, Change) and change.object is generator:
            return bool(known(generator.__class__).read(generator) == change.other)
    return RANDOM not in step.binds | step.writes
