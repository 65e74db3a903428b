"""Rows added to those of a table, each where an index says: the gradient of looking them up."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import numpy as np

from gradsh.engine.core import alloc
from gradsh.engine.kernels.compiled import Native, numbers


def add_rows(g: Any, index: Any, table: Any) -> None:
    """Add each g[i] to table[index[i]], one after the other: float arrays of one dtype, int[n] or any that NumPy takes
    as an index. Errors: NumPy's IndexError."""
    fast = _native.function or _native.wanted(g.size)
    if fast is None or fast(g, index, table) is None:
        np.add.at(table, index, g)


def _added_rows(g: Any, index: Any, count: int) -> Any:
    table = alloc.zeros((count, *g.shape[1:]), g.dtype)
    np.add.at(table, index, g)
    return table


def _cases() -> Iterator[tuple[Any, ...]]:
    for dtype in (np.float32, np.float64):
        yield numbers(9, 5, dtype=dtype), alloc.array([3, 0, 3, 1, 1, 3, 2, 0, 0]), 4


_native = Native("added_rows", _added_rows, _cases, writes=(2,), alike=False)
