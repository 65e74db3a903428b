"""gradsh as processes of its own, which are forks of one that has loaded what all runs do: a tenth of a new one's time.

`python -m tests.started` is that process. Each run has its arguments, folder, environment and streams, and ends as a
process of `python -m gradsh` does. What stands in its environment for Python, the C library or BLAS is read when a
process starts, so a run with such variables is a new process.
"""

from __future__ import annotations

import gc
import json
import os
import signal
import socket
import struct
import subprocess
import sys
import threading
from pathlib import Path
from typing import Any, NoReturn

ROOT = Path(__file__).parent.parent
PID = struct.Struct("=ii")  # a process, its exit status
OWN = {"PYTHONPATH": str(ROOT), "OPENBLAS_NUM_THREADS": "1"}  # as `gradsh -c` has it itself
# What is read only when a process starts.
EARLY = ("PYTHON", "LC_", "LANG", "MALLOC_", "GLIBC_", "LD_", "OPENBLAS_", "OMP_", "MKL_")


class Starter:
    """The process that forks; `run` is one of gradsh. One at a time."""

    def __init__(self, how: str) -> None:
        self.here, there = socket.socketpair()
        self.environment = {**os.environ, **OWN}
        with there:
            self.process = subprocess.Popen(
                [sys.executable, "-m", "tests.started", str(there.fileno()), how],
                cwd=ROOT,
                env=self.environment,
                pass_fds=[there.fileno()],
            )

    def takes(self, environment: dict[str, str]) -> bool:
        """Whether a fork is as a new process with that environment is."""
        asked = {**OWN, **environment}
        return all(
            asked.get(name) == self.environment.get(name)
            for name in asked.keys() | self.environment.keys()
            if name.startswith(EARLY)
        )

    def run(
        self, arguments: tuple[str, ...], data: bytes, folder: Path, environment: dict[str, str], timeout: float
    ) -> tuple[int, bytes, bytes]:
        """(exit status, what it wrote to each stream). Errors: subprocess.TimeoutExpired after `timeout` seconds."""
        pipes = [os.pipe() for _ in range(3)]  # (the end to read, the end to write) of its three streams
        theirs = [pipes[0][0], pipes[1][1], pipes[2][1]]
        asked = json.dumps({"arguments": arguments, "folder": str(folder), "environment": environment}).encode()
        socket.send_fds(self.here, [struct.pack("=i", len(asked))], theirs)
        self.here.sendall(asked)
        for end in theirs:
            os.close(end)
        got: dict[int, bytes] = {}

        def write() -> None:
            try:
                with open(pipes[0][1], "wb") as stream:
                    stream.write(data)
            except BrokenPipeError:  # it has read as much as it wanted
                pass

        def read(end: int) -> None:
            with open(end, "rb") as stream:
                got[end] = stream.read()

        ends = [pipes[1][0], pipes[2][0]]
        threads = [threading.Thread(target=write), *(threading.Thread(target=read, args=(end,)) for end in ends)]
        for thread in threads:
            thread.start()
        pid, _ = PID.unpack(self._answer())
        self.here.settimeout(timeout)
        try:
            _, status = PID.unpack(self._answer())
        except TimeoutError:
            os.kill(pid, signal.SIGKILL)
            self.here.settimeout(None)
            self._answer()
            raise subprocess.TimeoutExpired(["gradsh", *arguments], timeout) from None
        finally:
            self.here.settimeout(None)
        for thread in threads:
            thread.join()
        return status, got[ends[0]], got[ends[1]]

    def _answer(self) -> bytes:
        answer = self.here.recv(PID.size, socket.MSG_WAITALL)
        assert len(answer) == PID.size, "the process that starts the others has ended"
        return answer

    def close(self) -> None:
        self.here.close()
        self.process.wait(20)


def load() -> None:
    """What runs of any program need; no more, as of what is loaded already a missing import is not seen."""
    import numpy  # noqa: F401

    from gradsh.cli import arguments, main  # noqa: F401
    from gradsh.engine.autograd import backward  # noqa: F401
    from gradsh.engine.operators import elementwise, general  # noqa: F401
    from gradsh.engine.printing import tensor_text  # noqa: F401
    from gradsh.language import lower, resolve, syntax  # noqa: F401
    from gradsh.session import session  # noqa: F401
    from gradsh.view import color, display  # noqa: F401


def serve(there: socket.socket) -> None:
    """Fork for each that is asked for, until nobody asks. In a child this returns."""
    while True:
        head, streams, *_ = socket.recv_fds(there, 4, 3)
        if not head:
            os._exit(0)
        asked = json.loads(there.recv(*struct.unpack("=i", head), socket.MSG_WAITALL))
        pid = os.fork()
        if pid == 0:
            there.close()
            become(asked, streams)
            return
        for stream in streams:
            os.close(stream)
        there.sendall(PID.pack(pid, 0))
        _, status = os.waitpid(pid, 0)
        there.sendall(PID.pack(pid, os.waitstatus_to_exitcode(status)))


def become(asked: dict[str, Any], streams: list[int]) -> None:
    """This process is as one of that folder, environment and streams."""
    for number, stream in enumerate(streams):
        os.dup2(stream, number)
        os.close(stream)
    sys.stdin = sys.__stdin__ = os.fdopen(0, encoding=sys.stdin.encoding, closefd=False)
    sys.stdout = sys.__stdout__ = os.fdopen(1, "w", encoding=sys.stdout.encoding, closefd=False)
    sys.stderr = sys.__stderr__ = os.fdopen(
        2, "w", 1, encoding=sys.stderr.encoding, errors="backslashreplace", closefd=False
    )
    os.chdir(asked["folder"])
    os.environ.clear()
    os.environ.update(asked["environment"])
    sys.argv[1:] = asked["arguments"]
    sys.path[0] = asked["folder"]


def main() -> NoReturn:
    from gradsh.__main__ import main
    from tests.planned import planned

    there, how = socket.socket(fileno=int(sys.argv[1])), sys.argv[2]
    load()
    if how != "worth":
        planned(how)
    gc.collect()
    gc.freeze()
    signal.signal(signal.SIGINT, signal.default_int_handler)
    serve(there)
    main()
    raise AssertionError("it has its status")


if __name__ == "__main__":
    main()
