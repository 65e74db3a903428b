"""Write tests/twins/*.out anew: what PyTorch prints for tests/twins/*.py. `python -m tests.record.twins [NAME …]`.

Runs with the Python that runs it, which needs PyTorch. What is kept is the text as gradsh prints values: without the
`torch.` of names and without addresses. A line that begins with "error: " is PyTorch's words and stays whole.
"""

from __future__ import annotations

import os
import re
import subprocess
import sys
from pathlib import Path

TWINS = Path(__file__).parent.parent / "twins"


def as_gradsh_prints(line: str) -> str:
    if line.startswith("error: "):
        return line
    line = re.sub(r"<(?:\w+\.)*(\w+) object at 0x[0-9a-f]+>", r"<\1>", line)
    return re.sub(r"\btorch\.", "", line)


def main() -> None:
    names = sys.argv[1:] or [path.stem for path in sorted(TWINS.glob("*.py"))]
    for name in names:
        command = [sys.executable, str(TWINS / f"{name}.py")]
        # one thread: the order of PyTorch's sums then does not depend on the machine's cores
        done = subprocess.run(command, env={**os.environ, "OMP_NUM_THREADS": "1"}, capture_output=True, text=True)
        if done.returncode or done.stderr:
            sys.exit(f"{name}.py failed:\n{done.stderr}")
        lines = [as_gradsh_prints(line) for line in done.stdout.splitlines()]
        (TWINS / f"{name}.out").write_text("\n".join(lines) + "\n", encoding="utf-8")
    print(f"recorded {len(names)} twins")


if __name__ == "__main__":
    main()
