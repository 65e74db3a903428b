"""What an expression is made of: the variables that it reads, and what cuts their history off on the way."""

from __future__ import annotations

from collections.abc import Iterator

from gradsh.engine import catalogue
from gradsh.engine.core.dtypes import NAMES
from gradsh.language import nodes
from gradsh.runtime import python

HISTORY, NUMBER, INTEGERS, GRADIENT = "history", "number", "integers", "gradient"


class Cut:
    """A part of an expression that gives the values of `base` without their history.

    `kind`: HISTORY (`detach`), NUMBER (`item`), INTEGERS (`argmax`, a comparison, whatever else has no derivative),
    GRADIENT (`.grad`). `word` is what does it, as it is written.
    """

    __slots__ = ("base", "kind", "node", "word")

    def __init__(self, node: nodes.Expr, base: nodes.Expr, word: str, kind: str) -> None:
        self.node = node
        self.base = base
        self.word = word
        self.kind = kind

    def __str__(self) -> str:
        """What it does, in a few words."""
        if self.kind == NUMBER:
            one = self.word == "item" or self.word in python.OWN
            return f"`{self.word}` gives {'a plain number' if one else 'plain values'}, without history"
        if self.kind == GRADIENT:
            return "a gradient has no history of its own"
        if self.kind == HISTORY:
            return f"`{self.word}` gives the values without their history"
        if isinstance(self.node, nodes.Compare):
            return f"`{self.word}` gives true or false: no gradient passes"
        if self.word in NAMES or self.word.startswith("arg"):
            return f"`{self.word}` gives integers: no gradient passes"
        return f"no gradient passes through `{self.word}`"


class Read:
    """A variable that an expression reads, and through which cuts, the outermost first.

    `path` leads from the name to what is read: attributes of models, elements of lists. `call` is set where it is
    called, a function or a model; `given_to` where it is, or is in, an argument of that call.
    """

    __slots__ = ("call", "cuts", "given_to", "name", "path")

    def __init__(self, name: nodes.Name, path: list[nodes.Expr], cuts: tuple[Cut, ...]) -> None:
        self.name = name
        self.path = path
        self.cuts = cuts
        self.call: nodes.Call | None = None
        self.given_to: nodes.Call | None = None


def reads(node: nodes.Node, cuts: tuple[Cut, ...] = ()) -> Iterator[Read]:
    """All variables that flow into the value of an expression, in the order of the text."""
    if isinstance(node, nodes.Name):
        yield Read(node, [], cuts)
    elif isinstance(node, nodes.Attribute):
        yield from _attribute(node, cuts)
    elif isinstance(node, nodes.Index):
        yield from _chain(node, node.value, cuts)
    elif isinstance(node, nodes.Call):
        yield from _call(node, cuts)
    elif isinstance(node, nodes.Compare):
        for side in (node.left, node.right):
            yield from reads(side, (*cuts, Cut(node, side, node.op, INTEGERS)))
    elif isinstance(node, nodes.Pipe):
        yield from reads(node.left, cuts)
        if isinstance(node.right, nodes.Call):
            yield from _arguments(node.right, cuts)
        else:
            yield from reads(node.right, cuts)
    elif isinstance(node, (nodes.ListComp, nodes.SetComp, nodes.DictComp)):
        bound = {name for clause in node.clauses for name in nodes.target_names(clause.target)}
        for part in (node.value, *(clause.iterable for clause in node.clauses)):
            yield from (read for read in reads(part, cuts) if read.name.name not in bound)
    elif isinstance(node, nodes.Lambda):
        bound = {parameter.name for parameter in node.parameters}
        body = node.body if isinstance(node.body, nodes.Expr) else None
        if body is not None:
            yield from (read for read in reads(body, cuts) if read.name.name not in bound)
    else:
        yield from _others(node, cuts)


def _others(node: nodes.Node, cuts: tuple[Cut, ...]) -> Iterator[Read]:
    """Operators, lists and the like: everything in them flows."""
    for field in node.fields[2:]:
        held = getattr(node, field)
        for item in held if isinstance(held, list) else [held]:
            for part in item if isinstance(item, tuple) else [item]:
                if isinstance(part, nodes.Node):
                    yield from reads(part, cuts)


def _attribute(node: nodes.Attribute, cuts: tuple[Cut, ...]) -> Iterator[Read]:
    if node.name == "data":
        yield from reads(node.value, (*cuts, Cut(node, node.value, "data", HISTORY)))
    elif node.name == "grad":
        yield from reads(node.value, (*cuts, Cut(node, node.value, "grad", GRADIENT)))
    elif node.name in _NO_VALUES:
        yield from reads(node.value, (*cuts, Cut(node, node.value, node.name, INTEGERS)))
    else:
        yield from _chain(node, node.value, cuts)


_NO_VALUES = frozenset({"shape", "ndim", "dtype", "requires_grad", "is_leaf", "grad_fn", "_version"})


def _chain(node: nodes.Expr, value: nodes.Expr, cuts: tuple[Cut, ...]) -> Iterator[Read]:
    """`net.fc1.weight`, `ws[0]`: one variable with a path, or what flows into the value before it."""
    path: list[nodes.Expr] = [node]
    while isinstance(value, (nodes.Attribute, nodes.Index)) and not (
        isinstance(value, nodes.Attribute) and value.name in ("data", "grad")
    ):
        path.append(value)
        value = value.value
    if isinstance(value, nodes.Name):
        yield Read(value, path[::-1], cuts)
    else:
        yield from reads(value, cuts)


def _arguments(node: nodes.Call, cuts: tuple[Cut, ...]) -> Iterator[Read]:
    for argument in node.arguments:
        for read in reads(argument.value, cuts):
            read.given_to = read.given_to or node
            yield read


def _call(node: nodes.Call, cuts: tuple[Cut, ...]) -> Iterator[Read]:
    function = node.function
    named = isinstance(function, (nodes.Attribute, nodes.Name))
    method = isinstance(function, nodes.Attribute)
    kind = how_it_cuts(function.name, node, method=method) if named else ""  # type: ignore[attr-defined]  # it is named
    if kind and method:
        assert isinstance(function, nodes.Attribute)
        yield from reads(function.value, (*cuts, Cut(node, function.value, function.name, kind)))
    elif kind and node.arguments:
        assert isinstance(function, nodes.Name)
        base = node.arguments[0].value
        yield from reads(base, (*cuts, Cut(node, base, function.name, kind)))
    else:
        if not named or catalogue.operator(function.name) is None:  # type: ignore[attr-defined]  # likewise
            for read in reads(function, cuts):  # a model, or a function of the program's own
                read.call = read.call or node
                yield read
        elif method:
            assert isinstance(function, nodes.Attribute)
            yield from reads(function.value, cuts)
        yield from _arguments(node, cuts)


def how_it_cuts(name: str, call: nodes.Call | None = None, method: bool = False) -> str:
    """The kind of cut that a built-in is: HISTORY, NUMBER, INTEGERS; "" for one that lets gradients pass."""
    entry = catalogue.operator(name)
    own = python.OWN.get(name)
    if isinstance(own, python.ConverterDType) and not method:
        return NUMBER
    if entry is None:
        return ""
    if entry.cuts:
        return NUMBER if entry.method and not entry.differentiable else HISTORY
    if name in NAMES and NAMES[name].np.kind != "f":
        return INTEGERS
    if name in ("to", "type") and call is not None and any(_names_integers(a.value) for a in call.arguments):
        return INTEGERS
    return INTEGERS if entry.method and not entry.differentiable else ""


def _names_integers(node: nodes.Expr) -> bool:
    return isinstance(node, nodes.Name) and node.name in NAMES and NAMES[node.name].np.kind != "f"


def creates(function: nodes.Node) -> bool:
    """Is this the name of a built-in that takes the grad flag?"""
    while isinstance(function, nodes.Attribute):
        function = nodes.Name(0, 0, function.name)
    known = catalogue.table().signatures.get(function.name) if isinstance(function, nodes.Name) else None
    return known is not None and any(parameter[0] == "requires_grad" for parameter in known[0])


def makes(name: str) -> bool:
    """Is this a built-in that makes tensors of something else, such as a file?"""
    entry = catalogue.operator(name)
    return entry is not None and not entry.method and not entry.differentiable
