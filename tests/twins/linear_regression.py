"""Linear regression with nn.Linear and SGD."""

import torch
from torch import nn

torch.manual_seed(0)
torch.set_default_dtype(torch.float64)

x = torch.randn(100, 3)
true_w = torch.tensor([2.0, -1.0, 0.5])
y = x @ true_w + 0.7 + 0.1 * torch.randn(100)

model = nn.Linear(3, 1)
criterion = nn.MSELoss()
optimizer = torch.optim.SGD(model.parameters(), lr=0.05, momentum=0.9)
print(model)
print(model.weight)

for epoch in range(60):
    prediction = model(x).squeeze(1)
    loss = criterion(prediction, y)
    optimizer.zero_grad()
    loss.backward()
    optimizer.step()
    if epoch % 10 == 0:
        print(f"epoch {epoch:2d}  loss {loss.item():.12f}  |grad| {model.weight.grad.norm():.12f}")

for name, p in model.named_parameters():
    print(name, p)
with torch.no_grad():
    residual = y - model(x)[:, 0]
print("residual", residual.mean(), residual.std())
print(residual[:8])
