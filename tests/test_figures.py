"""Figures of `matplotlib.pyplot` in Python programs: drawn by gradsh's own plots, in files by matplotlib."""

from __future__ import annotations

import json

from tests.conftest import ROOT, Here
from tests.test_python_source import Run

FIGURES = """\
import matplotlib.pyplot as plt, torch, numpy as np
plt.plot([1, 2, 4], 'r--', label='train'); plt.xlabel('epoch'); plt.title('Loss'); plt.legend(); plt.grid(True)
plt.savefig('a.png'); plt.savefig('a.svg')
plt.show()
fig, (left, right) = plt.subplots(1, 2)
left.imshow(torch.eye(3)); left.set_title('eye')
right.bar(['one', 'two'], [1, 2])
counts, edges, patches = plt.hist(torch.arange(6.), bins=3)
print(counts, len(edges), patches, fig)
plt.quiver([1], [2], [3], [4]); plt.quiver([1], [2], [3], [4])
plt.show()
plt.plot([5, 6]); plt.close(); plt.show()
"""


def test_figures(here: Here) -> None:
    """Drawn beside the output, each once; what cannot be drawn says so once."""
    (here.folder / "a.py").write_text(FIGURES)
    status, out, told = here("a.py")
    assert (status, out) == (
        0,
        "[2. 2. 2.] 4 <BarContainer object of 3 artists> <Figure size 640x480 with 2 Axes>\n",
    )
    assert told.count("Loss") == 1 and " train" in told and "epoch" in told
    assert "eye  [3, 3]" in told and "two" in told and told.count("quiver of matplotlib is not drawn here") == 1
    assert (here.folder / "a.png").read_bytes()[:4] == b"\x89PNG" and b"<svg" in (here.folder / "a.svg").read_bytes()
    status, out, told = here("--json", "a.py")
    shown = [json.loads(line) for line in out.splitlines()]
    assert [each["plot"] for each in shown if "plot" in each] == ["figure", "figure"]
    assert shown[0]["panels"][0]["marks"][0] == {
        "kind": "line", "label": "train", "x": [0.0, 1.0, 2.0], "y": [1.0, 2.0, 4.0]
    }  # fmt: skip


WRONG_FIGURES = [
    ("plt.plot([1, 2], [1, 2, 3])", "x and y must have same first dimension, but have shapes (2,) and (3,)"),
    ("plt.scatter([1], [1, 2])", "x and y must be the same size"),
    ("plt.imshow(torch.ones(2))", "Invalid shape (2,) for image data"),
    ("plt.plot([1], [1], 'q-')", "'q-' is not a valid format string"),
    ("plt.plot(torch.ones(2, requires_grad=True))", "Can't call numpy() on Tensor that requires grad"),
]


def test_wrong_figures() -> None:
    run = Run()
    assert run.run("import torch\nimport matplotlib.pyplot as plt\nw = torch.ones(2, requires_grad=True)\n") == 0
    for text, said in WRONG_FIGURES:
        assert run.run(text) == 1 and said in run.err.getvalue(), text
    assert run.run("plt.plot(w)") == 1 and "help: `plt.plot(w.detach())`" in run.err.getvalue()


ODD = """\
plt.plot([], [])
plt.plot([float('nan')] * 3); plt.title('nan')
plt.imshow(torch.zeros(3, 3))
plt.imshow([[]])
plt.hist([])
plt.bar([], [])
plt.semilogy([0, -1, 0])
plt.plot([1e300, -1e300, 1e308, -1e308])
plt.contour([[1, 1], [1, 1]])
plt.xlim(5, 6); plt.plot([1, 2])
plt.ylim(2, 2); plt.plot([1, 2])
plt.loglog([0, 1], [0, 1]); plt.axhline(3); plt.text(0, 0, 'only')
"""


def test_odd_figures() -> None:
    """What has nothing to show, or too much, is shown all the same."""
    run = Run(cells=True)
    assert run.run("import torch\nimport matplotlib.pyplot as plt") == 0
    for line in ODD.splitlines():
        assert run.run(line + ";") == 0, run.err.getvalue()
    assert run.err.getvalue().count("nothing is on it") >= 4


def test_calls_of_matplotlib(here: Here) -> None:
    """Calls that programs make: none of them fails, and none is left out."""
    run = Run()
    calls = (ROOT / "tests" / "data" / "figures.txt").read_text(encoding="utf-8")
    assert run.run("import torch, numpy as np\nimport matplotlib.pyplot as plt\n" + calls) == 0, run.err.getvalue()
    assert not run.err.getvalue()
    assert run.run("plt.show()\n") == 0, run.err.getvalue()
    assert "all" in run.err.getvalue() and "here" in run.err.getvalue() and "error" not in run.err.getvalue()
    written = f"plt.savefig({str(here.folder / 'all')!r})"
    assert run.run(calls + written) == 0, run.err.getvalue()
    assert (here.folder / "all.png").exists()
