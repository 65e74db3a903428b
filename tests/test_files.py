"""Which files are read: regular ones, of which errors show no line unless they are programs or data by name."""

from __future__ import annotations

import io
import os
import socket
import zipfile
from pathlib import Path

import numpy as np
import pytest

from gradsh import Session, cache, data, files
from gradsh.cli.options import UsageError, read
from gradsh.errors import BadFile
from gradsh.files import Files
from gradsh.session.host import CODEC
from tests.conftest import Gradsh

SECRET = "hunter2:x:0:0:pass phrase\nhunter2\n"


def run(text: str, name: str = "<input>") -> str:
    """All that a program says, values and errors."""
    out = io.StringIO()
    Session(out=out, err=out).run(text, name)
    return out.getvalue()


@pytest.fixture
def odd(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> dict[str, str]:
    """What stands at a name that looks like a program's or a table's, and is no regular file."""
    monkeypatch.chdir(tmp_path)
    with socket.socket(socket.AF_UNIX) as listening:
        for ending in (".grad", ".csv"):
            os.mkfifo("fifo" + ending)
            os.mkdir("folder" + ending)
            os.symlink("/dev/zero", "device" + ending)
        listening.bind("socket.csv")
    os.symlink("socket.csv", "socket.grad")
    return {"fifo": "it is a FIFO", "folder": "it is a folder", "device": "it is a device", "socket": "it is a socket"}


def test_what_is_no_regular_file_is_refused(odd: dict[str, str]) -> None:
    """A FIFO would be waited for for ever, and /dev/zero has no end."""
    for name, words in odd.items():
        said = run(f'load("{name}.csv")')
        assert said.startswith(f"error[E0501]: cannot read '{name}.csv': {words}")
        if name not in ("device", "socket"):  # those links lead to what is not called NAME.grad
            assert f"cannot read '{name}.grad': {words}" in run(f'use "{name}.grad"')
        with pytest.raises(UsageError, match=words):
            read(name + ".grad")


def test_a_name_with_a_nul_is_refused() -> None:
    for program in ('load("a\\x00.csv")', 'use "a\\x00.grad"'):
        assert "a file name cannot contain a NUL" in run(program)


def test_shapes_that_no_array_has_and_broken_lines(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    for shape, dtype in (("(10**9, 10**10, 0)", "<f4"), ("(1000000000, 10000000000, 0)", "<f4"), ("(2**62,)", "<U0")):
        header = f"{{'descr': '{dtype}', 'fortran_order': False, 'shape': {shape}, }}".encode().ljust(117) + b"\n"
        Path("odd.npy").write_bytes(b"\x93NUMPY\x01\x00" + len(header).to_bytes(2, "little") + header)
        assert run('load("odd.npy")').startswith("error[E0502]: 'odd.npy' is broken: ")
    for text, words in (
        ("1\r2,3\n4,5\n", "line 2 has 2 values"),
        ('1,2\n"' + "a" * 140_000 + '",3\n', "line 2: field larger"),
    ):
        Path("odd.csv").write_text(text)
        assert f"error[E0502]: 'odd.csv' {words}" in run('load("odd.csv")')


def test_a_fifo_in_the_cache_is_no_entry(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("GRADSH_CACHE_DIR", str(tmp_path / "cache"))
    cache.write("entry", b"there")
    assert cache.read("entry") == b"there"
    os.mkfifo(tmp_path / "cache" / "fifo")
    assert cache.read("fifo") is None


def test_a_fifo_as_history_is_left_alone(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    from gradsh.shell.history import BoundedHistory, open_history

    os.mkfifo(tmp_path / "history")
    monkeypatch.setenv("GRADSH_HISTORY", str(tmp_path / "history"))
    assert type(open_history()) is BoundedHistory


def test_a_pipe_that_the_caller_opened_is_a_program(gradsh: Gradsh) -> None:
    """`gradsh <(echo 'print 1')`."""
    assert gradsh("/dev/stdin", input="print 1 +").stderr.startswith("error[E0102]")
    done = gradsh("/dev/stdin", input="print 1 + 1")
    assert (done.stdout, done.returncode) == ("2\n", 0)


def test_a_program_has_an_end(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setattr(files, "PROGRAM", 2**20)
    (tmp_path / "long.grad").write_bytes(b"#" * 2**20 + b"#")
    with pytest.raises(UsageError, match=r"longer than a program can be \(1 MiB\)"):
        read(str(tmp_path / "long.grad"))
    assert "longer than a program can be" in run(f'use "{tmp_path}/long.grad"')
    with open("/dev/zero", "rb") as zeros, pytest.raises(OSError, match="longer than a program"):
        files.read_stream(zeros)


def test_numbers_on_standard_input_have_an_end(gradsh: Gradsh) -> None:
    with open("/dev/zero", "rb") as zeros:
        assert len(files.read_text(zeros)) == files.BLOCK
    assert files.read_text(io.BytesIO(b"1 2\n" * 2**19)) == b"1 2\n" * 2**19


# --- lines of others' files -----------------------------------------------------------------------------------------


@pytest.fixture
def secret(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A file that is neither program nor data, and links to it that look as if it were."""
    monkeypatch.chdir(tmp_path)
    (tmp_path / "shadow").write_text(SECRET)
    for name in ("s.grad", "s.csv", "s.tsv", "s.json", "s.npy", "s.npz", "s.safetensors"):
        os.symlink("shadow", name)
    return tmp_path / "shadow"


def test_use_and_load_show_no_line_of_another_file(secret: Path) -> None:
    for path in (secret, "shadow", "s.grad"):
        said = run(f'use "{path}"')
        assert f"cannot use '{path}'" in said and "called NAME.grad" in said and "hunter2" not in said
    for name in ("s.csv", "s.tsv", "s.json", "s.npy", "s.npz", "s.safetensors"):
        said = run(f'load("{name}")')
        assert said.startswith(f"error[E0502]: '{name}' ") and "hunter2" not in said, said
    assert "line 2, column 1: what stands there is not a number" in run('load("s.csv")')


def test_the_command_shows_no_line_of_another_file(secret: Path, gradsh: Gradsh) -> None:
    for words in (["s.grad"], ["check", "shadow"], ["s.grad", "--help"]):
        done = gradsh(*words)
        assert "is not a gradsh program: line 1, column 8 cannot be read" in done.stderr
        assert done.returncode == 3 and "hunter2" not in done.stdout + done.stderr


def test_errors_show_lines_of_programs_and_data(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    Path("real.grad").write_text("let x = = 1")
    Path("real.csv").write_text("1,2\n3,wrong\n")
    os.symlink("real.grad", "link.grad")
    os.symlink("real.csv", "link.csv")
    for name in ("real.grad", "link.grad"):
        assert "1 | let x = = 1" in run(f'use "{name}"')
    for name in ("real.csv", "link.csv"):
        assert "line 2, column 2: 'wrong' is not a number" in run(f'load("{name}")')
    assert files.shows_lines("script", b"#!/usr/bin/env gradsh\nlet") and files.shows_lines("/dev/fd/63", b"let")
    assert not files.shows_lines("script", b"#!/bin/sh\ngradsh")
    Path("lib").mkdir()
    assert "did you mean 'real.grad'?" in run('use "real"')


# --- archives -------------------------------------------------------------------------------------------------------


def array(size: int) -> bytes:
    out = io.BytesIO()
    np.save(out, np.zeros(size, np.float32))
    return out.getvalue()


def load(path: Path) -> object:
    return data.load(str(path), Files(), CODEC, np.dtype(np.float32))


def archive(path: Path, members: dict[str, bytes], packing: int = zipfile.ZIP_DEFLATED) -> Path:
    with zipfile.ZipFile(path, "w", packing) as made:
        for name, content in members.items():
            made.writestr(name, content)
    return path


def test_only_the_members_that_are_needed_are_unpacked(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    unpacked: list[str] = []
    plain = zipfile.ZipFile.read

    def read(self: zipfile.ZipFile, info: zipfile.ZipInfo) -> bytes:
        unpacked.append(info.filename)
        return plain(self, info)

    monkeypatch.setattr(zipfile.ZipFile, "read", read)
    manifest = b'{"gradsh": 1, "value": [{"tensor": "a"}, {"tensor": "a"}]}'
    path = archive(tmp_path / "x.npz", {"gradsh.json": manifest, "a.npy": array(2), "other.npy": array(10**6)})
    assert len(load(path)) == 2  # type: ignore[arg-type]  # a list
    assert unpacked == ["gradsh.json", "a.npy"]


def test_an_archive_unpacks_to_what_deflate_can_make_of_it(tmp_path: Path) -> None:
    """As zeros of NumPy's own do, to a thousand times their size; but not a few bytes to gigabytes."""
    good = archive(tmp_path / "good.npz", {"a.npy": array(10**7)})
    assert good.stat().st_size < 40_000
    assert load(good)["a"].shape == (10**7,)  # type: ignore[index]  # a dict
    small = archive(tmp_path / "bomb.npz", {f"{i}.npy": array(1) for i in range(20)})
    raw = small.read_bytes()
    with zipfile.ZipFile(small) as read:
        size = read.infolist()[0].file_size.to_bytes(4, "little")
    small.write_bytes(raw.replace(size, (2**24).to_bytes(4, "little")))  # each says that it holds 16 MiB
    with pytest.raises(BadFile, match=r"bomb\.npz' is broken: \d+ bytes are to hold 335544320"):
        load(small)


@pytest.mark.parametrize("packing", [zipfile.ZIP_BZIP2, zipfile.ZIP_LZMA], ids=["bzip2", "LZMA"])
def test_other_packings_are_refused(tmp_path: Path, packing: int) -> None:
    """A few bytes of bzip2 are gigabytes in one step of it, whatever the archive says."""
    path = archive(tmp_path / "x.npz", {"a.npy": array(10)}, packing)
    with pytest.raises(BadFile, match=r"a\.npy is packed with (bzip2|LZMA)"):
        load(path)


def test_a_broken_member_is_said(tmp_path: Path) -> None:
    path = archive(tmp_path / "x.npz", {"a.npy": bytes(range(256)) * 40})
    raw = bytearray(path.read_bytes())
    for at in range(40, 60):
        raw[at] ^= 0xFF
    path.write_bytes(bytes(raw))
    with pytest.raises(BadFile, match=r"x\.npz' is broken"):
        load(path)
