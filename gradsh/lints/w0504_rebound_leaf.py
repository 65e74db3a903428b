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
    """`w = w - … w.grad`, where `w.grad` is asked for again; of a loop's variable, where nothing reads it."""
    for scope in reading.scopes:
        for step in scope.steps:
            update = step.statement
            if not isinstance(update, nodes.Assign) or not isinstance(update.target, nodes.Name):
                continue
            name = update.target.name
            terms = nodes.terms(update.value)
            if not isinstance(terms[0][1], nodes.Name) or terms[0][1].name != name or len(terms) < 2:
                continue
            loop = _names_each(step, name)
            if not reading.grads(update, name) and (loop is None or not _of_parameters(reading, loop)):
                continue
            if loop is not None:
                if not _is_read(reading, scope, step, name):
                    yield _of_each(reading, loop, step, name, terms)
            elif _is_asked_again(scope, step, name) and not reading.becomes_leaf(scope, name):
                leaf = reading.made_tracked(scope, name, step)
                where = f"the leaf of line {reading.line(leaf)}" if leaf is not None else "the leaf that it was"
                yield reading.warning(
                    update,
                    f"`{name}` is a new tensor after this, not {where}: it gets no gradient",
                    f"binds `{name}` to a new tensor",
                    [(reading.span(leaf), "the leaf")] if leaf is not None else [],
                    _in_place(reading, step, name, terms),
                )


def _names_each(update: Step, name: str) -> nodes.For | None:
    """The innermost loop around an update, where it binds the name to one thing after the other."""
    loop = next(iter(update.loops()), None)
    return loop if isinstance(loop, nodes.For) and name in loop.binds() else None


def _of_parameters(reading: Reading, loop: nodes.For) -> bool:
    """Does it go over the parameters of a model, `zip(net.parameters(), gs)`?"""
    return any(reading.called(part)[0] in ("parameters", "named_parameters") for part in nodes.walk(loop.iterable))


def _is_read(reading: Reading, scope: Scope, update: Step, name: str) -> bool:
    """Does anything read what the update has bound the name to, before it is bound anew?"""
    for step in scope.steps:
        statement = step.statement
        if statement.start <= update.statement.start or update.excludes(step):
            continue
        target = getattr(statement, "target", None) if isinstance(statement, (nodes.Assign, nodes.For)) else None
        reads = [n for n in reading.parts(statement) if isinstance(n, nodes.Name) and n.name == name]
        if any(target is None or not target.start <= n.start < target.end for n in reads):
            return True
        if name in statement.binds():
            return False
    return False


def _of_each(reading: Reading, loop: nodes.For, step: Step, name: str, terms: list[tuple[str, Expr]]) -> WarningRecord:
    of = reading.text(loop.iterable)
    return reading.warning(
        step.statement,
        f"`{name}` is a new tensor after this, and nothing reads it: what `{of}` gave is as it was",
        f"binds `{name}` to a new tensor",
        [(reading.span(loop.iterable), "is not updated")],
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
