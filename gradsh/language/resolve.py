"""Names, scopes, arity, keywords and flags: all that can be told before a program runs is told here, at once.

The resolver reads the tree and writes a `Resolution`, what `lower` needs to know beyond the tree: which names are
built-ins, which bare arguments are flags, which names an inner function updates in an outer scope. It knows no
engine: the session hands it a table of signatures (`Builtins`).
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import Protocol

from gradsh import errors
from gradsh.calls.signature import Signature
from gradsh.errors import Refused, Source
from gradsh.language import models, nodes
from gradsh.language.nodes import Expr, Node, Parameter, Stmt, handles
from gradsh.language.operators import Operators, saved_by
from gradsh.language.scopes import Resolution, Scope, spine_child
from gradsh.language.signatures import Builtins
from gradsh.language.words import KEYWORDS, MODULES, NEEDS, ROOTS, SAVE

__all__ = ["Builtins", "Resolution", "Signature", "resolve"]

MAX_ERRORS = 20
# what a help line shows of a module
MEMBERS = {"F": "relu", "nn": "ReLU", "optim": "SGD", "linalg": "norm", "special": "erf", "init": "zeros_"}
MAX_DEPTH = 100  # nested brackets and blocks; CPython's own compiler gives up at some hundreds


class Used(Protocol):
    """The program of a used file: the names that it binds, with the flags of those that are functions."""

    bound: tuple[tuple[str, tuple[str, ...]], ...]


def resolve(
    program: nodes.Program,
    source: Source,
    bound: Mapping[str, Sequence[str]],
    builtins: Builtins,
    used: Mapping[str, Used] | None = None,
    brief: bool = False,
) -> Resolution:
    """Check the whole program. `bound`: what the session has bound, with the flags of those that are functions;
    `used`: the programs of the files that it uses, by path.

    Raises Refused with all errors (up to 20), in the order of the text; with none, at the first, where it is `brief`.
    """
    resolver = Resolver(program, source, bound, builtins)
    resolver.brief = brief
    resolver.bring_in(used or {})
    resolver.run()
    if resolver.errors:
        found = sorted(resolver.errors, key=lambda e: e.labels[0].span.start)
        if any(error.edit is not None for error in found):
            from gradsh.language.foreign import together

            found = together(source.text, found)
        raise Refused(found[:MAX_ERRORS])
    return resolver.resolution


IN_PLACE = "@program.inplace"  # among the built-ins that a program uses: it writes in place without naming a function


@handles(Stmt, "do_")
@handles(Expr, "see_")
class Resolver(Operators):
    """One walk over the tree, entering what a scope binds before its statements are looked at."""

    def run(self) -> None:
        words = list(self.table.commands())
        self.resolution.commands = frozenset(command.name for command in words)
        self.resolution.of_tensors = frozenset(command.name for command in words if command.of_tensors)
        self.collect(self.program.body)
        self.resolution.bound = self.scope.bound
        self.block(self.program.body)
        self.misplaced()
        self.resolution.exports |= {name: tuple(self.user_flags(name)) for name in self.scope.bound}

    def bring_in(self, used: Mapping[str, Used]) -> None:
        """Enter the names of used files: as if the session had bound them, or behind their alias."""
        names: dict[str, Sequence[str]] = {}
        for statement in self.program.body:
            if isinstance(statement, nodes.Use):
                program = used.get(statement.path)
                if program is None:
                    self.open = True  # it has errors of its own; which names it has is not known
                elif statement.alias:
                    self.aliases[statement.alias] = dict(program.bound)
                else:
                    names.update(
                        {name: flags for name, flags in program.bound if name[0] != "_"}
                    )  # not `_names` of its own
        self.resolution.exports = {name: tuple(flags) for name, flags in names.items()}
        for name in names:
            if name not in self.session and self.table.lookup(name) is not None:
                self.resolution.builtins.add(name)  # it is the built-in until the file has been used
        self.session = {**self.session, **names}

    # --- what a scope binds -----------------------------------------------------------------------------------

    def collect(self, body: list[Stmt]) -> None:
        """Enter what the statements bind in the current scope; not what inner functions bind in theirs."""
        stack: list[list[Stmt]] = [body]
        while stack:
            for statement in stack.pop():
                for name in statement.binds():
                    self.scope.bind(name)
                if (defined := statement.defines()) is not None:
                    self.scope.functions[defined[0]] = defined[1]
                stack += statement.blocks()
                if self.scope.saved is not None:
                    for argument in saved_by(statement):
                        if argument.name is not None:
                            self.scope.bind(argument.name)
                            self.scope.saved[argument.name] = argument
                        elif isinstance(argument.value, nodes.Name):
                            self.scope.saved[argument.value.name] = argument

    # --- statements -------------------------------------------------------------------------------------------

    def block(self, body: list[Stmt]) -> None:
        self.depth += 1
        if self.depth > MAX_DEPTH and body:
            self.too_deep(body[0])
        for statement in body:
            if len(self.errors) >= MAX_ERRORS:
                break
            getattr(self, "do_" + type(statement).__name__)(statement)
        self.depth -= 1

    def do_Assign(self, node: nodes.Assign) -> None:
        self.expr(node.value)
        self.target(node.target)

    def do_Chain(self, node: nodes.Chain) -> None:
        self.expr(node.value)
        self.target(node.target)
        self.target(node.others)

    def target(self, node: Expr) -> None:
        if isinstance(node, nodes.Name):
            self.name_target(node)
        elif isinstance(node, (nodes.TupleExpr, nodes.ListExpr)):
            for item in node.items:
                self.target(item)
        elif isinstance(node, nodes.Unpacked):
            self.target(node.value)
        elif isinstance(node, nodes.Index):
            self.resolution.builtins.add(IN_PLACE)
            self.expr(node)
        elif isinstance(node, nodes.Attribute):
            self.attribute_target(node)
        else:
            self.fail(errors.BadTarget, "cannot assign to this expression", node)

    def name_target(self, node: nodes.Name) -> None:
        if node.name in KEYWORDS or node.name == "repeat":
            self.fail(errors.ReservedWord, f"`{node.name}` is a reserved word and cannot be assigned", node)

    def attribute_target(self, node: nodes.Attribute) -> None:
        if self.dotted(node) is not None:
            self.fail(errors.BadTarget, "a built-in namespace cannot be assigned to", node)
        else:
            self.expr(node.value)

    def do_AugAssign(self, node: nodes.AugAssign) -> None:
        self.resolution.builtins.add(IN_PLACE)
        self.expr(node.value)
        if isinstance(node.target, nodes.Name):
            self.outward(node.target)
        elif isinstance(node.target, (nodes.Index, nodes.Attribute)):
            self.target(node.target)
        else:
            self.fail(errors.BadTarget, "an augmented assignment has one target", node.target)

    def outward(self, node: nodes.Name) -> None:
        """A name that is updated where it was bound: makes nothing local."""
        if self.unsaved(node.name, node):
            return
        scope = self.find(node.name)
        if scope is None and node.name not in self.session:
            if self.table.lookup(node.name) is not None:
                self.fail(errors.UnknownName, f"name '{node.name}' is a built-in and cannot be changed", node)
            else:
                self.unknown(node.name, node)
            return
        inner: Scope | None = self.scope
        while inner is not None and not inner.is_function and inner.parent is not None:
            inner = inner.parent
        if inner is not None and inner.is_function and scope is not inner:
            inner.outward.add(node.name)

    def do_ExprStmt(self, node: nodes.ExprStmt) -> None:
        if self.scope.saved is not None and saved_by(node):
            self.save(node.value, saved_by(node))
        else:
            self.expr(node.value)

    def do_Command(self, node: nodes.Command) -> None:
        if not node.arguments and self.is_user(node.name):
            self.resolution.variables.add(id(node))  # a word alone on its line
            return
        if node.name == SAVE:
            self.save(node, node.arguments)
            return
        signature = self.table.lookup(node.name)
        assert signature is not None  # the grammar knows no other commands
        self.reference(node, node.name)
        self.call(node, signature, node.name, node.arguments, 0)
        if signature.effect:
            self.resolution.quiet.add(id(node))

    def do_Mode(self, node: nodes.Mode) -> None:
        signature = self.table.lookup(node.name)
        assert signature is not None
        self.reference(node, node.name)
        self.call(node, signature, node.name, node.arguments, 0)
        self.block(node.body)

    def do_If(self, node: nodes.If) -> None:
        while True:  # `else if` is not nesting, however many there are
            self.expr(node.condition)
            self.block(node.body)
            if len(node.orelse) != 1 or not isinstance(node.orelse[0], nodes.If):
                break
            node = node.orelse[0]
        self.block(node.orelse)

    def do_While(self, node: nodes.While) -> None:
        self.expr(node.condition)
        self.loop(node.body)

    def do_For(self, node: nodes.For) -> None:
        self.expr(node.iterable)
        self.target(node.target)
        self.loop(node.body)

    def do_Repeat(self, node: nodes.Repeat) -> None:
        self.expr(node.count)
        self.loop(node.body)

    def loop(self, body: list[Stmt]) -> None:
        self.loops += 1
        self.block(body)
        self.loops -= 1

    def do_Try(self, node: nodes.Try) -> None:
        self.block(node.body)
        self.block(node.handler)

    def do_Break(self, node: nodes.Break) -> None:
        if not self.loops:
            self.fail(errors.OutsideLoop, "'break' outside loop", node)

    def do_Continue(self, node: nodes.Continue) -> None:
        if not self.loops:
            self.fail(errors.OutsideLoop, "'continue' not properly in loop", node)

    def do_Return(self, node: nodes.Return) -> None:
        if not self.functions or self.scope.is_model:
            self.fail(errors.OutsideFunction, "'return' outside function", node)
        if node.value is not None:
            self.expr(node.value)

    def do_Assert(self, node: nodes.Assert) -> None:
        self.expr(node.condition)
        if node.message is not None:
            self.expr(node.message)

    def do_Raise(self, node: nodes.Raise) -> None:
        self.expr(node.message)

    def do_Pass(self, node: nodes.Pass) -> None:
        pass

    def do_Del(self, node: nodes.Del) -> None:
        for target in node.targets:
            if isinstance(target, nodes.Name):
                if not self.is_user(target.name) and self.table.lookup(target.name) is not None:
                    self.fail(
                        errors.UnknownName, f"name '{target.name}' is a built-in: there is nothing to delete", target
                    )
                else:
                    self.outward(target)
            elif isinstance(target, nodes.Index):
                self.expr(target)
            else:
                self.fail(errors.BadTarget, "only names and items can be deleted", target)

    def do_Function(self, node: nodes.Function) -> None:
        self.function(node, node.parameters, node.body)

    def do_Import(self, node: nodes.Import) -> None:
        if node.module.split(".")[0] != "torch":
            self.fail(
                errors.BadImport,
                f"cannot import '{node.module}': gradsh has no Python modules",
                node,
                'another gradsh file is read with `use "file.grad"`',
            )

    def do_Model(self, node: nodes.Model) -> None:
        names = self.parameters(node.parameters)
        for parameter in node.parameters:
            if parameter.name == models.SELF:
                self.fail(
                    errors.BadParameter, "`self` is the instance: it has that name without being asked for", parameter
                )
        inner = Scope(self.scope, True)
        inner.is_model = True
        self.resolution.fields[id(node)] = models.fields(node.body)
        self.body(id(node), inner, [models.SELF, *names], node.body)
        self.resolution.locals[id(node)] = tuple(name for name in inner.bound if name != models.SELF)

    def do_Param(self, node: nodes.Param) -> None:
        self.expr(node.value)
        if not self.at_top("param", node):
            return
        if node.name in self.params:
            self.fail(errors.BadParameter, f"the parameter '{node.name}' is declared twice", node)
        self.params.add(node.name)

    def do_Use(self, node: nodes.Use) -> None:
        self.at_top("use", node)

    def at_top(self, word: str, node: Stmt) -> bool:
        """Report a statement that belongs to the top level and is not there."""
        if self.depth == 1 and not self.functions:
            return True
        what = "a parameter belongs to the whole script" if word == "param" else "files are read before anything runs"
        self.fail(errors.TopLevelOnly, f"`{word}` stands at the top level of a file only: {what}", node)
        return False

    def function(self, node: Node, parameters: list[Parameter], body: Expr | list[Stmt]) -> None:
        """A body of its own: parameters, then what it assigns, are local to it."""
        self.body(id(node), Scope(self.scope, True), self.parameters(parameters), body)

    def parameters(self, parameters: list[Parameter]) -> list[str]:
        """The names in a parameter list, checked."""
        seen: set[str] = set()
        defaulted = starred = False
        for parameter in parameters:
            if parameter.default is not None:
                self.expr(parameter.default)
                defaulted = True
            elif parameter.star == "**":
                if parameter is not parameters[-1]:
                    self.fail(errors.BadParameter, "arguments cannot follow var-keyword argument", parameter)
            elif parameter.star:
                if starred:
                    self.fail(errors.BadParameter, "* argument may appear only once", parameter)
                starred = True
            elif defaulted and not starred:
                self.fail(errors.BadParameter, "non-default argument follows default argument", parameter)
            if parameter.name in seen:
                self.fail(
                    errors.BadParameter, f"duplicate argument '{parameter.name}' in function definition", parameter
                )
            seen.add(parameter.name)
        return list(seen)

    def body(self, key: int, inner: Scope, names: Iterable[str], body: Expr | list[Stmt]) -> None:
        """A body in its own scope, which the names are bound in first; `key` is what the lowering knows it by."""
        scope = self.scope
        loops, self.loops = self.loops, 0
        self.scope = inner
        for name in names:
            inner.bind(name)
        self.functions += 1
        if isinstance(body, list):
            self.collect(body)
            self.block(body)
        else:
            self.expr(body)
        self.functions -= 1
        self.scope = scope
        self.loops = loops
        for name in sorted(inner.outward):
            owner = self.find(name)
            while owner is not None and owner.parent is not None and not owner.is_function:
                owner = owner.parent
            table = self.resolution.outward if owner is None or owner.parent is None else self.resolution.nonlocals
            table.setdefault(key, []).append(name)

    # --- expressions ------------------------------------------------------------------------------------------

    def expr(self, node: Expr) -> None:
        self.depth += 1
        if self.depth > MAX_DEPTH:
            self.too_deep(node)
        spine: list[Expr] = []
        while True:
            if type(node) is nodes.Attribute:
                self.dotted(node)
            elif type(node) is nodes.Call and type(node.function) is nodes.Attribute:
                self.dotted(node.function)
            child = spine_child(node, self.resolution)
            if child is None:
                break
            spine.append(node)
            node = child
        getattr(self, "see_" + type(node).__name__)(node)
        for node in reversed(spine):
            getattr(self, "see_" + type(node).__name__)(node)
        self.depth -= 1

    def see_Number(self, node: nodes.Number) -> None:
        pass

    def see_String(self, node: nodes.String) -> None:
        pass

    def see_Constant(self, node: nodes.Constant) -> None:
        pass

    def see_FString(self, node: nodes.FString) -> None:
        self.format_parts(node.parts)

    def format_parts(self, parts: list[str | nodes.FormatPart]) -> None:
        for part in parts:
            if isinstance(part, nodes.FormatPart):
                self.expr(part.value)
                self.format_parts(part.spec)

    def see_Name(self, node: nodes.Name) -> None:
        name = node.name
        if self.unsaved(name, node):
            return
        owner = self.find(name)
        if owner is not None or name in self.session:
            if owner is not None and owner.parent is None and name not in self.session and self.table.lookup(name):
                self.resolution.builtins.add(name)  # it is the built-in until the program binds it
            return
        if self.table.lookup(name) is not None:
            self.reference(node, name)
        elif name in ROOTS:
            module = MODULES.get(name, "torch." + name)
            self.fail(
                errors.UnknownName,
                f"module '{module}' is not a value",
                node,
                f"name what you need of it: `{name}.{MEMBERS.get(name, 'log')}`",
            )
        elif name in (SAVE, NEEDS):
            self.words[id(node)] = node
        else:
            self.unknown(name, node)

    def see_Word(self, node: nodes.Word) -> None:
        if self.is_user(node.name):
            self.resolution.variables.add(id(node))

    def see_ListExpr(self, node: nodes.ListExpr) -> None:
        for item in node.items:
            self.expr(item)

    def see_TupleExpr(self, node: nodes.TupleExpr) -> None:
        for item in node.items:
            self.expr(item)

    def see_DictExpr(self, node: nodes.DictExpr) -> None:
        unknown = [key for key, _ in node.items if isinstance(key, nodes.Name) and self.is_unknown(key.name)]
        if unknown:
            text = self.source.text
            quoted = text[node.start : node.end]
            for each in reversed(unknown):
                quoted = f'{quoted[: each.start - node.start]}"{each.name}"{quoted[each.end - node.start :]}'
            edit = (node.start, node.end, quoted)
            self.fail(errors.UnknownName, f"name '{unknown[0].name}' is not defined", unknown[0], quoted, edit)
        for key, value in node.items:
            if key not in unknown:
                self.expr(key)
            self.expr(value)

    def see_SetExpr(self, node: nodes.SetExpr) -> None:
        for item in node.items:
            self.expr(item)

    def see_Unpacked(self, node: nodes.Unpacked) -> None:
        self.expr(node.value)

    def see_ListComp(self, node: nodes.ListComp) -> None:
        self.comprehension(node.clauses, node.value)

    def see_SetComp(self, node: nodes.SetComp) -> None:
        self.comprehension(node.clauses, node.value)

    def see_DictComp(self, node: nodes.DictComp) -> None:
        self.comprehension(node.clauses, node.key, node.value)

    def comprehension(self, clauses: list[nodes.CompFor], *values: Expr) -> None:
        scope = self.scope
        inner = Scope(scope, False)
        for index, clause in enumerate(clauses):
            if index == 0:
                self.expr(clause.iterable)  # evaluated outside, as in Python
                self.scope = inner
            for name in clause.binds():
                inner.bind(name)
        for index, clause in enumerate(clauses):
            if index:
                self.expr(clause.iterable)
            self.target(clause.target)
            for condition in clause.conditions:
                self.expr(condition)
        for value in values:
            self.expr(value)
        self.scope = scope

    def see_Unary(self, node: nodes.Unary) -> None:
        self.expr(node.operand)

    def see_Binary(self, node: nodes.Binary) -> None:
        self.expr(node.right)

    def see_Compare(self, node: nodes.Compare) -> None:
        self.expr(node.right)

    def see_Logical(self, node: nodes.Logical) -> None:
        self.expr(node.right)

    def see_Conditional(self, node: nodes.Conditional) -> None:
        self.expr(node.condition)
        self.expr(node.then)
        self.expr(node.otherwise)

    def see_Lambda(self, node: nodes.Lambda) -> None:
        self.function(node, node.parameters, node.body)

    def see_Slice(self, node: nodes.Slice) -> None:
        for part in (node.lower, node.upper, node.step):
            if part is not None:
                self.expr(part)

    def see_Index(self, node: nodes.Index) -> None:
        for item in node.items:
            self.expr(item)

    def see_Attribute(self, node: nodes.Attribute) -> None:
        self.member(node)  # of another value: known when it runs; of a namespace: see `dotted`

    def see_Pipe(self, node: nodes.Pipe) -> None:
        right = node.right
        if isinstance(right, nodes.Call) and not right.grouped:
            function, arguments = right.function, right.arguments
        else:
            function, arguments = right, []
        if isinstance(function, nodes.Attribute) and self.dotted(function) is None and not right.grouped:
            self.expr(function.value)
            self.method(node, function, arguments)
        else:
            self.expr(function)
            self.named_call(node, function, arguments, 1)

    def see_Call(self, node: nodes.Call) -> None:
        function = node.function
        if isinstance(function, nodes.Attribute) and id(function) not in self.resolution.references:
            self.method(node, function, node.arguments)
        elif id(function) in self.words:
            self.op_call(node)
        else:
            self.named_call(node, function, node.arguments, 0)
