"""Distributions of matrices, and of normal vectors whose covariance is a thin matrix times itself and a diagonal."""

from __future__ import annotations

import math
from typing import Any, ClassVar

from gradsh.engine.core.dtypes import Size
from gradsh.engine.core.modes import mode, no_grad
from gradsh.engine.core.namespaces import T
from gradsh.engine.core.tensor import Tensor
from gradsh.engine.ops.distributions.base import (
    Centred,
    Distribution,
    ExponentialFamily,
    Later,
    broadcast,
    dims_of,
    registered,
    standard_normal,
)
from gradsh.engine.ops.distributions.constraints import (
    CORR_CHOLESKY,
    LOWER_CHOLESKY,
    POSITIVE,
    POSITIVE_DEFINITE,
    REAL,
    REAL_VECTOR,
    Constraint,
    greater_than,
    independent,
    limits,
)
from gradsh.engine.ops.distributions.continuous import Beta, Chi2
from gradsh.engine.ops.distributions.joint import distance, factor_of
from gradsh.errors import ArgumentError, GradshError, ValueError_

__acts_for_programs__ = True


def log_diagonal(matrix: Any) -> Any:
    """The sum of the logarithms of the diagonal: of a triangular factor, half the logarithm of the determinant."""
    return T.sum(T.log(T.diagonal(matrix, 0, -2, -1)), -1)


# --- normal vectors of low rank --------------------------------------------------------------------------------------


def _and_one(matrix: Any) -> Any:
    """The identity more."""
    return matrix + T.eye(matrix.shape[-1], dtype=matrix.dtype)


@registered(
    "LowRankMultivariateNormal(loc, cov_factor, cov_diag, validate_args=None)",
    "LowRankMultivariateNormal(zeros(2), tensor([[1.], [0.]]), ones(2)).variance",
)
class LowRankMultivariateNormal(Centred):
    """The normal distribution of vectors whose covariance is `cov_factor @ cov_factor.mT` and `diag(cov_diag)`."""

    arg_constraints: ClassVar[dict[str, Constraint]] = {
        "loc": REAL_VECTOR,
        "cov_factor": independent(REAL, 2),
        "cov_diag": independent(POSITIVE, 1),
    }
    support = REAL_VECTOR
    has_rsample = True
    more = ("covariance_matrix", "precision_matrix", "scale_tril")

    def __init__(self, loc: Any, cov_factor: Any, cov_diag: Any, validate_args: Any = None) -> None:
        if dims_of(loc) < 1:
            raise ValueError_("loc must be at least one-dimensional.")
        event = tuple(loc.shape[-1:])
        if dims_of(cov_factor) < 2:
            raise ValueError_("cov_factor must be at least two-dimensional, with optional leading batch dimensions")
        if tuple(cov_factor.shape[-2:-1]) != event:
            raise ValueError_(f"cov_factor must be a batch of matrices with shape {event[0]} x m")
        if dims_of(cov_diag) < 1 or tuple(cov_diag.shape[-1:]) != event:
            raise ValueError_(f"cov_diag must be a batch of vectors with shape torch.Size({list(event)})")
        batches = (tuple(loc.shape[:-1]), tuple(cov_factor.shape[:-2]), tuple(cov_diag.shape[:-1]))
        try:
            batch = tuple(T.broadcast_shapes(*batches))
        except GradshError:
            shapes = zip(("loc", "cov_factor", "cov_diag"), (loc, cov_factor, cov_diag), strict=True)
            said = ", ".join(f"{name} torch.Size({list(value.shape)})" for name, value in shapes)
            raise ValueError_(f"Incompatible batch shapes: {said}") from None
        whole = (*batch, *cov_factor.shape[-2:])
        self.loc, self.cov_diag = (T.select(T.expand(T.unsqueeze(v, -1), whole), -1, 0) for v in (loc, cov_diag))
        self.cov_factor = T.expand(cov_factor, whole)
        self.given = (cov_factor, cov_diag)  # before they had the batch's shape
        self.capacitance = T.linalg_cholesky(_and_one(T.matmul(self.turned(), cov_factor)))
        super().__init__(batch, event, validate_args)

    def turned(self) -> Any:
        """The factor turned round, over the diagonal."""
        factor, diagonal = self.given
        return T.matrix_transpose(factor) / T.unsqueeze(diagonal, -2)

    def expand(self, batch_shape: Any) -> Any:
        new = object.__new__(type(self))
        new.__dict__.update(self.__dict__)
        whole = (*batch_shape, *self._event)
        new.loc, new.cov_diag = T.expand(self.loc, whole), T.expand(self.cov_diag, whole)
        new.cov_factor = T.expand(self.cov_factor, (*whole, self.cov_factor.shape[-1]))
        new._batch = Size(batch_shape)
        for name in ("variance", "scale_tril", "covariance_matrix", "precision_matrix"):
            new.__dict__.pop(name, None)
        return new

    def square(self, matrix: Any) -> Any:
        return T.expand(matrix, (*self._batch, *self._event, *self._event))

    @Later
    def variance(self) -> Any:
        factor, diagonal = self.given
        return T.expand(T.sum(factor**2, -1) + diagonal, (*self._batch, *self._event))

    @Later
    def scale_tril(self) -> Any:
        factor, diagonal = self.given
        root = T.unsqueeze(T.sqrt(diagonal), -1)
        scaled = factor / root
        return self.square(root * T.linalg_cholesky(_and_one(T.matmul(scaled, T.matrix_transpose(scaled)))))

    @Later
    def covariance_matrix(self) -> Any:
        factor, diagonal = self.given
        return self.square(T.matmul(factor, T.matrix_transpose(factor)) + T.diag_embed(diagonal))

    @Later
    def precision_matrix(self) -> Any:
        part = T.linalg_solve_triangular(self.capacitance, self.turned(), upper=False)
        return self.square(T.diag_embed(T.reciprocal(self.given[1])) - T.matmul(T.matrix_transpose(part), part))

    def log_det(self) -> Any:
        """The logarithm of the covariance's determinant."""
        return 2 * log_diagonal(self.capacitance) + T.sum(T.log(self.given[1]), -1)

    def apart(self, difference: Any) -> Any:
        """The squared Mahalanobis distance, by Woodbury's identity."""
        inner = T.squeeze(T.matmul(self.turned(), T.unsqueeze(difference, -1)), -1)
        return T.sum(difference**2 / self.given[1], -1) - distance(self.capacitance, inner)

    def rsample(self, sample_shape: Any = ()) -> Any:
        shape, (factor, diagonal) = self.extended(sample_shape), self.given
        thin = standard_normal((*shape[:-1], self.cov_factor.shape[-1]), self.loc.dtype)
        own = standard_normal(shape, self.loc.dtype)
        shared = T.squeeze(T.matmul(factor, T.unsqueeze(thin, -1)), -1)
        return self.loc + shared + T.sqrt(diagonal) * own

    def log_prob(self, value: Any) -> Any:
        self.checked(value)
        apart = self.apart(value - self.loc)
        return -0.5 * (self._event[0] * math.log(2 * math.pi) + self.log_det() + apart)

    def entropy(self) -> Any:
        h = 0.5 * (self._event[0] * (1.0 + math.log(2 * math.pi)) + self.log_det())
        return h if not self._batch else T.expand(h, self._batch)


# --- covariances -----------------------------------------------------------------------------------------------------


@registered(
    "Wishart(df, covariance_matrix=None, precision_matrix=None, scale_tril=None, validate_args=None)",
    "Wishart(3., eye(2)).mean",
)
class Wishart(ExponentialFamily):
    """The Wishart distribution: the scatter of `df` normal vectors with that covariance, precision, or factor."""

    arg_constraints: ClassVar[dict[str, Constraint]] = {
        "covariance_matrix": POSITIVE_DEFINITE,
        "precision_matrix": POSITIVE_DEFINITE,
        "scale_tril": LOWER_CHOLESKY,
        "df": POSITIVE,  # more than the matrix's size less one: each has its own
    }
    support = POSITIVE_DEFINITE
    has_rsample = True

    def __init__(self, df: Any, covariance: Any, precision: Any, tril: Any, validate_args: Any = None) -> None:
        given = {"scale_tril": tril, "covariance_matrix": covariance, "precision_matrix": precision}
        said = {name: value for name, value in given.items() if value is not None}
        if len(said) != 1:
            raise ArgumentError(
                "Exactly one of covariance_matrix or precision_matrix or scale_tril may be specified.",
                kind="AssertionError",
            )
        ((name, matrix),) = said.items()
        if dims_of(matrix) < 2:
            raise ValueError_("scale_tril must be at least two-dimensional, with optional leading batch dimensions")
        batch, event = tuple(matrix.shape[:-2]), tuple(matrix.shape[-2:])
        if isinstance(df, Tensor):
            batch = tuple(T.broadcast_shapes(batch, tuple(df.shape)))
            self.df = T.expand(df, batch)
        else:
            self.df = T.scalar_tensor(df, dtype=matrix.dtype)
        if T.any(self.df <= event[-1] - 1).data:
            raise ValueError_(f"Value of df={df} expected to be greater than ndim - 1 = {event[-1] - 1}.")
        self.__dict__[name] = T.expand(matrix, (*batch, *event))
        if T.any(self.df < event[-1]).data:
            mode.warn("Low df values detected. Singular samples are highly likely to occur for ndim - 1 < df < ndim.")
        self.__dict__["arg_constraints"] = {**type(self).arg_constraints, "df": greater_than(event[-1] - 1)}
        super().__init__(batch, event, validate_args)
        self.factor = factor_of(name, matrix)
        self.chi = self.squares()

    def squares(self) -> Any:
        """What the diagonal is drawn from: one degree of freedom less in each row."""
        size = self._event[-1]
        less = T.expand(T.arange(size, dtype=self.factor.dtype), (*self._batch, size))
        return Chi2(T.unsqueeze(self.df, -1) - less)

    @Later
    def scale_tril(self) -> Any:
        return T.expand(self.factor, (*self._batch, *self._event))

    @Later
    def covariance_matrix(self) -> Any:
        return T.expand(T.matmul(self.factor, T.transpose(self.factor, -2, -1)), (*self._batch, *self._event))

    @Later
    def precision_matrix(self) -> Any:
        whole = T.cholesky_solve(T.eye(self._event[-1], dtype=self.factor.dtype), self.factor)
        return T.expand(whole, (*self._batch, *self._event))

    def expand(self, batch_shape: Any) -> Any:
        new = object.__new__(type(self))
        new.__dict__.update(self.__dict__)
        for name in ("factor", "scale_tril", "covariance_matrix", "precision_matrix"):
            if name in self.__dict__:
                new.__dict__[name] = T.expand(self.__dict__[name], (*batch_shape, *self._event))
        new.df, new._batch = T.expand(self.df, tuple(batch_shape)), Size(batch_shape)
        new.chi = new.squares()
        return new

    def beside(self, value: Any) -> Any:
        """One number for each matrix of the batch."""
        return T.reshape(value, (*self._batch, 1, 1))

    @property
    def mean(self) -> Any:
        return self.beside(self.df) * self.covariance_matrix

    @property
    def mode(self) -> Any:
        factor = self.df - self._event[-1] - 1
        return self.beside(T.where(factor <= 0, math.nan, factor)) * self.covariance_matrix

    @property
    def variance(self) -> Any:
        whole = self.covariance_matrix
        diagonal = T.diagonal(whole, 0, -2, -1)
        return self.beside(self.df) * (whole**2 + T.unsqueeze(diagonal, -1) * T.unsqueeze(diagonal, -2))

    def drawn(self, sample_shape: Any) -> Any:
        """By Bartlett's decomposition."""
        from gradsh.engine.ops.program.inplace import set_item

        size = self._event[-1]
        roots = T.sqrt(self.chi.rsample(sample_shape))
        diagonal = T.diag_embed(T.clamp(roots, float(limits(roots).eps)))
        rows, columns = T.unbind(T.tril_indices(size, size, -1))
        below = T.randn((*sample_shape, *self._batch, size * (size - 1) // 2), dtype=roots.dtype)
        set_item(diagonal, (..., rows, columns), below)
        chol = T.matmul(self.factor, diagonal)
        return T.matmul(chol, T.transpose(chol, -2, -1))

    def singular(self, found: Any) -> Any:
        """Of each sample, whether PyTorch draws it again: it does so with those that are in order, which is its own."""
        return T.amax(found, tuple(-1 - at for at in range(len(self._batch)))) if self._batch else found

    def rsample(self, sample_shape: Any = (), max_try_correction: Any = None) -> Any:
        shape = (sample_shape,) if isinstance(sample_shape, int) else tuple(sample_shape)
        sample = self.drawn(shape)
        again = self.singular(self.support.check(T.detach(sample)))
        from gradsh.engine.ops.program.inplace import set_item

        if not T.any(again).data:
            return sample
        mode.warn("Singular sample detected.")
        for _ in range(10 if max_try_correction is None else max_try_correction):
            new = self.drawn((int(T.sum(again).data),))
            set_item(sample, again, new)
            set_item(again, T.clone(again), self.singular(~self.support.check(T.detach(new))))
            if not T.any(again).data:
                break
        return sample

    def log_prob(self, value: Any) -> Any:
        self.checked(value)
        nu, p = self.df, self._event[-1]
        first = -nu * (p * math.log(2) / 2 + log_diagonal(self.factor)) - T.mvlgamma(nu / 2, p)
        inside = T.sum(T.diagonal(T.cholesky_solve(value, self.factor), 0, -2, -1), -1)
        return first + (nu - p - 1) / 2 * T.linalg_slogdet(value)[1] - inside / 2

    def entropy(self) -> Any:
        nu, p = self.df, self._event[-1]
        half = nu / 2
        less = T.expand(T.arange(p, dtype=nu.dtype) / 2, (*nu.shape, p))
        slopes = T.sum(T.digamma(T.unsqueeze(half, -1) - less), -1)
        first = (p + 1) * (p * math.log(2) / 2 + log_diagonal(self.factor)) + T.mvlgamma(half, p)
        return first - (nu - p - 1) / 2 * slopes + nu * p / 2


@registered("LKJCholesky(dim, concentration=1.0, validate_args=None)", "LKJCholesky(3, 1.).event_shape")
class LKJCholesky(Distribution):
    """The LKJ distribution: lower triangular factors of correlations, nearer to none the higher the concentration."""

    arg_constraints: ClassVar[dict[str, Constraint]] = {"concentration": POSITIVE}
    support = CORR_CHOLESKY
    more = ("dim",)

    def __init__(self, dim: int, concentration: Any = 1.0, validate_args: Any = None) -> None:
        if dim < 2:
            raise ValueError_(f"Expected dim to be an integer greater than or equal to 2. Found dim={dim}.")
        self.dim = dim
        (self.concentration,), batch = broadcast(concentration)
        marginal = self.concentration + 0.5 * (dim - 2)
        rows = T.arange(dim - 1, dtype=self.concentration.dtype)
        offset = T.cat([T.zeros((1,), dtype=rows.dtype), rows])
        self.lengths = Beta(offset + 0.5, T.unsqueeze(marginal, -1) - 0.5 * offset)
        super().__init__(batch, (dim, dim), validate_args)

    def expand(self, batch_shape: Any) -> Any:
        new = object.__new__(type(self))
        new.__dict__.update(self.__dict__, _batch=Size(batch_shape))
        new.concentration = T.expand(self.concentration, tuple(batch_shape))
        new.lengths = self.lengths.expand((*batch_shape, self.dim))
        return new

    def sample(self, sample_shape: Any = ()) -> Any:
        """By the onion method: a direction on a sphere for each row, and how far along."""
        with no_grad():
            y = T.unsqueeze(self.lengths.sample(sample_shape), -1)
            drawn = T.tril(T.randn(self.extended(sample_shape), dtype=y.dtype), -1)
            first = T.unsqueeze(T.arange(self.dim) == 0, -1)  # whose direction is 0 / 0
            w = T.sqrt(y) * T.where(first, 0.0, drawn / T.linalg_vector_norm(drawn, 2, -1, True))
            rest = T.clamp(1 - T.sum(w**2, -1), float(limits(w).tiny))
            return w + T.diag_embed(T.sqrt(rest))

    def log_prob(self, value: Any) -> Any:
        self.checked(value)
        less = self.dim - 1
        order = 2 * T.unsqueeze(self.concentration - 1, -1) + self.dim - T.arange(2, self.dim + 1)
        own = T.sum(order * T.log(T.narrow(T.diagonal(value, 0, -1, -2), -1, 1, less)), -1)
        alpha = self.concentration + 0.5 * less
        norm = 0.5 * less * math.log(math.pi) + T.mvlgamma(alpha - 0.5, less) - T.lgamma(alpha) * less
        return own - norm
