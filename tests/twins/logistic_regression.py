"""Logistic regression of two Gaussian clouds, in mini-batches."""

import torch
import torch.nn.functional as F

torch.manual_seed(1)

x = torch.cat([torch.randn(60, 2) + 1.0, torch.randn(60, 2) - 1.0])
y = torch.cat([torch.ones(60), torch.zeros(60)])

w = torch.zeros(2, requires_grad=True)
b = torch.zeros((), requires_grad=True)
optimizer = torch.optim.SGD([{"params": [w], "weight_decay": 1e-3}, {"params": [b]}], lr=0.5)

step = 0
for epoch in range(3):
    order = torch.randperm(len(x))
    for batch in order.split(20):
        logits = x[batch] @ w + b
        loss = F.binary_cross_entropy_with_logits(logits, y[batch])
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()
        print(f"epoch {epoch} step {step:2d}  loss {loss:.6f}")
        step += 1

print(w)
print(b)
with torch.no_grad():
    probability = torch.sigmoid(x @ w + b)
    right = (probability > 0.5) == (y == 1)
print("accuracy", right.float().mean().item())
print("wrong at", torch.nonzero(~right).flatten().tolist())
confusion = torch.zeros(2, 2, dtype=torch.int64)
for truth, guess in zip(y.long().tolist(), (probability > 0.5).long().tolist(), strict=True):
    confusion[truth, guess] += 1
print(confusion)
