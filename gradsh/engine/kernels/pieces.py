"""Elementwise work on large arrays, in pieces that stay in the cache, shared by as many threads as there are cores.

A rule of several operations on a whole large array writes and reads every intermediate result through memory; on a
piece they stay in the cache, and the memory of the intermediate results is used again instead of asked for. The pieces
are the same whatever the number of threads, and every element is computed as it would be alone.
"""

from __future__ import annotations

import operator
import os
from contextvars import copy_context
from functools import partial
from itertools import count
from typing import Any

import numpy as np

from gradsh.engine.core import alloc

ndarray = np.ndarray

# elements from which it pays, and of a piece
BIG = 1 << 20
PIECE = 1 << 16

_UFUNCS: dict[Any, Any] = {
    operator.add: np.add,
    operator.sub: np.subtract,
    operator.mul: np.multiply,
    operator.truediv: np.true_divide,
    operator.neg: np.negative,
}


def in_pieces(function: Any, *values: Any) -> Any:
    """`function(*values)`, which must be elementwise; values are arrays, numbers and None. Arrays that are not all of
    one shape and C-contiguous are given to the function as they are."""
    shape = None
    for v in values:
        if v.__class__ is ndarray and v.ndim:
            if shape is None:
                shape = v.shape
            if v.shape != shape or not v.flags.c_contiguous:
                return function(*values)
    if shape is None:
        return function(*values)
    function = _UFUNCS.get(function, function)
    flat = [v.reshape(-1) if v.__class__ is ndarray and v.ndim else v for v in values]
    size = next(v.size for v in flat if v.__class__ is ndarray and v.ndim)
    given = _piece(flat, 0)
    first = function(*given)
    for v, part in zip(values, given, strict=True):
        if first is part:
            return v  # the gradient of a sum is the gradient itself
    if first.__class__ is not ndarray or first.shape != (min(PIECE, size),):
        return function(*values)
    out = alloc.empty(size, first.dtype)
    out[:PIECE] = first
    if size > PIECE:
        _share(partial(_run, function, flat, out, count(PIECE, PIECE).__next__))
    return out.reshape(shape)


def _piece(flat: list[Any], start: int) -> list[Any]:
    return [v[start : start + PIECE] if v.__class__ is ndarray and v.ndim else v for v in flat]


def _run(function: Any, flat: list[Any], out: Any, following: Any) -> None:
    """Work on pieces until none is left; `following` says where the next one begins."""
    into = function if function.__class__ is np.ufunc else getattr(function, "into", None)
    while (start := following()) < out.size:
        target = out[start : start + PIECE]
        if into is not None:
            into(*_piece(flat, start), out=target)
        else:
            target[...] = function(*_piece(flat, start))


def _threads() -> int:
    """How many threads to use: the cores that this process may run on, or fewer if the user said so."""
    cores = len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1
    limit = os.environ.get("OMP_NUM_THREADS", "")
    return min(cores, int(limit), 8) if limit.isdecimal() and int(limit) else min(cores, 8)


def _share(work: Any) -> None:
    """Run `work` in this thread and in others at the same time; NumPy lets go of the interpreter's lock inside."""
    others = _threads() - 1
    if others < 1:
        work()
        return
    from threading import Thread

    failures: list[BaseException] = []

    def guarded() -> None:
        try:
            work()
        except BaseException as error:  # raised again below, in the thread that the program runs in
            failures.append(error)

    # NumPy's error state belongs to the context
    threads = [Thread(target=copy_context().run, args=(guarded,), daemon=True) for _ in range(others)]
    started = []
    try:
        try:
            for thread in threads:
                thread.start()
                started.append(thread)
        except RuntimeError:
            pass  # the system gives no more of them: those that there are do the work
        work()
    finally:
        for thread in started:
            thread.join()
    if failures:
        raise failures[0]
