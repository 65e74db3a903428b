"""Optimisers, learning rate schedulers and gradient clipping by name; what they do is in gradsh.engine.optim."""

from __future__ import annotations

from typing import Any

from gradsh.engine.core.arguments import type_word
from gradsh.engine.operators.composite import function
from gradsh.engine.operators.registry import Operator
from gradsh.errors import ArgumentError


def _entry(signature: str, summary: str, example: str, *, effect: bool = False) -> Operator:
    """An entry that imports what it calls when it is first called."""
    name = signature[: signature.index("(")]
    found: Any = None

    def make(*values: Any) -> Any:
        nonlocal found
        if found is None:
            from gradsh.engine.optim import load

            found = load(name)
        return found(*values)

    make.__doc__ = summary
    return function(signature, method=False, effect=effect, example=example)(make)


@function(
    "step(optimizer, closure=None)",
    method=False,
    effect=True,
    example="let w = ones(2, grad); let opt = SGD([w], lr=0.1); backward w.sum(); step opt; w",
)
def step(thing: Any, closure: Any) -> Any:
    """One step of an optimiser, with a closure if it needs one; or of a scheduler, with the number that it watches."""
    if "step" not in getattr(type(thing), "__public__", ()):
        raise ArgumentError(f"step(): expected an optimiser or a scheduler, but got {type_word(thing)}")
    return thing.step() if closure is None else thing.step(closure)


# --- optimisers ----------------------------------------------------------------------------------------------------

_TRAIN = "let w = ones(2, grad); let opt = {}; backward (w**2).sum(); step opt; w"
_COMMON = "foreach: bool=None, maximize=False, capturable=False, differentiable=False"

SGD = _entry(
    "SGD(params, lr=0.001, momentum=0, dampening=0, weight_decay=0, nesterov=False, *, maximize=False, "
    "foreach: bool=None, differentiable=False, fused: bool=None)",
    "Stochastic gradient descent, with momentum if wanted.",
    _TRAIN.format("SGD([w], lr=0.1, momentum=0.9)"),
)
Adam = _entry(
    "Adam(params, lr=0.001, betas=(0.9, 0.999), eps=1e-08, weight_decay=0, amsgrad=False, *, "
    f"{_COMMON}, fused: bool=None, decoupled_weight_decay=False)",
    "Steps scaled by averages of the gradient and of its square.",
    _TRAIN.format("Adam([w], lr=0.1)"),
)
AdamW = _entry(
    "AdamW(params, lr=0.001, betas=(0.9, 0.999), eps=1e-08, weight_decay=0.01, amsgrad=False, *, maximize=False, "
    "foreach: bool=None, capturable=False, differentiable=False, fused: bool=None)",
    "Adam with weight decay that shrinks the parameters themselves.",
    _TRAIN.format("AdamW([w], lr=0.1)"),
)
Adamax = _entry(
    "Adamax(params, lr=0.002, betas=(0.9, 0.999), eps=1e-08, weight_decay=0, foreach: bool=None, *, maximize=False, "
    "differentiable=False, capturable=False)",
    "Adam scaled by a decaying maximum of the gradient's size.",
    _TRAIN.format("Adamax([w], lr=0.1)"),
)
NAdam = _entry(
    "NAdam(params, lr=0.002, betas=(0.9, 0.999), eps=1e-08, weight_decay=0, momentum_decay=0.004, "
    f"decoupled_weight_decay=False, *, {_COMMON})",
    "Adam with Nesterov's momentum.",
    _TRAIN.format("NAdam([w], lr=0.1)"),
)
RAdam = _entry(
    "RAdam(params, lr=0.001, betas=(0.9, 0.999), eps=1e-08, weight_decay=0, decoupled_weight_decay=False, *, "
    f"{_COMMON})",
    "Adam that begins as plain momentum until its averages are reliable.",
    _TRAIN.format("RAdam([w], lr=0.1)"),
)
Adagrad = _entry(
    "Adagrad(params, lr=0.01, lr_decay=0, weight_decay=0, initial_accumulator_value=0, eps=1e-10, foreach: bool=None, "
    "*, maximize=False, differentiable=False, fused: bool=None)",
    "Steps scaled by the size of all gradients so far.",
    _TRAIN.format("Adagrad([w], lr=0.1)"),
)
Adadelta = _entry(
    "Adadelta(params, lr=1.0, rho=0.9, eps=1e-06, weight_decay=0, foreach: bool=None, *, capturable=False, "
    "maximize=False, differentiable=False)",
    "Steps scaled by the sizes of recent steps and gradients.",
    _TRAIN.format("Adadelta([w])"),
)
RMSprop = _entry(
    "RMSprop(params, lr=0.01, alpha=0.99, eps=1e-08, weight_decay=0, momentum=0, centered=False, capturable=False, "
    "foreach: bool=None, maximize=False, differentiable=False)",
    "Steps scaled by the root of an average of the squared gradient.",
    _TRAIN.format("RMSprop([w], lr=0.1)"),
)
Rprop = _entry(
    "Rprop(params, lr=0.01, etas=(0.5, 1.2), step_sizes=(1e-06, 50), *, capturable=False, foreach: bool=None, "
    "maximize=False, differentiable=False)",
    "Steps that follow only the signs of the gradient.",
    _TRAIN.format("Rprop([w], lr=0.1)"),
)
ASGD = _entry(
    "ASGD(params, lr=0.01, lambd=0.0001, alpha=0.75, t0=1000000.0, weight_decay=0, foreach: bool=None, maximize=False, "
    "differentiable=False, capturable=False)",
    "Gradient descent that also averages its iterates.",
    _TRAIN.format("ASGD([w], lr=0.1)"),
)
LBFGS = _entry(
    "LBFGS(params, lr=1, max_iter=20, max_eval=None, tolerance_grad=1e-07, tolerance_change=1e-09, history_size=100, "
    "line_search_fn=None)",
    "Newton's method with a guessed inverse Hessian; its step needs a closure.",
    "let w = ones(2, grad); let opt = LBFGS([w]); "
    "fn loss() { zero_grad w; let l = (w**2).sum(); backward l; return l }; step opt, loss; w",
)

# --- schedulers ----------------------------------------------------------------------------------------------------

_SCHEDULE = "let opt = SGD([ones(2, grad)], lr=0.1); let s = {}; step opt; step s; s.get_last_lr()"

StepLR = _entry(
    "StepLR(optimizer, step_size, gamma=0.1, last_epoch=-1)",
    "Multiplies the learning rate by gamma every `step_size` epochs.",
    _SCHEDULE.format("StepLR(opt, 1)"),
)
MultiStepLR = _entry(
    "MultiStepLR(optimizer, milestones, gamma=0.1, last_epoch=-1)",
    "Multiplies the learning rate by gamma at the milestones.",
    _SCHEDULE.format("MultiStepLR(opt, [1, 5])"),
)
ExponentialLR = _entry(
    "ExponentialLR(optimizer, gamma, last_epoch=-1)",
    "Multiplies the learning rate by gamma every epoch.",
    _SCHEDULE.format("ExponentialLR(opt, 0.9)"),
)
CosineAnnealingLR = _entry(
    "CosineAnnealingLR(optimizer, T_max, eta_min=0.0, last_epoch=-1)",
    "Lowers the learning rate along half a cosine.",
    _SCHEDULE.format("CosineAnnealingLR(opt, 10)"),
)
CosineAnnealingWarmRestarts = _entry(
    "CosineAnnealingWarmRestarts(optimizer, T_0, T_mult=1, eta_min=0.0, last_epoch=-1)",
    "Lowers the learning rate along half a cosine, again and again.",
    _SCHEDULE.format("CosineAnnealingWarmRestarts(opt, 10)"),
)
LambdaLR = _entry(
    "LambdaLR(optimizer, lr_lambda, last_epoch=-1)",
    "The first learning rate times a function of the epoch.",
    _SCHEDULE.format("LambdaLR(opt, fn(epoch) = 0.9**epoch)"),
)
MultiplicativeLR = _entry(
    "MultiplicativeLR(optimizer, lr_lambda, last_epoch=-1)",
    "Multiplies the learning rate by a function of the epoch.",
    _SCHEDULE.format("MultiplicativeLR(opt, fn(epoch) = 0.9)"),
)
LinearLR = _entry(
    "LinearLR(optimizer, start_factor=0.3333333333333333, end_factor=1.0, total_iters=5, last_epoch=-1)",
    "Warms the learning rate up along a line.",
    _SCHEDULE.format("LinearLR(opt)"),
)
ConstantLR = _entry(
    "ConstantLR(optimizer, factor=0.3333333333333333, total_iters=5, last_epoch=-1)",
    "Multiplies the learning rate by a factor for the first epochs.",
    _SCHEDULE.format("ConstantLR(opt, 0.5)"),
)
PolynomialLR = _entry(
    "PolynomialLR(optimizer, total_iters=5, power=1.0, last_epoch=-1)",
    "Lowers the learning rate to 0 as a power of the epochs left.",
    _SCHEDULE.format("PolynomialLR(opt, 10)"),
)
OneCycleLR = _entry(
    "OneCycleLR(optimizer, max_lr, total_steps=None, epochs=None, steps_per_epoch=None, pct_start=0.3, "
    "anneal_strategy='cos', cycle_momentum=True, base_momentum=0.85, max_momentum=0.95, div_factor=25.0, "
    "final_div_factor=10000.0, three_phase=False, last_epoch=-1)",
    "One rise and fall of the learning rate over the whole training.",
    _SCHEDULE.format("OneCycleLR(opt, 1.0, total_steps=10)"),
)
CyclicLR = _entry(
    "CyclicLR(optimizer, base_lr, max_lr, step_size_up=2000, step_size_down=None, mode='triangular', gamma=1.0, "
    "scale_fn=None, scale_mode='cycle', cycle_momentum=True, base_momentum=0.8, max_momentum=0.9, last_epoch=-1)",
    "Moves the learning rate up and down between two bounds.",
    _SCHEDULE.format("CyclicLR(opt, 0.01, 0.1, step_size_up=5)"),
)
ReduceLROnPlateau = _entry(
    "ReduceLROnPlateau(optimizer, mode='min', factor=0.1, patience=10, threshold=0.0001, threshold_mode='rel', "
    "cooldown=0, min_lr=0, eps=1e-08)",
    "Lowers the learning rate when a number no longer improves.",
    "let opt = SGD([ones(2, grad)], lr=0.1); let s = ReduceLROnPlateau(opt, patience=0)\n"
    "for loss in [1.0, 1.0] { step s, loss }\ns.get_last_lr()",
)
SequentialLR = _entry(
    "SequentialLR(optimizer, schedulers, milestones, last_epoch=-1)",
    "One scheduler after the other, changing at the milestones.",
    _SCHEDULE.format("SequentialLR(opt, [LinearLR(opt), ExponentialLR(opt, 0.9)], [5])"),
)
ChainedScheduler = _entry(
    "ChainedScheduler(schedulers, optimizer=None)",
    "Several schedulers at once.",
    _SCHEDULE.format("ChainedScheduler([LinearLR(opt), ExponentialLR(opt, 0.9)])"),
)

# --- clipping ------------------------------------------------------------------------------------------------------

_CLIP = "let w = ones(2, grad); backward (w**2).sum(); {}; w.grad"

clip_grad_norm_ = _entry(
    "clip_grad_norm_(parameters, max_norm, norm_type=2.0, error_if_nonfinite=False, foreach: bool=None)",
    "Scales gradients down to a norm, all taken together; gives the norm that they had.",
    _CLIP.format("clip_grad_norm_([w], 1.0)"),
    effect=True,
)
clip_grad_value_ = _entry(
    "clip_grad_value_(parameters, clip_value, foreach: bool=None)",
    "Limits every element of the gradients.",
    _CLIP.format("clip_grad_value_([w], 0.5)"),
    effect=True,
)
clip_grads_with_norm_ = _entry(
    "clip_grads_with_norm_(parameters, max_norm, total_norm, foreach: bool=None)",
    "Scales gradients whose norm is known.",
    _CLIP.format("clip_grads_with_norm_([w], 1.0, tensor(4.))"),
    effect=True,
)
get_total_norm = _entry(
    "get_total_norm(tensors, norm_type=2.0, error_if_nonfinite=False, foreach: bool=None)",
    "The norm of several tensors as one vector.",
    "get_total_norm([tensor([3.]), tensor([4.])])",
)
