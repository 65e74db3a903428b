"""Operators that a program defines itself: `op … backward(…)`, with the contract of `torch.autograd.Function`."""

from __future__ import annotations

import sys
from collections.abc import Callable
from functools import partial
from typing import Any

from gradsh.engine.autograd.forms import sum_to
from gradsh.engine.autograd.inplace import bump, rebase
from gradsh.engine.core import alloc
from gradsh.engine.core.graph import Freed, Kind, Node, Output, Storage, Where, freed, note_versions, record, verify
from gradsh.engine.core.modes import GradMode, mode
from gradsh.engine.core.namespaces import A, Namespace, T
from gradsh.engine.core.place import caller, type_name
from gradsh.engine.core.tensor import Tensor, make, restore
from gradsh.errors import ArgumentError, AttributeError_, AutogradError, GradientMismatch, LeafInPlace, OutsideOp

_getframe = sys._getframe

Meta = tuple[tuple[int, ...], Any]  # shape and NumPy dtype


class Saving:
    """What the forward is handed, to say what its backward will need, and how its outputs are meant.

    constant      the tensors that `mark_non_differentiable` was called with
    dirty         those that `mark_dirty` was
    materialize   whether backward gets zeros for outputs that no gradient reached, or none
    """

    __slots__ = ("constant", "dirty", "materialize", "saved")

    def __init__(self) -> None:
        self.saved: dict[str, Any] = {}
        self.constant: tuple[Any, ...] = ()
        self.dirty: tuple[Any, ...] = ()
        self.materialize = True

    def save(self, names: tuple[str, ...], values: tuple[Any, ...]) -> None:
        """`save_for_backward a, b`. Anything can be saved; tensors are watched for writes, and freed by backward."""
        self.saved.update(zip(names, values, strict=True))


RUNNING: list[Saving] = []  # of the forwards that are running, the innermost last


def running(word: str) -> Saving:
    """The forward in which a `mark_…` stands. Errors: OutsideOp."""
    if not RUNNING:
        raise OutsideOp(f"`{word}` has a meaning in the forward of an op only")
    return RUNNING[-1]


class CustomOperator:
    """What `op name(parameters) { … } backward(gradients) { … }` defines.

    names      of the parameters; `star` is the place of the `*rest` among them, or -1
    required   how many gradients backward owes at least: parameters with a default may be left out at the end
    reads      the saved names that backward uses
    gradients  how many gradients backward takes, -1 for any number
    forward    forward(saving, *values) gives the outputs; a `*rest` is one value
    backward   backward(step, *gradients) gives what `step.give(…)` gives
    tangent    tangent(arguments, tangents) gives those of the outputs, in forward mode; None where the program has none
    told       told(name, read) gives what the program keeps under that name, for whom looks at the graph; `read` gives
               what was saved; None where nothing is kept so
    """

    __slots__ = ("backward", "forward", "gradients", "name", "names", "reads", "required", "star", "tangent", "told")

    def __init__(
        self,
        name: str,
        names: tuple[str, ...],
        star: int,
        required: int,
        reads: tuple[str, ...],
        gradients: int,
        forward: Callable[..., Any],
        backward: Callable[..., Any],
        tangent: Callable[[list[Any], list[Any]], Any] | None = None,
        told: Callable[[str, Callable[[str], Any]], Any] | None = None,
    ) -> None:
        self.name = name
        self.told = told
        self.names = names
        self.star = star
        self.required = required
        self.reads = reads
        self.gradients = gradients
        self.forward = forward
        self.backward = backward
        self.tangent = tangent

    def __call__(self, values: tuple[Any, ...]) -> Any:
        """Run it on bound arguments. The function that the program knows calls it: the call is two frames up."""
        return self.run(values, caller(_getframe(2)))

    def run(self, values: tuple[Any, ...], where: Any) -> Any:
        """The outputs; `where` is the place of the call."""
        interpreter = mode.interpreter
        if interpreter is not None and interpreter.takes(values):
            return interpreter.each(self.name, Again(self, where), list(values))
        arguments = self.spread(values)
        inputs = [v for v in arguments if v.__class__ is Tensor]
        edges = tuple([x.edge for x in inputs])  # as they are before the forward, which may write to them
        tracked = mode.grad and any(edge is not None for edge in edges)
        saving = Saving()
        RUNNING.append(saving)
        try:
            result = _called(self.forward, False, saving, *values)
        finally:
            RUNNING.pop()
        several = isinstance(result, tuple)
        raw = tuple(result) if several else (result,)
        if saving.dirty:
            _check_dirty(saving.dirty, inputs, raw)
        dirty = {id(x) for x in saving.dirty}
        outputs = [_own(o, where) if id(o) not in dirty and any(o is x for x in inputs) else o for o in raw]
        if tracked:
            self._record(edges, where, arguments, saving, raw, outputs)
        else:
            for own, o in zip(outputs, raw, strict=True):
                if (
                    own is not o
                ):  # as detached: the views that operators make without grad mode have a flagged leaf's flag
                    own.own_extra().base = None
        return tuple(outputs) if several else outputs[0]

    def spread(self, values: tuple[Any, ...]) -> tuple[Any, ...]:
        """The arguments, those of a `*rest` each by itself."""
        star = self.star
        return values if star < 0 else (*values[:star], *values[star], *values[star + 1 :])

    def _record(
        self,
        edges: tuple[Any, ...],
        where: Where,
        arguments: tuple[Any, ...],
        saving: Saving,
        raw: tuple[Any, ...],
        outputs: list[Any],
    ) -> None:
        """Make the node of this call the history of the outputs that can have gradients."""
        constant = {id(x) for x in saving.constant}
        differentiable = [
            n
            for n, o in enumerate(outputs)
            if o.__class__ is Tensor and o.data.dtype.kind == "f" and id(raw[n]) not in constant
        ]
        if not differentiable:
            return
        saved = saving.saved
        kept: list[Any] = []
        kind = CustomKind(self, arguments, outputs, saved, saving.materialize)
        tensors = [v for v in arguments if v.__class__ is Tensor]
        for name in kind.names:
            value = saved[name]
            place = next((i for i, x in enumerate(tensors) if x is value), -1)
            kind.places.append(place)
            number = -1 if place >= 0 else next((n for n in differentiable if raw[n] is value), -1)
            kept.append(value if number < 0 else SavedOutput(number, value))
        node = record(kind, edges, tuple(kept), where)
        note_versions(node, node.saved)
        for number in differentiable:
            out = outputs[number]
            if any(out is x for x in saving.dirty):
                _rewritten(out, Output(node, number) if len(outputs) > 1 else node, where)
                continue
            out.node = Output(node, number) if len(outputs) > 1 else node
            out.requires = True
            if out.extra is not None and out.extra.base is not None:
                # a write to it would give it a history that knows nothing of the program's backward: see engine.inplace
                if len(differentiable) > 1:
                    out.extra.multiple = (self.name, number)
                else:
                    out.extra.custom = (self.name, number)


class Again:
    """A call of an operator, which an interpreter makes on the values that it chooses."""

    __slots__ = ("operator", "where")

    def __init__(self, operator: CustomOperator, where: Any) -> None:
        self.operator = operator
        self.where = where

    def __call__(self, values: list[Any]) -> Any:
        return self.operator.run(tuple(values), self.where)


class SavedOutput:
    """A saved output: its memory alone, since the node must not hold the tensor that holds the node."""

    __slots__ = ("data", "number", "storage")

    def __init__(self, number: int, out: Tensor) -> None:
        self.number = number
        self.data = out.data
        self.storage: Storage = out.own_storage()

    def tensor(self, node: Node) -> Tensor:
        """The output with its history."""
        t = make(self.data)
        t.storage = self.storage
        t.node = Output(node, self.number) if node.kind.outputs > 1 else node
        t.requires = True
        return t


class CustomKind(Kind):
    """One call of a custom operator; the node's `saved` holds the tensors that its forward saved, as `names` has them.

    arguments  (shape, dtype) of each argument, None for one that is no tensor
    results    the same of each output
    materialize   see Saving
    plain      what was saved and is no tensor: stays as it is
    names, places   of the saved tensors: their names, and which of the tensors among the arguments each is, or -1
    """

    __slots__ = ("arguments", "custom", "materialize", "names", "places", "plain", "results")

    def __init__(
        self,
        custom: CustomOperator,
        arguments: tuple[Any, ...],
        outputs: list[Any],
        saved: dict[str, Any],
        materialize: bool,
    ) -> None:
        self.name = custom.name + "Backward"
        self.operator = ""
        self.number_slot = False
        self.by_sample = True
        self.second = ""
        self.outputs = len(outputs)
        self.custom = custom
        self.materialize = materialize
        self.arguments = [_meta(v) for v in arguments]
        self.results = [_meta(o) for o in outputs]
        self.names = tuple(n for n, v in saved.items() if v.__class__ is Tensor)
        self.plain = {n: v for n, v in saved.items() if v.__class__ is not Tensor}
        self.places: list[int] = []
        self.saves = bool(self.names)

    # functions of the class, not attributes as in other kinds: bound to it they would be cycles that keep tensors alive
    @staticmethod
    def step(node: Node, g: Any, F: Namespace) -> Any:
        return node.kind.run(node, g, F is not A)  # type: ignore[attr-defined]  # a node of this kind

    @staticmethod
    def describe(node: Node) -> dict[str, Any]:
        return node.kind.saved_by(node)  # type: ignore[attr-defined, no-any-return]  # likewise

    def run(self, node: Node, g: Any, create: bool) -> Any:
        """The program's backward: a gradient, or None, for each tensor among the arguments.

        Arrays, or with `create` tensors with a graph.
        """
        custom = self.custom
        step = Step(self, node, create, {name: self.read(node, name) for name in custom.reads if self.saved(name)})
        incoming = g if self.outputs > 1 else (g,)
        results = self.results if self.materialize else [None] * self.outputs
        gradients = [_materialized(gi, meta) for gi, meta in zip(incoming, results, strict=True)]
        if custom.gradients not in (-1, len(gradients)):
            takes, given = custom.gradients, len(gradients)
            names = ", ".join(f"g{n}" for n in range(1, given + 1))
            raise ArgumentError(
                f"{custom.name}.backward() takes {takes} positional argument{'' if takes == 1 else 's'} but {given} "
                f"{'was' if given == 1 else 'were'} given",
                help=f"one gradient comes in for each output: `backward({names})`",
                places=[((custom.backward.__code__, 0), "the backward")],
            )
        return _called(custom.backward, create, step, *gradients)

    def saved(self, name: str) -> bool:
        """Whether this call's forward saved the name."""
        return name in self.plain or name in self.names

    def read(self, node: Node, name: str) -> Any:
        """A saved value. Errors: FreedGraph, VersionMismatch."""
        if name in self.plain:
            return self.plain[name]
        if node.saved.__class__ is Freed:
            raise freed(node)
        index = self.names.index(name)
        value = node.saved[index]
        if value.__class__ is SavedOutput:
            value = value.tensor(node)
        if value.storage is not None:
            verify(node, value, index)
        place = self.places[index]
        return value if place < 0 else restore(value, node.next[place])

    def told(self, node: Node, name: str) -> Callable[[Node], Any] | None:
        """How to read what the program keeps for its backward under a name; None where it keeps nothing."""
        told = self.custom.told
        if told is None:
            return None
        try:
            told(name, lambda saved: None)
        except AttributeError_:
            return None
        return lambda of: of.kind.custom.told(name, partial(of.kind.read, of))  # type: ignore[attr-defined]  # likewise

    def saved_by(self, node: Node) -> dict[str, Any]:
        """The saved values by name, for messages: nothing is checked."""
        kept = [v.tensor(node) if v.__class__ is SavedOutput else v for v in node.saved]
        return {**dict(zip(self.names, kept, strict=True)), **self.plain}


class Step:
    """What one run of a backward is handed.

    saved   {name: value} of what the forward saved, as far as the backward uses it
    """

    __slots__ = ("create", "kind", "node", "saved")

    def __init__(self, kind: CustomKind, node: Node, create: bool, saved: dict[str, Any]) -> None:
        self.kind = kind
        self.node = node
        self.create = create
        self.saved = saved

    def needs(self, name: str) -> bool | tuple[bool, ...]:
        """`needs_grad(a)`: whether the gradient of this parameter is wanted; of a `*rest`, for each of its values."""
        custom = self.kind.custom
        wanted = [edge is not None for edge in self.edges()]
        at = custom.names.index(name)
        behind = len(custom.names) - 1 - at
        if custom.star == at:
            return tuple(wanted[at : len(wanted) - behind])
        return wanted[at] if custom.star < 0 or at < custom.star else wanted[len(wanted) - 1 - behind]

    def edges(self) -> list[Any]:
        """Where the gradient of each argument goes; None where none is wanted."""
        edges = iter(self.node.next)
        return [None if meta is None else next(edges) for meta in self.kind.arguments]

    def give(self, result: Any) -> tuple[Any, ...]:
        """What backward returns, checked in PyTorch's words and brought to the shapes and dtypes of the arguments.

        It is called by the `return` itself, which is what an error then points at.
        """
        kind = self.kind
        name = kind.name
        edges = self.edges()
        given = result if isinstance(result, tuple) else (result,)
        expected, got = len(edges), len(given)
        if got > expected and all(g is None for g in given[expected:]):
            given = given[:expected]
        elif kind.custom.required <= got < expected and all(edge is None for edge in edges[got:]):
            given = (*given, *[None] * (expected - got))
        if len(given) != expected:
            raise AutogradError(
                f"function {name} returned an incorrect number of gradients (expected {expected}, got {got})",
                help=owed(kind.custom.names, kind.custom.star),
            )
        checked: list[Any] = []
        for index, (g, meta, edge) in enumerate(zip(given, kind.arguments, edges, strict=True)):
            if meta is None:
                if g is not None:
                    raise AutogradError(
                        f"function {name} returned a gradient different than None at position {index + 1}, but the "
                        "corresponding forward input was not a Variable",
                        help="give `none` there",
                    )
                continue
            if g is not None and g.__class__ is not Tensor:
                raise AutogradError(f"expected Variable or None (got {type_name(g)})")
            unwanted = g is None or edge is None
            checked.append(None if unwanted else _fitted(g, meta, name, len(checked), self.create))
        return tuple(checked)


def owed(names: tuple[str, ...], star: int) -> str:
    """What a backward should return, in words."""
    listed = ", ".join(("*" if n == star else "") + name for n, name in enumerate(names))
    return f"backward returns one gradient for each of ({listed}), `none` where there is none"


def _called(function: Callable[..., Any], grad: bool, *values: Any) -> Any:
    """Run a part of the program's text in that grad mode; what it makes was made where it stands in the text."""
    before, mode.where = mode.where, None
    try:
        with GradMode(grad):
            return function(*values)
    finally:
        mode.where = before


def _check_dirty(dirty: tuple[Any, ...], inputs: list[Tensor], outputs: tuple[Any, ...]) -> None:
    """Raise unless what the forward has marked as written may be, and is given back."""
    for x in dirty:
        if any(x is t for t in inputs) and x.requires and x.node is None and mode.grad:
            raise LeafInPlace(
                "a leaf Variable that requires grad has been used in an in-place operation.",
                places=[(x.made_at, "the leaf is made here")],
            )
        if not any(x is o for o in outputs):
            raise AutogradError(
                "Some elements marked as dirty during the forward method were not returned as output. The inputs that "
                "are modified inplace must all be outputs of the Function."
            )
        if not any(x is t for t in inputs):
            mode.warn(
                "ctx.mark_dirty() received a tensor that was not an input. Only input Tensors that have been mutated "
                "should be passed to ctx.mark_dirty().",
                once=True,
            )
        bump(x, mode.where)


def _rewritten(x: Tensor, edge: Any, where: Any) -> None:
    """Give an input that the forward has written the history of the output that it is."""
    result = make(x.data)
    result.node, result.requires = edge, True
    rebase(x, result, where)


def _own(out: Tensor, where: Any) -> Tensor:
    """An output that is an input as it is: a tensor of its own, a view of the input."""
    storage = out.share()
    own = make(out.data)
    own.storage = storage
    own.origin = where
    extra = own.own_extra()
    extra.base = out if out.extra is None or out.extra.base is None else out.extra.base
    extra.seen = storage.version
    return own


def _meta(value: Any) -> Meta | None:
    return (value.data.shape, value.data.dtype) if value.__class__ is Tensor else None


def _materialized(g: Any, meta: Meta | None) -> Any:
    """The incoming gradient as a tensor, zeros where none arrived, None for an output that is no tensor."""
    if g is None:
        return None if meta is None else make(alloc.zeros(*meta)[()])
    return g if g.__class__ is Tensor else make(g)


def _fitted(g: Any, meta: Meta, name: str, index: int, create: bool) -> Any:
    """A returned gradient in its input's shape and dtype; summed if it is broadcast, refused if it cannot be."""
    shape, dtype = meta
    got = g.data.shape
    if got != shape:
        fits = len(got) >= len(shape) and all(
            want in (1, have) for want, have in zip(shape[::-1], got[::-1], strict=False)
        )
        if not fits:
            raise GradientMismatch(
                f"Function {name} returned an invalid gradient at index {index} - got {list(got)} but expected shape "
                f"compatible with {list(shape)}"
            )
    if create:
        if got != shape:
            g = T.sum_to_size(g, shape)
        return g if g.data.dtype == dtype else T.to(g, dtype)
    data = g.data if got == shape else sum_to(g.data, shape)
    return data if data.dtype == dtype else data.astype(dtype)
