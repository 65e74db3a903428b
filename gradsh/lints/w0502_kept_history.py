"""W0502: losses that are added up or listed with their history."""

from __future__ import annotations

from collections.abc import Iterator

from gradsh.errors import WarningRecord
from gradsh.language import nodes
from gradsh.language.nodes import Expr, Node, Stmt, walk
from gradsh.lints.flow import CUTTING, Root, flow_of
from gradsh.lints.reading import Reading, Scope, Step
from gradsh.lints.registry import lint

EXAMPLE = """\
let w = tensor(3.0, grad)
let total = 0.0
for i in range(5) {
    let loss = w ** 2
    zero_grad w
    backward loss
    total += loss
}
print total"""


@lint(
    "W0502",
    summary="A loss that a loop adds up, or puts into a list, with the graph of its round.",
    happened=(
        "A loss holds on to everything that it was computed from. One that is kept keeps the graph of its round, so"
        " memory grows every round, and nothing is gained: backward has run."
    ),
    example=EXAMPLE,
    cure=EXAMPLE.replace("total += loss", "total += loss.item()"),
    see="`help item`, `help detach`, E0902",
)
def kept_history(reading: Reading) -> Iterator[WarningRecord]:
    """`total += loss`, `total = total + loss`, `losses.append(loss)` in a loop that runs `backward loss`."""
    for root in flow_of(reading).roots:
        loops = root.place.step.loops()
        if not loops or len(reading.values(root.call)) > 1:
            continue
        for step in root.place.scope.steps:
            kept = _kept(reading, step) if step.within(loops[0]) else None
            if kept is None:
                continue
            name, value = kept
            occurrence = next((n for n in _with_history(reading, value) if _same(reading, n, root.node)), None)
            if occurrence is None or not _is_kept(reading, root, step, name, loops[0]):
                continue
            yield _warning(reading, root, loops[0], step, name, occurrence)


def _kept(reading: Reading, step: Step) -> tuple[str, Expr] | None:
    """The variable that a statement adds something to, and what."""
    made = step.statement
    if isinstance(made, nodes.AugAssign) and not step.modes() & CUTTING:
        target, value = made.target, made.value
    elif isinstance(made, nodes.Assign) and isinstance(made.target, nodes.Index):
        if all(isinstance(item, (nodes.Number, nodes.String)) for item in made.target.items):
            return None  # the same place in every round
        target, value = made.target, made.value
    elif isinstance(made, nodes.Assign) and isinstance(made.value, nodes.Binary) and not step.modes() & CUTTING:
        target, value = made.target, made.value
        if not any(reading.text(part) == reading.text(target) for part in walk(value)):
            return None
    elif isinstance(made, nodes.ExprStmt) and isinstance(made.value, nodes.Call):
        word, given = reading.called(made.value)
        if word != "append" or len(given) != 2:
            return None
        target, value = given[0], given[1]
    else:
        return None
    base: Node = target
    while isinstance(base, (nodes.Index, nodes.Attribute)):
        base = base.value
    return (base.name, value) if isinstance(base, nodes.Name) else None


def _with_history(reading: Reading, value: Expr) -> Iterator[Expr]:
    """The parts of a value that go into it with their history."""
    yield value
    if isinstance(value, nodes.Binary):
        inner = [value.left, value.right]
    elif isinstance(value, nodes.Unary):
        inner = [value.operand]
    elif isinstance(value, nodes.Unpacked):
        inner = [value.value]
    elif isinstance(value, (nodes.TupleExpr, nodes.ListExpr, nodes.SetExpr)):
        inner = value.items
    elif isinstance(value, nodes.DictExpr):
        inner = [item for _, item in value.items]
    else:
        return
    for part in inner:
        yield from _with_history(reading, part)


def _same(reading: Reading, node: Expr, root: Expr) -> bool:
    """Are the two one expression, which is not a new leaf each time?"""
    return type(node) is type(root) and reading.text(node) == reading.text(root)


def _is_kept(reading: Reading, root: Root, step: Step, name: str, loop: Stmt) -> bool:
    """Does the variable hold all rounds, the value that backward ran through, and no loss of its own?"""
    scope = root.place.scope
    if any(other is not step and (other.within(loop) or other.statement is loop) for other in scope.binding(name)):
        return False  # new in every round
    if name in (part.name for part in walk(root.node) if isinstance(part, nodes.Name)) or step.is_last_round():
        return False
    for word in ("clear", "pop", "detach_"):
        if any(at.within(loop) and reading.text(given[0]) == name for at, given in scope.calls.get(word, []) if given):
            return False
    if any(isinstance(s.statement, nodes.Del) and s.within(loop) for s in scope.steps):
        return False
    first, last = sorted((root.place.step.statement.start, step.statement.start))
    names = {part.name for part in walk(root.node) if isinstance(part, nodes.Name)}
    if any(first < other.statement.start < last for each in names for other in scope.binding(each)):
        return False
    return all(name not in flow_of(reading).names(other.node, other.place) for other in flow_of(reading).roots)


def _warning(reading: Reading, root: Root, loop: Stmt, step: Step, name: str, occurrence: Expr) -> WarningRecord:
    text = reading.text(occurrence)
    how = "detach" if _is_used_as_tensor(reading, root.place.scope, name) else "item"
    loose = isinstance(occurrence, (nodes.Binary, nodes.Unary, nodes.Conditional)) and not occurrence.grouped
    return reading.warning(
        occurrence,
        f"`{name}` keeps the graph of every round: `{text}` goes into it with its history",
        "with its history",
        [
            (reading.word(loop), "in every round"),
            (reading.span(root.call), "nothing needs the graph after this"),
        ],
        f"`({text}).{how}()`" if loose else f"`{text}.{how}()`",
    )


def _is_used_as_tensor(reading: Reading, scope: Scope, name: str) -> bool:
    """Is a method or an operator of tensors asked of what is kept?"""
    for node in walk(reading.tree):
        if isinstance(node, nodes.Attribute) and node.name not in ("append", "extend"):
            base: Node = node.value
            while isinstance(base, nodes.Index):
                base = base.value
            if isinstance(base, nodes.Name) and base.name == name:
                return True
        word, given = reading.called(node)
        if any(isinstance(value, nodes.Name) and value.name == name for value in given):
            signature = reading.builtins.lookup(word)
            if (
                signature is not None
                and signature.checked
                and [p.name for p in signature.parameters[:1]]
                in (
                    ["tensors"],
                    ["input"],
                )
            ):
                return True
    return False
