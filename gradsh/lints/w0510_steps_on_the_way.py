"""W0510: a loss that its weights reach only by integers, comparisons or steps."""

from __future__ import annotations

from collections.abc import Iterator

from gradsh.errors import WarningRecord
from gradsh.language import nodes
from gradsh.language.nodes import Expr, Node, walk
from gradsh.lints.flow import Cut, Root, flow_of
from gradsh.lints.reading import Reading, Step
from gradsh.lints.registry import lint

EXAMPLE = """\
let w = randn(3, 2, grad)
let x = randn(5, 3)
let y = tensor([0, 1, 1, 0, 1])
let pred = argmax(x @ w, 1)
let loss = (pred != y).float().mean()
backward loss"""


@lint(
    "W0510",
    summary="A loss to which the only way is through integers, comparisons or steps, which have no slope.",
    happened=(
        "A value that does not change when the weights change a little has the slope 0, or none. Accuracy, a "
        "rounded number, a comparison tell how good a model is, and not in which direction it gets better."
    ),
    example=EXAMPLE,
    cure=EXAMPLE.replace("(pred != y).float().mean()", "cross_entropy(x @ w, y)"),
    see="`help cross_entropy`, `help sigmoid`, E0313",
)
def steps_on_the_way(reading: Reading) -> Iterator[WarningRecord]:
    """`backward` of something that is made of leaves by `argmax`, `==`, `round`, `long()`, and by nothing else."""
    flow, seen = flow_of(reading), set()
    for root in flow.roots:
        ways = flow.ways(root.node, root.place)
        if not ways.known or reading.uses or ways.leaves or not all(cut.flat and cut.leaves for cut in ways.cuts):
            continue
        if not ways.cuts:
            continue
        cut = min(ways.cuts, key=lambda each: each.node.start)
        if id(cut.node) in seen:
            continue
        seen.add(id(cut.node))
        names = " and ".join(dict.fromkeys(f"`{leaf.name}`" for leaf in cut.leaves.values() if leaf.name))
        yield reading.warning(
            cut.node,
            f"no gradient gets through `{_word(reading, cut)}`, and there is no other way to {names or 'a leaf'}",
            "integers" if _is_position(reading, cut.node) else "steps, whose slope is 0",
            [(reading.span(root.call), "ends there")],
            _help(reading, root, cut),
        )


def _word(reading: Reading, cut: Cut) -> str:
    return cut.node.op if isinstance(cut.node, nodes.Compare) else cut.word


def _is_position(reading: Reading, node: Node) -> bool:
    """Is it `argmax` or its kin, whose result says where and not how much?"""
    given = reading.called(node)[1]
    facts = reading.facts(node)
    return bool(given) and facts is not None and facts.flat and facts.formula != "0"


def in_whole(reading: Reading, root: Root, cut: Cut) -> str | None:
    """The help as a whole statement, for a warning of another place."""
    help = _help(reading, root, cut)
    if help is None or help.startswith("on line"):
        return help
    statement, text = cut.step.statement, reading.source.text
    code = text[statement.start : cut.node.start] + help.strip("`") + text[cut.node.end : statement.end]
    return reading.instead(code, cut.step) if "\n" not in code else None


def _help(reading: Reading, root: Root, cut: Cut) -> str | None:
    scores = _scores(reading, root)
    if scores is not None:
        text = f"cross_entropy({scores[0]}, {scores[1]})"
        made = _definition(reading, root)
        if made is None:
            return f"on line {reading.line(root.call)}: `backward {text}`"
        statement = made.statement
        start = reading.source.text[statement.start : statement.value.start]  # type: ignore[attr-defined]
        return reading.instead(start + text, made)
    smooth = _smooth(reading, cut.node)
    return f"`{smooth}`" if smooth is not None and "\n" not in smooth else None


def _definition(reading: Reading, root: Root) -> Step | None:
    if not isinstance(root.node, nodes.Name):
        return None
    made = next(flow_of(reading).reaching(root.node.name, root.place), None)
    return made if made is not None and isinstance(made.statement, nodes.Assign) else None


def _scores(reading: Reading, root: Root) -> tuple[str, str] | None:
    """Of a comparison of an `argmax` with labels: the scores and the labels."""
    compared = [node for node in _pieces(reading, root) if isinstance(node, nodes.Compare) and node.op in ("==", "!=")]
    for node in compared:
        for mine, other in ((node.left, node.right), (node.right, node.left)):
            made = mine
            if isinstance(mine, nodes.Name):
                step = next((s for s in root.place.scope.binding(mine.name)), None)
                value = step.statement.value if step is not None and isinstance(step.statement, nodes.Assign) else None
                made = value if value is not None else mine
            word, given = reading.called(made)
            if word == "argmax" and len(given) == 2:
                return reading.text(given[0]), reading.text(other)
    return None


def _pieces(reading: Reading, root: Root) -> Iterator[Node]:
    """The nodes of what a root is made of, along its definitions."""
    yield from walk(root.node)
    names = flow_of(reading).names(root.node, root.place)
    for step in root.place.scope.steps:
        if isinstance(step.statement, nodes.Assign) and set(step.statement.binds()) & names:
            yield from walk(step.statement.value)


def _smooth(reading: Reading, node: Node) -> str | None:
    """The same with a slope: a sigmoid for a comparison, the value itself for a rounded one."""
    if isinstance(node, nodes.Compare):
        left, right = _operand(reading, node.left), _operand(reading, node.right)
        if node.op in (">", ">="):
            return f"sigmoid({left} - {right})"
        if node.op in ("<", "<="):
            return f"sigmoid({right} - {left})"
        return f"({left} - {right}) ** 2" if node.op == "!=" else f"(1 - ({left} - {right}) ** 2)"
    word, given = reading.called(node)
    if not given:
        return None
    if _is_position(reading, node):
        if word != "argmax":
            return reading.text(given[0]) if word in ("int", "long", "short") else None
        text, dim = _operand(reading, given[0]), reading.text(given[1]) if len(given) > 1 else ""
        if dim in ("1", "-1"):
            return f"(softmax({text}, {dim}) * arange({text}.shape[{dim}])).sum({dim})"
        return f"(softmax({text}, 0) * arange({text}.shape[0])).sum()" if not dim else None
    text = _operand(reading, given[0])
    return f"tanh({reading.text(given[0])})" if word == "sign" else text


def _operand(reading: Reading, node: Expr) -> str:
    loose = isinstance(node, (nodes.Binary, nodes.Unary, nodes.Conditional, nodes.Compare)) and not node.grouped
    return f"({reading.text(node)})" if loose else reading.text(node)
