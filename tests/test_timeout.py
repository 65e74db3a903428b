"""`--timeout T`: the parent process that ends the program, and what the two pass on to each other."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import textwrap
import time
from pathlib import Path

import pytest

from gradsh.cli.options import UsageError
from gradsh.cli.timeout import seconds
from tests.conftest import ROOT, Gradsh, interruptible

pytestmark = pytest.mark.skipif(not hasattr(os, "fork"), reason="needs fork")


@pytest.mark.parametrize(
    ("text", "wanted"),
    [("10s", 10), ("2m", 120), ("0.5", 0.5), ("500ms", 0.5), (".5s", 0.5), ("1h", 3600), ("3", 3), ("9" * 400, 1e8)],
)
def test_times(text: str, wanted: float) -> None:
    assert seconds(text) == wanted


@pytest.mark.parametrize("text", ["", "x", "0", "0ms", "-1", "1d", "1 s", "inf", "nan", "1e3", "٣", "s", ".", "1s2"])
def test_what_is_no_time(text: str) -> None:
    with pytest.raises(UsageError, match="--timeout takes a time, such as 10s"):
        seconds(text)


# A child that only waits stands for a program: what the parent does is the same, and starts in no time.
SCRIPT = """
    import os, signal, sys, time
    from gradsh import interrupts
    from gradsh.cli.options import Options
    from gradsh.cli.timeout import supervised

    interrupts.take()
    status = supervised(Options(), {limit}, 124)
    if status is not None:
        sys.exit(status)
    def got(number, frame):
        os.write(1, b"got %d" % number)
        os._exit(3)
    for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
        signal.signal(number, got)
    print(os.getpid(), flush=True)
    {child}
    time.sleep(60)
"""


def start(child: str, limit: float = 30) -> subprocess.Popen[str]:
    process = subprocess.Popen(
        [sys.executable, "-c", textwrap.dedent(SCRIPT).format(child=child, limit=limit)],
        preexec_fn=interruptible,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        env={**os.environ, "PYTHONPATH": str(ROOT)},
    )
    assert process.stdout is not None and process.stdout.readline().strip().isdigit()
    return process


@pytest.mark.parametrize(
    ("child", "status"), [("os._exit(7)", 7), ("os.kill(os.getpid(), 9)", -9), ("os.kill(os.getpid(), 14)", -14)]
)
def test_the_parent_ends_as_its_child_ended(child: str, status: int) -> None:
    process = start(child)
    assert process.communicate(timeout=20) == ("", "")
    assert process.returncode == status


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM, signal.SIGHUP])
def test_signals_are_passed_on(number: signal.Signals) -> None:
    process = start("")
    process.send_signal(number)
    assert process.communicate(timeout=20)[0] == f"got {number.value}"
    assert process.returncode == 3


def test_what_does_not_listen_is_killed() -> None:
    process = start("signal.signal(interrupts.TIME_IS_UP, signal.SIG_IGN)", 0.3)
    assert process.communicate(timeout=20) == ("", "error[E0903]: the program ran longer than 0.3 s\n")
    assert process.returncode == 124


def test_the_child_does_not_outlive_its_parent() -> None:
    process = start("")
    process.kill()
    out, _ = process.communicate(timeout=20)  # the child has the pipe open until it ends
    assert out == ""


def test_the_time_is_up(tmp_path: Path) -> None:
    """Here while the program waits for its input, which nobody writes; the parent's alarm is set off by hand."""
    (tmp_path / "waits.grad").write_text('print "on"\nlet x = load("-")\nprint "off"')
    process = subprocess.Popen(
        [sys.executable, "-m", "gradsh", "--timeout", "2m", "--errors", "short", "waits.grad"],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        cwd=tmp_path,
        env={**os.environ, "PYTHONPATH": str(ROOT)},
    )
    assert process.stdout is not None and process.stdout.readline() == "on\n"
    time.sleep(0.2)
    process.send_signal(signal.SIGALRM)
    process.wait(timeout=20)
    out, err = process.communicate()
    assert (process.returncode, out) == (124, "")
    assert err == "waits.grad:2:9: error[E0903]: the program ran longer than 120 s\n"


def test_what_ends_in_time_ends_as_ever(gradsh: Gradsh, tmp_path: Path) -> None:
    (tmp_path / "a.grad").write_text("lss")
    done = gradsh("--timeout", "1m", "check", "a.grad")
    assert (done.returncode, done.stdout) == (3, "") and "E0201" in done.stderr
    done = gradsh("--timeout=60", "--seed", "1", input="print [1][1:]\nprint 2\nassert 1 > 2")
    assert (done.returncode, done.stdout) == (1, "[]\n2\n") and "E0601" in done.stderr
