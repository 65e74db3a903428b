"""The playground: its Python side, its logic in Node, and with GRADSH_PYODIDE=package/ what needs no tensor there."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from tests.conftest import ROOT

HERE = ROOT / "examples" / "playground"
NODE = shutil.which("node")
LOGIC = """
import { start } from "./playground.js";
const asked = [];
const page = {
  run: (text, more) => {
    asked.push([text, more]);
    const pictures = more ? ["<svg/>"] : [];
    return JSON.stringify({ ok: text !== "bad", text: `ran ${text}`, pictures, tensors: ["x", "z"] });
  },
  check: (text) => `wrong: ${text}`,
  formatted: (text) => text.trim(),
};
const element = () => ({ value: "", textContent: "", innerHTML: "", className: "" });
const ids = ["editor", "run", "format", "tensor", "graph", "explain", "problems", "output", "picture"];
const view = Object.fromEntries(ids.map((id) => [id, element()]));
view.tensor.replaceChildren = (...options) => { view.tensor.options = options; };
view.option = (name) => name;
const pending = [];
start(page, view, (act) => pending.push(act));
view.editor.value = " z ";
view.format.onclick();
view.run.onclick();
const first = { output: view.output.textContent, tensor: view.tensor.value, options: view.tensor.options };
view.tensor.value = "x";
view.graph.onclick();
view.explain.onclick();
view.editor.oninput();
view.editor.value = "bad";
view.editor.oninput();
pending.forEach((act) => act());
let stopped = false;
view.editor.onkeydown({ key: "Enter", ctrlKey: true, preventDefault: () => { stopped = true; } });
console.log(JSON.stringify({ first, asked, picture: view.picture.innerHTML, problems: view.problems.textContent,
  failed: view.output.className, stopped, tensor: view.tensor.value }));
"""
IN_PYODIDE = """
import { readFile } from "node:fs/promises";
import { loadPyodide } from "./pyodide/pyodide.mjs";
import { install } from "./playground.js";
const pyodide = await loadPyodide();
const read = async (path) => new Uint8Array(await readFile(path));
const page = await install(pyodide, JSON.parse(await readFile("wheels/wheels.json", "utf8")), read);
const numpy = pyodide.runPython("import sys; 'numpy' in sys.modules");
console.log(JSON.stringify({ wrong: page.check("let x = totl(3)"), fine: page.check("let x = 3"),
  laid: page.formatted("let x=1+ 2"), numpy }));
"""


def node(text: str, folder: Path) -> dict[str, object]:
    (folder / "test.mjs").write_text(text, encoding="utf-8")
    done = subprocess.run([NODE or "node", "test.mjs"], cwd=folder, capture_output=True, text=True, timeout=300)
    assert done.returncode == 0, done.stderr[-2000:]
    found: dict[str, object] = json.loads(done.stdout.splitlines()[-1])
    return found


def test_the_side_in_python(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.syspath_prepend(str(HERE))
    import page  # type: ignore[import-not-found, unused-ignore]

    text = "let x = tensor(5.0, grad)\nlet z = log(x**3)\nbackward z, retain_graph\nprint x.grad\n"
    found = json.loads(page.run(text))
    assert found == {"ok": True, "text": "tensor(0.6000)\n", "pictures": [], "tensors": ["x", "z"]}
    assert json.loads(page.run(text, "graph z"))["pictures"][0].startswith("<svg")
    assert "log" in json.loads(page.run(text, "explain z"))["text"]
    wrong = json.loads(page.run("nowhere"))
    assert not wrong["ok"] and "name 'nowhere' is not defined" in wrong["text"]
    assert not json.loads(page.run('load("/etc/passwd")'))["ok"]
    assert "did you mean" in page.check("let x = onse(3)") and page.check("let x = 3") == ""
    assert page.formatted("let x=1+ 2") == "let x = 1 + 2\n" and page.formatted("let = 3") == "let = 3"


@pytest.mark.skipif(NODE is None, reason="Node is not installed")
def test_its_logic(tmp_path: Path) -> None:
    shutil.copy(HERE / "playground.js", tmp_path)
    (tmp_path / "package.json").write_text('{"type": "module"}')
    found = node(LOGIC, tmp_path)
    assert found["first"] == {"output": "ran z", "tensor": "z", "options": ["x", "z"]}
    assert found["asked"] == [["z", ""], ["z", "graph x"], ["z", "explain x"], ["bad", ""]]
    assert found["problems"] == "wrong: bad" and found["failed"] == "failed"
    assert found["stopped"] is True and found["tensor"] == "x" and found["picture"] == ""


def test_the_page_has_what_its_script_asks_for() -> None:
    text = (HERE / "index.html").read_text(encoding="utf-8")
    ids = json.loads(text.partition("const ids = ")[2].partition(";")[0])
    assert all(f'id="{name}"' in text for name in (*ids, "state"))


@pytest.mark.skipif("GRADSH_PYODIDE" not in os.environ or NODE is None, reason="GRADSH_PYODIDE names no folder")
def test_in_pyodide(tmp_path: Path) -> None:
    folder = tmp_path / "site"
    subprocess.run([sys.executable, str(HERE / "build.py"), str(folder), os.environ["GRADSH_PYODIDE"]], check=True)
    (folder / "package.json").write_text('{"type": "module"}')
    found = node(IN_PYODIDE, folder)
    assert "name 'totl' is not defined" in str(found["wrong"])
    assert (found["fine"], found["laid"], found["numpy"]) == ("", "let x = 1 + 2\n", False)
