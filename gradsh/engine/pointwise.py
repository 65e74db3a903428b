"""Elementwise operators of one and of two inputs: the tiny-op path, kept as short as Python allows.

`unary` and `binary` register an operator; what they return to the program is one closure per operator with everything
it needs in cells. Both are forms of the registry's entry (gradsh/engine/registry.py).
"""

from __future__ import annotations

import sys
from collections.abc import Callable
from functools import partial
from typing import Any

import numpy as np

from gradsh.engine.batching import Batched
from gradsh.engine.batching import call as batched_call
from gradsh.engine.blocks import BIG, in_pieces
from gradsh.engine.checks import FAILURES, blame, wrong_call
from gradsh.engine.graph import Freed, Kind, Node, freed, note_versions, sequence, verify, verify_output
from gradsh.engine.modes import mode
from gradsh.engine.promotion import broadcast_error, promoted, promoted_number
from gradsh.engine.registry import A, Operator, T, caller, untracked
from gradsh.engine.tensor import Tensor, make
from gradsh.errors import NotDifferentiable

ndarray = np.ndarray
float32 = np.float32
FLOAT32 = np.dtype(np.float32)
FLOAT64 = np.dtype(np.float64)
_getframe = sys._getframe
MISSING = object()


# --- unary elementwise --------------------------------------------------------------------------------------------


class Unary(Operator):
    """An elementwise operator of one tensor: dtype and shape are kept, integers become the default dtype.

    `number` is the same function of a plain number (`sqrt(2.0)` is a plain number), where Python has a faster one than
    the kernel; `keeps_int` for operators that are defined on integers too (neg, abs, square, sign); `check(dtype)` may
    raise for dtypes that the operator refuses. Without a grad_fn it is not differentiable (isnan).
    """

    number: Any = None
    keeps_int = False
    check: Any = None
    kind: Kind
    large: Kind  # the same for large arrays

    def finish(self) -> None:
        if not self.rules:
            return
        name = next(iter(self.rules))
        self.kind.saves = bool(self.saves[name])
        self.kind.step, self.kind.tensor_step = _unary_steps(self.rules[name], self.saves[name])
        self.large.saves = self.kind.saves
        self.large.step, self.large.tensor_step = _unary_steps(_pieced(self.rules[name]), self.saves[name])


def _pieced(rule: Any) -> Any:
    """An elementwise rule that works on large arrays piece by piece."""

    def pieced(F: Any, *values: Any) -> Any:
        return in_pieces(partial(rule, F), *values) if F is A else rule(F, *values)

    return pieced


def no_step(node: Node, g: Any) -> Any:
    """The step of an operator that has no derivative yet."""
    raise NotDifferentiable(
        f"derivative for aten::{node.kind.operator} is not implemented",
        places=[((node.code, node.lasti), "recorded here")],
    )


def _unary_steps(rule: Any, saves: frozenset[str]) -> tuple[Any, Any]:
    """The steps of a unary rule, in the shortest form for what it saves."""
    if saves == {"input"}:

        def step(node: Node, g: Any) -> Any:
            x = node.saved
            if x.__class__ is Freed:
                raise freed(node)
            if x.storage is not None:
                verify(node, x, 0)
            return rule(A, g, None, x.data)

        def tensor_step(node: Node, g: Any, F: Any = T) -> Any:
            x = node.saved
            if x.__class__ is Freed:
                raise freed(node)
            if x.storage is not None:
                verify(node, x, 0)
            return rule(F, g, None, F.restore(x, node.next))

    elif saves == {"out"}:

        def step(node: Node, g: Any) -> Any:
            out = node.saved
            if out.__class__ is Freed:
                raise freed(node)
            if node.extra is not None:
                verify_output(node, out)
            return rule(A, g, out, None)

        def tensor_step(node: Node, g: Any, F: Any = T) -> Any:
            out = node.saved
            if out.__class__ is Freed:
                raise freed(node)
            if node.extra is not None:
                verify_output(node, out)
            return rule(F, g, F.output(node, out), None)

    elif not saves:

        def step(node: Node, g: Any) -> Any:
            return rule(A, g, None, None)

        def tensor_step(node: Node, g: Any, F: Any = T) -> Any:
            return rule(F, g, None, None)

    else:
        raise TypeError("a unary rule saves the input or the output, not both")
    return step, tensor_step


def unary(
    signature: str,
    *,
    grad_fn: str = "",
    number: Any = None,
    keeps_int: bool = False,
    check: Any = None,
    inplace: bool = True,
    direct: Any = None,
    **options: Any,
) -> Callable[[Any], Unary]:
    """Register an elementwise operator of one input; see Unary. `direct` is the function of C that the kernel calls and
    nothing else: the fast path calls it without a Python call in between."""

    def register(kernel: Any) -> Unary:
        entry = Unary(
            signature, grad_fn=grad_fn, inplace=inplace, elementwise=True, differentiable=bool(grad_fn), **options
        )
        entry.kernel = kernel
        entry.number = number
        entry.keeps_int = keeps_int
        entry.check = check
        tracks = bool(grad_fn)
        compute = direct or kernel
        entry.kind = small = Kind(grad_fn, no_step, no_step, saves=False, operator=entry.name)
        entry.large = large = Kind(grad_fn, no_step, no_step, saves=False, operator=entry.name)
        name = entry.name

        def apply(input: Any = MISSING, inplace: Any = False) -> Any:
            if input.__class__ is not Tensor or inplace is not False:
                return _plain(entry, input, inplace, _getframe(1))
            if input.storage is not None:
                input.up_to_date()
            x = input.data
            kind = small
            if x.__class__ is float32:
                y = compute(x)
            else:
                if x.dtype is not FLOAT32 and x.dtype.kind != "f":
                    x = _to_floating(entry, x)
                if x.size < BIG:
                    y = compute(x)
                else:
                    y = in_pieces(compute, x)
                    kind = large
            out = Tensor()
            out.data = y
            out.grad_ = out.storage = out.extra = None
            if input.rg and mode.grad and tracks:
                node = Node()
                node.kind = kind
                node.next = input.fn or input
                node.saved = (input if saves_input else y) if kind.saves else None
                node.fix = node.extra = None
                node.seq = sequence()
                where = mode.where
                if where is None:
                    frame = _getframe(1)
                    node.code = frame.f_code
                    node.lasti = frame.f_lasti
                else:
                    node.code, node.lasti = where
                if input.storage is not None:
                    note_versions(node, (input,))
                out.fn = node
                out.rg = True
            else:
                out.fn = None
                out.rg = False
                untracked(out, _getframe(1))
            return out

        saves_input = True
        original = entry.finish

        def finish() -> None:
            nonlocal saves_input
            original()
            saves_input = entry.saves[next(iter(entry.rules))] == {"input"}

        entry.finish = finish  # type: ignore[method-assign]  # apply's closure must hear of what the rule saves
        apply.__name__ = apply.__qualname__ = name
        entry.apply = apply
        entry.register(kernel)
        return entry

    return register


def _plain(entry: Unary, value: Any, inplace: Any, frame: Any) -> Any:
    """A call that is not of one tensor: a plain number, `inplace=True`, or an error."""
    if value is MISSING or inplace is not False:
        given = () if value is MISSING else (value,)
        if inplace is False or ", inplace=" not in entry.signature.text:
            entry.signature.bind(given if inplace is False else (*given, inplace), {})  # raises
        if value.__class__ is Tensor:
            from gradsh.engine.inplace import apply_in_place

            return apply_in_place(entry.apply, value, (), {}, frame) if inplace else entry.apply(value)
    if value.__class__ is Batched:
        return batched_call(entry, [value])
    if isinstance(value, (int, float)):
        if entry.number is not None:
            try:
                return entry.number(value)
            except (ValueError, OverflowError):
                pass  # where Python raises for 1/0 or log(-1), a tensor holds inf or nan, and so does the number
        if entry.keeps_int and not isinstance(value, float):
            return entry.kernel(np.int64(value)).item()
        return entry.kernel(np.float64(value)).item()
    raise entry.signature.refused((value,) if inplace is False else (value, inplace), {})


def _to_floating(entry: Unary, x: Any) -> Any:
    if entry.check is not None:
        entry.check(x.dtype)
    if entry.keeps_int:
        return x
    return x.astype(mode.default)


# --- binary elementwise -------------------------------------------------------------------------------------------


class Binary(Operator):
    """An elementwise operator of two tensors, or of a tensor and a number, with broadcasting and promotion.

    `names` are the grad_fn names of tensor-tensor, tensor-number and number-tensor; all empty: not differentiable.
    `apply` is what programs call by name; `operator` and `reflected` are Python's special methods. `variant` is called
    instead, with all arguments, when a keyword beyond the two inputs is given (`alpha`, `rounding_mode`); `number` for
    two plain numbers.
    """

    kinds: tuple[Kind, Kind, Kind]
    large: tuple[Kind, Kind, Kind]  # the same for large arrays
    operator: Any = None
    reflected: Any = None
    variant: Any = None
    numbers = "other"
    constants = False
    number: Any = None

    def finish(self) -> None:
        """Compile the rules into steps once both are there."""
        if len(self.rules) < 2:
            return
        one, two = (p.name for p in self.signature.parameters[:2])
        first, second = self.rules[one], self.rules[two]
        self.plan[:] = [name in self.saves[input] for input in (one, two) for name in (one, two, "out")]
        one_saves, two_saves = self.plan[:3], self.plan[3:]
        self.keeps[:] = [
            tuple(p or q for p, q in zip(one_saves, two_saves, strict=True)),
            tuple(one_saves),
            tuple(two_saves),
        ]
        both, left, right = self.kinds
        both.saves, left.saves, right.saves = any(self.plan), any(self.plan[:3]), any(self.plan[3:])
        for small, large in zip(self.kinds, self.large, strict=True):
            large.saves = small.saves
            large.number_slot = small.number_slot
        both.step, both.tensor_step = _binary_steps(first, second, both.saves)
        left.step, left.tensor_step = _mixed_steps(first, 0, left.saves, self.constants)
        right.step, right.tensor_step = _mixed_steps(second, 1, right.saves, self.constants)
        both, left, right = self.large
        first, second = _pieced(first), _pieced(second)
        both.step, both.tensor_step = _binary_steps(first, second, both.saves)
        left.step, left.tensor_step = _mixed_steps(first, 0, left.saves, self.constants)
        right.step, right.tensor_step = _mixed_steps(second, 1, right.saves, self.constants)

    plan: list[bool]
    keeps: list[Any]  # which of the first, the second and the output: both want gradients, the first, the second


def _binary_steps(first: Any, second: Any, saves: bool) -> tuple[Any, Any]:
    if not saves:

        def plain_step(node: Node, g: Any) -> Any:
            a, b = node.next
            return (
                None if a is None else first(A, g, None, None, None),
                None if b is None else second(A, g, None, None, None),
            )

        def plain_tensor_step(node: Node, g: Any, F: Any = T) -> Any:
            a, b = node.next
            return (
                None if a is None else first(F, g, None, None, None),
                None if b is None else second(F, g, None, None, None),
            )

        return plain_step, plain_tensor_step

    def step(node: Node, g: Any) -> Any:
        saved = node.saved
        if saved.__class__ is Freed:
            raise freed(node)
        x, y, out = saved
        if y is not None:  # first, as in PyTorch: if both were written to, the error is about this one
            if y.storage is not None:
                verify(node, y, 1)
            y = y.data
        if x is not None:
            if x.storage is not None:
                verify(node, x, 0)
            x = x.data
        if node.extra is not None and out is not None:
            verify_output(node, out)
        a, b = node.next
        return (
            None if a is None else first(A, g, out, x, y),
            None if b is None else second(A, g, out, x, y),
        )

    def tensor_step(node: Node, g: Any, F: Any = T) -> Any:
        saved = node.saved
        if saved.__class__ is Freed:
            raise freed(node)
        x, y, out = saved
        a, b = node.next
        if y is not None:
            if y.storage is not None:
                verify(node, y, 1)
            y = F.restore(y, b)
        if x is not None:
            if x.storage is not None:
                verify(node, x, 0)
            x = F.restore(x, a)
        if out is not None:
            verify_output(node, out)
            out = F.output(node, out)
        return (
            None if a is None else first(F, g, out, x, y),
            None if b is None else second(F, g, out, x, y),
        )

    return step, tensor_step


_CONSTANTS: dict[Any, Any] = {}


def constant(number: Any, dtype: Any) -> Any:
    """A Python number as a 0-d array of a floating dtype: NumPy takes that in half the time of the number itself."""
    found = _CONSTANTS.get((number, dtype))
    if found is None:
        if number == 0 or number != number or number.__class__ is bool:
            return number  # 0.0 and -0.0 are one key, nan none
        if len(_CONSTANTS) > 1000:
            _CONSTANTS.clear()  # a program that counts in its constants
        try:
            found = np.array(number, dtype)
        except OverflowError:
            return number
        _CONSTANTS[(number, dtype)] = found
    return found


def _mixed_steps(rule: Any, side: int, saves: bool, constants: bool) -> tuple[Any, Any]:
    """Steps for one tensor (`side` 0 left, 1 right) and a number; saved is (tensor or None, number, output or None)."""
    if not saves:
        return (lambda node, g: rule(A, g, None, None, None)), (lambda node, g, F=T: rule(F, g, None, None, None))

    def step(node: Node, g: Any) -> Any:
        saved = node.saved
        if saved.__class__ is Freed:
            raise freed(node)
        x, number, out = saved
        if x is not None:
            if x.storage is not None:
                verify(node, x, 0)
            x = x.data
        if node.extra is not None and out is not None:
            verify_output(node, out)
        if constants and g.__class__ is ndarray:
            number = constant(number, g.dtype)
        return rule(A, g, out, number, x) if side else rule(A, g, out, x, number)

    def tensor_step(node: Node, g: Any, F: Any = T) -> Any:
        saved = node.saved
        if saved.__class__ is Freed:
            raise freed(node)
        x, number, out = saved
        if x is not None:
            if x.storage is not None:
                verify(node, x, 0)
            x = F.restore(x, node.next)
        if out is not None:
            verify_output(node, out)
            out = F.output(node, out)
        return rule(F, g, out, number, x) if side else rule(F, g, out, x, number)

    return step, tensor_step


def binary(
    signature: str,
    *,
    names: tuple[str, str, str],
    promote: str = "same",
    check: Any = None,
    numbers: str = "other",
    number: Any = None,
    inplace: bool = True,
    direct: Any = None,
    constants: bool = False,
    **options: Any,
) -> Callable[[Any], Binary]:
    """Register an elementwise operator of two inputs; see Binary.

    promote "same" computes in the promoted dtype, "float" turns integers into the default dtype first.
    check(a, b) may raise for dtypes that the operator refuses (bool - bool).
    direct: the function of C that the kernel calls and nothing else, to save that call.
    constants: the kernel and the rules treat a number as they would a 0-d array, so numbers may be turned into such.
    numbers "none": both inputs must be tensors; "other": the second may be a number; "either"; "both": also both.
    """

    def register(kernel: Any) -> Binary:
        entry = Binary(
            signature, grad_fn=names[0], inplace=inplace, elementwise=True, differentiable=bool(names[0]), **options
        )
        entry.numbers = numbers
        entry.constants = constants
        entry.number = number
        tracks = bool(names[0])
        entry.kernel = kernel
        compute = direct or kernel
        entry.kinds = both, left, right = tuple(  # type: ignore[assignment]  # three of them
            Kind(n, no_step, no_step, saves=False, operator=entry.name) for n in names
        )
        entry.large = large_both, large_left, large_right = tuple(  # type: ignore[assignment]  # the same
            Kind(n, no_step, no_step, saves=False, operator=entry.name) for n in names
        )
        for form in (left, right):
            # a form with the name of the form of two tensors is that form, with the number as a tensor without history
            form.number_slot = form.name == both.name
        entry.plan = plan = [False] * 6
        entry.keeps = keeps = [(False, False, False)] * 3
        floating = promote == "float"

        def operator(x: Tensor, y: Any, depth: int = 1) -> Any:
            """`x op y` where x is a tensor; the user's frame is `depth` frames up."""
            if y.__class__ is not Tensor:
                cls = y.__class__
                if cls is float or cls is int or cls is bool:
                    return mixed(x, y, 0)
                if isinstance(y, (np.generic, int, float)):
                    return mixed(x, y.item() if isinstance(y, np.generic) else y, 0)
                return NotImplemented
            if x.storage is not None:
                x.up_to_date()
            if y.storage is not None:
                y.up_to_date()
            a = x.data
            b = y.data
            cls = a.__class__
            fix = None
            kind = both
            if cls is float32 and b.__class__ is float32:
                c = compute(a, b)
            elif (
                cls is ndarray
                and b.__class__ is ndarray
                and (dtype := a.dtype) is b.dtype
                and (dtype is FLOAT32 or dtype is FLOAT64)
            ):
                if a.size < BIG:
                    try:
                        c = compute(a, b)
                    except ValueError:
                        raise broadcast_error(a.shape, b.shape) from None
                else:
                    try:
                        c = in_pieces(compute, a, b)
                    except ValueError:
                        raise broadcast_error(a.shape, b.shape) from None
                    kind = large_both
                if a.shape != b.shape:
                    fix = _fix(a, b, c)
            else:
                if check is not None:
                    check(a, b)
                p, q = promoted(a, b, floating)
                try:
                    c = compute(p, q)
                except ValueError:
                    raise broadcast_error(a.shape, b.shape) from None
                fix = _fix(a, b, c)
            out = Tensor()
            out.data = c
            out.grad_ = out.storage = out.extra = None
            if mode.grad and (x.rg or y.rg) and tracks:
                node = Node()
                node.kind = kind
                one, two = x.rg, y.rg
                node.next = ((x.fn or x) if one else None, (y.fn or y) if two else None)
                if both.saves:
                    first, second, result = keeps[0] if one and two else keeps[1] if one else keeps[2]
                    node.saved = (x if first else None, y if second else None, c if result else None)
                else:
                    node.saved = None
                node.fix = fix
                node.extra = None
                node.seq = sequence()
                where = mode.where
                if where is None:
                    frame = _getframe(depth)
                    node.code = frame.f_code
                    node.lasti = frame.f_lasti
                else:
                    node.code, node.lasti = where
                if x.storage is not None or y.storage is not None:
                    note_versions(node, (x, y))
                out.fn = node
                out.rg = True
            else:
                out.fn = None
                out.rg = False
                untracked(out, _getframe(depth))
            return out

        def mixed(x: Tensor, number: Any, side: int) -> Tensor:
            if x.storage is not None:
                x.up_to_date()
            a = x.data
            if a.__class__ is not float32 and (a.dtype.kind != "f" or number.__class__ is bool):
                if check is not None:
                    check(a, number)
                a, number = promoted_number(a, number, floating)
            kind = right if side else left
            if a.__class__ is ndarray and ((dtype := a.dtype) is FLOAT32 or dtype is FLOAT64):
                operand = constant(number, dtype) if constants else number
                if a.size < BIG:
                    c = compute(operand, a) if side else compute(a, operand)
                else:
                    c = in_pieces(compute, operand, a) if side else in_pieces(compute, a, operand)
                    kind = large_right if side else large_left
            else:
                c = compute(number, a) if side else compute(a, number)
            out = Tensor()
            out.data = c
            out.grad_ = out.storage = out.extra = None
            if x.rg and mode.grad and tracks:
                node = Node()
                node.kind = kind
                node.next = x.fn or x
                if kind.saves:
                    if side:
                        node.saved = (x if plan[4] else None, number, c if plan[5] else None)
                    else:
                        node.saved = (x if plan[0] else None, number, c if plan[2] else None)
                else:
                    node.saved = None
                node.fix = node.extra = None
                node.seq = sequence()
                where = mode.where
                if where is None:
                    frame = _getframe(2)
                    node.code = frame.f_code
                    node.lasti = frame.f_lasti
                else:
                    node.code, node.lasti = where
                if x.storage is not None:
                    note_versions(node, (x,))
                out.fn = node
                out.rg = True
            else:
                out.fn = None
                out.rg = False
                untracked(out, _getframe(2))
            return out

        def reflected(x: Tensor, y: Any) -> Any:
            """`y op x` where x is a tensor and y is not."""
            cls = y.__class__
            if cls is float or cls is int or cls is bool:
                return mixed(x, y, 1)
            if isinstance(y, (np.generic, int, float)):
                return mixed(x, y.item() if isinstance(y, np.generic) else y, 1)
            return operator(y, x, 2) if cls is Tensor else NotImplemented

        bind = entry.signature.bind

        def apply(*args: Any, **kwargs: Any) -> Any:
            if kwargs or len(args) != 2:
                values = bind(args, kwargs)
                if any(parameter.name in kwargs for parameter in entry.signature.parameters[2:]):
                    return _variant(entry, values, _getframe(1))
                x, y = values[0], values[1]
            else:
                x, y = args
            if x.__class__ is Tensor:
                if y.__class__ is Tensor:
                    return operator(x, y, 2)
                if numbers != "none" and isinstance(y, (int, float, np.generic)):
                    return mixed(x, y.item() if isinstance(y, np.generic) else y, 0)
            elif numbers in ("either", "both") and isinstance(x, (int, float)):
                if y.__class__ is Tensor:
                    return mixed(y, x, 1)
                if numbers == "both" and isinstance(y, (int, float)):
                    return operator(number_tensor(x), number_tensor(y), 2)
                if entry.number is not None and isinstance(y, (int, float)):
                    return entry.number(x, y)
            if x.__class__ is Batched or y.__class__ is Batched:
                return batched_call(entry, [x, y])
            raise wrong_call(entry.signature, _getframe(0))

        entry.apply = apply
        entry.operator = operator
        entry.reflected = reflected
        for method in (apply, operator, reflected):
            method.__name__ = method.__qualname__ = entry.name
        entry.register(kernel)
        return entry

    return register


def number_tensor(value: Any) -> Tensor:
    """A plain number as a 0-d tensor."""
    if isinstance(value, float):
        return make(mode.default.type(value))
    return make(np.bool_(value) if isinstance(value, bool) else np.int64(value))


def _variant(entry: Binary, values: list[Any], frame: Any) -> Any:
    before = mode.where
    if before is None:
        mode.where = caller(frame)
    try:
        return entry.variant(*values)
    except FAILURES as error:
        raise blame(entry, values, error) from None
    finally:
        mode.where = before


def _fix(a: Any, b: Any, c: Any) -> Any:
    """What un-broadcasting and un-promoting the two gradients takes, then the result's shape; None for nothing."""
    shape, dtype = c.shape, c.dtype
    # a rule multiplies by the other input as it is: with another dtype there, NumPy may widen the gradient
    same = a.dtype == dtype and b.dtype == dtype
    first = None if same and a.shape == shape else (a.shape, a.dtype)
    second = None if same and b.shape == shape else (b.shape, b.dtype)
    return None if first is None and second is None else (first, second, shape)
