"""A write in place that is refused leaves the tensor, its version, its history and its flag as they were.

Every method in place, with its operator's samples spoiled in each place, on a leaf, a result, a view and integers.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import numpy as np

from gradsh.calls.signature import as_called
from gradsh.engine.core.dtypes import OF
from gradsh.engine.core.tensor import Tensor, leaf
from gradsh.engine.ops import families
from gradsh.errors import GradshError
from tests.test_odd_values import call, odd, refused_by_python

EVERY = 13  # of the arguments that there are, one in so many is tried
METHODS = families.methods()
FUNCTIONS = families.functions()
NAMES = sorted(n for n in METHODS if n.endswith("_") and not n.startswith("_") and n not in ("apply_", "map_"))


def receivers() -> Iterator[tuple[str, Tensor, list[Tensor]]]:
    """What is written to, with all whose state may not change."""
    array = np.arange(6.0).reshape(2, 3) / 7
    flagged = leaf(array.copy(), True, None)
    yield "leaf", flagged, [flagged]
    plain = leaf(array.copy(), False, None)
    yield "plain", plain, [plain]
    base = flagged * 2
    yield "result", base, [base, flagged]
    held = flagged * 3
    view = held[0]
    yield "view", view, [view, held]
    whole = leaf(np.arange(6).reshape(2, 3), False, None)
    yield "ints", whole, [whole]


def arguments(name: str) -> Iterator[tuple[tuple[Any, ...], dict[str, Any]]]:
    entry = FUNCTIONS.get(name) or FUNCTIONS.get(name[:-1])
    samples = list(entry.samples())[:2] if entry is not None and entry.samples is not None else []
    for sample in samples:
        given, kwargs = sample.draw(0)
        rest = tuple(given[1:])
        for which in range(len(odd())):
            yield from (((*rest[:at], odd()[which], *rest[at + 1 :]), kwargs) for at in range(len(rest) + 1))
            yield from ((rest, {**kwargs, key: odd()[which]}) for key in kwargs)
    if not samples:
        yield from ((tuple(odd()[which : which + 1]), {}) for which in range(len(odd())))
        yield from (((first, odd()[which]), {}) for which in range(len(odd())) for first in (1, odd()[-1]))


def state(tensors: list[Tensor]) -> list[Any]:
    return [
        (np.array(t.data).tobytes(), OF[t.data.dtype], t.data.shape, t.data.strides, t.node, t.requires, t._version)
        for t in tensors
    ]


def test_nothing_of_a_refused_write_stays() -> None:
    changed = []
    refused = 0
    with np.errstate(all="ignore"):
        for name in NAMES:
            method = as_called(METHODS[name], f"Tensor.{name}")  # as programs call it
            for number, (args, kwargs) in enumerate(arguments(name)):
                if number % EVERY:
                    continue
                for kind, receiver, watched in receivers():
                    before = state(watched)
                    try:
                        call(method, (receiver, *args), kwargs)
                        continue
                    except GradshError:
                        pass
                    except Exception as error:
                        assert refused_by_python(error), (name, args, kwargs)
                    refused += 1
                    if state(watched) != before:
                        changed.append(f"{name} on {kind}: {args}{kwargs}")
    assert refused > 4_000
    assert not changed, "\n".join(dict.fromkeys(changed))
