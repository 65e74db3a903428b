"""The tree of a Python program becomes code, as that of a gradsh program does; what only Python has is here."""

from __future__ import annotations

import _ast as ast
from typing import Any

from gradsh.language import nodes
from gradsh.language.expressions import BINARY, COMPARE, LOAD, LOGICAL, STORE, needs_unpacking
from gradsh.language.lower import Lowering
from gradsh.language.nodes import Argument, Expr, Node, Parameter, Stmt, handles
from gradsh.language.python import nodes as python
from gradsh.language.python.torch import MISSING


@handles(Stmt, "do_")
@handles(Expr, "see_", "link_")
class PythonLowering(Lowering):
    """Scopes are Python's own: `global` and `nonlocal` are handed on, classes are classes."""

    dialects = ("", "python")
    own = ""  # the first parameter of the method that is being lowered: what `super()` is of

    # --- statements ---------------------------------------------------------------------------------------------

    def do_Scoped(self, node: python.Scoped) -> list[ast.stmt]:
        names = ["." + name for name in node.names]
        if not node.outer and self.function is None:
            return []
        kind: Any = ast.Nonlocal if node.outer else ast.Global
        return [kind(names, lineno=self.line(node), col_offset=0)]

    def do_Chain(self, node: nodes.Chain) -> list[ast.stmt]:
        """The value once, then each target, from the left."""
        line = self.line(node)
        name = self.temporary()
        others = node.others.items if isinstance(node.others, nodes.TupleExpr) else [node.others]
        result = [self.assigned(self.store(name, line), self.expr(node.value), line)]
        for target in (node.target, *others):
            result += self.assign(target, self.load(name, line), line)
        return result

    def do_AugAssign(self, node: nodes.AugAssign) -> list[ast.stmt]:
        if isinstance(node.target, nodes.Name) and node.op in "+*|":  # a list changes in place, as all else does
            line = self.line(node)
            target = self.store("." + node.target.name, line)
            result: list[ast.stmt] = [
                ast.AugAssign(target, BINARY[node.op], self.expr(node.value), lineno=line, col_offset=0)
            ]
            if node.op == "*" and not isinstance(node.value, nodes.Number):
                result.append(self.bounded(target.id, self.line(node.value)))
            return result
        return super().do_AugAssign(node)

    def do_Importing(self, node: python.Importing) -> list[ast.stmt]:
        result: list[ast.stmt] = []
        for each in node.names:
            line = self.line(each)
            asked = [self.constant(value, line) for value in (each.module, each.member)]
            if node.guarded:
                asked.append(self.constant(True, line))
            found = self.called("@import", asked, line)
            if each.name == "*":
                result.append(self.done(found, line))
            else:
                result.append(self.assigned(self.store("." + each.name, line), found, line))
        return result

    def do_ForElse(self, node: python.ForElse) -> list[ast.stmt]:
        loop = self.do_For(nodes.For(node.start, node.end, node.target, node.iterable, node.body))
        loop[-1].orelse = self.block(node.orelse)  # type: ignore[attr-defined]  # it is the `for`
        return loop

    def do_AsyncFor(self, node: python.AsyncFor) -> list[ast.stmt]:
        line = self.line(node.iterable)
        iterable = self.expr(node.iterable)
        name = self.temporary()
        first = self.assign(node.target, self.load(name, line), self.line(node.target))
        body = first + self.turn(node.body, line)
        return [
            ast.AsyncFor(self.store(name, line), iterable, body, self.block(node.orelse), lineno=line, col_offset=0)
        ]

    def do_WhileElse(self, node: python.WhileElse) -> list[ast.stmt]:
        """Without a plan: a loop that may have one ends by `break`, and its `else` would not run."""
        line = self.line(node.condition)
        condition, body = self.expr(node.condition), self.turn(node.body, line)
        return [ast.While(condition, body, self.block(node.orelse), lineno=line, col_offset=0)]

    def do_With(self, node: python.With) -> list[ast.stmt]:
        line = self.line(node.items[0].value)
        items: list[ast.withitem] = []
        first: list[ast.stmt] = []
        for item in node.items:
            at = self.line(item.value)
            value = self.called("@waiting" if node.waits else "@context", [self.expr(item.value)], at)
            target: Any = None
            if item.target is not None and isinstance(item.target, nodes.Name):
                target = self.target(item.target)
            elif item.target is not None:
                name = self.temporary()
                target = self.store(name, at)
                first += self.assign(item.target, self.load(name, at), at)
            items.append(ast.withitem(value, target))
        kind: Any = ast.AsyncWith if node.waits else ast.With
        return [kind(items, first + self.full_block(node.body, line), lineno=line, col_offset=0)]

    def do_TryExcept(self, node: python.TryExcept) -> list[ast.stmt]:
        """`except` clauses become one handler that asks each in turn what the program sees of the exception:

        except @Exception as @e1:
            @x1 = @exception(@e1)
            if @matches(@x1, .ValueError): …
            else: raise
        """
        if node.parts:
            return self.parted(node)
        line = self.line_of(node.start, node.start + len("try"))
        body = self.full_block(node.body, line)
        handlers: list[ast.ExceptHandler] = []
        if node.handlers:
            fault, seen = self.fresh("e"), self.fresh("x")
            clauses: list[ast.stmt] = [ast.Raise(None, None, lineno=line, col_offset=0)]
            for handler in reversed(node.handlers):
                clauses = self.clause(handler, seen, clauses)
            made = self.called("@exception", [self.load(fault, line)], line)
            first = self.assigned(self.store(seen, line), made, line)
            handlers = [
                ast.ExceptHandler(self.load("@Exceptions", line), fault, [first, *clauses], lineno=line, col_offset=0)
            ]
        orelse, final = self.block(node.orelse), self.block(node.final)
        if not handlers:
            body, orelse = body + orelse, []
        return [ast.Try(body, handlers, orelse, final, lineno=line, col_offset=0)]

    def clause(self, handler: python.Handler, seen: str, otherwise: list[ast.stmt]) -> list[ast.stmt]:
        line = self.line_of(handler.start, handler.start + len("except"))
        body: list[ast.stmt] = []
        if handler.name is not None:
            body.append(self.assigned(self.store("." + handler.name, line), self.load(seen, line), line))
        body += self.full_block(handler.body, line)
        if handler.name is not None:  # the name is gone after it, and with it the frames that it holds
            none = self.constant(None, line)
            body = [ast.Try(body, [], [], self.forgotten(handler.name, none, line), lineno=line, col_offset=0)]
        if handler.kind is None:
            condition = self.constant(True, line)
        else:
            condition = self.called("@matches", [self.load(seen, line), self.expr(handler.kind)], line)
        return [ast.If(condition, body, otherwise, lineno=line, col_offset=0)]

    def parted(self, node: python.TryExcept) -> list[ast.stmt]:
        """`except*` clauses each take what is theirs; what is left, and what they raise, goes on behind the handler:

        @r1 = None
        try: …
        except @Exceptions as @e1:
            @p1 = @parts(@exception(@e1))
            if (@c1 := @part(@p1, .ValueError)) is not None:
                try: …
                except @Exceptions as @e2: @part(@p1, @e2, @c1)
            @r1 = @part(@p1)
        else: …
        if @r1 is not None: raise @r1
        """
        line = self.line_of(node.start, node.start + len("try"))
        place: dict[str, Any] = {"lineno": line, "col_offset": 0}
        fault, parts, left = self.fresh("e"), self.fresh("p"), self.fresh("r")
        none = self.constant(None, line)
        body = self.full_block(node.body, line)
        seen = self.called("@exception", [self.load(fault, line)], line)
        clauses = [self.assigned(self.store(parts, line), self.called("@parts", [seen], line), line)]
        for handler in node.handlers:
            assert handler.kind is not None
            caught, inner, at = self.fresh("c"), self.fresh("e"), self.line(handler.kind)
            found = self.called("@part", [self.load(parts, at), self.expr(handler.kind)], at)
            first: list[ast.stmt] = []
            last: list[ast.stmt] = []
            if handler.name is not None:
                first = [self.assigned(self.store("." + handler.name, line), self.load(caught, line), line)]
                last = self.forgotten(handler.name, none, line)
            failed = self.called("@part", [self.load(name, line) for name in (parts, inner, caught)], line)
            raised = ast.ExceptHandler(self.load("@Exceptions", line), inner, [self.done(failed, line)], **place)
            tried = ast.Try(first + self.full_block(handler.body, line), [raised], [], last, **place)
            kept = ast.NamedExpr(self.store(caught, at), found, lineno=at, col_offset=0)
            clauses.append(ast.If(ast.Compare(kept, [ast.IsNot()], [none], **place), [tried], [], **place))
        rest = self.called("@part", [self.load(parts, line)], line)
        clauses.append(self.assigned(self.store(left, line), rest, line))
        caught_all = ast.ExceptHandler(self.load("@Exceptions", line), fault, clauses, **place)
        goes_on = ast.If(
            ast.Compare(self.load(left, line), [ast.IsNot()], [none], **place),
            [ast.Raise(self.load(left, line), None, lineno=0, col_offset=0)],  # no line that it has come through
            [],
            **place,
        )
        made: list[ast.stmt] = [
            self.assigned(self.store(left, line), none, line),
            ast.Try(body, [caught_all], self.block(node.orelse), [], **place),
            goes_on,
        ]
        final = self.block(node.final)
        return [ast.Try(made, [], [], final, **place)] if final else made

    def forgotten(self, name: str, none: ast.expr, line: int) -> list[ast.stmt]:
        """`name = None; del name`, as Python ends a clause."""
        gone = ast.Name("." + name, ast.Del(), lineno=line, col_offset=0)
        return [
            self.assigned(self.store("." + name, line), none, line),
            ast.Delete([gone], lineno=line, col_offset=0),
        ]

    def do_Match(self, node: python.Match) -> list[ast.stmt]:
        """Each case is a condition that binds its names, in the `else` of the one before it:

        if (@c1 := @match(@m1, pattern)) is not None and (.a := @c1["a"],) and guard: …
        """
        line = self.line(node.subject)
        subject, found = self.temporary(), self.fresh("c")
        result = [self.assigned(self.store(subject, line), self.expr(node.subject), line)]
        self.before, before = [], self.before
        last: list[ast.stmt] = result
        for case in node.cases:
            at = self.line(case)
            made = self.called("@match", [self.load(subject, at), self.expr(case.pattern)], at)
            place: dict[str, Any] = {"lineno": at, "col_offset": 0}
            kept = ast.NamedExpr(self.store(found, at), made, **place)
            conditions: list[ast.expr] = [ast.Compare(kept, [ast.IsNot()], [self.constant(None, at)], **place)]
            if case.names:
                bound: list[ast.expr] = []
                for name in case.names:
                    value = ast.Subscript(self.load(found, at), self.constant(name, at), LOAD, **place)
                    bound.append(ast.NamedExpr(self.store("." + name, at), value, **place))
                conditions.append(ast.Tuple(bound, LOAD, **place))
            if case.guard is not None:
                conditions.append(self.expr(case.guard))
            test = ast.BoolOp(ast.And(), conditions, **place) if len(conditions) > 1 else conditions[0]
            last += self.before
            self.before = []
            branch = ast.If(test, self.full_block(case.body, at), [], **place)
            last.append(branch)
            last = branch.orelse
        self.before = before
        return result

    def do_RaiseError(self, node: python.RaiseError) -> list[ast.stmt]:
        line = self.line(node)
        if node.value is None:
            return [ast.Raise(None, None, lineno=line, col_offset=0)]
        given = [self.expr(each) for each in (node.value, node.cause) if each is not None]  # `from None` says something
        raised = self.called("@raised", given, line)
        return [ast.Raise(raised, None, lineno=line, col_offset=0)]

    def do_Del(self, node: nodes.Del) -> list[ast.stmt]:
        result: list[ast.stmt] = []
        for target in node.targets:
            line = self.line(target)
            if isinstance(target, nodes.Attribute):
                name = self.constant(target.name, line)
                result.append(self.done(self.called("@del_attr", [self.expr(target.value), name], line), line))
            elif isinstance(target, nodes.Name) and self.function is not None:
                gone = ast.Name("." + target.name, ast.Del(), lineno=line, col_offset=0)
                result.append(ast.Delete([gone], lineno=line, col_offset=0))
            else:
                result += super().do_Del(nodes.Del(node.start, node.end, [target]))
        return result

    def do_Def(self, node: python.Def) -> list[ast.stmt]:
        line = self.name_line(node)
        if self.function is None:
            self.globals.add("." + node.name)
        decorators = [self.called("@decorator", [self.expr(each)], self.line(each)) for each in node.decorators]
        outer = self.own
        self.own = "." + node.parameters[0].name if node.parameters else ""
        made = self.body_def("." + node.name, id(node), self.parameters(node.parameters), node.body, line)
        self.own = outer
        made.decorator_list = decorators
        made.body[:0] = self.doc(node.doc, line)
        if not node.waits:
            return [made]
        parts: Any = (made.name, made.args, made.body, made.decorator_list)
        keywords: dict[str, Any] = {"lineno": line, "col_offset": 0, "type_params": []}  # which 3.11 does not know yet
        return [ast.AsyncFunctionDef(*parts, **keywords)]

    @staticmethod
    def doc(words: str | None, line: int) -> list[ast.stmt]:
        """What Python makes a `__doc__` of."""
        if words is None:
            return []
        return [ast.Expr(ast.Constant(words, lineno=line, col_offset=0), lineno=line, col_offset=0)]

    def parameters(self, parameters: list[Parameter]) -> ast.arguments:
        first = sum(each.star == python.PLACE for each in parameters)
        plain = [self.plain_parameter(each) for each in parameters[:first]]
        made = super().parameters(plain + [each for each in parameters[first:] if each.star != python.KEY])
        made.posonlyargs, made.args = made.args[:first], made.args[first:]
        for each in parameters:
            if each.star == python.KEY:
                made.kwonlyargs.append(ast.arg("." + each.name, lineno=self.line(each), col_offset=0))
                made.kw_defaults.append(self.expr(each.default) if each.default is not None else None)
        return made

    @staticmethod
    def plain_parameter(node: Parameter) -> Parameter:
        return Parameter(node.start, node.end, node.name, node.default, "")

    def name_line(self, node: python.Def | python.Class) -> int:
        """The line of a name as it is written, `__f` of what is `_Net__f`."""
        text, end = self.source.text, node.name_start + 1
        while text[end : end + 1].isidentifier() or text[end : end + 1].isdigit():
            end += 1
        return self.line_of(node.name_start, end)

    def do_Class(self, node: python.Class) -> list[ast.stmt]:
        """A class of Python's, whose metaclass puts it together:

        class .Name(metaclass=@class((bases), {names that are annotated: how}, keyword=…)): …
        """
        line = self.name_line(node)
        if self.function is None:
            self.globals.add("." + node.name)
        decorators = [self.called("@decorator", [self.expr(each)], self.line(each)) for each in node.decorators]
        bases = ast.Tuple([self.expr(base) for base in node.bases], LOAD, lineno=line, col_offset=0)
        hints = self.constant(tuple(zip(node.annotated, node.hints, strict=True)), line)
        given = [ast.keyword(each.name, self.expr(each.value), lineno=line, col_offset=0) for each in node.keywords]
        kind = self.called("@class", [bases, hints], line, keywords=given)
        outer, outer_temporaries = self.before, self.temporaries
        outer_function, self.function = self.function, id(node)
        self.before, self.temporaries = [], []
        body = self.doc(node.doc, line) + self.full_block(node.body, line)
        self.before, self.temporaries, self.function = outer, outer_temporaries, outer_function
        keywords: dict[str, Any] = {"lineno": line, "col_offset": 0, "type_params": []}
        metaclass = ast.keyword("metaclass", kind, lineno=line, col_offset=0)
        return [ast.ClassDef("." + node.name, [], [metaclass], body, decorators, **keywords)]

    def builtin(self, node: Node, name: str, line: int) -> ast.expr:
        if name.startswith(MISSING):
            return self.called("@missing", [self.constant(name, line)], line)
        return self.load("." + name, line)

    def call(
        self, function: ast.expr, first: list[ast.expr], arguments: list[Argument], as_they_are: bool, line: int
    ) -> ast.expr:
        if any(argument.name == "out" for argument in arguments):  # `@out(function, …, out=tensor)`
            first, function, as_they_are = [function, *first], self.load("@out", line), True
        return super().call(function, first, arguments, as_they_are, line)

    # --- expressions --------------------------------------------------------------------------------------------

    def see_Comparison(self, node: python.Comparison) -> ast.expr:
        left, *others = [self.expr(operand) for operand in node.operands]
        line = self.line(node)
        if len(others) == 1:
            return self.compared(left, node.ops[0], others[0], line)
        if self.identity and not {"is", "is not"}.isdisjoint(node.ops):
            parts = []
            for op, other in zip(node.ops, others, strict=True):
                name = self.temporary()
                kept = ast.NamedExpr(self.store(name, line), other, lineno=line, col_offset=0)
                parts.append(self.compared(left, op, kept, line))
                left = self.load(name, line)
            return ast.BoolOp(LOGICAL["and"], parts, lineno=line, col_offset=0)
        return ast.Compare(left, [COMPARE[op] for op in node.ops], others, lineno=line, col_offset=0)

    def see_SetExpr(self, node: nodes.SetExpr) -> ast.expr:
        return ast.Set([self.key(self.expr(item)) for item in node.items], lineno=self.line(node), col_offset=0)

    def see_Yield(self, node: python.Yield) -> ast.expr:
        value = self.expr(node.value) if node.value is not None else None
        kind: Any = ast.YieldFrom if node.many else ast.Yield
        return kind(value, lineno=self.line(node), col_offset=0)  # type: ignore[no-any-return]

    def see_Await(self, node: python.Await) -> ast.expr:
        line = self.line(node)
        if node.top:
            return self.called("@awaited", [self.expr(node.value)], line)
        return ast.Await(self.expr(node.value), lineno=line, col_offset=0)

    def see_AsyncComp(self, node: python.AsyncComp) -> ast.expr:
        line = self.line(node)
        first = self.expr(node.clauses[0].iterable)
        outer_function, self.function = self.function, id(node)
        clauses: list[ast.comprehension] = []
        for number, (clause, waits) in enumerate(zip(node.clauses, node.waits, strict=True)):
            iterable = first if number == 0 else self.expr(clause.iterable)
            conditions = [self.expr(condition) for condition in clause.conditions]
            clauses.append(ast.comprehension(self.plain_target(clause.target), iterable, conditions, int(waits)))
        values = [self.expr(value) for value in node.values]
        if node.word == "dict":
            values[0] = self.key(values[0])
        self.function = outer_function
        kinds: dict[str, Any] = {"list": ast.ListComp, "set": ast.SetComp, "dict": ast.DictComp}
        made: ast.expr = kinds.get(node.word, ast.GeneratorExp)(*values, clauses, lineno=line, col_offset=0)
        return made

    def see_Walrus(self, node: python.Walrus) -> ast.expr:
        line = self.line(node)
        return ast.NamedExpr(self.store("." + node.name, line), self.expr(node.value), lineno=line, col_offset=0)

    def see_Super(self, node: python.Super) -> ast.expr:
        line = self.line(node)
        if node.arguments:
            return self.called("@super", [self.expr(argument) for argument in node.arguments], line)
        names = ["__class__", *([self.own] if self.own else [])]
        values: list[ast.expr] = [ast.Name(name, LOAD, lineno=line, col_offset=0) for name in names]
        return self.called("@super", values, line)

    def see_Generator(self, node: python.Generator) -> ast.expr:
        """A generator of Python's own; targets that it cannot store into come from a function that it goes through."""
        line = self.line(node)
        first = self.expr(node.clauses[0].iterable)
        outer_function, self.function = self.function, id(node)
        clauses: list[ast.comprehension] = []
        for number, clause in enumerate(node.clauses):
            iterable = first if number == 0 else self.expr(clause.iterable)
            conditions = [self.expr(condition) for condition in clause.conditions]
            clauses.append(ast.comprehension(self.plain_target(clause.target), iterable, conditions, 0))
        value = self.expr(node.value)
        self.function = outer_function
        return ast.GeneratorExp(value, clauses, lineno=line, col_offset=0)

    def plain_target(self, node: Expr) -> Any:
        """A target of a generator: names, also behind a star."""
        line = self.line(node)
        if isinstance(node, nodes.Unpacked):
            return ast.Starred(self.plain_target(node.value), STORE, lineno=line, col_offset=0)
        if isinstance(node, (nodes.TupleExpr, nodes.ListExpr)) and needs_unpacking(node):
            return ast.Tuple([self.plain_target(item) for item in node.items], STORE, lineno=line, col_offset=0)
        return self.target(node)
