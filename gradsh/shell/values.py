"""What completion and the toolbar know of the values of a session, and of its calls; nothing is run for it."""

from __future__ import annotations

from types import FunctionType
from typing import Any

from gradsh.calls.signature import Parameter
from gradsh.engine.core.tensor import Tensor
from gradsh.engine.core.users import is_users
from gradsh.errors import GradshError
from gradsh.runtime import access, commands, library
from gradsh.runtime.builtins import BUILTINS
from gradsh.runtime.text import function_name, is_model, shown
from gradsh.session.session import Session
from gradsh.shell.cursor import UNKNOWN

DISPLAYS: dict[str, Any] = {"[]": [], "{}": {}, '""': ""}
WIDE = 40  # characters of a value that are shown


class Unseen(Exception):
    """Nothing is known of the value that a text will have."""


def value_of(session: Session, chain: list[str]) -> Any:
    """The value of a chain (gradsh.shell.cursor), read and not computed: names, attributes, constant indices.

    Errors: Unseen.
    """
    root, rest = chain[0], chain[1:]
    if root in DISPLAYS:
        value = DISPLAYS[root]
    elif "." + root in session.globals:
        value = session.globals["." + root]
    elif BUILTINS.lookup(root) is not None and root not in commands.WORDS:
        value = BUILTINS.value(root)
    else:
        raise Unseen
    before = session.context.warn_sink
    session.context.warn_sink = lambda *said: None  # to look at the gradient of what is no leaf is no mistake here
    try:
        while rest:
            if rest[0] == ".":
                value, rest = access.attribute(value, rest[1]), rest[2:]
            else:
                value, rest = _item(value, rest[0]), rest[1:]
    except (GradshError, KeyError, IndexError, TypeError):
        raise Unseen from None
    finally:
        session.context.warn_sink = before
    return value


def _item(value: Any, index: str) -> Any:
    """`value[index]` of a container; of a tensor it would be computed, and is as the tensor."""
    key = index[1:-1]
    if isinstance(value, Tensor):
        return value
    place: Any = int(key) if key.lstrip("-").isdecimal() else key[1:-1]
    if isinstance(value, (list, tuple, dict, str)):
        return value[place]
    items = getattr(value, "children", None)
    if callable(items) and isinstance(place, int):  # of a model
        return list(items())[place]
    raise Unseen


def describe(value: Any) -> str:
    """What a value is, in a few words: `tensor [2, 3] float32`, `f(x, y=2)`, `int 3`."""
    if isinstance(value, Tensor):
        wants = ", grad" if value.requires_grad else ""
        return f"tensor {list(value.shape)} {value.dtype.name}{wants}"
    call = call_text(value)
    if call:
        return call
    if value is None:
        return "none"
    if isinstance(value, (bool, int, float, str)):
        text = shown(value)
        return f"{type(value).__name__} {text}" if len(text) <= WIDE else type(value).__name__
    size = f" of {len(value)}" if isinstance(value, (list, tuple, dict)) else ""
    return f"{access.type_name(value)}{size}"


def call_text(value: Any) -> str:
    """How a function or model of the program's own is called; "" for anything else."""
    from gradsh.commands.help import call_of

    if is_model(value):
        if library.has(function_name(value)):
            return ""
        return call_of(function_name(value), value.body, 1) if _is_users(value.body) else ""
    return call_of(function_name(value), value, 0) if _is_users(value) else ""


def _is_users(value: Any) -> bool:
    return isinstance(value, FunctionType) and is_users(value)


def parameters(session: Session, callee: list[str]) -> list[Parameter]:
    """The parameters of what is called, the instance not among them; [] where nothing is known. Loads nothing."""
    name = callee[-1]
    if len(callee) == 1 or callee[0] not in (UNKNOWN, *DISPLAYS):
        try:
            value = session.globals["." + name] if len(callee) == 1 else value_of(session, callee)
        except (KeyError, Unseen):
            value = None
        if is_model(value) and _is_users(value.body):
            return _of_code(value.body, 1)
        if _is_users(value):
            return _of_code(value, 0)
    signature = BUILTINS.lookup(".".join(part for part in callee if part != "."))
    if signature is not None and len(callee) != 2:
        return signature.parameters
    signature = BUILTINS.lookup(name)
    if signature is None:
        return []
    is_method = len(callee) > 1 and not _is_module(session, callee[:-2])
    return signature.parameters[1:] if is_method else signature.parameters


def _is_module(session: Session, owner: list[str]) -> bool:
    from gradsh.language.words import MODULES, NAMESPACES

    root = "".join(owner)
    return (root in MODULES or root in NAMESPACES) and "." + owner[0] not in session.globals


def _of_code(function: Any, first: int) -> list[Parameter]:
    code, defaults = function.__code__, function.__defaults__ or ()
    names = [name.removeprefix(".") for name in code.co_varnames[: code.co_argcount]]
    required = len(names) - len(defaults)
    found = []
    for number, name in enumerate(names):
        default = defaults[number - required] if number >= required else None
        found.append(Parameter(name, "positional", number >= required, default=default))
    return found[first:]
