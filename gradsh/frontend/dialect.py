"""What errors and warnings advise, in Python: the same advice, each piece of gradsh in it as PyTorch spells that."""

from __future__ import annotations

import ast
import re
from collections.abc import Collection

from gradsh.errors import GradshError, Refused, Source, WarningRecord
from gradsh.reports.why import Why
from gradsh.runtime.builtins import BUILTINS

PIECE = re.compile(r"`([^`]*)`")
WORDS = {"grad": "requires_grad=True", "none": "None", "true": "True", "false": "False"}
IMPORTS = re.compile(r"^(?:import|from) .*\n+|^# .*\n+", re.MULTILINE)


def speak(problem: GradshError | WarningRecord, bound: Collection[str]) -> None:
    """Say the help and the labels in Python; `bound` are the names of the program."""
    for label in problem.labels:
        label.text = WORDS.get(label.text, spelled(label.text))
    problem.help = None if problem.help is None else translated(problem.help, bound)
    if isinstance(problem, GradshError):
        problem.edit = None


def speak_of_gradients(report: Why, bound: Collection[str]) -> None:
    """Say in Python what a report on a gradient says and advises."""
    report.words = spelled(report.words).replace("without grad ", f"without {WORDS['grad']} ")
    report.notes = [*map(spelled, report.notes)]
    for row in report.rows:
        row.words = spelled(row.words)
    report.help = translated(report.help, bound) or "" if report.help else ""


def spelled(words: str) -> str:
    """A sentence with the words of gradsh in it as Python has them."""
    return PIECE.sub(lambda found: f"`{WORDS.get(found[1], found[1])}`", words)


def translated(help: str, bound: Collection[str]) -> str | None:
    """A help line; None where a piece of it has no counterpart in Python."""
    pieces = [found[1] for found in PIECE.finditer(help)]
    if not pieces:
        said = piece(help, bound) if " " not in help or "(" in help else help
        return said if said is not None else help
    own = {each: piece(each, bound) for each in pieces}
    if any(said is None for said in own.values()):
        return None
    return PIECE.sub(lambda found: f"`{own[found[1]]}`", help)


def piece(code: str, bound: Collection[str]) -> str | None:
    """A piece of gradsh as Python; None where it cannot be said."""
    if code in WORDS:
        return WORDS[code]
    if re.fullmatch(r"[\w.]+|import .*|from .*|\.\w+(\(.*\))?|with .*", code) or code in bound:
        return code  # a name that is spoken of
    said = _exported(code, bound)
    if said is None:
        said = code
    try:
        ast.parse(said)
    except (SyntaxError, ValueError):
        return None
    return said


def _exported(code: str, bound: Collection[str]) -> str | None:
    from gradsh.language import nodes
    from gradsh.language.exporting import exported
    from gradsh.language.resolve import resolve
    from gradsh.language.syntax import parse

    source = Source("<help>", code)
    known: dict[str, tuple[str, ...]] = {name: () for name in bound if name not in ("torch", "nn", "F", "optim")}
    try:
        tree = parse(source, list(BUILTINS.commands()))
        for statement in tree.body:
            if isinstance(statement, nodes.ExprStmt):
                statement.muted = True  # shown, it would be a `print`
        resolution = resolve(tree, source, known, BUILTINS)
        text, wanting = exported(tree, source, resolution, BUILTINS)
    except (Refused, RecursionError):
        return None
    if wanting:
        return None
    lines = IMPORTS.sub("", text).strip("\n").split("\n")
    if len(lines) == 2 and lines[0].endswith(":"):
        return f"{lines[0]} {lines[1].strip()}"
    return lines[0] if len(lines) == 1 else None
