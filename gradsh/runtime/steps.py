"""Python's own loops in C, run in steps: they look for no Ctrl-C and no limit, and a range may have any length.

Only what is made item by item while it is read can be long without being large: a range, and what `zip`, `enumerate`
and `reversed` make. Of a range the answer is mostly known. Everything else goes to Python as it is.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from itertools import islice
from typing import Any

from gradsh import errors
from gradsh.runtime.keys import as_key

__acts_for_programs__ = True

STEP = 1 << 17  # items between two looks
TEXT = 1 << 24  # characters of a text, likewise
LARGEST = 1 << 22  # bits of an integer; half a second of one multiplication

LAZY = frozenset(
    (
        range,
        zip,
        enumerate,
        map,
        filter,
        type(iter(range(0))),
        type(iter(range(1 << 70))),
        type(reversed([])),
        type(reversed(())),
    )
)


def is_long(items: Any) -> bool:
    """Whether the items may be more than one wants to read in one go."""
    return items.__class__ in LAZY and not (items.__class__ is range and length(items) <= STEP)


def length(items: range) -> int:
    """`len`, which refuses what is longer than C's integers."""
    return max(0, (items.stop - items.start + items.step - (1 if items.step > 0 else -1)) // items.step)


def chunks(items: Iterable[Any]) -> Iterator[list[Any]]:
    """The items, STEP at a time."""
    rest = iter(items)
    while chunk := list(islice(rest, STEP)):
        yield chunk


def collected(items: Any) -> Any:
    """What is read in one go, as a list if it is long."""
    if not is_long(items):
        return items
    result: list[Any] = []
    for chunk in chunks(items):
        result += chunk
    return result


def total(*arguments: Any, **options: Any) -> Any:
    """`sum(items, start)`."""
    if len(arguments) == 1 and not options and not is_long(arguments[0]):
        return sum(arguments[0])
    if not arguments or not hasattr(type(arguments[0]), "__iter__"):
        return sum(*arguments, **options)
    items, start = arguments[0], sum((), *arguments[1:], **options)
    if start.__class__ is list or start.__class__ is tuple:
        for item in items:  # each is a copy of all that came before
            start = start + item
        return start
    if not is_long(items):
        return sum(items, start)
    if items.__class__ is range and start.__class__ is int:
        return start + length(items) * (items.start + items[-1]) // 2
    for chunk in chunks(items):
        start = sum(chunk, start)
    return start


def _extreme(python: Callable[..., Any]) -> Callable[..., Any]:
    def of(*arguments: Any, **options: Any) -> Any:
        if len(arguments) != 1 or options or not is_long(arguments[0]):
            return python(*arguments, **options)
        items = arguments[0]
        if items.__class__ is range:
            return python(items.start, items[-1])
        parts = chunks(items)
        best = python(next(parts, ()))  # Python's own error where there is none
        for chunk in parts:
            best = python([best, *chunk])
        return best

    of.__name__ = of.__qualname__ = python.__name__
    return of


smallest, largest = _extreme(min), _extreme(max)


def any_of(*arguments: Any) -> Any:
    """`any(items)`."""
    if len(arguments) != 1 or not is_long(arguments[0]):
        return any(*arguments)
    rest = iter(arguments[0])
    return any(first or any(islice(rest, STEP)) for first in rest)


def all_of(*arguments: Any) -> Any:
    """`all(items)`."""
    if len(arguments) != 1 or not is_long(arguments[0]):
        return all(*arguments)
    rest = iter(arguments[0])
    return all(first and all(islice(rest, STEP)) for first in rest)


def ordered(*arguments: Any, **options: Any) -> Any:
    """`sorted(items)`."""
    return sorted(*map(collected, arguments), **options)


def extend(items: list[Any], *arguments: Any) -> None:
    """`items.extend(more)`."""
    if len(arguments) == 1 and is_long(arguments[0]):
        for chunk in chunks(arguments[0]):
            items += chunk
    else:
        list.extend(items, *arguments)


def contains(item: Any, container: Any) -> bool:
    """`item in container`."""
    kind = container.__class__
    if kind is str and item.__class__ is str and len(container) > TEXT:
        width = max(TEXT, len(item))
        return any(container.find(item, at, at + width + len(item)) >= 0 for at in range(0, len(container), width))
    if is_long(container) and not (kind is range and item.__class__ is int):
        rest = iter(container)
        return any(first is item or first == item or item in islice(rest, STEP) for first in rest)
    return as_key(item) in container


def rounded(*arguments: Any, **options: Any) -> Any:
    """`round(number, digits)`, which would compute `10**-digits` for an integer, however large that is."""
    if len(arguments) == 2 and not options:
        number, digits = arguments
        if number.__class__ is int and digits.__class__ is int and -digits > number.bit_length():
            return 0
    return round(*arguments, **options)


def exponent(base: Any, power: Any) -> Any:
    """The power itself. Errors: OutOfMemory where `base**power` would be an integer that takes too long to compute."""
    if power.__class__ is int and base.__class__ is int and not -1 <= base <= 1:
        bounded_bits((base.bit_length() - 1) * power)
    return power


def shift(base: Any, by: Any) -> Any:
    """The right side of `base << by`, likewise."""
    if by.__class__ is int and base.__class__ is int and base:
        bounded_bits(base.bit_length() + by)
    return by


def bounded(number: int) -> None:
    """Errors: OutOfMemory for an integer whose next multiplication would take too long."""
    bounded_bits(number.bit_length())


def bounded_bits(bits: int) -> None:
    if bits > LARGEST:
        raise errors.OutOfMemory(
            f"an integer of more than {int(LARGEST * 0.30103)} digits",
            help="a number with a point, such as `2.0`, takes the same time whatever its size",
        )


for _function, _name in ((total, "sum"), (any_of, "any"), (all_of, "all"), (ordered, "sorted"), (rounded, "round")):
    _function.__name__ = _function.__qualname__ = _name
