"""The globals of a session of Python programs."""

from __future__ import annotations

import builtins
import sys
from collections.abc import Mapping
from functools import partial
from importlib import import_module
from typing import TYPE_CHECKING, Any

from gradsh.calls.signature import IN_PYTHON
from gradsh.engine.core.modes import GradMode, mode
from gradsh.engine.core.users import PROGRAM, spelled
from gradsh.errors import TypeError_
from gradsh.frontend import access, definitions, exceptions, groups, text
from gradsh.frontend.imports import Absent, Module, imported, missing
from gradsh.frontend.imports.opening import asking, opened
from gradsh.frontend.kinds import as_dict
from gradsh.frontend.table import PythonTable
from gradsh.frontend.through import Through
from gradsh.frontend.torch import Mode
from gradsh.runtime import namespace as gradsh_namespace
from gradsh.runtime.helpers import mapping as as_plain_mapping
from gradsh.runtime.namespace import is_builtin, variables

if TYPE_CHECKING:
    from gradsh.runtime.running import Running

__acts_for_programs__ = True

NOTHING: dict[str, Any] = {}
_getframe = sys._getframe


class Template(str):
    """The left side of a `%`."""

    __slots__ = ()

    def __mod__(self, values: Any) -> str:
        return str.__mod__(self, formattable(values))


Template.__name__ = Template.__qualname__ = "str"


class Shown:
    """A value in a formatted string."""

    __slots__ = ("value",)

    def __init__(self, value: Any) -> None:
        self.value = value

    def __str__(self) -> str:
        return text.written(self.value)

    def __repr__(self) -> str:
        return text.shown(self.value)


def template(value: Any) -> Any:
    return Template(value) if value.__class__ is str else value


def formattable(values: Any) -> Any:
    """The right side of a `%` on a string."""
    if type(values) is tuple:
        return tuple(map(_formattable, values))
    if type(values) is dict:
        return {key: _formattable(value) for key, value in values.items()}
    return _formattable(values)


def _formattable(value: Any) -> Any:
    kind = type(value)
    if kind in text.PLAIN or hasattr(kind, "__float__") or hasattr(kind, "__index__"):
        return value
    return type(kind.__name__, (Shown,), {"__slots__": ()})(value)  # errors say the name of the type


def context(value: Any) -> Any:
    """What a `with` enters."""
    kind = type(value)
    if not (hasattr(kind, "__enter__") and hasattr(kind, "__exit__")):
        raise TypeError_(f"'{kind.__name__}' object does not support the context manager protocol")
    return value


def waiting(value: Any) -> Any:
    """What an `async with` enters."""
    kind = type(value)
    if not (hasattr(kind, "__aenter__") and hasattr(kind, "__aexit__")):
        raise TypeError_(f"'{kind.__name__}' object does not support the asynchronous context manager protocol")
    return value


def awaited(value: Any) -> Any:
    """`await value` outside of all functions, in a cell."""
    return import_module("gradsh.frontend.imports.tasks").LOOP.complete(value)


def decorator(value: Any) -> Any:
    """What stands behind an `@`."""
    if isinstance(value, GradMode) and not isinstance(value, Mode):
        return Mode(value.grad, value.inference)
    return value


def options(keywords: dict[str, Any]) -> dict[str, Any]:
    """The keywords of a function's `**options` as they were written."""
    return {name.removeprefix("."): value for name, value in keywords.items()}


def call(function: Any, /, *arguments: Any, **keywords: Any) -> Any:
    return function(*arguments, **spelled(function, keywords))


def mapping(value: Any, keywords: bool = False) -> Any:
    """What stands behind a `**`."""
    return as_plain_mapping(as_dict(value), keywords)


def match(value: Any, pattern: Any) -> dict[str, Any] | None:
    """What the names of a `case` are bound to; None where the value is not so."""
    from gradsh.frontend.matching import matched

    return matched(value, pattern)


def into(function: Any, /, *arguments: Any, **keywords: Any) -> Any:
    """A call with `out=`."""
    from gradsh.frontend import outputs

    return outputs.into(function, *arguments, **keywords)


class Globals(Through):
    """`globals()`: what the program has bound, to which it may bind more."""

    __slots__ = ("space",)

    def __init__(self, space: dict[str, Any]) -> None:
        super().__init__({**own_variables(space), "__name__": space["__name__"]})
        self.space = space

    def bound(self, name: str, value: Any) -> None:
        self.space["." + name] = value

    def unbound(self, name: str) -> None:
        del self.space["." + name]


Globals.__name__ = Globals.__qualname__ = "dict"


def of_texts(session: Running) -> dict[str, Any]:
    """`eval`, `exec` and `compile`."""

    def eval(source: Any, globals: Any = None, locals: Any = None, /) -> Any:
        return import_module("gradsh.frontend.texts").evaluated(session, source, globals, locals)

    def exec(source: Any, globals: Any = None, locals: Any = None, /) -> Any:
        import_module("gradsh.frontend.texts").executed(session, source, globals, locals)

    def compile(source: Any, filename: Any, mode: Any, *options: Any, **more: Any) -> Any:
        return import_module("gradsh.frontend.texts").compiled(source, filename, mode, *options, **more)

    return {"eval": eval, "exec": exec, "compile": compile}


def own_of(session: Running) -> dict[str, Any]:
    """The built-ins that reach the session's display."""

    def print(*values: Any, sep: Any = None, end: Any = None, file: Any = None, flush: Any = None) -> None:
        for name, given in (("sep", sep), ("end", end)):
            if not isinstance(given, str | None):
                raise TypeError_(f"{name} must be None or a string, not {type(given).__name__}")
        if file is not None:
            line = (" " if sep is None else sep).join(map(text.written, values)) + ("\n" if end is None else end)
            access.method(file, "write")(line)
            return
        if mode.shown is not None:
            mode.shown(values)
        spans: list[Any] = [None] * len(values)
        session.display.printed(values, spans, " " if sep is None else sep, "\n" if end is None else end)

    def display(*values: Any, **options: Any) -> Any:
        return import_module("gradsh.frontend.imports.shows").display_of(session, *values, **options)

    def get_ipython() -> Any:
        return import_module("gradsh.frontend.imports.shows").shell_of(session)

    def leave(status: Any = None) -> None:
        exceptions.leave(status)

    own: dict[str, Any] = {"print": print, "display": display, "open": opened(session), "input": asking(session)}
    own |= dict.fromkeys(("exit", "quit"), leave) | of_texts(session)
    if getattr(session, "cells", False):
        own["get_ipython"] = get_ipython
    for name, function in own.items():
        function.__qualname__ = name
    return own


def namespace(
    session: Running, name: str = "__main__", more: Mapping[str, Any] = NOTHING, package: bool = False
) -> dict[str, Any]:
    """The globals: those of a gradsh session, where Python has nothing of its own.

    `name` is the module's, `more` what else it finds as built-ins; `package`: it is one, not in one.
    """
    table = PythonTable({**own_of(session), **more})
    within = name if package else name.rpartition(".")[0]

    def locals() -> dict[str, Any]:
        there = _getframe(1)
        if there.f_globals is there.f_locals:
            return Globals(space)
        return {key[1:]: value for key, value in there.f_locals.items() if key[0] == "."}

    table.own |= {"globals": lambda: Globals(space), "locals": locals}
    space: dict[str, Any] = gradsh_namespace.namespace(session, table)
    space["@own"].clear()

    def import_(module: str, member: str | None, guarded: bool = False) -> Any:
        found = imported(session, table, module, member, space, within)
        if guarded and isinstance(found, Absent):
            found.refuse()
        return found

    space["@class"] = partial(definitions.define, space)
    space |= {
        PROGRAM: IN_PYTHON,
        # functions in C, `datetime.strftime`, import through those of the frame that called them
        "__builtins__": {"__build_class__": builtins.__build_class__, "__import__": builtins.__import__},
        "__name__": name,
        "@attr": access.attribute,
        "@method": access.method,
        "@set_attr": access.set_attribute,
        "@del_attr": access.delete_attribute,
        "@call": call,
        "@options": options,
        "@format": text.formatted,
        "@template": template,
        "@formattable": formattable,
        "@super": definitions.super_of,
        "@import": import_,
        "@namespace": partial(namespace, session),  # of a file that it imports
        "@missing": missing,
        "@context": context,
        "@waiting": waiting,
        "@awaited": awaited,
        "@decorator": decorator,
        "@exception": exceptions.seen,
        "@Exceptions": BaseException,  # what is none of the program's, `exceptions.seen` raises again
        "@matches": exceptions.matches,
        "@raised": exceptions.raised,
        "@parts": groups.Parts,
        "@part": groups.part,
        "@match": match,
        "@mapping": mapping,
        "@out": into,
        "@failed": exceptions.failed,
        "@set": set,
    }
    return space


def own_variables(space: dict[str, Any]) -> dict[str, Any]:
    """What programs have bound, by name."""
    named = variables(space).items()
    return {name: value for name, value in named if ":" not in name and not is_builtin(space, name, value)}


def bound(space: dict[str, Any]) -> dict[str, tuple[str, ...]]:
    """The names that programs have bound, with the module of PyTorch that each is bound to, if any."""
    return {
        name: (value.name,) if isinstance(value, Module) and value.of_torch else ()
        for name, value in own_variables(space).items()
    }
