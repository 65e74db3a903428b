"""ASGD and Rprop: the average of all iterates, and steps that follow only the sign of the gradient."""

from __future__ import annotations

from typing import Any

import numpy as np

from gradsh.engine.core import alloc
from gradsh.engine.core.tensor import Tensor, make
from gradsh.engine.optim.base import Elementwise, check, check_lr, check_not_negative, number, registered, scalar
from gradsh.engine.optim.sweep import Work, add_scaled, effective

add, subtract, multiply = np.add, np.subtract, np.multiply


@registered(
    "ASGD(params, lr=0.01, lambd=0.0001, alpha=0.75, t0=1000000.0, weight_decay=0, foreach: bool=None, "
    "maximize=False, differentiable=False, capturable=False)",
    example="let w = ones(2, grad); let opt = ASGD([w], lr=0.1); backward (w**2).sum(); step opt; w",
)
class ASGD(Elementwise):
    """Gradient descent that also averages its iterates.

    Gradient descent with a falling rate, and beside it the average of the parameters, `ax` in the state.
    """

    __slots__ = ()
    numbers = ("step", "eta", "mu")
    own_constants = True

    def validate(self, options: dict[str, Any]) -> None:
        check_lr(options["lr"])
        check_not_negative("weight_decay value", options["weight_decay"])

    def arrays(self, group: dict[str, Any]) -> tuple[str, ...]:
        return ("ax",)

    def begin(self, group: dict[str, Any], data: Any) -> dict[str, Tensor]:
        return {
            "step": scalar(0.0),
            "eta": scalar(float(number(group["lr"]))),
            "mu": scalar(1.0),
            "ax": make(alloc.zeros_like(data)),
        }

    def hyper(self, group: dict[str, Any]) -> tuple[Any, ...]:
        return (
            number(group["lr"]),
            group["lambd"],
            group["alpha"],
            group["t0"],
            group["weight_decay"],
            bool(group["maximize"]),
        )

    def constants(self, hyper: tuple[Any, ...], step: float, state: dict[str, Any]) -> tuple[Any, ...]:
        lr, lambd, alpha, t0, decay, maximize = hyper
        eta, mu = state["eta"].data.item(), state["mu"].data.item()
        for name, value in (("eta", lr / ((1 + lambd * lr * step) ** alpha)), ("mu", 1 / max(1, step - t0))):
            held = state[name]
            held.data = scalar(value).data.astype(held.data.dtype)
        return (maximize, decay if decay != 0 else None, 1 - lambd * eta, -eta, mu if mu != 1 else None)

    @staticmethod
    def kernel(
        work: Work, p: Any, g: Any, average: Any, maximize: bool, decay: Any, shrink: Any, rate: Any, mu: Any
    ) -> None:
        g = effective(work, p, g, maximize, decay)
        multiply(p, shrink, p)
        add_scaled(work, p, g, rate, p)
        if mu is None:
            average[...] = p
        else:
            t = work.t
            subtract(p, average, t)
            multiply(t, mu, t)
            add(average, t, average)


@registered(
    "Rprop(params, lr=0.01, etas=(0.5, 1.2), step_sizes=(1e-06, 50), *, capturable=False, foreach: "
    "bool=None, maximize=False, differentiable=False)",
    example="let w = ones(2, grad); let opt = Rprop([w], lr=0.1); backward (w**2).sum(); step opt; w",
)
class Rprop(Elementwise):
    """Steps that follow only the signs of the gradient.

    Each element has its own step size, which grows while the gradient keeps its sign and shrinks when it turns.
    """

    __slots__ = ()

    order = ("capturable",)

    def validate(self, options: dict[str, Any]) -> None:
        check_lr(options["lr"])
        check(
            "eta values",
            0.0 < options["etas"][0] < 1.0 < options["etas"][1],
            f"{options['etas'][0]}, {options['etas'][1]}",
        )

    def arrays(self, group: dict[str, Any]) -> tuple[str, ...]:
        return ("prev", "step_size")

    def begin(self, group: dict[str, Any], data: Any) -> dict[str, Tensor]:
        return {
            "step": scalar(0.0),
            "prev": make(alloc.zeros_like(data)),
            "step_size": make(alloc.full_like(data, number(group["lr"]))),
        }

    def hyper(self, group: dict[str, Any]) -> tuple[Any, ...]:
        shrink, grow = group["etas"]
        least, most = group["step_sizes"]
        return (bool(group["maximize"]), shrink, grow, least, most)

    def constants(self, hyper: tuple[Any, ...], step: float, state: dict[str, Any]) -> tuple[Any, ...]:
        return hyper

    @staticmethod
    def kernel(
        work: Work,
        p: Any,
        g: Any,
        before: Any,
        sizes: Any,
        maximize: bool,
        shrink: Any,
        grow: Any,
        least: Any,
        most: Any,
    ) -> None:
        g = effective(work, p, g, maximize, None)
        t = work.t
        multiply(g, before, t)
        grew, turned = t > 0, t < 0
        np.sign(t, t)
        t[grew] = grow
        t[turned] = shrink
        t[t == 0] = 1
        multiply(sizes, t, sizes)
        np.maximum(sizes, least, out=sizes)
        np.minimum(sizes, most, out=sizes)
        before[...] = g
        before[turned] = 0
        np.sign(before, work.u)
        multiply(work.u, sizes, work.u)
        subtract(p, work.u, p)
