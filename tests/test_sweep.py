"""`gradsh sweep`: which runs there are, what their rows say, and that no finished row is lost."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from gradsh.cli import main
from gradsh.errors import BadArguments
from gradsh.language.scripts import Param
from gradsh.reports.swept import Best
from gradsh.sweep import pool
from gradsh.sweep.results import Results
from gradsh.sweep.space import Run, axes, choices, runs, seeds
from gradsh.sweep.sweep import Sweep
from gradsh.sweep.worker import Script, run_one
from tests.conftest import ROOT, Gradsh, interruptible

LINE = """\
# Fits a line.
param lr = 0.1   # learning rate
param steps = 20
use "truth.grad"
let x = tensor(load("x.json"))
let y = truth(x) + 0.1 * randn(8, 1)
let net = Linear(1, 1)
let opt = SGD(net.parameters(), lr=lr)
let loss = none
repeat steps { loss = mse_loss(net(x), y); zero_grad opt; backward loss; step opt }
print "loss", loss
assert steps != 13, "thirteen is too many"
result loss, weight=net.weight.item()
"""
PARAMS: list[Param] = [
    ("lr", "0.1", "", True, 0.1),
    ("steps", "10", "", True, 10),
    ("name", "'a'", "", True, "a"),
    ("verbose", "false", "", True, False),
    ("sizes", "[1]", "", True, [1]),
    ("width", "2 * 3", "", False, None),
]


@pytest.fixture
def script(tmp_path: Path) -> Path:
    (tmp_path / "truth.grad").write_text("fn truth(x) = 3 * x + 1\n")
    (tmp_path / "x.json").write_text(json.dumps([[i / 4 - 1] for i in range(8)]))
    (tmp_path / "line.grad").write_text(LINE)
    return tmp_path / "line.grad"


def rows_of(path: Path) -> list[dict[str, Any]]:
    return [json.loads(line) for line in path.read_text().splitlines()]


def plain(rows: list[dict[str, Any]]) -> list[str]:
    """Rows as they must be the same wherever they ran: without seconds, in one order."""
    return sorted(json.dumps({**row, "seconds": None}) for row in rows)


# --- which runs there are -------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("text", "found"),
    [
        ("0.1,0.01", ["0.1", "0.01"]),
        ("100..500:100", ["100", "200", "300", "400", "500"]),
        ("0.1..0.5:0.1", ["0.1", "0.2", "0.3", "0.4", "0.5"]),
        ("1e-3..3e-3:1e-3", ["0.001", "0.002", "0.003"]),
        ("3..1", ["3", "2", "1"]),
        ("0..10:3,50", ["0", "3", "6", "9", "50"]),
        ("-1..1", ["-1", "0", "1"]),
        ("[1, 2],[3]", ["[1, 2]", "[3]"]),
        ("'a,b',c", ["'a,b'", "c"]),
        ("a..b", ["a..b"]),
    ],
)
def test_choices(text: str, found: list[str]) -> None:
    assert choices(text) == found


@pytest.mark.parametrize("text", ["1..5:-1", "1..2:0", "0..1e9", "1..1e999999999:1e-999999999", "5..1:1"])
def test_ranges_that_are_none(text: str) -> None:
    with pytest.raises(BadArguments, match="range"):
        choices(text)


@pytest.mark.parametrize(
    ("words", "found"),
    [
        (["--lr", "1,0.5", "--steps=1..2"], [(1.0, 1), (1.0, 2), (0.5, 1), (0.5, 2)]),
        (["--verbose"], [(True,)]),
        (["--verbose", "true,false"], [(True,), (False,)]),
        (["--no-verbose"], [(False,)]),
        (["--name", "1..2,b"], [("1..2",), ("b",)]),  # of a text there are no ranges
        (["--sizes", "[1, 2],[3]"], [([1, 2],), ([3],)]),
        (["--width", "4,8"], [("4",), ("8",)]),  # its default is computed first, when it runs
        ([], [()]),
    ],
)
def test_every_combination(words: list[str], found: list[tuple[object, ...]]) -> None:
    assert [tuple(run.parameters.values()) for run in runs(axes(PARAMS, words, "t.grad"))] == found


@pytest.mark.parametrize("words", [["--lrr", "1"], ["--steps", "1.5,2"], ["5"], ["--lr"], ["--lr", "1,"]])
def test_values_that_fit_no_parameter(words: list[str]) -> None:
    with pytest.raises(BadArguments):
        axes(PARAMS, words, "t.grad")


def test_seeds_and_samples() -> None:
    assert seeds("0..3,7") == [0, 1, 2, 3, 7]
    for wrong in ("a", "1.5", str(2**70)):
        with pytest.raises(BadArguments, match="--seed"):
            seeds(wrong)
    many = axes(PARAMS, ["--lr", "1..1000", "--steps", "1..1000"], "t.grad")
    with pytest.raises(BadArguments, match="1,000,000 runs"):
        runs(many)
    sample = runs(many, sample=5)
    assert len({(run.parameters["lr"], run.parameters["steps"]) for run in sample}) == 5
    assert [run.parameters for run in runs(many, sample=5)] == [run.parameters for run in sample]


# --- what rows say ---------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("program", "result"),
    [
        ("result loss=0.5; print 3", {"loss": 0.5}),
        ("result loss=1; result loss=tensor(2.5), name='a'", {"loss": 2.5, "name": "a"}),
        ("let loss = tensor([1., 2.]); result loss", {"loss": [1.0, 2.0]}),
        ('print "loss", tensor(0.25)', {"value": 0.25}),
        ("1 + 1", {"value": 2}),
        ("1 + 1; none", {"value": 2}),
        ("let x = 1", {}),
        ("print Linear(1, 1)", {}),
        ("zeros(1000)", {}),
        ("result loss=nan", {"loss": "nan"}),
    ],
)
def test_results(program: str, result: dict[str, object]) -> None:
    (run,) = runs({})
    row = run_one(Script("/nowhere/t.grad", program), run)
    assert (row["result"], row["status"], row["error"]) == (result, 0, None)


def test_a_run_that_fails_is_a_row() -> None:
    (run,) = runs({})
    row = run_one(Script("/nowhere/t.grad", 'result loss=1\nraise "no"'), run)
    assert row["result"] == {"loss": 1} and row["status"] == 1
    assert (row["error"]["file"], row["error"]["line"], row["error"]["message"]) == ("t.grad", 2, "no")
    row = run_one(Script("/nowhere/t.grad", "while true { }", timeout=0.2), run)
    assert row["status"] == 1 and row["error"]["error"] == "E0903"


def test_a_sweep(script: Path, tmp_path: Path, gradsh: Gradsh) -> None:
    out, logs = tmp_path / "out.jsonl", tmp_path / "logs"
    words = ["--seed", "0..1", "--best", "loss", "--out", str(out), "--logs", str(logs), str(script)]
    values = ["--lr", "0.1,0.01", "--steps", "5,13"]
    (tmp_path / "elsewhere").mkdir()
    done = gradsh("sweep", *words, *values, cwd=tmp_path / "elsewhere")  # its files are beside the script
    assert done.returncode == 1 and not done.stderr, done
    rows = rows_of(out)
    assert sorted(row["run"] for row in rows) == [*range(1, 9)]
    assert [row["status"] for row in sorted(rows, key=lambda row: row["run"])] == [0, 0, 1, 1] * 2
    assert done.stdout.splitlines()[0].split() == ["lr", "steps", "loss", "weight", "runs"]
    assert [line[:1] for line in done.stdout.splitlines()] == [" ", "*", " ", " ", " ", "8"]
    assert done.stdout.splitlines()[-1].startswith("8 runs, 4 failed; * has the least loss; ")
    one = gradsh("--seed", "1", str(script), "--lr", "0.01", "--steps", "5")
    (same,) = [row for row in rows if (row["seed"], row["parameters"]) == (1, {"lr": 0.01, "steps": 5})]
    assert (logs / f"run-{same['run']:05}.log").read_text() == one.stdout  # the numbers of a run alone
    more = gradsh("sweep", "--resume", "--keep-going", *words, "--lr", "0.1,0.01,1", "--steps", "5,13")
    assert more.returncode == 0 and more.stderr == "8 of 12 runs are there already\n"
    assert len(rows_of(out)) == 12 and rows_of(out)[:8] == rows


def test_json(script: Path, gradsh: Gradsh) -> None:
    done = gradsh("--json", "sweep", "-j", "1", "--best", "loss:max", str(script), "--lr", "0.1,0.01")
    *rows, table = map(json.loads, done.stdout.splitlines())
    assert [row["parameters"] for row in rows] == [{"lr": 0.1}, {"lr": 0.01}]
    assert [each["best"] for each in table["sweep"]] == [False, True]


def test_in_a_session(script: Path, gradsh: Gradsh) -> None:
    program = f'sweep "{script}", lr=[0.1, 0.01], steps=5, seed=range(2), best="loss"'
    done = gradsh("-c", program)
    assert done.returncode == 0 and done.stdout.splitlines()[-1].startswith("4 runs; * has the least loss; ")
    for wrong, said in {
        'sweep "no.grad"': "cannot read 'no.grad'",
        f'sweep "{script}", lrr=1': "declares no parameter 'lrr'; it has lr, steps",
        f'sweep "{script}", steps=[1.5]': "steps takes an integer",
        f'sweep "{script}", seed="a"': "seed takes whole numbers",
        f'sweep "{script}", jobs=0': "a positive number",
        "sweep 3": "it takes the name of a script",
    }.items():
        done = gradsh("-c", wrong)
        assert done.returncode == 1 and said in done.stderr, done
    assert "runs in a sandbox" in gradsh("--sandbox=language", "-c", 'sweep "line.grad"').stderr


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (["--best", "a b", "line.grad"], "--best takes a result's name"),
        (["--resume", "line.grad"], "--out"),
        (["--plot", "lr", "line.grad"], "--plot takes a parameter and a result"),
        (["-j", "0", "line.grad"], "a positive number"),
        (["--seed", "x", "line.grad"], "--seed takes whole numbers"),
        (["--out", "no/such/folder", "line.grad"], "cannot write 'no/such/folder'"),
        (["line.grad", "--lrr", "1"], "did you mean --lr?"),
        (["nothing.grad"], "cannot read 'nothing.grad'"),
    ],
)
def test_wrong_command_lines(words: list[str], said: str, script: Path, gradsh: Gradsh) -> None:
    done = gradsh("sweep", *words, cwd=script.parent)
    assert done.returncode == 2 and said in done.stderr and not done.stdout, done


def test_a_script_that_cannot_run_is_refused_before_any_run(script: Path, gradsh: Gradsh) -> None:
    script.write_text("let x = y")
    done = gradsh("sweep", str(script))
    assert done.returncode == 3 and "name 'y' is not defined" in done.stderr


def test_a_picture(script: Path, gradsh: Gradsh) -> None:
    done = gradsh("sweep", "--plot", "lr,loss", str(script), "--lr", "0.1,0.01", "--steps", "5,6")
    assert "steps=5" in done.stdout and "steps=6" in done.stdout and done.stdout.rstrip().endswith("lr")


# --- nothing is lost ------------------------------------------------------------------------------------------------


def test_two_sweeps_into_one_file_are_refused(tmp_path: Path) -> None:
    path = str(tmp_path / "r.jsonl")
    first = Results(path, False)
    with pytest.raises(BadArguments, match="another sweep is writing"):
        Results(path, True)
    first.close()
    (run,) = runs({})
    again = Results(path, False)
    again.write(run_one(Script("t.grad", "1"), run))
    again.close()
    with pytest.raises(BadArguments, match="--resume"):
        Results(path, False)


def test_half_a_row_is_taken_off(tmp_path: Path) -> None:
    path = tmp_path / "r.jsonl"
    whole = json.dumps({"run": 1, "parameters": {"lr": 0.1}, "seed": 0, "status": 0, "result": {}, "seconds": 1.0})
    path.write_text(f'{whole}\n{{"run": 2, "para')
    results = Results(str(path), True)
    todo = runs(axes(PARAMS, ["--lr", "0.1,0.2"], "t"), [0])
    assert [run.parameters for run in results.missing(todo)] == [{"lr": 0.2}]
    results.close()
    assert path.read_text() == whole + "\n"
    path.write_text("no JSON\n")
    with pytest.raises(BadArguments, match="line 1 is no row"):
        Results(str(path), True)


def test_a_full_disk_loses_no_row(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = tmp_path / "r.jsonl"
    results = Results(str(path), False)
    script = Script("t.grad", "1")
    todo = runs({}, [0, 1])
    results.write(run_one(script, todo[0]))
    before, write = path.read_bytes(), os.write

    def full(file: int, data: bytes) -> int:
        write(file, data[:10])
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(os, "write", full)
    with pytest.raises(OSError, match="No space"):
        results.write(run_one(script, todo[1]))
    monkeypatch.undo()
    assert path.read_bytes() == before
    results.write(run_one(script, todo[1]))
    results.close()
    assert [row["seed"] for row in rows_of(path)] == [0, 1]


@pytest.fixture
def killing(monkeypatch: pytest.MonkeyPatch) -> Iterator[dict[int, int]]:
    """By the number of a run, how often its process is killed while it runs."""
    left: dict[int, int] = {}
    begin = pool.Slot.begin

    def kills(slot: pool.Slot, todo: list[Run]) -> None:
        dies = any(left.get(run.number, 0) > 0 for run in todo)
        if dies:  # stopped before it has them: beside a busy suite a dozen tiny runs had ended before they were killed
            os.kill(slot.process.result(), signal.SIGSTOP)
        begin(slot, todo)
        if dies:
            left.update({run.number: left.get(run.number, 0) - 1 for run in todo})
            os.kill(slot.process.result(), signal.SIGKILL)

    monkeypatch.setattr(pool.Slot, "begin", kills)
    yield left


@pytest.mark.skipif(not hasattr(signal, "SIGKILL"), reason="kills processes")
def test_a_run_whose_process_dies_is_done_again(killing: dict[int, int]) -> None:
    todo = runs({}, range(5))
    killing.update({2: 2, 4: 9})
    script = Script("t.grad", "let until = time() + 0.05; while time() < until { }; result a=1")
    rows = sorted(pool.local(script, todo, 2), key=lambda row: int(row["run"]))
    assert [row["status"] for row in rows] == [0, 0, 0, pool.LOST, 0]
    assert rows[3]["error"]["message"] == "its process was killed, 3 times"


@pytest.mark.skipif(not hasattr(signal, "SIGKILL"), reason="kills processes")
def test_of_runs_that_are_handed_out_together_only_the_guilty_one_is_given_up(killing: dict[int, int]) -> None:
    killing.update({40: 9})
    rows = list(pool.local(Script("t.grad", "result a=1"), runs({}, range(60)), 1))
    assert sorted(row["run"] for row in rows) == [*range(1, 61)]
    assert [row["run"] for row in rows if row["status"]] == [40]


@pytest.mark.skipif(sys.platform == "win32", reason="sends a signal")
def test_ctrl_c_keeps_what_is_done(script: Path, tmp_path: Path) -> None:
    out = tmp_path / "out.jsonl"
    script.write_text("param n = 1\nif n > 2 { while true { } }\nresult n=n\n")
    words = ["sweep", "--out", str(out), "-j", "2", str(script), "--n", "1..4"]
    child = subprocess.Popen(
        [sys.executable, "-m", "gradsh", *words],
        stderr=subprocess.PIPE,
        text=True,
        env={**os.environ, "PYTHONPATH": str(ROOT)},
        preexec_fn=interruptible,
    )
    until = time.monotonic() + 30
    while (not out.exists() or len(out.read_text().splitlines()) < 2) and time.monotonic() < until:
        time.sleep(0.02)
    child.send_signal(signal.SIGINT)
    _, said = child.communicate(timeout=20)
    assert child.returncode == 130 and "interrupted after 2 of 4 runs; to go on: gradsh sweep --resume --out" in said
    assert sorted(row["result"]["n"] for row in rows_of(out)) == [1, 2]


def test_nothing_is_better_than_what_is_no_number() -> None:
    best = Best("loss")
    assert best.of({"loss": float("nan")}) is best.of({"loss": "nan"}) is best.of({}) is best.of({"loss": True}) is None
    todo = runs(axes(PARAMS, ["--lr", "1,2"], "t"))
    sweep = Sweep(Script("t.grad", "param lr = 1.0\nresult acc=lr"), todo, jobs=1, best=Best("loss"))
    assert not any(report.best for report in sweep.reports())  # type: ignore[attr-defined]
    assert sweep.table(0.0).notes == ["no run has a number for its result loss; there is acc"]


def test_the_command_shows_its_help(capsys: pytest.CaptureFixture[str], script: Path) -> None:
    assert main.run(["sweep", "--help"]) == 0
    assert "--resume" in capsys.readouterr().out
    assert main.run(["sweep", str(script), "--help"]) == 0
    assert "learning rate" in capsys.readouterr().out
