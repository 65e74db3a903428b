"""`checkpoint`: what a function's graph would save is not kept, but computed again when backward needs it."""

from __future__ import annotations

import weakref
from collections.abc import Callable
from typing import Any

from gradsh.engine.autograd.backward import Walk, seeds, with_grad_mode
from gradsh.engine.autograd.custom import CustomOperator
from gradsh.engine.autograd.saving import SAVED, Packed, saved_tensors_hooks
from gradsh.engine.core.graph import Kind, note_versions, record, verify
from gradsh.engine.core.modes import GradMode, mode
from gradsh.engine.core.place import placed
from gradsh.engine.core.tensor import Tensor, make
from gradsh.engine.core.users import spelled
from gradsh.engine.kernels.random import Generator
from gradsh.errors import AutogradError, ValueError_

CHECKS = ("default", "none")


__acts_for_programs__ = True  # it calls their functions

ARGUMENTS = Kind("", lambda node, g, F: None, saves=True)  # of a node that stands for what a call was given


class Stop(BaseException):
    """Ends a function that is computed again as soon as all is there; no `catch` of the program sees it."""


class Stream:
    """The random stream as it was before a function ran, for when it runs again, if that is to be preserved."""

    __slots__ = ("before", "state")

    def __init__(self, preserve: Any) -> None:
        self.state: Generator | None = None
        if preserve:
            if mode.generator is None:
                mode.generator = Generator.fresh()
            self.state = mode.generator.clone()

    def __enter__(self) -> None:
        self.before = mode.generator
        if self.state is not None:
            mode.generator = self.state.clone()

    def __exit__(self, *_: object) -> None:
        if self.state is not None:
            mode.generator = self.before


def call(function: Any, arguments: Any, keywords: dict[str, Any]) -> Any:
    """Call a function of the program, which stands at its own place in the text."""
    with placed(None):
        return function(*arguments, **spelled(function, keywords))


# --- by hooks on what is saved --------------------------------------------------------------------------------------


class Holder:
    """Stands for one tensor that was saved."""

    __slots__ = ("__weakref__", "number")

    def __init__(self, number: int) -> None:
        self.number = number


class Frame:
    """One call: how to compute it again, and what it saved.

    holders    weak references to what stands for each tensor: those that nobody needs any more are not kept
    forms      their (shape, dtype), empty where they are not looked at
    walk, values   the backward pass for which it was computed last, and what that has not asked for yet, by number
    """

    def __init__(self, function: Any, arguments: tuple[Any, ...], keywords: Any, preserve: Any, check: str) -> None:
        self.function = function
        self.keywords = keywords
        self.stream = Stream(preserve)
        self.checked = check == "default"
        self.early = True
        self.holders: list[weakref.ref[Holder]] = []
        self.forms: list[Any] = []
        self.walk: Any = None
        self.values: dict[int, Tensor] = {}
        self.count = 0
        self.arguments = arguments
        self.kept: Any = None

    def keep_arguments(self) -> None:
        """Tensors among the arguments are saved: a checkpoint around this one computes them again too."""
        self.kept = record(ARGUMENTS, None, self.arguments, mode.where or (None, 0))
        packing = mode.saving
        if packing is None or packing.__class__ is str:
            note_versions(self.kept, self.arguments)
            return
        pack, unpack = packing.pack, packing.unpack
        self.kept.saved = tuple(
            Packed(v, (v.node or v) if v.requires else None, 0, pack, unpack) if v.__class__ is Tensor else v
            for v in self.arguments
        )

    def given(self) -> list[Any]:
        """The arguments. Errors: VersionMismatch."""
        for at, v in enumerate(self.kept.saved):
            if v.__class__ is Tensor and v.storage is not None:
                verify(self.kept, v, at)
        return [v.open(self.kept, SAVED, {}) if v.__class__ is Packed else v for v in self.kept.saved]

    def pack(self, t: Tensor) -> Holder:
        holder = Holder(len(self.holders))
        self.holders.append(weakref.ref(holder))
        self.forms.append(form(t))
        return holder

    def unpack(self, holder: Holder) -> Tensor:
        walk = mode.walk or object()
        if walk is not self.walk:
            self.compute(walk)
        if holder.number not in self.values:
            raise AutogradError(
                "torch.utils.checkpoint: Unpack is being triggered for a tensor that was already unpacked once. If you "
                "are calling ctx.saved_tensors in backward, make sure to do so only once. Otherwise please open an "
                "issue with details on your use case."
            )
        return self.values.pop(holder.number)

    def compute(self, walk: Any) -> None:
        """Run the function again, and note what it saves."""
        self.walk, self.values, self.count = walk, {}, 0
        arguments = self.given()
        try:
            with saved_tensors_hooks(self.again, lambda t: t), GradMode(True), self.stream:
                call(self.function, arguments, self.keywords)
        except Stop:
            pass
        self.check()

    def again(self, t: Tensor) -> Tensor:
        """A tensor that the second run saves."""
        number = self.count
        self.count += 1
        if number >= len(self.holders):
            raise AutogradError(
                "torch.utils.checkpoint: trying to save more tensors during recomputation than during the original "
                "forward pass."
            )
        if self.holders[number]() is not None:
            self.values[number] = make(t.data) if t.requires else t
        if self.early and self.count == len(self.holders):
            raise Stop
        return t

    def check(self) -> None:
        """Raise unless the second run has saved what the first one had."""
        if self.count != len(self.holders):
            raise AutogradError(
                "torch.utils.checkpoint: A different number of tensors was saved during the original forward and "
                f"recomputation.\nNumber of tensors saved during forward: {len(self.holders)}\nNumber of tensors saved "
                f"during recomputation: {self.count}."
            )
        different = "".join(
            f"tensor at position {number}:\nsaved metadata: {self.forms[number]}\nrecomputed metadata: {form(t)}\n"
            for number, t in self.values.items()
            if self.checked and form(t) != self.forms[number]
        )
        if different:
            raise AutogradError(
                "torch.utils.checkpoint: Recomputed values for the following tensors have different metadata than "
                f"during the forward pass.\n{different}."
            )


def form(t: Tensor) -> str:
    """What is compared of a tensor, as PyTorch prints it."""
    return f"{{'shape': {t.shape.words}, 'dtype': torch.{t.dtype!r}, 'device': device(type='cpu')}}"


def hooked(function: Any, arguments: Any, keywords: Any, preserve: Any, check: str, early: Any) -> Any:
    """The value of a function of which nothing is kept but its arguments (`use_reentrant=False`)."""
    if check not in CHECKS:
        raise ValueError_(f"determinism_check should be one of {list(CHECKS)}, but got {check}")
    frame = Frame(function, arguments, keywords, preserve, check)
    frame.early = bool(early)
    if not mode.grad:
        return call(function, arguments, keywords)
    frame.keep_arguments()
    with saved_tensors_hooks(frame.pack, frame.unpack):
        return call(function, arguments, keywords)


# --- by a backward inside of the backward ---------------------------------------------------------------------------


def reentrant(function: Any, arguments: tuple[Any, ...], preserve: Any) -> Any:
    """The same as one node, which runs the function again and goes backward through that (`use_reentrant=True`)."""
    tensors = [v for v in arguments if isinstance(v, Tensor)]
    if not any(t.requires for t in tensors):
        mode.warn("None of the inputs have requires_grad=True. Gradients will be None")
    names = tuple(f"t{number}" for number in range(len(tensors)))
    plain = [(None, True) if isinstance(v, Tensor) else (v, False) for v in arguments]  # tensors are the node's to free
    stream = Stream(preserve)

    def forward(saving: Any, function: Any, *values: Any) -> Any:
        saving.save(names, tuple(v for v in values if isinstance(v, Tensor)))
        return call(function, values, {})

    def backward(step: Any, *gradients: Any) -> Any:
        if mode.walk is not None and mode.walk.captures is not None:
            raise AutogradError(
                "When use_reentrant=True, torch.utils.checkpoint is incompatible with .grad() or passing an `inputs` "
                "parameter to .backward(). To resolve this error, you can either set use_reentrant=False, or call "
                ".backward() without passing the `inputs` argument."
            )
        saved = iter([_leaf_of(step.saved[name]) for name in names])
        given = [next(saved) if tensor else v for v, tensor in plain]
        with GradMode(True), stream:
            out = call(function, given, {})
        outs = [o if isinstance(o, Tensor) else None for o in (out if isinstance(out, tuple) else (out,))]
        pairs = [(o, g) for o, g in zip(outs, gradients, strict=True) if o is not None and o.requires]
        if not pairs:
            raise AutogradError("none of output has requires_grad=True, this checkpoint() is not necessary")
        walk = Walk(False, False, mode.where)
        with_grad_mode(walk, seeds([o for o, _ in pairs], [g for _, g in pairs], False))
        return step.give((None, *(v.gradient if isinstance(v, Tensor) else None for v in given)))

    parameters = ("function", *(f"argument{number}" for number in range(len(arguments))))
    node = CustomOperator("CheckpointFunction", parameters, -1, len(parameters), names, -1, forward, backward)
    return node.run((function, *arguments), mode.where)


def _leaf_of(t: Tensor) -> Tensor:
    """The same values as a leaf, with the flag."""
    own = make(t.data)
    own.requires = t.requires
    return own


# --- what programs call -----------------------------------------------------------------------------------------------


def in_segments(functions: Any, segments: int, x: Any, use_reentrant: bool, preserve: Any) -> Any:
    """`functions` one after the other, in so many segments, of which all but the last keep their input only."""
    size = len(functions) // segments

    def chain(start: int, end: int) -> Callable[[Any], Any]:
        def run(value: Any) -> Any:
            for function in functions[start:end]:
                value = call(function, (value,), {})
            return value

        return run

    end = 0
    for start in range(0, size * (segments - 1), size):
        end = start + size
        part = chain(start, end)
        x = reentrant(part, (x,), preserve) if use_reentrant else hooked(part, (x,), {}, preserve, "default", True)
    return chain(end, len(functions))(x)
