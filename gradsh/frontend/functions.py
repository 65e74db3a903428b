"""`torch.autograd.Function`: a class with `forward` and `backward` becomes an operator of the engine's."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from gradsh.engine.autograd.custom import CustomOperator, Saving, Step
from gradsh.engine.core.place import caller
from gradsh.engine.core.tensor import Tensor
from gradsh.engine.core.users import spelled
from gradsh.errors import ArgumentError, AttributeError_
from gradsh.frontend.classes import ABSENT, Object, ProgramType, lookup
from gradsh.runtime.builtins import BUILTINS

__acts_for_programs__ = True

MOST = 64  # saved tensors that have names of their own


class FunctionType_(ProgramType):
    """The class of such a class."""


class Context:
    """`ctx`: what forward keeps for backward."""

    __slots__ = ("ahead", "count", "kept", "names", "saving", "step")
    __name__ = "ctx"

    def __init__(self, count: int) -> None:
        self.count = count
        self.ahead: tuple[Any, ...] | None = None  # what is saved for forward mode
        self.kept: dict[str, Any] = {}
        self.names: tuple[str, ...] = ()
        self.saving: Saving | None = None
        self.step: Step | None = None

    def __member__(self, name: str) -> Any:
        method = METHODS.get(name)
        if method is not None:
            return method(self)
        try:
            return self.kept[name]
        except KeyError:
            raise AttributeError_(f"'{self.kept['@name']}' object has no attribute '{name}'") from None

    def __members__(self) -> list[str]:
        return [*METHODS, *self.kept]

    def __set_member__(self, name: str, value: Any) -> None:
        if name == "materialize_grads":
            name = "set_materialize_grads"
        self.kept[name] = value

    def __drop_member__(self, name: str) -> None:
        """`del ctx.name`. Errors: AttributeError_ where there is none."""
        if name not in self.kept:
            raise AttributeError_(f"'{self.kept['@name']}' object has no attribute '{name}'")
        del self.kept[name]

    def save(self, *values: Any) -> None:
        """`ctx.save_for_backward(…)`."""
        assert self.saving is not None
        for name in self.names:
            self.saving.saved.pop(name, None)
        self.names = tuple(f"t{number}" for number in range(len(values)))
        self.saving.save(self.names, values)

    def save_ahead(self, *values: Any) -> None:
        """`ctx.save_for_forward(…)`."""
        self.ahead = values

    def saved(self) -> tuple[Any, ...]:
        if self.step is None:
            return self.ahead or ()
        return tuple(self.step.saved[name] for name in self.names)

    def told(self, name: str, read: Callable[[str], Any]) -> Any:
        """`y.grad_fn.name`. Errors: AttributeError_; FreedGraph."""
        return tuple(map(read, self.names)) if name == "saved_tensors" else self.__member__(name)

    def needed(self) -> tuple[bool, ...]:
        if self.step is None:
            return self.kept.get("@needs", (True,) * self.count)  # type: ignore[no-any-return]
        needs = self.step.needs("args")
        return needs if isinstance(needs, tuple) else (needs,)

    def mark(self, what: str) -> Callable[..., None]:
        def marked(*values: Any) -> None:
            assert self.saving is not None
            if what == "materialize":
                self.saving.materialize = bool(values[0])
            else:
                setattr(self.saving, what, values)

        return marked


METHODS: dict[str, Callable[[Context], Any]] = {
    "save_for_backward": lambda ctx: ctx.save,
    "save_for_forward": lambda ctx: ctx.save_ahead,
    "saved_tensors": Context.saved,
    "needs_input_grad": Context.needed,
    "mark_dirty": lambda ctx: ctx.mark("dirty"),
    "mark_non_differentiable": lambda ctx: ctx.mark("constant"),
    "set_materialize_grads": lambda ctx: ctx.mark("materialize"),
}


class Function(Object, metaclass=FunctionType_):
    """`torch.autograd.Function`."""


Function.written, Function.hosted = {}, False
Function.__module__ = "torch.autograd.function"


def static(kind: type, name: str) -> Any:
    found = lookup(kind, name)
    return found.__func__ if isinstance(found, (staticmethod, classmethod)) else found


def apply_of(kind: type) -> Callable[..., Any]:
    """`F.apply`."""
    forward, backward = static(kind, "forward"), static(kind, "backward")
    setup, pushed = static(kind, "setup_context"), static(kind, "jvp")

    def apply(*values: Any, **keywords: Any) -> Any:
        import sys

        if forward is ABSENT:
            raise ArgumentError(
                "You must implement the forward function for custom autograd.Function.", kind="NotImplementedError"
            )
        ctx = Context(len(values))
        ctx.kept["@name"] = f"{kind.__name__}Backward"
        ctx.kept["@needs"] = tuple(bool(getattr(value, "requires_grad", False)) for value in values)

        def run(saving: Saving, given: tuple[Any, ...]) -> Any:
            ctx.saving = saving
            if setup is ABSENT:
                return forward(ctx, *given, **spelled(forward, keywords))
            out = forward(*given)
            named = {"ctx": ctx, "inputs": given, "output": out}
            setup(**spelled(setup, named))
            return out

        def give(step: Step, *gradients: Any) -> Any:
            if backward is ABSENT:
                raise ArgumentError(
                    "You must implement either the backward or vjp method for your custom autograd.Function to use it "
                    "with backward mode AD.",
                    kind="NotImplementedError",
                )
            ctx.step = step
            return step.give(backward(ctx, *gradients))

        def tangent(given: list[Any], tangents: list[Any]) -> Any:
            if ctx.saving is not None and ctx.saving.materialize:
                zeros = BUILTINS.value("zeros_like")
                tangents = [
                    zeros(value) if found is None and isinstance(value, Tensor) else found
                    for value, found in zip(given, tangents, strict=True)
                ]
            return pushed(ctx, *tangents)

        names = tuple(f"t{number}" for number in range(MOST))
        operator = CustomOperator(
            kind.__name__,
            ("args",),
            0,
            len(values),
            names,
            -1,
            run,
            give,
            None if pushed is ABSENT else tangent,
            ctx.told,
        )
        return operator.run((values,), caller(sys._getframe(1)))

    apply.__qualname__ = f"{kind.__name__}.apply"
    return apply
