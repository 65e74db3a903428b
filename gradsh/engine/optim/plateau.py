"""The scheduler that watches a number and lowers the learning rate when it no longer improves."""

from __future__ import annotations

import math
from typing import Any

from gradsh.engine.core.modes import mode as context
from gradsh.engine.core.tensor import Tensor
from gradsh.engine.optim.base import as_float, registered
from gradsh.engine.optim.schedulers import EPOCH, LRScheduler, checked, rates, set_rate
from gradsh.errors import ArgumentError, ValueError_

STATE = (
    "best",
    "cooldown",
    "cooldown_counter",
    "default_min_lr",
    "eps",
    "factor",
    "min_lrs",
    "mode",
    "mode_worse",
    "num_bad_epochs",
    "patience",
    "threshold",
    "threshold_mode",
)


@registered(
    "ReduceLROnPlateau(optimizer, mode='min', factor=0.1, patience=10, threshold=0.0001, "
    "threshold_mode='rel', cooldown=0, min_lr=0, eps=1e-08)",
    example="let opt = SGD([ones(2, grad)], lr=0.1); let s = ReduceLROnPlateau(opt, patience=0)\n"
    "for loss in [1.0, 1.0] { step s, loss }\n"
    "s.get_last_lr()",
)
class ReduceLROnPlateau(LRScheduler):
    """Lowers the learning rate when a number no longer improves."""

    __public__ = (LRScheduler.__public__ | {"in_cooldown", *STATE}) - {"base_lrs", "get_lr"}
    __settable__ = frozenset(("last_epoch", *STATE))

    def __init__(
        self,
        optimizer: Any,
        mode: Any,
        factor: Any,
        patience: Any,
        threshold: Any,
        threshold_mode: Any,
        cooldown: Any,
        min_lr: Any,
        eps: Any,
    ) -> None:
        if factor >= 1.0:
            raise ValueError_("Factor should be < 1.0.")
        self.factor = factor
        self.optimizer = checked(optimizer)
        groups = len(optimizer.param_groups)
        if isinstance(min_lr, (list, tuple)):
            if len(min_lr) != groups:
                raise ValueError_(f"expected {groups} min_lrs, got {len(min_lr)}")
            self.default_min_lr = None
            self.min_lrs = list(min_lr)
        else:
            self.default_min_lr = min_lr
            self.min_lrs = [min_lr] * groups
        self.patience = patience
        self.cooldown = cooldown
        self.eps = eps
        self.last_epoch = 0
        self._last_lr = rates(optimizer)
        self._begin(mode, threshold, threshold_mode)
        self.best = self.mode_worse
        self.cooldown_counter = 0
        self.num_bad_epochs = 0

    def _begin(self, mode: Any, threshold: Any, threshold_mode: Any) -> None:
        if mode not in ("min", "max"):
            raise ValueError_(f"mode {mode} is unknown!")
        if threshold_mode not in ("rel", "abs"):
            raise ValueError_(f"threshold mode {threshold_mode} is unknown!")
        self.mode_worse = math.inf if mode == "min" else -math.inf
        self.mode = mode
        self.threshold = threshold
        self.threshold_mode = threshold_mode

    def step(self, metrics: Any = None, epoch: Any = None) -> None:  # type: ignore[override]  # as in PyTorch
        """Look at the number that should improve, such as the validation loss."""
        if metrics is None:
            raise ArgumentError(
                "ReduceLROnPlateau.step() missing 1 required positional argument: 'metrics'",
                help="step scheduler, loss",
            )
        current = as_float(metrics.item() if metrics.__class__ is Tensor else metrics)
        if epoch is None:
            epoch = self.last_epoch + 1
        else:
            context.warn(EPOCH)
        self.last_epoch = epoch
        if self._better(current, self.best):
            self.best = current
            self.num_bad_epochs = 0
        else:
            self.num_bad_epochs += 1
        if self.in_cooldown:
            self.cooldown_counter -= 1
            self.num_bad_epochs = 0
        if self.num_bad_epochs > self.patience:
            self._reduce()
            self.cooldown_counter = self.cooldown
            self.num_bad_epochs = 0
        self._last_lr = rates(self.optimizer)

    def _reduce(self) -> None:
        groups = self.optimizer.param_groups
        if len(groups) != len(self.min_lrs):
            if self.default_min_lr is None:
                raise ValueError_(
                    f"The number of param groups in the `optimizer` ({len(groups)}) differs from when "
                    f"`ReduceLROnPlateau` was initialized ({len(self.min_lrs)}), usually due to a new param group "
                    "being added to the optimizer. Please modify the `min_lrs` field to match the length of the "
                    "`optimizer` param groups.",
                    kind="RuntimeError",
                )
            self.min_lrs = [self.default_min_lr] * len(groups)
        for group, least in zip(groups, self.min_lrs, strict=True):
            old = as_float(group["lr"])
            new = max(old * self.factor, least)
            if old - new > self.eps:
                set_rate(group, new)

    @property
    def in_cooldown(self) -> bool:
        """Whether a reduction was so recently that bad steps do not count."""
        return self.cooldown_counter > 0

    def _better(self, value: float, best: float) -> bool:
        sign = 1 if self.mode == "max" else -1
        bar = best * (1.0 + sign * self.threshold) if self.threshold_mode == "rel" else best + sign * self.threshold
        return bool(value > bar if sign > 0 else value < bar)

    def load_state_dict(self, state_dict: dict[str, Any]) -> None:
        super().load_state_dict(state_dict)
        self._begin(self.mode, self.threshold, self.threshold_mode)
