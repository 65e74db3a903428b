"""Which scope of a program each of its names belongs to, and what is bound to it there."""

from __future__ import annotations

from gradsh.language import nodes
from gradsh.language.nodes import Expr, Node, Parameter, Stmt
from gradsh.language.operators import saved_by

GLOBAL, FUNCTION, MODEL, COMPREHENSION = "global", "function", "model", "comprehension"
# what a name is bound to: an expression, a definition, a parameter; a str is the kind that is known; None is anything
Bound = Node | str | None


class Place:
    """A scope; `values` has, by name, all that is bound to it."""

    __slots__ = ("kind", "node", "parent", "values")

    def __init__(self, kind: str, parent: Place | None, node: Node) -> None:
        self.kind = kind
        self.parent = parent
        self.node = node
        self.values: dict[str, list[Bound]] = {}

    def find(self, name: str) -> Place | None:
        place: Place | None = self
        while place is not None and name not in place.values:
            place = place.parent
        return place


class Names:
    """`owner`: the scope of each name, and of each definition, by the id of its node."""

    def __init__(self, program: nodes.Program) -> None:
        self.owner: dict[int, Place] = {}
        self.scopes: dict[int, Place] = {}  # of a node with a scope of its own
        self.calls: list[nodes.Call] = []
        self.top = Place(GLOBAL, None, program)
        self.collect(program.body, self.top)
        self.visit(program.body, self.top)
        self.used = {name for place in (self.top, *self.scopes.values()) for name in place.values}

    # --- what is bound -------------------------------------------------------------------------------------------

    def collect(self, body: list[Stmt], place: Place) -> None:
        """Enter what statements bind in a scope, those in their blocks too."""
        stack = [*reversed(body)]
        while stack:
            statement = stack.pop()
            for name, value in bindings(statement):
                place.values.setdefault(name, []).append(value)
            for block in reversed(statement.blocks()):
                stack.extend(reversed(block))

    def inside(self, kind: str, parent: Place, node: Node, parameters: list[Parameter]) -> Place:
        place = self.scopes[id(node)] = Place(kind, parent, node)
        for parameter in parameters:
            if parameter.default is not None:
                self.visit(parameter.default, parent)
            place.values.setdefault(parameter.name, []).append(parameter)
        return place

    # --- the walk ------------------------------------------------------------------------------------------------

    def visit(self, piece: object, place: Place) -> None:
        stack = [piece]
        while stack:
            item = stack.pop()
            if isinstance(item, (list, tuple)):
                stack.extend(reversed(item))
            elif isinstance(item, Node):
                if isinstance(item, (nodes.Name, nodes.Definition)):
                    found = place.find(item.name)
                    if found is not None:
                        self.owner[id(item)] = found
                if isinstance(item, nodes.Call):
                    self.calls.append(item)
                if not self.enters(item, place):
                    stack.extend(getattr(item, name) for name in reversed(item.fields[2:]))

    def enters(self, node: Node, place: Place) -> bool:
        """Walk what has a scope of its own, if it does."""
        if isinstance(node, (nodes.Function, nodes.Lambda)):
            inner = self.inside(FUNCTION, place, node, node.parameters)
            if isinstance(node.body, list):
                self.collect(node.body, inner)
            self.visit(node.body, inner)
        elif isinstance(node, nodes.Model):
            inner = self.inside(MODEL, place, node, node.parameters)
            self.collect(node.body, inner)
            self.visit(node.body, inner)
        elif isinstance(node, nodes.Op):
            forward = self.inside(FUNCTION, place, node, node.parameters)
            self.collect(node.forward, forward)
            self.visit(node.forward, forward)
            backward = self.scopes[id(node.backward)] = Place(FUNCTION, place, node)
            for parameter in node.gradients:
                backward.values[parameter.name] = ["tensor"]
            for name, kept in saved(node.forward):
                backward.values[name] = [kept]
            self.collect(node.backward, backward)
            self.visit(node.backward, backward)
        elif isinstance(node, (nodes.ListComp, nodes.SetComp, nodes.DictComp)):
            inner = self.scopes[id(node)] = Place(COMPREHENSION, place, node)
            for clause in node.clauses:
                for name, value in targets(clause.target, clause.iterable, one=True):
                    inner.values.setdefault(name, []).append(value)
            self.visit(node.clauses[0].iterable, place)
            for number, clause in enumerate(node.clauses):
                self.visit([clause.target, clause.conditions], inner)
                if number:
                    self.visit(clause.iterable, inner)
            self.visit([node.key, node.value] if isinstance(node, nodes.DictComp) else node.value, inner)
        else:
            return False
        return True


def saved(body: list[Stmt]) -> list[tuple[str, Expr]]:
    """The names that the forward of an op saves, and what."""
    found: list[tuple[str, Expr]] = []
    stack = [*reversed(body)]
    while stack:
        statement = stack.pop()
        for argument in saved_by(statement):
            name = argument.name or (argument.value.name if isinstance(argument.value, nodes.Name) else "")
            found.append((name, argument.value))
        for block in reversed(statement.blocks()):
            stack.extend(reversed(block))
    return found


def bindings(statement: Stmt) -> list[tuple[str, Bound]]:
    """The names that a statement binds, each with what."""
    if isinstance(statement, nodes.Assign):
        return targets(statement.target, statement.value)
    if isinstance(statement, nodes.Chain):
        others = statement.others.items if isinstance(statement.others, nodes.TupleExpr) else [statement.others]
        return [pair for each in (statement.target, *others) for pair in targets(each, statement.value)]
    if isinstance(statement, nodes.For):
        return targets(statement.target, statement.iterable, one=True)
    if isinstance(statement, nodes.Definition):
        return [(statement.name, statement)]
    if isinstance(statement, nodes.Try) and statement.name is not None:
        return [(statement.name, "string")]
    if isinstance(statement, nodes.Param):
        return [(statement.name, statement.value)]
    found: list[tuple[str, Bound]] = [(name, None) for name in statement.binds()]
    return found + [(a.name, a.value) for a in saved_by(statement) if a.name is not None]


def targets(target: Expr, value: Expr, one: bool = False) -> list[tuple[str, Bound]]:
    """The names of a target with what they get of a value; `one`: of its items."""
    if isinstance(target, nodes.Name):
        return [(target.name, item_of(value) if one else value)]
    items = value.items if isinstance(value, (nodes.TupleExpr, nodes.ListExpr)) and not one else []
    inner = target.items if isinstance(target, (nodes.TupleExpr, nodes.ListExpr)) else []
    if inner and len(items) == len(inner) and not any(isinstance(item, nodes.Unpacked) for item in (*items, *inner)):
        return [pair for each, given in zip(inner, items, strict=True) for pair in targets(each, given)]
    counted = one and isinstance(value, nodes.Call) and is_word(value.function, "enumerate")
    names = nodes.target_names(target)
    return [(name, "number" if counted and n == 0 and len(names) > 1 else None) for n, name in enumerate(names)]


def item_of(value: Expr) -> Bound:
    """What the items of a value are, where the text tells."""
    if isinstance(value, nodes.Call) and is_word(value.function, "range"):
        return "number"
    items = value.items if isinstance(value, (nodes.ListExpr, nodes.TupleExpr)) else []
    plain = all(isinstance(item, (nodes.Number, nodes.String)) for item in items)
    return items[0] if items and plain else None


def is_word(function: Expr, word: str) -> bool:
    return isinstance(function, nodes.Name) and function.name == word
