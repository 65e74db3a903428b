"""One step of training of a transformer block: width 32, 4 heads, 16 tokens, batch 8, Adam, in PyTorch."""

from typing import Any

import numpy as np


def data() -> list[Any]:
    r = np.random.default_rng(0)
    return [r.standard_normal((8, 16, 32), dtype=np.float32) for _ in range(2)]


def prepare(x: Any, y: Any) -> Any:
    import torch

    torch.manual_seed(0)
    net = torch.nn.TransformerEncoderLayer(32, 4, 128, 0.0, batch_first=True)
    optimizer = torch.optim.Adam(net.parameters(), lr=1e-3)

    def run() -> float:
        optimizer.zero_grad()
        loss = torch.nn.functional.mse_loss(net(x), y)
        loss.backward()
        optimizer.step()
        return loss.item()

    return run
