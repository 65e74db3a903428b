"""Derivatives of sampled functions by differences."""

from __future__ import annotations

from typing import Any

import numpy as np

from gradsh.engine.core.arguments import dim_index, is_int, need_tensor
from gradsh.engine.core.namespaces import T
from gradsh.engine.core.tensor import Tensor
from gradsh.engine.operators.composite import composite
from gradsh.engine.operators.samples import call, t
from gradsh.errors import DtypeError, ShapeError, ValueProblem

SPACING = "torch.gradient expected spacing to be unspecified, a scalar"


def _along(x: Tensor, dim: int, spacing: Any, order: int) -> Any:
    """The derivative along one dim, at even distances or at the coordinates in a tensor."""

    def part(first: int, last: int | None) -> Any:
        n = x.shape[dim]
        start, stop = (at + n if at < 0 else at for at in (first, n if last is None else last))
        return T.narrow(x, dim, start, stop - start)

    if spacing.__class__ is not Tensor:
        inner = (part(2, None) - part(0, -2)) / (2 * spacing)
        if order == 1:
            first, last = (part(1, 2) - part(0, 1)) / spacing, (part(-1, None) - part(-2, -1)) / spacing
        else:
            first = (part(0, 1) * -1.5 + part(1, 2) * 2 - part(2, 3) * 0.5) / spacing
            last = (part(-3, -2) * 0.5 - part(-2, -1) * 2 + part(-1, None) * 1.5) / spacing
        return T.cat([first, inner, last], dim)
    d = T.diff(spacing)
    n = d.shape[0]
    one, two = T.narrow(d, 0, 0, n - 1), T.narrow(d, 0, 1, n - 1)
    shape = [-1 if i == dim else 1 for i in range(x.ndim)]
    a, b, c = (-two / (one * (one + two))), (two - one) / (one * two), one / (two * (one + two))
    a, b, c = (T.reshape(v, shape) for v in (a, b, c))
    inner = a * part(0, -2) + b * part(1, -1) + c * part(2, None)
    if order == 1:
        first = (part(1, 2) - part(0, 1)) / d[0]
        last = (part(-1, None) - part(-2, -1)) / d[-1]
    else:
        p, q = d[0], d[1]
        first = -(2.0 * p + q) / (p * (p + q)) * part(0, 1) + (p + q) / (p * q) * part(1, 2)
        first = first + -p / (q * (p + q)) * part(2, 3)
        p, q = d[-1], d[-2]
        last = p / (q * (p + q)) * part(-3, -2) + -(p + q) / (p * q) * part(-2, -1)
        last = last + (2 * p + q) / (p * (p + q)) * part(-1, None)
    return T.cat([first, inner, last], dim)


def _spacings(x: Tensor, spacing: Any, dims: list[int], said: bool) -> list[Any]:
    """One spacing for each dim."""
    if spacing.__class__ is not tuple and spacing.__class__ is not list:
        return [1 if spacing is None else spacing] * len(dims)
    if len(spacing) != len(dims):
        raise ValueProblem(
            f"{SPACING} or it's spacing and dim arguments to have the same length, but got a spacing argument of "
            f"length {len(spacing)} and a dim argument of length {len(dims)}."
            if said
            else f"{SPACING}, or a list of length equal to 'self.dim() = {x.ndim}', since dim argument was not given, "
            f"but got a list of length {len(spacing)}"
        )
    return list(spacing)


@composite(
    "gradient(input, *, spacing=None, dim=None, edge_order=1)",
    method=False,
    samples=lambda: [
        call(t(4)),
        call(t(3, 4), spacing=2.0, dim=1),
        call(t(3, 4), spacing=[1.0, 2.0], edge_order=2),
        call(t(4), spacing=(t(4, values=[0.0, 1.0, 3.0, 4.0]),)),
        call(t(4), spacing=(t(4, values=[0.0, 1.0, 3.0, 4.0]),), edge_order=2),
    ],
    formula="the differences of g, turned around",
    example="gradient(tensor([1., 2., 4., 8.]))",
    looped="it reads shapes",
)
def gradient(input: Any, spacing: Any, dim: Any, edge_order: int) -> tuple[Any, ...]:
    """The derivative along each dim, or those in `dim`, by central differences; at the ends by one-sided ones."""
    need_tensor("gradient", "input", 1, input)
    said = dim is not None
    dims = [dim] if is_int(dim) else list(range(input.ndim)) if dim is None else list(dim)
    spacings = _spacings(input, spacing, dims, said)
    if input.data.dtype == np.uint8:
        raise DtypeError("torch.gradient does not support uint8 input.")
    if edge_order not in (1, 2):
        raise ValueProblem("torch.gradient only supports edge_order=1 and edge_order=2.")
    dims = [dim_index(d, input.ndim) for d in dims]
    if twice := [d for d in dims if dims.count(d) > 1]:
        raise ShapeError(f"dim {twice[0]} appears multiple times in the list of dims")
    for d, step in zip(dims, spacings, strict=True):
        if input.shape[d] < edge_order + 1:
            raise ShapeError("torch.gradient expected each dimension size to be at least edge_order+1")
        if step.__class__ is Tensor and step.shape[0] != input.shape[d]:
            raise ShapeError(
                f"torch.gradient expected each element of spacing to have the same length as its dimension, got "
                f"{step.shape[0]} coordinates for dimension {d} of size {input.shape[d]}"
            )
    return tuple(_along(input, d, step, edge_order) for d, step in zip(dims, spacings, strict=True))
