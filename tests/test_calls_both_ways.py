"""A wrong call says the same words made directly and through a variable; as a method, those of PyTorch's method.

Directly it may be refused before anything runs; what a variable holds is known only then. No test here names an
operator; tests/test_wrong_calls.py holds the words to PyTorch's.
"""

from __future__ import annotations

import functools
import io
from collections.abc import Iterator
from typing import Any, NamedTuple

import pytest

from gradsh import Session
from gradsh.engine.ops import families

# How many pairs still say different words. These numbers only become smaller.
DIFFERENT = 1


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


@functools.cache
def said() -> dict[str, Said]:
    """What the wrong calls say, by their text."""
    found = {}
    for wrong in wrong_calls():
        session = Session(out=io.StringIO(), err=io.StringIO())
        session.globals.update((f".a{i}", value) for i, value in enumerate(wrong.arguments))
        names = [f"a{i}" for i in range(len(wrong.arguments))]

        def error(text: str, session: Session = session) -> tuple[str, str]:
            result = session.run(text)
            return (result.errors[0].kind, result.errors[0].message) if result.errors else ("", "")

        words = ", ".join([*names, *([wrong.keywords] if wrong.keywords else [])])
        text = f"{wrong.name}({words})"
        found[text] = Said(
            error(text + ";"),
            error(f"let held = {wrong.name}\nheld({words});"),
        )
    return found


def test_the_same_words() -> None:
    assert len(said()) > 500
    different = [f"{text}: {one} {other}" for text, (one, other) in said().items() if one != other]
    assert len(different) <= DIFFERENT, f"{len(different)} of {len(said())} differ:\n" + "\n".join(different)


# --- an argument that no operator can use ----------------------------------------------------------------------------

ODD = ["odd", '"x"', "{}", "[1]", "none"]


def test_a_number_through_a_variable_is_no_fault_of_gradsh() -> None:
    session = Session(out=io.StringIO(), err=io.StringIO())
    names = sorted(families.functions())
    assert [name for name in names if session.run(f"let f = {name}\nf(2);").status == 70] == []


def faults(value: str) -> list[str]:
    """The calls, one for each operator and place of its first sample, that end in a fault of gradsh."""
    found = []
    for name, entry in sorted(families.functions().items()):
        sample = next(iter(entry.samples()), None) if entry.samples is not None else None
        arguments = sample.draw()[0] if sample is not None and sample.args else []
        session = Session(out=io.StringIO(), err=io.StringIO())
        session.run("model Odd() { forward(x) = x }\nlet odd = Odd()")
        session.globals.update((f".a{i}", given) for i, given in enumerate(arguments))
        for at in range(len(arguments)):
            names = [f"a{i}" for i in range(len(arguments))]
            names[at] = value
            call = f"{name}({', '.join(names)})"
            if session.run(call + ";").status == 70:
                found.append(call)
    return found


@pytest.mark.parametrize("value", ODD)
def test_an_odd_argument_is_no_fault_of_gradsh(value: str) -> None:
    assert faults(value) == []
