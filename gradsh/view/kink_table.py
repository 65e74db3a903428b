"""The text of `kinks`."""

from __future__ import annotations

import textwrap

from gradsh.looking.places import shortened
from gradsh.reports.looking import Kink, KinkTable
from gradsh.view.graph_drawing import plain
from gradsh.view.registry import Look, View, renders

HEADINGS = ("line", "operation", "at", "slopes there", "taken")


@renders(KinkTable)
class KinkTableView(View[KinkTable]):
    def text(self, report: KinkTable, look: Look) -> str:
        width = look.width or 80
        lines = _table(report.rows, width, "…" if look.unicode else "...") if report.rows else []
        count = sum(row.count for row in report.rows)
        elements = f"{report.elements:,} element{'' if report.elements == 1 else 's'}"
        if count:
            said = f"{count:,} kink{'' if count == 1 else 's'} in {elements}."
            said += " Elsewhere the gradient is the only one there is."
        elif report.elements or report.unknown:
            said = f"no kink in {elements}"
        else:
            said = "no kink: none of these operations can have one"
        if report.unknown:
            said += f"{'' if count else '.'} The values at {report.unknown:,} more are not kept."
        text = "\n".join([*lines, *textwrap.wrap(said, width)]) + "\n"
        return text if look.unicode else plain(text)

    def data(self, report: KinkTable) -> dict[str, object]:
        return {
            "kinks": report.name,
            "rows": [
                {
                    "step": row.step,
                    "operation": row.label,
                    "place": row.place,
                    "at": row.at,
                    "count": row.count,
                    "slopes": row.slopes,
                    "taken": row.taken,
                }
                for row in report.rows
            ],
            "elements": report.elements,
            "not_kept": report.unknown,
        }


def _table(rows: list[Kink], width: int, dots: str) -> list[str]:
    cells = [(row.place.removeprefix("line "), row.label, _at(row, dots), row.slopes, row.taken) for row in rows]
    widths = [max(len(heading), *(len(row[at]) for row in cells)) for at, heading in enumerate(HEADINGS)]
    widths[1] = min(widths[1], max(16, width - sum(widths) + widths[1] - 14))
    lines = []
    for place, label, at, slopes, taken in (HEADINGS, *cells):
        line = f"  {place:>{widths[0]}}  {shortened(label, widths[1], dots):{widths[1]}}   {at:{widths[2]}}"
        lines.append(f"{line}   {slopes:{widths[3]}}   {taken}".rstrip())
    return lines


def _at(row: Kink, dots: str) -> str:
    """`[1]`, `[0] [2] …`; a number has no position."""
    if not row.at or not row.at[0]:
        return "it"
    text = " ".join(str(index) for index in row.at)
    return f"{text} {dots} {row.count:,} in all" if row.count > len(row.at) else text
