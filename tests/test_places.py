"""Every tensor knows where in the program it was made, whatever made it: advice, `why` and the graph stand on it."""

from __future__ import annotations

import io
from collections.abc import Iterator
from pathlib import Path

import pytest

from gradsh import Session
from gradsh.engine.core.tensor import Tensor
from gradsh.engine.ops import families
from gradsh.errors import Source
from gradsh.language.places import locate
from gradsh.language.syntax import parse
from gradsh.runtime.builtins import BUILTINS


def tensors(value: object) -> Iterator[Tensor]:
    if isinstance(value, Tensor):
        yield value
    elif isinstance(value, (list, tuple)):
        for each in value:
            yield from tensors(each)


def unplaced(text: str) -> list[str]:
    """What a program's last expression gives that does not know its place; the expression's text otherwise."""
    last = parse(Source("<text>", text), BUILTINS.commands()).body[-1]
    session = Session(out=io.StringIO(), err=io.StringIO())
    text = f"{text[: last.start]}let it = ({text[last.start : last.end]})"
    assert session.run(text).ok, text
    made = [t.made_at for t in tensors(session.globals[".it"]) if t.data.dtype.kind == "f" and t.data.size]
    return [text for where in made if where is None or locate(*where) is None]


@pytest.mark.parametrize("grad", ["", ", grad"])
@pytest.mark.parametrize(
    "written",
    [
        "abs(x); sum([x, x]); max(x); round(x * 2)",
        "x @ y; ones(2, 2) @ x; x @ ones(2, 2)",
        "x[0]; x[0:1]; x[x > 0]",
        "vmap(fn(a) = a * 2)(x); vmap(fn(a) = 2 - a)(x); vmap(fn(a) = -a)(x); vmap(sin)(x)",
        "vmap(fn(a) = a @ y)(ones(2, 2) * x); vmap(fn(a) = a[0] + 1)(ones(2, 2) * x)",
        "x.data; x.detach(); x.T; -x; 1 - x; 2 / x; x ** 2; x > 0",
        "Linear(2, 1)(x); Sequential(Linear(2, 2), ReLU())(x)",
    ],
)
def test_a_tensor_knows_its_place(written: str, grad: str) -> None:
    head = f"let x = tensor([1., 2.]{grad}); let y = tensor([3., 4.]); "
    assert [miss for each in written.split("; ") for miss in unplaced(head + each)] == []


def test_so_does_what_every_operator_gives(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)  # some of them save files
    examples = {entry.example for entry in families.functions().values() if entry.example and not entry.effect}
    assert len(examples) > 300
    missed = []
    for example in sorted(examples):
        last = parse(Source("<text>", example), BUILTINS.commands()).body[-1]
        if type(last).__name__ == "ExprStmt":
            missed += unplaced(example)
    assert missed == []
