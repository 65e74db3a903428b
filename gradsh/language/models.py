"""`model` blocks: which names are the fields of an instance, in which order."""

from __future__ import annotations

from collections.abc import Iterator

from gradsh.language import nodes
from gradsh.language.nodes import Expr, Stmt

SELF = "self"


def fields(body: list[Stmt]) -> tuple[str, ...]:
    """What the body of a model binds, in the order of the text, `self.x = …` included.

    What a loop or a `catch` binds is a variable of the body like any other, but no field.
    """
    return tuple(dict.fromkeys(_bound(body)))


def _bound(body: list[Stmt]) -> Iterator[str]:
    stack = body[::-1]
    while stack:
        statement = stack.pop()
        blocks = statement.blocks()
        if blocks:
            for block in reversed(blocks):
                stack.extend(reversed(block))
        elif isinstance(statement, nodes.Assign):
            yield from _targets(statement.target)
        elif isinstance(statement, nodes.Chain):
            yield from _targets(statement.target)
            yield from _targets(statement.others)
        else:
            yield from statement.binds()


def _targets(target: Expr) -> Iterator[str]:
    """The names of `a, self.b = …`."""
    if isinstance(target, (nodes.TupleExpr, nodes.ListExpr)):
        for item in target.items:
            yield from _targets(item)
    elif isinstance(target, nodes.Unpacked):
        yield from _targets(target.value)
    elif isinstance(target, nodes.Attribute):
        if isinstance(target.value, nodes.Name) and target.value.name == SELF:
            yield target.name
    elif isinstance(target, nodes.Name):
        yield target.name
