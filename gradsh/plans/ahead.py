"""What a loop goes over, where one may look ahead: lists, tuples, rows of tensors, batches of loaders, and `zip` and
`enumerate` of them. What an iterator of another kind would do before its time nobody knows: it is left alone.
"""

from __future__ import annotations

import operator
from collections.abc import Iterator
from copy import copy
from itertools import islice
from typing import Any

from gradsh.engine.core.tensor import Tensor

LISTS: tuple[type, ...] = (type(iter([])), type(reversed([])))
LEAVES = (*LISTS, type(iter(())), type(iter(range(0))))


class Source:
    """An iterator of which one knows what it has ahead; nothing is taken from it by looking."""

    def __init__(self, iterator: Any) -> None:
        self.iterator = iterator

    def ahead(self) -> Iterator[Any]:
        """The items that it would give."""
        return cloned(self.iterator)

    def left(self) -> int:
        return length(self.iterator)

    def drop(self, count: int) -> None:
        loaders = [leaf for leaf in leaves(self.iterator) if hasattr(leaf, "passing")]
        for each in loaders:
            each.passing = True
        try:
            for _ in islice(self.iterator, count):
                pass
        finally:
            for each in loaders:
                each.passing = False

    def tensors(self) -> Iterator[Any]:
        """The tensors of which items are made when they are asked for."""
        for leaf in leaves(self.iterator):
            yield from (x for x in made_of_by(leaf) if type(x) is Tensor)

    def lists(self) -> set[int]:
        """The identities of the lists that it goes over, and of what else items are made of when they are asked for."""
        found = {id(leaf.__reduce__()[1][0]) for leaf in leaves(self.iterator) if type(leaf) in LISTS}
        return found | {id(x) for leaf in leaves(self.iterator) for x in made_of_by(leaf) if type(x) is not Tensor}


def source_of(items: Any) -> tuple[Any, Source | None]:
    """(what is to be gone over in place of it, what there is ahead of it, where that is known).

    Errors: as `iter` raises.
    """
    iterator = iter(items)  # once: it may draw
    return iterator, Source(iterator) if all(map(is_known, leaves(iterator))) else None


def inside(iterator: Any) -> tuple[Any, ...] | None:
    """The iterators that it goes over, None where it is a leaf."""
    if type(iterator) is zip:
        return tuple(iterator.__reduce__()[1])
    return tuple(iterator.__reduce__()[1][:1]) if type(iterator) is enumerate else None


def leaves(iterator: Any) -> Iterator[Any]:
    within = inside(iterator)
    if within is None:
        yield iterator
    else:
        for each in within:
            yield from leaves(each)


def is_known(leaf: Any) -> bool:
    if type(leaf) in LEAVES:
        return True
    return hasattr(leaf, "may_look") and leaf.may_look() and known_parts(leaf) is not None


def made_of_by(leaf: Any) -> list[Any]:
    """Of what the batches of a loader are made, where this is one."""
    return (known_parts(leaf) or []) if hasattr(leaf, "may_look") else []


def known_parts(leaf: Any) -> list[Any] | None:
    from gradsh.plans.datasets import made_of  # few loops go over a loader

    return made_of(leaf.loader.dataset)


def cloned(iterator: Any) -> Iterator[Any]:
    kind = type(iterator)
    if kind is zip:
        _, within, *strict = iterator.__reduce__()
        return zip(*map(cloned, within), strict=bool(strict))
    if kind is enumerate:
        _, (within, start) = iterator.__reduce__()
        return enumerate(cloned(within), start)
    return copy(iterator) if kind in LEAVES else iterator.ahead()


def length(iterator: Any) -> int:
    within = inside(iterator)
    return operator.length_hint(iterator) if within is None else min(map(length, within), default=0)
