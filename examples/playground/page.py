"""The playground's side in Python: texts in, texts out. What needs no tensor imports no NumPy."""

from __future__ import annotations

import io
import json


def check(text: str) -> str:
    """What is wrong with a program, or to be warned of, as it is typed: "" where there is nothing."""
    from gradsh.session.check import check as checked
    from gradsh.view.diagnostics import write

    errors, warnings = checked("<page>", text)
    out = io.StringIO()
    if errors or warnings:
        write(errors or warnings, out, color="never")
    return out.getvalue()


def formatted(text: str) -> str:
    """The program as `gradsh fmt` lays it out; as it is where it is none."""
    from gradsh.errors import GradshError, Refused, Source
    from gradsh.language.formatting import formatted as laid_out
    from gradsh.session.check import table

    try:
        return laid_out(Source("<page>", text), table().commands())
    except (Refused, GradshError):
        return text


def run(text: str, more: str = "") -> str:
    """What a program prints, in a session of its own, and `more` after it: JSON with text, pictures and tensors."""
    from gradsh.engine.core.tensor import Tensor
    from gradsh.looking.pictures import svg
    from gradsh.reports import Report
    from gradsh.reports.looking import GraphDrawing
    from gradsh.view.display import Display, Session

    pictures: list[str] = []

    class Page(Display):
        """Text, and graphs as pictures."""

        def report(self, report: Report) -> None:
            if isinstance(report, GraphDrawing):
                pictures.append(svg(report))
            else:
                super().report(report)

    out = io.StringIO()
    session = Session(display=Page(out, out, color="never"), seed=0, sandbox=True, timeout=20)
    result = session.run(text, "<page>")
    if more and result.ok:
        out.seek(0)
        out.truncate()
        result = session.run(more, "<asked>")
    names = [name for name in session.bound() if isinstance(session.globals["." + name], Tensor)]
    tracked = [name for name in names if session.globals["." + name].requires_grad]
    return json.dumps({"ok": result.ok, "text": out.getvalue(), "pictures": pictures, "tensors": tracked})
