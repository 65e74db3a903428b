"""A run of a sweep, as a line of a table that grows."""

from __future__ import annotations

from gradsh.reports.swept import SweptRun
from gradsh.view.color import paint
from gradsh.view.plain import visible
from gradsh.view.registry import Look, View, renders

NUMBER = 12  # columns of a result


def number(value: object) -> str:
    """A result, six digits of it."""
    return f"{value:.6g}" if isinstance(value, float) else str(value)


@renders(SweptRun)
class SweptRunView(View[SweptRun]):
    def text(self, report: SweptRun, look: Look) -> str:
        row, widths = report.row, report.widths
        given = {**row["parameters"], "seed": row["seed"]}  # type: ignore[dict-item]  # a row's parameters are a dict
        cells = [f"{visible(str(given[name])):>{width}}" for name, width in widths.items()]
        result: dict[str, object] = row["result"]  # type: ignore[assignment]  # likewise
        cells += [f"{visible(number(result.get(name, ''))):>{NUMBER}}" for name in report.names]
        cells.append(f"{row['seconds']:>8.2f} s")
        mark = "*" if report.best else " "
        line = "  ".join([mark, *cells])
        style = "bold" if report.best else ""
        if row["status"] != 0:
            error: dict[str, object] = row["error"] or {}  # type: ignore[assignment]  # likewise
            where = f"{error.get('file')}:{error['line']}: " if error.get("line") else ""
            said = str(error.get("message") or f"status {row['status']}").partition("\n")[0]
            line += "  " + visible(where + said)
            style = "error"
        head = ""
        if report.first:
            titles = [f"{name:>{width}}" for name, width in widths.items()]
            titles += [f"{name:>{NUMBER}}" for name in report.names]
            head = paint("  ".join([" ", *titles, f"{'time':>10}"]), "dim", look.color) + "\n"
        if look.width is not None and len(line) > look.width:
            line = line[: look.width - 1] + ("…" if look.unicode else "~")
        return head + (paint(line, style, look.color) if style else line) + "\n"

    def data(self, report: SweptRun) -> dict[str, object]:
        return report.row
