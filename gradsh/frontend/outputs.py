"""`out=`: the result of a function of PyTorch's is written into a tensor that is there already."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from gradsh.calls.recorded import lines_of
from gradsh.engine.core.modes import mode, no_grad
from gradsh.engine.core.tensor import Tensor
from gradsh.engine.core.users import spelled
from gradsh.errors import ArgumentError, AutogradError
from gradsh.runtime import access
from gradsh.runtime.builtins import BUILTINS
from gradsh.runtime.text import function_name

__acts_for_programs__ = True

RESIZED = (
    "An output with one or more elements was resized since it had shape {}, which does not match the required output "
    "shape {}. This behavior is deprecated, and in a future PyTorch release outputs will not be resized unless they "
    "have zero elements. You can explicitly reuse an out tensor t by resizing it, inplace, to zero elements with "
    "t.resize_(0)."
)


def into(function: Callable[..., Any], /, *arguments: Any, out: Any, **keywords: Any) -> Any:
    """`function(*arguments, out=out)`. Only of PyTorch's own functions anything is done here."""
    if out is None and getattr(function, "__module__", "").startswith("gradsh.engine"):
        return function(*arguments, **keywords)
    targets = out if isinstance(out, (tuple, list)) else (out,)
    module = getattr(function, "__module__", "")
    if not all(isinstance(t, Tensor) for t in targets) or not module.startswith("gradsh.engine") or _has_none(function):
        return function(*arguments, **spelled(function, {**keywords, "out": out}))
    given = [*arguments, *targets]
    if mode.grad and any(isinstance(value, Tensor) and value.requires_grad for value in given):
        raise AutogradError(
            f"{function_name(function)}(): functions with out=... arguments don't support automatic differentiation, "
            "but one of the arguments requires grad."
        )
    with no_grad():
        made = function(*arguments, **keywords)
        results = made if isinstance(made, tuple) else (made,)
        if len(results) > 1 and isinstance(out, Tensor):
            return function(*arguments, **keywords, out=out)  # whose error is the call's own
        for target, value in zip(targets, results, strict=True):
            _fill(target, value)
    return out


def _has_none(function: Any) -> bool:
    """Does PyTorch's function of that name take no `out`, by its forms? What it says then is the call's own error."""
    forms = lines_of(function_name(function))
    return bool(forms) and not any(" out=" in form or form.startswith("= ") for form in forms)


def _fill(target: Tensor, value: Tensor) -> None:
    if not BUILTINS.value("can_cast")(value.dtype, target.dtype):
        raise ArgumentError(
            f"result type {value.dtype.title} can't be cast to the desired output type {target.dtype.title}",
            kind="RuntimeError",
        )
    if target.shape != value.shape:
        if target.data.size:
            mode.warn(RESIZED.format(list(target.shape), list(value.shape)))
        access.method(target, "resize_")(value.shape)
    access.method(target, "copy_")(value)
