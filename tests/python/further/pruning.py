# Parts of PyTorch's tutorial on pruning, and what is asked of it beside that.
import copy

import torch
import torch.nn.functional as F
from torch import nn
from torch.nn.utils import prune


class LeNet(nn.Module):
    def __init__(self):
        super().__init__()
        self.conv1 = nn.Conv2d(1, 2, 3)
        self.fc1 = nn.Linear(8, 4)
        self.fc2 = nn.Linear(4, 3)

    def forward(self, x):
        x = F.max_pool2d(F.relu(self.conv1(x)), (2, 2))
        x = x.view(-1, int(x.nelement() / x.shape[0]))
        return self.fc2(F.relu(self.fc1(x)))


torch.manual_seed(0)
model = LeNet()
module = model.conv1
print(prune.random_unstructured(module, name="weight", amount=0.3))
print(list(module.named_parameters()))
print(list(module.named_buffers()))
print(module.weight)
print(prune.l1_unstructured(module, name="bias", amount=1).bias)
print(len(module._forward_pre_hooks), [type(h).__name__ for h in module._forward_pre_hooks.values()])
prune.ln_structured(module, name="weight", amount=0.5, n=2, dim=0)
print(module.weight)
for hook in module._forward_pre_hooks.values():
    if hook._tensor_name == "weight":
        break
print([type(h).__name__ for h in hook], len(hook), type(hook))
print(model.state_dict().keys())
prune.remove(module, "weight")
print(list(module.named_parameters()), list(dict(module.named_buffers())))
print(prune.is_pruned(model), prune.is_pruned(model.fc1))

for name, part in model.named_modules():
    if isinstance(part, nn.Conv2d):
        prune.l1_unstructured(part, name="weight", amount=0.2)
    elif isinstance(part, nn.Linear):
        prune.l1_unstructured(part, name="weight", amount=0.4)
print(dict(model.named_buffers()).keys())

model = LeNet()
parameters = ((model.conv1, "weight"), (model.fc1, "weight"), (model.fc2, "weight"))
prune.global_unstructured(parameters, pruning_method=prune.L1Unstructured, amount=0.25)
for part, _ in parameters:
    print(f"{100.0 * float(torch.sum(part.weight == 0)) / float(part.weight.nelement()):.2f}%")
total = sum(torch.sum(part.weight == 0) for part, _ in parameters)
print(total)

x, y = torch.randn(5, 1, 6, 6), torch.tensor([0, 1, 2, 1, 0])
optimizer = torch.optim.SGD(model.parameters(), lr=0.1, momentum=0.9)
for step in range(4):
    optimizer.zero_grad()
    loss = F.cross_entropy(model(x), y)
    loss.backward()
    optimizer.step()
    print(f"{loss.item():.4f}", int((model.fc1.weight == 0).sum()))
print(model.fc1.weight_orig.grad[0])
for part, name in parameters:
    prune.remove(part, name)
print(model.fc1.weight[0], model.fc1.weight.is_leaf, prune.is_pruned(model))


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
foobar_unstructured(model.fc2, name="bias")
print(model.fc2.bias_mask, model.fc2.bias)
prune.random_unstructured(model.fc2, "bias", 1)
print(model.fc2.bias_mask)


class Threshold(prune.BasePruningMethod):
    PRUNING_TYPE = "unstructured"

    def __init__(self, threshold):
        self.threshold = threshold

    def compute_mask(self, t, default_mask):
        return default_mask * (t.abs() > self.threshold)

    @classmethod
    def apply(cls, module, name, threshold):
        return super().apply(module, name, threshold=threshold)


Threshold.apply(model.fc1, "weight", threshold=0.2)
print(model.fc1.weight_mask, model.fc1.weight.dtype)
prune.global_unstructured([(model.fc2, "weight")], pruning_method=Threshold, threshold=0.3)
print(model.fc2.weight)
prune.custom_from_mask(model.conv1, "bias", mask=torch.tensor([0, 1]))
prune.identity(model.conv1, "weight")
prune.random_structured(model.conv1, "weight", amount=1, dim=0)
print(model.conv1.bias, model.conv1.weight)
prune.l1_unstructured(nn.Linear(2, 2), "weight", amount=0)
scores = torch.arange(12.0).view(3, 4)
part = nn.Linear(4, 3)
prune.l1_unstructured(part, "weight", amount=3, importance_scores=scores)
print(part.weight_mask)
method = prune.L1Unstructured(amount=2)
print(method.prune(torch.tensor([1.0, -3, 0.5, 2])), method.amount, method.PRUNING_TYPE)
other = copy.deepcopy(nn.Sequential(nn.Linear(2, 2)))
print(prune.is_pruned(other))

for wrong in (
    lambda: prune.remove(other[0], "weight"),
    lambda: prune.l1_unstructured(other[0], "weight", amount=1.5),
    lambda: prune.l1_unstructured(other[0], "weight", amount=-1),
    lambda: prune.l1_unstructured(other[0], "weight", amount="all"),
    lambda: prune.l1_unstructured(other[0], "weight", amount=5),
    lambda: prune.ln_structured(other[0], "bias", amount=1, n=2, dim=0),
    lambda: prune.ln_structured(other[0], "weight", amount=1, n=2, dim=2),
    lambda: prune.l1_unstructured(other[0], "wait", amount=1),
    lambda: prune.custom_from_mask(other[0], "weight", torch.ones(3)),
    lambda: prune.global_unstructured([(other[0], "weight")], prune.LnStructured, amount=1, n=2),
    lambda: prune.global_unstructured(3, prune.L1Unstructured, amount=1),
    lambda: prune.BasePruningMethod(),
):
    try:
        wrong()
    except Exception as error:
        print(type(error).__name__, error)
print(list(dict(other.named_parameters())), other[0]._forward_pre_hooks)
