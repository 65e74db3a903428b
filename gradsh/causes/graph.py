"""The graph of the last backward, and the ways in it from what was differentiated to one leaf."""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping
from functools import cached_property
from typing import Any

from gradsh.causes.cause import Root, numeral
from gradsh.causes.surroundings import Surroundings
from gradsh.engine.core.tensor import Tensor
from gradsh.looking.flows import Going, going, incoming
from gradsh.looking.reading import read
from gradsh.looking.replay import Replay
from gradsh.looking.rows import Leaf, Reading, Row
from gradsh.reports.why import WhyRow
from gradsh.runtime import watching
from gradsh.runtime.results import Result

COUNTED = 10_000  # beyond this many ways they are not counted
ENDS = 5  # links that are shown of both ends of a long way


class Graph:
    """The graph as it was noted, and one leaf of it."""

    def __init__(self, around: Surroundings, root: Root, variables: Mapping[str, Any], t: Tensor | None) -> None:
        assert root.tensor is not None
        self.around = around
        self.root = root
        self.variables = variables
        self.reading: Reading = read(root.tensor, variables, root.text)
        steps = {node: watching.STEPS[node] for node in self.reading.of_node if node in watching.STEPS}
        self.walk = Replay(steps)
        self.target: Any = self.reading.row_of(t) if t is not None else None
        self._going: dict[int, list[Going]] = {}

    @classmethod
    def of(cls, around: Surroundings, root: Root, variables: Mapping[str, Any]) -> Graph:
        """The whole graph, and no leaf of it."""
        return cls(around, root, variables, None)

    def going(self, row: Row) -> list[Going]:
        found = self._going.get(id(row))
        if found is None:
            found = self._going[id(row)] = going(self.reading, row, self.walk)
        return found

    def sent(self, row: Row, to: Row | Leaf) -> Any:
        """What a row sent to one of its inputs; None where that is not known."""
        return next((each.total for each in self.going(row) if each.target is to), None)

    def consumers(self, target: Row | Leaf) -> list[Row]:
        """The rows that a gradient comes to it from, in the order in which backward runs."""
        return self._consumers.get(id(target), [])

    @cached_property
    def _consumers(self) -> dict[int, list[Row]]:
        found: dict[int, list[Row]] = {}
        for row in self.reading.rows:
            for each in dict.fromkeys(map(id, (*row.inputs, *row.parameters))):
                found.setdefault(each, []).append(row)
        return found

    def line(self, row: Row) -> str:
        return self.around.place(row.span) if row.span is not None else ""

    @cached_property
    def reaching(self) -> dict[int, int]:
        """Of the rows from which a way leads to the leaf, by their ids: how many do, at most COUNTED."""
        found: dict[int, int] = {id(self.target): 1}
        for row in reversed(self.reading.rows):
            total = sum(found.get(id(each), 0) for each in (*row.inputs, *row.parameters))
            if total:
                found[id(row)] = min(total, COUNTED)
        return found

    def following(self, row: Row) -> list[Row | Leaf]:
        """Its inputs from which a way leads to the leaf, and the leaf."""
        return [each for each in (*row.inputs, *row.parameters) if id(each) in self.reaching]

    def slope(self, row: Row, to: Row | Leaf) -> float | None:
        """The local derivative of a row of scalars; None where something is not one, or nothing came in."""
        came = [g for g in incoming(row, self.walk) if g is not None]
        out = self.sent(row, to)
        if len(came) != 1 or out.__class__ is not Result:
            return None
        if came[0].value is None or came[0].value.size != 1 or out.value is None or out.value.size != 1:
            return None
        g = float(came[0].value.item())
        return float(out.value.item()) / g if g else None


def count_ways(graph: Graph) -> int:
    """In how many ways the root depends on the leaf."""
    return graph.reaching.get(id(graph.reading.rows[0]), 0)


def all_ways(graph: Graph) -> Iterator[list[Row]]:
    """The ways from the root to the leaf, as rows."""
    stack: list[tuple[Row, Any]] = [(graph.reading.rows[0], None)]  # each with the link before it
    while stack:
        link = stack.pop()
        following = graph.following(link[0])
        if any(each is graph.target for each in following):
            yield _unrolled(link)
        stack += [(each, link) for each in following if isinstance(each, Row)]


def _unrolled(link: Any) -> list[Row]:
    found = []
    while link is not None:
        row, link = link
        found.append(row)
    return found[::-1]


def largest_ways(graph: Graph, most: int) -> list[list[Row]] | None:
    """The ways whose products are the largest; None where not all slopes are known."""
    best: dict[int, list[tuple[float, Any]]] = {id(graph.target): [(1.0, None)]}
    for row in reversed(graph.reading.rows):
        found = []
        for each in graph.following(row) if id(row) in graph.reaching else ():
            slope = graph.slope(row, each)
            if slope is None:
                return None
            found += [(slope * product, (row, rest)) for product, rest in best[id(each)]]
        if found:
            best[id(row)] = sorted(found, key=lambda pair: -abs(pair[0]))[:most]
    return [_unrolled(link)[::-1] for _, link in best[id(graph.reading.rows[0])]]


def slopes(graph: Graph, way: list[Row]) -> list[float] | None:
    """The local derivatives along a way of scalars; None where something is not one."""
    found = []
    for row, to in zip(way, [*way[1:], graph.target], strict=True):
        slope = graph.slope(row, to)
        if slope is None:
            return None
        found.append(slope)
    return found


def way_row(graph: Graph, way: list[Row]) -> WhyRow:
    """One way with its product, or what its last step brings."""
    chain = "  →  ".join(_ends([row.label for row in way]))
    found = slopes(graph, way)
    if found is not None:
        seed = float(incoming(way[0], graph.walk)[0].value.item())
        factors = [seed, *found] if seed != 1 else found
        return WhyRow(short(math.prod(factors)), chain, " * ".join(_ends([short(each) for each in factors])))
    brought = graph.sent(way[-1], graph.target)
    only = _only_way(graph, way[-1])
    left = numeral(brought) if only and brought.__class__ is Result and brought.value is not None else ""
    return WhyRow(left, chain, "")


def _ends(texts: list[str]) -> list[str]:
    """The texts, without the middle of many."""
    if len(texts) <= 2 * ENDS + 1:
        return texts
    return [*texts[:ENDS], f"… {len(texts) - 2 * ENDS:,} more …", *texts[-ENDS:]]


def _only_way(graph: Graph, last: Row) -> bool:
    """Does one way alone end in that row?"""
    found: dict[int, int] = {id(graph.reading.rows[0]): 1}
    for row in graph.reading.rows:
        count = found.get(id(row), 0)
        if row is last:
            return count == 1
        for each in (*row.inputs, *row.parameters) if count else ():
            found[id(each)] = min(found.get(id(each), 0) + count, COUNTED)
    return False


def short(value: float) -> str:
    return f"{value + 0.0:.6g}"
