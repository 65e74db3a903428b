"""What of a reading is one row of a drawing: models that are closed, loops, and chains inside of one statement."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import Any

from gradsh.engine.core.users import ModelKind
from gradsh.errors import ArgumentError
from gradsh.looking import places
from gradsh.looking.rows import Call, Leaf, Reading, Row

MOST = 24  # rows of a drawing, above which chains are folded


class Item:
    """One row of a drawing: rows of the reading, all but one of them hidden.

    call    the model (or function) that it stands for, None where it is an expression or a chain of them
    rounds  how many earlier rounds of a loop it stands for, else 0
    """

    __slots__ = ("call", "rounds", "rows")

    def __init__(self, rows: list[Row], call: Call | None = None, rounds: int = 0) -> None:
        self.rows = rows
        self.call = call
        self.rounds = rounds

    @property
    def folded(self) -> bool:
        return self.call is not None or len(self.rows) > 1

    @property
    def steps(self) -> tuple[int, int]:
        return min(row.step for row in self.rows), max(row.step for row in self.rows)

    def __repr__(self) -> str:
        return f"<item {self.steps} {self.rows[0].label}>"


class Folded:
    """What `fold` gives: the items from the root down, the item of each row, and the calls that are open.

    `wanted` are the calls that alone are drawn, where the opened models are parts of closed ones; rows outside of them
    are in no item.
    """

    __slots__ = ("items", "of_row", "opened", "wanted")

    def __init__(self) -> None:
        self.items: list[Item] = []
        self.of_row: dict[int, Item] = {}
        self.opened: set[int] = set()
        self.wanted: list[Call] = []


def fold(reading: Reading, open: Any = False, only: set[int] | None = None, limit: int = MOST) -> Folded:
    """Rows of a reading as the items of a drawing.

    `open`: True for all models, or the models to be opened; `only`: the ids of the rows to be drawn, where not all are.
    Errors: ArgumentError for what was not called.
    """
    folded = Folded()
    opens = _opened(reading, open)
    folded.opened = {id(call) for call in reading.calls if not call.kind or opens(call)}
    if open is not True and open is not False:
        hidden = [c for c in reading.calls if c.kind and opens(c) and _outermost(c, folded.opened) is not None]
        if hidden and not any(c.kind and opens(c) and c not in hidden for c in reading.calls):
            folded.wanted = hidden
            folded.opened |= {id(up) for call in hidden for up in outwards(call)}
    groups: dict[int, Item] = {}
    for row in reading.rows:
        if only is not None and id(row) not in only:
            continue
        if folded.wanted and not any(up in folded.wanted for up in outwards(row.call)):
            continue
        closed = _outermost(row.call, folded.opened)
        item = groups.get(id(closed)) if closed is not None else None
        if item is None:
            item = Item([], closed)
            folded.items.append(item)
            if closed is not None:
                groups[id(closed)] = item
        item.rows.append(row)
    folded.items = _loops(folded.items)
    leaves = sum(not leaf.parameter for leaf in reading.leaves) if only is None else 1
    if len(folded.items) + leaves > limit:
        folded.items = _chains(reading, folded.items, limit - leaves)
    folded.items.sort(key=lambda item: (item.steps, item.rounds))
    for item in folded.items:
        for row in item.rows:
            folded.of_row[id(row)] = item
    return folded


def outwards(call: Call | None) -> Iterable[Call]:
    """The call and those around it, the innermost first."""
    while call is not None:
        yield call
        call = call.parent


def _outermost(call: Call | None, opened: set[int]) -> Call | None:
    """The outermost call around that is not open."""
    found = None
    for each in outwards(call):
        if id(each) not in opened:
            found = each
    return found


def _opened(reading: Reading, open: Any) -> Callable[[Call], bool]:
    """Which calls of models are opened."""
    if open is True or open is False or open is None:
        return lambda call: open is True
    models = list(open) if isinstance(open, (list, tuple)) else [open]
    called = [call.path or call.text for call in reading.calls if call.kind]
    for model in models:
        if not isinstance(model.__class__, ModelKind):
            raise ArgumentError(
                f"open= takes a model, not {type(model).__name__}",
                help=f"`graph {reading.name or 'loss'}, open` opens everything",
            )
        if not any(call.model is model for call in reading.calls):
            asked = reading.name or "this"
            here = ", ".join(f"`{name}`" for name in dict.fromkeys(called)) or "none"
            what = "a layer of the library" if not called else f"opened can be {here}"
            raise ArgumentError(
                f"open=: this {type(model).__name__} has no rows of its own in the graph of {asked}; {what}",
                help=f"`graph {reading.name or 'loss'}, open` opens everything",
            )
    return lambda call: any(call.model is model for model in models)


# --- loops ----------------------------------------------------------------------------------------------------------


def _loops(items: list[Item]) -> list[Item]:
    """Runs of the same places again and again: the last round, and one item for those before it."""
    keys = [_key(item) for item in items]
    found: list[Item] = []
    _fold_loops(items, keys, 0, len(items), found)
    return found


def _fold_loops(items: list[Item], keys: list[Any], start: int, end: int, found: list[Item]) -> None:
    at = start
    following = _next_of_same(keys, start, end)
    while at < end:
        length, rounds = _repeats(keys, at, end, following, start)
        if rounds < 2:
            found.append(items[at])
            at += 1
            continue
        if length > 1:
            _fold_loops(items, keys, at, at + length, found)  # inner loops of the round that is kept
        else:
            found.append(items[at])
        rest = [row for item in items[at + length : at + length * rounds] for row in item.rows]
        found.append(Item(rest, None, rounds - 1))
        at += length * rounds


def _next_of_same(keys: list[Any], start: int, end: int) -> list[int]:
    """For each position the next one with the same key, -1 where there is none."""
    last: dict[Any, int] = {}
    following = [-1] * (end - start)
    for at in range(end - 1, start - 1, -1):
        following[at - start] = last.get(keys[at], -1)
        last[keys[at]] = at
    return following


def _repeats(keys: list[Any], at: int, end: int, following: list[int], start: int) -> tuple[int, int]:
    """(length, rounds) of the repetition that begins here: the shortest of those that cover the most."""
    best = (1, 1)
    tried = 0
    other = following[at - start]
    while other >= 0 and tried < 8 and other + (other - at) <= end:
        length = other - at
        rounds = 1
        while keys[at : at + length] == keys[at + rounds * length : at + (rounds + 1) * length]:
            rounds += 1
            if at + (rounds + 1) * length > end:
                break
        if rounds > 1 and length * rounds > best[0] * best[1]:
            best = (length, rounds)
        tried += 1
        other = following[other - start]
    return best


def _key(item: Item) -> Any:
    """What two rounds of a loop have in common."""
    row = item.rows[0]
    note = item.call.note if item.call is not None else None
    place = (id(note.code), note.line, id(item.call and item.call.model)) if note is not None else _place(row)
    within = row.call if item.call is None else item.call.parent
    return (place, tuple((id(call.note.code), call.note.line) for call in outwards(within)), row.derived is None)


def _place(row: Row) -> Any:
    node = row.nodes[0]
    if row.span is not None:
        return (id(row.span.source), row.span.start, row.span.end, id(row.model) if row.model is not None else 0)
    return (id(node.code), node.lasti, id(row.model) if row.model is not None else 0)


# --- chains ---------------------------------------------------------------------------------------------------------


def _chains(reading: Reading, items: list[Item], limit: int) -> list[Item]:
    """Expressions inside of one statement as one item, the longest first, until there are no more than `limit`."""
    consumers: dict[int, set[int]] = {}
    by_row = {id(row): item for item in items for row in item.rows}
    for row in reading.rows:
        for each in row.inputs:
            if isinstance(each, Row):
                consumers.setdefault(id(each), set()).add(id(row))
    rows = {id(row): row for row in reading.rows}
    into: dict[int, int] = {}
    for item in items:
        if item.rounds:
            continue
        row = item.rows[0]
        span = item.call.span if item.call is not None else row.span
        users = consumers.get(id(row), set())
        if len(users) != 1 or span is None:
            continue
        user = rows[next(iter(users))]
        other = by_row.get(id(user))
        same = (item.call.parent if item.call is not None else row.call) is user.call
        if other is None or other is item or other.rounds or other.call is not None or not same:
            continue
        if places.within(span, user.span) and span != user.span:
            into[id(item)] = id(other)
    chains: dict[int, list[Item]] = {}
    for item in items:
        head = id(item)
        while head in into:
            head = into[head]
        chains.setdefault(head, []).append(item)
    count = len(items)
    taken: set[int] = set()
    for head, members in sorted(chains.items(), key=lambda pair: -len(pair[1])):
        if count <= limit or len(members) == 1:
            break
        taken.add(head)
        count -= len(members) - 1
    found = []
    for head, members in chains.items():
        if head in taken:
            found.append(Item([row for member in members for row in member.rows]))
        else:
            found += members
    return found


def inputs(item: Item, folded: Folded) -> list[Item | Leaf]:
    """The items and leaves that the gradients of an item go to, each once."""
    found: dict[int, Item | Leaf] = {}
    for row in item.rows:
        for each in row.inputs:
            if isinstance(each, Leaf):
                found.setdefault(id(each), each)
                continue
            other = folded.of_row.get(id(each))
            if other is not None and other is not item:
                found.setdefault(id(other), other)
    return list(found.values())
