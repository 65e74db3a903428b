"""The protocol between a session and what shows its values: nothing here writes or renders."""

from __future__ import annotations

from collections.abc import Iterable
from typing import TYPE_CHECKING, Any

from gradsh.errors import GradshError, Span, WarningRecord
from gradsh.reports import Report
from gradsh.runtime.text import displayed, written

if TYPE_CHECKING:
    from gradsh.reports.plotting import Live


class Display:
    """What a session needs of the outside. This one shows nothing; the standard one is gradsh.view.display.Display."""

    needs_spans = False  # whether `value` and `printed` want the expressions' spans, which cost a look-up

    follows = True  # whether a loop of backward passes is to be seen, on a terminal
    python = False  # whether reports are of a program in Python

    interactive = False  # whether somebody reads it at a prompt

    verbose = False  # whether it wants to be told of operators that went sample by sample

    def value(self, value: object, span: Span | None) -> None:
        """A bare expression's value."""

    def printed(self, values: tuple[object, ...], spans: list[Span | None], sep: str = " ", end: str = "\n") -> None:
        """What one `print` prints."""

    def display(self, value: object) -> None:
        """What a program asks a notebook to show, `display(x)`."""
        self.value(value, None)

    def clear(self, wait: bool) -> None:
        """What the cell has shown so far goes, where it can; `wait`: once there is something else."""

    def report(self, report: Report) -> None:
        """What a statement like `show` found out (gradsh.reports)."""

    def pause(self) -> None:
        """Somebody may want to read what was shown before there is more."""

    def live(self, picture: Live) -> None:
        """The next picture of a statement in a loop."""

    def told(self, words: str | None) -> None:
        """A remark on the value before, or none."""

    def note(self, line: str) -> None:
        """A line beside what the program shows; it has its end."""

    def end_line(self) -> None:
        """What comes next begins a line."""

    def ended(self) -> None:
        """The program has ended, in whatever way."""

    def progress(self, items: Iterable[Any], title: str, total: int | None) -> Iterable[Any]:
        """The items of a loop whose progress is to be seen."""
        return items

    def training(self) -> Any:
        """Who is told of the backward passes of a run, `mode.training`; None where nobody would see a loop of them."""
        return None

    def warning(self, warning: WarningRecord) -> None:
        """A warning of the engine."""

    def errors(self, errors: list[GradshError]) -> None:
        """Why a program failed or was refused."""


class Kept(Display):
    """Keeps what is shown: printed lines, and reports as they are."""

    def __init__(self) -> None:
        self.parts: list[str | Report] = []

    @property
    def lines(self) -> list[str | Report]:
        """Line by line, a report as one."""
        found: list[str | Report] = []
        for part in self.parts:
            found += part.removesuffix("\n").split("\n") if isinstance(part, str) else [part]
        return found

    def write(self, text: str) -> None:
        if self.parts and isinstance(self.parts[-1], str):
            self.parts[-1] += text
        elif text:
            self.parts.append(text)

    def value(self, value: object, span: Span | None) -> None:
        self.write(displayed(value) + "\n")

    def printed(self, values: tuple[object, ...], spans: list[Span | None], sep: str = " ", end: str = "\n") -> None:
        self.write(sep.join(map(written, values)) + end)

    def report(self, report: Report) -> None:
        self.parts.append(report)

    def errors(self, errors: list[GradshError]) -> None:
        self.write("".join(f"error[{error.code}]: {error.message}".partition("\n")[0] + "\n" for error in errors))
