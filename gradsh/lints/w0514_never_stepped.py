"""W0514: an optimiser that is cleared in every round and never takes a step."""

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
repeat 5 {
    zero_grad opt
    let loss = net(ones(3, 2)).pow(2).mean()
    backward loss
}"""


@lint(
    "W0514",
    summary="A loop that computes gradients for an optimiser which never steps.",
    happened=(
        "`backward` computes gradients and changes no parameter: that is what `step` does. Without one every round "
        "has the same loss."
    ),
    example=EXAMPLE,
    cure=EXAMPLE.replace("    backward loss\n", "    backward loss\n    step opt\n"),
    see="`help step`, W0501",
)
def never_stepped(reading: Reading) -> Iterator[WarningRecord]:
    """`zero_grad opt` and a `backward` in a loop, and nothing else that is done with `opt`."""
    for scope in reading.scopes:
        for made in scope.steps:
            statement = made.statement
            if not isinstance(statement, nodes.Assign) or not isinstance(statement.target, nodes.Name):
                continue
            opt = statement.target.name
            if not reading.takes(statement.value, "params") or len(scope.binding(opt)) != 1:
                continue
            clearing = [step for step, given in scope.calls.get("zero_grad", []) if _is(given, opt)]
            mentioned = sum(isinstance(node, nodes.Name) and node.name == opt for node in walk(reading.tree))
            if not clearing or mentioned != 1 + len(clearing):  # the one is where it is made
                continue
            root = _backward_beside(scope, clearing[0])
            if root is None or root.statement.blocks() or "\n" in reading.text(root.statement):
                continue
            yield reading.warning(
                root.statement,
                f"`{opt}` never steps: the parameters stay as they are",
                "computes gradients",
                [
                    (reading.span(statement.value), "takes no step anywhere"),
                    (reading.span(clearing[0].statement), "clears them unused"),
                ],
                f"`{reading.text(root.statement)}; step {opt}`",
            )


def _backward_beside(scope: Scope, clearing: Step) -> Step | None:
    """The one `backward` in the innermost loop that clears."""
    loops = clearing.loops()
    roots = [step for step, _ in scope.calls.get("backward", []) if loops and step.within(loops[0])]
    return roots[0] if len(roots) == 1 else None


def _is(given: list[nodes.Expr], name: str) -> bool:
    return bool(given) and isinstance(given[0], nodes.Name) and given[0].name == name
