"""An interpreter that lies over another: what hooks on saved tensors, dual levels and the profiler share."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from gradsh.engine.core.modes import Interpreter
    from gradsh.engine.core.tensor import Tensor


class Layer:
    """A `gradsh.engine.core.modes.Interpreter`. What `outer` takes goes there; a composite runs as it is written.

    outer  the interpreter that was there before, or a `vmap` that runs inside; None where there is none
    """

    def __init__(self, outer: Interpreter | None) -> None:
        self.outer = outer
        self.passing = False  # the gate that asks next is that of a composite, which runs as it is written

    def wants(self, values: Any) -> bool:
        """Whether the layer itself has something to do for an operator on these arguments."""
        raise NotImplementedError

    def operate(self, entry: Any, values: list[Any]) -> Any:
        """An operator on arguments that the layer wants."""
        raise NotImplementedError

    def opens(self, entry: Any) -> bool:
        """Whether the operators inside of this one are met in its place."""
        return entry.body is not None

    def takes(self, values: Any) -> bool:
        if self.passing:
            self.passing = False
            return False
        return (self.outer is not None and self.outer.takes(values)) or self.wants(values)

    def run(self, entry: Any, values: list[Any]) -> Any:
        if self.outer is not None and self.outer.takes(values):
            return self.outer.run(entry, values)
        if not self.opens(entry):
            return self.operate(entry, values)
        self.passing = True
        try:
            return applied(entry, values)
        finally:
            self.passing = False

    def pick(self, x: Tensor, index: tuple[Any, ...]) -> Any:
        return NotImplemented if self.outer is None else self.outer.pick(x, index)

    def around(self, inner: Any) -> Any:
        return inner

    def write(self, function: Any, x: Tensor, args: tuple[Any, ...], kwargs: dict[str, Any]) -> Any:
        return NotImplemented if self.outer is None else self.outer.write(function, x, args, kwargs)

    def each(self, name: str, function: Callable[[list[Any]], Any], values: list[Any]) -> Any:
        if self.outer is not None and self.outer.takes(values):
            return self.outer.each(name, function, values)
        return self.unknown(name, function, values)

    def unknown(self, name: str, function: Callable[[list[Any]], Any], values: list[Any]) -> Any:
        """`each` of a function that `outer` does not take."""
        raise NotImplementedError

    def draw(self) -> None:
        if self.outer is not None:
            self.outer.draw()


def applied(entry: Any, values: list[Any]) -> Any:
    """The operator on bound arguments, as a program calls it."""
    arguments, keywords = entry.signature.handed(values)
    return entry.apply(*arguments, **keywords)
