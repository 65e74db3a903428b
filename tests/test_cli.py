"""The command from outside: four ways in, exit statuses, streams, JSON."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

from gradsh.cli.arguments import misplaced, parse
from gradsh.cli.options import UsageError
from gradsh.cli.subcommands import SUBCOMMANDS, load
from tests.conftest import ROOT, Gradsh, interruptible

ONE_LINER = "let x = tensor(5.0, grad); z = log(x**3); backward z"
SHOWN = ONE_LINER + "; x.grad"


def test_version_and_help_start_without_numpy(gradsh: Gradsh) -> None:
    for option in ("--version", "-V"):
        done = gradsh(option)
        assert (done.returncode, done.stderr) == (0, "")
        assert done.stdout.startswith("gradsh 0.")
    done = gradsh("--help")
    assert done.returncode == 0 and "examples:" in done.stdout and "exit status" in done.stdout
    code = "import sys; from gradsh.cli.main import run; run(['--help']); print({'numpy', 'rich'} & set(sys.modules))"
    out = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, cwd=ROOT, check=True).stdout
    assert out.splitlines()[-1] == "set()"


# --- the four ways (the prompt is in tests/shell) -----------------------------------------------------------------


def test_code(gradsh: Gradsh) -> None:
    done = gradsh("-c", SHOWN)
    assert (done.returncode, done.stdout, done.stderr) == (0, "tensor(0.6000)\n", "")


def test_file(gradsh: Gradsh, tmp_path: Path) -> None:
    (tmp_path / "one.grad").write_bytes(b"\xef\xbb\xbf#!/usr/bin/env gradsh\r\n" + SHOWN.encode() + b"\r\n")
    done = gradsh("one.grad")
    assert (done.returncode, done.stdout, done.stderr) == (0, "tensor(0.6000)\n", "")


def test_standard_input(gradsh: Gradsh) -> None:
    for arguments in ([], ["-"]):
        done = gradsh(*arguments, input=SHOWN + "\n")
        assert (done.returncode, done.stdout, done.stderr) == (0, "tensor(0.6000)\n", "")


def test_an_empty_program_does_nothing(gradsh: Gradsh) -> None:
    for program in ("", "\n\n", "# a comment", "\n#\n\n"):
        done = gradsh(input=program)
        assert (done.returncode, done.stdout, done.stderr) == (0, "", ""), program


def test_stay_in_the_shell_with_a_pipe(gradsh: Gradsh) -> None:
    done = gradsh("-i", "-c", ONE_LINER, input="x.grad\n")
    assert (done.returncode, done.stdout) == (0, "tensor(0.6000)\n")


# --- exit statuses ---------------------------------------------------------------------------------------------------


def test_failed_while_running(gradsh: Gradsh) -> None:
    done = gradsh("-c", "print 1\nlet x = tensor(2.0)\nbackward x * 3\nprint 2")
    assert (done.returncode, done.stdout) == (1, "1\n")
    assert done.stderr.splitlines() == [
        "error[E0401]: element 0 of tensors does not require grad and does not have a grad_fn",
        " --> <command line>:3:10",
        "  |",
        "2 | let x = tensor(2.0)",
        "  |         ----------- `x` is made here, without `grad`",
        "3 | backward x * 3",
        "  |          ^^^^^ does not require grad",
        "help: `let x = tensor(2.0, grad)`",
    ]


def test_refused_before_running(gradsh: Gradsh) -> None:
    done = gradsh("-c", "print 1\nprint lss\nprint lass")
    assert (done.returncode, done.stdout) == (3, "")
    assert done.stderr.count("error[E0201]") == 2


@pytest.mark.parametrize(
    "arguments",
    [
        ["--nonsense"],
        ["nowhere.grad"],
        ["-c"],
        ["--dtype", "int8", "-c", "1"],
        ["--seed", "x", "-c", "1"],
        ["-c", "1", "left over"],
        ["fmt"],
        ["fmt", "nowhere.grad"],
        ["graph", "x.grad", "z"],
        ["explain", "x"],
        ["export", "x.grad"],
        ["--sandbox=low", "-c", "1"],
        ["--timeout", "soon", "-c", "1"],
        ["check"],
        ["check", "nowhere.grad"],
        [""],
        ["."],
    ],
)
def test_the_command_line_was_wrong(gradsh: Gradsh, arguments: list[str]) -> None:
    done = gradsh(*arguments)
    assert (done.returncode, done.stdout) == (2, ""), done.stderr
    assert done.stderr.startswith("gradsh: ")
    assert "Traceback" not in done.stderr


def test_every_sub_command_is_a_file_with_both_functions(gradsh: Gradsh) -> None:
    help = gradsh("--help").stdout
    for word, takes in SUBCOMMANDS.items():
        file = load(word)
        assert callable(file.takes) and callable(file.run) and f"gradsh {word} {takes}" in help
        assert gradsh(word, "--help").stdout.startswith(f"usage: gradsh {word} ")


def test_code_that_looks_like_an_option_and_empty_code(gradsh: Gradsh) -> None:
    assert gradsh("-c", "-2 + 1").stdout == "-1\n"
    assert gradsh("--dtype", "float64", "--json", "-c", "-2 + 1").stdout.endswith('"data": -1}\n')
    assert gradsh("-c", "").returncode == gradsh("-q", "-c", "").returncode == 0


def test_a_similar_option_is_named(gradsh: Gradsh) -> None:
    assert gradsh("--jsn", "-c", "1").stderr.startswith("gradsh: there is no option --jsn; did you mean --json?\n")


WORDS = [
    ("--sed 3 -c 1", "there is no option --sed; did you mean --seed?"),
    ("--lr 0.1 a.grad", "there is no option --lr; what is the script's stands behind it: gradsh a.grad --lr 0.1"),
    ("--lr=0.1 a.grad", "there is no option --lr; what is the script's stands behind it: gradsh a.grad --lr 0.1"),
    ("-c 1 --lr 0.1", "there is no option --lr; a parameter of the program is given by --set lr=0.1"),
    ("-c 1 lr=0.1", "a parameter of the program is given by --set lr=0.1"),
    ("-c 1 2", "'2' is left over: the program is what stands behind -c, each time"),
    ("--set lr a.grad", "--set takes NAME=VALUE, as in --set lr=0.1, not 'lr'"),
    ("-x", "there is no option -x"),
    ("check --strickt a.grad", "there is no option --strickt; did you mean --strict?"),
]


@pytest.mark.parametrize(("line", "said"), WORDS, ids=[line for line, _ in WORDS])
def test_what_was_meant(line: str, said: str) -> None:
    with pytest.raises(UsageError) as raised:
        parse(line.split())
    assert str(raised.value) == said


@pytest.mark.parametrize(
    ("line", "meant"),
    [
        ("a.grad --set lr=0.1", "gradsh --set lr=0.1 a.grad"),
        ("--json a.grad --lr 2 --seed 3 --n 1", "gradsh --json --seed 3 a.grad --lr 2 --n 1"),
        ("a.grad --set=lr=1", "gradsh --set=lr=1 a.grad"),
        ("a.grad -c 1", None),
    ],
)
def test_where_a_misplaced_option_belongs(line: str, meant: str | None) -> None:
    options = parse(line.split())
    own = next(at for at, word in enumerate(options.arguments) if word[:5] in ("--set", "--see", "-c"))
    assert misplaced(options, own) == meant


def test_several_codes_are_the_lines_of_one_program(gradsh: Gradsh) -> None:
    done = gradsh("--set", "n=3", "-c", "param n = 1", "-c", "for i in range(n) {", "-c", "print -i", "-c", "}")
    assert (done.returncode, done.stdout) == (0, "0\n-1\n-2\n"), done.stderr
    done = gradsh("-c", "print 1", "--errors", "short", "-c", "-los")
    assert (done.returncode, done.stdout) == (3, "") and done.stderr.startswith("<command line>:2:2: error[E0201]")


def test_programs_look_at_no_configuration(gradsh: Gradsh, tmp_path: Path) -> None:
    folder = tmp_path / "gradsh"
    folder.mkdir()
    (folder / "init.grad").write_text("print 1\nlet a = 1\n")
    (folder / "config.toml").write_text("nonsense\n")
    own = {"XDG_CONFIG_HOME": str(tmp_path)}
    for done in (gradsh("-c", "print a", env=own), gradsh("-i", input="print a", env=own)):
        assert (done.returncode, done.stdout) == (3, "") and "name 'a' is not defined" in done.stderr
        assert "nonsense" not in done.stderr


def test_a_similar_file_is_named(gradsh: Gradsh, tmp_path: Path) -> None:
    (tmp_path / "train.grad").write_text("1")
    assert "did you mean 'train.grad'?" in gradsh("trian.grad").stderr


def test_what_follows_the_file_is_the_scripts(gradsh: Gradsh, tmp_path: Path) -> None:
    (tmp_path / "a.grad").write_text("1")
    done = gradsh("a.grad", "--lr", "0.1")
    assert done.returncode == 2 and "declares no parameter" in done.stderr
    done = gradsh("a.grad", "--json")
    assert done.returncode == 2 and "gradsh --json a.grad" in done.stderr
    assert gradsh("--json", "a.grad").returncode == 0


def test_not_utf8(gradsh: Gradsh, tmp_path: Path) -> None:
    (tmp_path / "bad.grad").write_bytes(b"print 1\nlet x = \xff3\n")
    for done in (gradsh("bad.grad"), gradsh(input=b"print 1\nlet x = \xff3\n")):
        assert (done.returncode, done.stdout) == (3, "")
        assert "0xff" in done.stderr and ":2:9" in done.stderr


def test_what_is_for_programs_of_gradshs_own(gradsh: Gradsh, tmp_path: Path) -> None:
    """A notebook is JSON, which is a program of gradsh's by chance: `gradsh fmt` had written it anew, as none."""
    there = {"n.ipynb": '{"cells": [], "nbformat": 4}\n', "t.py": "x  = 1\n", "a.grad": "let x  = 1\n"}
    for name, text in there.items():
        (tmp_path / name).write_text(text)
    for words in (
        ["fmt", "a.grad", "n.ipynb"],
        ["fmt", "--check", "t.py"],
        ["export", "--to", "torch", "t.py"],
        ["export", "--to", "latex", "n.ipynb", "x"],
        ["sweep", "t.py", "--lr", "1,2"],
    ):
        done = gradsh(*words)
        assert (done.returncode, done.stdout) == (2, "") and "takes programs of gradsh's own" in done.stderr, words
    done = gradsh("-c", "sweep 't.py'")
    assert done.returncode == 1 and "it is no program of gradsh's own" in done.stderr
    assert {name: (tmp_path / name).read_text() for name in there} == there
    assert "did you mean 't.py'?" in gradsh("t.p").stderr


def test_interrupted(tmp_path: Path) -> None:
    (tmp_path / "loop.grad").write_text('print "on"\nlet i = 0\nwhile true { i += 1 }')
    process = subprocess.Popen(
        [sys.executable, "-m", "gradsh", "loop.grad"],
        preexec_fn=interruptible,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        cwd=tmp_path,
        env={**os.environ, "PYTHONPATH": str(ROOT)},
    )
    assert process.stdout is not None
    assert process.stdout.readline() == "on\n"
    process.send_signal(signal.SIGINT)
    _, err = process.communicate(timeout=20)
    assert process.returncode == 130
    assert "Traceback" not in err


def test_a_closed_pipe_ends_it_quietly(tmp_path: Path) -> None:
    (tmp_path / "many.grad").write_text("for i in range(100000) { print i }")
    script = f"'{sys.executable}' -m gradsh many.grad | head -1; echo ${{PIPESTATUS[0]}}"
    done = subprocess.run(
        ["bash", "-c", script],
        capture_output=True,
        text=True,
        cwd=tmp_path,
        timeout=60,
        env={**os.environ, "PYTHONPATH": str(ROOT)},
    )
    assert (done.stdout, done.stderr) == ("0\n141\n", "")


@pytest.mark.skipif(not os.path.exists("/dev/full"), reason="needs /dev/full")
def test_a_full_disk(tmp_path: Path) -> None:
    script = tmp_path / "s.grad"
    script.write_text("param n = 1  # how many\nprint n\n")
    ways = ["-c 'print 1'", "--help", "--version", "--json --version", f"{script} --help"]
    done = subprocess.run(
        ["sh", "-c", "\n".join(f"{sys.executable} -m gradsh {way} > /dev/full; echo $?" for way in ways)],
        capture_output=True,
        text=True,
        env={**os.environ, "PYTHONPATH": str(ROOT)},
    )
    assert done.stdout.split() == ["1"] * len(ways)
    assert done.stderr == "gradsh: cannot write the output: No space left on device\n" * len(ways)


def test_values_are_flushed_one_by_one(tmp_path: Path) -> None:
    process = subprocess.Popen(
        [sys.executable, "-m", "gradsh", "-c", "print 1\nlet i = 0\nwhile i < 100000000 { i += 1 }"],
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        env={**os.environ, "PYTHONPATH": str(ROOT)},
    )
    assert process.stdout is not None
    start = time.monotonic()
    assert process.stdout.readline() == "1\n"
    assert process.poll() is None and time.monotonic() - start < 20
    process.kill()
    process.communicate()


# --- options ----------------------------------------------------------------------------------------------------


def test_colour(gradsh: Gradsh) -> None:
    assert "\x1b" not in gradsh("-c", "lss").stderr
    assert "\x1b[1;31m" in gradsh("--color", "always", "-c", "lss").stderr
    assert "\x1b[1;31m" in gradsh("-c", "lss", env={"FORCE_COLOR": "1"}).stderr
    assert "\x1b" not in gradsh("-c", "lss", env={"FORCE_COLOR": "1", "NO_COLOR": "1"}).stderr


def test_forms_of_errors(gradsh: Gradsh) -> None:
    short = gradsh("--errors", "short", "-c", "let a = lss").stderr
    assert short.startswith("<command line>:1:9: error[E0201]: ") and short.count("\n") == 1
    data = json.loads(gradsh("--errors", "json", "-c", "let a = lss").stderr)
    assert list(data) == ["error", "message", "file", "line", "column", "help"]
    assert (data["error"], data["file"], data["line"], data["column"]) == ("E0201", "<command line>", 1, 9)


def test_dtype_and_seed(gradsh: Gradsh) -> None:
    done = gradsh("--dtype", "float64", "-c", "tensor(1.0).dtype")
    assert (done.stdout, done.stderr) == ("float64\n", "")
    first, second = (gradsh("--seed", "3", "-c", "rand(2)").stdout for _ in range(2))
    assert first == second == gradsh("-c", "manual_seed(3)\nrand(2)").stdout


def test_json(gradsh: Gradsh) -> None:
    done = gradsh("--json", "-c", SHOWN + '\nprint "a", -0.0\n[inf, (nan, none)]')
    assert (done.returncode, done.stderr) == (0, "")
    lines = done.stdout.splitlines()
    assert lines[0] == (
        '{"expr": "x.grad", "line": 1, "type": "tensor", "dtype": "float32", "shape": [], "requires_grad": false, '
        '"grad_fn": null, "data": 0.6000000238418579}'
    )
    assert json.loads(lines[1]) == {"expr": '"a"', "line": 2, "type": "string", "data": "a"}
    assert lines[2] == '{"expr": "-0.0", "line": 2, "type": "number", "data": -0.0}'
    assert json.loads(lines[3]) == {
        "expr": "[inf, (nan, none)]",
        "line": 3,
        "type": "list",
        "data": [
            {"type": "number", "data": "inf"},
            {"type": "tuple", "data": [{"type": "number", "data": "nan"}, {"type": "none", "data": None}]},
        ],
    }


def test_json_errors(gradsh: Gradsh) -> None:
    done = gradsh("--json", "-c", "lss\nlass")
    assert (done.returncode, done.stdout) == (3, "")
    assert [json.loads(line)["line"] for line in done.stderr.splitlines()] == [1, 2]


def test_check(gradsh: Gradsh, tmp_path: Path) -> None:
    (tmp_path / "good.grad").write_text(SHOWN)
    (tmp_path / "bad.grad").write_text("print lss")
    done = gradsh("check", "good.grad")
    assert (done.returncode, done.stdout, done.stderr) == (0, "", "")
    done = gradsh("check", "good.grad", "bad.grad")
    assert (done.returncode, done.stdout) == (3, "")
    assert done.stderr.startswith("error[E0201]") and "bad.grad:1:7" in done.stderr


def test_verbose_tells_what_was_looped_over(gradsh: Gradsh) -> None:
    program = "let a = eye(2).repeat(3, 1, 1); vmap(linalg.lu_factor)(a)[1].shape"
    told = "note: done sample by sample in vmap or a Jacobian: linalg.lu_factor\n"
    for option in ("-v", "--verbose"):
        done = gradsh(option, "-c", program)
        assert (done.returncode, done.stdout, done.stderr) == (0, "Size([3, 2])\n", told)
    assert gradsh("-c", program).stderr == ""
    assert gradsh("-v", "-c", "vmap(sin)(ones(3)); jacobian(fn(v) = v**2, ones(2))").stderr == ""
    failed = gradsh("-v", "--errors=short", "-c", f"{program}\nones(2) @ ones(3)")
    assert failed.returncode == 1 and failed.stderr.endswith(told) and failed.stderr.count("\n") == 2
    # told run by run: what the first did is not the second's
    done = gradsh("-v", "-i", "-c", program, input="1 + 1")
    assert (done.stdout, done.stderr) == ("Size([3, 2])\n2\n", told)
    error = json.loads(gradsh("-v", "--json", "-c", program).stderr)
    assert error == {"note": "done sample by sample in vmap or a Jacobian", "operators": ["linalg.lu_factor"]}


def test_what_a_one_shot_imports(gradsh: Gradsh) -> None:
    gradsh("-c", SHOWN)  # so that the program has been seen before
    code = (
        "import sys; from gradsh.cli.main import run; run(['-c', sys.argv[1]]);"
        "print(sorted({'rich', 'prompt_toolkit', 'lark', 'argparse', 'dataclasses'} & set(sys.modules)));"
        "print(sorted(name for name in sys.modules if name.startswith('gradsh.errors.e')))"
    )
    plain = subprocess.run([sys.executable, "-c", "import numpy, sys; print('dataclasses' in sys.modules)"])
    out = subprocess.run([sys.executable, "-c", code, SHOWN], capture_output=True, text=True, cwd=ROOT, check=True)
    assert plain.returncode == 0
    groups = ["gradsh.errors.e03_values", "gradsh.errors.e04_autograd"]  # making a class takes its time
    assert out.stdout == f"tensor(0.6000)\n[]\n{groups}\n"
