"""Every operator in other dtypes: what PyTorch refuses, in its words, and the dtypes of what it takes.

tests/record/dtypes.py writes what is held to.
"""

import json
from pathlib import Path

import numpy as np

from gradsh.engine.core.tensor import Tensor, leaf
from gradsh.engine.operators.samples import call
from gradsh.engine.ops import families
from gradsh.errors import GradshError
from tests.recorded import OTHER_DTYPES, in_dtype

RECORD = json.loads((Path(__file__).parent / "data" / "dtypes.json").read_text(encoding="utf-8"))
FUNCTIONS = families.functions()


def cast(value, dtype):
    if isinstance(value, (list, tuple)):
        return type(value)(cast(v, dtype) for v in value)
    if not isinstance(value, Tensor):
        return value
    array = np.asarray(in_dtype(np.asarray(value.data), dtype))
    return leaf(array[()] if array.ndim == 0 else array, value.requires and array.dtype.kind == "f", None)


def flat(result):
    if isinstance(result, (list, tuple)):
        return [x for item in result for x in flat(item)]
    return [] if result is None else [result]


def outcome(entry, sample, dtype):
    args, kwargs = sample.draw(0)
    try:
        result = entry.apply(*cast(args, dtype), **{k: cast(v, dtype) for k, v in kwargs.items()})
    except GradshError as error:
        return f"{error.kind}: {error.message.strip()}"
    return " ".join(str(r.data.dtype) if isinstance(r, Tensor) else type(r).__name__ for r in flat(result))


def test_every_operator_in_other_dtypes_gives_or_says_what_pytorch_does():
    wrong = []
    with np.errstate(all="ignore"):
        for name, rows in RECORD["cases"].items():
            samples = list(FUNCTIONS[name].samples())
            assert len(samples) == len(rows), f"{name} has other samples: python -m tests.record.dtypes"
            for sample, row in zip(samples, rows, strict=True):
                assert isinstance(sample, call)
                for dtype, number in zip(OTHER_DTYPES, row, strict=True):
                    wanted = RECORD["outcomes"][number]
                    found = outcome(FUNCTIONS[name], sample, dtype)
                    if wanted and found != wanted:
                        wrong.append(f"{name}{sample} in {dtype}: {found!r}, PyTorch's is {wanted!r}")
    assert wrong == []
