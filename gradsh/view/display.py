"""Where a session's values, reports and diagnostics go: the standard display, and the session that has one.

Nothing here is heavy: the modules that render are imported when something is rendered.
"""

from __future__ import annotations

import os
import sys
from collections.abc import Iterable, Sized
from typing import TYPE_CHECKING, Any, TextIO

from gradsh.errors import ClosedPipe, GradshError, Span, WarningRecord
from gradsh.reports import Report
from gradsh.runtime import text
from gradsh.session import display, session

if TYPE_CHECKING:
    from gradsh.reports.plotting import Live
    from gradsh.reports.training import Odd, TrainingState
    from gradsh.runtime.training import Training
    from gradsh.view.live import Pictures
    from gradsh.view.progress import Bar
    from gradsh.view.training_line import TrainingLine


class Display(display.Display):
    """Values as text on `out`, flushed one by one; errors and warnings on `err`.

    `color` is auto, always or never; `style` of errors is full, short or json. Streams that are None are Python's
    standard ones, as they are when something is written.
    """

    needs_spans = False

    def __init__(
        self, out: TextIO | None = None, err: TextIO | None = None, *, color: str = "auto", style: str = "full"
    ) -> None:
        self._out = out
        self._err = err
        self.color = color
        self.style = style
        self.bars: list[Bar] = []  # of the loops that run
        self.pictures: Pictures | None = None  # likewise
        self.line: TrainingLine | None = None
        self.pages = False  # whether a report that is longer than the terminal goes to a pager
        self.unended = False  # whether what was written last, `print x, end=""`, has left a line open
        self._looked_at: TextIO | None = None  # the standard output that `_terminal` is said of
        self._terminal = False

    @property
    def out(self) -> TextIO:
        return self._out or sys.stdout

    @property
    def err(self) -> TextIO:
        return self._err or sys.stderr

    # --- what a session calls ----------------------------------------------------------------------------

    def value(self, value: object, span: Span | None) -> None:
        self.write(text.displayed(value) + "\n")

    def printed(self, values: tuple[object, ...], spans: list[Span | None], sep: str = " ", end: str = "\n") -> None:
        self.write(sep.join(map(text.written, values)) + end)

    def warning(self, warning: WarningRecord) -> None:
        self._diagnose([warning])

    def errors(self, errors: list[GradshError]) -> None:
        self._diagnose(errors)

    def progress(self, items: Iterable[Any], title: str, total: int | None) -> Iterable[Any]:
        """The items, with a bar on a terminal's standard error; without one where nobody sees it."""
        from gradsh.view import color
        from gradsh.view.progress import Bar, Tracked

        if not color.is_terminal(self.err):
            return items
        if total is None and isinstance(items, Sized):
            total = len(items)
        return Tracked(items, Bar(self.err, title, total, color.wanted(self.err, self.color)), self.bars)

    def live(self, picture: Live) -> None:
        if self.pictures is None:
            from gradsh.view.live import Pictures

            self.pictures = Pictures(self)
        self.pictures.take(picture)

    def training(self) -> Training | None:
        from gradsh.view import color

        seen = self.follows and self.style != "json" and color.is_terminal(self.err)
        if not seen or os.environ.get("TERM") == "dumb":
            return None
        from gradsh.runtime.training import Training

        return Training(_read, _first_odd, self._train)

    def _train(self, state: TrainingState | None) -> None:
        if self.line is None:
            from gradsh.view import color
            from gradsh.view.training_line import TrainingLine

            self.line = TrainingLine(self.err, color.wanted(self.err, self.color))
        if not self.bars and self.pictures is None:  # else the program shows by itself how far it is
            self.line.show(state)

    def ended(self) -> None:
        if self.line is not None:
            self.line.hide()
        if self.pictures is not None:
            self.pictures.finish()

    def _diagnose(self, problems: list[GradshError] | list[WarningRecord]) -> None:
        from gradsh.view.diagnostics import write

        self.hide_bars()
        self.end_line()
        with writing():
            write(problems, self.err, color=self.color, style=self.style)

    def note(self, line: str) -> None:
        """Write a line to the standard error."""
        self.hide_bars()
        with writing():
            self.err.write(line)
            self.err.flush()

    def report(self, report: Report) -> None:
        text, is_note = self.rendered(report)
        if is_note:
            self.note(text)
        elif not (self.pages and self._paged(text)):
            self.write(text, clean=True)

    def _paged(self, text: str) -> bool:
        """Show a text of more lines than the terminal has in a pager. False for any other, and where there is none."""
        from gradsh.view import color
        from gradsh.view.pager import page, rows

        if not color.is_terminal(self.out) or not color.is_terminal(sys.stdin) or os.environ.get("TERM") == "dumb":
            return False
        self.hide_bars()
        return text.count("\n") > rows(self.out) and page(text)

    def rendered(self, report: Report) -> tuple[str, bool]:
        """The text of a report for where it goes, and whether that is the standard error."""
        from gradsh.view import color
        from gradsh.view.plain import undriving_report
        from gradsh.view.registry import Look, view_of

        view = view_of(report)
        beside = view.note or (view.aside and not color.is_terminal(self.out))
        out = self.err if beside else self.out
        look = Look(color.wanted(out, self.color), color.terminal_width(out), color.unicode(out), self.python)
        return undriving_report(view.text(report, look), look.color), beside

    def pause(self) -> None:
        """On a terminal: wait for Enter."""
        from gradsh.view import color

        if color.is_terminal(self.out) and color.is_terminal(sys.stdin):
            sys.stdin.readline()

    # --- writing -----------------------------------------------------------------------------------------

    def hide_bars(self) -> None:
        """Before anything is written: values may go to the terminal that a bar or a picture is on."""
        for bar in self.bars:
            bar.hide()
        if self.line is not None:
            self.line.hide()
        if self.pictures is not None:
            self.pictures.hide()

    def write(self, line: str, clean: bool = False) -> None:
        """Write to the standard output; on a terminal nothing that drives it, unless the line is `clean` of that."""
        if self.bars or self.pictures is not None or self.line is not None:
            self.hide_bars()
        out = self.out
        if out is not self._looked_at:
            self._looked_at, self._terminal = out, getattr(out, "isatty", bool)()
        if self._terminal and not clean:
            from gradsh.view.plain import undriving

            line = undriving(line)
        self.straight(line)

    def told(self, words: str | None) -> None:
        if words:
            from gradsh.view.color import paint, wanted

            self.note(paint(f"note: {words}", "dim", wanted(self.err, self.color)) + "\n")

    def end_line(self) -> None:
        """On a terminal: end the line that is open, before something that wants its own."""
        if self.unended and self._terminal:
            self.straight("\n")

    def straight(self, line: str) -> None:
        """Write to the standard output as it is."""
        try:
            self.out.write(line)
            self.out.flush()
            self.unended = line[-1:] != "\n"
        except OSError as error:
            raise closed(error) from None


def _read(*given: Any) -> TrainingState | None:
    from gradsh.looking.training import reading

    return reading(*given)


def _first_odd(loss: Any, step: int) -> Odd:
    from gradsh.looking.training import first_odd

    return first_odd(loss, step)


class writing:
    """`with writing():` turns a failure to write into the signal that ends the program, which nothing in it catches."""

    def __enter__(self) -> None: ...

    def __exit__(self, kind: object, error: BaseException | None, traceback: object) -> None:
        if isinstance(error, OSError):
            raise closed(error) from None


def closed(error: OSError) -> ClosedPipe:
    return ClosedPipe(None if isinstance(error, BrokenPipeError) else error.strerror)


class Session(session.Session):
    """A gradsh session: one global scope, one random stream, programs run one after another.

    Values go to `out`, errors and warnings to `err` (Python's standard streams unless given), rendered by `display`
    (the standard one unless given). `dtype` is the default floating dtype ("float32", "float64"); `seed` seeds
    the random stream. `timeout` is how many seconds one `run` may take: what takes longer ends with E0903, the session
    and all that was bound stay. `max_memory` is how many bytes the programs of the session may take, or "500M", "2G",
    beyond what the process has without them: what goes beyond it ends with E0902. With `sandbox` its programs reach no
    file but those they `use` below their own folder, no variable of the environment and no address in memory; the
    process that it is in stays as it is. `plans=False` runs each iteration of a loop as it is written, where else what
    one does to arrays is recorded and run again, which prints the same.
    """

    def __init__(
        self,
        dtype: str | None = None,
        seed: int | None = None,
        out: TextIO | None = None,
        err: TextIO | None = None,
        display: display.Display | None = None,
        *,
        timeout: float | None = None,
        max_memory: int | str | None = None,
        sandbox: bool = False,
        plans: bool | None = None,
    ) -> None:
        shown = display if display is not None else Display(out, err)
        limits: dict[str, Any] = {"timeout": timeout, "max_memory": max_memory, "sandbox": sandbox}
        super().__init__(shown, dtype=dtype, seed=seed, plans=plans, **limits)
