"""The two fast paths of elementwise operators: everything that a call reads is in a cell of one closure.

Written by `python -m tests.record.fast_paths`, which has what the paths share once; edit it there.
"""

from __future__ import annotations

import sys
from collections.abc import Callable
from typing import TYPE_CHECKING, Any

import numpy as np

from gradsh.engine.core.alloc import LARGE, again, counted, made
from gradsh.engine.core.graph import Node, note_versions, sequence
from gradsh.engine.core.modes import mode
from gradsh.engine.core.place import unrecorded
from gradsh.engine.core.promotion import broadcast_error, promoted, promoted_number
from gradsh.engine.core.strided import settled
from gradsh.engine.core.tensor import Tensor
from gradsh.engine.kernels import pieces
from gradsh.engine.kernels.pieces import BIG, in_pieces
from gradsh.engine.operators.registry import computed
from gradsh.engine.operators.steps import constant, fix_of, halved

if TYPE_CHECKING:
    from gradsh.engine.operators.elementwise import Binary, Unary

ndarray = np.ndarray
float32, float64 = np.float32, np.float64
FLOAT32 = np.dtype(np.float32)
FLOAT64 = np.dtype(np.float64)
_getframe = sys._getframe
MISSING: Any = object()


def unary_path(
    entry: Unary, compute: Any, tracks: bool, other: Callable[..., Any], as_floating: Callable[..., Any]
) -> tuple[Callable[..., Any], Callable[[bool], None]]:
    """What programs call, and what tells it whether the rule saves the input (or the output).

    `other` takes every call that is not of one tensor, `as_floating` makes the array of it where its dtype is not.
    """
    saves_input = True
    small, large = entry.kind, entry.large

    def apply(input: Any = MISSING, inplace: Any = False) -> Any:
        if input.__class__ is not Tensor or inplace is not False:
            return other(entry, input, inplace, _getframe(1))
        if mode.interpreter is not None and mode.interpreter.takes((input,)):
            return mode.interpreter.run(entry, [input])
        if input.storage is not None:
            input.up_to_date()
        x = input.data
        kind = small
        if x.__class__ is float32:
            y = compute(x)
        else:
            if x.dtype is not FLOAT32 and x.dtype.kind != "f":
                x = as_floating(entry, x)
            if x.size < LARGE:
                y = compute(x)
            elif x.size < BIG:
                try:
                    y = compute(x)
                except MemoryError:
                    y = again(compute, x)
                made(y)
            else:
                from gradsh.engine.operators.chains import deferred  # most programs have no such arrays

                y = deferred(entry, compute, (input,), (x,), _getframe(1))
                if y is None:
                    y = counted(in_pieces, compute, x if x.__class__ is ndarray else input.data)
                kind = large
        out = Tensor()
        out.data = y
        out.gradient = out.storage = out.extra = None
        if mode.grad and tracks and input.requires:
            node = Node()
            node.kind = kind
            node.next = input.node or input
            node.saved = (input if saves_input else y) if kind.saves else None
            node.fix = None
            node.extra = None
            node.seq = sequence()
            where = mode.where
            if where is None:
                frame = _getframe(1)
                node.code = frame.f_code
                node.lasti = frame.f_lasti
            else:
                node.code, node.lasti = where
            if node.saved is not None and input.storage is not None:
                note_versions(node, (input,))
            out.node = node
            out.requires = True
        else:
            out.node = None
            out.requires = False
            unrecorded(out, _getframe(1))
        return out

    def saves(input: bool) -> None:
        nonlocal saves_input
        saves_input = input

    return apply, saves


def binary_path(
    entry: Binary, compute: Any, tracks: bool, check: Any, floating: bool, constants: bool
) -> tuple[Callable[..., Any], Callable[..., Any]]:
    """The operator of two tensors, and that of a tensor and a number: see `binary`."""
    wide = entry.wide
    both, left, right = entry.kinds
    large_both, large_left, large_right = entry.large
    plan, keeps = entry.plan, entry.keeps

    def operator(x: Tensor, y: Any, depth: int = 1) -> Any:
        """`x op y` where x is a tensor; the user's frame is `depth` frames up."""
        if y.__class__ is not Tensor:
            cls = y.__class__
            if cls is float or cls is int:
                return mixed(x, y, 0)
            if cls is bool:
                if check is not None:
                    check(x.data, y)
                return mixed(x, y, 0)
            if isinstance(y, (np.generic, int, float)):
                return mixed(x, y.item() if isinstance(y, np.generic) else y, 0)
            return NotImplemented
        if mode.interpreter is not None and mode.interpreter.takes((x, y)):
            return mode.interpreter.run(entry, [x, y])
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
            if a.size < LARGE:
                try:
                    c = compute(a, b)
                except ValueError:
                    raise broadcast_error(a.shape, b.shape) from None
                except MemoryError:
                    c = again(compute, a, b)
            elif a.size < BIG:
                try:
                    c = compute(a, b)
                except ValueError:
                    raise broadcast_error(a.shape, b.shape) from None
                except MemoryError:
                    c = again(compute, a, b)
                made(c)
            else:
                from gradsh.engine.operators.chains import deferred  # most programs have no such arrays

                c = deferred(entry, compute, (x, y), (a, b), _getframe(depth))
                if c is None:
                    try:
                        c = in_pieces(compute, a, b)
                    except ValueError:
                        raise broadcast_error(a.shape, b.shape) from None
                    except MemoryError:
                        c = again(in_pieces, compute, a, b)
                    made(c)
                kind = large_both
            if a.shape != b.shape:
                fix = fix_of(a, b, c)
                if c.size > LARGE:
                    made(c)
                c = settled(c, a, b)
            elif not a.flags.c_contiguous:
                c = settled(c, a, b)
        elif cls is pieces.waiting or b.__class__ is pieces.waiting:
            from gradsh.engine.operators.chains import deferred

            c = deferred(entry, compute, (x, y), (a, b), _getframe(depth))
            if c is None:  # they have arrays now
                return operator(x, y, depth + 1)
            kind = large_both
        else:
            if check is not None:
                check(a, b)
            try:
                p, q = promoted(a, b, floating)
            except MemoryError:
                p, q = again(promoted, a, b, floating)
            if wide and p.dtype.char == "e" and not b.ndim and b.dtype.char != "e":
                c = halved(compute, p, b)
            else:
                try:
                    c = compute(p, q)
                except ValueError:
                    raise broadcast_error(a.shape, b.shape) from None
                except MemoryError:
                    c = again(compute, p, q)
            fix = fix_of(a, b, c)
            if c.size > LARGE:
                made(c)
            c = settled(c, p, q)
        out = Tensor()
        out.data = c
        out.gradient = out.storage = out.extra = None
        if mode.grad and tracks and (x.requires or y.requires):
            node = Node()
            node.kind = kind
            one, two = x.requires, y.requires
            node.next = ((x.node or x) if one else None, (y.node or y) if two else None)
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
            if node.saved is not None and (x.storage is not None or y.storage is not None):
                note_versions(node, (x, y))
            out.node = node
            out.requires = True
        else:
            out.node = None
            out.requires = False
            unrecorded(out, _getframe(depth))
        return out

    def mixed(x: Tensor, number: Any, side: int) -> Any:
        """`x op number`, or with side 1 `number op x`; the user's frame is two frames up."""
        if mode.interpreter is not None and mode.interpreter.takes((x,)):
            return mode.interpreter.run(entry, [number, x] if side else [x, number])
        if x.storage is not None:
            x.up_to_date()
        a = x.data
        if a.__class__ is not float32 and (a.dtype.kind != "f" or number.__class__ is bool):
            if check is not None:
                check(a, number)
            a, number = promoted_number(a, number, floating)
        kind = right if side else left
        if a.__class__ is float32 or a.__class__ is float64:
            c = compute(number, a) if side else compute(a, number)
        elif (a.__class__ is ndarray or a.__class__ is pieces.waiting) and (
            (dtype := a.dtype) is FLOAT32 or dtype is FLOAT64
        ):
            operand = constant(number, dtype) if constants else number
            if a.size < LARGE:
                c = compute(operand, a) if side else compute(a, operand)
            elif a.size < BIG:
                pair = (operand, a) if side else (a, operand)
                try:
                    c = compute(*pair)
                except MemoryError:
                    c = again(compute, *pair)
                made(c)
            else:
                from gradsh.engine.operators.chains import deferred  # most programs have no such arrays

                c = deferred(entry, compute, (x,), (operand, a) if side else (a, operand), _getframe(2))
                if c is None:
                    a = a if a.__class__ is ndarray else x.data
                    c = counted(in_pieces, compute, operand, a) if side else counted(in_pieces, compute, a, operand)
                kind = large_right if side else large_left
        else:
            pair = (number, a) if side else (a, number)
            c = halved(compute, *pair) if wide and a.dtype.char == "e" else computed(compute, *pair)
            if c.size > LARGE:
                made(c)
        out = Tensor()
        out.data = c
        out.gradient = out.storage = out.extra = None
        if mode.grad and tracks and x.requires:
            node = Node()
            node.kind = kind
            node.next = x.node or x
            if kind.saves:
                if side:
                    node.saved = (x if plan[4] else None, number, c if plan[5] else None)
                else:
                    node.saved = (x if plan[0] else None, number, c if plan[2] else None)
            else:
                node.saved = None
            node.fix = None
            node.extra = None
            node.seq = sequence()
            where = mode.where
            if where is None:
                frame = _getframe(2)
                node.code = frame.f_code
                node.lasti = frame.f_lasti
            else:
                node.code, node.lasti = where
            if node.saved is not None and x.storage is not None:
                note_versions(node, (x,))
            out.node = node
            out.requires = True
        else:
            out.node = None
            out.requires = False
            unrecorded(out, _getframe(2))
        return out

    return operator, mixed
