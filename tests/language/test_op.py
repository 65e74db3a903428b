"""`op … backward(…)`: names, what is refused before running, what backward is handed, and where errors point.

What PyTorch prints for the same programs is in tests/conformance/custom_functions.json.
"""

from __future__ import annotations

import gc
import io
import weakref

import pytest

import gradsh
from gradsh.errors import GradshError

MYPOW = """
op mypow(a, b=2) {
    save_for_backward a, b, out=a**b
    return out
} backward(g) {
    return g * b * a**(b - 1), (g * out * log(a) if needs_grad(b) else none)
}
"""


class Run:
    """One session; what its programs print, line by line."""

    def __init__(self) -> None:
        self.out, self.err = io.StringIO(), io.StringIO()
        self.session = gradsh.Session(out=self.out, err=self.err)

    def __call__(self, program: str) -> list[str]:
        self.out.seek(0)
        self.out.truncate()
        result = self.session.run(program, "test.grad")
        assert result.ok, self.err.getvalue()
        return self.out.getvalue().splitlines()

    def fails(self, program: str, status: int) -> list[GradshError]:
        result = self.session.run(program, "test.grad")
        assert result.status == status, (self.out.getvalue(), self.err.getvalue())
        return result.errors

    def value(self, name: str):
        return self.session.globals["." + name]


def run(program: str) -> list[str]:
    return Run()(program)


def refused(program: str) -> GradshError:
    errors = Run().fails(program, 3)
    assert len(errors) == 1, [e.message for e in errors]
    return errors[0]


def failed(program: str) -> GradshError:
    return Run().fails(program, 1)[0]


def texts(error: GradshError) -> list[tuple[str, str]]:
    return [(label.span.text, label.text) for label in error.labels]


# --- what it does -----------------------------------------------------------------------------------------------


def test_the_example_of_the_contract():
    program = (
        MYPOW
        + "let x = tensor(5., grad); let q = tensor(3., grad)\nlet y = mypow(x, q)\ny\nbackward log(y)\nx.grad, q.grad"
    )
    assert run(program) == ["tensor(125., grad_fn=<mypowBackward>)", "(tensor(0.6000), tensor(1.6094))"]


@pytest.mark.parametrize(
    "call",
    [
        "mypow(x, 3)",
        "mypow(x, b=3)",
        "mypow(b=3, a=x)",
        "x.mypow(3)",
        "x.mypow(b=3)",
        "x |> mypow(3)",
        "mypow(*[x, 3])",
    ],
)
def test_it_is_called_as_a_function_is(call):
    assert run(MYPOW + f"let x = tensor(2., grad)\n{call}") == ["tensor(8., grad_fn=<mypowBackward>)"]


def test_a_default_is_used_and_owes_no_gradient():
    lines = run(MYPOW + "let x = tensor(3., grad)\nbackward mypow(x)\nx.grad")
    assert lines == ["tensor(6.)"]
    short = "op scale(a, k=2) {\n save_for_backward k\n return a * k\n} backward(g) { return g * k }\n"
    assert run(short + "let x = tensor(3., grad)\nbackward scale(x)\nx.grad") == ["tensor(2.)"]
    owed = failed(short + "let x = tensor(3., grad)\nbackward scale(x, x)")
    assert "(expected 2, got 1)" in owed.message


def test_it_is_a_value():
    r = Run()
    assert r(MYPOW + "mypow\nlet f = mypow; let fs = [mypow]\nf(tensor(2., grad), 3), fs[0](2., 2.)") == [
        "<function mypow>",
        "(tensor(8., grad_fn=<mypowBackward>), 4.0)",
    ]
    assert r("fn twice(h, v) = h(h(v))\ntwice(mypow, tensor(2.))") == ["tensor(16.)"]


def test_ops_of_two_programs_of_a_session_are_two():
    r = Run()
    r("op f(a) { return a * 2 } backward(g) { return g * 2 }")
    r("op h(a) { return a * 3 } backward(g) { return g * 3 }\nlet x = tensor(1., grad)")
    assert r("backward f(x)\nx.grad\nbackward h(x)\nx.grad") == ["tensor(2.)", "tensor(5.)"]


def test_it_stands_in_a_function_and_sees_its_names():
    program = """
fn scaled(k) {
    let calls = 0
    op times(a) { calls += 1; return a * k } backward(g) { calls += 10; return g * k }
    fn count() = calls
    return times, count
}
let f, count = scaled(7.)
let x = tensor(2., grad)
f(x)
backward f(x)
x.grad, count()
"""
    assert run(program) == ["tensor(14., grad_fn=<timesBackward>)", "(tensor(7.), 12)"]


def test_a_rest_of_arguments():
    program = """
op total(first, *rest, k=1) {
    save_for_backward k
    return first + sum(rest) * k
} backward(g) {
    print needs_grad(first), needs_grad(rest), needs_grad(k)
    return g, g * k, none, none
}
let x = tensor(1., grad)
let y = total(x, x, 2, k=3.)
y
backward y
x.grad
"""
    assert run(program) == ["tensor(10., grad_fn=<totalBackward>)", "True (True, False) False", "tensor(4.)"]


def test_a_rest_of_gradients():
    program = "op both(a) { return a, a * 2 } backward(*gs) { return gs[0] + 2 * gs[1] }\nlet x = tensor(1., grad)\n"
    assert run(program + "let y, z = both(x)\nbackward z\nx.grad") == ["tensor(2.)"]


def test_saving_with_parentheses_under_a_name_and_twice():
    program = """
op f(a) {
    save_for_backward(a, t=a * 2)
    save_for_backward u=t * 2
    return t
} backward(g) {
    let t = t + 1
    return [v * u for v in [g + t - t]][0] / a * (fn(w) = w * a)(1) / u * 2
}
let x = tensor(3., grad)
backward f(x)
x.grad
"""
    assert run(program) == ["tensor(2.)"]


def test_what_one_call_did_not_save_is_not_there():
    program = """
op f(a) {
    if a > 0 { save_for_backward p=a * 2 }
    return a
} backward(g) {
    return g * p
}
let x = tensor(1., grad)
backward f(x)
x.grad
"""
    assert run(program) == ["tensor(2.)"]
    error = failed(program + "backward f(-x)")
    assert error.code == "E0605" and texts(error)[0] == ("p", "")


def test_backwards_that_call_each_other_give_all_derivatives():
    program = """
op mysin(x) { save_for_backward x; return sin(x) } backward(g) { return g * mycos(x) }
op mycos(x) { save_for_backward x; return cos(x) } backward(g) { return -g * mysin(x) }
let x = tensor(0.5, dtype=float64, grad)
let d = mysin(x)
repeat 4 { d = grad(d, x, create_graph)[0] }
(d - sin(x)).abs().item() < 1e-15
"""
    assert run(program) == ["True"]


def test_what_a_backward_makes_was_made_in_the_text_of_the_op():
    """The way to blame a line of the backward, when its own gradient goes wrong."""
    program = """
op f(a) { save_for_backward a; return a * a } backward(g) { return g * 2 * a * sqrt(a) }
let x = tensor(0., grad)
let (d,) = grad(f(x), x, create_graph)
detect_anomaly { backward d }
"""
    error = failed(program)
    assert error.message == "Function 'SqrtBackward0' returned nan values in its 0th output."
    assert ("sqrt(a)", "SqrtBackward0 was recorded here, with result = tensor(0.)") in texts(error)


# --- derivatives ------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("op", "inputs"),
    [
        (MYPOW, "(tensor([0.5, 1.5, 2.], dtype=float64, grad), tensor(1.5, dtype=float64, grad))"),
        (MYPOW, "(tensor([[0.5, 1.5]], dtype=float64, grad), 3)"),
        (
            "op mypow(a, b) { save_for_backward a, b; return a * b, a.sum() + b } "
            "backward(g, h) { return g * b + h.sum(), g * a + h }",
            "(tensor([0.5, 1.5], dtype=float64, grad), tensor([1., 2.], dtype=float64, grad))",
        ),
        (
            "op mypow(a) { save_for_backward y=exp(a); return y } backward(g) { return g * y }",
            "(tensor([0.5, 1.5], dtype=float64, grad),)",
        ),
    ],
)
def test_gradcheck_and_gradgradcheck(op, inputs):
    program = f"\ngradcheck(mypow, {inputs}), gradgradcheck(mypow, {inputs})"
    assert run(op + program) == ["(True, True)"]


def test_a_wrong_backward_is_caught():
    program = "op f(a) { save_for_backward a; return a**2 } backward(g) { return g * a }\n"
    error = failed(program + "gradcheck(f, tensor([1., 2.], dtype=float64, grad))")
    assert error.message.startswith("Jacobian mismatch for output 0 with respect to input 0,")


@pytest.mark.parametrize(
    "transform",
    [
        "jacobian(F, x)",
        "hessian(fn(v) = F(v).sum(), x)",
        "grad(fn(v) = F(v).sum())(x).detach()",
        "jvp(F, x, ones_like(x))",
        "hvp(fn(v) = F(v).sum(), x, ones_like(x))",
        "vmap(F)(x).detach()",
        "vmap(grad(F))(x).detach()",
        "vmap(fn(v) = vmap(fn(w) = F(v) * w)(x))(x).detach()",
        "grad(grad(F))(x[0]).detach()",
    ],
)
def test_derivatives_of_functions_go_through_it(transform):
    """Forward mode as well, which no op says how to do, and batches, which are done sample by sample."""
    program = MYPOW + "let x = tensor([1.5, 2.], dtype=float64, grad); let t = tensor(3., dtype=float64)\n"
    own = run(program + transform.replace("F", "(fn(v) = mypow(v, t))") + "\n")
    assert own == run(program + transform.replace("F", "(fn(v) = v**t)"))


# --- memory -----------------------------------------------------------------------------------------------------


def test_nothing_is_kept_alive_by_a_cycle():
    """A node holds what was saved and no output: all of it goes with the last name, without the collector."""
    r = Run()
    gc.collect()
    gc.disable()
    try:
        r(MYPOW + "let x = ones(3, grad); let y = mypow(x, 3.)")
        refs = [weakref.ref(r.value("y")), weakref.ref(r.value("y").grad_fn)]
        r("del y")
        assert [ref() for ref in refs] == [None, None]
    finally:
        gc.enable()


def test_backward_frees_what_was_saved():
    r = Run()
    r("op f(a) { save_for_backward t=a * 2; return a * a } backward(g) { return g * t }")
    r("let x = ones(3, grad); let y = f(x).sum()")
    kept = r.value("y").grad_fn.next.saved[0]
    ref = weakref.ref(kept)
    del kept
    r("backward y, retain_graph")
    assert ref() is not None
    r("backward y")
    assert ref() is None
    assert r("x.grad") == ["tensor([4., 4., 4.])"]


# --- refused before running ---------------------------------------------------------------------------------------


def test_a_parameter_that_was_not_saved():
    error = refused("let a = 1\nop f(a) { return a * 2 } backward(g) { return g * a }")
    assert error.message == "'a' is not in scope in backward: the forward of f does not save it"
    assert texts(error) == [("a", "")] and error.help == "in the forward: `save_for_backward a`"
    for use in (
        "print a",
        "let h = fn() = a\n return g",
        "a += 1\n return g",
        "return sum(g, a)",
        "return [a for i in range(2)][0]",
    ):
        assert refused(f"let a = 1\nop f(a) {{ return a * 2 }} backward(g) {{ {use} }}").code == "E0201", use


def test_another_name_of_the_forward():
    program = "op f(a) { let r = a * 2; return r } backward(g) { return g * r }"
    assert refused(program).help == "in the forward: `save_for_backward r`"
    assert run("let r = 3.\n" + program + "\nlet x = tensor(1., grad)\nbackward f(x)\nx.grad") == ["tensor(3.)"]


def test_a_name_that_backward_binds_itself():
    assert run("op f(a) { return a * 2 } backward(g) { let a = 2; return g * a }") == []
    assert run("op f(a) { return a * 2 } backward(g) { return [a * g for a in [2]][0] }") == []
    assert run("op f(a) { return a * 2 } backward(g) { return (fn(a) = a * g)(2) }") == []


@pytest.mark.parametrize(
    ("program", "code", "at"),
    [
        ("op f(a, a) { return a } backward(g) { return g, g }", "E0208", "a"),
        ("op f(a) { return a } backward(g, g) { return g }", "E0208", "g"),
        ("op f(a) { return a } backward(g=1) { return g }", "E0208", "g=1"),
        ("op f(a) { save_for_backward a; return a } backward(a) { return a }", "E0208", "a"),
        ("op f(a) { save_for_backward a**2; return a } backward(g) { return g }", "E0210", "a**2"),
        ("op f(a) { save_for_backward b; return a } backward(g) { return g }", "E0201", "b"),
        ("op f(a) { return a } backward(g) { save_for_backward g; return g }", "E0210", "save_for_backward"),
        ("op f(a) { fn h() { save_for_backward a }; return a } backward(g) { return g }", "E0210", "save_for_backward"),
        ("op f(a) { let r = save_for_backward(a); return a } backward(g) { return g }", "E0210", "save_for_backward"),
        ("save_for_backward 1", "E0210", "save_for_backward"),
        ("op f(a) { return needs_grad(a) } backward(g) { return g }", "E0210", "needs_grad"),
        ("op f(a) { return a } backward(g) { return needs_grad(g) }", "E0210", "needs_grad(g)"),
        ("needs_grad(2)", "E0210", "needs_grad"),
        ("op f(a) { return q } backward(g) { return g }", "E0201", "q"),
        ("op f(a, b=k) { return a } backward(g) { return g }", "E0201", "k"),
        ("for i in range(2) { op f(a) { break; return a } backward(g) { return g } }", "E0205", "break"),
    ],
)
def test_what_is_refused(program, code, at):
    error = refused(program)
    assert (error.code, error.labels[0].span.text) == (code, at), error.message


@pytest.mark.parametrize(
    ("parameters", "body", "expected", "got"),
    [
        ("a, b", "return g", 2, 1),
        ("a, b", "return g * 2 + g", 2, 1),
        ("a, b", "return 2 * g + h(g)", 2, 1),
        ("a, b", "return", 2, 1),
        ("a, b", "return none", 2, 1),
        ("a, b", "return -g", 2, 1),
        ("a, b", "if g > 0 { return g }\n return g, g", 2, 1),
        ("a, b, c", "return g, g", 3, 2),
        ("a", "return g, g", 1, 2),
        ("a", "return g, none, g", 1, 3),
        ("a, b, c=1", "return g", 3, 1),
        ("a, b, *c", "return g", 2, 1),
    ],
)
def test_a_wrong_number_of_gradients_that_is_certain(parameters, body, expected, got):
    error = refused(f"fn h(x) = x\nop f({parameters}) {{ return 1.0 }} backward(g) {{ {body} }}")
    text = f"function fBackward returned an incorrect number of gradients (expected {expected}, got {got})"
    assert error.message == text and error.kind == "RuntimeError"
    assert error.labels[0].span.text == body.partition("\n")[0].removeprefix("if g > 0 { ").removesuffix(" }")


def test_no_gradients_at_all():
    error = refused("op f(a, b) { return a } backward(g) { print g }")
    assert "(expected 2, got 1)" in error.message and error.labels[0].span.text == "backward"


@pytest.mark.parametrize(
    "body",
    [
        "return h(g)",
        "let r = (g, g)\n return r",
        "return g, none, none",
        "return (g,) * 2",
        "return (g,) + (g,)",
        "return (g, g) if true else g",
        "return h((g, g))",
        "let g = (g, g)\n return g",
        "fn inner() { return g }\n return g, g",
    ],
)
def test_what_is_not_certain_runs(body):
    program = (
        f"fn h(x) = x if isinstance(x, tuple) else (x, x)\nop f(a, b) {{ return a * b }} backward(g) {{ {body} }}\n"
    )
    assert run(program + "let x = tensor(1., grad)\nbackward f(x, tensor(1.))\nx.grad") == ["tensor(1.)"]


def test_a_wrong_number_of_outputs():
    error = refused("op f(a) { return a, a } backward(g) { return g }")
    assert error.message == "f.backward() takes 1 positional argument but 2 were given"
    assert texts(error) == [("backward", ""), ("return a, a", "2 outputs here")]
    assert refused("op f(a) { return a**2 } backward(g, h) { return g }").code == "E0202"
    assert run("op f(a) { return a } backward(g, h) { return g }") == []  # it may be a tuple
    program = "op f(a) { let r = (a * 2, a); return r } backward(g) { return g }\nlet x = ones(2, grad)\n"
    error = failed(program + "backward f(x)[0].sum()")
    assert error.kind == "TypeError" and ("backward", "the backward") in texts(error)


# --- where errors point -----------------------------------------------------------------------------------------


def test_an_error_in_backward_points_into_it():
    program = "op f(a) {\n save_for_backward a\n return a\n} backward(g) {\n return g * a[5]\n}\n"
    error = failed(program + "let x = ones(2, grad)\nbackward f(x).sum()")
    assert texts(error)[0] == ("a[5]", "") and texts(error)[-1] == ("backward f(x).sum()", "called here")


def test_an_error_in_forward_points_into_it():
    error = failed("op f(a) { return a[5] } backward(g) { return g }\nfn h(x) = f(x)\nh(ones(2, grad))")
    assert texts(error)[0] == ("a[5]", "")
    assert texts(error)[-2:] == [("f(x)", "called here"), ("h(ones(2, grad))", "called here")]


def test_a_wrong_gradient_points_at_the_return_that_gave_it():
    program = """
op f(a) {
    return a * 2
} backward(g) {
    if g.sum() > 0 {
        let r = ones(3)
        return r
    }
    return g
}
let x = ones(2, grad)
backward f(x).sum()
"""
    error = failed(program)
    assert error.message.startswith("Function fBackward returned an invalid gradient at index 0 - got [3]")
    assert texts(error) == [("return r", ""), ("backward f(x).sum()", "called here")]


def test_a_wrong_call_points_at_the_call():
    error = failed(MYPOW + "mypow()")
    assert error.message == "mypow() missing 1 required positional argument: 'a'" and texts(error) == [("mypow()", "")]
    assert failed(MYPOW + "mypow(1, 2, 3)").message == "mypow() takes from 1 to 2 positional arguments but 3 were given"
    assert failed(MYPOW + "mypow(1, c=3)").message == "mypow() got an unexpected keyword argument 'c'"


def test_the_node_was_made_where_the_op_was_called():
    error = failed(MYPOW + "let x = ones(2, grad); let y = mypow(x, 2).sum()\nbackward y\nbackward y")
    assert ("mypow(x, 2)", "recorded here (mypowBackward)") in texts(error)


def test_grad_mode_comes_back_after_a_failure():
    r = Run()
    r.fails("op f(a) { return a[7] } backward(g) { return g }\nf(ones(2, grad))", 1)
    assert r("is_grad_enabled()") == ["True"]


# --- modes ------------------------------------------------------------------------------------------------------


def test_set_grad_enabled_lasts_until_the_end_of_the_mode_block():
    program = """
no_grad { set_grad_enabled(true); print is_grad_enabled() }
enable_grad { set_grad_enabled(false) }
print is_grad_enabled()
detect_anomaly(check_nan=false) { set_grad_enabled(false); print is_grad_enabled() }
print is_grad_enabled()
set_grad_enabled(false)
if true { set_grad_enabled(false) }
print is_grad_enabled()
set_grad_enabled(true)
"""
    assert run(program) == ["True", "True", "False", "True", "False"]


def test_detect_anomaly_without_a_look_for_nan():
    program = (
        "let x = tensor(0., grad)\ndetect_anomaly(check_nan=false) { backward x / x }\nx.grad\nis_anomaly_enabled()"
    )
    assert run(program) == ["tensor(nan)", "False"]
    assert "'DivBackward0' returned nan values" in failed(program.replace("(check_nan=false)", "")).message
