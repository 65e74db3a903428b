"""What a session shows, in a notebook: text as it is printed, tables as HTML, graphs as SVG, charts as pictures."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, TextIO, cast

from gradsh.errors import GradshError, Span
from gradsh.reports import Report
from gradsh.reports.plotting import Live
from gradsh.view.display import Display
from gradsh.view.rich import of_report, of_value

Send = Callable[[str, dict[str, Any]], None]  # a message to the notebook: its type and content


class Stream:
    """One of the two streams, as a file that is written to."""

    def __init__(self, name: str, send: Send) -> None:
        self.name = name
        self.send = send

    def write(self, text: str) -> int:
        self.send("stream", {"name": self.name, "text": text})
        return len(text)

    def flush(self) -> None:
        """All has been sent."""

    def isatty(self) -> bool:
        return False


class NotebookDisplay(Display):
    """The display of a notebook. Errors are kept in `failed`, for the kernel says them with its reply."""

    def __init__(self, send: Send) -> None:
        out, err = (cast("TextIO", Stream(name, send)) for name in ("stdout", "stderr"))
        super().__init__(out, err, color="always")
        self.send = send
        self.failed: list[GradshError] = []
        self.latest: dict[object, Live] = {}

    def errors(self, errors: list[GradshError]) -> None:
        self.failed = errors

    def live(self, picture: Live) -> None:
        """The last picture of a loop is shown, when it has ended."""
        self.latest[picture.place] = picture

    def ended(self) -> None:
        latest, self.latest = self.latest, {}
        for picture in latest.values():
            self.report(picture.make())
        super().ended()

    def report(self, report: Report) -> None:
        data = of_report(report)
        if data is None:
            super().report(report)
        else:
            self.send("display_data", {"data": data, "metadata": {}})


class ResultDisplay(NotebookDisplay):
    """The same for cells of Python: the value of a cell is its result, in the forms that a notebook has for it."""

    count = 0  # of the cell that runs

    def value(self, value: object, span: Span | None) -> None:
        self.send("execute_result", {"data": of_value(value), "metadata": {}, "execution_count": self.count})

    def clear(self, wait: bool) -> None:
        self.send("clear_output", {"wait": wait})

    def display(self, value: object) -> None:
        self.send("display_data", {"data": of_value(value), "metadata": {}})
