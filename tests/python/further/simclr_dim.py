import torch
from torch import nn
from torch.nn import functional as F
from torch.utils.data import DataLoader, Dataset


class Compose:
    def __init__(self, transforms):
        self.transforms = transforms

    def __call__(self, img):
        for t in self.transforms:
            img = t(img)
        return img

    def __repr__(self):
        format_string = self.__class__.__name__ + "("
        for t in self.transforms:
            format_string += "\n"
            format_string += f"    {t}"
        format_string += "\n)"
        return format_string


class Noise:
    def __init__(self, std): self.std = std
    def __call__(self, x): return x + torch.randn_like(x) * self.std
    def __repr__(self): return f"{self.__class__.__name__}(std={self.std})"


class Flip:
    def __init__(self, p=0.5): self.p = p
    def __call__(self, x): return x.flip(-1) if torch.rand(1) < self.p else x
    def __repr__(self): return f"Flip(p={self.p})"


class TwoViews(Dataset):
    def __init__(self, data, transform):
        self.data, self.transform = data, transform

    def __len__(self):
        return len(self.data)

    def __getitem__(self, i):
        return self.transform(self.data[i]), self.transform(self.data[i])


class Encoder(nn.Module):
    def __init__(self, dim_in=12, dim=8):
        super().__init__()
        self.backbone = nn.Sequential(nn.Linear(dim_in, 16), nn.BatchNorm1d(16), nn.ReLU())
        self.projector = nn.Sequential(nn.Linear(16, 16, bias=False), nn.ReLU(), nn.Linear(16, dim))

    def forward(self, x):
        return F.normalize(self.projector(self.backbone(x)), dim=-1)


def info_nce_loss(features, n_views=2, temperature=0.07):
    bs = features.shape[0] // n_views
    labels = torch.cat([torch.arange(bs) for i in range(n_views)], dim=0)
    labels = (labels.unsqueeze(0) == labels.unsqueeze(1)).float()
    similarity_matrix = torch.matmul(features, features.T)
    mask = torch.eye(labels.shape[0], dtype=torch.bool)
    labels = labels[~mask].view(labels.shape[0], -1)
    similarity_matrix = similarity_matrix[~mask].view(similarity_matrix.shape[0], -1)
    positives = similarity_matrix[labels.bool()].view(labels.shape[0], -1)
    negatives = similarity_matrix[~labels.bool()].view(similarity_matrix.shape[0], -1)
    logits = torch.cat([positives, negatives], dim=1)
    labels = torch.zeros(logits.shape[0], dtype=torch.long)
    return logits / temperature, labels


torch.manual_seed(0)
t = Compose([Noise(0.1), Flip()])
print(t)
loader = DataLoader(TwoViews(torch.randn(24, 12), t), batch_size=8, shuffle=True, drop_last=True, num_workers=0)
enc = Encoder()
opt = torch.optim.SGD(enc.parameters(), lr=0.1, momentum=0.9, weight_decay=1e-4)
sched = torch.optim.lr_scheduler.CosineAnnealingLR(opt, T_max=len(loader) * 2)
for epoch in range(2):
    total, n = 0.0, 0
    for a, b in loader:
        logits, labels = info_nce_loss(enc(torch.cat([a, b])))
        loss = F.cross_entropy(logits, labels)
        opt.zero_grad(); loss.backward(); opt.step(); sched.step()
        total += loss.item() * len(a); n += len(a)
    print(f"epoch {epoch} loss {total / n:.4f} lr {sched.get_last_lr()[0]:.4f}")
enc.eval()
with torch.inference_mode():
    z = enc(torch.randn(4, 12))
print(z.norm(dim=-1), z.is_inference() if hasattr(z, "is_inference") else None)
d1 = torch.cdist(z, z)
print(d1.shape, torch.allclose(d1, d1.T, atol=1e-4), d1.diagonal().max() < 1e-2)
