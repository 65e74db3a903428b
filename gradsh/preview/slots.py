"""Tensors as they were: what the engine does to one that is only read, it does not do in vain, but it shows.

A view of a tensor gives it a storage, which its node hears of; a scalar that is viewed becomes an array; a view whose
base was written gets a new node, to which what it retains goes over.
"""

from __future__ import annotations

from collections.abc import Iterable

from gradsh.engine.core.graph import Output
from gradsh.engine.core.tensor import Tensor


class Slots:
    """`with Slots(tensors):` at the end each is what it was, and so are the nodes that made them."""

    def __init__(self, given: Iterable[Tensor]) -> None:
        tensors = list(given)
        extras = [t.extra for t in tensors if t.extra is not None]
        self.extras = [(extra, extra.parameter, extra.retired, extra.seen) for extra in extras]
        self.tensors = [(t, t.data, t.gradient, t.node, t.requires, t.storage, t.extra) for t in tensors]
        nodes = [t.node.node if t.node.__class__ is Output else t.node for t, *_ in self.tensors if t.node is not None]
        self.nodes = [(node, node.saved, node.extra) for node in nodes]
        self.node_extras = [(node.extra, node.extra.storage, node.extra.retained) for node in nodes if node.extra]

    def __enter__(self) -> None:
        return

    def __exit__(self, *_: object) -> None:
        for t, *slots in self.tensors:
            t.data, t.gradient, t.node, t.requires, t.storage, t.extra = slots
        for more, parameter, retired, seen in self.extras:
            more.parameter, more.retired, more.seen = parameter, retired, seen
        for node, saved, extra in self.nodes:
            node.saved, node.extra = saved, extra
        for extra, storage, retained in self.node_extras:
            extra.storage, extra.retained = storage, retained
