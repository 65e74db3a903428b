"""Python's own syntax tree as gradsh's: statements. Expressions are in `expressions`."""

from __future__ import annotations

import ast
import warnings
from collections.abc import Collection
from typing import Any

from gradsh import errors
from gradsh.errors import CELL, EXPRESSION, Refused, Source
from gradsh.language import nodes
from gradsh.language.nodes import Expr, Stmt
from gradsh.language.python import nodes as python
from gradsh.language.python.cells import without_magics
from gradsh.language.python.expressions import OPERATORS, Expressions, Unsupported
from gradsh.language.python.patterns import Patterns


def convert(source: Source) -> nodes.Program:
    """The tree of a Python program. Of a cell the last expression is shown, unless a `;` stands behind it.

    Raises Refused with what Python says of a text that is no program of its own, or with what gradsh does not have.
    """
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # of `"\\d"`, which Python reads
            tree, skipped = parsed(source)
            compilable(source, tree)
    except SyntaxError as problem:
        raise Refused([not_python(source, problem)]) from None
    except ValueError as problem:  # a null character
        place = errors.Label(errors.Span(source, 0, len(source.text)))
        raise Refused([errors.SyntaxError_(str(problem), [place])]) from None
    except (RecursionError, MemoryError):
        place = errors.Label(errors.Span(source, 0, len(source.text)))
        raise Refused([errors.TooDeep("nested too deeply", [place])]) from None
    converter = Converter(source, source.python == CELL, skipped)
    try:
        body = converter.top(tree.body)
        doc = doc_of(tree) if "__doc__" in source.text else None
        if doc is not None:
            body.insert(0, nodes.Assign(0, 0, False, nodes.Name(0, 0, "__doc__"), nodes.String(0, 0, doc)))
    except Unsupported as problem:
        place = errors.Label(errors.Span(source, problem.start, problem.end))
        raise Refused([errors.SyntaxError_(problem.words, [place], problem.help)]) from None
    return nodes.Program(0, len(source.text), body)


EVALUATED = "__evaluated__"  # what the value of an expression is bound to


def parsed(source: Source) -> tuple[ast.Module, Collection[int]]:
    """Python's tree, and where in it a number stands for a line of a cell that is none of Python's, `%time`."""
    try:
        if source.python == EXPRESSION:
            value = ast.parse(source.text, mode="eval").body
            target = ast.copy_location(ast.Name(EVALUATED, ast.Store()), value)
            return ast.Module([ast.copy_location(ast.Assign([target], value), value)], []), ()
        return ast.parse(source.text), ()
    except SyntaxError:
        if source.python != CELL:
            raise
        text, skipped = without_magics(source.text)
        if text == source.text:
            raise
        return ast.parse(text), skipped


def compilable(source: Source, tree: ast.Module) -> None:
    """See what Python finds when it compiles, not when it parses: `return` outside function. Errors: Refused."""
    try:
        # of no file: it would look for the line in there
        compile(tree, "", "exec", ast.PyCF_ALLOW_TOP_LEVEL_AWAIT if source.python == CELL else 0, dont_inherit=True)
    except SyntaxError as problem:
        raise Refused([not_python(source, problem, in_bytes=True)]) from None


def not_python(source: Source, problem: SyntaxError, in_bytes: bool = False) -> errors.GradshError:
    """Python's own words, and its place in the text; `in_bytes`: its columns are those of UTF-8, as in a tree."""
    length = len(source.text)

    def place(line: int, column: int) -> int:
        start = source.starts[min(line, len(source.starts)) - 1]
        before = max(0, column - 1)
        if in_bytes:
            line_of = source.text[start : start + before].encode("utf-8", "surrogatepass")
            before = len(line_of[:before].decode("utf-8", "ignore"))
        return min(start + before, length)

    start = place(problem.lineno or 1, problem.offset or 1)
    end = min(start + 1, length)
    if problem.end_lineno is not None and problem.end_offset is not None and problem.end_lineno > 0:
        end = max(end, place(problem.end_lineno, problem.end_offset))
    kind = type(problem).__name__
    return errors.SyntaxError_(problem.msg, [errors.Label(errors.Span(source, start, end))], kind=kind)


class Converter(Expressions):
    """One program. Each `s_Name` gives the statements that one of Python's becomes."""

    def __init__(self, source: Source, cell: bool, skipped: Collection[int]) -> None:
        super().__init__(source)
        self.cell = cell
        self.awaits = cell
        self.skipped = skipped
        self.guarded = False  # in a `try` whose handlers catch what an import raises

    def top(self, body: list[ast.stmt]) -> list[Stmt]:
        result: list[Stmt] = []
        for number, statement in enumerate(body):
            if self.cell and number == len(body) - 1 and isinstance(statement, ast.Expr):
                result.append(self.last(statement))
            else:
                result += self.statement(statement)
        return result

    def last(self, node: ast.Expr) -> Stmt:
        """The expression that ends a cell."""
        start, end = self.span(node)
        if start in self.skipped:
            return nodes.Pass(start, end)
        rest = self.source.text[end:].lstrip(" \t)")
        return nodes.ExprStmt(start, end, self.expr(node.value), rest.startswith(";"))

    def block(self, body: list[ast.stmt]) -> list[Stmt]:
        return [converted for statement in body for converted in self.statement(statement)]

    def statement(self, node: ast.stmt) -> list[Stmt]:
        made = getattr(self, "s_" + type(node).__name__, None)
        if made is None:
            raise Unsupported(*self.span(node), f"gradsh does not have Python's `{WORDS[type(node).__name__]}`")
        found: Stmt | list[Stmt] = made(node)
        return found if isinstance(found, list) else [found]

    # --- simple statements ------------------------------------------------------------------------------------

    def s_Expr(self, node: ast.Expr) -> list[Stmt]:
        start, end = self.span(node)
        if isinstance(node.value, ast.Constant):  # words about the code, or a line that is skipped
            return []
        return [nodes.ExprStmt(start, end, self.expr(node.value), True)]

    def s_Assign(self, node: ast.Assign) -> Stmt:
        start, end = self.span(node)
        first, *others = [self.expr(target) for target in node.targets]
        value = self.expr(node.value)
        if not others:
            return nodes.Assign(start, end, False, first, value)
        return nodes.Chain(start, end, False, first, value, nodes.TupleExpr(start, end, others))

    def s_AnnAssign(self, node: ast.AnnAssign) -> Stmt:
        start, end = self.span(node)
        if node.value is None:
            return nodes.Pass(start, end)
        return nodes.Assign(start, end, False, self.expr(node.target), self.expr(node.value))

    def s_AugAssign(self, node: ast.AugAssign) -> Stmt:
        op = OPERATORS[type(node.op)]
        return nodes.AugAssign(*self.span(node), op, self.expr(node.target), self.expr(node.value))

    def s_Pass(self, node: ast.Pass) -> Stmt:
        return nodes.Pass(*self.span(node))

    def s_Break(self, node: ast.Break) -> Stmt:
        return nodes.Break(*self.span(node))

    def s_Continue(self, node: ast.Continue) -> Stmt:
        return nodes.Continue(*self.span(node))

    def s_Return(self, node: ast.Return) -> Stmt:
        return nodes.Return(*self.span(node), self.maybe(node.value))

    def s_Assert(self, node: ast.Assert) -> Stmt:
        return nodes.Assert(*self.span(node), self.expr(node.test), self.maybe(node.msg))

    def s_Raise(self, node: ast.Raise) -> Stmt:
        return python.RaiseError(*self.span(node), self.maybe(node.exc), self.maybe(node.cause))

    def s_Delete(self, node: ast.Delete) -> Stmt:
        targets: list[Expr] = []
        for target in node.targets:
            found = self.expr(target)
            targets += found.items if isinstance(found, (nodes.TupleExpr, nodes.ListExpr)) else [found]
        return nodes.Del(*self.span(node), targets)

    def s_Global(self, node: ast.Global) -> Stmt:
        return python.Scoped(*self.span(node), list(map(self.own, node.names)), False)

    def s_Nonlocal(self, node: ast.Nonlocal) -> Stmt:
        return python.Scoped(*self.span(node), list(map(self.own, node.names)), True)

    def s_Import(self, node: ast.Import) -> Stmt:
        names: list[python.Imported] = []
        for alias in node.names:
            module = alias.name if alias.asname else alias.name.split(".")[0]
            names.append(python.Imported(*self.span(alias), self.own(alias.asname or module), module, None))
            if not alias.asname and "." in alias.name:  # `import torch.nn`: whether there is such a module
                names.append(python.Imported(*self.span(alias), "*", alias.name, None))
        return python.Importing(*self.span(node), names, self.guarded)

    def s_ImportFrom(self, node: ast.ImportFrom) -> Stmt:
        module = "." * node.level + (node.module or "")
        names = [python.Imported(*self.span(a), self.own(a.asname or a.name), module, a.name) for a in node.names]
        return python.Importing(*self.span(node), names, self.guarded)

    # --- with blocks ------------------------------------------------------------------------------------------

    def s_If(self, node: ast.If) -> Stmt:
        return nodes.If(*self.span(node), self.expr(node.test), self.block(node.body), self.block(node.orelse))

    def s_While(self, node: ast.While) -> Stmt:
        start, end = self.span(node)
        test, body = self.expr(node.test), self.block(node.body)
        if not node.orelse:
            return nodes.While(start, end, test, body)
        return python.WhileElse(start, end, test, body, self.block(node.orelse))

    def s_For(self, node: ast.For) -> Stmt:
        start, end = self.span(node)
        target, iterable = self.expr(node.target), self.expr(node.iter)
        body = self.block(node.body)
        if not node.orelse:
            return nodes.For(start, end, target, iterable, body)
        return python.ForElse(start, end, target, iterable, body, self.block(node.orelse))

    def s_AsyncFor(self, node: ast.AsyncFor) -> Stmt:
        self.must_wait(node, "for")
        target, iterable = self.expr(node.target), self.expr(node.iter)
        return python.AsyncFor(*self.span(node), target, iterable, self.block(node.body), self.block(node.orelse))

    def s_AsyncWith(self, node: ast.AsyncWith) -> Stmt:
        self.must_wait(node, "with")
        return self.s_With(node)

    def must_wait(self, node: ast.stmt, word: str) -> None:
        if not self.waits:
            raise Unsupported(*self.span(node), f"'async {word}' outside async function")

    def s_With(self, node: ast.With | ast.AsyncWith) -> Stmt:
        items = [
            python.WithItem(*self.span(item.context_expr), self.expr(item.context_expr), self.maybe(item.optional_vars))
            for item in node.items
        ]
        return python.With(*self.span(node), items, self.block(node.body), isinstance(node, ast.AsyncWith))

    def s_TryStar(self, node: Any) -> Stmt:  # which Python 3.10 does not know yet
        return self.s_Try(node, True)

    def s_Try(self, node: ast.Try, parts: bool = False) -> Stmt:
        handlers = [
            python.Handler(
                *self.span(each), self.maybe(each.type), each.name and self.own(each.name), self.block(each.body)
            )
            for each in node.handlers
        ]
        for statement in node.finalbody:
            self.leaves(statement)
        for each in node.handlers if parts else ():
            for statement in each.body:
                self.leaves(statement, "an except* block")
        outer, self.guarded = self.guarded, self.guarded or any(map(catches_imports, node.handlers))
        body = self.block(node.body)
        self.guarded = outer
        orelse, final = self.block(node.orelse), self.block(node.finalbody)
        return python.TryExcept(*self.span(node), body, handlers, orelse, final, parts)

    def s_Match(self, node: ast.Match) -> Stmt:
        cases = []
        for each in node.cases:
            patterns = Patterns(self)
            pattern = patterns.pattern(each.pattern)
            guard, body = self.maybe(each.guard), self.block(each.body)
            cases.append(python.Case(*self.span(each.pattern), pattern, list(patterns.names), guard, body))
        return python.Match(*self.span(node), self.expr(node.subject), cases)

    def leaves(self, statement: ast.stmt, block: str = "a 'finally' block") -> None:
        """Refuse what would leave a `finally` and so swallow what is on its way, Ctrl-C and limits too."""
        if isinstance(statement, (ast.Return, ast.Break, ast.Continue)):
            word = type(statement).__name__.lower()
            raise Unsupported(*self.span(statement), f"'{word}' in {block}")
        if isinstance(statement, (ast.FunctionDef, ast.AsyncFunctionDef, ast.ClassDef)):
            return
        parts = [statement, *getattr(statement, "handlers", ()), *getattr(statement, "cases", ())]
        for name in ("body", "orelse", "finalbody"):
            for inner in (each for part in parts for each in getattr(part, name, ())):
                if not isinstance(statement, (ast.For, ast.AsyncFor, ast.While)) or isinstance(inner, ast.Return):
                    self.leaves(inner, block)

    def s_AsyncFunctionDef(self, node: ast.AsyncFunctionDef) -> Stmt:
        return self.s_FunctionDef(node)

    def s_FunctionDef(self, node: ast.FunctionDef | ast.AsyncFunctionDef) -> Stmt:
        start, end = self.span(node)
        waits = isinstance(node, ast.AsyncFunctionDef)
        decorators = [self.expr(each) for each in node.decorator_list]
        at = self.source.text.index(node.name, self.source.text.index("def", start) + len("def"))
        parameters = self.parameters(node.args)
        outer, self.guarded, self.waits = (self.guarded, self.waits), False, waits
        body = self.block(node.body) or [nodes.Pass(start, end)]
        self.guarded, self.waits = outer
        return python.Def(start, end, self.own(node.name), at, parameters, body, decorators, doc_of(node), waits)

    def s_ClassDef(self, node: ast.ClassDef) -> Stmt:
        start, end = self.span(node)
        at = self.source.text.index(node.name, start + len("class"))
        annotated = {
            each.target.id: each.annotation
            for each in node.body
            if isinstance(each, ast.AnnAssign) and isinstance(each.target, ast.Name)
        }
        hints = [self.source.text[slice(*self.span(each))] for each in annotated.values()]
        decorators = [self.expr(each) for each in node.decorator_list]
        bases = [self.expr(base) for base in node.bases]
        keywords = self.keywords(node.keywords)
        name = self.own(node.name)
        outer, self.within = self.within, node.name.lstrip("_")
        around, self.waits = self.waits, False if self.waits is not None else None
        annotated = {self.own(each): hint for each, hint in annotated.items()}
        body = self.block(node.body)
        self.within, self.waits = outer, around
        return python.Class(
            start, end, name, at, bases, keywords, decorators, body, list(annotated), hints, doc_of(node)
        )


def catches_imports(handler: ast.ExceptHandler) -> bool:
    """Does it catch that there is no such module, by name?"""
    kinds = handler.type.elts if isinstance(handler.type, ast.Tuple) else [handler.type]
    return any(kind is None or (isinstance(kind, ast.Name) and kind.id in OF_IMPORTS) for kind in kinds)


OF_IMPORTS = frozenset(("ImportError", "ModuleNotFoundError", "Exception", "BaseException"))


def doc_of(node: ast.FunctionDef | ast.AsyncFunctionDef | ast.ClassDef | ast.Module) -> str | None:
    """The words that a body begins with, as they stand."""
    first = node.body[0] if node.body else None
    if not (isinstance(first, ast.Expr) and isinstance(first.value, ast.Constant)):
        return None
    return first.value.value if isinstance(first.value.value, str) else None


WORDS = {
    "TypeAlias": "type",
}
