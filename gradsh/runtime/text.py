"""How any value of a program is written out: as Python's `str` and `repr` do, without host names and addresses."""

from __future__ import annotations

from types import BuiltinFunctionType, FunctionType, MethodType
from typing import Any

from numpy import array2string, ndarray

from gradsh.engine.core.modes import mode
from gradsh.engine.core.tensor import Tensor
from gradsh.engine.core.users import ModelKind
from gradsh.errors import TypeError_

__acts_for_programs__ = True

_OWN = frozenset((int, float, bool, type(None), Tensor, str))
_FORMATS = frozenset((int, float, bool, Tensor, str))


def written(value: Any) -> str:
    """What `print` shows."""
    if mode.writer is not None:
        return mode.writer.written(value)  # type: ignore[no-any-return]  # a text
    own = (
        isinstance(value, (str, Tensor)) or hasattr(value, "__printed__") or type(value).__module__.startswith("numpy")
    )
    if not own:
        return shown(value)
    return str(value) if not _holds_objects(value) else _of_objects(value, (), " ", "")


def shown(value: Any) -> str:
    """What a bare expression shows."""
    if mode.writer is not None:
        return mode.writer.shown(value)  # type: ignore[no-any-return]  # a text
    return repr(value) if type(value) in _OWN else _shown(value, ())


def displayed(value: Any) -> str:
    """What the value of a cell of a notebook shows."""
    return mode.writer.displayed(value) if mode.writer is not None else shown(value)


def _shown(value: Any, outer: tuple[int, ...]) -> str:
    kind = type(value)
    if kind in _OWN:
        return repr(value)
    if kind is list or kind is tuple or kind is dict:
        if id(value) in outer:
            return "[...]" if kind is list else "{...}"
        outer = (*outer, id(value))
        if kind is dict:
            return "{" + ", ".join([f"{_shown(k, outer)}: {_shown(v, outer)}" for k, v in value.items()]) + "}"
        items = ", ".join([_shown(item, outer) for item in value])
        if kind is list:
            return f"[{items}]"
        return f"({items},)" if len(value) == 1 else f"({items})"
    if _holds_objects(value):
        if id(value) in outer:
            return "array(..., dtype=object)"
        return f"array({_of_objects(value, outer, ', ', 'array(')}, dtype=object)"
    if kind is MethodType:
        return f"<method {function_name(value)}>"
    if is_model(value):
        return repr(value)
    if kind is FunctionType or kind is BuiltinFunctionType or isinstance(value, type):
        return f"<function {function_name(value)}>"
    if kind in _views:
        return _view(value)
    has_own = any("__repr__" in base.__dict__ for base in kind.__mro__[:-1])
    if has_own and kind.__module__.partition(".")[0] in ("builtins", "numpy", "gradsh"):
        return without_addresses(repr(value))  # `constraints.greater_than(print)` quotes what it was given
    return f"<{kind.__name__} object>"


def _holds_objects(value: Any) -> bool:
    """Is it an array such as `a + [10**30, 1]`, which may have been given functions to hold?"""
    return type(value) is ndarray and value.dtype.hasobject


def _of_objects(value: Any, outer: tuple[int, ...], separator: str, prefix: str) -> str:
    inside = (*outer, id(value))
    return array2string(
        value, separator=separator, prefix=prefix, formatter={"object": lambda item: _shown(item, inside)}
    )


def _view(value: Any) -> str:
    # a view shows no more of what it is of than a copy of that
    ordered = "o" * getattr(value.mapping.copy(), "ordered", False)
    return f"{ordered}{type(value).__name__}({shown(list(value))})"


_views = frozenset((type({}.keys()), type({}.values()), type({}.items())))


def function_name(function: Any) -> str:
    """The name that the program gave a function; `<lambda>` when it gave none."""
    name = getattr(function, "__name__", "function").removeprefix(".")
    return "<lambda>" if name.startswith("@") else str(name)


def is_model(value: Any) -> bool:
    """Is it the class of a model?"""
    return isinstance(value, ModelKind)


class Template(str):
    """The string in `string % values`, of which Python's own formatting would show functions with their addresses."""

    __slots__ = ()

    def __mod__(self, values: Any) -> str:
        try:
            return str.__mod__(self, formattable(values))
        except (TypeError, ValueError):  # Python's words, for the values as they are
            return without_addresses(str.__mod__(self, values))


Template.__name__ = Template.__qualname__ = "str"  # which is what errors about it should say


def template(value: Any) -> Any:
    """The left side of a `%`: a string becomes one that formats values as programs see them."""
    return Template(value) if value.__class__ is str else value


class Shown:
    """A value in a formatted string: `%s` is what `print` shows, `%r` what a bare expression does."""

    __slots__ = ("value",)

    def __init__(self, value: Any) -> None:
        self.value = value

    def __str__(self) -> str:
        return written(self.value)

    def __repr__(self) -> str:
        return shown(self.value)


def formattable(values: Any) -> Any:
    """The right side of a `%` on a string: what is neither a number nor a string nor a tensor, as it is shown."""
    if isinstance(values, tuple):
        return tuple(map(_formattable, values))
    if type(values) is dict:
        return {_formattable(key): _formattable(value) for key, value in values.items()}
    return _formattable(values)


def _formattable(value: Any) -> Any:
    kind = type(value)
    if kind in _OWN:
        return value
    return type(kind.__name__, (Shown,), {"__slots__": ()})(value)  # errors say the name of the type


def without_addresses(text: str) -> str:
    """A text of Python's own, such as an error's, without the addresses of what it shows."""
    if " at 0x" not in text:
        return text
    import re

    return re.sub(r" at 0x[0-9a-fA-F]+(?=>)", "", text)  # `<function f at 0x7f4cb1ec3e20>`


def formatted(value: Any, conversion: str | None, spec: str) -> str:
    """One `{value!conversion:spec}` of an f-string.

    Errors: Python's TypeError and ValueError for a spec that the value does not take; PyTorch's for a tensor.
    """
    if mode.writer is not None:
        return mode.writer.formatted(value, conversion, spec)  # type: ignore[no-any-return]  # a text
    if conversion is None:
        kind = type(value)
        if kind in _FORMATS:
            return format(value, spec)
        if not spec:
            return written(value)
        if isinstance(value, str) or kind.__module__ == "numpy":
            return format(value, spec)
        raise TypeError_(f"unsupported format string passed to {kind.__name__}.__format__")
    text = written(value) if conversion == "s" else shown(value)
    if conversion == "a":
        text = ascii(value) if isinstance(value, str) else text.encode("ascii", "backslashreplace").decode()
    return format(text, spec)
