"""The wheel, installed into an empty environment, works from another folder; so does an editable install."""

from __future__ import annotations

import os
import subprocess
import sys
import venv
import zipfile
from collections.abc import Callable
from pathlib import Path

import pytest

from tests.conftest import ROOT

pytestmark = pytest.mark.slow

SHOWN = "let x = tensor(5.0, grad); z = log(x**3); backward z; x.grad"
Make = Callable[..., Path]


def run(*command: str | Path, cwd: Path | None = None, input: str = "", **environment: str) -> str:
    """Run to a successful end, without the checkout on the path; what it printed."""
    env = {k: v for k, v in os.environ.items() if k not in ("PYTHONPATH", "VIRTUAL_ENV")} | environment
    done = subprocess.run(
        [str(part) for part in command], cwd=cwd, input=input, env=env, capture_output=True, text=True, timeout=300
    )
    assert done.returncode == 0, done.stdout + done.stderr
    assert done.stderr == "" or "pip" in [str(part) for part in command], done.stderr
    return done.stdout


def pip(python: Path | str, *arguments: str | Path) -> None:
    run(python, "-m", "pip", "--disable-pip-version-check", *arguments)


@pytest.fixture(scope="module")
def wheel(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("wheel")
    # with the build backend that is already installed here: building it anew in isolation tests only the network
    pip(sys.executable, "wheel", "--quiet", "--no-deps", "--no-build-isolation", "-w", folder, ROOT)
    (built,) = folder.glob("gradsh-*.whl")
    return built


def environment(folder: Path) -> Path:
    """An empty virtual environment; its Python."""
    venv.create(folder, with_pip=True)
    return folder / "bin" / "python"


def four_ways(gradsh: Path, folder: Path, **environment: str) -> None:
    """-c, a file, standard input, and the prompt, from `folder`."""
    import pexpect

    (folder / "one.grad").write_text(SHOWN + "\n")
    assert run(gradsh, "-c", SHOWN, cwd=folder, **environment) == "tensor(0.6000)\n"
    assert run(gradsh, "one.grad", cwd=folder, **environment) == "tensor(0.6000)\n"
    assert run(gradsh, cwd=folder, input=SHOWN, **environment) == "tensor(0.6000)\n"
    env = {k: v for k, v in os.environ.items() if k != "PYTHONPATH"} | {"TERM": "dumb"} | environment
    child = pexpect.spawn(str(gradsh), cwd=str(folder), env=env, encoding="utf-8", timeout=30)
    child.expect("gradsh> ")
    child.send(SHOWN + "\r")
    child.expect(r"tensor\(0\.6000\)")
    child.expect("gradsh> ")
    # a Ctrl-D that comes while the terminal changes modes between two prompts is lost
    for _ in range(20):
        child.send("\x04")
        if child.expect([pexpect.EOF, pexpect.TIMEOUT], timeout=3) == 0:
            break
    child.close()
    assert child.exitstatus == 0


def test_what_is_in_the_wheel(wheel: Path) -> None:
    names = zipfile.ZipFile(wheel).namelist()
    assert "gradsh/grammar/gradsh.lark" in names
    assert "gradsh/py.typed" in names
    assert {name.split("/")[0] for name in names} == {"gradsh", wheel.name.split("-py3")[0] + ".dist-info"}
    assert any(name.endswith("/licenses/LICENSE") for name in names)


def test_the_wheel_in_an_empty_environment(wheel: Path, tmp_path: Path) -> None:
    python = environment(tmp_path / "venv")
    pip(python, "install", "--quiet", wheel)
    elsewhere = tmp_path / "elsewhere"
    elsewhere.mkdir()
    gradsh = python.parent / "gradsh"
    four_ways(gradsh, elsewhere)
    assert run(gradsh, "check", "one.grad", cwd=elsewhere) == ""
    # a home that cannot be written: no cache, no history, no complaint
    nowhere = "/proc/nowhere"
    four_ways(gradsh, elsewhere, HOME=nowhere, XDG_CACHE_HOME=nowhere, XDG_STATE_HOME=nowhere, XDG_CONFIG_HOME=nowhere)


def test_an_editable_install(tmp_path: Path) -> None:
    python = environment(tmp_path / "venv")
    pip(python, "install", "--quiet", "--editable", ROOT)
    elsewhere = tmp_path / "elsewhere"
    elsewhere.mkdir()
    four_ways(python.parent / "gradsh", elsewhere)
