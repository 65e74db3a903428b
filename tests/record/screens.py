"""Writes anew the screens of the session in tests/shell/screens: `python -m tests.record.screens`."""

from __future__ import annotations

import tempfile
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

from tests.shell.screen_sessions import FOLDER, TERMINALS, record


def write(name: str) -> None:
    with tempfile.TemporaryDirectory() as folder:
        (FOLDER / f"{name}.txt").write_text(record(name, Path(folder)), encoding="utf-8")


if __name__ == "__main__":
    with ThreadPoolExecutor() as pool:
        list(pool.map(write, TERMINALS))
    print(f"wrote {len(TERMINALS)} files in {FOLDER}")
