"""PyTorch's own .pt files: tests/data/checkpoint.pt and model.pt were written by torch.save (2.13)."""

from __future__ import annotations

import io
import pickle
import random
import shutil
import struct
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


# --- files that were made to harm ---------------------------------------------------------------------------------

NAME = "ctorch._utils\n_rebuild_tensor_v2\n"
PAIR = b"q\x00h\x00\x86"  # the tuple of what was, twice
LAUGHS = b")" + PAIR * 60  # 2**60 empty tuples
DEEP = b")" + b"\x85" * 100_000
ORDERED = b"ccollections\nOrderedDict\n"
RUN = b"cposix\nsystem\n"


def whole(number: int) -> bytes:
    text = number.to_bytes(number.bit_length() // 8 + 1, "little", signed=True)
    return b"\x8a" + bytes([len(text)]) + text


def real(number: float) -> bytes:
    return b"G" + struct.pack(">d", number)


def tensor(offset: bytes, sizes: list[bytes], strides: list[bytes], key: str = "0", count: int = 4) -> bytes:
    stored = b"(X\x07\0\0\0storagectorch\nFloatStorage\nX" + struct.pack("<I", len(key)) + key.encode()
    stored += b"X\x03\0\0\0cpu" + whole(count) + b"tQ"
    shape = b"(" + b"".join(sizes) + b"t(" + b"".join(strides) + b"t"
    return NAME.encode() + b"(" + stored + offset + shape + b"\x89" + ORDERED + b")RtR"


def one(offset: int, size: int, stride: int) -> bytes:
    return tensor(whole(offset), [whole(size)], [whole(stride)])


FOUR = one(0, 4, 1)
HARMFUL = {
    "a tuple as deep as a key": b"}" + DEEP + b"Ns",
    "a tuple as deep": DEEP,
    "a list as deep": b"]" * 10_000 + b"a" * 9_999,
    "what is written out without end": LAUGHS,
    "lists of it": b"]" + b"q\x00]h\x00ah\x00a" * 60,
    "as a key": b"}" + LAUGHS + b"Ns",
    "as a key of pairs": ORDERED + b"]" + LAUGHS + b"N\x86a\x85R",
    "code": RUN + b"X\x02\0\0\0id\x85R",
    "code, called by what is allowed": NAME.encode() + RUN + b"\x85R",
    "code, as a key": b"}" + RUN + b"Ns",
    "code, in a key": b"}" + RUN + b"\x85Ns",
    "code, in a list": b"](" + RUN + b"e",
    "code, kept in the memo": RUN + b"q\x07h\x07)\x81",
    "before the storage": one(-1, 2, 1),
    "behind it": one(3, 2, 1),
    "far behind it": one(2**62, 1, 1),
    "a size below nothing": one(0, -2, 1),
    "a stride below nothing": one(3, 4, -1),
    "a stride beyond the machine's": one(0, 1, 2**70),
    "more than there are": one(0, 2**62, 0),
    "many of a few": b"](" + one(0, 2**24, 0) * 3 + b"e",
    "sizes that are no whole numbers": tensor(whole(0), [real(2.0)], [whole(1)]),
    "sizes that are no numbers": tensor(whole(0), [real(float("nan"))], [whole(1)]),
    "no end of sizes": tensor(whole(0), [real(float("inf"))], [whole(0)]),
    "more dimensions than there are": tensor(whole(0), [whole(1)] * 70, [whole(1)] * 70),
    "another file": tensor(whole(0), [whole(4)], [whole(1)], "../../secret"),
    "a storage that is shorter": tensor(whole(0), [whole(4)], [whole(1)], count=2**62),
    "a tensor as a list": FOUR + b"Na",
    "a tensor as a dict": FOUR + b"X\x01\0\0\0aNs",
    "a text that is shorter": b"X\xff\xff\xff\x7fabc",
    "nothing": b"",
}


@pytest.mark.parametrize("name", HARMFUL)
def test_harmful_files_are_told(folder: Path, name: str) -> None:
    with zipfile.ZipFile("harmful.pt", "w") as made:
        made.writestr("archive/data.pkl", b"\x80\x02" + HARMFUL[name] + b".")
        made.writestr("archive/data/0", bytes(16))
    text, status = said('print "before"; print load("harmful.pt")')
    assert status == 1 and text.startswith("before\nerror[E0502]: 'harmful.pt' "), text


def test_a_storage_is_unpacked_once(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    with zipfile.ZipFile("x.pt", "w", zipfile.ZIP_DEFLATED) as made:
        made.writestr("archive/data.pkl", b"\x80\x02](" + FOUR * 300 + b"e.")
        made.writestr("archive/data/0", bytes(1 << 20))
    unpacked = []
    read = zipfile.ZipFile.read
    monkeypatch.setattr(zipfile.ZipFile, "read", lambda *given: (unpacked.append(given[1]), read(*given))[1])
    assert said('len(load("x.pt"))') == ("300\n", 0) and len(unpacked) == 2
