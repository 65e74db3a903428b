"""The steps of elementwise operators: what their nodes do with a gradient, and what they say they saved."""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING, Any

import numpy as np

from gradsh.engine.core import alloc
from gradsh.engine.core.graph import Freed, Node, freed, verify, verify_output
from gradsh.engine.core.modes import mode
from gradsh.engine.core.namespaces import A, Namespace
from gradsh.engine.core.tensor import Tensor, output_tensor
from gradsh.engine.kernels.pieces import in_pieces
from gradsh.errors import NotDifferentiable

if TYPE_CHECKING:
    from gradsh.engine.operators.elementwise import Binary

ndarray = np.ndarray


def no_step(node: Node, g: Any, F: Namespace) -> Any:
    """The step of an operator that has no derivative yet."""
    raise NotDifferentiable(
        f"derivative for aten::{node.kind.operator} is not implemented",
        places=[((node.code, node.lasti), "recorded here")],
    )


def pieced(rule: Any) -> Any:
    """An elementwise rule that works on large arrays piece by piece."""

    def pieced(F: Any, *values: Any) -> Any:
        if F is not A:
            return rule(F, *values)
        walk = mode.walk
        tiles = None if walk is None else walk.tiles
        return in_pieces(partial(rule, F), *values) if tiles is None else tiles.by_rule(rule, F, values)

    return pieced


# --- of one input ----


def unary_step(rule: Any, saves: frozenset[str]) -> Any:
    """The step of a unary rule, in the shortest form for what it saves."""
    if saves == {"input"}:

        def step(node: Node, g: Any, F: Namespace) -> Any:
            x = node.saved
            if x.__class__ is Freed:
                raise freed(node)
            if x.storage is not None:
                verify(node, x, 0)
            return rule(F, g, None, x.data if F is A else F.restore(x, node.next))

    elif saves == {"out"}:

        def step(node: Node, g: Any, F: Namespace) -> Any:
            out = node.saved
            if out.__class__ is Freed:
                raise freed(node)
            if node.extra is not None:
                verify_output(node, out)
            return rule(F, g, out if F is A else F.output(node, out), None)

    elif not saves:

        def step(node: Node, g: Any, F: Namespace) -> Any:
            return rule(F, g, None, None)

    else:
        raise TypeError("a unary rule saves the input or the output, not both")
    return step


def describe_unary(node: Node) -> dict[str, Any]:
    saved = node.saved
    if saved is None:
        return {}
    return {"self": saved} if saved.__class__ is Tensor else {"result": output_tensor(node, saved)}


# --- of two inputs -----


def binary_step(first: Any, second: Any, saves: bool) -> Any:
    """The step of the two rules of an operator of two tensors; saved is (x, y, output), each or None."""
    if not saves:

        def plain_step(node: Node, g: Any, F: Namespace) -> Any:
            a, b = node.next
            return (
                None if a is None else first(F, g, None, None, None),
                None if b is None else second(F, g, None, None, None),
            )

        return plain_step

    def step(node: Node, g: Any, F: Namespace) -> Any:
        saved = node.saved
        if saved.__class__ is Freed:
            raise freed(node)
        x, y, out = saved
        a, b = node.next
        if y is not None:  # first, as in PyTorch: if both were written to, the error is about this one
            if y.storage is not None:
                verify(node, y, 1)
            y = y.data if F is A else F.restore(y, b)
        if x is not None:
            if x.storage is not None:
                verify(node, x, 0)
            x = x.data if F is A else F.restore(x, a)
        if out is not None:
            if node.extra is not None:
                verify_output(node, out)
            if F is not A:
                out = F.output(node, out)
        return (
            None if a is None else first(F, g, out, x, y),
            None if b is None else second(F, g, out, x, y),
        )

    return step


def halved(compute: Any, a: Any, b: Any) -> Any:
    """A kernel on halves and a number that is not rounded to half first: `tensor(100., dtype=float16).div(1e5)`."""
    a, b = (v.astype(np.float32) if getattr(v, "dtype", None) == np.float16 else np.float32(v) for v in (a, b))
    return compute(a, b).astype(np.float16)


_CONSTANTS: dict[Any, Any] = {}


def constant(number: Any, dtype: Any) -> Any:
    """A Python number as a 0-d array of a floating dtype: NumPy takes that in half the time of the number itself."""
    try:
        found = _CONSTANTS.get((number, dtype))
    except Exception:  # nothing is found by it: it stands for one that changes: see gradsh/plans/numbers.py
        return number
    if found is None:
        if number == 0 or number != number or number.__class__ is bool:
            return number  # 0.0 and -0.0 are one key, nan none
        if len(_CONSTANTS) > 1000:
            _CONSTANTS.clear()  # a program that counts in its constants
        try:
            found = alloc.array(number, dtype)
        except OverflowError:
            return number
        _CONSTANTS[(number, dtype)] = found
    return found


def mixed_step(rule: Any, side: int, saves: bool, constants: bool) -> Any:
    """The step for a tensor (`side` 0 left, 1 right) and a number; saved is (tensor, number, output), each or None."""
    if not saves:
        return lambda node, g, F: rule(F, g, None, None, None)

    def step(node: Node, g: Any, F: Namespace) -> Any:
        saved = node.saved
        if saved.__class__ is Freed:
            raise freed(node)
        x, number, out = saved
        if x is not None:
            if x.storage is not None:
                verify(node, x, 0)
            x = x.data if F is A else F.restore(x, node.next)
        if out is not None:
            if node.extra is not None:
                verify_output(node, out)
            if F is not A:
                out = F.output(node, out)
        if constants and g.__class__ is ndarray:
            number = constant(number, g.dtype)
        return rule(F, g, out, number, x) if side else rule(F, g, out, x, number)

    return step


def describe_binary(entry: Binary, form: int, node: Node) -> dict[str, Any]:
    """What a node of two tensors (form 0), of a tensor and a number (1), of a number and a tensor (2) saved."""
    if node.saved is None:
        return {}
    first, second, out = node.saved
    if form == 0 or node.kind.number_slot:  # a number in place of a tensor is none that PyTorch shows
        first, second = _tensor(first), _tensor(second)
    elif form == 2:
        first, second = second, first
    values = {"self": first, entry.signature.parameters[1].name: second}
    return values if out is None else {**values, "result": output_tensor(node, out)}


def _tensor(value: Any) -> Any:
    return value if value.__class__ is Tensor else None


def fix_of(a: Any, b: Any, c: Any) -> Any:
    """What un-broadcasting and un-promoting the two gradients takes, then the result's shape; None for nothing."""
    shape, dtype = c.shape, c.dtype
    # a rule multiplies by the other input as it is: with another dtype there, NumPy may widen the gradient
    same = a.dtype == dtype and b.dtype == dtype
    first = None if same and a.shape == shape else (a.shape, a.dtype)
    second = None if same and b.shape == shape else (b.shape, b.dtype)
    return None if first is None and second is None else (first, second, shape)
