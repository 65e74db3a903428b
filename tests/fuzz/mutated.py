"""Programs of the repository with something changed: tokens, lines, numbers, characters."""

from __future__ import annotations

from random import Random
from typing import Any

from gradsh.language import words
from tests.fuzz import corpus, values
from tests.fuzz.judge import WAYS, Finding, run_program

BATCH = 60
RESERVED = frozenset(words.RESERVED)
SIGNS = "()[]{},.;:=+-*/%@|<>!&^~#\"'\\ \n\t`$?"
ODD = "\x00\x07\x1b\x7f\x85\xa0é\u0301\u200b\u2028\u202e\ufeff\ufffd\ud800\U0001d499ǆ²①"
WORDS = (
    "let", "fn", "if", "else", "while", "for", "in", "repeat", "try", "catch", "break", "continue", "return", "del",
    "assert", "raise", "and", "or", "not", "print", "backward", "true", "none", "no_grad", "model", "op", "forward",
    "use", "param", "show", "self", "grad", "is", "import", "pass", "x", "vmap", "save", "load", "help",
    "detect_anomaly", "inference_mode",
)  # fmt: skip


def make(draws: Random) -> dict[str, Any]:
    text = _piece(draws)
    if draws.random() < 0.2:
        text += draws.choice(["\n", "; "]) + _piece(draws)
    for _ in range(draws.choice((1, 1, 1, 1, 2, 2, 4))):
        text = draws.choice(CHANGES)(text, draws)
    return {"program": text[:4000], "way": draws.choice(WAYS)}


def _piece(draws: Random) -> str:
    return draws.choice(draws.choice(corpus.pieces()))


def run(recipe: dict[str, Any]) -> list[Finding]:
    return run_program(recipe["program"], recipe["way"]).findings


# --- changes ----------------------------------------------------------------------------------------------------------


def a_token(text: str, draws: Random) -> str:
    """Drop, double, swap or replace a token."""
    parts = corpus.tokens(text)
    if not parts:
        return values.anything(draws)
    at = draws.randrange(len(parts))
    what = draws.randrange(6)
    if what == 0:
        del parts[at]
    elif what == 1:
        parts.insert(at, parts[at])
    elif what == 2:
        other = draws.randrange(len(parts))
        parts[at], parts[other] = parts[other], parts[at]
    elif what == 3:
        parts[at] = draws.choice(parts)
    elif what == 4:
        parts[at] = " " + draws.choice(WORDS) + " "
    else:
        parts[at] = draws.choice(corpus.tokens(_piece(draws)) or [""])
    return "".join(parts)


def _names(parts: list[str], *, attributes: bool = False) -> list[int]:
    """Where names stand that are no words of the language."""
    return [
        at
        for at, part in enumerate(parts)
        if part.strip()[:1].isalpha() and part.strip() not in RESERVED
        if attributes or not (at and parts[at - 1].strip() == ".")
        if parts[at + 1 : at + 2] != ["="]
    ]


def a_value(text: str, draws: Random) -> str:
    """A number, a string or a name becomes something odd, or another name of the program."""
    parts = corpus.tokens(text)
    names = _names(parts)
    places = names + 2 * [i for i, part in enumerate(parts) if part.strip()[:1].isdigit() or part.strip()[:1] in "\"'"]
    if not places:
        return text
    at = draws.choice(places)
    space = parts[at][: len(parts[at]) - len(parts[at].lstrip())]
    if at in names and draws.random() < 0.5:
        parts[at] = space + parts[draws.choice(names)].strip()
    elif parts[at].strip()[:1].isdigit() and draws.random() < 0.6:
        parts[at] = space + values.number(draws)
    else:
        parts[at] = f"{space}({values.anything(draws)})"
    return "".join(parts)


def an_argument(text: str, draws: Random) -> str:
    """Something more after a `(`, a `[` or a comma."""
    places = [i + 1 for i, sign in enumerate(text) if sign in "([,{"]
    if not places:
        return text
    at = draws.choice(places)
    return text[:at] + draws.choice(("", "", "", "x=", "dim=", "*", "**")) + values.anything(draws) + ", " + text[at:]


def a_call(text: str, draws: Random) -> str:
    """A method, an attribute or an index after a name."""
    parts = corpus.tokens(text)
    places = _names(parts, attributes=True)
    if not places:
        return text
    at = draws.choice(places)
    more = (
        f".{draws.choice(METHODS)}()", f".{draws.choice(METHODS)}({values.anything(draws)})",
        f"[{values.anything(draws)}]", f".{draws.choice(ATTRIBUTES)}", f".{draws.choice(METHODS)}",
        f" |> {draws.choice(METHODS)}", f"({values.anything(draws)})",
    )  # fmt: skip
    parts[at] += draws.choice(more)
    return "".join(parts)


METHODS = (
    "sum", "mean", "exp", "log", "t", "view", "reshape", "expand", "backward", "detach", "clone", "numpy", "item",
    "tolist", "retain_grad", "register_hook", "requires_grad_", "mul_", "add_", "zero_", "copy_", "fill_", "sort",
    "unbind", "split", "append", "keys", "items", "upper", "join", "parameters", "state_dict", "load_state_dict",
    "train", "step", "zero_grad", "unsqueeze", "squeeze_", "t_", "resize_", "as_strided", "scatter_", "index_put_",
    "masked_fill_", "to", "type", "norm", "max", "cumsum", "set_", "data_ptr", "register_forward_hook",
)  # fmt: skip
ATTRIBUTES = (
    "grad",
    "data",
    "shape",
    "grad_fn",
    "T",
    "mT",
    "dtype",
    "is_leaf",
    "_version",
    "requires_grad",
    "next_functions",
    "code",
    "nosuch",
)


AROUND = (
    "try {{ {} }} catch err {{ print err }}", "repeat 2 {{ {} }}", "no_grad {{ {} }}",
    "fn g(x) {{ {} }}; g(ones(2))", "if true {{ {} }}", "detect_anomaly {{ {} }}",
    "vmap(fn(x) {{ {} }})(ones(2, 2))",
)  # fmt: skip


def a_line(text: str, draws: Random) -> str:
    """Drop, double, move or bring in a line."""
    lines = text.split("\n")
    at = draws.randrange(len(lines))
    what = draws.randrange(5)
    if what == 0:
        del lines[at]
    elif what == 1:
        lines.insert(at, draws.choice(lines))
    elif what == 2:
        lines.insert(draws.randrange(len(lines)), lines.pop(at))
    elif what == 3:
        lines.insert(at, draws.choice(_piece(draws).split("\n")))
    else:
        around = draws.choice(AROUND)
        lines[at] = around.format(lines[at])
    return "\n".join(lines)


def a_character(text: str, draws: Random) -> str:
    """Drop, double or insert one character."""
    at = draws.randrange(len(text) + 1)
    what = draws.randrange(4)
    if what == 0:
        return text[:at] + text[at + 1 :]
    if what == 1:
        return text[:at] + draws.choice(SIGNS) + text[at:]
    if what == 2:
        return text[:at] + draws.choice(ODD) + text[at:]
    return text[:at] + text[at : at + 1] * draws.choice((2, 3, 30)) + text[at:]


def a_cut(text: str, draws: Random) -> str:
    """Only the beginning, or only the end."""
    at = draws.randrange(len(text) + 1)
    return text[:at] if draws.random() < 0.6 else text[at:]


CHANGES = (*[a_value] * 6, *[a_call] * 4, *[an_argument] * 3, *[a_line] * 3, *[a_token] * 3, a_character, a_cut)
