"""Lines and points, `plot losses` and `plot f, -3, 3`: their names stand at their ends, so that no colour is needed."""

from __future__ import annotations

import textwrap

from gradsh.reports.plotting import Curves
from gradsh.view.axes import LEAST, WIDTH, plane
from gradsh.view.registry import Look, View, renders


@renders(Curves)
class CurvesView(View[Curves]):
    def text(self, report: Curves, look: Look) -> str:
        lines = plane(report.series, look, x=report.x, log=report.log, limits=report.limits)
        return "\n".join([*lines, *below(report.notes, look)]) + "\n"

    def data(self, report: Curves) -> dict[str, object]:
        return {
            "plot": "curves",
            "series": [{"name": s.name, "style": s.style, "x": s.xs, "y": s.ys} for s in report.series],
            "x": report.x,
            "log": report.log,
            "limits": list(report.limits) if report.limits is not None else None,
            "notes": report.notes,
        }


def below(notes: list[str], look: Look) -> list[str]:
    """The notes under a picture."""
    room = max(LEAST, min(look.width or WIDTH, 140))
    return [line for note in notes for line in textwrap.wrap(note, room, break_on_hyphens=False)]
