"""Record PyTorch's values and gradients of every operator, for tests/test_recorded_operators.py to replay without it.

    python -m tests.record.operators        write tests/data/operators.json (always the same bytes)

Needs torch 2.13 with `expecttest`. The calls are the registry's own samples, and PyTorch's for entries without samples;
a case is {"op", "args", "kwargs", "out", "grads"} in the notation of tests/recorded.py.
"""

from __future__ import annotations

import json
import warnings
from pathlib import Path
from typing import Any

import numpy as np
import torch
from torch.testing._internal import common_methods_invocations as methods_invocations

from tests.record.torch_side import (
    ADAPTERS,
    FUNCTIONS,
    UP_TO_SIGN,
    Pair,
    Unsupported,
    array_of,
    error_of,
    is_tensor,
    run_theirs,
    tensors_of,
    torch_callables,
)
from tests.recorded import cotangent, encoded

TARGET = Path(__file__).resolve().parents[1] / "data" / "operators.json"
EACH = 3  # cases of one operator
LARGEST = 64  # elements of a tensor
UNDEFINED = ("empty", "empty_like", "new_empty")  # uninitialised memory
WRAPPED = ("pca_lowrank", "svd_lowrank")  # whose samples are for another function, of two factors


def case(name: str, functions: list[Any], args: Any, kwargs: dict[str, Any]) -> dict[str, Any] | None:
    """One call, PyTorch's results and gradients; None for what cannot be recorded."""
    try:
        pair = Pair(args, kwargs)
    except Unsupported:
        return None
    if any(q.data.size > LARGEST for _, q in pair.seen.values()):
        return None
    for function in functions:
        results: list[Any] = []
        fresh = Pair(args, kwargs)
        if error_of(lambda f=function, p=fresh, r=results: r.append(run_theirs(f, p.theirs, p.their_keywords))) is None:
            break
    else:
        return None
    outputs = list(tensors_of(results[0]))
    try:
        arrays = [array_of(o) for o in outputs]
    except Unsupported:
        return None
    if not all(isinstance(a, (np.ndarray, bool, int, float)) for a in arrays):
        return None
    if any(isinstance(a, np.ndarray) and a.size > LARGEST for a in arrays):
        return None
    recorded = {
        "op": name,
        "args": [encoded(a) for a in pair.ours],
        "kwargs": {k: encoded(v) for k, v in pair.our_keywords.items()},
        "out": [encoded(a) for a in arrays],
    }
    tracked = [(o, a) for o, a in zip(outputs, arrays, strict=True) if is_tensor(o) and o.requires_grad]
    inputs = [p for p, _ in fresh.inputs]
    if tracked and inputs and name not in UP_TO_SIGN:
        seeds = [torch.from_numpy(np.asarray(cotangent(a))) for _, a in tracked]
        grads: list[Any] = []
        said = error_of(
            lambda: grads.extend(torch.autograd.grad([o for o, _ in tracked], inputs, seeds, allow_unused=True))
        )
        if said is None:
            recorded["grads"] = [None if g is None else encoded(array_of(g)) for g in grads]
    return recorded


def main() -> None:
    warnings.simplefilter("ignore")
    torch.set_num_threads(1)
    infos: dict[str, list[Any]] = {}
    for info in methods_invocations.op_db:
        if info.name not in ADAPTERS and not info.variant_test_name:
            infos.setdefault(info.name.removeprefix("nn.functional."), []).append(info)
    cases = []
    for name in sorted(FUNCTIONS):
        entry, functions = FUNCTIONS[name], torch_callables(name)
        if not functions or name in (*UNDEFINED, *WRAPPED):
            continue
        found = []
        for sample in entry.samples() if entry.samples is not None else ():
            args, kwargs = sample.draw(len(found))
            recorded = case(name, functions, args, kwargs)
            if recorded is not None:
                found.append(recorded)
            if len(found) == EACH:
                break
        for info in infos.get(name, []) if not found else []:
            torch.manual_seed(0)
            for given in info.sample_inputs("cpu", torch.float64 if torch.float64 in info.dtypes else torch.int64):
                recorded = case(name, [info.op], (given.input, *given.args), given.kwargs)
                if recorded is not None:
                    found.append(recorded)
                if len(found) == EACH:
                    break
        cases += found
    lines = ",\n".join(json.dumps(c) for c in cases)
    TARGET.write_text(f'{{"torch": "{torch.__version__}", "cases": [\n{lines}\n]}}\n', encoding="utf-8")
    print(f"{len(cases)} cases of {len({c['op'] for c in cases})} operators, {TARGET.stat().st_size} bytes")


if __name__ == "__main__":
    main()
