"""Every public name of PyTorch's is there, or is told in a sentence that there is no such thing here."""

from __future__ import annotations

import io
import json
import re
from fnmatch import fnmatchcase
from pathlib import Path
from typing import Any

import pytest

from gradsh import Session
from gradsh.errors import AttributeError_, GradshError, NotHere
from gradsh.language.absent import KINDS, NAMES
from gradsh.runtime import access

LISTED: dict[str, str] = json.loads((Path(__file__).parent / "data" / "public_names.json").read_text(encoding="utf-8"))
INSTANCES = {
    "torch.Tensor": "ones(2)",
    "torch.nn.Module": "Linear(1, 1)",
    "torch.optim.Optimizer": "SGD([ones(1, grad)])",
    "torch.Generator": "Generator()",
}


def ran(text: str) -> tuple[Session, list[Any]]:
    session = Session(out=io.StringIO(), err=io.StringIO())
    return session, session.run(text).errors


@pytest.mark.parametrize("module", [m for m in LISTED if m not in INSTANCES])
def test_each_name_of_a_module_is_there_or_told_to_be_none(module: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("gradsh.language.resolve.MAX_ERRORS", 2_000)
    names = LISTED[module].split()
    _, errors = ran("fn f() {\n" + "".join(f"    {module}.{name}\n" for name in names) + "}")
    unknown = [str(e.message) for e in errors if not isinstance(e, NotHere) and "is not a value" not in e.message]
    assert not unknown


@pytest.mark.parametrize("kind", INSTANCES)
def test_each_member_of_a_class_is_there_or_told_to_be_none(kind: str) -> None:
    session, errors = ran(f"let value = {INSTANCES[kind]}")
    assert not errors
    value, unknown = session.globals[".value"], []
    for name in LISTED[kind].split():
        try:
            access.method(value, name)
        except AttributeError_ as error:
            unknown.append(error.message)
        except GradshError:
            pass  # it is there, and asks for something else
    assert not unknown


def test_each_row_of_the_table_is_of_some_name() -> None:
    paths = {f"{module}.{name}".removeprefix("torch.") for module, names in LISTED.items() for name in names.split()}
    rows = [row for patterns in NAMES.values() for row in patterns.split()]
    assert not [row for row in rows if not any(fnmatchcase(p, row) and row.count(".") == p.count(".") for p in paths)]


@pytest.mark.parametrize("kind", KINDS)
def test_what_is_offered_instead_is_gradsh(kind: str) -> None:
    words, help = KINDS[kind]
    given = "let x = ones(4); let n = 4; let mask = x > 0; let a, b, c, d = (1., 2., 3., 4.); let scale = 0.5; "
    for code in re.findall(r"`([^`]+)`", help):
        _, errors = ran(given + f"let xs = [x]; let start = time(); {code}")
        assert not [e for e in errors if not e.code.startswith("E05")], code
    assert words[0].islower() and not words.endswith(".")
