"""The cube roots of 20 numbers by Newton's method, each until its step is small, in PyTorch."""

from typing import Any

import numpy as np


def data() -> list[Any]:
    return [np.linspace(1, 20, 20)]


def prepare(numbers: Any) -> Any:
    import torch

    def f(x: Any, a: Any) -> Any:
        return x**3 - a

    def root(a: Any) -> Any:
        x = a / 2
        steps = 0
        while steps < 50:
            leaf = x.detach().requires_grad_()
            value = f(leaf, a)
            (slope,) = torch.autograd.grad(value, leaf)
            step = value.detach() / slope
            x = x - step
            steps += 1
            if step.abs().item() < 1e-6:
                break
        return x

    def run() -> Any:
        return torch.stack([root(a) for a in numbers])

    return run
