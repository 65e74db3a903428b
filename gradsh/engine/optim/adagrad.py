"""Adagrad, Adadelta and RMSprop: steps scaled by the size that the gradient has had so far, or lately."""

from __future__ import annotations

from typing import Any

import numpy as np

from gradsh.engine.core.tensor import Tensor, make
from gradsh.engine.optim.base import Elementwise, check, check_lr, check_not_negative, number, scalar
from gradsh.engine.optim.sgd import check_fused
from gradsh.engine.optim.sweep import Work, add_scaled, addcdiv, addcmul, constant, effective, lerp, lerp_weights

add, multiply, divide, sqrt = np.add, np.multiply, np.divide, np.sqrt


class Adagrad(Elementwise):
    """p -= lr * g / sqrt(the sum of all g**2 so far)."""

    __slots__ = ()

    def __init__(
        self,
        params: Any,
        lr: Any,
        lr_decay: Any,
        weight_decay: Any,
        initial_accumulator_value: Any,
        eps: Any,
        foreach: Any,
        maximize: Any,
        differentiable: Any,
        fused: Any,
    ) -> None:
        check_lr(lr)
        check_not_negative("lr_decay value", lr_decay)
        check_not_negative("weight_decay value", weight_decay)
        check_not_negative("initial_accumulator_value value", initial_accumulator_value)
        check_not_negative("epsilon value", eps)
        super().__init__(
            params,
            {
                "lr": lr,
                "lr_decay": lr_decay,
                "eps": eps,
                "weight_decay": weight_decay,
                "initial_accumulator_value": initial_accumulator_value,
                "foreach": foreach,
                "maximize": maximize,
                "differentiable": differentiable,
                "fused": fused,
            },
        )
        check_fused(fused, differentiable, foreach)
        for group in self.param_groups:
            for p in group["params"]:
                self.state[p].update(self.begin(group, p.data))

    def arrays(self, group: dict[str, Any]) -> tuple[str, ...]:
        return ("sum",)

    def begin(self, group: dict[str, Any], data: Any) -> dict[str, Tensor]:
        return {"step": scalar(0.0), "sum": make(np.full_like(data, self.defaults["initial_accumulator_value"]))}

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


class Adadelta(Elementwise):
    """The step is the gradient times the ratio of the sizes of recent steps and of recent gradients."""

    __slots__ = ()

    def __init__(
        self,
        params: Any,
        lr: Any,
        rho: Any,
        eps: Any,
        weight_decay: Any,
        foreach: Any,
        capturable: Any,
        maximize: Any,
        differentiable: Any,
    ) -> None:
        check_lr(lr)
        check("rho value", 0.0 <= rho <= 1.0, rho)
        check_not_negative("epsilon value", eps)
        check_not_negative("weight_decay value", weight_decay)
        super().__init__(
            params,
            {
                "lr": lr,
                "rho": rho,
                "eps": eps,
                "weight_decay": weight_decay,
                "maximize": maximize,
                "capturable": capturable,
                "foreach": foreach,
                "differentiable": differentiable,
            },
        )

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


class RMSprop(Elementwise):
    """p -= lr * g / sqrt(an average of g**2)."""

    __slots__ = ()

    def __init__(
        self,
        params: Any,
        lr: Any,
        alpha: Any,
        eps: Any,
        weight_decay: Any,
        momentum: Any,
        centered: Any,
        capturable: Any,
        foreach: Any,
        maximize: Any,
        differentiable: Any,
    ) -> None:
        check_lr(lr)
        check_not_negative("epsilon value", eps)
        check_not_negative("momentum value", momentum)
        check_not_negative("weight_decay value", weight_decay)
        check_not_negative("alpha value", alpha)
        super().__init__(
            params,
            {
                "lr": lr,
                "momentum": momentum,
                "alpha": alpha,
                "eps": eps,
                "centered": centered,
                "weight_decay": weight_decay,
                "capturable": capturable,
                "foreach": foreach,
                "maximize": maximize,
                "differentiable": differentiable,
            },
        )

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
