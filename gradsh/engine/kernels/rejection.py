"""Draws of which each takes as many random numbers as it needs: gamma, Dirichlet, Poisson and binomial numbers.

They come one by one, in the order in which elements are counted, with the words of the stream and the roundings of
PyTorch's sequential kernels. Sources: Marsaglia and Tsang, A simple method for generating gamma variables (2000);
Hoermann, The transformed rejection method for generating Poisson random variables (1993), and The generation of
binomial random variates (1993).
"""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import TYPE_CHECKING, Any

import numpy as np

from gradsh.engine.core import alloc
from gradsh.engine.core.dtypes import OF
from gradsh.engine.kernels.random import FLOAT16, FLOAT32, FLOAT64, Unsupported
from gradsh.errors import ValueProblem

if TYPE_CHECKING:
    from gradsh.engine.kernels.random import Array, Generator, NpDtype

Draw = Callable[[], float]
Round = Callable[[float], float]

LOW_53 = 2**53 - 1
LEAST = -(2**63)
# what PyTorch writes as float32 constants, which a double is compared with
THIRD = float(np.float32(1) / np.float32(3))
SQUEEZE = float(np.float32(0.0331))
SMALLEST = {FLOAT32: float(np.finfo(np.float32).tiny), FLOAT64: float(np.finfo(np.float64).tiny)}


def int64(x: float) -> int:
    """C's cast of the floor: what has no room, as of `poisson(tensor([inf]))`, is the least of all."""
    whole = math.floor(x) if math.isfinite(x) else LEAST
    return whole if LEAST <= whole < -LEAST else LEAST


def floor(x: float) -> float:
    """C's: Python's makes an int of it, which nan and infinity, as of `binomial(tensor([inf]), …)`, are not."""
    return float(math.floor(x)) if math.isfinite(x) else x


def _uniform(gen: Generator) -> Draw:
    """Doubles in [0, 1), two words each with the high one first."""
    word = gen.engine.getrandbits

    def draw() -> float:
        high = word(32)
        return (high << 32 & LOW_53 | word(32)) * 2.0**-53

    return draw


def _normal(gen: Generator, uniform: Draw) -> Draw:
    """Standard normal doubles in pairs, of which the second is kept for whoever next draws one."""

    def draw() -> float:
        if gen.kept is not None:
            value, gen.kept = gen.kept, None
            return value
        u1, u2 = uniform(), uniform()
        radius, angle = math.sqrt(-2.0 * math.log1p(-u2)), 2.0 * math.pi * u1
        gen.kept = radius * math.sin(angle)
        return radius * math.cos(angle)

    return draw


def _rounded(dtype: NpDtype) -> Round:
    """To the numbers that the dtype has."""
    return float if dtype == FLOAT64 else lambda value: float(np.float32(value))


def takes(dtype: NpDtype, kernel: str, half: bool = False) -> None:
    """Raise Unsupported for a dtype that PyTorch's kernel of that name has not."""
    if dtype.kind != "f" or (dtype == FLOAT16 and not half):
        raise Unsupported(f"\"{kernel}\" not implemented for '{OF[dtype].title}'")


def _each(values: Array, one: Callable[[float], float], dtype: NpDtype) -> Array:
    flat = alloc.asarray(values).reshape(-1).tolist()
    return alloc.array([one(value) for value in flat], FLOAT64).astype(dtype).reshape(values.shape)


# --- gamma, Dirichlet ------------------------------------------------------------------------------------------------


def _gamma(uniform: Draw, normal: Draw, cut: Round) -> Callable[[float], float]:
    """What draws a gamma number of scale 1; `cut` rounds to the dtype of the shape parameter."""

    def draw(alpha: float) -> float:
        scale = 1.0
        if alpha < 1:
            if alpha == 0:
                return 0.0
            scale = (1 - uniform()) ** cut(1 / alpha)
            alpha = cut(alpha + 1)
        d = cut(alpha - THIRD)
        # of a negative or nan shape nothing is ever accepted in PyTorch's loop; here nan comes out
        if not d > 0:
            return math.nan
        c = 1 / math.sqrt(9 * d)
        while True:
            y = -1.0
            while y <= 0:
                x = normal()
                y = 1 + c * x
            v = y * y * y
            u = 1 - uniform()
            xx = x * x
            if u < 1 - SQUEEZE * xx * xx or math.log(u) < 0.5 * xx + d * (1 - v + math.log(v)):
                return scale * d * v

    return draw


def standard_gamma(gen: Generator, alpha: Array) -> Array:
    """Gamma numbers of scale 1 with these shapes, in their dtype; float32 or float64."""
    takes(alpha.dtype, "gamma_cpu")
    uniform, least = _uniform(gen), SMALLEST[alpha.dtype]
    draw = _gamma(uniform, _normal(gen, uniform), _rounded(alpha.dtype))
    drawn: Array = np.maximum(_each(alpha, draw, alpha.dtype), alpha.dtype.type(least))
    return drawn


def dirichlet(gen: Generator, alpha: Array) -> Array:
    """Along the last dim positive numbers whose sum is 1, with these concentrations; float32 or float64."""
    takes(alpha.dtype, "dirichlet")
    uniform = _uniform(gen)
    draw = _gamma(uniform, _normal(gen, uniform), float)
    gamma = np.maximum(_each(alpha.astype(FLOAT64), draw, FLOAT64), SMALLEST[FLOAT64])
    shares = (gamma / gamma.sum(-1, keepdims=True)).astype(alpha.dtype)
    one, zero = alpha.dtype.type(1), alpha.dtype.type(0)
    inside: Array = np.clip(shares, alpha.dtype.type(SMALLEST[alpha.dtype]), np.nextafter(one, zero))
    return inside


# --- Poisson ---------------------------------------------------------------------------------------------------------


def poisson(gen: Generator, rate: Array) -> Array:
    """Poisson numbers with these rates, in their dtype. Errors: ValueProblem for a negative rate."""
    takes(rate.dtype, "poisson_cpu", half=True)
    uniform = _uniform(gen)

    def draw(rate: float) -> float:
        if not rate >= 0:
            raise ValueProblem("invalid Poisson rate, expected rate to be non-negative")
        if rate == math.inf:
            return math.inf
        if rate >= 10:
            return _by_transformed_rejection(rate, uniform)
        if rate == 0:
            return 0
        least, product, count = math.exp(-rate), uniform(), 0
        while product > least:
            count += 1
            product *= uniform()
        return count

    return _each(rate, draw, rate.dtype)


def _by_transformed_rejection(rate: float, uniform: Draw) -> int:
    root, log_rate = math.sqrt(rate), math.log(rate)
    b = 0.931 + 2.53 * root
    a = -0.059 + 0.02483 * b
    inverse_alpha = 1.1239 + 1.1328 / (b - 3.4)
    tight = 0.9277 - 3.6224 / (b - 2)
    while True:
        u = uniform() - 0.5
        v = uniform()
        us = 0.5 - abs(u)
        if us == 0:
            continue
        k = int64((2 * a / us + b) * u + rate + 0.43)
        if us >= 0.07 and v <= tight:
            return k
        if k < 0 or (us < 0.013 and v > us) or v == 0:
            continue
        odds = math.log(v) + math.log(inverse_alpha) - math.log(a / (us * us) + b)
        if odds <= -rate + k * log_rate - math.lgamma(k + 1.0):
            return k


# --- binomial --------------------------------------------------------------------------------------------------------

# what Stirling's formula for log(k!) lacks, k from 0 to 9
TAILS = (
    0.0810614667953272, 0.0413406959554092, 0.0276779256849983, 0.02079067210376509, 0.0166446911898211,
    0.0138761288230707, 0.0118967099458917, 0.0104112652619720, 0.00925546218271273, 0.00833056343336287,
)  # fmt: skip


def _tail(k: float) -> float:
    if k < len(TAILS):
        return TAILS[int(k)]
    square = (k + 1) * (k + 1)
    return (1.0 / 12 - (1.0 / 360 - 1.0 / 1260 / square) / square) / (k + 1)


def binomial(gen: Generator, count: Array, prob: Array) -> Array:
    """How many of `count` trials succeed, each with probability `prob`; shapes alike, float32 or float64."""
    takes(count.dtype, "binomial_cpu")
    uniform, cut = _uniform(gen), _rounded(count.dtype)

    def of_rare(n: float, p: float) -> float:
        return (_rejected if cut(n * p) >= 10 else _inverted)(n, p, uniform, cut)

    def draw(n: float, p: float) -> float:
        if n <= 0 or p <= 0:
            return 0.0
        if p >= 1:
            return n
        if p <= 0.5:
            return of_rare(n, p)
        return n - of_rare(n, cut(1 - p)) if p > 0.5 else math.nan

    pairs = zip(count.reshape(-1).tolist(), prob.reshape(-1).tolist(), strict=True)
    return alloc.array([draw(n, p) for n, p in pairs], FLOAT64).astype(count.dtype).reshape(count.shape)


def _inverted(n: float, p: float, uniform: Draw, cut: Round) -> float:
    """Trials up to each success, added up until there are more than `n`."""
    log_miss, trials, found = cut(math.log1p(-p)), 0.0, 0
    while True:
        u = uniform()
        trials += math.ceil(math.log(u) / log_miss) if u else math.inf
        if not trials <= n:
            return found
        found += 1


def _rejected(n: float, p: float, uniform: Draw, cut: Round) -> float:
    """Hoermann's BTRS."""
    mean = cut(n * p)
    deviation = cut(math.sqrt(cut(mean * cut(1 - p))))
    b = 1.15 + 2.53 * deviation
    a = -0.0873 + 0.0248 * b + 0.01 * p
    c = mean + 0.5
    tight = 0.92 - 4.2 / b
    ratio = cut(p / cut(1 - p))
    alpha = (2.83 + 5.1 / b) * deviation
    m = floor(cut(cut(n + 1) * p))
    while True:
        u = uniform() - 0.5
        v = uniform()
        us = 0.5 - abs(u)
        if us == 0:
            continue
        k = cut(floor((2 * a / us + b) * u + c))
        if k < 0 or k > n:
            continue
        if us >= 0.07 and v <= tight:
            return k
        if v == 0:
            return k
        v = math.log(v * alpha / (a / (us * us) + b))
        bound = (
            (m + 0.5) * math.log((m + 1) / (ratio * (n - m + 1)))
            + cut(n + 1) * math.log((n - m + 1) / cut(cut(n - k) + 1))
            + (k + 0.5) * math.log(ratio * cut(cut(n - k) + 1) / cut(k + 1))
            + (_tail(m) + _tail(n - m) - _tail(k) - _tail(cut(n - k)))
        )
        if v <= bound:
            return k


# --- a call's arguments ----------------------------------------------------------------------------------------------


def paired(count: Array, prob: Array) -> tuple[Any, Any]:
    """Both in one shape."""
    full = np.broadcast_shapes(count.shape, prob.shape)
    return np.broadcast_to(count, full), np.broadcast_to(prob, full)
