"""The cache folder: only the user's own is used, entries are whole or ignored, and nothing fails without it."""

from __future__ import annotations

import os
import stat
import subprocess
import sys
from pathlib import Path

import pytest

from gradsh import cache, errors
from gradsh.language import syntax


@pytest.fixture
def place(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("GRADSH_CACHE_DIR", str(tmp_path / "deep" / "gradsh"))
    return tmp_path / "deep" / "gradsh"


def test_what_is_written_is_read(place: Path) -> None:
    assert cache.read("a") is None
    assert not place.exists()
    cache.write("a", b"one")
    cache.write("a", b"two")
    assert cache.read("a") == b"two"
    assert os.listdir(place) == ["a"]
    assert stat.S_IMODE(place.stat().st_mode) == 0o700


@pytest.mark.parametrize("mode", [0o770, 0o702, 0o777])
def test_a_folder_that_others_may_write_is_not_used(place: Path, mode: int) -> None:
    cache.write("a", b"one")
    place.chmod(mode)
    assert cache.folder() is None and cache.read("a") is None
    cache.write("b", b"two")
    assert os.listdir(place) == ["a"]


def test_a_link_is_not_used(place: Path, tmp_path: Path) -> None:
    (tmp_path / "real").mkdir(mode=0o700)
    place.parent.mkdir()
    place.symlink_to(tmp_path / "real")
    cache.write("a", b"one")
    assert cache.folder() is None and os.listdir(tmp_path / "real") == []


@pytest.mark.parametrize("content", [b"", b"short", b"x" * 100])
def test_torn_entries_are_ignored(place: Path, content: bytes) -> None:
    cache.write("a", b"one")
    (place / "a").write_bytes(content)
    assert cache.read("a") is None


def test_an_entry_that_others_may_write_is_ignored(place: Path) -> None:
    cache.write("a", b"one")
    (place / "a").chmod(0o666)
    assert cache.read("a") is None


def test_no_place_is_no_error(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "file").write_text("")
    monkeypatch.setenv("GRADSH_CACHE_DIR", str(tmp_path / "file" / "gradsh"))
    cache.write("a", b"one")
    assert cache.read("a") is None


def test_the_parse_table_is_kept_and_a_wrong_one_replaced(place: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    source = errors.Source("t", "let x = 1")
    for _ in range(2):
        monkeypatch.setattr(syntax, "parsers", {})
        assert len(syntax.parse(source).body) == 1
    (name,) = os.listdir(place)
    cache.write(name, b"no pickle")
    monkeypatch.setattr(syntax, "parsers", {})
    assert len(syntax.parse(source).body) == 1
    assert cache.read(name) != b"no pickle"


def test_reading_imports_next_to_nothing(place: Path) -> None:
    code = (
        "import sys; old = set(sys.modules); from gradsh import cache; cache.read('a'); print(set(sys.modules) - old)"
    )
    shown = subprocess.run([sys.executable, "-S", "-c", code], capture_output=True, text=True, check=True).stdout
    assert not {"platformdirs", "pathlib", "hashlib", "pickle"} & eval(shown)
