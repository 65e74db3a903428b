"""Derivatives of functions, vmap and gradcheck: PyTorch's values and words, every nesting, every operator."""

from __future__ import annotations

import io
import json
from pathlib import Path

import numpy as np
import pytest

import gradsh
from gradsh.engine.autograd.backward import run_grad
from gradsh.engine.core import batched
from gradsh.engine.core.graph import Kind, record
from gradsh.engine.core.modes import GradMode
from gradsh.engine.core.namespaces import T
from gradsh.engine.core.tensor import Tensor, leaf, make, tracked
from gradsh.engine.gradcheck import check_second, tensors_in
from gradsh.engine.operators import registry
from gradsh.engine.ops import families
from gradsh.engine.ops.program import functional
from gradsh.engine.transforms import jacobians, products, vmap
from gradsh.errors import GradcheckFailed, GradshError

RECORD = json.loads((Path(__file__).parent / "data" / "transforms.json").read_text())
# whose results are drawn anew in each call
RANDOM = ("rand", "normal", "bernoulli", "multinomial", "dropout", "rrelu", "alpha_dropout", "feature_alpha")
OPERATORS = families.functions()
CASES = [
    pytest.param(entry, id=name)
    for name, entry in sorted(registry.OPERATORS.items())
    if entry.samples is not None and not name.startswith(RANDOM)
]
DIFFERENTIABLE = [case for case in CASES if case.values[0].differentiable]


@pytest.fixture(autouse=True)
def quiet_numpy():
    with np.errstate(all="ignore"):
        yield


def run(program: str) -> tuple[str, gradsh.session.session.Result]:
    out, err = io.StringIO(), io.StringIO()
    result = gradsh.Session(out=out, err=err).run(program, "test.grad")
    return out.getvalue(), result


def numbers(program: str) -> list[float]:
    """What a program prints, as numbers."""
    out, result = run("set_default_dtype(float64); set_printoptions(precision=12)\n" + program)
    assert result.ok, result.errors
    return [float(word) for word in out.replace("tensor(", " ").translate(str.maketrans("[](),", "     ")).split()]


# --- PyTorch's values and words --------------------------------------------------------------------------------------


@pytest.mark.parametrize("row", RECORD["rows"], ids=lambda row: row["name"])
def test_as_pytorch(row):
    out, result = run("\n".join([*RECORD["setup"], row["program"]]))
    if "error" in row:
        assert result.errors, out
        assert [result.errors[0].kind, result.errors[0].message] == row["error"]
    else:
        assert result.ok, result.errors
        assert out.rstrip("\n") == row["output"]


# f(a) = (sin(a) * exp(M @ a).sum()).sum(): the derivatives that follow are torch.func's
SETUP = """
let x = tensor([0.3, -0.7, 1.2])
let M = tensor([[1., 2., 0.5], [0.2, -1., 3.]])
let one = ones(3)
let f = fn(a) = (sin(a) * exp(M @ a).sum()).sum()
"""
SECOND = [198.38081, -74.29323, 781.11583]  # the Hessian's columns, summed
THIRD = [381.89126, -407.11737, 2470.03080]  # the gradient of the sum of all of its elements


@pytest.mark.parametrize(
    "program",
    [
        "hessian(f, x).sum(0)",
        "hvp(f, x, one)[1]",
        "vhp(f, x, one)[1]",
        "jacobian(grad(f), x).sum(0)",
        "jvp(grad(f), x, one)[1]",
        "vjp(grad(f), x, one)[1]",
        "grad(fn(a) = grad(f)(a).sum())(x)",
        "grad(fn(a) = jacobian(f, a).sum())(x)",
        "grad(fn(a) = jvp(f, a, one)[1])(x)",
        "grad(fn(a) = vjp(f, a)[1].sum())(x)",
        "vmap(fn(v) = hvp(f, x, v)[1])(eye(3)).sum(0)",
        "vmap(fn(v) = jvp(grad(f), x, v)[1])(eye(3)).sum(0)",
        "vmap(fn(a) = hessian(f, a))(stack([x, x]))[1].sum(0)",
        "vmap(grad(fn(a) = grad(f)(a).sum()))(stack([x, x]))[0]",
        "value_and_grad(fn(a) = value_and_grad(f)(a)[1].sum())(x)[1]",
        "jacrev(jacfwd(f))(x).sum(0)",
        "grad(fn(v) = jvp(grad(f), x, v)[1].sum())(one)",
        "{ let y = x.clone().requires_grad_(); grad(grad(f)(y).sum(), y)[0] }",
    ],
)
def test_second_order(program):
    if program[0] == "{":
        *before, last = program[1:-1].split(";")
        program = ";".join([*before, f"print {last}"])
    else:
        program = f"print {program}"
    np.testing.assert_allclose(numbers(SETUP + program), SECOND, rtol=1e-6)


@pytest.mark.parametrize(
    "program",
    [
        "grad(fn(a) = grad(fn(b) = grad(f)(b).sum())(a).sum())(x)",
        "grad(fn(a) = hessian(f, a).sum())(x)",
        "grad(fn(a) = jacobian(grad(f), a).sum())(x)",
        "grad(fn(a) = jvp(grad(f), a, one)[1].sum())(x)",
        "grad(fn(a) = hvp(f, a, one)[1].sum())(x)",
        "grad(fn(a) = vhp(f, a, one)[1].sum())(x)",
        "jvp(fn(a) = hvp(f, a, one)[1], x, one)[1]",
        "jvp(fn(a) = jvp(fn(b) = jacobian(f, b), a, one)[1], x, one)[1]",
        "vjp(fn(a) = vmap(fn(v) = hvp(f, a, v)[1])(eye(3)), x, ones(3, 3))[1]",
        "jacobian(fn(a) = vmap(fn(v) = hvp(f, a, v)[1])(eye(3)).sum(), x)",
        "vmap(fn(v) = jvp(fn(a) = hvp(f, a, one)[1], x, v)[1].sum())(eye(3))",
        "hessian(fn(a) = grad(f)(a).sum(), x).sum(0)",
        "vmap(fn(a) = grad(fn(b) = hessian(f, b).sum())(a))(stack([x, x]))[1]",
    ],
)
def test_third_order(program):
    np.testing.assert_allclose(numbers(SETUP + f"print {program}"), THIRD, rtol=1e-6)


def test_what_comes_from_outside_is_followed_outside():
    program = """
    let w = tensor(2., grad); let x = tensor([1., 2.])
    let y = grad(fn(a) = (w * a**2).sum())(x)
    backward y.sum()
    print w.grad, y.requires_grad, grad(fn(a) = (a**2).sum())(x).requires_grad
    no_grad { print grad(fn(a) = (w * a**2).sum())(x).requires_grad }
    """
    assert run(program)[0] == "tensor(6.) True False\nFalse\n"


def test_built_ins_models_and_operators_of_the_program():
    program = """
    op cube(a) { save_for_backward a; return a**3 } backward(g) { return g * 3 * a**2 }
    let x = tensor([1., 2.])
    print jacobian(sin, x).shape, vmap(dot)(eye(2), eye(2)), vmap(cube)(x), vmap(grad(cube))(x)
    print jvp(cube, x, ones(2))[1], hessian(fn(a) = cube(a).sum(), x), x |> (grad(fn(a) = a.sum()))
    print grad(fn(a) = grad(fn(b) = cube(b).sum())(a).sum())(x)
    """
    wanted = (
        "Size([2, 2]) tensor([1., 1.]) tensor([1., 8.]) tensor([ 3., 12.]) tensor([ 3., 12.]) tensor([[ 6., 0.], "
        "[ 0., 12.]]) tensor([1., 1.]) tensor([ 6., 12.])"
    )
    assert "".join(run(program)[0].split()) == "".join(wanted.split())


def test_hooks_are_called_for_each_row():
    program = """
    let calls = []
    fn f(a) { let b = a * 2; b.register_hook(fn(g) = calls.append(g)); return b }
    print jacobian(f, ones(3)); print len(calls)
    """
    assert run(program)[0].endswith("\n3\n")


def test_places_of_operations_are_in_the_function():
    out, err = io.StringIO(), io.StringIO()
    gradsh.Session(out=out, err=err).run("fn f(a) {\n  return a @ ones(3)\n}\ngrad(f)(ones(2))", "f.grad")
    assert "f.grad:2:" in err.getvalue()


def test_writes_in_place_and_random_numbers_in_vmap():
    program = """
    print vmap(fn(a) { let b = a.clone(); b[0] = 5.; b = b.mul_(2.); b += 1; return b })(ones(2, 2))
    manual_seed(0); let y = vmap(fn(a) = a + randn(()), randomness="different")(zeros(3))
    manual_seed(0); print (y - randn(3)).abs().max()
    print vmap(fn(a) = a + randn(()) * 0, randomness="same")(zeros(2))
    print vmap(fn(a) = a[tensor([1, 0])])(eye(2)), vmap(fn(i) = eye(2)[i])(tensor([1, 0]))
    """
    out = "".join(run(program)[0].split())
    assert out == (
        "tensor([[11.,3.],[11.,3.]])tensor(0.)tensor([0.,0.])tensor([[0.,1.],[1.,0.]])tensor([[0.,1.],[1.,0.]])"
    )


# --- every operator --------------------------------------------------------------------------------------------------


def flat(value):
    return [y for x in value for y in flat(x)] if isinstance(value, (list, tuple)) else [value]


def replaced(value, tensors):
    """The arguments with these tensors, in order, for theirs."""
    if isinstance(value, Tensor):
        return next(tensors)
    return type(value)(replaced(v, tensors) for v in value) if isinstance(value, (list, tuple)) else value


def applied(entry, args, kwargs, tensors):
    following = iter(tensors)
    args = [replaced(a, following) for a in args]
    return flat(entry.apply(*args, **{k: replaced(v, following) for k, v in kwargs.items()}))


@pytest.mark.parametrize("entry", CASES)
def test_vmap_equals_a_loop(entry):
    for sample in entry.samples():
        draws = [sample.draw(seed) for seed in (1, 2, 3)]
        args, kwargs = draws[0]
        tensors = [tensors_in([*a, *k.values()]) for a, k in draws]
        for chosen in {(0,), (len(tensors[0]) - 1,), tuple(range(len(tensors[0])))} if tensors[0] else ():
            rows = [[other[i] if i in chosen else x for i, x in enumerate(tensors[0])] for other in tensors]
            try:
                wanted = [applied(entry, args, kwargs, row) for row in rows]
            except GradshError:
                continue  # the sample's tensors do not go with each other's
            shapes = [[x.data.shape if isinstance(x, Tensor) else None for x in row] for row in wanted]
            if None in shapes[0] or shapes[1:] != shapes[:-1]:
                continue
            stacked = [make(np.stack([np.asarray(other[i].data) for other in tensors])) for i in chosen]

            def f(*batches, rest=tensors[0], chosen=chosen, args=args, kwargs=kwargs):
                places = dict(zip(chosen, batches, strict=True))
                return tuple(applied(entry, args, kwargs, [places.get(i, x) for i, x in enumerate(rest)]))

            try:
                found = vmap.vmap(f, 0, 0, "error")(*stacked)
            except GradshError as error:
                assert "dynamic shape" in error.message
                continue
            for k, out in enumerate(found):
                expected = np.stack([np.asarray(row[k].data) for row in wanted])
                assert out.data.dtype == expected.dtype
                np.testing.assert_allclose(out.data, expected, 1e-9, 1e-9, err_msg=f"{sample} over {chosen}")


GRAD = OPERATORS["grad"].apply


def gradient_of(f, count):
    """The gradients of `f`, by all of its arguments."""
    return lambda *inputs: GRAD(f, argnums=tuple(range(count)))(*inputs)


def smooth_sum(values):
    return sum((T.sum(v * v * 0.5 + v) for v in values if isinstance(v, Tensor) and v.data.dtype.kind == "f"), 0)


def differs_from_a_loop(entry, sample, chosen, order):
    """What is other in `vmap(grad(f))` (order 1) or in `vmap(grad(grad(f)))` (2) than in a loop over two samples, where
    `f` is the operator, summed; "" for nothing. `chosen` tensors have a batch, the others are the first sample's."""
    draws = [sample.draw(seed) for seed in (1, 2)]
    args, kwargs = draws[0]
    tensors = [tensors_in([*a, *k.values()]) for a, k in draws]

    def f(*inputs):
        places = dict(zip(chosen, inputs, strict=True))
        return smooth_sum(applied(entry, args, kwargs, [places.get(i, x) for i, x in enumerate(tensors[0])]))

    of = gradient_of(f, len(chosen))
    if order == 2:
        first = of
        of = gradient_of(lambda *inputs: smooth_sum(first(*inputs)), len(chosen))
    try:
        wanted = [of(*(make(row[i].data) for i in chosen)) for row in tensors]
    except GradshError:
        return ""  # no such derivative, or tensors that do not go with each other's
    try:
        found = vmap.vmap(of, 0, 0, "error")(
            *(make(np.stack([np.asarray(row[i].data) for row in tensors])) for i in chosen)
        )
    except GradshError as error:
        return "" if "dynamic shape" in error.message else error.message
    for k, out in enumerate(found):
        expected = np.stack([np.asarray(row[k].data) for row in wanted])
        if out.data.shape != expected.shape or not np.allclose(out.data, expected, 1e-7, 1e-9, equal_nan=True):
            return f"gradient {k} is {out.data}, in a loop {expected}"
    return ""


def test_vmap_of_gradients_equals_a_loop():
    wrong, seen = [], set()
    for case in DIFFERENTIABLE:
        entry = case.values[0]
        if id(entry) in seen:  # another name for the same
            continue
        seen.add(id(entry))
        for number, sample in enumerate(list(entry.samples())[:2]):
            args, kwargs = sample.draw(1)
            floating = [i for i, x in enumerate(tensors_in([*args, *kwargs.values()])) if x.data.dtype.kind == "f"]
            alone = [[floating[number % len(floating)]]] if len(floating) > 1 else []
            for chosen, order in [(c, o) for c in ([floating, *alone] if floating else []) for o in (1, 2)]:
                if order == 1 or number < 1:
                    problem = differs_from_a_loop(entry, sample, chosen, order)
                    wrong += [f"{entry.name}{sample}, order {order} by {chosen}: {problem}"] if problem else []
    assert not wrong, "\n".join(wrong[:10])


def jacobian_of(entry, sample, way, create):
    """The Jacobians of one sample, by a way: "backward", "forward", or "alone" (row by row)."""
    args, kwargs = sample.draw(3)
    tensors = tensors_in([*args, *kwargs.values()])
    inputs = [leaf(x.data, create, None) for x in tensors if x.requires]
    if not inputs:
        return []

    def f(*new):
        following = iter(new)
        given = [next(following) if x.requires else x for x in tensors]
        return tuple(o for o in tensors_in(applied(entry, args, kwargs, given)) if o.data.dtype.kind == "f")

    run = products.Run("jacobian", f, tuple(inputs), create, False)
    run.call()
    work = jacobians.Jacobian(run)
    rows = [[None] * len(inputs) for _ in run.outputs]
    tracked = [i for i, o in enumerate(run.outputs) if o.requires]
    if way == "forward" and tracked:
        work.forwards(tracked, rows)
    elif way != "forward":
        for i in tracked:
            work.backwards(i, rows[i], way == "alone")
    shapes = [(*o, *i) for o in work.outs for i in work.ins]
    blocks = [x for row in rows for x in row]
    return [np.zeros(s) if x is None else np.asarray(x.data) for x, s in zip(blocks, shapes, strict=True)]


@pytest.mark.parametrize("create", [False, True], ids=["arrays", "graph"])
@pytest.mark.parametrize("way", ["backward", "forward"])
@pytest.mark.parametrize("entry", DIFFERENTIABLE)
def test_batched_and_forward_jacobians_equal_rows(entry, way, create):
    for sample in entry.samples():
        wanted = jacobian_of(entry, sample, "alone", False)
        found = jacobian_of(entry, sample, way, create)
        for a, b in zip(found, wanted, strict=True):
            assert a.shape == b.shape and (a.dtype == b.dtype or not a.any())
            np.testing.assert_allclose(a, b, 1e-7, 1e-8, err_msg=str(sample))


@pytest.mark.parametrize("entry", DIFFERENTIABLE)
def test_jvp_agrees_with_vjp(entry):
    """<v, J t> is <J^T v, t>."""
    rng = np.random.default_rng(5)
    for sample in entry.samples():
        args, kwargs = sample.draw(4)
        tensors = tensors_in([*args, *kwargs.values()])
        inputs = tuple(leaf(x.data, False, None) for x in tensors if x.requires)
        if not inputs:
            continue

        def f(*new, tensors=tensors, args=args, kwargs=kwargs):
            following = iter(new)
            given = [next(following) if x.requires else x for x in tensors]
            return tuple(o for o in tensors_in(applied(entry, args, kwargs, given)) if o.data.dtype.kind == "f")

        def drawn(x):
            return make(np.asarray(rng.uniform(-1, 1, x.data.shape)).astype(x.data.dtype)[()])

        ts = tuple(drawn(x) for x in inputs)
        outputs, pushed = products.jvp(f, inputs, ts, False, False)
        vs = tuple(drawn(o) for o in outputs)
        _, pulled = products.vjp(f, inputs, vs, False, False)
        left = sum(np.sum(v.data * t.data) for v, t in zip(vs, pushed, strict=True))
        right = sum(np.sum(g.data * t.data) for g, t in zip(pulled, ts, strict=True))
        np.testing.assert_allclose(left, right, 1e-7, 1e-9, err_msg=str(sample))


@pytest.mark.parametrize("entry", [case for case in DIFFERENTIABLE if case.values[0].elementwise])
def test_third_derivatives_of_elementwise_operators(entry):
    """The gradient's second derivatives against central differences of its first."""
    for sample in entry.samples():
        args, kwargs = sample.draw(6)
        tensors = tensors_in([*args, *kwargs.values()])
        inputs = [x for x in tensors if x.requires]
        if not inputs:
            continue

        def gradient(*_, inputs=inputs, args=args, kwargs=kwargs):
            outs = [o for o in tensors_in([entry.apply(*args, **kwargs)]) if o.requires]
            ones = [make(np.ones(o.data.shape, o.data.dtype)[()]) for o in outs]
            found = run_grad(outs, inputs, ones, True, True, True, False, None) if outs else ()
            return [g for g in found if g is not None and g.requires]

        with GradMode(True):
            if gradient():
                check_second(gradient, [inputs], {}, eps=1e-5, atol=1e-3, rtol=1e-3)


def test_large_jacobians_are_made_in_pieces(monkeypatch):
    program = "let x = tensor([[0.1, 0.7], [0.3, 2.]])\nprint jacobian(fn(a) = (sin(a) @ a, a.sum() * a), x)"
    whole = run(program)[0]
    monkeypatch.setattr(jacobians, "PIECE", 9)
    assert run(program)[0] == whole


def test_what_is_looped_is_noted():
    batched.LOOPED.clear()
    run("vmap(fn(a) = linalg.lu(a)[0])(eye(2).expand(2, 2, 2))")
    assert "linalg.lu" in batched.LOOPED


# --- gradcheck -------------------------------------------------------------------------------------------------------


def check(program: str) -> GradshError | None:
    """The error of a program, None when it runs."""
    _, result = run("let x = tensor([[0.5, -1.5, 2.]], grad, dtype=float64)\n" + program)
    return result.errors[0] if result.errors else None


WRONG = {
    "value": ("g * 3 * cos(a)", "the gradient is 3 times what it should be"),
    "sign": ("-g * cos(a)", "the sign is wrong"),
    "other function": ("g * a", ""),
    "zero": ("g * 0", "the gradient is zero"),
}


@pytest.mark.parametrize("kind", WRONG)
def test_a_wrong_rule_is_found(kind):
    rule, why = WRONG[kind]
    error = check(f"op f(a) {{ save_for_backward a; return sin(a) }} backward(g) {{ return {rule} }}\ngradcheck(f, x)")
    assert isinstance(error, GradcheckFailed)
    assert error.message.startswith("Jacobian mismatch for output 0 with respect to input 0,\nnumerical:tensor([[")
    assert why in error.note
    assert "0[0, 1]" in error.note and "analytical" in error.note and "step 1e-06" in error.note


def test_a_gradient_of_the_wrong_shape_is_found():
    error = check("op f(a) { return a * 2 } backward(g) { return (g * 2).t() }\ngradcheck(f, x)")
    assert error is not None and "returned an invalid gradient at index 0 - got [3, 1]" in error.message


def test_a_missing_sum_over_what_was_broadcast_is_found():
    """A rule of the engine whose gradient keeps the result's shape; `fix` would have summed it."""
    kind = Kind("BadBackward0", lambda node, g, F: g, saves=False)

    def bad(x):
        where = (test_jvp_agrees_with_vjp.__code__, 0)
        return tracked(np.broadcast_to(x.data, (2, 3)).copy(), record(kind, x.node or x, None, where))

    with pytest.raises(GradcheckFailed, match="Analytical gradient has incorrect size"):
        functional.gradcheck.apply(bad, leaf(np.array([1.0, 2.0, 3.0]), True, None))


def test_a_wrong_second_derivative_is_found():
    """The first derivative is right: g * cos(a), but cos(a) was computed without its graph."""
    op = "op f(a) { save_for_backward a; return sin(a) } backward(g) { return g * cos(a.detach()) }\n"
    assert check(op + "gradcheck(f, x)") is None
    error = check(op + "gradgradcheck(f, x)")
    assert isinstance(error, GradcheckFailed) and "with respect to input 0" in error.message
    assert "no gradient at all reaches input 0" in error.note


def test_reasons():
    assert (
        "a kink within the step: the slope is 0 on the left and 1 on the right"
        in check("gradcheck(relu, tensor([0., 1.], grad, dtype=float64))").note
    )
    assert "float32" in check("gradcheck(fn(a) = a * 2, tensor([1.], grad))").note
    assert "jumps" in check("gradcheck(sign, tensor([0.], grad, dtype=float64))").note
    assert (
        "no gradient at all reaches input 0"
        in check("gradcheck(fn(a, b) = a.detach() * b, (x, x.detach().clone().requires_grad_()))").note
    )
    assert "integers have no gradient" in check("gradcheck(fn(a) = a * 2, tensor([1, 2]))").note


@pytest.mark.parametrize("flags", ["", ", check_forward_ad", ", check_batched_grad", ", fast_mode"])
def test_gradcheck_passes(flags):
    assert (
        check(f"assert gradcheck(fn(a, b) = (sin(a) @ b.t(), a * b), (x, x.detach().clone().requires_grad_()){flags})")
        is None
    )
    assert check("assert gradgradcheck(fn(a) = exp(a) / (1 + a**2), x)") is None
    assert check("assert not gradcheck(fn(a) = a.detach() * 2, x, raise_exception=false)") is None


@pytest.mark.parametrize("use", ["relu(kept[0])", "kept[0].sum()", "stack(kept)", "kept[0].add_(1)", "kept[0].item()"])
def test_a_value_of_a_vmap_that_has_ended_says_so(use):
    session = gradsh.Session(out=io.StringIO(), err=io.StringIO())
    session.run("let kept = []\nfn f(x) { kept.append(x); return x }\nvmap(f)(ones(3));")
    (error,) = session.run(use).errors
    assert error.message.endswith("a value of a vmap is used after that vmap has ended")


@pytest.mark.parametrize(
    ("program", "said"),
    [
        ("fn f(p, q) = p\ngrad(f)(ones(2))", "f() missing 1 required positional argument: 'q'"),
        ("vmap(fn() = 1)(ones(2))", "<lambda>() takes 0 positional arguments but 1 was given"),
        ("let x = ones(2, grad); x.register_hook(fn(a, b) = a);\nx.sum().backward()",
         "<lambda>() missing 1 required positional argument: 'b'"),
        ("model M() { forward(x) = x; fn g(a, b) = a }\nlet m = M(); grad(m.g)(ones(2))",
         "M.g() missing 1 required positional argument: 'b'"),
    ],
)  # fmt: skip
def test_a_function_that_takes_other_arguments_is_the_programs_own_mistake(program: str, said: str) -> None:
    result = gradsh.Session(out=io.StringIO(), err=io.StringIO()).run(program)
    assert (result.status, result.errors[0].message) == (1, said)
