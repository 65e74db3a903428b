"""PyTorch's own .pt files: tests/data/checkpoint.pt and model.pt were written by torch.save (2.13)."""

from __future__ import annotations

import io
import pickle
import random
import shutil
import zipfile
from pathlib import Path
from typing import Any

import pytest

from gradsh import Session
from tests.conftest import ROOT

DATA = ROOT / "tests" / "data"


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    for name in ("checkpoint.pt", "model.pt"):
        shutil.copy(DATA / name, tmp_path)
    monkeypatch.chdir(tmp_path)
    return tmp_path


def said(program: str) -> tuple[str, int]:
    out = io.StringIO()
    result = Session(out=out, err=out).run(program)
    return out.getvalue(), result.status


def test_reads_what_pytorch_wrote(folder: Path) -> None:
    program = """
    manual_seed(0)
    let net = Linear(3, 2)
    let c = torch.load("checkpoint.pt", map_location="cpu", weights_only=True)
    print c["epoch"], equal(c["model"]["weight"], net.weight), equal(c["more"][2], net.bias), c["more"][2].requires_grad
    print net.load_state_dict(c["model"])
    c["more"][0]; c["more"][1]; c["more"][3:]
    """
    assert said(program) == (
        "3 True True True\n<All keys matched successfully>\n"
        "tensor([[0., 1., 0.],\n        [0., 0., 1.]])\ntensor(2.5000)\n"
        "(1180591620717411303424, -5, 'é', None, tensor([0, 1, 2], dtype=uint8), tensor([1., 1., 1.]), "
        "tensor([], size=(0, 3)), True, 0.1)\n",
        0,
    )


def test_what_is_written_comes_back(folder: Path) -> None:
    program = """
    let value = {"w": rand(2, 3).T, "p": Parameter(ones(2)), "g": tensor(2.0, grad), "l": [1, 2.5, "x"],
        "m": (none, (true, {})), "h": ones(2, dtype=float16), "big": -2**100, "e": zeros(0, 3), "b": tensor([true]),
        "n": nan}
    save value, "x.pt"; save load("x.pt"), "y.pth"
    print value; print load("y.pth")
    save load("checkpoint.pt"), "z.pt"
    print repr(load("z.pt")) == repr(load("checkpoint.pt"))
    """
    lines, status = said(program)
    first, second = lines[: len(lines) // 2 - 2], lines[len(lines) // 2 - 2 : -5]
    assert status == 0 and first == second and lines.endswith("True\n")


def test_what_is_written_is_pytorchs(folder: Path) -> None:
    """By Python's own unpickler, with what torch.load knows in place of torch."""
    said('save {"w": eye(2)[1], "p": Parameter(ones(3))}, "x.pt"')
    archive = zipfile.ZipFile("x.pt")
    assert {"archive/data.pkl", "archive/version", "archive/byteorder"} <= set(archive.namelist())

    class Reader(pickle.Unpickler):
        def find_class(self, module: str, name: str) -> Any:
            return dict if name == "OrderedDict" else f"{module}.{name}" if "Storage" in name else lambda *given: given

        def persistent_load(self, pid: Any) -> Any:
            return (*pid[:4], len(archive.read(f"archive/data/{pid[2]}")), pid[4])

    stored = "storage", "torch.FloatStorage"
    assert Reader(io.BytesIO(archive.read("archive/data.pkl"))).load() == {
        "w": ((*stored, "0", "cpu", 8, 2), 0, (2,), (1,), False, {}),
        "p": (((*stored, "1", "cpu", 12, 3), 0, (3,), (1,), False, {}), True, {}),
    }


def test_code_is_refused(folder: Path) -> None:
    text, status = said('load("model.pt")')
    assert status == 1 and "it needs code, torch.nn.modules.linear.Linear" in text
    text, status = said('save {"f": sin}, "x.pt"')
    assert status == 1 and not (folder / "x.pt").exists()


def test_spoiled_files_are_told(folder: Path) -> None:
    draws = random.Random(0)
    archive = zipfile.ZipFile("checkpoint.pt")
    members = {name: archive.read(name) for name in archive.namelist()}
    for number in range(150):
        name = draws.choice([n for n in members if n.endswith(("data.pkl", "data/0"))])
        data = bytearray(members[name])
        for _ in range(draws.choice((1, 1, 3))):
            data[draws.randrange(len(data))] = draws.randrange(256)
        cut = bytes(data[: draws.randrange(len(data))] if number % 5 == 0 else data)
        with zipfile.ZipFile("spoiled.pt", "w") as spoiled:
            for other, content in members.items():
                spoiled.writestr(other, cut if other == name else content)
        text, status = said('load("spoiled.pt");')
        assert status in (0, 1) and "Traceback" not in text, (number, text)
