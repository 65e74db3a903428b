"""What probability distributions have in common: shapes, checks of parameters and samples."""

from __future__ import annotations

import sys
from collections.abc import Callable
from functools import wraps
from typing import Any, ClassVar

from gradsh.engine.core.arguments import type_word
from gradsh.engine.core.dtypes import Size
from gradsh.engine.core.modes import mode, no_grad
from gradsh.engine.core.namespaces import T
from gradsh.engine.core.place import caller, placed
from gradsh.engine.core.tensor import Tensor
from gradsh.engine.operators.composite import function, makes
from gradsh.engine.ops.distributions.constraints import REAL, Constraint, limits
from gradsh.errors import ArgumentError, AttributeError_, GradshError, ValueError_, ValueProblem

__acts_for_programs__ = True  # it runs what a program hands it: see gradsh.runtime.faults

_getframe = sys._getframe
METHODS = (
    "cdf", "entropy", "enumerate_support", "expand", "icdf", "log_prob", "perplexity", "rsample", "sample", "sample_n",
)  # fmt: skip
PROPERTIES = (
    "arg_constraints", "batch_shape", "event_shape", "has_enumerate_support", "has_rsample", "mean", "mode", "stddev",
    "support", "variance",
)  # fmt: skip


# --- parts -----------------------------------------------------------------------------------------------------------


def is_number(value: Any) -> bool:
    return isinstance(value, (int, float))


def broadcast(*values: Any) -> tuple[list[Any], Size]:
    """The values as tensors of one shape, and that shape; numbers take the dtype of the first tensor."""
    if not all(isinstance(v, Tensor) or is_number(v) for v in values):
        raise ValueError_(
            "Input arguments must all be instances of Number, torch.Tensor or objects implementing __torch_function__."
        )
    first = next((v for v in values if isinstance(v, Tensor)), None)
    given = [
        v
        if isinstance(v, Tensor)
        else T.scalar_tensor(float(v))
        if first is None
        else T.scalar_tensor(v, dtype=first.dtype)
        for v in values
    ]
    full = list(T.broadcast_tensors(*given)) if len(given) > 1 else given
    return full, Size(full[0].shape)


def dims_of(value: Any) -> int:
    """How many dims a tensor has. Errors: PyTorch's for what is no tensor."""
    if not isinstance(value, Tensor):
        raise AttributeError_(f"'{type_word(value)}' object has no attribute 'dim'")
    return value.ndim


def summed(value: Any, dims: int) -> Any:
    """The sum over so many dims on the right."""
    return T.sum(T.reshape(value, (*value.shape[: value.ndim - dims], -1)), -1) if dims else value


def filled(method: str, shape: Any, dtype: Any, *arguments: Any) -> Any:
    """A tensor of such random numbers, without a history."""
    from gradsh.engine.operators.registry import METHODS
    from gradsh.engine.ops.program import inplace

    assert inplace  # which has these methods
    with no_grad():
        return METHODS[method](T.empty(shape, dtype=dtype), *arguments)


def standard_normal(shape: Any, dtype: Any) -> Any:
    return T.randn(shape, dtype=dtype)


def clamped(probs: Any) -> Any:
    """Probabilities between the dtype's eps and 1 - eps."""
    eps = float(limits(probs).eps)
    return T.clamp(probs, eps, 1 - eps)


def probs_to_logits(probs: Any, binary: bool = False) -> Any:
    inside = clamped(probs)
    return T.log(inside) - T.log1p(-inside) if binary else T.log(inside)


def logits_to_probs(logits: Any, binary: bool = False) -> Any:
    return T.sigmoid(logits) if binary else T.softmax(logits, -1)


class Later:
    """A property that is computed, with its history, when it is first read, and kept."""

    def __init__(self, compute: Callable[[Any], Any]) -> None:
        self.compute = compute

    def __set_name__(self, owner: type, name: str) -> None:
        self.name = name

    def __get__(self, instance: Any, owner: type) -> Any:
        if instance is None:
            return self
        from gradsh.engine.core.modes import enable_grad

        with enable_grad():
            value = self.compute(instance)
        instance.__dict__[self.name] = value
        return value


# --- the base --------------------------------------------------------------------------------------------------------


def at_the_program(method: Any) -> Any:
    """A method whose operators are said to be called where the program calls it.

    Errors: ArgumentError for an array of NumPy's that it cannot take: rules take them to be arrays of their own.
    """

    @wraps(method)
    def call(self: Any, *arguments: Any, **keywords: Any) -> Any:
        try:
            with placed(caller(_getframe(1))):
                return method(self, *arguments, **keywords)
        except (AttributeError, IndexError, TypeError, ValueError):
            if not any(type(value).__module__ == "numpy" for value in arguments):
                raise
            raise ArgumentError(f"{type(self).__name__}: argument must be Tensor, not numpy.ndarray") from None

    return call


class Distribution:
    """A probability distribution: `batch_shape` many independent ones, of events of `event_shape`."""

    __public__ = frozenset((*METHODS, *PROPERTIES))
    __fields__: frozenset[str] = frozenset()
    has_rsample = False
    has_enumerate_support = False
    arg_constraints: ClassVar[dict[str, Constraint]] = {}
    support: Any = REAL

    def __init_subclass__(cls) -> None:
        cls.__public__ = frozenset((*METHODS, *PROPERTIES, *cls.arg_constraints, *getattr(cls, "more", ())))
        for name in () if hasattr(cls, "written") else METHODS:  # a program's own run where they stand
            own = cls.__dict__.get(name)
            if own is not None:
                setattr(cls, name, at_the_program(own))
        for name in () if hasattr(cls, "written") else PROPERTIES:
            computed = cls.__dict__.get(name)
            if isinstance(computed, property):
                setattr(cls, name, property(at_the_program(computed.fget)))

    def __init__(self, batch: Any = (), event: Any = (), validate_args: Any = None) -> None:
        self._batch, self._event = Size(batch), Size(event)
        self._validate = validate_args is None or bool(validate_args)
        if not self._validate:
            return
        for name, constraint in self.arg_constraints.items():
            if name in self.__dict__:
                value = self.__dict__[name]
            elif isinstance(getattr(type(self), name, None), property):  # what the distribution below has
                value = getattr(self, name)
            else:
                continue
            if not T.all(constraint.check(T.detach(value))).data:
                raise ValueError_(
                    f"Expected parameter {name} (Tensor of shape {tuple(value.shape)}) of distribution "
                    f"{self.described('torch.Size')} to satisfy the constraint {constraint!r}, but found invalid "
                    f"values:\n{format(value, '')}"
                )

    def described(self, size: str) -> str:
        """As PyTorch prints it, with this word for shapes."""
        parts = []
        for name in self.arg_constraints:
            if name in self.__dict__:
                value = self.__dict__[name]
                text = format(value, "") if value.data.size == 1 else f"{size}({list(value.shape)})"
                parts.append(f"{name}: {text}")
        return f"{type(self).__name__}({', '.join(parts)})"

    def __repr__(self) -> str:
        return self.described(f"{mode.module}Size")

    @property
    def batch_shape(self) -> Size:
        return self._batch

    @property
    def validates(self) -> bool:
        """Whether parameters and samples are checked."""
        return self._validate

    @property
    def event_shape(self) -> Size:
        return self._event

    def missing(self, name: str) -> GradshError:
        """What PyTorch raises for what a distribution has not."""
        return ValueProblem(f"{type(self).__name__} has no {name}", kind="NotImplementedError")

    @property
    def mean(self) -> Any:
        raise self.missing("mean")

    @property
    def variance(self) -> Any:
        raise self.missing("variance")

    @property
    def mode(self) -> Any:
        raise self.missing("mode")

    @property
    def stddev(self) -> Any:
        return T.sqrt(self.variance)

    def extended(self, sample_shape: Any) -> tuple[int, ...]:
        """The shape of so many samples."""
        wanted = (sample_shape,) if isinstance(sample_shape, int) else tuple(sample_shape)
        return (*wanted, *self._batch, *self._event)

    def sample(self, sample_shape: Any = ()) -> Any:
        with no_grad():
            return self.rsample(sample_shape)

    def sample_n(self, n: int) -> Any:
        return self.sample((n,))

    def rsample(self, sample_shape: Any = ()) -> Any:
        raise self.missing("rsample: its samples have no derivative")

    def log_prob(self, value: Any) -> Any:
        raise self.missing("log_prob")

    def cdf(self, value: Any) -> Any:
        raise self.missing("cdf")

    def icdf(self, value: Any) -> Any:
        raise self.missing("icdf")

    def entropy(self) -> Any:
        raise self.missing("entropy")

    def enumerate_support(self, expand: bool = True) -> Any:
        raise self.missing("enumerate_support")

    def perplexity(self) -> Any:
        return T.exp(self.entropy())

    def expand(self, batch_shape: Any) -> Any:
        """The same distribution with its parameters expanded to another batch shape."""
        new = object.__new__(type(self))
        new.__dict__.update(self.__dict__)
        for name, value in self.__dict__.items():
            if isinstance(value, Tensor):
                rest = value.shape[len(self._batch) :]
                new.__dict__[name] = T.expand(value, (*batch_shape, *rest))
            elif isinstance(value, Distribution):
                new.__dict__[name] = value.expand(batch_shape)
        new._batch = Size(batch_shape)
        return new

    def checked(self, value: Any) -> None:
        """Raise unless `value` can be a sample: its shape, and what the support says."""
        if not self._validate:
            return
        if not isinstance(value, Tensor):
            raise ValueError_("The value argument to log_prob must be a Tensor")
        shape, event = tuple(value.shape), tuple(self._event)
        if shape[len(shape) - len(event) :] != event:
            raise ValueError_(
                "The right-most size of value must match event_shape: "
                f"torch.Size({list(shape)}) vs torch.Size({list(event)})."
            )
        expected = (*self._batch, *event)
        for i, j in zip(reversed(shape), reversed(expected), strict=False):
            if i != 1 and j != 1 and i != j:
                raise ValueError_(
                    "Value is not broadcastable with batch_shape+event_shape: "
                    f"torch.Size({list(shape)}) vs torch.Size({list(expected)})."
                )
        if not T.all(self.support.check(T.detach(value))).data:
            raise ValueError_(
                f"Expected value argument (Tensor of shape {shape}) to be within the support ({self.support!r}) of "
                f"the distribution {self.described('torch.Size')}, but found invalid values:\n{format(value, '')}"
            )


class Centred(Distribution):
    """A distribution whose `loc` is its mean, and where it is densest."""

    loc: Any

    @property
    def mean(self) -> Any:
        return self.loc

    @property
    def mode(self) -> Any:
        return self.loc


class ExponentialFamily(Distribution):
    """A distribution whose density is the exponential of a product of statistics and natural parameters."""


def registered(signature: str, example: str) -> Callable[[type], type]:
    """Let programs make a distribution, or a map, by its name; the docstring of its class is what `help` says."""

    def register(kind: type) -> type:
        def make(*values: Any) -> Any:
            return kind(*values)

        make.__doc__ = kind.__doc__
        make.__module__ = kind.__module__
        entry = function(signature, method=False, differentiable=False, outside=True, python=True, example=example)(
            make
        )
        makes(entry, kind)
        return kind

    return register


registered(
    "Distribution(batch_shape=(), event_shape=(), validate_args=None)", "isinstance(Normal(0., 1.), Distribution)"
)(Distribution)
registered(
    "ExponentialFamily(batch_shape=(), event_shape=(), validate_args=None)",
    "isinstance(Normal(0., 1.), ExponentialFamily)",
)(ExponentialFamily)
