"""Random training scripts in Python, as people write them: a model that is a class, data and a loader, functions that
train and evaluate, and around the step what such scripts do beside it - counting, printing, stopping early, keeping the
best, averages of weights, rates and flags that change, layers that are frozen, states that are saved and loaded, hidden
states that are handed on, two networks that train against each other.

Any line may fail: then in the same words with plans and without, and with the same left behind.
"""

from __future__ import annotations

import re
from pathlib import Path
from random import Random

HEAD = """\
import copy
import math
import torch
import torch.nn as nn
import torch.nn.functional as F
from torch.utils.data import DataLoader, TensorDataset
torch.manual_seed({seed})
X = torch.randn(24, 4); T = torch.randn(24, 1); Y = torch.randint(0, 3, (24,))
history = []; log = {{"loss": [], "lr": []}}; best = float("inf"); best_state = None; wait = 0; total = 0.0; step = 0
hidden = torch.zeros(4); ema = None; last = None; correct = 0; seen = 0; loss = None; flag = False; lam = 0.01
class Config:
    lr = 0.05
    clip = 1.0
    def __init__(self, epochs):
        self.epochs, self.seen, self.scale = epochs, 0, 1.0
cfg = Config({epochs})
class Meter:
    def __init__(self, name):
        self.name = name
        self.reset()
    def reset(self):
        self.sum, self.count = 0.0, 0
    def update(self, value, n=1):
        self.sum += value * n
        self.count += n
    @property
    def avg(self):
        return self.sum / max(self.count, 1)
    def __str__(self):
        return f"{{self.name}} {{self.avg:.4f}}"
meter = Meter("loss")
"""


def read() -> dict[str, list[str]]:
    """The forms of epochs.txt by their kind."""
    text = Path(__file__).with_name("epochs.txt").read_text(encoding="utf-8")
    kinds: dict[str, list[str]] = {}
    for part in text.split("\n== ")[1:]:
        name, *lines = part.rstrip("\n").split("\n")
        kinds[name] = ["" if line == "(nothing)" else line for line in lines]
    return kinds


FORMS = read()


# What a function that trains binds outside of itself, as far as a form does.
GLOBALS = ["global history, best, wait, best_state, ema, hidden, flag, last, correct, seen, total"]


def inside(lines: list[str]) -> list[str]:
    """The statements one deeper."""
    return [">" + line.replace("|", "|>") for line in lines]


def laid_out(lines: list[str], depth: int = 0) -> str:
    """The statements at that depth; in each, `|` ends a line, and `>` behind it goes one deeper."""
    found = []
    for line in lines:
        for part in line.split("|"):
            more = len(part) - len(part.lstrip(">"))
            found.append("    " * (depth + more) + part[more:].strip())
    return "\n".join(line for line in found if line.strip())


class Draw(Random):
    """The choices of one program."""

    def form(self, kind: str) -> str:
        return self.choice(FORMS[kind])

    def some(self, kind: str, counts: list[int]) -> list[str]:
        return self.sample(FORMS[kind], self.choice(counts))

    def model(self) -> str:
        layers = self.form("layers")
        parts = self.some("of a model", [0, 0, 1, 2])
        made = [part.split(" / ")[0] for part in parts]
        does = [part.split(" / ")[1] for part in parts]
        forward = ["h = self.body(x)", *does, "return self.head(h)"]
        body = laid_out(["super().__init__()", f"self.body = {layers}", "self.head = nn.Linear(5, 3)", *made], 2)
        return (
            f"class Net(nn.Module):\n    def __init__(self):\n{body}\n    def forward(self, x):\n"
            f"{laid_out(forward, 2)}\nnet = Net()\n"
        )

    def step(self) -> list[str]:
        """One step of training, with what is done beside it."""
        clear, loss, back, update = (self.form(kind) for kind in ("clear", "losses", "backward", "updates"))
        lines = [
            clear,
            f"loss = {loss}",
            *self.some("terms", [0, 0, 1]),
            back,
            *self.some("between", [0, 0, 1]),
            update,
        ]
        if self.random() < 0.15:
            lines = [lines[1], clear, *lines[2:]]
        elif self.random() < 0.1:
            lines = [*lines[1:], clear]
        for form in self.some("beside", [0, 1, 1, 2, 3]):
            lines.insert(self.randint(1, len(lines)), form)
        return lines

    def loop(self) -> str:
        """A loop of steps, in the shapes that scripts have."""
        way = self.choice(
            ["steps", "epochs", "epochs", "epochs", "function", "function", "function", "while", "special"]
        )
        n = self.choice([7, 8, 9, 12])
        if way == "special":
            return laid_out([self.form("special").replace("{n}", str(n))])
        step = self.step()
        if way == "steps":
            return laid_out(["x, y, t = X, Y, T", f"for i in range({n}):", *inside(step)])
        if way == "while":
            test = self.choice([f"while step < {n}:", f"while loss is None or loss.item() > 0.01 and step < {n}:"])
            return laid_out(["x, y, t = X, Y, T", "step, i = 0, 0", test, *inside(["step += 1", "i = step", *step])])
        head = self.form("heads")
        if "x, y" in head and "|" not in head:
            step.insert(0, "t = x[:, :1] * 2")
        if not re.search(r"\bi\b", head.partition(" in ")[0]):
            step = ["i = step", *step, "step += 1"]
        inner = [head, *inside(step)]
        once = self.some("once an epoch", [0, 1, 1, 2])
        epochs = f"for epoch in range({self.choice([4, 5, 6])}):"
        if way == "epochs":
            return laid_out([epochs, *inside(["step = 0", *inner, *once])])
        body = [*GLOBALS, "step, loss = 0, None", *inner, "return loss if loss is None else loss.item()"]
        around = [*self.some("given", [0, 1]), "total += train(net, opt, epoch) or 0", *once]
        return laid_out(["def train(net, opt, epoch, lam=lam):", *inside(body), epochs, *inside(around)])


def made(seed: int, loops: int = 4) -> list[str]:
    """The program of that number, as the one text that it is."""
    draw = Draw(seed)
    head = HEAD.format(seed=seed, epochs=draw.choice([3, 4, 5]))
    lines = [draw.model(), f"opt = {draw.form('optimisers')}", f"sched = {draw.form('schedulers')}"]
    lines += [f"loader = {draw.form('loaders')}", f"criterion = {draw.form('criteria')}"]
    lines += [laid_out([each]) for each in draw.some("defs", [len(FORMS["defs"])])]
    lines += [draw.loop() for _ in range(loops)]
    lines += [FORMS["last"][0].replace("|", "\n")]
    return [head + "\n".join(lines) + "\n"]
