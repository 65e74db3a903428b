from collections import OrderedDict

import torch
from torch import nn

torch.manual_seed(0)
net = nn.Sequential(nn.Linear(2, 3), nn.Tanh(), nn.Linear(3, 1))
x, y = torch.ones(2, requires_grad=True), torch.ones(2, requires_grad=True)


def loss():
    return net(torch.ones(1, 2)).pow(2).sum()


found = torch.autograd.grad(loss(), net.parameters(), create_graph=True)
print([tuple(g.shape) for g in found])
penalty = sum(g.pow(2).sum() for g in found)
print(torch.autograd.grad(penalty, (p for p in net.parameters() if p.dim() == 1)))
print(torch.autograd.grad(loss(), map(lambda layer: layer.weight, [net[0], net[2]])))
print(torch.autograd.grad(loss(), dict(net.named_parameters())))
print(torch.autograd.grad((o for o in (x * y, x + y)), iter([x, y]), (torch.ones(2) for _ in range(2))))
print(torch.autograd.grad([x * y], {"x": x, "y": y}, [torch.ones(2)]), torch.autograd.grad((x * y).sum(), {x}))
torch.autograd.backward((o.sum() for o in (x * y, x + y)), inputs=(t for t in (x,)))
(x * y).sum().backward(inputs=filter(torch.is_tensor, [y]))
print(x.grad, y.grad)


class Both:
    def __iter__(self):
        return iter((x, y))


class Numbered:
    def __getitem__(self, i):
        return (y, x)[i]


print(torch.autograd.grad((x * y).sum(), Both()), torch.autograd.grad((x * y).sum(), Numbered()))
for wrong in (iter([]), {}, OrderedDict(a=x), net, "xy", [x, 3], (1 / 0 for _ in range(2))):
    try:
        torch.autograd.grad((x * y).sum(), wrong)
    except Exception as error:
        print(type(error).__name__, error)
