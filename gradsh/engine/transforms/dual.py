"""Dual tensors: `dual_level { … }` and what torch.autograd.forward_ad has besides.

While a level is open, an interpreter stands at the engine's gates. Of an operator that meets a tensor with a tangent it
records a second graph, from inputs of its own, and pushes the tangents through that (`forward.push`); the level knows
the tangent of each result as long as that is alive. Tensors stay what they are: when the level is closed, nothing is
left of it.
"""

from __future__ import annotations

import weakref
from collections.abc import Callable
from typing import Any

import numpy as np

from gradsh.engine.core import alloc
from gradsh.engine.core.graph import Kind, Output, record
from gradsh.engine.core.layer import Layer, applied
from gradsh.engine.core.modes import GradMode, mode
from gradsh.engine.core.named import Named
from gradsh.engine.core.namespaces import T
from gradsh.engine.core.place import type_name
from gradsh.engine.core.tensor import Tensor, make
from gradsh.engine.core.views import Region
from gradsh.engine.kernels.random import Generator
from gradsh.engine.transforms.forward import push
from gradsh.errors import AutogradError

IDENTITY = Kind("Identity", lambda node, g, F: g, saves=False)  # what PyTorch calls the node of an unpacked primal
JVP = "You must implement the jvp function for custom autograd.Function to use it with forward mode AD."


class UnpackedDualTensor(Named):
    """What `unpack_dual` gives: the value, and its tangent or none."""

    kind = "UnpackedDualTensor"
    names = ("primal", "tangent")

    def __repr__(self) -> str:
        return f"UnpackedDualTensor(primal={self[0]!r}, tangent={self[1]!r})"


class Tangents:
    """The tangents of one level: of results by their node, which saved tensors share, of others by identity."""

    def __init__(self) -> None:
        self.found: dict[tuple[int, int], tuple[Any, Tensor]] = {}

    def get(self, x: Tensor) -> Tensor | None:
        owner, number = _owner(x)
        entry = self.found.get((id(owner), number))
        return entry[1] if entry is not None and entry[0]() is owner else None

    def put(self, x: Tensor, tangent: Tensor | None) -> None:
        owner, number = _owner(x)
        key = (id(owner), number)
        if tangent is None:
            self.found.pop(key, None)
            return
        found = self.found
        self.found[key] = (weakref.ref(owner, lambda gone: found.get(key, (0,))[0] is gone and found.pop(key)), tangent)


def _owner(x: Tensor) -> tuple[Any, int]:
    edge = x.node
    if edge is None:
        return x, 0
    return (edge.node, edge.number) if edge.__class__ is Output else (edge, 0)


class Level(Layer):
    """The interpreter of an open level."""

    def __init__(self, tangents: Tangents, outer: Any) -> None:
        super().__init__(outer)
        self.tangents = tangents

    def wants(self, values: Any) -> bool:
        return any(True for _ in self.duals(values))

    def operate(self, entry: Any, values: list[Any]) -> Any:
        if not entry.differentiable:
            with Closed(self.outer):
                return applied(entry, values)
        return self.pushed(lambda given: applied(entry, given), values, entry)

    def unknown(self, name: str, function: Callable[[list[Any]], Any], values: list[Any]) -> Any:
        """An operator of the program's own: its own rule gives the tangents, after the forward.

        Errors: AutogradError in PyTorch's words where it has none, or gives what is no tangent of the outputs.
        """
        operator = getattr(function, "operator", None)
        if operator is None or operator.tangent is None:
            raise AutogradError(JVP, kind="NotImplementedError")
        with Closed(self.outer):
            out = function(values)
        given = list(operator.spread(tuple(values)))
        tangents = [self.tangents.get(v) if v.__class__ is Tensor else None for v in given]
        with Closed(self.outer):
            found = operator.tangent(given, tangents)
        results = out if isinstance(out, tuple) else (out,)
        found = found if isinstance(found, tuple) else (found,)
        if len(found) != len(results):
            raise AutogradError(
                f"Function's jvp returned an invalid number of forward gradients (expected {len(results)} but got "
                f"{len(found)})"
            )
        for number, (result, t) in enumerate(zip(results, found, strict=True)):
            if t is not None and t.__class__ is not Tensor:
                raise AutogradError(f"expected Variable or None (got {type_name(t)}) for grad output {number}.")
            if result.__class__ is not Tensor or result.data.dtype.kind != "f":
                continue
            if t is None:
                raise AutogradError(
                    "Expected both tensor and its forward grad to be floating point or complex",
                    help="`zeros_like(x)` is the tangent of an output `x` that does not change",
                )
            _check_size(result, t)
            self.tangents.put(result, t)
        return out

    def around(self, inner: Any) -> Any:
        return Level(self.tangents, inner)

    # --- tangents -----------------------------------------------------------------------------------------------------

    def duals(self, values: Any) -> Any:
        """The tensors with a tangent among the arguments, also in lists."""
        for v in values:
            if v.__class__ is Tensor:
                if self.tangents.get(v) is not None:
                    yield v
            elif v.__class__ in (list, tuple):
                yield from self.duals(v)

    def pushed(self, call: Callable[[Any], Any], values: list[Any], entry: Any) -> Any:
        """What an operator gives, with the tangents of it."""
        duals = list({id(v): v for v in self.duals(values)}.values())
        again = _copies(values) if entry.outside else values
        draws = Draws(self.outer, values)
        with Closed(draws):
            out = call(values)
        results = _tensors(out)
        if not any(r.data.dtype.kind == "f" for r in results):
            return out
        given = [self.tangents.get(v) for v in duals]
        create = mode.grad and any(t.requires for t in (*_tensors(values), *given) if t is not None)
        with Closed(self.outer), GradMode(True), draws:
            own = [_input(v, create) for v in duals]
            shadow = call(_replaced(again, {id(v): s for v, s in zip(duals, own, strict=True)}))
            tangents: list[Any] = [t if create else t.data for t in given]  # type: ignore[union-attr]  # of duals
            found = push(_tensors(shadow), own, tangents, create)
        for result, t in zip(results, found, strict=True):
            if t is not None and not any(result is v for v in duals):
                self.tangents.put(result, _own(t, given, entry.view))
        return out

    def follow(self, x: Tensor, other: Tensor) -> None:
        """`other` stands for the tensor, and has its tangent."""
        t = self.tangents.get(x)
        if t is not None:
            self.tangents.put(other, t)

    def before(self, x: Tensor) -> tuple[Tensor | None, Tensor | None]:
        """The tangents of a tensor that is about to be written in place, and of what it is a view of."""
        base = x.extra.base if x.extra is not None else None
        return self.tangents.get(x), None if base is None else self.tangents.get(base)

    def written(self, x: Tensor, before: tuple[Tensor | None, Tensor | None], new: Tensor | None) -> None:
        """The tensor was written in place: its tangent is `new` now, in the same memory as it was `before`."""
        had, whole = before
        base = x.extra.base if x.extra is not None else None
        if base is not None and whole is not None:
            self.tangents.put(base, whole)  # whose node may be another now
        if had is None and new is None:
            return
        with Closed(self.outer):
            if new is None:
                new = make(alloc.zeros(x.data.shape, x.data.dtype))
            if had is None:
                new = T.clone(T.expand(new, x.data.shape))
                if base is None:
                    had = new
                else:
                    if whole is None or not whole.data.flags.c_contiguous:
                        whole = T.clone(whole) if whole is not None else None
                        whole = whole or make(alloc.zeros(base.data.shape, base.data.dtype))
                        self.tangents.put(base, whole)
                    region = Region(base.data, x.data)
                    had = T.as_strided(whole, region.shape, region.strides, region.offset)
            if had is not new:
                T.copy_(had, new)
            self.tangents.put(x, had)

    def put_detached(self, x: Tensor, other: Tensor) -> None:
        """`other` is the tensor without its history, and so is its tangent."""
        t = self.tangents.get(x)
        if t is not None:
            self.tangents.put(other, make(t.data))

    def viewed(self, x: Tensor, out: Tensor, index: Any) -> None:
        """`out` is `x[index]`, on the same memory."""
        t = self.tangents.get(x)
        if t is not None:
            with Closed(self.outer):
                self.tangents.put(out, t[index])

    def suffix(self, x: Tensor) -> list[str]:
        """What a tensor with a tangent prints behind its values."""
        t = self.tangents.get(x)
        if t is None:
            return []
        with Closed(self.outer):
            return [f"tangent={t}"]


class Closed:
    """A block in which the level is not there: what is done to tangents themselves, and to values alone."""

    __slots__ = ("before", "outer")

    def __init__(self, outer: Any) -> None:
        self.outer = outer

    def __enter__(self) -> None:
        self.before = (mode.interpreter, mode.forward)
        mode.interpreter, mode.forward = self.outer, None

    def __exit__(self, *_: object) -> None:
        mode.interpreter, mode.forward = self.before


class Draws(Layer):
    """Sees whether an operator draws, and as a block draws the same numbers once more."""

    def __init__(self, outer: Any, values: list[Any]) -> None:
        super().__init__(outer)
        self.before: Generator | None = None
        self.kept: Any = None
        self.own = [(v, v.clone()) for v in values if v.__class__ is Generator]

    def wants(self, values: Any) -> bool:
        return False

    def draw(self) -> None:
        super().draw()
        if self.before is None:
            if mode.generator is None:
                mode.generator = Generator.fresh()
            self.before = mode.generator.clone()

    def __enter__(self) -> None:
        self.kept = mode.generator
        if self.before is not None:
            mode.generator = self.before
        self.after = [(v, v.clone()) for v, _ in self.own]
        for v, before in self.own:
            v.set_state(before.get_state())

    def __exit__(self, *_: object) -> None:
        mode.generator = self.kept
        for v, after in self.after:
            v.set_state(after.get_state())


def _own(t: Any, given: list[Any], view: bool) -> Tensor:
    """A tangent as a tensor, in memory of its own unless it is that of a view."""
    if t.__class__ is not Tensor:
        t = make(t)
    shared = not view and any(np.may_share_memory(t.data, each.data) for each in given)
    return T.clone(t) if shared else t  # type: ignore[no-any-return]  # a Tensor


def _tensors(value: Any) -> list[Tensor]:
    if value.__class__ is Tensor:
        return [value]
    return [t for each in value for t in _tensors(each)] if isinstance(value, (list, tuple)) else []


def _input(x: Tensor, create: bool) -> Tensor:
    """An input of the second graph."""
    if create and x.requires:
        return T.view_as(x, x)  # type: ignore[no-any-return]  # a Tensor
    own = make(x.data)
    own.requires = True
    return own


def _replaced(values: Any, others: dict[int, Tensor]) -> Any:
    """The arguments, with others in the place of some tensors, also in lists."""
    return [v.__class__(_replaced(v, others)) if v.__class__ in (list, tuple) else others.get(id(v), v) for v in values]


def _copies(values: list[Any]) -> list[Any]:
    """The arguments, tensors without a flag as copies, which a second call may change."""
    return [make(v.data.copy()) if v.__class__ is Tensor and not v.requires else v for v in values]


# --- what programs call -----------------------------------------------------------------------------------------------


def enter() -> int:
    """Open the level. Errors: AutogradError when it is open."""
    if mode.forward is not None:
        raise AutogradError("Nested forward mode AD is not supported at the moment")
    level = Level(Tangents(), mode.interpreter)
    before = mode.interpreter
    mode.interpreter = level if before is None else before.around(level)
    mode.forward = level
    return 0


def leave(level: Any) -> None:
    """Close the level. Errors: AutogradError when none is open, or that is not the one."""
    if level is not None and level != (-1 if mode.forward is None else 0):
        raise AutogradError(
            "Trying to exit a forward AD level that was not the last one that was created. This is not supported."
        )
    if mode.forward is None:
        raise AutogradError("Dual level must be a positive number.")
    mode.interpreter = mode.forward.outer
    mode.forward = None


class dual_level:
    """The block in which tensors can have tangents."""

    __slots__ = ("before",)

    def __enter__(self) -> int:
        self.before = mode.grad
        return enter()

    def __exit__(self, *_: object) -> None:
        mode.grad = self.before
        leave(None)


def opened(level: Any) -> Tangents | None:
    """The tangents of the level, None where none is open. Errors: AutogradError for another level."""
    if mode.forward is None or (level is not None and level < 0):
        return None
    if level:
        raise AutogradError("Invalid level given to _make_dual")
    return mode.forward.tangents  # type: ignore[no-any-return]  # of a Level


def dual(x: Tensor, tangent: Tensor, level: Any) -> Tensor:
    """A tensor on the same memory, with a tangent. Errors: AutogradError in PyTorch's words."""
    tangents = opened(level)
    if tangents is None:
        raise AutogradError(
            "Trying to create a dual Tensor for forward AD but no level exists, make sure to enter_dual_level() first."
        )
    if tangents.get(x) is not None:
        raise AutogradError(
            "Making a dual Tensor based on a Tensor that already has a forward gradient at the same level 0 is not "
            "supported."
        )
    if tangents.get(tangent) is not None:
        raise AutogradError(
            "Setting a forward grad that itself has a forward gradient at the same level0 is not supported."
        )
    _check_size(x, tangent)
    out: Tensor = T.view_as(x, x)
    alike = tangent.data.ndim == 0 or tangent.data.strides == x.data.strides
    tangents.put(out, tangent if alike or np.isscalar(x.data) else _laid_out(tangent, x))
    return out


def _check_size(x: Tensor, tangent: Tensor) -> None:
    if tangent.data.shape != x.data.shape:
        raise AutogradError(
            "Trying to set a forward gradient that has a different size than that of the original Tensor, this is not "
            f"supported. Tensor is of size {list(x.data.shape)} while the given forward gradient is of size "
            f"{list(tangent.data.shape)}."
        )


def _laid_out(tangent: Tensor, x: Tensor) -> Tensor:
    """A copy of a tangent, in memory as its tensor is."""
    copied: Tensor = T.clone(tangent)
    full = alloc.empty_like(x.data, dtype=tangent.data.dtype)
    full[...] = tangent.data
    copied.data = full
    return copied


def unpacked(x: Tensor, level: Any) -> UnpackedDualTensor:
    """(value, tangent), the value on the same memory and without the tangent."""
    tangents = opened(level)
    if tangents is None:
        return UnpackedDualTensor((x, None))
    tangent = tangents.get(x)
    if tangent is None:
        return UnpackedDualTensor((x, None))
    with Closed(mode.forward.outer):
        primal: Tensor = T.view_as(x, x)
        if primal.node is not None:
            primal.node = record(IDENTITY, x.node or x, None, mode.where or (None, 0))
    return UnpackedDualTensor((primal, tangent))
