"""The arithmetic of convolutions: patches of the input as the columns of a matrix, and one matrix product.

All take `how = (stride, padding, dilation, groups)`; inputs are (batch, channels, *spatial), weights
(outputs, channels / groups, *kernel). The columns are in the order of the weight's memory, so that a weight, which
changes at every training step, is never copied.
"""

from __future__ import annotations

import math
from typing import Any

import numpy as np

as_strided = np.lib.stride_tricks.as_strided


def padded(x: Any, padding: Any) -> Any:
    """The input with zeros around its spatial dims."""
    if not any(padding):
        return x
    shape = x.shape[:2] + tuple(n + 2 * p for n, p in zip(x.shape[2:], padding, strict=True))
    full = np.zeros(shape, x.dtype)
    full[(slice(None), slice(None), *(slice(p, p + n) for n, p in zip(x.shape[2:], padding, strict=True)))] = x
    return full


def windows(x: Any, kernel: Any, stride: Any, dilation: Any, places: Any = None) -> Any:
    """A view of all patches of a padded input, or of the first `places`: (channels, *kernel, batch, *places)."""
    dims = len(kernel)
    if places is None:
        places = tuple(
            (n - d * (k - 1) - 1) // s + 1 for n, k, s, d in zip(x.shape[2:], kernel, stride, dilation, strict=True)
        )
    strides = x.strides
    return as_strided(
        x,
        (x.shape[1], *kernel, x.shape[0], *places),
        (
            strides[1],
            *(strides[i + 2] * dilation[i] for i in range(dims)),
            strides[0],
            *(strides[i + 2] * stride[i] for i in range(dims)),
        ),
        writeable=False,
    )


def columns(x: Any, kernel: Any, how: Any, places: Any = None) -> tuple[Any, tuple[int, ...]]:
    """The patches as a matrix for each group, (groups, channels / group * kernel, batch * places), and the places."""
    stride, padding, dilation, groups = how
    view = windows(padded(x, padding), kernel, stride, dilation, places)
    places = view.shape[len(kernel) + 2 :]
    rows = x.shape[1] // groups * math.prod(kernel)
    return view.reshape(groups, rows, x.shape[0] * math.prod(places)), places


def by_channel(g: Any, groups: int) -> Any:
    """(batch, channels, *places) as a matrix for each group, (groups, channels / group, batch * places)."""
    n, c = g.shape[:2]
    rows = g[0] if n == 1 else g.swapaxes(0, 1)
    return rows.reshape(groups, c // groups, n * math.prod(g.shape[2:]))


def forward(x: Any, weight: Any, bias: Any, how: Any) -> Any:
    """The convolution: (batch, outputs, *places)."""
    groups = how[3]
    n, outputs = x.shape[0], weight.shape[0]
    if x.dtype == np.float16:
        out = forward(*(None if a is None else a.astype(np.float32) for a in (x, weight, bias)), how)
        return out.astype(np.float16)
    cols, places = columns(x, weight.shape[2:], how)
    out = np.matmul(weight.reshape(groups, outputs // groups, -1), cols)
    if bias is not None:
        out += bias.reshape(groups, -1, 1)
    return from_channels(out, n, outputs, places)


def from_channels(out: Any, n: int, channels: int, places: Any) -> Any:
    """Undo `by_channel`; C-ordered."""
    if n == 1:
        return out.reshape(1, channels, *places)
    return np.ascontiguousarray(out.reshape(channels, n, *places).swapaxes(0, 1))


def backward_weight(g: Any, x: Any, kernel: Any, how: Any) -> Any:
    """The gradient of the weight, (outputs, channels / groups, *kernel)."""
    if x.dtype == np.float16:
        return backward_weight(g.astype(np.float32), x.astype(np.float32), kernel, how).astype(np.float16)
    groups = how[3]
    cols, _ = columns(x, kernel, how, g.shape[2:])
    out = np.matmul(by_channel(g, groups), cols.swapaxes(1, 2))
    return out.reshape(g.shape[1], x.shape[1] // groups, *kernel)


def backward_input(g: Any, weight: Any, bias: Any, size: Any, how: Any) -> Any:
    """The gradient of an input of spatial `size`: every element of `g` writes its kernel."""
    stride, padding, dilation, groups = how
    if g.dtype == np.float16:
        out = backward_input(*(None if a is None else a.astype(np.float32) for a in (g, weight, bias)), size, how)
        return out.astype(np.float16)
    n = g.shape[0]
    kernel, places = weight.shape[2:], g.shape[2:]
    channels = weight.shape[1] * groups
    cols = np.matmul(weight.reshape(groups, g.shape[1] // groups, -1).swapaxes(1, 2), by_channel(g, groups))
    cols = cols.reshape(channels, *kernel, n, *places)
    full = np.zeros((channels, n, *(m + 2 * p for m, p in zip(size, padding, strict=True))), g.dtype)
    for at in np.ndindex(*kernel):
        target = full[
            (
                slice(None),
                slice(None),
                *(
                    slice(i * d, i * d + s * (m - 1) + 1, s)
                    for i, d, s, m in zip(at, dilation, stride, places, strict=True)
                ),
            )
        ]
        target += cols[(slice(None), *at)]
    if any(padding):
        full = full[(slice(None), slice(None), *(slice(p, p + m) for m, p in zip(size, padding, strict=True)))]
    out = np.ascontiguousarray(full.swapaxes(0, 1))
    if bias is not None:
        out += bias.reshape(-1, *(1,) * len(size))
    return out
