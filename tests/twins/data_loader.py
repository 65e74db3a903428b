import torch
from torch.utils.data import ConcatDataset, DataLoader, Dataset, Subset, TensorDataset, random_split

ds = TensorDataset(torch.arange(20).float().reshape(10, 2), torch.arange(10))


def show(loader, n=2):
    for _ in range(n):
        for b in loader:
            print(b)
        print(torch.randint(0, 1000, (1,)))


torch.manual_seed(1)
show(DataLoader(ds, batch_size=4, shuffle=True))
show(DataLoader(ds, 3, True, drop_last=True))
show(DataLoader(ds, batch_size=None, shuffle=True))
g = torch.Generator().manual_seed(5)
show(DataLoader(ds, batch_size=4, shuffle=True, generator=g))
a, b = random_split(ds, [7, 3])
show(DataLoader(a, batch_size=2, shuffle=True))
parts = random_split(range(10), [0.3, 0.3, 0.4], generator=torch.Generator().manual_seed(42))
for part in parts:
    print(len(part), part.indices, list(part))
show(DataLoader(ConcatDataset([b, a]), batch_size=5))
show(DataLoader(b + a, batch_size=5))
show(DataLoader([{"x": 1, "y": [0.5, "s"]}, {"x": 2, "y": [0.25, "t"]}], batch_size=2))
show(DataLoader(range(5), batch_size=2, num_workers=0, collate_fn=lambda items: sum(items)))
show(DataLoader(torch.eye(3), batch_size=2))
w = torch.ones(4, 2, requires_grad=True)
show(DataLoader(TensorDataset(w), batch_size=2), 1)
print(len(DataLoader(ds, 3)), len(DataLoader(ds, 3, drop_last=True)), len(ds), ds[2], ds[1:3], Subset(ds, [2, 1])[0])
thirds = DataLoader(ds, 3)
print(DataLoader(ds), ds)
print(thirds.batch_size, thirds.drop_last, thirds.dataset is ds, len(thirds.dataset), thirds.num_workers)


class Squares(Dataset):
    def __init__(self, n):
        self.n = n

    def __len__(self):
        return self.n

    def __getitem__(self, i):
        return torch.tensor([i, i]), i**2


show(DataLoader(Squares(5), batch_size=2, shuffle=True, num_workers=0))
first, second = random_split(Squares(5), [3, 2])
print(first[0], len(second), second[1][1])
