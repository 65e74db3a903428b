"""Schedulers that go up and down: warm restarts, cycles, and one cycle."""

from __future__ import annotations

import math
from typing import Any

from gradsh.engine.optim.base import Optimizer, registered
from gradsh.engine.optim.schedulers import LRScheduler, called, checked, cosine, per_group, rates, set_rate
from gradsh.errors import ValueError_


@registered(
    "CosineAnnealingWarmRestarts(optimizer, T_0, T_mult=1, eta_min=0.0, last_epoch=-1)",
    example="let opt = SGD([ones(2, grad)], lr=0.1); let s = CosineAnnealingWarmRestarts(opt, 10); step opt; step "
    "s; s.get_last_lr()",
)
class CosineAnnealingWarmRestarts(LRScheduler):
    """Lowers the learning rate along half a cosine, again and again."""

    __public__ = LRScheduler.__public__ | {"T_0", "T_cur", "T_i", "T_mult", "eta_min"}

    def __init__(self, optimizer: Any, T_0: Any, T_mult: Any, eta_min: Any, last_epoch: Any) -> None:
        if not isinstance(T_0, int) or T_0 <= 0:
            raise ValueError_(f"Expected positive integer T_0, but got {T_0}")
        if not isinstance(T_mult, int) or T_mult < 1:
            raise ValueError_(f"Expected integer T_mult >= 1, but got {T_mult}")
        if not isinstance(eta_min, (float, int)):
            raise ValueError_(f"Expected float or int eta_min, but got {eta_min} of type {type(eta_min)}")
        self.T_0 = T_0
        self.T_i = T_0
        self.T_mult = T_mult
        self.eta_min = eta_min
        self.T_cur = last_epoch
        super().__init__(optimizer, last_epoch)

    def rule(self) -> list[Any]:
        height = 1 + cosine(math.pi * self.T_cur / self.T_i)
        return [self.eta_min + (base - self.eta_min) * height / 2 for base in self.base_lrs]

    def step(self, epoch: Any = None) -> None:
        """Go to the next epoch, or to `epoch`, which may be a fraction."""
        if epoch is None and self.last_epoch < 0:
            epoch = 0
        if epoch is None:
            epoch = self.last_epoch + 1
            self.T_cur = self.T_cur + 1
            if self.T_cur >= self.T_i:
                self.T_cur = self.T_cur % self.T_i
                self.T_i = self.T_i * self.T_mult
        else:
            self._go_to(epoch)
        self.last_epoch = math.floor(epoch)
        for group, lr in zip(self.optimizer.param_groups, self.rule(), strict=True):
            set_rate(group, lr)
        # PyTorch has asked `get_lr` within a step by now, and keeps the note in its state
        self._get_lr_called_within_step = False
        self._last_lr = rates(self.optimizer)

    def _go_to(self, epoch: Any) -> None:
        if epoch < 0:
            raise ValueError_(f"Expected non-negative epoch, but got {epoch}")
        if epoch < self.T_0:
            self.T_i = self.T_0
            self.T_cur = epoch
        elif self.T_mult == 1:
            self.T_cur = epoch % self.T_0
        else:
            n = int(math.log(epoch / self.T_0 * (self.T_mult - 1) + 1, self.T_mult))
            self.T_cur = epoch - self.T_0 * (self.T_mult**n - 1) / (self.T_mult - 1)
            self.T_i = self.T_0 * self.T_mult**n


def set_momentum(group: dict[str, Any], value: Any, use_beta1: bool) -> None:
    """Set a group's momentum, which for Adam and its kin is the first beta."""
    if use_beta1:
        group["betas"] = (value, *group["betas"][1:])
    else:
        group["momentum"] = value


def begin_momentum(optimizer: Optimizer, base: Any, most: Any, last_epoch: Any) -> tuple[bool, list[Any], list[Any]]:
    """(whether it is the first beta, least and greatest momentum of each group), which the groups are told as well."""
    if "momentum" not in optimizer.defaults and "betas" not in optimizer.defaults:
        raise ValueError_("optimizer must support momentum or beta1 with `cycle_momentum` option enabled")
    use_beta1 = "betas" in optimizer.defaults
    least, greatest = per_group("base_momentum", optimizer, base), per_group("max_momentum", optimizer, most)
    if last_epoch == -1:
        for high, low, group in zip(greatest, least, optimizer.param_groups, strict=True):
            set_momentum(group, high, use_beta1)
            group["max_momentum"] = high
            group["base_momentum"] = low
    return use_beta1, least, greatest


@registered(
    "CyclicLR(optimizer, base_lr, max_lr, step_size_up=2000, step_size_down=None, mode='triangular', "
    "gamma=1.0, scale_fn=None, scale_mode='cycle', cycle_momentum=True, base_momentum=0.8, "
    "max_momentum=0.9, last_epoch=-1)",
    example="let opt = SGD([ones(2, grad)], lr=0.1); let s = CyclicLR(opt, 0.01, 0.1, step_size_up=5); step opt; "
    "step s; s.get_last_lr()",
)
class CyclicLR(LRScheduler):
    """Moves the learning rate up and down between two bounds."""

    __public__ = LRScheduler.__public__ | {"base_momentums", "max_lrs", "max_momentums", "mode", "scale_mode"}
    hidden = ("optimizer", "_scale_fn_custom")

    def __init__(
        self,
        optimizer: Any,
        base_lr: Any,
        max_lr: Any,
        step_size_up: Any,
        step_size_down: Any,
        mode: Any,
        gamma: Any,
        scale_fn: Any,
        scale_mode: Any,
        cycle_momentum: Any,
        base_momentum: Any,
        max_momentum: Any,
        last_epoch: Any,
    ) -> None:
        self.optimizer = checked(optimizer)
        base_lrs = per_group("base_lr", optimizer, base_lr)
        if last_epoch == -1:
            for lr, group in zip(base_lrs, optimizer.param_groups, strict=True):
                set_rate(group, lr)
        self.max_lrs = per_group("max_lr", optimizer, max_lr)
        up = float(step_size_up)
        down = float(step_size_down) if step_size_down is not None else up
        self.total_size = up + down
        self.step_ratio = up / self.total_size
        if mode not in ("triangular", "triangular2", "exp_range") and scale_fn is None:
            raise ValueError_("mode is invalid and scale_fn is None")
        self.mode = mode
        self.gamma = gamma
        self._scale_fn_custom = scale_fn
        self.scale_mode = scale_mode if scale_fn is not None else "iterations" if mode == "exp_range" else "cycle"
        self.cycle_momentum = cycle_momentum
        if cycle_momentum:
            found = begin_momentum(optimizer, base_momentum, max_momentum, last_epoch)
            self.use_beta1, self.base_momentums, self.max_momentums = found
        super().__init__(optimizer, last_epoch)
        self.base_lrs = base_lrs

    def _scale(self, x: Any) -> Any:
        if self._scale_fn_custom is not None:
            return called(self._scale_fn_custom, x)
        if self.mode == "triangular":
            return 1.0
        return 1 / (2.0 ** (x - 1)) if self.mode == "triangular2" else self.gamma**x

    def rule(self) -> list[Any]:
        cycle = math.floor(1 + self.last_epoch / self.total_size)
        x = 1.0 + self.last_epoch / self.total_size - cycle
        part = x / self.step_ratio if x <= self.step_ratio else (x - 1) / (self.step_ratio - 1)
        scale = self._scale(cycle if self.scale_mode == "cycle" else self.last_epoch)
        if self.cycle_momentum:
            momenta = zip(self.base_momentums, self.max_momentums, self.optimizer.param_groups, strict=True)
            for low, high, group in momenta:
                set_momentum(group, high - (high - low) * part * scale, self.use_beta1)
        pairs = zip(self.base_lrs, self.max_lrs, strict=True)
        return [low + (high - low) * part * scale for low, high in pairs]

    def state_dict(self) -> dict[str, Any]:
        return {**super().state_dict(), "_scale_fn_custom": None}


@registered(
    "OneCycleLR(optimizer, max_lr, total_steps=None, epochs=None, steps_per_epoch=None, pct_start=0.3, "
    "anneal_strategy='cos', cycle_momentum=True, base_momentum=0.85, max_momentum=0.95, div_factor=25.0, "
    "final_div_factor=10000.0, three_phase=False, last_epoch=-1)",
    example="let opt = SGD([ones(2, grad)], lr=0.1); let s = OneCycleLR(opt, 1.0, total_steps=10); step opt; step "
    "s; s.get_last_lr()",
)
class OneCycleLR(LRScheduler):
    """One rise and fall of the learning rate over the whole training."""

    __public__ = LRScheduler.__public__ | {"cycle_momentum", "total_steps"}

    def __init__(
        self,
        optimizer: Any,
        max_lr: Any,
        total_steps: Any,
        epochs: Any,
        steps_per_epoch: Any,
        pct_start: Any,
        anneal_strategy: Any,
        cycle_momentum: Any,
        base_momentum: Any,
        max_momentum: Any,
        div_factor: Any,
        final_div_factor: Any,
        three_phase: Any,
        last_epoch: Any,
    ) -> None:
        self.optimizer = checked(optimizer)
        if total_steps is not None:
            self.total_steps = _positive("total_steps", total_steps)
        elif epochs is not None and steps_per_epoch is not None:
            self.total_steps = _positive("epochs", epochs) * _positive("steps_per_epoch", steps_per_epoch)
        else:
            raise ValueError_("You must define either total_steps OR (epochs AND steps_per_epoch)")
        up, down = ("max_momentum", "base_momentum"), ("base_momentum", "max_momentum")
        first = float(pct_start * self.total_steps) - 1
        last = self.total_steps - 1
        if three_phase:
            second = float(2 * pct_start * self.total_steps) - 2
            phases = [
                (first, "initial_lr", "max_lr", *up),
                (second, "max_lr", "initial_lr", *down),
                (last, "initial_lr", "min_lr", "max_momentum", "max_momentum"),
            ]
        else:
            phases = [(first, "initial_lr", "max_lr", *up), (last, "max_lr", "min_lr", *down)]
        names = ("end_step", "start_lr", "end_lr", "start_momentum", "end_momentum")
        self._schedule_phases: list[dict[str, Any]] = [dict(zip(names, phase, strict=True)) for phase in phases]
        if not isinstance(pct_start, float) or pct_start < 0 or pct_start > 1:
            raise ValueError_(f"Expected float between 0 and 1 pct_start, but got {pct_start}")
        if anneal_strategy not in ("cos", "linear"):
            raise ValueError_(f"anneal_strategy must be one of 'cos' or 'linear', instead got {anneal_strategy}")
        self._anneal_func_type = anneal_strategy
        max_lrs = per_group("max_lr", optimizer, max_lr)
        if last_epoch == -1:
            for most, group in zip(max_lrs, optimizer.param_groups, strict=True):
                group["initial_lr"] = most / div_factor
                group["max_lr"] = most
                group["min_lr"] = group["initial_lr"] / final_div_factor
        self.cycle_momentum = cycle_momentum
        if cycle_momentum:
            self.use_beta1, _, _ = begin_momentum(optimizer, base_momentum, max_momentum, last_epoch)
        super().__init__(optimizer, last_epoch)

    def _between(self, start: Any, end: Any, part: float) -> Any:
        if self._anneal_func_type == "cos":
            return end + (start - end) / 2.0 * (cosine(math.pi * part) + 1)
        return (end - start) * part + start

    def rule(self) -> list[Any]:
        n = self.last_epoch
        if n > self.total_steps:
            raise ValueError_(f"Tried to step {n} times. The specified number of total steps is {self.total_steps}")
        start, phase = 0.0, self._schedule_phases[-1]
        for each in self._schedule_phases[:-1]:
            if n <= each["end_step"]:
                phase = each
                break
            start = each["end_step"]
        part = (n - start) / (phase["end_step"] - start)
        found = []
        for group in self.optimizer.param_groups:
            found.append(self._between(group[phase["start_lr"]], group[phase["end_lr"]], part))
            if self.cycle_momentum:
                momentum = self._between(group[phase["start_momentum"]], group[phase["end_momentum"]], part)
                set_momentum(group, momentum, self.use_beta1)
        return found


def _positive(name: str, value: Any) -> int:
    if not isinstance(value, int) or value <= 0:
        raise ValueError_(f"Expected positive integer {name}, but got {value}")
    return value
