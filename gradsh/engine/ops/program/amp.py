"""torch.amp: blocks that would compute in half precision on another device, and the scaling of losses for them."""

from __future__ import annotations

from sys import _getframe
from typing import Any

import numpy as np

from gradsh.calls.devices import device as named
from gradsh.engine.core.dtypes import NAMES, DType
from gradsh.engine.core.modes import mode, no_grad
from gradsh.engine.core.namespaces import T
from gradsh.engine.core.place import caller, placed
from gradsh.engine.core.tensor import Tensor
from gradsh.engine.operators.composite import function, makes
from gradsh.errors import ArgumentError, NotHere, ValueError_, ValueProblem

__acts_for_programs__ = True  # `step` runs the program's optimiser


class Autocast:
    """An `autocast` block. On a device that is not there it changes nothing; on the CPU it would want bfloat16."""

    def __init__(self, device_type: Any, dtype: Any = None, enabled: Any = True, cache_enabled: Any = None) -> None:
        if not isinstance(device_type, str):
            raise ValueError_(f"Expected `device_type` of type `str`, got: `<class '{type(device_type).__name__}'>`")
        kind, wanted = named(device_type).type, getattr(dtype, "name", "bfloat16")
        if kind == "cpu" and enabled and wanted not in ("bfloat16", "float16"):
            mode.warn(
                "In CPU autocast, but the target dtype is not supported. Disabling autocast.\n"
                "CPU Autocast only supports dtypes of torch.bfloat16, torch.float16 currently."
            )
            return
        if kind == "cpu" and enabled:
            none = "there is no bfloat16 here, in which operators would compute inside"
            half = "operators compute in the dtype of what they are given here, inside too, and not in float16"
            raise NotHere(
                f"torch.autocast: {none if wanted == 'bfloat16' else half}",
                help='`autocast("cpu", enabled=false) { pass }` leaves float32 as it is; so does no block at all',
            )
        if kind != "cpu" and enabled:
            mode.warn("CUDA is not available or torch_xla is imported. Disabling autocast.")

    def __enter__(self) -> None: ...

    def __exit__(self, *_: object) -> None: ...


METHODS = """
get_backoff_factor get_growth_factor get_growth_interval get_scale is_enabled load_state_dict scale set_backoff_factor
set_growth_factor set_growth_interval state_dict step unscale_ update
"""


class GradScaler:
    """What `GradScaler(…)` gives: on the CPU it scales, on a device that is not there it is switched off."""

    __public__ = frozenset(METHODS.split())
    __fields__: frozenset[str] = frozenset()

    def __init__(self, device: str, scale: float, growth: float, backoff: float, interval: int, enabled: bool) -> None:
        self.enabled = bool(enabled) and device != "cuda"
        if device == "cuda" and enabled:
            mode.warn("torch.cuda.amp.GradScaler is enabled, but CUDA is not available.  Disabling.")
        if not self.enabled:
            return
        if not growth > 1.0:
            raise ValueProblem("The growth factor must be > 1.0.", kind="AssertionError")
        if not backoff < 1.0:
            raise ValueProblem("The backoff factor must be < 1.0.", kind="AssertionError")
        self.first, self.growth, self.backoff, self.interval = scale, growth, backoff, interval
        self.factor: Any = None  # made by the first `scale`, a float32 as PyTorch's
        self.steps = 0
        self.stages: dict[int, str] = {}  # by optimiser: unscaled, stepped
        self.found: dict[int, bool] = {}  # whether its gradients had an inf or nan

    def __repr__(self) -> str:
        return "<GradScaler>"

    def is_enabled(self) -> bool:
        return self.enabled

    def scale(self, outputs: Any) -> Any:
        """Outputs times the factor: a tensor, or lists and tuples of them."""
        if not self.enabled:
            return outputs
        if self.factor is None:
            self.factor = np.float32(self.first)
        if isinstance(outputs, Tensor):
            with placed(caller(_getframe(1))):
                return outputs * T.scalar_tensor(float(self.factor))
        if isinstance(outputs, (list, tuple)):
            return type(outputs)(self.scale(each) for each in outputs)
        raise ValueError_("outputs must be a Tensor or an iterable of Tensors")

    def _needed(self, what: str) -> None:
        if self.factor is None:
            raise ValueProblem(
                f"Attempted {what} but _scale is None.  This may indicate your script did not use scaler.scale(loss or "
                "outputs) earlier in the iteration.",
                kind="AssertionError",
            )

    def unscale_(self, optimizer: Any) -> None:
        """Divide the gradients of an optimiser's parameters by the factor."""
        if not self.enabled:
            return
        self._needed("unscale_")
        stage = self.stages.get(id(optimizer))
        if stage == "unscaled":
            raise ValueProblem("unscale_() has already been called on this optimizer since the last update().")
        if stage == "stepped":
            raise ValueProblem("unscale_() is being called after step().")
        inverse = np.float32(1.0 / np.float64(self.factor))
        odd = False
        with no_grad():
            for group in optimizer.param_groups:
                for p in group["params"]:
                    if p.grad is None:
                        continue
                    if p.grad.dtype is NAMES["float16"]:
                        raise ValueError_("Attempting to unscale FP16 gradients.")
                    odd |= not np.isfinite(p.grad.data).all()
                    p.grad = p.grad * float(inverse)
        self.found[id(optimizer)] = odd
        self.stages[id(optimizer)] = "unscaled"

    def step(self, optimizer: Any, *arguments: Any, **keywords: Any) -> Any:
        """A step of the optimiser, unless a gradient is inf or nan."""
        if not self.enabled:
            return optimizer.step(*arguments, **keywords)
        if "closure" in keywords:
            raise ValueProblem("Closure use is not currently supported if GradScaler is enabled.")
        self._needed("step")
        if self.stages.get(id(optimizer)) == "stepped":
            raise ValueProblem("step() has already been called since the last update().")
        if id(optimizer) not in self.stages:
            self.unscale_(optimizer)
        if not any(p.grad is not None for group in optimizer.param_groups for p in group["params"]):
            raise ValueProblem("No inf checks were recorded for this optimizer.", kind="AssertionError")
        result = None if self.found[id(optimizer)] else optimizer.step(*arguments, **keywords)
        self.stages[id(optimizer)] = "stepped"
        return result

    def update(self, new_scale: Any = None) -> None:
        """Another factor: smaller after an inf or nan, larger after many steps without."""
        if not self.enabled:
            return
        self._needed("update")
        if new_scale is not None:
            self.factor = np.float32(float(new_scale))
        elif not self.found:
            raise ValueProblem("No inf checks were recorded prior to update.", kind="AssertionError")
        elif any(self.found.values()):
            self.factor, self.steps = np.float32(self.factor * np.float32(self.backoff)), 0
        else:
            self.steps += 1
            if self.steps == self.interval:
                grown = np.float32(self.factor * np.float32(self.growth))
                self.factor, self.steps = grown if np.isfinite(grown) else self.factor, 0
        self.stages, self.found = {}, {}

    def get_scale(self) -> float:
        return 1.0 if not self.enabled else float(self.first if self.factor is None else self.factor)

    def get_growth_factor(self) -> float:
        return self.growth

    def set_growth_factor(self, new_factor: float) -> None:
        self.growth = new_factor

    def get_backoff_factor(self) -> float:
        return self.backoff

    def set_backoff_factor(self, new_factor: float) -> None:
        self.backoff = new_factor

    def get_growth_interval(self) -> int:
        return self.interval

    def set_growth_interval(self, new_interval: int) -> None:
        self.interval = new_interval

    def state_dict(self) -> dict[str, Any]:
        if not self.enabled:
            return {}
        return {
            "scale": self.get_scale(),
            "growth_factor": self.growth,
            "backoff_factor": self.backoff,
            "growth_interval": self.interval,
            "_growth_tracker": self.steps,
        }

    def load_state_dict(self, state_dict: dict[str, Any]) -> None:
        if not self.enabled:
            return
        if not state_dict:
            raise ValueProblem(
                "The source state dict is empty, possibly because it was saved from a disabled instance of GradScaler."
            )
        self.first, self.growth = state_dict["scale"], state_dict["growth_factor"]
        self.backoff, self.interval = state_dict["backoff_factor"], state_dict["growth_interval"]
        self.steps = state_dict["_growth_tracker"]
        if self.factor is not None:
            self.factor = np.float32(self.first)


@function(
    "GradScaler(device='cuda', init_scale=65536.0, growth_factor=2.0, backoff_factor=0.5, growth_interval=2000, "
    "enabled=True)",
    method=False,
    differentiable=False,
    outside=True,
    python=True,
    example="GradScaler('cpu').scale(ones(2))",
)
def grad_scaler(device: Any, scale: Any, growth: Any, backoff: Any, interval: Any, enabled: Any) -> Any:
    """Scales losses so that small gradients do not vanish in half precision; for "cuda" it is switched off here."""
    return GradScaler(device, scale, growth, backoff, interval, enabled)


makes(grad_scaler, GradScaler)


@function(
    "cuda_GradScaler(init_scale=65536.0, growth_factor=2.0, backoff_factor=0.5, growth_interval=2000, enabled=True)",
    method=False,
    differentiable=False,
    outside=True,
    python=True,
    example="torch.cuda.amp.GradScaler(enabled=false).scale(3)",
)
def cuda_grad_scaler(scale: Any, growth: Any, backoff: Any, interval: Any, enabled: Any) -> Any:
    """The old name of `GradScaler`, which is switched off where there is no graphics card."""
    mode.warn(
        "`torch.cuda.amp.GradScaler(args...)` is deprecated. Please use `torch.amp.GradScaler('cuda', args...)` "
        "instead.",
        category="FutureWarning",
    )
    return GradScaler("cuda", scale, growth, backoff, interval, enabled)


# --- what a program may ask -------------------------------------------------------------------------------------------


@function(
    "is_autocast_enabled(device_type='cuda')", method=False, differentiable=False, example="is_autocast_enabled()"
)
def is_autocast_enabled(device_type: Any) -> bool:
    """Whether a block computes in half precision: none does."""
    named(device_type)
    return False


@function(
    "is_autocast_available(device_type)", method=False, differentiable=False, example='is_autocast_available("cpu")'
)
def is_autocast_available(device_type: Any) -> bool:
    """Whether PyTorch's `autocast` knows the device."""
    return named(device_type).type in (
        "cpu",
        "cuda",
        "xpu",
        "mps",
        "hpu",
        "xla",
        "ipu",
        "mtia",
        "maia",
        "privateuseone",
    )


@function("get_autocast_dtype(device_type)", method=False, differentiable=False, example='get_autocast_dtype("cuda")')
def get_autocast_dtype(device_type: Any) -> DType:
    """The dtype that a block of the device would compute in. Errors: NotHere for the CPU, whose is bfloat16."""
    if named(device_type).type == "cpu":
        raise NotHere("torch.bfloat16: there is no such dtype here", help="`float16` and `float32` are")
    return NAMES["float16"]


@function("clear_autocast_cache()", method=False, differentiable=False, effect=True, example="clear_autocast_cache()")
def clear_autocast_cache() -> None:
    """Forgets what blocks have cast, which is nothing."""


@function(
    "set_autocast_enabled(device_type, enabled=None)",
    method=False,
    differentiable=False,
    effect=True,
    example="set_autocast_enabled('cuda', false)",
)
def set_autocast_enabled(device_type: Any, enabled: Any) -> None:
    """Takes that a device does not compute in half precision. Errors: NotHere where it should."""
    wanted = device_type if enabled is None else enabled
    if not isinstance(wanted, bool):
        raise ArgumentError("set_autocast_enabled(): argument 'enabled' must be bool")
    if wanted:
        raise NotHere("torch.autocast: nothing computes in half precision by itself here", help="`x.half()` does")


cuda_grad_scaler.apply.makes = GradScaler  # also to be derived from
