"""From a reading to the report of `graph`."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from gradsh.engine.core.graph import Node
from gradsh.engine.core.tensor import Tensor
from gradsh.looking import folding, places
from gradsh.looking.amounts import amount
from gradsh.looking.flows import going, rules_of_gradient
from gradsh.looking.folding import Folded, Item
from gradsh.looking.past import flagged, history
from gradsh.looking.reading import edges, leading, read, target
from gradsh.looking.rows import Call, Leaf, Reading, Row
from gradsh.looking.writing import listed
from gradsh.reports.looking import Amount, DrawnRow, GraphDrawing
from gradsh.runtime.watching import Watching


def draw(
    reading: Reading,
    open: Any = False,
    *,
    nodes: bool = False,
    values: bool = False,
    walk: Watching | None = None,
    to: Sequence[Tensor] = (),
) -> GraphDrawing:
    """The drawing of a graph: `nodes` has one row for each node; `walk` is a backward that was watched, for gradients;
    `to` are the tensors to which it is drawn, where that is not all.

    Errors: ArgumentError for an `open` that was not called.
    """
    only, ends = leading(reading, to) if to else (None, set())
    folded = folding.fold(reading, open, only)
    rows = _nodes(reading) if nodes else _items(reading, folded)
    if to:
        rows = _only(rows, reading, only or set(), ends)
    report = GraphDrawing(reading.name, [drawn for drawn, _ in rows])
    report.columns = {n for n, on in (("values", values), ("gradients", walk is not None), ("nodes", nodes)) if on}
    for drawn, stands_for in rows:
        _amounts(reading, drawn, stands_for, walk)
    if walk is not None:
        _slopes(reading, rows, walk)
    report.plain = [(name, tuple(t.data.shape)) for name, t in reading.untracked]
    _notes(reading, report, folded, nodes)
    return report


def draw_past(t: Tensor, variables: Mapping[str, Any], name: str, open: Any = False) -> GraphDrawing:
    """How a value without history was made, and the graph that its history was cut off from."""
    way = history(t, variables, name)
    tracked = {id(value): value for past in way for _, value in past.inputs if value.requires}
    reading = read(t, variables, name, *tracked.values())
    below = draw(reading, open) if tracked else GraphDrawing(name, [])
    rows: list[DrawnRow] = []
    at: dict[int, int] = {}
    for past in way:
        at[id(past.tensor)] = len(rows)
        rows.append(DrawnRow("plain", past.label, reading.place(past.span), tuple(past.tensor.data.shape)))
        if past.cut:
            rows[-1].inputs.append(len(rows))
            rows.append(DrawnRow("cut", past.cut))
    for past in way:
        source = rows[at[id(past.tensor)] + (1 if past.cut else 0)]
        for _, value in past.inputs:
            if id(value) in at:
                rows[at[id(past.tensor)]].inputs.append(at[id(value)])
            elif past.cut:
                row = _index_of(reading, below, value)
                source.inputs += [len(rows) + row] if row is not None else []
    offset = len(rows)
    for drawn in below.rows:
        drawn.inputs = [each + offset for each in drawn.inputs]
    report = GraphDrawing(name, [*rows, *below.rows])
    said = "This is how it was made, and where its history ends:" if tracked else "Nothing that it is made of has one:"
    report.heading = [f"{name or 'this'} has no graph. {said}", ""]
    report.notes = [note for note in below.notes if "open" not in note]
    made = flagged(way[-1]) if not tracked and not way[-1].inputs else ""
    if made:
        report.notes.append(f"`{made}` asks for gradients")
    return report


def _index_of(reading: Reading, drawing: GraphDrawing, t: Tensor) -> int | None:
    """Which row of the drawing a tensor came out of."""
    found = reading.row_of(t)
    if isinstance(found, Leaf):
        return next((i for i, d in enumerate(drawing.rows) if d.mark == "leaf" and d.label == found.label), None)
    step = found.step if found is not None else 0
    return next((i for i, d in enumerate(drawing.rows) if d.steps and d.steps[0] <= step <= d.steps[1]), None)


# --- the rows ---------------------------------------------------------------------------------------------------------


def _items(reading: Reading, folded: Folded) -> list[tuple[DrawnRow, Any]]:
    """A row for each item and for each leaf that has one; leaves stand behind the last row that uses them."""
    found: list[tuple[DrawnRow, Any]] = [(_of_item(reading, item), item) for item in folded.items]
    at = {id(item): position for position, item in enumerate(folded.items)}
    used = {id(each) for item in folded.items for each in folding.inputs(item, folded)}
    for leaf in reading.leaves:
        if id(leaf) in used or not reading.rows:
            at[id(leaf)] = len(found)
            found.append((_of_leaf(reading, leaf), leaf))
    outside, users = _outside(folded)
    for each in outside:
        drawn = DrawnRow("outside", f"from {_origin(each, users[id(each)][-1])}", reading.place_of(each), each.shape)
        at[id(each)] = len(found)
        found.append((drawn, each))
    for drawn, item in found[: len(folded.items)]:
        drawn.inputs = [at[id(each)] for each in folding.inputs(item, folded) if id(each) in at]
        drawn.inputs += [at[id(each)] for each in outside if item in users[id(each)]]
    _frames(folded, [drawn for drawn, _ in found])
    return found


def _of_item(reading: Reading, item: Item) -> DrawnRow:
    row = item.rows[0]
    if item.rounds:
        drawn = DrawnRow("rounds", rounds_label(item))
    elif item.call is not None:
        label = places.flat(item.call.text) if item.call.text else item.call.path
        name = places.bound_to(item.call.span) if item.call.span is not None else ""
        drawn = DrawnRow("operation", f"{name} = {label}" if name else label, reading.place_of(item.call))
        drawn.kind = container(item.call)
        drawn.shape = item.call.result.shape
    else:
        drawn = DrawnRow("operation", row.label, reading.place_of(row), row.shape)
        drawn.kind = row.layer
        if row.derived is not None:
            drawn.label = f"backward of {row.label}"
    drawn.steps = item.steps
    drawn.folded = item.folded
    drawn.operations = sum(len(each.nodes) for each in item.rows)
    drawn.functions = row.functions if not item.folded else []
    if row.derived is not None and not item.folded:
        drawn.rule = rules_of_gradient(row, {})
    used = {id(leaf): leaf for each in item.rows for leaf in each.parameters}
    drawn.parameters = [short(leaf.name, item) for leaf in used.values()]
    drawn.elements = sum(leaf.tensor.data.size for leaf in used.values())
    drawn.freed = any(each.is_freed for each in item.rows)
    drawn.kept = row.kept
    return drawn


def container(call: Call) -> str:
    """The class of the model that is called: "MLP", or how many of which where it only holds some of one."""
    children = [type(child).__name__ for _, child in call.model.named_children()] if call.model is not None else []
    if call.kind == "Sequential" and len(children) > 1 and len(set(children)) == 1:
        return f"{len(children)} \u00d7 {children[0]}"
    return call.kind


def short(name: str, item: Item) -> str:
    """The name of a parameter in the row of the layer that has it: "weight" for "net.fc1.weight"."""
    if item.call is not None:
        return name
    return name.rpartition(".")[2] if item.rows[0].layer or item.rows[0].call is not None else name


def rounds_label(item: Item) -> str:
    """What stands for the earlier rounds of a loop."""
    spans = [row.span for row in item.rows[: max(1, len(item.rows) // item.rounds)] if row.span is not None]
    lines = sorted({span.line for span in spans})
    where = f" of lines {lines[0]}-{lines[-1]}" if len(lines) > 1 else f" of line {lines[0]}" if lines else ""
    return f"{item.rounds:,} more round{'s' if item.rounds > 1 else ''}{where}"


def _of_leaf(reading: Reading, leaf: Leaf) -> DrawnRow:
    drawn = DrawnRow("leaf", leaf.label, reading.place(leaf.span), leaf.shape)
    drawn.elements = leaf.tensor.data.size
    return drawn


def _frames(folded: Folded, drawn: list[DrawnRow]) -> None:
    """Where the calls that are open begin and end."""
    chains = []
    for item in folded.items:
        call = item.call.parent if item.call is not None else item.rows[0].call
        chain = [up for up in folding.outwards(call) if up.kind][::-1]
        first = next((at for at, up in enumerate(chain) if up in folded.wanted), 0)
        chains.append(chain[first:])
    for position, chain in enumerate(chains):
        before = chains[position - 1] if position else []
        after = chains[position + 1] if position + 1 < len(chains) else []
        drawn[position].opened = [
            (call.path if folded.wanted and call.path else call.text or call.path, container(call))
            for call in chain
            if call not in before
        ]
        drawn[position].closes = sum(call not in after for call in chain)


def _outside(folded: Folded) -> tuple[list[Row], dict[int, list[Item]]]:
    """What comes into models that are drawn alone, and by which items it is used."""
    found: list[Row] = []
    users: dict[int, list[Item]] = {}
    for item in folded.items if folded.wanted else ():
        for row in item.rows:
            for each in row.inputs:
                if isinstance(each, Row) and id(each) not in folded.of_row:
                    if id(each) not in users:
                        found.append(each)
                    users.setdefault(id(each), []).append(item)
    return found, users


def _origin(row: Row, inner: Item) -> str:
    """What to call what comes into a model that is drawn alone: the model next to it, else the expression."""
    around = list(folding.outwards(inner.rows[0].call))
    outside = [call for call in folding.outwards(row.call) if call not in around and call.kind and call.path]
    return outside[-1].path if outside else row.label


def _nodes(reading: Reading) -> list[tuple[DrawnRow, Any]]:
    """A row for each node, and for each leaf."""
    found: list[tuple[DrawnRow, Any]] = []
    at: dict[Any, int] = {}
    for node, row in sorted(reading.of_node.items(), key=lambda pair: pair[0].seq):
        drawn = DrawnRow("operation", row.label, reading.place_of(row), row.shape if node is row.nodes[0] else None)
        drawn.steps = (row.step, row.step)
        drawn.functions = [node.kind.name]
        drawn.operations = 1
        drawn.freed = row.is_freed and node.kind.saves
        drawn.kept = row.kept and node is row.nodes[0]
        at[node] = len(found)
        found.append((drawn, node))
    for leaf in reading.leaves:
        drawn = _of_leaf(reading, leaf)
        drawn.functions = ["AccumulateGrad"]
        at[leaf.tensor] = len(found)
        found.append((drawn, leaf))
    for drawn, node in found:
        if isinstance(node, Node):
            drawn.inputs = list(dict.fromkeys(at[target(e)] for e in edges(node) if target(e) is not None))
    return found


def _only(rows: list[tuple[DrawnRow, Any]], reading: Reading, only: set[int], ends: set[int]) -> list[Any]:
    """The rows that lead somewhere, and the leaves that are it."""

    def leads(each: Any) -> bool:
        if isinstance(each, Leaf):
            return id(each) in ends
        return isinstance(each, Item) or id(reading.of_node[each] if isinstance(each, Node) else each) in only

    kept = [at for at, (_, each) in enumerate(rows) if leads(each)]
    position = {old: new for new, old in enumerate(kept)}
    for at in kept:
        rows[at][0].inputs = [position[each] for each in rows[at][0].inputs if each in position]
    return [rows[at] for at in kept]


# --- values and gradients ---------------------------------------------------------------------------------------------


def _amounts(reading: Reading, drawn: DrawnRow, stands_for: Any, walk: Watching | None) -> None:
    """What came out, and the gradient that came in."""
    if isinstance(stands_for, Leaf):
        drawn.value = amount(stands_for.tensor.data)
        if walk is not None:
            _arrived(reading, drawn, stands_for.tensor, walk)
        return
    if drawn.mark in ("rounds", "outside"):
        return
    node = stands_for if isinstance(stands_for, Node) else stands_for.rows[0].nodes[0]
    row = reading.of_node[node]
    if node is row.nodes[0] and row.result is not None:
        result = stands_for.call.result if isinstance(stands_for, Item) and stands_for.call else row.result
        known = result.value is not None or result.norm is not None
        drawn.value = amount(result) if known else Amount(result.shape, None, None)
    if walk is not None:
        drawn.gradient = amount(walk.gradient(node))


def _slopes(reading: Reading, rows: list[tuple[DrawnRow, Any]], walk: Watching) -> None:
    """The local derivatives between numbers: what goes out divided by what came in."""
    at = {id(stands_for): position for position, (_, stands_for) in enumerate(rows)}
    for position, (_, stands_for) in enumerate(rows):
        for row in stands_for.rows if isinstance(stands_for, Item) else ():
            at[id(row)] = position
    for drawn, stands_for in rows:
        if not isinstance(stands_for, Item) or stands_for.folded or stands_for.rounds:
            continue
        row = stands_for.rows[0]
        g = walk.gradient(row.nodes[0])
        if g is None or g.shape or not g:
            continue
        for one in going(reading, row, walk):
            if one.total is not None and not one.total.shape and id(one.target) in at:
                drawn.slopes[at[id(one.target)]] = float(one.total) / float(g)


def _arrived(reading: Reading, drawn: DrawnRow, leaf: Tensor, walk: Watching) -> None:
    found = walk.arrivals(leaf)
    if found:
        total = found[0][0]
        for g, _ in found[1:]:
            total = total + g
        drawn.gradient = amount(total)
    if len(found) > 1:
        drawn.arrivals = [(a, reading.of_node[node].step) for g, node in found if (a := amount(g)) is not None]


# --- sentences --------------------------------------------------------------------------------------------------------


def _notes(reading: Reading, report: GraphDrawing, folded: Folded, nodes: bool) -> None:
    name = reading.name or "this"
    if reading.rows and reading.rows[0].derived is not None:
        where = reading.rows[0].derived.where
        span = places.span_at(where[0], places.line_at(*where)) if where is not None else None
        line = f" ({reading.place(span)})" if span is not None else ""
        value = amount(reading.root.data)
        small = listed(value.value) if value is not None and value.value is not None else None
        said = f"{name} = {small[0]}" if small is not None else name
        report.heading.append(f"{said} is a result of backward{line}, recorded because of create_graph")
    freed = [row for row in reading.rows if row.is_freed]
    if freed:
        span = next((row.freed for row in freed if row.freed is not None), None)
        by = f"`{places.flat(span.text)}`, {reading.place(span)}" if span is not None else "a backward"
        report.notes.append(f"† what it kept was freed by {by}")
    if any(drawn.kept for drawn in report.rows):
        report.notes.append("* keeps its gradient (retain_grad)")
    closed = [item.call for item in folded.items if item.call is not None and item.call.kind]
    if closed and not nodes:
        path = next((call.path for call in closed if call.path), "")
        told = f"`graph {reading.name}, open={path}` opens it" if path and reading.name else ""
        report.notes.append(told or "`open` opens what is folded")
