"""The standard library of models: gradsh/lib/*.grad, and the few that the engine has (Sequential and its kin).

A file of it is compiled and run when a program first names one of its models, in a namespace of its own that all
sessions of a process share: nothing of a session's state is in it. Which file has which model, with what
parameters, stands in gradsh.index.
"""

from __future__ import annotations

import os
from typing import TYPE_CHECKING, Any

from gradsh import index

if TYPE_CHECKING:
    from collections.abc import Iterable

    from gradsh.index import Parameters
    from gradsh.language.signatures import Signature

FOLDER = os.path.join(os.path.dirname(os.path.abspath(__file__)), "lib")

_spaces: dict[str, dict[str, Any]] = {}  # by file


def names() -> list[str]:
    """Every model of the library."""
    return list(index.index().models)


def parameters(name: str) -> Parameters | None:
    """The parameters of a model, None when there is no such model."""
    known = index.index().models.get(name)
    return known[1] if known is not None else None


def value(name: str) -> Any:
    """The model of that name, loaded now if need be. Errors: KeyError."""
    file = index.index().models[name][0]
    if not file:
        from gradsh.engine.containers import MODELS

        return MODELS[name]
    if file not in _spaces:
        _spaces[file] = _run(file)
    return _spaces[file]["." + name]


def refuse(kind: str, message: str) -> None:
    """For the library: fail as PyTorch does, with its type of error. Errors: ValueError_, else ValueProblem."""
    from gradsh.errors import ValueError_, ValueProblem

    raise ValueError_(message) if kind == "ValueError" else ValueProblem(message, kind=kind)


def warn(message: str) -> None:
    """For the library: a warning, in PyTorch's words."""
    from gradsh.engine.modes import mode

    mode.warn(message)


OWN: dict[str, Any] = {"refuse": refuse, "warn": warn}


class Table:
    """The built-ins that the library sees: those of programs, and two more."""

    def __init__(self) -> None:
        from gradsh import runtime

        self.all = runtime.BUILTINS
        self.values = self.all.values

    def value(self, name: str) -> Any:
        return OWN[name] if name in OWN else self.all.value(name)

    def lookup(self, name: str) -> Signature | None:
        if name in OWN:
            from gradsh.language.signatures import Signature

            return Signature(name, effect=True)
        return self.all.lookup(name)

    def names(self) -> Iterable[str]:
        return [*OWN, *self.all.names()]


def _run(file: str) -> dict[str, Any]:
    """What a file of the library binds."""
    from gradsh import runtime
    from gradsh.engine.modes import mode
    from gradsh.errors import Source
    from gradsh.language.program import compile_program

    table = Table()
    space = {"__builtins__": {}, "@own": {}, "@table": table, "@builtin": table.value, **runtime.HELPERS}
    space["@echo"] = lambda value, line: None
    with open(os.path.join(FOLDER, file), encoding="utf-8") as stream:
        source = Source(f"gradsh/lib/{file}", stream.read())
    program = compile_program(source, {}, table, library=True)
    models = index.index().models
    program.builtins = tuple(b for b in program.builtins if models.get(b, ("",))[0] != file)  # its own come by running
    runtime.prepare(space, program)
    before, mode.where = mode.where, (program.code, 0)  # whatever it makes is not made in the user's program
    try:
        exec(program.code, space)
    finally:
        mode.where = before
    return space


def table() -> dict[str, tuple[str, Parameters]]:
    """name -> (file, parameters), read from the files; "" is the file of what the engine has."""
    from gradsh.engine.containers import SIGNATURES
    from gradsh.errors import Source
    from gradsh.language import nodes
    from gradsh.language.signatures import KEYWORD, POSITIONAL, REST
    from gradsh.language.syntax import parse

    found: dict[str, tuple[str, Parameters]] = {name: ("", own) for name, own in SIGNATURES.items()}
    for file in sorted(os.listdir(FOLDER)):
        if not file.endswith(".grad"):
            continue
        with open(os.path.join(FOLDER, file), encoding="utf-8") as stream:
            tree = parse(Source(file, stream.read()))
        for model in tree.body:
            if not isinstance(model, nodes.Model) or model.name[0] == "_":
                continue
            own = []
            kind = POSITIONAL
            for p in model.parameters:
                flag = isinstance(p.default, nodes.Constant) and isinstance(p.default.value, bool)
                own.append((p.name, REST if p.star else kind, p.star or p.default is not None, flag))
                if p.star:
                    kind = KEYWORD
            found[model.name] = (file, tuple(own))
    return found
