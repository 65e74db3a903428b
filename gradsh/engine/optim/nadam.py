"""NAdam and RAdam: Adam with Nesterov's momentum, and Adam that trusts its averages only once they are reliable."""

from __future__ import annotations

from typing import Any

import numpy as np

from gradsh.engine.core import alloc
from gradsh.engine.core.tensor import Tensor, make
from gradsh.engine.optim.base import Elementwise, check_betas, check_lr, check_not_negative, number, registered, scalar
from gradsh.engine.optim.sweep import Work, addcdiv, addcmul, constant, effective, lerp, lerp_weights

add, subtract, multiply, divide, sqrt = np.add, np.subtract, np.multiply, np.divide, np.sqrt


def _shrink(lr: Any, decay: Any, decoupled: Any) -> tuple[Any, Any]:
    """(the decay that is added to the gradient, the factor that shrinks the parameter), None where there is none."""
    if decay == 0:
        return None, None
    return (None, 1 - lr * decay) if decoupled else (decay, None)


@registered(
    "NAdam(params, lr=0.002, betas=(0.9, 0.999), eps=1e-08, weight_decay=0, momentum_decay=0.004, "
    "decoupled_weight_decay=False, *, foreach: bool=None, maximize=False, capturable=False, "
    "differentiable=False)",
    example="let w = ones(2, grad); let opt = NAdam([w], lr=0.1); backward (w**2).sum(); step opt; w",
)
class NAdam(Elementwise):
    """Adam with Nesterov's momentum.

    Adam that looks ahead: the step takes the momentum of the next one.
    """

    __slots__ = ()
    numbers = ("step", "mu_product")
    own_constants = True

    order = ("maximize", "foreach", "capturable", "differentiable")

    def validate(self, options: dict[str, Any]) -> None:
        check_lr(options["lr"])
        check_not_negative("epsilon value", options["eps"])
        check_betas(options["betas"])
        check_not_negative("weight_decay value", options["weight_decay"])
        check_not_negative("momentum_decay value", options["momentum_decay"])

    def arrays(self, group: dict[str, Any]) -> tuple[str, ...]:
        return ("exp_avg", "exp_avg_sq")

    def begin(self, group: dict[str, Any], data: Any) -> dict[str, Tensor]:
        return {
            "step": scalar(0.0),
            "mu_product": scalar(1.0),
            "exp_avg": make(alloc.zeros_like(data)),
            "exp_avg_sq": make(alloc.zeros_like(data)),
        }

    def hyper(self, group: dict[str, Any]) -> tuple[Any, ...]:
        lr = number(group["lr"])
        beta1, beta2 = group["betas"]
        pull, shrink = _shrink(lr, group["weight_decay"], group["decoupled_weight_decay"])
        return (lr, beta1, beta2, group["eps"], pull, shrink, group["momentum_decay"], bool(group["maximize"]))

    def constants(self, hyper: tuple[Any, ...], step: float, state: dict[str, Any]) -> tuple[Any, ...]:
        lr, beta1, beta2, eps, pull, shrink, momentum_decay, maximize = hyper
        mu = beta1 * (1.0 - 0.5 * (0.96 ** (step * momentum_decay)))
        mu_next = beta1 * (1.0 - 0.5 * (0.96 ** ((step + 1) * momentum_decay)))
        held = state["mu_product"]
        held.data = held.data * constant(mu, held.data.dtype)
        product = held.data.item()
        return (
            maximize,
            pull,
            shrink,
            *lerp_weights(1 - beta1),
            beta2,
            1 - beta2,
            1 - beta2**step,
            eps,
            -lr * (1.0 - mu) / (1.0 - product),
            (-lr * mu_next) / (1.0 - product * mu_next),
        )

    @staticmethod
    def kernel(
        work: Work,
        p: Any,
        g: Any,
        m: Any,
        v: Any,
        maximize: bool,
        decay: Any,
        shrink: Any,
        weight: Any,
        far: bool,
        beta2: Any,
        fresh: Any,
        correction: Any,
        eps: Any,
        rate: Any,
        rate_ahead: Any,
    ) -> None:
        g = effective(work, p, g, maximize, decay)
        if shrink is not None:
            multiply(p, shrink, p)
        lerp(work, m, g, weight, far)
        multiply(v, beta2, v)
        addcmul(work, v, g, g, fresh, v)
        u = work.u
        divide(v, correction, u)
        sqrt(u, u)
        add(u, eps, u)
        addcdiv(work, p, g, u, rate)
        addcdiv(work, p, m, u, rate_ahead)


@registered(
    "RAdam(params, lr=0.001, betas=(0.9, 0.999), eps=1e-08, weight_decay=0, decoupled_weight_decay=False, "
    "*, foreach: bool=None, maximize=False, capturable=False, differentiable=False)",
    example="let w = ones(2, grad); let opt = RAdam([w], lr=0.1); backward (w**2).sum(); step opt; w",
)
class RAdam(Elementwise):
    """Adam that begins as plain momentum until its averages are reliable.

    Adam that begins as plain momentum, until the average of g**2 has a variance that can be trusted.
    """

    __slots__ = ()

    order = ("maximize", "foreach", "capturable", "decoupled_weight_decay", "differentiable")

    def validate(self, options: dict[str, Any]) -> None:
        check_lr(options["lr"])
        check_not_negative("epsilon value", options["eps"])
        check_betas(options["betas"])
        check_not_negative("weight_decay value", options["weight_decay"])

    def arrays(self, group: dict[str, Any]) -> tuple[str, ...]:
        return ("exp_avg", "exp_avg_sq")

    def hyper(self, group: dict[str, Any]) -> tuple[Any, ...]:
        lr = number(group["lr"])
        beta1, beta2 = group["betas"]
        pull, shrink = _shrink(lr, group["weight_decay"], group["decoupled_weight_decay"])
        return (lr, beta1, beta2, group["eps"], pull, shrink, bool(group["maximize"]))

    def constants(self, hyper: tuple[Any, ...], step: float, state: dict[str, Any]) -> tuple[Any, ...]:
        lr, beta1, beta2, eps, pull, shrink, maximize = hyper
        correction1 = 1 - beta1**step
        correction2 = 1 - beta2**step
        limit = 2 / (1 - beta2) - 1
        length = limit - 2 * step * (beta2**step) / correction2
        root = rect = None
        if length > 5.0:
            root = correction2**0.5
            rect = ((length - 4) * (length - 2) * limit / ((limit - 4) * (limit - 2) * length)) ** 0.5
        weights = lerp_weights(1 - beta1)
        return (maximize, pull, shrink, *weights, beta2, 1 - beta2, correction1, lr, eps, root, rect)

    @staticmethod
    def kernel(
        work: Work,
        p: Any,
        g: Any,
        m: Any,
        v: Any,
        maximize: bool,
        decay: Any,
        shrink: Any,
        weight: Any,
        far: bool,
        beta2: Any,
        fresh: Any,
        correction: Any,
        lr: Any,
        eps: Any,
        root: Any,
        rect: Any,
    ) -> None:
        g = effective(work, p, g, maximize, decay)
        if shrink is not None:
            multiply(p, shrink, p)
        lerp(work, m, g, weight, far)
        multiply(v, beta2, v)
        addcmul(work, v, g, g, fresh, v)
        u, t = work.u, work.t
        divide(m, correction, u)
        multiply(u, lr, u)
        if root is not None:
            sqrt(v, t)
            add(t, eps, t)
            np.reciprocal(t, t)  # a number over a tensor is computed so
            multiply(t, root, t)
            multiply(u, t, u)
            multiply(u, rect, u)
        subtract(p, u, p)
