import torch
from torch import nn

torch.manual_seed(0)
X, Y = torch.randn(64, 8), torch.randint(0, 3, (64,))


class Net(nn.Module):
    def __init__(self):
        super().__init__()
        self.fc1 = nn.Linear(8, 16)
        self.fc2 = nn.Linear(16, 3)

    def forward(self, x):
        h = torch.relu(self.fc1(x))
        return self.fc2(h)


net = Net()
opt = torch.optim.Adam(net.parameters(), lr=0.01)
for epoch in range(20):
    total = 0.0
    for i in range(0, 64, 4):
        x, y = X[i : i + 4], Y[i : i + 4]
        loss = nn.functional.cross_entropy(net(x), y)
        opt.zero_grad()
        loss.backward()
        opt.step()
        total += loss.item()
    if epoch % 5 == 0:
        print(epoch, total)
for x, y in zip(X, Y):
    noise = torch.randn(8)
    total += (x * noise).sum().item()
