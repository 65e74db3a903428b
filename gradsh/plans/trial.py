"""The plan of what a loop's body did on a shadow of what it reaches, and what it gives the program."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable
from contextlib import suppress
from types import FunctionType
from typing import TYPE_CHECKING, Any

import numpy as np

from gradsh.engine.core.dtypes import DType
from gradsh.engine.core.modes import mode
from gradsh.engine.core.tensor import TensorExtra
from gradsh.engine.core.users import is_users
from gradsh.plans.builder import Plan, build
from gradsh.plans.draws import put_state, state_of
from gradsh.plans.entry import Entry, version
from gradsh.plans.graphs import marker
from gradsh.plans.kinds import is_generator
from gradsh.plans.left import Absent, Head, Left
from gradsh.plans.numbers import Number, exact
from gradsh.plans.outs import (
    PLAIN,
    Growing,
    equal,
    give,
    parts_at_end,
    rebuilt,
    same_digits,
    same_sight,
    sights,
)
from gradsh.plans.outside import Counted, timed
from gradsh.plans.periods import period_of
from gradsh.plans.refusal import Changed, NoPlan, Unseen
from gradsh.plans.shadow import (
    Shadow,
    base_of,
    put_part,
)
from gradsh.plans.trust import machine, runs
from gradsh.plans.values import Value

if TYPE_CHECKING:
    from gradsh.plans.ahead import Source
    from gradsh.plans.body import Body
    from gradsh.plans.items import Inputs
    from gradsh.plans.route import Route
    from gradsh.reports.plans import PlanShown

MANY = 1 << 14  # bytes
OFTEN = 10  # entries by which a way is looked for that the next ones may go: it takes as long as eight of them save


class Trial:
    """A shadow whose body has run once, and the plan of it.

    given     what the names were bound to that the body reads first; `after` what all are bound to at its end
    renamed   {the identity of a tensor: the one that is at the end wherever that was}
    numbers   (number, what it is at the end)
    inputs    what stands for the loop's item, where that is more than a number that grows
    turn      how many iterations are run before somebody may want a stop, as far as is known of the run before
    route     the way of an entry, where it is entered again and again
    slots     {the identity of a number: where it is held: (holder, key)}, for those that have no name
    replaces  whether something is done to a tensor that another takes the place of: it must be the loop's own
    tail      how many whole iterations are real before one that may end in the middle
    shown     the plan as it is read, where somebody has asked for that
    period    how many iterations one of it is
    timed     the identities of numbers that are what a clock says: nobody knows what they are without the plan
    """

    def __init__(
        self,
        shadow: Shadow,
        head: Head,
        given: dict[str, Any],
        after: dict[str, Any],
        step: Any,
        inputs: Inputs | None = None,
        period: int = 1,
    ) -> None:
        self.period, self.seems = period, period_of(shadow.record, period)
        self.shadow, self.head, self.given, self.after, self.inputs = shadow, head, given, after, inputs
        left = Left(shadow, head, given, after)
        self.renamed, self.numbers, gone = left.renamed, left.numbers, left.gone
        self.replaces = left.replaces
        self.mode = modes()
        self.session = mode.generator
        self.lists = [made.own for _, made in shadow.copies.values() if type(made) is Growing and made.own is not None]
        for own in self.lists:  # what was given since
            own.now()
        self.sizes = {id(made): len(x) for x, made in shadow.copies.values() if type(made) is Growing}
        # a value with a graph that goes over leaves that of the iteration before with those who have it at the end
        self.tail = 2 if any(tensor.node is not None for tensor in self.renamed.values()) else 1
        self.gone = {id(value) for value in gone}
        self.steps = {id(copy): version(copy) - head.versions[id(copy)] for _, copy in shadow.tensors}
        # the last write's `data` is what a tensor has; in the plan it is carried into what it had
        self.ends = {id(copy): self.renamed.get(id(copy), copy) for copy, _ in head.data}
        for copy in self.ends.values():
            copy.data = self.value_of(copy.data)
        ends = [(was, self.ends[id(copy)].data) for copy, was in head.data]
        carried = [(was, new) for was, new in ends if new is not was]
        if any(not alike(was, new) for was, new in carried):
            raise NoPlan("a tensor becomes another in shape or dtype")
        # `w.resize_(4)`: whoever shares its memory outside of the loop still does
        if any(new.root is was.root for was, new in carried):
            raise NoPlan("a tensor gets a part of its own memory")
        # `y = q.detach()`, `r.data = q.data`: a plan carries each value by itself, and the program gets copies
        # `c = zeros(4); c.data = v.data`: and a new tensor gets one
        at_end = Counter(id(new.root) for _, new in ends)
        renamed = (tensor.data for tensor in self.renamed.values())
        if any(at_end[id(new.root)] > 1 for new in (*renamed, *(new for _, new in carried))):
            raise NoPlan("a tensor gets the memory of another")
        entries = [was for _, was in head.data]
        taken = {id(value.root) for value in [*entries, *(new for _, new in carried)]}
        if inputs is not None:
            if not taken.isdisjoint(inputs.roots):
                raise NoPlan("an item of the loop is kept")
            taken |= inputs.roots
            self.numbers.append((inputs.place, inputs.next))
        outs = parts_at_end(shadow.outs, taken)
        self.ended = {copy: tensor.data.array.copy() for copy, tensor in self.ends.items()}
        self.step = step
        self.loose: set[int] = set()
        self.parts = (entries, carried, gone, self.numbers, outs)
        self.plan: Plan = build(shadow.record, *self.parts, self.loose)
        self.rebound = {id(was) for was, _ in carried}
        # `q[0] = 1; q.data = q.data * 0.9`: whoever shares its memory where the loop begins has what is written first
        written = {id(out.root) for step in shadow.record.steps for out in step.outs}
        self.replaces |= any(not was.scalar and id(was.root) in written for was, _ in carried)
        # `w.grad.zero_(); w.grad = None`: likewise
        self.replaces |= any(id(was.root) in written for was in gone)
        # `if i == 9 { first = w }`
        if self.replaces and (shadow.tokens or any(type(copy) is Unseen for copy in given.values())):
            raise Changed(shared=True)
        self.runs: Callable[[int, Any, list[Any]], tuple[int, Any, Exception | None]] | None = None
        self.now: tuple[Any, ...] = ()
        self.drawn = shadow.drawn
        self.timed = timed(shadow.record.steps, self.numbers) if self.drawn else set()
        self.turn = 1  # iterations of the first turn of a stretch
        self.again: int | None = None  # how often it was entered since it has been proved
        self.route: Route | None = None
        self.shown: PlanShown | None = None

    def value_of(self, data: Any) -> Value:
        """What is in a tensor at the end: a number that is the same in each iteration is none of the recording's."""
        if type(data) is Value:
            return data
        value = Value(self.shadow.record, np.array(data), scalar=type(data) is not np.ndarray)
        self.shadow.record.add("copy", None, (np.array(data),), value)
        return value

    def described(self) -> PlanShown:
        """The plan as it is read."""
        from gradsh.plans.described import shown

        found = shown(self.plan, self.shadow.record, self.shadow.outs)
        found.period = self.period
        return found

    # --- the plan, on the shadow's arrays ---

    def begin(self) -> None:
        """Make the plan's function."""
        self.runs = runs(self.plan)
        self.head.restore()

    def enter(self, loop: Body) -> Entry:
        """What of the program is where in the shadow. Errors: NoPlan where it is not built as it was."""
        if modes() != self.mode or loop.step != self.step:
            raise NoPlan("a mode is another")
        check_mode()
        entry = Entry(loop.body.__globals__, self.shadow)
        begun: list[tuple[Any, Any]] = []
        names: list[str] = []
        for at, (name, copy) in enumerate(self.given.items()):
            value = loop.values[name] if at or name != loop.names[0] else loop.item
            if type(copy) is Unseen:
                continue
            if type(copy) is Absent:
                if value is None or isinstance(value, PLAIN):
                    raise NoPlan("a name is bound to something else")
            else:
                begun.append((value, copy))
                names.append(name)
        if is_generator(mode.generator):
            begun.append((mode.generator, self.shadow.copies[id(self.session)][1]))
        if self.route is not None and self.route.entered(entry, [x for x, _ in begun]):
            return entry
        entry.begin()
        for name, (value, copy) in zip(names, begun, strict=False):
            entry.part(value, copy, name)
        for generator, stream in begun[len(names) :]:
            entry.pair(generator, stream)
        entry.end(self.shadow)
        if self.again is not None:
            self.again += 1
            if self.again == OFTEN:
                self.find_route(entry, begun)
        return entry

    def find_route(self, entry: Entry, begun: list[tuple[Any, Any]]) -> None:
        """For a plan that is entered again and again: to see that all is as it was takes as long as some iterations."""
        from gradsh.plans.route import NoWay, Route  # few loops need it

        with suppress(NoWay):
            self.route = Route(entry, begun)

    def forget(self) -> None:
        """Let go of what is the program's: only the places of it are needed from now on."""
        shadow = self.shadow
        for _, copy in shadow.copies.values():
            if type(copy) is Growing:
                copy.real = None
            elif type(copy) is Counted:
                copy.forget()
        shadow.copies = {key: pair for key, pair in shadow.copies.items() if is_own(*pair)}
        shadow.roots = {}
        shadow.tensors = [(copy, copy) for _, copy in shadow.tensors]
        shadow.holders = [(copy, copy) for _, copy in shadow.holders]
        self.head.held = []
        self.again = 0
        if self.inputs is not None:
            self.inputs.now, self.inputs.reached = [], ()

    def load(self, entry: Entry) -> None:
        """Begin from there. Errors: NoPlan where something is another that all iterations have in common."""
        for growing, real in entry.lists:
            if growing.own is not None:
                growing.own.begin(real)
        written = {id(value) for value in self.plan.written}
        dropped = {id(value.root) for copy, value in self.head.data if id(value) in self.gone}
        others: set[int] = set()
        loaded: list[tuple[Any, Any]] = []
        for base, root in entry.memory:
            if id(root) not in written and id(root) not in self.loose:
                if id(root) in dropped or same_bits(base, root.array):
                    continue
                others.add(id(root))
            loaded.append((base, root))
        if others:  # it is the same in each iteration of one run of the loop
            # Nothing is another where that raises: who tries again would find arrays that are alike, and go by the plan
            # that has what was read of those before (`t += q.tolist()[0]`).
            self.plan = build(self.shadow.record, *self.parts, self.loose | others)
            self.loose |= others
            self.runs = runs(self.plan)
        for base, root in loaded:
            root.array[...] = base
        for generator, stream in self.drawing(entry.streams):
            put_state(stream.own, state_of(generator))
        if self.inputs is not None:
            entry.numbers[id(self.inputs.place)] = 0
            self.inputs.begin({id(base_of(base)) for base, root in entry.memory if id(root) in written}, entry.there)
        self.now = tuple(entry.numbers[id(number)] for number, _ in self.numbers)

    def check_source(self, source: Source, entry: Entry) -> None:
        """Errors: NoPlan where the body has what items are yet to be made of: it may write there (`X[0] = X[0] + x` in
        a loop over a loader of X, `xs[9] = 1.0` in one over xs), and the items that were looked at ahead would be
        those of before."""
        if not source.lists().isdisjoint(entry.there):
            raise NoPlan("the body has the list that the loop goes over")
        bases = {id(base_of(base)) for base, _ in entry.memory}
        for x in source.tensors() if self.inputs is not None else ():
            if id(x) in entry.there or id(base_of(x.data)) in bases:
                raise NoPlan("the body has a tensor of the data set that the loop goes over")

    def fill(self, items: Any, most: int) -> int:
        """How many iterations have an item now: `most`, or fewer. `items` are those ahead of the loop."""
        if self.inputs is None:
            return most
        count = self.inputs.fill(items, most)
        self.first()
        return count

    def items_of(self, heads: list[Any]) -> Any:
        """The items of turns that began at those snapshots."""
        if self.inputs is not None:
            self.inputs.ended = False
        return iter([] if self.inputs is None else [item for _, _, _, items, _ in heads for item in items])

    def first(self) -> None:
        """The next item is the first that is there."""
        assert self.inputs is not None
        self.now = tuple(
            0 if number is self.inputs.place else now for (number, _), now in zip(self.numbers, self.now, strict=True)
        )

    def run(self, count: int, outs: list[Any]) -> tuple[int, Exception | None]:
        """How many iterations came to their end, and what was raised in the one that did not, if anything."""
        assert self.runs is not None
        with np.errstate(all="ignore"):
            done, now, why = self.runs(count, self.now, outs)
        if done == count:
            self.now = now
        return done, why

    def drawing(self, streams: list[Any]) -> list[Any]:
        """Those of them, or none where nothing is drawn: a state is 600 words, and there is always the session's."""
        return streams if self.drawn else []

    def arrays(self) -> list[Any]:
        """What the plan writes, as it is now."""
        return [value.array for value in self.plan.written]

    def snapshot(self) -> Any:
        states = [state_of(stream.own) for _, stream in self.drawing(self.shadow.streams)]
        items = None if self.inputs is None else self.inputs.now
        lists = [own.items.copy() for own in self.lists]
        return [array.copy() for array in self.arrays()], states, self.now, items, lists

    def restore(self, snapshot: Any) -> None:
        arrays, states, self.now, items, lists = snapshot
        for own, held in zip(self.lists, lists, strict=True):
            own.items = held.copy()
        if self.inputs is not None:
            self.inputs.again(items)
        for (_, stream), state in zip(self.drawing(self.shadow.streams), states, strict=True):
            put_state(stream.own, state)
        for value, array in zip(self.plan.written, arrays, strict=True):
            value.array[...] = array

    def compare(self, entry: Entry, recorded: bool) -> None:
        """Errors: NoPlan where the program is not, bit for bit, what the shadow has come to: in the recording, or by
        the plan."""
        for real, copy in entry.tensors:
            if id(self.head.first[id(copy)]) in self.gone:
                continue
            mine = np.asarray(real.data)
            theirs = self.ended[id(copy)] if recorded else copy.data.array
            if not same_digits(mine, theirs):
                raise NoPlan("the plan comes to other digits")
            if recorded and version(real) != version(self.ends[id(copy)]):
                raise NoPlan("the plan comes to another version")
        for at, (number, new) in enumerate(self.numbers):
            if (self.inputs is not None and number is self.inputs.place) or id(new) in self.timed:
                continue
            plain = new.plain if type(new) is Number else new
            if exact(entry.numbers[id(number)]) != exact(plain if recorded else self.now[at]):
                raise NoPlan("the plan comes to another number")

        for generator, stream in entry.streams:
            if state_of(generator) != (stream.ended if recorded else state_of(stream.own)):
                raise NoPlan("the plan draws other numbers")

    def compare_lists(self, entry: Entry) -> None:
        """Whether the program's lists got what the shadow's did in the recording."""
        for growing, real in entry.lists:
            items = [out.item for out in self.shadow.outs if out.target is growing]
            if self.is_timed(growing):
                continue
            if growing.fixed:
                outs = [out for out in self.shadow.outs if out.target is growing]
                if all(equal(real[out.key.plain], out.item) for out in outs):
                    continue
                raise NoPlan("a list gets other items")
            if growing.most is not None:
                items = items[max(len(items) - growing.most, 0) :]
            end = list(real)[len(real) - len(items) :]
            if growing.most is None and len(real) != self.sizes[id(growing)] + len(items):
                raise NoPlan("a list gets other items")
            if len(end) != len(items) or not all(map(equal, end, items)):
                raise NoPlan("a list gets other items")

    def compare_given(self, entry: Entry, before: dict[int, list[Any]], outs: list[Any]) -> None:
        """Errors: NoPlan where the program's lists are not what the plan's iteration makes of those `before`."""
        give(self.shadow.outs, 1, outs, before, shows=False)
        for growing, real in entry.lists:
            made = before[id(growing)]
            if self.is_timed(growing) and len(made) == len(real):
                continue
            if len(made) != len(real) or not all(a is b or equal(a, b) for a, b in zip(real, made, strict=True)):
                raise NoPlan("the plan gives a list other items")

    def compare_shown(self, seen: list[Any], outs: list[Any] | None) -> None:
        """Errors: NoPlan where an iteration of the program has shown something else: the one that was recorded, or that
        of the plan which has given `outs`."""
        if any(out.act is not None and any(id(part) in self.timed for part in out.parts) for out in self.shadow.outs):
            return  # a clock, which is later by now
        if outs is None:
            parts = [part for out in self.shadow.outs for part in out.parts]
            outs = [part.plain if type(part) is Number else part.array for part in parts]
        if not same_sight(seen, sights(self.shadow.outs, outs)):
            raise NoPlan("the plan shows something else")

    def is_timed(self, growing: Any) -> bool:
        """Whether a list gets what a clock says."""
        return bool(self.timed) and any(
            out.target is growing and any(id(part) in self.timed for part in out.parts) for out in self.shadow.outs
        )

    def give(self, entry: Entry, count: int, outs: list[Any]) -> None:
        """Give the program what so many iterations gave."""
        give(self.shadow.outs, count, outs, {id(growing): real for growing, real in entry.lists})

    def commit(self, entry: Entry, count: int) -> dict[str, Any]:
        """Give the program what the plan has come to in so many iterations; the names that are bound to others."""
        if not count:
            return {}
        written = {id(value) for value in self.plan.written}
        for real, copy in entry.tensors:
            if id(copy) in self.renamed or id(copy.data) in self.gone or id(copy.data.root) not in written:
                continue
            array = copy.data.array
            if copy.data.scalar:
                real.data = array[()]
            elif id(copy.data) in self.rebound:
                real.data = array.copy()  # in memory of its own, as each `.data =` gives it
            else:
                real.data[...] = array
        for generator, stream in self.drawing(entry.streams):
            put_state(generator, state_of(stream.own))
        moved: set[int] = set()
        for real, copy in entry.tensors:
            if id(copy) in self.renamed or id(copy.data) in self.gone or real.storage is None:
                continue
            if id(real.storage) not in moved:
                moved.add(id(real.storage))
                real.storage.version += self.steps[id(copy)] * count
        now = {id(number): value for (number, _), value in zip(self.numbers, self.now, strict=True)}
        for holder, key, number in entry.slots:
            several = type(number) is tuple
            put_part(holder, key, tuple(now[id(each)] for each in number) if several else now[id(number)])
        for holder, key, copy in entry.places:
            if id(copy) in self.renamed:
                put_part(holder, key, self.renewed(copy, now))
        return {name: self.renewed(copy, now) for name, copy in self.given.items() if self.moves(copy)}

    def moves(self, copy: Any) -> bool:
        return type(copy) is Number or id(copy) in self.renamed

    def renewed(self, copy: Any, now: dict[int, Any]) -> Any:
        """What a name is bound to after the plan, one thing for all names that share it."""
        if type(copy) is Number:
            return now[id(copy)]
        found = now.get(id(copy))
        if found is None:
            end = self.renamed[id(copy)]
            array = copy.data.array
            found = now[id(copy)] = rebuilt(end, iter([array[()] if copy.data.scalar else array.copy()]))
            found.requires, found.node = end.requires, None if end.node is None else marker(end.node, False)
            if end.extra is not None:
                found.extra = TensorExtra()
                found.extra.parameter = end.extra.parameter
        return found


def is_own(x: Any, made: Any) -> bool:
    """Whether it is the session's, or gradsh's: what is there as long as a plan may be."""
    if type(x) is FunctionType:
        return not is_users(x)
    return isinstance(x, DType) or is_generator(x) or (type(x) is dict and "__builtins__" in made)


def same_bits(a: Any, b: Any) -> bool:
    """Whether two arrays of one shape and dtype hold the same bits; of large ones without a copy."""
    if a.nbytes < MANY or a.nbytes % 8 or not (a.flags.c_contiguous and b.flags.c_contiguous):
        return bool(a.tobytes() == b.tobytes())
    if (native := machine()) is not None and a.flags.aligned and b.flags.aligned:
        return bool(native.same_bits(a, b))
    return bool((a.reshape(-1).view(np.uint64) == b.reshape(-1).view(np.uint64)).all())


def alike(was: Value, new: Value) -> bool:
    """Whether a value can take the place of another in the next iteration."""
    if new.shape != was.shape or new.dtype != was.dtype or new.strides != was.strides:
        return False
    return new.scalar is was.scalar


def check_mode() -> None:
    """Errors: NoPlan where somebody looks at what the engine does."""
    m = mode
    watched = (m.interpreter, m.profile, m.saving, m.walk, m.forward, m.anomaly, m.where, m.written)
    if (
        any(each is not None for each in watched)
        or (m.transforms or m.inference or m.reformed)
        or (m.notes is not None and m.notes.checking)
        or (m.training is not None and not m.training.shows)  # it is told of each pass: see watched.py
    ):
        raise NoPlan("somebody looks at what the loop does")


def modes() -> list[Any]:
    """The settings that a recording holds for."""
    return [mode.grad, mode.default, mode.functorch, len(mode.transformed), mode.settings]
