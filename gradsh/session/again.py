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
from gradsh.runtime.namespace import bound, hand, variables
from gradsh.session.contents import known
from gradsh.session.display import Display
from gradsh.session.past import SHOWN, Past
from gradsh.session.reach import freed
from gradsh.session.state import Part, state
from gradsh.session.steps import RANDOM, Aside, Change, Step

if TYPE_CHECKING:
    from gradsh.errors import GradshError, Span, WarningRecord
    from gradsh.reports import Report
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
    """A step that ran again did not end as it had, or it cannot run again.

    `step` is the one, `result` how it ended, if it did.
    """

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
    done = past.done()
    names, again, lost = makers(past, done, past.steps[past.position :])
    if not names:
        return None
    if lost:
        return Remade(names, [], "the lines that made it are no longer kept")
    before = {path: part.keep() for path, part in state(space).items()}
    try:
        aside = run_again(past, min(again), again)
    except Stopped as stopped:
        return Remade(
            names, [], stopped.step.why_not_again or f"line {stopped.step.label} does not run any more as it did"
        )
    if not _same(before, state(space)):
        past.apart = aside
        past.unwind()
        return Remade(names, [], "the lines that made it give other values now")
    past.apart = aside
    return Remade(names, [step for step in aside.steps if not step.looks and all(step is not each for each in done)])


def makers(past: Past, done: list[Step], undone: list[Step]) -> tuple[list[str], set[int], bool]:
    """The names whose graphs steps that are undone have freed, the numbers of the steps that made these graphs, and
    whether some of those are not known any more."""
    space = past.session.globals
    ranges = sorted((-step.first, number) for number, step in enumerate(done))
    again: set[int] = set()
    names: list[str] = []
    lost = False
    values = variables(space)
    for name in sorted(bound(space)):
        nodes = [node for node in freed((values[name],), space) if any(step.made(node.saved.seq) for step in undone)]
        for node in nodes:
            at = bisect_left(ranges, (-node.seq, 0)) - 1
            number = ranges[at][1] if at >= 0 else -1
            if number >= past.kept and done[number].made(node.seq):
                again.add(number)
            else:
                lost = True
        if nodes:
            names.append(name)
    return names, again, lost


def makers_before(past: Past, start: int) -> tuple[set[int], bool]:
    """The same of the graphs that there were before step number `start` and that it, or a later one, has freed."""
    done = past.done()
    later = done[start:]
    with held():
        for step in reversed(later):
            step.swap(True)
        try:
            _, again, lost = makers(past, done[:start], later)
        finally:
            for step in later:
                step.swap(False)
    return again, lost


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
    shown: Shown | None = None,
) -> Aside:
    """Go back to before step number `start`, and do all that are done again: those of `must` and what depends on them
    by running them, with other `texts` where there are some.

    `ended` is asked of each that ran whether it may go on; without it, a step has to end as it did. Where one may not,
    and after an interrupt, all is as it was. The steps are not yet those of the past: see Past.apart. In the end
    `shown` has what the last of them that ran has shown. Errors: Stopped.
    """
    run = _Run(past, start, must, texts or {}, ended, shown or Shown())
    try:
        run.all()
    except BaseException:
        run.back()
        raise
    finally:
        run.over()
    return Aside(start, run.new)


class Shown(Display):
    """Keeps what is shown, to be shown when it is known to stay."""

    def __init__(self) -> None:
        self.events: list[tuple[str, tuple[Any, ...]]] = []

    def value(self, value: object, span: Span | None) -> None:
        self.events.append(("value", (value, span)))

    def printed(self, values: tuple[object, ...], spans: list[Span | None], sep: str = " ", end: str = "\n") -> None:
        self.events.append(("printed", (values, spans, sep, end)))

    def report(self, report: Report) -> None:
        self.events.append(("report", (report,)))

    def warning(self, warning: WarningRecord) -> None:
        self.events.append(("warning", (warning,)))

    def errors(self, errors: list[GradshError]) -> None:
        self.events.append(("errors", (errors,)))

    def last(self) -> list[object]:
        """The last value, if there is one."""
        return [arguments[0] for what, arguments in self.events if what == "value"][-1:]

    def to(self, display: Display) -> None:
        """Show all of it there."""
        for what, arguments in self.events:
            getattr(display, what)(*arguments)


class _Run:
    """One time that steps are run again; see `run_again`."""

    def __init__(
        self,
        past: Past,
        start: int,
        must: set[int],
        texts: Mapping[int, str],
        ended: Callable[[Step, Result], bool] | None,
        shown: Shown,
    ) -> None:
        self.past = past
        self.start = start
        self.must = must
        self.texts = texts
        self.ended = ended
        self.old = past.done()[start:]
        self.new: list[Step] = []
        self.ran: list[Step] = []
        self.dirty: set[str] = set()
        self.display = shown
        self.replaced: dict[int, object] = {}  # by id of what lines had shown: what they show now
        session, space = past.session, past.session.globals
        self.handed = {name: value for name, value in space["@own"].items() if SHOWN.fullmatch(f".{name}")}
        self.going_on = any(not step.reads.isdisjoint(self.handed) for step in self.old)
        self.outer = past.sink, session.display, session.files
        with held():
            for step in reversed(self.old):
                step.swap(True)
            past.moved()
            past.sink = self.ran
            session.display = self.display
            session.files = Reading(session.files.closed, session.files.stdin, session.files.sandboxed)

    def all(self) -> None:
        for number, step in enumerate(self.old, self.start):
            clean = step.reads.isdisjoint(self.dirty)
            if number not in self.must and (clean or (step.looks and not self.going_on)):
                self.new.append(step if clean else step.looked())
                self.new[-1].swap(False)
                self.past.moved()
                self.dirty -= step.binds
            else:
                self.one(step, self.texts.get(number, step.text))

    def one(self, step: Step, text: str) -> None:
        if step.paused:
            raise Stopped(step, None)
        session, space = self.past.session, self.past.session.globals
        if "_" in step.reads:
            hand(space, "_", self.replaced.get(id(step.last_shown), step.last_shown))
        self.ran.clear()
        self.past.label = step.label
        self.display.events = []
        result = session.run(text, step.name)
        self.new += self.ran
        self.dirty |= step.binds | step.writes
        for each in self.ran:
            self.dirty |= each.binds | each.writes
        if _stream_as_after(step, session.context.generator):
            self.dirty.discard(RANDOM)
        name = f"_{step.label}"
        for value in self.display.last() if name in self.handed else ():
            self.replaced[id(self.handed[name])] = value
            hand(space, name, value)
            hand(space, "_", value)
            self.dirty |= {"_", name}
        if not (result.ok == step.worked if self.ended is None else self.ended(step, result)):
            raise Stopped(step, result)

    def back(self) -> None:
        """All is to be as it was."""
        with held():
            for step in reversed(self.new):
                step.swap(True)
            if self.ran and all(self.ran[-1] is not step for step in self.new):
                self.ran[-1].swap(True)
            for step in self.old:
                step.swap(False)
            for name, value in self.handed.items():
                hand(self.past.session.globals, name, value)
            self.past.moved()

    def over(self) -> None:
        session = self.past.session
        self.past.sink, session.display, session.files = self.outer


def _stream_as_after(step: Step, generator: Any) -> bool:
    """Is the random stream where it was after a step, which is undone now?"""
    for change in step.changes or ():
        if isinstance(change, Change) and change.object is generator:
            return bool(known(generator.__class__).read(generator) == change.other)
    return RANDOM not in step.binds | step.writes
