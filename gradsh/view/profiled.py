"""What the operators of a line took of its time."""

from __future__ import annotations

from gradsh.reports.measured import Profiled, Row
from gradsh.view.color import paint
from gradsh.view.registry import Look, View, renders
from gradsh.view.timed import duration

MOST = 12  # operators that are shown


@renders(Profiled)
class ProfiledView(View[Profiled]):
    def text(self, report: Profiled, look: Look) -> str:
        rows = _sorted(report)
        shown = rows[:MOST] if len(rows) > MOST + 1 else rows
        cells: list[tuple[str, ...]] = [("operator", "calls", "forward", "backward", "share")]
        if len(shown) < len(rows):
            rest = Row(f"{len(rows) - len(shown)} more operators")
            for row in rows[len(shown) :]:
                rest.forward, rest.backward = rest.forward + row.forward, rest.backward + row.backward
                rest.calls, rest.steps = rest.calls + row.calls, rest.steps + row.steps
            shown = [*shown, rest]
        cells += [(row.name, f"{row.calls or row.steps:,}", *_times(row, report, look)) for row in shown]
        other = Row("all else")
        other.forward = max(0.0, report.total - sum(row.forward + row.backward for row in rows))
        cells.append((other.name, "", *_times(other, report, look)))
        lines = _aligned(cells)
        total = f"{duration(report.total, look)} in all; measuring makes small operators slower"
        return "\n".join([paint(lines[0], "dim", look.color), *lines[1:], paint(total, "dim", look.color)]) + "\n"

    def data(self, report: Profiled) -> dict[str, object]:
        rows = [
            {
                "operator": row.name,
                "calls": row.calls,
                "forward": row.forward,
                "steps": row.steps,
                "backward": row.backward,
            }
            for row in _sorted(report)
        ]
        return {"profile": rows, "total": report.total}


def _aligned(cells: list[tuple[str, ...]]) -> list[str]:
    """The first column on the left, the others on the right."""
    wide = [max(len(row[n]) for row in cells) for n in range(len(cells[0]))]
    return [
        "  ".join([row[0].ljust(wide[0]), *(cell.rjust(w) for cell, w in zip(row[1:], wide[1:], strict=True))])
        for row in cells
    ]


def _sorted(report: Profiled) -> list[Row]:
    return sorted(report.rows, key=lambda row: -(row.forward + row.backward))


def _times(row: Row, report: Profiled, look: Look) -> tuple[str, str, str]:
    share = (row.forward + row.backward) / report.total if report.total else 0.0
    return (
        duration(row.forward, look) if row.forward else "",
        duration(row.backward, look) if row.backward else "",
        f"{share:.0%}",
    )
