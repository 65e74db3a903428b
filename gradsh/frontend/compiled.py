"""`torch.compile`: a function is given back as it is, a module in a module around it, as PyTorch does."""

from __future__ import annotations

from typing import Any

from gradsh.engine.nn.module import Model
from gradsh.frontend.networks import Network
from gradsh.runtime.builtins import BUILTINS

__acts_for_programs__ = True

INNER = "_orig_mod"


class OptimizedModule(Network):
    """What `torch.compile(model)` gives: calls, attributes and what is set are those of the model in it."""

    __slots__ = ()
    __module__ = "torch._dynamo.eval_frame"
    title = "torch._dynamo.eval_frame.OptimizedModule"

    def construct(self, *arguments: Any, **keywords: Any) -> None:
        self.put(INNER, arguments[0])
        self.training = arguments[0].training

    def __member__(self, name: str) -> Any:
        try:
            return super().__member__(name)
        except KeyError:
            from gradsh.frontend.access import attribute

            return attribute(self.get(INNER), name)

    def __set_member__(self, name: str, value: Any) -> None:
        from gradsh.frontend.access import set_attribute

        if name in (INNER, "training"):
            super().__set_member__(name, value)
        else:
            set_attribute(value, self.get(INNER), name)


def _forward(self: Any, *arguments: Any, **keywords: Any) -> Any:
    return self.get(INNER)(*arguments, **keywords)


OptimizedModule.runs = _forward


def compile(model: Any = None, **options: Any) -> Any:
    """`torch.compile(model, …)`, and as a decorator. Errors: those of gradsh's `compile`."""
    if model is None:
        return lambda given: compile(given, **options)
    given = BUILTINS.value("compile")(model, **options)
    around: Any = OptimizedModule
    return around(given) if isinstance(given, Model) and not options.get("disable") else given
