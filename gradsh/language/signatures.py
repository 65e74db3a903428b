"""What the resolver may know of a built-in."""

from __future__ import annotations

from collections.abc import Iterable
from typing import TYPE_CHECKING, Protocol

if TYPE_CHECKING:
    from gradsh.calls.signature import Signature
    from gradsh.language.words import CommandWord


class Facts:
    """What the lints may know of a built-in: how gradients get through it.

    cuts      its result has the values of its argument without their history: `item`, `float`
    flat      no gradient gets through: its results are integers, bools or steps, as of `argmax` and `round`
    creates   it makes a tensor, which may have the grad flag
    leaf      which has it unless the program says otherwise: `Parameter`
    formula   the gradient of its inputs, as `help` shows it
    kinks     where that is not the only one there is, or not finite
    """

    __slots__ = ("creates", "cuts", "flat", "formula", "kinks", "leaf")

    def __init__(
        self,
        cuts: bool = False,
        flat: bool = False,
        creates: bool = False,
        leaf: bool = False,
        formula: str = "",
        kinks: str = "",
    ) -> None:
        self.cuts = cuts
        self.flat = flat
        self.creates = creates
        self.leaf = leaf
        self.formula = formula
        self.kinks = kinks

    def row(self) -> tuple[bool, bool, bool, bool, str, str]:
        """As caches store it."""
        return (self.cuts, self.flat, self.creates, self.leaf, self.formula, self.kinks)


class Builtins(Protocol):
    """The table of built-ins, handed over by the session. Names are flat, or dotted for `linalg.` and `special.`.

    Methods are looked up as `Tensor.sum`. `commands` are the words that can be called without parentheses, and are
    told where their arguments stand. `facts`: of an operator or a conversion, None of anything
    else; of a method as `Tensor.float`.
    """

    def lookup(self, name: str) -> Signature | None: ...
    def of_torch(self, name: str) -> str: ...
    def names(self) -> Iterable[str]: ...
    def facts(self, name: str) -> Facts | None: ...
    def commands(self) -> Iterable[CommandWord]: ...
