"""Record the bits of operators and their gradients in PyTorch, for random inputs: `python -m tests.record.bits`.

Needs torch 2.13, on one thread. The inputs are drawn again by whoever compares: `drawn`.
"""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np

from tests.record.sums import digest

DATA = Path(__file__).parent.parent / "data" / "bits.json"
CASES = 24  # of each kind, every other one in float64

Arguments = tuple[list[Any], Callable[..., list[Any]]]


def _size(draw: Any, most: int = 300) -> int:
    return int(
        draw.choice([n for n in (1, 2, 3, 5, 7, 8, 9, 15, 16, 17, 31, 33, 40, 64, 100, 130, 257, 700) if n <= most])
    )


def _parameters(draw: Any, *shape: int) -> list[Any]:
    """A weight and a bias, one of them or none."""
    return [draw.standard_normal(shape) + 0.5 if draw.random() < 0.7 else None for _ in range(2)]


def _layer_norm(draw: Any) -> Arguments:
    n = _size(draw, 700)
    return [draw.standard_normal((_size(draw, 9), n)) * 2 + 1, *_parameters(draw, n)], lambda x, w, b: [x, [n], w, b]


def _group_norm(draw: Any) -> Arguments:
    groups, apiece, s = int(draw.integers(1, 4)), _size(draw, 17), _size(draw, 100)
    w, b = _parameters(draw, groups * apiece)
    x = draw.standard_normal((int(draw.integers(1, 4)), groups * apiece, s + 1)) + 0.5
    return [x, w, b if w is not None else None], lambda x, w, b: [x, groups, w, b]


def _batch_norm(draw: Any) -> Arguments:
    n, c = _size(draw, 40) + 1, _size(draw, 17)
    shape = (n, c, _size(draw, 100)) if draw.random() < 0.6 else (n, c)
    training = bool(draw.random() < 0.7)
    running = draw.standard_normal(c), draw.uniform(0.5, 2, c)
    return [draw.standard_normal(shape) + 0.5, *_parameters(draw, c), *running], (
        lambda x, w, b, mean, var: [x, mean, var, w, b, training]
    )


def _instance_norm(draw: Any) -> Arguments:
    c = _size(draw, 5)
    x = draw.standard_normal((_size(draw, 5), c, _size(draw, 130) + 1)) + 0.5
    return [x, *_parameters(draw, c)], lambda x, w, b: [x, None, None, w, b]


def _mse_loss(draw: Any) -> Arguments:
    shape = _size(draw, 9), _size(draw)
    return [draw.standard_normal(shape), draw.standard_normal(shape)], lambda x, y: [x, y]


def _cdist(draw: Any) -> Arguments:
    k, p = _size(draw, 130), float(draw.integers(1, 3))
    exact = "donot_use_mm_for_euclid_dist"
    return [draw.standard_normal((_size(draw, 9), k)), draw.standard_normal((_size(draw, 9), k))], (
        lambda x, y: [x, y, p, exact]
    )


def _pdist(draw: Any) -> Arguments:
    p = float(draw.integers(1, 3))
    return [draw.standard_normal((_size(draw, 9) + 1, _size(draw, 130)))], lambda x: [x, p]


# how many of the first arrays have gradients; the others are written by what is called, and compared after it
KINDS: dict[str, tuple[int, Callable[[Any], Arguments]]] = {
    "layer_norm": (3, _layer_norm),
    "group_norm": (3, _group_norm),
    "batch_norm": (3, _batch_norm),
    "instance_norm": (3, _instance_norm),
    "mse_loss": (2, _mse_loss),
    "cdist": (2, _cdist),
    "pdist": (0, _pdist),
}


def drawn(kind: str, number: int) -> tuple[int, list[Any], Callable[..., list[Any]], Any]:
    """How many arrays have gradients, the arrays (or None), what makes the arguments of them, and the generator that
    the incoming gradient is drawn from."""
    draw = np.random.default_rng([number, *kind.encode()])
    arrays, arguments = KINDS[kind][1](draw)
    dtype = np.float64 if number % 2 else np.float32
    return KINDS[kind][0], [None if a is None else a.astype(dtype) for a in arrays], arguments, draw


def incoming(draw: Any, like: Any) -> Any:
    """A gradient for a result."""
    return np.asarray(draw.uniform(-1, 1, like.shape)).astype(like.dtype)[()]


def main() -> None:
    import torch

    torch.set_num_threads(1)
    found: dict[str, list[str]] = {}
    for kind in KINDS:
        found[kind] = []
        for number in range(CASES):
            with_gradients, arrays, arguments, draw = drawn(kind, number)
            tensors: list[Any] = [None if a is None else torch.from_numpy(a) for a in arrays]
            leaves = [t.requires_grad_() for t in tensors[:with_gradients] if t is not None]
            function = getattr(torch.nn.functional, kind, None) or getattr(torch, kind)
            out = function(*arguments(*tensors))
            g = torch.from_numpy(np.asarray(incoming(draw, out.detach().numpy())))
            gradients = torch.autograd.grad(out, leaves, g) if leaves else ()
            results = [out.detach(), *gradients, *tensors[with_gradients:]]
            found[kind].append(" ".join(digest(r.numpy()) for r in results))
    DATA.write_text(json.dumps(found, indent=1) + "\n", encoding="utf-8")


if __name__ == "__main__":
    main()
