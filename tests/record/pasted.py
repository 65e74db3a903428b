"""Write tests/data/pasted.json anew: what PyTorch prints for the programs of tests/data/pasted.txt.

`python -m tests.record.pasted` with a Python that has PyTorch. Each runs as a cell of a notebook does: what stands
last shows its value. What is kept is the text as gradsh prints values, without `torch.`.
"""

from __future__ import annotations

import ast
import contextlib
import io
import json
import re
from pathlib import Path

DATA = Path(__file__).parent.parent / "data"


def programs() -> dict[str, str]:
    """The programs by the comment that each begins with."""
    texts = (DATA / "pasted.txt").read_text(encoding="utf-8").split("\n====\n")
    return {text.split("\n")[0].lstrip("# "): text.rstrip() + "\n" for text in texts}


def printed(text: str) -> str:
    """What a program prints, and the value that stands last."""
    tree = ast.parse(text)
    out = io.StringIO()
    names: dict[str, object] = {"__name__": "__main__"}
    with contextlib.redirect_stdout(out):
        last = tree.body.pop() if isinstance(tree.body[-1], ast.Expr) else None
        exec(compile(tree, "<cell>", "exec"), names)
        if isinstance(last, ast.Expr):
            value = eval(compile(ast.Expression(last.value), "<cell>", "eval"), names)
            if value is not None:
                print(repr(value))
    return re.sub(r"\btorch\.", "", out.getvalue())


def main() -> None:
    import torch

    torch.set_num_threads(1)
    found = {name: printed(text).split("\n") for name, text in programs().items()}
    (DATA / "pasted.json").write_text(json.dumps(found, indent=1, ensure_ascii=False) + "\n", encoding="utf-8")
    print(f"recorded {len(found)} programs")


if __name__ == "__main__":
    main()
