"""The scripts that complete gradsh's command line: made of the parsers, and tried in the shells that there are here."""

from __future__ import annotations

import re
import shlex
import shutil
import subprocess
from pathlib import Path

import pytest

from gradsh.cli.arguments import parser_of
from gradsh.cli.completion import SCRIPTS
from gradsh.cli.subcommands import SUBCOMMANDS

# what is typed, the last word being completed, and the words that are offered, or some of them behind "…"
CASES = [
    (["ch"], ["check"]),
    (["t"], ["train.grad"]),
    (["--dt"], ["--dtype"]),
    (["--dtype", "float1"], ["float16"]),
    (["--json", "--errors", "s"], ["short"]),
    (["train.grad", "--l"], ["--lr"]),
    (["--seed", "3", "train.grad", "--n"], ["--n_steps"]),
    (["train.grad", "x"], ["x.txt"]),
    (["check", "--st"], ["--strict"]),
    (["--json", "check", "tr"], ["train.grad"]),
    (["explain", "E040"], [f"E040{n}" for n in range(1, 10)]),
    (["graph", "-o", "x"], ["x.txt"]),
    (["completion", ""], ["bash", "fish", "zsh"]),
    (["export", "--to", ""], ["latex", "torch"]),
    (["-c", "1", "--se"], ["--seed", "--set"]),
    (["-c", "1", "ch"], []),
    (["--seed", ""], []),
    (["nowhere.grad", "--"], []),
]


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    (tmp_path / "train.grad").write_text("param lr = 0.1\nparam n_steps = 3  # of them\nparam2 = 1\n# param no = 1\n")
    (tmp_path / "x.txt").write_text("")
    for shell, script in SCRIPTS.items():
        (tmp_path / f"script.{shell}").write_text(script(), encoding="utf-8")
    return tmp_path


def output(folder: Path, *command: str) -> list[str]:
    """The lines that a shell writes."""
    done = subprocess.run(command, cwd=folder, capture_output=True, text=True, timeout=60)
    assert done.returncode == 0 and not done.stderr, done.stderr
    return done.stdout.splitlines()


def test_every_option_and_sub_command_is_in_every_script() -> None:
    wanted = [*SUBCOMMANDS, *(s for word in ("", *SUBCOMMANDS) for s in parser_of(word)._option_string_actions)]
    for shell, script in SCRIPTS.items():
        text = script()
        for name in wanted:
            spelt = (
                f"{'-l' if name[:2] == '--' else '-s'} {name.lstrip('-')}"
                if shell == "fish" and name[0] == "-"
                else name
            )
            assert spelt in text, (shell, name)
        assert not re.search("@[A-Z]+@", text), shell


@pytest.mark.skipif(shutil.which("bash") is None, reason="needs bash")
def test_bash(folder: Path) -> None:
    typed = [*CASES, (["--color", "=", "al"], ["always"]), (["--color", "=", "never", "ch"], ["check"])]
    lines = ["source script.bash", "compopt() { :; }"]  # outside of a completion it complains
    for words, _ in typed:
        lines.append(
            f'COMP_WORDS=(gradsh {shlex.join(words)}); COMP_CWORD={len(words)}; _gradsh; echo "${{COMPREPLY[*]}}"'
        )
    said = output(folder, "bash", "--norc", "-c", "\n".join(lines))
    assert [line.split() for line in said] == [offered for _, offered in typed]
    assert output(folder, "bash", "--norc", "-c", "source script.bash; complete -p gradsh") == [
        "complete -F _gradsh gradsh"
    ]


@pytest.mark.skipif(shutil.which("fish") is None, reason="needs fish")
def test_fish(folder: Path) -> None:
    asked = "; ".join(f"complete -C {shlex.quote('gradsh ' + ' '.join(words))}; echo ==" for words, _ in CASES)
    said = "\n".join(output(folder, "fish", "--no-config", "-c", f"source script.fish; {asked}"))
    found = [[line.split("\t")[0] for line in part.strip().splitlines()] for part in said.split("==")]
    assert found[:-1] == [sorted(offered) for _, offered in CASES]


@pytest.mark.skipif(shutil.which("zsh") is None, reason="needs zsh")
def test_zsh(folder: Path) -> None:
    assert output(folder, "zsh", "-f", "-n", "script.zsh") == []
