"""Parameters by name, as dicts are used; and classes of layers that derive from the program's own."""

import torch
import torch.nn as nn

p = nn.ParameterDict({"a": nn.Parameter(torch.ones(1))})
actions = [
    lambda: p["z"],
    lambda: p.pop("z"),
    lambda: p.z,
    lambda: p.__delitem__("z"),
    lambda: nn.ModuleDict()["z"],
    lambda: nn.ParameterDict().popitem(),
]
for act in actions:
    try:
        act()
    except Exception as error:
        print(type(error).__name__, error)
print(p.get("z"), p.get("z", 3), p.get("a"), p.get("training"), "z" in p)
print(p.setdefault("b", torch.zeros(2)), p.setdefault("b", torch.ones(2)), list(p))
q = p.copy()
print(q is p, q["a"] is p["a"], q.popitem(), list(q), list(p))
print(p.fromkeys(["x", "y"], torch.ones(1)))
r = p | {"c": torch.ones(3)}
print(list(r), type(r).__name__, len(r), [tuple(value.shape) for value in r.values()])


class Wide(nn.Linear):
    def __init__(self, n):
        super().__init__(n, 2 * n)


class Wider(Wide):
    def forward(self, x):
        return super().forward(x) * 2


class Widest(Wider):
    def __init__(self):
        super().__init__(3)
        self.scale = nn.Parameter(torch.ones(()))

    def forward(self, x):
        return super().forward(x) * self.scale


torch.manual_seed(0)
layer = Widest()
print(layer, isinstance(layer, nn.Linear), issubclass(Widest, Wide), [kind.__name__ for kind in Widest.__mro__])
layer(torch.ones(2, 3)).sum().backward()
print(layer.weight.grad, layer.scale.grad, [name for name, _ in layer.named_parameters()])
