"""Sets. Their order is always the same: Python's own changes with every run where strings are among the items."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import Any

from gradsh.errors import KeyError_, TypeError_
from gradsh.runtime import steps
from gradsh.runtime.keys import as_key
from gradsh.runtime.text import shown

__acts_for_programs__ = True

NUMBERS = frozenset((int, float, bool))
_LOOKS = "copy difference intersection isdisjoint issubset issuperset symmetric_difference union"
_CHANGES = """
add clear difference_update discard intersection_update pop remove symmetric_difference_update update
"""


class Set:
    """A set of a program's. Of numbers it has Python's order, of anything else that in which the items came."""

    __slots__ = ("held",)
    __hash__ = None  # type: ignore[assignment]  # as Python's
    __looks__ = frozenset(_LOOKS.split())
    __public__ = frozenset((*_LOOKS.split(), *_CHANGES.split()))

    def __init__(self, items: Iterable[Any] = ()) -> None:
        self.held: dict[Any, None] = {}
        self.update(items)

    # --- what is in it --------------------------------------------------------------------------------------------

    def __iter__(self) -> Iterator[Any]:
        return iter(set(self.held) if all(item.__class__ in NUMBERS for item in self.held) else self.held)

    def __len__(self) -> int:
        return len(self.held)

    def __contains__(self, item: Any) -> bool:
        return item in self.held

    def __repr__(self) -> str:
        return f"{{{', '.join(map(shown, self))}}}" if self.held else "set()"

    def __eq__(self, other: object) -> bool:
        return self.held.keys() == other.held.keys() if isinstance(other, Set) else NotImplemented

    def __le__(self, other: Any) -> bool:
        return self.issubset(other) if isinstance(other, Set) else NotImplemented

    def __lt__(self, other: Any) -> bool:
        return self <= other and len(self) < len(other) if isinstance(other, Set) else NotImplemented

    def __ge__(self, other: Any) -> bool:
        return other <= self if isinstance(other, Set) else NotImplemented

    def __gt__(self, other: Any) -> bool:
        return other < self if isinstance(other, Set) else NotImplemented

    def isdisjoint(self, other: Any, /) -> bool:
        """Has it nothing in common with the other?"""
        return not any(item in self.held for item in _items(other))

    def issubset(self, other: Any, /) -> bool:
        """Is all of it in the other?"""
        theirs = _items(other)
        return all(item in theirs for item in self.held)

    def issuperset(self, other: Any, /) -> bool:
        """Is all of the other in it?"""
        return all(item in self.held for item in _items(other))

    # --- others made of it ----------------------------------------------------------------------------------------

    def copy(self) -> Set:
        """Another one with the same items."""
        return Set(self.held)

    def union(self, *others: Any) -> Set:
        """The items of all of them."""
        made = self.copy()
        made.update(*others)
        return made

    def intersection(self, *others: Any) -> Set:
        """The items that all of them have."""
        made = self.copy()
        made.intersection_update(*others)
        return made

    def difference(self, *others: Any) -> Set:
        """The items that none of the others has."""
        made = self.copy()
        made.difference_update(*others)
        return made

    def symmetric_difference(self, other: Any, /) -> Set:
        """The items that one of the two has."""
        theirs = _items(other)
        return Set([*(item for item in self.held if item not in theirs), *(i for i in theirs if i not in self.held)])

    def __or__(self, other: Any) -> Set:
        return self.union(other) if isinstance(other, Set) else NotImplemented

    def __and__(self, other: Any) -> Set:
        return self.intersection(other) if isinstance(other, Set) else NotImplemented

    def __sub__(self, other: Any) -> Set:
        return self.difference(other) if isinstance(other, Set) else NotImplemented

    def __xor__(self, other: Any) -> Set:
        return self.symmetric_difference(other) if isinstance(other, Set) else NotImplemented

    # --- changes --------------------------------------------------------------------------------------------------

    def add(self, item: Any, /) -> None:
        """Let it have the item."""
        self.held[as_key(item)] = None

    def discard(self, item: Any, /) -> None:
        """Let it not have the item."""
        self.held.pop(as_key(item), None)

    def remove(self, item: Any, /) -> None:
        """The same. Errors: KeyError_ where it has no such item."""
        if as_key(item) not in self.held:
            raise KeyError_(f"{shown(item)} is not in the set")
        del self.held[item]

    def pop(self) -> Any:
        """Take an item out of it, the first. Errors: KeyError_ where there is none."""
        if not self.held:
            raise KeyError_("pop from an empty set")
        item = next(iter(self))
        del self.held[item]
        return item

    def clear(self) -> None:
        """Take all items out of it."""
        self.held.clear()

    def update(self, *others: Any) -> None:
        """Add the items of the others."""
        for other in others:
            self.held |= _items(other)

    def intersection_update(self, *others: Any) -> None:
        """Keep the items that all the others have."""
        for other in others:
            theirs = _items(other)
            self.held = {item: None for item in self.held if item in theirs}

    def difference_update(self, *others: Any) -> None:
        """Take out the items of the others."""
        for other in others:
            theirs = _items(other)
            self.held = {item: None for item in self.held if item not in theirs}

    def symmetric_difference_update(self, other: Any, /) -> None:
        """Keep the items that one of the two has."""
        self.held = self.symmetric_difference(other).held


Set.__name__ = Set.__qualname__ = "set"


def _items(of: Any) -> dict[Any, None]:
    """The items of anything, as keys. Errors: TypeError_ for what has none."""
    if isinstance(of, Set):
        return of.held
    if not hasattr(type(of), "__iter__"):
        raise TypeError_(f"'{type(of).__name__}' object is not iterable")
    found: dict[Any, None] = {}
    for chunk in steps.chunks(of):
        found |= dict.fromkeys(map(as_key, chunk))
    return found
