"""What a node has saved, under PyTorch's names: `_saved_self`, `_saved_other`, `_saved_result`."""

from __future__ import annotations

from typing import Any

from gradsh.engine.core.graph import Freed, Node, freed
from gradsh.engine.core.tensor import Tensor, output_tensor

_NUMBERS = {"pow": "exponent"}  # what PyTorch calls the number of `x ** 2`


def saved_values(node: Node) -> dict[str, Any]:
    """Name to value; None for a tensor that no rule needs. Errors: FreedGraph once backward has freed them."""
    from gradsh.engine.operators.elementwise import Binary, Unary
    from gradsh.engine.operators.registry import OPERATORS

    if node.saved.__class__ is Freed:
        raise freed(node)
    custom = getattr(node.kind, "described", None)
    if custom is not None:
        return custom(node)  # type: ignore[no-any-return]  # see engine.custom, which most programs never load
    entry = OPERATORS.get(node.kind.operator)
    if entry is None or node.saved is None:
        return {}
    if isinstance(entry, Unary):
        if node.saved.__class__ is Tensor:
            return {"self": node.saved}
        return {"result": output_tensor(node, node.saved)}
    if isinstance(entry, Binary):
        first, second, out = node.saved
        values: dict[str, Any] = {}
        if node.kind in (entry.kinds[0], entry.large[0]) or node.kind.number_slot:
            values = {"self": _tensor(first), "other": _tensor(second)}
        elif node.kind in (entry.kinds[1], entry.large[1]):
            values = {"self": _tensor(first), _NUMBERS.get(entry.name, "other"): second}
        else:
            values = {"self": second, _NUMBERS.get(entry.name, "other"): first}
        if out is not None:
            values["result"] = output_tensor(node, out)
        return values
    names = [p.name for p in entry.signature.parameters]
    if node.saved.__class__ is not list or len(node.saved) != len(names) + 1:
        return {}
    values = {}
    for name, value in zip(names, node.saved, strict=False):
        if value.__class__.__name__ != "Meta":
            values["self" if name == "input" else name] = value
    out = node.saved[-1]
    if getattr(entry, "keeps_out", False) and out.__class__ is not tuple:
        values["result"] = output_tensor(node, out)
    return values


def _tensor(value: Any) -> Any:
    """A saved operand of a form of two tensors; a number there is none that PyTorch shows."""
    return value if value.__class__ is Tensor else None


def described(node: Node) -> str:
    """The saved values in words, `input = tensor([0.])`, for messages."""
    if node.saved.__class__ is Freed:
        return ""
    words = {"self": "input"}
    parts = []
    for name, value in saved_values(node).items():
        if value.__class__ is Tensor and value.data.size <= 8:
            from gradsh.engine.printing.tensor_text import value_text

            parts.append(f"{words.get(name, name)} = {' '.join(value_text(value.data).split())}")
        elif isinstance(value, (int, float)):
            parts.append(f"{words.get(name, name)} = {value}")
    return ", ".join(parts)
