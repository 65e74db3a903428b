"""The Kullback-Leibler divergence of one distribution from another: PyTorch's formulas, pair by pair."""

from __future__ import annotations

import math
from collections.abc import Callable
from itertools import product
from typing import Any

from gradsh.engine.core.backends import kept
from gradsh.engine.core.modes import mode
from gradsh.engine.core.namespaces import T
from gradsh.engine.operators.composite import composite, function
from gradsh.engine.ops.distributions.base import Distribution, summed
from gradsh.engine.ops.distributions.bounded import ContinuousBernoulli
from gradsh.engine.ops.distributions.continuous import (
    Beta,
    Cauchy,
    Dirichlet,
    Exponential,
    Gamma,
    Laplace,
    Normal,
    Uniform,
)
from gradsh.engine.ops.distributions.discrete import (
    Bernoulli,
    Binomial,
    Categorical,
    Geometric,
    OneHotCategorical,
    Poisson,
)
from gradsh.engine.ops.distributions.joint import Independent, MultivariateNormal, distance
from gradsh.engine.ops.distributions.matrices import LowRankMultivariateNormal, log_diagonal
from gradsh.engine.ops.distributions.transformed import (
    EULER,
    Gumbel,
    HalfCauchy,
    HalfNormal,
    Pareto,
    TransformedDistribution,
)
from gradsh.errors import TypeError_, ValueError_, ValueProblem

__acts_for_programs__ = True  # `kl_divergence` runs what a program has registered

Divergence = Callable[[Any, Any], Any]
KL: dict[tuple[type, type], Divergence] = {}


def _of(p: type, q: type | None = None) -> Callable[[Divergence], Divergence]:
    def register(divergence: Divergence) -> Divergence:
        KL[p, q or p] = divergence
        return divergence

    return register


@_of(Normal)
def _(p: Any, q: Any) -> Any:
    ratio = (p.scale / q.scale) ** 2
    return 0.5 * (ratio + ((p.loc - q.loc) / q.scale) ** 2 - 1 - T.log(ratio))


@_of(HalfNormal)
def _(p: Any, q: Any) -> Any:
    return KL[Normal, Normal](p.base_dist, q.base_dist)


@_of(HalfCauchy)
def _(p: Any, q: Any) -> Any:
    return KL[Cauchy, Cauchy](p.base_dist, q.base_dist)


@_of(Bernoulli)
def _(p: Any, q: Any) -> Any:
    first = p.probs * (T.softplus(-q.logits) - T.softplus(-p.logits))
    first = T.where(T.expand(q.probs == 0, first.shape), math.inf, first)
    first = T.where(T.expand(p.probs == 0, first.shape), 0.0, first)
    second = (1 - p.probs) * (T.softplus(q.logits) - T.softplus(p.logits))
    second = T.where(T.expand(q.probs == 1, second.shape), math.inf, second)
    second = T.where(T.expand(p.probs == 1, second.shape), 0.0, second)
    return first + second


@_of(Binomial)
def _(p: Any, q: Any) -> Any:
    if T.any(p.total_count < q.total_count).data:
        raise ValueProblem(
            "KL between Binomials where q.total_count > p.total_count is not implemented", kind="NotImplementedError"
        )
    kl = p.total_count * (p.probs * (p.logits - q.logits) + T.log1p(-p.probs) - T.log1p(-q.probs))
    return T.where(p.total_count > q.total_count, math.inf, kl)


@_of(Categorical)
def _(p: Any, q: Any) -> Any:
    terms = p.probs * (p.logits - q.logits)
    terms = T.where(T.expand(q.probs == 0, terms.shape), math.inf, terms)
    return T.sum(T.where(T.expand(p.probs == 0, terms.shape), 0.0, terms), -1)


@_of(OneHotCategorical)
def _(p: Any, q: Any) -> Any:
    return KL[Categorical, Categorical](p.choice, q.choice)


@_of(Geometric)
def _(p: Any, q: Any) -> Any:
    return -p.entropy() - T.log1p(-q.probs) / p.probs - q.logits


@_of(Poisson)
def _(p: Any, q: Any) -> Any:
    return p.rate * (T.log(p.rate) - T.log(q.rate)) - (p.rate - q.rate)


@_of(Exponential)
def _(p: Any, q: Any) -> Any:
    ratio = q.rate / p.rate
    return -T.log(ratio) + ratio - 1


@_of(Gamma)
def _(p: Any, q: Any) -> Any:
    first = q.concentration * T.log(p.rate / q.rate)
    second = T.lgamma(q.concentration) - T.lgamma(p.concentration)
    third = (p.concentration - q.concentration) * T.digamma(p.concentration)
    return first + second + third + (q.rate - p.rate) * (p.concentration / p.rate)


@_of(Beta)
def _(p: Any, q: Any) -> Any:
    p_total, q_total = p.concentration1 + p.concentration0, q.concentration1 + q.concentration0
    first = T.lgamma(q.concentration1) + T.lgamma(q.concentration0) + T.lgamma(p_total)
    second = T.lgamma(p.concentration1) + T.lgamma(p.concentration0) + T.lgamma(q_total)
    third = (p.concentration1 - q.concentration1) * T.digamma(p.concentration1)
    fourth = (p.concentration0 - q.concentration0) * T.digamma(p.concentration0)
    return first - second + third + fourth + (q_total - p_total) * T.digamma(p_total)


@_of(Dirichlet)
def _(p: Any, q: Any) -> Any:
    p_total, q_total = T.sum(p.concentration, -1), T.sum(q.concentration, -1)
    first = T.lgamma(p_total) - T.lgamma(q_total)
    second = T.sum(T.lgamma(p.concentration) - T.lgamma(q.concentration), -1)
    slope = T.digamma(p.concentration) - T.unsqueeze(T.digamma(p_total), -1)
    return first - second + T.sum((p.concentration - q.concentration) * slope, -1)


@_of(Laplace)
def _(p: Any, q: Any) -> Any:
    ratio, apart = p.scale / q.scale, T.abs(p.loc - q.loc)
    return -T.log(ratio) + apart / q.scale + ratio * T.exp(-apart / p.scale) - 1


@_of(Cauchy)
def _(p: Any, q: Any) -> Any:
    above = T.log((p.scale + q.scale) ** 2 + (p.loc - q.loc) ** 2)
    return above - T.log(4 * p.scale * q.scale)


@_of(Uniform)
def _(p: Any, q: Any) -> Any:
    result = T.log((q.high - q.low) / (p.high - p.low))
    return T.where((q.low > p.low) | (q.high < p.high), math.inf, result)


@_of(Uniform, Normal)
def _(p: Any, q: Any) -> Any:
    width = p.high - p.low
    first = T.log(math.sqrt(math.pi * 2) * q.scale / width)
    return first + 0.5 * ((width / q.scale) ** 2 / 12) + 0.5 * ((p.high + p.low - 2 * q.loc) / (2 * q.scale)) ** 2


@_of(MultivariateNormal)
def _(p: Any, q: Any) -> Any:
    if p.event_shape != q.event_shape:
        raise ValueError_(
            "KL-divergence between two Multivariate Normals with                          "
            "different event shapes cannot be computed"
        )
    half = T.sum(T.log(T.diagonal(q.factor, 0, -2, -1)), -1) - T.sum(T.log(T.diagonal(p.factor, 0, -2, -1)), -1)
    spread = T.linalg_solve_triangular(q.factor, p.factor, upper=False)
    second = T.sum(T.sum(spread**2, -1), -1)
    return half + 0.5 * (second + distance(q.factor, q.loc - p.loc) - p.event_shape[0])


def _same_event(p: Any, q: Any) -> None:
    if p.event_shape != q.event_shape:
        which = "Low Rank" if type(p) is type(q) else "(Low Rank)"
        raise ValueError_(
            f"KL-divergence between two {which} Multivariate Normals with                          "
            "different event shapes cannot be computed"
        )


def _trace(matrix: Any) -> Any:
    """The trace of a matrix times itself turned round."""
    return T.sum(matrix**2, (-2, -1))


@_of(LowRankMultivariateNormal)
def _(p: Any, q: Any) -> Any:
    _same_event(p, q)
    (factor, diagonal), other = p.given, q.given[1]
    part = T.linalg_solve_triangular(q.capacitance, q.turned(), upper=False)
    spread = T.sum(diagonal / other, -1) + _trace(factor * T.unsqueeze(T.rsqrt(other), -1))
    spread = spread - _trace(part * T.unsqueeze(T.sqrt(diagonal), -2)) - _trace(T.matmul(part, factor))
    return 0.5 * (q.log_det() - p.log_det() + spread + q.apart(q.loc - p.loc) - p.event_shape[0])


@_of(MultivariateNormal, LowRankMultivariateNormal)
def _(p: Any, q: Any) -> Any:
    _same_event(p, q)
    part = T.linalg_solve_triangular(q.capacitance, q.turned(), upper=False)
    spread = _trace(p.factor * T.unsqueeze(T.rsqrt(q.given[1]), -1)) - _trace(T.matmul(part, p.factor))
    first = q.log_det() - 2 * log_diagonal(p.factor)
    return 0.5 * (first + spread + q.apart(q.loc - p.loc) - p.event_shape[0])


@_of(LowRankMultivariateNormal, MultivariateNormal)
def _(p: Any, q: Any) -> Any:
    _same_event(p, q)
    (factor, diagonal), first = p.given, 2 * log_diagonal(q.factor) - p.log_det()
    spread = _trace(T.linalg_solve_triangular(q.factor, factor, upper=False))
    spread = spread + _trace(T.linalg_solve_triangular(q.factor, T.diag_embed(T.sqrt(diagonal)), upper=False))
    return 0.5 * (first + spread + distance(q.factor, q.loc - p.loc) - p.event_shape[0])


@_of(ContinuousBernoulli)
def _(p: Any, q: Any) -> Any:
    own, other = p.log_norm() + T.log1p(-p.probs), -q.log_norm() - T.log1p(-q.probs)
    return p.mean * (p.logits - q.logits) + own + other


@_of(Independent)
def _(p: Any, q: Any) -> Any:
    if p.reinterpreted_batch_ndims != q.reinterpreted_batch_ndims:
        raise ValueProblem("KL of two Independents of other numbers of dims", kind="NotImplementedError")
    return summed(divergence(p.base_dist, q.base_dist), p.reinterpreted_batch_ndims)


# --- between two kinds ------------------------------------------------------------------------------------------------

# where q cannot give what p does
for _p, _q in (
    *product((Gumbel, Laplace, Normal), (Beta, ContinuousBernoulli, Exponential, Gamma, Pareto, Uniform)),
    *product((Exponential, Gamma), (Beta, ContinuousBernoulli, Pareto, Uniform)),
    *product((Pareto,), (Beta, ContinuousBernoulli, Uniform)),
    *product((Beta, ContinuousBernoulli), (Pareto,)),
    *product((Poisson,), (Bernoulli, Binomial)),
):
    KL[_p, _q] = lambda p, q: T.full_like(next(value for value in vars(p).values() if hasattr(value, "ndim")), math.inf)


@_of(Gumbel)
def _(p: Any, q: Any) -> Any:
    ratio, there, here = p.scale / q.scale, q.loc / q.scale, p.loc / q.scale
    first = -T.log(ratio) - there + here
    return first + ratio * EULER + T.exp(there + T.lgamma(1 + ratio) - here) - (1 + EULER)


@_of(Pareto)
def _(p: Any, q: Any) -> Any:
    ratio = q.alpha / p.alpha
    result = q.alpha * T.log(p.scale / q.scale) - T.log(ratio) + ratio - 1
    return T.where(p.scale < q.scale, math.inf, result)


@_of(TransformedDistribution)
def _(p: Any, q: Any) -> Any:
    if p.transforms != q.transforms or p.event_shape != q.event_shape:
        raise ValueProblem("KL of two distributions of other transforms", kind="NotImplementedError")
    return divergence(p.base_dist, q.base_dist)


@_of(Bernoulli, Poisson)
def _(p: Any, q: Any) -> Any:
    return -p.entropy() - (p.probs * T.log(q.rate) - q.rate)


def _from_even(p: Any, q: Any) -> Any:
    """Of numbers between 0 and 1 from those of a ContinuousBernoulli."""
    return -p.entropy() - p.mean * q.logits - T.log1p(-q.probs) - q.log_norm()


KL[Beta, ContinuousBernoulli] = _from_even


@_of(Uniform, ContinuousBernoulli)
def _(p: Any, q: Any) -> Any:
    return T.where((p.high >= 1.0) | (p.low <= 0.0), math.inf, _from_even(p, q))


@_of(ContinuousBernoulli, Exponential)
def _(p: Any, q: Any) -> Any:
    return -p.entropy() - T.log(q.rate) + q.rate * p.mean


@_of(ContinuousBernoulli, Normal)
def _(p: Any, q: Any) -> Any:
    second = 0.5 * (math.log(2.0 * math.pi) + T.square(q.loc / q.scale)) + T.log(q.scale)
    third = (p.variance + T.square(p.mean) - 2.0 * q.loc * p.mean) / (2.0 * T.square(q.scale))
    return -p.entropy() + second + third


@_of(ContinuousBernoulli, Uniform)
def _(p: Any, q: Any) -> Any:
    return T.where((q.low >= 0.0) | (q.high <= 1.0), math.inf, -p.entropy() + T.log(q.high - q.low))


@_of(Beta, Exponential)
def _(p: Any, q: Any) -> Any:
    return -p.entropy() - T.log(q.rate) + q.rate * (p.concentration1 / (p.concentration1 + p.concentration0))


@_of(Beta, Gamma)
def _(p: Any, q: Any) -> Any:
    total = p.concentration1 + p.concentration0
    second = T.lgamma(q.concentration) - q.concentration * T.log(q.rate)
    third = (q.concentration - 1) * (T.digamma(p.concentration1) - T.digamma(total))
    return -p.entropy() + second - third + q.rate * p.concentration1 / total


@_of(Beta, Normal)
def _(p: Any, q: Any) -> Any:
    mean, variance = p.mean, q.scale**2
    half = (mean * (1 - mean) / (p.concentration1 + p.concentration0 + 1) + mean**2) * 0.5
    return -p.entropy() + 0.5 * T.log(variance * 2 * math.pi) + (half - q.loc * mean + q.loc**2 * 0.5) / variance


@_of(Uniform, Beta)
def _(p: Any, q: Any) -> Any:
    one, zero, width = q.concentration1, q.concentration0, p.high - p.low
    rises = (one - 1) * (T.xlogy(p.high, p.high) - T.xlogy(p.low, p.low) - width) / width
    falls = (zero - 1) * (T.xlogy(1 - p.high, 1 - p.high) - T.xlogy(1 - p.low, 1 - p.low) + width) / width
    whole = T.lgamma(one) + T.lgamma(zero) - T.lgamma(one + zero)
    return T.where((p.high > 1) | (p.low < 0), math.inf, falls + whole - T.log(width) - rises)


@_of(Beta, Uniform)
def _(p: Any, q: Any) -> Any:
    return T.where((q.low > 0.0) | (q.high < 1.0), math.inf, -p.entropy() + T.log(q.high - q.low))


@_of(Exponential, Gamma)
def _(p: Any, q: Any) -> Any:
    ratio = q.rate / p.rate
    first = -q.concentration * T.log(ratio)
    return first + ratio + T.lgamma(q.concentration) + q.concentration * EULER - (1 + EULER)


@_of(Exponential, Gumbel)
def _(p: Any, q: Any) -> Any:
    scaled, there = p.rate * q.scale, q.loc / q.scale
    return T.log(scaled) - 1 - there + T.exp(there) * scaled / (scaled + 1) + T.reciprocal(scaled)


@_of(Exponential, Normal)
def _(p: Any, q: Any) -> Any:
    spread, rate = q.scale**2, p.rate**2
    first = 0.5 * T.log(rate * spread * 2 * math.pi)
    return first - 1 + (T.reciprocal(rate) - q.loc / p.rate + q.loc**2 * 0.5) / spread


@_of(Gamma, Exponential)
def _(p: Any, q: Any) -> Any:
    return -p.entropy() - T.log(q.rate) + q.rate * p.concentration / p.rate


@_of(Gamma, Gumbel)
def _(p: Any, q: Any) -> Any:
    scaled, there, a = p.rate * q.scale, q.loc / q.scale, p.concentration
    first = (a - 1) * T.digamma(a) - T.lgamma(a) - a
    third = T.exp(there) * (1 + T.reciprocal(scaled)) ** -a - there
    return first + (T.log(scaled) + a / scaled) + third


@_of(Gamma, Normal)
def _(p: Any, q: Any) -> Any:
    spread, rate, a = q.scale**2, p.rate**2, p.concentration
    first = 0.5 * T.log(rate * spread * 2 * math.pi) - a - T.lgamma(a)
    apart = 0.5 * (a**2 + a) / rate - q.loc * a / p.rate + 0.5 * q.loc**2
    return first + (a - 1) * T.digamma(a) + apart / spread


@_of(Gumbel, Normal)
def _(p: Any, q: Any) -> Any:
    ratio = p.scale / q.scale
    second = (math.pi * ratio * 0.5) ** 2 / 3
    third = ((p.loc + p.scale * EULER - q.loc) / q.scale) ** 2 * 0.5
    return -T.log(ratio / math.sqrt(2 * math.pi)) + second + third - (EULER + 1)


@_of(Laplace, Normal)
def _(p: Any, q: Any) -> Any:
    spread = q.scale**2
    ratio = p.scale**2 / spread
    apart = 0.5 * p.loc**2 - p.loc * q.loc + 0.5 * q.loc**2
    return -0.5 * T.log(2 * ratio / math.pi) + ratio + apart / spread - 1


@_of(Normal, Gumbel)
def _(p: Any, q: Any) -> Any:
    here, ratio, there = p.loc / q.scale, (p.scale / q.scale) ** 2, q.loc / q.scale
    third = T.exp(-here + 0.5 * ratio + there)
    return -T.log(ratio) * 0.5 + (here - there) + third - (0.5 * (1 + math.log(2 * math.pi)))


@_of(Normal, Laplace)
def _(p: Any, q: Any) -> Any:
    apart = p.loc - q.loc
    scaled = apart / p.scale
    second = math.sqrt(2 / math.pi) * p.scale * T.exp(-0.5 * scaled**2)
    third = apart * T.erf(math.sqrt(0.5) * scaled)
    return -T.log(p.scale / q.scale) + (second + third) / q.scale - (0.5 * (1 + math.log(0.5 * math.pi)))


@_of(Pareto, Exponential)
def _(p: Any, q: Any) -> Any:
    scaled = p.scale * q.rate
    result = T.log(p.alpha / scaled) - T.reciprocal(p.alpha) + p.alpha * scaled / (p.alpha - 1) - 1
    return T.where(p.alpha <= 1, math.inf, result)


@_of(Pareto, Gamma)
def _(p: Any, q: Any) -> Any:
    common = T.log(p.scale) + T.reciprocal(p.alpha)
    second = T.lgamma(q.concentration) - q.concentration * T.log(q.rate)
    fourth = q.rate * p.alpha * p.scale / (p.alpha - 1)
    result = T.log(p.alpha) - common + second + (1 - q.concentration) * common + fourth - 1
    return T.where(p.alpha <= 1, math.inf, result)


@_of(Pareto, Normal)
def _(p: Any, q: Any) -> Any:
    common = p.scale / (p.alpha - 1)
    first = T.log(math.sqrt(2 * math.pi) * q.scale * p.alpha / p.scale)
    apart = p.alpha * common**2 / (p.alpha - 2) + (p.alpha * common - q.loc) ** 2
    result = first - T.reciprocal(p.alpha) + apart / (2 * q.scale**2) - 1
    return T.where(p.alpha <= 2, math.inf, result)


@_of(Uniform, Exponential)
def _(p: Any, q: Any) -> Any:
    result = q.rate * (p.high + p.low) / 2 - T.log((p.high - p.low) * q.rate)
    return T.where(p.low < 0.0, math.inf, result)


def _mean_log(p: Any) -> Any:
    """The mean of log(x) for x of a Uniform."""
    width = p.high - p.low
    return (T.xlogy(p.high, p.high) - T.xlogy(p.low, p.low) - width) / width


@_of(Uniform, Gamma)
def _(p: Any, q: Any) -> Any:
    second = T.lgamma(q.concentration) - q.concentration * T.log(q.rate)
    third = (1 - q.concentration) * _mean_log(p)
    result = -T.log(p.high - p.low) + second + third + q.rate * (p.high + p.low) / 2
    return T.where(p.low < 0.0, math.inf, result)


@_of(Uniform, Gumbel)
def _(p: Any, q: Any) -> Any:
    common, high, low = q.scale / (p.high - p.low), (p.high - q.loc) / q.scale, (p.low - q.loc) / q.scale
    return T.log(common) + 0.5 * (high + low) - common * (T.exp(-high) - T.exp(-low))


@_of(Uniform, Pareto)
def _(p: Any, q: Any) -> Any:
    result = _mean_log(p) * (q.alpha + 1) - T.log(q.alpha * q.scale**q.alpha * (p.high - p.low))
    return T.where(p.low < q.scale, math.inf, result)


# --- which formula, and a program's own -------------------------------------------------------------------------------


def _own() -> dict[tuple[type, type], Divergence]:
    """What the session's programs have registered."""
    settings = mode.settings or {}
    return settings.get("divergences", {})  # type: ignore[no-any-return]  # of such pairs


def divergence(p: Any, q: Any) -> Any:
    """By the pair of kinds that fits best."""
    own = _own()
    for first in type(p).__mro__:
        for second in type(q).__mro__:
            found = own.get((first, second)) or KL.get((first, second))
            if found is not None:
                return found(p, q)
    raise ValueProblem(
        f"No KL(p || q) is implemented for p type {type(p).__name__} and q type {type(q).__name__}",
        kind="NotImplementedError",
    )


@composite(
    "kl_divergence(p, q)",
    method=False,
    differentiable=False,
    python=True,
    example="kl_divergence(Normal(0., 1.), Normal(1., 1.))",
)
def kl_divergence(p: Any, q: Any) -> Any:
    """The Kullback-Leibler divergence of one distribution from another, for each of the batch."""
    return divergence(p, q)


def _kind(given: Any, name: str) -> type:
    """The class that a name of a distribution stands for. Errors: TypeError_."""
    made = getattr(given, "makes", given)
    if not (isinstance(made, type) and issubclass(made, Distribution)):
        raise TypeError_(f"Expected {name} to be a Distribution subclass but got {given}")
    return made


@function(
    "register_kl(type_p, type_q)",
    method=False,
    differentiable=False,
    outside=True,
    example="let f = register_kl(Normal, Poisson)(fn(p, q) = q.rate); kl_divergence(Normal(0., 1.), Poisson(2.))",
)
def register_kl(type_p: Any, type_q: Any) -> Any:
    """Takes a function of two distributions: it is the divergence of such a pair from now on."""
    pair = (_kind(type_p, "type_p"), _kind(type_q, "type_q"))

    def register(divergence: Any) -> Any:
        kept()["divergences"] = {**_own(), pair: divergence}
        return divergence

    return register
