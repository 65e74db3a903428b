"""Lists and queues of numbers that grow, and are read: `sum(losses) / len(losses)`, `losses[-1]`, `recent[-10:]`.

The plan has a list of its own, which begins as the program's and gets what that gets; what is read of it is asked of it
in each iteration, by the functions that the program asks.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Any

from gradsh.plans.numbers import Number
from gradsh.plans.refusal import Closed, NoPlan

if TYPE_CHECKING:
    from gradsh.plans.outs import Growing
    from gradsh.plans.values import Step

NUMBERS = frozenset({int, float, bool})


class Own:
    """The list of a plan, as it is in the iteration that runs.

    items  what is in it
    put    how many of what the iteration that is recorded gives its list it has
    """

    def __init__(self, growing: Growing, record: Any) -> None:
        self.growing, self.record = growing, record
        self.items: Any = None
        self.put = 0

    def begin(self, real: Any) -> None:
        """What it has is what the program's list has now. Errors: NoPlan where that is more than numbers."""
        if not NUMBERS.issuperset(map(type, real)):
            raise NoPlan(f"a {self.growing.kind.__name__} that grows has more than numbers, and is read")
        self.items = real.copy()

    def now(self) -> None:
        """Have it get what was given since it was read last."""
        given = [out for out in self.growing.outs if out.target is self.growing]
        for out in given[self.put :]:
            plain = out.item.plain if type(out.item) is Number else out.item
            if type(plain) not in NUMBERS or out.key is not None:
                raise NoPlan(f"a {self.growing.kind.__name__} that grows gets more than numbers, and is read")
            added = Number(self.record, self.append(plain))
            self.record.add("number", self.append, (out.item,), added)
        self.put = len(given)

    def append(self, item: Any) -> int:
        self.items.append(item)
        return len(self.items)

    def asked(self, function: Callable[..., Any], *given: Any) -> Number:
        """What the function gives of the items, as a step."""
        self.now()
        question = Asked(self, function)
        result = question(*(each.plain if type(each) is Number else each for each in given))
        if type(result) not in NUMBERS:
            raise NoPlan(f"a {self.growing.kind.__name__} that grows is read")
        out = Number(self.record, result)
        self.record.add("number", question, given, out, type(result))
        return out


class Asked:
    """A function of what is in a plan's list."""

    def __init__(self, own: Own, function: Callable[..., Any]) -> None:
        self.own, self.function = own, function
        self.__name__ = function.__name__

    def __call__(self, *given: Any) -> Any:
        return self.function(self.own.items, *given)


class Readable(Closed):
    """What numbers can be read of, by functions that are asked of all of them."""

    __slots__ = ()

    def asked(self, function: Callable[..., Any], *given: Any) -> Any:
        """What the function gives, as a step."""
        raise NotImplementedError

    def __bool__(self) -> bool:
        return bool(self.asked(len) > 0)


class Part(Readable):
    """`losses[-10:]`."""

    __slots__ = ("growing", "place")

    def __init__(self, growing: Growing, place: slice) -> None:
        super().__init__(growing.why)
        self.growing, self.place = growing, place

    def __getitem__(self, at: Any) -> Any:
        if type(at) is not int:
            raise NoPlan(self.why)
        return self.asked(item, at)

    def asked(self, function: Callable[..., Any], *given: Any) -> Any:
        def of_part(items: Any, *given: Any) -> Any:
            return function(items[self.place], *given)

        of_part.__name__ = function.__name__
        of_part.place = self.place  # type: ignore[attr-defined]  # as the plan is read
        return self.growing.asked(of_part, *given)


def item(items: Any, at: int) -> Any:
    """`items[at]`."""
    return items[at]


def list_of(step: Step) -> Own | None:
    """The plan's list that a step puts something in, or asks something of."""
    if step.kind != "number":
        return None
    if type(step.function) is Asked:
        return step.function.own
    own = getattr(step.function, "__self__", None)
    return own if type(own) is Own else None


def length(x: Any) -> Any:
    """`len`."""
    return x.asked(len) if is_readable(x) else len(x)


def is_readable(x: Any) -> bool:
    return issubclass(type(x), Readable)
