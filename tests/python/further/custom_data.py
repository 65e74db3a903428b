import csv
import io
import json
import random
from typing import List, Tuple, Optional, Callable
import torch
from torch.nn.utils.rnn import pad_sequence
from torch.utils.data import (Dataset, DataLoader, Sampler, BatchSampler, SubsetRandomSampler, SequentialSampler,
                              WeightedRandomSampler, IterableDataset, Subset, ConcatDataset)

CSV = """id,text,label
1,the cat sat,0
2,a very long sentence about dogs,1
3,birds fly,0
4,"hello, world",1
5,one two three four,1
"""


class TextDataset(Dataset):
    def __init__(self, text: str, transform: Optional[Callable] = None) -> None:
        rows = list(csv.DictReader(io.StringIO(text)))
        self.samples: List[Tuple[List[str], int]] = [(r["text"].split(), int(r["label"])) for r in rows]
        words = sorted({w for s, _ in self.samples for w in s})
        self.vocab = {w: i + 1 for i, w in enumerate(words)}
        self.transform = transform

    def __len__(self) -> int:
        return len(self.samples)

    def __getitem__(self, index: int):
        words, label = self.samples[index]
        ids = torch.tensor([self.vocab[w] for w in words])
        if self.transform is not None:
            ids = self.transform(ids)
        return ids, label


def collate(batch):
    batch.sort(key=lambda pair: len(pair[0]), reverse=True)
    seqs, labels = zip(*batch)
    lengths = torch.tensor([len(s) for s in seqs])
    return pad_sequence(seqs, batch_first=True, padding_value=0), torch.tensor(labels), lengths


class LengthSampler(Sampler):
    """Longest first."""

    def __init__(self, data_source):
        self.order = sorted(range(len(data_source)), key=lambda i: -len(data_source[i][0]))

    def __iter__(self):
        return iter(self.order)

    def __len__(self):
        return len(self.order)


ds = TextDataset(CSV, transform=lambda t: t.flip(0))
print(len(ds), json.dumps(dict(list(ds.vocab.items())[:4])))
for x, y, n in DataLoader(ds, batch_size=2, sampler=LengthSampler(ds), collate_fn=collate):
    print(x, y, n)
print(list(BatchSampler(SequentialSampler(range(7)), batch_size=3, drop_last=False)))
torch.manual_seed(0)
print(list(WeightedRandomSampler([0.1, 0.9, 0.4, 0.7], 5, replacement=True)))
print(list(SubsetRandomSampler([5, 3, 1])))
print([len(b[1]) for b in DataLoader(Subset(ds, [0, 2, 4]), batch_size=2, collate_fn=collate)])
print(len(ConcatDataset([ds, ds])), ConcatDataset([ds, ds])[6][1])


class Counter(IterableDataset):
    def __init__(self, start, end):
        super().__init__()
        assert end > start, "this example only works with end > start"
        self.start, self.end = start, end

    def __iter__(self):
        return iter(range(self.start, self.end))


for batch in DataLoader(Counter(3, 9), batch_size=4):
    print(batch)


class Dicts(Dataset):
    def __len__(self):
        return 3

    def __getitem__(self, i):
        return {"image": torch.full((2,), float(i)), "name": f"item{i}", "size": (i, i + 1)}


batch = next(iter(DataLoader(Dicts(), batch_size=3)))
print(batch)
out = io.StringIO()
writer = csv.writer(out)
writer.writerow(["epoch", "loss"])
writer.writerows([(i, round(1 / (i + 1), 3)) for i in range(3)])
print(out.getvalue().splitlines())
