"""What a loop gives to the program while it runs: lists that grow by an item or more in each iteration.

In the shadow such a list is a `Growing`, into which things can be put and out of which nothing comes. What was put in
is told to the program's list when the iteration is known to have come to its end, in the order of the iterations.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import numpy as np

from gradsh.engine.core.tensor import Tensor, make
from gradsh.plans.numbers import Number
from gradsh.plans.refusal import NoPlan
from gradsh.plans.values import Value

PLAIN = (type(None), bool, int, float, complex, str, bytes)


class Out:
    """Something that an iteration appends to a list; `parts` are the numbers and values in it, in their order."""

    def __init__(self, target: Growing, item: Any) -> None:
        self.target, self.item = target, item
        self.parts: list[Any] = list(parts_of(item))


class Growing:
    """A list of the program's, of which the body reads nothing.

    `outs` has what was put in, of all lists of one shadow.
    """

    __slots__ = ("outs",)

    def __init__(self, outs: list[Out]) -> None:
        self.outs = outs

    @property  # type: ignore[misc]
    def __class__(self) -> Any:
        return list

    def append(self, item: Any) -> None:
        self.outs.append(Out(self, item))

    def __getattr__(self, name: str) -> Any:
        raise NoPlan("a list that grows is read")

    def _read(self, *_: Any) -> Any:
        raise NoPlan("a list that grows is read")

    __len__ = __iter__ = __getitem__ = __setitem__ = __delitem__ = __contains__ = _read
    __add__ = __radd__ = __mul__ = __rmul__ = __eq__ = __ne__ = __lt__ = __gt__ = __le__ = __ge__ = _read
    __bool__ = __reversed__ = __iadd__ = __imul__ = __repr__ = __format__ = _read
    __hash__ = None  # type: ignore[assignment]


def parts_of(item: Any) -> Iterator[Any]:
    """Errors: NoPlan where it is not known how to make such an item."""
    kind = type(item)
    if kind is tuple:
        for each in item:
            yield from parts_of(each)
    elif kind is Number:
        yield item
    elif kind is Tensor:
        if item.node is not None or item.requires or item.extra is not None or item.gradient is not None:
            raise NoPlan("a list gets a value with a graph in each iteration")
        yield item.data
    elif not isinstance(item, PLAIN):
        raise NoPlan(f"a list gets a {kind.__name__}, which no plan knows")


def parts_at_end(outs: list[Out], taken: set[int]) -> list[Any]:
    """The values at the end of the iteration of what was put in: what is appended may be written afterwards.

    taken   the memory of values that the next iteration has too
    Errors: NoPlan where two would share what they have.
    """
    seen: set[int] = set(taken)
    found: list[Any] = []
    for out in outs:
        out.parts = list(parts_of(out.item))
        for part in out.parts:
            if type(part) is Value:
                if id(part.root) in seen or part.root is not part:
                    raise NoPlan("a list gets a tensor that shares its memory")
                seen.add(id(part.root))
        found += out.parts
    return found


def rebuilt(item: Any, parts: Iterator[Any]) -> Any:
    """The item of another iteration."""
    kind = type(item)
    if kind is tuple:
        return tuple(rebuilt(each, parts) for each in item)
    if kind is Number:
        return next(parts)
    if kind is Tensor:
        tensor = make(next(parts))
        if item.storage is not None:
            tensor.own_storage().version = item.storage.version
        return tensor
    return item


def equal(mine: Any, theirs: Any) -> bool:
    """Whether an item of the program is, to the bit, that of the shadow."""
    kind = type(mine)
    if kind is tuple:
        return type(theirs) is tuple and len(mine) == len(theirs) and all(map(equal, mine, theirs))
    if type(theirs) is Number:
        return kind is type(theirs.plain) and repr(mine) == repr(theirs.plain)
    if type(theirs) is Tensor:
        if kind is not Tensor or mine.node is not None or mine.requires:
            return False
        a, b = np.asarray(mine.data), theirs.data.array
        return bool(a.dtype == b.dtype and a.shape == b.shape and a.tobytes() == b.tobytes())
    return kind is type(theirs) and repr(mine) == repr(theirs)
