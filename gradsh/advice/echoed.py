"""What is said of a bare expression that shows nothing: a method that was not called, a gradient that is not there."""

from __future__ import annotations

import re
from typing import Any

from gradsh.causes.surroundings import parts
from gradsh.engine.core.tensor import Tensor
from gradsh.errors import Span
from gradsh.runtime.namespace import variables


def not_called(span: Span | None) -> str | None:
    """Of `loss.backward`, the call."""
    text = span.text if span is not None else ""
    receiver, dot, name = text.rpartition(".")
    if not dot or "\n" in text:
        return None
    called = f"{name} {receiver}" if name in ("backward", "step", "zero_grad") else f"{text}()"
    return f"nothing was called: `{called}`"


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
