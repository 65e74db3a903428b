import torch
import torch.nn.functional as F

x = torch.tensor([[3.0, 1.0]], requires_grad=True)
W = torch.ones(2, 2, requires_grad=True) * 0.5
y = x @ W
for name, t in [("x", x), ("W", W), ("y", y)]:
    print(f"{name}: leaf {t.is_leaf}, requires_grad {t.requires_grad}, retains {t.retains_grad}, {t.grad_fn is None}")
W.retain_grad()
y.retain_grad()
loss = F.mse_loss(torch.relu(y), torch.tensor([[1.0, 5.0]]))
loss.backward()
print(x.grad, W.grad, y.grad, sep="\n")
try:
    loss.backward()
except RuntimeError as err:
    print(type(err).__name__, "-", str(err).split(".")[0][:52])
try:
    x += 1
except RuntimeError as err:
    print(err)
print(x.detach().requires_grad, (x + 1).requires_grad)
with torch.no_grad():
    print((x + 1).requires_grad, x.requires_grad)
