"""What `gradsh explain`, `why` and `graph` say of files in Python and of notebooks."""

from __future__ import annotations

from tests.conftest import Here
from tests.test_python_source import a_notebook

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


def test_a_program_is_looked_at(here: Here) -> None:
    """`explain`, `why`, `graph` of a file, in the words of its language."""
    (here.folder / "a.py").write_text(LOOKED_AT)
    (here.folder / "a.ipynb").write_text(a_notebook(*LOOKED_AT.split("with")[:1], "with" + LOOKED_AT.split("with")[1]))
    for file in ("a.py", "a.ipynb"):
        status, out, told = here("explain", file)
        assert status == 0 and "x.grad   [1, 1]" in out and "not shown" not in out, told
        assert "without `requires_grad=True`" in out
    assert "loss depends on x in one way" in here("why", "a.py", "x")[1]
    out = here("why", "a.py", "c")[1]
    assert "c.grad is None" in out and "help: `c = torch.ones(2, requires_grad=True)`" in out
    assert "inside of with torch.no_grad()" in here("why", "a.py", "y")[1]
    assert "MulBackward0" in here("graph", "a.ipynb", "loss")[1]
    (here.folder / "a.grad").write_text("let x = tensor(2.0, grad)\nlet y = x**2\nbackward y\nprint y\n")
    assert "x.grad   4" in here("explain", "a.grad")[1]
    status, _, told = here("why", "a.py", "nothing")
    assert status == 3 and "name 'nothing' is not defined" in told


def test_loops_are_looked_at_for_their_plans(here: Here) -> None:
    """`gradsh plan` of a file of each language; what is given for the script and does not fit is told."""
    (here.folder / "a.grad").write_text(
        "let w = ones(2, grad)\nfor i in range(200) {\n    w.grad = none\n    backward (w**2).sum()\n"
        "    no_grad { w -= 0.1 * w.grad }\n}\nprint w\n"
    )
    status, out, told = here("plan", "a.grad")
    assert status == 0 and not told
    assert out.startswith("line 2: for i in range(200) {\n  a plan of ") and "changes  w float32[2]" in out
    status, _, told = here("plan", "a.grad", "--rate", "3")
    assert (status, told.splitlines()[0]) == (2, "gradsh: a.grad declares no parameter for '--rate'")
    source = LOOKED_AT + "for i in range(150):\n    c = c * 0.5\n"
    (here.folder / "a.py").write_text(source)
    (here.folder / "a.ipynb").write_text(a_notebook(*source.split("with")[:1], "with" + source.split("with")[1]))
    for file, line in (("a.py", 9), ("a.ipynb", 6)):
        status, out, told = here("plan", file)
        assert status == 0 and not told and out.startswith(f"line {line}: ") and "not shown" not in out, out
