"""Settings of PyTorch that a program may ask for and that change no number here."""

from __future__ import annotations

from typing import Any

from gradsh.engine.core.arguments import type_word
from gradsh.engine.core.backends import kept
from gradsh.engine.core.modes import mode
from gradsh.engine.core.tensor import Tensor
from gradsh.engine.operators.composite import function
from gradsh.errors import ArgumentError, ValueProblem

PRECISIONS = ("highest", "high", "medium")


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
    return str(kept()["precision"])


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
        kept()["precision"] = precision
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
    kept().update(deterministic=bool(on), warn_only=bool(warn_only))


@function(
    "are_deterministic_algorithms_enabled()",
    method=False,
    differentiable=False,
    example="are_deterministic_algorithms_enabled()",
)
def are_deterministic_algorithms_enabled() -> bool:
    """Whether deterministic algorithms were asked for."""
    return bool(kept()["deterministic"])


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


@function(
    "is_deterministic_algorithms_warn_only_enabled()",
    method=False,
    differentiable=False,
    example="is_deterministic_algorithms_warn_only_enabled()",
)
def is_deterministic_algorithms_warn_only_enabled() -> bool:
    """Whether it was asked that algorithms which are not deterministic are only warned of."""
    return bool(kept().get("warn_only"))


DEBUG_MODES = ("default", "warn", "error")


@function(
    "set_deterministic_debug_mode(debug_mode)",
    method=False,
    differentiable=False,
    effect=True,
    example='set_deterministic_debug_mode("warn")',
)
def set_deterministic_debug_mode(debug_mode: Any) -> None:
    """Takes "default", "warn", "error", or their numbers: what happens where an algorithm is not deterministic."""
    if not isinstance(debug_mode, (int, str)):
        raise ArgumentError(f"debug_mode must be str or int, but got <class '{type_word(debug_mode)}'>")
    if isinstance(debug_mode, str):
        if debug_mode not in DEBUG_MODES:
            raise ValueProblem(
                f"invalid value of debug_mode, expected one of `default`, `warn`, `error`, but got {debug_mode}"
            )
        debug_mode = DEBUG_MODES.index(debug_mode)
    if debug_mode not in (0, 1, 2):
        raise ValueProblem(f"invalid value of debug_mode, expected 0, 1, or 2, but got {debug_mode}")
    kept().update(deterministic=debug_mode > 0, warn_only=debug_mode == 1)


@function(
    "get_deterministic_debug_mode()", method=False, differentiable=False, example="get_deterministic_debug_mode()"
)
def get_deterministic_debug_mode() -> int:
    """0, 1 or 2: nothing, a warning or an error where an algorithm is not deterministic."""
    chosen = kept()
    return (1 if chosen.get("warn_only") else 2) if chosen["deterministic"] else 0


@function("set_warn_always(b)", method=False, differentiable=False, effect=True, example="set_warn_always(true)")
def set_warn_always(always: Any) -> None:
    """Whether what is warned of once is warned of each time."""
    if not isinstance(always, bool):
        raise ArgumentError(f"setWarnOnlyOnce expects a bool, but got {type_word(always)}", kind="RuntimeError")
    kept()["warn_always"] = always


@function("is_warn_always_enabled()", method=False, differentiable=False, example="is_warn_always_enabled()")
def is_warn_always_enabled() -> bool:
    """Whether it was asked that warnings are repeated."""
    return bool(kept().get("warn_always"))


@function(
    "set_anomaly_enabled(mode, check_nan=True)",
    method=False,
    differentiable=False,
    effect=True,
    example="set_anomaly_enabled(false)",
)
def set_anomaly_enabled(on: Any, check_nan: Any) -> None:
    """Whether backward passes are watched from now on, as `set_detect_anomaly`, without its warning."""
    mode.anomaly = bool(check_nan) if on else None


@function(
    "is_anomaly_check_nan_enabled()", method=False, differentiable=False, example="is_anomaly_check_nan_enabled()"
)
def is_anomaly_check_nan_enabled() -> bool:
    """Whether watched backward passes stop at nan."""
    return mode.anomaly is not False


DEFAULT_TYPE = (
    "torch.set_default_tensor_type() is deprecated as of PyTorch 2.1, please use torch.set_default_dtype() and "
    "torch.set_default_device() as alternatives."
)


@function(
    "set_default_tensor_type(t)",
    method=False,
    differentiable=False,
    effect=True,
    example='set_default_tensor_type("torch.FloatTensor")',
)
def set_default_tensor_type(kind: Any) -> None:
    """The old way to say the dtype of floats: `torch.DoubleTensor`, or its name."""
    from gradsh.engine.core.dtypes import ALL

    word = (kind if isinstance(kind, str) else getattr(kind, "__name__", "")).removeprefix("torch.")
    found = next((each for each in ALL if f"{each.title}Tensor" == word), None)
    if found is None:
        raise ArgumentError(f"invalid type object: {word or type_word(kind)}")
    if found.np.kind != "f":
        raise ArgumentError("only floating-point types are supported as the default type")
    mode.warn(DEFAULT_TYPE, once=True)
    mode.default = found.np
