"""Run gradsh texts on plain values, with a small table of built-ins: the language without the engine's operators."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

import pytest

from gradsh.calls.signature import Signature
from gradsh.errors import GradshError, Refused, Source, Span
from gradsh.language import program
from gradsh.runtime import builtins, commands, faults, namespace, python, text

POSITIONAL, KEYWORD, REST = "positional", "keyword", "rest"


def log(input: Any) -> str:
    return f"log({input})"


def total(input: Any, dim: Any = None, keepdim: bool = False) -> str:
    return f"sum({text.shown(input)}, dim={dim}, keepdim={keepdim})"


def tensor(data: Any, requires_grad: bool = False) -> str:
    return f"tensor({data}, requires_grad={requires_grad})"


def ones(*size: Any, requires_grad: bool = False) -> str:
    return f"ones{size} {requires_grad}"


class Mode:
    inside = 0

    def __enter__(self) -> None:
        Mode.inside += 1

    def __exit__(self, *_: object) -> None:
        Mode.inside -= 1


SIGNATURES = {
    "log": Signature("log", [("input", POSITIONAL, False, False)]),
    "relu": Signature("relu", [("input", POSITIONAL, False, False)], python=True),
    "transpose": Signature("transpose", [(n, POSITIONAL, False, False) for n in ("input", "dim0", "dim1")]),
    "total": Signature(
        "total",
        [("input", POSITIONAL, False, False), ("dim", POSITIONAL, True, False), ("keepdim", POSITIONAL, True, True)],
    ),
    "tensor": Signature("tensor", [("data", POSITIONAL, False, False), ("requires_grad", KEYWORD, True, True)]),
    "ones": Signature("ones", [("size", REST, True, False), ("requires_grad", KEYWORD, True, True)]),
    "linalg.norm": Signature("linalg.norm", [("A", POSITIONAL, False, False)]),
    "effect": Signature("effect", [("x", POSITIONAL, False, False)], effect=True),
    "no_grad": Signature("no_grad", []),
    "inside": Signature("inside", []),
    "print": Signature("print", [("values", REST, True, False)], effect=True),
    "show": Signature("show", [("values", REST, True, False)], effect=True),
    "pi": Signature("pi"),
}
VALUES = {
    "log": log,
    "relu": log,
    "total": total,
    "tensor": tensor,
    "ones": ones,
    "linalg.norm": lambda A: f"norm({A})",
    "effect": lambda x: x,
    "no_grad": Mode,
    "inside": lambda: Mode.inside,
    "pi": 3.14,
}


class Table(builtins.BuiltinTable):
    """The built-ins above, and Python's own helpers."""

    def _value(self, name: str) -> Any:
        return VALUES[name] if name in VALUES else python.OWN[name]

    def lookup(self, name: str) -> Signature | None:
        return SIGNATURES.get(name) or (Signature(name) if name in python.OWN else None)

    def names(self) -> Iterable[str]:
        return [*SIGNATURES, *python.OWN]


class Display:
    def __init__(self) -> None:
        self.needs_spans = self.interactive = False
        self.lines: list[str] = []
        self.spans: list[str | None] = []

    def value(self, value: Any, span: Span | None) -> None:
        self.lines.append(text.shown(value))
        self.spans.append(span.text if span else None)

    def printed(self, values: tuple[Any, ...], spans: list[Span | None]) -> None:
        self.lines.append(" ".join(map(text.written, values)))
        self.spans += [span.text if span else None for span in spans]


class Session:
    """One scope; `run` gives the printed lines of one program."""

    def __init__(self) -> None:
        self.display = Display()
        self.globals = namespace.namespace(self, Table())  # type: ignore[arg-type]  # as much of a session as is needed
        self.shown: list[Any] = []
        told = commands.Command(self.show, "show x, …")
        self.globals["@command.show"] = commands.statement(self, "show", told)  # type: ignore[arg-type]

    def given(self, value: object) -> None:
        """A bare expression gave that."""

    def show(self, _: Any, values: tuple[Any, ...], spans: list[Span | None]) -> Iterable[object]:
        self.shown.append([span.text if span else None for span in spans])
        return ()

    def run(self, source: str) -> list[str]:
        self.display.lines = []
        self.display.spans = []
        compiled = program.compile_program(
            Source("<test>", source), namespace.bound(self.globals), self.globals["@table"]
        )
        namespace.prepare(self.globals, compiled.builtins)
        exec(compiled.code, self.globals)
        return self.display.lines

    def fails(self, source: str) -> GradshError:
        """The error of a program that fails while it runs, with the failing expression's text as `.at`."""
        with pytest.raises(Exception) as caught:
            self.run(source)
        assert not isinstance(caught.value, Refused), [e.message for e in caught.value.errors]
        error = faults.translate(caught.value)
        spans = faults.spans(caught.value)
        error.at = spans[0].text if spans else None  # type: ignore[attr-defined]  # for the tests
        return error

    def refused(self, source: str) -> list[GradshError]:
        with pytest.raises(Refused) as caught:
            self.run(source)
        assert self.display.lines == []  # nothing has run
        return caught.value.errors


def run(source: str) -> list[str]:
    return Session().run(source)


def fails(source: str) -> GradshError:
    return Session().fails(source)


def refused(source: str) -> GradshError:
    """The one error of a program that is refused."""
    errors = Session().refused(source)
    assert len(errors) == 1, [e.message for e in errors]
    return errors[0]


def at(error: GradshError) -> str:
    return error.labels[0].span.text


__all__ = ["Session", "at", "fails", "refused", "run"]
