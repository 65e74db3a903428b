"""Stochastic gradient descent."""

from __future__ import annotations

from typing import Any

import numpy as np

from gradsh.engine.autograd.inplace import bump
from gradsh.engine.core.modes import mode
from gradsh.engine.core.tensor import Tensor, make
from gradsh.engine.optim.base import Optimizer, check, held_array, number, operands, refuse
from gradsh.engine.optim.sweep import PIECE, Work, add_scaled, effective, sweep
from gradsh.errors import ValueError_

ndarray = np.ndarray
add, multiply = np.add, np.multiply


def check_fused(fused: Any, differentiable: Any, foreach: Any) -> None:
    """Raise for options that exclude each other."""
    if fused and differentiable:
        raise ValueError_("`fused` does not support `differentiable`", kind="RuntimeError")
    if fused and foreach:
        raise ValueError_("`fused` and `foreach` cannot be `True` together.", kind="RuntimeError")


class SGD(Optimizer):
    """p -= lr * g; with momentum, g is an average of the gradients."""

    __slots__ = ("factors", "known")

    def __init__(
        self,
        params: Any,
        lr: Any,
        momentum: Any,
        dampening: Any,
        weight_decay: Any,
        nesterov: Any,
        maximize: Any,
        foreach: Any,
        differentiable: Any,
        fused: Any,
    ) -> None:
        if lr.__class__ is Tensor and lr.data.size != 1:
            raise ValueError_("Tensor lr must be 1-element")
        check("learning rate", not lr < 0.0, lr)
        check("momentum value", not momentum < 0.0, momentum)
        check("weight_decay value", not weight_decay < 0.0, weight_decay)
        if nesterov and (momentum <= 0 or dampening != 0):
            raise ValueError_("Nesterov momentum requires a momentum and zero dampening")
        super().__init__(
            params,
            {
                "lr": lr,
                "momentum": momentum,
                "dampening": dampening,
                "weight_decay": weight_decay,
                "nesterov": nesterov,
                "maximize": maximize,
                "foreach": foreach,
                "differentiable": differentiable,
                "fused": fused,
            },
        )
        check_fused(fused, differentiable, foreach)
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
        # the plain case, small tensors with momentum or without, costs nothing beyond its four operations
        plain = not (decay or dampening or nesterov or maximize)
        known, states, views, written = self.known, self.state, self.scratch.views, mode.written
        seen: Any = self.seen
        for p in group["params"]:
            grad = p.grad_
            if grad is None:
                continue
            data: Any = p.data
            if plain and seen.get(p) is data and p.storage is not None:
                dtype = data.dtype
                work = views.get((dtype, data.shape))
                constants = known.get(dtype)
                if work is not None and constants is not None and data.size <= PIECE:
                    g = grad.data
                    if momentum:
                        held = states[p].get("momentum_buffer")
                        if held is None or held.data.__class__ is not ndarray:
                            self.one(p, g, momentum, nesterov, maximize, where)
                            continue
                        buffer = held.data
                        multiply(buffer, constants[1], buffer)
                        add(buffer, g, buffer)
                        g = buffer
                    t = work.wide
                    if t is None:
                        t = work.t
                        multiply(g, constants[0], t)
                        add(data, t, data)
                    else:
                        t[...] = g
                        multiply(t, constants[0], t)
                        add(data, t, t)
                        data[...] = t
                    storage = p.storage
                    storage.version += 1
                    storage.writer = where
                    if written is not None:
                        written(p, where)
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
                held = state["momentum_buffer"] = make(np.empty_like(data))
            arrays = (data, g, held_array(held))
            sweep(self.scratch, _momentum, arrays, (maximize, decay, mu, rest, rate, nesterov, first))
        else:
            sweep(self.scratch, _plain, (data, g), (maximize, decay, rate))
        if p.data.__class__ is not ndarray:
            p.data = data[()]
        bump(p, where)


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
