"""Write tests/plots/*.txt anew: `python -m tests.record.plots` (or `make record`). Read the difference afterwards."""

from __future__ import annotations

from tests.test_plot import FOLDER, LOOKS, PROGRAMS, drawn


def main() -> None:
    for name in PROGRAMS:
        for look in LOOKS:
            (FOLDER / f"{name}.{look}.txt").write_text(drawn(name, look), encoding="utf-8")
    print(f"recorded {len(PROGRAMS)} pictures, {len(LOOKS)} times each")


if __name__ == "__main__":
    main()
