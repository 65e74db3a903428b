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
        "[2. 2. 2.] 4 <BarContainer object of 3 artists> Figure(640x480)\n",
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


VALUES = """\
import matplotlib, matplotlib.pyplot as plt, numpy as np, torch
from matplotlib import cm
from matplotlib.colors import LinearSegmentedColormap, ListedColormap, LogNorm, Normalize, to_hex, to_rgb
few = cm.viridis(torch.linspace(0, 1, 4))
print(plt.cm.rainbow(np.linspace(0, 1, 5)).shape, [i for i, c in zip(range(9), few)])
print(plt.get_cmap('viridis', 6).N, matplotlib.colormaps['hot'].name, plt.cm.viridis.reversed().name)
print([round(float(x), 2) for x in plt.cm.viridis(0.5)], ListedColormap(['r', 'g', 'b']).N, end=' ')
print(to_hex((0, 0.5, 1)), to_rgb('red'))
reds = LinearSegmentedColormap.from_list('x', ['white', 'red'])
print([float(x) for x in reds(1.0)], Normalize(0, 10)(5), LogNorm(1, 100)(10))
cycle = plt.rcParams['axes.prop_cycle'].by_key()
print(plt.rcParams['figure.figsize'], 'font.size' in plt.rcParams, len(cycle['color']))
plt.rcParams.update({'figure.figsize': (5, 3)}); plt.rc('figure', dpi=50)
fig, ax = plt.subplots(); print(fig, fig.get_size_inches() * 2, fig.number, fig.dpi, plt.fignum_exists(1))
line, = ax.plot([1, 2], [3, 4], label='a'); print(line.get_ydata(), line.get_label(), line.get_color(), end=' ')
print(ax.get_xlim(), ax.get_ylim())
ax.set(title='t', xlabel='x'); print(ax.get_title(), ax.get_xlabel(), plt.xlim(0, 3), plt.xlim())
plt.close(); plt.semilogy([1, 10, 100]); print(*[f'{end:.4f}' for end in plt.ylim()]); plt.close()
print(plt.hist2d([1.0, 2], [1.0, 2], bins=2)[0].tolist()); plt.close(); plt.rcdefaults()
import matplotlib.patches as patches, matplotlib.transforms as transforms
turned = transforms.Affine2D().rotate_deg(45).scale(2, 1) + plt.gca().transData
mark = patches.Ellipse((0, 0), 1, 2); mark.set_transform(turned); plt.gca().add_patch(mark); plt.close()
wrongs = [lambda: plt.get_cmap('nomap'), lambda: matplotlib.colormaps['nomap'], lambda: plt.cm.nomap]
for wrong in [*wrongs, lambda: plt.rcParams['no.key'], lambda: to_rgb('nocolour')]:
    try: wrong()
    except Exception as error: print(type(error).__name__, str(error)[:30])
"""
GIVEN = """\
(5, 4) [0, 1, 2, 3]
6 hot viridis_r
[0.13, 0.57, 0.55, 1.0] 3 #0080ff (1.0, 0.0, 0.0)
[1.0, 0.0, 0.0, 1.0] 0.5 0.5
[6.4, 4.8] True 10
Figure(250x150) [10.  6.] 1 50 True
[3. 4.] a #1f77b4 (np.float64(0.95), np.float64(2.05)) (np.float64(2.95), np.float64(4.05))
t x (0.0, 3.0) (np.float64(0.0), np.float64(3.0))
0.7943 125.8925
[[1.0, 0.0], [0.0, 1.0]]
"""
WRONG = [
    "ValueError 'nomap' is not a valid value f",
    "KeyError \"'nomap' is not a valid value ",
    "AttributeError module 'matplotlib.cm' has no ",
    "KeyError 'no.key'",
    "ValueError Invalid RGBA argument: 'nocolo",
]


def test_values_of_matplotlib() -> None:
    """What programs ask of figures, and the colours that they count with."""
    run = Run()
    assert run.run(VALUES) == 0, run.err.getvalue()
    lines = run.shown().splitlines()
    given = GIVEN.splitlines()
    assert lines[: len(given)] == given
    assert lines[len(given) :] == WRONG


def test_own_maps_in_pictures(here: Here) -> None:
    """A map that a program makes is in the picture; without matplotlib maps are grey."""
    draws = "plt.contourf([[0., 1], [2, 1]], cmap=ListedColormap(['#FF0000', '#0000FF']))\n"
    draws += f"plt.savefig({str(here.folder / 'a.svg')!r})\n"
    run = Run()
    imports = "import matplotlib.pyplot as plt, numpy as np\nfrom matplotlib.colors import ListedColormap\n"
    assert run.run(imports + draws) == 0, run.err.getvalue()
    assert "#ff0000" in (here.folder / "a.svg").read_text(encoding="utf-8")
    from gradsh.frontend.imports.colours import Grey

    assert [len(each) for each in (Grey("hot")(0.5), Grey("hot")([0.0, 1.0, 2.0])[0])] == [4, 4]
    assert Grey("hot")(255)[0] == 1.0 and Grey("hot").reversed().name == "hot_r" and Grey("hot").resampled(3).N == 3
