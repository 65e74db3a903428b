"""Adam, AdamW and Adamax: steps scaled by averages of the gradient and of its size."""

from __future__ import annotations

from typing import Any, ClassVar

import numpy as np

from gradsh.engine.core.tensor import Tensor
from gradsh.engine.optim.base import Elementwise, check_betas, check_lr, check_not_negative, number, registered
from gradsh.engine.optim.sweep import Work, addcdiv, addcmul, effective, in_c, lerp, lerp_weights
from gradsh.errors import ValueError_

add, multiply, divide, sqrt, maximum = np.add, np.multiply, np.divide, np.sqrt, np.maximum


@registered(
    "Adam(params, lr=0.001, betas=(0.9, 0.999), eps=1e-08, weight_decay=0, amsgrad=False, *, foreach: "
    "bool=None, maximize=False, capturable=False, differentiable=False, fused: bool=None, "
    "decoupled_weight_decay=False)",
    example="let w = ones(2, grad); let opt = Adam([w], lr=0.1); backward (w**2).sum(); step opt; w",
)
class Adam(Elementwise):
    """Steps scaled by averages of the gradient and of its square.

    p -= lr * m / (sqrt(v) + eps), m and v being bias-corrected averages of g and g**2.
    """

    __slots__ = ()

    order = ("maximize", "foreach", "capturable", "differentiable", "fused", "decoupled_weight_decay")

    def validate(self, options: dict[str, Any]) -> None:
        if options["lr"].__class__ is Tensor and options["foreach"] and not options["capturable"]:
            raise ValueError_("lr as a Tensor is not supported for capturable=False and foreach=True")
        check_lr(options["lr"])
        check_not_negative("epsilon value", options["eps"])
        check_betas(options["betas"])
        check_not_negative("weight_decay value", options["weight_decay"])
        if not (
            (isinstance(options["betas"][0], float) and isinstance(options["betas"][1], float))
            or (isinstance(options["betas"][0], Tensor) and isinstance(options["betas"][1], Tensor))
        ):
            raise ValueError_("betas must be either both floats or both Tensors", help="write `0.0` for `0`")
        options["betas"] = tuple(options["betas"])

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
    @in_c("adam", 2, (False, 0.01, 0.99, 0.1, False, 0.999, 0.001, 0.5, 1e-8, -0.1))
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


@registered(
    "AdamW(params, lr=0.001, betas=(0.9, 0.999), eps=1e-08, weight_decay=0.01, amsgrad=False, *, "
    "maximize=False, foreach: bool=None, capturable=False, differentiable=False, fused: bool=None)",
    example="let w = ones(2, grad); let opt = AdamW([w], lr=0.1); backward (w**2).sum(); step opt; w",
)
class AdamW(Adam):
    """Adam with weight decay that shrinks the parameters themselves.

    Adam whose weight decay shrinks the parameter itself and stays out of the averages.
    """

    __slots__ = ()

    fixed: ClassVar[dict[str, Any]] = {"decoupled_weight_decay": True}

    def load_state_dict(self, state_dict: dict[str, Any]) -> None:
        super().load_state_dict(state_dict)
        for group in self.param_groups:
            group["decoupled_weight_decay"] = True


@registered(
    "Adamax(params, lr=0.002, betas=(0.9, 0.999), eps=1e-08, weight_decay=0, foreach: bool=None, *, "
    "maximize=False, differentiable=False, capturable=False)",
    example="let w = ones(2, grad); let opt = Adamax([w], lr=0.1); backward (w**2).sum(); step opt; w",
)
class Adamax(Elementwise):
    """Adam scaled by a decaying maximum of the gradient's size.

    Adam with the decaying maximum of |g| in place of the root of the average of g**2.
    """

    __slots__ = ()

    def validate(self, options: dict[str, Any]) -> None:
        check_lr(options["lr"])
        check_not_negative("epsilon value", options["eps"])
        check_betas(options["betas"])
        check_not_negative("weight_decay value", options["weight_decay"])

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
