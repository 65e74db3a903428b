"""Why a gradient that is there is what it is: what it is the sum of, where a nan began, what made it 0, its ways."""

from __future__ import annotations

import math
import re
from collections.abc import Iterator, Mapping
from itertools import islice
from typing import Any

import numpy as np

from gradsh.causes import gradient, odd, rewrite
from gradsh.causes.cause import Cause, Root, numeral
from gradsh.causes.flows import GRADIENT
from gradsh.causes.graph import COUNTED, Graph, all_ways, count_ways, largest_ways, way_row
from gradsh.causes.surroundings import Surroundings
from gradsh.causes.unreached import reached_leaves
from gradsh.causes.untracked import Search
from gradsh.engine.core.tensor import Tensor
from gradsh.looking.flows import incoming
from gradsh.looking.operands import operands
from gradsh.looking.places import flat
from gradsh.looking.rows import Leaf, Row
from gradsh.reports.why import WhyRow
from gradsh.runtime import passes
from gradsh.runtime.passes import LAST, Summed
from gradsh.runtime.results import Result

MOST = 8  # ways that are listed
LARGEST = 3  # of more than MOST ways these are listed
FLAT = "0"  # the formula of what has no slope anywhere
WORDS = ("no", "one", "two", "three", "four", "five", "six", "seven", "eight")


def present(around: Surroundings, t: Tensor, name: str, root: Root | None, variables: Mapping[str, Any]) -> Cause:
    """The cause of what `t.grad` is; it is there."""
    held = t.gradient
    assert held is not None
    summed = around.passes.of(t) if around.passes is not None else None
    graph = Graph(around, root, variables, t) if root is not None and root.tensor is not None else None
    if graph is not None and (graph.target is None or not graph.walk.steps):
        graph = None
    values = np.asarray(held.data)
    if not np.isfinite(values).all():
        return odd.cause(around, graph, t, name, values)
    if summed is not None and summed.count > 1:
        return several(around, t, name, summed)
    if graph is None or root is None:
        return gone(around, t, root, summed)
    if not values.all() and (zero := nothing(graph, name, values)) is not None:
        return zero
    return ways(graph, t, name)


def gone(around: Surroundings, t: Tensor, root: Root | None, summed: Summed | None) -> Cause:
    """Nothing is known of what the backward that made it went through, nor always which one that was."""
    if root is None:
        return Cause("set", "the program has set it; no backward has run.")
    its = gradient.root_at(around, summed.last[-1][0]) if summed is not None else root
    if its is None or (summed is None and not any(leaf is t for leaf in reached_leaves(root.parts))):
        last = around.place(root.page.span(root.step.statement))
        words = f"from which backward is not known; the last, {root.text} ({last}), is made of other things."
        return Cause("not known", words)
    at = around.place(its.page.span(its.step.statement))
    return Cause("graph gone", f"what {its.text} was made of is gone since the backward of {at}.")


# --- sums over passes -------------------------------------------------------------------------------------------------


def several(around: Surroundings, t: Tensor, name: str, summed: Summed) -> Cause:
    """Gradients of several backward passes that nobody cleared in between."""
    places = [around.located(where) for where, _, _ in summed.last]
    lines = list(dict.fromkeys(around.place(span) for span in places if span is not None))
    rounds = [round for _, round, _ in summed.last]
    if len(lines) == 1 and summed.count > 1:
        last = rounds[-1]
        first = last - summed.count + 1
        where = f"{lines[0]}, rounds {first} to {last}" if first > 0 else lines[0]
    elif summed.count > LAST:
        where = f"the last of them {_listed(lines)}"
    else:
        where = _listed(lines)
    cause = Cause("sum", f"the sum of {summed.count} backward passes ({where}), not cleared between.")
    amounts = [amount for _, _, amount in summed.last]
    for (where_last, round, amount), span in zip(summed.last, places, strict=True):
        del where_last
        if amount is None or amount.value is None:
            continue
        left = around.place(span) if span is not None else ""
        left += f", round {round}" if len(lines) == 1 and left else ""
        statement = _statement(around, span)
        cause.rows.append(WhyRow(left, statement, numeral(amount)))
    if not all(amount is not None and amount.value is not None for amount in amounts):
        cause.rows = []
    elif summed.count > len(amounts):
        cause.notes.append(f"and {summed.count - len(amounts)} before these")
    cause.help = clear(around, name, summed)
    return cause


def _statement(around: Surroundings, span: Any) -> str:
    if span is None:
        return ""
    page = around.page(span.source)
    step = page.step(span)
    return page.text(step.statement) if step is not None else flat(span.text)


def _listed(lines: list[str]) -> str:
    """ "lines 3 and 4" for ["line 3", "line 4"]."""
    if len(lines) > 1 and all(line.startswith("line ") and line.removeprefix("line ").isdigit() for line in lines):
        numbers = [line.removeprefix("line ") for line in lines]
        return f"lines {', '.join(numbers[:-1])} and {numbers[-1]}"
    return lines[0] if len(lines) == 1 else f"{', '.join(lines[:-1])} and {lines[-1]}"


def clear(around: Surroundings, name: str, summed: Summed) -> str:
    """`zero_grad x` before the last backward, with what that leaves."""
    where, _, amount = summed.last[-1]
    span = around.located(where)
    if span is None:
        return ""
    base = name.split(".")[0] if name.count(".") else name
    line = f"before line {span.line}" if not around.was_typed(span.source) else "before the last backward"
    left = f" leaves {numeral(amount)}" if amount is not None and amount.value is not None else ""
    return f"`zero_grad {base}` {line}{left}"


# --- nothing ----------------------------------------------------------------------------------------------------------


def nothing(graph: Graph, name: str, values: Any) -> Cause | None:
    """The step at which the gradient became 0, where one did: all of it, or some of a few."""
    at = [list(index) for index in np.argwhere(values == 0)] if values.ndim else []
    at = [[int(i) for i in index] for index in at]
    everywhere = not values.any()
    if not everywhere:
        dead = dead_units(graph, name, values)
        if dead is not None or values.size > 8:
            return dead
    for row in graph.consumers(graph.target):
        found = stopped_at(graph, row, graph.target, everywhere)
        if found is None:
            continue
        stopped, to, blocked = found
        words = stops(graph, stopped, to, blocked)
        if not words:
            continue
        cause = Cause("zero", words)
        cause.odd = at
        cause.odd_value = "0" if not everywhere or values.size > 1 else ""
        if everywhere:
            cause.odd = []
            cause.odd_value = "0"
        cause.help = flat_help(graph, stopped)
        cause.rows = [way_row(graph, next(all_ways(graph)))]
        return cause
    return None


def dead_units(graph: Graph, name: str, values: Any) -> Cause | None:
    """Rows of a weight that get nothing, since what follows was off for them."""
    rows = [int(i) for i in range(values.shape[0]) if not values[i].any()] if values.ndim else []
    if not rows:
        return None
    for row in graph.consumers(graph.target):
        for user in graph.consumers(row):
            outs = [each for each in graph.going(user) if each.target is row]
            total = outs[0].total if outs else None
            if not isinstance(total, Result) or len(total.shape) != 2 or not set(rows) <= set(total.empty):
                continue
            batch, units = total.shape[0], _named("unit", rows)
            word = user.layer or flat(user.text).partition("(")[0]
            in_rows = "in its one row" if batch == 1 else f"in all {batch} rows"
            cause = Cause("zero", f"{word}{_in(graph, user)} was off {in_rows} for {units}.")
            cause.odd = [[i] for i in rows]
            cause.odd_value = "0"
            return cause
    return None


def _named(word: str, numbers: list[int]) -> str:
    if len(numbers) == 1:
        return f"{word} {numbers[0]}"
    shown = ", ".join(map(str, numbers[:5])) + (" …" if len(numbers) > 5 else "")
    return f"the {word}s {shown}"


def stopped_at(
    graph: Graph, row: Row, to: Row | Leaf, everywhere: bool, depth: int = 0
) -> tuple[Row, Row | Leaf, list[list[int]]] | None:
    """The row that lets nothing through to `to`, or one before it: (row, to, the positions that it stops)."""
    out = graph.sent(row, to)
    came = [g for g in incoming(row, graph.walk) if g is not None]
    if out is None or not came or depth > 200:
        return None
    if _is_zero(out):
        if any(not _is_zero(g) for g in came):
            return row, to, []
        for user in graph.consumers(row):
            found = stopped_at(graph, user, row, everywhere, depth + 1)
            if found is not None:
                return found
        return None
    if everywhere or out.value is None or out.value.all():
        return None
    zeros = [[int(i) for i in index] for index in np.argwhere(out.value == 0)]
    g = came[0]
    same = g.value is not None and g.value.shape == out.value.shape
    if not same or any(g.value[tuple(index)] != 0 for index in zeros):
        return row, to, zeros
    for user in graph.consumers(row):
        found = stopped_at(graph, user, row, everywhere, depth + 1)
        if found is not None:
            return found
    return None


def _is_zero(g: Any) -> bool:
    if g.__class__ is not Result:
        return not np.any(g)
    return not g.value.any() if g.value is not None else g.norm == 0


def stops(graph: Graph, row: Row, to: Row | Leaf, at: list[list[int]]) -> str:
    """Why a row lets nothing through, in words."""
    bound = operands(row, graph.variables)
    entry = bound.entry if bound is not None else None
    called = flat(row.text)
    word = entry.name if entry is not None else called
    place = _in(graph, row)
    formula = entry.formula if entry is not None else ""
    where = f" at {', '.join(map(str, at[:3]))}" if at else ""
    others = [each for each in (*row.inputs, *row.parameters) if each is not to]
    if re.search(r"g [*@]|[*@] g", formula):
        for other in _factors(graph, row, to, others):
            return f"step {row.step}{place} multiplies by {other}, which is 0{where}."
    taken = _taken(row, to, at)
    if taken:
        return f"{word}{place} took {taken}."
    if "where" in formula or "else 0" in formula:
        return f"{word}{place} was off{where or ' everywhere'}: it passes a gradient on only where it is on."
    if formula == FLAT or entry is None or not formula:
        return f"{word}{place} is flat: its slope is 0{where or ' everywhere'}."
    elementwise = entry.elementwise and to.shape == row.shape
    return f"the slope of {called}{place} is 0{where}." if elementwise or not at else ""


def _in(graph: Graph, row: Row) -> str:
    place = graph.line(row)
    return f" ({place})" if place else ""


def _factors(graph: Graph, row: Row, to: Row | Leaf, others: list[Any]) -> Iterator[str]:
    for other in others:
        result = Result(other.tensor.data) if isinstance(other, Leaf) else other.result
        if result is not None and _is_zero(result):
            yield other.label if isinstance(other, Leaf) else other.called
    names = {piece for piece, value in graph.variables.items() if value.__class__ is Tensor and not value.data.any()}
    for word in re.findall(r"[^\W\d]\w*", row.text):
        if word in names and (isinstance(to, Row) or word != to.label):
            yield word
    if re.search(r"^0(\.0*)? ?\*|\* ?0(\.0*)?$", row.text):
        yield "0"


def _taken(row: Row, to: Row | Leaf, at: list[list[int]]) -> str:
    """For what picks some elements: those that it took."""
    shape = to.shape
    result = row.result
    if not at or shape is None or result is None or len(shape) != 1 or math.prod(result.shape) >= math.prod(shape):
        return ""
    chosen = [i for i in range(shape[0]) if [i] not in at]
    return ", ".join(f"[{i}]" for i in chosen) if 0 < len(chosen) < shape[0] else ""


def flat_help(graph: Graph, row: Row) -> str:
    """For what is flat everywhere, `round`: the value without it."""
    if row.span is None:
        return ""
    page = graph.around.page(row.span.source)
    step, node = page.step(row.span), page.expression(row.span)
    if step is None or node is None:
        return ""
    new = rewrite.without_call(page, step.statement, node)
    bound = operands(row, graph.variables)
    if new is None or bound is None or bound.entry.formula != FLAT:
        return ""
    return f"{graph.around.lead('', page.span(step.statement))}`{new}`"


# --- ways -------------------------------------------------------------------------------------------------------------


def ways(graph: Graph, t: Tensor, name: str) -> Cause:
    """In how many ways the root depends on the leaf, and what each brings."""
    count = count_ways(graph)
    root = graph.root.text
    found = odd.begin(graph.reading, graph.walk)
    if count == 1:
        cause = Cause("ways", f"{root} depends on {name} in one way.")
    else:
        said = WORDS[count] if count < len(WORDS) else f"{count:,}" if count < COUNTED else f"more than {COUNTED:,}"
        cause = Cause("ways", f"{root} depends on {name} in {said} ways, and gradients add up.")
    if count <= MOST:
        cause.rows = [way_row(graph, way) for way in all_ways(graph)]
    else:
        largest = largest_ways(graph, LARGEST)
        shown = list(islice(all_ways(graph), LARGEST)) if largest is None else largest
        cause.rows = [way_row(graph, way) for way in shown]
        cause.notes.append(
            f"the {WORDS[len(shown)]} largest of them" if largest is not None else f"{WORDS[len(shown)]} of them"
        )
    partly_cut(graph, t, name, cause)
    if found is not None and found.forward:
        cause.notes.append(f"{root} itself is {found.value}: it began {odd.began(graph, found)}.")
        cause.help = odd.help_for(graph.around, graph.reading, found)
    return cause


def partly_cut(graph: Graph, t: Tensor, name: str, cause: Cause) -> None:
    """Another way to the leaf, on which nothing comes."""
    assert graph.root.tensor is not None
    search = Search(graph.around, t)
    search.visit(graph.root.tensor, graph.root.text, [])
    for finding in search.findings:
        if finding.kind != "cut":
            continue
        link = next((link for link in reversed(finding.way) if link.cuts), None)
        if link is None or link.cuts[-1].kind == GRADIENT:
            continue
        word = str(link.cuts[-1]).replace("`", "")
        cause.notes.append(
            f"Another way is cut on {graph.around.place(link.span)}: {word}, and {name} gets nothing of it."
        )
        cause.help = cause.help or finding.help
        cause.kind = "partly cut"
        return


def kinks(around: Surroundings, t: Tensor, root: Root, variables: Mapping[str, Any]) -> list[str]:
    """Where on the ways to a leaf there is no single slope, in words."""
    from gradsh.looking.kinks import kink_table

    graph = Graph(around, root, variables, t)
    if graph.target is None:
        return []
    table = kink_table(graph.reading, passes.KEPT)
    on_the_way = graph.reaching
    said: list[str] = []
    for kink in table.rows:
        if len(said) < LARGEST and id(graph.reading.rows[kink.step - 1]) in on_the_way:
            at = " ".join(map(str, kink.at)) + (" …" if kink.count > len(kink.at) else "")
            where = f" at {at}" if kink.at != [[]] else ""
            said.append(f"A kink: {kink.label} ({kink.place}){where}: slopes {kink.slopes}, taken {kink.taken}.")
    return said
