"""Small programs that once differed from PyTorch print what it prints (tests/record/letter.py), and say its words."""

from __future__ import annotations

import io
import json
import re

import pytest

from gradsh import Session
from gradsh.language.pasted import converted
from tests.record.letter import DATA, FILES, HEAD, cases

PARTS = 6  # of the one file that is long
NUMBER = re.compile(r"[-+]?(?:\d+\.?\d*(?:e[-+]?\d+)?|inf|nan)")
CLOSE = 3e-6  # of the larger of two numbers: NumPy's elementary functions are not PyTorch's


def said(text: str) -> str:
    """What a case prints, and what the error says that ends it."""
    out = io.StringIO()
    session = Session(out=out, err=io.StringIO())
    result = session.run(HEAD + text)
    if result.errors and result.errors[0].code.startswith("E01"):
        found = converted(HEAD + text)
        assert found is not None, text
        result = session.run(found.text)
    words = "".join(f"!{error.message}\n" for error in result.errors[:1])
    text = re.sub(r"\btorch\.(?=float|int|uint|bool)", "", out.getvalue() + words)
    return re.sub(r"<(\w+) object at 0x\w+>", r"<\1>", text)


def near(one: str, other: str) -> bool:
    """The same text, with numbers that are as close as float32's are."""
    if NUMBER.sub("#", one).split() != NUMBER.sub("#", other).split():
        return False
    for p, q in zip(NUMBER.findall(one), NUMBER.findall(other), strict=True):
        a, b = float(p), float(q)
        if p != q and not (a != a and b != b) and abs(a - b) > CLOSE * max(abs(a), abs(b)) + 1e-43:
            return False
        if a == b == 0 and p.startswith("-") is not q.startswith("-"):
            return False
    return True


@pytest.mark.parametrize(
    ("name", "part", "parts"), [("letter", part, PARTS) for part in range(PARTS)] + [(name, 0, 1) for name in FILES[1:]]
)
def test_prints_what_pytorch_prints(name: str, part: int, parts: int) -> None:
    texts = cases(name)
    recorded: list[str] = json.loads((DATA / f"{name}.json").read_text(encoding="utf-8"))
    assert len(texts) == len(recorded), f"python -m tests.record.letter {name}"
    differ = []
    for text, wanted in list(zip(texts, recorded, strict=True))[part::parts]:
        found = said(text)
        if not near(found, wanted):
            differ.append(f"{text}\n  torch  {wanted}\n  gradsh {found}")
    assert not differ, "\n".join(differ)
