"""NumPy's own loops, and those in C, shared by threads: the same bits, flags and errors, also after a fork."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Iterator
from typing import Any

import numpy as np
import pytest

from gradsh.engine.kernels import compiled, pieces

COUNT = (1 << 16) + 12_345
TWO = [
    "add",
    "subtract",
    "multiply",
    "divide",
    "maximum",
    "minimum",
    "greater",
    "greater_equal",
    "less",
    "less_equal",
    "equal",
    "not_equal",
]
ONE = ["negative", "absolute", "sqrt", "square", "reciprocal", "sign"]
PIECE = 1000  # elements that are never shared


@pytest.fixture(autouse=True)
def native() -> Iterator[Any]:
    found = compiled.library()
    if found is None:
        pytest.skip("no kernels in C")
    compiled.share_loops()  # as in a process that is gradsh's own
    found.threads(3)  # on one core too
    yield found
    found.threads(pieces.threads())


def in_small(ufunc: Any, *values: Any) -> Any:
    """What it gives for some elements at a time."""
    starts = range(0, COUNT, PIECE)
    cut = [[v[k : k + PIECE] if np.ndim(v) else v for v in values] for k in starts]
    return np.concatenate([ufunc(*each) for each in cut])


@pytest.mark.parametrize("dtype", [np.float32, np.float64])
def test_no_bit_differs(dtype: Any) -> None:
    x, y = np.random.default_rng(0).standard_normal((2, COUNT)).astype(dtype)
    x[::7], y[::5], x[3::11] = 0, y[0], np.nan
    with np.errstate(all="ignore"):
        for name in TWO:
            ufunc = getattr(np, name)
            for pair in ((x, y), (x, x), (x, dtype(0.3)), (dtype(-2), y), (x, y[::-1])):
                assert ufunc(*pair).tobytes() == in_small(ufunc, *pair).tobytes(), name
        for name in ONE:
            ufunc = getattr(np, name)
            assert ufunc(x).tobytes() == in_small(ufunc, x).tobytes(), name
            assert ufunc(x[::-1]).tobytes() == in_small(ufunc, x[::-1]).tobytes(), name
        wide = np.zeros((COUNT, 3), dtype)
        np.multiply(x, y, wide[:, 1])
        assert wide[:, 1].tobytes() == in_small(np.multiply, x, y).tobytes()
        assert not wide[:, ::2].any()


def test_kernels_in_c_are_what_they_are_in_small(native: Any) -> None:
    x, g = np.random.default_rng(0).standard_normal((2, COUNT), dtype=np.float32)
    for name in ("exp", "tanh"):
        out = getattr(native, name)(x, np.empty_like(x))
        assert out.tobytes() == in_small(getattr(native, name), x).tobytes()
    for name in ("tanh_backward", "sigmoid_backward"):
        function = getattr(native, name)
        assert function(g, x).tobytes() == in_small(function, g, x).tobytes()


def test_what_lies_over_itself_is_done_in_its_order() -> None:
    x = np.arange(COUNT, dtype=np.float32)
    for _ in range(20):
        y = x.copy()
        np.add(y[1:], 1, y[:-1])
        assert np.array_equal(y[:-1], x[1:] + 1)
        y = x.copy()
        np.negative(y, y)
        assert np.array_equal(y, -x)
        assert np.add.accumulate(np.ones(COUNT))[-1] == np.add.reduce(np.ones(COUNT)) == COUNT


def test_a_flag_that_another_thread_raises_is_seen() -> None:
    for place in range(0, COUNT, COUNT // 40):
        x = np.ones(COUNT, np.float32)
        x[place] = 0
        with np.errstate(all="ignore"):
            np.divide(1, x)
        with np.errstate(divide="raise"), pytest.raises(FloatingPointError):
            np.divide(1, x)


@pytest.mark.skipif(not os.path.isdir("/proc/self/task"), reason="counts threads as Linux does")
def test_a_fork_has_threads_of_its_own() -> None:
    x = np.ones(COUNT, np.float32)
    assert (x + x).sum() == 2 * COUNT
    child = os.fork()
    if child == 0:
        try:
            alone = len(os.listdir("/proc/self/task"))
            right = (x * 3).sum() == 3 * COUNT
            os._exit(0 if right and alone == 1 and len(os.listdir("/proc/self/task")) > 1 else 1)
        finally:
            os._exit(2)
    assert os.waitpid(child, 0)[1] == 0


HOST = """
import ctypes, sys
import numpy as np
import gradsh
def loops():
    at = ctypes.c_void_p.from_address(id(np.multiply) + 32).value
    return ctypes.string_at(at, 8 * np.multiply.ntypes)
before = loops()
session = gradsh.Session()
assert session.run("let x = ones(2000000, grad); backward (tanh(x * 2) * x).sum(); assert x.grad[0] > 0").ok
from gradsh.engine.kernels import compiled
print(loops() == before)
compiled.share_loops()
print(loops() == before)
"""


def test_numpy_stays_as_it_is_in_a_process_of_others() -> None:
    done = subprocess.run([sys.executable, "-c", HOST], capture_output=True, text=True, timeout=100, check=False)
    assert (done.stdout.split(), done.stderr) == (["True", "False"], "")
