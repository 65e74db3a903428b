"""The text that a function or a model of the user was defined by."""

from __future__ import annotations

from collections.abc import Iterator
from types import CodeType, FunctionType
from typing import Any

from gradsh.engine.core.users import ModelKind, is_users
from gradsh.errors import Refused, Span
from gradsh.language import nodes
from gradsh.language.places import text_of
from gradsh.runtime.builtins import BUILTINS
from gradsh.runtime.text import function_name, is_model


def definition(value: Any) -> Span | None:
    """The statement that defines a function, a model, or the model that something is made of; None for all else.

    Of `let f = fn(x) = x**2` it is the whole statement. None too where the text is known no more.
    """
    if isinstance(type(value), ModelKind):
        value = type(value)
    value = getattr(value, "__func__", value)
    function = value.body if is_model(value) else value
    if type(function) is not FunctionType or not is_users(function):
        return None
    text = text_of(function.__code__)
    if text is None:
        return None
    from gradsh.language.syntax import parse

    try:
        tree = parse(text.source, BUILTINS.commands())
    except Refused:
        return None
    first = next((span.start for line in _lines(function.__code__) if (span := text.span(line)) is not None), None)
    if first is None:
        return None
    around = [node for node in nodes.walk(tree) if isinstance(node, nodes.Stmt) and node.start <= first < node.end]
    wanted = nodes.Model if is_model(value) else nodes.Function
    name = function_name(value)
    for node in reversed(around):  # the innermost first
        if isinstance(node, wanted) and node.name == name:
            return Span(text.source, node.start, node.end)
    for node in around:
        if any(isinstance(each, nodes.Lambda) for each in nodes.walk(node)):
            return Span(text.source, node.start, node.end)
    return None


def _lines(code: CodeType) -> Iterator[int]:
    """The numbers of the places in a function, those of functions in it too."""
    for _, _, line in code.co_lines():
        if line:
            yield line
    for inner in code.co_consts:
        if isinstance(inner, CodeType):
            yield from _lines(inner)
