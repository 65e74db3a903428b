"""Record the forms of PyTorch's functions in C++, as its parser of arguments has them: gradsh/calls/forms.txt.

    python -m tests.record.forms

Needs torch. A line with the name (`add`, or `Tensor.add` for the method), then one with each form, in the order in
which PyTorch tries them; of a method that is written in Python, its `def`. The forms are read from the strings of
PyTorch's library; which of them belong to a function, and in what order, from what it says when none fits.
"""

from __future__ import annotations

import ast
import inspect
import re
import textwrap
from collections import defaultdict
from pathlib import Path
from typing import Any

import torch

from gradsh.calls.forms import UNKNOWN, Form
from gradsh.calls.signature import Signature
from gradsh.calls.words import NO_ARGUMENTS, inner
from gradsh.engine.ops.program.twins import candidates
from tests.record.torch_side import FUNCTIONS, METHODS, torch_callables

TARGET = Path(__file__).resolve().parents[2] / "gradsh" / "calls" / "forms.txt"
LIBRARY = Path(torch.__file__).parent / "lib" / "libtorch_python.so"
# methods whose arguments PyTorch reads by hand, and functions for which it tells no forms
NUMBERS = ("add", "sub", "subtract", "mul", "multiply", "div", "divide", "true_divide", "floor_divide", "copy_")


# gradsh's own functions of these names, and what PyTorch refuses in the name of another function inside of it
OTHERS = {"load", "save", "pack_padded_sequence"}


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


def takes_none(call: Any, *own: Any) -> bool:
    """Is it a function, or with `own` a method, that Python's own C calls without arguments?"""
    try:
        call(*own, nonsense=1)
    except Exception as error:  # what it says is all that tells
        return str(error).endswith("takes no keyword arguments")
    return False


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


def python_lines(name: str, function: Any, known: dict[str, list[str]]) -> list[str]:
    """Of a function that is written in Python: which other it stands for, its own name, what it calls in C++."""
    closure = dict(
        zip(function.__code__.co_freevars, (c.cell_contents for c in function.__closure__ or ()), strict=True)
    )
    if "if_true" in closure:
        lines = [name, f"? {closure['arg_name']} {closure['arg_index']}"]
        for way, key in (("if_true", "?1"), ("if_false", "?0")):
            lines += python_lines(name + key, closure[way], known)
        return lines
    parameters = [p.replace(annotation=p.empty) for p in inspect.signature(function).parameters.values()]
    lines = [name, f"def {function.__name__}{inspect.Signature(parameters)}", *compared(function)]
    found = called_in_cpp(function)
    if found is not None:
        callee, arguments = found
        if callee.startswith("."):
            lines.append(f"= {callee}({arguments})")
        else:
            forms = forms_of(callee.rpartition(".")[2], resolved(callee), known[short(callee)], False)
            if forms:
                lines += [f"= {short(callee)}({arguments})", *written(short(callee), forms)]
    required = [UNKNOWN for p in parameters if p.default is p.empty and p.kind is p.POSITIONAL_OR_KEYWORD]
    signature = Signature(lines[1][4:], python=True)
    # what is called in some cases only tells nothing of the others
    return (
        lines if inner(signature, required, {}, lines[2:]) is None else [line for line in lines[:3] if line[:2] != "= "]
    )


def compared(function: Any) -> list[str]:
    """The parameter that a function in Python compares first, `< p 0.0`: the comparison is what fails for a word."""
    tree = ast.parse(textwrap.dedent(inspect.getsource(function)))
    names = {n for n, p in inspect.signature(function).parameters.items() if p.default is not None}
    signs = {ast.Lt: "<", ast.Gt: ">", ast.LtE: "<=", ast.GtE: ">="}
    for node in tree.body[0].body:  # type: ignore[attr-defined]  # a function
        if isinstance(node, ast.If):
            for test in ast.walk(node.test):
                if isinstance(test, ast.Compare) and isinstance(test.left, ast.Name) and type(test.ops[0]) in signs:
                    left, right = test.left.id, argument_text(test.comparators[0], names)
                    if left in names and right != "?":
                        return [f"< {signs[type(test.ops[0])]} {left} {right}"]
    return []


def short(callee: str) -> str:
    """The name of a function in C++ as errors have it."""
    return callee.removeprefix("torch.").removeprefix("_C._nn.").removeprefix("_VF.").replace(".", "_")


def resolved(callee: str) -> Any:
    """The function of that name."""
    where: Any = torch if callee.startswith("torch.") else torch.nn.functional
    for part in callee.removeprefix("torch.").split("."):
        where = getattr(where, part, None)
    return where


def called_in_cpp(function: Any) -> tuple[str, str] | None:
    """The function in C++ (or method of a parameter, `.softmax`) that a function in Python calls with what it got."""
    tree = ast.parse(textwrap.dedent(inspect.getsource(function)))
    names = set(inspect.signature(function).parameters)
    found: list[tuple[bool, int, str, str]] = []  # whether it has the function's own name, the line, the call
    for node in ast.walk(tree):
        if not isinstance(node, ast.Call) or not isinstance(node.func, (ast.Attribute, ast.Name)):
            continue
        callee = ast.unparse(node.func)
        head, _, last = callee.rpartition(".")
        given = [("", a) for a in node.args] + [(f"{k.arg}=", k.value) for k in node.keywords]
        texts = [before + argument_text(value, names) for before, value in given]
        if head in names:
            if last == function.__name__:
                found.append((False, node.lineno, "." + last, ", ".join([head, *texts])))
            continue
        target = resolved(callee)
        if target is None or inspect.isfunction(target) or not callable(target) or isinstance(target, type):
            continue
        own = function.__name__.removeprefix("_") in last and not last.endswith("_")
        if own or (head == "torch._C._nn" and texts and texts[0] in names and not last.endswith("_")):
            found.append((own, node.lineno, callee, ", ".join(texts)))
    return max(found)[2:] if found else None


def argument_text(value: ast.expr, names: set[str]) -> str:
    """An argument that is handed on: a parameter, a number, or `?` for what is worked out."""
    if isinstance(value, ast.Name) and value.id in names:
        return value.id
    if isinstance(value, ast.Constant):
        return repr(value.value)
    if isinstance(value, ast.Call) and ast.unparse(value.func) in ("_single", "_pair", "_triple"):
        return f"[{argument_text(value.args[0], names)}]"  # a number stands for a list of it
    return "0" if "get_enum" in ast.unparse(value) else "?"


def main() -> None:
    known = library_forms()
    lines: list[str] = []
    in_place = [name for name in candidates() if torch_callables(name)]
    for name in sorted({*FUNCTIONS, *in_place} - OTHERS):
        functions = [f for f in torch_callables(name) if f is not getattr(torch.Tensor, name, None)]
        if functions and inspect.isfunction(functions[0]):
            lines += python_lines(name, functions[0], known)
        elif functions and takes_none(functions[0]):
            lines += [name, NO_ARGUMENTS]
        elif functions:
            own = name.replace(".", "_")
            other = functions[0].__name__ if own not in known else own
            forms = forms_of(name, functions[0], known[other], False)
            if forms:
                lines += [name, *([f"= {other}"] if other != own else []), *written(name, forms)]
    for name in sorted(METHODS):
        function = getattr(torch.Tensor, name, None)
        if inspect.isfunction(function):
            parameters = [p.replace(annotation=p.empty) for p in inspect.signature(function).parameters.values()]
            lines += [f"Tensor.{name}", f"def Tensor.{name}{inspect.Signature(parameters)}"]
        elif function is not None:
            if takes_none(function, torch.ones(2)):
                lines += [f"Tensor.{name}", NO_ARGUMENTS]
                continue
            forms = forms_of(name, lambda *a, f=function: f(torch.ones(2), *a), known[name], True)
            if forms:
                lines += [f"Tensor.{name}", *written("Tensor." + name, forms)]
    TARGET.write_text("\n".join(lines) + "\n", encoding="utf-8")


if __name__ == "__main__":
    main()
