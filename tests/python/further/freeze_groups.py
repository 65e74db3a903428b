"""Transfer learning: freeze a backbone, a new head, parameter groups with their own rates."""
import torch
import torch.nn as nn
import torch.optim as optim

torch.manual_seed(0)


class Backbone(nn.Module):
    def __init__(self):
        super().__init__()
        self.conv1 = nn.Conv2d(3, 4, 3, padding=1, bias=False)
        self.bn1 = nn.BatchNorm2d(4)
        self.layer1 = self._make_layer(4, 8)
        self.layer2 = self._make_layer(8, 8)
        self.avgpool = nn.AdaptiveAvgPool2d((1, 1))
        self.fc = nn.Linear(8, 100)

    @staticmethod
    def _make_layer(i, o):
        return nn.Sequential(nn.Conv2d(i, o, 3, stride=2, padding=1), nn.BatchNorm2d(o), nn.ReLU(inplace=True))

    def forward(self, x):
        x = torch.relu(self.bn1(self.conv1(x)))
        x = self.layer2(self.layer1(x))
        return self.fc(torch.flatten(self.avgpool(x), 1))


def set_parameter_requires_grad(model, feature_extracting):
    if feature_extracting:
        for param in model.parameters():
            param.requires_grad = False


model = Backbone()
set_parameter_requires_grad(model, True)
num_ftrs = model.fc.in_features
model.fc = nn.Linear(num_ftrs, 2)
print("Params to learn:")
params_to_update = []
for name, param in model.named_parameters():
    if param.requires_grad == True:
        params_to_update.append(param)
        print("\t", name)
optimizer = optim.SGD(params_to_update, lr=0.1, momentum=0.9)
x, y = torch.randn(6, 3, 8, 8), torch.tensor([0, 1, 0, 1, 1, 0])
before = model.conv1.weight.clone()
for phase in ['train', 'val']:
    if phase == 'train':
        model.train()
    else:
        model.eval()
    optimizer.zero_grad()
    with torch.set_grad_enabled(phase == 'train'):
        outputs = model(x)
        _, preds = torch.max(outputs, 1)
        loss = nn.functional.cross_entropy(outputs, y)
        if phase == 'train':
            loss.backward()
            optimizer.step()
    print('{} Loss: {:.4f} Acc: {:.4f}'.format(phase, loss.item(), torch.sum(preds == y.data).double() / len(y)))
print("frozen:", torch.equal(before, model.conv1.weight), model.conv1.weight.grad)

for p in model.layer2.parameters():
    p.requires_grad_(True)
optimizer = optim.Adam([
    {"params": model.layer2.parameters(), "lr": 1e-4},
    {"params": model.fc.parameters()},
], lr=1e-2, weight_decay=1e-4)
print(optimizer)
optimizer.add_param_group({"params": [model.bn1.weight], "lr": 1e-5})
print(len(optimizer.param_groups), [len(g["params"]) for g in optimizer.param_groups], [g["lr"] for g in optimizer.param_groups])
decay = [p for n, p in model.named_parameters() if not n.endswith("bias") and "bn" not in n]
print(len(decay), sum(p.numel() for p in decay))
print(next(model.children()), [n for n, _ in model.named_children()])
model.avgpool = nn.Identity()
print(model.get_submodule("layer1.0"), model.get_parameter("fc.bias").shape)
