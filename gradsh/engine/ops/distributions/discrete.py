"""Distributions of whole numbers and of choices: Bernoulli, Categorical, Poisson, Binomial and their kin."""

from __future__ import annotations

import math
from typing import Any, ClassVar

from gradsh.engine.core.dtypes import Size
from gradsh.engine.core.modes import no_grad
from gradsh.engine.core.namespaces import T
from gradsh.engine.ops.distributions.base import (
    Distribution,
    ExponentialFamily,
    Later,
    broadcast,
    clamped,
    dims_of,
    filled,
    logits_to_probs,
    probs_to_logits,
    registered,
)
from gradsh.engine.ops.distributions.constraints import (
    BOOLEAN,
    COUNTS,
    NONNEGATIVE,
    ONE_HOT,
    REAL,
    REAL_VECTOR,
    SIMPLEX,
    UNIT,
    Constraint,
    counts_up_to,
    limits,
    whole_between,
)
from gradsh.errors import ValueError_, ValueProblem

__acts_for_programs__ = True


def one_of(probs: Any, logits: Any) -> None:
    """Raise unless exactly one of them is given."""
    if (probs is None) == (logits is None):
        raise ValueError_("Either `probs` or `logits` must be specified, but not both.")


class _Binary(Distribution):
    """A distribution with a probability, which may be given as log odds."""

    arg_constraints: ClassVar[dict[str, Constraint]] = {"probs": UNIT, "logits": REAL}

    @Later
    def probs(self) -> Any:
        return logits_to_probs(self.logits, True)

    @Later
    def logits(self) -> Any:
        return probs_to_logits(self.probs, True)

    def given(self, probs: Any, logits: Any, *others: Any) -> list[Any]:
        """Keep the one that is given, in one shape with the others, which are given back."""
        one_of(probs, logits)
        name = "logits" if probs is None else "probs"
        (own, *rest), self._own_shape = broadcast(logits if probs is None else probs, *others)
        self.__dict__[name] = own
        return rest


@registered("Bernoulli(probs=None, logits=None, validate_args=None)", "Bernoulli(tensor(0.3)).log_prob(tensor(1.))")
class Bernoulli(_Binary, ExponentialFamily):
    """1 with probability `probs`, else 0; `logits` are log odds."""

    support = BOOLEAN
    has_enumerate_support = True

    def __init__(self, probs: Any = None, logits: Any = None, validate_args: Any = None) -> None:
        self.given(probs, logits)
        super().__init__(self._own_shape, (), validate_args)

    @property
    def mean(self) -> Any:
        return self.probs

    @property
    def mode(self) -> Any:
        return T.where(self.probs == 0.5, math.nan, T.to(self.probs >= 0.5, self.probs.dtype))

    @property
    def variance(self) -> Any:
        return self.probs * (1 - self.probs)

    def sample(self, sample_shape: Any = ()) -> Any:
        with no_grad():
            return T.bernoulli(T.expand(self.probs, self.extended(sample_shape)))

    def log_prob(self, value: Any) -> Any:
        self.checked(value)
        (logits, value), _ = broadcast(self.logits, value)
        return -T.binary_cross_entropy_with_logits(logits, value, reduction="none")

    def entropy(self) -> Any:
        return T.binary_cross_entropy_with_logits(self.logits, self.probs, reduction="none")

    def enumerate_support(self, expand: bool = True) -> Any:
        values = T.reshape(T.arange(2, dtype=self.probs.dtype), (-1,) + (1,) * len(self._batch))
        return T.expand(values, (-1, *self._batch)) if expand else values


@registered("Geometric(probs=None, logits=None, validate_args=None)", "Geometric(tensor(0.3)).mean")
class Geometric(_Binary):
    """How many trials fail before the first success, each with probability `probs`."""

    support = COUNTS

    def __init__(self, probs: Any = None, logits: Any = None, validate_args: Any = None) -> None:
        self.given(probs, logits)
        super().__init__(self._own_shape, (), validate_args)
        if self._validate and probs is not None and not T.all(self.probs > 0).data:
            raise ValueError_(
                f"Expected parameter probs (Tensor of shape {tuple(self.probs.shape)}) of distribution "
                f"{self.described('torch.Size')} to be positive but found invalid values:\n{self.probs!r}"
            )

    @property
    def mean(self) -> Any:
        return 1.0 / self.probs - 1.0

    @property
    def mode(self) -> Any:
        return T.zeros_like(self.probs)

    @property
    def variance(self) -> Any:
        return (1.0 / self.probs - 1.0) / self.probs

    def sample(self, sample_shape: Any = ()) -> Any:
        least = float(limits(self.probs).tiny)
        with no_grad():
            u = filled("uniform_", self.extended(sample_shape), self.probs.dtype, least, 1)
            return T.floor(T.log(u) / T.log1p(-self.probs))

    def log_prob(self, value: Any) -> Any:
        self.checked(value)
        (value, probs), _ = broadcast(value, self.probs)
        probs = T.where((probs == 1) & (value == 0), 0.0, probs)
        return value * T.log1p(-probs) + T.log(self.probs)

    def entropy(self) -> Any:
        return T.binary_cross_entropy_with_logits(self.logits, self.probs, reduction="none") / self.probs


@registered("Poisson(rate, validate_args=None)", "Poisson(4.).log_prob(tensor(3.))")
class Poisson(ExponentialFamily):
    """How many events there are, at a `rate`."""

    arg_constraints: ClassVar[dict[str, Constraint]] = {"rate": NONNEGATIVE}
    support = COUNTS

    def __init__(self, rate: Any, validate_args: Any = None) -> None:
        (self.rate,), batch = broadcast(rate)
        super().__init__(batch, (), validate_args)

    @property
    def mean(self) -> Any:
        return self.rate

    @property
    def mode(self) -> Any:
        return T.floor(self.rate)

    @property
    def variance(self) -> Any:
        return self.rate

    def sample(self, sample_shape: Any = ()) -> Any:
        with no_grad():
            return T.poisson(T.expand(self.rate, self.extended(sample_shape)))

    def log_prob(self, value: Any) -> Any:
        self.checked(value)
        (rate, value), _ = broadcast(self.rate, value)
        return T.xlogy(value, rate) - rate - T.lgamma(value + 1)


@registered("Binomial(total_count=1, probs=None, logits=None, validate_args=None)", "Binomial(10, tensor(0.3)).mean")
class Binomial(_Binary):
    """How many of `total_count` trials succeed, each with probability `probs`."""

    arg_constraints: ClassVar[dict[str, Constraint]] = {"total_count": COUNTS, "probs": UNIT, "logits": REAL}
    has_enumerate_support = True

    def __init__(self, total_count: Any = 1, probs: Any = None, logits: Any = None, validate_args: Any = None) -> None:
        (count,) = self.given(probs, logits, total_count)
        own = self.__dict__["logits" if probs is None else "probs"]
        self.total_count = T.to(count, own.dtype)
        super().__init__(self._own_shape, (), validate_args)

    @property
    def support(self) -> Constraint:  # it depends on the parameters
        return whole_between(0, self.total_count)

    @property
    def mean(self) -> Any:
        return self.total_count * self.probs

    @property
    def mode(self) -> Any:
        return T.minimum(T.floor((self.total_count + 1) * self.probs), self.total_count)

    @property
    def variance(self) -> Any:
        return self.total_count * self.probs * (1 - self.probs)

    def sample(self, sample_shape: Any = ()) -> Any:
        shape = self.extended(sample_shape)
        with no_grad():
            return T.binomial(T.expand(self.total_count, shape), T.expand(self.probs, shape))

    def log_prob(self, value: Any) -> Any:
        self.checked(value)
        n, logits = self.total_count, self.logits
        # with the log odds clamped at 0, exp does not overflow
        above = T.clamp(logits, 0)
        norm = n * above + n * T.log1p(T.exp(-T.abs(logits))) - T.lgamma(n + 1)
        return value * logits - T.lgamma(value + 1) - T.lgamma(n - value + 1) - norm

    def entropy(self) -> Any:
        count = int(T.max(self.total_count).data)
        if not T.all(self.total_count == count).data:
            raise ValueProblem("Inhomogeneous total count not supported by `entropy`.", kind="NotImplementedError")
        log_prob = self.log_prob(self.enumerate_support(False))
        return -T.sum(T.exp(log_prob) * log_prob, 0)

    def enumerate_support(self, expand: bool = True) -> Any:
        count = int(T.max(self.total_count).data)
        if not T.all(self.total_count == count).data:
            raise ValueProblem(
                "Inhomogeneous total count not supported by `enumerate_support`.", kind="NotImplementedError"
            )
        values = T.reshape(T.arange(1 + count, dtype=self.total_count.dtype), (-1,) + (1,) * len(self._batch))
        return T.expand(values, (-1, *self._batch)) if expand else values


@registered(
    "Categorical(probs=None, logits=None, validate_args=None)", "Categorical(tensor([1., 2., 1.])).log_prob(tensor(1))"
)
class Categorical(Distribution):
    """A number from 0 to n - 1, by `probs` along the last dim, which are normalised, or by `logits`."""

    arg_constraints: ClassVar[dict[str, Constraint]] = {"probs": SIMPLEX, "logits": REAL_VECTOR}
    has_enumerate_support = True

    def __init__(self, probs: Any = None, logits: Any = None, validate_args: Any = None) -> None:
        one_of(probs, logits)
        own = logits if probs is None else probs
        if dims_of(own) < 1:
            raise ValueError_(f"`{'logits' if probs is None else 'probs'}` parameter must be at least one-dimensional.")
        if probs is not None:
            self.probs = probs / T.sum(probs, -1, True)
        else:
            self.logits = logits - T.logsumexp(logits, -1, True)
        self.count = own.shape[-1]
        super().__init__(own.shape[:-1], (), validate_args)

    @Later
    def probs(self) -> Any:
        return logits_to_probs(self.logits)

    @Later
    def logits(self) -> Any:
        return probs_to_logits(self.probs)

    @property
    def support(self) -> Constraint:  # it depends on the parameters
        return whole_between(0, self.count - 1)

    @property
    def mean(self) -> Any:
        return T.full(self.extended(()), math.nan, dtype=self.probs.dtype)

    @property
    def variance(self) -> Any:
        return self.mean

    @property
    def mode(self) -> Any:
        return T.argmax(self.probs, -1)

    def sample(self, sample_shape: Any = ()) -> Any:
        shape = self.extended(sample_shape)
        wanted = math.prod(shape[: len(shape) - len(self._batch)])
        with no_grad():
            rows = T.reshape(T.detach(self.probs), (-1, self.count))
            return T.reshape(T.transpose(T.multinomial(rows, wanted, True), 0, 1), shape)

    def log_prob(self, value: Any) -> Any:
        self.checked(value)
        value = T.unsqueeze(T.to(value, _long()), -1)
        value, table = T.broadcast_tensors(value, self.logits)
        return T.squeeze(T.gather(table, -1, T.narrow(value, -1, 0, 1)), -1)

    def entropy(self) -> Any:
        least = float(limits(self.logits).min)
        return -T.sum(T.clamp(self.logits, least) * self.probs, -1)

    def enumerate_support(self, expand: bool = True) -> Any:
        values = T.reshape(T.arange(self.count), (-1,) + (1,) * len(self._batch))
        return T.expand(values, (-1, *self._batch)) if expand else values


def _long() -> Any:
    from gradsh.engine.core.dtypes import NAMES

    return NAMES["int64"]


@registered(
    "OneHotCategorical(probs=None, logits=None, validate_args=None)", "OneHotCategorical(tensor([1., 1.])).mean"
)
class OneHotCategorical(Distribution):
    """A vector with a single 1, at a place drawn by `probs` along the last dim."""

    arg_constraints: ClassVar[dict[str, Constraint]] = {"probs": SIMPLEX, "logits": REAL_VECTOR}
    support = ONE_HOT
    has_enumerate_support = True

    def __init__(self, probs: Any = None, logits: Any = None, validate_args: Any = None) -> None:
        self.choice = Categorical(probs, logits, validate_args)
        self.count = self.choice.count
        super().__init__(self.choice.batch_shape, (self.count,), False)
        self._validate = self.choice._validate

    def described(self, size: str) -> str:
        return f"{type(self).__name__}()"

    @property
    def probs(self) -> Any:
        return self.choice.probs

    @property
    def logits(self) -> Any:
        return self.choice.logits

    @property
    def mean(self) -> Any:
        return self.choice.probs

    @property
    def mode(self) -> Any:
        return T.to(T.one_hot(self.choice.mode, self.count), self.probs.dtype)

    @property
    def variance(self) -> Any:
        return self.probs * (1 - self.probs)

    def sample(self, sample_shape: Any = ()) -> Any:
        return T.to(T.one_hot(self.choice.sample(sample_shape), self.count), self.probs.dtype)

    def log_prob(self, value: Any) -> Any:
        self.checked(value)
        return self.choice.log_prob(T.argmax(value, -1))

    def entropy(self) -> Any:
        return self.choice.entropy()

    def enumerate_support(self, expand: bool = True) -> Any:
        n = self.count
        values = T.reshape(T.eye(n, dtype=self.probs.dtype), (n,) + (1,) * len(self._batch) + (n,))
        return T.expand(values, (n, *self._batch, n)) if expand else values


@registered("Multinomial(total_count=1, probs=None, logits=None, validate_args=None)", "Multinomial(5, ones(3)).mean")
class Multinomial(Distribution):
    """How often each of n choices comes in `total_count` draws by `probs`."""

    arg_constraints: ClassVar[dict[str, Constraint]] = {"probs": SIMPLEX, "logits": REAL_VECTOR}
    more = ("total_count",)

    def __init__(self, total_count: Any = 1, probs: Any = None, logits: Any = None, validate_args: Any = None) -> None:
        if not isinstance(total_count, int):
            raise ValueProblem("inhomogeneous total_count is not supported", kind="NotImplementedError")
        self.total_count = total_count
        self.choice = Categorical(probs, logits, validate_args)
        self.each = Binomial(total_count, self.probs)
        super().__init__(self.choice.batch_shape, (self.choice.count,), False)
        self._validate = self.choice._validate

    def expand(self, batch_shape: Any) -> Any:
        new = object.__new__(type(self))
        new.__dict__.update(self.__dict__, choice=self.choice.expand(batch_shape), _batch=Size(batch_shape))
        return new

    def described(self, size: str) -> str:
        return "Multinomial()"

    @property
    def support(self) -> Constraint:  # it depends on the parameters
        return counts_up_to(self.total_count)

    @property
    def probs(self) -> Any:
        return self.choice.probs

    @property
    def logits(self) -> Any:
        return self.choice.logits

    @property
    def mean(self) -> Any:
        return self.probs * self.total_count

    @property
    def variance(self) -> Any:
        return self.total_count * self.probs * (1 - self.probs)

    def sample(self, sample_shape: Any = ()) -> Any:
        shape = self.extended(sample_shape)
        drawn = self.choice.sample((self.total_count, *shape[: len(shape) - len(self._batch) - 1]))
        with no_grad():
            return T.to(T.sum(T.one_hot(drawn, self.choice.count), 0), self.probs.dtype)

    def entropy(self) -> Any:
        first = self.total_count * self.choice.entropy() - T.lgamma(T.scalar_tensor(self.total_count + 1.0))
        counts = self.each.enumerate_support(False)[1:]
        return first + T.sum(T.exp(self.each.log_prob(counts)) * T.lgamma(counts + 1), (0, -1))

    def log_prob(self, value: Any) -> Any:
        self.checked(value)
        logits, value = T.broadcast_tensors(self.logits, value)
        ways = T.lgamma(T.sum(value, -1) + 1) - T.sum(T.lgamma(value + 1), -1)
        logits = T.where((value == 0) & (logits == -math.inf), 0.0, logits)
        return ways + T.sum(logits * value, -1)


@registered(
    "RelaxedBernoulli(temperature, probs=None, logits=None, validate_args=None)",
    "RelaxedBernoulli(tensor(0.5), tensor(0.3)).rsample() < 1",
)
class RelaxedBernoulli(_Binary):
    """Bernoulli numbers made smooth: between 0 and 1, nearer to the ends the lower the temperature."""

    support = UNIT
    has_rsample = True
    more = ("temperature",)

    def __init__(self, temperature: Any, probs: Any = None, logits: Any = None, validate_args: Any = None) -> None:
        self.temperature = temperature
        self.given(probs, logits)
        super().__init__(self._own_shape, (), validate_args)

    def described(self, size: str) -> str:
        return "RelaxedBernoulli()"

    def rsample(self, sample_shape: Any = ()) -> Any:
        shape = self.extended(sample_shape)
        probs = clamped(T.expand(self.probs, shape))
        u = clamped(T.rand(shape, dtype=probs.dtype))
        odds = T.log(u) - T.log1p(-u) + T.log(probs) - T.log1p(-probs)
        return T.sigmoid(odds / self.temperature)

    def log_prob(self, value: Any) -> Any:
        self.checked(value)
        inside = clamped(value)
        odds = T.log(inside) - T.log1p(-inside)
        apart = self.logits - odds * self.temperature
        density = T.log(self.temperature) + apart - 2 * T.log1p(T.exp(apart))
        return density + T.softplus(-odds) + T.softplus(odds)
