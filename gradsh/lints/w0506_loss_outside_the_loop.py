"""W0506: a loss that is computed once, and differentiated in every round."""

from __future__ import annotations

from collections.abc import Iterator

from gradsh.errors import WarningRecord
from gradsh.language import nodes
from gradsh.language.nodes import Stmt, walk
from gradsh.lints.flow import Place, Root, flow_of
from gradsh.lints.reading import Reading, Step
from gradsh.lints.registry import lint

EXAMPLE = """\
let w = tensor(1.0, grad)
let loss = (w * 3 - 6) ** 2
repeat 5 {
    backward loss
    no_grad { w -= 0.01 * w.grad }
    zero_grad w
}"""


@lint(
    "W0506",
    summary="A `backward` in a loop, of a loss that is computed before it.",
    happened=(
        "A loss is the number that it was when it was computed. In a loop it has to be computed in every round, "
        "from the weights as they are by then; otherwise each round runs the same graph, which the first one has "
        "freed."
    ),
    example=EXAMPLE,
    cure=EXAMPLE.replace("    backward", "    let loss = (w * 3 - 6) ** 2\n    backward"),
    see="E0402, W0501",
)
def loss_outside_the_loop(reading: Reading) -> Iterator[WarningRecord]:
    """`backward loss` in a loop in which nothing of what `loss` is made of is computed anew."""
    for root in flow_of(reading).roots:
        loops = root.place.step.loops()
        if not loops or not isinstance(root.node, nodes.Name) or len(reading.values(root.call)) > 1:
            continue
        updated = _updated(reading, root, loops[0])
        if root.place.step.is_last_round() or (_is_told_to_keep(root) and not updated):
            continue
        chain = _chain(reading, root, loops[0])
        ways = flow_of(reading).ways(root.node, root.place)
        if not chain or (ways.known and not ways.leaves):
            continue
        if updated or _saves(reading, chain):
            yield _warning(reading, root, loops[0], chain)


def _is_told_to_keep(root: Root) -> bool:
    """`retain_graph`: the same graph is wanted again and again."""
    arguments = root.call.arguments if isinstance(root.call, (nodes.Call, nodes.Command)) else []
    return any(
        argument.name in ("retain_graph", "create_graph")
        or (isinstance(argument.value, nodes.Name) and argument.value.name in ("retain_graph", "create_graph"))
        for argument in arguments
    )


def _chain(reading: Reading, root: Root, loop: Stmt) -> list[Step]:
    """The statements before the loop that compute the loss from the leaves, in their order; none if one is in it."""
    found: list[Step] = []
    waiting: list[tuple[str, Step]] = [(root.node.name, root.place.step)] if isinstance(root.node, nodes.Name) else []
    scope = root.place.scope
    while waiting:
        name, at = waiting.pop()
        made = next(flow_of(reading).reaching(name, Place(scope, at)), None)
        if any(step.within(loop) or step.statement is loop for step in scope.binding(name)):
            # computed anew, of what may not be
            if made is None or not made.within(loop) or not isinstance(made.statement, nodes.Assign):
                return []
            if len(scope.binding(name)) != 1:
                return []
            names = [part for part in walk(made.statement.value) if isinstance(part, nodes.Name)]
            waiting += [(part.name, made) for part in names if _is_computed(reading, part, Place(scope, made))]
            continue
        if made is None or not isinstance(made.statement, nodes.Assign) or made in found:
            if made is None or made not in found:
                return []
            continue
        value = made.statement.value
        if made.path != next(s for s in scope.steps if s.statement is loop).path or made.modes():
            return []
        found.append(made)
        names = [part for part in walk(value) if isinstance(part, nodes.Name)]
        waiting += [(part.name, made) for part in names if _is_computed(reading, part, Place(scope, made))]
    return sorted(found, key=lambda step: step.statement.start)


def _is_computed(reading: Reading, name: nodes.Name, place: Place) -> bool:
    """Is it a result of leaves, and no leaf or model itself?"""
    made = next(flow_of(reading).reaching(name.name, place), None)
    if made is None or not isinstance(made.statement, nodes.Assign):
        return False
    ways = flow_of(reading).ways(name, place)
    value = made.statement.value
    is_leaf = any(leaf.node is value or leaf.name == name.name for leaf in ways.leaves.values())
    if isinstance(value, nodes.Lambda) or is_leaf:
        return False
    given = place.scope.parameters()
    return bool(ways.leaves) or any(isinstance(part, nodes.Name) and part.name in given for part in walk(value))


def _updated(reading: Reading, root: Root, loop: Stmt) -> bool:
    """Does the loop change what the loss was computed from?"""
    return any(
        step.within(loop)
        and (
            isinstance(step.statement, nodes.AugAssign)
            or any(_writes(reading.called(part)[0]) for part in reading.parts(step.statement))
        )
        for step in root.place.scope.steps
    )


def _writes(word: str) -> bool:
    return word == "step" or (word.endswith("_") and word != "zero_")


def _saves(reading: Reading, chain: list[Step]) -> bool:
    """Does the graph surely keep values, which the first round frees: does a second one end in an error?"""
    for step in chain:
        for node in walk(step.statement):
            if isinstance(node, nodes.Binary) and node.op == "**" and isinstance(node.right, nodes.Number):
                return True
    return False


def _read(reading: Reading, step: Step) -> set[str]:
    return {part.name for part in reading.parts(step.statement) if isinstance(part, nodes.Name)}


def _warning(reading: Reading, root: Root, loop: Stmt, chain: list[Step]) -> WarningRecord:
    name = chain[-1].statement.binds()[0]
    code = "; ".join(reading.text(step.statement) for step in chain)
    made = {made for step in chain for made in step.statement.binds()}
    first = next(
        step
        for step in root.place.scope.steps
        if step.within(loop) and (step is root.place.step or made & _read(reading, step))
    )
    return reading.warning(
        root.call,
        f"`{name}` is computed once, before the loop: every round runs backward through the same values",
        "the same graph in every round",
        [
            (reading.span(chain[-1].statement), "computed once"),
            (reading.word(loop), "the rounds"),
        ],
        reading.before(code, first) if "\n" not in code else None,
    )
