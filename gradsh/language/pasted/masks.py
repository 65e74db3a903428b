"""Python in which single lines are gradsh already: what people write who know one and are learning the other."""

from __future__ import annotations

import ast
import itertools
import re
import warnings

from gradsh.language import brackets

MOST = 50  # lines that may be gradsh
HEADS = ((re.compile(r"^(\s*)fn\b(?=\s+\w+\s*\()"), r"\1def"), (re.compile(r"^(\s*)else\s+if\b"), r"\1elif"))


def code(line: str) -> str:
    """What a line says before its comment."""
    pieces = (match.group() for match in brackets.PIECE.finditer(line))
    return "".join(itertools.takewhile(lambda piece: piece[0] != "#", pieces)).strip()


def parsed(text: str) -> tuple[ast.Module, str, dict[str, str]] | None:
    """The tree, the text that it is of, and the lines that were taken out of it, by the names in their place.

    None where it is no Python even so.
    """
    lines = text.split("\n")
    masked: dict[str, str] = {}
    while True:
        try:
            with warnings.catch_warnings():
                warnings.simplefilter("ignore")  # Python's about escapes and `is`
                tree = ast.parse("\n".join(lines))
        except SyntaxError as problem:
            number = problem.lineno or 0
            line = code(lines[number - 1]) if 0 < number <= len(lines) else ""
            if not line or len(masked) >= MOST:
                return None
            if line.endswith(":"):
                head = lines[number - 1]
                for pattern, word in HEADS:
                    lines[number - 1] = pattern.sub(word, lines[number - 1])
                if lines[number - 1] == head:
                    return None
                continue
            name = f"__gradsh_{len(masked)}__"
            masked[name] = line
            lines[number - 1] = lines[number - 1].replace(line, name, 1)
        except (ValueError, RecursionError, MemoryError):
            return None
        else:
            if masked and not any(isinstance(node, ast.stmt) and hasattr(node, "body") for node in tree.body):
                return None
            return tree, "\n".join(lines), masked
