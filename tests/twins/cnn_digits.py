"""A small convolutional network on synthetic digits: bars, crosses and boxes in noise."""

import torch
import torch.nn.functional as F
from torch import nn


def digits(n):
    images = 0.3 * torch.randn(n, 1, 12, 12)
    labels = torch.randint(0, 4, (n,))
    for image, label in zip(images, labels, strict=True):
        r, c = torch.randint(1, 5, (2,)).tolist()
        patch = image[0, r : r + 6, c : c + 6]
        if label == 0:
            patch[:, 2:4] += 1.0
        elif label == 1:
            patch[2:4, :] += 1.0
        elif label == 2:
            patch.diagonal().add_(1.5)
        else:
            patch[[0, -1], :] += 1.0
            patch[1:-1, [0, -1]] += 1.0
    return images, labels


class CNN(nn.Module):
    def __init__(self):
        super().__init__()
        self.conv1 = nn.Conv2d(1, 8, 3, padding=1)
        self.conv2 = nn.Conv2d(8, 16, kernel_size=3)
        self.pool = nn.MaxPool2d(2)
        self.fc = nn.Linear(16 * 2 * 2, 4)

    def forward(self, x):
        x = self.pool(F.relu(self.conv1(x)))
        x = self.pool(F.relu(self.conv2(x)))
        return self.fc(torch.flatten(x, 1))


torch.manual_seed(3)
x, y = digits(160)
print("labels", torch.bincount(y).tolist())
net = CNN()
print(net)
optimizer = torch.optim.Adam(net.parameters(), lr=3e-3)
for epoch in range(2):
    for i in range(0, len(x), 16):
        loss = F.cross_entropy(net(x[i : i + 16]), y[i : i + 16])
        optimizer.zero_grad(set_to_none=True)
        loss.backward()
        optimizer.step()
        print(f"epoch {epoch} batch {i // 16}  loss {loss:.4f}")
print(net.conv1.bias)
