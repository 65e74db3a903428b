"""PyTorch pasted: Python programs as gradsh print what PyTorch printed, and keep their comments."""

from __future__ import annotations

import io
import json

import pytest

from gradsh import Session
from gradsh.errors import GradshError, Source
from gradsh.language import syntax
from gradsh.language.pasted import converted, converted_at
from gradsh.runtime.builtins import BUILTINS
from tests.conftest import ROOT
from tests.record.pasted import DATA, programs
from tests.test_twins import near

RECORDED: dict[str, list[str]] = json.loads((DATA / "pasted.json").read_text(encoding="utf-8"))


def run(text: str) -> str:
    """What a gradsh program prints, in the words that are recorded."""
    out, err = io.StringIO(), io.StringIO()
    assert Session(out=out, err=err, seed=0).run(text).ok, err.getvalue() + "\n" + text
    return out.getvalue()


def same(got: str, wanted: list[str]) -> bool:
    ours = got.split("\n")
    return len(ours) == len(wanted) and all(map(near, ours, wanted))


@pytest.mark.parametrize("name", programs())
def test_a_program_prints_what_pytorch_printed(name: str) -> None:
    """`python -m tests.record.pasted` records it, where PyTorch is installed."""
    found = converted(programs()[name])
    assert found is not None
    got = run(found.text)
    assert same(got, RECORDED[name]), f"{found.text}\n{got}\n" + "\n".join(RECORDED[name])


def test_all_are_recorded() -> None:
    assert list(RECORDED) == list(programs())


# --- what errors offer ------------------------------------------------------------------------------------------------


def refused(text: str) -> list[GradshError]:
    return Session(out=io.StringIO(), err=io.StringIO()).run(text).errors


@pytest.mark.parametrize("name", programs())
def test_an_error_offers_the_whole_program(name: str) -> None:
    text = programs()[name]
    errors = refused(text)
    if errors and errors[0].code.startswith("E01"):
        found = converted(text)
        assert found is not None and [error.edit and error.edit[2] for error in errors] == [found.text]


MIXED = """\
let x = tensor(2.0, grad)
for i in range(2):
    backward x**2   # adds up
    print i, x.grad
fn f(a) {
    if a > 1:
        return a
    else:
        return -a
}
print(f(3), f(-3))
"""


def test_a_block_of_python_in_a_program_of_gradsh() -> None:
    first, second = refused(MIXED)
    assert first.help == "for i in range(2) {\n    backward x**2  # adds up\n    print i, x.grad\n}"
    assert second.help == "if a > 1 { return a } else { return -a }"
    at = MIXED.index("if a")
    start, end, block = converted_at(MIXED, at) or (0, 0, None)
    assert (
        block is not None
        and block.text == "if a > 1 {\n    return a\n} else {\n    return -a\n}"
        and MIXED[start:end].strip().startswith("if a > 1:")
    )
    mended = MIXED[:start] + block.text + MIXED[end:]
    start, end, block = converted_at(mended, mended.index(":")) or (0, 0, None)
    assert block is not None
    assert run(mended[:start] + block.text + mended[end:]) == "0 tensor(4.)\n1 tensor(8.)\n3 3\n"


@pytest.mark.parametrize(
    ("text", "notes"),
    [
        ("try:\n    x = 1\nexcept ValueError:\n    x = 2\nexcept KeyError:\n    x = 3", "first `except`"),
        ("for i in range(3):\n    with open('f') as f:\n        print(f)", "`with open` has no counterpart"),
        ("z = 1j\nfor i in range(3):\n    print(i)", "a complex value has no counterpart"),
        ("class V:\n    def __add__(self, o):\n        return o\nfor i in [1]:\n    print(i)", "`__add__`"),
    ],
)
def test_what_has_no_counterpart_is_said(text: str, notes: str) -> None:
    found = converted(text)
    if found is not None:
        assert notes in found.notes[0][1]
        assert "#" in found.text or "except" in notes
    else:
        assert text.startswith("def f(**")  # nothing is left of it


@pytest.mark.parametrize("text", ["let x = 3", "x = 1\nprint(x)", "for i in range(3) { print i }", "1 +", "", "# only"])
def test_no_python(text: str) -> None:
    assert converted(text) is None


def test_any_python_becomes_a_program() -> None:
    """Classes with everything, decorators, nested strings: what has no counterpart is a comment, the rest is read."""
    for path in [*sorted((ROOT / "gradsh" / "language").glob("s*.py")), *sorted((ROOT / "tests").glob("test_f*.py"))]:
        found = converted(path.read_text(encoding="utf-8"))
        assert found is not None and found.notes, path
        assert syntax.parse(Source(path.name, found.text), BUILTINS.commands()).body, path
