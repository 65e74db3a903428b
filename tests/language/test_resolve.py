"""What is refused before a program runs, and which bare names are flags."""

from __future__ import annotations

import pytest

from gradsh import errors
from tests.language.running import Session, at, refused, run


@pytest.mark.parametrize(
    ("source", "message", "where", "help"),
    [
        ("let loss = 1; print los", "name 'los' is not defined", "los", "did you mean `loss`?"),
        ("lgo(1)", "name 'lgo' is not defined", "lgo", "did you mean `log`?"),
        ("total([1], 0, kepdim)", "name 'kepdim' is not defined", "kepdim", "did you mean `keepdim`?"),
        ("log(1, 2)", "log() takes 1 positional argument but 2 were given", "log(1, 2)", None),
        ("log()", 'log() missing 1 required positional arguments: "input"', "log()", None),
        ("relu()", "relu() missing 1 required positional argument: 'input'", "relu()", None),
        (
            "let x = [1]\nfor i in x { transpose(i) }",
            'transpose() missing 2 required positional argument: "dim0", "dim1"',
            "transpose(i)",
            None,
        ),
        ("transpose(1)", "transpose(): argument 'input' (position 1) must be Tensor, not int", "transpose(1)", None),
        ("total(1, 2, 3, 4)", "total() takes from 1 to 3 positional arguments but 4 were given", None, None),
        ("1 |> log(2)", "log() takes 1 positional argument but 2 were given", "1 |> log(2)", None),
        ("total(1, input=2)", "total() got multiple values for argument 'input'", "total(1, input=2)", None),
        ("ones(2, foo=1)", "ones() got an unexpected keyword argument 'foo'", "foo=1", None),
        ("total(1, dims=0)", "total() got an unexpected keyword argument 'dims'", "dims=0", "did you mean `dim=0`?"),
        ("torch.foo", "module 'torch' has no attribute 'foo'", "foo", None),
        (
            "torch.nn.functional.relo(1)",
            "module 'torch.nn.functional' has no attribute 'relo'",
            "relo",
            "did you mean `relu`?",
        ),
        ("F.foo(1)", "module 'torch.nn.functional' has no attribute 'foo'", "foo", None),
        ("linalg.nrm(1)", "module 'torch.linalg' has no attribute 'nrm'", "nrm", "did you mean `norm`?"),
        ("print torch", "module 'torch' is not a value", "torch", "name what you need of it: `torch.log`"),
        ("break", "'break' outside loop", "break", None),
        ("for i in [1] { fn f() { continue } }", "'continue' not properly in loop", "continue", None),
        ("return 1", "'return' outside function", "return 1", None),
        ("fn f(x, x) = x", "duplicate argument 'x' in function definition", "x", None),
        ("fn f(x=1, y) = y", "non-default argument follows default argument", "y", None),
        ("log += 1", "name 'log' is a built-in and cannot be changed", "log", None),
        ("del log", "name 'log' is a built-in: there is nothing to delete", "log", None),
        ("count += 1", "name 'count' is not defined", "count", None),
        ("fn f() { let y = 1 }\ny", "name 'y' is not defined", "y", None),
        ("[i for i in [1]]; i", "name 'i' is not defined", "i", None),
        ("param lr = 0.1; param lr = 1", "the parameter 'lr' is declared twice", "param lr = 1", None),
        (
            'fn f() { use "a.grad" }',
            "`use` stands at the top level of a file only: files are read before anything runs",
            'use "a.grad"',
            None,
        ),
        ('use "nowhere.grad"\nanything(1)', "cannot read 'nowhere.grad': No such file or directory", None, None),
    ],
)
def test_refused(source: str, message: str, where: str | None, help: str | None) -> None:
    error = refused(source)
    assert error.message == message
    assert at(error) == where if where is not None else True
    assert error.help == help


def test_all_errors_at_once_in_order_and_twenty_at_most() -> None:
    found = Session().refused("print a1\nlog(1, 2)\nbreak\nprint b1")
    assert [type(e) for e in found] == [errors.UnknownName, errors.WrongArity, errors.OutsideLoop, errors.UnknownName]
    assert len(Session().refused("break\n" * 50)) == 20


def test_a_misspelt_name_gets_one_suggestion() -> None:
    found = Session().refused("let loss = 1\nprint los\nprint los")
    assert [e.help for e in found] == ["did you mean `loss`?", None]


def test_flags() -> None:
    assert run("tensor(5, grad)") == ["'tensor(5, requires_grad=True)'"]
    assert run("tensor(5, requires_grad)") == ["'tensor(5, requires_grad=True)'"]
    assert run("tensor(5, grad=true)") == ["'tensor(5, requires_grad=True)'"]
    assert run("tensor(5, grad=false)") == ["'tensor(5, requires_grad=False)'"]
    assert run("total([1], 0, keepdim)") == ["'sum([1], dim=0, keepdim=True)'"]
    assert run("total([1], keepdim, dim=0)") == ["'sum([1], dim=0, keepdim=True)'"]
    assert run("[1] |> total(0, keepdim)") == ["'sum([1], dim=0, keepdim=True)'"]


def test_a_variable_of_the_same_name_is_ambiguous() -> None:
    error = refused("let keepdim = false\ntotal([1], 0, keepdim)")
    assert isinstance(error, errors.ShadowedFlag) and at(error) == "keepdim"
    assert error.help == "write `keepdim=true` for the flag, or `(keepdim)` for the variable"
    assert run("let keepdim = 7\ntotal([1], 0, (keepdim))") == ["'sum([1], dim=0, keepdim=7)'"]
    assert run("let keepdim = 7\ntotal([1], 0, keepdim=true)") == ["'sum([1], dim=0, keepdim=True)'"]


def test_flags_of_the_users_functions() -> None:
    session = Session()
    assert session.run("fn f(x, verbose=false) = verbose\nf(1, verbose)") == ["True"]
    assert session.run("f(1, verbose)") == ["True"]  # also from an earlier program
    assert session.refused("f(1, verbos)")[0].help == "did you mean `verbose`?"
    assert session.run("f(1)\nf(1, true)\nf(1, verbose=true)") == ["False", "True", "True"]


def test_prefixes_are_dropped_unless_bound() -> None:
    assert run("torch.log(1)\nF.relu(2)\ntorch.nn.functional.relu(3)\ntorch.linalg.norm(4)\nlinalg.norm(5)") == [
        "'log(1)'",
        "'log(2)'",
        "'log(3)'",
        "'norm(4)'",
        "'norm(5)'",
    ]
    assert run("torch.tensor(5, requires_grad=true)") == ["'tensor(5, requires_grad=True)'"]
    session = Session()
    assert session.run("let F = [1]\nF.append(2)\nF") == ["[1, 2]"]
    assert session.run("F.append(3)\nF") == ["[1, 2, 3]"]  # also when an earlier program bound it


def test_a_prefix_reaches_the_built_in_behind_a_variable() -> None:
    assert run("let log = 3\ntorch.log(log)") == ["'log(3)'"]


def test_a_name_is_the_built_in_until_it_is_bound() -> None:
    assert run("log(1)\nlet log = 3\nlog\ndel log\nlog(2)") == ["'log(1)'", "3", "'log(2)'"]
    session = Session()
    session.run("let log = 3")
    assert session.run("log") == ["3"]
    assert session.run("del log\nlog(1)") == ["'log(1)'"]


def test_imports_of_torch_do_nothing() -> None:
    assert run("import torch\nimport torch.nn.functional as F\nfrom torch import nn\nF.relu(1)") == ["'log(1)'"]


def test_nested_too_deeply() -> None:
    for source in (
        "[" * 5000 + "1" + "]" * 5000,
        "-" * 5000 + "1",
        "1 ** " * 5000 + "1",
        "1 if true else " * 5000 + "2",
    ):
        error = refused(source)
        assert isinstance(error, errors.TooDeep) and "nested too deeply" in error.message
    loops = refused("".join(f"for i{j} in [1] {{ " for j in range(30)) + "}" * 30)
    assert loops.message == "nested too deeply"
