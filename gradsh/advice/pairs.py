"""Warnings of shapes that broadcast to each with each, in the program's own terms; and whether that is meant."""

from __future__ import annotations

import re

from gradsh.causes.text import Page, read
from gradsh.engine.autograd.forms import PAIRS
from gradsh.errors import Label, Span, WarningRecord
from gradsh.language import nodes
from gradsh.language.nodes import Expr, Node

SHAPES = re.compile(
    r"shapes (\[.*?\]) and (\[.*?\]) broadcast|target size \(torch\.Size\((\[.*?\])\)\).*?\((\[.*?\])\)"
)
# a column that is made on purpose
COLUMN = re.compile(
    r"\bnone\b|\b(unsqueeze|reshape|view|view_as|keepdim|expand|expand_as|meshgrid|cdist|outer)\b|\.m?T\b"
)
FAR = 4  # definitions that are followed


def told(message: str, category: str, span: Span) -> WarningRecord | None:
    """The warning with its code and help; None where the column was made on purpose, or it is about other shapes."""
    said = SHAPES.search(message)
    if said is None:
        return None
    first, second = (said[1], said[2]) if said[1] else (said[4], said[3])  # input, target
    column = 0 if re.fullmatch(r"\[\d+, 1\]", first) else 1
    n, one = re.findall(r"\d+", (first, second)[column])[:1], re.findall(r"\d+", (second, first)[column])
    sides = _sides(read(span.text))
    if sides is None or n != one or n == ["1"] or (category == PAIRS and _is_meant(sides, span)):
        return None
    from gradsh.lints.w0509_each_with_each import squeezed

    places = [Span(span.source, span.start + side.start, span.start + side.end) for side in sides]
    labels = [Label(place, f"shape {shape}") for place, shape in zip(places, (first, second), strict=True)]
    warning = WarningRecord(message, span, labels=labels, help=squeezed(span.text, 0, sides[column]))
    warning.code = PAIRS
    return warning


def _sides(node: Node | None) -> tuple[Expr, Expr] | None:
    """The two sides of a difference, however it is written, or input and target of a loss."""
    if isinstance(node, nodes.Assign):
        node = node.value
    if isinstance(node, nodes.Binary):
        return node.left, node.right
    if not isinstance(node, nodes.Call):
        return None
    given = [argument.value for argument in node.arguments if argument.name in (None, "input", "other", "target")]
    if isinstance(node.function, nodes.Attribute) and len(given) == 1:
        given.insert(0, node.function.value)
    return (given[0], given[1]) if len(given) >= 2 else None


def _is_meant(sides: tuple[Expr, Expr], span: Span) -> bool:
    """Is one side made a column by the program itself, `x.unsqueeze(1) - x`?"""
    page = Page(span.source)
    waiting = [span.text[side.start : side.end] for side in sides]
    for _ in range(FAR):
        if any(map(COLUMN.search, waiting)):
            return True
        names = {name for text in waiting for name in re.findall(r"\b[^\W\d]\w*\b", text)}
        made = {name: _right_side(page, name, span) for name in names}
        if any(made[name] is None and _is_parameter(name, span) for name in names):
            return COLUMN.search(span.source.text) is not None  # what it is called with is not known
        waiting = [text for text in made.values() if text is not None]
    return False


def _right_side(page: Page, name: str, place: Span) -> str | None:
    """What a name was last given before a place, as text."""
    function = page.callee(place)
    step = function and page.binding(name, place.start, function.node)
    step = step or page.binding(name, place.start)
    return page.text(step.value) if step is not None and step.value is not None else None


def _is_parameter(name: str, span: Span) -> bool:
    return re.search(rf"\([^()]*\b{re.escape(name)}\b[^()]*\)\s*[={{]", span.source.text) is not None
