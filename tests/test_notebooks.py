"""`gradsh FILE.ipynb`: what of a cell is run, what it shows, and the file that --write leaves, by nbformat's rules."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from tests.conftest import Here
from tests.test_python_source import Run

nbformat = pytest.importorskip("nbformat")

CELLS = [
    "%matplotlib inline\nimport torch\nimport matplotlib.pyplot as plt\nprint('a', end='')\nprint('b')",
    "x = torch.ones(2, 3, requires_grad=True)\nx * 2",
    "%%time\ny = x.sum()\ny",
    "plt.plot([1, 2, 3])\nplt.title('t')",
    "%time z = y * 2\n%time z + 1",
    "%%writefile f.txt\nhello",
    "%%writefile -a f.txt\n you",
    "open('f.txt').read()",
    "%%capture\nprint('no')\n7",
    "%%bash\nls",
    "1 / 0",
    "import warnings\nwarnings.warn('careful')\ndisplay(x)\nfound = !ls\nx?",
    "plt.bar(['a', 'b'], [1, 2])\nplt.show()\nprint('after')",
    "print('\\ud800')",
]


def kinds(outputs: list[Any]) -> list[str]:
    """Of each output its kind and forms, or its text."""
    found = []
    for each in outputs:
        more = each.get("text") or " ".join(sorted(each.get("data", ()))) or each.get("ename")
        found.append(f"{each.get('name', each['output_type'])} {more}".replace("\n", " ").strip())
    return found


def a_file(path: Path) -> None:
    notebook = nbformat.v4.new_notebook()
    notebook.cells = [nbformat.v4.new_markdown_cell("# Title"), *map(nbformat.v4.new_code_cell, CELLS)]
    notebook.cells[11].metadata["tags"] = ["raises-exception"]
    notebook.metadata["kernelspec"] = {"name": "python3", "display_name": "Python"}
    nbformat.write(notebook, path)


def test_what_is_written(here: Here) -> None:
    a_file(here.folder / "n.ipynb")
    status, out, told = here("--write", "out.ipynb", "n.ipynb")
    assert status == 0, told
    before, after = (nbformat.read(here.folder / name, 4) for name in ("n.ipynb", "out.ipynb"))
    nbformat.validate(after)
    assert after.metadata == before.metadata and [c.id for c in after.cells] == [c.id for c in before.cells]
    assert [c.source for c in after.cells] == [c.source for c in before.cells] and after.cells[11].metadata.tags
    code = [cell for cell in after.cells if cell.cell_type == "code"]
    assert [cell.execution_count for cell in code] == list(range(1, 15))
    assert [kinds(cell.outputs) for cell in code] == [
        ["stdout ab", "stderr note: In [1]: skipped: %matplotlib inline"],
        ["execute_result text/html text/plain"],
        ["execute_result text/plain", "stderr note: In [3]: skipped: %%time"],
        ["execute_result text/plain", "display_data image/png text/plain"],
        ["execute_result text/plain"],
        ["stdout Writing f.txt"],
        ["stdout Appending to f.txt"],
        ["execute_result text/plain"],
        [],
        ["stderr note: In [10]: skipped: %%bash, and with it the cell"],
        ["error ZeroDivisionError"],
        [
            "stderr warning: UserWarning: careful  --> In [12]:2:1   | 2 | warnings.warn('careful')"
            "   | ^^^^^^^^^^^^^^^^^^^^^^^^",
            "display_data text/html text/plain",
            "stderr note: In [12]: skipped: found = !ls note: In [12]: skipped: x?",
        ],
        ["display_data image/png text/plain", "stdout after"],
        ["stdout \ud800"],
    ]
    assert code[3].outputs[0].data["text/plain"] == "Text(0.5, 1.0, 't')"
    assert "<td>2.</td></tr></tbody></table>" in code[1].outputs[0].data["text/html"]
    assert code[4].outputs[0].data["text/plain"] == "tensor(13., grad_fn=<AddBackward0>)"
    assert code[7].outputs[0].data["text/plain"] == "'hello\\n you\\n'"
    assert "7" not in out.split("\n")


def test_options_and_older_versions(here: Here) -> None:
    """Before the file as behind it; a notebook of version 3 stays one; `sys.exit` leaves what was shown until then."""
    cells = [{"cell_type": "code", "input": text, "language": "python", "outputs": [], "metadata": {}}
             for text in ("1 + 1", "import sys\nprint('on')\nsys.exit(4)", "nowhere", "5")]  # fmt: skip
    old = {
        "metadata": {"name": ""},
        "nbformat": 3,
        "nbformat_minor": 0,
        "worksheets": [{"cells": cells, "metadata": {}}],
    }
    (here.folder / "n.ipynb").write_text(json.dumps(old))
    assert here("--cell", "1", "n.ipynb")[:2] == (0, "2\n")
    assert here("n.ipynb", "--write", "out.ipynb")[0] == 4
    written = nbformat.reads((here.folder / "out.ipynb").read_text(), as_version=nbformat.NO_CONVERT)
    nbformat.validate(written)
    first, second = (cell.outputs[0] for cell in written.worksheets[0].cells[:2])
    assert (first.output_type, first.text, first.prompt_number) == ("pyout", "2", 1)
    assert (second.output_type, second.stream, second.text) == ("stream", "stdout", "on\n")
    for words in (["--keep-going", "a.grad"], ["--write", "x.ipynb", "-c", "1"], ["--write", "no/x.ipynb", "n.ipynb"],
                  ["--sandbox=language", "n.ipynb", "--write", "x.ipynb"]):  # fmt: skip
        status, _, told = here(*words)
        assert status == 2 and "--" in told, words
    assert not (here.folder / "x.ipynb").exists()


def of_language(name: str, *cells: str, **more: Any) -> str:
    code = [{"cell_type": "code", "source": text, "outputs": [], "metadata": {}} for text in cells]
    return json.dumps({"cells": code, "metadata": {"language_info": {"name": name}}, "nbformat": 4, **more})


def test_cells_of_gradsh(here: Here) -> None:
    """A notebook that the kernel `gradsh` has made runs too, is checked and looked at."""
    path = here.folder / "n.ipynb"
    path.write_text(
        of_language("gradsh", "let x = tensor(2.0, grad)\nlet y = x**2; x", "backward y; x.grad", "graph y")
    )
    status, out, _ = here("--write", "out.ipynb", "n.ipynb")
    assert status == 0 and out.startswith("tensor(2., requires_grad=True)\ntensor(4.)\n")
    after = nbformat.read(here.folder / "out.ipynb", 4)
    nbformat.validate(after)
    assert [kinds(cell.outputs) for cell in after.cells] == [
        ["stdout tensor(2., requires_grad=True)"],
        ["stdout tensor(4.)"],
        ["display_data image/svg+xml text/plain"],
    ]
    assert here("check", "n.ipynb") == (0, "", "")
    assert here("why", "n.ipynb", "x")[1].startswith("x.grad is 4: y depends on x in one way.")
    path.write_text(of_language("gradsh", "let x = 1", "x y", "backward x; nowhere"))
    status, _, told = here("check", "n.ipynb")
    assert status == 3 and "n.ipynb In [2]:1:3" in told and "'nowhere' is not defined" in told
    assert here("n.ipynb")[0] == 3


@pytest.mark.parametrize(
    ("text", "said"),
    [
        (of_language("R", "x <- 1"), "the language of the notebook is R: gradsh runs cells of Python, and its own"),
        (of_language("python", "1", nbformat=5), "the notebook is of version 5 of its format"),
        (of_language("python", "1", nbformat="4"), 'the notebook is of version "4" of its format'),
    ],
)
def test_notebooks_of_others(text: str, said: str, here: Here) -> None:
    (here.folder / "n.ipynb").write_text(text)
    for words in (["n.ipynb"], ["check", "n.ipynb"], ["graph", "n.ipynb", "x"]):
        status, out, told = here(*words)
        assert (status, out) == (3, "") and said in told


def test_odd_numbers_of_versions(here: Here) -> None:
    (here.folder / "n.ipynb").write_text(of_language("ipython", "1 + 1\n!ls", "!ls\n1/0", nbformat_minor="x"))
    status, _, told = here("--write", "out.ipynb", "n.ipynb")
    assert status == 1 and told.count("skipped: !ls") == 2  # also of a cell that fails
    nbformat.validate(nbformat.read(here.folder / "out.ipynb", 4))


def test_lines_of_time() -> None:
    """What stands behind `%time` runs, and errors stand on its line."""
    run = Run(cells=True)
    for text, shown in (
        ("%time x = 3\nx", "3\n"),
        ("%timeit -n 2 x", ""),
        ("for i in [1, 2]:\n    %time print(i)", "1\n2\n"),
    ):
        assert run.session.cell(text, "In [1]", 1)[0].status == 0, run.err.getvalue()
        assert run.shown() == shown
    assert run.session.cell("y = 1\n%time nowhere(x)", "In [2]", 2)[0].status == 1
    assert "In [2]:2:" in run.err.getvalue()


def run_cells(here: Here, *texts: str) -> list[list[Any]]:
    """The outputs of cells, without what is said on standard error."""
    notebook = nbformat.v4.new_notebook()
    notebook.cells = [nbformat.v4.new_code_cell(text) for text in texts]
    nbformat.write(notebook, here.folder / "n.ipynb")
    here("--keep-going", "--write", "out.ipynb", "n.ipynb")
    written = nbformat.read(here.folder / "out.ipynb", 4)
    return [[one for one in cell.outputs if one.get("name") != "stderr"] for cell in written.cells]


def test_what_stands_before_lines_of_copied_cells(here: Here) -> None:
    """What IPython takes away, and no more: the indentation of the first line, prompts of Python's and its own."""
    cells = {
        "   x = 3\n   x": "3",
        '\n  \n    s = """a\n    b\n      c"""\n    s': "'a\\nb\\n  c'",
        ">>> a = 5\n>>> for i in range(2):\n...     a += i\n...\n>>> a": "6",
        "In [3]: b = 7\n   ...: b": "7",
        "    %%time\n    if True:\n        c = 8\n    c": "8",
        "\tz = 5\n\tz": "5",
        "    !ls\n    2": "2",
        "  q = 1\n r = 2": "IndentationError",
        "if True:\n    d = 9\n...\nd": "9",
        ">>>": "",
        "  1/0": "ZeroDivisionError",
    }
    outputs = run_cells(here, *cells)
    shown = ["".join(one[0].get("ename") or one[0].data["text/plain"]) if one else "" for one in outputs]
    assert shown == [*cells.values()]
    status, _, told = here("check", "n.ipynb")
    assert status == 3 and told.count("error[") == 1 and "unexpected indent" in told


def test_what_cells_before_have_given(here: Here) -> None:
    """As IPython has it: `_` is the last value, until the program binds that name itself."""
    cells = {
        "import torch\ntorch.ones(2)": "tensor([1., 1.])",
        "_ * 2": "tensor([2., 2.])",
        "_ + __": "tensor([3., 3.])",
        "5;": None,
        "_2, Out[1], In[2], _": "(tensor([2., 2.]), tensor([1., 1.]), '_ * 2', tensor([3., 3.]))",
        "list(Out)": "[1, 2, 3, 5]",
        "for _ in range(3):\n    pass\n_": "2",
        "'other'": "'other'",
        "_, ___": "(2, [1, 2, 3, 5])",
        "_40": "NameError",
    }
    shown = [
        "".join(one[0].get("ename") or one[0].data["text/plain"]) if one else None for one in run_cells(here, *cells)
    ]
    assert shown == [*cells.values()]


def test_weights_that_are_not_there_yet(here: Here) -> None:
    """Of a lazy layer: a cell whose value is one asked for its shape, and failed."""
    (shown,) = run_cells(here, "import torch\nnet = torch.nn.LazyLinear(3)\nnet.weight")
    assert shown[0].data == {"text/plain": "<UninitializedParameter>"}


def test_cleared_output(here: Here) -> None:
    cells = (
        "from IPython.display import clear_output",
        "for i in range(3):\n    clear_output(wait=True)\n    print(i)",
        "print('gone')\nclear_output()\nprint('there')",
        "%matplotlib inline\nprint('stays')\nclear_output(wait=True)",
        "print('gone')\nclear_output(wait=True)\n1",
    )
    assert [kinds(one) for one in run_cells(here, *cells)] == [
        [],
        ["stdout 2"],
        ["stdout there"],
        ["stdout stays"],
        ["execute_result text/plain"],
    ]


def test_questions_are_skipped(here: Here) -> None:
    """Also those with stars, `torch.*Tensor?`, which are no Python."""
    text = "torch.*Tensor?\n?torch.ones\nx??\n2 * 3"
    assert run_cells(here, text)[0][0].data["text/plain"] == "6"


def test_what_a_browser_would_show_is_said_by_its_kind(here: Here) -> None:
    cells = (
        "from IPython.display import HTML, Markdown, display",
        "display(HTML('<b>a</b>'))\nmarked = Markdown('# a')\nprint(marked.data)\n[marked]",
    )
    shown, printed, value = run_cells(here, *cells)[1]
    assert shown.data["text/plain"] == "<IPython.core.display.HTML object>" and printed.text == "# a\n"
    assert value.data["text/plain"] == "[<IPython.core.display.Markdown object>]"


def test_what_newer_notebooks_ask_of_ipython(here: Here) -> None:
    cells = [
        "from matplotlib_inline import backend_inline\nbackend_inline.set_matplotlib_formats('svg')",
        "get_ipython().run_line_magic('matplotlib', 'inline')\nget_ipython().__class__.__name__",
        "h = display('a', display_id='x')\nh.update('b')\nh.display_id",
    ]
    nbformat.write(nbformat.v4.new_notebook(cells=[*map(nbformat.v4.new_code_cell, cells)]), here.folder / "n.ipynb")
    assert here("n.ipynb") == (0, "'ZMQInteractiveShell'\n'a'\n'b'\n'x'\n", "")
    (here.folder / "p.py").write_text("import IPython\nprint(IPython.get_ipython())\nget_ipython()\n")
    status, out, told = here("p.py")
    assert (status, out) == (1, "None\n") and "name 'get_ipython' is not defined" in told
