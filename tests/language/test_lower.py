"""What statements and expressions do when they run, and where their failures point."""

from __future__ import annotations

import os
import subprocess
import sys

import pytest

from gradsh import errors
from gradsh.errors import Source
from gradsh.language.program import compile_program
from tests.language.running import Session, fails, run


@pytest.mark.parametrize(
    ("source", "lines"),
    [
        # echo
        ("1 + 2", ["3"]),
        ("1 + 2;", []),
        ("none", []),
        ('"text"', ["'text'"]),
        ('print "text", 1', ["text 1"]),
        ("print()", [""]),
        ("let show = 4\nshow", ["4"]),
        ("fn f() { 5 }\nf()", ["5"]),
        ("effect(3)", []),
        ("let x = [1]; x.append(2); x", ["[1, 2]"]),
        # assignment
        ("let a, b = 1, 2\na, b = b, a\nprint a, b", ["2 1"]),
        ("let (a, b), c = (1, 2), 3\nprint a, b, c", ["1 2 3"]),
        ("let x = [1, 2, 3]\nx[0], x[1] = x[1], x[0]\nx", ["[2, 1, 3]"]),
        ("let x = [0, 0]\nlet i = 0\ni, x[i] = 1, 7\nprint i, x", ["1 [0, 7]"]),
        ("let x = [1, 2, 3, 4]\nx[1:3] = [9]\nx[-1]\nx[::2]", ["4", "[1, 4]"]),
        ('let d = {"a": 1}\nd["b"] = 2\nd\ndel d["a"]\nd', ["{'a': 1, 'b': 2}", "{'b': 2}"]),
        ("let x = 7\nx //= 2\nx **= 2\nx -= 1\nx *= 2\nx /= 4\nx %= 3\nx", ["1.0"]),
        ("let x = [1]\nlet y = x\ny += [2]\ny *= 2\nprint x, y", ["[1] [1, 2, 1, 2]"]),
        ("let x = [1, [2]]\nx[1] += [3]\nx[0] += 1\nx", ["[2, [2, 3]]"]),
        # control flow
        ("for i in range(5) { if i == 1 { continue }; if i == 4 { break }; print i }", ["0", "2", "3"]),
        ("let n = 3\nwhile n > 0 { n -= 1; print n }", ["2", "1", "0"]),
        ("for i, (a, b) in enumerate([(1, 2), (3, 4)]) { print i, a, b }", ["0 1 2", "1 3 4"]),
        ("let n = 0\nrepeat 3 { n += 1 }\nn\nrepeat 0 { n }", ["3"]),
        ("let x = 5\nif x < 3 { 1 } else if x < 6 { 2 } else { 3 }", ["2"]),
        ("pass\nif true { }\nfor i in [] { }", []),
        ("no_grad { inside() }\ninside()", ["1", "0"]),
        ("fn f() { no_grad { return inside() } }\nf()\ninside()", ["1", "0"]),
        # functions and scopes
        ("fn f(x, y=2.0, *rest) { return x, y, rest }\nf(1)\nf(1, 2, 3, 4)", ["(1, 2.0, ())", "(1, 2, (3, 4))"]),
        ("fn f(x, y=2) = x * y\nf(3, y=5)\nf(y=1, x=2)\nf(*[4, 5])", ["15", "2", "20"]),
        ("let n = 0\nfn f() { n += 1 }\nf()\nf()\nn", ["2"]),
        ("let n = 0\nfn f() { let n = 5; n += 1; return n }\nf()\nn", ["6", "0"]),
        ("fn c() { let n = 0; fn up() { n += 1; return n }; return up }\nlet f = c()\nf()\nf()", ["1", "2"]),
        ("fn f() = later\nlet later = 4\nf()", ["4"]),
        ("if true { let a = 1 }\nfor i in [5] { let b = i }\nprint a, b, i", ["1 5 5"]),
        ("let i = 9\nlet y = [i for i in [1, 2]]\nprint i, y", ["9 [1, 2]"]),
        ("fn fib(n) = n if n < 2 else fib(n - 1) + fib(n - 2)\nfib(12)", ["144"]),
        ("let fs = [fn(x) = x + i for i in range(3)]\nfs[0](0)", ["2"]),
        ("let f = fn(x) { if x > 1 { return 10 }; return 20 }\nf(2)\nf(1)", ["10", "20"]),
        ("let f = fn(x) = [fn(y) { return x + y + k } for k in range(3)]\nf(1)[0](1)", ["4"]),
        ("let fs = [fn() { return (a, b) } for a, b in [(1, 2)] if (fn() { return a < b })()]\nfs[0]()", ["(1, 2)"]),
        ("fn f() { let x = 1; del x; return 2 }\nf()", ["2"]),
        ("fn twice(x) = 2 * x\n(3).twice()\n[1].twice()", ["6", "[1, 1]"]),
        ("fn scale(x, by=2) = by * x\n(3).scale(by=5)", ["15"]),
        # expressions
        ("[(i, j) for i in range(3) for j in range(i) if j > 0]", ["[(2, 1)]"]),
        ("5 |> (fn(x) = x + 1) |> log", ["'log(6)'"]),
        ("fn add(a, b) = a + b\n1 |> add(2) |> add(b=3)", ["6"]),
        ("-2**2\n2**3**2\nnot 1 == 2", ["-4", "512", "True"]),
        ("1 if false else 2 if false else 3", ["3"]),
        ("1 and 0 or 5", ["5"]),
        ("3 in [1, 2]\n3 not in [1, 2]\nnone is none\n1 is not none", ["False", "True", "True", "True"]),
        (
            'let x = 2.5; let t = "a"\nprint f"x={x:.2f} {x!r} {[x]} {t!r:>5} {x:{4}.{1}f}"',
            ["x=2.50 2.5 [2.5]   'a'  2.5"],
        ),
        ("let f = fn(x) = x\nprint f, log, [f]", ["<function <lambda>> <function log> [<function <lambda>>]"]),
        ("print {'a': (1,)}, (), [none, true]", ["{'a': (1,)} () [None, True]"]),
        ("let x = [1]\nx.append(x)\nx", ["[1, [...]]"]),
        # failures that are caught
        (
            "try { 1 / 0 } catch err { print err, err.code }\nerr.upper()",
            ["division by zero E0310", "'DIVISION BY ZERO'"],
        ),
        ('try { assert false, "no" } catch { print "caught" }', ["caught"]),
        ("fn f(x) = f(x)\ntry { f(1) } catch err { err }", ["'maximum recursion depth exceeded'"]),
        ("let a = 1\ntry { let a, b = 5, 6, 7 } catch err { print a }", ["1"]),
        ("let a, b = 1, 2\ntry { a, (b, c) = 5, (6, 7, 8) } catch err { print a, b }", ["1 2"]),
        ("let a = 1\nlet x = [0]\ntry { a, x[9] = 5, 6 } catch err { print a }", ["1"]),
    ],
)  # fmt: skip
def test_runs(source: str, lines: list[str]) -> None:
    assert run(source) == lines


@pytest.mark.parametrize(
    ("source", "kind", "message", "where"),
    [
        ('let y = 3 * (1 + "a")', errors.TypeError_, "unsupported operand type(s) for +: 'int' and 'str'", '(1 + "a")'),
        ("let a = 1\nlet b = a / (a - 1)", errors.ZeroDivision, "division by zero", "a / (a - 1)"),
        ("[1, 2][7]", errors.IndexError_, "list index out of range", "[1, 2][7]"),
        ('let d = {"a": 1}\nd["b"]', errors.KeyError_, "'b' is not a key of the dict", 'd["b"]'),
        ("let x = 3\nx()", errors.NotCallable, "'int' object is not callable", "x()"),
        ("for i in 5 { i }", errors.NotIterable, "'int' object is not iterable", "5"),
        ("let a, b = 3", errors.NotIterable, "cannot unpack non-iterable int object", None),
        ("let a, b = (1, 2, 3)", errors.UnpackError, "too many values to unpack (expected 2)", None),
        ("let a, b, c = (1, 2)", errors.UnpackError, "not enough values to unpack (expected 3, got 2)", None),
        ("fn f(x, yy) = x\nf(1)", errors.CallError, "f() missing 1 required positional argument: 'yy'", "f(1)"),
        ("fn f(x) = x\nf(1, 2)", errors.CallError, "f() takes 1 positional argument but 2 were given", "f(1, 2)"),
        ("fn f(x) = x\nf(y=2)", errors.CallError, "f() got an unexpected keyword argument 'y'", "f(y=2)"),
        ("fn o() { fn g(x) = x; return g }\no()()", errors.CallError, None, "o()()"),
        ("let f = fn(x) { return x }\nf()", errors.CallError, None, "f()"),
        ("fn f() { let y = z; let z = 1 }\nf()", errors.Unbound, None, "z"),
        ("print later\nlet later = 1", errors.Unbound, "name 'later' is not defined", "later"),
        ("fn f(x) = f(x + 1)\nf(1)", errors.RecursionLimit, "maximum recursion depth exceeded", "f(x + 1)"),
        ("assert 1 > 2", errors.AssertionFailed, "assertion failed", "1 > 2"),
        ('assert 1 > 2, "no"', errors.AssertionFailed, "no", "1 > 2"),
        ("repeat 1.5 { }", errors.TypeError_, "'float' object cannot be interpreted as an integer", "1.5"),
        ("none.zero_()", errors.AttributeError_, "'NoneType' object has no attribute 'zero_'", "none.zero_"),
        ("let x = [1]\nx.apend(2)", errors.AttributeError_, "'list' object has no attribute 'apend'", "x.apend"),
        ("2.0 ** 100000", errors.Overflow, "Numerical result out of range", "2.0 ** 100000"),
        ('int("x")', errors.ValueError_, "invalid literal for int() with base 10: 'x'", 'int("x")'),
        ('print f"{[1]:.2f}"', errors.TypeError_, "unsupported format string passed to list.__format__", None),
        ("let x = 1\ndel x\nx", errors.Unbound, "name 'x' is not defined", "x"),
        ("let x = 1\nx.y = 3", errors.AttributeError_, "'int' object has no attribute 'y'", "x.y"),
    ],
)
def test_fails(source: str, kind: type[errors.GradshError], message: str | None, where: str | None) -> None:
    error = fails(source)
    assert type(error) is kind, error.message
    if message is not None:
        assert error.message == message
    assert "'." not in error.message and "@" not in error.message and "<locals>" not in error.message
    if where is not None:
        assert error.at == where  # type: ignore[attr-defined]  # see running.fails


def test_a_misspelt_attribute_gets_a_suggestion() -> None:
    assert fails("[1].apend(2)").help == "did you mean `.append`?"


def test_what_ran_before_a_failure_stays() -> None:
    session = Session()
    session.fails("let a = 1\nlet b = 2\nlet a = 1 / 0")
    assert session.run("print a, b") == ["1 2"]


def test_spans_of_printed_values() -> None:
    session = Session()
    session.display.needs_spans = True
    session.run("let x = 2\nx + 1\nprint x, (x * 2)\nshow x\nprint *[1, 2]")
    assert session.display.spans == ["x + 1", "x", "(x * 2)", None, None]
    assert session.shown == [["x"]]


def test_a_function_points_into_its_own_program() -> None:
    session = Session()
    session.run("fn f(x) = 1 / x")
    assert session.fails("f(0)").at == "1 / x"  # type: ignore[attr-defined]  # see running.fails


def test_long_programs() -> None:
    assert run("let a = 1\n" + " + ".join(["a"] * 20000)) == ["20000"]
    assert run("let a = true\n" + " and ".join(["a"] * 3000)) == ["True"]
    assert run("fn g(x) = x + 1\n0" + " |> g" * 3000) == ["3000"]
    assert run("let s = 0\nlet a = [" + "1, " * 20000 + "]\nfor i in a { s += i }\ns") == ["20000"]
    chain = "".join(f" else if a == {i} {{ {i} }}" for i in range(1, 150))
    assert run("let a = 149\nif a == 0 { 0 }" + chain) == ["149"]
    assert fails("let a = 1\n" + " + ".join(["a"] * 999) + ' + "x"').message.startswith("unsupported operand")


def test_a_long_chain_keeps_no_temporaries() -> None:
    session = Session()
    session.run("let a = [1]\nlet t = " + " + ".join(["a"] * 500))
    assert [key for key, value in session.globals.items() if key.startswith("@t") and isinstance(value, list)] == []


def test_a_long_chain_inside_a_function_or_comprehension() -> None:
    chain = " + ".join(["x"] * 100)
    assert run(f"fn f(x) = {chain}\nf(1)") == ["100"]
    assert run(f"[{chain} for x in [1, 2]]") == ["[100, 200]"]
    assert run(f"let x = [1]\n[len(y) for y in [{chain}]]") == ["[100]"]


def test_positions_survive_python_without_columns() -> None:
    code = (
        "from tests.language.running import fails\n"
        "error = fails('let a = 1\\nlet b = 2 * (a / (a - 1))')\n"
        "assert error.at == '(a / (a - 1))', error.at\n"
    )
    environment = {**os.environ, "PYTHONNODEBUGRANGES": "1"}
    subprocess.run([sys.executable, "-c", code], check=True, env=environment)


def test_loop_bodies_are_plain_instructions() -> None:
    session = Session()
    source = Source("<test>", "let y = 1.5\nlet w = 2.0\nrepeat 3 { y = y * w }")
    code = compile_program(source, {}, session.globals["@table"]).code
    import dis

    loop = [i.opname for i in dis.get_instructions(code)]
    at = loop.index("FOR_ITER")
    end = loop.index("JUMP_BACKWARD")
    assert loop[at + 1 : end] == ["STORE_GLOBAL", "LOAD_GLOBAL", "LOAD_GLOBAL", "BINARY_OP", "STORE_GLOBAL"]


def test_cached_programs(tmp_path: object, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("GRADSH_CACHE_DIR", str(tmp_path) + "/cache")
    code = (
        "import sys\n"
        "from tests.language import running\n"
        "session = running.Session()\n"
        "print(session.run('let a = 2\\r\\na + 1\\nlog(a)'))\n"
        "session = running.Session()\n"
        "try: session.run('let b = 1 / 0')\n"
        "except ZeroDivisionError as error: print(running.faults.spans(error)[0].text)\n"
        "print([m for m in sys.modules if m in ('lark', 'gradsh.language.lower', 'gradsh.language.nodes')])\n"
    )
    runs = [subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True) for _ in range(2)]
    first, second = (run.stdout.splitlines() for run in runs)
    assert first[:2] == second[:2] == ['["3", "\'log(2)\'"]'.replace('"3"', "'3'"), "1 / 0"]
    assert "lark" in first[2] and second[2] == "[]"
