"""Distributions of real numbers: Normal, Uniform, Exponential, Laplace, Cauchy, Gamma, Beta and their kin."""

from __future__ import annotations

import math
from typing import Any, ClassVar

import numpy as np

from gradsh.engine.core.modes import no_grad
from gradsh.engine.core.namespaces import T
from gradsh.engine.ops.distributions.base import (
    Centred,
    Distribution,
    ExponentialFamily,
    broadcast,
    dims_of,
    filled,
    registered,
    standard_normal,
)
from gradsh.engine.ops.distributions.constraints import (
    NONNEGATIVE,
    POSITIVE,
    REAL,
    SIMPLEX,
    UNIT,
    Constraint,
    greater_than,
    independent,
    interval,
    less_than,
    limits,
)
from gradsh.errors import ValueError_

__acts_for_programs__ = True

HALF_LOG_2PI = math.log(math.sqrt(2 * math.pi))


class _Located(Centred):
    """A distribution with a place and a width."""

    arg_constraints: ClassVar[dict[str, Constraint]] = {"loc": REAL, "scale": POSITIVE}
    has_rsample = True

    def __init__(self, loc: Any, scale: Any, validate_args: Any = None) -> None:
        (self.loc, self.scale), batch = broadcast(loc, scale)
        super().__init__(batch, (), validate_args)


@registered("Normal(loc, scale, validate_args=None)", "Normal(0., 1.).log_prob(tensor(0.))")
class Normal(_Located, ExponentialFamily):
    """The normal distribution with mean `loc` and standard deviation `scale`."""

    @property
    def stddev(self) -> Any:
        return self.scale

    @property
    def variance(self) -> Any:
        return self.scale**2

    def sample(self, sample_shape: Any = ()) -> Any:
        shape = self.extended(sample_shape)
        with no_grad():
            return T.normal(T.expand(self.loc, shape), T.expand(self.scale, shape))

    def rsample(self, sample_shape: Any = ()) -> Any:
        return self.loc + standard_normal(self.extended(sample_shape), self.loc.dtype) * self.scale

    def log_prob(self, value: Any) -> Any:
        self.checked(value)
        return -((value - self.loc) ** 2) / (2 * self.scale**2) - T.log(self.scale) - HALF_LOG_2PI

    def cdf(self, value: Any) -> Any:
        self.checked(value)
        return 0.5 * (1 + T.erf((value - self.loc) * T.reciprocal(self.scale) / math.sqrt(2)))

    def icdf(self, value: Any) -> Any:
        return self.loc + self.scale * T.erfinv(2 * value - 1) * math.sqrt(2)

    def entropy(self) -> Any:
        return 0.5 + 0.5 * math.log(2 * math.pi) + T.log(self.scale)


@registered("Laplace(loc, scale, validate_args=None)", "Laplace(0., 1.).log_prob(tensor(0.))")
class Laplace(_Located):
    """The Laplace distribution around `loc`: exponential on both sides."""

    @property
    def variance(self) -> Any:
        return 2 * self.scale**2

    @property
    def stddev(self) -> Any:
        return math.sqrt(2) * self.scale

    def rsample(self, sample_shape: Any = ()) -> Any:
        shape, eps = self.extended(sample_shape), float(limits(self.loc).eps)
        u = filled("uniform_", shape, self.loc.dtype, eps - 1, 1)
        return self.loc - self.scale * T.sign(u) * T.log1p(-T.abs(u))

    def log_prob(self, value: Any) -> Any:
        self.checked(value)
        return -T.log(2 * self.scale) - T.abs(value - self.loc) / self.scale

    def cdf(self, value: Any) -> Any:
        self.checked(value)
        apart = value - self.loc
        return 0.5 - 0.5 * T.sign(apart) * T.expm1(-T.abs(apart) / self.scale)

    def icdf(self, value: Any) -> Any:
        term = value - 0.5
        return self.loc - self.scale * T.sign(term) * T.log1p(-2 * T.abs(term))

    def entropy(self) -> Any:
        return 1 + T.log(2 * self.scale)


@registered("Cauchy(loc, scale, validate_args=None)", "Cauchy(0., 1.).log_prob(tensor(0.))")
class Cauchy(_Located):
    """The Cauchy distribution around `loc`, which has no mean."""

    @property
    def mean(self) -> Any:
        return T.full_like(self.loc, math.nan)

    @property
    def variance(self) -> Any:
        return T.full_like(self.loc, math.inf)

    def rsample(self, sample_shape: Any = ()) -> Any:
        eps = filled("cauchy_", self.extended(sample_shape), self.loc.dtype)
        return self.loc + eps * self.scale

    def log_prob(self, value: Any) -> Any:
        self.checked(value)
        return -math.log(math.pi) - T.log(self.scale) - T.log1p(((value - self.loc) / self.scale) ** 2)

    def cdf(self, value: Any) -> Any:
        self.checked(value)
        return T.atan((value - self.loc) / self.scale) / math.pi + 0.5

    def icdf(self, value: Any) -> Any:
        return T.tan(math.pi * (value - 0.5)) * self.scale + self.loc

    def entropy(self) -> Any:
        return math.log(4 * math.pi) + T.log(self.scale)


@registered("Uniform(low, high, validate_args=None)", "Uniform(0., 2.).log_prob(tensor(1.))")
class Uniform(Distribution):
    """The uniform distribution on [low, high)."""

    arg_constraints: ClassVar[dict[str, Constraint]] = {"low": REAL, "high": REAL}
    has_rsample = True

    def __init__(self, low: Any, high: Any, validate_args: Any = None) -> None:
        (self.low, self.high), batch = broadcast(low, high)
        self.__dict__["arg_constraints"] = {"low": less_than(self.high), "high": greater_than(self.low)}
        super().__init__(batch, (), validate_args)

    @property
    def support(self) -> Constraint:  # it depends on the parameters
        return interval(self.low, self.high)

    @property
    def mean(self) -> Any:
        return (self.high + self.low) / 2

    @property
    def mode(self) -> Any:
        return math.nan * self.high

    @property
    def stddev(self) -> Any:
        return (self.high - self.low) / 12**0.5

    @property
    def variance(self) -> Any:
        return (self.high - self.low) ** 2 / 12

    def rsample(self, sample_shape: Any = ()) -> Any:
        return self.low + T.rand(self.extended(sample_shape), dtype=self.low.dtype) * (self.high - self.low)

    def log_prob(self, value: Any) -> Any:
        self.checked(value)
        inside = T.to(self.low <= value, self.low.dtype) * T.to(self.high > value, self.low.dtype)
        return T.log(inside) - T.log(self.high - self.low)

    def cdf(self, value: Any) -> Any:
        self.checked(value)
        return T.clamp((value - self.low) / (self.high - self.low), 0, 1)

    def icdf(self, value: Any) -> Any:
        return value * (self.high - self.low) + self.low

    def entropy(self) -> Any:
        return T.log(self.high - self.low)


@registered("Exponential(rate, validate_args=None)", "Exponential(2.).mean")
class Exponential(ExponentialFamily):
    """The exponential distribution: how long until an event that comes at a `rate`."""

    arg_constraints: ClassVar[dict[str, Constraint]] = {"rate": POSITIVE}
    support = NONNEGATIVE
    has_rsample = True

    def __init__(self, rate: Any, validate_args: Any = None) -> None:
        (self.rate,), batch = broadcast(rate)
        super().__init__(batch, (), validate_args)

    @property
    def mean(self) -> Any:
        return T.reciprocal(self.rate)

    @property
    def mode(self) -> Any:
        return T.zeros_like(self.rate)

    @property
    def stddev(self) -> Any:
        return T.reciprocal(self.rate)

    @property
    def variance(self) -> Any:
        return self.rate**-2

    def rsample(self, sample_shape: Any = ()) -> Any:
        return filled("exponential_", self.extended(sample_shape), self.rate.dtype) / self.rate

    def log_prob(self, value: Any) -> Any:
        self.checked(value)
        return T.log(self.rate) - self.rate * value

    def cdf(self, value: Any) -> Any:
        self.checked(value)
        return 1 - T.exp(-self.rate * value)

    def icdf(self, value: Any) -> Any:
        return -T.log1p(-value) / self.rate

    def entropy(self) -> Any:
        return 1.0 - T.log(self.rate)


# --- gamma and what is made of it ------------------------------------------------------------------------------------


@registered("Gamma(concentration, rate, validate_args=None)", "Gamma(2., 1.).mean")
class Gamma(ExponentialFamily):
    """The gamma distribution of a shape, `concentration`, and a `rate`."""

    arg_constraints: ClassVar[dict[str, Constraint]] = {"concentration": POSITIVE, "rate": POSITIVE}
    support = NONNEGATIVE
    has_rsample = True

    def __init__(self, concentration: Any, rate: Any, validate_args: Any = None) -> None:
        (self.concentration, self.rate), batch = broadcast(concentration, rate)
        super().__init__(batch, (), validate_args)

    @property
    def mean(self) -> Any:
        return self.concentration / self.rate

    @property
    def mode(self) -> Any:
        return T.clamp((self.concentration - 1) / self.rate, 0)

    @property
    def variance(self) -> Any:
        return self.concentration / self.rate**2

    def rsample(self, sample_shape: Any = ()) -> Any:
        shape = self.extended(sample_shape)
        value = T._standard_gamma(T.expand(self.concentration, shape)) / T.expand(self.rate, shape)
        with no_grad():
            least = float(limits(value).tiny)
            value.data = np.maximum(value.data, value.data.dtype.type(least))
        return value

    def log_prob(self, value: Any) -> Any:
        self.checked(value)
        a, rate = self.concentration, self.rate
        return T.xlogy(a, rate) + T.xlogy(a - 1, value) - rate * value - T.lgamma(a)

    def entropy(self) -> Any:
        a = self.concentration
        return a - T.log(self.rate) + T.lgamma(a) + (1.0 - a) * T.digamma(a)

    def cdf(self, value: Any) -> Any:
        self.checked(value)
        return T.special_gammainc(self.concentration, self.rate * value)


@registered("Chi2(df, validate_args=None)", "Chi2(3.).mean")
class Chi2(Gamma):
    """The sum of the squares of `df` standard normal numbers."""

    arg_constraints: ClassVar[dict[str, Constraint]] = {"df": POSITIVE}

    def __init__(self, df: Any, validate_args: Any = None) -> None:
        (df,), _ = broadcast(df)
        super().__init__(0.5 * df, 0.5, False)
        self.df = df
        Distribution.__init__(self, self._batch, (), validate_args)

    def described(self, size: str) -> str:
        return "Chi2()"


@registered("Dirichlet(concentration, validate_args=None)", "Dirichlet(ones(3)).mean")
class Dirichlet(ExponentialFamily):
    """The Dirichlet distribution: probabilities that sum up to 1, with these concentrations."""

    arg_constraints: ClassVar[dict[str, Constraint]] = {"concentration": independent(POSITIVE, 1)}
    support = SIMPLEX
    has_rsample = True

    def __init__(self, concentration: Any, validate_args: Any = None) -> None:
        if dims_of(concentration) < 1:
            raise ValueError_("`concentration` parameter must be at least one-dimensional.")
        self.concentration = concentration
        super().__init__(concentration.shape[:-1], concentration.shape[-1:], validate_args)

    @property
    def mean(self) -> Any:
        return self.concentration / T.sum(self.concentration, -1, True)

    @property
    def mode(self) -> Any:
        """Where all concentrations are below 1, the density has no top but at the corners: the first of them."""
        above = T.clamp(self.concentration - 1, min=0.0)
        inside = above / T.sum(above, -1, True)
        corner = T.to(T.one_hot(T.argmax(inside, -1), above.shape[-1]), above.dtype)
        return T.where(T.all(self.concentration < 1, -1, True), corner, inside)

    @property
    def variance(self) -> Any:
        total = T.sum(self.concentration, -1, True)
        return self.concentration * (total - self.concentration) / (total**2 * (total + 1))

    def rsample(self, sample_shape: Any = ()) -> Any:
        return T.dirichlet_of(T.expand(self.concentration, self.extended(sample_shape)), _generator())

    def log_prob(self, value: Any) -> Any:
        self.checked(value)
        a = self.concentration
        return T.sum(T.xlogy(a - 1.0, value), -1) + T.lgamma(T.sum(a, -1)) - T.sum(T.lgamma(a), -1)

    def entropy(self) -> Any:
        a, k = self.concentration, self.concentration.shape[-1]
        total = T.sum(a, -1)
        first = T.sum(T.lgamma(a), -1) - T.lgamma(total)
        return first - (k - total) * T.digamma(total) - T.sum((a - 1.0) * T.digamma(a), -1)


def _generator() -> Any:
    from gradsh.engine.kernels.stream import stream

    return stream()


@registered("Beta(concentration1, concentration0, validate_args=None)", "Beta(2., 3.).mean")
class Beta(ExponentialFamily):
    """The beta distribution on [0, 1]: the first of two Dirichlet numbers."""

    arg_constraints: ClassVar[dict[str, Constraint]] = {"concentration1": POSITIVE, "concentration0": POSITIVE}
    support = UNIT
    has_rsample = True

    def __init__(self, concentration1: Any, concentration0: Any, validate_args: Any = None) -> None:
        (one, zero), batch = broadcast(concentration1, concentration0)
        self.pair = Dirichlet(T.stack([one, zero], -1), validate_args)
        self.concentration1, self.concentration0 = one, zero
        super().__init__(batch, (), False)
        self._validate = self.pair._validate

    def described(self, size: str) -> str:
        return "Beta()"

    @property
    def mean(self) -> Any:
        return self.concentration1 / (self.concentration1 + self.concentration0)

    @property
    def mode(self) -> Any:
        return T.select(self.pair.mode, -1, 0)

    @property
    def variance(self) -> Any:
        total = self.concentration1 + self.concentration0
        return self.concentration1 * self.concentration0 / (total**2 * (total + 1))

    def rsample(self, sample_shape: Any = ()) -> Any:
        return T.select(self.pair.rsample(sample_shape), -1, 0)

    def log_prob(self, value: Any) -> Any:
        self.checked(value)
        return self.pair.log_prob(T.stack([value, 1.0 - value], -1))

    def entropy(self) -> Any:
        return self.pair.entropy()


@registered("StudentT(df, loc=0.0, scale=1.0, validate_args=None)", "StudentT(3.).log_prob(tensor(0.))")
class StudentT(Distribution):
    """Student's t distribution with `df` degrees of freedom."""

    arg_constraints: ClassVar[dict[str, Constraint]] = {"df": POSITIVE, "loc": REAL, "scale": POSITIVE}
    has_rsample = True

    def __init__(self, df: Any, loc: Any = 0.0, scale: Any = 1.0, validate_args: Any = None) -> None:
        (self.df, self.loc, self.scale), batch = broadcast(df, loc, scale)
        self.chi = Chi2(self.df, False)
        super().__init__(batch, (), validate_args)

    @property
    def mean(self) -> Any:
        return T.where(self.df > 1, self.loc, math.nan)

    @property
    def mode(self) -> Any:
        return self.loc

    @property
    def variance(self) -> Any:
        finite = self.scale**2 * self.df / (self.df - 2)
        return T.where(self.df > 2, finite, T.where(self.df > 1, math.inf, math.nan))

    def rsample(self, sample_shape: Any = ()) -> Any:
        x = standard_normal(self.extended(sample_shape), self.df.dtype)
        return self.loc + self.scale * (x * T.rsqrt(self.chi.rsample(sample_shape) / self.df))

    def log_prob(self, value: Any) -> Any:
        self.checked(value)
        y = (value - self.loc) / self.scale
        z = T.log(self.scale) + 0.5 * T.log(self.df) + 0.5 * math.log(math.pi)
        z = z + T.lgamma(0.5 * self.df) - T.lgamma(0.5 * (self.df + 1.0))
        return -0.5 * (self.df + 1.0) * T.log1p(y**2.0 / self.df) - z

    def entropy(self) -> Any:
        beta = T.lgamma(0.5 * self.df) + math.lgamma(0.5) - T.lgamma(0.5 * (self.df + 1))
        half = 0.5 * (self.df + 1)
        return T.log(self.scale) + half * (T.digamma(half) - T.digamma(0.5 * self.df)) + 0.5 * T.log(self.df) + beta
