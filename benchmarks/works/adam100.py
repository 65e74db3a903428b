"""300 steps of Adam on 100 tensors of 4 x 4, in PyTorch."""

from typing import Any

import numpy as np


def data() -> list[Any]:
    return [np.random.default_rng(0).standard_normal((100, 4, 4), dtype=np.float32)]


def prepare(goals: Any) -> Any:
    import torch

    def run() -> Any:
        parameters = [torch.zeros(4, 4, requires_grad=True) for _ in range(100)]
        optimizer = torch.optim.Adam(parameters, lr=1e-2)
        for _ in range(300):
            optimizer.zero_grad()
            ((torch.stack(parameters) - goals) ** 2).sum().backward()
            optimizer.step()
        return parameters[0].sum().item()

    return run
