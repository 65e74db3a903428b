"""What a loop gives to the program while it runs: items of lists, and what it prints.

In the shadow such a list is a `Growing`, into which things can be put and out of which numbers come (lists.py). What
was put in, and what was printed, is given to the program when the iteration is known to have come to its end, in the
order of the program.
"""

from __future__ import annotations

import operator
from collections.abc import Callable, Iterator
from typing import Any

import numpy as np

from gradsh.engine.core.tensor import Tensor, make
from gradsh.plans.graphs import marker
from gradsh.plans.lists import Own, Part, Readable, item
from gradsh.plans.numbers import Number, called, exact
from gradsh.plans.outside import Counted
from gradsh.plans.refusal import UNSEEN, Closed, NoPlan, Unseen
from gradsh.plans.values import Value

PLAIN = (type(None), bool, int, float, complex, str, bytes)


class Out:
    """Something that an iteration gives; `parts` are the numbers and values in it, in their order.

    target, key   the list that gets it: at its end, or there
    act           or what is called with it, which is a tuple, of which `seen` is what the program shows
    """

    def __init__(
        self, target: Growing | None, item: Any, key: Any = None, act: Callable[..., Any] | None = None
    ) -> None:
        self.target, self.item, self.key, self.act = target, item, key, act
        self.parts: list[Any] = []
        self.seen = slice(None)


class Growing(Readable):
    """A list or a deque of the program's, of which the body reads nothing but its numbers.

    outs   what was put into any list of one shadow
    size   how many items it has at the head of the iteration; None once it gets more
    kind   its class, and `most`: how many items it has room for, None where there is no end
    own    that of the plan, where it is read; until then `real`, the program's, is what one would begin with
    """

    __slots__ = ("fixed", "kind", "most", "outs", "own", "real", "record", "size")

    def __init__(self, outs: list[Out], x: Any, record: Any) -> None:
        super().__init__(f"a {type(x).__name__} that grows is read")
        self.outs, self.size, self.fixed = outs, len(x), False
        self.kind, self.most = type(x), getattr(x, "maxlen", None)
        self.own: Own | None = None
        self.real, self.record = x, record

    def asked(self, function: Callable[..., Any], *given: Any) -> Any:
        """What the function gives of its numbers."""
        if self.own is None:
            own = Own(self, self.record)
            own.begin(self.real)
            self.own = own
        return self.own.asked(function, *given)

    def __getitem__(self, at: Any) -> Any:
        if type(at) is slice and all(each is None or type(each) is int for each in (at.start, at.stop, at.step)):
            return Part(self, at)
        if type(at) is int or (type(at) is Number and type(at.plain) is int):
            return self.asked(item, at)
        raise NoPlan(self.why)

    def append(self, item: Any) -> None:
        self.outs.append(Out(self, item))

    def put(self, key: Any, item: Any) -> None:
        """`list[key] = item`."""
        if self.kind is not list:
            raise NoPlan(self.why)
        if type(key) is not Number or type(key.plain) is not int:
            raise NoPlan("a list gets an item in a place that is no number")
        if not (called(operator.lt, (key, self.size)) and called(operator.ge, (key, -self.size))):
            raise IndexError
        self.fixed = True
        self.outs.append(Out(self, item, key))


class Text(Closed):
    """A text with numbers or values in it: what the function gives for these arguments."""

    __slots__ = ("arguments", "function")

    def __init__(self, function: Callable[..., str], arguments: tuple[Any, ...]) -> None:
        super().__init__("a text that changes is read")
        self.function, self.arguments = function, arguments


def same(a: Any, b: Any) -> Any:
    """`a is b`, where one may stand for something of Python's: two bools are one where they are equal."""
    kinds = type(a), type(b)
    if Unseen in kinds:
        raise NoPlan(UNSEEN)
    if Number in kinds:
        plain = [each.plain if type(each) is Number else each for each in (a, b)]
        if type(plain[0]) is not type(plain[1]):
            return False
        if type(plain[0]) is bool:
            return called(operator.eq, (a, b))
        raise NoPlan("the body asks whether two numbers are one object")
    if a is not b and Counted in kinds:  # what is a loader's data set may also have a name
        raise NoPlan("the body asks whether something is a loader, or a data set")
    if a is not b and Text in kinds:
        raise NoPlan("the body asks whether two texts are one object")
    if a is not b and kinds == (tuple, tuple):  # an item of a list may be one that a name has
        raise NoPlan("the body asks whether two tuples are one object")
    return a is b


def joined(*texts: Any) -> Any:
    """The parts of an f-string."""
    return Text(together, texts) if any(type(each) is Text for each in texts) else "".join(texts)


def together(*texts: str) -> str:
    return "".join(texts)


def formatted_by(function: Any) -> Callable[..., Any]:
    """`@format`, for what changes too."""

    def formatted(value: Any, conversion: Any, spec: Any) -> Any:
        if type(value) in PLAIN:
            return function(value, conversion, spec)
        if type(spec) is not str or "c" in spec:
            raise NoPlan("a text has a format that changes")
        plain = value.plain if type(value) is Number else value.array if type(value) is Value else 1.0
        if type(value) is not Tensor:
            function(plain, conversion, spec)  # its errors
        elif spec and value.ndim:
            raise NoPlan("a tensor has a format")
        return Text(function, (captured(value), conversion, spec))

    return formatted


def captured(x: Any) -> Any:
    """What is shown, as it is now."""
    kind = type(x)
    if kind is tuple or kind is list:
        return kind(captured(each) for each in x)
    if kind is Tensor:
        x.up_to_date()
        if type(x.data) is not Value:
            raise NoPlan("what is shown is no value of the iteration")
        made = make(x.data if x.data.scalar else x.data.copy())
        made.node, made.requires = None if x.node is None else marker(x.node, False), x.requires
        made.origin = getattr(x, "origin", None)
        if x.extra is not None and x.extra.parameter:
            raise NoPlan("a parameter is shown")
        return made
    if kind is Value:
        return x if x.scalar else x.copy()
    if kind is Number or kind is Text or isinstance(x, PLAIN):
        return x
    raise NoPlan(f"a {kind.__name__} is shown, which no plan knows")


def parts_of(item: Any, shown: bool = False) -> Iterator[Any]:
    """Errors: NoPlan where it is not known how to make such an item; what is `shown` nobody has afterwards."""
    kind = type(item)
    if kind is tuple or (kind is list and shown):
        for each in item:
            yield from parts_of(each, shown)
    elif kind is Number:
        yield item
    elif kind is Text:
        yield from parts_of(item.arguments, True)
    elif kind is Tensor:
        if not shown and (item.node is not None or item.requires or item.extra is not None):
            raise NoPlan("a list gets a value with a graph in each iteration")
        yield item.data
    elif kind is Value:  # `loss.detach().numpy()` shows the memory of a tensor, which nobody else has
        root = item.root
        whole = (root.shape, root.strides, root.dtype) == (item.shape, item.strides, item.dtype)
        yield root if whole and not shown else item
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
        out.parts = list(parts_of((out.key, out.item), out.act is not None))
        for part in out.parts:
            if type(part) is Value and out.act is None:
                if id(part.root) in seen or part.root is not part:
                    raise NoPlan("a list gets a tensor that shares its memory")
                seen.add(id(part.root))
        if any(type(part) is not Number and type(part) is not Value for part in out.parts):
            raise NoPlan("a list gets what is no value of the iteration")
        found += out.parts
    targets = {id(out.target): out.target for out in outs if out.target is not None}
    for target in targets.values():
        if target.fixed and any(out.target is target and out.key is None for out in outs):
            raise NoPlan("a list grows while its items are written")
    return found


def rebuilt(item: Any, parts: Iterator[Any]) -> Any:
    """The item of another iteration."""
    kind = type(item)
    if kind is tuple or kind is list:
        return kind([rebuilt(each, parts) for each in item])
    if kind is Number:
        return next(parts)
    if kind is Value:
        made = next(parts)
        return made[()] if item.scalar else np.asarray(made)
    if kind is Text:
        return item.function(*rebuilt(item.arguments, parts))
    if kind is Tensor:
        tensor = make(next(parts))
        tensor.node, tensor.requires = item.node, item.requires
        if hasattr(item, "origin"):
            tensor.origin = item.origin
        if item.storage is not None:
            tensor.own_storage().version = item.storage.version
            tensor.own_storage().inference = item.storage.inference
        return tensor
    return item


def give(outs: list[Out], count: int, values: list[Any], lists: dict[int, list[Any]], shows: bool = True) -> None:
    """Give the program what so many iterations gave, or its lists alone."""
    parts = iter(values)
    for _ in range(count if outs else 0):
        for out in outs:
            key, item = rebuilt((out.key, out.item), parts)
            if out.act is not None:
                if shows:
                    out.act(*item)
            elif key is None:
                lists[id(out.target)].append(item)
            else:
                lists[id(out.target)][key] = item


class Sight:
    """A tensor as it is seen when it is shown."""

    def __init__(self, x: Tensor) -> None:
        x.up_to_date()
        node = x.node
        self.words = x.requires, None if node is None else marker(node, False).kind.name
        self.array = np.array(x.data)


def sight(x: Any) -> Any:
    """What is seen of a value now: what it is written to afterwards changes nothing of it."""
    kind = type(x)
    if kind is tuple or kind is list:
        return kind(map(sight, x))
    if isinstance(x, (np.ndarray, np.generic)):
        return x.copy()
    return Sight(x) if kind is Tensor else x if isinstance(x, PLAIN) else object()


def same_sight(a: Any, b: Any) -> bool:
    """Whether two of those are written in one way."""
    kind = type(a)
    if kind is not type(b):
        return False
    if kind is Sight:
        return a.words == b.words and same_digits(a.array, b.array)
    if kind is tuple or kind is list:
        return len(a) == len(b) and all(map(same_sight, a, b))
    if isinstance(a, (np.ndarray, np.generic)):
        return same_digits(np.asarray(a), np.asarray(b))
    return bool(exact(a) == exact(b))


def sights(outs: list[Out], values: list[Any]) -> list[Any]:
    """What is seen of an iteration that gives those values."""
    parts = iter(values)
    items = [(out, rebuilt((out.key, out.item), parts)[1]) for out in outs]
    return [sight(tuple(item[out.seen])) for out, item in items if out.act is not None]


def same_digits(a: Any, b: Any) -> bool:
    """Whether two arrays are one to the bit, but that every NaN is one: of the product of two of them a processor gives
    the first, and which that is depends on whether NumPy has scalars or arrays, and on where those begin."""
    if a.dtype != b.dtype or a.shape != b.shape:
        return False
    if a.tobytes() == b.tobytes():
        return True
    if a.dtype.kind not in "fc" or not np.isnan(a).any():
        return False
    nan = a.dtype.type(np.nan)
    return bool(np.where(np.isnan(a), nan, a).tobytes() == np.where(np.isnan(b), nan, b).tobytes())


def equal(mine: Any, theirs: Any) -> bool:
    """Whether an item of the program is, to the bit, that of the shadow, or what the plan made of it."""
    kind = type(mine)
    if kind is tuple:
        return type(theirs) is tuple and len(mine) == len(theirs) and all(map(equal, mine, theirs))
    if type(theirs) is Number:
        return kind is type(theirs.plain) and exact(mine) == exact(theirs.plain)
    if type(theirs) is Tensor:
        if kind is not Tensor or mine.node is not None or mine.requires:
            return False
        a, b = np.asarray(mine.data), theirs.data.array if type(theirs.data) is Value else np.asarray(theirs.data)
        return same_digits(a, b)
    if type(theirs) is Text:
        return True
    if type(theirs) is Value or isinstance(theirs, (np.ndarray, np.generic)):
        array = theirs.array if type(theirs) is Value else theirs
        return kind is theirs.__class__ and same_digits(np.asarray(mine), np.asarray(array))
    return kind is type(theirs) and exact(mine) == exact(theirs)
