from collections import OrderedDict
import math
import torch
import torch.nn as nn
import torch.nn.init as init


def weights_init(m):
    classname = m.__class__.__name__
    if classname.find('Linear') != -1:
        init.xavier_uniform_(m.weight, gain=init.calculate_gain('relu'))
        m.bias.data.fill_(0.01)
    elif classname.find('BatchNorm') != -1:
        m.weight.data.normal_(1.0, 0.02)
        m.bias.data.fill_(0)
    elif isinstance(m, nn.Conv1d):
        init.kaiming_normal_(m.weight, mode='fan_out', nonlinearity='leaky_relu', a=0.2)


class Residual(nn.Module):
    def __init__(self, fn): super().__init__(); self.fn = fn
    def forward(self, x, *args, **kwargs): return self.fn(x, *args, **kwargs) + x


class NoisyLinear(nn.Linear):
    """Linear with learnable noise."""
    def __init__(self, in_features, out_features, sigma=0.017, bias=True):
        super().__init__(in_features, out_features, bias=bias)
        self.sigma_weight = nn.Parameter(torch.full((out_features, in_features), sigma))
        self.register_buffer("eps", torch.zeros(out_features, in_features), persistent=False)

    def reset_parameters(self):
        std = math.sqrt(3 / self.in_features)
        init.uniform_(self.weight, -std, std)
        if self.bias is not None:
            init.uniform_(self.bias, -std, std)

    def forward(self, x):
        self.eps.normal_()
        return nn.functional.linear(x, self.weight + self.sigma_weight * self.eps, self.bias)


class MyStack(nn.Module):
    def __init__(self):
        super().__init__()
        self.blocks = nn.ModuleList()
        for i in range(2):
            self.blocks.append(Residual(NoisyLinear(4, 4)))
        self.heads = nn.ModuleDict({"mean": nn.Linear(4, 1), "var": nn.Sequential(nn.Linear(4, 1), nn.Softplus())})
        self.temps = nn.ParameterList([nn.Parameter(torch.ones(1) * i) for i in range(2)])
        self.log_dict = nn.ParameterDict({"alpha": nn.Parameter(torch.zeros(2))})
        self.act = nn.PReLU()
        self.drop = nn.Dropout(0.1)
        self.norm = nn.LayerNorm(4, elementwise_affine=False)
        self.identity = nn.Identity()

    def forward(self, x):
        for blk, t in zip(self.blocks, self.temps):
            x = self.act(blk(x)) + t
        x = self.norm(x)
        return {k: head(x) for k, head in self.heads.items()}


torch.manual_seed(99)
net = MyStack()
net.apply(weights_init)
print(net)
for name, p in net.named_parameters():
    print(f"{name:<32}{str(tuple(p.shape)):<10}{p.requires_grad} {p.data.abs().mean():.4f}")
out = net(torch.randn(3, 4))
print({k: v.shape for k, v in out.items()}, out["mean"].grad_fn)
sum(v.sum() for v in out.values()).backward()
no_grad_names = [n for n, p in net.named_parameters() if p.grad is None]
print("without grad:", no_grad_names)
print(len(list(net.modules())), len(list(net.children())), "heads" in dict(net.named_children()))
for key in ("mean",):
    print(key in net.heads, net.heads[key], list(net.heads.keys()))
w = torch.empty(3, 5)
for fn in (init.xavier_normal_, init.kaiming_uniform_, init.orthogonal_, init.ones_, init.zeros_):
    print(fn.__name__, f"{fn(w).std().item():.4f}")
print(init.trunc_normal_(w, std=0.5).abs().max() <= 2, init.constant_(w, 0.3)[0], init.eye_(torch.empty(2, 2)), init.normal_(torch.empty(2), 1., .1))
print(init.calculate_gain('tanh'), init.calculate_gain('leaky_relu', 0.2), init._calculate_fan_in_and_fan_out(w))
seq = nn.Sequential(OrderedDict(a=nn.Linear(2, 3), b=nn.Tanh()))
seq.add_module("c", nn.Linear(3, 1, bias=False))
print(seq, len(seq), seq.c, seq[-1] is seq.c, seq[:2])
seq[1] = nn.Sigmoid()
del seq[0]
print(seq)
print(hasattr(net, "act"), getattr(net, "missing", "default"), net.get_submodule("heads.var.0"), net.get_parameter("act.weight"))
print(nn.Conv2d(3, 8, (3, 5), stride=2, padding=(1, 2), dilation=1, groups=1, bias=False, padding_mode='reflect'))
print(nn.ConvTranspose2d(4, 2, 4, 2, 1), nn.BatchNorm1d(5, momentum=None), nn.Embedding(10, 3, padding_idx=0), nn.GroupNorm(2, 4), nn.Upsample(scale_factor=2), nn.Flatten(), nn.Softmax(dim=1), nn.MultiheadAttention(4, 2), sep="\n")
print(nn.TransformerEncoderLayer(8, 2, 16))
