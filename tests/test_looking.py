"""The words that look at graphs: programs and what they show, tests/looking/NAME.grad and NAME.out.

Each output stands there as a terminal of 80 and one of 140 columns shows it, and one without Unicode. To add one, write
NAME.grad and run `make record`; then read what it wrote.
"""

from __future__ import annotations

import io
import json
import re
import sys
from pathlib import Path
from xml.etree import ElementTree

import numpy as np
import pytest

from gradsh import Session
from gradsh.cli import main
from gradsh.looking.places import shortened
from gradsh.reports import Report
from gradsh.runtime import results
from gradsh.runtime.results import Result
from gradsh.view.display import Display
from gradsh.view.registry import Look, view_of

FOLDER = Path(__file__).parent / "looking"
PROGRAMS = sorted(FOLDER.glob("*.grad"))
LOOKS = {
    "80 columns": Look(width=80),
    "140 columns": Look(width=140),
    "without Unicode": Look(width=80, unicode=False),
}


class Shown(Display):
    """Shows everything on several terminals at once."""

    def __init__(self) -> None:
        self.texts = dict.fromkeys(LOOKS, "")
        self.buffer = io.StringIO()
        super().__init__(self.buffer, self.buffer)

    def report(self, report: Report) -> None:
        self.flush()
        for name, look in LOOKS.items():
            self.texts[name] += view_of(report).text(report, look)

    def flush(self) -> None:
        """What was written beside reports looks the same on all."""
        for name in LOOKS:
            self.texts[name] += self.buffer.getvalue()
        self.buffer.seek(0)
        self.buffer.truncate()


def shown(program: Path) -> str:
    """All that the program shows; where two terminals show the same, it stands there once."""
    display = Shown()
    result = Session(display=display).run(program.read_text(encoding="utf-8"), program.name)
    display.flush()
    found: dict[str, list[str]] = {}
    for name, text in display.texts.items():
        found.setdefault(text, []).append(name)
    parts = [f"=== {', '.join(names)} ===\n{text}" for text, names in found.items()]
    return "".join(parts) + f"[exit status {result.status}]\n"


@pytest.mark.parametrize("program", PROGRAMS, ids=lambda path: path.stem)
def test_recorded(program: Path) -> None:
    assert shown(program) == program.with_suffix(".out").read_text(encoding="utf-8")


def test_no_line_is_wider_than_the_terminal() -> None:
    for program in PROGRAMS:
        narrow = program.with_suffix(".out").read_text(encoding="utf-8").partition("=== 140")[0]
        reports = [line for line in narrow.split("\n") if not line.startswith(("warning", "error[", "help: "))]
        assert not [line for line in reports if len(line) > 80], program.name


def test_a_terminal_without_unicode_gets_none() -> None:
    for program in PROGRAMS:
        ascii_part = program.with_suffix(".out").read_text(encoding="utf-8").partition("without Unicode ===")[2]
        assert ascii_part.isascii(), program.name


# --- what looking must not do ----------------------------------------------------------------------------------------

NETWORK = """\
manual_seed(0)
let net = Sequential(Linear(2, 3), ReLU(), Linear(3, 1))
let x = randn(4, 2)
let y = randn(4, 1)
let h = net(x)
let loss = mse_loss(h, y)
"""


def printed(program: str) -> list[str]:
    out = io.StringIO()
    session = Session(out=out, err=out)
    result = session.run(program)
    assert result.ok, out.getvalue()
    return out.getvalue().splitlines()


def test_looking_changes_nothing() -> None:
    """No `.grad`, no version, not the random stream; and `explain` leaves what `backward` does."""
    state = "print net[0].weight.grad, x._version, h._version, net[0].weight._version, rand(1)\n"
    words = (
        "graph loss, values, grads",
        "graph loss, open, nodes",
        "saved loss",
        "kinks loss",
        "explain loss, forward",
    )
    looked = printed(NETWORK + "\n".join(words) + "\n" + state)
    assert looked[-1:] == printed(NETWORK + state)[-1:]
    grads = "print [p.grad for p in net.parameters()]\nprint rand(1)\n"
    explained = printed(NETWORK + "explain loss\n" + grads)
    backward = printed(NETWORK + "backward loss\n" + grads)
    assert explained[-len(backward) :] == backward


def test_a_program_that_looks_prints_what_it_prints() -> None:
    """Notes are taken of everything: functions, lists, tuples, models, modes, errors caught."""
    program = """\
fn f(x, *rest) { let k = [i * x for i in range(3)]; return sum(k) ** 2 + len(rest) }
let x = tensor([1.0, 2.0], grad)
let a, b = f(x, 1, 2)
let values, indices = (x * 2).max(dim=0)
try { ones(2) @ ones(3) } catch err { print "caught" }
no_grad { x *= 2 }
let g = fn(t) = t |> sin |> exp
for row in stack([x, x]) { a = a + row.sum() }
print a, b, values, indices, g(x), x.T, -x, vmap(fn(t) = t * 2)(x), f"{a:.2f}"
let d = {"k": x * 3}
print d["k"][0], (x.sum(), x.mean())[1], [y * 2 for y in x]
backward a + b
print x.grad
"""
    plain = printed(program)
    assert printed(program + "let z = x * 1\nsaved z\n")[: len(plain)] == plain


def test_many_operations() -> None:
    chain = "let w = tensor(0.5, grad)\nlet x = tensor(1.0)\nfor i in range(2000) { x = sin(x * w) }\n"
    words = "graph x\nprint 1\ngraph x, nodes\nprint 2\nkinks x\nexplain x\n"
    lines = printed(chain + words)
    folded, rest = lines[: lines.index("1")], lines[lines.index("1") + 1 :]
    every, rest = rest[: rest.index("2")], rest[rest.index("2") + 1 :]
    assert any("1,999 more rounds of line 3" in line for line in folded) and len(folded) < 10
    assert len(every) > 4000 and max(map(len, every)) <= 80
    assert rest[0] == "no kink: none of these operations can have one"
    assert "the sum of 2,000" in "".join(rest) and len(rest) < 20


# --- pictures ---------------------------------------------------------------------------------------------------------

CODE_7 = "let x = tensor(5.0, grad)\nlet y = x ** 3\nlet w = x ** 2\nlet z = log(y) + sqrt(w)\n"


def test_pictures(tmp_path: Path) -> None:
    program = CODE_7 + "".join(f'graph z, "{tmp_path}/z.{kind}"\n' for kind in ("svg", "dot", "json", "png"))
    assert printed(program + "print x.grad\n") == ["None"]
    svg = (tmp_path / "z.svg").read_text(encoding="utf-8")
    boxes = ElementTree.fromstring(svg)
    texts = ["".join(each.itertext()) for each in boxes.iter("{http://www.w3.org/2000/svg}text")]
    assert {"· 75", "· 10", "· 0.008", "· 0.1"} <= set(texts) and "x" in texts
    assert any("1.6" in text for text in texts) and "http" not in svg.replace("http://www.w3.org/2000/svg", "")
    dot = (tmp_path / "z.dot").read_text(encoding="utf-8")
    assert dot.startswith("digraph") and dot.count("->") == 6 and 'label="· 75"' in dot
    data = json.loads((tmp_path / "z.json").read_text(encoding="utf-8"))
    assert [row["label"] for row in data["rows"]][-1] == "x"
    assert data["rows"][-1]["gradient"]["value"] == pytest.approx(1.6, rel=1e-6)
    assert (tmp_path / "z.png").read_bytes().startswith(b"\x89PNG")


def test_boxes_do_not_meet_and_arrows_go_down() -> None:
    from gradsh.looking.pictures import lay_out
    from gradsh.reports.looking import DrawnRow, GraphDrawing

    rng = np.random.default_rng(0)
    rows = []
    for at in range(30):
        row = DrawnRow("operation" if at < 26 else "leaf", "x" * int(rng.integers(1, 30)), "line 1", ())
        row.steps = (at + 1, at + 1) if at < 26 else None
        row.inputs = sorted({int(i) for i in rng.integers(at + 1, 30, 2)}) if at < 26 else []
        rows.append(row)
    boxes, arrows, width, height = lay_out(GraphDrawing("z", rows))
    for each, at, _ in arrows:
        assert boxes[each].y + boxes[each].height < boxes[at].y
    for i, one in enumerate(boxes):
        assert one.x >= 0 and one.x + one.width <= width and one.y >= 0 and one.y + one.height <= height
        for other in boxes[:i]:
            apart = one.x + one.width <= other.x or other.x + other.width <= one.x
            assert apart or one.y + one.height <= other.y or other.y + other.height <= one.y


@pytest.mark.parametrize(
    ("line", "words"),
    [
        ('graph z, "z.gif"', "must end in .svg, .png, .dot or .json"),
        ('graph z, "nowhere/z.svg"', "there is no folder 'nowhere'"),
        ("graph z, 3", "behind the tensor may stand the name of a file"),
        ("graph 3", "graph: 3 is not a tensor but int"),
        ("explain (z, z)", "explain: (z, z) is not a tensor but tuple"),
        ("saved z.item()", "saved: z.item() is not a tensor but float"),
        ("kinks()", "kinks: no tensor was given"),
        ("graph z, open=x", "open= takes a model, not Tensor"),
        ("graph z, open=Linear(1, 1)", "this Linear has no rows of its own in the graph of z"),
        ("graph y, to=w", "there is no way from y to this tensor"),
        ("explain z, 3", "the gradient that comes in must be a tensor, not int"),
        ("explain stack([z, z])", "grad can be implicitly created only for scalar outputs"),
        ("explain z.detach()", "does not require grad"),
        ("graph z, nods", "nods"),
    ],
)
def test_bad_input(line: str, words: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    out = io.StringIO()
    result = Session(out=out, err=out).run(CODE_7 + line)
    assert result.status in (1, 3) and words in out.getvalue(), out.getvalue()


def test_a_missing_extra(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setitem(sys.modules, "resvg_py", None)
    out = io.StringIO()
    assert Session(out=out, err=out).run(CODE_7 + f'graph z, "{tmp_path}/z.png"').status == 1
    assert "pip install 'gradsh[pictures]'" in out.getvalue() and not list(tmp_path.iterdir())


def test_the_sub_command(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    program = tmp_path / "code7.grad"
    program.write_text('print "running"\n' + CODE_7, encoding="utf-8")
    assert main.run(["graph", str(program), "z", "-o", str(tmp_path / "z.svg")]) == 0
    assert capsys.readouterr().out == "" and (tmp_path / "z.svg").stat().st_size > 1000
    assert main.run(["graph", str(program), "z"]) == 0
    assert "log(y)" in capsys.readouterr().out
    assert main.run(["graph", str(program), "q"]) == 3
    assert "name 'q' is not defined" in capsys.readouterr().err


def test_pieces_of_the_program_are_never_broken_in_a_name() -> None:
    for text in ("loss = cross_entropy(net(first, second), target, label_smoothing=0.1)", "a_long_name + another_name"):
        words = set(re.findall(r"\w+", text))
        for room in range(12, 80):
            short = shortened(text, room)
            assert set(re.findall(r"\w+", short)) <= words
            assert len(short) <= max(room, 34)
    assert shortened("cross_entropy(net(x), t, weight=w)", 25) == "cross_entropy(net(x), …)"


def test_norms_of_tiny_and_of_huge_numbers() -> None:
    """Their squares are no float32: neither is told as 0, nor as inf."""
    for factor, norm in (("1e-30", "1e-29"), ("1e30", "1e+31")):
        out = io.StringIO()
        program = f"let x = ones(100, grad)\nlet y = x * {factor}\nexplain y.sum()"
        assert Session(out=out, err=out).run(program).ok
        assert f"[100]  norm {norm}" in " ".join(out.getvalue().split()).replace("] norm", "]  norm")


@pytest.mark.parametrize("size", [(2, 3), (4, 5), (400, 100)], ids=["few", "copied", "large"])
def test_a_result_is_what_the_tensor_was(size: tuple[int, int]) -> None:
    """Its norm is computed when somebody asks, of what the array held then."""
    array = np.arange(size[0] * size[1], dtype=np.float32).reshape(size)
    array[:, 1] = 0
    norm = float(np.linalg.norm(array)) if array.size > results.FEW else None
    result = Result(array)
    array[...] = np.nan
    assert result.empty == (1,) and result.odd is None
    if norm is None:
        assert result.norm is None
    else:
        assert result.norm == pytest.approx(norm, rel=1e-6)
        assert Result(array).odd == ((0, 0), pytest.approx(np.nan, nan_ok=True))


def test_what_results_hold_is_bounded() -> None:
    """However many there are, and whether or not anybody asks; those that are gone are not computed."""
    array = np.ones((64, 64), np.float32)
    results.held.settle()
    made = [Result(array * k) for k in range(1000)]
    assert sum(each._data.nbytes for each in made if each._data is not None) <= results.HELD
    assert results.held.bytes <= results.HELD
    assert [each.norm for each in made] == pytest.approx([64.0 * k for k in range(1000)])
    assert made[0].empty == tuple(range(results.FEW)) and not any(each.empty for each in made[1:])
