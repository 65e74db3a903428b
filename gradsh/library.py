"""The standard library of models: gradsh/lib/*.grad, and the few that the engine has (Sequential and its kin).

A file of it is compiled and run when a program first names one of its models, in a namespace of the library's own that
all sessions of a process share: nothing of a session's state is in it. Which file has which model, with what
parameters, stands in gradsh.index.
"""

from __future__ import annotations

import os
from typing import TYPE_CHECKING, Any

from gradsh import index

if TYPE_CHECKING:
    from gradsh.index import Parameters

FOLDER = os.path.join(os.path.dirname(os.path.abspath(__file__)), "lib")

_space: dict[str, Any] | None = None
_loaded: set[str] = set()


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
    if file not in _loaded:
        _load(file)
        _loaded.add(file)
    return _namespace()["." + name]


def _namespace() -> dict[str, Any]:
    global _space
    if _space is None:
        from gradsh import runtime

        table = runtime.BUILTINS
        _space = {"__builtins__": {}, "@own": {}, "@table": table, "@builtin": table.value, **runtime.HELPERS}
        _space["@echo"] = lambda value, line: None
    return _space


def _load(file: str) -> None:
    from gradsh import runtime
    from gradsh.engine.modes import mode
    from gradsh.errors import Source
    from gradsh.language.program import compile_program

    with open(os.path.join(FOLDER, file), encoding="utf-8") as stream:
        source = Source(f"gradsh/lib/{file}", stream.read())
    program = compile_program(source, {}, runtime.BUILTINS, library=True)
    space = _namespace()
    runtime.prepare(space, program)
    before, mode.where = mode.where, (program.code, 0)  # whatever it makes is not made in the user's program
    try:
        exec(program.code, space)
    finally:
        mode.where = before


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
