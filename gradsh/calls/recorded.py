"""The forms of PyTorch's functions, as forms.txt has them.

It has those that are written in C++ (tests/record/forms.py records them): after a name, `linalg.norm` or for a method
`Tensor.norm`, a line with each form; for a method that is written in Python, its `def`.
"""

from __future__ import annotations

import os

_text = ""


def lines_of(name: str) -> list[str]:
    """What forms.txt has under a name; nothing for a function that it does not know."""
    global _text
    if not _text:
        with open(os.path.join(os.path.dirname(__file__), "forms.txt"), encoding="utf-8") as file:
            _text = "\n" + file.read()
    start = _text.find(f"\n{name}\n")
    if start < 0:
        return []
    lines = []
    for line in _text[start + len(name) + 2 :].split("\n", 100):
        if not line.startswith(("(", "def ", "= ", "? ", "< ")):
            break
        lines.append(line)
    return lines
