"""What PyTorch says of a call that fits none of an operator's forms, or gives an argument of the wrong type."""

from __future__ import annotations

from typing import Any

from gradsh.engine.core.arguments import is_int, type_word
from gradsh.engine.core.batched import Batched
from gradsh.engine.core.dtypes import DType
from gradsh.engine.core.tensor import Tensor
from gradsh.engine.signature import Signature
from gradsh.errors import ArgumentError

# what the arguments of these names must be; `dim` is one int or several, by operator
TYPES = {
    "k": "int",
    "n": "int",
    "bins": "int",
    "minlength": "int",
    "keepdim": "bool",
    "descending": "bool",
    "largest": "bool",
    "sorted": "bool",
    "dtype": "torch.dtype",
}


def fits(word: str, value: Any) -> bool:
    """Whether PyTorch takes `value` for a parameter of the type `word`."""
    if word == "int":
        return is_int(value)
    if word == "tuple of ints":
        return is_int(value) or (isinstance(value, (tuple, list)) and (not value or is_int(value[0])))
    if word == "Tensor":
        return value.__class__ is Tensor
    if word == "bool":
        return value.__class__ is bool
    if word in ("float", "Number"):
        return isinstance(value, (int, float)) and value.__class__ is not bool
    if word == "torch.dtype":
        return value is None or value.__class__ is DType or value in (float, int, bool)
    return True


def combination_error(name: str, args: Any, kwargs: dict[str, Any], forms: tuple[str, ...]) -> ArgumentError:
    """PyTorch's `invalid combination of arguments`, which lists the forms `(Tensor input, *, Tensor out = None)`."""
    given = [type_word_of(a) for a in args] + [f"{k}={type_word_of(kwargs[k])}" for k in sorted(kwargs)]
    end = ", " if kwargs and not args else ""
    head = f"{name}() received an invalid combination of arguments - got ({', '.join(given)}{end}), but expected"
    if len(forms) == 1:
        return ArgumentError(f"{head} {forms[0]}")
    lines = [f"{head} one of:"]
    for form in forms:
        lines.append(f" * {form}")
        parameters = form[1:-1].split(", ")
        if len(parameters) == len(given):  # PyTorch gives its reason for forms of this length only, the `*` counted
            lines.append("      didn't match because " + _reason(parameters, args, kwargs))
    return ArgumentError("\n".join(lines) + "\n")


def type_word_of(value: Any) -> str:
    return "Tensor" if value.__class__ is Tensor else "torch.dtype" if value.__class__ is DType else type_word(value)


def _reason(parameters: list[str], args: Any, kwargs: dict[str, Any]) -> str:
    words = {}
    for parameter in parameters:
        word, _, name = parameter.partition(" = ")[0].rpartition(" ")
        # PyTorch compares the names of types, and reads none out of a parameter with a default
        words[name] = "" if " = " in parameter else word
    unknown = [k for k in kwargs if k not in words]
    if unknown:
        return f"some of the keywords were incorrect: {', '.join(unknown)}"
    shown = []
    for value, word in zip(args, words.values(), strict=False):
        shown.append(word if type_word_of(value) == word else f"!{_long_type(value)}!")
    for name, value in sorted(kwargs.items()):
        mark = "" if type_word_of(value) == words[name] else "!"
        shown.append(f"{mark}{name}={type_word_of(value)}{mark}")
    return f"some of the arguments have invalid types: ({', '.join(shown)})"


def _long_type(value: Any) -> str:
    inside = ", ".join(map(type_word_of, value)) if isinstance(value, (tuple, list)) else ""
    if isinstance(value, tuple):
        return f"tuple of ({inside}{',' * (len(value) == 1)})"
    if isinstance(value, list):
        return f"list of [{inside}]"
    return type_word_of(value)


_FORMS: dict[str, tuple[str, ...]] = {}


def forms_of(name: str) -> tuple[str, ...]:
    """The forms of a function that PyTorch overloads, as its errors list them; none for others. Read at first use."""
    if not _FORMS:
        import os

        current = ""
        with open(os.path.join(os.path.dirname(__file__), "forms.txt"), encoding="utf-8") as file:
            for line in file.read().splitlines():
                if line.startswith("("):
                    _FORMS[current] += (line,)
                else:
                    current = line
                    _FORMS[current] = ()
    return _FORMS.get(name, ())


def overload_error(name: str, args: Any, kwargs: dict[str, Any]) -> ArgumentError | None:
    """PyTorch's list of forms, unless it has but one form or one alone takes so many arguments."""
    forms = forms_of(name)
    if not forms or plausible(forms, len(args) + len(kwargs)) == 1:
        return None
    return combination_error(name.replace(".", "_"), args, kwargs, forms)


def plausible(forms: tuple[str, ...], count: int) -> int:
    """How many of the forms take so many arguments; where one alone does, PyTorch's error is about that one."""
    found = 0
    for form in forms:
        parameters = [p for p in form[1:-1].split(", ") if p != "*"]
        found += sum(" = " not in p for p in parameters) <= count <= len(parameters)
    return found


class Types:
    """Checks the bound arguments of one operator by their names, and turns 0-d tensors that stand for ints into ints.

    one_dim  `dim` is one int, not several
    forms    the operator's forms, where PyTorch overloads it
    """

    __slots__ = ("forms", "name", "one_dim", "plan", "signature")

    def __init__(self, signature: Signature, one_dim: bool, forms: tuple[str, ...] = ()) -> None:
        self.signature = signature
        self.name = signature.short
        self.one_dim = one_dim
        self.forms = forms
        self.plan: list[tuple[int, str, str, Any]] | None = None

    def bind(self, args: Any, kwargs: dict[str, Any]) -> list[Any]:
        """The bound values. Raises ArgumentError in PyTorch's words."""
        try:
            values = self.signature.bind(args, kwargs)
        except ArgumentError:
            if self.forms and plausible(self.forms, len(args) + len(kwargs)) != 1:
                raise combination_error(self.name, args, kwargs, self.forms) from None
            raise
        if values[0].__class__ is not Tensor and values[0].__class__ is not Batched:
            self.refuse(args, kwargs, 0, self.signature.parameters[0].name, "Tensor", values[0])
        if self.plan is None:
            self._plan()
        for index, name, word, default in self.plan:  # type: ignore[union-attr]  # made above
            value = values[index]
            if value is default or (value.__class__ is int and (word == "int" or word == "tuple of ints")):
                continue
            if not fits(word, value):
                self.refuse(args, kwargs, index, name, word, value)
            if value.__class__ is Tensor or word == "int":
                values[index] = int(value.__index__())
        return values

    def _plan(self) -> None:
        dims = "int" if self.one_dim else "tuple of ints"
        self.plan = [
            (i, p.name, dims if p.name == "dim" else TYPES[p.name], p.default if p.has_default else Types)
            for i, p in enumerate(self.signature.parameters)
            if p.name == "dim" or p.name in TYPES
        ]

    def refuse(self, args: Any, kwargs: dict[str, Any], index: int, name: str, word: str, value: Any) -> None:
        """Raise for an argument of the wrong type."""
        if self.forms and plausible(self.forms, len(args) + len(kwargs)) != 1:
            raise combination_error(self.name, args, kwargs, self.forms)
        place = f" (position {index + 1})" if index < len(args) else ""
        if word == "tuple of ints" and isinstance(value, (tuple, list)) and value:
            value = value[0]
        raise ArgumentError(f"{self.name}(): argument '{name}'{place} must be {word}, not {type_word_of(value)}")
