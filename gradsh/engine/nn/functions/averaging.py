"""Averages of models: torch.optim.swa_utils."""

from __future__ import annotations

from typing import Any

from gradsh.engine.nn.module import Model, not_a_model
from gradsh.engine.operators.composite import python_function
from gradsh.errors import ValueError_

__acts_for_programs__ = True  # it calls models

MADE = "let net = Linear(2, 1); let mean = AveragedModel(net, %s); mean.update_parameters(net); mean.n_averaged"


@python_function(
    "update_bn(loader, model, device=None)",
    example="let net = BatchNorm1d(2); update_bn([tensor([[1., 2.], [3., 6.]])], net); net.running_mean",
    effect=True,
)
def update_bn(loader: Any, model: Any, device: Any = None) -> None:
    """Computes the running statistics of a model's batch norms anew, from the batches of `loader`."""
    from gradsh.engine.nn import averaged

    if not isinstance(model, Model):
        raise not_a_model(model)
    averaged.update_bn(loader, model, device)


def _checked(decay: float) -> float:
    if decay < 0.0 or decay > 1.0:
        raise ValueError_(f"Invalid decay value {decay} provided. Please provide a value in [0,1] range.")
    return decay


@python_function("get_ema_multi_avg_fn(decay=0.999)", example=MADE % "multi_avg_fn=get_ema_multi_avg_fn(0.9)")
def get_ema_multi_avg_fn(decay: Any = 0.999) -> Any:
    """The function for `AveragedModel(multi_avg_fn=…)` by which newer models weigh more."""
    from gradsh.engine.nn import averaged

    _checked(decay)

    def ema_update(ema_param_list: Any, current_param_list: Any, num_averaged: Any) -> None:
        averaged.exponential_of_several(ema_param_list, current_param_list, decay)

    return ema_update


@python_function("get_swa_multi_avg_fn()", example=MADE % "multi_avg_fn=get_swa_multi_avg_fn()")
def get_swa_multi_avg_fn() -> Any:
    """The function for `AveragedModel(multi_avg_fn=…)` by which all models weigh the same."""
    from gradsh.engine.nn import averaged

    return averaged.mean_of_several


@python_function("get_ema_avg_fn(decay=0.999)", example=MADE % "avg_fn=get_ema_avg_fn(0.9)")
def get_ema_avg_fn(decay: Any = 0.999) -> Any:
    """The function for `AveragedModel(avg_fn=…)` by which newer models weigh more."""
    from gradsh.engine.nn import averaged

    _checked(decay)

    def ema_update(ema_param: Any, current_param: Any, num_averaged: Any) -> Any:
        return averaged.exponential_of_one(ema_param, current_param, decay)

    return ema_update


@python_function("get_swa_avg_fn()", example=MADE % "avg_fn=get_swa_avg_fn()")
def get_swa_avg_fn() -> Any:
    """The function for `AveragedModel(avg_fn=…)` by which all models weigh the same."""
    from gradsh.engine.nn import averaged

    return averaged.mean_of_one
