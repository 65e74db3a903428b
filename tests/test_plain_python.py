"""Programs without PyTorch, of what Python itself has: they print what the Python prints that runs these tests.

tests/python/plain.txt has them, each behind a line `### name`. Files of a program's own are written into a folder here.
"""

from __future__ import annotations

import contextlib
import io
import re
import subprocess
import sys
import warnings
from pathlib import Path

import pytest

from tests.conftest import ROOT, Here
from tests.test_python_source import Run

PARTS = re.split(r"^### (\w+)\n", (ROOT / "tests" / "python" / "plain.txt").read_text(encoding="utf-8"), flags=re.M)
PLAIN = dict(zip(PARTS[1::2], PARTS[2::2], strict=True))


def without_addresses(text: str) -> str:
    return re.sub(r"0x[0-9a-f]{6,}", "0x", text)


@pytest.mark.parametrize("name", PLAIN)
def test_plain(name: str, monkeypatch: pytest.MonkeyPatch) -> None:
    text = PLAIN[name]
    wanted = io.StringIO()
    monkeypatch.setitem(sys.modules, "__main__", type(sys)("__main__"))  # classes look their annotations up there
    space = vars(sys.modules["__main__"])
    with contextlib.redirect_stdout(wanted), warnings.catch_warnings():
        warnings.simplefilter("ignore")  # of `[1]["a"]`, which the text is about
        exec(compile(text, f"{name}.py", "exec", dont_inherit=True), space)
    run = Run()
    assert run.run(text, f"{name}.py") == 0, run.err.getvalue()
    assert without_addresses(run.shown()) == without_addresses(wanted.getvalue())


OWN = {
    "main.py": """
import sys
import torch
import layers
import pkg.deep.inner
import pkg.model as model
from data_utils import *
from layers import Scale, LIMIT as limit
from pkg import VERSION, helpers
from folder.free import free

torch.manual_seed(0)
print(layers.__name__, Scale, model.Net, pkg.deep.inner.NAME, VERSION, helpers.double(4), limit, free(), doubled(3))
print(torch_too.tensor([1.0]), "_hidden" in globals_of(), Scale(2.0)(torch.ones(2)), layers.calls)
layers.LIMIT = 7
print(layers.limit(), limit, isinstance(model.Net(), torch.nn.Module), model.Net())
sys.path.append("more")
import extra
print(extra.WHERE, extra.main, __name__, __file__.endswith("main.py"), extra.__file__.endswith("extra.py"))
for _ in range(2):
    from layers import Scale as again
print(again is Scale)
try:
    import broken
except ZeroDivisionError as error:
    print("broken:", error)
""",
    "layers.py": """
import torch
from torch import nn
LIMIT = 3
calls = []
class Scale(nn.Module):
    def __init__(self, by):
        super().__init__()
        self.by = nn.Parameter(torch.tensor(by))
    def forward(self, x):
        calls.append(len(calls))
        return x * self.by
def limit():
    return LIMIT
if __name__ == "__main__":
    print("not when it is imported")
""",
    "data_utils.py": """
import torch as torch_too
_hidden = 1
def doubled(x): return 2 * x
def globals_of(): return ["doubled"]
""",
    "pkg/__init__.py": "VERSION = '1.0'\nfrom .helpers import double\n",
    "pkg/helpers.py": "def double(x):\n    return 2 * x\n",
    "pkg/model.py": "from torch import nn\nfrom . import helpers\nfrom .helpers import double as d\n"
    "class Net(nn.Sequential):\n    def __init__(self):\n"
    "        super().__init__(nn.Linear(d(1), helpers.double(2)))\n",
    "pkg/deep/__init__.py": "",
    "pkg/deep/inner.py": "from ..helpers import double\nNAME = f'{__name__} {double(1)}'\n",
    "folder/free.py": "def free():\n    return 'free'\n",
    "more/extra.py": "WHERE = 'more'\nmain = __name__\n",
    "broken.py": "x = 1 / 0\n",
}
SHOWN = """layers <class 'layers.Scale'> <class 'pkg.model.Net'> pkg.deep.inner 2 1.0 8 3 free 6
tensor([1.]) False tensor([2., 2.], grad_fn=<MulBackward0>) [0]
7 3 True Net(
  (0): Linear(in_features=2, out_features=4, bias=True)
)
more extra __main__ True True
True
broken: division by zero
"""


def put(folder: Path, files: dict[str, str]) -> None:
    for name, text in files.items():
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        (folder / name).write_text(text, encoding="utf-8")


def test_files_of_its_own(here: Here) -> None:
    """`SHOWN` is what Python and PyTorch print of these files."""
    put(Path(), OWN)
    run = Run(argv=("main.py",))
    assert run.run(OWN["main.py"], "main.py") == 0, run.err.getvalue()
    assert run.shown() == SHOWN


@pytest.mark.parametrize(
    ("main", "files", "said"),
    [
        ("import wrong", {"wrong.py": "\nx = undefined\n"}, "name 'undefined' is not defined\n --> wrong.py:2:5"),
        ("import wrong", {"wrong.py": "def f(:\n"}, "invalid syntax\n --> wrong.py:1:7"),
        ("from wrong import f\nf(0)", {"wrong.py": "def f(x):\n    return 1 / x\n"}, "--> wrong.py:2:12"),
        ("from wrong import g\ng()", {"wrong.py": "f = 1\n"}, "cannot import name 'g' from 'wrong'"),
        ("import nowhere\nnowhere.f()", {}, "No module named 'nowhere'"),
        ("from .near import f", {"near.py": "f = 1\n"}, "attempted relative import with no known parent package"),
        ("import pkg.none\npkg.none.f()", {"pkg/__init__.py": ""}, "module 'pkg' has no attribute 'none'"),
        (
            "from a import b",
            {"a.py": "import b\n", "b.py": "import a\na.later\n"},
            "module 'a' has no attribute 'later'",
        ),
    ],
)
def test_what_is_wrong_in_them(here: Here, main: str, files: dict[str, str], said: str) -> None:
    put(Path(), files)
    run = Run(argv=("main.py",))
    assert run.run(main, "main.py") != 0
    assert said in run.err.getvalue()


def test_beside_the_program_not_where_it_is_run(tmp_path: Path) -> None:
    put(tmp_path / "inner", {"main.py": "import near\nprint(near.x)\n", "near.py": "x = 5\n"})
    put(tmp_path, {"near.py": "x = 6\n"})
    done = subprocess.run(
        [sys.executable, "-m", "gradsh", "inner/main.py"], cwd=tmp_path, capture_output=True, text=True
    )
    assert (done.stdout, done.returncode) == ("5\n", 0), done.stderr


def test_not_behind_the_door_of_a_sandbox(tmp_path: Path) -> None:
    put(tmp_path, {"main.py": "import near\nnear.x\n", "near.py": "print('read')\n"})
    done = subprocess.run(
        [sys.executable, "-m", "gradsh", "--sandbox", "main.py"], cwd=tmp_path, capture_output=True, text=True
    )
    assert done.returncode == 1
    assert "the program runs in a sandbox" in done.stderr and done.stdout == ""


def test_packed_files_and_folders_are_as_in_python(tmp_path: Path) -> None:
    said = []
    for name, words in (("python", []), ("gradsh", ["-m", "gradsh"])):
        (tmp_path / name).mkdir()
        (tmp_path / name / "main.py").write_text(
            (ROOT / "tests" / "data" / "python_packed.py.txt").read_text(encoding="utf-8")
        )
        words = [sys.executable, *words, "main.py"]
        done = subprocess.run(words, cwd=tmp_path / name, capture_output=True, text=True)
        assert done.returncode == 0, done.stderr
        said.append(done.stdout)
    assert said[1] == said[0]
    assert not (tmp_path / "up.txt").exists()
