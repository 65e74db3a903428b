"""One step of training of the MLP 64-32-10 on a batch of 4096, in PyTorch."""

from typing import Any

import numpy as np


def data() -> list[Any]:
    r = np.random.default_rng(0)
    return [r.random((4096, 64), dtype=np.float32), r.integers(0, 10, 4096)]


def prepare(x: Any, y: Any) -> Any:
    import torch
    from torch import nn

    torch.manual_seed(0)
    net = nn.Sequential(nn.Linear(64, 32), nn.ReLU(), nn.Linear(32, 10))
    optimizer = torch.optim.SGD(net.parameters(), lr=0.05, momentum=0.9)

    def run() -> float:
        optimizer.zero_grad()
        loss = nn.functional.cross_entropy(net(x), y)
        loss.backward()
        optimizer.step()
        return loss.item()

    return run
