"""Optimisers, schedulers and clipping: PyTorch's recorded traces and texts, and what a step in place can get wrong."""

from __future__ import annotations

import importlib.util
import io
import json
from pathlib import Path
from typing import Any

import numpy as np
import pytest

import gradsh
from gradsh.engine.core import namespaces
from gradsh.engine.core.tensor import make
from gradsh.engine.kernels import compiled
from gradsh.engine.ops import families
from gradsh.engine.optim.base import Optimizer
from gradsh.engine.optim.sweep import PIECE, SHARED

RUNS: dict[str, list[dict[str, Any]]] = json.loads((Path(__file__).parent / "data/optim_reference.json").read_text())[
    "runs"
]
ENTRIES = families.functions()
T = namespaces.T
# everything that the files of gradsh/engine/optim register, by the file
PACKAGE = "gradsh.engine.optim."
HOME = {
    name: entry.body.__module__.removeprefix(PACKAGE)
    for name, entry in ENTRIES.items()
    if entry.body is not None and entry.body.__module__.startswith(PACKAGE)
}
KINDS = {name: ENTRIES[name].body for name in HOME if isinstance(ENTRIES[name].body, type)}
OPTIMIZERS = {name: kind for name, kind in KINDS.items() if issubclass(kind, Optimizer)}
# of those that PyTorch lacks there is no record: what needs none is tried on them as they come
UNRECORDED = [f"{name}(ps)" for name in OPTIMIZERS if not any(call.startswith(name + "(") for call in RUNS)]

PROBLEM = """
let p = tensor([1., -2., 3.], dtype=float64, grad)
let q = tensor(0.5, dtype=float64, grad)
let ps = [p, q]
fn closure() {
    zero_grad p, q
    let l = ((p - 0.5)**2 * tensor([1., 2., 3.], dtype=float64)).sum() + cosh(q) + (q - p[0])**2
    backward l
    return l
}
"""
# one call of every optimiser that steps without a closure
CALLS = [call for call in RUNS if not call.startswith("LBFGS")]


def run(text: str) -> str:
    """What a program prints."""
    out = io.StringIO()
    result = gradsh.Session(out=out, err=io.StringIO()).run(text)
    assert result.ok, result.errors[0].message
    return out.getvalue()


def error(text: str) -> tuple[str, str]:
    """Kind and message of the error that a program ends with."""
    result = gradsh.Session(out=io.StringIO(), err=io.StringIO()).run(text)
    assert result.status == 1, result
    return result.errors[0].kind, result.errors[0].message


def warned(text: str) -> list[str]:
    """The warnings of a program."""
    said: list[str] = []
    session = gradsh.Session(out=io.StringIO(), err=io.StringIO())
    session.display.warning = lambda warning: said.append(warning.message)
    assert session.run(text).ok
    return said


# --- numbers -------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("call", RUNS)
def test_trace(call):
    first = "let l = opt.step(closure)" if call.startswith("LBFGS") else "let l = closure(); step opt"
    rows = json.loads(
        run(
            f"{PROBLEM}let opt = {call}\nlet rows = []\nrepeat {len(RUNS[call])} {{\n  {first}\n"
            "  rows.append([p.tolist(), q.item(), l.item()]);\n}\nrows"
        )
    )
    for found, row in zip(rows, RUNS[call], strict=True):
        p, *rest = found
        assert [*p, *rest] == pytest.approx([*row["p"], row["q"], row["loss"]], rel=1e-12, abs=1e-12)


@pytest.mark.parametrize("name", OPTIMIZERS)
def test_every_optimiser_goes_down(name):
    step = "step opt, closure" if name == "LBFGS" else "let l = closure(); step opt"
    text = f"{PROBLEM}let opt = {name}(ps)\nlet first = closure().item()\nrepeat 30 {{ {step} }}\n"
    first, last = json.loads(run(text + "[first, closure().item()]"))
    assert last < first


@pytest.mark.parametrize("name", OPTIMIZERS)
def test_options_are_those_of_the_signature(name):
    kind = OPTIMIZERS[name]
    options = {p.name for p in ENTRIES[name].signature.parameters[1:]} | kind.fixed.keys()
    assert options.issuperset(kind.order)
    given = T.__dict__[name]([make(np.ones(2))])
    assert options == given.defaults.keys()
    assert kind.validate is not Optimizer.validate, "wrong options are refused"


@pytest.mark.parametrize("call", [*RUNS, *UNRECORDED])
def test_saved_state_goes_on_with_the_same_numbers(call):
    step = "step opt, closure" if call.startswith("LBFGS") else "let l = closure(); step opt"
    begin = f"{PROBLEM}let opt = {call}\nrepeat 2 {{ {step} }}\n"
    save = "let kept = opt.state_dict(); let values = [p.detach().clone(), q.detach().clone()]\n"
    again = f"let opt = {call}\nopt.load_state_dict(kept)\nno_grad {{\np.copy_(values[0]);\nq.copy_(values[1]);\n}}\n"
    end = f"repeat 2 {{ {step} }}\nprint p, q"
    assert run(begin + end) == run(begin + save + again + end)


def same_problem(shape: tuple[int, ...], dtype: Any, name: str, order: str = "C", **options: Any) -> tuple[Any, Any]:
    """The parameter after three steps, and an optimiser's state, on gradients that depend on the position only."""
    rng = np.random.default_rng(7)
    p = make(np.asarray(rng.standard_normal(shape).astype(dtype), order=order))
    p.requires = True
    opt = getattr(T, name)([p], **options)
    for _ in range(3):
        p.gradient = make(rng.standard_normal(shape).astype(dtype))
        opt.step()
    return p.data, opt


OPTIMISERS = [
    ("SGD", {"lr": 0.1, "momentum": 0.9, "nesterov": True, "weight_decay": 0.1}),
    ("Adam", {"amsgrad": True, "weight_decay": 0.1}),
    ("RMSprop", {"momentum": 0.9, "centered": True}),
    ("Rprop", {}),
    ("ASGD", {"t0": 1}),
]


@pytest.mark.parametrize(("name", "options"), OPTIMISERS)
@pytest.mark.parametrize("dtype", [np.float32, np.float64])
def test_pieces_threads_and_layouts_change_nothing(name, options, dtype, monkeypatch):
    """A step is elementwise, so neither the size of the pieces nor the order in memory can be seen in the result."""
    shape = (SHARED // 500 + 3, 601)
    assert shape[0] * shape[1] > max(SHARED, 2 * PIECE)
    whole, _ = same_problem(shape, dtype, name, **options)
    fortran, _ = same_problem(shape, dtype, name, order="F", **options)
    assert fortran.flags.f_contiguous
    np.testing.assert_array_equal(whole, fortran)
    monkeypatch.setattr("gradsh.engine.optim.sweep.PIECE", 1000)
    np.testing.assert_array_equal(whole, same_problem(shape, dtype, name, **options)[0])
    monkeypatch.setattr("gradsh.engine.optim.sweep.SHARED", 1 << 60)  # one thread
    np.testing.assert_array_equal(whole, same_problem(shape, dtype, name, **options)[0])
    np.testing.assert_array_equal(whole, same_problem(shape, dtype, name, order="F", **options)[0])


@pytest.mark.skipif(importlib.util.find_spec("gradsh.engine.kernels.native") is None, reason="no kernels in C")
@pytest.mark.parametrize(
    ("name", "options"),
    [
        ("SGD", {}),
        ("SGD", {"momentum": 0.9}),
        ("Adam", {}),
        ("Adam", {"weight_decay": 0.1, "maximize": True}),
        ("AdamW", {"betas": (0.3, 0.9)}),
    ],
)
def test_steps_in_c_have_the_bits_of_numpys(name, options, monkeypatch):
    for shape in ((3, 7), (256,), (20, 13), (PIECE + 70,)):
        found = []
        for in_c in (False, True):
            for native in compiled.NATIVE:
                if native.name in ("sgd", "momentum", "adam"):
                    monkeypatch.setattr(native, "left", 0)
                    monkeypatch.setattr(native, "function", native.load() if in_c else None)
                    assert (native.function is not None) is in_c
            found.append(same_problem(shape, np.float32, name, **options)[0])
        np.testing.assert_array_equal(*found, err_msg=str(shape))


def test_float32_rounds_once_where_pytorch_does():
    """a + alpha * b is a fused multiply-add in PyTorch; rounded twice, the last number would differ."""
    begin = "let p = tensor([0.3, 1.7, 2.3, 0.9], grad)\np.grad = tensor([0.77, 0.9, 0.11, 0.3])\n"
    assert run(begin + "step SGD([p], lr=0.1)\np.tolist()") == (
        "[0.22300001978874207, 1.6100000143051147, 2.2890000343322754, 0.8699999451637268]\n"
    )
    assert (
        run("let p = tensor(0.9, grad); p.grad = tensor(0.3)\nstep SGD([p], lr=0.1)\np.item()")
        == "0.8699999451637268\n"
    )


@pytest.mark.parametrize("dtype", ["float16", "float32", "float64"])
@pytest.mark.parametrize("call", CALLS)
def test_dtypes_stay(call, dtype):
    text = PROBLEM.replace("float64", dtype) + f"let opt = {call}\nrepeat 2 {{ let l = closure(); step opt }}\n"
    assert (
        run(text + "print p.dtype, q.dtype, q.shape, p.is_leaf, p.requires_grad")
        == f"{dtype} {dtype} Size([]) True True\n"
    )


# --- steps in place ------------------------------------------------------------------------------------------------


def test_step_is_noticed_by_the_graph():
    begin = "let w = tensor([1., 2.], grad)\nlet l = (w**2).sum()\nbackward l, retain_graph\n"
    kind, message = error(begin + "step SGD([w], lr=0.1)\nbackward l")
    assert kind == "RuntimeError"
    assert "[torch.FloatTensor [2]] is at version 1; expected version 0 instead" in message


def test_step_is_seen_through_views_and_arrays():
    begin = "let w = tensor([1., 2.], grad)\nlet v = w.detach()\nlet a = v.numpy()\nw.grad = ones(2)\n"
    assert (
        run(begin + "let m = SGD([w], lr=1., momentum=0.5)\nrepeat 2 { step m }\nprint v, a.tolist(), w._version")
        == "tensor([-1.5000, -0.5000]) [-1.5, -0.5] 2\n"
    )


def test_step_skips_what_has_no_gradient():
    program = "let a = ones(1, grad); let b = ones(1, grad)\nlet o = Adam([a, b], lr=1., weight_decay=1.)\n"
    assert run(program + "a.grad = ones(1); step o\nprint b, len(o.state), b._version") == (
        "tensor([1.], requires_grad=True) 1 0\n"
    )


def test_gradients_and_loss_of_the_closure():
    text = f"{PROBLEM}let o = SGD(ps, lr=0.1)\nprint o.step(closure).requires_grad\no.step(closure)\n"
    assert run(text + "no_grad { step o, closure }\nprint p.grad is none") == "True\nFalse\n"


def test_groups_have_options_of_their_own():
    text = """
let a = ones(1, grad); let b = ones(1, grad); let c = ones(1, grad)
for t in [a, b, c] { t.grad = ones(1) }
let o = SGD([{"params": [a], "lr": 0.1}, {"params": b}], lr=0.2)
o.add_param_group({"params": [c], "lr": 0.3})
step o
print a.item(), b.item(), c.item()
for g in o.param_groups { g["lr"] = 1.0 }
step o
print [t.item() for t in [a, b, c]], len(o.param_groups)
"""
    assert run(text) == "0.8999999761581421 0.800000011920929 0.699999988079071\n" + (
        "[-0.10000002384185791, -0.19999998807907104, -0.30000001192092896] 3\n"
    )


def test_zero_grad():
    text = "let a = ones(2, grad); let o = SGD([a], lr=1.); backward a.sum(); let g = a.grad\n"
    assert (
        run(text + "o.zero_grad(set_to_none=false); print g, a.grad is g; zero_grad o; print a.grad")
        == "tensor([0., 0.]) True\nNone\n"
    )


def test_hooks():
    text = """
let a = ones(1, grad); a.grad = ones(1)
let o = SGD([a], lr=0.5)
let before = o.register_step_pre_hook(fn(opt, args, kwargs) { print "before", a.item() })
o.register_step_post_hook(fn(opt, args, kwargs) { print "after", a.item() });
step o; before.remove(); step o
"""
    assert run(text) == "before 1.0\nafter 0.5\nafter 0.0\n"


# --- texts ---------------------------------------------------------------------------------------------------------


def test_printed_form():
    assert run("let a = ones(1, grad); Adam([a], lr=tensor(0.5))") == (
        "Adam (\nParameter Group 0\n    amsgrad: False\n    betas: (0.9, 0.999)\n    capturable: False\n"
        "    decoupled_weight_decay: False\n    differentiable: False\n    eps: 1e-08\n    foreach: None\n"
        "    fused: None\n"
        "    lr: 0.5\n    maximize: False\n    weight_decay: 0\n)\n"
    )


def test_printed_state():
    text = "let p = tensor([1., 2.], grad); p.grad = p.detach()*2; let o = SGD([p], lr=0.1, momentum=0.9); step o\n"
    assert run(text + "print o.state_dict(); print o.state") == (
        "{'state': {0: {'momentum_buffer': tensor([2., 4.])}}, 'param_groups': [{'lr': 0.1, 'momentum': 0.9, "
        "'dampening': 0, 'weight_decay': 0, 'nesterov': False, 'maximize': False, 'foreach': None, "
        "'differentiable': False, "
        "'fused': None, 'params': [0]}]}\n"
        "defaultdict(<class 'dict'>, {tensor([0.8000, 1.6000], requires_grad=True): "
        "{'momentum_buffer': tensor([2., 4.])}})\n"
    )


P = "let p = tensor([1., 2.], grad)\n"
ERRORS = {
    "SGD([], lr=1)": ("ValueError", "optimizer got an empty parameter list"),
    "SGD([p], lr=-1)": ("ValueError", "Invalid learning rate: -1"),
    "Adam([p], eps=-1.)": ("ValueError", "Invalid epsilon value: -1.0"),
    "Adam([p], betas=(1.0, 0.9))": ("ValueError", "Invalid beta parameter at index 0: 1.0"),
    "Adam([p], betas=(0, 0.9))": ("ValueError", "betas must be either both floats or both Tensors"),
    "Adam([p], betas=0.9)": ("TypeError", "'float' object is not subscriptable"),
    "Rprop([p], etas=(1.5, 2))": ("ValueError", "Invalid eta values: 1.5, 2"),
    "SGD([p], lr='a')": ("TypeError", "'<' not supported between instances of 'str' and 'float'"),
    "SGD([p], lr=ones(2))": ("ValueError", "Tensor lr must be 1-element"),
    "SGD([p], nesterov)": ("ValueError", "Nesterov momentum requires a momentum and zero dampening"),
    "SGD([p * 2])": ("ValueError", "can't optimize a non-leaf Tensor"),
    "SGD(3)": ("TypeError", "'int' object is not iterable"),
    "SGD([none])": ("TypeError", "optimizer can only optimize Tensors, but one of the params is NoneType"),
    "SGD(p)": (
        "TypeError",
        "params argument given to the optimizer should be an iterable of Tensors or dicts, but got torch.FloatTensor",
    ),
    "SGD([('a', p), p])": (
        "ValueError",
        "all optimizer params should be with/without names. Some param names are missing",
    ),
    "SGD([{'params': [p]}, {'params': [p]}])": (
        "ValueError",
        "some parameters appear in more than one parameter group",
    ),
    "SGD([p]).add_param_group([p])": ("TypeError", "param_group must be a dict, but got <class 'list'>"),
    "SGD([p]).load_state_dict({'param_groups': []})": (
        "ValueError",
        "loaded state dict has a different number of parameter groups",
    ),
    "SGD([p]).load_state_dict(SGD([p, ones(1)]).state_dict())": (
        "ValueError",
        "loaded state dict contains a parameter group that doesn't match the size of optimizer's group",
    ),
    "SGD([p]).step(3)": ("TypeError", "'int' object is not callable"),
    "LBFGS([p]).step()": ("TypeError", "LBFGS.step() missing 1 required positional argument: 'closure'"),
    "LBFGS([p]).step(fn() = none)": (
        "TypeError",
        "float() argument must be a string or a real number, not 'NoneType'",
    ),
    "LBFGS([{'params': [p]}, {'params': [ones(1)]}])": (
        "ValueError",
        "LBFGS doesn't support per-parameter options (parameter groups)",
    ),
    "step 3": ("TypeError", "step(): expected an optimiser or a scheduler, but got int"),
    "zero_grad 3": ("TypeError", "zero_grad(): expected tensors, models or optimisers, but got int"),
    "StepLR(3, 1)": ("TypeError", "int is not an Optimizer"),
    "LambdaLR(SGD([p]), [])": ("ValueError", "Expected 1 lr_lambdas, but got 0"),
    "LinearLR(SGD([p]), 0)": (
        "ValueError",
        "Starting multiplicative factor expected to be greater than 0 and less or equal to 1.",
    ),
    "ReduceLROnPlateau(SGD([p]), 'most')": ("ValueError", "mode most is unknown!"),
    "OneCycleLR(SGD([p]), 1.)": (
        "ValueError",
        "You must define either total_steps OR (epochs AND steps_per_epoch)",
    ),
    "StepLR(SGD([p]), 1, last_epoch=3)": (
        "KeyError",
        "param 'initial_lr' is not specified in param_groups[0] when resuming scheduler with last_epoch >= 0.\nThis "
        "typically happens when:\n1. You're trying to resume training from a checkpoint but haven't properly loaded "
        "the optimizer state\n2. You're using last_epoch >= 0 for a fresh training run (not recommended)",
    ),
    "clip_grad_norm_([p], 'a')": ("ValueError", "could not convert string to float: 'a'"),
}


@pytest.mark.parametrize("call", ERRORS)
def test_errors_in_pytorchs_words(call):
    assert error(P + call) == ERRORS[call]


def test_errors_inside_a_closure_are_the_programs():
    assert error(P + "step LBFGS([p]), fn() = p.nothing") == (
        "AttributeError",
        "'Tensor' object has no attribute 'nothing'",
    )
    assert error(P + "LambdaLR(SGD([p]), fn(epoch) = epoch / 0)") == ("ZeroDivisionError", "division by zero")


def test_warnings():
    assert warned(P + "SGD([p, p]);")[0].startswith("optimizer contains a parameter group with duplicate parameters;")
    assert warned(P + "let o = SGD([p]); let s = StepLR(o, 1); step s; step s")[0].startswith(
        "Detected call of `lr_scheduler.step()` before `optimizer.step()`."
    )
    assert warned(P + "let o = SGD([p]); let s = StepLR(o, 1); step o; step s") == []


# --- schedulers and clipping ---------------------------------------------------------------------------------------

# learning rates that PyTorch 2.13 gives at epochs 0 to 7 for a first rate of 0.5
RATES = {
    "StepLR(o, 3)": [0.5, 0.5, 0.5, 0.05, 0.05, 0.05, 0.005000000000000001, 0.005000000000000001],
    "MultiStepLR(o, [2, 4, 4, 7], gamma=0.3)": [0.5, 0.5, 0.15, 0.15, 0.0135, 0.0135, 0.0135, 0.00405],
    "ExponentialLR(o, 0.9)": [0.5, 0.45, 0.405, 0.3645, 0.32805, 0.295245, 0.2657205, 0.23914845],
    "ConstantLR(o, 0.5, 3)": [0.25, 0.25, 0.25, 0.5, 0.5, 0.5, 0.5, 0.5],
    "LinearLR(o, 0.2, 1.0, 4)": [0.1, 0.2, 0.3, 0.4, 0.5, 0.5, 0.5, 0.5],
    "PolynomialLR(o, 5, 2.0)": [0.5, 0.32, 0.18, 0.08, 0.02, 0.0, 0.0, 0.0],
    "LambdaLR(o, fn(epoch) = 1 / (1 + epoch))": [0.5 / (1 + epoch) for epoch in range(8)],
    "MultiplicativeLR(o, fn(epoch) = 0.5)": [0.5**epoch / 2 for epoch in range(8)],
    "CosineAnnealingLR(o, 4)": [0.25 * (1 + np.cos(np.pi * epoch / 4)) for epoch in range(8)],
    "CosineAnnealingWarmRestarts(o, 2, 2)": [
        0.25 * (1 + np.cos(np.pi * x)) for x in (0, 0.5, 0, 0.25, 0.5, 0.75, 0, 0.125)
    ],
    "OneCycleLR(o, 1.0, total_steps=8, pct_start=0.5, anneal_strategy='linear')": [
        0.04, 0.36, 0.68, 1.0, 0.750001, 0.500002, 0.250003, 4e-06,
    ],
    "CyclicLR(o, 0.1, 0.5, step_size_up=2)": [0.1, 0.3, 0.5, 0.3, 0.1, 0.3, 0.5, 0.3],
    "SequentialLR(o, [ConstantLR(o, 0.1, 2), ExponentialLR(o, 0.9)], [2])": [
        0.05, 0.05, 0.5, 0.45, 0.405, 0.3645, 0.32805, 0.295245,
    ],
    "ChainedScheduler([ConstantLR(o, 0.1, 2), ExponentialLR(o, 0.5)])": [
        0.05, 0.025, 0.125, 0.0625, 0.03125, 0.015625, 0.0078125, 0.00390625,
    ],
}  # fmt: skip


@pytest.mark.parametrize("call", RATES)
def test_learning_rates(call):
    text = P + f"let o = SGD([p], lr=0.5, momentum=0.9)\nlet s = {call}\nlet rates = [s.get_last_lr()[0]]\n"
    loop = "repeat 7 { step o; step s; rates.append(o.param_groups[0]['lr']); }\n"
    found = json.loads(run(text + loop + "print rates"))
    assert found == pytest.approx(RATES[call], rel=1e-12, abs=1e-15)
    # the state of a scheduler brings another one to the same place
    again = "let kept = o.state_dict(); let more = s.state_dict()\n" + text.replace(P, "")
    split = text + loop.replace("7", "4") + again + "o.load_state_dict(kept); s.load_state_dict(more)\n"
    assert json.loads(run(split + loop.replace("7", "3") + "print rates"))[1:] == pytest.approx(RATES[call][5:])


def test_every_scheduler_is_tried():
    tried = {call.partition("(")[0] for call in RATES} | {"ReduceLROnPlateau"}
    assert {name for name, file in HOME.items() if file in ("schedulers", "plateau", "cycles", "combined")} == tried


def test_plateau():
    text = P + "let o = SGD([p], lr=1.); let s = ReduceLROnPlateau(o, factor=0.5, patience=1, cooldown=1)\n"
    loop = "for loss in [1.0, 0.5, tensor(0.6), 0.6, 0.6, 0.6, 0.6, 0.4] "
    body = "{ step s, loss; print s.get_last_lr()[0], s.num_bad_epochs }"
    assert run(text + loop + body) == "1.0 0\n1.0 0\n1.0 1\n0.5 0\n0.5 0\n0.5 1\n0.25 0\n0.25 0\n"


def test_clipping():
    text = "let a = tensor([3., 4.], grad); let b = tensor(12., grad); let c = ones(1, grad)\n"
    text += "a.grad = tensor([3., 4.]); b.grad = tensor(12.)\n"
    assert run(text + "let n = clip_grad_norm_([a, b, c], 6.5); print n, a.grad, b.grad, c.grad") == (
        "tensor(13.) tensor([1.5000, 2.0000]) tensor(6.0000) None\n"
    )
    assert run(text + "clip_grad_norm_([a, b], 1.0, 'inf')\nclip_grad_norm_(a, 9.)\nprint a.grad, b.grad") == (
        "tensor([0.2500, 0.3333]) tensor(1.0000)\n"
    )
    assert (
        run(text + "clip_grad_value_([a, b], 3.5)\nprint a.grad, b.grad") == "tensor([3.0000, 3.5000]) tensor(3.5000)\n"
    )
    assert run(text + "print get_total_norm([a.grad, b.grad])") == "tensor(13.)\n"


# --- the registry --------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("name", [*HOME, "step", "zero_grad"])
def test_example_runs(name):
    run(ENTRIES[name].example)


def test_programs_without_optimisers_do_not_load_them(gradsh):
    program = "let w = ones(2, grad); zero_grad w; w"
    gradsh("-c", program)  # what has no table of operators yet makes one, of all files
    shown = gradsh("-c", program, env={"PYTHONPROFILEIMPORTTIME": "1"})
    assert shown.returncode == 0
    assert "gradsh.engine.optim" not in shown.stderr


def test_options_are_attributes_of_all_groups() -> None:
    text = (
        "let w = ones(2, grad); let v = ones(2, grad)"
        "\nlet opt = SGD([{'params': [w], 'lr': 0.5}, {'params': [v]}], lr=0.1)"
        "\nprint opt.lr; opt.lr = 0.25; print opt.lr, opt.momentum, [g['lr'] for g in opt.param_groups]"
        "\nbackward (w + v).sum(); step opt; print w, v\nopt.lr = -1"
    )
    out = io.StringIO()
    result = gradsh.Session(out=out, err=io.StringIO()).run(text)
    one = "tensor([0.7500, 0.7500], requires_grad=True)"
    assert out.getvalue() == f"[0.5, 0.1]\n0.25 0 [0.25, 0.25]\n{one} {one}\n"
    assert result.errors[0].message == "Invalid learning rate: -1"
    for name in ("opt.lrr", "opt.params", "opt.lrr = 3"):
        result = gradsh.Session(out=out, err=io.StringIO()).run(f"let opt = SGD([ones(1, grad)]); {name}")
        assert "'SGD' object has no attribute" in result.errors[0].message
