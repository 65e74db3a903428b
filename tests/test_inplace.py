"""Views and writes in place: random programs against central differences, and against PyTorch where it is installed."""

from __future__ import annotations

import io
import json
import re
from typing import Any

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

import gradsh
from gradsh.engine.autograd.backward import run_grad
from gradsh.engine.core.namespaces import T
from gradsh.engine.core.tensor import Tensor
from gradsh.engine.gradcheck import tensors_in
from gradsh.engine.ops import families
from gradsh.errors import GradshError
from tests.programs import Program

METHODS = families.methods()
TWINS = [
    pytest.param(entry, METHODS[name + "_"], sample, id=f"{name}_{sample}")
    for name, entry in sorted(families.functions().items())
    if entry.inplace and entry.samples is not None and name + "_" in METHODS
    for sample in entry.samples()
]

START = [[0.3, -0.7, 0.5], [0.9, 0.2, -0.4]]
STEP = 1e-6
# what PyTorch forbids, too: a program that does it has no gradient to compare
FORBIDDEN = ("modified by an inplace operation",)


@st.composite
def programs(draw: Any, **options: Any) -> Program:
    steps = draw(st.integers(10, 40))
    return Program(lambda among: draw(st.sampled_from(among)), steps, **options)


def answers(text: str) -> tuple[list[Any] | None, str]:
    """What a program prints last, as data; or the message of its error."""
    out = io.StringIO()
    result = gradsh.Session(out=out, err=io.StringIO()).run(text)
    if not result.ok:
        assert result.status == 1, result.errors[0].message
        return None, result.errors[0].message
    return json.loads(out.getvalue().replace("inf", "Infinity").replace("nan", "NaN")), ""


def gradient(program: Program) -> tuple[list[Any] | None, str]:
    return answers(
        f"{program.gradsh()}x = tensor({START}, dtype=float64, grad)\ny = f(x)\n"
        "if y.requires_grad { backward y }\n[y.item(), x.grad.tolist() if x.grad is not none else 0]"
    )


def numeric(program: Program) -> list[float]:
    points = []
    for row in (0, 1):
        for column in (0, 1, 2):
            for sign in (1, -1):
                point = [list(r) for r in START]
                point[row][column] += sign * STEP
                points.append(point)
    values, trouble = answers(f"{program.gradsh()}[f(tensor(p, dtype=float64)).item() for p in {points}]")
    assert values is not None, trouble
    return [(values[i] - values[i + 1]) / (2 * STEP) for i in range(0, len(values), 2)]


@settings(max_examples=60, deadline=None, suppress_health_check=list(HealthCheck))
@given(programs())
def test_gradients_are_those_of_central_differences(program):
    found, trouble = gradient(program)
    if found is None:
        assert any(words in trouble for words in FORBIDDEN), trouble
        return
    exact = [0.0] * 6 if found[1] == 0 else [v for row in found[1] for v in row]
    for a, b in zip(exact, numeric(program), strict=True):
        assert a == pytest.approx(b, rel=1e-5, abs=1e-6), program.gradsh()


@settings(max_examples=150, deadline=None, suppress_health_check=list(HealthCheck))
@given(programs(cut=True))
def test_programs_agree_with_torch(program):
    torch = pytest.importorskip("torch")
    scope: dict[str, Any] = {"tensor": torch.tensor}
    exec(program.python(), scope)
    x = torch.tensor(START, dtype=torch.float64, requires_grad=True)
    expected, text = None, ""
    try:
        y = scope["f"](x)
        if y.requires_grad:
            y.backward()
        expected = [y.item(), x.grad.tolist() if x.grad is not None else 0]
    except RuntimeError as error:
        text = str(error)
    found, trouble = gradient(program)
    if text.startswith("a leaf Variable") and not trouble:
        return  # PyTorch takes a view whose base came to be tracked for a leaf, unless its grad_fn was looked at before
    # a value written through a view has two names in PyTorch, and which one it says hangs on what is still alive
    maker = re.compile(r", which is output \d+ of [\w:]+,")
    assert maker.sub("", trouble) == maker.sub("", text), program.gradsh()
    if found is not None:
        assert flat(found) == pytest.approx(flat(expected), nan_ok=True), program.gradsh()


def flat(values: Any) -> list[float]:
    return [v for item in values for v in flat(item)] if isinstance(values, list) else [values]


@pytest.mark.parametrize(("entry", "twin", "sample"), TWINS)
def test_writing_in_place_gives_the_same_value_and_gradients(entry, twin, sample):
    args, kwargs = sample.draw()
    x = args[0]
    if x.__class__ is not Tensor:
        return
    with np.errstate(all="ignore"):
        out = entry.apply(*args, **kwargs)
        if out.__class__ is not Tensor or out.data.shape != x.data.shape or out.data.dtype != x.data.dtype:
            return  # nothing that can be written into `x`
        y = T.clone(x)
        try:
            assert twin(y, *args[1:], **kwargs) is y
        except GradshError as error:
            assert "single memory location" in error.message  # `a.add_(a)` of samples that share a tensor
            return
        assert y._version == 1
        np.testing.assert_array_equal(y.data, out.data)
        inputs = [t for t in tensors_in([*args, *kwargs.values()]) if t.requires]
        assert y.requires == out.requires or not out.requires
        if not out.requires:
            return
        one = T.ones_like(out)
        expected = run_grad([out], inputs, [one], None, False, True, True, None)
        found = run_grad([y], inputs, [one], None, False, True, True, None)
        for a, b in zip(found, expected, strict=True):
            np.testing.assert_array_equal(a.data, b.data)


@pytest.mark.parametrize("call", ["sign_(nosuch=1)", "neg_(nosuch=1)", "square_(1, 2)", "i0_(nosuch=())"])
def test_arguments_that_an_operator_of_one_tensor_does_not_take(call: str) -> None:
    result = gradsh.Session(out=io.StringIO(), err=io.StringIO()).run(f"ones(2).{call}")
    name = call.partition("(")[0]
    assert result.status == 1 and result.errors[0].message.startswith(f"TensorBase.{name}() takes no ")


@pytest.mark.parametrize(
    ("program", "shown"),
    [
        ("tensor(2.) ** true", "tensor(2.)"),
        ("tensor([true, false]) ** false", "tensor([True, True])"),
        ("true // tensor(2.)", "tensor(0.)"),
        ("true % tensor(2.)", "tensor(1.)"),
        ("tensor([true]) // true", "\"div_floor_cpu\" not implemented for 'Bool'"),
        ("true ** tensor([true])", "\"pow\" not implemented for 'Bool'"),
        ("remainder(tensor(true), true)", "\"remainder_cpu\" not implemented for 'Bool'"),
    ],
)
def test_a_bool_beside_a_tensor(program: str, shown: str) -> None:
    out = io.StringIO()
    result = gradsh.Session(out=out, err=io.StringIO()).run(program)
    assert (result.errors[0].message if result.errors else out.getvalue().strip()) == shown


@pytest.mark.parametrize(
    "write", ["x[:2] = a", "x.narrow(0, 0, 2).copy_(a);", "x.view(3, 1)[:2, 0].add_(a);", "x[0].mul_(a[0]);"]
)
def test_backward_runs_once_over_a_write_through_a_view(write: str) -> None:
    program = f"let a = ones(2, grad)\nlet x = zeros(3)\n{write}\nlet y = x.sum()\n"
    session = gradsh.Session(out=io.StringIO(), err=io.StringIO())
    assert session.run(f"{program}backward y, retain_graph\nbackward y").status == 0
    (error,) = session.run("backward y").errors
    assert error.message.startswith("Trying to backward through the graph a second time") and error.help


@pytest.mark.parametrize(
    "write", ["backward (3 * v).sum()", "clip_grad_norm_([v], 0.1)", "clip_grad_value_([v], 0.1)", "v.grad.add_(1)"]
)
@pytest.mark.parametrize("grad", ["zeros(1).expand(4)", "grad(2 * v.sum(), v)[0]"])
def test_gradients_are_not_written_where_one_place_is_several_elements(write: str, grad: str) -> None:
    """What it came to were the sums of NumPy's order: PyTorch writes there as little as by any other name."""
    session = gradsh.Session(out=io.StringIO(), err=io.StringIO())
    assert session.run(f"let v = ones(4, grad)\nv.grad = {grad}").ok
    (error,) = session.run(write).errors
    assert "more than one element of the written-to tensor" in error.message
