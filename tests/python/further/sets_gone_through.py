import numpy as np
import torch
from torch.utils.data import ConcatDataset, DataLoader, Dataset, StackDataset, Subset, TensorDataset, random_split

torch.manual_seed(0)
d = TensorDataset(torch.arange(3.), torch.arange(3))
for x, y in d:
    print(x, y)
for i, (x, y) in enumerate(d):
    print(i, x, y)
print([y for x, y in d], len(list(d)), (torch.tensor(1.), torch.tensor(1)) in d)
a, b = random_split(d, [2, 1])
for x, y in a:
    print(x, y)
for x, y in ConcatDataset([a, b]):
    print(x, y)
(x0, y0), *rest = d
print(x0, y0, len(rest))
xs, ys = zip(*d)
print(torch.stack(xs), ys)
print(list(Subset(d, torch.tensor([2, 0]))), list(Subset(d, np.array([1]))), list(Subset([5, 6], range(2))))
print(list(StackDataset(torch.arange(2), [3, 4])), list(StackDataset(a=torch.arange(2), b=[3, 4])))
print(sum(y for _, y in d), max(d, key=lambda item: item[1]), sorted(d, key=lambda item: -item[0])[0])
print(len(DataLoader(list(d), batch_size=2)), next(iter(d)))
it = iter(d)
print(next(it), next(it), next(it), next(it, "no more"))


class Doubled(TensorDataset):
    def __getitem__(self, i):
        x, y = super().__getitem__(i)
        return 2 * x, y


for x, y in Doubled(torch.arange(2.), torch.arange(2)):
    print(x, y)


class Own(Dataset):
    def __init__(self, x):
        self.x = x
    def __len__(self):
        return len(self.x)
    def __getitem__(self, i):
        if i > 2:
            raise IndexError("no more")
        return self.x[i]


print(list(Own(torch.arange(5))), list(Subset(Own(torch.arange(2)), [1, 0])), list(ConcatDataset([Own([1]), Own((2, 3))])))
total = 0
for epoch in range(3):
    for x, y in d:
        total += float(x) * (epoch + 1)
print(total)
try:
    for x, y, z in d:
        pass
except ValueError as error:
    print(error)
try:
    for x in ConcatDataset([d, {0: 1}]):
        pass
except Exception as error:
    print(type(error).__name__, error)
