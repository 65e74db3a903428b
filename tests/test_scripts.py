"""Scripts: their parameters, the files that they use, the environment, the loader and the bar."""

from __future__ import annotations

import io
import json
from collections.abc import Callable
from pathlib import Path

import pytest

from gradsh import Session
from gradsh.errors import BadArguments
from tests.conftest import Gradsh, Here

SCRIPT = """#!/usr/bin/env gradsh
# Trains nothing.

param lr = 0.01        # learning rate
param epochs = 10      # how often
param run_name = "run"
param verbose = false  # talk
param sizes = [64, 32]
param resume = none
param twice = 2 * 3
print lr, epochs, run_name, verbose, sizes, resume, twice
"""
DEFAULTS = "0.01 10 run False [64, 32] None 6\n"

Write = Callable[[str, str], Path]


@pytest.fixture
def write(tmp_path: Path) -> Write:
    def write(name: str, text: str) -> Path:
        path = tmp_path / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text, encoding="utf-8")
        return path

    return write


def run(text: str, name: str = "<input>", arguments: object = ()) -> tuple[str, str, int]:
    out, err = io.StringIO(), io.StringIO()
    status = Session(out=out, err=err).run(text, name, arguments).status  # type: ignore[arg-type]  # tests give both kinds
    return out.getvalue(), err.getvalue(), status


# --- parameters ---------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("words", "printed"),
    [
        ([], DEFAULTS),
        (["--lr", "0.1"], "0.1 10 run False [64, 32] None 6\n"),
        (["--lr=1"], "1.0 10 run False [64, 32] None 6\n"),
        (["--lr", "-1e-3"], "-0.001 10 run False [64, 32] None 6\n"),
        (["--lr", "inf", "--lr", ".5"], "0.5 10 run False [64, 32] None 6\n"),
        (["--epochs", "0x10"], "0.01 16 run False [64, 32] None 6\n"),
        (["--epochs", "1_000"], "0.01 1000 run False [64, 32] None 6\n"),
        (["--run-name", "a b"], "0.01 10 a b False [64, 32] None 6\n"),
        (["--run_name", "3"], "0.01 10 3 False [64, 32] None 6\n"),
        (["--run-name", "'quoted'"], "0.01 10 quoted False [64, 32] None 6\n"),
        (["--run-name=--x"], "0.01 10 --x False [64, 32] None 6\n"),
        (["--verbose"], "0.01 10 run True [64, 32] None 6\n"),
        (["--verbose", "false"], "0.01 10 run False [64, 32] None 6\n"),
        (["--verbose=true", "--lr", "1"], "1.0 10 run True [64, 32] None 6\n"),
        (["--verbose", "--no-verbose"], DEFAULTS),
        (["--sizes", "[1, 2, [3.0]]"], "0.01 10 run False [1, 2, [3.0]] None 6\n"),
        (["--resume", "run.npz"], "0.01 10 run False [64, 32] run.npz 6\n"),
        (["--resume", "3"], "0.01 10 run False [64, 32] 3 6\n"),
        (["--twice", "7"], "0.01 10 run False [64, 32] None 7\n"),
    ],
)
def test_values(words: list[str], printed: str) -> None:
    assert run(SCRIPT, "train.grad", words) == (printed, "", 0)


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (["--lr", "fast"], "--lr takes a number, as its default 0.01, not 'fast'"),
        (["--lr", "none"], "--lr takes a number, as its default 0.01, not 'none'"),
        (["--lr", "1 + 1"], "--lr takes a number, as its default 0.01, not '1 + 1'"),
        (["--epochs", "1.5"], "--epochs takes an integer, as its default 10, not '1.5'"),
        (["--epochs", "true"], "--epochs takes an integer, as its default 10, not 'true'"),
        (["--verbose=1"], "--verbose takes true or false, as its default false, not '1'"),
        (["--no-verbose=1"], "--no-verbose takes no value"),
        (["--sizes", "64"], "--sizes takes a list, as its default [64, 32], not '64'"),
        (["--sizes", "[1, x]"], "--sizes takes a list, as its default [64, 32], not '[1, x]'"),
        (["--lrr", "1"], "train.grad declares no parameter for '--lrr'; did you mean --lr?"),
        (["--no-lr"], "train.grad declares no parameter for '--no-lr'"),
        (["-lr", "1"], "train.grad declares no parameter for '-lr'; did you mean --lr?"),
        (["--lr"], "--lr needs a value, as in --lr 0.01"),
        (["--lr", "--verbose"], "--lr needs a value, as in --lr 0.01"),
        (["0.1"], "'0.1' is left over: parameters of train.grad are given by name, as in --lr 0.1"),
    ],
)
def test_what_does_not_fit(words: list[str], said: str) -> None:
    with pytest.raises(BadArguments) as caught:
        run(SCRIPT, "train.grad", words)
    assert str(caught.value).startswith(said)


def test_a_computed_default_is_checked_when_it_is_known() -> None:
    out, err, status = run(SCRIPT, "train.grad", ["--twice", "1.5"])
    assert (out, status) == ("", 1)
    assert err.startswith("error[E0608]: --twice takes an integer, as its default 6, not '1.5'\n  --> train.grad:10:1")


def test_values_from_python() -> None:
    assert run(SCRIPT, "train.grad", {"lr": 1, "verbose": True})[0] == "1.0 10 run True [64, 32] None 6\n"
    assert run(SCRIPT, "train.grad", {"lr": "x"})[1].startswith("error[E0608]: the parameter 'lr' takes a number")
    with pytest.raises(BadArguments):
        run(SCRIPT, "train.grad", {"rate": 1})


def test_the_command_line(gradsh: Gradsh, write: Write) -> None:
    write("train.grad", SCRIPT)
    assert gradsh("train.grad").stdout == DEFAULTS
    done = gradsh("--json", "--set", "lr=0.1", "train.grad", "--epochs", "3")
    assert [json.loads(line)["data"] for line in done.stdout.splitlines()][:2] == [0.1, 3]
    done = gradsh("train.grad", "--lrr", "0.1")
    assert (done.returncode, done.stdout) == (2, "")
    assert done.stderr == (
        "gradsh: train.grad declares no parameter for '--lrr'; did you mean --lr?\nTry 'gradsh train.grad --help'.\n"
    )
    assert gradsh("train.grad", "--lr", "x").returncode == 2
    assert "gradsh --json train.grad" in gradsh("train.grad", "--json").stderr
    assert gradsh("--set", "x=2", "-c", "param x = 1; x").stdout == "2\n"
    assert gradsh("--set", "x=2", input="param x = 1; x").stdout == "2\n"
    assert gradsh("--set", "y=2", "-c", "param x = 1; x").returncode == 2
    assert gradsh("--set", "x", "-c", "param x = 1; x").returncode == 2
    assert gradsh("train.grad", "--lr", "0.1", "--epochs", "2").stdout.startswith("0.1 2 ")  # from the cache


def test_help_runs_nothing(gradsh: Gradsh, write: Write) -> None:
    write("train.grad", SCRIPT + "print undefined_name\n")
    for option in ("--help", "-h"):
        done = gradsh("train.grad", option)
        assert (done.returncode, done.stderr) == (0, "")
        assert done.stdout == (
            "usage: gradsh train.grad [--NAME VALUE ...]\n\nTrains nothing.\n\nparameters:\n"
            "  --lr NUMBER              learning rate  (default: 0.01)\n"
            "  --epochs INTEGER         how often  (default: 10)\n"
            '  --run-name TEXT          (default: "run")\n'
            "  --verbose, --no-verbose  talk  (default: false)\n"
            "  --sizes LIST             (default: [64, 32])\n"
            "  --resume VALUE           (default: none)\n"
            "  --twice VALUE            (default: 2 * 3)\n"
        )
    write("none.grad", "print 1")
    assert gradsh("none.grad", "--help").stdout.endswith("This script declares no parameters.\n")
    write("bad.grad", "param = = 1")
    assert gradsh("bad.grad", "--help").returncode == 3


def test_only_at_top_level_and_once() -> None:
    for text in ("if true { param x = 1 }", "fn f() { param x = 1 }", 'repeat 2 { use "a.grad" }'):
        out, err, status = run("print 1\n" + text)
        assert (out, status) == ("", 3) and err.startswith("error[E0211]"), text
    assert run("param x = 1; param x = 2")[1].startswith("error[E0208]: the parameter 'x' is declared twice")
    assert run("param x = 1; x = 2; fn f() { x += 1 }; f(); x") == ("3\n", "", 0)


# --- use ------------------------------------------------------------------------------------------------------------

LIBRARY = """print "library runs"
let count = 0
let _own = 5
fn bump(n=1, loud=false) { count += n; if loud { print "bump" }; return count }
fn relu(x) = x
model Net(n) { let w = ones(n, grad); forward(x) = (w * x).sum() }
fn fail() = ones(2) + ones(3)
"""


def test_names_come_in_and_stay_behind_an_alias(gradsh: Gradsh, write: Write) -> None:
    write("lib/deep.grad", 'print "deep runs"; let shared = 7')
    write("lib/nets.grad", 'use "deep.grad"\n' + LIBRARY)
    write(
        "main.grad",
        'use "lib/nets.grad"\nuse "./lib/../lib/nets.grad" as lib\nuse "lib/deep.grad" as deep\n'
        "print bump(loud), bump(2), lib.bump(n=1), lib.bump(loud), lib.count, count\n"
        "print shared, deep.shared, relu(-1.0), Net(2)(ones(2)), lib.Net(3)(ones(3))\n"
        "lib.count = 10; print bump(), lib, 2.0 |> lib.relu\n",
    )
    want = (
        "deep runs\nlibrary runs\nbump\nbump\n1 3 4 5 5 0\n7 7 -1.0 tensor(2., grad_fn=<SumBackward0>) "
        "tensor(3., grad_fn=<SumBackward0>)\n11 <module 'lib/nets.grad'> 2.0\n"
    )
    for _ in range(2):  # compiled, then from the cache
        done = gradsh("main.grad")
        assert (done.stdout, done.stderr) == (want, "")


def test_paths_begin_at_the_file_that_says_them(gradsh: Gradsh, write: Write, tmp_path: Path) -> None:
    write("a/one.grad", 'use "../b/two.grad"; print two')
    write("b/two.grad", "let two = 2")
    assert gradsh("a/one.grad").stdout == "2\n"
    assert gradsh("-c", 'use "b/two.grad"; two').stdout == "2\n"
    (tmp_path / "link.grad").symlink_to(tmp_path / "a" / "one.grad")
    assert gradsh("link.grad").stdout == "2\n"
    (tmp_path / "b" / "same.grad").symlink_to(tmp_path / "b" / "two.grad")
    write("b/two.grad", 'print "once"; let two = 2')
    assert gradsh("-c", 'use "b/two.grad"; use "b/same.grad" as s; print s.two').stdout == "once\n2\n"


def test_a_changed_file_is_read_anew(gradsh: Gradsh, write: Write) -> None:
    write("base.grad", "let a = 1")
    write("lib.grad", 'use "base.grad"')
    program = 'use "lib.grad"; print a'
    assert gradsh("-c", program).stdout == gradsh("-c", program).stdout == "1\n"
    write("base.grad", "let a = 2")
    assert gradsh("-c", program).stdout == "2\n"
    write("base.grad", "let b = 3")
    assert gradsh("-c", program).stderr.startswith("error[E0201]: name 'a' is not defined")
    assert gradsh("-c", 'use "lib.grad"; print b').stdout == "3\n"


def test_everything_is_said_before_anything_runs(gradsh: Gradsh, write: Write) -> None:
    write("lib.grad", "print 1\nprint nowhere\n")
    write("half.grad", "let x = (1")
    done = gradsh("-c", 'print 0\nuse "lib.grad"\nuse "half.grad"\nuse "none.grad"\nlog(1, 2)')
    assert (done.returncode, done.stdout) == (3, "")
    for said in ("lib.grad:2:7", "half.grad:1:", "cannot read 'none.grad'", "<command line>:4:1", "log()"):
        assert said in done.stderr, said
    assert gradsh("check", "lib.grad").returncode == 3
    write("main.grad", 'use "lib.grad"')
    done = gradsh("check", "main.grad")
    assert done.returncode == 3 and "lib.grad:2:7" in done.stderr


def test_what_an_alias_does_not_have_is_said_before_running(gradsh: Gradsh, write: Write) -> None:
    write("lib.grad", LIBRARY)
    done = gradsh("-c", 'use "lib.grad" as lib; lib.bmp(1); lib.conut; lib._own')
    assert (done.returncode, done.stdout) == (3, "")
    assert "help: did you mean `lib.bump`?" in done.stderr and "help: did you mean `lib.count`?" in done.stderr
    assert gradsh("-c", 'use "lib.grad"; _own').returncode == 3


def test_cycles(gradsh: Gradsh, write: Write) -> None:
    write("a.grad", 'use "b.grad"')
    write("b.grad", 'use "sub/c.grad"')
    write("sub/c.grad", 'use "../a.grad" as again')
    done = gradsh("a.grad")
    assert done.returncode == 3
    assert "a.grad -> b.grad -> sub/c.grad -> a.grad" in done.stderr and "sub/c.grad:1:1" in done.stderr
    write("self.grad", 'use "./self.grad"')
    assert "'self.grad' uses itself: self.grad -> self.grad" in gradsh("self.grad").stderr


def test_errors_while_running_show_the_file(gradsh: Gradsh, write: Write) -> None:
    write("lib.grad", LIBRARY)
    done = gradsh("-c", 'use "lib.grad" as lib\nlib.fail()')
    assert done.returncode == 1
    assert "lib.grad:7:13" in done.stderr and "::: <command line>:2:1" in done.stderr
    write("stop.grad", "let a = 1\nassert false")
    done = gradsh("-c", 'use "stop.grad"')
    assert "stop.grad:2:8" in done.stderr and "<command line>:1:1" in done.stderr


def test_a_failed_file_binds_nothing_and_a_built_in_is_there_until_it_is_used(tmp_path: Path) -> None:
    (tmp_path / "lib.grad").write_text("fn relu(x) = 5\nassert ok > 0\n")
    (tmp_path / "ok.grad").write_text("let ok = 1")
    session = Session(out=(out := io.StringIO()), err=io.StringIO())
    path = tmp_path / "main.grad"
    assert session.run('print relu(tensor(-1.0))\nuse "bad.grad"', str(path)).status == 3
    (tmp_path / "bad.grad").write_text('use "ok.grad"\nlet a = 1\nassert false')
    assert session.run('print relu(tensor(-1.0))\nuse "bad.grad"', str(path)).status == 1
    assert not session.binds("a") and not session.binds("ok")
    (tmp_path / "lib.grad").write_text("fn relu(x) = 5")
    assert session.run('print relu(tensor(-1.0))\nuse "lib.grad"\nprint relu(1)', str(path)).ok
    assert out.getvalue() == "tensor(0.)\ntensor(0.)\n5\n"


def test_parameters_of_used_files_keep_their_defaults(tmp_path: Path) -> None:
    (tmp_path / "lib.grad").write_text("param lr = 0.5")
    main = str(tmp_path / "main.grad")
    assert run('param n = 1\nuse "lib.grad"\nprint n, lr', main, ["--n", "2"])[0] == "2 0.5\n"
    with pytest.raises(BadArguments):
        run('param n = 1\nuse "lib.grad"', main, ["--lr", "2"])


# --- env, loader, progress ------------------------------------------------------------------------------------------


def test_env(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("GRADSH_TEST", "here")
    monkeypatch.delenv("GRADSH_NONE", raising=False)
    text = 'print env("GRADSH_TEST"), env("GRADSH_NONE"), env("GRADSH_NONE", 3), env("GRADSH_TEST", 3)'
    assert run(text)[0] == "here None 3 here\n"
    assert run("env(3)")[2] == 1


LOADERS = json.loads((Path(__file__).parent / "data" / "loader.json").read_text(encoding="utf-8"))


@pytest.mark.parametrize("case", LOADERS, ids=lambda c: "-".join(str(v) for v in list(c.values())[:5]))
def test_loader_draws_as_pytorch_does(case: dict[str, object]) -> None:
    count, batch_size = case["count"], case["batch_size"]
    own = "let g = generator(5)\n" if case["generator"] else "let g = none\n"
    options = f"shuffle={case['shuffle']}, drop_last={case['drop_last']}, generator=g"
    text = f"""{own}manual_seed({100 * count + batch_size})
let l = loader(arange({count}), batch_size={batch_size}, {options})
let seen = []
for epoch in range(2) {{
    for i, batch in enumerate(l) {{
        seen.append(batch.tolist());
        if epoch == 1 and i == 1 {{ break }}
    }}
    seen.append(randint(0, 1000, (1,)).item());
}}
if g is not none {{ seen.append(randint(0, 1000, (1,), generator=g).item()); }}
print len(l), seen
"""
    assert run(text) == (f"{case['length']} {case['seen']}\n", "", 0)


def test_loader() -> None:
    text = "for x, y in loader(eye(3), arange(3), batch_size=2) { print x.shape, y }"
    assert run(text)[0] == "Size([2, 3]) tensor([0, 1])\nSize([1, 3]) tensor([2])\n"
    text = "let x = ones(4, grad)\nfor b in loader(x, batch_size=3, shuffle) { backward b.sum() }\nx.grad"
    assert run(text)[0] == "tensor([1., 1., 1., 1.])\n"
    text = "let x = zeros(3)\nfor b in loader(x, batch_size=3) { b += 1 }\nprint x"  # batches are copies
    assert run(text)[0] == "tensor([0., 0., 0.])\n"
    for bad, said in {
        "loader(ones(3), ones(2))": "Size mismatch between tensors",
        "loader(ones(3), batch_size=0)": "batch_size should be a positive integer value, but got batch_size=0",
        "loader(ones(0), shuffle)": "num_samples should be a positive integer value, but got num_samples=0",
        "loader(tensor(1.0))": "len() of a 0-d tensor",
        "loader([1, 2])": "loader(): the data must be tensors, not int",
        "loader()": "loader() needs at least one tensor",
        "loader(3)": "loader(): the data must be tensors, not int",
    }.items():
        assert said in run(bad)[1], bad


class Terminal(io.StringIO):
    """A stream that says it is a terminal."""

    def isatty(self) -> bool:
        return True

    def fileno(self) -> int:
        raise OSError


def test_progress_on_a_terminal(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("COLUMNS", "100")
    out, err = io.StringIO(), Terminal()
    text = 'for i in progress(range(3), "epoch 1") { print i }\nfor i in progress([1]) { break }'
    assert Session(out=out, err=err).run(text).ok
    assert out.getvalue() == "0\n1\n2\n"
    shown = err.getvalue()
    assert shown.count("\n") == 2 and "epoch 1" in shown and "0/3    0%" in shown and "3/3  100%" in shown
    assert "in all" in shown and "\r\x1b[K" in shown  # the bar makes way for what is printed


def test_progress_when_piped_and_inside_one_another(monkeypatch: pytest.MonkeyPatch, gradsh: Gradsh) -> None:
    done = gradsh("-c", 'for i in progress(range(2), "x") { print i }\nprint len(progress([1, 2]))')
    assert (done.stdout, done.stderr) == ("0\n1\n2\n", "")
    err = Terminal()
    inner = 'for i in progress(zip([1]), "inner", total=1) { pass }'
    text = f'for e in progress(range(2), "outer") {{ {inner} }}\nlog("a")'
    assert not Session(out=io.StringIO(), err=err).run(text).ok
    assert err.getvalue().count("1/1") == 2 and err.getvalue().count("\n") > 3
    assert run("progress(3)")[1].startswith("error[E0306]")


# --- long programs ---------------------------------------------------------------------------------------------------


def test_a_program_of_thousands_of_lines_is_one_program(write: Write) -> None:
    first = ["let x = tensor(2.0, grad)", "fn f(v) {", "    return v * x", "}", "let total = 0"]
    lines = [*first, *(f"let total = total + {i}" for i in range(2500)), "f(x)", "f(ones(3)) @ ones(4)"]
    path = write("long.grad", "\n".join(lines))
    out = io.StringIO()
    session = Session(out=out, err=out)
    for _ in range(2):  # the second time out of the cache
        result = session.run(path.read_text(), "long.grad")
        said = out.getvalue()
        assert "tensor(4., grad_fn=<MulBackward0>)" in said
        assert f"long.grad:{len(lines)}:" in said and "called here" not in said, said
        assert result.status == 1
        out.truncate(out.seek(0))
    lines[-1] = "f(true.x)"
    session.run("\n".join(lines), "long.grad")
    assert f"long.grad:{len(lines)}:" in out.getvalue()
    session.run("print total, f(3.0)\nf('a' + 1)", "after.grad")
    assert f"{sum(range(2500))} tensor(6., grad_fn=<MulBackward0>)" in out.getvalue()
    write("used.grad", "\n".join(lines[:-2]))
    session.run(f"use {str(path.parent / 'used.grad')!r} as long\nprint long.f(ones(2)), long.total")
    assert f"tensor([2., 2.], grad_fn=<MulBackward0>) {sum(range(2500))}" in out.getvalue()


def test_an_unbound_name_is_underlined_where_it_is_read_however_often_its_function_ran(here: Here) -> None:
    """Python 3.11 names the instruction before it when the two have been joined."""
    body = "let t = 0.5\nfor i in range(40) {\nt = t / 2\nz = z + t\nif i < 0 { z = 0 }\n}\nreturn t"
    text = f"let z = 1\nfn f() {{\n{body}\n}}\nfor i in range(30) {{ try {{ f() }} catch e {{ pass }} }}\nf()\n"
    status, _, err = here("-c", text)
    assert status != 0
    assert "z = z + t" in err
    assert "t = t / 2" not in err
