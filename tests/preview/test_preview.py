"""What a line would give, found out while it is typed: right, or silent, and as if it had not been."""

from __future__ import annotations

import gc
import re
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from gradsh.engine.core.modes import mode
from gradsh.errors import Source
from gradsh.language.syntax import parse
from gradsh.preview import later, line
from gradsh.preview.line import Looker, pieces
from gradsh.runtime.builtins import BUILTINS
from gradsh.session.display import Kept
from gradsh.session.session import Session
from gradsh.view.registry import Look, view_of
from tests.conftest import ROOT
from tests.preview.state import state

START = """
let x = tensor([1.62, -1.25], grad)
let w = tensor(1.75, grad)
let v = tensor(2.0)
let y = x * 2
let A = arange(6.).reshape(2, 3)
let B = ones(2, 3, grad)
let big = ones(3000, 3000)
let net = Sequential(Linear(2, 3), ReLU(), Linear(3, 1))
let dropped = Sequential(Linear(2, 3), Dropout(0.5))
let normed = BatchNorm1d(3)
let items = [1, 2]
let many = range(20000) |> list
let table = {"a": 1}
let opt = SGD([w], lr=0.1)
let count = 0
fn twice(a) = a * 2
fn looped(a) { let s = 0.0; for i in range(3) { s = s + a * i }; return s }
fn gathered(n) { let found = []; for i in range(n) { found.append(i) }; return found }
fn repeated(n) = [0] * n
fn writes(a) { a.add_(1); return a }
fn prints(a) { print a; return a }
fn draws(a) = a + rand(2)
fn counts(a) { count += 1; return a }
fn keeps(a) { items.append(a); return a }
fn ends(a) { while true { pass }; return a }
"""


@pytest.fixture(scope="module")
def session() -> Session:
    made = Session(Kept(), seed=0)
    assert made.run(START, "<prompt 1>").ok
    return made


@pytest.fixture(scope="module", autouse=True)
def patience() -> Iterator[None]:
    """Tests run beside others: what is not held up by a loop of its own has its time."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(line, "LATE", 0.3)
        yield


@pytest.fixture(scope="module")
def looker(session: Session) -> Looker:
    made = Looker(session)
    for text in ("(A @ B.T).relu().sum()", "net(x) + looped(w)"):  # what the first look imports
        made.look(text)
    return made


def shown(looker: Looker, text: str, width: int = 140, unicode: bool = True) -> str:
    report = looker.look(text)
    return "" if report is None else view_of(report).text(report, Look(False, width, unicode)).rstrip("\n")


GIVEN = {
    "x * w": "= tensor([2.835, -2.188])  [2] float32   of the sum: ∂x [1.75, 1.75]  ∂w 0.37",
    "(x * w).sum()": "= tensor(0.6475)  [] float32   ∂x [1.75, 1.75]  ∂w 0.37",
    "let z = x + 1": "= tensor([2.62, -0.25])  [2] float32   of the sum: ∂x [1, 1]",
    "let a = w * 2; a * a": "= tensor(12.25)  [] float32   ∂w 14",
    "twice(w)": "= tensor(3.5)  [] float32   ∂w 2",
    "looped(w)": "= tensor(5.25)  [] float32   ∂w 3",
    "y.sum()": "= tensor(0.74)  [] float32   ∂x [2, 2]",
    "w |> twice": "= tensor(3.5)  [] float32   ∂w 2",
    "grad(twice)(v)": "= tensor(2)  [] float32",
    "grad(fn(t) = t**3)(v)": "= tensor(12)  [] float32",
    "vmap(twice)(A).sum()": "= tensor(30)  [] float32",
    "v + 1": "= tensor(3)  [] float32",
    "1 + 2": "= 3",
    "gathered(3)": "= [0, 1, 2]",
    'f"{v:.1f}"': "= '2.0'",
    "A.shape": "= Size([2, 3])",
    "items": "= [1, 2]",
    "w * (w > 2)": "= tensor(0)  [] float32   ∂w 0",
    "arange(100.)": "= [100] float32  least 0  mean 49.5  largest 99  ████████",
    # ends in the middle
    "x *": "x = tensor([1.62, -1.25])  [2] float32   of the sum: ∂x [1, 1]",
    "(w * v": "= tensor(3.5)  [] float32   ∂w 2",
    "(w * v).unknow": "(w * v) = tensor(3.5)  [] float32   ∂w 2",
    # wrong
    "A @ B": "[2, 3] does not fit [2, 3]: 3 rows would",
    "v * 2 + (x @ ones(3, 3))": "[3, 3] does not fit [2]: 2 rows would",
    "A + x": "[2] does not fit [2, 3]",
}  # fmt: skip


@pytest.mark.parametrize("text", GIVEN)
def test_what_is_shown(looker: Looker, text: str) -> None:
    assert shown(looker, text) == GIVEN[text]


def test_without_unicode(looker: Looker) -> None:
    assert shown(looker, "w * 2", unicode=False) == "= tensor(3.5)  [] float32   d/dw 2"
    assert shown(looker, "arange(100.)", unicode=False).isascii()


def test_the_gradients_go_below_where_there_is_no_room(looker: Looker) -> None:
    lines = shown(looker, "net(x)", width=60).split("\n")
    assert lines[0].startswith("= tensor(")
    assert re.fullmatch(r"  ∂net\.0\.weight .*and \d more", lines[1])
    assert len(lines) == 2
    assert all(len(line) < 60 for line in lines)


NOTHING = """
x.add_(1)
w += 1
x[0] = 3
w = 3
items[0] = 3
items.append(3)
items.pop()
table["b"] = 2
net.eval()
net.train()
net.zero_grad()
net.double()
net.requires_grad_(false)
net.load_state_dict(net.state_dict())
opt.step()
opt.zero_grad()
backward w * 2
(w * 2).backward()
w.backward()
step opt
StepLR(opt, 3)
SGD([w], lr=0.1)
zero_grad w
grad(y, x, retain_graph=false).register_hook(twice)
x.register_hook(twice)
x.requires_grad_(false)
y.retain_grad()
x.detach_()
rand(2)
randn_like(x)
x + rand(2)
x.bernoulli()
dropped(x)
dropout(x, 0.5)
normed(A)
Linear(2, 3)
manual_seed(1)
initial_seed()
set_grad_enabled(false)
print x
print(x)
show
show x
plot x
load("a.npy")
save(x, "a.npy")
env("HOME")
use "a.grad"
param lr = 0.1
del x
fn f(a) = a
if true { x } else { w }
no_grad { x }
writes(x)
prints(x)
draws(x)
counts(x)
keeps(x)
ends(x)
[draws(x) for i in range(2)]
vmap(draws)(A)
grad(draws)(w)
(fn(a) = a.add_(1))(v)
twice
net
unknown * 2
:vars
"""


@pytest.fixture
def uncollected() -> Iterator[None]:
    """What sessions before this one left goes now: in the middle its cycles would take their programs' texts along."""
    gc.collect()
    gc.disable()
    yield
    gc.enable()


@pytest.mark.usefixtures("uncollected")
@pytest.mark.parametrize("text", NOTHING.strip().split("\n"))
def test_what_would_change_something_is_not_shown(session: Session, looker: Looker, text: str) -> None:
    before = state(session)
    assert shown(looker, text) == ""
    assert state(session) == before


DEAR = {
    "big @ big": "= [3000, 3000] float32",
    "relu(big @ big + 1)[:, :3]": "= [3000, 3] float32",
    "(big**2).mean(dim=0)": "= [3000] float32",
    "big > 0": "= [3000, 3000] bool",
    "big.sum()": "= [] float32",
    "2 / big": "= [3000, 3000] float32",
    "cat([big, big])": "= [6000, 3000] float32",
    "big.max(dim=1)": "= [3000] float32, [3000] int64",
    "big.reshape(-1, 100, 10).exp()": "= [9000, 100, 10] float32",
    "max_pool2d(big.reshape(-1, 1, 30, 30), 2)": "= [10000, 1, 15, 15] float32",
    "big[:100].exp().exp().T @ big[:100]": "= [3000, 3000] float32",
    "linalg.svd(big).S": "= [3000] float32",
    "arange(10**9)": "= [1000000000] int64",
    "linspace(0, 1, 10**9).exp()": "= [1000000000] float32",
    "eye(10**5)": "",
    "full((10**5, 10**5), 2.0)": "= [100000, 100000] float32",
    "A.repeat(10**4, 10**4)": "",
    "zeros(10**6, 10**6)": "= [1000000, 1000000] float32",
    "big @ B": "[2, 3] does not fit [3000, 3000]: 3000 rows would",
    "big.sum() > 0": "= [] bool",
    # what depends on numbers
    "big.sum().item()": "",
    "1 if big.sum() > 0 else 2": "",
    "[row.sum() for row in big]": "",
    "big.tolist()": "",
    'f"{big.sum()}"': "",
    "big[big > 0]": "",
    "nonzero(big)": "",
    "sum([i for i in range(10**8)])": "",
    "[0] * 10**9": "",
    "repeated(10**9)": "",
    "10**10**8": "",
    "sorted(many)": "",
}


@pytest.mark.parametrize("text", DEAR)
def test_what_takes_long_is_not_computed(looker: Looker, text: str, monkeypatch: pytest.MonkeyPatch) -> None:
    from gradsh.engine.operators import general, registry

    def computed(kernel: Any, *arrays: Any) -> Any:
        out = registry.computed(kernel, *arrays)
        for array in arrays:
            if getattr(array, "size", 0) > 200_000 and any(array.strides):
                assert isinstance(out, np.ndarray) and np.may_share_memory(out, array), "it is more than a view"
        return out

    monkeypatch.setattr(general, "computed", computed)
    assert shown(looker, text) == DEAR[text]


def test_what_takes_long_to_import_is_not_imported(looker: Looker, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(later, "LARGE", ("colorsys",))
    sys.modules.pop("colorsys", None)
    with later.Later(wanted := set()), pytest.raises(ImportError):
        import colorsys  # noqa: F401 - what is tried
    assert wanted == {"colorsys"}
    later.bring(wanted | {"there_is_none"})
    assert "colorsys" in sys.modules
    assert not any(isinstance(finder, later.Later) for finder in sys.meta_path)


def test_the_end_of_a_text_is_taken_off_until_it_can_be_read() -> None:
    assert list(pieces("relu(x @ w +"))[:2] == [("relu(x @ w +", ")"), ("relu(x @ w", ")")]
    assert list(pieces("{ x")) == list(pieces("x)")) == list(pieces('f("x')) == []


# --- as if it had not run ---------------------------------------------------------------------------------------------


PROGRAMS = [*sorted((ROOT / "examples").glob("*.grad")), *sorted((ROOT / "tests" / "twins").glob("*.grad"))]
LONG = 4_000  # characters of a program that is taken
EACH = 7  # of so many prefixes of a line one is looked at, and all of it


def said(display: Kept) -> list[Any]:
    return [each if isinstance(each, str) else view_of(each).data(each) for each in display.lines]


def statements(text: str) -> Iterator[str]:
    for statement in parse(Source("<text>", text), BUILTINS.commands()).body:
        yield text[statement.start : statement.end]


def prefixes(text: str, first: int) -> Iterator[str]:
    for part in text.split("\n"):
        whole = part.strip()
        yield from (whole[:end] for end in range(1 + first % EACH, len(whole), EACH))
        yield whole


def test_a_graph_that_a_backward_has_freed_leaves_the_value() -> None:
    made = Session(Kept(), seed=0)
    assert made.run("let x = ones(2, grad); let y = x * x; y[0] = 3.0; let loss = y.sum(); backward loss", "<p>").ok
    assert shown(Looker(made), "loss") == "= tensor(4)  [] float32"
    assert shown(Looker(made), "y * 2") == "= tensor([6, 2])  [2] float32"


@pytest.mark.usefixtures("uncollected")
def test_what_a_view_retains_stays_with_it() -> None:
    """A view whose base is written later gets its node when it is first read."""
    made = Session(Kept(), seed=0)
    assert made.run("let a = ones(3, grad); let b = a * 2; let v = b[:2]; v.retain_grad(); b.mul_(10)", "<p>").ok
    before = state(made)
    assert shown(Looker(made), "v.sum()").startswith("= tensor(40)")
    assert state(made) == before
    assert made.run("v.sum().backward(); assert v.grad.sum() == 2", "<p>").ok


SMALL = [path for path in PROGRAMS if len(path.read_text()) < LONG and "param " not in path.read_text()]


@pytest.mark.usefixtures("uncollected")
@pytest.mark.parametrize("path", SMALL[1::6], ids=lambda path: path.stem)
def test_nothing_is_touched(path: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A program statement by statement, of each of whose lines prefixes are looked at, prints what it prints alone."""
    text = path.read_text()
    alone, watched = Kept(), Kept()
    monkeypatch.chdir(tmp_path)
    plain, looked = Session(alone, seed=0), Session(watched, seed=0)
    looker = Looker(looked)
    for number, statement in enumerate(statements(text), 1):
        name = str(path.with_name(f"<prompt {number}>"))
        plain.run(statement, name)
        before = state(looked)
        reports = [looker.look(prefix) for prefix in prefixes(statement, number)]
        del reports
        after = state(looked)
        assert after == before, statement
        assert mode.interpreter is None
        looked.run(statement, name)
    assert said(watched) == said(alone)
