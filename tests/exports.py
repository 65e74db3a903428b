"""Programs that are exported to PyTorch, for the tests and for what is recorded of them."""

from __future__ import annotations

import io
import re
from decimal import Decimal
from pathlib import Path

from gradsh import Session
from gradsh.errors import Source
from gradsh.language.exporting import Warned, exported
from gradsh.language.program import understood
from gradsh.session.check import table

ROOT = Path(__file__).resolve().parent.parent
EXPORTED = ROOT / "tests" / "exported"
FOLDERS = (ROOT / "examples", ROOT / "examples" / "notebooks", ROOT / "tests" / "twins")
PROGRAMS = [program for folder in FOLDERS for program in sorted(folder.glob("*.grad"))]
NUMBER = re.compile(r"(?<![\w.])-?\d+\.\d*(?:e[+-]?\d+)?")


def export(program: Path) -> tuple[str, list[Warned]]:
    source = Source(program.name, program.read_text(encoding="utf-8"))
    tree, resolution, _ = understood(source, {}, table())
    return exported(tree, source, resolution, table())


def wanted(program: Path) -> str:
    """What a program prints: what is kept of it, or what it prints now."""
    kept = program.with_suffix(".out")
    if kept.exists():
        return kept.read_text(encoding="utf-8")
    out = io.StringIO()
    Session(out=out, err=io.StringIO(), seed=0).run(program.read_text(encoding="utf-8"), str(program))
    return out.getvalue()


def differences(program: Path, got: str) -> str:
    """The first lines that differ, but for one in the last digit of a number; nothing where none do."""
    ours, theirs = wanted(program).splitlines(), got.splitlines()
    for left, right in zip([*ours, ""], [*theirs, ""], strict=False):
        if not near(left.replace("torch.", ""), right.replace("torch.", "")):
            return f"{right!r} is not {left!r}"
    return "" if len(ours) == len(theirs) else f"{len(theirs)} lines, not {len(ours)}"


def near(got: str, wanted: str) -> bool:
    numbers = zip(NUMBER.findall(got), NUMBER.findall(wanted), strict=False)
    same = NUMBER.sub("#", got) == NUMBER.sub("#", wanted)
    return same and all(
        abs(Decimal(a) - Decimal(b)) <= Decimal(1).scaleb(int(Decimal(b).as_tuple().exponent)) for a, b in numbers
    )
