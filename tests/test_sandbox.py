"""The sandbox: each thing that a stranger's script could reach is tried, in the language and below it.

docs/sandbox.md says what is promised; its table has the names of these tests.
"""

from __future__ import annotations

import io
import json
import os
import re
import subprocess
import sys
import time
from pathlib import Path
from types import SimpleNamespace

import numpy as np
import pytest

from gradsh import Session
from gradsh.cli import check, main, sandbox
from gradsh.cli.arguments import parse
from gradsh.cli.subcommands import SUBCOMMANDS
from gradsh.errors import Refused
from gradsh.frontend.imports import FILES
from gradsh.runtime.access import METHODS, names
from gradsh.runtime.builtins import BUILTINS
from gradsh.sandbox import Unavailable
from gradsh.sandbox.calls import CALLS
from tests.conftest import ROOT, Gradsh
from tests.house import imports, modules
from tests.python_modules import USES

FILTERS = Path("/proc/sys/kernel/seccomp/actions_avail")
LINUX = pytest.mark.skipif(not FILTERS.exists(), reason="a kernel without filters of system calls")


def run(text: str, name: str = "<input>", sandboxed: bool = True) -> tuple[str, int]:
    """All that a program says, values and errors, and the status."""
    out = io.StringIO()
    status = Session(out=out, err=out, sandbox=sandboxed).run(text, name).status
    return out.getvalue(), status


# --- files ----------------------------------------------------------------------------------------------------------


@pytest.fixture
def place(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A program's folder, with secrets beside it and links that lead to them."""
    home = tmp_path / "home"
    (home / "lib").mkdir(parents=True)
    (tmp_path / "secret.grad").write_text("let secret = 12345\n")
    (tmp_path / "secret.csv").write_text("12345,2\n")
    (home / "data.csv").write_text("12345,2\n")
    (home / "lib" / "good.grad").write_text('use "deeper.grad"\nfn twice(x) = 2 * x + zero\n')
    (home / "lib" / "deeper.grad").write_text("let zero = 0\n")
    (home / "link.grad").symlink_to(home / "lib" / "good.grad")
    (home / "out.grad").symlink_to(tmp_path / "secret.grad")
    (home / "out").symlink_to(tmp_path)
    (home / "lib" / "up.grad").write_text('use "../../secret.grad"\n')
    os.mkfifo(home / "fifo.grad")
    monkeypatch.chdir(home)
    return home


@pytest.mark.parametrize("path", ["lib/good.grad", "link.grad", "./lib/../lib/good.grad", "lib//good.grad"])
def test_use_below_its_own_folder(place: Path, path: str) -> None:
    assert run(f'use "{path}"; print twice(2)') == ("4\n", 0)
    assert run(f'use "{path}"; print twice(2)', str(place / "main.grad")) == ("4\n", 0)


@pytest.mark.parametrize(
    "path",
    [
        "../secret.grad",
        "out.grad",
        "out/secret.grad",
        "lib/../../secret.grad",
        "lib/up.grad",
        "@/secret.grad",
        "fifo.grad",
        "/etc/passwd",
        "/proc/self/environ",
        "/dev/stdin",
        "lib/none.grad",
        "lib",
        "",
        ".",
        "../home2/x.grad",
    ],
)
def test_use_of_anything_else(place: Path, path: str) -> None:
    said, status = run(f'use "{path.replace("@", str(place.parent))}"; print secret')
    assert status == 3 and "12345" not in said and "root:" not in said
    assert re.match(r"error\[(E0613|E0501)\]: cannot (use|read) ", said), said


def test_use_does_not_tell_what_is_outside(place: Path) -> None:
    """Nor whether there is a file at all."""
    for name in ("../secret.grad", "../none.grad", "/etc/passwd", "/etc/none"):
        words = (
            f"error[E0613]: cannot use '{name}': the program runs in a sandbox, and uses what is below its own folder"
        )
        assert run(f'use "{name}"')[0].startswith(words)


READS = ["data.csv", "../secret.csv", "/etc/passwd.csv", "/proc/self/fd/0.npy", "out/secret.csv", "none.json", "x.npz"]


@pytest.mark.parametrize("path", READS)
def test_load(place: Path, path: str) -> None:
    said, status = run(f'print "before"; load("{path}")')
    assert status == 1 and said.startswith(
        f"before\nerror[E0613]: cannot read '{path}': the program runs in a sandbox\n"
    )
    assert 'help: `load("-")` reads' in said
    assert run(f'try {{ load("{path}") }} catch e {{ print e.code }}') == ("E0613\n", 0)


@pytest.mark.parametrize(
    "path", ["data.csv", "new.npz", "../secret.csv", "/tmp/x.json", "out/x.npy", "/dev/stdout.csv"]
)
def test_save(place: Path, path: str) -> None:
    before = sorted(str(p) for p in place.parent.rglob("*"))
    said, status = run(f'save ones(2), "{path}"')
    assert status == 1 and said.startswith(f"error[E0613]: cannot write '{path}': the program runs in a sandbox\n")
    assert sorted(str(p) for p in place.parent.rglob("*")) == before
    assert (place / "data.csv").read_text() == "12345,2\n"


def test_standard_input_is_there(gradsh: Gradsh) -> None:
    done = gradsh("--sandbox=language", "-c", 'load("-") + 1', input="1 2\n3 4\n")
    assert done.stdout == "tensor([[2., 3.],\n        [4., 5.]])\n", done.stderr


def test_env(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("TOKEN", "12345")
    text = 'param key = env("TOKEN", "nothing"); print key, env("TOKEN"), env("HOME")'
    assert run(text) == ("nothing None None\n", 0)
    assert run(text, sandboxed=False)[0].startswith("12345 12345 ")
    assert os.environ["HOME"] not in run("help env")[0]


# --- addresses and objects --------------------------------------------------------------------------------------------

# what else a program can hold, and print: an expression for each
THINGS = """\
print; show; log; nn.Linear; nn.Module; Linear(2, 2); Sequential(ReLU()); Adam([ones(1, grad)])
SGD([ones(1, grad)], lr=1.).state; StepLR(SGD([ones(1, grad)], lr=1.), 2); (ones(2, grad) * 2).grad_fn
(ones(2, grad) * 2).grad_fn.next_functions; ones(2).sum; ones(2).numpy(); ones(2).numpy().sum
ones(2).numpy().dtype; ones(2).numpy()[0]; float32; int; Tensor; ones(2).shape; 1.0; none; zip([1], [2])
enumerate([1]); reversed([1]); range(3); {1: 2}.keys(); {1: 2}.items(); {1: print}.values(); [].append
"".upper; sort(ones(2)); finfo(float32); iinfo(int64); loader(ones(2)); progress([1]); Generator(); fn(x) = x
get_rng_state; (print, [log]); vmap(sin); grad(sin); jacobian; Linear(2, 2).parameters()
Linear(2, 2).state_dict(); Linear(2, 2).forward; Linear; ones(2, 2).T
"""
FORMS = """\
print v; v; print [v], (v,), {"k": v}, str(v)
print "%s %r %a" % (v, [v], v), "%s" % [v], f"{v} {[v]!r} {v!s} {(v, v)!a}"
"""


def test_no_address_is_printed() -> None:
    """Of anything that a program can name or make, in any way of printing it; in a sandbox or not."""
    values = [each.strip() for line in THINGS.split("\n") for each in line.split(";") if each.strip()]
    names_ = sorted(name for name in BUILTINS.names() if not name.startswith("Tensor."))
    text = "\n".join(f"let v = {value}; {FORMS}" for value in values)
    text += f"\nfor v in [{', '.join(names_)}] {{ {FORMS} }}\nmodel M(n) {{ let w = n; fn f() = 1 }}\n"
    text += "fn g(x) = x\nop o(x) { return x } backward(g) { return g }\n"
    text += 'let held = ones(2).numpy() + [10**30, 1]; held[0] = print; held[1] = {"k": [held, log]}\n'
    text += f"for v in [M, M(1), M(1).f, g, o, held] {{ {FORMS} }}"
    said, status = run(text, sandboxed=False)
    assert status == 0, said[-500:]
    assert "<function log>" in said and "0x" not in said


def test_no_address_of_a_method_is_printed() -> None:
    from gradsh.runtime import text
    from gradsh.runtime.access import attribute

    out = io.StringIO()
    session = Session(out=out, sandbox=True)
    session.run("let a, b, c, d, e, f = ones(2), ones(2).numpy(), [1], {}, Linear(1, 1), Adam([ones(1, grad)])")
    for value in (session.globals["." + name] for name in "abcdef"):
        for name in names(value):
            try:
                found = attribute(value, name)
            except Exception:  # some are only there for tensors of another kind
                continue
            said = " ".join((text.shown(found), text.shown([found]), text.Template("%s %r") % (found, found)))
            assert "0x" not in said, (name, said)


def test_no_address_is_in_an_error() -> None:
    """Of what any built-in says to functions, and of Python's own words."""
    from gradsh.engine.core.modes import swapped
    from gradsh.runtime import faults

    out = io.StringIO()
    session = Session(out=out, err=out, sandbox=True)
    sin, log, said = BUILTINS.value("sin"), BUILTINS.value("log"), []
    with swapped(session.context):
        for name in BUILTINS.names():
            for arguments in ((sin, [log]), ([sin],)):
                try:
                    BUILTINS.value(name)(*arguments)
                except KeyError:  # a command, which needs a session
                    continue
                except Exception as error:
                    said.append(faults.translate(error).message)
    assert len(said) > 500 and [text for text in said if " at 0x" in text] == []
    for text in (
        "({})[print]",
        "3 % print",
        "let s = 1; s %= print",
        '"%d" % print',
        "[1][print]",
        "assert false, print",
    ):
        session.run(text)
    session.run("progress([1], total=print)")
    assert out.getvalue().count("error[") == 7 and "0x" not in out.getvalue()


def test_no_array_of_objects() -> None:
    """By any method of an array or a number of NumPy's, with any argument; nor by what makes tensors."""
    wanted = ['"O"', '"object"', "print", "[print]", "none", "str", '"U3"', '"V8"', "float32", "[1, [2]]", "{}"]
    calls = [
        given for each in wanted for given in (each, f"0, {each}", f"dtype={each}", f"initial={each}", f"out={each}")
    ]
    out = io.StringIO()
    session = Session(out=out, err=out, sandbox=True)
    session.run("let a, b = ones(2, 2).numpy(), ones(2, 2).numpy()[0, 0]")
    found = []
    for name in "ab":
        methods = list(METHODS[np.ndarray if name == "a" else np.generic])
        for call in [f"{name}.{method}({given})" for method in methods for given in calls]:
            session.run(f"let made = none; try {{ let it = {call}; made = it }} catch e {{ pass }}")
            made = session.globals[".made"]
            assert not isinstance(made, (np.ndarray, np.generic)) or made.dtype.kind in "biuf", call
            found.append(made)
    assert sum(each is not None for each in found) > 20  # float32 and none are fine
    for text in ("tensor([print])", "tensor(a.tolist(), dtype=str)", 'tensor("a")', "full((2,), print)", "a + [print]"):
        assert session.run(text).status != 0, text


def test_data_ptr() -> None:
    said, status = run("let x = ones(2); x.data_ptr()")
    assert status == 1 and said.startswith(
        "error[E0613]: data_ptr() is an address in memory: the program runs in a sandbox"
    )
    assert run("ones(2).data_ptr() > 0", sandboxed=False) == ("True\n", 0)
    assert re.search(r"\d{6}", run("help data_ptr")[0]) is None


def test_nothing_outside_of_an_array_is_read() -> None:
    for text in (
        "ones(10).as_strided((9,), (1,), -2)",
        "ones(4).as_strided((9,), (1,), 0)",
        "empty(1000).as_strided((2,), (10**6,), 0)",
    ):
        assert run(text)[1] == 1, text
    assert run("print empty(1000).abs().sum(), empty_like(ones(1000)).abs().sum(), Tensor(1000).abs().sum()")[0] == (
        "tensor(0.) tensor(0.) tensor(0.)\n"
    )


# --- the door below ---------------------------------------------------------------------------------------------------

INSIDE = """
import ctypes, errno, json, os, platform, sys, threading
from gradsh.sandbox import shut
from gradsh.sandbox.calls import CALLS
libc = ctypes.CDLL(None, use_errno=True)
secret = os.open(os.environ["SECRET"], os.O_RDONLY)
os.set_inheritable(secret, True)
waiting, said = threading.Event(), {}
def refused(doing):
    try:
        doing()
    except OSError as error:
        return error.errno in (errno.EPERM, errno.EBADF)
    return False
def elsewhere():
    waiting.wait()
    said["in a thread that was there"] = refused(lambda: os.open("/", os.O_RDONLY))
thread = threading.Thread(target=elsewhere)
thread.start()
shut()
if not refused(lambda: os.open("/", os.O_RDONLY)):
    sys.exit("the door is open")  # what follows would do harm
waiting.set()
thread.join()
late = threading.Thread(target=lambda: said.update({"in a new thread": refused(lambda: os.open("/", os.O_RDONLY))}))
late.start()
late.join()
ways = {
    "read what was open": lambda: os.read(secret, 1), "write a file": lambda: os.open("x", os.O_WRONLY | os.O_CREAT),
    "list a folder": lambda: os.listdir("/"), "look for a file": lambda: os.stat("/etc/passwd"),
    "remove": lambda: os.unlink("x"), "link": lambda: os.symlink("/", "x"), "where am I": os.getcwd,
    "fork": os.fork, "run": lambda: os.execv("/bin/true", ["true"]),
    "signal another": lambda: os.kill(os.getppid(), 0), "signal all": lambda: os.kill(-1, 0),
    "wait for another": lambda: os.waitpid(-1, 0),
}
for way, doing in ways.items():
    said[way] = refused(doing)
call = libc.syscall
call.restype = ctypes.c_long
call.argtypes = [ctypes.c_long] + [ctypes.c_ulong] * 6
numbers = CALLS[platform.machine()]
def by_number(name, *arguments):
    done = call(numbers[name], *arguments, *[0] * (6 - len(arguments)))
    return done == -1 and ctypes.get_errno() in (errno.EPERM, errno.ENOSYS)
said["memory that runs"] = by_number("mmap", 0, 4096, 7, 0x22, 2**64 - 1)
page = call(numbers["mmap"], 0, 4096, 3, 0x22, 2**64 - 1, 0)
said["memory made to run"] = page > 0 and by_number("mprotect", page, 4096, 5)
said["type into the terminal"] = by_number("ioctl", 0, 0x5412, page)
said["a process by clone"] = by_number("clone", 17)
said["a process by clone3"] = by_number("clone3", page, 88)
said["a socket of the network"] = by_number("socketpair", 2, 1, 0, page)
said["a file's state by name"] = by_number("newfstatat", 2**64 - 100, page, page, 0)
said["set limits"] = by_number("prlimit64", 0, 7, page)
said["another filter"] = by_number("seccomp", 1)
said["signal another thread group"] = by_number("tgkill", 1, 1, 0)
allowed = set(numbers.values()) - {numbers["seccomp"]}
allowed |= {335, 336}  # of the kernel's own probes on x86-64: no filter is asked, and whoever calls them gets SIGILL
open_calls = []
for number in range(600):
    if number not in allowed:
        ctypes.set_errno(0)
        if call(number, 0, 0, 0, 0, 0, 0) != -1 or ctypes.get_errno() not in (errno.EPERM, errno.ENOSYS):
            open_calls.append(number)
said["every other call"] = not open_calls
a, b = os.pipe()
os.write(b, b"x")
said["its own pipes work"] = os.read(a, 1) == b"x"
os.kill(os.getpid(), 0)
print(json.dumps(said))
"""


@LINUX
def test_the_door_is_shut(tmp_path: Path) -> None:
    """From inside: every way out is refused with an error, none ends the process."""
    (tmp_path / "secret").write_text("12345")
    environment = {**os.environ, "PYTHONPATH": str(ROOT), "SECRET": str(tmp_path / "secret")}
    done = subprocess.run([sys.executable, "-c", INSIDE], env=environment, capture_output=True, text=True, cwd=tmp_path)
    assert done.returncode == 0, done.stderr
    said = json.loads(done.stdout)
    assert [way for way, shut in said.items() if not shut] == []
    assert os.listdir(tmp_path) == ["secret"]


@LINUX
def test_a_sandboxed_program_seen_from_outside(tmp_path: Path) -> None:
    """Its state in /proc while it runs: filtered, without privileges, with nothing open but the standard streams."""
    (tmp_path / "lib.grad").write_text("fn twice(x) = 2 * x\n")
    (tmp_path / "main.grad").write_text('use "lib.grad"\nprint "ready"\nprint twice(load("-"))\n[][0]\n')
    with open(tmp_path / "out", "wb") as out, open("/etc/passwd") as leaked:
        child = subprocess.Popen(
            [sys.executable, "-m", "gradsh", "--sandbox", str(tmp_path / "main.grad")],
            stdin=subprocess.PIPE, stdout=out, stderr=subprocess.PIPE, pass_fds=[leaked.fileno()], text=True,
            env={**os.environ, "PYTHONPATH": str(ROOT)},
        )  # fmt: skip
    end = time.monotonic() + 60
    while (tmp_path / "out").read_text() != "ready\n" and child.poll() is None and time.monotonic() < end:
        time.sleep(0.02)
    process = Path(f"/proc/{child.pid}")
    status = dict(line.split(":\t", 1) for line in (process / "status").read_text().splitlines() if ":\t" in line)
    threads = [thread.joinpath("status").read_text() for thread in (process / "task").iterdir()]
    opened = {int(fd.name): os.readlink(fd) for fd in (process / "fd").iterdir()}
    limits = (process / "limits").read_text()
    _, err = child.communicate("1 2\n")
    assert (status["Seccomp"], status["NoNewPrivs"]) == ("2", "1")
    assert all("Seccomp:\t2" in thread and "NoNewPrivs:\t1" in thread for thread in threads)
    own = re.compile(rf"pipe:.*|/proc/{child.pid}/statm")  # what tells of signals, and how much memory there is
    assert {0, 1, 2} <= set(opened) and all(own.fullmatch(path) for fd, path in opened.items() if fd > 2), opened
    assert re.search(r"Max core file size +0 +0", limits) and re.search(r"Max open files +64 +64", limits)
    assert (tmp_path / "out").read_text() == "ready\ntensor([2., 4.])\n"
    assert child.returncode == 1 and err.startswith("error[E0305]: ") and "main.grad:4:1" in err


BEHIND = """
import io, json, os, sys
from gradsh.cli import sandbox
from gradsh.session.python import PythonSession
from gradsh.view.display import Display, Session
programs, uses = json.load(sys.stdin)
def of_module(name, text):
    # in a child of its own: what it imports is loaded before its door is shut
    ends = os.pipe()
    if os.fork() == 0:
        shown = io.StringIO()
        session = PythonSession(Display(shown, shown), sandbox=True, cells=True)
        session.door = sandbox.shut
        try:
            status = session.run(f"import {name}\\n{text}\\n", name).status
        except BaseException as error:
            status = repr(error)
        os.write(ends[1], json.dumps([name, status, shown.getvalue()[:9000]]).encode())
        os._exit(0)
    os.close(ends[1])
    os.wait()
    said = json.loads(os.read(ends[0], 1 << 16))
    os.close(ends[0])
    return said
def run(text, name, door=None):
    out = io.StringIO()
    session = Session(out=out, err=out, sandbox=True)
    session.door = door
    return session.run(text, name).status, out.getvalue()
sandbox.load()
loaded = sorted(sys.modules)
modules = [of_module(name, text) for name, text in uses.items()]
run("1", "<input>", sandbox.shut)
print(json.dumps([loaded, modules, [run(text, name) for name, text in programs]]))
"""
LATE = [
    "help Linear, sin, while",
    'help "E0402"',
    "help W0501",
    "show ones(2)",
    'print "\\N{BULLET}", special.digamma(ones(1)), ones(2).numpy()',
    "let w = ones(300000, grad); let opt = Adam([w]); backward w.sum(); step opt; w.sum()",  # in threads
]


@LINUX
def test_all_of_gradsh_works_behind_the_door() -> None:
    """Errors as they are recorded, and programs that load late parts; nothing is left to be imported from anywhere.

    The modules that Python programs import, too.
    """
    recorded = [p for p in sorted((ROOT / "tests" / "errors").glob("*.grad"))[::4] if "use " not in p.read_text()]
    programs = [(path.name, path.read_text(encoding="utf-8")) for path in recorded] + [
        ("<input>", text) for text in LATE
    ]
    wanted = [path.with_suffix(".out").read_text(encoding="utf-8") for path in recorded]
    wanted += [f"{said}[exit status {status}]\n" for said, status in map(run, LATE)]
    done = subprocess.run(
        [sys.executable, "-c", BEHIND],
        input=json.dumps([programs, USES]),
        capture_output=True,
        text=True,
        env={**os.environ, "PYTHONPATH": str(ROOT)},
    )
    assert done.returncode == 0, done.stderr
    loaded, came, found = json.loads(done.stdout)
    assert USES.keys() == FILES.keys()
    failed = {name: said for name, status, said in came if status or "error" in said}
    assert "cannot read '*': the program runs in a sandbox" in failed.pop("glob")  # errors are said there, too
    if "No module named 'sklearn'" in failed.get("sklearn", ""):
        del failed["sklearn"]  # it is nobody's dependency
    assert failed == {}
    for (name, text), (status, said), expected in zip(programs, found, wanted, strict=True):
        if not any(word in text for word in ("load(", "save ", "env(", "data_ptr")):
            assert f"{said}[exit status {status}]\n" == expected, name
    imported = {name for module in sandbox.modules() for _, name in imports(module)}
    optional = {"typing", "numpy.typing", *sandbox.OPTIONAL, *sandbox.WRITING}
    assert imported - set(loaded) - optional == set(), "add them to LAZY in gradsh/cli/sandbox.py"
    assert all(module.startswith(sandbox.APART) for module in set(modules()) - set(sandbox.modules()))


# --- the page and the options -----------------------------------------------------------------------------------------


@pytest.mark.parametrize("page", ["sandbox.md", "trust.md"])
def test_the_page_names_tests_that_there_are(page: str) -> None:
    text = (ROOT / "docs" / page).read_text(encoding="utf-8")
    rows = [line for line in text.splitlines() if line.startswith("|") and re.search(r"`\w+\.py`|test_", line)]
    sources = {path.name: path.read_text(encoding="utf-8") for path in (ROOT / "tests").rglob("*.py")}
    for row in rows:
        for name in re.findall(r"`(test_\w+|\w+\.py)`", row):
            assert name in sources or any(f"def {name}(" in text for text in sources.values()), name
    assert len(rows) >= 12


def test_what_warms_up_runs() -> None:
    said, status = run(sandbox.WARM_UP)
    assert status == 0 and "error[E" not in said


def test_where_there_is_no_door_it_says_so(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> None:
    def unavailable() -> None:
        raise Unavailable("seccomp: Function not implemented")

    monkeypatch.setattr("gradsh.sandbox.shut", unavailable)
    session = Session(out=io.StringIO(), sandbox=True)
    session.door = sandbox.shut
    with pytest.raises(SystemExit) as ended:
        session.run("print 1")
    said = capsys.readouterr().err
    assert ended.value.code == 2 and "seccomp: Function not implemented" in said and "--sandbox=language" in said
    assert session.display.out.getvalue() == ""  # type: ignore[attr-defined]  # nothing has run


@pytest.mark.parametrize("processor", sorted(CALLS))
def test_the_filter_of_each_processor(processor: str) -> None:
    """Its instructions, run here on calls: what is allowed, and what is refused."""
    from gradsh.sandbox import linux
    from gradsh.sandbox.calls import AUDIT

    numbers, pid = CALLS[processor], 4242
    code = linux.program(numbers, AUDIT[processor], pid)
    assert len(code) < 4096 and all(0 <= field < 256 for _, yes, no, _ in code for field in (yes, no))

    def verdict(number: int, *arguments: int, audit: int = AUDIT[processor]) -> int:
        words = [number, audit, 0, 0]
        for argument in (*arguments, *[0] * (6 - len(arguments))):
            words += [argument & 0xFFFFFFFF, argument >> 32]
        at = held = 0
        while True:
            what, yes, no, value = code[at]
            if what == linux.VERDICT:
                return value
            if what == linux.LOAD:
                held = words[value // 4]
                at += 1
                continue
            so = {linux.EQUAL: held == value, linux.NOT_LESS: held >= value, linux.ANY_BIT: bool(held & value)}[what]
            at += 1 + (yes if so else no)

    def allowed(name: str, *arguments: int) -> bool:
        return verdict(numbers[name], *arguments) == linux.ALLOWED

    assert allowed("read", 0) and allowed("write", 1) and allowed("exit_group") and allowed("futex")
    assert allowed("clone", 0x3D0F00) and not allowed("clone", 17)
    assert verdict(numbers["clone3"]) == linux.REFUSED | 38  # so that the C library falls back to clone
    assert allowed("mmap", 0, 4096, 3) and not allowed("mmap", 0, 4096, 7) and not allowed("mprotect", 0, 1, 4)
    assert allowed("ioctl", 1, 0x5413) and not allowed("ioctl", 0, 0x5412)
    assert allowed("fcntl", 0, 3) and not allowed("fcntl", 0, 8)
    assert allowed("newfstatat", 1, 0, 0, 0x1000) and not allowed("newfstatat", 1, 0, 0, 0)
    assert allowed("kill", pid, 2) and not allowed("kill", 1, 9) and not allowed("tgkill", pid + 1, 1, 9)
    assert (
        allowed("prlimit64", 0, 7, 0, 99)
        and not allowed("prlimit64", 0, 7, 2**40)
        and not allowed("prlimit64", 0, 7, 8)
    )
    assert allowed("socketpair", 1) and not allowed("socketpair", 2) and not allowed("sendto", 3, 0, 0, 0, 2**40)
    assert not allowed("seccomp", 1)
    for number in set(range(600)) - set(numbers.values()):
        assert verdict(number) == linux.REFUSED | 1
    assert verdict(0x40000000 + numbers["read"]) == linux.REFUSED | 1
    assert verdict(numbers["read"], audit=0x40000003) == linux.ENDED


# what each sub-command is given; those that run no program, or refuse this one, are among them
WORDS = {
    "graph": ["main.grad", "x"],
    "export": ["--to", "latex", "main.grad", "x"],
    "explain": ["E0613"],
    "sweep": ["-j", "1", "main.grad", "--n", "1,2"],
    "completion": ["bash"],
}
STRANGER = """param n = 1
let x = ones(2, grad) * n
try { print load("../secret.csv") } catch e { print e.code }
try { save x, "new.csv" } catch e { print e.code }
print env("TOKEN")
result loss=n
"""


@pytest.mark.parametrize("word", SUBCOMMANDS)
def test_sub_commands(
    place: Path, capfd: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch, word: str
) -> None:
    """`--sandbox` before a sub-command holds for the programs that it runs."""
    monkeypatch.setenv("TOKEN", "12345")
    (place / "main.grad").write_text(STRANGER)
    before = sorted(place.rglob("*"))
    given: list[str] = []
    if word == "watch":  # hands it on to a process for each run

        class Ended(Exception):
            pass

        def popen(words: list[str], **options: object) -> None:
            given.extend(words)
            raise Ended

        monkeypatch.setattr("gradsh.cli.watch.subprocess.Popen", popen)
        assert main.run(["--sandbox=language", word, "main.grad"]) == main.FAULT and "--sandbox=language" in given
        return
    main.run(["--sandbox=language", word, *WORDS.get(word, ["main.grad"])])
    said = capfd.readouterr()
    assert "12345" not in said.out + said.err and sorted(place.rglob("*")) == before


def test_a_sweep_on_a_cluster(place: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """No file travels but the program and what it uses, and a worker holds it to the same."""
    from gradsh.sweep import cluster
    from gradsh.sweep.space import Run
    from gradsh.sweep.worker import Script

    monkeypatch.setenv("TOKEN", "12345")
    (place / "part.grad").write_text("let part = 1")
    text = 'use "part.grad"\n' + STRANGER.replace("save x", "save part * x") + 'assert env("TOKEN") is none\n'
    script = Script(str(place / "main.grad"), text, sandbox=True, logs=str(place))
    luggage = cluster.Luggage(script, cluster.paths_of(script))
    assert sorted(luggage.contents) == ["main.grad", "part.grad"]
    worker = SimpleNamespace(local_directory=str(place / "worker"), log_event=lambda *_: None)
    monkeypatch.setattr(cluster, "_dask", lambda: SimpleNamespace(get_worker=lambda: worker))
    found, said = cluster.run_there("a sweep", luggage, Run(1, {}, [], 0))
    assert found["status"] == 0 and said == "E0613\nE0613\nNone\nresult loss=1\n"
    for outside in ("../secret.grad", "out.grad", "out/secret.grad"):
        with pytest.raises(Refused):
            cluster.paths_of(Script(str(place / "main.grad"), f'use "{outside}"', sandbox=True))


@pytest.mark.parametrize("words", [["graph"], ["export", "--to", "latex"], ["check"], ["fmt", "--check"], []])
def test_no_command_shows_lines_of_a_file_that_is_no_program(
    place: Path, capfd: pytest.CaptureFixture[str], words: list[str]
) -> None:
    secret = place.parent / "secret.csv"
    secret.write_text("12345 67890\n")
    name = ["x"] if words and words[0] in ("graph", "export") else []
    assert main.run([*words, str(secret), *name]) == 3
    said = capfd.readouterr()
    assert "12345" not in said.out + said.err and "is not a gradsh program" in said.err


def test_check_reads_below_the_folder_only(place: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (place / "main.grad").write_text('use "../secret.grad"\nprint secret\n')
    assert check.run(parse(["check", "main.grad"])) == 0
    assert check.run(parse(["--sandbox", "check", "main.grad"])) == 3
    assert capsys.readouterr().err.startswith("error[E0613]: cannot use '../secret.grad'")
