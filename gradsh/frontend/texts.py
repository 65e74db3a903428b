"""`eval`, `exec` and `compile` of a text: read, resolved and lowered as the program itself, so it reaches no more."""

from __future__ import annotations

import sys
from collections.abc import Iterator, Mapping, MutableMapping
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

from gradsh.engine.core.place import type_name
from gradsh.errors import EXPRESSION, FILE, Refused, Source, TypeError_, ValueError_
from gradsh.frontend.imports import Module
from gradsh.frontend.namespace import Globals, bound, namespace, own_variables
from gradsh.frontend.table import PythonTable
from gradsh.language.program import compile_program
from gradsh.language.python.convert import EVALUATED, convert
from gradsh.language.python.torch import PREFIX
from gradsh.runtime.namespace import prepare
from gradsh.runtime.used_files import PLANNED

if TYPE_CHECKING:
    from gradsh.session.python import PythonSession

__acts_for_programs__ = True

ALONE = "alone"  # an option of what is compiled: it is given no built-in
BUILTINS = "__builtins__"


class Code:
    """What `compile(text, name, mode)` gives: a text that is a program, of nothing but its names known."""

    __slots__ = ("source",)
    __name__ = "code"

    def __init__(self, source: Source) -> None:
        self.source = source

    def __repr__(self) -> str:
        return f'<code object <module>, file "{self.source.name}", line 1>'


Code.__qualname__ = "code"


class Held(Module):
    """`__builtins__` of a dict that texts have run in: the module, and the globals of what they defined there."""

    __slots__ = ("space",)

    def __init__(self, space: dict[str, Any]) -> None:
        super().__init__("builtins", space["@table"].value)
        self.space = space


class Alone(PythonTable):
    """The built-ins of a text that is given none but its own, `eval(text, {"__builtins__": {}})`."""

    def lookup(self, name: str) -> Any:
        return super().lookup(name) if name.startswith(PREFIX) else None


def source_of(text: Any, word: str, kind: str, name: str = "<string>") -> Source:
    """The text as a program. Errors: TypeError_ for what is no text."""
    if isinstance(text, Code):
        return text.source
    if isinstance(text, (bytes, bytearray)):
        text = bytes(text).decode("utf-8")
    if not isinstance(text, str):
        last = "AST object" if word == "compile" else "code object"
        raise TypeError_(f"{word}() arg 1 must be a string, bytes or {last}")
    return Source(name, text.lstrip(" \t") if kind == EXPRESSION else text, kind)


def compiled(source: Any, filename: Any, mode: str, *_: Any, **__: Any) -> Code:
    """`compile(text, name, mode)`. Errors: what is wrong with the text."""
    if mode not in ("exec", "eval", "single"):
        raise ValueError_("compile() mode must be 'exec', 'eval' or 'single'")
    made = source_of(source, "compile", EXPRESSION if mode == "eval" else FILE, str(filename))
    with _told():
        convert(made)
    return Code(made)


@contextmanager
def _told() -> Iterator[None]:
    """What is no program is an error of the program that has the text."""
    try:
        yield
    except Refused as problem:
        raise problem.errors[0] from None


def evaluated(session: PythonSession, text: Any, globals: Any = None, locals: Any = None) -> Any:
    """`eval(text, globals, locals)`."""
    if locals is not None and not isinstance(locals, Mapping):
        raise TypeError_("locals must be a mapping")
    return _run(session, source_of(text, "eval", EXPRESSION), globals, locals)


def executed(session: PythonSession, text: Any, globals: Any = None, locals: Any = None) -> None:
    """`exec(text, globals, locals)`. What it binds within a function is gone with it, as in Python."""
    if globals is not None and not isinstance(globals, dict):
        raise TypeError_(f"exec() globals must be a dict, not {type_name(globals)}")
    _run(session, source_of(text, "exec", FILE), globals, locals)


def _run(session: PythonSession, source: Source, globals: Any, locals: Any) -> Any:
    if globals is not None and not isinstance(globals, dict):
        raise TypeError_("globals must be a dict")
    if locals is not None and not isinstance(locals, Mapping):
        raise TypeError_(f"locals must be a mapping or None, not {type_name(locals)}")
    there: Any = sys._getframe()
    while "@table" not in there.f_globals:
        there = there.f_back
    space, alone = there.f_globals, False
    if isinstance(globals, Globals):
        space = globals.space
    elif globals is not None:
        space, alone = _space_of(session, globals)
    if locals is globals:
        locals = None
    if locals is None and globals is None and there.f_locals is not space:
        locals = {key[1:]: value for key, value in there.f_locals.items() if key[0] == "."}
    if locals is None:
        found = _run_in(session, source, space, alone)
        if globals is not None:
            _brought(own_variables(space), globals)
        return found
    inner = namespace(session, space["__name__"])
    named = {**own_variables(space), **locals}
    _put(inner, named)
    found = _run_in(session, source, inner, alone)
    if isinstance(locals, MutableMapping):
        for name, value in own_variables(inner).items():
            if name not in named or named[name] is not value:
                locals[name] = value
    return found


def _space_of(session: PythonSession, names: dict[str, Any]) -> tuple[dict[str, Any], bool]:
    """The globals of texts that run in a dict, the same each time; whether it says what built-ins there are."""
    own = names.get(BUILTINS)
    if isinstance(own, Held):
        space = own.space
        for name in own_variables(space):
            if name not in names:
                del space["." + name]
        _put(space, names)
        return space, False
    space = namespace(session, str(names.get("__name__", "builtins")))
    alone = isinstance(own, dict)
    if own is None:
        names[BUILTINS] = Held(space)
    _put(space, {**(own or {}), **names} if alone else names)
    return space, alone


def _put(space: dict[str, Any], names: Mapping[str, Any]) -> None:
    given = {name: value for name, value in names.items() if isinstance(name, str)}  # `eval("a", {1: 2})`
    space.update({"." + name: value for name, value in given.items() if name not in (BUILTINS, "__name__")})


def _brought(found: dict[str, Any], names: dict[str, Any]) -> None:
    """What a text has bound, into the dict that it ran in."""
    for name in [
        each for each in names if isinstance(each, str) and each not in found and each not in (BUILTINS, "__name__")
    ]:
        dict.pop(names, name, None)
    own = names.get(BUILTINS)
    given = own if isinstance(own, dict) else {}
    dict.update(names, {name: value for name, value in found.items() if given.get(name, found) is not value})


def _run_in(session: PythonSession, source: Source, space: dict[str, Any], alone: bool) -> Any:
    table, options = space["@table"], session.options
    if alone:
        table, options = Alone({}), (*options, ALONE)
    with _told():
        program = compile_program(source, bound(space), table, options, files=session.files)
    prepare(space, program.builtins)
    space.update({each: session.globals[each] for each in PLANNED if each in session.globals})
    session.globals["@ran"].append(program.code.co_filename)
    space["@ran"].append(program.code.co_filename)
    exec(program.code, space)
    return space.pop("." + EVALUATED, None) if source.python == EXPRESSION else None
