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
from gradsh.advice.scene import offered, read
from gradsh.errors import Source, WarningRecord
from gradsh.lints.registry import FILES, Lint, lint, load, warnings
from gradsh.runtime.builtins import BUILTINS
from gradsh.session.check import check
from gradsh.view.diagnostics import write
from gradsh.view.plain import undriving
from tests.conftest import ROOT, Gradsh

FOLDER = Path(__file__).parent / "lints"
PROGRAMS = sorted(FOLDER.glob("*.grad"))
GOOD = [*ROOT.glob("examples/**/*.grad"), *ROOT.glob("tests/twins/*.grad")]
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
    missing = [name for name in ("summary", "example", "cure") if not getattr(entry, name)]
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


@pytest.mark.parametrize("code", sorted(FILES))
def test_its_page(code: str) -> None:
    out = io.StringIO()
    assert Session(out=out, err=out).run(f"help {code}").ok
    entry, page = load(code), out.getvalue()
    assert entry is not None and page.startswith(f"warning[{code}]\n  ")
    assert all(undriving(line) in page for line in (*entry.example.splitlines(), *entry.cure.splitlines()))
    assert f"            warning[{code}]: " in page and "\n  cure      " in page
    out = io.StringIO()
    assert Session(out=out, err=out).run(f'help "{code}"').ok and out.getvalue() == page


def test_what_an_entry_lacks_is_told() -> None:
    assert lacks(Lint("W0000", said_of, "", "", "")) == ["summary", "example", "cure", "summary: one sentence"]
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
    """The program after what the help lines say: in the place of what is underlined, or before something else."""
    for _ in range(10):
        found = said_of(text)
        if not found:
            return text
        warning = found[0]
        assert warning.help is not None and warning.span is not None
        assert all(read(piece) is not None for piece in offered(warning.help)), warning.help
        place = re.fullmatch(r"`([^`]*)`(?: before (?:line (\d+)|`([^`]*)`))?", warning.help)
        assert place is not None, warning.help
        code, line, before = place.groups()
        start, end = warning.span.start, warning.span.end
        if line or before:
            at = Source("", text).starts[int(line) - 1] if line else text.index(before)
            while text[at].isspace():
                at += 1
            if code == warning.span.text:  # it is moved
                text = text[:start] + "pass" + text[end:]
            text = text[:at] + code + "; " + text[at:]
        else:
            text = text[:start] + code + text[end:]
    raise AssertionError(f"still warned of: {said_of(text)[0].message}\n{text}")


@pytest.mark.parametrize("program", PROGRAMS, ids=lambda path: path.stem)
def test_the_help_lines_cure_it(program: Path) -> None:
    assert run(cured(program.read_text(encoding="utf-8"))) == ""


@pytest.mark.parametrize("path", GOOD, ids=lambda path: path.name)
def test_a_good_program_is_not_warned_of(path: Path) -> None:
    errors, found = check(str(path), path.read_text(encoding="utf-8"))
    assert ([e.message for e in errors], [w.message for w in found]) == ([], [])


@pytest.mark.parametrize("path", sorted(ROOT.glob("gradsh/lib/*.grad")), ids=lambda path: path.name)
def test_the_library_is_not_warned_of(path: Path) -> None:
    assert warnings(Source(path.name, path.read_text(encoding="utf-8")), BUILTINS.library.table) == []


@pytest.mark.parametrize("name", sorted(ROWS))
def test_the_recorded_programs_of_pytorch_are_not_warned_of(name: str) -> None:
    found = {row["name"]: check("row", row["code"])[1] for row in ROWS[name]["rows"] if "code" in row}
    assert {name: said[0].message for name, said in found.items() if said} == {}


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
