"""AveragedModel: a copy of a model whose parameters are the average of those that the model has had."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import numpy as np

from gradsh.engine.core.modes import mode, no_grad
from gradsh.engine.core.namespaces import T
from gradsh.engine.core.place import placed
from gradsh.engine.core.tensor import Tensor, make
from gradsh.engine.nn.copying import deepcopy
from gradsh.engine.nn.module import Model, not_a_model
from gradsh.engine.ops.families import methods
from gradsh.errors import ArgumentError

__acts_for_programs__ = True  # as gradsh.engine.nn.module


class AveragedModel(Model):
    """A copy of a model, the running average of it by `update_parameters(model)`: all alike, or as a function says."""

    __slots__ = ()

    def construct(
        self, model: Any, device: Any = None, avg_fn: Any = None, multi_avg_fn: Any = None, use_buffers: bool = False
    ) -> None:
        if avg_fn is not None and multi_avg_fn is not None:
            raise ArgumentError("Only one of avg_fn and multi_avg_fn should be provided", kind="AssertionError")
        if not isinstance(model, Model):
            raise not_a_model(model)
        copy = deepcopy(model)
        self.put("module", copy if device is None else copy.to(device))
        self.register_buffer("n_averaged", make(np.int64(0)))
        self.put("avg_fn", avg_fn)
        self.put("multi_avg_fn", multi_avg_fn)
        self.put("use_buffers", use_buffers)

    def settle(self) -> None:
        self.run = self.forward

    def __member__(self, name: str) -> Any:
        return self.update_parameters if name == "update_parameters" else super().__member__(name)

    def __members__(self) -> list[str]:
        return [*super().__members__(), "update_parameters"]

    def forward(self, *arguments: Any, **keywords: Any) -> Any:
        return self.get("module")(*arguments, **keywords)

    def update_parameters(self, model: Any) -> None:
        """Take the parameters that a model has now into the average; the first time they are copied."""
        if not isinstance(model, Model):
            raise not_a_model(model)
        own: Model = self.get("module")
        buffers = bool(self.get("use_buffers"))
        averaged, current = _tensors(own, buffers), _tensors(model, buffers)
        count: Tensor = self.get("n_averaged")
        copy = methods()["copy_"]
        if not count.item():
            for mine, its in zip(averaged, current, strict=False):
                copy(mine, its)
        elif (one := self.get("avg_fn")) is not None:
            for mine, its in zip(averaged, current, strict=True):
                with placed(None):
                    value = one(mine, its, count)
                copy(mine, value)
        else:
            several = self.get("multi_avg_fn") or mean_of_several
            for group in _by_dtype(averaged, current):
                with placed(None):
                    several(*group, count)
        if not buffers:
            for buffer, its in zip(own.buffers(), model.buffers(), strict=True):
                copy(T.detach(buffer), T.detach(its))
        methods()["add_"](count, 1)


def _tensors(model: Model, buffers: bool) -> list[Tensor]:
    """The parameters of a model, and its buffers, on the same memory and without their history."""
    return [T.detach(t) for t in (*model.parameters(), *(model.buffers() if buffers else ()))]


def _by_dtype(averaged: list[Tensor], current: list[Tensor]) -> Iterator[tuple[list[Tensor], list[Tensor]]]:
    groups: dict[Any, tuple[list[Tensor], list[Tensor]]] = {}
    for mine, its in zip(averaged, current, strict=True):
        group = groups.setdefault(mine.data.dtype, ([], []))
        group[0].append(mine)
        group[1].append(its)
    yield from groups.values()


# --- averages ---------------------------------------------------------------------------------------------------------


def mean_of_several(averaged: list[Tensor], current: list[Tensor], count: Any) -> None:
    """`get_swa_multi_avg_fn()`: all models alike; in place."""
    taken = count.item() if count.__class__ is Tensor else count
    weight = 1 / (taken + 1)
    if count.__class__ is Tensor:
        weight = (mode.default.type(1) / (count.data + 1).astype(mode.default.type)).item()
    with no_grad():
        for mine, its in zip(averaged, current, strict=True):
            if mine.data.dtype.kind == "f":
                methods()["lerp_"](mine, its, weight)
            else:
                T.copy_(mine, T.add(mine, T.div(T.sub(its, mine), taken + 1)))


def exponential_of_several(averaged: list[Tensor], current: list[Tensor], decay: float) -> None:
    """`get_ema_multi_avg_fn(decay)`: newer models weigh more; in place."""
    with no_grad():
        for mine, its in zip(averaged, current, strict=True):
            if mine.data.dtype.kind == "f":
                methods()["lerp_"](mine, its, 1 - decay)
            else:
                T.copy_(mine, T.add(T.mul(mine, decay), T.mul(its, 1 - decay)))


def mean_of_one(averaged: Tensor, current: Tensor, count: Any) -> Any:
    """`get_swa_avg_fn()`"""
    with no_grad():
        return T.add(
            averaged, T.div(T.sub(current, averaged), T.add(count, 1) if count.__class__ is Tensor else count + 1)
        )


def exponential_of_one(averaged: Tensor, current: Tensor, decay: float) -> Any:
    """`get_ema_avg_fn(decay)`"""
    with no_grad():
        return T.add(T.mul(averaged, decay), T.mul(current, 1 - decay))


# --- the statistics of batch norms ------------------------------------------------------------------------------------


def update_bn(loader: Any, model: Model, device: Any) -> None:
    """Compute the running statistics of all batch norms anew, as the means over the batches of `loader`."""
    norms = [m for m in model.modules() if any(k.__name__.startswith("BatchNorm") for k in type(m).__mro__)]
    for norm in norms:
        for name, value in (("running_mean", 0), ("running_var", 1), ("num_batches_tracked", 0)):
            if norm.get(name) is not None:
                methods()["fill_"](norm.get(name), value)
    if not norms:
        return
    momenta = [norm.get("momentum") for norm in norms]
    training = model.training
    model.train()
    for norm in norms:
        norm.put("momentum", None)
    with no_grad():
        for batch in loader:
            x = batch[0] if isinstance(batch, (list, tuple)) else batch
            model(x if device is None else T.to(x, device))
    for norm, momentum in zip(norms, momenta, strict=True):
        norm.put("momentum", momentum)
    model.train(training)
