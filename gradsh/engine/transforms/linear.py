"""Functions at a point: the linear map that a function is near its arguments, to be applied to many tangents."""

from __future__ import annotations

import sys
from collections.abc import Callable
from typing import Any

from gradsh.engine.core.modes import mode
from gradsh.engine.core.namespaces import T
from gradsh.engine.core.place import caller, placed
from gradsh.engine.core.pytree import filled, leaves, structure
from gradsh.engine.core.tensor import Tensor
from gradsh.engine.transforms import products
from gradsh.errors import ArgumentError

_getframe = sys._getframe


def linearize(f: Any, primals: tuple[Any, ...]) -> tuple[Any, Callable[..., Any]]:
    """The value of `f` at `primals`, nests of tensors, and the function that pushes tangents of the same form."""
    flat = tuple(leaves(primals))
    for x in flat:
        if not isinstance(x, Tensor):
            raise ArgumentError(
                f"Thing passed to transform API must be Tensor, got <class '{type(x).__name__}'>", kind="ValueError"
            )
    form: list[Any] = []

    def of_flat(*tensors: Any) -> Any:
        out = f(*filled(primals, list(tensors)))
        form[:] = [out]
        return tuple(leaves(out))

    with_no_tangent = tuple(T.zeros_like(x) for x in flat)
    out, _ = products.jvp(of_flat, flat, with_no_tangent, False, False)

    def push(*tangents: Any) -> Any:
        if structure(tangents) != structure(primals):
            raise ArgumentError(
                "Expected the tangents to have the same argspec as the primals. Got primals with argspec "
                f"{structure(primals)} and tangents with argspec {structure(tangents)}",
                kind="RuntimeError",
            )
        mode.transforms += 1
        try:
            with placed(caller(_getframe(1))):
                _, pushed = products.jvp(of_flat, flat, tuple(leaves(tangents)), False, False)
        finally:
            mode.transforms -= 1
        return filled(form[0], list(pushed))

    return filled(form[0], list(out)), push
