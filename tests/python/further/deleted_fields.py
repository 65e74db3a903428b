"""Fields that are deleted and set again, as norms of weights and functional calls are written by hand."""

import copy

import torch
import torch.autograd.forward_ad as fw
from torch import nn

torch.manual_seed(0)
x = torch.ones(1, 2)

layer = nn.Linear(2, 2)
del layer.bias
for attempt in (lambda: layer(x), lambda: nn.Sequential(layer)(x), lambda: layer.bias, lambda: delattr(layer, "bias")):
    try:
        print(attempt())
    except AttributeError as error:
        print(error)
print(layer.state_dict().keys(), hasattr(layer, "bias"))
layer.bias = torch.tensor([1.0, 2.0])
del layer.weight
layer.weight = torch.zeros(2, 2)
print(layer(x), list(layer.named_parameters()))
del layer.weight
layer.register_parameter("weight", nn.Parameter(torch.ones(2, 2)))
print(layer(x), [name for name, _ in layer.named_parameters()])
del layer._parameters["weight"]
print("weight" in layer.__dict__, "weight" in layer._parameters)
layer.weight = 3 * torch.ones(2, 2)
print(layer(x))

layer = nn.Linear(2, 2)
del layer.weight, layer.bias
layer.bias = nn.Parameter(torch.zeros(2))
layer.weight = nn.Parameter(torch.eye(2))
print([name for name, _ in layer.named_parameters()], layer(x))

norm = nn.BatchNorm1d(2).eval()
del norm.running_mean
norm.register_buffer("running_mean", torch.ones(2))
print(norm(x), [name for name, _ in norm.named_buffers()])


class Normed(nn.Module):
    """Weight norm by hand."""

    def __init__(self, inner):
        super().__init__()
        self.inner = inner
        w = inner.weight
        del inner.weight
        self.g = nn.Parameter(w.norm(dim=1, keepdim=True).detach())
        self.v = nn.Parameter(w.detach().clone())

    def forward(self, x):
        self.inner.weight = self.g * self.v / self.v.norm(dim=1, keepdim=True)
        return self.inner(x)


net = Normed(nn.Conv1d(1, 2, 2))
optimizer = torch.optim.SGD(net.parameters(), lr=0.1)
series = torch.arange(6.0).view(1, 1, 6) / 6
for step in range(4):
    optimizer.zero_grad()
    loss = (net(series) - 1).pow(2).mean()
    loss.backward()
    optimizer.step()
    print(step, round(loss.item(), 4))
print([name for name, _ in net.named_parameters()])

frozen = nn.Linear(2, 1, bias=False)
w = frozen.weight
delattr(frozen, "weight")
twin = copy.deepcopy(frozen)
frozen.weight = w.data * 2
twin.weight = torch.ones(1, 2)
print(torch.allclose(frozen(x), 2 * x @ w.T), twin(x))

model = nn.Linear(2, 2)
held = dict(model.named_parameters())
with fw.dual_level():
    for name, p in held.items():
        delattr(model, name)
        setattr(model, name, fw.make_dual(p, torch.ones_like(p)))
    print(fw.unpack_dual(model(x)).tangent.detach())

steps = nn.Linear(2, 2)
total = 0.0
for step in range(30):
    w = torch.full((2, 2), float(step))
    del steps.weight
    steps.weight = nn.Parameter(w)
    total = total + steps(x).sum().item()
print(round(total, 2))
