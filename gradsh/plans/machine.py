"""A plan in C: its steps as instructions of a machine (engine/kernels/native_machine.h) that runs them without Python.

They call the inner loops of NumPy's ufuncs and NumPy's BLAS on the arrays of the plan, and what the NumPy runner calls
where those would not be known to give the same bits.
"""

from __future__ import annotations

import operator
from collections.abc import Callable
from typing import Any

import numpy as np

from gradsh.plans.builder import Plan
from gradsh.plans.values import PURE, Step, Value

ndarray = np.ndarray
ARITHMETIC = {np.add: 0, np.subtract: 1, np.multiply: 2, np.divide: 3, np.negative: 4}  # as Kind in native_machine.h
# Each element is rounded once or not at all: how NumPy's loops group them is not seen.
EXACT = frozenset(
    {
        *(
            np.add,
            np.subtract,
            np.multiply,
            np.divide,
            np.negative,
            np.positive,
            np.absolute,
            np.fabs,
            np.sqrt,
            np.square,
        ),
        *(np.reciprocal, np.sign, np.maximum, np.minimum, np.fmax, np.fmin, np.floor, np.ceil, np.trunc, np.rint),
        *(
            np.greater,
            np.greater_equal,
            np.less,
            np.less_equal,
            np.equal,
            np.not_equal,
            np.isnan,
            np.isinf,
            np.isfinite,
        ),
        *(np.logical_and, np.logical_or, np.logical_not, np.logical_xor, np.bitwise_and, np.bitwise_or, np.bitwise_xor),
        *(np.invert, np.copysign, np.signbit),
    }
)
# Sums of NumPy's begin with -0.0, what has no such number with the first element.
REDUCED = {np.add: True, np.maximum: False, np.minimum: False}
BASIC = (int, slice, type(None), type(Ellipsis), np.integer)


class Unknown(Exception):
    """There is no instruction for a step, and no call."""


def packed_by(native: Any, plan: Plan) -> Callable[[int], None] | None:
    """`run(n)`: n iterations on the arrays of the plan, by that module in C; None where it does not know a step."""
    packer = Packer(native)
    try:
        for step in plan.steps:
            packer.step(step)
        packer.carry(plan.carried)
    except (Unknown, OverflowError):
        return None
    program, run = packer.program, native.run
    return lambda n: run(program, n)


class Packer:
    """Steps on their way into a program of the machine."""

    def __init__(self, native: Any) -> None:
        self.native = native
        self.program = native.program()
        self.constants: dict[tuple[int, Any], tuple[Any, Any]] = {}

    def step(self, step: Step) -> None:
        how = getattr(self, step.kind, None)
        if how is None or step.out is None:
            raise Unknown
        how(step)

    def operand(self, x: Any, dtype: Any) -> tuple[Any, Any]:
        """(array of that dtype, the array whose memory it is) of a value, or of what is the same in all iterations."""
        if type(x) is not Value:
            key = (id(x), dtype)
            if key not in self.constants:
                self.constants[key] = (x, np.asarray(x, dtype))
            array = self.constants[key][1]
            return array, array
        if x.array.dtype == dtype:
            return x.array, x.root.array
        array = np.empty(x.array.shape, dtype)
        self.native.add_copy(self.program, x.array, x.root.array, array, array)
        return array, array

    # --- kinds of steps ---

    def map(self, step: Step) -> None:
        ufunc, out = step.function, step.out.array
        dtypes = resolved(ufunc, tuple(kind_of(x) for x in step.arguments))
        exact = ufunc in EXACT
        if dtypes is not None and (exact or dtypes[-1].kind == "f"):
            given = [each for x, dtype in zip(step.arguments, dtypes, strict=False) for each in self.operand(x, dtype)]
            same = out.dtype == dtypes[-1]
            target = out if same else np.empty(out.shape, dtypes[-1])
            owner = step.out.root.array if same else target
            arithmetic = ARITHMETIC.get(ufunc, -1)
            if self.native.add_map(self.program, ufunc, exact, arithmetic, *given, target, owner):
                if not same:
                    self.native.add_copy(self.program, target, target, out, step.out.root.array)
                return
        self.called(ufunc, [plain(x) for x in step.arguments], {"out": out})

    def reduce(self, step: Step) -> None:
        (axis, keepdims), source = step.extra, step.arguments[0]
        x, x_owner = self.operand(source, source.dtype)
        if step.function in REDUCED:
            axes = None if axis is None else positive(axis, x.ndim)
            starts = REDUCED[step.function]
            out = step.out
            given = (step.function, axes, starts, x, x_owner, out.array, out.root.array)
            if self.native.add_reduce(self.program, *given):
                return
        self.called(step.function.reduce, [x, axis, None, step.out.array, keepdims], {})

    def copy(self, step: Step) -> None:
        self.copied(step.arguments[0], step.out.array, step.out.root.array)

    def copied(self, x: Any, out: Any, owner: Any) -> None:
        array, root = (x.array, x.root.array) if type(x) is Value else self.operand(x, None)
        if not self.native.add_copy(self.program, array, root, out, owner):
            self.called(np.copyto, [out, array], {"casting": "unsafe"})

    def put(self, step: Step) -> None:
        (x,), out, index = step.arguments, step.out, step.extra
        if is_basic(index):
            part = out.array[(*index, ...) if type(index) is tuple and ... not in index else index]
            if type(part) is not ndarray:
                part = out.array[index, ...]
            given = x if type(x) is Value else np.asarray(x)
            if given.ndim <= part.ndim and (type(x) is Value or type(x) is ndarray):
                self.copied(x, part, out.root.array)
                return
        self.called(operator.setitem, [out.array, plain(index), plain(x)], {})

    def take(self, step: Step) -> None:
        (x,) = step.arguments
        self.called(operator.getitem, [plain(x), plain(step.extra)], {}, step.out.array)

    def call(self, step: Step) -> None:
        function, arguments, options, out = step.function, step.arguments, step.extra or {}, step.out
        if function is np.dot and not options and self.dotted(arguments, out):
            return
        kernel = getattr(function, "native", None)
        if kernel is not None and kernel.name == "summed" and kernel.loaded() is not None and not options:
            x, axis, _ = arguments
            owner = x.root.array if type(x) is Value else x
            if self.native.add_sum(self.program, axis, plain(x), owner, out.array, out.root.array):
                return
        if function is np.reshape and not options and out.array.flags.c_contiguous and type(arguments[0]) is Value:
            x = arguments[0].array
            if x.size == out.array.size:
                self.copied(arguments[0], out.array.reshape(x.shape), out.root.array)
                return
        options = {name: number(x) for name, x in options.items()}
        self.called(function, [number(x) for x in arguments], options, out.array)

    def dotted(self, arguments: Any, out: Value) -> bool:
        a, b = arguments
        if not hasattr(a, "dtype") or not hasattr(b, "dtype"):
            return False
        given = (*self.operand(a, a.dtype), *self.operand(b, b.dtype))
        return bool(self.native.add_dot(self.program, *given, out.array, out.root.array))

    def called(self, function: Any, arguments: list[Any], options: dict[str, Any], out: Any = None) -> None:
        """A call, in which scalars are scalars as they were when it was recorded."""
        given, numbers = [], 0
        for at, x in enumerate([*arguments, *options.values()]):
            if type(x) is Value and x.scalar:
                numbers |= 1 << at
                given.append(x.array)
            elif type(x) is ndarray:
                given.append(x)
            elif type(x) is Value or function in PURE or not holds_number(x):
                given.append(plain(x))
            else:
                raise Unknown
        if len(given) > 60:
            raise Unknown
        self.native.add_call(self.program, function, tuple(options), numbers, out, *given)

    def carry(self, pairs: list[tuple[Value, Value]]) -> None:
        """What each value becomes at the end of an iteration; all are read before one is written."""
        written = {id(value.root) for value, _ in pairs}
        later: list[tuple[Any, Value]] = []
        for value, new in pairs:
            if id(new.root) in written:
                array = np.empty_like(new.array)
                self.copied(new, array, array)
                later.append((array, value))
        for value, new in pairs:
            if id(new.root) not in written:
                self.copied(new, value.array, value.root.array)
        for array, value in later:
            self.copied(array, value.array, value.root.array)


def plain(x: Any) -> Any:
    """The same with the arrays of a plan in place of its values."""
    kind = type(x)
    if kind is Value:
        return x.array
    if kind is tuple or kind is list:
        return kind(plain(each) for each in x)
    if kind is dict:
        return {key: plain(each) for key, each in x.items()}
    return number(x)


def number(x: Any) -> Any:
    """The number that an array without dims is, which is no value."""
    return x[()] if type(x) is ndarray and not x.ndim else x


def holds_number(x: Any) -> bool:
    """Whether a scalar is in it."""
    kind = type(x)
    if kind is Value:
        return bool(x.scalar)
    if kind is tuple or kind is list:
        return any(map(holds_number, x))
    return kind is dict and any(map(holds_number, x.values()))


def is_basic(index: Any) -> bool:
    """Whether an index gives a view, the same in each iteration."""
    if type(index) is tuple:
        return all(is_basic(each) and type(each) is not tuple for each in index)
    if type(index) is slice:
        return all(
            each is None or isinstance(each, (int, np.integer)) for each in (index.start, index.stop, index.step)
        )
    return isinstance(index, BASIC) and type(index) is not bool


def positive(axis: Any, ndim: int) -> Any:
    if type(axis) is tuple:
        return tuple(each % ndim for each in axis) if ndim else ()
    return axis % ndim if ndim and isinstance(axis, int) else axis


def kind_of(x: Any) -> Any:
    """What a ufunc's dtypes depend on: a dtype, or the type of a number of Python's."""
    if type(x) is Value:
        return x.array.dtype
    if type(x) is bool:
        return np.dtype(bool)
    return x.dtype if hasattr(x, "dtype") else type(x)


DTYPES: dict[Any, Any] = {}


def resolved(ufunc: Any, kinds: tuple[Any, ...]) -> Any:
    """The dtypes of the loop that NumPy takes, the output's last; None where there is none."""
    key = (ufunc, kinds)
    if key not in DTYPES:
        try:
            DTYPES[key] = ufunc.resolve_dtypes((*kinds, *[None] * ufunc.nout))
        except TypeError:
            DTYPES[key] = None
    return DTYPES[key]
