import itertools
import math
import torch
from torch.utils.data import DataLoader, IterableDataset, TensorDataset, Subset, random_split, get_worker_info, default_collate


class Stream(IterableDataset):
    def __init__(self, gen_fn, limit):
        self.gen_fn, self.limit = gen_fn, limit

    def __iter__(self):
        info = get_worker_info()
        assert info is None
        return itertools.islice(self.gen_fn(), self.limit)


def samples():
    g = torch.Generator()
    g.manual_seed(11)
    while True:
        x = torch.rand(2, generator=g)
        yield x, (x.norm() < 1).long()


hits = n = 0
for xb, yb in DataLoader(Stream(samples, 100), batch_size=30):
    hits += yb.sum().item()
    n += len(yb)
    print(tuple(xb.shape), yb.dtype, end=" ")
print("\npi ~", 4 * hits / n)


def kfold(n, k):
    idx = torch.randperm(n, generator=torch.Generator().manual_seed(0)).tolist()
    size = math.ceil(n / k)
    for i in range(k):
        val = idx[i * size:(i + 1) * size]
        yield [j for j in idx if j not in val], val


data = TensorDataset(torch.arange(10.).unsqueeze(1), torch.arange(10.) * 2)
scores = []
for fold, (tr, va) in enumerate(kfold(len(data), 3)):
    w = torch.zeros(1, requires_grad=True)
    for epoch in range(5):
        for x, y in DataLoader(Subset(data, tr), batch_size=4):
            loss = ((x.squeeze(1) * w - y) ** 2).mean()
            loss.backward()
            with torch.no_grad():
                w -= 0.01 * w.grad
                w.grad = None
    xs, ys = default_collate([data[i] for i in va])
    scores.append(((xs.squeeze(1) * w - ys) ** 2).mean().item())
    print(f"fold {fold}: val {va} w {w.item():.4f} mse {scores[-1]:.5f}")
print(sum(scores) / len(scores))
train, val, test = random_split(range(10), [0.6, 0.2, 0.2], generator=torch.Generator().manual_seed(42))
print(list(train), list(val), list(test), len(train))


def moving_average(it, k=3):
    window = []
    total = 0.0
    while True:
        value = yield total / max(len(window), 1)
        if value is None:
            return "finished"
        window.append(value)
        total += value
        if len(window) > k:
            total -= window.pop(0)


ma = moving_average([])
next(ma)
print([round(ma.send(v), 2) for v in (1, 2, 3, 4, 5)])
try:
    ma.send(None)
except StopIteration as stop:
    print("returned", stop.value)


def chain(*its):
    for it in its:
        yield from it


def countdown(n):
    try:
        while n:
            yield n
            n -= 1
    finally:
        print("closed at", n)


c = countdown(5)
print(next(c), next(c)); c.close()
print(list(chain(range(2), "ab", countdown(2))), sum(1 for _ in itertools.repeat(0, 4)))
prefetch = iter(DataLoader(data, batch_size=5, shuffle=True, generator=torch.Generator().manual_seed(1)))
batch = next(prefetch, None)
while batch is not None:
    x, y = batch
    print(x.flatten().tolist(), y.sum())
    batch = next(prefetch, None)
pairs = zip(*[iter(range(6))] * 2)
print(list(pairs), dict(enumerate("abc", 1)), list(map(lambda a, b: a + b, [1, 2], [3, 4])), [*filter(None, [0, 1, "", "a"])], any(v > 2 for v in (1, 3)), all([]))
