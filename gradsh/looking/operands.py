"""Which piece of the program each input of an operator is: the expression of a row, bound to a signature."""

from __future__ import annotations

from collections.abc import Mapping
from functools import lru_cache
from typing import Any

from gradsh.engine import catalogue
from gradsh.engine.core.tensor import Tensor
from gradsh.engine.operators.registry import OPERATORS
from gradsh.language import nodes
from gradsh.language.words import MODULES, NAMESPACES
from gradsh.looking.past import fragment
from gradsh.looking.rows import Row
from gradsh.runtime import library


class Operands:
    """An operator's entry, and for its parameters the texts and the trees of what was written for them."""

    __slots__ = ("entry", "texts", "trees")

    def __init__(self, entry: Any) -> None:
        self.entry = entry
        self.texts: dict[str, str] = {}
        self.trees: dict[str, nodes.Node] = {}

    def bind(self, text: str, given: list[nodes.Node], named: Mapping[str, nodes.Node]) -> None:
        parameters = self.entry.signature.parameters
        names = [p.name for p in parameters]
        for at, tree in enumerate(given):
            if at < len(names):
                self.trees[names[at]] = tree
        self.trees |= {name: tree for name, tree in named.items() if name in names}
        self.texts = {name: _text(text, tree) for name, tree in self.trees.items()}


def _text(text: str, tree: nodes.Node) -> str:
    piece = " ".join(text[tree.start : tree.end].split())
    return piece[1:-1] if getattr(tree, "grouped", False) and piece.startswith("(") else piece


def operands(row: Row, variables: Mapping[str, Any]) -> Operands | None:
    """What the expression of a row calls, and with what; None where that is no operator of the registry.

    Of a row that belongs to a gradient it is the expression that was differentiated.
    """
    if row.layer:
        return _layer(row)
    tree = fragment(row.text)
    kind = _kind(row)
    if isinstance(tree, nodes.Binary):
        single = (row.derived is not None or len(row.nodes) == 1) and tree.op != "@"
        entry = OPERATORS.get(kind) if single else _of_symbol(tree.op)
        return _bound(entry, row.text, [tree.left, tree.right], {})
    if isinstance(tree, nodes.AugAssign):
        return _bound(OPERATORS.get(kind), row.text, [tree.target, tree.value], {})
    if isinstance(tree, nodes.Unary):
        return _bound(OPERATORS.get(kind), row.text, [tree.operand], {})
    if isinstance(tree, (nodes.Index, nodes.Attribute)):
        return _bound(OPERATORS.get(kind), row.text, [tree.value], {})
    if isinstance(tree, nodes.Pipe):
        right = tree.right
        call = right if isinstance(right, nodes.Call) else None
        function = right.function if isinstance(right, nodes.Call) else right
        return _called(row, function, [tree.left], call.arguments if call is not None else [], variables)
    if isinstance(tree, nodes.Call):
        return _called(row, tree.function, [], tree.arguments, variables)
    return None


def _kind(row: Row) -> str:
    """The registry's name of what made the result."""
    return (row.derived or row.nodes[0]).kind.operator


# what Python calls the methods of the symbols
METHODS = {"+": "add", "-": "sub", "*": "mul", "/": "truediv", "//": "floordiv", "%": "mod", "**": "pow", "@": "matmul"}


def _of_symbol(symbol: str) -> Any:
    """The operator that a symbol stands for."""
    method = getattr(Tensor, f"__{METHODS.get(symbol, '')}__", None)
    return catalogue.operator(getattr(method, "__name__", "").removeprefix("operator_"))


def _bound(entry: Any, text: str, given: list[nodes.Node], named: Mapping[str, nodes.Node]) -> Operands | None:
    if entry is None:
        return None
    found = Operands(entry)
    found.bind(text, given, named)
    return found


def _called(
    row: Row, function: nodes.Node, first: list[nodes.Node], arguments: list[nodes.Argument], variables: Any
) -> Operands | None:
    name = ""
    if isinstance(function, nodes.Name):
        name = function.name if function.name not in variables or not _users(variables[function.name]) else ""
    elif isinstance(function, nodes.Attribute):
        base = _dotted(function.value)
        if base in NAMESPACES:
            name = f"{base}.{function.name}"
        else:
            name = function.name
            if base not in MODULES:
                first = [*first, function.value]
    entry = catalogue.operator(name.removesuffix("_")) if name else None
    if entry is None:
        entry = OPERATORS.get(_kind(row))
    if entry is None:
        return None
    flags = {p.name for p in entry.signature.parameters if p.is_flag}
    given, named = list(first), {}
    for argument in arguments:
        value = argument.value
        if argument.name is not None:
            named[argument.name] = value
        elif isinstance(value, nodes.Name) and value.name in flags and value.name not in variables:
            named[value.name] = nodes.Constant(value.start, value.end, True)
        elif argument.star:
            return None
        else:
            given.append(value)
    if entry.signature.parameters and entry.signature.parameters[0].kind == "rest":
        given = [nodes.ListExpr(given[0].start, given[-1].end, given)] if given else []  # type: ignore[arg-type]  # trees
    return _bound(entry, row.text, given, named)


def _users(value: Any) -> bool:
    """Is it a function of the program (and no built-in that it uses)?"""
    from types import FunctionType

    from gradsh.engine.core.users import is_users

    return isinstance(value, FunctionType) and is_users(value)


def _dotted(node: nodes.Node) -> str:
    if isinstance(node, nodes.Name):
        return node.name
    if isinstance(node, nodes.Attribute):
        base = _dotted(node.value)
        return f"{base}.{node.name}" if base else ""
    return ""


@lru_cache(maxsize=200)
def _forward(layer: str) -> str:
    """The expression that the `forward` of a layer is; the file that has it is read once."""
    return library.described(layer).forward


def _layer(row: Row) -> Operands | None:
    """A layer that is one operator: that, with the layer's own names and what the program gave it."""
    if not library.has(row.layer):
        return None
    forward = fragment(_forward(row.layer))
    if not isinstance(forward, nodes.Call) or not isinstance(forward.function, (nodes.Name, nodes.Attribute)):
        return None
    entry = catalogue.operator(forward.function.name)
    if entry is None:
        return None
    found = Operands(entry)
    tree = fragment(row.text)
    given = [a.value for a in tree.arguments if a.name is None] if isinstance(tree, nodes.Call) else []
    if isinstance(tree, nodes.Pipe):
        given = [tree.left]
    for p, argument in zip(entry.signature.parameters, forward.arguments, strict=False):
        value = argument.value
        if not isinstance(value, nodes.Name):
            continue
        if value.name == "input" and given:
            found.trees[p.name] = given[0]
            found.texts[p.name] = _text(row.text, given[0])
        elif value.name != "input":
            found.texts[p.name] = value.name
    return found
