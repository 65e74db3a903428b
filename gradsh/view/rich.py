"""Values and reports in the forms that a browser shows better than text, by the names that Jupyter has for them."""

from __future__ import annotations

import re
from base64 import b64encode
from html import escape

from gradsh.engine.core.tensor import Tensor
from gradsh.errors import GradshError
from gradsh.reports import STATE_COLUMNS, Report, StateTable
from gradsh.reports.looking import GraphDrawing
from gradsh.reports.plotting import Chart
from gradsh.runtime import text
from gradsh.view.registry import Look, view_of
from gradsh.view.state_table import cells

WIDTH = 100  # columns of text beside a picture
LEFT = 'style="text-align:left"'


def of_value(value: object) -> dict[str, str]:
    """A value as text, and a matrix as a table of the numbers that its text has."""
    shown = text.displayed(value)
    if not isinstance(value, Tensor) or hasattr(value, "uninitialized"):  # of a lazy layer
        return {"text/plain": shown}
    if value.data.ndim == 2 and value.data.size:
        return {"text/plain": shown, "text/html": matrix(shown, value.data.shape)}
    return {"text/plain": shown}


def of_report(report: Report, png: bool = False) -> dict[str, str] | None:
    """A table, a graph or a picture in its forms; None of a report that is text. `png`: a chart in bytes, as base64."""
    rich: dict[str, str] = {}
    if isinstance(report, StateTable):
        rich = {"text/html": table(report)}
    elif isinstance(report, GraphDrawing):
        from gradsh.looking.pictures import svg

        rich = {"image/svg+xml": svg(report)}
    elif isinstance(report, Chart):
        rich = _picture(report, png)
    else:
        return None
    plain = view_of(report).text(report, Look(width=WIDTH)).rstrip("\n")
    return {"text/plain": plain, **rich}


def _picture(report: Chart, png: bool) -> dict[str, str]:
    """A chart through matplotlib; nothing where that is not there, or does not know a look that the program gave."""
    from gradsh.plotting.pictures import drawn

    try:
        if png:
            return {"image/png": b64encode(drawn(report, ".png")).decode()}
        return {"image/svg+xml": drawn(report, ".svg").decode()}
    except GradshError:
        return {}


def table(report: StateTable) -> str:
    """The state table of `show` as HTML."""
    head = "".join(f"<th>{escape(name)}</th>" for name in STATE_COLUMNS)
    rows = []
    for row in report.rows:
        inner = "".join(f"<td {LEFT}><pre>{escape(cell)}</pre></td>" for cell in cells(row))
        rows.append(f"<tr>{inner}</tr>")
    return f"<table><thead><tr>{head}</tr></thead><tbody>{''.join(rows)}</tbody></table>"


def matrix(shown: str, shape: tuple[int, ...]) -> str:
    """The text of a matrix, `tensor([[1., 2.]], grad_fn=…)`, as HTML: its rows, and what else it says."""
    inner, _, rest = shown.rpartition("]")
    rows = [row.split(",") for row in re.findall(r"\[([^\[\]]+)\]?", inner)]
    lines = ["".join(f"<td>{escape(cell.strip())}</td>" for cell in row) for row in rows]
    below = escape(", ".join(filter(None, (f"shape {list(shape)}", rest.strip(" ,)")))))
    return f"<table><tbody><tr>{'</tr><tr>'.join(lines)}</tr></tbody></table><p>{below}</p>"
