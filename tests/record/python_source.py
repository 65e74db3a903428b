"""Write anew what PyTorch shows for tests/python: `python -m tests.record.python_source [NAME …]`, with PyTorch.

A notebook, `NAME.ipynb`, gets the outputs of its cells, values as IPython shows them; of a program, `NAME.py`,
`NAME.out` has what it prints. Both run with `torch.manual_seed(0)` before their first line, in one thread.
"""

from __future__ import annotations

import ast
import contextlib
import io
import json
import sys
import warnings
from pathlib import Path
from typing import Any

from IPython.lib.pretty import pretty

FOLDER = Path(__file__).parent.parent / "python"


def shown(code: str, space: dict[str, Any]) -> dict[str, Any]:
    """What a cell prints and gives, and the error that ends it."""
    out = io.StringIO()
    result, error = None, None
    with contextlib.redirect_stdout(out), warnings.catch_warnings():
        warnings.simplefilter("ignore")
        try:
            tree = ast.parse(code)
            last = tree.body.pop() if tree.body and isinstance(tree.body[-1], ast.Expr) else None
            exec(compile(tree, "cell", "exec", dont_inherit=True), space)
            if last is not None:
                value = eval(compile(ast.Expression(last.value), "cell", "eval", dont_inherit=True), space)
                if value is not None and not code.rstrip().endswith(";"):
                    result = pretty(value)
        except Exception as failed:
            error = failed
    return {"printed": out.getvalue(), "result": result, "error": error}


def outputs(found: dict[str, Any]) -> list[dict[str, Any]]:
    """The same as Jupyter keeps it."""
    kept: list[dict[str, Any]] = []
    if found["printed"]:
        kept.append({"name": "stdout", "output_type": "stream", "text": found["printed"].splitlines(keepends=True)})
    if found["result"] is not None:
        data = {"text/plain": found["result"].splitlines(keepends=True)}
        kept.append({"data": data, "execution_count": None, "metadata": {}, "output_type": "execute_result"})
    error = found["error"]
    if error is not None:
        kept.append({"ename": type(error).__name__, "evalue": str(error), "output_type": "error", "traceback": []})
    return kept


def notebook(path: Path) -> None:
    import torch

    data = json.loads(path.read_text(encoding="utf-8"))
    torch.manual_seed(0)
    space: dict[str, Any] = {"__name__": "__main__"}
    for cell in data["cells"]:
        if "torchvision" in "".join(cell["source"]):
            break  # PyTorch's weights are not there
        cell["outputs"] = outputs(shown("".join(cell["source"]), space))
        failed = any("ename" in output for output in cell["outputs"])
        cell["metadata"] = {"tags": ["raises-exception"]} if failed else {}
    path.write_text(json.dumps(data, indent=1, ensure_ascii=False) + "\n", encoding="utf-8")


def program(path: Path) -> None:
    import torch

    torch.manual_seed(0)
    sys.argv = [path.name]
    found = shown(path.read_text(encoding="utf-8") + "\npass\n", {"__name__": "__main__"})
    if found["error"] is not None:
        raise found["error"]
    path.with_suffix(".out").write_text(found["printed"], encoding="utf-8")


def main() -> None:
    import torch

    torch.set_num_threads(1)
    names = sys.argv[1:] or [path.name for path in sorted(FOLDER.iterdir()) if path.suffix in (".py", ".ipynb")]
    for name in names:
        path = FOLDER / name
        (notebook if path.suffix == ".ipynb" else program)(path)
    print(f"recorded {len(names)}")


if __name__ == "__main__":
    main()
