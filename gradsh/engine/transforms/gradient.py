"""Derivatives of functions: `grad(f)`, `value_and_grad(f)`, and what all transforms share.

All of them (the others are in products.py and jacobians.py) run the function once, on inputs of their own, and read its
graph: backwards (autograd/backward.py), in batches, or forwards (forward.py).
Results, errors and `create_graph` are those of torch.func (`grad`) and torch.autograd.functional (the others). Inside
another transform they behave as with `create_graph`, so that they nest in each other to any order.

Inside `vmap` the inputs are batches. Samples do not influence each other, so that a derivative for all of them at once
is that of the sum: the graph is recorded on tensors that have the batches as their first dims (`lifted`).
"""

from __future__ import annotations

import sys
from collections.abc import Callable
from typing import Any

import numpy as np

from gradsh.engine.autograd.backward import run_grad
from gradsh.engine.core import alloc
from gradsh.engine.core.batched import SIZES, Batched
from gradsh.engine.core.dtypes import OF
from gradsh.engine.core.graph import Output
from gradsh.engine.core.modes import GradMode, mode, planned
from gradsh.engine.core.namespaces import T
from gradsh.engine.core.place import caller, placed
from gradsh.engine.core.pytree import filled, leaves, mapped
from gradsh.engine.core.tensor import Tensor, make
from gradsh.engine.core.users import spelled
from gradsh.errors import ArgumentError, AutogradError, LeafFlag, NonScalarBackward, ValueProblem

_getframe = sys._getframe


def python_type(value: Any) -> str:
    """A value's type as Python's `type` prints it, which PyTorch's errors quote."""
    name = type(value).__name__
    return f"<class '{name}'>"


def name_of(f: Any) -> str:
    """A function's name in errors: what the program called it, `<lambda>` if it did not."""
    name = str(getattr(f, "__name__", None) or repr(f)).removeprefix(".")
    return "<lambda>" if name.startswith("@") else name


def invoke(f: Any, args: Any, kwargs: dict[str, Any] | None = None) -> Any:
    """Call a function of the program or a built-in; parameters of the program's functions are spelled `.name`."""
    if kwargs:
        return f(*args, **spelled(f, kwargs))
    return f(*args)


def traced(f: Any, args: Any, kwargs: dict[str, Any] | None = None) -> Any:
    """Run the program's function for a transform: with grad mode on, and with places of its own."""
    where = mode.where
    mode.where = None
    mode.transforms += 1
    try:
        with GradMode(True):
            return invoke(f, args, kwargs)
    finally:
        mode.transforms -= 1
        mode.where = where


HOOKS = (
    "torch.func.{grad, vjp, jacrev, hessian} don't yet support saved tensor hooks. Please open an issue with your use "
    "case."
)


class Functorch:
    """While a function is run for one of torch.func's gradients: no `backward`, no hooks on what is saved."""

    __slots__ = ("saving",)

    def __enter__(self) -> None:
        self.saving = mode.saving
        if self.saving is not None and self.saving.__class__ is not str:
            raise AutogradError(HOOKS)
        mode.saving = HOOKS
        mode.functorch += 1

    def __exit__(self, *_: object) -> None:
        mode.functorch -= 1
        mode.saving = self.saving


# --- inputs and outputs ----------------------------------------------------------------------------------------------


def lifted(x: Any) -> Tensor:
    """What a tensor or batch stands for, with the batches of all running `vmap`s as its first dims."""
    for level in range(len(SIZES) - 1, -1, -1):
        mine = x.__class__ is Batched and x.level == level
        x = x.value if mine else T.expand(x, (SIZES[level], *x.shape))
    return x  # type: ignore[no-any-return]  # a Tensor when all levels are opened


def lowered(x: Any) -> Any:
    """The opposite of `lifted`."""
    for level in range(len(SIZES)):
        x = Batched(x, level)
    return x


def fresh(x: Tensor, create: bool, wanted: bool = True) -> Tensor:
    """An input of the function's own, on the same memory: linked to `x` with `create`, else a leaf.

    So the same tensor, captured by the function, is something else than its argument.
    """
    if create and x.requires:
        return T.view_as(x, x)  # type: ignore[no-any-return]  # a Tensor
    if wanted and x.data.dtype.kind != "f":
        raise LeafFlag("only Tensors of floating point dtype can require gradients", x.made_at)
    t = make(x.data)
    if isinstance(x.data, np.ndarray):
        t.storage = x.share()
        t.data = x.data
    t.requires = wanted
    t.origin = mode.where
    return t


def untracked(x: Any) -> Any:
    """A result without its history."""
    if not x.requires:
        return x
    t = make(x.data)
    t.origin = mode.where
    return t


def reaches_others(x: Tensor, own: Any) -> bool:
    """Whether the graph of `x` leads to a leaf that is not one of `own`."""
    start = x.edge
    if start is None:
        return False
    stack, seen = [start], set()
    while stack:
        edge = stack.pop()
        if edge.__class__ is Tensor:
            if edge not in own and not (edge.extra is not None and edge.extra.retired):
                return True
            continue
        node = edge.node if edge.__class__ is Output else edge
        if node in seen:
            continue
        seen.add(node)
        following = node.next
        if following.__class__ is tuple:
            stack.extend(e for e in following if e is not None)
        elif following is not None:
            stack.append(following)
    return False


def settled(x: Any, own: Any) -> Any:
    """A result with its history if that leads to something outside of the transform, else without."""
    return x if x.requires and reaches_others(x, own) else untracked(x)


def retire(inputs: list[Tensor]) -> None:
    """Called when a transform is done: the leaves that it made are not what others wait for."""
    for t in inputs:
        if t.node is None:
            t.own_extra().retired = True


# --- grad(f) and value_and_grad(f) -----------------------------------------------------------------------------------


def gradient_of(f: Any, argnums: Any = 0, has_aux: bool = False, value: str = "") -> Callable[..., Any]:
    """The function that gives the gradient of `f`; value "first" or "last": together with the value of `f`."""

    def gradient(*args: Any, **kwargs: Any) -> Any:
        with placed(caller(_getframe(1))):
            found, out, aux = planned(_gradient, f, argnums, has_aux, args, kwargs)
        if value == "first":
            return ((out, aux), found) if has_aux else (out, found)
        if value == "last":
            return (found, (out, aux)) if has_aux else (found, out)
        return (found, aux) if has_aux else found

    gradient.__name__ = gradient.__qualname__ = name_of(f)
    return gradient


def _gradient(
    f: Any, argnums: Any, has_aux: bool, args: tuple[Any, ...], kwargs: dict[str, Any]
) -> tuple[Any, Any, Any]:
    outer = mode.grad
    chosen = argument_numbers(argnums, len(args))
    several = isinstance(argnums, (tuple, list))
    given = [as_tensor(args[i]) for i in chosen]
    tensors = leaves(given)
    for x in tensors:
        if not isinstance(x, Tensor):
            raise ArgumentError(
                f"Thing passed to transform API must be Tensor, got {python_type(x)}", kind="ValueError"
            )
    inputs = [fresh(lifted(x), outer) for x in tensors]
    linked = any(t.node is not None for t in inputs)
    own = set(inputs)
    new_args = list(args)
    for i, replaced in zip(chosen, filled(given, [lowered(t) for t in inputs]), strict=True):
        new_args[i] = replaced
    mode.transformed.append(f)
    try:
        with Functorch():
            out = traced(f, new_args, kwargs)
    finally:
        mode.transformed.pop()
    aux = None
    if has_aux:
        if not isinstance(out, tuple) or len(out) != 2:
            raise AutogradError(
                "grad_and_value(f)(*args): output of function f should be a tuple: (output, aux) if has_aux is True"
            )
        out, aux = out
    if not isinstance(out, Tensor):
        raise AutogradError(
            f"grad_and_value(f)(*args): Expected f(*args) to return a Tensor, got {python_type(out)}",
            help="the gradient is that of a tensor: leave out the `.item()` in the function",
        )
    if out.ndim != 0:
        raise AutogradError(
            "grad_and_value(f)(*args): Expected f(*args) to return a scalar Tensor, got tensor with "
            f"{out.ndim} dims. Maybe you wanted to use the vjp or jacrev APIs instead?",
            help="sum it in the function, or take `jacobian(f, x)`",
        )
    total = lifted(out)
    create = outer and (linked or reaches_others(total, own))
    found: list[Any] = [None] * len(inputs)
    if total.requires:
        seed = make(alloc.ones(total.data.shape, total.data.dtype)) if SIZES else None
        found = list(run_grad([total], inputs, [seed], create, create, True, False, mode.where))
    grads = []
    for g, x in zip(found, inputs, strict=True):
        if g is None:
            g = make(alloc.zeros(x.data.shape, x.data.dtype)[()])
        grads.append(lowered(settled(g, own) if create else g))

    def result(x: Any) -> Any:
        if not isinstance(x, Tensor) or not x.requires:
            return x
        return lowered(settled(lifted(x), own) if outer else untracked(lifted(x)))

    shaped = filled(given, grads)
    value, aux = result(out), mapped(result, aux)
    retire(inputs)
    return tuple(shaped) if several else shaped[0], value, aux


def as_tensor(value: Any) -> Any:
    """A plain number, or a list of numbers, as the floating tensor that a derivative wants; anything else as it is.

    Beyond PyTorch, whose error says that it must be a tensor.
    """
    if value.__class__ is float or value.__class__ is int or (value.__class__ is list and _is_numbers(value)):
        return T.tensor(value, dtype=OF[mode.default])
    return value


def _is_numbers(values: list[Any]) -> bool:
    kinds = {value.__class__ for value in values}
    return bool(kinds) and (kinds <= {int, float} or (kinds == {list} and all(map(_is_numbers, values))))


def gradients_of_samples(
    outputs: list[Any], inputs: list[Any], given: list[Any], create: bool, allow_unused: bool, materialize: bool
) -> tuple[Any, ...]:
    """`torch.autograd.grad` inside `vmap`: for all samples at once, on what the batches hold."""
    seeds: list[Tensor | None] = []
    for out, v in zip(outputs, given, strict=True):
        if v is None and out.ndim:
            raise NonScalarBackward("grad can be implicitly created only for scalar outputs", subject=out)
        seeds.append(make(alloc.ones(lifted(out).data.shape, out.data.dtype)) if v is None else lifted(v))
    found = run_grad(
        [lifted(o) for o in outputs],
        [lifted(x) for x in inputs],
        seeds,
        True,
        create,
        allow_unused,
        materialize,
        mode.where,
    )
    return tuple(None if g is None else lowered(g) for g in found)


def argument_numbers(argnums: Any, count: int) -> list[int]:
    if not isinstance(argnums, (int, tuple, list)) or isinstance(argnums, bool):
        raise ValueProblem(f"argnums must be int or Tuple[int, ...], got: {python_type(argnums)}")
    several = isinstance(argnums, (tuple, list))
    chosen = []
    for number in argnums if isinstance(argnums, (tuple, list)) else (argnums,):
        if not isinstance(number, int):
            raise ValueProblem(f"argnum must be int, got: {python_type(number)}")
        if not -count <= number < count:
            raise ValueProblem(f"Got argnum={number}, but only {count} positional inputs")
        chosen.append(number % count)
    if several and not chosen:
        raise ValueProblem("argnums must be non-empty")
    if len(set(chosen)) != len(chosen):
        raise ValueProblem(f"argnums elements must be unique, got {tuple(chosen)}")
    return chosen
