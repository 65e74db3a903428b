"""Write tests/exported/*.py and *.out anew: programs of gradsh exported, and what PyTorch prints for the result.

    python -m tests.record.exported [--all]

Runs with the Python that runs it, which needs PyTorch. `--all`: every example, twin and notebook too, of which nothing
is written; it says which do not print what they print in gradsh.
"""

from __future__ import annotations

import os
import subprocess
import sys
import tempfile
from pathlib import Path

from tests.exports import EXPORTED, PROGRAMS, differences, export
from tests.record.twins import as_gradsh_prints


def printed(text: str) -> str:
    """What a Python program prints, as gradsh prints values."""
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "program.py"
        path.write_text(text, encoding="utf-8")
        environment = {**os.environ, "OMP_NUM_THREADS": "1"}
        done = subprocess.run([sys.executable, str(path)], env=environment, capture_output=True, text=True)
        if done.returncode:
            print(done.stderr)
        return "".join(as_gradsh_prints(line) + "\n" for line in done.stdout.splitlines())


def main() -> None:
    for program in sorted(EXPORTED.glob("*.grad")):
        text, _ = export(program)
        program.with_suffix(".py").write_text(text, encoding="utf-8")
        program.with_suffix(".out").write_text(printed(text), encoding="utf-8")
    for program in PROGRAMS if "--all" in sys.argv else ():
        found = differences(program, printed(export(program)[0]))
        print(f"{program.name}: {found or 'the same'}")


if __name__ == "__main__":
    main()
