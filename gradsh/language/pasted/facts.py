"""What a Python program as a whole says of its names, gathered before anything is converted."""

from __future__ import annotations

import ast
from collections.abc import Iterator

from gradsh.language.words import CALLABLE, CAPITALS, RESERVED

FUNCTIONS = (ast.FunctionDef, ast.AsyncFunctionDef)
SCOPES = (*FUNCTIONS, ast.Lambda, ast.ClassDef)


def is_bool(node: ast.expr) -> bool:
    return isinstance(node, ast.Constant) and isinstance(node.value, bool)


class Facts:
    """The names of a program.

    `imports`: what each name of an import stands for, with its whole path. `bound`: all other names that are bound.
    `bools`: variables that hold true or false, which gradsh would take for flags. `valued`: functions and methods that
    return something. `operators`: subclasses of autograd.Function.
    """

    def __init__(self, tree: ast.Module) -> None:
        self.imports: dict[str, str] = {}
        self.bound: set[str] = set()
        self.bools: set[str] = set()
        self.functions: set[str] = set()
        self.valued: set[str] = set()
        self.operators: set[str] = set()
        self.attributes: set[str] = set()
        self.arguments: dict[int, ast.AST] = {}  # positional ones, by identity
        for node in ast.walk(tree):
            self.gather(node)
        self.bound -= self.imports.keys()
        self.renamed: dict[str, str] = {}
        for name in sorted(self.bound & (RESERVED - {*CAPITALS})):
            self.renamed[name] = self.unused(name + "_")

    def gather(self, node: ast.AST) -> None:
        if isinstance(node, ast.Import):
            for alias in node.names:
                if alias.asname is None:
                    root = alias.name.partition(".")[0]
                    self.imports[root] = root
                else:
                    self.imports[alias.asname] = alias.name
        elif isinstance(node, ast.ImportFrom):
            for alias in node.names:
                self.imports[alias.asname or alias.name] = f"{node.module}.{alias.name}"
        elif isinstance(node, ast.Name) and isinstance(node.ctx, ast.Store):
            self.bound.add(node.id)
        elif isinstance(node, ast.Attribute):
            self.attributes.add(node.attr)
        elif isinstance(node, ast.Call):
            self.called(node)
        elif isinstance(node, (*FUNCTIONS, ast.Lambda)):
            self.gather_parameters(node.args)
        if isinstance(node, ast.ClassDef):
            self.bound.add(node.name)
            if any((dotted(base) or "").split(".")[-1] == "Function" for base in node.bases):
                self.operators.add(node.name)
        elif isinstance(node, FUNCTIONS):
            self.bound.add(node.name)
            self.functions.add(node.name)
            own = list(within(node.body))
            if any(isinstance(n, ast.Return) and n.value is not None for n in own) or yields(node):
                self.valued.add(node.name)
        elif isinstance(node, ast.ExceptHandler) and node.name:
            self.bound.add(node.name)
        elif isinstance(node, ast.Assign) and len(node.targets) == 1 and isinstance(node.targets[0], ast.Name):
            self.bools |= {node.targets[0].id} if is_bool(node.value) else set()

    def called(self, node: ast.Call) -> None:
        """Take note of a call's arguments."""
        self.arguments.update((id(value), value) for value in node.args)

    def gather_parameters(self, arguments: ast.arguments) -> None:
        positional = [*arguments.posonlyargs, *arguments.args]
        defaulted = [*positional[len(positional) - len(arguments.defaults) :], *arguments.kwonlyargs]
        for name, default in zip(defaulted, [*arguments.defaults, *arguments.kw_defaults], strict=True):
            if isinstance(default, ast.Constant) and isinstance(default.value, bool):
                self.bools.add(name.arg)
        self.bound |= {name.arg for name in [*positional, *arguments.kwonlyargs]}
        self.bound |= {name.arg for name in (arguments.vararg, arguments.kwarg) if name is not None}

    def name(self, name: str) -> str:
        """A name as gradsh can have it: `fn` is a word there."""
        return self.renamed.get(name, name)

    def unused(self, name: str) -> str:
        """A name that the program does not have, near to this one."""
        while name in self.bound or name in self.attributes or name in self.imports or name in (*RESERVED, *CALLABLE):
            name += "_"
        return name

    def is_argument(self, node: ast.AST) -> bool:
        return id(node) in self.arguments


def dotted(node: ast.AST) -> str | None:
    """`a.b.c` as it is written; None where it is something else."""
    names: list[str] = []
    while isinstance(node, ast.Attribute):
        names.append(node.attr)
        node = node.value
    return ".".join([node.id, *reversed(names)]) if isinstance(node, ast.Name) else None


def within(body: list[ast.stmt]) -> Iterator[ast.AST]:
    """All nodes of a body but those of the functions and classes in it."""
    waiting: list[ast.AST] = list(reversed(body))
    while waiting:
        node = waiting.pop()
        yield node
        if not isinstance(node, SCOPES):
            waiting.extend(reversed(list(ast.iter_child_nodes(node))))


def yields(node: ast.AST) -> bool:
    """Is a function a generator?"""
    return any(isinstance(part, (ast.Yield, ast.YieldFrom)) for part in within(getattr(node, "body", [])))


def assigned(body: list[ast.stmt]) -> list[str]:
    """The names that a body makes for itself, in their order; not those of comprehensions."""
    found: dict[str, None] = {}
    waiting: list[ast.AST] = list(reversed(body))
    while waiting:
        node = waiting.pop()
        if isinstance(node, ast.Name) and isinstance(node.ctx, ast.Store):
            found[node.id] = None
        elif isinstance(node, (*FUNCTIONS, ast.ClassDef)):
            found[node.name] = None
        if not isinstance(node, (*SCOPES, ast.ListComp, ast.SetComp, ast.DictComp, ast.GeneratorExp)):
            waiting.extend(reversed(list(ast.iter_child_nodes(node))))
    return list(found)
