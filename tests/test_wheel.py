"""The wheel, installed into an empty environment, works from another folder; so does an editable install."""

from __future__ import annotations

import email
import importlib.metadata
import os
import subprocess
import sys
import venv
import zipfile
from importlib.machinery import EXTENSION_SUFFIXES
from pathlib import Path

import pytest
from packaging.requirements import Requirement

from tests.conftest import ROOT

pytestmark = pytest.mark.slow

SHOWN = "let x = tensor(5.0, grad); z = log(x**3); backward z; x.grad"


def run(*command: str | Path, cwd: Path | None = None, input: str = "", **environment: str) -> str:
    """Run to a successful end, without the checkout on the path; what it printed."""
    env = {k: v for k, v in os.environ.items() if k not in ("PYTHONPATH", "VIRTUAL_ENV")} | environment
    done = subprocess.run(
        [str(part) for part in command], cwd=cwd, input=input, env=env, capture_output=True, text=True, timeout=300
    )
    assert done.returncode == 0, done.stdout + done.stderr
    assert done.stderr == "" or "pip" in [str(part) for part in command], done.stderr
    return done.stdout


def pip(*arguments: str | Path) -> None:
    run(sys.executable, "-m", "pip", "--disable-pip-version-check", *arguments)


@pytest.fixture(scope="module")
def wheel(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("wheel")
    # with the build backend that is already installed here: building it anew in isolation tests only the network
    pip("wheel", "--quiet", "--no-deps", "--no-build-isolation", "-w", folder, ROOT)
    (built,) = folder.glob("gradsh-*.whl")
    return built


def own_name(wheel: Path) -> str:
    """gradsh-VERSION, what the wheel's folders of its own begin with."""
    return "-".join(wheel.name.split("-")[:2])


def needed(wheel: Path) -> set[str]:
    """The distributions that installing a wheel without extras brings along, those that they need included."""
    metadata = zipfile.ZipFile(wheel).read(f"{own_name(wheel)}.dist-info/METADATA").decode()
    waiting = email.message_from_string(metadata).get_all("Requires-Dist", [])
    found: set[str] = set()
    while waiting:
        requirement = Requirement(waiting.pop())
        if requirement.name in found or (requirement.marker and not requirement.marker.evaluate({"extra": ""})):
            continue
        distribution = importlib.metadata.distribution(requirement.name)
        assert requirement.specifier.contains(distribution.version), requirement
        found.add(requirement.name)
        waiting += distribution.requires or []
    return found


def environment(folder: Path, wheel: Path) -> Path:
    """A virtual environment of a wheel and what it says that it needs, nothing else; its `gradsh`.

    What it needs is linked from where it is installed already: fetching it anew would test only the network.
    """
    venv.create(folder)
    (packages,) = folder.glob("lib/python*/site-packages")
    for name in needed(wheel):
        distribution = importlib.metadata.distribution(name)
        for top in {file.parts[0] for file in distribution.files or ()} - {"..", "__pycache__"}:
            (packages / top).symlink_to(Path(str(distribution.locate_file(top))))
    pip("--python", folder / "bin" / "python", "install", "--quiet", "--no-deps", "--no-index", wheel)
    return folder / "bin" / "gradsh"


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
    assert {f"gradsh/built/{name}" for name in ("version", "grammar", "operators", "models", "signatures")} <= {*names}
    own = own_name(wheel)
    assert {name.split("/")[0] for name in names} == {"gradsh", f"{own}.dist-info", f"{own}.data"}
    assert [name for name in names if ".data/" in name] == [f"{own}.data/data/share/man/man1/gradsh.1"]
    assert any(name.endswith("/licenses/LICENSE") for name in names)
    # compiled, it is a wheel for one Python and one system
    assert any(name.endswith(tuple(EXTENSION_SUFFIXES)) for name in names) != wheel.name.endswith("-py3-none-any.whl")


def test_the_wheel_in_an_empty_environment(wheel: Path, tmp_path: Path) -> None:
    gradsh = environment(tmp_path / "venv", wheel)
    elsewhere = tmp_path / "elsewhere"
    elsewhere.mkdir()
    compiled = not wheel.name.endswith("-py3-none-any.whl")
    assert ("with kernels in C" in run(gradsh, "--version")) == compiled
    cached = tmp_path / "cache"
    four_ways(gradsh, elsewhere, GRADSH_CACHE_DIR=str(cached))
    assert run(gradsh, "check", "one.grad", cwd=elsewhere, GRADSH_CACHE_DIR=str(cached)) == ""
    # the tables came with the wheel: what the first run ever has made is its own program
    assert {entry.name.partition("-")[0] for entry in cached.iterdir()} == {"program"}
    # a home that cannot be written: no cache, no history, no complaint
    nowhere = "/proc/nowhere"
    four_ways(gradsh, elsewhere, HOME=nowhere, XDG_CACHE_HOME=nowhere, XDG_STATE_HOME=nowhere, XDG_CONFIG_HOME=nowhere)


def test_an_editable_install(tmp_path: Path) -> None:
    """What `pip install -e .` installs is a wheel too, which points at the checkout."""
    run(
        sys.executable, "-c", f"from hatchling.build import build_editable; build_editable({str(tmp_path)!r})", cwd=ROOT
    )
    (wheel,) = tmp_path.glob("gradsh-*.whl")
    gradsh = environment(tmp_path / "venv", wheel)
    elsewhere = tmp_path / "elsewhere"
    elsewhere.mkdir()
    four_ways(gradsh, elsewhere)
