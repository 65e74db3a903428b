"""One step of training of an LSTM(32, 64): 25 steps of time, batch 8, Adam, in PyTorch."""

from typing import Any

import numpy as np


def data() -> list[Any]:
    r = np.random.default_rng(0)
    return [r.standard_normal((25, 8, n), dtype=np.float32) for n in (32, 64)]


def prepare(x: Any, y: Any) -> Any:
    import torch

    torch.manual_seed(0)
    net = torch.nn.LSTM(32, 64)
    optimizer = torch.optim.Adam(net.parameters(), lr=1e-3)

    def run() -> float:
        optimizer.zero_grad()
        out, _ = net(x)
        loss = torch.nn.functional.mse_loss(out, y)
        loss.backward()
        optimizer.step()
        return loss.item()

    return run
