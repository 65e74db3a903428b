"""A resolved tree becomes one Python code object: one method per class of node.

The shape of the result, which `gradsh.runtime` completes:

* A name `x` of the program is the Python name `.x` (Python source cannot write it), helpers are `@attr` and so on.
* Arithmetic, comparisons, indices, calls and control flow are Python's own, at Python's speed.
* The line number of an instruction is an index into the table of spans (from 1): that is how a fault, and a node of
  the graph, find their place in the text. It works without column information (PYTHONNODEBUGRANGES).
* Long chains go into temporaries: Python's compiler is recursive, programs need not be short.
"""

from __future__ import annotations

import _ast as ast  # the classes alone: the module `ast` costs 5 ms to import
from types import CodeType
from typing import Any

from gradsh.errors import Label, Refused, Source, Span, TooDeep
from gradsh.language import nodes
from gradsh.language.nodes import Argument, Expr, Node, Parameter, Stmt
from gradsh.language.resolve import Resolution, spine_child

SPANNED = ("print", "show")
CHAIN = 40  # links of a chain in one Python expression

LOAD, STORE = ast.Load(), ast.Store()
BINARY = {
    "+": ast.Add(),
    "-": ast.Sub(),
    "*": ast.Mult(),
    "/": ast.Div(),
    "//": ast.FloorDiv(),
    "%": ast.Mod(),
    "@": ast.MatMult(),
    "**": ast.Pow(),
    "&": ast.BitAnd(),
    "|": ast.BitOr(),
    "^": ast.BitXor(),
}
COMPARE = {
    "==": ast.Eq(),
    "!=": ast.NotEq(),
    "<": ast.Lt(),
    "<=": ast.LtE(),
    ">": ast.Gt(),
    ">=": ast.GtE(),
    "in": ast.In(),
    "not in": ast.NotIn(),
    "is": ast.Is(),
    "is not": ast.IsNot(),
}
UNARY = {"-": ast.USub(), "+": ast.UAdd(), "~": ast.Invert(), "not": ast.Not()}
LOGICAL = {"and": ast.And(), "or": ast.Or()}


def lower(program: nodes.Program, source: Source, resolution: Resolution, filename: str) -> tuple[CodeType, list[int]]:
    """The code object, and the spans as a flat list: start and end of span 1, of span 2, …"""
    import warnings

    lowering = Lowering(source, resolution)
    module = lowering.module(program)
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # Python's advice (`x is 5`, `1(2)`) is about Python
            return compile(module, filename, "exec", dont_inherit=True), lowering.spans
    except (RecursionError, SyntaxError, MemoryError) as fault:
        # What is left after the resolver: over twenty loops, modes and `try` inside one another, or deep expressions.
        start, end = program.start, program.end
        if isinstance(fault, SyntaxError) and fault.lineno:
            start, end = lowering.spans[2 * fault.lineno - 2 : 2 * fault.lineno]
        help = "move inner blocks into functions"
        raise Refused([TooDeep("nested too deeply", [Label(Span(source, start, end))], help)]) from None


class Lowering:
    def __init__(self, source: Source, resolution: Resolution) -> None:
        self.source = source
        self.resolution = resolution
        self.spans: list[int] = []
        self.lines: dict[tuple[int, int], int] = {}
        self.before: list[ast.stmt] = []  # what must be defined before the statement that is being lowered
        self.temporaries: list[str] = []  # of this statement, to be let go after it
        self.counter = 0
        self.globals: set[str] = set()
        self.function: int | None = None  # the id of the node whose body this is

    # --- helpers ------------------------------------------------------------------------------------------

    def line(self, node: Node) -> int:
        return self.line_of(node.start, node.end)

    def line_of(self, start: int, end: int) -> int:
        place = (start, end)
        line = self.lines.get(place)
        if line is None:
            self.spans += place
            line = self.lines[place] = len(self.spans) // 2
        return line

    def load(self, name: str, line: int) -> ast.expr:
        if self.function is None:
            self.globals.add(name)
        return ast.Name(name, LOAD, lineno=line, col_offset=0)

    def store(self, name: str, line: int) -> ast.Name:
        if self.function is None:
            self.globals.add(name)
        return ast.Name(name, STORE, lineno=line, col_offset=0)

    def constant(self, value: Any, line: int) -> ast.expr:
        return ast.Constant(value, lineno=line, col_offset=0)

    def called(self, function: ast.expr | str, arguments: list[ast.expr], line: int, **keywords: Any) -> ast.expr:
        if isinstance(function, str):
            function = self.load(function, line)
        return ast.Call(function, arguments, keywords.get("keywords", []), lineno=line, col_offset=0)

    def done(self, value: ast.expr, line: int) -> ast.stmt:
        return ast.Expr(value, lineno=line, col_offset=0)

    def assigned(self, target: ast.expr, value: ast.expr, line: int) -> ast.stmt:
        return ast.Assign([target], value, lineno=line, col_offset=0)

    def fresh(self, prefix: str) -> str:
        self.counter += 1
        return f"@{prefix}{self.counter}"

    def temporary(self) -> str:
        name = self.fresh("t")
        self.temporaries.append(name)
        return name

    def builtin(self, node: Node, name: str, line: int) -> ast.expr:
        """The built-in, even where the user has a variable of its name."""
        if id(node) in self.resolution.pinned:
            return self.called("@builtin", [self.constant(name, line)], line)
        return self.load("." + name, line)

    # --- statements -------------------------------------------------------------------------------------------

    def module(self, program: nodes.Program) -> ast.Module:
        body = self.block(program.body)
        if self.globals:
            # Declared global, a name of the top level is LOAD_GLOBAL, which CPython caches; LOAD_NAME it does not.
            body.insert(0, ast.Global(sorted(self.globals), lineno=1, col_offset=0))
        return ast.Module(body, [])

    def block(self, body: list[Stmt]) -> list[ast.stmt]:
        """The statements, each after what it needs defined before it."""
        outer, outer_temporaries = self.before, self.temporaries
        result: list[ast.stmt] = []
        for statement in body:
            self.before, self.temporaries = [], []
            lowered = getattr(self, "do_" + type(statement).__name__)(statement)
            result += self.before
            result += lowered
            if self.temporaries and self.function is None:
                line = self.line(statement)
                targets: list[ast.expr] = [self.store(name, line) for name in self.temporaries]
                result.append(ast.Assign(targets, self.constant(None, line), lineno=line, col_offset=0))
        self.before, self.temporaries = outer, outer_temporaries
        return result

    def full_block(self, body: list[Stmt], line: int) -> list[ast.stmt]:
        return self.block(body) or [ast.Pass(lineno=line, col_offset=0)]

    def do_Assign(self, node: nodes.Assign) -> list[ast.stmt]:
        return self.assign(node.target, self.expr(node.value), self.line(node))

    def assign(self, target: Expr, value: ast.expr, line: int) -> list[ast.stmt]:
        if isinstance(target, (nodes.TupleExpr, nodes.ListExpr)) and not all(
            isinstance(item, nodes.Name) for item in target.items
        ):
            return self.unpack(target, value, line)
        if isinstance(target, nodes.Attribute):
            return [self.set_attribute(target, value)]
        return [self.assigned(self.target(target), value, line)]

    def target(self, node: Expr) -> Any:
        """A target that Python can store into by itself: names, items, tuples of these."""
        line = self.line(node)
        if isinstance(node, nodes.Name):
            return self.store("." + node.name, line)
        if isinstance(node, nodes.Index):
            return ast.Subscript(self.expr(node.value), self.subscript(node), STORE, lineno=line, col_offset=0)
        assert isinstance(node, (nodes.TupleExpr, nodes.ListExpr))
        return ast.Tuple([self.target(item) for item in node.items], STORE, lineno=line, col_offset=0)

    def set_attribute(self, target: nodes.Attribute, value: ast.expr) -> ast.stmt:
        line = self.line(target)
        name = self.constant(target.name, line)
        return self.done(self.called("@set_attr", [value, self.expr(target.value), name], line), line)

    def unpack(self, target: nodes.TupleExpr | nodes.ListExpr, value: ast.expr, line: int) -> list[ast.stmt]:
        """Nested targets: first all is taken apart into temporaries, then bound, so that a failure binds nothing.

        Items and attributes are written before names are bound, since they can fail; unless one of them is found
        through a name that is bound here (`i, x[i] = …`), then the order is as written.
        """
        result: list[ast.stmt] = []
        leaves: list[tuple[Expr, str]] = []

        def take_apart(item: nodes.TupleExpr | nodes.ListExpr, whole: ast.expr) -> None:
            names = [self.temporary() for _ in item.items]
            at = self.line(item)
            stores = ast.Tuple([self.store(name, at) for name in names], STORE, lineno=at, col_offset=0)
            result.append(self.assigned(stores, whole, at))
            for inner, name in zip(item.items, names, strict=True):
                if isinstance(inner, (nodes.TupleExpr, nodes.ListExpr)):
                    take_apart(inner, self.load(name, at))
                else:
                    leaves.append((inner, name))

        take_apart(target, value)
        bound = {leaf.name for leaf, _ in leaves if isinstance(leaf, nodes.Name)}
        if not any(uses(leaf, bound) for leaf, _ in leaves if not isinstance(leaf, nodes.Name)):
            leaves.sort(key=lambda pair: isinstance(pair[0], nodes.Name))
        for leaf, name in leaves:
            result += self.assign(leaf, self.load(name, line), line)
        return result

    def do_AugAssign(self, node: nodes.AugAssign) -> list[ast.stmt]:
        line = self.line(node)
        target = node.target
        value = self.expr(node.value)
        if isinstance(target, nodes.Attribute):
            owner, current = self.temporary(), self.temporary()
            at, name = self.line(target), self.constant(target.name, self.line(target))
            read = self.called("@attr", [self.load(owner, at), name], at)
            return [
                self.assigned(self.store(owner, at), self.expr(target.value), at),
                self.assigned(self.store(current, at), read, at),
                ast.AugAssign(self.store(current, at), BINARY[node.op], value, lineno=line, col_offset=0),
                self.done(self.called("@set_attr", [self.load(current, at), self.load(owner, at), name], at), at),
            ]
        if isinstance(target, nodes.Name) and may_extend_list(node):
            helper = "@add_to" if node.op == "+" else "@multiply_by"
            name_ = "." + target.name
            changed = self.called(helper, [self.load(name_, self.line(target)), value], line)
            return [self.assigned(self.store(name_, line), changed, line)]
        return [ast.AugAssign(self.target(target), BINARY[node.op], value, lineno=line, col_offset=0)]

    def do_ExprStmt(self, node: nodes.ExprStmt) -> list[ast.stmt]:
        line = self.line(node.value)
        value = self.expr(node.value)
        if node.muted or id(node.value) in self.resolution.quiet:
            return [self.done(value, line)]
        return [self.echo(value, line)]

    def echo(self, value: ast.expr, line: int) -> ast.stmt:
        return self.done(self.called("@echo", [value, self.constant(line, line)], line), line)

    def do_Command(self, node: nodes.Command) -> list[ast.stmt]:
        line = self.line(node)
        if node.name in SPANNED:
            return [self.done(self.spanned(node.name, node.arguments, line), line)]
        value = self.call(self.builtin(node, node.name, line), [], node.arguments, True, line)
        if node.muted or id(node) in self.resolution.quiet:
            return [self.done(value, line)]
        return [self.echo(value, line)]

    def spanned(self, name: str, arguments: list[Argument], line: int) -> ast.expr:
        """`@print` and `@show` are told which expressions the values come from; not when a `*list` hides them."""
        shown = [a for a in arguments if a.name is None and id(a) not in self.resolution.flags]
        spans = None if any(a.star for a in shown) else tuple(self.line(a.value) for a in shown)
        return self.call(self.load("@" + name, line), [self.constant(spans, line)], arguments, True, line)

    def do_Mode(self, node: nodes.Mode) -> list[ast.stmt]:
        line = self.line_of(node.start, node.start + len(node.name))
        context = self.call(self.builtin(node, node.name, line), [], node.arguments, True, line)
        body = self.full_block(node.body, line)
        return [ast.With([ast.withitem(context, None)], body, lineno=line, col_offset=0)]

    def do_If(self, node: nodes.If) -> list[ast.stmt]:
        line = self.line(node.condition)
        condition = self.expr(node.condition)
        body = self.full_block(node.body, line)
        return [ast.If(condition, body, self.block(node.orelse), lineno=line, col_offset=0)]

    def do_While(self, node: nodes.While) -> list[ast.stmt]:
        line = self.line(node.condition)
        return [ast.While(self.expr(node.condition), self.full_block(node.body, line), [], lineno=line, col_offset=0)]

    def do_For(self, node: nodes.For) -> list[ast.stmt]:
        iterable = self.expr(node.iterable)
        line = self.line(node.iterable)
        first: list[ast.stmt] = []
        if has_attribute(node.target):
            item = self.temporary()
            target = self.store(item, line)
            first = self.assign(node.target, self.load(item, line), self.line(node.target))
        else:
            target = self.target(node.target)
        body = first + self.full_block(node.body, line)
        return [ast.For(target, iterable, body, [], lineno=line, col_offset=0)]

    def do_Repeat(self, node: nodes.Repeat) -> list[ast.stmt]:
        line = self.line(node.count)
        count = self.called("@count", [self.expr(node.count)], line)
        body = self.full_block(node.body, line)
        return [ast.For(self.store("@_", line), count, body, [], lineno=line, col_offset=0)]

    def do_Try(self, node: nodes.Try) -> list[ast.stmt]:
        line = self.line_of(node.start, node.start + 3)
        fault = self.fresh("e")
        message = self.called("@caught", [self.load(fault, line)], line)
        if node.name is None:
            first = self.done(message, line)
        else:
            first = self.assigned(self.store("." + node.name, line), message, line)
        body = self.full_block(node.body, line)
        handler = ast.ExceptHandler(
            self.load("@Exception", line), fault, [first, *self.block(node.handler)], lineno=line, col_offset=0
        )
        return [ast.Try(body, [handler], [], [], lineno=line, col_offset=0)]

    def do_Break(self, node: nodes.Break) -> list[ast.stmt]:
        return [ast.Break(lineno=self.line(node), col_offset=0)]

    def do_Continue(self, node: nodes.Continue) -> list[ast.stmt]:
        return [ast.Continue(lineno=self.line(node), col_offset=0)]

    def do_Pass(self, node: nodes.Pass) -> list[ast.stmt]:
        return []

    def do_Import(self, node: nodes.Import) -> list[ast.stmt]:
        return []

    def do_Return(self, node: nodes.Return) -> list[ast.stmt]:
        value = self.expr(node.value) if node.value is not None else None
        return [ast.Return(value, lineno=self.line(node), col_offset=0)]

    def do_Assert(self, node: nodes.Assert) -> list[ast.stmt]:
        line = self.line(node.condition)
        condition = ast.UnaryOp(UNARY["not"], self.expr(node.condition), lineno=line, col_offset=0)
        message = [self.expr(node.message)] if node.message is not None else []
        fault = ast.Raise(self.called("@failed", message, line), None, lineno=line, col_offset=0)
        return [ast.If(condition, [fault], [], lineno=line, col_offset=0)]

    def do_Del(self, node: nodes.Del) -> list[ast.stmt]:
        result: list[ast.stmt] = []
        outward = self.resolution.outward.get(self.function or 0, ())
        for target in node.targets:
            line = self.line(target)
            if isinstance(target, nodes.Name) and (self.function is None or target.name in outward):
                unbind = self.called("@unbind", [self.constant(target.name, line)], line)
                result.append(self.done(unbind, line))
                continue
            lowered: ast.expr
            if isinstance(target, nodes.Name):
                lowered = ast.Name("." + target.name, ast.Del(), lineno=line, col_offset=0)
            else:
                assert isinstance(target, nodes.Index)
                owner = self.expr(target.value)
                lowered = ast.Subscript(owner, self.subscript(target), ast.Del(), lineno=line, col_offset=0)
            result.append(ast.Delete([lowered], lineno=line, col_offset=0))
        return result

    def do_Function(self, node: nodes.Function) -> list[ast.stmt]:
        line = self.line_of(node.name_start, node.name_start + len(node.name))
        if self.function is None:
            self.globals.add("." + node.name)
        return [self.function_def("." + node.name, node, node.parameters, node.body, line)]

    # --- functions --------------------------------------------------------------------------------------------

    def function_def(
        self, name: str, node: Node, parameters: list[Parameter], body: Expr | list[Stmt], line: int
    ) -> ast.stmt:
        arguments = self.parameters(parameters)
        outer, outer_temporaries = self.before, self.temporaries
        outer_function, self.function = self.function, id(node)
        lowered: list[ast.stmt] = []
        if isinstance(body, list):
            for table, kind in ((self.resolution.outward, ast.Global), (self.resolution.nonlocals, ast.Nonlocal)):
                names = table.get(id(node))
                if names:
                    lowered.append(kind(["." + n for n in names], lineno=line, col_offset=0))
            lowered += self.full_block(body, line)
        else:
            self.before, self.temporaries = [], []
            value = self.expr(body)
            lowered = [*self.before, ast.Return(value, lineno=self.line(body), col_offset=0)]
        self.function = outer_function
        self.before, self.temporaries = outer, outer_temporaries
        return self.definition(name, arguments, lowered, line)

    @staticmethod
    def definition(name: str, arguments: ast.arguments, body: list[ast.stmt], line: int) -> ast.stmt:
        keywords: dict[str, Any] = {"lineno": line, "col_offset": 0, "type_params": []}  # which 3.11 does not know yet
        return ast.FunctionDef(name, arguments, body, [], **keywords)

    def parameters(self, parameters: list[Parameter]) -> ast.arguments:
        plain: list[ast.arg] = []
        defaults: list[ast.expr] = []
        named: list[ast.arg] = []
        named_defaults: list[ast.expr | None] = []
        rest: ast.arg | None = None
        for parameter in parameters:
            argument = ast.arg("." + parameter.name, lineno=self.line(parameter), col_offset=0)
            default = self.expr(parameter.default) if parameter.default is not None else None
            if parameter.star:
                rest = argument
            elif rest is not None:
                named.append(argument)
                named_defaults.append(default)
            else:
                plain.append(argument)
                if default is not None:
                    defaults.append(default)
        return ast.arguments([], plain, rest, named, named_defaults, None, defaults)

    def see_Lambda(self, node: nodes.Lambda) -> ast.expr:
        """An expression where Python allows one, else a function defined before the statement."""
        line = self.line(node)
        if not isinstance(node.body, list):
            arguments = self.parameters(node.parameters)
            outer, outer_temporaries = self.before, self.temporaries
            self.before, self.temporaries = [], []
            outer_function, self.function = self.function, id(node)
            value = self.expr(node.body)
            inner = self.before
            self.function = outer_function
            self.before, self.temporaries = outer, outer_temporaries
            if not inner:
                return ast.Lambda(arguments, value, lineno=line, col_offset=0)
            body = [*inner, ast.Return(value, lineno=line, col_offset=0)]
            name = self.fresh("f")
            self.before.append(self.definition(name, arguments, body, line))
        else:
            name = self.fresh("f")
            self.before.append(self.function_def(name, node, node.parameters, node.body, line))
        if self.function is None:
            self.globals.add(name)
        return self.load(name, line)

    # --- expressions ------------------------------------------------------------------------------------------

    def expr(self, node: Expr) -> ast.expr:
        """Any expression. Its left side is walked in a loop; after every CHAIN links the value goes into a temporary:

        `((t := a + … ) is none, (t := t + … ) is none, t + …)[-1]` is as flat as the chain is long, and keeps no
        partial result alive.
        """
        spine: list[Expr] = []
        while True:
            child = spine_child(node, self.resolution)
            if child is None:
                break
            spine.append(node)
            node = child
        value: ast.expr = getattr(self, "see_" + type(node).__name__)(node)
        parts: list[ast.expr] = []
        name = ""
        for count, link in enumerate(reversed(spine), 1):
            value = getattr(self, "link_" + type(link).__name__)(link, value)
            if count % CHAIN == 0 and count < len(spine):
                line = self.line(link)
                name = name or self.temporary()
                kept = ast.NamedExpr(self.store(name, line), value, lineno=line, col_offset=0)
                none = self.constant(None, line)
                parts.append(ast.Compare(kept, [COMPARE["is"]], [none], lineno=line, col_offset=0))
                value = self.load(name, line)
        if parts:
            line = self.line(spine[0])
            whole = ast.Tuple([*parts, value], LOAD, lineno=line, col_offset=0)
            value = ast.Subscript(whole, self.constant(-1, line), LOAD, lineno=line, col_offset=0)
        return value

    def see_Number(self, node: nodes.Number) -> ast.expr:
        return self.constant(node.value, self.line(node))

    def see_String(self, node: nodes.String) -> ast.expr:
        return self.constant(node.value, self.line(node))

    def see_Constant(self, node: nodes.Constant) -> ast.expr:
        return self.constant(node.value, self.line(node))

    def see_Name(self, node: nodes.Name) -> ast.expr:
        line = self.line(node)
        reference = self.resolution.references.get(id(node))
        return self.load("." + node.name, line) if reference is None else self.builtin(node, reference, line)

    def see_FString(self, node: nodes.FString) -> ast.expr:
        return self.joined(node.parts, self.line(node))

    def joined(self, parts: list[str | nodes.FormatPart], line: int) -> ast.expr:
        values: list[ast.expr] = []
        for part in parts:
            if isinstance(part, str):
                values.append(self.constant(part, line))
                continue
            at = self.line(part)
            spec = self.joined(part.spec, at) if part.spec else self.constant("", at)
            text = self.called("@format", [self.expr(part.value), self.constant(part.conversion, at), spec], at)
            values.append(ast.FormattedValue(text, -1, None, lineno=at, col_offset=0))
        return ast.JoinedStr(values, lineno=line, col_offset=0)

    def see_ListExpr(self, node: nodes.ListExpr) -> ast.expr:
        return ast.List([self.expr(item) for item in node.items], LOAD, lineno=self.line(node), col_offset=0)

    def see_TupleExpr(self, node: nodes.TupleExpr) -> ast.expr:
        return ast.Tuple([self.expr(item) for item in node.items], LOAD, lineno=self.line(node), col_offset=0)

    def see_DictExpr(self, node: nodes.DictExpr) -> ast.expr:
        keys: list[ast.expr | None] = []
        values: list[ast.expr] = []
        for key, value in node.items:
            keys.append(self.expr(key))
            values.append(self.expr(value))
        return ast.Dict(keys, values, lineno=self.line(node), col_offset=0)

    def see_ListComp(self, node: nodes.ListComp) -> ast.expr:
        """Python's own, unless a function with a body or a long chain stands in it: then a function with loops."""
        line = self.line(node)
        first = self.expr(node.clauses[0].iterable)
        outer, outer_temporaries = self.before, self.temporaries
        outer_function, self.function = self.function, id(node)
        self.before, self.temporaries = [], []

        def apart(part: Expr) -> tuple[list[ast.stmt], ast.expr]:
            self.before = []
            value = self.expr(part)
            return self.before, value

        loops = []
        plain = True
        for index, clause in enumerate(node.clauses):
            iterable: tuple[list[ast.stmt], ast.expr] = ([], first) if index == 0 else apart(clause.iterable)
            conditions = [apart(condition) for condition in clause.conditions]
            loops.append((clause, iterable, conditions))
            plain = plain and not iterable[0] and not any(before for before, _ in conditions)
        plain = plain and not any(has_attribute(clause.target) for clause in node.clauses)
        before, value = apart(node.value)
        plain = plain and not before and not self.temporaries
        if plain:
            clauses = [
                ast.comprehension(self.target(clause.target), iterable, [c for _, c in conditions], 0)
                for clause, (_, iterable), conditions in loops
            ]
            result: ast.expr = ast.ListComp(value, clauses, lineno=line, col_offset=0)
        else:
            append = ast.Attribute(self.load("@list", line), "append", LOAD, lineno=line, col_offset=0)
            body = [*before, self.done(self.called(append, [value], line), line)]
            for index, (clause, (before, iterable_), conditions) in reversed(list(enumerate(loops))):
                for needed, condition in reversed(conditions):
                    body = [*needed, ast.If(condition, body, [], lineno=line, col_offset=0)]
                at = self.line(clause.iterable)
                source = self.load("@items", at) if index == 0 else iterable_
                item = self.fresh("i")
                unpacked = self.assign(clause.target, self.load(item, at), self.line(clause.target))
                loop = ast.For(self.store(item, at), source, [*unpacked, *body], [], lineno=at, col_offset=0)
                body = [*before, loop]
            body = [
                self.assigned(self.store("@list", line), ast.List([], LOAD, lineno=line, col_offset=0), line),
                *body,
                ast.Return(self.load("@list", line), lineno=line, col_offset=0),
            ]
            arguments = ast.arguments([], [ast.arg("@items", lineno=line, col_offset=0)], None, [], [], None, [])
            name = self.fresh("c")
            outer.append(self.definition(name, arguments, body, line))
        self.function = outer_function
        self.before, self.temporaries = outer, outer_temporaries
        return result if plain else self.called(name, [first], line)

    def see_Unary(self, node: nodes.Unary) -> ast.expr:
        return ast.UnaryOp(UNARY[node.op], self.expr(node.operand), lineno=self.line(node), col_offset=0)

    def see_Conditional(self, node: nodes.Conditional) -> ast.expr:
        condition, then, otherwise = self.expr(node.condition), self.expr(node.then), self.expr(node.otherwise)
        return ast.IfExp(condition, then, otherwise, lineno=self.line(node), col_offset=0)

    def see_Attribute(self, node: nodes.Attribute) -> ast.expr:
        """Only a built-in behind a module's name comes here; attributes of values are links of a chain."""
        return self.builtin(node, self.resolution.references[id(node)], self.line(node))

    def link_Attribute(self, node: nodes.Attribute, value: ast.expr) -> ast.expr:
        line = self.line(node)
        return self.called("@attr", [value, self.constant(node.name, line)], line)

    def link_Binary(self, node: nodes.Binary, left: ast.expr) -> ast.expr:
        return ast.BinOp(left, BINARY[node.op], self.expr(node.right), lineno=self.line(node), col_offset=0)

    def link_Compare(self, node: nodes.Compare, left: ast.expr) -> ast.expr:
        return ast.Compare(left, [COMPARE[node.op]], [self.expr(node.right)], lineno=self.line(node), col_offset=0)

    def link_Logical(self, node: nodes.Logical, left: ast.expr) -> ast.expr:
        return ast.BoolOp(LOGICAL[node.op], [left, self.expr(node.right)], lineno=self.line(node), col_offset=0)

    def link_Index(self, node: nodes.Index, value: ast.expr) -> ast.expr:
        return ast.Subscript(value, self.subscript(node), LOAD, lineno=self.line(node), col_offset=0)

    def subscript(self, node: nodes.Index) -> ast.expr:
        line = self.line(node)
        items = [self.index_item(item) for item in node.items]
        if node.tuple_index or len(items) != 1:
            return ast.Tuple(items, LOAD, lineno=line, col_offset=0)
        return items[0]

    def index_item(self, item: Expr) -> ast.expr:
        if not isinstance(item, nodes.Slice):
            return self.expr(item)
        parts = [self.expr(part) if part is not None else None for part in (item.lower, item.upper, item.step)]
        return ast.Slice(*parts, lineno=self.line(item), col_offset=0)

    # --- calls ------------------------------------------------------------------------------------------------

    def link_Call(self, node: nodes.Call, value: ast.expr) -> ast.expr:
        """`value` is the function, or the receiver of a method."""
        line = self.line(node)
        function = node.function
        reference = self.resolution.references.get(id(function))
        if reference in SPANNED:
            return self.spanned(reference, node.arguments, line)
        if isinstance(function, nodes.Attribute) and id(function) not in self.resolution.references:
            value = self.method(function, value)
        return self.call(value, [], node.arguments, id(node) in self.resolution.calls, line)

    def link_Pipe(self, node: nodes.Pipe, value: ast.expr) -> ast.expr:
        line = self.line(node)
        right = node.right
        arguments: list[Argument] = []
        if isinstance(right, nodes.Call) and not right.grouped:
            arguments = right.arguments
            right = right.function
        if isinstance(right, nodes.Attribute) and id(right) not in self.resolution.references and not right.grouped:
            function = self.method(right, self.expr(right.value))
        else:
            function = self.expr(right)
        return self.call(function, [value], arguments, id(node) in self.resolution.calls, line)

    def method(self, function: nodes.Attribute, receiver: ast.expr) -> ast.expr:
        line = self.line(function)
        arguments = [receiver, self.constant(function.name, line)]
        if id(function) in self.resolution.user_methods:
            # A function of the user answers where the value has no such method; it may not be bound yet, hence later.
            nothing = ast.arguments([], [], None, [], [], None, [])
            name = self.load("." + function.name, line)
            arguments.append(ast.Lambda(nothing, name, lineno=line, col_offset=0))
        return self.called("@method", arguments, line)

    def call(
        self, function: ast.expr, first: list[ast.expr], arguments: list[Argument], as_they_are: bool, line: int
    ) -> ast.expr:
        """`as_they_are`: the keywords are those of a built-in; else `@call` finds out how the callee spells them."""
        values = list(first)
        keywords: list[ast.keyword] = []
        for argument in arguments:
            at = self.line(argument)
            flag = self.resolution.flags.get(id(argument))
            if flag is not None:
                value = self.constant(True, at) if argument.name is None else self.expr(argument.value)
                keywords.append(ast.keyword(flag, value, lineno=at, col_offset=0))
            elif argument.name is not None:
                keywords.append(ast.keyword(argument.name, self.expr(argument.value), lineno=at, col_offset=0))
            elif argument.star:
                values.append(ast.Starred(self.expr(argument.value), LOAD, lineno=at, col_offset=0))
            else:
                values.append(self.expr(argument.value))
        if keywords and not as_they_are:
            values.insert(0, function)
            function = self.load("@call", line)
        return self.called(function, values, line, keywords=keywords)


def may_extend_list(node: nodes.AugAssign) -> bool:
    """Could `xs += …` or `xs *= …` change a list in place, as Python does? In gradsh it rebinds.

    A number cannot be added to a list, and a list not be multiplied by a float: those stay Python's own instruction.
    """
    value = node.value
    literal = type(value.value) if isinstance(value, nodes.Number) else None
    return (node.op == "+" and literal is None) or (node.op == "*" and literal is not float)


def has_attribute(target: Expr) -> bool:
    """Is there an attribute among the targets, which Python's own unpacking cannot store into?"""
    if isinstance(target, (nodes.TupleExpr, nodes.ListExpr)):
        return any(has_attribute(item) for item in target.items)
    return isinstance(target, nodes.Attribute)


def uses(node: object, names: set[str]) -> bool:
    """Does the piece of tree mention one of the names?"""
    stack = [node]
    while stack:
        item = stack.pop()
        if isinstance(item, (list, tuple)):
            stack.extend(item)
        elif isinstance(item, nodes.Name):
            if item.name in names:
                return True
        elif isinstance(item, Node):
            stack.extend(getattr(item, field) for field in item.fields[2:])
    return False
