"""The globals of a session, or of a file that it uses: what lowered programs find there."""

from __future__ import annotations

import sys
from collections import deque
from collections.abc import Collection
from importlib import import_module
from types import FunctionType, MethodType
from typing import TYPE_CHECKING, Any

from gradsh import errors
from gradsh.engine.core.modes import mode
from gradsh.engine.core.users import is_users
from gradsh.interrupts import held
from gradsh.language import places
from gradsh.language.program import COUNTS, NOTES
from gradsh.runtime import commands, text
from gradsh.runtime.helpers import HELPERS

if TYPE_CHECKING:
    from typing import Protocol

    from gradsh.runtime.running import Running

    class Table(Protocol):
        """The built-ins as a program that runs needs them; see `gradsh.runtime.builtins`."""

        values: dict[str, Any]

        def value(self, name: str) -> Any: ...
        def has(self, name: str) -> bool: ...


__acts_for_programs__ = True

_getframe = sys._getframe

OPERATORS = "gradsh.engine.ops."


def space_of(table: Table, own: dict[str, Any]) -> dict[str, Any]:
    """Globals with the helpers and no built-in of Python's; `own` are built-ins besides those of the table."""

    def builtin(name: str) -> Any:
        return own[name] if name in own else table.value(name)

    def unbind(name: str) -> None:
        """`del name` of a global: what the user bound goes, and the built-in of that name is there again."""
        key = "." + name
        if key not in space or is_builtin(space, name, space[key]):
            raise errors.Unbound(f"name '{name}' is not defined")
        del space[key]
        if name in own or table.has(name):
            space[key] = builtin(name)

    space: dict[str, Any] = {"__builtins__": {}, "@own": own, "@table": table}
    space["@builtin"] = builtin
    space["@unbind"] = unbind
    space["@part"] = lambda code: exec(code, space)  # of a long program
    space["@ran"] = deque(maxlen=places.MOST)  # code's file names of the programs that ran here: see places.PROGRAMS
    space.update(HELPERS)
    return space


def namespace(session: Running, table: Table, used: bool = False) -> dict[str, Any]:
    """The globals of a session, or of a file that it uses."""
    space = space_of(table, {word: commands.as_value(session, word) for word in commands.WORDS})

    def echo(value: Any, line: int) -> None:
        """A bare expression."""
        display = session.display
        if value is not None:
            if mode.shown is not None:
                mode.shown((value,))
            display.value(value, places.span_of(_getframe(1).f_code, line) if display.needs_spans else None)
            session.given(value)
            if value.__class__ is MethodType or (display.interactive and callable(value)):
                session.remark(value, places.span_of(_getframe(1).f_code, line))
        elif display.interactive:
            session.remark(value, places.span_of(_getframe(1).f_code, line))

    def use(path: str, alias: bool) -> Any:
        text = places.text_of(_getframe(1).f_code)
        module = session.use(text.uses[path])  # type: ignore[union-attr]  # the program runs, so it is known
        if alias:
            return module
        space.update(module.public())
        return None

    def param(name: str, default: Any) -> Any:
        return session.param(name, default, {} if used else session.parameters)

    space["@echo"], space["@use"], space["@param"] = echo, use, param
    for word in commands.WORDS:
        space["@command." + word] = commands.statement(session, word)
    return space


def prepare(space: dict[str, Any], builtins: Collection[str]) -> None:
    """Put the built-ins that a program uses into the globals, where the user has not bound their names."""
    with held():
        import_module(OPERATORS + "elementwise.operators")  # what `+` and its kin do on tensors
        for name in builtins:
            if name[0] == "@" and name not in (NOTES, COUNTS):  # what the program uses without naming it
                import_module(OPERATORS + name[1:])
    for name in builtins:
        if name == NOTES:
            from gradsh.runtime import notes

            space.update(notes.begin())
        elif name == COUNTS:
            from gradsh.runtime import notes

            notes.count()
        elif name[0] == "@":  # loaded above
            continue
        elif (key := "." + name) not in space:
            space[key] = space["@builtin"](name)


def hand(space: dict[str, Any], name: str, value: Any) -> None:
    """Let programs find a value under a name that none of them has bound: what a prompt has shown last."""
    if "." + name not in space or is_builtin(space, name, space["." + name]):
        space["." + name] = value
    space["@own"][name] = value


def take_back(space: dict[str, Any], name: str, bound: bool = False) -> None:
    """No longer; what a program has bound under that name stays. `bound`: one has, perhaps to the same value."""
    if not bound and is_builtin(space, name, space.get("." + name)):
        del space["." + name]
    del space["@own"][name]


def handed(space: dict[str, Any], text: str) -> dict[str, tuple[str, ...]]:
    """The names that were handed and that a program text may mention."""
    own = space["@own"]
    if len(own) <= len(commands.WORDS):
        return {}
    return {name: () for name in own if name not in commands.WORDS and name in text and "." + name in space}


def variables(space: dict[str, Any]) -> dict[str, Any]:
    """Every name in the globals with its value, built-ins that are in use too; not what was handed."""
    own = space["@own"]
    return {key[1:]: value for key, value in space.items() if key[0] == "." and own.get(key[1:], space) is not value}


def bound(space: dict[str, Any]) -> dict[str, tuple[str, ...]]:
    """The names that programs have bound, each with the flags of the function that it is bound to, if it is one."""
    return {
        name: flags(value) if callable(value) else ()  # of thousands of names most are no functions
        for name, value in variables(space).items()
        if "." not in name and not is_builtin(space, name, value)
    }


def is_builtin(space: dict[str, Any], name: str, value: Any) -> bool:
    """Is the value the built-in of that name? Only built-ins that some program has used are in the tables."""
    own, values = space["@own"], space["@table"].values
    return (name in own and own[name] is value) or (name in values and values[name] is value)


def flags(function: Any) -> tuple[str, ...]:
    """The boolean parameters of a function of the user; () for anything else."""
    function = getattr(function, "body", None) if text.is_model(function) else function
    if type(function) is not FunctionType or not is_users(function):
        return ()
    code, defaults = function.__code__, function.__defaults__ or ()
    named = code.co_varnames[code.co_argcount - len(defaults) : code.co_argcount]
    pairs = [*zip(named, defaults, strict=True), *(function.__kwdefaults__ or {}).items()]
    return tuple(name[1:] for name, default in pairs if default.__class__ is bool)
