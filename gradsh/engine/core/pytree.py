"""Nested lists, tuples and dicts of tensors: taken apart and put together again, as PyTorch's pytrees."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from gradsh.engine.core.dtypes import Size
from gradsh.engine.core.named import Named


def is_node(value: Any) -> bool:
    """Whether a value is a collection that is looked into."""
    return isinstance(value, (list, tuple, dict)) and not isinstance(value, Size)


def leaves(value: Any) -> list[Any]:
    """Everything in a nested collection that is none itself, in order."""
    if isinstance(value, dict):
        return [leaf for v in value.values() for leaf in leaves(v)]
    if is_node(value):
        return [leaf for v in value for leaf in leaves(v)]
    return [value]


def mapped(function: Callable[[Any], Any], value: Any) -> Any:
    """The same collection with `function` of each leaf."""
    if isinstance(value, dict):
        return {k: mapped(function, v) for k, v in value.items()}
    if isinstance(value, Named):
        items = [mapped(function, v) for v in value]
        made = type(value)(items)
        made.kind, made.names = value.kind, value.names
        return made
    if isinstance(value, list):
        return [mapped(function, v) for v in value]
    if is_node(value):
        return tuple(mapped(function, v) for v in value)
    return function(value)


def filled(value: Any, items: list[Any]) -> Any:
    """The same collection with these leaves."""
    following = iter(items)
    return mapped(lambda _: next(following), value)


def matched(pattern: Any, value: Any) -> list[Any] | None:
    """One item of `pattern` for each leaf of `value`; an item may stand for a whole collection. None: they differ."""
    if not is_node(value):
        return None if is_node(pattern) else [pattern]
    if not is_node(pattern):
        return [pattern] * len(leaves(value))
    if isinstance(pattern, dict) != isinstance(value, dict) or len(pattern) != len(value):
        return None
    if isinstance(pattern, list) != isinstance(value, list):
        return None
    found: list[Any] = []
    keys = pattern if isinstance(pattern, dict) else range(len(pattern))
    for key in keys:
        if isinstance(value, dict) and key not in value:
            return None
        part = matched(pattern[key], value[key])
        if part is None:
            return None
        found.extend(part)
    return found


def structure(value: Any, depth: int = 0) -> str:
    """A collection in the words of PyTorch's errors: `TreeSpec(tuple, None, [*,` and so on."""
    if not is_node(value):
        return "*"
    word = "dict" if isinstance(value, dict) else "list" if isinstance(value, list) else "tuple"
    context = str(list(value)) if isinstance(value, dict) else "None"
    items = list(value.values()) if isinstance(value, dict) else list(value)
    inside = (",\n" + "  " * (depth + 1)).join(structure(v, depth + 1) for v in items)
    return f"TreeSpec({word}, {context}, [{inside}])"
