"""Write examples/*.out anew: `python -m tests.record.examples` (or `make record`). Read the difference afterwards."""

from __future__ import annotations

from tests.test_examples import PROGRAMS, printed


def main() -> None:
    for program in PROGRAMS:
        program.with_suffix(".out").write_text(printed(program), encoding="utf-8")
    print(f"recorded {len(PROGRAMS)} examples")


if __name__ == "__main__":
    main()
