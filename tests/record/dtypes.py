"""Record what PyTorch makes of every operator's samples in other dtypes, for tests/test_dtypes.py.

    python -m tests.record.dtypes        write tests/data/dtypes.json (always the same bytes)

Needs torch 2.13. For each operator and each sample of the registry there is one outcome for each dtype of
`tests.recorded.OTHER_DTYPES`: the dtypes of the results, or the words of the error. `outcomes` has each once.
"""

from __future__ import annotations

import json
import warnings
from pathlib import Path
from typing import Any

import torch

from tests.record.compare import _fitting
from tests.record.deliberate import reason
from tests.record.torch_side import FUNCTIONS, Pair, array_of, error_of, run_theirs, tensors_of, torch_callables
from tests.recorded import OTHER_DTYPES, in_dtype

TARGET = Path(__file__).resolve().parents[1] / "data" / "dtypes.json"


def outcome(function: Any, args: Any, kwargs: Any, dtype: str) -> str:
    """The dtypes of the results, or the error's words."""
    pair = Pair(args, kwargs, lambda array: in_dtype(array, dtype))
    results: list[Any] = []
    said = error_of(lambda: results.append(run_theirs(function, pair.theirs, pair.their_keywords)))
    if said is not None:
        return f"{said[0]}: {said[1]}"
    return " ".join(str(getattr(array_of(out), "dtype", type(out).__name__)) for out in tensors_of(results[0]))


def main() -> None:
    warnings.simplefilter("ignore")
    torch.set_num_threads(1)
    outcomes: dict[str, int] = {}
    cases: dict[str, list[list[int]]] = {}
    for name in sorted(FUNCTIONS):
        functions = torch_callables(name)
        samples = FUNCTIONS[name].samples
        if not functions or samples is None:
            continue
        rows = []
        for sample in samples():
            args, kwargs = sample.draw(0)
            function = _fitting(functions, args, kwargs)
            row = []
            for dtype in OTHER_DTYPES:
                text = outcome(function, args, kwargs, dtype)
                if reason("dtypes", name, f"{name}{sample} in {dtype} gives a result where torch raises {text}"):
                    text = ""
                row.append(outcomes.setdefault(text, len(outcomes)))
            rows.append(row)
        cases[name] = rows
    lines = ",\n".join(f"{json.dumps(name)}: {json.dumps(rows, separators=(',', ':'))}" for name, rows in cases.items())
    words = ",\n".join(map(json.dumps, outcomes))
    TARGET.write_text(f'{{"outcomes": [\n{words}\n], "cases": {{\n{lines}\n}}}}\n', encoding="utf-8")
    print(f"{sum(map(len, cases.values()))} calls of {len(cases)} operators, {TARGET.stat().st_size} bytes")


if __name__ == "__main__":
    main()
