"""Programs of the repository, as pieces of a few statements, for fuzzers to take apart."""

from __future__ import annotations

import functools
import json
import re
from pathlib import Path

ROOT = Path(__file__).parent.parent.parent
LINES = 14  # of a piece
# strings, f-strings and comments, names, numbers, operators of two signs, anything else; what is between stays with it
TOKEN = re.compile(
    r"""\s*(?:\#[^\n]*|f?\"{3}.*?\"{3}|f?"(?:[^"\\\n]|\\.)*"|f?'(?:[^'\\\n]|\\.)*'|[^\W\d]\w*|\d[\w.]*(?:e[+-]?\d+)?|\*\*=?|//=?|[-+*/<>=!|]=|\|>|.)""",
    re.S,
)

OPEN, CLOSING = frozenset("([{"), frozenset(")]}")


def tokens(text: str) -> list[str]:
    """A text in pieces that add up to it."""
    found = TOKEN.findall(text)
    rest = text[sum(map(len, found)) :]
    return [*found, rest] if rest else found


def statements(text: str) -> list[str]:
    """The statements of a text as far as lines tell: lines are taken together while a bracket or brace is open."""
    found: list[str] = []
    depth = 0
    inside = False
    for line in text.split("\n"):
        signs = [part.strip() for part in tokens(line)]
        depth = max(0, depth + sum((sign in OPEN) - (sign in CLOSING) for sign in signs if len(sign) == 1))
        follows = found and (line.startswith((" ", "|>", ".", "}")))
        if inside or follows:
            found[-1] += "\n" + line
        else:
            found.append(line)
        inside = depth > 0
    return found


def _windows(text: str) -> list[str]:
    """A text in overlapping pieces of whole statements."""
    parts = [part for part in statements(text) if part.strip() and not part.startswith("#")]
    found = []
    at = 0
    while at < len(parts):
        end, size = at, 0
        while end < len(parts) and (end == at or size + parts[end].count("\n") < LINES):
            size += parts[end].count("\n") + 1
            end += 1
        found.append("\n".join(parts[at:end]))
        at += max(1, (end - at) // 2)
    return found


@functools.cache
def pieces() -> list[list[str]]:
    """Groups of pieces: help's examples, recorded programs, files. A group is drawn first, so that none drowns."""
    from gradsh.engine.ops import families
    from gradsh.errors import REGISTRY
    from gradsh.language.words import WORDS
    from gradsh.runtime import commands

    examples = {entry.example for entry in families.functions().values()}
    examples |= {commands.load(word).example for word in commands.WORDS}
    examples |= {word.example for word in WORDS.values()}
    wrong = {error.example for error in REGISTRY.values()}
    recorded: set[str] = set()
    for name in ("probes", "writes"):
        rows = json.loads((ROOT / "tests" / "conformance" / f"{name}.json").read_text("utf-8"))["rows"]
        recorded |= {row["code"] for row in rows if 0 < len(row.get("code", "")) < 600}
    rows = json.loads((ROOT / "tests" / "conformance" / "custom_functions.json").read_text("utf-8"))["rows"]
    long = ["\n".join(row["program"]) for row in rows]
    files = [*ROOT.glob("examples/**/*.grad"), *ROOT.glob("tests/twins/*.grad")]
    long += [path.read_text("utf-8") for path in sorted(files)]
    long += re.findall(r"```gradsh[^\n]*\n(.*?)```", (ROOT / "README.md").read_text("utf-8"), re.S)
    library = [path.read_text("utf-8") for path in sorted(ROOT.glob("gradsh/lib/*.grad"))]
    odd = [
        path.read_text("utf-8")
        for folder in ("errors", "lints")
        for path in sorted(ROOT.glob(f"tests/{folder}/*.grad"))
    ]
    entries = (ROOT / "tests" / "language" / "values.txt").read_text("utf-8").strip().split("\n\n")
    plain = [entry.rpartition("\n")[0] for entry in entries]  # without what is expected
    groups = [
        sorted(examples - {""}),
        sorted(wrong - {""}),
        sorted(recorded),
        [window for text in long for window in _windows(text)],
        [window for text in library for window in _windows(text)],
        odd,
        plain,
    ]
    return [group for group in groups if group]
