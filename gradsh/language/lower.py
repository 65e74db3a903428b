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
from collections.abc import Sequence
from types import CodeType
from typing import Any

from gradsh.errors import Label, Refused, Source, Span, TooDeep
from gradsh.language import models, nodes
from gradsh.language.expressions import (
    ASKED,
    BINARY,
    COMPARE,
    LOAD,
    STORE,
    UNARY,
    Expressions,
    is_small,
    needs_unpacking,
)
from gradsh.language.nodes import Expr, Stmt, handles, walk
from gradsh.language.operators import saved_by
from gradsh.language.scopes import Resolution

PART = 1000  # statements of the top level in one code object: the time that CPython takes for one grows quadratically


def lower(
    program: nodes.Program,
    source: Source,
    resolution: Resolution,
    filename: str,
    kind: type[Lowering] | None = None,
    planned: bool = False,
    telling: bool = False,
) -> tuple[CodeType, Sequence[int]]:
    """The code object, and the spans in one row: start and end of span 1, of span 2, …; `kind` is that of Python.

    `planned`: loops are handed to `@looped`, which may make plans of them (gradsh.plans); `telling`: `@unplanned` is
    called with why one can have none.
    The statements are taken out of the program: of a long one, tree and code are never there together.
    """
    import warnings

    lowering = (kind or Lowering)(source, resolution)
    lowering.planned, lowering.telling, lowering.digest = planned, telling, filename[-17:-9]
    lowering.identity = planned
    body = program.body
    parts: list[CodeType] = []
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # Python's advice (`x is 5`, `1(2)`) is about Python
            while body or not parts:
                parts.append(compile(lowering.module(body[:PART]), filename, "exec", dont_inherit=True))
                del body[:PART]
                lowering.lines.clear()  # no place is in two statements
            return in_turn(parts, filename, len(lowering.spans)), lowering.spans
    except (RecursionError, SyntaxError, MemoryError) as fault:
        # What is left after the resolver: over twenty loops, modes and `try` inside one another, or deep expressions.
        start, end = program.start, program.end
        if isinstance(fault, SyntaxError) and fault.lineno:
            start, end = lowering.spans[2 * fault.lineno - 2 : 2 * fault.lineno]
        help = "move inner blocks into functions: `fn inner(x) { pass }`"
        raise Refused([TooDeep("nested too deeply", [Label(Span(source, start, end))], help)]) from None


def in_turn(parts: list[CodeType], filename: str, nowhere: int) -> CodeType:
    """The code that runs these one after the other, itself at no place of the program: `nowhere` is no span's number.

    The parts stand among its constants, in the places of texts: Python's compiler takes no code object as a constant.
    """
    if len(parts) == 1:
        return parts[0]
    calls: list[ast.stmt] = []
    for number in range(len(parts)):
        part = ast.Constant(str(number), lineno=nowhere, col_offset=0)
        call = ast.Call(ast.Name("@part", LOAD, lineno=nowhere, col_offset=0), [part], [], lineno=nowhere, col_offset=0)
        calls.append(ast.Expr(call, lineno=nowhere, col_offset=0))
    code = compile(ast.Module(calls, []), filename, "exec", dont_inherit=True)
    constants = (parts[int(constant)] if isinstance(constant, str) else constant for constant in code.co_consts)
    return code.replace(co_consts=tuple(constants))


@handles(Stmt, "do_")
@handles(Expr, "see_", "link_")
class Lowering(Expressions):
    """The statements."""

    # --- statements -------------------------------------------------------------------------------------------

    def module(self, statements: list[Stmt]) -> ast.Module:
        self.globals, self.flags = set(), []
        body = self.block(statements)
        if self.flags:
            targets: list[ast.expr] = [ast.Name(flag, STORE, lineno=1, col_offset=0) for flag in self.flags]
            body.insert(0, ast.Assign(targets, ast.Constant(True, lineno=1, col_offset=0), lineno=1, col_offset=0))
            self.globals.update(self.flags)
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
            if self.resolution.looking and (self.loops or self.function is not None):
                result.append(self.pausing(self.line(statement)))
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

    def turn(self, body: list[Stmt], line: int) -> list[ast.stmt]:
        """The body of a loop."""
        self.loops += 1
        result = self.full_block(body, line)
        self.loops -= 1
        if self.resolution.looking and not body:
            result.append(self.pausing(line))
        return result

    def pausing(self, line: int) -> ast.stmt:
        """Where a program of the prompt can be paused: `@pauses` is a list that has something in it after Ctrl-C."""
        pause = self.done(self.called("@pause", [], line), line)
        return ast.If(self.load("@pauses", line), [pause], [], lineno=line, col_offset=0)

    def do_Assign(self, node: nodes.Assign) -> list[ast.stmt]:
        line = self.line(node)
        result = self.assign(node.target, self.expr(node.value), line)
        if isinstance(node.target, nodes.Name) and multiplies(node.value, node.target.name):
            result.append(self.bounded("." + node.target.name, self.line(node.value)))
        return result

    def bounded(self, name: str, line: int) -> ast.stmt:
        """See that an integer that grows with every turn of a loop does not become too large: no product is stopped."""
        kind = ast.Attribute(self.load(name, line), "__class__", LOAD, lineno=line, col_offset=0)
        is_int = ast.Compare(kind, [COMPARE["is"]], [self.load("@int", line)], lineno=line, col_offset=0)
        check = self.done(self.called("@bounded", [self.load(name, line)], line), line)
        return ast.If(is_int, [check], [], lineno=line, col_offset=0)

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

    def do_Chain(self, node: nodes.Chain) -> list[ast.stmt]:
        """The value once, then each target as if they were unpacked: a failure binds nothing."""
        line = self.line(node)
        name = self.temporary()
        others = node.others.items if isinstance(node.others, nodes.TupleExpr) else [node.others]
        targets = nodes.TupleExpr(node.start, node.end, [node.target, *others])
        values = ast.Tuple([self.load(name, line) for _ in targets.items], LOAD, lineno=line, col_offset=0)
        return [
            self.assigned(self.store(name, line), self.expr(node.value), line),
            *self.unpack(targets, values, line),
        ]

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
            stores: list[ast.expr] = []
            for inner, name in zip(item.items, names, strict=True):
                store = self.store(name, at)
                if isinstance(inner, nodes.Unpacked):
                    whole = self.called("@items", [whole], at)
                    stores.append(ast.Starred(store, STORE, lineno=at, col_offset=0))
                else:
                    stores.append(store)
            result.append(self.assigned(ast.Tuple(stores, STORE, lineno=at, col_offset=0), whole, at))
            for inner, name in zip(item.items, names, strict=True):
                inner = inner.value if isinstance(inner, nodes.Unpacked) else inner
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
        if node.op == "%" and not isinstance(node.value, (nodes.Number, nodes.String)):
            value = self.called("@formattable", [value], line)
        if node.op in ASKED and isinstance(target, nodes.Name) and not is_small(node.value):
            value = self.called(ASKED[node.op], [self.load("." + target.name, line), value], line)
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
            helper = {"+": "@add_to", "*": "@multiply_by", "|": "@or_to"}[node.op]
            name_ = "." + target.name
            changed = self.called(helper, [self.load(name_, self.line(target)), value], line)
            return [self.assigned(self.store(name_, line), changed, line)]
        return [ast.AugAssign(self.target(target), BINARY[node.op], value, lineno=line, col_offset=0)]

    def do_ExprStmt(self, node: nodes.ExprStmt) -> list[ast.stmt]:
        line = self.line(node.value)
        if id(node.value) in self.resolution.saving:
            return self.saved(saved_by(node), line)
        value = self.expr(node.value)
        if node.muted or id(node.value) in self.resolution.quiet:
            return [self.done(value, line)]
        return [self.echo(value, line)]

    def echo(self, value: ast.expr, line: int) -> ast.stmt:
        return self.done(self.called("@echo", [value, self.constant(line, line)], line), line)

    def do_Command(self, node: nodes.Command) -> list[ast.stmt]:
        line = self.line(node)
        if id(node) in self.resolution.saving:
            return self.saved(node.arguments, line)
        if id(node) in self.resolution.variables:
            value = self.load("." + node.name, line)
            return [self.done(value, line) if node.muted else self.echo(value, line)]
        if node.name in self.resolution.commands:
            return [self.done(self.spanned(node.name, node.arguments, line), line)]
        value = self.call(self.builtin(node, node.name, line), [], node.arguments, True, line)
        if node.muted or id(node) in self.resolution.quiet:
            return [self.done(value, line)]
        return [self.echo(value, line)]

    def do_Mode(self, node: nodes.Mode) -> list[ast.stmt]:
        line = self.line_of(node.start, node.start + len(node.name))
        context = self.call(self.builtin(node, node.name, line), [], node.arguments, True, line)
        body = self.full_block(node.body, line)
        return [ast.With([ast.withitem(context, None)], body, lineno=line, col_offset=0)]

    def do_If(self, node: nodes.If) -> list[ast.stmt]:
        first = result = self.branch(node)
        while len(node.orelse) == 1 and isinstance(node.orelse[0], nodes.If):  # `else if`, as many as there are
            node = node.orelse[0]
            before, self.before = self.before, []
            branch = self.branch(node)
            result.orelse = [*self.before, branch]
            self.before, result = before, branch
        result.orelse = self.block(node.orelse)
        return [first]

    def branch(self, node: nodes.If) -> ast.If:
        """A condition and its block."""
        line = self.line(node.condition)
        condition = self.expr(node.condition)
        return ast.If(condition, self.full_block(node.body, line), [], lineno=line, col_offset=0)

    def do_While(self, node: nodes.While) -> list[ast.stmt]:
        line = self.line(node.condition)
        ahead: list[ast.stmt] = []
        if self.planned:
            from gradsh.language.copies import told, while_loop, why_unplanned

            why = why_unplanned(None, node.body)
            if not why:
                return while_loop(self, node, line)
            ahead = told(self, why, line)
        condition = self.expr(node.condition)
        return [*ahead, ast.While(condition, self.turn(node.body, line), [], lineno=line, col_offset=0)]

    def do_For(self, node: nodes.For) -> list[ast.stmt]:
        iterable = self.expr(node.iterable)
        line = self.line(node.iterable)
        first: list[ast.stmt] = []
        item, unpacked = "", None
        if needs_unpacking(node.target):
            item = self.temporary()
            target = self.store(item, line)
            first = self.assign(node.target, self.load(item, line), self.line(node.target))
        elif self.planned and isinstance(node.target, (nodes.TupleExpr, nodes.ListExpr)):
            item = self.temporary()
            target = self.store(item, line)
            unpacked = node.target
            first = [self.assigned(self.target(unpacked), self.load(item, line), line)]
        else:
            target = self.target(node.target)
            item = target.id if isinstance(node.target, nodes.Name) else ""
        iterable, ahead = self.looped(iterable, item, unpacked or node.target, node.body, line)
        body = ahead + first + self.turn(node.body, line)
        return [ast.For(target, iterable, body, [], lineno=line, col_offset=0)]

    def looped(
        self, items: ast.expr, item: str, target: Expr | None, body: list[Stmt], line: int
    ) -> tuple[ast.expr, list[ast.stmt]]:
        """The items, and what stands ahead of the body: see gradsh.language.copies."""
        if not self.planned:
            return items, []
        from gradsh.language.copies import looped, told, why_unplanned  # few programs run with plans

        why = why_unplanned(target, body)
        if why:
            self.before += told(self, why, line)
            return items, []
        return looped(self, items, item, target, body, line)

    def do_Repeat(self, node: nodes.Repeat) -> list[ast.stmt]:
        line = self.line(node.count)
        count = self.called("@count", [self.expr(node.count)], line)
        count, ahead = self.looped(count, "@_", None, node.body, line)
        body = ahead + self.turn(node.body, line)
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
        line = self.line(node)
        if self.function in self.backwards:
            return [self.given(value or self.constant(None, line), line)]
        return [ast.Return(value, lineno=line, col_offset=0)]

    def do_Assert(self, node: nodes.Assert) -> list[ast.stmt]:
        line = self.line(node.condition)
        condition = ast.UnaryOp(UNARY["not"], self.expr(node.condition), lineno=line, col_offset=0)
        message = [self.expr(node.message)] if node.message is not None else []
        fault = ast.Raise(self.called("@failed", message, line), None, lineno=line, col_offset=0)
        return [ast.If(condition, [fault], [], lineno=line, col_offset=0)]

    def do_Raise(self, node: nodes.Raise) -> list[ast.stmt]:
        line = self.line(node)
        return [ast.Raise(self.called("@raised", [self.expr(node.message)], line), None, lineno=line, col_offset=0)]

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

    def do_Param(self, node: nodes.Param) -> list[ast.stmt]:
        line = self.line(node)
        value = self.called("@param", [self.constant(node.name, line), self.expr(node.value)], line)
        return [self.assigned(self.store("." + node.name, line), value, line)]

    def do_Use(self, node: nodes.Use) -> list[ast.stmt]:
        line = self.line(node)
        used = self.called("@use", [self.constant(node.path, line), self.constant(node.alias is not None, line)], line)
        if node.alias is None:
            return [self.done(used, line)]
        return [self.assigned(self.store("." + node.alias, line), used, line)]

    # --- models -------------------------------------------------------------------------------------------------

    def do_Model(self, node: nodes.Model) -> list[ast.stmt]:
        """The body as a function of the instance, and the class that calls it:

        def .name.__init__(.self, .a, .b=2):
            @open(.self, names of fields, lambda: (.field, …, .a, .b))      whose closure is their cells
            …
        .name = @model("name", names of fields, names of parameters, .name.__init__)
        """
        line = self.line_of(node.name_start, node.name_start + len(node.name))
        arguments = self.parameters(node.parameters)
        arguments.args.insert(0, ast.arg("." + models.SELF, lineno=line, col_offset=0))
        body = "." + node.name + ".__init__"
        definition = self.body_def(body, id(node), arguments, node.body, line)
        fields = self.resolution.fields[id(node)]
        names = [p.name for p in node.parameters]
        outer, self.function = self.function, id(node)
        seen = self.resolution.locals[id(node)]
        cells = ast.Tuple([self.load("." + name, line) for name in seen], LOAD, lineno=line, col_offset=0)
        nothing = ast.arguments([], [], None, [], [], None, [])
        closure = ast.Lambda(nothing, cells, lineno=line, col_offset=0)
        opened = self.called("@open", [self.load("." + models.SELF, line), self.constant(fields, line), closure], line)
        self.function = outer
        scoped = sum(isinstance(s, (ast.Global, ast.Nonlocal)) for s in definition.body)
        definition.body.insert(scoped, self.done(opened, line))
        if self.function is None:
            self.globals.add(body)
        described = [self.constant(value, line) for value in (node.name, fields, tuple(names))]
        kind = self.called("@model", [*described, self.load(body, line)], line)
        return [definition, self.assigned(self.store("." + node.name, line), kind, line)]

    # --- ops ----------------------------------------------------------------------------------------------------

    def do_Op(self, node: nodes.Op) -> list[ast.stmt]:
        """A function of the parameters, to programs like any other, that hands them on to the engine:

        def @f1(@op, .a, .b): …                 the forward; `@op.save` saves
        def @f2(@op, .g): …                     the backward; each `return v` is `return @op.give(v)`
        def .name(.a, .b=2, *, @run=@operator("name", …, @f1, @f2)): return @run((.a, .b))
        """
        line = self.line_of(node.name_start, node.name_start + len(node.name))
        header = self.line_of(node.backward_start, node.backward_start + len("backward"))
        function = self.parameters(node.parameters)
        forward, backward = self.fresh("f"), self.fresh("f")
        names = [p.name for p in node.parameters]
        self.before.append(
            self.body_def(forward, id(node), self.operator_arguments(names, None, line), node.forward, line)
        )
        plain = [p.name for p in node.gradients if not p.star]
        rest = next((p.name for p in node.gradients if p.star), None)
        key = id(node.backward)
        self.backwards.add(key)
        lowered = self.body_def(backward, key, self.operator_arguments(plain, rest, header), node.backward, header)
        outer, self.function = self.function, key
        reads = self.resolution.reads[id(node)]
        scoped = [s for s in lowered.body if isinstance(s, (ast.Global, ast.Nonlocal))]
        lowered.body = [
            *scoped,
            *(self.restored(name, header) for name in reads),
            *lowered.body[len(scoped) :],
            self.given(self.constant(None, header), header),  # where nothing was returned
        ]
        self.function = outer
        self.before.append(lowered)

        star = next((n for n, p in enumerate(node.parameters) if p.star), -1)
        required = next((n for n, p in enumerate(node.parameters) if p.default is not None), len(names))
        described = (node.name, tuple(names), star, required, reads, -1 if rest is not None else len(plain))
        parts = [
            *(self.constant(value, line) for value in described),
            self.load(forward, line),
            self.load(backward, line),
        ]
        if self.function is None:
            self.globals |= {"." + node.name, forward, backward}
        function.kwonlyargs.append(ast.arg("@run", lineno=line, col_offset=0))
        function.kw_defaults.append(self.called("@operator", parts, line))
        # line 0 is no place: to the program, this function is not there
        values: list[ast.expr] = [ast.Name("." + name, LOAD, lineno=0, col_offset=0) for name in names]
        run = ast.Name("@run", LOAD, lineno=0, col_offset=0)
        call = ast.Call(run, [ast.Tuple(values, LOAD, lineno=0, col_offset=0)], [], lineno=0, col_offset=0)
        return [self.definition("." + node.name, function, [ast.Return(call, lineno=0, col_offset=0)], line)]

    @staticmethod
    def operator_arguments(names: list[str], rest: str | None, line: int) -> ast.arguments:
        plain = [ast.arg(name, lineno=line, col_offset=0) for name in ["@op", *("." + name for name in names)]]
        star = ast.arg("." + rest, lineno=line, col_offset=0) if rest is not None else None
        return ast.arguments([], plain, star, [], [], None, [])

    def of_op(self, name: str, line: int) -> ast.expr:
        return ast.Attribute(self.load("@op", line), name, LOAD, lineno=line, col_offset=0)

    def given(self, value: ast.expr, line: int) -> ast.stmt:
        """A `return` of a backward: checked there, so that an error points at it."""
        return ast.Return(self.called(self.of_op("give", line), [value], line), lineno=line, col_offset=0)

    def restored(self, name: str, line: int) -> ast.stmt:
        """At the beginning of a backward: a saved name gets its value, if this call of the forward has saved it."""
        saved = ast.Compare(
            self.constant(name, line), [COMPARE["in"]], [self.of_op("saved", line)], lineno=line, col_offset=0
        )
        value = ast.Subscript(self.of_op("saved", line), self.constant(name, line), LOAD, lineno=line, col_offset=0)
        bind = self.assigned(self.store("." + name, line), value, line)
        return ast.If(saved, [bind], [], lineno=line, col_offset=0)

    def saved(self, arguments: list[nodes.Argument], line: int) -> list[ast.stmt]:
        """`save_for_backward a, out=a**b`."""
        names: list[str] = []
        result: list[ast.stmt] = []
        for argument in arguments:
            if argument.name is not None:
                at = self.line(argument)
                result.append(self.assigned(self.store("." + argument.name, at), self.expr(argument.value), at))
                names.append(argument.name)
            else:
                assert isinstance(argument.value, nodes.Name)
                names.append(argument.value.name)
        given = [arguments[n].value if arguments[n].name is None else None for n in range(len(names))]
        values = [
            self.expr(value) if value is not None else self.load("." + name, line)
            for name, value in zip(names, given, strict=True)
        ]
        both = [self.constant(tuple(names), line), ast.Tuple(values, LOAD, lineno=line, col_offset=0)]
        return [*result, self.done(self.called(self.of_op("save", line), both, line), line)]


def multiplies(value: nodes.Expr, name: str) -> bool:
    """Is it the square, or a higher power, of what the name was bound to? A number that grows so grows fastest."""
    if not isinstance(value, nodes.Binary) or value.op not in ("*", "**"):
        return False
    sides = (value.left, value.right) if value.op == "*" else (value.left,)
    return all(isinstance(side, nodes.Name) and side.name == name for side in sides)


def may_extend_list(node: nodes.AugAssign) -> bool:
    """Could `xs += …`, `xs *= …` or `d |= …` change a list or dict in place, as Python does? In gradsh it rebinds.

    A number cannot be added to a list, and a list not be multiplied by a float: those stay Python's own instruction.
    """
    value = node.value
    literal = type(value.value) if isinstance(value, nodes.Number) else None
    return node.op == "|" or (node.op == "+" and literal is None) or (node.op == "*" and literal is not float)


def uses(piece: object, names: set[str]) -> bool:
    """Does the piece of tree mention one of the names?"""
    return any(isinstance(node, nodes.Name) and node.name in names for node in walk(piece))
