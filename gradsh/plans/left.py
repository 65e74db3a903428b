"""What the iteration that was recorded has left: all of it is as at its head, but for what is known to change."""

from __future__ import annotations

from sys import getrefcount
from typing import Any

from gradsh.engine.core.tensor import Tensor, make
from gradsh.plans.entry import version
from gradsh.plans.graphs import spent
from gradsh.plans.numbers import KINDS, Number, exact
from gradsh.plans.outs import PLAIN
from gradsh.plans.refusal import UNSEEN, Changed, Closed, NoPlan, Unseen
from gradsh.plans.shadow import Shadow, of_numbers, parts, put_part
from gradsh.plans.shadow import state as extras
from gradsh.plans.values import Value


class Absent(Closed):
    """What a name is bound to that the body binds anew before it reads it, as far as the recorded iteration goes."""

    __slots__ = ()


NEW = "a list, a field or a state gets something new"


class Head:
    """What a shadow was at the head of the iteration."""

    def __init__(self, shadow: Shadow) -> None:
        self.data = [(copy, copy.data) for _, copy in shadow.tensors]
        self.first = {id(copy): copy.data for _, copy in shadow.tensors}
        self.gradients = [(copy, copy.gradient) for _, copy in shadow.tensors]
        self.flags = [(copy, copy.requires, copy.node, copy.storage) for _, copy in shadow.tensors]
        self.versions = {id(copy): version(copy) for _, copy in shadow.tensors}
        self.held = [(real, copy, parts(copy)) for real, copy in shadow.holders]

    def restore(self) -> None:
        """Make the shadow what it was, but for what is in its arrays."""
        for copy, data in self.data:
            copy.data = data
        for copy, gradient in self.gradients:
            copy.gradient = gradient
        for copy, requires, node, storage in self.flags:
            copy.requires, copy.node, copy.storage = requires, node, storage
        for _, copy, before in self.held:
            for key, value in () if isinstance(copy, type) else before:
                put_part(copy, key, value)


class Left:
    """The checks, in the order in which they are made.

    given     what the names were bound to that the body reads first; `after` what all are bound to at its end
    renamed   {the identity of a tensor: the one that is at the end wherever that was}
    numbers   (number, what it is at the end)
    gone      what the next iteration does not have
    replaces  whether something is done to a tensor that another takes the place of: it must be the loop's own
    Errors: NoPlan; Changed where what changes can be in a plan once it is known.
    """

    def __init__(self, shadow: Shadow, head: Head, given: dict[str, Any], after: dict[str, Any]) -> None:
        self.shadow, self.head, self.given, self.after = shadow, head, given, after
        self.renamed: dict[int, Tensor] = {}
        self.where: dict[int, tuple[Any, Any]] = {}  # of those: (what holds it, the key), of the first of its places
        self.numbers: list[tuple[Number, Any]] = []
        self.replaces = False
        self.places: set[tuple[int, Any]] = set()  # of holders, where another tensor is
        self.compare_names()
        self.compare_holders()
        self.compare_unseen()
        self.compare_renamed()
        self.gone = self.compare_tensors()

    def compare_names(self) -> None:
        moved: set[Any] = set()
        for name, before in self.given.items():
            after = self.after[name]
            if type(before) is Number:
                self.numbers.append((before, checked_number(before, after, (None, name))))
            elif after is before or type(before) in (Absent, Unseen) or same(after, before):
                continue
            elif type(before) in KINDS and type(after) in (type(before), Number):
                moved.add(name)
            elif type(before) is Tensor and type(after) is Tensor:
                self.rename(None, name, before, after)
            else:
                raise NoPlan(f"{name.lstrip('.')} goes from one iteration to the next", name=(None, name))
        if moved:
            raise Changed(moved)

    def rename(self, holder: Any, key: Any, before: Tensor, after: Tensor) -> None:
        """In that place, of which the next iteration reads, another tensor takes the place of one."""
        self.where.setdefault(id(before), (holder, key))
        if self.renamed.setdefault(id(before), after) is not after:
            why = f"{spelled(key)} goes from one iteration to the next, and shares its value"
            raise NoPlan(why, name=(holder, key))

    def compare_renamed(self) -> None:
        """Those that others take the place of are so in each place where they are, and the others are nowhere else."""
        if not self.renamed:
            return
        if len({id(after) for after in self.renamed.values()}) < len(self.renamed):
            raise NoPlan("two names get one value")
        held = self.held()
        for copy, gradient in self.head.gradients:
            held[id(gradient)] = held.get(id(gradient), 0) + 1
            if copy.extra is not None:
                held[id(copy.extra.base)] = held.get(id(copy.extra.base), 0) + 1
        self.replaces = any(map(self.touched, self.head.flags))
        befores = {id(copy): copy for _, copy in self.shadow.tensors if id(copy) in self.renamed}
        for key, before in befores.items():
            try:
                self.replace(before, self.renamed[key], held, befores)
            except NoPlan as why:
                holder, name = why.name = self.where[key]
                if holder is None or not self.shadow.may_be_unseen(holder):
                    raise
                raise Changed(unseen={(id(holder), name)}, why=why) from None

    def replace(self, before: Tensor, after: Tensor, held: dict[int, int], befores: dict[int, Tensor]) -> None:
        """Errors: NoPlan where one could not take the place of the other, or is where it would have to stay."""
        if held.get(id(before)):
            raise NoPlan("a value that goes from one iteration to the next is also elsewhere")
        if any(after is copy for _, copy in self.shadow.tensors):
            self.hand_on(before, after, befores)
            return
        self.check(before, after)
        if held.get(id(after)) or any(out.item is after for out in self.shadow.outs):
            raise NoPlan("a value that goes from one iteration to the next is also elsewhere")

    def touched(self, flags: tuple[Tensor, Any, Any, Any]) -> bool:
        """Whether the body does something to one that another takes the place of, which others may have too where the
        loop begins."""
        copy, requires, node, _ = flags
        if id(copy) not in self.renamed:
            return False
        if copy.requires is not requires or copy.node is not node or copy.gradient is not self.gradient(copy):
            return True
        root = self.head.first[id(copy)].root
        return version(copy) != self.head.versions[id(copy)] or any(
            out.root is root for step in self.shadow.record.steps for out in step.outs
        )

    def hand_on(self, before: Tensor, after: Tensor, befores: dict[int, Tensor]) -> None:
        """`a, b = b, a + b`: what another name had, as a copy."""
        seen = {id(before)}
        each = after
        while id(each) in befores:  # to one that is new
            if id(each) in seen:
                raise NoPlan("names swap what they are bound to")
            seen.add(id(each))
            each = self.renamed[id(each)]
        if id(after) not in befores:
            raise NoPlan("a value that goes from one iteration to the next is also elsewhere")
        first = self.head.first
        if version(after) != self.head.versions[id(after)] or after.data is not first[id(after)]:
            raise NoPlan("a value that goes from one iteration to the next is written, and gets another name")
        if after.node is not None or sum(value.root is after.data.root for value in first.values()) > 1:
            raise NoPlan("a value that gets another name has a graph, or shares its memory")
        self.check(before, after)
        handed = make(after.data.copy())
        handed.requires, handed.extra = after.requires, after.extra
        if hasattr(after, "origin"):
            handed.origin = after.origin
        if after.storage is not None:
            handed.own_storage().version = after.storage.version
            handed.own_storage().inference = after.storage.inference
        self.renamed[id(before)] = handed

    def check(self, before: Tensor, after: Tensor) -> None:
        """Errors: NoPlan where one could not take the place of the other."""
        requires, node, storage = next(flags for copy, *flags in self.head.flags if copy is before)
        with_graph = node is not None
        if (after.node is not None) is not with_graph or after.requires is not requires:
            raise NoPlan("a value with a graph goes from one iteration to the next")
        if with_graph and not spent(after.node):
            raise NoPlan("a value with a graph goes from one iteration to the next")
        if self.gradient(before) is not None or after.gradient is not None:
            raise NoPlan("a value that goes from one iteration to the next has a gradient")
        if (after.storage is None) is not (storage is None):
            raise NoPlan("a tensor gets other memory")
        others = (copy for _, copy in self.shadow.tensors if copy is not after)
        if after.storage is not None and any(after.storage is copy.storage for copy in others):
            raise NoPlan("a name gets another tensor of memory that is there: a view, or `detach()`")
        if after.extra is not None and (any(extras(after.extra)) or after.extra.base is not None):
            raise NoPlan("a tensor has hooks, keeps its gradient or is a view")

    def gradient(self, copy: Tensor) -> Any:
        return next(gradient for each, gradient in self.head.gradients if each is copy)

    def held(self) -> dict[int, int]:
        """How often each tensor is where it would have to stay: in tuples, as a key, in places that change nothing."""
        found: dict[int, int] = {}

        def seen(x: Any) -> None:
            if type(x) is Tensor:
                found[id(x)] = found.get(id(x), 0) + 1
            elif type(x) is tuple:
                for each in x:
                    seen(each)

        for _, copy, before in self.head.held:
            for pairs in (before, () if isinstance(copy, type) else parts(copy)):
                for key, value in pairs:
                    seen(key)
                    if type(value) is not Tensor or (id(copy), key) not in self.places:
                        seen(value)
        for name, value in self.given.items():
            after = self.after[name]
            if type(value) is Unseen:  # nobody reads what it gets, and an iteration that is real binds it
                continue
            if type(value) is not Tensor or self.renamed.get(id(value)) is not after:
                seen(value)
                seen(after)
        return found

    def compare_holders(self) -> None:
        moved: set[Any] = set()
        grown: set[int] = set()
        unseen: list[tuple[Any, Any]] = []
        for real, copy, before in self.head.held:
            after = parts(copy)
            if isinstance(copy, type):
                if len(before) != len(after) or any(a is not b for a, b in zip(flat(before), flat(after), strict=True)):
                    raise NoPlan("an attribute of a class changes")
                continue
            if type(copy) is list and len(after) > len(before):
                if not all(same(a, b) for (_, a), (_, b) in zip(before, after, strict=False)):
                    raise NoPlan(NEW)
                grown.add(id(real))
                continue
            if [key for key, _ in before] != [key for key, _ in after]:
                there = dict(before)
                raise NoPlan(NEW, name=next(((real, key) for key, _ in after if key not in there), None))
            for (key, was), (_, new) in zip(before, after, strict=True):
                if type(was) is Number:
                    self.numbers.append((was, checked_number(was, new, (real, key))))
                elif new is was or same(new, was):
                    continue
                elif type(was) is Unseen:
                    self.places.add((id(copy), key))
                elif type(was) in KINDS and type(new) in (type(was), Number):
                    moved.add((id(real), key))
                elif of_numbers(was) and of_numbers(new) and len(was) == len(new):
                    if type(was[0]) is Number:
                        self.numbers += [(one, checked_number(one, other)) for one, other in zip(was, new, strict=True)]
                    else:
                        moved.add((id(real), key))
                elif type(was) is Tensor and type(new) is Tensor and "__builtins__" not in dict(before):
                    self.places.add((id(copy), key))
                    self.rename(real, key, was, new)
                elif self.shadow.may_be_unseen(real):
                    unseen.append((real, key))
                else:
                    raise NoPlan(NEW, name=(real, key))
        if moved or grown:
            raise Changed(moved, grown)
        if unseen:
            raise Changed(unseen={(id(real), key) for real, key in unseen}, why=NoPlan(NEW, name=unseen[0]))

    def compare_unseen(self) -> None:
        """What stands for what nobody reads is nowhere else: `self.last = self.state; self.state = …` would have what
        was there before the plan."""
        alone = 0
        for unseen in [Unseen()]:
            alone = getrefcount(unseen)
        for unseen in self.shadow.tokens:
            there = 0
            for _, copy, before in self.head.held:
                for key in [key for key, value in before if value is unseen]:
                    there += 1 + any(value is unseen and key == at for at, value in parts(copy))
            if getrefcount(unseen) != there + alone:
                raise NoPlan(UNSEEN)

    def compare_tensors(self) -> list[Value]:
        """`gone`."""
        head = self.head
        for copy, requires, node, storage in head.flags:
            if id(copy) in self.renamed:
                continue
            if copy.requires is not requires or copy.node is not node:
                why = "a tensor gets a graph, or loses its flag"
                raise NoPlan(why, name=self.named(copy), memory=head.first[id(copy)].root)
            if storage is not None and copy.storage is not storage:
                raise NoPlan("a tensor gets other memory", name=self.named(copy))
        gone: list[Value] = []
        for copy, before in head.gradients:
            after = copy.gradient
            if id(copy) in self.renamed:
                continue
            if before is None and after is not None:
                memory = getattr(after.data, "root", None)
                raise NoPlan("a gradient is there at the end of an iteration, and not at its head", memory=memory)
            if before is not None and after is None:
                why = "a gradient is there at the head of an iteration, and not at its end"
                raise NoPlan(why, name=(copy, "grad"))
            if after is not None and after is not before:
                if after.node is not None or after.requires:
                    raise NoPlan("a gradient has a graph of its own", memory=getattr(after.data, "root", None))
                gone.append(head.first[id(before)])
        return gone

    def named(self, copy: Tensor) -> tuple[Any, Any] | None:
        """Where the program has it."""
        for name, value in self.given.items():
            if value is copy:
                return None, name
        return next(((real, key) for real, _, pairs in self.head.held for key, value in pairs if value is copy), None)


def spelled(place: Any) -> str:
    return place.lstrip(".") if type(place) is str else f"item {place!r}" if type(place) is int else "an item"


def flat(pairs: list[tuple[Any, Any]]) -> list[Any]:
    return [each for pair in pairs for each in pair]


def checked_number(before: Number, after: Any, name: tuple[Any, Any] | None = None) -> Any:
    """Errors: NoPlan where it becomes one of another type."""
    plain = after.plain if type(after) is Number else after
    if type(plain) is not type(before.plain):
        raise NoPlan("a number becomes something else", name=name)
    return after


def same(a: Any, b: Any) -> bool:
    """Whether it is the same object, or the same number or text."""
    if a is b:
        return True
    if type(a) is tuple and type(b) is tuple:
        return all_same(list(a), list(b))
    return type(a) is type(b) and type(a) in PLAIN and exact(a) == exact(b)


def all_same(a: list[Any], b: list[Any]) -> bool:
    return len(a) == len(b) and all(map(same, a, b))
