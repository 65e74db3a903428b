"""Why a loop has no plan is said with the line of the program that it is for."""

from __future__ import annotations

import pytest

from tests.plans.compared import Run

BEHIND = """\
import torch
from torch.utils.data import Dataset, DataLoader
class Doubled(Dataset):
    def __len__(self):
        return 64
    def twice(self, i):
        return i * 2
    def __getitem__(self, i):
        return self.twice(i)
total = 0
for x in DataLoader(Doubled()):
    total = total + x
"""


def test_a_loop_over_what_calls_functions_for_its_items_is_told() -> None:
    made = Run(True, python=True)
    made.run(BEHIND)
    assert [each.reason.partition(":")[0] for each in made.told] == ["its items are not known ahead"]


HEAD = """\
import copy, random
import torch, torch.nn as nn
net = nn.Linear(2, 2); opt = torch.optim.SGD(net.parameters(), lr=0.1)
w = torch.ones(2, requires_grad=True); x = torch.ones(2); h = torch.zeros(2); d = {}; n = 3; total = 1; xs = [1, 2]
def drawn(k):
    return random.sample(range(9), k)
def counted():
    global total
    total = 1
def read():
    return n
"""
# (the body, of which `#` stands at the line that it is for, why)
REFUSED = [
    ("xs[0] = [n]  #", "a list, a field or a state gets something new", ""),
    ("h = h * w + 1  #\n    g = h.sum()", "a value with a graph goes from one iteration to the next", ""),
    ("k = 2\n    k = drawn(k)", "the body uses random.sample, which no plan knows", "random.sample"),
    ("y = x * 2\n    n = read() + 1  #", "n is bound in the body, and read by a function that it calls", ""),
    ("y = x * 2\n    v = w._version  #", "the body reads what tells one iteration from another", ""),
    ("y = x * 2\n    counted()", "a function binds total outside of itself", "total = 1"),
    ("n += 1\n    net.k = [n]  #", "a list, a field or a state gets something new", ""),
    ("y = x * 2\n    g = LBFGS.param_groups[0]['lr']  #", "no plan knows LBFGS", ""),
    ("d = {'y': x, 'n': len(d)}  #\n    z = 2", "d goes from one iteration to the next", ""),
    ("y = x * 2\n    g = (w * w).sum()\n    g.backward()  #\n    if i == 1:\n        w.grad = None",
     "a gradient is there at the end of an iteration, and not at its head", ""),
]  # fmt: skip


@pytest.mark.parametrize(("body", "reason", "line"), REFUSED, ids=[reason for _, reason, _ in REFUSED])
def test_the_line_is_said(body: str, reason: str, line: str) -> None:
    text = HEAD + "LBFGS = torch.optim.LBFGS(net.parameters())\nfor i in range(40):\n    " + body + "\n"
    run = Run(True, python=True)
    run.run(text)
    [told] = run.told
    assert told.reason == reason
    assert told.span is not None
    said = text.split("\n")[told.span.line - 1]
    assert said.endswith("#") if not line else line in said
