"""Backward passes that are watched: what comes into each node and what goes out of it."""

from __future__ import annotations

from typing import Any
from weakref import WeakKeyDictionary

from gradsh.engine.autograd.backward import Walk
from gradsh.engine.autograd.forms import bring_back
from gradsh.engine.core.graph import Node, Output, Where
from gradsh.engine.core.tensor import Tensor
from gradsh.runtime.results import Result


class Watching(Walk):
    """A walk that remembers every step: `steps[node]` is (what came in, what goes out), in the order of the edges.

    What came in is an array, or a list with one for each output of the node; what goes out is a tuple with an array or
    None for each edge. `saved[node]` is what the node had kept. Without `touches` no `.grad` is changed.
    """

    __slots__ = ("saved", "steps")
    watches = True

    def __init__(self, touches: bool, keep: bool, where: Where | None) -> None:
        super().__init__(keep, False, where)
        self.steps: dict[Node, tuple[Any, tuple[Any, ...]]] = {}
        self.saved: dict[Node, Any] = {}
        if not touches:
            self.captures = {}

    def watched_step(self, node: Node, g: Any) -> Any:
        self.saved[node] = node.saved
        gs = super().watched_step(node, g)
        if node.fix is not None:
            gs = bring_back(gs, node.fix, False)
        outs = gs if node.next.__class__ is tuple else (gs,)
        self.steps[node] = (list(g) if g.__class__ is list else g, tuple(outs) if outs is not None else ())
        return gs

    def gradient(self, edge: Any) -> Any:
        """What came into a node or one output of it; None where nothing did."""
        node, number = (edge.node, edge.number) if edge.__class__ is Output else (edge, 0)
        came = self.steps[node][0] if node in self.steps else None
        return came[number] if came.__class__ is list else came

    def arrivals(self, leaf: Tensor) -> list[tuple[Any, Node]]:
        """What arrives at a leaf, and from which node, in the order of arrival."""
        found = []
        for node, (_, outs) in self.steps.items():
            edges = node.next if node.next.__class__ is tuple else (node.next,)
            found += [(g, node) for edge, g in zip(edges, outs, strict=False) if edge is leaf and g is not None]
        return found


class Noted(Watching):
    """The walk of a `backward` in a program that looks: what it did is noted before it frees the graph.

    `shown`: the steps stay, too, for an `explain` that is about to show them.
    """

    __slots__ = ("shown",)

    def __init__(self, keep: bool, where: Where | None, shown: bool = False) -> None:
        super().__init__(True, keep, where)
        self.shown = shown

    def watched_step(self, node: Node, g: Any) -> Any:
        if self.shown:
            gs = super().watched_step(node, g)
            came, outs = self.steps[node]
        else:  # the same, and nothing of it stays
            gs = outs = Walk.watched_step(self, node, g)
            if node.fix is not None:
                gs = outs = bring_back(gs, node.fix, False)
            came = list(g) if g.__class__ is list else g
            if node.next.__class__ is not tuple:
                outs = (gs,)
        STEPS[node] = (_results(came), tuple([_results(each) for each in outs]) if outs is not None else ())
        return gs


def _results(g: Any) -> Any:
    return [_results(each) for each in g] if g.__class__ is list else None if g is None else Result(g)


# the last step of each node, as `Watching.steps` has them but for Results in place of arrays
STEPS: WeakKeyDictionary[Node, tuple[Any, tuple[Any, ...]]] = WeakKeyDictionary()
