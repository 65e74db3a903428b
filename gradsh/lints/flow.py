"""Where gradients get to, read off the text: the leaves that a value is made of, and where the way to one is cut.

Definitions are followed in the order of the text: what a loop brings from its last round is not looked at, since a
value that is cut from one round to the next (a hidden state, a running mean) is cut on purpose. What the text does not
tell makes a value unknown, and a lint silent.
"""

from __future__ import annotations

from collections.abc import Iterator

from gradsh.language import nodes
from gradsh.language.nodes import Expr, Node, Stmt, walk
from gradsh.lints.reading import Reading, Scope, Step

DEEP = 60  # definitions and calls that are followed
CUTTING = {"no_grad", "inference_mode"}  # blocks of what is not recorded
TENSORS = {"T", "mT", "H", "mH", "real"}  # attributes of a tensor that have its history


class Leaf:
    """A tensor with the grad flag, or a model with its parameters; `node` is the expression that makes it."""

    __slots__ = ("is_model", "name", "node")

    def __init__(self, node: Node, name: str, is_model: bool = False) -> None:
        self.node = node
        self.name = name
        self.is_model = is_model


class Cut:
    """A place at which values go on and their history does not: `node` is made of `base`; `word` says by what.

    `flat` when no gradient could pass there: integers, comparisons, steps. `leaves`: those behind it, none where the
    text does not tell whether there are any.
    """

    __slots__ = ("base", "flat", "leaves", "node", "place", "word")

    def __init__(self, node: Node, base: Expr | None, word: str, place: Place, leaves: dict[int, Leaf], flat: bool):
        self.node = node
        self.base = base
        self.word = word
        self.place = place
        self.leaves = leaves
        self.flat = flat

    @property
    def step(self) -> Step:
        return self.place.step


class Ways:
    """What a value is made of: leaves that gradients get to, cuts with those behind them, and whether that is all."""

    __slots__ = ("cuts", "known", "leaves")

    def __init__(self, leaves: dict[int, Leaf] | None = None, known: bool = True) -> None:
        self.leaves: dict[int, Leaf] = leaves if leaves is not None else {}
        self.cuts: list[Cut] = []
        self.known = known

    def add(self, other: Ways) -> None:
        self.leaves |= other.leaves
        self.cuts += [cut for cut in other.cuts if all(cut.node is not mine.node for mine in self.cuts)]
        self.known = self.known and other.known

    def behind(self) -> dict[int, Leaf]:
        """The leaves that gradients do not get to, though the value is made of them."""
        return {k: v for cut in self.cuts for k, v in cut.leaves.items() if k not in self.leaves}


class Place:
    """From where a name is looked up: a step of a scope, and in a call what the parameters are."""

    __slots__ = ("depth", "given", "scope", "step")

    def __init__(self, scope: Scope, step: Step, given: dict[str, Ways] | None = None, depth: int = 0) -> None:
        self.scope = scope
        self.step = step
        self.given = given
        self.depth = depth


class Root:
    """What a backward starts from: `loss` of `backward loss`, in a step of a scope; `call` is all of it."""

    __slots__ = ("call", "node", "place")

    def __init__(self, node: Expr, call: Node, place: Place) -> None:
        self.node = node
        self.call = call
        self.place = place


class Flow:
    """The ways of a program's values. `roots`: what its backwards start from, in the order of the text."""

    def __init__(self, reading: Reading) -> None:
        self.reading = reading
        self.program = next(scope for scope in reading.scopes if isinstance(scope.owner, nodes.Program))
        self.scope_of = {id(scope.owner): scope for scope in reading.scopes}
        self.defined: dict[str, Node] = {}
        for scope in reading.scopes:
            for step in scope.steps:
                statement = step.statement
                if isinstance(statement, nodes.Definition):
                    self.defined[statement.name] = statement
                elif isinstance(statement, nodes.Assign) and isinstance(statement.value, nodes.Lambda):
                    for name in statement.binds():
                        self.defined[name] = statement.value
        # the names of the parameters that a name in the expression of a function may be
        self.inside: dict[int, list[str]] = {}
        for node in walk(reading.tree):
            if isinstance(node, (nodes.Function, nodes.Lambda)) and isinstance(node.body, Expr):
                names = [parameter.name for parameter in node.parameters]
                for part in walk(node.body):
                    self.inside[id(part)] = [*self.inside.get(id(part), ()), *names]
        self.seen: dict[int, Ways] = {}
        self.roots = [root for scope in reading.scopes for root in self._roots(scope)]

    def _roots(self, scope: Scope) -> Iterator[Root]:
        for step in scope.steps:
            for part in self.reading.parts(step.statement):
                word, given = self.reading.called(part)
                if word == "backward" and given:
                    first = given[0]
                    items = first.items if isinstance(first, (nodes.ListExpr, nodes.TupleExpr)) else [first]
                    yield from (Root(item, part, Place(scope, step)) for item in items)

    def reached(self) -> dict[int, Leaf]:
        """The leaves that some backward of the program gets to."""
        found: dict[int, Leaf] = {}
        for root in self.roots:
            found |= self.ways(root.node, root.place).leaves
        return found

    def is_known(self) -> bool:
        """Does the text tell what all backwards start from?"""
        return not self.reading.uses and all(self.ways(root.node, root.place).known for root in self.roots)

    # --- values ---------------------------------------------------------------------------------------------------

    def ways(self, node: Node, place: Place) -> Ways:
        """What the value of an expression is made of."""
        if place.given is None and id(node) in self.seen:
            return self.seen[id(node)]
        if place.depth > DEEP:
            return Ways(known=False)
        place = Place(place.scope, place.step, place.given, place.depth + 1)
        found = self._of(node, place)
        if place.given is None:
            self.seen[id(node)] = found
        return found

    def _of(self, node: Node, place: Place) -> Ways:
        if isinstance(node, (nodes.Number, nodes.String, nodes.Constant, nodes.FString, nodes.Slice)):
            return Ways()
        if isinstance(node, nodes.Name):
            return self._name(node, place)
        if isinstance(node, (nodes.Call, nodes.Pipe)):
            return self._call(node, place)
        if isinstance(node, nodes.Attribute):
            return self._attribute(node, place)
        if isinstance(node, nodes.Compare):
            return self._cut(node, None, "comparison", self._all([node.left, node.right], place), place, flat=True)
        if isinstance(node, nodes.Index):
            return self.ways(node.value, place)
        if isinstance(node, (nodes.ListComp, nodes.SetComp, nodes.DictComp)):
            given = dict(place.given or {})
            for clause in node.clauses:
                over = self.ways(clause.iterable, place)
                given |= dict.fromkeys(clause.binds(), over)
            return self.ways(node.value, Place(place.scope, place.step, given, place.depth))
        parts: dict[type, tuple[str, ...]] = {
            nodes.Binary: ("left", "right"),
            nodes.Logical: ("left", "right"),
            nodes.Unary: ("operand",),
            nodes.Conditional: ("then", "otherwise"),
            nodes.Unpacked: ("value",),
        }
        if type(node) in parts:
            return self._all([getattr(node, field) for field in parts[type(node)]], place)
        if isinstance(node, (nodes.ListExpr, nodes.TupleExpr, nodes.SetExpr)):
            return self._all(node.items, place)
        if isinstance(node, nodes.DictExpr):
            return self._all([value for _, value in node.items], place)
        return Ways(known=False)

    def _all(self, parts: list[Expr], place: Place) -> Ways:
        found = Ways()
        for part in parts:
            found.add(self.ways(part, place))
        return found

    def _cut(self, node: Node, base: Expr | None, word: str, inside: Ways, place: Place, flat: bool = False) -> Ways:
        """The values of `inside` without their history. Cuts within the same expression become part of this one."""
        leaves = dict(inside.leaves)
        found = Ways()  # whatever went in, the result has no history
        for cut in inside.cuts:
            if node.start <= cut.node.start and cut.node.end <= node.end:
                leaves |= cut.leaves
                flat = flat or (cut.flat and not inside.leaves)
            else:
                found.cuts.append(cut)
        if leaves or not inside.known:
            found.cuts.append(Cut(node, base, word, place, leaves, flat))
        return found

    def _attribute(self, node: nodes.Attribute, place: Place) -> Ways:
        value = self.ways(node.value, place)
        if node.name == "data":
            return self._cut(node, node.value, "data", value, place)
        if node.name in TENSORS or self._is_model(node.value, place):
            return value
        return Ways()

    def names(self, node: Node, place: Place) -> set[str]:
        """The variables that a value is made of, by way of their definitions too."""
        found: set[str] = set()
        waiting = [(node, place.step)]
        while waiting:
            piece, step = waiting.pop()
            for part in walk(piece):
                if isinstance(part, nodes.Name) and part.name not in found:
                    found.add(part.name)
                    for made in self.reaching(part.name, Place(place.scope, step)):
                        value = getattr(made.statement, "value", None)
                        if isinstance(value, Node):
                            waiting.append((value, made))
        return found

    # --- texts ----------------------------------------------------------------------------------------------------

    def uncut(self, node: Node, place: Place) -> str:
        """The text of an expression or a statement in which gradients get through: `w * w` for `(w * w).item()`."""
        text, at, pieces = self.reading.source.text, node.start, []
        for part in self._outermost_cuts(node, place):
            pieces += [text[at : part.start], self._replaced(part, node, place)]
            at = part.end
        return "".join([*pieces, text[at : node.end]])

    def _outermost_cuts(self, node: Node, place: Place) -> Iterator[Expr]:
        end = -1
        for part in walk(node):
            if part.start < end or not isinstance(part, (nodes.Call, nodes.Attribute)) or not self._base_of(part):
                continue
            if any(cut.node is part and not cut.flat for cut in self.ways(part, place).cuts):
                end = part.end
                yield part

    def _base_of(self, node: Node) -> Expr | None:
        if isinstance(node, nodes.Attribute):
            return node.value if node.name == "data" else None
        _, given = self.reading.called(node)
        return given[0] if given else None

    def _replaced(self, part: Expr, whole: Node, place: Place) -> str:
        base = self._base_of(part)
        assert base is not None
        inner = self.uncut(base, place)
        if isinstance(base, nodes.ListExpr):
            return f"stack({inner})"
        loose = isinstance(base, (nodes.Binary, nodes.Unary, nodes.Conditional, nodes.Lambda)) and not base.grouped
        alone = part is whole or any(
            getattr(holder, "value", None) is part and isinstance(holder, (nodes.Argument, Stmt))
            for holder in walk(whole)
        )
        if alone and base.grouped:
            return inner[1:-1]
        return f"({inner})" if loose and not alone else inner

    # --- calls ----------------------------------------------------------------------------------------------------

    def _call(self, node: Expr, place: Place) -> Ways:
        word, given = self.reading.called(node)
        function = node.function if isinstance(node, nodes.Call) else getattr(node, "right", node)
        if isinstance(node, nodes.Call) and self.reading.flag(node) is not None:
            return Ways({id(node): Leaf(node, self._bound_to(node, place))})
        receiver = function.value if isinstance(function, nodes.Attribute) else None
        is_method = receiver is not None and id(function) not in self.reading.resolution.references
        if is_method and receiver is not None and self._is_model(receiver, place):
            return self._all(given, place)
        if not word:
            return self._own(function, given, place)
        signature = self.reading.builtins.lookup(word)
        if signature is not None and signature.model:
            return Ways({id(node): Leaf(node, self._bound_to(node, place), is_model=True)})
        facts = self.reading.facts(node)
        if facts is None:
            return Ways(known=False)
        if word == "requires_grad_" or facts.leaf:
            return Ways({id(node): Leaf(node, self._bound_to(node, place))})
        if facts.cuts or facts.flat:
            inside = self._all(given, place)
            return self._cut(node, given[0] if given else None, word, inside, place, flat=facts.flat)
        if facts.creates:
            return Ways()
        return self._all(given, place)

    def _is_model(self, node: Node, place: Place) -> bool:
        """Is it an instance of a model, or a part of one, and not what calling it gave?"""
        while isinstance(node, (nodes.Attribute, nodes.Index)):
            node = node.value
        if isinstance(node, nodes.Name):
            made = next(self.reaching(node.name, place), None) if place.step in place.scope.steps else None
            if made is None:
                made = next(iter(self.program.binding(node.name)), None)
            if made is None or not isinstance(made.statement, nodes.Assign):
                return False
            node = made.statement.value
        if not isinstance(node, nodes.Call):
            return False
        if isinstance(node.function, nodes.Name) and isinstance(self.defined.get(node.function.name), nodes.Model):
            return True
        signature = self.reading.builtins.lookup(self.reading.called(node)[0])
        return signature is not None and signature.model

    def _own(self, function: Node, given: list[Expr], place: Place) -> Ways:
        """A call of what the program defines: functions are followed, of an operator the inputs go through."""
        if isinstance(function, nodes.Name):
            name = function.name
            known = self.defined.get(name)
            if isinstance(known, nodes.Model):
                return Ways({id(function): Leaf(function, self._bound_to(function, place), is_model=True)})
            if isinstance(known, nodes.Op):
                return self._all(given, place)
            if isinstance(known, (nodes.Function, nodes.Lambda)):
                return self._followed(known, given, place)
        value = self.ways(function, place)
        if any(leaf.is_model for leaf in value.leaves.values()):
            value.add(self._all(given, place))
            return value
        return Ways(known=False)

    def _followed(self, function: nodes.Function | nodes.Lambda, given: list[Expr], place: Place) -> Ways:
        parameters = function.parameters
        if len(given) > len(parameters) or any(parameter.star for parameter in parameters):
            return Ways(known=False)
        values = {p.name: self.ways(value, place) for p, value in zip(parameters, given, strict=False)}
        values |= {parameter.name: Ways() for parameter in parameters[len(given) :]}
        if isinstance(function.body, Expr):
            return self.ways(function.body, Place(self.program, place.step, values, place.depth))
        scope = self.scope_of.get(id(function))
        found = Ways(known=scope is not None)
        for step in scope.steps if scope is not None else []:
            if isinstance(step.statement, nodes.Return) and step.statement.value is not None:
                found.add(self.ways(step.statement.value, Place(scope or self.program, step, values, place.depth)))
        return found

    def _bound_to(self, node: Node, place: Place) -> str:
        """The name of the variable that a statement binds to what this makes."""
        statement = place.step.statement
        if isinstance(statement, nodes.Assign) and isinstance(statement.target, nodes.Name):
            value = statement.value
            if value is node or (isinstance(value, nodes.Call) and value.function is node):
                return statement.target.name
        return ""

    # --- names ----------------------------------------------------------------------------------------------------

    def _name(self, node: nodes.Name, place: Place) -> Ways:
        name, scope = node.name, place.scope
        found = Ways()
        definitions = list(self.reaching(name, place)) if place.step in scope.steps else []
        if not definitions and place.given is not None and name in place.given:
            return place.given[name]
        if not definitions and (name in scope.parameters() or name in self.inside.get(id(node), ())):
            return Ways(known=False)
        if not definitions and scope.binding(name):
            return Ways(known=False)  # of the last round
        if not definitions and scope is not self.program:
            scope = self.program
            definitions = [step for step in scope.steps if name in _written(self.reading, step)]
        if any(name in own.binding_names() for own in self.reading.scopes if own not in (scope, self.program)) and (
            not definitions
        ):
            return Ways(known=False)  # a variable of a function around this one
        for step in definitions:
            found.add(self.definition(name, step, Place(scope, step, place.given, place.depth)))
        return found

    def definition(self, name: str, step: Step, place: Place) -> Ways:
        """What a statement makes of a name."""
        statement = step.statement
        if isinstance(statement, (nodes.Definition, nodes.Param)):
            return Ways()
        if flagged(self.reading, statement) == name:
            return Ways({id(statement): Leaf(statement, name)})
        if isinstance(statement, nodes.For):
            return self.ways(statement.iterable, place)
        if not isinstance(statement, (nodes.Assign, nodes.AugAssign)):
            word, given = self.reading.called(_only(statement))
            return self._all(given[1:], place) if word and not step.modes() & CUTTING else Ways()
        value: Expr = statement.value
        target = statement.target
        if isinstance(target, nodes.TupleExpr) and isinstance(value, nodes.TupleExpr):
            pairs = zip(target.items, value.items, strict=False)
            value = next((v for t, v in pairs if isinstance(t, nodes.Name) and t.name == name), value)
        found = self.ways(value, place)
        modes = step.modes() & CUTTING
        if not modes or not (found.leaves or found.cuts):
            return found
        if isinstance(statement, nodes.AugAssign) or not isinstance(target, (nodes.Name, nodes.TupleExpr)):
            return Ways()  # an update of what is there
        outer = next(outer for outer, _ in reversed(step.path) if getattr(outer.statement, "name", "") in modes)
        if any(leaf.is_model or leaf.node is value for leaf in found.leaves.values()):
            return found
        return self._cut(outer.statement, None, outer.statement.name, found, place)  # type: ignore[attr-defined]

    def reaching(self, name: str, place: Place) -> Iterator[Step]:
        """The statements whose definition of a name may hold at a step, the latest first."""
        use = place.step
        for step in reversed(place.scope.steps):
            if step.statement.start >= use.statement.start or step.excludes(use):
                continue
            how = _written(self.reading, step).get(name)
            if how is None or (use.within(step.statement) and not isinstance(step.statement, nodes.For)):
                continue
            yield step
            conditional = any(
                isinstance(outer.statement, (nodes.If, nodes.Try)) and not use.within(outer.statement)
                for outer, _ in step.path
            )
            if how == "binds" and not conditional:
                return


def flow_of(reading: Reading) -> Flow:
    """The flow of a program, made when a lint first asks."""
    flow = reading.known.get("flow")
    if not isinstance(flow, Flow):
        flow = reading.known["flow"] = Flow(reading)
    return flow


def _written(reading: Reading, step: Step) -> dict[str, str]:
    """The names that a statement binds ("binds"), or changes the value of ("adds")."""
    statement = step.statement
    found = dict.fromkeys(statement.binds(), "binds")
    target: Node | None = None
    if isinstance(statement, (nodes.AugAssign, nodes.Assign)):
        target = statement.target
    else:
        only = _only(statement)
        word, given = reading.called(only)
        if given and isinstance(only, nodes.Call) and isinstance(only.function, nodes.Attribute):
            if word == "requires_grad_":
                found |= dict.fromkeys(_base(given[0]), "binds")
            elif word.endswith("_") or word in ("append", "extend", "insert"):
                found |= dict.fromkeys(_base(given[0]), "adds")
        return found
    if isinstance(target, nodes.Attribute):
        how = "binds" if target.name == "requires_grad" else "adds"
        if target.name != "grad":
            found |= dict.fromkeys(_base(target.value), how)
    elif isinstance(target, nodes.Index) or isinstance(statement, nodes.AugAssign):
        found |= dict.fromkeys(_base(target), "adds")
    return found


def flagged(reading: Reading, statement: Stmt) -> str | None:
    """The variable whose grad flag a statement sets: `x.requires_grad = true`, `x.requires_grad_()`."""
    if isinstance(statement, nodes.Assign):
        target, value = statement.target, statement.value
        if not isinstance(target, nodes.Attribute) or target.name != "requires_grad":
            return None
        on = isinstance(value, nodes.Constant) and value.value is True
        return target.value.name if on and isinstance(target.value, nodes.Name) else None
    word, given = reading.called(_only(statement))
    if word != "requires_grad_" or not given or not isinstance(given[0], nodes.Name):
        return None
    off = len(given) > 1 and isinstance(given[1], nodes.Constant) and given[1].value is False
    return None if off else given[0].name


def _only(statement: Stmt) -> Node:
    return statement.value if isinstance(statement, nodes.ExprStmt) else statement


def _base(node: Node) -> list[str]:
    """The name of the variable that `x`, `x[0]`, `x.data` are parts of."""
    while isinstance(node, (nodes.Index, nodes.Attribute)):
        node = node.value
    return [node.name] if isinstance(node, nodes.Name) else []
