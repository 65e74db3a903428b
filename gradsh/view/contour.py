"""A function of two numbers in shades, with the way of a descent: `plot f, [-1.6, 1.6], [-0.5, 1.6], path=path`."""

from __future__ import annotations

from bisect import bisect_right

from gradsh.reports.plotting import Contour
from gradsh.view.axes import ASCII, LEAST, TICKS_X, TICKS_Y, WIDTH, axis, cell, label, ticks
from gradsh.view.curves import below
from gradsh.view.heat_map import PLAIN, SHADES
from gradsh.view.registry import Look, View, renders


@renders(Contour)
class ContourView(View[Contour]):
    def text(self, report: Contour, look: Look) -> str:
        shades = SHADES if look.unicode else PLAIN
        rows, width = report.rows[::-1], min(len(report.xs), max(LEAST, look.width or WIDTH) - 12)
        levels = _levels([x for row in rows for x in row if x is not None], len(shades))
        chosen = [int(i * len(report.xs) / width) for i in range(width)]
        cells = [["?" if row[j] is None else shades[bisect_right(levels, row[j])] for j in chosen] for row in rows]  # type: ignore[type-var]  # no None
        left, right, low, high = report.xs[0], report.xs[-1], report.ys[0], report.ys[-1]
        inside = [(x, y) for x, y in report.path if left <= x <= right and low <= y <= high]
        for number, (x, y) in enumerate(inside):
            mark = "S" if number == 0 else "E" if number == len(inside) - 1 else "o"
            cells[len(rows) - 1 - cell(y, low, high, len(rows))][cell(x, left, right, width)] = mark
        marks = {cell(y, low, high, len(rows)): label(y) for y in ticks(low, high, TICKS_Y)}
        before = max(map(len, marks.values())) + 2
        out = []
        for number, row in enumerate(cells):
            text = marks.get(len(rows) - 1 - number)
            out.append(f"{text or '':>{before - 1}} {'┤' if text is not None else '│'}{''.join(row)}".rstrip())
        out += axis(ticks(left, right, TICKS_X), left, right, width, before, "x")
        legend = " ".join(f"[{s}{s}] {edge:.3g}" for s, edge in zip(shades, levels, strict=False))
        out.append(f"{report.name}: {legend} [{shades[-1] * 2}]")
        if report.path:
            out.append(f"path of {len(report.path)} points, from S to E")
        lines = out if look.unicode else [line.translate(ASCII) for line in out]
        return "\n".join([*lines, *below(report.notes, look)]) + "\n"

    def data(self, report: Contour) -> dict[str, object]:
        return {
            "plot": "contour",
            "name": report.name,
            "x": report.xs,
            "y": report.ys,
            "rows": report.rows,
            "path": [list(point) for point in report.path],
            "notes": report.notes,
        }


def _levels(values: list[float], shades: int) -> list[float]:
    """The values between two shades, so that each has as much of the picture."""
    ordered = sorted(values)
    return [ordered[len(ordered) * i // shades] for i in range(1, shades)]
