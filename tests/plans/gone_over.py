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


# Items that are not all alike, long after a plan has begun; and parts that move while the whole is written.
ALIKE = [
    ("ones(2) * k", "ones(3)"),
    ("ones(2) * k", "tensor([16777217, -16777216], dtype=int32)"),
    ("randn(40, 30)", "randn(30, 40).T"),
    ("tensor(1.) * k", "ones(1)"),
    ("ones(2) * k", "tensor([3, 4])"),
    ("ones(2) * k", "ones(2, grad)"),
    ("zeros(0)", "ones(1)"),
]
MOVING = ["X[5] = s", "X.add_(1)", "X[i - 1] = s"]


def odd() -> list[str]:
    return [
        *(
            f"manual_seed(0)\nlet s = ones(1); let items = [{item} for k in range(12)] + [{other}]\n"
            f"for q in items + [{item} for k in range(8)] {{\n    s = s * 0.5 + (q * 2).sum().detach()\n}}\n"
            "print s.item()\n"
            for item, other in ALIKE
        ),
        *(
            f"manual_seed(0)\nlet X = randn(12, 4); let s = zeros(4)\n"
            f"for i in range(12) {{\n    let p = X[i]\n    {write}\n    s = s * 0.5 + p\n}}\nprint s, X\n"
            for write in MOVING
        ),
    ]


def programs() -> list[str]:
    named = [
        f"let pairs = {pairs}; let other = {other}; let s = tensor(0.)\n"
        f"for p in pairs {{\n    {body}\n}}\nprint s, other\n"
        for pairs, other, body in NAMED
    ]
    writing = [
        f"{PRELUDE}{head} {{\n    {STEP}\n    {write}\n}}\nprint s, w, X, xs, ns\n"
        for head in HEADS
        for write in WRITES
    ]
    return [*odd(), *named, *writing]
