"""Learning rate schedulers that follow a formula. They set `group["lr"]` of an optimiser, once for each `step`.

The recursive forms are PyTorch's: a rate is made from the one before it, so that several schedulers, or a program that
sets a rate by hand, combine.
"""

from __future__ import annotations

import math
from bisect import bisect_right
from collections.abc import Iterable
from types import FunctionType
from typing import Any

from gradsh.engine.core.arguments import type_word
from gradsh.engine.core.modes import mode
from gradsh.engine.core.tensor import Tensor, make
from gradsh.engine.optim.base import Optimizer, number, registered
from gradsh.errors import ArgumentError, KeyError_, ValueError_

EPOCH = (
    "The epoch parameter in `scheduler.step()` was not necessary and is being deprecated where possible. Please use "
    "`scheduler.step()` to step the scheduler. During the deprecation, if epoch is different from None, the closed "
    "form is used instead of the new chainable form, where available. Please open an issue if you are unable to "
    "replicate your use case: https://github.com/pytorch/pytorch/issues/new/choose."
)
TOO_EARLY = (
    "Detected call of `lr_scheduler.step()` before `optimizer.step()`. In PyTorch 1.1.0 and later, you should call "
    "them in the opposite order: `optimizer.step()` before `lr_scheduler.step()`.  Failure to do this will result in "
    "PyTorch skipping the first value of the learning rate schedule. See more details at "
    "https://pytorch.org/docs/stable/optim.html#how-to-adjust-learning-rate"
)
GET_LR = "To get the last learning rate computed by the scheduler, please use `get_last_lr()`."


def rates(optimizer: Optimizer, key: str = "lr") -> list[Any]:
    """That option of all groups; tensors are copied."""
    return [make(v.data.copy()) if v.__class__ is Tensor else v for v in (g[key] for g in optimizer.param_groups)]


def set_rate(group: dict[str, Any], value: Any) -> None:
    """Set a group's learning rate; one that is a tensor keeps being that tensor."""
    held = group["lr"]
    if held.__class__ is Tensor:
        data = held.data
        held.data = data.dtype.type(number(value)) if data.ndim == 0 else data * 0 + data.dtype.type(number(value))
    else:
        group["lr"] = value


def per_group(name: str, optimizer: Optimizer, value: Any) -> list[Any]:
    """One value for each group. Errors: ValueError_ for a list of another length."""
    groups = optimizer.param_groups
    if not isinstance(value, (list, tuple)):
        return [value] * len(groups)
    if len(value) != len(groups):
        raise ValueError_(
            f"{name} must have the same length as optimizer.param_groups. {name} has {len(value)} values, param_groups "
            f"has {len(groups)}."
        )
    return list(value)


def cosine(x: Any) -> Any:
    """Its cosine; what stands for a number that changes (gradsh/plans/numbers.py) computes it itself."""
    return math.cos(x) if type(x) in (float, int) else x.through(math.cos)


def either(turn: bool, there: Any, else_: Any) -> Any:
    """One of two, as a function."""
    return there if turn else else_


def checked(optimizer: Any) -> Optimizer:
    """The optimiser. Errors: ArgumentError for anything else."""
    if not isinstance(optimizer, Optimizer):
        raise ArgumentError(f"{type_word(optimizer)} is not an Optimizer")
    return optimizer


def called(function: Any, argument: Any) -> Any:
    """What a function of the program returns."""
    where = mode.where
    mode.where = None
    try:
        return function(argument)
    finally:
        mode.where = where


class LRScheduler:
    """Base of all schedulers. A subclass gives `get_lr`; its state is its attributes, as in PyTorch."""

    __public__ = frozenset(
        ("base_lrs", "get_last_lr", "get_lr", "last_epoch", "load_state_dict", "optimizer", "state_dict", "step")
    )
    __settable__ = frozenset(("base_lrs", "last_epoch"))
    __fields__ = frozenset(("_last_lr", "_step_count"))

    optimizer: Optimizer
    last_epoch: int
    _step_count: int
    _last_lr: list[Any]
    _get_lr_called_within_step = False
    _is_initial = False
    hidden: tuple[str, ...] = ("optimizer",)

    def __init__(self, optimizer: Any, last_epoch: Any) -> None:
        self.optimizer = checked(optimizer)
        if last_epoch == -1:
            for group, lr in zip(optimizer.param_groups, rates(optimizer), strict=True):
                group.setdefault("initial_lr", lr)
        else:
            for i, group in enumerate(optimizer.param_groups):
                if "initial_lr" not in group:
                    raise KeyError_(
                        f"param 'initial_lr' is not specified in param_groups[{i}] when resuming scheduler with "
                        "last_epoch >= 0.\nThis typically happens when:\n1. You're trying to resume training from a "
                        "checkpoint but haven't properly loaded the optimizer state\n2. You're using last_epoch >= 0 "
                        "for a fresh training run (not recommended)"
                    )
        self.base_lrs = rates(optimizer, "initial_lr")
        self.last_epoch = last_epoch
        if optimizer.called is None:
            optimizer.called = False
        self.initial_step()

    def initial_step(self) -> None:
        """The first step, which sets the rates of epoch 0."""
        self._step_count = 0
        self._is_initial = True
        try:
            self.step()
        finally:
            self._is_initial = False

    def state_dict(self) -> dict[str, Any]:
        """All attributes but the optimiser."""
        return {key.lstrip("@"): value for key, value in self.__dict__.items() if key not in self.hidden}

    def load_state_dict(self, state_dict: dict[str, Any]) -> None:
        """Take over what `state_dict()` gave."""
        self.__dict__.update({key: value for key, value in state_dict.items() if key not in self.hidden})

    def get_last_lr(self) -> list[Any]:
        """The rates that the last step set, one for each group."""
        return self._last_lr

    def get_lr(self) -> list[Any]:
        """The rates of this epoch, made from those before it."""
        if not self._get_lr_called_within_step:
            mode.warn(GET_LR)
        return self.rule()

    def rule(self) -> list[Any]:
        raise NotImplementedError

    def closed(self) -> list[Any]:
        """The rates of this epoch from the base rates alone; `get_lr` where there is no such form."""
        return self.get_lr()

    def step(self, epoch: Any = None) -> None:
        """Go to the next epoch, or to `epoch`."""
        if self._step_count == 1 and not self.optimizer.called:
            mode.warn(TOO_EARLY)
        self._step_count += 1
        if epoch is not None:
            mode.warn(EPOCH)
        self.update_lr(epoch)

    def update_lr(self, epoch: Any = None) -> None:
        """Compute the rates and set them."""
        self._get_lr_called_within_step = True
        try:
            if epoch is None:
                self.last_epoch += 1
                values = self.get_lr()
            else:
                self.last_epoch = epoch
                values = self.closed()
        finally:
            self._get_lr_called_within_step = False
        for group, lr in zip(self.optimizer.param_groups, values, strict=True):
            set_rate(group, lr)
        self._last_lr = rates(self.optimizer)

    # --- what rules are made of --------------------------------------------------------------------------------

    def same(self) -> list[Any]:
        return rates(self.optimizer)

    def times(self, factor: Any) -> list[Any]:
        return [group["lr"] * factor for group in self.optimizer.param_groups]

    def times_at(self, turn: Any, factor: Any) -> list[Any]:
        """`times` where it is the turn, else `same`. What stands for a number that changes chooses itself: a plan would
        end at each turn, where what is a step of it is no decision."""
        kept = self.same()
        if type(turn) is bool or factor.__class__ is not float or any(rate.__class__ is not float for rate in kept):
            return self.times(factor) if turn else kept
        return [turn.through(either, rate * factor, rate) for rate in kept]

    def base_times(self, factor: Any) -> list[Any]:
        return [base * factor for base in self.base_lrs]


@registered(
    "LambdaLR(optimizer, lr_lambda, last_epoch=-1)",
    example="let opt = SGD([ones(2, grad)], lr=0.1); let s = LambdaLR(opt, fn(epoch) = 0.9**epoch); step opt; "
    "step s; s.get_last_lr()",
)
class LambdaLR(LRScheduler):
    """The first learning rate times a function of the epoch."""

    __public__ = LRScheduler.__public__ | {"lr_lambdas"}
    hidden = ("optimizer", "lr_lambdas")

    def __init__(self, optimizer: Any, lr_lambda: Any, last_epoch: Any) -> None:
        self.optimizer = checked(optimizer)
        self.lr_lambdas = [lr_lambda] * len(optimizer.param_groups)
        if isinstance(lr_lambda, (list, tuple)):
            if len(lr_lambda) != len(optimizer.param_groups):
                raise ValueError_(f"Expected {len(optimizer.param_groups)} lr_lambdas, but got {len(lr_lambda)}")
            self.lr_lambdas = list(lr_lambda)
        for each in self.lr_lambdas:
            if not callable(each):
                raise ArgumentError(self.not_callable(each))
        super().__init__(optimizer, last_epoch)

    def not_callable(self, value: Any) -> str:
        return f"'{type_word(value)}' object is not callable"

    def state_dict(self) -> dict[str, Any]:
        # as PyTorch has it: what an object that is called holds, and nothing of a function
        held = [None if isinstance(f, FunctionType) else dict(getattr(f, "__dict__", {})) for f in self.lr_lambdas]
        return {**super().state_dict(), "lr_lambdas": held}

    def load_state_dict(self, state_dict: dict[str, Any]) -> None:
        super().load_state_dict(state_dict)
        for function, held in zip(self.lr_lambdas, state_dict.get("lr_lambdas", ()), strict=False):
            if held:
                function.__dict__.update(held)

    def rule(self) -> list[Any]:
        pairs = zip(self.base_lrs, self.lr_lambdas, strict=True)
        return [base * called(function, self.last_epoch) for base, function in pairs]


@registered(
    "MultiplicativeLR(optimizer, lr_lambda, last_epoch=-1)",
    example="let opt = SGD([ones(2, grad)], lr=0.1); let s = MultiplicativeLR(opt, fn(epoch) = 0.9); step opt; "
    "step s; s.get_last_lr()",
)
class MultiplicativeLR(LambdaLR):
    """Multiplies the learning rate by a function of the epoch."""

    def not_callable(self, value: Any) -> str:
        return f"lr_lambda should be a function, but got {type_word(value)}"

    def rule(self) -> list[Any]:
        if self._is_initial:
            return self.same()
        pairs = zip(self.optimizer.param_groups, self.lr_lambdas, strict=True)
        return [group["lr"] * called(function, self.last_epoch) for group, function in pairs]


@registered(
    "StepLR(optimizer, step_size, gamma=0.1, last_epoch=-1)",
    example="let opt = SGD([ones(2, grad)], lr=0.1); let s = StepLR(opt, 1); step opt; step s; s.get_last_lr()",
)
class StepLR(LRScheduler):
    """Multiplies the learning rate by gamma every `step_size` epochs."""

    __public__ = LRScheduler.__public__ | {"gamma", "step_size"}
    __settable__ = LRScheduler.__settable__ | {"gamma", "step_size"}

    def __init__(self, optimizer: Any, step_size: Any, gamma: Any, last_epoch: Any) -> None:
        self.step_size = step_size
        self.gamma = gamma
        super().__init__(optimizer, last_epoch)

    def rule(self) -> list[Any]:
        if self.last_epoch == 0:
            return self.same()
        return self.times_at(self.last_epoch % self.step_size == 0, self.gamma)

    def closed(self) -> list[Any]:
        return self.base_times(self.gamma ** (self.last_epoch // self.step_size))


class Counter(dict[Any, int]):
    """How often each item occurs."""

    def __init__(self, items: Iterable[Any]) -> None:
        super().__init__()
        for item in items:
            self[item] = self.get(item, 0) + 1

    def __repr__(self) -> str:
        pairs = sorted(self.items(), key=lambda pair: -pair[1])
        return "Counter({" + ", ".join(f"{item!r}: {count}" for item, count in pairs) + "})"


@registered(
    "MultiStepLR(optimizer, milestones, gamma=0.1, last_epoch=-1)",
    example="let opt = SGD([ones(2, grad)], lr=0.1); let s = MultiStepLR(opt, [1, 5]); step opt; step s; "
    "s.get_last_lr()",
)
class MultiStepLR(LRScheduler):
    """Multiplies the learning rate by gamma at the milestones."""

    __public__ = LRScheduler.__public__ | {"gamma", "milestones"}
    __settable__ = LRScheduler.__settable__ | {"gamma"}

    def __init__(self, optimizer: Any, milestones: Any, gamma: Any, last_epoch: Any) -> None:
        self.milestones = Counter(milestones)
        self.gamma = gamma
        super().__init__(optimizer, last_epoch)

    def rule(self) -> list[Any]:
        # compared, not looked up: it may stand for a number that changes, see gradsh/plans/numbers.py
        times = next((count for epoch, count in self.milestones.items() if epoch == self.last_epoch), None)
        return self.same() if times is None else self.times(self.gamma**times)

    def closed(self) -> list[Any]:
        passed = sorted(item for item, count in self.milestones.items() for _ in range(count))
        return self.base_times(self.gamma ** bisect_right(passed, self.last_epoch))


@registered(
    "ConstantLR(optimizer, factor=0.3333333333333333, total_iters=5, last_epoch=-1)",
    example="let opt = SGD([ones(2, grad)], lr=0.1); let s = ConstantLR(opt, 0.5); step opt; step s; s.get_last_lr()",
)
class ConstantLR(LRScheduler):
    """Multiplies the learning rate by a factor for the first epochs."""

    __public__ = LRScheduler.__public__ | {"factor", "total_iters"}

    def __init__(self, optimizer: Any, factor: Any, total_iters: Any, last_epoch: Any) -> None:
        if factor > 1.0 or factor < 0:
            raise ValueError_("Constant multiplicative factor expected to be between 0 and 1.")
        self.factor = factor
        self.total_iters = total_iters
        super().__init__(optimizer, last_epoch)

    def rule(self) -> list[Any]:
        if self.last_epoch == 0:
            return self.times(self.factor)
        return self.same() if self.last_epoch != self.total_iters else self.times(1.0 / self.factor)

    def closed(self) -> list[Any]:
        return self.base_times(self.factor + (self.last_epoch >= self.total_iters) * (1 - self.factor))


@registered(
    "LinearLR(optimizer, start_factor=0.3333333333333333, end_factor=1.0, total_iters=5, last_epoch=-1)",
    example="let opt = SGD([ones(2, grad)], lr=0.1); let s = LinearLR(opt); step opt; step s; s.get_last_lr()",
)
class LinearLR(LRScheduler):
    """Warms the learning rate up along a line."""

    __public__ = LRScheduler.__public__ | {"end_factor", "start_factor", "total_iters"}

    def __init__(self, optimizer: Any, start_factor: Any, end_factor: Any, total_iters: Any, last_epoch: Any) -> None:
        if start_factor > 1.0 or start_factor <= 0:
            raise ValueError_("Starting multiplicative factor expected to be greater than 0 and less or equal to 1.")
        if end_factor > 1.0 or end_factor < 0:
            raise ValueError_("Ending multiplicative factor expected to be between 0 and 1.")
        self.start_factor = start_factor
        self.end_factor = end_factor
        self.total_iters = total_iters
        super().__init__(optimizer, last_epoch)

    def rule(self) -> list[Any]:
        if self.last_epoch == 0:
            return self.times(self.start_factor)
        if self._is_initial or self.last_epoch > self.total_iters:
            return self.same()
        way = self.end_factor - self.start_factor
        return self.times(1.0 + way / (self.total_iters * self.start_factor + (self.last_epoch - 1) * way))

    def closed(self) -> list[Any]:
        way = self.end_factor - self.start_factor
        return self.base_times(self.start_factor + way * min(self.total_iters, self.last_epoch) / self.total_iters)


@registered(
    "ExponentialLR(optimizer, gamma, last_epoch=-1)",
    example="let opt = SGD([ones(2, grad)], lr=0.1); let s = ExponentialLR(opt, 0.9); step opt; step s; "
    "s.get_last_lr()",
)
class ExponentialLR(LRScheduler):
    """Multiplies the learning rate by gamma every epoch."""

    __public__ = LRScheduler.__public__ | {"gamma"}
    __settable__ = LRScheduler.__settable__ | {"gamma"}

    def __init__(self, optimizer: Any, gamma: Any, last_epoch: Any) -> None:
        self.gamma = gamma
        super().__init__(optimizer, last_epoch)

    def rule(self) -> list[Any]:
        return self.same() if self._is_initial else self.times(self.gamma)

    def closed(self) -> list[Any]:
        return self.base_times(self.gamma**self.last_epoch)


@registered(
    "PolynomialLR(optimizer, total_iters=5, power=1.0, last_epoch=-1)",
    example="let opt = SGD([ones(2, grad)], lr=0.1); let s = PolynomialLR(opt, 10); step opt; step s; s.get_last_lr()",
)
class PolynomialLR(LRScheduler):
    """Lowers the learning rate to 0 as a power of the epochs left."""

    __public__ = LRScheduler.__public__ | {"power", "total_iters"}

    def __init__(self, optimizer: Any, total_iters: Any, power: Any, last_epoch: Any) -> None:
        self.total_iters = total_iters
        self.power = power
        super().__init__(optimizer, last_epoch)

    def rule(self) -> list[Any]:
        if self._is_initial or self.last_epoch > self.total_iters:
            return self.same()
        left = (1.0 - self.last_epoch / self.total_iters) / (1.0 - (self.last_epoch - 1) / self.total_iters)
        return self.times(left**self.power)

    def closed(self) -> list[Any]:
        left = 1.0 - min(self.total_iters, self.last_epoch) / self.total_iters
        return self.base_times(left**self.power)


@registered(
    "CosineAnnealingLR(optimizer, T_max, eta_min=0.0, last_epoch=-1)",
    example="let opt = SGD([ones(2, grad)], lr=0.1); let s = CosineAnnealingLR(opt, 10); step opt; step s; "
    "s.get_last_lr()",
)
class CosineAnnealingLR(LRScheduler):
    """Lowers the learning rate along half a cosine."""

    __public__ = LRScheduler.__public__ | {"T_max", "eta_min"}
    __settable__ = LRScheduler.__settable__ | {"T_max", "eta_min"}

    def __init__(self, optimizer: Any, T_max: Any, eta_min: Any, last_epoch: Any) -> None:
        self.T_max = T_max
        self.eta_min = eta_min
        super().__init__(optimizer, last_epoch)

    def rule(self) -> list[Any]:
        epoch, period, least, groups = self.last_epoch, self.T_max, self.eta_min, self.optimizer.param_groups
        if self._is_initial:
            return self.same()
        if self._step_count == 1 and epoch > 0:
            return [least + (base - least) * (1 + cosine(epoch * math.pi / period)) / 2 for base in self.base_lrs]
        if (epoch - 1 - period) % (2 * period) == 0:
            rise = 1 - cosine(math.pi / period)
            return [g["lr"] + (b - least) * rise / 2 for b, g in zip(self.base_lrs, groups, strict=True)]
        fall = (1 + cosine(math.pi * epoch / period)) / (1 + cosine(math.pi * (epoch - 1) / period))
        return [fall * (group["lr"] - least) + least for group in groups]

    def closed(self) -> list[Any]:
        height = 1 + cosine(math.pi * self.last_epoch / self.T_max)
        return [self.eta_min + (base - self.eta_min) * height / 2 for base in self.base_lrs]
