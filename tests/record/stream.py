"""Record PyTorch 2.13's random numbers, to the last bit, for tests/test_random.py to replay without PyTorch.

    python tests/record/stream.py       write tests/data/stream.json (always the same bytes)

Needs torch and numpy, on an x86 machine with AVX2. Each case is a seed and a sequence of draws from one generator: its
state carries over from draw to draw, odd normals included.
"""

from __future__ import annotations

import base64
import json
import random
import zlib
from pathlib import Path
from typing import Any

import torch

TARGET = Path(__file__).resolve().parents[1] / "data" / "stream.json"
FLOATS = ["float32", "float32", "float64", "float16"]
NAMES = ["uniform", "normal", "normal", "standard", "standard", "strided", "randint", "random", "lower", "randperm"]
NAMES += [
    "bernoulli",
    "bernoulli_each",
    "exponential",
    "cauchy",
    "geometric",
    "log_normal",
    "multinomial",
    "multinomial",
]
SIZES = [0, 1, 2, 3, 5, 15, 16, 17, 31, 32, 33, 100]


def draw(pick: random.Random) -> list[Any]:
    """[name, shape, dtype, arguments …]"""
    kind = pick.random()
    shape = [] if kind < 0.1 else [pick.choice(SIZES)] if kind < 0.8 else [pick.randint(1, 5), pick.randint(1, 9)]
    dtype = pick.choice(FLOATS)
    name = pick.choice(NAMES)
    if name == "uniform":
        return [name, shape, dtype, *pick.choice([(0.0, 1.0), (0.0, 1.0), (-0.25, 0.75), (-3.0, 0.1)])]
    if name == "standard":
        return ["normal", shape, dtype, 0.0, 1.0]
    if name in ("normal", "strided", "log_normal"):
        return [
            name,
            [5, 7] if name == "strided" else shape,
            dtype,
            pick.choice([0.0, 1.5, -0.3]),
            pick.choice([1, 0.02, 2.7]),
        ]
    if name in ("randint", "random", "lower"):
        dtype = pick.choice(["int64", "int64", "int32", "uint8", *FLOATS])
        spans = [1, 10, 200] if dtype == "uint8" else [2, 1000, 2000] if dtype == "float16" else [10, 2**24]
        spans += [2**28 - 1, 2**28, 2**31 - 1] if dtype.startswith("int") else []
        spans += [2**32, 2**33 + 5, 2**62] if dtype == "int64" else []
        return [name, shape, dtype, *([0, pick.choice(spans)] if name == "randint" else [])]
    if name == "randperm":
        return [name, [pick.choice([*SIZES, 500])], "int64"]
    if name == "multinomial":
        replacement = pick.random() < 0.5
        count = pick.choice([1, 4, 20])
        return [name, pick.choice([[count], [3, count]]), pick.choice(FLOATS[:3]), pick.randint(1, count), replacement]
    probability = {"bernoulli": 0.3, "geometric": 0.4, "exponential": 1.5}.get(name)
    if name == "geometric":
        dtype = pick.choice(["int64", *FLOATS])
    if name == "bernoulli":
        dtype = pick.choice(["bool", "int64", *FLOATS])
    return [name, shape, dtype, *([] if probability is None else [probability])]


def answer(name: str, shape: list[int], kind: str, *args: Any) -> torch.Tensor:
    dtype = getattr(torch, kind)
    if name == "uniform":
        return torch.rand(shape, dtype=dtype) if args == (0.0, 1.0) else torch.empty(shape, dtype=dtype).uniform_(*args)
    if name == "normal":
        return torch.randn(shape, dtype=dtype) if args == (0.0, 1.0) else torch.empty(shape, dtype=dtype).normal_(*args)
    if name == "strided":
        return torch.empty(shape[::-1], dtype=dtype).t().normal_(*args).t().contiguous()
    if name == "randint":
        return torch.randint(*args, shape, dtype=dtype)
    if name == "lower":
        return torch.empty(shape, dtype=dtype).random_(7, None)
    if name == "randperm":
        return torch.randperm(*shape)
    if name == "bernoulli_each":
        return torch.bernoulli(torch.linspace(0, 1, torch.Size(shape).numel(), dtype=dtype).reshape(shape))
    if name == "multinomial":
        return torch.multinomial(torch.arange(1, torch.Size(shape).numel() + 1, dtype=dtype).reshape(shape), *args)
    return getattr(torch.empty(shape, dtype=dtype), name + "_")(*args)


def main() -> None:
    pick = random.Random(31)
    lines = []
    for _ in range(120):
        seed = pick.choice([0, 1, 42, -1, 2**32 + 7, pick.randint(0, 2**64 - 1)])
        torch.manual_seed(seed)
        draws = []
        for _ in range(pick.randint(2, 9)):
            call = draw(pick)
            result = answer(*call).contiguous().numpy()
            data = base64.b64encode(zlib.compress(result.tobytes(), 9)).decode()
            draws.append({"call": call, "dtype": str(result.dtype), "shape": list(result.shape), "data": data})
        state = zlib.crc32(torch.get_rng_state().numpy().tobytes())
        lines.append(json.dumps({"seed": seed, "draws": draws, "state": state}))
    head = json.dumps({"torch": torch.__version__, "note": "written by tests/record/stream.py"})
    TARGET.write_text(head[:-1] + ', "cases": [\n' + ",\n".join(lines) + "\n]}\n", encoding="utf-8")
    print(f"{len(lines)} cases, {TARGET.stat().st_size} bytes")


if __name__ == "__main__":
    main()
