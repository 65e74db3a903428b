"""What is asked while a cell is written: what may stand here, what is this, is that all."""

from __future__ import annotations

from codeop import compile_command
from typing import Any

from gradsh.engine.core.tensor import Tensor
from gradsh.errors import Refused, Source
from gradsh.frontend import completion
from gradsh.language.python.cells import without_magics
from gradsh.language.syntax import is_incomplete, parse
from gradsh.runtime.builtins import BUILTINS
from gradsh.shell import described
from gradsh.shell.complete import offered
from gradsh.shell.values import Unseen, describe, value_of


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

    def of_builtin(self, word: str) -> str:
        """What a built-in takes and does."""
        row = described.row(word) or described.table().get(word.rpartition(".")[2])
        if row is None:
            return ""
        _, usage, summary, gradient = row
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
        return super().about(session, word)

    def state(self, code: str) -> dict[str, Any]:
        """As Python's prompt says."""
        try:
            whole = compile_command(without_magics(code)[0], "<cell>", "exec")
        except (SyntaxError, ValueError, OverflowError):
            return {"status": "invalid"}
        return {"status": "incomplete", "indent": ""} if whole is None else {"status": "complete"}


GRADSH, PYTHON = Asked(), PythonAsked()
