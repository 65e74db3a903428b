"""Distributions of numbers between two ends, which the parameters move: continuous Bernoulli, generalised Pareto."""

from __future__ import annotations

import math
from typing import Any, ClassVar

from gradsh.engine.core.modes import no_grad
from gradsh.engine.core.namespaces import T
from gradsh.engine.ops.distributions.base import (
    Distribution,
    ExponentialFamily,
    Later,
    at_the_program,
    broadcast,
    clamped,
    logits_to_probs,
    probs_to_logits,
    registered,
)
from gradsh.engine.ops.distributions.constraints import POSITIVE, REAL, UNIT, Constraint, interval
from gradsh.engine.ops.distributions.discrete import one_of
from gradsh.errors import ValueError_

__acts_for_programs__ = True


@registered(
    "ContinuousBernoulli(probs=None, logits=None, lims=(0.499, 0.501), validate_args=None)",
    "ContinuousBernoulli(tensor(0.3)).mean",
)
class ContinuousBernoulli(ExponentialFamily):
    """Numbers between 0 and 1 whose density is that of Bernoulli's, made to sum up to 1; `lims`: near to even."""

    arg_constraints: ClassVar[dict[str, Constraint]] = {"probs": UNIT, "logits": REAL}
    support = UNIT
    has_rsample = True

    def __init__(self, probs: Any, logits: Any, lims: Any, validate_args: Any = None) -> None:
        one_of(probs, logits)
        (own,), batch = broadcast(logits if probs is None else probs)
        if probs is None:
            self.logits = own
        else:
            if validate_args is not None and not T.all(UNIT.check(T.detach(own))).data:
                raise ValueError_("The parameter probs has invalid values")
            self.probs = clamped(own)
        self.lims = tuple(lims)
        super().__init__(batch, (), validate_args)

    @Later
    def probs(self) -> Any:
        return clamped(logits_to_probs(self.logits, True))

    @Later
    def logits(self) -> Any:
        return probs_to_logits(self.probs, True)

    def stable(self) -> Any:
        """Where the formulas hold; a Taylor series does for what is nearly even."""
        return (self.probs <= self.lims[0]) | (self.probs > self.lims[1])

    def cut(self) -> Any:
        return T.where(self.stable(), self.probs, self.lims[0] * T.ones_like(self.probs))

    def log_norm(self) -> Any:
        """The logarithm of what the density is to be multiplied by."""
        cut, x = self.cut(), (self.probs - 0.5) ** 2
        below = T.where(cut <= 0.5, cut, T.zeros_like(cut))
        above = T.where(cut >= 0.5, cut, T.ones_like(cut))
        half = T.where(cut <= 0.5, T.log1p(-2.0 * below), T.log(2.0 * above - 1.0))
        whole = T.log(T.abs(T.log1p(-cut) - T.log(cut))) - half
        return T.where(self.stable(), whole, math.log(2.0) + (4.0 / 3.0 + 104.0 / 45.0 * x) * x)

    @property
    def mean(self) -> Any:
        cut, x = self.cut(), self.probs - 0.5
        whole = cut / (2.0 * cut - 1.0) + 1.0 / (T.log1p(-cut) - T.log(cut))
        return T.where(self.stable(), whole, 0.5 + (1.0 / 3.0 + 16.0 / 45.0 * x**2) * x)

    @property
    def variance(self) -> Any:
        cut, x = self.cut(), (self.probs - 0.5) ** 2
        whole = cut * (cut - 1.0) / (1.0 - 2.0 * cut) ** 2 + 1.0 / (T.log1p(-cut) - T.log(cut)) ** 2
        return T.where(self.stable(), whole, 1.0 / 12.0 - (1.0 / 15.0 - 128.0 / 945.0 * x) * x)

    def sample(self, sample_shape: Any = ()) -> Any:
        with no_grad():
            return self.rsample(sample_shape)

    def rsample(self, sample_shape: Any = ()) -> Any:
        return self.icdf(T.rand(self.extended(sample_shape), dtype=self.probs.dtype))

    def log_prob(self, value: Any) -> Any:
        self.checked(value)
        (logits, value), _ = broadcast(self.logits, value)
        return -T.binary_cross_entropy_with_logits(logits, value, reduction="none") + self.log_norm()

    def cdf(self, value: Any) -> Any:
        self.checked(value)
        cut = self.cut()
        whole = (cut**value * (1.0 - cut) ** (1.0 - value) + cut - 1.0) / (2.0 * cut - 1.0)
        inside = T.where(self.stable(), whole, value)
        return T.where(value <= 0.0, T.zeros_like(value), T.where(value >= 1.0, T.ones_like(value), inside))

    def icdf(self, value: Any) -> Any:
        cut = self.cut()
        above = T.log1p(-cut + value * (2.0 * cut - 1.0)) - T.log1p(-cut)
        return T.where(self.stable(), above / (T.log(cut) - T.log1p(-cut)), value)

    def entropy(self) -> Any:
        none, one = T.log1p(-self.probs), T.log(self.probs)
        return self.mean * (none - one) - self.log_norm() - none


@registered(
    "GeneralizedPareto(loc, scale, concentration, validate_args=None)", "GeneralizedPareto(0., 1., 0.25).variance"
)
class GeneralizedPareto(Distribution):
    """How far numbers are above a high bound: Exponential at `concentration` 0, Pareto above, with an end below."""

    arg_constraints: ClassVar[dict[str, Constraint]] = {"loc": REAL, "scale": POSITIVE, "concentration": REAL}
    has_rsample = True
    more = ("log_cdf", "log_survival_function")

    def __init__(self, loc: Any, scale: Any, concentration: Any, validate_args: Any = None) -> None:
        (self.loc, self.scale, self.concentration), batch = broadcast(loc, scale, concentration)
        super().__init__(batch, (), validate_args)

    @property
    def support(self) -> Constraint:  # it depends on the parameters
        upper = T.where(self.concentration < 0, self.loc - self.scale / self.concentration, math.inf)
        return interval(self.loc, upper)

    def parts(self) -> tuple[Any, Any]:
        """Where the concentration is 0, and the concentration with 1 in those places."""
        even = T.isclose(self.concentration, T.scalar_tensor(0.0))
        return even, T.where(even, T.ones_like(self.concentration), self.concentration)

    def rsample(self, sample_shape: Any = ()) -> Any:
        return self.icdf(T.rand(self.extended(sample_shape), dtype=self.loc.dtype))

    def log_prob(self, value: Any) -> Any:
        self.checked(value)
        z, (even, safe) = (value - self.loc) / self.scale, self.parts()
        y = 1 / safe + T.ones_like(z)
        other = T.where(y == 0, y, y * T.log1p(safe * z))
        return -T.log(self.scale) - T.where(even, z, other)

    @at_the_program
    def log_survival_function(self, value: Any) -> Any:
        self.checked(value)
        z, (even, safe) = (value - self.loc) / self.scale, self.parts()
        return T.where(even, -z, -T.log1p(safe * z) / safe)

    @at_the_program
    def log_cdf(self, value: Any) -> Any:
        return T.log1p(-T.exp(self.log_survival_function(value)))

    def cdf(self, value: Any) -> Any:
        return T.exp(self.log_cdf(value))

    def icdf(self, value: Any) -> Any:
        even = T.isclose(self.concentration, T.zeros_like(self.concentration))
        safe = T.where(even, T.ones_like(self.concentration), self.concentration)
        logarithm = T.log1p(-value)
        other = self.loc + self.scale / safe * T.expm1(-safe * logarithm)
        return T.where(even, self.loc - self.scale * logarithm, other)

    @property
    def mean(self) -> Any:
        valid = self.concentration < 1
        return T.where(valid, self.loc + self.scale / (1 - T.where(valid, self.concentration, 0.5)), math.nan)

    @property
    def mode(self) -> Any:
        return self.loc

    @property
    def variance(self) -> Any:
        valid = self.concentration < 0.5
        safe = T.where(valid, self.concentration, 0.25)
        return T.where(valid, self.scale**2 / ((1 - safe) ** 2 * (1 - 2 * safe)), math.nan)

    def entropy(self) -> Any:
        return T.broadcast_to(T.log(self.scale) + self.concentration + 1, tuple(self._batch))
