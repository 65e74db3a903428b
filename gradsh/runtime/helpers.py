"""The helpers behind the `@` names of lowered programs.

They are few and small, since they stand in every loop: arithmetic, indexing, calls and control flow are Python's own
instructions and need none.
"""

from __future__ import annotations

import itertools
import operator as python_operator
from collections.abc import Iterable
from types import FunctionType
from typing import Any

from gradsh import errors
from gradsh.engine.core.users import PROGRAM, spelled
from gradsh.language import places
from gradsh.runtime import access, faults, steps, text
from gradsh.runtime.keys import as_key

__acts_for_programs__ = True


def _call(function: Any, /, *arguments: Any, **keywords: Any) -> Any:
    """A call with keywords of what may be a function of the user, whose parameters are spelled `.name`."""
    return function(*arguments, **spelled(function, keywords))


def _count(number: Any) -> Iterable[None]:
    """`repeat number`: as often as that. Errors: Python's TypeError unless it is an integer."""
    return itertools.repeat(None, max(0, python_operator.index(number)))


def _set(items: Any) -> Any:
    from gradsh.runtime.sets import Set  # few programs have any

    return Set(items)


def mapping(value: Any, keywords: bool = False) -> dict[Any, Any]:
    """The dict behind a `**`. Errors: Python's TypeError for what is none, or whose keys are no names of arguments."""
    if not isinstance(value, dict):
        kind = access.type_name(value)
        said = f"argument after ** must be a mapping, not {kind}" if keywords else f"'{kind}' object is not a mapping"
        raise errors.TypeError_(said)
    if keywords and not all(isinstance(key, str) for key in value):
        raise errors.TypeError_("keywords must be strings")
    return value


def _options(keywords: dict[str, Any]) -> dict[str, Any]:
    """The keywords of a function's `**options` without the dots that parameters of the program's have."""
    return {name.removeprefix("."): value for name, value in keywords.items()}


def _failed(message: Any = None) -> errors.AssertionFailed:
    return errors.AssertionFailed("assertion failed" if message is None else text.written(message))


def _raised(message: Any) -> errors.Raised:
    return errors.Raised(text.written(message))


def _add_to(value: Any, more: Any) -> Any:
    """`value += more`: in place for what changes in place (a tensor), but a list is made anew."""
    if value.__class__ is list:
        return [*value, *steps.collected(more)]
    value += more
    return value


def _multiply_by(value: Any, factor: Any) -> Any:
    """`value *= factor`, likewise."""
    if value.__class__ is list:
        return value * factor
    value *= factor
    if value.__class__ is int:
        steps.bounded(value)
    return value


def _or_to(value: Any, more: Any) -> Any:
    """`value |= more`, likewise of a dict."""
    if value.__class__ is dict:
        return value | more
    value |= more
    return value


def _model(name: str, fields: tuple[str, ...], parameters: tuple[str, ...], body: FunctionType) -> Any:
    """The class of a model of the program."""
    from gradsh.engine.nn.define import define

    hidden = frozenset(key[1:] for key in body.__code__.co_cellvars if key[0] == ".").union(parameters) - {*fields}
    return define(name, fields, body, hidden, spelled, body.__code__.co_filename.startswith(places.LIBRARY))


def _open(instance: Any, fields: tuple[str, ...], seen: FunctionType) -> None:
    """A model's body begins: the instance learns the cells of its variables."""
    names = [key[1:] for key in seen.__code__.co_freevars]
    instance.open(fields, dict(zip(names, seen.__closure__ or (), strict=True)))


def _op(*parts: Any) -> Any:
    """What runs an op of the program."""
    from gradsh.engine.autograd.custom import CustomOperator

    return CustomOperator(*parts)


HELPERS: dict[str, Any] = {
    PROGRAM: True,
    "@operator": _op,
    "@model": _model,
    "@open": _open,
    "@attr": access.attribute,
    "@set_attr": access.set_attribute,
    "@method": access.method,
    "@call": _call,
    "@count": _count,
    "@failed": _failed,
    "@raised": _raised,
    "@add_to": _add_to,
    "@multiply_by": _multiply_by,
    "@or_to": _or_to,
    "@format": text.formatted,
    "@template": text.template,
    "@formattable": text.formattable,
    "@str": str,
    "@caught": faults.message,
    "@Exception": Exception,
    "@key": as_key,
    "@in": steps.contains,
    "@same": python_operator.is_,
    "@items": steps.collected,
    "@mapping": mapping,
    "@options": _options,
    "@set": _set,
    "@exponent": steps.exponent,
    "@shift": steps.shift,
    "@bounded": steps.bounded,
    "@int": int,
    "@tuple": tuple,
}
