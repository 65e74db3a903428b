"""What an earlier backward noted, in place of one that is watched: its graph may be freed."""

from __future__ import annotations

from typing import Any

from gradsh.engine.core.graph import Node
from gradsh.engine.core.tensor import Tensor
from gradsh.looking.reading import edges
from gradsh.looking.rows import Reading
from gradsh.runtime import watching


class Replay:
    """The part of gradsh.runtime.watching.Watching that is read, with Results in place of arrays."""

    __slots__ = ("saved", "steps")

    def __init__(self, steps: dict[Node, tuple[Any, tuple[Any, ...]]]) -> None:
        self.steps = steps
        self.saved: dict[Node, Any] = {}

    def arrivals(self, leaf: Tensor) -> list[tuple[Any, Node]]:
        """What arrived at a leaf, and from which node."""
        return [
            (g, node)
            for node, (_, outs) in self.steps.items()
            for edge, g in zip(edges(node), outs, strict=False)
            if edge is leaf and g is not None
        ]


def replay(reading: Reading) -> Replay | None:
    """What the last backward through these nodes noted; None where it noted nothing of one of them."""
    found = {}
    for node in reading.of_node:
        step = watching.STEPS.get(node)
        if step is None:
            return None
        found[node] = step
    return Replay(found)
