"""Loops of Python programs have plans with what their bodies reach beside tensors, and come to the same as without."""

from __future__ import annotations

import pytest

from tests.plans.compared import Run

HEAD = """\
import numpy as np
import torch
from torch import nn
from torch.utils.data import DataLoader, Dataset, TensorDataset
torch.manual_seed(0)
device = torch.device("cuda" if torch.cuda.is_available() else "cpu")
x, y = torch.randn(16, 3), torch.randn(16)
net = nn.Linear(3, 1).to(device); opt = torch.optim.SGD(net.parameters(), lr=0.01)
data = TensorDataset(x, y); loader = DataLoader(data, batch_size=4); listed = [x[0]] * 9
losses, weights, other = [], [], {"loss": []}
class Seen(nn.Module):
    def __init__(self):
        super().__init__()
        self.acts, self.last = [], None
    def forward(self, x):
        self.acts = [x]
        self.last = {"mean": x.mean()}
        return self.acts[0] * 2
seen = Seen()
class Rows(Dataset):
    def __init__(self): self.x = x
    def __len__(self): return len(self.x)
    def __getitem__(self, i): return self.x[i]
rows = DataLoader(Rows(), batch_size=5)
class Counting(Dataset):
    asked = 0
    def __len__(self):
        Counting.asked += 1
        return 4
    def __getitem__(self, i): return x[i]
counting = DataLoader(Counting(), batch_size=2)
"""
STEP = """\
    opt.zero_grad()
    loss = ((net(x.to(device)).squeeze(1) - y) ** 2).mean()
    loss.backward(); opt.step()
    array = net.weight.detach().numpy()
"""
PLANNED = {
    "a device": "h = torch.zeros(3, device=device) + x.to(device)[0]; losses.append(h.sum().item() + loss.item())",
    "how many batches": "losses.append(loss.item() / len(loader)); n = len(loader.dataset) + loader.batch_size",
    "how many of a class": "losses.append(loss.item() / len(rows)); print(i, len(rows.dataset), len(data))",
    "arrays in a list": "losses.append(loss.detach().numpy()); weights.append((i, net.weight.detach().numpy().copy()))",
    "arrays in a dict": "other['loss'].append(loss.data.numpy()); weights.append(net.weight.detach().clone().numpy())",
    "arrays that are shown": "print(i, loss.data.numpy(), array[0], f'{loss.detach().numpy():.3f}')",
    "what arrays say": "losses.append(float(array.mean())); print(array.argmax(), array.max(), array[0, 1])",
    "arrays that are written": "array[0, 1] = array[0, 1] + 0.01; array *= 0.99; losses.append(array.sum())",
    "an array that decides": "if array[0, 0] > 0.3: losses.append(i)",
    "fields of a layer": "losses.append(seen(x).sum().item() + seen.last['mean'].item())",
}
REFUSED = {
    "an array of what changes": ("weights.append(array)", "shares its memory"),
    "an array from before": ("w = (w + array if i else array)", "ndarray"),
    "a length that counts": ("losses.append(len(counting))", "may do more"),
    "a data set that grows": ("n = len(grown); listed.append(i)", "is another than when"),
    "whose data set it is": ("losses.append(loader.dataset is data)", "is a loader, or a data set"),
    "an item as a key": ("losses.append({1.5: 2}.get(array[0, 0], 3))", "a value is a key"),
    "what the next reads": ("losses.append(len(seen.acts)); z = seen(x)", "something new"),
}
END = """
print(losses, weights, other, net.weight, net.bias, seen.acts, seen.last, Counting.asked, len(listed))
"""


def ran(text: str, planned: bool) -> tuple[str, list[str]]:
    run = Run(planned, python=True)
    found = run.run(text)
    return repr(found), [each.reason for each in run.told]


@pytest.mark.parametrize("body", PLANNED.values(), ids=PLANNED)
def test_there_is_a_plan(body: str) -> None:
    text = f"{HEAD}for i in range(40):\n{STEP}    {body}\n{END}"
    by_plan, told = ran(text, True)
    assert told == [""]
    assert by_plan == ran(text, False)[0]


@pytest.mark.parametrize(("body", "why"), REFUSED.values(), ids=REFUSED)
def test_there_is_none(body: str, why: str) -> None:
    text = f"{HEAD}grown = DataLoader(listed); w = None\nfor i in range(40):\n{STEP}    {body}\n{END}"
    by_plan, told = ran(text, True)
    assert any(why in each for each in told), told
    assert by_plan == ran(text, False)[0]


def test_another_loader_is_seen_when_the_loop_runs_again() -> None:
    text = f"""{HEAD}
def trained(loader):
    for i in range(40):
    {STEP.replace(chr(10), chr(10) + "    ").rstrip()}
        losses.append(loss.item() / len(loader))
for n, size in ((8, 2), (8, 2), (8, 3), (9, 3), (8, 4)):
    trained(DataLoader(TensorDataset(x[:n]), batch_size=size))
{END}"""
    by_plan, told = ran(text, True)
    assert told[0] == ""
    assert by_plan == ran(text, False)[0]


def test_a_field_that_a_parameter_has_taken_is_seen() -> None:
    text = f"""{HEAD}
def trained():
    for i in range(40):
    {STEP.replace(chr(10), chr(10) + "    ").rstrip()}
        z = seen(x)
trained()
del seen.acts
seen.acts = nn.Parameter(torch.ones(2))
try:
    trained()
except TypeError as error:
    print(error)
{END}"""
    by_plan, told = ran(text, True)
    assert told[0] == ""
    assert by_plan == ran(text, False)[0]
