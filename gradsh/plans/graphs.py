"""Values whose graph backward has used: of the iteration before, a body may read what they are, and nothing more."""

from __future__ import annotations

from typing import Any

from gradsh.engine.core.graph import Freed, Kind, Node, Output, freed
from gradsh.plans.refusal import NoPlan

MOST = 1000  # nodes that are looked at


def spent(edge: Any) -> bool:
    """Whether nothing can go back through this graph any more: backward has freed all that it saved."""
    seen: set[int] = set()
    stack, any_freed = [edge], False
    while stack:
        node = stack.pop()
        if node.__class__ is Output:
            node = node.node
        if node.__class__ is tuple:
            stack.extend(node)
        elif node.__class__ is Node and id(node) not in seen:
            seen.add(id(node))
            if node.extra is not None or len(seen) > MOST or (node.kind.saves and node.saved.__class__ is not Freed):
                return False
            any_freed = any_freed or node.saved.__class__ is Freed
            stack.append(node.next)
    return any_freed


def _used(node: Node, g: Any, F: Any) -> Any:
    raise freed(node)


def _unknown(node: Node, g: Any, F: Any) -> Any:
    raise NoPlan("backward goes into the iteration before")


def marker(edge: Any, old: bool) -> Node:
    """A node that says what the other says of itself, and has no graph: for backward it has been used.

    `old`: for the shadow, where nothing may come to it; it is not `spent`.
    """
    node = edge.node if edge.__class__ is Output else edge
    made = Node()
    made.kind = Kind(node.kind.name, _unknown if old else _used, saves=True, operator=node.kind.operator)
    made.next, made.fix, made.extra = (), None, None
    made.saved = None if old else node.saved if node.saved.__class__ is Freed else Freed(None)
    made.code, made.lasti, made.seq = node.code, node.lasti, node.seq
    return made
