"""torch.nn.utils.prune: masks by size, at random, by channels, over a whole model, and one of one's own."""

import copy

import torch
import torch.nn as nn
import torch.nn.functional as F
import torch.nn.utils.prune as prune
from torch.nn.utils.prune import L1Unstructured, global_unstructured, is_pruned

torch.manual_seed(0)


class LeNet(nn.Module):
    def __init__(self):
        super().__init__()
        self.conv1 = nn.Conv2d(1, 6, 5)
        self.conv2 = nn.Conv2d(6, 16, 5)
        self.fc1 = nn.Linear(16 * 5 * 5, 24)
        self.fc3 = nn.Linear(24, 10)

    def forward(self, x):
        x = F.max_pool2d(F.relu(self.conv1(x)), (2, 2))
        x = F.max_pool2d(F.relu(self.conv2(x)), 2)
        x = x.view(-1, int(x.nelement() / x.shape[0]))
        return self.fc3(F.relu(self.fc1(x)))


model = LeNet()
module = model.conv1
print(prune.random_unstructured(module, name="weight", amount=0.3))
print([name for name, _ in module.named_parameters()], [name for name, _ in module.named_buffers()])
print(module.weight_mask[0], module.weight.is_leaf, type(module.weight))
print(len(module._forward_pre_hooks), list(module._forward_pre_hooks.values())[0].PRUNING_TYPE)
prune.l1_unstructured(module, name="bias", amount=3)
print(module.bias, module.bias_orig.is_leaf, module.bias_mask)
prune.ln_structured(module, name="weight", amount=0.5, n=2, dim=0)
print(module.weight_mask.sum((1, 2, 3)))
for hook in module._forward_pre_hooks.values():
    if hook._tensor_name == "weight":
        break
print(type(hook).__name__, len(hook), [type(one).__name__ for one in hook], hook[0].amount, hook[1].dim)
print(model.state_dict().keys())
x = torch.randn(2, 1, 32, 32)
loss = model(x).square().sum()
loss.backward()
print((module.weight_orig.grad[module.weight_mask == 0] == 0).all(), module.weight_orig.grad.norm() > 0)
print(is_pruned(model), is_pruned(model.fc1), prune.is_pruned(module))
prune.remove(module, "weight")
print([name for name, _ in module.named_parameters()], (module.weight == 0).float().mean())
prune.remove(module, "bias")
print(list(module.named_buffers()), is_pruned(model), list(module._forward_pre_hooks.items()))
try:
    prune.remove(module, "bias")
except ValueError as error:
    print("ValueError:", error)

# several at once
new_model = LeNet()
for name, each in new_model.named_modules():
    if isinstance(each, torch.nn.Conv2d):
        prune.l1_unstructured(each, name="weight", amount=0.2)
    elif isinstance(each, torch.nn.Linear):
        prune.l1_unstructured(each, name="weight", amount=0.4)
print(dict(new_model.named_buffers()).keys())

# over the whole model
model = LeNet()
parts = ((model.conv1, "weight"), (model.conv2, "weight"), (model.fc1, "weight"), (model.fc3, "weight"))
global_unstructured(parts, pruning_method=prune.L1Unstructured, amount=0.2)
for each, name in parts:
    print("{:.2f}%".format(100.0 * float(torch.sum(each.weight == 0)) / float(each.weight.nelement())))
total = sum(int((each.weight == 0).sum()) for each, _ in parts)
print(total, sum(each.weight.nelement() for each, _ in parts))
global_unstructured(parts, pruning_method=prune.RandomUnstructured, amount=10)
print(sum(int((each.weight == 0).sum()) for each, _ in parts))


class FooBarPruningMethod(prune.BasePruningMethod):
    """Prune every other entry in a tensor"""

    PRUNING_TYPE = "unstructured"

    def compute_mask(self, t, default_mask):
        mask = default_mask.clone()
        mask.view(-1)[::2] = 0
        return mask


def foobar_unstructured(module, name):
    FooBarPruningMethod.apply(module, name)
    return module


model = LeNet()
foobar_unstructured(model.fc3, name="bias")
print(model.fc3.bias_mask)


class Threshold(prune.BasePruningMethod):
    PRUNING_TYPE = "unstructured"

    def __init__(self, threshold):
        self.threshold = threshold

    def compute_mask(self, t, default_mask):
        return default_mask * (t.abs() > self.threshold)

    @classmethod
    def apply(cls, module, name, threshold):
        return super().apply(module, name, threshold=threshold)


hook = Threshold.apply(model.fc3, "bias", threshold=0.1)
print(hook._tensor_name, [type(one).__name__ for one in hook], model.fc3.bias_mask)
method = Threshold(0.5)
print(method.prune(torch.tensor([0.2, -0.7, 1.0])), isinstance(method, prune.BasePruningMethod))

# the other ways
layer = nn.Linear(4, 3)
print(
    prune.identity(layer, "bias").bias_mask,
    prune.custom_from_mask(layer, name="bias", mask=torch.tensor([0, 1, 0])).bias,
)
prune.random_structured(layer, "weight", amount=2, dim=1)
print(layer.weight_mask, layer.weight)
scores = torch.arange(12.0).view(3, 4)
other = prune.l1_unstructured(nn.Linear(4, 3), "weight", 5, importance_scores=scores)
print(other.weight_mask)
print(prune.ln_structured(nn.Linear(4, 3), "weight", 0.3, float("inf"), -1).weight_mask)
print(L1Unstructured(amount=0.5).prune(torch.tensor([[1.0, -3.0], [0.5, 2.0]])))

# what trains on goes on with its mask
net = nn.Sequential(nn.Linear(3, 4), nn.ReLU(), nn.Linear(4, 1))
prune.l1_unstructured(net[0], "weight", 0.5)
optimizer = torch.optim.SGD(net.parameters(), lr=0.1, momentum=0.9)
inputs, targets = torch.randn(8, 3), torch.randn(8, 1)
for step in range(6):
    optimizer.zero_grad()
    loss = F.mse_loss(net(inputs), targets)
    loss.backward()
    optimizer.step()
    print(f"{loss.item():.4f}", int((net[0].weight == 0).sum()))
fresh = nn.Sequential(nn.Linear(3, 4), nn.ReLU(), nn.Linear(4, 1))
prune.identity(fresh[0], "weight")
fresh.load_state_dict(net.state_dict())
print(torch.equal(fresh(inputs), net(inputs)))
prune.remove(net[0], "weight")
twin = copy.deepcopy(net)
print(net[0].weight, torch.equal(twin(inputs), net(inputs)))

# what it does not take
for wrong in (
    lambda: prune.l1_unstructured(nn.Linear(2, 2), "weight", 1.5),
    lambda: prune.l1_unstructured(nn.Linear(2, 2), "weight", -1),
    lambda: prune.l1_unstructured(nn.Linear(2, 2), "weight", "half"),
    lambda: prune.l1_unstructured(nn.Linear(2, 2), "weight", 5),
    lambda: prune.ln_structured(nn.Linear(2, 2), "bias", 1, 2, 0),
    lambda: prune.random_structured(nn.Linear(2, 2), "weight", 1, 2),
    lambda: prune.custom_from_mask(nn.Linear(2, 2), "weight", torch.ones(3)),
    lambda: prune.l1_unstructured(nn.Linear(2, 2), "weights", 1),
    lambda: prune.global_unstructured(3, prune.L1Unstructured, amount=1),
    lambda: prune.global_unstructured([(nn.Linear(2, 2), "weight")], prune.LnStructured, amount=1, n=1),
    lambda: prune.remove(nn.Linear(2, 2), "weight"),
    lambda: prune.L1Unstructured.apply(nn.Linear(2, 2), "weight", amount=1, importance_scores=torch.ones(3)),
):
    try:
        wrong()
    except Exception as error:
        print(f"{type(error).__name__}: {error}")
kept = nn.Linear(2, 2)
try:
    prune.l1_unstructured(kept, "weight", 9)
except ValueError:
    print([name for name, _ in kept.named_parameters()], kept.weight.shape)


class Half(prune.RandomStructured):
    def __init__(self, dim):
        super().__init__(0.5, dim)

    @classmethod
    def apply(cls, module, name, dim):
        return super(prune.RandomStructured, cls).apply(module, name, dim=dim)


class Nothing(prune.BasePruningMethod):
    PRUNING_TYPE = "unstructured"


half = Half(1)
print(half.amount, half.dim, half.PRUNING_TYPE, half.prune(torch.ones(2, 4)), Half.__mro__[1:3])
print(prune.BasePruningMethod, prune.L1Unstructured.__name__, issubclass(Half, prune.BasePruningMethod))
try:
    Nothing()
except TypeError as error:
    print("TypeError:", error)
layer = nn.Linear(4, 2)
print(layer._forward_pre_hooks)
Half.apply(layer, "weight", dim=0)
try:
    copy.deepcopy(layer)
except RuntimeError as error:
    print("RuntimeError:", str(error)[:40])
print(is_pruned(layer), layer.weight_mask.sum())
