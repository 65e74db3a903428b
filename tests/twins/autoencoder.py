"""A convolutional autoencoder of small images, with mse_loss and RMSprop."""

import torch
from torch import nn


class AutoEncoder(nn.Module):
    def __init__(self, code):
        super().__init__()
        self.encoder = nn.Sequential(
            nn.Conv2d(1, 4, 3, stride=2, padding=1),
            nn.ReLU(),
            nn.Flatten(),
            nn.Linear(4 * 4 * 4, code),
        )
        self.decoder = nn.Sequential(nn.Linear(code, 64), nn.Tanh(), nn.Linear(64, 64), nn.Sigmoid())

    def forward(self, x):
        code = self.encoder(x)
        return self.decoder(code).view(-1, 1, 8, 8), code


torch.manual_seed(6)
centre = torch.rand(48, 2) * 5 + 1
grid = torch.arange(8.0)
rows = torch.exp(-((grid - centre[:, :1]) ** 2) / 2)
columns = torch.exp(-((grid - centre[:, 1:]) ** 2) / 2)
images = torch.einsum("nr,nc->nrc", rows, columns).unsqueeze(1)
print(images.shape, images.mean())

net = AutoEncoder(3)
print(net)
optimizer = torch.optim.RMSprop(net.parameters(), lr=2e-3, momentum=0.5)
criterion = nn.MSELoss()
for step in range(20):
    output, code = net(images)
    loss = criterion(output, images) + 1e-4 * code.abs().mean()
    optimizer.zero_grad()
    loss.backward()
    optimizer.step()
    print(f"step {step:2d}  loss {loss.item():.5f}")
print(sum(p.numel() for p in net.parameters()), "parameters,", len(list(net.children())), "children")
net.requires_grad_(False)
print(net(images[:1])[1].requires_grad, net.decoder[0].weight.requires_grad)
