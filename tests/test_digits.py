"""The last digits of float32: PyTorch's wherever they can be, and the same on every machine."""

from __future__ import annotations

import hashlib
import importlib.util
import json
import os
import subprocess
import sys
from types import SimpleNamespace
from typing import Any

import numpy as np
import pytest

from gradsh.engine.autograd.backward import run_grad
from gradsh.engine.core.namespaces import T
from gradsh.engine.core.tensor import leaf, make
from gradsh.engine.kernels import compiled
from gradsh.engine.kernels.summation import exponentials
from gradsh.engine.operators.registry import Operator
from gradsh.engine.ops import families
from tests.chosen import chosen, chosen_again  # noqa: F401 - a fixture
from tests.record import bits as recorded
from tests.record import softmax, sums
from tests.record.elementary import DATA, EACH, LIMITS, drawn

RECORDED = np.load(DATA)


IN_C = importlib.util.find_spec("gradsh.engine.kernels.native") is not None

each = pytest.mark.parametrize("in_c", [False, True] if IN_C else [False], ids=["NumPy", "C"][: 1 + IN_C])


def bits(name: str) -> Any:
    entry: Operator = families.functions()[name]
    with np.errstate(all="ignore"):
        return entry.apply(make(drawn(name))).data.view(np.int32)


@pytest.mark.parametrize("name", LIMITS)
def test_elementary_functions_have_pytorchs_bits(name: str) -> None:
    other = (bits(name) != RECORDED[name].view(np.int32)).mean() * 100
    assert other <= LIMITS[name], f"{other} % of {EACH}"


@each
def test_arrays_and_numbers_have_the_same_bits(in_c: bool) -> None:
    chosen(in_c)
    for name in LIMITS:
        entry = families.functions()[name]
        x = drawn(name)[::40]
        with np.errstate(all="ignore"):
            whole = entry.apply(make(x)).data
            large = entry.apply(make(np.tile(x, 1000))).data[-len(x) :]
            few = np.concatenate([entry.apply(make(part)).data for part in np.array_split(x, 5)])
            each = np.array([entry.apply(make(v)).data for v in x])
        assert (whole.view(np.int32) == large.view(np.int32)).all(), name
        assert (whole.view(np.int32) == few.view(np.int32)).all(), name
        assert (whole.view(np.int32) == each.view(np.int32)).all(), name


# bits of float32 numbers whose results lie next to the middle of two floats, as far as a double tells
MIDDLES = {
    "exp": (0xBF157C82, 0xBF76FD92, 0xBF81EADF, 0xBFAB7CE4, 0xBFBFA14B, 0xBFFC842D, 0xC03359CB, 0xC0382E72, 0xC0781533),
    "tanh": (
        0x3F172BE6,
        0x3F20B67F,
        0x3F325D3B,
        0x3F97FBC7,
        0x3FB3C82A,
        0x3FF8BC7E,
        0x4013CD84,
        0x4053EEA7,
        0x40A6EF82,
    ),
    "log": (0x402E5A8F, 0x404DC250, 0x40504CB2, 0x4056EE45, 0x40C6DB3B, 0x40E3CDC4, 0x410F12EC, 0x41178FEB, 0x41C14367),
}


@pytest.mark.skipif(not IN_C, reason="the kernels in C are not there")
def test_many_numbers_have_the_same_bits_in_vectors() -> None:
    """Numbers of all bits, those that are none, and those whose rounding is not sure."""
    every = np.arange(0, 1 << 32, 30011, np.uint64).astype(np.uint32)
    special = np.array([0, 0x80000000, 1, 0x7F800000, 0xFF800000, 0x7FC00000, 0xC2AE0000, 0xC2D00001], np.uint32)
    for name, middles in MIDDLES.items():
        x = np.concatenate([every, special, np.array(middles, np.uint32)]).view(np.float32)
        found = []
        for in_c in (False, True):
            chosen(in_c)
            with np.errstate(all="ignore"):
                found += [np.concatenate([getattr(T, name)(make(part)).data for part in (x, x[-100:])])]
        assert np.array_equal(*found, equal_nan=True), name
        assert np.array_equal(*np.signbit(np.where(np.isnan(found), 0, found))), name


SOFTMAX = np.load(softmax.DATA)


def of_softmax(kind: str, number: int) -> Any:
    """A function of softmax's kin, or its gradient, as `softmax.main` computes it with PyTorch."""
    x, g, classes = softmax.drawn(number)
    dim = softmax.CASES[number][1]
    input = leaf(x, True, None)
    if kind.startswith("cross_entropy"):
        out = families.functions()["cross_entropy"].apply(input, make(classes), reduction="none")
        g = np.ones_like(out.data)
    else:
        out = getattr(T, kind.removesuffix("'"))(input, dim, None)
    return (gradient(out, input, g) if kind.endswith("'") else out.data).view(np.int32)


@each
@pytest.mark.parametrize("name", softmax.LIMITS)
def test_softmax_has_pytorchs_bits(name: str, in_c: bool) -> None:
    chosen(in_c)
    for kind in (name, f"{name}'"):
        other = [
            (of_softmax(kind, number) != SOFTMAX[f"{kind} {number}"].view(np.int32)).ravel()
            for number in range(len(softmax.CASES))
            if kind in softmax.kinds(number)
        ]
        assert np.concatenate(other).mean() * 100 <= softmax.LIMITS[name], [o.mean() for o in other]


def digest() -> str:
    found = hashlib.sha256()
    for name in LIMITS:
        found.update(bits(name).tobytes())
    for number in range(len(softmax.CASES)):
        for kind in softmax.kinds(number):
            found.update(of_softmax(kind, number).tobytes())
    for kind in recorded.KINDS:
        found.update("".join(of_bits(kind, number) for number in range(0, recorded.CASES, 4)).encode())
    return found.hexdigest()


def test_other_processors_give_the_same_bits() -> None:
    """Without the instructions of newer ones, which NumPy's kernels are chosen by, and without those in C."""
    program = "from tests.test_digits import chosen, digest; chosen(False); print(digest())"
    environment = {
        **os.environ,
        "NPY_DISABLE_CPU_FEATURES": "AVX2 FMA3 AVX512F AVX512CD AVX512_SKX AVX512_ICL AVX512_SPR",
    }
    child = subprocess.run(
        [sys.executable, "-W", "ignore", "-c", program], capture_output=True, text=True, env=environment
    )
    here = {digest()}
    if IN_C:
        chosen(True)
        here.add(digest())
    assert here == {child.stdout.strip()}, child.stderr[-500:]


SUMS: dict[str, str] = json.loads(sums.DATA.read_text(encoding="utf-8"))


def gradient(made: Any, small: Any, g: Any) -> Any:
    (found,) = run_grad([made], [small], [make(g)], False, False, False, False, None)
    assert found is not None
    return found.data


@each
@pytest.mark.parametrize("kind", sums.KINDS)
def test_sums_have_pytorchs_bits(kind: str, in_c: bool) -> None:
    chosen(in_c)
    other = []
    for number in range(sums.CASES):
        arrays, axes, keep = sums.drawn(kind, number)
        x = arrays[0]
        if kind == "broadcast":
            small = leaf(arrays[1], True, None)
            out = gradient(T.add(make(np.zeros_like(x)), small), small, x)
        elif kind == "bias":
            small = leaf(arrays[1], True, None)
            zeros = make(np.zeros((len(x), 2), x.dtype)), make(np.zeros((x.shape[1], 2), x.dtype))
            out = gradient(T.linear(*zeros, small), small, x)
        elif kind == "nll_loss":
            out = T.nll_loss(make(x), make(np.zeros(len(x), np.int64)), None, None, -100, None, "sum").data
        elif kind.startswith("norm"):
            out = T.linalg_vector_norm(make(x), 1 if keep else 2, axes, keep).data
        elif kind.startswith("log_softmax"):
            out = x - exponentials(x, axes)
        else:
            name = kind.partition(" ")[0]
            given = [make(a) for a in arrays]
            out = (getattr(T, name)(*given, axes, keep) if axes else getattr(T, name)(*given)).data
        if sums.digest(out) != SUMS[kind][6 * number : 6 * number + 6]:
            other.append((number, x.shape, x.strides, axes))
    assert not other, (len(other), other[:3])


BITS: dict[str, list[str]] = json.loads(recorded.DATA.read_text(encoding="utf-8"))


def of_bits(kind: str, number: int) -> str:
    """An operator and its gradients, as `recorded.main` computes them with PyTorch."""
    with_gradients, arrays, arguments, draw = recorded.drawn(kind, number)
    tensors = [None if a is None else leaf(a, k < with_gradients, None) for k, a in enumerate(arrays)]
    out = families.functions()[kind].apply(*arguments(*tensors))
    leaves = [t for t in tensors[:with_gradients] if t is not None]
    g = make(recorded.incoming(draw, out.data))
    gradients = run_grad([out], leaves, [g], False, False, False, False, None) if leaves else []
    results = [out, *gradients, *tensors[with_gradients:]]
    return " ".join(sums.digest(t.data) for t in results if t is not None)


@each
@pytest.mark.parametrize("kind", recorded.KINDS)
def test_operators_and_gradients_have_pytorchs_bits(kind: str, in_c: bool) -> None:
    chosen(in_c)
    found = [of_bits(kind, number) for number in range(recorded.CASES)]
    assert [k for k, digests in enumerate(found) if digests != BITS[kind][k]] == []


def given_to(name: str, x: Any, y: Any, axis: int, number: int) -> tuple[Any, ...]:
    """Arguments of a kernel in C, of two arrays of one shape."""
    if name in ("summed", "in_turn", "squares"):
        return x, (axis,), number % 2 == 0
    if "softmax" in name:
        return (x, y, axis) if name.endswith("backward") else (x, axis)
    if name == "fused":
        return x, y, x
    if name in ("tanh_backward", "sigmoid_backward"):
        return x.copy(), y.copy()
    rows, others = (np.ascontiguousarray(a).reshape(-1, a.shape[-1]) for a in (x, y))
    if name == "row_sums":
        return rows[None], (None, others[None])[number % 2], number % 4 == 1
    if name == "column_dots":
        return rows, others
    if name == "moments":
        return (rows,)
    if name == "added_rows":
        return np.ascontiguousarray(x), np.arange(len(x)) * (number + 1) % 7, 7
    return (rows[:, None] if name == "channel_moments" else x.reshape(-1)[:50].copy(),)


@pytest.mark.skipif(not IN_C, reason="the kernels in C were not compiled")
def test_kernels_in_c_and_numpys_have_the_same_bits() -> None:
    """On views of any strides, with nan and infinity among them."""
    chosen(True)
    draw = np.random.default_rng(0)
    for number in range(300):
        dims = int(draw.integers(1, 5))
        shape = tuple(int(n) for n in draw.integers(1, {1: 3000, 2: 120, 3: 24, 4: 9}[dims], dims))
        x, y = (draw.standard_normal(shape) * 9).astype(np.float32), draw.standard_normal(shape).astype(np.float32)
        if number % 10 == 0:
            x.reshape(-1)[draw.integers(0, x.size)] = draw.choice([np.nan, np.inf, -np.inf])
        if number % 3 == 0:
            x, y = np.broadcast_to(x[:1], shape).T, y.T
        if number % 4 == 0:
            apart = tuple(slice(None, None, int(step)) for step in draw.choice([1, 2], dims))
            x, y = x[apart], y[apart]
        axis = int(draw.integers(0, dims))
        for native in [n for n in compiled.NATIVE if ".kernels." in n.plain.__module__]:
            if (native.writes and native.alike) or native.name in ("windows", "put"):
                continue  # of images: tests/test_images.py
            if native.name in ("moments", "channel_moments", "column_dots") and number % 6:
                continue  # NumPy's kernels of these take long
            given = given_to(native.name, x, y, axis, number)
            with np.errstate(all="ignore"):
                by_numpy, in_c = native.plain(*given), native.function(*given)
            assert in_c.dtype == by_numpy.dtype and np.array_equal(in_c, by_numpy, equal_nan=True), (
                native.name,
                number,
            )


def test_kernels_in_c_that_give_other_bits_are_not_used(monkeypatch: pytest.MonkeyPatch) -> None:
    """For whatever reason: a version of NumPy, a compiler, a processor."""
    (native,) = [native for native in compiled.NATIVE if native.name == "summed"]
    for summed, agrees in ((native.plain, True), (lambda x, axis, keep: np.add.reduce(x, axis, keepdims=keep), False)):
        monkeypatch.setitem(sys.modules, "gradsh.engine.kernels.native", SimpleNamespace(summed=summed))
        monkeypatch.setattr("gradsh.engine.kernels.native", SimpleNamespace(summed=summed), raising=False)
        assert (native.load() is summed) == agrees


def test_a_kernel_that_fills_in_other_numbers_is_not_taken(monkeypatch: pytest.MonkeyPatch) -> None:
    # both fill in the same arrays, of which the second would be compared with itself
    def plain(x: Any, out: Any) -> Any:
        out[...] = x
        return out

    def other(x: Any, out: Any) -> Any:
        out[...] = x + 1
        return out

    monkeypatch.setattr(compiled, "library", lambda: SimpleNamespace(right=plain, wrong=other))
    monkeypatch.setattr(compiled, "NATIVE", [])
    for name, function in (("right", plain), ("wrong", None)):
        native = compiled.Native(name, plain, lambda: [(np.ones(3), np.zeros(3))], writes=(1,))
        assert native.load() is function


@pytest.mark.skipif(not IN_C, reason="the kernels in C were not compiled")
def test_rows_of_layer_norm_in_c_and_numpys_have_the_same_bits() -> None:
    draw = np.random.default_rng(0)
    (rows, back) = (next(n for n in compiled.NATIVE if n.name == name) for name in ("layer_rows", "layer_back"))
    for number in range(120):
        m, n = (int(size) for size in draw.integers(1, (30, 300)))
        dtype = (np.float32, np.float64)[number % 2]
        x, g = (draw.standard_normal((2, m, n)) * 3 + 1).astype(dtype)
        weight, bias = (v if number // 2 % 4 & bit else None for bit, v in ((1, x[0] + 1), (2, g[0])))
        if number % 10 == 9:
            x[0, 0] = np.inf
        outs: list[Any] = []
        for function in (rows.plain, rows.load()):
            mean, inverse, out = np.empty(m, dtype), np.empty(m, dtype), np.empty((m, n), dtype)
            with np.errstate(all="ignore"):
                assert function(x, weight, bias, 1e-5, mean, inverse, out) is not None
            outs.append((mean, inverse, out))
        for function in (back.plain, back.load()):
            for dx, dw in ((True, True), (True, False), (False, True)):
                filled = np.empty((m, n), dtype) if dx else None, np.empty(n, dtype) if dw else None
                with np.errstate(all="ignore"):
                    assert function(g, x, *outs[0][:2], weight, *filled) is not None
                outs.append(filled)
        for one, two in ((outs[0], outs[1]), *zip(outs[2:5], outs[5:], strict=True)):
            for a, b in zip(one, two, strict=True):
                assert (a is None and b is None) or np.array_equal(a, b, equal_nan=True), (number, m, n)
