"""What a recording puts in the place of the engine's makers of arrays, and of its kernels that are one step."""

from __future__ import annotations

from _thread import get_ident
from collections.abc import Callable
from math import inf
from typing import TYPE_CHECKING, Any

import numpy as np

from gradsh.engine.core import alloc
from gradsh.engine.kernels.compiled import NATIVE, WHOLE, Native
from gradsh.plans.numbers import Number
from gradsh.plans.refusal import NoPlan
from gradsh.plans.values import (
    LONGEST,
    Record,
    Value,
    fresh,
    inputs_in,
    listed,
    several,
    uncovered,
    values_in,
    written,
)

if TYPE_CHECKING:
    from gradsh.plans.noted import Notes

ndarray = np.ndarray


def makers(record: Record) -> dict[str, Callable[..., Any]]:
    """`alloc`'s functions while a body is recorded; another thread gets NumPy's."""

    def empty(*given: Any, **options: Any) -> Any:
        return Value(record, np.empty(*given, **options))

    def filled(make: Any) -> Any:
        def made(*given: Any, **options: Any) -> Any:
            array = make(*uncovered(given), **uncovered(options))
            out = Value(record, array)
            numbers = [each for each in inputs_in(given) if type(each) is Number]
            number = given[1] if numbers and make in (np.full, np.full_like) else None
            if numbers and number is not numbers[-1]:
                raise NoPlan("the shape of an array depends on values")
            record.add("put", None, (np.array(array.flat[0]) if array.size and number is None else number,), out, ...)
            return out

        return made

    def full(shape: Any, number: Any, dtype: Any = None) -> Any:
        if type(number) is Value:
            raise NoPlan("an array is filled with what is not known")
        return filled(np.full)(shape, number, dtype)

    def number(value: Any, dtype: Any) -> Any:
        out = Value(record, np.array(uncovered(value), dtype), scalar=True)
        record.add("copy", None, (value if type(value) is Number else out.array.copy(),), out)
        return out

    def float32(value: Any) -> Any:
        return number(value, np.dtype(np.float32)) if type(value) is Number else np.float32(value)

    def empty_like(x: Any, *given: Any, **options: Any) -> Any:
        return Value(record, np.empty_like(uncovered(x), *given, **options))

    def array(x: Any, *given: Any, **options: Any) -> Any:
        if type(x) is not Value:
            if not inputs_in(x):
                return np.array(x, *given, **options)
            if type(x) is list and all(type(each) in (int, float, bool, Number) for each in x):
                return listed(record, x, given, options)
            if type(x) is not Number:
                raise NoPlan("an array is made of values")
            return full((), x, np.array(x.plain, *given, **options).dtype)
        if len(given) == 1 and not options:  # `np.array(x, dtype)`
            return boxed(x.astype(given[0]))
        if given or set(options) - {"copy", "order"}:
            raise NoPlan("an array is made in a way that is not known")
        return boxed(x.copy(options.get("order", "K")))

    def boxed(x: Value) -> Value:
        """A scalar that nobody has yet as an array."""
        x.scalar = False
        return x

    def asarray(x: Any, dtype: Any = None) -> Any:
        if type(x) is not Value:
            return array(x, dtype) if type(x) is Number else np.asarray(x, dtype)
        return boxed(x.astype(dtype or x.dtype)) if x.scalar else x.astype(dtype or x.dtype, copy=False)

    def ascontiguousarray(x: Any) -> Any:
        if type(x) is not Value:
            return np.ascontiguousarray(x)
        if not x.ndim:
            return asarray(x).reshape(1)
        return x if x.flags.c_contiguous else x.copy()

    def behind(x: Any) -> Any:
        if type(x) is not Value:
            return x
        if x.root.window is not None:
            raise NoPlan("where a part lies is another in each iteration")
        return x.array

    def kept(held: Any, key: Any, size: int, dtype: Any) -> Any:
        return empty(size, dtype)

    own: list[Any] = [empty, empty_like, full, number, float32, array, asarray, ascontiguousarray, behind, kept]
    alike: tuple[Any, ...] = (np.zeros, np.ones, np.zeros_like, np.ones_like, np.full_like)
    return {make.__name__: make for make in own} | {make.__name__: filled(make) for make in alike}


def whole(native: Native, function: Any) -> Callable[..., Any]:
    """A kernel that may be one in C, as it is called when there is no plan."""

    def kernel(*arguments: Any, **options: Any) -> Any:
        out = None if function is None else function(*arguments, **options)
        return native.plain(*arguments, **options) if out is None else out

    kernel.native = native  # type: ignore[attr-defined]  # the machine has some of them as instructions
    return kernel


def is_target(out: Any, argument: Any) -> bool:
    return type(argument) is Value and argument.array is out


def nothing(*_: Any) -> None:
    """A kernel in C that leaves its arguments to NumPy's."""


def opened(record: Record, kernel: Callable[..., Any]) -> Callable[..., Any]:
    """The kernel as one step: what it looks at inside, as the sign of a sum, decides nothing outside."""

    def call(*arguments: Any, **options: Any) -> Any:
        if not inputs_in((arguments, options)):
            return kernel(*arguments, **options)
        if "out" in options:
            raise NoPlan("a kernel writes into what is not known")
        record.inside += 1
        try:
            result = kernel(*uncovered(arguments), **uncovered(options))
        finally:
            record.inside -= 1
        for argument in arguments:
            if is_target(result, argument):
                record.add("into", kernel, arguments, written(argument), options)
                return argument
        if type(result) is tuple:
            return several(record, kernel, arguments, options, result)
        if any(np.may_share_memory(result, value.array) for value in values_in((arguments, options))):
            raise NoPlan("a kernel gives a view")
        out = fresh(record, result)
        record.add("call", kernel, arguments, out, options)
        return out

    return call


def filling(record: Record, kernel: Callable[..., Any], places: tuple[int, ...]) -> Callable[..., Any]:
    """The kernel as one step that fills in the arguments at those places, and may have results too."""

    def call(*arguments: Any) -> Any:
        if not inputs_in(arguments):
            return kernel(*arguments)
        targets = tuple(written(arguments[at]) for at in places if arguments[at] is not None)
        record.inside += 1
        try:
            result = kernel(*uncovered(arguments))
        finally:
            record.inside -= 1
        if result is None:  # it left them to another
            return None
        given = result if type(result) is tuple else (result,)
        if not all(isinstance(each, (ndarray, np.generic)) for each in given):
            raise NoPlan("a kernel gives what is not known")
        held = [value.array for value in values_in(list(arguments))]
        if any(each is array for each in given for array in held):
            record.add("into", surely(kernel), arguments, targets)
            return result
        if any(np.may_share_memory(each, array) for each in given for array in held):
            raise NoPlan("a kernel gives a view")
        results = tuple(Value(record, np.asarray(each)) for each in given)
        record.add("into", kept_in(kernel, len(arguments)), (*arguments, *results), (*targets, *results))
        return results if type(result) is tuple else results[0]

    return call


def surely(kernel: Callable[..., Any]) -> Callable[..., Any]:
    """The kernel, which did what it is for when it was recorded."""

    def run(*arguments: Any) -> None:
        if kernel(*arguments) is None:
            raise NoPlan("a kernel leaves its arguments to another")

    run.__name__ = name_of(kernel)
    return run


def kept_in(kernel: Callable[..., Any], count: int) -> Callable[..., Any]:
    """The kernel of so many arguments, with arrays after them that its results are put into."""

    def run(*arguments: Any) -> None:
        given = kernel(*arguments[:count])
        for out, result in zip(arguments[count:], given if type(given) is tuple else (given,), strict=True):
            out[...] = result

    run.__name__ = name_of(kernel)
    return run


def name_of(kernel: Any) -> str:
    """As a plan that is read calls it."""
    native = getattr(kernel, "native", None)
    return str(native.name if native is not None else kernel.__name__)


class Recording:
    """`with closing(Recording()) as recording, recording as record:` the arrays that this thread's kernels make are
    values. `closing`, for a host's Ctrl-C may come in the middle of `__enter__` or `__exit__`."""

    def __init__(self, longest: int = LONGEST, room: float = inf, notes: Notes | None = None) -> None:
        self.longest, self.room, self.notes = longest, room, notes
        self.before: dict[str, Any] = {}
        self.natives: list[tuple[Native, Any, int]] = []

    def __enter__(self) -> Record:
        record = Record(self.longest, self.room, self.notes)
        self.before = {name: getattr(alloc, name) for name in makers(record)}
        for name, make in makers(record).items():
            setattr(alloc, name, self.here(record, make, self.before[name]))
        self.natives = [(native, native.function, native.left) for native in NATIVE]
        for native, function, _ in self.natives:
            native.left = 0  # none is loaded in place of what stands for it here
            kernel = whole(native, function)
            if native.writes and not native.alike:
                steps = nothing if function is None else filling(record, function, native.writes)
                native.function = self.here(record, steps, function or nothing)
            elif native.writes:
                native.function = self.here(record, filling(record, kernel, native.writes), kernel)
            else:
                native.function = self.here(record, opened(record, kernel), kernel)
        for each in WHOLE:
            each.function = self.here(record, opened(record, each.kernel), each.kernel)
        return record

    @staticmethod
    def here(record: Record, make: Any, other: Any) -> Any:
        """`make` in the thread that is recorded, but for the inside of a kernel that is one step."""

        def call(*given: Any, **options: Any) -> Any:
            chosen = make if get_ident() == record.thread and not record.inside else other
            return chosen(*given, **options)

        return call

    def __exit__(self, *_: object) -> None:
        self.close()

    def close(self) -> None:
        for name, make in self.before.items():
            setattr(alloc, name, make)
        for native, function, left in self.natives:
            native.function, native.left = function, left
        for each in WHOLE:
            each.function = each.kernel
