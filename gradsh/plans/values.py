"""What stands for an array while the body of a loop is recorded: it computes, and what was computed is written down.

A `Value` says that it is the array that it stands for (`__class__`), so that the engine goes the way it goes with that;
to C it is an object of its own, which no function of NumPy's takes unseen: what is not known here is no plan, never a
wrong one. Values are in the tensors of a shadow only (shadow.py), which is dropped.
"""

from __future__ import annotations

from _thread import get_ident
from collections.abc import Iterator
from math import inf
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.lib.mixins import NDArrayOperatorsMixin

from gradsh.plans.numbers import Number
from gradsh.plans.refusal import NoPlan, TooLong

if TYPE_CHECKING:
    from gradsh.plans.noted import Notes

ndarray = np.ndarray

LONGEST = 2000

# Functions of NumPy that read their arguments and give something new, or a view: nothing else of them is seen.
PURE = frozenset(
    {
        *(np.sum, np.max, np.min, np.mean, np.prod, np.where, np.concatenate, np.stack, np.matmul, np.broadcast_to),
        *(np.take_along_axis, np.expand_dims, np.squeeze, np.transpose, np.swapaxes, np.moveaxis, np.reshape, np.ravel),
        *(np.argmax, np.argmin, np.any, np.all, np.cumsum, np.outer, np.tensordot, np.clip, np.dot, np.flip, np.roll),
        *(np.atleast_1d, np.atleast_2d, np.tril, np.triu, np.diagonal, np.repeat, np.tile, np.add.reduce, np.take),
        *(np.argsort, np.sort, np.cumprod, np.einsum, np.pad, np.trace, np.round, np.var, np.std, np.rot90, np.vstack),
        *(np.hstack, np.interp, np.nan_to_num, np.linalg.norm, np.linalg.inv, np.linalg.solve, np.linalg.det, np.split),
        *(np.linalg.cholesky, np.linalg.qr, np.linalg.svd, np.linalg.eigh, np.linalg.slogdet, np.searchsorted, np.isin),
        *(
            np.isneginf,
            np.isposinf,
            np.count_nonzero,
            np.array_equal,
            np.vecdot,
            np.inner,
            np.kron,
            np.cross,
            np.diff,
            np.partition,
        ),
    }
)
# and those that look at shapes and memory alone
LOOKS = frozenset({np.may_share_memory, np.shares_memory, np.shape, np.ndim, np.size, np.result_type, np.can_cast})

# and those whose result is as large as what they find
SIZED = frozenset({np.nonzero, np.argwhere, np.flatnonzero, np.unique, np.bincount, np.setdiff1d, np.intersect1d})

SHARE = frozenset({np.may_share_memory, np.shares_memory})


class Step:
    """One thing that was done to arrays.

    kind    "map" a ufunc, "reduce" its reduction, "copy" into `out`, "call" a function, "put" into items of `out`,
            "guard" a value that was looked at; of Python's numbers (numbers.py) "item" which is read of an array,
            "number" a function of them, "decide" whether one is true, which is the same in each iteration of a plan
            "draw" a "call" of which the first argument is a generator
            "into" a function that writes into arguments of its own, which `out` are
    function, arguments, extra   as the kind wants them
    out     the value that was written, None for a guard; of a "call" or an "into" it may be a tuple of some
    """

    __slots__ = ("arguments", "extra", "function", "kind", "out", "read")

    def __init__(self, kind: str, function: Any, arguments: Any, out: Any, extra: Any = None) -> None:
        self.kind, self.function, self.arguments, self.out, self.extra = kind, function, arguments, out, extra
        self.read: list[Any] | None = None

    @property
    def outs(self) -> tuple[Any, ...]:
        """What it writes."""
        return self.out if type(self.out) is tuple else () if self.out is None else (self.out,)

    def inputs(self) -> list[Any]:
        """The values and the numbers that it reads."""
        if self.read is None:
            self.read = [x for x in self.arguments if type(x) is Value or type(x) is Number]
            if len(self.read) < len(self.arguments) or self.extra is not None:
                self.read = inputs_in((self.arguments, self.extra))
        return self.read


class Record:
    """The steps of one run of a body, in their order: `longest` at most, which write no more bytes than there is room.

    inside   of how many kernels that are one step it is
    notes    what the program says of them, where somebody wants to read the plan (noted.py)
    """

    def __init__(self, longest: int = LONGEST, room: float = inf, notes: Notes | None = None) -> None:
        self.steps: list[Step] = []
        self.longest, self.room = longest, room
        self.thread = get_ident()
        self.inside = 0
        self.notes = notes

    def called(self, ufunc: Any, method: str, inputs: Any, options: Any) -> Any:
        """A ufunc of numbers, and arrays that are the same in each iteration."""
        return Value(self, np.zeros(())).__array_ufunc__(ufunc, method, *inputs, **options)

    def add(self, kind: str, function: Any, arguments: Any, out: Any, extra: Any = None) -> None:
        if get_ident() != self.thread:
            raise NoPlan("an array is so large that several threads work on it")
        if len(self.steps) >= self.longest:
            raise TooLong(f"it has more than {self.longest} steps")
        if self.room < 0:
            raise NoPlan("its arrays take too much memory to be kept")
        step = Step(kind, function, arguments, out, extra)
        self.steps.append(step)
        if self.notes is not None:
            self.notes.step(step)
        for each in step.outs:
            if type(each) is Value:
                self.room -= each.array.nbytes
            if each.root.window is not None:
                each.root.window.write(each.root)


class Value(NDArrayOperatorsMixin):
    """An array of a shadow.

    array    it itself, kept as long as the plan
    root     the value whose memory it shows: itself, where it is no view
    window   for a copy of a part that is another in each iteration: what it is a part of
    scalar   whether it stands for one of NumPy's scalars, which nothing is written into and no view shows
    """

    __slots__ = ("__weakref__", "array", "record", "root", "scalar", "window")
    __array_priority__ = 1000

    def __init__(self, record: Record, array: Any, root: Value | None = None, scalar: bool = False) -> None:
        self.record = record
        self.array = array
        self.root = self if root is None else root
        self.scalar = scalar
        self.window: Any = None

    @property  # type: ignore[misc]
    def __class__(self) -> Any:
        return self.array.dtype.type if self.scalar else ndarray

    def __getattr__(self, name: str) -> Any:
        if hasattr(ndarray, name):  # else as of an array: who asks may do without
            raise NoPlan(f"an array's {name} is not known")
        raise AttributeError(name)

    @property
    def shape(self) -> Any:
        return self.array.shape

    @shape.setter
    def shape(self, shape: Any) -> None:
        self.array.shape = shape  # raises where only a copy has it

    dtype = property(lambda self: self.array.dtype)
    ndim = property(lambda self: self.array.ndim)
    size = property(lambda self: self.array.size)
    itemsize = property(lambda self: self.array.itemsize)
    nbytes = property(lambda self: self.array.nbytes)
    flags = property(lambda self: self.array.flags)
    strides = property(lambda self: self.array.strides)
    base = property(
        lambda self: self.root if self.root is not self else None if self.window is None else self.window.whole.root
    )
    T = property(lambda self: self._view(self.array.T))

    def _view(self, array: Any) -> Value:
        """What a method gave that never copies an array; that of a scalar has memory of its own."""
        if not self.scalar:
            return Value(self.record, array[...] if array is self.array else array, self.root)
        return self if array.ndim == 0 else self._copied(array)

    def _made(self, array: Any) -> Value:
        """What a method gave that copies only where it must."""
        return self._copied(array) if self.scalar or not np.may_share_memory(array, self.array) else self._view(array)

    def _copied(self, array: Any) -> Value:
        out = Value(self.record, np.array(array) if self.scalar else array)
        self.record.add("call", np.reshape, (self, array.shape), out)
        return out

    def placed(self, shape: tuple[int, ...], dtype: Any, at: int, strides: tuple[int, ...]) -> Value:
        """A view by strides: see strided.py."""
        return Value(self.record, ndarray(shape, dtype, self.array, at, strides), self.root)

    def __len__(self) -> int:
        return len(self.array)

    def reshape(self, *shape: Any, **order: Any) -> Value:
        return self._made(self.array.reshape(*shape, **order))

    def ravel(self) -> Value:
        return self._made(self.array.ravel())

    def flatten(self) -> Value:
        return self.ravel().copy()

    def transpose(self, *dims: Any) -> Value:
        return self._view(self.array.transpose(*dims))

    def swapaxes(self, a: int, b: int) -> Value:
        return self._view(self.array.swapaxes(a, b))

    def view(self, *dtype: Any) -> Value:
        return self._view(self.array.view(*dtype))

    def squeeze(self, *dims: Any) -> Value:
        return self._view(self.array.squeeze(*dims))

    def copy(self, order: Any = "C") -> Value:
        out = Value(self.record, np.array(self.array, order=order, copy=True), scalar=self.scalar)
        self.record.add("copy", None, (self,), out)
        return out

    def astype(self, dtype: Any, copy: bool = True) -> Value:
        if not copy and np.dtype(dtype) == self.array.dtype:
            return self
        out = Value(self.record, np.array(self.array.astype(dtype)), scalar=self.scalar)
        self.record.add("copy", None, (self,), out)
        return out

    def fill(self, number: Any) -> None:
        self[...] = number

    def dot(self, other: Any) -> Value:
        return function_called(self.record, np.dot, (self, other), {})  # type: ignore[no-any-return]

    def sum(self, axis: Any = None, dtype: Any = None, keepdims: Any = False) -> Value:
        return self.__array_ufunc__(np.add, "reduce", self, axis=axis, dtype=dtype, keepdims=keepdims)  # type: ignore[no-any-return]

    def mean(self, axis: Any = None, **options: Any) -> Any:
        return function_called(self.record, np.mean, (self, axis), options)

    def prod(self, axis: Any = None, **options: Any) -> Any:
        return function_called(self.record, np.prod, (self, axis), options)

    def argmax(self, axis: Any = None, **options: Any) -> Any:
        return function_called(self.record, np.argmax, (self, axis), options)

    def argmin(self, axis: Any = None, **options: Any) -> Any:
        return function_called(self.record, np.argmin, (self, axis), options)

    def cumsum(self, axis: Any = None, **options: Any) -> Any:
        return function_called(self.record, np.cumsum, (self, axis), options)

    def repeat(self, repeats: Any, axis: Any = None) -> Any:
        return function_called(self.record, np.repeat, (self, repeats, axis), {})

    def take(self, indices: Any, axis: Any = None, **options: Any) -> Any:
        return function_called(self.record, np.take, (self, indices, axis), options)

    def argsort(self, axis: Any = -1, **options: Any) -> Any:
        return function_called(self.record, np.argsort, (self, axis), options)

    def diagonal(self, *given: Any) -> Any:
        return function_called(self.record, np.diagonal, (self, *given), {})

    def round(self, decimals: Any = 0) -> Any:
        return function_called(self.record, np.round, (self, decimals), {})

    def max(self, axis: Any = None, keepdims: Any = False, **options: Any) -> Any:
        if options:  # `initial=`
            return function_called(self.record, np.max, (self, axis), {"keepdims": keepdims, **options}, pure=True)
        return self.__array_ufunc__(np.maximum, "reduce", self, axis=axis, keepdims=keepdims)

    def min(self, axis: Any = None, keepdims: Any = False, **options: Any) -> Any:
        if options:  # `initial=`
            return function_called(self.record, np.min, (self, axis), {"keepdims": keepdims, **options}, pure=True)
        return self.__array_ufunc__(np.minimum, "reduce", self, axis=axis, keepdims=keepdims)

    def all(self, *given: Any, **options: Any) -> Any:
        return function_called(self.record, np.all, (self, *given), options)

    def any(self, *given: Any, **options: Any) -> Any:
        return function_called(self.record, np.any, (self, *given), options)

    # --- what is read ---

    def looked(self, what: Any) -> Any:
        """A value that the program or a kernel reads: right only where it is the same in each iteration."""
        self.record.add("guard", None, (self,), None)
        return what

    def item(self, *at: Any) -> Any:
        if at:
            return self.looked(self.array.item(*at))
        out = Number(self.record, self.array.item())
        self.record.add("item", None, (self,), out)
        return out

    def tolist(self) -> Any:
        return self.looked(self.array.tolist()) if self.array.ndim else self.item()

    def __bool__(self) -> bool:
        return bool(self.item())

    def __float__(self) -> float:
        return float(self.item())

    def __int__(self) -> int:
        return int(self.item())

    def __index__(self) -> int:
        return self.__int__()

    def __array__(self, *given: Any, **options: Any) -> Any:
        raise NoPlan("an array is handed to code that is not known")

    def __iter__(self) -> Iterator[Any]:
        return (self[at] for at in range(len(self.array)))

    def __repr__(self) -> str:
        raise NoPlan("the body shows a value")

    def __format__(self, spec: str) -> str:
        raise NoPlan("the body shows a value")

    def __hash__(self) -> int:
        if self.scalar:  # what NumPy's own has is that of the number
            raise NoPlan("a value is a key")
        return object.__hash__(self)

    # --- items ---

    def __getitem__(self, index: Any) -> Any:
        if index.__class__ is tuple and not index and (self.scalar or self.array.ndim):
            return self if self.scalar else self._view(self.array)
        for value in values_in(index):
            if value.dtype == bool:  # how much it takes
                value.looked(np.count_nonzero)
        part = uncovered(self)[uncovered(index)]
        if any(type(each) is Number for each in inputs_in(index)):
            return windowed(self, index, part)
        scalar = part.__class__ is not ndarray
        if not scalar and np.may_share_memory(part, self.array):
            return self._view(part)
        out = Value(self.record, np.array(part), scalar=scalar)
        self.record.add("take", None, (self,), out, index)
        return out

    def __setitem__(self, index: Any, value: Any) -> None:
        written(self)
        self.array[uncovered(index)] = uncovered(value)
        if any(type(each) is Number for each in inputs_in(index)):
            moving = Moving(index)
            self.record.add("into", moving.put, (self, value, *moving.numbers), self)
        else:
            self.record.add("put", None, (value,), self, index)

    # --- functions ---

    def __array_ufunc__(self, ufunc: Any, method: str, *inputs: Any, out: Any = None, **options: Any) -> Any:
        record = self.record
        if method == "reduce":
            if (options.get("dtype") is not None or "initial" in options) and out is None:
                return function_called(record, ufunc.reduce, inputs, options, pure=True)
            source, axis, keepdims = reduction(inputs, options)
            if source.__class__ is not ndarray and not isinstance(source, Value):
                raise NoPlan("a reduction of what is no array")
            made = outcome(record, ufunc.reduce(uncovered(source), axis, keepdims=keepdims), out)
            record.add("reduce", ufunc, (source,), made, (axis, keepdims))
            return stored(made, out)
        if method in ("accumulate", "reduceat", "outer") and out is None:
            return function_called(record, getattr(ufunc, method), inputs, options, pure=True)
        if method == "at" and not options:
            target = written(inputs[0])
            ufunc.at(*uncovered(inputs))
            return record.add("into", ufunc.at, inputs, target)
        if method != "__call__" or ufunc.nout != 1 or options:
            raise NoPlan(f"{ufunc.__name__} in a form that is not known")
        plain = [uncovered(each) for each in inputs]
        if len(plain) > ufunc.nin:
            raise NoPlan(f"{ufunc.__name__} in a form that is not known")
        if out is not None and written(out[0]).ndim:
            made = out[0]
            ufunc(*plain, out=made.array)
        else:
            made = outcome(record, ufunc(*plain), out)
        record.add("map", ufunc, inputs, made)
        return stored(made, out)

    def __array_function__(self, function: Any, types: Any, arguments: Any, options: Any) -> Any:
        if function in LOOKS:
            if function in SHARE and any(each.root.window is not None for each in values_in(arguments)):
                return shared(*arguments)
            return function(*uncovered(arguments), **uncovered(options))
        return function_called(self.record, function, arguments, options)


def fresh(record: Record, result: Any) -> Value:
    """What stands for an array, or a scalar, that nobody else has."""
    array = np.asarray(result)
    if not array.flags.writeable:  # a number that is spread over a shape
        array = array.copy()
    return Value(record, array, scalar=result.__class__ is not ndarray)


def outcome(record: Record, result: Any, out: Any) -> Value:
    """Where a result goes: to the array that was given for it, if that is of its dtype, else to one of its own."""
    if out is None or written(out[0]).dtype != result.dtype:
        return fresh(record, result)
    out[0].array[...] = result
    return out[0]  # type: ignore[no-any-return]


def stored(made: Value, out: Any) -> Value:
    """The array that was given for a result, which has it by now."""
    if out is None or made is out[0]:
        return made
    target: Value = out[0]
    target.array[...] = made.array
    target.record.add("copy", None, (made,), target)
    return target


def written(out: Any) -> Value:
    if type(out) is not Value or out.scalar:
        raise NoPlan("an array is written that is not known")
    return out


def reduction(inputs: tuple[Any, ...], options: dict[str, Any]) -> tuple[Any, Any, bool]:
    """What is reduced, over which axis, and whether the dims stay: `reduce(a, axis, dtype, out, keepdims)`."""
    names = ("axis", "dtype", "out", "keepdims")
    given = {**dict(zip(names, inputs[1:], strict=False)), **options}
    axis, keepdims = given.pop("axis", 0), bool(given.pop("keepdims", False))
    if any(value is not None for value in given.values()):
        raise NoPlan("a reduction in a form that is not known")
    return inputs[0], axis, keepdims


def function_called(record: Record, function: Any, arguments: Any, options: Any, pure: bool = False) -> Any:
    """A function of NumPy's that is known (or said to be `pure`) to give something new, or a view."""
    options = dict(options)
    if function is np.copyto and len(arguments) == 2 and not options:
        arguments[0][...] = arguments[1]
        return None
    if function is np.put_along_axis:
        if options:
            raise NoPlan("NumPy's put_along_axis in a form that is not known")
        target = written(arguments[0])
        function(*uncovered(arguments))
        return record.add("into", function, arguments, target)  # whose name a plan is shown with
    if function in (np.empty_like, np.zeros_like, np.ones_like, np.full_like):
        raise NoPlan("an array is made in a way that is not known")
    target = options.pop("out", None)
    if function is np.dot and len(arguments) == 3:
        arguments, target = arguments[:2], arguments[2]
    if (
        function in SIZED
        or (function is np.where and len(arguments) != 3)
        or (function is np.repeat and type(arguments[1]) is Value)
    ):
        raise NoPlan("the shape of an array depends on values")
    if not pure and function not in PURE:
        raise NoPlan(f"NumPy's {function.__name__} is not known")
    result = function(*uncovered(arguments), **uncovered(options))
    if target is not None:
        made = outcome(record, result, (target,))
        record.add("call", function, arguments, made, options)
        return stored(made, (target,))
    if type(result) is tuple or isinstance(result, tuple):
        return several(record, function, arguments, options, result)
    array = np.asarray(result)
    for value in values_in(arguments):
        if array.size and np.may_share_memory(array, value.array):
            return Value(record, array, value.root)
    made = fresh(record, result)
    record.add("call", function, arguments, made, options)
    return made


def shared(one: Any, other: Any) -> bool:
    """Whether a part that moves shares memory with another array: sure of what it is a part of alone."""
    if type(one) is Value and type(other) is Value:
        if one.root is other.root:
            return bool(np.may_share_memory(one.array, other.array))
        for part, whole in ((one, other), (other, one)):
            window = part.root.window
            if window is not None and window.whole.root is whole.root and whole.size == whole.root.size:
                return True
    raise NoPlan("memory that is another in each iteration is compared")


class Moving:
    """An index of which parts are numbers that change; its functions have a name for each of the `numbers` in it."""

    def __init__(self, index: Any) -> None:
        self.index = index
        self.numbers: list[Any] = []
        self.known: dict[str, Any] = {"slice": slice}
        text = self.spelled(index)
        names = "".join(f", n{at}" for at in range(len(self.numbers)))
        self.take = eval(f"lambda x{names}: x[{text}]", self.known)
        self.place = eval(f"lambda x, value{names}: x.__setitem__({text}, value)", self.known)

    def put(self, x: Any, value: Any, *numbers: Any) -> None:
        self.place(x, value, *numbers)

    def spelled(self, x: Any) -> str:
        if type(x) is tuple:
            return "(" + "".join(self.spelled(each) + "," for each in x) + ")"
        if type(x) is slice:
            return f"slice({self.spelled(x.start)}, {self.spelled(x.stop)}, {self.spelled(x.step)})"
        if type(x) is Number or type(x) is Value:
            self.numbers.append(x)
            return f"n{len(self.numbers) - 1}"
        name = f"c{len(self.known)}"
        self.known[name] = x
        return name


class Window:
    """A part of `whole`, copied: it has the layout of the part, and what is written into it is written there too."""

    def __init__(self, whole: Value, moving: Moving, shape: tuple[int, ...]) -> None:
        self.whole, self.moving, self.shape = whole, moving, shape

    def fetch(self, whole: Any, *numbers: Any) -> Any:
        """The part. Errors: NoPlan where it has another shape."""
        part = self.moving.take(whole, *numbers)
        if part.shape != self.shape:
            raise NoPlan("a part has another shape")
        return part

    def write(self, copy: Value) -> None:
        self.moving.place(self.whole.array, copy.array, *uncovered(self.moving.numbers))
        self.whole.record.add("into", self.moving.put, (self.whole, copy, *self.moving.numbers), self.whole)


def windowed(value: Value, index: Any, part: Any) -> Value:
    """A part whose place is another in each iteration."""
    moving = Moving(index)
    record = value.record
    window = Window(value, moving, part.shape)
    if part.__class__ is not ndarray or not np.may_share_memory(part, value.array):
        out = Value(record, np.array(part), scalar=part.__class__ is not ndarray)
        record.add("call", window.fetch, (value, *moving.numbers), out)
        return out
    if any(step < 0 for step in part.strides) or not part.size:
        raise NoPlan("a part of an array lies in a way that is not known")
    extent = 1 + sum((n - 1) * step for n, step in zip(part.shape, part.strides, strict=True)) // part.itemsize
    out = Value(record, ndarray(part.shape, part.dtype, np.zeros(extent, part.dtype), 0, part.strides))
    out.array[...] = part
    record.add("call", window.fetch, (value, *moving.numbers), out)
    out.window = window
    return out


def listed(record: Record, numbers: list[Any], given: tuple[Any, ...], options: dict[str, Any]) -> Value:
    """An array of numbers some of which change."""
    made = np.array(uncovered(numbers), *given, **options)
    out = Value(record, made)

    def function(*plain: Any) -> Any:
        return np.array(plain, made.dtype)

    record.add("call", function, tuple(numbers), out)
    return out


def several(record: Record, function: Any, arguments: Any, options: Any, result: Any) -> Any:
    """The results of a function that gives a tuple of arrays, all new."""
    if not all(isinstance(each, (ndarray, np.generic)) for each in result):
        raise NoPlan(f"{function.__name__} gives what is not known")
    if any(np.may_share_memory(each, value.array) for each in result for value in values_in((arguments, options))):
        raise NoPlan(f"{function.__name__} gives views")
    outs = tuple(fresh(record, each) for each in result)
    record.add("call", function, arguments, outs, options)
    return outs if type(result) is tuple else type(result)(*outs)


def uncovered(x: Any) -> Any:
    """The same with arrays in place of values."""
    kind = type(x)
    if kind is Value:
        return x.array[()] if x.scalar else x.array
    if kind is Number:
        return x.plain
    if kind is tuple or kind is list:
        return kind([uncovered(each) for each in x])
    if kind is slice:
        return slice(uncovered(x.start), uncovered(x.stop), uncovered(x.step))
    if kind is dict:
        return {key: uncovered(each) for key, each in x.items()}
    return x


def inputs_in(x: Any) -> list[Any]:
    """The values and the numbers in it."""
    found: list[Any] = []
    collect((x,), found)
    return found


def collect(items: Any, found: list[Any]) -> None:
    """Add the values and the numbers in some things, which are asked for so often that a generator is too slow."""
    for x in items:
        kind = type(x)
        if kind is Value or kind is Number:
            found.append(x)
        elif kind is tuple or kind is list:
            collect(x, found)
        elif kind is dict:
            collect(x.values(), found)
        elif kind is slice:
            collect((x.start, x.stop, x.step), found)


def values_in(x: Any) -> Iterator[Value]:
    return (each for each in inputs_in(x) if type(each) is Value)
