"""A cause in words, and the root that was differentiated."""

from __future__ import annotations

from typing import Any

from gradsh.causes.text import Page, Step
from gradsh.causes.ways import Link
from gradsh.engine.core.tensor import Tensor
from gradsh.errors import Span
from gradsh.reports.why import WhyRow


class Cause:
    """Why `NAME.grad` is what it is.

    `kind` names the row of the table of causes; `words` go on after "w.grad is none: "; `labels` point at the places;
    `help` is one line; `way` leads from the last operation to the tensor, where that is the cause, and `rows` are lines
    of other ways. `notes` are further sentences; `odd` are the positions of what is `odd_value`, nan or inf.
    """

    __slots__ = ("help", "kind", "labels", "notes", "odd", "odd_value", "rows", "way", "words")

    def __init__(self, kind: str, words: str, help: str = "") -> None:
        self.kind = kind
        self.words = words
        self.help = help
        self.labels: list[tuple[Span | None, str]] = []
        self.way: list[Link] = []
        self.rows: list[WhyRow] = []
        self.notes: list[str] = []
        self.odd: list[list[int]] = []
        self.odd_value = ""


class Root:
    """What was differentiated: `text` as the program writes it, the tensor if it has a name, and where.

    `parts` are the tensors that its text names.
    """

    __slots__ = ("page", "parts", "step", "tensor", "text")

    def __init__(self, tensor: Tensor | None, text: str, page: Page, step: Step, parts: list[Tensor]) -> None:
        self.parts = parts if tensor is None else [tensor]
        self.tensor = tensor
        self.text = text
        self.page = page
        self.step = step


def numeral(amount: Any) -> str:
    """A small value as it is written in a sentence."""

    def written(value: Any) -> str:
        return f"[{', '.join(map(written, value))}]" if isinstance(value, list) else f"{value + 0.0:.6g}"

    return written(amount.value.tolist())
