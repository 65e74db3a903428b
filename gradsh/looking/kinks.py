"""Where the operations of a graph have a kink: no slope, or several."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np

from gradsh.engine.core.graph import Freed, Node, freed
from gradsh.engine.core.tensor import Tensor, make
from gradsh.engine.operators.general import Meta
from gradsh.engine.operators.registry import OPERATORS
from gradsh.looking import formulas
from gradsh.looking.kept import RESULT, by_name
from gradsh.looking.rows import Leaf, Reading, Row
from gradsh.reports.looking import Kink, KinkTable

SHOWN = 3  # positions that are said


def kink_table(reading: Reading, noted: Mapping[Node, Any] | None = None) -> KinkTable:
    """The report of `kinks`. It runs nothing. Errors: FreedGraph where what it reads is gone.

    `noted` is what nodes had kept before a backward freed it; then what is not in it is left out.
    """
    table = KinkTable(reading.name)
    for row in reversed(reading.rows):
        for node in reversed(row.nodes):
            entry = OPERATORS.get(node.kind.operator)
            if entry is None or not entry.at_kink:
                continue
            saved = noted.get(node, node.saved) if noted is not None else node.saved
            if saved.__class__ is not Freed:
                _look(table, reading, row, node, entry, saved)
            elif noted is None:
                raise freed(node)
    return table


def _look(table: KinkTable, reading: Reading, row: Row, node: Node, entry: Any, saved: Any) -> None:
    values = _values(reading, row, node, entry, saved)
    size = 0
    for condition, slopes, taken in entry.at_kink:
        mask = _mask(entry, condition, values)
        if mask is None:
            continue
        size = max(size, mask.size)
        count = int(np.count_nonzero(mask))
        if not count:
            continue
        at = [list(map(int, index)) for index in np.argwhere(mask)[:SHOWN]]
        found = Kink(row.step, row.label, reading.place_of(row), at, count)
        if row.name:
            found.label = row.text
        found.slopes = slopes
        whole, _, along = taken.partition("; along a dim ")
        found.taken = along if along and values.get("dim") is not None else whole
        table.rows.append(found)
    table.elements += size
    if not size:
        table.unknown += int(np.prod(row.shape or (1,)))


def _values(reading: Reading, row: Row, node: Node, entry: Any, saved: Any) -> dict[str, Any]:
    """What the conditions may name: what the node kept, and its input where that is known."""
    values: dict[str, Any] = {p.name: p.default for p in entry.signature.parameters if p.has_default}
    for name, value in by_name(entry, node.kind, saved).items():
        if isinstance(value, tuple) and name == RESULT and value:
            value = value[0]  # values and indices
        if value.__class__ is Tensor:
            values[name] = make(value.data)
        elif isinstance(value, (np.ndarray, np.generic)):
            values[name] = make(value)
        elif value.__class__ is not Meta:
            values[name] = value
    first = entry.signature.parameters[0].name
    if first not in values and node is row.nodes[-1] and len(row.inputs) == 1:
        source = row.inputs[0]
        data = source.tensor.data if isinstance(source, Leaf) else source.result.value if source.result else None
        if data is None and isinstance(source, Row):
            data = _held(source)
        if data is not None:
            values[first] = make(data)
    return values


def _held(row: Row) -> Any:
    """The result of a row, where the operation that made it kept it."""
    from gradsh.looking.forms import kept_array

    return kept_array(row.nodes[0])


def _mask(entry: Any, condition: str, values: Mapping[str, Any]) -> Any:
    """Where the condition holds, as an array; None where it cannot be told."""
    tree = formulas.Rule(condition)
    try:
        found = formulas.value_of(tree, formulas.kept(entry, {**values, "g": values.get("out")}, values))
    except formulas.Unknown:
        return None
    return np.asarray(found.data if found.__class__ is Tensor else found)
