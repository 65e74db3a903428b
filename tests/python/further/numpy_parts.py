"""NumPy's testing, typing, polynomials, structured arrays, files, streams and errors."""

import numpy as np
import torch
import torch.nn as nn

print("--- nptest")
import numpy.testing as npt
from numpy.lib.stride_tricks import sliding_window_view
import numpy.typing as npt2
from numpy.typing import NDArray
def f(x: NDArray) -> npt2.ArrayLike: return x
np.testing.assert_allclose([1., 2.], [1., 2.0000000001]); npt.assert_array_equal([1], [1])
try: np.testing.assert_allclose(np.array([1., 2.]), np.array([1., 2.5]), rtol=1e-3)
except AssertionError as e: print(e)
print(sliding_window_view(np.arange(5), 3), f(np.arange(2)))
npt.assert_allclose(torch.ones(2), np.ones(2))

print("--- poly")
from numpy.polynomial import Polynomial
p = Polynomial([1, 2, 3]); print(p(2.0), p.deriv(), p.coef, p.degree(), repr(p)); print(np.polynomial.polynomial.polyval(2.0, [1, 2, 3]))
print(np.polyfit([0., 1, 2], [1., 3, 7], 2).round(3), np.poly1d([1, 2, 3])(2), np.poly1d([1, 2, 3]))

print("--- npfuncs")
print(np.percentile([1, 2, 3, 4], 50), np.histogram([1, 2, 1], bins=2), np.interp(2.5, [1, 2, 3], [3, 2, 0]), np.trapezoid([1, 2, 3]), np.digitize([0.5, 1.5], [0, 1, 2]), np.bincount([0, 1, 1]), np.cov([1., 2, 3]), np.gradient([1., 4, 9]))
a = np.arange(6).reshape(2, 3); print(np.array_split(a, 2), np.pad(a, 1), np.roll(a, 1), np.rot90(a), np.flip(a, 1), np.tile(a, (1, 2)), np.repeat(a, 2), np.take(a, [0, 1]), np.argsort([3, 1, 2]), np.argwhere(a > 2), np.nonzero(a), np.unique([1, 1, 2], return_counts=True), np.einsum('ij->i', a), np.kron([1, 2], [1, 1]), np.outer([1, 2], [3, 4]), np.triu(a), np.eye(2), np.diag([1, 2]), np.isclose(1, 1.0000001), np.allclose(a, a), np.nanmean([1, np.nan]), np.count_nonzero(a))
print(np.random.default_rng(0).normal(size=2), np.random.default_rng(1).integers(0, 5, 3), np.random.default_rng(2).choice(5, 3, replace=False), np.random.default_rng(3).permutation(4))
rng = np.random.RandomState(0); print(rng.randn(2), rng.randint(0, 5, 3), rng.choice(3), rng.permutation(3))
np.random.seed(1); print(np.random.rand(2), np.random.randn(1), np.random.uniform(0, 1, 2), np.random.choice([1, 2, 3], 2), np.random.multivariate_normal([0, 0], [[1, 0], [0, 1]]), np.random.normal(0, 1, (1, 2)))

print("--- npstruct")
d = np.dtype([('a', 'i4'), ('b', 'f8')]); x = np.array([(1, 2.5), (3, 4.5)], dtype=d); print(x, x['a'], x.dtype, x.dtype.names, x[0])
print(np.array(['a', 'bc']), np.array([1, 'a']), np.array([True, False]), np.array([1+2j]), np.array([None, 1]), np.datetime64('2020-01-01'), np.array([1e10, 1e-5]), np.float32(1.5), repr(np.float32(1.5)), repr(np.int64(3)), [np.float64(1.5)], np.bool_(True), repr(np.arange(3, dtype=np.int8)))
print(np.array2string(np.arange(3.), precision=2), np.set_printoptions(precision=3), np.array([1.23456]), np.finfo(np.float32).eps, np.iinfo(np.int8).max, np.arange(2000))

print("--- npio")
import io, tempfile, os
b = io.BytesIO(); np.save(b, np.arange(3)); b.seek(0); print(np.load(b)); b = io.BytesIO(); np.savez(b, a=np.ones(2), b=np.zeros(1)); b.seek(0); z = np.load(b); print(z.files, z['a'])
with tempfile.TemporaryDirectory() as d:
    np.save(os.path.join(d, 'x.npy'), np.eye(2)); print(np.load(os.path.join(d, 'x.npy'))); np.savez_compressed(os.path.join(d, 'y'), q=np.ones(1)); print(np.load(os.path.join(d, 'y.npz'))['q']); np.savetxt(os.path.join(d, 't.txt'), np.eye(2), fmt='%.1f', delimiter=','); print(open(os.path.join(d, 't.txt')).read(), np.loadtxt(os.path.join(d, 't.txt'), delimiter=','))

print("--- nperr")
for f in (lambda: np.ones(2) + np.ones(3), lambda: np.ones((2,3)) @ np.ones((2,3)), lambda: np.ones(3).reshape(2, 2), lambda: np.ones(2)[5], lambda: np.concatenate([np.ones((1,2)), np.ones((1,3))]), lambda: np.linalg.inv(np.zeros((2,2))), lambda: np.array([[1,2],[3]]), lambda: np.ones(2).foo, lambda: np.foo, lambda: np.stack([np.ones(1), np.ones(2)]), lambda: np.ones(3)[np.array([True, False])], lambda: np.zeros(2, dtype='q9'), lambda: int(np.ones(2)), lambda: bool(np.ones(2))):
    try: f()
    except Exception as e: print(type(e).__name__, e)

print("--- npctx")
with np.errstate(divide='ignore', invalid='ignore'): print(np.array([1., 0.]) / 0)
with np.printoptions(precision=2, suppress=True): print(np.array([1.23456, 1e-9]))
print(np.vectorize(lambda x: x + 1)(np.arange(3)), np.apply_along_axis(lambda r: r.sum(), 1, np.ones((2, 2))), np.frompyfunc(lambda a: a * 2, 1, 1)(np.arange(2)), np.piecewise(np.arange(3.), [np.arange(3.) > 1], [lambda x: x * 2, 0]), np.select([np.arange(3) > 1], [np.arange(3)], -1), np.fromiter((i for i in range(3)), dtype=float), np.fromfunction(lambda i, j: i + j, (2, 2)), np.ndenumerate, list(np.ndindex(2, 1)), np.mgrid[0:2, 0:2].shape, np.ogrid[0:2][0], np.r_[1, 2:4], np.c_[[1, 2], [3, 4]], np.ix_([0, 1], [0]), np.s_[1:2])
a = np.arange(4); it = np.nditer(a); print([int(x) for x in it], a.tobytes()[:4], a.flags.c_contiguous, a.itemsize, a.nbytes, a.strides, a.T)
