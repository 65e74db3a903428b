import torch
import torch.nn as nn
import torch.nn.functional as F

torch.manual_seed(0)


class STN(nn.Module):
    def __init__(self):
        super(STN, self).__init__()
        self.localization = nn.Sequential(
            nn.Conv2d(1, 4, kernel_size=3),
            nn.MaxPool2d(2, stride=2),
            nn.ReLU(True),
        )
        self.fc_loc = nn.Sequential(
            nn.Linear(4 * 5 * 5, 8),
            nn.ReLU(True),
            nn.Linear(8, 3 * 2)
        )
        self.fc_loc[2].weight.data.zero_()
        self.fc_loc[2].bias.data.copy_(torch.tensor([1, 0, 0, 0, 1, 0], dtype=torch.float))
        self.conv2_drop = nn.Dropout2d()
        self.fc = nn.Linear(144, 4)

    def stn(self, x):
        xs = self.localization(x)
        xs = xs.view(-1, 4 * 5 * 5)
        theta = self.fc_loc(xs)
        theta = theta.view(-1, 2, 3)
        grid = F.affine_grid(theta, x.size(), align_corners=False)
        return F.grid_sample(x, grid, align_corners=False)

    def forward(self, x):
        x = self.stn(x)
        x = self.conv2_drop(x)
        x = self.fc(torch.flatten(x, start_dim=1))
        return F.log_softmax(x, dim=1)


model = STN()
x = torch.rand(6, 1, 12, 12)
target = torch.randint(0, 4, (6,))
optimizer = torch.optim.SGD(model.parameters(), lr=0.05)
print(torch.allclose(model.stn(x), x, atol=1e-5))
for epoch in range(4):
    model.train()
    optimizer.zero_grad()
    output = model(x)
    loss = F.nll_loss(output, target)
    loss.backward()
    optimizer.step()
    print('Train Epoch: {} Loss: {:.6f}'.format(epoch, loss.item()))
model.eval()
with torch.no_grad():
    pred = model(x).max(1, keepdim=True)[1]
    correct = pred.eq(target.view_as(pred)).sum().item()
print('{}/{} ({:.0f}%)'.format(correct, len(x), 100. * correct / len(x)))
theta = torch.tensor([[[0.0, -1.0, 0.0], [1.0, 0.0, 0.0]]])
img = torch.arange(9.).view(1, 1, 3, 3)
print(F.grid_sample(img, F.affine_grid(theta, [1, 1, 3, 3], align_corners=True), align_corners=True, mode="nearest"))
print(F.interpolate(img, scale_factor=2, mode="nearest")[0, 0, :2], F.interpolate(img, size=(2, 2), mode="bilinear"))
print(F.pad(img, (1, 1, 1, 1), mode="reflect")[0, 0], F.unfold(img, 2).shape, F.avg_pool2d(img, 2, 1))
