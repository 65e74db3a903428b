"""Weights of recurrent layers that are set to others, parametrized, dropped from: the layer computes with its fields."""

import copy

import torch
from torch import nn
from torch.nn.utils import parametrize

torch.manual_seed(0)
x = torch.randn(5, 3, 2)
y = torch.randn(5, 3, 4)


class Twice(nn.Module):
    def forward(self, w):
        return 2 * w


for kind in (nn.RNN, nn.GRU, nn.LSTM):
    layer = kind(2, 4, num_layers=2)
    layer.flatten_parameters()
    optimizer = torch.optim.Adam(layer.parameters(), lr=0.01)
    for step in range(60):
        optimizer.zero_grad()
        loss = (layer(x)[0] - y).pow(2).mean()
        loss.backward()
        optimizer.step()
        if step == 30:
            layer.weight_ih_l0 = nn.Parameter(torch.zeros_like(layer.weight_ih_l0))
        if step % 20 == 0 or step == 31:
            print(step, f"{loss.item():.4f}")
    twin = copy.deepcopy(layer)
    with torch.no_grad():
        twin.weight_hh_l1.zero_()
    print(f"{twin(x)[0].sum().item():.3f} {layer(x)[0].sum().item():.3f}")
    parametrize.register_parametrization(layer, "weight_hh_l0", Twice())
    print(f"{layer(x)[0].sum().item():.3f}", [name for name, _ in layer.named_parameters()])
    for step in range(40):
        layer.weight_ih_l1 = nn.Parameter(torch.full_like(layer.weight_ih_l1, step / 10))
        total = layer(x)[0].sum().item()
        if step % 13 == 0:
            print(f"{total:.3f}")


class Dropped(nn.Module):
    """Weights of which some are dropped before each call."""

    def __init__(self, inner, name):
        super().__init__()
        self.inner, self.name = inner, name
        w = getattr(inner, name)
        del inner._parameters[name]
        inner.register_parameter(name + "_raw", nn.Parameter(w.data))

    def forward(self, x):
        raw = getattr(self.inner, self.name + "_raw")
        setattr(self.inner, self.name, nn.functional.dropout(raw, 0.5, self.training))
        return self.inner(x)


net = Dropped(nn.LSTM(2, 4), "weight_hh_l0")
out, (h, c) = net(x)
out.sum().backward()
print([(name, p.grad is not None) for name, p in net.named_parameters()])
print(f"{out.sum().item():.4f} {net.eval()(x)[0].sum().item():.4f}")
packed = nn.utils.rnn.pack_padded_sequence(x, [5, 4, 2])
print(f"{net.inner(packed)[0].data.sum().item():.4f}")
with torch.device("cpu") as device:
    print(device, torch.zeros(1).device)
