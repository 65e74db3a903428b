"""A backward that is watched: what comes into each node and what goes out of it, as data."""

from __future__ import annotations

from typing import Any

from gradsh.engine.autograd.backward import Walk, seeds, with_grad_mode
from gradsh.engine.autograd.forms import bring_back
from gradsh.engine.core.graph import Node, Output, Where
from gradsh.engine.core.tensor import Tensor


class Watching(Walk):
    """A walk that remembers every step: `steps[node]` is (what came in, what goes out), in the order of the edges.

    What came in is an array, or a list with one for each output of the node; what goes out is a tuple with an array or
    None for each edge. Without `touches` no `.grad` is changed.
    """

    __slots__ = ("steps",)
    watches = True

    def __init__(self, touches: bool, keep: bool, where: Where | None) -> None:
        super().__init__(keep, False, where)
        self.steps: dict[Node, tuple[Any, tuple[Any, ...]]] = {}
        if not touches:
            self.captures = {}

    def watched_step(self, node: Node, g: Any) -> Any:
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


def watch(root: Tensor, gradient: Tensor | None, *, touches: bool, keep: bool, where: Where | None) -> Watching:
    """Run backward from `root`. Errors: those of `backward`."""
    walk = Watching(touches, keep, where)
    with_grad_mode(walk, seeds([root], [gradient], False))
    return walk
