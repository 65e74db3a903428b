"""The file of a sweep's results: one line of JSON for each run, written as soon as it has ended.

A line is written whole or not at all; what a kill or a full disk has left half written is taken off. While a sweep
writes into it, no other may.
"""

from __future__ import annotations

import errno
import json
import os
from typing import Any

from gradsh.errors import BadArguments
from gradsh.sweep.space import Run
from gradsh.sweep.worker import Row
from gradsh.view.json_lines import exact_values

try:
    import fcntl
except ImportError:  # Windows
    fcntl = None  # type: ignore[assignment]


def key(parameters: dict[str, Any], seed: int | None) -> str:
    """What tells one run of a script from another."""
    return json.dumps([exact_values(parameters), seed], sort_keys=True)


class Results:
    """A file of results that is open for writing, and the rows that it has."""

    def __init__(self, path: str, resume: bool) -> None:
        """Errors: BadArguments where it cannot be opened, has rows that are not to be resumed, or is being written."""
        self.path = path
        self.rows: list[Row] = []
        try:
            self.file = os.open(path, os.O_RDWR | os.O_CREAT | getattr(os, "O_CLOEXEC", 0), 0o666)
        except OSError as error:
            raise BadArguments(f"cannot write '{path}': {error.strerror}") from None
        try:
            self._lock()
            self._read(resume)
        except BaseException:
            os.close(self.file)
            raise

    def _lock(self) -> None:
        if fcntl is None:
            return
        try:
            fcntl.flock(self.file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except OSError as error:
            if error.errno in (errno.EWOULDBLOCK, errno.EACCES):
                raise BadArguments(f"another sweep is writing into '{self.path}'") from None

    def _read(self, resume: bool) -> None:
        try:
            with open(self.file, "rb", closefd=False) as file:
                data = file.read()
        except OSError as error:
            raise BadArguments(f"cannot read '{self.path}': {error.strerror}") from None
        if data and not resume:
            raise BadArguments(f"'{self.path}' has results already: --resume goes on with it, --out names another file")
        self.end = data.rfind(b"\n") + 1
        for number, line in enumerate(data[: self.end].splitlines(), 1):
            try:
                row = json.loads(line)
                row["parameters"], row["seed"], row["status"]
            except (ValueError, TypeError, KeyError):
                raise BadArguments(f"'{self.path}' is no file of results: line {number} is no row of one") from None
            self.rows.append(row)
        if self.end < len(data):  # the sweep before was killed while it wrote
            os.ftruncate(self.file, self.end)

    def has(self) -> set[str]:
        """The keys of the runs that it has."""
        return {key(row["parameters"], row["seed"]) for row in self.rows}

    def missing(self, runs: list[Run]) -> list[Run]:
        """Those of the runs that it has not."""
        there = self.has()
        return [run for run in runs if key(run.parameters, run.seed) not in there]

    def write(self, row: Row) -> None:
        """Add a row. Errors: OSError; what it had it has still."""
        data = (json.dumps(row, ensure_ascii=False) + "\n").encode("utf-8", "backslashreplace")
        done = 0
        try:
            while done < len(data):
                os.lseek(self.file, self.end + done, os.SEEK_SET)
                done += os.write(self.file, data[done:])
        except OSError:
            os.ftruncate(self.file, self.end)
            raise
        self.end += len(data)
        self.rows.append(row)

    def close(self) -> None:
        os.close(self.file)
