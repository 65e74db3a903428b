"""Grids of points, and what is chosen of them: coordinates, combinations, powers."""

from __future__ import annotations

import math
from typing import Any

import numpy as np

from gradsh.engine.core import alloc
from gradsh.engine.core.arguments import need_tensor
from gradsh.engine.core.dtypes import OF
from gradsh.engine.core.modes import mode
from gradsh.engine.core.namespaces import T
from gradsh.engine.core.tensor import make
from gradsh.engine.operators.composite import composite
from gradsh.errors import DtypeError, ShapeError, ValueProblem

CHOSEN = 1 << 17  # indices between two looks for Ctrl-C
INT64 = np.dtype(np.int64)


@composite(
    "meshgrid(*tensors, indexing=None)",
    formula="the sum of g over the new dims",
    python=True,
    method=False,
    example="meshgrid(arange(2), arange(3), indexing='ij')",
)
def meshgrid(tensors: Any, indexing: Any) -> Any:
    """Coordinate matrices of 1-D tensors, views expanded to all of their lengths; `indexing` is "ij" or "xy"."""
    if not tensors:
        raise ValueProblem("meshgrid expects a non-empty TensorList")
    for x in tensors:
        need_tensor("meshgrid", "tensors", 1, x)
        if x.data.ndim > 1:
            raise ShapeError(f"torch.meshgrid: Expected 0D or 1D tensor in the tensor list but got: {x!r}")
    if indexing is None:
        mode.warn(
            "torch.meshgrid: in an upcoming release, it will be required to pass the indexing argument.", once=True
        )
        indexing = "ij"
    if indexing not in ("ij", "xy"):
        raise ValueProblem(f'torch.meshgrid: indexing must be one of "xy" or "ij", but received: {indexing}')
    for x in tensors[1:]:
        if x.data.dtype != tensors[0].data.dtype:
            raise DtypeError("torch.meshgrid expects all tensors to have the same dtype")
    swap = indexing == "xy" and len(tensors) >= 2
    given = [tensors[1], tensors[0], *tensors[2:]] if swap else list(tensors)
    shape = tuple(x.data.size for x in given)
    n = len(given)
    grids = []
    for i, x in enumerate(given):
        view = T.reshape(x, (1,) * i + (shape[i],) + (1,) * (n - i - 1))
        grids.append(T.expand(view, shape))
    if swap:
        grids[0], grids[1] = grids[1], grids[0]
    return tuple(grids)


@composite(
    "cartesian_prod(*tensors)",
    formula="g, added up where the elements came from",
    python=True,
    method=False,
    example="cartesian_prod(tensor([1, 2]), tensor([3, 4]))",
)
def cartesian_prod(tensors: Any) -> Any:
    """Every combination of the elements of 1-D tensors, one a row."""
    for x in tensors:
        if x.data.ndim != 1:
            raise ShapeError(f"Expect a 1D vector, but got shape {list(x.data.shape)}")
    if len(tensors) == 1:
        return tensors[0]
    grids = meshgrid.apply(*tensors, indexing="ij")
    return T.stack([T.flatten(grid) for grid in grids], 1)


def _choices(n: int, r: int) -> int:
    """`n` choose `r`. Errors: MemoryError where it is beyond all memory, and takes long to compute."""
    if r > n:
        return 0
    if math.lgamma(n + 1) - math.lgamma(r + 1) - math.lgamma(n - r + 1) + math.log(r) > 60 * math.log(2):
        raise MemoryError("more rows than fit into memory")
    return math.comb(n, r)


@composite(
    "combinations(input, r=2, with_replacement=False)",
    formula="g, added up where the elements came from",
    method=True,
    example="combinations(tensor([1, 2, 3]))",
)
def combinations(input: Any, r: int, with_replacement: bool) -> Any:
    """Every choice of `r` elements of a 1-D tensor, one a row."""
    from itertools import combinations as plain
    from itertools import combinations_with_replacement as repeated
    from itertools import islice

    if input.data.ndim != 1:
        raise ShapeError(f"Expect a 1D vector, but got shape {list(input.data.shape)}")
    if r < 0:
        raise ValueProblem(f"Expect a non-negative number, but got {r}")
    if r == 0:
        return make(alloc.zeros(0, input.data.dtype))
    size = input.data.size
    count = _choices(size + r - 1 if with_replacement else size, r)
    rows = alloc.empty((count, r), INT64)
    choices = (repeated if with_replacement else plain)(range(size), r)
    step = max(1, CHOSEN // r)
    for start in range(0, count, step):
        rows[start : start + step] = list(islice(choices, step))
    return T.stack([T.index_select(input, 0, make(alloc.ascontiguousarray(rows[:, k]))) for k in range(r)], 1)


@composite(
    "vander(x, N=None, increasing=False)",
    formula="the sum over columns of k * x**(k - 1) * g",
    method=False,
    example="vander(tensor([1., 2., 3.]))",
)
def vander(x: Any, n: Any, increasing: bool) -> Any:
    """The powers of the elements of a 1-D tensor, one element a row."""
    if x.data.ndim != 1:
        raise ShapeError("x must be a one-dimensional tensor.")
    if x.data.dtype.kind != "f":
        x = T.to(x, OF[INT64])
    columns = x.data.size if n is None else n
    if columns < 0:
        raise ValueProblem("N must be non-negative.")
    powers = [T.ones_like(x)] if columns else []
    for _ in range(columns - 1):
        powers.append(T.mul(powers[-1], x))
    if not powers:
        return make(alloc.zeros((x.data.size, 0), x.data.dtype if x.data.dtype.kind == "f" else INT64))
    return T.stack(powers if increasing else powers[::-1], 1)
