"""Expressions of elementwise operators on large arrays, computed at their end: what the operators give one by one."""

from __future__ import annotations

import dis
import gc
import io
from collections.abc import Iterator
from typing import Any

import numpy as np
import pytest

from gradsh import Session
from gradsh.engine.core.alloc import ACCOUNT
from gradsh.engine.core.dtypes import float16
from gradsh.engine.core.graph import Handle, Node
from gradsh.engine.core.tensor import Tensor, leaf
from gradsh.engine.kernels import compiled, pieces, tiles
from gradsh.engine.operators import ahead, chains, fast
from gradsh.engine.operators.elementwise import Unary
from gradsh.engine.ops import families
from gradsh.view.display import Display

OPERATORS = families.functions()
DEFERRED: list[str] = []
SIZE = 5003


@pytest.fixture(autouse=True)
def small(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """What is large is small here."""
    if not tiles.operations():
        pytest.skip("no kernels in C")
    for module in (fast, tiles):
        monkeypatch.setattr(module, "BIG", 64)
    monkeypatch.setattr(fast, "LARGE", 32)
    monkeypatch.setattr(pieces, "large", True)
    monkeypatch.setattr(Handle, "made", False)
    monkeypatch.setattr(float16, "used", False)  # another test's program had halves
    deferred = chains.deferred

    def counted(entry: Any, *given: Any) -> Any:
        out = deferred(entry, *given)
        if out.__class__ is tiles.Deferred:
            DEFERRED.append(entry.name)
        return out

    monkeypatch.setattr(chains, "deferred", counted)
    compiled.library().threads(3)
    yield
    compiled.library().threads(pieces.threads())


def numbers(seed: int, dtype: Any = np.float32) -> Any:
    """Some of each kind: zeros of both signs, what is not finite, whole numbers."""
    x = np.random.default_rng(seed).standard_normal(SIZE).astype(dtype)
    x[seed::50], x[3 + seed :: 70], x[5::90] = 0, -0.0, [np.inf, -np.inf, np.nan, 2, -1][seed % 5]
    return x


def leaves(dtype: Any = np.float32) -> dict[str, Tensor]:
    return {"." + name: leaf(numbers(k, dtype), True, None) for k, name in enumerate(("x", "w", "b"))}


def waiting() -> list[Any]:
    """What must not be there once an expression has ended: a tensor, or a node, that has no array."""
    gc.collect()
    found = []
    for it in gc.get_objects():
        if type(it) is Tensor and it.data.__class__ is tiles.Deferred:
            found.append(it)
        if type(it) is Node and any(v.__class__ is tiles.Deferred for v in chains._saved(it)):
            found.append(it)
    return found


def bits(array: Any) -> bytes:
    """Its bits; of nan, whose sign NumPy's loops have from where in memory its numbers lie, only that it is."""
    missing = array != array
    return b"".join(a.tobytes() for a in (missing, np.where(missing, array.dtype.type(3), array)))


def outcome(text: str, python: bool, dtype: Any) -> tuple[list[Any], list[Any]]:
    """What a program says, and the bits of all tensors and gradients that it leaves."""
    from gradsh.session.python import PythonSession

    out = io.StringIO()
    display = Display(out, out)
    session = PythonSession(display, argv=("program.py",)) if python else Session(display=display)
    names = leaves(dtype)
    session.globals.update(names)
    result = session.run(text, "program.py" if python else "program.grad")
    left = {name: value for name, value in session.globals.items() if type(value) is Tensor}
    versions = [t.storage.version if t.storage is not None else 0 for t in left.values()]
    data = [(n, t.data.dtype, t.data.shape, t.data.strides, bits(t.data)) for n, t in left.items()]
    grads = [(n, bits(t.gradient.data)) for n, t in left.items() if t.gradient is not None]
    kinds = [(n, t.grad_fn.name()) for n, t in left.items() if t.grad_fn is not None]
    errors = [(type(e).__name__, str(e)) for e in result.errors]
    return [out.getvalue(), errors, kinds, versions], [*data, *grads]


def both_ways(monkeypatch: pytest.MonkeyPatch, text: str, python: bool = False, dtype: Any = np.float32) -> list[str]:
    """Assert that a program comes to the same either way; the operators that waited for the next."""
    DEFERRED.clear()
    found = outcome(text, python, dtype)
    deferred = list(DEFERRED)
    assert not waiting()
    with monkeypatch.context() as without:
        without.setattr(ahead, "is_passed_on", lambda frame: False)
        wanted = outcome(text, python, dtype)
    assert found[0] == wanted[0]
    assert found[1] == wanted[1]
    return deferred


@pytest.mark.parametrize("dtype", [np.float32, np.float64])
def test_all_operators_of_one_tensor_have_their_bits_in_an_expression(
    monkeypatch: pytest.MonkeyPatch, dtype: Any
) -> None:
    names = [n for n, e in sorted(OPERATORS.items()) if isinstance(e, Unary) and not e.private and "." not in n]
    for name in names:
        text = f"let y = {name}(x * w + b) * b - w\ntry {{ backward y.sum() }} catch e {{ print e }}"
        assert "mul" in both_ways(monkeypatch, text, dtype=dtype), name
    for name in ("abs", "neg", "sqrt", *(("exp", "tanh", "log") if dtype is np.float32 else ())):
        text = f"let y = {name}({name}(x)) + 1"
        assert both_ways(monkeypatch, text, dtype=dtype) == ["abs" if name == "abs" else name] * 2


@pytest.mark.parametrize("operator", ["+", "-", "*", "/", "**"])
def test_operators_of_two(monkeypatch: pytest.MonkeyPatch, operator: str) -> None:
    pairs = [("(x * w)", "(w + b)"), ("(x * w)", "b"), ("b", "(x * w)"), ("(x * w)", "2"), ("3.5", "(x * w)")]
    for left, right in pairs:
        text = f"let y = {left} {operator} {right} + x\nbackward y.sum()"
        deferred = both_ways(monkeypatch, text)  # what stands behind `**` may be a call of gradsh's own
        assert "mul" in deferred or (operator == "**" and right != "2"), text


PROGRAMS = {
    "work 6": "let y = (tanh(x * w + b) * exp(-x ** 2) / (1 + abs(x))).sum(); backward y",
    "in a function": """fn f(x, w, b) { let y = tanh(x * w + b) / (1 + abs(x)); return y - x * 2 }
let y = f(x, w, b)
backward y.sum()""",
    "what is closed over": "fn f(x) { fn g() = tanh(x * w + 1) * x\n return g }\nlet y = f(x)(); backward y.sum()",
    "a loop": "let y = x\nfor i in range(20) { y = tanh(y * w + x) * 0.5 }\nbackward y.sum()",
    "a long expression": "let y = " + "b" + " * w + x" * 41 + "\nbackward y.sum()",
    "much at a time": "let y = " + " + ".join(f"tanh(x * {k}.5)" for k in range(12)) + "\nbackward y.sum()",
    "twice": "let y = (x * w + b) * x; y.sum().backward(retain_graph=true); y.sum().backward()",
    "with a graph": """let y = tanh(x * w + b) * x
let g = grad(y.sum(), [x], create_graph=true)[0]
backward (g * g + w * 2).sum()""",
    "no gradients": "no_grad { let y = tanh(x * w + b) * x }\nprint y.requires_grad",
    "inference": "inference_mode { let y = tanh(x * w + b) * x }",
    "a hook": "let h = x * w + b; h.register_hook(fn(g) = g * 2); backward tanh(h * x + 1).sum()",
    "retained": "let h = x * w + b; h.retain_grad(); backward tanh(h * x + 1).sum()\nprint h.grad[:3]",
    "written between": "let y = x * w + b\nno_grad { x.mul_(2); w.add_(1) }\nlet z = y * x + w",
    "written, then asked": "let y = tanh(x * w + b) * x\nno_grad { x.mul_(2) }\nbackward y.sum()",
    "a view that is written": """let c = x.detach().clone()
let y = c * w + b
c[2:9].mul_(3)
let z = y * c + 1
backward (y * z + 1).sum()""",
    "an intermediate that is written": "let y = x * w + b; y.mul_(x); backward (y * 2 + 1).sum()",
    "written by a function in the midst": """fn f(a) { no_grad { w.mul_(2) } return a * 2 + 1 }
let y = x * w + f(b) * x""",
    "a function of the program's with an operator's name": """fn tanh(a) {
    print a.shape, a.grad_fn, a.sum().item() > 0
    return a * 2
}
let y = tanh(x * w + b) + exp(x * w) * tanh(x)""",
    "a name of a list": "let c = [x]\nlet y = x * w + c[0] * b",
    "other sizes": "let y = x * w + b[0] * x - b[:1] + w[2]",
    "that do not fit": "let y = x * w + b * x[:7] * 2",
    "columns": "let y = (x[:5000].reshape(50, 100) * w[:5000].reshape(50, 100)[0] + 1) * b[:5000].reshape(50, 100)",
    "turned round": "let y = x[:5000].reshape(50, 100).T * w[:5000].reshape(50, 100).T + 1; backward (y * y + 2).sum()",
    "other dtypes": """let c = x.to(float64).nan_to_num()
let k = arange(5003)
let y = c * w + b * k + k * 2 + (k > 3) * x""",
    "halves": "let h = x.detach().half(); let y = h * h + x * 2 + h",
    "a number of one element": "let y = x * w.sum() + b.mean() * x - 1",
    "under the anomaly mode": "detect_anomaly { let y = sqrt(x * w + b) * x\nbackward y.nan_to_num().sum() }",
    "a gradient of a function": "fn f(x) = (tanh(x * w + b) * x).sum()\nlet g = grad(f)(x)",
    "a batch": "let g = vmap(fn(v) = tanh(v * 2 + 1) * v)(x[:5000].reshape(50, 100))",
    "saved tensors": "let y = tanh(x * w + b) * x + 1; print y.grad_fn.next_functions[0][0].name()",
    "an error behind it": "let y = x * w + b * nope(x)",
    "an error within": "let y = 1\ntry { y = x * w + b * ones(3) } catch e { print e }\nlet z = x * w + b",
    "looked at": "let y = tanh(x * w + b) * x\nwhy y\ngraph y",
    "a comparison": "let y = where(x * w + b > 0, x * 2 + 1, w * 3 - x)",
    "in place": "let y = x * w + 1; y += x * w + b; y *= 2 * x - 1; backward y.sum()",
    "a list of them": "let y = [x * w + 1, (x * 2 + w, b - w * x)][1][0]",
    "an attribute": """let y = (x * w + b).shape
let z = (x * w + b).T
let k = (x * w - 1)[2:5]
print y, (x * w + 1).mean()""",
    "text": 'let y = f"{x * w + b}"; print y, str(x * w + 1), x * w - 1',
}


@pytest.mark.parametrize("name", PROGRAMS)
def test_programs_come_to_the_same(name: str, monkeypatch: pytest.MonkeyPatch) -> None:
    deferred = both_ways(monkeypatch, PROGRAMS[name])
    assert bool(deferred) == (name not in NEVER)


# where something else is called or picked on the way, an operand lies otherwise, or what each gives is asked for
NEVER = frozenset(
    {
        *("a name of a list", "under the anomaly mode", "a gradient of a function", "a batch", "looked at"),
        *("written by a function in the midst", "other sizes", "that do not fit", "columns", "turned round"),
        *("other dtypes", "a number of one element", "an error behind it"),
    }
)

PYTHON = {
    "work 6": "y = (torch.tanh(x * w + b) * torch.exp(-x ** 2) / (1 + torch.abs(x))).sum()\ny.backward()",
    "a method": "y = (x * w + b).tanh() * x\ny.sum().backward()",
    "shared with NumPy": """
a = np.ones(5003, dtype=np.float32)
t = torch.from_numpy(a)
def f(t):
    y = t * w + b
    a[:] = 3
    return y * t + 1
y = f(t)
n = y.detach().numpy()
z = y * 2 + x
n[:] = 0
k = y * 2 + x
""",
    "a class that adds": """
class A:
    def __add__(self, other):
        with torch.no_grad():
            x.mul_(2)
        return other * 2 + x
    __radd__ = __add__
    __rmul__ = __add__
y = x * w + (A() + x * w) * b + x * A()
a = A()
z = a + x * w * a + b * 2
""",
    "names of a function": """
def f(x):
    y = torch.tanh(x * w + b) * x
    print(sorted(locals()), 'y' in locals())
    z = y * 2 + x
    return z * locals()['y'] + x
y = f(x)
""",
    "a generator": """
def f():
    for k in range(3):
        yield x * k + w
y = sum(v * 2 + b for v in f())
z = [(yield_ * w + 1) for yield_ in f()][1]
""",
    "saved": """
y = torch.tanh(x * w + b) * x + 1
print([f and f.name() for f, _ in y.grad_fn.next_functions], y.grad_fn.next_functions[0][0]._saved_other[:3])
s = y.grad_fn.next_functions[0][0]._saved_self
with torch.no_grad():
    s.mul_(2)
try:
    y.sum().backward()
except RuntimeError as e:
    print(e)
""",
    "errors of NumPy": """
with np.errstate(all="raise"):
    y = x * w + b
""",
    "packed": """
with torch.autograd.graph.saved_tensors_hooks(lambda t: t * 2, lambda t: t / 2):
    y = torch.tanh(x * w + b) * x
y.sum().backward()
""",
}


@pytest.mark.parametrize("name", PYTHON)
def test_programs_in_python(name: str, monkeypatch: pytest.MonkeyPatch) -> None:
    deferred = both_ways(monkeypatch, "import numpy as np\nimport torch\n" + PYTHON[name], True)
    assert bool(deferred) == (name not in ("errors of NumPy", "packed"))


def test_what_is_passed_on() -> None:
    """The instructions that decide it, of a function each."""
    texts = {
        "a * b + c": [True, False],
        "a * (b + c)": [True, False],
        "-a * 2 - b": [True, True, False],
        "f(a * b)": [True, False],
        "f(f(-a))": [True, True, False],
        "f(a, b * c)": [False],
        "(a * b).c": [False],
        "[a * b, c]": [False],
        "(a * b)[c]": [False],
        "a * b @ c": [False],
        "a * b if c else a + b": [False, False],
        "(a * b if c else a) + b": [False, False],
        "a * b + (c or b)": [False, False],
        "a * b + g[0]": [False, False],
        "a * b + g.c": [False, False],
        "a * b + g(c, a)": [False, False],
        "a * b < c": [False],
        "a * b + c // a": [False, False],
        "a * b + 1j": [False, False],
        "a * b + 2": [True, False],
    }
    for text, wanted in texts.items():
        space: dict[str, Any] = {}
        exec(f"def h(a, b, c, f, g):\n    return {text}", space)
        code = space["h"].__code__
        found = [
            ahead.path(code, step.offset) is not None
            for step in dis.get_instructions(code)
            if (step.opname == "BINARY_OP" and step.argrepr in ahead.ARITHMETIC)
            or step.opname == "UNARY_NEGATIVE"
            or (step.opname == "CALL" and step.arg == 1)
        ]
        assert found == wanted, text


def test_without_memory_all_is_tried_once_more(monkeypatch: pytest.MonkeyPatch) -> None:
    compute, collect = tiles.compute, ACCOUNT.collect
    left = [1]

    def refuses(wanted: Any) -> None:
        if left[0]:
            left[0] -= 1
            raise MemoryError
        compute(wanted)

    monkeypatch.setattr(tiles, "compute", refuses)
    collected: list[int] = []
    monkeypatch.setattr(type(ACCOUNT), "collect", lambda self: (collected.append(1), collect())[1])
    session = Session(out=io.StringIO(), err=io.StringIO())
    session.globals.update(leaves())
    assert session.run("let y = x * w + b").ok
    assert collected
    left[0] = 2
    out = io.StringIO()
    session = Session(out=out, err=out)
    session.globals.update(leaves())
    result = session.run("let k = 1\nlet y = tanh(x * w) +\n    b")
    assert not result.ok
    assert not waiting()
    assert session.run("let y = tanh(x * w) + b; backward y.sum()").ok


def test_what_is_interrupted_leaves_nothing(monkeypatch: pytest.MonkeyPatch) -> None:
    compute = tiles.compute

    def interrupted(wanted: Any) -> None:
        raise KeyboardInterrupt

    session = Session(out=io.StringIO(), err=io.StringIO())
    session.globals.update(leaves())
    before = session.globals[".x"].data.tobytes()
    assert session.run("let y = x * w + b").ok
    y = session.globals[".y"]
    monkeypatch.setattr(tiles, "compute", interrupted)
    with pytest.raises(KeyboardInterrupt):
        session.run("y = tanh(x * w) + b")
    monkeypatch.setattr(tiles, "compute", compute)
    assert session.globals[".y"] is y
    assert session.globals[".x"].data.tobytes() == before
    assert not waiting()
    assert session.run("y = tanh(x * w) + b; backward y.sum()").ok


def test_a_limit_of_memory_counts_each_operator(monkeypatch: pytest.MonkeyPatch) -> None:
    DEFERRED.clear()
    session = Session(out=io.StringIO(), err=io.StringIO(), max_memory=1 << 32)
    session.globals.update(leaves())
    assert session.run("let y = x * w + b").ok
    assert not DEFERRED
