"""What the README shows is what happens: its commands, its prompt and its Python are run, and their output compared.

`make record` writes the outputs anew. Blocks: ```gradsh NAME and ```py NAME are the file NAME; in ```console a line
`$ command` is run in a shell; in ```gradsh-prompt each `gradsh> line` is a program of one session; ```python is a
doctest.
"""

from __future__ import annotations

import contextlib
import doctest
import io
import os
import re
import subprocess
import sys
from pathlib import Path

from gradsh import Session
from gradsh.shell.paste import pasted, typed
from tests.conftest import ROOT

README = ROOT / "README.md"
BLOCK = re.compile(r"^```([\w-]+)([^\n]*)\n(.*?)^```$", re.MULTILINE | re.DOTALL)


def run(command: str, folder: Path) -> str:
    """Both streams of a shell command, with `gradsh` on the path."""
    tools = folder / "bin"
    tools.mkdir(exist_ok=True)
    (tools / "gradsh").write_text(f'#!/bin/sh\nexec {sys.executable} -m gradsh "$@"\n')
    (tools / "gradsh").chmod(0o755)
    environment = {**os.environ, "PYTHONPATH": str(ROOT), "PATH": f"{tools}:{os.environ['PATH']}"}
    done = subprocess.run(
        ["sh", "-c", command], cwd=folder, env=environment, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, timeout=60
    )
    return done.stdout.decode("utf-8")


def prompt(lines: list[str]) -> list[str]:
    """What a session answers to each line."""
    out = io.StringIO()
    session = Session(out=out, err=out)
    answers = []
    for line in lines:
        out.seek(0)
        out.truncate()
        session.run(line)
        answers.append(out.getvalue())
    return answers


def filled(text: str, folder: Path) -> str:
    """The README with every output as it is now."""

    def block(match: re.Match[str]) -> str:
        kind, name, body = match.groups()
        if kind in ("gradsh", "py") and name.strip():
            (folder / name.strip()).write_text(body)
        elif kind == "console":
            commands = [line for line in body.split("\n") if line.startswith("$ ")]
            body = "".join(f"{command}\n{run(command[2:], folder)}" for command in commands)
        elif kind == "gradsh-prompt":
            # an entry begins behind `gradsh> `, and goes on behind `for{ ...> `
            lines = [line for line in body.split("\n") if re.match(r"gradsh> |\S* ?\.\.\.> ", line)]
            entries = re.split(r"^(?=gradsh> )", "\n".join(lines), flags=re.MULTILINE)[1:]
            answers = prompt(["\n".join(typed(entry.split("\n"))) for entry in entries])
            body = "".join(f"{e.rstrip()}\n{answer}" for e, answer in zip(entries, answers, strict=True))
        return f"```{kind}{name}\n{body}```"

    return BLOCK.sub(block, text)


def test_outputs(tmp_path: Path) -> None:
    text = README.read_text(encoding="utf-8")
    assert filled(text, tmp_path) == text


def test_the_first_session_can_be_pasted() -> None:
    first = next(body for kind, _, body in BLOCK.findall(README.read_text(encoding="utf-8")) if kind == "gradsh-prompt")
    out = io.StringIO()
    assert Session(out=out, err=out).run(pasted(first)).ok
    assert out.getvalue().splitlines() == [first.splitlines()[-1]] and len(first.splitlines()) == 11


def test_python() -> None:
    blocks = [body for kind, _, body in BLOCK.findall(README.read_text(encoding="utf-8")) if kind == "python"]
    assert blocks
    report = io.StringIO()
    for number, body in enumerate(blocks):
        test = doctest.DocTestParser().get_doctest(body, {}, f"README {number}", str(README), 0)
        with contextlib.redirect_stderr(report):
            result = doctest.DocTestRunner(verbose=False).run(test, out=report.write)
        assert result.failed == 0 and result.attempted, report.getvalue()


def test_links_lead_somewhere() -> None:
    for name in ("README.md", "CONTRIBUTING.md"):
        text = (ROOT / name).read_text(encoding="utf-8")
        for target in re.findall(r"\]\((?!https?:|#)([^)#]+)", text):
            if target != "benchmarks/README.md":  # written by whoever last measured
                assert (ROOT / target).exists(), f"{name}: {target}"
