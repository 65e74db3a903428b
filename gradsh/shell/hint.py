"""The line under what is typed: the signature of the call that the cursor is in, the current parameter marked, or what
there is to say of the completion that is chosen."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from prompt_toolkit.buffer import Buffer
from prompt_toolkit.formatted_text import StyleAndTextTuples

from gradsh.session.session import Session

if TYPE_CHECKING:
    from gradsh.shell.cursor import Call

LONGEST = 20_000  # characters of a text in which calls are looked for
PARTS = r"(?:[^,()\[\]{}]|\([^()]*\)|\[[^\[\]]*\]|\{[^{}]*\})+|."  # of a signature, and what is between them


class Hint:
    """What is said of a text and a cursor, made once for each."""

    def __init__(self, session: Session) -> None:
        self.session = session
        self.of: tuple[str, int, str] | None = None
        self.said: StyleAndTextTuples = []
        self.noted = ("", "")  # a text, and what was said of it

    def note(self, buffer: Buffer, words: str) -> None:
        """Say that of the text for as long as it stays as it is."""
        self.noted = (buffer.text, words)
        self.of = None

    def text(self, buffer: Buffer) -> StyleAndTextTuples:
        """The line, empty where there is nothing to say."""
        state = buffer.complete_state
        chosen = state.current_completion if state is not None else None
        of = (buffer.text, buffer.cursor_position, chosen.display_meta_text if chosen is not None else "")
        if of != self.of:
            self.of = of
            noted = self.noted[1] if self.noted[0] == buffer.text else ""
            said = of[2] or noted
            self.said = [("", said)] if said else self._signature(buffer)
        return self.said

    def _signature(self, buffer: Buffer) -> StyleAndTextTuples:
        if len(buffer.text) > LONGEST or "(" not in buffer.text or buffer.text.lstrip()[:1] == ":":
            return []
        from gradsh.shell.cursor import at
        from gradsh.shell.values import parameters

        call = at(buffer.document).call
        if call is None or not call.opening:
            return []
        usage = self.usage(call)
        name, opened, rest = usage.partition("(")
        if not opened:
            return []
        known = parameters(self.session, call.callee)
        current = call.of or (known[min(call.number, len(known) - 1)].name if known else "")
        if not call.of and known and call.number >= len(known) and known[-1].kind != "rest":
            current = ""  # more than it takes
        out: StyleAndTextTuples = [("class:gradsh.signature", name + "(")]
        for part in re.findall(PARTS, rest[: rest.rindex(")")] if ")" in rest else rest):
            is_current = part.partition("=")[0].strip().lstrip("*") == current != ""
            out.append(("class:gradsh.parameter" if is_current else "class:gradsh.signature", part))
        return [*out, ("class:gradsh.signature", ")")]

    def usage(self, call: Call) -> str:
        """How that is called; "" where nothing is known of it."""
        from gradsh.shell import described
        from gradsh.shell.values import Unseen, call_text, parameters, value_of

        callee = call.callee
        name = callee[-1]
        try:
            said = call_text(value_of(self.session, callee))
            if said:
                return said
        except Unseen:
            pass
        dotted = ".".join(part for part in callee if part != ".")
        row = described.row(dotted) or described.row(name)
        if row is None or row[0] not in ("function", "optimiser", "layer"):
            return ""
        usage = row[1]
        if dotted != name and row is not described.row(dotted):
            known = [parameter.name for parameter in parameters(self.session, callee)]
            first = usage.partition("(")[2].partition(",")[0].partition("=")[0].strip(" )*")
            if first not in known:  # the value that stands before the dot
                head, _, rest = usage.partition("(")
                usage = f"{head}({rest.partition(', ')[2] or ')'}"
        return usage


def called(session: Session, text: str, offset: int) -> tuple[Call, str] | None:
    """The call around an offset of a text, and how what it calls is called; None where there is none."""
    call = around(text, offset)
    return (call, Hint(session).usage(call)) if call is not None and call.opening else None


def around(text: str, offset: int) -> Call | None:
    """The innermost call, or command, around an offset of a text."""
    from prompt_toolkit.document import Document

    from gradsh.shell.cursor import at

    return at(Document(text, offset)).call
