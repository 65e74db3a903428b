"""What is asked while a cell is written: what may stand here, what is this, is that all."""

from __future__ import annotations

import builtins
import inspect
import re
from ast import PyCF_ALLOW_TOP_LEVEL_AWAIT
from codeop import CommandCompiler, Compile
from typing import Any

from gradsh.engine.core.tensor import Tensor
from gradsh.errors import Refused, Source
from gradsh.frontend import completion
from gradsh.frontend.dialect import WORDS
from gradsh.language.python.cells import cleaned, without_magics
from gradsh.language.syntax import is_incomplete, parse
from gradsh.runtime.builtins import BUILTINS
from gradsh.shell import described
from gradsh.shell.complete import offered
from gradsh.shell.hint import around
from gradsh.shell.values import Unseen, describe, value_of

PLAIN = re.compile(r"\b(?:true|false|none)\b")  # gradsh's words in how a built-in is called
INDENT = re.compile(r"[ \t]*")


class Asked:
    """Of cells of gradsh."""

    def offers(self, session: Any, code: str, at: int) -> list[tuple[str, str]]:
        """The words that fit at a place, and what is said of each, from the registries and the session."""
        return offered(session, code, at)

    def about(self, session: Any, word: str) -> str:
        """A few lines on a name, "" where there is none of it."""
        if word.partition(".")[0] in session.bound():
            chain = [part for name in word.split(".") for part in (".", name)][1:]
            try:
                return f"{word}: {describe(value_of(session, chain))}"
            except Unseen:
                return ""
        return self.of_builtin(word)

    def called(self, code: str, at: int) -> str:
        """What the innermost call around a place calls, "" where there is none."""
        call = around(code, at)
        return "".join(call.callee) if call is not None else ""

    def of_builtin(self, word: str) -> str:
        """What a built-in takes and does."""
        row = described.row(word) or described.table().get(word.rpartition(".")[2])
        return self.said(*row) if row is not None else ""

    def said(self, kind: str, usage: str, summary: str, gradient: str) -> str:
        """The row of a built-in as lines."""
        return "\n".join([usage, summary, *([f"gradient: {gradient}"] if gradient else [])])

    def state(self, code: str) -> dict[str, Any]:
        """Whether more lines are to come before it runs."""
        if is_incomplete(code):
            return {"status": "incomplete", "indent": "    "}
        try:
            parse(Source("<cell>", code), list(BUILTINS.commands()))
        except Refused:
            return {"status": "invalid"}
        return {"status": "complete"}


class PythonAsked(Asked):
    """Of cells of Python."""

    def offers(self, session: Any, code: str, at: int) -> list[tuple[str, str]]:
        names = completion.offered(session, code[:at])
        return offered(session, code, at) if names is None else [(name, "") for name in names]

    def about(self, session: Any, word: str) -> str:
        entry = completion.entry(session, word)
        if entry is not None:
            return self.of_builtin(entry)
        root, dot, rest = word.partition(".")
        if dot and isinstance(session.globals.get("." + root), Tensor):
            return self.of_builtin(f"Tensor.{rest}")
        own = getattr(builtins, word, None)
        if own is not None and word not in session.bound():
            return self.of_python(word, own) if session.builtins.lookup(word) is not None else ""
        return super().about(session, word)

    def of_python(self, word: str, own: Any) -> str:
        """What a built-in of Python's takes and does, in Python's words."""
        try:
            usage = f"{word}{inspect.signature(own)}\n"
        except (TypeError, ValueError):  # it has several ways, which stand in its words
            usage = ""
        return usage + (inspect.getdoc(own) or "").partition("\n\n")[0]

    def said(self, kind: str, usage: str, summary: str, gradient: str) -> str:
        if kind in ("command", "word"):  # of gradsh's language
            return ""
        return super().said(kind, PLAIN.sub(lambda found: WORDS[found[0]], usage), summary, gradient)

    def state(self, code: str) -> dict[str, Any]:
        """As Python's prompt says; a cell may `await` outside of functions."""
        compiler = Compile()
        compiler.flags |= PyCF_ALLOW_TOP_LEVEL_AWAIT
        whole = CommandCompiler()
        whole.compiler = compiler
        try:
            complete = whole(without_magics(cleaned(code))[0], "<cell>", "exec") is not None
        except (SyntaxError, ValueError, OverflowError):
            return {"status": "invalid"}
        if complete:
            return {"status": "complete"}
        last = code.rstrip().rpartition("\n")[2]
        return {"status": "incomplete", "indent": INDENT.match(last)[0] + "    " * last.endswith(":")}  # type: ignore[index]


GRADSH, PYTHON = Asked(), PythonAsked()
