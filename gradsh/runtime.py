"""What lowered programs run on: their globals, the built-ins in them, and the helpers behind the `@` names.

The helpers are few and small, since they stand in every loop: arithmetic, indexing, calls and control flow are
Python's own instructions and need none.
"""

from __future__ import annotations

import itertools
import math
import operator as python_operator
import sys
from collections.abc import Callable, Iterable
from importlib import import_module
from types import CodeType, FunctionType, MethodType
from typing import TYPE_CHECKING, Any

from gradsh import access, faults, index, library, plain, text
from gradsh.calls.signature import as_called
from gradsh.engine import dtypes, modes
from gradsh.errors import AssertionFailed, Span, Unbound
from gradsh.language import program as programs

if TYPE_CHECKING:
    from gradsh.calls.signature import Signature
    from gradsh.session import Session

    Command = Callable[[Session, tuple[Any, ...], list[Span | None]], None]

_getframe = sys._getframe
translate = faults.translate
locate = programs.locate

OPERATORS = "gradsh.engine.ops."
EFFECTS = frozenset(
    ("backward", "zero_grad", "manual_seed", "set_grad_enabled", "set_default_dtype", "set_printoptions")
)
MODES = {
    "no_grad": modes.no_grad,
    "enable_grad": modes.enable_grad,
    "inference_mode": modes.inference_mode,
    "detect_anomaly": modes.detect_anomaly,
}
CONSTANTS: dict[str, Any] = {"pi": math.pi, "e": math.e, "inf": math.inf, "nan": math.nan}


# --- built-ins ----------------------------------------------------------------------------------------------


class BuiltinTable:
    """Every built-in by name: what it is, and what the resolver may know of its parameters.

    Names are those of programs; `linalg.norm` with its namespace, methods of tensors as `Tensor.sum`.
    """

    def __init__(self) -> None:
        self.signatures: dict[str, Signature | None] = {}
        self.values: dict[str, Any] = {}

    def value(self, name: str) -> Any:
        """The built-in itself. Errors: KeyError."""
        try:
            return self.values[name]
        except KeyError:
            value = self.values[name] = self._value(name)
            return value

    def has(self, name: str) -> bool:
        """Is there a built-in of that name?"""
        try:
            self.value(name)
        except KeyError:
            return False
        return True

    def _value(self, name: str) -> Any:
        if name in plain.SHARED:
            return plain.shared(name, _operator(name))
        for table in (plain.OWN, MODES, CONSTANTS, dtypes.NAMES):
            if name in table:
                return table[name]
        found = _operator(name)
        return found if found is not None else library.value(name)

    def lookup(self, name: str) -> Signature | None:
        """What the resolver may know; None when there is no such built-in."""
        try:
            return self.signatures[name]
        except KeyError:
            signature = self.signatures[name] = self._signature(name)
            return signature

    def _signature(self, name: str) -> Signature | None:
        from gradsh.calls.signature import REST, Signature

        if name.startswith("Tensor."):
            return None  # a method is the function of its name
        if name in SESSION:
            return Signature(name, [("values", REST, True, False)], effect=True)
        known = index.index().signatures.get(name)
        if name in plain.SHARED:
            return Signature(name, known[0] if known is not None else None, checked=False)
        if name == "inference_mode":
            return Signature(name, [("mode", "positional", True, True)], python=True)
        if name == "detect_anomaly":
            return Signature(name, [("check_nan", "positional", True, True)], python=True)
        if name in MODES:
            return Signature(name, [], python=True)
        if name in plain.OWN or name in CONSTANTS or name in dtypes.NAMES:
            return Signature(name)
        if known is None:
            parameters = library.parameters(name)
            return Signature(name, parameters, model=True) if parameters is not None else None
        return Signature(name, known[0], effect=known[1] or name in EFFECTS, python=known[2])

    def names(self) -> Iterable[str]:
        """All names, for suggestions and completion."""
        plain_names = (*plain.SHARED, *plain.OWN, *CONSTANTS, *dtypes.NAMES, *MODES, *SESSION)
        return {*index.index().signatures, *library.names(), *plain_names}


def _operator(name: str) -> Callable[..., Any] | None:
    entry = index.operator(name)
    if entry is None or entry.name == name:
        return entry.apply if entry is not None else None
    called: Callable[..., Any] = as_called(entry.apply, "torch." + name)
    return called


BUILTINS = BuiltinTable()


# --- a session's globals ------------------------------------------------------------------------------------


def namespace(session: Session, table: BuiltinTable = BUILTINS, used: bool = False) -> dict[str, Any]:
    """The globals of a session, or of a file that it uses: the helpers, and no built-in of Python's."""
    commands = {name: make(session) for name, make in SESSION.items()}
    space: dict[str, Any] = {"__builtins__": {}, "@own": commands, "@table": table}

    def builtin(name: str) -> Any:
        return commands[name] if name in commands else table.value(name)

    def unbind(name: str) -> None:
        """`del name` of a global: what the user bound goes, and the built-in of that name is there again."""
        key = "." + name
        if key not in space or is_builtin(space, name, space[key]):
            raise Unbound(f"name '{name}' is not defined")
        del space[key]
        if name in commands or table.has(name):
            space[key] = builtin(name)

    def echo(value: Any, line: int) -> None:
        """A bare expression."""
        if value is not None:
            display = session.display
            display.value(value, _span(_getframe(1).f_code, line) if display.needs_spans else None)

    space["@builtin"] = builtin
    space["@unbind"] = unbind
    space["@echo"] = echo
    space["@use"], space["@param"] = _modules(session, space, used)
    for name, act in COMMANDS.items():
        space["@" + name] = _with_spans(session, act)
    space.update(HELPERS)
    return space


def _modules(session: Session, space: dict[str, Any], used: bool) -> tuple[Any, Any]:
    """The helpers of `use` and `param`, whose module only a program that has them needs."""

    def use(path: str, alias: bool) -> Any:
        from gradsh import modules

        program = programs.PROGRAMS[_getframe(1).f_code.co_filename]
        module = modules.use(session, program.uses[path])
        if alias:
            return module
        space.update(module.public())
        return None

    def param(name: str, default: Any) -> Any:
        from gradsh import modules

        return modules.param(name, default, {} if used else session.parameters)

    return use, param


def prepare(space: dict[str, Any], program: programs.Program) -> None:
    """Put the built-ins that a program uses into the globals, where the user has not bound their names."""
    import_module(OPERATORS + "operators")  # what `+` and its kin do on tensors
    for name in program.builtins:
        if name[0] == "@":  # what the program uses without naming it
            import_module(OPERATORS + name[1:])
            continue
        key = "." + name
        if key not in space:
            space[key] = space["@builtin"](name)


def bound(space: dict[str, Any]) -> dict[str, tuple[str, ...]]:
    """The names that programs have bound, each with the flags of the function that it is bound to, if it is one."""
    return {
        key[1:]: flags(value)
        for key, value in space.items()
        if key[0] == "." and "." not in key[1:] and not is_builtin(space, key[1:], value)
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


def is_users(function: FunctionType) -> bool:
    """Was the function written in gradsh?"""
    return "@attr" in function.__globals__


def _span(code: CodeType, line: int) -> Span | None:
    program = programs.PROGRAMS.get(code.co_filename)
    return program.span(line) if program is not None else None


def _with_spans(session: Session, act: Command) -> Any:
    """A helper that is told, before its values, which expressions they come from."""

    def call(lines: tuple[int, ...] | None, /, *values: Any) -> None:
        if lines is None or not (session.display.needs_spans or act is not _print):
            act(session, values, [None] * len(values))
        else:
            code = _getframe(1).f_code
            act(session, values, [_span(code, line) for line in lines])

    return call


def _print(session: Session, values: tuple[Any, ...], spans: list[Span | None]) -> None:
    session.display.printed(values, spans)


def _show(session: Session, values: tuple[Any, ...], spans: list[Span | None]) -> None:
    session.show(values, spans)


def _help(session: Session, values: tuple[Any, ...], spans: list[Span | None]) -> None:
    session.help(values, spans)


# What `print x, y` and its kin do with the values and the places of their arguments. To add one of the contract's
# commands, add it here; what it finds out is a report (gradsh/reports.py) that a view renders.
COMMANDS: dict[str, Command] = {"print": _print, "show": _show, "help": _help}


def _as_value(name: str, act: Command) -> Callable[[Session], Any]:
    def make(session: Session) -> Any:
        def call(*values: Any) -> None:
            act(session, values, [None] * len(values))

        call.__name__ = call.__qualname__ = name
        return call

    return make


# Built-ins that belong to one session.
SESSION: dict[str, Callable[[Session], Any]] = {name: _as_value(name, act) for name, act in COMMANDS.items()}


def seed(number: int) -> None:
    """`manual_seed` in the active context."""
    BUILTINS.value("manual_seed")(number)


# --- helpers --------------------------------------------------------------------------------------------------


def _call(function: Any, /, *arguments: Any, **keywords: Any) -> Any:
    """A call with keywords of what may be a function of the user, whose parameters are spelled `.name`."""
    inner = function.__func__ if type(function) is MethodType else function
    if type(inner) is FunctionType and "@attr" in inner.__globals__:
        return function(*arguments, **{"." + name: value for name, value in keywords.items()})
    return function(*arguments, **keywords)


def _count(number: Any) -> Iterable[None]:
    """`repeat number`: as often as that. Errors: Python's TypeError unless it is an integer."""
    return itertools.repeat(None, max(0, python_operator.index(number)))


def _failed(message: Any = None) -> AssertionFailed:
    return AssertionFailed("assertion failed" if message is None else text.written(message))


def _add_to(value: Any, more: Any) -> Any:
    """`value += more`: in place for what changes in place (a tensor), but a list is made anew."""
    if value.__class__ is list:
        return [*value, *more]
    value += more
    return value


def _multiply_by(value: Any, factor: Any) -> Any:
    """`value *= factor`, likewise."""
    if value.__class__ is list:
        return value * factor
    value *= factor
    return value


def _model(name: str, fields: tuple[str, ...], parameters: tuple[str, ...], body: FunctionType) -> Any:
    """The class of a model of the program."""
    from gradsh.engine.module import define

    hidden = frozenset(key[1:] for key in body.__code__.co_cellvars if key[0] == ".").union(parameters) - {*fields}
    return define(name, body, hidden, _spelled, body.__code__.co_filename.startswith(programs.LIBRARY))


def _open(instance: Any, fields: tuple[str, ...], seen: FunctionType) -> None:
    """A model's body begins: the instance learns the cells of its variables."""
    names = [key[1:] for key in seen.__code__.co_freevars]
    instance.open(fields, dict(zip(names, seen.__closure__ or (), strict=True)))


def _spelled(function: Any, keywords: dict[str, Any]) -> dict[str, Any]:
    """Keywords as the function wants them: those of the user have parameters spelled `.name`."""
    if keywords and type(function) is FunctionType and is_users(function):
        return {"." + name: value for name, value in keywords.items()}
    return keywords


def _op(*parts: Any) -> Any:
    """What runs an op of the program."""
    from gradsh.engine.custom import CustomOperator

    return CustomOperator(*parts)


HELPERS: dict[str, Any] = {
    "@operator": _op,
    "@model": _model,
    "@open": _open,
    "@attr": access.attribute,
    "@set_attr": access.set_attribute,
    "@method": access.method,
    "@call": _call,
    "@count": _count,
    "@failed": _failed,
    "@add_to": _add_to,
    "@multiply_by": _multiply_by,
    "@format": text.formatted,
    "@caught": faults.message,
    "@Exception": Exception,
}
