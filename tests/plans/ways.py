"""A plan that is entered again goes the way of an entry before: here from the first time on, and each time that all is
found as it was, `Entry` looks at it too."""

from __future__ import annotations

from types import SimpleNamespace
from typing import Any

import numpy as np

from gradsh.plans import trial
from gradsh.plans.entry import Entry
from gradsh.plans.refusal import NoPlan
from gradsh.plans.route import Place, Route

gone = Route.entered


def both() -> None:
    """From now on, for the process."""
    trial.OFTEN = 1
    Route.entered = entered  # type: ignore[method-assign, assignment]


def entered(route: Route, entry: Entry, given: list[Any]) -> bool:
    """`Route.entered`. Errors: AssertionError where it says yes, and `Entry` finds something else."""
    if not gone(route, entry, given):
        return False
    other = Entry(entry.home[0] if entry.home is not None else {}, SimpleNamespace(copies=entry.copies, held={}))  # type: ignore[arg-type]
    copies = [route.copies[want.at] if type(want) is Place else want for want in route.given]
    copies = [entry.copies.get(id(copy), (copy, copy))[1] for copy in copies]  # of a function of gradsh's own
    try:
        other.begin()
        for x, copy in zip(given, copies, strict=True):
            other.part(x, copy, "")
        assert not other.moved, "a number is another"
    except NoPlan as why:
        raise AssertionError(f"there is a way, and {why}") from why
    for mine, theirs in zip(found(entry), found(other), strict=True):
        assert mine == theirs, "the way leads elsewhere"
    return True


def found(entry: Entry) -> list[Any]:
    """What an entry has found, as things that can be compared."""
    pairs: list[list[Any]] = [entry.tensors, entry.lists, entry.streams]
    memory = {(id(root), base.ctypes.data, base.shape, str(base.dtype)) for base, root in map(shown, entry.memory)}
    return [
        *({(id(x), id(copy)) for x, copy in each} for each in pairs),
        {at for at in memory if at[2]},
        entry.numbers,
        {(id(holder), key, id(number)) for holder, key, number in entry.slots},
        {(at, id(copy)) for at, copy in entry.there.items() if id(copy) != at},  # but for gradsh's own
        {(id(holder), key, id(copy)) for holder, key, copy in entry.places},
    ]


def shown(pair: tuple[Any, Any]) -> tuple[Any, Any]:
    return np.asarray(pair[0]), pair[1]
