"""What NumPy does to a program's own lists: their items change places in the lists themselves."""

import os
import pathlib
import shutil

import numpy as np
import torch

np.random.seed(0)
pairs = [(a, b, (a + b) % 7) for a in range(3) for b in range(3)]
np.random.shuffle(pairs)
print(pairs)
rows = [torch.tensor([i]) for i in range(5)]
first = rows[0]
np.random.shuffle(rows)
print(rows, any(row is first for row in rows))
lists = [[i] for i in range(5)]
np.random.shuffle(lists)
print(lists)
records = [{"id": i, "x": torch.ones(1) * i} for i in range(4)]
np.random.shuffle(records)
print([record["id"] for record in records])
kinds = [torch.float32, torch.int64, int, float]
np.random.shuffle(kinds)
print(kinds)
rng = np.random.default_rng(1)
rng.shuffle(pairs)
rng.shuffle(rows)
print(pairs[:3], rows)
old = np.random.RandomState(3)
old.shuffle(pairs)
old.shuffle(rows)
print(pairs[:3], rows)
table = np.arange(6).reshape(3, 2)
rng.shuffle(table, axis=1)
print(table, rng.permuted([3, 1, 2]), np.random.permutation([(1, 2), (3, 4)]), rng.choice([(1, 2), (3, 4)], 2))
try:
    np.random.shuffle((1, 2, 3))
except TypeError as error:
    print("TypeError", error)
print(np.array([(1, 2), (3, 4)]), np.stack([torch.ones(2), torch.zeros(2)]), np.mean([torch.tensor(1.0), torch.tensor(3.0)]))

# what a program has written it removes, whatever wrote it
torch.save({"a": torch.ones(2)}, "one.pth")
os.rename("one.pth", "two.pth")
os.remove("two.pth")
np.save("one.npy", table)
shutil.copy("one.npy", "two.npy")
os.unlink("one.npy")
pathlib.Path("two.npy").unlink()
print([name for name in ("one.pth", "two.pth", "one.npy", "two.npy") if os.path.exists(name)])
