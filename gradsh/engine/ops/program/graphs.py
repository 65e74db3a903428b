"""What programs do with nodes of the graph: hooks on several gradients at once, and what the forward of an op says."""

from __future__ import annotations

from typing import Any

from gradsh.engine.autograd.custom import running
from gradsh.engine.autograd.leaves import Waiting
from gradsh.engine.core.arguments import type_word
from gradsh.engine.core.graph import Handle
from gradsh.engine.core.modes import mode
from gradsh.engine.core.tensor import Tensor
from gradsh.engine.operators.composite import function
from gradsh.engine.ops.program.autograd import register_hook
from gradsh.errors import ArgumentError, ValueError_

__acts_for_programs__ = True


class MultiHandle:
    """What `register_multi_grad_hook` gives: `remove()` takes the hook away from all of the tensors."""

    __slots__ = ("handles",)
    __public__ = frozenset({"remove"})

    def __init__(self, handles: list[Handle]) -> None:
        self.handles = handles

    def remove(self) -> None:
        for handle in self.handles:
            handle.remove()

    def __repr__(self) -> str:
        return "<_MultiHandle>"


class Together:
    """The gradients of several tensors in one backward pass, handed over when the last of them is there."""

    __slots__ = ("expected", "found", "hook", "missing", "tensors", "walk")

    def __init__(self, tensors: list[Tensor], hook: Any) -> None:
        self.tensors = tensors
        self.hook = hook
        self.walk: Any = None
        self.found: list[Any] = []
        self.missing = 0

    def arrived(self, at: int, g: Any) -> None:
        walk = mode.walk
        if walk is not self.walk:
            self.walk = walk
            self.found = [None] * len(self.tensors)
            self.missing = sum(will_run(walk, t) for t in self.tensors)
        self.found[at] = g
        self.missing -= 1
        if not self.missing:
            found, self.walk, self.found = self.found, None, []
            self.hook(found)


def will_run(walk: Any, t: Tensor) -> bool:
    """Whether a backward pass comes to the node of a tensor, or to the leaf."""
    node = t.grad_fn
    waiting = walk.waiting or Waiting(walk)  # a hook that was registered in the middle of it
    if node is not None:
        return node in waiting.nodes
    return t in waiting.count and (walk.captures is None or t in walk.captures)


@function("register_multi_grad_hook(tensors, fn, *, mode='all')", method=False, outside=True)
def register_multi_grad_hook(tensors: Any, hook: Any, how: str) -> MultiHandle:
    """Calls `fn` with the gradients of all of `tensors` once they are there, or (mode "any") with the first of them."""
    if how not in ("all", "any"):
        raise ValueError_(f"Expects mode to be one of ('all', 'any') but got {how}")
    if not isinstance(tensors, (list, tuple)):
        raise ArgumentError(f"'{type_word(tensors)}' object is not iterable")
    if how == "any":
        last: list[Any] = [None]

        def first(g: Any) -> None:
            if last[0] is not mode.walk:
                last[0] = mode.walk
                hook(g)

        return MultiHandle([register_hook.body(t, first) for t in tensors if t.requires_grad])
    if not all(t.requires_grad for t in tensors):
        raise ArgumentError("Expected gradient function to be set", kind="AssertionError")
    together = Together(list(tensors), hook)
    return MultiHandle(
        [register_hook.body(t, lambda g, at=at: together.arrived(at, g)) for at, t in enumerate(tensors)]
    )


# --- in the forward of an op ------------------------------------------------------------------------------------------

MARKED = (
    "op rank(x) { let r = x.argsort().float(); mark_non_differentiable(r); return x * 2, r } "
    "backward(g, h) { return g * 2 }"
)


@function("mark_non_differentiable(*args)", method=False, effect=True, example=f"{MARKED}; rank(ones(2, grad))")
def mark_non_differentiable(tensors: Any) -> None:
    """In the forward of an op: these outputs have no gradient, whatever it is made of."""
    for t in tensors:
        if not isinstance(t, Tensor):
            raise ArgumentError(
                "mark_non_differentiable only accepts variable arguments, but got ", kind="RuntimeError"
            )
    running("mark_non_differentiable").constant = tuple(tensors)


DIRTY = "op twice_(x) { x.mul_(2); mark_dirty(x); return x } backward(g) { return g * 2 }"


@function("mark_dirty(*args)", method=False, effect=True, example=f"{DIRTY}; let y = ones(2, grad) + 0; twice_(y); y")
def mark_dirty(tensors: Any) -> None:
    """In the forward of an op: these inputs were written in place, and are outputs."""
    for t in tensors:
        if not isinstance(t, Tensor):
            raise ArgumentError("mark_dirty can only accept variables, but argument ", kind="RuntimeError")
    running("mark_dirty").dirty = tuple(tensors)


PLAIN = (
    "op both(x) { set_materialize_grads(false); return x, 2 * x } "
    "backward(g, h) { return g if h is none else g + 2 * h }"
)


@function(
    "set_materialize_grads(value)",
    method=False,
    effect=True,
    example=f"{PLAIN}; let x = ones(2, grad); backward both(x)[0].sum(); x.grad",
)
def set_materialize_grads(value: Any) -> None:
    """In the forward of an op: whether its backward gets zeros for outputs that no gradient reached, or `none`."""
    running("set_materialize_grads").materialize = bool(value)
