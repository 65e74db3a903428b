"""Convolution, pooling and batch norm in C: the bits of NumPy's kernels, on images of all shapes and layouts."""

from __future__ import annotations

import importlib.util
from typing import Any

import numpy as np
import pytest

from gradsh.engine.kernels import batch, compiled, convolution, pooling
from gradsh.engine.ops.elementwise.masks import where_over_zero
from tests.chosen import chosen, chosen_again  # noqa: F401 - a fixture

pytestmark = pytest.mark.skipif(
    importlib.util.find_spec("gradsh.engine.kernels.native") is None, reason="there are no kernels in C"
)
ODD = (np.nan, np.inf, -np.inf, -0.0, 0.0)


def both(compute: Any) -> tuple[Any, Any]:
    """What it gives with NumPy's kernels, and with those in C."""
    results = []
    for in_c in (False, True):
        chosen(in_c)
        with np.errstate(all="ignore"):
            results.append(compute())
    return results[0], results[1]


def agree(compute: Any, what: Any) -> None:
    plain, fast = both(compute)
    assert len(plain) == len(fast)
    for a, b in zip(plain, fast, strict=True):
        for each in (a, b):
            if each is not None and each.dtype.kind == "f":
                each[np.isnan(each)] = np.nan  # which of two nans a sum has is the compiler's
        assert (a is None) == (b is None) and (a is None or compiled.same(a, b)), what


def images(r: Any, dtype: Any, shape: tuple[int, ...]) -> Any:
    """Numbers, some of them odd, in one of the layouts that a program can give them."""
    size = int(np.prod(shape))
    x = r.standard_normal(size).astype(dtype)
    if r.random() < 0.5 and size:
        x[r.integers(0, size, max(1, size // 9))] = r.choice(ODD, max(1, size // 9)).astype(dtype)
    x = x.reshape(shape)
    layout = r.integers(0, 6)
    if layout == 0:  # another dim lies side by side
        return np.moveaxis(np.ascontiguousarray(np.moveaxis(x, 1, -1)), -1, 1)
    if layout == 1:  # a part of a larger one
        return np.repeat(np.repeat(x, 2, 1), 2, 0)[::2, 1::2]
    if layout == 2:  # from its end to its beginning
        return x[::-1, ::-1]
    return x


def test_convolutions_have_the_same_bits() -> None:
    r = np.random.default_rng(0)
    for turn in range(300):
        dims = int(r.integers(1, 4)) if turn % 10 == 0 else int(r.integers(1, 3))
        dtype = (np.float32, np.float32, np.float64, np.float16)[turn % 4]
        each: Any = lambda low, high: tuple(int(k) for k in r.integers(low, high, dims))  # noqa: B023, E731
        kernel, stride, padding, dilation = each(1, 5), each(1, 4), each(0, 4), each(1, 4)
        groups = int(r.integers(1, 4))
        n, size = int(r.choice((0, 1, 2, 3, 8, 9))), each(1, 12 if dims < 3 else 5)
        how = (stride, padding, dilation, groups)
        places = convolution.count(size, kernel, how)
        if min(places) < 1:
            continue
        x = images(r, dtype, (n, groups * int(r.integers(1, 4)), *size))
        weight = r.standard_normal((groups * int(r.integers(1, 3)), x.shape[1] // groups, *kernel)).astype(dtype)
        g = images(r, dtype, (n, len(weight), *places))
        bias = r.standard_normal(len(weight)).astype(dtype)

        def compute(x: Any = x, weight: Any = weight, bias: Any = bias, g: Any = g, how: Any = how) -> Any:
            return (
                convolution.forward(x, weight, bias, how),
                convolution.backward_weight(g, x, weight.shape[2:], how),
                convolution.backward_input(g, weight, None, x.shape[2:], how),
            )

        agree(compute, (dtype, x.shape, x.strides, weight.shape, how))


def test_largest_of_windows_have_the_same_bits() -> None:
    r = np.random.default_rng(2)
    for turn in range(300):
        dims = int(r.integers(1, 4))
        dtype = (np.float32, np.float32, np.float64, np.float16)[turn % 4]
        size, kernel = (tuple(int(k) for k in r.integers(1, high, dims)) for high in ((40, 14, 6)[dims - 1], 5))
        stride, dilation = (tuple(int(k) for k in r.integers(1, high, dims)) for high in (4, 4))
        padding = tuple(int(r.integers(0, k // 2 + 1)) for k in kernel)
        out = convolution.count(size, kernel, (stride, padding, dilation))
        if turn % 3 == 0:  # over the end
            ahead = tuple(m + 1 for m in out)
            begins = ((m - 1) * s < n + p for m, s, n, p in zip(ahead, stride, size, padding, strict=True))
            out = ahead if all(begins) else out
        if min(out) < 1:
            continue
        x = np.rint(images(r, dtype, (int(r.integers(1, 4)), int(r.integers(1, 4)), *size)))

        def compute(x: Any = x, how: Any = (kernel, stride, padding, dilation, out)) -> Any:
            values, index = pooling.largest(x, *how)
            flat = index.reshape(x.shape[0] * x.shape[1], -1)
            g = np.sin(np.arange(index.size)).astype(x.dtype).reshape(flat.shape)
            back = pooling.put(g, flat, int(np.prod(x.shape[2:]))) if x.dtype != np.float16 else g
            return values, index, back

        agree(compute, (dtype, x.shape, x.strides, kernel, stride, padding, dilation, out))


def test_of_nans_the_last_counts_and_zeros_keep_their_sign() -> None:
    """As in PyTorch, whose loop takes what is larger, or nan."""
    nan = np.nan
    for x, value, index in (
        ([nan, nan], nan, 1),
        ([nan, 1.0], nan, 0),
        ([-0.0, 0.0], -0.0, 0),
        ([0.0, -0.0], 0.0, 0),
    ):
        for dtype in (np.float16, np.float32):
            given = np.array(x, dtype).reshape(1, 1, 2)
            for values, at in both(lambda given=given: pooling.largest(given, (2,), (2,), (0,), (1,), (1,))):  # type: ignore[misc]
                assert at.item() == index
                assert np.array_equal(values.item(), value, equal_nan=True)
                assert np.signbit(values.item()) == np.signbit(value)


def test_windows_that_do_not_fit_are_left_to_numpy() -> None:
    from gradsh.engine.kernels import native

    x = np.ones((1, 1, 5, 4), np.float32)
    good = ((2, 2), (2, 2), (0, 0), (1, 1), (2, 2))
    assert native.windows(x, *good) is not None
    for at, wrong in enumerate(((0, 2), (2, 0), (-1, 0), (0, 1), (5, 2))):
        for bad in (wrong, (2,), [2, 2], (2.0, 2), (1 << 62, 2)):
            assert native.windows(x, *good[:at], bad, *good[at + 1 :]) is None
    assert native.windows(x, (2, 2), (1, 1), (5, 5), (1, 1), (2, 2)) is None  # padding alone
    g, at = np.ones((2, 3), np.float32), np.zeros((2, 3), np.int64)
    assert native.put(g, at, 4) is not None
    for where, plane in ((at - 1, 4), (at + 4, 4), (at, 0), (at, -1), (at[:1], 4), (at[:, ::-1], 4), (at, 4.0)):
        assert native.put(g, where, plane) is None


def test_gradients_of_relu_have_the_same_bits() -> None:
    r = np.random.default_rng(3)
    for turn in range(60):
        dtype = (np.float32, np.float64, np.float16)[turn % 3]
        shape = tuple(int(n) for n in r.choice((1, 7, 40, 300), 3)) if turn else (0, 3, 1)
        g, x = images(r, dtype, shape), images(r, dtype, shape)
        agree(lambda g=g, x=x: [where_over_zero(g, x)], (dtype, shape, g.strides, x.strides))  # type: ignore[misc]


def test_batch_norms_have_the_same_bits() -> None:
    r = np.random.default_rng(1)
    for turn in range(300):
        dtype = (np.float32, np.float32, np.float64)[turn % 3]
        shape = int(r.integers(1, 5)), int(r.integers(1, 7)), int(r.choice((1, 2, 3, 7, 8, 9, 16, 31, 100)))
        x, g = images(r, dtype, shape), images(r, dtype, shape)
        g = np.ascontiguousarray(g)
        mean, inverse, factor = (r.standard_normal(shape[1]).astype(dtype) for _ in range(3))
        if turn % 4 == 0:
            mean[0], inverse[-1] = r.choice(ODD, 2)
        frozen, weighted, wanted = r.random(3) < 0.5

        def compute(
            x: Any = x, g: Any = g, of: Any = (mean, inverse, factor), how: Any = (frozen, weighted, wanted)
        ) -> Any:
            mean, inverse, factor = of
            frozen, weighted, wanted = map(bool, how)
            shifted, out = np.empty(x.shape, x.dtype), np.empty(x.shape, x.dtype) if wanted else None
            sums = np.zeros((2, x.shape[1]), x.dtype)
            batch.shifted(x, factor, mean, shifted)
            known = None if frozen and wanted and not weighted else mean
            batch.gradients(x, g, known, inverse, factor if weighted else None, frozen, out, sums)
            return shifted, out, sums, *([batch.channel_moments(x)] if x.shape[2] > 1 else [])

        agree(compute, (dtype, shape, x.strides, frozen, weighted, wanted))


def test_batches_that_do_not_fit_are_left_to_numpy() -> None:
    from gradsh.engine.kernels import native

    x, each, sums = np.ones((2, 3, 5), np.float32), np.ones(3, np.float32), np.ones((2, 3), np.float32)
    assert native.batch_shift(x, each, each, x.copy()) is not None
    assert native.batch_back(x, x, each, each, None, False, None, sums) is sums
    for wrong in (each[:2], each.astype(np.float64), np.ones(6, np.float32)[::2], np.ones((3, 1), np.float32), None):
        assert native.batch_shift(x, wrong, each, x.copy()) is None
        assert native.batch_back(x, x, each, wrong, None, False, None, sums) is None
    for other in (x[:1], x[:, :2], x[..., :4], x.astype(np.float64), x[..., ::-1], x[0], None):
        assert native.batch_shift(x, each, each, other) is None
        assert native.batch_back(x, other, each, each, None, False, None, sums) is None
        assert native.batch_back(x, x, each, each, None, False, other, sums) is None or other is None
    for other in (sums[:, :2], sums[:1], sums.astype(np.float64), None):
        assert native.batch_back(x, x, each, each, None, False, None, other) is None


def test_patches_that_do_not_fit_are_left_to_numpy() -> None:
    """Nothing is written beyond an array, whatever is said of it."""
    from gradsh.engine.kernels import native

    x = np.ones((2, 3, 5, 7), np.float32)
    how = ((2, 2), (4, 6), (1, 1), (0, 0), (1, 1))
    cols = np.zeros((3, 2, 2, 4, 6, 2), np.float32)
    assert native.patches(x, cols, *how) is cols
    assert native.added_patches(cols, np.empty_like(x), *how) is not None
    huge = 1 << 62
    for wrong in (
        (x, cols[:2], *how),
        (x, cols.astype(np.float64), *how),
        (x, cols[..., ::-1], *how),
        (x.astype(np.float16), cols, *how),
        (x[..., ::2], cols, *how),
        (x[0, 0], cols, *how),
        (x, cols, *how[:4]),
        (x, cols, *how[:4], (1, 0)),
        (x, cols, *how[:4], (1,)),
        (x, cols, (2, 2), (4, 6), (1, huge), *how[3:]),
        (x, cols, (2, 2), (huge, 6), *how[2:]),
        (x, cols, (2.0, 2), *how[1:]),
        (x, cols, [2, 2], *how[1:]),
        (x, cols, (1 << 30, 1 << 30), (1 << 30, 1 << 30), *how[2:]),
        (x, None, *how),
        (None, cols, *how),
    ):
        assert native.patches(*wrong) is None
    for given in ((x, cols), (x, x[..., :3]), (x[..., ::2], x), (x, None), (x,)):
        assert native.samples_last(*given) is None
        assert native.samples_first(*given[::-1]) is None
    still = np.empty((3, 5, 7, 2), np.float32)
    still.flags.writeable = False
    assert native.samples_last(x, still) is None
