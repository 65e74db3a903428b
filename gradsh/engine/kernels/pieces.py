"""Elementwise work on large arrays, in pieces that stay in the cache, shared by as many threads as there are cores.

A rule of several operations on a whole large array writes and reads every intermediate result through memory; on a
piece they stay in the cache, and the memory of the intermediate results is used again instead of asked for. The pieces
are the same whatever the number of threads, and every element is computed as it would be alone.
"""

from __future__ import annotations

import math
import operator
import os
from _thread import allocate_lock, stack_size, start_new_thread
from contextvars import copy_context
from functools import partial
from typing import Any

import numpy as np

from gradsh.engine.core import alloc

ndarray = np.ndarray

large = False  # whether there has been an array of BIG elements
waiting: Any = None  # the class of what stands for an array that is not there yet, once there may be such (tiles.py)
spread = False  # whether NumPy's own loops go over all threads by themselves: what is one of them needs no pieces

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
    global large
    large = True
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
    if size > PIECE and ((spread and function.__class__ is np.ufunc) or _goes_into(function, first)):
        _fill(function, flat, out, PIECE, size)
    elif size > PIECE:
        share(partial(_fill, function, flat, out), range(PIECE, size, PIECE))
    return out.reshape(shape)


SHARED = 1 << 17  # elements from which other threads are worth their waking, where each takes as long as an exponential
ROWS = 1 << 17  # elements of some rows: fewer take longer to begin than to be worked on


def by_rows(into: Any, axis: int, *arrays: Any) -> Any:
    """What `into(*arrays, axis, out)` fills in, which works along `axis` of float32 or float64 arrays of one shape and
    gives such a one: so many rows at a time that they stay in the cache. None where arrays are small or lie otherwise.
    """
    x = arrays[0]
    shape = x.shape
    if x.size < 2 * ROWS or not axis or x.itemsize < 4:
        return None
    if any(a.dtype != x.dtype or not a.flags.c_contiguous for a in arrays):
        return None
    rows = math.prod(shape[:axis])
    views = [a.reshape(rows, *shape[axis:]) for a in arrays]
    step = max(1, ROWS * rows // x.size)
    out = alloc.empty(views[0].shape, x.dtype)

    def work(start: int) -> None:
        into(*[v[start : start + step] for v in views], 1, out[start : start + step])

    share(work, range(0, rows, step))
    return out.reshape(shape)


def _goes_into(function: Any, like: Any) -> bool:
    """Whether it is one function of C for float32, which goes over all threads by itself."""
    return like.dtype == np.float32 and hasattr(function, "shares")


def _piece(flat: list[Any], start: int, count: int = PIECE) -> list[Any]:
    return [v[start : start + count] if v.__class__ is ndarray and v.ndim else v for v in flat]


def _fill(function: Any, flat: list[Any], out: Any, start: int, count: int = PIECE) -> None:
    """Work on the piece that begins there."""
    into = function if function.__class__ is np.ufunc else getattr(function, "into", None)
    target = out[start : start + count]
    if into is not None:
        into(*_piece(flat, start, count), out=target)
    else:
        target[...] = function(*_piece(flat, start, count))


def threads() -> int:
    """How many threads to use: the cores that this process may run on, or fewer if the user said so."""
    cores = len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1
    limit = os.environ.get("OMP_NUM_THREADS", "")
    return min(cores, int(limit), 8) if limit.isdecimal() and int(limit) else min(cores, 8)


def share(work: Any, starts: Any) -> None:
    """`work(start)` for all of a sequence of `starts`, in this thread and in others at the same time; NumPy lets go of
    the interpreter's lock inside. What is raised in another is raised here."""
    left = iter(starts)
    if len(starts) < 2:
        for start in left:
            work(start)
        return
    begun: list[Any] = []
    failures: list[BaseException] = []

    def help() -> None:
        done = allocate_lock()
        done.acquire()
        begun.append(done)  # before it takes any: of a thread that comes when all is taken, nobody has to wait
        try:
            for start in left:
                work(start)
        except BaseException as error:
            failures.append(error)
        finally:
            done.release()

    for tasks in _helpers():
        tasks.put(partial(copy_context().run, help))  # NumPy's error state belongs to the context
    try:
        for start in left:
            work(start)
    finally:
        for _ in left:  # of an error: what is left is not to be begun
            pass
        for done in begun:
            done.acquire()
        work = None  # a task that nobody has come to holds no arrays
    if failures:
        raise failures[0]


STACK = 1 << 20  # bytes; it is counted as the process's memory
HELPERS: list[Any] = []  # the queue of each thread beside the program's own; they wait for tasks as long as it runs


def _helpers() -> list[Any]:
    missing = threads() - 1 - len(HELPERS)
    if missing > 0:
        from queue import SimpleQueue

        before = stack_size(STACK)
        try:
            for _ in range(missing):
                tasks: Any = SimpleQueue()
                start_new_thread(_helper, (tasks,))
                HELPERS.append(tasks)
        except RuntimeError:  # the system gives no more of them: those that there are do the work
            pass
        finally:
            stack_size(before)
    return HELPERS


def _helper(tasks: Any) -> None:
    while True:
        tasks.get()()


if hasattr(os, "register_at_fork"):
    os.register_at_fork(after_in_child=HELPERS.clear)
