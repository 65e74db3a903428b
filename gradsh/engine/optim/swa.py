"""SWALR: a rate that goes over to the constant one of stochastic weight averaging."""

from __future__ import annotations

import math
from typing import Any

from gradsh.engine.optim.base import registered
from gradsh.engine.optim.schedulers import LRScheduler, checked, cosine, per_group
from gradsh.errors import ValueError_


@registered(
    "SWALR(optimizer, swa_lr, anneal_epochs=10, anneal_strategy='cos', last_epoch=-1)",
    example="let opt = SGD([ones(2, grad)], lr=0.1); let s = SWALR(opt, 0.02, anneal_epochs=2); step opt; step s; "
    "s.get_last_lr()",
)
class SWALR(LRScheduler):
    """Anneals the rate of each group to `swa_lr` within `anneal_epochs` epochs, and keeps it there."""

    def __init__(self, optimizer: Any, swa_lr: Any, anneal_epochs: Any, anneal_strategy: Any, last_epoch: Any) -> None:
        checked(optimizer)
        for rate, group in zip(per_group("swa_lr", optimizer, swa_lr), optimizer.param_groups, strict=True):
            group["swa_lr"] = rate
        if anneal_strategy not in ("cos", "linear"):
            raise ValueError_(f"anneal_strategy must be one of 'cos' or 'linear', instead got {anneal_strategy}")
        self._anneal_strategy = anneal_strategy
        if not isinstance(anneal_epochs, int) or anneal_epochs < 0:
            raise ValueError_(f"anneal_epochs must be equal or greater than 0, got {anneal_epochs}")
        self.anneal_epochs = anneal_epochs
        super().__init__(optimizer, last_epoch)

    def part(self, step: int) -> float:
        """How far the rate has come after so many steps, from 0 to 1."""
        t = max(0, min(1, step / max(1, self.anneal_epochs)))
        return (1 - cosine(math.pi * t)) / 2 if self._anneal_strategy == "cos" else t

    def rule(self) -> list[Any]:
        step = self._step_count - 1
        if self.anneal_epochs == 0:
            step = max(1, step)
        before, now = self.part(step - 1), self.part(step)
        found = []
        for group in self.optimizer.param_groups:
            last = group["swa_lr"]
            first = last if before == 1 else (group["lr"] - before * last) / (1 - before)
            found.append(last * now + first * (1 - now))
        return found
