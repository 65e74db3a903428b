"""What all tests share: running the command as a user would, and a cache folder that is the test run's own."""

from __future__ import annotations

import gc
import os
import signal
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from gradsh import memory
from gradsh.cli import main
from gradsh.plans.refusal import Seen
from tests.planned import planned
from tests.started import Starter

# A test that runs the command in this process would have the C library keep freed memory for all that come after it,
# and those that take as much as there is would find more. tests/test_growth.py has it in a process of its own.
memory.reuse = lambda: None

ROOT = Path(__file__).parent.parent

# Variables of the person who runs the tests that would change what a command prints.
UNSET = (
    "NO_COLOR",
    "FORCE_COLOR",
    "CLICOLOR_FORCE",
    "COLUMNS",
    "GRADSH_DEBUG",
    "GRADSH_HISTORY",
    "GRADSH_CACHE_DIR",
    "PYTHONUNBUFFERED",
)


def pytest_addoption(parser: pytest.Parser) -> None:
    parser.addoption(
        "--plans",
        choices=("worth", "forced", "off"),
        default="worth",
        help="whether sessions run by plans where one is worth it, wherever one can be made, or never: %(default)s",
    )


def pytest_configure(config: pytest.Config) -> None:
    """What a program prints is the same however it runs: the whole suite can be run with plans forced, and without."""
    planned(config.getoption("--plans"))
    take_interrupts()
    gc.set_threshold(20_000, 20, 20)  # as the command has it: collecting at every 700 objects finds nothing


def take_interrupts() -> None:
    """Tests stop programs that have no end, also in the background of a shell, where Ctrl-C is ignored."""
    if signal.getsignal(signal.SIGINT) == signal.SIG_IGN:
        signal.signal(signal.SIGINT, signal.default_int_handler)


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Tests of how much memory the process has come first, before other tests' arrays are freed beneath them."""
    items.sort(key=lambda item: item.path.name != "test_out_of_memory.py")


def pytest_collection_finish() -> None:
    """No collection in a test need look at the tests themselves, a million objects: that was a third of all time."""
    gc.collect()
    gc.freeze()


Gradsh = Callable[..., "subprocess.CompletedProcess[str]"]


@pytest.fixture(scope="session", autouse=True)
def own_folders(tmp_path_factory: pytest.TempPathFactory) -> Iterator[None]:
    """Caches and history of the test run stay out of the user's folders."""
    home = tmp_path_factory.mktemp("home")
    before = dict(os.environ)
    for name in UNSET:
        os.environ.pop(name, None)
    os.environ.update(
        HOME=str(home),
        XDG_CACHE_HOME=str(home / "cache"),
        XDG_STATE_HOME=str(home / "state"),
        XDG_CONFIG_HOME=str(home / "config"),
    )
    yield
    os.environ.clear()
    os.environ.update(before)


def pytest_runtest_setup(item: pytest.Item) -> None:
    """What a test of plans has raised, tests after it do only where plans are forced."""
    Seen.mistakes = item.config.getoption("--plans") == "forced"


def interruptible() -> None:
    """In a new child: take Ctrl-C, also when the tests run in the background, where a shell has it ignored."""
    signal.signal(signal.SIGINT, signal.SIG_DFL)


def command(config: pytest.Config) -> list[str]:
    """gradsh as a process of its own, with plans as these tests run with them."""
    how = config.getoption("--plans")
    return ["-m", "gradsh"] if how == "worth" else ["-m", "tests.planned", how]


@pytest.fixture
def only_where_worth_it(request: pytest.FixtureRequest) -> None:
    """Of tests of what has no plan because it is not worth one."""
    if request.config.getoption("--plans") != "worth":
        pytest.skip("plans are not made where they are worth it")


@pytest.fixture(scope="session")
def starter(request: pytest.FixtureRequest) -> Iterator[Starter | None]:
    """What starts gradsh as a process of its own in little time, where processes can fork."""
    made = Starter(request.config.getoption("--plans")) if hasattr(os, "fork") else None
    yield made
    if made is not None:
        made.close()


@pytest.fixture
def gradsh(tmp_path: Path, request: pytest.FixtureRequest, starter: Starter | None) -> Gradsh:
    """`gradsh(*arguments, input=…, env=…)` runs the command in an empty folder; never through a shell."""

    def run(
        *arguments: str,
        input: str | bytes | None = None,
        env: dict[str, str] | None = None,
        cwd: Path | None = None,
        timeout: float = 60,
    ) -> subprocess.CompletedProcess[str]:
        environment = {**os.environ, "PYTHONPATH": str(ROOT), **(env or {})}
        data = input.encode() if isinstance(input, str) else input
        if starter is not None and starter.takes(environment):
            status, out, err = starter.run(arguments, data or b"", cwd or tmp_path, environment, timeout)
            return subprocess.CompletedProcess(["gradsh", *arguments], status, out.decode("utf-8"), err.decode("utf-8"))
        done = subprocess.run(
            [sys.executable, *command(request.config), *arguments],
            input=data if data is not None else b"",
            capture_output=True,
            env=environment,
            cwd=cwd or tmp_path,
            timeout=timeout,
        )
        return subprocess.CompletedProcess(
            done.args, done.returncode, done.stdout.decode("utf-8"), done.stderr.decode("utf-8")
        )

    return run


class Here:
    """The command line in this process, in a folder of its own."""

    def __init__(self, folder: Path, captured: pytest.CaptureFixture[str]) -> None:
        self.folder = folder
        self.captured = captured

    def __call__(self, *words: str) -> tuple[int, str, str]:
        self.captured.readouterr()
        status = main.run(words)
        out, err = self.captured.readouterr()
        assert "Traceback" not in err
        return status, out, err


@pytest.fixture
def here(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> Here:
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr(gc, "set_threshold", lambda *_: None)
    monkeypatch.setattr(gc, "freeze", lambda: None)
    return Here(tmp_path, capsys)
