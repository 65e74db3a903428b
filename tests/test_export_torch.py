"""`gradsh export --to torch`: programs of gradsh as PyTorch's, which print the same there.

What PyTorch prints for tests/exported/*.grad is recorded (`python -m tests.record.exported`); where PyTorch is
installed, all examples and twins are exported and run in it.
"""

from __future__ import annotations

import ast
import io
import json
from pathlib import Path

import pytest

from gradsh import Session
from gradsh.errors import Source
from gradsh.language.exporting import exported
from gradsh.language.exporting.paths import paths
from gradsh.language.program import understood
from gradsh.runtime.builtins import BUILTINS
from gradsh.session.check import table
from gradsh.session.python import PythonSession
from gradsh.view.display import Display
from tests.conftest import Gradsh
from tests.exports import EXPORTED, PROGRAMS, differences, export
from tests.record.twins import as_gradsh_prints


def torch_text(text: str) -> tuple[str, list[str]]:
    source = Source("<text>", text)
    tree, resolution, _ = understood(source, {}, table())
    written, warned = exported(tree, source, resolution, table())
    return written, [words for _, words in warned]


@pytest.mark.parametrize("program", sorted(EXPORTED.glob("*.grad")), ids=lambda path: path.stem)
def test_prints_what_pytorch_prints_for_it(program: Path) -> None:
    text, warned = export(program)
    assert text == program.with_suffix(".py").read_text(encoding="utf-8"), "python -m tests.record.exported"
    assert not warned
    out = io.StringIO()
    assert Session(out=out, err=out).run(program.read_text(encoding="utf-8"), program.name).ok
    assert differences(program, out.getvalue()) == ""


def test_every_program_is_python_afterwards() -> None:
    for program in PROGRAMS:
        text, warned = export(program)
        tree = ast.parse(text)  # it is no SyntaxError
        defined = {
            node.asname or node.name for part in ast.walk(tree) if isinstance(part, ast.Import) for node in part.names
        }
        assert "torch" in defined or "torch" not in text.replace("PyTorch", ""), program.name
        assert "gradsh" not in text.split("import")[0] or text.startswith("#")
        assert len(warned) == (program.name == "where_gradients_go.grad"), program.name  # it shows a table


def test_every_builtin_has_its_place() -> None:
    """A new built-in: `python -m tests.record.paths`."""
    assert sorted(paths()) == sorted(name for name in BUILTINS.names() if not name.startswith("Tensor."))


def test_comments_stay() -> None:
    text = "# what\n\nlet x = 1  # a\n\n# b\nif x > 0 {  # c\n    # d\n    print x  # e\n    # f\n}\n# g\n"
    written, _ = torch_text(text)
    assert written == "# what\n\nx = 1  # a\n\n# b\nif x > 0:  # c\n    # d\n    print(x)  # e\n    # f\n# g\n"


CASES = {
    "let torch = 2; let lambda = 3; torch + lambda": "torch_ = 2\nlambda_ = 3\nprint(torch_ + lambda_)\n",
    "let range = [1]; repeat 2 { range }": "for _ in builtins.range(2):\n    print(range)\n",
    "let grad = grad(ones(2).sum(), ones(2))": "grad = torch.autograd.grad(torch.ones(2).sum(), torch.ones(2))\n",
    "let F = 2; relu(ones(2)) * F": None,
    "fn f(x) = x; 3 |> f |> (fn(y) = y + 1)": "echo((lambda y: y + 1)(f(3)))\n",
    "let x = ones(3)\nx.sqrt()\n    .sum()": "print((x.sqrt()\n    .sum()))\n",
    "let xs = [1]; let ys = xs; xs += [2]; ys": "xs = [1]\nys = xs\nxs = xs + [2]\nprint(ys)\n",
    "float(2); ones(2, dtype=float).dtype; isinstance(2, float)": None,
}


def test_small_programs() -> None:
    for text, wanted in CASES.items():
        try:
            written, _ = torch_text(text)
        except Exception as error:  # no program of gradsh
            pytest.fail(f"{text!r}: {error!r}")
        ast.parse(written)
        if wanted is not None:
            assert written.endswith(wanted), written


def test_what_has_no_counterpart_is_left_out_with_a_word() -> None:
    written, warned = torch_text("let x = ones(2, grad)\nshow x\nnancheck { x.sum() }\nif true { plot x }\n")
    assert [words.split("`")[1] for words in warned] == ["show", "nancheck", "plot"]
    assert "# no counterpart in PyTorch: show x\n" in written
    assert written.endswith("if True:\n    # no counterpart in PyTorch: plot x\n    pass\n")


def test_files() -> None:
    """What reads a file is written for its kind only."""
    written, _ = torch_text('let a = load("a.csv")\nlet b = load("b.pt")\nsave a, "c.npy"\nlet l = loader(a, a)\n')
    assert "def load_csv(path)" in written and "def save_npy(value, path)" in written and "def load(" not in written
    assert 'b = torch.load("b.pt")' in written and "import DataLoader, TensorDataset\n" in written
    assert "l = DataLoader(TensorDataset(a, a))\n" in written
    assert "def load(path)" in torch_text('let p = "a.csv"\nlet a = load(p)')[0]


def test_codes_of_errors_have_no_counterpart() -> None:
    written, warned = torch_text('try { ones(2) @ ones(3) } catch err { print err.code == "E0302", err }')
    assert warned == ["`err.code` has no counterpart in PyTorch"] and 'print(None == "E0302", err)' in written


def test_the_command(gradsh: Gradsh, tmp_path: Path) -> None:
    (tmp_path / "lib.grad").write_text("fn twice(x) = 2 * x\n")
    (tmp_path / "a.grad").write_text('use "lib.grad"\nparam lr = 0.5  # rate\nshow lr\ntwice(lr)\n')
    done = gradsh("export", "--to", "torch", "a.grad", "-o", "out/a.py")
    assert done.returncode == 0 and done.stdout == ""
    assert "`show` has no counterpart in PyTorch" in done.stderr
    assert (tmp_path / "out" / "lib.py").read_text() == "def twice(x):\n    return 2 * x\n"
    text = (tmp_path / "out" / "a.py").read_text()
    assert "from lib import *" in text and "help='rate'" in text
    said = json.loads(gradsh("export", "--json", "--to", "torch", "-c", "print ones(2)").stdout)
    assert said["text"].endswith("print(torch.ones(2))\n")
    assert gradsh("export", "--to", "torch", "a.grad", "lr").returncode == 2
    assert gradsh("export", "--to", "latex", "a.grad", "-o", "x").returncode == 2
    assert gradsh("export", "--to", "torch", "-c", "let = 3").returncode == 3


def test_the_front_end_prints_the_same() -> None:
    """There and back: exported, and run as PyTorch's own source. Examples that train longer are left out."""
    small = [program for program in PROGRAMS if program.parent.name != "examples" or program.stem.startswith("iris_")]
    for program in [*sorted(EXPORTED.glob("*.grad")), *small]:
        text, warned = export(program)
        if not warned:
            out = io.StringIO()
            PythonSession(Display(out, io.StringIO()), seed=0).run(text, program.stem + ".py")
            printed = "".join(as_gradsh_prints(line) + "\n" for line in out.getvalue().splitlines())
            assert differences(program, printed) == "", program.name


@pytest.mark.slow
def test_pytorch_prints_the_same() -> None:
    pytest.importorskip("torch")
    from tests.record.exported import printed

    for program in PROGRAMS:
        text, warned = export(program)
        if not warned:
            assert differences(program, printed(text)) == "", program.name
