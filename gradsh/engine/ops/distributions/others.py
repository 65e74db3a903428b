"""Counts of failures, ratios of variances, angles: distributions that few programs use."""

from __future__ import annotations

import math
from typing import Any, ClassVar

from gradsh.engine.core.dtypes import NAMES
from gradsh.engine.core.modes import no_grad
from gradsh.engine.core.namespaces import T
from gradsh.engine.ops.distributions.base import (
    Centred,
    Distribution,
    Later,
    broadcast,
    logits_to_probs,
    probs_to_logits,
    registered,
)
from gradsh.engine.ops.distributions.constraints import (
    COUNTS,
    POSITIVE,
    REAL,
    Constraint,
    at_least,
    half_open_interval,
    limits,
)
from gradsh.engine.ops.distributions.continuous import Gamma
from gradsh.engine.ops.distributions.discrete import OneHotCategorical, one_of

__acts_for_programs__ = True


@registered(
    "NegativeBinomial(total_count, probs=None, logits=None, validate_args=None)",
    "NegativeBinomial(3., tensor(0.5)).mean",
)
class NegativeBinomial(Distribution):
    """How many successes there are before so many failures."""

    arg_constraints: ClassVar[dict[str, Constraint]] = {
        "total_count": at_least(0),
        "probs": half_open_interval(0.0, 1.0),
        "logits": REAL,
    }
    support = COUNTS

    def __init__(self, total: Any, probs: Any = None, logits: Any = None, validate_args: Any = None) -> None:
        one_of(probs, logits)
        (total, own), batch = broadcast(total, logits if probs is None else probs)
        self.total_count = T.to(total, own.dtype)
        self.__dict__["logits" if probs is None else "probs"] = own
        super().__init__(batch, (), validate_args)

    @Later
    def logits(self) -> Any:
        return probs_to_logits(self.probs, True)

    @Later
    def probs(self) -> Any:
        return logits_to_probs(self.logits, True)

    @property
    def mean(self) -> Any:
        return self.total_count * T.exp(self.logits)

    @property
    def mode(self) -> Any:
        return T.clamp(T.floor((self.total_count - 1) * T.exp(self.logits)), 0.0)

    @property
    def variance(self) -> Any:
        return self.mean / T.sigmoid(-self.logits)

    def sample(self, sample_shape: Any = ()) -> Any:
        with no_grad():
            return T.poisson(Gamma(self.total_count, T.exp(-self.logits), False).sample(sample_shape))

    def log_prob(self, value: Any) -> Any:
        self.checked(value)
        total = self.total_count
        density = total * T.logsigmoid(-self.logits) + value * T.logsigmoid(self.logits)
        ways = -T.lgamma(total + value) + T.lgamma(1.0 + value) + T.lgamma(total)
        return density - T.masked_fill(ways, total + value == 0.0, 0.0)


@registered(
    "OneHotCategoricalStraightThrough(probs=None, logits=None, validate_args=None)",
    "OneHotCategoricalStraightThrough(ones(3)).event_shape",
)
class OneHotCategoricalStraightThrough(OneHotCategorical):
    """One-hot choices whose gradient is that of the probabilities."""

    has_rsample = True

    def rsample(self, sample_shape: Any = ()) -> Any:
        return self.sample(sample_shape) + (self.probs - T.detach(self.probs))


@registered("FisherSnedecor(df1, df2, validate_args=None)", "FisherSnedecor(3., 5.).mean")
class FisherSnedecor(Distribution):
    """The ratio of two variances."""

    arg_constraints: ClassVar[dict[str, Constraint]] = {"df1": POSITIVE, "df2": POSITIVE}
    support = POSITIVE
    has_rsample = True

    def __init__(self, df1: Any, df2: Any, validate_args: Any = None) -> None:
        (self.df1, self.df2), batch = broadcast(df1, df2)
        self.above, self.below = Gamma(self.df1 * 0.5, self.df1), Gamma(self.df2 * 0.5, self.df2)
        super().__init__(batch, (), validate_args)

    @property
    def mean(self) -> Any:
        df2 = T.where(self.df2 <= 2, math.nan, self.df2)
        return df2 / (df2 - 2)

    @property
    def mode(self) -> Any:
        mode = (self.df1 - 2) / self.df1 * self.df2 / (self.df2 + 2)
        return T.where(self.df1 <= 2, math.nan, mode)

    @property
    def variance(self) -> Any:
        df2 = T.where(self.df2 <= 4, math.nan, self.df2)
        return 2 * df2**2 * (self.df1 + df2 - 2) / (self.df1 * (df2 - 2) ** 2 * (df2 - 4))

    def rsample(self, sample_shape: Any = ()) -> Any:
        above, below = self.above.rsample(sample_shape), self.below.rsample(sample_shape)
        tiny = float(limits(below).tiny)
        return T.clamp(above / T.clamp(below, tiny), tiny)

    def log_prob(self, value: Any) -> Any:
        self.checked(value)
        one, two, ratio = self.df1 * 0.5, self.df2 * 0.5, self.df1 / self.df2
        first = T.lgamma(one + two) - T.lgamma(one) - T.lgamma(two)
        second = one * T.log(ratio) + (one - 1) * T.log(value)
        return first + second - (one + two) * T.log1p(ratio * value)


# Abramowitz and Stegun 9.8.1 to 9.8.4: the Bessel functions I0 and I1, below 3.75 and above
SMALL = (
    (1.0, 3.5156229, 3.0899424, 1.2067492, 0.2659732, 0.360768e-1, 0.45813e-2),
    (0.5, 0.87890594, 0.51498869, 0.15084934, 0.2658733e-1, 0.301532e-2, 0.32411e-3),
)
LARGE = (
    (0.39894228, 0.1328592e-1, 0.225319e-2, -0.157565e-2, 0.916281e-2, -0.2057706e-1, 0.2635537e-1, -0.1647633e-1,
     0.392377e-2),
    (0.39894228, -0.3988024e-1, -0.362018e-2, 0.163801e-2, -0.1031555e-1, 0.2282967e-1, -0.2895312e-1, 0.1787654e-1,
     -0.420059e-2),
)  # fmt: skip


def _polynomial(y: Any, factors: tuple[float, ...]) -> Any:
    result: Any = factors[-1]
    for factor in reversed(factors[:-1]):
        result = factor + y * result
    return result


def _log_bessel(x: Any, order: int) -> Any:
    """The logarithm of the modified Bessel function I0 or I1."""
    small = _polynomial((x / 3.75) * (x / 3.75), SMALL[order])
    small = T.log(T.abs(x) * small if order else small)
    large = x - 0.5 * T.log(x) + T.log(_polynomial(3.75 / x, LARGE[order]))
    return T.where(x < 3.75, small, large)


@registered("VonMises(loc, concentration, validate_args=None)", "VonMises(tensor(0.), tensor(1.)).mean")
class VonMises(Centred):
    """Angles around `loc`, the nearer the larger the concentration."""

    arg_constraints: ClassVar[dict[str, Constraint]] = {"loc": REAL, "concentration": POSITIVE}

    def __init__(self, loc: Any, concentration: Any, validate_args: Any = None) -> None:
        (self.loc, self.concentration), batch = broadcast(loc, concentration)
        super().__init__(batch, (), validate_args)

    def log_prob(self, value: Any) -> Any:
        self.checked(value)
        found = self.concentration * T.cos(value - self.loc)
        return found - math.log(2 * math.pi) - _log_bessel(self.concentration, 0)

    def sample(self, sample_shape: Any = ()) -> Any:
        with no_grad():
            return T.to(self._drawn(self.extended(sample_shape)), self.loc.dtype)

    def _drawn(self, shape: Any) -> Any:
        """By rejection, in float64 (Best and Fisher 1979)."""
        loc, kappa = T.to(self.loc, NAMES["float64"]), T.to(self.concentration, NAMES["float64"])
        tau = 1 + T.sqrt(1 + 4 * kappa**2)
        rho = (tau - T.sqrt(2 * tau)) / (2 * kappa)
        r = T.where(kappa < 1e-5, 1 / kappa + kappa, (1 + rho**2) / (2 * rho))
        x, done = T.zeros(shape, dtype=loc.dtype), T.full(shape, False)
        while not T.all(done).data:
            u1, u2, u3 = T.unbind(T.rand((3, *shape), dtype=loc.dtype))
            z = T.cos(math.pi * u1)
            f = (1 + r * z) / (r + z)
            c = kappa * (r - f)
            accept = ((c * (2 - c) - u2) > 0) | (T.log(c / u2) + 1 - c >= 0)
            x = T.where(accept, T.sign(u3 - 0.5) * T.acos(f), x)
            done = done | accept
        return (x + math.pi + loc) % (2 * math.pi) - math.pi

    @property
    def variance(self) -> Any:
        return 1 - T.exp(_log_bessel(self.concentration, 1) - _log_bessel(self.concentration, 0))
