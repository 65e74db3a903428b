"""Random Python programs whose loops work on objects of their own classes; between two runs of a loop what it uses is
another: an attribute, a method, a class, a default, an alias, a global."""

from __future__ import annotations

from random import Random

HEAD = """\
import copy
import torch
torch.manual_seed(0)
class P:
    rate = 0.5
    def __init__(self, w):
        self.w, self.k, self.n, self.tag = w, 2.0, 0, "a"
        self.xs = [torch.ones(2), torch.zeros(2)]
        self.last, self.best, self.log = None, None, {"n": 0, "state": None}
    def f(self, x):
        return x * self.w * self.rate
    def g(self, x):
        self.n += 1
        return self.f(x) + self.k
    @property
    def half(self):
        return self.w * 0.5
class Q(P):
    def f(self, x):
        return super().f(x) * 2
class R:
    def __init__(self, p):
        self.p, self.t, self.flag = p, 0.0, False
    def step(self, i):
        y = self.p.g(torch.ones(2)) * i
        self.t = self.t * 0.5 + y.sum().item()
        if self.flag is True:
            self.t += 100
        if self.flag:
            self.t += 1
        self.flag = i % 5 == 4
        return y
    def keep(self, now):
        if self.p.best is None or now < self.p.best:
            self.p.best = now
            self.p.last = {"w": self.p.w.clone(), "xs": copy.deepcopy(self.p.xs), "now": now}
a, b = torch.ones(2), torch.tensor([2.0, 3.0])
p, q = P(a), Q(b)
r = R(p); t = 0.0; out = []; v = torch.zeros(2); scale = 1.0; mode = "x"; kept = first = None
def other(self, x):
    return x * 7
def extra(x, k=2.0):
    return x * k * scale
def run(n, p=None):
    global t, v, kept, first
    p = p or globals()["p"]
    t0, v0, one, two, three = t, v, kept, first, None
    for i in range(n):
        BODY
    t, v, kept, first = t0, v0, one, two
    print(t, v, p.n, p.w, p.k, p.tag, r.t, r.flag, len(out), one, two, three, p.last, p.best, p.log)
"""
BODY = (
    *("t0 = t0 * 0.5 + p.g(v0).sum().item()", "v0 = p.g(v0) * 0.3", "r.step(i)", "p.k = p.k * 0.9"),
    *("p.w = p.w * 0.9 + 0.1", "p.w.mul_(0.9)", "p.xs[0] = p.xs[0] * 0.5 + p.w", "p.xs[1] += p.half"),
    *("v0 = extra(v0) * 0.1 + p.w", "out.append(p.half.sum().item())", "t0 += 1 if p.tag == 'a' else 2"),
    *("t0 += 1 if r.p is p else 2", "t0 += 1 if p.w is a else 2", "t0 += 1 if isinstance(p, Q) else 2"),
    *("v0 = v0 + extra(v0, k=p.k) * 0.1", "t0 += len(p.xs)", "v0 = sum(p.xs) + v0 * 0.5", "p.n = i"),
    *("t0 += 1 if p.xs[0] is p.xs[1] else 3", "r.flag = not r.flag", "t0 += p.rate if mode == 'x' else 1"),
    *("v0[i % 2] = p.k", "t0 = t0 * 0.5 + (i if i > 3 else p.n)", "if p.n % 7 == 6: p.tag = p.tag + 'b'"),
    *("print(i, p.k, f'{t0:.3f}', v0)", "t0 += any(x.sum() > 3 for x in p.xs)", "p.w, p.xs[0] = p.xs[0], p.w"),
    *("for x in p.xs: v0 = v0 * 0.5 + x", "for key in ('k', 'n'): t0 += getattr(p, key)", "setattr(p, 'k', p.k + 0.1)"),
    *("p.w = p.w.clone().requires_grad_(False)", "r.keep(t0)", "r.keep(v0.sum().item())", "r.keep(-p.n)"),
    # what the next iteration does not read, or does
    *("one = [v0, i]", "two = {'w': p.w, 'i': i}", "if i > 4: one = p.w", "if i > 4: two = one; one = v0 * 2"),
    *("if i == 4: one = p.w", "if i == 3: p.last = v0", "p.last = [v0 * 1]", "p.log['state'] = {'v': v0.clone()}"),
    *("p.log['state'] = p.last; p.last = {'t': t0}", "if p.last is None: t0 += 5", "t0 += 1 if p.log['state'] else 0"),
    *("if t0 > i: two = copy.deepcopy(p.xs)", "three = one", "if v0.sum() > t0: three = copy.deepcopy(p.log); one = i"),
    *(
        "p.w.data = p.w * 0.9",
        "if i > 4: one = p.w.detach()",
        "one = two; two = (v0, i)",
        "if one is not None: t0 += 1",
    ),
    *("v0.mul_(0.9); v0 = v0 + 1", "p.log['n'] += 1; p.log['state'] = out", "if i % 2: p.best = None"),
)
CHANGES = (
    *("pass", "P.rate = 0.25", "p.f = lambda x: x * 5", "q.w = a", "p.w = b", "r.p = q", "r = R(q)", "p = Q(a)"),
    *("p = P(b)", "P.f = other", "P.f = lambda self, x: x + self.w", "extra.__defaults__ = (3.0,)", "scale = 2.0"),
    *("p.tag = 'b'", "p.k = 3", "p.k = 1.5", "p.xs = [a, a]", "p.xs = [a, b]", "p.xs.append(b)", "p.new = 1"),
    *("del p.new", "p.n = 0.5", "mode = 'y'", "p.w = p.w[:]", "p.xs[0] = p.w", "a = torch.zeros(2)", "out = []"),
    *("p.w = torch.ones(2).requires_grad_()", "p = copy.deepcopy(p)", "p.w = p.w.double()", "r.flag = True"),
    *("def extra(x, k=1.0): return x + k", "P.g = lambda self, x: self.f(x)", "r.flag = 1", "p.w = torch.ones(4)[::2]"),
    *("p.__class__ = Q", "Q.rate = 3.0", "v = p.w", "t = 0", "p.half2 = 3", "p = None or P(a)", "v = torch.zeros(2)"),
    *("kept = p.w", "first = v", "kept = first", "p.last = p.w", "p.log['state'] = v", "p.best = None", "kept = None"),
)
RUNS = 8


class Draw(Random):
    """The choices of one program."""

    def changes(self) -> str:
        lines = self.sample(CHANGES, self.choice([0, 1, 1, 2]))
        texts = (
            line if line[:3] == "def" else f"try:\n    {line}\nexcept Exception as e:\n    print('failed', e)"
            for line in lines
        )
        return "".join(f"{text}\n" for text in texts)

    def call(self) -> str:
        given = f"{self.choice([7, 8, 9, 12])}{self.choice(['', '', '', ', q'])}"
        return f"try:\n    run({given})\nexcept Exception as e:\n    print(type(e).__name__, e)\n"


def made(seed: int) -> list[str]:
    """The text of the program of that number."""
    draw = Draw(f"objects {seed}")
    body = "\n        ".join(draw.sample(BODY, draw.choice([1, 2, 2, 3, 4])))
    text = HEAD.replace("BODY", body) + draw.call()
    return [text + "".join(draw.changes() + draw.call() for _ in range(RUNS - 1))]
