"""What `plot …, "loss.png"` says: the file."""

from __future__ import annotations

from gradsh.reports.plotting import PictureFile
from gradsh.view.registry import Look, View, renders


@renders(PictureFile)
class PictureFileView(View[PictureFile]):
    def text(self, report: PictureFile, look: Look) -> str:
        return f"wrote {report.path}\n"

    def data(self, report: PictureFile) -> dict[str, object]:
        return {"plot": "file", "path": report.path}
