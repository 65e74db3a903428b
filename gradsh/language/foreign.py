"""Names that other languages and libraries have for what is here under another name, or is not here at all."""

from __future__ import annotations

import re
from collections.abc import Callable
from itertools import pairwise

from gradsh.errors import GradshError
from gradsh.language import brackets
from gradsh.language.mending import Edit

# libraries whose functions are here under their own names, by the names that they are imported as
LIBRARIES = ("np", "numpy", "jnp", "math", "cmath", "jax", "tf", "scipy", "cupy", "cp")
PYPLOT = re.compile(r"(?<![\w.])(?:plt|pyplot|pylab|matplotlib\.pyplot)\.(\w+)")
PLOTS = ("plot", "scatter", "bar", "imshow", "matshow", "semilogy", "loglog", "hist", "step")  # that `plot` shows here
SLOPE = re.compile(r"(?<![\w.])d(?:(\w+)|\((\w+)\))[ \t]*/[ \t]*d(?:(\w+)|\((\w+)\))(?![\w(])")
# what they call otherwise, beside what PyTorch calls as they do
OTHERWISE = {
    "array": "tensor", "asarray": "tensor", "concatenate": "cat", "random.rand": "rand", "random.randn": "randn",
    "random.seed": "manual_seed", "random.random": "rand", "random.randint": "randint",
    "random.permutation": "randperm", "random.normal": "normal", "power": "pow", "absolute": "abs", "fabs": "abs",
    "newaxis": "none", "mod": "remainder", "invert": "bitwise_not", "float_": "float64", "float128": "float64",
    "constant": "tensor", "convert_to_tensor": "tensor", "reduce_sum": "sum", "reduce_mean": "mean",
    "bool_": "bool", "int_": "int64", "arcsin": "asin", "arccos": "acos", "arctan": "atan", "degrees": "rad2deg",
    "radians": "deg2rad", "repeat": "repeat_interleave", "expand_dims": "unsqueeze",
}  # fmt: skip

# one word for another
WORDS = {
    **dict.fromkeys(("null", "nil", "NULL", "nullptr", "undefined", "Null", "NONE"), "none"),
    "NaN": "nan",
    "Inf": "inf",
    "infinity": "inf",
    "TRUE": "true",
    "FALSE": "false",
    "PI": "pi",
    "π": "pi",
    "this": "self",
    "who": "show",
    "whos": "show",
}
# one function for another; a name that is not called is a variable like any other
CALLS = {
    **dict.fromkeys(("d", "D", "derivative", "deriv", "differentiate", "gradient", "gradients", "nabla"), "grad"),
    **dict.fromkeys(("println", "printf", "echo", "puts", "disp", "display"), "print"),
    **dict.fromkeys(("array", "Array", "ndarray", "tensors", "matrix", "vector"), "tensor"),
    "ln": "log",
    "lg": "log10",
    "length": "len",
    "power": "pow",
    "fabs": "abs",
    "mod": "remainder",
    "tg": "tan",
    "inv": "linalg.inv",
}
ERRORS = re.compile(r"(?:[A-Z]\w*)?(?:Error|Exception|Interrupt|Warning)\b")


def of_library(line: str, root: str, has: Callable[[str], bool]) -> str | None:
    """A line with the library's name dropped, wherever it stands and the function is here; None where nothing is."""
    pattern = re.compile(rf"(?<![\w.]){re.escape(root)}\.([^\W\d]\w*(?:\.[^\W\d]\w*)*)")
    changed = 0

    def here(match: re.Match[str]) -> str:
        nonlocal changed
        path = match.group(1)
        first, _, rest = path.partition(".")
        for name, behind in ((path, ""), (re.sub(r"^(?:nn|math)\.", "", path), ""), (first, rest)):
            name = OTHERWISE.get(name, name)
            if has(name) or name == "none":
                changed += 1
                return name + (f".{behind}" if behind else "")
        return match.group()

    line = pattern.sub(here, line)
    return line if changed else None


def of_pyplot(line: str) -> str | None:
    """A line in which what matplotlib draws is drawn by `plot`, which shows it at once; None where nothing is drawn."""
    drawn = False
    while (found := PYPLOT.search(line)) is not None:
        given = called(line, found.end())
        if given is None:
            return None
        end = line.index("(", found.end()) + len(given) + 2
        new = "pass"
        if found[1] in PLOTS:
            values = [each for each in brackets.items(given) if not re.match(r"\s*(?:\w+\s*=(?!=)|[\"'])", each)]
            new = f"plot {', '.join(value.strip() for value in values)}"
        drawn = True
        line = line[: found.start()] + new + line[end:]
    return line if drawn else None


def called(text: str, end: int) -> str | None:
    """What stands between the brackets of a call whose function ends at `end`; None where there is no call."""
    opening = re.compile(r"[ \t]*\(").match(text, end)
    close = brackets.partner(text, opening.end() - 1) if opening else None
    return text[opening.end() : close] if opening and close is not None else None


class Instead:
    """What should stand in the place of a foreign name: the help, and the edit where it is one."""

    __slots__ = ("edit", "help")

    def __init__(self, help: str | None, edit: Edit | None = None) -> None:
        self.help = help
        self.edit = edit


def instead(
    text: str, name: str, start: int, end: int, has: Callable[[str], bool], binds: Callable[[str], bool]
) -> Instead | None:
    """What is written for a name here, `has` tells which functions there are, `binds` what the program has bound; None
    where it is no foreign one."""
    first = text.rfind("\n", 0, start) + 1
    last = text.find("\n", end)
    last = len(text) if last < 0 else last
    line = text[first:last]
    given = called(text, end)
    if name in LIBRARIES:
        new = of_library(line, name, has)
        for other in LIBRARIES:
            if new is not None and not binds(other):
                new = of_library(new, other, has) or new
        return None if new is None else Instead(new.strip(), (first, last, new))
    if name in ("plt", "pyplot", "pylab", "matplotlib"):
        new = of_pyplot(line)
        return None if new is None else Instead(new.strip(), (first, last, new))
    slope = next((m for m in SLOPE.finditer(line) if m.start() <= start - first < m.end()), None)
    of, by = (slope[1] or slope[2], slope[3] or slope[4]) if slope is not None else ("", "")
    if slope is not None and binds(of) and binds(by) and not binds(f"d{of}") and not binds(f"d{by}"):
        by = f"grad({of}, {by})"
        return _on_line(text, first, last, (first + slope.start(), first + slope.end(), by))
    if name == "input" and given is not None:
        return Instead("a program asks nobody: `param n = 3` has a value from the command line, or 3")
    if name == "complex" and given:
        pair = f"tensor([{given}])"
        edit = (start, text.index("(", end) + len(given) + 2, pair)
        return Instead(f"there are no complex numbers; real and imaginary part as two numbers: `{pair}`", edit)
    if given is not None and ERRORS.fullmatch(name) and text[:start].rstrip().endswith("raise"):
        close = text.index("(", end) + len(given) + 2
        return _on_line(text, first, last, (start, close, given or f'"{name}"'))
    word = WORDS.get(name) or (CALLS.get(name) if given is not None or text[:start].rstrip().endswith("|>") else None)
    return None if word is None else _on_line(text, first, last, (start, end, word))


def _on_line(text: str, first: int, last: int, edit: Edit) -> Instead:
    start, end, new = edit
    line = text[first:start] + new + text[end:last]
    whole = not brackets.is_open(line) and line.count("}") == line.count("{") and line.count(")") == line.count("(")
    return Instead(line.strip() if whole else new, edit)


def together(text: str, errors: list[GradshError]) -> list[GradshError]:
    """The errors, in the order of the text; those with edits on one line each offer the line with all of them."""
    found: list[GradshError] = []
    on_line: dict[int, list[GradshError]] = {}
    for error in errors:
        if error.edit is not None:
            same = on_line.setdefault(text.rfind("\n", 0, error.edit[0]) + 1, [])
            if any(other.edit == error.edit for other in same):
                continue
            same.append(error)
        found.append(error)
    for first, same in on_line.items():
        edits = sorted({error.edit for error in same if error.edit is not None})
        if len(edits) < 2 or any(a[1] > b[0] for a, b in pairwise(edits)):
            continue
        last = text.find("\n", edits[-1][1])
        last = len(text) if last < 0 else last
        line = text[first:last]
        for start, end, new in reversed(edits):
            line = line[: start - first] + new + line[end - first :]
        for error in same:
            error.edit, error.help = (first, last, line), line.strip()
    return found
