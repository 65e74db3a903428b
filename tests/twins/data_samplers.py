import torch
from torch.utils.data import (
    BatchSampler,
    DataLoader,
    RandomSampler,
    SequentialSampler,
    SubsetRandomSampler,
    TensorDataset,
    WeightedRandomSampler,
)

ds = TensorDataset(torch.arange(20).float().reshape(10, 2), torch.arange(10))


def show(loader, n=2):
    for _ in range(n):
        for b in loader:
            print(b)
        print(torch.randint(0, 1000, (1,)))


torch.manual_seed(1)
show(DataLoader(ds, batch_size=4, sampler=RandomSampler(ds, replacement=True, num_samples=37)))
show(DataLoader(ds, batch_size=4, sampler=RandomSampler(ds, num_samples=25)))
show(DataLoader(ds, batch_size=4, sampler=SubsetRandomSampler([1, 3, 5, 7, 9])))
show(DataLoader(ds, batch_size=4, sampler=WeightedRandomSampler([0.1, 0.5, 0.4], 7)))
show(DataLoader(ds, sampler=WeightedRandomSampler([0.1, 0.5, 0.4], 2, replacement=False)))
show(DataLoader(ds, batch_sampler=BatchSampler(SequentialSampler(ds), 4, True)))
order = list(RandomSampler(range(70), replacement=True, num_samples=70))
print(order, len(order))
print(list(RandomSampler(range(6), generator=torch.Generator().manual_seed(3))))
print(list(BatchSampler(range(5), 2, False)), len(BatchSampler(range(5), 2, True)))
