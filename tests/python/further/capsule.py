import torch
import torch.nn as nn
import torch.nn.functional as F


def squash(x, dim=-1):
    squared_norm = (x ** 2).sum(dim=dim, keepdim=True)
    scale = squared_norm / (1 + squared_norm)
    return scale * x / (squared_norm.sqrt() + 1e-8)


class PrimaryCaps(nn.Module):
    def __init__(self, num_conv_units, in_channels, out_channels, kernel_size, stride):
        super().__init__()
        self.conv = nn.Conv2d(in_channels, out_channels * num_conv_units, kernel_size, stride)
        self.out_channels = out_channels

    def forward(self, x):
        out = self.conv(x)
        batch_size = out.shape[0]
        return squash(out.contiguous().view(batch_size, -1, self.out_channels), dim=-1)


class DigitCaps(nn.Module):
    def __init__(self, in_dim, in_caps, num_caps, dim_caps, num_routing):
        super().__init__()
        self.num_routing = num_routing
        self.num_caps, self.in_caps = num_caps, in_caps
        self.W = nn.Parameter(0.05 * torch.randn(1, num_caps, in_caps, dim_caps, in_dim))

    def forward(self, x):
        batch_size = x.size(0)
        x = x.unsqueeze(1).unsqueeze(4)
        u_hat = torch.matmul(self.W, x).squeeze(-1)
        temp_u_hat = u_hat.detach()
        b = torch.zeros(batch_size, self.num_caps, self.in_caps, 1).to(x.device)
        for route_iter in range(self.num_routing - 1):
            c = b.softmax(dim=1)
            s = (c * temp_u_hat).sum(dim=2)
            v = squash(s)
            uv = torch.matmul(temp_u_hat, v.unsqueeze(-1))
            b += uv
        c = b.softmax(dim=1)
        s = (c * u_hat).sum(dim=2)
        return squash(s)


class CapsNet(nn.Module):
    def __init__(self):
        super().__init__()
        self.conv = nn.Conv2d(1, 8, 5)
        self.relu = nn.ReLU(inplace=True)
        self.primary = PrimaryCaps(2, 8, 4, kernel_size=5, stride=2)
        self.digits = DigitCaps(in_dim=4, in_caps=2 * 3 * 3, num_caps=3, dim_caps=6, num_routing=3)
        self.decoder = nn.Sequential(nn.Linear(18, 16), nn.ReLU(inplace=True), nn.Linear(16, 13 * 13), nn.Sigmoid())

    def forward(self, x):
        out = self.digits(self.primary(self.relu(self.conv(x))))
        logits = torch.norm(out, dim=-1)
        pred = torch.eye(3).to(x.device).index_select(dim=0, index=torch.argmax(logits, dim=1))
        recon = self.decoder((out * pred.unsqueeze(2)).contiguous().view(out.size(0), -1))
        return logits, recon


class CapsuleLoss(nn.Module):
    def __init__(self):
        super().__init__()
        self.upper, self.lower, self.lmda, self.alpha = 0.9, 0.1, 0.5, 5e-4
        self.mse = nn.MSELoss(reduction="sum")

    def forward(self, images, labels, logits, recon):
        left = (self.upper - logits).relu() ** 2
        right = (logits - self.lower).relu() ** 2
        margin = torch.sum(labels * left) + self.lmda * torch.sum((1 - labels) * right)
        return margin + self.alpha * self.mse(recon.view_as(images), images)


torch.manual_seed(0)
net = CapsNet()
x = torch.rand(6, 1, 13, 13)
y = F.one_hot(torch.tensor([0, 1, 2, 2, 1, 0]), num_classes=3)
criterion, opt = CapsuleLoss(), torch.optim.Adam(net.parameters(), lr=1e-2)
for step in range(4):
    logits, recon = net(x)
    loss = criterion(x, y, logits, recon)
    opt.zero_grad()
    loss.backward()
    opt.step()
    print(f"step {step} loss {loss.item():.5f} lengths {[round(v, 4) for v in logits[0].tolist()]}")
print(recon.shape, y.dtype)
