"""Tensors of which nothing is known but the shape: what stands for the result of an operator that takes too long.

To a program it is a tensor; whoever asks for its numbers is told that there are none. What an operator makes of it is
found out by running that on something smaller: a view runs on memory that repeats one number, an elementwise operator
on one number, all others twice, with their large extents replaced by small ones. An extent of the result that follows
one of these, or the product of two, in both runs, is told; one that depends in another way is not.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator
from itertools import combinations_with_replacement
from typing import Any

import numpy as np

from gradsh.engine.core.tensor import Tensor, make
from gradsh.engine.operators.registry import OPERATORS
from gradsh.engine.operators.work import work
from gradsh.errors import ShapeError
from gradsh.preview.refusals import Untold

# what large extents are replaced by, in the first run and in the second; how they are to each other no size of a window
# and no stride changes by chance
SMALL = ((7, 17), (11, 29), (13, 37), (19, 53))
ROWS = 64  # of a tensor of unknown numbers, that a loop may go over
PROBE = 1e6  # nanoseconds that one of the two runs may take

Run = Callable[[Any, list[Any]], Any]


class Sized(Tensor):
    """A tensor without numbers. Errors: Untold, where they are asked for."""

    __slots__ = ()

    def unknown(self, *_: Any, **__: Any) -> Any:
        raise Untold

    item = __bool__ = __float__ = __int__ = __index__ = __number__ = unknown
    __contains__ = __format__ = __repr__ = __iadd__ = __setitem__ = own_storage = share = unknown
    __hash__ = object.__hash__

    def __getitem__(self, index: Any) -> Any:
        return like(Tensor.__getitem__(make(self.data), index))

    def __iter__(self) -> Iterator[Any]:
        if len(self) > ROWS:
            raise Untold
        return iter([self[i] for i in range(len(self))])


Sized.__name__ = Sized.__qualname__ = "Tensor"  # what errors call it

_BINARY = """
__add__ __sub__ __mul__ __truediv__ __floordiv__ __mod__ __pow__ __matmul__ __eq__ __ne__ __lt__ __le__ __gt__ __ge__
__and__ __or__ __xor__
"""


def _define_operators() -> None:
    """Python's operators with a tensor at either side: the engine's take no other class for one."""
    for method in _BINARY.split():
        reflected = f"__r{method[2:]}"
        setattr(Sized, method, _operator(method, False))
        if hasattr(Tensor, reflected) or method == "__matmul__":
            setattr(Sized, reflected, _operator(method, True))


def _operator(method: str, reflected: bool) -> Any:
    def call(self: Sized, other: Any) -> Any:
        if not isinstance(other, Tensor):
            return getattr(Tensor, f"__r{method[2:]}" if reflected else method)(self, other)
        name = getattr(Tensor, method).__name__.removeprefix("operator_")
        one, two = (other, self) if reflected else (self, other)
        return OPERATORS[name].apply(one, two)

    return call


_define_operators()


def sized(shape: tuple[int, ...], dtype: Any) -> Sized:
    """One of that form."""
    t = Sized()
    t.data = repeated(shape, dtype)
    t.node = t.gradient = t.storage = t.extra = t.origin = None
    t.requires = False
    return t


def like(value: Any) -> Any:
    """What has the form of a result. Errors: Untold for what is neither a tensor nor some of them."""
    if isinstance(value, Tensor):
        return sized(value.data.shape, value.data.dtype)
    if value.__class__ in (list, tuple) and value:
        return value.__class__(map(like, value))
    raise Untold


def is_sized(values: Any) -> bool:
    """Whether one of the arguments, or of the items of a list among them, is one."""
    return any(v.__class__ is Sized or (v.__class__ in (list, tuple) and is_sized(v)) for v in values)


def result(entry: Any, values: list[Any], run: Run) -> Any:
    """What an operator gives for arguments of which some are sized, or that it would take too long for.

    `run(entry, values)` runs it. Errors: Untold; ShapeError, where the shapes do not fit.
    """
    if entry.body is not None and not entry.looped and not entry.work:
        return like(entry.body(*values))
    if (entry.view and not entry.work) or entry.work == "form":
        return like(run(entry, mapped(values, lambda x: make(repeated(x.shape, x.dtype)))))
    if entry.elementwise:
        out = run(entry, mapped(values, lambda x: make(np.ones((1,) * x.ndim, x.dtype))))
        if not isinstance(out, Tensor):
            raise Untold
        shapes = [x.data.shape for x in tensors(values)]
        try:
            return sized(np.broadcast_shapes(*shapes), out.data.dtype)
        except ValueError:
            raise ShapeError("the shapes do not fit", subject=tuple(shapes)) from None
    return probed(entry, values, run)


def probed(entry: Any, values: list[Any], run: Run) -> Any:
    """The form that two runs on smaller tensors tell. Errors: as above."""
    found = {n for x in tensors(values) for n in x.data.shape}
    if entry.work == "size":
        found = {n for value in values for n in (value if value.__class__ in (list, tuple) else (value,))}
    extents = sorted((n for n in found if n.__class__ is int and n > max(SMALL[-1])), reverse=True)
    for count in range(1, min(len(extents), len(SMALL)) + 1):
        large = dict(zip(extents, SMALL, strict=False))
        large = {n: large[n] for n in extents[:count]}
        if work(entry, smaller(values, large, 1, repeated)) <= PROBE:
            first, second = smaller(values, large, 0, ones), smaller(values, large, 1, alternating)
            try:
                return enlarged(run(entry, first), run(entry, second), large)
            except ShapeError as error:
                raise refitted(error, large) from None
    raise Untold


def smaller(values: Any, large: dict[int, tuple[int, int]], at: int, filled: Callable[..., Any]) -> Any:
    """The arguments with small extents in place of the large ones; `filled(shape, dtype)` makes the arrays."""

    def shrunk(x: Any) -> Tensor:
        return make(filled(tuple(large[n][at] if n in large else n for n in x.shape), x.dtype))

    return mapped(values, shrunk, lambda n: large[n][at] if n in large else n)


def repeated(shape: tuple[int, ...], dtype: Any) -> Any:
    """An array that takes no memory."""
    return np.broadcast_to(np.ones((), dtype), shape)


def ones(shape: tuple[int, ...], dtype: Any) -> Any:
    """Ones; zeros of a dtype that may be an index."""
    return np.full(shape, dtype.kind == "f", dtype)


def alternating(shape: tuple[int, ...], dtype: Any) -> Any:
    """Zeros and ones: a form that depends on numbers is another one than for `ones`."""
    return (np.arange(math.prod(shape)) % 2).astype(dtype).reshape(shape)


def enlarged(one: Any, two: Any, large: dict[int, tuple[int, int]]) -> Any:
    """The result with its large extents. Errors: Untold."""
    if isinstance(one, Tensor) and isinstance(two, Tensor):
        a, b = one.data.shape, two.data.shape
        if len(a) != len(b):
            raise Untold
        return sized(tuple(extent(n, m, large) for n, m in zip(a, b, strict=True)), one.data.dtype)
    if one.__class__ is two.__class__ and one.__class__ in (list, tuple) and len(one) == len(two):
        return one.__class__(enlarged(x, y, large) for x, y in zip(one, two, strict=True))
    raise Untold


def extent(n: int, m: int, large: dict[int, tuple[int, int]]) -> int:
    """What an extent is that was n in the first run and m in the second. Errors: Untold."""
    if n == m:
        return n
    for count in (1, 2):
        for chosen in combinations_with_replacement(large, count):
            a = math.prod(large[each][0] for each in chosen)
            b = math.prod(large[each][1] for each in chosen)
            if n % a == 0 and n // a * b == m:
                return n // a * math.prod(chosen)
    raise Untold


def refitted(error: ShapeError, large: dict[int, tuple[int, int]]) -> Exception:
    """The error with the true shapes."""
    back = {small[0]: n for n, small in large.items()}
    if isinstance(error.subject, tuple) and all(isinstance(shape, tuple) for shape in error.subject):
        error.subject = tuple(tuple(back.get(n, n) for n in shape) for shape in error.subject)
        return error
    return Untold()


def tensors(values: Any) -> list[Tensor]:
    """Those among the arguments, also in lists."""
    found: list[Tensor] = []
    for value in values:
        if isinstance(value, Tensor):
            found.append(value)
        elif value.__class__ in (list, tuple):
            found += tensors(value)
    return found


def mapped(values: Any, tensor: Callable[[Any], Tensor], number: Callable[[int], int] = int) -> Any:
    """The arguments with other tensors, made of their arrays, and other integers in their sizes."""
    found: list[Any] = []
    for value in values:
        if isinstance(value, Tensor):
            found.append(tensor(value.data))
        elif value.__class__ in (list, tuple):
            found.append(value.__class__(mapped(value, tensor, number)))
        else:
            found.append(number(value) if value.__class__ is int else value)
    return found
