"""What is bound in a session, a line for each name."""

from __future__ import annotations

from gradsh.reports import Variables
from gradsh.view.color import paint
from gradsh.view.diagnostics import columns_of
from gradsh.view.registry import Look, View, renders

COLUMNS = ("name", "kind", "shape", "dtype", "gradient")
LEAST = 20  # columns of a cell that is cut


@renders(Variables)
class VariablesView(View[Variables]):
    def text(self, report: Variables, look: Look) -> str:
        if not report.rows:
            return "no names yet\n"
        rows = [COLUMNS, *report.rows]
        shown = [n for n in range(len(COLUMNS)) if any(row[n] for row in report.rows)]
        wide = {n: max(columns_of(row[n]) for row in rows) for n in shown}
        over = sum(wide.values()) + 2 * (len(shown) - 1) - look.width if look.width is not None else 0
        for n in sorted(shown, key=lambda n: -wide[n]):  # on a terminal the widest are cut
            if over > 0 and wide[n] > LEAST:
                cut = min(over, wide[n] - LEAST)
                wide[n], over = wide[n] - cut, over - cut
        lines = []
        for number, row in enumerate(rows):
            cells = [_cell(row[n], wide[n], look.unicode) for n in shown]
            styles = ["dim"] * len(shown) if number == 0 else ["bold"] + [""] * (len(shown) - 1)
            painted = [
                paint(cell, style, look.color and bool(style)) for cell, style in zip(cells, styles, strict=True)
            ]
            gaps = [" " * (wide[n] - columns_of(cell) + 2) for n, cell in zip(shown, cells, strict=True)]
            lines.append("".join(part + gap for part, gap in zip(painted, gaps, strict=True)).rstrip())
        return "\n".join(lines) + "\n"

    def data(self, report: Variables) -> dict[str, object]:
        return {"vars": [dict(zip(COLUMNS, row, strict=True)) for row in report.rows]}


def _cell(text: str, wide: int, unicode: bool) -> str:
    if columns_of(text) <= wide:
        return text
    dots = "…" if unicode else "..."
    while columns_of(text) > wide - len(dots):
        text = text[:-1]
    return text + dots
