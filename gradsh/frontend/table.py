"""The built-ins of Python programs: PyTorch's members as `torch:relu`, Python's own by their names."""

from __future__ import annotations

from collections.abc import Iterable
from typing import TYPE_CHECKING, Any

from gradsh.calls.signature import Signature
from gradsh.engine.core import dtypes
from gradsh.frontend.builtins import NAMES
from gradsh.frontend.torch import EXTRA
from gradsh.language.python.torch import OF_DIM, PREFIX
from gradsh.runtime import commands, python
from gradsh.runtime.builtins import BUILTINS, CONSTANTS

if TYPE_CHECKING:
    from gradsh.language.signatures import Facts
    from gradsh.language.words import CommandWord

TORCHS = (python.ConverterDType, python.TensorType, python.SizeConverter)  # of gradsh's helpers, those PyTorch has too
UNCHECKED = Signature("", (), checked=False)


class PythonTable:
    """See `gradsh.language.signatures.Builtins` and `gradsh.runtime.namespace.Table`."""

    def __init__(self, own: dict[str, Any]) -> None:
        self.own = own  # of one session: `print`
        self.values: dict[str, Any] = {}

    def value(self, name: str) -> Any:
        """The built-in. Errors: KeyError."""
        try:
            return self.values[name]
        except KeyError:
            value = self.values[name] = self._value(name)
            return value

    def _value(self, name: str) -> Any:
        if not name.startswith(PREFIX):
            return self.own[name] if name in self.own else NAMES[name]
        return member(name[len(PREFIX) :])

    def has(self, name: str) -> bool:
        return self.lookup(name) is not None

    def lookup(self, name: str) -> Signature | None:
        """Whether there is one: what it takes is said when it is called."""
        if name.startswith(PREFIX):
            return UNCHECKED if has_member(name[len(PREFIX) :]) else None
        return UNCHECKED if name in self.own or name in NAMES else None

    def facts(self, name: str) -> Facts | None:
        name = name.removeprefix(PREFIX)
        name = OF_DIM.get(name, name)
        return BUILTINS.facts(name) if BUILTINS.lookup(name) is not None or name.startswith("Tensor.") else None

    def names(self) -> Iterable[str]:
        return {*self.own, *NAMES}

    def of_torch(self, name: str) -> str:
        """What is PyTorch's has another name than Python's own already."""
        return name

    def commands(self) -> Iterable[CommandWord]:
        return ()


def has_member(name: str) -> bool:
    """Is there a member of PyTorch of that name?"""
    if name in EXTRA:
        return True
    own = python.OWN.get(name)
    not_torchs = name in commands.WORDS or (own is not None and not isinstance(own, TORCHS))
    return not not_torchs and BUILTINS.lookup(name) is not None


def member(name: str) -> Any:
    """A member of PyTorch by its name in gradsh. Errors: KeyError."""
    if name in EXTRA:
        return EXTRA[name]()
    if name in dtypes.NAMES:
        return dtypes.NAMES[name]
    if name in python.SHARED and name not in CONSTANTS:
        from gradsh.engine import catalogue

        entry = catalogue.operator(name)
        assert entry is not None  # what is shared with Python is an operator too
        return entry.apply
    return BUILTINS.value(name)
