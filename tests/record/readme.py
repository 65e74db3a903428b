"""Write the outputs in README.md anew: `python -m tests.record.readme` (or `make record`). Read the difference."""

from __future__ import annotations

import tempfile
from pathlib import Path

from tests.test_readme import README, filled


def main() -> None:
    with tempfile.TemporaryDirectory() as folder:
        README.write_text(filled(README.read_text(encoding="utf-8"), Path(folder)), encoding="utf-8")
    print("recorded README.md")


if __name__ == "__main__":
    main()
