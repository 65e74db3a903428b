import torch
from torch.utils.data import Dataset, DataLoader, TensorDataset, random_split, Subset
class Squares(Dataset):
    def __init__(self, n, transform=None):
        self.n = n
        self.transform = transform
    def __len__(self):
        return self.n
    def __getitem__(self, idx):
        x = torch.tensor([float(idx)])
        if self.transform:
            x = self.transform(x)
        return x, idx ** 2
torch.manual_seed(3)
ds = Squares(10, transform=lambda t: t / 10)
print(len(ds), ds[3])
dl = DataLoader(ds, batch_size=4, shuffle=True, num_workers=0)
for epoch in range(2):
    for i, (x, y) in enumerate(dl):
        print(epoch, i, x.squeeze().tolist(), y)
train, test = random_split(ds, [7, 3], generator=torch.Generator().manual_seed(42))
print(len(train), len(test), train.indices)
tds = TensorDataset(torch.arange(6.).view(6, 1), torch.arange(6))
for xb, yb in DataLoader(tds, batch_size=2, drop_last=True):
    print(xb.view(-1), yb)
xb, yb = next(iter(DataLoader(tds, batch_size=3, shuffle=True)))
print(xb.shape, yb)
def collate(batch):
    xs, ys = zip(*batch)
    return torch.stack(xs), list(ys)
for b in DataLoader(ds, batch_size=5, collate_fn=collate):
    print(b[0].sum(), b[1])
print(list(Subset(ds, [1, 2]))[0], len(dl))
