"""When a leaf gets its gradient, for programs with hooks, which can see it: as soon as the gradient is complete.

PyTorch's queue runs AccumulateGrad before every other node that is ready. Without a hook nothing tells when a leaf is
done within a backward, and the walk leaves them all for the end, or to when one of its nodes fails.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from gradsh.engine.core.graph import Node, Output
from gradsh.engine.core.tensor import Tensor

if TYPE_CHECKING:
    from gradsh.engine.autograd.backward import Walk


class Waiting:
    """The leaves of one walk, with how many edges to each have not been passed yet, and the nodes that it comes to."""

    __slots__ = ("count", "nodes", "walk")

    def __init__(self, walk: Walk) -> None:
        self.walk = walk
        walk.waiting = self
        self.count: dict[Tensor, int] = {}
        self.nodes = reached(walk, [node for _, node in walk.heap], self.count)

    def passed(self, edges: tuple[Any, ...]) -> None:
        """A node has passed on its gradients along these edges: leaves that are complete are done now."""
        ready = []
        for edge in edges:
            if edge.__class__ is Tensor:
                self.count[edge] = left = self.count.get(edge, 0) - 1
                if not left and edge in self.walk.leaves:
                    ready.append(edge)
        if ready:
            leaves = self.walk.leaves
            self.walk.settle({edge: leaves.pop(edge) for edge in queued(ready)})


def reached(walk: Walk, nodes: list[Node], count: dict[Tensor, int]) -> set[Node]:
    """All nodes that the walk comes to from these; `count` is how many edges there are to each leaf."""
    seen = set[Node]()
    while nodes:
        node = nodes.pop()
        if node in seen or (walk.admitted is not None and node not in walk.admitted):
            continue
        seen.add(node)
        if walk.needed is not None and node not in walk.needed:
            continue  # its gradient is only captured
        following = node.next
        for edge in following if following.__class__ is tuple else (following,):
            if edge.__class__ is Tensor:
                count[edge] = count.get(edge, 0) + 1
            elif edge is not None:
                nodes.append(edge.node if edge.__class__ is Output else edge)
    return seen


def complete(walk: Walk, failed: Node) -> dict[Tensor, Any]:
    """Taken from the leaves of a walk that ended at a node that failed: those to which no edge is left."""
    left: dict[Tensor, int] = {}
    reached(walk, [failed, *(node for _, node in walk.heap)], left)
    return {leaf: walk.leaves.pop(leaf) for leaf in [*walk.leaves] if leaf not in left}


def queued(items: list[Any]) -> list[Any]:
    """Items of one priority in the order in which the heap of C++ gives them back (std::priority_queue)."""
    heap, out = list(items), []
    while heap:
        out.append(heap[0])
        last = heap.pop()
        size = len(heap)
        if not size:
            break
        hole = child = 0
        while child < (size - 1) // 2:
            child = 2 * (child + 1)  # of two equal children the second moves up
            heap[hole] = heap[child]
            hole = child
        if size % 2 == 0 and child == (size - 2) // 2:
            child = 2 * child + 1
            heap[hole] = heap[child]
            hole = child
        heap[hole] = last
    return out
