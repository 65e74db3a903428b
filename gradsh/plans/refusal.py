"""Why a loop or a call has no plan, or not this one."""

from __future__ import annotations

from types import CodeType
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from gradsh.reports.plans import PlanShown


class NoPlan(Exception):
    """Raised with a sentence wherever a plan could be wrong: the loop then runs as it is written.

    period   of how many iterations a turn seems to be, where a recording has come to it
    raised   how many there have been: a program may catch one, and go on
    step     of the recording, that it is about; `memory`: the value that is written; `name`: (what holds it, the key),
             or (None, the body's own name)
    place    where the program did it, (code, lasti): found of those where somebody wants to read it (places.py)
    """

    period = 1
    raised = 0

    def __init__(self, why: str, step: Any = None, name: Any = None, memory: Any = None, place: Any = None) -> None:
        super().__init__(why)
        self.step, self.name, self.memory, self.place = step, name, memory, place
        NoPlan.raised += 1


class Seen:
    """Whether a mistake of our own, which means no plan to who uses it, is raised: tests set it."""

    mistakes = False


def mistaken(why: BaseException) -> None:
    """Something was raised that says nothing of the program, whose iteration or call is none the worse. Errors: it,
    where mistakes are to be seen.

    None is where a recording, which is deeper than the program, goes too deep or takes more memory than there is.
    """
    if Seen.mistakes and not isinstance(why, (NoPlan, RecursionError, MemoryError)):
        raise why


class Changed(Exception):
    """What is another in each iteration, and can be in a plan once that is known.

    moving    names, and (the identity of a holder, a key), of numbers
    growing   the identities of lists that get items
    unseen    (the identity of a holder, a key) of what is something new, and nothing reads; else `why` there is no plan
    shared    whether what a name or a field has counts though nothing reads it: it may have what is written
    """

    def __init__(
        self,
        moving: set[Any] | None = None,
        growing: set[int] | None = None,
        unseen: set[Any] | None = None,
        why: NoPlan | None = None,
        shared: bool = False,
    ) -> None:
        super().__init__()
        self.moving = set() if moving is None else moving
        self.growing = set() if growing is None else growing
        self.unseen = set() if unseen is None else unseen
        self.why, self.shared = why, shared


class Moved(NoPlan):
    """Raised where a plan begins again and numbers are others, which can be in a plan once that is known: `moving`."""

    def __init__(self, moving: set[Any]) -> None:
        super().__init__("a number is another when the loop runs again")
        self.moving = moving


class Closed:
    """Something of which the body of a loop reads nothing: NoPlan says `why` where it does."""

    __slots__ = ("why",)

    def __init__(self, why: str) -> None:
        self.why = why

    @property  # type: ignore[misc]
    def __class__(self) -> Any:
        raise NoPlan(self.why)

    def __getattr__(self, name: str) -> Any:
        raise NoPlan(self.why)

    def _read(self, *_: Any, **__: Any) -> Any:
        raise NoPlan(self.why)

    __hash__ = _read


# What Python and NumPy look up in an object's class, where `__getattr__` is not asked.
ASKED = frozenset(
    f"__{name}__"
    for name in """
    len length_hint iter next reversed getitem setitem delitem contains missing bool call float int index complex trunc
    floor ceil round neg pos abs invert lt le eq ne gt ge enter exit repr str bytes format fspath array array_ufunc
    array_function
    """.split()  # noqa: SIM905 - one each line would be thirty lines
) | {
    f"__{before}{name}__"
    for name in "add sub mul truediv floordiv mod divmod pow matmul and or xor lshift rshift".split()  # noqa: SIM905
    for before in ("", "r", "i")
}
for _name in ASKED:
    setattr(Closed, _name, Closed._read)


UNSEEN = "what an iteration has bound is read by the next"


class Unseen(Closed):
    """What a name or a field has of which no iteration reads what the one before has put there: `best = deepcopy(net)`
    where the loss is best. It may be anything: before another way is gone, an iteration that goes this one is real.
    Where it is a `field` of a layer it may be anything that is not registered there, which binding it asks."""

    __slots__ = ("field",)

    def __init__(self, field: bool = False) -> None:
        super().__init__(UNSEEN)
        self.field = field


class TooLong(NoPlan):
    """Raised where a recording has more steps than it may have: for what runs often it may have more."""


MISSED: Any = object()  # what is given where a plan is not for what it is given


class Outcome:
    """What became of a loop, or of the calls of a function.

    where   (code, number of the line) of its header
    plan    its plan, None where it has none
    reason  why it has none, and `place`, (code, lasti) in the program, or None where that is not one place
    """

    def __init__(
        self, where: tuple[CodeType, int], plan: PlanShown | None, reason: str = "", place: Any = None
    ) -> None:
        self.where, self.plan, self.reason, self.place = where, plan, reason, place
