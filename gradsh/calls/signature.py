"""Signatures in PyTorch's notation, `sum(input, dim=None, keepdim=False, *, dtype=None)`, and binding of calls to them.

One class for both: the resolver, which knows the number and the names of a call's arguments before anything runs, and
the engine, which has their values. `name: bool=None` marks a flag whose default is not a bool.
"""

from __future__ import annotations

import sys
from collections.abc import Iterable
from types import FunctionType
from typing import Any

from gradsh.errors import ArgumentError

# kinds of parameters; a "rest" is `*size`, a "keyword" stands after the `*`
POSITIONAL, KEYWORD, REST = "positional", "keyword", "rest"

# PyTorch takes NumPy's names of these as well
NUMPY_NAMES = {"axis": "dim", "keepdims": "keepdim", "x": "input", "a": "input", "x1": "input", "x2": "other"}

# what else PyTorch calls parameters in some of their forms, or under another name of the function
OTHER_NAMES = NUMPY_NAMES | {
    "self": "input",
    "sections": "indices_or_sections",
    "indices": "indices_or_sections",
    "tensor_indices_or_sections": "indices_or_sections",
    "split_size": "split_size_or_sections",
    "axis0": "dim0",
    "axis1": "dim1",
}

# parameters that take any number, though their default is an int or there is none
_NUMBERS = frozenset(
    (
        *("alpha", "atol", "beta", "correction", "data", "dx", "end", "eps", "exponent", "fill_value", "margin", "max"),
        *("maxnorm", "mean", "min", "nan", "neginf", "norm_type", "ord", "other", "p", "posinf", "q", "rcond", "rtol"),
        *("scale", "scale_factor", "start", "std", "step", "threshold", "tol", "value", "weight"),
    )
)

_LITERALS: dict[str, Any] = {"None": None, "True": True, "False": False, "()": (), "inf": float("inf")}


NONE: dict[tuple[type, ...], bool] = {}  # shared by signatures that nothing has been bound to


class Parameter:
    """One parameter; a flag defaults to a bool."""

    __slots__ = ("annotation", "default", "has_default", "is_flag", "kind", "name")

    def __init__(
        self, name: str, kind: str, has_default: bool, is_flag: bool = False, default: Any = None, annotation: str = ""
    ) -> None:
        self.name = name
        self.annotation = annotation
        self.kind = kind
        self.has_default = has_default
        self.default = default
        self.is_flag = is_flag or default.__class__ is bool

    def row(self) -> tuple[str, str, bool, bool]:
        """(name, kind, has a default, is a flag), as caches store it."""
        return (self.name, self.kind, self.has_default, self.is_flag)


class Signature:
    """What a built-in takes. The text is read when somebody asks for it: most operators are not used by a program.

    text     PyTorch's notation; or only the name, with `parameters` as rows (name, kind, has default, is a flag)
    parameters  in order; None when anything goes (a constant, a class of its own checks)
    effect   called for its effect, so that a bare statement prints nothing
    checked  False when only the flags are to be trusted (a function that also takes plain values in Python's way)
    python   errors in the words of a Python function, not of PyTorch's C++
    model    the class of a model, whose `__init__` counts the instance among its arguments
    """

    __slots__ = (
        *("_accepted", "_defaults", "_least", "_most", "_named", "_names", "_parameters", "_required"),
        *("checked", "effect", "model", "name", "python", "text"),
    )

    def __init__(
        self,
        text: str,
        parameters: Iterable[tuple[str, str, bool, bool]] | None = None,
        *,
        effect: bool = False,
        checked: bool = True,
        python: bool = False,
        model: bool = False,
    ) -> None:
        self.text = text
        self.name = text.partition("(")[0]
        self._parameters = None if parameters is None else [Parameter(*row) for row in parameters]
        self.effect = effect
        self.checked = checked and (parameters is not None or "(" in text)
        self.python = python or model
        self.model = model
        self._most = -2  # not prepared for binding yet
        # types of arguments that have been found right, and whether a list is among them: by position alone, and all
        # values of a call with keywords
        self._accepted: dict[tuple[type, ...], bool] = NONE
        self._named: dict[tuple[type, ...], bool] = NONE

    def __repr__(self) -> str:
        return self.text

    @property
    def parameters(self) -> list[Parameter]:
        """In order; none when anything goes, see `known`."""
        if self._parameters is None and "(" in self.text:
            self._parameters = _read(self.text[len(self.name) + 1 : self.text.rindex(")")])
        return self._parameters or []

    @property
    def known(self) -> bool:
        """Are the parameters known?"""
        return self._parameters is not None or "(" in self.text

    @property
    def short(self) -> str:
        """The name as PyTorch's errors write it, `linalg_inv`."""
        return self.name.replace(".", "_")

    def flag(self, word: str) -> str | None:
        """The boolean parameter that the bare word `word` sets, or None; `grad` stands for requires_grad."""
        wanted = "requires_grad" if word == "grad" else word
        for parameter in self.parameters:
            if parameter.is_flag and parameter.name == wanted:
                return parameter.name
        return None

    # --- what can be known before running ----------------------------------------------------------------------------

    def takes(self, given: int, keywords: Iterable[str]) -> bool:
        """Does a call with so many arguments by position, and these keywords, fit?"""
        if self._most == -2:
            self._prepare()
        named = dict.fromkeys(keywords)
        if self._most >= 0:
            return given <= self._most and self._keywords([None] * len(self._defaults), given, named)
        before = next(i for i, p in enumerate(self.parameters) if p.kind == REST)
        return self._keywords([None] * len(self._defaults), min(given, before + 1), named)

    def needed(self, keywords: Iterable[str]) -> int:
        """How many arguments a call with these keywords must have by position."""
        if self._most == -2:
            self._prepare()
        named = {OTHER_NAMES.get(k, k) if k not in self._names else k for k in keywords}
        here = [p.name for p in self.parameters if p.kind == POSITIONAL]
        return max((i + 1 for i, name in enumerate(here) if i in self._required and name not in named), default=0)

    # --- binding --------------------------------------------------------------------------------------------------

    def _prepare(self) -> None:
        parameters = self.parameters
        self._accepted = {}
        self._named = {}
        self._names = {p.name: i for i, p in enumerate(parameters)}
        self._defaults = tuple(p.default for p in parameters)
        # how many arguments a call by position alone must and may have; the most is -1 when a `*rest` takes any number
        self._required = tuple(i for i, p in enumerate(parameters) if not p.has_default)
        self._least = self._required[-1] + 1 if self._required else 0
        self._most = sum(p.kind == POSITIONAL for p in parameters)
        if any(p.kind == REST for p in parameters):
            self._most = -1

    def bind(self, args: tuple[Any, ...], kwargs: dict[str, Any]) -> list[Any]:
        """The values of all parameters, in order; a `*rest` given as one list or tuple is that list.

        Errors: ArgumentError in PyTorch's words for too many, missing, doubled and unknown arguments.
        """
        if not kwargs:
            kinds = (*map(type, args),)
            lists = self._accepted.get(kinds)
            # such a call has been found right; what is in a list is looked at each time
            if lists is False or (lists and not _strange(args)):
                return [*args, *self._defaults[len(args) :]]
        most = self._most
        if most == -2:
            self._prepare()
            most = self._most
        given = len(args)
        if most < 0:
            return self._bind_rest(args, kwargs)
        values = [*args, *self._defaults[given:]]
        if not kwargs:
            if not self._least <= given <= most:
                raise self.refused(args, kwargs)
            self._check(values, args, kwargs)
            self._accepted[kinds] = list in kinds or tuple in kinds
            return values
        if given > most or not self._keywords(values, given, kwargs):
            raise self.refused(args, kwargs)
        kinds = (*map(type, values),)
        lists = self._named.get(kinds)
        if lists is None or (lists and _strange(values)):
            self._check(values, args, kwargs)
            self._named[kinds] = list in kinds or tuple in kinds
        return values

    def _check(self, values: list[Any], args: Any, kwargs: dict[str, Any]) -> None:
        """Types that have not been seen: what may be wrong is asked of PyTorch's forms."""
        empty = self._most < 0 and not args
        if empty or not all(map(_plain, self.parameters, values)) or _strange(values):
            from gradsh.calls.words import refusing  # what is plainly right needs no forms

            error = refusing(self, args, kwargs, sys._getframe(1))
            if error is not None:
                raise error

    def _keywords(self, values: list[Any], given: int, kwargs: dict[str, Any]) -> bool:
        """Put the keywords where they belong; False when the call is wrong. `given` parameters have their value."""
        names = self._names
        for name, value in kwargs.items():
            index = names.get(name, -1)
            if index < 0:
                index = names.get(OTHER_NAMES.get(name, ""), -1)
            if index < given:  # unknown, or given by position already
                return False
            values[index] = value
        if given < self._least:
            parameters = self.parameters
            for index in self._required:
                if index >= given:
                    name = parameters[index].name
                    if name not in kwargs and all(OTHER_NAMES.get(k) != name for k in kwargs):
                        return False
        return True

    def _bind_rest(self, args: tuple[Any, ...], kwargs: dict[str, Any]) -> list[Any]:
        before = next(i for i, p in enumerate(self.parameters) if p.kind == REST)
        rest: Any = args[before:]
        if len(rest) == 1 and isinstance(rest[0], (list, tuple)):
            rest = rest[0]
        values = list(args[:before])
        values.extend(self._defaults[len(values) : before])
        values.append(tuple(rest))
        values.extend(self._defaults[before + 1 :])
        if not self._keywords(values, min(len(args), before + (len(args) > before)), kwargs):
            raise self.refused(args, kwargs)
        kinds = (*map(type, values),)
        if not args or kinds not in self._named or _strange(values):
            self._check(values, args, kwargs)
            self._named[kinds] = True
        return values

    def refused(self, args: tuple[Any, ...], kwargs: dict[str, Any]) -> ArgumentError:
        """The error, in PyTorch's words, for a call that does not fit."""
        from gradsh.calls.words import unfitting  # only an error needs its words

        return unfitting(self, args, kwargs, sys._getframe(1))


def as_called(function: Any, name: str) -> Any:
    """The same function under the name that programs call it by: `Tensor.add` for a method, `torch.multiply`.

    The name stands in the code, where an error finds it: PyTorch's words differ with the way of the call, and a call
    that is right pays nothing.
    """
    if type(function) is not FunctionType:
        return function
    code = function.__code__.replace(co_name=name, co_qualname=name)
    copy = FunctionType(code, function.__globals__, function.__name__, function.__defaults__, function.__closure__)
    copy.__kwdefaults__ = function.__kwdefaults__
    copy.__qualname__ = name
    return copy


def _strange(values: Iterable[Any]) -> bool:
    """Does a list begin with what is no int, tensor or list?"""
    for value in values:
        if (value.__class__ is list or value.__class__ is tuple) and value and value[0].__class__ is not int:
            first = value[0].__class__
            if first is not list and first is not tuple and not hasattr(first, "__argument__"):
                return True
    return False


def _plain(parameter: Parameter, value: Any) -> bool:
    """Is a value plainly of a type that the parameter takes? Numbers and lists are not looked at closely."""
    default, kind = parameter.default, type(value)
    if value is default:
        return True
    if kind is type(default):
        return True
    if kind is bool:
        return parameter.is_flag
    if kind is str:
        return parameter.annotation == "str"
    if default is None:
        return value is not None and (kind is not float or parameter.name in _NUMBERS)
    if type(default) is int:
        return kind is tuple or kind is list or (kind is float and parameter.name in _NUMBERS)
    if type(default) is float:
        return kind is int
    return type(default) is tuple and (kind is list or kind is int)


def _read(inside: str) -> list[Parameter]:
    parameters = []
    kind = POSITIONAL
    for part in split(inside):
        if part == "*":
            kind = KEYWORD
        elif part.startswith("*"):
            parameters.append(Parameter(part[1:], REST, True, False, ()))
            kind = KEYWORD
        else:
            name, equals, default = part.partition("=")
            name, _, annotation = name.strip().partition(":")
            word = annotation.strip()
            parameters.append(Parameter(name, kind, bool(equals), word == "bool", literal(default.strip()), word))
    return parameters


def split(text: str) -> list[str]:
    """Split at the commas that are not inside brackets."""
    parts, depth, start = [], 0, 0
    for i, c in enumerate(text):
        if c in "([{":
            depth += 1
        elif c in ")]}":
            depth -= 1
        elif c == "," and not depth:
            parts.append(text[start:i].strip())
            start = i + 1
    last = text[start:].strip()
    return [*parts, last] if last else parts


def literal(text: str) -> Any:
    """The value of a default."""
    if not text:
        return None
    if text in _LITERALS:
        return _LITERALS[text]
    if text[0] in "\"'":
        return text[1:-1]
    if text[0] in "([":
        return tuple(literal(part) for part in split(text[1:-1]))
    try:
        return int(text)
    except ValueError:
        return float(text)
