"""The patterns of `match` as expressions: tuples of a word and its parts, which gradsh.frontend.matching goes through.

`case Point(x=0, y=a)` is `("class", Point, (), ("x", "y"), (("value", 0), ("name", "a", None)))`.
"""

from __future__ import annotations

import ast

from gradsh.language import nodes
from gradsh.language.nodes import Expr
from gradsh.language.python.expressions import Expressions


class Patterns:
    """One pattern, and the names that it binds, in order. Each `p_Name` gives what one of Python's becomes."""

    def __init__(self, converter: Expressions) -> None:
        self.converter = converter
        self.names: dict[str, None] = {}

    def pattern(self, node: ast.pattern) -> Expr:
        self.start, self.end = self.converter.span(node)
        made: Expr = getattr(self, "p_" + type(node).__name__)(node)
        return made

    def made(self, *parts: Expr) -> Expr:
        return nodes.TupleExpr(self.start, self.end, list(parts))

    def word(self, text: str) -> Expr:
        return nodes.String(self.start, self.end, text)

    def several(self, patterns: list[ast.pattern]) -> Expr:
        return self.made(*[self.pattern(each) for each in patterns])

    def bound(self, name: str | None) -> Expr:
        """The name as a word, None for `_`."""
        if name is None:
            return nodes.Constant(self.start, self.end, None)
        name = self.converter.own(name)
        self.names[name] = None
        return self.word(name)

    def p_MatchValue(self, node: ast.MatchValue) -> Expr:
        return self.made(self.word("value"), self.converter.expr(node.value))

    def p_MatchSingleton(self, node: ast.MatchSingleton) -> Expr:
        return self.made(self.word("is"), nodes.Constant(self.start, self.end, node.value))

    def p_MatchSequence(self, node: ast.MatchSequence) -> Expr:
        return self.made(self.word("sequence"), self.several(node.patterns))

    def p_MatchStar(self, node: ast.MatchStar) -> Expr:
        return self.made(self.word("star"), self.bound(node.name))

    def p_MatchMapping(self, node: ast.MatchMapping) -> Expr:
        keys = self.made(*[self.converter.expr(key) for key in node.keys])
        rest = self.bound(node.rest)
        return self.made(self.word("mapping"), keys, self.several(node.patterns), rest)

    def p_MatchClass(self, node: ast.MatchClass) -> Expr:
        kind = self.converter.expr(node.cls)
        names = self.made(*map(self.word, node.kwd_attrs))
        return self.made(self.word("class"), kind, self.several(node.patterns), names, self.several(node.kwd_patterns))

    def p_MatchAs(self, node: ast.MatchAs) -> Expr:
        inner = nodes.Constant(self.start, self.end, None) if node.pattern is None else self.pattern(node.pattern)
        return self.made(self.word("name"), self.bound(node.name), inner)

    def p_MatchOr(self, node: ast.MatchOr) -> Expr:
        return self.made(self.word("or"), self.several(node.patterns))
