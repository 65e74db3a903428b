"""Distributions of what a map makes of another's numbers: LogNormal, Gumbel, Weibull, Pareto and their kin."""

from __future__ import annotations

import math
from typing import Any, ClassVar

from gradsh.engine.core.dtypes import Size
from gradsh.engine.core.modes import no_grad
from gradsh.engine.core.namespaces import T
from gradsh.engine.core.tensor import Tensor
from gradsh.engine.ops.distributions.base import Distribution, broadcast, clamped, registered, summed
from gradsh.engine.ops.distributions.constraints import (
    NONNEGATIVE,
    POSITIVE,
    REAL,
    REAL_VECTOR,
    SIMPLEX,
    UNIT,
    Constraint,
    at_least,
    independent,
    limits,
)
from gradsh.engine.ops.distributions.continuous import Cauchy, Exponential, Gamma, Normal, Uniform
from gradsh.engine.ops.distributions.discrete import Categorical
from gradsh.engine.ops.distributions.joint import Independent
from gradsh.engine.ops.distributions.mappings import StickBreakingTransform
from gradsh.engine.ops.distributions.transforms import (
    AbsTransform,
    AffineTransform,
    ComposeTransform,
    ExpTransform,
    PowerTransform,
    Transform,
)
from gradsh.errors import ValueError_

__acts_for_programs__ = True

EULER = 0.57721566490153286060  # Euler's constant


@registered(
    "TransformedDistribution(base_distribution, transforms, validate_args=None)",
    "TransformedDistribution(Normal(0., 1.), [ExpTransform()]).log_prob(tensor(1.))",
)
class TransformedDistribution(Distribution):
    """What maps, one after the other, make of the numbers of a distribution."""

    more: tuple[str, ...] = ("base_dist", "transforms")
    base_dist: Any

    def __init__(self, base: Any, transforms: Any, validate_args: Any = None) -> None:
        if isinstance(transforms, Transform):
            transforms = [transforms]
        elif not isinstance(transforms, list):
            raise ValueError_(f"transforms must be a Transform or list, but was {transforms}")
        if not all(isinstance(each, Transform) for each in transforms):
            raise ValueError_("transforms must be a Transform or a list of Transforms")
        self.transforms = transforms
        whole, shape = ComposeTransform(transforms), Size((*base.batch_shape, *base.event_shape))
        dims, wanted, given = len(base.event_shape), whole.domain.event_dim, whole.codomain.event_dim
        if len(shape) < wanted:
            raise ValueError_(
                f"base_distribution needs to have shape with size at least {wanted}, but got {shape.words}."
            )
        forward = whole.forward_shape(shape)
        full = whole.inverse_shape(forward)
        if shape != full:
            base = base.expand(full[: len(full) - dims])
        self.base_dist = Independent(base, wanted - dims) if wanted > dims else base
        self.has_rsample = self.base_dist.has_rsample
        cut = len(forward) - max(given, dims + given - wanted)
        super().__init__(forward[:cut], forward[cut:], validate_args)

    @property
    def support(self) -> Any:  # it depends on the maps
        if not self.transforms:
            return self.base_dist.support
        last = self.transforms[-1].codomain
        return independent(last, max(len(self._event) - last.event_dim, 0))

    def expand(self, batch_shape: Any) -> Any:
        new = object.__new__(type(self))
        for name, value in self.__dict__.items():
            new.__dict__[name] = T.expand(value, tuple(batch_shape)) if isinstance(value, Tensor) else value
        shape = Size((*batch_shape, *self._event))
        for each in reversed(self.transforms):
            shape = each.inverse_shape(shape)
        new.base_dist = self.base_dist.expand(shape[: len(shape) - len(self.base_dist.event_shape)])
        new._batch = Size(batch_shape)
        return new

    def _mapped(self, x: Any) -> Any:
        for each in self.transforms:
            x = each(x)
        return x

    def sample(self, sample_shape: Any = ()) -> Any:
        with no_grad():
            return self._mapped(self.base_dist.sample(sample_shape))

    def rsample(self, sample_shape: Any = ()) -> Any:
        return self._mapped(self.base_dist.rsample(sample_shape))

    def log_prob(self, value: Any) -> Any:
        self.checked(value)
        dims, found, y = len(self._event), 0.0, value
        for each in reversed(self.transforms):
            x = each.inv(y)
            dims += each.domain.event_dim - each.codomain.event_dim
            found = found - summed(each.log_abs_det_jacobian(x, y), dims - each.domain.event_dim)
            y = x
        return found + summed(self.base_dist.log_prob(y), dims - len(self.base_dist.event_shape))

    def _rising(self, value: Any) -> Any:
        """Turned round where the maps fall."""
        sign: Any = 1
        for each in self.transforms:
            sign = sign * each.sign
        return value if isinstance(sign, int) and sign == 1 else sign * (value - 0.5) + 0.5

    def cdf(self, value: Any) -> Any:
        for each in reversed(self.transforms):
            value = each.inv(value)
        self.base_dist.checked(value)
        return self._rising(self.base_dist.cdf(value))

    def icdf(self, value: Any) -> Any:
        return self._mapped(self.base_dist.icdf(self._rising(value)))


@registered("LogNormal(loc, scale, validate_args=None)", "LogNormal(0., 1.).mean")
class LogNormal(TransformedDistribution):
    """The exponential of a normal number."""

    arg_constraints: ClassVar[dict[str, Constraint]] = {"loc": REAL, "scale": POSITIVE}
    support = POSITIVE

    def __init__(self, loc: Any, scale: Any, validate_args: Any = None) -> None:
        super().__init__(Normal(loc, scale, validate_args), ExpTransform(), validate_args)

    @property
    def loc(self) -> Any:
        return self.base_dist.loc

    @property
    def scale(self) -> Any:
        return self.base_dist.scale

    @property
    def mean(self) -> Any:
        return T.exp(self.loc + self.scale**2 / 2)

    @property
    def mode(self) -> Any:
        return T.exp(self.loc - T.square(self.scale))

    @property
    def variance(self) -> Any:
        square = self.scale**2
        return T.expm1(square) * T.exp(2 * self.loc + square)

    def entropy(self) -> Any:
        return self.base_dist.entropy() + self.loc


class _Half(TransformedDistribution):
    """The absolute value of a distribution around 0."""

    arg_constraints: ClassVar[dict[str, Constraint]] = {"scale": POSITIVE}
    support = NONNEGATIVE
    whole: type[Distribution]

    def __init__(self, scale: Any, validate_args: Any = None) -> None:
        super().__init__(self.whole(0, scale, False), AbsTransform(), validate_args)

    @property
    def scale(self) -> Any:
        return self.base_dist.scale

    @property
    def mode(self) -> Any:
        return T.zeros_like(self.scale)

    def cdf(self, value: Any) -> Any:
        self.checked(value)
        return 2 * self.base_dist.cdf(value) - 1

    def icdf(self, value: Any) -> Any:
        return self.base_dist.icdf((value + 1) / 2)

    def entropy(self) -> Any:
        return self.base_dist.entropy() - math.log(2)


@registered("HalfNormal(scale, validate_args=None)", "HalfNormal(1.).mean")
class HalfNormal(_Half):
    """The absolute value of a normal number with mean 0."""

    whole = Normal

    @property
    def mean(self) -> Any:
        return self.scale * math.sqrt(2 / math.pi)

    @property
    def variance(self) -> Any:
        return self.scale**2 * (1 - 2 / math.pi)

    def log_prob(self, value: Any) -> Any:
        self.checked(value)
        return T.where(value >= 0, self.base_dist.log_prob(value) + math.log(2), -math.inf)


@registered("HalfCauchy(scale, validate_args=None)", "HalfCauchy(1.).entropy()")
class HalfCauchy(_Half):
    """The absolute value of a Cauchy number around 0."""

    whole = Cauchy

    @property
    def mean(self) -> Any:
        return T.full(self._batch, math.inf, dtype=self.scale.dtype)

    @property
    def variance(self) -> Any:
        return self.base_dist.variance

    def log_prob(self, value: Any) -> Any:
        self.checked(value)
        inside = math.log(2 / math.pi) - T.log(self.scale) - T.log1p((value / self.scale) ** 2)
        return T.where(value >= 0, inside, -math.inf)


@registered("Gumbel(loc, scale, validate_args=None)", "Gumbel(0., 1.).log_prob(tensor(0.))")
class Gumbel(TransformedDistribution):
    """The Gumbel distribution, of the largest of many."""

    arg_constraints: ClassVar[dict[str, Constraint]] = {"loc": REAL, "scale": POSITIVE}
    support = REAL

    def __init__(self, loc: Any, scale: Any, validate_args: Any = None) -> None:
        (self.loc, self.scale), _ = broadcast(loc, scale)
        found = limits(self.loc)
        low, high = float(found.tiny), float(found.dtype.type(1) - found.eps)
        base = Uniform(T.full_like(self.loc, low), T.full_like(self.loc, high), validate_args)
        maps = [
            ExpTransform().inv,
            AffineTransform(0, -T.ones_like(self.scale)),
            ExpTransform().inv,
            AffineTransform(loc, -self.scale),
        ]
        super().__init__(base, maps, validate_args)

    def log_prob(self, value: Any) -> Any:
        self.checked(value)
        y = (self.loc - value) / self.scale
        return (y - T.exp(y)) - T.log(self.scale)

    @property
    def mean(self) -> Any:
        return self.loc + self.scale * EULER

    @property
    def mode(self) -> Any:
        return self.loc

    @property
    def stddev(self) -> Any:
        return (math.pi / math.sqrt(6)) * self.scale

    @property
    def variance(self) -> Any:
        return self.stddev**2

    def entropy(self) -> Any:
        return T.log(self.scale) + (1 + EULER)


@registered("Weibull(scale, concentration, validate_args=None)", "Weibull(1., 2.).mean")
class Weibull(TransformedDistribution):
    """The Weibull distribution, of lifetimes."""

    arg_constraints: ClassVar[dict[str, Constraint]] = {"scale": POSITIVE, "concentration": POSITIVE}
    support = POSITIVE
    more = ("base_dist", "transforms", "concentration_reciprocal")

    def __init__(self, scale: Any, concentration: Any, validate_args: Any = None) -> None:
        (self.scale, self.concentration), _ = broadcast(scale, concentration)
        self.concentration_reciprocal = T.reciprocal(self.concentration)
        base = Exponential(T.ones_like(self.scale), validate_args)
        maps = [PowerTransform(self.concentration_reciprocal), AffineTransform(0, self.scale)]
        super().__init__(base, maps, validate_args)

    @property
    def mean(self) -> Any:
        return self.scale * T.exp(T.lgamma(1 + self.concentration_reciprocal))

    @property
    def mode(self) -> Any:
        k = self.concentration
        return self.scale * ((k - 1) / k) ** T.reciprocal(k)

    @property
    def variance(self) -> Any:
        part = self.concentration_reciprocal
        return self.scale**2 * (T.exp(T.lgamma(1 + 2 * part)) - T.exp(2 * T.lgamma(1 + part)))

    def entropy(self) -> Any:
        part = self.concentration_reciprocal
        return EULER * (1 - part) + T.log(self.scale * part) + 1


@registered("Pareto(scale, alpha, validate_args=None)", "Pareto(1., 2.).mean")
class Pareto(TransformedDistribution):
    """The Pareto distribution: a number of at least `scale`, with a long tail."""

    arg_constraints: ClassVar[dict[str, Constraint]] = {"alpha": POSITIVE, "scale": POSITIVE}

    def __init__(self, scale: Any, alpha: Any, validate_args: Any = None) -> None:
        (self.scale, self.alpha), _ = broadcast(scale, alpha)
        maps = [ExpTransform(), AffineTransform(0, self.scale)]
        super().__init__(Exponential(self.alpha, validate_args), maps, validate_args)

    @property
    def support(self) -> Any:  # it depends on the parameters
        return at_least(self.scale)

    @property
    def mean(self) -> Any:
        a = T.clamp(self.alpha, 1)  # inf for 1 and below
        return a * self.scale / (a - 1)

    @property
    def mode(self) -> Any:
        return self.scale

    @property
    def variance(self) -> Any:
        a = T.clamp(self.alpha, 2)  # inf for 2 and below
        return self.scale**2 * a / ((a - 1) ** 2 * (a - 2))

    def entropy(self) -> Any:
        return T.log(self.scale / self.alpha) + (1 + T.reciprocal(self.alpha))


@registered("InverseGamma(concentration, rate, validate_args=None)", "InverseGamma(3., 1.).mean")
class InverseGamma(TransformedDistribution):
    """One divided by a gamma number."""

    arg_constraints: ClassVar[dict[str, Constraint]] = {"concentration": POSITIVE, "rate": POSITIVE}
    support = POSITIVE

    def __init__(self, concentration: Any, rate: Any, validate_args: Any = None) -> None:
        base = Gamma(concentration, rate, validate_args)
        super().__init__(base, PowerTransform(T.scalar_tensor(-1.0, dtype=base.rate.dtype)), validate_args)

    @property
    def concentration(self) -> Any:
        return self.base_dist.concentration

    @property
    def rate(self) -> Any:
        return self.base_dist.rate

    @property
    def mean(self) -> Any:
        return T.where(self.concentration > 1, self.rate / (self.concentration - 1), math.inf)

    @property
    def mode(self) -> Any:
        return self.rate / (self.concentration + 1)

    @property
    def variance(self) -> Any:
        a = self.concentration
        return T.where(a > 2, T.square(self.rate) / (T.square(a - 1) * (a - 2)), math.inf)

    def entropy(self) -> Any:
        a = self.concentration
        return a + T.log(self.rate) + T.lgamma(a) - (1 + a) * T.digamma(a)


def _moment(a: Any, b: Any, n: int) -> Any:
    """The mean of the n-th power of a Kumaraswamy number."""
    first = 1 + n / a
    return b * T.exp(T.lgamma(first) + T.lgamma(b) - T.lgamma(first + b))


@registered("Kumaraswamy(concentration1, concentration0, validate_args=None)", "Kumaraswamy(2., 2.).mean")
class Kumaraswamy(TransformedDistribution):
    """Numbers between 0 and 1, much as beta numbers are."""

    arg_constraints: ClassVar[dict[str, Constraint]] = {"concentration1": POSITIVE, "concentration0": POSITIVE}
    support = UNIT

    def __init__(self, concentration1: Any, concentration0: Any, validate_args: Any = None) -> None:
        (self.concentration1, self.concentration0), _ = broadcast(concentration1, concentration0)
        one, zero = self.concentration1, self.concentration0
        base = Uniform(T.full_like(zero, 0), T.full_like(zero, 1), validate_args)
        maps = [PowerTransform(T.reciprocal(zero)), AffineTransform(1.0, -1.0), PowerTransform(T.reciprocal(one))]
        super().__init__(base, maps, validate_args)

    @property
    def mean(self) -> Any:
        return _moment(self.concentration1, self.concentration0, 1)

    @property
    def mode(self) -> Any:
        one, zero = self.concentration1, self.concentration0
        found = T.reciprocal(zero) * T.log1p(-zero) - T.log1p(-zero * one)
        return T.exp(T.where((zero < 1) | (one < 1), math.nan, found))

    @property
    def variance(self) -> Any:
        return _moment(self.concentration1, self.concentration0, 2) - T.pow(self.mean, 2)

    def entropy(self) -> Any:
        one, zero = self.concentration1, self.concentration0
        harmonic = T.digamma(zero + 1) + EULER
        return (1 - T.reciprocal(zero)) + (1 - T.reciprocal(one)) * harmonic - T.log(one) - T.log(zero)


@registered("LogisticNormal(loc, scale, validate_args=None)", "LogisticNormal(zeros(2), ones(2)).event_shape")
class LogisticNormal(TransformedDistribution):
    """Probabilities that sum up to 1, of normal numbers by stick breaking."""

    arg_constraints: ClassVar[dict[str, Constraint]] = {"loc": REAL, "scale": POSITIVE}
    support = SIMPLEX

    def __init__(self, loc: Any, scale: Any, validate_args: Any = None) -> None:
        base = Normal(loc, scale, validate_args)
        super().__init__(base if base.batch_shape else base.expand((1,)), StickBreakingTransform(), validate_args)

    @property
    def loc(self) -> Any:
        return self.base_dist.base_dist.loc

    @property
    def scale(self) -> Any:
        return self.base_dist.base_dist.scale


class ExpRelaxedCategorical(Distribution):
    """The logarithms of relaxed choices."""

    arg_constraints: ClassVar[dict[str, Constraint]] = {"probs": SIMPLEX, "logits": REAL_VECTOR}
    support = REAL_VECTOR
    has_rsample = True
    more = ("temperature",)

    def __init__(self, temperature: Any, probs: Any = None, logits: Any = None, validate_args: Any = None) -> None:
        self.choice, self.temperature = Categorical(probs, logits), temperature
        super().__init__(self.choice.batch_shape, (self.choice.count,), validate_args)

    def described(self, size: str) -> str:
        return "ExpRelaxedCategorical()"

    @property
    def logits(self) -> Any:
        return self.choice.logits

    @property
    def probs(self) -> Any:
        return self.choice.probs

    def expand(self, batch_shape: Any) -> Any:
        new = object.__new__(type(self))
        new.__dict__.update(self.__dict__, choice=self.choice.expand(batch_shape), _batch=Size(batch_shape))
        return new

    def rsample(self, sample_shape: Any = ()) -> Any:
        u = clamped(T.rand(self.extended(sample_shape), dtype=self.logits.dtype))
        scores = (self.logits - T.log(-T.log(u))) / self.temperature
        return scores - T.logsumexp(scores, -1, True)

    def log_prob(self, value: Any) -> Any:
        self.checked(value)
        count, (logits, value) = self.choice.count, T.broadcast_tensors(self.logits, value)
        scale = T.lgamma(T.full_like(self.temperature, float(count))) - T.log(self.temperature) * -(count - 1)
        score = logits - value * self.temperature
        return T.sum(score - T.logsumexp(score, -1, True), -1) + scale


@registered(
    "RelaxedOneHotCategorical(temperature, probs=None, logits=None, validate_args=None)",
    "RelaxedOneHotCategorical(tensor(0.5), ones(3)).event_shape",
)
class RelaxedOneHotCategorical(TransformedDistribution):
    """Choices made smooth: probabilities, nearer to a choice the lower the temperature."""

    arg_constraints: ClassVar[dict[str, Constraint]] = {"probs": SIMPLEX, "logits": REAL_VECTOR}
    support = SIMPLEX
    more = ("base_dist", "transforms", "temperature")

    def __init__(self, temperature: Any, probs: Any = None, logits: Any = None, validate_args: Any = None) -> None:
        base = ExpRelaxedCategorical(temperature, probs, logits, validate_args)
        super().__init__(base, ExpTransform(), validate_args)

    @property
    def temperature(self) -> Any:
        return self.base_dist.temperature

    @property
    def logits(self) -> Any:
        return self.base_dist.logits

    @property
    def probs(self) -> Any:
        return self.base_dist.probs
