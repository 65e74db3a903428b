"""Derivatives of random numbers in the parameters of their distributions: -(d cdf / d parameter) / density.

Of gamma and of beta numbers, by the approximations that PyTorch uses, so that the gradients are its own: a Taylor
series where the number is small, Rice's saddle point expansion where the parameters are large, and rational functions
fitted to the exact derivative between them (see Figurnov, Mohamed and Mnih, Implicit reparameterization gradients,
2018). digamma is Cephes' series. By masks; the arrays of a call have one shape. In float64, but for the series of small
beta numbers, which PyTorch adds up in the numbers' own dtype.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from gradsh.engine.core import alloc

if TYPE_CHECKING:
    from gradsh.engine.kernels.random import Array

# in log(x / alpha), the powers in rows; the first four for the numerator's powers of log(alpha), then the denominator's
GAMMA = np.array([
    [0.16009398, -0.094634809, 0.025146376, -0.0030648343, 1, 0.32668115, 0.10406089, 0.0014179084],
    [0.53487893, 0.1298071, 0.065735949, -0.0015649758, 0.16639465, 0.020070113, -0.0035938915, -0.00058392623],
    [0.040121004, -0.0065914022, -0.0026286047, -0.0013441777, 0.017050642, -0.0021309326, 0.00085092367,
     -1.5247877e-07],
])  # fmt: skip
# numerator and denominator, in powers of log(x), log(alpha / x), log(total * x / alpha)
BETA = np.array([
    [[[1.003668233, -0.01061107488, -0.0657888334, 0.01201642863],
      [0.6336835991, -0.3557432599, 0.05486251648, -0.001465281033],
      [-0.03276231906, 0.004474107445, 0.002429354597, -0.0001557569013]],
     [[0.221950385, -0.3187676331, 0.01799915743, 0.01074823814],
      [-0.2951249643, 0.06219954479, 0.01535556598, 0.001550077057],
      [0.02155310298, 0.004170831599, 0.001292462449, 6.976601077e-05]],
     [[-0.05980841433, 0.008441916499, 0.01085618172, 0.002319392565],
      [0.02911413504, 0.01400243777, -0.002721828457, 0.000751041181],
      [0.005900514878, -0.001936558688, -9.495446725e-06, 5.385558597e-05]]],
    [[[1, -0.02924021934, -0.04438342661, 0.007285809825],
      [0.6357567472, -0.3473456711, 0.05454656494, -0.002407477521],
      [-0.03301322327, 0.004845219414, 0.00231480583, -0.0002307248149]],
     [[0.5925320577, -0.1757678135, 0.01505928619, 0.000564515273],
      [0.1014815858, -0.06589186703, 0.01272886114, -0.0007316646956],
      [-0.007258481865, 0.001096195486, 0.0003934994223, -4.12701925e-05]],
     [[0.06469649321, -0.0236701437, 0.002902096474, -5.896963079e-05],
      [0.001925008108, -0.002869809258, 0.0008000589141, -6.063713228e-05],
      [-0.0003477407336, 6.959756487e-05, 1.097287507e-05, -1.650964693e-06]]],
])  # fmt: skip
SERIES = (1 / 12, -0.021092796092796092796, 1 / 132, -1 / 240, 1 / 252, -1 / 120, 1 / 12)


def _digamma(x: Array) -> Array:
    """Pushed to 10 by the recurrence, then the asymptotic series; inf at 0, -1, -2, …, where PyTorch's has no NaN.

    Negative numbers are reflected (`digamma_one` of ATen/native/Distributions.h).
    """
    poles = (x <= 0) & (x == np.floor(x))
    result = np.where(x < 0, -np.pi / np.tan(np.pi * x), 0.0)
    x = np.where(x < 0, 1 - x, x)
    for _ in range(10):
        low = x < 10
        result = np.where(low, result - 1 / x, result)
        x = np.where(low, x + 1, x)
    z = 1 / (x * x).astype(np.float64)
    tail = alloc.zeros(x.shape, np.float64)
    for coefficient in SERIES:
        tail = tail * z + coefficient
    return np.where(poles, np.inf, result + np.log(x) - 0.5 / x - z * tail).astype(x.dtype)


def _where(parts: list[tuple[Array, Any]], arguments: tuple[Array, ...]) -> Array:
    """Each function on the elements that its mask picks, the first that does."""
    out = alloc.empty(arguments[0].shape, np.float64)
    left = alloc.ones(out.shape, bool)
    for mask, function in parts:
        here = left & mask
        if here.any():
            out[here] = function(*(argument[here] for argument in arguments))
        left &= ~mask
    return out


# --- gamma -----------------------------------------------------------------------------------------------------------


def gamma_gradient(alpha: Array, x: Array) -> Array:
    """d x / d alpha for standard gamma numbers x with shapes alpha, float64."""
    with np.errstate(all="ignore"):
        everywhere = alloc.ones(x.shape, bool)
        return _where([(x < 0.8, _gamma_small), (alpha > 8, _gamma_large), (everywhere, _gamma_between)], (alpha, x))


def _gamma_small(alpha: Array, x: Array) -> Array:
    term, below = alloc.ones(x.shape, np.float64), alloc.array(alpha)
    first, second = term / below, term / (below * below)
    for i in range(1, 6):
        term = term * (-x / i)
        below = below + 1
        first = first + term / below
        second = second + term / (below * below)
    power = x**alpha
    density = x ** (alpha - 1) * np.exp(-x)
    slope = (np.log(x) - _digamma(alpha)) * (power * first) - power * second
    result = -slope / density
    return np.where(np.isnan(result), 0.0, result)


def _gamma_large(alpha: Array, x: Array) -> Array:
    near = (0.9 * alpha <= x) & (x <= 1.1 * alpha)
    first = 1 + 24 * alpha * (1 + 12 * alpha)
    second = 1440 * alpha**2 + 6 * x * (53 - 120 * x) - 65 * x * x / alpha + alpha * (107 + 3600 * x)
    at_mean = first * second / (1244160 * alpha**4)
    below = np.sqrt(8 * alpha)
    ratio = np.log(x / alpha)
    third = (x - alpha - alpha * ratio) ** -1.5
    both = below / (alpha - x) + np.where(x < alpha, -third, third)
    slope = ratio * both - np.sqrt(2 / alpha) * (alpha + x) / (alpha - x) ** 2
    stirling = 1 + 1 / (12 * alpha) * (1 + 1 / (24 * alpha))
    result: Array = np.where(near, at_mean, -stirling * (x * slope) / below)
    return result


def _gamma_between(alpha: Array, x: Array) -> Array:
    u, v = np.log(x / alpha), np.log(alpha)
    c = [GAMMA[0, i] + u * (GAMMA[1, i] + u * GAMMA[2, i]) for i in range(8)]
    p = c[0] + v * (c[1] + v * (c[2] + v * c[3]))
    q = c[4] + v * (c[5] + v * (c[6] + v * c[7]))
    return np.exp(p / q)  # type: ignore[no-any-return]  # an array


# --- beta, Dirichlet -------------------------------------------------------------------------------------------------


def dirichlet_gradient(x: Array, alpha: Array, total: Array) -> Array:
    """(d x / d alpha) / (1 - x) for beta numbers x with parameters alpha and total - alpha, as float64."""

    def wide(*arrays: Array) -> list[Array]:
        return [array.astype(np.float64) for array in arrays]

    with np.errstate(all="ignore"):
        edge = total * x * (1 - x)
        parts = [
            ((x <= 0.5) & (edge < 2.5), lambda x, a, t: _beta_small(x, a, t - a)),
            ((x >= 0.5) & (edge < 0.75), lambda x, a, t: -_beta_small_in_second(1 - x, t - a, a)),
            ((alpha > 6) & (total - alpha > 6), lambda x, a, t: _beta_large(*wide(x, a, t))),
            (alloc.ones(x.shape, bool), lambda x, a, t: _beta_between(*wide(x, a, t))),
        ]
        return _where(parts, (x, alpha, total))


def _beta_small(x: Array, alpha: Array, beta: Array) -> Array:
    factor = _digamma(alpha) - _digamma(alpha + beta) - np.log(x)
    term = alloc.ones(x.shape, x.dtype)
    series = term / alpha * (factor + 1 / alpha)
    for i in range(1, 11):
        term = term * ((i - beta) * x / i)
        series = series + term / (alpha + i) * (factor + 1 / (alpha + i))
    result = x * (1 - x) ** -beta * series
    return np.where(np.isnan(result), 0.0, result)


def _beta_small_in_second(x: Array, alpha: Array, beta: Array) -> Array:
    factor = _digamma(alpha + beta) - _digamma(beta)
    term, product = alloc.ones(x.shape, x.dtype), alloc.ones(x.shape, x.dtype)
    slope, series = alloc.zeros(x.shape, x.dtype), factor / alpha
    for i in range(1, 9):
        term = term * (-x / i)
        slope = slope * (beta - i) + product
        product = product * (beta - i)
        series = series + term / (alpha + i) * (slope + factor * product)
    result = -((1 - x) ** (1 - beta)) * series
    return np.where(np.isnan(result), 0.0, result)


def _beta_large(x: Array, alpha: Array, total: Array) -> Array:
    beta = total - alpha
    mean = alpha / total
    deviation = np.sqrt(alpha * beta / (total + 1)) / total
    near = (mean - 0.1 * deviation <= x) & (x <= mean + 0.1 * deviation)
    polynomial = 47 * x * beta**4 + alpha * (
        (43 + 20 * (16 + 27 * beta) * x) * beta**3
        + alpha
        * (
            3 * (59 + 180 * beta - 90 * x) * beta**2
            + alpha * ((453 + 1620 * beta * (1 - x) - 455 * x) * beta + alpha * (8 * (1 - x) * (135 * beta - 11)))
        )
    )
    above = (1 + 12 * alpha) * (1 + 12 * beta) / total**2
    at_mean = above / (1 - x) * polynomial / (12960 * alpha**3 * beta**2 * (1 + 12 * total))
    front = -x / np.sqrt(2 * alpha * beta / total)
    stirling = (
        (1 + 1 / (12 * alpha) + 1 / (288 * alpha**2))
        * (1 + 1 / (12 * beta) + 1 / (288 * beta**2))
        / (1 + 1 / (12 * total) + 1 / (288 * total**2))
    )
    apart = alpha * (x - 1) + beta * x
    first = (2 * alpha**2 * (x - 1) + alpha * beta * (x - 1) - x * beta**2) / (
        np.sqrt(2 * alpha / beta) * total**1.5 * apart * apart
    )
    second = 0.5 * np.log(alpha / (total * x))
    third = np.sqrt(8 * alpha * beta / total) / apart
    fourth = (beta * np.log(beta / (total * (1 - x))) + alpha * np.log(alpha / (total * x))) ** -1.5
    slope = first + second * (third + np.where(x < mean, fourth, -fourth))
    result: Array = np.where(near, at_mean, stirling * front * slope)
    return result


def _beta_between(x: Array, alpha: Array, total: Array) -> Array:
    u = np.log(x)
    a = np.log(alpha) - u
    b = np.log(total) - a
    p, q = alloc.zeros(x.shape, np.float64), alloc.zeros(x.shape, np.float64)
    for i in range(3):
        for j in range(3):
            power = u**i * a**j
            c, d = BETA[0, i, j], BETA[1, i, j]
            p += power * (c[0] + b * (c[1] + b * (c[2] + b * c[3])))
            q += power * (d[0] + b * (d[1] + b * (d[2] + b * d[3])))
    return p / q * (x * (_digamma(total) - _digamma(alpha)) / (total - alpha))  # type: ignore[no-any-return]
