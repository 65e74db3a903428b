"""Write tests/looking/*.out anew: `python -m tests.record.looking` (or `make record`). Read the difference."""

from __future__ import annotations

from tests.test_looking import PROGRAMS, shown


def main() -> None:
    for program in PROGRAMS:
        program.with_suffix(".out").write_text(shown(program), encoding="utf-8")
    print(f"recorded {len(PROGRAMS)} programs")


if __name__ == "__main__":
    main()
