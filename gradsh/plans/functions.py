"""The plan of a call of a function, or of a transform of one.

A plan takes arrays to arrays, so that a call has one only if it does nothing else: what it gives has no graph, nothing
outside of it is written, printed or drawn. What decides inside, as `if x.sum() > 0`, is a guard in the midst of the
plan; where it says otherwise, or anything fails, the call runs as it is written, for nothing has been done yet.
"""

from __future__ import annotations

from contextlib import closing
from types import CodeType
from typing import TYPE_CHECKING, Any

import numpy as np

from gradsh.engine.core.graph import Storage
from gradsh.engine.core.modes import mode
from gradsh.engine.core.tensor import Tensor
from gradsh.plans.body import Apart
from gradsh.plans.builder import Plan
from gradsh.plans.entry import version
from gradsh.plans.given import FunctionCall, TransformCall
from gradsh.plans.left import Head, same
from gradsh.plans.loops import place_of, reason_of
from gradsh.plans.numbers import Number, exact
from gradsh.plans.outs import PLAIN
from gradsh.plans.pure import pure
from gradsh.plans.reach import MISSING, Guards, Reach, plain
from gradsh.plans.recording import Recording
from gradsh.plans.refusal import MISSED, NoPlan, Outcome
from gradsh.plans.shadow import MOST, parts
from gradsh.plans.trust import runs
from gradsh.plans.values import Value

if TYPE_CHECKING:
    from gradsh.reports.plans import PlanShown


class CallPlan:
    """The plan of a call that was recorded.

    attempt(given)   what the call gives, MISSED where it does not reach the like of what was recorded; what it raises
                     means the same
    real(given)      the call as it is written
    tried            whether it has come to the same as another call than the one that was recorded
    shown            the plan as it is read, where `noted`: somebody has asked for that
    """

    other = NoPlan("the plan comes to other digits")

    def __init__(self, call: FunctionCall | TransformCall, binds: bool, longest: int, noted: bool = False) -> None:
        self.tried = False
        self.real = call.real
        notes = None
        if noted:
            from gradsh.plans.noted import Notes

            notes = Notes()
        with closing(Recording(longest, MOST, notes)) as recording, recording as record:
            shadow = Reach(record, binds)
            run = call.copied(shadow)
            head = Head(shadow)
            guards = Guards(shadow)
            call.guard(guards)
            if notes is not None:
                notes.begins({name: shadow.of(x) for name, x in call.named()}, shadow)
            with closing(Apart(shadow, draws=False)) as apart, apart:
                before = mode.passed
                out = run()
                passed = mode.passed if mode.passed is not before else None
        check_effects(shadow, head)
        entries = {id(copy.data.root) for _, copy in shadow.tensors}
        results = Results(shadow, guards, entries)
        given = results.expression(out)
        self.plan: Plan = pure(record, entries, results.outs, results.laid)
        if passed is not None:  # a backward inside, of which errors may tell afterwards
            results.lines.append(f"mode.passed = {guards.constant(passed)}")
        self.attempt = compose(guards, shadow, results, given, runs(self.plan))
        self.shown: PlanShown | None = None
        if notes is not None:
            from gradsh.plans.described import returned

            notes.ends({}, shadow)
            self.shown = returned(self.plan, record, out if type(call) is FunctionCall else MISSING)

    @staticmethod
    def came_to(result: Any, real: Any) -> bool:
        return alike(result, real)


def outcome(code: CodeType, lasti: int, plan: CallPlan) -> Outcome:
    return Outcome(where(code, lasti), plan.shown)


def refusal(code: CodeType, lasti: int, why: Exception) -> Outcome:
    return Outcome(where(code, lasti), None, reason_of(why), place_of(why, code.co_filename))


def where(code: CodeType, lasti: int) -> tuple[CodeType, int]:
    """A function's first line, or where a transform is called."""
    lines = (line for start, end, line in code.co_lines() if start <= lasti < end)
    return code, next(lines, None) or code.co_firstlineno


def check_effects(shadow: Reach, head: Head) -> None:
    """Errors: NoPlan where the call leaves anything else than it found it."""
    if shadow.outs:
        raise NoPlan("the call shows something, or adds to a list")
    for copy, requires, node, storage in head.flags:
        if copy.requires is not requires or copy.node is not node:
            raise NoPlan("a tensor gets a graph, or loses its flag")
        if storage is not None and copy.storage is not storage:
            raise NoPlan("a tensor gets other memory")
        if version(copy) != head.versions[id(copy)]:
            raise NoPlan("the call writes into a tensor")
    if any(copy.data is not was for copy, was in head.data):
        raise NoPlan("the call writes into a tensor")
    if any(copy.gradient is not was for copy, was in head.gradients):
        raise NoPlan("the call leaves a gradient")
    for _, holder, before in head.held:
        after = parts(holder)
        kept = len(after) == len(before) and all(
            a == b and same(x, y) for (a, x), (b, y) in zip(before, after, strict=True)
        )
        if not kept:
            raise NoPlan("a list, a field or a state gets something new")


class Results:
    """What a call gives, as an expression that makes it anew.

    outs     the numbers, and what is in the tensors, that each run of the plan gives; `laid` what is in those that are
             laid out in another way than C has it
    lines    make the tensors
    """

    def __init__(self, shadow: Reach, guards: Guards, entries: set[int]) -> None:
        self.guards, self.entries = guards, entries
        self.given = {id(copy): name for (x, copy) in shadow.tensors for y, name in guards.tensors if x is y}
        self.holders = {id(copy): id(x) for x, copy in shadow.copies.values() if type(copy) in (list, dict)}
        self.fresh: set[int] = set()
        self.made: dict[int, str] = {}
        self.outs: list[Any] = []
        self.laid: list[Value] = []
        self.lines: list[str] = []
        self.storages: set[int] = set()

    def expression(self, x: Any) -> str:
        kind = type(x)
        if kind is Number:
            self.outs.append(x)
            return f"o[{len(self.outs) - 1}]"
        if x is None or kind is bool:
            return str(x)
        if kind in PLAIN or isinstance(x, (type, range)) or kind.__name__ in ("Size", "DType"):
            return self.guards.constant(x)
        if kind is tuple:
            return "(" + "".join(self.expression(each) + "," for each in x) + ")"
        if kind is list or (kind is dict and all(type(key) in PLAIN for key in x)):
            return self.holder(x)
        if kind is Tensor:
            return self.given.get(id(x)) or self.made.get(id(x)) or self.tensor(x)
        raise NoPlan(f"what the call gives is a {kind.__name__}, which no plan knows")

    def holder(self, x: Any) -> str:
        """A list or a dict: the program's own, which it may change afterwards, or one that is made anew."""
        if id(x) in self.holders:
            name = self.guards.seen.get(self.holders[id(x)])
            if name is None:
                raise NoPlan("what the call gives has a list of the program's")
            return name
        if id(x) in self.fresh:
            raise NoPlan("what the call gives has one list in two places")
        self.fresh.add(id(x))
        if type(x) is list:
            return "[" + ",".join(self.expression(each) for each in x) + "]"
        return "{" + ",".join(f"{self.guards.constant(k)}:{self.expression(each)}" for k, each in x.items()) + "}"

    def tensor(self, x: Tensor) -> str:
        if x.node is not None:
            raise NoPlan("what the call gives has a graph")
        if not (x.extra is None or (plain(x.extra) and x.extra.base is None and not x.extra.parameter)):
            raise NoPlan("what the call gives is a view of something else")
        if type(x.data) is not Value:
            raise NoPlan("what the call gives does not come from what it is given")
        root = x.data.root
        if id(root) in self.entries or any(x.data.root is value.root for value in (*self.outs, *self.laid)):
            raise NoPlan("what the call gives shares its memory")
        array = x.data.array
        name = self.made[id(x)] = f"r{len(self.made)}"
        if array.flags.c_contiguous:
            source = f"o[{len(self.outs)}]"
            self.outs.append(x.data)
        elif array.copy("K").strides == array.strides:
            source = f"{self.guards.constant(array)}.copy('K')"
            self.laid.append(x.data)
        else:
            raise NoPlan("what the call gives is a part of something larger")
        gradient = "None" if x.gradient is None else self.expression(x.gradient)
        self.lines += [f"{name} = Tensor()", f"{name}.data = {source}", f"{name}.gradient = {gradient}"]
        self.lines += [f"{name}.requires = {x.requires}", f"{name}.node = {name}.extra = {name}.storage = None"]
        origin = getattr(x, "origin", MISSING)
        if origin is not MISSING:
            self.lines.append(f"{name}.origin = {self.guards.constant(origin)}")
        if x.storage is not None:
            self.storage(name, x.storage)
        return name

    def storage(self, name: str, storage: Storage) -> None:
        if storage.inference or storage.detached is not None or id(storage) in self.storages:
            raise NoPlan("what the call gives shares its memory")
        self.storages.add(id(storage))
        if storage.version:
            writer = self.guards.constant(storage.writer)
            self.guards.names["Storage"] = Storage
            self.lines.append(f"s = {name}.storage = Storage(); s.version = {storage.version}; s.writer = {writer}")


def compose(guards: Guards, shadow: Reach, results: Results, given: str, run: Any) -> Any:
    """The function `attempt(given)`: guards, what is given into the plan's arrays, the plan, and what it gives."""
    names = guards.names
    entered = []
    for x, name in guards.tensors:
        copy = shadow.copies[id(x)][1]
        if id(x) not in shadow.bound:
            target = guards.constant(copy.data.array)
            entered.append(f"copyto({target}, d{name})" if copy.data.array.ndim else f"{target}[()] = d{name}")
    distinct = [*(name for _, name in guards.tensors), *guards.mutable]
    head = [f"if mode.grad is not {mode.grad} or mode.default is not {guards.constant(mode.default)}: return MISSED"]
    if len(distinct) > 1:
        known = ", ".join(f"id({name})" for name in distinct)
        entered.insert(0, f"if len({{{known}}}) != {len(distinct)}: return MISSED")
    ran = ["o = []", "if run(1, (), o)[0] != 1: return MISSED"]
    lines = [*head, *guards.lines, *entered, *ran, *results.lines, f"return {given}"]
    names |= {"mode": mode, "MISSED": MISSED, "run": run, "copyto": np.copyto, "list": list, "dict": dict, "id": id}
    names |= {kind.__name__: kind for kind in (tuple, int, float, complex, str, bytes, range)} | {"len": len}
    names["__builtins__"] = {}
    text = "def attempt(given):\n" + "".join(f" {line}\n" for line in lines)
    exec(compile(text, "<plan>", "exec"), names)
    return names["attempt"]


def alike(a: Any, b: Any) -> bool:
    """Whether two results are the same, to the last bit and to the last thing that a program could ask of them."""
    if a is b:
        return True
    if type(a) is not type(b):
        return False
    if type(a) is Tensor:
        x, y = np.asarray(a.data), np.asarray(b.data)
        if (x is a.data) is not (y is b.data):
            return False
        if b.node is not None or a.requires is not b.requires or version(a) != version(b) or not plain(b.extra):
            return False
        if b.extra is not None and (b.extra.base is not None or b.extra.parameter):
            return False
        if getattr(a, "origin", MISSING) != getattr(b, "origin", MISSING) or not alike(a.gradient, b.gradient):
            return False
        return (x.dtype, x.shape, x.strides) == (y.dtype, y.shape, y.strides) and x.tobytes() == y.tobytes()
    if isinstance(a, (tuple, list)):
        return len(a) == len(b) and all(map(alike, a, b))
    if type(a) is dict:
        return list(a) == list(b) and all(map(alike, a.values(), b.values()))
    return isinstance(a, PLAIN) and exact(a) == exact(b)
