import torch
import torch.nn as nn
import torch.nn.init as init
import math

torch.manual_seed(0)


def initialize(module, scheme="xavier"):
    for name, m in module.named_modules():
        match m:
            case nn.Linear() | nn.Conv2d():
                if scheme == "xavier":
                    init.xavier_uniform_(m.weight, gain=init.calculate_gain("relu"))
                elif scheme == "kaiming":
                    init.kaiming_normal_(m.weight, mode="fan_out", nonlinearity="relu")
                elif scheme == "orthogonal":
                    init.orthogonal_(m.weight)
                if m.bias is not None:
                    init.zeros_(m.bias)
            case nn.BatchNorm2d():
                init.ones_(m.weight)
                init.zeros_(m.bias)
            case _:
                continue
        print(f"{name or '<root>'}: {m.__class__.__name__} {m.weight.std():.4f}")


net = nn.Sequential(nn.Conv2d(3, 4, 3), nn.BatchNorm2d(4), nn.ReLU(), nn.Flatten(), nn.Linear(144, 10))
for scheme in ("xavier", "kaiming", "orthogonal"):
    print("--", scheme)
    initialize(net, scheme)
w = torch.empty(3, 5)
print(init.uniform_(w), init.normal_(w, 0, 0.1), init.constant_(w, 0.3), init.eye_(w), sep="\n")
print(init.trunc_normal_(w, std=0.02).abs().max() <= 2.0, init.sparse_(w, sparsity=0.4).eq(0).sum())
print(init._calculate_fan_in_and_fan_out(torch.empty(8, 3, 5, 5)))
for act in ["linear", "tanh", "relu", "selu", "leaky_relu"]:
    print(act, round(init.calculate_gain(act), 4))


def reset_all(m):
    if hasattr(m, "reset_parameters"):
        m.reset_parameters()


torch.manual_seed(7)
net.apply(reset_all)
print(net[0].weight[0, 0], math.isclose(net[4].bias.abs().max().item(), 0) is False)
with torch.no_grad():
    for p in net.parameters():
        p.clamp_(-0.05, 0.05)
        p.mul_(2)
print(max(p.abs().max().item() for p in net.parameters()))
