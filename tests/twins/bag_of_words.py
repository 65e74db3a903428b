"""Sentences as bags of words: an embedding, its mean, dropout, and a linear classifier."""

import torch
from torch import nn

good = ["a fine warm film", "warm and funny", "fine acting and a fine end", "funny clever film", "clever and warm"]
bad = ["a dull long film", "long and loud", "dull acting and a weak end", "loud weak film", "weak and dull"]
words = {}
for sentence in good + bad:
    for word in sentence.split():
        words.setdefault(word, len(words) + 1)  # 0 pads
longest = max(len(s.split()) for s in good + bad)
rows = [[words[w] for w in s.split()] for s in good + bad]
x = torch.tensor([row + [0] * (longest - len(row)) for row in rows])
y = torch.tensor([1.0] * len(good) + [0.0] * len(bad))


class BagOfWords(nn.Module):
    def __init__(self, n_words, dim):
        super().__init__()
        self.embedding = nn.Embedding(n_words, dim, padding_idx=0)
        self.dropout = nn.Dropout(0.3)
        self.linear = nn.Linear(dim, 1)

    def forward(self, x):
        there = (x != 0).unsqueeze(-1)
        mean = (self.embedding(x) * there).sum(1) / there.sum(1)
        return self.linear(self.dropout(mean)).squeeze(-1)


torch.manual_seed(10)
net = BagOfWords(len(words) + 1, 8)
print(net)
print(x[:2])
optimizer = torch.optim.Adam(net.parameters(), lr=0.05)
criterion = nn.BCEWithLogitsLoss()
for step in range(20):
    net.train()
    optimizer.zero_grad()
    loss = criterion(net(x), y)
    loss.backward()
    optimizer.step()
    net.eval()
    with torch.no_grad():
        right = ((net(x) > 0) == y.bool()).sum().item()
    print(f"step {step:2d}  loss {loss.item():.5f}  right {right}")
print(net.embedding.weight.grad[0], net.training, net.dropout.training)
print(net(x).sigmoid().round(decimals=2).tolist())
