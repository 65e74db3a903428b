"""The table of words is the only one: grammar, errors and `help` say what it says."""

from __future__ import annotations

import io
import re
from pathlib import Path

import lark
import pytest

from gradsh import Session
from gradsh.language import expression_builder, syntax, words
from gradsh.language.words import CommandWord
from gradsh.runtime import builtins
from gradsh.runtime.builtins import BUILTINS

LANGUAGE = Path(words.__file__).parent
COMMANDS = list(BUILTINS.commands())
WRITTEN_OUT = re.compile(r"\(?(?:\?:)?([A-Za-z_|]+)\)?(?:\\b)?")  # a terminal that is nothing but words


def spelled(grammar: str) -> set[str]:
    """The words that are the whole of a terminal, whatever has to stand behind them."""
    found: set[str] = set()
    for terminal in lark.Lark(grammar, parser="lalr", start=["program", "expr"]).terminals:
        for part in terminal.pattern.value.removeprefix("(?:").split("(?=")[:1]:
            if terminal.pattern.type == "re" and (match := WRITTEN_OUT.fullmatch(part)):
                found.update(match.group(1).split("|"))
    return found


def test_every_word_of_the_grammar_is_in_the_table_and_the_other_way_round() -> None:
    known = {word.name for word in words.TABLE if word.kind != words.MODE} | {*words.CAPITALS}
    assert spelled(words.fill(syntax.grammar(), ())) == known


def test_the_grammar_spells_no_command() -> None:
    named = {command.name for command in COMMANDS} - words.RESERVED
    assert named and not named & spelled(words.fill(syntax.grammar(), ()))
    assert named <= spelled(words.fill(syntax.grammar(), COMMANDS))


def test_every_gap_of_the_grammar_is_filled() -> None:
    assert not re.search(r"<\w+>", words.fill(re.sub(r"//.*", "", syntax.grammar()), ()))


def test_any_command_can_be_handed_in() -> None:
    """A word that this file makes up begins a statement, alone or with arguments, or asks about a word."""
    for text, form in (
        ("frob x, y", CommandWord("frob")),
        ("frob", CommandWord("frob", alone=True)),
        ("frob while", CommandWord("frob", asks=True)),
    ):
        (statement,) = syntax.parse(words_source(text), [form]).body
        assert type(statement).__name__ == "Command" and statement.name == "frob"  # type: ignore[attr-defined]  # a Command
    (plain,) = syntax.parse(words_source("frob"), [CommandWord("frob")]).body
    assert type(plain).__name__ == "ExprStmt"


def words_source(text: str) -> syntax.errors.Source:
    return syntax.errors.Source("<words>", text)


def test_words_that_are_reserved() -> None:
    assert {*expression_builder.CONSTANTS} == {w.name for w in words.TABLE if w.kind == words.VALUE} | {*words.CAPITALS}
    assert {*words.CALLABLE} <= words.RESERVED and {*words.INFIX} <= words.RESERVED
    for word in words.RESERVED - {*words.CALLABLE}:
        assert not Session(out=io.StringIO(), err=io.StringIO()).run(f"let {word} = 1").ok


def test_modes_are_built_in() -> None:
    assert {*builtins.MODES} == {*words.MODES}


@pytest.mark.parametrize("word", [w for w in words.TABLE if w.usage], ids=lambda word: word.name)
def test_help_knows_the_word(word: words.Word) -> None:
    assert word.summary.endswith(".") and word.name in word.usage
    for asked in (f"help {word.name}", f'help "{word.name}"'):
        out = io.StringIO()
        assert Session(out=out, err=out).run(asked).ok, out.getvalue()
        operator = word.name == "repeat"  # the page is that of the operator
        assert out.getvalue().startswith("repeat(" if operator else word.usage + "\n")
    out = io.StringIO()
    assert Session(out=out, err=out).run(word.example).ok, out.getvalue()


def test_a_name_of_the_program_is_asked_about_before_the_word() -> None:
    out = io.StringIO()
    Session(out=out, err=out).run("fn model(x) = x\nhelp model")
    assert out.getvalue().startswith("model(x)\n  A function of this program.\nmodel Name(parameters) {")


def test_lists_of_words_stand_nowhere_else() -> None:
    """Three or more words of the language side by side, in quotes or as a pattern, are a second table."""
    name = "|".join(sorted(words.WORDS, key=len, reverse=True))
    quoted = rf"""(?:["'](?:{name})["'],\s*){{3,}}"""
    pattern = rf"(?:\b(?:{name})\|){{4,}}"
    found = []
    for path in sorted(LANGUAGE.glob("*.py")):
        if path.name not in ("words.py", "mistakes.py"):  # mistakes: what other languages write
            found += [f"{path.name}: {m.group()}" for m in re.finditer(f"{quoted}|{pattern}", path.read_text())]
    assert found == []
