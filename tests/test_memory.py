"""A program never reaches memory outside of its arrays, nor the end of C's stack: it gets an error, not a signal."""

from __future__ import annotations

import io

import pytest

from gradsh import Session
from tests.conftest import Gradsh


def ran(gradsh: Gradsh, program: str) -> tuple[str, str]:
    """What a program prints and its error, from a process of its own, which no signal may end."""
    child = gradsh("-c", program)
    assert child.returncode in (0, 1), (child.returncode, child.stderr)
    return child.stdout.strip(), child.stderr.partition("\n")[0]


def shown(program: str) -> str:
    """What a program that stays inside of its arrays prints, here."""
    out = io.StringIO()
    Session(out=out, err=out).run(program)
    return out.getvalue().strip()


# --- as_strided ------------------------------------------------------------------------------------------------------

OUTSIDE = {
    "ones(1000).as_strided((900,), (1,), -10).fill_(7.0)": "Tensor: invalid storage offset -10",
    "ones(1000000).as_strided((900000,), (1,), -900000).fill_(7.0)": "Tensor: invalid storage offset -900000",
    "ones(10).as_strided((9,), (1,), 2)": "setStorage: sizes [9], strides [1], storage offset 2, and itemsize 4 "
    "requiring a storage size of 44 are out of bounds for storage of size 40",
    "ones(10).as_strided((), (), 20)": "setStorage: sizes [], strides [], storage offset 20, and itemsize 4 "
    "requiring a storage size of 84 are out of bounds for storage of size 40",
    "arange(10.)[5:].as_strided((7,), (1,))": "setStorage: sizes [7], strides [1], storage offset 5, and itemsize 4 "
    "requiring a storage size of 48 are out of bounds for storage of size 40",
    "tensor(1.).expand(5).as_strided((2,), (1,))": "setStorage: sizes [2], strides [1], storage offset 0, and "
    "itemsize 4 requiring a storage size of 8 are out of bounds for storage of size 4",
    "ones(3).as_strided((2,), (-1,), 1)": "as_strided: Negative strides are not supported at the moment, got "
    "strides: [-1]",
    "ones(3).as_strided((-2,), (1,))": "Storage size calculation overflowed with sizes=[-2] and strides=[1]",
    "ones(3).as_strided((2,), (2**62,))": "Storage size calculation overflowed with sizes=[2] and "
    "strides=[4611686018427387904]",
    # an offset and a stride that would be 0 in 64 bits
    "ones(3).as_strided((5,), (2**62,)).fill_(7.0)": "Storage size calculation overflowed with sizes=[5] and "
    "strides=[4611686018427387904]",
    "ones(3).as_strided((2**40, 2**40), (2**40, 1))": "Storage size calculation overflowed with "
    "sizes=[1099511627776, 1099511627776] and strides=[1099511627776, 1]",
    "ones(3).as_strided((2,), (1,), 2**62)": "Storage size calculation overflowed with sizes=[2] and strides=[1]",
    "ones(3).as_strided((2,), (1,), 2**70)": "Overflow when unpacking long long",
    "ones(3).as_strided((2, 2), (1,))": "mismatch in length of strides and shape",
}


@pytest.mark.parametrize("program", OUTSIDE)
def test_strides_that_lead_outside_are_refused(gradsh: Gradsh, program: str) -> None:
    _, error = ran(gradsh, program)
    assert error.endswith(OUTSIDE[program])


INSIDE = {
    "arange(10.)[5:].as_strided((2,), (1,), 0)": "tensor([0., 1.])",
    "arange(10.)[5:].as_strided((2,), (1,))": "tensor([5., 6.])",
    "arange(10.)[5:].detach().as_strided((2,), (1,), 0)": "tensor([0., 1.])",
    "arange(10.)[2:][3:].as_strided((2,), (1,))": "tensor([5., 6.])",
    "arange(12.).reshape(3, 4)[1].as_strided((2, 2), (4, 1), 0)": "tensor([[0., 1.],\n        [4., 5.]])",
    "arange(6.).reshape(2, 3).T.as_strided((3, 2), (2, 1))": "tensor([[0., 1.],\n        [2., 3.],\n        [4., 5.]])",
    "ones(3).as_strided((1,), (2**62,))": "tensor([1.])",
    "ones(3).as_strided((0,), (1,), 20)": "tensor([])",
    "ones(3, dtype=float64).view(float32)[1:].as_strided((2,), (2,), 1)": "tensor([1.8750, 1.8750])",
    "arange(10.)[5:].detach().storage_offset()": "5",
    # a sample inside vmap is as if it had its memory for itself
    "vmap(fn(v) = v.as_strided((2,), (1,), 1))(arange(6.).reshape(2, 3))": "tensor([[1., 2.],\n        [4., 5.]])",
}


@pytest.mark.parametrize("program", INSIDE)
def test_offsets_count_from_where_the_memory_begins(program: str) -> None:
    assert shown(program) == INSIDE[program]


GRADIENTS = {
    "let x = tensor([[1., 2., 3.], [4., 5., 6.]]).T.contiguous().T.requires_grad_()\n"
    "x.as_strided((2, 2), (1, 1), 1).sum().backward(); x.grad": "tensor([[0., 2., 0.],\n        [1., 1., 0.]])",
    # elements that lie in one place share its gradient
    "let x = ones(2, grad); x.expand(3, 2).as_strided((2,), (1,)).sum().backward(); x.grad": "tensor([1., 1.])",
    # what lies outside of the tensor itself has no gradient
    "let x = arange(6., grad)\nx[3:].as_strided((2,), (1,), 2).sum().backward(); x.grad": (
        "tensor([0., 0., 0., 1., 0., 0.])"
    ),
    "let x = arange(6., grad); let y = x * 1\ny[3:].as_strided((2,), (1,), 1).mul_(5); y.sum().backward(); x.grad": (
        "tensor([1., 5., 5., 1., 1., 1.])"
    ),
    "let x = rand(3, 3, dtype=float64, grad)\n"
    "gradgradcheck(fn(x) = x[1:].T.as_strided((2, 2), (1, 3), 4)**2, (x,))": "True",
    "let x = arange(6.).reshape(2, 3)\n"
    "jvp(fn(x) = x.T.as_strided((2, 2), (1, 1), 1), x, x.T.contiguous().T)[1]": "tensor([[1., 2.],\n        [2., 3.]])",
}


@pytest.mark.parametrize("program", GRADIENTS)
def test_derivatives_of_strides(program: str) -> None:
    assert shown(program).endswith(GRADIENTS[program])


# --- `.data =` of another size or dtype ------------------------------------------------------------------------------

A = "let w = ones(4, grad); let x = w * 1; "
B = "let w = ones(100, grad); let x = w * 1; let v = x[50:]; "
RESIZED = {
    B
    + "v.mul_(2); x.data = ones(2); x.sum().backward()": "Function SumBackward0 returned an invalid gradient at index "
    "0 - got [2] but expected shape compatible with [100]",
    B
    + "v.mul_(2); x.data = ones(2); (x * x).sum().backward()": "Function MulBackward0 returned an invalid gradient at "
    "index 0 - got [2] but expected shape compatible with [100]",
    B
    + "x.data = ones(2); v.mul_(2); v.sum().backward()": "setStorage: sizes [50], strides [1], storage offset 50, and "
    "itemsize 4 requiring a storage size of 400 are out of bounds for storage of size 8",
    A + "x.data = ones(2); x.exp_(); x.sum().backward()": "Function ExpBackward0 returned an invalid gradient at index "
    "0 - got [2] but expected shape compatible with [4]",
    A + "x.data = ones(2, 2); x.sum().backward()": "Function SumBackward0 returned an invalid gradient at index "
    "0 - got [2, 2] but expected shape compatible with [4]",
    A + "x.data = ones(2); x.backward(ones(2))": "invalid gradient at index 0 - got [2] but expected shape compatible "
    "with [4]",
    A
    + "let y = (x * x).sum(); x.data = ones(2); y.backward()": "The size of tensor a (4) must match the size of tensor "
    "b (2) at non-singleton dimension 0",
    "let w = ones(4, grad); let y = (w * w).sum(); w.data = ones(2); y.backward()": "The size of tensor a (4) must "
    "match the size of tensor b (2) at non-singleton dimension 0",
    "let w = ones(4, grad); w.sum().backward(); w.data = ones(2); w.sum().backward()": "The size of tensor a (4) must "
    "match the size of tensor b (2) at non-singleton dimension 0",
    "let w = ones(2, 3, grad); let x = w.cos(); no_grad { x.t_(); }; x.sum().backward()": "Function SumBackward0 "
    "returned an invalid gradient at index 0 - got [3, 2] but expected shape compatible with [2, 3]",
    "let w = ones(1, grad); w.sum().backward(); w.data = ones(4); w.sum().backward()": "output with shape [1] doesn't "
    "match the broadcast shape [4]",
}


@pytest.mark.parametrize("program", RESIZED)
def test_data_of_another_size(gradsh: Gradsh, program: str) -> None:
    _, error = ran(gradsh, program)
    assert error.endswith(RESIZED[program])


EXPECTED = {
    # what nobody saved does not matter; gradients have the dtype of the graph
    "let w = ones(4, grad); let y = (w * 2).sum(); w.data = ones(2); y.backward(); w.grad": "tensor([2., 2., 2., 2.])",
    "let w = ones(1, grad); let x = w * 1; x.data = ones(4); x.sum().backward(); w.grad": "tensor([4.])",
    "let w = ones(2, grad); let y = (w * w).sum(); w.data = ones(2, dtype=float64); y.backward(); w.grad": (
        "tensor([2., 2.])"
    ),
    "let w = ones(2, grad); let x = w * 1; no_grad { x.unsqueeze_(0); }; x.sum().backward(); w.grad": (
        "tensor([1., 1.])"
    ),
    "let w = ones(2, grad); let x = (w * 1).mean(); x.data = ones(2); x.clone().sum().backward(); w.grad": (
        "tensor([1., 1.])"
    ),
    "let w = ones(2, 1, grad); no_grad { w.t_(); }; w.sum().backward(); w.grad": "tensor([[1., 1.]])",
    "let w = ones(2, grad); w.data = ones(2, dtype=float64); (w * w).sum().backward(); w.grad": (
        "tensor([2., 2.], dtype=float64)"
    ),
    "let w = ones(2, grad); let x = w * 1; x.data = ones(2, dtype=float64); (x * x).sum().backward(); w.grad": (
        "tensor([2., 2.])"
    ),
}


@pytest.mark.parametrize("program", EXPECTED)
def test_gradients_after_data_of_another_form(program: str) -> None:
    assert shown(program) == EXPECTED[program]


# --- keys ------------------------------------------------------------------------------------------------------------

DEEP = "let d = {1: 2}; let x = (); repeat 1000000 { x = (x,) }; "
HASHED = [
    "{x: 1}",
    "d.get(x)",
    "d[x]",
    "d[x] = 3",
    "d[x] += 3",
    "d[1, x]",
    "d[(x,)]",
    "d[x + (1,)]",
    "x in d",
    "(1, x) not in d",
    "x in d.keys()",
    "dict([[x, 1]])",
    "dict(zip([x], [1]))",
    "fn f() { return x }; {f(): 1}",
    "d[[x][0]]",
    "[d[k] for k in [x]]",
]


@pytest.mark.parametrize("use", HASHED)
def test_deep_tuples_are_no_keys(gradsh: Gradsh, use: str) -> None:
    _, error = ran(gradsh, DEEP + use)
    assert error == "error[E0901]: a key may have tuples in tuples 200 deep at most"


def test_a_deep_tuple_is_no_dtype(gradsh: Gradsh) -> None:
    _, error = ran(gradsh, DEEP + "ones(2, dtype=x)")
    assert error == "error[E0306]: ones(): argument 'dtype' must be torch.dtype, not tuple"


def test_tuples_are_keys(gradsh: Gradsh) -> None:
    program = (
        "let x = (1, (2, 3)); let d = {x: 1}; d[x] += 1; d[(x, 1)] = 5; print(d, x in d, d.get(x), dict([[x, 1]]))"
    )
    said, error = ran(gradsh, program)
    assert (said, error) == ("{(1, (2, 3)): 2, ((1, (2, 3)), 1): 5} True 2 {(1, (2, 3)): 1}", "")
