"""Attributes and methods by type, Python's own helpers, printing, and Python's exceptions in the user's words."""

from __future__ import annotations

import sys
from types import ModuleType
from typing import Any

import numpy as np
import pytest

from gradsh import errors
from gradsh.calls.signature import ACTS_FOR_PROGRAMS
from gradsh.engine import catalogue
from gradsh.engine.core import dtypes
from gradsh.engine.core.named import named
from gradsh.engine.core.tensor import Tensor, make
from gradsh.engine.operators import registry
from gradsh.engine.ops import families
from gradsh.errors import GradshError
from gradsh.runtime import access, builtins, faults, namespace, python, text
from tests.language.running import Session, fails, run


def test_methods_of_plain_values() -> None:
    assert run('"a,b".split(",")\n"-".join(["x", "y"])\n" A ".strip().lower()\n"a".upper()') == [
        "['a', 'b']",
        "'x-y'",
        "'a'",
        "'A'",
    ]
    assert run('let d = {"a": 1}\nd.get("b", 5)\nd.keys()\nlist(d.items())') == ["5", "dict_keys(['a'])", "[('a', 1)]"]
    assert run("let x = [1, 2]\nx.pop()\nx.extend((3, 4))\nx") == ["2", "[1, 3, 4]"]


def test_pythons_helpers() -> None:
    assert run("len([1, 2])\nlist(range(2))\nlist(zip([1], [2]))\nsorted([2, 1])\nlist(reversed([1, 2]))") == [
        "2",
        "[0, 1]",
        "[(1, 2)]",
        "[1, 2]",
        "[2, 1]",
    ]
    assert run('int("7")\nfloat(2)\nbool(0)\nstr(none)\ntuple([1])\ndict([("a", 1)])') == [
        "7",
        "2.0",
        "False",
        "'None'",
        "(1,)",
        "{'a': 1}",
    ]
    assert run("isinstance(1, int)\nisinstance(1.0, (int, float))\nisinstance([], str)") == ["True", "True", "False"]
    assert run("sorted([3, 1, 2], key=fn(x) = -x)") == ["[3, 2, 1]"]
    assert run("time() > 0") == ["True"]


def test_dtypes_that_are_functions_too() -> None:
    float_ = python.OWN["float"]
    assert isinstance(float_, dtypes.DType) and float_ == dtypes.float32 and dtypes.float32 == float_
    assert float_.np == np.float32 and repr(float_) == "float32"
    assert float_("2.5") == 2.5
    assert python.OWN["int"] == dtypes.int32 and python.OWN["bool"] == dtypes.bool_


def test_shared_helpers_ask_the_first_argument() -> None:
    largest = python.shared("max", lambda *a, **k: ("operator", a, k))
    tensor = make(np.float32(1.0))
    assert largest(1, 2, 3) == 3
    assert largest([4, 5]) == 5
    assert largest(tensor, 0) == ("operator", (tensor, 0), {})
    assert largest(input=tensor) == ("operator", (), {"input": tensor})


def test_arrays() -> None:
    session = Session()
    session.globals[".a"] = np.arange(4, dtype=np.float32)
    assert session.run("a.sum()\na.shape\na.reshape(2, 2).T\na.tolist()\na.dtype\na[1] + 1\na.astype(int)") == [
        "np.float32(6.0)",
        "(4,)",
        "array([[0., 2.],\n       [1., 3.]], dtype=float32)",
        "[0.0, 1.0, 2.0, 3.0]",
        "dtype('float32')",
        "np.float32(2.0)",
        "array([0, 1, 2, 3], dtype=int32)",
    ]
    for name in (
        "base",
        "ctypes",
        "data",
        "tofile",
        "dump",
        "dumps",
        "view",
        "setflags",
        "tobytes",
        "flat",
        "__array__",
    ):
        with pytest.raises(errors.AttributeError_):
            session.run(f"a.{name}")
    with pytest.raises(errors.ArgumentError):
        session.run('a.astype("object")')


def test_what_methods_of_arrays_are_given_is_read_first() -> None:
    """No argument goes to NumPy unread: object arrays, which may hold anything, cannot be made."""
    from gradsh.runtime.access import ARRAY_METHODS
    from gradsh.runtime.arrays import SIGNATURES

    assert set(ARRAY_METHODS) == set(SIGNATURES)
    session = Session()
    session.globals[".a"] = np.ones((2, 2), np.float32)
    odd = ['"x"', '"O"', '"V8"', "none", "[1, none]", "{}", "fn(x) = x", "print", "a", "1.5", "10**21", "[a]"]
    for name, signature in SIGNATURES.items():
        for parameter in signature.parameters:
            for value in odd:
                given = value if parameter.kind == "rest" else f"{parameter.name}={value}"
                try:
                    session.run(f"let r = a.{name}({given})")
                except (GradshError, OverflowError, IndexError, ValueError):
                    continue
                assert getattr(session.globals[".r"], "dtype", np.dtype("f4")).kind in "biuf", (name, given)


def test_named_results_and_sizes() -> None:
    session = Session()
    session.globals[".m"] = named("max", values=1, indices=2)
    session.globals[".s"] = dtypes.Size((2, 3))
    assert session.run("m.indices\nm[0]\nlet v, i = m\nprint v, i\ns\ns.numel()\ns[0]") == [
        "2", "1", "1 2", "Size([2, 3])", "6", "2",
    ]  # fmt: skip
    assert session.fails("m.kind").message == "'torch.return_types.max' object has no attribute 'kind'"
    assert session.fails("m.indices = 1").message == "readonly attribute"


def test_classes_open_what_they_name() -> None:
    class Handle:
        __public__ = frozenset(("remove", "count"))
        __settable__ = frozenset(("count",))
        count = 1
        hidden = 2

        def remove(self) -> str:
            return "removed"

    session = Session()
    session.globals[".h"] = Handle()
    assert session.run("print h.remove()\nh.count = 5\nh.count") == ["removed", "5"]
    assert session.fails("h.hidden").message == "'Handle' object has no attribute 'hidden'"
    assert session.fails("h.remove = 1").message == "attribute 'remove' of 'Handle' objects is not writable"


def test_methods_of_an_open_class_are_remembered() -> None:
    class Counter:
        __public__ = frozenset({"step", "rate", "again"})
        __settable__ = frozenset({"again"})

        def __init__(self, rate: int) -> None:
            self.rate = rate
            self.again: object = 0

        def step(self) -> str:
            return f"{type(self).__name__} {self.rate}"

        def hidden(self) -> None: ...

    class Other(Counter):
        __public__ = frozenset({"rate"})

    first, second = Counter(1), Counter(2)
    session = Session()
    session.globals |= {".a": first, ".b": second, ".o": Other(3)}
    for _ in range(2):  # the second time from the table
        assert session.run("print a.step()\nprint b.step()\nlet s = b.step\nprint s(), a.rate, b.rate") == [
            "Counter 1",
            "Counter 2",
            "Counter 2 1 2",
        ]
    assert access.METHODS[Counter] == {"step": Counter.step}
    assert session.fails("a.hidden()").message == "'Counter' object has no attribute 'hidden'"
    assert session.fails("a.step = 1").message == "attribute 'step' of 'Counter' objects is not writable"
    assert session.fails("o.step()").message == "'Other' object has no attribute 'step'"  # it does not open it
    assert session.run("a.again = log\nprint a.again(1)\na.again = 2\nprint a.again") == ["log(1)", "2"]


def test_attributes_of_tensors() -> None:
    tensor = make(np.ones((2, 3), dtype=np.float32))
    assert access.attribute(tensor, "shape") == (2, 3)
    assert access.attribute(tensor, "grad") is None
    access.set_attribute(True, tensor, "requires_grad")
    assert tensor.requires_grad
    with pytest.raises(errors.AttributeError_, match="'Tensor' object has no attribute 'foo'"):
        access.attribute(tensor, "foo")
    with pytest.raises(errors.NotHere):
        access.attribute(tensor, "storage")  # PyTorch's; gradsh's own of that name is nothing of a program's
    for name in ("fn", "own_extra", "share", "__class__", "made_at", "rg"):
        with pytest.raises(errors.AttributeError_):
            access.attribute(tensor, name)
        with pytest.raises(errors.AttributeError_):
            access.set_attribute(None, tensor, name)
    with pytest.raises(errors.AttributeError_, match="not writable"):
        access.set_attribute(3, tensor, "shape")


def test_every_operator_and_method_is_found_alone() -> None:
    families.load_all()
    table = catalogue.table()
    assert set(table.families) == set(registry.OPERATORS) and set(table.methods) == set(registry.METHODS)
    for name in families.functions():
        assert builtins.BUILTINS.lookup(name) is not None
    assert builtins.BUILTINS.lookup("no such") is None


def test_flags_of_a_function() -> None:
    session = Session()
    session.run("fn f(x, a=true, b=1, *r, c=false) = x\nlet g = fn(x, v=false) = x\nlet n = 3")
    assert namespace.bound(session.globals) == {"f": ("a", "c"), "g": ("v",), "n": ()}


def test_text_of_values() -> None:
    assert text.written("a") == "a" and text.shown("a") == "'a'"
    assert text.shown((1, "a", [None], {"k": True})) == "(1, 'a', [None], {'k': True})"
    assert text.shown(slice(1, 2)) == "slice(1, 2, None)"
    assert text.formatted(1.5, None, ".2f") == "1.50"
    assert text.formatted(make(np.float32(0.6)), None, "") == "0.6000000238418579"
    assert text.formatted("é", "a", "") == "'\\xe9'"


def test_faults_of_gradsh_are_not_the_programs() -> None:
    session = Session()
    session.globals[".broken"] = lambda: {}["inside"]
    assert isinstance(session.fails("broken()"), errors.InternalFault)
    session.globals[".broken"] = lambda f: f()
    assert isinstance(session.fails("broken(fn() = 1 / 0)"), errors.ZeroDivision)  # a call back into the program


@pytest.mark.parametrize("marked", ["module", "package", ""])
def test_whose_fault_it_is_stands_in_the_module(marked: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """Not in the names of files: a module that acts for programs may stand anywhere and be called anything."""
    package = ModuleType("some_package")
    monkeypatch.setitem(sys.modules, "some_package", package)
    space: dict[str, Any] = {"__package__": "some_package"}
    if marked:
        (space if marked == "module" else package.__dict__)[ACTS_FOR_PROGRAMS] = True
    exec(compile("def convert(value):\n    return int(value)", "/anywhere/at_all.py", "exec"), space)
    session = Session()
    session.globals[".convert"] = space["convert"]
    wanted = errors.ValueError_ if marked else errors.InternalFault
    assert isinstance(session.fails('convert("a")'), wanted)


def test_words() -> None:
    assert (
        faults.clean(".f() missing 1 required positional argument: '.x'")
        == "f() missing 1 required positional argument: 'x'"
    )
    assert faults.clean(".f.<locals>..g() takes 0 positional arguments but 1 was given").startswith("g() takes")
    assert faults.clean(".f.<locals>.@f3() takes 0 positional arguments but 1 was given").startswith("<lambda>() takes")
    assert fails("[].append()").message.startswith("list.append() takes ")
    assert fails("print 10**5000").message == "Exceeds the limit (4300 digits) for integer string conversion"
    assert fails("{[1]: 2}").message == "unhashable type: 'list'"
    assert fails('let d = {"a": 1}\nfor k in d { d["b"] = 1 }').message == "dictionary changed size during iteration"
    assert type(fails("[1].pop(5)")) is errors.IndexError_


def test_a_tensor_method_wins_over_the_users_function() -> None:
    session = Session()
    session.globals[".x"] = make(np.float32(2.0))
    session.run('fn exp(x) = "mine"\nfn twice(x) = "twice"')
    assert session.run("x.twice()") == ["'twice'"]
    session.run("let y = x.exp()")
    assert isinstance(session.globals[".y"], Tensor)
