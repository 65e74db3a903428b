"""What a program uses as a key of a dict."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from gradsh import errors

DEEPEST = 200


def as_key(value: Any) -> Any:
    """The value itself. Errors: RecursionLimit for tuples in tuples so deep that Python's hash would end C's stack."""
    if value.__class__ is not tuple:
        return value
    level = [value]
    for _ in range(DEEPEST):
        # each once: a tuple that stands in many is no deeper for it
        level = list({id(item): item for outer in level for item in outer if item.__class__ is tuple}.values())
        if not level:
            return value
    raise errors.RecursionLimit(
        f"a key may have tuples in tuples {DEEPEST} deep at most", help="a number or a string is a key, `{1: 2}`"
    )


def as_pairs(given: Any) -> Any:
    """What a dict is made of: it, or pairs whose keys were looked at. What is neither is for Python to refuse."""
    if isinstance(given, (dict, Mapping)) or not hasattr(type(given), "__iter__"):
        return given
    pairs = [list(pair) if hasattr(type(pair), "__next__") else pair for pair in given]
    for pair in pairs:
        if isinstance(pair, (list, tuple)) and pair:
            as_key(pair[0])
    return pairs
