"""What the iteration that was recorded has left: all of it is as at its head, but for what is known to change."""

from __future__ import annotations

from typing import Any

from gradsh.engine.core.tensor import Tensor
from gradsh.plans.entry import version
from gradsh.plans.graphs import spent
from gradsh.plans.numbers import KINDS, Number
from gradsh.plans.outs import PLAIN
from gradsh.plans.refusal import Changed, Closed, NoPlan
from gradsh.plans.shadow import Shadow, parts, put_part, rates_last
from gradsh.plans.shadow import state as extras
from gradsh.plans.values import Value


class Absent(Closed):
    """What a name is bound to that the body binds anew before it reads it, as far as the recorded iteration goes."""

    __slots__ = ()


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
    renamed   {the identity of a tensor that only names had: what they have at the end}
    numbers   (number, what it is at the end)
    gone      what the next iteration does not have
    Errors: NoPlan; Changed where what changes can be in a plan once it is known.
    """

    def __init__(self, shadow: Shadow, head: Head, given: dict[str, Any], after: dict[str, Any]) -> None:
        self.shadow, self.head, self.given, self.after = shadow, head, given, after
        self.renamed: dict[int, Tensor] = {}
        self.numbers: list[tuple[Number, Any]] = []
        self.compare_names()
        self.compare_holders()
        self.gone = self.compare_tensors()

    def compare_names(self) -> None:
        new: dict[int, Any] = {}
        moved: set[Any] = set()
        holders = {id(value) for _, _, before in self.head.held for _, value in before}
        holders |= {id(gradient) for _, gradient in self.head.gradients if gradient is not None}
        for name, before in self.given.items():
            after = self.after[name]
            if type(before) is Number:
                self.numbers.append((before, checked_number(before, after)))
            elif after is before or type(before) is Absent or same(after, before):
                if type(before) is Tensor:
                    new[id(before)] = before
            elif type(before) in KINDS and type(after) in (type(before), Number):
                moved.add(name)
            elif type(before) is Tensor and type(after) is Tensor and id(before) not in holders:
                if new.setdefault(id(before), after) is not after:
                    raise NoPlan(f"{name.lstrip('.')} goes from one iteration to the next, and shares its value")
                self.renamed[id(before)] = after
            else:
                raise NoPlan(f"{name.lstrip('.')} goes from one iteration to the next")
        if len({id(after) for after in new.values()}) < len(new):
            raise NoPlan("two names get one value")
        for before in [copy for _, copy in self.shadow.tensors if id(copy) in self.renamed]:
            after = self.renamed[id(before)]
            if any(after is copy for _, copy in self.shadow.tensors) or id(after) in self.holding():
                raise NoPlan("a value that goes from one iteration to the next is also elsewhere")
            with_graph = before.node is not None
            if (after.node is not None) is not with_graph or after.requires is not before.requires:
                raise NoPlan("a value with a graph goes from one iteration to the next")
            if with_graph and not spent(after.node):
                raise NoPlan("a value with a graph goes from one iteration to the next")
            if self.gradient(before) is not None or after.gradient is not None:
                raise NoPlan("a value that goes from one iteration to the next has a gradient")
            if (after.storage is None) is not (before.storage is None):
                raise NoPlan("a tensor gets other memory")
            if after.storage is not None and any(after.storage is copy.storage for _, copy in self.shadow.tensors):
                raise NoPlan("a name gets another tensor of memory that is there: a view, or `detach()`")
            if after.extra is not None and any(extras(after.extra)):
                raise NoPlan("a tensor has hooks, keeps its gradient or is a view")
        if moved:
            raise Changed(moved, set())

    def gradient(self, copy: Tensor) -> Any:
        return next(gradient for each, gradient in self.head.gradients if each is copy)

    def holding(self) -> set[int]:
        """The identities of all that is held at the end."""
        held = {id(value) for _, copy, _ in self.head.held for _, value in parts(copy)}
        return held | {id(out.item) for out in self.shadow.outs}

    def compare_holders(self) -> None:
        moved: set[Any] = set()
        grown: set[int] = set()
        for real, copy, before in self.head.held:
            after = parts(copy)
            if isinstance(copy, type):
                if len(before) != len(after) or any(a is not b for a, b in zip(flat(before), flat(after), strict=True)):
                    raise NoPlan("an attribute of a class changes")
                continue
            if type(copy) is list and len(after) > len(before):
                if not all(same(a, b) for (_, a), (_, b) in zip(before, after, strict=False)):
                    raise NoPlan("a list, a field or a state gets something new")
                grown.add(id(real))
                continue
            if [key for key, _ in before] != [key for key, _ in after]:
                raise NoPlan("a list, a field or a state gets something new")
            for (key, was), (_, new) in zip(before, after, strict=True):
                if type(was) is Number:
                    self.numbers.append((was, checked_number(was, new)))
                elif new is was or same(new, was):
                    continue
                elif type(was) in KINDS and type(new) in (type(was), Number):
                    moved.add((id(real), key))
                else:
                    raise NoPlan("a list, a field or a state gets something new")
        if moved or grown:
            raise Changed(moved, grown)
        if not all(map(rates_last, self.shadow.schedulers)):
            raise NoPlan("a rate is set by other means than by the scheduler")

    def compare_tensors(self) -> list[Value]:
        """`gone`."""
        head = self.head
        for copy, requires, node, storage in head.flags:
            if id(copy) in self.renamed:
                continue
            if copy.requires is not requires or copy.node is not node:
                raise NoPlan("a tensor gets a graph, or loses its flag")
            if storage is not None and copy.storage is not storage:
                raise NoPlan("a tensor gets other memory")
        gone: list[Value] = []
        for copy, before in head.gradients:
            after = copy.gradient
            if id(copy) in self.renamed:
                continue
            if (before is None) != (after is None):
                raise NoPlan("a gradient is there at the end of an iteration, and not at its head")
            if after is not before:
                if after is None or after.node is not None or after.requires:
                    raise NoPlan("a gradient has a graph of its own")
                gone.append(head.first[id(before)])
        return gone


def flat(pairs: list[tuple[Any, Any]]) -> list[Any]:
    return [each for pair in pairs for each in pair]


def checked_number(before: Number, after: Any) -> Any:
    """Errors: NoPlan where it becomes one of another type."""
    plain = after.plain if type(after) is Number else after
    if type(plain) is not type(before.plain):
        raise NoPlan("a number becomes something else")
    return after


def same(a: Any, b: Any) -> bool:
    """Whether it is the same object, or the same number or text."""
    if a is b:
        return True
    if type(a) is tuple and type(b) is tuple:
        return all_same(list(a), list(b))
    return type(a) is type(b) and type(a) in PLAIN and repr(a) == repr(b)


def all_same(a: list[Any], b: list[Any]) -> bool:
    return len(a) == len(b) and all(map(same, a, b))
