"""What a run says it has found."""

from __future__ import annotations

from gradsh.reports.swept import Found
from gradsh.runtime.text import shown
from gradsh.view.color import paint
from gradsh.view.json_lines import exact_values
from gradsh.view.registry import Look, View, renders


@renders(Found)
class FoundView(View[Found]):
    def text(self, report: Found, look: Look) -> str:
        parts = (f"{paint(name, 'dim', look.color)}={shown(value)}" for name, value in report.values.items())
        return f"{paint('result', 'dim', look.color)} {', '.join(parts)}\n"

    def data(self, report: Found) -> dict[str, object]:
        return {"result": exact_values(report.values)}
