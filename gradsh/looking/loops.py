"""The loops around a place of a program, and how far a running one is."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from gradsh.engine.core.tensor import Tensor
from gradsh.errors import Refused, Source, Span
from gradsh.language import nodes
from gradsh.runtime.builtins import BUILTINS

Loop = nodes.For | nodes.While | nodes.Repeat

_known: tuple[Source, list[Loop], list[nodes.Node]] | None = None  # of the program that was asked about last


def around(place: Span) -> list[Loop]:
    """The loops of the innermost function around a place, or of the top level; the outermost first."""
    global _known
    if _known is None or _known[0] is not place.source:
        _known = (place.source, *_read(place.source))
    _, loops, functions = _known
    inside = max((each.start for each in functions if _holds(each, place)), default=-1)
    return [loop for loop in loops if _holds(loop, place) and loop.start > inside]


def _holds(node: nodes.Node, place: Span) -> bool:
    return node.start <= place.start and place.end <= node.end


def _read(source: Source) -> tuple[list[Loop], list[nodes.Node]]:
    from gradsh.language.syntax import parse

    try:
        tree = parse(source, BUILTINS.commands())
    except Refused:
        return [], []
    loops: list[Loop] = []
    functions: list[nodes.Node] = []
    for node in nodes.walk(tree):
        if isinstance(node, (nodes.For, nodes.While, nodes.Repeat)):
            loops.append(node)
        elif isinstance(node, (nodes.Definition, nodes.Lambda)):
            functions.append(node)
    loops.sort(key=lambda loop: loop.start)
    return loops, functions


class Scope:
    """The variables that a frame of the program sees, its own before the session's."""

    def __init__(self, *spaces: dict[str, Any]) -> None:
        self.spaces = spaces

    def value(self, name: str) -> Any:
        """What a name is bound to there, None where it is not."""
        for space in self.spaces:
            if "." + name in space:
                return space["." + name]
        return None

    def number(self, node: nodes.Expr) -> int | None:
        """A whole number that is written there, or follows from what is bound; None for anything else."""
        found: Any = None
        if isinstance(node, nodes.Number):
            found = node.value
        elif isinstance(node, nodes.Name):
            found = self.value(node.name)
        elif isinstance(node, nodes.Unary) and node.op == "-":
            operand = self.number(node.operand)
            found = -operand if operand is not None else None
        elif isinstance(node, nodes.Binary) and node.op in ("+", "-", "*", "//"):
            left, right = self.number(node.left), self.number(node.right)
            if left is not None and right is not None and not (node.op == "//" and right == 0):
                found = {"+": left + right, "-": left - right, "*": left * right}.get(node.op)
                found = left // right if found is None else found
        elif _calls(node) == "len":
            given = _given(node)
            found = self.length(given[0]) if len(given) == 1 else None
        return found if found.__class__ is int else None

    def range(self, node: nodes.Expr) -> range | None:
        """The range that an expression `range(…)` gives."""
        if _calls(node) != "range":
            return None
        given = [self.number(each) for each in _given(node)]
        if not 1 <= len(given) <= 3 or None in given or (len(given) == 3 and given[2] == 0):
            return None
        return range(*given)  # type: ignore[arg-type]  # they are numbers

    def length(self, node: nodes.Expr) -> int | None:
        """How many items there are to loop over, where that is known."""
        word = _calls(node)
        if word == "range":
            over = self.range(node)
            return len(over) if over is not None else None
        if word in ("enumerate", "zip", "list", "reversed", "sorted"):
            parts = [self.length(each) for each in _given(node)[: None if word == "zip" else 1]]
            known = [part for part in parts if part is not None]
            return min(known) if known and len(known) == len(parts) else None
        if isinstance(node, (nodes.ListExpr, nodes.TupleExpr)):
            return len(node.items)
        value = self.value(node.name) if isinstance(node, nodes.Name) else None
        if isinstance(value, (list, tuple, dict, range, str)):
            return len(value)
        return value.data.shape[0] if value.__class__ is Tensor and value.data.ndim else None

    def position(self, loop: Loop) -> tuple[int | None, int | None]:
        """Which turn of a loop runs, from 1, and how many there are to be; None for what cannot be told."""
        if isinstance(loop, nodes.While):
            return None, None
        if isinstance(loop, nodes.Repeat):
            return None, self.number(loop.count)
        total = self.length(loop.iterable)
        target, over = loop.target, self.range(loop.iterable)
        if over is None and _calls(loop.iterable) == "enumerate" and len(_given(loop.iterable)) == 1:
            over = range(total) if total is not None else None
            target = target.items[0] if isinstance(target, nodes.TupleExpr) else target
        at = self.value(target.name) if isinstance(target, nodes.Name) else None
        turn = over.index(at) + 1 if over is not None and at.__class__ is int and at in over else None
        return turn, total


def _calls(node: nodes.Expr) -> str:
    """The name of what an expression calls with nothing but positional arguments."""
    if (
        isinstance(node, nodes.Call)
        and isinstance(node.function, nodes.Name)
        and len(_given(node)) == len(node.arguments)
    ):
        return node.function.name
    return ""


def _given(node: nodes.Expr) -> Sequence[nodes.Expr]:
    assert isinstance(node, nodes.Call)
    return [each.value for each in node.arguments if each.name is None and not each.star]
