import itertools
import torch
import torch.nn as nn
import torch.nn.functional as F
from torch.utils.data import Dataset, DataLoader


class ContrastiveLoss(nn.Module):
    "Contrastive loss function"

    def __init__(self, margin=2.0):
        super(ContrastiveLoss, self).__init__()
        self.margin = margin

    def forward(self, output1, output2, label):
        euclidean_distance = F.pairwise_distance(output1, output2, keepdim=True)
        pos = (1 - label) * torch.pow(euclidean_distance, 2)
        neg = label * torch.pow(torch.clamp(self.margin - euclidean_distance, min=0.0), 2)
        return torch.mean(pos + neg)

    def extra_repr(self):
        return f"margin={self.margin}"


class Pairs(Dataset):
    def __init__(self, points, labels):
        self.items = [(a, b) for a, b in itertools.combinations(range(len(labels)), 2)]
        self.points, self.labels = points, labels

    def __getitem__(self, i):
        a, b = self.items[i]
        return self.points[a], self.points[b], torch.tensor([float(self.labels[a] != self.labels[b])])

    def __len__(self):
        return len(self.items)


class SiameseNetwork(nn.Module):
    def __init__(self):
        super().__init__()
        self.cnn = nn.Sequential(nn.Conv1d(1, 4, 3, padding=1), nn.ReLU(inplace=True), nn.MaxPool1d(2))
        self.fc = nn.Sequential(nn.Linear(16, 8), nn.PReLU(), nn.Linear(8, 2))

    def forward_once(self, x):
        out = self.cnn(x.unsqueeze(1))
        return self.fc(out.view(out.size()[0], -1))

    def forward(self, a, b):
        return self.forward_once(a), self.forward_once(b)


torch.manual_seed(5)
labels = torch.arange(8) % 2
points = torch.randn(8, 8) + labels[:, None] * 2.0
loader = DataLoader(Pairs(points, labels), batch_size=7, shuffle=True, drop_last=True)
net = SiameseNetwork()
criterion = ContrastiveLoss(margin=1.0)
print(net, criterion)
opt = torch.optim.Adam(net.parameters(), lr=5e-3)
for epoch in range(2):
    for i, (x0, x1, label) in enumerate(loader):
        opt.zero_grad()
        out = net(x0, x1)
        loss = criterion(*out, label)
        loss.backward()
        opt.step()
    print(f"epoch {epoch} last loss {loss.item():.5f} batches {i + 1}")
triplet = nn.TripletMarginLoss(margin=1.0, p=2)
a, p, n = (net.forward_once(points[i:i + 2]) for i in (0, 2, 1))
print("triplet", triplet(a, p, n).item())
cosine = nn.CosineEmbeddingLoss()
print("cosine", cosine(a, p, torch.tensor([1., -1.])).item())


def nt_xent(z1, z2, temperature=0.5):
    z = F.normalize(torch.cat([z1, z2]), dim=1)
    sim = z @ z.t() / temperature
    sim.fill_diagonal_(float("-inf"))
    n = z1.size(0)
    targets = torch.cat([torch.arange(n, 2 * n), torch.arange(n)])
    return F.cross_entropy(sim, targets)


print("nt-xent", nt_xent(a, p).item())
