"""A bar for the norm of each parameter's gradient, `plot net`: on a logarithmic scale, 0 and none in words."""

from __future__ import annotations

import math

from gradsh.reports.plotting import Norms
from gradsh.view.axes import LEAST, WIDTH
from gradsh.view.curves import below
from gradsh.view.json_lines import exact
from gradsh.view.registry import Look, View, renders

EIGHTHS = " ▏▎▍▌▋▊▉"
LONGEST = 36


@renders(Norms)
class NormsView(View[Norms]):
    def text(self, report: Norms, look: Look) -> str:
        room = max(LEAST, min(look.width or WIDTH, 140))
        names = max(len(name) for name, _ in report.rows) + 2
        values = [_value(norm) for _, norm in report.rows]
        wide = max(map(len, values)) + 2
        longest = max(8, min(LONGEST, room - names - wide))
        scaled = [norm for _, norm in report.rows if norm and math.isfinite(norm)]
        low, high = _decades(scaled)
        lines = []
        for (name, norm), value in zip(report.rows, values, strict=True):
            bar = ""
            if norm and math.isfinite(norm):
                bar = _bar((math.log10(norm) - low) / (high - low) * longest, look.unicode)
            lines.append(f"{name:{names}}{value:{wide}}{bar or _words(norm)}".rstrip())
        return "\n".join([*lines, *below(report.notes, look)]) + "\n"

    def data(self, report: Norms) -> dict[str, object]:
        rows = [{"name": name, "norm": exact(norm) if norm is not None else None} for name, norm in report.rows]
        return {"plot": "norms", "rows": rows, "notes": report.notes}


def _decades(norms: list[float]) -> tuple[float, float]:
    """The logarithms at which bars begin, a whole one below the smallest, and end."""
    if not norms:
        return 0.0, 1.0
    smallest, largest = math.log10(min(norms)), math.log10(max(norms))
    low = math.floor(smallest)
    return (low - 1.0 if smallest - low < 0.05 else float(low)), largest


def _value(norm: float | None) -> str:
    return "none" if norm is None else f"{norm:.2g}"


def _words(norm: float | None) -> str:
    if norm is None:
        return "no gradient"
    return "zero" if norm == 0 else "not finite"


def _bar(length: float, unicode: bool) -> str:
    if not unicode:
        return "#" * max(1, round(length))
    eighths = max(1, round(length * 8))
    return "█" * (eighths // 8) + EIGHTHS[eighths % 8].strip()
