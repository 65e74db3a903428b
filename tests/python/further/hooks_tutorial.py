import torch
import torch.nn as nn
from functools import partial
from collections import defaultdict

torch.manual_seed(0)


class FeatureExtractor(nn.Module):
    def __init__(self, model, layers):
        super().__init__()
        self.model = model
        self.layers = layers
        self._features = {layer: torch.empty(0) for layer in layers}
        for layer_id in layers:
            layer = dict([*self.model.named_modules()])[layer_id]
            layer.register_forward_hook(self.save_outputs_hook(layer_id))

    def save_outputs_hook(self, layer_id):
        def fn(_, __, output):
            self._features[layer_id] = output
        return fn

    def forward(self, x):
        _ = self.model(x)
        return self._features


net = nn.Sequential(nn.Linear(4, 6), nn.ReLU(), nn.Sequential(nn.Linear(6, 6), nn.Tanh()), nn.Linear(6, 2))
extractor = FeatureExtractor(net, layers=["0", "2.1"])
features = extractor(torch.randn(3, 4))
print({name: output.shape for name, output in features.items()})

activation = {}


def get_activation(name):
    def hook(model, input, output):
        activation[name] = output.detach()
    return hook


handle = net[3].register_forward_hook(get_activation("head"))
x = torch.randn(2, 4)
net(x)
print(activation["head"])
handle.remove()
activation.clear()
net(x)
print(activation)

stats = defaultdict(list)


def save_stats(name, module, inp, out):
    stats[name].append((out.mean().item(), out.std().item()))


handles = [m.register_forward_hook(partial(save_stats, n)) for n, m in net.named_modules() if not list(m.children())]
net(x)
for name, values in stats.items():
    print(name, ["%.4f/%.4f" % v for v in values])
for h in handles:
    h.remove()

grads = {}
v = torch.ones(3, requires_grad=True)
y = v * 2
y.register_hook(lambda g: grads.setdefault("y", g))
h = v.register_hook(lambda grad: grad * 10)
y.retain_grad()
(y ** 2).sum().backward()
print(grads, v.grad, y.grad)


def backward_hook(module, grad_input, grad_output):
    print(type(module).__name__, [None if g is None else tuple(g.shape) for g in grad_input], [tuple(g.shape) for g in grad_output])


for m in net:
    m.register_full_backward_hook(backward_hook)
net(x.requires_grad_()).sum().backward()


def pre(module, args):
    return (args[0] * 0,)


with torch.no_grad():
    k = net.register_forward_pre_hook(pre)
    print(net(x))
    k.remove()
