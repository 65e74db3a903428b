"""Ctrl-C while operators load: it arrives, and nothing stays half loaded, neither in the session nor on the disk."""

from __future__ import annotations

import io
import os
import shutil
import subprocess
import sys
import textwrap
from pathlib import Path

import pytest

from gradsh import Session
from gradsh.engine.core import alloc
from gradsh.interrupts import HELD, held


def run(tmp_path: Path, text: str) -> str:
    """What a program in Python prints, in a process with a cache folder of its own."""
    environment = {**os.environ, "GRADSH_CACHE_DIR": str(tmp_path)}
    done = subprocess.run(
        [sys.executable, "-c", textwrap.dedent(text)], env=environment, capture_output=True, text=True, timeout=120
    )
    assert done.returncode == 0, done.stderr
    return done.stdout


# Interrupts itself when the file of that name is imported, as Ctrl-C in the middle of loading does.
INTERRUPTED = """
    import io, os, signal, sys
    from importlib.abc import MetaPathFinder
    from gradsh import Session

    class Finder(MetaPathFinder):
        def find_spec(self, name, path, target=None):
            if name == {at!r}:
                global told
                told += 1
                if told == 1:
                    {how}

    told = 0
    sys.meta_path.insert(0, Finder())
    out = io.StringIO()
    session = Session(out=out, err=out)
    try:
        session.run("let v = ones(2); v.add_(1)")
        print("went on")
    except KeyboardInterrupt:
        print("interrupted")
    session.run("let v = ones(2); print v.add_(1), v.exp_().shape, kaiming_uniform_(ones(2, 2)).shape")
    print(out.getvalue())
"""
CASES = [
    ("gradsh.engine.ops.shape.join", "os.kill(os.getpid(), signal.SIGINT)", False),
    ("gradsh.engine.ops.shape.join", "os.kill(os.getpid(), signal.SIGINT)", True),
    ("gradsh.engine.ops.elementwise.compare", "raise KeyboardInterrupt", False),
    ("gradsh.engine.ops.program.inplace", "raise KeyboardInterrupt", True),
    ("gradsh.engine.ops.shape.join", "raise MemoryError", True),
    ("lark.exceptions", "raise KeyboardInterrupt", False),
]


@pytest.fixture(scope="module")
def filled(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The cache that the program leaves when nothing interrupts it."""
    folder = tmp_path_factory.mktemp("filled")
    run(folder, INTERRUPTED.format(at="", how="pass"))
    return folder


@pytest.mark.parametrize(("at", "how", "warm"), CASES)
def test_loading_is_whole_or_tried_again(tmp_path: Path, filled: Path, at: str, how: str, warm: bool) -> None:
    """Without a cache the table of operators is being made then, with one all operators are loaded for `add_`."""
    whole = INTERRUPTED.format(at="", how="pass")
    # making the table of the grammar takes longest, and is another's matter
    kept = "*" if warm else "grammar-*" if at.startswith("gradsh") else ""
    for path in filled.glob(kept) if kept else ():
        shutil.copy2(path, tmp_path)
    shown = run(tmp_path, INTERRUPTED.format(at=at, how=how))
    assert "Size([2]) Size([2, 2])" in shown and "E0999" not in shown, shown
    fresh = run(tmp_path, whole)  # with the cache as it is now
    assert fresh.startswith("went on") and "Size([2]) Size([2, 2])" in fresh


def test_an_interrupt_comes_at_the_end_of_the_block() -> None:
    done = []
    with pytest.raises(KeyboardInterrupt):
        with held():
            os.kill(os.getpid(), 2)
            done.append(1)
        done.append(2)
    assert done == [1]


# Programs that catch whatever is raised, as deep as programs can be.
RUNAWAYS = [
    "fn f() { try { f() } catch e { f() } }; f()",
    "while true { try { ones(2) + ones(3) } catch e { } }",
    "fn f(n) = f(n + 1)\nwhile true { try { f(1) } catch e { } }",
    "fn f(x) { try { return sorted([1, 2], key=fn(v) { f(v) }) } catch e { return f(x) } }; f(1)",
    "fn h(g) { try { h(g) } catch e { h(g) } }; let y = ones(2, grad) * 2; y.register_hook(h); y.sum().backward()",
    "let w = ones(2, grad)\nwhile true { no_grad { w.add_(1); } }",
]

# What Python's own loops in C would not come back from.
LONG = [
    "max(enumerate(range(10**12)))",
    "10**9 in enumerate(range(10**12))",
    "2.5 in range(10**12)",
    "all(range(1, 10**12))",
    "list(zip(range(10**12)))",
    "sorted(reversed(range(10**12)))",
    "let a = [1]; a.extend(range(10**12))",
    "let a = [1]; a += range(10**12)",
    '",".join(range(10**12))',
    "print(*range(10**12))",
    "[*range(10**12)]",
    "set(range(10**12))",
    "let a, *b = range(10**12)",
    "list(filter(fn(v) = false, map(fn(v) = v, range(10**12))))",
    "sum([[1]] * 10**6, [])",
]


def test_one_interrupt_ends_whatever_runs(tmp_path: Path) -> None:
    """And the session after it is as it was, also where it came at the end of a mode's block."""
    done = run(
        tmp_path,
        f"""
        import io, os, signal, time, _thread
        from gradsh import Session, interrupts

        def press():
            time.sleep(0.05)
            os.kill(os.getpid(), signal.SIGINT)
            pressed.append(1)

        interrupts.take()
        out = io.StringIO()
        session = Session(out=out, err=out)
        session.run("let w = 1; try {{ w + [] }} catch e {{ }}")
        pressed, caught = [], 0
        for program in {RUNAWAYS} * 4 + {LONG}:
            _thread.start_new_thread(press, ())
            try:
                session.run(program)
            except KeyboardInterrupt:
                caught += 1
        session.run("print is_grad_enabled(), (ones(2, grad) * 2).requires_grad")
        print(caught, len(pressed), out.getvalue())
        """,
    )
    wanted = 4 * len(RUNAWAYS) + len(LONG)
    assert done == f"{wanted} {wanted} True True\n\n"


def test_an_interrupt_while_a_large_graph_is_walked_or_freed(tmp_path: Path) -> None:
    """It arrives, once: in the middle of a backward, and where it comes while C lets go of the nodes one by one."""
    done = run(
        tmp_path,
        """
        import io, os, signal, weakref
        from gradsh import Session, interrupts

        class Pressing(io.StringIO):
            def write(self, text):
                if "here" in text:
                    press()
                return len(text)

        def press(*_):
            pressed.append(1)
            os.kill(os.getpid(), signal.SIGINT)

        def is_stopped(text):
            try:
                session.run(text)
            except KeyboardInterrupt:
                return True
            return False

        interrupts.take()
        session = Session(out=Pressing(), err=Pressing())
        pressed, found = [], []
        large = "let half = x * 1; repeat 20000 { half = half + 1 }; let y = half * 1; repeat 20000 { y = y + 1 }"
        session.run("let x = ones(1, grad);" + large)
        found.append(is_stopped('half.register_hook(fn(g) { print "here" }); backward y'))
        session.run(large)
        behind = weakref.ref(session.globals[".half"].node, press)
        found.append(is_stopped("half = 0; y = 0; while true { }"))
        found.append(behind() is None)
        session.run("let z = (x * 3).sum(); x.grad = none; backward z")
        print(found, len(pressed), session.globals[".x"].gradient)
        """,
    )
    assert done == "[True, True, True] 2 tensor([3.])\n"


def test_a_stop_while_a_run_is_prepared_leaves_others_possible(monkeypatch: pytest.MonkeyPatch) -> None:
    """One that came there was counted as the end of a block that had not begun: no stop was ever obeyed again."""

    def stopped(limit: object) -> None:
        raise KeyboardInterrupt

    session = Session(out=io.StringIO())
    monkeypatch.setattr(alloc, "small_buffers", stopped)
    with pytest.raises(KeyboardInterrupt):
        session.run("1")
    assert HELD.depth == 0
