"""Random Python programs whose loops train, as scripts do: modules of Python's in the body, queues of losses, blocks
that catch or choose, evaluation each n-th iteration, averages of weights, data sets of the program's own."""

from __future__ import annotations

from random import Random

HEAD = """\
import copy, math, random, time
import numpy as np
import torch
import torch.nn as nn
import torch.nn.functional as F
from collections import defaultdict, deque
from torch.optim.swa_utils import AveragedModel, get_ema_multi_avg_fn
from torch.utils.data import DataLoader, Dataset, TensorDataset
torch.manual_seed(SEED); random.seed(SEED); np.random.seed(SEED)
X = torch.randn(32, 4); Y = torch.randint(0, 3, (32,))
class Rows(Dataset):
    def __init__(self, x, y, scale=1.0):
        self.x, self.y, self.scale = x, y, scale
    def __len__(self):
        return len(self.x)
    def __getitem__(self, at):
        return self.x[at] * self.scale, self.y[at]
def evaluated(model):
    model.eval()
    with torch.no_grad():
        right = (model(X).argmax(1) == Y).float().mean().item()
    model.train()
    return right
"""
NETS = (
    "nn.Sequential(nn.Linear(4, 5), nn.ReLU(), nn.Linear(5, 3))",
    "nn.Sequential(nn.Linear(4, 5), nn.Tanh(), nn.Dropout(0.2), nn.Linear(5, 3))",
    "nn.Sequential(nn.BatchNorm1d(4), nn.Linear(4, 3))",
)
OPTIMISERS = (
    "torch.optim.SGD(net.parameters(), lr=0.1)",
    "torch.optim.SGD(net.parameters(), lr=0.1, momentum=0.9)",
    "torch.optim.Adam(net.parameters(), lr=0.01)",
)
LOADERS = (
    "DataLoader(TensorDataset(X, Y), batch_size=1, shuffle=True)",
    "DataLoader(Rows(X, Y), batch_size=1, shuffle=True)",
    "DataLoader(Rows(X, Y, 0.5), batch_size=2)",
    "DataLoader(TensorDataset(X, Y), batch_size=2, shuffle=True, drop_last=True)",
)
HEADERS = (
    *("for i in range(30):", "for i in range(30):", "for i in range(41):"),
    *("for i, (x, y) in enumerate(loader):", "for x, y in loader:"),
)
BEFORE = (
    *("k = random.random()", "k = random.uniform(0.5, 1)", "k = random.randint(1, 3)", "t0 = time.time()"),
    *("k = math.cos(i)", "k = 1 + math.sin(i) ** 2", "t0 = time.perf_counter()", "random.shuffle(order)"),
    *("k = math.exp(-i / 10)", "k = 0.5 * (1 + math.cos(math.pi * (i % 8) / 8))", "k = np.random.rand()"),
    *("for group in opt.param_groups: group['lr'] = 0.1 * math.pow(0.9, i)", "k = math.sqrt(abs(k) + i)"),
)
AFTER = (
    *("losses.append(loss.item())", "recent.append(loss.item())", "losses.append(math.log(loss.item() + 1))"),
    *("times.append(time.time() - t0)", "dt = time.perf_counter() - t0", "logs['loss'].append(loss.item())"),
    *("total += loss.item()", "mean = sum(recent) / max(len(recent), 1)", "recent.append(k); recent.append(2 * k)"),
    *(
        "if loss.item() < best:\n    best = loss.item(); state = copy.deepcopy(net.state_dict())",
        "print(i, f'{k:.3f}')",
    ),
    *(
        "if i % 4 == 0:\n    print(i, loss.item())",
        "if i % 5 == 0:\n    right = evaluated(net)",
        "average.update_parameters(net)",
    ),
    *("if i % 3 == 2:\n    losses.append(evaluated(net))", "if i % 4 == 3:\n    average.update_parameters(net)"),
    *("with torch.inference_mode():\n    v = net(X).mean()", "if math.isnan(loss.item()):\n    break"),
    *(
        "if i % 4 == 1:\n    with torch.inference_mode():\n        v = F.cross_entropy(net(X), Y); last = v",
        "m = np.mean(losses)",
    ),
    *(
        "with torch.no_grad():\n    for p, q in zip(net.parameters(), ema.parameters()):\n"
        "        q.mul_(0.9).add_(p, alpha=0.1)",
    ),
    *(
        "if not math.isfinite(total):\n    raise ValueError(total)",
        "if i == 20:\n    random.seed(5)",
        "recent.append(loss)",
    ),
    *(
        "if len(recent) > 3:\n    recent.popleft()",
        "last = recent[-1] if recent else 0.0",
        "n += 1; s = math.floor(n / 2)",
    ),
    *("total += float(loss)", "losses.append(float(loss.detach()))", "n += int(loss * 10)"),
    *("mean = sum(losses[-5:]) / len(losses[-5:])", "last = losses[-1]", "best = min(losses)"),
    *("if len(losses) > 1 and losses[-1] < losses[-2]:\n    n += 1", "m = max(losses) - min(losses)"),
    *("v = math.log(loss)", "losses.append(random.gauss(0, 1))", "recent.append(i)", "v = sum(recent)"),
    *("total += loss.item() / len(loader)", "n += len(loader.dataset)", "v = X.to(torch.device('cpu')) * 2"),
    *("times.append(loss.detach().numpy())", "logs['w'] = logs.get('w', []) + [i]", "net.last = [loss.detach()]"),
    *("times.append((i, next(net.parameters()).detach().numpy().copy()))", "a = loss.detach().numpy(); n += float(a)"),
    *("print(i, loss.data.numpy())", "a = net(X).detach().numpy()\nif a[0, 0] > 0.1:\n    n += a.argmax()"),
)
STEPS = (
    "opt.zero_grad(); loss = LOSS; loss.backward(); opt.step()",
    "opt.zero_grad(); loss = LOSS * k; loss.backward(); opt.step()",
    "loss = LOSS / 2; loss.backward()\nif (i + 1) % 2 == 0:\n    opt.step(); opt.zero_grad()",
    "loss = LOSS / 3; loss.backward()\nif (i + 1) % 3 == 0:\n    opt.step(); opt.zero_grad(set_to_none=False)",
    "opt.zero_grad()\nloss = LOSS\nloss.backward()\nnn.utils.clip_grad_norm_(net.parameters(), 1.0)\nopt.step()",
    "opt.zero_grad()\nmatch i % 3:\n    case 0:\n        loss = LOSS\n    case 1 | 2:\n        loss = LOSS * 2\n"
    "loss.backward(); opt.step()",
    "match kind:\n    case 'a':\n        loss = LOSS\n    case {'x': scale}:\n        loss = LOSS * scale\n"
    "    case _:\n        loss = LOSS + 1\n"
    "opt.zero_grad(); loss.backward(); opt.step()",
)
CATCHES = (
    "except RuntimeError as error:\n    print('caught', error)",
    "except (ValueError, ZeroDivisionError):\n    continue",
    "except Exception as error:\n    print(type(error).__name__); break",
    "except KeyboardInterrupt:\n    break",
    "finally:\n    n += 1",
    "except ValueError:\n    pass\nelse:\n    n += 2",
)
CLOCKS = "times = [0.0] * len(times); dt = t0 = 0.0"  # what they said is another each time
FAILS = (
    "pass",
    "pass",
    "1 / (25 - i)",
    "losses[i - 25]",
    "int('x') if i == 22 else 0",
    "math.sqrt(20 - i)",
    "net(X[:, :2])",
)
SETUP = """\
net = NET
ema = copy.deepcopy(net)
opt = OPTIMISER
loader = LOADER
average = AVERAGE
losses, times, total, best, state, k, dt, right = [], [], 0.0, 1e9, None, 0.5, 0.0, 0.0
v, last, mean, n = None, 0.0, 0.0, 0
recent, logs, order, s, i, m, loss, t0 = deque(maxlen=SIZE), defaultdict(list), list(range(5)), 0, 0, 0.0, None, 0.0
kind = KIND
"""
LAST = """\
print(loss, losses, total, best, k, right, v, last, mean, n, list(recent), dict(logs), s, m, times, order)
print([p for each in (net, average, ema) for p in each.parameters()], random.random())
"""


def indented(text: str) -> str:
    return "\n".join("    " + line for line in text.split("\n"))


class Draw(Random):
    """The choices of one program."""

    def loop(self) -> str:
        header = self.choice(HEADERS)
        data = "F.cross_entropy(net(x), y)" if "loader" in header else "F.cross_entropy(net(X), Y)"
        lines = [self.choice(STEPS).replace("LOSS", data)]
        lines = [
            *self.sample(BEFORE, self.choice([0, 1, 1, 2])),
            *lines,
            *self.sample(AFTER, self.choice([0, 1, 1, 2, 3])),
        ]
        if header.startswith("for x"):
            lines.insert(0, "i += 1")
        if self.random() < 0.25:
            at = self.randrange(len(lines))
            tried = "\n".join([*lines[at:], self.choice(FAILS)])
            lines = [*lines[:at], f"try:\n{indented(tried)}\n{self.choice(CATCHES)}"]
        text = "\n".join([header, *map(indented, lines)])
        return f"try:\n{indented(text)}\nfinally:\n    {CLOCKS}" if "time." in text else text

    def setup(self) -> str:
        text = SETUP.replace("NET", self.choice(NETS)).replace("OPTIMISER", self.choice(OPTIMISERS))
        text = text.replace("LOADER", self.choice(LOADERS)).replace("SIZE", self.choice(["4", "4", "100", "None"]))
        average = self.choice(
            ["net)", "net)", "net, multi_avg_fn=get_ema_multi_avg_fn(0.9))", "net, use_buffers=True)"]
        )
        text = text.replace("AVERAGE", "AveragedModel(" + average)
        return text.replace("KIND", self.choice(["'a'", "{'x': 0.5}", "None"]))


def made(seed: int, loops: int = 3) -> list[str]:
    """The texts of the program of that number."""
    draw = Draw(f"scripts {seed}")
    texts = [HEAD.replace("SEED", str(seed))]
    for _ in range(loops):
        texts += [draw.setup(), draw.loop(), LAST]
    return texts
