"""Constraints: what values parameters and samples may have; torch.distributions.constraints."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from gradsh.engine.core.namespaces import T
from gradsh.engine.core.tensor import Tensor
from gradsh.engine.operators.composite import function
from gradsh.errors import ArgumentError, AttributeError_, IndexError_, ValueError_

__acts_for_programs__ = True  # as in PyTorch, what a constraint is asked of is looked at by Python alone


class Constraint:
    """`check` says of which values it holds, `text` is how errors say it.

    `kind` and `parts` are what a map from all numbers to such values is made of: see `registry.py`; `names` are those
    that programs have for the parts.
    """

    __public__ = frozenset({"base_constraint", "check", "event_dim", "is_discrete", "lower_bound", "upper_bound"})

    def __init__(
        self,
        text: str,
        holds: Callable[[Any], Any],
        dims: int = 0,
        discrete: bool = False,
        kind: str = "",
        parts: tuple[Any, ...] = (),
        names: str = "",
    ) -> None:
        self.text = text
        self.holds = holds
        self.event_dim = dims
        self.is_discrete = discrete
        self.kind = kind
        self.parts = parts
        self.named = dict(zip(names.split(), parts, strict=False))

    def __repr__(self) -> str:
        return self.text

    def check(self, value: Any) -> Any:
        """A bool tensor: where the constraint holds.

        Errors: in Python's own words, as in PyTorch, for what has no order with its bounds, no shape or too few dims:
        `greater_than(()).check([])`, `symmetric.check(none)`.
        """
        try:
            return self.holds(value)
        except TypeError as error:
            raise ArgumentError(str(error)) from None
        except AttributeError as error:
            raise AttributeError_(str(error)) from None
        except IndexError as error:
            raise IndexError_(str(error)) from None

    @property
    def lower_bound(self) -> Any:
        return self._part("lower_bound")

    @property
    def upper_bound(self) -> Any:
        return self._part("upper_bound")

    @property
    def base_constraint(self) -> Any:
        return self._part("base_constraint")

    def _part(self, name: str) -> Any:
        if name not in self.named:
            raise AttributeError_(f"'_{self.text.partition('(')[0]}' object has no attribute '{name}'")
        return self.named[name]


BOUNDS = "lower_bound upper_bound"


def _whole(value: Any) -> Any:
    return value % 1 == 0


def greater_than(low: Any) -> Constraint:
    return Constraint(f"GreaterThan(lower_bound={low})", lambda v: low < v, 0, False, "above", (low,), "lower_bound")


def at_least(low: Any) -> Constraint:
    return Constraint(f"GreaterThanEq(lower_bound={low})", lambda v: low <= v, 0, False, "above", (low,), "lower_bound")


def less_than(high: Any) -> Constraint:
    return Constraint(f"LessThan(upper_bound={high})", lambda v: v < high, 0, False, "below", (high,), "upper_bound")


def interval(low: Any, high: Any) -> Constraint:
    text = f"Interval(lower_bound={low}, upper_bound={high})"
    return Constraint(text, lambda v: (low <= v) & (v <= high), 0, False, "between", (low, high), BOUNDS)


def half_open_interval(low: Any, high: Any) -> Constraint:
    text = f"HalfOpenInterval(lower_bound={low}, upper_bound={high})"
    return Constraint(text, lambda v: (low <= v) & (v < high), 0, False, "between", (low, high), BOUNDS)


def whole_from(low: int) -> Constraint:
    text = f"IntegerGreaterThan(lower_bound={low})"
    return Constraint(text, lambda v: _whole(v) & (v >= low), discrete=True, parts=(low,), names="lower_bound")


def whole_between(low: Any, high: Any) -> Constraint:
    text = f"IntegerInterval(lower_bound={low}, upper_bound={high})"
    return Constraint(text, lambda v: _whole(v) & (low <= v) & (v <= high), 0, True, "", (low, high), BOUNDS)


def counts_up_to(total: Any) -> Constraint:
    """Counts of a multinomial, of which there are so many in all."""
    text = "Multinomial()"
    return Constraint(text, lambda v: T.all(v >= 0, -1) & (T.sum(v, -1) <= total), 1, True, "", (total,), "upper_bound")


def independent(base: Constraint, dims: Any) -> Constraint:
    """The constraint on all numbers of the last dims together."""
    if not isinstance(base, Constraint):
        raise ArgumentError(f"base_constraint must be a Constraint, got {type(base).__name__}", kind="AssertionError")
    if not dims:
        return base

    def holds(value: Any) -> Any:
        result = base.check(value)
        if not hasattr(type(result), "ndim"):
            raise AttributeError_(f"'{type(result).__name__}' object has no attribute 'dim'")
        if result.ndim < dims:
            raise ValueError_(f"Expected value.dim() >= {base.event_dim + dims} but got {value.ndim}")
        return T.all(T.reshape(result, (*result.shape[: result.ndim - dims], -1)), -1)

    text = f"IndependentConstraint({base!r}, {dims})"
    return Constraint(
        text, holds, base.event_dim + dims, base.is_discrete, "independent", (base, dims), "base_constraint"
    )


def of_mixture(base: Constraint) -> Constraint:
    """The constraint on what a mixture gives: that of its components, which have one dim more."""

    def holds(value: Any) -> Any:
        result = base.check(T.unsqueeze(value, -1 - base.event_dim))
        return T.all(T.reshape(result, (*result.shape[: value.ndim - base.event_dim], -1)), -1)

    text = f"MixtureSameFamilyConstraint({base!r})"
    return Constraint(text, holds, base.event_dim, base.is_discrete, "", (base,), "base_constraint")


def _all_constraints(given: Any) -> list[Constraint]:
    found = list(given)
    if not all(isinstance(each, Constraint) for each in found):
        raise ArgumentError("All elements of cseq must be Constraint instances", kind="AssertionError")
    return found


def _dim_of(value: Any, dim: int) -> None:
    if not -value.ndim <= dim < value.ndim:
        raise ArgumentError(f"dim {dim} out of range for value with {value.ndim} dimensions", kind="AssertionError")


def side_by_side(cseq: Any, dim: int, lengths: Any) -> Constraint:
    """One constraint after the other along a dim, each on so many."""
    each = _all_constraints(cseq)
    counts = [1] * len(each) if lengths is None else list(lengths)
    if len(counts) != len(each):
        raise ArgumentError(f"lengths ({len(counts)}) must match cseq ({len(each)})", kind="AssertionError")

    def holds(value: Any) -> Any:
        _dim_of(value, dim)
        starts = (sum(counts[:at]) for at in range(len(each)))
        pieces = zip(each, starts, counts, strict=True)
        return T.cat([one.check(T.narrow(value, dim, start, count)) for one, start, count in pieces], dim)

    discrete, dims = any(one.is_discrete for one in each), max(one.event_dim for one in each)
    return Constraint("Cat()", holds, dims, discrete, "cat", (each, dim, counts))


def stacked(cseq: Any, dim: int) -> Constraint:
    """One constraint on each row along a dim."""
    each = _all_constraints(cseq)

    def holds(value: Any) -> Any:
        _dim_of(value, dim)
        rows = zip(each, T.unbind(value, dim), strict=False)
        return T.stack([one.check(row) for one, row in rows], dim)

    dims = max(one.event_dim for one in each)
    discrete = any(one.is_discrete for one in each)
    return Constraint("Stack()", holds, dims + (dim + dims < 0), discrete, "stack", (each, dim))


def _triangular(v: Any) -> Any:
    return T.all(T.reshape(T.tril(v) == v, (*v.shape[:-2], -1)), -1)


def _lower(v: Any) -> Any:
    return _triangular(v) & T.all(T.diagonal(v, 0, -2, -1) > 0, -1)


def limits(x: Any) -> Any:
    """NumPy's finfo of a tensor's dtype. Errors: ArgumentError for one of integers, AttributeError_ for no tensor."""
    import numpy as np

    if not hasattr(x, "dtype"):
        raise AttributeError_(f"'{type(x).__name__}' object has no attribute 'dtype'")
    if x.dtype.np.kind != "f":
        raise ArgumentError(
            "torch.finfo() requires a floating point input type. Use torch.iinfo to handle 'torch.finfo'"
        )
    return np.finfo(x.dtype.np)


def _correlation(v: Any) -> Any:
    """A lower triangle with positive diagonal whose rows have length 1."""
    nearly = float(limits(v).eps) * v.shape[-1] * 10
    return _lower(v) & T.all(T.abs(T.linalg_norm(T.detach(v), dim=-1) - 1.0) <= nearly, -1)


def _square(v: Any) -> Any:
    return T.full(v.shape[:-2], v.shape[-2] == v.shape[-1])


def _symmetric(v: Any) -> Any:
    if v.shape[-2] != v.shape[-1]:
        return _square(v)
    return T.all(T.all(T.isclose(v, T.matrix_transpose(v), 1e-5, 1e-6), -2), -1)


def _definite(v: Any) -> Any:
    if v.shape[-2] != v.shape[-1]:
        return _square(v)
    return _symmetric(v) & (T.linalg_cholesky_ex(v)[1] == 0)


def _semidefinite(v: Any) -> Any:
    if v.shape[-2] != v.shape[-1]:
        return _square(v)
    return _symmetric(v) & T.all(T.linalg_eigvalsh(v) >= 0, -1)


def _simplex(v: Any) -> Any:
    return T.all(v >= 0, -1) & (T.abs(T.sum(v, -1) - 1) < 1e-6)


REAL = Constraint("Real()", lambda v: v == v, kind="real")
REAL_VECTOR = independent(REAL, 1)
POSITIVE = greater_than(0.0)
NONNEGATIVE = at_least(0.0)
UNIT = interval(0.0, 1.0)
SIMPLEX = Constraint("Simplex()", _simplex, 1, kind="simplex")
BOOLEAN = Constraint("Boolean()", lambda v: (v == 0) | (v == 1), discrete=True)
ONE_HOT = Constraint("OneHot()", lambda v: T.all((v == 0) | (v == 1), -1) & (T.sum(v, -1) == 1), 1, discrete=True)
COUNTS = whole_from(0)
LOWER_CHOLESKY = Constraint("LowerCholesky()", _lower, 2, kind="lower")
CORR_CHOLESKY = Constraint("CorrCholesky()", _correlation, 2, kind="correlation")
POSITIVE_DEFINITE = Constraint("PositiveDefinite()", _definite, 2, kind="definite")
DEPENDENT = Constraint("Dependent()", lambda v: _undetermined())


def _undetermined() -> Any:
    raise ValueError_("Cannot determine validity of dependent constraint")


# the names that programs have for those that take nothing, behind `constraints.`
NAMED = {
    "boolean": BOOLEAN,
    "corr_cholesky": CORR_CHOLESKY,
    "dependent": DEPENDENT,
    "lower_cholesky": LOWER_CHOLESKY,
    "lower_triangular": Constraint("LowerTriangular()", _triangular, 2),
    "nonnegative": NONNEGATIVE,
    "nonnegative_integer": COUNTS,
    "one_hot": ONE_HOT,
    "positive": POSITIVE,
    "positive_definite": POSITIVE_DEFINITE,
    "positive_integer": whole_from(1),
    "positive_semidefinite": Constraint("PositiveSemidefinite()", _semidefinite, 2, kind="definite"),
    "real": REAL,
    "real_vector": REAL_VECTOR,
    "simplex": SIMPLEX,
    "square": Constraint("Square()", _square, 2),
    "symmetric": Constraint("Symmetric()", _symmetric, 2),
    "unit_interval": UNIT,
}


def __getattr__(name: str) -> Constraint:
    try:
        return NAMED[name]
    except KeyError:
        raise AttributeError(name) from None


def _offered(signature: str, make: Callable[..., Constraint], example: str, summary: str) -> None:
    def constraint(*given: Any) -> Constraint:
        return make(*given)

    constraint.__doc__ = summary
    function(f"constraints.{signature}", method=False, differentiable=False, example=example)(constraint)


_offered(
    "greater_than(lower_bound)", greater_than, "constraints.greater_than(0).check(tensor([0., 1.]))", "Above a number."
)
_offered(
    "greater_than_eq(lower_bound)",
    at_least,
    "constraints.greater_than_eq(0).check(tensor([0., 1.]))",
    "A number or above.",
)
_offered("less_than(upper_bound)", less_than, "constraints.less_than(1).check(tensor([0., 1.]))", "Below a number.")
_offered(
    "interval(lower_bound, upper_bound)",
    interval,
    "constraints.interval(0, 1).check(tensor([0., 2.]))",
    "Two numbers or between.",
)
_offered(
    "half_open_interval(lower_bound, upper_bound)",
    half_open_interval,
    "constraints.half_open_interval(0, 1).check(tensor([0., 1.]))",
    "The first of two numbers or between.",
)
_offered(
    "integer_interval(lower_bound, upper_bound)",
    whole_between,
    "constraints.integer_interval(0, 3).check(tensor([0.5, 1.]))",
    "Whole, and two numbers or between.",
)
_offered(
    "multinomial(upper_bound)",
    counts_up_to,
    "constraints.multinomial(3).check(tensor([1., 1.]))",
    "Counts of so many in all.",
)
_offered(
    "cat(cseq, dim=0, lengths=None)",
    side_by_side,
    "constraints.cat([constraints.positive, constraints.real], lengths=[1, 2]).check(tensor([1., -1., 0.]))",
    "One constraint after the other along a dim.",
)
_offered(
    "stack(cseq, dim=0)",
    stacked,
    "constraints.stack([constraints.positive, constraints.real]).check(tensor([1., -1.]))",
    "A constraint for each row along a dim.",
)
_offered(
    "independent(base_constraint, reinterpreted_batch_ndims)",
    independent,
    "constraints.independent(constraints.positive, 1).check(ones(2))",
    "A constraint on all numbers of the last dims together.",
)


@function(
    "constraints.is_dependent(constraint)",
    method=False,
    differentiable=False,
    example="constraints.is_dependent(constraints.real)",
)
def is_dependent(constraint: Any) -> bool:
    """Whether a constraint cannot be told without the distribution that has it."""
    return constraint is DEPENDENT


def is_number(value: Any) -> bool:
    return isinstance(value, (int, float)) and not isinstance(value, Tensor)
