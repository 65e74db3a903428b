"""The TextMate grammar, by which GitHub and VS Code colour programs: it says what the table of words says."""

from __future__ import annotations

import json
import re

from gradsh.language.words import TABLE
from gradsh.runtime.commands import WORDS
from tests.conftest import ROOT
from tests.record.textmate import TARGET, text

GRAMMAR = json.loads(TARGET.read_text(encoding="utf-8"))
LINE = "fn f(x) = log(x.sum, 1e-3) and true  # why"


def test_it_is_as_recorded() -> None:
    assert TARGET.read_text(encoding="utf-8") == text(), "python -m tests.record.textmate"


def scope_of(line: str, offset: int) -> str:
    """What the first rule that begins at the earliest place says, going along a line."""
    at = 0
    rules = [(re.compile(rule.get("match") or rule["begin"]), rule) for rule in GRAMMAR["patterns"]]
    while at < len(line):
        found = [
            (m.start(), n, m, rule) for n, (p, rule) in enumerate(rules) if (m := p.search(line, at)) and m.group()
        ]
        if not found:
            return ""
        start, _, match, rule = min(found, key=lambda each: each[:2])
        end = match.end()
        if "begin" in rule:
            close = re.compile(rule["end"]).search(line, end)
            end = close.end() if close else len(line)
        if start <= offset < end:
            for number, capture in rule.get("captures", {}).items():
                if match.start(int(number)) <= offset < match.end(int(number)):
                    return str(capture["name"])
            return str(rule.get("name", ""))
        if start > offset:
            return ""
        at = end
    return ""


def test_every_word_is_coloured_and_no_attribute_is() -> None:
    for name in {*(word.name for word in TABLE), *WORDS}:
        scope = scope_of(f"{name} (x)", 0)
        assert scope.split(".")[0] in ("keyword", "support", "constant"), name
        assert scope_of(f"y.{name}", 2).startswith("variable"), name


def test_a_line() -> None:
    scopes = {
        part: scope_of(LINE, LINE.index(part)) for part in ("fn", "f(", "log", "sum", "1e", "and", "true", "# why")
    }
    assert {part: scope.rpartition(".gradsh")[0] for part, scope in scopes.items()} == {
        "fn": "keyword.control",
        "f(": "entity.name.function",
        "log": "entity.name.function",
        "sum": "variable.other.member",
        "1e": "constant.numeric",
        "and": "keyword.operator.word",
        "true": "constant.language",
        "# why": "comment.line.number-sign",
    }
    assert scope_of('f"a {x} # no"', 10) == "string.quoted.gradsh"
    assert scope_of("step = 1", 0) == ""


def test_an_editors_own_tokenizer() -> None:
    """What VS Code's tokenizer was seen to make of a program (tests/record/tokens.js) is what these rules say."""
    lines = (ROOT / "tests" / "data" / "textmate_program.txt").read_text(encoding="utf-8").split("\n")
    kinds = set()
    for token in (ROOT / "tests" / "data" / "textmate_tokens.txt").read_text(encoding="utf-8").splitlines():
        place, word, scopes = token.split("\t")
        number, column = map(int, place.split(":"))
        outer = scopes.split(" ")[0]
        kinds.add(scopes.split(" ")[-1])
        line = lines[number - 1]
        if line != "several lines" and not line.startswith('"""'):  # a rule over several lines
            assert scope_of(line, line.index(word, column)).removesuffix(".gradsh") == outer, token
    # a scope for each kind of word
    assert kinds >= {
        "comment.line.number-sign", "keyword.control", "keyword.operator", "keyword.operator.word", "constant.language",
        "constant.numeric", "constant.character.escape", "entity.name.function", "support.function", "string.quoted",
        "meta.interpolation", "variable.other.member",
    }  # fmt: skip
