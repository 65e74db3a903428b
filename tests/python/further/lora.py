import math
import torch
import torch.nn as nn
import torch.nn.functional as F
import torch.nn.utils.parametrize as parametrize

torch.manual_seed(0)


class LoRALinear(nn.Linear):
    def __init__(self, in_features, out_features, r=2, lora_alpha=1, **kwargs):
        nn.Linear.__init__(self, in_features, out_features, **kwargs)
        self.r = r
        self.scaling = lora_alpha / r
        self.lora_A = nn.Parameter(self.weight.new_zeros((r, in_features)))
        self.lora_B = nn.Parameter(self.weight.new_zeros((out_features, r)))
        self.weight.requires_grad = False
        nn.init.kaiming_uniform_(self.lora_A, a=math.sqrt(5))

    def forward(self, x):
        result = F.linear(x, self.weight, bias=self.bias)
        return result + (x @ self.lora_A.transpose(0, 1) @ self.lora_B.transpose(0, 1)) * self.scaling

    def extra_repr(self):
        return super().extra_repr() + f", r={self.r}"


layer = LoRALinear(6, 4, r=2, bias=True)
print(layer)
print({n: p.requires_grad for n, p in layer.named_parameters()})
net = nn.Sequential(LoRALinear(6, 8), nn.ReLU(), LoRALinear(8, 2))
opt = torch.optim.Adam(filter(lambda p: p.requires_grad, net.parameters()), lr=1e-2)
x, y = torch.randn(10, 6), torch.randn(10, 2)
frozen = net[0].weight.clone()
for i in range(5):
    loss = F.mse_loss(net(x), y)
    opt.zero_grad()
    loss.backward()
    opt.step()
    print(i, f"{loss:.6f}")
print("frozen unchanged:", torch.equal(frozen, net[0].weight))
trainable = sum(p.numel() for p in net.parameters() if p.requires_grad)
total = sum(p.numel() for p in net.parameters())
print(f"trainable params: {trainable:,} || all params: {total:,} || trainable%: {100 * trainable / total:.2f}")


class LoRAParametrization(nn.Module):
    def __init__(self, features_in, features_out, rank=1, alpha=1):
        super().__init__()
        self.lora_A = nn.Parameter(torch.zeros((rank, features_out)))
        self.lora_B = nn.Parameter(torch.zeros((features_in, rank)))
        nn.init.normal_(self.lora_A, mean=0, std=1)
        self.scale = alpha / rank
        self.enabled = True

    def forward(self, original_weights):
        if self.enabled:
            return original_weights + torch.matmul(self.lora_B, self.lora_A).view(original_weights.shape) * self.scale
        return original_weights


lin = nn.Linear(4, 3)
parametrize.register_parametrization(lin, "weight", LoRAParametrization(3, 4))
print(lin)
print(lin.parametrizations.weight.original.shape, torch.equal(lin.weight, lin.parametrizations["weight"].original))
lin(torch.ones(1, 4)).sum().backward()
print(lin.parametrizations.weight[0].lora_B.grad)
parametrize.remove_parametrizations(lin, "weight")
print(lin, [n for n, _ in lin.named_parameters()])
