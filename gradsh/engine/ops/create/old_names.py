"""Old names that PyTorch still has, with its warning: `upsample_nearest`, `clip_grad_norm`."""

from __future__ import annotations

from typing import Any

from gradsh.engine.core.modes import mode
from gradsh.engine.operators.composite import composite, python_function
from gradsh.engine.ops.nn.resize import interpolate
from gradsh.engine.optim.clip import clip_grad_norm_


def _upsampling(kind: str, corners: Any) -> None:
    @composite(
        f"upsample_{kind}(input, size=None, scale_factor=None)",
        python=True,
        method=False,
        formula="g times the weights with which each input element went into the output",
        example=f"upsample_{kind}(ones(1, 1, 2, 2), scale_factor=2)",
    )
    def upsample(input: Any, size: Any, scale_factor: Any) -> Any:
        mode.warn(f"`nn.functional.upsample_{kind}` is deprecated. Use `nn.functional.interpolate` instead.")
        return interpolate.apply(input, size, scale_factor, kind, corners)

    upsample.summary = f"The old name of `interpolate` with mode {kind!r}."


_upsampling("nearest", None)
_upsampling("bilinear", True)


@python_function(
    "clip_grad_norm(parameters, max_norm, norm_type=2.0)", effect=True, example="clip_grad_norm([ones(2, grad)], 1.)"
)
def clip_grad_norm(parameters: Any, max_norm: Any, norm_type: Any = 2.0) -> Any:
    """The old name of `clip_grad_norm_`."""
    mode.warn(
        "`torch.nn.utils.clip_grad_norm` is now deprecated in favor of `torch.nn.utils.clip_grad_norm_`.",
        category="FutureWarning",
    )
    return clip_grad_norm_(parameters, max_norm, norm_type, False, None)
