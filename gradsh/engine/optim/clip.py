"""Clipping gradients by their norm or by value."""

from __future__ import annotations

from typing import Any

import numpy as np

from gradsh.engine.autograd.inplace import bump
from gradsh.engine.core import alloc
from gradsh.engine.core.modes import mode
from gradsh.engine.core.namespaces import T
from gradsh.engine.core.strided import check_apart
from gradsh.engine.core.tensor import Tensor, make
from gradsh.engine.optim.base import registered
from gradsh.errors import ValueError_, ValueProblem

ndarray = np.ndarray


def _grads(parameters: Any) -> list[Tensor]:
    given = [parameters] if parameters.__class__ is Tensor else list(parameters)
    return [grad for grad in (p.grad for p in given) if grad is not None]


@registered(
    "get_total_norm(tensors, norm_type=2.0, error_if_nonfinite=False, foreach: bool=None)",
    example="get_total_norm([tensor([3.]), tensor([4.])])",
)
def get_total_norm(tensors: Any, norm_type: Any, error_if_nonfinite: Any, foreach: Any) -> Tensor:
    """The norm of several tensors as one vector."""
    given = [tensors] if tensors.__class__ is Tensor else list(tensors)
    order = float(norm_type)
    if not given:
        return make(mode.default.type(0.0))
    grad = mode.grad
    total: Tensor
    mode.grad = False
    try:
        norms = [T.linalg_vector_norm(g, order) for g in given]
        # of several dtypes, the norms are in the first one's
        total = T.linalg_vector_norm(T.stack([T.to(norm, norms[0].dtype) for norm in norms]), order)
    finally:
        mode.grad = grad
    if error_if_nonfinite and not np.isfinite(total.data):
        raise ValueError_(
            f"The total norm of order {order} for gradients from `parameters` is non-finite, so it cannot be clipped. "
            "To disable this error and scale the gradients by the non-finite norm anyway, set "
            "`error_if_nonfinite=False`",
            kind="RuntimeError",
        )
    return total


@registered(
    "clip_grads_with_norm_(parameters, max_norm, total_norm, foreach: bool=None)",
    example="let w = ones(2, grad); backward (w**2).sum(); clip_grads_with_norm_([w], 1.0, tensor(4.)); w.grad",
    effect=True,
)
def clip_grads_with_norm_(parameters: Any, max_norm: Any, total_norm: Tensor, foreach: Any) -> None:
    """Scales gradients whose norm is known."""
    limit = float(max_norm)
    grads = _grads(parameters)
    if not grads:
        return
    norm = total_norm.data[()]
    small = norm.dtype.type(1e-6)
    scale = np.minimum(np.reciprocal(norm + small) * norm.dtype.type(limit), norm.dtype.type(1.0))
    for grad in grads:
        _write(grad, lambda data, out: np.multiply(data, scale.astype(data.dtype), out))


@registered(
    "clip_grad_norm_(parameters, max_norm, norm_type=2.0, error_if_nonfinite=False, foreach: bool=None)",
    example="let w = ones(2, grad); backward (w**2).sum(); clip_grad_norm_([w], 1.0); w.grad",
    effect=True,
)
def clip_grad_norm_(parameters: Any, max_norm: Any, norm_type: Any, error_if_nonfinite: Any, foreach: Any) -> Tensor:
    """Scales gradients down to a norm, all taken together; gives the norm that they had."""
    given = [parameters] if parameters.__class__ is Tensor else list(parameters)
    total = get_total_norm(_grads(given), norm_type, error_if_nonfinite, foreach)
    clip_grads_with_norm_(given, max_norm, total, foreach)
    return total


@registered(
    "clip_grad_value_(parameters, clip_value, foreach: bool=None)",
    example="let w = ones(2, grad); backward (w**2).sum(); clip_grad_value_([w], 0.5); w.grad",
    effect=True,
)
def clip_grad_value_(parameters: Any, clip_value: Any, foreach: Any) -> None:
    """Limits every element of the gradients."""
    limit, found = float(clip_value), _grads(parameters)
    if not found:
        raise ValueProblem(
            "Expected !nested_tensorlist[0].empty() to be true, but got false.  (Could this error message be improved?"
            "  If so, please report an enhancement request to PyTorch.)",
            help="none of the parameters has a gradient: `backward loss` stands before",
        )
    for grad in found:
        _write(grad, lambda data, out: np.minimum(np.maximum(data, -limit, out=out), limit, out=out))


def _write(grad: Tensor, operation: Any) -> None:
    """Run `operation(data, out)` in place."""
    data = grad.data
    if data.__class__ is ndarray:
        check_apart(data)
    if data.__class__ is ndarray and data.flags.writeable:
        operation(data, data)
    else:
        out = alloc.array(data)
        operation(data, out)
        grad.data = out[()] if out.ndim == 0 else out
    bump(grad, mode.where)
