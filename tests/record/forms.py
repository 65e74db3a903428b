"""Record the forms of PyTorch's functions in C++, as its parser of arguments has them: gradsh/calls/forms.txt.

    python -m tests.record.forms

Needs torch. A line with the name (`add`, or `Tensor.add` for the method), then one with each form, in the order in
which PyTorch tries them; of a method that is written in Python, its `def`. The forms are read from the strings of
PyTorch's library; which of them belong to a function, and in what order, from what it says when none fits.
"""

from __future__ import annotations

import inspect
import re
from collections import defaultdict
from pathlib import Path
from typing import Any

import torch

from gradsh.calls.bind import Form
from tests.record.torch_side import FUNCTIONS, METHODS, torch_callables

TARGET = Path(__file__).resolve().parents[2] / "gradsh" / "calls" / "forms.txt"
LIBRARY = Path(torch.__file__).parent / "lib" / "libtorch_python.so"
OWN = {id(value) for value in vars(torch.Tensor).values()}
# methods whose arguments PyTorch reads by hand, and functions for which it tells no forms
NUMBERS = ("add", "sub", "subtract", "mul", "multiply", "div", "divide", "true_divide", "floor_divide", "copy_")


def library_forms() -> dict[str, list[str]]:
    """Function -> every form `(Tensor input, *, Tensor out=None)` that the library has under its name."""
    found: dict[str, list[str]] = defaultdict(list)
    for text in re.findall(rb"[\x20-\x7e]{4,}", LIBRARY.read_bytes()):
        match = re.match(r"^([A-Za-z_]\w*)(\(.*\)(\|deprecated)?)$", text.decode())
        if match and match[2] not in found[match[1]]:
            found[match[1]].append(match[2])
    return found


def listed(call: Any) -> list[str]:
    """The forms that PyTorch says it expected; none for a function of one form."""
    for wrong in ((), ("x",), ("x",) * 30, (1.5j,) * 2, ("x",) * 3):
        try:
            call(*wrong)
        except TypeError as error:
            said = str(error)
            if "invalid combination" in said:
                one = re.search(r"but expected (\(.*\))$", said)
                return [one[1]] if one else [line[3:] for line in said.split("\n") if line.startswith(" * ")]
        except Exception:  # whatever else it says, it is not the forms
            continue
    return []


def first_type(form: str) -> str:
    """The type of a form's first parameter."""
    return form[1:].partition(" ")[0]


def as_method(form: str) -> str:
    """The form of a method whose function has this form."""
    inside = [p for p in form[1 : form.rindex(")")].split(", ") if not re.match(r"Tensor(List)?(\[\d+\])? out=", p)]
    inside = inside[1:]
    if inside and inside[-1] == "*":
        inside.pop()
    return f"({', '.join(inside)})"


def forms_of(name: str, call: Any, known: list[str], method: bool) -> list[str]:
    """The forms of one function, in order."""
    methods = {as_method(f) for f in known if first_type(f) in ("Tensor", "TensorList")}
    mine = [f for f in known if (f.removesuffix("|deprecated") in methods) == method]
    if not mine:
        mine = list(known)
    told = listed(call)
    if told:
        by_text = {str(Form(name, f)): f for f in known if not f.endswith("|deprecated")}
        lost = [t for t in told if t not in by_text]
        if lost:
            print("not found:", name, lost)
        hidden = [f for f in known if f.endswith("|deprecated") and (" input" in f) != method]
        return [by_text[t] for t in told if t in by_text] + hidden
    mine = [f for f in mine if not f.endswith("|deprecated")]
    if len(mine) > 1:
        mine = [f for f in mine if ("Tensor input" in f) != method]
    if len(mine) != 1:
        print("unclear:", name, "method" if method else "", mine)
        return []
    return mine


def written(name: str, forms: list[str]) -> list[str]:
    """With the word for tensors that may be numbers."""
    if name.rstrip("_").removeprefix("Tensor.") in NUMBERS or name.removeprefix("Tensor.") in NUMBERS:
        return [re.sub(r"\bTensor (?!out)", "TensorOrNumber ", f) for f in forms]
    return forms


def main() -> None:
    known = library_forms()
    lines: list[str] = []
    for name in sorted(FUNCTIONS):
        functions = [f for f in torch_callables(name) if id(f) not in OWN]
        if functions:
            python = inspect.isfunction(functions[0])
            builtin = functions[0] if not python else lambda *a: None
            forms = forms_of(name, builtin, known[name.replace(".", "_")], False)
            if forms:
                lines += [name, *written(name, forms)]
    for name in sorted(METHODS):
        function = getattr(torch.Tensor, name, None)
        if inspect.isfunction(function):
            parameters = [p.replace(annotation=p.empty) for p in inspect.signature(function).parameters.values()]
            lines += [f"Tensor.{name}", f"def {inspect.Signature(parameters)}"]
        elif function is not None:
            forms = forms_of(name, lambda *a, f=function: f(torch.ones(2), *a), known[name], True)
            if forms:
                lines += [f"Tensor.{name}", *written("Tensor." + name, forms)]
    TARGET.write_text("\n".join(lines) + "\n", encoding="utf-8")


if __name__ == "__main__":
    main()
