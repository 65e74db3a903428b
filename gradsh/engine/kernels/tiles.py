"""Elementwise operators on large arrays, and their gradients, computed at the end of a chain of them: all at once, on
tiles that stay in the cache, by all threads (native_tiles.h).

A rule of one operator on ten million elements reads and writes memory for each of its steps. In a walk backwards over
large arrays the rules get `Deferred`s and give such: what is to be computed of which arrays. They are computed, by
NumPy's own loops, to the bits that the rules themselves give, when an array is asked for: by the gradient of a leaf, by
a node that is no elementwise operator on a large array, by what the program itself has to say. A tensor has one only
between two operators of an expression (gradsh/engine/operators/chains.py).
"""

from __future__ import annotations

import math
from collections.abc import Iterable
from functools import cache, partial
from typing import Any

import numpy as np
from numpy.lib.mixins import NDArrayOperatorsMixin

from gradsh.engine.core import alloc
from gradsh.engine.kernels import pieces
from gradsh.engine.kernels.compiled import library, numbers
from gradsh.engine.kernels.pieces import BIG, in_pieces

ndarray = np.ndarray
FLOATS = np.dtype(np.float32), np.dtype(np.float64)
MOST = 32  # steps that one is made of: what it holds would have been freed
CONSTANT = "constant"
OWN = frozenset({"tanh_backward", "sign_of", "where_over_zero", "exp_of", "tanh_of", "log_of"})  # of native_tiles.h
SCRATCH = 8  # intermediate results that are held at a time


class NotDeferred(TypeError):
    """What was asked of a `Deferred` is no step of a program."""


class Deferred(NDArrayOperatorsMixin):
    """An array that is not there yet, or as a leaf one that is.

    value     the array, of a leaf and once it was computed
    name, operands   the operation (a ufunc's name, or one of OWN) and `Deferred`s and numbers; CONSTANT and the number
                     that all elements are
    count     how many steps it takes at most
    made      in an expression: the tensors that it is made of whose data is one too (gradsh/engine/operators/chains.py)
    """

    __slots__ = ("count", "dtype", "made", "name", "operands", "shape", "value")

    def __init__(self, value: Any, name: str = "", operands: tuple[Any, ...] = (), like: Any = None) -> None:
        like = value if like is None else like
        self.value, self.name, self.operands = value, name, operands
        self.shape, self.dtype = like.shape, like.dtype
        self.made: tuple[Any, ...] = ()
        self.count: int = 1 + sum(o.count for o in operands if o.__class__ is Deferred) if name else 0

    __hash__ = None  # type: ignore[assignment]  # what is compared is their elements

    deferred: Any

    @property
    def ndim(self) -> int:
        return len(self.shape)

    @property
    def size(self) -> int:
        return math.prod(self.shape)

    def __array_ufunc__(self, ufunc: Any, method: str, *inputs: Any, **options: Any) -> Any:
        if method != "__call__" or options or ufunc.__name__ not in operations():
            raise NotDeferred(ufunc.__name__)
        try:
            return deferred(ufunc.__name__, *inputs)
        except NotDeferred:  # two of unlike kinds
            return ufunc(*[computed(v) for v in inputs])

    def __array__(self, *_: Any, **__: Any) -> Any:
        raise NotDeferred("an array")

    def __bool__(self) -> bool:
        raise NotDeferred("a truth")


def deferred(name: str, *inputs: Any) -> Any:
    """That operation on arrays, numbers and what is deferred. Errors: NotDeferred where they are not of one kind."""
    like = next(v for v in inputs if v.__class__ is Deferred)
    if name in OWN:  # they take arrays
        inputs = tuple(Deferred(computed(v)) if v.__class__ is Deferred and v.name == CONSTANT else v for v in inputs)
    operands = tuple(_operand(v, like) for v in inputs)
    if sum(o.count for o in operands if o.__class__ is Deferred) >= MOST:
        compute(o for o in operands if o.__class__ is Deferred)
    return Deferred(None, name, operands, like)


pieces.waiting = Deferred
Deferred.deferred = staticmethod(deferred)  # for kernels that are steps of their own, in C


def constant(number: Any, shape: tuple[int, ...]) -> Any:
    """An array of that shape all of whose elements are a NumPy number, deferred where it is large."""
    if math.prod(shape) < BIG or (number.__class__ is not np.float32 and number.__class__ is not np.float64):
        full = alloc.empty(shape, number.dtype)
        full.fill(number)
        return full
    return Deferred(None, CONSTANT, (number,), np.broadcast_to(number, shape))


def _operand(v: Any, like: Deferred) -> Any:
    if v.__class__ is Deferred:
        if v.shape == like.shape and v.dtype == like.dtype:
            return v.operands[0] if v.name == CONSTANT and v.value is None else v
    elif v.__class__ is ndarray and v.ndim:
        if v.shape == like.shape and v.dtype == like.dtype and v.flags.c_contiguous and v.flags.aligned:
            return Deferred(v)
    elif v.__class__ is float or v.__class__ is int or getattr(v, "dtype", None) == like.dtype:
        return like.dtype.type(v)
    raise NotDeferred(type(v).__name__)


@cache
def operations() -> dict[str, int]:
    """The names and numbers of what a program can have, "" for others; none where there are no kernels in C, or with
    other bits."""
    native = library()
    if native is None or not hasattr(native, "run_tiles"):
        return {}
    found = {name: number for number, name in enumerate(native.tile_operations())}
    x, y = numbers(40), numbers(40) + np.float32(1.6)
    wanted = -x * ((y / np.float32(3) + x) / y)
    program = [(found[name], *slots) for name, *slots in _TRIED]
    out = alloc.empty_like(x)
    try:
        native.run_tiles(alloc.array(program, np.int32), (x, y, out), alloc.array([3], np.float32))
    except ValueError:  # a NumPy whose loops are elsewhere
        return {}
    return found if out.tobytes() == wanted.tobytes() else {}


_TRIED = ("divide", 4, 1, 3), ("add", 4, 4, 0), ("divide", 4, 4, 1), ("negative", 5, 0, 0), ("multiply", 2, 5, 4)


def by_rule(rule: Any, F: Any, values: tuple[Any, ...]) -> Any:
    """What an elementwise rule on arrays gives, deferred where that can be; F is what it runs on."""
    given = [Deferred(v) if v.__class__ is ndarray and v.ndim else v for v in values]
    on_arrays = partial(rule, F)
    if operations() and _are_alike(given) and _agrees(rule, on_arrays, given):
        out = rule(F, *given)
        return out if out.value is None else out.value
    return in_pieces(on_arrays, *[computed(v) for v in values])


def by_kernel(kernel: Any, *values: Any) -> Deferred | None:
    """What an elementwise kernel gives on arrays, numbers and what is deferred, deferred; None where it cannot be."""
    given = [Deferred(v) if v.__class__ is ndarray and v.ndim else v for v in values]
    if operations() and _are_alike(given) and _agrees(kernel, kernel, given):
        return kernel(*given)  # type: ignore[no-any-return]
    return None


def _are_alike(given: list[Any]) -> bool:
    held = [v for v in given if v.__class__ is Deferred]
    return (
        bool(held)
        and held[0].dtype in FLOATS
        and held[0].size >= BIG
        and all(v.shape == held[0].shape and v.dtype == held[0].dtype for v in held)
        and all(v.value is None or (v.value.flags.c_contiguous and v.value.flags.aligned) for v in held)
    )


_AGREES: dict[Any, bool] = {}  # of rules, a dtype, and the numbers among the arguments


def _agrees(rule: Any, on_arrays: Any, given: list[Any]) -> bool:
    """Whether a rule or kernel can be deferred, with the bits that it has on arrays: tried once, on some numbers."""
    dtype = next(v.dtype for v in given if v.__class__ is Deferred)
    key = (rule, dtype, *(Deferred if v.__class__ is Deferred else (v.__class__, repr(v)) for v in given))
    found = _AGREES.get(key)
    if found is None:
        if len(_AGREES) > 1000:
            _AGREES.clear()  # a program that counts in its constants
        found = _AGREES[key] = _tried(on_arrays, given, dtype)
    return found


def _tried(on_arrays: Any, given: list[Any], dtype: Any) -> bool:
    odd = alloc.array([0.0, -0.0, 1.0, np.inf, -np.inf, np.nan], dtype)
    arrays = iter([np.concatenate((numbers(300, dtype=dtype)[at:] * 3, np.roll(odd, at))) for at in range(len(given))])
    some = [next(arrays)[-290:] if v.__class__ is Deferred else v for v in given]
    try:
        out = on_arrays(*[Deferred(v) if v.__class__ is ndarray and v.ndim else v for v in some])
        same = out.__class__ is Deferred and bool(computed(out).tobytes() == on_arrays(*some).tobytes())
    except Exception:  # whatever it wants beyond arithmetic
        return False
    return same


def computed(value: Any) -> Any:
    """The array of what may be deferred, or of what is in a list or tuple of such."""
    if value.__class__ is Deferred:
        compute((value,))
        return value.value
    if value.__class__ is list or value.__class__ is tuple:
        return value.__class__(computed(v) for v in value)
    return value


def compute(wanted: Iterable[Deferred]) -> None:
    """Give each its `value`: together, so that what they have in common is computed once."""
    left = [d for d in {id(d): d for d in wanted}.values() if d.value is None]
    for d in left:
        if d.name == CONSTANT:
            d.value, d.count = alloc.full(d.shape, d.operands[0]), 0
    left = [d for d in left if d.value is None]
    while left:
        program = Program(left[0])
        rest = [d for d in left[1:] if not program.add(d)]
        program.run()
        left = rest


class Program:
    """The steps that some `Deferred`s of one shape and dtype take, each once."""

    def __init__(self, first: Deferred) -> None:
        self.shape, self.dtype = first.shape, first.dtype
        self.results: list[Deferred] = []
        self.order: dict[int, Deferred] = {}
        self.add(first)

    def add(self, result: Deferred) -> bool:
        """Take it in, unless it is of another kind or the program would be too long."""
        if self.results and (
            result.shape != self.shape or result.dtype != self.dtype or len(self.order) + result.count > 2 * MOST
        ):
            return False
        stack = [result]
        while stack:
            d = stack[-1]
            missing = [o for o in d.operands if o.__class__ is Deferred and o.value is None and id(o) not in self.order]
            if missing:
                stack.extend(missing)
                continue
            stack.pop()
            self.order.setdefault(id(d), d)
        self.results.append(result)
        return True

    def run(self) -> None:
        """Give each result its `value`."""
        arrays: dict[int, Any] = {}
        constants: dict[bytes, None] = {}
        last: dict[int, int] = {}  # the step that reads it last
        for number, d in enumerate(self.order.values()):
            for o in d.operands:
                if o.__class__ is not Deferred:
                    constants[o.tobytes()] = None
                elif o.value is None:
                    last[id(o)] = number
                else:
                    arrays[id(o.value)] = o.value
        steps = self.placed([*arrays, *map(id, self.results)], list(constants), last)
        if steps is None:
            self.apart()
            return
        made = [alloc.empty(self.shape, self.dtype) for _ in self.results]
        fixed = np.frombuffer(b"".join(constants), self.dtype)
        library().run_tiles(alloc.array(steps, np.int32), (*arrays.values(), *made), fixed)
        for d, array in zip(self.results, made, strict=True):
            d.value, d.operands, d.count = array, (), 0

    def placed(self, arrays: list[int], constants: list[bytes], last: dict[int, int]) -> list[Any] | None:
        """The steps with slots, of those arrays and constants and of SCRATCH others; None where these are too few."""
        base = len(arrays)
        at = {key: slot for slot, key in enumerate(arrays)}
        fixed = {key: base + slot for slot, key in enumerate(constants)}
        free = [base + len(constants) + slot for slot in range(SCRATCH)]
        steps = []
        for number, d in enumerate(self.order.values()):
            ended = {id(o) for o in d.operands if o.__class__ is Deferred and last.get(id(o)) == number}
            slots = [
                fixed[o.tobytes()] if o.__class__ is not Deferred else at[id(o if o.value is None else o.value)]
                for o in d.operands
            ]
            if id(d) not in at:
                if not free:
                    return None
                at[id(d)] = free.pop()  # before those that end here: no step writes where it reads
            free += [at[key] for key in ended if at[key] >= base]
            steps.append((operations()[d.name], at[id(d)], *slots, *[0] * (2 - len(slots))))
        return steps

    def apart(self) -> None:
        """Where too much is held at a time: what the last steps are made of by itself first."""
        compute(o for d in self.results for o in d.operands if o.__class__ is Deferred)
        compute(self.results)


def settled(pending: dict[Any, Any], leaves: dict[Any, Any]) -> None:
    """Compute all that waits in a walk: the gradients of leaves, and of nodes, one or a list for each."""
    compute(d for held in (leaves, pending) for v in held.values() for d in _each(v) if d.__class__ is Deferred)
    for held in (leaves, pending):
        for key, v in held.items():
            held[key] = computed(v)


def _each(value: Any) -> Iterable[Any]:
    return value if value.__class__ is list else (value,)
