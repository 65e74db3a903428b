"""`:pin`."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

import numpy as np

from gradsh.causes.text import operand
from gradsh.engine.core.tensor import Tensor
from gradsh.errors import Refused, Source, Span
from gradsh.language import nodes
from gradsh.language.syntax import parse
from gradsh.runtime.builtins import BUILTINS
from gradsh.runtime.text import shown
from gradsh.session.display import Display
from gradsh.shell.asking import RESULT, line_of
from gradsh.shell.lines import Line
from gradsh.shell.prompt import Shell
from gradsh.shell.registry import Misused, shell_command

MOST = 256  # elements
PLAIN = (bool, int, float, str, type(None))
DEEPEST = 10  # levels of containers; one that holds itself has no end


def offers(shell: Shell, typed: str) -> Iterable[str]:
    """The lines that show a value."""
    return [str(line.number) for line in shell.lines if line.worked and expression(line.text) is not None]


@shell_command(":pin [N]", example=":pin 12", offers=offers)
def pin(shell: Shell, rest: str) -> None:
    """Make the value of the last line, or of line N, an assertion: `assert allclose(…)`, to be run by Enter."""
    line = line_of(shell, rest)
    found = expression(line.text) if line.worked else None
    if found is None:
        raise Misused(f"line {line.number} ends in no expression whose value could be pinned")
    value = value_of(shell, line, found)
    shell.editor.put(assertion(line.text, found, value, shell.session.context.default))


def expression(text: str) -> nodes.Expr | None:
    """The expression whose value a line shows last."""
    try:
        body = parse(Source("<line>", text), BUILTINS.commands()).body
    except Refused:
        return None
    last = body[-1] if body else None
    return last.value if isinstance(last, nodes.ExprStmt) else None


def value_of(shell: Shell, line: Line, found: nodes.Expr) -> Any:
    """What the line's expression gave where the prompt has kept that, else what it gives now. Errors: Misused."""
    text = piece(line.text, found)
    if any(isinstance(node, nodes.Name) and RESULT.fullmatch(node.name) for node in nodes.walk(found)):
        raise Misused(f"`{text}` goes on from another line's value: an assertion could not name that")
    kept = shell.session.globals.get(f"._{line.number}")
    if kept is not None:
        return kept
    session, taken = shell.session, Taken()
    session.display, display = taken, session.display
    try:
        result = session.run(text, line.name)
    finally:
        session.display = display
    if not result.ok:
        display.errors(result.errors)
        raise Misused(f"`{text}` gives no value any more")
    if not taken.values:
        raise Misused(f"`{text}` is none, which shows nothing")
    return taken.values[-1]


class Taken(Display):
    """Keeps the values."""

    def __init__(self) -> None:
        self.values: list[object] = []

    def value(self, value: object, span: Span | None) -> None:
        self.values.append(value)


def piece(text: str, found: nodes.Expr) -> str:
    """The text of an expression."""
    return text[found.start : found.end]


def assertion(text: str, found: nodes.Expr, value: Any, default: np.dtype[Any]) -> str:
    """The statement that says that an expression has that value. Errors: Misused, for what cannot be written down.

    `text` is the line; `default` is the dtype that floating literals have.
    """
    said = piece(text, found)
    if isinstance(value, Tensor):
        return of_tensor(said, value, default)
    if isinstance(value, float):
        return f"assert allclose(tensor({said}, dtype=float64), tensor({value!r}, dtype=float64){nans(value)})"
    if is_plain(value):
        several = isinstance(found, nodes.TupleExpr) and not found.grouped
        return f"assert {f'({said})' if several else operand(said, found)} == {shown(value)}"
    raise Misused(f"`{said}` is a {type(value).__name__}: tensors and plain values can be pinned")


def is_plain(value: Any, depth: int = 0) -> bool:
    """Is it written as a literal: a number, a text, none, or a container of these?"""
    if type(value) in (list, tuple):
        return depth < DEEPEST and all(is_plain(item, depth + 1) for item in value)
    if type(value) is dict:
        return depth < DEEPEST and all(is_plain(item, depth + 1) for pair in value.items() for item in pair)
    return type(value) in PLAIN


def of_tensor(said: str, value: Tensor, default: np.dtype[Any]) -> str:
    data = np.asarray(value.data)
    if data.size > MOST:
        raise Misused(f"`{said}` has {data.size:,} elements, more than the {MOST} that are written down: pin its mean")
    dtype = repr(value.dtype).removeprefix("torch.")
    floating = data.dtype.kind == "f"
    own = data.dtype == default if floating else dtype in ("int64", "bool")
    named = "" if own and data.size else f", dtype={dtype}"
    made = f"tensor({nested(data)}{named})" if data.size else f"zeros({list(data.shape)}{named})"
    return f"assert allclose({said}, {made}{nans(data)})" if floating else f"assert equal({said}, {made})"


def nested(data: np.ndarray[Any, Any]) -> str:
    """The elements as lists of gradsh; each number in as few digits as give it back."""
    if data.ndim:
        return f"[{', '.join(map(nested, data))}]"
    return str(data[()])


def nans(data: Any) -> str:
    return ", equal_nan" if np.isnan(data).any() else ""
