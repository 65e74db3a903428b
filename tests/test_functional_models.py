"""Models as functions of their parameters, and the transforms that go with them: each program, and what it prints."""

from __future__ import annotations

import io

import pytest

import gradsh

CASES = {
    "other tensors for one call": (
        """
        let m = Linear(2, 1)
        let before = m.weight
        print functional_call(m, {"weight": ones(1, 2), "bias": zeros(1)}, ones(2)), m.weight is before
        print functional_call(m, ({"weight": ones(1, 2)}, {"bias": ones(1)}), none, {"input": ones(2)})
        """,
        "tensor([2.]) True\ntensor([3.])\n",
    ),
    "also where the model keeps them in lists": (
        """
        let l = LSTM(2, 3)
        let none_of_it = {k: zeros_like(v) for k, v in l.named_parameters()}
        print functional_call(l, none_of_it, ones(4, 2))[0].abs().sum().item(), l(ones(4, 2))[0].abs().sum().item() > 0
        let p = ParameterList([ones(2), ones(2)])
        try { functional_call(p, {"1": zeros(2)}) } catch e { print e }
        print p[1].sum().item()
        """,
        '0.0 True\nModule [ParameterList] is missing the required "forward" function\n2.0\n',
    ),
    "tied weights are one": (
        """
        model T() { let a = Linear(2, 2, bias=false); let b = a; forward(x) = b(a(x)) }
        print functional_call(T(), {"b.weight": eye(2) * 2}, ones(2))
        """,
        "tensor([4., 4.])\n",
    ),
    "what a call writes goes to what it was given": (
        """
        let b = BatchNorm1d(2)
        let d = {"running_mean": zeros(2)}
        functional_call(b, d, ones(3, 2));
        print d["running_mean"], b.running_mean, b.num_batches_tracked
        """,
        "tensor([0.1000, 0.1000]) tensor([0., 0.]) tensor(1)\n",
    ),
    "an ensemble": (
        """
        let nets = [Linear(2, 1) for _ in range(3)]
        let params, buffers = stack_module_state(nets)
        let all = vmap(fn(p, b, x) = functional_call(nets[0], (p, b), (x,)), (0, 0, none))(params, buffers, ones(2))
        print allclose(all, stack([net(ones(2)) for net in nets])), params["bias"].requires_grad, params["bias"].is_leaf
        """,
        "True True True\n",
    ),
    "gradients by a dict of parameters": (
        """
        let m = Linear(2, 1)
        print grad(fn(p) = functional_call(m, p, ones(2)).sum())({k: v for k, v in m.named_parameters()})
        """,
        "{'weight': tensor([[1., 1.]]), 'bias': tensor([1.])}\n",
    ),
    "a vector of parameters": (
        """
        let m = Linear(2, 1)
        print parameters_to_vector(m.parameters()).grad_fn
        vector_to_parameters(arange(3.), m.parameters())
        print m.weight, m.bias
        """,
        "<CatBackward0>\nParameter containing:\ntensor([[0., 1.]], requires_grad=True) "
        "Parameter containing:\ntensor([2.], requires_grad=True)\n",
    ),
    "a linear map": (
        """
        let out, push = linearize(fn(x, y) = {"a": x * y}, tensor([1., 2.]), tensor([3., 4.]))
        print out, push(ones(2), zeros(2)), push(ones(2), ones(2))
        """,
        "{'a': tensor([3., 8.])} {'a': tensor([3., 4.])} {'a': tensor([4., 6.])}\n",
    ),
    "a value beside": (
        """
        print jacrev(fn(x) = (x**2, x.sum()), has_aux, chunk_size=1)(ones(2))
        print jacfwd(fn(x) = (x.sum(), {"x": x}), has_aux)(ones(2))
        """,
        "(tensor([[2., 0.],\n        [0., 2.]]), tensor(2.))\n(tensor([1., 1.]), {'x': tensor([1., 1.])})\n",
    ),
}

REFUSED = [
    ('functional_call(Linear(2, 1), {"foo.bar": ones(2)}, ones(2))', "Linear has no attribute `foo`"),
    (
        'functional_call(Linear(2, 1), {"foo": ones(2)}, ones(2), strict)',
        "Error(s) in reparametrizing for Linear:\n\tUnexpected key(s): 'foo'.\n\tMissing key(s): 'bias', 'weight'.",
    ),
    ('functional_call(Linear(2, 1), {"weight": 3}, ones(2))', "3 is not an instance of torch.Tensor"),
    ("stack_module_state([])", "stack_module_state: Expected at least one model, got 0."),
    ("vector_to_parameters(arange(2.), Linear(2, 1).parameters())", "shape '[1]' is invalid for input of size 0"),
    ("jacrev(fn(x) = x, has_aux)(ones(2))", "output of function f should be a tuple: (output, aux) if has_aux is True"),
]


@pytest.mark.parametrize("name", CASES)
def test_prints(name: str) -> None:
    program, wanted = CASES[name]
    out, err = io.StringIO(), io.StringIO()
    assert gradsh.Session(out=out, err=err).run(program).ok, err.getvalue()
    assert out.getvalue() == wanted


@pytest.mark.parametrize(("program", "words"), REFUSED)
def test_refuses(program: str, words: str) -> None:
    result = gradsh.Session(out=io.StringIO(), err=io.StringIO()).run(program)
    assert not result.ok
    assert words in result.errors[0].message
