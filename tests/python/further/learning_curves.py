import json
import math
import os
import random
import sys
import time
import warnings
from argparse import ArgumentParser
from collections import OrderedDict
from copy import deepcopy
from datetime import datetime, timedelta
from functools import lru_cache, partial, reduce
from itertools import combinations, groupby, permutations, starmap, takewhile, zip_longest
from operator import itemgetter, attrgetter
import torch
import torch.nn as nn

warnings.filterwarnings("ignore")
SEED = 7


def seed_everything(seed: int) -> None:
    random.seed(seed)
    os.environ["PYTHONHASHSEED"] = str(seed)
    torch.manual_seed(seed)
    torch.cuda.manual_seed_all(seed)
    torch.backends.cudnn.deterministic = True
    torch.backends.cudnn.benchmark = False


seed_everything(SEED)


@lru_cache(maxsize=None)
def binomial(n, k):
    return 1 if k in (0, n) else binomial(n - 1, k - 1) + binomial(n - 1, k)


print(binomial(20, 10), [random.randint(0, 9) for _ in range(5)], random.sample(range(10), 3), round(random.gauss(0, 1), 4))
print(random.choices("abc", weights=[5, 1, 1], k=4), random.uniform(1, 2) < 2, random.random())
rows = [{"name": n, "acc": a, "run": r} for n, a, r in [("a", 0.9, 1), ("b", 0.7, 2), ("a", 0.8, 3), ("b", 0.95, 4)]]
rows.sort(key=itemgetter("name", "acc"))
for name, group in groupby(rows, key=lambda r: r["name"]):
    best = max(group, key=itemgetter("acc"))
    print(f"{name}: {best['acc']:.0%} (run {best['run']})")
print(list(combinations("abc", 2)), len(list(permutations(range(4)))), list(starmap(pow, [(2, 3), (3, 2)])))
print(list(takewhile(lambda v: v < 3, range(9))), list(zip_longest([1, 2], [3], fillvalue=0)), reduce(lambda a, b: a * b, range(1, 6)))
config = OrderedDict(model="mlp", sizes=[4, 8, 1], opt={"name": "adam", "lr": 1e-3})
print(json.dumps(config), json.loads('{"a": [1, 2.5, null, true]}'))
text = json.dumps(config, indent=2)
assert json.loads(text) == dict(config)
other = deepcopy(config)
other["opt"]["lr"] = 0.1
print(config["opt"]["lr"], other["opt"]["lr"], list(config.items())[0], config == other)
start = datetime(2024, 1, 31, 12, 30)
print(start.strftime("%Y-%m-%d %H:%M"), (start + timedelta(days=1, minutes=45)).isoformat(), str(timedelta(seconds=3725)))


class Registry(dict):
    def register(self, name=None):
        def wrap(cls):
            self[name or cls.__name__.lower()] = cls
            return cls
        return wrap

    def __missing__(self, key):
        raise KeyError(f"unknown {key!r}; known: {sorted(self)}")


MODELS = Registry()


@MODELS.register()
class Mlp(nn.Module):
    def __init__(self, sizes):
        super().__init__()
        self.layers = nn.ModuleList(nn.Linear(a, b) for a, b in zip(sizes, sizes[1:]))

    def forward(self, x):
        for layer in self.layers[:-1]:
            x = torch.relu(layer(x))
        return self.layers[-1](x)


@MODELS.register("const")
class Constant(nn.Module):
    def __init__(self, sizes):
        super().__init__()
        self.value = nn.Parameter(torch.zeros(sizes[-1]))

    def forward(self, x):
        return self.value.expand(len(x), -1)


x = torch.randn(32, 4)
y = x.pow(2).sum(1, keepdim=True)
curves = {}
for key in ("mlp", "const"):
    model = MODELS[key](config["sizes"])
    opt = torch.optim.Adam(model.parameters(), lr=0.05)
    curve = curves.setdefault(key, [])
    for _ in range(6):
        loss = nn.functional.mse_loss(model(x), y)
        opt.zero_grad()
        loss.backward()
        opt.step()
        curve.append(loss.item())
    bar = "#" * int(20 * curve[-1] / curve[0])
    print(f"{key:<6}|{bar:<20}| {curve[0]:7.3f} -> {curve[-1]:7.3f}")
try:
    MODELS["nope"]
except KeyError as e:
    print("KeyError", e)
print(sys.version_info >= (3, 8), len(sys.argv), math.isfinite(curves["mlp"][-1]), math.hypot(3, 4), math.comb(5, 2), math.prod([1, 2, 3]))
