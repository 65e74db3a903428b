"""Where a function of a program stands in its text: for its annotations, its signature and `inspect.getsource`."""

from __future__ import annotations

import ast
from typing import Any

from gradsh.errors import Source
from gradsh.language import places

__acts_for_programs__ = True

_last: tuple[str, ast.Module] | None = None  # the text that was read last, with its tree


def source_of(function: Any) -> tuple[Source, int, int] | None:
    """The text that a function stands in, and its place: that of its name, or of the first decorator; None."""
    code = function.__code__
    span = places.span_of(code, code.co_firstlineno)
    return None if span is None else (span.source, span.start, span.end)


def tree_of(source: Source) -> ast.Module:
    """Python's tree of a program's text."""
    global _last
    if _last is None or _last[0] != source.text:
        from gradsh.language.python.convert import parsed

        _last = source.text, parsed(source)[0]
    return _last[1]


def definition(function: Any) -> Any:
    """The statement, or the lambda, that made a function; None where its text is not known any more."""
    found = source_of(function)
    if found is None:
        return None
    return located(found[0], found[1])


def located(source: Source, at: int) -> Any:
    """The definition whose name, or first decorator, stands there."""
    from gradsh.language.python.expressions import Expressions

    reader = Expressions(source)
    for node in ast.walk(tree_of(source)):
        if isinstance(node, (ast.FunctionDef, ast.AsyncFunctionDef, ast.ClassDef)):
            start = reader.span(node)[0]
            word = "class" if isinstance(node, ast.ClassDef) else "def"
            first = start + len("async ") * isinstance(node, ast.AsyncFunctionDef) + len(word)
            starts = [reader.span(each)[0] for each in node.decorator_list[:1]]
            if at in (source.text.find(node.name, first), *starts):
                return node
        elif isinstance(node, ast.Lambda) and reader.span(node)[0] == at:
            return node
    return None
