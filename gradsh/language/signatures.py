"""What the resolver may know of a built-in."""

from __future__ import annotations

from collections.abc import Iterable
from typing import TYPE_CHECKING, Protocol

if TYPE_CHECKING:
    from gradsh.calls.signature import Signature
    from gradsh.language.words import CommandWord


class Builtins(Protocol):
    """The table of built-ins, handed over by the session. Names are flat, or dotted for `linalg.` and `special.`.

    Methods are looked up as `Tensor.sum`. `commands` are the words that can be called without parentheses, and are
    told where their arguments stand.
    """

    def lookup(self, name: str) -> Signature | None: ...
    def names(self) -> Iterable[str]: ...
    def commands(self) -> Iterable[CommandWord]: ...
