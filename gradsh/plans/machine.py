"""A plan in C: its steps as instructions of a machine (engine/kernels/native_machine.h) that runs them without Python.

They call the inner loops of NumPy's ufuncs and NumPy's BLAS on the arrays of the plan, and what the NumPy runner calls
where those would not be known to give the same bits.
"""

from __future__ import annotations

import operator
from collections.abc import Callable
from typing import Any

import numpy as np

from gradsh.engine.kernels.compiled import Native
from gradsh.plans.builder import Plan
from gradsh.plans.numbers import Number
from gradsh.plans.packing import bare, fits, is_basic, kind_of, leaves_none_out, positive, resolved, spread
from gradsh.plans.values import PURE, Moving, Step, Value, Window, inputs_in, uncovered

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
MOST = 60  # arguments of a call


# Functions of two of Python's numbers: as ufuncs, and as add_number has them.
OF_FLOATS = {operator.add: np.add, operator.sub: np.subtract, operator.mul: np.multiply}
OF_INTS = {operator.add: 0, operator.sub: 1, operator.mul: 2}
CHECKED = {operator.truediv: 3, operator.pow: 4}  # of floats
COMPARED = {
    operator.lt: np.less,
    operator.le: np.less_equal,
    operator.gt: np.greater,
    operator.ge: np.greater_equal,
    operator.eq: np.equal,
    operator.ne: np.not_equal,
}
SUMS = {"summed": 0, "in_turn": 1, "squares": 2}
MEMORY = {float: np.dtype(np.float64), int: np.dtype(np.int64), bool: np.dtype(bool)}


class Unknown(Exception):
    """There is no instruction for a step, and no call."""


def packed_by(
    native: Any, plan: Plan, kernel: Callable[[Native], Any] = Native.found
) -> Callable[[int, Any, list[Any]], tuple[int, Any, Exception | None]] | None:
    """The plan's function, as `runner.compiled` has it, by that module in C; None where it does not know a step.

    `kernel`: gives of one of the engine's kernels (`Native`) that in C, None where it is not there or not to be used.
    """
    packer = Packer(native, plan, kernel)
    try:
        packer.all()
    except (Unknown, OverflowError):
        return None
    program, heads = packer.program, [packer.slot(number) for number, _ in plan.numbers]

    def run(count: int, numbers: Any, outs: list[Any]) -> tuple[int, Any, Exception | None]:
        try:
            for head, number in zip(heads, numbers, strict=True):
                head[...] = number
        except OverflowError:  # an int of more than 64 bits: no iteration of the program
            return 0, None, None
        try:
            done = native.run(program, count, outs)
        except Exception as why:
            return native.done(program), None, why
        if done < count:
            return done, None, None
        return done, tuple(head.item() for head in heads), None

    return run


class Packer:
    """Steps on their way into a program of the machine."""

    def __init__(self, native: Any, plan: Plan, kernel: Callable[[Native], Any]) -> None:
        self.native, self.plan, self.kernel = native, plan, kernel
        self.program = native.program()
        self.constants: dict[tuple[int, Any], tuple[Any, Any]] = {}
        self.slots: dict[int, tuple[Number, Any]] = {}

    def all(self) -> None:
        plan = self.plan
        for step in plan.steps:
            how = getattr(self, step.kind, None)
            if how is None:
                raise Unknown
            how(step)
        for value in plan.outs:
            self.out(value)
        pairs = [(value.root.array, value.array, new) for value, new in plan.carried]
        pairs += [(self.slot(number), self.slot(number), new) for number, new in plan.numbers]
        self.carry(pairs)

    def varies(self, x: Any) -> bool:
        return type(x) is Number and id(x) in self.plan.varying

    def slot(self, number: Number) -> Any:
        """Where a number is that is another in each iteration."""
        if id(number) not in self.slots:
            self.slots[id(number)] = (number, np.zeros((), MEMORY[type(number.plain)]))
        return self.slots[id(number)][1]

    def memory(self, x: Any, dtype: Any = None) -> tuple[Any, Any]:
        """(array, the array whose memory it is) of a value, a number, or what is the same in all iterations: that of
        this dtype, where one is asked for."""
        if type(x) is Value:
            return x.array, x.root.array
        if self.varies(x):
            return self.slot(x), self.slot(x)
        if type(x) is Number:
            x = x.plain
        key = (id(x), dtype)
        if key not in self.constants:
            self.constants[key] = (x, np.asarray(x, dtype))
        array = self.constants[key][1]
        return array, array

    def operand(self, x: Any, dtype: Any) -> tuple[Any, Any]:
        """The same, cast where it is of another dtype."""
        array, owner = self.memory(x, dtype)
        if array.dtype != dtype and type(x) is Number and array.dtype.kind == "i" and dtype.kind == "f":
            array, owner = self.cast(array, owner, np.dtype(np.float64))  # as NumPy reads Python's ints
        return (array, owner) if array.dtype == dtype else self.cast(array, owner, dtype)

    def cast(self, array: Any, owner: Any, dtype: Any) -> tuple[Any, Any]:
        made = np.empty(array.shape, dtype)
        self.native.add_copy(self.program, array, owner, made, made)
        return made, made

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
        self.called(ufunc, [bare(x) for x in step.arguments], {"out": out})

    def reduce(self, step: Step) -> None:
        axis, keepdims = step.extra
        x, x_owner = self.memory(step.arguments[0])
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
        array, root = self.memory(x)
        if not self.native.add_copy(self.program, array, root, out, owner):
            self.called(np.copyto, [out, array], {"casting": "unsafe"})

    def put(self, step: Step) -> None:
        (x,), out, index = step.arguments, step.out, step.extra
        if self.put_part(x, out, index):
            return
        if self.picked(True, x, index, out):
            return
        if is_basic(index):
            part = out.array[(*index, ...) if type(index) is tuple and ... not in index else index]
            if type(part) is not ndarray:
                part = out.array[index, ...]
            if type(x) in (Number, int, float) and part.dtype.kind == "f":
                self.native.add_copy(self.program, *self.operand(x, part.dtype), part, out.root.array)
                return
            if fits(x, part):
                self.copied(x, part, out.root.array)
                return
        self.called(operator.setitem, [out.array, index, x], {})

    def take(self, step: Step) -> None:
        (x,), out = step.arguments, step.out
        if self.part(x, step.extra, out) or self.picked(False, x, step.extra, out):
            return
        self.called(operator.getitem, [*step.arguments, step.extra], {}, step.out.array)

    def part(self, x: Any, index: Any, out: Value) -> bool:
        """out[...] = x[index], where that lies elsewhere in each iteration."""
        moving = self.moving(x.array, index) if type(x) is Value else None
        if moving is None:
            return False
        *where, first = moving
        return bool(
            first.shape == out.array.shape
            and self.native.add_part(self.program, 0, *where, first, x.root.array, out.array, out.root.array)
        )

    def put_part(self, x: Any, out: Value, index: Any) -> bool:
        """out[index] = x, likewise."""
        moving = self.moving(out.array, index)
        if moving is None:
            return False
        *where, first = moving
        return fits(x, first) and bool(
            self.native.add_part(self.program, 1, *where, *self.memory(x), first, out.root.array)
        )

    def picked(self, puts: bool, x: Any, index: Any, out: Value) -> bool:
        """out[rows, columns] = x, or out[...] = x[rows, columns], of one number for each pair of them."""
        matrix = out if puts else x
        if type(index) is not tuple or len(index) != 2 or type(matrix) is not Value:
            return False
        if not all(type(each) in (Value, ndarray) and each.dtype == np.int64 for each in index):
            return False
        given = self.memory(x) if type(x) in (Value, ndarray) else self.memory(x, matrix.dtype)
        return bool(
            self.native.add_pick(
                self.program, puts, *given, *self.memory(index[0]), *self.memory(index[1]), out.array, out.root.array
            )
        )

    def moving(self, array: Any, index: Any) -> tuple[Any, ...] | None:
        """A part of the array that lies elsewhere in each iteration, by one number or the two of one slice: where the
        start and the end are, how many, the last start, the bytes from one to the next, and the part at 0."""
        items = list(index) if type(index) is tuple else [index]
        varying = [at for at, item in enumerate(items) if any(map(self.varies, inputs_in(item)))]
        if len(varying) != 1 or not all(is_basic(each) and each is not None for each in items[: varying[0]]):
            return None
        (at,) = varying
        if Ellipsis in items[:at] or not all(is_basic(each) for each in items[at + 1 :]):
            return None
        item, size = items[at], array.shape[at]
        if type(item) is Number and type(item.plain) is int:
            start, stop, count, items[at] = item, None, 1, 0
        elif type(item) is slice and leaves_none_out(item) and self.varies(item.start) and self.varies(item.stop):
            start, stop, count = item.start, self.slot(item.stop), item.stop.plain - item.start.plain
            items[at] = slice(0, count)
        else:
            return None
        if start.plain < 0 or count < 1 or start.plain + count > size:
            return None
        first = array[(*items, ...)] if Ellipsis not in items else array[tuple(items)]
        return self.slot(start), stop, count, size - count, array.strides[at], first

    def call(self, step: Step) -> None:
        function, arguments, options, out = step.function, step.arguments, step.extra or {}, step.out
        if function is np.dot and not options and self.dotted(arguments, out):
            return
        window = getattr(function, "__self__", None)
        if type(window) is Window and self.part(arguments[0], window.moving.index, out):
            return
        native: Any = getattr(function, "native", None)
        in_c = None if native is None or options else self.kernel(native)
        if in_c is not None and native.name in SUMS:
            given = (*self.memory(arguments[0]), out.array, out.root.array)
            if self.native.add_sum(self.program, SUMS[native.name], arguments[1], *given):
                return
        if in_c is not None and type(out) is Value and all(type(x) in (Value, ndarray) for x in arguments):
            operands = [each for x in (*arguments, out) for each in self.memory(x)]
            if 1 <= len(arguments) <= 2 and self.native.add_function(self.program, in_c, *operands):
                return
        if in_c is not None and all(type(x) is not Number for x in arguments):
            made = in_c(*uncovered(arguments))
            if type(made) is ndarray and made.shape == out.array.shape and made.dtype == out.array.dtype:
                function = in_c  # it takes such arguments
                if native.takes and out.array.flags.c_contiguous:
                    self.called(function, [*map(bare, arguments), out.array], {})
                    return
        if function is np.reshape and not options and out.array.flags.c_contiguous and type(arguments[0]) is Value:
            x = arguments[0].array
            if x.size == out.array.size:
                self.copied(arguments[0], out.array.reshape(x.shape), out.root.array)
                return
        options = {name: bare(x) for name, x in options.items()}
        if type(out) is tuple:
            self.called(spread(function, [each.array for each in out]), [bare(x) for x in arguments], options)
        else:
            self.called(function, [bare(x) for x in arguments], options, out.array)

    draw = call

    def into(self, step: Step) -> None:
        moving = getattr(step.function, "__self__", None)
        if type(moving) is Moving and self.put_part(step.arguments[1], step.out, moving.index):
            return
        options = {name: bare(x) for name, x in (step.extra or {}).items()}
        self.called(step.function, list(step.arguments), options)

    def dotted(self, arguments: Any, out: Value) -> bool:
        if not all(type(x) in (Value, ndarray) for x in arguments):
            return False
        given = [each for x in arguments for each in self.memory(x)]
        return bool(self.native.add_dot(self.program, *given, out.array, out.root.array))

    def item(self, step: Step) -> None:
        self.copied(step.arguments[0], self.slot(step.out), self.slot(step.out))

    def decide(self, step: Step) -> None:
        if not self.native.add_decide(self.program, bool(step.extra), *self.memory(step.arguments[0])):
            raise Unknown

    def number(self, step: Step) -> None:
        """A function of Python's numbers: arithmetic that has its own instruction, or a call."""
        function, arguments, out = step.function, step.arguments, step.out
        plain = [x.plain if type(x) is Number else x for x in arguments]
        kinds = set(map(type, plain))
        slot = (self.slot(out), self.slot(out))
        added = False
        if function is operator.neg and kinds == {float}:
            added = self.native.add_map(self.program, np.negative, True, 4, *self.memory(arguments[0]), *slot)
        elif len(plain) == 2 and kinds <= {float, int}:
            dtype = np.dtype(np.float64 if float in kinds else np.int64)
            ufunc: Any = COMPARED.get(function) if len(kinds) == 1 else None
            ufunc = OF_FLOATS.get(function) if ufunc is None and float in kinds else ufunc
            how = OF_INTS.get(function) if float not in kinds else CHECKED.get(function)
            how = None if function is operator.pow and plain[0] <= 0 else how
            if ufunc is not None or how is not None:
                given = [each for x in arguments for each in self.operand(x, dtype)]
                if ufunc is not None:
                    added = self.native.add_map(self.program, ufunc, True, ARITHMETIC.get(ufunc, -1), *given, *slot)
                else:
                    added = self.native.add_number(self.program, how, *given, *slot)
        if added:
            return
        self.called(function, list(arguments), {}, self.slot(out), type(out.plain))

    def out(self, x: Any) -> None:
        how = 2 if type(x) is Number else 1 if x.scalar else 0
        if not self.native.add_out(self.program, how, *self.memory(x)):
            raise Unknown

    def called(
        self, function: Any, arguments: list[Any], options: dict[str, Any], out: Any = None, kind: Any = None
    ) -> None:
        """A call, in which scalars are scalars and numbers are numbers as they were when it was recorded."""
        given, scalars, numbers = [], 0, 0
        for at, x in enumerate([*arguments, *options.values()]):
            if self.varies(x):
                numbers |= 1 << at
                given.append(self.slot(x))
            elif type(x) is Value:
                scalars |= x.scalar << at
                given.append(x.array)
            elif type(x) is ndarray:
                given.append(x)
            else:
                given.append(self.plain(x, function in PURE))
        if len(given) > MOST:
            raise Unknown
        self.native.add_call(self.program, function, tuple(options), scalars, numbers, kind, out, *given)

    def plain(self, x: Any, pure: bool) -> Any:
        """The same with arrays in place of values: once for all iterations. `pure`: also in place of scalars."""
        kind = type(x)
        if kind is Value:
            if x.scalar and not pure:
                raise Unknown
            return x.array
        if kind is Number:
            if self.varies(x):
                raise Unknown
            return x.plain
        if kind is tuple or kind is list:
            return kind(self.plain(each, pure) for each in x)
        if kind is dict:
            return {key: self.plain(each, pure) for key, each in x.items()}
        if kind is slice:
            return slice(*(self.plain(each, pure) for each in (x.start, x.stop, x.step)))
        return bare(x)

    def carry(self, pairs: list[tuple[Any, Any, Any]]) -> None:
        """(memory, array in it, what that becomes at the end of an iteration): all are read before one is written."""
        written = {id(owner) for owner, _, _ in pairs}
        new = [self.memory(x) for _, _, x in pairs]
        later = [self.cast(*each, each[0].dtype) if id(each[1]) in written else None for each in new]
        for (owner, array, x), kept in zip(pairs, later, strict=True):
            if kept is None:
                self.copied(x, array, owner)
        for (owner, array, _), kept in zip(pairs, later, strict=True):
            if kept is not None:
                self.copied(kept[0], array, owner)
