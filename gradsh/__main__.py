"""The `gradsh` command (console script and `python -m gradsh`)."""

from __future__ import annotations

import sys


def main() -> None:
    """Run the command line and exit with its status."""
    from gradsh.cli.main import run

    sys.exit(run(sys.argv[1:]))


if __name__ == "__main__":
    main()
