"""What stands for a module that a Python program has imported, in what a body reaches.

What is read of it that does nothing is there: constants, functions that plans know, those of `math` for numbers that
change too; a stream of `random` draws as the session's would, and a clock is asked in each iteration. Of the rest
NoPlan says what it is where the body reaches it, and not before: `copy.deepcopy` may be for the best model alone.
"""

from __future__ import annotations

import math
import time
from collections.abc import Callable, Iterable
from types import BuiltinFunctionType, FunctionType, MethodType
from typing import TYPE_CHECKING, Any

from gradsh.engine.core.tensor import Tensor
from gradsh.plans.classes import is_instance
from gradsh.plans.draws import Stream, is_stream
from gradsh.plans.kinds import is_loader
from gradsh.plans.lists import list_of
from gradsh.plans.numbers import Number, called
from gradsh.plans.refusal import Closed, NoPlan

if TYPE_CHECKING:
    from gradsh.plans.shadow import Shadow
    from gradsh.plans.values import Step

PURE = "gradsh.frontend.imports.pure"
# Methods of a stream that give a number of one type, whatever they draw.
DRAWS = frozenset({"random", "uniform", "gauss", "normalvariate", "expovariate", "betavariate", "randint", "randrange"})
CLOCKS = frozenset(
    {time.time, time.perf_counter, time.monotonic, time.process_time, time.thread_time, time.time_ns}
    | {time.perf_counter_ns, time.monotonic_ns, time.process_time_ns}
)
LARGE = 1 << 62


def is_asked_again(x: Any) -> bool:
    """Whether it is a clock, or draws a number from a stream of `random`."""
    if type(x) is BuiltinFunctionType and x in CLOCKS:
        return True
    return type(x) in (BuiltinFunctionType, MethodType) and is_stream(x.__self__) and x.__name__ in DRAWS


def asked_again(shadow: Shadow, x: Any) -> Callable[..., Any]:
    """What stands for such, which each iteration of a plan asks."""
    return drawing(shadow.stream(x.__self__), x.__name__) if is_stream(x.__self__) else clock(shadow.record, x)


class Asked:
    """The same for a name of the program: `from time import time`. `given`: what has the name, which must stay."""

    __slots__ = ("call", "given", "shadow")

    def __init__(self, shadow: Shadow, x: Any) -> None:
        self.shadow, self.given = shadow, x
        self.call = asked_again(shadow, x)

    def __call__(self, *given: Any) -> Any:
        return self.call(*given)


class Imported:
    """A module in a shadow. `read`: {the name of what was read of it: (it, what stands for it)}, which must stay."""

    __slots__ = ("module", "read", "shadow")

    def __init__(self, shadow: Shadow, module: Any) -> None:
        self.shadow, self.module = shadow, module
        self.read: dict[str, tuple[Any, Any]] = {}

    def __member__(self, name: str) -> Any:
        value = self.module.__member__(name)
        self.read[name] = (value, self.stands(name, value))
        return self.read[name][1]

    def stands(self, name: str, value: Any) -> Any:
        shadow = self.shadow
        if is_asked_again(value):
            return asked_again(shadow, value)
        before = len(shadow.tensors), len(shadow.holders)
        try:
            found = shadow.of(value)
        except NoPlan:
            found = self
        # what the program can write has to be known when the iteration begins
        if found is self or before != (len(shadow.tensors), len(shadow.holders)):
            raise NoPlan(f"the body uses {self.module.name}.{name}, which no plan knows")
        return found

    def as_read(self) -> bool:
        """Whether all that was read is what it was: a program may set `config.lr = 0.1`."""
        for name, (value, copy) in self.read.items():
            if self.module.__member__(name) is not value or (type(copy) is Imported and not copy.as_read()):
                return False
        return True


LOOPED = "a loop in its body goes over a DataLoader: only that loop can have a plan"
SIZES = frozenset({"batch_size", "drop_last", "num_workers", "num_samples"})  # plain members of loaders and samplers
ROOMS = ("gradsh.engine.ops.program.dataloader", "gradsh.engine.ops.program.datasets")


class Counted(Closed):
    """What stands for a loader, or a data set, of which the body reads how much there is: `len(loader)`,
    `len(loader.dataset)`, `loader.batch_size`.

    kind   its class
    read   what was read, by name; "" is its length
    inner  what stands for its members, by name
    """

    __slots__ = ("inner", "kind", "read", "real")

    def __init__(self, x: Any) -> None:
        super().__init__(LOOPED if hasattr(x, "dataset") else f"the body reaches a {type(x).__name__}")
        self.kind: Any = type(x)
        self.real = x
        self.read: dict[str, Any] = {}
        self.inner: dict[str, Counted] = {}

    @property  # type: ignore[misc]
    def __class__(self) -> Any:
        return self.kind

    def __len__(self) -> int:
        if holders(self.real) is None:
            raise NoPlan(f"what says how long a {self.kind.__name__} is may do more")
        found: int = self.read.setdefault("", len(self.real))
        return found

    def __member__(self, name: str) -> Any:
        if name in SIZES and name in self.kind.__public__:
            return self.read.setdefault(name, getattr(self.real, name))
        own = getattr(self.real, name) if name == "dataset" and name in self.kind.__public__ else None
        if not (is_sized(own) or is_instance(own) or type(own) in (list, tuple)):
            raise NoPlan(self.why)
        return self.inner.setdefault(name, Counted(own))

    def forget(self) -> None:
        """Let go of the program's."""
        self.real = None
        for each in self.inner.values():
            each.forget()

    def check(self, x: Any, there: dict[int, Any]) -> bool:
        """Whether all that was read is the same of another, and the body has nothing that could change it."""
        if type(x) is not self.kind:
            return False
        for name, value in self.read.items():
            if not name:
                made = holders(x)
                if made is None or not there.keys().isdisjoint(made) or len(x) != value:
                    return False
            elif getattr(x, name) != value:
                return False
        return all(inner.check(getattr(x, name), there) for name, inner in self.inner.items())


def is_sized(x: Any) -> bool:
    """Whether it is a loader or a data set of the engine: those of a program may do more than say a number."""
    kind: Any = type(x)
    return kind.__module__ in ROOMS and hasattr(kind, "__len__")


def holders(x: Any) -> list[int] | None:
    """The identities of the lists and objects that say how long a loader or data set is; None where nobody knows."""
    from gradsh.engine.ops.program import samplers
    from gradsh.plans.datasets import made_of  # few loops go over a loader

    while type(x) in (samplers.BatchSampler, samplers.RandomSampler, samplers.SequentialSampler) or is_loader(x):
        if is_loader(x):
            x = x.dataset if x.streams else x.sampler if x.batch_sampler is None else x.batch_sampler
        else:
            x = x.sampler if type(x) is samplers.BatchSampler else x.data_source
    made = made_of(x)
    return None if made is None else [id(each) for each in made if type(each) is not Tensor]


def of_math(x: FunctionType) -> Any:
    """The function of `math` that is called by one of the program's, None where it is no such."""
    raw = getattr(math, x.__name__, None) if x.__module__ == PURE else None
    return raw if any(cell.cell_contents is raw for cell in x.__closure__ or ()) else None


def computing(x: FunctionType, raw: Any) -> Callable[..., Any]:
    """The same for numbers that change; a tensor is to `math` a float."""

    def call(*arguments: Any, **keywords: Any) -> Any:
        given = tuple(
            called(float, (each._scalar(),)) if type(each) is Tensor and each.data.size == 1 else each
            for each in arguments
        )
        if keywords or not any(type(each) is Number for each in given):
            return x(*arguments, **keywords)
        out = called(raw, given)
        return x(*arguments) if out is NotImplemented else out

    return call


# --- what gives another number each time -----------------------------------------------------------------------------


def clock(record: Any, function: Callable[[], Any]) -> Callable[[], Any]:
    """A clock, which is asked in each iteration of a plan too."""

    def now() -> Any:
        out = Number(record, function())
        record.add("number", function, (), out)
        return out

    return now


def drawing(stream: Stream, name: str) -> Callable[..., Any]:
    """A method of a stream of `random`, of numbers."""
    draw = getattr(stream.own, name)

    def drawn(*given: Any) -> Any:
        plain = [each.plain if type(each) is Number else each for each in given]
        if any(type(each) not in (int, float) or abs(each) > LARGE for each in plain):
            raise NoPlan("the body draws random numbers in a way that no plan knows")
        out = Number(stream.record, draw(*plain))
        stream.record.add("number", draw, given, out)
        return out

    return drawn


def is_drawn(step: Step) -> bool:
    """Whether a step of Python's numbers gives another each time."""
    return step.kind == "number" and (is_stream(getattr(step.function, "__self__", None)) or is_timed(step))


def is_timed(step: Step) -> bool:
    return step.kind == "number" and not step.arguments and step.function in CLOCKS


def timed(steps: list[Step], numbers: Iterable[tuple[Number, Any]]) -> set[int]:
    """The identities of numbers that depend on a clock. Errors: NoPlan where one decides, or goes into an array: an
    iteration of a plan may be run again, and then it is later."""
    found = {id(step.out) for step in steps if is_timed(step)}
    size = -1
    while found and len(found) > size:
        size = len(found)
        found |= {id(number) for number, new in numbers if id(new) in found}
        for step in steps:
            own = list_of(step)
            if not found.isdisjoint((id(own), *map(id, step.inputs()))):
                if step.kind != "number":
                    raise NoPlan("what the clock says decides what is done, or goes into a tensor", step)
                found |= {id(step.out)} if own is None else {id(step.out), id(own)}
    return found
