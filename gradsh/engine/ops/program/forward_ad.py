"""Forward mode on tensors: torch.autograd.forward_ad."""

from __future__ import annotations

from typing import Any

from gradsh.engine.core.arguments import need_tensor, type_word
from gradsh.engine.core.tensor import Tensor
from gradsh.engine.operators.composite import function
from gradsh.errors import AttributeError_, ValueError_

LEVEL = "dual_level { let d = make_dual(tensor(2.), tensor(1.)); %s }"


def _floating(value: Any, what: str) -> None:
    """Raise unless the value is a tensor of floats."""
    if value.__class__ is not Tensor:
        raise AttributeError_(f"'{type_word(value)}' object has no attribute 'is_floating_point'")
    if value.data.dtype.kind != "f":
        raise ValueError_(f"Expected {what} to be floating point or complex, but got: torch.{value.dtype!r}")


@function("make_dual(tensor, tangent, *, level=None)", method=False, outside=True, example=LEVEL % "d * d")
def make_dual(x: Any, tangent: Any, level: Any) -> Tensor:
    """In a `dual_level`: a tensor on the same memory that has a tangent, which operations carry on."""
    from gradsh.engine.transforms import dual

    dual.opened(level) if level is not None else None
    _floating(x, "primal")
    _floating(tangent, "tangent")
    return dual.dual(x, tangent, level)


@function("unpack_dual(tensor, *, level=None)", method=False, outside=True, example=LEVEL % "unpack_dual(d * d)")
def unpack_dual(x: Any, level: Any) -> Any:
    """(primal, tangent) of a tensor in a `dual_level`: its value and its tangent, or none."""
    need_tensor("unpack_dual", "tensor", 1, x)  # PyTorch gives back whatever else it is
    from gradsh.engine.transforms import dual

    return dual.unpacked(x, level)


ENTERED = "let level = enter_dual_level(); unpack_dual(make_dual(ones(1), ones(1)) * 3).tangent; exit_dual_level()"


@function("enter_dual_level()", method=False, outside=True, example=ENTERED)
def enter_dual_level() -> int:
    """Opens the level in which tensors can have tangents, until `exit_dual_level()`; `dual_level { … }` does both."""
    from gradsh.engine.transforms import dual

    return dual.enter()


@function("exit_dual_level(*, level=None)", method=False, effect=True, example=ENTERED)
def exit_dual_level(level: Any) -> None:
    """Closes what `enter_dual_level()` opened; the tangents are forgotten."""
    from gradsh.engine.transforms import dual

    dual.leave(level)
