"""The body of a loop, run on a shadow of what it reaches."""

from __future__ import annotations

import dis
import operator
from collections.abc import Set
from contextlib import closing
from types import CodeType, FunctionType
from typing import TYPE_CHECKING, Any

from gradsh.engine.core.modes import mode
from gradsh.engine.core.tensor import Tensor
from gradsh.plans.codes import check_code, instructions, names_of, read_at
from gradsh.plans.draws import state_of
from gradsh.plans.kinds import is_generator
from gradsh.plans.left import Absent, Head
from gradsh.plans.numbers import KINDS, Number, called
from gradsh.plans.periods import period_of
from gradsh.plans.recording import Recording
from gradsh.plans.refusal import UNSEEN, Changed, NoPlan, Unseen
from gradsh.plans.shadow import Shadow, helper_words
from gradsh.plans.trial import Trial, check_mode
from gradsh.plans.values import Record

if TYPE_CHECKING:
    from gradsh.plans.ahead import Source
    from gradsh.plans.items import Inputs

MISSING = object()
AGAIN = 6  # recordings, each of which knows more numbers that change


class Body:
    """What is known of a loop when a plan of it is made.

    body    the function of `names`, of which the first is the loop's own variable; it binds those of `rebound`
    values  what the names of both are bound to, MISSING where they are not
    item    the loop's next item, or those of a turn of `period` iterations (periods.py); `step` what is added for
            the one that follows, None where that is not known
    source  what there is ahead of the loop, where that is known and no more than adding `step`
    """

    def __init__(
        self,
        body: FunctionType,
        names: tuple[str, ...],
        rebound: tuple[str, ...],
        values: dict[str, Any],
        item: Any,
        step: Any,
        source: Source | None = None,
        period: int = 1,
    ) -> None:
        self.body, self.names, self.rebound, self.values = body, names, rebound, values
        self.item, self.step, self.source, self.period = item, step, source, period


def tried(loop: Body, moving: set[Any], noted: bool = False) -> Trial:
    """The body, run on a shadow of what it reaches. Errors: NoPlan, or whatever the body raises there.

    `moving`: what is known to be a number that changes; `noted`: whether somebody wants to read the plan.
    """
    code = loop.body.__code__
    for name in sorted(names_of(code)):
        if name.startswith("@command") and name != "@command.print":
            raise NoPlan(helper_words(name), place=read_at(code, name))
    check_code(code)
    if loop.body.__closure__:
        raise NoPlan("the body reads what another function binds")
    check_mode()
    moving = {key for key in moving if type(key) is not str or type(loop.values.get(key)) in KINDS}
    growing: set[int] = set()
    found = Changed(moving, growing)
    for _ in range(AGAIN):
        try:
            return recorded(loop, found, noted)
        except NoPlan as why:
            if str(why) == UNSEEN and found.why is not None:
                raise found.why from None
            raise
        except Changed as more:
            moving |= more.moving
            growing |= more.growing
            found.shared = found.shared or more.shared
            found.unseen |= more.unseen
            found.why = found.why or more.why
            if loop.source is not None and growing & loop.source.lists():
                raise NoPlan("the list that the loop goes over is changed") from None
    raise NoPlan("more and more changes from one iteration to the next")


def recorded(loop: Body, found: Changed, noted: bool) -> Trial:
    """One recording, with what those before have `found`. Errors: Changed too."""
    code = loop.body.__code__
    notes = None
    if noted:
        from gradsh.plans.noted import Notes

        notes = Notes()
    with closing(Recording(notes=notes)) as recording, recording as record:
        shadow = Shadow(record, found)
        space = shadow.space(loop.body.__globals__, code)
        rebound = {name for each in instructions(code) for does, name in on_locals(each) if does == "STORE"}
        given: dict[str, Any] = {}
        reads = read_first(code, loop.names)
        unseen = {*reads} - {*read_first(code, loop.names, handed_over(code))} - {*code.co_cellvars}
        inputs = None
        if loop.source is not None and loop.names[0] in reads:
            from gradsh.plans.items import Inputs  # most loops go over a range

            inputs = Inputs(record, loop.item)
        for at, name in enumerate(loop.names):
            if name in reads and (at or inputs is None):
                if name in unseen and at and not found.shared:
                    given[name] = Unseen()
                    continue
                given[name] = loop_variable(loop, record) if not at else bound(shadow, loop, name, name in rebound)
        head = Head(shadow)
        if notes is not None:
            notes.begins(given, shadow)
        shadow_body = FunctionType(code, space, code.co_name)
        arguments = [given.get(name) for name in loop.names]
        try:
            with closing(Apart(shadow)) as apart, apart:
                came = turned(shadow_body, arguments, loop, inputs)
        except NoPlan as why:
            about(why, record, shadow, loop)
            raise
        if inputs is not None:
            inputs.check(loop.item, shadow, code)
        after = dict(zip(loop.names, came, strict=True))
        if notes is not None:
            notes.ends(after, shadow, None if inputs is None else inputs.place)
        if loop.names[0] in given:
            after[loop.names[0]] = called(operator.add, (given[loop.names[0]], loop.step * loop.period))
        for name in sorted(rebound & shadow.named):
            if type(after[name]) is Tensor and after[name] is given.get(name) and bound_in_place(code, name):
                continue  # to what it was
            words = f"{name.lstrip('.')} is bound in the body, and read by a function that it calls"
            raise NoPlan(words, place=read_at(code, name, "STORE"))
        try:
            return Trial(shadow, head, given, after, loop.step, inputs, loop.period)
        except NoPlan as why:
            about(why, record, shadow, loop)
            raise
        except Changed as more:
            if more.why is not None:
                about(more.why, record, shadow, loop)
            raise


def about(why: NoPlan, record: Record, shadow: Shadow, loop: Body) -> None:
    """What a recording says of why there is no plan."""
    why.period, code = period_of(record, loop.period), loop.body.__code__
    if record.notes is not None and why.place is None:
        from gradsh.plans.places import place_of  # most plans nobody reads

        why.place = place_of(why, record, shadow, code)


def turned(body: FunctionType, arguments: list[Any], loop: Body, inputs: Inputs | None) -> Any:
    """What names are bound to after the iterations of one turn."""
    number = arguments[0]
    for at in range(loop.period):
        if inputs is not None:
            arguments[0] = inputs.item if loop.period == 1 else inputs.item[at]
        elif number is not None:
            arguments[0] = called(operator.add, (number, loop.step * at)) if at else number
        before = NoPlan.raised
        came = body(*arguments)
        if NoPlan.raised > before:  # by a `finally` that leaves, or a block that lets errors be
            raise NoPlan("it catches an error")
        if came is None:
            raise NoPlan("the loop ends in the iteration that was to be recorded")
        arguments = list(came)
    return arguments


def loop_variable(loop: Body, record: Any) -> Number:
    if loop.step is None or type(loop.item) is not int:
        raise NoPlan("what the loop goes over may do something for each item")
    return Number(record, loop.item)


def bound(shadow: Shadow, loop: Body, name: str, rebound: bool) -> Any:
    """The copy of what a name is bound to."""
    value = loop.values[name]
    if name in shadow.moving:
        return Number(shadow.record, value)
    kept = dict(shadow.copies), dict(shadow.roots), len(shadow.tensors), len(shadow.holders)
    try:
        if value is MISSING:
            raise NoPlan(f"{name.lstrip('.')} is not bound where the body begins")
        return shadow.of(value)
    except NoPlan as why:
        if not rebound:
            why.place = why.place or read_at(loop.body.__code__, name)
            raise
        shadow.copies, shadow.roots = kept[:2]
        del shadow.tensors[kept[2] :], shadow.holders[kept[3] :]
        return Absent(str(why))


def bound_in_place(code: CodeType, name: str) -> bool:
    """Whether the code binds it by `w -= …` alone."""
    steps = instructions(code)
    stores = [at for at, each in enumerate(steps) if ("STORE", name) in on_locals(each)]
    return all(steps[at - 1].opname == "BINARY_OP" and steps[at - 1].argrepr.endswith("=") for at in stores)


def on_locals(instruction: dis.Instruction) -> list[tuple[str, str]]:
    """What an instruction does to names of the function: STORE, LOAD or DELETE, and of which; some do two things."""
    if instruction.opname == "LOAD_CLOSURE":  # for a function inside, or a comprehension
        return [("LOAD", instruction.argval)]
    if instruction.opname.endswith("_DEREF"):
        return [(instruction.opname.partition("_")[0], instruction.argval)]
    if "_FAST" not in instruction.opname:
        return []
    given = instruction.argval if type(instruction.argval) is tuple else (instruction.argval,)
    return list(zip(instruction.opname.replace("_FAST", "").split("_"), given, strict=False))


JUMPS = frozenset({*dis.hasjrel, *dis.hasjabs})
ALWAYS = frozenset({"JUMP_FORWARD", "JUMP_BACKWARD", "JUMP_BACKWARD_NO_INTERRUPT", "JUMP_ABSOLUTE"})
ENDS = frozenset({"RETURN_VALUE", "RETURN_CONST", "RERAISE", "RAISE_VARARGS"})


def handed_over(code: CodeType) -> set[int]:
    """Where names are read to be given to the next iteration alone: in `return (None, .x, .y)`, of which a body has one
    at each end, and no other (language/copies.py)."""
    steps = instructions(code)
    found: set[int] = set()
    for at, each in enumerate(steps):
        if each.opname == "RETURN_VALUE" and at and steps[at - 1].opname == "BUILD_TUPLE":
            left, at = steps[at - 1].arg or 0, at - 2
            while left > 0 and (loaded := [does for does, _ in on_locals(steps[at])]) and {*loaded} == {"LOAD"}:
                found.add(at)
                left, at = left - len(loaded), at - 1
    return found


def read_first(code: CodeType, names: tuple[str, ...], but: Set[int] = frozenset()) -> list[str]:
    """The names that the code may read before it binds them, on any way through it that raises nothing, `but` where
    that does not count."""
    steps = instructions(code)
    places = {instruction.offset: at for at, instruction in enumerate(steps)}
    bound: dict[int, frozenset[str]] = {}  # on every way to there
    read: set[str] = set()
    ahead: list[tuple[int, frozenset[str]]] = [(0, frozenset())]
    while ahead:
        at, now = ahead.pop()
        if at in bound:
            now &= bound[at]
            if now == bound[at]:
                continue
        bound[at] = now
        instruction = steps[at]
        for does, name in on_locals(instruction):
            if does == "STORE":
                now |= {name}
            elif at not in but:
                read |= {name} - now
                now -= {name} if does == "DELETE" else set()
        if instruction.opcode in JUMPS:
            ahead.append((places[instruction.argval], now))
        if instruction.opname not in ALWAYS and instruction.opname not in ENDS and at + 1 < len(steps):
            ahead.append((at + 1, now))
    return [name for name in names if name in read]


class Apart:
    """`with closing(Apart(shadow)) as apart, apart:` what runs changes no mode, says nothing and draws from a stream of
    its own. `closing` as of a Recording.

    `draws`: whether it may draw random numbers.
    """

    def __init__(self, shadow: Shadow, draws: bool = True) -> None:
        self.shadow, self.draws = shadow, draws
        self.before: dict[str, Any] = {}

    def __enter__(self) -> None:
        self.before = {name: getattr(mode, name) for name in type(mode).__slots__ if hasattr(mode, name)}
        mode.host = mode.training = mode.notes = None
        mode.warn_sink = silent
        if is_generator(mode.generator):
            mode.generator = self.shadow.stream(mode.generator)
        mode.planner = None
        mode.warned = set(mode.warned)  # what is said once is still to be said

    def __exit__(self, kind: Any, *_: object) -> None:
        changed = [name for name in ("grad", "default", "interpreter") if getattr(mode, name) is not self.before[name]]
        self.close()
        for each in self.shadow.streams:
            each[1].ended = state_of(each[1].own)
        if kind is None and self.shadow.drawn and not self.draws:
            raise NoPlan("the body draws random numbers")
        if kind is None and changed:
            raise NoPlan("the body changes a mode")

    def close(self) -> None:
        for name, value in self.before.items():
            setattr(mode, name, value)


def silent(message: str, *_: object) -> None:
    raise NoPlan("the body warns")
