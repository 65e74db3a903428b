"""Where gradsh differs from PyTorch on purpose, or may: (kind, operator, a piece of the difference's text, why)."""

from __future__ import annotations

DELIBERATE: list[tuple[str, str, str, str]] = []


def reason(kind: str, name: str, text: str) -> str:
    """Why this difference is none to mend; "" if it is one."""
    for its_kind, operator, piece, why in DELIBERATE:
        if its_kind in ("", kind) and operator in ("", name) and piece in text:
            return why
    return ""
