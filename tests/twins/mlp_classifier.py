"""A multilayer perceptron that learns two spirals: cross_entropy and Adam."""

import math

import torch
from torch import nn


class MLP(nn.Module):
    def __init__(self, n_in, n_hidden, n_out):
        super().__init__()
        self.fc1 = nn.Linear(n_in, n_hidden)
        self.fc2 = nn.Linear(n_hidden, n_hidden)
        self.out = nn.Linear(n_hidden, n_out, bias=False)

    def forward(self, x):
        x = torch.relu(self.fc1(x))
        x = torch.tanh(self.fc2(x))
        return self.out(x)


torch.manual_seed(2)
t = torch.linspace(0, 2 * math.pi, 50)
arm = torch.stack([t * torch.cos(t), t * torch.sin(t)], dim=1) / 5
x = torch.cat([arm, -arm]) + 0.02 * torch.randn(100, 2)
y = torch.arange(100) // 50

net = MLP(2, 32, 2)
print(net)
print("parameters", sum(p.numel() for p in net.parameters()))
optimizer = torch.optim.Adam(net.parameters(), lr=0.01, betas=(0.9, 0.99))
criterion = nn.CrossEntropyLoss(label_smoothing=0.05)

for step in range(20):
    logits = net(x)
    loss = criterion(logits, y)
    accuracy = (logits.argmax(dim=1) == y).float().mean()
    optimizer.zero_grad()
    loss.backward()
    optimizer.step()
    print(f"step {step:2d}  loss {loss.item():.5f}  accuracy {accuracy.item():.2f}")

print(net.out.weight.shape, net.out.weight.grad.shape)
print({name: tuple(p.shape) for name, p in net.state_dict().items()})
print(torch.softmax(net(x[:3]), dim=-1))
