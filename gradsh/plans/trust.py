"""The machine, where gradsh was installed with a compiler and all kinds of its instructions give NumPy's bits.

What trying it comes to is written into the user's cache, for this NumPy, this processor and this file of the machine.
Where there is no cache it is tried in each process (some milliseconds).
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

import numpy as np

from gradsh import cache
from gradsh.engine.kernels.compiled import entry, numbers, umath
from gradsh.plans.builder import Plan
from gradsh.plans.machine import EXACT, REDUCED, packed_by
from gradsh.plans.values import Step, Value

FLOATS = (np.float32, np.float64)
INEXACT = (np.exp, np.log, np.sin, np.cos, np.tanh, np.exp2, np.expm1, np.log1p, np.power, np.arctan, np.hypot)
SHAPES: tuple[tuple[int, ...], ...] = ((), (1,), (3,), (37,), (5, 7))


class Machine:
    """The module in C: False as long as nobody has looked for it, None where it is not there, or not to be trusted."""

    found: Any = False


def machine() -> Any:
    if Machine.found is False:
        Machine.found = None
        try:
            from gradsh.engine.kernels import native
        except ImportError:
            return None
        if hasattr(native, "add_function"):  # an older file may lack it
            native.find_blas(umath().__file__)
            Machine.found = native if trusted(native) else None
    return Machine.found


def runs(plan: Plan) -> Callable[[int, Any, list[Any]], tuple[int, Any, Exception | None]]:
    """The plan's function, as `runner.compiled` has it; that itself where there is no machine, or it does not know a
    step."""
    native = machine()
    run = None if native is None else packed_by(native, plan)
    if run is None:
        from gradsh.plans.runner import compiled  # few plans need it

        return compiled(plan)
    return run


def trusted(native: Any) -> bool:
    """Whether all of `cases` come to NumPy's bits."""
    key = entry("machine", native)
    known = cache.read(key) if key else None
    if known is None:
        known = b"yes" if tried(native) else b"no"
        if key:
            cache.write(key, known)
    return known == b"yes"


def tried(native: Any) -> bool:
    steps = list(cases())
    with np.errstate(all="ignore"):
        expected = [by_numpy(step).tobytes() for step in steps]
        run = packed_by(native, Plan(steps, [], [], [], [], set()))
        if run is None or run(1, (), []) != (1, (), None):
            return False
    return all(step.out.array.tobytes() == bits for step, bits in zip(steps, expected, strict=True))


def by_numpy(step: Step) -> Any:
    """What NumPy makes of a step."""
    given = [x.array if type(x) is Value else x for x in step.arguments]
    if step.kind == "map":
        made = step.function(*given)
    elif step.kind == "reduce":
        axis, keepdims = step.extra
        made = step.function.reduce(given[0], axis, None, None, keepdims)
    elif step.kind == "copy":
        made = given[0].astype(step.out.array.dtype)
    else:
        made = step.function(*given)
    return np.asarray(made)


def cases() -> Iterator[Step]:
    """Steps of all kinds, each with an output of its own."""
    for dtype in FLOATS:
        for shape in SHAPES:
            x, y = value(*shape, dtype=dtype), value(*shape, dtype=dtype, turn=1)
            for ufunc in sorted(EXACT | set(INEXACT), key=lambda each: each.__name__):
                if not any(kind[0] == np.dtype(dtype).char for kind in ufunc.types):
                    continue
                yield made("map", ufunc, (x, y)[: ufunc.nin])
            for to in FLOATS:
                yield made("copy", None, (x,), dtype=to)
        matrix, row, column = value(5, 7, dtype=dtype), value(7, dtype=dtype), value(5, 1, dtype=dtype)
        turned = Value(None, value(7, 5, dtype=dtype, turn=1).array.T)  # type: ignore[arg-type]
        for ufunc in (np.add, np.subtract, np.multiply, np.divide, np.maximum):
            for other in (row, column, turned, 0.3):
                yield made("map", ufunc, (matrix, other))
        yield made("copy", None, (turned,))
        large = value(3, 4, 61, dtype=dtype)
        for ufunc in REDUCED:
            for axis in (2, (1, 2), None):
                yield made("reduce", ufunc, (large,), (axis, False))
        left, right, vector = value(6, 7, dtype=dtype), value(7, 9, dtype=dtype), value(7, dtype=dtype, turn=1)
        left_turned = Value(None, value(7, 6, dtype=dtype).array.T)  # type: ignore[arg-type]
        right_turned = Value(None, value(9, 7, dtype=dtype).array.T)  # type: ignore[arg-type]
        for a in (left, left_turned, vector):
            for b in (right, right_turned, vector):
                yield made("call", np.dot, (a, b))


def value(*shape: int, dtype: Any, turn: int = 0) -> Value:
    """An array of numbers from 0.5 to 1.5, or from -0.5 to 0.5, in turn."""
    array = numbers(*shape, dtype=dtype) + dtype(1 - turn)
    return Value(None, np.array(array))  # type: ignore[arg-type]


def made(kind: str, function: Any, given: tuple[Any, ...], extra: Any = None, dtype: Any = None) -> Step:
    """A step whose output has the shape and dtype of what NumPy makes."""
    out = given[0].array.astype(dtype or given[0].dtype) if kind == "copy" else None
    if out is None:
        with np.errstate(all="ignore"):
            out = np.array(by_numpy(Step(kind, function, given, None, extra)))
    out[...] = 0
    return Step(kind, function, given, Value(None, out), extra)  # type: ignore[arg-type]
