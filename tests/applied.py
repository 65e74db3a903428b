"""A program after what a help line says, as a reader would do it: each offer applied by itself."""

from __future__ import annotations

from gradsh.advice.applying import Edit, edited, offers
from gradsh.errors import Span


def applied(text: str, failed: Span, help: str, edit: Edit | None = None) -> list[str]:
    """The programs that the offers of a help line make of a text; where the error has an edit, that alone."""
    return [edited(text, edits) for edits in ([[edit]] if edit is not None else offers(text, failed, help))]
