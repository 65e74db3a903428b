"""What a session shows, in a notebook: text as it is printed, tables as HTML, graphs as SVG, charts as pictures."""

from __future__ import annotations

from collections.abc import Callable
from html import escape
from typing import Any, TextIO, cast

from gradsh.errors import GradshError, MissingPackage
from gradsh.reports import STATE_COLUMNS, Report, StateTable
from gradsh.reports.looking import GraphDrawing
from gradsh.reports.plotting import Chart, Live
from gradsh.view.display import Display
from gradsh.view.registry import Look, view_of
from gradsh.view.state_table import cells

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
        rich = rich_form(report)
        text = view_of(report).text(report, Look(width=None if not rich else 100))
        if not rich:
            super().report(report)
            return
        self.send("display_data", {"data": {"text/plain": text.rstrip("\n"), **rich}, "metadata": {}})


def rich_form(report: Report) -> dict[str, Any]:
    """A report as what a browser shows better than text; empty where that is all there is."""
    if isinstance(report, StateTable):
        return {"text/html": table(report)}
    if isinstance(report, GraphDrawing):
        from gradsh.looking.pictures import svg

        return {"image/svg+xml": svg(report)}
    if isinstance(report, Chart):
        from gradsh.plotting.pictures import drawn

        try:
            return {"image/svg+xml": drawn(report, ".svg").decode()}
        except MissingPackage:
            return {}
    return {}


def table(report: StateTable) -> str:
    """The state table of `show` as HTML."""
    head = "".join(f"<th>{escape(name)}</th>" for name in STATE_COLUMNS)
    rows = []
    for row in report.rows:
        inner = "".join(f'<td style="text-align:left"><pre>{escape(cell)}</pre></td>' for cell in cells(row))
        rows.append(f"<tr>{inner}</tr>")
    return f"<table><thead><tr>{head}</tr></thead><tbody>{''.join(rows)}</tbody></table>"
