"""Record how PyTorch 2.13 prints tensors, for tests/test_format.py to replay without PyTorch.

    python tests/record/prints.py                   write tests/data/prints.json (always the same bytes)
    python tests/record/prints.py --compare 20000   compare that many random cases with gradsh directly, write nothing

Needs torch and numpy. A case holds the tensor's raw bytes (zlib, base64), so that it is replayed exactly.
"""

from __future__ import annotations

import base64
import json
import math
import random
import sys
import zlib
from pathlib import Path
from typing import Any

import numpy as np
import torch

ROOT = Path(__file__).resolve().parents[2]
TARGET = ROOT / "tests" / "data" / "prints.json"
FLOATS = ["float32", "float64", "float16"]
INTEGERS = ["int64", "int32", "int16", "int8", "uint8"]
SPECIAL = [0.0, -0.0, math.nan, math.inf, -math.inf, 1.0, -1.0, 1e-4, 9.999e-5, 1e8, 100000001.0, 99999999.0, 1000.0]
SPECIAL += [1000.5, 0.99999, 0.5, 5e-324, 1.7e308, 65504.0, 6e-8, 2.5, 1.00005, -9.99995, 123456.789]


def shape(pick: random.Random) -> tuple[int, ...]:
    kind = pick.random()
    if kind < 0.12:
        return ()
    if kind < 0.45:
        return (pick.choice([1, 1, 2, 3, 4, 5, 7, 12, 13, 30, 100]),)
    if kind < 0.8:
        return tuple(pick.choice([1, 2, 3, 5, 7, 11]) for _ in range(pick.choice([2, 2, 3, 4])))
    if kind < 0.86:
        return pick.choice([(0,), (0, 3), (2, 0), (1, 0, 2), (0, 0)])
    return pick.choice(
        [
            (1000,),
            (1001,),
            (1500,),
            (2, 700),
            (40, 40),
            (11, 10, 10),
            (6, 200),
            (7, 150),
            (200, 6),
            (200, 7),
            (3, 4, 100),
        ]
    )


def values(pick: random.Random, dtype: str, extents: tuple[int, ...]) -> np.ndarray[Any, np.dtype[Any]]:
    n = math.prod(extents)
    if dtype == "bool":
        flat: list[Any] = [pick.random() < 0.5 for _ in range(n)]
    elif dtype in INTEGERS:
        info = np.iinfo(dtype)
        reach = pick.choice([3, 10, 100, 1000, 10**6, 2**63])
        flat = [pick.randint(max(info.min, -reach), min(info.max, reach)) for _ in range(n)]
    else:
        centre, spread = pick.uniform(-6, 9), pick.choice([0.0, 0.5, 1.5, 2.9, 3.1, 6.0])
        whole, special, signs = pick.random() < 0.3, pick.choice([0.0, 0.0, 0.1, 0.5, 1.0]), pick.random() < 0.5
        flat = []
        for _ in range(n):
            value = 10.0 ** (centre + spread * (pick.random() - 0.5))
            value = float(round(value)) if whole else value
            value = -value if signs and pick.random() < 0.5 else value
            flat.append(pick.choice(SPECIAL) if pick.random() < special else value)
    with np.errstate(over="ignore"):
        return np.array(flat, dtype=dtype).reshape(extents)


def options(pick: random.Random) -> dict[str, Any]:
    if pick.random() < 0.6:
        return {}
    chosen: dict[str, Any] = {}
    if pick.random() < 0.2:
        chosen["profile"] = pick.choice(["default", "short", "full"])
    for name, choices in (
        ("precision", [0, 1, 2, 6, 10]),
        ("threshold", [0, 5, 20, 1e9]),
        ("edgeitems", [0, 1, 2, 5]),
        ("linewidth", [1, 20, 40, 79, 81, 120]),
        ("sci_mode", [True, False]),
    ):
        if pick.random() < 0.3:
            chosen[name] = pick.choice(choices)
    return chosen


def case(pick: random.Random) -> dict[str, Any]:
    """One random case with PyTorch's text; `array` is there for comparing and is not written."""
    dtype = pick.choice(FLOATS * 3 + ["float32"] * 6 + INTEGERS + ["int64", "bool", "bool"])
    array = values(pick, dtype, shape(pick))
    tensor = torch.from_numpy(array.copy())
    grad = pick.choice(["", "", "leaf", "mul"]) if dtype in FLOATS else ""
    suffixes = []
    if grad == "leaf":
        tensor.requires_grad_()
        suffixes = ["requires_grad=True"]
    elif grad == "mul":
        tensor = tensor.requires_grad_() * 1
        suffixes = ["grad_fn=<MulBackward0>"]
    default = pick.choice(["float32"] * 4 + ["float64"])
    chosen = options(pick)
    torch.set_printoptions(profile="default")
    torch.set_printoptions(**chosen)
    torch.set_default_dtype(getattr(torch, default))
    text = repr(tensor).replace("torch.", "")
    torch.set_default_dtype(torch.float32)
    torch.set_printoptions(profile="default")
    return {
        "array": array,
        "dtype": dtype,
        "shape": list(array.shape),
        "data": base64.b64encode(zlib.compress(array.tobytes(), 9)).decode(),
        "options": chosen,
        "default_dtype": default,
        "suffixes": suffixes,
        "text": text,
    }


def record() -> None:
    pick = random.Random(20240613)
    cases = []
    size = 0
    while len(cases) < 500:
        one = case(pick)
        del one["array"]
        line = json.dumps(one)
        # A few long texts are enough; the rules that they show are few.
        if len(line) > 4000 and (size := size + len(line)) > 150_000:
            continue
        cases.append(line)
    head = json.dumps({"torch": torch.__version__, "note": "written by tests/record/prints.py"})
    TARGET.write_text(head[:-1] + ', "cases": [\n' + ",\n".join(cases) + "\n]}\n", encoding="utf-8")
    print(f"{len(cases)} cases, {TARGET.stat().st_size} bytes")


def compare(count: int) -> None:
    sys.path.insert(0, str(ROOT))
    from gradsh.engine.printing.format import PrintOptions, format_tensor

    pick = random.Random()
    wrong = 0
    for _ in range(count):
        one = case(pick)
        chosen = PrintOptions()
        chosen.update(**one["options"])
        try:
            ours = format_tensor(
                one["array"],
                suffixes=one["suffixes"],
                options=chosen,
                default_dtype=np.dtype(one["default_dtype"]),
            )
        except Exception as error:  # a comparison goes on and reports
            ours = repr(error)
        if ours != one["text"]:
            wrong += 1
            if wrong <= 5:
                print({k: v for k, v in one.items() if k not in ("array", "data", "text")})
                print(one["text"][:600], ours[:600], sep="\n--- gradsh:\n", end="\n\n")
    print(f"{count} compared, {wrong} differ")


if __name__ == "__main__":
    if len(sys.argv) == 3 and sys.argv[1] == "--compare":
        compare(int(sys.argv[2]))
    else:
        record()
