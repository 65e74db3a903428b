"""A small MLP on minibatches of 32 of 512 rows, 100 epochs, with a rate that StepLR halves, in PyTorch."""

from typing import Any

import numpy as np


def data() -> list[Any]:
    r = np.random.default_rng(0)
    return [r.standard_normal((512, 8), dtype=np.float32), r.standard_normal((512, 1), dtype=np.float32)]


def prepare(X: Any, y: Any) -> Any:
    import torch
    from torch import nn

    def run() -> Any:
        torch.manual_seed(0)
        net = nn.Sequential(nn.Linear(8, 16), nn.Tanh(), nn.Linear(16, 1))
        optimizer = torch.optim.SGD(net.parameters(), lr=0.1)
        scheduler = torch.optim.lr_scheduler.StepLR(optimizer, step_size=20, gamma=0.5)
        for _ in range(100):
            for i in range(16):
                optimizer.zero_grad()
                rows = slice(i * 32, (i + 1) * 32)
                nn.functional.mse_loss(net(X[rows]), y[rows]).backward()
                optimizer.step()
            scheduler.step()
        return net[0].weight.sum().item()

    return run
