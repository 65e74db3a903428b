"""The functions in place that PyTorch has beside the methods: `torch.sin_(x)`, `F.elu_(x)`.

They are made of their operators by one rule. Which operators have one is read off PyTorch's own forms, by which errors
are told too.
"""

from __future__ import annotations

import sys
from typing import Any

from gradsh.calls.recorded import lines_of
from gradsh.calls.signature import KEYWORD
from gradsh.engine.autograd.inplace import apply_in_place
from gradsh.engine.core.arguments import need_tensor
from gradsh.engine.core.batched import Batched
from gradsh.engine.core.tensor import Tensor
from gradsh.engine.operators.composite import composite
from gradsh.engine.operators.registry import OPERATORS, Operator

_getframe = sys._getframe


def candidates() -> list[str]:
    """The names that functions in place could have: of each operator that has such a form, and none of its own."""
    return [
        name + "_"
        for name, entry in OPERATORS.items()
        if not entry.private and "." not in name and name + "_" not in OPERATORS and (entry.inplace or _flagged(entry))
    ]


def add_functions() -> None:
    """Make all of them, which takes that all operators are loaded."""
    for name in candidates():
        if lines_of(name):
            add_function(name)


def add_function(name: str) -> Operator | None:
    """Make one; None where the operator is not there whose name that is without the underscore."""
    entry = OPERATORS.get(name[:-1])
    if entry is None or name in OPERATORS:
        return OPERATORS.get(name)
    parameters = [p for p in entry.signature.parameters if p.name != "inplace"]
    flagged = _flagged(entry)
    named = {p.name: at for at, p in enumerate(parameters) if p.kind == KEYWORD}
    first = len(parameters) - len(named)

    def in_place(input: Any, *settings: Any) -> Any:
        if input.__class__ is not Tensor and input.__class__ is not Batched:
            need_tensor(name, "input", 1, input)
        if flagged:
            return entry.apply(input, *settings, True)
        keywords = {word: settings[at - 1] for word, at in named.items()}
        return apply_in_place(entry.apply, input, settings[: first - 1], keywords, _getframe(1))

    in_place.__doc__ = f"`{name[:-1]}`, written over what `input` holds; gives the tensor back."
    in_place.__module__ = entry.home
    inside = entry.signature.text.partition("(")[2].replace(", inplace=False", "")
    example = entry.example.replace(name[:-1] + "(", name + "(", 1)
    return composite(f"{name}({inside}", method=False, example=example)(in_place)


def _flagged(entry: Operator) -> bool:
    return any(p.name == "inplace" for p in entry.signature.parameters)
