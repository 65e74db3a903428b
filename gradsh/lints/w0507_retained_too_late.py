"""W0507: a gradient that is to be kept, after the only backward."""

from __future__ import annotations

from collections.abc import Iterator

from gradsh.errors import WarningRecord
from gradsh.language import nodes
from gradsh.language.nodes import walk
from gradsh.lints.reading import Reading, Scope, Step
from gradsh.lints.registry import lint

EXAMPLE = """\
let x = tensor(2.0, grad)
let y = x ** 2
backward y * 3
y.retain_grad()
print y.grad"""


@lint(
    "W0507",
    summary="A `retain_grad()` after the only `backward`, which has not kept the gradient.",
    happened=(
        "Backward throws away the gradients of results as it goes. `retain_grad()` asks it to keep one, and it has "
        "to be asked before."
    ),
    example=EXAMPLE,
    cure=EXAMPLE.replace("y.retain_grad()\n", "").replace("backward", "y.retain_grad()\nbackward"),
    see="`help retain_grad`, `why y.grad`",
)
def retained_too_late(reading: Reading) -> Iterator[WarningRecord]:
    """A backward, `y.retain_grad()`, and then `y.grad` of a `y` that was there before the backward."""
    backwards = [node for node in walk(reading.tree) if reading.is_backward(node)]
    if len(backwards) != 1 or reading.uses:
        return
    for scope in reading.scopes:
        backward = next((s for s in scope.steps if backwards[0] in reading.parts(s.statement)), None)
        if backward is not None:
            for step, kept in scope.calls.get("retain_grad", []):
                names = [value.name for value in kept if isinstance(value, nodes.Name)]
                if step.statement.start >= backward.statement.end and len(names) == 1:
                    yield from _late(reading, scope, backward, step, names[0])


def _late(reading: Reading, scope: Scope, backward: Step, step: Step, name: str) -> Iterator[WarningRecord]:
    bound = scope.binding(name)
    later = [read for at, read in scope.grads.get(name, []) if at.statement.start >= step.statement.end]
    if len(bound) != 1 or bound[0].statement.end > backward.statement.start or not later:
        return
    if backward.excludes(step) or any(backward.within(loop) for loop in step.loops()):
        return
    yield reading.warning(
        step.statement,
        f"`{name}.retain_grad()` is too late: the only `backward` has passed `{name}` and kept nothing",
        "would keep what comes after it",
        [(reading.span(backward.statement), "the only backward"), (reading.span(later[0]), "is none")],
        reading.before(reading.text(step.statement), backward),
    )
