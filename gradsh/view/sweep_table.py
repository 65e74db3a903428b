"""The table of a sweep, by parameters: the mean of each result over the seeds, and how far they lie apart."""

from __future__ import annotations

from gradsh.reports.swept import Pooled, SweepTable
from gradsh.view.color import paint
from gradsh.view.json_lines import exact_values
from gradsh.view.plain import visible
from gradsh.view.registry import Look, View, renders
from gradsh.view.swept_run import number


@renders(SweepTable)
class SweepTableView(View[SweepTable]):
    def text(self, report: SweepTable, look: Look) -> str:
        rows = report.rows
        names = list(rows[0].parameters) if rows else []
        sign = "±" if look.unicode else "+-"
        table = [[*names, *report.names, "runs"]]
        for row in rows:
            cells = [str(row.parameters[name]) for name in names]
            cells += [_result(row, name, sign) for name in report.names]
            failed = f", {row.failed} failed" if row.failed else ""
            table.append([*cells, f"{row.count}{failed}"])
        widths = [max(map(len, column)) for column in zip(*table, strict=True)]
        lines = []
        for i, cells in enumerate(table):
            best = i - 1 in report.best
            line = "  ".join(visible(cell).rjust(wide) for cell, wide in zip(cells, widths, strict=True))
            line = ("* " if best else "  ") + line
            if look.width is not None and len(line) > look.width:
                line = line[: look.width - 1] + ("…" if look.unicode else "~")
            style = "dim" if i == 0 else "bold" if best else "error" if rows[i - 1].failed else ""
            lines.append(paint(line, style, look.color) if style else line)
        count, bad = sum(row.count for row in rows), sum(row.failed for row in rows)
        said = f"{count:,} {'run' if count == 1 else 'runs'}{f', {bad} failed' if bad else ''}"
        if report.by is not None and report.best:
            said += f"; * has the {'largest' if report.by.largest else 'least'} {report.by.name}"
        said += f"; {report.seconds:.1f} s"
        lines += [paint(each, "dim", look.color) for each in (*report.notes, said)]
        return "\n".join(lines) + "\n"

    def data(self, report: SweepTable) -> dict[str, object]:
        return {
            "sweep": [
                {
                    "parameters": exact_values(row.parameters),
                    "runs": row.count,
                    "failed": row.failed,
                    "best": i in report.best,
                    "result": exact_values(row.others)
                    | {name: exact_values({"mean": mean, "std": std}) for name, (mean, std) in row.results.items()},
                }
                for i, row in enumerate(report.rows)
            ],
            "notes": report.notes,
            "seconds": round(report.seconds, 3),
        }


def _result(row: Pooled, name: str, sign: str) -> str:
    if name in row.others:
        return number(row.others[name])
    if name not in row.results:
        return ""
    mean, spread = row.results[name]
    return number(mean) if spread is None else f"{number(mean)} {sign} {spread:.2g}"
