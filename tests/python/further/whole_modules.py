import torch, tempfile, os
from torch import nn
from dataclasses import dataclass
class Net(nn.Module):
    def __init__(self, h):
        super().__init__()
        self.h = h
        self.fc = nn.Linear(2, h)
    def forward(self, x): return self.fc(x)
@dataclass
class Cfg:
    lr: float = 0.1
torch.manual_seed(0)
with tempfile.TemporaryDirectory() as d:
    p = os.path.join(d, "m.pt")
    net = Net(3)
    torch.save(net, p)
    with torch.no_grad(): net.fc.weight.zero_()
    m2 = torch.load(p, weights_only=False)
    print(m2, m2.h, m2.fc.weight.abs().sum() > 0, type(m2).__name__)
    torch.save({"model": net, "cfg": Cfg(0.5), "epoch": 3}, p)
    c = torch.load(p, weights_only=False)
    print(c["cfg"], c["epoch"], c["model"].fc.weight.sum())
    try:
        torch.load(p)
    except Exception as e:
        print(type(e).__name__, str(e)[:24])
    torch.save(nn.Linear(2,2), p)
    print(torch.load(p, weights_only=False))
