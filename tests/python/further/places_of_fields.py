"""What is registered in place of a plain value comes last; old constructors on a device; options of NumPy."""

import numpy as np
import torch
import torch.nn as nn


class Encoder(nn.Module):
    def __init__(self, dropout):
        super().__init__()
        self.dropout = dropout
        self.norm = None
        self.scale = 2.0
        self.embedding = nn.Embedding(4, 3)
        self.rnn = nn.GRU(3, 3)
        self.first = nn.Parameter(torch.ones(1))
        self.dropout = nn.Dropout(self.dropout)
        self.norm = nn.LayerNorm(3)
        self.scale = nn.Parameter(torch.ones(1))


encoder = Encoder(0.5)
print(encoder)
print(list(encoder.state_dict()), [name for name, _ in encoder.named_children()])
encoder.rnn = nn.LSTM(3, 3)
encoder.first = nn.Parameter(torch.zeros(1))
print([name for name, _ in encoder.named_children()], [name for name, _ in encoder.named_parameters()])

device = torch.device("cpu")
print(torch.Tensor([[0]], device=device).long(), torch.LongTensor(2, 3, device="cpu").shape, torch.Tensor(device=None))
print(torch.Tensor(torch.arange(2)), torch.Tensor(torch.tensor([True])), torch.BoolTensor([1], device="cpu"))
try:
    torch.Tensor([1.0], device="cuda")
except RuntimeError as error:
    print(error)

np.set_printoptions(3)
print(np.array([1 / 3]))
np.set_printoptions(5, suppress=True)
print(np.array([1 / 3, 1e-9]))
