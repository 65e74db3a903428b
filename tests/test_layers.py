"""Every layer of the library against PyTorch 2.13: the tree it prints, its first weights, its values and gradients.

tests/data/layers.json is written by tests/record/layers.py.
"""

from __future__ import annotations

import io
import json
import math
import re
from pathlib import Path
from typing import Any

import numpy as np
import pytest

import gradsh
from gradsh.engine.core.tensor import Tensor
from gradsh.runtime import library

CASES = json.loads((Path(__file__).parent / "data" / "layers.json").read_text(encoding="utf-8"))["cases"]


def close(got: Any, want: Any, where: str, tolerance: float = 2e-5) -> None:
    """Numbers as recorded: flat, in C order."""
    if want is None:
        assert got is None, where
        return
    assert isinstance(got, Tensor), where
    values = np.array([float(v) for v in want], got.data.dtype)
    np.testing.assert_allclose(np.ravel(got.data), values, tolerance, tolerance, err_msg=where)


def flat(value: Any) -> list[Tensor]:
    if isinstance(value, (list, tuple)):
        return [t for item in value for t in flat(item)]
    return [] if value is None else [value]


def program(case: dict[str, Any]) -> str:
    lines = ["manual_seed(0)", f"let net = {case['make']}", f"net.train({str(case['train']).lower()});"]
    lines += ["let start = net.state_dict()", "let kept = [v.clone() for v in start.values()]"]
    for name, text in zip("abcd", case["inputs"], strict=False):
        lines.append(f"let {name} = {text}")
        if not text.startswith("randint"):
            lines.append(f"{name}.requires_grad = true")
    lines += [
        f"let result = {case['call']}",
        "fn flat(v) {",
        "    if isinstance(v, Tensor) { return [v] }",
        "    let all = []",
        "    if isinstance(v, (list, tuple)) { for item in v { all = all + flat(item) } }",
        "    return all",
        "}",
        "let outs = [t for t in flat(result) if t.is_floating_point()]",
        "for t in outs {",
        "    if t.requires_grad {",
        "        (t * cos(arange(t.numel()).view_as(t) * 1.0)).sum().backward(retain_graph)",
        "    }",
        "}",
    ]
    return "\n".join(lines)


@pytest.mark.parametrize("number", range(len(CASES)), ids=[f"{n}-{case['make']}" for n, case in enumerate(CASES)])
def test_layer(number: int) -> None:
    case = CASES[number]
    out, err = io.StringIO(), io.StringIO()
    session = gradsh.Session(out=out, err=err)
    assert session.run(program(case)).ok, err.getvalue()
    space = session.globals
    net = space[".net"]
    assert repr(net) == case["tree"]
    assert list(space[".start"]) == list(case["start"])
    for name, got in zip(case["start"], space[".kept"], strict=True):
        close(got, case["start"][name], f"initial {name}", 0)
    assert [list(t.shape) for t in space[".outs"]] == case["shapes"]
    for got, want in zip(space[".outs"], case["outputs"], strict=True):
        close(got, want, "output")
    for name, want in zip("abcd", case["input_grads"], strict=False):
        if want is not None:
            close(space["." + name].gradient, want, f"gradient of {name}")
    assert [name for name, _ in net.named_parameters()] == list(case["grads"])
    for name, t in net.named_parameters():
        close(t.gradient, case["grads"][name], f"gradient of {name}")
    assert [name for name, _ in net.named_buffers()] == list(case["buffers"])
    for name, t in net.named_buffers():
        close(t, case["buffers"][name], name)
    node = space[".outs"][0].grad_fn
    assert (node.kind.name if node is not None else None) == case["grad_fn"]


def test_every_model_of_the_library_has_a_case() -> None:
    made = {case["make"].partition("(")[0] for case in CASES} | {"Module", "ParameterList", "ParameterDict"}
    inner = {"NonDynamicallyQuantizableLinear"}  # of MultiheadAttention
    data = Path(__file__).parent / "data"  # and those whose cases are programs, see tests/test_letter.py
    programs = "".join((data / name).read_text(encoding="utf-8") for name in ("lazy.txt", "averages.txt"))
    inner |= {name for name in library.models() if re.search(rf"\b{name}\(", programs)}
    missing = set(library.models()) - made - inner - set(DEFINITIONS)
    assert not missing, "tests/record/layers.py records PyTorch's; in what PyTorch lacks a comment says its definition"
    assert not made & set(DEFINITIONS), "PyTorch has these: they need no definition"


# Of layers that PyTorch lacks, the first line of the model: `# definition: let net = Scale(3); … net(x) is …`
DEFINITION = re.compile(r"^model (\w+)\(.*\n\s*# definition: (.+); (.+?) is (.+)$", re.MULTILINE)
DEFINITIONS = {
    name: parts
    for path in sorted(Path(library.FOLDER).glob("*.grad"))
    for name, *parts in DEFINITION.findall(path.read_text(encoding="utf-8"))
}


def test_layers_that_pytorch_lacks() -> None:
    """Values and gradients are those of the definition, whose program binds the layer to `net`."""
    for name, (program, call, definition) in DEFINITIONS.items():
        err = io.StringIO()
        session = gradsh.Session(out=err, err=err, dtype="float64", seed=0)
        lines = [
            program,
            f"assert isinstance(net, {name})",
            f"let ours = {call}; let theirs = {definition}",
            "let k = cos(arange(ours.numel()).view_as(ours) * 1.0)",
            "let weights = list(net.parameters())",
            "let all = [[ours], [theirs]]",
            "if len(weights) > 0 { all = [[v] + list(grad((v * k).sum(), weights)) for v in [ours, theirs]] }",
            "net.load_state_dict(net.state_dict());",
        ]
        assert session.run("\n".join(lines)).ok, f"{name}: {err.getvalue()}"
        first, second = session.globals[".all"]
        for got, want in zip(first, second, strict=True):
            assert got.shape == want.shape, name
            np.testing.assert_allclose(got.data, want.data, 1e-9, 1e-12, err_msg=name)


def test_layers_cost_nothing_where_there_are_none() -> None:
    import subprocess
    import sys

    code = (
        "import sys; from gradsh import Session; s = Session(); s.run('let x = tensor(1., grad); backward x * 2'); "
        "sys.exit('gradsh.engine.nn.module' in sys.modules)"
    )
    subprocess.run([sys.executable, "-c", code], check=False)  # which may have to make the table of built-ins
    assert subprocess.run([sys.executable, "-c", code], check=False).returncode == 0


def test_seeds_other_than_zero_follow_from_the_stream() -> None:
    session = gradsh.Session(out=io.StringIO(), err=io.StringIO())
    session.run("manual_seed(1); let a = Linear(3, 2); manual_seed(1); let w = (rand(2, 3) * 2 - 1) / sqrt(3.0)")
    np.testing.assert_allclose(session.globals[".a"].get("weight").data, session.globals[".w"].data, 1e-6)
    assert math.isclose(session.globals[".a"].get("weight").data[0, 0], session.globals[".w"].data[0, 0], rel_tol=1e-6)


REFERENCE = json.loads((Path(__file__).parent / "data" / "rng_reference.json").read_text(encoding="utf-8"))
FILLED = [(seed, call) for seed in ("0", "1", "42") for call in REFERENCE[seed] if "_(empty" in call]


@pytest.mark.parametrize(("seed", "call"), FILLED)
def test_initialisers(seed: str, call: str) -> None:
    session = gradsh.Session(seed=int(seed), out=io.StringIO(), err=io.StringIO())
    assert session.run(f"let w = {call}").ok
    want = np.array(REFERENCE[seed][call], np.float32)
    tolerance = 1e-6 if "orthogonal" in call else 0  # LAPACK may round differently
    np.testing.assert_allclose(session.globals[".w"].data.reshape(want.shape), want, tolerance, tolerance)


def test_initialisers_record_nothing_and_echo_nothing() -> None:
    out = io.StringIO()
    session = gradsh.Session(out=out, err=out)
    program = "let w = ones(2, 3, grad)\nkaiming_normal_(w)\neye_(w)\nprint w.grad_fn, w.is_leaf, w[0, 0].item()"
    assert session.run(program).ok
    assert out.getvalue() == "None True 1.0\n"


def test_the_other_initialisers() -> None:
    out = io.StringIO()
    session = gradsh.Session(out=out, err=out, seed=0)
    lines = [
        "print constant_(empty(2), 0.5), ones_(empty(1)), zeros_(empty(1))",
        "print dirac_(empty(2, 2, 3))[1]",
        "print (sparse_(empty(4, 3), 0.5) == 0).sum(0)",
        'print calculate_gain("relu"), calculate_gain("leaky_relu", 0.2)',
        "print (trunc_normal_(empty(100), 0., 1., 2., 3.) >= 2).all()",
        "print xavier_uniform_(empty(2))",
    ]
    results = [session.run(line) for line in lines]
    assert [result.ok for result in results] == [True] * 5 + [False]
    assert results[-1].errors[0].message == (
        "Fan in and fan out can not be computed for tensor with fewer than 2 dimensions"
    )
    assert out.getvalue().startswith(
        "tensor([0.5000, 0.5000]) tensor([1.]) tensor([0.])\n"
        "tensor([[0., 0., 0.],\n        [0., 1., 0.]])\ntensor([2, 2, 2])\n"
        "1.4142135623730951 1.3867504905630728\ntensor(True)\n"
    )
