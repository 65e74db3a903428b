"""`\\alpha` and Tab: letters that no keyboard has, and what mathematics writes otherwise than a program does."""

from __future__ import annotations

from functools import lru_cache
from html.entities import html5

# behind a letter, which they go on top of
ACCENTS = {"hat": "\u0302", "bar": "\u0304", "tilde": "\u0303", "dot": "\u0307", "ddot": "\u0308"}
# signs that no program has, and what a program writes
WRITTEN = {
    "times": "*", "cdot": "*", "div": "/", "pm": "+", "le": "<=", "leq": "<=", "ge": ">=", "geq": ">=", "ne": "!=",
    "neq": "!=", "land": "and", "lor": "or", "lnot": "not", "in": "in", "to": "|>", "infty": "inf", "sqrt": "sqrt",
    "sum": "sum", "prod": "prod", "nabla": "grad", "partial": "grad", "squared": "**2", "cubed": "**3", "pi": "pi",
}  # fmt: skip


@lru_cache(maxsize=1)
def table() -> dict[str, str]:
    """What each name stands for. Letters are those that a name may have, under HTML's names, which are LaTeX's."""
    letters = {name[:-1]: text for name, text in html5.items() if name[-1] == ";" and text.isidentifier()}
    letters = {name: text for name, text in letters.items() if not text.isascii() and text not in ("ª", "º")}
    return {**letters, **ACCENTS, **WRITTEN}
