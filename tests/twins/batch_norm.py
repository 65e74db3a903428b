"""Batch normalisation: running statistics, training against evaluation, buffers in the state."""

import torch
import torch.nn.functional as F
from torch import nn

torch.set_default_dtype(torch.float64)
torch.manual_seed(11)


class Net(nn.Module):
    def __init__(self):
        super().__init__()
        self.conv = nn.Conv2d(2, 4, 3, bias=False)
        self.bn = nn.BatchNorm2d(4)
        self.fc = nn.Linear(4, 3)
        self.bn1 = nn.BatchNorm1d(3, momentum=0.3, affine=False)
        self.register_buffer("calls", torch.zeros((), dtype=torch.long))

    def forward(self, x):
        self.calls += 1
        x = F.relu(self.bn(self.conv(x)))
        return self.bn1(self.fc(x.mean(dim=(2, 3))))


net = Net()
print(net)
x = 2 * torch.randn(8, 2, 6, 6) + 1
y = torch.randint(0, 3, (8,))
optimizer = torch.optim.SGD(net.parameters(), lr=0.1)
for step in range(10):
    loss = F.cross_entropy(net(x), y)
    optimizer.zero_grad()
    loss.backward()
    optimizer.step()
    if step % 3 == 0:
        print(f"{step}  {loss.item():.12f}")
print("gradients", [f"{p.grad.norm():.10f}" for p in net.parameters()])
print(net.bn.running_mean, net.bn.running_var, net.bn.num_batches_tracked)
print(list(net.state_dict()))

print("training  ", net(x)[0])
net.eval()
print("evaluation", net(x)[0])
print("one image ", net(x[:1])[0], net.calls)
print([name for name, _ in net.named_buffers()])
frozen = {name: b.clone() for name, b in net.named_buffers() if "running" in name}
net(x)
print(all(torch.equal(b, frozen[name]) for name, b in net.named_buffers() if name in frozen))
try:
    net.train()(x[:1])
except ValueError as error:
    print("error:", error)
