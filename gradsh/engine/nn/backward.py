"""Hooks at the backward of models: one node around what goes in, one around what comes out."""

from __future__ import annotations

import sys
from typing import TYPE_CHECKING, Any

from gradsh.engine.autograd.custom import CustomOperator, running
from gradsh.engine.core.modes import mode
from gradsh.engine.core.named import Named, named
from gradsh.engine.core.place import caller
from gradsh.engine.core.tensor import Tensor
from gradsh.errors import AutogradError

if TYPE_CHECKING:
    from gradsh.engine.nn.module import Model

__acts_for_programs__ = True  # as gradsh.engine.nn.module

NO_INPUTS = (
    "Full backward hook is firing when gradients are computed with respect to module outputs since no inputs require "
    "gradients. See "
    "https://docs.pytorch.org/docs/main/generated/torch.nn.Module.html#torch.nn.Module.register_full_backward_hook for "
    "more details."
)


def _as_they_are(saving: Any, tensors: Any) -> Any:
    running("").constant = tuple(t for t in tensors if not t.requires)
    return tuple(tensors)


def _passed_on(step: Any, *gradients: Any) -> Any:
    """All of them, also those that nobody wants: the hooks see zeros there."""
    return tuple(g if step.create or g is None else g.data for g in gradients)


AROUND = CustomOperator("BackwardHookFunction", ("args",), 0, 0, (), -1, _as_they_are, _passed_on)


class Passing:
    """One call of a model with such hooks.

    ins, outs   which of the arguments and of the outputs are tensors, None where no gradient comes to them
    given       the gradients of the outputs, between the two nodes
    """

    def __init__(self, model: Model, hooks: list[Any], pre_hooks: list[Any]) -> None:
        self.model = model
        self.hooks = hooks
        self.pre_hooks = pre_hooks
        self.ins: list[int] | None = None
        self.outs: list[int] | None = None
        self.counts = [0, 0]
        self.given: tuple[Any, ...] | None = None

    def inputs(self, arguments: tuple[Any, ...]) -> tuple[Any, ...]:
        self.counts[0] = len(arguments)
        arguments, self.ins = self.around(arguments, self.after_inputs)
        return arguments

    def outputs(self, result: Any) -> Any:
        if not isinstance(result, (Tensor, tuple)):
            mode.warn(
                "For backward hooks to be called, module output should be a Tensor or a tuple of Tensors but received "
                f"<class '{type(result).__name__}'>"
            )
        results = result if isinstance(result, tuple) else (result,)
        self.counts[1] = len(results)
        new, self.outs = self.around(results, self.after_outputs)
        if isinstance(result, Named) and new is not results:
            return named(result.kind, **dict(zip(result.names, new, strict=True)))
        return new if isinstance(result, tuple) else new[0]

    def around(self, values: tuple[Any, ...], hook: Any) -> tuple[tuple[Any, ...], list[int] | None]:
        """The values, the tensors among them behind a node with that hook."""
        at = [n for n, v in enumerate(values) if isinstance(v, Tensor)]
        if not (mode.grad and any(values[n].requires for n in at)):
            return values, None
        behind = AROUND.run((tuple(values[n] for n in at),), mode.where or caller(sys._getframe(1)))
        node = next(t.grad_fn for t in behind if t.grad_fn is not None)
        node.register_hook(hook)
        others = dict(zip(at, behind, strict=True))
        return tuple(others.get(n, v) for n, v in enumerate(values)), at

    def after_outputs(self, _: Any, gradients: tuple[Any, ...]) -> Any:
        assert self.outs is not None
        given = self.given = _spread(self.outs, gradients, self.counts[1])
        for hook in self.pre_hooks:
            new = hook(self.model, given)
            if new is not None:
                if len(new) != len(given):
                    raise AutogradError(
                        f"Backward pre hook returned an invalid number of grad_output, got {len(new)}, but expected "
                        f"{len(given)}"
                    )
                given = self.given = tuple(new)
        if self.ins is None:
            mode.warn(NO_INPUTS)
            for hook in self.hooks:
                new = hook(self.model, (None,) * self.counts[0], given)
                if new is not None and not (isinstance(new, tuple) and all(g is None for g in new)):
                    raise AutogradError(
                        "Backward hook for Modules where no input requires gradient should always return None or None "
                        "for all gradients."
                    )
            self.given = None
        return tuple(given[n] for n in self.outs)

    def after_inputs(self, gradients: tuple[Any, ...], _: Any) -> Any:
        if self.given is None or self.ins is None:
            return None  # the gradient came to the inputs without passing the outputs, in a second derivative
        own = _spread(self.ins, gradients, self.counts[0])
        for hook in self.hooks:
            new = hook(self.model, own, self.given)
            if new is not None:
                if len(new) != len(own):
                    raise AutogradError(
                        f"Backward hook returned an invalid number of grad_input, got {len(new)}, but expected "
                        f"{len(own)}"
                    )
                own = tuple(new)
        self.given = None
        return tuple(own[n] for n in self.ins)


def _spread(at: list[int], values: Any, count: int) -> tuple[Any, ...]:
    """`count` places, none in those that no value is for."""
    found = dict(zip(at, values, strict=True))
    return tuple(found.get(n) for n in range(count))
