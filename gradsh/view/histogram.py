"""How numbers are distributed, `plot x, hist`: a bar for each class, with its count."""

from __future__ import annotations

from gradsh.reports.plotting import Histogram
from gradsh.view.axes import LEAST, WIDTH
from gradsh.view.curves import below
from gradsh.view.norms import EIGHTHS
from gradsh.view.registry import Look, View, renders

LONGEST = 50


@renders(Histogram)
class HistogramView(View[Histogram]):
    def text(self, report: Histogram, look: Look) -> str:
        room = max(LEAST, min(look.width or WIDTH, 140))
        edges = [f"{edge:.4g}" for edge in report.edges]
        wide = max(map(len, edges))
        counts = max(len(str(count)) for count in report.counts)
        longest = max(8, min(LONGEST, room - 2 * wide - counts - 8))
        most = max(report.counts)
        lines = [f"{report.name}: {sum(report.counts)} numbers"]
        for low, high, count in zip(edges, edges[1:], report.counts, strict=False):
            length = count / most * longest
            eighths = round(length * 8)
            bar = "█" * (eighths // 8) + EIGHTHS[eighths % 8].strip() if look.unicode else "#" * round(length)
            lines.append(f"{low:>{wide}} to {high:>{wide}}  {count:>{counts}}  {bar}".rstrip())
        return "\n".join([*lines, *below(report.notes, look)]) + "\n"

    def data(self, report: Histogram) -> dict[str, object]:
        return {
            "plot": "histogram",
            "name": report.name,
            "edges": report.edges,
            "counts": report.counts,
            "notes": report.notes,
        }
