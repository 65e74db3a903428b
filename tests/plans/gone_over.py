"""Loops that write what they go over: an item is what it is when its iteration begins."""

from __future__ import annotations

PRELUDE = (
    "manual_seed(0)\nlet X = randn(12, 4); let T = randn(12); let w = randn(4, grad); let s = zeros(4)\n"
    "let xs = [randn(4) for k in range(20)]; let ns = [float(k) for k in range(12)]\n"
)
HEADS = [
    "for q, r in DataLoader(TensorDataset(X, T), batch_size=1)",
    "for q in X",
    "for q in xs",
    "for q in ns",
    "for k, (q, r) in enumerate(DataLoader(Subset(TensorDataset(X, T), range(10)), batch_size=1))",
    "for q, (k, r) in zip(xs, DataLoader(TensorDataset(X, T), batch_size=1))",
]
WRITES = [
    *("X[10] = X[10] + w.detach()", "X.data = X.data * 2", "xs[15] = w.detach()", "xs[15].add_(1)", "ns[9] += 1"),
    *("let y = X[5]; y.add_(1)", "q = q * 2", "xs[15], xs[14] = xs[14], xs[15]", "ns[9] = loss.item()"),
]
STEP = "loss = ((q * w).sum() - 1) ** 2; backward loss; no_grad { w -= 0.01 * w.grad }; w.grad = none; s = s + q"


# Items that can be written by another name before it is their turn.
NAMED = [
    ("[[float(k), 1.] for k in range(20)]", "pairs[15]", "other[0] += 1.0; s = s + p[0]"),
    ('[{"a": float(k)} for k in range(20)]', "pairs[15]", 'other["a"] += 1.0; s = s + p["a"]'),
    ("[(ones(2) * k, [1.]) for k in range(20)]", "pairs[15][1]", "other[0] += 1.0; s = s + p[1][0]"),
    ("[(ones(2) * k, [1.]) for k in range(20)]", "pairs[15][0]", "other.add_(1); s = s + p[0].sum()"),
]


def programs() -> list[str]:
    named = [
        f"let pairs = {pairs}; let other = {other}; let s = tensor(0.)\n"
        f"for p in pairs {{\n    {body}\n}}\nprint s, other\n"
        for pairs, other, body in NAMED
    ]
    return named + [
        f"{PRELUDE}{head} {{\n    {STEP}\n    {write}\n}}\nprint s, w, X, xs, ns\n"
        for head in HEADS
        for write in WRITES
    ]
