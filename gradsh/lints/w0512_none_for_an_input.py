"""W0512: an operator of the program's own that gives no gradient for an input that wants one."""

from __future__ import annotations

from collections.abc import Iterator

from gradsh.errors import WarningRecord
from gradsh.language import calculus, nodes
from gradsh.language.nodes import Expr, walk
from gradsh.lints.flow import Leaf, Place, Ways, flow_of
from gradsh.lints.reading import Reading, Scope, Step
from gradsh.lints.registry import lint

EXAMPLE = """\
op power(a, b) {
    save_for_backward a, b
    return a ** b
} backward(g) {
    return g * b * a ** (b - 1), none
}
let x = tensor(5.0, grad)
let q = tensor(3.0, grad)
backward power(x, q)
print q.grad"""


@lint(
    "W0512",
    summary="A backward that gives `none` for an input on which the result depends, and that wants a gradient.",
    happened=(
        "`none` in a backward says that the result does not depend on that input. Here it does, and what is given "
        "there wants a gradient: it gets none, without a word."
    ),
    example=EXAMPLE,
    cure=EXAMPLE.replace(", none", ", g * a ** b * log(a)"),
    see="`help op`, `help gradcheck`, E0413",
)
def none_for_an_input(reading: Reading) -> Iterator[WarningRecord]:
    """`return ga, none`, where the operator is called with a tensor that has the flag in that place."""
    for node in walk(reading.tree):
        if not isinstance(node, nodes.Op):
            continue
        forward, backward = _returned(reading, node, 0), _returned(reading, node, 1)
        if forward is None or backward is None:
            continue
        result = backward[1]
        items = result.items if isinstance(result, nodes.TupleExpr) else [result]
        for parameter, item in zip(node.parameters, items, strict=False):
            if not isinstance(item, nodes.Constant) or item.value is not None:
                continue
            wants = _wanting(reading, node, parameter.name)
            if wants is not None and _depends(reading, forward, parameter.name):
                yield _warning(reading, node, parameter.name, item, forward, backward, wants)


def _returned(reading: Reading, node: nodes.Op, number: int) -> tuple[Place, Expr] | None:
    """What the forward (0) or the backward (1) returns, where that is one expression."""
    scopes = [scope for scope in reading.scopes if scope.owner is node]
    if len(scopes) != 2:
        return None
    scope = scopes[number]
    found = [step for step in scope.steps if isinstance(step.statement, nodes.Return)]
    value = found[0].statement.value if len(found) == 1 and isinstance(found[0].statement, nodes.Return) else None
    return (Place(scope, found[0]), value) if value is not None else None


def _wanting(reading: Reading, op: nodes.Op, parameter: str) -> Expr | None:
    """What the program gives for the parameter, where that has a leaf behind it."""
    names = [each.name for each in op.parameters]
    for scope in reading.scopes:
        for step in scope.steps:
            for part in reading.parts(step.statement):
                given = _given(reading, part, op.name)
                at = names.index(parameter)
                if given is not None and at < len(given) and _has_leaf(reading, given[at], scope, step):
                    return given[at]
    return None


def _given(reading: Reading, node: nodes.Node, name: str) -> list[Expr] | None:
    """The arguments of a call of the operator; also of `gradcheck(op, (x, y))`."""
    word, given = reading.called(node)
    if word == "gradcheck" and len(given) >= 2 and isinstance(given[0], nodes.Name) and given[0].name == name:
        return given[1].items if isinstance(given[1], (nodes.TupleExpr, nodes.ListExpr)) else [given[1]]
    if isinstance(node, nodes.Call) and isinstance(node.function, nodes.Name) and node.function.name == name:
        return [argument.value for argument in node.arguments]
    return None


def _has_leaf(reading: Reading, value: Expr, scope: Scope, step: Step) -> bool:
    return bool(flow_of(reading).ways(value, Place(scope, step)).leaves)


def _depends(reading: Reading, forward: tuple[Place, Expr], parameter: str) -> bool:
    """Does the result change smoothly with the parameter?"""
    place, value = forward
    marker = Leaf(value, parameter)
    given = {name: Ways() for name in place.scope.parameters()} | {parameter: Ways({id(marker): marker})}
    ways = flow_of(reading).ways(value, Place(place.scope, place.step, given))
    return ways.known and id(marker) in ways.leaves


def _warning(
    reading: Reading,
    op: nodes.Op,
    parameter: str,
    item: Expr,
    forward: tuple[Place, Expr],
    backward: tuple[Place, Expr],
    wants: Expr,
) -> WarningRecord:
    at = next(p for p in op.parameters if p.name == parameter)
    missing = _missing(reading, op, parameter, forward, backward)
    return reading.warning(
        item,
        f"`{op.name}` depends on `{parameter}`, and gives no gradient for it: `{reading.text(wants)}` gets none",
        f"for `{parameter}`",
        [
            (reading.between(at.start, at.end), "goes into the result"),
            (reading.span(forward[1]), f"depends on `{parameter}`"),
            (reading.span(wants), "wants a gradient"),
        ],
        f"`{missing}`" if missing is not None else None,
    )


def _missing(
    reading: Reading, op: nodes.Op, parameter: str, forward: tuple[Place, Expr], backward: tuple[Place, Expr]
) -> str | None:
    """The formula for the parameter, in what the backward knows: the gradient that comes in, and what is saved."""
    place, value = forward
    incoming = calculus.name(op.gradients[0].name)

    def formulas(word: str) -> tuple[str, list[str]] | None:
        facts, signature = reading.builtins.facts(word), reading.builtins.lookup(word)
        return (facts.formula, [p.name for p in signature.parameters]) if facts and signature else None

    try:
        whole = calculus.substituted(value, _locals(place))
        found = calculus.gradients(whole, incoming, formulas, reading.called)
        text = calculus.written(found[parameter])
    except (calculus.NoFormula, KeyError):
        return None
    saved = {
        given.name
        for _, values in place.scope.calls.get("save_for_backward", [])
        for given in walk(values)
        if isinstance(given, nodes.Name)
    }
    used = {part.name for part in walk(found[parameter]) if isinstance(part, nodes.Name)} - {op.gradients[0].name}
    known = saved | set(backward[0].scope.binding_names())
    return text if all(name in known or reading.builtins.lookup(name) is not None for name in used) else None


def _locals(place: Place) -> dict[str, Expr]:
    """What the names in a forward stand for."""
    found: dict[str, Expr] = {}
    for step in place.scope.steps:
        made = step.statement
        if isinstance(made, nodes.Assign) and isinstance(made.target, nodes.Name):
            found[made.target.name] = calculus.substituted(made.value, found)
    return found
