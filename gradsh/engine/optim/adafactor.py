"""Adafactor: the second moments of a matrix are kept as those of its rows and of its columns."""

from __future__ import annotations

from typing import Any

import numpy as np

from gradsh.engine.autograd.inplace import bump
from gradsh.engine.core import alloc
from gradsh.engine.core.modes import GradMode
from gradsh.engine.core.namespaces import T
from gradsh.engine.core.tensor import Tensor, make
from gradsh.engine.optim.base import Optimizer, as_float, next_step, number, registered, scalar
from gradsh.errors import ValueError_

ndarray = np.ndarray


@registered(
    "Adafactor(params, lr=0.01, beta2_decay=-0.8, eps=(None, 0.001), d=1.0, weight_decay=0.0, *, foreach: bool=None, "
    "maximize=False)",
    example="let w = ones(2, 3, grad); let opt = Adafactor([w], lr=0.1); backward (w**2).sum(); step opt; w",
)
class Adafactor(Optimizer):
    """Adaptive steps of bounded size, with the memory of the rows and columns of each matrix.

    The rate is an upper bound: steps are relative to the root mean square of the parameter.
    """

    __slots__ = ()

    def validate(self, options: dict[str, Any]) -> None:
        lr, eps = options["lr"], options["eps"]
        if lr.__class__ is Tensor and lr.data.size != 1:
            raise ValueError_("Tensor lr must be 1-element")
        for right, says in (
            (lr >= 0.0, f"Learning rate should be >= 0 but is: {lr}"),
            (options["beta2_decay"] <= 0.0, f"beta2_decay should be <= 0 but is: {options['beta2_decay']}"),
            (eps[0] is None or eps[0] >= 0.0, f"epsilon1 should be >= 0 but is: {eps[0]}"),
            (eps[1] >= 0.0, f"epsilon2 should be >= 0 but is: {eps[1]}"),
            (options["d"] >= 1.0, f"Clipping threshold d should be >= 1 but is: {options['d']}"),
            (options["weight_decay"] >= 0.0, f"weight_decay should be >= 0 but is: {options['weight_decay']}"),
        ):
            if not right:
                raise ValueError_(says)

    def update(self, group: dict[str, Any], where: Any) -> None:
        eps = group["eps"][0]
        with GradMode(False):
            for p in group["params"]:
                if p.gradient is None:
                    continue
                if eps is None:
                    eps = float(np.finfo(p.data.dtype).eps)  # of the first parameter, as in PyTorch
                data = self.writable(p, where)
                data[...] = self.moved(group, p, make(data), p.gradient, eps).data
                if p.data.__class__ is not ndarray:
                    p.data = data[()]
                bump(p, where)

    def moved(self, group: dict[str, Any], p: Tensor, x: Tensor, g: Tensor, eps: float) -> Any:
        """The values of a parameter after a step."""
        state = self.state[p]
        if not state:
            state.update(_begin(g.data))
        lr = as_float(number(group["lr"]))
        if group["maximize"]:
            g = T.neg(g)
        step = next_step(state)
        weight = step ** group["beta2_decay"]
        alpha = max(group["eps"][1], _length(x)) * min(lr, 1 / step**0.5)
        if group["weight_decay"] != 0:
            x = T.mul(x, 1 - lr * group["weight_decay"])
        if g.ndim > 1:
            for name, dim in (("row_var", -1), ("col_var", -2)):
                mean = T.div(T.square(T.norm(g, 2, dim, True)), g.shape[dim])
                state[name] = T.lerp(state[name], mean, weight)
            rows = state["row_var"]
            variance = T.matmul(rows, state["col_var"])
            variance = T.div(variance, T.clamp(T.mean(rows, -2, True), eps))
        else:
            variance = state["variance"] = T.lerp(state["variance"], T.mul(g, g), weight)
        update = T.mul(T.rsqrt(T.clamp(variance, eps * eps)), g)
        denominator = max(1.0, _length(update) / group["d"])
        return T.add(x, update, alpha=-alpha / denominator)


def _begin(g: Any) -> dict[str, Tensor]:
    """The first state of a parameter with such a gradient."""
    if g.ndim < 2:
        return {"step": scalar(0.0), "variance": make(alloc.zeros_like(g)[()])}
    shapes = {"row_var": (*g.shape[:-1], 1), "col_var": (*g.shape[:-2], 1, g.shape[-1])}
    return {"step": scalar(0.0), **{name: make(alloc.zeros(shape, g.dtype)) for name, shape in shapes.items()}}


def _length(x: Tensor) -> float:
    """The root of the mean square."""
    return T.norm(x, 2).data.item() / float(x.data.size**0.5)  # type: ignore[no-any-return]
