"""What is said of a bare expression that shows nothing: a method that was not called, a gradient that is not there."""

from __future__ import annotations

import re
from types import MethodType
from typing import Any

from gradsh.causes.surroundings import parts
from gradsh.causes.text import read
from gradsh.engine.core.tensor import Tensor
from gradsh.engine.nn.module import Model
from gradsh.errors import Span
from gradsh.language import nodes
from gradsh.runtime.namespace import variables

STATEMENTS = ("backward", "step", "zero_grad")  # what is a statement with what stands behind it


def not_called(value: object, span: Span | None, space: dict[str, Any]) -> str | None:
    """Of `loss.backward`, `backward`, `grad(f, 2.0)`, `nn.Softmax(x)` the call that was meant; else None."""
    text = span.text if span is not None else ""
    if "\n" in text:
        return None
    if isinstance(value, MethodType):
        receiver, dot, name = text.rpartition(".")
        called = f"{name} {receiver}" if name in STATEMENTS else f"{text}()"
        return f"nothing was called: `{called}`" if dot else None
    if text in STATEMENTS:
        last = last_of(text, space)
        return f"nothing was called: `{text} {last}`" if last else None
    call = read(text)
    if not isinstance(call, nodes.Call) or not call.arguments:
        return None
    first, *rest = call.arguments
    function = text[: call.function.end]
    if isinstance(value, Model):
        if not getattr(type(value), "library", False) or "=tensor(" not in repr(value):
            return None
        made = "dim=-1" if re.search(r"soft(?:max|min)$", function, re.IGNORECASE) else ""
        return f"a layer was made, and not called: `{function}({made})({text[first.start : call.end - 1]})`"
    if function.rpartition(".")[2] in ("grad", "value_and_grad") and rest and not is_place(rest[0]):
        made = f"{function}({text[first.start : first.end]})({text[rest[0].start : rest[-1].end]})"
        return f"nothing was computed, it is a function: `{made}`"
    return None


def last_of(word: str, space: dict[str, Any]) -> str | None:
    """The name that was bound last of what `backward`, `step` or `zero_grad` takes."""
    for name, value in reversed(variables(space).items()):
        is_optimiser = callable(getattr(value, "step", None)) and not isinstance(value, Tensor)
        if (isinstance(value, Tensor) and value.node is not None) if word == "backward" else is_optimiser:
            return name
    return None


def is_place(argument: nodes.Argument) -> bool:
    """Is it what `grad` takes behind a function: the number of a parameter, or its own option?"""
    value = argument.value
    items = value.items if isinstance(value, nodes.TupleExpr) else [value]
    return argument.name is not None or all(
        isinstance(item, nodes.Number) and isinstance(item.value, int) for item in items
    )


def no_gradient(span: Span | None, space: dict[str, Any]) -> str | None:
    """Of `x.grad` that is none, why; None where the expression is another."""
    said = re.fullmatch(r"([^\W\d][\w.\[\]]*)\.grad", span.text) if span is not None else None
    if said is None:
        return None
    name = said[1]
    for variable, value in variables(space).items():
        for inner, part in (("", value), *parts(value)):
            if variable + inner == name and isinstance(part, Tensor):
                if not part.requires:
                    return f"`{name}` was made without `grad`: it collects no gradient"
                if part.node is not None:
                    return f"an operation made `{name}`, which is no leaf: `{name}.retain_grad()` before the backward"
                return f"no backward has reached `{name}` yet"
    return None
