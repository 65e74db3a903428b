"""`:time` and `:profile`: what is measured changes nothing that a line by itself would not."""

from __future__ import annotations

import io
import re
from itertools import count

import pytest

from gradsh import Session
from gradsh.engine.core.modes import Context, mode, swapped
from gradsh.engine.ops import families
from gradsh.errors import GradshError
from gradsh.runtime.builtins import BUILTINS, manual_seed
from gradsh.runtime.profiling import PASSES, Profiler
from gradsh.session import measuring
from gradsh.shell.prompt import Shell

NET = (
    "manual_seed(0); let net = Sequential(Linear(2, 3), Tanh(), Linear(3, 1)); let x = ones(4, 2); let y = zeros(4, 1)"
)


@pytest.fixture
def shell(monkeypatch: pytest.MonkeyPatch) -> Shell:
    monkeypatch.setattr(measuring, "BUDGET", 0.02)
    ticks = count()  # the machine's own clock would have it hang on what else runs there
    monkeypatch.setattr(measuring, "perf_counter", lambda: next(ticks) * 1e-4)
    out = io.StringIO()
    made = Shell(Session(out=out, err=out), history=False)
    made.enter(NET)
    return made


def said(shell: Shell, line: str) -> str:
    out = shell.session.display.out  # type: ignore[attr-defined]  # the standard one
    out.truncate(out.seek(0))
    shell.enter(line)
    return str(out.getvalue())


def test_what_changes_nothing_is_repeated(shell: Shell) -> None:
    text = said(shell, ":time mse_loss(net(x), y)")
    times = r"forward +[\d.]+ [µm]s   best [\d.]+ [µm]s\nbackward +[\d.]+ .s   best .* to 4 leaves, into no .grad"
    assert re.match(times, text), text
    assert re.search(r"median of [\d,]{2,} runs; nothing was changed\n$", text)
    assert said(shell, "net.parameters()[0].grad is none") == "True\n"
    assert said(shell, ":time 1 + 1").startswith("time ")
    assert "leaves" not in said(shell, ":time x.sum()")


def test_the_random_stream_stays_where_it_was(shell: Shell) -> None:
    first = said(shell, "manual_seed(3); rand(1)")
    said(shell, "manual_seed(3)")
    assert "runs; nothing was changed" in said(shell, ":time dropout(rand(100), 0.5).sum()")
    said(shell, "manual_seed(3)")
    assert said(shell, "rand(1)") == first


def test_what_changes_something_runs_once(shell: Shell) -> None:
    said(shell, "let n = [0]; let w = ones(2, grad)")
    text = said(shell, ":time for i in range(3) { n.append(i); backward (w * 2).sum() }")
    assert "3 passes\none run: the line changes something" in text
    assert said(shell, "len(n), w.grad") == "(4, tensor([6., 6.]))\n"
    assert said(shell, ":time print('once')").startswith("once\ntime ")
    said(shell, ":undo")
    assert said(shell, "len(n), w.grad") == "(1, None)\n"


def test_hooks_are_not_called_by_measuring(shell: Shell) -> None:
    said(shell, "let calls = []; let v = ones(2, grad); v.register_hook(fn(g) = calls.append(g))")
    assert said(shell, ":time (v * 2).sum()").startswith("time ")
    assert said(shell, "len(calls)") == "0\n"


def test_what_operators_take(shell: Shell) -> None:
    text = said(shell, ":profile for i in range(5) { backward mse_loss(net(x), y) }")
    assert re.search(r"^operator +calls +forward +backward +share$", text, re.M)
    assert re.search(r"^addmm +10 +[\d.]+ .s +[\d.]+ .s +\d+%$", text, re.M)
    assert re.search(r"^tanh +5 ", text, re.M) and re.search(r"^all else ", text, re.M)
    assert said(shell, "net.parameters()[3].grad.shape") == "Size([1])\n"
    plain = said(shell, "manual_seed(1); (rand(3) * x[0, 0] + linalg.norm(x, dim=0).sum()).softmax(0)")
    said(shell, ":profile manual_seed(1); let z = (rand(3) * x[0, 0] + linalg.norm(x, dim=0).sum()).softmax(0)")
    assert said(shell, "z") == plain


def test_errors_are_those_of_the_line(shell: Shell, capsys: pytest.CaptureFixture[str]) -> None:
    for command in (":time", ":profile"):
        text = said(shell, f"{command} x @ y")
        assert text.startswith("error[E0302]: mat1 and mat2 shapes cannot be multiplied (4x2 and 4x1)\n"), text
        assert "runs" not in text and "operator " not in text
        assert said(shell, "sin(0.0)") == "0.0\n"
        assert mode.interpreter is None and mode.profile is None and shell.session.measure is None
        shell.enter(command)
        assert "what is to be measured" in capsys.readouterr().err


def test_operators_give_the_same_where_they_are_measured() -> None:
    """Each operator's first sample as a program calls it: plainly, and with a profiler at the gates."""
    differ = []
    for name, entry in sorted(families.functions().items()):
        sample = next(iter(entry.samples()), None) if entry.samples is not None else None
        if sample is None or entry.effect or entry.name in PASSES or not BUILTINS.has(name):
            continue
        arguments, keywords = sample.draw()
        found = []
        for profiler in (None, Profiler()):
            with swapped(Context()):
                manual_seed(0)
                mode.interpreter = mode.profile = profiler
                try:
                    found.append(repr(BUILTINS.value(name)(*arguments, **keywords)))
                except GradshError as error:
                    found.append(error.message)
        if found[0] != found[1]:
            differ.append((name, found))
    assert not differ, differ[:3]
