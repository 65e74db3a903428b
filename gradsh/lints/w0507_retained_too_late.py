"""W0507: a gradient that is to be kept, after the only backward."""

from __future__ import annotations

from collections.abc import Iterator

from gradsh.errors import WarningRecord
from gradsh.language import nodes
from gradsh.language.nodes import Node, walk
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
    example=EXAMPLE,
    cure=EXAMPLE.replace("y.retain_grad()\n", "").replace("backward", "y.retain_grad()\nbackward"),
)
def retained_too_late(reading: Reading) -> Iterator[WarningRecord]:
    """A backward, `y.retain_grad()`, and then `y.grad` of a `y` that was there before the backward."""
    backwards = [node for node in walk(reading.tree) if reading.is_backward(node)]
    if len(backwards) != 1 or reading.uses:
        return
    for scope in reading.scopes:
        backward = next((s for s in scope.steps if backwards[0] in reading.parts(s.statement)), None)
        if backward is not None:
            for step in scope.steps:
                if step.statement.start >= backward.statement.end:
                    yield from _late(reading, scope, backward, step)


def _late(reading: Reading, scope: Scope, backward: Step, step: Step) -> Iterator[WarningRecord]:
    kept = reading.calls(step, "retain_grad") or []
    if len(kept) != 1 or not isinstance(kept[0], nodes.Name):
        return
    name = kept[0].name
    bound = scope.binding(name)
    read = _read_later(reading, scope, name, step)
    if len(bound) != 1 or bound[0].statement.end > backward.statement.start or read is None:
        return
    if backward.excludes(step) or any(backward.within(loop) for loop in step.loops()):
        return
    yield reading.warning(
        step.statement,
        f"`{name}.retain_grad()` is too late: the only `backward` has passed `{name}` and kept nothing",
        "would keep what comes after it",
        [(reading.span(backward.statement), "the only backward"), (reading.span(read), "is none")],
        reading.before(reading.text(step.statement), backward),
    )


def _read_later(reading: Reading, scope: Scope, name: str, step: Step) -> Node | None:
    later = (s for s in scope.steps if s.statement.start >= step.statement.end)
    return next((read for s in later for read in reading.grads(s.statement, name)), None)
