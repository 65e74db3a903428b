"""W0504: an update that makes a new tensor, which is not the leaf that gradients come to."""

from __future__ import annotations

from collections.abc import Iterator

from gradsh.errors import WarningRecord
from gradsh.language import nodes
from gradsh.language.nodes import Expr
from gradsh.lints.reading import Reading, Scope, Step
from gradsh.lints.registry import lint

EXAMPLE = """\
let w = tensor(3.0, grad)
for i in range(5) {
    zero_grad w
    backward w ** 2
    w = w - 0.1 * w.grad
}"""


@lint(
    "W0504",
    summary="An update that binds the name of a leaf to a new tensor, which gets no gradient.",
    happened=(
        "`w - 0.1 * w.grad` is a new tensor, the result of an operation. Under the old name it is no leaf: its "
        "`.grad` is none, and the optimiser, or the next round, still has the tensor that it was."
    ),
    example=EXAMPLE,
    cure=EXAMPLE.replace("w = w - 0.1 * w.grad", "no_grad { w -= 0.1 * w.grad }"),
    see="`help no_grad`, E0406",
)
def rebound_leaf(reading: Reading) -> Iterator[WarningRecord]:
    """`w = w - … w.grad`, where `w.grad` is asked for again afterwards."""
    for scope in reading.scopes:
        for step in scope.steps:
            update = step.statement
            if not isinstance(update, nodes.Assign) or not isinstance(update.target, nodes.Name):
                continue
            name = update.target.name
            terms = nodes.terms(update.value)
            if not isinstance(terms[0][1], nodes.Name) or terms[0][1].name != name or not reading.grads(update, name):
                continue
            if _is_asked_again(scope, step, name) and not reading.becomes_leaf(scope, name):
                leaf = reading.made_tracked(scope, name, step)
                where = f"the leaf of line {reading.line(leaf)}" if leaf is not None else "the leaf that it was"
                yield reading.warning(
                    update,
                    f"`{name}` is a new tensor after this, not {where}: it gets no gradient",
                    f"binds `{name}` to a new tensor",
                    [(reading.span(leaf), "the leaf")] if leaf is not None else [],
                    _in_place(reading, step, name, terms),
                )


def _is_asked_again(scope: Scope, update: Step, name: str) -> bool:
    """Is the gradient of the new tensor read, by the next round or by a later step?"""
    updates = {id(step) for step, _ in scope.grads.get(name, [])}
    others = [step for step in scope.binding(name) if id(step) not in updates]
    for loop in update.loops():
        if not any(step.within(loop) or step.statement is loop for step in others) and not update.is_last_round():
            return True
    rebound = min((s.statement.start for s in others if s.statement.start > update.statement.start), default=None)
    return any(
        step.statement.start > update.statement.start
        and not update.excludes(step)
        and (rebound is None or step.statement.start <= rebound)
        for step, _ in scope.grads.get(name, [])
    )


def _in_place(reading: Reading, step: Step, name: str, terms: list[tuple[str, Expr]]) -> str | None:
    """The same update of the leaf itself; None for what is too long to be said in a line."""
    (op, first), *rest = terms[1:]
    # w - a - b is w -= a + b
    text = reading.text(first) + "".join(f" {'+' if sign == op else '-'} {reading.text(term)}" for sign, term in rest)
    if "\n" in text:
        return None
    update = f"{name} {op}= {text}"
    return f"`{update}`" if step.modes() & {"no_grad", "inference_mode"} else f"`no_grad {{ {update} }}`"
