"""The name that a misspelt word was probably meant to be."""

from __future__ import annotations

from collections.abc import Iterable


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
