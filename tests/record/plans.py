"""Write tests/plans/shown/*.out and docs/plans.md anew: `python -m tests.record.plans` (or `make record`)."""

from __future__ import annotations

import contextlib
import io
import re
import tempfile
from contextlib import redirect_stdout
from pathlib import Path

from gradsh.cli import main
from tests.test_plans_shown import DOCS, PROGRAMS, apart, recorded


def record() -> None:
    for program in PROGRAMS:
        recorded(program).write_text(apart(program), encoding="utf-8")
    program, output = re.findall(r"^```\n(.*?)^```$", DOCS.read_text(encoding="utf-8"), flags=re.MULTILINE | re.DOTALL)
    with tempfile.TemporaryDirectory() as folder, contextlib.chdir(folder), redirect_stdout(io.StringIO()) as out:
        Path("fit.grad").write_text(program, encoding="utf-8")
        main.run(["plan", "fit.grad"])
    now = "$ gradsh plan fit.grad\n" + out.getvalue().rstrip() + "\n"
    text = DOCS.read_text(encoding="utf-8").replace(output, now)
    DOCS.write_text(text, encoding="utf-8")
    print(f"recorded what is shown of the plans of {len(PROGRAMS)} programs")


if __name__ == "__main__":
    record()
