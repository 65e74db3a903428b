"""`torch.signal.windows`: what a signal is multiplied by, symmetric unless a program says otherwise."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterable
from typing import Any, NamedTuple

from gradsh.calls.devices import chosen
from gradsh.engine.core.dtypes import DType
from gradsh.engine.core.namespaces import T
from gradsh.engine.core.users import spelled
from gradsh.errors import TypeError_, ValueError_
from gradsh.frontend.tensors import STRIDED
from gradsh.frontend.text import shown
from gradsh.runtime.builtins import BUILTINS

__acts_for_programs__ = True


class Made(NamedTuple):
    """How a window is to be: its length, which numbers it has, and whether they are PyTorch's symmetric ones."""

    length: int
    sym: Any
    dtype: DType
    requires_grad: bool

    def line(self, start: Any, end: Any) -> Any:
        return self.tracked(T.linspace(start, end, self.length, dtype=self.dtype))

    def all(self, value: float) -> Any:
        return self.tracked(T.full((self.length,), value, dtype=self.dtype))

    def tracked(self, made: Any) -> Any:
        made.requires = bool(self.requires_grad)
        return made

    def steps(self, more: int) -> int:
        """Over how many steps a symmetric window goes; a periodic one has one more."""
        return self.length - more if self.sym else self.length - more + 1


def _window(fill: Callable[..., Any]) -> Callable[..., Any]:
    """`name(M, *, …, sym=True, dtype=None, layout=torch.strided, device=None, requires_grad=False)`."""
    name = fill.__name__
    said = "general_cosine" if name in ("general_hamming", "hamming", "hann", "nuttall") else name  # which they call

    def window(M: Any, **own: Any) -> Any:
        def option(key: str, default: Any) -> Any:
            return own.pop(key, default)

        sym, dtype, layout = option("sym", True), option("dtype", None), option("layout", STRIDED)
        requires_grad = option("requires_grad", False)
        chosen(option("device", None))
        dtype = BUILTINS.value("get_default_dtype")() if dtype is None else dtype
        if M < 0:
            raise ValueError_(f"{said} requires non-negative window length, got M={M}")
        if layout is not STRIDED:
            raise ValueError_(f"{said} is implemented for strided tensors only, got: {shown(layout)}")
        if getattr(dtype, "name", "") not in ("float32", "float64"):
            raise ValueError_(f"{said} expects float32 or float64 dtypes, got: {shown(dtype)}")
        return fill(Made(M, sym, dtype, requires_grad), **spelled(fill, own))

    window.__name__ = window.__qualname__ = name
    window.__doc__ = fill.__doc__
    return window


@_window
def exponential(made: Made, *, center: Any = None, tau: Any = 1.0) -> Any:
    """exp(-|n - center| / tau)."""
    if tau <= 0:
        raise ValueError_(f"Tau must be positive, got: {tau} instead.")
    if made.sym and center is not None:
        raise ValueError_("Center must be None for symmetric windows")
    if center is None:
        center = (made.length if not made.sym and made.length > 1 else made.length - 1) / 2.0
    constant = 1 / tau
    return T.exp(-T.abs(made.line(-center * constant, (-center + (made.length - 1)) * constant)))


@_window
def cosine(made: Made) -> Any:
    """Half a turn of the sine."""
    if made.length == 0:
        return made.all(1)
    constant = math.pi / (made.length + 1 if not made.sym and made.length > 1 else made.length)
    return T.sin(made.line(0.5 * constant, (0.5 + (made.length - 1)) * constant))


@_window
def gaussian(made: Made, *, std: Any = 1.0) -> Any:
    """The normal density around the middle."""
    if std <= 0:
        raise ValueError_(f"Standard deviation must be positive, got: {std} instead.")
    start = -(made.length if not made.sym and made.length > 1 else made.length - 1) / 2.0
    constant = 1 / (std * math.sqrt(2))
    return T.exp(-(made.line(start * constant, (start + (made.length - 1)) * constant) ** 2))


@_window
def kaiser(made: Made, *, beta: Any = 12.0) -> Any:
    """Bessel functions, narrower the higher `beta`."""
    if beta < 0:
        raise ValueError_(f"beta must be non-negative, got: {beta} instead.")
    if made.length < 2:
        return made.all(1)
    width = T.scalar_tensor(beta, dtype=made.dtype)
    constant = 2.0 * width / made.steps(1)
    k = made.line(float((-width).data), float(T.minimum(width, -width + (made.length - 1) * constant).data))
    return T.i0(T.sqrt(width * width - T.pow(k, 2))) / T.i0(width)


@_window
def bartlett(made: Made) -> Any:
    """Up along a line, and down again."""
    if made.length < 2:
        return made.all(1)
    constant = 2 / made.steps(1)
    return 1 - T.abs(made.line(-1, -1 + (made.length - 1) * constant))


def _cosines(made: Made, a: Any) -> Any:
    if made.length < 2:
        return made.all(1)
    if not isinstance(a, Iterable):
        raise TypeError_("Coefficients must be a list/tuple")
    weights = [(-1) ** i * w for i, w in enumerate(a)]
    if not weights:
        raise ValueError_("Coefficients cannot be empty")
    constant = 2 * math.pi / made.steps(1)
    k = made.line(0, (made.length - 1) * constant)
    a_i = made.tracked(BUILTINS.value("tensor")(weights, dtype=made.dtype))
    i = made.tracked(T.arange(len(weights), dtype=made.dtype))
    return T.sum(T.unsqueeze(a_i, -1) * T.cos(T.unsqueeze(i, -1) * k), 0)


@_window
def general_cosine(made: Made, *, a: Any) -> Any:
    """A sum of cosines with these weights."""
    return _cosines(made, a)


@_window
def general_hamming(made: Made, *, alpha: Any = 0.54) -> Any:
    """A cosine raised by `alpha`."""
    return _cosines(made, [alpha, 1.0 - alpha])


@_window
def hamming(made: Made) -> Any:
    """A cosine raised by 0.54."""
    return _cosines(made, [0.54, 1.0 - 0.54])


@_window
def hann(made: Made) -> Any:
    """A cosine raised by 0.5."""
    return _cosines(made, [0.5, 0.5])


@_window
def blackman(made: Made) -> Any:
    """Two cosines."""
    return _cosines(made, [0.42, 0.5, 0.08])


@_window
def nuttall(made: Made) -> Any:
    """Three cosines."""
    return _cosines(made, [0.3635819, 0.4891775, 0.1365995, 0.0106411])


MADE = (
    *(bartlett, blackman, cosine, exponential, gaussian, general_cosine, general_hamming, hamming, hann, kaiser),
    nuttall,
)
MEMBERS: dict[str, Any] = {f"signal.windows.{window.__name__}": window for window in MADE}
