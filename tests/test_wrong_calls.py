"""A wrong call says the same words made directly, through a variable and as a method.

Directly it is refused before anything runs; what a variable holds is known only then. No test here names an operator.
"""

from __future__ import annotations

import functools
import io
from collections.abc import Iterator
from typing import Any, NamedTuple

import pytest

from gradsh import Session
from gradsh.engine.operators import registry
from gradsh.engine.ops import families

# How many pairs still say different words. These numbers only become smaller.
DIFFERENT = {"variable": 519, "method": 196}


class Wrong(NamedTuple):
    """A call with something wrong: the operator, its arguments, and keywords as program text."""

    name: str
    arguments: list[Any]
    keywords: str


def wrong_calls() -> Iterator[Wrong]:
    """Of each operator with samples: the last argument that must be there missing, one too many, a keyword misnamed."""
    for name, entry in sorted(families.functions().items()):
        parameters = entry.signature.parameters
        sample = next(iter(entry.samples()), None) if entry.samples is not None else None
        if sample is None or not sample.args or any(p.kind == "rest" for p in parameters):
            continue
        arguments, _ = sample.draw()
        positional = [p for p in parameters if p.kind == "positional"]
        needed = sum(not p.has_default for p in positional)
        if needed:
            yield Wrong(name, arguments[: needed - 1], "")
        yield Wrong(name, [*arguments, *[None] * (len(positional) + 1 - len(arguments))], "")
        yield Wrong(name, arguments, "misnamed=1")


class Said(NamedTuple):
    directly: tuple[str, str]
    variable: tuple[str, str]
    method: tuple[str, str] | None


@functools.cache
def said() -> dict[str, Said]:
    """What the wrong calls say, by their text."""
    found = {}
    methods = families.methods()
    for wrong in wrong_calls():
        session = Session(out=io.StringIO(), err=io.StringIO())
        session.globals.update((f".a{i}", value) for i, value in enumerate(wrong.arguments))
        names = [f"a{i}" for i in range(len(wrong.arguments))]

        def error(text: str, session: Session = session) -> tuple[str, str]:
            result = session.run(text)
            return (result.errors[0].kind, result.errors[0].message) if result.errors else ("", "")

        words = [", ".join([*names[n:], *([wrong.keywords] if wrong.keywords else [])]) for n in (0, 1)]
        text = f"{wrong.name}({words[0]})"
        is_method = (
            bool(names) and wrong.name in methods and methods[wrong.name] is registry.OPERATORS[wrong.name].apply
        )
        found[text] = Said(
            error(text + ";"),
            error(f"let held = {wrong.name}\nheld({words[0]});"),
            error(f"a0.{wrong.name}({words[1]});") if is_method else None,
        )
    return found


@pytest.mark.parametrize("way", ["variable", "method"])
def test_the_same_words(way: str) -> None:
    pairs = {text: (s.directly, getattr(s, way)) for text, s in said().items() if getattr(s, way) is not None}
    assert len(pairs) > 500
    different = [f"{text}: {one} {other}" for text, (one, other) in pairs.items() if one != other]
    assert len(different) <= DIFFERENT[way], f"{len(different)} of {len(pairs)} differ:\n" + "\n".join(different)
