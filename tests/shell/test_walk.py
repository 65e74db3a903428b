"""Somebody who knows PyTorch and reads nothing types what PyTorch takes, breaks it, and does what the shell says.

In walk.txt each line behind `>` is typed; what follows stands in what the shell then writes, in that order. `:fix` does
what the help of the last error says, and must work.
"""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.shell.driving import ENTER, Driven, driven

SCRIPT = (Path(__file__).parent / "walk.txt").read_text(encoding="utf-8")


def steps() -> list[tuple[str, list[str]]]:
    """What is typed, a block with its empty line as one, and what is told then."""
    found: list[tuple[str, list[str]]] = []
    for line in SCRIPT.splitlines():
        if line.startswith("#"):
            continue
        if not line.startswith(">"):
            found[-1][1].append(line)
        elif found and found[-1][0].split("\n")[0].endswith(":") and not found[-1][0].endswith("\n"):
            found[-1] = (f"{found[-1][0]}\n{line[2:]}", [])
        else:
            found.append((line[2:], []))
    return found


def told(shell: Driven, capsys: pytest.CaptureFixture[str], typed: str) -> str:
    said = shell.enter(*(line + ENTER for line in typed.split("\n")))
    captured = capsys.readouterr()
    return said + captured.out + captured.err


def test_what_the_shell_says_brings_a_user_of_pytorch_back(capsys: pytest.CaptureFixture[str]) -> None:
    with driven(140, 40) as shell:
        for typed, words in steps():
            said = told(shell, capsys, typed)
            place = 0
            for expected in words:
                assert expected in said[place:], (typed, said)
                place = said.index(expected, place) + len(expected)
            if typed == ":fix":
                assert shell.shell.lines[-1].worked, said
            else:
                assert words or shell.shell.lines[-1].worked, (typed, said)
