"""The way from a tensor back to what it was made of, as it is written in the program, and what was found on it."""

from __future__ import annotations

from gradsh.causes.flows import Cut
from gradsh.causes.text import Page, Step
from gradsh.errors import Span
from gradsh.language import nodes


class Link:
    """One step of a way back: the expression at `node` made what is called `name`, and was made of `of`.

    `cuts` are those through which it reads that.
    """

    __slots__ = ("cuts", "name", "node", "of", "page", "step")

    def __init__(
        self, page: Page, node: nodes.Expr, step: Step | None, name: str, of: str, cuts: tuple[Cut, ...] = ()
    ) -> None:
        self.page = page
        self.node = node
        self.step = step
        self.name = name
        self.of = of
        self.cuts = cuts

    @property
    def span(self) -> Span:
        return self.page.span(self.node)

    @property
    def statement(self) -> str:
        return self.page.text(self.step.statement) if self.step is not None else self.page.text(self.node)


class Finding:
    """One cause: labels that tell it, the help, and the way that led to it, the last operation first.

    `kind`: "cut", "leaf" (no flag), "integer", "rebound" (a new tensor took a leaf's name), "found" (the tensor that
    was looked for, and no cut on the way).
    """

    __slots__ = ("help", "kind", "labels", "way", "words")

    def __init__(self, kind: str, way: list[Link], words: str, help: str = "") -> None:
        self.kind = kind
        self.way = way
        self.words = words
        self.help = help
        self.labels: list[tuple[Span | None, str]] = []
