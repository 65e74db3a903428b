"""The prompt, driven through a real terminal."""

from __future__ import annotations

import os
import signal
import stat
import sys
import termios
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.conftest import ROOT, interruptible

pexpect = pytest.importorskip("pexpect")
pyte = pytest.importorskip("pyte")


class Terminal:
    """gradsh in a terminal of 80 columns; `text()` is what stands on the screen."""

    def __init__(self, folder: Path, *arguments: str, **environment: str) -> None:
        self.raw = ""  # all that has come
        self.prompts = 1  # how many there must be before more may be typed
        self.screen = pyte.Screen(80, 60)
        self.stream = pyte.Stream(self.screen)
        self.child = pexpect.spawn(
            sys.executable,
            ["-m", "gradsh", *arguments],
            dimensions=(60, 80),
            encoding="utf-8",
            timeout=20,
            cwd=str(folder),
            preexec_fn=interruptible,
            env={**os.environ, "PYTHONPATH": str(ROOT), "TERM": "xterm", "PROMPT_TOOLKIT_NO_CPR": "1", **environment},
        )

    def feed(self, data: str) -> None:
        self.raw += data
        self.stream.feed(data)

    def text(self) -> str:
        return "\n".join(line.rstrip() for line in self.screen.display).rstrip()

    def wait(self, *wanted: str, timeout: float = 20) -> str:
        """Read until every text of `wanted` is on the screen."""
        end = time.monotonic() + timeout
        while not all(each in self.text() for each in wanted):
            assert time.monotonic() < end, f"not on the screen: {wanted}\n{self.text()}"
            try:
                self.feed(self.child.read_nonblocking(65536, timeout=0.1))
            except pexpect.TIMEOUT:
                continue
            except pexpect.EOF:
                assert all(each in self.text() for each in wanted), f"ended without {wanted}\n{self.text()}"
        return self.text()

    def ready(self) -> str:
        """Wait until the last line is an empty prompt that has not been answered yet.

        What is typed before that would reach the terminal while it still echoes and makes signals of control keys.
        """
        end = time.monotonic() + 20
        while not (self.text().endswith("gradsh>") and self.text().count("gradsh>") >= self.prompts):
            assert time.monotonic() < end, self.text()
            try:
                self.feed(self.child.read_nonblocking(65536, timeout=0.1))
            except pexpect.TIMEOUT:
                continue
        return self.text()

    def type(self, text: str) -> None:
        self.ready()
        self.prompts = self.text().count("gradsh>") + 1
        self.child.send(text)

    def leave(self) -> int:
        self.ready()
        self.child.send("\x04")
        self.child.expect(pexpect.EOF)
        return int(self.child.wait())


@pytest.fixture
def terminal(tmp_path: Path) -> Iterator[Terminal]:
    made = Terminal(tmp_path, XDG_STATE_HOME=str(tmp_path / "state"))
    yield made
    made.child.close(force=True)


def test_the_one_liner(terminal: Terminal) -> None:
    assert terminal.ready().startswith("gradsh 0.")
    terminal.type("let x = tensor(5.0, grad); z = log(x**3); backward z\r")
    terminal.type("x.grad\r")
    terminal.wait("tensor(0.6000)")
    assert terminal.leave() == 0


def test_keys_that_are_typed_while_it_loads_are_kept(terminal: Terminal) -> None:
    terminal.wait("gradsh>")  # long before anything could answer it
    terminal.child.send("let wrong\x7f\x7f\x7f\x7f\x7fx = 2\rx + ")
    terminal.child.send("40 #\x1b[200~ a\rpaste\x1b[201~\x03x + 41\r")
    said = terminal.wait("\n43")
    assert said.count("let x = 2") == 1 and "wrong" not in said  # nothing is shown twice
    assert terminal.leave() == 0
    assert termios.tcgetattr(terminal.child.child_fd)[3] & termios.ECHO  # the terminal is as it was


def test_an_open_bracket_continues_and_errors_keep_bindings(terminal: Terminal) -> None:
    terminal.type("let a = (1 +\r")
    terminal.wait("...>")
    terminal.child.send("41)\r")
    terminal.type("let b = \r")
    terminal.wait("error[E01")
    terminal.type("ones(2) + ones(3)\r")
    terminal.wait("The size of tensor a (2) must match the size of tensor b (3)", "<prompt 3>:1:1")
    terminal.type("a\r")
    terminal.wait("\n42")
    assert terminal.leave() == 0


def test_ctrl_c_clears_the_line_pauses_a_loop_or_stops(terminal: Terminal) -> None:
    terminal.type("let n = 0\r")
    terminal.type("nonsense that is not run\x03")
    terminal.type("while true { n += 1 }\r")
    terminal.wait("while true")
    time.sleep(0.5)
    terminal.child.send("\x03")
    terminal.wait("paused at <prompt 2>:1>", "`continue` goes on")
    terminal.child.send("n > 0, 6 * 7\r")
    terminal.wait("(True, 42)")
    terminal.child.send("\x03")
    terminal.wait("interrupted at <prompt 2>:1")
    terminal.type("print 6 * 111; sum([i for i in range(10**9)])\r")
    terminal.wait("666")  # it runs: on a busy machine half a second was not enough for the editor to end
    terminal.child.send("\x03")
    terminal.wait("interrupted at <prompt 3>:1")
    terminal.type("n > 0\r")
    terminal.wait("True")
    assert "error" not in terminal.text()
    assert terminal.leave() == 0


def test_each_statement_has_its_time(tmp_path: Path) -> None:
    terminal = Terminal(tmp_path, "-q", "--timeout", "1500ms")
    terminal.type("let n = 0\r")
    terminal.type("while true { try { n += 1 } catch e { } }\r")
    terminal.wait("error[E0903]: the program ran longer than 1.5 s", "<prompt 2>")
    terminal.type("n > 0, 6 * 7\r")
    terminal.wait("(True, 42)")
    assert terminal.leave() == 0


def test_history_is_kept_and_private(tmp_path: Path) -> None:
    state = tmp_path / "state"
    for _ in range(2):
        terminal = Terminal(tmp_path, "-q", XDG_STATE_HOME=str(state))
        assert terminal.ready() == "gradsh>"
        terminal.type("6 * 7\r")
        terminal.wait("\n42")
        terminal.leave()
    history = state / "gradsh" / "history"
    assert stat.S_IMODE(history.stat().st_mode) == 0o600
    assert history.read_text().count("+6 * 7") >= 1
    terminal = Terminal(tmp_path, "-q", XDG_STATE_HOME=str(state))
    terminal.type("\x1b[A\r")
    terminal.wait("\n42")
    terminal.leave()
    other = Terminal(tmp_path, "-q", "--no-config", XDG_STATE_HOME=str(tmp_path / "none"))
    other.type("1\r")
    other.leave()
    assert not (tmp_path / "none").exists()


def test_an_unwritable_home(tmp_path: Path) -> None:
    nowhere = "/proc/nowhere"
    terminal = Terminal(tmp_path, HOME=nowhere, XDG_STATE_HOME=nowhere, XDG_CACHE_HOME=nowhere)
    terminal.type("6 * 7\r")
    assert "rror" not in terminal.wait("\n42")
    assert terminal.leave() == 0


def test_stay_in_the_shell_after_code(tmp_path: Path) -> None:
    terminal = Terminal(tmp_path, "-q", "-i", "-c", "let x = 41", XDG_STATE_HOME=str(tmp_path))
    terminal.type("x + 1\r")
    terminal.wait("\n42")
    terminal.type("exit\r")
    terminal.child.expect(pexpect.EOF)


def test_colour_in_a_terminal(tmp_path: Path) -> None:
    for environment, painted in (({}, True), ({"NO_COLOR": "1"}, False)):
        child = pexpect.spawn(
            sys.executable,
            ["-m", "gradsh", "-c", "lss"],
            encoding="utf-8",
            timeout=20,
            env={**os.environ, "PYTHONPATH": str(ROOT), "TERM": "xterm", **environment},
        )
        child.expect(pexpect.EOF)
        assert ("\x1b[1;31m" in child.before) is painted
        child.close()


def test_the_state_table_fits_the_terminal(tmp_path: Path) -> None:
    program = "let weights = ones(2, 3, grad); let y = weights * 2; backward y.sum(); show"
    for columns in (80, 140):
        child = pexpect.spawn(
            sys.executable,
            ["-m", "gradsh", "-c", program],
            dimensions=(40, columns),
            encoding="utf-8",
            timeout=20,
            env={**os.environ, "PYTHONPATH": str(ROOT), "TERM": "xterm", "NO_COLOR": "1"},
        )
        child.expect(pexpect.EOF)
        lines = child.before.replace("\r", "").splitlines()
        child.close()
        assert max(map(len, lines)) <= columns
        assert ("not kept" in child.before and "MulBackward0" in child.before.replace("\n", "")) or columns == 80
        assert "\x1b" not in child.before


@pytest.mark.skipif(not Path("/proc/sys/kernel/seccomp/actions_avail").exists(), reason="a kernel without filters")
def test_in_a_sandbox(tmp_path: Path) -> None:
    """No file, also none of gradsh's own: what is typed is not kept."""
    (tmp_path / "lib.grad").write_text("let a = 41\n")
    code = 'use "lib.grad"; let b = a'
    history = str(tmp_path / "history")
    terminal = Terminal(tmp_path, "--sandbox", "-i", "-c", code, GRADSH_HISTORY=history, TOKEN="12345")
    terminal.type("b + 1\r")
    terminal.wait("\n42")
    terminal.type('print env("TOKEN"), a\r')
    terminal.wait("None 41")
    status = Path(f"/proc/{terminal.child.pid}/status").read_text()
    assert "Seccomp:\t2" in status and "NoNewPrivs:\t1" in status
    terminal.type('use "lib.grad"\r')
    terminal.wait("error[E0613]: cannot use 'lib.grad'", "was read")
    terminal.type("\x18\x05")  # no editor either
    terminal.child.send("print 6 * 7\r")
    terminal.wait("\n42\n")
    assert terminal.leave() == 0
    assert not (tmp_path / "history").exists()


# what ended in a traceback, or in the shell's end: a search that the line ended in, keys while the editor is open
KEYS = [
    "\x12\x07\x07\x12a\x07\x03",
    "1+1\x18\x05abc\r\x03",
    "\x03\t\x07\x1b\t\x14\x19[b\x12\x0b\x10\x19\x12\x10\x17\x13\x03\x12\x16",
    "\t\r\x131a\x07\x13[\x18b\x18\x1f\r\x16\x1f\x15\x06\x1b\x12}",
    "}\x06\x07\x05\x15a\x15\r[\x16\x14\x18a{\x07\x06\x0bb\x08\x06",
]


def test_no_key_and_no_signal_ends_in_a_traceback(tmp_path: Path) -> None:
    terminal = Terminal(tmp_path, "-q", XDG_STATE_HOME=str(tmp_path), EDITOR="true", VISUAL="true")
    terminal.type("1 + 1\r")
    terminal.wait("\n2")  # what answers the prompt is loaded: before that a signal from outside ends gradsh
    seen = ""
    for number in range(40):
        if number < 25:
            os.kill(terminal.child.pid, signal.SIGINT)
            time.sleep(number % 5 * 0.001)
            os.kill(terminal.child.pid, signal.SIGINT)
        else:
            terminal.child.send(KEYS[number % len(KEYS)])
        time.sleep(0.04)
        try:
            while True:
                seen += terminal.child.read_nonblocking(65536, timeout=0.02)
        except pexpect.TIMEOUT:
            continue
    terminal.child.send("\x03\x03")
    time.sleep(0.2)
    terminal.child.send("6 * 7\r")
    terminal.wait("\n42")
    seen += terminal.text()
    assert not any(word in seen for word in ("Traceback", "Press ENTER", "gradsh failed", "ignored in"))
    terminal.child.close(force=True)


def test_commands_of_the_shell(terminal: Terminal) -> None:
    terminal.type(":help quit\r")
    terminal.wait(":quit", "Leave the shell")
    terminal.type(":qiut\r")
    terminal.wait("there is no command `:qiut`; did you mean `:quit`?")
    terminal.type(":q\r")
    terminal.child.expect(pexpect.EOF)


def test_a_terminal_that_can_only_write_lines(tmp_path: Path) -> None:
    terminal = Terminal(tmp_path, "-q", TERM="dumb", XDG_STATE_HOME=str(tmp_path))
    terminal.type("let x = (1 +\r")
    terminal.wait(" ( ...>")
    terminal.child.send("41)\r")
    terminal.type("x\r")
    terminal.wait("\n42")
    terminal.type("for i in range(3) {\x03")
    terminal.type("x +\x03")
    terminal.type("if x == 42 {\r")
    terminal.wait("if{ ...>")
    terminal.child.send(":vars\r")
    terminal.wait("int 42")  # and the block goes on
    terminal.child.send("x * 2 }\r")
    terminal.wait("\n84")
    terminal.type("x\r")
    assert "\x1b" not in terminal.raw and "error" not in terminal.text()
    assert terminal.leave() == 0
    assert "+x" in (tmp_path / "gradsh" / "history").read_text()


def test_what_is_longer_than_the_terminal_goes_to_the_pager(tmp_path: Path) -> None:
    terminal = Terminal(tmp_path, "-q", XDG_STATE_HOME=str(tmp_path), PAGER="sed -n s/^let.x/paged/p")
    terminal.child.setwinsize(30, 80)
    terminal.type("help log\r")
    terminal.wait("The natural logarithm")
    terminal.type("help\r")
    terminal.wait("paged = tensor(5.0, grad)")
    assert terminal.leave() == 0


def test_a_command_in_an_unfinished_block_and_the_configuration(tmp_path: Path) -> None:
    folder = tmp_path / "config" / "gradsh"
    folder.mkdir(parents=True)
    (folder / "init.grad").write_text("let lr = 41\n")
    (folder / "config.toml").write_text("liev = 1\n")
    own = {"XDG_STATE_HOME": str(tmp_path), "XDG_CONFIG_HOME": str(tmp_path / "config")}
    terminal = Terminal(tmp_path, "-q", **own)
    terminal.wait("did you mean `live`?")  # the first prompt is there before the settings are read
    terminal.type("for i in range(1) {\r")
    terminal.wait("...>")
    terminal.child.send(":vars\r")
    terminal.wait("int 41")
    terminal.child.send("print lr + i + 1 }\r")
    terminal.wait("\n42\n")
    assert terminal.leave() == 0
    other = Terminal(tmp_path, "-q", "-i", "-c", "let a = 1", **own)
    other.type("a; lr\r")
    assert "name 'lr' is not defined" in other.wait("did you mean `live`?", "error[")
    other.leave()
