"""No way from a program to the host: its attributes, its built-ins, its files."""

from __future__ import annotations

import pytest

from gradsh.errors import GradshError, Refused
from gradsh.runtime import text
from tests.language.running import Session

VALUES = [
    "1", "1.5", "true", "none", '"s"', "[1]", "(1, 2)", '{"a": 1}', "log", "f", "(fn(x) = x)", "range(3)", "zip([1])",
    "len", "int", "str", "list", "print", "[1].append", "sorted", "enumerate([1])", '{"a": 1}.keys()', "reversed([1])",
    "isinstance", "...", "{1, 2}", "{1}.union", "set", "map(len, [[1]])", "map", "repr", '"s".format',
]  # fmt: skip
NAMES = [
    "__class__",
    "__dict__",
    "__globals__",
    "__builtins__",
    "__code__",
    "__closure__",
    "__func__",
    "__self__",
    "__init__",
    "__subclasses__",
    "__mro__",
    "__bases__",
    "__getattribute__",
    "__reduce__",
    "__reduce_ex__",
    "__module__",
    "__doc__",
    "__call__",
    "__wrapped__",
    "func_globals",
    "gi_frame",
    "gi_code",
    "cr_frame",
    "tb_frame",
    "f_globals",
    "f_back",
    "f_locals",
    "format",
    "format_map",
    "mro",
    "python",
    "table",
    "encode",
    "maketrans",
    "translate",
    "__format__",
    "__iter__",
    "__next__",
    "__defaults__",
    "__public__",
    "__traceback__",
    "__context__",
    "args",
    "with_traceback",
]


@pytest.mark.parametrize("value", VALUES)
def test_no_attribute_reaches_the_host(value: str) -> None:
    session = Session()
    session.run("fn f(x) = x")
    for name in NAMES:
        if (value, name) == ('"s"', "format"):  # which is one of its methods: below
            continue
        for form in (
            f"({value}).{name}",
            f"({value}).{name}()",
            f"print f'{{({value}).{name}}}'",
            f"({value}).{name} = 1",
        ):
            with pytest.raises(GradshError) as caught:
                session.run(form)
            assert "has no attribute" in caught.value.message, (form, caught.value.message)


HOST_NAMES = [
    "__builtins__",
    "__import__",
    "eval",
    "exec",
    "open",
    "globals",
    "locals",
    "vars",
    "getattr",
    "setattr",
    "object",
    "compile",
    "input",
    "breakpoint",
    "memoryview",
    "super",
    "dir",
    "id",
    "hash",
    "classmethod",
    "__name__",
    "__file__",
    "callable",
    "chr",
    "bytes",
    "os",
    "sys",
    "np",
    "numpy",
]


@pytest.mark.parametrize("name", HOST_NAMES)
def test_no_name_of_the_host(name: str) -> None:
    for form in (f"{name}", f"{name}(1)", f"fn f() = {name}", f"[1 for i in [{name}]]", f"{name}.x", f"1 |> {name}"):
        with pytest.raises(Refused):
            Session().run(form)


@pytest.mark.parametrize("value", VALUES)
def test_no_field_of_a_template_reaches_the_host(value: str) -> None:
    session = Session()
    session.run("fn f(x) = x")
    for name in NAMES:
        if (value, name) == ('"s"', "format"):
            continue
        for template in (f"{{0.{name}}}", f"{{v.{name}}}", f"{{0:{{v.{name}}}}}"):
            with pytest.raises(GradshError) as caught:
                session.run(f'"{template}".format({value}, v={value})')
            assert "has no attribute" in caught.value.message, (template, caught.value.message)


def test_what_type_gives_makes_nothing() -> None:
    """`type(x)` compares; of what no name of the language makes, it makes none either."""
    for value in ("none", "print", "fn(x) = x", "type(1)", "zip([1])", "[1].append", "{}.keys()"):
        with pytest.raises(GradshError):
            Session().run(f"type({value})(1)")
        with pytest.raises(GradshError):
            Session().run(f"type({value}).python")


@pytest.mark.parametrize(
    "source",
    [
        '"{0.__class__}".format(1)',
        '"{0.__class__}".format_map({"a": 1})',
        'print f"{1!r:{(1).__class__}}"',
        'str.format("{}", 1)',
        "try { 1 / 0 } catch err { err.__traceback__ }",
        "try { 1 / 0 } catch err { err.__class__ }",
        "try { 1 / 0 } catch err { err.args }",
        "log.__globals__",
        'let d = {"a": 1}; d.__class__',
        "(fn(x) { return x }).__globals__",
        "[i for i in [1]].__class__",
        'isinstance(1, "int")',
        "str(b=1)",
        'str("a", "utf-8")',
    ],
)
def test_doors_that_are_shut(source: str) -> None:
    with pytest.raises((GradshError, Refused, TypeError)):
        Session().run(source)


def test_host_names_do_not_shadow_helpers() -> None:
    session = Session()
    session.run("let attr = 1; let echo = 2; let method = 3; let __builtins__ = 4; let Exception = 5")
    assert session.run("[1].append(2)\ntry { 1 / 0 } catch err { err }\n__builtins__") == ["'division by zero'", "4"]
    assert session.globals["__builtins__"] == {}


def test_one_normal_form_of_names() -> None:
    assert Session().run("let ﬁ = 3\nfi") == ["3"]  # the ligature is NFKC's "fi", as in Python


def test_no_addresses_are_printed() -> None:
    session = Session()
    shown = session.run(
        "fn f(x) = x\nprint f, log, [f], len, range, zip([1]), [1].append, print, int, {1: f}, sorted\nf"
    )
    for line in shown:
        assert "0x" not in line and "object at" not in line and "gradsh" not in line
    assert "0x" not in text.shown(object())


def test_interrupts_and_faults_are_not_caught() -> None:
    session = Session()

    def broken(x: object) -> None:
        raise KeyboardInterrupt

    session.globals[".broken"] = broken
    with pytest.raises(KeyboardInterrupt):
        session.run("try { broken(1) } catch err { print err }")
    session.globals[".memory"] = lambda: bytearray(1 << 62)
    with pytest.raises(MemoryError):
        session.run("try { memory() } catch err { print err }")
    session.globals[".fault"] = lambda: {}["gradsh"]  # raised in host code: not the program's
    with pytest.raises(KeyError):
        session.run("try { fault() } catch err { print err }")
