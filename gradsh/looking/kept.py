"""What the nodes of a graph keep for backward: for `saved`, and for what reads it."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

import numpy as np

from gradsh.engine.core.graph import Freed, Node
from gradsh.engine.core.strided import owner
from gradsh.engine.core.tensor import Tensor
from gradsh.engine.core.users import ModelKind
from gradsh.engine.operators.registry import OPERATORS
from gradsh.looking.operands import operands
from gradsh.looking.reading import dotted
from gradsh.looking.rows import Leaf, Reading, Row
from gradsh.reports.looking import KeptRow, SavedTable

RESULT = "out"


def by_name(entry: Any, kind: Any, saved: Any) -> dict[str, Any]:
    """What a node kept, by the operator's parameters: tensors, arrays and numbers; the result is `out`."""
    names = [p.name for p in entry.signature.parameters] if entry is not None else []
    if saved is None or saved.__class__ is Freed or not names:
        return {}
    if saved.__class__ is list and len(saved) == len(names) + 1:
        return dict(zip([*names, RESULT], saved, strict=True))
    if saved.__class__ is tuple and len(saved) == 3 and len(names) >= 2:
        first, second, out = saved
        if is_reversed(entry, kind):
            first, second = second, first
        pairs = ((names[0], first), (names[1], second), (RESULT, out))
        return {name: value for name, value in pairs if value is not None}
    if saved.__class__ is Tensor:
        return {names[0]: saved}
    return {RESULT: saved} if isinstance(saved, (np.ndarray, np.generic)) else {}


def is_reversed(entry: Any, kind: Any) -> bool:
    """Is it the form of a number and a tensor, in this order?"""
    return getattr(entry, "kinds", None) is not None and kind in (entry.kinds[2], entry.large[2])


def arrays(value: Any) -> Iterator[Any]:
    """The arrays in what was kept under one name."""
    if value.__class__ is Tensor:
        yield value.data
    elif isinstance(value, (np.ndarray, np.generic)):
        yield value
    elif isinstance(value, (list, tuple)):
        for each in value:
            yield from arrays(each)
    elif value.__class__.__module__.startswith("gradsh.engine."):  # what an operator puts together: mean and deviation
        for slot in getattr(value.__class__, "__slots__", ()):
            yield from arrays(getattr(value, slot, None))


def memory(data: Any) -> int:
    """What tells the memory of an array from any other: a scalar is memory of its own."""
    return id(owner(data)) if isinstance(data, np.ndarray) else id(data)


class Holders:
    """Who else holds a piece of memory: variables, parameters, leaves."""

    def __init__(self, reading: Reading, variables: Mapping[str, Any]) -> None:
        self.names: dict[int, list[str]] = {}
        self.leaves: set[int] = set()
        self.parameters: set[int] = set()
        for name, value in variables.items():
            if value.__class__ is Tensor:
                self.names.setdefault(memory(value.data), []).append(name)
            elif isinstance(value.__class__, ModelKind):
                for path, t in value.named_parameters():
                    self.names.setdefault(memory(t.data), []).append(dotted(name, path))
                    self.parameters.add(memory(t.data))
                for path, t in value.named_buffers():
                    self.names.setdefault(memory(t.data), []).append(dotted(name, path))
        for leaf in reading.leaves:
            at = memory(leaf.tensor.data)
            self.names.setdefault(at, [leaf.name] if leaf.name else [])
            (self.parameters if leaf.parameter else self.leaves).add(at)

    def of(self, at: int) -> str:
        """ "y", "x, a leaf", "nobody"."""
        names = self.names.get(at, [])
        if at in self.leaves:
            return f"{names[0]}, a leaf" if names else "a leaf"
        return " and ".join(names[:2]) if names else "nobody"


def saved_table(reading: Reading, variables: Mapping[str, Any]) -> SavedTable:
    """The report of `saved`. It runs nothing."""
    table = SavedTable(reading.name)
    holders = Holders(reading, variables)
    seen: set[int] = set()
    nothing: dict[str, None] = {}
    for row in reading.rows:
        texts = _texts(row, variables)
        inputs = {memory(leaf.tensor.data): leaf.label.rpartition(".")[2] for leaf in row.parameters}
        inputs |= {memory(each.tensor.data): each.label for each in row.inputs if isinstance(each, Leaf)}
        for node in row.nodes:
            if node.saved.__class__ is Freed:
                table.freed += 1
                continue
            found = list(_kept(node))
            if not found:
                nothing[node.kind.operator or node.kind.name] = None
            for name, data in found:
                at = memory(data)
                said = "its result" if name == RESULT else inputs.get(at) or texts.get(name) or name
                kept = KeptRow(row.step, row.label, row.layer, said, tuple(data.shape), int(data.nbytes))
                kept.same = at in seen
                kept.holder = "the same" if kept.same else holders.of(at)
                kept.alone = not kept.same and at not in holders.names
                kept.parameter = at in holders.parameters
                if not kept.same:
                    kept.counted = _size(data)
                    table.operations.add(id(node))
                seen.add(at)
                table.rows.append(kept)
    table.nothing = list(nothing)
    span = next((row.freed for row in reading.rows if row.freed is not None), None)
    table.by = f"`{' '.join(span.text.split())}`, {reading.place(span)}" if span is not None else ""
    return table


def _texts(row: Row, variables: Mapping[str, Any]) -> dict[str, str]:
    """What was written for the inputs of a row's one node, by the names of the node's own operator."""
    bound = operands(row, variables) if row.derived is None else None
    entry = OPERATORS.get(row.nodes[0].kind.operator)
    if bound is None or entry is None or len(row.nodes) > 1:
        return {}
    names = [p.name for p in bound.entry.signature.parameters]
    own = [p.name for p in entry.signature.parameters]
    return {mine: bound.texts[name] for name, mine in zip(names, own, strict=False) if name in bound.texts}


def _size(data: Any) -> int:
    """How many bytes stay alive for an array: all of what it is a view of."""
    return int(owner(data).nbytes if isinstance(data, np.ndarray) else data.nbytes)


def _kept(node: Node) -> Iterator[tuple[str, Any]]:
    """(name, array) of what a node keeps."""
    if not node.kind.saves:
        return
    entry = OPERATORS.get(node.kind.operator)
    named = by_name(entry, node.kind, node.saved)
    if not named:
        for value in arrays(node.saved):
            yield "a value", value
        return
    for name, value in named.items():
        for data in arrays(value):
            yield name, data
