"""The `gradsh` command (console script and `python -m gradsh`)."""

from __future__ import annotations

import sys

from gradsh import interrupts


def main() -> None:
    """Run the command line and exit with its status."""
    try:
        interrupts.take()
        from gradsh.cli.main import run

        status = run(sys.argv[1:])
    except KeyboardInterrupt:  # before or after all else
        status = 130
    interrupts.release()
    sys.exit(status)


if __name__ == "__main__":
    main()
