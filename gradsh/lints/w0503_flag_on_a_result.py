"""W0503: the grad flag on a loss that has lost its history."""

from __future__ import annotations

from collections.abc import Iterator

from gradsh.errors import Span, WarningRecord
from gradsh.language import nodes
from gradsh.language.nodes import Node
from gradsh.lints.flow import CUTTING, Cut, Leaf, Place, Root, flagged, flow_of
from gradsh.lints.reading import Reading, Step
from gradsh.lints.registry import lint
from gradsh.lints.w0510_steps_on_the_way import in_whole

EXAMPLE = """\
let w = tensor([1.0, 2.0], grad)
let pred = w.detach() * 3
let loss = (pred ** 2).sum()
loss.requires_grad = true
backward loss"""


@lint(
    "W0503",
    summary="The grad flag on a loss, which makes it a leaf: backward runs, and reaches nothing.",
    happened=(
        "The flag does not bring a history back. It makes the loss a leaf: backward then starts there and ends "
        "there, without an error, and the weights get no gradient; an optimiser's step moves nothing."
    ),
    example=EXAMPLE,
    cure=EXAMPLE.replace("w.detach() * 3", "w * 3").replace("loss.requires_grad = true\n", ""),
    see="`why w.grad`, W0505, E0401",
)
def flag_on_a_result(reading: Reading) -> Iterator[WarningRecord]:
    """`loss.requires_grad = true` or `loss.requires_grad_()`, and then `backward loss`, where `loss` has no history."""
    flow = flow_of(reading)
    for root in flow.roots:
        if not isinstance(root.node, nodes.Name):
            continue
        name, scope = root.node.name, root.place.scope
        before = [s for s in flow.reaching(name, root.place) if flagged(reading, s.statement) == name]
        if not before:
            continue
        step = before[0]
        made = next(flow.reaching(name, Place(scope, step)), None)
        if made is None or not isinstance(made.statement, nodes.Assign):
            continue
        ways = flow.definition(name, made, Place(scope, made))
        if not ways.known or reading.uses or ways.leaves:
            continue
        cuts = [cut for cut in ways.cuts if not cut.flat and (cut.base is not None or cut.word in CUTTING)]
        cut = next(iter(cuts), None)
        leaves = list(ways.behind().values())
        if cut is not None:
            yield _was_cut(reading, step, name, cut, leaves, scope.owner)
        elif leaves:
            flat = min(ways.cuts, key=lambda each: each.node.start)
            help = in_whole(reading, Root(root.node, root.call, Place(scope, step)), flat)
            yield _told(reading, step, name, flat, leaves, reading.span(flat.node), help)
        elif not ways.cuts:
            lacking = _without_flag(reading, root.place.scope.steps, made)
            if lacking is not None:
                yield _no_leaf(reading, step, name, lacking)


def _was_cut(reading: Reading, step: Step, name: str, cut: Cut, leaves: list[Leaf], owner: Node) -> WarningRecord:
    scope = next(scope for scope in reading.scopes if scope.owner is owner)
    if cut.base is None:
        outer = next(s for s in scope.steps if s.statement is cut.node)
        at = reading.word(cut.node)
        body = outer.statement.blocks()[0]
        help = reading.instead("; ".join(reading.text(each) for each in body), outer)
    else:
        at = reading.span(cut.node)
        help = reading.instead(flow_of(reading).uncut(cut.step.statement, cut.place), cut.step)
    return _told(reading, step, name, cut, leaves, at, help)


def _told(
    reading: Reading, step: Step, name: str, cut: Cut, leaves: list[Leaf], at: Span, help: str | None
) -> WarningRecord:
    names = ", ".join(dict.fromkeys(f"`{leaf.name}`" for leaf in leaves if leaf.name)) or "what it was made of"
    return reading.warning(
        step.statement,
        f"the flag makes `{name}` a leaf of its own: {names} gets no gradient, `{cut.word}` had cut it off",
        f"`{name}` is a leaf from here on",
        [(at, "the history ends here"), *((reading.span(leaf.node), "gets no gradient") for leaf in leaves[:2])],
        help if help is not None and "\n" not in help else None,
    )


def _without_flag(reading: Reading, steps: list[Step], made: Step) -> Step | None:
    """The one tensor without a flag that its gradient is asked of, or that alone can be meant."""
    found = []
    for step in steps:
        statement = step.statement
        if step is made or not isinstance(statement, nodes.Assign) or not isinstance(statement.target, nodes.Name):
            continue
        if statement.start > made.statement.start or not isinstance(statement.value, nodes.Call):
            continue
        facts = reading.facts(statement.value)
        if facts is not None and facts.creates:
            found.append(step)
    scope = next(scope for scope in reading.scopes if scope.steps is steps)
    asked = [s for s in found if any(name in scope.grads for name in s.statement.binds())]
    chosen = asked or found
    return chosen[0] if len(chosen) == 1 else None


def _no_leaf(reading: Reading, step: Step, name: str, lacking: Step) -> WarningRecord:
    statement = lacking.statement
    text = reading.text(statement)
    other = statement.binds()[0]
    help = reading.instead(f"{text[:-1]}, grad)" if not text.endswith("()") else f"{text[:-1]}grad)", lacking)
    return reading.warning(
        step.statement,
        f"the flag makes `{name}` a leaf of its own: `{other}` has none, and gets no gradient",
        f"`{name}` is a leaf from here on",
        [(reading.span(statement), "made without `grad`")],
        help if "\n" not in help else None,
    )
