"""Runs of a sweep on a Dask cluster: the script and its files travel, rows come back as the runs end.

A worker writes the files into a folder of its own, once for each content, and runs one run at a time, as the engine is
one to a process: a cluster of `--nthreads 1` workers has nothing that waits. Who loses a worker does its run again.
"""

from __future__ import annotations

import hashlib
import os
import platform
import tempfile
from collections import Counter
from collections.abc import Iterator, Sequence
from importlib import import_module
from threading import Lock, Thread
from typing import Any
from uuid import uuid4

from gradsh.errors import BadArguments, Source
from gradsh.files import Files
from gradsh.language import nodes
from gradsh.language.places import Program as Used
from gradsh.language.program import compile_program
from gradsh.session.check import table
from gradsh.sweep.pool import LOST, TRIES
from gradsh.sweep.space import Run
from gradsh.sweep.worker import Row, Script, problem, row, run_one

STARTED = "gradsh-sweep"  # the topic of Dask's events in which workers say which run they begin
WAIT = 10  # seconds for a scheduler to answer
ONE = Lock()  # of a worker's process


def _dask() -> Any:
    """Dask's cluster, an extra. Errors: BadArguments."""
    try:
        return import_module("distributed")
    except ImportError:
        raise BadArguments("--on needs Dask: pip install 'gradsh[dask]'") from None


# --- what travels -----------------------------------------------------------------------------------------------------


class Luggage:
    """A script and its files: bytes by the names that they have below the folder in which all of them are."""

    __slots__ = ("contents", "digest", "logs", "script", "settings")

    def __init__(self, script: Script, paths: Sequence[str]) -> None:
        """Errors: BadArguments for a file that cannot be read."""
        root = os.path.commonpath([script.folder, *map(os.path.dirname, paths)])
        self.script = os.path.relpath(script.path, root)
        self.contents: dict[str, bytes] = {self.script: script.text.encode("utf-8", "surrogatepass")}
        for path in paths:
            try:
                with open(path, "rb") as file:
                    self.contents[os.path.relpath(path, root)] = file.read()
            except OSError as error:
                raise BadArguments(f"cannot read '{path}', which is to go along: {error.strerror}") from None
        parts = b"".join(name.encode() + b"\0" + data + b"\0" for name, data in sorted(self.contents.items()))
        self.digest = hashlib.sha256(parts).hexdigest()[:20]
        self.logs = script.logs is not None
        self.settings = {name: getattr(script, name) for name in ("dtype", "timeout", "max_memory", "sandbox", "plans")}


def paths_of(script: Script, more: Sequence[str] = ()) -> list[str]:
    """The files that a script names: those that it uses, those that it loads by a literal name, and `more`.

    In a sandbox it loads none, and names could lead to any file of this machine: they do not travel.
    """
    found: dict[str, None] = {}
    files = Files(sandboxed=script.sandbox)
    waiting: list[Used] = [compile_program(Source(script.path, script.text), {}, table(), files=files)]
    while waiting:
        program = waiting.pop()
        if (path := os.path.abspath(program.source.name)) in found:
            continue
        found[path] = None
        waiting += program.uses.values()
        for name in () if script.sandbox else _loaded(program.source):
            data = os.path.join(script.folder, name)  # from where the script is, whoever loads it
            if not os.path.isabs(name) and os.path.isfile(data):
                found[os.path.abspath(data)] = None
    found.update(dict.fromkeys(map(os.path.abspath, more)))
    del found[script.path]
    return list(found)


def _loaded(source: Source) -> Iterator[str]:
    """The literal names in `load("x.npy")`."""
    from gradsh.language.syntax import parse

    for node in nodes.walk(parse(source, table().commands())):
        if isinstance(node, nodes.Call) and isinstance(node.function, nodes.Name) and node.function.name == "load":
            for argument in node.arguments[:1]:
                if isinstance(argument.value, nodes.String):
                    yield str(argument.value.value)


# --- on a worker ------------------------------------------------------------------------------------------------------


def _itself(luggage: Luggage) -> Luggage:
    return luggage


def run_there(sweep: str, luggage: Luggage, run: Run) -> tuple[Row, str]:
    """Run it on a worker; its row and what it printed."""
    worker = _dask().get_worker()
    worker.log_event(STARTED, {"sweep": sweep, "run": run.number})
    with ONE:
        folder = os.path.join(worker.local_directory, f"gradsh-{luggage.digest}")
        _unpack(folder, luggage)
        with tempfile.TemporaryDirectory() as logs:
            path = os.path.join(folder, luggage.script)
            text = luggage.contents[luggage.script].decode("utf-8", "surrogatepass")
            script = Script(path, text, logs=logs if luggage.logs else None, **luggage.settings)
            found = run_one(script, run)
            said = ""
            for name in os.listdir(logs):
                with open(os.path.join(logs, name), encoding="utf-8", newline="") as file:
                    said = file.read()
            return found, said


def _unpack(folder: str, luggage: Luggage) -> None:
    done = os.path.join(folder, ".whole")
    if os.path.exists(done):
        return
    for name, data in luggage.contents.items():
        path = os.path.join(folder, name)
        os.makedirs(os.path.dirname(path), exist_ok=True)
        with open(path, "wb") as file:
            file.write(data)
    with open(done, "wb"):
        pass


def versions() -> dict[str, str]:
    """What has to be the same on both sides, so that numbers are."""
    import numpy

    from gradsh import __version__

    return {"gradsh": __version__, "numpy": numpy.__version__, "Python": platform.python_version()}


# --- here -------------------------------------------------------------------------------------------------------------


def remote(address: str, script: Script, runs: Sequence[Run], more: Sequence[str] = ()) -> Iterator[Row]:
    """The rows of runs on the cluster of that scheduler, each as soon as it has ended.

    Errors: BadArguments where Dask is missing, nothing answers there, or a worker has other versions.
    """
    dask = _dask()
    luggage = Luggage(script, paths_of(script, more))
    try:
        client = dask.Client(address, timeout=WAIT, set_as_default=False)
    except (OSError, ValueError, TimeoutError) as error:
        raise BadArguments(f"no Dask scheduler answers at {address}: {error or 'it took too long'}") from None
    begun: Counter[int] = Counter()
    me = uuid4().hex[:12]  # of this sweep, of all that the cluster has
    try:
        _check(client, address)
        # a task, not scattered data: a scheduler makes it again where the worker that had it is lost
        packed = client.submit(_itself, luggage, key=f"gradsh-{me}", pure=False)
        futures = {
            run.number: client.submit(run_there, me, packed, run, key=f"gradsh-{me}-{run.number}", pure=False)
            for run in runs
        }

        def started(event: tuple[float, dict[str, Any]]) -> None:
            said = event[1]
            if said["sweep"] == me:
                begun[said["run"]] += 1
                if begun[said["run"]] > TRIES:  # in a thread: this is Dask's own, which `cancel` waits for
                    Thread(target=futures[said["run"]].cancel, daemon=True).start()

        client.subscribe_topic(STARTED, started)
        numbers = {future: run for run, future in zip(runs, futures.values(), strict=True)}
        for future in dask.as_completed(list(numbers), loop=client.loop):
            yield _row_of(future, numbers[future], script)
    finally:
        client.close()


def _row_of(future: Any, run: Run, script: Script) -> Row:
    """The row of a run that is done; the log is written here."""
    if future.status == "finished":
        found, said = future.result()
        if script.logs is not None:
            with open(script.log_of(run), "w", encoding="utf-8", newline="") as log:
                log.write(said)
        return found  # type: ignore[no-any-return]  # Dask's futures are untyped
    if future.status == "cancelled":
        return row(run, {}, 0.0, LOST, problem(f"its worker was lost, {TRIES} times"))
    error = future.exception()
    if type(error).__name__ == "KilledWorker":
        return row(run, {}, 0.0, LOST, problem(f"its worker was lost, {TRIES} times"))
    return row(run, {}, 0.0, 1, problem(f"the worker could not run it: {type(error).__name__}: {error}"))


def _check(client: Any, address: str) -> None:
    """Errors: BadArguments unless there are workers, all with the versions of this side."""
    try:
        there = client.run(versions)
    except (ImportError, OSError) as error:  # also of a connection that is lost
        raise BadArguments(f"a worker of {address} has no gradsh that can be loaded: {error}") from None
    if not there:
        raise BadArguments(f"the scheduler at {address} has no workers")
    here = versions()
    for worker, found in there.items():
        for name, version in here.items():
            if found.get(name) != version:
                raise BadArguments(
                    f"{worker} has {name} {found.get(name)}, and here is {version}: results would differ"
                )
