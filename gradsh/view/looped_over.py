"""What --verbose says of operators that went sample by sample."""

from __future__ import annotations

from gradsh.reports import LoopedOver
from gradsh.view.registry import Look, View, renders

SAID = "done sample by sample in vmap or a Jacobian"


@renders(LoopedOver)
class LoopedOverView(View[LoopedOver]):
    note = True

    def text(self, report: LoopedOver, look: Look) -> str:
        return f"note: {SAID}: {', '.join(report.operators)}\n"

    def data(self, report: LoopedOver) -> dict[str, object]:
        return {"note": SAID, "operators": report.operators}
