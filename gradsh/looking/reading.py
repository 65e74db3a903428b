"""The reading of a graph: from a tensor to numbered rows, each an expression of the program, as data.

    reading = read(loss, variables(session.globals))
    reading.rows        one Row for each expression that made something, in the order in which backward runs
    reading.leaves      the leaves, in the order in which backward completes them
    row.step, row.text, row.name, row.place, row.shape, row.nodes, row.inputs, row.parameters, row.freed, row.kept

It runs nothing and changes nothing. Rows that are folded for a drawing are gradsh.looking.folding's.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from operator import attrgetter
from typing import Any

from gradsh.engine.core.graph import Freed, Node, Output
from gradsh.engine.core.tensor import Tensor
from gradsh.engine.core.users import ModelKind
from gradsh.errors import Span
from gradsh.looking import places
from gradsh.looking.forms import Forms
from gradsh.looking.rows import Call, Leaf, Reading, Row
from gradsh.runtime import notes
from gradsh.runtime.notes import Derived, Note

_by_creation = attrgetter("seq")


def target(edge: Any) -> Any:
    """Where an edge leads: a node or a leaf tensor; None."""
    return edge.node if edge.__class__ is Output else edge


def edges(node: Node) -> tuple[Any, ...]:
    """The edges of a node, in the order of its inputs."""
    following = node.next
    return following if following.__class__ is tuple else (following,)


def reachable(*roots: Tensor) -> tuple[list[Node], list[Tensor]]:
    """The nodes behind tensors, latest made first, and the leaves, each once."""
    starts = [target(root.edge) for root in roots]
    seen = {start for start in starts if start.__class__ is Node}
    leaves: dict[Tensor, None] = {start: None for start in starts if start.__class__ is Tensor}
    stack = list(seen)
    while stack:
        for edge in edges(stack.pop()):
            found = target(edge)
            if found is None or found in seen or found in leaves:
                continue
            if found.__class__ is Tensor:
                leaves[found] = None
            else:
                seen.add(found)
                stack.append(found)
    return sorted(seen, key=_by_creation), list(leaves)


def read(root: Tensor, variables: Mapping[str, Any], name: str = "", *more: Tensor) -> Reading:
    """The graph behind a tensor, or several. `variables`: what the program has bound, see gradsh.runtime.namespace."""
    reading = Reading(root, name)
    nodes, leaves = reachable(root, *more)
    known = names_of(variables)
    around = _containing(nodes)
    calls: dict[int, Call] = {}
    groups: dict[Any, Row] = {}
    consumers: dict[Node, list[Node]] = {}
    for node in nodes:
        for edge in edges(node):
            found = target(edge)
            if found.__class__ is Node:
                consumers.setdefault(found, []).append(node)
    for node in nodes:
        _enter(reading, node, around[node], groups, consumers, calls)
    order = _order(reading, nodes)
    tensors = {leaf: i for i, leaf in enumerate(order)}
    found_leaves = {}
    for t in sorted(leaves, key=lambda t: tensors.get(t, 0)):
        path = known.get(id(t), "")
        where = t.made_at
        span = places.span_at(where[0], places.line_at(*where)) if where is not None else None
        parameter = t.extra is not None and t.extra.parameter and ("." in path or not path)
        found_leaves[t] = Leaf(t, path, span, parameter)
    reading.leaves = list(found_leaves.values())
    forms = Forms(variables)
    order_of = {number: at for at, number in enumerate(known)}
    for row in reading.rows:
        _connect(reading, row, found_leaves, order_of)
        row.kept = any(_keeps(node) for node in row.nodes[:1])
    for row in reversed(reading.rows):
        forms.enter(row)
    reading.calls = [call for call in calls.values() if call.opens]
    for row in reading.rows:
        if row.model is not None and row.span is None:
            row.text = known.get(id(row.model)) or f"{row.layer}(…)"
    for call in reading.calls:
        call.path = known.get(id(call.model), "") if call.model is not None else ""
    everything: list[Row | Leaf] = [*reading.rows, *reading.leaves]
    sources = [each.span.source for each in everything if each.span is not None]
    reading.main = max(sources, key=sources.count) if len(sources) < 100 and sources else next(iter(sources), None)
    reading.untracked = _untracked(reading, variables)
    return reading


WORD = re.compile(r"(?<![\w.\"'])[^\W\d]\w*(?!\w*[\"'(])(?!\w)")


def _untracked(reading: Reading, variables: Mapping[str, Any]) -> list[tuple[str, Tensor]]:
    """What the expressions of the program's top level name that has no history."""
    top: list[Row | Call] = [row for row in reading.rows if row.call is None]
    top += [call for call in reading.calls if call.parent is None]
    spans = [each.span for each in top]
    found: dict[str, Tensor] = {}
    for span in spans:
        for name in WORD.findall(span.text) if span is not None else ():
            value = variables.get(name)
            if value.__class__ is Tensor and not value.requires:
                found[name] = value

    def made(pair: tuple[str, Tensor]) -> tuple[str, int]:
        where = pair[1].made_at
        span = places.span_at(where[0], places.line_at(*where)) if where is not None else None
        return (span.source.name, span.start) if span is not None else ("", 0)

    return sorted(found.items(), key=made)


def names_of(variables: Mapping[str, Any]) -> dict[int, str]:
    """What the program calls its tensors and models, by their ids: "x", "net.fc1.weight", "net.layers[0]"."""
    found: dict[int, str] = {}
    for name, value in variables.items():
        if value.__class__ is Tensor:
            found.setdefault(id(value), name)
    for name, value in variables.items():
        if isinstance(value.__class__, ModelKind):
            _name_model(found, name, value)
        elif isinstance(value, (list, tuple)) and len(value) <= 1000:
            for at, each in enumerate(value):
                if each.__class__ is Tensor:
                    found.setdefault(id(each), f"{name}[{at}]")
                elif isinstance(each.__class__, ModelKind):
                    _name_model(found, f"{name}[{at}]", each)
        elif isinstance(value, dict) and len(value) <= 1000:
            for key, each in value.items():
                if each.__class__ is Tensor:
                    found.setdefault(id(each), f"{name}[{key!r}]")
                elif isinstance(each.__class__, ModelKind):
                    _name_model(found, f"{name}[{key!r}]", each)
    return found


def _name_model(found: dict[int, str], name: str, model: Any) -> None:
    for path, part in model.named_modules():
        found.setdefault(id(part), dotted(name, path))
    for path, t in model.named_parameters():
        found.setdefault(id(t), dotted(name, path))


def dotted(name: str, path: str) -> str:
    """`net.layers[0].weight` for "layers.0.weight"."""
    for part in path.split(".") if path else ():
        name += f"[{part}]" if part.isdecimal() else f".{part}"
    return name


# --- which expression made which nodes ------------------------------------------------------------------------------


def _containing(nodes: list[Node]) -> dict[Node, tuple[Note, ...]]:
    """For each node the notes in whose runs it was made, the outermost first."""
    found: dict[int, Note] = {}
    for node in nodes:
        for _, note in notes.of(node):
            found[id(note)] = note
    # in the order of time: runs are inside one another or one after the other
    pending = sorted(found.values(), key=lambda note: (-note.start, note.end))
    stack: list[Note] = []
    around: dict[Node, tuple[Note, ...]] = {}
    current: tuple[Note, ...] = ()
    at = 0
    for node in reversed(nodes):
        changed = False
        while at < len(pending) and pending[at].start > node.seq:
            stack.append(pending[at])
            at += 1
            changed = True
        while stack and stack[-1].end > node.seq:
            stack.pop()
            changed = True
        if changed:
            stack = [note for note in stack if note.end < node.seq]
            current = tuple(stack)
        around[node] = current
    return around


def _enter(
    reading: Reading,
    node: Node,
    around: tuple[Note, ...],
    groups: dict[Any, Row],
    consumers: dict[Node, list[Node]],
    calls: dict[int, Call],
) -> None:
    """Put a node into the row of the expression that made it."""
    derived = _derived(node)
    made = derived or node
    code, line = made.code, places.line_at(made.code, made.lasti)
    own = _own(around, code, line) if derived is None else None
    row = groups.get(id(own)) if own is not None else _same_place(reading, node, line, derived, consumers)
    if row is None:
        row = Row()
        row.derived = derived
        if own is not None:
            groups[id(own)] = row
            row.span = places.span_at(own.code, own.line) if own.line else None
            row.model = own.callee() if own.callee is not None else None
            row.layer = type(row.model).__name__ if row.model is not None else ""
            row.result = own.result
        else:
            row.span = places.span_at(code, line)
        row.text = places.flat(row.span.text) if row.span is not None else _unplaced(node)
        row.name = places.bound_to(row.span) if row.span is not None else ""
        row.call = _calls(around, own, code, row.span, calls)
        row.step = len(reading.rows) + 1
        reading.rows.append(row)
    row.nodes.append(node)
    reading.of_node[node] = row
    if node.saved.__class__ is Freed:
        row.is_freed = True
        if node.saved.where is not None:
            row.freed = places.span_at(node.saved.where[0], places.line_at(*node.saved.where))


def _own(around: tuple[Note, ...], code: Any, line: int) -> Note | None:
    """The run of the expression at that place, or of the model in Sequential that was called for it."""
    inner: Note | None = None
    for note in reversed(around):
        if note.line == 0:
            inner = inner or note
        elif note.code is code and note.line == line:
            return inner or note
        else:
            inner = None
    return None


def _derived(node: Node) -> Derived | None:
    """What it belongs to the gradient of, where a backward recorded it."""
    found = notes.derived_from(node)
    if found is None and node.next.__class__ is Node and not notes.of(node):
        found = notes.derived_from(node.next)  # a gradient is copied to become `.grad`
    return found


def _same_place(
    reading: Reading, node: Node, line: int, derived: Derived | None, consumers: dict[Node, list[Node]]
) -> Row | None:
    """The row of what consumes the node, where that was made by the same piece of the program and nothing else is.

    For what nothing was noted of. A function that is in the row already is another round of a loop.
    """
    rows = {id(row): row for row in (reading.of_node[user] for user in consumers.get(node, ()))}
    beside = reading.rows[-1] if reading.rows else None
    if beside is not None and id(beside) not in rows and beside.derived is derived is None and line:
        # `let a, b = x`: one after the other, none made of the other
        last = beside.nodes[-1]
        if last.code is node.code and last.lasti == node.lasti and last.kind is node.kind:
            return beside
    if len(rows) != 1:
        return None
    (row,) = rows.values()
    last = row.nodes[-1]
    if row.derived is not derived:
        return None
    if derived is None and (line == 0 or last.code is not node.code or places.line_at(last.code, last.lasti) != line):
        return None
    return row if derived is not None or all(node.kind.name != each.kind.name for each in row.nodes) else None


def _unplaced(node: Node) -> str:
    """What to call a node that no piece of the program's text stands for."""
    return f"{node.kind.operator or node.kind.name}(…)"


def _calls(
    around: tuple[Note, ...], own: Note | None, code: Any, span: Span | None, calls: dict[int, Call]
) -> Call | None:
    """The innermost call of a model or a function of the program that an expression ran in."""
    chain: list[tuple[Note, Span | None]] = []
    for note in reversed(around):
        if note is own:
            code, span = note.code, places.span_at(note.code, note.line)
            continue
        outer = places.span_at(note.code, note.line)
        if note.line and note.code is code and (span is None or places.within(span, outer)):
            continue  # it stands in the text of that expression
        chain.append((note, outer))
        code, span = note.code, outer
    call: Call | None = None
    for note, outer in reversed(chain):
        known = calls.get(id(note))
        if known is None:
            known = calls[id(note)] = Call(note, outer, call)
        known.opens = True
        call = known
    return call


def _order(reading: Reading, nodes: list[Node]) -> list[Tensor]:
    """The leaves in the order in which backward completes them: a leaf is done when its last consumer has run."""
    last: dict[Tensor, None] = {}
    for node in nodes:
        for edge in edges(node):
            if edge.__class__ is Tensor:
                last.pop(edge, None)
                last[edge] = None
    return list(last)


def _connect(reading: Reading, row: Row, leaves: dict[Tensor, Leaf], order: dict[int, int]) -> None:
    """Fill in where the gradients of a row go; its parameters in the order in which the models name them."""
    inputs: dict[int, Row | Leaf] = {}
    parameters: dict[int, Leaf] = {}
    for edge in outgoing(row, reading.of_node):
        found = target(edge)
        if found.__class__ is Tensor:
            leaf = leaves[found]
            (parameters if leaf.parameter else inputs).setdefault(id(leaf), leaf)
        else:
            other = reading.of_node[found]
            inputs.setdefault(id(other), other)
    row.inputs = list(inputs.values())
    row.parameters = sorted(parameters.values(), key=lambda leaf: order.get(id(leaf.tensor), 0))


def outgoing(row: Row, of_node: Mapping[Node, Row]) -> Iterable[Any]:
    """The edges that leave a row, those of its result's node first."""
    for node in row.nodes:
        for edge in edges(node):
            found = target(edge)
            if found is not None and (found.__class__ is Tensor or of_node[found] is not row):
                yield edge


def leading(reading: Reading, targets: Iterable[Tensor]) -> tuple[set[int], set[int]]:
    """The ids of the rows from which one of these tensors is reached, those that made them too, and of their leaves."""
    ends = [reading.row_of(t) for t in targets]
    found = {id(end) for end in ends if isinstance(end, Row)}
    leaves = {id(end) for end in ends if isinstance(end, Leaf)}
    for row in reversed(reading.rows):
        if any(id(each) in found or id(each) in leaves for each in (*row.inputs, *row.parameters)):
            found.add(id(row))
    return found, leaves


def _keeps(node: Node) -> bool:
    return node.extra is not None and any(kept() is not None for _, kept in node.extra.retained)
