"""How a value without history was made, read off the program's text: nothing was recorded of it but where.

What the names in that text are bound to now is taken for what they were then; where a place is not known, or its text
not readable, the way ends with `… not known how`.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from functools import lru_cache
from typing import Any

from gradsh.engine import catalogue
from gradsh.engine.core.graph import Unrecorded
from gradsh.engine.core.tensor import Tensor
from gradsh.errors import Refused, Source, Span
from gradsh.language import nodes
from gradsh.language.nodes import walk
from gradsh.looking import places
from gradsh.runtime import python

FAR = 50  # operations that are followed back
LONGEST = 5000  # a longer piece of the program is not read again


class Past:
    """One value on the way back.

    name, text, span   as for a Row; text is "" where it is not known how it was made
    cut      why it has no history though what it was made of has: "detach: values without history"; else ""
    inputs   what it was made of: (name, tensor), those without history as further values of the way
    """

    __slots__ = ("cut", "inputs", "name", "span", "tensor", "text")

    def __init__(self, tensor: Tensor, name: str, span: Span | None) -> None:
        self.tensor = tensor
        self.span = span
        self.text = places.flat(span.text) if span is not None else ""
        self.name = (places.bound_to(span) if span is not None else "") or name
        self.cut = ""
        self.inputs: list[tuple[str, Tensor]] = []

    @property
    def label(self) -> str:
        if not self.text:
            return f"{self.name or 'this'} … not known how"
        whole = not self.name or self.name == self.text or self.text.startswith(self.name + " ")
        return self.text if whole else f"{self.name} = {self.text}"


def history(t: Tensor, variables: Mapping[str, Any], name: str = "") -> list[Past]:
    """The way back from a value without history, the value itself first; tensors with a history end it."""
    found: list[Past] = []
    waiting = [(name, t)]
    seen = {id(t)}
    while waiting and len(found) < FAR:
        called, value = waiting.pop(0)
        past = _made(value, called, variables)
        found.append(past)
        for pair in past.inputs:
            if not pair[1].requires and id(pair[1]) not in seen:
                seen.add(id(pair[1]))
                waiting.append(pair)
    return found


def _made(t: Tensor, name: str, variables: Mapping[str, Any]) -> Past:
    where = t.made_at
    span = places.span_at(where[0], places.line_at(*where)) if where is not None else None
    past = Past(t, name, span)
    tree = fragment(past.text) if span is not None else None
    if tree is None:
        return past
    if isinstance(tree, nodes.Assign):
        past.name, past.text = name, past.text[tree.value.start : tree.value.end]
        tree = tree.value
    past.inputs = [pair for pair in _named(tree, variables) if pair[1] is not t]
    if any(value.requires for _, value in past.inputs):
        past.cut = _cut(tree, t, variables, where) or "by operations that have no gradient"
    return past


@lru_cache(maxsize=1000)
def fragment(text: str) -> nodes.Node | None:
    """A piece of a program as a tree: its expression, or its one statement; None where it cannot be read.

    The tree is shared by all who ask for the same text.
    """
    from gradsh.language.syntax import parse
    from gradsh.runtime.builtins import BUILTINS

    if not text.strip() or len(text) > LONGEST:
        return None
    try:
        tree = parse(Source("<piece>", text), BUILTINS.commands())
    except Refused:
        return None
    if len(tree.body) != 1:
        return None
    only = tree.body[0]
    return only.value if isinstance(only, nodes.ExprStmt) else only


def _named(tree: nodes.Node, variables: Mapping[str, Any]) -> Iterator[tuple[str, Tensor]]:
    """The tensors that a piece of the program names, as they are now."""
    told = set()
    for part in walk(tree):
        if isinstance(part, nodes.Name) and part.name not in told:
            told.add(part.name)
            value = variables.get(part.name)
            if value.__class__ is Tensor:
                yield part.name, value


def _cut(tree: nodes.Node, t: Tensor, variables: Mapping[str, Any], where: Any) -> str:
    """What cut the history off, in words."""
    for part in walk(tree):
        word, base = scissors(part)
        if base is not None and any(value.requires for _, value in _named(base, variables)):
            return f"{word}: values without history"
    if t.data.dtype.kind != "f":
        kind = "truth values" if t.data.dtype.kind == "b" else "integers"
        called = (p.function for p in walk(tree) if isinstance(p, nodes.Call))
        said = next((f.name for f in called if isinstance(f, (nodes.Name, nodes.Attribute))), "this")
        return f"{said} gives {kind}: no gradient passes"
    if isinstance(where, Unrecorded):
        return "no_grad: nothing is recorded there"
    return ""


def scissors(part: nodes.Node) -> tuple[str, nodes.Node | None]:
    """(the word, what it is applied to) for a part of a program that gives values without their history."""
    if isinstance(part, nodes.Attribute) and part.name == "data":
        return "data", part.value
    if not isinstance(part, nodes.Call):
        return "", None
    function = part.function
    if isinstance(function, nodes.Attribute) and cuts(function.name) == "method":
        return function.name, function.value
    if isinstance(function, nodes.Name) and part.arguments and cuts(function.name):
        return function.name, part.arguments[0].value
    return "", None


def flagged(past: Past) -> str:
    """The statement that makes it with the grad flag; "" where it is no call that takes one."""
    tree = fragment(past.text)
    if not isinstance(tree, nodes.Call) or not isinstance(tree.function, nodes.Name) or not past.text.endswith(")"):
        return ""
    known = catalogue.table().signatures.get(tree.function.name)
    if known is None or all(parameter[0] != "requires_grad" for parameter in known[0]):
        return ""
    call = f"{past.text[:-1].rstrip(', ')}{', ' if tree.arguments else ''}grad)"
    return f"let {past.name} = {call}" if past.name.isidentifier() else call


def cuts(name: str) -> str:
    """Whether the built-in gives the values of a tensor without their history: "method", "function" or ""."""
    entry = catalogue.operator(name)
    if entry is not None and entry.cuts:
        return "method" if entry.method else "function"
    return "function" if isinstance(python.OWN.get(name), python.ConverterDType) else ""
