"""Names of Python programs: which are the program's, which are PyTorch's or Python's own.

What is not there is an error where it is reached, as in Python: nothing is refused before a program runs but what is no
Python. The table of built-ins knows PyTorch's members as `torch:relu` and Python's own by their names.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from gradsh.errors import Source
from gradsh.language import nodes
from gradsh.language.calls import links
from gradsh.language.nodes import Argument, Expr, Parameter, Stmt, handles, walk
from gradsh.language.python import nodes as python
from gradsh.language.python.torch import MISSING, TORCH, member_of, submodule
from gradsh.language.resolve import IN_PLACE, Resolver
from gradsh.language.scopes import Resolution, Scope
from gradsh.language.signatures import Builtins


def resolve(
    program: nodes.Program,
    source: Source,
    bound: Mapping[str, Sequence[str]],
    builtins: Builtins,
) -> Resolution:
    """What the lowering needs to know. `bound`: what the session has bound, with the module of PyTorch that it is."""
    resolver = PythonResolver(program, source, bound, builtins)
    imports, others = bindings(program)
    own = others.union(each.name for each in imports)
    before = {name: module[0] for name, module in bound.items() if module and name not in own}
    only = [each for each in imports if each.name not in others]
    resolver.modules = {**before, **imported(only)}
    resolver.members = members(only)
    resolver.stars = [each.module for each in imports if each.member == "*" and each.module in TORCH]
    resolver.run()
    return resolver.resolution


def bindings(program: nodes.Program) -> tuple[list[python.Imported], set[str]]:
    """What the program imports, and the names that something else in it binds."""
    imports: list[python.Imported] = []
    others: set[str] = set()
    for node in walk(program):
        if isinstance(node, python.Imported):
            imports.append(node)
        elif isinstance(node, python.Walrus):
            others.add(node.name)
        elif not isinstance(node, python.Importing):
            others.update(node.binds())
    return imports, others


def imported(imports: list[python.Imported]) -> dict[str, str]:
    """The names that these bind to modules of PyTorch."""
    return {
        each.name: module
        for each in imports
        if (module := each.module if each.member is None else f"{each.module}.{each.member}") in TORCH
    }


def members(imports: list[python.Imported]) -> dict[str, tuple[str, str]]:
    """The names that these bind to members of such modules."""
    return {
        each.name: (each.module, each.member)
        for each in imports
        if each.member is not None
        and each.member != "*"
        and each.module in TORCH
        and f"{each.module}.{each.member}" not in TORCH
    }


@handles(Stmt, "do_")
@handles(Expr, "see_")
class PythonResolver(Resolver):
    """One walk, as over a gradsh program; functions bind what they assign, classes are seen by their own body alone."""

    dialects = ("", "python")
    modules: dict[str, str]
    members: dict[str, tuple[str, str]]
    stars: list[str]

    def run(self) -> None:
        self.has_walrus = ":=" in self.source.text  # asked of each statement, of which a text may have 100,000
        self.collect(self.program.body)
        self.resolution.bound = self.scope.bound
        self.block(self.program.body)
        self.resolution.exports |= dict.fromkeys(self.scope.bound, ())

    # --- scopes ---------------------------------------------------------------------------------------------------

    def collect(self, body: list[Stmt]) -> None:
        stack: list[list[Stmt]] = [body]
        declared: dict[str, bool] = {}
        while stack:
            for statement in stack.pop():
                for name in statement.binds():
                    self.scope.bind(name)
                for name in self.walruses(statement):
                    self.scope.bind(name)
                stack += statement.blocks()
                if isinstance(statement, python.Scoped):
                    declared.update(dict.fromkeys(statement.names, statement.outer))
        for name, outer in declared.items():
            self.scope.bound.pop(name, None)
            if not outer:
                top = self.scope
                while top.parent is not None:
                    top = top.parent
                top.bind(name)

    def walruses(self, statement: Stmt) -> list[str]:
        """The names that `:=` in a statement's own expressions binds."""
        if not self.has_walrus:
            return []
        parts = [getattr(statement, f) for f in statement.fields[2:] if f not in statement.block_fields]
        if isinstance(statement, (python.Def, python.Class)):
            return []
        return [node.name for node in walk(parts) if isinstance(node, python.Walrus)]

    def find(self, name: str) -> Scope | None:
        scope: Scope | None = self.scope
        own = True  # the body of a class is not in the scope of its methods
        while scope is not None:
            if name in scope.bound and (own or not scope.is_model):
                return scope
            own = own and not scope.is_function
            scope = scope.parent
        return None

    # --- statements -------------------------------------------------------------------------------------------------

    def name_target(self, node: nodes.Name) -> None:
        pass

    def attribute_target(self, node: nodes.Attribute) -> None:
        self.expr(node.value)

    def do_AugAssign(self, node: nodes.AugAssign) -> None:
        self.resolution.builtins.add(IN_PLACE)
        self.expr(node.value)
        if not isinstance(node.target, nodes.Name):
            self.target(node.target)

    def do_ExprStmt(self, node: nodes.ExprStmt) -> None:
        self.expr(node.value)

    def do_Break(self, node: nodes.Break) -> None:
        pass

    do_Continue = do_Scoped = do_Importing = do_Break  # type: ignore[assignment]  # Python itself has looked at them

    def do_Return(self, node: nodes.Return) -> None:
        if node.value is not None:
            self.expr(node.value)

    def do_Del(self, node: nodes.Del) -> None:
        for target in node.targets:
            if not isinstance(target, nodes.Name):
                self.target(target)

    def do_Def(self, node: python.Def) -> None:
        for decorator in node.decorators:
            self.expr(decorator)
        self.function(node, node.parameters, node.body)

    def parameters(self, parameters: list[Parameter]) -> list[str]:
        for parameter in parameters:
            if parameter.default is not None:
                self.expr(parameter.default)
        return [parameter.name for parameter in parameters]

    def do_Class(self, node: python.Class) -> None:
        for each in (*node.decorators, *node.bases):
            self.expr(each)
        self.given(node.keywords)
        inner = Scope(self.scope, True)
        inner.is_model = True
        self.body(id(node), inner, [], node.body)

    def do_ForElse(self, node: python.ForElse) -> None:
        self.expr(node.iterable)
        self.target(node.target)
        self.block(node.body)
        self.block(node.orelse)

    def do_WhileElse(self, node: python.WhileElse) -> None:
        self.expr(node.condition)
        self.block(node.body)
        self.block(node.orelse)

    def do_AsyncFor(self, node: python.AsyncFor) -> None:
        self.expr(node.iterable)
        self.target(node.target)
        self.block(node.body)
        self.block(node.orelse)

    def do_With(self, node: python.With) -> None:
        for item in node.items:
            self.expr(item.value)
            if item.target is not None:
                self.target(item.target)
        self.block(node.body)

    def do_TryExcept(self, node: python.TryExcept) -> None:
        self.block(node.body)
        for handler in node.handlers:
            if handler.kind is not None:
                self.expr(handler.kind)
            self.block(handler.body)
        self.block(node.orelse)
        self.block(node.final)

    def do_Match(self, node: python.Match) -> None:
        self.expr(node.subject)
        for case in node.cases:
            self.expr(case.pattern)
            if case.guard is not None:
                self.expr(case.guard)
            self.block(case.body)

    def do_RaiseError(self, node: python.RaiseError) -> None:
        for each in (node.value, node.cause):
            if each is not None:
                self.expr(each)

    # --- expressions ------------------------------------------------------------------------------------------------

    def see_Name(self, node: nodes.Name) -> None:
        name = node.name
        if name in self.members:
            self.torch_member(node, *self.members[name])
            return
        owner = self.find(name)
        if owner is not None or name in self.session:
            if owner is not None and owner.parent is None and self.table.lookup(name) is not None:
                self.resolution.builtins.add(name)  # it is the built-in until the program binds it
        elif self.table.lookup(name) is not None:
            self.reference(node, name)
        else:
            for module in self.stars:  # `from torch.nn import *`
                if self.table.lookup(key := member_of(module, name)) is not None:
                    self.reference(node, key)
                    break

    def reference(self, node: nodes.Node, name: str) -> None:
        self.resolution.references[id(node)] = name
        self.resolution.builtins.add(name)

    def torch_member(self, node: nodes.Node, module: str, name: str) -> None:
        """A member of a module of PyTorch; one that is not there is an error where the program comes to it."""
        key = member_of(module, name)
        if self.table.lookup(key) is None:
            self.resolution.references[id(node)] = f"{MISSING}{module}.{name}"
        else:
            self.reference(node, key)

    def see_DictExpr(self, node: nodes.DictExpr) -> None:
        for key, value in node.items:
            if key is not value:
                self.expr(key)
            self.expr(value)

    def see_Attribute(self, node: nodes.Attribute) -> None:
        pass

    def dotted(self, node: nodes.Attribute) -> str | None:
        """The member of a module of PyTorch that `nn.functional.relu` stands for, entered as a reference."""
        known = self.resolution.references.get(id(node))
        if known is not None:
            return known
        value, chain = links(node)
        if type(value) is not nodes.Name or value.name not in self.modules:
            return None
        module = self.modules[value.name]
        for link in reversed(chain):
            inner = submodule(module, link.name)
            if inner is None:
                if id(link) not in self.resolution.references:
                    self.torch_member(link, module, link.name)
                break
            module = inner
        return self.resolution.references.get(id(node))

    def method(self, node: Expr, function: nodes.Attribute, arguments: list[Argument]) -> None:
        self.given(arguments)

    def named_call(self, node: Expr, function: Expr, arguments: list[Argument], extra: int) -> None:
        if id(function) in self.resolution.references:
            self.resolution.calls.add(id(node))
        self.given(arguments)

    def given(self, arguments: list[Argument]) -> None:
        for argument in arguments:
            self.expr(argument.value)

    def see_Comparison(self, node: python.Comparison) -> None:
        for operand in node.operands:
            self.expr(operand)

    def see_Generator(self, node: python.Generator) -> None:
        self.comprehension(node.clauses, node.value)

    def see_AsyncComp(self, node: python.AsyncComp) -> None:
        self.comprehension(node.clauses, *node.values)

    def see_Await(self, node: python.Await) -> None:
        self.expr(node.value)

    def see_Yield(self, node: python.Yield) -> None:
        if node.value is not None:
            self.expr(node.value)

    def see_Walrus(self, node: python.Walrus) -> None:
        self.expr(node.value)

    def see_Super(self, node: python.Super) -> None:
        for argument in node.arguments:
            self.expr(argument)


MAX_DEPTH = 100  # nested brackets and blocks, as in gradsh
