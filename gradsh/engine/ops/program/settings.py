"""Settings of PyTorch that a program may ask for and that change no number here."""

from __future__ import annotations

from typing import Any

from gradsh.engine.core.arguments import type_word
from gradsh.engine.core.modes import mode
from gradsh.engine.core.tensor import Tensor
from gradsh.engine.operators.composite import function
from gradsh.errors import ArgumentError, ValueProblem

PRECISIONS = ("highest", "high", "medium")


def _chosen() -> dict[str, Any]:
    """The session's own."""
    if mode.settings is None:
        mode.settings = {"precision": "highest", "deterministic": False}
    return mode.settings


@function("get_num_threads()", method=False, differentiable=False, example="get_num_threads()")
def get_num_threads() -> int:
    """How many threads operators run on: one, so that sums are the same on every machine."""
    return 1


@function("set_num_threads(int)", method=False, differentiable=False, effect=True, example="set_num_threads(1)")
def set_num_threads(count: Any) -> None:
    """Takes a number of threads, and runs on one as before."""
    if not isinstance(count, int) or isinstance(count, bool):
        raise ArgumentError(f"set_num_threads expects an int, but got {type_word(count)}", kind="RuntimeError")
    if count <= 0:
        raise ValueProblem("set_num_threads expects a positive integer")


@function("get_num_interop_threads()", method=False, differentiable=False, example="get_num_interop_threads()")
def get_num_interop_threads() -> int:
    """How many operators may run at once: one."""
    return 1


@function(
    "set_num_interop_threads(int)",
    method=False,
    differentiable=False,
    effect=True,
    example="set_num_interop_threads(1)",
)
def set_num_interop_threads(count: Any) -> None:
    """Takes a number of operators that may run at once, and runs one after the other as before."""
    if not isinstance(count, int) or isinstance(count, bool):
        raise ArgumentError(f"set_num_interop_threads expects an int, but got {type_word(count)}", kind="RuntimeError")
    if count <= 0:
        raise ValueProblem("Expected positive number of threads")


@function(
    "get_float32_matmul_precision()", method=False, differentiable=False, example="get_float32_matmul_precision()"
)
def get_float32_matmul_precision() -> str:
    """The precision of float32 products that was asked for; they are always exact to float32."""
    return str(_chosen()["precision"])


@function(
    "set_float32_matmul_precision(precision)",
    method=False,
    differentiable=False,
    effect=True,
    example="set_float32_matmul_precision('high')",
)
def set_float32_matmul_precision(precision: Any) -> None:
    """Takes 'highest', 'high' or 'medium'; products of float32 stay as they are, as on PyTorch's CPU."""
    if precision in PRECISIONS:
        _chosen()["precision"] = precision
    else:
        mode.warn(f"{precision} is not one of 'highest', 'high', or 'medium'; the current setting is not changed")


@function(
    "use_deterministic_algorithms(mode, *, warn_only=False)",
    method=False,
    differentiable=False,
    effect=True,
    example="use_deterministic_algorithms(true)",
)
def use_deterministic_algorithms(on: Any, warn_only: bool) -> None:
    """Takes whether algorithms must be deterministic, which all of them are."""
    _chosen()["deterministic"] = bool(on)


@function(
    "are_deterministic_algorithms_enabled()",
    method=False,
    differentiable=False,
    example="are_deterministic_algorithms_enabled()",
)
def are_deterministic_algorithms_enabled() -> bool:
    """Whether deterministic algorithms were asked for."""
    return bool(_chosen()["deterministic"])


@function(
    "set_flush_denormal(mode)", method=False, differentiable=False, outside=True, example="set_flush_denormal(false)"
)
def set_flush_denormal(on: Any) -> bool:
    """Whether numbers too small to be normal may become 0: they never do, so that only false is done."""
    return not on


@function("typename(obj)", method=False, differentiable=False, example="typename(ones(2))")
def typename(obj: Any) -> str:
    """What `x.type()` says of a tensor, the name of the type of anything else."""
    return f"torch.{obj.dtype.title}Tensor" if isinstance(obj, Tensor) else type_word(obj)


@function("is_storage(obj)", method=False, differentiable=False, example="is_storage(ones(2))")
def is_storage(obj: Any) -> bool:
    """Whether a value is the memory of tensors: never, here."""
    return False
