"""W0505: a value that goes into a loss as a plain number, or without its history."""

from __future__ import annotations

from collections.abc import Iterator

from gradsh.errors import WarningRecord
from gradsh.language import nodes
from gradsh.lints.flow import CUTTING, Cut, Leaf, Root, flow_of
from gradsh.lints.reading import Reading
from gradsh.lints.registry import lint

EXAMPLE = """\
let w = tensor(2.0, grad)
let b = tensor(1.0, grad)
let scale = (w * w).item()
let loss = (scale * b - 1) ** 2
backward loss
print w.grad, b.grad"""


@lint(
    "W0505",
    summary="A value that goes into a loss by `item()`, `.data` or their kin, which leave its history behind.",
    happened=(
        "A plain number, an array and `.data` are values without a history. What is computed from them has no way "
        "back to the weights: their gradient is none, or lacks the part that went this way."
    ),
    example=EXAMPLE,
    cure=EXAMPLE.replace("(w * w).item()", "w * w"),
    see="`help item`, `help detach`, W0503, E0401",
)
def cut_on_the_way(reading: Reading) -> Iterator[WarningRecord]:
    """A leaf that no backward gets to, since its value went on by `item()`, `numpy()`, `float()`, `tensor()`, `.data`.

    `detach()` says that it is meant. So does a cut beside another way to the same leaf (a weight of a loss, a target),
    but for `.data` of the leaf itself.
    """
    flow = flow_of(reading)
    if not flow.is_known():
        return
    reached, seen = flow.reached(), set()
    for root in flow.roots:
        for cut in flow.ways(root.node, root.place).cuts:
            if cut.flat or cut.base is None or cut.word.startswith("detach") or id(cut.node) in seen:
                continue
            seen.add(id(cut.node))
            lost = [leaf for key, leaf in cut.leaves.items() if key not in reached and _is_wanted(reading, leaf)]
            if not lost and _is_of_a_leaf(reading, cut, root):
                lost = list(cut.leaves.values())
            if lost:
                yield _warning(reading, root, cut, lost, _reaches(reached, lost))


def _reaches(reached: dict[int, Leaf], lost: list[Leaf]) -> bool:
    return any(leaf is known for leaf in lost for known in reached.values())


def _is_wanted(reading: Reading, leaf: Leaf) -> bool:
    """Is a gradient of it wanted? A model's is, where something asks for its parameters."""
    if not leaf.is_model:
        return True
    asked = [value for scope in reading.scopes for _, given in scope.calls.get("parameters", []) for value in given[:1]]
    return any(isinstance(value, nodes.Name) and value.name == leaf.name for value in asked)


def _is_of_a_leaf(reading: Reading, cut: Cut, root: Root) -> bool:
    """`w.data * 3`, of a leaf `w`, in the same round as the backward."""
    if cut.word != "data" or not isinstance(cut.base, nodes.Name) or cut.step.loops() != root.place.step.loops():
        return False
    copied = any(
        isinstance(part, nodes.Attribute) and part.value is cut.node
        for part in reading.parts(cut.step.statement)  # `.data.clone()` is a copy that is to stay as it is
    )
    leaf = next(iter(cut.leaves.values()), None)
    if leaf is None:
        return False
    return not copied and not leaf.is_model and leaf.name == cut.base.name and not cut.step.modes() & CUTTING


def _warning(reading: Reading, root: Root, cut: Cut, lost: list[Leaf], partly: bool) -> WarningRecord:
    names = [f"`{leaf.name}`" for leaf in lost if leaf.name]
    of = " and ".join(dict.fromkeys(names)) or "what it is made of"
    many = len(set(names)) > 1
    what = (
        ("miss a part of their gradient" if many else "misses a part of its gradient") if partly else "gets no gradient"
    )
    what = what.replace("gets", "get") if many else what
    how = "a plain number" if cut.word in ("item", "float") else "the values alone"
    text = flow_of(reading).uncut(cut.node, cut.place)
    whole = cut.step.statement
    if text.startswith("(") or not isinstance(cut.base, (nodes.Binary, nodes.Unary)) or _stands_alone(cut):
        help = f"`{text}`"
    else:
        help = f"`({text})`"
    return reading.warning(
        cut.node,
        f"`{cut.word}` leaves the history behind: {of} {what}",
        f"{how} from here on",
        [
            *(
                (reading.span(leaf.node), "misses a part" if partly else "gets no gradient")
                for leaf in lost[:2]
                if leaf.node.start != whole.start
            ),
            (reading.span(root.call), "goes into this" if whole is not root.place.step.statement else "does not pass"),
        ],
        help if "\n" not in help else None,
    )


def _stands_alone(cut: Cut) -> bool:
    return getattr(cut.step.statement, "value", None) is cut.node
