"""Script parameters: `param lr = 0.01   # learning rate`, and the words after FILE that give them values."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping, Sequence
from typing import TYPE_CHECKING, Any

from gradsh.calls.suggest import suggest
from gradsh.errors import BadArguments, Refused, Source
from gradsh.language import nodes

if TYPE_CHECKING:
    from gradsh.language.words import CommandWord

# name, default as written, comment, whether the default is a literal, its value: what the cache of programs can keep
Param = tuple[str, str, str, bool, Any]

HELP = ("--help", "-h")
CONSTANTS = {"inf": float("inf"), "nan": float("nan"), "pi": 3.141592653589793, "e": 2.718281828459045}
TITLES = {int: "an integer", float: "a number", str: "a string", bool: "true or false", list: "a list"}
TITLES |= {tuple: "a tuple", dict: "a dict"}
INTEGER = re.compile(r"[+-]?\d+")
FLOAT = re.compile(r"[+-]?(\d+\.\d*|\.\d+|\d+(?=[eE]))([eE][+-]?\d+)?")


class NoLiteral(Exception):
    """A text or a piece of a tree is no literal."""


def params_of(tree: nodes.Program, source: Source) -> tuple[Param, ...]:
    """The parameters that a program declares, in order."""
    found: list[Param] = []
    for statement in tree.body:
        if isinstance(statement, nodes.Param):
            text = " ".join(source.text[statement.value.start : statement.value.end].split())
            try:
                found.append((statement.name, text, statement.comment, True, literal(statement.value)))
            except NoLiteral:
                found.append((statement.name, text, statement.comment, False, None))
    return tuple(found)


# --- literals ---------------------------------------------------------------------------------------------------


def literal(node: nodes.Expr) -> Any:
    """The value of a literal: a number, string, bool or none, or a list, tuple or dict of these. Raises NoLiteral."""
    if isinstance(node, (nodes.Number, nodes.String)):
        return node.value
    if isinstance(node, nodes.Constant) and node.value is not ...:
        return node.value
    if isinstance(node, nodes.Name) and node.name in CONSTANTS:
        return CONSTANTS[node.name]
    if isinstance(node, nodes.Unary) and node.op in "+-":
        value = literal(node.operand)
        if type(value) in (int, float):
            return -value if node.op == "-" else value
    if isinstance(node, nodes.ListExpr):
        return [literal(item) for item in node.items]
    if isinstance(node, nodes.TupleExpr):
        return tuple(literal(item) for item in node.items)
    if isinstance(node, nodes.DictExpr) and not any(isinstance(value, nodes.Unpacked) for _, value in node.items):
        try:
            return {literal(key): literal(value) for key, value in node.items}
        except TypeError:  # a list as a key
            raise NoLiteral from None
    raise NoLiteral


def read_literal(text: str) -> Any:
    """The value that a text is the literal of. Raises NoLiteral."""
    text = text.strip()
    if text.lower() in ("true", "false") and text in ("true", "false", "True", "False"):
        return text.lower() == "true"
    # the plainest numbers without the parser, which takes longer than the rest of the command line
    if INTEGER.fullmatch(text) and len(text) < 40:
        return int(text)
    if FLOAT.fullmatch(text):
        return float(text)
    from gradsh.language.syntax import parse

    try:
        body = parse(Source("<argument>", f"({text}\n)")).body
    except (Refused, RecursionError):
        raise NoLiteral from None
    if len(body) != 1 or not isinstance(body[0], nodes.ExprStmt):
        raise NoLiteral
    return literal(body[0].value)


def fitted(value: Any, default: Any) -> Any:
    """The value as one of the default's type: an integer will do for a number. Raises NoLiteral."""
    kind = type(default)
    if default is None or type(value) is kind:
        return value
    if kind is float and type(value) is int:
        try:
            return float(value)
        except OverflowError:
            raise NoLiteral from None
    raise NoLiteral


def value_of(text: str, default: Any) -> Any:
    """What a given text means for a parameter with that default. Raises NoLiteral."""
    if type(default) is str:
        try:
            value = read_literal(text) if text[:1] in ("'", '"') else text
        except NoLiteral:
            return text
        return value if type(value) is str else text
    try:
        value = read_literal(text)
    except NoLiteral:
        if default is None:
            return text
        raise
    return fitted(value, default)


# --- the words after FILE -----------------------------------------------------------------------------------------


class Given:
    """A text given for a parameter whose default is not known before it is computed."""

    __slots__ = ("option", "text")

    def __init__(self, option: str, text: str) -> None:
        self.option = option
        self.text = text


def read(params: Sequence[Param], words: Sequence[str], script: str) -> dict[str, Any]:
    """The values that the words after FILE give, by name; a Given where the default has to be computed first.

    `--lr 0.1`, `--lr=0.1`; `--verbose`, `--no-verbose` and `--verbose=false` for a bool; `-` and `_` in a name are the
    same. The last of several counts. Raises BadArguments.
    """
    table = {param[0]: param for param in params}
    values: dict[str, Any] = {}
    rest = list(words)
    while rest:
        word = rest.pop(0)
        if not word.startswith("--") or word == "--":
            raise BadArguments(_left_over(word, table, script))
        option, equals, text = word.partition("=")
        param, negated = find(option, table)
        if param is None:
            raise BadArguments(_unknown(option, table, script))
        name, default_text, _, known, default = param
        is_bool = known and type(default) is bool
        if negated:
            if equals:
                raise BadArguments(f"{option} takes no value")
            values[name] = False
            continue
        if not equals:
            if is_bool and not (rest and rest[0] in ("true", "false", "True", "False")):
                values[name] = True
                continue
            if not rest or (rest[0].startswith("--") and find(rest[0].partition("=")[0], table)[0] is not None):
                raise BadArguments(f"{option} needs a value, as in {option} {_example(default_text)}")
            text = rest.pop(0)
        values[name] = checked(option, text, default) if known else Given(option, text)
    return values


def checked(option: str, text: str, default: Any) -> Any:
    """The value of the text for an option with that default. Raises BadArguments, saying what it should have been."""
    try:
        return value_of(text, default)
    except NoLiteral:
        said = f"{option} takes {TITLES[type(default)]}, as its default {written(default)}, not {text!r}"
        raise BadArguments(said) from None


def written(value: Any) -> str:
    """A literal as a program writes it."""
    if value is None or type(value) is bool:
        return str(value).lower()
    if type(value) is list:
        return f"[{', '.join(map(written, value))}]"
    if type(value) is tuple:
        return f"({', '.join(map(written, value))}{',' if len(value) == 1 else ''})"
    if type(value) is dict:
        return f"{{{', '.join(f'{written(k)}: {written(v)}' for k, v in value.items())}}}"
    if type(value) is str:
        import json

        return json.dumps(value, ensure_ascii=False)
    return repr(value)


def find(option: str, table: Mapping[str, Param]) -> tuple[Param | None, bool]:
    """The parameter that an option names, and whether as `--no-…`."""
    name = _plain(option)
    for each, param in table.items():
        plain = _plain("--" + each)
        if plain == name:
            return param, False
        if "no_" + plain == name and param[3] and type(param[4]) is bool:
            return param, True
    return None, False


def _plain(option: str) -> str:
    import unicodedata

    return unicodedata.normalize("NFKC", option[2:].replace("-", "_"))


def _example(text: str) -> str:
    return text if text and " " not in text else "VALUE"


def _unknown(option: str, table: Mapping[str, Param], script: str) -> str:
    options = ["--" + name.replace("_", "-") for name in table]
    close = suggest(option, [*options, "--help"])
    said = f"{script} declares no parameter for {option!r}"
    if close:
        return f"{said}; did you mean {close}?"
    return f"{said}; it has {', '.join(options)}" if options and len(options) <= 8 else said


def _left_over(word: str, table: Mapping[str, Param], script: str) -> str:
    if word.startswith("-") and word != "--" and not word[1:2].isdigit():
        close = "-" + word if find("-" + word, table)[0] is not None else None
        return f"{script} declares no parameter for {word!r}" + (f"; did you mean {close}?" if close else "")
    if not table:
        return f"{script} declares no parameter for {word!r}"
    first = next(iter(table)).replace("_", "-")
    return f"{word!r} is left over: parameters of {script} are given by name, as in --{first} {word}"


# --- --help -------------------------------------------------------------------------------------------------------


def help_text(script: str, text: str, commands: Iterable[CommandWord]) -> str:
    """What `gradsh FILE --help` prints: the comment that begins the file, and the parameters. Raises Refused."""
    from gradsh.language.syntax import parse

    source = Source(script, text)
    tree = nodes.Program(0, 0, []) if not text.strip() else parse(source, commands)
    params = params_of(tree, source)
    lines = [f"usage: gradsh {script}" + (" [--NAME VALUE ...]" if params else "")]
    about = _about(text)
    if about:
        lines += ["", about]
    if not params:
        lines += ["", "This script declares no parameters."]
        return "\n".join(lines) + "\n"
    rows = [(_option(param), param[2], param[1]) for param in params]
    width = min(max(len(left) for left, _, _ in rows), 28)
    lines += ["", "parameters:"]
    for left, comment, default in rows:
        right = f"{comment}  (default: {default})" if comment else f"(default: {default})"
        if len(left) > width:
            lines += [f"  {left}", f"  {'':{width}}  {right}"]
        else:
            lines.append(f"  {left:{width}}  {right}")
    return "\n".join(lines) + "\n"


def _option(param: Param) -> str:
    name = "--" + param[0].replace("_", "-")
    if not param[3] or param[4] is None:
        return f"{name} VALUE"
    kind = type(param[4])
    if kind is bool:
        return f"{name}, --no-{name[2:]}"
    return f"{name} {({int: 'INTEGER', float: 'NUMBER', str: 'TEXT', list: 'LIST'}).get(kind, 'VALUE')}"


def _about(text: str) -> str:
    """The comment at the top of a file, without `#!`."""
    lines: list[str] = []
    for line in text.splitlines():
        line = line.strip()
        if line.startswith("#!") and not lines:
            continue
        if not line.startswith("#"):
            break
        lines.append(line.lstrip("#").strip())
    return "\n".join(lines).strip()
