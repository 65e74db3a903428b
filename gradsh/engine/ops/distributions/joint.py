"""Distributions made of others, normal vectors, and the divergence of one distribution from another."""

from __future__ import annotations

import math
from typing import Any, ClassVar

from gradsh.engine.core.dtypes import Size
from gradsh.engine.core.namespaces import T
from gradsh.engine.ops.distributions.base import (
    Centred,
    Distribution,
    Later,
    dims_of,
    registered,
    standard_normal,
    summed,
)
from gradsh.engine.ops.distributions.constraints import (
    LOWER_CHOLESKY,
    POSITIVE_DEFINITE,
    REAL_VECTOR,
    Constraint,
    independent,
    of_mixture,
)
from gradsh.engine.ops.distributions.discrete import (
    Categorical,
)
from gradsh.errors import ValueError_

__acts_for_programs__ = True


@registered(
    "Independent(base_distribution, reinterpreted_batch_ndims, validate_args=None)",
    "Independent(Normal(zeros(3), ones(3)), 1).log_prob(zeros(3))",
)
class Independent(Distribution):
    """Independent distributions taken as one of vectors: so many dims of the batch become dims of the event."""

    more = ("base_dist", "reinterpreted_batch_ndims")

    def __init__(self, base: Any, dims: int, validate_args: Any = None) -> None:
        if dims > len(base.batch_shape):
            raise ValueError_(
                "Expected reinterpreted_batch_ndims <= len(base_distribution.batch_shape), "
                f"actual {dims} vs {len(base.batch_shape)}"
            )
        shape = (*base.batch_shape, *base.event_shape)
        cut = len(base.batch_shape) - dims
        self.base_dist, self.reinterpreted_batch_ndims = base, dims
        self.has_rsample = base.has_rsample
        super().__init__(shape[:cut], shape[cut:], validate_args)

    def described(self, size: str) -> str:
        return f"Independent({self.base_dist.described(size)}, {self.reinterpreted_batch_ndims})"

    @property
    def support(self) -> Constraint:  # it depends on the distribution
        return independent(self.base_dist.support, self.reinterpreted_batch_ndims)

    @property
    def mean(self) -> Any:
        return self.base_dist.mean

    @property
    def mode(self) -> Any:
        return self.base_dist.mode

    @property
    def variance(self) -> Any:
        return self.base_dist.variance

    def sample(self, sample_shape: Any = ()) -> Any:
        return self.base_dist.sample(sample_shape)

    def rsample(self, sample_shape: Any = ()) -> Any:
        return self.base_dist.rsample(sample_shape)

    def log_prob(self, value: Any) -> Any:
        return summed(self.base_dist.log_prob(value), self.reinterpreted_batch_ndims)

    def entropy(self) -> Any:
        return summed(self.base_dist.entropy(), self.reinterpreted_batch_ndims)

    def expand(self, batch_shape: Any) -> Any:
        base = self.base_dist.expand((*batch_shape, *self._event[: self.reinterpreted_batch_ndims]))
        return Independent(base, self.reinterpreted_batch_ndims, self._validate)


def factor_of(name: str, matrix: Any) -> Any:
    """The lower triangular factor of a covariance that is given as what this name says."""
    if name == "scale_tril":
        return matrix
    if name == "covariance_matrix":
        return T.linalg_cholesky(matrix)
    turned = T.transpose(T.flip(T.linalg_cholesky(T.flip(matrix, (-2, -1))), (-2, -1)), -2, -1)
    return T.linalg_solve_triangular(turned, T.eye(matrix.shape[-1], dtype=matrix.dtype), upper=False)


@registered(
    "MultivariateNormal(loc, covariance_matrix=None, precision_matrix=None, scale_tril=None, validate_args=None)",
    "MultivariateNormal(zeros(2), eye(2)).log_prob(zeros(2))",
)
class MultivariateNormal(Centred):
    """The normal distribution of vectors, of a covariance, a precision, or a lower triangular factor of the former."""

    arg_constraints: ClassVar[dict[str, Constraint]] = {
        "loc": REAL_VECTOR,
        "covariance_matrix": POSITIVE_DEFINITE,
        "precision_matrix": POSITIVE_DEFINITE,
        "scale_tril": LOWER_CHOLESKY,
    }
    support = REAL_VECTOR
    has_rsample = True

    def __init__(self, loc: Any, covariance: Any, precision: Any, tril: Any, validate_args: Any = None) -> None:
        given = {"covariance_matrix": covariance, "precision_matrix": precision, "scale_tril": tril}
        said = {name: value for name, value in given.items() if value is not None}
        if dims_of(loc) < 1:
            raise ValueError_("loc must be at least one-dimensional.")
        if len(said) != 1:
            raise ValueError_("Exactly one of covariance_matrix or precision_matrix or scale_tril may be specified.")
        ((name, matrix),) = said.items()
        if matrix.ndim < 2:
            raise ValueError_(f"{name} must be at least two-dimensional, with optional leading batch dimensions")
        batch = tuple(T.broadcast_shapes(tuple(matrix.shape[:-2]), tuple(loc.shape[:-1])))
        self.loc = T.expand(loc, (*batch, loc.shape[-1]))
        self.__dict__[name] = T.expand(matrix, (*batch, *matrix.shape[-2:]))
        super().__init__(batch, loc.shape[-1:], validate_args)
        self.factor = factor_of(name, matrix)

    def square(self, matrix: Any) -> Any:
        return T.expand(matrix, (*self._batch, *self._event, *self._event))

    @Later
    def scale_tril(self) -> Any:
        return self.square(self.factor)

    @Later
    def covariance_matrix(self) -> Any:
        return self.square(T.matmul(self.factor, T.matrix_transpose(self.factor)))

    @Later
    def precision_matrix(self) -> Any:
        return self.square(T.cholesky_inverse(self.factor))

    def expand(self, batch_shape: Any) -> Any:
        new = object.__new__(type(self))
        new.__dict__.update(self.__dict__, _batch=Size(batch_shape))
        new.loc = T.expand(self.loc, (*batch_shape, *self._event))
        for name in ("scale_tril", "covariance_matrix", "precision_matrix"):
            if name in self.__dict__:
                new.__dict__[name] = new.square(self.__dict__[name])
        return new

    @property
    def variance(self) -> Any:
        return T.expand(T.sum(self.factor**2, -1), (*self._batch, *self._event))

    def rsample(self, sample_shape: Any = ()) -> Any:
        drawn = standard_normal(self.extended(sample_shape), self.loc.dtype)
        return self.loc + T.squeeze(T.matmul(self.factor, T.unsqueeze(drawn, -1)), -1)

    def log_prob(self, value: Any) -> Any:
        self.checked(value)
        apart = distance(self.factor, value - self.loc)
        half = T.sum(T.log(T.diagonal(self.factor, 0, -2, -1)), -1)
        return -0.5 * (self._event[0] * math.log(2 * math.pi) + apart) - half

    def entropy(self) -> Any:
        half = T.sum(T.log(T.diagonal(self.factor, 0, -2, -1)), -1)
        h = 0.5 * self._event[0] * (1.0 + math.log(2 * math.pi)) + half
        return h if not self._batch else T.expand(h, self._batch)


def distance(factor: Any, apart: Any) -> Any:
    """The squared Mahalanobis distance: what the inverse of the factor makes of the differences, squared and summed."""
    solved = T.linalg_solve_triangular(factor, T.unsqueeze(apart, -1), upper=False)
    return T.sum(T.squeeze(solved, -1) ** 2, -1)


@registered(
    "MixtureSameFamily(mixture_distribution, component_distribution, validate_args=None)",
    "MixtureSameFamily(Categorical(ones(2)), Normal(tensor([-1., 1.]), ones(2))).log_prob(tensor(0.))",
)
class MixtureSameFamily(Distribution):
    """One of several distributions of one kind, the last dim of a batch, which a Categorical chooses."""

    more = ("component_distribution", "mixture_distribution")

    def __init__(self, mixture: Any, component: Any, validate_args: Any = None) -> None:
        self.mixture_distribution, self.component_distribution = mixture, component
        if not isinstance(mixture, Categorical):
            raise ValueError_(" The Mixture distribution needs to be an  instance of torch.distributions.Categorical")
        if not isinstance(component, Distribution):
            raise ValueError_("The Component distribution needs to be an instance of torch.distributions.Distribution")
        for one, other in zip(reversed(mixture.batch_shape), reversed(component.batch_shape[:-1]), strict=False):
            if one != 1 and other != 1 and one != other:
                raise ValueError_(
                    f"`mixture_distribution.batch_shape` (torch.Size({list(mixture.batch_shape)})) is not compatible "
                    f"with `component_distribution.batch_shape`(torch.Size({list(component.batch_shape[:-1])}))"
                )
        assert mixture.logits is not None  # which PyTorch asks for here too: it is there, and shown, from now on
        if mixture.count != component.batch_shape[-1]:
            raise ValueError_(
                f"`mixture_distribution component` ({mixture.count}) does not equal "
                f"`component_distribution.batch_shape[-1]` ({component.batch_shape[-1]})"
            )
        super().__init__(component.batch_shape[:-1], component.event_shape, validate_args)

    def described(self, size: str) -> str:
        inside = f"{self.mixture_distribution.described(size)},\n  {self.component_distribution.described(size)}"
        return f"MixtureSameFamily(\n  {inside})"

    @property
    def support(self) -> Constraint:  # it depends on the components
        return of_mixture(self.component_distribution.support)

    def expand(self, batch_shape: Any) -> Any:
        new = object.__new__(type(self))
        new.__dict__.update(self.__dict__, _batch=Size(batch_shape))
        new.component_distribution = self.component_distribution.expand((*batch_shape, self.mixture_distribution.count))
        new.mixture_distribution = self.mixture_distribution.expand(batch_shape)
        return new

    def _weights(self) -> Any:
        probs, given = self.mixture_distribution.probs, len(self.mixture_distribution.batch_shape)
        between = 0 if given == 1 else len(self._batch) - given
        return T.reshape(probs, (*probs.shape[:-1], *[1] * between, probs.shape[-1], *[1] * len(self._event)))

    @property
    def mean(self) -> Any:
        return T.sum(self._weights() * self.component_distribution.mean, -1 - len(self._event))

    @property
    def variance(self) -> Any:
        dim, weights = -1 - len(self._event), self._weights()
        inner = T.sum(weights * self.component_distribution.variance, dim)
        apart = self.component_distribution.mean - T.unsqueeze(self.mean, dim)
        return inner + T.sum(weights * apart**2, dim)

    def log_prob(self, value: Any) -> Any:
        self.checked(value)
        each = self.component_distribution.log_prob(T.unsqueeze(value, -1 - len(self._event)))
        return T.logsumexp(each + T.log_softmax(self.mixture_distribution.logits, -1), -1)

    def cdf(self, value: Any) -> Any:
        each = self.component_distribution.cdf(T.unsqueeze(value, -1 - len(self._event)))
        return T.sum(each * self.mixture_distribution.probs, -1)

    def sample(self, sample_shape: Any = ()) -> Any:
        from gradsh.engine.core.modes import no_grad

        with no_grad():
            chosen = self.mixture_distribution.sample(sample_shape)
            drawn = self.component_distribution.sample(sample_shape)
            ones = [1] * (len(self._event) + 1)
            dim = drawn.ndim - 1 - len(self._event)
            index = T.reshape(chosen, (*chosen.shape, *ones))
            index = T.expand(index, (*chosen.shape, 1, *self._event))
            return T.squeeze(T.gather(drawn, dim, index), dim)
