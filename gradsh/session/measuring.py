"""How long a line takes: what changes nothing is run again and again, the rest once, as a line like any other."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from time import perf_counter
from typing import TYPE_CHECKING, Any

from gradsh.engine.autograd.backward import run_grad
from gradsh.engine.core.graph import Node, Output
from gradsh.engine.core.modes import mode
from gradsh.engine.core.tensor import Tensor
from gradsh.reports.measured import Profiled, Timed
from gradsh.runtime.profiling import Profiler
from gradsh.session.display import Display
from gradsh.session.past import STREAM
from gradsh.session.steps import RANDOM

if TYPE_CHECKING:
    from gradsh.errors import Span, WarningRecord
    from gradsh.reports import Report
    from gradsh.reports.plotting import Live
    from gradsh.session.session import Session

BUDGET = 0.5  # seconds that a line is repeated for
MOST = 100_000  # times


class Stopwatch:
    """Measures what a session runs: `session.measure`. `report` says what was found, None before that.

    `wrote` says whether the run wrote something by itself, besides the value that it shows, which is not shown here.
    """

    def __init__(self, session: Session) -> None:
        self.session = session
        self.report: Timed | None = None
        self.wrote = False

    def __call__(self, work: Callable[[], None]) -> None:
        """Run it once."""
        before = mode.training
        passes = mode.training = Passes(before)
        with noting(self.session) as seen:
            start = perf_counter()
            try:
                work()
            finally:
                mode.training = before
            whole = perf_counter() - start
        self.wrote = seen.wrote
        self.report = Timed([whole - passes.seconds], [passes.seconds], 0, passes.count, True)

    def may_repeat(self, writes: frozenset[str] | None) -> bool:
        """Whether the line may run again, of which `writes` says what it changed: nothing but the random stream."""
        once = self.report
        return writes is not None and once is not None and not (self.wrote or once.passes or writes - {RANDOM})

    def repeated(self, work: Callable[[], None]) -> None:
        """Run again and again what changes nothing, and `grad` of its value, if that is a loss."""
        stream = mode.generator and STREAM.read(mode.generator)
        forward: list[float] = []
        backward: list[float] = []
        leaves: list[Tensor] = []
        with noting(self.session) as seen:
            try:
                first = True
                end = 0.0
                while len(forward) < MOST:
                    start = perf_counter()
                    work()
                    middle = perf_counter()
                    value: Any = seen.values.pop() if seen.values else None
                    if first:
                        leaves = leaves_of(value)
                    if leaves and value is not None:
                        run_grad([value], leaves, [None], None, False, True, False, None)
                    now = perf_counter()
                    if first and now - start < BUDGET:  # it may have loaded operators
                        first, end = False, now + BUDGET
                        continue
                    forward.append(middle - start)
                    backward.append(now - middle)
                    if now > end:
                        break
            finally:
                if stream:
                    STREAM.write(mode.generator, stream)
                else:
                    mode.generator = None
        self.report = Timed(forward, backward if leaves else [], len(leaves))


class Profile:
    """Measures the operators of what a session runs, once: `session.measure`."""

    def __init__(self, session: Session) -> None:
        self.session = session
        self.report: Profiled | None = None

    def __call__(self, work: Callable[[], None]) -> None:
        profiler = Profiler()
        with noting(self.session):
            mode.interpreter = mode.profile = profiler
            start = perf_counter()
            try:
                work()
            finally:
                mode.interpreter = mode.profile = None
            whole = perf_counter() - start
        self.report = Profiled(list(profiler.rows.values()), whole)


class Watched(Display):
    """Keeps the value that a run shows, and passes on the rest: `wrote` tells of it."""

    def __init__(self, inner: Display) -> None:
        self.inner = inner
        self.needs_spans, self.follows = inner.needs_spans, inner.follows
        self.values: list[object] = []
        self.wrote = False

    def value(self, value: object, span: Span | None) -> None:
        self.values[:] = [value]

    def printed(self, values: tuple[object, ...], spans: list[Span | None], sep: str = " ", end: str = "\n") -> None:
        self.wrote = True
        self.inner.printed(values, spans, sep, end)

    def report(self, report: Report) -> None:
        self.wrote = True
        self.inner.report(report)

    def live(self, picture: Live) -> None:
        self.wrote = True
        self.inner.live(picture)

    def progress(self, items: Iterable[Any], title: str, total: int | None) -> Iterable[Any]:
        self.wrote = True
        return self.inner.progress(items, title, total)

    def warning(self, warning: WarningRecord) -> None:
        self.wrote = True
        self.inner.warning(warning)

    def pause(self) -> None:
        self.inner.pause()

    def end_line(self) -> None:
        self.inner.end_line()


@contextmanager
def noting(session: Session) -> Iterator[Watched]:
    """In it, the session's display is watched."""
    before = session.display
    watched = session.display = Watched(before)
    try:
        yield watched
    finally:
        session.display = before


class Passes:
    """Told of the backward passes of a line, as gradsh.engine.core.modes.Training; who was told before still is."""

    shows = False  # each pass is timed: no plan may run it

    def __init__(self, inner: Any) -> None:
        self.inner = inner
        self.count = 0
        self.seconds = 0.0
        self.start = 0.0

    def begins(self, outputs: list[Tensor], where: Any) -> None:
        if self.inner is not None:
            self.inner.begins(outputs, where)
        self.start = perf_counter()

    def ended(self, outputs: list[Tensor], where: Any) -> None:
        self.seconds += perf_counter() - self.start
        self.count += 1
        if self.inner is not None:
            self.inner.ended(outputs, where)

    def hide(self) -> None:
        if self.inner is not None:
            self.inner.hide()


def leaves_of(value: Any) -> list[Tensor]:
    """The leaves that a backward from a scalar comes to; none where it would call hooks, or keep gradients."""
    if value.__class__ is not Tensor or not value.requires or value.data.size != 1 or value.node is None:
        return []
    seen: set[int] = set()
    stack: list[Any] = [value.node]
    found: list[Tensor] = []
    while stack:
        edge = stack.pop()
        edge = edge.node if edge.__class__ is Output else edge
        if edge is None or id(edge) in seen:
            continue
        seen.add(id(edge))
        extra = edge.extra
        if edge.__class__ is Node:
            if extra is not None and (extra.hooks or extra.prehooks or extra.tensor_hooks or extra.retained):
                return []
            stack += edge.next if edge.next.__class__ is tuple else (edge.next,)
        elif extra is not None and extra.hooks:
            return []
        elif isinstance(edge, Tensor):
            found.append(edge)
    return found
