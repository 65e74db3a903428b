"""`torch.distributions.utils`: what distributions of a program's own are written with."""

from __future__ import annotations

from typing import Any

import numpy as np

from gradsh.engine.core.dtypes import OF
from gradsh.engine.core.modes import mode
from gradsh.engine.core.tensor import Tensor
from gradsh.engine.ops.distributions import base
from gradsh.errors import ShapeError, ValueError_
from gradsh.runtime.builtins import BUILTINS

__acts_for_programs__ = True


def broadcast_all(*values: Any) -> Any:
    """All of them as tensors of one shape; numbers get the dtype of the first tensor. Errors: ValueError_."""
    if not all(isinstance(value, (Tensor, int, float)) for value in values):
        raise ValueError_(
            "Input arguments must all be instances of Number, torch.Tensor or objects implementing __torch_function__."
        )
    dtype = next((value.dtype for value in values if isinstance(value, Tensor)), OF[np.dtype(mode.default)])
    tensors = [v if isinstance(v, Tensor) else BUILTINS.value("tensor")(v, dtype=dtype) for v in values]
    return BUILTINS.value("broadcast_tensors")(*tensors)


def clamp_probs(probs: Any) -> Any:
    """Probabilities away from 0 and 1 by the epsilon of their dtype."""
    return base.clamped(probs)


def probs_to_logits(probs: Any, is_binary: bool = False) -> Any:
    """Logarithms of probabilities, or of their odds."""
    return base.probs_to_logits(probs, is_binary)


def logits_to_probs(logits: Any, is_binary: bool = False) -> Any:
    """Probabilities of the last dim, or of each element."""
    return base.logits_to_probs(logits, is_binary)


def vec_to_tril_matrix(vec: Any, diag: int = 0) -> Any:
    """A lower triangle, `diag` diagonals above or below, filled row by row: (…, k) -> (…, n, n).

    Errors: ValueError_.
    """
    count = vec.data.shape[-1]
    n = (-(1 + 2 * diag) + ((1 + 2 * diag) ** 2 + 8 * count + 4 * abs(diag) * (diag + 1)) ** 0.5) / 2
    if round(n) - n > np.finfo(vec.data.dtype).eps:
        raise ValueError_(
            f"The size of last dimension is {count} which cannot be expressed as the lower triangular part of a square "
            "D x D matrix."
        )
    n = round(n)
    rows, columns = np.tril_indices(n, diag)
    if len(rows) != count:
        shape = [*vec.data.shape]
        room = [*shape[:-1], len(rows)]
        raise ShapeError(
            f"shape mismatch: value tensor of shape {shape} cannot be broadcast to indexing result of shape {room}"
        )
    places = np.full((n, n), count)  # beyond the last element is a zero
    places[rows, columns] = np.arange(count)
    zero = BUILTINS.value("zeros")(*vec.data.shape[:-1], 1, dtype=vec.dtype)
    full = BUILTINS.value("cat")([vec, zero], -1)
    return full[..., BUILTINS.value("from_numpy")(places)]


def tril_matrix_to_vec(mat: Any, diag: int = 0) -> Any:
    """The same back: (…, n, n) -> (…, k). Errors: ValueError_."""
    n = mat.data.shape[-1]
    if diag < -n or diag >= n:
        raise ValueError_(f"diag ({diag}) provided is outside [{-n}, {n - 1}].")
    made = BUILTINS.value("from_numpy")
    rows, columns = (made(np.ascontiguousarray(places)) for places in np.tril_indices(n, diag))
    return mat[..., rows, columns]


MEMBERS: dict[str, Any] = {
    each.__name__: each
    for each in (broadcast_all, clamp_probs, probs_to_logits, logits_to_probs, vec_to_tril_matrix, tril_matrix_to_vec)
}
MEMBERS["euler_constant"] = 0.5772156649015329
