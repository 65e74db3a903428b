"""Python's own syntax tree as gradsh's: expressions."""

from __future__ import annotations

import ast

from gradsh.errors import Source
from gradsh.language import nodes
from gradsh.language.nodes import Argument, Expr, Parameter
from gradsh.language.python import nodes as python

OPERATORS: dict[type[ast.operator], str] = {
    ast.Add: "+",
    ast.Sub: "-",
    ast.Mult: "*",
    ast.Div: "/",
    ast.FloorDiv: "//",
    ast.Mod: "%",
    ast.MatMult: "@",
    ast.Pow: "**",
    ast.BitAnd: "&",
    ast.BitOr: "|",
    ast.BitXor: "^",
    ast.LShift: "<<",
    ast.RShift: ">>",
}
COMPARISONS: dict[type[ast.cmpop], str] = {
    ast.Eq: "==",
    ast.NotEq: "!=",
    ast.Lt: "<",
    ast.LtE: "<=",
    ast.Gt: ">",
    ast.GtE: ">=",
    ast.In: "in",
    ast.NotIn: "not in",
    ast.Is: "is",
    ast.IsNot: "is not",
}
SIGNS: dict[type[ast.unaryop], str] = {ast.USub: "-", ast.UAdd: "+", ast.Invert: "~", ast.Not: "not"}


class Unsupported(Exception):
    """What gradsh does not have of Python's syntax, and where it stands."""

    def __init__(self, start: int, end: int, words: str, help: str | None = None) -> None:
        super().__init__(words)
        self.start = start
        self.end = end
        self.words = words
        self.help = help


class Expressions:
    """Each `e_Name` gives the expression that one of Python's becomes."""

    def __init__(self, source: Source) -> None:
        self.source = source
        self.starts = _line_starts(source.text)
        self.plain = source.text.isascii()
        self.waits: bool | None = None  # in an `async def`; None outside of all functions
        self.awaits = False  # whether what stands outside of them may wait too, as a cell may
        self.within = ""  # the class whose body is being converted, without the underscores before its name

    # --- places -------------------------------------------------------------------------------------------------

    def at(self, line: int, column: int) -> int:
        """The offset of a place of Python's, whose columns are bytes."""
        start = self.starts[line - 1]
        if self.plain:
            return start + column
        end = self.starts[line] if line < len(self.starts) else len(self.source.text)
        return start + len(
            self.source.text[start:end].encode("utf-8", "surrogatepass")[:column].decode("utf-8", "ignore")
        )

    def span(
        self, node: ast.expr | ast.stmt | ast.keyword | ast.arg | ast.alias | ast.excepthandler | ast.pattern
    ) -> tuple[int, int]:
        return (
            self.at(node.lineno, node.col_offset),
            self.at(node.end_lineno or node.lineno, node.end_col_offset or node.col_offset),
        )

    def own(self, name: str) -> str:
        """A name as Python spells it in the body of a class: `__rate` in `class Net` is `_Net__rate`."""
        if self.within and name[:2] == "__" and name[-2:] != "__":
            return f"_{self.within}{name}"
        return name

    # --- expressions ----------------------------------------------------------------------------------------------

    def expr(self, node: ast.expr) -> Expr:
        made = getattr(self, "e_" + type(node).__name__, None)
        if made is None:
            raise Unsupported(*self.span(node), "gradsh does not have Python's `t-strings`")
        found: Expr = made(node)
        return found

    def maybe(self, node: ast.expr | None) -> Expr | None:
        return None if node is None else self.expr(node)

    def e_Constant(self, node: ast.Constant) -> Expr:
        start, end = self.span(node)
        value = node.value
        if isinstance(value, str):
            return nodes.String(start, end, value)
        if isinstance(value, (int, float)) and not isinstance(value, bool):
            return nodes.Number(start, end, value)
        return nodes.Constant(start, end, value)

    def e_JoinedStr(self, node: ast.JoinedStr) -> Expr:
        start, end = self.span(node)
        return nodes.FString(start, end, self.parts(node.values, start, end))

    def parts(self, values: list[ast.expr], start: int, end: int) -> list[str | nodes.FormatPart]:
        found: list[str | nodes.FormatPart] = []
        for value in values:
            if isinstance(value, ast.Constant):
                found.append(str(value.value))
            elif isinstance(value, ast.FormattedValue):
                spec = self.parts(value.format_spec.values, start, end) if value.format_spec is not None else []  # type: ignore[attr-defined]  # a JoinedStr
                conversion = chr(value.conversion) if value.conversion != -1 else None
                found.append(nodes.FormatPart(start, end, self.expr(value.value), conversion, spec))
        return found

    def e_Name(self, node: ast.Name) -> Expr:
        return nodes.Name(*self.span(node), self.own(node.id))

    def e_Attribute(self, node: ast.Attribute) -> Expr:
        start, end = self.span(node)
        return nodes.Attribute(start, end, self.expr(node.value), self.own(node.attr), end - len(node.attr))

    def e_Tuple(self, node: ast.Tuple) -> Expr:
        return nodes.TupleExpr(*self.span(node), [self.expr(item) for item in node.elts])

    def e_List(self, node: ast.List) -> Expr:
        return nodes.ListExpr(*self.span(node), [self.expr(item) for item in node.elts])

    def e_Set(self, node: ast.Set) -> Expr:
        return nodes.SetExpr(*self.span(node), [self.expr(item) for item in node.elts])

    def e_Dict(self, node: ast.Dict) -> Expr:
        items: list[tuple[Expr, Expr]] = []
        for key, value in zip(node.keys, node.values, strict=True):
            held = self.expr(value)
            if key is None:
                held = nodes.Unpacked(held.start, held.end, held)
            items.append((held if key is None else self.expr(key), held))
        return nodes.DictExpr(*self.span(node), items)

    def e_Starred(self, node: ast.Starred) -> Expr:
        return nodes.Unpacked(*self.span(node), self.expr(node.value))

    def e_UnaryOp(self, node: ast.UnaryOp) -> Expr:
        return nodes.Unary(*self.span(node), SIGNS[type(node.op)], self.expr(node.operand))

    def e_BinOp(self, node: ast.BinOp) -> Expr:
        """Down the left side in a loop: sums of thousands of terms are no recursion."""
        spine: list[ast.BinOp] = []
        left: ast.expr = node
        while isinstance(left, ast.BinOp):
            spine.append(left)
            left = left.left
        value = self.expr(left)
        for link in reversed(spine):
            value = nodes.Binary(*self.span(link), OPERATORS[type(link.op)], value, self.expr(link.right))
        return value

    def e_BoolOp(self, node: ast.BoolOp) -> Expr:
        op = "and" if isinstance(node.op, ast.And) else "or"
        start, end = self.span(node)
        first, *rest = node.values
        value = self.expr(first)
        for each in rest:
            value = nodes.Logical(start, end, op, value, self.expr(each))
        return value

    def e_Compare(self, node: ast.Compare) -> Expr:
        start, end = self.span(node)
        ops = [COMPARISONS[type(op)] for op in node.ops]
        left, *others = [self.expr(operand) for operand in (node.left, *node.comparators)]
        if len(ops) == 1:
            return nodes.Compare(start, end, ops[0], left, others[0])
        return python.Comparison(start, end, ops, [left, *others])

    def e_IfExp(self, node: ast.IfExp) -> Expr:
        return nodes.Conditional(*self.span(node), self.expr(node.body), self.expr(node.test), self.expr(node.orelse))

    def e_NamedExpr(self, node: ast.NamedExpr) -> Expr:
        return python.Walrus(*self.span(node), self.own(node.target.id), self.expr(node.value))

    def e_Await(self, node: ast.Await) -> Expr:
        if not self.waits and (self.waits is not None or not self.awaits):
            where = "outside function" if self.waits is None else "outside async function"
            raise Unsupported(*self.span(node), f"'await' {where}")
        return python.Await(*self.span(node), self.expr(node.value), self.waits is None)

    def waiting(self, word: str, values: list[ast.expr], generators: list[ast.comprehension], node: ast.expr) -> Expr:
        """A comprehension with an `async for`."""
        flags = [bool(each.is_async) for each in generators]
        if not self.waits:
            raise Unsupported(*self.span(node), "asynchronous comprehension outside of an asynchronous function")
        made = [self.expr(each) for each in values]
        return python.AsyncComp(*self.span(node), word, made, self.clauses(generators), flags)

    def e_Yield(self, node: ast.Yield) -> Expr:
        return python.Yield(*self.span(node), self.maybe(node.value), False)

    def e_YieldFrom(self, node: ast.YieldFrom) -> Expr:
        return python.Yield(*self.span(node), self.expr(node.value), True)

    def e_Lambda(self, node: ast.Lambda) -> Expr:
        parameters = self.parameters(node.args)
        outer, self.waits = self.waits, False
        body = self.expr(node.body)
        self.waits = outer
        return nodes.Lambda(*self.span(node), parameters, body)

    def parameters(self, given: ast.arguments) -> list[Parameter]:
        """In the order of the text; what stands behind a bare `*` has KEY for its star, before a bare `/` PLACE."""
        found: list[Parameter] = []
        plain = [*given.posonlyargs, *given.args]
        defaults = [None] * (len(plain) - len(given.defaults)) + list(given.defaults)
        for at, (each, default) in enumerate(zip(plain, defaults, strict=True)):
            star = python.PLACE if at < len(given.posonlyargs) else ""
            found.append(Parameter(*self.span(each), self.own(each.arg), self.maybe(default), star))
        if given.vararg is not None:
            found.append(Parameter(*self.span(given.vararg), self.own(given.vararg.arg), None, "*"))
        for each, default in zip(given.kwonlyargs, given.kw_defaults, strict=True):
            found.append(Parameter(*self.span(each), self.own(each.arg), self.maybe(default), python.KEY))
        if given.kwarg is not None:
            found.append(Parameter(*self.span(given.kwarg), self.own(given.kwarg.arg), None, "**"))
        return found

    def e_Call(self, node: ast.Call) -> Expr:
        start, end = self.span(node)
        if isinstance(node.func, ast.Name) and node.func.id == "super":
            return python.Super(start, end, [self.expr(argument) for argument in node.args])
        arguments: list[Argument] = []
        for each in node.args:
            if isinstance(each, ast.Starred):
                arguments.append(Argument(*self.span(each), None, "*", self.expr(each.value)))
            else:
                arguments.append(Argument(*self.span(each), None, "", self.expr(each)))
        return nodes.Call(start, end, self.expr(node.func), arguments + self.keywords(node.keywords))

    def keywords(self, given: list[ast.keyword]) -> list[Argument]:
        return [
            Argument(
                *self.span(each),
                each.arg,
                "**" if each.arg is None else "",
                self.expr(each.value),
            )
            for each in given
        ]

    def e_Subscript(self, node: ast.Subscript) -> Expr:
        start, end = self.span(node)
        value = self.expr(node.value)
        if isinstance(node.slice, ast.Tuple):
            return nodes.Index(start, end, value, [self.expr(item) for item in node.slice.elts], True)
        return nodes.Index(start, end, value, [self.expr(node.slice)], False)

    def e_Slice(self, node: ast.Slice) -> Expr:
        return nodes.Slice(*self.span(node), self.maybe(node.lower), self.maybe(node.upper), self.maybe(node.step))

    def clauses(self, generators: list[ast.comprehension]) -> list[nodes.CompFor]:
        return [
            nodes.CompFor(
                *self.span(each.iter), self.expr(each.target), self.expr(each.iter), [self.expr(c) for c in each.ifs]
            )
            for each in generators
        ]

    def e_ListComp(self, node: ast.ListComp) -> Expr:
        if any(each.is_async for each in node.generators):
            return self.waiting("list", [node.elt], node.generators, node)
        return nodes.ListComp(*self.span(node), self.expr(node.elt), self.clauses(node.generators))

    def e_SetComp(self, node: ast.SetComp) -> Expr:
        if any(each.is_async for each in node.generators):
            return self.waiting("set", [node.elt], node.generators, node)
        return nodes.SetComp(*self.span(node), self.expr(node.elt), self.clauses(node.generators))

    def e_DictComp(self, node: ast.DictComp) -> Expr:
        if any(each.is_async for each in node.generators):
            return self.waiting("dict", [node.key, node.value], node.generators, node)
        return nodes.DictComp(
            *self.span(node), self.expr(node.key), self.expr(node.value), self.clauses(node.generators)
        )

    def e_GeneratorExp(self, node: ast.GeneratorExp) -> Expr:
        if any(each.is_async for each in node.generators):
            return self.waiting("generator", [node.elt], node.generators, node)
        return python.Generator(*self.span(node), self.expr(node.elt), self.clauses(node.generators))


def _line_starts(text: str) -> list[int]:
    """Where Python's lines begin, which also ends them at `\\r` alone and at a form feed's line no more."""
    starts = [0]
    at = 0
    while True:
        line_feed, carriage = text.find("\n", at), text.find("\r", at)
        if line_feed < 0 and carriage < 0:
            return starts
        if carriage >= 0 and (line_feed < 0 or carriage < line_feed):
            at = carriage + (2 if text.startswith("\r\n", carriage) else 1)
        else:
            at = line_feed + 1
        starts.append(at)
