"""Max pooling against the plain definition, over windows of all kinds; large arrays in pieces against small ones."""

from __future__ import annotations

from itertools import product
from threading import Barrier, current_thread
from typing import Any

import numpy as np
import pytest

from gradsh.engine.kernels import pieces
from gradsh.engine.kernels.pieces import BIG, in_pieces
from gradsh.engine.kernels.pooling import largest
from gradsh.engine.kernels.softmax import log_softmax, log_softmax_backward, softmax, softmax_backward
from gradsh.engine.ops.nn.pooling import places


def plain(x: Any, kernel: Any, stride: Any, padding: Any, dilation: Any, out: Any) -> tuple[Any, Any]:
    """The largest of each window and its flat position, one window after the other."""
    values, index = np.empty((*x.shape[:2], *out), x.dtype), np.empty((*x.shape[:2], *out), np.int64)
    size = x.shape[2:]
    for at in product(*(range(n) for n in values.shape)):
        best = None
        for tap in product(*map(range, kernel)):
            place = tuple(
                o * s - p + i * d for o, s, p, i, d in zip(at[2:], stride, padding, tap, dilation, strict=True)
            )
            if all(0 <= q < n for q, n in zip(place, size, strict=True)):
                value = x[(*at[:2], *place)]
                if best is None or value > best:
                    best, index[at] = value, np.ravel_multi_index(place, size)
        values[at] = best
    return values, index


@pytest.mark.parametrize("seed", range(60))
def test_largest(seed: int) -> None:
    r = np.random.default_rng(seed)
    dims = 2 + seed % 2
    size = tuple(int(n) for n in r.integers(3, 8, dims))
    kernel = tuple(int(n) for n in r.integers(1, 4, dims))
    stride = tuple(int(n) for n in r.integers(1, 4, dims))
    padding = tuple(int(r.integers(0, k // 2 + 1)) for k in kernel)
    dilation = (1,) * dims if any(padding) else tuple(int(n) for n in r.integers(1, 2 if dims == 3 else 3, dims))
    out = places(size, kernel, stride, padding, dilation, not any(d > 1 for d in dilation) and bool(seed % 4 < 2))
    if min(out) < 1:
        pytest.skip("no window")
    x = r.integers(-3, 4, (2, 3, *size)).astype(np.float32)
    if seed % 5 == 0:
        x[r.random(x.shape) < 0.4] = -np.inf
    values, index = largest(x, kernel, stride, padding, dilation, out)
    wanted, at = plain(x, kernel, stride, padding, dilation, out)
    assert np.array_equal(values, wanted)
    assert np.array_equal(index, at)


def test_pieces_change_nothing() -> None:
    x, y = np.random.default_rng(0).standard_normal((2, BIG + 12345), dtype=np.float32)

    def rule(a: Any, b: Any, number: Any) -> Any:
        return a * (1 - b * b) * number

    assert np.array_equal(in_pieces(np.tanh, x), np.tanh(x))
    assert np.array_equal(in_pieces(rule, x, y, 0.5), rule(x, y, 0.5))
    assert in_pieces(lambda a, b: a, x, y) is x
    assert np.array_equal(in_pieces(np.add, x.reshape(-1, 1), y[:3]), x.reshape(-1, 1) + y[:3])


def test_a_fault_in_a_piece_is_raised() -> None:
    x = np.zeros(BIG)
    x[-1] = 1

    def rule(a: Any) -> Any:
        if a.any():
            raise ValueError("here")
        return a + 1

    with pytest.raises(ValueError, match="here"):
        in_pieces(rule, x)


def test_a_fault_in_another_thread_is_raised() -> None:
    meet = Barrier(pieces.threads(), timeout=10)
    if meet.parties < 2:
        pytest.skip("one core")
    program = current_thread()

    def work(start: int) -> None:
        meet.wait()
        if current_thread() is not program:
            raise ValueError("there")

    with pytest.raises(ValueError, match="there"):
        pieces.share(work, range(meet.parties))


@pytest.mark.parametrize(("shape", "axis"), [((700, 401), 1), ((30, 90, 101), 1), ((2, 150_001), 1), ((300, 900), 0)])
def test_rows_are_what_they_are_alone(shape: tuple[int, ...], axis: int, monkeypatch: pytest.MonkeyPatch) -> None:
    x, g = np.random.default_rng(0).standard_normal((2, *shape), dtype=np.float32)
    calls = [(softmax, (x,)), (log_softmax, (x,)), (softmax_backward, (g, x)), (log_softmax_backward, (g, x))]
    found = [kernel(*arrays, axis) for kernel, arrays in calls]
    monkeypatch.setattr(pieces, "ROWS", x.size)
    for (kernel, arrays), given in zip(calls, found, strict=True):
        assert np.array_equal(kernel(*arrays, axis), given)
