import os
import tempfile
import torch
from torch import nn, optim
import json
from pathlib import Path


class Net(nn.Module):
    def __init__(self):
        super(Net, self).__init__()
        self.fc1 = nn.Linear(4, 8)
        self.fc2 = nn.Linear(8, 2)
        self.scale = nn.Parameter(torch.tensor(0.5))
        self.register_buffer('running', torch.zeros(2))

    def forward(self, x):
        out = self.fc2(torch.relu(self.fc1(x))) * self.scale
        if self.training:
            with torch.no_grad():
                self.running.mul_(0.9).add_(out.mean(0), alpha=0.1)
        return out


def save_checkpoint(state, filename="checkpoint.pth.tar"):
    torch.save(state, filename)


torch.manual_seed(0)
net = Net()
optimizer = optim.SGD(net.parameters(), lr=0.05, momentum=0.9)
scheduler = optim.lr_scheduler.ExponentialLR(optimizer, gamma=0.9)
print("Model's state_dict:")
for param_tensor in net.state_dict():
    print(param_tensor, "\t", net.state_dict()[param_tensor].size())
print("Optimizer's state_dict:")
for var_name in optimizer.state_dict():
    print(var_name, "\t", optimizer.state_dict()[var_name])

x, y = torch.randn(10, 4), torch.randint(0, 2, (10,))
loss_fn = nn.CrossEntropyLoss()
for epoch in range(4):
    optimizer.zero_grad()
    loss = loss_fn(net(x), y)
    loss.backward()
    optimizer.step()
    scheduler.step()

with tempfile.TemporaryDirectory() as d:
    path = os.path.join(d, "model.pt")
    save_checkpoint({
        'epoch': epoch,
        'model_state_dict': net.state_dict(),
        'optimizer_state_dict': optimizer.state_dict(),
        'scheduler': scheduler.state_dict(),
        'loss': loss,
    }, path)
    print(os.path.exists(path), os.path.isfile(path))
    ckpt = torch.load(path, weights_only=False)
print(sorted(ckpt.keys()), ckpt['epoch'], ckpt['loss'])
print(ckpt['scheduler'])
net2 = Net()
print(net2.load_state_dict(ckpt['model_state_dict']))
opt2 = optim.SGD(net2.parameters(), lr=0.05, momentum=0.9)
opt2.load_state_dict(ckpt['optimizer_state_dict'])
print(opt2.param_groups[0]['lr'], len(opt2.state))
net.eval(); net2.eval()
print(torch.equal(net(x), net2(x)))

partial = {k: v for k, v in net.state_dict().items() if not k.startswith("fc2")}
missing = net2.load_state_dict(partial, strict=False)
print(missing)
print(missing.missing_keys, missing.unexpected_keys)
try:
    net2.load_state_dict(partial)
except RuntimeError as e:
    print(e)
try:
    net2.load_state_dict({**net.state_dict(), "extra": torch.ones(1), "fc1.bias": torch.ones(3)})
except RuntimeError as e:
    print(e)
print(json.dumps({"lr": optimizer.param_groups[0]["lr"], "ok": True, "n": None}, indent=2))
print(json.loads('{"a": [1, 2.5, "x"]}'))
for k, v in net.state_dict().items():
    if v.dim() < 2:
        print(k, v)
p = Path("runs") / "exp1" / "model.pt"
print(p, p.name, p.stem, p.suffix, p.parent)
import io
buf = io.BytesIO()
torch.save(net.state_dict(), buf)
buf.seek(0)
sd = torch.load(buf)
print(type(sd), list(sd)[0], sd["scale"])
