"""Schedulers made of schedulers: one after the other, or all at once."""

from __future__ import annotations

from bisect import bisect_right
from typing import Any

from gradsh.engine.optim.base import Optimizer, registered
from gradsh.engine.optim.plateau import ReduceLROnPlateau
from gradsh.engine.optim.schedulers import LRScheduler, rates, set_rate
from gradsh.errors import ArgumentError, ValueError_


def _checked(name: str, schedulers: Any, optimizer: Any) -> Optimizer:
    for i, scheduler in enumerate(schedulers):
        if not isinstance(scheduler, LRScheduler):
            raise ArgumentError(f"{name} at index {i} should have `optimizer` as its attribute.")
        if isinstance(scheduler, ReduceLROnPlateau):
            raise ValueError_(
                f"{name} does not support `ReduceLROnPlateau` scheduler as it requires additional kwargs to be "
                f"specified when calling `step`, but got one at index {i} in the given schedulers sequence."
            )
        if optimizer is None:
            optimizer = scheduler.optimizer
        if optimizer is not scheduler.optimizer:
            raise ValueError_(
                f"{name} expects all schedulers to belong to the same optimizer, but got scheduler "
                f"{type(scheduler).__name__} at index {i} has {scheduler.optimizer}, which is different from "
                f"{type(optimizer).__name__}."
            )
    return optimizer  # type: ignore[no-any-return]  # that of a scheduler, so an Optimizer


class _Combined(LRScheduler):
    __public__ = LRScheduler.__public__ - {"base_lrs", "get_lr"}
    hidden = ("optimizer", "_schedulers")
    _schedulers: Any

    def state_dict(self) -> dict[str, Any]:
        return {**super().state_dict(), "_schedulers": [each.state_dict() for each in self._schedulers]}

    def load_state_dict(self, state_dict: dict[str, Any]) -> None:
        super().load_state_dict(state_dict)
        for scheduler, state in zip(self._schedulers, state_dict["_schedulers"], strict=True):
            scheduler.load_state_dict(state)


@registered(
    "SequentialLR(optimizer, schedulers, milestones, last_epoch=-1)",
    example="let opt = SGD([ones(2, grad)], lr=0.1); let s = SequentialLR(opt, [LinearLR(opt), ExponentialLR(opt, "
    "0.9)], [5]); step opt; step s; s.get_last_lr()",
)
class SequentialLR(_Combined):
    """One scheduler after the other, changing at the milestones."""

    def __init__(self, optimizer: Any, schedulers: Any, milestones: Any, last_epoch: Any) -> None:
        if len(schedulers) < 1:
            raise ValueError_("SequentialLR expects at least one scheduler, but got no scheduler.")
        _checked("SequentialLR", schedulers, optimizer)
        if len(milestones) != len(schedulers) - 1:
            raise ValueError_(
                "Sequential Schedulers expects number of schedulers provided to be one more than the number of "
                f"milestone points, but got number of schedulers {len(schedulers)} and the number of milestones "
                f"to be equal to {len(milestones)}"
            )
        self._schedulers = schedulers
        self._milestones = milestones
        self.last_epoch = last_epoch + 1
        self.optimizer = optimizer
        # each scheduler has made its first step: that is taken back, and only the first one makes it again
        for group in optimizer.param_groups:
            set_rate(group, group["initial_lr"])
        _undo(self)
        first = schedulers[bisect_right(milestones, 0)]
        first.initial_step()
        self._last_lr = first.get_last_lr()

    def step(self, epoch: Any = None) -> None:
        """Go to the next epoch."""
        if epoch is not None:
            raise ArgumentError("SequentialLR.step() takes 1 positional argument but 2 were given")
        self.last_epoch += 1
        i = bisect_right(self._milestones, self.last_epoch)
        scheduler = self._schedulers[i]
        if i > 0 and self._milestones[i - 1] == self.last_epoch:
            scheduler.update_lr(0)
        else:
            scheduler.step()
        self._last_lr = scheduler.get_last_lr()


def _undo(scheduler: Any) -> None:
    if isinstance(scheduler, _Combined):
        for each in scheduler._schedulers:
            _undo(each)
    else:
        scheduler.last_epoch -= 1


@registered(
    "ChainedScheduler(schedulers, optimizer=None)",
    example="let opt = SGD([ones(2, grad)], lr=0.1); let s = ChainedScheduler([LinearLR(opt), ExponentialLR(opt, "
    "0.9)]); step opt; step s; s.get_last_lr()",
)
class ChainedScheduler(_Combined):
    """Several schedulers at once."""

    __public__ = _Combined.__public__ - {"last_epoch"}

    def __init__(self, schedulers: Any, optimizer: Any) -> None:
        if len(schedulers) < 1:
            raise ValueError_("ChainedScheduler expects at least one scheduler to be chained, but got no scheduler.")
        self._schedulers = schedulers
        self.optimizer = _checked("ChainedScheduler", schedulers, optimizer)
        self._last_lr = rates(self.optimizer)

    def step(self, epoch: Any = None) -> None:
        """Go to the next epoch."""
        if epoch is not None:
            raise ArgumentError("ChainedScheduler.step() takes 1 positional argument but 2 were given")
        for scheduler in self._schedulers:
            scheduler.step()
        self._last_lr = rates(self.optimizer)
