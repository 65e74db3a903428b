"""W0501: a loop that updates with gradients and never clears them."""

from __future__ import annotations

from collections.abc import Iterator

from gradsh.errors import WarningRecord
from gradsh.language import nodes
from gradsh.language.nodes import Node, Stmt, walk
from gradsh.lints.reading import Reading, Scope, Step
from gradsh.lints.registry import lint

EXAMPLE = """\
let w = tensor(3.0, grad)
for i in range(5) {
    let loss = w ** 2
    backward loss
    no_grad { w -= 0.1 * w.grad }
}"""

Update = tuple[str, Node]  # what is stepped, a tensor or an optimiser, and where its gradients are read


@lint(
    "W0501",
    summary="A loop that updates with gradients, which add up, and that clears them nowhere.",
    happened=(
        "Backward adds to `.grad`, it does not replace it. From the second round on the step follows the sum of the"
        " gradients of all rounds so far, and soon in a wrong direction."
    ),
    example=EXAMPLE,
    cure=EXAMPLE.replace("    backward", "    zero_grad w\n    backward"),
    see="`help zero_grad`, W0506",
)
def gradients_add_up(reading: Reading) -> Iterator[WarningRecord]:
    """The innermost loop that has both a `backward` and an update, if nothing around it clears."""
    clearing = {id(node) for node in walk(reading.tree) if _clears(reading, node)}
    for scope in reading.scopes:
        where = {id(p): step for step in scope.steps for p in reading.parts(step.statement) if id(p) in clearing}
        if reading.uses or len(where) < len(clearing):
            continue  # a function clears, and may be called
        updates_of: dict[int, list[Update]] = {}  # by loop
        for step in scope.steps:
            loops = step.loops()
            if not loops or not any(map(reading.is_backward, reading.parts(step.statement))):
                continue
            if step.is_last_round() or any(clear.within(loops[-1]) for clear in where.values()):
                continue
            for loop in loops:
                is_first = id(loop) not in updates_of
                if is_first:
                    updates_of[id(loop)] = _updates(reading, scope, loop)
                if updates_of[id(loop)]:
                    if is_first:
                        yield _warning(reading, scope, loop, step, updates_of[id(loop)])
                    break


def _warning(reading: Reading, scope: Scope, loop: Stmt, backward: Step, updates: list[Update]) -> WarningRecord:
    names = list(dict.fromkeys(name for name, _ in updates))
    grads = ", ".join(dict.fromkeys(f"`{reading.text(at)}`" for _, at in updates if isinstance(at, nodes.Attribute)))
    labels = [(reading.word(loop), "in every round")]
    labels += [(reading.span(at), "uses the sum of all rounds so far") for _, at in updates]
    inside = {name: step for name in names for step in scope.binding(name) if step.within(loop)}
    values = [reading.text(s.statement.iterable) for s in inside.values() if isinstance(s.statement, nodes.For)]
    return reading.warning(
        backward.statement,
        f"gradients add up: nothing in this loop clears {grads or 'them'}",
        f"adds to {grads}" if grads else "adds to the gradients that are there",
        labels,
        reading.before(f"zero_grad {', '.join([*(n for n in names if n not in inside), *values])}", backward),
    )


def _clears(reading: Reading, node: Node) -> bool:
    """Does a statement or a call clear a gradient, or write it in any other way?"""
    if isinstance(node, (nodes.Assign, nodes.AugAssign)):
        return any(isinstance(part, nodes.Attribute) and part.name == "grad" for part in walk(node.target))
    word, given = reading.called(node)
    if word == "zero_grad":
        return True
    return word.endswith("_") and any(isinstance(p, nodes.Attribute) and p.name == "grad" for p in walk(given[:1]))


def _updates(reading: Reading, scope: Scope, loop: Stmt) -> list[Update]:
    """Where the loop steps what was there before it."""
    found: list[Update] = []
    for step in scope.steps:
        if step.within(loop):
            found += [u for u in _updates_of(reading, scope, step) if not _is_new(scope, u[0], loop)]
    return found


def _updates_of(reading: Reading, scope: Scope, step: Step) -> Iterator[Update]:
    """`w -= 0.1 * w.grad`, `w.sub_(w.grad)`, `step opt`."""
    for part in reading.parts(step.statement):
        word, given = reading.called(part)
        first = given[0] if given else None
        if isinstance(part, nodes.AugAssign) or (word.endswith("_") and first is not None):
            target = part.target if isinstance(part, nodes.AugAssign) else first
            names = [inner.name for inner in walk(target) if isinstance(inner, nodes.Name)]
            yield from ((name, at) for name in names[:1] for at in reading.grads(part, name))
        elif word == "step" and isinstance(first, nodes.Name) and _is_optimiser(reading, scope, first.name):
            yield first.name, part


def _is_optimiser(reading: Reading, scope: Scope, name: str) -> bool:
    made = [step.statement for step in scope.binding(name)]
    return bool(made) and all(isinstance(s, nodes.Assign) and reading.takes(s.value, "params") for s in made)


def _is_new(scope: Scope, name: str, loop: Stmt) -> bool:
    """Is it another one in every round? What an inner loop goes over is what that was made of."""
    for step in scope.binding(name):
        if not step.within(loop) and step.statement is not loop:
            continue
        if not isinstance(step.statement, nodes.For) or step.statement is loop:
            return True
        over = {part.name for part in walk(step.statement.iterable) if isinstance(part, nodes.Name)}
        if any(_is_new(scope, each, loop) for each in over - {name}):
            return True
    return False
