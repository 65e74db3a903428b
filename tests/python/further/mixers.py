import torch
from torch import nn
from functools import partial


class PreNormResidual(nn.Module):
    def __init__(self, dim, fn):
        super().__init__()
        self.fn = fn
        self.norm = nn.LayerNorm(dim)

    def forward(self, x):
        return self.fn(self.norm(x)) + x


def FeedForward(dim, expansion_factor=4, dropout=0., dense=nn.Linear):
    inner_dim = int(dim * expansion_factor)
    return nn.Sequential(dense(dim, inner_dim), nn.GELU(), nn.Dropout(dropout), dense(inner_dim, dim), nn.Dropout(dropout))


class Patches(nn.Module):
    def __init__(self, p):
        super().__init__()
        self.p = p

    def forward(self, x):
        b, c, h, w = x.shape
        p = self.p
        return x.reshape(b, c, h // p, p, w // p, p).permute(0, 2, 4, 3, 5, 1).reshape(b, (h // p) * (w // p), p * p * c)


class Mean(nn.Module):
    def forward(self, x): return x.mean(dim=1)


def MLPMixer(*, image_size, channels, patch_size, dim, depth, num_classes, expansion_factor=2):
    num_patches = (image_size // patch_size) ** 2
    chan_first, chan_last = partial(nn.Conv1d, kernel_size=1), nn.Linear
    return nn.Sequential(
        Patches(patch_size),
        nn.Linear((patch_size ** 2) * channels, dim),
        *[nn.Sequential(
            PreNormResidual(dim, FeedForward(num_patches, expansion_factor, 0., chan_first)),
            PreNormResidual(dim, FeedForward(dim, expansion_factor, 0., chan_last))
        ) for _ in range(depth)],
        nn.LayerNorm(dim), Mean(), nn.Linear(dim, num_classes))


class ConvNeXtBlock(nn.Module):
    def __init__(self, dim):
        super().__init__()
        self.dwconv = nn.Conv2d(dim, dim, kernel_size=7, padding=3, groups=dim)
        self.norm = nn.LayerNorm(dim, eps=1e-6)
        self.pwconv1, self.act, self.pwconv2 = nn.Linear(dim, 2 * dim), nn.GELU(approximate="tanh"), nn.Linear(2 * dim, dim)
        self.gamma = nn.Parameter(1e-2 * torch.ones(dim), requires_grad=True)

    def forward(self, x):
        y = self.dwconv(x).permute(0, 2, 3, 1)
        y = self.gamma * self.pwconv2(self.act(self.pwconv1(self.norm(y))))
        return x + y.permute(0, 3, 1, 2)


class DepthwiseSeparable(nn.Module):
    def __init__(self, i, o, stride=1):
        super().__init__()
        self.body = nn.Sequential(nn.Conv2d(i, i, 3, stride, 1, groups=i, bias=False), nn.BatchNorm2d(i), nn.ReLU6(inplace=True),
                                  nn.Conv2d(i, o, 1, bias=False), nn.BatchNorm2d(o), nn.Hardswish())

    def forward(self, x): return self.body(x)


torch.manual_seed(0)
model = MLPMixer(image_size=8, channels=3, patch_size=4, dim=8, depth=1, num_classes=4)
x = torch.randn(2, 3, 8, 8)
print(model)
opt = torch.optim.RAdam(model.parameters(), lr=0.01)
for i in range(7):
    loss = nn.functional.cross_entropy(model(x), torch.tensor([0, 3]))
    opt.zero_grad(); loss.backward(); opt.step()
    if i % 2 == 0: print(i, f"{loss.item():.4f}")
blk = ConvNeXtBlock(4)
out = blk(torch.randn(1, 4, 6, 6))
out.mean().backward()
print(out.shape, blk.gamma.grad, sum(p.numel() for p in blk.parameters()))
ds = DepthwiseSeparable(3, 6, 2)
print(ds(x).shape, ds.body[1].running_mean)
gn, inorm = nn.GroupNorm(2, 4), nn.InstanceNorm2d(4, affine=True)
print(gn(torch.arange(32.).view(2, 4, 2, 2))[0, 0], inorm(torch.randn(1, 4, 3, 3)).mean().abs() < 1e-5)
print(nn.PixelShuffle(2)(torch.arange(16.).view(1, 4, 2, 2)).shape, nn.ReflectionPad2d(1)(torch.arange(4.).view(1, 1, 2, 2)), nn.Unfold(2)(torch.ones(1, 1, 3, 3)).shape)
print(nn.Softplus()(torch.tensor([0.])), nn.ELU()(torch.tensor([-1.])), nn.SELU()(torch.tensor([1.])), nn.Mish()(torch.tensor([1.])), nn.GLU()(torch.tensor([1., 2.])), nn.Softsign()(torch.tensor([2.])))
print(nn.Bilinear(2, 3, 4), nn.Upsample(scale_factor=2, mode="nearest"), nn.ConvTranspose1d(2, 3, 4, stride=2), nn.AvgPool2d(2), nn.Embedding(3, 4, padding_idx=0), nn.LSTM(2, 3, 2, bidirectional=True), sep="\n")
