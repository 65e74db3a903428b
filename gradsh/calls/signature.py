"""Signatures in PyTorch's notation, `sum(input, dim=None, keepdim=False, *, dtype=None)`.

The resolver, which knows the number and the names of a call's arguments before anything runs, asks the same class that
the engine, which has their values, binds by (bind.py). `name: bool=None` marks a flag whose default is not a bool.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from types import FunctionType
from typing import Any

from gradsh.calls.formats import order_of

# kinds of parameters; a "rest" is `*size`, a "keyword" stands after the `*`, "options" are `**options`
POSITIONAL, KEYWORD, REST, OPTIONS = "positional", "keyword", "rest", "options"

PROGRAM = "@program"  # in the globals of lowered code, and in no others
IN_PYTHON = "python"  # what stands under it where that is Python: a number is no tensor to PyTorch's functions
# Set in the globals of a module, or of a package for all its modules, that acts for programs: what is raised there is
# the program's, not gradsh's.
ACTS_FOR_PROGRAMS = "__acts_for_programs__"

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
    "grad_tensors": "gradient",
}

_LITERALS: dict[str, Any] = {"None": None, "True": True, "False": False, "()": (), "inf": float("inf")}


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
        *("_defaults", "_least", "_most", "_names", "_parameters", "_required"),
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

    def handed(self, values: Sequence[Any]) -> tuple[list[Any], dict[str, Any]]:
        """The values of the parameters, or of the first of them, as a call gives them: by position, and by keyword.

        What is the default is not given: PyTorch takes no `dim=None` that says so.
        """
        arguments: list[Any] = []
        keywords: dict[str, Any] = {}
        for at, (parameter, value) in enumerate(zip(self.parameters, values, strict=False)):
            if parameter.kind == REST:
                arguments.append(value)  # as one list, which may be empty
            elif not parameter.has_default or value is not parameter.default:
                if parameter.kind == POSITIONAL and not keywords and len(arguments) == at:
                    arguments.append(value)
                else:
                    keywords[parameter.name] = value
        return arguments, keywords

    def _prepare(self) -> None:
        parameters = self.parameters
        self._names = {p.name: i for i, p in enumerate(parameters)}
        self._defaults = tuple(p.default for p in parameters)
        # how many arguments a call by position alone must and may have; the most is -1 when a `*rest` takes any number
        self._required = tuple(i for i, p in enumerate(parameters) if not p.has_default)
        self._least = self._required[-1] + 1 if self._required else 0
        self._most = sum(p.kind == POSITIONAL for p in parameters)
        if any(p.kind == REST for p in parameters):
            self._most = -1

    def _takes(self, option: str) -> bool:
        """Is it one of the options of what makes a tensor, though no parameter: by PyTorch's forms?"""
        if "requires_grad" in self._names and option == "device":
            return True  # without a look at the forms, which are many
        from gradsh.calls.recorded import lines_of

        forms = (*lines_of(self.name), *lines_of(f"Tensor.{self.name}"))
        return any(f" {option}=" in form for form in forms)

    def _keywords(self, values: list[Any], given: int, kwargs: dict[str, Any]) -> bool:
        """Put the keywords where they belong; False when the call is wrong. `given` parameters have their value."""
        names = self._names
        for name, value in kwargs.items():
            index = names.get(name, -1)
            if index < 0:
                index = names.get(OTHER_NAMES.get(name, ""), -1)
            if index < given:  # unknown, or given by position already
                if index < 0 and name in SEEN_TO and self._takes(name):
                    SEEN_TO[name](self.name, value)
                    continue
                return False
            values[index] = value
        if given < self._least:
            parameters = self.parameters
            for index in self._required:
                if index >= given:
                    name = parameters[index].name
                    if name == LEFT_OUT.get(self.name) and "end" in kwargs:
                        continue
                    if name not in kwargs and all(OTHER_NAMES.get(k) != name for k in kwargs):
                        return False
        return True


# options of what makes tensors that have one value here: each is seen to have it
SEEN_TO: dict[str, Callable[[str, Any], object]] = {
    "device": lambda name, value: _devices().chosen(value),
    "layout": lambda name, value: _devices().laid_out(name, value),
    "memory_format": lambda name, value: order_of(None, value, name, checks=False),
    "pin_memory": lambda name, value: _devices().unpinned(value),
}
LEFT_OUT = {"arange": "start"}  # `arange(end=3)`


def _devices() -> Any:
    from gradsh.calls import devices

    return devices


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


def _read(inside: str) -> list[Parameter]:
    parameters = []
    kind = POSITIONAL
    for part in split(inside):
        if part == "/":  # `is_tensor(obj, /)`: what stands before it has no name, and nobody gives it one
            continue
        if part == "*":
            kind = KEYWORD
        elif part.startswith("**"):
            parameters.append(Parameter(part[2:], OPTIONS, True))
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
