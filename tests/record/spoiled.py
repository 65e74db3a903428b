"""Why spoiled calls have other words than PyTorch's, by kind: for the table that `tests.record.compare` ends with.

A kind is told by the two errors alone; the first that fits is taken. `PART` is how many of the calls may have other
words at all.
"""

from __future__ import annotations

import re
from typing import NamedTuple

PART = 0.05

# Python's own sentences, as they come out of PyTorch's code in Python
_PYTHON = (
    r"not supported between|unsupported operand|object has no attribute|object of type|cannot be interpreted|"
    r"is not iterable|not iterable|can only concatenate|not subscriptable|not callable|argument must be a|real number|"
    r"values to unpack|invalid literal|cannot unpack|can't multiply|list indices|could not convert|max_size\(\)|"
    r"must be str or None|only one element tensors"
)


class Said(NamedTuple):
    """What both sides say of a call: type and words, None where one takes it."""

    theirs: str | None
    their_words: str
    ours: str | None
    our_words: str


def said(text: str) -> Said | None:
    """The two errors of a difference's text; None of one that has not two."""
    found = re.search(r"\n    torch (\w+): (.*?)\n    ours  (\w+): (.*)", text, re.S)
    if found is not None:
        ours = None if found[3] == "None" else found[3]
        return Said(found[1], found[2], ours, found[4])
    if ", torch gives a result" in text:
        return Said(None, "", "", text)
    return None


def kind(text: str) -> str:
    """The kind of a spoiled call's difference, as a sentence with its reason."""
    both = said(text)
    if both is None:
        return "a fault"
    if both.theirs is None:
        return "refused here, taken there: an empty or odd value that PyTorch does not look at"
    if both.ours is None:
        if both.theirs == "TypeError" and ("NoneType" in both.their_words or "missing" in both.their_words):
            return "taken here: None, or nothing, for what PyTorch's C++ wants; it stands for the default"
        if both.theirs == "TypeError":
            return "taken here: a flag or number of another type that PyTorch hands on to an inner function"
        return "taken here: sizes that broadcast, where PyTorch wants them equal"
    if re.search(_PYTHON, both.their_words):
        return "PyTorch's Python trips in its own code: here the argument is named"
    names = [re.search(r"(\w+)\(\)", words) for words in (both.their_words, both.our_words)]
    if both.theirs == both.ours == "TypeError":
        if names[0] is None or names[1] is None or names[0][1] != names[1][1]:
            return "a wrong type that PyTorch finds in an inner function, whose name it says"
        return "a wrong type in the same function: PyTorch's inner call has other places or kinds"
    if both.theirs != both.ours:
        return "two things are wrong with the call, and the other one is said first"
    if both.theirs == "RuntimeError" and "size" in both.their_words:
        return "sizes that do not fit, found by another step of the computation"
    return "the same kind of error in other words"
