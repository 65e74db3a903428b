"""Statements, operators and examples with a place for an odd value `v`, and the same in Python: for `odd`."""

from __future__ import annotations

import io
from collections.abc import Iterator

from tests.fuzz import corpus
from tests.fuzz.judge import python_session
from tests.fuzz.odd_objects import sections

OPEN, CLOSING = "([{", ")]}"
VALUES = frozenset(("none", "true", "false", "inf", "nan"))
EXAMPLES = (0, 4, 6)  # of the groups of the corpus: help's, the library's, those of values


def split(text: str) -> list[str]:
    """Arguments as they stand in a call."""
    found, depth, quote = [""], 0, ""
    for sign in text:
        if quote:
            quote = "" if sign == quote else quote
        elif sign in "\"'":
            quote = sign
        else:
            depth += (sign in OPEN) - (sign in CLOSING)
            if sign == "," and not depth:
                found.append("")
                continue
        found[-1] += sign
    return [word.strip() for word in found if word.strip()]


def places() -> Iterator[str]:
    """Statements and the repository's examples as functions of `v`."""
    for text in corpus.statements(sections("odd_statements.txt")["statements"]):
        yield f"fn case(v) {{ let x = tensor([1., 2.], grad); let i = arange(3); let y = x * x; {text} }}"
    for group in EXAMPLES:
        for text in corpus.pieces()[group]:
            yield from holes(text)


def holes(text: str) -> Iterator[str]:
    """A text with `v` in the place of each of its values in turn."""
    parts = corpus.tokens(text)
    for at, part in enumerate(parts):
        word = part.strip()
        if word[:1].isdigit() or word[:1] in ('"', "'") or word in VALUES:
            space = part[: len(part) - len(part.lstrip())]
            yield f"fn case(v) {{ {''.join([*parts[:at], space + ' v ', *parts[at + 1 :]])} }}"


# --- Python -----------------------------------------------------------------------------------------------------------


def python_values() -> list[str]:
    return sections("odd_python.txt")["values"].split("\n")


def python_places() -> Iterator[str]:
    """Programs in Python, each with a function `case(v)`."""
    parts = sections("odd_python.txt")
    before = parts["before"]
    for text in parts["statements"].split("\n\n"):
        yield _function(before, [text])
    uses = parts["uses"].split("\n")
    for name in parts["special"].split():
        yield _function(before, [f"class K:\n  def {name}(self, *a, **k): return v\nk = K()", *map(_tried, uses)])
    from gradsh.frontend import access, completion

    session = python_session(io.StringIO())
    session.run(before)
    calls = parts["calls"].split("\n")
    for module in parts["modules"].split():
        for name in sorted(completion.members(session, completion.value_of(session, module), "")):
            path = f"{module}.{name}"
            if name.isidentifier() and path not in ("time.sleep", "os._exit"):
                yield _function(before, [_tried(call.replace("NAME", path)) for call in calls])
    attributes, operators = parts["attributes"].split("\n"), parts["operators"].split("\n")
    for made in parts["objects"].split("\n"):
        session.run(f"o = {made}")
        yield _function(before, [_tried(f"o = {made}; {text}") for text in operators])
        for name in access.names(session.globals[".o"]):
            yield _function(before, [_tried(f"o = {made}; {text.replace('NAME', name)}") for text in attributes])


def _tried(text: str) -> str:
    indented = text.replace("\n", "\n  ")
    return f"try:\n  {indented}\nexcept Exception as e: str(e), repr(e)"


def _function(before: str, lines: list[str]) -> str:
    inside = "\n".join(lines).replace("\n", "\n  ")
    return f"{before}\ndef case(v):\n  {inside}\n"
