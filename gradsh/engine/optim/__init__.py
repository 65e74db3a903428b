"""Optimisers, learning rate schedulers and gradient clipping, as in torch.optim.

Imported by the first program that names one of them, and then only the file that holds it.
"""

from __future__ import annotations

from importlib import import_module
from typing import Any

# Written after PyTorch's own Python: what Python says of a wrong argument, in any file of it, is what a PyTorch user
# reads, too (see gradsh.runtime.faults).
__acts_for_programs__ = True

FILES = {
    "sgd": ("SGD",),
    "adam": ("Adam", "AdamW", "Adamax"),
    "nadam": ("NAdam", "RAdam"),
    "adagrad": ("Adagrad", "Adadelta", "RMSprop"),
    "averaging": ("ASGD", "Rprop"),
    "lbfgs": ("LBFGS",),
    "schedulers": (
        "ConstantLR",
        "CosineAnnealingLR",
        "ExponentialLR",
        "LambdaLR",
        "LinearLR",
        "MultiStepLR",
        "MultiplicativeLR",
        "PolynomialLR",
        "StepLR",
    ),
    "plateau": ("ReduceLROnPlateau",),
    "cycles": ("CosineAnnealingWarmRestarts", "CyclicLR", "OneCycleLR"),
    "combined": ("ChainedScheduler", "SequentialLR"),
    "clip": ("clip_grad_norm_", "clip_grad_value_", "clip_grads_with_norm_", "get_total_norm"),
}
HOME = {name: file for file, names in FILES.items() for name in names}


def load(name: str) -> Any:
    """The class or function of that name."""
    return getattr(import_module(f"gradsh.engine.optim.{HOME[name]}"), name)
