"""What `gradsh check` warns of: the lints one by one, programs with the exact text that is said of them, and silence.

tests/lints/NAME.grad and NAME.out: to add one, write NAME.grad and run `make record`; then read what it wrote.
"""

from __future__ import annotations

import io
import json
import re
import subprocess
import sys
from pathlib import Path

import pytest

from gradsh import Session
from gradsh.causes.text import read
from gradsh.errors import Refused, Source, WarningRecord
from gradsh.files import Files
from gradsh.language import nodes
from gradsh.language.mending import offered
from gradsh.language.syntax import parse
from gradsh.lints.registry import FILES, Lint, lint, load, warnings
from gradsh.runtime.builtins import BUILTINS
from gradsh.session.check import Entered, check
from gradsh.view.diagnostics import write
from tests.conftest import ROOT, Gradsh
from tests.lint_variants import SILENT as MEANT_SO
from tests.lint_variants import WARNED

FOLDER = Path(__file__).parent / "lints"
PROGRAMS = sorted(FOLDER.glob("*.grad"))
# those of examples/looking/ show what goes wrong, and what is said of it
GOOD = [*ROOT.glob("examples/*.grad"), *ROOT.glob("examples/notebooks/**/*.grad"), *ROOT.glob("tests/twins/*.grad")]
ROWS = {name: json.loads((ROOT / f"tests/conformance/{name}.json").read_text()) for name in ("probes", "writes")}


def said_of(text: str) -> list[WarningRecord]:
    return warnings(Source("<text>", text), BUILTINS)


def codes(text: str) -> list[str]:
    return [warning.code for warning in said_of(text)]


def shown(program: Path) -> str:
    """What `gradsh check` says of a program."""
    out = io.StringIO()
    errors, found = check(program.name, program.read_text(encoding="utf-8"))
    write(errors or found, out)
    return out.getvalue()


def run(text: str) -> str:
    """What goes wrong when a program runs, "" for nothing: neither an error nor a warning."""
    err = io.StringIO()
    Session(out=io.StringIO(), err=err).run(text)
    return err.getvalue()


# --- each lint ---------------------------------------------------------------------------------------------------


def lacks(entry: Lint) -> list[str]:
    """What is wrong with an entry, beside what it finds."""
    missing = [name for name in ("summary", "happened", "example", "cure") if not getattr(entry, name)]
    return missing + [f"{name}: one sentence" for name in ("summary",) if not re.fullmatch(r"[^\n]+\.", entry.summary)]


@pytest.mark.parametrize("code", sorted(FILES))
def test_a_lint_is_whole(code: str) -> None:
    entry = load(code)
    assert entry is not None, f"{FILES[code]}.py has no @lint({code!r})"
    assert entry.find.__name__ == FILES[code][6:], "the file has the name of its function"
    assert lacks(entry) == []
    assert set(codes(entry.example)) == {code}
    assert codes(entry.cure) == []
    assert run(entry.cure) == ""


@pytest.mark.parametrize("code", sorted(FILES))
def test_its_help_is_a_cure(code: str) -> None:
    entry = load(code)
    assert entry is not None and said_of(entry.example)[0].help
    assert run(cured(entry.example)) == ""


def test_what_an_entry_lacks_is_told() -> None:
    lacking = ["summary", "happened", "example", "cure", "summary: one sentence"]
    assert lacks(Lint("W0000", said_of, "", "", "")) == lacking
    with pytest.raises(TypeError, match="both claim W0511"):
        load("W0511")
        lint("W0511")(said_of)


def test_every_lint_is_recorded() -> None:
    said = "".join(program.with_suffix(".out").read_text(encoding="utf-8") for program in PROGRAMS)
    assert [code for code in FILES if f"warning[{code}]: " not in said] == []


# --- programs ----------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("program", PROGRAMS, ids=lambda path: path.stem)
def test_recorded(program: Path) -> None:
    assert shown(program) == program.with_suffix(".out").read_text(encoding="utf-8")


def cured(text: str) -> str:
    """The program after what the help lines say, one after the other."""
    for _ in range(20):
        found = said_of(text)
        if not found:
            return text
        warning = found[0]
        assert warning.help is not None, f"{warning.message}\n{text}"
        assert all(read(piece) is not None for piece in offered(warning.help)), warning.help
        text = followed(text, warning)
    raise AssertionError(f"still warned of: {said_of(text)[0].message}\n{text}")


def followed(text: str, warning: WarningRecord) -> str:
    """The program after what a help line says: in the place of what is underlined, or where else it says."""
    assert warning.help is not None and warning.span is not None
    start, end = warning.span.start, warning.span.end
    for part in re.split(r"; (?=on line)", warning.help):
        how = re.fullmatch(r"(?:on line (\d+): )?`([^`]*)`(?: (before|in place of) (?:line (\d+)|`([^`]*)`))?", part)
        assert how is not None, part
        on, code, word, line, other = how.groups()
        if on:
            tree = parse(Source("", text), BUILTINS.commands())
            at = next(s for s in nodes.walk(tree) if isinstance(s, nodes.Stmt) and begins(text, s) == int(on))
            text = text[: at.start] + code + text[at.end :]
        elif word == "before":
            before = Source("", text).starts[int(line) - 1] if line else text.index(other)
            before += len(text[before:]) - len(text[before:].lstrip())
            if code == text[start:end]:  # it is moved
                text = text[:start] + "pass" + text[end:]
            text = text[:before] + code + "; " + text[before:]
        elif word:
            text = text.replace(other, code, 1)
        else:
            text = text[:start] + code + text[end:]
    return text


def begins(text: str, node: nodes.Node) -> int:
    """The line on which a piece of a program begins."""
    return Source("", text).position(node.start)[0]


@pytest.mark.parametrize("program", PROGRAMS, ids=lambda path: path.stem)
def test_the_help_lines_cure_it(program: Path) -> None:
    assert run(cured(program.read_text(encoding="utf-8"))) == ""


SHOWN = {"why.grad": ["W0508"], "nancheck.grad": ["W0508"]}  # examples of what to do about it


@pytest.mark.parametrize("path", GOOD, ids=lambda path: path.name)
def test_a_good_program_is_not_warned_of(path: Path) -> None:
    errors, found = check(str(path), path.read_text(encoding="utf-8"))
    assert ([e.message for e in errors], [w.code for w in found]) == ([], SHOWN.get(path.name, []))


@pytest.mark.parametrize("path", sorted(ROOT.glob("gradsh/lib/*.grad")), ids=lambda path: path.name)
def test_the_library_is_not_warned_of(path: Path) -> None:
    assert warnings(Source(path.name, path.read_text(encoding="utf-8")), BUILTINS.library.table) == []


# programs that were recorded to see what becomes of what is warned of
RIGHTLY = {
    "backward int-valued output": ["W0510"],
    "twice: a.floor()": ["W0510"],
    "twice: a.sign()": ["W0510"],
    "Function: None grad": ["W0512"],
    "corner: where nan": ["W0508"],
    "corner: where nan 0": ["W0508"],
}


@pytest.mark.parametrize("name", sorted(ROWS))
def test_the_recorded_programs_of_pytorch_are_not_warned_of(name: str) -> None:
    found = {row["name"]: check("row", row["code"])[1] for row in ROWS[name]["rows"] if "code" in row}
    said = {name: [w.code for w in warnings] for name, warnings in found.items() if warnings and name not in RIGHTLY}
    assert said == {}
    assert {row: [w.code for w in found[row]] for row in RIGHTLY if row in found} in (RIGHTLY, {})


SILENT = {
    "a function clears": "fn clear() = zero_grad(w)\nlet w = ones(2, grad)\n"
    "repeat 2 { backward w.sum(); no_grad { w -= w.grad }; clear() }",
    "one round": "let w = ones(2, grad)\nwhile true { backward w.sum(); no_grad { w -= w.grad }; break }",
    "decayed": "let w = ones(2, grad)\nrepeat 2 { backward w.sum(); no_grad { w -= w.grad; w.grad *= 0.9 } }",
    "a scheduler": "let w = ones(2, grad)\nlet s = StepLR(SGD([w], lr=0.1), 1)\n"
    "repeat 2 { backward w.sum(); s.step() }",
    "new weights in every round": "for i in range(2) { let ws = [ones(2, grad)]; backward ws[0].sum()\n"
    "no_grad { for p in ws { p -= p.grad } } }",
    "in the other branch": "let w = ones(2, grad)\nbackward w.sum()\nif true { w = w - w.grad } else { print w.grad }",
    "rebound at once": "let w = ones(2, grad)\nrepeat 2 { backward w.sum(); w = w - w.grad; w = ones(2, grad) }",
    "another backward": "let x = ones(2, grad)\nlet y = x * 2\nbackward y.sum(), retain_graph\ny.retain_grad()\n"
    "backward y.sum()\nprint y.grad",
    "retained after another's": "let x = ones(2, grad)\nbackward x.sum()\nlet y = x * 2\ny.retain_grad()\nprint y.grad",
    "a history besides": "let x = ones(2, grad)\nlet y = ones(2, grad) * x\ny.grad",
    "detached": "let y = (ones(2, grad) * 2).detach()\ny.grad",
    "two flags": "let y = ones(2, grad) * ones(2, grad)\ny.grad",
}


@pytest.mark.parametrize("name", SILENT)
def test_silent(name: str) -> None:
    assert codes(SILENT[name]) == []


@pytest.mark.parametrize(("code", "number"), [(code, i) for code, texts in WARNED.items() for i in range(len(texts))])
def test_a_variant_is_warned_of_and_cured(code: str, number: int) -> None:
    text = WARNED[code][number]
    assert codes(text) == [code]
    assert run(cured(text)) == ""


@pytest.mark.parametrize("number", range(len(MEANT_SO)))
def test_a_variant_that_is_meant(number: int) -> None:
    assert codes(MEANT_SO[number]) == []


@pytest.mark.parametrize("text", ["let x = ", "print unknwon", "break"])
def test_what_is_wrong_with_a_program_is_not_looked_for(text: str) -> None:
    """It is found, with what was meant, by who runs it: at a prompt a name of a file that it began with took 20 ms."""
    with pytest.raises(Refused) as raised:
        said_of(text)
    assert raised.value.errors == []


def test_at_a_prompt_pieces_are_read_as_one_program() -> None:
    entered = Entered(BUILTINS, Files())
    lines = ["let w = tensor(2.0, grad)", "let scale = (w * w).item()", "scale +", "let b = ones(2, grad)"]
    assert [entered.warnings(f"<prompt {i}>", line) for i, line in enumerate(lines, 1)] == [[], [], [], []]
    (warning,) = entered.warnings("<prompt 5>", "backward (scale * b).sum()")
    assert warning.code == "W0505" and warning.span is not None
    assert (warning.span.source.name, warning.span.text) == ("<prompt 2>", "(w * w).item()")
    assert [label.span.source.name for label in warning.labels] == ["<prompt 1>", "<prompt 5>"]
    assert entered.warnings("<prompt 6>", "print w") == []  # said once
    loop = "repeat 3 {\n    backward (b ** 2).sum()\n    no_grad { b -= b.grad }\n}"
    assert [(w.code, w.help) for w in entered.warnings("<prompt 7>", loop)] == [
        ("W0501", "`zero_grad b` before line 2")
    ]


PAIRS = [
    "let w = randn(3, 1, grad); let x = randn(4, 3); let y = randn(4)\nrepeat 3 {\n"
    "    backward ((x @ w - y) ** 2).mean()\n}",
    "fn f(p, t) = ((t - p) ** 2).mean()\nlet net = Linear(3, 1)\nbackward f(net(randn(4, 3)), randn(4))",
    "let net = Linear(3, 1); let y = randn(4)\nrepeat 2 { backward mse_loss(net(randn(4, 3)), y) }",
]


@pytest.mark.parametrize("text", PAIRS)
def test_each_with_each_is_told_by_the_run_once_for_each_place(text: str) -> None:
    err = io.StringIO()
    assert Session(out=io.StringIO(), err=err).run(text).ok
    assert err.getvalue().count("warning[W0509]: ") == 1, err.getvalue()
    assert ".squeeze(1)" in err.getvalue()


MEANT = [
    "let x = randn(4, grad)\nbackward ((x.unsqueeze(1) - x) ** 2).sum()",
    "let x = randn(4, grad)\nlet c = x[:, none]\nbackward ((x - c) ** 2).sum()",
    "fn f(a, b) = ((a - b) ** 2).sum()\nlet x = randn(4, grad)\nbackward f(x.reshape(4, 1), x)",
    "let x = randn(1, 1, grad)\nbackward (x - ones(1)).sum()",
    "let x = randn(4, 3, grad)\nbackward (x - x.mean(1, keepdim)).sum()",
]


@pytest.mark.parametrize("text", MEANT)
def test_each_with_each_on_purpose(text: str) -> None:
    assert run(text) == ""


# --- the command -------------------------------------------------------------------------------------------------


def test_check_warns(gradsh: Gradsh, tmp_path: Path) -> None:
    entry = load("W0511")
    assert entry is not None
    (tmp_path / "warned.grad").write_text(entry.example)
    (tmp_path / "good.grad").write_text(entry.cure)
    (tmp_path / "bad.grad").write_text("print lss")
    done = gradsh("check", "warned.grad", "good.grad")
    assert (done.returncode, done.stdout) == (0, "")
    assert done.stderr.startswith("warning[W0511]: ") and "\n --> warned.grad:1:1\n" in done.stderr
    assert gradsh("check", "--errors=short", "warned.grad").stderr.startswith(
        "warned.grad:1:1: warning[W0511]: the leaf"
    )
    assert gradsh("check", "--strict", "warned.grad").returncode == 1
    assert gradsh("check", "--strict", "good.grad").returncode == 0
    for files in (["bad.grad", "warned.grad"], ["warned.grad", "bad.grad"]):
        assert gradsh("check", "--strict", *files).returncode == 3
    (data,) = map(json.loads, gradsh("check", "--json", "warned.grad").stderr.splitlines())
    assert data["help"] == "`let w = (randn(3) * 0.1).requires_grad_()`"
    assert [data[key] for key in ("warning", "file", "line", "column")] == ["W0511", "warned.grad", 1, 1]


def test_nothing_that_runs_a_program_imports_them() -> None:
    code = (
        "import io, sys; from gradsh import Session; Session(out=io.StringIO()).run('let x = ones(2, grad); show x');"
        "print([name for name in sys.modules if name.startswith('gradsh.lints')])"
    )
    out = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, cwd=ROOT, check=True).stdout
    assert out == "[]\n"
