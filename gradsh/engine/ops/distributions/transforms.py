"""Maps with an inverse and the logarithm of their slope; torch.distributions.transforms."""

from __future__ import annotations

import math
from functools import reduce
from typing import Any, ClassVar

from gradsh.engine.core.dtypes import Size
from gradsh.engine.core.namespaces import T
from gradsh.engine.core.tensor import Tensor
from gradsh.engine.ops.distributions.base import at_the_program, broadcast, is_number, registered, summed
from gradsh.engine.ops.distributions.constraints import (
    POSITIVE,
    REAL,
    UNIT,
    Constraint,
    independent,
    interval,
    limits,
)
from gradsh.errors import ShapeError, ValueError_, ValueProblem

__acts_for_programs__ = True  # it runs the maps that a program hands it

PUBLIC = (
    "bijective", "codomain", "domain", "event_dim", "forward_shape", "inv", "inverse_shape", "log_abs_det_jacobian",
    "sign", "with_cache",
)  # fmt: skip
EXTENT = "Too few dimensions on input"


class Transform:
    """A map; `inv` is its inverse, `log_abs_det_jacobian(x, y)` the logarithm of how much it stretches there."""

    __public__ = frozenset(PUBLIC)
    __fields__: frozenset[str] = frozenset()
    bijective: Any = False
    sign: Any = 1
    domain: Any = REAL
    codomain: Any = REAL
    opened: ClassVar[tuple[str, ...]] = ()

    def __init_subclass__(cls) -> None:
        cls.__public__ = frozenset((*PUBLIC, *cls.opened))
        for name in () if hasattr(cls, "written") else ("forth", "back", "log_abs_det_jacobian"):
            own = cls.__dict__.get(name)
            if own is not None:
                setattr(cls, name, at_the_program(own))

    def __init__(self, cache_size: Any = 0) -> None:
        if cache_size not in (0, 1):
            raise ValueError_("cache_size must be 0 or 1")
        self.cache_size = cache_size
        self.last: tuple[Any, Any] = (None, None)
        self.inverse: Transform | None = None

    def __repr__(self) -> str:
        return f"{type(self).__name__}()"

    def __eq__(self, other: object) -> bool:
        return self is other or (not self.opened and type(self) is type(other))

    __hash__ = object.__hash__

    @property
    def event_dim(self) -> int:
        if self.domain.event_dim == self.codomain.event_dim:
            return int(self.domain.event_dim)
        raise ValueError_("Please use either .domain.event_dim or .codomain.event_dim")

    @property
    def inv(self) -> Transform:
        if self.inverse is None:
            self.inverse = Inverse(self)
        return self.inverse

    def with_cache(self, cache_size: int = 1) -> Transform:
        """The same map, which remembers its last value where `cache_size` is 1."""
        new = object.__new__(type(self))
        new.__dict__.update(self.__dict__, cache_size=cache_size, last=(None, None), inverse=None)
        return self if self.cache_size == cache_size else new

    def __call__(self, x: Any) -> Any:
        if self.cache_size and x is self.last[0]:
            return self.last[1]
        y = self.forth(x)
        if self.cache_size:
            self.last = (x, y)
        return y

    def undo(self, y: Any) -> Any:
        """What the inverse gives."""
        if self.cache_size and y is self.last[1]:
            return self.last[0]
        x = self.back(y)
        if self.cache_size:
            self.last = (x, y)
        return x

    def forth(self, x: Any) -> Any:
        raise ValueProblem(f"{type(self).__name__} maps nothing", kind="NotImplementedError")

    def back(self, y: Any) -> Any:
        raise ValueProblem(f"{type(self).__name__} has no inverse", kind="NotImplementedError")

    def log_abs_det_jacobian(self, x: Any, y: Any) -> Any:
        raise ValueProblem(f"{type(self).__name__} has no log_abs_det_jacobian", kind="NotImplementedError")

    def forward_shape(self, shape: Any) -> Any:
        return shape

    def inverse_shape(self, shape: Any) -> Any:
        return shape


registered("Transform(cache_size=0)", "isinstance(ExpTransform(), Transform)")(Transform)


class Inverse(Transform):
    """The inverse of a map."""

    def __init__(self, of: Transform) -> None:
        super().__init__()
        self.of = of

    def __repr__(self) -> str:
        return f"_InverseTransform({self.of!r})"

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Inverse) and self.of == other.of

    __hash__ = object.__hash__

    @property
    def domain(self) -> Any:
        return self.of.codomain

    @property
    def codomain(self) -> Any:
        return self.of.domain

    @property
    def bijective(self) -> Any:
        return self.of.bijective

    @property
    def sign(self) -> Any:
        return self.of.sign

    @property
    def inv(self) -> Transform:
        return self.of

    def with_cache(self, cache_size: int = 1) -> Transform:
        return self.of.with_cache(cache_size).inv

    def __call__(self, x: Any) -> Any:
        return self.of.undo(x)

    def undo(self, y: Any) -> Any:
        return self.of(y)

    def log_abs_det_jacobian(self, x: Any, y: Any) -> Any:
        return -self.of.log_abs_det_jacobian(y, x)

    def forward_shape(self, shape: Any) -> Any:
        return self.of.inverse_shape(shape)

    def inverse_shape(self, shape: Any) -> Any:
        return self.of.forward_shape(shape)


def _with_event(constraint: Constraint, dims: int) -> Constraint:
    return independent(constraint, dims - constraint.event_dim) if dims > constraint.event_dim else constraint


@registered(
    "ComposeTransform(parts, cache_size=0)", "ComposeTransform([ExpTransform(), AffineTransform(1., 2.)])(tensor(0.))"
)
class ComposeTransform(Transform):
    """One map after the other."""

    opened = ("parts",)

    def __init__(self, parts: Any, cache_size: Any = 0) -> None:
        super().__init__(cache_size)
        self.parts = [part.with_cache(cache_size) for part in parts] if cache_size else list(parts)

    def __eq__(self, other: object) -> bool:
        return isinstance(other, ComposeTransform) and self.parts == other.parts

    __hash__ = object.__hash__

    def __repr__(self) -> str:
        return "ComposeTransform(\n    " + ",\n    ".join(map(repr, self.parts)) + "\n)"

    @property
    def domain(self) -> Any:
        if not self.parts:
            return REAL
        dims = self.parts[-1].codomain.event_dim
        for part in reversed(self.parts):
            dims = max(dims + part.domain.event_dim - part.codomain.event_dim, part.domain.event_dim)
        return _with_event(self.parts[0].domain, dims)

    @property
    def codomain(self) -> Any:
        if not self.parts:
            return REAL
        dims = self.parts[0].domain.event_dim
        for part in self.parts:
            dims = max(dims + part.codomain.event_dim - part.domain.event_dim, part.codomain.event_dim)
        return _with_event(self.parts[-1].codomain, dims)

    @property
    def bijective(self) -> Any:
        return all(part.bijective for part in self.parts)

    @property
    def sign(self) -> Any:
        return reduce(lambda sign, part: sign * part.sign, self.parts, 1)

    @property
    def inv(self) -> Transform:
        if self.inverse is None:
            self.inverse = ComposeTransform([part.inv for part in reversed(self.parts)])
            self.inverse.inverse = self
        return self.inverse

    def with_cache(self, cache_size: int = 1) -> Transform:
        return self if self.cache_size == cache_size else ComposeTransform(self.parts, cache_size)

    def __call__(self, x: Any) -> Any:
        for part in self.parts:
            x = part(x)
        return x

    def undo(self, y: Any) -> Any:
        return self.inv(y)

    def log_abs_det_jacobian(self, x: Any, y: Any) -> Any:
        if not self.parts:
            return T.zeros_like(x)
        values = [x]
        for part in self.parts[:-1]:
            values.append(part(values[-1]))
        values.append(y)
        terms, dims = [], self.domain.event_dim
        for part, before, after in zip(self.parts, values[:-1], values[1:], strict=True):
            terms.append(summed(part.log_abs_det_jacobian(before, after), dims - part.domain.event_dim))
            dims += part.codomain.event_dim - part.domain.event_dim
        return reduce(lambda a, b: a + b, terms)

    def forward_shape(self, shape: Any) -> Any:
        return reduce(lambda found, part: part.forward_shape(found), self.parts, shape)

    def inverse_shape(self, shape: Any) -> Any:
        return reduce(lambda found, part: part.inverse_shape(found), reversed(self.parts), shape)


identity_transform = ComposeTransform([])


@registered(
    "IndependentTransform(base_transform, reinterpreted_batch_ndims, cache_size=0)",
    "IndependentTransform(ExpTransform(), 1).log_abs_det_jacobian(ones(2), exp(ones(2)))",
)
class IndependentTransform(Transform):
    """A map of numbers taken as one of all numbers of the last dims."""

    opened = ("base_transform", "reinterpreted_batch_ndims")

    def __init__(self, base: Any, dims: Any, cache_size: Any = 0) -> None:
        super().__init__(cache_size)
        self.base_transform, self.reinterpreted_batch_ndims = base.with_cache(cache_size), dims

    def __repr__(self) -> str:
        return f"IndependentTransform({self.base_transform!r}, {self.reinterpreted_batch_ndims})"

    @property
    def domain(self) -> Any:
        return independent(self.base_transform.domain, self.reinterpreted_batch_ndims)

    @property
    def codomain(self) -> Any:
        return independent(self.base_transform.codomain, self.reinterpreted_batch_ndims)

    @property
    def bijective(self) -> Any:
        return self.base_transform.bijective

    @property
    def sign(self) -> Any:
        return self.base_transform.sign

    def forth(self, x: Any) -> Any:
        if x.ndim < self.domain.event_dim:
            raise ValueError_(EXTENT)
        return self.base_transform(x)

    def back(self, y: Any) -> Any:
        if y.ndim < self.codomain.event_dim:
            raise ValueError_(EXTENT)
        return self.base_transform.inv(y)

    def log_abs_det_jacobian(self, x: Any, y: Any) -> Any:
        return summed(self.base_transform.log_abs_det_jacobian(x, y), self.reinterpreted_batch_ndims)

    def forward_shape(self, shape: Any) -> Any:
        return self.base_transform.forward_shape(shape)

    def inverse_shape(self, shape: Any) -> Any:
        return self.base_transform.inverse_shape(shape)


@registered("ReshapeTransform(in_shape, out_shape, cache_size=0)", "ReshapeTransform((4,), (2, 2))(arange(4.))")
class ReshapeTransform(Transform):
    """Another shape of the last dims."""

    opened = ("in_shape", "out_shape")
    bijective = True

    def __init__(self, in_shape: Any, out_shape: Any, cache_size: Any = 0) -> None:
        self.in_shape, self.out_shape = Size(in_shape), Size(out_shape)
        if self.in_shape.numel() != self.out_shape.numel():
            raise ValueError_("in_shape, out_shape have different numbers of elements")
        super().__init__(cache_size)

    @property
    def domain(self) -> Any:
        return independent(REAL, len(self.in_shape))

    @property
    def codomain(self) -> Any:
        return independent(REAL, len(self.out_shape))

    def forth(self, x: Any) -> Any:
        return T.reshape(x, (*x.shape[: x.ndim - len(self.in_shape)], *self.out_shape))

    def back(self, y: Any) -> Any:
        return T.reshape(y, (*y.shape[: y.ndim - len(self.out_shape)], *self.in_shape))

    def log_abs_det_jacobian(self, x: Any, y: Any) -> Any:
        return T.zeros(x.shape[: x.ndim - len(self.in_shape)], dtype=x.dtype)

    def forward_shape(self, shape: Any) -> Any:
        return _replaced(shape, self.in_shape, self.out_shape)

    def inverse_shape(self, shape: Any) -> Any:
        return _replaced(shape, self.out_shape, self.in_shape)


def _replaced(shape: Any, old: Size, new: Size) -> Size:
    """The shape with its last dims replaced. Errors: ShapeError where they are others."""
    given = Size(shape)
    cut = len(given) - len(old)
    if cut < 0:
        raise ValueError_(EXTENT)
    if given[cut:] != old:
        raise ShapeError(f"Shape mismatch: expected {given[cut:].words} but got {old.words}", kind="ValueError")
    return given[:cut] + new


# --- number by number -------------------------------------------------------------------------------------------------


@registered("ExpTransform(cache_size=0)", "ExpTransform()(tensor(1.))")
class ExpTransform(Transform):
    """exp(x)."""

    codomain, bijective = POSITIVE, True

    def forth(self, x: Any) -> Any:
        return T.exp(x)

    def back(self, y: Any) -> Any:
        return T.log(y)

    def log_abs_det_jacobian(self, x: Any, y: Any) -> Any:
        return x


@registered("PowerTransform(exponent, cache_size=0)", "PowerTransform(tensor(2.))(tensor(3.))")
class PowerTransform(Transform):
    """x ** exponent."""

    domain, codomain, bijective = POSITIVE, POSITIVE, True
    opened = ("exponent",)

    def __init__(self, exponent: Any, cache_size: Any = 0) -> None:
        super().__init__(cache_size)
        (self.exponent,), _ = broadcast(exponent)

    def __eq__(self, other: object) -> bool:
        return isinstance(other, PowerTransform) and bool(T.all(self.exponent == other.exponent).data)

    __hash__ = object.__hash__

    @property
    def sign(self) -> Any:
        return T.sign(self.exponent)

    def forth(self, x: Any) -> Any:
        return T.pow(x, self.exponent)

    def back(self, y: Any) -> Any:
        return T.pow(y, 1 / self.exponent)

    def log_abs_det_jacobian(self, x: Any, y: Any) -> Any:
        return T.log(T.abs(self.exponent * y / x))

    def forward_shape(self, shape: Any) -> Any:
        return Size(T.broadcast_shapes(tuple(shape), tuple(self.exponent.shape)))

    inverse_shape = forward_shape


def clipped(probs: Any) -> Any:
    """Between the dtype's smallest normal number and 1 - eps."""
    found = limits(probs)
    return T.clamp(probs, float(found.tiny), 1.0 - float(found.eps))


@registered("SigmoidTransform(cache_size=0)", "SigmoidTransform()(tensor(1.))")
class SigmoidTransform(Transform):
    """sigmoid(x), a little inside of 0 and 1."""

    codomain, bijective = UNIT, True

    def forth(self, x: Any) -> Any:
        return clipped(T.sigmoid(x))

    def back(self, y: Any) -> Any:
        y = clipped(y)
        return T.log(y) - T.log1p(-y)

    def log_abs_det_jacobian(self, x: Any, y: Any) -> Any:
        return -T.softplus(-x) - T.softplus(x)


@registered("SoftplusTransform(cache_size=0)", "SoftplusTransform()(tensor(1.))")
class SoftplusTransform(Transform):
    """log(1 + exp(x))."""

    codomain, bijective = POSITIVE, True

    def forth(self, x: Any) -> Any:
        return T.softplus(x)

    def back(self, y: Any) -> Any:
        return T.log(-T.expm1(-y)) + y

    def log_abs_det_jacobian(self, x: Any, y: Any) -> Any:
        return -T.softplus(-x)


@registered("TanhTransform(cache_size=0)", "TanhTransform()(tensor(1.))")
class TanhTransform(Transform):
    """tanh(x)."""

    codomain, bijective = interval(-1.0, 1.0), True

    def forth(self, x: Any) -> Any:
        return T.tanh(x)

    def back(self, y: Any) -> Any:
        return T.atanh(y)

    def log_abs_det_jacobian(self, x: Any, y: Any) -> Any:
        return 2.0 * (math.log(2.0) - x - T.softplus(-2.0 * x))


@registered("AbsTransform(cache_size=0)", "AbsTransform()(tensor(-1.))")
class AbsTransform(Transform):
    """abs(x)."""

    codomain = POSITIVE

    def forth(self, x: Any) -> Any:
        return T.abs(x)

    def back(self, y: Any) -> Any:
        return y


@registered("AffineTransform(loc, scale, event_dim=0, cache_size=0)", "AffineTransform(1., 2.)(tensor(3.))")
class AffineTransform(Transform):
    """loc + scale * x."""

    opened = ("loc", "scale")
    bijective = True

    def __init__(self, loc: Any, scale: Any, event_dim: Any = 0, cache_size: Any = 0) -> None:
        super().__init__(cache_size)
        self.loc, self.scale, self.dims = loc, scale, event_dim

    def __eq__(self, other: object) -> bool:
        if not isinstance(other, AffineTransform):
            return False
        pairs = ((self.loc, other.loc), (self.scale, other.scale))
        return all(a == b if is_number(a) and is_number(b) else bool(T.all(a == b).data) for a, b in pairs)

    __hash__ = object.__hash__

    @property
    def event_dim(self) -> int:
        return self.dims  # type: ignore[no-any-return]  # an int

    @property
    def domain(self) -> Any:
        return independent(REAL, self.dims)

    @property
    def codomain(self) -> Any:
        return independent(REAL, self.dims)

    @property
    def sign(self) -> Any:
        return (self.scale > 0) - (self.scale < 0) if is_number(self.scale) else T.sign(self.scale)

    def forth(self, x: Any) -> Any:
        return self.loc + self.scale * x

    def back(self, y: Any) -> Any:
        return (y - self.loc) / self.scale

    def log_abs_det_jacobian(self, x: Any, y: Any) -> Any:
        shape, scale = tuple(x.shape), self.scale
        result = T.full_like(x, math.log(abs(scale))) if is_number(scale) else T.log(T.abs(scale))
        if self.dims:
            result = summed(result, self.dims)
            shape = shape[: -self.dims]
        return T.expand(result, shape)

    def forward_shape(self, shape: Any) -> Any:
        others = [tuple(value.shape) for value in (self.loc, self.scale) if isinstance(value, Tensor)]
        return Size(T.broadcast_shapes(tuple(shape), (), *others))

    inverse_shape = forward_shape
