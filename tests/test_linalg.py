"""Derivatives that differences on free matrices cannot see: of symmetric matrices, and where there is no inverse."""

from __future__ import annotations

import numpy as np
import pytest

from gradsh.engine.autograd.backward import run_backward, run_grad
from gradsh.engine.core.namespaces import T
from gradsh.engine.core.tensor import Tensor, leaf, make
from gradsh.engine.gradcheck import check, check_second
from gradsh.engine.ops.families import load_all

load_all()


def tensor(values: object) -> Tensor:
    return leaf(np.array(values, np.float64), True, None)


def matrix(*shape: int, seed: int = 3) -> Tensor:
    return leaf(np.random.default_rng(seed).normal(size=shape), True, None)


def symmetric(x: Tensor) -> Tensor:
    return T.add(x, T.transpose(x, -2, -1))


def positive(x: Tensor) -> Tensor:
    return T.add(T.matmul(x, T.transpose(x, -2, -1)), make(np.eye(x.data.shape[-1])))


SYMMETRIC = {
    "cholesky": lambda x: T.cholesky(positive(x)),
    "linalg.cholesky": lambda x: T.linalg_cholesky(positive(x)),
    "linalg.cholesky upper": lambda x: T.linalg_cholesky(positive(x), upper=True),
    "cholesky_solve": lambda x: T.cholesky_solve(x, T.linalg_cholesky(positive(x))),
    "cholesky_inverse": lambda x: T.cholesky_inverse(T.linalg_cholesky(positive(x))),
    "linalg.eigvalsh": lambda x: T.linalg_eigvalsh(symmetric(x)),
    # the sign of a vector is free, so its square
    "linalg.eigh": lambda x: T.mul(*(T.linalg_eigh(symmetric(x))[1],) * 2),
    "linalg.pinv hermitian": lambda x: T.linalg_pinv(positive(x), hermitian=True),
    "logdet": lambda x: T.logdet(positive(x)),
}


@pytest.mark.parametrize("name", SYMMETRIC)
@pytest.mark.parametrize("shape", [(3, 3), (2, 2, 2)])
def test_derivatives_on_symmetric_matrices(name, shape):
    x = matrix(*shape)
    with np.errstate(all="ignore"):
        check(SYMMETRIC[name], [x], {})
        check_second(SYMMETRIC[name], [x], {}, atol=1e-4)


@pytest.mark.parametrize(
    ("values", "cofactors"),
    [
        ([[1.0, 2.0], [2.0, 4.0]], [[4.0, -2.0], [-2.0, 1.0]]),
        ([[0.0, 0.0], [0.0, 0.0]], [[0.0, 0.0], [0.0, 0.0]]),
        ([[1.0, 0.0, 0.0], [0.0, 2.0, 0.0], [0.0, 0.0, 0.0]], [[0.0, 0.0, 0.0], [0.0, 0.0, 0.0], [0.0, 0.0, 2.0]]),
        ([[0.0]], [[1.0]]),
    ],
)
def test_det_of_a_singular_matrix_has_its_cofactors_as_gradient(values, cofactors):
    x = tensor(values)
    run_backward([T.det(x)], [None], None, False, None, None)
    assert x.grad is not None
    np.testing.assert_allclose(x.grad.data, cofactors, atol=1e-12)


def test_det_of_nearly_singular_matrices_keeps_its_precision():
    x = tensor([[1.0, 2.0, 3.0], [4.0, 5.0, 6.0], [7.0, 8.0, 9.0]])
    run_backward([T.det(x)], [None], None, False, None, None)
    assert x.grad is not None
    np.testing.assert_allclose(x.grad.data, [[-3.0, 6.0, -3.0], [6.0, -12.0, 6.0], [-3.0, 6.0, -3.0]], rtol=1e-9)


def test_third_derivative_of_det():
    x = matrix(3, 3)
    along = matrix(3, 3, seed=4)

    def second(y: Tensor) -> Tensor:
        (g,) = run_grad([T.det(y)], [y], [None], True, True, False, False, None)
        (h,) = run_grad([T.sum(T.mul(g, along))], [y], [None], True, True, False, False, None)
        return h

    (third,) = run_grad([T.sum(T.mul(second(x), along))], [x], [None], True, False, False, False, None)
    step = 1e-5
    numbers = np.zeros((3, 3))
    for i in range(9):
        sides = []
        for sign in (step, -step):
            moved = x.data.copy()
            moved.flat[i] += sign
            sides.append((second(leaf(moved, True, None)).data * along.data).sum())
        numbers.flat[i] = (sides[0] - sides[1]) / (2 * step)
    np.testing.assert_allclose(third.data, numbers, rtol=1e-5, atol=1e-6)
