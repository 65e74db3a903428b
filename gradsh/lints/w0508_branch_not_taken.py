"""W0508: a `where` that leaves out a point at which the branch it does not take has no finite slope."""

from __future__ import annotations

import re
from collections.abc import Iterator

from gradsh.errors import WarningRecord
from gradsh.language import nodes
from gradsh.language.nodes import Expr, Node, walk
from gradsh.lints.flow import Place, flow_of
from gradsh.lints.reading import Reading
from gradsh.lints.registry import lint

EXAMPLE = """\
let x = tensor([0.0, 4.0], grad)
let y = where(x > 0, sqrt(x), 0.0)
backward y.sum()"""


@lint(
    "W0508",
    summary="A `where` around a function whose slope is infinite where it is not taken: 0 * inf is nan.",
    happened=(
        "`where` computes both branches, everywhere, and backward goes through both: the one that is not taken gets"
        " 0. Where its slope is infinite there, 0 times infinity is nan, and the whole gradient is. The cure gives "
        "the function a harmless number where it is not taken."
    ),
    example=EXAMPLE,
    cure=EXAMPLE.replace("sqrt(x)", "sqrt(where(x > 0, x, 1.0))"),
    see="`help where`, `help sqrt`",
)
def branch_not_taken(reading: Reading) -> Iterator[WarningRecord]:
    """`where(x > 0, sqrt(x), …)`: likewise `log`, `1 / x`, `x ** 0.5`, and what is said to be `inf at` a point."""
    if not flow_of(reading).roots and not any("grad" in scope.calls for scope in reading.scopes):
        return
    for node, place in _wheres(reading):
        test, taken, other = _parts(reading, node)
        condition = _Condition.of(reading, test, place)
        if condition is None or not _may_be_tracked(reading, condition.tested, place):
            continue
        found = [
            h for branch, holds in ((taken, True), (other, False)) for h in _hazards(reading, branch, condition, holds)
        ]
        if found:
            yield _warning(reading, node, place, condition, found)


class _Condition:
    """`tested op bound`, of the size of `tested` where that is what is compared; `text` is how it is written."""

    def __init__(self, text: str, tested: Expr, op: str, bound: float, size: bool) -> None:
        self.text = text
        self.tested = tested
        self.op = op
        self.bound = bound
        self.size = size

    @classmethod
    def of(cls, reading: Reading, test: Expr, place: Place) -> _Condition | None:
        text = reading.text(test)
        node: Node = test
        if isinstance(node, nodes.Name):  # a mask that has a name
            made = next(flow_of(reading).reaching(node.name, place), None)
            node = made.statement.value if made is not None and isinstance(made.statement, nodes.Assign) else node
        if not isinstance(node, nodes.Compare) or node.op not in MIRRORED:
            return None
        left, right, op = node.left, node.right, node.op
        if _number(reading, left, place) is not None:
            left, right, op = right, left, MIRRORED[op]
        bound = _number(reading, right, place)
        if bound is None:
            return None
        word, given = reading.called(left)
        size = word == "abs"
        return cls(text, given[0] if size else left, op, bound, size)

    def holds(self, value: float) -> bool:
        value = abs(value) if self.size else value
        return {
            ">": value > self.bound,
            ">=": value >= self.bound,
            "<": value < self.bound,
            "<=": value <= self.bound,
            "!=": value != self.bound,
            "==": value == self.bound,
        }[self.op]


MIRRORED = {">": "<", ">=": "<=", "<": ">", "<=": ">=", "!=": "!=", "==": "=="}


class _Hazard:
    """A function of the branch that is not taken: `operand` is what it must not be given there."""

    def __init__(self, node: Node, operand: Expr, points: list[float], holds: bool) -> None:
        self.node = node
        self.operand = operand
        self.points = points
        self.holds = holds

    @property
    def harmless(self) -> str:
        if 1 not in self.points:
            return "1.0"
        return "0.0" if -1 in self.points else "2.0"


def _wheres(reading: Reading) -> Iterator[tuple[Expr, Place]]:
    """The calls of `where`, each with the place that its names are looked up from."""
    steps = {
        id(part): Place(scope, step)
        for scope in reading.scopes
        for step in scope.steps
        for made in reading.parts(step.statement)
        if isinstance(made, (nodes.Function, nodes.Lambda)) and isinstance(made.body, Expr)
        for part in walk(made.body)
    }
    steps |= {
        id(part): Place(s, step) for s in reading.scopes for step in s.steps for part in reading.parts(step.statement)
    }
    first = next((Place(scope, scope.steps[0]) for scope in reading.scopes if scope.steps), None)
    for node in walk(reading.tree):
        if isinstance(node, (nodes.Call, nodes.Pipe)):
            word, given = reading.called(node)
            place = steps.get(id(node), first)
            if word == "where" and len(given) == 3 and place is not None:
                yield node, place


def _parts(reading: Reading, node: Expr) -> tuple[Expr, Expr, Expr]:
    _, (first, second, third) = reading.called(node)
    function = node.function if isinstance(node, nodes.Call) else None
    if isinstance(function, nodes.Attribute) and id(function) not in reading.resolution.references:
        return second, first, third  # `x.where(condition, other)`
    return first, second, third


def _may_be_tracked(reading: Reading, node: Expr, place: Place) -> bool:
    """Does a leaf go into it, or what a function is given?"""
    ways = flow_of(reading).ways(node, place)
    return bool(ways.leaves) or not ways.known


def _number(reading: Reading, node: Node, place: Place) -> float | None:
    if isinstance(node, nodes.Number):
        return float(node.value)
    if isinstance(node, nodes.Unary) and node.op == "-":
        inner = _number(reading, node.operand, place)
        return -inner if inner is not None else None
    if isinstance(node, nodes.Name):
        made = next(flow_of(reading).reaching(node.name, place), None)
        if (
            made is not None
            and isinstance(made.statement, nodes.Assign)
            and isinstance(made.statement.value, nodes.Number)
        ):
            return float(made.statement.value.value)
    return None


def _hazards(reading: Reading, branch: Expr, condition: _Condition, holds: bool) -> Iterator[_Hazard]:
    """What must not be computed where the branch is not taken: `holds` is what the condition is where it is."""
    for node in walk(branch):
        operand, points = _singular(reading, node)
        if operand is None:
            continue
        shift = _shift(reading, operand, condition.tested)
        if shift is None:
            continue
        if all(condition.holds(point + shift) is not holds for point in points):
            yield _Hazard(node, operand, points, holds)


def _singular(reading: Reading, node: Node) -> tuple[Expr | None, list[float]]:
    """The operand of a function that is not smooth at some points, and the points."""
    if isinstance(node, nodes.Binary) and node.op == "/":
        return node.right, [0.0]
    if isinstance(node, nodes.Binary) and node.op == "**":
        exponent = node.right
        negative = (
            isinstance(exponent, nodes.Unary) and exponent.op == "-" and isinstance(exponent.operand, nodes.Number)
        )
        if negative or (isinstance(exponent, nodes.Number) and exponent.value < 1 and exponent.value != 0):
            return node.left, [0.0]
        return None, []
    word, given = reading.called(node)
    facts = reading.facts(node) if word and given else None
    said = re.fullmatch(r"-?inf at (-?[\d.]+)(?: and (-?[\d.]+))?", facts.kinks) if facts is not None else None
    return (
        (given[0], [float(point) for point in said.groups() if point is not None]) if said is not None else (None, [])
    )


def _shift(reading: Reading, operand: Expr, tested: Expr) -> float | None:
    """What `tested` is more than `operand`: 1 for `x - 1` when `x` is tested; None when the two are something else."""
    if _plain(reading, operand) == _plain(reading, tested):
        return 0.0
    if not isinstance(operand, nodes.Binary) or operand.op not in "+-" or not isinstance(operand.right, nodes.Number):
        return None
    is_shifted = _plain(reading, operand.left) == _plain(reading, tested)
    return float(operand.right.value) * (1 if operand.op == "-" else -1) if is_shifted else None


def _plain(reading: Reading, node: Expr) -> str:
    text = re.sub(r"\s", "", reading.text(node))
    return text[1:-1] if node.grouped else text


def _warning(reading: Reading, node: Expr, place: Place, condition: _Condition, found: list[_Hazard]) -> WarningRecord:
    help = _two_lines(reading, node, place, condition, found) or _double(reading, node, condition, found)
    first = found[0]
    points = " and ".join(f"{point:g}" for point in first.points)
    shown = reading.text(first.operand)
    return reading.warning(
        node,
        f"the branch that is not taken is computed too: the slope of `{reading.text(first.node)}` is not finite where "
        f"`{shown}` is {points}, and 0 times that is nan",
        "sends 0 to what it does not take",
        [(reading.span(hazard.node), "computed for all elements") for hazard in found],
        f"{help}" if "\n" not in help else None,
    )


def _double(reading: Reading, node: Expr, condition: _Condition, found: list[_Hazard]) -> str:
    """The same `where`, with harmless numbers in the places that are not taken."""
    text, at, pieces = reading.source.text, node.start, []
    for hazard in sorted(found, key=lambda each: each.operand.start):
        if hazard.operand.start < at:
            continue  # in what has been replaced
        shown = text[hazard.operand.start : hazard.operand.end]
        shown = shown[1:-1] if hazard.operand.grouped else shown
        inner = [shown, hazard.harmless] if hazard.holds else [hazard.harmless, shown]
        pieces += [text[at : hazard.operand.start], f"where({condition.text}, {inner[0]}, {inner[1]})"]
        at = hazard.operand.end
    return "`" + "".join([*pieces, text[at : node.end]]) + "`"


def _two_lines(reading: Reading, node: Expr, place: Place, condition: _Condition, found: list[_Hazard]) -> str | None:
    """Where what is tested is a root itself, `n = sqrt(s)`, whose slope is infinite there as well: test `s`."""
    tested = condition.tested
    if (
        not isinstance(tested, nodes.Name)
        or condition.bound
        or any(_plain(reading, h.operand) != tested.name for h in found)
    ):
        return None
    made = next(flow_of(reading).reaching(tested.name, place), None)
    if made is None or not isinstance(made.statement, nodes.Assign):
        return None
    root, points = _singular(reading, made.statement.value)
    if root is None or points != [0.0] or place.step is made:
        return None
    statement, text = made.statement, reading.source.text
    inner = text[root.start + root.grouped : root.end - root.grouped]
    safe = f"where({inner} {condition.op} 0, {inner}, 1.0)"
    if not found[0].holds:
        safe = f"where({inner} {condition.op} 0, 1.0, {inner})"
    first = f"{text[statement.start : root.start]}{safe}{text[root.end : statement.end]}"
    test = _parts(reading, node)[0]
    if not isinstance(test, nodes.Compare):
        return None
    whole = place.step.statement
    second = f"{text[whole.start : test.start]}{inner} {condition.op} 0{text[test.end : whole.end]}"
    if reading.line(statement) == reading.line(whole):
        return None
    return f"{reading.instead(first, made)}; {reading.instead(second, place.step)}"
