"""The standard library of models: gradsh/lib/*.grad, and the few that the engine has (Sequential and its kin).

A file of it is compiled and run when a program first names one of its models, in a namespace of its own that all
sessions of a process share: nothing of a session's state is in it. Which file has which model, with what
parameters, stands in gradsh.index.
"""

from __future__ import annotations

import os
from types import CodeType, FunctionType
from typing import TYPE_CHECKING, Any

from gradsh import index

if TYPE_CHECKING:
    from collections.abc import Iterable

    from gradsh.calls.signature import Signature
    from gradsh.index import Parameters

FOLDER = os.path.join(os.path.dirname(os.path.abspath(__file__)), "lib")

_spaces: dict[str, dict[str, Any]] = {}  # by file
_supplied: set[Any] = set()  # the models and functions whose built-ins are in place


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
    space = _spaces[file]
    model = space["." + name]
    if model not in _supplied:
        _supplied.add(model)
        _supply(space, model.body.__code__)
    return model


def _supply(space: dict[str, Any], code: CodeType) -> None:
    """Put the built-ins into the globals that a model, and what it uses of its file, may come to need.

    Only those: a file holds many models, and each file of operators takes its time to load.
    """
    for name in code.co_names:
        if name[0] != ".":
            continue
        if name not in space:
            space[name] = space["@builtin"](name[1:])
        used = space[name]
        body = getattr(used, "body", used)
        if isinstance(body, FunctionType) and body.__globals__ is space and used not in _supplied:
            _supplied.add(used)
            _supply(space, body.__code__)
    for constant in code.co_consts:
        if isinstance(constant, CodeType):
            _supply(space, constant)


def refuse(kind: str, message: str) -> None:
    """For the library: fail as PyTorch does, with its type of error. Errors: ValueError_, else ValueProblem."""
    from gradsh.errors import ValueError_, ValueProblem

    raise ValueError_(message) if kind == "ValueError" else ValueProblem(message, kind=kind)


def warn(message: str) -> None:
    """For the library: a warning, in PyTorch's words."""
    from gradsh.engine.modes import mode

    mode.warn(message)


def recorded_as(t: Any, name: str) -> Any:
    """For the library: the tensor, its node called as PyTorch calls that of a layer which it computes as a whole."""
    from gradsh.engine.graph import Node
    from gradsh.engine.registry import renamed

    if t.fn.__class__ is Node:
        t.fn.kind = renamed(t.fn.kind, name)
    return t


OWN: dict[str, Any] = {"refuse": refuse, "warn": warn, "recorded_as": recorded_as}


class Table:
    """The built-ins that the library sees: those of programs, and a few of its own."""

    def __init__(self) -> None:
        from gradsh import runtime

        self.all = runtime.BUILTINS
        self.values = self.all.values

    def value(self, name: str) -> Any:
        return OWN[name] if name in OWN else self.all.value(name)

    def lookup(self, name: str) -> Signature | None:
        if name in OWN:
            from gradsh.calls.signature import Signature

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
    # built-ins come when a model needs them, see `_supply`; what its file itself evaluates are defaults of parameters
    own = program.code.co_names
    models = index.index().models
    program.builtins = tuple(
        b for b in program.builtins if b[0] == "@" or ("." + b in own and models.get(b, ("",))[0] != file)
    )
    runtime.prepare(space, program)
    before, mode.where = mode.where, (program.code, 0)  # whatever it makes is not made in the user's program
    try:
        exec(program.code, space)
    finally:
        mode.where = before
    return space


def table() -> dict[str, tuple[str, Parameters]]:
    """name -> (file, parameters), read from the files; "" is the file of what the engine has."""
    from gradsh.calls.signature import KEYWORD, POSITIONAL, REST
    from gradsh.engine.containers import SIGNATURES
    from gradsh.errors import Source
    from gradsh.language import nodes
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
