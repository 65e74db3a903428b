"""The recipes of CONTRIBUTING.md: their code, as it stands there, goes into a copy of gradsh, and the tests take it."""

from __future__ import annotations

import os
import re
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from tests.conftest import ROOT

pytestmark = pytest.mark.slow

# ```language path
BLOCK = re.compile(r"^```\w+ (gradsh/\S+)\n(.*?)^```$", re.MULTILINE | re.DOTALL)
BLOCKS: list[tuple[str, str]] = BLOCK.findall((ROOT / "CONTRIBUTING.md").read_text(encoding="utf-8"))
# What the new names are tried by: tests with one in their name, and those that tell what a new name lacks.
FILES = (
    *("test_ops", "test_recorded_operators", "test_transforms", "test_inplace", "test_help"),
    *("test_layers", "test_every_optimiser", "test_lints"),
)
GENERAL = ("are_recorded", "pytorch_lacks", "has_a_case")


@pytest.fixture(scope="module")
def copy(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The checkout with the recipes' code in it, and what is compiled of the rest: each file has its time still."""
    folder = tmp_path_factory.mktemp("copy")
    for name in ("gradsh", "grammar", "tests"):
        shutil.copytree(ROOT / name, folder / name)
    shutil.copy(ROOT / "pyproject.toml", folder)
    for path, code in BLOCKS:
        target = folder / path
        is_new = not target.exists()
        assert target.parent.exists(), f"CONTRIBUTING.md names {path}: there is no such folder"
        with open(target, "a", encoding="utf-8") as stream:
            stream.write(code if is_new else ("\n\n" if path.endswith(".py") else "\n") + code)
    return folder


def new_names() -> list[str]:
    """What the recipes add: operators and optimisers by their signatures, models, lints by their codes."""
    return [
        name
        for _, code in BLOCKS
        for name in re.findall(r'^    "(\w+)\(|^    "(W\d+)"|^model (\w+)', code, re.MULTILINE)
        for name in name
        if name
    ]


def run(folder: Path, *command: str) -> str:
    """What a module of Python prints, run there to a successful end."""
    environment = {k: v for k, v in os.environ.items() if not k.startswith("PYTEST")} | {"PYTHONPATH": str(folder)}
    done = subprocess.run(
        [sys.executable, "-m", *command], cwd=folder, env=environment, capture_output=True, text=True, timeout=600
    )
    assert done.returncode == 0, done.stdout + done.stderr
    return done.stdout


def test_the_tests_take_it(copy: Path) -> None:
    names = new_names()
    assert len(names) == len(BLOCKS) == 4
    tried = [n for n, (path, _) in zip(names, BLOCKS, strict=True) if path.endswith(".py")]  # a layer by GENERAL alone
    files = [f"tests/{name}.py" for name in FILES]
    out = run(
        copy, "pytest", "-p", "no:cacheprovider", "-p", "no:xdist", "-rA", "-k", " or ".join([*tried, *GENERAL]), *files
    )
    assert [name for name in tried if f"[{name}" not in out] == []
    helps = run(copy, "gradsh", "-c", "\n".join(f"help {name}" for name in names))
    assert [name for name in names if name not in helps] == []


def test_it_is_formatted_and_typed(copy: Path) -> None:
    pytest.importorskip("ruff")
    pytest.importorskip("mypy")
    files = [path for path, _ in BLOCKS if path.endswith(".py")]
    run(copy, "ruff", "format", "--check", *files)
    run(copy, "ruff", "check", *files)
    cache = ROOT / ".mypy_cache"
    if cache.exists():  # what `make lint` has found out, so that only the new code is looked at
        shutil.copytree(cache, copy / ".mypy_cache")
    run(copy, "mypy", *files)
