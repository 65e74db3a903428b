"""A neural differential equation, 50 steps of Runge and Kutta, and the gradients of its parameters, in PyTorch."""

from typing import Any

import numpy as np


def data() -> list[Any]:
    r = np.random.default_rng(0)
    shapes = [(8, 2), (8, 2), (2, 16), (16,), (16, 2), (2,)]
    return [r.standard_normal(shape, dtype=np.float32) for shape in shapes]


def prepare(y0: Any, goal: Any, a: Any, b: Any, c: Any, d: Any) -> Any:
    import torch

    def run() -> Any:
        w1, b1, w2, b2 = parameters = [p.detach().requires_grad_() for p in (a, b, c, d)]

        def field(y: Any) -> Any:
            return torch.tanh(y @ w1 + b1) @ w2 + b2

        y = y0
        for _ in range(50):
            k1 = field(y)
            k2 = field(y + 0.01 * k1)
            k3 = field(y + 0.01 * k2)
            k4 = field(y + 0.02 * k3)
            y = y + (k1 + 2 * k2 + 2 * k3 + k4) * (0.02 / 6)
        return torch.autograd.grad(((y - goal) ** 2).mean(), parameters)

    return run
