"""Write grammar/gradsh.tmLanguage.json anew, from the language's table of words and the registry of commands.

python -m tests.record.textmate
"""

from __future__ import annotations

import json
from pathlib import Path

from gradsh.language.words import CAPITALS, MODE, OPERATOR, PART, STATEMENT, TABLE, VALUE, VERB
from gradsh.runtime.commands import WORDS as COMMANDS

TARGET = Path(__file__).resolve().parents[2] / "grammar" / "gradsh.tmLanguage.json"
# what a word of that kind is coloured as
SCOPES = {
    STATEMENT: "keyword.control.gradsh",
    PART: "keyword.control.gradsh",
    MODE: "keyword.control.gradsh",
    VERB: "support.function.gradsh",
    OPERATOR: "keyword.operator.word.gradsh",
    VALUE: "constant.language.gradsh",
}
DEFINES = "fn|op|model"
ESCAPE = r"\\([0-7]{1,3}|x[\da-fA-F]{2}|u[\da-fA-F]{4}|U[\da-fA-F]{8}|N\{[^{}]*\}|.)"
NUMBER = (
    r"\b0[xX][\da-fA-F_]+|\b0[oO][0-7_]+|\b0[bB][01_]+|(?:\b\d[\d_]*(?:\.[\d_]*)?|\.\d[\d_]*)(?:[eE][+-]?\d[\d_]*)?"
)


def of_words(names: list[str], behind: str = "") -> str:
    """A pattern of whole words, those behind a dot left out: they are attributes."""
    return rf"(?<![.\w])(?:{'|'.join(sorted(names))})\b{behind}"


def strings() -> list[dict[str, object]]:
    """Strings of every quote, those with `f` before them with what stands in their braces."""
    found: list[dict[str, object]] = []
    inner = {"name": "constant.character.escape.gradsh", "match": ESCAPE}
    braces = [
        {"name": "constant.character.escape.gradsh", "match": r"\{\{|\}\}"},
        {"name": "meta.interpolation.gradsh", "begin": r"\{", "end": r"\}", "patterns": [{"include": "$self"}]},
    ]
    for quote in ('"""', "'''", '"', "'"):
        end = quote if len(quote) == 3 else f"{quote}|$"
        for prefix, patterns in ((r"\b(?:[rR]?[fF]|[fF][rR])", [inner, *braces]), (r"\b[rR]?|", [inner])):
            begin = f"(?:{prefix}){quote}"
            found.append({"name": "string.quoted.gradsh", "begin": begin, "end": end, "patterns": patterns})
    return found


def text() -> str:
    words: dict[str, list[str]] = {}
    for word in TABLE:
        # words that are names elsewhere are words only where something follows them on the line
        loose = "" if word.reserved else "?"
        words.setdefault(SCOPES[word.kind] + loose, []).append(word.name)
    words.setdefault(SCOPES[VERB] + "?", []).extend(name for name in COMMANDS if name not in {w.name for w in TABLE})
    words[SCOPES[VALUE]] += CAPITALS
    follows = r"(?=[ \t]+[\w\"'({\[]|[ \t]*\(|[ \t]*$|[ \t]*[;}])"
    patterns: list[dict[str, object]] = [
        {"name": "comment.line.number-sign.gradsh", "match": "#.*$"},
        *strings(),
        {"name": "constant.numeric.gradsh", "match": NUMBER},
        {
            "match": rf"(?<![.\w])({DEFINES})[ \t]+([^\W\d]\w*)",
            "captures": {"1": {"name": "keyword.control.gradsh"}, "2": {"name": "entity.name.function.gradsh"}},
        },
    ]
    for scope in sorted(words):
        names = list(dict.fromkeys(words[scope]))
        behind = follows if scope.endswith("?") else ""
        patterns.append({"name": scope.rstrip("?"), "match": of_words(names, behind)})
    patterns += [
        {"name": "variable.other.member.gradsh", "match": r"(?<=\.)[^\W\d]\w*\b(?!\s*\()"},
        {"name": "entity.name.function.gradsh", "match": r"[^\W\d]\w*(?=\()"},
        {"name": "keyword.operator.gradsh", "match": r"\|>|(?:\*\*|//|<<|>>|[-+*/%=!<>@&|^])=?|~"},
    ]
    grammar = {
        "$schema": "https://raw.githubusercontent.com/martinring/tmlanguage/master/tmlanguage.json",
        "name": "gradsh",
        "scopeName": "source.gradsh",
        "fileTypes": ["grad"],
        "firstLineMatch": "^#!.*\\bgradsh\\b",
        "patterns": patterns,
    }
    return json.dumps(grammar, indent=2, ensure_ascii=False) + "\n"


if __name__ == "__main__":
    TARGET.write_text(text(), encoding="utf-8")
