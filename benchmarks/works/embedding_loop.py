"""200 steps of training, in a loop, of an embedding and a linear layer, in PyTorch."""

from typing import Any

from benchmarks.works.embedding import data as data


def prepare(words: Any, y: Any) -> Any:
    import torch

    torch.manual_seed(0)
    table, head = torch.nn.Embedding(1000, 32), torch.nn.Linear(32, 10)
    optimizer = torch.optim.SGD([{"params": table.parameters()}, {"params": head.parameters()}], lr=0.05)

    def run() -> float:
        for _ in range(200):
            optimizer.zero_grad()
            loss = torch.nn.functional.cross_entropy(head(table(words).mean(1)), y)
            loss.backward()
            optimizer.step()
        return loss.item()

    return run
