"""What `gradsh explain`, `why` and `graph` say of files in Python and of notebooks."""

from __future__ import annotations

from pathlib import Path

from tests.test_python_source import a_notebook, command

LOOKED_AT = """\
import torch
x = torch.tensor([1.0, 2.0], requires_grad=True)
c = torch.ones(2)
with torch.no_grad():
    y = (x * 2).sum()
loss = (x * c).sum()
print("not shown")
loss.backward()
"""


def test_a_program_is_looked_at(tmp_path: Path) -> None:
    """`explain`, `why`, `graph` of a file, in the words of its language."""
    (tmp_path / "a.py").write_text(LOOKED_AT)
    (tmp_path / "a.ipynb").write_text(a_notebook(*LOOKED_AT.split("with")[:1], "with" + LOOKED_AT.split("with")[1]))
    for file in ("a.py", "a.ipynb"):
        status, out, told = command("explain", file, folder=tmp_path)
        assert status == 0 and "x.grad   [1, 1]" in out and "not shown" not in out, told
        assert "without `requires_grad=True`" in out
    assert "loss depends on x in one way" in command("why", "a.py", "x", folder=tmp_path)[1]
    out = command("why", "a.py", "c", folder=tmp_path)[1]
    assert "c.grad is None" in out and "help: `c = torch.ones(2, requires_grad=True)`" in out
    assert "inside of with torch.no_grad()" in command("why", "a.py", "y", folder=tmp_path)[1]
    assert "MulBackward0" in command("graph", "a.ipynb", "loss", folder=tmp_path)[1]
    (tmp_path / "a.grad").write_text("let x = tensor(2.0, grad)\nlet y = x**2\nbackward y\nprint y\n")
    assert "x.grad   4" in command("explain", "a.grad", folder=tmp_path)[1]
    status, _, told = command("why", "a.py", "nothing", folder=tmp_path)
    assert status == 3 and "name 'nothing' is not defined" in told
