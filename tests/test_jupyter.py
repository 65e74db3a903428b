"""The kernels of Jupyter: a real process each, asked through nbclient. One process for all that gradsh cells do."""

from __future__ import annotations

import asyncio
import json
import sys
from pathlib import Path
from typing import Any

import pytest

from tests.conftest import Gradsh

pytest.importorskip("ipykernel")
nbclient = pytest.importorskip("nbclient")
nbformat = pytest.importorskip("nbformat")

pytestmark = pytest.mark.filterwarnings("ignore")  # of what is not gradsh's


@pytest.fixture
def kernels(gradsh: Gradsh, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Both, installed below a folder that Jupyter looks in."""
    done = gradsh("kernel", "install", "--prefix", str(tmp_path))
    assert done.returncode == 0, done.stderr
    folders = [Path(line) for line in done.stdout.splitlines()]
    assert [folder.name for folder in folders] == ["gradsh", "gradsh-python"]
    assert json.loads((folders[0] / "kernel.json").read_text())["argv"][0] == sys.executable
    monkeypatch.setenv("JUPYTER_PATH", str(tmp_path / "share" / "jupyter"))
    monkeypatch.setenv("JUPYTER_RUNTIME_DIR", str(tmp_path / "runtime"))
    return tmp_path


class Notebook:
    """A notebook that is run cell by cell."""

    def __init__(self, name: str) -> None:
        self.notebook = nbformat.v4.new_notebook()
        self.client = nbclient.NotebookClient(self.notebook, kernel_name=name, timeout=90, allow_errors=True)

    async def run(self, text: str) -> list[Any]:
        self.notebook.cells.append(nbformat.v4.new_code_cell(text))
        number = len(self.notebook.cells) - 1
        cell = await self.client.async_execute_cell(self.notebook.cells[number], number, store_history=True)
        return list(cell.outputs)

    async def said(self, text: str) -> str:
        """What a cell writes, and its result."""
        outputs = await self.run(text)
        return "".join(output.get("text") or output.get("data", {}).get("text/plain", "") for output in outputs)

    async def ask(self, what: str, *given: Any, **more: Any) -> Any:
        reply = await getattr(self.client.kc, what)(*given, reply=True, timeout=60, **more)
        return reply["content"]


async def gradsh_cells() -> None:
    notebook = Notebook("gradsh")
    async with notebook.client.async_setup_kernel():
        assert await notebook.said("let x = tensor([1.0, 2.0], grad)\nlet y = (x**2).sum()\ny") == (
            "tensor(5., grad_fn=<SumBackward0>)\n"
        )
        (table,) = await notebook.run("show x")
        assert "<th>requires_grad</th>" in table.data["text/html"] and "[1., 2.]" in table.data["text/plain"]
        (graph,) = await notebook.run("graph y")
        assert graph.data["image/svg+xml"].startswith("<svg")
        (picture,) = await notebook.run("plot [3, 1, 2]")
        assert "<svg" in picture.data["image/svg+xml"]
        assert await notebook.run("backward y") == []
        (again,) = await notebook.run("backward y")
        text = "\n".join(again.traceback)
        assert again.ename == "RuntimeError" and "In [6]" in text and "In [5]" in text and "freed here" in text
        assert (await notebook.run("let z = nowhere"))[0].ename == "NameError"
        assert await notebook.said("x.grad") == "tensor([2., 4.])\n"
        await questions(notebook)
        await interrupt(notebook)


async def questions(notebook: Notebook) -> None:
    found = await notebook.ask("complete", "let w = x.requires_g", 20)
    assert "requires_grad" in found["matches"] and (found["cursor_start"], found["cursor_end"]) == (10, 20)
    assert "y" in (await notebook.ask("complete", "print ", 6))["matches"]
    assert (await notebook.ask("inspect", "x", 1))["data"]["text/plain"] == "x: tensor [2] float32, grad"
    assert "gradient: " in (await notebook.ask("inspect", "sqrt(2)", 3))["data"]["text/plain"]
    assert not (await notebook.ask("inspect", "nowhere", 3))["found"]
    states = [(await notebook.ask("is_complete", text))["status"] for text in ("for i in [1] {", "1 + 2", "let = 3")]
    assert states == ["incomplete", "complete", "invalid"]
    history = await notebook.ask("history", hist_access_type="tail", n=2, raw=True, output=False)
    assert [cell for _, _, cell in history["history"]] == ["let z = nowhere", "x.grad"]


async def interrupt(notebook: Notebook) -> None:
    """It ends the cell, and the session stays."""
    running = asyncio.ensure_future(notebook.run('let kept = 1\nprint "on"\nwhile true { kept += 1 }'))
    await asyncio.sleep(1.5)
    await notebook.client.km.interrupt_kernel()
    outputs = await asyncio.wait_for(running, 60)
    assert outputs[-1].ename == "KeyboardInterrupt"
    assert await notebook.said("kept > 0, x.shape") == "(True, Size([2]))\n"


async def python_cells() -> None:
    notebook = Notebook("gradsh-python")
    async with notebook.client.async_setup_kernel():
        assert await notebook.said("import torch\nx = torch.ones(2, requires_grad=True)\nprint(x)") == (
            "tensor([1., 1.], requires_grad=True)\n"
        )
        assert "tensor(2." in await notebook.said("(x * x).sum()")
        assert (await notebook.run("x.nowhere"))[0].ename == "AttributeError"
        (value,) = await notebook.run("%time torch.ones(1, 2)")
        assert value.output_type == "execute_result" and "<td>1.</td><td>1.</td>" in value.data["text/html"]
        (picture,) = await notebook.run("import matplotlib.pyplot as plt\nplt.plot([1, 2]);")
        assert "<svg" in picture.data["image/svg+xml"] and "┤" in picture.data["text/plain"]
        assert await notebook.run("def f(a):\n    return a @ torch.ones(3)") == []
        (wrong,) = await notebook.run("f(torch.ones(2, 2))")
        text = "\n".join(wrong.traceback)
        assert "In [6]" in text and "In [7]" in text and "called here" in text
        assert (await notebook.run("import sys\nsys.exit(3)"))[0].ename == "SystemExit"
        assert await notebook.said("x.shape") == "torch.Size([2])"
        await python_questions(notebook)
        running = asyncio.ensure_future(notebook.run("kept = 1\nwhile True: kept += 1"))
        await asyncio.sleep(1)
        await notebook.client.km.interrupt_kernel()
        assert (await asyncio.wait_for(running, 60))[-1].ename == "KeyboardInterrupt"
        assert await notebook.said("kept > 0") == "True"


async def python_questions(notebook: Notebook) -> None:
    for text, found in [("torch.nn.functional.rel", "relu"), ("x.requires_g", "requires_grad"), ("plt.sc", "scatter"),
                        ("import tor", "torch"), ("from torch import lins", "linspace"), ("nonl", "nonlocal"),
                        ("import numpy as np; np.mea", "mean"), ("torch.opt", "optim"), ("ke", "kept")]:  # fmt: skip
        if found == "kept":
            await notebook.run("kept = 0")
        if "numpy" in text:
            await notebook.run("import numpy as np")
        matches = (await notebook.ask("complete", text, len(text)))["matches"]
        assert found in matches, text
    assert "torch_range" not in (await notebook.ask("complete", "tor", 3))["matches"]
    for text, said in [
        ("torch.relu", "gradient: "),
        ("x.sum", "gradient: g"),
        ("torch.nn.Linear", "in_features"),
        ("f", "f(a)"),
    ]:
        assert said in (await notebook.ask("inspect", text, len(text)))["data"]["text/plain"], text
    for text, said in [
        ("torch.nn.Linear(2, ", "bias=True, device=None"),  # what is called, in Python's words
        ("f(torch.relu(x), ", "f(a)"),
        ("print", "print(*args, sep=' '"),
        ("range(", "range(start, stop[, step])"),
    ]:
        assert said in (await notebook.ask("inspect", text, len(text)))["data"]["text/plain"], text
    assert not (await notebook.ask("inspect", "graph", 3))["found"]
    (refused,) = await notebook.run("input('name? ')")  # nbclient has nobody to ask
    assert refused.ename == "StdinNotImplementedError" and "does not support input requests" in refused.evalue
    incomplete = await notebook.ask("is_complete", "if x:\n    for i in y:")
    assert incomplete == {"status": "incomplete", "indent": "        "}
    states = {
        "await f()": "complete",
        "def f(x):": "incomplete",
        "1 + 2": "complete",
        "x = = 3": "invalid",
        "%time x": "complete",
    }
    for text, state in states.items():
        assert (await notebook.ask("is_complete", text))["status"] == state


def test_input_is_asked_of_the_front_end(kernels: Path) -> None:
    from jupyter_client.manager import start_new_kernel

    manager, client = start_new_kernel(kernel_name="gradsh-python")
    try:
        said: list[str] = []

        def show(message: dict[str, Any]) -> None:
            said.append(message["content"].get("text", ""))

        def answer(message: dict[str, Any]) -> None:
            said.append(message["content"]["prompt"])
            client.input("Ann")

        code = "print('hello', input('name? '))"
        client.execute_interactive(code, allow_stdin=True, stdin_hook=answer, output_hook=show, timeout=60)
        assert "".join(said) == "name? hello Ann\n"
    finally:
        client.stop_channels()
        manager.shutdown_kernel(now=True)


def test_notebooks(kernels: Path) -> None:
    asyncio.run(asyncio.wait_for(gradsh_cells(), 200))
    asyncio.run(asyncio.wait_for(python_cells(), 100))


def test_without_ipykernel(monkeypatch: pytest.MonkeyPatch) -> None:
    from gradsh.cli import kernel
    from gradsh.cli.options import Options, UsageError

    monkeypatch.setitem(sys.modules, "gradsh.jupyter", None)
    with pytest.raises(UsageError, match=r"pip install 'gradsh\[jupyter\]'"):
        kernel.run(Options())
