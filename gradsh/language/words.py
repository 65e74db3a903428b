"""The words that the language knows by name."""

from __future__ import annotations

RESERVED = frozenset(
    (
        "let", "fn", "if", "else", "while", "for", "in", "is", "repeat", "try", "catch", "break", "continue",
        "return", "pass", "del", "assert", "and", "or", "not", "print", "backward", "import", "from", "true", "false",
        "none", "True", "False", "None"
    )
)  # fmt: skip

# The reserved ones that are values where an expression is expected.
VERBS = frozenset(("print", "backward", "repeat"))

# What can stand before a block of its own.
MODES = frozenset(("no_grad", "enable_grad", "inference_mode", "detect_anomaly", "nancheck"))
