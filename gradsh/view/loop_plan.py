"""What `gradsh plan` says of a loop."""

from __future__ import annotations

from gradsh.reports import LoopPlan
from gradsh.view.color import paint
from gradsh.view.registry import Look, View, renders


@renders(LoopPlan)
class LoopPlanView(View[LoopPlan]):
    def text(self, report: LoopPlan, look: Look) -> str:
        title = paint(f"line {report.loop}", "bold", look.color)
        if report.reason:
            at = report.place
            return f"{title}: no plan: {f'line {at}: ' if at is not None else ''}{report.reason}\n"
        return "".join([f"{title}: a plan of {len(report.lines)} lines\n", *(f"  {line}\n" for line in report.lines)])

    def data(self, report: LoopPlan) -> dict[str, object]:
        loop, place = report.loop, report.place
        if report.reason:
            return {"loop": loop, "plan": None, "reason": report.reason, "line": place}
        return {"loop": loop, "plan": report.lines}
