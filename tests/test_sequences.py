"""Packed sequences, copies of models, and what else takes several names at once; values are PyTorch's of seed 0."""

from __future__ import annotations

import io

import pytest

import gradsh


def printed(program: str) -> str:
    out, err = io.StringIO(), io.StringIO()
    assert gradsh.Session(out=out, err=err).run(program).ok, err.getvalue()
    return out.getvalue()


def test_packed_sequences_are_padded_and_unpacked_again() -> None:
    program = """
    let x = arange(12.).view(3, 2, 2)
    let p = nn.utils.rnn.pack_padded_sequence(x, tensor([1, 3]), enforce_sorted=false)
    print p.batch_sizes, p.sorted_indices, p.data[0], isinstance(p, PackedSequence)
    print pad_packed_sequence(p, batch_first, padding_value=-1., total_length=4)[0][0]
    print unpack_sequence(p)[0], p.double().data.dtype
    """
    assert printed(program) == (
        "tensor([2, 1, 1]) tensor([1, 0]) tensor([2., 3.]) True\n"
        "tensor([[ 0.,  1.],\n        [-1., -1.],\n        [-1., -1.],\n        [-1., -1.]])\n"
        "tensor([[0., 1.]]) float64\n"
    )


def test_a_packed_sequence_runs_as_each_of_its_sequences() -> None:
    program = """
    let x = randn(5, 3, 2, dtype=float64)
    let lengths = [2, 5, 1]
    let nets = [LSTM(2, 3, 2, bidirectional, dtype=float64), GRU(2, 3, dtype=float64)]
    for net in [*nets, RNN(2, 3, bidirectional, dtype=float64)] {
        let out, _ = net(pack_padded_sequence(x, lengths, enforce_sorted=false))
        let all = pad_packed_sequence(out)[0]
        for i, n in enumerate(lengths) {
            print allclose(all[:n, i], net(x[:n, i:i + 1])[0][:, 0]), all[n:, i].sum().item()
        }
    }
    """
    assert printed(program) == "True 0.0\n" * 9


@pytest.mark.parametrize(
    ("program", "words"),
    [
        (
            "pack_padded_sequence(ones(3, 2), [1, 3])",
            "must be sorted in decreasing order when `enforce_sorted` is True",
        ),
        ("pack_padded_sequence(ones(3, 2), [3, 0])", "Length of all samples has to be greater than 0"),
        ("pack_padded_sequence(ones(3, 2), [3])", "to be equal to batch_size, but got 1 (batch_size=2)"),
        ("pack_padded_sequence(ones(3, 2), [9, 1])", "at most 3 steps"),
        ("pad_packed_sequence(ones(3))", "'Tensor' object has no attribute 'batch_sizes'"),
        ("pad_sequence([])", "received an empty list of sequences"),
        ("LSTM(3, 2)(pack_sequence([ones(2, 4)]))", "Expected 3, got 4"),
        ("max_unpool2d(ones(1, 1, 2, 2), full((1, 1, 2, 2), 99), 2)", "Found an invalid max index: 99 (output volumes"),
        (
            "deepcopy(ones(2, grad) * 2)",
            "Only Tensors created explicitly by the user (graph leaves) support the deepcopy",
        ),
    ],
)
def test_refusals(program: str, words: str) -> None:
    result = gradsh.Session(out=io.StringIO(), err=io.StringIO()).run(program)
    assert not result.ok
    assert words in result.errors[0].message


def test_a_copy_of_a_model_shares_nothing_with_it() -> None:
    program = """
    model Net(n) {
        let a = Linear(n, n)
        let again = a
        let calls = 0
        fn count() { self.calls = calls + 1 }
        forward(x) { count(); return again(a(x)) }
    }
    let net = Net(2)
    let other = deepcopy(net)
    zeros_(other.a.weight)
    other(ones(2));
    print net.calls, other.calls, other.a is other.again, other.a is net.a, bool((net.a.weight == 0).all())
    print [name for name, _ in other.named_parameters()]
    let pair = deepcopy({"w": net.a.weight, "all": [net.a.weight, 1]})
    print pair["w"] is pair["all"][0], pair["w"] is net.a.weight, pair["w"].requires_grad
    """
    assert printed(program) == "0 1 True False False\n['a.weight', 'a.bias']\nTrue False True\n"


SMALL = [
    ("gcd(tensor([0, -4, 6]), tensor([0, 0, 9]))", "tensor([0, 4, 3])"),
    ("lcm(tensor([-6, 0]), tensor([4, 0]))", "tensor([12,  0])"),
    ("isin(tensor([[1, 2], [3, 4]]), tensor([2., 3.])).tolist()", "[[False, True], [True, False]]"),
    ("isin(2, tensor([1, 3]))", "tensor(False)"),
    ("isin(tensor([nan]), tensor([nan])), isin(tensor([1., 2.]), 2, invert)", "tensor([False]) tensor([ True, False])"),
    ("unravel_index(tensor([7, 12, -1]), (3, 4))", "(tensor([1, 0, 2]), tensor([3, 0, 3]))"),
    ("scalar_tensor(3), scalar_tensor(true, dtype=int64)", "tensor(3.) tensor(1)"),
]


@pytest.mark.parametrize(("program", "wanted"), SMALL)
def test_prints_what_pytorch_prints(program: str, wanted: str) -> None:
    assert printed(f"print {program}") == wanted + "\n"


def test_gumbel_softmax_draws_as_pytorch() -> None:
    program = """
    manual_seed(0)
    let logits = randn(2, 3, grad)
    print gumbel_softmax(logits)
    print gumbel_softmax(logits, tau=0.5, hard, dim=0)
    """
    assert printed(program) == (
        "tensor([[0.9275, 0.0674, 0.0051],\n        [0.7394, 0.0798, 0.1807]], grad_fn=<SoftmaxBackward0>)\n"
        "tensor([[1., 1., 0.],\n        [0., 0., 1.]], grad_fn=<AddBackward0>)\n"
    )
