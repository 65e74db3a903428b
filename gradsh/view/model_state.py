"""`show net`: the parameters of a model, with the norms of their values and gradients."""

from __future__ import annotations

from gradsh.reports import ModelState
from gradsh.view import numbers
from gradsh.view.color import paint
from gradsh.view.diagnostics import columns_of
from gradsh.view.registry import Look, View, renders

HEADING = ("name", "shape", "norm", "norm of gradient")


@renders(ModelState)
class ModelStateView(View[ModelState]):
    def text(self, report: ModelState, look: Look) -> str:
        elements = sum(row[2] for row in report.rows)
        head = f"{report.name}: {report.kind}, {elements:,} parameter{'s' if elements != 1 else ''}\n"
        lines = [list(HEADING), *map(list, map(_cells, report.rows))]
        widths = [max(columns_of(line[i]) for line in lines) for i in range(len(HEADING))]
        text = head if report.name else head.removeprefix(": ")
        if not report.rows:
            return text
        for number, line in enumerate(lines):
            padded = [cell + " " * (width - columns_of(cell)) for cell, width in zip(line, widths, strict=True)]
            if number:
                padded[0] = paint(padded[0], "bold", look.color)
            text += "  ".join(padded).rstrip() + "\n"
        return text

    def data(self, report: ModelState) -> dict[str, object]:
        from gradsh.view.json_lines import exact

        names = ("name", "shape", "elements", "norm", "grad_norm", "passes", "requires_grad")
        rows: list[dict[str, object]] = []
        for row in report.rows:
            found: dict[str, object] = dict(zip(names, row, strict=True))
            found["shape"] = list(row[1])
            found["norm"] = exact(row[3])
            found["grad_norm"] = exact(row[4]) if row[4] is not None else None
            rows.append(found)
        return {"show": report.name, "model": report.kind, "rows": rows}


def _cells(row: tuple[str, tuple[int, ...], int, float, float | None, int, bool]) -> tuple[str, str, str, str]:
    name, shape, _, value, gradient, passes, wanted = row
    said = "none" if gradient is None else numbers.norm(gradient)
    if passes > 1:
        said += f" ({passes} backwards)"
    if not wanted:
        said = "no gradient wanted"
    return name, numbers.shape(shape), numbers.norm(value), said
