"""Adam, AdamW and Adamax: steps scaled by averages of the gradient and of its size."""

from __future__ import annotations

from typing import Any

import numpy as np

from gradsh.engine.core.tensor import Tensor
from gradsh.engine.optim.base import Elementwise, check_betas, check_lr, check_not_negative, number
from gradsh.engine.optim.sgd import check_fused
from gradsh.engine.optim.sweep import Work, addcdiv, addcmul, effective, lerp, lerp_weights
from gradsh.errors import ValueError_

add, multiply, divide, sqrt, maximum = np.add, np.multiply, np.divide, np.sqrt, np.maximum


class Adam(Elementwise):
    """p -= lr * m / (sqrt(v) + eps), m and v being bias-corrected averages of g and g**2."""

    __slots__ = ()

    def __init__(
        self,
        params: Any,
        lr: Any,
        betas: Any,
        eps: Any,
        weight_decay: Any,
        amsgrad: Any,
        foreach: Any,
        maximize: Any,
        capturable: Any,
        differentiable: Any,
        fused: Any,
        decoupled_weight_decay: Any,
    ) -> None:
        if lr.__class__ is Tensor and foreach and not capturable:
            raise ValueError_("lr as a Tensor is not supported for capturable=False and foreach=True")
        check_lr(lr)
        check_not_negative("epsilon value", eps)
        check_betas(betas)
        check_not_negative("weight_decay value", weight_decay)
        if not (
            (isinstance(betas[0], float) and isinstance(betas[1], float))
            or (isinstance(betas[0], Tensor) and isinstance(betas[1], Tensor))
        ):
            raise ValueError_("betas must be either both floats or both Tensors", help="write `0.0` for `0`")
        super().__init__(
            params,
            {
                "lr": lr,
                "betas": tuple(betas),
                "eps": eps,
                "weight_decay": weight_decay,
                "amsgrad": amsgrad,
                "maximize": maximize,
                "foreach": foreach,
                "capturable": capturable,
                "differentiable": differentiable,
                "fused": fused,
                "decoupled_weight_decay": decoupled_weight_decay,
            },
        )
        check_fused(fused, differentiable, foreach)

    def arrays(self, group: dict[str, Any]) -> tuple[str, ...]:
        return ("exp_avg", "exp_avg_sq", "max_exp_avg_sq") if group["amsgrad"] else ("exp_avg", "exp_avg_sq")

    def hyper(self, group: dict[str, Any]) -> tuple[Any, ...]:
        beta1, beta2 = group["betas"]
        return (
            number(group["lr"]),
            number(beta1),
            number(beta2),
            group["eps"],
            number(group["weight_decay"]),
            bool(group["maximize"]),
            group["decoupled_weight_decay"],
        )

    def constants(self, hyper: tuple[Any, ...], step: float, state: dict[str, Any]) -> tuple[Any, ...]:
        lr, beta1, beta2, eps, decay, maximize, decoupled = hyper
        rate = lr / (1 - beta1**step)
        root = (1 - beta2**step) ** 0.5
        shrink = 1 - lr * decay if decay != 0 and decoupled else None
        pull = decay if decay != 0 and not decoupled else None
        return (maximize, pull, shrink, *lerp_weights(1 - beta1), beta2, 1 - beta2, root, eps, -rate)

    @staticmethod
    def kernel(work: Work, p: Any, g: Any, m: Any, v: Any, *rest: Any) -> None:
        *most, maximize, decay, shrink, weight, far, beta2, fresh, root, eps, rate = rest
        g = effective(work, p, g, maximize, decay)
        if shrink is not None:
            multiply(p, shrink, p)
        lerp(work, m, g, weight, far)
        multiply(v, beta2, v)
        addcmul(work, v, g, g, fresh, v)
        u = work.u
        if most:
            v = maximum(most[0], v, out=most[0])
        sqrt(v, u)
        divide(u, root, u)
        add(u, eps, u)
        addcdiv(work, p, m, u, rate)


class AdamW(Adam):
    """Adam whose weight decay shrinks the parameter itself and stays out of the averages."""

    __slots__ = ()

    def __init__(
        self,
        params: Any,
        lr: Any,
        betas: Any,
        eps: Any,
        weight_decay: Any,
        amsgrad: Any,
        maximize: Any,
        foreach: Any,
        capturable: Any,
        differentiable: Any,
        fused: Any,
    ) -> None:
        super().__init__(
            params, lr, betas, eps, weight_decay, amsgrad, foreach, maximize, capturable, differentiable, fused, True
        )

    def load_state_dict(self, state_dict: dict[str, Any]) -> None:
        super().load_state_dict(state_dict)
        for group in self.param_groups:
            group["decoupled_weight_decay"] = True


class Adamax(Elementwise):
    """Adam with the decaying maximum of |g| in place of the root of the average of g**2."""

    __slots__ = ()

    def __init__(
        self,
        params: Any,
        lr: Any,
        betas: Any,
        eps: Any,
        weight_decay: Any,
        foreach: Any,
        maximize: Any,
        differentiable: Any,
        capturable: Any,
    ) -> None:
        check_lr(lr)
        check_not_negative("epsilon value", eps)
        check_betas(betas)
        check_not_negative("weight_decay value", weight_decay)
        super().__init__(
            params,
            {
                "lr": lr,
                "betas": betas,
                "eps": eps,
                "weight_decay": weight_decay,
                "foreach": foreach,
                "maximize": maximize,
                "differentiable": differentiable,
                "capturable": capturable,
            },
        )

    def arrays(self, group: dict[str, Any]) -> tuple[str, ...]:
        return ("exp_avg", "exp_inf")

    def hyper(self, group: dict[str, Any]) -> tuple[Any, ...]:
        beta1, beta2 = group["betas"]
        return (number(group["lr"]), beta1, beta2, group["eps"], group["weight_decay"], bool(group["maximize"]))

    def constants(self, hyper: tuple[Any, ...], step: float, state: dict[str, Any]) -> tuple[Any, ...]:
        lr, beta1, beta2, eps, decay, maximize = hyper
        rate = lr / (1 - beta1**step)
        return (maximize, decay if decay != 0 else None, *lerp_weights(1 - beta1), beta2, eps, -rate)

    @staticmethod
    def kernel(
        work: Work,
        p: Any,
        g: Any,
        m: Any,
        largest: Any,
        maximize: bool,
        decay: Any,
        weight: Any,
        far: bool,
        beta2: Any,
        eps: Any,
        rate: Any,
    ) -> None:
        g = effective(work, p, g, maximize, decay)
        lerp(work, m, g, weight, far)
        multiply(largest, beta2, largest)
        np.abs(g, work.u)
        add(work.u, eps, work.u)
        maximum(largest, work.u, out=largest)
        addcdiv(work, p, m, largest, rate)
