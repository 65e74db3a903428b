"""The one door for a value that is not a plain tensor: whoever put it there runs the operators on it.

While `vmap` runs, `mode.interpreter` is its interpreter. Every gate (an operator's call, a write in place, a random
draw) reads it once; where it takes the values, it does the work instead. The two measured fast paths, which have
plain tensors only, meet such a value in their slow half (`foreign`).
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, Protocol

from gradsh.engine.core.modes import mode
from gradsh.engine.core.tensor import Tensor
from gradsh.errors import AutogradError


class Interpreter(Protocol):
    """What runs operators on values of its own."""

    def takes(self, values: Any) -> bool:
        """Whether one of the values, or of the items of a list among them, is its own."""

    def run(self, entry: Any, values: list[Any]) -> Any:
        """The registry's entry on bound arguments that it takes."""

    def write(self, function: Any, x: Tensor, args: tuple[Any, ...], kwargs: dict[str, Any]) -> Any:
        """`x.f_(…)` for an operator `f`; NotImplemented where `x` is a plain tensor that may be written."""

    def each(self, name: str, function: Callable[[list[Any]], Any], values: list[Any]) -> Any:
        """A function of which nothing is known but that it takes plain tensors (an op of the program)."""

    def draw(self) -> None:
        """Random numbers are about to be drawn. Errors: AutogradError where that has no meaning."""


class interpreting:
    """`with interpreting(it)`: operators ask it first; what did so before comes back afterwards."""

    __slots__ = ("before", "interpreter")

    def __init__(self, interpreter: Interpreter) -> None:
        self.interpreter = interpreter

    def __enter__(self) -> None:
        self.before = mode.interpreter
        mode.interpreter = self.interpreter

    def __exit__(self, *_: object) -> None:
        mode.interpreter = self.before


def is_foreign(value: Any) -> bool:
    """Whether it is a tensor to the program, but not a plain one."""
    return isinstance(value, Tensor) and value.__class__ is not Tensor


def foreign(entry: Any, values: list[Any]) -> Any:
    """An operator on values of which one is a tensor, but not a plain one."""
    interpreter = mode.interpreter
    if interpreter is None:
        raise AutogradError(
            f"{entry.name}(): a value of a vmap is used after that vmap has ended",
            help="let the function return what is wanted of it; `vmap` gives that for all samples",
        )
    return interpreter.run(entry, values)
