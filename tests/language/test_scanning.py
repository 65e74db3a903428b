"""The scan behind all colours: it loses nothing, knows what is open, and which words are words."""

from __future__ import annotations

import random
from pathlib import Path

import pytest

from gradsh.language import brackets
from gradsh.language.scanning import KINDS, START, is_open, scan
from gradsh.language.words import RESERVED
from gradsh.runtime.commands import WORDS
from gradsh.view.color import STYLES, use_theme
from gradsh.view.pygments_lexer import TOKENS, GradshLexer
from tests.conftest import ROOT

PROGRAMS = sorted([*(ROOT / "examples").rglob("*.grad"), *(ROOT / "gradsh" / "lib").glob("*.grad")])


def kinds(text: str) -> list[tuple[str, str]]:
    return [(kind, piece) for kind, piece in scan(text, commands=WORDS)[0] if kind != "space"]


@pytest.mark.parametrize("folder", ["examples", "gradsh/lib", "tests/errors"])
def test_every_program(folder: str) -> None:
    for path in sorted((ROOT / folder).rglob("*.grad")):
        check(path, random.Random(path.name))


def check(path: Path, draws: random.Random) -> None:
    text = path.read_text(encoding="utf-8", errors="replace").replace("\r", "")
    pieces, _ = scan(text, commands=WORDS)
    assert "".join(piece for _, piece in pieces) == text, path
    assert {kind for kind, _ in pieces} <= set(KINDS)
    if "errors" not in path.parts:
        assert not [piece for kind, piece in pieces if kind == "error"], path
    for _ in range(10):  # as the prompt reads what is not finished yet, line by line
        begun = text[: draws.randrange(len(text) + 1)]
        state = START
        for line in begun.split("\n"):
            _, state = scan(line, state, WORDS)
        assert is_open(state) == brackets.is_open(begun) == is_open(scan(begun)[1]), (path, begun)
    lexed = "".join(piece for _, _, piece in GradshLexer().get_tokens_unprocessed(text))
    assert lexed == text


def test_words_are_words_where_they_are() -> None:
    assert kinds("step opt; step = 1; x.step()") == [
        ("command", "step"), ("name", "opt"), ("separator", ";"), ("name", "step"), ("operator", "="),
        ("number", "1"),
        ("separator", ";"), ("name", "x"), ("separator", "."), ("attribute", "step"),
        ("bracket", "("), ("bracket", ")"),
    ]  # fmt: skip
    for word in RESERVED:
        assert scan(word)[0][0][0] in ("keyword", "command", "constant"), word
    assert kinds("show") == [("command", "show")] and kinds("show + 1")[0] == ("name", "show")
    assert kinds("op f(a) { return a } backward(g) { g }")[9] == ("keyword", "backward")
    assert kinds("while a {\n}\nbackward y")[-2] == ("command", "backward")


def test_f_strings_hold_programs() -> None:
    assert kinds('f"a{{{x.sum():.3f}\\n"') == [
        ("string", 'f"'), ("string", "a"), ("escape", "{{"), ("interpolation", "{"), ("name", "x"), ("separator", "."),
        ("attribute", "sum"), ("bracket", "("), ("bracket", ")"), ("string", ":.3f"), ("interpolation", "}"),
        ("escape", "\\n"), ("string", '"'),
    ]  # fmt: skip


def test_what_is_open_is_named() -> None:
    assert scan("for i in f(x) { g({'a': [")[1][3] == ("for{", "(", "{", "[")
    assert scan("if a { } else {")[1][3] == ("else{",)
    assert scan("let d = {")[1][3] == ("{",) and scan("let f = fn(x) {")[1][3] == ("fn{",)
    assert not is_open(scan("f(x))")[1])


def test_pygments_finds_it() -> None:
    from pygments.lexers import get_lexer_by_name, get_lexer_for_filename

    assert type(get_lexer_by_name("gradsh")) is type(get_lexer_for_filename("a.grad")) is GradshLexer
    assert set(TOKENS) == set(KINDS)


def test_each_theme_has_a_colour_for_each_style() -> None:
    assert all(len(style) == 2 for style in STYLES.values())
    use_theme("light")
    use_theme("dark")
