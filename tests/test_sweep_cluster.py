"""`gradsh sweep --on`: a real scheduler and two real workers of Dask on this machine."""

from __future__ import annotations

import importlib.util
import json
import os
import signal
import socket
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from gradsh.errors import BadArguments
from gradsh.sweep import cluster
from gradsh.sweep.pool import local
from gradsh.sweep.space import axes, runs
from gradsh.sweep.worker import Script
from tests.conftest import ROOT
from tests.test_sweep import plain

# looked for, not imported: whoever collects these tests need not run them
pytestmark = pytest.mark.skipif(importlib.util.find_spec("distributed") is None, reason="Dask is an extra")

SCRIPT = """\
param n = 1
use "lib/twice.grad"
let x = tensor(load("data/x.json"))
let until = time() + 0.3
while time() < until { }
assert n != 3, "three"
print n
result sum=(twice(x) * n).sum(), drawn=rand(1)
"""


@pytest.fixture
def script(tmp_path: Path) -> Script:
    for name, text in {"lib/twice.grad": "fn twice(x) = 2 * x", "data/x.json": "[1.5, 2.5]", "n.grad": SCRIPT}.items():
        (tmp_path / "here" / name).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / "here" / name).write_text(text)
    return Script(str(tmp_path / "here" / "n.grad"), SCRIPT, logs=str(tmp_path))


@pytest.fixture
def dask(tmp_path: Path) -> Iterator[tuple[str, list[subprocess.Popen[bytes]]]]:
    """The address of a scheduler, and its two workers."""
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        address = f"tcp://127.0.0.1:{free.getsockname()[1]}"
    env = {**os.environ, "PYTHONPATH": str(ROOT)}
    started: list[subprocess.Popen[bytes]] = []

    def start(kind: str, *words: str) -> None:
        command = [sys.executable, "-m", f"distributed.cli.dask_{kind}", "--no-dashboard", *words]
        with open(tmp_path / f"{kind}-{len(started)}.log", "wb") as log:
            started.append(subprocess.Popen(command, stdout=log, stderr=log, env=env, cwd=tmp_path))

    start("scheduler", "--host", "127.0.0.1", "--port", address.rpartition(":")[2])
    for i in range(2):  # without a nanny, which would begin another where one is killed
        start("worker", address, "--nthreads", "1", "--no-nanny", "--local-directory", str(tmp_path / f"worker{i}"))
    yield address, started[1:]
    for process in started:
        process.kill()
    for process in started:
        process.wait()


def wait_for_workers(address: str, count: int) -> None:
    from distributed import Client

    with Client(address, timeout=30, set_as_default=False) as client:
        client.wait_for_workers(count, timeout=60)


def logged(script: Script) -> dict[str, bytes]:
    return {path.name: path.read_bytes() for path in Path(script.logs or "").glob("run-*.log")}


@pytest.mark.skipif(sys.platform == "win32", reason="kills a process")
def test_rows_are_those_of_this_machine_also_where_a_worker_is_lost(
    script: Script, dask: tuple[str, list[subprocess.Popen[bytes]]]
) -> None:
    address, workers = dask
    params = [("n", "1", "", True, 1)]
    todo = runs(axes(params, ["--n", "1..4"], "n.grad"), [0, 1])
    here = list(local(script, todo, 2))
    logs = logged(script)
    wait_for_workers(address, 2)
    there: list[dict[str, Any]] = []
    for row in cluster.remote(address, script, todo):
        there.append(row)
        if len(there) == 2:
            workers[0].send_signal(signal.SIGKILL)
    assert plain(there) == plain(here)
    assert len({(json.dumps(row["parameters"]), row["seed"]) for row in there}) == len(there) == 8
    assert sum(row["status"] for row in there) == 2
    assert len(logs) == 8 and logged(script) == logs


def test_where_nothing_answers(script: Script, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(cluster, "WAIT", 0.5)
    with pytest.raises(BadArguments, match="no Dask scheduler answers"):
        list(cluster.remote("tcp://127.0.0.1:9", script, runs({})))


def test_other_versions_are_told(monkeypatch: pytest.MonkeyPatch) -> None:
    class Client:
        def run(self, function: object) -> dict[str, dict[str, str]]:
            return {"tcp://a:1": {**cluster.versions(), "numpy": "1.0"}}

    with pytest.raises(BadArguments, match="a:1 has numpy"):
        cluster._check(Client(), "tcp://a:0")


def test_what_travels(script: Script) -> None:
    more = Path(script.folder).parent / "more.txt"
    more.write_text("more")
    luggage = cluster.Luggage(script, cluster.paths_of(script, [str(more)]))
    names = {"here/n.grad", "here/lib/twice.grad", "here/data/x.json", "more.txt"}
    assert {name.replace(os.sep, "/") for name in luggage.contents} == names
    with pytest.raises(BadArguments, match="which is to go along"):
        cluster.Luggage(script, ["/no/such/file"])


def test_without_dask(monkeypatch: pytest.MonkeyPatch, script: Script) -> None:
    monkeypatch.setitem(sys.modules, "distributed", None)
    with pytest.raises(BadArguments, match=r"pip install 'gradsh\[dask\]'"):
        list(cluster.remote("tcp://127.0.0.1:9", script, runs({})))


def test_a_run_that_loses_every_worker_is_given_up() -> None:
    """Dask's own word for it, and ours."""
    (run,) = runs({})
    script = Script("t.grad", "1")

    class Future:
        status = "error"

        def exception(self) -> Exception:
            return type("KilledWorker", (Exception,), {})("gone")

    row = cluster._row_of(Future(), run, script)
    assert (row["status"], row["error"]["message"]) == (137, "its worker was lost, 3 times")
    Future.status = "cancelled"
    assert cluster._row_of(Future(), run, script) == row
