"""Where nan and inf began: the first step, forward or backward, that made one of numbers."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any

import numpy as np

from gradsh.causes import rewrite
from gradsh.causes.cause import Cause
from gradsh.causes.surroundings import Surroundings
from gradsh.causes.text import is_loose
from gradsh.engine.core.tensor import Tensor, make
from gradsh.language import nodes
from gradsh.looking.flows import called, flows, going, incoming
from gradsh.looking.operands import operands
from gradsh.looking.places import flat
from gradsh.looking.rows import Leaf, Reading, Row
from gradsh.runtime.results import FEW, Result

if TYPE_CHECKING:
    from gradsh.causes.graph import Graph

TINY = "1e-12"


class Beginning:
    """Where it began.

    row       the step; `forward`: its result was the first that is odd, else what it sent to `to`
    at        the first position, as an index of the result, or of what was sent; () of a scalar
    value     "nan" or "inf" ("-inf" too)
    masked    the step that did not take the row's result there, and sent it 0
    """

    __slots__ = ("at", "forward", "masked", "row", "to", "value")

    def __init__(self, row: Row, forward: bool, at: tuple[int, ...], value: str, to: Row | Leaf | None = None) -> None:
        self.row = row
        self.forward = forward
        self.at = at
        self.value = value
        self.to = to
        self.masked: Row | None = None


def odd_places(value: Any) -> list[list[int]]:
    """The positions of what is no number; [[]] of a scalar."""
    return [[int(i) for i in index] for index in np.argwhere(~np.isfinite(value))]


def named(value: float) -> str:
    return "nan" if np.isnan(value) else "inf" if value > 0 else "-inf"


def cause(around: Surroundings, graph: Graph | None, t: Tensor, name: str, values: Any) -> Cause:
    """Why a gradient is nan or inf."""
    at = odd_places(values)
    first = named(values[tuple(at[0])] if at[0] else values[()])
    found = begin(graph.reading, graph.walk) if graph is not None else None
    if found is None or graph is None:
        made = Cause("nan", "no step that made it is known any more.")
        if t.data.size and not np.isfinite(t.data).all():
            made.words = f"{name} itself is no number at {_at(tuple(odd_places(t.data)[0]))}."
    else:
        made = Cause("nan", f"It began {began(graph, found)}.")
        made.notes = reasons(graph.reading, found, graph.variables, graph.walk, around)
        made.help = help_for(around, graph.reading, found)
        made.labels = labels(found)
    made.odd, made.odd_value = at, first
    return made


def labels(found: Beginning) -> list[tuple[Any, str]]:
    how = "forward" if found.forward else "backward"
    first = [(found.row.span, f"first {found.value}, {how}{_comma_at(found.at)}")]
    if found.masked is not None:
        first.append((found.masked.span, f"not taken{_comma_at(found.at).replace(',', '', 1)}"))
    return first


def _comma_at(at: tuple[int, ...]) -> str:
    return f", at {_at(at)}" if at else ""


def _at(at: tuple[int, ...]) -> str:
    return f"[{', '.join(map(str, at))}]"


# --- where ------------------------------------------------------------------------------------------------------------


def begin(reading: Reading, walk: Any) -> Beginning | None:
    """The first step that made what is no number of numbers: in the forward order, then in that of backward."""
    masks = [row for row in reading.rows if chooses(row)]
    for row in reversed(reading.rows):
        found = _forward(row)
        if found is not None and not _untaken(row, masks, found.at):
            return found
    for row in reading.rows:
        found = _backward(reading, walk, row)
        if found is not None:
            found.masked = next(
                (mask for mask in masks if row in mask.inputs and _sent_zero(walk, row, found.at)), None
            )
            return found
    return None


def _forward(row: Row) -> Beginning | None:
    result = row.result
    if result is None or not _is_odd(result):
        return None
    for each in row.inputs:
        given = Result(each.tensor.data) if isinstance(each, Leaf) else each.result
        if given is None or _is_odd(given):
            return None
    at = _first(result)
    return Beginning(row, True, at, _name_at(result, at))


def _untaken(row: Row, masks: list[Row], at: tuple[int, ...]) -> bool:
    """Is it in a branch that was not taken? Then it does no harm until backward."""
    for mask in masks:
        if row in mask.inputs and mask.result is not None:
            value = mask.result.value
            if value is None:  # a large one, of which the first position is known
                odd = mask.result.odd
                if len(at) == len(mask.result.shape) and (odd is None or odd[0] > at):
                    return True
                continue
            index = at if len(at) == value.ndim else ()
            if value.ndim == len(at) and np.isfinite(value[index] if index else value[()]):
                return True
    return False


def _backward(reading: Reading, walk: Any, row: Row) -> Beginning | None:
    came = [g for g in incoming(row, walk) if g is not None]
    if not came or any(_is_odd(g) for g in came):
        return None
    for each in going(reading, row, walk):
        if each.total is not None and _is_odd(each.total):
            at = _first(each.total)
            return Beginning(row, False, at, _name_at(each.total, at), each.target)
    return None


def _sent_zero(walk: Any, row: Row, at: tuple[int, ...]) -> bool:
    g = incoming(row, walk)[0]
    value = g.value if g.__class__ is Result else g
    if value is None:
        return True
    value = np.asarray(value)
    return bool(value[at] == 0) if value.ndim == len(at) else not value.any()


def _is_odd(given: Any) -> bool:
    if given.__class__ is Result:
        if given.value is not None:
            return given.value.dtype.kind == "f" and not np.isfinite(given.value).all()
        return given.odd is not None
    return not np.isfinite(given).all()


def _first(given: Any) -> tuple[int, ...]:
    value = given.value if given.__class__ is Result else given
    if value is None:
        return given.odd[0] if given.odd is not None else ()
    return tuple(odd_places(np.asarray(value))[0])


def _name_at(given: Any, at: tuple[int, ...]) -> str:
    value = given.value if given.__class__ is Result else given
    if value is None:
        return named(given.odd[1])
    return named(float(np.asarray(value)[at]))


def chooses(row: Row) -> bool:
    """Does its operator choose between two values element by element, `where`?"""
    bound = operands(row, {})
    if bound is None:
        return False
    formula = bound.entry.formula
    return "where condition" in formula or "where mask" in formula


# --- why --------------------------------------------------------------------------------------------------------------


def began(graph: Graph, found: Beginning) -> str:
    """Where it began, with its numbers."""
    row = found.row
    where = f"on {graph.line(row)}" if graph.line(row) else ""
    said = f"in step {row.step}, {flat(row.text)} {where}".rstrip()
    if found.forward:
        said = f"forward, {said}"
    numbers = sum_up(graph.reading, found, graph.variables, graph.walk)
    said = f"{said}: {numbers}" if numbers else said
    return f"{said}, at {_at(found.at)}" if found.forward and found.at else said


def sum_up(reading: Reading, found: Beginning, variables: Any, walk: Any) -> str:
    """The numbers at that position: `0 / (2 * 0)`, `log(-1)`."""
    from gradsh.looking.flows import going_in

    if found.forward:
        return picked(going_in(found.row, variables, found.at), found.at)
    for flow in flows(reading, found.row, walk, variables):
        if found.to is not None and flow.to == called(found.to, found.row):
            return picked(flow.numbers, found.at)
    return ""


def picked(numbers: str, at: tuple[int, ...]) -> str:
    """The numbers at one position of lists: `0 / (2 * 0)` of `[0, 1] / (2 * [0, 2])`."""

    def pick(found: re.Match[str]) -> str:
        items = found.group(1).split(", ")
        return items[at[0]] if len(at) == 1 and at[0] < len(items) else found.group(0)

    return re.sub(r"\[([^\[\]]*)\]", pick, numbers)


def reasons(reading: Reading, found: Beginning, variables: Any, walk: Any, around: Surroundings) -> list[str]:
    """What made it, line by line."""
    row = found.row
    if found.forward:
        return []
    said = []
    word = word_of(row)
    inputs = [each for each in (*row.inputs, *row.parameters) if each is found.to]
    for each in inputs:
        value, at = _given(each, found.at)
        number = _number(value, at)
        called_it = called(each, row)
        if number is not None and word.isidentifier() and infinite_slope(row, value, at):
            index = _at(found.at) if found.at else ""
            said.append(f"{called_it}{index} is {number}, where {word} has an infinite slope;")
    source = _source(found)
    if source is not row and source.span is not None:
        place = around.place(source.span)
        said.append(f"{source.called} ({place}) is 0, where {word_of(source)} has an infinite slope;")
    if found.masked is not None:
        mask = found.masked
        place = around.place(mask.span) if mask.span is not None else ""
        said.append(f"`{shortened(mask)}` on {place} did not take it there and sent it 0;")
        said.append("0 * inf is nan." if found.value == "nan" else f"the result is {found.value}.")
    elif said:
        said[-1] = said[-1].rstrip(";") + "."
    return said


def shortened(row: Row) -> str:
    """`where(x > 0, …)`."""
    text = flat(row.text)
    tree = text.partition("(")
    first = text[len(tree[0]) + 1 :].split(", ", 1)[0]
    return f"{tree[0]}({first}, …)" if tree[1] and first else text


def word_of(row: Row) -> str:
    bound = operands(row, {})
    return bound.entry.name.rpartition(".")[2] if bound is not None else flat(row.text)


def _given(each: Row | Leaf, at: tuple[int, ...]) -> tuple[Any, tuple[int, ...]]:
    """The value of an input and a position in it: of a large leaf the one element there, by itself."""
    if not isinstance(each, Leaf):
        return each.result, at
    data = each.tensor.data
    if data.size <= FEW or data.ndim != len(at):
        return Result(data), at
    return Result(np.asarray(data[at])), ()


def _number(value: Any, at: tuple[int, ...]) -> str | None:
    if value is None or value.value is None or value.value.ndim != len(at):
        return None
    return f"{float(value.value[at] if at else value.value[()]):.6g}"


def infinite_slope(row: Row, value: Any, at: tuple[int, ...]) -> bool:
    """Is the derivative of a row's operator infinite at a value of its one input? Tried, on a tensor of its own."""
    from gradsh.engine.autograd.backward import run_grad

    bound = operands(row, {})
    if bound is None or value is None or value.value is None or len(row.inputs) != 1:
        return False
    x = make(np.array(value.value))
    x.requires = True
    try:
        out = bound.entry.apply(x)
        (g,) = run_grad([out], [x], [make(np.ones_like(out.data))], False, False, True, False, None)
    except Exception:  # an operator that wants more than its input: nothing is known then
        return False
    return g is not None and bool(np.isinf(np.asarray(g.data)[at] if at else g.data))


# --- the way out ------------------------------------------------------------------------------------------------------


def help_for(around: Surroundings, reading: Reading, found: Beginning) -> str:
    """The statement with a harmless number where the operation has none."""
    row = _source(found)
    if row.span is None:
        return ""
    page = around.page(row.span.source)
    step, node = page.step(row.span), page.expression(row.span)
    operand = _operand(node)
    if step is None or node is None or operand is None:
        return ""
    text = page.text(operand)
    mask = found.masked if row is found.row else None
    condition = _condition(around, mask, row)
    loose = f"({text})" if is_loose(operand) else text
    if condition is not None:
        taken, said = condition
        safe = f"where({said}, {text}, 1.0)" if taken else f"where({said}, 1.0, {text})"
    elif row is not found.row or not found.forward:
        safe = f"where({loose} > 0, {text}, 1.0)" if row is not found.row else f"{loose} + {TINY}"
        if isinstance(node, nodes.Binary) and row is found.row:
            safe = f"({safe})"
    else:
        safe = f"clamp({text}, min={TINY})"
    method = isinstance(node, nodes.Call) and isinstance(node.function, nodes.Attribute) and safe[:1] != "("
    if method and node.function.value is operand and not safe.endswith(")"):  # type: ignore[attr-defined]  # a call
        safe = f"({safe})"
    new = rewrite.edited(page, step.statement, [(operand.start, operand.end, safe)])
    word = word_of(row) if not isinstance(node, nodes.Binary) else "it"
    lead = f"give {word} a harmless number"
    lead += " where it is not taken" if condition is not None else " there"
    return f"{around.lead(lead, page.span(step.statement))}`{new}`"


def _source(found: Beginning) -> Row:
    """The step to mend: where a division has 0 below the line that came of an infinite slope, that step."""
    row = found.row
    if len(row.inputs) > 1 and found.masked is not None:
        for each in row.inputs:
            if isinstance(each, Row) and each.result is not None and each.result.value is not None:
                inner = each.inputs[0] if len(each.inputs) == 1 else None
                value = Result(inner.tensor.data) if isinstance(inner, Leaf) else inner.result if inner else None
                if each.result.value.size == 1 and not each.result.value.any() and infinite_slope(each, value, ()):
                    return each
    return row


def _operand(node: nodes.Expr | None) -> nodes.Expr | None:
    """What the operation cannot take there: its argument, the divisor, the base of a power."""
    if isinstance(node, nodes.Binary):
        return node.right if node.op in "/%//" else node.left
    if isinstance(node, nodes.Call):
        if isinstance(node.function, nodes.Attribute) and not _is_namespace(node.function.value):
            return node.function.value
        if node.arguments:
            return node.arguments[-1].value if len(node.arguments) == 2 and _divides(node) else node.arguments[0].value
    return None


def _divides(node: nodes.Call) -> bool:
    return isinstance(node.function, nodes.Name) and node.function.name in ("div", "divide", "true_divide")


def _is_namespace(node: nodes.Expr) -> bool:
    return isinstance(node, nodes.Name) and node.name in ("torch", "linalg", "F", "nn")


def _condition(around: Surroundings, mask: Row | None, row: Row) -> tuple[bool, str] | None:
    """Whether the step stands in the branch that is taken where the condition holds, and the condition."""
    if mask is None or mask.span is None or row.span is None:
        return None
    page = around.page(mask.span.source)
    node = page.expression(mask.span)
    if not isinstance(node, nodes.Call) or len(node.arguments) < 3 or not isinstance(node.function, nodes.Name):
        return None
    said, first, second = (argument.value for argument in node.arguments[:3])
    for branch, taken in ((first, True), (second, False)):
        inside = branch.start <= row.span.start and row.span.end <= branch.end
        by_name = isinstance(branch, nodes.Name) and branch.name == row.name
        if inside or by_name:
            return taken, page.text(said)
    return None
