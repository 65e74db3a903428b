"""Operators that a program defines itself: `op … backward(…)`, with the contract of `torch.autograd.Function`."""

from __future__ import annotations

import sys
from collections.abc import Callable
from typing import Any

import numpy as np

from gradsh.engine.backward import sum_to
from gradsh.engine.graph import Freed, Kind, Node, Output, freed, note_version, sequence, verify, verify_output
from gradsh.engine.modes import GradMode, mode
from gradsh.engine.registry import T, caller, type_name
from gradsh.engine.tensor import Tensor, make, output_tensor, restore
from gradsh.errors import AutogradError, GradientMismatch

_getframe = sys._getframe


class Call:
    """One call of a custom operator: what its forward saved, and which gradients its backward owes.

    names    the saved names, in order; values: what each was (a tensor, or anything else as given)
    needs    {parameter: whether its gradient is wanted}
    """

    __slots__ = ("names", "needs", "values")

    def __init__(self, needs: dict[str, bool]) -> None:
        self.names: list[str] = []
        self.values: list[Any] = []
        self.needs = needs

    def save(self, names: tuple[str, ...], values: tuple[Any, ...]) -> None:
        """`save_for_backward a, b`: tensors are checked for later writes and freed by backward."""
        self.names.extend(names)
        self.values.extend(values)

    def needs_grad(self, name: str) -> bool:
        """`needs_grad(a)`: whether the gradient of this parameter is wanted."""
        return self.needs.get(name, False)


class CustomOperator:
    """What `op name(parameters) { … } backward(gradients) { … }` defines; call it like a function.

    forward(call, *arguments) computes the outputs and saves; backward(call, saved, *gradients) gives the gradients, where
    `saved` are the saved values in order.
    """

    __public__ = frozenset({"name"})

    def __init__(
        self,
        name: str,
        parameters: tuple[str, ...],
        forward: Callable[..., Any],
        backward: Callable[..., Any],
        bind: Callable[..., list[Any]],
    ) -> None:
        self.name = name
        self.parameters = parameters
        self.forward = forward
        self.backward = backward
        self.bind = bind
        self.__name__ = name

    def __repr__(self) -> str:
        return f"<op {self.name}>"

    def __call__(self, *args: Any, **kwargs: Any) -> Any:
        values = self.bind(*args, **kwargs)
        where = caller(_getframe(1))
        inputs = [v for v in values if v.__class__ is Tensor]
        for x in inputs:
            x.up_to_date()
        tracked = mode.grad and any(x.rg for x in inputs)
        needs = {p: v.__class__ is Tensor and v.rg for p, v in zip(self.parameters, values, strict=False)}
        call = Call(needs)
        with GradMode(False):
            result = self.forward(call, *values)
        several = result.__class__ is tuple
        outputs = list(result) if several else [result]
        outputs = [self._own(o, inputs, where) if o.__class__ is Tensor else o for o in outputs]
        if tracked:
            self._record(call, values, outputs, where, result if several else (result,))
        return tuple(outputs) if several else outputs[0]

    def _own(self, out: Tensor, inputs: list[Tensor], where: Any) -> Tensor:
        """An output that is an input as it is becomes a tensor of its own on the same memory."""
        if not any(out is x for x in inputs):
            return out
        storage = out.share()
        own = make(out.data)
        own.storage = storage
        own.made = where
        extra = own.own_extra()
        extra.base = out if out.extra is None or out.extra.base is None else out.extra.base
        extra.seen = storage.version
        return own

    def _record(self, call: Call, values: list[Any], outputs: list[Any], where: Any, raw: tuple[Any, ...]) -> None:
        tensors = [o for o in outputs if o.__class__ is Tensor and o.data.dtype.kind == "f"]
        if not tensors:
            return
        node = Node()
        saves = any(v.__class__ is Tensor for v in call.values)
        node.kind = Kind(
            self.name + "Backward",
            lambda node, g: self._step(node, g, False),
            lambda node, g: self._step(node, g, True),
            saves=saves,
            operator=self.name,
            outputs=len(outputs),
        )
        edges = tuple(v.edge if v.__class__ is Tensor else None for v in values)
        node.next = edges
        node.fix = node.extra = None
        node.code, node.lasti = where
        node.seq = sequence()
        saved: list[Any] = []
        for index, value in enumerate(call.values):
            number = next((n for n, o in enumerate(raw) if o is value), -1) if value.__class__ is Tensor else -1
            if number >= 0 and not any(value is v for v in values):
                saved.append(_SavedOutput(number, value.data))
                continue
            saved.append(value)
            if value.__class__ is Tensor and value.storage is not None and value.storage.version:
                note_version(node, index, value.storage.version)
        meta = [
            (o.data.shape, o.data.dtype) if o.__class__ is Tensor else None for o in outputs
        ]
        inputs = [(v.data.shape, v.data.dtype) if v.__class__ is Tensor else None for v in values]
        arguments = [v if v.__class__ is Tensor else None for v in values]
        # an argument is kept only as what it is saved for: the list finds a saved input's edge again
        places = [next((i for i, a in enumerate(arguments) if a is not None and a is v), -1) for v in call.values]
        node.saved = (call, saved, places, meta, inputs)
        for number, out in enumerate(outputs):
            if out.__class__ is Tensor and out.data.dtype.kind == "f":
                out.fn = Output(node, number) if len(outputs) > 1 else node
                out.rg = True
        call.values = []

    def _step(self, node: Node, g: Any, create: bool) -> Any:
        if node.saved.__class__ is Freed:
            raise freed(node)
        call, saved, places, meta, inputs = node.saved
        values = []
        for index, (value, place) in enumerate(zip(saved, places, strict=True)):
            if value.__class__ is _SavedOutput:
                verify_output(node, value.data)
                t = output_tensor(node, value.data)
                if node.kind.outputs > 1:
                    t.fn = Output(node, value.number)
                values.append(t)
            elif value.__class__ is Tensor:
                if value.storage is not None:
                    verify(node, value, index)
                values.append(restore(value, node.next[place]) if place >= 0 else value)
            else:
                values.append(value)
        gradients = [
            _materialized(gi, m) for gi, m in zip(g if node.kind.outputs > 1 else [g], meta, strict=True)
        ]
        with GradMode(create):
            result = self.backward(call, values, *gradients)
        given = list(result) if isinstance(result, tuple) else [result]
        expected = len(inputs)
        while len(given) > expected and given[-1] is None:
            given.pop()
        name = self.name + "Backward"
        if len(given) != expected:
            raise AutogradError(
                f"function {name} returned an incorrect number of gradients (expected {expected}, got {len(given)})"
            )
        checked = []
        for index, (gi, m, edge) in enumerate(zip(given, inputs, node.next, strict=True)):
            if gi is None:
                checked.append(None)
                continue
            if gi.__class__ is not Tensor:
                raise AutogradError(f"expected Variable or None (got {type_name(gi)})")
            if m is None:
                raise AutogradError(
                    f"function {name} returned a gradient different than None at position {index + 1}, but the "
                    "corresponding forward input was not a Variable"
                )
            checked.append(None if edge is None else _fitted(gi, m, name, index, create))
        return tuple(checked)


class _SavedOutput:
    """A saved output: its data alone, since the node must not hold the tensor that holds the node."""

    __slots__ = ("data", "number")

    def __init__(self, number: int, data: Any) -> None:
        self.number = number
        self.data = data


def _materialized(g: Any, meta: Any) -> Any:
    """The incoming gradient as a tensor, zeros where none arrived, None for an output that is no tensor."""
    if g is None:
        return None if meta is None else make(np.zeros(*meta)[()] if meta[0] == () else np.zeros(*meta))
    return g if g.__class__ is Tensor else make(g)


def _fitted(g: Tensor, meta: Any, name: str, index: int, create: bool) -> Any:
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
