"""The text of `saved`: what each operation keeps, the largest of it where there is much."""

from __future__ import annotations

import textwrap

from gradsh.looking.places import shortened
from gradsh.reports.looking import KeptRow, SavedTable
from gradsh.view import numbers
from gradsh.view.graph_drawing import plain
from gradsh.view.registry import Look, View, renders

MOST = 12  # rows; of more the ten largest are shown
LARGEST = 10
HEADINGS = ("step", "operation", "keeps", "shape", "bytes", "who else holds it")


@renders(SavedTable)
class SavedTableView(View[SavedTable]):
    def text(self, report: SavedTable, look: Look) -> str:
        width = look.width or 80
        large = len(report.rows) > MOST
        lines = textwrap.wrap(_total(report, large), width) if large else []
        rows = report.rows
        if large:
            rows = sorted((row for row in rows if not row.same), key=lambda row: -row.nbytes)[:LARGEST]
        if rows:
            lines += _table(rows, width, "…" if look.unicode else "...")
        if not large:
            lines += textwrap.wrap(_total(report, large), width)
        text = "\n".join(lines) + "\n"
        return text if look.unicode else plain(text)

    def data(self, report: SavedTable) -> dict[str, object]:
        return {
            "saved": report.name,
            "rows": [
                {
                    "step": row.step,
                    "operation": row.label,
                    "kind": row.kind,
                    "keeps": row.what,
                    "shape": list(row.shape),
                    "bytes": row.nbytes,
                    "held_by": row.holder,
                    "only_here": row.alone,
                }
                for row in report.rows
            ],
            "bytes": sum(row.counted for row in report.rows),
            "bytes_only_here": sum(row.counted for row in report.rows if row.alone),
            "keeps_nothing": report.nothing,
            "freed_operations": report.freed,
        }


def size(count: int) -> str:
    """`12 bytes`, `1.85 MB`."""
    for unit, one in (("GB", 10**9), ("MB", 10**6), ("kB", 10**3)):
        if count >= 10 * one or (one > 10**3 and count >= one):
            return f"{count / one:.3g} {unit}"
    return f"{count} byte{'' if count == 1 else 's'}"


def _total(report: SavedTable, large: bool) -> str:
    total = sum(row.counted for row in report.rows)
    alone = sum(row.counted for row in report.rows if row.alone)
    if report.freed and not report.rows:
        by = f" by {report.by}" if report.by else ""
        return f"nothing: what {report.freed} operation{'s' * (report.freed > 1)} kept was freed{by}."
    if large:
        parameters = sum(row.counted for row in report.rows if row.parameter)
        text = f"{size(alone)} of activations in {len(report.operations)} operations live only because of this graph"
        text += f"; {size(parameters)} are parameters, not copies." if parameters else "."
    elif report.rows:
        text = f"{size(total)}; {alone} of them live only because of this graph." if alone else f"{size(total)}, "
        text += "" if alone else "all of them held elsewhere too."
    else:
        text = "nothing is kept."
    if report.nothing and not large:
        names = ", ".join(f"`{name}`" for name in report.nothing[:4]) + (", …" if len(report.nothing) > 4 else "")
        text += f" {names} keep{'s' if len(report.nothing) == 1 else ''} nothing."
    if report.freed:
        text += (
            f" {report.freed} operation{'s' * (report.freed > 1)} had kept more, freed by {report.by or 'backward'}."
        )
    return text


def _table(rows: list[KeptRow], width: int, dots: str) -> list[str]:
    cells = [
        (str(row.step), _label(row), row.what, numbers.shape(row.shape), f"{row.nbytes:,}", row.holder) for row in rows
    ]
    widths = [max(len(heading), *(len(row[at]) for row in cells)) for at, heading in enumerate(HEADINGS)]
    over = sum(widths) + 12 - width
    for at in (1, 2, 5):
        if over > 0:
            taken = min(over, max(0, widths[at] - 14))
            widths[at] -= taken
            over -= taken
    lines = []
    for row in (HEADINGS, *cells):
        step, label, what, shape, nbytes, holder = row
        label, what = shortened(label, widths[1], dots), shortened(what, widths[2], dots)
        line = f"  {step:>{widths[0]}}  {label:{widths[1]}}  {what:{widths[2]}}  {shape:{widths[3]}}"
        lines.append(f"{line}  {nbytes:>{widths[4]}}  {shortened(holder, widths[5], dots)}".rstrip())
    return lines


def _label(row: KeptRow) -> str:
    return row.label + (f"   {row.kind}" if row.kind else "")
