"""`nancheck { … }`: programs stop at the first nan or inf that they make, forward or backward."""

from __future__ import annotations

import re
from types import CodeType
from typing import Any

import numpy as np

from gradsh.engine.core.modes import mode
from gradsh.engine.core.tensor import Tensor
from gradsh.errors import NanFound
from gradsh.language.places import span_of

WORD = re.compile(r"[^\W\d]\w*")


class NanCheck:
    """The block: expressions and backward steps inside of it are looked at."""

    __slots__ = ("before",)

    def __enter__(self) -> None:
        assert mode.notes is not None  # the program has been compiled to note what it makes
        self.before = mode.notes.checking
        mode.notes.checking = True

    def __exit__(self, *_: object) -> None:
        if mode.notes is not None:
            mode.notes.checking = self.before


def made(value: Tensor, code: CodeType, line: int, variables: list[dict[str, Any]]) -> None:
    """Look at what an expression gave. Errors: NanFound."""
    data = value.data
    if data.dtype.kind != "f" or np.isfinite(data).all():
        return
    span = span_of(code, line)
    if span is None:
        return
    text = span.text
    words = set(WORD.findall(text))
    given = [space["." + word] for word in words for space in variables if "." + word in space]
    infinite = "inf" in words or "inf" in text or any(_is_odd(each) for each in given)
    if not np.isnan(data).any() and infinite:
        return  # it was written, as the -inf of a mask is
    at = first(data)
    raise NanFound(f"the result has {word(data, at)}{place(at)}, the first there is", subject=("forward", value, at))


def sent(node: Any, g: Any, outs: tuple[Any, ...]) -> None:
    """Look at what a step of a backward sends on. Errors: NanFound."""
    came = g if g.__class__ is list else [g]
    assert all(each is None or isinstance(each, (np.ndarray, np.generic)) for each in came)
    if any(each is not None and not np.isfinite(each).all() for each in came):
        return
    for out in outs:
        data = out.data if out.__class__ is Tensor else out
        if data is not None and not np.isfinite(data).all():
            at = first(np.asarray(data))
            said = f"{node.kind.name} sends on {word(np.asarray(data), at)}{place(at)}, the first there is"
            raise NanFound(said, subject=("backward", None, at), places=[((node.code, node.lasti), "it begins here")])


def _is_odd(value: Any) -> bool:
    if isinstance(value, float):
        return not np.isfinite(value)
    return isinstance(value, Tensor) and value.data.dtype.kind == "f" and not np.isfinite(value.data).all()


def first(data: Any) -> tuple[int, ...]:
    """The first position of what is no number."""
    return tuple(int(i) for i in np.argwhere(~np.isfinite(data))[0])


def word(data: Any, at: tuple[int, ...]) -> str:
    value = float(np.asarray(data)[at])
    return "nan" if np.isnan(value) else "inf" if value > 0 else "-inf"


def place(at: tuple[int, ...]) -> str:
    return f" at [{', '.join(map(str, at))}]" if at else ""
