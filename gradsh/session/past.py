"""The past of a session: what each program of it changed, so that it can be undone, done again and looked at.

Each program that runs leaves a `Step`: the contents that it changed, as they were on the other side of it. To undo a
step, or to do it again, is to exchange these with what the objects hold now. What a step has not changed it does not
have; what it may change is looked at before and after (gradsh.session.reach), and memory is compared byte by byte: no
count of writes is trusted, since gradients, optimisers and NumPy's arrays are written without one.

Old values are kept up to a number of bytes. The oldest steps lose theirs first, and are then out of reach.
"""

from __future__ import annotations

import os
import re
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

from gradsh.engine.core.dtypes import NAMES, OF
from gradsh.engine.core.graph import Freed, sequence
from gradsh.engine.core.modes import Context, mode
from gradsh.engine.kernels.random import Generator
from gradsh.engine.printing.format import PrintOptions
from gradsh.interrupts import HELD, held
from gradsh.runtime.namespace import is_builtin
from gradsh.session.contents import (
    MISSING,
    NODE,
    OUTSIDE,
    TENSOR,
    equal_bytes,
    flat,
    known,
)  # fmt: skip
from gradsh.session.reach import ANYTHING, GRADIENTS, LOOKS, Reach, facts, writing
from gradsh.session.steps import MODES, OWN, RANDOM, Aside, Bytes, Change, Names, Step, matters, weights

if TYPE_CHECKING:
    from gradsh.language.places import Program
    from gradsh.session.session import Session

BYTES = 256 << 20
STEPS = 10_000  # of which is known what they read and bound, of a session that may have any number
CONTEXT, STREAM = known(Context), known(Generator)
SETTINGS = [name for name in Context.__slots__ if name not in OUTSIDE]  # in the order of a context's contents
SHOWN = re.compile(r"\._\d*")  # keys of what the prompt has shown, which it hands to the lines that follow
GENERATOR = SETTINGS.index("generator")
MODE_SLOTS = [SETTINGS.index(name) for name in ("grad", "inference", "anomaly", "default", "print_options")]


class Past:
    """What the programs of a session changed. `session.past = Past(session)` begins to note it.

    steps      from the oldest to the newest, those that have been undone at the end
    position   how many of them are done
    place      where a program is paused, for what is run meanwhile, which is a part of its step; else ""
    """

    def __init__(self, session: Session, most: int = BYTES) -> None:
        self.session = session
        self.most = most
        self.steps: list[Step] = []
        self.position = 0
        self.place = ""
        self.kept = 0  # the number of the first step that still has its changes
        self.gone = 0  # how many steps are not in the list any more
        self.spare = 0  # bytes of `held` that were found to be the session's own
        self.apart: Aside | None = None  # steps that were run again in the place of some of `steps`
        self.sink: list[Step] | None = None  # where a step goes that is not the session's next one
        self.label = 0  # of the steps to come
        self.told: Callable[[Program], None] | None = None  # of each program that is about to run
        self.first_default = OF[session.context.default].name
        self._first_stream = session.context.generator and STREAM.read(session.context.generator)
        self._copies: dict[int, tuple[Any, Any]] = {}  # of memory, as it is: id -> (owner, bytes)
        self._names: dict[str, Any] = dict(session.globals)
        self._open: tuple[Step, Reach, tuple[Any, ...], bool] | None = None

    # --- what runs ------------------------------------------------------------------------------------------------

    def run(self, program: Program, work: Callable[[], None]) -> None:
        """Run a compiled program of the session, in its context, by `work`, and note what it changes."""
        if self.place:
            self._while_paused(program, work)
            return
        worked = False
        if self.told is not None:
            self.told(program)
        self._safely(lambda: self.begin(program))
        try:
            work()
            worked = True
        finally:
            HELD.depth += 1  # `held` would raise a stop once more, without its place
            try:
                self._safely(lambda: self.end(worked))
            finally:
                HELD.depth -= 1

    def _while_paused(self, program: Program, work: Callable[[], None]) -> None:
        """Run a program while another is paused; the other's step tells of what may change something."""
        place, changes, before = self.place, True, mode.generator and STREAM.read(mode.generator)

        def look() -> None:
            nonlocal changes
            changes = self._may_change(program)

        self._safely(look)
        try:
            work()
        finally:
            changes = changes or (mode.generator and STREAM.read(mode.generator)) != before
            if changes and self._open is not None:
                self._open[0].paused.append((place, program.source.text.strip()))

    def _may_change(self, program: Program) -> bool:
        """Whether a program that is about to run may bind or write; what it may write to is kept for the open step."""
        space, read = self.session.globals, facts(program.code)
        if writing(program.code, space) == LOOKS:
            return bool(read.stores)
        if self._open is not None:
            step, reach = self._open[:2]
            more = Reach(space, True)
            more.add(space.get(key) for key in read.loads)
            reach.objects = more.objects | reach.objects
            reach.owners |= more.owners
            self._copy(step, reach)
        return True

    def _safely(self, note: Callable[[], None]) -> None:
        """What is noted of a program must never stop it; where it fails, nothing that was noted can be relied on."""
        try:
            note()
        except Exception:
            self.__init__(self.session, self.most)  # type: ignore[misc]  # from the beginning
            if os.environ.get("GRADSH_DEBUG") == "1":
                raise

    def begin(self, program: Program) -> None:
        """A program is about to run, in the session's own context."""
        self._bound_since()
        space = self.session.globals
        step = Step(program.source.name, program.source.text, self.label)
        read = facts(program.code)
        most = writing(program.code, space)
        reach = Reach(space, most > LOOKS)
        before = CONTEXT.read(mode)
        reach.add(CONTEXT.parts(before))
        reach.add((self.session.modules,))
        reach.add(space.get(key) for key in read.loads)
        reads = {
            key
            for key in (*read.loads, *reach.names)
            if SHOWN.fullmatch(key) or not is_builtin(space, key[1:], space.get(key))
        }
        step.looks = most == LOOKS
        if most > LOOKS:
            reads |= {key for key, value in space.items() if key[0] == "." and id(value) in reach.objects}
            if most == GRADIENTS and reach.names:
                most = ANYTHING  # functions of the program that backward may call
            reach.owners = reach.owners if most == ANYTHING else reach.gradients if most == GRADIENTS else {}
            self._copy(step, reach)
        step.reads = frozenset(key[1:] for key in reads)
        if "_" in step.reads:
            step.last_shown = space.get("._")
        self._names = dict(space)
        step.first = sequence()
        self._open = (step, reach, before, ".manual_seed" in read.loads)

    def _copy(self, step: Step, reach: Reach) -> None:
        """Keep what memory holds that is about to be written to, unless that is too much."""
        copies = self._copies
        new = [whole for number, whole in reach.owners.items() if number not in copies]
        wanted = sum(whole.nbytes for whole in new)
        if wanted + sum(copies[number][1].nbytes for number in reach.owners if number in copies) > self.most:
            step.large = sum(whole.nbytes for whole in reach.owners.values())
            return
        try:
            for whole in new:
                copies[id(whole)] = (whole, flat(whole).copy())
        except MemoryError:
            copies.clear()
            step.large = wanted

    def end(self, worked: bool) -> None:
        """The program has ended."""
        if self._open is None:  # it was interrupted before it could begin
            return
        step, reach, before, seeded = self._open
        self._open = None
        step.last = sequence()
        step.worked = worked
        changes: list[Change | Bytes | Names] = []
        told: set[int] = set()  # of what somebody would miss
        for number, (x, kept, contents) in reach.objects.items():
            now = kept.read(x)
            if not kept.same(contents, now):
                if kept is NODE and now[0].__class__ is Freed:
                    contents = (now[0], *contents[1:])  # its lines can make it again, so it need not be held
                changes.append(Change(x, kept, contents))
                if matters(x, kept, contents, now):
                    told.add(number)
        for number, whole in () if step.large else reach.owners.items():
            copied = self._copies.get(number)
            if copied is not None and not equal_bytes(flat(whole), copied[1]):
                changes.append(Bytes(whole, copied[1]))
                del self._copies[number]
                told.add(number)
        now = CONTEXT.read(mode)
        if not CONTEXT.same(before, now):
            changes.append(Change(self.session.context, CONTEXT, before))
        drew = self._drawn(step, changes, before, seeded)
        step.changes = changes
        self._bind(step, drew)
        written = set(self._reaching(told, reach, changes)) if told else set()
        if drew and RANDOM in step.reads:
            written.add(RANDOM)
        if any(before[at] is not now[at] for at in MODE_SLOTS) or any(
            change.object.__class__ is PrintOptions for change in changes
        ):
            written.add(MODES)
        step.writes = frozenset(written)
        step.looks = step.looks and not step.counts
        self._weigh(step)
        self._note(step)

    def _drawn(self, step: Step, changes: list[Change | Bytes | Names], before: tuple[Any, ...], seeded: bool) -> bool:
        """Whether the random stream has moved on. A stream that the program began goes back to its seed."""
        after = mode.generator
        if after is None:
            return False
        moved = any(change.object is after for change in changes)
        if before[GENERATOR] is None:
            changes.append(Change(after, STREAM, (after.initial_seed(), None, None)))
            for change in changes:
                if isinstance(change, Change) and change.object is self.session.context:
                    change.other = (*before[:GENERATOR], after, *before[GENERATOR + 1 :])
            moved = True
        if moved and not seeded:
            step.reads |= {RANDOM}
        return moved

    def _bind(self, step: Step, drew: bool) -> None:
        """Note which names are bound to other values than before."""
        other = self._rebound()
        space = self.session.globals
        step.binds = frozenset(
            key[1:] for key, value in other.items()
            if not is_builtin(space, key[1:], space.get(key, MISSING)) or value is not MISSING
        )  # fmt: skip
        if drew and RANDOM not in step.reads:
            step.binds |= {RANDOM}
        if other:
            assert step.changes is not None
            step.changes.append(Names(space, other))

    def _rebound(self) -> dict[str, Any]:
        """{key: what it was bound to} of all names that have another value than when that was last asked."""
        space, before = self.session.globals, self._names
        other = {key: before.get(key, MISSING) for key, value in space.items() if before.get(key, MISSING) is not value}
        if len(space) - len(before) != sum(value is MISSING for value in other.values()):
            other |= {key: value for key, value in before.items() if key not in space}
        self._names = dict(space)
        return {key: value for key, value in other.items() if key[0] == "."}

    def _bound_since(self) -> None:
        """What was bound since the last program, by the prompt itself, belongs to that program's step."""
        other = {key: value for key, value in self._rebound().items() if not SHOWN.fullmatch(key)}
        steps = self.steps[: self.position] if self.apart is None else self.apart.steps
        if other and steps and steps[-1].changes is not None:
            steps[-1].changes.append(Names(self.session.globals, other))

    def _reaching(self, told: set[int], run: Reach, changes: list[Change | Bytes | Names]) -> Iterator[str]:
        """The names whose values have something to do with what was changed.

        Views of what was written that the program itself did not come to learn of it when they are next looked at, by
        whomever: what they are until then is kept too.
        """
        space = self.session.globals
        had = {id(change.object) for change in changes}
        for key, value in space.items():
            if key[0] != "." or is_builtin(space, key[1:], value):
                continue
            reach = Reach(space, False)
            reach.add((value,))
            if told.isdisjoint(reach.objects) and told.isdisjoint(reach.owners):
                continue
            yield key[1:]
            for x, kept, contents in reach.objects.values():
                if kept is TENSOR and id(contents[4]) in told:
                    for each in (x, x.extra):
                        if each is not None and id(each) not in had:
                            had.add(id(each))
                            here = run.objects.get(id(each)) or (each, known(each.__class__), None)
                            before = here[2] if here[2] is not None else here[1].read(each)
                            changes.append(Change(each, here[1], before))

    def _note(self, step: Step) -> None:
        if self.sink is not None:
            self.sink.append(step)
            return
        self.settle()
        del self.steps[self.position :]
        self.steps.append(step)
        self.position += 1
        self._trim()

    def reset(self) -> None:
        """Everything as in a session that has just begun, as a step that can be undone."""
        self.change(":reset", self.begin_anew)

    def change(self, text: str, act: Callable[[], None]) -> None:
        """Let `act` bind and unbind names, and set what the session has besides, as a step. `text` says what it is: it
        is no program, and nothing that there was may be written to."""
        self._bound_since()
        session, space = self.session, self.session.globals
        step = Step(f"<{text}>", text, self.label)
        before, modules, names = CONTEXT.read(session.context), dict(session.modules), set(session.bound())
        session.past = None
        try:
            act()
            step.worked = True
        finally:
            session.past = self
            step.program = False
            step.changes = [
                Change(session.context, CONTEXT, before),
                Change(session.modules, known(dict), (tuple(modules), tuple(modules.values()))),
                Names(space, self._rebound()),
            ]
            step.binds = frozenset(names | set(session.bound()) | {RANDOM, MODES})
            self._weigh(step)
            self._note(step)

    def begin_anew(self) -> None:
        session, fresh = self.session, Context()
        with held():
            for name in session.bound():
                session.globals["@unbind"](name)
            session.modules.clear()
            for name in SETTINGS:
                setattr(session.context, name, getattr(fresh, name))
            session.context.default = NAMES[self.first_default].np
            if self._first_stream is not None:
                session.context.generator = Generator()
                STREAM.write(session.context.generator, self._first_stream)

    # --- how much is kept -----------------------------------------------------------------------------------------

    def _weigh(self, step: Step) -> None:
        assert step.changes is not None
        step.size = OWN
        values: list[Any] = []
        for change in step.changes:
            if isinstance(change, Bytes):
                step.size += change.other.nbytes
            else:
                values += change.values()
        if values:
            step.held = weights(values, self.session.globals)

    def _trim(self) -> None:
        """Drop what the oldest steps have kept, as far as it is too much."""
        if len(self.steps) > STEPS:
            many = len(self.steps) - STEPS + STEPS // 10
            del self.steps[:many]
            self.gone += many
            self.position -= many
            self.kept = max(0, self.kept - many)
        for number in range(len(self.steps) - 1, self.kept - 1, -1):
            if self.steps[number].large:  # nobody knows what it changed
                self._drop(number + 1)
                break
        if self.used(exact=False) - self.spare > self.most:
            while self.kept < self.position and self.used() > self.most:
                self._drop(self.kept + 1)

    def _drop(self, before: int) -> None:
        for step in self.steps[self.kept : before]:
            step.changes = None
            step.held = {}
            step.size = 0
        self.kept = before

    def used(self, exact: bool = True) -> int:
        """About how many bytes are kept for steps; `exact`: without what the session has anyway."""
        kept = self.steps[self.kept :]
        copies = sum(int(copy.nbytes) for _, copy in self._copies.values())
        size = sum(step.size for step in kept) + copies
        if copies and size > self.most:  # these can be made again
            self._copies.clear()
            size -= copies
        if not exact:
            return size + sum(sum(step.held.values()) for step in kept)
        alive = weights(self.session.globals.values(), self.session.globals)
        once: dict[int, int] = {}
        for step in kept:
            once |= step.held
        total = sum(nbytes for number, nbytes in once.items() if number not in alive)
        self.spare = sum(sum(step.held.values()) for step in kept) - total
        return size + total

    # --- there and back -------------------------------------------------------------------------------------------

    def undo(self) -> Step:
        """Undo the last step that is done. Errors: IndexError where there is none that can be."""
        with held():
            self.unwind()
            if self.position <= self.kept:
                raise IndexError("nothing is kept of what was before")
            step = self.steps[self.position - 1]
            self._bound_since()
            step.swap(True)
            self.position -= 1
            self.moved()
            return step

    def redo(self) -> Step:
        """Do the next step again that was undone. Errors: IndexError where there is none."""
        with held():
            self.unwind()
            if self.position >= len(self.steps):
                raise IndexError("nothing has been undone")
            step = self.steps[self.position]
            step.swap(False)
            self.position += 1
            self.moved()
            return step

    def go(self, position: int) -> None:
        """Undo or do again until that many steps are done."""
        while self.position > position:
            self.undo()
        while self.position < position:
            self.redo()

    def moved(self) -> None:
        """Other values are there now than the copies were made of."""
        self._copies.clear()
        self._names = dict(self.session.globals)

    @property
    def drawn_before(self) -> bool:
        """Had numbers been drawn from the random stream before the first step?"""
        return self._first_stream is not None and self._first_stream[2] is not None

    def done(self) -> list[Step]:
        """The steps that made what there is now."""
        if self.apart is None:
            return self.steps[: self.position]
        return [*self.steps[: self.apart.start], *self.apart.steps]

    def unwind(self) -> None:
        """Put the steps back in the place of which others were run again."""
        if self.apart is not None:
            self._bound_since()
            apart, self.apart = self.apart, None
            for step in reversed(apart.steps):
                step.swap(True)
            for step in self.steps[apart.start : self.position]:
                step.swap(False)
            self.moved()

    def wind(self, aside: Aside | None) -> None:
        """Take steps that were run again once more in the place of those for which they stood."""
        if aside is not None:
            for step in reversed(self.steps[aside.start : self.position]):
                step.swap(True)
            for step in aside.steps:
                step.swap(False)
            self.apart = aside
            self.moved()

    @contextmanager
    def at(self, position: int) -> Iterator[None]:
        """`with past.at(3):` the session is as it was when three steps were done; it comes back afterwards."""
        here, aside = self.position, self.apart
        try:
            self.go(position)
            yield
        finally:
            with held():
                self.go(here)
                self.wind(aside)

    def settle(self) -> None:
        """What was run again is now what happened."""
        if self.apart is not None:
            self.steps[self.apart.start : self.position] = self.apart.steps
            self.position = self.apart.start + len(self.apart.steps)
            self.apart = None
