"""The parts of numbers: mantissa and exponent, and what of a complex number a real one has: part, angle, conjugate."""

from __future__ import annotations

import math
from typing import Any

import numpy as np

from gradsh.engine.core.arguments import need_tensor
from gradsh.engine.core.named import Named, named
from gradsh.engine.core.tensor import Tensor
from gradsh.engine.operators.composite import composite
from gradsh.engine.operators.elementwise import unary
from gradsh.engine.operators.general import op, run
from gradsh.engine.operators.registry import alias
from gradsh.engine.operators.samples import call, t, unary_samples
from gradsh.engine.ops.elementwise.masks import zeros
from gradsh.errors import AutogradError, DtypeError

# --- mantissa, exponent ----------------------------------------------------------------------------------------------


@op(
    "frexp_of(input)",
    grad_fn="FrexpBackward0",
    outputs=2,
    private=True,
    layout="operands",
    samples=lambda: [call(t(2, 3, away=0.1)), call(t(away=0.1))],
    formula="g / 2**exponent",
)
def frexp_of(x: Any) -> Any:
    """Mantissas from 0.5 to 1 and exponents of 2."""
    mantissa, exponent = np.frexp(x)
    if exponent.ndim:
        exponent[~np.isfinite(x)] = 0  # what is no finite number has no exponent
        return mantissa, exponent
    return mantissa, exponent if np.isfinite(x) else np.int32(0)


@frexp_of.vjp("input", saves="out")
def _(F: Any, g: Any, out: Any, x: Any) -> Any:
    return None if g[0] is None else g[0] / F.exp2(out[1])


@composite(
    "frexp(input)",
    samples=lambda: [call(t(2, 3, away=0.1)), call(t(away=0.1)), call(t(3, 2, away=0.1, strided=True))],
    formula="g / 2**exponent",
    kinks="the same where the exponent jumps",
    example="frexp(tensor([1., 6., -0.3]))",
)
def frexp(input: Any) -> Named:
    """Mantissa and exponent: `input == mantissa * 2**exponent`, the mantissa from 0.5 to 1 or 0."""
    need_tensor("frexp", "input", 1, input)
    if input.data.dtype.kind != "f":
        raise DtypeError("torch.frexp() only supports floating-point dtypes")
    mantissa, exponent = run(frexp_of, [input], None)
    return named("frexp", mantissa=mantissa, exponent=exponent)


# --- of complex numbers, which real ones are -------------------------------------------------------------------------


@unary(
    "angle(input)",
    grad_fn="AngleBackward0",
    samples=lambda: unary_samples(away=0.1),
    formula="0",
    kinks="0 at 0 too",
    example="angle(tensor([2., -2.]))",
)
def angle(x: Any) -> Any:
    """The angle to the positive half of the real line: 0 for positive numbers, pi for negative ones."""
    return np.where(np.isnan(x), x, np.where(x < 0, x.dtype.type(math.pi), x.dtype.type(0)))[()]


angle.vjp(saves="input")(lambda F, g, out, x: zeros(F, g))


def _itself(name: str, words: str, method: bool = True) -> None:
    def of(input: Any) -> Tensor:
        need_tensor(name, "input", 1, input)
        return input  # type: ignore[no-any-return]  # a Tensor

    of.__doc__ = words
    composite(
        f"{name}(input)",
        method=method,
        samples=lambda: [call(t(2))],
        formula="g",
        example=f"{name}(tensor([1., -2.]))",
    )(of)


_itself("conj", "The complex conjugate; a real number is its own, so this is the tensor itself.")
_itself("conj_physical", "The complex conjugate; a real number is its own, so this is the tensor itself.")
_itself("resolve_conj", "The tensor itself: nothing waits to be conjugated.")
_itself("resolve_neg", "The tensor itself: nothing waits to be negated.")
_itself("real", "The real part: the tensor itself, since there are no complex ones.", method=False)


@composite("imag(input)", method=False, differentiable=False)
def imag(input: Any) -> Tensor:
    """The imaginary part, which tensors here have not: PyTorch's error of real tensors."""
    need_tensor("imag", "input", 1, input)
    raise AutogradError("imag is not implemented for tensors with non-complex dtypes.")


@composite("is_conj(input)", differentiable=False, example="is_conj(ones(2))")
def is_conj(input: Any) -> bool:
    """Whether its numbers wait to be conjugated: never, here."""
    need_tensor("is_conj", "input", 1, input)
    return False


alias("is_neg", is_conj)
