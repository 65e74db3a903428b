"""What the gradient argument of a backward is: v of v @ J, and J itself, where both are small."""

from __future__ import annotations

from typing import Any
from weakref import WeakKeyDictionary, ref

import numpy as np

from gradsh.engine.autograd.backward import with_grad_mode
from gradsh.engine.core.graph import Node, Output
from gradsh.engine.core.modes import mode
from gradsh.engine.core.tensor import Tensor
from gradsh.runtime.results import FEW
from gradsh.runtime.watching import Watching

SHORT = 100  # nodes of a graph that is gone through once for each output
ROUNDS = 20  # of a loop that is noted from at one place


def derivatives(edge: Any, data: Any, leaves: list[Tensor]) -> dict[Tensor, list[list[float]]]:
    """The rows of J for each leaf, one for each element of `data`. Runs backward from `edge`, and changes nothing."""
    found: dict[Tensor, list[list[float]]] = {leaf: [] for leaf in leaves}
    for at in np.ndindex(*data.shape):
        seed = np.zeros(data.shape, data.dtype)
        seed[at] = 1
        walk = Watching(False, True, None)
        with_grad_mode(walk, [(edge, seed)])
        for leaf, rows in found.items():
            arrived = [np.asarray(g).ravel() for g, _ in walk.arrivals(leaf)]
            row = sum(arrived[1:], arrived[0]) if arrived else np.zeros(leaf.data.size)
            rows.append([float(each) for each in row])
    return found


class Product:
    """v, and the rows of J for each leaf; the leaves are held weakly."""

    __slots__ = ("_rows", "v")

    def __init__(self, v: Any, rows: dict[Tensor, list[list[float]]]) -> None:
        self.v = v
        self._rows = [(ref(leaf), each) for leaf, each in rows.items()]

    @property
    def rows(self) -> dict[Tensor, list[list[float]]]:
        return {t: each for leaf, each in self._rows if (t := leaf()) is not None}


# of the root of a backward with a gradient argument, before it freed the graph
PRODUCTS: WeakKeyDictionary[Node, Product] = WeakKeyDictionary()


def note(pending: dict[Node, Any], round: int) -> None:
    """Note v and J of a backward that is about to run from one vector of a few elements.

    A graph with work of the program's own in it is left alone: hooks and operators that print would do so again.
    """
    if len(pending) != 1 or round > ROUNDS or mode.anomaly is not None or mode.reformed:
        return
    ((root, v),) = pending.items()
    if v.__class__ is not np.ndarray or v.ndim != 1 or not 1 < v.size <= FEW:
        return
    leaves = _small_leaves(root)
    if leaves:
        PRODUCTS[root] = Product(v.copy(), derivatives(root, v, leaves))


def _small_leaves(root: Node) -> list[Tensor]:
    """The leaves of up to FEW elements below a node; none where the graph is long or not only the registry's."""
    seen: set[int] = set()
    stack: list[Any] = [root]
    leaves: list[Tensor] = []
    while stack:
        edge = stack.pop()
        edge = edge.node if edge.__class__ is Output else edge
        if edge is None or id(edge) in seen:
            continue
        seen.add(id(edge))
        if edge.extra is not None and getattr(edge.extra, "hooks", None):
            return []
        if edge.__class__ is Tensor:
            leaves += [edge] if 0 < edge.data.size <= FEW else []
            continue
        own = edge.extra is not None and (edge.extra.prehooks or edge.extra.tensor_hooks)
        if own or not edge.kind.operator or len(seen) > SHORT:
            return []
        stack += edge.next if edge.next.__class__ is tuple else (edge.next,)
    return leaves
