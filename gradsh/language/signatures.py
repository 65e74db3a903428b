"""What the resolver may know of a built-in."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import TYPE_CHECKING, Protocol

if TYPE_CHECKING:
    from gradsh.language.words import CommandWord

# kinds of parameters
POSITIONAL, KEYWORD, REST = "positional", "keyword", "rest"


# PyTorch takes NumPy's names of these as well
NUMPY_NAMES = {"axis": "dim", "keepdims": "keepdim", "x": "input"}


class Signature:
    """What the resolver may know of a built-in.

    `parameters`: (name, kind, has default, is a boolean flag) in order, kind being "positional", "keyword" or
    "rest" (`*size`); or None when anything goes (a constant, a class of its own checks). `effect`: called for its
    effect, so that a bare statement prints nothing. `checked`: False when only the flags are to be trusted (a function
    that also takes plain values in Python's way). `python`: errors in the words of a Python function, not of
    PyTorch's C++. `model`: the class of a model, whose `__init__` counts the instance among its arguments.
    """

    __slots__ = ("checked", "effect", "model", "name", "parameters", "python")

    def __init__(
        self,
        name: str,
        parameters: Sequence[tuple[str, str, bool, bool]] | None = None,
        *,
        effect: bool = False,
        checked: bool = True,
        python: bool = False,
        model: bool = False,
    ) -> None:
        self.name = name
        self.parameters = parameters
        self.effect = effect
        self.checked = checked and parameters is not None
        self.python = python or model
        self.model = model

    def flag(self, word: str) -> str | None:
        """The boolean parameter that the bare word `word` sets, or None; `grad` stands for requires_grad."""
        wanted = "requires_grad" if word == "grad" else word
        for name, _kind, _default, is_flag in self.parameters or ():
            if is_flag and name == wanted:
                return name
        return None


class Builtins(Protocol):
    """The table of built-ins, handed over by the session. Names are flat, or dotted for `linalg.` and `special.`.

    Methods are looked up as `Tensor.sum`. `commands` are the words that can be called without parentheses, and are
    told where their arguments stand.
    """

    def lookup(self, name: str) -> Signature | None: ...
    def names(self) -> Iterable[str]: ...
    def commands(self) -> Iterable[CommandWord]: ...


def suggest(word: str, pool: Iterable[str]) -> str | None:
    """The name in the pool that `word` was probably meant to be; the earlier of two that are as near.

    A wrong suggestion is worse than none: a short word may differ by one slip of the finger, a longer one by two, and
    beyond that only a word that was left unfinished is recognised.
    """
    lower = word.lower()
    best, least = None, 9
    for name in dict.fromkeys(pool):
        if name == word or name[:1] == "_" != word[:1]:
            continue
        if name.lower() == lower:
            return name
        far = _slips(word, name)
        if far is not None and far < least:
            best, least = name, far
    return best


def _slips(word: str, name: str) -> int | None:
    """How many letters are missing, too many, wrong or exchanged; None when too many for a word of that length."""
    size, longer = len(word), len(name) - len(word)
    if size >= 4 and name.startswith(word) and (longer <= 3 or name[size] == "_"):
        return 1 + (longer > 1)
    if len(name) >= 3 and word.startswith(name) and longer >= -2:
        return -longer
    allowed = 2 if size >= 6 else 1 if size >= 3 else 0
    if abs(longer) > allowed or not allowed:
        return None
    if size == 3 and longer == 0 and sorted(word) != sorted(name):
        return None  # foo is not for, err is not erf
    before: list[int] = []
    row = list(range(len(name) + 1))
    for i, letter in enumerate(word, 1):
        older, before, row = before, row, [i]
        for j, other in enumerate(name, 1):
            step = min(before[j - 1] + (letter != other), before[j] + 1, row[j - 1] + 1)
            if older and j > 1 and letter == name[j - 2] and word[i - 2] == other:
                step = min(step, older[j - 2] + 1)
            row.append(step)
    return row[-1] if row[-1] <= allowed else None
