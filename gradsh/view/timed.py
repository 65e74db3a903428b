"""How long a line took."""

from __future__ import annotations

from statistics import median

from gradsh.reports.measured import Timed
from gradsh.view.color import paint
from gradsh.view.registry import Look, View, renders


@renders(Timed)
class TimedView(View[Timed]):
    def text(self, report: Timed, look: Look) -> str:
        runs = len(report.forward)
        parts = [("forward" if any(report.backward) else "time", report.forward)]
        if any(report.backward):
            parts.append(("backward", report.backward))
        lines = []
        for name, times in parts:
            best = f"   best {duration(min(times), look)}" if runs > 1 else ""
            lines.append(f"{name:<8}  {duration(median(times), look):>7}{best}")
        if report.leaves:
            lines[-1] += f"   to {report.leaves} {'leaf' if report.leaves == 1 else 'leaves'}, into no .grad"
        elif report.passes > 1:
            lines[-1] += f"   {report.passes:,} passes"
        if report.changes:
            lines.append("one run: the line changes something")
        else:
            lines.append(f"{f'median of {runs:,} runs' if runs > 1 else 'one run'}; nothing was changed")
        return "\n".join([*lines[:-1], paint(lines[-1], "dim", look.color)]) + "\n"

    def data(self, report: Timed) -> dict[str, object]:
        return {
            "time": {
                "runs": len(report.forward),
                "forward": median(report.forward),
                "best": min(report.forward),
                "backward": median(report.backward) if any(report.backward) else None,
                "passes": report.passes,
                "leaves": report.leaves,
                "changes": report.changes,
            }
        }


def duration(seconds: float, look: Look) -> str:
    """Three digits: `84.2 µs`, `12.3 ms`, `1.20 s`."""
    units = (("s", 1.0), ("ms", 1e-3), ("µs" if look.unicode else "us", 1e-6), ("ns", 1e-9))
    unit, size = next((each for each in units if seconds >= each[1] * 0.9995), units[-1])
    value = seconds / size
    return f"{value:.{max(0, 3 - len(str(int(value))))}f} {unit}"
