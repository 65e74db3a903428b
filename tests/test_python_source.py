"""PyTorch's own source, run as it stands: tests/python has programs and notebooks, and what PyTorch shows for them.

To add one, write it there and run `python -m tests.record.python_source NAME` with a Python that has PyTorch.
"""

from __future__ import annotations

import gzip
import io
import json
import os
import re
import subprocess
import sys
import warnings
from pathlib import Path

import pytest

from gradsh.errors import CELL, FILE, Refused, Source
from gradsh.language.python.convert import convert
from gradsh.session.notebook import Notebook
from gradsh.session.python import PythonSession
from gradsh.view.display import Display
from tests.conftest import ROOT, Here
from tests.record.pasted import programs
from tests.test_pasted import RECORDED
from tests.test_twins import near

FOLDER = ROOT / "tests" / "python"
FURTHER = sorted((FOLDER / "further").glob("*.py"))
NUMBER = re.compile(r"[-+]?(?:\d+\.\d*|\.?\d+)(?:e[-+]?\d+)?")
PROGRAMS, NOTEBOOKS = sorted(FOLDER.glob("*.py")), sorted(FOLDER.glob("*.ipynb"))


class Run:
    """A session of Python, and what it has shown."""

    def __init__(self, cells: bool = False, argv: tuple[str, ...] = ("program.py",)) -> None:
        self.out, self.err = io.StringIO(), io.StringIO()
        self.session = PythonSession(Display(self.out, self.err), cells=cells, argv=argv, seed=0)

    def run(self, text: str, name: str = "program.py") -> int:
        return self.session.run(text, name).status

    def shown(self) -> str:
        """What has come since this was last asked."""
        text = self.out.getvalue()
        self.out.seek(0)
        self.out.truncate()
        return text


def without_addresses(text: str) -> str:
    return re.sub(r"\bat 0x[0-9a-f]+", "at 0x", text)


@pytest.mark.parametrize("program", PROGRAMS, ids=lambda path: path.stem)
def test_program(program: Path) -> None:
    run = Run()
    assert run.run(program.read_text(encoding="utf-8"), program.name) == 0, run.err.getvalue()
    wanted = program.with_suffix(".out").read_text(encoding="utf-8")
    assert without_addresses(run.shown()) == without_addresses(wanted)


# these add up in another order than PyTorch does, and say so in the last digits that they print
LAST_DIGITS = frozenset(
    [
        "capsule",
        "cbow_ngram",
        "distillation",
        "dqn_cartpole",
        "early_stopping",
        "mixture_density",
        "polynomial_regression",
        "siamese",
        "style_gram",
        "time_series",
        "vit",
        "optimizer_from_scratch",
        "quantile_bayes",
        "geometry_opt",
    ]
)


def test_further_programs() -> None:
    """Programs as courses and tutorials have them: PyTorch's text, of a few with other last digits."""
    different = []
    for program in FURTHER:
        run = Run()
        status = run.run(program.read_text(encoding="utf-8"), program.name)
        shown = without_addresses(run.shown())
        wanted = without_addresses(program.with_suffix(".out").read_text(encoding="utf-8"))
        if status != 0 or not (shown == wanted or (program.stem in LAST_DIGITS and nearly(shown, wanted))):
            different.append(f"{program.stem}: {run.err.getvalue()[-300:]}")
    assert not different
    assert len(FURTHER) > 80


def test_pasted_programs_run_as_they_stand() -> None:
    """What tests/data/pasted.txt has, which a prompt rewrites as gradsh: each as one cell."""
    different = []
    for name, text in programs().items():
        run = Run(cells=True)
        run.run(text, name)
        lines = re.sub(r"\btorch\.", "", run.shown()).split("\n")
        if len(lines) != len(RECORDED[name]) or not all(map(near, lines, RECORDED[name])):
            different.append(f"{name}: {run.err.getvalue()[-300:]}")
    assert not different


def nearly(shown: str, wanted: str) -> bool:
    """The same but for numbers, and those to 1e-4."""
    pairs = zip(NUMBER.findall(shown), NUMBER.findall(wanted), strict=False)
    close = all(float(a) == pytest.approx(float(b), rel=1e-4, abs=1e-4) for a, b in pairs)
    return close and NUMBER.sub("#", shown) == NUMBER.sub("#", wanted)


@pytest.mark.parametrize("path", NOTEBOOKS, ids=lambda path: path.stem)
def test_notebook(path: Path) -> None:
    """Each cell shows what PyTorch shows, and fails where it fails, in its words; those of no recorded output run."""
    run = Run(cells=True)
    vision = False
    for cell in Notebook(path.read_bytes()).cells:
        vision = vision or "torchvision" in cell.text  # whose weights are not there: from here on cells just run
        status = run.run(cell.text, cell.name)
        assert (status != 0) == cell.may_fail, run.err.getvalue()
        shown = run.shown()
        if not vision:
            assert without_addresses(shown) == without_addresses(text_of(cell.data["outputs"])), cell.text
        for output in cell.data["outputs"]:
            if output["output_type"] == "error":
                assert str(output["evalue"]).partition("\n")[0][:60] in run.err.getvalue(), cell.text


def text_of(outputs: list[dict[str, object]]) -> str:
    parts = []
    for output in outputs:
        if output["output_type"] == "stream":
            parts.append("".join(output["text"]))  # type: ignore[arg-type]  # a list of lines
        elif output["output_type"] == "execute_result":
            parts.append("".join(output["data"]["text/plain"]) + "\n")  # type: ignore[index]
    return "".join(parts)


def test_cells_are_all_there() -> None:
    taken = [path for path in NOTEBOOKS if path.stem != "displayed"]  # which is of our own
    count = sum(len(json.loads(path.read_text(encoding="utf-8"))["cells"]) for path in taken)
    assert count == 92


def test_printed_tracebacks_are_as_python_prints_them(tmp_path: Path) -> None:
    """With what failed marked in its line, with groups, and those that are Python's own errors here."""
    text = (ROOT / "tests" / "data" / "python_tracebacks.py.txt").read_text(encoding="utf-8")
    program = tmp_path / "program.py"
    program.write_text(text, encoding="utf-8")
    done = subprocess.run([sys.executable, "-X", "utf8", str(program)], capture_output=True, check=True)
    run = Run()
    assert run.run(text, "program.py") == 0, run.err.getvalue()
    shown = run.shown()
    assert shown == done.stdout.decode("utf-8").replace(str(program), "program.py")
    assert "~~~~~~^^^" in shown


# --- what a program can reach -----------------------------------------------------------------------------------------

REACHING = """\
import torch, torch.nn as nn, numpy as np
import math, random, copy, collections, functools, itertools, re, json, operator, string, time, os, sys, types
import contextlib, dataclasses, warnings, argparse, datetime, typing, asyncio
import enum, io, csv, logging, pathlib, inspect, pprint, tempfile, glob
class A:
    def m(self): return 1
class E(Exception): pass
class L(list): pass
class S(str): pass
class D(dict): pass
class N(nn.Module):
    def forward(self, x): return x
def f(): yield 1
def h(a=1): return a
x = torch.ones(2)
a = A(); g = f(); n = N()
class Color(enum.Enum):
    RED = 1
class Pt(typing.NamedTuple):
    x: int = 1
@dataclasses.dataclass
class DC:
    a: int = 1
class Opt(torch.optim.Optimizer):
    def __init__(self, p): super().__init__(p, {})
opt = Opt([torch.ones(1, requires_grad=True)]); ado = torch.optim.Adam([torch.ones(1, requires_grad=True)])
sio = io.StringIO("a,b"); log = logging.getLogger("x"); P = pathlib.Path("a"); hd = logging.StreamHandler()
f1 = functools.partial(h)
err = KeyError("k")
y2 = (x.clone().requires_grad_()*2)
"""


def test_nothing_leads_out_of_a_program() -> None:
    """Each line of the file asks for something of the host's: it is refused, and is no fault of gradsh."""
    run = Run(cells=True)
    assert run.run(REACHING) == 0, run.err.getvalue()
    escapes = (ROOT / "tests" / "data" / "python_escapes.txt").read_text(encoding="utf-8").splitlines()
    assert len(escapes) > 350
    reached = [line for line in escapes if run.run(line) != 1]
    assert not reached


@pytest.mark.parametrize(
    "text",
    [
        "a.__class__ = L",
        "h.__code__ = h",
        "A.__bases__ = (L,)",
        "n.__class__ = N",
        "try:\n    1 / 0\nexcept Exception as e:\n    e.__traceback__.tb_frame",
        "class B:\n    def __enter__(s): pass\n    def __exit__(s, k, v, t): v.__traceback__.tb_frame\nwith B(): 1/0",
        "class M(type):\n    def f(cls): return cls.__base__.__subclasses__()\nclass A(metaclass=M): pass\nA.f()",
        "class M(type): pass\nM('X', (), {})",
        "class M(type):\n    def __new__(m, n, b, d): return super().__new__(m, n, b, d)\nM.__new__(M, 'X', (), {})",
        "class S(str):\n    hosted = False\nS('{0.__class__.__init__.__globals__}').format(h)",
        "class S(str): pass\nS.hosted = False\nS('{0.__class__.__init__.__globals__}').format(h)",
        "class E(Exception):\n    hosted = False\nE('x').with_traceback",
        "class G:\n    def __getattr__(self, n): return n\nG().__globals__",
    ],
)
def test_statements_do_not_either(text: str) -> None:
    run = Run()
    assert run.run(REACHING) == 0
    assert run.run(text) == 1


@pytest.mark.parametrize(
    ("text", "status", "said"),
    [
        ("def f(:\n    pass\n", 3, "invalid syntax"),
        ("x = 1\n  y = 2\n", 3, "unexpected indent"),
        ("print('a'\n", 3, "was never closed"),
        ("def f(n): return f(n)\nf(1)\n", 1, "maximum recursion depth exceeded"),
        ("import pandas as pd\nprint(1)\npd.DataFrame()\n", 1, "No module named 'pandas'"),
        (
            "import requests\nfrom urllib.request import urlretrieve as r\nimport subprocess\nr()\n",
            1,
            "'urllib.request'",
        ),
        ("import torch\nprint(1)\ntorch.ops.x\n", 1, "ops"),
        ("import torch\nprint(1)\ntorch.nn.Nonsense(3)\n", 1, "module 'torch.nn' has no attribute 'Nonsense'"),
        ("from torch.nn import Nonsense\nprint(1)\nNonsense()\n", 1, "no attribute 'Nonsense'"),
        ("print(1)\nx = y\n", 1, "name 'y' is not defined"),
        ("await f()\n", 3, "'await' outside function"),
        ("def f():\n    await g()\n", 3, "'await' outside async function"),
        ("def f():\n    async with g(): pass\n", 3, "'async with' outside async function"),
        ("import asyncio\nasync def f(): await asyncio.Event().wait()\nasyncio.run(f())\n", 1, "never comes"),
        ("import asyncio\nasync def f(): 1 / 0\nasyncio.run(f())\n", 1, "division by zero"),
        ("while True:\n    try: pass\n    finally: break\n", 3, "'break' in a 'finally' block"),
        ("raise KeyError('k')\n", 1, "'k'"),
        ("class E(Exception): pass\nraise E('own words')\n", 1, "own words"),
        ("x = 1\0\n", 3, "null"),
    ],
)
def test_bad_input(text: str, status: int, said: str) -> None:
    run = Run()
    assert run.run(text) == status, run.err.getvalue()
    assert said in run.err.getvalue()
    assert "Traceback" not in run.err.getvalue() and "E0999" not in run.err.getvalue()


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ("from datetime import date\nd = date(2020, 1, 2); print(d, [d])", "2020-01-02 [datetime.date(2020, 1, 2)]"),
        ("from decimal import Decimal\nprint(Decimal('1.10'), [Decimal('2')])", "1.10 [Decimal('2')]"),
        ("from fractions import Fraction\nprint(Fraction(1, 3), f'{Fraction(1, 2)}')", "1/3 1/2"),
    ],
)  # fmt: skip
def test_values_of_pythons_modules_print_as_there(text: str, shown: str) -> None:
    run = Run()
    assert run.run(text) == 0, run.err.getvalue()
    assert run.shown() == shown + "\n"


FORWARDS = """
import torch, torch.nn as nn
class Doubled(nn.Linear):
    def forward(self, x):
        return super().forward(x) * 2
    def train(self, x):
        return self.forward(x), self(x), nn.Linear.forward(self, x)
layer = Doubled(2, 1)
nn.init.ones_(layer.weight), nn.init.zeros_(layer.bias)
print(*layer.train(torch.ones(1, 2)), layer.forward(torch.ones(1, 2)))
layer.forward = lambda x: x
print(layer.forward(torch.ones(1)), layer(torch.ones(1)))
class Named(nn.Sequential):
    def forward(self, x):
        return "own", super().forward(x)
    def twice(self, x):
        return self.forward(x)
print(Named(nn.ReLU()).twice(torch.ones(1)))
"""


def test_a_layers_own_forward_called_by_name() -> None:
    """The library's was called, of a class that has one of its own: as PyTorch shows it."""
    run = Run()
    assert run.run(FORWARDS) == 0, run.err.getvalue()
    twice = "tensor([[4.]], grad_fn=<MulBackward0>)"
    shown = f"{twice} {twice} tensor([[2.]], grad_fn=<AddmmBackward0>) {twice}\n"
    assert run.shown() == shown + "tensor([1.]) tensor([1.])\n('own', tensor([1.]))\n"


def test_hooks_of_nodes() -> None:
    """`register_backward_hook` has the gradients of the operator that made the output: PyTorch's shapes."""
    run = Run()
    text = """
import torch, torch.nn as nn
net = nn.Sequential(nn.Linear(2, 3), nn.ReLU())
def hook(m, i, o):
    print(type(m).__name__, [g if g is None else tuple(g.shape) for g in i], [tuple(g.shape) for g in o])
handles = [m.register_backward_hook(hook) for m in net]
net(torch.ones(4, 2)).sum().backward()
for h in handles: h.remove()
net(torch.ones(4, 2)).sum().backward()
"""
    assert run.run(text) == 0, run.err.getvalue()
    assert run.shown() == "ReLU [(4, 3)] [(4, 3)]\nLinear [(3,), None, (2, 3)] [(4, 3)]\n"


def test_files_that_are_compressed(here: Here) -> None:
    with gzip.open("x.csv.gz", "wt") as file:
        file.write("1,2\n3,4\n")
    run = Run()
    assert run.run("import numpy as np\nprint(np.loadtxt('x.csv.gz', delimiter=',').sum())") == 0, run.err.getvalue()
    assert run.shown() == "10.0\n"


def test_names_of_the_program() -> None:
    run = Run()
    text = """
import torch
x = torch.ones(1)
def f(a, *rest, b=2):
    c = 3
    return locals()
globals()["y"] = 5
print(y, sorted(k for k in globals() if k[0] != "_"), f(1), "print" in globals(), globals()["x"] is x)
for name, value in list(globals().items()):
    if callable(value):
        print(name, value is f)
"""
    assert run.run(text) == 0, run.err.getvalue()
    assert run.shown() == "5 ['f', 'torch', 'x', 'y'] {'a': 1, 'b': 2, 'rest': (), 'c': 3} False True\nf True\n"


def test_files_of_numbers(here: Here) -> None:
    """NumPy's functions on files read and write what a gradsh program may."""
    run = Run()
    text = (
        "import numpy as np, torch, io\nnp.save('a', torch.ones(2)); print(np.load('a.npy'))\n"
        "np.savez('b.npz', x=np.arange(3)); print(np.load('b.npz')['x'])\n"
        "np.savetxt('c.csv', np.eye(2), delimiter=','); print(np.genfromtxt('c.csv', delimiter=',').shape)\n"
        "print(np.loadtxt(open('c.csv'), delimiter=',').sum(), np.loadtxt(io.StringIO('1 2')))\n"
    )
    assert run.run(text) == 0, run.err.getvalue()
    assert run.shown() == "[1. 1.]\n[0 1 2]\n(2, 2)\n2.0 [1. 2.]\n"
    run.session.files.sandboxed = True
    for refused in ("np.load('a.npy')", "np.save('d', np.ones(2))", "np.loadtxt('c.csv')"):
        assert run.run(refused) == 1 and "the program runs in a sandbox" in run.err.getvalue()


def test_wrong_programs_end_in_an_error_of_their_own() -> None:
    """Of syntax, of Python's types and modules, of PyTorch: none is a fault of gradsh, and none runs to its end."""
    texts = (ROOT / "tests" / "data" / "python_wrong.txt").read_text(encoding="utf-8")[:-1].split("\n====\n")
    assert len(texts) > 150
    wrong = []
    for text in texts:
        run = Run()
        status = run.run(text)
        if status not in (1, 3) or "Traceback" in run.err.getvalue():
            wrong.append((status, text))
    assert not wrong


def test_what_is_no_python_is_said_in_pythons_words() -> None:
    """Also what Python finds only when it compiles: 'return' outside function. The place is Python's, in characters."""
    texts = (ROOT / "tests" / "data" / "python_syntax.txt").read_text(encoding="utf-8")[:-1].split("\n====\n")
    assert len(texts) > 150
    for text in texts:
        try:
            with warnings.catch_warnings():
                warnings.simplefilter("ignore")
                compile(text, "", "exec", dont_inherit=True)
        except SyntaxError as problem:
            said = problem
        else:
            continue  # a newer Python takes it
        with pytest.raises(Refused) as refused:
            convert(Source("a.py", text, FILE))
        error = refused.value.errors[0]
        line, column = error.labels[0].span.source.position(error.labels[0].span.start)
        wanted = max(1, said.offset or 1)
        if said.text is None:  # of Python's compiler: in bytes
            before = text.split("\n")[line - 1].encode()[: wanted - 1]
            wanted = len(before.decode()) + 1
        assert (error.message, error.kind, line) == (said.msg, type(said).__name__, said.lineno), text
        assert column == wanted, text
    convert(Source("In [1]", "await f()", CELL))  # a cell waits outside of functions, as Jupyter's do


def test_check_knows_what_a_run_has(here: Here) -> None:
    """The built-ins of a session, `__file__` of a file, and of cells what those before them gave."""
    (here.folder / "a.py").write_text("print(__file__, __name__, globals, locals, exit, input)\nwrong\n")
    status, _, told = here("check", "a.py")
    assert status == 3 and told.count("error") == 1 and "'wrong' is not defined" in told
    (here.folder / "n.ipynb").write_text(a_notebook("1", "_, __, _1, Out, In", "___x\n__file__"))
    status, _, told = here("check", "n.ipynb")
    assert status == 3 and re.findall(r"name '(\w+)' is", told) == ["___x", "__file__"]


@pytest.mark.parametrize(
    ("data", "status", "said"),
    [
        (b'# coding: latin-1\nprint("\xe9")\n', 0, "é\n"),
        (b'#!/usr/bin/python\n# vim: set fileencoding=cp1252 :\nprint("\x80")\n', 0, "€\n"),
        (b'\xef\xbb\xbf# coding: utf-8\nprint("\xc3\xa9")\n', 0, "é\n"),
        (b'x = 1\n# coding: latin-1\nprint("\xe9")\n', 3, "not UTF-8 text: byte 0xe9"),
        (b"# coding: nonsense\n", 3, "encoding problem: nonsense"),
        (b"# coding: rot13\n", 3, "encoding problem: rot13"),
        (b'# coding: ascii\nprint("\xe9")\n', 3, "encoding problem: ascii"),
        (b"\xef\xbb\xbf# coding: latin-1\n", 3, "encoding problem: latin-1 with BOM"),
    ],
)
def test_encodings(data: bytes, status: int, said: str, here: Here) -> None:
    """What a comment on the first two lines says, as Python reads it."""
    (here.folder / "a.py").write_bytes(data)
    got, out, told = here("a.py")
    assert got == status and said in out + told, told
    if status:
        assert here("check", "a.py")[0] == status


# --- the command line -------------------------------------------------------------------------------------------------


def command(*words: str, folder: Path) -> tuple[int, str, str]:
    done = subprocess.run(
        [sys.executable, "-m", "gradsh", *words],
        cwd=folder,
        capture_output=True,
        text=True,
        env={**os.environ, "PYTHONPATH": str(ROOT)},
    )
    assert "Traceback" not in done.stderr
    return done.returncode, done.stdout, done.stderr


def a_notebook(*cells: str, tags: tuple[int, ...] = ()) -> str:
    code = [
        {"cell_type": "code", "source": text, "outputs": [], "metadata": {"tags": ["raises-exception"] * (n in tags)}}
        for n, text in enumerate(cells)
    ]
    return json.dumps({"cells": code, "metadata": {}, "nbformat": 4, "nbformat_minor": 5})


def test_commands(tmp_path: Path) -> None:
    (tmp_path / "a.py").write_text(
        "import sys, argparse, torch\np = argparse.ArgumentParser()\np.add_argument('--lr', type=float, default=0.1)\n"
        "print(p.parse_args().lr, sys.argv, __name__)\nx = torch.ones(2, requires_grad=True)\nz = (x * 2).sum()\n"
    )
    assert command("a.py", "--lr", "0.5", folder=tmp_path)[:2] == (0, "0.5 ['a.py', '--lr', '0.5'] __main__\n")
    assert "MulBackward0" in command("graph", "a.py", "z", folder=tmp_path)[1]
    (tmp_path / "wrong.py").write_text("import torch\nx = torch.tensor(1.0)\ny = x ** 2\ny.backward()\n")
    status, _, told = command("wrong.py", folder=tmp_path)
    assert status == 1 and "help: `x = torch.tensor(1.0, requires_grad=True)`" in told
    (tmp_path / "names.py").write_text("import torch\nprint(widht)\nwidth = torch.nn.Rel()\n")
    status, _, told = command("check", "names.py", folder=tmp_path)
    assert status == 3 and "did you mean `width`?" in told and "has no attribute 'Rel'" in told


@pytest.mark.parametrize(
    ("value", "status", "said"),
    [
        ("", 0, ""), ("None", 0, ""), ("3", 3, ""), ("True", 1, ""), ("'no data'", 1, "no data\n"), ("1.5", 1, "1.5\n"),
        ("torch.ones(2)", 1, "tensor([1., 1.])\n"), ("'a\\x1b[2Jb'", 1, "a\u241b[2Jb\n"),
    ],
)  # fmt: skip
@pytest.mark.parametrize("function", ["sys.exit", "exit"])
def test_leaving(value: str, status: int, said: str, function: str, tmp_path: Path) -> None:
    program = tmp_path / "p.py"
    program.write_text(f"import sys\nimport torch\n{function}({value})\nprint('not here')\n")
    done = subprocess.run([sys.executable, "-m", "gradsh", str(program)], capture_output=True, text=True)
    assert (done.returncode, done.stdout, done.stderr) == (status, "", said)


def test_what_is_neither_is_told_in_gradsh() -> None:
    for text in ("x = 1\nprint(x +)\n", "f = lambda x: x\n", "def f(x:\n"):
        done = subprocess.run([sys.executable, "-m", "gradsh"], input=text, capture_output=True, text=True)
        assert done.returncode == 3 and "error[E0101]" in done.stderr, done.stderr


@pytest.mark.parametrize(
    "last",
    [
        "p.parse_args(['--lr', 'x'])",
        "p.parse_args(['--nope'])",
        "p.error('lr must be positive')",
        "p.exit(3, 'over\\n')",
        "try: p.parse_args(['--lr'])\nexcept SystemExit as left: print(left.code)",
    ],
)
def test_wrong_command_lines_of_scripts_end_as_in_python(last: str, tmp_path: Path) -> None:
    text = f"import argparse\np = argparse.ArgumentParser()\np.add_argument('--lr', type=float)\n{last}\n"
    (tmp_path / "a.py").write_text(text)
    words = [sys.executable, "a.py"]
    wanted = subprocess.run(words, cwd=tmp_path, capture_output=True, text=True, env={**os.environ, "COLUMNS": "80"})
    assert wanted.stderr and command("a.py", folder=tmp_path) == (wanted.returncode, wanted.stdout, wanted.stderr)


def test_errors_in_texts_say_where_they_are_run(tmp_path: Path) -> None:
    (tmp_path / "a.py").write_text("def f(s):\n    return eval(s)\nf('1 +')\n")
    told = command("a.py", folder=tmp_path)[2]
    assert "return eval(s)" in told and told.count("called here") == 2


def test_standard_input_says_that_it_is_python() -> None:
    for text, wanted in (
        ("# python\nimport sys\nprint(sys.argv)\n", "['-', '1']\n"),
        ("# python it is not\nprint 1\n", "1\n"),
        ("import sys\ndef f():\n    return sys.argv\nprint(f())\n", "['-', '1']\n"),  # which only Python reads
        ("for i in range(2) { print i }", "0\n1\n"),
    ):
        words = [sys.executable, "-m", "gradsh", "-", *(["1"] if "sys" in text else [])]
        done = subprocess.run(words, cwd=ROOT, input=text, capture_output=True, text=True)
        assert (done.returncode, done.stdout) == (0, wanted), done.stderr


def test_behind_the_door_of_a_sandbox(tmp_path: Path) -> None:
    """The modules of Python programs are loaded before it is shut, and files stay out of reach."""
    (tmp_path / "a.py").write_text((ROOT / "tests" / "data" / "python_sandboxed.py.txt").read_text(encoding="utf-8"))
    status, out, told = command("--sandbox", "a.py", folder=tmp_path)
    assert status == 0, told
    assert out.count("refused") == 6 and "reached" not in out and "1 False False tensor([2.])" in out
    assert [path.name for path in tmp_path.iterdir()] == ["a.py"]


def test_notebooks(tmp_path: Path) -> None:
    path = tmp_path / "n.ipynb"
    path.write_text(a_notebook("%matplotlib inline\nx = 1", "x + 1", "x / 0", "x + 2;", "x + 3", tags=(2,)))
    status, out, told = command("n.ipynb", "--write", "out.ipynb", folder=tmp_path)
    assert (status, out) == (0, "2\n4\n") and "In [1]: skipped: %matplotlib inline" in told
    kept = json.loads((tmp_path / "out.ipynb").read_text())["cells"]
    assert kept[1]["outputs"][0]["data"] == {"text/plain": ["2"]}
    assert kept[2]["outputs"][0]["ename"] == "ZeroDivisionError"
    assert command("n.ipynb", "--cell", "2", folder=tmp_path)[1] == "2\n"
    path.write_text(a_notebook("1 / 0", "'on'"))
    assert command("n.ipynb", folder=tmp_path)[:2] == (1, "")
    assert command("n.ipynb", "--keep-going", folder=tmp_path)[:2] == (1, "'on'\n")
    path.write_text("{nothing")
    status, _, told = command("n.ipynb", folder=tmp_path)
    assert status == 3 and "not JSON" in told
    path.write_text("[]")
    assert command("n.ipynb", folder=tmp_path)[0] == 3
