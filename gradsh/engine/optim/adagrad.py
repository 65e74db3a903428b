"""Adagrad, Adadelta and RMSprop: steps scaled by the size that the gradient has had so far, or lately."""

from __future__ import annotations

from typing import Any

import numpy as np

from gradsh.engine.core import alloc
from gradsh.engine.core.tensor import Tensor, make
from gradsh.engine.optim.base import Elementwise, check, check_lr, check_not_negative, number, registered, scalar
from gradsh.engine.optim.sweep import Work, add_scaled, addcdiv, addcmul, constant, effective, lerp, lerp_weights

add, multiply, divide, sqrt = np.add, np.multiply, np.divide, np.sqrt


@registered(
    "Adagrad(params, lr=0.01, lr_decay=0, weight_decay=0, initial_accumulator_value=0, eps=1e-10, "
    "foreach: bool=None, *, maximize=False, differentiable=False, fused: bool=None)",
    example="let w = ones(2, grad); let opt = Adagrad([w], lr=0.1); backward (w**2).sum(); step opt; w",
)
class Adagrad(Elementwise):
    """Steps scaled by the size of all gradients so far.

    p -= lr * g / sqrt(the sum of all g**2 so far).
    """

    __slots__ = ()

    order = ("weight_decay", "initial_accumulator_value", "foreach", "maximize", "differentiable", "fused")

    def validate(self, options: dict[str, Any]) -> None:
        check_lr(options["lr"])
        check_not_negative("lr_decay value", options["lr_decay"])
        check_not_negative("weight_decay value", options["weight_decay"])
        check_not_negative("initial_accumulator_value value", options["initial_accumulator_value"])
        check_not_negative("epsilon value", options["eps"])

    def __init__(self, params: Any, *values: Any) -> None:
        super().__init__(params, *values)
        for group in self.param_groups:
            for p in group["params"]:
                self.state[p].update(self.begin(group, p.data))

    def arrays(self, group: dict[str, Any]) -> tuple[str, ...]:
        return ("sum",)

    def begin(self, group: dict[str, Any], data: Any) -> dict[str, Tensor]:
        return {"step": scalar(0.0), "sum": make(alloc.full_like(data, self.defaults["initial_accumulator_value"]))}

    def hyper(self, group: dict[str, Any]) -> tuple[Any, ...]:
        return (
            number(group["lr"]),
            group["lr_decay"],
            group["weight_decay"],
            group["eps"],
            bool(group["maximize"]),
        )

    def constants(self, hyper: tuple[Any, ...], step: float, state: dict[str, Any]) -> tuple[Any, ...]:
        lr, lr_decay, decay, eps, maximize = hyper
        return (maximize, decay if decay != 0 else None, eps, -(lr / (1 + (step - 1) * lr_decay)))

    @staticmethod
    def kernel(work: Work, p: Any, g: Any, total: Any, maximize: bool, decay: Any, eps: Any, rate: Any) -> None:
        g = effective(work, p, g, maximize, decay)
        addcmul(work, total, g, g, None, total)
        u = work.u
        sqrt(total, u)
        add(u, eps, u)
        addcdiv(work, p, g, u, rate)


@registered(
    "Adadelta(params, lr=1.0, rho=0.9, eps=1e-06, weight_decay=0, foreach: bool=None, *, "
    "capturable=False, maximize=False, differentiable=False)",
    example="let w = ones(2, grad); let opt = Adadelta([w]); backward (w**2).sum(); step opt; w",
)
class Adadelta(Elementwise):
    """Steps scaled by the sizes of recent steps and gradients.

    The step is the gradient times the ratio of the sizes of recent steps and of recent gradients.
    """

    __slots__ = ()

    order = ("maximize", "capturable", "foreach", "differentiable")

    def validate(self, options: dict[str, Any]) -> None:
        check_lr(options["lr"])
        check("rho value", 0.0 <= options["rho"] <= 1.0, options["rho"])
        check_not_negative("epsilon value", options["eps"])
        check_not_negative("weight_decay value", options["weight_decay"])

    def arrays(self, group: dict[str, Any]) -> tuple[str, ...]:
        return ("square_avg", "acc_delta")

    def hyper(self, group: dict[str, Any]) -> tuple[Any, ...]:
        return (number(group["lr"]), group["rho"], group["eps"], group["weight_decay"], bool(group["maximize"]))

    def constants(self, hyper: tuple[Any, ...], step: float, state: dict[str, Any]) -> tuple[Any, ...]:
        lr, rho, eps, decay, maximize = hyper
        return (maximize, decay if decay != 0 else None, rho, 1 - rho, eps, -lr)

    @staticmethod
    def kernel(
        work: Work,
        p: Any,
        g: Any,
        square: Any,
        deltas: Any,
        maximize: bool,
        decay: Any,
        rho: Any,
        fresh: Any,
        eps: Any,
        rate: Any,
    ) -> None:
        g = effective(work, p, g, maximize, decay)
        multiply(square, rho, square)
        addcmul(work, square, g, g, fresh, square)
        t, u = work.t, work.u
        add(square, eps, t)
        sqrt(t, t)
        add(deltas, eps, u)
        sqrt(u, u)
        divide(u, t, u)
        multiply(u, g, u)
        multiply(deltas, rho, deltas)
        addcmul(work, deltas, u, u, fresh, deltas)
        add_scaled(work, p, u, rate, p)


@registered(
    "RMSprop(params, lr=0.01, alpha=0.99, eps=1e-08, weight_decay=0, momentum=0, centered=False, "
    "capturable=False, foreach: bool=None, maximize=False, differentiable=False)",
    example="let w = ones(2, grad); let opt = RMSprop([w], lr=0.1); backward (w**2).sum(); step opt; w",
)
class RMSprop(Elementwise):
    """Steps scaled by the root of an average of the squared gradient.

    p -= lr * g / sqrt(an average of g**2).
    """

    __slots__ = ()

    order = ("alpha", "eps", "centered", "weight_decay", "capturable", "foreach", "maximize", "differentiable")

    def validate(self, options: dict[str, Any]) -> None:
        check_lr(options["lr"])
        check_not_negative("epsilon value", options["eps"])
        check_not_negative("momentum value", options["momentum"])
        check_not_negative("weight_decay value", options["weight_decay"])
        check_not_negative("alpha value", options["alpha"])

    def arrays(self, group: dict[str, Any]) -> tuple[str, ...]:
        names = ["square_avg"]
        if group["momentum"] > 0:
            names.append("momentum_buffer")
        if group["centered"]:
            names.append("grad_avg")
        return tuple(names)

    def hyper(self, group: dict[str, Any]) -> tuple[Any, ...]:
        return (
            number(group["lr"]),
            group["alpha"],
            group["eps"],
            group["weight_decay"],
            group["momentum"],
            bool(group["centered"]),
            bool(group["maximize"]),
        )

    def constants(self, hyper: tuple[Any, ...], step: float, state: dict[str, Any]) -> tuple[Any, ...]:
        lr, alpha, eps, decay, momentum, centered, maximize = hyper
        return (
            maximize,
            decay if decay != 0 else None,
            alpha,
            1 - alpha,
            centered,
            *lerp_weights(1 - alpha),
            momentum if momentum > 0 else None,
            eps,
            -lr,
        )

    @staticmethod
    def kernel(work: Work, p: Any, g: Any, square: Any, *rest: Any) -> None:
        *held, maximize, decay, alpha, fresh, centered, weight, far, momentum, eps, rate = rest
        g = effective(work, p, g, maximize, decay)
        multiply(square, alpha, square)
        addcmul(work, square, g, g, fresh, square)
        u = work.u
        if centered:
            mean = held[-1]
            lerp(work, mean, g, weight, far)
            addcmul(work, square, mean, mean, constant(-1.0, p.dtype), u)
            sqrt(u, u)
        else:
            sqrt(square, u)
        add(u, eps, u)
        if momentum is None:
            addcdiv(work, p, g, u, rate)
        else:
            buffer = held[0]
            multiply(buffer, momentum, buffer)
            addcdiv(work, buffer, g, u, None)
            add_scaled(work, p, buffer, rate, p)
