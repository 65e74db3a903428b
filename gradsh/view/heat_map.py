"""A matrix in shades, `plot w.grad`, with the scale below; a large one by the means of its blocks."""

from __future__ import annotations

from gradsh.reports.plotting import HeatMap
from gradsh.view.axes import LEAST, WIDTH
from gradsh.view.curves import below
from gradsh.view.registry import Look, View, renders

SHADES, PLAIN = " ░▒▓█", " .:+#"
HEIGHT = 20  # rows


@renders(HeatMap)
class HeatMapView(View[HeatMap]):
    def text(self, report: HeatMap, look: Look) -> str:
        room = max(LEAST, min(look.width or WIDTH, 140))
        rows, columns = len(report.rows), len(report.rows[0])
        margin = len(str(rows - 1)) + 2
        down, right = -(-rows // HEIGHT), -(-columns // ((room - margin - 2) // 2))
        blocks = [
            [
                _mean([x for row in report.rows[i : i + down] for x in row[j : j + right]])
                for j in range(0, columns, right)
            ]
            for i in range(0, rows, down)
        ]
        shades = SHADES if look.unicode else PLAIN
        known = [x for row in blocks for x in row if x is not None]
        low, high = min(known), max(known)
        edge = "│" if look.unicode else "|"
        lines = [f"{report.name}  [{rows}, {columns}]"]
        for number, row in enumerate(blocks):
            cells = "".join(shade(x, low, high, shades) * 2 for x in row)
            lines.append(f"{number * down:>{margin - 1}} {edge}{cells}{edge}")
        lines.append(scale(low, high, shades, margin))
        if down > 1 or right > 1:
            lines.append(f"each shade is the mean of {down} by {right} elements")
        return "\n".join([*(line.rstrip() for line in lines), *below(report.notes, look)]) + "\n"

    def data(self, report: HeatMap) -> dict[str, object]:
        return {"plot": "heat", "name": report.name, "rows": report.rows, "notes": report.notes}


def _mean(values: list[float | None]) -> float | None:
    known = [x for x in values if x is not None]
    return sum(known) / len(known) if known else None


def shade(value: float | None, low: float, high: float, shades: str) -> str:
    """The character of a value; `?` of what is no finite number."""
    if value is None:
        return "?"
    if not high > low:
        return shades[len(shades) // 2]
    return shades[min(len(shades) - 1, int((value - low) / (high - low) * len(shades)))]


def scale(low: float, high: float, shades: str, margin: int) -> str:
    """What the shades stand for."""
    if not high > low:
        return " " * margin + f"all are {low:.4g}"
    edges = [low + (high - low) * i / len(shades) for i in range(len(shades) + 1)]
    return (
        " " * margin
        + f"{edges[0]:.3g} "
        + "".join(f"[{s}{s}] {e:.3g} " for s, e in zip(shades, edges[1:], strict=True))
    )
