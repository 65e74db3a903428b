"""Record PyTorch's sums, bit for bit: `python -m tests.record.sums`. Needs torch 2.13, on one thread.

Of each kind there are CASES: an array that is drawn from its number, as `drawn` says, and a digest of what it gives.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np

DATA = Path(__file__).parent.parent / "data" / "sums.json"
CASES = 500
KINDS = (
    *("sum", "mean", "mse_loss", "broadcast", "bias", "sum of float64", "sum of float16"),
    *("nll_loss", "log_softmax", "log_softmax of float64", "norm", "norm of float64"),
)


def drawn(kind: str, number: int) -> tuple[list[Any], Any, bool]:
    """Arrays, the dims that are reduced (None for all), and whether they stay."""
    draw = np.random.default_rng([sum(kind.encode()), number])
    dims = 2 if kind == "bias" else int(draw.integers(1, 5))
    most = {1: 20_000 if number % 3 == 0 else 200, 2: 120, 3: 20, 4: 9}[dims]
    shape = tuple(int(n) for n in draw.integers(1, most, dims))
    dtype = np.float64 if kind.endswith("64") else np.float16 if kind.endswith("16") else np.float32
    x = draw.standard_normal(shape).astype(dtype)
    if kind == "nll_loss":
        return [x.reshape(-1, 1)[: int(draw.integers(1, 600))]], None, False
    if kind.startswith("log_softmax"):
        x = x[:1] if number % 3 else x.transpose(draw.permutation(dims))
        return [x], int(draw.integers(0, dims)), False
    if kind == "mse_loss":
        return [x, draw.standard_normal(shape).astype(dtype)], None, False
    if kind in ("broadcast", "bias"):
        small = [n if draw.random() < 0.5 else 1 for n in shape][int(draw.integers(0, dims)) :]
        return [x, np.zeros(shape[1:] if kind == "bias" else small, dtype)], None, False
    if draw.random() < 0.3:
        x = x.transpose(draw.permutation(dims))
    count = int(draw.integers(0, dims + 1))
    axes = tuple(sorted(int(d) for d in draw.choice(dims, count, replace=False))) or None
    return [x], axes, axes is not None and bool(draw.random() < 0.3)


def digest(out: Any) -> str:
    return hashlib.blake2b(np.ascontiguousarray(out).tobytes(), digest_size=3).hexdigest()


def main() -> None:
    import torch

    torch.set_num_threads(1)

    def gradient(x: Any, small: Any) -> Any:
        leaf = small.clone().requires_grad_()
        return torch.autograd.grad((torch.zeros(x.shape) + leaf), leaf, x)[0]

    def bias(x: Any, small: Any) -> Any:
        leaf = small.clone().requires_grad_()
        zeros = torch.zeros(x.shape[0], 2), torch.zeros(x.shape[1], 2)
        return torch.autograd.grad(torch.nn.functional.linear(*zeros, leaf), leaf, x)[0]

    def losses(x: Any) -> Any:
        return torch.nn.functional.nll_loss(x, torch.zeros(len(x), dtype=torch.long), reduction="sum")

    def less_its_sum(x: Any, axis: int, keep: bool) -> Any:
        """The gradient of log_softmax where every exponential is 1."""
        return torch._log_softmax_backward_data(x, torch.zeros(x.shape, dtype=x.dtype), axis, x.dtype)

    def norm(x: Any, axes: Any = None, keep: bool = False) -> Any:
        return torch.linalg.vector_norm(x, 1 if keep else 2, axes, keep)

    functions: dict[str, Callable[..., Any]] = {
        "norm": norm,
        "broadcast": gradient,
        "bias": bias,
        "nll_loss": losses,
        "log_softmax": less_its_sum,
    }
    found: dict[str, str] = {}
    for kind in KINDS:
        digests = []
        for number in range(CASES):
            arrays, axes, keep = drawn(kind, number)
            tensors = [torch.from_numpy(a) for a in arrays]
            name = kind.partition(" ")[0]
            function = functions.get(name) or getattr(torch, name, None) or getattr(torch.nn.functional, name)
            digests.append(digest((function(*tensors, axes, keep) if axes is not None else function(*tensors)).numpy()))
        found[kind] = "".join(digests)
    DATA.write_text(json.dumps(found, indent=0) + "\n", encoding="utf-8")


if __name__ == "__main__":
    main()
