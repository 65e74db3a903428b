"""W0513: an optimiser that holds the parameters of a model whose name is another's by now."""

from __future__ import annotations

from collections.abc import Iterator

from gradsh.errors import WarningRecord
from gradsh.language import nodes
from gradsh.language.nodes import walk
from gradsh.lints.reading import Reading, Scope, Step
from gradsh.lints.registry import lint

EXAMPLE = """\
let net = Linear(2, 1)
let opt = SGD(net.parameters(), lr=0.1)
net = Linear(2, 1)
repeat 5 {
    zero_grad opt
    backward net(ones(3, 2)).mean()
    step opt
}"""


@lint(
    "W0513",
    summary="An optimiser made for a model that another one has replaced.",
    happened=(
        "An optimiser holds the tensors that it was given, not the name that they were had from. When the name gets "
        "another model, the optimiser still has the parameters of the first: the new ones get gradients, and no step."
    ),
    example=EXAMPLE,
    cure=EXAMPLE.replace(
        "net = Linear(2, 1)\nrepeat", "net = Linear(2, 1)\nopt = SGD(net.parameters(), lr=0.1)\nrepeat"
    ),
    see="`help SGD`, W0501",
)
def optimiser_of_another(reading: Reading) -> Iterator[WarningRecord]:
    """`net = Net()` between `let opt = SGD(net.parameters())` and a step of it."""
    for scope in reading.scopes:
        for made in scope.steps:
            statement = made.statement
            if not isinstance(statement, nodes.Assign) or not isinstance(statement.target, nodes.Name):
                continue
            held = _model(reading, statement.value)
            if held is None:
                continue
            opt, net = statement.target.name, held.name
            again = _replaced(scope, net, made)
            if again is None or len(scope.binding(opt)) != 1:
                continue
            stepped = [step for step, given in scope.calls.get("step", []) if _is(given, opt) and _after(step, again)]
            used = any(_calls(reading, step, net) and _after(step, again) for step in scope.steps)
            if not stepped or not used or _kept(scope, net, made, again):
                continue
            new = f"{reading.text(again.statement)}; {opt} = {reading.text(statement.value)}"
            yield reading.warning(
                again.statement,
                f"`{opt}` holds the parameters of the `{net}` before this: the new ones get no step",
                f"`{net}` is another model since here",
                [
                    (reading.span(statement.value), f"made for the `{net}` of this line"),
                    (reading.span(stepped[0].statement), "changes the parameters that nobody uses"),
                ],
                f"`{new}`" if "\n" not in new and "#" not in new else None,
            )


def _model(reading: Reading, value: nodes.Expr) -> nodes.Name | None:
    """The `net` of `SGD(net.parameters(), …)`, where that is all that it holds."""
    if not reading.takes(value, "params") or not isinstance(value, nodes.Call) or not value.arguments:
        return None
    given = value.arguments[0].value
    function = given.function if isinstance(given, nodes.Call) else None
    if not isinstance(function, nodes.Attribute) or function.name != "parameters":
        return None
    return function.value if isinstance(function.value, nodes.Name) else None


def _replaced(scope: Scope, net: str, made: Step) -> Step | None:
    """The one statement after it that gives the name to something that is called into being, `Net(…)`."""
    later = [step for step in scope.binding(net) if step.statement.start > made.statement.start]
    statement = later[0].statement if len(later) == 1 else None
    value = statement.value if isinstance(statement, nodes.Assign) else None
    if (
        value is None
        or not isinstance(value, nodes.Call)
        or not isinstance(value.function, (nodes.Name, nodes.Attribute))
    ):
        return None
    mentioned = any(isinstance(node, nodes.Name) and node.name == net for node in walk(value))
    return None if mentioned or not value.function.name[:1].isupper() else later[0]


def _after(step: Step, again: Step) -> bool:
    return step.statement.start > again.statement.start


def _is(given: list[nodes.Expr], name: str) -> bool:
    return bool(given) and isinstance(given[0], nodes.Name) and given[0].name == name


def _calls(reading: Reading, step: Step, net: str) -> bool:
    """Is the model called there, or given away to what may call it?"""
    return any(
        isinstance(part, nodes.Call) and isinstance(part.function, nodes.Name) and part.function.name == net
        for part in reading.parts(step.statement)
    )


def _kept(scope: Scope, net: str, made: Step, again: Step) -> bool:
    """Has the first model another name, so that its parameters may still be meant: `let old = net`, `[net, …]`?"""
    for step in scope.steps:
        if not step.statement.start < again.statement.start or step.statement is made.statement:
            continue
        value = getattr(step.statement, "value", None)
        if isinstance(value, (nodes.Name, nodes.ListExpr, nodes.TupleExpr)) and any(
            isinstance(node, nodes.Name) and node.name == net for node in walk(value)
        ):
            return True
    return False
