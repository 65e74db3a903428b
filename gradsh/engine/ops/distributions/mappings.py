"""Maps of vectors and matrices, several maps side by side, and the map onto a constraint."""

from __future__ import annotations

import math
from functools import reduce
from typing import Any, ClassVar

import numpy as np

from gradsh.engine.core.namespaces import T
from gradsh.engine.operators.composite import function
from gradsh.engine.ops.distributions.base import is_number, registered, summed
from gradsh.engine.ops.distributions.constraints import (
    CORR_CHOLESKY,
    LOWER_CHOLESKY,
    POSITIVE_DEFINITE,
    REAL,
    REAL_VECTOR,
    SIMPLEX,
    UNIT,
    independent,
    limits,
)
from gradsh.engine.ops.distributions.transforms import (
    EXTENT,
    AffineTransform,
    ComposeTransform,
    ExpTransform,
    IndependentTransform,
    SigmoidTransform,
    Transform,
    clipped,
    identity_transform,
)
from gradsh.errors import ValueError_, ValueProblem

__acts_for_programs__ = True  # `CumulativeDistributionTransform` runs what a program hands it

# --- vectors and matrices ---------------------------------------------------------------------------------------------


def _joined(shape: Any, without: int, *rest: int) -> Any:
    """The shape, a tuple or a Size as before, with the last extents replaced."""
    return type(shape)((*shape[: len(shape) - without], *rest))


@registered("SoftmaxTransform(cache_size=0)", "SoftmaxTransform()(tensor([0., 1.]))")
class SoftmaxTransform(Transform):
    """exp(x) made to sum up to 1; not one to one."""

    domain, codomain = REAL_VECTOR, SIMPLEX

    def forth(self, x: Any) -> Any:
        probs = T.exp(x - T.max(x, -1, True)[0])
        return probs / T.sum(probs, -1, True)

    def back(self, y: Any) -> Any:
        return T.log(y)

    def forward_shape(self, shape: Any) -> Any:
        if len(shape) < 1:
            raise ValueError_(EXTENT)
        return shape

    inverse_shape = forward_shape


@registered("StickBreakingTransform(cache_size=0)", "StickBreakingTransform()(tensor([0., 1.]))")
class StickBreakingTransform(Transform):
    """Numbers to one probability more: of what is left of a stick, each sigmoid breaks off its part."""

    domain, codomain, bijective = REAL_VECTOR, SIMPLEX, True

    def forth(self, x: Any) -> Any:
        offset = x.shape[-1] + 1 - T.cumsum(T.ones(x.shape[-1], dtype=x.dtype), -1)
        z = clipped(T.sigmoid(x - T.log(offset)))
        left = T.cumprod(1 - z, -1)
        return T.pad(z, [0, 1], value=1) * T.pad(left, [1, 0], value=1)

    def back(self, y: Any) -> Any:
        cropped = T.narrow(y, -1, 0, y.shape[-1] - 1)
        offset = y.shape[-1] - T.cumsum(T.ones(cropped.shape[-1], dtype=y.dtype), -1)
        left = T.clamp(1 - T.cumsum(cropped, -1), float(limits(y).tiny))
        return T.log(cropped) - T.log(left) + T.log(offset)

    def log_abs_det_jacobian(self, x: Any, y: Any) -> Any:
        offset = x.shape[-1] + 1 - T.cumsum(T.ones(x.shape[-1], dtype=x.dtype), -1)
        x = x - T.log(offset)
        return T.sum(-x + T.logsigmoid(x) + T.log(T.narrow(y, -1, 0, y.shape[-1] - 1)), -1)

    def forward_shape(self, shape: Any) -> Any:
        if len(shape) < 1:
            raise ValueError_(EXTENT)
        return _joined(shape, 1, shape[-1] + 1)

    def inverse_shape(self, shape: Any) -> Any:
        if len(shape) < 1:
            raise ValueError_(EXTENT)
        return _joined(shape, 1, shape[-1] - 1)


@registered("LowerCholeskyTransform(cache_size=0)", "LowerCholeskyTransform()(eye(2))")
class LowerCholeskyTransform(Transform):
    """A matrix to a lower triangle whose diagonal is positive."""

    domain, codomain = independent(REAL, 2), LOWER_CHOLESKY

    def forth(self, x: Any) -> Any:
        return T.tril(x, -1) + T.diag_embed(T.exp(T.diagonal(x, 0, -2, -1)))

    def back(self, y: Any) -> Any:
        return T.tril(y, -1) + T.diag_embed(T.log(T.diagonal(y, 0, -2, -1)))


@registered("PositiveDefiniteTransform(cache_size=0)", "PositiveDefiniteTransform()(eye(2))")
class PositiveDefiniteTransform(Transform):
    """A matrix to one that is symmetric and positive definite."""

    domain, codomain = independent(REAL, 2), POSITIVE_DEFINITE

    def forth(self, x: Any) -> Any:
        lower = LowerCholeskyTransform()(x)
        return T.matmul(lower, T.matrix_transpose(lower))

    def back(self, y: Any) -> Any:
        return LowerCholeskyTransform().inv(T.linalg_cholesky(y))


def _places(size: int, diagonal: int) -> list[int]:
    """Where the lower triangle's numbers are in a flat matrix, row by row."""
    rows, columns = np.tril_indices(size, diagonal)
    return [int(at) for at in rows * size + columns]


def _flat_triangle(matrix: Any, diagonal: int) -> Any:
    """The numbers of a lower triangle, row by row."""
    size = matrix.shape[-1]
    flat = T.reshape(matrix, (*matrix.shape[:-2], size * size))
    return T.index_select(flat, -1, T.tensor(_places(size, diagonal), dtype=None))


@registered("CorrCholeskyTransform(cache_size=0)", "CorrCholeskyTransform()(tensor([0.5]))")
class CorrCholeskyTransform(Transform):
    """Numbers to the Cholesky factor of a matrix of correlations: rows of length 1."""

    domain, codomain, bijective = REAL_VECTOR, CORR_CHOLESKY, True

    def forth(self, x: Any) -> Any:
        x = T.tanh(x)
        eps = float(limits(x).eps)
        x = T.clamp(x, -1 + eps, 1 - eps)
        size = self.forward_shape(x.shape)[-1]
        places = T.tensor(_places(size, -1))
        flat = T.index_copy(T.zeros((*x.shape[:-1], size * size), dtype=x.dtype), -1, places, x)
        r = T.reshape(flat, (*x.shape[:-1], size, size))
        left = T.cumprod(T.sqrt(1 - r**2), -1)
        return (r + T.eye(size, dtype=r.dtype)) * T.pad(T.narrow(left, -1, 0, size - 1), [1, 0], value=1)

    def back(self, y: Any) -> Any:
        left = T.pad(T.narrow(1 - T.cumsum(y * y, -1), -1, 0, y.shape[-1] - 1), [1, 0], value=1)
        t = _flat_triangle(y, -1) / T.sqrt(_flat_triangle(left, -1))
        return (T.log1p(t) - T.log1p(-t)) / 2

    def log_abs_det_jacobian(self, x: Any, y: Any) -> Any:
        left = _flat_triangle(1 - T.cumsum(y * y, -1), -2)
        stretch = -2 * T.sum(x + T.softplus(-2 * x) - math.log(2.0), -1)
        return 0.5 * T.sum(T.log(left), -1) + stretch

    def forward_shape(self, shape: Any) -> Any:
        if len(shape) < 1:
            raise ValueError_(EXTENT)
        count = shape[-1]
        size = round((0.25 + 2 * count) ** 0.5 + 0.5)
        if size * (size - 1) // 2 != count:
            raise ValueError_("Input is not a flattened lower-diagonal number")
        return _joined(shape, 1, size, size)

    def inverse_shape(self, shape: Any) -> Any:
        if len(shape) < 2:
            raise ValueError_(EXTENT)
        if shape[-2] != shape[-1]:
            raise ValueError_("Input is not square")
        return _joined(shape, 2, shape[-1] * (shape[-1] - 1) // 2)


@registered(
    "CumulativeDistributionTransform(distribution, cache_size=0)",
    "CumulativeDistributionTransform(Normal(0., 1.))(tensor(0.))",
)
class CumulativeDistributionTransform(Transform):
    """The probability that a number of a distribution is smaller."""

    opened = ("distribution",)
    codomain, bijective = UNIT, True

    def __init__(self, distribution: Any, cache_size: Any = 0) -> None:
        super().__init__(cache_size)
        self.distribution = distribution

    @property
    def domain(self) -> Any:
        return self.distribution.support

    def forth(self, x: Any) -> Any:
        return self.distribution.cdf(x)

    def back(self, y: Any) -> Any:
        return self.distribution.icdf(y)

    def log_abs_det_jacobian(self, x: Any, y: Any) -> Any:
        return self.distribution.log_prob(x)


class _Several(Transform):
    """Each part of a tensor by a map of its own."""

    opened: ClassVar[tuple[str, ...]] = ("dim", "transforms")

    def __init__(self, transforms: Any, dim: Any, cache_size: Any) -> None:
        super().__init__(cache_size)
        if not all(isinstance(each, Transform) for each in transforms):
            raise ValueProblem("All elements of tseq must be Transform instances", kind="AssertionError")
        self.transforms = [each.with_cache(cache_size) for each in transforms] if cache_size else list(transforms)
        self.dim = dim

    @property
    def event_dim(self) -> int:
        return int(max(each.event_dim for each in self.transforms))

    @property
    def bijective(self) -> Any:
        return all(each.bijective for each in self.transforms)

    def _sized(self, x: Any, wanted: int, words: str) -> None:
        if not -x.ndim <= self.dim < x.ndim:
            raise ValueProblem(
                f"dim {self.dim} out of range for tensor with {x.ndim} dimensions", kind="AssertionError"
            )
        size = x.shape[self.dim]
        if size != wanted:
            raise ValueProblem(f"x.size({self.dim}) = {size} must equal {words} {wanted}", kind="AssertionError")


@registered(
    "CatTransform(tseq, dim=0, lengths=None, cache_size=0)",
    "CatTransform([ExpTransform(), AbsTransform()])(tensor([0., -1.]))",
)
class CatTransform(_Several):
    """One map for the first so many along a dim, another for the next."""

    opened = ("dim", "lengths", "transforms")

    def __init__(self, transforms: Any, dim: Any = 0, lengths: Any = None, cache_size: Any = 0) -> None:
        super().__init__(transforms, dim, cache_size)
        self.lengths = [1] * len(self.transforms) if lengths is None else list(lengths)
        if len(self.lengths) != len(self.transforms):
            raise ValueProblem(
                f"lengths ({len(self.lengths)}) must match transforms ({len(self.transforms)})", kind="AssertionError"
            )

    def _parts(self, x: Any) -> list[Any]:
        self._sized(x, sum(self.lengths), "length")
        return list(T.split(x, self.lengths, self.dim))

    def forth(self, x: Any) -> Any:
        return T.cat([each(part) for each, part in zip(self.transforms, self._parts(x), strict=True)], self.dim)

    def back(self, y: Any) -> Any:
        return T.cat([each.inv(part) for each, part in zip(self.transforms, self._parts(y), strict=True)], self.dim)

    def log_abs_det_jacobian(self, x: Any, y: Any) -> Any:
        found, dims = [], self.event_dim
        for each, before, after in zip(self.transforms, self._parts(x), self._parts(y), strict=True):
            found.append(summed(each.log_abs_det_jacobian(before, after), dims - each.event_dim))
        dim = (self.dim - x.ndim if self.dim >= 0 else self.dim) + dims
        return T.cat(found, dim) if dim < 0 else reduce(lambda a, b: a + b, found)


@registered(
    "StackTransform(tseq, dim=0, cache_size=0)", "StackTransform([ExpTransform(), AbsTransform()])(tensor([0., -1.]))"
)
class StackTransform(_Several):
    """A map for each place along a dim."""

    def _parts(self, x: Any) -> list[Any]:
        self._sized(x, len(self.transforms), "len(transforms)")
        return list(T.unbind(x, self.dim))

    def forth(self, x: Any) -> Any:
        return T.stack([each(part) for each, part in zip(self.transforms, self._parts(x), strict=True)], self.dim)

    def back(self, y: Any) -> Any:
        return T.stack([each.inv(part) for each, part in zip(self.transforms, self._parts(y), strict=True)], self.dim)

    def log_abs_det_jacobian(self, x: Any, y: Any) -> Any:
        parts = zip(self.transforms, self._parts(x), self._parts(y), strict=True)
        return T.stack([each.log_abs_det_jacobian(before, after) for each, before, after in parts], self.dim)


# --- from all numbers to those of a constraint ------------------------------------------------------------------------


def _mapped(constraint: Any, one_to_one: bool) -> Transform:
    """A map onto what holds to the constraint. Errors: ValueProblem where PyTorch knows none."""
    kind: str = getattr(constraint, "kind", "")
    parts: tuple[Any, ...] = getattr(constraint, "parts", ())
    if kind == "real":
        return identity_transform
    if kind == "independent":
        return IndependentTransform(_mapped(parts[0], one_to_one), parts[1])
    if kind in ("above", "below"):
        return ComposeTransform([ExpTransform(), AffineTransform(parts[0], 1 if kind == "above" else -1)])
    if kind == "between":
        if all(map(is_number, parts)) and parts == (0, 1):
            return SigmoidTransform()
        return ComposeTransform([SigmoidTransform(), AffineTransform(parts[0], parts[1] - parts[0])])
    if kind == "simplex":
        return StickBreakingTransform() if one_to_one else SoftmaxTransform()
    if kind == "cat":
        return CatTransform([_mapped(each, one_to_one) for each in parts[0]], *parts[1:])
    if kind == "stack":
        return StackTransform([_mapped(each, one_to_one) for each in parts[0]], parts[1], 0)
    if kind == "correlation":
        return CorrCholeskyTransform()
    if kind in ("lower", "definite") and not one_to_one:
        return LowerCholeskyTransform() if kind == "lower" else PositiveDefiniteTransform()
    name = str(constraint).partition("(")[0]
    raise ValueProblem(f"Cannot transform _{name} constraints", kind="NotImplementedError")


@function(
    "biject_to(constraint)",
    method=False,
    differentiable=False,
    outside=True,
    example="biject_to(constraints.positive)(tensor(0.))",
)
def biject_to(constraint: Any) -> Any:
    """A one to one map from all numbers onto those that hold to a constraint."""
    return _mapped(constraint, True)


@function(
    "transform_to(constraint)",
    method=False,
    differentiable=False,
    outside=True,
    example="transform_to(constraints.simplex)(zeros(2))",
)
def transform_to(constraint: Any) -> Any:
    """A map from all numbers onto those that hold to a constraint, made for optimisers: it may not be one to one."""
    return _mapped(constraint, False)
