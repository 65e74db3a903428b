"""Record the forms of PyTorch's overloaded functions, in the words of its own errors: operators/forms.txt.

    python -m tests.record.forms

Needs torch. A line with the name, then one with each form, as PyTorch lists them when no one of them fits.
"""

from __future__ import annotations

import inspect
import re
from pathlib import Path
from typing import Any

import torch

from gradsh.engine.signature import PYTHON
from tests.record.torch_side import FUNCTIONS, torch_callables

TARGET = Path(__file__).resolve().parents[2] / "gradsh" / "engine" / "operators" / "forms.txt"


def forms_of(function: Any) -> list[str]:
    """The forms that PyTorch says it expected; none for a function of one form."""
    for wrong in ((), ("x",), ("x",) * 30, (1.5j,) * 2, ("x",) * 3):
        try:
            function(*wrong)
        except TypeError as error:
            said = str(error)
            if "invalid combination" in said:
                one = re.search(r"but expected (\(.*\))$", said)
                return [one[1]] if one else [line[3:] for line in said.split("\n") if line.startswith(" * ")]
        except Exception:  # whatever else it says, it is not the forms
            continue
    return []


def main() -> None:
    own = {id(value) for value in vars(torch.Tensor).values()}
    lines = []
    for name in sorted(FUNCTIONS):
        functions = [f for f in torch_callables(name) if not inspect.isfunction(f) and id(f) not in own]
        if functions and name not in PYTHON:
            forms = forms_of(functions[0])
            if forms:
                lines += [name, *forms]
    TARGET.write_text("\n".join(lines) + "\n", encoding="utf-8")


if __name__ == "__main__":
    main()
