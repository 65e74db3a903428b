"""What was found is made small: the parts without which it is found all the same are taken away (delta debugging)."""

from __future__ import annotations

import time
from collections.abc import Callable
from types import ModuleType
from typing import Any, TypeVar

from tests.fuzz import corpus, server
from tests.fuzz.judge import Finding

BUDGET = 40.0  # seconds for one finding
Part = TypeVar("Part")


def smaller(parts: list[Part], still: Callable[[list[Part]], bool]) -> list[Part]:
    """As few of the parts as are needed for `still`: halves are tried first, single ones last."""
    size = max(1, len(parts) // 2)
    while parts:
        at, dropped = 0, False
        while at < len(parts):
            rest = parts[:at] + parts[at + size :]
            if still(rest):
                parts, dropped = rest, True
            else:
                at += size
        if size == 1 and not dropped:
            break
        size = max(1, size // 2) if not dropped or size > len(parts) else size
    return parts


def minimised(fuzzer: ModuleType, recipe: server.Recipe, finding: Finding) -> server.Recipe:
    """A smaller recipe with the same finding, as far as the time goes."""
    end = time.monotonic() + BUDGET

    def found(trial: server.Recipe) -> bool:
        if time.monotonic() > end:
            return False
        return any(one[:2] == finding[:2] for one in server.alone(fuzzer, [trial]))

    for name in ("cases", "program", "bytes", "keys"):
        if isinstance(recipe.get(name), (str, list)):
            recipe = _field(recipe, name, found)
    return recipe


def _field(recipe: server.Recipe, name: str, found: Callable[[server.Recipe], bool]) -> server.Recipe:
    """The recipe with one of its texts or lists made smaller: by lines, then by tokens, or item by item."""
    value: Any = recipe[name]
    if isinstance(value, list):
        return {**recipe, name: smaller(value, lambda parts: found({**recipe, name: parts}))}
    if name == "bytes":
        pieces = [value[i : i + 2] for i in range(0, len(value), 2)]  # hexadecimal
        return {**recipe, name: "".join(smaller(pieces, lambda parts: found({**recipe, name: "".join(parts)})))}
    lines = smaller(value.split("\n"), lambda parts: found({**recipe, name: "\n".join(parts)}))
    recipe = {**recipe, name: "\n".join(lines)}
    parts = smaller(corpus.tokens(recipe[name]), lambda parts: found({**recipe, name: "".join(parts)}))
    return {**recipe, name: "".join(parts)}
