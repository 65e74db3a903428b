import copy
import io
import os
import tempfile
import torch
import torch.nn as nn
import torch.optim as optim

torch.manual_seed(0)


class TheModelClass(nn.Module):
    def __init__(self):
        super(TheModelClass, self).__init__()
        self.conv1 = nn.Conv2d(3, 6, 5)
        self.pool = nn.MaxPool2d(2, 2)
        self.fc1 = nn.Linear(6 * 6 * 6, 12)
        self.register_buffer("steps", torch.tensor(0))

    def forward(self, x):
        x = self.pool(nn.functional.relu(self.conv1(x)))
        return self.fc1(x.view(-1, 6 * 6 * 6))


model = TheModelClass()
optimizer = optim.SGD(model.parameters(), lr=0.001, momentum=0.9)
model(torch.randn(2, 3, 16, 16)).sum().backward()
optimizer.step()
print("Model's state_dict:")
for param_tensor in model.state_dict():
    print(param_tensor, "\t", model.state_dict()[param_tensor].size())
print("Optimizer's state_dict:")
for var_name in optimizer.state_dict():
    print(var_name, "\t", type(optimizer.state_dict()[var_name]))

buffer = io.BytesIO()
torch.save({
    'epoch': 5,
    'model_state_dict': model.state_dict(),
    'optimizer_state_dict': optimizer.state_dict(),
    'loss': 0.4,
}, buffer)
buffer.seek(0)
checkpoint = torch.load(buffer, map_location="cpu", weights_only=True)
print(checkpoint.keys(), checkpoint['epoch'], checkpoint['loss'])
clone = TheModelClass()
other = optim.SGD(clone.parameters(), lr=0.5, momentum=0.9)
print(clone.load_state_dict(checkpoint['model_state_dict']))
other.load_state_dict(checkpoint['optimizer_state_dict'])
print(other.param_groups[0]['lr'], torch.equal(other.state[clone.fc1.bias]['momentum_buffer'],
                                               optimizer.state[model.fc1.bias]['momentum_buffer']))
clone.eval()
x = torch.randn(1, 3, 16, 16)
print(torch.allclose(model(x), clone(x)))

with tempfile.TemporaryDirectory() as d:
    path = os.path.join(d, "model.pt")
    torch.save(model.state_dict(), path)
    print(os.path.exists(path), sorted(os.listdir(d)))
    state = torch.load(path, map_location=torch.device('cpu'))
print(type(state), len(state))

partial = {k: v for k, v in state.items() if not k.startswith("fc1")}
missing, unexpected = clone.load_state_dict(partial, strict=False)
print(missing, unexpected)
result = clone.load_state_dict({**partial, "extra": torch.zeros(1)}, strict=False)
print(result)
try:
    clone.load_state_dict(partial)
except RuntimeError as e:
    print(e)
deep = copy.deepcopy(model)
with torch.no_grad():
    deep.fc1.bias.add_(1)
print(torch.equal(deep.fc1.bias, model.fc1.bias), (deep.fc1.bias - model.fc1.bias).mean())
b = io.BytesIO()
torch.save(torch.arange(4), b)
b.seek(0)
print(torch.load(b), b.getbuffer().nbytes > 100)
