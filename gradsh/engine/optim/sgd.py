"""Stochastic gradient descent."""

from __future__ import annotations

from typing import Any

import numpy as np

from gradsh.engine.autograd.inplace import bump
from gradsh.engine.core import alloc
from gradsh.engine.core.tensor import Tensor, make
from gradsh.engine.optim.base import Optimizer, check, held_array, number, operands, refuse, registered
from gradsh.engine.optim.sweep import Work, add_scaled, effective, in_c, sweep
from gradsh.errors import ValueError_

ndarray = np.ndarray
add, multiply = np.add, np.multiply


@registered(
    "SGD(params, lr=0.001, momentum=0, dampening=0, weight_decay=0, nesterov=False, *, maximize=False, "
    "foreach: bool=None, differentiable=False, fused: bool=None)",
    example="let w = ones(2, grad); let opt = SGD([w], lr=0.1, momentum=0.9); backward (w**2).sum(); step opt; w",
)
class SGD(Optimizer):
    """Stochastic gradient descent, with momentum if wanted.

    p -= lr * g; with momentum, g is an average of the gradients.
    """

    __slots__ = ("factors", "known")

    def validate(self, options: dict[str, Any]) -> None:
        if options["lr"].__class__ is Tensor and options["lr"].data.size != 1:
            raise ValueError_("Tensor lr must be 1-element")
        check("learning rate", not options["lr"] < 0.0, options["lr"])
        check("momentum value", not options["momentum"] < 0.0, options["momentum"])
        check("weight_decay value", not options["weight_decay"] < 0.0, options["weight_decay"])
        if options["nesterov"] and (options["momentum"] <= 0 or options["dampening"] != 0):
            raise ValueError_("Nesterov momentum requires a momentum and zero dampening")

    def __init__(self, params: Any, *values: Any) -> None:
        super().__init__(params, *values)
        self.factors: tuple[Any, ...] = ()
        self.known: dict[Any, tuple[Any, ...]] = {}

    def update(self, group: dict[str, Any], where: Any) -> None:
        lr, momentum, dampening = number(group["lr"]), number(group["momentum"]), group["dampening"]
        decay, nesterov, maximize = number(group["weight_decay"]), group["nesterov"], group["maximize"]
        factors = (lr, momentum, dampening, decay)
        if factors != self.factors:
            self.factors, self.known = factors, {}
        if group["differentiable"]:
            refuse(group)
        # the plain case, with momentum or without, costs little beyond its four operations
        plain = not (decay or dampening or nesterov or maximize)
        known, states, scratch = self.known, self.state, self.scratch
        seen: Any = self.seen
        for p in group["params"]:
            grad = p.gradient
            if grad is None:
                continue
            data: Any = p.data
            if plain and seen.get(p) is data and p.storage is not None:
                constants = known.get(data.dtype)
                if constants is not None:
                    if not momentum:
                        sweep(scratch, _along, (data, grad.data), constants)
                        bump(p, where)
                        continue
                    held = states[p].get("momentum_buffer")
                    if held is not None and held.data.__class__ is ndarray:
                        sweep(scratch, _along_buffer, (data, grad.data, held.data), constants)
                        bump(p, where)
                        continue
            self.one(p, grad.data, momentum, nesterov, maximize, where)

    def one(self, p: Any, g: Any, momentum: Any, nesterov: Any, maximize: Any, where: Any) -> None:
        """The step of one parameter, whatever the options."""
        data = self.writable(p, where)
        dtype = data.dtype
        constants = self.known.get(dtype)
        if constants is None:
            lr, mu, dampening, decay = self.factors
            numbers = (-lr, mu, None if dampening == 0 else 1 - dampening, decay if decay else None)
            constants = self.known[dtype] = operands(numbers, dtype)
        rate, mu, rest, decay = constants
        if momentum:
            state = self.state[p]
            held = state.get("momentum_buffer")
            first = held is None
            if held is None:
                held = state["momentum_buffer"] = make(alloc.empty_like(data))
            arrays = (data, g, held_array(held))
            sweep(self.scratch, _momentum, arrays, (maximize, decay, mu, rest, rate, nesterov, first))
        else:
            sweep(self.scratch, _plain, (data, g), (maximize, decay, rate))
        if p.data.__class__ is not ndarray:
            p.data = data[()]
        bump(p, where)


# The plain case takes the constants as they are, and leaves two of them out.


@in_c("sgd", 0, (-0.1, None, None, None))
def _along(work: Work, p: Any, g: Any, rate: Any, mu: Any, rest: Any, decay: Any) -> None:
    add_scaled(work, p, g, rate, p)


@in_c("momentum", 1, (-0.1, 0.9, None, None))
def _along_buffer(work: Work, p: Any, g: Any, buffer: Any, rate: Any, mu: Any, rest: Any, decay: Any) -> None:
    multiply(buffer, mu, buffer)
    add(buffer, g, buffer)
    add_scaled(work, p, buffer, rate, p)


def _plain(work: Work, p: Any, g: Any, maximize: bool, decay: Any, rate: Any) -> None:
    add_scaled(work, p, effective(work, p, g, maximize, decay), rate, p)


def _momentum(
    work: Work,
    p: Any,
    g: Any,
    buffer: Any,
    maximize: bool,
    decay: Any,
    momentum: Any,
    rest: Any,
    rate: Any,
    nesterov: bool,
    first: bool,
) -> None:
    g = effective(work, p, g, maximize, decay)
    if first:
        buffer[...] = g
    else:
        multiply(buffer, momentum, buffer)
        if rest is None:
            add(buffer, g, buffer)
        else:
            add_scaled(work, buffer, g, rest, buffer)
    if nesterov:
        add_scaled(work, g, buffer, momentum, work.g)
        buffer = work.g
    add_scaled(work, p, buffer, rate, p)
