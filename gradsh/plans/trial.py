"""A loop's body run on a shadow of what it reaches, and the plan of what it did."""

from __future__ import annotations

import dis
from collections.abc import Callable
from types import CodeType, FunctionType
from typing import Any

import numpy as np

from gradsh.engine.core.modes import mode
from gradsh.engine.core.tensor import Tensor
from gradsh.plans.builder import Plan, build
from gradsh.plans.refusal import NoPlan
from gradsh.plans.runner import compiled
from gradsh.plans.shadow import Shadow, check_code, held, helper_words, names_of, slots
from gradsh.plans.values import Recording, Value

PLAIN = (type(None), bool, int, float, complex, str, bytes)
MISSING = object()


def recorded(body: FunctionType, given_names: tuple[str, ...], frame: Any) -> Trial:
    """The body, run on a shadow of what it reaches."""
    names = {name: frame.f_locals.get(name, frame.f_globals.get(name, MISSING)) for name in given_names}
    code = body.__code__
    for name in sorted(names_of(code)):
        if name.startswith("@command"):
            raise NoPlan(helper_words(name))
    check_code(code)
    if body.__closure__:
        raise NoPlan("the body reads what another function binds")
    reads = read_first(code, given_names)
    if given_names[0] in reads:
        raise NoPlan(f"the body reads {given_names[0].lstrip('.')}, which is another in each iteration")
    check_mode()
    with Recording() as record:
        shadow = Shadow(record)
        space = shadow.space(body.__globals__, code)
        given = {}
        for name in reads:
            if names[name] is MISSING:
                raise NoPlan(f"{name.lstrip('.')} is not bound where the body begins")
            given[name] = shadow.of(names[name])
        head = Head(shadow)
        shadow_body = FunctionType(code, space, code.co_name)
        with Apart():
            ended = dict(zip(given_names, shadow_body(*[given.get(name) for name in given_names]), strict=True))
    rebound = {each.argval for each in dis.get_instructions(code) if each.opname == "STORE_FAST"}
    for name in sorted(rebound & shadow.named):
        raise NoPlan(f"{name.lstrip('.')} is bound in the body, and read by a function that it calls")
    for name in reads:
        if not same(ended[name], given[name]):
            raise NoPlan(f"{name.lstrip('.')} goes from one iteration to the next")
    return Trial(shadow, head)


def read_first(code: CodeType, names: tuple[str, ...]) -> list[str]:
    """The names that the code may read before it binds them: all but those whose first mention binds them for sure."""
    bound: set[str] = set()
    read: set[str] = set()
    straight = True
    for instruction in dis.get_instructions(code):
        name = instruction.argval
        if "JUMP" in instruction.opname or instruction.opname in ("FOR_ITER", "SETUP_FINALLY", "SEND"):
            straight = False
        elif instruction.opname == "STORE_FAST" and straight and name not in read:
            bound.add(name)
        elif (
            instruction.opname.startswith("LOAD_FAST")
            and name not in bound
            and instruction.opname != "LOAD_FAST_AND_CLEAR"
        ):
            read.add(name)
        elif instruction.opname.endswith("_FAST") and name not in bound:
            read.add(name)  # a store behind a jump, a deletion
        elif instruction.opname in ("RETURN_VALUE", "BUILD_TUPLE"):
            continue
    return [name for name in names if name in read]


def check_mode() -> None:
    """Errors: NoPlan where somebody looks at what the engine does."""
    watched = (mode.interpreter, mode.notes, mode.profile, mode.training, mode.saving, mode.walk, mode.forward)
    if any(each is not None for each in watched) or mode.anomaly is not None or mode.transforms or mode.inference:
        raise NoPlan("somebody looks at what the loop does")
    if mode.reformed or mode.where is not None or mode.written is not None:
        raise NoPlan("somebody looks at what the loop does")


class Apart:
    """`with Apart():` what runs changes no mode, says nothing and draws no random numbers."""

    def __enter__(self) -> None:
        self.before = {name: getattr(mode, name) for name in type(mode).__slots__ if hasattr(mode, name)}
        mode.host = None
        mode.warn_sink = silent
        mode.generator = Undrawn()

    def __exit__(self, kind: Any, *_: object) -> None:
        changed = [name for name in ("grad", "default", "interpreter") if getattr(mode, name) is not self.before[name]]
        for name, value in self.before.items():
            setattr(mode, name, value)
        if kind is None and changed:
            raise NoPlan("the body changes a mode")


class Undrawn:
    """The random stream while a body is recorded."""

    def __getattr__(self, name: str) -> Any:
        raise NoPlan("the body draws random numbers")


def silent(message: str, *_: object) -> None:
    raise NoPlan("the body warns")


class Head:
    """What a shadow was at the head of the iteration."""

    def __init__(self, shadow: Shadow) -> None:
        self.data = [(copy, copy.data) for _, copy in shadow.tensors]
        self.first = {id(copy): copy.data for _, copy in shadow.tensors}
        self.gradients = [(copy, copy.gradient) for _, copy in shadow.tensors]
        self.flags = [(copy, copy.requires, copy.node, copy.storage) for _, copy in shadow.tensors]
        self.versions = {id(copy): version(copy) for _, copy in shadow.tensors}
        self.held = [(copy, contents(copy)) for _, copy in shadow.holders]


class Trial:
    """A shadow whose body has run once, and the plan of it."""

    def __init__(self, shadow: Shadow, head: Head) -> None:
        self.shadow, self.head = shadow, head
        self.plan: Plan | None = None
        self.runs: Callable[[int], None] | None = None
        self.gone = self.checked()
        self.steps = {id(copy): version(copy) - head.versions[id(copy)] for _, copy in shadow.tensors}
        # the last write's `data` is what a tensor has; in the plan it is carried into what it had
        self.carried = [(was, copy.data) for copy, was in head.data if copy.data is not was]
        if any(type(new) is not Value or new.shape != was.shape or new.dtype != was.dtype for was, new in self.carried):
            raise NoPlan("a tensor becomes another in shape or dtype")

    def checked(self) -> list[Value]:
        """What the next iteration does not have. Errors: NoPlan where it would not begin as this one did."""
        head = self.head
        for copy, requires, node, storage in head.flags:
            if copy.requires is not requires or copy.node is not node:
                raise NoPlan("a tensor gets a graph, or loses its flag")
            if storage is not None and copy.storage is not storage:
                raise NoPlan("a tensor gets other memory")
        for holder, held_before in head.held:
            if not all_same(contents(holder), held_before):
                raise NoPlan("a list, a field or a state gets something new")
        gone: list[Value] = []
        for copy, before in head.gradients:
            after = copy.gradient
            if (before is None) != (after is None):
                raise NoPlan("a gradient is there at the end of an iteration, and not at its head")
            if after is not before:
                if after is None or after.node is not None or after.requires:
                    raise NoPlan("a gradient has a graph of its own")
                gone.append(head.first[id(before)])
        return gone

    def begin(self) -> None:
        """Build the plan, and run it once."""
        entries = [was for _, was in self.head.data]
        self.plan = build(self.shadow.record, entries, self.carried, self.gone)
        self.runs = compiled(self.plan)
        for was, new in self.carried:
            was.array[...] = new.array
        for copy, was in self.head.data:
            copy.data = was
        self.run(1)

    def run(self, count: int) -> None:
        assert self.runs is not None
        with np.errstate(all="ignore"):
            self.runs(count)

    def compare(self) -> None:
        """Errors: NoPlan where a tensor of the program is not, bit for bit, what its shadow is."""
        for real, copy in self.shadow.tensors:
            if id(copy) in self.replaced():
                continue
            mine, theirs = np.asarray(real.data), copy.data.array
            if mine.dtype != theirs.dtype or mine.shape != theirs.shape or mine.tobytes() != theirs.tobytes():
                raise NoPlan("the plan comes to other digits")
            if self.plan is None and version(real) - version(copy):
                raise NoPlan("the plan comes to another version")

    def replaced(self) -> set[int]:
        """The gradients that an iteration drops: what they were is not what is there now."""
        gone = {id(value) for value in self.gone}
        return {copy for copy, first in self.head.first.items() if id(first) in gone}

    def commit(self, count: int) -> None:
        """Give the program's tensors what the plan has come to in so many iterations."""
        assert self.plan is not None
        if not count:
            return
        written = {id(value) for value in self.plan.written}
        rebound = {id(was) for was, _ in self.carried}
        dropped = self.replaced()
        for real, copy in self.shadow.tensors:
            if id(copy) in dropped or id(copy.data.root) not in written:
                continue
            array = copy.data.array
            if not array.ndim:
                real.data = array[()]
            elif id(copy.data) in rebound:
                real.data = array.copy()  # in memory of its own, as each `.data =` gives it
            else:
                real.data[...] = array
        moved: set[int] = set()
        for real, copy in self.shadow.tensors:
            if id(copy) not in dropped and real.storage is not None and id(real.storage) not in moved:
                moved.add(id(real.storage))
                real.storage.version += self.steps[id(copy)] * count


def version(x: Tensor) -> int:
    return 0 if x.storage is None else x.storage.version


def contents(x: Any) -> list[Any]:
    """What a holder holds, in an order of its own."""
    kind = type(x)
    if kind is list:
        return list(x)
    if isinstance(x, dict):
        return [each for pair in x.items() for each in pair]
    if kind.__name__ == "cell":
        return [x.cell_contents] if held(x) else []
    return [getattr(x, name) for name in slots(x) if name not in ("scratch", "seen", "known", "factors")]


def same(a: Any, b: Any) -> bool:
    """Whether it is the same object, or the same number or text."""
    if a is b:
        return True
    if type(a) is tuple and type(b) is tuple:
        return all_same(list(a), list(b))
    return type(a) is type(b) and isinstance(a, PLAIN) and repr(a) == repr(b)


def all_same(a: list[Any], b: list[Any]) -> bool:
    return len(a) == len(b) and all(map(same, a, b))
