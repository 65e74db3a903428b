"""config.toml and init.grad: what they set, and that nothing wrong with them keeps a shell from starting."""

from __future__ import annotations

import json
import os
import tomllib
from pathlib import Path

import pytest

from gradsh import Session
from gradsh.cli.arguments import parse
from gradsh.cli.options import UsageError
from gradsh.cli.subcommands import load
from gradsh.shell.configuration import Configuration, document
from gradsh.shell.prompt import Shell
from gradsh.shell.settings import SETTINGS, Settings


def started(folder: Path | None, capsys: pytest.CaptureFixture[str]) -> tuple[Shell, str]:
    """A shell that has begun with that folder, and what it has said; it runs programs."""
    shell = Shell(Session(), configuration=Configuration(str(folder) if folder is not None else None))
    capsys.readouterr()
    shell.configure()
    said = "".join(capsys.readouterr())
    shell.enter("6 * 7")
    assert capsys.readouterr().out == "42\n"
    return shell, said


def test_what_is_set(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (tmp_path / "config.toml").write_text('\ufeff# mine\nlive = false\n"undo" = 64\nediting = "vi"\n', encoding="utf-8")
    shell, said = started(tmp_path, capsys)
    assert said == "" and [shell.settings[name] for name in ("live", "undo", "editing")] == [False, 64, "vi"]
    shell.enter(":set")
    said = capsys.readouterr().out
    assert "config.toml:2" in said and "config.toml:3" in said and "default" in said and str(tmp_path) in said


def test_every_setting_is_in_the_document() -> None:
    settings = Settings()
    assert tomllib.loads(document(settings)) == {}
    whole = document(settings).replace("# ", "").split("\n")
    found = tomllib.loads("\n".join(line for line in whole if line.split(" ")[0] in SETTINGS and " = " in line))
    assert found == {name: setting.default for name, setting in SETTINGS.items()}
    settings.set("editing", "vi")
    assert tomllib.loads(document(settings)) == {"editing": "vi"}


# what stands on line 2, behind a line that is right; what is said; whether it is TOML at all
WRONG = [
    ("liev = true", ["there is no setting `liev`; did you mean `live`?", "config.toml:2:1"], True),
    ("\nundo = -5", ["undo is a whole number from 0 on, not -5", "config.toml:3:1", "help: `undo = 256`"], True),
    ("undo = true", ["undo is a whole number from 0 on, not on"], True),
    ("live = 1", ["live is on or off, not 1"], True),
    ('editing = "emcas"', ['editing is emacs or vi, not "emcas"'], True),
    ("[shell]\nlive = false", ["there is no setting `shell`", "config.toml:2:2"], True),
    ("# undo.\n\nundo.x = [1]", ["undo is a whole number", "config.toml:4:1"], True),
    ("live = flase", ["it is not TOML: Invalid value", "config.toml:2:8"], False),
    ("live = ", ["it is not TOML", "config.toml:2:8"], False),
    ("live = true\nlive = true", ["it is not TOML: Cannot overwrite a value", "config.toml:3:"], False),
    ("a = " + "[" * 5000, ["warning: configuration: "], False),
]


@pytest.mark.parametrize(("text", "words", "read"), WRONG, ids=[text[:20] for text, _, _ in WRONG])
def test_what_is_wrong(
    text: str, words: list[str], read: bool, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (tmp_path / "config.toml").write_text(f'theme = "light"\n{text}')
    shell, said = started(tmp_path, capsys)
    assert all(word in said for word in words) and "Traceback" not in said, said
    assert shell.settings["theme"] == ("light" if read else "dark")


def test_bytes_folders_and_what_may_not_be_read(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert started(None, capsys)[1] == started(tmp_path / "none", capsys)[1] == ""
    (tmp_path / "config.toml").write_bytes(b"live = true\n\xff\n")
    (tmp_path / "init.grad").write_bytes(b"\xff")
    said = started(tmp_path, capsys)[1]
    assert "config.toml:2:1" in said and "init.grad:1:1" in said and said.count("not UTF-8") == 2
    for name in ("config.toml", "init.grad"):
        (tmp_path / name).unlink()
        (tmp_path / name).mkdir()
    assert started(tmp_path, capsys)[1].count("it is a folder") == 2
    file = tmp_path / "file"
    file.write_text("")
    assert started(file, capsys)[1] == ""
    if hasattr(os, "mkfifo"):
        (tmp_path / "fifo").mkdir()
        os.mkfifo(tmp_path / "fifo" / "config.toml")
        assert "it is a FIFO" in started(tmp_path / "fifo", capsys)[1]


def test_the_program_that_a_shell_begins_with(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (tmp_path / "lib.grad").write_text("fn double(x) = 2 * x\n")
    init = tmp_path / "init.grad"
    init.write_text('use "lib.grad"\nlet lr = 0.1\nones(2) + ones(3)\n')
    shell, said = started(tmp_path, capsys)
    assert "error[E0302]" in said and "init.grad:3:1" in said
    shell.enter("double(lr)")
    assert capsys.readouterr().out == "0.2\n"
    init.write_text("let a = 1\nlss")
    shell, said = started(tmp_path, capsys)
    assert "error[E0201]" in said and not shell.session.binds("a")
    init.write_text("let a = 1")
    shell = Shell(Session(), configuration=Configuration(str(tmp_path), begins=False))
    shell.configure()
    assert not shell.session.binds("a")


def test_gradsh_config(tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch) -> None:
    """What it prints is a whole configuration file; --write makes one, and never writes over another."""

    def ran(*words: str) -> str:
        options = parse(["config", *words])
        status = load("config").run(options)
        said = capsys.readouterr()
        assert status == (1 if said.err else 0)
        return said.out + said.err

    monkeypatch.setenv("XDG_CONFIG_HOME", str(tmp_path / "new"))
    monkeypatch.setenv("HOME", str(tmp_path))
    path = Path(ran("--path").strip())
    assert path.name == "config.toml" and tmp_path in path.parents and not path.parent.exists()
    assert all(setting.summary in ran() for setting in SETTINGS.values())
    assert ran("--write") == f"{path}\n" and tomllib.loads(path.read_text()) == {}
    path.write_text("live = false\nundo = 'x'\n")
    with pytest.raises(UsageError, match="File exists"):
        ran("--write")
    said = ran()
    assert tomllib.loads(said.partition("warning: ")[0]) == {"live": False} and "config.toml:2:1" in said
    data = json.loads(ran("--json").split("\n")[0])
    assert data["config"] == str(path)
    assert data["settings"]["live"] == {"value": False, "default": True, "from": "config.toml:1"}
