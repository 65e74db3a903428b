"""What came out of a row where nothing was noted: from the variable that holds it, from what the rule kept, or from
the shapes of what went in."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

import numpy as np

from gradsh.engine.core.graph import Node, Output
from gradsh.engine.core.tensor import Tensor
from gradsh.runtime import notes
from gradsh.runtime.results import Result

if TYPE_CHECKING:
    from gradsh.looking.rows import Row


class Forms:
    """Fills in `result` of rows; what a row consumes is entered before it."""

    def __init__(self, variables: Mapping[str, Any]) -> None:
        self.held: dict[Any, Tensor] = {}
        for value in variables.values():
            if value.__class__ is Tensor and value.node.__class__ is Node:
                self.held[value.node] = value
        self.shapes: dict[Node, Any] = {}

    def enter(self, row: Row) -> None:
        for node in reversed(row.nodes):
            self.shapes[node] = self.of(node)
        if row.result is not None:
            return
        node = row.nodes[0]
        noted = [note.result for number, note in notes.of(node) if number == 0]
        if noted:
            row.result = noted[0]
        elif node in self.held:
            row.result = Result(self.held[node].data)
        else:
            row.result = kept_result(node) or self.shapes[node]

    def of(self, node: Node) -> Result | None:
        """Shape and dtype of a node's first output, None where they cannot be told."""
        for number, note in notes.of(node):
            if number == 0:
                return note.result
        if node in self.held:
            return bare(self.held[node].data.shape, self.held[node].data.dtype)
        kept = kept_form(node)
        if kept is not None:
            return kept
        fix = node.fix
        if fix.__class__ is tuple and len(fix) == 3 and _dims(fix[2]):  # of an operator of two tensors, see `fix_of`
            return bare(fix[2], None)
        return self._broadcast(node) if _elementwise(node) else None

    def _broadcast(self, node: Node) -> Result | None:
        shapes = []
        for edge in node.next if node.next.__class__ is tuple else (node.next,):
            if edge.__class__ is Tensor:
                shapes.append(edge.data.shape)
            elif edge.__class__ is Node:
                known = self.shapes.get(edge)
                if known is None:
                    return None
                shapes.append(known.shape)
            elif edge.__class__ is Output:
                return None
        return bare(np.broadcast_shapes(*shapes), None) if shapes else None


def bare(shape: tuple[int, ...], dtype: Any) -> Result:
    """A result of which no more than this is known."""
    result = Result.__new__(Result)
    result.empty, result.odd = (), None
    result.shape, result.dtype, result.value, result.norm = tuple(shape), dtype, None, None
    return result


def _dims(value: Any) -> bool:
    return value.__class__ is tuple and all(each.__class__ is int for each in value)


def _elementwise(node: Node) -> bool:
    from gradsh.engine import catalogue

    entry = catalogue.operator(node.kind.operator)
    return entry is not None and entry.elementwise


def kept_array(node: Node) -> Any:
    """The result, where the rule kept it; else None."""
    saved = node.saved
    out = saved[-1] if saved.__class__ is list and saved else saved[2] if _pair(saved) else saved
    return out if isinstance(out, (np.ndarray, np.generic)) else None


def kept_result(node: Node) -> Result | None:
    """The same as it is shown."""
    out = kept_array(node)
    return Result(out) if out is not None else None


def kept_form(node: Node) -> Result | None:
    """Shape and dtype of the result, from what the rule kept: the result, its form, or an input of that form."""
    saved = node.saved
    if saved.__class__ is list and saved:
        out = saved[-1]
        return bare(out.shape, out.dtype) if hasattr(out, "shape") else None
    if isinstance(saved, (np.ndarray, np.generic)):
        return bare(saved.shape, saved.dtype)
    if saved.__class__ is Tensor and _elementwise(node):
        return bare(saved.data.shape, saved.data.dtype)
    if _pair(saved):
        given = [each.data if each.__class__ is Tensor else each for each in saved if hasattr(each, "shape")]
        if len(given) == 2 or (given and node.fix is None):
            return bare(np.broadcast_shapes(*(each.shape for each in given)), given[0].dtype)
    return None


def _pair(saved: Any) -> bool:
    """Is it what an operator of two keeps: (first, second, result)?"""
    return saved.__class__ is tuple and len(saved) == 3
