"""`torch.optim.Optimizer` and `LRScheduler` as bases of a program's own: the engine's, reached as Python's types."""

from __future__ import annotations

from typing import Any

from gradsh.engine.optim.base import Optimizer
from gradsh.engine.optim.schedulers import LRScheduler
from gradsh.frontend.access import HOST
from gradsh.frontend.classes import ABSENT, Object, inside_of, lookup

__acts_for_programs__ = True

HOST[Optimizer] = Optimizer.__public__
HOST[LRScheduler] = LRScheduler.__public__


class OwnOptimizer(Optimizer, Object):
    """`torch.optim.Optimizer`, whose subclasses give `step`."""

    stands_for = Optimizer

    @property
    def called(self) -> bool:
        """To schedulers: whether there was a step, which the program's own does not say."""
        return True

    @called.setter
    def called(self, value: Any) -> None:
        """What an optimiser begins with."""


class OwnScheduler(LRScheduler, Object):
    """`torch.optim.lr_scheduler.LRScheduler`, whose subclasses give `get_lr`."""

    stands_for = LRScheduler

    def closed(self) -> list[Any]:
        """By the program's own closed form, where it has one."""
        own = lookup(type(self), "_get_closed_form_lr")
        rates: list[Any] = self.get_lr() if own is ABSENT else own(self)
        return rates


def _optimizer(self: Any, params: Any, defaults: Any) -> None:
    self.take(params, dict(defaults))


def _scheduler(self: Any, optimizer: Any, last_epoch: int = -1, verbose: Any = None) -> None:
    LRScheduler.__init__(self, optimizer, last_epoch)


def _step(self: Any, closure: Any = None) -> None:
    raise NotImplementedError


OwnOptimizer.written = {"__init__": _optimizer, "step": _step}
OwnScheduler.written = {"__init__": _scheduler}
for _kind, _name in ((OwnOptimizer, "Optimizer"), (OwnScheduler, "LRScheduler")):
    _kind.hosted, _kind.slots = True, None
    _kind.inside = inside_of(_kind.stands_for)
    _kind.__init__ = _kind.written["__init__"]  # type: ignore[method-assign]
    _kind.__name__ = _kind.__qualname__ = _name
