"""`gradsh.Session(timeout=)`: the statement ends with E0903, the session stays, and the host notices nothing."""

from __future__ import annotations

import io
import signal
import threading

import pytest

import gradsh

RUNAWAYS = [
    "while true { }",
    "while true { try { kept = kept + 1 } catch e { } }",
    "fn f() { try { f() } catch e { f() } }; f()",
    "while true { print 1 }",
    "let x = ones(100, 100)\nwhile true { no_grad { x @ x; } }",
]


def ends(programs: list[str], out: list[str]) -> None:
    stream = io.StringIO()
    session = gradsh.Session(out=stream, err=stream, timeout=0.25)
    limits, session.limits = session.limits, None
    session.run("let kept = 7; try { ones(2) + [] } catch e { }")  # loads what reads a program, and takes its time
    session.limits = limits
    for program in programs:
        result = session.run(program)
        assert result.status == 1 and [error.code for error in result.errors] == ["E0903"], program
    stream.truncate(stream.seek(0))
    session.limits = None
    session.run("print kept >= 7, is_grad_enabled()")
    out.append(stream.getvalue())


@pytest.mark.parametrize("elsewhere", [False, True])
def test_the_statement_ends_and_the_session_stays(elsewhere: bool) -> None:
    before = signal.getsignal(signal.SIGINT), signal.getitimer(signal.ITIMER_REAL)
    out: list[str] = []
    if elsewhere:
        thread = threading.Thread(target=ends, args=(RUNAWAYS[1:3], out))
        thread.start()
        thread.join()
    else:
        ends(RUNAWAYS, out)
    assert out == ["True True\n"]
    assert before == (signal.getsignal(signal.SIGINT), signal.getitimer(signal.ITIMER_REAL))


def test_the_error_says_how_long_and_where() -> None:
    gradsh.Session().run("let n = 0\nwhile n < 3 { n = n + 1 }")  # loads what reads a program
    err = io.StringIO()
    gradsh.Session(err=err, timeout=0.5).run("let n = 0\nwhile true { n = n + 1 }")
    assert err.getvalue().startswith("error[E0903]: the program ran longer than 0.5 s\n --> <input>:2:")


def test_ends_that_race_with_the_deadline() -> None:
    """Nothing is raised in the host, nor in the program after."""
    session = gradsh.Session(out=io.StringIO(), err=io.StringIO(), timeout=0.001)
    patient = gradsh.Session(out=io.StringIO(), err=io.StringIO())
    patient.run("let n = 0; while n < 10 { n = n + 1 }")
    ended = set()
    for count in range(500):
        ended.add(session.run(f"let n = 0; while n < {count * 400} {{ n = n + 1 }}").status)
        assert sum(range(2000)) == 1999000
        assert patient.run("n").ok
    assert ended == {0, 1}


class Careful(io.StringIO):
    """A stream of the host, which must not be left in the middle of a line."""

    writing = written = 0

    def write(self, text: str) -> int:
        self.written += 1
        self.writing += 1
        for _ in range(2000):
            pass
        self.writing -= 1
        return len(text)


def test_the_host_is_not_interrupted_and_gets_no_more_than_its_time_allows() -> None:
    """What a plan gave at once was twice as much in each run: five seconds of lines in the tenth of a tenth of one."""
    out = Careful()
    session = gradsh.Session(out=out, err=out, timeout=0.1)
    written = []
    for _ in range(10):
        before = out.written
        assert not session.run("while true { print 1 }").ok
        written.append(out.written - before)
    assert out.writing == 0
    assert max(written) < 30_000, written  # a tenth of a second is for some thousands; it had come to 98,000


@pytest.mark.parametrize("timeout", [0, -1, float("nan"), float("inf"), "1", True])
def test_what_is_no_time(timeout: object) -> None:
    with pytest.raises(ValueError, match="timeout must be a positive number of seconds"):
        gradsh.Session(timeout=timeout)  # type: ignore[arg-type]  # that is what is tried
