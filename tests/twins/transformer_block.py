"""A transformer block with MultiheadAttention learns to reverse a sequence."""

import torch
import torch.nn.functional as F
from torch import nn


class Block(nn.Module):
    def __init__(self, dim, heads):
        super().__init__()
        self.ln1 = nn.LayerNorm(dim)
        self.attn = nn.MultiheadAttention(dim, heads, batch_first=True)
        self.ln2 = nn.LayerNorm(dim)
        self.mlp = nn.Sequential(nn.Linear(dim, 2 * dim), nn.GELU(), nn.Linear(2 * dim, dim))

    def forward(self, x, mask=None):
        h = self.ln1(x)
        a, weights = self.attn(h, h, h, attn_mask=mask)
        x = x + a
        return x + self.mlp(self.ln2(x)), weights


class Reverser(nn.Module):
    def __init__(self, vocabulary, length, dim):
        super().__init__()
        self.token = nn.Embedding(vocabulary, dim)
        self.position = nn.Parameter(0.1 * torch.randn(length, dim))
        self.block = Block(dim, 2)
        self.head = nn.Linear(dim, vocabulary)

    def forward(self, tokens):
        x, weights = self.block(self.token(tokens) + self.position)
        return self.head(x), weights


torch.manual_seed(5)
torch.set_default_dtype(torch.float64)
net = Reverser(7, 6, 16)
print(net)
print([name for name, _ in net.named_parameters()][:5])
optimizer = torch.optim.AdamW(net.parameters(), lr=5e-3, weight_decay=0.01)
for step in range(30):
    tokens = torch.randint(0, 7, (16, 6))
    logits, weights = net(tokens)
    loss = F.cross_entropy(logits.transpose(1, 2), tokens.flip(1))
    optimizer.zero_grad()
    loss.backward()
    optimizer.step()
    if step % 5 == 0:
        print(f"step {step:2d}  loss {loss:.10f}")
print(weights.shape, weights[0])
causal = torch.triu(torch.full((6, 6), float("-inf")), diagonal=1)
print(net.block(net.position[None], causal)[1][0])
