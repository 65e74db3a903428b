"""Bound arguments checked for their types, by the names of the parameters."""

from __future__ import annotations

import sys
from typing import Any

from gradsh.calls.bind import Binder
from gradsh.engine.core.arguments import is_int, whole, wrong_call
from gradsh.engine.core.dtypes import DType
from gradsh.engine.core.tensor import Tensor

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
        return value is None or isinstance(value, DType) or any(value is kind for kind in (float, int, bool))
    return True


class Types:
    """Checks the bound arguments of one operator by their names, and turns 0-d tensors that stand for ints into ints.

    one_dim  `dim` is one int, not several
    """

    __slots__ = ("name", "one_dim", "plan", "signature")

    def __init__(self, signature: Binder, one_dim: bool) -> None:
        self.signature = signature
        self.name = signature.short
        self.one_dim = one_dim
        self.plan: list[tuple[int, str, Any]] | None = None

    def bind(self, args: Any, kwargs: dict[str, Any]) -> list[Any]:
        """The bound values. Raises ArgumentError in PyTorch's words."""
        values = self.signature.bind(args, kwargs)
        if not isinstance(values[0], Tensor):
            raise wrong_call(self.signature, sys._getframe(1))
        if self.plan is None:
            self._plan()
        for index, word, default in self.plan:  # type: ignore[union-attr]  # made above
            value = values[index]
            if value is default or (value.__class__ is int and (word == "int" or word == "tuple of ints")):
                continue
            if not fits(word, value):
                raise wrong_call(self.signature, sys._getframe(1))
            if value.__class__ is Tensor or word == "int":
                values[index] = whole(value)
        return values

    def _plan(self) -> None:
        dims = "int" if self.one_dim else "tuple of ints"
        self.plan = [
            (i, dims if p.name == "dim" else TYPES[p.name], p.default if p.has_default else Types)
            for i, p in enumerate(self.signature.parameters)
            if p.name == "dim" or p.name in TYPES
        ]
