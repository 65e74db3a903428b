"""Classes based on others of the same program, written out: gradsh's models are based on nothing.

What a class takes from its base stands in it then; a method of the base that it calls by `super()` has a name of its
own.
"""

from __future__ import annotations

import ast
import copy

from gradsh.language.pasted.facts import FUNCTIONS, dotted


def written_out(tree: ast.Module, text: str) -> tuple[str, list[tuple[int, str]]]:
    """The text with those classes as ones that are based on nothing of the program, and what is to be said of them."""
    lines = text.split("\n")
    known: dict[str, ast.ClassDef] = {}
    notes: list[tuple[int, str]] = []
    changed: list[tuple[int, int, list[str]]] = []
    for node in tree.body:
        if not isinstance(node, ast.ClassDef):
            continue
        bases = [known[name] for name in map(dotted, node.bases) if name in known]
        if len(bases) == 1 == len(node.bases) and not node.decorator_list:
            base = bases[0]
            merged = Family(base, node).merged()
            notes.append((node.lineno, f"`{node.name}` has what it takes from `{base.name}` written out"))
            changed.append((node.lineno - 1, node.end_lineno or node.lineno, ast.unparse(merged).split("\n")))
            node = merged
        known[node.name] = node
    for first, last, new in reversed(changed):
        lines[first:last] = new
    return "\n".join(lines), notes


class Family:
    """A class and the one that it is based on."""

    def __init__(self, base: ast.ClassDef, own: ast.ClassDef) -> None:
        self.base = base
        self.own = own
        self.taken: dict[str, str] = {}  # methods of the base that are called by `super()`, with their names here
        methods = [part.name for part in (*base.body, *own.body) if isinstance(part, FUNCTIONS)]
        self.names = set(methods)

    def merged(self) -> ast.ClassDef:
        """One class for both."""
        own = copy.deepcopy(self.own)
        overridden = {name for part in own.body for name in names_of(part)}
        for part in own.body:
            if isinstance(part, ast.FunctionDef):
                Calls(self, part.name).visit(part)
        taken: list[ast.stmt] = []
        for part in self.base.body:
            kept = copy.deepcopy(part)
            if isinstance(kept, ast.FunctionDef) and kept.name in self.taken:
                kept.name = self.taken[kept.name]
                kept.body = [inner for inner in kept.body if not is_bare_super(inner)] or [ast.Pass()]
                taken.append(kept)
            elif not overridden & {*names_of(part)} and not isinstance(
                part, ast.Expr
            ):  # which is what it says of itself
                taken.append(kept)
        own.bases = self.base.bases
        own.body = [part for part in (*taken, *own.body) if not isinstance(part, ast.Pass)] or [ast.Pass()]
        return own

    def name_of(self, method: str) -> str:
        """The name here of a method of the base that another one stands in the place of."""
        if method not in self.taken:
            name = f"{method.strip('_')}_of_{self.base.name}"
            while name in self.names:
                name += "_"
            self.names.add(name)
            self.taken[method] = name
        return self.taken[method]


class Calls(ast.NodeTransformer):
    """`super().forward(x)`, `Base.forward(self, x)` as `self.forward_of_Base(x)`."""

    def __init__(self, family: Family, method: str) -> None:
        self.family = family
        self.method = method
        self.has = {name for part in family.base.body for name in names_of(part)}

    def visit_Call(self, node: ast.Call) -> ast.AST:
        self.generic_visit(node)
        function = node.func
        if not isinstance(function, ast.Attribute) or function.attr not in self.has:
            return node
        of = function.value
        if isinstance(of, ast.Call) and isinstance(of.func, ast.Name) and of.func.id == "super":
            given = node.args
        elif isinstance(of, ast.Name) and of.id == self.family.base.name and node.args:
            given = node.args[1:]
        else:
            return node
        receiver = ast.Name("self", ast.Load())
        name = self.family.name_of(function.attr)
        return ast.Call(ast.Attribute(receiver, name, ast.Load()), given, node.keywords)


def names_of(part: ast.stmt) -> list[str]:
    """What a statement of a class's body binds."""
    if isinstance(part, (*FUNCTIONS, ast.ClassDef)):
        return [part.name]
    targets = part.targets if isinstance(part, ast.Assign) else [part.target] if isinstance(part, ast.AnnAssign) else []
    return [target.id for target in targets if isinstance(target, ast.Name)]


def is_bare_super(node: ast.stmt) -> bool:
    """`super().__init__()`, of what is based on nothing of the program."""
    called = node.value.func if isinstance(node, ast.Expr) and isinstance(node.value, ast.Call) else None
    of = called.value if isinstance(called, ast.Attribute) and called.attr == "__init__" else None
    if isinstance(of, ast.Call):
        return dotted(of.func) == "super"
    return of is not None and (dotted(of) or "").rpartition(".")[2] == "Module"
